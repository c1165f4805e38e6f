"""The fourth pass: which people an answer names, and which fields it gives of them.

Each object that is about a person is one *subject* of the plan: a place where people are named. In the
JSON text a mark precedes every such object; the renderer writes it there, or around the key in the
object's identifier if that is selected. `run/subjects.py` removes the marks of the text that is really
sent. So the ledger names exactly the people in the body: a row that is read and then left out takes its
mark along.

Rejected: keys in a column of their own beside the text. They say which people were read; what the answer
holds is decided later, where holes are filled. And a mark always before the object: on a page of a
thousand it is a fifth of Postgres' time (0.52 ms for 0.43); around the key it costs nothing, because
nothing more is joined.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from resolvers.compile.collect_fields import Collector
from resolvers.compile.selected import (
    PLAIN,
    Member,
    SelectedAsked,
    SelectedEdges,
    SelectedHop,
    SelectedItem,
    SelectedItems,
    SelectedList,
    SelectedLookup,
    SelectedMany,
    SelectedNode,
    SelectedNodeRoot,
    SelectedObject,
    SelectedOne,
    SelectedOwnRows,
    SelectedRoot,
    SelectedRootList,
    SelectedSubject,
    SelectedSuggestions,
    SelectedSummary,
    Selection,
)
from resolvers.plan.principal import Own
from resolvers.plan.subjects import DisclosureShape, SubjectPlace
from resolvers.plan.tree import CoveredPlace

if TYPE_CHECKING:
    from graphql import GraphQLSchema
    from graphql.execution.values import VariableValues

    from resolvers.sources.catalogue import Store
    from schema.operations import Operation
    from schema.purposes import Duty, Purpose

# The fields that are given of a person, in the order of the answer.
Fields = dict[str, None]


def subject_places(selection: Selection) -> tuple[SubjectPlace, ...]:
    """The places where the answer names people, by their numbers."""
    places = Places()
    if selection.subjects:
        for root in selection.roots:
            places.visit_root(root)
    return tuple(
        SubjectPlace(of, tuple(fields), number in places.covered)
        for number, (of, fields) in sorted(places.found.items())
    )


class Places:
    """One walk over a selection. `found`: by number, the store that numbers the people, and the fields.

    `covered`: the numbers of places for data that an objection covers.
    """

    def __init__(self) -> None:
        self.found: dict[int, tuple[Store | None, Fields]] = {}
        self.covered: set[int] = set()

    def _enter(self, subject: int | None, of: Store | None, outer: Fields | None) -> Fields | None:
        """The fields of the innermost subject: of this one, or of the outer one if this is none."""
        if subject is None:
            return outer
        fields: Fields = {}
        self.found[subject] = (of, fields)
        return fields

    def _cover(self, place: CoveredPlace | None, of: Store, fields: Iterable[str]) -> None:
        if place is not None:
            self.covered.add(place.subject)
            _give(self._enter(place.subject, of, None), fields)

    def visit_root(self, root: SelectedRoot | SelectedOwnRows) -> None:
        """Visit everything that a root field selects."""
        match root:
            case SelectedAsked():
                fields = self._enter(root.subject, None, None)
                _give(fields, root.disclosed)
            case SelectedOwnRows():
                of = Own(root.source.owner).store if root.source.owner is not None else None
                fields = self._enter(root.subject, of, None)
                _give(fields, _names(root.type, root.members))
            case SelectedSubject():
                for member in root.members:
                    self.visit_root(member)
            case SelectedLookup():
                self._cover(root.covered, root.object.source.relation.store, [root.field])
                self._visit(root.object, None)
            case SelectedNodeRoot():
                for found, _ in root.choices:
                    self._visit(found, None)
            case SelectedRootList():
                self._visit(root.list, None)

    def _visit(self, node: SelectedNode | SelectedItem, fields: Fields | None, of_field: str = "") -> None:
        """Visit a node; `of_field`: the field that it is the value of, as ``Type.field``."""
        match node:
            case SelectedObject(source):
                of = source.about.of if source.about is not None else None
                self._visit_members(source.type, node.members, self._enter(node.subject, of, fields))
            case SelectedHop():
                self._visit(node.object, fields)
            case SelectedSuggestions(source):
                store = source.people.store
                inner = self._enter(node.subject, store, fields)
                self._visit_members(node.type, node.members, inner)
                if node.covered is not None:
                    found, owner = node.covered
                    self._cover(found, store, _names_of(node.type, node.members))
                    self._cover(owner, store, [of_field])
            case SelectedOne(source):
                self._visit_members(node.type, node.members, fields)
                self._cover(
                    node.covered, source.relation.store, [of_field, *_names_of(node.type, node.members)]
                )
            case SelectedMany(source):
                if node.item is not None:
                    self._visit(node.item, fields)
                self._visit_members(node.type, node.members, fields)
                members = node.members if node.item is None else node.item.object.members
                self._cover(node.covered, source.relation.store, [of_field, *_names_of(node.type, members)])
            case SelectedSummary():
                _give(fields, _names(node.type, node.members))
            case SelectedList():
                self._visit_items(node, fields)

    def _visit_members(self, type_name: str, members: Iterable[Member], fields: Fields | None) -> None:
        for member in members:
            if fields is not None and member.name != "__typename":
                fields[f"{type_name}.{member.name}"] = None
            if not isinstance(member.node, PLAIN):
                self._visit(member.node, fields, f"{type_name}.{member.name}")

    def _visit_items(self, list_: SelectedList, fields: Fields | None) -> None:
        if list_.told is not None:
            told = self._enter(list_.told.subject, list_.told.about.of, None)
            _give(told, list_.told.fields)
        for _, part in list_.parts:
            match part:
                case SelectedItems(item):
                    self._visit(item, fields)
                case SelectedEdges(members):
                    for _, member in members:
                        if isinstance(member, SelectedHop | SelectedObject):
                            self._visit(member, fields)


def _give(fields: Fields | None, names: Iterable[str]) -> None:
    if fields is not None:
        fields.update(dict.fromkeys(names))


def _names_of(type_name: str, members: Iterable[Member]) -> list[str]:
    return _names(type_name, ((member.key, member.name, None) for member in members))


def _names(type_name: str, members: Iterable[tuple[str, str, object]]) -> list[str]:
    return [f"{type_name}.{name}" for _, name, _ in members if name != "__typename"]


def shape_of_all(
    schema: GraphQLSchema,
    operation: Operation,
    variables: VariableValues,
    *,
    purpose: Purpose | Duty,
    policy: str,
) -> DisclosureShape:
    """The disclosure shape of an operation that ordinary resolvers answer, all of it about the same people.

    For a mutation these are the people of the token's principal.
    """
    root = schema.get_root_type(operation.node.operation)
    assert root is not None
    collector = Collector(schema, operation.fragments, variables)
    fields: Fields = {}
    for each in collector.collect(root, (operation.node.selection_set,)):
        if not each.name.startswith("__"):
            fields.update(dict.fromkeys(collector.names(root, each)))
    place = SubjectPlace(None, tuple(fields))
    return DisclosureShape(purpose, policy, operation.document, subjects=(place,))
