"""The fields that an operation discloses under a purpose, for people who review it before it runs.

The list is an upper bound: it ignores `@skip` and `@include`, and counts every type that an interface can be.
It also has the arguments that choose people, because a client that names a phone number and gets an answer
learns whose number it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLInputObjectType,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    NamedTypeNode,
    ObjectValueNode,
    OperationType,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
)

from schema.build import TYPES, fields_of, marks_of, rows_of
from schema.mutation import Mutation
from schema.operations import Operation
from schema.purposes import Purpose
from schema.query import Query
from schema.terms.marks import ALL_ROWS, OPEN, Mark, Rows
from schema.terms.words import Belongs, Follows, Plumbing, Seen, terms_of

# The size of a requested page discloses nothing about a person.
_PAGING = frozenset({"first", "last", "after", "before"})
_CLASSES = {cls.__name__: cls for cls in (Query, Mutation, *TYPES)}


@dataclass(frozen=True, slots=True)
class Disclosed:
    """A field that an operation discloses.

    `mark`: that of the field's line in the matrix, or of the rows that it is about.
    `rows`: the type of these rows, such as the entries that a list counts. `mark` is None if neither has a
    line. `paths`: where the field is in the answer, by response names.
    """

    type: str
    field: str
    rows: str
    mark: Mark | None
    paths: tuple[str, ...]


@dataclass(frozen=True)
class DisclosedFields:
    """What an operation discloses. `asked_by`: the arguments that choose the people, such as
    ``Query.messengerAccount(phone:)``.
    """

    roots: tuple[str, ...]
    told: tuple[Disclosed, ...]
    asked_by: tuple[str, ...]


def disclosed_fields(schema: GraphQLSchema, purpose: Purpose, operation: Operation) -> DisclosedFields:
    """What a valid operation discloses under the purpose, in the order of the document."""
    root = schema.get_root_type(OperationType(operation.node.operation))
    assert root is not None
    walk = _Walk(schema, purpose, operation)
    walk.through(root, operation.node.selection_set, ())
    told = tuple(
        Disclosed(type_, name, rows, mark, tuple(paths))
        for (type_, name, rows, mark), paths in walk.told.items()
    )
    return DisclosedFields(tuple(walk.roots), told, tuple(walk.asked_by))


@dataclass
class _Walk:
    """A walk through the operation. Its dictionaries are sets that keep their order."""

    schema: GraphQLSchema
    purpose: Purpose
    operation: Operation
    roots: dict[str, None] = field(default_factory=dict)
    told: dict[tuple[str, str, str, Mark | None], dict[str, None]] = field(default_factory=dict)
    asked_by: dict[str, None] = field(default_factory=dict)

    def through(self, parent: GraphQLNamedType, selections: SelectionSetNode, path: tuple[str, ...]) -> None:
        for node in selections.selections:
            if isinstance(node, FieldNode):
                if not node.name.value.startswith("__"):
                    self.field(parent, node, path)
            elif isinstance(node, FragmentSpreadNode):
                fragment = self.operation.fragments[node.name.value]
                self.through(self._named(fragment.type_condition), fragment.selection_set, path)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                within = parent if condition is None else self._named(condition)
                self.through(within, node.selection_set, path)

    def _named(self, condition: NamedTypeNode) -> GraphQLNamedType:
        found = self.schema.get_type(condition.name.value)
        assert found is not None
        return found

    def field(self, parent: GraphQLNamedType, node: FieldNode, path: tuple[str, ...]) -> None:
        name = node.name.value
        definition = parent.fields[name]  # type: ignore[attr-defined]
        type_ = get_named_type(definition.type)
        path = (*path, node.alias.value if node.alias else name)
        if len(path) == 1:
            self.roots[name] = None
        for given in node.arguments or ():
            if given.name.value not in _PAGING:
                wanted = get_named_type(definition.args[given.name.value].type)
                called = f"{parent.name}.{name}({given.name.value}:)"
                self.asked_by.update(dict.fromkeys(_asked_by(called, wanted, given.value)))
        for owner in self._owners(parent, name):
            line = _line_of(owner, name, self.purpose)
            # A list or an object without a line discloses only the fields that are selected in it.
            if line.own or is_leaf_type(type_):
                self.told.setdefault((owner, name, line.rows, line.mark), {})[".".join(path)] = None
        if node.selection_set is not None:
            self.through(type_, node.selection_set, path)

    def _owners(self, parent: GraphQLNamedType, name: str) -> Iterator[str]:
        """The types whose lines cover the field: every type that an interface without such a line can be."""
        if is_abstract_type(parent) and not _line_of(parent.name, name, self.purpose).own:
            yield from (each.name for each in self.schema.get_possible_types(parent))
        else:
            yield parent.name


def _asked_by(called: str, wanted: GraphQLNamedType, value: ValueNode) -> Iterator[str]:
    if not isinstance(wanted, GraphQLInputObjectType):
        yield called
    elif isinstance(value, VariableNode):
        yield f"{called} any of {wanted.name}"
    elif isinstance(value, ObjectValueNode):
        yield from (f"{called} {wanted.name}.{each.name.value}" for each in value.fields)
    else:
        yield called


@dataclass(frozen=True, slots=True)
class _Line:
    """The mark of a field, and the rows that it is about; `own`: the field has a line of its own."""

    mark: Mark | None
    rows: str
    own: bool = False


def _line_of(type_name: str, name: str, purpose: Purpose) -> _Line:
    cls = _CLASSES.get(type_name)
    known = fields_of(cls).get(name) if cls is not None else None
    if known is None or cls in (Query, Mutation):
        return _Line(None, type_name)
    match terms_of(known):
        case None:
            return _Line(None, type_name)
        case Seen(marks):
            return _Line(marks[purpose], type_name, own=True)
        case Follows():
            return _Line(marks_of(known)[purpose], type_name)
        case Plumbing(rows) | Belongs(_, str(rows)) if rows in _CLASSES:
            return _Line(_of_rows(rows_of(rows), purpose), rows)
        case _:
            return _Line(_of_rows(getattr(cls, "ROWS", None), purpose), type_name)


def _of_rows(rows: Rows | None, purpose: Purpose) -> Mark | None:
    """The mark of the rows, or of their first kind that the purpose sees."""
    if rows is None:
        return None
    line = rows.kinds.get(ALL_ROWS)
    if line is not None:
        return line[purpose]
    return next((each[purpose] for each in rows.kinds.values() if each[purpose] in OPEN), None)
