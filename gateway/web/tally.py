"""Refused and slow requests, counted in the process and written to `control` once a minute.

An ordinary request changes no count. Of a refused or slow request the tally keeps the client, the purpose,
the outcome and the id: no document, no value. If `control` is away, the counts stay until it is back. A
process that is killed loses the counts of its last minute. A write whose reply is lost is counted twice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from gateway.control.periodic import every_minute
from resolvers.stores.pool import StoreLogin, fresh_connections

if TYPE_CHECKING:
    from gateway.access.tokens import Caller
    from schema.refusals import Code

log = logging.getLogger("gateway.web.tally")

SLOW = "SLOW"
# Bounds the memory: beyond it, new clients are counted together under no name.
MOST_LINES = 10_000
HOUR_SECONDS = 3_600

_NOTE = "SELECT control.note_requests($1, $2, $3, $4, $5, $6, $7)"


@dataclass(frozen=True, slots=True)
class TallyKey:
    """The requests that are counted together; `hour`: hours since 1970."""

    hour: int
    client: str
    purpose: str
    what: str


@dataclass(slots=True)
class TallyCount:
    """How many requests, the longest of them in milliseconds, and the id of the last one."""

    requests: int = 0
    longest_ms: int = 0
    request: str = ""

    def add(self, other: TallyCount) -> None:
        """Add the other count, whose requests came later."""
        self.requests += other.requests
        self.longest_ms = max(self.longest_ms, other.longest_ms)
        self.request = other.request


class Tally:
    """Counts of one process. `now` is the Unix time in seconds; slow is what takes longer than `slow_s`."""

    def __init__(self, slow_s: float, now: Callable[[], float]) -> None:
        self.slow_s = slow_s
        self._now = now
        self._counts: dict[TallyKey, TallyCount] = {}

    def refused(self, code: Code, caller: Caller | None, took_s: float, *, request_id: bytes) -> None:
        """Count a refused request; `caller` is None if its token was refused."""
        self._count(code.value, caller, took_s, request_id=request_id)

    def slow(self, caller: Caller | None, took_s: float, request_id: bytes) -> None:
        """Count a request whose answer took longer than `slow_s`."""
        self._count(SLOW, caller, took_s, request_id=request_id)

    def _count(self, what: str, caller: Caller | None, took_s: float, *, request_id: bytes) -> None:
        client, purpose = ("", "") if caller is None else (caller.client, caller.purpose.value)
        key = TallyKey(int(self._now()) // HOUR_SECONDS, client, purpose, what)
        self._add(key, TallyCount(1, int(took_s * 1_000), request_id.decode()))

    def _add(self, key: TallyKey, count: TallyCount) -> None:
        if key not in self._counts and len(self._counts) >= MOST_LINES:
            key = TallyKey(key.hour, "", "", key.what)
        self._counts.setdefault(key, TallyCount()).add(count)

    def take(self) -> Mapping[TallyKey, TallyCount]:
        """Return the counts since the last call, and begin at zero."""
        taken, self._counts = self._counts, {}
        return taken

    def give_back(self, taken: Mapping[TallyKey, TallyCount]) -> None:
        """Add counts that could not be written."""
        later, self._counts = self._counts, {}
        for counts in (taken, later):
            for key, count in counts.items():
                self._add(key, count)


def noting_requests(tally: Tally, login: StoreLogin) -> AbstractAsyncContextManager[None]:
    """Write the counts once a minute, and at the end of the block."""
    return every_minute(partial(note_requests, tally, login), "request tally")


async def note_requests(tally: Tally, login: StoreLogin) -> None:
    """Write the counts; after a failure they are kept for the next call."""
    taken = tally.take()
    if not taken:
        return
    keys, counts = list(taken), list(taken.values())
    columns = (
        [datetime.fromtimestamp(each.hour * HOUR_SECONDS, UTC) for each in keys],
        [each.client for each in keys],
        [each.purpose for each in keys],
        [each.what for each in keys],
        [each.requests for each in counts],
        [each.longest_ms for each in counts],
        [each.request for each in counts],
    )
    try:
        async with fresh_connections(login) as (connection,):
            await connection.execute(_NOTE, *columns)
    except Exception as exception:
        # A request must not fail because it could not be counted; the next minute tries again.
        log.warning("The tally of requests could not be written.", exc_info=exception)
        tally.give_back(taken)
