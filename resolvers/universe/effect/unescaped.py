"""The CHECKs behind the values that SQL writes into JSON text without escaping (`Json.CODE`), and the types.

`sql/json_text.py` escapes neither codes nor numbers. So a code needs a validated CHECK that lets in nothing
but letters, digits and a few signs, and every column its own type. Without them a value could end its string,
and write fields of its own into an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING

from resolvers.sources.catalogue import Relation, Store, relations_of
from resolvers.sources.subject import SUBJECT
from resolvers.sources.words import Json, ObjectSource, Value
from resolvers.universe.difference import Difference, DifferenceKind

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection

_CHECKS = """
SELECT n.nspname || '.' || c.relname AS relation, pg_get_constraintdef(k.oid) AS spelled
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE k.contype = 'c' AND k.convalidated
"""
_TYPES = """
SELECT n.nspname || '.' || c.relname || '.' || a.attname AS name, a.atttypid::regtype::text AS type
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v') AND a.attnum > 0 AND NOT a.attisdropped AND n.nspname !~ '^pg_'
"""
_SAFE_PATTERN = re.compile(r"\^(\\\+|\[[A-Za-z0-9_-]+\](\{\d+(,\d*)?\}|\+)?|[A-Za-z0-9_]+)+\$")
_SAFE_WORD = re.compile(r"[A-Za-z0-9_]+")
_LONG_NAMES = {"timestamp with time zone": "timestamptz"}


async def unescaped_differences(
    connection: Connection, objects: Mapping[str, ObjectSource], store: Store
) -> list[Difference]:
    """The codes without a CHECK that makes escaping needless, and the columns of another type."""
    checks: dict[str, list[str]] = {}
    for row in await connection.fetch(_CHECKS):
        checks.setdefault(row["relation"], []).append(row["spelled"])
    types = {row["name"]: row["type"] for row in await connection.fetch(_TYPES)}
    found = [
        Difference(DifferenceKind.CHECK_MISSING, store, f"{relation.qualified}.{column}")
        for relation, column in codes_of(objects)
        if relation.store is store and f"{relation.qualified}.{column}" in types
        if not any(_keeps_code(spelled, column) for spelled in checks.get(relation.qualified, ()))
    ]
    return found + [
        Difference(DifferenceKind.COLUMN_TYPE, store, name)
        for name, wanted in _types_of(store)
        if name in types and _LONG_NAMES.get(types[name], types[name]) != wanted
    ]


def codes_of(objects: Mapping[str, ObjectSource]) -> list[tuple[Relation, str]]:
    """Every column that is written into JSON without escaping, with its table; in order, each once."""
    found = {}
    for root in (*objects.values(), *SUBJECT.values()):
        for relation, column in _codes(root, None):
            found[relation.qualified, column] = (relation, column)
            if (copy := getattr(root, "copy", None)) is not None and column in copy.columns:
                found[copy.qualified, column] = (copy, column)
    return [found[name] for name in sorted(found)]


def _codes(source: object, relation: Relation | None) -> Iterator[tuple[Relation, str]]:
    """The codes below the source. A source that names a relation reads its values there."""
    relation = getattr(source, "relation", None) or relation
    if isinstance(source, Value):
        if source.json is Json.CODE and relation is not None and source.column in relation.columns:
            yield relation, source.column
        return
    for part in _parts(source):
        yield from _codes(part, relation)


def _parts(source: object) -> Iterable[object]:
    if isinstance(source, Mapping):
        return source.values()
    if isinstance(source, tuple):
        return source
    if is_dataclass(source) and not isinstance(source, Relation):
        return [getattr(source, each.name) for each in fields(source)]
    return ()


def _keeps_code(spelled: str, column: str) -> bool:
    """Whether the CHECK, as Postgres prints it, lets nothing into the column that needs escaping."""
    name = rf"\(*{column}\)*"
    if found := re.fullmatch(rf"CHECK \(\({name} ~ '([^']*)'::text\)\)", spelled):
        return _SAFE_PATTERN.fullmatch(found[1]) is not None
    if found := re.fullmatch(rf"CHECK \(\({name} = ANY \(ARRAY\[(.*)\]\)\)\)", spelled):
        words = [each.strip().removesuffix("::text") for each in found[1].split(",")]
        return all(word[:1] == word[-1:] == "'" and _SAFE_WORD.fullmatch(word[1:-1]) for word in words)
    return False


def _types_of(store: Store) -> Iterator[tuple[str, str]]:
    for relation in relations_of(store):
        for name, column in relation.columns.items():
            yield f"{relation.qualified}.{name}", column.type
