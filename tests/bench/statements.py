"""The cost of statements in Postgres: the gateway's, the hand-written ones, and those on raw tables.

Under load, backends share the processors with the client, and the cost of a statement depends on that; here
it does not. The hand-written ones are those of (b), on the universe's views, and once more on the raw tables
with the restriction written out: all read the same rows. Each form has connections of its own, the forms
take turns after a few requests, so that a noisy moment hits all, on one processor, so that none has the
quieter one. CPU of the backends, median of the slices.
"""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import asyncpg

from tests.bench import handwritten
from tests.bench.data import Stores
from tests.bench.process_costs import backend_cpu_ms
from tests.bench.scenarios import SCENARIOS, Keys, Scenario
from tests.bench.under_test import Planner, Step

LEAST_SLICES = 5
DRAWN = 50
# Requests of a slice: some hundredths of a second.
SLICE = {"one": 500, "usage": 40, "friends": 40, "phones": 20, "page": 50}


@dataclass(frozen=True)
class StatementCost:
    """CPU ms of Postgres a request: the gateway's statements, the hand-written ones, those on raw tables."""

    scenario: str
    gateway_ms: float
    written_ms: float
    raw_ms: float

    @property
    def compiled(self) -> float:
        """The gateway's to the hand-written ones."""
        return self.gateway_ms / self.written_ms

    @property
    def views(self) -> float:
        """The hand-written ones on views to those on raw tables."""
        return self.written_ms / self.raw_ms


@dataclass
class _Form:
    """One way to answer the requests of a scenario, prepared on connections of its own."""

    requests: list[list[Step]]
    statements: dict[str, Any] = field(default_factory=dict)
    connections: dict[str, asyncpg.Connection] = field(default_factory=dict)
    slices: list[float] = field(default_factory=list)

    async def open(self, stores: Stores) -> None:
        for each in (asked for request in self.requests for asked in request):
            if each.store not in self.connections:
                connection = await asyncpg.connect(stores.dsns[each.store], user=each.role)
                # The roles set these; the owner must run under the same.
                await connection.execute("SET jit = off; SET max_parallel_workers_per_gather = 0")
                with contextlib.suppress(PermissionError):
                    os.sched_setaffinity(connection.get_server_pid(), {0})
                self.connections[each.store] = connection
            if each.sql not in self.statements:
                self.statements[each.sql] = await self.connections[each.store].prepare(each.sql)

    async def measure(self, number: int) -> None:
        """Run one more slice of this number of requests."""
        pids = [connection.get_server_pid() for connection in self.connections.values()]
        before = sum(map(backend_cpu_ms, pids))
        for index in range(number):
            for each in self.requests[index % len(self.requests)]:
                await self.statements[each.sql].fetch(*each.arguments)
        self.slices.append((sum(map(backend_cpu_ms, pids)) - before) / number)

    async def close(self) -> None:
        for connection in self.connections.values():
            await connection.close()


async def statement_costs(stores: Stores, keys: Keys, seconds: float) -> list[StatementCost]:
    """The cost of each scenario's statements, measured for that many seconds."""
    planner = Planner(stores)
    return [await _cost_of(stores, planner, scenario, keys=keys, seconds=seconds) for scenario in SCENARIOS]


async def _cost_of(
    stores: Stores, planner: Planner, scenario: Scenario, *, keys: Keys, seconds: float
) -> StatementCost:
    variables = scenario.variables(keys)[:DRAWN]
    compiled = await planner.gateway_statements(scenario, variables)
    written = [await _hand_written(stores, scenario, variables, raw=raw) for raw in (False, True)]
    forms = [_Form(compiled), *map(_Form, written)]
    number = SLICE[scenario.name]
    for form in forms:
        await form.open(stores)
        # Enough executions for Postgres to choose its generic plan.
        await form.measure(number)
        form.slices.clear()
    ends = time.perf_counter() + seconds
    while time.perf_counter() < ends or len(forms[0].slices) < LEAST_SLICES:
        for form in forms:
            await form.measure(number)
    for form in forms:
        await form.close()
    return StatementCost(scenario.name, *(median(form.slices) for form in forms))


async def _hand_written(
    stores: Stores, scenario: Scenario, variables: list[dict[str, Any]], *, raw: bool
) -> list[list[Step]]:
    """The hand-written statements of each request, with their values."""

    def asked(place: int, *values: Any) -> Step:
        store, sql = statements[place]
        role = "postgres" if raw else f"{store}_{scenario.purpose.lower()}"
        return Step(store, role, sql, list(values))

    statements = handwritten.statements(scenario.name, raw)
    if scenario.name == "page":
        return [[asked(0)]]
    if "id" in variables[0]:
        return [[asked(0, int(given["id"][3:]))] for given in variables]
    requests = [[asked(0, [int(each[3:]) for each in given["ids"]])] for given in variables]
    if len(statements) > 1:
        first = asked(0)
        connection = await asyncpg.connect(stores.dsns[first.store], user=first.role)
        for request in requests:
            text = await connection.fetchval(first.sql, *request[0].arguments)
            keys = list(dict.fromkeys(map(int, text.split(handwritten.HOLE)[1::2])))
            request.append(asked(1, keys))
        await connection.close()
    return requests
