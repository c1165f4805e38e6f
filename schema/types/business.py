"""Businesses and their conversations with customers on both messengers, each field with its terms.

The fact that a customer talks with a business is personal data of the customer, and the business's own. A
token bound to a business sees the conversations of that business alone, and people only as its customers.
The text of a conversation is content, and so is anything computed from it. There is no field for either.

The columns of marks: ads, offers, friends, infrastructure, security, business, subject access,
preferences, audit (`schema/terms/marks.py` lists them).
"""

from __future__ import annotations

import datetime
from enum import StrEnum
from typing import Annotated

import strawberry

from schema.terms.words import follows, plumbing, rows, seen
from schema.types.messenger import MessengerAccount
from schema.types.social import SocialAccount
from schema.values.enums import enum
from schema.values.paging import GROUPS, DateFilter, Direction, Group, Node, PageInfo


@enum(
    "The messenger that a conversation is on.",
    MESSENGER="The first messenger, where customers are phone numbers.",
    SOCIAL="The social network's own messenger.",
)
class Channel(StrEnum):
    """The first messenger, and the social network's own."""

    MESSENGER = "MESSENGER"
    SOCIAL = "SOCIAL"


@enum(
    "The kind of a conversation.",
    AUTHENTICATION="The business opened it to sign the customer in.",
    MARKETING="The business opened it to advertise.",
    SERVICE="The customer opened it.",
    UTILITY="The business opened it about an existing order or service.",
)
class ConversationCategory(StrEnum):
    """Why the business opened the conversation; SERVICE if the customer opened it."""

    AUTHENTICATION = "AUTHENTICATION"
    MARKETING = "MARKETING"
    SERVICE = "SERVICE"
    UTILITY = "UTILITY"


@enum(
    "Who is to write next in a conversation.",
    ANSWERED="The customer.",
    CLOSED="Neither: the conversation is over.",
    OPEN="The business.",
)
class ConversationStatus(StrEnum):
    """OPEN waits for the business, ANSWERED for the customer, CLOSED for neither."""

    ANSWERED = "ANSWERED"
    CLOSED = "CLOSED"
    OPEN = "OPEN"


@strawberry.type(description="A business. It has the same identifier on both messengers.")
class Business(Node):
    """What a business publishes about itself."""

    id: strawberry.ID = seen("- - - - V V V - -", "The business's global identifier.")
    name: str = seen("- - - - V V V - -", "The business's name.")
    verified: bool = seen("- - - - V V V - -", "Whether the messenger has verified the name.")


@strawberry.type(description="A business, and the entry's place in the list.")
class BusinessEdge:
    """Relay edge."""

    node: Business = plumbing("Business", "The business.")
    cursor: str = plumbing("Business", "The cursor of this entry, for `after` and `before`.")


@strawberry.type(description="A page of businesses.")
class BusinessConnection:
    """Relay connection."""

    edges: list[BusinessEdge] = plumbing("Business", "The entries of this page, each with its cursor.")
    nodes: list[Business] = plumbing("Business", "The businesses of this page.")
    page_info: PageInfo = plumbing("Business", "Where the page is in the list.")
    total_count: int = plumbing("Business", "How many businesses the whole list has.")


@strawberry.input(one_of=True, description="An order of businesses: exactly one field.")
class BusinessOrder:
    """Order by one field that this purpose sees."""

    id: Direction | None = follows("Business.id", "Order by number.", default=strawberry.UNSET)


BusinessCustomer = Annotated[
    MessengerAccount | SocialAccount,
    strawberry.union(
        "BusinessCustomer",
        description="The customer of a conversation: a member of the messenger or of the social network.",
    ),
]


@rows("- - - - - B O - -")
@strawberry.interface(
    description="A conversation between a business and a customer. No field has the content of its messages."
)
class BusinessConversation(Node):
    """What the conversations of both channels have in common."""

    id: strawberry.ID = seen("- - - - - B O - -", "The conversation's global identifier.")
    channel: Channel = seen("- - - - - B O - -", "The messenger that the conversation is on.")
    category: ConversationCategory = seen("- - - - - B O - -", "Why the conversation was opened.")
    business: Business = seen("- - - - - B O - -", "The business.")
    customer: BusinessCustomer | None = seen(
        "- - - - - B O - -",
        "The customer; null for a customer of the social channel who has no account there.",
    )
    status: ConversationStatus = seen("- - - - - B O - -", "Who is to write next.")
    opened_on: datetime.date = seen("- - - - - B O - -", "The day of the first message.")
    last_message_on: datetime.date = seen("- - - - - B O - -", "The day of the newest message.")
    message_count: int = seen(
        "- - - - - B O - -", "How many messages the business and the customer sent in total."
    )


@strawberry.type(description="A conversation on the first messenger.")
class MessengerConversation(BusinessConversation):
    """The customer wrote from an account, and the business knows them by its phone number."""

    # Nullable: GraphQL refuses a document that selects one name of both channels if only one is nullable.
    customer: MessengerAccount | None = follows(
        "BusinessConversation.customer", "The customer, with their phone number. Never null."
    )


@strawberry.type(description="A conversation on the social network's messenger.")
class SocialConversation(BusinessConversation):
    """A customer can write there without being a member of the social network."""

    customer: SocialAccount | None = follows(
        "BusinessConversation.customer", "The customer; null for a customer without a social account."
    )


