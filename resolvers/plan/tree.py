"""The records that pass between the stages of planning and running; frozen, without behaviour.

A *bound* tree says how each selected field is computed. It is cut into *fetches*, one for every place
where the answer hops to rows that do not lie together with those that lead there; where it was cut
stands a *hole*, a mark in the JSON text that the hop's fetch fills in the next wave. Fetches of one
store and one wave share a *statement*.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resolvers.plan.groups import Groups
from resolvers.plan.suggestions import Gathered, PersonHole, Step, SuggestionsOf
from resolvers.sources.catalogue import Relation, Store
from resolvers.sources.words import Band, Hop, Many, Measured, ObjectSource, One, OwnRows, Summary, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphql.execution.values import VariableValues

    from resolvers.plan.subjects import DisclosureShape

    Read = Callable[[VariableValues], object]

# No escaped JSON text holds a control character, and all free text is escaped: these
# cannot occur in a value, whoever wrote it. A hole is a mark, `slot:key`, between two HOLE. Between two
# PART stands an object that is null if a hole in it stays empty. ITEM parts gathered rows. Between two
# MARK stands whom the object behind it is about, the mention's number and the key: for the ledger, and gone
# before the answer. Between two KEPT the same stands within the object's own identifier: there the key stays.
# The number begins with NUMBERED, as no key does; the first mention, most plans' only one, goes without.
HOLE = "\x1f"
PART = "\x1e"
ITEM = "\x1c"
MARK = "\x1d"
KEPT = "\x19"
NUMBERED = "@"
NUMBER_LENGTH = 4


@dataclass(frozen=True, eq=False)
class Parameter:
    """One value of a statement: its SQL type, and how it is read from the request's variables."""

    type: str
    read: Read


def subject_mark(subject: int) -> str:
    """A mention's number as it stands in marks: of one length, so that nothing need be searched for."""
    return f"{NUMBERED}{subject:0{NUMBER_LENGTH - 1}x}" if subject else ""


# --- the bound tree -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Literal:
    """JSON text that is known when the plan is made."""

    text: str


@dataclass(frozen=True)
class Identify:
    """The object's own identifier."""


@dataclass(frozen=True)
class Count:
    """A count of related rows, told as a band."""

    source: Band


@dataclass(frozen=True)
class SummaryOf:
    """An object of measures over a window that ends on `until` (None: on the store's horizon)."""

    source: Summary
    members: tuple[tuple[str, Measured | Literal], ...]
    until: Parameter | None


@dataclass(frozen=True)
class Hole:
    """Filled from `slot` by the key in `column`; null if nothing is there, or no key (`nullable`)."""

    slot: int
    column: str
    nullable: bool = False


@dataclass(frozen=True)
class Joined:
    """An object that lies together with the row that leads to it."""

    source: Hop
    object: ObjectOf


@dataclass(frozen=True)
class OneOf:
    """An object or null. With holes among its members it is null unless the holes are filled."""

    source: One
    members: tuple[tuple[str, TreeNode], ...]


@dataclass(frozen=True)
class ManyOf:
    """A list of objects, in the order of those columns that the purpose sees.

    `item`: the object that each row leads to; without it, `members` of the row itself.
    """

    source: Many
    members: tuple[tuple[str, TreeNode], ...]
    order: tuple[str, ...]
    item: TreeNode | None = None


@dataclass(frozen=True)
class Order:
    """A list's order: columns with their JSON forms, the last one unique; `descending` for the first."""

    keys: tuple[Value, ...]
    descending: bool = False


@dataclass(frozen=True)
class Bounds:
    """Which part of a list: `size` items, from the start or the end, between two sealed places."""

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

    members: tuple[tuple[str, TreeNode | Place], ...]


@dataclass(frozen=True)
class Nodes:
    """`nodes`: the items themselves."""

    item: TreeNode


@dataclass(frozen=True)
class Place:
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
class PageOf:
    """A connection over rows of `relation`; `on` names the column that holds the parent's key.

    A list of the roots has no parent. `source` is set where the item is the row's own object.
    `ids`: the keys to look up, in order, instead of a page; with `via` they are those of a lookup
    relation: (relation, column of the keys, column of the object's key).
    """

    relation: Relation
    on: str | None
    order: Order
    bounds: Bounds
    narrowings: tuple[Narrowing, ...]
    parts: tuple[tuple[str, ListPart], ...]
    source: ObjectSource | None = None
    ids: Parameter | None = None
    via: tuple[Relation, str, str] | None = None

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
class Assembly:
    """A list of a sharded store, put together from rows of keys: the items are holes.

    `total`: the slot of its count; None if its own rows are counted. `beyond`: slots of what lies on the
    far side of its cursors.
    """

    page: PageOf
    total: int | None
    beyond: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class ObjectOf:
    """An object of its source's type. `mention`: the place where the ledger names whom it is about."""

    source: ObjectSource
    members: tuple[tuple[str, TreeNode], ...]
    subject: int | None = None


