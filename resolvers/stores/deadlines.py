"""Many deadlines of equal length, with one timer.

The driver's time-out is a timer for each statement (3.5 µs), and `asyncio.timeout` costs as much again for
each turn: together more than any other step of a short request. All deadlines of a pool have the same length,
so they fall due in the order in which they were added, and one timer for the first is enough.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Deadlines(Generic[T]):
    """Calls `give_up` for each item that was not removed within `seconds` of being added; never earlier."""

    __slots__ = ("_deadlines", "_give_up", "_loop", "_seconds", "_timer")

    def __init__(self, seconds: float, give_up: Callable[[T], None]) -> None:
        self._seconds = seconds
        self._give_up = give_up
        # A dictionary keeps the order in which items were added, and removes any of them at no cost.
        self._deadlines: dict[T, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop of the timer: the one that runs at the first call.

        Cached: `asyncio.get_running_loop` makes a system call, getpid, and a short request needs the loop
        four times.
        """
        loop = self._loop
        if loop is None:
            loop = self._loop = asyncio.get_running_loop()
        return loop

    def add(self, item: T) -> None:
        """Start the item's deadline. The item must not have one already."""
        loop = self._loop or self.loop
        self._deadlines[item] = loop.time() + self._seconds
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._expire)

    def remove(self, item: T) -> None:
        """Drop the item's deadline, if it still has one."""
        self._deadlines.pop(item, None)

    def close(self) -> None:
        """Stop the timer. No item may be added afterwards."""
        if self._timer is not None:
            self._timer.cancel()

    def _expire(self) -> None:
        """Give up the overdue items, and set the timer for the next one."""
        self._timer = None
        loop = self.loop
        now = loop.time()
        while self._deadlines:
            item, deadline = next(iter(self._deadlines.items()))
            if deadline > now:
                self._timer = loop.call_at(deadline, self._expire)
                return
            del self._deadlines[item]
            self._give_up(item)
