"""The selection of an operation: a frozen tree of fields, with their sources and their arguments read.

`selection.py` makes it. Every later pass of `compiler.py` reads it and changes nothing in it.
"""

from __future__ import annotations

from dataclasses import dataclass

from resolvers.compile.list_arguments import ListedRows
from resolvers.plan.fetches import Via
from resolvers.plan.parameters import Parameter
from resolvers.plan.plan import RootIntrospection, RootText
from resolvers.plan.tree import Bounds, CoveredPlace, Literal, Narrowing, PeopleTold, Total
from resolvers.sources.words import (
    AboutPerson,
    Band,
    Hop,
    Identifier,
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
class Member:
    """One response key of an object, the field's name, and its node of the tree."""

    key: str
    name: str
    node: SelectedNode


@dataclass(frozen=True)
class SelectedObject:
    """An object with its selected fields. `subject`: the number of the place where people are named."""

    source: ObjectSource
    members: tuple[Member, ...]
    subject: int | None


@dataclass(frozen=True)
class SelectedHop:
    """The object that a row leads to."""

    hop: Hop
    object: SelectedObject


@dataclass(frozen=True)
class SelectedOne:
    """At most one row that belongs to the object. `covered`: see `CoveredPlace`."""

    source: One
    type: str
    members: tuple[Member, ...]
    covered: CoveredPlace | None = None


@dataclass(frozen=True)
class SelectedMany:
    """All rows that belong to the object, in the order of the columns; with `item`, what they lead to."""

    source: Many
    type: str
    members: tuple[Member, ...]
    order: tuple[str, ...]
    item: SelectedHop | None = None
    covered: CoveredPlace | None = None


@dataclass(frozen=True)
class SelectedSummary:
    """Measures of the object's rows within a window of days."""

    source: Summary
    type: str
    members: tuple[tuple[str, str, Measured | Literal], ...]
    until: Parameter | None


@dataclass(frozen=True)
class SelectedSuggestions:
    """At most `size` people that the object's person may know. `covered`: see `SuggestionsOf`."""

    source: Suggestions
    type: str
    members: tuple[Member, ...]
    size: Parameter | int
    subject: int | None
    covered: tuple[CoveredPlace, CoveredPlace] | None = None


# --- lists ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SelectedCursor:
    """The cursor of an item."""


@dataclass(frozen=True)
class SelectedItems:
    """`nodes`: the items."""

    item: SelectedItem


@dataclass(frozen=True)
class SelectedEdges:
    """`edges`: members that are the item, its cursor, or a literal."""

    members: tuple[tuple[str, SelectedItem | SelectedCursor | Literal], ...]


@dataclass(frozen=True)
class SelectedInfo:
    """`pageInfo`: members by the names of its fields."""

    members: tuple[tuple[str, str | Literal], ...]


@dataclass(frozen=True)
class SelectedGroups:
    """The list counted by `value`; members by the names of the fields of `Group`."""

    value: Value
    members: tuple[tuple[str, str], ...]


SelectedItem = SelectedHop | SelectedObject
SelectedPart = SelectedItems | SelectedEdges | SelectedInfo | SelectedGroups | Total | Literal


@dataclass(frozen=True)
class SelectedList:
    """A connection: its rows, the part of them that is asked for, and what its cursors are sealed for.

    `fields`: its fields that depend on its rows, as ``Type.field``. `about`: the person that a row is about.
    `told`: the place where it names people that it discloses without their objects.
    """

    rows: ListedRows
    bounds: Bounds
    narrowings: tuple[Narrowing, ...]
    sealed_for: Parameter
    parts: tuple[tuple[str, SelectedPart], ...]
    fields: tuple[str, ...] = ()
    about: AboutPerson | None = None
    told: PeopleTold | None = None


# Most fields are one of these: they touch no row of their own, and lead to no other object.
PLAIN = (Value, Literal, Identifier)
SelectedNode = (
    Literal
    | Value
    | Identifier
    | Band
    | SelectedHop
    | SelectedOne
    | SelectedMany
    | SelectedSummary
    | SelectedSuggestions
    | SelectedList
)


# --- roots ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SelectedLookup:
    """A root field that is one object, found by `keys`; with `via`, through a lookup relation.

    `field`: the root field, as ``Query.field``; empty if the token gives the keys, and not the request.
    `covered`: see `ObjectByKey`.
    """

    key: str
    object: SelectedObject
    keys: Parameter
    via: Via | None = None
    first_by: tuple[str, ...] = ()
    field: str = ""
    covered: CoveredPlace | None = None


@dataclass(frozen=True)
class SelectedNodeRoot:
    """`node`: for each type of object, the object and how its key is read from the identifier."""

    key: str
    choices: tuple[tuple[SelectedObject, Parameter], ...]
    field: str


@dataclass(frozen=True)
class SelectedRootList:
    """A root field that is a list."""

    key: str
    list: SelectedList


@dataclass(frozen=True)
class SelectedOwnRows:
    """The rows that belong to the token's principal; without `keys`, rows that belong to no person."""

    key: str
    source: OwnRows
    type: str
    members: tuple[tuple[str, str, Value | Literal], ...]
    keys: Parameter | None
    subject: int | None


@dataclass(frozen=True)
class SelectedSubject:
    """The root `subject`: the objects and rows of the token's principal."""

    key: str
    members: tuple[RootText | SelectedLookup | SelectedOwnRows, ...]


@dataclass(frozen=True)
class SelectedAsked:
    """A root field that an ordinary resolver answers; `disclosed`: the fields that it gives of people."""

    key: str
    name: str
    disclosed: tuple[str, ...]
    subject: int | None


SelectedRoot = (
    RootText
    | RootIntrospection
    | SelectedAsked
    | SelectedSubject
    | SelectedNodeRoot
    | SelectedLookup
    | SelectedRootList
)


@dataclass(frozen=True)
class Selection:
    """The whole selection.

    `given`: values that may be refused when a request's variables are read. `subjects`: how many places
    name people.
    """

    roots: tuple[SelectedRoot, ...]
    given: tuple[Parameter, ...]
    subjects: int
