"""Databases that are copied and put back, as an operator does with a backup, while a gateway serves."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from resolvers.sources.catalogue import Store
from resolvers.stores.pool import connect_owner
from tests.kit.gateway import Side

if TYPE_CHECKING:
    from gateway.demo.embedded import EmbeddedPostgres
    from resolvers.stores.pool import Connection

_NUMBERS = itertools.count(1)
_EXPEL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1"


def database_of(side: Side, store: Store) -> str:
    """The name of the store's database."""
    return urlsplit(side.settings.owner_dsn(store)).path.removeprefix("/")


async def back_up(embedded: EmbeddedPostgres, side: Side, store: Store) -> str:
    """A copy of the store's database as it is now; its name."""
    name, copy = database_of(side, store), f"backup_{next(_NUMBERS)}"
    await alone(embedded, side, store, f"CREATE DATABASE {copy} TEMPLATE {name} STRATEGY file_copy")
    return copy


async def put_back(embedded: EmbeddedPostgres, side: Side, store: Store, copy: str) -> None:
    """Restore the store from the copy: another database of the same name."""
    name = database_of(side, store)
    await alone(
        embedded,
        side,
        store,
        f"DROP DATABASE {name}",
        f"CREATE DATABASE {name} TEMPLATE {copy} STRATEGY file_copy",
    )


async def alone(embedded: EmbeddedPostgres, side: Side, store: Store, *statements: str) -> None:
    """Run the statements while no one is connected to the store, then connect the side again."""
    name = database_of(side, store)
    server = await connect_owner(embedded.dsn("postgres"))
    try:
        await server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        await server.execute(_EXPEL.replace("$1", f"'{name}'"))
        while await server.fetchval("SELECT count(*) FROM pg_stat_activity WHERE datname = $1", name):
            await server.execute("SELECT pg_sleep(0.01)")
        for statement in statements:
            await server.execute(statement)
        await server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    finally:
        await server.close()
    owner: Connection = await connect_owner(side.settings.owner_dsn(store))
    setattr(side, store.value, owner)
