"""The social network's types, each field with its terms.

The columns of marks: ads, offers, friends, infrastructure, security, business, subject access,
preferences, audit (`schema/terms/marks.py` lists them). A member's objection covers data that came
from the messenger (the link, the shared number). It does not cover what the person typed into their profile.
"""

from __future__ import annotations

import datetime
from enum import StrEnum
from typing import Annotated

import strawberry

from schema.terms.words import follows, plumbing, rows, seen
from schema.types.messenger import MessengerAccount
from schema.types.offers import AdTopic, Offer
from schema.values.enums import enum
from schema.values.paging import After, Before, Direction, First, Last, Node, PageInfo, TextFilter
from schema.values.phones import PhoneNumber


@enum(
    "Where the social network got a phone number.",
    MESSENGER_SHARED="The messenger shared it.",
    SECURITY_2FA="The person gave it for two-factor sign-in.",
    SELF_PROFILE="The person typed it into their profile.",
)
class PhoneSource(StrEnum):
    """Provenance of a phone number."""

    MESSENGER_SHARED = "MESSENGER_SHARED"
    SECURITY_2FA = "SECURITY_2FA"
    SELF_PROFILE = "SELF_PROFILE"


@rows(
    SELF_PROFILE="V - V - V - O - -",
    MESSENGER_SHARED="A - A - V - O - -",
    SECURITY_2FA="- - - - V - O - -",
)
@strawberry.type(description="A phone number that the social network knows, and where it got the number.")
class PhoneBinding:
    """A phone number. One given for two-factor sign-in is visible to the purpose SECURITY alone."""

    number: PhoneNumber = seen("V - - - V - O - -", "The phone number.")
    source: PhoneSource = seen("V - V - V - O - -", "Where the social network got the number.")


@strawberry.type(description="The link from a social account to the same person's account on the messenger.")
class MessengerLink:
    """Data that came from the messenger, so an objection there hides it here."""

    account: MessengerAccount = seen("A - A - V - O - -", "The account on the messenger.")
    since: datetime.date = seen("A - A - V - O - -", "The day on which the two accounts were linked.")


@strawberry.type(description="A friend, and the entry's place in the list.")
class FriendEdge:
    """Relay edge."""

    node: SocialAccount = plumbing("SocialAccount", "The friend.")
    cursor: str = plumbing("SocialAccount", "The cursor of this entry, for `after` and `before`.")


@strawberry.type(description="A page of friends, ordered by account number.")
class FriendConnection:
    """Relay connection of friends."""

    edges: list[FriendEdge] = plumbing("SocialAccount", "The entries of this page, each with its cursor.")
    nodes: list[SocialAccount] = plumbing("SocialAccount", "The friends of this page.")
    page_info: PageInfo = plumbing("SocialAccount", "Where the page is in the list.")
    total_count: int = plumbing("SocialAccount", "How many friends of the whole list this purpose can see.")


@enum(
    "Why a person is suggested as a friend. If both reasons hold, it is `MESSENGER_CONTACT`.",
    MESSENGER_CONTACT="The person has the suggested person in their address book on the messenger.",
    MUTUAL_FRIENDS="The two share at least one friend.",
)
class SuggestionBasis(StrEnum):
    """A contact comes first: the number of mutual friends is a field of its own anyway."""

    MESSENGER_CONTACT = "MESSENGER_CONTACT"
    MUTUAL_FRIENDS = "MUTUAL_FRIENDS"


@rows(MUTUAL_FRIENDS="- - V - - - O - -", MESSENGER_CONTACT="- - A - - - O - -")
@strawberry.type(description="A person that the account's owner may know and is not yet friends with.")
class FriendSuggestion:
    """A contact is suggested only while neither of the two objected. A friend's friend is always suggested.

    After an objection, a person who was both stays as a friend's friend alone. Basis, count and rank are then
    those of a person who was never in the address book.
    """

    account: SocialAccount = seen("- - V - - - O - -", "The suggested person.")
    basis: SuggestionBasis = seen("- - V - - - O - -", "Why the person is suggested.")
    mutual_friend_count: int = seen(
        "- - V - - - - - -",
        "How many friends the two share. Counts the first 100 friends of the account's owner by number, and "
        "of these the ones that have the suggested person among their own first 100 friends.",
    )


@rows("V - V - V P O - -")
@strawberry.type(description="A member of the social network.")
class SocialAccount(Node):
    """An account of the social network."""

    id: strawberry.ID = seen("V - V - V P O - -", "The account's global identifier.")
    display_name: str = seen("- - V - V P O - -", "The name that the person chose to show.")
    messenger_link: MessengerLink | None = seen(
        "N - N - V - O - -", "The link to the same person's messenger account; null for most people."
    )
    phones: list[PhoneBinding] = seen(
        "V - V - V - O - -",
        "The phone numbers that the social network knows, ordered by source, then by number.",
    )

    @seen("- - V - - - O - -", "The person's friends, ordered by account number.")
    def friends(
        self,
        *,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> FriendConnection: ...

    ad_topics: list[AdTopic] = seen(
        "V - - - - - O - -",
        "The topics by which ads are chosen for the person, ordered by source, then by topic.",
    )
    offers: list[Offer] = seen(
        "V - - - - - O - -",
        "The offers shown to this person, ordered by offer number. A request can select this field in one "
        "place only, on an account that it requests by identifier.",
    )

    @seen(
        "- - V - - - O - -",
        "People that the person may know and is not friends with. Considers the first 500 messenger "
        "contacts by number, and friends of friends among the first 100 friends of each person by number. "
        "Contacts come first, then people with more mutual friends, then lower account numbers. For a token "
        "that is bound to a person the list is empty, because it would disclose data about other people.",
    )
    def friend_suggestions(
        self,
        first: Annotated[
            int | None,
            strawberry.argument(
                description="Return at most this many suggestions. The default is 10, the maximum 100."
            ),
        ] = None,
    ) -> list[FriendSuggestion]: ...


@strawberry.type(description="A member, and the entry's place in the list.")
class SocialAccountEdge:
    """Relay edge."""

    node: SocialAccount = plumbing("SocialAccount", "The member.")
    cursor: str = plumbing("SocialAccount", "The cursor of this entry, for `after` and `before`.")


@strawberry.type(description="A page of members of the social network.")
class SocialAccountConnection:
    """Relay connection."""

    edges: list[SocialAccountEdge] = plumbing(
        "SocialAccount", "The entries of this page, each with its cursor."
    )
    nodes: list[SocialAccount] = plumbing("SocialAccount", "The members of this page.")
    page_info: PageInfo = plumbing("SocialAccount", "Where the page is in the list.")
    total_count: int = plumbing("SocialAccount", "How many members of the whole list this purpose can see.")


@strawberry.input(description="Conditions on members of the social network. All given conditions must hold.")
class SocialAccountFilter:
    """Filter on what this purpose sees of a member."""

    display_name: TextFilter | None = follows(
        "SocialAccount.displayName", "Conditions on `displayName`.", default=strawberry.UNSET
    )


@strawberry.input(
    one_of=True,
    description="An order of members: exactly one field. Members with equal values are ordered by number, "
    "in the same direction.",
)
class SocialAccountOrder:
    """Order by one field that this purpose sees."""

    id: Direction | None = follows("SocialAccount.id", "Order by account number.", default=strawberry.UNSET)
    display_name: Direction | None = follows(
        "SocialAccount.displayName",
        "Order by name, compared by Unicode code point.",
        default=strawberry.UNSET,
    )
