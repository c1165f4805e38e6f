"""A restriction is on every row with the member's data, in any order of writing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg
import pytest

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection
    from tests.conftest import Connect, NewDatabase

BOTH = 3
ARRIVALS = {
    "messenger": (
        "INSERT INTO messenger.daily_usage (account_id, day, messages_sent) VALUES (1, '2016-09-09', 9)",
        "INSERT INTO messenger.contact (account_id, contact_id) VALUES (1, 3)",
    ),
    "social": (
        "INSERT INTO social.phone_binding VALUES (11, 'MESSENGER_SHARED', '+4915100000009', 1)",
        "INSERT INTO social.messenger_link VALUES (12, 4, '2016-08-25')",
    ),
}
OBJECTS = {
    "messenger": "INSERT INTO messenger.restriction VALUES ($1, $2)",
    "social": "INSERT INTO social.restriction VALUES ($1, $2)",
}
COPIES = {
    "messenger": """
        SELECT 'account' AS copy, id AS member, restricted FROM messenger.account
        UNION ALL SELECT 'phone_lookup', account_id, restricted FROM messenger.phone_lookup
        UNION ALL SELECT 'daily_usage', account_id, restricted FROM messenger.daily_usage
        UNION ALL SELECT 'contact', account_id, restricted FROM messenger.contact""",
    "social": """
        SELECT 'messenger_link' AS copy, messenger_id AS member, restricted FROM social.messenger_link
        UNION ALL SELECT 'messenger_lookup', messenger_id, restricted FROM social.messenger_lookup
        UNION ALL SELECT 'phone_binding', messenger_id, restricted FROM social.phone_binding
        WHERE messenger_id IS NOT NULL""",
}
EMPTYING = {
    "messenger": "DELETE FROM messenger.account",
    "social": "DELETE FROM social.account",
}
PEOPLE = {
    "messenger": """
        INSERT INTO messenger.account (id, phone, country_code, registered_at)
        SELECT n, '+4915100000' || 100 + n, 'DE', '2015-01-01Z' FROM generate_series(1, 4) n;
        INSERT INTO messenger.daily_usage (account_id, day, messages_sent)
        SELECT n, '2016-09-01', 5 FROM generate_series(1, 4) n;
        INSERT INTO messenger.contact (account_id, contact_id) VALUES (1, 2), (2, 1), (4, 1);""",
    "social": """
        INSERT INTO social.account SELECT n, 'Name ' || n FROM generate_series(10, 14) n;
        INSERT INTO social.messenger_link SELECT 10 + n, n, '2016-08-25' FROM generate_series(1, 1) n;
        INSERT INTO social.messenger_link VALUES (13, 3, '2016-08-25');
        INSERT INTO social.phone_binding VALUES
            (11, 'MESSENGER_SHARED', '+4915100000101', 1), (11, 'SELF_PROFILE', '+4915100000101', NULL),
            (13, 'MESSENGER_SHARED', '+4915100000103', 3);""",
}


@dataclass(frozen=True)
class Store:
    """A small store and a way to open more connections to it."""

    name: str
    owner: Connection
    other: Connection

    async def object(self, member: int, purposes: int) -> None:
        """Restrict a member."""
        await self.owner.execute(OBJECTS[self.name], member, purposes)

    async def bits(self, member: int) -> set[int]:
        """Every value on the member's rows."""
        rows = await self.owner.fetch(
            f"SELECT restricted FROM ({COPIES[self.name]}) c WHERE member = $1", member
        )
        assert rows
        return {row["restricted"] for row in rows}


@pytest.fixture(params=["messenger", "social"])
async def store(request: pytest.FixtureRequest, new_database: NewDatabase, connect: Connect) -> Store:
    """Each of the two stores in turn, with four members."""
    dsn = await new_database(request.param)
    made = Store(request.param, await connect(dsn), await connect(dsn))
    await made.owner.execute(PEOPLE[request.param])
    return made