@dataclass(frozen=True)
class RowsOf:
    """All rows of a source that are the token's own, as one list of objects."""

    source: OwnRows
    members: tuple[tuple[str, TreeNode], ...]
    subject: int | None = None


Inner = Hole | Joined | OneOf | ManyOf | PageOf | ObjectOf
TreeNode = PersonHole | Literal | Value | Identify | Count | SummaryOf | Inner


# --- fetches, statements, plan --------------------------------------------------------------------


@dataclass(frozen=True)
class Fetch:
    """Objects (or one whole list, or the token's own rows) to be read in one wave of one store.

    `slot`: the hole that it fills. `via`: the lookup relation that its keys go through: (relation,
    column of the keys, column of the object's key). `keys`: for a root, how its keys are read; a
    fetch without is keyed by the holes of the wave before. `page`: the list, which has no keys; of a
    sharded store its rows (`assembly`), its counts and what lies beyond it, each by itself. `suggestions`:
    one `step` of them. `first_by`: the lookup may hold several; the first by these columns.
    """

    slot: int
    wave: int
    store: Store
    key_type: str
    object: ObjectOf | Hole | None = None
    via: tuple[Relation, str, str] | None = None
    keys: Parameter | None = None
    page: PageOf | None = None
    assembly: Assembly | None = None
    total_of: PageOf | None = None
    groups_of: tuple[PageOf, Groups] | None = None
    beyond: tuple[PageOf, str] | None = None
    rows: RowsOf | None = None
    suggestions: SuggestionsOf | None = None
    step: Step | None = None
    first_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Statement:
    """One SQL text, and what it answers.

    Rows are (mark, JSON text); if `gathered`, each row holds many of both. `parameters`: in the order
    of ``$1 …``; an integer stands for the keys of that slot. `holds_list`: a whole list is asked for,
    which needs no key; without one there is nothing to ask when all keys are missing. `fans_out`: it is
    a list of a sharded store that every shard must be asked for. `suggestions`: of these it is the `step`.
    """

    store: Store
    sql: str
    parameters: tuple[Parameter | Gathered | int, ...]
    slots: tuple[int, ...]
    gathered: bool
    holds_list: bool
    fans_out: bool
    assembly: Assembly | None = None
    groups: Groups | None = None
    suggestions: SuggestionsOf | None = None
    step: Step | None = None


@dataclass(frozen=True)
class FetchSlot:
    """A hole filled by rows of a fetch. `required`: it may not stay empty; `otherwise`: what then stands."""

    key_type: str
    required: bool = False
    otherwise: str | None = None


@dataclass(frozen=True)
class CursorSlot:
    """A hole filled by sealing its payload for this binding."""

    sealed_for: Parameter


Slot = FetchSlot | CursorSlot


@dataclass(frozen=True)
class RootHole:
    """A root field that is one object: the only row of its slot, or null."""

    key: str
    slot: int


@dataclass(frozen=True)
class RootNode:
    """`node`: the only row of whichever slot's type the identifier names, or null."""

    key: str
    slots: tuple[int, ...]


@dataclass(frozen=True)
class RootList:
    """A root field that is one whole list, the only row of its slot."""

    key: str
    slot: int


@dataclass(frozen=True)
class RootRows:
    """A list of the token's own rows: the only row of its slot, or an empty list."""

    key: str
    slot: int


@dataclass(frozen=True)
class RootObject:
    """A root field whose members are found like roots; null if a list among them could not be read."""

    key: str
    members: tuple[Root, ...]


@dataclass(frozen=True)
class RootText:
    """A root field known when the plan is made."""

    key: str
    text: str


@dataclass(frozen=True)
class RootIntrospection:
    """A root field of the introspection: answered by graphql-core on the purpose's schema."""

    key: str


@dataclass(frozen=True)
class RootAsked:
    """A root field that is no data of a store's own: asked of an ordinary resolver, like a mutation.

    `mention`: what it may tell of people.
    """

    key: str
    name: str
    subject: int | None = None


Root = RootHole | RootNode | RootList | RootRows | RootObject | RootText | RootIntrospection | RootAsked


@dataclass(frozen=True)
class Plan:
    """How an operation is answered for one purpose and one shape of variables.

    `least_cost` and `sized_costs`: the rows that it can touch at most; the latter are products of list
    sizes that the variables decide. `repeatable`: stores asked more than once, which need one snapshot
    for the whole request. `fans_out`: sharded stores that are asked for a list without a key, each shard of
    them. `unasked`: values that no statement needs; a wrong one is refused all the same. `question`: what
    the ledger says of all its answers; None if they are about nobody. `holed`: whether its texts may hold
    holes.
    """

    roots: tuple[Root, ...]
    introspects: bool
    asks: bool
    waves: tuple[tuple[Statement, ...], ...]
    slots: tuple[Slot, ...]
    least_cost: int
    sized_costs: tuple[tuple[Parameter | int, ...], ...]
    repeatable: frozenset[Store]
    fans_out: frozenset[Store]
    unasked: tuple[Parameter, ...] = ()
    shape: DisclosureShape | None = None
    holed: bool = True
