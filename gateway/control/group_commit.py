"""Group commit: concurrent calls share one batch, as a commit costs the same for one item as for many."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from resolvers.stores.pool import StoreUnavailable

log = logging.getLogger("gateway.control.group_commit")

# Bounds the size of a statement: an entry of a thousand accounts is 8 kB.
MAX_BATCH = 500
# A batch starts once a third of the expected callers wait, or after 3 ms. Larger batches need fewer commits,
# but more callers then wait for the same one.
START_AT_ONE_IN = 3
GATHER_SECONDS = 0.003

Item = TypeVar("Item")


class GroupCommit(Generic[Item]):
    """Runs one batch at a time. Items submitted meanwhile form the next batch.

    `expected`: how many more calls of `submit` their callers announced. While there are many, a batch waits
    for them, GATHER_SECONDS at most: the cost of a commit hardly depends on the size of its batch. A single
    caller does not wait.
    """

    def __init__(self, do: Callable[[list[Item]], Awaitable[None]]) -> None:
        self._do = do
        self._waiting: list[tuple[Item, asyncio.Future[None]]] = []
        self._working: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        # Cached: asyncio makes a system call for it each time (`resolvers/stores/deadlines.py`).
        self._loop: asyncio.AbstractEventLoop | None = None
        self.expected = 0

    def submit(self, item: Item) -> asyncio.Future[None]:
        """A future that is done once the item's batch is. StoreUnavailable if the batch failed."""
        loop = self._loop
        if loop is None:
            loop = self._loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._waiting.append((item, future))
        if self._working is None:
            self._start_if_enough(loop)
        return future

    def _start_if_enough(self, loop: asyncio.AbstractEventLoop) -> None:
        if START_AT_ONE_IN * len(self._waiting) >= len(self._waiting) + self.expected:
            self._start()
        elif self._timer is None:
            self._timer = loop.call_later(GATHER_SECONDS, self._start)

    def _start(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._working is None and self._waiting:
            assert self._loop is not None
            self._working = self._loop.create_task(self._run_batch())

    async def _run_batch(self) -> None:
        batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
        failed: Exception | None = None
        try:
            await self._do([item for item, _ in batch])
        except Exception as error:
            failed = StoreUnavailable()
            if not isinstance(error, StoreUnavailable):
                log.error("A group commit failed.", exc_info=error)
        finally:
            self._working = None
        for _, future in batch:
            # A caller may have been cancelled meanwhile; its item stays written.
            if not future.done():
                future.set_result(None) if failed is None else future.set_exception(failed)
        if self._waiting and self._loop is not None:
            self._start_if_enough(self._loop)

    async def idle(self) -> None:
        """Return once no item waits."""
        while self._working is not None or self._waiting:
            self._start()
            if self._working is not None:
                await asyncio.wait([self._working])
