"""A plan: its price, its statements in waves, and the answer's root fields.

Fetches of one store and one wave share a statement. The rows of a statement mean different things;
`StatementRows` says which.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resolvers.plan.amounts import Price, Questions
from resolvers.plan.fetches import Assembly, Slot
from resolvers.plan.groups import Groups
from resolvers.plan.parameters import Parameter
from resolvers.plan.suggestions import Gathered, SuggestionsOf, SuggestionStep
from resolvers.sources.catalogue import Store

if TYPE_CHECKING:
    from resolvers.plan.subjects import DisclosureShape

# --- statements -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Texts:
    """Each row is (mark, JSON text)."""


@dataclass(frozen=True)
class GatheredTexts:
    """Each row holds many marks and as many JSON texts."""


@dataclass(frozen=True)
class StepRows:
    """The rows are what one step of a list of suggestions found."""

    suggestions: SuggestionsOf
    step: SuggestionStep


# Rows of keys for an `Assembly`; values with their counts for `Groups`.
StatementRows = Texts | GatheredTexts | Assembly | Groups | StepRows


@dataclass(frozen=True)
class Statement:
    """One SQL text, and what it answers.

    `parameters`: in the order of ``$1 …``; an integer means the keys in the holes of that slot.
    `holds_list`: the statement reads a whole list, so it runs even if no key is given. `fans_out`: it
    reads a list of a sharded store, and every shard must be asked.
    """

    store: Store
    sql: str
    parameters: tuple[Parameter | Gathered | int, ...]
    slots: tuple[int, ...]
    rows: StatementRows
    holds_list: bool
    fans_out: bool


# --- roots ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RootHole:
    """A root field that is one object: the only row of its slot, or null."""

    key: str
    slot: int


@dataclass(frozen=True)
class RootNode:
    """`node`: the only row of the slot whose type the identifier names, or null."""

    key: str
    slots: tuple[int, ...]


@dataclass(frozen=True)
class RootList:
    """A root field that is one whole list: the only row of its slot."""

    key: str
    slot: int


@dataclass(frozen=True)
class RootRows:
    """A list of the principal's own rows: the only row of its slot, or an empty list."""

    key: str
    slot: int


@dataclass(frozen=True)
class RootObject:
    """A root field whose members are found like roots; null if a list among them could not be read."""

    key: str
    members: tuple[Root, ...]


@dataclass(frozen=True)
class RootText:
    """A root field whose text is known when the plan is made."""

    key: str
    text: str


@dataclass(frozen=True)
class RootIntrospection:
    """A root field of the introspection: graphql-core answers it on the purpose's schema."""

    key: str


@dataclass(frozen=True)
class RootAsked:
    """A root field that an ordinary resolver answers, because no store holds it.

    `subject`: the place where the ledger names the people that the answer is about, if any.
    """

    key: str
    name: str
    subject: int | None = None


Root = RootHole | RootNode | RootList | RootRows | RootObject | RootText | RootIntrospection | RootAsked


@dataclass(frozen=True)
class Plan:
    """How the gateway answers an operation for one purpose and one shape of variables.

    `repeatable`: the stores that are asked more than once, so they need one snapshot for the whole
    request. `fans_out`: the sharded stores of which every shard is asked for a list. `unasked`: values
    that no statement needs; a wrong one is refused all the same. `shape`: what the ledger records of all
    its answers; None if they are about no person. `holed`: whether its texts may hold holes. `prefixes`: of
    the identifiers in its texts. `price`: the most rows that it can touch. `questions`: the people that it
    asks about; None if it asks about none.
    """

    roots: tuple[Root, ...]
    introspects: bool
    asks: bool
    waves: tuple[tuple[Statement, ...], ...]
    slots: tuple[Slot, ...]
    price: Price
    repeatable: frozenset[Store]
    fans_out: frozenset[Store]
    unasked: tuple[Parameter, ...] = ()
    shape: DisclosureShape | None = None
    holed: bool = True
    prefixes: tuple[str, ...] = ()
    questions: Questions | None = None
