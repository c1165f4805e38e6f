"""The command `gateway`: each command reads the settings, does one thing, and says what it did.

Results go to standard output, everything else to standard error, so that results can be piped. Exit
status: 0 done, 1 not possible or something differs, 2 wrong usage, 130 and 143 stopped by a signal.
"""

from __future__ import annotations

import re
import secrets
import signal
import sys
from collections.abc import Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from importlib.metadata import version as version_of
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gateway import doctor as doctors
from gateway import keeper, tokens
from gateway.app import NotReady, open_gateway
from gateway.commands import policy
from gateway.commands.terminal import done, examples, out, say
from gateway.demo.demo import FOLDER, Demo, run_demo
from gateway.demo.embedded import DemoProblem
from gateway.demo.generate import generate as generate_accounts
from gateway.demo.snap import import_snap
from gateway.logs import write_logs
from gateway.problems import Problem, owner_of, read_settings, unexpected
from gateway.progress import shown
from gateway.serve import listen, url_of
from gateway.serve import serve as serve_app
from gateway.settings import Settings
from resolvers import objections, suspensions
from resolvers.catalogue import Store
from resolvers.fields import OBJECTS
from resolvers.migrations import STORES, MigrationProblem
from resolvers.migrations import migrate as migrate_store
from resolvers.objections import Outcome
from resolvers.restrictions import Stores
from resolvers.suspensions import Suspension
from resolvers.universe import apply, render
from resolvers.writers import apply_writer, writer_lines, writer_of
from schema.purposes import OBJECTABLE, Purpose

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CHANNEL = "command line"


class Database(StrEnum):
    """The two stores, and the gateway's own database: no purpose sees that one."""

    MESSENGER = "messenger"
    SOCIAL = "social"
    CONTROL = "control"


OUTCOMES = {
    Outcome.RECORDED: "Recorded: it binds every request from now on, in both stores.",
    Outcome.WITHDRAWN: "Withdrawn: the data is open again from now on.",
    Outcome.ALREADY_OBJECTED: "This objection was in force already.",
    Outcome.NOT_OBJECTED: "There was no such objection to withdraw.",
    Outcome.NOT_ELIGIBLE_NEW_MEMBER: "Not recorded: only members from before 2016-08-25 may object.",
    Outcome.WINDOW_CLOSED: "Not recorded: the time to object ended 30 days after accepting the terms.",
    Outcome.UNKNOWN_ACCOUNT: "Nothing to do: the messenger has no such account.",
}
NOTHING_DONE = {Outcome.NOT_ELIGIBLE_NEW_MEMBER, Outcome.WINDOW_CLOSED, Outcome.UNKNOWN_ACCOUNT}

app = typer.Typer(
    name="gateway",
    no_args_is_help=True,
    add_completion=False,
    # Its tracebacks quote exceptions, and those quote data.
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def group(name: str, help_line: str, *lines: str, of: typer.Typer | None = None) -> typer.Typer:
    """A command with commands of its own."""
    made = of or typer.Typer(no_args_is_help=True)
    app.add_typer(made, name=name, help=help_line, epilog=examples(*lines))
    return made


group("policy", "The policy as data to look at.", "gateway policy matrix", of=policy.app)
token_app = group("token", "Who may ask, and for which purposes.", "gateway token list")
import_app = group(
    "import",
    "Load data that is not the demo's own.",
    "gateway import snap --friendships facebook_combined.txt.gz --messages CollegeMsg.txt.gz",
)
objection_app = group(
    "objection", "Record or withdraw a member's objection.", "gateway objection record --account ma_5"
)
suspension_app = group(
    "suspension", "A regulator's suspension of the use of a country's data.", "gateway suspension list"
)


# --- the whole thing ------------------------------------------------------------------------------


@app.command(epilog=examples("gateway demo", "gateway demo --once", "gateway demo --reset --port 8080"))
def demo(
    once: Annotated[bool, typer.Option("--once", help="Stop after the examples; do not serve.")] = False,
    reset: Annotated[bool, typer.Option("--reset", help="Delete the demo's data and start over.")] = False,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to serve on; GATEWAY_PORT or 8000 if left out.")
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where the demo keeps its data.")] = FOLDER,
    accounts: Annotated[int, typer.Option(min=0, help="Generated accounts on each store.")] = 20_000,
) -> None:
    """Set up the whole system on this machine, show an example for each purpose, and serve."""
    done(run_demo(Demo(folder, accounts, once, reset, port), Console(highlight=False)))


@app.command(
    epilog=examples("gateway serve", "GATEWAY_CONFIG_FILE=/etc/gateway.toml gateway serve --port 8080")
)
def serve(
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen on; the setting's if left out.")
    ] = None,
) -> None:
    """Serve, once everything was checked; the log is JSON on standard error."""
    settings = read_settings()
    done(_serve(settings if port is None else settings.model_copy(update={"port": port})))


