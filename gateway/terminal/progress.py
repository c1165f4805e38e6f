"""What the terminal shows while something takes longer than a second: bars, a spinner, or plain lines."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

if TYPE_CHECKING:
    from rich.console import Console

# `progress(what, done, total)`: called as work goes on.
Progress = Callable[[str, int, int], None]


@contextmanager
def step(console: Console, doing: str) -> Iterator[None]:
    """A spinner while the block runs, then one line with the time that it took; no line if it failed."""
    began = time.monotonic()
    with console.status(f"{escape(doing)} ..."):
        yield
    _tick(console, doing, time.monotonic() - began)


@contextmanager
def shown(console: Console, doing: str = "") -> Iterator[Progress]:
    """A function `progress(what, done, total)` whose calls become bars that go when they are full.

    Without a terminal, each `what` is one line. With `doing`, one line at the end as of `step`.
    """
    began = time.monotonic()
    columns = TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    bars = Bars(*columns, console=console, transient=True, disable=not console.is_terminal)
    tasks: dict[str, TaskID] = {}

    def progress(what: str, done: int, total: int) -> None:
        if what not in tasks:
            tasks[what] = bars.add_task(what, total=total)
            if not console.is_terminal:
                console.print(f"  {escape(what)}")
        bars.update(tasks[what], completed=done, total=total, visible=done < total)

    with bars:
        yield progress
    if doing:
        _tick(console, doing, time.monotonic() - began)


def _tick(console: Console, what: str, seconds: float) -> None:
    # A terminal that is not UTF-8 would end the program at the tick.
    mark = "\N{CHECK MARK}" if console.encoding.startswith("utf") else "*"
    console.print(f"[green]{mark}[/] {escape(what)} [dim]{seconds:.1f} s[/]", highlight=False)
