"""The command: figures of a checkout, side by side with another's; with --check, what is to be changed."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.measure.checkout import Checkout
from tests.measure.figures import Figures, figures
from tests.measure.findings import CHECKS

HERE = Path(__file__).parents[2]


def main() -> int:
    """Print what was asked for; 1 if a check fails."""
    asked = arguments()
    here = Checkout(asked.root)
    if asked.check:
        return check(here)
    columns = {str(asked.against): figures(Checkout(asked.against))} if asked.against else {}
    columns[str(asked.root)] = figures(here, asked.since)
    if asked.format == "json":
        print(json.dumps(columns, indent=2))
    else:
        Console().print(table(columns))
    return 0


def arguments() -> argparse.Namespace:
    """What was typed."""
    parser = argparse.ArgumentParser(prog="python -m tests.measure", description=__doc__)
    parser.add_argument(
        "--root", type=Path, default=HERE, help="the checkout to measure; this one if left out"
    )
    parser.add_argument("--against", type=Path, help="an older checkout, for a column before")
    parser.add_argument("--since", metavar="COMMIT", help="count long commit subjects since then")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    parser.add_argument(
        "--check", action="store_true", help="name every place that is to be changed; status 1"
    )
    return parser.parse_args()


def check(checkout: Checkout) -> int:
    """Name every finding of the checks; 1 if there is one."""
    failed = 0
    for name, find in CHECKS.items():
        found = list(find(checkout))
        for finding in found:
            print(f"{finding.place}: {finding.message}")
        if found:
            print(f"{len(found)} {name}\n", file=sys.stderr)
            failed = 1
    return failed


def table(columns: dict[str, Figures]) -> Table:
    """The figures, a column for each checkout."""
    made = Table("", box=None)
    for heading in ("before", "after")[-len(columns) :] if len(columns) > 1 else ("",):
        made.add_column(heading, justify="right")
    for name in next(reversed(columns.values())):
        made.add_row(name, *(f"{of.get(name, '–'):,}" if name in of else "–" for of in columns.values()))
    return made


if __name__ == "__main__":
    sys.exit(main())
