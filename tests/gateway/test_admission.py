"""A client's quotas of requests: a second, and under way at once, over all processes."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from gateway.quotas import people as people_quotas
from gateway.quotas import requests as admissions
from gateway.quotas.requests import Admission
from gateway.quotas.table import OwnQuota, Quota, quotas_login, read_quotas, reset_quota, set_quota
from resolvers.universe.roles import QUOTAS
from schema.refusals import Code, Refusal
from tests.commands.test_cli import command
from tests.kit.gateway import SECURITY, NewDatabase, Reply, Side, open_side, send
from tests.kit.worlds.making import random_world

WORLD = random_world(7, 12)
BY_ID = "query($id: ID!) { messengerAccount(id: $id) { phone countryCode } }"
ALL = "{ messengerAccounts { nodes { id } } }"
IDS = [f"ma_{each.id}" for each in WORLD.messenger_accounts]
PLENTY = Quota(10**6, 10**6, 10**6, 10**6)


@pytest.fixture(scope="module")
async def side(new_database: NewDatabase) -> AsyncIterator[Side]:
    """A gateway before stores of its own."""
    async with open_side(new_database) as opened:
        yield opened


@pytest.fixture(autouse=True)
async def fresh(side: Side) -> None:
    """Load the world, reset the use of quotas, and give every client a large quota."""
    await side.wait_until_ready()
    await side.hold(WORLD)
    for table in ("quota", "quota_rate", "quota_place", "quota_hour", "quota_person", "quota_room"):
        await side.control.execute(f"DELETE FROM control.{table}")
    await side.book.refreshed()
    # Release what this process reserved in earlier tests.
    side.gateway.admission._shares = {}
    side.gateway.people._hour, side.gateway.people._shares = people_quotas._Hour(), {}


async def limit(side: Side, *numbers: int | None) -> None:
    """Set the quota of the tests' client."""
    await set_quota(side.control, "client", OwnQuota(*numbers))
    await side.book.refreshed()


@asynccontextmanager
async def process(side: Side, quota: Quota) -> AsyncIterator[Admission]:
    """Another process' admission, with this quota for every client."""
    made = Admission(
        quotas_login(side.settings),
        lambda _: quota,
        process=bytes(7) + bytes([process.number]),
        monotonic=time.monotonic,
    )
    process.number += 1
    try:
        yield made
    finally:
        await made.close()


process.number = 1  # type: ignore[attr-defined]


async def entering(one: Admission, client: str = "somebody") -> Code | None:
    """The refusal of a request, or None if it is admitted."""
    try:
        await one.enter(client)
    except Refusal as refusal:
        return refusal.code
    return None


async def ask(side: Side, document: str = BY_ID, **variables: Any) -> Reply:
    """An answer under SECURITY."""
    return await side.ask(SECURITY, document, variables)


# --- requests a second ----------------------------------------------------------------------------


async def test_two_processes_let_in_no_more_than_the_rate(side: Side) -> None:
    """Two processes together admit as many requests as the rate allows, plus a burst of one second."""
    rate = 200
    let_in: Counter[Code | None] = Counter()

    async def keep_asking(one: Admission, until: float) -> None:
        while time.monotonic() < until:
            code = await entering(one)
            let_in[code] += 1
            if code is None:
                one.leave("somebody")
            await asyncio.sleep(0.001)

    begun = time.monotonic()
    async with (
        process(side, Quota(rate, 100, 1, 10**6)) as one,
        process(side, Quota(rate, 100, 1, 10**6)) as other,
    ):
        await asyncio.gather(*(keep_asking(each, begun + 2) for each in (one, other) for _ in range(4)))
    took = time.monotonic() - begun
    assert let_in.keys() == {None, Code.TOO_MANY_REQUESTS}
    assert let_in[None] <= rate * (took + 1)
    # What a process took and did not use within a second is lost: a tenth at the most.
    assert let_in[None] >= rate * 2


async def test_a_client_that_asks_too_often_gets_429_and_soon_an_answer(side: Side) -> None:
    """A client above its rate gets 429 with Retry-After, and an answer a second later."""
    await limit(side, 2, None, None)
    replies = [await ask(side, id=f"ma_{number}") for number in (0, 1, 0, 1, 999)]
    codes = [reply.codes for reply in replies]
    assert codes[:2] == [[], []]
    assert codes[-1] == ["TOO_MANY_REQUESTS"]
    refused = [reply for reply in replies if reply.codes]
    assert {reply.status for reply in refused} == {429}
    assert len({reply.body for reply in refused}) == 1
    assert (b"retry-after", b"1") in refused[0].headers
    await asyncio.sleep(1)
    assert (await ask(side, id="ma_0")).codes == []


