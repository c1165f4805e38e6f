"""Businesses and their talks with customers on both messengers, each field with its terms.

That somebody talks with a business is personal data of the customer and the business's own: a token
bound to one business sees that one's conversations and nobody else's, and people only as its customers.
What was said is content, and so is whatever could be computed from it: there is no field for either.

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
from schema.values.paging import GROUPS, DateFilter, Direction, Group, Node, PageInfo


@strawberry.enum(description="Which of the two messengers a conversation is on.")
class Channel(StrEnum):
    """The first messenger, and the social network's own."""

    MESSENGER = "MESSENGER"
    SOCIAL = "SOCIAL"


@strawberry.enum(description="What kind of conversation it is.")
class ConversationCategory(StrEnum):
    """What the business opened it for; SERVICE if the customer did."""

    AUTHENTICATION = "AUTHENTICATION"
    MARKETING = "MARKETING"
    SERVICE = "SERVICE"
    UTILITY = "UTILITY"


@strawberry.enum(description="Whose turn it is.")
class ConversationStatus(StrEnum):
    """OPEN waits for the business, ANSWERED for the customer, CLOSED for nobody."""

    ANSWERED = "ANSWERED"
    CLOSED = "CLOSED"
    OPEN = "OPEN"


@strawberry.type(description="A business; it has the same number on both messengers.")
class Business(Node):
    """Who a business says it is, which is no secret."""

    id: strawberry.ID = seen("- - - - V V V - -", "The business's identifier.")
    name: str = seen("- - - - V V V - -", "The name that the business goes by.")
    verified: bool = seen("- - - - V V V - -", "Whether the messenger has checked that name.")


@strawberry.type(description="A business and its place in the list.")
class BusinessEdge:
    """Relay edge."""

    node: Business = plumbing("Business", "The business.")
    cursor: str = plumbing("Business", "The business's place in the list.")


@strawberry.type(description="A page of businesses.")
class BusinessConnection:
    """Relay connection."""

    edges: list[BusinessEdge] = plumbing("Business", "The page's edges.")
    nodes: list[Business] = plumbing("Business", "The page's businesses.")
    page_info: PageInfo = plumbing("Business", "Where the page stands.")
    total_count: int = plumbing("Business", "How many businesses there are in the whole list.")


@strawberry.input(one_of=True, description="Order of businesses, by number.")
class BusinessOrder:
    """Order by one field that this purpose sees."""

    id: Direction | None = follows("Business.id", "By number.", default=strawberry.UNSET)


BusinessCustomer = Annotated[
    MessengerAccount | SocialAccount,
    strawberry.union("BusinessCustomer", description="Who talks with a business, by channel."),
]


@rows("- - - - - B O - -")
@strawberry.interface(
    description="A talk between a business and a customer: that it is, never what was said."
)
class BusinessConversation(Node):
    """What the conversations of both channels have in common."""

    id: strawberry.ID = seen("- - - - - B O - -", "The conversation's identifier.")
    channel: Channel = seen("- - - - - B O - -", "Which of the two messengers it is on.")
    category: ConversationCategory = seen("- - - - - B O - -", "What it was opened for.")
    business: Business = seen("- - - - - B O - -", "The business.")
    customer: BusinessCustomer | None = seen(
        "- - - - - B O - -", "The customer; null for one of the social channel without an account there."
    )
    status: ConversationStatus = seen("- - - - - B O - -", "Whose turn it is.")
    opened_on: datetime.date = seen("- - - - - B O - -", "The day of its first message.")
    last_message_on: datetime.date = seen("- - - - - B O - -", "The day of its newest message.")
    message_count: int = seen("- - - - - B O - -", "How many messages were sent, by both.")


@strawberry.type(description="A conversation on the first messenger, whose customer is a phone number.")
class MessengerConversation(BusinessConversation):
    """The customer wrote from an account, and its number is who they are to the business."""

    # Nullable only because GraphQL lets nobody ask both channels for one name if they differ in that.
    customer: MessengerAccount | None = follows(
        "BusinessConversation.customer", "The customer, with their number. Always there."
    )


@strawberry.type(description="A conversation on the social network's messenger.")
class SocialConversation(BusinessConversation):
    """One may write there without being a member of the social network."""

    customer: SocialAccount | None = follows(
        "BusinessConversation.customer", "The customer; null for one without a social account."
    )


@strawberry.type(description="A conversation of either channel and its place in the list.")
class BusinessConversationEdge:
    """Relay edge."""

    node: BusinessConversation = plumbing("BusinessConversation", "The conversation.")
    cursor: str = plumbing("BusinessConversation", "The conversation's place in the list.")


