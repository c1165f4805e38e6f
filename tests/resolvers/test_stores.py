"""A pool keeps its bounds and its answers apart, under any fault of Postgres or of the caller."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from gateway.demo.embedded import SUPERUSER, start
from resolvers.sources.catalogue import Store
from resolvers.sources.fields import OBJECTS
from resolvers.stores.pool import Pool, StoreLogin, StoreUnavailable, connect_owner
from resolvers.stores.serial_connection import SerialConnection
from resolvers.stores.session import MAX_PREPARED
from resolvers.universe.render import apply, role_of
from schema.purposes import Purpose

if TYPE_CHECKING:
    from gateway.demo.embedded import EmbeddedPostgres
    from resolvers.stores.pool import Connection

NewDatabase = Callable[[str], Awaitable[str]]
OWN_PID = "SELECT pg_backend_pid()"
ASLEEP = "SELECT pg_backend_pid() FROM pg_sleep($1)"


@pytest.fixture(scope="module")
async def login(new_database: NewDatabase) -> StoreLogin:
    """The security role's login to an empty store of the social network."""
    dsn = await new_database("social")
    owner = await connect_owner(dsn)
    await apply(owner, OBJECTS, Store.SOCIAL)
    await owner.close()
    return StoreLogin(dsn, role_of(Store.SOCIAL, Purpose.SECURITY), size=2)


@pytest.fixture
async def owner(login: StoreLogin) -> AsyncIterator[Connection]:
    """The store's owner's connection."""
    connection = await connect_owner(login.dsn)
    yield connection
    await connection.close()


@asynccontextmanager
async def open_pool(login: StoreLogin, **others: Any) -> AsyncIterator[Pool]:
    """A pool with this login; closed when the block ends."""
    pool = Pool(replace(login, **others))
    try:
        yield pool
    finally:
        await pool.close()


async def own_pid(pool: Pool) -> int:
    """The server process that answers."""
    return int((await pool.fetch(OWN_PID, ()))[0][0])


async def pids_of(owner: Connection, role: str) -> list[int]:
    """The server processes of a role's connections to the owner's database."""
    rows = await owner.fetch(
        "SELECT pid FROM pg_stat_activity WHERE usename = $1 AND datname = current_database()", role
    )
    return [row["pid"] for row in rows]


async def all_gone(owner: Connection, role: str) -> None:
    """Return when the role has no connection left."""
    async with asyncio.timeout(10):
        while await pids_of(owner, role):
            await asyncio.sleep(0.01)


@contextlib.contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Stop the process for the time of the block."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


# --- bounds ---------------------------------------------------------------------------------------


async def test_never_more_connections_than_its_size(login: StoreLogin, owner: Connection) -> None:
    """Thirty concurrent statements use three connections."""
    async with open_pool(login, size=3) as pool:
        asked = [asyncio.create_task(pool.fetch(ASLEEP, (0.02,))) for _ in range(30)]
        most = 0
        while not all(task.done() for task in asked):
            most = max(most, len(await pids_of(owner, login.role)))
        answered = {task.result()[0][0] for task in asked}

    assert len(answered) == 3
    assert most <= 3


async def test_a_connection_is_opened_when_it_is_first_needed(login: StoreLogin, owner: Connection) -> None:
    """An unused pool has no connection, and sequential statements need one."""
    async with open_pool(login) as pool:
        await all_gone(owner, login.role)
        first = await own_pid(pool)

        assert [await own_pid(pool) for _ in range(5)] == [first] * 5
        assert await pids_of(owner, login.role) == [first]


async def test_statements_are_served_in_order_of_arrival(login: StoreLogin) -> None:
    """With every connection in use, statements wait and are answered in the order of their arrival."""
    served: list[int] = []
    async with open_pool(login, size=1) as pool:

        async def ask(number: int) -> None:
            await pool.fetch(ASLEEP, (0.001,))
            served.append(number)

        await asyncio.gather(*(ask(number) for number in range(20)))

    assert served == list(range(20))


async def test_a_repeated_statement_does_not_overtake_a_waiting_one(login: StoreLogin) -> None:
    """A caller with many sequential statements does not keep others from the only connection."""
    async with open_pool(login, size=1) as pool:

        async def ask_on_and_on() -> None:
            while True:
                await pool.fetch(OWN_PID, ())

        await own_pid(pool)
        greedy = asyncio.create_task(ask_on_and_on())
        await asyncio.sleep(0.01)
        async with asyncio.timeout(2):
            await pool.fetch(OWN_PID, ())
        greedy.cancel()
        await asyncio.gather(greedy, return_exceptions=True)


