"""What a purpose may see, written straight from the policy's matrix: the judge of everything else.

Nothing here is shared with `schema/` or `resolvers/`: a mistake made there cannot be repeated here by
construction, only by misreading the same policy twice. Slow and plain on purpose.
"""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from tests.kit import decided
from tests.kit.worlds.plain import plain_fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.kit.worlds.rows import Conversation, World

ROW = "(row)"

# An objection names ads or friend suggestions; offers are a child of ads (policy, section 2).
OBJECTION = {"ADS_PERSONALIZATION": "ads", "OFFER_MATCHING": "ads", "FRIEND_SUGGESTIONS": "friends"}
BITS = {"ads": 1, "friends": 2}

SEEN = frozenset("VANOPBMS")

# What a suggestion is made of, as the field's description says: so many of each, by number.
CIRCLE, BOOK = 100, 500

CONTACT_BANDS = ((200, "HUNDREDS"), (50, "MANY"), (10, "TENS"), (1, "FEW"), (0, "NONE"))

Fields = dict[str, Any]


@cache
def matrix() -> Mapping[tuple[str, str, str], str]:
    """(type, field, purpose) → mark."""
    return {
        (*line, purpose): mark for line, marks in decided.decided().items() for purpose, mark in marks.items()
    }


def purposes() -> tuple[str, ...]:
    """All purposes, in the order of the matrix."""
    return decided.purposes()


def mark(purpose: str, type_: str, field: str) -> str:
    """The mark of a line; whatever is not listed is ``-``."""
    return matrix().get((type_, field, str(purpose)), "-")


def sees(purpose: str, type_: str, field: str) -> bool:
    """Whether anything of the line is in the purpose's world."""
    return mark(purpose, type_, field) in SEEN


def seen_fields(purpose: str) -> set[tuple[str, str]]:
    """(type, field) of every line of a field that the purpose may see; lines on rows left out."""
    return {
        (type_, field)
        for type_, field, whose in matrix()
        if whose == purpose and not field.startswith("(") and sees(purpose, type_, field)
    }


@dataclass(frozen=True)
class Visible:
    """V_p(D): the rows and fields that exist for one purpose; accounts by number, fields by GraphQL name.

    `usage` is day → messages sent; `contacts`, `friends` and `socialAccount` are numbers of accounts
    that exist here too; `messengerLink` is None or its fields; `phones` are in order; `friendSuggestions`
    are all of them, ranked. A conversation's `business` and `customer` are numbers; a customer without an
    account is None. `adTopics` are in order; an account's `offers` and an offer's `merchant` are numbers.
    `subject`: what the token's own person declared, None where no token is bound to a person. `findable` is
    what a friend is searched by: (number, source, account), of which the first is found.
    """

    messenger: dict[int, Fields]
    social: dict[int, Fields]
    usage_horizon: datetime.date | None
    businesses: dict[int, Fields]
    messenger_conversations: dict[int, Fields]
    social_conversations: dict[int, Fields]
    merchants: dict[int, Fields]
    offers: dict[int, Fields]
    customer_lists: dict[int, Fields]
    subject: Fields | None = None
    findable: tuple[tuple[str, str, int], ...] = ()


def visible(world: World, purpose: str) -> Visible:
    """The masked world of the purpose. Equal results mean: the purpose cannot tell the worlds apart."""
    return _Masking(world, purpose).run()


