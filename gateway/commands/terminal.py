"""How commands speak: results on standard output, all else on standard error; examples below each help."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from enum import StrEnum
from typing import Any

import typer
import uvloop
from rich.console import Console


class Format(StrEnum):
    """How a list is shown."""

    TABLE = "table"
    JSON = "json"


def examples(*lines: str) -> str:
    """The end of a command's help: examples to copy, one a paragraph because help joins lines."""
    return "\n\n".join(["[bold]Examples[/bold]", *lines])


def out() -> Console:
    """Standard output; wide when nobody's screen limits it, so that no table is cut in a file."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=200)


def say(text: str) -> None:
    """Say something to the person that is not the result."""
    typer.echo(text, err=True)


def done(work: Coroutine[Any, Any, None]) -> None:
    """Run a command's work to its end."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)