async def _serve(settings: Settings) -> None:
    write_logs(sys.stderr)
    with listen(settings.host, settings.port) as taken:
        async with open_gateway(settings) as application:
            await serve_app(application, taken, lambda: typer.echo(f"Serving on {url_of(taken)}/graphql"))
    typer.echo("Stopped.")


# --- the stores -----------------------------------------------------------------------------------


@app.command(epilog=examples("gateway migrate"))
def migrate() -> None:
    """Bring the tables of all three databases up to date; each numbered file once, in order."""
    done(_migrate(read_settings()))


async def _migrate(settings: Settings) -> None:
    for store in STORES:
        async with owner_of(settings, store) as connection:
            applied = await migrate_store(connection, store)
        for name in applied:
            typer.echo(f"{store}: applied {name.removeprefix(f'{store}/')}")
        if not applied:
            typer.echo(f"{store}: up to date")


@app.command(
    epilog=examples(
        "gateway universe --store messenger > review.sql", "gateway universe --store messenger --apply"
    )
)
def universe(
    store: Annotated[Database, typer.Option(help="Which of the databases.")],
    apply_it: Annotated[
        bool, typer.Option("--apply", help="Run it with the owner's rights, in one transaction.")
    ] = False,
) -> None:
    """Print the SQL of a store's universes (views and roles) for its owners to review; or apply it."""
    if apply_it:
        done(_apply_universes(read_settings(), store))
    elif store is Database.CONTROL:
        typer.echo("\n".join(writer_lines(store)))
    else:
        typer.echo(render(OBJECTS, Store(store)), nl=False)


async def _apply_universes(settings: Settings, store: Database) -> None:
    async with owner_of(settings, store) as connection:
        if store is Database.CONTROL:
            await apply_writer(connection, store)
        else:
            for each in await apply(connection, OBJECTS, Store(store)):
                typer.echo(f"{store}: {each.purpose} sees {', '.join(each.views)} as {each.role}")
    typer.echo(f"{store}: objections are written as {writer_of(store)}")


@app.command(epilog=examples("gateway doctor", "gateway doctor && gateway serve"))
def doctor() -> None:
    """Check stores, tables, universes, roles, pooler and tokens; status 1 if anything differs."""
    done(_doctor(read_settings()))


async def _doctor(settings: Settings) -> None:
    table = Table("Looked at", "", "What it says, or what to do")
    states = set()
    # A store that does not answer is waited for.
    with Console(stderr=True).status("Looking at the stores ..."):
        async for finding in doctors.examine(settings):
            colour = {"ok": "green", "note": "yellow", "differs": "bold red"}[finding.state]
            table.add_row(finding.what, f"[{colour}]{finding.state}[/]", escape(finding.line))
            states.add(finding.state)
    out().print(table)
    if doctors.State.DIFFERS in states:
        raise typer.Exit(1)


@app.command(
    name="settings",
    epilog=examples("gateway settings", "gateway settings > gateway.toml   # then fill in what is masked"),
)
def show_settings() -> None:
    """Print the settings in force as the file would hold them; secrets are masked."""
    for name, value in read_settings().model_dump(mode="json").items():
        field = Settings.model_fields[name]
        typer.echo(f"# {field.description}")
        if value is None:
            typer.echo(f"# {name} is not set")
        elif "SecretStr" in str(field.annotation):
            typer.echo(f'# {name} = "**********"')
        else:
            typer.echo(f"{name} = {str(value).lower() if isinstance(value, bool) else repr(value)}")


