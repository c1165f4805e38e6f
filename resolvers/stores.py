"""The connections to the stores; the only importer of asyncpg."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]


async def connect_owner(dsn: str) -> Connection:
    """Open one connection with the store owner's rights: migrations, universes, loading, objections."""
    return await asyncpg.connect(dsn)
