"""The words for saying where a field lives. A field's resolver is one of them.

The compiler reads a resolver once, when it makes a plan. The resolver says *how* the value is computed: from
a column, a summary of rows, a related object, a page of rows, or a hop. No code here touches a value. The
words name relations of the catalogue. What a purpose may see of a relation is decided in
`resolvers/universe`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from resolvers.sources.catalogue import Relation, Store


class Json(StrEnum):
    """How a column becomes JSON text.

    CODE, NUMBER, BOOLEAN and DATE skip escaping. Use them only for columns whose CHECK or type leaves nothing
    to escape. All free text is TEXT, so that no control character gets into an answer: a plan marks its holes
    with control characters.
    """

    CODE = "code"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    TEXT = "text"


@dataclass(frozen=True)
class Value:
    """A column of the object's own row."""

    column: str
    json: Json
    nullable: bool = False


@dataclass(frozen=True)
class Identifier:
    """The global identifier: the type's prefix and the row's key."""


@dataclass(frozen=True)
class Constant:
    """JSON text, the same for every object of the type."""

    text: str


@dataclass(frozen=True)
class Band:
    """The band of a count of related rows. ``bands``: (least count, code), ascending from 0."""

    relation: Relation
    on: str
    bands: tuple[tuple[int, str], ...]


class Measure(StrEnum):
    """What a field of a summary measures."""

    ROWS = "rows"
    SUM = "sum"
    LAST = "last"


@dataclass(frozen=True)
class Measured:
    """One field of a summary. With `bands` it is the band of the measure."""

    measure: Measure
    column: str | None = None
    bands: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class Summary:
    """An object computed from the rows of `relation` within a window of days that ends on an argument.

    The window is the `days` days up to `until`, or up to the day in `horizon` if that is left out.
    `type`: the GraphQL type that has these `fields`, here and in every other source.
    """

    relation: Relation
    on: str
    day: str
    days: int
    until: str
    horizon: Relation
    fields: Mapping[str, Measured]
    type: str = field(kw_only=True)


@dataclass(frozen=True)
class Hop:
    """A related object, found by the key in `column` of the row.

    `via` is a lookup relation: (relation, column with that key, column with the object's key). Without `via`
    the key is the object's own. If both rows lie together, the hop is a join; otherwise, and between stores,
    it is a hole that the next wave fills. `nullable`: the key may be missing. `relation`: the relation that
    has such objects in this row's store, if it is not their type's own.
    """

    to: str
    column: str
    via: tuple[Relation, str, str] | None = None
    nullable: bool = False
    relation: Relation | None = None


@dataclass(frozen=True)
class One:
    """At most one row of `relation` whose `on` is the object's key: an object, or null."""

    relation: Relation
    on: str
    fields: Mapping[str, Source]
    type: str = field(kw_only=True)


@dataclass(frozen=True)
class Many:
    """All rows of `relation` whose `on` is the object's key, in the order of the columns named.

    With `far` the items are not the rows but the objects that they lead to, one each; `type` is then the type
    of these objects. `alone`: a request may ask for it in one place only, of one object that is named there,
    so that no client gathers such rows.
    """

    relation: Relation
    on: str
    order: tuple[str, ...]
    fields: Mapping[str, Source] = field(default_factory=dict)
    far: Hop | None = None
    alone: bool = False
    type: str = field(kw_only=True)


@dataclass(frozen=True)
class Page:
    """A Relay connection over rows of `relation` whose `on` is the object's key, ordered by `far.column`.

    `type`: the type of its edges; `fields`: those of an edge's fields that have marks of their own.
    """

    relation: Relation
    on: str
    far: Hop
    fields: Mapping[str, Source] = field(default_factory=dict)
    type: str = field(kw_only=True)


@dataclass(frozen=True)
class Copies:
    """A Relay connection over objects of the type `of`, whose copies lie with this object by its key.

    The copies are rows of the other's `copy`; `on` is their column that holds this object's key.
    """

    of: str
    relation: Relation
    on: str


# The kinds of suggestions, by what they are found through.
FROM_FRIENDS, FROM_BOOKS = "MUTUAL_FRIENDS", "MESSENGER_CONTACT"


@dataclass(frozen=True)
class Suggestions:
    """People that the account's owner may know and is not friends with, ranked.

    Each tuple is (relation, the column that leads in, the column that leads on). `people` have `friends`.
    `link` leads to the other store, where `owners` have their `book` of contacts; `lookup` leads back. Of
    each person the first `friends_of_each` by number count, of each book the first `contacts_of_each`.
    The fields of a suggestion are read from a row with `id`, `basis` and `mutual`.
    """

    people: Relation
    friends: tuple[Relation, str, str]
    link: tuple[Relation, str, str]
    owners: Relation
    book: tuple[Relation, str, str]
    lookup: tuple[Relation, str, str]
    friends_of_each: int
    contacts_of_each: int
    fields: Mapping[str, Source]
    type: str = field(kw_only=True)


Source = (
    Suggestions | Value | Constant | Identifier | Band | Summary | Hop | One | Many | Page | Copies | Measured
)


@dataclass(frozen=True)
class OwnObject:
    """The object of type `type` to which the token is bound: `owner` is the field of its `Principal`."""

    type: str
    owner: str


@dataclass(frozen=True)
class OwnRows:
    """All rows of `relation` that belong to what the token is bound to, in the order of the columns named.

    `owner`: the principal that owns them, as in the relation's `owners`; None for rows about no person.
    """

    type: str
    relation: Relation
    owner: str | None
    order: tuple[str, ...]
    fields: Mapping[str, Value]

    @property
    def columns(self) -> set[str]:
        """The columns that are read of a row, without the owner's key."""
        return {*self.order, *(value.column for value in self.fields.values())}

    @property
    def on(self) -> str | None:
        """The column with the owner's key."""
        return None if self.owner is None else self.relation.owners[self.owner]


@dataclass(frozen=True)
class AboutPerson:
    """The person that a row is about: the account of the store `of` with the number in `column`.

    `nullable`: the person may have no account there.
    """

    of: Store
    column: str
    nullable: bool = False


@dataclass(frozen=True)
class Condition:
    """A filter's column, the operators that it takes, and the form of what is compared."""

    column: str
    operators: frozenset[str]
    json: Json = Json.TEXT


@dataclass(frozen=True)
class ObjectSource:
    """Where a type's objects live: one row of `relation` each.

    `prefix` begins their identifiers. `copy` has the same rows beside the person that they are about, by that
    person's key; a purpose that sees a subject's own rows alone reads them there. `lookups`: arguments of the
    root field that find one object through a lookup relation. `probes`: root fields that find one object by a
    value that their purpose does not see, through a lookup relation that may have several rows; the first by
    the named columns counts. `batches`: arguments of lists that name many objects through a lookup. `about`:
    the person that the ledger names when such an object is in an answer. `filters` and `orders`: the columns
    by which lists can be narrowed and ordered, by the name of the input field. `groups`: the columns by which
    lists can be counted, by the name of the list's field.
    """

    type: str
    relation: Relation
    prefix: str
    fields: Mapping[str, Source]
    lookups: Mapping[str, tuple[Relation, str, str]] = field(default_factory=dict)
    probes: Mapping[str, tuple[Relation, str, str, tuple[str, ...]]] = field(default_factory=dict)
    filters: Mapping[str, Condition] = field(default_factory=dict)
    orders: Mapping[str, tuple[str, Json]] = field(default_factory=dict)
    batches: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, Value] = field(default_factory=dict)
    copy: Relation | None = None
    about: AboutPerson | None = None