# --- tokens ---------------------------------------------------------------------------------------


def _lifetime(text: str) -> timedelta:
    found = re.fullmatch(r"([1-9][0-9]{0,4})([mhd])", text)
    if found is None:
        raise typer.BadParameter("a number and m, h or d: 30d, 12h, 90m")
    unit = {"m": "minutes", "h": "hours", "d": "days"}[found[2]]
    return timedelta(**{unit: int(found[1])})


@token_app.command(
    "issue",
    epilog=examples(
        "gateway token issue --client ads-ranker --purpose ADS_PERSONALIZATION --expires 30d",
        "gateway token issue --client risk --purpose SECURITY --purpose INFRASTRUCTURE > token",
    ),
)
def issue_token(
    client: Annotated[str, typer.Option(help="Who gets it: letters, digits, . _ and -, at most 63.")],
    purpose: Annotated[
        list[Purpose],
        typer.Option(
            metavar="PURPOSE", help=f"What it may be used for; may be repeated. One of {', '.join(Purpose)}."
        ),
    ],
    expires: Annotated[
        timedelta | None,
        typer.Option(parser=_lifetime, metavar="30d", help="Lifetime; for ever if left out."),
    ] = None,
) -> None:
    """Issue a token. It is printed this once, on standard output, and kept nowhere."""
    done(_issue_token(read_settings(), client, purpose, expires))


async def _issue_token(
    settings: Settings, client: str, purposes: list[Purpose], lifetime: timedelta | None
) -> None:
    ends = None if lifetime is None else datetime.now(UTC) + lifetime
    async with owner_of(settings, "control") as connection:
        try:
            issued = await tokens.issue(
                connection, settings.key("tokens"), client, purposes, ends, secrets.token_bytes
            )
        except ValueError as error:
            raise Problem(str(error)) from None
    until = "never expires" if ends is None else f"expires {ends:%Y-%m-%d %H:%M} UTC"
    say(f"Token {issued.token_id} for {client}, {until}. Keep it now: it is not shown again.")
    typer.echo(issued.token)


@token_app.command("list", epilog=examples("gateway token list"))
def list_tokens() -> None:
    """List every token ever issued: never its text, which nobody has."""
    done(_list_tokens(read_settings()))


async def _list_tokens(settings: Settings) -> None:
    async with owner_of(settings, "control") as connection:
        listed = await tokens.list_tokens(connection)
    now = datetime.now(UTC)
    table = Table("Id", "Client", "Purposes", "Issued", "Expires", "State")
    for each in listed:
        ends = "never" if each.expires_at is None else f"{each.expires_at:%Y-%m-%d %H:%M}"
        table.add_row(
            str(each.token_id),
            each.client,
            "\n".join(each.purposes),
            f"{each.created_at:%Y-%m-%d %H:%M}",
            ends,
            _state(each, now),
        )
    out().print(table)


def _state(token: tokens.Listed, now: datetime) -> str:
    if token.revoked_at is not None:
        return "[red]revoked[/]"
    return "[green]live[/]" if doctors.is_live(token, now) else "[yellow]expired[/]"


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


# --- objections -----------------------------------------------------------------------------------

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
    """Record a member's objection; when this returns it binds in both stores."""
    done(_change_objection(read_settings(), objections.record, account, purpose))


@objection_app.command("withdraw", epilog=examples("gateway objection withdraw --account ma_5"))
def withdraw_objection(account: Account, purpose: Objected = None) -> None:
    """Withdraw a member's objection: their data is open again from then on."""
    done(_change_objection(read_settings(), objections.withdraw, account, purpose))


def _objectable(purposes: list[Purpose] | None) -> frozenset[Purpose]:
    named = frozenset(purposes or OBJECTABLE)
    if not named <= OBJECTABLE.keys():
        raise Problem(f"nobody may object to {', '.join(sorted(named - OBJECTABLE.keys()))}")
    return named


