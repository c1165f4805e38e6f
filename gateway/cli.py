"""The command `gateway`: each command reads the settings, does one thing, and says what it did.

Results go to standard output, everything else to standard error, so that results can be piped. Exit
status: 0 done, 1 not possible or something differs, 2 wrong usage, 130 and 143 stopped by a signal.
"""

from __future__ import annotations

import re
import secrets
import signal
import sys
from datetime import UTC, datetime, timedelta
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gateway import doctor as doctors
from gateway import tokens
from gateway.app import NotReady, open_gateway
from gateway.bindings import bound_to
from gateway.commands import policy
from gateway.commands.documents import documents_app
from gateway.commands.lists import lists_app
from gateway.commands.objections import objection_app
from gateway.commands.suspensions import suspension_app
from gateway.commands.terminal import done, examples, out, say
from gateway.demo.demo import FOLDER, Demo, run_demo
from gateway.demo.embedded import DemoProblem
from gateway.demo.generate import generate as generate_accounts
from gateway.demo.snap import import_snap
from gateway.logs import write_logs
from gateway.problems import Problem, owner_of, owners_of, read_settings, unexpected
from gateway.progress import shown
from gateway.serve import listen, url_of
from gateway.serve import serve as serve_app
from gateway.settings import Settings
from resolvers.bound import UNBOUND
from resolvers.catalogue import Store
from resolvers.fields import OBJECTS
from resolvers.migrations import STORES, MigrationProblem
from resolvers.migrations import migrate as migrate_store
from resolvers.universe import apply, render
from resolvers.writers import RIGHTS, writers_of
from schema.purposes import ABOUT, Binding, Purpose

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
group(
    "objection",
    "Record or withdraw a member's objection.",
    "gateway objection record --account ma_5",
    of=objection_app,
)
group(
    "lists",
    "Customer lists that merchants upload.",
    "gateway lists upload customers.csv --merchant 3 --offer of_201",
    of=lists_app,
)
group(
    "suspension",
    "A regulator's suspension of the use of a country's data.",
    "gateway suspension list",
    of=suspension_app,
)
group(
    "documents",
    "Documents that clients may ask, registered and reviewed.",
    "gateway documents push queries --client ads-ranker",
    of=documents_app,
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
        "gateway universe --store messenger > review.sql && psql -v ON_ERROR_STOP=1 -f review.sql messenger",
        "gateway universe --store messenger --apply",
    )
)
def universe(
    store: Annotated[Store, typer.Option(help="Which of the databases.")],
    apply_it: Annotated[
        bool, typer.Option("--apply", help="Run it with the owner's rights, in one transaction.")
    ] = False,
) -> None:
    """Print the SQL of a store's universes (views and roles) for its owners to review; or apply it."""
    if apply_it:
        done(_apply_universes(read_settings(), store))
    else:
        typer.echo(f"BEGIN;\n{render(OBJECTS, store)}COMMIT;")


async def _apply_universes(settings: Settings, store: Store) -> None:
    async with owner_of(settings, store) as connection:
        for each in await apply(connection, OBJECTS, store):
            typer.echo(f"{store}: {each.purpose} sees {', '.join(each.views)} as {each.role}")
    for role in writers_of(store):
        typer.echo(f"{store}: {RIGHTS[role].what} are written as {role}")


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


def _needing(binding: Binding) -> str:
    return ", ".join(purpose for purpose in Purpose if ABOUT[purpose].binding is binding)


@token_app.command(
    "issue",
    epilog=examples(
        "gateway token issue --client ads-ranker --purpose ADS_PERSONALIZATION --expires 30d",
        "gateway token issue --client risk --purpose SECURITY --purpose INFRASTRUCTURE > token",
        "gateway token issue --client privacy-desk --purpose SUBJECT_ACCESS --subject ma_5 --expires 1d",
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
    subject: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ma_5",
            help="The person whom it speaks for, by an account of theirs; the linked one is found. "
            f"Needed for {_needing(Binding.SUBJECT)}.",
        ),
    ] = None,
    merchant: Annotated[
        int | None,
        typer.Option(min=0, help=f"The merchant that it speaks for: {_needing(Binding.MERCHANT)}."),
    ] = None,
    business: Annotated[
        int | None,
        typer.Option(min=0, help=f"The business that it speaks for: {_needing(Binding.BUSINESS)}."),
    ] = None,
) -> None:
    """Issue a token. It is printed this once, on standard output, and kept nowhere."""
    done(_issue_token(read_settings(), client, purpose, expires, (subject or [], merchant, business)))


async def _issue_token(
    settings: Settings,
    client: str,
    purposes: list[Purpose],
    lifetime: timedelta | None,
    binding: tuple[list[str], int | None, int | None],
) -> None:
    ends = None if lifetime is None else datetime.now(UTC) + lifetime
    bound = await bound_to(settings, *binding)
    async with owner_of(settings, "control") as connection:
        try:
            issued = await tokens.issue(
                connection, settings.key("tokens"), client, purposes, ends, secrets.token_bytes, bound
            )
        except ValueError as error:
            raise Problem(str(error)) from None
    until = "never expires" if ends is None else f"expires {ends:%Y-%m-%d %H:%M} UTC"
    whose = f", bound to {bound}" if bound != UNBOUND else ""
    say(f"Token {issued.token_id} for {client}{whose}, {until}. Keep it now: it is not shown again.")
    typer.echo(issued.token)


@token_app.command("list", epilog=examples("gateway token list"))
def list_tokens() -> None:
    """List every token ever issued: never its text, which nobody has."""
    done(_list_tokens(read_settings()))


async def _list_tokens(settings: Settings) -> None:
    async with owner_of(settings, "control") as connection:
        listed = await tokens.list_tokens(connection)
    now = datetime.now(UTC)
    table = Table("Id", "Client", "Purposes", "Bound to", "Issued", "Expires", "State")
    for each in listed:
        ends = "never" if each.expires_at is None else f"{each.expires_at:%Y-%m-%d %H:%M}"
        table.add_row(
            str(each.token_id),
            each.client,
            "\n".join(each.purposes),
            str(each.bound),
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
    async with owners_of(settings) as stores:
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
    async with owners_of(settings) as stores:
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
