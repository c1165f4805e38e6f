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
from schema.values.enums import enum
from schema.values.paging import (
    GROUPS,
    After,
    Before,
    CodeFilter,
    Direction,
    First,
    Group,
    Last,
    Node,
    PageInfo,
    TimeFilter,
)
from schema.values.phones import PhoneNumber

# The modules of these types import this one, so they are named here and imported when a schema is built.
_CONVERSATIONS: LazyType[object, object] = LazyType("BusinessConversationConnection", "schema.types.business")
_CONVERSATION_FILTER: LazyType[object, object] = LazyType(
    "BusinessConversationFilter", "schema.types.business"
)
_CONVERSATION_ORDER: LazyType[object, object] = LazyType("BusinessConversationOrder", "schema.types.business")
_SOCIAL_ACCOUNT: LazyType[object, object] = LazyType("SocialAccount", "schema.types.social")


@enum(
    "How often a member used the messenger in 28 days.",
    INACTIVE="On no day.",
    MONTHLY="On 1 to 3 days.",
    WEEKLY="On 4 to 11 days.",
    DAILY="On 12 to 28 days.",
)
class FrequencyBand(StrEnum):
    """Bands of active days: 0, 1 to 3, 4 to 11, 12 to 28."""

    INACTIVE = "INACTIVE"
    MONTHLY = "MONTHLY"
    WEEKLY = "WEEKLY"
    DAILY = "DAILY"


@enum(
    "How many people an address book holds, as a band.",
    NONE="0.",
    FEW="1 to 9.",
    TENS="10 to 49.",
    MANY="50 to 199.",
    HUNDREDS="200 or more.",
)
class ContactCountBand(StrEnum):
    """Bands of contacts: 0, 1 to 9, 10 to 49, 50 to 199, 200 and more."""

    NONE = "NONE"
    FEW = "FEW"
    TENS = "TENS"
    MANY = "MANY"
    HUNDREDS = "HUNDREDS"


@strawberry.type(
    description="A member's use of the messenger in the 28 days that end on a date. Counts only, never "
    "content."
)
class UsageStats:
    """How often the messenger is used."""

    frequency_band: FrequencyBand = seen("A - - V V - O - -", "The number of active days, as a band.")
    active_days28: int = seen("A - - V V - O - -", "On how many days the member sent at least one message.")
    messages_sent28: int = seen("A - - V V - O - -", "How many messages the member sent.")
    last_active_on: datetime.date | None = seen(
        "A - - V V - O - -",
        "The last day on which the member sent a message; null if there is none in the 28 days.",
    )


@strawberry.type(description="An entry of an address book: a member, and the entry's place in the list.")
class ContactEdge:
    """One entry of an address book. It is visible only if neither of the two members objected."""

    account: MessengerAccount = seen("- - A - - - O - -", "The member whose number the address book holds.")
    node: MessengerAccount = plumbing(
        "MessengerAccount", "The same as `account`, under the name that Relay expects."
    )
    cursor: str = plumbing("MessengerAccount", "The cursor of this entry, for `after` and `before`.")


@strawberry.type(description="A page of an address book, ordered by the account numbers of its members.")
class ContactConnection:
    """Relay connection of contacts."""

    edges: list[ContactEdge] = plumbing("MessengerAccount", "The entries of this page, each with its cursor.")
    nodes: list[MessengerAccount] = plumbing("MessengerAccount", "The members of this page.")
    page_info: PageInfo = plumbing("MessengerAccount", "Where the page is in the list.")
    total_count: int = plumbing(
        "MessengerAccount", "How many entries of the whole address book this purpose can see."
    )


@rows("A - A V V P O O -")
@strawberry.type(description="A member of the messenger.")
class MessengerAccount(Node):
    """An account of the messenger."""

    id: strawberry.ID = seen("A - A V V P O O -", "The account's global identifier.")
    phone: PhoneNumber = seen("A - - V V P O - -", "The member's phone number.")
    country_code: str = seen(
        "A - A V V - O O -", "The country of the phone number, as an ISO 3166-1 alpha-2 code."
    )
    registered_at: datetime.datetime = seen("- - - V V - O O -", "When the member registered.")

    @seen("A - - V V - O - -", "How much the member used the messenger.")
    def usage(
        self,
        until: Annotated[
            datetime.date | None,
            strawberry.argument(
                description="The last of the 28 days. The default is the last day with complete figures."
            ),
        ] = None,
    ) -> UsageStats: ...

    @seen("- - A - - - O - -", "The member's address book, ordered by the account numbers of its entries.")
    def contacts(
        self,
        *,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> ContactConnection: ...

    @seen(
        "- - - - - P O - -",
        "The member's conversations with businesses on the messenger.",
        graphql_type=_CONVERSATIONS,
    )
    def business_conversations(
        self,
        *,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            object,
            strawberry.argument(
                graphql_type=_CONVERSATION_FILTER | None,
                description="Return only conversations that meet these conditions.",
            ),
        ] = None,
        order_by: Annotated[
            object,
            strawberry.argument(
                graphql_type=_CONVERSATION_ORDER | None,
                description="Order the conversations by this field. The default is by number.",
            ),
        ] = None,
    ) -> object: ...

    contact_count_band: ContactCountBand = seen(
        "- - - - V - O - -",
        "How many people the member's address book holds, as a band.",
    )
    social_account: object = seen(
        "A - A - V - O - -",
        "The account of the same person on the social network; null if there is none or this purpose cannot "
        "see it.",
        graphql_type=_SOCIAL_ACCOUNT | None,
    )


@strawberry.type(description="A member, and the entry's place in the list.")
class MessengerAccountEdge:
    """Relay edge."""

    node: MessengerAccount = plumbing("MessengerAccount", "The member.")
    cursor: str = plumbing("MessengerAccount", "The cursor of this entry, for `after` and `before`.")


@strawberry.type(description="A page of members of the messenger.")
class MessengerAccountConnection:
    """Relay connection."""

    edges: list[MessengerAccountEdge] = plumbing(
        "MessengerAccount", "The entries of this page, each with its cursor."
    )
    nodes: list[MessengerAccount] = plumbing("MessengerAccount", "The members of this page.")
    page_info: PageInfo = plumbing("MessengerAccount", "Where the page is in the list.")
    total_count: int = plumbing(
        "MessengerAccount", "How many members of the whole list this purpose can see."
    )
    by_country_code: list[Group] = follows(
        "MessengerAccount.countryCode", f"How many members of the list each country has. {GROUPS}"
    )


@strawberry.input(description="Conditions on members of the messenger. All given conditions must hold.")
class MessengerAccountFilter:
    """Filter on what this purpose sees of a member."""

    country_code: CodeFilter | None = follows(
        "MessengerAccount.countryCode", "Conditions on `countryCode`.", default=strawberry.UNSET
    )
    registered_at: TimeFilter | None = follows(
        "MessengerAccount.registeredAt", "Conditions on `registeredAt`.", default=strawberry.UNSET
    )


@strawberry.input(
    one_of=True,
    description="An order of members: exactly one field. Members with equal values are ordered by number, "
    "in the same direction.",
)
class MessengerAccountOrder:
    """Order by one field that this purpose sees."""

    id: Direction | None = follows(
        "MessengerAccount.id", "Order by account number.", default=strawberry.UNSET
    )
    country_code: Direction | None = follows(
        "MessengerAccount.countryCode", "Order by country code.", default=strawberry.UNSET
    )
    registered_at: Direction | None = follows(
        "MessengerAccount.registeredAt", "Order by registration time.", default=strawberry.UNSET
    )
