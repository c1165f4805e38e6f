"""The fetches into which a bound tree is cut, and the slots that they fill.

Each kind of fetch is a record of its own. All have the `slot` that they fill, the `wave` in which they
run and the `store` that they read.
"""

from __future__ import annotations

from dataclasses import dataclass

from resolvers.plan.groups import Groups
from resolvers.plan.parameters import Parameter
from resolvers.plan.suggestions import SuggestionsOf, SuggestionStep
from resolvers.plan.tree import CoveredPlace, Hole, ObjectOf, PageOf, RowsOf
from resolvers.sources.catalogue import Relation, Store

# A lookup relation, its column of the keys that are asked for, its column of the object's key.
Via = tuple[Relation, str, str]


@dataclass(frozen=True)
class _Fetch:
    slot: int
    wave: int
    store: Store


@dataclass(frozen=True)
class ObjectsByHoles(_Fetch):
    """The objects that the holes of the wave before lead to; with `via`, through a lookup relation."""

    object: ObjectOf | Hole
    via: Via | None


@dataclass(frozen=True)
class ObjectByKey(_Fetch):
    """The one object that the request names by `keys`.

    `first_by`: the lookup relation may hold several rows; the first in the order of these columns counts.
    `covered`: where the ledger names the person if the row in the lookup relation is covered.
    """

    object: ObjectOf | Hole
    via: Via | None
    keys: Parameter
    first_by: tuple[str, ...] = ()
    covered: CoveredPlace | None = None


@dataclass(frozen=True)
class WholeList(_Fetch):
    """A whole list of one machine, as one text."""

    page: PageOf


@dataclass(frozen=True)
class Assembly:
    """How `run/sharded_list.py` puts a list of a sharded store together: its items are holes.

    `total`: the slot of its count; None if the list's own rows are counted. `beyond`: the slots that say
    whether the list continues on the far side of its cursors.
    """

    page: PageOf
    total: int | None
    beyond: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class AssembledList(_Fetch):
    """The keys of a list of a sharded store."""

    assembly: Assembly


@dataclass(frozen=True)
class ListTotal(_Fetch):
    """The count of a list of a sharded store."""

    page: PageOf


@dataclass(frozen=True)
class ListGroups(_Fetch):
    """The groups of a list of a sharded store."""

    page: PageOf
    groups: Groups


@dataclass(frozen=True)
class BeyondCursor(_Fetch):
    """Whether a list of a sharded store continues beyond a cursor; `question`: the field of pageInfo."""

    page: PageOf
    question: str


@dataclass(frozen=True)
class OwnRowsList(_Fetch):
    """The rows that belong to the token's principal; without `keys`, rows that belong to no person."""

    rows: RowsOf
    keys: Parameter | None


@dataclass(frozen=True)
class SuggestionFetch(_Fetch):
    """One step of a list of suggestions."""

    suggestions: SuggestionsOf
    step: SuggestionStep


Fetch = (
    ObjectsByHoles
    | ObjectByKey
    | WholeList
    | AssembledList
    | ListTotal
    | ListGroups
    | BeyondCursor
    | OwnRowsList
    | SuggestionFetch
)


@dataclass(frozen=True)
class FetchSlot:
    """A hole that a fetch fills. `required`: it may not stay empty; `otherwise`: the text if it does."""

    required: bool = False
    otherwise: str | None = None


@dataclass(frozen=True)
class CursorSlot:
    """A hole that holds the payload of a cursor; `sealed_for` reads what the cursor is sealed for."""

    sealed_for: Parameter


Slot = FetchSlot | CursorSlot