async def waits(work: Awaitable[object]) -> asyncio.Future[object]:
    """The running task, once it certainly waits for another transaction."""
    task = asyncio.ensure_future(work)
    await asyncio.sleep(0.3)
    assert not task.done()
    return task


@pytest.mark.parametrize("purposes", [1, 2, 3])
async def test_a_restriction_reaches_every_copy_of_that_member_alone(store: Store, purposes: int) -> None:
    """All rows with the member's data carry the bits, and no other rows do."""
    await store.object(1, purposes)
    assert await store.bits(1) == {purposes}
    assert await store.bits(3) == {0}


async def test_a_number_typed_into_the_profile_is_not_restricted(store: Store) -> None:
    """Data that the person gave the social network stays open, although it is the same number."""
    if store.name == "social":
        await store.object(1, BOTH)
        assert await store.owner.fetchval(
            "SELECT restricted FROM social.phone_binding WHERE account_id = 11 AND source = 'SELF_PROFILE'"
        ) == 0  # fmt: skip


async def test_rows_that_arrive_later_inherit_the_restriction(store: Store) -> None:
    """Rows of the member after the objection are restricted from the start."""
    await store.object(1, BOTH)
    await store.object(4, BOTH)
    for arrival in ARRIVALS[store.name]:
        await store.owner.execute(arrival)
    assert await store.bits(1) == {BOTH}
    assert await store.bits(4) == {BOTH}


async def test_a_changed_restriction_replaces_the_old_one(store: Store) -> None:
    """A second objection adds its purpose to every copy."""
    await store.object(1, 1)
    key = "account_id" if store.name == "messenger" else "messenger_id"
    await store.owner.execute(f"UPDATE {store.name}.restriction SET purposes = 3 WHERE {key} = 1")
    assert await store.bits(1) == {BOTH}


async def test_withdrawal_opens_every_copy_again(store: Store) -> None:
    """After the restriction is removed, no copy of it is left."""
    await store.object(1, BOTH)
    await store.owner.execute(f"DELETE FROM {store.name}.restriction")
    assert await store.bits(1) == {0}


@pytest.mark.parametrize("arrival", [0, 1])
async def test_a_row_that_arrives_during_an_objection_is_restricted(store: Store, arrival: int) -> None:
    """A row written while an objection is being written waits for it and takes its bits."""
    member = 4 if "(12, 4," in ARRIVALS[store.name][arrival] else 1
    async with store.owner.transaction():
        await store.object(member, BOTH)
        late = await waits(store.other.execute(ARRIVALS[store.name][arrival]))
    await late
    assert await store.bits(member) == {BOTH}


@pytest.mark.parametrize("arrival", [0, 1])
async def test_an_objection_during_an_arrival_reaches_the_new_row(store: Store, arrival: int) -> None:
    """An objection waits for rows that are being written and then restricts them too."""
    member = 4 if "(12, 4," in ARRIVALS[store.name][arrival] else 1
    async with store.other.transaction():
        await store.other.execute(ARRIVALS[store.name][arrival])
        late = await waits(store.object(member, BOTH))
    await late
    assert await store.bits(member) == {BOTH}


@pytest.mark.parametrize("isolation", ["repeatable_read", "serializable"])
async def test_an_arrival_with_an_old_view_never_leaves_an_open_row(store: Store, isolation: str) -> None:
    """A transaction that began before the objection cannot see it, so it may not add rows."""
    transaction = store.other.transaction(isolation=isolation)
    await transaction.start()
    await store.other.fetchval("SELECT 1 FROM pg_class LIMIT 1")
    await store.object(1, BOTH)
    try:
        await store.other.execute(ARRIVALS[store.name][0])
        await transaction.commit()
    except asyncpg.PostgresError:
        await transaction.rollback()
    assert await store.bits(1) == {BOTH}


