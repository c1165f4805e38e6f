"""A Postgres that can replicate, and the owners' own tables in it, from which the stores are fed."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch
from urllib.parse import unquote, urlsplit

from gateway.demo import embedded
from resolvers.stores.pool import connect_owner
from resolvers.universe.migrations import migrate

if TYPE_CHECKING:
    from gateway.demo.embedded import EmbeddedPostgres
    from resolvers.stores.pool import Connection

NewDatabase = Callable[[str], Awaitable[str]]

# The owners' own tables, without anything of the gateway.
PUBLISHED = {
    "messenger": """
        CREATE SCHEMA messenger;
        CREATE TABLE messenger.account (
            id bigint PRIMARY KEY, phone text, country_code text, registered_at timestamptz(0));
        CREATE TABLE messenger.daily_usage (
            account_id bigint, day date, messages_sent integer, PRIMARY KEY (account_id, day));
        CREATE TABLE messenger.contact (
            account_id bigint, contact_id bigint, PRIMARY KEY (account_id, contact_id));
    """,
    "social": """
        CREATE SCHEMA social;
        CREATE TABLE social.account (id bigint PRIMARY KEY, display_name text);
        CREATE TABLE social.phone_binding (
            account_id bigint, source text, number text, messenger_id bigint,
            PRIMARY KEY (account_id, source, number));
        CREATE TABLE social.messenger_link (account_id bigint PRIMARY KEY, messenger_id bigint, since date);
        CREATE TABLE social.ad_topic (
            account_id bigint, source text, topic text, messenger_id bigint,
            PRIMARY KEY (account_id, source, topic));
    """,
}


@contextlib.contextmanager
def replicating_server() -> Iterator[EmbeddedPostgres]:
    """A throw-away Postgres with wal_level = logical."""
    logical = {"wal_level": "logical", "max_wal_senders": "20", "max_replication_slots": "20"}
    logical |= {"max_logical_replication_workers": "20", "max_worker_processes": "40"}
    with (
        patch.dict(embedded.SETTINGS, logical),
        tempfile.TemporaryDirectory(prefix="gateway-test-") as folder,
        embedded.start(Path(folder) / "postgres", durable=False) as server,
    ):
        yield server


def databases_of(server: EmbeddedPostgres) -> NewDatabase:
    """`await new_database(store)`: the owner's DSN of a fresh, migrated database of that store."""
    numbers = itertools.count(1)

    async def create(store: str) -> str:
        name = f"{store}_{next(numbers)}"
        await server.ensure_databases([name])
        owner = await connect_owner(server.dsn(name))
        await migrate(owner, store)
        await owner.close()
        return server.dsn(name)

    return create


@contextlib.asynccontextmanager
async def published(
    server: EmbeddedPostgres, store: str, subscriber: Connection
) -> AsyncIterator[Connection]:
    """The owners' database of that store, whose changes the subscriber follows while the block runs.

    As docs/operators.md says: a publication of insert, update and delete, and one subscription.
    """
    name = f"owners_of_{store}"
    await server.ensure_databases([name])
    publisher = await connect_owner(server.dsn(name))
    where = urlsplit(server.dsn(name))
    host = unquote(where.query.partition("host=")[2].partition("&")[0])
    await publisher.execute(PUBLISHED[store])
    await publisher.execute(
        f"CREATE PUBLICATION feed FOR TABLES IN SCHEMA {store} WITH (publish = 'insert, update, delete')"
    )
    await publisher.fetchval("SELECT pg_create_logical_replication_slot($1, 'pgoutput')", name)
    await subscriber.execute(
        f"CREATE SUBSCRIPTION {name} CONNECTION 'dbname={name} host={host} port=5432 user=postgres'"
        f" PUBLICATION feed WITH (slot_name = '{name}', create_slot = false)"
    )
    try:
        yield publisher
    finally:
        await subscriber.execute(f"ALTER SUBSCRIPTION {name} DISABLE")
        await subscriber.execute(f"DROP SUBSCRIPTION {name}")
        await publisher.execute(f"DROP PUBLICATION feed; DROP SCHEMA {store} CASCADE")
        await publisher.close()


async def caught_up(publisher: Connection) -> None:
    """Return once the subscriber has applied all that was committed."""
    now = await publisher.fetchval("SELECT pg_current_wal_lsn()::text")
    async with asyncio.timeout(120):
        while not await publisher.fetchval(
            "SELECT bool_and(confirmed_flush_lsn >= $1::text::pg_lsn) FROM pg_replication_slots"
            " WHERE slot_name = current_database()",
            now,
        ):
            await asyncio.sleep(0.1)


async def synchronised(subscriber: Connection) -> None:
    """Return once the first copy of every table is done."""
    async with asyncio.timeout(120):
        while await subscriber.fetchval("SELECT count(*) FROM pg_subscription_rel WHERE srsubstate <> 'r'"):
            await asyncio.sleep(0.1)
