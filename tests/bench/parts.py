"""The cost of a part of the gateway: with the part and without it, in turns, at 16 connections.

Postgres flushes commits to the disk, as in production: the ledger waits for that. The quotas are high enough
that no request is refused, and are counted like any other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from tests.bench.comparison import Effort, compare_answers, lengths_of, one_round, order, ratio
from tests.bench.data import Stores
from tests.bench.load import Result
from tests.bench.scenarios import BY_NAME, Keys
from tests.bench.servers import GATEWAY, RECORDED, SEALED, UNLIMITED, Server

CONNECTIONS = 16


@dataclass(frozen=True)
class Part:
    """A part of the gateway: the servers with it and without, and the questions that are asked of both."""

    name: str
    on: str
    off: str
    scenarios: tuple[str, ...]


PARTS = (
    Part("ledger", RECORDED, GATEWAY, ("one", "usage", "friends", "page")),
    Part("quotas", RECORDED, UNLIMITED, ("one", "usage")),
    Part("sealed identifiers", SEALED, RECORDED, ("one", "usage", "page")),
)


@dataclass(frozen=True)
class PartCost:
    """One scenario with the part on and off; medians of the rounds.

    `share`: requests a second with it, as a share of those without.
    """

    part: str
    scenario: str
    on_per_second: float
    off_per_second: float
    on_p99_ms: float
    off_p99_ms: float
    on_cpu_ms: float
    off_cpu_ms: float
    share: float

    @property
    def later_ms(self) -> float:
        """How much slower the 99th percentile is."""
        return self.on_p99_ms - self.off_p99_ms


def part_costs(
    stores: Stores, servers: dict[str, Server], keys: Keys, *, effort: Effort, step: Callable[[str], None]
) -> list[PartCost]:
    """Each part's scenarios, on and off in turns."""
    found: dict[tuple[Part, str, str], list[Result]] = {}
    for part in PARTS:
        for scenario in part.scenarios:
            step(f"the {part.name}: {scenario}")
            pair = {name: servers[name] for name in (part.off, part.on)}
            asked = BY_NAME[scenario]
            requests = asked.variables(keys)
            compare_answers({GATEWAY: servers[GATEWAY], **pair}, asked, requests)
            orders = {
                name: order(
                    stores,
                    server,
                    asked,
                    requests=requests,
                    lengths=lengths_of(server, asked, requests),
                    effort=effort,
                    connections=CONNECTIONS,
                )
                for name, server in pair.items()
            }
            for _ in range(effort.rounds):
                for name, result in one_round(orders, effort.turns).items():
                    found.setdefault((part, scenario, name), []).append(result)
    return [
        _cost(part.name, scenario, on=found[part, scenario, part.on], off=found[part, scenario, part.off])
        for part in PARTS
        for scenario in part.scenarios
    ]


def _cost(part: str, scenario: str, *, on: list[Result], off: list[Result]) -> PartCost:
    def medians(read: Callable[[Result], float]) -> tuple[float, float]:
        return median(map(read, on)), median(map(read, off))

    return PartCost(
        part,
        scenario,
        *medians(lambda each: each.per_second),
        *medians(lambda each: each.p99_ms),
        *medians(lambda each: each.server_cpu_ms),
        share=ratio(on, off, lambda each: each.per_second),
    )
