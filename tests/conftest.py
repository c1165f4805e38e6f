"""The suite's fixtures, and the markers that say what each test needs.

One Postgres a session is made and thrown away; each test that needs databases gets fresh ones from
templates.
"""

from __future__ import annotations

import contextlib
import itertools
import signal
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest

from gateway.demo.embedded import EmbeddedPostgres, start
from gateway.upkeep import effect, reconciler
from resolvers.stores.pool import connect_owner
from resolvers.universe.migrations import STORES, migrate
from schema.values import paging
from tests.kit.processes import Serve, serving
from tests.kit.real_data import Truth, folder_of_real_data, read_truth
from tests.kit.reference.schema import SMALLEST_GROUP

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection

NewDatabase = Callable[[str], Awaitable[str]]
Connect = Callable[[str], Awaitable["Connection"]]


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update` writes the golden plans instead of comparing them."""
    parser.addoption("--update", action="store_true", help="write the golden plans")


# What a test needs, by the fixtures that it asks for, directly or through others.
NEEDS = {
    "embedded": "postgres",
    "serve": "server",
    "browser": "browser",
    "pooler": "pooler",
    "node": "node",
    "real_data": "real_data",
    # Explains every line of the matrix: a minute on a busy machine.
    "explained": "slow",
}


def pytest_configure() -> None:
    """Heed SIGINT: a background job of a shell ignores it, and so would each process that tests start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


# Files that take minutes. A worker that begins one when all others are through would be waited for alone.
LONGEST = (
    "test_bench.py",
    "test_histories.py",
    "test_noninterference.py",
    "test_differential.py",
    "test_crashes.py",
    "test_docs.py",
    "test_console.py",
    "test_suspensions.py",
    "test_customer_lists.py",
    "test_pooler.py",
    "test_real_data.py",
    "test_demo.py",
    "test_cli.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by what they need, and put the longest files first: xdist hands out in this order."""
    for item in items:
        for fixture in NEEDS.keys() & set(getattr(item, "fixturenames", ())):
            item.add_marker(NEEDS[fixture])
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.name, len(LONGEST)))


@pytest.fixture(scope="session", autouse=True)
def slow_reconciler() -> Iterator[None]:
    """The reconciler of a gateway under test completes nothing until the test itself asks for it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reconciler, "RECONCILE_SECONDS", 3_600)
        patch.setattr(reconciler, "RECALL_SECONDS", 3_600)
        patch.setattr(effect, "EFFECT_SECONDS", 3_600)
        patch.setattr(reconciler, "COUNT_SECONDS", 3_600)
        yield


@pytest.fixture(scope="session", autouse=True)
def small_groups() -> Iterator[None]:
    """The smallest group has two people: the tests' worlds are too small for groups of a hundred."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paging, "MIN_GROUP", SMALLEST_GROUP)
        yield


@pytest.fixture(scope="session")
def embedded() -> Iterator[EmbeddedPostgres]:
    """A throw-away Postgres for this session (one for each worker of pytest-xdist), fsync off."""
    # Not pytest's own temporary folder: that is closed to the system user who runs Postgres for root.
    with (
        tempfile.TemporaryDirectory(prefix="gateway-test-") as folder,
        start(Path(folder) / "postgres", durable=False) as server,
    ):
        yield server


@pytest.fixture(scope="session")
async def templates(embedded: EmbeddedPostgres) -> dict[str, str]:
    """The name of a migrated, empty database of each store. Postgres copies it only without connections."""
    names = {store: f"template_{store}" for store in STORES}
    await embedded.ensure_databases(names.values())
    for store, name in names.items():
        connection = await connect_owner(embedded.dsn(name))
        await migrate(connection, store)
        await connection.close()
    return names


@pytest.fixture(scope="session")
async def new_database(embedded: EmbeddedPostgres, templates: dict[str, str]) -> AsyncIterator[NewDatabase]:
    """`await new_database(store)`: the owner's DSN of a fresh, migrated database of that store.

    It lasts for the session, so that fixtures of any scope may use it.
    """
    server = await connect_owner(embedded.dsn("postgres"))
    numbers = itertools.count(1)
    # Shared blocks instead of copies: 20 ms instead of 300 where the file system can do it.
    with contextlib.suppress(asyncpg.PostgresError):
        await server.execute("SET file_copy_method = clone")
        await server.execute(
            f"CREATE DATABASE clone_works TEMPLATE {templates['control']} STRATEGY file_copy"
        )
    if not await server.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = 'clone_works')"):
        await server.execute("RESET file_copy_method")

    async def create(store: str) -> str:
        name = f"{store}_{next(numbers)}"
        await server.execute(f"CREATE DATABASE {name} TEMPLATE {templates[store]} STRATEGY file_copy")
        return embedded.dsn(name)

    yield create
    await server.close()


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """`await connect(dsn)`: an owner's connection, closed when the test is over."""
    connections: list[Connection] = []

    async def open_one(dsn: str) -> Connection:
        connections.append(await connect_owner(dsn))
        return connections[-1]

    yield open_one
    for connection in connections:
        await connection.close()


@pytest.fixture(scope="session")
def serve() -> Serve:
    """`with serve(…)`: `gateway serve`, or another command, as a process that serves (kit/processes.py)."""
    return serving


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of the two public files; the test is skipped without them."""
    return folder_of_real_data()


@pytest.fixture(scope="session")
def truth(real_data: Path) -> Truth:
    """What the real files say."""
    return read_truth(real_data)
