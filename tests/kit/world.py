"""Small worlds: every row of all stores as plain records, made at random, and loaded into Postgres.

The texts are hostile on purpose (quotes, the bytes that mark holes, emoji, line separators), the
numbers overlap between the stores and reach the ends of their types, and many rows tie in whatever
lists are ordered by.
"""

from __future__ import annotations

import datetime
import random as randomness
from collections.abc import Callable, Container, Iterable
from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from hypothesis import strategies as st

from tests.kit import oracle

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]

Random = randomness.Random
T = TypeVar("T")

CATEGORIES = ("AUTHENTICATION", "MARKETING", "SERVICE", "UTILITY")
STATUSES = ("ANSWERED", "CLOSED", "OPEN")
TOPICS = ("", "Chess", "chess", "Hiking \u2028", '"quoted" \\ ', "\x1f0:7\x1f", "Žižek 😀")
BANDS = ("BELOW_MINIMUM", "FROM_100", "FROM_500", "FROM_1000", "FROM_5000", "FROM_10000", "FROM_50000")
TOPIC_SOURCES = ("MESSENGER", "SOCIAL")
SOURCES = ("MESSENGER_SHARED", "SECURITY_2FA", "SELF_PROFILE")
COUNTRIES = {"+49151": "DE", "+44770": "GB", "+14155": "US", "+91981": "IN"}
HORIZON = datetime.date(2016, 10, 1)
TERMS_CHANGED = datetime.datetime(2016, 8, 25, tzinfo=datetime.UTC)
NAMES = (
    "",
    "Ada",
    "Adam",
    "ada",
    "Ada Lovelace",
    'Ann "Q" O\'Neil',
    "back\\slash \\u0041",
    "\x1f0:7\x1f",
    "\x1e,\x1e",
    "\x01\x08\t\n\x0b\x0c\r\x7f",
    "\u2028\u2029",
    "Zoë 😀",
    "Z\uffffe",
    "Žižek",
    '{"data":null}',
    "%s $1 :x ' --",
    "</script>",
    "عمر",
    "long " * 200,
)
OBJECTABLE = ("ADS_PERSONALIZATION", "FRIEND_SUGGESTIONS")
ENDS = (0, 2**31, 2**53 + 1, 2**63 - 1)


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
    """What is told of a list, and what is not: its digest."""

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
    """All rows of all stores, and whose token asks. Restrictions may name accounts that are gone."""

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


# --- making one -----------------------------------------------------------------------------------


def random_world(seed: int, size: int) -> World:
    """The world of this seed, with about `size` accounts in each store."""
    return _make(Random(seed), size)


def worlds(max_size: int = 12) -> st.SearchStrategy[World]:
    """Small worlds for Hypothesis."""
    return st.builds(_make, st.randoms(use_true_random=False), st.integers(0, max_size))


