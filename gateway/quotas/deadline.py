"""How long one request may take once it has arrived.

Each statement has a limit of its own, but a request may need many statements.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any

from resolvers.stores.deadlines import Deadlines
from schema.refusals import Code, Refusal


class AnswerDeadline:
    """A context manager that all requests share; it cancels a block that takes longer than `seconds`.

    The cancelled block ends with STORE_UNAVAILABLE. A cancellation from elsewhere passes through: a server
    that stops cancels as well.
    """

    def __init__(self, seconds: float) -> None:
        self._deadlines: Deadlines[asyncio.Task[Any]] = Deadlines(seconds, self._cancel)
        self._overdue: set[asyncio.Task[Any]] = set()

    def __enter__(self) -> None:
        self._deadlines.add(self._task())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        task = self._task()
        self._deadlines.remove(task)
        if task not in self._overdue:
            return
        self._overdue.discard(task)
        if isinstance(error, asyncio.CancelledError):
            # Otherwise the task would count as cancelled, and a later timeout in it would not be seen.
            task.uncancel()
            raise Refusal(Code.STORE_UNAVAILABLE) from None

    def _task(self) -> asyncio.Task[Any]:
        task = asyncio.current_task(self._deadlines.loop)
        assert task is not None
        return task

    def _cancel(self, task: asyncio.Task[Any]) -> None:
        self._overdue.add(task)
        task.cancel()
