"""Work that many ask for at one moment, done for all of them at once: as a commit costs the same for all."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from resolvers.stores.pool import StoreUnavailable

log = logging.getLogger("gateway.control.group_commit")

# At most so many in one round: an entry of a thousand accounts is 8 kB.
MOST_AT_ONCE = 500
# Whoever waits need not wait for more once they are one of so many in all; and nobody waits longer for others
# than this. More at a time cost fewer commits, and leave more moments in which everybody waits for one.
IN_ALL = 3
GATHER_SECONDS = 0.003

Item = TypeVar("Item")


class GroupCommit(Generic[Item]):
    """Does for all who wait at one moment what each of them asks for: one at a time, the rest gathers.

    `coming`: how many will ask soon, as far as is known. While those are many, a round waits for them,
    GATHER_SECONDS at most: what a commit costs hardly depends on how many share it. Whoever is alone waits
    for nobody.
    """

    def __init__(self, do: Callable[[list[Item]], Awaitable[None]]) -> None:
        self._do = do
        self._waiting: list[tuple[Item, asyncio.Future[None]]] = []
        self._working: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        # Asked for once: asyncio's word for it is a system call (`resolvers/stores/deadlines.py`).
        self._loop: asyncio.AbstractEventLoop | None = None
        self.coming = 0

    def ask(self, item: Item) -> asyncio.Future[None]:
        """Done once the item is. StoreUnavailable if its round failed."""
        loop = self._loop
        if loop is None:
            loop = self._loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._waiting.append((item, future))
        if self._working is None:
            self._begin_if_enough(loop)
        return future

    def _begin_if_enough(self, loop: asyncio.AbstractEventLoop) -> None:
        if IN_ALL * len(self._waiting) >= len(self._waiting) + self.coming:
            self._begin()
        elif self._timer is None:
            self._timer = loop.call_later(GATHER_SECONDS, self._begin)

    def _begin(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._working is None and self._waiting:
            assert self._loop is not None
            self._working = self._loop.create_task(self._round())

    async def _round(self) -> None:
        round_, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
        failed: Exception | None = None
        try:
            await self._do([item for item, _ in round_])
        except Exception as error:
            failed = StoreUnavailable()
            if not isinstance(error, StoreUnavailable):
                log.error("What many waited for failed.", exc_info=error)
        finally:
            self._working = None
        for _, future in round_:
            # Who asked may have left meanwhile; what was written stays.
            if not future.done():
                future.set_result(None) if failed is None else future.set_exception(failed)
        if self._waiting and self._loop is not None:
            self._begin_if_enough(self._loop)

    async def idle(self) -> None:
        """Return once nobody waits."""
        while self._working is not None or self._waiting:
            self._begin()
            if self._working is not None:
                await asyncio.wait([self._working])
