"""When each token was last used: kept in the process, written to `control` once a minute.

A request only puts a number into a dictionary. What was not written yet is lost when a process is killed:
the time in the list is at most a minute early then, and never late. It stands in a table of its own, so
that writing it makes no process read its tokens anew; whoever writes it may do that and nothing else.
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

# A stop must not wait longer for so little.
PATIENCE_SECONDS = 2

_NOTE = "SELECT control.note_token_use($1, $2)"


def token_use_login(settings: Settings) -> StoreLogin:
    """Where whoever notes the use of tokens, and refused and slow requests, connects to."""
    return replace(settings.login(Store.CONTROL, USES), request_timeout_s=PATIENCE_SECONDS)


def noting(book: TokenBook, login: StoreLogin) -> AbstractAsyncContextManager[None]:
    """Note once a minute, and at the end of the block, which tokens of the book were used."""
    waiting: dict[int, float] = {}

    async def note_all() -> None:
        waiting.update(book.take_used())
        if waiting and await note(waiting, login):
            waiting.clear()

    return every_minute(note_all, "token use")


async def note(used: Mapping[int, float], login: StoreLogin) -> bool:
    """Write down in one statement when each token was last used (Unix time). False if the store is away."""
    times = [datetime.fromtimestamp(each, UTC) for each in used.values()]
    try:
        async with fresh_connections(login) as (connection,):
            await connection.execute(_NOTE, list(used), times)
    except Exception as exception:
        # Whatever it is, the next minute tries again; requests know nothing of it.
        log.warning("The use of tokens could not be noted.", exc_info=exception)
        return False
    return True
