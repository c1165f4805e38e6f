"""Times that decide a right: no store and no rule moves one to the person's disadvantage (I18)."""

from __future__ import annotations

import datetime
from collections.abc import AsyncIterator
from random import Random
from typing import TYPE_CHECKING

import asyncpg
import pytest

from resolvers.changes.objections import ObjectionOutcome, Rules, record, standing
from schema.terms.profiles import TERMS_OF_2016, TERMS_VERSION, WINDOW, Profile, Standing, eligibility
from tests.kit.gateway import SECURITY, NewDatabase, Side, open_side
from tests.kit.worlds.rows import World
from tests.promises.test_objection import BOTH, forget, stores

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection

MICROSECOND = datetime.timedelta(microseconds=1)
NOW = datetime.datetime(2016, 10, 2, tzinfo=datetime.UTC)
MEMBER = "INSERT INTO messenger.account (id, phone, country_code, registered_at) VALUES ($1, $2, 'DE', $3)"
ACCEPTED = "INSERT INTO messenger.terms_acceptance (account_id, version, accepted_at) VALUES ($1, $2, $3)"
# Columns that Postgres rounds to the second. Each is shown and ordered by, and decides nothing.
ROUNDED = {
    "messenger": {"content.message.sent_at", "content.business_message.sent_at"},
    "social": {
        "content.message.sent_at",
        "content.business_message.sent_at",
        "social.customer_list.uploaded_at",
    },
    "control": set[str](),
}


@pytest.fixture(scope="module")
async def side(new_database: NewDatabase) -> AsyncIterator[Side]:
    """A gateway before stores of its own."""
    async with open_side(new_database) as opened:
        yield opened


@pytest.fixture(autouse=True)
async def emptied(side: Side) -> None:
    """The stores hold no member."""
    await forget(side)
    await side.hold(World())


async def join(messenger: Connection, member: int, at: datetime.datetime) -> None:
    """Let a member register at that time."""
    await messenger.execute(MEMBER, member, f"+49151{member:08}", at)


async def test_i18_the_last_fraction_of_a_second_before_the_terms_is_before_them(side: Side) -> None:
    """A member who registered at 2016-08-24T23:59:59.999999Z may object; one a microsecond later may not."""
    outcomes = []
    for member, at in enumerate((TERMS_OF_2016 - MICROSECOND, TERMS_OF_2016), 1):
        await join(side.messenger, member, at)
        rules = Rules(Profile.SEED_2016, lambda: NOW)
        outcomes.append((await record(stores(side), rules, member, purposes=BOTH, channel="test")).outcome)
    assert outcomes == [ObjectionOutcome.RECORDED, ObjectionOutcome.NOT_ELIGIBLE_NEW_MEMBER]


@pytest.mark.parametrize("seed", range(3))
async def test_i18_a_store_s_time_decides_as_the_true_one(side: Side, seed: int) -> None:
    """Whatever its fraction of a second, a member's time gives the standing that the true time gives."""
    random = Random(seed)

    def near(time: datetime.datetime) -> datetime.datetime:
        return time + random.choice((-1, 0, 1)) * random.randrange(3_000_001) * MICROSECOND

    for member in range(1, 101):
        registered, accepted = near(TERMS_OF_2016), near(TERMS_OF_2016 + datetime.timedelta(days=2))
        now, profile = near(accepted + WINDOW), random.choice(tuple(Profile))
        await join(side.messenger, member, registered)
        await side.messenger.execute(ACCEPTED, member, TERMS_VERSION, accepted)
        found = await standing(side.messenger, profile, member, now=now)
        assert found == eligibility(profile, registered, accepted, now=now)
        if profile is Profile.HISTORIC_2016 and registered < TERMS_OF_2016 and now <= accepted + WINDOW:
            assert found is not None
            assert found.standing is Standing.MAY_OBJECT or now == found.until


async def test_i11_registrations_with_fractions_are_paged_as_others(side: Side) -> None:
    """Members who registered within one second are each on exactly one page, in the order of the answer."""
    for member in range(1, 12):
        await join(side.messenger, member, TERMS_OF_2016 - member * 90_000 * MICROSECOND)
    document = """query($after: String) {
      messengerAccounts(first: 2, after: $after, orderBy: {registeredAt: ASC}) {
        totalCount pageInfo { endCursor hasNextPage } nodes { id registeredAt }
      }
    }"""
    seen, after = [], None
    while True:
        page = (await side.ask(SECURITY, document, {"after": after})).data["messengerAccounts"]
        seen += [each["id"] for each in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert sorted(seen) == sorted(f"ma_{member}" for member in range(1, 12))
    assert page["totalCount"] == len(seen)


async def test_a_fraction_that_is_not_cut_is_refused(side: Side) -> None:
    """Where the trigger is off, a row with a fraction is refused: it is never rounded."""
    transaction = side.messenger.transaction()
    await transaction.start()
    await side.messenger.execute("ALTER TABLE messenger.account DISABLE TRIGGER cut_registration")
    with pytest.raises(asyncpg.CheckViolationError):
        await join(side.messenger, 1, TERMS_OF_2016 - MICROSECOND)
    await transaction.rollback()


@pytest.mark.parametrize("store", sorted(ROUNDED))
async def test_no_time_that_decides_is_rounded(side: Side, store: str) -> None:
    """All columns of a store that round a time are listed in this test; a new one needs a reason."""
    connection: Connection = getattr(side, store)
    rounded = await connection.fetch(
        "SELECT format('%s.%s.%s', n.nspname, c.relname, a.attname)"
        " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
        " JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind = 'r' AND a.attnum > 0 AND n.nspname <> 'pg_catalog'"
        " AND a.atttypid = ANY('{timestamptz,timestamp,time,timetz}'::regtype[]::oid[])"
        " AND a.atttypmod BETWEEN 0 AND 5"
    )
    assert {row[0] for row in rounded} == ROUNDED[store]
