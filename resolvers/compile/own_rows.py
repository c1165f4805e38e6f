"""Binds the root that is one person's own: each of its fields to the token's key.

The key is a value of the token's, not of the document: whoever is not bound finds nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from graphql import GraphQLObjectType, get_named_type

from resolvers.plan.principal import OWN_KEYS, Own
from resolvers.plan.tree import (
    Fetch,
    FetchSlot,
    Literal,
    Parameter,
    Root,
    RootHole,
    RootObject,
    RootRows,
    RootText,
    RowsOf,
)
from resolvers.sources.subject import SUBJECT
from resolvers.sources.words import OwnObject, OwnRows

if TYPE_CHECKING:
    from resolvers.compile.bind import Binder
    from resolvers.compile.selection import Selected

# How many events a person has of themselves, for the cost alone.
OWN_ROWS = 20


def bind_subject(binder: Binder, named: GraphQLObjectType, selected: Selected) -> RootObject:
    """The root `subject`, with what is selected of it."""
    members = binder.collector.collect(named, selected.selection_sets)
    return RootObject(selected.key, tuple(_member(binder, named, member) for member in members))


def _member(binder: Binder, named: GraphQLObjectType, member: Selected) -> Root:
    if member.name == "__typename":
        return RootText(member.key, f'"{named.name}"')
    source = SUBJECT[member.name]
    if isinstance(source, OwnObject):
        of_type = binder.context.objects[source.type]
        return RootHole(member.key, binder.open_fetch(of_type, None, member, keys=_key(source.owner)))
    inner = get_named_type(named.fields[member.name].type)
    assert isinstance(inner, GraphQLObjectType)
    return _rows(binder, inner, source, member)


def _rows(binder: Binder, inner: GraphQLObjectType, source: OwnRows, member: Selected) -> RootRows:
    slot = binder.new_slot(FetchSlot("none"))
    binder.cost.append((OWN_ROWS,))
    selected = binder.collector.collect(inner, member.selection_sets)
    members = tuple(
        (each.key, Literal(f'"{inner.name}"') if each.name == "__typename" else source.fields[each.name])
        for each in selected
    )
    rows = RowsOf(source, members, _subject(binder, inner, source, selected))
    keys = None if source.owner is None else _key(source.owner)
    binder.fetches.append(Fetch(slot, 0, source.relation.store, "none", keys=keys, rows=rows))
    return RootRows(member.key, slot)


def _subject(
    binder: Binder, inner: GraphQLObjectType, source: OwnRows, selected: Iterable[Selected]
) -> int | None:
    """Where the ledger names the person, if the rows are about one."""
    if source.owner is None:
        return None
    with binder.subjects.about(Own(source.owner).store) as subject:
        for each in selected:
            if each.name != "__typename":
                binder.subjects.tell(inner.name, each.name)
    return subject


def _key(owner: str) -> Parameter:
    # Not the token's `OwnKey` itself: that one says whose rows count, this one what is asked for.
    return Parameter("bigint", OWN_KEYS[Own(owner)].read)