async def test_a_wait_that_is_too_long_is_unavailability(login: StoreLogin) -> None:
    """A statement that waits too long for a connection is StoreUnavailable."""
    async with open_pool(login, size=1, request_timeout_s=0.1) as pool:
        async with pool.snapshot():
            begun = time.monotonic()
            with pytest.raises(StoreUnavailable):
                await pool.fetch(OWN_PID, ())
            assert 0.1 <= time.monotonic() - begun < 2

        assert await own_pid(pool)


@pytest.mark.parametrize("moment", ["while it waits", "before its turn", "after its turn"])
async def test_a_cancelled_wait_delays_no_other(login: StoreLogin, owner: Connection, moment: str) -> None:
    """A waiter behind a cancelled waiter is served as if the cancelled one had never waited."""
    async with open_pool(login, size=1) as pool:
        session, _ = await pool._take()
        gone, patient = [asyncio.create_task(own_pid(pool)) for _ in range(2)]
        await asyncio.sleep(0)
        if moment == "after its turn":
            pool._give_back(session)
        gone.cancel()
        if moment == "while it waits":
            await asyncio.sleep(0)
        if moment != "after its turn":
            pool._give_back(session)
        async with asyncio.timeout(5):
            assert await patient
            assert await own_pid(pool)

        assert isinstance((await asyncio.gather(gone, return_exceptions=True))[0], asyncio.CancelledError)
        # A connection that was given up takes the server a moment to notice.
        async with asyncio.timeout(5):
            while len(await pids_of(owner, login.role)) > 1:
                await asyncio.sleep(0.02)
        assert len(await pids_of(owner, login.role)) == 1


async def test_few_ask_every_shard_at_once(login: StoreLogin) -> None:
    """One connection in four serves lists without a key; look-ups by key do not wait for them."""
    async with open_pool(login, size=8, request_timeout_s=0.2) as pool:
        async with pool.fan_out(), pool.fan_out():
            with pytest.raises(StoreUnavailable):
                async with pool.fan_out():
                    pytest.fail("a third turn")
            assert await own_pid(pool)
        async with pool.fan_out(), pool.fan_out():
            assert await own_pid(pool)


# --- whose rows -----------------------------------------------------------------------------------


async def test_a_cancelled_query_never_answers_the_next(login: StoreLogin, owner: Connection) -> None:
    """Half of four hundred statements are cancelled at any moment; each answer goes to its own statement."""
    chance = random.Random(1)
    async with open_pool(login, size=4) as pool:

        async def ask(number: int) -> None:
            rows = await pool.fetch("SELECT $1::bigint FROM pg_sleep($2)", (number, chance.random() / 200))
            assert rows[0][0] == number

        async def ask_or_leave(number: int) -> None:
            if number % 2:
                await ask(number)
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(chance.random() / 50):
                    await ask(number)

        await asyncio.gather(*(ask_or_leave(number) for number in range(400)))
        assert await own_pid(pool)


async def test_a_cancelled_querys_connection_is_given_up(login: StoreLogin) -> None:
    """The connection of a cancelled statement is closed, because its server process may still be busy."""
    async with open_pool(login, size=1) as pool:
        first = await own_pid(pool)
        asked = asyncio.create_task(pool.fetch(ASLEEP, (1.0,)))
        await asyncio.sleep(0.05)
        asked.cancel()

        assert await own_pid(pool) != first
        await asyncio.gather(asked, return_exceptions=True)


async def test_a_snapshot_is_one_state(login: StoreLogin, owner: Connection) -> None:
    """A commit in between shows in the next snapshot, not in this one."""
    count = "SELECT count(*) FROM account"
    async with open_pool(login) as pool:
        async with pool.snapshot() as snapshot:
            before = await snapshot.fetch(count, ())
            await owner.execute("INSERT INTO social.account VALUES (700, 'Ada')")
            assert await pool.fetch(count, ()) != before
            assert await snapshot.fetch(count, ()) == before
        async with pool.snapshot() as snapshot:
            assert (await snapshot.fetch(count, ()))[0][0] == before[0][0] + 1


