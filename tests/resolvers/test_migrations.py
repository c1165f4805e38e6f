"""Migrations of each store: applied once, in order, and only by the owner's command."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest

from resolvers.stores.pool import connect_owner
from resolvers.universe import migrations
from resolvers.universe.migrations import STORES, MigrationProblem, migrate

if TYPE_CHECKING:
    from gateway.demo.embedded import EmbeddedPostgres
    from resolvers.stores.pool import Connection
    from tests.conftest import Connect


@pytest.fixture
async def empty(embedded: EmbeddedPostgres, connect: Connect, request: pytest.FixtureRequest) -> Connection:
    """An owner's connection to a database without any table."""
    name = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:20]
    await embedded.ensure_databases([name])
    return await connect(embedded.dsn(name))


@pytest.fixture
def ddl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of two small files instead of the messenger's."""
    folder = tmp_path / "messenger"
    folder.mkdir()
    (folder / "0001_first.sql").write_text("CREATE TABLE first (n int); INSERT INTO first VALUES (1);")
    (folder / "0002_second.sql").write_text("CREATE TABLE second AS SELECT n FROM first;")
    monkeypatch.setattr(migrations, "DDL", tmp_path)
    return folder


@pytest.mark.parametrize("store", STORES)
async def test_every_file_of_a_store_is_applied_in_order_and_once(empty: Connection, store: str) -> None:
    """An empty database gets every file of its store, and a second run finds nothing to do."""
    expected = [f"{store}/{path.name}" for path in sorted((migrations.DDL / store).glob("*.sql"))]
    assert expected == await migrate(empty, store)
    assert await migrate(empty, store) == []


async def test_the_record_holds_the_digest_of_the_file(empty: Connection, ddl: Path) -> None:
    """The record has the SHA-256 of the applied bytes."""
    await migrate(empty, "messenger")
    content = (ddl / "0001_first.sql").read_bytes()
    recorded = await empty.fetchval(
        "SELECT sha256 FROM gateway_migration.applied WHERE name = 'messenger/0001_first.sql'"
    )
    assert hashlib.sha256(content).hexdigest() == recorded


async def test_a_new_file_is_applied_to_an_old_database(empty: Connection, ddl: Path) -> None:
    """A file added later is the only one applied."""
    await migrate(empty, "messenger")
    (ddl / "0003_third.sql").write_text("CREATE TABLE third (n int);")
    assert await migrate(empty, "messenger") == ["messenger/0003_third.sql"]


async def test_programs_that_start_together_apply_each_file_once(
    embedded: EmbeddedPostgres, empty: Connection, ddl: Path
) -> None:
    """Of several programs migrating one database at once, together they apply each file once."""
    database = await empty.fetchval("SELECT current_database()")
    connections = [await connect_owner(embedded.dsn(database)) for _ in range(4)]
    applied = await asyncio.gather(*(migrate(connection, "messenger") for connection in connections))
    for connection in connections:
        await connection.close()
    assert sorted(itertools.chain.from_iterable(applied)) == [
        "messenger/0001_first.sql",
        "messenger/0002_second.sql",
    ]


async def test_a_file_changed_after_it_was_applied_stops(empty: Connection, ddl: Path) -> None:
    """A file that was changed after it was applied is named, and no newer file is applied."""
    await migrate(empty, "messenger")
    (ddl / "0001_first.sql").write_text("CREATE TABLE other (n int);")
    (ddl / "0003_third.sql").write_text("CREATE TABLE third (n int);")
    with pytest.raises(MigrationProblem, match=r"messenger/0001_first\.sql was changed"):
        await migrate(empty, "messenger")
    assert await empty.fetchval("SELECT to_regclass('third')") is None


async def test_an_unknown_record_stops(empty: Connection, ddl: Path) -> None:
    """A database that is ahead of this version, or belongs to another store, is left alone."""
    await migrate(empty, "messenger")
    (ddl / "0002_second.sql").unlink()
    with pytest.raises(MigrationProblem, match=r"messenger/0002_second\.sql .* does not know it"):
        await migrate(empty, "messenger")


async def test_another_stores_database_is_refused(empty: Connection) -> None:
    """The social network's tables are never put into the messenger's database."""
    await migrate(empty, "messenger")
    with pytest.raises(MigrationProblem, match="does not know it"):
        await migrate(empty, "social")
    assert await empty.fetchval("SELECT to_regnamespace('social')") is None


async def test_an_overtaken_file_stops(empty: Connection, ddl: Path) -> None:
    """A new file with a lower number than an applied one is refused, because its tables differ."""
    await migrate(empty, "messenger")
    (ddl / "0001_between.sql").write_text("CREATE TABLE between_them (n int);")
    with pytest.raises(MigrationProblem, match=r"0001_between\.sql was not applied"):
        await migrate(empty, "messenger")


async def test_a_file_that_fails_leaves_nothing_of_itself(empty: Connection, ddl: Path) -> None:
    """A failing file is rolled back as a whole; earlier files stay, and it can be applied again."""
    (ddl / "0002_second.sql").write_text("CREATE TABLE half (n int); SELECT 1 / 0;")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(empty, "messenger")
    assert await empty.fetchval("SELECT to_regclass('half')") is None
    (ddl / "0002_second.sql").write_text("CREATE TABLE half (n int);")
    assert await migrate(empty, "messenger") == ["messenger/0002_second.sql"]


async def test_an_unknown_store_is_refused(empty: Connection) -> None:
    """An unknown store is refused, and the message lists the known ones."""
    with pytest.raises(MigrationProblem, match=r"'telegraph'.*messenger, social, control"):
        await migrate(empty, "telegraph")


async def test_only_the_owner_reads_the_record(empty: Connection) -> None:
    """No other role may look at or change what was applied."""
    await migrate(empty, "messenger")
    assert not await empty.fetchval(
        "SELECT has_schema_privilege('pg_monitor', 'gateway_migration', 'USAGE')"
        " OR has_table_privilege('pg_monitor', 'gateway_migration.applied', 'SELECT, INSERT, UPDATE, DELETE')"
    )
