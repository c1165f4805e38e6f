"""`gateway demo`: set up a complete gateway with made-up people on one machine, and serve.

    port → Postgres → databases and tables → universes → people → tokens → examples → serve

Each step first checks what exists. So a second run starts in seconds, a run after an upgrade migrates the
kept data, and a run after an interrupted load creates the databases again.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from gateway.access.tokens import issue, list_tokens, revoke
from gateway.app import open_gateway
from gateway.demo.embedded import SUPERUSER, EmbeddedPostgres, alone, reset, start
from gateway.demo.examples import EXAMPLES, show_each_purpose, show_side_by_side, wait_until_ready
from gateway.demo.folder import Folder, settings_of
from gateway.demo.generate import generate
from gateway.demo.offer import HOLDERS, offer
from gateway.demo.persons import DEMO_BOUND, PERSONS, add_persons
from gateway.demo.problem import DemoProblem
from gateway.processes.serve import listen, serve, url_of
from gateway.settings import CONFIG_FILE, Settings
from gateway.terminal.logs import write_logs
from gateway.terminal.progress import shown, step
from resolvers.sources.catalogue import Store
from resolvers.sources.fields import OBJECTS
from resolvers.stores.pool import connect_owner
from resolvers.universe.inspection import differences
from resolvers.universe.migrations import STORES, MigrationProblem, migrate
from resolvers.universe.render import apply
from schema.purposes import Purpose

if TYPE_CHECKING:
    import socket

    from rich.console import Console

    from resolvers.stores.pool import Connection

FOLDER = Path(".demo")
SEED = 1
CLIENT = "demo"

# Keys: purposes, and the names of the console's holders.
Tokens = Mapping[str, str]
Owners = Mapping[str, "Connection"]


@dataclass(frozen=True)
class DemoOptions:
    """The options of the command line. If `port` is None, the setting decides."""

    folder: Path = FOLDER
    accounts: int = 20_000
    once: bool = False
    reset: bool = False
    port: int | None = None


async def run_demo(demo: DemoOptions, console: Console) -> None:
    """Set up what is missing, show the examples, and serve unless `once`."""
    # The tour sets this variable to the demo's own settings file, which a reset deletes.
    os.environ.pop(CONFIG_FILE, None)
    # Open the port first: loading takes minutes, and a taken port must fail before it.
    with nullcontext() if demo.once else _port(demo) as taken:
        if demo.reset:
            with step(console, f"Deleted what was in {demo.folder}"):
                reset(demo.folder)
                Folder(demo.folder).forget()
        with step(console, f"Postgres, embedded, in {demo.folder}"):
            server = start(demo.folder)
        with server:
            _tell_opened(server, console)
            with alone(server.folder):
                settings, tokens = await set_up(server, demo, console)
            await _answer(settings, tokens, taken, console=console)


def _port(demo: DemoOptions) -> socket.socket:
    settings = settings_of(dict.fromkeys(STORES, ""), "-" * 32)
    return listen(settings.host, settings.port if demo.port is None else demo.port)


def _tell_opened(server: EmbeddedPostgres, console: Console) -> None:
    for folder in server.opened:
        console.print(f"  {folder} can now be passed through (not listed): Postgres may not run as root")


async def _answer(
    settings: Settings, tokens: Tokens, taken: socket.socket | None, *, console: Console
) -> None:
    write_logs(sys.stderr, logging.WARNING)
    async with open_gateway(settings, demo=offer(tokens)) as app:
        await wait_until_ready(app)
        await show_side_by_side(app, tokens, console)
        await show_each_purpose(app, tokens, console)
        if taken is not None:
            url = url_of(taken)
            announce = partial(show_how_to_ask, url, tokens, console)
            await serve(app, taken, announce, max_connections=settings.max_connections)
            console.print("\nStopped. The data is kept: the next start takes seconds.")


# --- set-up ---------------------------------------------------------------------------------------


async def set_up(server: EmbeddedPostgres, demo: DemoOptions, console: Console) -> tuple[Settings, Tokens]:
    """Create missing databases, people, settings and tokens. The caller holds `alone`."""
    folder = Folder(demo.folder)
    loaded = folder.accounts_loaded()
    if loaded is None:
        # The databases hold the tokens' hashes: without them the kept tokens are invalid.
        folder.forget()
        await _drop_databases(server)
    async with AsyncExitStack() as stack:
        with step(console, "Three databases with their tables: messenger, social, control"):
            await server.ensure_databases(STORES)
            owners = {store: await stack.enter_async_context(_owner(server, store)) for store in STORES}
            await _migrate(owners)
        with step(console, "A universe of views and a role for each purpose that sees a store"):
            await _apply_universes(owners)
        if loaded is None:
            await _load(owners, demo.accounts, folder, console=console)
        with step(console, f"A token for each purpose, and for the console, in {folder.path / 'tokens'}"):
            settings = folder.settings({store: server.dsn(store) for store in STORES})
            tokens = await _tokens(owners["control"], settings.key("tokens"), folder)
    return settings, tokens


async def _drop_databases(server: EmbeddedPostgres) -> None:
    """Drop the remains of an interrupted load: only the demo's made-up data."""
    async with _owner(server, SUPERUSER) as connection:
        for store in STORES:
            await connection.execute(f"DROP DATABASE IF EXISTS {store} WITH (FORCE)")