class _Masking:
    def __init__(self, world: World, purpose: str) -> None:
        self.world = world
        self.purpose = purpose
        self.whose = world.whose
        objection = OBJECTION.get(purpose)
        bit = BITS[objection] if objection else 0
        self.objected = {each.messenger_id for each in world.restrictions if each.purposes & bit}

    def run(self) -> Visible:
        talks = {"MESSENGER": self.world.messenger_conversations, "SOCIAL": self.world.social_conversations}
        self.customers = {
            channel: {each.account_id for each in of if each.business_id == self.whose.business_id}
            for channel, of in talks.items()
        }
        self.members = {
            account.id
            for account in self.world.messenger_accounts
            if self._row("MessengerAccount", account.id, account.id == self.whose.messenger_id)
            or self._is_customer("MESSENGER", account.id)
        }
        self.people = {
            account.id
            for account in self.world.social_accounts
            if self._row("SocialAccount", None, account.id == self.whose.social_id)
            or self._is_customer("SOCIAL", account.id)
        }
        usage = sees(self.purpose, "MessengerAccount", "usage")
        return Visible(
            messenger=self._messenger(),
            social=self._social(),
            usage_horizon=self.world.usage_horizon if usage else None,
            businesses=self._businesses(),
            messenger_conversations=self._conversations("MESSENGER", self.world.messenger_conversations),
            social_conversations=self._conversations("SOCIAL", self.world.social_conversations),
            subject=self._subject() if mark(self.purpose, "Objection", ROW) == "O" else None,
            merchants=self._merchants(),
            offers=self._offers(),
            customer_lists=self._lists(),
            findable=self._findable(),
        )

    def _subject(self) -> Fields:
        """The person's own accounts, objections and terms; of suspensions all, for they are policy."""
        own = self.whose.messenger_id
        accounts = {"messengerAccount": self.members, "socialAccount": self.people}
        return {
            # Each holds the token's own account only.
            **{name: next(iter(numbers), None) for name, numbers in accounts.items()},
            "objections": [
                {
                    "kind": each.kind,
                    "purposes": list(each.purposes),
                    "recordedAt": each.recorded_at,
                    "effectiveAt": each.effective_at,
                    "channel": each.channel,
                    "termsVersion": each.terms_version,
                }
                for each in sorted(self.world.events, key=lambda each: each.id)
                if self._row("Objection", None, own is not None and each.account_id == own)
            ],
            "termsAcceptances": [
                {"version": each.version, "acceptedAt": each.accepted_at}
                for each in sorted(self.world.acceptances, key=lambda each: (each.accepted_at, each.version))
                if self._row("TermsAcceptance", None, own is not None and each.account_id == own)
            ],
            "suspensions": [
                {
                    "jurisdiction": each.jurisdiction,
                    "countries": list(each.countries),
                    "purposes": list(each.purposes),
                    "validFrom": each.valid_from,
                    "validUntil": each.valid_until,
                    "reason": each.reason,
                }
                for each in sorted(self.world.suspensions, key=lambda each: each.id)
                if self._row("PolicyVersion", None, own=False)
            ],
        }

    def _row(self, type_: str, person: int | None, own: bool, kind: str = ROW) -> bool:
        """`person`: the member who may have objected. `own`: whether it is the token's own subject's."""
        found = mark(self.purpose, type_, kind)
        return found == "V" or (found == "A" and person not in self.objected) or (found == "O" and own)

    def _only_seen(self, type_: str, fields: Fields) -> Fields:
        """Of these fields, and of the plain columns that an object has besides, those that are seen."""
        told = fields if "id" not in fields else plain_fields(self.world, type_, fields["id"]) | fields
        return {name: value for name, value in told.items() if sees(self.purpose, type_, name)}

    def _messenger(self) -> dict[int, Fields]:
        usage: dict[int, Fields] = defaultdict(dict)
        for row in self.world.daily_usage:
            usage[row.account_id][row.day] = row.messages_sent
        # A relation between two people is visible only if both ends are.
        contacts: dict[int, list[int]] = defaultdict(list)
        for entry in self.world.contacts:
            if {entry.account_id, entry.contact_id} <= self.members:
                contacts[entry.account_id].append(entry.contact_id)
        # The size of an address book is its owner's data; the contacts are other people's.
        entries = Counter(entry.account_id for entry in self.world.contacts)
        own_book = mark(self.purpose, "MessengerAccount", "contactCountBand") == "O"
        linked = {
            link.messenger_id: link.account_id
            for link in self.world.messenger_links
            if link.account_id in self.people
        }
        return {
            account.id: self._only_seen(
                "MessengerAccount",
                {
                    "id": account.id,
                    "phone": account.phone,
                    "countryCode": account.country_code,
                    "registeredAt": account.registered_at,
                    "usage": usage[account.id],
                    "contacts": sorted(contacts[account.id]),
                    "contactCountBand": contact_band(
                        entries[account.id] if own_book else len(contacts[account.id])
                    ),
                    "socialAccount": linked.get(account.id),
                    "businessConversations": sorted(
                        each.id
                        for each in self.world.messenger_conversations
                        if each.account_id == account.id and self._talk("MESSENGER", each)
                    ),
                },
            )
            for account in self.world.messenger_accounts
            if account.id in self.members
        }

    def _social(self) -> dict[int, Fields]:
        friends: dict[int, list[int]] = defaultdict(list)
        for tie in self.world.friendships:
            if {tie.account_id, tie.friend_id} <= self.people:
                friends[tie.account_id].append(tie.friend_id)
        phones: dict[int, list[Fields]] = defaultdict(list)
        for binding in sorted(self.world.phone_bindings, key=lambda each: (each.source, each.number)):
            own = binding.account_id == self.whose.social_id
            if self._row("PhoneBinding", binding.messenger_id, own, f"(row: {binding.source})"):
                fields = {"number": binding.number, "source": binding.source}
                phones[binding.account_id].append(self._only_seen("PhoneBinding", fields))
        topics, offers = self._topics(), self._shown()
        links = {
            link.account_id: self._link(link.account_id, link.messenger_id, link.since)
            for link in self.world.messenger_links
        }
        suggestions = self._suggestions(friends)
        return {
            account.id: self._only_seen(
                "SocialAccount",
                {
                    "id": account.id,
                    "displayName": account.display_name,
                    "messengerLink": links.get(account.id),
                    "phones": phones[account.id],
                    "friends": sorted(friends[account.id]),
                    "adTopics": topics[account.id],
                    "offers": sorted(offers[account.id]),
                    "friendSuggestions": suggestions[account.id],
                },
            )
            for account in self.world.social_accounts
            if account.id in self.people
        }

    def _topics(self) -> dict[int, list[Fields]]:
        """What is learnt from the messenger goes with an objection there."""
        topics: dict[int, list[Fields]] = defaultdict(list)
        for each in sorted(self.world.ad_topics, key=lambda each: (each.source, each.topic.encode())):
            own = each.account_id == self.whose.social_id
            if self._row("AdTopic", each.messenger_id, own, f"(row: {each.source})"):
                fields = {"topic": each.topic, "source": each.source}
                topics[each.account_id].append(self._only_seen("AdTopic", fields))
        return topics

    def _shown(self) -> dict[int, list[int]]:
        """The offers of each person. A shared number counts only while its owner does not object."""
        offers: dict[int, list[int]] = defaultdict(list)
        for each in self.world.shown:
            own = each.account_id == self.whose.social_id
            if self._row("Offer", each.messenger_id, own, f"(row: matched through {each.source})"):
                offers[each.account_id].append(each.offer_id)
        return offers

    def _merchants(self) -> dict[int, Fields]:
        """About no person, like businesses."""
        found = mark(self.purpose, "Merchant", "id")
        return {
            each.id: self._only_seen("Merchant", {"id": each.id, "name": each.name})
            for each in self.world.merchants
            if found == "V" or (found == "M" and each.id == self.whose.merchant_id)
        }

    def _offers(self) -> dict[int, Fields]:
        """An offer concerns no person. Who sees it concerns a person, and is a field of the account."""
        found = mark(self.purpose, "Offer", "id")
        own = {each.offer_id for each in self.world.shown if each.account_id == self.whose.social_id}
        return {
            each.id: self._only_seen(
                "Offer",
                {
                    "id": each.id,
                    "title": each.title,
                    "merchant": each.merchant_id,
                    "validUntil": each.valid_until,
                },
            )
            for each in self.world.offers
            if found == "V"
            or (found == "O" and each.id in own)
            or (found == "M" and each.merchant_id == self.whose.merchant_id)
        }

    def _lists(self) -> dict[int, Fields]:
        """The rows have no number of their own in any schema; here they have, to be in order."""
        found = mark(self.purpose, "CustomerList", ROW)
        return {
            each.id: self._only_seen(
                "CustomerList",
                {
                    "status": each.status,
                    "uploadedAt": each.uploaded_at,
                    "recordCountBand": each.record_count_band,
                    "audienceSizeBand": each.audience_size_band,
                },
            )
            for each in self.world.customer_lists
            if found == "V" or (found == "M" and each.merchant_id == self.whose.merchant_id)
        }

    def _businesses(self) -> dict[int, Fields]:
        """The matrix has no line on their rows: who sees their numbers sees all of them."""
        if not sees(self.purpose, "Business", "id"):
            return {}
        return {
            each.id: self._only_seen(
                "Business", {"id": each.id, "name": each.name, "verified": each.verified}
            )
            for each in self.world.businesses
        }

    def _conversations(self, channel: str, conversations: tuple[Conversation, ...]) -> dict[int, Fields]:
        return {
            each.id: self._only_seen(
                "BusinessConversation",
                {
                    "id": each.id,
                    "channel": channel,
                    "category": each.category,
                    "business": each.business_id,
                    "customer": each.account_id,
                    "status": each.status,
                    "openedOn": each.opened_on,
                    "lastMessageOn": each.last_message_on,
                    "messageCount": each.message_count,
                },
            )
            for each in conversations
            if self._talk(channel, each)
        }

    def _talk(self, channel: str, conversation: Conversation) -> bool:
        """B: those of the token's business. O: those of the token's subject."""
        subject = {"MESSENGER": self.whose.messenger_id, "SOCIAL": self.whose.social_id}[channel]
        match mark(self.purpose, "BusinessConversation", ROW):
            case "B":
                return conversation.business_id == self.whose.business_id
            case "O":
                return subject is not None and conversation.account_id == subject
        return False

    def _is_customer(self, channel: str, number: int) -> bool:
        """P: who takes part in a conversation of the token's business."""
        type_ = {"MESSENGER": "MessengerAccount", "SOCIAL": "SocialAccount"}[channel]
        return mark(self.purpose, type_, ROW) == "P" and number in self.customers[channel]

    def _findable(self) -> tuple[tuple[str, str, int], ...]:
        """Friend search is a decision beside the matrix: under friend suggestions alone, by visible rows."""
        if self.purpose != "FRIEND_SUGGESTIONS":
            return ()
        return tuple(
            sorted(
                (each.number, each.source, each.account_id)
                for each in self.world.phone_bindings
                if self._row("PhoneBinding", each.messenger_id, False, f"(row: {each.source})")
            )
        )

    def _suggestions(self, friends: Mapping[int, list[int]]) -> dict[int, list[Fields]]:
        """Each person's ranked suggestions: the matrix's two lines on rows, over visible data."""
        by_ties = self._kind_seen("MUTUAL_FRIENDS")
        by_books = self._kind_seen("MESSENGER_CONTACT")
        linked = {
            each.account_id: each.messenger_id
            for each in self.world.messenger_links
            if each.messenger_id not in self.objected
        }
        here = {member: person for person, member in linked.items()}
        books: dict[int, list[int]] = defaultdict(list)
        for entry in sorted((each.account_id, each.contact_id) for each in self.world.contacts):
            if by_books and set(entry) <= self.members:
                books[entry[0]].append(entry[1])
        circles = {person: sorted(friends[person])[:CIRCLE] for person in self.people if by_ties}
        found = {}
        for person in self.people:
            ways = Counter(other for each in circles.get(person, ()) for other in circles[each])
            book = books[linked[person]][:BOOK] if linked.get(person) in self.members else []
            contacts = {here[each] for each in book if each in here}
            others = (contacts | ways.keys()) - {person, *friends[person]}
            ranked = sorted(others, key=lambda other: (other not in contacts, -ways[other], other))
            found[person] = [
                self._only_seen(
                    "FriendSuggestion",
                    {
                        "account": other,
                        "basis": "MESSENGER_CONTACT" if other in contacts else "MUTUAL_FRIENDS",
                        "mutualFriendCount": ways[other],
                    },
                )
                for other in ranked
            ]
        return found

    def _kind_seen(self, kind: str) -> bool:
        # O: one's own rows alone, and a suggestion is always somebody else.
        return mark(self.purpose, "FriendSuggestion", f"(row: {kind})") in "VA"

    def _link(self, account_id: int, messenger_id: int, since: datetime.date) -> Fields | None:
        found = mark(self.purpose, "SocialAccount", "messengerLink")
        if found == "N" and messenger_id in self.objected:
            return None
        if found == "O" and (messenger_id, account_id) != (self.whose.messenger_id, self.whose.social_id):
            return None
        return self._only_seen("MessengerLink", {"account": messenger_id, "since": since})


def contact_band(number: int) -> str:
    """The band of an address book of this size."""
    return next(code for least, code in CONTACT_BANDS if number >= least)


def canaries(world: World) -> Counter[str]:
    """The bodies of all messages: none may ever be found anywhere."""
    return Counter(
        each.body
        for each in (
            *world.messenger_messages,
            *world.social_messages,
            *world.messenger_business_messages,
            *world.social_business_messages,
        )
    )
