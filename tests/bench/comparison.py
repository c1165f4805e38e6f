"""All servers under the same load in turns of a second, so that a noisy moment hits all of them.

A machine that is shared changes its pace within seconds. Therefore a round's load comes in several turns,
each of all servers, and what two of them cost is compared round by round; the median of that counts.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

import orjson

from tests.bench.data import Stores
from tests.bench.load import Result, together
from tests.bench.scenarios import SCENARIOS, Keys, Scenario, Variables
from tests.bench.servers import (
    CACHED,
    DATALOADERS,
    GATEWAY,
    RECORDED,
    ROOT,
    SEALED,
    UNLIMITED,
    Client,
    Server,
)
from tests.bench.under_test import Planner

BARE = "bare"
CONNECTIONS = 32
# A server that needs seconds for an answer would spend the whole round on its first 32.
FEW_CONNECTIONS = 4
COMPARED_ANSWERS = 20


@dataclass(frozen=True)
class Measured:
    """The median of the rounds for one scenario and server; CPU in ms a request."""

    scenario: str
    server: str
    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    stores_cpu_ms: float
    postgres_cpu_ms: float
    strangers: float
    rounds: list[Result]

    def to(self, other: Measured, read: Callable[[Result], float]) -> float:
        """How many times as much as the other: the median of what the rounds say."""
        return ratio(self.rounds, other.rounds, read)


def ratio(rounds: list[Result], others: list[Result], read: Callable[[Result], float]) -> float:
    """The median of what each round was to the other's of the same number."""
    return median(read(one) / read(other) for one, other in zip(rounds, others, strict=True))


def _median(scenario: str, server: str, rounds: list[Result]) -> Measured:
    def of(read: Callable[[Result], float]) -> float:
        return median(read(each) for each in rounds)

    return Measured(
        scenario=scenario,
        server=server,
        per_second=of(lambda each: each.per_second),
        p50_ms=of(lambda each: each.p50_ms),
        p99_ms=of(lambda each: each.p99_ms),
        cpu_ms=of(lambda each: each.server_cpu_ms),
        stores_cpu_ms=of(
            lambda each: sum(each.postgres_cpu_ms.get(store, 0.0) for store in ("messenger", "social"))
        ),
        postgres_cpu_ms=of(lambda each: sum(each.postgres_cpu_ms.values())),
        strangers=of(lambda each: each.strangers),
        rounds=rounds,
    )


class WrongAnswer(Exception):
    """Two servers gave different answers to one request, or one a wrong status."""


def compare_answers(servers: dict[str, Server], scenario: Scenario, requests: list[Variables]) -> list[int]:
    """The lengths of the right answers. WrongAnswer unless all servers give the same bytes."""
    clients = {name: Client(server) for name, server in servers.items()}
    lengths = []
    for number, variables in enumerate(requests):
        expected = _answer(clients[GATEWAY], servers[GATEWAY], scenario, variables=variables)
        lengths.append(len(expected))
        if number < COMPARED_ANSWERS:
            for name, server in servers.items():
                if _answer(clients[name], server, scenario, variables=variables) != expected:
                    raise WrongAnswer(f"{scenario.name}: {name} and {GATEWAY} differ on {variables}")
    for client in clients.values():
        client.close()
    return lengths


def _answer(client: Client, server: Server, scenario: Scenario, *, variables: Variables) -> bytes:
    status, body = client.ask(server.request(scenario, variables))
    if status != 200 or b'"errors"' in body:
        raise WrongAnswer(f"{scenario.name}: {server.name} answered {status}: {body[:300]!r}")
    ids = server.ids(scenario)
    return ids.opened(body.decode()).encode() if ids else body


def lengths_of(server: Server, scenario: Scenario, requests: list[Variables]) -> list[int]:
    """The lengths of one server's answers."""
    client = Client(server)
    lengths = [len(client.ask(server.request(scenario, each))[1]) for each in requests]
    client.close()
    return lengths


@dataclass(frozen=True)
class Effort:
    """How long each server is under load in a round, in how many turns, and how many rounds there are.

    `warm_s`: before each turn.
    """

    rounds: int
    seconds: float
    turns: int
    warm_s: float

    @property
    def turn_s(self) -> float:
        """How long a turn lasts."""
        return self.seconds / self.turns


async def compare(
    stores: Stores, servers: dict[str, Server], keys: Keys, *, effort: Effort, step: Callable[[str], None]
) -> list[Measured]:
    """Every scenario on every server. `step` is called with the name of each round before it begins."""
    found: dict[tuple[str, str], list[Result]] = {}
    orders = {}
    servers = {name: server for name, server in servers.items() if name not in {RECORDED, UNLIMITED, SEALED}}
    planner = Planner(stores)
    for scenario in SCENARIOS:
        step(f"{scenario.name}: the same answers?")
        requests = scenario.variables(keys)
        lengths = compare_answers(servers, scenario, requests)
        steps = await planner.gateway_statements(scenario, requests[:200])
        orders[scenario.name] = {
            name: order(
                stores,
                server,
                scenario,
                requests=requests,
                lengths=lengths,
                effort=effort,
                connections=_connections(name, scenario),
            )
            for name, server in servers.items()
        }
        orders[scenario.name][BARE] = {
            "dsns": stores.dsns,
            "requests": [
                [(each.store, each.role, each.sql, each.arguments) for each in request] for request in steps
            ],
            "warm_s": effort.warm_s,
            "seconds": effort.turn_s,
            "postmaster_pid": stores.postmaster_pid,
        }
    for number in range(effort.rounds):
        for scenario in SCENARIOS:
            step(f"round {number + 1} · {scenario.name}")
            for name, result in one_round(orders[scenario.name], effort.turns).items():
                found.setdefault((scenario.name, name), []).append(result)
    return [_median(scenario, server, rounds) for (scenario, server), rounds in found.items()]


def _connections(name: str, scenario: Scenario) -> int:
    many = name not in {DATALOADERS, CACHED} or scenario.name == "one"
    return CONNECTIONS if many else FEW_CONNECTIONS


def order(
    stores: Stores,
    server: Server,
    scenario: Scenario,
    *,
    requests: list[Variables],
    lengths: list[int],
    effort: Effort,
    connections: int,
) -> dict[str, Any]:
    """The order for the load on one server in one turn; see `load.py`."""
    return {
        "port": server.port,
        "requests": [server.request(scenario, variables) for variables in requests],
        "lengths": lengths,
        "connections": connections,
        "warm_s": effort.warm_s,
        "seconds": effort.turn_s,
        "server_pid": server.pid,
        "postmaster_pid": stores.postmaster_pid,
    }


def one_round(orders: dict[str, dict[str, Any]], turns: int) -> dict[str, Result]:
    """The result of each server's order, carried out once in each turn."""
    found: dict[str, list[Result]] = {name: [] for name in orders}
    for _ in range(turns):
        for name, each in orders.items():
            found[name].append(send_out("tests.bench.bare" if name == BARE else "tests.bench.load", each))
    return {name: together(results) for name, results in found.items()}


def send_out(module: str, order: dict[str, Any]) -> Result:
    """Have an order carried out in a process of its own. WrongAnswer if an answer was not right."""
    done = subprocess.run(
        [sys.executable, "-m", module], input=orjson.dumps(order), capture_output=True, cwd=ROOT, check=False
    )
    if done.returncode:
        raise SystemExit(f"{module} failed:\n{done.stderr.decode()[-2_000:]}")
    result = Result(**orjson.loads(done.stdout))
    if result.wrong:
        raise WrongAnswer(f"{result.wrong} of {result.requests} answers had a wrong status or length")
    return result
