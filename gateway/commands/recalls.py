"""`gateway recall`: notices to clients that received data whose use a person objects to."""

from __future__ import annotations

from typing import Annotated

import orjson
import typer
from rich.table import Table

from gateway.commands.output import ListFormat, done, examples, out
from gateway.settings import Settings
from gateway.terminal.problems import owner_of, read_settings

recall_app = typer.Typer(no_args_is_help=True)

_LIST = """
SELECT number, client, received_for, objected_to, objected_at, store || ' ' || account_id AS account, fields,
       answers, issued_at, due_at, delivered_at, acknowledged_at,
       acknowledged_at IS NULL AND due_at <= now() AS overdue
FROM control.recall
WHERE ($1::text IS NULL OR client = $1) AND (NOT $2 OR (acknowledged_at IS NULL AND due_at <= now()))
  AND ($3 OR acknowledged_at IS NULL)
ORDER BY id
"""


@recall_app.command(
    "list",
    epilog=examples(
        "gateway recall list",
        "gateway recall list --overdue",
        "gateway recall list --client ads-ranker --all",
    ),
)
def list_recalls(
    *,
    client: Annotated[str | None, typer.Option(metavar="NAME", help="Only notices to this client.")] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only notices that are overdue.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Acknowledged notices as well.")] = False,
    form: Annotated[
        ListFormat, typer.Option("--format", help="A table here, or JSON for another program.")
    ] = ListFormat.TABLE,
) -> None:
    """List notices that are not acknowledged. Clients read their own at `/recalls`."""
    done(_list(read_settings(), client, overdue=overdue, everything=everything, form=form))


async def _list(
    settings: Settings, client: str | None, *, overdue: bool, everything: bool, form: ListFormat
) -> None:
    async with owner_of(settings, "control") as control:
        rows = await control.fetch(_LIST, client, overdue, everything)
    if form is ListFormat.JSON:
        listed = [dict(row) for row in rows]
        typer.echo(orjson.dumps(listed, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z).decode())
        return
    table = Table("Number", "Client", "Received for", "Account", "Objected", "Due", "State")
    for row in rows:
        table.add_row(
            str(row["number"]),
            row["client"],
            row["received_for"],
            row["account"],
            f"{row['objected_at']:%Y-%m-%d %H:%M}",
            f"{row['due_at']:%Y-%m-%d}",
            _state(row["acknowledged_at"], row["overdue"], row["delivered_at"]),
        )
    out().print(table)


def _state(acknowledged: object, overdue: bool, delivered: object) -> str:
    if acknowledged:
        return "[green]acknowledged[/]"
    if overdue:
        return "[red]overdue[/]"
    return "delivered, not acknowledged" if delivered else "not read yet"