@strawberry.type(description="A conversation on either messenger, and the entry's place in the list.")
class BusinessConversationEdge:
    """Relay edge."""

    node: BusinessConversation = plumbing("BusinessConversation", "The conversation.")
    cursor: str = plumbing("BusinessConversation", "The cursor of this entry, for `after` and `before`.")


@strawberry.type(description="A page of conversations.")
class BusinessConversationConnection:
    """Relay connection."""

    edges: list[BusinessConversationEdge] = plumbing(
        "BusinessConversation", "The entries of this page, each with its cursor."
    )
    nodes: list[BusinessConversation] = plumbing("BusinessConversation", "The conversations of this page.")
    page_info: PageInfo = plumbing("BusinessConversation", "Where the page is in the list.")
    total_count: int = plumbing(
        "BusinessConversation", "How many conversations of the whole list this purpose can see."
    )


BY_CATEGORY = f"How many conversations of the list each category has. {GROUPS}"
BY_STATUS = f"How many conversations of the list each status has. {GROUPS}"


@strawberry.type(description="A conversation on the first messenger, and the entry's place in the list.")
class MessengerConversationEdge:
    """Relay edge."""

    node: MessengerConversation = plumbing("BusinessConversation", "The conversation.")
    cursor: str = plumbing("BusinessConversation", "The cursor of this entry, for `after` and `before`.")


@strawberry.type(description="A page of conversations on the first messenger.")
class MessengerConversationConnection:
    """Relay connection."""

    edges: list[MessengerConversationEdge] = plumbing(
        "BusinessConversation", "The entries of this page, each with its cursor."
    )
    nodes: list[MessengerConversation] = plumbing("BusinessConversation", "The conversations of this page.")
    page_info: PageInfo = plumbing("BusinessConversation", "Where the page is in the list.")
    total_count: int = plumbing(
        "BusinessConversation", "How many conversations of the whole list this purpose can see."
    )
    by_category: list[Group] = follows("BusinessConversation.category", BY_CATEGORY)
    by_status: list[Group] = follows("BusinessConversation.status", BY_STATUS)


@strawberry.type(
    description="A conversation on the social network's messenger, and the entry's place in the list."
)
class SocialConversationEdge:
    """Relay edge."""

    node: SocialConversation = plumbing("BusinessConversation", "The conversation.")
    cursor: str = plumbing("BusinessConversation", "The cursor of this entry, for `after` and `before`.")


@strawberry.type(description="A page of conversations on the social network's messenger.")
class SocialConversationConnection:
    """Relay connection."""

    edges: list[SocialConversationEdge] = plumbing(
        "BusinessConversation", "The entries of this page, each with its cursor."
    )
    nodes: list[SocialConversation] = plumbing("BusinessConversation", "The conversations of this page.")
    page_info: PageInfo = plumbing("BusinessConversation", "Where the page is in the list.")
    total_count: int = plumbing(
        "BusinessConversation", "How many conversations of the whole list this purpose can see."
    )
    by_category: list[Group] = follows("BusinessConversation.category", BY_CATEGORY)
    by_status: list[Group] = follows("BusinessConversation.status", BY_STATUS)


@strawberry.input(description="Conditions on a category. All given conditions must hold.")
class CategoryFilter:
    """Conditions on a category."""

    eq: ConversationCategory | None = strawberry.field(
        default=strawberry.UNSET, description="Equal to this category."
    )
    in_: list[ConversationCategory] | None = strawberry.field(
        name="in", default=strawberry.UNSET, description="Equal to one of these categories."
    )


@strawberry.input(description="Conditions on a status. All given conditions must hold.")
class StatusFilter:
    """Conditions on a status."""

    eq: ConversationStatus | None = strawberry.field(
        default=strawberry.UNSET, description="Equal to this status."
    )
    in_: list[ConversationStatus] | None = strawberry.field(
        name="in", default=strawberry.UNSET, description="Equal to one of these statuses."
    )


@strawberry.input(description="Conditions on conversations. All given conditions must hold.")
class BusinessConversationFilter:
    """Filter on what this purpose sees of a conversation."""

    category: CategoryFilter | None = follows(
        "BusinessConversation.category", "Conditions on `category`.", default=strawberry.UNSET
    )
    status: StatusFilter | None = follows(
        "BusinessConversation.status", "Conditions on `status`.", default=strawberry.UNSET
    )
    opened_on: DateFilter | None = follows(
        "BusinessConversation.openedOn", "Conditions on `openedOn`.", default=strawberry.UNSET
    )
    last_message_on: DateFilter | None = follows(
        "BusinessConversation.lastMessageOn", "Conditions on `lastMessageOn`.", default=strawberry.UNSET
    )


@strawberry.input(
    one_of=True,
    description="An order of conversations: exactly one field. Conversations with equal values are ordered "
    "by number, in the same direction.",
)
class BusinessConversationOrder:
    """Order by one field that this purpose sees."""

    id: Direction | None = follows("BusinessConversation.id", "Order by number.", default=strawberry.UNSET)
    category: Direction | None = follows(
        "BusinessConversation.category",
        "Order by category, compared by code point.",
        default=strawberry.UNSET,
    )
    status: Direction | None = follows(
        "BusinessConversation.status", "Order by status, compared by code point.", default=strawberry.UNSET
    )
    opened_on: Direction | None = follows(
        "BusinessConversation.openedOn", "Order by the day of the first message.", default=strawberry.UNSET
    )
    last_message_on: Direction | None = follows(
        "BusinessConversation.lastMessageOn",
        "Order by the day of the newest message.",
        default=strawberry.UNSET,
    )