async def _change_objection(
    settings: Settings, change: objections.Change, account: str, purposes: list[Purpose] | None
) -> None:
    found = re.fullmatch(r"ma_([0-9]{1,18})", account)
    if found is None:
        raise Problem("--account needs a member's identifier on the messenger, such as ma_5")
    named = _objectable(purposes)
    async with _owners(settings) as stores:
        result = await change(stores, keeper.rules_of(settings), int(found[1]), named, CHANNEL)
    typer.echo(OUTCOMES[result.outcome])
    if result.outcome in NOTHING_DONE:
        raise typer.Exit(1)


@objection_app.command("recover", epilog=examples("gateway objection recover"))
def recover_objections() -> None:
    """Compare everybody with both stores and correct what differs, after a crash or a restored backup."""
    done(_recover_objections(read_settings()))


async def _recover_objections(settings: Settings) -> None:
    async with _owners(settings) as stores:
        with shown(Console(stderr=True)) as progress:
            corrected = await suspensions.recover(stores, datetime.now(UTC), progress)
    typer.echo(f"{corrected} accounts corrected." if corrected else "Both stores hold what the events say.")


@asynccontextmanager
async def _owners(settings: Settings) -> AsyncIterator[Stores]:
    async with AsyncExitStack() as stack:
        control, messenger, social = [
            await stack.enter_async_context(owner_of(settings, store))
            for store in ("control", "messenger", "social")
        ]
        yield Stores(control, messenger, social)


# --- suspensions ----------------------------------------------------------------------------------

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
    jurisdiction: Annotated[str, typer.Option(metavar="DE", help="A country's ISO 3166 code, or EU.")],
    begins: Annotated[
        datetime,
        typer.Option("--from", formats=DAYS, metavar="2016-09-27", help="When it begins, in UTC."),
    ],
    reason: Annotated[str, typer.Option(help="What was decided, and where it can be read.")],
    author: Annotated[str, typer.Option(help="Who records it.")],
    until: Annotated[
        datetime | None,
        typer.Option(formats=DAYS, metavar="2017-05-18", help="When it ends; until ended if left out."),
    ] = None,
    purpose: Objected = None,
) -> None:
    """Record that a regulator suspended the use of a country's data, and let both stores follow."""
    if re.fullmatch("[A-Z]{2}", jurisdiction) is None:
        raise Problem("--jurisdiction needs the two capital letters of a country, or EU")
    if not reason.strip() or not author.strip():
        raise Problem("--reason and --author say what was decided and who records it: not nothing")
    since, end = _utc(begins), None if until is None else _utc(until)
    if end is not None and end <= since:
        raise Problem("--until must be later than --from")
    decided = Suspension(
        jurisdiction,
        suspensions.countries_of(jurisdiction),
        tuple(sorted(_objectable(purpose))),
        since,
        end,
        reason,
        author,
    )
    done(_add_suspensions(read_settings(), (decided,)))


@suspension_app.command("historic", epilog=examples("gateway suspension historic"))
def add_historic_suspensions() -> None:
    """Record those of 2016 (Germany, the United Kingdom, the European Union) that are not yet, and apply."""
    done(_add_suspensions(read_settings(), suspensions.historic()))


async def _add_suspensions(settings: Settings, decided: tuple[Suspension, ...]) -> None:
    async with _owners(settings) as stores:
        known = {replace(each, number=0) for each in await suspensions.listed(stores.control)}
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
    """End a suspension, now or at a time to come: what it alone restricted opens again."""
    done(_end_suspension(read_settings(), number, datetime.now(UTC) if at is None else _utc(at)))


async def _end_suspension(settings: Settings, number: int, at: datetime) -> None:
    async with _owners(settings) as stores:
        if not await suspensions.end(stores.control, number, at):
            raise Problem(
                f"there is no suspension {number} that could end then: `gateway suspension list` shows all"
            )
        typer.echo(f"Suspension {number} ends at {at:%Y-%m-%d %H:%M} UTC.")
        await _follow(stores)


