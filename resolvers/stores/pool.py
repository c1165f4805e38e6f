"""Connections to the stores: one pool for each store and purpose.

A pool is a plain free list of connections that keep their prepared statements. asyncpg's own pool resets a
connection at each release and drops them, which halves the requests a second of the short query (design,
"Measured before the start"). Each statement has its own snapshot; a plan with two statements for one store
uses `snapshot`.

An error that means that the store cannot answer now (down, hanging, full) becomes StoreUnavailable here. Any
other database error is a fault of the gateway, and is raised unchanged.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import asyncpg

from resolvers.stores.deadlines import Deadlines
from resolvers.stores.gate import OPEN, Closed, Gate
from resolvers.stores.session import Session

if TYPE_CHECKING:
    Record = asyncpg.Record
    Connection = asyncpg.Connection[Record]
    Transaction = asyncpg.transaction.Transaction
    Statement = asyncpg.prepared_stmt.PreparedStatement[asyncpg.Record]
    # A session, or None for the place of one that is gone.
    Turn = asyncio.Future["Session | None"]

_DOWN = (
    Closed,
    OSError,
    TimeoutError,
    asyncpg.InternalClientError,  # the server said that it closes the connection, and then closed it
    asyncpg.PostgresConnectionError,
    asyncpg.QueryCanceledError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)


class StoreUnavailable(Exception):
    """The store cannot answer now. The exception carries no detail: the log has the cause."""


@dataclass(frozen=True)
class StoreLogin:
    """Where a role connects, and its time-outs.

    `behind_pooler`: a transaction pooler is in between. `pooled`: and it does not keep prepared statements.
    """

    dsn: str
    role: str
    size: int = 8
    connect_timeout_s: float = 2.0
    request_timeout_s: float = 7.0
    pooled: bool = False
    behind_pooler: bool = False


def transaction(connection: Connection, *, readonly: bool = False) -> Transaction:
    """A transaction at READ COMMITTED, whatever the database or the role has as its default.

    The triggers that copy restrictions refuse any other level: a transaction with an older snapshot would
    miss an objection that was committed meanwhile. Within another transaction it is a savepoint.
    """
    return connection.transaction(isolation="read_committed", readonly=readonly)


async def _name_level(connection: Connection) -> None:
    """Let single statements run at READ COMMITTED as well.

    A statement without a transaction has the default level. `SET SESSION` costs one round trip for each
    connection; naming the level with each statement would cost two round trips for each statement.
    """
    await connection.execute("SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED")


async def connect_owner(dsn: str) -> Connection:
    """Open one connection with the owner's rights: for migrations, universes, loading, objections."""
    # Behind a pooler, asyncpg's statement names would clash with those of other processes.
    connection = await asyncpg.connect(dsn, statement_cache_size=0)
    try:
        # Behind a pooler the setting would stay on a server connection that others of the same login use.
        if not await is_behind_pooler(connection):
            await _name_level(connection)
    except BaseException:
        connection.terminate()
        raise
    return connection


async def connect_role(login: StoreLogin) -> Connection:
    """Open one connection as the login's role. StoreUnavailable if that fails or takes too long."""
    connection = None
    try:
        connection = await asyncpg.connect(
            login.dsn,
            user=login.role,
            timeout=login.connect_timeout_s,
            # The pool keeps its own; behind a pooler asyncpg's would return other sessions' rows.
            statement_cache_size=0,
        )
        # Behind a pooler too: only the gateway uses the role, and it wants this level everywhere.
        # A busy pooler accepts the connection at once, and lets the first statement wait.
        patience = min(login.connect_timeout_s, login.request_timeout_s)
        await asyncio.wait_for(_name_level(connection), patience)
    except BaseException as error:
        if connection is not None:
            connection.terminate()
        # A refused connection (no right to connect, a closed database) means a store that cannot answer.
        refused = isinstance(error, (*_DOWN, asyncpg.InterfaceError, asyncpg.PostgresError))
        raise (StoreUnavailable() if refused else error) from None
    return connection


