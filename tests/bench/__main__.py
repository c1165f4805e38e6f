"""`python -m tests.bench`: everything in one go. `python -m tests.bench growth`: cost by size.

`python -m tests.bench lookup`: one person's entries in a ledger of 100 million.

Prints tables, writes JSON and a plot into `bench-results/`. Goals that are missed are shown, not
raised: a shared machine is no judge.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from rich.console import Console

from tests.bench import growth
from tests.bench.cold_and_long import cold_plans, long_run
from tests.bench.comparison import Effort, compare
from tests.bench.data import draw_keys, forget, prepared
from tests.bench.lookup import look_up
from tests.bench.parts import part_costs
from tests.bench.process_costs import peak_memory_mb
from tests.bench.report import Findings, show, write
from tests.bench.servers import running
from tests.bench.statements import statement_costs
from tests.bench.under_test import new_token

RESULTS = Path(__file__).parents[2] / "bench-results"
SHORT_ACCOUNTS = 2_000
TURNS = 3


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("command", nargs="?", choices=["run", "growth", "lookup"], default="run")
    parser.add_argument("--accounts", type=int, default=None, help="in each store (200,000)")
    parser.add_argument("--entries", type=int, default=100_000_000, help="of the ledger, for lookup")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0, help="of load a round")
    parser.add_argument("--short", action="store_true", help="few accounts, one quick round: does it work?")
    parser.add_argument("--into", type=Path, default=RESULTS, metavar="FOLDER", help="for JSON and plot")
    parser.add_argument("--reset", action="store_true", help="generate the data again")
    return parser.parse_args()


async def _run(accounts: int, effort: Effort, requests: int, *, console: Console) -> Findings:
    findings = Findings(accounts, effort.rounds)
    with console.status("starting") as status:
        async with prepared(accounts, status.update) as stores:
            token = await new_token(stores)
            keys = await draw_keys(stores)
            with running(stores, token) as servers:
                status.update("documents seen for the first time")
                findings.cold = cold_plans(servers["gateway"], keys)
                findings.measured = await compare(stores, servers, keys, effort=effort, step=status.update)
                findings.parts = part_costs(stores, servers, keys, effort=effort, step=status.update)
                status.update("the statements alone")
                findings.statements = await statement_costs(stores, keys, effort.rounds * effort.seconds)
                status.update(f"{requests:,} requests")
                findings.memory = long_run(stores, servers["gateway"], keys, requests=requests)
                findings.peak_memory_mb = {name: peak_memory_mb(each.pid) for name, each in servers.items()}
    return findings


def main() -> None:
    """Run what the command line asks for."""
    asked = _arguments()
    console = Console(width=None if sys.stdout.isatty() else 124)
    if asked.command == "growth":
        sizes = (2_000, 20_000) if asked.short else growth.SIZES
        if asked.reset:
            for size in sizes:
                forget(size)
        asyncio.run(growth.grow(sizes, console, asked.into))
        return
    if asked.command == "lookup":
        asyncio.run(look_up(20_000 if asked.short else asked.entries, console, asked.into))
        return
    accounts = asked.accounts or (SHORT_ACCOUNTS if asked.short else 200_000)
    if asked.reset:
        forget(accounts)
    effort = Effort(1, 0.3, 1, 0.1) if asked.short else Effort(asked.rounds, asked.seconds, TURNS, 0.4)
    findings = asyncio.run(_run(accounts, effort, 2_000 if asked.short else 100_000, console=console))
    show(findings, console)
    data, picture = write(findings, asked.into)
    console.print(f"[dim]{data}\n{picture}[/]")


if __name__ == "__main__":
    main()
