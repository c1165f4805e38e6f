"""The report of a run: goals reached or missed, tables, JSON and a plot."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from tests.bench.cold_and_long import Cold, Memory
from tests.bench.comparison import BARE, Measured
from tests.bench.parts import PartCost
from tests.bench.scenarios import BY_NAME, SCENARIOS, Scenario
from tests.bench.servers import CACHED, DATALOADERS, GATEWAY, HANDWRITTEN
from tests.bench.statements import StatementCost

TITLES = {
    GATEWAY: "gateway, ledger off",
    BARE: "(a) its SQL, bare asyncpg",
    HANDWRITTEN: "(b) hand-written ASGI",
    DATALOADERS: "(c) Strawberry, DataLoaders",
    CACHED: "(c+) with its caches",
}
COLOURS = {
    GATEWAY: "#0072b2",
    BARE: "#999999",
    HANDWRITTEN: "#009e73",
    DATALOADERS: "#d55e00",
    CACHED: "#e69f00",
}

# With the part on, at least this share of the requests a second without it must remain.
LEAST_SHARES = {
    ("ledger", "one"): 0.75,
    ("ledger", "usage"): 0.9,
    ("quotas", "one"): 0.95,
    ("quotas", "usage"): 0.95,
    ("sealed identifiers", "one"): 0.95,
    ("sealed identifiers", "usage"): 0.95,
    # 0.09 µs for each of 1,000 identifiers.
    ("sealed identifiers", "page"): 0.9,
}


@dataclass(frozen=True)
class Goal:
    """A goal of the requirement with the measured figure."""

    what: str
    scenario: str
    value: float
    limit: float
    at_most: bool = True
    unit: str = "×"

    @property
    def reached(self) -> bool:
        """Whether the figure was reached."""
        return self.value <= self.limit if self.at_most else self.value >= self.limit


@dataclass
class Findings:
    """Everything that one run of the bench found."""

    accounts: int
    rounds: int
    measured: list[Measured] = field(default_factory=list)
    statements: list[StatementCost] = field(default_factory=list)
    parts: list[PartCost] = field(default_factory=list)
    cold: list[Cold] = field(default_factory=list)
    memory: Memory | None = None
    peak_memory_mb: dict[str, float] = field(default_factory=dict)

    def of(self, scenario: str, server: str) -> Measured:
        """One scenario on one server."""
        return next(each for each in self.measured if (each.scenario, each.server) == (scenario, server))

    def goals(self) -> list[Goal]:
        """Every goal of the requirement."""
        return [*self._goals_of_ratios(), *self._goals_of_the_gateway()]

    def _goals_of_ratios(self) -> Iterator[Goal]:
        for scenario in SCENARIOS:
            name, is_one = scenario.name, scenario.name == "one"
            gateway, written = self.of(name, GATEWAY), self.of(name, HANDWRITTEN)
            ordinary = self.of(name, DATALOADERS)
            cpu = gateway.to(written, lambda each: each.server_cpu_ms)
            yield Goal("CPU of the gateway to (b)", name, cpu, 1.6 if is_one else 1.3)
            pace = gateway.to(ordinary, lambda each: each.per_second)
            yield Goal("requests/s to (c)", name, pace, 6 if is_one else 25, False)

    def _goals_of_the_gateway(self) -> Iterator[Goal]:
        for cost in self.statements:
            yield Goal("CPU of its statements to (b)'s", cost.scenario, cost.compiled, 1.15)
        for cost in self.statements:
            yield Goal("CPU of views to raw tables", cost.scenario, cost.views, 1.10)
        for part in self.parts:
            least = LEAST_SHARES.get((part.part, part.scenario))
            if least is not None:
                yield Goal(f"requests/s with the {part.part}", part.scenario, part.share, least, False)
            if least is not None and part.part == "ledger":
                yield Goal("p99 with the ledger", part.scenario, part.later_ms, 10, unit=" ms more")
        for cold in self.cold:
            yield Goal("a new document's plan", cold.scenario, cold.plan_ms, 15, unit=" ms")
        if self.memory is not None:
            requests = f"{self.memory.samples[-1][0]:,} requests"
            yield Goal("memory's growth", requests, 100 * self.memory.share, 5, unit=" %")


def show(findings: Findings, console: Console) -> None:
    """Print a table for each scenario, and the goals."""
    for scenario in SCENARIOS:
        console.print(_table_of(findings, scenario.name))
    console.print(
        "[dim]CPU ms: of the server, a request. stores: of the two stores' backends; Postgres: of all of it. "
        "others: share of the machine that other programs took.[/]\n"
    )
    console.print(_table_of_parts(findings))
    console.print(_table_of_goals(findings))


def _table_of_parts(findings: Findings) -> Table:
    table = Table(title="\nOne part on and off, 16 connections", title_justify="left")
    table.add_column("")
    table.add_column("")
    for column in ("requests/s on", "off", "share", "p99 ms on", "off", "CPU ms on", "off"):
        table.add_column(column, justify="right")
    for each in findings.parts:
        table.add_row(
            each.part, BY_NAME[each.scenario].title,
            f"{each.on_per_second:,.0f}", f"{each.off_per_second:,.0f}", f"{each.share:.2f}",
            f"{each.on_p99_ms:.3g}", f"{each.off_p99_ms:.3g}",
            f"{each.on_cpu_ms:.3g}", f"{each.off_cpu_ms:.3g}",
        )  # fmt: skip
    return table


_COLUMNS = ("requests/s", "p50 ms", "p99 ms", "CPU ms", "stores ms", "Postgres ms", "peak MB", "others")


def _table_of(findings: Findings, name: str) -> Table:
    table = Table(title=f"{BY_NAME[name].title}  [dim]{BY_NAME[name].purpose}[/]", title_justify="left")
    table.add_column("", min_width=28)
    for column in (
        "requests/s",
        "p50 ms",
        "p99 ms",
        "CPU ms",
        "stores ms",
        "Postgres ms",
        "peak MB",
        "others",
    ):
        table.add_column(column, justify="right")
    for server, title in TITLES.items():
        each = findings.of(name, server)
        peak = findings.peak_memory_mb.get(server)
        statistics = (each.p50_ms, each.p99_ms, each.cpu_ms, each.stores_cpu_ms, each.postgres_cpu_ms)
        table.add_row(
            title, f"{each.per_second:,.{0 if each.per_second >= 20 else 1}f}",
            *(f"{figure:.3f}" if figure < 10 else f"{figure:.1f}" for figure in statistics),
            f"{peak:.0f}" if peak else "", f"{100 * each.strangers:.0f} %",
        )  # fmt: skip
    return table


def _table_of_goals(findings: Findings) -> Table:
    table = Table(title="Goals, median of the rounds", title_justify="left")
    table.add_column("")
    table.add_column("")
    for column in ("is", "goal", ""):
        table.add_column(column, justify="right")
    for goal in findings.goals():
        sign = "≤" if goal.at_most else "≥"
        table.add_row(
            goal.what, goal.scenario, f"{goal.value:.2f}{goal.unit}", f"{sign} {goal.limit:g}{goal.unit}",
            "[green]✓[/]" if goal.reached else "[red]✗[/]",
        )  # fmt: skip
    return table


def write(findings: Findings, folder: Path) -> tuple[Path, Path]:
    """Write `bench.json` and `bench.png`; return their paths."""
    folder.mkdir(exist_ok=True)
    data, picture = folder / "bench.json", folder / "bench.png"
    data.write_bytes(orjson.dumps(_as_data(findings), option=orjson.OPT_INDENT_2))
    _plot(findings, picture)
    return data, picture


def _as_data(findings: Findings) -> dict[str, Any]:
    return {
        "machine": machine(),
        **asdict(findings),
        "goals": [{**asdict(goal), "reached": goal.reached} for goal in findings.goals()],
    }


def machine() -> dict[str, Any]:
    """The machine and the versions of the run."""
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return {
        "processors": len(models),
        "model": models[0] if models else "",
        "python": platform.python_version(),
        "system": platform.release(),
    }


def _plot(findings: Findings, path: Path) -> None:
    import matplotlib  # slow to import; only here

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure = pyplot.figure(figsize=(13, 8), layout="constrained")
    upper, lower = figure.subfigures(2, 1, height_ratios=[1, 1])
    _plot_rates(findings, upper.subplots())
    lower.suptitle(
        "CPU ms a request: the server's, and above it in light Postgres'. (c) would not fit.",
        x=0.01,
        ha="left",
    )
    for axes, scenario in zip(lower.subplots(1, len(SCENARIOS)), SCENARIOS, strict=True):
        _plot_cost(findings, axes, scenario)
    figure.suptitle(
        f"{findings.accounts:,} accounts in each store, median of {findings.rounds} rounds", x=0.01, ha="left"
    )
    figure.savefig(path, dpi=130)


def _plot_rates(findings: Findings, axes: Any) -> None:
    width = 0.8 / len(TITLES)
    for position, (server, title) in enumerate(TITLES.items()):
        places = [number + (position - (len(TITLES) - 1) / 2) * width for number in range(len(SCENARIOS))]
        rates = [findings.of(scenario.name, server).per_second for scenario in SCENARIOS]
        bars = axes.bar(places, rates, width, color=COLOURS[server], label=title)
        axes.bar_label(bars, fmt="{:,.0f}", fontsize=8, padding=1)
    axes.set_yscale("log")
    axes.set_title("Requests a second (log)", loc="left")
    axes.set_xticks(range(len(SCENARIOS)), [scenario.title for scenario in SCENARIOS], fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(ncols=len(TITLES), frameon=False)


def _plot_cost(findings: Findings, axes: Any, scenario: Scenario) -> None:
    for position, server in enumerate((GATEWAY, BARE, HANDWRITTEN)):
        each, colour = findings.of(scenario.name, server), COLOURS[server]
        axes.bar(position, each.cpu_ms, color=colour)
        bars = axes.bar(position, each.postgres_cpu_ms, bottom=each.cpu_ms, color=colour, alpha=0.35)
        axes.bar_label(bars, [f"{each.cpu_ms:.2g} + {each.postgres_cpu_ms:.2g}"], fontsize=8, padding=1)
    ordinary = findings.of(scenario.name, DATALOADERS)
    axes.set_title(
        f"{scenario.title}\n(c): {ordinary.cpu_ms:.2g} + {ordinary.postgres_cpu_ms:.2g}",
        fontsize=9,
        loc="left",
    )
    axes.set_xticks(range(3), ["gateway", "(a)", "(b)"])
    axes.margins(y=0.12)
    axes.spines[["top", "right"]].set_visible(False)
