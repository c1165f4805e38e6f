"""Several processes on one port: each is a whole gateway; one more starts, watches and stops them.

They are forked before anything runs, and accept from one listening socket. Nothing is shared but the
databases: each keeps its own token book, plans and stream of the ledger, as on machines of their own. The
first one starts alone, so that what keeps a gateway from serving is said once.

Rejected: uvicorn's own supervisor, which imports the application again by its name and has no start that
may fail.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress

log = logging.getLogger("gateway.processes.workers")

# How long the place of a worker that died at once stays empty; longer each time, up to the last.
PAUSES_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
# A worker that lived so long did not die of starting.
SETTLED_SECONDS = 10.0
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of linux/prctl.h

Work = Callable[[Callable[[], None]], None]


class Workers:
    """`count` processes that each do `work(ready)`, which calls `ready` once it answers."""

    def __init__(self, count: int, work: Work) -> None:
        self._count, self._work = count, work
        # By process id: since when it runs.
        self._running: dict[int, float] = {}
        self._stopping = False
        self._in_a_row = 0

    def run(self, announce: Callable[[], None]) -> int:
        """Keep them running until SIGTERM or SIGINT; `announce` once all answer. The exit status.

        Status 0 if they were told to stop; that of the first one if it does not come to answer.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        for _ in range(self._count):
            if not self._start_and_wait():
                status = self._reap()
                self._stop()
                while self._running:
                    self._reap()
                return status
        announce()
        while self._running:
            self._reap()
            if not self._stopping:
                self._replace()
        return 0

    def _start_and_wait(self) -> bool:
        """Start one and wait until it answers; False if it ended instead."""
        reading, writing = os.pipe()
        self._start(lambda: _write(writing))
        os.close(writing)
        try:
            return os.read(reading, 1) == b"."
        finally:
            os.close(reading)

    def _start(self, ready: Callable[[], None]) -> None:
        process = os.fork()
        if process:
            self._running[process] = time.monotonic()
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGTERM)
        self._work(ready)
        sys.exit(0)

    def _reap(self) -> int:
        """Wait until one ends; its exit status."""
        process, status = os.wait()
        begun = self._running.pop(process, time.monotonic())
        lived = time.monotonic() - begun
        self._in_a_row = self._in_a_row + 1 if lived < SETTLED_SECONDS else 0
        code = os.waitstatus_to_exitcode(status)
        if not self._stopping:
            log.warning("A worker ended.", extra={"worker": process, "status": code})
        return code if code > 0 else 1

    def _replace(self) -> None:
        """Start another one in the place of one that ended; after a pause if they end at once."""
        until = time.monotonic() + PAUSES_SECONDS[min(self._in_a_row, len(PAUSES_SECONDS) - 1)]
        while time.monotonic() < until and not self._stopping:
            time.sleep(0.05)
        if not self._stopping:
            self._start(lambda: None)

    def _stop(self, *_: object) -> None:
        self._stopping = True
        for process in self._running:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGTERM)


def _write(pipe: int) -> None:
    os.write(pipe, b".")
