"""Output of commands: results on standard output, messages on standard error, examples below each help."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from enum import StrEnum
from typing import Any

import typer
import uvloop
from rich.console import Console


class ListFormat(StrEnum):
    """How a command shows a list."""

    TABLE = "table"
    JSON = "json"


class ReportFormat(StrEnum):
    """How a command shows a report; HTML is a page to print."""

    TABLE = "table"
    JSON = "json"
    HTML = "html"


def examples(*lines: str) -> str:
    """Return the end of a command's help: examples to copy, each a paragraph, because help joins lines."""
    return "\n\n".join(["[bold]Examples[/bold]", *lines])


def out() -> Console:
    """Return standard output; 200 columns wide in a file, so that no table is cut."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=200)


def say(text: str) -> None:
    """Print a message that is not the result."""
    typer.echo(text, err=True)


def done(work: Coroutine[Any, Any, None]) -> None:
    """Run a command's work to its end."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)
