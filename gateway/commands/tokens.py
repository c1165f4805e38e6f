"""`gateway token`: who may ask, for which purposes, and until when.

A command prints a token's text once, alone on standard output, when it issues or rotates the token. No
command takes a token as an argument: every user of the machine can read the arguments of a program.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated

import orjson
import typer
from rich.table import Table

from gateway.access import tokens
from gateway.access.principal import find_principal
from gateway.access.rotation import CannotRotate, ends_soon, is_live, rotate
from gateway.commands.output import ListFormat, done, examples, out, say
from gateway.settings import Settings
from gateway.terminal.problems import Problem, owner_of, read_settings
from resolvers.plan.principal import NO_PRINCIPAL
from schema.purposes import ABOUT, PrincipalKind, Purpose

token_app = typer.Typer(no_args_is_help=True)

# What `token list` says of each, and how the terminal shows it.
STATES = {
    "live": "[green]live[/]",
    "expires soon": "[yellow]expires soon[/]",
    "rotated": "[yellow]rotated[/]",
    "expired": "[red]expired[/]",
    "revoked": "[red]revoked[/]",
    "unconfirmed": "[red]unconfirmed[/]",
}


def _lifetime(text: str) -> timedelta:
    found = re.fullmatch(r"([1-9][0-9]{0,4})([mhd])", text)
    if found is None:
        raise typer.BadParameter("a number and m, h or d: 30d, 12h, 90m")
    unit = {"m": "minutes", "h": "hours", "d": "days"}[found[2]]
    return timedelta(**{unit: int(found[1])})


def _needing(principal: PrincipalKind) -> str:
    return ", ".join(purpose for purpose in Purpose if ABOUT[purpose].principal is principal)


@token_app.command(
    "issue",
    epilog=examples(
        "gateway token issue --client ads-ranker --purpose ADS_PERSONALIZATION --expires 30d",
        "gateway token issue --client risk --purpose SECURITY --purpose INFRASTRUCTURE > token",
        "gateway token issue --client privacy-desk --purpose SUBJECT_ACCESS --subject ma_5 --expires 1d",
    ),
)
def issue_token(
    *,
    client: Annotated[
        str, typer.Option(help="The client that gets it: letters, digits, . _ and -, at most 63.")
    ],
    purpose: Annotated[
        list[Purpose],
        typer.Option(
            metavar="PURPOSE",
            help=f"A purpose that the token allows; may be repeated. One of {', '.join(Purpose)}.",
        ),
    ],
    expires: Annotated[
        timedelta | None,
        typer.Option(parser=_lifetime, metavar="30d", help="Lifetime; without it the token never expires."),
    ] = None,
    subject: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ma_5",
            help="The person that it acts for, by one of their accounts; the linked account is found. "
            f"Needed for {_needing(PrincipalKind.SUBJECT)}.",
        ),
    ] = None,
    merchant: Annotated[
        int | None,
        typer.Option(min=0, help=f"The merchant that it acts for: {_needing(PrincipalKind.MERCHANT)}."),
    ] = None,
    business: Annotated[
        int | None,
        typer.Option(min=0, help=f"The business that it acts for: {_needing(PrincipalKind.BUSINESS)}."),
    ] = None,
) -> None:
    """Issue a token and print it, once, on standard output. The gateway does not keep its text."""
    done(
        _issue_token(
            read_settings(),
            client,
            purposes=purpose,
            lifetime=expires,
            speaks_for=(subject or [], merchant, business),
        )
    )


async def _issue_token(
    settings: Settings,
    client: str,
    *,
    purposes: list[Purpose],
    lifetime: timedelta | None,
    speaks_for: tuple[list[str], int | None, int | None],
) -> None:
    ends = None if lifetime is None else datetime.now(UTC) + lifetime
    subjects, merchant, business = speaks_for
    principal = await find_principal(settings, subjects, merchant=merchant, business=business)
    async with owner_of(settings, "control") as connection:
        try:
            issued = await tokens.issue(
                connection,
                settings.key("tokens"),
                client,
                purposes=purposes,
                expires_at=ends,
                random=secrets.token_bytes,
                principal=principal,
            )
        except ValueError as error:
            raise Problem(str(error)) from None
    until = "never expires" if ends is None else f"expires {ends:%Y-%m-%d %H:%M} UTC"
    whose = f", bound to {principal}" if principal != NO_PRINCIPAL else ""
    say(f"Token {issued.token_id} for {client}{whose}, {until}. Keep it now: it is not shown again.")
    typer.echo(issued.token)


@token_app.command(
    "list",
    epilog=examples(
        "gateway token list", "gateway token list --client ads-ranker", "gateway token list --format json"
    ),
)
def list_tokens(
    client: Annotated[str | None, typer.Option(help="Only tokens of this client.")] = None,
    form: Annotated[
        ListFormat, typer.Option("--format", help="A table here, or JSON for another program.")
    ] = ListFormat.TABLE,
) -> None:
    """List all tokens ever issued. Their texts are not kept."""
    done(_list_tokens(read_settings(), client, form))


async def _list_tokens(settings: Settings, client: str | None, form: ListFormat) -> None:
    async with owner_of(settings, "control") as connection:
        listed = await tokens.list_tokens(connection, client)
    now = datetime.now(UTC)
    if form is ListFormat.JSON:
        rows = [_as_json(each, now) for each in listed]
        typer.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z).decode())
        return
    columns = (
        "Id",
        "Client",
        "Purposes",
        "Bound to",
        "Issued",
        "Expires",
        "Last used",
        "Rotated to",
        "State",
    )
    table = Table(*columns)
    for each in listed:
        table.add_row(
            str(each.token_id),
            each.client,
            "\n".join(each.purposes),
            str(each.principal),
            _minute(each.created_at),
            _minute(each.expires_at),
            _minute(each.last_used_at),
            str(each.replaced_by or ""),
            STATES[_state(each, now)],
        )
    out().print(table)


def _minute(time: datetime | None) -> str:
    return "never" if time is None else f"{time:%Y-%m-%d %H:%M}"


def _state(token: tokens.TokenSummary, now: datetime) -> str:
    if token.revoked_at is not None:
        return "revoked"
    if token.is_doubtful:
        return "unconfirmed"
    if not is_live(token, now):
        return "expired"
    if token.replaced_by is not None:
        return "rotated"
    return "expires soon" if ends_soon(token, now) else "live"


def _as_json(token: tokens.TokenSummary, now: datetime) -> dict[str, object]:
    return {**asdict(token), "bound": str(token.principal), "state": _state(token, now)}


@token_app.command("rotate", epilog=examples("gateway token rotate 7", "gateway token rotate 7 --overlap 1h"))
def rotate_token(
    token_id: Annotated[int, typer.Argument(metavar="ID", help="As `token list` shows it.")],
    overlap: Annotated[
        timedelta,
        typer.Option(parser=_lifetime, metavar="24h", help="How long the old token still works."),
    ] = "24h",  # type: ignore[assignment]  # parsed like what is typed
) -> None:
    """Issue a token that replaces another one, and print it once. Both work during the overlap."""
    done(_rotate_token(read_settings(), token_id, overlap))


async def _rotate_token(settings: Settings, token_id: int, overlap: timedelta) -> None:
    async with owner_of(settings, "control") as connection:
        try:
            new = await rotate(
                connection, settings.key("tokens"), token_id, overlap=overlap, random=secrets.token_bytes
            )
        except CannotRotate as error:
            raise Problem(str(error)) from None
    until = "never expires" if new.expires_at is None else f"expires {_minute(new.expires_at)} UTC"
    say(
        f"Token {new.issued.token_id} for {new.client} in place of {token_id}, {until}. Keep it now: "
        f"it is not shown again. Token {token_id} works until {_minute(new.old_ends_at)} UTC."
    )
    typer.echo(new.issued.token)


@token_app.command("revoke", epilog=examples("gateway token revoke 7"))
def revoke_token(
    token_id: Annotated[int, typer.Argument(metavar="ID", help="As `token list` shows it.")],
) -> None:
    """Revoke a token for good; every gateway refuses it within a second."""
    done(_revoke_token(read_settings(), token_id))


async def _revoke_token(settings: Settings, token_id: int) -> None:
    async with owner_of(settings, "control") as connection:
        if not await tokens.revoke(connection, token_id):
            raise Problem(f"there is no live token {token_id}: `gateway token list` shows all")
    typer.echo(f"Token {token_id} is revoked.")


@token_app.command("confirm", epilog=examples("gateway token confirm 7 9", "gateway token confirm --all"))
def confirm_tokens(
    token_ids: Annotated[
        list[int] | None, typer.Argument(metavar="ID", help="As `token list` shows it.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every token that waits.")] = False,
) -> None:
    """Accept tokens again that are refused because the control database was restored from a backup.

    Compare them with your records first: a token that was revoked after the backup is among them.
    """
    if bool(token_ids) is every:
        raise Problem("name the tokens, or give --all")
    done(_confirm_tokens(read_settings(), None if every else token_ids))


async def _confirm_tokens(settings: Settings, token_ids: list[int] | None) -> None:
    async with owner_of(settings, "control") as connection:
        confirmed = await tokens.confirm(connection, token_ids)
    if not confirmed:
        raise Problem("no such token waits to be confirmed: `gateway token list` shows all")
    typer.echo(f"Confirmed: {', '.join(map(str, sorted(confirmed)))}.")
