"""One connection for a single task. Each statement is a transaction; a failure opens another connection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from resolvers.stores.deadlines import Deadlines
from resolvers.stores.pool import (
    StoreLogin,
    connect_role,
    is_behind_pooler,
    transaction,
    translated,
)
from resolvers.stores.session import prepare_named

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection, Statement


class SerialConnection:
    """A connection as one role. Only one task may use it at a time."""

    def __init__(self, login: StoreLogin) -> None:
        self.login = login
        self._connection: Connection | None = None
        self._pooled = False
        self._prepared: dict[str, Statement] = {}
        self._deadlines: Deadlines[Connection] = Deadlines(login.request_timeout_s, _terminate)

    async def run(self, sql: str, *arguments: Any) -> Sequence[Any]:
        """The statement's rows, once it is committed. StoreUnavailable: it may or may not be committed."""
        connection = self._connection
        try:
            if connection is None or connection.is_closed():
                connection = await self._connect()
            # A time-out that cancels would send a request to the server, and wait for ever if it hangs.
            self._deadlines.add(connection)
            try:
                return await self._fetch(connection, sql, arguments)
            finally:
                self._deadlines.remove(connection)
        except BaseException as error:
            lost = connection is not None and connection.is_closed()
            self.close()
            raise translated(error, lost) from None

    async def _connect(self) -> Connection:
        self.close()
        connection = self._connection = await connect_role(self.login)
        self._pooled = await is_behind_pooler(connection)
        return connection

    async def _fetch(self, connection: Connection, sql: str, arguments: Sequence[Any]) -> Sequence[Any]:
        rows: Sequence[Any]
        if self._pooled:
            async with transaction(connection):
                rows = await connection.fetch(sql, *arguments)
        else:
            rows = await (await self._statement(connection, sql)).fetch(*arguments)
        return rows

    async def _statement(self, connection: Connection, sql: str) -> Statement:
        statement = self._prepared.get(sql)
        if statement is None:
            statement = self._prepared[sql] = await prepare_named(connection, sql, len(self._prepared))
        return statement

    def close(self) -> None:
        """Close the connection; the next statement opens another."""
        connection, self._connection = self._connection, None
        self._prepared = {}
        if connection is not None:
            connection.terminate()


def _terminate(connection: Connection) -> None:
    connection.terminate()


def columns(rows: Sequence[Sequence[Any]], width: int) -> list[list[Any]]:
    """The columns of the rows, for `unnest`: `width` columns, also for no rows."""
    return [[row[column] for row in rows] for column in range(width)]
