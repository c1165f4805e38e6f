"""Selects the root `subject`: each of its fields is found by the key of the token's principal.

The token gives the key, not the document. With no principal a field finds nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from graphql import GraphQLObjectType, get_named_type

from resolvers.compile.selected import SelectedLookup, SelectedObject, SelectedOwnRows, SelectedSubject
from resolvers.plan.parameters import Parameter
from resolvers.plan.plan import RootText
from resolvers.plan.principal import OWN_KEYS, Own
from resolvers.plan.tree import Literal
from resolvers.sources.subject import SUBJECT
from resolvers.sources.words import ObjectSource, OwnObject, OwnRows, Value

if TYPE_CHECKING:
    from resolvers.compile.collect_fields import CollectedField, Collector
    from resolvers.compile.context import PurposeContext


class SelectionWalk(Protocol):
    """The walk of `selection.py`, as far as this root needs it."""

    @property
    def context(self) -> PurposeContext:
        """The purpose's sources."""

    @property
    def collector(self) -> Collector:
        """Collects the fields of an object."""

    def object(self, source: ObjectSource, selected: CollectedField) -> SelectedObject:
        """An object with its selected fields."""

    def new_subject(self) -> int | None:
        """The number of a new place where people are named."""


def select_subject(
    walk: SelectionWalk, named: GraphQLObjectType, selected: CollectedField
) -> SelectedSubject:
    """The root `subject`, with its selected fields."""
    members = walk.collector.collect(named, selected.selection_sets)
    return SelectedSubject(selected.key, tuple(_member(walk, named, member) for member in members))


def _member(
    walk: SelectionWalk, named: GraphQLObjectType, member: CollectedField
) -> RootText | SelectedLookup | SelectedOwnRows:
    if member.name == "__typename":
        return RootText(member.key, f'"{named.name}"')
    source = SUBJECT[member.name]
    if isinstance(source, OwnObject):
        found = walk.object(walk.context.objects[source.type], member)
        return SelectedLookup(member.key, found, _key(source.owner))
    inner = get_named_type(named.fields[member.name].type)
    assert isinstance(inner, GraphQLObjectType)
    return _rows(walk, inner, source, member=member)


def _rows(
    walk: SelectionWalk, inner: GraphQLObjectType, source: OwnRows, *, member: CollectedField
) -> SelectedOwnRows:
    members: list[tuple[str, str, Value | Literal]] = []
    for each in walk.collector.collect(inner, member.selection_sets):
        is_name = each.name == "__typename"
        node = Literal(f'"{inner.name}"') if is_name else source.fields[each.name]
        members.append((each.key, each.name, node))
    keys = None if source.owner is None else _key(source.owner)
    # Rows that belong to no person name none.
    subject = None if source.owner is None else walk.new_subject()
    return SelectedOwnRows(member.key, source, inner.name, members=tuple(members), keys=keys, subject=subject)


def _key(owner: str) -> Parameter:
    # Not the token's `OwnKey` itself: `OwnKey` says whose rows count, this key says which are asked for.
    return Parameter("bigint", OWN_KEYS[Own(owner)].read)