@suspension_app.command("list", epilog=examples("gateway suspension list"))
def list_suspensions() -> None:
    """List every suspension ever recorded, with its reason."""
    done(_list_suspensions(read_settings()))


async def _list_suspensions(settings: Settings) -> None:
    async with owner_of(settings, "control") as connection:
        listed = await suspensions.listed(connection)
    table = Table("Id", "Where", "Purposes", "From", "Until", "Why", "By")
    for each in listed:
        until = "ended by nobody yet" if each.valid_until is None else f"{each.valid_until:%Y-%m-%d %H:%M}"
        since = f"{each.valid_from:%Y-%m-%d %H:%M}"
        purposes = "\n".join(each.purposes)
        row = (str(each.number), each.jurisdiction, purposes, since, until, each.reason, each.author)
        table.add_row(*map(escape, row))
    out().print(table)


@suspension_app.command("apply", epilog=examples("gateway suspension apply"))
def apply_suspensions() -> None:
    """Let both stores follow what is suspended now; every gateway does so by itself within seconds."""
    done(_apply_suspensions(read_settings()))


async def _apply_suspensions(settings: Settings) -> None:
    async with _owners(settings) as stores:
        await _follow(stores)


async def _follow(stores: Stores) -> None:
    with shown(Console(stderr=True)) as progress:
        changed = await suspensions.apply(stores, datetime.now(UTC), progress)
    typer.echo(f"Both stores follow: {changed:,} accounts changed." if changed else "Both stores follow.")


def _utc(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC)


# --- data -----------------------------------------------------------------------------------------


@import_app.command(
    "snap",
    epilog=examples(
        "gateway import snap --friendships facebook_combined.txt.gz --messages CollegeMsg.txt.gz",
    ),
)
def import_snap_files(
    friendships: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="A pair of accounts a line.")
    ],
    messages: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="Sender, recipient and Unix time a line.")
    ],
) -> None:
    """Load SNAP's ego-Facebook and CollegeMsg into both stores, which must be empty."""
    done(_import_snap(read_settings(), friendships, messages))


async def _import_snap(settings: Settings, friendships: Path, messages: Path) -> None:
    async with _owners(settings) as stores:
        with shown(Console(stderr=True)) as progress:
            counts = await import_snap(stores.messenger, stores.social, friendships, messages, progress)
    for name, number in vars(counts).items():
        typer.echo(f"{number:>9,} {name.replace('_', ' ')}")


@app.command(
    epilog=examples("gateway generate --accounts 200000", "gateway generate --accounts 1000 --seed 7")
)
def generate(
    accounts: Annotated[int, typer.Option(min=1, help="Accounts on each store.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same data.")] = 1,
) -> None:
    """Fill both stores, which must be empty, with made-up people."""
    done(_generate(read_settings(), accounts, seed))


async def _generate(settings: Settings, accounts: int, seed: int) -> None:
    async with _owners(settings) as stores:
        with shown(Console(stderr=True)) as progress:
            await generate_accounts(stores.messenger, stores.social, accounts, seed, progress, stores.control)
    typer.echo(f"{accounts:,} accounts on each store.")


# --- the frame ------------------------------------------------------------------------------------


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(version_of("purpose-gateway"))
        raise typer.Exit


@app.callback(epilog=examples("gateway demo", "gateway doctor", "gateway token issue --help"))
def frame(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """One door to two stores of personal data: a purpose is a universe.

    Settings come from the environment or a file (README, "Settings"); `gateway demo` needs none.
    """


def main() -> None:
    """The command `gateway`."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run a command; its exit status. Whatever stops it is one line or a few on standard error."""
    try:
        app(arguments, prog_name="gateway")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except (Problem, NotReady) as problem:
        return _failed(*problem.lines)
    except (DemoProblem, MigrationProblem) as problem:
        return _failed(str(problem))
    except Exception as error:
        return _failed(*unexpected(error))
    return 0


def _failed(*lines: str) -> int:
    for place, line in enumerate(lines):
        say(f"         {line}" if place else f"gateway: {line}")
    return 1
