"""`gateway suspension`: a regulator's suspensions, and both stores brought up to date with them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gateway.commands.objections import Objected, objectable
from gateway.commands.output import done, examples, out
from gateway.settings import Settings
from gateway.terminal.problems import Problem, owner_of, owners_of, read_settings
from gateway.terminal.progress import shown
from resolvers.changes import suspensions
from resolvers.changes.restrictions import Stores
from resolvers.changes.suspensions import SuspensionDecision

suspension_app = typer.Typer(no_args_is_help=True)

DAYS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]


@suspension_app.command(
    "add",
    epilog=examples(
        "gateway suspension add --jurisdiction DE --from 2016-09-27 --reason 'Order of the commissioner' "
        "--author dpo",
        "gateway suspension add --jurisdiction EU --purpose ADS_PERSONALIZATION --from 2016-11-16 "
        "--until 2017-05-18 --reason 'Pause' --author dpo",
    ),
)
def add_suspension(
    *,
    jurisdiction: Annotated[str, typer.Option(metavar="DE", help="A country's ISO 3166 code, or EU.")],
    begins: Annotated[
        datetime,
        typer.Option("--from", formats=DAYS, metavar="2016-09-27", help="When it begins, in UTC."),
    ],
    reason: Annotated[str, typer.Option(help="The decision, and where it is published.")],
    author: Annotated[str, typer.Option(help="Who records it.")],
    until: Annotated[
        datetime | None,
        typer.Option(
            formats=DAYS,
            metavar="2017-05-18",
            help="When it ends; without it, when `suspension end` ends it.",
        ),
    ] = None,
    purpose: Objected = None,
) -> None:
    """Record that a regulator suspended the use of a country's data, and update both stores."""
    if re.fullmatch("[A-Z]{2}", jurisdiction) is None:
        raise Problem("--jurisdiction needs the two capital letters of a country, or EU")
    if not reason.strip() or not author.strip():
        raise Problem("--reason and --author must not be empty: give the decision and who records it")
    since, end = _utc(begins), None if until is None else _utc(until)
    if end is not None and end <= since:
        raise Problem("--until must be later than --from")
    decided = SuspensionDecision(
        jurisdiction,
        suspensions.countries_of(jurisdiction),
        tuple(sorted(objectable(purpose))),
        since,
        end,
        reason,
        author,
    )
    done(_add_suspensions(read_settings(), (decided,)))


@suspension_app.command("historic", epilog=examples("gateway suspension historic"))
def add_historic_suspensions() -> None:
    """Record the suspensions of 2016 (Germany, the United Kingdom, the EU), and update both stores."""
    done(_add_suspensions(read_settings(), suspensions.historic()))


async def _add_suspensions(settings: Settings, decided: tuple[SuspensionDecision, ...]) -> None:
    async with owners_of(settings) as stores:
        known = {replace(each, number=0) for each in await suspensions.list_decisions(stores.control)}
        for each in decided:
            if each in known:
                typer.echo(f"{each.jurisdiction} from {each.valid_from:%Y-%m-%d} is recorded already.")
                continue
            number = await suspensions.add(stores.control, each)
            typer.echo(f"Suspension {number}: {each.jurisdiction} from {each.valid_from:%Y-%m-%d}.")
        await _follow(stores)


@suspension_app.command("end", epilog=examples("gateway suspension end 1 --at 2017-05-18"))
def end_suspension(
    number: Annotated[int, typer.Argument(metavar="ID", help="As `suspension list` shows it.")],
    at: Annotated[
        datetime | None, typer.Option(formats=DAYS, metavar="2017-05-18", help="When; now if left out.")
    ] = None,
) -> None:
    """End a suspension, now or later. What no objection and no other suspension hides is then open again."""
    done(_end_suspension(read_settings(), number, datetime.now(UTC) if at is None else _utc(at)))


async def _end_suspension(settings: Settings, number: int, at: datetime) -> None:
    async with owners_of(settings) as stores:
        if not await suspensions.end(stores.control, number, at):
            raise Problem(f"no suspension {number} can end at that time: `gateway suspension list` shows all")
        typer.echo(f"Suspension {number} ends at {at:%Y-%m-%d %H:%M} UTC.")
        await _follow(stores)


@suspension_app.command("list", epilog=examples("gateway suspension list"))
def list_suspensions() -> None:
    """List all suspensions ever recorded, with their reasons."""
    done(_list_suspensions(read_settings()))


async def _list_suspensions(settings: Settings) -> None:
    async with owner_of(settings, "control") as connection:
        listed = await suspensions.list_decisions(connection)
    table = Table("Id", "Where", "Purposes", "From", "Until", "Why", "By")
    for each in listed:
        until = "not ended" if each.valid_until is None else f"{each.valid_until:%Y-%m-%d %H:%M}"
        since = f"{each.valid_from:%Y-%m-%d %H:%M}"
        purposes = "\n".join(each.purposes)
        row = (str(each.number), each.jurisdiction, purposes, since, until, each.reason, each.author)
        table.add_row(*map(escape, row))
    out().print(table)


@suspension_app.command("apply", epilog=examples("gateway suspension apply"))
def apply_suspensions() -> None:
    """Update both stores to the suspensions in force. Every gateway does so itself within seconds."""
    done(_apply_suspensions(read_settings()))


async def _apply_suspensions(settings: Settings) -> None:
    async with owners_of(settings) as stores:
        await _follow(stores)


async def _follow(stores: Stores) -> None:
    with shown(Console(stderr=True)) as progress:
        changed = await suspensions.apply(stores, datetime.now(UTC), progress)
    typer.echo(
        f"Both stores are up to date: {changed:,} accounts changed."
        if changed
        else "Both stores are up to date."
    )


def _utc(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC)
