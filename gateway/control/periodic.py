"""What is kept in the process and written to `control` once a minute, and at a stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

SECONDS = 60


@asynccontextmanager
async def every_minute(work: Callable[[], Awaitable[None]], name: str) -> AsyncIterator[None]:
    """Do it once a minute while the block runs, and at its end. It must not fail."""

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
