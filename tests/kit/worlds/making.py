"""Random worlds.

The texts are hostile on purpose (possible_values.py), the numbers overlap between the stores and reach
the ends of their types, and many rows tie in the lists' orders.
"""

from __future__ import annotations

import datetime
from dataclasses import astuple, replace
from random import Random

from hypothesis import strategies as st

from tests.kit.worlds.possible_values import (
    BANDS,
    CATEGORIES,
    COUNTRIES,
    ENDS,
    NAMES,
    OBJECTABLE,
    SOURCES,
    STATUSES,
    TOPIC_SOURCES,
    TOPICS,
)
from tests.kit.worlds.rows import (
    HORIZON,
    TERMS_CHANGED,
    AdTopic,
    Business,
    BusinessMessage,
    Contact,
    Conversation,
    CustomerList,
    DailyUsage,
    Friendship,
    Merchant,
    Message,
    MessengerAccount,
    MessengerLink,
    ObjectionEvent,
    Offer,
    PhoneBinding,
    Restriction,
    Shown,
    SocialAccount,
    Suspension,
    TermsAcceptance,
    Whose,
    World,
)


def random_world(seed: int, size: int) -> World:
    """The world of this seed, with about `size` accounts in each store."""
    return _make(Random(seed), size)


def worlds(max_size: int = 12) -> st.SearchStrategy[World]:
    """Small worlds for Hypothesis."""
    return st.builds(_make, st.randoms(use_true_random=False), st.integers(0, max_size))


