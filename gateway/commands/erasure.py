"""`gateway erase`: everything that it keeps of one person, in the order that works (GDPR Art. 17)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from gateway.commands import people
from gateway.commands.output import done, out
from gateway.ledger import retention
from gateway.ledger.publishing import publisher_of
from gateway.settings import Settings
from gateway.terminal.problems import Problem, owners_of, read_settings
from resolvers.changes.erasure import Erased, erase, still_searched
from resolvers.plan.principal import Principal

ERASES = """
their tokens, the history of their objections, pseudonyms, notices, counts, and the ledger's link to them
""".strip()


def erase_person(
    *,
    person: Annotated[
        list[str], typer.Argument(help="A phone number, or accounts: ma_5, sa_7. They may be gone.")
    ],
    reason: Annotated[
        str, typer.Option(help="Why: it stays in the ledger, so name no person in it.")
    ] = "erasure, GDPR Art. 17",
    without_notices: Annotated[
        bool,
        typer.Option("--without-notices", help="Do not wait until clients are notified of an objection."),
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it. Without this option the command does nothing.")
    ] = False,
) -> None:
    """Erase everything of a person that the gateway keeps. Print what was erased, what remains, and why.

    Safe to cut off and to repeat. An objection in force stays in force. Name both accounts if the stores no
    longer link them.
    """
    done(_erase(read_settings(), person, reason, wait=not without_notices, yes=yes))


async def _erase(settings: Settings, names: list[str], reason: str, *, wait: bool, yes: bool) -> None:
    found = await people.named_person(settings, names)
    if not yes:
        raise Problem(f"this erases {ERASES}, for good, of {people.in_words(found)}: add --yes")
    if not reason.strip():
        raise Problem("--reason must say why")
    publisher = publisher_of(settings)
    async with owners_of(settings) as stores:
        if wait and await still_searched(stores.control, found):
            raise Problem(
                "clients are still being notified of an objection of this person: repeat in a minute, while "
                "a gateway runs; or add --without-notices"
            )
        lines = await erase(stores, found, datetime.now(UTC))
        links = await retention.forget(
            stores.control,
            retention.signer_of(settings),
            found,
            reason=reason,
            publish=publisher.note,
        )
    lines.append(_ledger_line(links))
    await people.published(publisher)
    _show(found, lines)


def _ledger_line(links: int) -> Erased:
    why = "entries and their proof, under references that lead to no account; a signed record of the erasure"
    return Erased("links from the ledger", links, 0, why)


def _show(person: Principal, lines: list[Erased]) -> None:
    table = Table("What", "Erased", "Remain", "What remains, and why", title_justify="left")
    table.title = f"Of {people.in_words(person)}"
    for each in lines:
        table.add_row(each.what, f"{each.erased:,}", f"{each.remain:,}", each.why)
    out().print(table)
    typer.echo("Backups and logs of your databases are not reached from here.")
