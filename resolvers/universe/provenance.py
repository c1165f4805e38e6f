"""Where a field lives, for people who ask: its line in the code, and what its purpose reads for it.

For explanations alone: no answer to a request depends on this module. What a purpose reads is recorded in
`readings.py`, where the views are made.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType

from resolvers.sources.catalogue import Relation
from resolvers.sources.fields import holders
from resolvers.sources.words import Many, ObjectSource, One
from resolvers.universe.readings import reads_of, rows_line
from resolvers.universe.render import condition_of
from resolvers.universe.views import views_of
from schema.purposes import Purpose


@dataclass(frozen=True)
class CodeLine:
    """A line of a file. The file is named from the project's root."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Reading:
    """What a purpose reads for a field: columns of its view of a relation.

    `condition`: which rows the view has, in SQL; empty if it has all rows.
    """

    relation: Relation
    columns: tuple[str, ...]
    condition: str


def code_line(module: ModuleType, node: ast.AST) -> CodeLine:
    """The line of a node of the module's source."""
    return CodeLine(f"{module.__name__.replace('.', '/')}.py", getattr(node, "lineno", 1))


def readings_of(
    objects: Mapping[str, ObjectSource], type_name: str, field_name: str, *, purpose: Purpose
) -> list[Reading]:
    """What the purpose reads for the field, or for the rows of the type (``"(row)"``).

    A field without columns of its own, such as the rank of a suggestion, is computed from the type's rows.
    """
    rows = rows_line(type_name)
    line = rows if field_name.startswith("(") else f"{type_name}.{field_name}"
    found = _columns_read(objects, line, purpose) or _columns_read(objects, rows, purpose)
    return [
        Reading(
            relation,
            tuple(name for name in relation.columns if name in columns),
            condition_of(views_of(objects, relation.store, purpose)[relation.name], purpose),
        )
        for relation, columns in found.items()
    ]


def _columns_read(
    objects: Mapping[str, ObjectSource], line: str, purpose: Purpose
) -> dict[Relation, set[str]]:
    found: dict[Relation, set[str]] = {}
    for read in reads_of(objects, purpose):
        if read.line == line:
            found.setdefault(read.relation, set()).update(read.columns)
    return found


# --- in the code ----------------------------------------------------------------------------------


def resolver_line(objects: Mapping[str, ObjectSource], type_name: str, field_name: str) -> CodeLine | None:
    """The line that says where the field lives, or None if no store holds it."""
    modules = [module for name, module in sorted(sys.modules.items()) if name.startswith("resolvers.")]
    for wanted in _sources_of(objects, type_name, field_name):
        for module in modules:
            for name, value in vars(module).items():
                if _is_same(value, wanted) and (assigned := _assignment(module, name)):
                    return code_line(module, _entry(assigned, field_name) or assigned)
    return None


def _sources_of(objects: Mapping[str, ObjectSource], type_name: str, field_name: str) -> Iterator[object]:
    """The source that has the field among its fields, then the field's own."""
    for holder in holders(objects):
        if holder.type == type_name and (field_name.startswith("(") or field_name in holder.fields):
            yield holder.source
            yield holder.fields.get(field_name)
            return


def _is_same(value: object, wanted: object) -> bool:
    """Whether the two are one source. One that got plain fields is a copy of what the module has."""
    if isinstance(wanted, ObjectSource | One | Many) and isinstance(value, type(wanted)):
        return value.type == wanted.type
    return value is wanted


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