async def test_a_refusal_has_its_status_under_either_media_type(side: Side) -> None:
    """The refusal of a quota has its own status under either media type, and never 200."""
    await limit(side, 1, None, None)
    for accept in (b"application/json", b"application/graphql-response+json"):
        headers = [each for each in side.authorised(SECURITY) if each[0] != b"accept"]
        for _ in range(3):
            reply = await send(
                side.app, headers=[*headers, (b"accept", accept)], body=json.dumps({"query": ALL}).encode()
            )
        assert (reply.status, reply.codes) == (429, ["TOO_MANY_REQUESTS"])


async def test_another_client_does_not_wait_for_one_that_asks_too_often(side: Side) -> None:
    """A client above its rate does not delay other clients."""
    async with process(side, Quota(1, 100, 1, 10**6)) as one:
        assert [await entering(one) for _ in range(3)][-1] is Code.TOO_MANY_REQUESTS
        assert await entering(one, "another") is None
        one.leave("another")
        one.leave("somebody")


async def test_the_usual_request_asks_no_store(side: Side) -> None:
    """A thousand requests take a few statements, because a process takes a batch of places at a time."""
    asked = 0
    async with process(side, PLENTY) as one:
        take = one._take

        async def counted(rows: Any) -> None:
            nonlocal asked
            asked += 1
            await take(rows)

        one._take = counted  # type: ignore[method-assign]
        for _ in range(1_000):
            assert await entering(one) is None
            one.leave("somebody")
        assert asked <= 20


# --- at once --------------------------------------------------------------------------------------


async def test_two_processes_let_in_no_more_at_once(side: Side) -> None:
    """Two processes together admit the client's concurrent requests, and an ended one frees its place."""
    quota = Quota(10**6, 4, 1, 10**6)
    async with process(side, quota) as one, process(side, quota) as other:
        codes = [await entering(each) for each in (one, other, one, other, one, other)]
        assert codes == [None] * 4 + [Code.TOO_MANY_AT_ONCE] * 2
        for each in (one, one):
            each.leave("somebody")
        for each in (one, other):
            # The second run returns what was not used since the first.
            await each.fit_places()
            await each.fit_places()
        await asyncio.sleep(admissions.CLOSED_SECONDS)
        assert [await entering(other) for _ in range(3)] == [None, None, Code.TOO_MANY_AT_ONCE]
        for _ in range(4):
            other.leave("somebody")


