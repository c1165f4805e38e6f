"""The rows of all stores as plain records, and a world of them."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field

HORIZON = datetime.date(2016, 10, 1)
TERMS_CHANGED = datetime.datetime(2016, 8, 25, tzinfo=datetime.UTC)


@dataclass(frozen=True)
class MessengerAccount:
    id: int
    phone: str
    country_code: str
    registered_at: datetime.datetime


@dataclass(frozen=True)
class DailyUsage:
    account_id: int
    day: datetime.date
    messages_sent: int


@dataclass(frozen=True)
class Contact:
    account_id: int
    contact_id: int


@dataclass(frozen=True)
class SocialAccount:
    id: int
    display_name: str


@dataclass(frozen=True)
class Friendship:
    """One of the two rows of a friendship."""

    account_id: int
    friend_id: int


@dataclass(frozen=True)
class PhoneBinding:
    account_id: int
    source: str
    number: str
    messenger_id: int | None


@dataclass(frozen=True)
class MessengerLink:
    account_id: int
    messenger_id: int
    since: datetime.date


@dataclass(frozen=True)
class Restriction:
    """What a messenger account is restricted for: bit 1 ads, bit 2 friend suggestions."""

    messenger_id: int
    purposes: int


@dataclass(frozen=True)
class ObjectionEvent:
    """What a messenger account declared; the order of `id` is that of recording."""

    id: int
    account_id: int
    kind: str
    purposes: tuple[str, ...]
    recorded_at: datetime.datetime
    effective_at: datetime.datetime
    channel: str
    terms_version: str


@dataclass(frozen=True)
class TermsAcceptance:
    account_id: int
    version: str
    accepted_at: datetime.datetime


@dataclass(frozen=True)
class Suspension:
    """A regulator's decision. None of a random world is in force now: both stores would have to follow."""

    id: int
    jurisdiction: str
    countries: tuple[str, ...]
    purposes: tuple[str, ...]
    valid_from: datetime.datetime
    valid_until: datetime.datetime | None
    reason: str
    author: str


@dataclass(frozen=True)
class Message:
    sender_id: int
    id: int
    recipient_id: int
    sent_at: datetime.datetime
    body: str


@dataclass(frozen=True)
class Whose:
    """What the tokens are bound to under purposes that see one person's, merchant's or business's rows."""

    messenger_id: int | None = None
    social_id: int | None = None
    merchant_id: int | None = None
    business_id: int | None = None

    @property
    def subject(self) -> str:
        """What a subject's cursors are bound to besides all else."""
        accounts = {"ma": self.messenger_id, "sa": self.social_id}
        return ", ".join(f"subject {kind}_{each}" for kind, each in accounts.items() if each is not None)

    @property
    def business(self) -> str:
        """The same for a business."""
        return f"business {self.business_id}"

    @property
    def merchant(self) -> str:
        """The same for a merchant."""
        return f"merchant {self.merchant_id}"


@dataclass(frozen=True)
class Business:
    """A business, which is the same in both stores."""

    id: int
    name: str
    verified: bool


@dataclass(frozen=True)
class Conversation:
    """A business's conversation; on the second messenger the customer may have no account."""

    business_id: int
    id: int
    account_id: int | None
    category: str
    status: str
    opened_on: datetime.date
    last_message_on: datetime.date
    message_count: int


@dataclass(frozen=True)
class BusinessMessage:
    business_id: int
    conversation_id: int
    id: int
    from_customer: bool
    sent_at: datetime.datetime
    body: str


@dataclass(frozen=True)
class AdTopic:
    account_id: int
    source: str
    topic: str
    messenger_id: int | None


@dataclass(frozen=True)
class Merchant:
    id: int
    name: str


@dataclass(frozen=True)
class Offer:
    id: int
    merchant_id: int
    title: str
    valid_until: datetime.date


@dataclass(frozen=True)
class Shown:
    """An offer is shown to a person, who was found by one of their numbers."""

    account_id: int
    offer_id: int
    source: str
    messenger_id: int | None


@dataclass(frozen=True)
class CustomerList:
    """A list: what a merchant learns about it, and its digest, which stays secret."""

    merchant_id: int
    offer_id: int
    id: int
    status: str
    uploaded_at: datetime.datetime
    record_count_band: str
    audience_size_band: str
    digest: bytes
    sketch: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class World:
    """All rows of all stores, and whose token asks. Restrictions may name accounts that are gone.

    `plain`: (type, number, column) → the number of which a plain column's value is made (see `plain.py`).
    """

    messenger_accounts: tuple[MessengerAccount, ...] = ()
    daily_usage: tuple[DailyUsage, ...] = ()
    contacts: tuple[Contact, ...] = ()
    usage_horizon: datetime.date = HORIZON
    social_accounts: tuple[SocialAccount, ...] = ()
    friendships: tuple[Friendship, ...] = ()
    phone_bindings: tuple[PhoneBinding, ...] = ()
    messenger_links: tuple[MessengerLink, ...] = ()
    restrictions: tuple[Restriction, ...] = ()
    messenger_messages: tuple[Message, ...] = ()
    social_messages: tuple[Message, ...] = ()
    events: tuple[ObjectionEvent, ...] = ()
    acceptances: tuple[TermsAcceptance, ...] = ()
    suspensions: tuple[Suspension, ...] = ()
    whose: Whose = Whose(messenger_id=0, social_id=0, merchant_id=0, business_id=0)
    businesses: tuple[Business, ...] = ()
    messenger_conversations: tuple[Conversation, ...] = ()
    social_conversations: tuple[Conversation, ...] = ()
    messenger_business_messages: tuple[BusinessMessage, ...] = ()
    social_business_messages: tuple[BusinessMessage, ...] = ()
    ad_topics: tuple[AdTopic, ...] = ()
    merchants: tuple[Merchant, ...] = ()
    offers: tuple[Offer, ...] = ()
    shown: tuple[Shown, ...] = ()
    customer_lists: tuple[CustomerList, ...] = ()
    plain: Mapping[tuple[str, int, str], int] = field(default_factory=dict)
