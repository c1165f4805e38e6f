"""The connections to the stores: one pool for each store and purpose; the only importer of asyncpg.

A pool is a plain free list of connections that hold their prepared statements: asyncpg's own pool
resets a connection at each release and forgets them, which halves the requests a second on the short
query (design, "Measured before the start"). Each statement is its own snapshot; a plan that asks one
store twice takes `snapshot`.

Whatever says that a store cannot be asked now (down, hanging, full) becomes StoreUnavailable here;
any other database error is a fault of the gateway and stays what it is.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import asyncpg

from resolvers.stores.deadlines import Deadlines

if TYPE_CHECKING:
    Record = asyncpg.Record
    Connection = asyncpg.Connection[Record]
    Statement = asyncpg.prepared_stmt.PreparedStatement[asyncpg.Record]
    # A session, or None for the place of one that is gone.
    Turn = asyncio.Future["Session | None"]

MAX_PREPARED = 256
_DOWN = (
    OSError,
    TimeoutError,
    asyncpg.InternalClientError,  # the driver met the store's farewell before the end of the connection
    asyncpg.PostgresConnectionError,
    asyncpg.QueryCanceledError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)


class StoreUnavailable(Exception):
    """The store cannot be asked now. Carries no detail: the log has the cause."""


@dataclass(frozen=True)
class StoreLogin:
    """Where a pool connects, and how patient it is. `pooled`: a transaction pooler stands between."""

    dsn: str
    role: str
    size: int = 8
    connect_timeout_s: float = 2.0
    request_timeout_s: float = 7.0
    pooled: bool = False


async def connect_owner(dsn: str) -> Connection:
    """Open one connection with the store owner's rights: migrations, universes, loading, objections."""
    # Behind a pooler statements kept under asyncpg's names would be other processes': of the same numbers.
    return await asyncpg.connect(dsn, statement_cache_size=0)


async def connect_role(login: StoreLogin) -> Connection:
    """Open one connection as the purpose's role. StoreUnavailable if that cannot be had in time."""
    try:
        return await asyncpg.connect(
            login.dsn,
            user=login.role,
            timeout=login.connect_timeout_s,
            # Ours are kept in the pool; behind a pooler asyncpg's would return other sessions' rows.
            statement_cache_size=0,
        )
    except (*_DOWN, asyncpg.InterfaceError, asyncpg.PostgresError):
        # Whatever refuses the connection (closed to all, no right to connect), nothing can be asked there.
        raise StoreUnavailable from None


@asynccontextmanager
async def fresh_connections(*logins: StoreLogin) -> AsyncIterator[tuple[Connection, ...]]:
    """A connection to each, for one piece of work that writes, and that may be repeated.

    StoreUnavailable if one cannot be had, or is lost in the middle, or all of it takes too long: then
    nobody knows what was done.
    """
    opened: list[Connection] = []
    try:
        async with asyncio.timeout(max(each.request_timeout_s for each in logins)):
            for login in logins:
                opened.append(await connect_role(login))
            yield tuple(opened)
    except BaseException as error:
        lost = any(each.is_closed() for each in opened)
        # Two writers that waited for each other: the server let this one go.
        gave_way = isinstance(error, asyncpg.TransactionRollbackError)
        raise (StoreUnavailable() if gave_way else translated(error, lost)) from None
    finally:
        for each in opened:
            each.terminate()


async def prepare_named(connection: Connection, sql: str, number: int) -> Statement:
    """Prepare a statement that the server keeps; `number`: of all on this connection no other has it.

    Without a name of its own the driver would send the text anew each time, to be planned anew: it keeps
    none for a connection whose cache is off. The name says what it stands for: should an unknown pooler mix
    sessions up, it still is no other statement's.
    """
    return await connection.prepare(sql, name=f"{hashlib.sha256(sql.encode()).hexdigest()[:32]}_{number}")


async def is_behind_pooler(connection: Connection) -> bool:
    """Whether the process that answers is another than the one that was connected to."""
    answering = await connection.fetchval("SELECT pg_backend_pid()")
    return bool(answering != connection.get_server_pid())


class Session:
    """One connection with its prepared statements. `overdue`: it was cut for not answering in time."""

    def __init__(self, connection: Connection, login: StoreLogin) -> None:
        self.connection = connection
        self.overdue = False
        self.timeout_s = login.request_timeout_s
        self.prepared: OrderedDict[str, Statement] = OrderedDict()
        self._pooled = login.pooled
        self._names = itertools.count()

    def give_up(self) -> None:
        """Cut the connection: what is under way on it fails, now."""
        self.overdue = True
        self.connection.terminate()

    async def fetch(self, sql: str, arguments: Sequence[Any]) -> list[asyncpg.Record]:
        """The statement's rows."""
        if self._pooled:
            return await self._fetch_unprepared(sql, arguments)
        statement = self.prepared.get(sql) or await self._prepare(sql)
        return await statement.fetch(*arguments, timeout=self.timeout_s)

    async def _prepare(self, sql: str) -> Statement:
        # Not asyncpg's own time-out: that does not cover the closing of those put out before.
        async with asyncio.timeout(self.timeout_s):
            statement = await prepare_named(self.connection, sql, next(self._names))
        self.prepared[sql] = statement
        if len(self.prepared) > MAX_PREPARED:
            self.prepared.popitem(last=False)
        return statement

    async def _fetch_unprepared(self, sql: str, arguments: Sequence[Any]) -> list[asyncpg.Record]:
        """The rows where a pooler may give each statement another server, except within a transaction."""
        connection, timeout_s = self.connection, self.timeout_s
        if connection.is_in_transaction():
            return await connection.fetch(sql, *arguments, timeout=timeout_s)
        # Not connection.transaction(): that waits for ever for a server that hangs.
        await connection.execute("BEGIN READ ONLY", timeout=timeout_s)
        try:
            rows = await connection.fetch(sql, *arguments, timeout=timeout_s)
        except asyncpg.PostgresError:
            await connection.execute("ROLLBACK", timeout=timeout_s)
            raise
        await connection.execute("COMMIT", timeout=timeout_s)
        return rows