async def test_a_snapshot_only_reads(login: StoreLogin) -> None:
    """A snapshot cannot write, with any rights of its role."""
    async with open_pool(login) as pool, pool.snapshot() as snapshot:
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await snapshot.fetch("CREATE TEMPORARY TABLE t ()", ())


async def test_after_its_first_failure_a_snapshot_is_broken(login: StoreLogin) -> None:
    """Its transaction has ended: no statement may then answer from another state. The pool goes on."""
    async with open_pool(login, size=1) as pool:
        async with pool.snapshot() as snapshot:
            with pytest.raises(asyncpg.DivisionByZeroError):
                await snapshot.fetch("SELECT 1 / 0", ())
            with pytest.raises(StoreUnavailable):
                await snapshot.fetch(OWN_PID, ())

        assert await own_pid(pool)


# --- a store that cannot be asked -----------------------------------------------------------------


@pytest.mark.parametrize("known", ["known", "not yet known"])
async def test_connections_ended_by_the_server_heal_at_the_next_question(
    login: StoreLogin, owner: Connection, known: str
) -> None:
    """After a restart or an operator's pg_terminate_backend the next statement is answered as usual."""
    async with open_pool(login, size=4) as pool:
        before = {rows[0][0] for rows in await asyncio.gather(*(pool.fetch(ASLEEP, (0.05,)) for _ in "1234"))}
        await owner.fetch("SELECT pg_terminate_backend(pid, 5000) FROM unnest($1::int[]) pid", before)
        if known == "known":
            await asyncio.sleep(0.1)
        after = {rows[0][0] for rows in await asyncio.gather(*(pool.fetch(ASLEEP, (0.05,)) for _ in "1234"))}

        assert len(after) == 4
        assert not before & after


async def test_a_connection_ended_unnoticed_heals_too(login: StoreLogin) -> None:
    """A statement sent before the process has read that the server closed the connection is answered."""
    async with open_pool(login, size=1) as pool:
        before = await own_pid(pool)
        os.kill(before, signal.SIGTERM)
        time.sleep(0.2)  # the event loop must not come to read it

        assert await own_pid(pool) != before


async def test_a_snapshot_begins_again_if_its_idle_connection_was_closed(
    login: StoreLogin, owner: Connection
) -> None:
    """A snapshot before its first statement can begin on another connection."""
    async with open_pool(login, size=1) as pool:
        before = await own_pid(pool)
        os.kill(before, signal.SIGTERM)
        time.sleep(0.2)
        async with pool.snapshot() as snapshot:
            assert (await snapshot.fetch(OWN_PID, ()))[0][0] != before


async def test_a_server_that_ends_in_the_middle_of_a_snapshot_is_unavailable(login: StoreLogin) -> None:
    """A snapshot after its first statement cannot move to another connection; the pool still works."""
    async with open_pool(login, size=1) as pool:
        async with pool.snapshot() as snapshot:
            os.kill((await snapshot.fetch(OWN_PID, ()))[0][0], signal.SIGTERM)
            time.sleep(0.2)
            with pytest.raises(StoreUnavailable):
                await snapshot.fetch(OWN_PID, ())

        assert await own_pid(pool)


async def test_the_stores_own_time_out_is_unavailability(login: StoreLogin) -> None:
    """A statement that the store cancels is StoreUnavailable, and its connection stays valid."""
    async with open_pool(login, size=1, dsn=f"{login.dsn}&statement_timeout=50") as pool:
        before = await own_pid(pool)
        for _ in range(3):
            with pytest.raises(StoreUnavailable):
                await pool.fetch(ASLEEP, (10.0,))

        assert await own_pid(pool) == before


async def test_a_server_that_does_not_answer_is_unavailable_in_time(login: StoreLogin) -> None:
    """A stopped server process costs its statement the time-out, and other statements nothing."""
    async with open_pool(login, size=1, request_timeout_s=0.3) as pool:
        before = await own_pid(pool)
        with stopped(before):
            begun = time.monotonic()
            with pytest.raises(StoreUnavailable):
                await own_pid(pool)
            assert 0.3 <= time.monotonic() - begun < 2

            assert await own_pid(pool) != before