async def test_many_writers_and_objectors_never_leave_an_open_row(store: Store) -> None:
    """Under many concurrent inserts and objections on two connections every copy ends up restricted."""
    arrivals = {
        "messenger": "INSERT INTO messenger.daily_usage VALUES ($1, date '2016-01-01' + $2::integer, 1)",
        "social": "INSERT INTO social.phone_binding VALUES"
        " (13, 'MESSENGER_SHARED', '+49160' || 1000000 + $1::bigint * 1000 + $2::integer, $1)",
    }[store.name]

    async def arrive() -> None:
        for n in range(200):
            await store.other.execute(arrivals, 1 + n % 4, n)

    async def object() -> None:
        for member in (1, 2, 3, 4):
            await asyncio.sleep(0.02)
            await store.object(member, BOTH)

    await asyncio.gather(arrive(), object())
    for member in (1, 2, 3, 4):
        assert await store.bits(member) == {BOTH}


async def test_a_deleted_account_leaves_its_restriction(store: Store) -> None:
    """The deletion of a restricted member of the messenger leaves their restriction, and no other row."""
    if store.name == "messenger":
        await store.object(1, BOTH)
        await store.owner.execute("DELETE FROM messenger.account WHERE id = 1")
        assert await store.owner.fetch(f"SELECT * FROM ({COPIES['messenger']}) c WHERE member = 1") == []
        assert await store.owner.fetchval("SELECT purposes FROM messenger.restriction") == BOTH


async def test_a_row_that_comes_back_is_bound(store: Store) -> None:
    """A nightly load by DELETE and INSERT brings the member back restricted, and everything of theirs."""
    await store.object(1, BOTH)
    await store.owner.execute(EMPTYING[store.name])
    await store.owner.execute(PEOPLE[store.name])
    assert await store.bits(1) == {BOTH}
    assert await store.bits(3) == {0}


async def test_a_changed_number_keeps_the_restriction(store: Store) -> None:
    """The objection belongs to the account, not to its number."""
    if store.name == "messenger":
        await store.object(1, BOTH)
        await store.owner.execute("UPDATE messenger.account SET phone = '+4915177777777' WHERE id = 1")
        assert await store.owner.fetchval(
            "SELECT restricted FROM messenger.phone_lookup WHERE phone = '+4915177777777'"
        ) == BOTH  # fmt: skip


async def test_a_recycled_number_does_not_inherit_the_restriction(store: Store) -> None:
    """A new account with the number of a closed account is not restricted."""
    if store.name == "messenger":
        await store.object(1, BOTH)
        phone = await store.owner.fetchval("SELECT phone FROM messenger.account WHERE id = 1")
        await store.owner.execute("DELETE FROM messenger.account WHERE id = 1")
        await store.owner.execute("INSERT INTO messenger.account VALUES (9, $1, 'DE', '2016-09-01Z')", phone)
        assert await store.bits(9) == {0}


@pytest.mark.parametrize(
    "move",
    [
        "UPDATE social.messenger_link SET messenger_id = 9 WHERE account_id = 11",
        "UPDATE social.messenger_link SET account_id = 14 WHERE account_id = 11",
        "UPDATE social.phone_binding SET messenger_id = 9 WHERE messenger_id = 1",
        "UPDATE social.phone_binding SET account_id = 14 WHERE messenger_id = 1",
    ],
)
async def test_a_link_or_binding_is_never_moved_to_another_account(store: Store, move: str) -> None:
    """Moving a row past the triggers, which would carry the wrong restriction, is refused."""
    if store.name == "social":
        with pytest.raises(asyncpg.RaiseError, match="replaced, not moved"):
            await store.owner.execute(move)


@pytest.mark.parametrize(
    "move",
    [
        "UPDATE messenger.daily_usage SET account_id = 3, day = '2016-01-01' WHERE account_id = 1",
        "UPDATE messenger.contact SET account_id = 3 WHERE account_id = 1",
    ],
)
async def test_usage_and_contacts_are_never_moved_to_another_member(store: Store, move: str) -> None:
    """A row moved to a restricted member would stay open: moving is refused."""
    if store.name == "messenger":
        await store.object(3, BOTH)
        with pytest.raises(asyncpg.RaiseError, match="replaced, not moved"):
            await store.owner.execute(move)
