"""The bound tree: how each selected field is computed.

The tree is cut at every hop to rows that do not lie together with those that lead there. The cut leaves
a *hole*, a mark in the JSON text; a fetch of the next wave fills it (`fetches.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from resolvers.plan.groups import Groups
from resolvers.plan.parameters import Parameter
from resolvers.sources.catalogue import Relation
from resolvers.sources.words import (
    AboutPerson,
    Band,
    Hop,
    Many,
    Measured,
    ObjectSource,
    One,
    OwnRows,
    Suggestions,
    Summary,
    Value,
)


@dataclass(frozen=True)
class Literal:
    """JSON text that is known when the plan is made."""

    text: str


@dataclass(frozen=True)
class Identify:
    """The object's own identifier."""


@dataclass(frozen=True)
class BandOf:
    """A count of related rows, given as a band."""

    source: Band


@dataclass(frozen=True)
class PersonHole:
    """A hole that `slot` fills with a person's suggestions; its mark names their other account too."""

    slot: int
    source: Suggestions


@dataclass(frozen=True)
class SummaryOf:
    """An object of measures over a window that ends on `until` (None: on the store's horizon)."""

    source: Summary
    members: tuple[tuple[str, Measured | Literal], ...]
    until: Parameter | None


@dataclass(frozen=True)
class Hole:
    """A hole that `slot` fills for the key in `column`; null if nothing is found, or no key is there."""

    slot: int
    column: str
    nullable: bool = False


@dataclass(frozen=True)
class Joined:
    """An object that lies together with the row that leads to it."""

    source: Hop
    object: ObjectOf


@dataclass(frozen=True)
class CoveredPlace:
    """Where the ledger names a person once more: for rows that the person's objection covers.

    `subject`: the number of the place. `kinds`: only rows of these kinds are covered; empty if all are.
    """

    subject: int
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class OneOf:
    """An object or null. With holes among its members it is null unless the holes are filled."""

    source: One
    members: tuple[tuple[str, TreeNode], ...]
    covered: CoveredPlace | None = None


@dataclass(frozen=True)
class ManyOf:
    """A list of objects in the order of `order`, the columns among the source's that the purpose sees.

    `item`: the object that each row leads to; without it, the items are the `members` of the row itself.
    """

    source: Many
    members: tuple[tuple[str, TreeNode], ...]
    order: tuple[str, ...]
    item: TreeNode | None = None
    covered: CoveredPlace | None = None


@dataclass(frozen=True)
class ListOrder:
    """A list's order: columns with their JSON forms, the last one unique; `descending` for the first."""

    keys: tuple[Value, ...]
    descending: bool = False


@dataclass(frozen=True)
class Bounds:
    """The part of a list: `size` items, from its start or its end, between two cursors."""

    size: Parameter | int
    from_end: bool
    after: tuple[Parameter, ...]
    before: tuple[Parameter, ...]


@dataclass(frozen=True)
class Narrowing:
    """One condition of a filter on a column."""

    column: str
    operator: str
    operand: Parameter


@dataclass(frozen=True)
class Edges:
    """`edges`: each member is the item itself, its cursor, or a literal."""

    members: tuple[tuple[str, TreeNode | ItemCursor], ...]


@dataclass(frozen=True)
class Nodes:
    """`nodes`: the items themselves."""

    item: TreeNode


@dataclass(frozen=True)
class ItemCursor:
    """An item's cursor, sealed by `slot`."""

    slot: int


@dataclass(frozen=True)
class Info:
    """`pageInfo`: members by the names of its fields; `slot` seals the cursors."""

    members: tuple[tuple[str, str | Literal], ...]
    slot: int


@dataclass(frozen=True)
class Total:
    """`totalCount`."""


ListPart = Edges | Nodes | Info | Total | Groups | Literal


@dataclass(frozen=True)
class PeopleTold:
    """The place where a list names people that it discloses without an object: by an edge, a cursor, a count.

    `subject`: the number of the place. `about`: the column of the list's rows that holds the person's key.
    `fields`: those that tell, as ``Type.field``. `counted`: a count alone tells of all rows.
    """

    subject: int
    about: AboutPerson
    fields: tuple[str, ...]
    counted: bool


@dataclass(frozen=True)
class PageOf:
    """A connection over rows of `relation`; `on` names the column that holds the parent's key.

    A root list has no parent. `source` is set where the item is the row's own object.
    `ids`: the keys to look up, in order, instead of a page; with `via` they are keys of a lookup
    relation: (relation, column of the keys, column of the object's key). `told`: the place of the
    people that the list discloses without their objects.
    """

    relation: Relation
    on: str | None
    order: ListOrder
    bounds: Bounds
    narrowings: tuple[Narrowing, ...]
    parts: tuple[tuple[str, ListPart], ...]
    source: ObjectSource | None = None
    ids: Parameter | None = None
    via: tuple[Relation, str, str] | None = None
    told: PeopleTold | None = None

    @property
    def counts(self) -> bool:
        """Whether the whole list is counted."""
        return any(isinstance(part, Total) for _, part in self.parts)

    @property
    def peeks(self) -> bool:
        """Whether one row more than the page is read, to see if the list goes on."""
        return self.ids is None and GOES_ON[self.bounds.from_end] in self._questions

    @property
    def looks_beyond(self) -> tuple[str, ...]:
        """Which of pageInfo's questions need a look at the far side of a cursor."""
        places = {"hasNextPage": self.bounds.before, "hasPreviousPage": self.bounds.after}
        return tuple(name for name, place in places.items() if place and name in self._questions)

    @property
    def _questions(self) -> frozenset[str]:
        infos = [part for _, part in self.parts if isinstance(part, Info)]
        return frozenset(name for info in infos for _, name in info.members if isinstance(name, str))


# Which of pageInfo's questions one row more answers: by `from_end`.
GOES_ON = {False: "hasNextPage", True: "hasPreviousPage"}


@dataclass(frozen=True)
class ObjectOf:
    """An object of its source's type. `subject`: the place where the ledger names the person it is about."""

    source: ObjectSource
    members: tuple[tuple[str, TreeNode], ...]
    subject: int | None = None


@dataclass(frozen=True)
class RowsOf:
    """All rows of a source that belong to the token's principal, as one list of objects."""

    source: OwnRows
    members: tuple[tuple[str, TreeNode], ...]
    subject: int | None = None


Inner = Hole | Joined | OneOf | ManyOf | PageOf | ObjectOf
TreeNode = PersonHole | Literal | Value | Identify | BandOf | SummaryOf | Inner
