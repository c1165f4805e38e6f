"""The demo's named people, so that its examples are the same everywhere.

    Ada    objected to ads and friend suggestions; her number has three sources
    Ben    did not object; has Ada, Cleo and Dan in his address book
    Cleo   joined after the terms changed, and may not object
    Dan    is on the messenger only

Germany reserves their phone numbers for film and radio (Bundesnetzagentur, Mfg. 148/2021).
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resolvers.changes.objections import Rules, record
from resolvers.changes.restrictions import Stores
from resolvers.plan.principal import Principal
from resolvers.stores.pool import transaction
from schema.purposes import OBJECTABLE
from schema.terms.profiles import TERMS_OF_2016, TERMS_VERSION, Profile

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection

# A person's two accounts have different numbers: equal ones would suggest in the examples that they must be.
FIRST_MEMBER, FIRST_PERSON = 90_000_001, 80_000_001
SINCE = datetime.date(2016, 9, 26)
CHANNEL = "demo"


@dataclass(frozen=True)
class Person:
    """A person of the examples, who sent messages on each of the last `active_days` days.

    All persons without `befriends` are friends of each other. A person with it is a friend of those it names.
    """

    name: str
    joined: datetime.date
    phone: str
    active_days: int
    on_social: bool = True
    other_numbers: tuple[tuple[str, str], ...] = ()
    knows: tuple[str, ...] = ()
    befriends: tuple[str, ...] | None = None
    objects: bool = False

    @property
    def place(self) -> int:
        """The person's index in PERSONS."""
        return PERSONS.index(self)

    @property
    def member(self) -> int:
        """The number of the messenger account."""
        return FIRST_MEMBER + self.place

    @property
    def person(self) -> int:
        """The number of the social account; it exists only if `on_social`."""
        return FIRST_PERSON + self.place


PERSONS = (
    Person(
        "Ada Amsel",
        datetime.date(2013, 4, 2),
        "+491713920010",
        active_days=24,
        other_numbers=(("SECURITY_2FA", "+491713920011"), ("SELF_PROFILE", "+491713920012")),
        knows=("Ben Buche", "Dan Distel", "Eva Erle"),
        objects=True,
    ),
    Person(
        "Ben Buche",
        datetime.date(2014, 11, 20),
        "+491713920020",
        active_days=9,
        knows=("Ada Amsel", "Cleo Clivia", "Dan Distel"),
    ),
    Person(
        "Cleo Clivia",
        datetime.date(2016, 9, 3),
        "+491713920030",
        active_days=3,
        other_numbers=(("SELF_PROFILE", "+491713920030"),),
        knows=("Ben Buche", "Eva Erle"),
    ),
    Person("Dan Distel", datetime.date(2015, 1, 8), "+491713920040", active_days=0, on_social=False),
    Person(
        "Eva Erle",
        datetime.date(2015, 6, 30),
        "+491713920050",
        active_days=0,
        befriends=("Ben Buche",),
    ),
)
ADA, BEN, CLEO, DAN, EVA = PERSONS
# The principal of the demo's tokens; some purposes need one.
DEMO_BOUND = Principal(ADA.member, ADA.person, merchant_id=1, business_id=1)


async def add_persons(
    control: Connection,
    messenger: Connection,
    social: Connection,
    *,
    now: Callable[[], datetime.datetime],
) -> None:
    """Add the persons to stores that do not hold them, then record their objections as usual."""
    async with transaction(messenger), transaction(social):
        await _add_members(messenger)
        await _add_people(social)
        await _add_conversations(messenger, social)
    for each in PERSONS:
        if each.objects:
            stores, rules = Stores(control, messenger, social), Rules(Profile.SEED_2016, now)
            await record(stores, rules, each.member, purposes=frozenset(OBJECTABLE), channel=CHANNEL)


