"""`gateway ledger`: reports on who received which data of which people, and a check of the ledger itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from html import escape as escape_html
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gateway.commands import people
from gateway.commands.output import ReportFormat, done, examples, out, say
from gateway.ledger import reports, retention
from gateway.ledger import verify as verification
from gateway.ledger.chain import Signed
from gateway.ledger.checkpoints import checkpoints as signed_lines
from gateway.ledger.checkpoints import read_checkpoint
from gateway.ledger.processing_record import processing_record
from gateway.ledger.publishing import publisher_of
from gateway.ledger.reports import REPORTS, Report, Span
from gateway.ledger.verify_people import VerifiedPeople, has_exchanged_link
from gateway.policy.tables import page, page_table
from gateway.settings import Settings
from gateway.terminal.problems import Problem, owner_of, read_settings
from gateway.terminal.progress import shown

ledger_app = typer.Typer(no_args_is_help=True)

DAYS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]
MONTH = timedelta(days=30)


Since = Annotated[
    datetime | None,
    typer.Option(formats=DAYS, metavar="2026-11-01", help="From then on, in UTC; 30 days if left out."),
]
Until = Annotated[
    datetime | None, typer.Option(formats=DAYS, metavar="2026-12-01", help="Before that; now if left out.")
]
Shape = Annotated[ReportFormat, typer.Option("--format", help="A table, JSON, or a page to print.")]
Name = StrEnum("Name", {each.replace("-", "_").upper(): each for each in REPORTS})  # type: ignore[misc]


# --- the check of the ledger ------------------------------------------------------------------------


@ledger_app.command(
    "verify",
    epilog=examples(
        "gateway ledger verify",
        "gateway ledger verify --since 2026-11-01 --checkpoints checkpoints.jsonl",
        "gateway ledger verify --public-key $(cat ledger.pub)",
    ),
)
def verify(
    since: Annotated[
        datetime | None, typer.Option(formats=DAYS, metavar="2026-11-01", help="Only entries since that day.")
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            "--checkpoints",
            "--against",
            exists=True,
            dir_okay=False,
            help="Compare with published checkpoints; GATEWAY_CHECKPOINT_FILE if left out.",
        ),
    ] = None,
    public_key: Annotated[
        str | None, typer.Option(metavar="HEX", help="The key that must have signed; our own if left out.")
    ] = None,
) -> None:
    """Check every entry, number and signature. Print a line a mismatch; exit status 1 if any."""
    done(_verify(read_settings(), _utc(since), against, key=public_key))


async def _verify(
    settings: Settings, since: datetime | None, against: Path | None, *, key: str | None
) -> None:
    public = retention.signer_of(settings).public if key is None else _key(key)
    against = against or settings.checkpoint_file
    published = _published(against) if against is not None and against.exists() else []
    async with owner_of(settings, "control") as control:
        with shown(Console(stderr=True, highlight=False)) as progress:
            found = await verification.verify(
                control,
                public,
                since,
                published=published,
                progress=lambda done, total: progress("entries", done, total),
            )
    table = Table("What", "", title="The ledger", title_justify="left")
    until = "-" if found.until is None else f"{found.until:%Y-%m-%d %H:%M:%S} UTC"
    for what, value in (
        ("entries", f"{found.entries:,}"),
        ("streams", f"{found.streams:,}"),
        ("checkpoints", f"{found.checkpoints:,}, and {len(published):,} published"),
        ("until", until),
        ("not signed yet", f"{found.unsigned:,}"),
        ("not published", _unpublished(found)),
        *_people_lines(found.people),
    ):
        table.add_row(what, value)
    out().print(table)
    for each in found.discrepancies:
        place = f"stream {each.stream}: " if each.stream else ""
        out().print(f"[red]✗[/] {place}{each.what} {each.numbers}".rstrip())
    if found.discrepancies:
        raise typer.Exit(1)
    out().print("[green]✓[/] every entry is as it was written")


def _unpublished(found: verification.Verified) -> str:
    if found.unpublished_since is None:
        return "0"
    since = f"{found.unpublished_since:%Y-%m-%d %H:%M:%S} UTC"
    return f"{found.unpublished:,} since {since}: a writer of `control` could cut them off"


def _people_lines(found: VerifiedPeople) -> Iterator[tuple[str, str]]:
    """How far the people of the entries are proved."""
    covered = "never: start the gateway" if found.since is None else f"{found.since:%Y-%m-%d %H:%M:%S} UTC"
    yield "people", f"{found.people:,}, and {found.erased:,} erased"
    yield "people proved since", covered
    if found.adopted:
        yield "people older than that", f"{found.adopted:,}: an exchange before then is not found"
    if found.uncovered:
        yield "people not proved", f"{found.uncovered:,}"


def _key(text: str) -> bytes:
    if re.fullmatch("[0-9a-fA-F]{64}", text) is None:
        raise Problem("--public-key needs 64 hexadecimal digits, as `gateway ledger key` prints them")
    return bytes.fromhex(text)


def _published(path: Path) -> list[Signed]:
    found = []
    for number, text in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        try:
            found.append(read_checkpoint(text))
        except ValueError:
            raise Problem(f"{path.name}, line {number}: not a checkpoint") from None
    return found


@ledger_app.command(
    "checkpoints", epilog=examples("gateway ledger checkpoints --since 2026-11-24 >> public.jsonl")
)
def checkpoints(
    since: Annotated[
        datetime | None,
        typer.Option(formats=DAYS, metavar="2026-11-24", help="Only checkpoints since that day."),
    ] = None,
) -> None:
    """Print the signed checkpoints, a line of JSON each. Publish them where its writers cannot write."""
    done(_checkpoints(read_settings(), _utc(since)))


async def _checkpoints(settings: Settings, since: datetime | None) -> None:
    async with owner_of(settings, "control") as control:
        async for line in signed_lines(control, since):
            typer.echo(line)


@ledger_app.command("key", epilog=examples("gateway ledger key > ledger.pub"))
def key() -> None:
    """Print the public key that checks the signatures: Ed25519, in hexadecimal digits."""
    typer.echo(retention.signer_of(read_settings()).public.hex())


# --- reports ----------------------------------------------------------------------------------------


@ledger_app.command(
    "subject",
    epilog=examples(
        "gateway ledger subject +4915110000001",
        "gateway ledger subject ma_5 --since 2026-01-01 --format html > report.html",
    ),
)
def subject(
    *,
    person: Annotated[str, typer.Argument(help="A phone number, or an account: ma_5, sa_7.")],
    since: Since = None,
    until: Until = None,
    shape: Shape = ReportFormat.TABLE,
) -> None:
    """Show who received which fields of one person, when and for which purpose; both accounts count."""
    done(_subject(read_settings(), person, _span(since, until), shape=shape))


async def _subject(settings: Settings, person: str, span: Span, *, shape: ReportFormat) -> None:
    found = await people.existing_person(settings, person)
    async with owner_of(settings, "control") as control:
        report = await reports.of_person(control, found, span)
        exchanged = await has_exchanged_link(control, found)
    _give(f"Data disclosed about {people.in_words(found)}", report, shape)
    if exchanged:
        raise Problem("these entries may be another person's: run `gateway ledger verify`")


@ledger_app.command("client", epilog=examples("gateway ledger client risk --since 2026-11-01"))
def client(
    *,
    name: Annotated[str, typer.Argument(help="The client, as in `gateway token list`.")],
    since: Since = None,
    until: Until = None,
    shape: Shape = ReportFormat.TABLE,
) -> None:
    """Show what one client received, by purpose."""
    done(_report(read_settings(), f"What {name} received", shape, span=_span(since, until), of_client=name))


@ledger_app.command(
    "report",
    epilog=examples("gateway ledger report objectors", "gateway ledger report bulk --since 2026-11-24"),
)
def report(
    *,
    name: Annotated[Name, typer.Argument(help="The question.")],
    since: Since = None,
    until: Until = None,
    shape: Shape = ReportFormat.TABLE,
) -> None:
    """Answer one question of a data protection officer. Exit status 1 if the report finds a violation.

    phone-readers: clients that received phone numbers, by purpose. objectors: messenger data disclosed for
    a purpose to which the person had objected (must be 0). honoured: time from an objection to the first
    answer for its purposes. two-purposes: clients that read the same people for more than one purpose. bulk:
    most people within an hour. phone-enumeration: clients whose look-ups mostly find no account. replayed:
    entries whose policy opens to their purpose what they disclosed (must be all). recalls: notices by client,
    and the overdue ones.
    """
    done(_report(read_settings(), str(name), shape, span=_span(since, until)))


async def _report(
    settings: Settings, name: str, shape: ReportFormat, *, span: Span, of_client: str | None = None
) -> None:
    async with owner_of(settings, "control") as control:
        if of_client is None:
            found = await REPORTS[name](control, span)
        else:
            found = await reports.of_client(control, of_client, span)
    _give(name, found, shape)
    if found.wrong:
        raise typer.Exit(1)


@ledger_app.command(
    "processing", epilog=examples("gateway ledger processing --format html > article-30.html")
)
def record_of_processing(shape: Shape = ReportFormat.TABLE) -> None:
    """Print the record of processing activities (GDPR Art. 30), made from the policy and the live tokens."""
    done(_processing(read_settings(), shape))


async def _processing(settings: Settings, shape: ReportFormat) -> None:
    async with owner_of(settings, "control") as control:
        found = await processing_record(control, datetime.now(UTC))
    _give("Record of processing activities", found, shape)


def _give(title: str, report: Report, shape: ReportFormat) -> None:
    """Print a report."""
    rows = [[_cell(each) for each in row] for row in report.rows]
    match shape:
        case ReportFormat.JSON:
            named = [dict(zip(report.columns, row, strict=True)) for row in report.rows]
            whole: dict[str, Any] = {"report": title, "says": report.says, "rows": named}
            typer.echo(orjson.dumps(whole, option=orjson.OPT_INDENT_2, default=str).decode())
        case ReportFormat.HTML:
            said = f"<p>{escape_html(report.says)}</p>"
            typer.echo(page(title, [said, page_table("", report.columns, rows)]))
        case ReportFormat.TABLE:
            table = Table(*map(escape, report.columns), title=escape(title), title_justify="left")
            for row in rows:
                table.add_row(*map(escape, row))
            if rows:
                out().print(table)
            say(report.says)


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return "-" if value is None else str(value)


# --- retention --------------------------------------------------------------------------------------


@ledger_app.command("drop", epilog=examples("gateway ledger drop --before 2026-01-01 --yes"))
def drop(
    before: Annotated[datetime, typer.Option(formats=DAYS[:1], metavar="2026-01-01", help="Days before it.")],
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it. Without this option the command does nothing.")
    ] = False,
) -> None:
    """Delete the entries of whole days. The gateway first signs where each stream continues."""
    done(_drop(read_settings(), before.date(), yes))


async def _drop(settings: Settings, before: date, yes: bool) -> None:
    if not yes:
        raise Problem(f"this deletes the entries of all days before {before} for good: add --yes")
    async with owner_of(settings, "control") as control:
        try:
            days = await retention.drop_before(control, retention.signer_of(settings), before)
        except retention.TooLate:
            raise Problem(
                "--before must be today or earlier: the entries of today are not complete"
            ) from None
    typer.echo(
        f"Deleted {len(days)} days: {days[0]} to {days[-1]}." if days else "There was nothing to delete."
    )


@ledger_app.command("forget", epilog=examples('gateway ledger forget ma_5 --reason "request 2026-17" --yes'))
def forget(
    person: Annotated[
        list[str], typer.Argument(help="A phone number, or accounts: ma_5, sa_7. They may be gone.")
    ],
    reason: Annotated[
        str, typer.Option(help="Why: it stays in the ledger, so name no person in it.")
    ] = "erasure, GDPR Art. 17",
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it. Without this option the command does nothing.")
    ] = False,
) -> None:
    """Delete the link between a person and the entries that name them, and record that it was erased.

    The entries stay, but lead to no account. `gateway erase` erases everything else as well.
    """
    done(_forget(read_settings(), person, reason, yes=yes))


async def _forget(settings: Settings, person: list[str], reason: str, *, yes: bool) -> None:
    found = await people.named_person(settings, person)
    if not yes:
        raise Problem(f"no report could then show who received data of {people.in_words(found)}: add --yes")
    if not reason.strip():
        raise Problem("--reason must say why")
    async with owner_of(settings, "control") as control:
        publisher = publisher_of(settings)
        gone = await retention.forget(
            control, retention.signer_of(settings), found, reason=reason, publish=publisher.note
        )
    await people.published(publisher)
    typer.echo(f"{gone} accounts cut off from their entries." if gone else "The ledger does not know them.")


# --- times -------------------------------------------------------------------------------------------


def _span(since: datetime | None, until: datetime | None) -> Span:
    end = _utc(until) or datetime.now(UTC)
    begin = _utc(since) or end - MONTH
    if begin >= end:
        raise Problem("--until must be later than --since")
    return Span(begin, end)


def _utc(given: datetime | None) -> datetime | None:
    return None if given is None else given.replace(tzinfo=UTC)