async def test_places_of_a_process_that_died_are_free_when_their_time_is_over(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The places of a process that died are free after a few seconds."""
    monkeypatch.setattr(admissions, "LASTS", admissions.timedelta(milliseconds=300))
    quota = Quota(10**6, 1, 1, 10**6)
    died = Admission(quotas_login(side.settings), lambda _: quota, process=bytes(8), monotonic=time.monotonic)
    assert await entering(died) is None
    died._connection.close()
    async with process(side, quota) as one:
        assert await entering(one) is Code.TOO_MANY_AT_ONCE
        await asyncio.sleep(0.4)
        assert await entering(one) is None
        one.leave("somebody")


async def test_requests_that_hang_take_the_places_and_give_them_back(side: Side) -> None:
    """If hanging requests hold every place, the next is refused at once, until they are answered."""
    await limit(side, None, 2, None)
    locked = side.messenger.transaction()
    await locked.start()
    await side.messenger.execute("LOCK TABLE messenger.account IN ACCESS EXCLUSIVE MODE")
    hanging = [asyncio.create_task(ask(side, id=f"ma_{number}")) for number in range(2)]
    await asyncio.sleep(0.3)
    refused = await ask(side, id="ma_2")
    await locked.rollback()
    assert [(await each).codes for each in hanging] == [[], []]
    assert (refused.status, refused.codes) == (429, ["TOO_MANY_AT_ONCE"])
    assert (b"retry-after", b"1") in refused.headers
    await asyncio.sleep(admissions.CLOSED_SECONDS)
    assert (await ask(side, id="ma_2")).codes == []


async def test_a_request_over_its_total_time_is_given_up(new_database: NewDatabase) -> None:
    """A request over its total time gets 503 and frees its place for the next one."""
    async with open_side(new_database, answer_timeout_ms=500) as hasty:
        await hasty.hold(WORLD)
        locked = hasty.messenger.transaction()
        await locked.start()
        await hasty.messenger.execute("LOCK TABLE messenger.account IN ACCESS EXCLUSIVE MODE")
        begun = time.monotonic()
        reply = await ask(hasty, id=IDS[0])
        took = time.monotonic() - begun
        await locked.rollback()
        assert (reply.status, reply.codes) == (503, ["STORE_UNAVAILABLE"])
        assert took < 3
        assert hasty.gateway.admission._shares["client"].inside == 0
        assert (await ask(hasty, id=IDS[0])).codes == []


async def test_a_cancelled_request_takes_no_place(side: Side) -> None:
    """A request that is cancelled while it waits, or later, holds no place."""
    quota = Quota(10**6, 1, 1, 10**6)
    async with process(side, quota) as one:
        locked = side.control.transaction()
        await locked.start()
        await side.control.execute("LOCK TABLE control.quota_rate IN ACCESS EXCLUSIVE MODE")
        waiting = asyncio.create_task(one.enter("somebody"))
        await asyncio.sleep(0.1)
        waiting.cancel()
        await locked.rollback()
        await asyncio.gather(waiting, return_exceptions=True)
        await one._waiters.idle()
        assert await entering(one) is None
        one.leave("somebody")


# --- what is set, and what is away ----------------------------------------------------------------


async def test_a_client_s_quota_is_in_force_within_a_second_until_reset(side: Side) -> None:
    """A client's quota is in force within a second, in the parts that are set, and ends when reset."""
    usual = Quota(7, 8, 9, 10)
    await set_quota(side.control, "client", OwnQuota(1, None, None))
    await set_quota(side.control, "client", OwnQuota(None, None, 5))
    await set_quota(side.control, "client", OwnQuota(None, None, None, 6))
    assert await read_quotas(side.control) == {"client": OwnQuota(1, None, 5, 6)}
    await side.book.refreshed()
    assert side.book.quota_of("client", usual) == Quota(1, 8, 5, 6)
    assert await reset_quota(side.control, "client")
    assert not await reset_quota(side.control, "client")
    await side.book.refreshed()
    assert side.book.quota_of("client", usual) == usual


async def test_quotas_by_command(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command sets parts of a quota, lists them beside the default, and resets them once."""
    for store in ("messenger", "social", "control"):
        monkeypatch.setenv(f"GATEWAY_{store.upper()}_DSN", side.settings.owner_dsn(store))
    monkeypatch.setenv("GATEWAY_SECRET", side.settings.secret.get_secret_value())
    assert (await command("quota", "set", "ads", "--people-per-hour", "5000")).status == 0
    assert (await command("quota", "set", "ads", "--at-once", "7")).status == 0
    assert (await command("quota", "set", "ads", "--questions-per-hour", "60000")).status == 0
    listed = (await command("quota", "list")).out
    assert all(each in listed for each in ("default", "1,000", "100,000", "ads", "5,000", "7", "60,000"))
    assert (await command("quota", "set", "ads")).status == 2
    assert (await command("quota", "set", "a b", "--at-once", "7")).status == 2
    assert (await command("quota", "set", "ads", "--at-once", "0")).status == 2
    assert (await command("quota", "reset", "ads")).status == 0
    again = await command("quota", "reset", "ads")
    assert (again.status, "ads has no quota of its own" in again.err) == (1, True)


async def test_without_the_store_no_request_is_admitted_until_it_is_back(side: Side) -> None:
    """While the quotas' store is down every request gets 503; no restart is needed afterwards."""
    function = "control.take_quota(text,bytea,integer,integer,integer,integer,interval)"
    await side.control.execute(f"REVOKE EXECUTE ON FUNCTION {function} FROM {QUOTAS}")
    try:
        await side.control.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", QUOTAS
        )
        reply = await ask(side, id="ma_0")
    finally:
        await side.control.execute(f"GRANT EXECUTE ON FUNCTION {function} TO {QUOTAS}")
    assert (reply.status, reply.codes) == (503, ["STORE_UNAVAILABLE"])
    assert (await ask(side, id="ma_0")).codes == []


async def test_the_quotas_role_can_count_and_nothing_else(side: Side) -> None:
    """The quotas' role can count and cannot read which people a client received."""
    for table in (
        "quota",
        "quota_rate",
        "quota_place",
        "quota_hour",
        "quota_person",
        "quota_room",
        "token",
        "ledger_entry",
    ):
        for privilege in ("SELECT", "INSERT", "UPDATE", "DELETE"):
            assert not await side.control.fetchval(
                "SELECT has_table_privilege($1, $2, $3)", QUOTAS, f"control.{table}", privilege
            )
