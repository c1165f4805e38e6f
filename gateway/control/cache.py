"""Following a revision in the control store: what is known of it, never for longer than it is true.

A number grows with every change. A process polls it every REFRESH_SECONDS and reads the rest only when it
has changed; a notification makes that faster, and may be lost. What could not be asked for STALE_SECONDS
is stale: whoever relies on it must refuse then.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection

log = logging.getLogger("gateway.control.cache")

# Below one second, so that a change is known everywhere within one second by the poll alone.
REFRESH_SECONDS = 0.75
STALE_SECONDS = 5.0
# A connection whose network is gone answers nothing, for ever; it must fail early enough to be
# replaced before what is known is stale.
STORE_TIMEOUT_SECONDS = 2.0
RECONNECT_SECONDS = (0.1, 0.2, 0.4, 0.8)


@dataclass(frozen=True)
class Followed:
    """What is followed: the statement that tells the revision, the channel that tells of changes, and the
    call that reads the rest, in the same moment of the store as the revision.
    """

    revision: str
    channel: str
    read: Callable[[Connection], Awaitable[None]]


class ControlCache:
    """Keeps one thing of the control store fresh; it owns one connection.

    `connect` opens that connection; `monotonic` is a clock that never jumps, for the age.
    """

    def __init__(
        self,
        followed: Followed,
        connect: Callable[[], Awaitable[Connection]],
        monotonic: Callable[[], float],
    ) -> None:
        self._followed = followed
        self._connect = connect
        self._monotonic = monotonic
        self._revision: int | None = None
        self._refreshed_at = -math.inf
        self._notified = asyncio.Event()
        self._refreshes = asyncio.Condition()

    @property
    def is_fresh(self) -> bool:
        """Whether what was read may be trusted now."""
        return self._monotonic() - self._refreshed_at <= STALE_SECONDS

    async def refreshed(self) -> None:
        """Return after the next refresh that begins after this call."""
        begun = self._monotonic()
        async with self._refreshes:
            self._notified.set()
            await self._refreshes.wait_for(lambda: self._refreshed_at >= begun)

    async def follow(self) -> None:
        """Keep it fresh until cancelled; reconnects whenever the connection is lost."""
        failures = 0
        while True:
            before = self._refreshed_at
            try:
                await self._follow_one_connection()
            except Exception as exception:
                # Whatever it is, what is known turns stale; only cancelling ends this loop.
                log.warning("The control store was lost.", exc_info=exception)
            failures = failures + 1 if self._refreshed_at == before else 0
            await asyncio.sleep(RECONNECT_SECONDS[min(failures, len(RECONNECT_SECONDS) - 1)])

    async def _follow_one_connection(self) -> None:
        async with asyncio.timeout(STORE_TIMEOUT_SECONDS):
            connection = await self._connect()
        # Another server may answer now, restored or promoted: an equal number proves nothing.
        self._revision = None
        try:
            await self._listen(connection)
            while True:
                await self._refresh(connection)
                await self._wait()
        finally:
            connection.terminate()

    async def _listen(self, connection: Connection) -> None:
        """Ask for notifications, unless a pooler stands between: there LISTEN would stay with a stranger."""
        connection.add_termination_listener(lambda _: self._notified.set())
        with _deadline(connection):
            async with connection.transaction():
                backend = await connection.fetchval("SELECT pg_backend_pid()")
            if backend == connection.get_server_pid():
                await connection.add_listener(self._followed.channel, lambda *_: self._notified.set())

    async def _wait(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(REFRESH_SECONDS):
                await self._notified.wait()

    async def _refresh(self, connection: Connection) -> None:
        """Take over what the store holds if it changed, and count it as fresh."""
        self._notified.clear()
        begun = self._monotonic()
        with _deadline(connection):
            # One moment of the store for both questions, and one server connection behind a pooler.
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                revision: int = await connection.fetchval(self._followed.revision)
                if revision != self._revision:
                    await self._followed.read(connection)
                    self._revision = revision
        # The age counts from before the question: what changed while it was asked may be missing.
        self._refreshed_at = begun
        async with self._refreshes:
            self._refreshes.notify_all()


@contextmanager
def _deadline(connection: Connection) -> Iterator[None]:
    """Cut the connection if the block takes too long.

    Rejected: a time-out that cancels the query. Cancelling asks the server, and waits for ever for
    one that the network no longer reaches.
    """
    cut = asyncio.get_running_loop().call_later(STORE_TIMEOUT_SECONDS, connection.terminate)
    try:
        yield
    finally:
        cut.cancel()


@asynccontextmanager
async def following(cache: ControlCache, name: str) -> AsyncIterator[None]:
    """Follow while the block runs. What is followed may still be stale at its start."""
    task = asyncio.create_task(cache.follow(), name=name)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