def _make(random: Random, size: int) -> World:
    members = _numbers(random, size)
    people = _numbers(random, size)
    gone = [number for number in _numbers(random, 1 + size // 8) if number not in members]
    links = _links(random, members + gone, people)
    contacts = {Contact(*pair) for pair in _pairs(random, members)}
    friends = {Friendship(*pair) for pair in _pairs(random, people)}
    friends |= {Friendship(tie.friend_id, tie.account_id) for tie in friends}
    accounts = _accounts(random, members)
    businesses = tuple(
        Business(number, _name(random), _chance(random, 0.6)) for number in _numbers(random, 1 + size // 4)
    )
    merchants = tuple(Merchant(number, _name(random)) for number in _numbers(random, 1 + size // 6))
    offers = tuple(
        Offer(number, random.choice(merchants).id, _name(random), _day(random))
        for number in _numbers(random, 1 + size // 3)
    )
    talks = [_conversations(random, businesses, members, 0), _conversations(random, businesses, people, 0.2)]
    return World(
        messenger_accounts=accounts,
        daily_usage=tuple(row for number in members for row in _usage(random, number)),
        contacts=tuple(sorted(contacts, key=astuple)),
        usage_horizon=HORIZON + datetime.timedelta(random.randint(-3, 3)),
        social_accounts=tuple(SocialAccount(number, _name(random)) for number in people),
        friendships=tuple(sorted(friends, key=astuple)),
        phone_bindings=_bindings(random, people, accounts, links, gone),
        messenger_links=links,
        restrictions=tuple(
            Restriction(number, random.randint(0, 3)) for number in members + gone if _chance(random, 0.4)
        ),
        messenger_messages=_messages(random, members, "messenger"),
        social_messages=_messages(random, people, "social"),
        events=_events(random, members + gone),
        acceptances=tuple(row for number in members for row in _acceptances(random, number)),
        suspensions=tuple(_suspension(random, place) for place in range(random.randint(0, 4))),
        whose=replace(
            _whose(random, members, people, links),
            business_id=random.choice(businesses[:2]).id,
            merchant_id=random.choice(merchants[:2]).id,
        ),
        businesses=businesses,
        messenger_conversations=talks[0],
        social_conversations=talks[1],
        messenger_business_messages=_business_messages(random, talks[0], "messenger"),
        social_business_messages=_business_messages(random, talks[1], "social"),
        ad_topics=_topics(random, people, members + gone),
        merchants=merchants,
        offers=offers,
        shown=tuple(
            _shown(random, person, offer, members + gone)
            for person in people
            for offer in offers
            if _chance(random, 0.3)
        ),
        customer_lists=_lists(random, offers),
    )


def _whose(random: Random, members: list[int], people: list[int], links: tuple[MessengerLink, ...]) -> Whose:
    """Mostly somebody with an account on both; else with one, or two that are not linked."""
    if links and _chance(random, 0.7):
        link = random.choice(links)
        return Whose(link.messenger_id, link.account_id, 0, 0)
    member, person = random.choice([*members, 7]), random.choice([*people, 7])
    return random.choice((Whose(member, None, 0, 0), Whose(None, person, 0, 0), Whose(member, person, 0, 0)))


def _chance(random: Random, likelihood: float) -> bool:
    return random.randint(1, 100) <= likelihood * 100


def _numbers(random: Random, size: int) -> list[int]:
    numbers = random.sample(range(3 * size + 2), size)
    return sorted({random.choice(ENDS) if _chance(random, 0.06) else number for number in numbers})


def _phone(random: Random, prefix: str | None = None) -> str:
    chosen = prefix or random.choice(list(COUNTRIES))
    return chosen + str(random.randint(10**6, 10**7 - 1)).zfill(7)[: 12 - len(chosen)]


def _accounts(random: Random, members: list[int]) -> tuple[MessengerAccount, ...]:
    taken: set[str] = set()
    accounts = []
    for number in members:
        phone = _phone(random)
        while phone in taken:
            phone = _phone(random)
        taken.add(phone)
        country = COUNTRIES[phone[:6]] if _chance(random, 0.9) else "ZZ"
        accounts.append(MessengerAccount(number, phone, country, _joined(random)))
    return tuple(accounts)


def _joined(random: Random) -> datetime.datetime:
    seconds = random.choice((-1, 0, 1, 86_400, random.randint(-(10**8), 10**7)))
    return TERMS_CHANGED + datetime.timedelta(seconds=seconds)


def _usage(random: Random, number: int) -> list[DailyUsage]:
    days = random.sample(range(-8, 60), random.choice((0, 0, 1, 3, 4, 11, 12, 40)))
    return [
        DailyUsage(number, HORIZON - datetime.timedelta(back), random.choice((1, 7, 10_000)))
        for back in sorted(days)
    ]


def _pairs(random: Random, numbers: list[int]) -> set[tuple[int, int]]:
    """Few ties for most, and two who know many."""
    pairs: set[tuple[int, int]] = set()
    for place, number in enumerate(numbers):
        many = {0: 60, 1: 12}.get(place, random.randint(0, 4))
        others = [other for other in numbers if other != number]
        pairs |= {(number, other) for other in random.sample(others, min(many, len(others)))}
    return pairs


def _name(random: Random) -> str:
    name = random.choice(NAMES)
    return name + random.choice(NAMES) if _chance(random, 0.3) else name


def _links(random: Random, members: list[int], people: list[int]) -> tuple[MessengerLink, ...]:
    number = len(people) * 2 // 3
    ends = zip(
        random.sample(people, number),
        random.sample(members, min(number, len(members))),
        strict=False,
    )
    return tuple(MessengerLink(person, member, _day(random)) for person, member in ends)


def _day(random: Random) -> datetime.date:
    return HORIZON - datetime.timedelta(random.randint(0, 40))


def _bindings(
    random: Random,
    people: list[int],
    accounts: tuple[MessengerAccount, ...],
    links: tuple[MessengerLink, ...],
    gone: list[int],
) -> tuple[PhoneBinding, ...]:
    phones = {account.id: account.phone for account in accounts}
    shared = [
        PhoneBinding(
            link.account_id,
            "MESSENGER_SHARED",
            phones.get(link.messenger_id, "+4915100000"),
            link.messenger_id,
        )
        for link in links
    ]
    for person in people:
        # Numbers come twice under different sources, or belong to somebody else on the messenger.
        known = [*phones.values(), _phone(random), _phone(random)]
        for source in SOURCES:
            while _chance(random, 0.35):
                from_whom = random.choice([*phones, *gone, 7]) if source == "MESSENGER_SHARED" else None
                shared.append(PhoneBinding(person, source, random.choice(known), from_whom))
    unique = {(each.account_id, each.source, each.number): each for each in shared}
    return tuple(unique.values())


def _topics(random: Random, people: list[int], members: list[int]) -> tuple[AdTopic, ...]:
    """Some topics twice, learnt from both; of the messenger's some from an account that is gone."""
    made = [_topic(random, person, members) for person in people for _ in range(random.choice((0, 1, 4)))]
    return tuple({(each.account_id, each.source, each.topic): each for each in made}.values())


def _topic(random: Random, person: int, members: list[int]) -> AdTopic:
    source = random.choice(TOPIC_SOURCES) if members else "SOCIAL"
    whose = random.choice(members) if source == "MESSENGER" else None
    return AdTopic(person, source, random.choice(TOPICS), whose)


def _shown(random: Random, person: int, offer: Offer, members: list[int]) -> Shown:
    source = random.choice(("MESSENGER_SHARED", "SELF_PROFILE")) if members else "SELF_PROFILE"
    whose = random.choice(members) if source == "MESSENGER_SHARED" else None
    return Shown(person, offer.id, source, whose)


def _lists(random: Random, offers: tuple[Offer, ...]) -> tuple[CustomerList, ...]:
    """At most one that was matched for each offer."""
    numbers = iter(_numbers(random, 2 * len(offers)))
    made = []
    for offer in offers:
        for status in random.choice(((), ("MATCHED",), ("BELOW_MINIMUM", "MATCHED"), ("BELOW_MINIMUM",))):
            number = next(numbers, None)
            if number is not None:
                made.append(_list(random, offer, number, status))
    return tuple(made)


def _list(random: Random, offer: Offer, number: int, status: str) -> CustomerList:
    audience = random.choice(BANDS[1:]) if status == "MATCHED" else BANDS[0]
    digest = random.randbytes(32)
    return CustomerList(
        offer.merchant_id, offer.id, number, status, _joined(random), random.choice(BANDS), audience, digest
    )


def _messages(random: Random, numbers: list[int], store: str) -> tuple[Message, ...]:
    return tuple(
        Message(
            number,
            place,
            random.choice(numbers),
            _joined(random),
            f"CANARY-{store}-{place}-{random.randint(0, 10**9)}",
        )
        for place, number in enumerate(numbers)
    )


def _conversations(
    random: Random, businesses: tuple[Business, ...], customers: list[int], nobody: float
) -> tuple[Conversation, ...]:
    """Several with some customers, none with others, all with few businesses; many tie in every order."""
    made = []
    for number in _numbers(random, len(customers) * 2):
        account = None if _chance(random, nobody) else random.choice(customers[: 1 + len(customers) // 2])
        made.append(_conversation(random, random.choice(businesses), number, account))
    return tuple(made)


def _conversation(random: Random, business: Business, number: int, account: int | None) -> Conversation:
    opened = HORIZON - datetime.timedelta(random.choice((0, 1, 1, 400)))
    return Conversation(
        business.id,
        number,
        account,
        random.choice(CATEGORIES),
        random.choice(STATUSES),
        opened,
        opened + datetime.timedelta(random.choice((0, 0, 1, 30))),
        random.choice((1, 2, 2**31 - 1)),
    )


def _business_messages(
    random: Random, conversations: tuple[Conversation, ...], store: str
) -> tuple[BusinessMessage, ...]:
    return tuple(
        BusinessMessage(
            each.business_id,
            each.id,
            place,
            _chance(random, 0.5),
            _joined(random),
            f"CANARY-business-{store}-{place}-{random.randint(0, 10**9)}",
        )
        for place, each in enumerate(conversations)
    )


def _purposes(random: Random) -> tuple[str, ...]:
    return random.choice((OBJECTABLE, OBJECTABLE[:1], OBJECTABLE[1:], OBJECTABLE[::-1]))


def _events(random: Random, numbers: list[int]) -> tuple[ObjectionEvent, ...]:
    """Some objected, withdrew and objected again, at times that say nothing about the order."""
    declaring = [number for number in numbers if _chance(random, 0.6) for _ in range(random.randint(1, 4))]
    random.shuffle(declaring)
    return tuple(_event(random, place, number) for place, number in enumerate(declaring, 1))


def _event(random: Random, place: int, number: int) -> ObjectionEvent:
    kind = random.choice(("OBJECT", "WITHDRAW"))
    times = (_joined(random), _joined(random) + datetime.timedelta(microseconds=987_654))
    return ObjectionEvent(place, number, kind, _purposes(random), *times, _name(random), _name(random))


def _acceptances(random: Random, number: int) -> list[TermsAcceptance]:
    versions = random.sample(NAMES[1:], random.choice((0, 0, 1, 2, 4)))
    when = _joined(random)
    return [
        TermsAcceptance(number, version, when if _chance(random, 0.5) else _joined(random))
        for version in versions
    ]


def _suspension(random: Random, place: int) -> Suspension:
    countries = tuple(random.sample((*COUNTRIES.values(), "\u00e9"), random.randint(1, 3)))
    over = _chance(random, 0.6)
    begins = _joined(random) if over else datetime.datetime(2999, 1, 1, tzinfo=datetime.UTC)
    ends = begins + datetime.timedelta(days=random.randint(1, 40)) if over else None
    who = (random.choice(("DE", "EU")), countries, _purposes(random))
    return Suspension(place + 1, *who, begins, ends, "Because " + _name(random), "a regulator")


def nothing_declared(world: World) -> World:
    """The world in which nobody objected to anything yet, and no regulator suspended anything."""
    return replace(world, restrictions=(), events=(), suspensions=())


# --- loading --------------------------------------------------------------------------------------


async def load(world: World, messenger: Connection, social: Connection, control: Connection) -> None:
    """Replace whatever the stores hold by the world's rows. Connections of the stores' owners."""
    await _load_messenger(world, messenger)
    await _load_social(world, social)
    await _load_control(world, control)


async def _load_control(world: World, store: Connection) -> None:
    async with store.transaction():
        # What was declared is append-only, but for a world that takes the place of another.
        await store.execute("SET LOCAL session_replication_role = replica")
        await store.execute("TRUNCATE control.objection_event, control.suspension RESTART IDENTITY")
        for table, record, rows in (
            ("control.objection_event", ObjectionEvent, world.events),
            ("control.suspension", Suspension, world.suspensions),
        ):
            await _copy(store, table, record, rows)
            # The next one recorded comes after these.
            await store.execute(f"ALTER TABLE {table} ALTER id RESTART WITH {len(rows) + 1}")


async def _load_messenger(world: World, store: Connection) -> None:
    members = {account.id for account in world.messenger_accounts}
    async with store.transaction():
        await store.execute(
            "TRUNCATE messenger.account, messenger.phone_lookup, messenger.restriction,"
            " messenger.daily_usage, messenger.contact, messenger.terms_acceptance, messenger.suspended,"
            " messenger.unplaced, content.message, messenger.business,"
            " messenger.business_conversation, messenger.customer_conversation, content.business_message"
        )
        await store.execute("UPDATE messenger.usage_horizon SET day = $1", world.usage_horizon)
        await _copy(store, "messenger.account", MessengerAccount, world.messenger_accounts)
        await _copy(store, "messenger.daily_usage", DailyUsage, world.daily_usage)
        await _copy(store, "messenger.contact", Contact, world.contacts)
        await _copy(store, "messenger.terms_acceptance", TermsAcceptance, world.acceptances)
        await _copy(store, "content.message", Message, world.messenger_messages)
        await _copy(store, "messenger.business", Business, world.businesses)
        await _copy(store, "messenger.business_conversation", Conversation, world.messenger_conversations)
        await _copy(store, "content.business_message", BusinessMessage, world.messenger_business_messages)
        # Last, and through the table whose triggers spread them, as an objection's call does.
        await store.copy_records_to_table(
            "restriction",
            schema_name="messenger",
            columns=["account_id", "purposes"],
            records=[astuple(each) for each in world.restrictions if each.messenger_id in members],
        )


async def _load_social(world: World, store: Connection) -> None:
    async with store.transaction():
        await store.execute(
            "TRUNCATE social.account, social.friendship, social.restriction, social.phone_binding,"
            " social.number_lookup, social.messenger_link, social.messenger_lookup,"
            " social.suspended, social.unplaced,"
            " content.message, social.business,"
            " social.business_conversation, social.customer_conversation, content.business_message,"
            " social.ad_topic, social.merchant, social.offer, social.offer_audience,"
            " social.customer_list"
        )
        await _copy(store, "social.account", SocialAccount, world.social_accounts)
        await _copy(store, "social.friendship", Friendship, world.friendships)
        await _copy(store, "social.phone_binding", PhoneBinding, world.phone_bindings)
        await _copy(store, "social.messenger_link", MessengerLink, world.messenger_links)
        await _copy(store, "content.message", Message, world.social_messages)
        await _copy(store, "social.business", Business, world.businesses)
        await _copy(store, "social.business_conversation", Conversation, world.social_conversations)
        await _copy(store, "content.business_message", BusinessMessage, world.social_business_messages)
        await _copy(store, "social.ad_topic", AdTopic, world.ad_topics)
        await _copy(store, "social.merchant", Merchant, world.merchants)
        await _copy(store, "social.offer", Offer, world.offers)
        await _copy(store, "social.offer_audience", Shown, world.shown)
        await _copy(store, "social.customer_list", CustomerList, world.customer_lists)
        await _copy(store, "social.restriction", Restriction, world.restrictions)


async def _copy(store: Connection, table: str, record: type, rows: Iterable[Any]) -> None:
    schema, name = table.split(".")
    await store.copy_records_to_table(
        name,
        schema_name=schema,
        columns=list(record.__dataclass_fields__),  # type: ignore[attr-defined]
        records=[astuple(row) for row in rows],
    )


# --- worlds that a purpose cannot tell apart ------------------------------------------------------


def differing_pair(world: World, purpose: str, random: Random, changes: int = 12) -> tuple[World, World]:
    """The world, and another that differs only in what the purpose may not see.

    Changes are tried at random, most of them on objectors; the oracle keeps those that V_p does not
    show. The two are the same only if it kept none.
    """
    seen = oracle.visible(world, purpose)
    other = world
    for _ in range(changes):
        changed = random.choice(CHANGES)(other, random)
        if oracle.visible(changed, purpose) == seen:
            other = changed
    assert oracle.visible(other, purpose) == oracle.visible(world, purpose)
    return world, other


def copy_of_visible(world: World, purpose: str) -> World:
    """V_p as a world of its own, nothing restricted and nothing hidden left in it.

    Columns that the purpose cannot see hold what nobody has.
    """
    seen = oracle.visible(world, purpose)
    shown = {
        name: oracle.sees(purpose, "MessengerAccount", name)
        for name in ("phone", "countryCode", "registeredAt")
    }
    members, people = set(seen.messenger), set(seen.social)
    books = any(oracle.sees(purpose, "MessengerAccount", name) for name in ("contacts", "contactCountBand"))
    lists = tuple(each for each in world.customer_lists if each.id in seen.customer_lists)
    offers = _shown_or_named(world.offers, seen.offers, {each.offer_id for each in lists})
    linked = {
        (number, fields["messengerLink"]["account"])
        for number, fields in seen.social.items()
        if fields.get("messengerLink")
    }
    # A person sees how many stand in their own address book, and nothing of who they are.
    own_book = oracle.mark(purpose, "MessengerAccount", "contactCountBand") == "O"
    strangers = {
        each.contact_id for each in world.contacts if own_book and each.account_id in members
    } - members
    return World(
        messenger_accounts=tuple(
            MessengerAccount(number, f"+49161{place:07}", "XX", TERMS_CHANGED)
            for place, number in enumerate(sorted(strangers))
        )
        + tuple(
            MessengerAccount(
                each.id,
                each.phone if shown["phone"] else f"+49160{place:07}",
                each.country_code if shown["countryCode"] else "XX",
                each.registered_at if shown["registeredAt"] else TERMS_CHANGED,
            )
            for place, each in enumerate(world.messenger_accounts)
            if each.id in members
        ),
        daily_usage=tuple(
            each for each in world.daily_usage if "usage" in seen.messenger.get(each.account_id, {})
        ),
        contacts=tuple(
            each
            for each in world.contacts
            if books and each.account_id in members and each.contact_id in members | strangers
        ),
        usage_horizon=seen.usage_horizon or HORIZON,
        social_accounts=tuple(
            SocialAccount(number, fields.get("displayName", "-")) for number, fields in seen.social.items()
        ),
        friendships=tuple(
            Friendship(number, friend)
            for number, fields in seen.social.items()
            for friend in fields.get("friends", ())
        ),
        phone_bindings=tuple(
            PhoneBinding(person, source, number, 0 if source == "MESSENGER_SHARED" else None)
            for number, source, person in seen.findable
        )
        or tuple(
            PhoneBinding(
                number,
                phone["source"],
                phone.get("number", f"+49160{place:07}"),
                0 if phone["source"] == "MESSENGER_SHARED" else None,
            )
            for number, fields in seen.social.items()
            for place, phone in enumerate(fields.get("phones", ()))
        ),
        messenger_links=tuple(
            each
            for each in world.messenger_links
            if (each.account_id, each.messenger_id) in linked and each.account_id in people
        ),
        **_declared(world, seen),
        whose=world.whose,
        businesses=tuple(each for each in world.businesses if each.id in seen.businesses),
        messenger_conversations=tuple(
            each for each in world.messenger_conversations if each.id in seen.messenger_conversations
        ),
        social_conversations=tuple(
            each for each in world.social_conversations if each.id in seen.social_conversations
        ),
        ad_topics=tuple(
            AdTopic(number, topic["source"], topic["topic"], 0 if topic["source"] == "MESSENGER" else None)
            for number, fields in seen.social.items()
            for topic in fields.get("adTopics", ())
        ),
        merchants=_shown_or_named(world.merchants, seen.merchants, {each.merchant_id for each in offers}),
        offers=offers,
        shown=tuple(
            Shown(number, offer, "SELF_PROFILE", None)
            for number, fields in seen.social.items()
            for offer in fields.get("offers", ())
        ),
        customer_lists=lists,
    )


def _declared(world: World, seen: oracle.Visible) -> dict[str, Any]:
    """What a person sees of their own declarations, and of everybody's suspensions."""
    if seen.subject is None:
        return {}
    own = tuple(each for each in world.events if each.account_id == world.whose.messenger_id)
    return {
        "events": tuple(replace(each, id=place) for place, each in enumerate(own, 1)),
        "acceptances": tuple(
            each for each in world.acceptances if each.account_id == world.whose.messenger_id
        ),
        "suspensions": world.suspensions,
    }


def _shown_or_named(rows: tuple[T, ...], shown: Container[int], named: Container[int]) -> tuple[T, ...]:
    """Rows that are visible; of others that something visible hangs on, the number alone."""
    kept: list[Any] = [row for row in rows if row.id in shown or row.id in named]  # type: ignore[attr-defined]
    return tuple(row if row.id in shown else _without_words(row) for row in kept)


def _without_words(row: Any) -> Any:
    if isinstance(row, Offer):
        return replace(row, title="-", valid_until=HORIZON)
    return replace(row, name="-")


def _one_of(rows: tuple[T, ...], random: Random) -> T | None:
    return random.choice(rows) if rows else None


def _without(rows: tuple[T, ...], row: T | None) -> tuple[T, ...]:
    return tuple(each for each in rows if each != row)


def _replaced(rows: tuple[T, ...], row: T, new: T) -> tuple[T, ...]:
    return tuple(new if each == row else each for each in rows)


def _member(world: World, random: Random) -> MessengerAccount | None:
    restricted = {each.messenger_id for each in world.restrictions if each.purposes}
    objectors = tuple(each for each in world.messenger_accounts if each.id in restricted)
    return _one_of(objectors if objectors and _chance(random, 0.8) else world.messenger_accounts, random)


def _fresh_phone(world: World, random: Random) -> str:
    taken = {each.phone for each in world.messenger_accounts}
    return next(phone for phone in iter(lambda: _phone(random), None) if phone not in taken)


def _change_member(world: World, random: Random) -> World:
    member = _member(world, random)
    if member is None:
        return world
    changed = random.choice(
        (
            replace(member, phone=_fresh_phone(world, random)),
            replace(member, country_code="YY"),
            replace(member, registered_at=_joined(random)),
        )
    )
    return replace(world, messenger_accounts=_replaced(world.messenger_accounts, member, changed))


def _delete_member(world: World, random: Random) -> World:
    member = _member(world, random)
    if member is None:
        return world
    number = member.id
    return replace(
        world,
        messenger_accounts=_without(world.messenger_accounts, member),
        daily_usage=tuple(each for each in world.daily_usage if each.account_id != number),
        contacts=tuple(each for each in world.contacts if number not in (each.account_id, each.contact_id)),
        phone_bindings=tuple(each for each in world.phone_bindings if each.messenger_id != number),
        messenger_links=tuple(each for each in world.messenger_links if each.messenger_id != number),
        restrictions=tuple(each for each in world.restrictions if each.messenger_id != number),
        messenger_conversations=tuple(
            each for each in world.messenger_conversations if each.account_id != number
        ),
        acceptances=tuple(each for each in world.acceptances if each.account_id != number),
        ad_topics=tuple(each for each in world.ad_topics if each.messenger_id != number),
        shown=tuple(each for each in world.shown if each.messenger_id != number),
    )


def _add_objector(world: World, random: Random) -> World:
    """A member who objected to everything, in everybody's way: known, knowing, active and linked."""
    known = {each.id for each in world.messenger_accounts} | {
        each.messenger_id for each in world.messenger_links
    }
    known |= {each.messenger_id for each in world.restrictions}
    number = next(each for each in iter(lambda: random.randint(0, 2**40), None) if each not in known)
    others = [each.id for each in world.messenger_accounts if _chance(random, 0.3)]
    linked = {each.account_id for each in world.messenger_links}
    free = tuple(each for each in world.social_accounts if each.id not in linked)
    person = _one_of(free, random)
    phone = _fresh_phone(world, random)
    return replace(
        world,
        messenger_accounts=(
            *world.messenger_accounts,
            MessengerAccount(number, phone, "DE", _joined(random)),
        ),
        daily_usage=(*world.daily_usage, *_usage(random, number)),
        contacts=(
            *world.contacts,
            *(Contact(number, other) for other in others),
            *(Contact(other, number) for other in others),
        ),
        restrictions=(*world.restrictions, Restriction(number, 3)),
        messenger_links=(
            (*world.messenger_links, MessengerLink(person.id, number, _day(random)))
            if person
            else world.messenger_links
        ),
        phone_bindings=(
            (*world.phone_bindings, PhoneBinding(person.id, "MESSENGER_SHARED", phone, number))
            if person
            else world.phone_bindings
        ),
        ad_topics=(
            (*world.ad_topics, AdTopic(person.id, "MESSENGER", f"learnt from {number}", number))
            if person
            else world.ad_topics
        ),
        shown=((*world.shown, *_shown_besides(world, person.id, number)) if person else world.shown),
    )


def _change_usage(world: World, random: Random) -> World:
    member = _member(world, random)
    if member is None:
        return world
    others = tuple(each for each in world.daily_usage if each.account_id != member.id)
    return replace(world, daily_usage=(*others, *_usage(random, member.id)))


def _change_contacts(world: World, random: Random) -> World:
    member = _member(world, random)
    if member is None or len(world.messenger_accounts) < 2:
        return world
    numbers = [each.id for each in world.messenger_accounts if each.id != member.id]
    toggled = {Contact(member.id, random.choice(numbers)), Contact(random.choice(numbers), member.id)}
    return replace(world, contacts=tuple(sorted(set(world.contacts) ^ toggled, key=astuple)))


def _change_link(world: World, random: Random) -> World:
    link = _one_of(world.messenger_links, random)
    if link is None:
        return world
    rest = _without(world.messenger_links, link)
    changed = replace(link, since=_day(random))
    return replace(world, messenger_links=rest if _chance(random, 0.5) else (*rest, changed))


def _change_binding(world: World, random: Random) -> World:
    binding = _one_of(world.phone_bindings, random)
    if binding is None:
        return world
    rest = _without(world.phone_bindings, binding)
    number = _phone(random)
    taken = (binding.account_id, binding.source, number)
    if _chance(random, 0.5) or taken in {(each.account_id, each.source, each.number) for each in rest}:
        return replace(world, phone_bindings=rest)
    return replace(world, phone_bindings=(*rest, replace(binding, number=number)))


def _add_second_factor(world: World, random: Random) -> World:
    person = _one_of(world.social_accounts, random)
    if person is None:
        return world
    added = PhoneBinding(person.id, "SECURITY_2FA", _phone(random), None)
    return replace(world, phone_bindings=(*_without(world.phone_bindings, added), added))


def _rename(world: World, random: Random) -> World:
    person = _one_of(world.social_accounts, random)
    if person is None:
        return world
    renamed = replace(person, display_name=_name(random))
    return replace(world, social_accounts=_replaced(world.social_accounts, person, renamed))


def _unfriend(world: World, random: Random) -> World:
    tie = _one_of(world.friendships, random)
    if tie is None:
        return world
    back = Friendship(tie.friend_id, tie.account_id)
    return replace(world, friendships=_without(_without(world.friendships, tie), back))


def _change_restriction(world: World, random: Random) -> World:
    restriction = _one_of(world.restrictions, random)
    if restriction is None:
        return world
    changed = replace(restriction, purposes=random.randint(0, 3))
    return replace(world, restrictions=_replaced(world.restrictions, restriction, changed))


def _change_horizon(world: World, random: Random) -> World:
    return replace(world, usage_horizon=_day(random))


def _rewrite_messages(world: World, random: Random) -> World:
    def rewritten(messages: tuple[Message, ...]) -> tuple[Message, ...]:
        return tuple(replace(each, body=f"CANARY-{random.randint(0, 10**9)}") for each in messages)

    return replace(
        world,
        messenger_messages=rewritten(world.messenger_messages),
        social_messages=rewritten(world.social_messages)[1:],
    )


def _rewrite_business_messages(world: World, random: Random) -> World:
    """Other words, and some of them gone or said once more."""

    def rewritten(messages: tuple[BusinessMessage, ...]) -> tuple[BusinessMessage, ...]:
        kept = [
            replace(each, body=f"CANARY-business-{random.randint(0, 10**9)}")
            for each in messages
            if _chance(random, 0.7)
        ]
        again = tuple(
            replace(each, id=10**6 + place, sent_at=_joined(random)) for place, each in enumerate(kept[:3])
        )
        return (*(each for each in kept if each.id < 10**6), *again)

    return replace(
        world,
        messenger_business_messages=rewritten(world.messenger_business_messages),
        social_business_messages=rewritten(world.social_business_messages),
    )


def _on_a_channel(world: World, random: Random) -> tuple[str, tuple[Conversation, ...], list[int]]:
    """A channel's field of the world, its conversations, and who could talk there."""
    if _chance(random, 0.5):
        members = [each.id for each in world.messenger_accounts]
        return "messenger_conversations", world.messenger_conversations, members
    return "social_conversations", world.social_conversations, [each.id for each in world.social_accounts]


def _change_conversation(world: World, random: Random) -> World:
    name, conversations, _ = _on_a_channel(world, random)
    chosen = _one_of(conversations, random)
    if chosen is None:
        return world
    business = next(each for each in world.businesses if each.id == chosen.business_id)
    changed = _conversation(random, business, chosen.id, chosen.account_id)
    return replace(world, **{name: _replaced(conversations, chosen, changed)})


def _end_conversation(world: World, random: Random) -> World:
    name, conversations, _ = _on_a_channel(world, random)
    return replace(world, **{name: _without(conversations, _one_of(conversations, random))})


def _begin_conversation(world: World, random: Random) -> World:
    name, conversations, customers = _on_a_channel(world, random)
    business = _one_of(world.businesses, random)
    if business is None or not customers:
        return world
    known = {each.id for each in conversations}
    number = next(each for each in iter(lambda: random.randint(0, 2**40), None) if each not in known)
    begun = _conversation(random, business, number, random.choice(customers))
    return replace(world, **{name: (*conversations, begun)})


def _rename_business(world: World, random: Random) -> World:
    business = _one_of(world.businesses, random)
    if business is None:
        return world
    renamed = replace(business, name=_name(random), verified=not business.verified)
    return replace(world, businesses=_replaced(world.businesses, business, renamed))


def _declare(world: World, random: Random) -> World:
    """One event more or less, the others in the same order."""
    events = [*world.events]
    if events and _chance(random, 0.5):
        events.remove(random.choice(events))
    else:
        numbers = [each.id for each in world.messenger_accounts] or [7]
        events.insert(random.randint(0, len(events)), _event(random, 0, random.choice(numbers)))
    return replace(world, events=tuple(replace(each, id=place) for place, each in enumerate(events, 1)))


def _accept(world: World, random: Random) -> World:
    member = _one_of(world.messenger_accounts, random)
    if member is None:
        return world
    others = tuple(each for each in world.acceptances if each.account_id != member.id)
    return replace(world, acceptances=(*others, *_acceptances(random, member.id)))


def _suspend(world: World, random: Random) -> World:
    return replace(world, suspensions=tuple(_suspension(random, place) for place in range(2)))


def _shown_besides(world: World, person: int, member: int) -> list[Shown]:
    """Every offer that is not shown to the person yet, because of the number of this member."""
    already = {each.offer_id for each in world.shown if each.account_id == person}
    return [
        Shown(person, each.id, "MESSENGER_SHARED", member) for each in world.offers if each.id not in already
    ]


def _change_topic(world: World, random: Random) -> World:
    topic = _one_of(world.ad_topics, random)
    if topic is None:
        return world
    rest = _without(world.ad_topics, topic)
    changed = replace(topic, topic=f"Other {random.randint(0, 10**9)}")
    return replace(world, ad_topics=rest if _chance(random, 0.5) else (*rest, changed))


def _change_shown(world: World, random: Random) -> World:
    shown = _one_of(world.shown, random)
    if shown is None or _chance(random, 0.5):
        return replace(world, shown=_without(world.shown, shown))
    person, offer = _one_of(world.social_accounts, random), _one_of(world.offers, random)
    if person is None or offer is None:
        return world
    rest = tuple(each for each in world.shown if (each.account_id, each.offer_id) != (person.id, offer.id))
    members = [each.messenger_id for each in world.restrictions]
    return replace(world, shown=(*rest, _shown(random, person.id, offer, members)))


def _change_offer(world: World, random: Random) -> World:
    offer = _one_of(world.offers, random)
    if offer is None:
        return world
    changed = replace(offer, title=_name(random), valid_until=_day(random))
    return replace(world, offers=_replaced(world.offers, offer, changed))


def _rename_merchant(world: World, random: Random) -> World:
    merchant = _one_of(world.merchants, random)
    if merchant is None:
        return world
    renamed = replace(merchant, name=_name(random))
    return replace(world, merchants=_replaced(world.merchants, merchant, renamed))


def _change_list(world: World, random: Random) -> World:
    """What is told of a list changes, or the hashes behind it alone; or it goes."""
    chosen = _one_of(world.customer_lists, random)
    if chosen is None:
        return world
    if _chance(random, 0.3):
        return replace(world, customer_lists=_without(world.customer_lists, chosen))
    changed = random.choice(
        (
            replace(chosen, digest=random.randbytes(32), sketch=(random.randbytes(32),)),
            replace(chosen, record_count_band=random.choice(BANDS)),
            replace(chosen, uploaded_at=_joined(random)),
        )
    )
    return replace(world, customer_lists=_replaced(world.customer_lists, chosen, changed))


CHANGES: tuple[Callable[[World, Random], World], ...] = (
    _change_member,
    _delete_member,
    _add_objector,
    _change_usage,
    _change_contacts,
    _change_link,
    _change_binding,
    _add_second_factor,
    _rename,
    _unfriend,
    _change_restriction,
    _change_horizon,
    _rewrite_messages,
    _rewrite_business_messages,
    _change_conversation,
    _end_conversation,
    _begin_conversation,
    _rename_business,
    _declare,
    _accept,
    _suspend,
    _change_topic,
    _change_shown,
    _change_offer,
    _rename_merchant,
    _change_list,
)
