"""The social network's types, each field with its terms.

The columns of marks: ads, offers, friends, infrastructure, security, business, subject access,
preferences, audit (`schema/terms/marks.py` lists them). A member's objection covers what came from the
messenger (the link, the shared number), not what the person typed into the social profile.
"""

from __future__ import annotations

import datetime
from enum import StrEnum
from typing import Annotated

import strawberry

from schema.terms.words import follows, plumbing, rows, seen
from schema.types.messenger import MessengerAccount
from schema.types.offers import AdTopic, Offer
from schema.values.paging import Direction, Node, PageInfo, TextFilter
from schema.values.phones import PhoneNumber


@strawberry.enum(description="Where the social network has a number from.")
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
@strawberry.type(description="A phone number known to the social network, with its source.")
class PhoneBinding:
    """A number given for two-factor sign-in serves security alone."""

    number: PhoneNumber = seen("V - - - V - O - -", "The number.")
    source: PhoneSource = seen("V - V - V - O - -", "Where it came from.")


@strawberry.type(description="The tie to the same person's messenger account.")
class MessengerLink:
    """Came from the messenger: an objection there hides it here."""

    account: MessengerAccount = seen("A - A - V - O - -", "The messenger account.")
    since: datetime.date = seen("A - A - V - O - -", "When the two were tied.")


@strawberry.type(description="A friend and their place in the list.")
class FriendEdge:
    """Relay edge."""

    node: SocialAccount = plumbing("SocialAccount", "The friend.")
    cursor: str = plumbing("SocialAccount", "The friend's place in the list.")


@strawberry.type(description="A page of friends, in the order of the accounts' numbers.")
class FriendConnection:
    """Relay connection of friends."""

    edges: list[FriendEdge] = plumbing("SocialAccount", "The page's edges.")
    nodes: list[SocialAccount] = plumbing("SocialAccount", "The page's friends.")
    page_info: PageInfo = plumbing("SocialAccount", "Where the page stands.")
    total_count: int = plumbing("SocialAccount", "How many friends this purpose can see.")


@strawberry.enum(description="Why a person is suggested as a friend; where both hold, the first.")
class SuggestionBasis(StrEnum):
    """A contact comes before mutual friends, whose number is told beside it anyway."""

    MESSENGER_CONTACT = "MESSENGER_CONTACT"
    MUTUAL_FRIENDS = "MUTUAL_FRIENDS"


@rows(MUTUAL_FRIENDS="- - V - - - O - -", MESSENGER_CONTACT="- - A - - - O - -")
@strawberry.type(description="A person whom one may know, and is no friend of yet.")
class FriendSuggestion:
    """A contact is one only while neither end objected; a friend's friend is suggested all the same.

    So whoever is both stays, as a friend's friend alone: basis, count and place are those of somebody
    who never stood in the address book.
    """

    account: SocialAccount = seen("- - V - - - O - -", "The person suggested.")
    basis: SuggestionBasis = seen("- - V - - - O - -", "Why; a contact, if both hold.")
    mutual_friend_count: int = seen(
        "- - V - - - - - -",
        "How many friends the two share: of the first 100 of the one, by number, those among whose own "
        "first 100 the other is.",
    )


@rows("V - V - V P O - -")
@strawberry.type(description="A member of the social network.")
class SocialAccount(Node):
    """An account of the social network."""

    id: strawberry.ID = seen("V - V - V P O - -", "The account's identifier.")
    display_name: str = seen("- - V - V P O - -", "The name that the person shows.")
    messenger_link: MessengerLink | None = seen(
        "N - N - V - O - -", "The tie to the messenger; null for most people."
    )
    phones: list[PhoneBinding] = seen(
        "V - V - V - O - -", "Known phone numbers, in the order of source and number."
    )

    @seen("- - V - - - O - -", "Friends, in the order of the accounts' numbers.")
    def friends(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> FriendConnection: ...

    ad_topics: list[AdTopic] = seen("V - - - - - O - -", "Topics for ads, in the order of source and topic.")
    offers: list[Offer] = seen(
        "V - - - - - O - -",
        "Offers for this person, in the order of the offers' numbers. "
        "In one place of a request, and of an account that is asked for by itself.",
    )

    @seen(
        "- - V - - - O - -",
        "People whom the person may know: contacts on the messenger, of the first 500 by number, and friends "
        "of friends, of the first 100 of each by number. No friend is among them. Contacts first, then by "
        "the number of mutual friends, most first, then by the accounts' numbers. Who others are is never "
        "told to a person about themselves: to a token bound to one, the list is empty.",
    )
    def friend_suggestions(
        self,
        first: Annotated[
            int | None, strawberry.argument(description="So many at most; 10 if left out, 100 at most.")
        ] = None,
    ) -> list[FriendSuggestion]: ...


@strawberry.type(description="A member and their place in the list.")
class SocialAccountEdge:
    """Relay edge."""

    node: SocialAccount = plumbing("SocialAccount", "The member.")
    cursor: str = plumbing("SocialAccount", "The member's place in the list.")


@strawberry.type(description="A page of members of the social network.")
class SocialAccountConnection:
    """Relay connection."""

    edges: list[SocialAccountEdge] = plumbing("SocialAccount", "The page's edges.")
    nodes: list[SocialAccount] = plumbing("SocialAccount", "The page's members.")
    page_info: PageInfo = plumbing("SocialAccount", "Where the page stands.")
    total_count: int = plumbing("SocialAccount", "How many members this purpose can see in the whole list.")


@strawberry.input(description="Conditions on members; all that are given must hold.")
class SocialAccountFilter:
    """Filter on what this purpose sees of a member."""

    display_name: TextFilter | None = follows(
        "SocialAccount.displayName", "By name.", default=strawberry.UNSET
    )


@strawberry.input(one_of=True, description="Order of members; equal ones by number, in the same direction.")
class SocialAccountOrder:
    """Order by one field that this purpose sees."""

    id: Direction | None = follows("SocialAccount.id", "By number.", default=strawberry.UNSET)
    display_name: Direction | None = follows(
        "SocialAccount.displayName", "By name, by code point.", default=strawberry.UNSET
    )
