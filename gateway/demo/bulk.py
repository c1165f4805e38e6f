"""Load millions of rows: disable triggers, drop foreign keys and indexes, and restore all afterwards.

Rejected: session_replication_role = replica (foreign keys would never be checked), dropping the
primary keys too (rows arrive in their order, and views of a universe may depend on them).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.demo.problem import DemoProblem

if TYPE_CHECKING:
    from gateway.terminal.progress import Progress
    from resolvers.stores.pool import Connection

# Progress: what is being done, how much is done, how much there is.

MESSENGER_TABLES = (
    "messenger.account",
    "messenger.phone_lookup",
    "messenger.restriction",
    "messenger.terms_acceptance",
    "messenger.daily_usage",
    "messenger.contact",
    "messenger.business",
    "messenger.business_conversation",
    "messenger.customer_conversation",
    "content.message",
    "content.business_message",
)
SOCIAL_TABLES = (
    "social.account",
    "social.friendship",
    "social.restriction",
    "social.phone_binding",
    "social.number_lookup",
    "social.messenger_link",
    "social.messenger_lookup",
    "social.merchant",
    "social.ad_topic",
    "social.offer",
    "social.offer_audience",
    "social.business",
    "social.business_conversation",
    "social.customer_conversation",
    "content.message",
    "content.business_message",
)

FOREIGN_KEYS = """
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS aside,
       format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
           AS back
FROM pg_constraint
WHERE contype = 'f' AND (conrelid = ANY($1::regclass[]) OR confrelid = ANY($1::regclass[]))
ORDER BY conrelid::regclass::text, conname
"""
# Each by itself: ENABLE TRIGGER USER would leave those that bind an apply worker, too, as ordinary ones.
TRIGGERS = """
SELECT format('ALTER TABLE %s DISABLE TRIGGER %I', tgrelid::regclass, tgname) AS aside,
       format('ALTER TABLE %s ENABLE %s TRIGGER %I', tgrelid::regclass,
              CASE tgenabled WHEN 'A' THEN 'ALWAYS' ELSE '' END, tgname) AS back
FROM pg_trigger
WHERE NOT tgisinternal AND tgenabled IN ('O', 'A') AND tgrelid = ANY($1::regclass[])
ORDER BY tgrelid::regclass::text, tgname
"""
INDEXES = """
SELECT format('DROP INDEX %s', indexrelid::regclass) AS aside, pg_get_indexdef(indexrelid) AS back
FROM pg_index i
WHERE indrelid = ANY($1::regclass[])
  AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
ORDER BY indexrelid::regclass::text
"""
LOADING = """
SET LOCAL work_mem = '128MB';
SET LOCAL maintenance_work_mem = '512MB';
SET LOCAL jit = off;
"""


@dataclass(frozen=True)
class Aside:
    """A trigger, key or index that loading does without: the statements that remove and restore it."""

    aside: str
    back: str


@contextlib.asynccontextmanager
async def opened(connection: Connection, tables: Sequence[str]) -> AsyncIterator[None]:
    """Take triggers, foreign keys and secondary indexes of `tables` out of use while the block runs.

    The block runs within the caller's transaction. At its end all of them are restored, and Postgres checks
    each loaded row against the foreign keys. Triggers do not run for these rows: the loader itself writes
    the copies and look-ups that triggers maintain. Raises DemoProblem if a table holds rows. Other sessions
    cannot read the tables until the transaction ends.
    """
    await connection.execute(f"{LOADING} LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE")
    await refuse_rows(connection, tables)
    parts = await put_aside(connection, tables)
    # With wal_level=minimal, rows in a table truncated by this transaction need no write-ahead log.
    await connection.execute(f"TRUNCATE {', '.join(tables)}")
    yield
    for part in reversed(parts):
        await connection.execute(part.back)


async def refuse_rows(connection: Connection, tables: Sequence[str]) -> None:
    """Raise DemoProblem if any of the tables holds a row."""
    for table in tables:
        if await connection.fetchval(f"SELECT EXISTS (SELECT FROM {table})"):  # noqa: S608  # our own constants
            raise DemoProblem(
                f"{table} already holds rows: only empty stores are loaded (`gateway demo --reset`)"
            )


async def put_aside(connection: Connection, tables: Sequence[str]) -> list[Aside]:
    """Take triggers, foreign keys and secondary indexes of `tables` out of use; return them in that order."""
    keys = await connection.fetch(FOREIGN_KEYS, tables)
    # The caller restores them in reverse order: with the indexes, Postgres checks a foreign key faster.
    rows = [
        *await connection.fetch(TRIGGERS, tables),
        *keys,
        *await connection.fetch(INDEXES, tables),
    ]
    parts = [Aside(row["aside"], row["back"]) for row in rows]
    for part in parts:
        await connection.execute(part.aside)
    return parts


async def settle(connection: Connection, store: str, tables: Sequence[str], *, progress: Progress) -> None:
    """Vacuum and analyze after the transaction: index-only scans need the visibility map."""
    for done, table in enumerate(tables, 1):
        await connection.execute(f"VACUUM (ANALYZE) {table}")
        progress(f"vacuum {store}", done, len(tables))


async def side_by_side(*works: Coroutine[object, object, None]) -> None:
    """Run the works of different stores concurrently; the first failure cancels the others and is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(work)
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from failures