async def test_a_snapshot_on_a_server_that_does_not_answer_is_unavailable_in_time(login: StoreLogin) -> None:
    """The same for a snapshot's beginning, its statements and its end."""
    async with open_pool(login, size=1, request_timeout_s=0.3) as pool:
        begun = time.monotonic()
        with stopped(await own_pid(pool)), pytest.raises(StoreUnavailable):
            await pool.snapshot().__aenter__()
        async with pool.snapshot() as snapshot:
            with stopped((await snapshot.fetch(OWN_PID, ()))[0][0]), pytest.raises(StoreUnavailable):
                await snapshot.fetch(OWN_PID, ())
        stack = contextlib.AsyncExitStack()
        snapshot = await stack.enter_async_context(pool.snapshot())
        with stopped((await snapshot.fetch(OWN_PID, ()))[0][0]):
            await stack.aclose()
        assert time.monotonic() - begun < 5
        assert await own_pid(pool)


async def test_a_server_that_takes_no_connection_is_unavailable_in_time(
    login: StoreLogin, embedded: EmbeddedPostgres
) -> None:
    """If connecting hangs, the statement fails within its time-out, and the pool recovers by itself."""
    postmaster = int((embedded.folder / "data" / "postmaster.pid").read_text().splitlines()[0])
    async with open_pool(login, size=1, connect_timeout_s=0.3) as pool:
        with stopped(postmaster):
            begun = time.monotonic()
            with pytest.raises(StoreUnavailable):
                await own_pid(pool)
            assert 0.3 <= time.monotonic() - begun < 2

        assert await own_pid(pool)


@pytest.mark.parametrize(
    "wrong",
    [{"dsn": "postgresql://absent@/none?host=/nowhere&port=1"}, {"role": "no_role_of_that_name"}],
    ids=["no server", "no login"],
)
async def test_a_store_that_refuses_every_login_is_unavailable(
    login: StoreLogin, wrong: dict[str, str]
) -> None:
    """A missing server and a refused login look the same to the caller; a failure frees its place."""
    async with open_pool(login, size=1, **wrong) as pool:
        for _ in range(3):
            with pytest.raises(StoreUnavailable):
                await own_pid(pool)


@pytest.mark.postgres
async def test_a_restarted_server_needs_no_restart_of_the_gateway() -> None:
    """While the store is down, statements fail at once; the first one after it is up is answered."""
    with tempfile.TemporaryDirectory(prefix="gateway-test-") as folder:
        place = Path(folder) / "postgres"
        with start(place, durable=False) as server:
            pool = Pool(StoreLogin(server.dsn(SUPERUSER), SUPERUSER, size=2))
            await asyncio.gather(pool.fetch(ASLEEP, (0.01,)), pool.fetch(ASLEEP, (0.01,)))
        began = time.monotonic()
        for _ in range(3):
            with pytest.raises(StoreUnavailable):
                await pool.fetch(OWN_PID, ())
            with pytest.raises(StoreUnavailable):
                async with pool.snapshot():
                    pytest.fail("a snapshot of nothing")
        assert time.monotonic() - began < 1
        with start(place, durable=False):
            assert await own_pid(pool)
            await pool.close()


# --- faults of ours -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "arguments", "fault"),
    [
        ("SELECT nothing_of_that_name", (), asyncpg.UndefinedColumnError),
        ("SELECT * FROM social.account", (), asyncpg.InsufficientPrivilegeError),
        ("SELECT 1 / $1::int", (0,), asyncpg.DivisionByZeroError),
        ("SELECT $1::bigint", (2**70,), asyncpg.DataError),
        ("SELECT $1::bigint", ("a text",), asyncpg.DataError),
        ("SELECT $1::bigint", (1, 2), asyncpg.InterfaceError),
    ],
)
@pytest.mark.parametrize("pooled", [False, True], ids=["direct", "pooled"])
async def test_a_fault_of_ours_is_not_unavailability(
    login: StoreLogin, sql: str, arguments: tuple[Any, ...], *, fault: type[Exception], pooled: bool
) -> None:
    """A wrong statement or a value that does not fit is an error of its own, and the pool goes on."""
    async with open_pool(login, size=1, pooled=pooled) as pool:
        for _ in range(2):
            with pytest.raises(fault):
                await pool.fetch(sql, arguments)
            async with pool.snapshot() as snapshot:
                with pytest.raises(fault):
                    await snapshot.fetch(sql, arguments)

        assert await own_pid(pool)


# --- prepared statements --------------------------------------------------------------------------


