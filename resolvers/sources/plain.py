"""The source of a plain field: the column of the field's name in the table of its type.

A field needs no entry among the sources if its type lives in a table with such a column. Every other field
needs one, and an entry always wins.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import replace

from strawberry.types.base import StrawberryOptional

from resolvers.sources.catalogue import Class, Relation
from resolvers.sources.words import Json, Many, ObjectSource, One, Source, Value
from schema.build import TYPES, fields_of
from schema.terms.words import Follows, Seen, terms_of

# A plain field shows personal data or data about no person; a number of an account becomes an identifier.
SHOWN = frozenset({Class.PERSONAL, Class.PUBLIC})

# How a column becomes JSON, by the type of its field and its type in SQL. Start-up does not compare the types
# of the catalogue with the database, so that nothing here skips escaping: TEXT is `to_json`, which writes
# numbers, booleans and dates by the type that the column has in truth.
SPELLING: Mapping[tuple[object, str], Json] = {
    (str, "text"): Json.TEXT,
    (int, "smallint"): Json.TEXT,
    (int, "integer"): Json.TEXT,
    (bool, "boolean"): Json.TEXT,
    (datetime.date, "date"): Json.TEXT,
    (datetime.datetime, "timestamptz"): Json.TIME,
}
_TYPES = {cls.__name__: cls for cls in TYPES}


def with_plain_fields(source: ObjectSource) -> ObjectSource:
    """The source, with a source for each plain field that has none: its own, and those of the rows within."""
    given = {name: _completed(inner) for name, inner in source.fields.items()}
    return replace(source, fields=given | plain_fields(source.type, source.relation, given))


def plain_fields(type_name: str, relation: Relation, given: Mapping[str, Source]) -> dict[str, Source]:
    """The sources of those fields of the type that are not `given` and have a column of their name."""
    return dict(_plain_fields(type_name, relation, given))


def _completed(source: Source) -> Source:
    """A row or rows of a table within an object. With `far`, the fields are those of another object."""
    if isinstance(source, One) or (isinstance(source, Many) and source.far is None):
        return replace(
            source, fields={**source.fields, **plain_fields(source.type, source.relation, source.fields)}
        )
    return source


def _plain_fields(
    type_name: str, relation: Relation, given: Mapping[str, Source]
) -> Iterator[tuple[str, Value]]:
    for name, field in fields_of(_TYPES[type_name]).items() if type_name in _TYPES else ():
        column = relation.columns.get(field.python_name)
        if name in given or field.arguments or column is None or column.kind not in SHOWN:
            continue
        if not isinstance(terms_of(field), Seen | Follows):
            continue
        nullable = isinstance(field.type, StrawberryOptional)
        type_ = field.type.of_type if isinstance(field.type, StrawberryOptional) else field.type
        if json := SPELLING.get((type_, column.type)):
            yield name, Value(field.python_name, json, nullable)
