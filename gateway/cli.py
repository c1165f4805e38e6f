"""The command `gateway`: each command reads the settings, does one thing, and says what it did.

Results go to standard output, everything else to standard error, so that results can be piped. Exit
status: 0 done, 1 not possible or something differs, 2 wrong usage, 130 and 143 stopped by a signal.
"""

from __future__ import annotations

import json
import signal
import socket
import sys
from collections.abc import Callable
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gateway.access.token_text import holds_credential
from gateway.app import open_gateway
from gateway.commands import policy
from gateway.commands.customer_lists import lists_app
from gateway.commands.documents import documents_app
from gateway.commands.erasure import erase_person
from gateway.commands.ledger import ledger_app
from gateway.commands.objections import objection_app
from gateway.commands.output import done, examples, out, say
from gateway.commands.quotas import quota_app
from gateway.commands.recalls import recall_app
from gateway.commands.suspensions import suspension_app
from gateway.commands.tokens import token_app
from gateway.demo.demo import FOLDER, DemoOptions, run_demo
from gateway.demo.generate import generate as generate_accounts
from gateway.demo.problem import DemoProblem
from gateway.demo.snap import import_snap
from gateway.processes.serve import listen, url_of
from gateway.processes.serve import serve as serve_app
from gateway.processes.workers import Workers
from gateway.settings import Settings
from gateway.terminal.logs import write_logs
from gateway.terminal.problems import Problem, owner_of, owners_of, read_settings, unexpected
from gateway.terminal.progress import shown
from gateway.upkeep import doctor as doctors
from gateway.upkeep.store_logins import NotReady
from resolvers.sources.catalogue import Store
from resolvers.sources.fields import OBJECTS
from resolvers.universe.migrations import STORES, MigrationProblem
from resolvers.universe.migrations import migrate as migrate_store
from resolvers.universe.render import apply, render
from resolvers.universe.roles import RIGHTS, writers_of

app = typer.Typer(
    name="gateway",
    no_args_is_help=True,
    add_completion=False,
    # Typer's tracebacks quote exceptions, and exceptions quote data.
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def group(name: str, help_line: str, *lines: str, of: typer.Typer | None = None) -> typer.Typer:
    """Add a group of commands and return it."""
    made = of or typer.Typer(no_args_is_help=True)
    app.add_typer(made, name=name, help=help_line, epilog=examples(*lines))
    return made


group(
    "policy", "The policy as tables, and why a purpose sees a field.", "gateway policy matrix", of=policy.app
)
group(
    "ledger",
    "What the ledger records: which client received which people's data.",
    "gateway ledger verify",
    of=ledger_app,
)
group("token", "Who may ask, and for which purposes.", "gateway token list", of=token_app)
group("quota", "How much each client may ask for.", "gateway quota list", of=quota_app)
group(
    "recall",
    "Notices to clients that received data to whose use a person now objects.",
    "gateway recall list --overdue",
    of=recall_app,
)
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
    *,
    once: Annotated[bool, typer.Option("--once", help="Stop after the examples; do not serve.")] = False,
    reset: Annotated[bool, typer.Option("--reset", help="Delete the demo's data and start over.")] = False,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to serve on; GATEWAY_PORT or 8000 if left out.")
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where the demo keeps its data.")] = FOLDER,
    accounts: Annotated[int, typer.Option(min=0, help="Generated accounts on each store.")] = 20_000,
) -> None:
    """Set up the whole system on this machine, show an example for each purpose, and serve."""
    done(run_demo(DemoOptions(folder, accounts, once, reset=reset, port=port), Console(highlight=False)))


@app.command(
    epilog=examples(
        "gateway serve",
        "gateway serve --workers 4",
        "GATEWAY_CONFIG_FILE=/etc/gateway.toml gateway serve --port 8080",
    )
)
def serve(
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen on; the setting's if left out.")
    ] = None,
    workers: Annotated[
        int, typer.Option(min=1, max=256, help="Processes on the port; as many as there are cores.")
    ] = 1,
) -> None:
    """Check everything, then serve. The log is JSON on standard error."""
    settings = read_settings()
    write_logs(sys.stderr)
    with listen(settings.host, settings.port if port is None else port) as taken:
        where = f"Serving on {url_of(taken)}/graphql"

        def work(ready: Callable[[], None]) -> None:
            done(_serve(settings, taken, ready))

        if workers == 1:
            work(lambda: typer.echo(where))
        elif status := Workers(workers, work).run(lambda: typer.echo(f"{where} in {workers} processes")):
            raise typer.Exit(status)
    typer.echo("Stopped.")


async def _serve(settings: Settings, taken: socket.socket, ready: Callable[[], None]) -> None:
    async with open_gateway(settings) as application:
        await serve_app(application, taken, ready, max_connections=settings.max_connections)


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


app.command("erase", epilog=examples("gateway erase ma_4 --yes", "gateway erase ma_4 sa_9 --yes"))(
    erase_person
)


@app.command(epilog=examples("gateway doctor", "gateway doctor && gateway serve"))
def doctor() -> None:
    """Check stores, tables, universes, roles, pooler and tokens; status 1 if anything differs."""
    done(_doctor(read_settings()))


async def _doctor(settings: Settings) -> None:
    table = Table("Looked at", "", "What it says, or what to do")
    states = set()
    # Without the spinner, the wait for a store that does not answer would look like a hang.
    with Console(stderr=True).status("Looking at the stores ..."):
        async for finding in doctors.examine(settings):
            colour = {"ok": "green", "note": "yellow", "differs": "bold red"}[finding.state]
            table.add_row(finding.what, f"[{colour}]{finding.state}[/]", escape(finding.text))
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
            typer.echo(f"{name} = {_toml(value)}")


def _toml(value: object) -> str:
    """A value in TOML: JSON is valid TOML, except for the colon in a mapping."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_toml(name)} = {_toml(each)}" for name, each in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)


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
            counts = await import_snap(
                stores.messenger, stores.social, friendships, messages=messages, progress=progress
            )
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
            await generate_accounts(
                stores.messenger,
                stores.social,
                accounts,
                seed=seed,
                progress=progress,
                control=stores.control,
            )
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
    """A GraphQL gateway to two stores of personal data; each purpose has a schema and roles of its own.

    Settings come from the environment or a file (docs/reference/settings.md); `gateway demo` needs none.
    """


def main() -> None:
    """The command `gateway`."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run a command and return its exit status. A problem is a few lines on standard error."""
    if any(map(holds_credential, arguments)):
        # Before the arguments are parsed: the message about a wrong argument quotes it.
        say("gateway: one of the arguments is a token, and every user of this machine can read it:")
        say("         no command takes one; rotate or revoke it by its number")
        return 2
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
