"""The parts of lists: Relay's connections, filters and orders.

Source: the GraphQL Cursor Connections Specification. Cursors are sealed: each is made for one purpose, one
field, one filter and order, and one version of the policy. The gateway refuses it anywhere else.
"""

from __future__ import annotations

import datetime
from enum import StrEnum
from typing import Annotated

import strawberry

from schema.values.enums import enum

MAX_PAGE = 1000
DEFAULT_PAGE = 50
MAX_SUGGESTIONS = 100
MIN_GROUP = 100
DEFAULT_SUGGESTIONS = 10

Identifiers = Annotated[
    list[strawberry.ID] | None,
    strawberry.argument(
        description="Return the objects with these identifiers, in this order, each once. At most 1,000. "
        "Cannot be combined with other arguments."
    ),
]
First = Annotated[
    int | None,
    strawberry.argument(
        description="Return this many entries from the start of the list. The default is 50, the maximum "
        "1,000."
    ),
]
After = Annotated[str | None, strawberry.argument(description="Return only entries after this cursor.")]
Last = Annotated[
    int | None,
    strawberry.argument(
        description="Return this many entries from the end of the list. Cannot be combined with `first`."
    ),
]
Before = Annotated[str | None, strawberry.argument(description="Return only entries before this cursor.")]


@strawberry.interface(description="An object with a global identifier, by which `node` finds it.")
class Node:
    """Every type that `node(id:)` can return."""

    id: strawberry.ID = strawberry.field(description="The object's global identifier.")


@strawberry.type(description="Where a page is in its list.")
class PageInfo:
    """Relay's page information."""

    has_next_page: bool = strawberry.field(description="Whether the list has entries after this page.")
    has_previous_page: bool = strawberry.field(description="Whether the list has entries before this page.")
    start_cursor: str | None = strawberry.field(
        description="The cursor of the page's first entry; null if the page is empty."
    )
    end_cursor: str | None = strawberry.field(
        description="The cursor of the page's last entry; null if the page is empty."
    )


@strawberry.type(description="A value, and how many entries of a list have it.")
class Group:
    """A group of at least `MIN_GROUP` entries: a smaller one could single people out."""

    value: str = strawberry.field(description="The value that the entries share.")
    count: int = strawberry.field(
        description="How many entries of the whole list have this value. Counts the entries that this "
        "purpose can see."
    )


GROUPS = (
    f"Largest group first. Groups with fewer than {MIN_GROUP} entries are left out. "
    "Not available if an argument names the entries."
)


@enum("The direction of an order.", ASC="Ascending.", DESC="Descending.")
class Direction(StrEnum):
    """Ascending or descending."""

    ASC = "ASC"
    DESC = "DESC"


@strawberry.input(description="Conditions on a code, such as a country code. All given conditions must hold.")
class CodeFilter:
    """Conditions on a code."""

    eq: str | None = strawberry.field(default=strawberry.UNSET, description="Equal to this code.")
    in_: list[str] | None = strawberry.field(
        name="in", default=strawberry.UNSET, description="Equal to one of these codes."
    )


@strawberry.input(
    description="Conditions on a text, compared by Unicode code point. All given conditions must hold."
)
class TextFilter:
    """Conditions on a text."""

    eq: str | None = strawberry.field(default=strawberry.UNSET, description="Equal to this text.")
    starts_with: str | None = strawberry.field(
        default=strawberry.UNSET, description="Starts with this text, compared by code point."
    )


@strawberry.input(description="Conditions on a time. All given conditions must hold.")
class TimeFilter:
    """Conditions on a time."""

    from_: datetime.datetime | None = strawberry.field(
        name="from", default=strawberry.UNSET, description="At this time or later."
    )
    before: datetime.datetime | None = strawberry.field(
        default=strawberry.UNSET, description="Before this time."
    )


@strawberry.input(description="Conditions on a day. All given conditions must hold.")
class DateFilter:
    """Conditions on a day."""

    from_: datetime.date | None = strawberry.field(
        name="from", default=strawberry.UNSET, description="On this day or later."
    )
    before: datetime.date | None = strawberry.field(default=strawberry.UNSET, description="Before this day.")
