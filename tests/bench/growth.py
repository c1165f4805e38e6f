"""Count the buffers of keyed queries at three sizes of the stores.

The gateway's own statements, as the purpose's role, with the generic plan that serves them, under
EXPLAIN (ANALYZE, BUFFERS). Buffers do not depend on how busy the machine is. A B-tree of a hundred
times as many keys is about one level deeper, so a look-up reads three or four buffers instead of two
or three. Twice as many is therefore the most that is allowed, where a cost that grew with the data
would be a hundred times; and no statement may read a table that grows from end to end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import asyncpg
import orjson
from rich.console import Console
from rich.table import Table

from tests.bench.data import draw_keys, prepared
from tests.bench.scenarios import BY_PHONE, SCENARIOS, Scenario
from tests.bench.under_test import Planner, Step

SIZES = (10_000, 100_000, 1_000_000)
REQUESTS = 20
# What the requirement allows for a million accounts.
MADE_S = 180
LIMIT = 2.0
QUESTIONS = (*SCENARIOS, BY_PHONE)
# Tables of one row, or as small at every size.
OF_ONE_ROW = {"usage_horizon"}


@dataclass(frozen=True)
class Cost:
    """Medians over some requests of one scenario; `scans`: tables read from end to end."""

    scenario: str
    accounts: int
    buffers: float
    execution_ms: float
    scans: list[str]


async def grow(sizes: tuple[int, ...], console: Console, folder: Path) -> bool:
    """Measure at every size, print and write the result; True if no cost grew."""
    costs = []
    made_s = {}
    for accounts in sizes:
        with console.status(f"{accounts:,} accounts") as status:
            found, made_s[accounts] = await _at(accounts, status.update)
            costs += found
    console.print(_table(costs, sizes))
    for accounts, seconds in made_s.items():
        console.print(f"{accounts:,} accounts in each store made in {seconds:.1f} s")
    folder.mkdir(exist_ok=True)
    path = folder / "growth.json"
    found = {"costs": [asdict(cost) for cost in costs], "made_s": {str(n): s for n, s in made_s.items()}}
    path.write_bytes(orjson.dumps(found, option=orjson.OPT_INDENT_2))
    console.print(f"[dim]{path}[/]")
    in_time = all(seconds <= MADE_S for accounts, seconds in made_s.items() if accounts <= 1_000_000)
    grew = any(_ratio(costs, scenario.name) > LIMIT for scenario in QUESTIONS)
    return in_time and not grew and not any(cost.scans for cost in costs)


async def _at(accounts: int, say: Callable[[str], None]) -> tuple[list[Cost], float]:
    async with prepared(accounts, say) as stores:
        keys = await draw_keys(stores)
        planner = Planner(stores)
        costs = []
        for scenario in QUESTIONS:
            say(f"{accounts:,} accounts: {scenario.title}")
            requests = scenario.variables(keys)[:REQUESTS]
            recorded = await planner.gateway_statements(scenario, requests)
            costs.append(await _cost(stores.dsns, scenario, accounts, recorded=recorded))
        return costs, stores.made_s


async def _cost(
    dsns: dict[str, str], scenario: Scenario, accounts: int, *, recorded: list[list[Step]]
) -> Cost:
    buffers, times, scans = [], [], set()
    connections: dict[str, asyncpg.Connection] = {}
    for _ in ("first reads set hint bits", "then count"):
        buffers, times = [], []
        for steps in recorded:
            plans = [await _explain(connections, dsns, step) for step in steps]
            buffers.append(sum(_buffers(plan["Plan"]) for plan in plans))
            times.append(sum(plan["Execution Time"] for plan in plans))
            scans |= {name for plan in plans for name in _scans(plan["Plan"])}
    for connection in connections.values():
        await connection.close()
    return Cost(scenario.name, accounts, median(buffers), median(times), sorted(scans))


async def _explain(
    connections: dict[str, asyncpg.Connection], dsns: dict[str, str], step: Step
) -> dict[str, Any]:
    connection = connections.get(step.store)
    if connection is None:
        connection = connections[step.store] = await asyncpg.connect(dsns[step.store], user=step.role)
        await connection.execute("SET plan_cache_mode = force_generic_plan")
    text = await connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {step.sql}", *step.arguments)
    plan: dict[str, Any] = orjson.loads(text)[0]
    return plan


def _buffers(plan: dict[str, Any]) -> int:
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def _scans(plan: dict[str, Any]) -> Iterator[str]:
    if plan["Node Type"] == "Seq Scan" and plan["Relation Name"] not in OF_ONE_ROW:
        yield plan["Relation Name"]
    for inner in plan.get("Plans", ()):
        yield from _scans(inner)


def _ratio(costs: list[Cost], scenario: str) -> float:
    of_scenario = sorted(
        (cost for cost in costs if cost.scenario == scenario), key=lambda cost: cost.accounts
    )
    return of_scenario[-1].buffers / of_scenario[0].buffers


def _table(costs: list[Cost], sizes: tuple[int, ...]) -> Table:
    table = Table(title="Buffers a request (execution ms)", title_justify="left")
    table.add_column("")
    for size in sizes:
        table.add_column(f"{size:,} accounts", justify="right")
    for column in ("last to first", "goal", ""):
        table.add_column(column, justify="right")
    for scenario in QUESTIONS:
        of_scenario = {cost.accounts: cost for cost in costs if cost.scenario == scenario.name}
        ratio = _ratio(costs, scenario.name)
        scans = sorted({name for cost in of_scenario.values() for name in cost.scans})
        reached = ratio <= LIMIT and not scans
        table.add_row(
            scenario.title,
            *(f"{of_scenario[size].buffers:,.0f} ({of_scenario[size].execution_ms:.2f})" for size in sizes),
            f"{ratio:.2f}×", f"≤ {LIMIT:g}×",
            "[green]✓[/]" if reached else f"[red]✗ {' '.join(scans)}[/]",
        )  # fmt: skip
    return table
