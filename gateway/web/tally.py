"""Refused and slow requests, counted in the process and written to `control` once a minute.

What answers a request puts a number into a dictionary, and only where it was refused or slow. Nothing of a
request is kept but who asked for what, how it ended and its id: no document, no value. If `control` is away
the counts stay until it is back; what was not written when a process is killed is lost, and what was written
by a call whose answer was lost is counted twice.
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
# A client that invents names must not fill the memory: beyond this number clients share one line.
MOST_LINES = 10_000
HOUR_SECONDS = 3_600

_NOTE = "SELECT control.note_requests($1, $2, $3, $4, $5, $6, $7)"


@dataclass(frozen=True, slots=True)
class Line:
    """What is counted together; `hour` since 1970."""

    hour: int
    client: str
    purpose: str
    what: str


@dataclass(slots=True)
class Count:
    """How many, the longest of them in milliseconds, and the last one's id."""

    requests: int = 0
    longest_ms: int = 0
    request: str = ""

    def add(self, other: Count) -> None:
        """Count those of the other one, which came later, too."""
        self.requests += other.requests
        self.longest_ms = max(self.longest_ms, other.longest_ms)
        self.request = other.request


class Tally:
    """Counts of one process. `now` is the Unix time in seconds; slow is what takes longer than `slow_s`."""

    def __init__(self, slow_s: float, now: Callable[[], float]) -> None:
        self.slow_s = slow_s
        self._now = now
        self._counts: dict[Line, Count] = {}

    def refused(self, code: Code, caller: Caller | None, took_s: float, *, request_id: bytes) -> None:
        """A request was refused, of a caller or of an unknown client."""
        self._count(code.value, caller, took_s, request_id=request_id)

    def slow(self, caller: Caller | None, took_s: float, request_id: bytes) -> None:
        """A request was answered after longer than `slow_s`."""
        self._count(SLOW, caller, took_s, request_id=request_id)

    def _count(self, what: str, caller: Caller | None, took_s: float, *, request_id: bytes) -> None:
        client, purpose = ("", "") if caller is None else (caller.client, caller.purpose.value)
        line = Line(int(self._now()) // HOUR_SECONDS, client, purpose, what)
        self._add(line, Count(1, int(took_s * 1_000), request_id.decode()))

    def _add(self, line: Line, count: Count) -> None:
        if line not in self._counts and len(self._counts) >= MOST_LINES:
            line = Line(line.hour, "", "", line.what)
        self._counts.setdefault(line, Count()).add(count)

    def take(self) -> Mapping[Line, Count]:
        """What was counted since the last call."""
        taken, self._counts = self._counts, {}
        return taken

    def give_back(self, taken: Mapping[Line, Count]) -> None:
        """It could not be written."""
        later, self._counts = self._counts, {}
        for counts in (taken, later):
            for line, count in counts.items():
                self._add(line, count)


def noting_requests(tally: Tally, login: StoreLogin) -> AbstractAsyncContextManager[None]:
    """Write down once a minute, and at the end of the block, what was counted."""
    return every_minute(partial(note_requests, tally, login), "request tally")


async def note_requests(tally: Tally, login: StoreLogin) -> None:
    """Write down what was counted; if that cannot be, keep it for the next time."""
    taken = tally.take()
    if not taken:
        return
    lines, counts = list(taken), list(taken.values())
    columns = (
        [datetime.fromtimestamp(each.hour * HOUR_SECONDS, UTC) for each in lines],
        [each.client for each in lines],
        [each.purpose for each in lines],
        [each.what for each in lines],
        [each.requests for each in counts],
        [each.longest_ms for each in counts],
        [each.request for each in counts],
    )
    try:
        async with fresh_connections(login) as (connection,):
            await connection.execute(_NOTE, *columns)
    except Exception as exception:
        # Whatever it is, the next minute tries again; requests know nothing of it.
        log.warning("Refused and slow requests could not be noted.", exc_info=exception)
        tally.give_back(taken)
