"""The messenger's types, each field with its terms.

The columns of marks: ads, offers, friends, infrastructure, security, business, subject access,
preferences, audit (`schema/terms/marks.py` lists them).
"""

from __future__ import annotations

import datetime
from enum import StrEnum
from typing import Annotated

import strawberry
from strawberry.types.lazy_type import LazyType

from schema.terms.words import follows, plumbing, rows, seen
from schema.values.paging import GROUPS, CodeFilter, Direction, Group, Node, PageInfo, TimeFilter
from schema.values.phones import PhoneNumber

# The modules of these types import this one, so they are named here and imported when a schema is built.
_CONVERSATIONS: LazyType[object, object] = LazyType("BusinessConversationConnection", "schema.types.business")
_CONVERSATION_FILTER: LazyType[object, object] = LazyType(
    "BusinessConversationFilter", "schema.types.business"
)
_CONVERSATION_ORDER: LazyType[object, object] = LazyType("BusinessConversationOrder", "schema.types.business")
_SOCIAL_ACCOUNT: LazyType[object, object] = LazyType("SocialAccount", "schema.types.social")


@strawberry.enum(description="How often the messenger was used in the 28 days.")
class FrequencyBand(StrEnum):
    """Bands of active days: 0, 1 to 3, 4 to 11, 12 to 28."""

    INACTIVE = "INACTIVE"
    MONTHLY = "MONTHLY"
    WEEKLY = "WEEKLY"
    DAILY = "DAILY"


@strawberry.enum(description="How many people stand in an address book, in bands.")
class ContactCountBand(StrEnum):
    """Bands of contacts: 0, 1 to 9, 10 to 49, 50 to 199, 200 and more."""

    NONE = "NONE"
    FEW = "FEW"
    TENS = "TENS"
    MANY = "MANY"
    HUNDREDS = "HUNDREDS"


@strawberry.type(description="Use of the messenger in the 28 days up to a date. Counts, never content.")
class UsageStats:
    """How often the messenger is used."""

    frequency_band: FrequencyBand = seen(
        "A - - V V - O - -", "Active days in a band: 0, 1 to 3, 4 to 11, 12 and more."
    )
    active_days28: int = seen("A - - V V - O - -", "Days with at least one message sent.")
    messages_sent28: int = seen("A - - V V - O - -", "Messages sent.")
    last_active_on: datetime.date | None = seen(
        "A - - V V - O - -", "The last such day, or null if there is none in the 28 days."
    )


@strawberry.type(description="A member in another member's address book.")
class ContactEdge:
    """One entry of an address book. Visible only if neither end objected."""

    account: MessengerAccount = seen("- - A - - - O - -", "The member in the address book.")
    node: MessengerAccount = plumbing("MessengerAccount", "The same as `account`, under Relay's name.")
    cursor: str = plumbing("MessengerAccount", "The entry's place in the list.")


@strawberry.type(description="A page of an address book, in the order of the accounts' numbers.")
class ContactConnection:
    """Relay connection of contacts."""

    edges: list[ContactEdge] = plumbing("MessengerAccount", "The page's entries.")
    nodes: list[MessengerAccount] = plumbing("MessengerAccount", "The page's members.")
    page_info: PageInfo = plumbing("MessengerAccount", "Where the page stands.")
    total_count: int = plumbing("MessengerAccount", "How many entries this purpose can see.")


@rows("A - A V V P O O -")
@strawberry.type(description="A member of the messenger.")
class MessengerAccount(Node):
    """An account of the messenger."""

    id: strawberry.ID = seen("A - A V V P O O -", "The account's identifier.")
    phone: PhoneNumber = seen("A - - V V P O - -", "The member's phone number.")
    country_code: str = seen("A - A V V - O O -", "ISO 3166 code of the number's country.")
    registered_at: datetime.datetime = seen("- - - V V - O O -", "When the member joined.")

    @seen("A - - V V - O - -", "How often the messenger was used.")
    def usage(
        self,
        until: Annotated[
            datetime.date | None,
            strawberry.argument(
                description="Last of the 28 days; the last day with complete figures if left out."
            ),
        ] = None,
    ) -> UsageStats: ...

    @seen("- - A - - - O - -", "The member's address book, in the order of the accounts' numbers.")
    def contacts(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> ContactConnection: ...

    @seen(
        "- - - - - P O - -",
        "The member's conversations with businesses, on the messenger.",
        graphql_type=_CONVERSATIONS,
    )
    def business_conversations(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        filter: Annotated[object, strawberry.argument(graphql_type=_CONVERSATION_FILTER | None)] = None,
        order_by: Annotated[object, strawberry.argument(graphql_type=_CONVERSATION_ORDER | None)] = None,
    ) -> object: ...

    contact_count_band: ContactCountBand = seen(
        "- - - - V - O - -",
        "Size of the address book in a band: 0, 1 to 9, 10 to 49, 50 to 199, 200+.",
    )
    social_account: object = seen(
        "A - A - V - O - -",
        "The same person on the social network, or null.",
        graphql_type=_SOCIAL_ACCOUNT | None,
    )


@strawberry.type(description="A member and their place in the list.")
class MessengerAccountEdge:
    """Relay edge."""

    node: MessengerAccount = plumbing("MessengerAccount", "The member.")
    cursor: str = plumbing("MessengerAccount", "The member's place in the list.")


@strawberry.type(description="A page of members.")
class MessengerAccountConnection:
    """Relay connection."""

    edges: list[MessengerAccountEdge] = plumbing("MessengerAccount", "The page's edges.")
    nodes: list[MessengerAccount] = plumbing("MessengerAccount", "The page's members.")
    page_info: PageInfo = plumbing("MessengerAccount", "Where the page stands.")
    total_count: int = plumbing(
        "MessengerAccount", "How many members this purpose can see in the whole list."
    )
    by_country_code: list[Group] = follows(
        "MessengerAccount.countryCode", f"How many members there are of each country. {GROUPS}"
    )


@strawberry.input(description="Conditions on members; all that are given must hold.")
class MessengerAccountFilter:
    """Filter on what this purpose sees of a member."""

    country_code: CodeFilter | None = follows(
        "MessengerAccount.countryCode", "By the number's country.", default=strawberry.UNSET
    )
    registered_at: TimeFilter | None = follows(
        "MessengerAccount.registeredAt", "By the time of joining.", default=strawberry.UNSET
    )


@strawberry.input(one_of=True, description="Order of members; equal ones by number, in the same direction.")
class MessengerAccountOrder:
    """Order by one field that this purpose sees."""

    id: Direction | None = follows("MessengerAccount.id", "By number.", default=strawberry.UNSET)
    country_code: Direction | None = follows(
        "MessengerAccount.countryCode", "By country.", default=strawberry.UNSET
    )
    registered_at: Direction | None = follows(
        "MessengerAccount.registeredAt", "By the time of joining.", default=strawberry.UNSET
    )
