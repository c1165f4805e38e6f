"""The data protection officer's reports of `reports.py`, for requests under AUDIT.

They need the owner's rights: to bring objections and entries together they read which account a reference
belongs to, and the universe of AUDIT does not hold that. Their tables name no person. Each report has its own
connection, two run at a time, and each has a time-out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from gateway.ledger.reports import REPORTS, Span
from resolvers.reads.statistics import USUAL, span_of
from resolvers.stores.pool import translated
from schema.types.statistics import LedgerReport, LedgerReportName

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection

AT_ONCE = 2
REPORT_TIMEOUT_SECONDS = 10.0


class OfficerReports:
    """See `schema.types.statistics.LedgerReports`. `connect`: to `control`, with its owner's rights."""

    def __init__(self, connect: Callable[[], Awaitable[Connection]], now: Callable[[], datetime]) -> None:
        self._connect, self._now = connect, now
        self._places = asyncio.Semaphore(AT_ONCE)

    async def report(
        self, name: LedgerReportName, since: datetime | None, until: datetime | None
    ) -> LedgerReport:
        """The report. StoreUnavailable if `control` is down, busy with other reports, or too slow."""
        span = Span(*span_of(since, until, USUAL, now=self._now()))
        try:
            async with asyncio.timeout(REPORT_TIMEOUT_SECONDS), self._places:
                connection = await self._connect()
                try:
                    await connection.execute(f"SET statement_timeout = {int(REPORT_TIMEOUT_SECONDS * 1_000)}")
                    found = await REPORTS[name.value](connection, span)
                finally:
                    connection.terminate()
        except Exception as error:
            # A fault of the gateway must not look like a store that is down, cancelled the query, or is slow.
            raise translated(error) from error
        rows = [_texts(row) for row in found.rows]
        return LedgerReport(says=found.says, wrong=found.wrong, columns=list(found.columns), rows=rows)


def _texts(row: Iterable[Any]) -> list[str | None]:
    return [_text(value) for value in row]


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return value.isoformat() if isinstance(value, datetime) else str(value)
