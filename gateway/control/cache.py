"""A cache of the control database that refuses to answer once it is stale.

A revision number in the database grows with every change. A process polls the number every REFRESH_SECONDS
and reads the data only if the number has changed. A notification makes that faster, and may be lost. Data
that could not be refreshed for STALE_SECONDS is stale: a request that depends on it must be refused.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resolvers.stores.pool import transaction

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection

log = logging.getLogger("gateway.control.cache")

# Below one second, so that a change is known everywhere within one second by the poll alone.
REFRESH_SECONDS = 0.75
STALE_SECONDS = 5.0
# A connection whose network is gone never answers. It must fail early enough to be replaced before the data
# is stale.
STORE_TIMEOUT_SECONDS = 2.0
RECONNECT_SECONDS = (0.1, 0.2, 0.4, 0.8)


@dataclass(frozen=True)
class CacheSource:
    """What a cache reads: the statement for the revision, the notification channel, the call for the data.

    `read` runs in the same snapshot as the statement for the revision. `verified` returns once the database
    behind a new connection may be believed.
    """

    revision: str
    channel: str
    read: Callable[[Connection], Awaitable[None]]
    verified: Callable[[], Awaitable[None]] | None = None


class ControlCache:
    """Keeps one part of the control database in memory and fresh. It owns one connection.

    `connect` opens that connection; `monotonic` is a clock that never jumps, for the age.
    """

    def __init__(
        self,
        source: CacheSource,
        connect: Callable[[], Awaitable[Connection]],
        monotonic: Callable[[], float],
    ) -> None:
        self._source = source
        self._connect = connect
        self._monotonic = monotonic
        self._revision: int | None = None
        self._refreshed_at = -math.inf
        self._notified = asyncio.Event()
        self._refreshes = asyncio.Condition()

    @property
    def is_fresh(self) -> bool:
        """Whether the data may be used now."""
        return self._monotonic() - self._refreshed_at <= STALE_SECONDS

    async def refreshed(self) -> None:
        """Return after a refresh that started after this call."""
        begun = self._monotonic()
        async with self._refreshes:
            self._notified.set()
            await self._refreshes.wait_for(lambda: self._refreshed_at >= begun)

    async def keep_fresh(self) -> None:
        """Refresh until cancelled; reconnect whenever the connection is lost."""
        failures = 0
        while True:
            before = self._refreshed_at
            try:
                await self._refresh_over_one_connection()
            except Exception as exception:
                # Every failure is retried while the data turns stale: only cancelling ends this loop.
                log.warning("The control store was lost.", exc_info=exception)
            failures = failures + 1 if self._refreshed_at == before else 0
            await asyncio.sleep(RECONNECT_SECONDS[min(failures, len(RECONNECT_SECONDS) - 1)])

    async def _refresh_over_one_connection(self) -> None:
        async with asyncio.timeout(STORE_TIMEOUT_SECONDS):
            connection = await self._connect()
        # Another server may answer now, restored or promoted: its equal number can mean other data.
        self._revision = None
        try:
            if self._source.verified is not None:
                await self._source.verified()
            await self._listen(connection)
            while True:
                await self._refresh(connection)
                await self._wait()
        finally:
            connection.terminate()

    async def _listen(self, connection: Connection) -> None:
        """Ask for notifications, unless a pooler is in between: LISTEN would stay on a shared session."""
        connection.add_termination_listener(lambda _: self._notified.set())
        with _deadline(connection):
            async with transaction(connection):
                backend = await connection.fetchval("SELECT pg_backend_pid()")
            if backend == connection.get_server_pid():
                await connection.add_listener(self._source.channel, lambda *_: self._notified.set())

    async def _wait(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(REFRESH_SECONDS):
                await self._notified.wait()

    async def _refresh(self, connection: Connection) -> None:
        """Read the data if the revision changed, and mark the cache as fresh."""
        self._notified.clear()
        begun = self._monotonic()
        with _deadline(connection):
            # One snapshot for both statements, and one server connection behind a pooler.
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                revision: int = await connection.fetchval(self._source.revision)
                if revision != self._revision:
                    await self._source.read(connection)
                    self._revision = revision
        # The age counts from before the statement: a change during it may be missing.
        self._refreshed_at = begun
        async with self._refreshes:
            self._refreshes.notify_all()


@contextmanager
def _deadline(connection: Connection) -> Iterator[None]:
    """Close the connection if the block takes too long.

    Rejected: a time-out that cancels the query. Cancelling sends a request to the server, and waits for ever
    if the network no longer reaches it.
    """
    cut = asyncio.get_running_loop().call_later(STORE_TIMEOUT_SECONDS, connection.terminate)
    try:
        yield
    finally:
        cut.cancel()


@asynccontextmanager
async def kept_fresh(cache: ControlCache, name: str) -> AsyncIterator[None]:
    """Keep the cache fresh while the block runs. At the start of the block it may still be stale."""
    task = asyncio.create_task(cache.keep_fresh(), name=name)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