async def test_prepared_statements_are_bounded(login: StoreLogin) -> None:
    """A connection keeps a bounded number of prepared statements."""
    async with open_pool(login, size=1) as pool:
        for number in range(MAX_PREPARED + 50):
            assert (await pool.fetch(f"SELECT {number}", ()))[0][0] == number
        kept = (await pool.fetch("SELECT count(*) FROM pg_prepared_statements", ()))[0][0]

        # One that is being replaced may still be there.
        assert MAX_PREPARED - 1 <= kept <= MAX_PREPARED + 1
        assert (await pool.fetch("SELECT 0", ()))[0][0] == 0


async def test_a_serial_connection_prepares_its_statement_once(login: StoreLogin) -> None:
    """A serial connection's statement is prepared once, so the ledger's is not planned for each commit."""
    line = SerialConnection(login)
    for _ in range(3):
        await line.run("SELECT 1 + $1::integer", 1)
    kept = "SELECT generic_plans + custom_plans FROM pg_prepared_statements WHERE statement = $1"
    assert [tuple(row) for row in await line.run(kept, "SELECT 1 + $1::integer")] == [(3,)]
    line.close()


async def test_a_serial_connection_to_a_hanging_server_is_closed_in_time(login: StoreLogin) -> None:
    """A serial connection to a hanging server is closed in time, and the next statement gets another."""
    line = SerialConnection(replace(login, request_timeout_s=0.2))
    began = time.monotonic()
    with pytest.raises(StoreUnavailable):
        await line.run("SELECT pg_sleep(5)")
    assert time.monotonic() - began < 2
    assert [tuple(row) for row in await line.run("SELECT 7")] == [(7,)]
    line.close()


async def test_a_pooled_login_prepares_nothing(login: StoreLogin) -> None:
    """A login behind a pooler prepares no statement, because its name could be another process's."""
    async with open_pool(login, size=1, pooled=True) as pool:
        for number in range(20):
            assert (await pool.fetch("SELECT $1::int", (number,)))[0][0] == number
        async with pool.snapshot() as snapshot:
            assert (await snapshot.fetch("SELECT $1::int", (20,)))[0][0] == 20

        kept = "SELECT count(*) FROM pg_prepared_statements WHERE name <> ''"
        assert (await pool.fetch(kept, ()))[0][0] == 0


async def test_replaced_views_leave_prepared_statements_valid(login: StoreLogin, owner: Connection) -> None:
    """A universe may be applied under a running gateway: its statements then read the new views."""
    async with open_pool(login, size=1) as pool:
        sql = "SELECT display_name FROM account WHERE id = $1"
        before = await pool.fetch(sql, (1,))
        await apply(owner, OBJECTS, Store.SOCIAL)

        assert await pool.fetch(sql, (1,)) == before


# --- the end --------------------------------------------------------------------------------------


async def test_closing_ends_every_connection(login: StoreLogin, owner: Connection) -> None:
    """Idle connections close at once, the others when they are given back; their answers are complete."""
    pool = Pool(replace(login, size=3))
    await asyncio.gather(*(pool.fetch(ASLEEP, (0.05,)) for _ in range(3)))
    asked = asyncio.create_task(pool.fetch(ASLEEP, (0.1,)))
    await asyncio.sleep(0.02)
    await pool.close()

    assert (await asked)[0][0]
    await all_gone(owner, login.role)


async def test_a_store_that_hangs_costs_one_time_out(login: StoreLogin) -> None:
    """A statement that timed out is not repeated, so a hanging store costs one time-out."""
    async with open_pool(login, size=3, request_timeout_s=0.3) as pool:
        pids = [rows[0][0] for rows in await asyncio.gather(*(pool.fetch(ASLEEP, (0.05,)) for _ in "123"))]
        with contextlib.ExitStack() as hanging:
            for pid in pids:
                hanging.enter_context(stopped(pid))
            begun = time.monotonic()
            with pytest.raises(StoreUnavailable):
                await pool.snapshot().__aenter__()
            assert time.monotonic() - begun < 0.6


async def test_a_closed_pool_is_unavailable_at_once(login: StoreLogin) -> None:
    """New callers and waiters are refused at once, without a time-out."""
    pool = Pool(replace(login, size=1))
    async with pool.snapshot():
        waiting = asyncio.create_task(pool.fetch(OWN_PID, ()))
        await asyncio.sleep(0)
        await pool.close()
        async with asyncio.timeout(1):
            with pytest.raises(StoreUnavailable):
                await waiting
    async with asyncio.timeout(1):
        with pytest.raises(StoreUnavailable):
            await pool.fetch(OWN_PID, ())