def _make(random: Random, size: int) -> World:
    members = random_numbers(random, size)
    people = random_numbers(random, size)
    gone = [number for number in random_numbers(random, 1 + size // 8) if number not in members]
    links = _links(random, members + gone, people)
    contacts = {Contact(*pair) for pair in _pairs(random, members)}
    friends = {Friendship(*pair) for pair in _pairs(random, people)}
    friends |= {Friendship(tie.friend_id, tie.account_id) for tie in friends}
    accounts = _accounts(random, members)
    businesses = tuple(
        Business(number, random_name(random), chance(random, 0.6))
        for number in random_numbers(random, 1 + size // 4)
    )
    merchants = tuple(
        Merchant(number, random_name(random)) for number in random_numbers(random, 1 + size // 6)
    )
    offers = tuple(
        Offer(number, random.choice(merchants).id, random_name(random), random_day(random))
        for number in random_numbers(random, 1 + size // 3)
    )
    talks = [_conversations(random, businesses, members, 0), _conversations(random, businesses, people, 0.2)]
    return World(
        messenger_accounts=accounts,
        daily_usage=tuple(row for number in members for row in random_usage(random, number)),
        contacts=tuple(sorted(contacts, key=astuple)),
        usage_horizon=HORIZON + datetime.timedelta(random.randint(-3, 3)),
        social_accounts=tuple(SocialAccount(number, random_name(random)) for number in people),
        friendships=tuple(sorted(friends, key=astuple)),
        phone_bindings=_bindings(random, people, accounts, links, gone),
        messenger_links=links,
        restrictions=tuple(
            Restriction(number, random.randint(0, 3)) for number in members + gone if chance(random, 0.4)
        ),
        messenger_messages=_messages(random, members, "messenger"),
        social_messages=_messages(random, people, "social"),
        events=_events(random, members + gone),
        acceptances=tuple(row for number in members for row in random_acceptances(random, number)),
        suspensions=tuple(random_suspension(random, place) for place in range(random.randint(0, 4))),
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
            random_shown(random, person, offer, members + gone)
            for person in people
            for offer in offers
            if chance(random, 0.3)
        ),
        customer_lists=_lists(random, offers),
    )


def _whose(random: Random, members: list[int], people: list[int], links: tuple[MessengerLink, ...]) -> Whose:
    """Mostly somebody with an account on both; else with one, or two that are not linked."""
    if links and chance(random, 0.7):
        link = random.choice(links)
        return Whose(link.messenger_id, link.account_id, 0, 0)
    member, person = random.choice([*members, 7]), random.choice([*people, 7])
    return random.choice((Whose(member, None, 0, 0), Whose(None, person, 0, 0), Whose(member, person, 0, 0)))


def chance(random: Random, likelihood: float) -> bool:
    """True with this likelihood, to the percent."""
    return random.randint(1, 100) <= likelihood * 100


def random_numbers(random: Random, size: int) -> list[int]:
    """At most `size` distinct numbers in order, a few of them at the ends of their type."""
    numbers = random.sample(range(3 * size + 2), size)
    return sorted({random.choice(ENDS) if chance(random, 0.06) else number for number in numbers})


def random_phone(random: Random, prefix: str | None = None) -> str:
    """A number in international form."""
    chosen = prefix or random.choice(list(COUNTRIES))
    return chosen + str(random.randint(10**6, 10**7 - 1)).zfill(7)[: 12 - len(chosen)]


def _accounts(random: Random, members: list[int]) -> tuple[MessengerAccount, ...]:
    taken: set[str] = set()
    accounts = []
    for number in members:
        phone = random_phone(random)
        while phone in taken:
            phone = random_phone(random)
        taken.add(phone)
        country = COUNTRIES[phone[:6]] if chance(random, 0.9) else "ZZ"
        accounts.append(MessengerAccount(number, phone, country, random_time(random)))
    return tuple(accounts)


def random_time(random: Random) -> datetime.datetime:
    """A time around the change of the terms, often within a second of it."""
    seconds = random.choice((-1, 0, 1, 86_400, random.randint(-(10**8), 10**7)))
    return TERMS_CHANGED + datetime.timedelta(seconds=seconds)


def random_usage(random: Random, number: int) -> list[DailyUsage]:
    """An account's days before and after the horizon, with few distinct counts."""
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


def random_name(random: Random) -> str:
    """A hostile name, sometimes two of them."""
    name = random.choice(NAMES)
    return name + random.choice(NAMES) if chance(random, 0.3) else name


def _links(random: Random, members: list[int], people: list[int]) -> tuple[MessengerLink, ...]:
    number = len(people) * 2 // 3
    ends = zip(
        random.sample(people, number),
        random.sample(members, min(number, len(members))),
        strict=False,
    )
    return tuple(MessengerLink(person, member, random_day(random)) for person, member in ends)


def random_day(random: Random) -> datetime.date:
    """A day in the 40 days up to the horizon."""
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
        known = [*phones.values(), random_phone(random), random_phone(random)]
        for source in SOURCES:
            while chance(random, 0.35):
                member = random.choice([*phones, *gone, 7]) if source == "MESSENGER_SHARED" else None
                shared.append(PhoneBinding(person, source, random.choice(known), member))
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


def random_shown(random: Random, person: int, offer: Offer, members: list[int]) -> Shown:
    """The person sees the offer, because of their own number or a number of a member."""
    source = random.choice(("MESSENGER_SHARED", "SELF_PROFILE")) if members else "SELF_PROFILE"
    whose = random.choice(members) if source == "MESSENGER_SHARED" else None
    return Shown(person, offer.id, source, whose)


def _lists(random: Random, offers: tuple[Offer, ...]) -> tuple[CustomerList, ...]:
    """At most one that was matched for each offer."""
    numbers = iter(random_numbers(random, 2 * len(offers)))
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
        offer.merchant_id,
        offer.id,
        number,
        status,
        random_time(random),
        random.choice(BANDS),
        audience,
        digest,
    )


def _messages(random: Random, numbers: list[int], store: str) -> tuple[Message, ...]:
    return tuple(
        Message(
            number,
            place,
            random.choice(numbers),
            random_time(random),
            f"CANARY-{store}-{place}-{random.randint(0, 10**9)}",
        )
        for place, number in enumerate(numbers)
    )


def _conversations(
    random: Random, businesses: tuple[Business, ...], customers: list[int], without_account: float
) -> tuple[Conversation, ...]:
    """Several with some customers, none with others, all with few businesses; many tie in every order."""
    made = []
    for number in random_numbers(random, len(customers) * 2):
        account = (
            None if chance(random, without_account) else random.choice(customers[: 1 + len(customers) // 2])
        )
        made.append(random_conversation(random, random.choice(businesses), number, account))
    return tuple(made)


def random_conversation(random: Random, business: Business, number: int, account: int | None) -> Conversation:
    """A conversation of the business; many tie in every order."""
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
            chance(random, 0.5),
            random_time(random),
            f"CANARY-business-{store}-{place}-{random.randint(0, 10**9)}",
        )
        for place, each in enumerate(conversations)
    )


def _purposes(random: Random) -> tuple[str, ...]:
    return random.choice((OBJECTABLE, OBJECTABLE[:1], OBJECTABLE[1:], OBJECTABLE[::-1]))


def _events(random: Random, numbers: list[int]) -> tuple[ObjectionEvent, ...]:
    """Some objected, withdrew and objected again, at times that say nothing about the order."""
    declaring = [number for number in numbers if chance(random, 0.6) for _ in range(random.randint(1, 4))]
    random.shuffle(declaring)
    return tuple(random_event(random, place, number) for place, number in enumerate(declaring, 1))


def random_event(random: Random, place: int, number: int) -> ObjectionEvent:
    """An objection or a withdrawal at random times."""
    kind = random.choice(("OBJECT", "WITHDRAW"))
    times = (random_time(random), random_time(random) + datetime.timedelta(microseconds=987_654))
    return ObjectionEvent(
        place, number, kind, _purposes(random), *times, random_name(random), random_name(random)
    )


def random_acceptances(random: Random, number: int) -> list[TermsAcceptance]:
    """The terms that a member accepted, some of them at the same moment."""
    versions = random.sample(NAMES[1:], random.choice((0, 0, 1, 2, 4)))
    when = random_time(random)
    return [
        TermsAcceptance(number, version, when if chance(random, 0.5) else random_time(random))
        for version in versions
    ]


def random_suspension(random: Random, place: int) -> Suspension:
    """A suspension that is over or lies far ahead."""
    countries = tuple(random.sample((*COUNTRIES.values(), "\u00e9"), random.randint(1, 3)))
    over = chance(random, 0.6)
    begins = random_time(random) if over else datetime.datetime(2999, 1, 1, tzinfo=datetime.UTC)
    ends = begins + datetime.timedelta(days=random.randint(1, 40)) if over else None
    who = (random.choice(("DE", "EU")), countries, _purposes(random))
    return Suspension(place + 1, *who, begins, ends, "Because " + random_name(random), "a regulator")


def nothing_declared(world: World) -> World:
    """The world without any objection and without any suspension."""
    return replace(world, restrictions=(), events=(), suspensions=())
