"""`gateway objection`: record or withdraw a member's objection, and correct both stores."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from gateway.access.tokens import list_tokens
from gateway.commands.output import done, examples
from gateway.settings import Settings
from gateway.terminal.problems import Problem, owners_of, read_settings
from gateway.terminal.progress import shown
from gateway.upkeep import reconciler
from resolvers.changes import objections, rebuild, verification
from resolvers.changes.history import ControlIsOlder
from resolvers.changes.objections import ObjectionChange, ObjectionOutcome
from resolvers.changes.rebuild import Rebuilt
from resolvers.changes.restrictions import purposes_of
from schema.purposes import OBJECTABLE, Purpose

CHANNEL = "command line"
# How many members one line names.
NAMED = 20
OLDER = (
    "control: the stores know objections that it does not, so it was restored: `gateway objection rebuild`"
)

OUTCOMES = {
    ObjectionOutcome.RECORDED: "Recorded: it binds every request from now on, in both stores.",
    ObjectionOutcome.WITHDRAWN: "Withdrawn: the data is open again from now on.",
    ObjectionOutcome.ALREADY_OBJECTED: "This objection was in force already.",
    ObjectionOutcome.NOT_OBJECTED: "There was no such objection to withdraw.",
    ObjectionOutcome.NOT_ELIGIBLE_NEW_MEMBER: "Not recorded: only members from before 2016-08-25 may object.",
    ObjectionOutcome.WINDOW_CLOSED: (
        "Not recorded: the time to object ended 30 days after accepting the terms."
    ),
    ObjectionOutcome.UNKNOWN_ACCOUNT: "Nothing to do: the messenger has no such account.",
}
STILL_HIDDEN = {
    ObjectionOutcome.WITHDRAWN: "Withdrawn. Data is still hidden for",
    ObjectionOutcome.NOT_OBJECTED: "There was no such objection to withdraw. Data is hidden for",
}
NOTHING_DONE = {
    ObjectionOutcome.NOT_ELIGIBLE_NEW_MEMBER,
    ObjectionOutcome.WINDOW_CLOSED,
    ObjectionOutcome.UNKNOWN_ACCOUNT,
}

objection_app = typer.Typer(no_args_is_help=True)

Account = Annotated[str, typer.Option(metavar="ma_5", help="The member's identifier on the messenger.")]
Objected = Annotated[
    list[Purpose] | None,
    typer.Option(metavar="PURPOSE", help=f"{' or '.join(OBJECTABLE)}; both if left out. May be repeated."),
]


@objection_app.command(
    "record",
    epilog=examples(
        "gateway objection record --account ma_5",
        "gateway objection record --account ma_5 --purpose ADS_PERSONALIZATION",
    ),
)
def record_objection(account: Account, purpose: Objected = None) -> None:
    """Record a member's objection. When the command returns, both stores apply it."""
    done(_change_objection(read_settings(), objections.record, account, purposes=purpose))


@objection_app.command("withdraw", epilog=examples("gateway objection withdraw --account ma_5"))
def withdraw_objection(account: Account, purpose: Objected = None) -> None:
    """Withdraw a member's objection. Their data is then open again, unless a suspension hides it."""
    done(_change_objection(read_settings(), objections.withdraw, account, purposes=purpose))


def objectable(purposes: list[Purpose] | None) -> frozenset[Purpose]:
    """The named purposes, or all that admit an objection. Problem if one of them admits none."""
    named = frozenset(purposes or OBJECTABLE)
    if not named <= OBJECTABLE.keys():
        raise Problem(f"no member may object to {', '.join(sorted(named - OBJECTABLE.keys()))}")
    return named


async def _change_objection(
    settings: Settings, change: objections.ObjectionCall, account: str, *, purposes: list[Purpose] | None
) -> None:
    found = re.fullmatch(r"ma_([0-9]{1,18})", account)
    if found is None:
        raise Problem("--account needs a member's identifier on the messenger, such as ma_5")
    named = objectable(purposes)
    async with owners_of(settings) as stores:
        try:
            result = await change(
                stores, reconciler.rules_of(settings), int(found[1]), purposes=named, channel=CHANNEL
            )
        except ControlIsOlder:
            raise Problem(OLDER) from None
    typer.echo(_told(result))
    if result.outcome in NOTHING_DONE:
        raise typer.Exit(1)


def _told(result: ObjectionChange) -> str:
    """The outcome in words. A withdrawal says "open again" only if nothing else hides the data."""
    hidden = [
        *(f"{purpose} (objection)" for purpose in purposes_of(result.in_force)),
        *(f"{purpose} (suspension)" for purpose in purposes_of(result.suspended)),
    ]
    if result.outcome not in STILL_HIDDEN or not hidden:
        return OUTCOMES[result.outcome]
    return f"{STILL_HIDDEN[result.outcome]} {', '.join(hidden)}."


@objection_app.command("recover", epilog=examples("gateway objection recover"))
def recover_objections() -> None:
    """Compare objections with both stores and correct differences, after a crash or a restored backup."""
    done(_recover_objections(read_settings()))


async def _recover_objections(settings: Settings) -> None:
    async with owners_of(settings) as stores:
        with shown(Console(stderr=True)) as progress:
            try:
                corrected = await verification.repair(stores, datetime.now(UTC), progress)
            except ControlIsOlder:
                raise Problem(OLDER) from None
    typer.echo(f"{corrected} accounts corrected." if corrected else "Both stores hold what the events say.")


@objection_app.command("rebuild", epilog=examples("gateway objection rebuild"))
def rebuild_objections() -> None:
    """Rebuild the objections that the control database lost when it was restored from a backup.

    The stores still hold what is in force. Their owners' logins are needed.
    """
    done(_rebuild_objections(read_settings()))


async def _rebuild_objections(settings: Settings) -> None:
    async with owners_of(settings) as stores:
        if not await rebuild.is_needed(stores):
            typer.echo("Nothing to rebuild: the control database knows all that the stores hold.")
            return
        with shown(Console(stderr=True)) as progress:
            found = await rebuild.rebuild(stores, datetime.now(UTC), progress)
        doubtful = [each for each in await list_tokens(stores.control) if each.is_doubtful]
    for line in _said_of(found, len(doubtful)):
        typer.echo(line)


def _said_of(found: Rebuilt, doubtful: int) -> Iterator[str]:
    """What was rebuilt, and what the stores cannot tell."""
    yield f"{len(set(found.objected))} objections rebuilt, {found.corrected} accounts corrected."
    if found.suspended:
        yield (
            f"Suspended without a decision: {', '.join(found.suspended)}. Each has a decision without an end "
            "now: `gateway suspension list`."
        )
    if found.perhaps_withdrawn:
        named = ", ".join(f"ma_{each}" for each in found.perhaps_withdrawn[:NAMED])
        yield (
            f"{len(found.perhaps_withdrawn)} members objected, and the stores had opened them again: perhaps "
            f"they withdrew. They stay restricted. The first: {named}."
        )
    yield (
        "Not known: when and by which channel these objections were recorded; who objected and withdrew "
        "since the backup; entries of the ledger, recalls, quotas and registered documents since then."
    )
    if doubtful:
        yield (
            f"{doubtful} tokens from before are refused, because some may have been revoked: issue new ones, "
            "or compare `gateway token list` with your records and run `gateway token confirm`."
        )
