"""A closed-loop HTTP/1.1 load in a process of its own: every connection sends as soon as it is answered.

The work order is JSON on standard input, the result JSON on standard output; CPU of the server and of
Postgres is read here, at the very beginning and end of the measured time. That time begins when
nothing is under way and ends when the last answer has come, so all CPU in it belongs to counted
requests, however slow they are.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import time
from array import array
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any, Self

import orjson
import uvloop

from tests.bench.process_costs import PostgresCpu, machine_cpu_ms, postgres_cpu, process_cpu_ms


@dataclass(frozen=True)
class Order:
    """The requests to send and for how long. `lengths`: the expected length of each request's answer."""

    port: int
    requests: list[str]
    lengths: list[int]
    connections: int
    warm_s: float
    seconds: float
    server_pid: int
    postmaster_pid: int
    count: int = 0


@dataclass(frozen=True)
class Result:
    """The result of a load; CPU in ms a request.

    `wrong` counts answers of another status or length than they should have. `strangers`: the share of
    the machine that programs which are no part of the bench used meanwhile; above a tenth, believe the
    ratios rather than the figures.
    """

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    server_cpu_ms: float
    postgres_cpu_ms: dict[str, float] = field(default_factory=dict)
    wrong: int = 0
    strangers: float = 0.0

    @property
    def per_second(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


def together(turns: list[Result]) -> Result:
    """Sum up a load of several turns; its latencies are those of the median turn."""
    requests, seconds = sum(each.requests for each in turns), sum(each.seconds for each in turns)

    def mean(read: Callable[[Result], float]) -> float:
        return sum(read(each) * each.requests for each in turns) / requests

    labels = dict.fromkeys(label for each in turns for label in each.postgres_cpu_ms)
    return Result(
        requests=requests,
        seconds=seconds,
        p50_ms=median(each.p50_ms for each in turns),
        p99_ms=median(each.p99_ms for each in turns),
        server_cpu_ms=mean(lambda each: each.server_cpu_ms),
        postgres_cpu_ms={
            label: mean(lambda each, label=label: each.postgres_cpu_ms.get(label, 0.0))  # type: ignore[misc]
            for label in labels
        },
        wrong=sum(each.wrong for each in turns),
        strangers=sum(each.strangers * each.seconds for each in turns) / seconds,
    )


class Load:
    """All connections of one load, with their shared counters."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.requests = [request.encode() for request in order.requests]
        self.latencies = array("d")
        self.wrong = 0
        self.next = 0
        self.ends = 0.0
        self.left = 0
        self.busy = 0
        self.idle: asyncio.Future[None] | None = None
        self.clients: list[Client] = []

    async def open(self) -> None:
        """Open all connections."""
        loop = asyncio.get_running_loop()
        for _ in range(self.order.connections):
            _, client = await loop.create_connection(lambda: Client(self), "127.0.0.1", self.order.port)
            self.clients.append(client)

    async def run(self, seconds: float, count: int) -> float:
        """Send for that long (or that many requests); return the time until the last answer."""
        self.latencies = array("d")
        self.wrong = 0
        begun = time.perf_counter()
        self.ends = begun + seconds if not count else float("inf")
        self.left = count or sys.maxsize
        self.busy = len(self.clients)
        self.idle = asyncio.get_running_loop().create_future()
        for client in self.clients:
            client.send()
        await self.idle
        return time.perf_counter() - begun


class Client(asyncio.Protocol):
    """One connection."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.transport: Any = None
        self.begun = 0.0
        self.index = 0
        self.received = b""
        self.missing = 0
        self.right = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def send(self) -> None:
        """Send the next request, or stop if the time is over."""
        load = self.load
        now = time.perf_counter()
        if now >= load.ends or load.left <= 0:
            load.busy -= 1
            if not load.busy and load.idle is not None:
                load.idle.set_result(None)
            return
        load.left -= 1
        self.index = load.next % len(load.requests)
        load.next += 1
        self.begun = now
        self.transport.write(load.requests[self.index])

    def data_received(self, data: bytes) -> None:
        if self.missing:
            self.missing -= len(data)
        elif not self._read_head(data):
            return
        if not self.missing:
            load = self.load
            load.latencies.append(time.perf_counter() - self.begun)
            load.wrong += not self.right
            self.send()

    def _read_head(self, data: bytes) -> bool:
        if self.received:
            data = self.received + data
        end = data.find(b"\r\n\r\n")
        if end < 0:
            self.received = data
            return False
        self.received = b""
        head = data[:end].lower()
        at = head.index(b"content-length:") + 15
        stop = head.find(b"\r\n", at)
        length = int(head[at : stop if stop > 0 else end])
        lengths = self.load.order.lengths
        self.right = data[9:12] == b"200" and (not lengths or lengths[self.index] == length)
        self.missing = end + 4 + length - len(data)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        idle = self.load.idle
        if idle is not None and not idle.done():
            idle.set_exception(ConnectionError("the server closed a connection"))


def percentile_ms(latencies: array[float], share: float) -> float:
    """The latency that this share of requests does not exceed."""
    if not latencies:
        return float("nan")
    ordered = sorted(latencies)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1_000


@dataclass(frozen=True)
class Meter:
    """The CPU that the measured processes have used up to one moment."""

    server_ms: float
    own_ms: float
    machine_ms: float
    postgres: PostgresCpu

    @classmethod
    def read(cls, server: int, postmaster: int) -> Self:
        """Read the meter at this moment."""
        own = 0.0 if server == os.getpid() else process_cpu_ms(os.getpid())
        return cls(process_cpu_ms(server), own, machine_cpu_ms(), postgres_cpu(postmaster))

    def result(self, before: Meter, latencies: array[float], *, seconds: float, wrong: int) -> Result:
        """The result since `before`, for this number of requests in this time."""
        requests = len(latencies)
        postgres = self.postgres.since(before.postgres)
        server, own = self.server_ms - before.server_ms, self.own_ms - before.own_ms
        strange = self.machine_ms - before.machine_ms - server - own - sum(postgres.values())
        return Result(
            requests=requests,
            seconds=seconds,
            p50_ms=percentile_ms(latencies, 0.5),
            p99_ms=percentile_ms(latencies, 0.99),
            server_cpu_ms=server / requests,
            postgres_cpu_ms={label: total / requests for label, total in postgres.items()},
            wrong=wrong,
            strangers=max(0.0, strange / (seconds * 1_000 * (os.cpu_count() or 1))),
        )


async def carry_out(order: Order) -> Result:
    """Warm up, then load and measure."""
    load = Load(order)
    await load.open()
    if order.warm_s:
        await load.run(order.warm_s, 0)
    gc.collect()
    gc.disable()
    before = Meter.read(order.server_pid, order.postmaster_pid)
    seconds = await load.run(order.seconds, order.count)
    after = Meter.read(order.server_pid, order.postmaster_pid)
    return after.result(before, load.latencies, seconds=seconds, wrong=load.wrong)


if __name__ == "__main__":
    result = uvloop.run(carry_out(Order(**orjson.loads(sys.stdin.buffer.read()))))
    sys.stdout.buffer.write(orjson.dumps(asdict(result)))
