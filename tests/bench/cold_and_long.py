"""The cost of a document that was never seen before, and memory over 100,000 requests."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from statistics import median

from tests.bench.comparison import CONNECTIONS, WrongAnswer, send_out
from tests.bench.data import Stores
from tests.bench.process_costs import memory_mb
from tests.bench.scenarios import SCENARIOS, Keys, Scenario
from tests.bench.servers import Client, Server

DOCUMENTS = 20
# Of each hundred requests of the long run.
MIX = {"one": 90, "usage": 4, "friends": 2, "phones": 2, "page": 2}


@dataclass(frozen=True)
class Cold:
    """Latency of a request whose document was never seen, and of the same one again.

    The scenario's own document has just read the same rows: otherwise the figure would be that of the disk,
    for a hundred accounts' pages, and not that of the document.
    """

    scenario: str
    first_ms: float
    worst_ms: float
    again_ms: float

    @property
    def plan_ms(self) -> float:
        """What its being new cost: parsing, validating and compiling it, and Postgres' own planning."""
        return self.first_ms - self.again_ms


def cold_plans(gateway: Server, keys: Keys) -> list[Cold]:
    """For each scenario, over documents that differ in the operation's name; nothing else is running."""
    client = Client(gateway)
    found = [_cold(client, gateway, scenario, keys=keys) for scenario in SCENARIOS]
    client.close()
    return found


def _cold(client: Client, gateway: Server, scenario: Scenario, *, keys: Keys) -> Cold:
    first, again = [], []
    stamp = time.time_ns()
    for number, variables in zip(range(DOCUMENTS), scenario.variables(keys) * DOCUMENTS, strict=False):
        document = scenario.document.replace("query", f"query Q{stamp}_{number}", 1)
        client.ask(gateway.request(scenario, variables))
        request = gateway.request(scenario, variables, document)
        for times in (first, again):
            begun = time.perf_counter()
            status, body = client.ask(request)
            times.append((time.perf_counter() - begun) * 1_000)
            if status != 200 or b'"errors"' in body:
                raise WrongAnswer(f"{scenario.name}: {status} {body[:300]!r}")
    return Cold(scenario.name, median(first), max(first), median(again))


@dataclass(frozen=True)
class Memory:
    """(requests so far, MB) along the long run."""

    samples: list[tuple[int, float]]

    @property
    def growth_mb(self) -> float:
        """From the first fifth, when all caches are full, to the end."""
        fifth = self.samples[max(1, len(self.samples) // 5)][1]
        return self.samples[-1][1] - fifth

    @property
    def share(self) -> float:
        """That growth as a share of what was held."""
        return self.growth_mb / (self.samples[-1][1] - self.growth_mb)


def long_run(stores: Stores, gateway: Server, keys: Keys, *, requests: int) -> Memory:
    """A mix of all scenarios; memory is read after each tenth of it."""
    mixed = [
        gateway.request(scenario, variables)
        for scenario in SCENARIOS
        for variables in _some(scenario, keys, MIX[scenario.name] * 5)
    ]
    random.Random(1).shuffle(mixed)
    samples = [(0, memory_mb(gateway.pid))]
    tenth = requests // 10
    for number in range(1, 11):
        order = {
            "port": gateway.port,
            "requests": mixed,
            "lengths": [],
            "connections": CONNECTIONS,
            "warm_s": 0,
            "seconds": 0,
            "count": tenth,
            "server_pid": gateway.pid,
            "postmaster_pid": stores.postmaster_pid,
        }
        send_out("tests.bench.load", order)
        samples.append((number * tenth, memory_mb(gateway.pid)))
    return Memory(samples)


def _some(scenario: Scenario, keys: Keys, number: int) -> list[dict[str, object]]:
    drawn = scenario.variables(keys)
    return [drawn[index % len(drawn)] for index in range(number)]
