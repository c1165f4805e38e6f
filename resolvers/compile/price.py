"""The second pass: the most rows that a selection can touch.

It needs the selection alone, so a document that costs too much is refused before it is bound and
rendered. Every list counts with its full size, whatever a store holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import prod

from resolvers.compile.context import PurposeContext
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
from resolvers.plan.amounts import Factors, Price
from resolvers.sources.words import Band

# How many phone numbers an account has.
MANY_ROWS = 4
# How many rows of an address book are counted for a band: most have fewer.
BAND_ROWS = 100
# How many shards read a page's rows when a list without a key is asked of all.
FAN_OUT = 32
# How many events a person has of themselves.
OWN_ROWS = 20
# What an ordinary resolver may touch. `policyMatrix` reads no row, but it takes time to write.
ASKED_ROWS = {
    "disclosureCounts": 20_000,
    "disclosures": 1_000,
    "ledgerReport": 50_000,
    "objectionEligibility": 100,
    "objections": 1_000,
    "objectionsInForce": 10_000,
    "objectionsOverTime": 20_000,
    "peopleByPurpose": 20_000,
    "policyMatrix": 10_000,
    "recalls": 1_000,
    "requestTally": 10_000,
    "termsAcceptances": 100,
}
# What one person's suggestions may touch: 500 contacts, and the ends of 10,000 friendships, which lie
# side by side in an index: ten of them count as one row.
SUGGESTED_ROWS = 1_500


def price(context: PurposeContext, selection: Selection) -> Price:
    """The most rows that the selection can touch, for any variables of this shape."""
    factors = [each for root in selection.roots for each in _of_root(context, root)]
    return Price(
        least=sum(_fixed(each) or 0 for each in factors),
        sized=tuple(each for each in factors if _fixed(each) is None),
    )


def _fixed(factors: Factors) -> int | None:
    known = [factor for factor in factors if isinstance(factor, int)]
    return prod(known) if len(known) == len(factors) else None


def _of_root(context: PurposeContext, root: SelectedRoot | SelectedOwnRows) -> Iterator[Factors]:
    match root:
        case SelectedAsked():
            yield (ASKED_ROWS[root.name],)
        case SelectedOwnRows():
            yield (OWN_ROWS,)
        case SelectedSubject():
            for member in root.members:
                yield from _of_root(context, member)
        case SelectedLookup():
            yield from _of(context, root.object, (1,))
        case SelectedNodeRoot():
            for found, _ in root.choices:
                yield from _of(context, found, (1,))
        case SelectedRootList(_, list_):
            yield from _of(context, list_, (1,))
            if context.sharded and list_.rows.ids is None and list_.rows.relation.key is not None:
                yield FAN_OUT, list_.bounds.size


def _of(context: PurposeContext, node: SelectedNode | SelectedItem, rows: Factors) -> Iterator[Factors]:
    """What a node touches where there are `rows` of the object that it belongs to."""
    match node:
        case SelectedObject():
            yield rows
            yield from _of_members(context, node.members, rows)
        case SelectedHop():
            yield from _of(context, node.object, rows)
        case SelectedOne():
            yield rows
            yield from _of_members(context, node.members, rows)
        case SelectedMany():
            rows = (*rows, MANY_ROWS)
            yield rows
            if node.item is not None:
                yield from _of(context, node.item, rows)
            yield from _of_members(context, node.members, rows)
        case Band():
            yield (*rows, BAND_ROWS)
        case SelectedSummary():
            yield (*rows, node.source.days)
        case SelectedSuggestions():
            # A token that speaks for one person reads only that person's ties, and finds no candidate.
            yield rows if node.source.friends[0] in context.owned else (*rows, SUGGESTED_ROWS)
            yield from _of_members(context, node.members, (*rows, node.size))
        case SelectedList():
            rows = (*rows, node.bounds.size)
            yield rows
            for item in _items(node):
                yield from _of(context, item, rows)


def _of_members(context: PurposeContext, members: Iterable[Member], rows: Factors) -> Iterator[Factors]:
    for member in members:
        if not isinstance(member.node, PLAIN):
            yield from _of(context, member.node, rows)


def _items(list_: SelectedList) -> Iterator[SelectedItem]:
    """The list's item, as often as it is selected."""
    for _, part in list_.parts:
        match part:
            case SelectedItems(item):
                yield item
            case SelectedEdges(members):
                yield from (each for _, each in members if isinstance(each, SelectedHop | SelectedObject))
