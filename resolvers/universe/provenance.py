"""Where a field lives, for people who ask: its line in the code, and what its purpose reads for it.

For explanations alone: nothing that answers a request depends on this. It reads the words of
`sources/words.py` as they stand, whatever they are: a word that names a relation and columns needs no entry
here. What a purpose does not read is left out, because the universe is asked, not the word.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType

from resolvers.sources.catalogue import Relation
from resolvers.sources.subject import SUBJECT
from resolvers.sources.words import Many, ObjectSource, OwnRows, Page, Suggestions
from resolvers.universe.views import objects_for, views_of
from schema.build import TYPES, fields_of
from schema.purposes import Purpose


@dataclass(frozen=True)
class Place:
    """A line of a file, which is named from the project's root."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Reading:
    """What a purpose reads for a field: columns of its view of a relation."""

    relation: Relation
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Held:
    """A field's source, the object in whose `fields` it stands, and the relation of its rows."""

    source: object
    holder: object
    relation: Relation


def place_in(module: ModuleType, node: ast.AST) -> Place:
    """The place of a node of the module's source."""
    return Place(f"{module.__name__.replace('.', '/')}.py", getattr(node, "lineno", 1))


def readings_of(
    objects: Mapping[str, ObjectSource], type_name: str, field_name: str, purpose: Purpose
) -> list[Reading]:
    """What the purpose reads for the field, or for the rows of the type (``"(row)"``)."""
    every = list(_held(objects_for(objects, purpose), type_name, field_name))
    # Kinds of rows are told apart where a list leads to them, if the purpose sees such a list.
    every.sort(key=lambda held: field_name.startswith("(row: ") and held.relation.kinds is None)
    return next(filter(None, (_readings(objects, held, purpose) for held in every)), [])


def _readings(objects: Mapping[str, ObjectSource], held: Held, purpose: Purpose) -> list[Reading]:
    found = []
    for relation, named in _named_columns(held).items():
        view = views_of(objects, relation.store, purpose).get(relation.name)
        if view is not None and view.relation is relation:
            # Under pseudonyms no key is read: rows are then all that the view has of them.
            read = named & view.columns or (view.columns if held.source is None else set())
            columns = tuple(name for name in relation.columns if name in read)
            if columns:
                found.append(Reading(relation, columns))
    return found


def held_by(objects: Mapping[str, ObjectSource], type_name: str, field_name: str) -> Held | None:
    """Where the field's source stands, or None if no store holds it."""
    return next(_held(objects, type_name, field_name), None)


def _held(objects: Mapping[str, ObjectSource], type_name: str, field_name: str) -> Iterator[Held]:
    names = {frozenset(fields_of(cls)): cls.__name__ for cls in TYPES}
    for type_, holder, relation, fields in _holders(objects, names):
        if type_ != type_name:
            continue
        if field_name.startswith("("):
            # A suggestion is no row of its own: it is made of all that its source names.
            yield Held(holder if isinstance(holder, Suggestions) else None, holder, relation)
        elif field_name in fields:
            yield Held(fields[field_name], holder, relation)


Holder = tuple[str, object, Relation, Mapping[str, object]]


def _holders(objects: Mapping[str, ObjectSource], names: Mapping[frozenset[str], str]) -> Iterator[Holder]:
    """Everything with fields of its own: objects of types, what lies in them, edges that tell something."""
    for source in objects.values():
        yield source.type, source, source.relation, source.fields
        for name, inner in source.fields.items():
            fields, relation = getattr(inner, "fields", None), getattr(inner, "relation", source.relation)
            if fields is not None:
                yield names.get(frozenset(fields), ""), inner, relation, fields
            if isinstance(inner, Page) and inner.far is not None:
                yield _edge_type(source.type, name), inner, relation, {"account": inner.far}
            if isinstance(inner, Many) and inner.far is not None:
                yield inner.far.to, inner, relation, {}
    for own in SUBJECT.values():
        if isinstance(own, OwnRows):
            yield own.type, own, own.relation, own.fields


def _edge_type(type_name: str, field_name: str) -> str:
    """The type of the edges of a list."""
    cls = next(each for each in TYPES if each.__name__ == type_name)
    edges = fields_of(fields_of(cls)[field_name].type)["edges"].type  # type: ignore[arg-type]
    return str(edges.of_type.__name__)  # type: ignore[union-attr]


def _named_columns(held: Held) -> dict[Relation, set[str]]:
    """The relations that a source names, each with the columns of it that are named."""
    named: set[str] = set()
    relations = [held.relation]
    # What lies in another object is found by that one's own words: the column of the key, the day.
    inner = held.source is not None and not isinstance(held.holder, ObjectSource | Page)
    waiting = [held.source, held.holder] if inner else [held.source]
    while waiting:
        match waiting.pop():
            case Relation() as relation:
                relations.append(relation)
            case str() as name:
                named.add(name)
            case tuple() | list() | frozenset() as several:
                waiting += several
            case word if dataclasses.is_dataclass(word):
                waiting += [
                    getattr(word, each.name) for each in dataclasses.fields(word) if each.name != "fields"
                ]
    found = {relation: named & relation.columns.keys() for relation in relations}
    if not any(found.values()):
        keys = (held.relation.identity, held.relation.kinds, *held.relation.owners.values())
        found[held.relation] = {name for name in keys if name}
    return found


# --- in the code ----------------------------------------------------------------------------------


def resolver_place(objects: Mapping[str, ObjectSource], type_name: str, field_name: str) -> Place | None:
    """The line that says where the field lives, or None if no store holds it."""
    held = held_by(objects, type_name, field_name)
    if held is None:
        return None
    modules = [module for name, module in sorted(sys.modules.items()) if name.startswith("resolvers.")]
    for wanted in (held.holder, held.source):
        for module in modules:
            for name, value in vars(module).items():
                if value is wanted and (assigned := _assignment(module, name)):
                    return place_in(module, _entry(assigned, field_name) or assigned)
    return None


def _assignment(module: ModuleType, name: str) -> ast.AST | None:
    """The line of the module that makes what it calls `name`, unless that was imported."""
    for node in ast.parse(inspect.getsource(module)).body:
        targets = (
            node.targets
            if isinstance(node, ast.Assign)
            else [node.target]
            if isinstance(node, ast.AnnAssign)
            else []
        )
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            return node
    return None


def _entry(assigned: ast.AST, field_name: str) -> ast.AST | None:
    """The entry of a field in the mapping of fields."""
    for node in ast.walk(assigned):
        if isinstance(node, ast.Dict):
            for key in node.keys:
                if isinstance(key, ast.Constant) and key.value == field_name:
                    return key
    return None