class Snapshot:
    """A session within a transaction. After a failure it is broken: its transaction has ended."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.broken = False

    async def fetch(self, sql: str, arguments: Sequence[Any]) -> list[asyncpg.Record]:
        """The statement's rows, of the transaction's snapshot. StoreUnavailable if the store is."""
        if self.broken:
            raise StoreUnavailable
        try:
            return await self._session.fetch(sql, arguments)
        except BaseException as error:
            self.broken = True
            raise translated(error, self._session.connection.is_closed()) from None


class Pool:
    """Connections of one purpose to one store; opened when first needed, at most `endpoint.size`."""

    def __init__(
        self,
        login: StoreLogin,
        connect: Callable[[StoreLogin], Awaitable[Connection]] = connect_role,
    ) -> None:
        self.login = login
        self._connect = connect
        self._free: list[Session] = []
        self._open = 0
        self._waiting: deque[Turn] = deque()
        self._closed = False
        self._asked: Deadlines[Session] = Deadlines(login.request_timeout_s, Session.give_up)
        self._queued: Deadlines[Turn] = Deadlines(login.request_timeout_s, _refuse_turn)
        self._turns = asyncio.Semaphore(max(1, login.size // 4))

    async def fetch(self, sql: str, arguments: Sequence[Any]) -> list[asyncpg.Record]:
        """The statement's rows, in a snapshot of its own. StoreUnavailable if the store is."""
        while True:
            session, fresh = (self._free.pop(), False) if self._free else await self._take()
            try:
                # The usual case spelled out: each coroutine on the way costs as much as a dictionary.
                statement = session.prepared.get(sql)
                if statement is not None:
                    session.prepared.move_to_end(sql)
                    self._asked.begin(session)
                    rows = await statement.fetch(*arguments)
                    self._asked.end(session)
                else:
                    rows = await session.fetch(sql, arguments)
            except BaseException as error:
                self._asked.end(session)
                lost = session.connection.is_closed()
                self._give_up(session, error)
                told = translated(error, lost)
                if lost and not fresh and not session.overdue and isinstance(told, StoreUnavailable):
                    continue  # the store was restarted while this connection lay idle: reads repeat
                raise told from None
            self._give_back(session)
            return rows

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Snapshot]:
        """A session in which all statements see one snapshot. StoreUnavailable if the store is."""
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
        """A turn to ask every shard of the store: one connection in four at most is used for that.

        Else a few lists without a key would keep all shards busy, and the questions by key waiting.
        StoreUnavailable if no turn comes in time.
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
            try:
                await session.connection.execute(
                    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                    timeout=self.login.request_timeout_s,
                )
            except BaseException as error:
                lost = session.connection.is_closed()
                self._drop(session)
                told = translated(error, lost)
                if lost and not fresh and isinstance(told, StoreUnavailable):
                    continue
                raise told from None
            return session

    async def _end(self, session: Session) -> bool:
        """Whether the transaction could be ended; if not there is nothing to lose, for it only read."""
        try:
            await session.connection.execute("COMMIT", timeout=session.timeout_s)
        except (*_DOWN, asyncpg.InterfaceError):
            return False
        return True

    async def close(self) -> None:
        """Close the idle connections, and those in use when they come back; refuse whoever still asks."""
        self._closed = True
        self._queued.close()
        while self._free:
            self._drop(self._free.pop())
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_exception(StoreUnavailable())
        self._waiting.clear()

    # --- the free list ----------------------------------------------------------------------------

    async def _take(self) -> tuple[Session, bool]:
        """A session, and whether it was opened just now."""
        if self._closed:
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
        """The next session given back, or None for the place of one that is gone; first come, first served.

        It is handed over, not put down to be taken: else whoever asks again and again would be served,
        and who waits would time out.
        """
        waiter: Turn = self._queued.loop.create_future()
        self._waiting.append(waiter)
        self._queued.begin(waiter)
        try:
            return await waiter
        except BaseException as error:
            # Both may happen in one turn of the loop: what was handed over is the next one's then.
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._pass_on(waiter.result())
            raise translated(error) from None
        finally:
            self._queued.end(waiter)

    async def _open_session(self) -> Session:
        """A new session in a place of the pool that is the caller's."""
        try:
            return Session(await self._connect(self.login), self.login)
        except BaseException:
            self._pass_on(None)
            raise

    def _give_back(self, session: Session) -> None:
        if self._closed or session.connection.is_closed():
            self._drop(session)
        elif self._waiting:
            self._pass_on(session)
        else:
            self._free.append(session)

    def _give_up(self, session: Session, error: BaseException) -> None:
        # A query that was cancelled may still be running there: its rows would answer the next one. An
        # error without a severity is asyncpg's own, who then leaves the server within an exchange.
        if isinstance(error, asyncpg.PostgresError) and error.severity is not None:
            self._give_back(session)
        else:
            self._drop(session)

    def _drop(self, session: Session) -> None:
        session.connection.terminate()
        self._pass_on(None)

    def _pass_on(self, session: Session | None) -> None:
        """Hand a session, or an empty place, to who waits longest."""
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
    """The error, or StoreUnavailable if it says that the store cannot be asked now."""
    # InterfaceError is asyncpg's word for a connection that is gone, and for a statement used wrongly.
    down = isinstance(error, _DOWN) or (lost and isinstance(error, asyncpg.InterfaceError))
    return StoreUnavailable() if down else error
