"""Bring the stores' tables up to date: each numbered file of `ddl/<store>` once, in order.

The table `gateway_migration.applied` records each applied file with its SHA-256. Files are only ever added. A
database whose record differs from the files is left untouched.

Rejected: a migration framework (three databases, plain SQL, no way back needed; one table does).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from resolvers.stores.pool import transaction

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection

STORES = ("messenger", "social", "control")
DDL = Path(__file__).with_name("ddl")

# Any fixed number: two programs that migrate one database must use the same lock.
LOCK = 0x6A7E3A7

RECORD = """
CREATE SCHEMA IF NOT EXISTS gateway_migration;
REVOKE ALL ON SCHEMA gateway_migration FROM PUBLIC;
CREATE TABLE IF NOT EXISTS gateway_migration.applied (
    name       text PRIMARY KEY,
    sha256     text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
REVOKE ALL ON gateway_migration.applied FROM PUBLIC;
"""


class MigrationProblem(Exception):
    """The database's record and the files disagree. Nothing was changed. The text names files only."""


@dataclass(frozen=True)
class Migration:
    """One file: its name as recorded (`<store>/NNNN_*.sql`), its text and the digest of its bytes."""

    name: str
    sql: str
    sha256: str


async def migrate(connection: Connection, store: str) -> list[str]:
    """Bring the connected database up to date with `store`; returns the files applied now, in order.

    The connection needs the owner's rights and must be outside of a transaction. It is safe to call again,
    and from several programs at once: one program works, the others wait and then find nothing to do. Each
    file and its record are one transaction, so that a crash leaves whole files only. MigrationProblem if an
    applied file was changed, is missing, or has a later number than a file that is not applied.
    """
    files = migrations(store)
    await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
    try:
        await connection.execute(RECORD)
        return [await apply(connection, file) for file in await pending(connection, files)]
    finally:
        await connection.execute("SELECT pg_advisory_unlock($1)", LOCK)


def migrations(store: str) -> list[Migration]:
    """The files of one store, in the order in which they are applied."""
    if store not in STORES:
        raise MigrationProblem(f"there is no store named {store!r}; the stores are {', '.join(STORES)}")
    return [read(store, path) for path in sorted((DDL / store).glob("[0-9][0-9][0-9][0-9]_*.sql"))]


def read(store: str, path: Path) -> Migration:
    """One file as a migration."""
    content = path.read_bytes()
    # The store is part of the name, so that one store's files cannot pass for another's.
    return Migration(f"{store}/{path.name}", content.decode(), hashlib.sha256(content).hexdigest())


async def pending(connection: Connection, files: list[Migration]) -> list[Migration]:
    """The files that are not recorded yet. MigrationProblem unless the others are as recorded."""
    rows = await connection.fetch("SELECT name, sha256 FROM gateway_migration.applied ORDER BY name")
    applied = {row["name"]: row["sha256"] for row in rows}
    check(applied, files)
    return files[len(applied) :]


def check(applied: dict[str, str], files: list[Migration]) -> None:
    """MigrationProblem unless the applied files are the first of `files`, unchanged."""
    for name in sorted(applied.keys() - {file.name for file in files}):
        raise MigrationProblem(f"{name} was applied to this database, but this version does not know it")
    for file in files[: len(applied)]:
        # A file slipped in before an applied one would meet tables that it was not written for.
        if file.name not in applied:
            raise MigrationProblem(f"{file.name} was not applied, but a later file was: give it a new number")
        if applied[file.name] != file.sha256:
            raise MigrationProblem(f"{file.name} was changed after it was applied: add a new file instead")


async def apply(connection: Connection, file: Migration) -> str:
    """Run one file and record it, in one transaction; returns its name."""
    async with transaction(connection):
        await connection.execute(file.sql)
        await connection.execute(
            "INSERT INTO gateway_migration.applied (name, sha256) VALUES ($1, $2)", file.name, file.sha256
        )
    return file.name