@strawberry.type(description="A page of conversations.")
class BusinessConversationConnection:
    """Relay connection."""

    edges: list[BusinessConversationEdge] = plumbing("BusinessConversation", "The page's edges.")
    nodes: list[BusinessConversation] = plumbing("BusinessConversation", "The page's conversations.")
    page_info: PageInfo = plumbing("BusinessConversation", "Where the page stands.")
    total_count: int = plumbing(
        "BusinessConversation", "How many conversations this purpose can see in the whole list."
    )


BY_CATEGORY = f"How many conversations there are of each category. {GROUPS}"
BY_STATUS = f"How many conversations there are of each status. {GROUPS}"


@strawberry.type(description="A conversation of the first messenger and its place in the list.")
class MessengerConversationEdge:
    """Relay edge."""

    node: MessengerConversation = plumbing("BusinessConversation", "The conversation.")
    cursor: str = plumbing("BusinessConversation", "The conversation's place in the list.")


@strawberry.type(description="A page of conversations on the first messenger.")
class MessengerConversationConnection:
    """Relay connection."""

    edges: list[MessengerConversationEdge] = plumbing("BusinessConversation", "The page's edges.")
    nodes: list[MessengerConversation] = plumbing("BusinessConversation", "The page's conversations.")
    page_info: PageInfo = plumbing("BusinessConversation", "Where the page stands.")
    total_count: int = plumbing(
        "BusinessConversation", "How many conversations this purpose can see in the whole list."
    )
    by_category: list[Group] = follows("BusinessConversation.category", BY_CATEGORY)
    by_status: list[Group] = follows("BusinessConversation.status", BY_STATUS)


@strawberry.type(description="A conversation of the social channel and its place in the list.")
class SocialConversationEdge:
    """Relay edge."""

    node: SocialConversation = plumbing("BusinessConversation", "The conversation.")
    cursor: str = plumbing("BusinessConversation", "The conversation's place in the list.")


@strawberry.type(description="A page of conversations on the social network's messenger.")
class SocialConversationConnection:
    """Relay connection."""

    edges: list[SocialConversationEdge] = plumbing("BusinessConversation", "The page's edges.")
    nodes: list[SocialConversation] = plumbing("BusinessConversation", "The page's conversations.")
    page_info: PageInfo = plumbing("BusinessConversation", "Where the page stands.")
    total_count: int = plumbing(
        "BusinessConversation", "How many conversations this purpose can see in the whole list."
    )
    by_category: list[Group] = follows("BusinessConversation.category", BY_CATEGORY)
    by_status: list[Group] = follows("BusinessConversation.status", BY_STATUS)


@strawberry.input(description="Compares a category.")
class CategoryFilter:
    """Conditions on a category; all that are given must hold."""

    eq: ConversationCategory | None = strawberry.field(default=strawberry.UNSET, description="Equal to this.")
    in_: list[ConversationCategory] | None = strawberry.field(
        name="in", default=strawberry.UNSET, description="Equal to one of these."
    )


@strawberry.input(description="Compares a status.")
class StatusFilter:
    """Conditions on a status; all that are given must hold."""

    eq: ConversationStatus | None = strawberry.field(default=strawberry.UNSET, description="Equal to this.")
    in_: list[ConversationStatus] | None = strawberry.field(
        name="in", default=strawberry.UNSET, description="Equal to one of these."
    )


@strawberry.input(description="Conditions on conversations; all that are given must hold.")
class BusinessConversationFilter:
    """Filter on what this purpose sees of a conversation."""

    category: CategoryFilter | None = follows(
        "BusinessConversation.category", "By category.", default=strawberry.UNSET
    )
    status: StatusFilter | None = follows(
        "BusinessConversation.status", "By status.", default=strawberry.UNSET
    )
    opened_on: DateFilter | None = follows(
        "BusinessConversation.openedOn", "By the day of the first message.", default=strawberry.UNSET
    )
    last_message_on: DateFilter | None = follows(
        "BusinessConversation.lastMessageOn", "By the day of the newest message.", default=strawberry.UNSET
    )


@strawberry.input(
    one_of=True, description="Order of conversations; equal ones by number, in the same direction."
)
class BusinessConversationOrder:
    """Order by one field that this purpose sees."""

    id: Direction | None = follows("BusinessConversation.id", "By number.", default=strawberry.UNSET)
    category: Direction | None = follows(
        "BusinessConversation.category", "By category, by code point.", default=strawberry.UNSET
    )
    status: Direction | None = follows(
        "BusinessConversation.status", "By status, by code point.", default=strawberry.UNSET
    )
    opened_on: Direction | None = follows(
        "BusinessConversation.openedOn", "By the day of the first message.", default=strawberry.UNSET
    )
    last_message_on: Direction | None = follows(
        "BusinessConversation.lastMessageOn", "By the day of the newest message.", default=strawberry.UNSET
    )
