"""`gateway quota`: the quotas of clients that have their own."""

from __future__ import annotations

from dataclasses import astuple
from typing import Annotated

import typer
from rich.table import Table

from gateway.access.tokens import CLIENT
from gateway.commands.output import done, examples, out
from gateway.quotas.table import OwnQuota, read_quotas, reset_quota, set_quota, usual_quota
from gateway.settings import MOST_OF_A_QUOTA, Settings
from gateway.terminal.problems import Problem, owner_of, read_settings

quota_app = typer.Typer(no_args_is_help=True)

Client = Annotated[str, typer.Argument(metavar="NAME", help="The client, as in `gateway token list`.")]


@quota_app.command(
    "set",
    epilog=examples(
        "gateway quota set ads-ranker --requests-per-second 200",
        "gateway quota set risk --at-once 8 --people-per-hour 500000",
    ),
)
def set_one(
    *,
    client: Client,
    requests_per_second: Annotated[
        int | None,
        typer.Option(min=1, max=MOST_OF_A_QUOTA, help="Requests in a second, in all processes together."),
    ] = None,
    at_once: Annotated[
        int | None, typer.Option(min=1, max=MOST_OF_A_QUOTA, help="Requests that may be under way at once.")
    ] = None,
    people_per_hour: Annotated[
        int | None,
        typer.Option(
            min=1, max=MOST_OF_A_QUOTA, help="People whose data it may receive in an hour, each counted once."
        ),
    ] = None,
    questions_per_hour: Annotated[
        int | None,
        typer.Option(
            min=1, max=MOST_OF_A_QUOTA, help="People that it may ask about in an hour, found or not."
        ),
    ] = None,
) -> None:
    """Set a client's own quota. A number that is left out keeps its value. In force within a second."""
    if CLIENT.fullmatch(client) is None:
        raise typer.BadParameter("a client's name has letters, digits, . _ and -, at most 63")
    wanted = OwnQuota(requests_per_second, at_once, people_per_hour, questions_per_hour)
    if wanted == OwnQuota(None, None, None, None):
        raise typer.BadParameter("give at least one number: see --help")
    done(_set(read_settings(), client, wanted))


async def _set(settings: Settings, client: str, wanted: OwnQuota) -> None:
    async with owner_of(settings, "control") as control:
        await set_quota(control, client, wanted)
    typer.echo(f"The quota of {client} is set: `gateway quota list` shows it.")


@quota_app.command("reset", epilog=examples("gateway quota reset ads-ranker"))
def reset_one(client: Client) -> None:
    """Return a client to the default quota."""
    done(_reset(read_settings(), client))


async def _reset(settings: Settings, client: str) -> None:
    async with owner_of(settings, "control") as control:
        if not await reset_quota(control, client):
            raise Problem(
                f"{client} has no quota of its own: `gateway quota list` shows the clients that have one"
            )
    typer.echo(f"{client} is back on the default quota.")


@quota_app.command("list", epilog=examples("gateway quota list"))
def list_all() -> None:
    """Show the default quota, and the clients that have their own."""
    done(_list(read_settings()))


async def _list(settings: Settings) -> None:
    async with owner_of(settings, "control") as control:
        own = await read_quotas(control)
    usual = usual_quota(settings)
    table = Table(
        "Client", "Requests/s", "At once", "People/hour", "Questions/hour", caption="dim: the default"
    )
    for column in table.columns[1:]:
        column.justify = "right"
    table.add_row("default", *(f"{number:,}" for number in astuple(usual)))
    for client, quota in own.items():
        numbers = zip(astuple(quota), astuple(quota.beside(usual)), strict=True)
        table.add_row(
            client, *(f"[dim]{holds:,}[/]" if own is None else f"{holds:,}" for own, holds in numbers)
        )
    out().print(table)
