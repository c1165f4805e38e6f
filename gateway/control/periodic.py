"""Writes what the process has collected to `control`, once a minute and when it stops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

SECONDS = 60


@asynccontextmanager
async def every_minute(work: Callable[[], Awaitable[None]], name: str) -> AsyncIterator[None]:
    """Call `work` once a minute while the block runs, and at its end. `work` must not fail."""

    async def keep_working() -> None:
        while True:
            await asyncio.sleep(SECONDS)
            await work()

    keeping = asyncio.create_task(keep_working(), name=name)
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await work()
