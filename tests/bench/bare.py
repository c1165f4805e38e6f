"""(a): the gateway's own statements over bare asyncpg connections, without HTTP, in a process of its own.

Closed loop: eight connections to each store, each asks as soon as it is answered. The keys of a
second wave are known beforehand, so this is the floor that no server gets below.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import time
from array import array
from dataclasses import asdict, dataclass
from typing import Any

import asyncpg
import orjson
import uvloop

from tests.bench.load import Meter, Result

CONNECTIONS = 8


@dataclass(frozen=True)
class Order:
    """`requests`: for each its steps of (store, role, SQL, arguments)."""

    dsns: dict[str, str]
    requests: list[list[tuple[str, str, str, list[Any]]]]
    warm_s: float
    seconds: float
    postmaster_pid: int


class Lane:
    """One connection to each store, used in turn."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._prepared: dict[str, Any] = {}
        self._connections: dict[str, asyncpg.Connection] = {}

    async def open(self) -> None:
        """Connect, and prepare what the requests need."""
        for store, role, sql, _ in {step[2]: step for each in self._order.requests for step in each}.values():
            if store not in self._connections:
                self._connections[store] = await asyncpg.connect(self._order.dsns[store], user=role)
            self._prepared[sql] = await self._connections[store].prepare(sql)

    async def ask(self, steps: list[tuple[str, str, str, list[Any]]]) -> None:
        """Run one request's statements."""
        for _, _, sql, arguments in steps:
            await self._prepared[sql].fetch(*arguments)


async def _loop(lane: Lane, order: Order, *, ends: float, taken: array[float], start: int) -> None:
    index = start
    while (begun := time.perf_counter()) < ends:
        await lane.ask(order.requests[index % len(order.requests)])
        taken.append(time.perf_counter() - begun)
        index += CONNECTIONS


async def _run(lanes: list[Lane], order: Order, seconds: float) -> tuple[array[float], float]:
    taken: array[float] = array("d")
    begun = time.perf_counter()
    loops = [
        _loop(lane, order, ends=begun + seconds, taken=taken, start=start) for start, lane in enumerate(lanes)
    ]
    await asyncio.gather(*loops)
    return taken, time.perf_counter() - begun


async def carry_out(order: Order) -> Result:
    """Warm up, then load and measure."""
    lanes = [Lane(order) for _ in range(CONNECTIONS)]
    for lane in lanes:
        await lane.open()
    await _run(lanes, order, order.warm_s)
    gc.collect()
    gc.disable()
    before = Meter.read(os.getpid(), order.postmaster_pid)
    taken, seconds = await _run(lanes, order, order.seconds)
    return Meter.read(os.getpid(), order.postmaster_pid).result(before, taken, seconds=seconds, wrong=0)


if __name__ == "__main__":
    result = uvloop.run(carry_out(Order(**orjson.loads(sys.stdin.buffer.read()))))
    sys.stdout.buffer.write(orjson.dumps(asdict(result)))