@asynccontextmanager
async def _owner(server: EmbeddedPostgres, database: str) -> AsyncIterator[Connection]:
    connection = await connect_owner(server.dsn(database))
    try:
        yield connection
    finally:
        await connection.close()


async def _migrate(owners: Owners) -> None:
    try:
        for store, connection in owners.items():
            await migrate(connection, store)
    except MigrationProblem as problem:
        raise DemoProblem(
            f"the demo's data is from another version ({problem}): run `gateway demo --reset`"
        ) from None


async def _apply_universes(owners: Owners) -> None:
    for store in Store:
        if await differences(owners[store], OBJECTS, store):
            await apply(owners[store], OBJECTS, store)


async def _load(owners: Owners, accounts: int, folder: Folder, *, console: Console) -> None:
    messenger, social, control = owners["messenger"], owners["social"], owners["control"]
    people = f"{accounts:,} made-up people on each store, and {len(PERSONS)} with a name"
    with shown(console, people) as progress:
        if accounts:
            await generate(messenger, social, accounts, seed=SEED, progress=progress, control=control)
        await add_persons(control, messenger, social, now=partial(datetime.now, UTC))
    folder.mark_loaded(accounts)


async def _tokens(control: Connection, key: bytes, folder: Folder) -> Tokens:
    wanted = {
        **{purpose.value: (CLIENT, (purpose,), DEMO_BOUND) for purpose in Purpose},
        **{each.name: (f"{CLIENT}-{each.name.lower()}", each.purposes, each.principal) for each in HOLDERS},
    }
    kept = folder.tokens(tuple(wanted))
    if kept is not None:
        return kept
    for listed in await list_tokens(control):
        if listed.client in {client for client, _, _ in wanted.values()} and listed.revoked_at is None:
            await revoke(control, listed.token_id)
    tokens = {
        name: (
            await issue(
                control,
                key,
                client,
                purposes=purposes,
                expires_at=None,
                random=secrets.token_bytes,
                principal=principal,
            )
        ).token
        for name, (client, purposes, principal) in wanted.items()
    }
    folder.keep_tokens(tokens)
    return tokens


# --- what to do next ------------------------------------------------------------------------------


def show_how_to_ask(url: str, tokens: Tokens, console: Console) -> None:
    """Print the tokens, a command to paste, and the page to open."""
    table = Table.grid(padding=(0, 2))
    for name, token in tokens.items():
        table.add_row(name, token)
    console.print("\n[bold]Tokens[/] (the demo's own, for this machine)")
    console.print(table)
    console.print("\n[bold]Ask, in another terminal[/]")
    console.print(Text(curl_line(f"{url}/graphql", tokens[Purpose.SECURITY])), soft_wrap=True)
    console.print(f"\n[bold]The console, in a browser[/]\n{url}")
    console.print(f"\n[bold green]Serving on {url}/graphql[/]   Ctrl-C stops")


def curl_line(url: str, token: str) -> str:
    """Return a curl command that asks SECURITY's example."""
    body = json.dumps({"query": EXAMPLES[Purpose.SECURITY].document})
    headers = f"-H 'Authorization: Bearer {token}' -H 'Content-Type: application/json'"
    return f"curl -s {url} {headers} -d '{body}'"