async def _add_members(messenger: Connection) -> None:
    await messenger.executemany(
        "INSERT INTO messenger.account (id, phone, country_code, registered_at) VALUES ($1, $2, 'DE', $3)",
        [(each.member, each.phone, _noon(each.joined)) for each in PERSONS],
    )
    accepted = datetime.timedelta(days=3)
    await messenger.executemany(
        "INSERT INTO messenger.terms_acceptance (account_id, version, accepted_at) VALUES ($1, $2, $3)",
        [(each.member, TERMS_VERSION, max(_noon(each.joined), TERMS_OF_2016 + accepted)) for each in PERSONS],
    )
    horizon = await messenger.fetchval("SELECT day FROM messenger.usage_horizon")
    await messenger.executemany(
        "INSERT INTO messenger.daily_usage (account_id, day, messages_sent) VALUES ($1, $2, $3)",
        [
            (each.member, horizon - datetime.timedelta(back), 1 + back % 7)
            for each in PERSONS
            for back in range(each.active_days)
        ],
    )
    members = {each.name: each.member for each in PERSONS}
    await messenger.executemany(
        "INSERT INTO messenger.contact (account_id, contact_id) VALUES ($1, $2)",
        [(each.member, members[name]) for each in PERSONS for name in each.knows],
    )


async def _add_people(social: Connection) -> None:
    people = [each for each in PERSONS if each.on_social]
    await social.executemany(
        "INSERT INTO social.account (id, display_name) VALUES ($1, $2)",
        [(each.person, each.name) for each in people],
    )
    await social.executemany(
        "INSERT INTO social.messenger_link (account_id, messenger_id, since) VALUES ($1, $2, $3)",
        [(each.person, each.member, SINCE) for each in people],
    )
    shared = [(each.person, "MESSENGER_SHARED", each.phone, each.member) for each in people]
    own = [(each.person, source, number, None) for each in people for source, number in each.other_numbers]
    await social.executemany(
        "INSERT INTO social.phone_binding (account_id, source, number, messenger_id) VALUES ($1, $2, $3, $4)",
        [*shared, *own],
    )
    await social.executemany(
        "INSERT INTO social.friendship (account_id, friend_id) VALUES ($1, $2)",
        [(one.person, other.person) for one in people for other in people if _are_friends(one, other)],
    )


async def _add_conversations(messenger: Connection, social: Connection) -> None:
    """Ada, Ben and somebody unknown talk with the business of the demo's token, Ada with another one too."""
    last = datetime.date(2016, 9, 30)
    talks: dict[str, tuple[Connection, list[tuple[int, int, int | None, str, str, int]]]] = {
        "messenger": (
            messenger,
            [
                (1, ADA.member, ADA.member, "SERVICE", "OPEN", 12),
                (2, BEN.member, ADA.member, "MARKETING", "CLOSED", 1),
            ],
        ),
        "social": (
            social,
            [
                (1, ADA.person, BEN.person, "UTILITY", "ANSWERED", 3),
                (1, BEN.person, None, "SERVICE", "OPEN", 2),
            ],
        ),
    }
    for store, (connection, rows) in talks.items():
        # Other accounts have these identifiers, unless the stores hold only the persons.
        await connection.execute(
            f"INSERT INTO {store}.business (id, name, verified) VALUES"  # noqa: S608 - two constants
            " (1, 'Blumen Bauer', true), (2, 'Reisen Roth', false) ON CONFLICT DO NOTHING"
        )
        await connection.executemany(
            f"INSERT INTO {store}.business_conversation"  # noqa: S608 - two constants
            " (business_id, id, account_id, category, status, opened_on, last_message_on, message_count)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            [(*row[:5], last - datetime.timedelta(9), last, row[5]) for row in rows],
        )


def _are_friends(one: Person, other: Person) -> bool:
    named = (*(one.befriends or ()), *(other.befriends or ()))
    if one.befriends is None and other.befriends is None:
        return one is not other
    return one.name in named or other.name in named


def _noon(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(12), datetime.UTC)
