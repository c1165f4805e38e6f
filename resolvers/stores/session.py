"""One connection of a pool, with its prepared statements, and with a guard where a pooler is in between."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import asyncpg

from resolvers.stores.gate import Closed, guard_values, guarded, guarding_begin

if TYPE_CHECKING:
    from resolvers.stores.incarnation import Incarnation

    Connection = asyncpg.Connection[asyncpg.Record]
    Statement = asyncpg.prepared_stmt.PreparedStatement[asyncpg.Record]

MAX_PREPARED = 256


async def prepare_named(connection: Connection, sql: str, number: int) -> Statement:
    """Prepare a named statement that the server keeps. `number`: unique on this connection.

    Without a name the driver would send and plan the text at each call, because its statement cache is off.
    The name contains a hash of the text: if an undetected pooler mixes sessions up, a name still never means
    another statement.
    """
    return await connection.prepare(sql, name=f"{hashlib.sha256(sql.encode()).hexdigest()[:32]}_{number}")


class Session:
    """One connection with its prepared statements. `overdue`: it was closed because an answer was late.

    `admitted`: the server for which the pool's gate admitted the connection; None without a gate. The other
    arguments are those of `StoreLogin`.
    """

    def __init__(
        self,
        connection: Connection,
        timeout_s: float,
        *,
        admitted: Incarnation | None = None,
        pooled: bool = False,
        behind_pooler: bool = False,
    ) -> None:
        self.connection = connection
        self.overdue = False
        self.timeout_s = timeout_s
        self.admitted = admitted
        # Those that need no guard, which the pool may use without this object.
        self.prepared: OrderedDict[str, Statement] = OrderedDict()
        self._pooled = pooled
        # A pooler may reach another server with each transaction.
        self._guard = admitted if pooled or behind_pooler else None
        self._guarded: OrderedDict[str, Statement] = OrderedDict()
        self._names = itertools.count()

    def give_up(self) -> None:
        """Close the connection: a statement that runs on it fails at once."""
        self.overdue = True
        self.connection.terminate()

    async def fetch(self, sql: str, arguments: Sequence[Any]) -> list[asyncpg.Record]:
        """The statement's rows. Closed if a pooler reached another server than the admitted one."""
        if self._pooled:
            return await self._fetch_unprepared(sql, arguments)
        if self._guard is not None:
            return await self._fetch_guarded(sql, arguments, self._guard)
        statement = self.prepared.get(sql) or await self._prepare(sql, sql, self.prepared)
        return await statement.fetch(*arguments, timeout=self.timeout_s)

    async def begin(self, level: str) -> None:
        """Begin a transaction that only reads. Closed as of `fetch`."""
        # connection.transaction() would wait for ever for a server that hangs.
        begin = f"BEGIN ISOLATION LEVEL {level} READ ONLY{guarding_begin(self._guard)}"
        try:
            await self.connection.execute(begin, timeout=self.timeout_s)
        except asyncpg.DivisionByZeroError:
            raise Closed from None

    async def _prepare(self, sql: str, text: str, prepared: OrderedDict[str, Statement]) -> Statement:
        # asyncpg's own time-out does not cover the closing of evicted statements.
        async with asyncio.timeout(self.timeout_s):
            statement = await prepare_named(self.connection, text, next(self._names))
        prepared[sql] = statement
        if len(prepared) > MAX_PREPARED:
            prepared.popitem(last=False)
        return statement

    async def _fetch_guarded(
        self, sql: str, arguments: Sequence[Any], guard: Incarnation
    ) -> list[asyncpg.Record]:
        """The rows, behind a pooler that keeps statements: each one checks the server for itself."""
        statement = self._guarded.get(sql)
        if statement is None:
            statement = await self._prepare(sql, guarded(sql, len(arguments)), self._guarded)
        try:
            return await statement.fetch(*arguments, *guard_values(guard), timeout=self.timeout_s)
        except asyncpg.DivisionByZeroError:
            raise Closed from None

    async def _fetch_unprepared(self, sql: str, arguments: Sequence[Any]) -> list[asyncpg.Record]:
        """The rows, behind a pooler that may give each transaction another server process."""
        connection, timeout_s = self.connection, self.timeout_s
        if connection.is_in_transaction():
            return await connection.fetch(sql, *arguments, timeout=timeout_s)
        await self.begin("READ COMMITTED")
        try:
            rows = await connection.fetch(sql, *arguments, timeout=timeout_s)
        except asyncpg.PostgresError:
            await connection.execute("ROLLBACK", timeout=timeout_s)
            raise
        await connection.execute("COMMIT", timeout=timeout_s)
        return rows
