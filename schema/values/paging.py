"""The plumbing of lists: Relay's connections, the words for filters and order.

Source: the GraphQL Cursor Connections Specification. Cursors are sealed: they are made for one
purpose, one field, one set of filter and order, one version of the policy, and are refused elsewhere.
"""

from __future__ import annotations

import datetime
from enum import StrEnum

import strawberry

MAX_PAGE = 1000
DEFAULT_PAGE = 50
MAX_SUGGESTIONS = 100
MIN_GROUP = 100
DEFAULT_SUGGESTIONS = 10


@strawberry.interface(description="An object with an identifier that `node` finds again.")
class Node:
    """Whatever `node(id:)` can return."""

    id: strawberry.ID = strawberry.field(description="The object's identifier.")


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    """Relay's page information."""

    has_next_page: bool = strawberry.field(description="Whether the list goes on after this page.")
    has_previous_page: bool = strawberry.field(description="Whether the list holds items before this page.")
    start_cursor: str | None = strawberry.field(description="Cursor of the page's first item.")
    end_cursor: str | None = strawberry.field(description="Cursor of the page's last item.")


@strawberry.type(description="How many entries of a list share a value.")
class Group:
    """A group of at least `MIN_GROUP` entries; smaller ones are not told."""

    value: str = strawberry.field(description="What they share.")
    count: int = strawberry.field(
        description="How many entries of the whole list share it, of those that this purpose can see."
    )


GROUPS = f"The largest first; groups of fewer than {MIN_GROUP} are left out. Not of a list of named entries."


@strawberry.enum(description="A direction of order.")
class Direction(StrEnum):
    """Ascending or descending."""

    ASC = "ASC"
    DESC = "DESC"


@strawberry.input(description="Compares a code, such as a country's.")
class CodeFilter:
    """Conditions on a code; all that are given must hold."""

    eq: str | None = strawberry.field(default=strawberry.UNSET, description="Equal to this.")
    in_: list[str] | None = strawberry.field(
        name="in", default=strawberry.UNSET, description="Equal to one of these."
    )


@strawberry.input(description="Compares a text, by code point.")
class TextFilter:
    """Conditions on a text; all that are given must hold."""

    eq: str | None = strawberry.field(default=strawberry.UNSET, description="Equal to this.")
    starts_with: str | None = strawberry.field(
        default=strawberry.UNSET, description="Beginning with this, by code point."
    )


@strawberry.input(description="Compares a time.")
class TimeFilter:
    """Conditions on a time; all that are given must hold."""

    from_: datetime.datetime | None = strawberry.field(
        name="from", default=strawberry.UNSET, description="At this time or later."
    )
    before: datetime.datetime | None = strawberry.field(
        default=strawberry.UNSET, description="Earlier than this time."
    )


@strawberry.input(description="Compares a day.")
class DateFilter:
    """Conditions on a day; all that are given must hold."""

    from_: datetime.date | None = strawberry.field(
        name="from", default=strawberry.UNSET, description="On this day or later."
    )
    before: datetime.date | None = strawberry.field(
        default=strawberry.UNSET, description="Earlier than this day."
    )
