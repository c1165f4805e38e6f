"""What the universes' views cost: the same statements on the views and on the raw tables.

The statements are the hand-written ones, whose raw form has the restriction written out, so that both
read the same rows. One connection, the forms in turn after each few requests, so that a noisy moment
hits both, all on one processor, so that no form has the quieter one; CPU of the backends, median of the
slices.
"""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass
from statistics import median
from typing import Any

import asyncpg

from tests.bench import handwritten
from tests.bench.data import Stores
from tests.bench.measure import backend_cpu_ms
from tests.bench.scenarios import SCENARIOS, Keys, Scenario

LEAST_SLICES = 5
# Requests of a slice: some hundredths of a second.
SLICE = {"one": 500, "usage": 40, "friends": 40, "phones": 20, "page": 50}


@dataclass(frozen=True)
class ViewCost:
    """CPU ms of Postgres a request."""

    scenario: str
    views_ms: float
    raw_ms: float

    @property
    def ratio(self) -> float:
        """Views to raw tables."""
        return self.views_ms / self.raw_ms


class _Form:
    """A scenario's statements, prepared on connections of their own."""

    def __init__(self, scenario: Scenario, raw: bool) -> None:
        self.scenario = scenario
        self.raw = raw
        self.statements: list[Any] = []
        self.connections: list[asyncpg.Connection] = []
        self.slices: list[float] = []

    async def open(self, stores: Stores) -> None:
        for store, sql in handwritten.statements(self.scenario.name, self.raw):
            connection = await asyncpg.connect(
                stores.dsns[store],
                user=f"{store}_{self.scenario.purpose.lower()}" if not self.raw else "postgres",
            )
            # The roles set these; the owner must run under the same.
            await connection.execute("SET jit = off; SET max_parallel_workers_per_gather = 0")
            with contextlib.suppress(PermissionError):
                os.sched_setaffinity(connection.get_server_pid(), {0})
            self.connections.append(connection)
            self.statements.append(await connection.prepare(sql))

    async def ask(self, arguments: list[list[Any]]) -> None:
        for statement, given in zip(self.statements, arguments, strict=True):
            await statement.fetchrow(*given)

    async def measure(self, requests: list[list[list[Any]]]) -> None:
        pids = [connection.get_server_pid() for connection in self.connections]
        before = sum(map(backend_cpu_ms, pids))
        for arguments in requests:
            await self.ask(arguments)
        self.slices.append((sum(map(backend_cpu_ms, pids)) - before) / len(requests))

    async def close(self) -> None:
        for connection in self.connections:
            await connection.close()


async def view_costs(stores: Stores, keys: Keys, seconds: float) -> list[ViewCost]:
    """For each scenario, measured that long."""
    return [await _view_cost(stores, scenario, keys, seconds) for scenario in SCENARIOS]


async def _view_cost(stores: Stores, scenario: Scenario, keys: Keys, seconds: float) -> ViewCost:
    forms = [_Form(scenario, raw=False), _Form(scenario, raw=True)]
    for form in forms:
        await form.open(stores)
    drawn = [await _arguments(forms[0], variables) for variables in scenario.variables(keys)[:50]]
    requests = [drawn[index % len(drawn)] for index in range(SLICE[scenario.name])]
    for form in forms:
        # Until Postgres has settled on its generic plan.
        await form.measure(requests)
        form.slices.clear()
    ends = time.perf_counter() + seconds
    while time.perf_counter() < ends or len(forms[0].slices) < LEAST_SLICES:
        for form in forms:
            await form.measure(requests)
    for form in forms:
        await form.close()
    views, raw = (median(form.slices) for form in forms)
    return ViewCost(scenario.name, views, raw)


async def _arguments(form: _Form, variables: dict[str, Any]) -> list[list[Any]]:
    """The arguments of each statement for one request."""
    if form.scenario.name == "page":
        return [[]]
    if "id" in variables:
        return [[int(variables["id"][3:])]]
    first = [int(each[3:]) for each in variables["ids"]]
    if len(form.statements) == 1:
        return [[first]]
    (text,) = await form.statements[0].fetchrow(first)
    return [[first], [list(dict.fromkeys(map(int, text.split(handwritten.HOLE)[1::2])))]]
