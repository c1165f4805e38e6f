"""When each token was last used: collected in the process, written to `control` once a minute.

A request only puts a number into a dictionary. If a process is killed, the uses of the last minute are lost:
the time in the list is then at most a minute early, and never late. The time has a table of its own, so that
a write does not make processes read their tokens again. The role that writes it may do nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gateway.control.periodic import every_minute
from resolvers.sources.catalogue import Store
from resolvers.stores.pool import StoreLogin, fresh_connections
from resolvers.universe.roles import USES

if TYPE_CHECKING:
    from gateway.access.tokens import TokenBook
    from gateway.settings import Settings

log = logging.getLogger("gateway.access.token_use")

# A stop of the process must not wait longer for this.
WRITE_TIMEOUT_SECONDS = 2

_NOTE = "SELECT control.note_token_use($1, $2)"


def token_use_login(settings: Settings) -> StoreLogin:
    """The login that writes the use of tokens, and the counts of refused and slow requests."""
    return replace(settings.login(Store.CONTROL, USES), request_timeout_s=WRITE_TIMEOUT_SECONDS)


def noting(book: TokenBook, login: StoreLogin) -> AbstractAsyncContextManager[None]:
    """Write the uses of the book's tokens once a minute, and at the end of the block."""
    waiting: dict[int, float] = {}

    async def note_all() -> None:
        waiting.update(book.take_used())
        if waiting and await note(waiting, login):
            waiting.clear()

    return every_minute(note_all, "token use")


async def note(used: Mapping[int, float], login: StoreLogin) -> bool:
    """Write when each token was last used (Unix time), in one statement. False if the store is down."""
    times = [datetime.fromtimestamp(each, UTC) for each in used.values()]
    try:
        async with fresh_connections(login) as (connection,):
            await connection.execute(_NOTE, list(used), times)
    except Exception as exception:
        # Every failure is retried in the next minute; no request depends on it.
        log.warning("The use of tokens could not be noted.", exc_info=exception)
        return False
    return True
