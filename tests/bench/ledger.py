"""What the ledger costs: the gateway with it and without, in turns, at 16 connections.

Postgres flushes what is committed to the disk, as in production: the ledger waits for that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

from tests.bench.comparison import Effort, compare_answers, send_out
from tests.bench.data import Stores
from tests.bench.load import Result
from tests.bench.scenarios import BY_NAME, Keys
from tests.bench.servers import GATEWAY, RECORDED, Server

CONNECTIONS = 16
SCENARIOS = ("one", "usage", "friends", "page")


@dataclass(frozen=True)
class LedgerCost:
    """One scenario with the ledger on and off; medians of the rounds."""

    scenario: str
    on_per_second: float
    off_per_second: float
    on_p99_ms: float
    off_p99_ms: float
    on_cpu_ms: float
    off_cpu_ms: float

    @property
    def share(self) -> float:
        """Requests a second with it, as a share of those without."""
        return self.on_per_second / self.off_per_second

    @property
    def later_ms(self) -> float:
        """By how much the slowest of a hundred is slower."""
        return self.on_p99_ms - self.off_p99_ms


def ledger_costs(
    stores: Stores, servers: dict[str, Server], keys: Keys, effort: Effort, step: Callable[[str], None]
) -> list[LedgerCost]:
    """Each scenario, on and off in turns."""
    pair = {name: servers[name] for name in (GATEWAY, RECORDED)}
    found: dict[tuple[str, str], list[Result]] = {}
    for scenario in SCENARIOS:
        step(f"the ledger: {scenario}")
        requests = BY_NAME[scenario].variables(keys)
        lengths = compare_answers(pair, BY_NAME[scenario], requests)
        for _ in range(effort.rounds):
            for name, server in pair.items():
                order: dict[str, Any] = {
                    "port": server.port,
                    "requests": [server.request(BY_NAME[scenario], each) for each in requests],
                    "lengths": lengths,
                    "connections": CONNECTIONS,
                    "warm_s": effort.warm_s,
                    "seconds": effort.seconds,
                    "server_pid": server.pid,
                    "postmaster_pid": stores.postmaster_pid,
                }
                found.setdefault((scenario, name), []).append(send_out("tests.bench.load", order))
    return [_cost(scenario, found[scenario, RECORDED], found[scenario, GATEWAY]) for scenario in SCENARIOS]


def _cost(scenario: str, on: list[Result], off: list[Result]) -> LedgerCost:
    def medians(read: Callable[[Result], float]) -> tuple[float, float]:
        return median(map(read, on)), median(map(read, off))

    return LedgerCost(
        scenario,
        *medians(lambda each: each.per_second),
        *medians(lambda each: each.p99_ms),
        *medians(lambda each: each.server_cpu_ms),
    )
