"""Deadlines of one length for many things at once, with one timer for all of them.

A statement's own time-out is a timer in the driver (3.5 µs a statement), a turn's is a task's
(`asyncio.timeout`, as much again): together more than anything else that the gateway does for a short
request. All deadlines of a pool are equally far away, so they fall due in the order in which they began,
and one timer on the first is enough.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Deadlines(Generic[T]):
    """Calls `give_up` for what was begun and did not end within `seconds`; never earlier."""

    __slots__ = ("_deadlines", "_give_up", "_loop", "_seconds", "_timer")

    def __init__(self, seconds: float, give_up: Callable[[T], None]) -> None:
        self._seconds = seconds
        self._give_up = give_up
        # In the order of its beginning: a dictionary keeps it, and forgets what ends at no cost.
        self._deadlines: dict[T, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop on which it waits: the one that runs when it is first asked.

        asyncio's own word for it is a system call, getpid, each time, and a short request asked four times.
        """
        loop = self._loop
        if loop is None:
            loop = self._loop = asyncio.get_running_loop()
        return loop

    def begin(self, what: T) -> None:
        """Be patient with this from now on; it must not be under way already."""
        loop = self._loop or self.loop
        self._deadlines[what] = loop.time() + self._seconds
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._look)

    def end(self, what: T) -> None:
        """It has ended; also if it was given up."""
        self._deadlines.pop(what, None)

    def close(self) -> None:
        """Never look again; nothing may begin after this."""
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        """Give up what is overdue, and come again when the next one may be."""
        self._timer = None
        loop = self.loop
        now = loop.time()
        while self._deadlines:
            what, deadline = next(iter(self._deadlines.items()))
            if deadline > now:
                self._timer = loop.call_at(deadline, self._look)
                return
            del self._deadlines[what]
            self._give_up(what)
