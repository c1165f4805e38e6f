"""A gate before a store: the connections of objectable purposes are used only while the store is verified.

Somebody else judges the store (`resolvers/changes/verification.py`) and opens or closes the gate. A gate
that was not opened again in time closes itself. A pool asks its gate twice:

    a new connection   must lead to the very server that was judged, after the connection was made
    each statement     compares one reference: the server of the connection is the one of the open gate

Behind a pooler each transaction may reach another server. There each transaction begins with a statement that
fails on any other server, in the same message as BEGIN. A pooler that keeps statements has no BEGIN: the
statement itself has the condition.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING

from resolvers.stores.incarnation import STATEMENT, Identity, Incarnation, incarnation_of

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]

# A judgement of a store that hangs takes four seconds: it must not close the other store's gate.
OPEN_SECONDS = 10.0


# No server has it: a closed gate admits no connection.
_NOWHERE = Incarnation(Identity(0, 0, 0), datetime.min)


class Closed(Exception):
    """The gate is closed, or the connection leads to another server than the one judged."""


class Gate:
    """Lets every connection through: that of purposes to which no member can object."""

    # The server for which a session must have been admitted.
    current: Incarnation | None = None
    is_open = True

    async def admit(self, connection: Connection, timeout_s: float) -> Incarnation | None:
        """The server to which the new connection was admitted. Closed if it must not be used."""
        return None


OPEN = Gate()


class StoreGate(Gate):
    """Lets connections through to the one server that was judged last. It is closed at first.

    `judged` returns after a judgement that began after the call: whether the store could be judged.
    """

    def __init__(self, judged: Callable[[], Awaitable[bool]]) -> None:
        self._judged = judged
        self._closing: asyncio.TimerHandle | None = None
        self.current = _NOWHERE
        self.is_open = False

    def open_to(self, incarnation: Incarnation) -> None:
        """The server holds every acknowledged objection, for the next OPEN_SECONDS."""
        # The same object as before, as long as it is the same server: sessions compare by reference.
        if incarnation != self.current:
            self.current = incarnation
        self.is_open = True
        self._cancel()
        self._closing = asyncio.get_running_loop().call_later(OPEN_SECONDS, self.close)

    def close(self) -> None:
        """No connection may be used until the gate is opened again."""
        self._cancel()
        self.current, self.is_open = _NOWHERE, False

    async def admit(self, connection: Connection, timeout_s: float) -> Incarnation | None:
        """As of `Gate`; the server is judged once more before the connection is used."""
        (row,) = await connection.fetch(STATEMENT, timeout=timeout_s)
        async with asyncio.timeout(timeout_s):
            is_judged = await self._judged()
        if not is_judged or self.current != incarnation_of(tuple(row)):
            raise Closed
        return self.current

    def _cancel(self) -> None:
        if self._closing is not None:
            self._closing.cancel()
            self._closing = None


# --- behind a pooler --------------------------------------------------------------------------------

_IS_IT = """(pg_postmaster_start_time() = {started} AND NOT pg_is_in_recovery()
 AND (SELECT oid::bigint FROM pg_database WHERE datname = current_database()) = {database})::integer"""


def guarding_begin(admitted: Incarnation | None) -> str:
    """What follows BEGIN in the same message: division by zero on another server than the admitted one."""
    if admitted is None:
        return ""
    condition = _IS_IT.format(
        started=f"'{admitted.started.isoformat()}'::timestamptz", database=admitted.identity.database
    )
    return f"; SELECT 1 / {condition}"


def guarded(sql: str, parameters: int) -> str:
    """The statement with the same condition in itself. It takes two more parameters: `guard_values`."""
    condition = _IS_IT.format(
        started=f"${parameters + 1}::timestamptz", database=f"${parameters + 2}::bigint"
    )
    # Postgres evaluates a condition without columns once, before it reads anything.
    return f"SELECT g.* FROM ({sql}) AS g WHERE 1 / {condition} = 1"  # noqa: S608 - our own statement


def guard_values(admitted: Incarnation) -> tuple[datetime, int]:
    """The values of the last two parameters of a guarded statement."""
    return admitted.started, admitted.identity.database