@asynccontextmanager
async def fresh_connections(*logins: StoreLogin, gate: Gate = OPEN) -> AsyncIterator[tuple[Connection, ...]]:
    """A connection for each login, for one piece of work that writes and may be repeated.

    StoreUnavailable if a connection fails or is lost, or the work takes too long: the caller must assume
    that any part of it may be done.
    """
    opened: list[Connection] = []
    try:
        async with asyncio.timeout(max(each.request_timeout_s for each in logins)):
            for login in logins:
                opened.append(await connect_role(login))
                await gate.admit(opened[-1], login.connect_timeout_s)
            yield tuple(opened)
    except BaseException as error:
        lost = any(each.is_closed() for each in opened)
        # Two writers waited for each other, and the server aborted this one.
        gave_way = isinstance(error, asyncpg.TransactionRollbackError)
        raise (StoreUnavailable() if gave_way else translated(error, lost)) from None
    finally:
        for each in opened:
            each.terminate()


async def is_behind_pooler(connection: Connection) -> bool:
    """Whether another server process answers than the one of the connection: a pooler is in between."""
    answering = await connection.fetchval("SELECT pg_backend_pid()")
    return bool(answering != connection.get_server_pid())


class Snapshot:
    """A session within a transaction. After an error it is broken: its transaction has ended."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.broken = False

    async def fetch(self, sql: str, arguments: Sequence[Any]) -> list[asyncpg.Record]:
        """The statement's rows, in the transaction's snapshot. StoreUnavailable as of `Pool.fetch`."""
        if self.broken:
            raise StoreUnavailable
        try:
            return await self._session.fetch(sql, arguments)
        except BaseException as error:
            self.broken = True
            raise translated(error, self._session.connection.is_closed()) from None


class Pool:
    """Connections of one purpose to one store. It opens them when needed, at most `login.size`.

    It uses a connection only while `gate` is open to the server for which the connection was admitted.
    """

    def __init__(
        self,
        login: StoreLogin,
        connect: Callable[[StoreLogin], Awaitable[Connection]] = connect_role,
        gate: Gate = OPEN,
    ) -> None:
        self.login = login
        self._connect = connect
        self._gate = gate
        self._free: list[Session] = []
        self._open = 0
        self._waiting: deque[Turn] = deque()
        self._closed = False
        self._statement_deadlines: Deadlines[Session] = Deadlines(login.request_timeout_s, Session.give_up)
        self._turn_deadlines: Deadlines[Turn] = Deadlines(login.request_timeout_s, _refuse_turn)
        self._turns = asyncio.Semaphore(max(1, login.size // 4))

    async def fetch(self, sql: str, arguments: Sequence[Any]) -> list[asyncpg.Record]:
        """The statement's rows, in a snapshot of its own. StoreUnavailable if the store cannot answer."""
        while True:
            session, fresh = (self._free.pop(), False) if self._free else await self._take()
            if session.admitted is not self._gate.current:
                self._drop(session)
                continue
            try:
                # The usual case is inline: each coroutine call costs as much as a dictionary.
                statement = session.prepared.get(sql)
                if statement is not None:
                    session.prepared.move_to_end(sql)
                    self._statement_deadlines.add(session)
                    rows = await statement.fetch(*arguments)
                    self._statement_deadlines.remove(session)
                else:
                    rows = await session.fetch(sql, arguments)
            except BaseException as error:
                self._statement_deadlines.remove(session)
                lost = session.connection.is_closed()
                self._give_up(session, error)
                raised = translated(error, lost)
                if lost and not fresh and not session.overdue and isinstance(raised, StoreUnavailable):
                    continue  # the store was restarted while this connection was idle: repeat the read
                raise raised from None
            self._give_back(session)
            return rows

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Snapshot]:
        """A session in which all statements see one snapshot. StoreUnavailable if the store cannot answer."""
        session = await self._begin()
        snapshot = Snapshot(session)
        ended = False
        try:
            yield snapshot
            ended = not snapshot.broken and await self._end(session)
        finally:
            if ended:
                self._give_back(session)
            else:
                self._drop(session)

    @asynccontextmanager
    async def fan_out(self) -> AsyncIterator[None]:
        """A turn for a statement that reads every shard: at most one connection in four does so at a time.

        Without this limit a few lists without a key would keep all shards busy, and look-ups by key would
        wait. StoreUnavailable if no turn is free in time.
        """
        try:
            async with asyncio.timeout(self.login.request_timeout_s):
                await self._turns.acquire()
        except TimeoutError:
            raise StoreUnavailable from None
        try:
            yield
        finally:
            self._turns.release()

    async def _begin(self) -> Session:
        while True:
            session, fresh = await self._take()
            if session.admitted is not self._gate.current:
                self._drop(session)
                continue
            try:
                await session.begin("REPEATABLE READ")
            except BaseException as error:
                lost = session.connection.is_closed()
                self._drop(session)
                raised = translated(error, lost)
                if lost and not fresh and isinstance(raised, StoreUnavailable):
                    continue
                raise raised from None
            return session

    async def _end(self, session: Session) -> bool:
        """Whether the transaction ended. If not, no data is lost: it only read."""
        try:
            await session.connection.execute("COMMIT", timeout=session.timeout_s)
        except (*_DOWN, asyncpg.InterfaceError):
            return False
        return True

    async def close(self) -> None:
        """Close the idle connections now, and the others when they are given back; refuse new calls."""
        self._closed = True
        self._turn_deadlines.close()
        while self._free:
            self._drop(self._free.pop())
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_exception(StoreUnavailable())
        self._waiting.clear()

    # --- the free list ----------------------------------------------------------------------------

    async def _take(self) -> tuple[Session, bool]:
        """A session, and whether it is new."""
        if self._closed or not self._gate.is_open:
            raise StoreUnavailable
        while self._free:
            session = self._free.pop()
            if not session.connection.is_closed():
                return session, False
            self._open -= 1
        if self._open < self.login.size:
            self._open += 1
        elif (handed := await self._wait()) is not None:
            return handed, False
        return await self._open_session(), True

    async def _wait(self) -> Session | None:
        """The next session given back, or None for a free place in the pool; first come, first served.

        The session goes directly to the first waiter. If it went to the free list, new callers could take it
        first, and waiters would time out.
        """
        waiter: Turn = self._turn_deadlines.loop.create_future()
        self._waiting.append(waiter)
        self._turn_deadlines.add(waiter)
        try:
            return await waiter
        except BaseException as error:
            # The session may arrive in the same turn of the loop as the error: pass it to the next waiter.
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._pass_on(waiter.result())
            raise translated(error) from None
        finally:
            self._turn_deadlines.remove(waiter)

    async def _open_session(self) -> Session:
        """A new session, in a place of the pool that the caller holds."""
        connection = None
        try:
            connection = await self._connect(self.login)
            admitted = await self._gate.admit(connection, self.login.connect_timeout_s)
        except BaseException as error:
            if connection is not None:
                connection.terminate()
            self._pass_on(None)
            raise translated(error) from None
        return Session(
            connection,
            self.login.request_timeout_s,
            admitted=admitted,
            pooled=self.login.pooled,
            behind_pooler=self.login.behind_pooler,
        )

    def _give_back(self, session: Session) -> None:
        if self._closed or session.connection.is_closed():
            self._drop(session)
        elif self._waiting:
            self._pass_on(session)
        else:
            self._free.append(session)

    def _give_up(self, session: Session, error: BaseException) -> None:
        # A cancelled query may still run there, and its rows would answer the next query. An error without a
        # severity is asyncpg's own: it leaves the connection in the middle of a protocol exchange.
        if isinstance(error, asyncpg.PostgresError) and error.severity is not None:
            self._give_back(session)
        else:
            self._drop(session)

    def _drop(self, session: Session) -> None:
        session.connection.terminate()
        self._pass_on(None)

    def _pass_on(self, session: Session | None) -> None:
        """Give a session, or a free place, to the first waiter."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(session)
                return
        if session is None:
            self._open -= 1
        else:
            self._free.append(session)


def _refuse_turn(waiter: Turn) -> None:
    if not waiter.done():
        waiter.set_exception(TimeoutError())


def translated(error: BaseException, lost: bool = False) -> BaseException:
    """The error, or StoreUnavailable if it means that the store cannot answer now."""
    # asyncpg raises InterfaceError for a lost connection, and also for a wrong use of a statement.
    down = isinstance(error, _DOWN) or (lost and isinstance(error, asyncpg.InterfaceError))
    return StoreUnavailable() if down else error
