"""Publishes the signed heads of the ledger's streams: to a file, to a command, or to both.

Each process publishes its own heads, out of its memory: what was changed in the database meanwhile cannot
reach them. Heads that could not be delivered are kept, the newest of each stream, and delivered later.

The command gets the lines on its standard input, and none of the gateway's variables, which hold the secret.
Rejected: a shell for the command (a setting would be a program), one process that publishes all streams
out of the database (it would trust the database).
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import shlex
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.ledger.chain import Signed
from gateway.ledger.checkpoints import checkpoint_line

if TYPE_CHECKING:
    from gateway.settings import Settings

log = logging.getLogger("gateway.ledger.publishing")

COMMAND_SECONDS = 30.0
Deliver = Callable[[bytes], Awaitable[None]]


class NotPublished(Exception):
    """The checkpoints could not be delivered."""


class Place:
    """A place where heads are published. `deliver` raises an exception if the lines did not arrive."""

    def __init__(self, what: str, deliver: Deliver) -> None:
        self.what, self._deliver = what, deliver
        self._waiting: dict[bytes, Signed] = {}
        self.is_well = True

    def note(self, signed: Signed) -> None:
        """Publish this head with the next delivery."""
        self._waiting[signed.head.stream] = signed

    async def publish(self) -> None:
        """Deliver the heads that wait. A failure is logged once, and all of them wait again."""
        wanted, self._waiting = self._waiting, {}
        if not wanted:
            return
        try:
            await self._deliver("".join(f"{checkpoint_line(each)}\n" for each in wanted.values()).encode())
        except Exception as error:
            self._waiting = wanted | self._waiting
            if self.is_well:
                # Only its class: an error may quote the command or the file's path.
                failed = {"to": self.what, "error": type(error).__name__}
                log.error("Checkpoints are not published.", extra=failed)
            self.is_well = False
            return
        if not self.is_well:
            log.warning("Checkpoints are published again.", extra={"to": self.what})
        self.is_well = True


class Publisher:
    """Publishes the heads of one process."""

    def __init__(self, places: Iterable[Place]) -> None:
        self._places = tuple(places)

    def note(self, signed: Signed) -> None:
        """Publish this head with the next delivery."""
        for place in self._places:
            place.note(signed)

    async def publish(self) -> None:
        """Deliver the heads that wait, to each place."""
        for place in self._places:
            await place.publish()

    @property
    def is_well(self) -> bool | None:
        """Whether the last delivery to each place succeeded; None if nothing is to be published."""
        return all(place.is_well for place in self._places) if self._places else None


def publisher_of(settings: Settings) -> Publisher:
    """The publisher that the settings ask for."""
    places = []
    if (file := settings.checkpoint_file) is not None:
        places.append(Place("file", lambda lines: asyncio.to_thread(append, file, lines)))
    if (command := settings.checkpoint_command) is not None:
        places.append(Place("command", lambda lines: run_command(command, lines)))
    return Publisher(places)


@asynccontextmanager
async def open_publisher(settings: Settings) -> AsyncIterator[Publisher]:
    """The publisher, which delivers every `checkpoint_seconds` while the block runs, and at its end."""
    publisher = publisher_of(settings)

    async def keep_publishing() -> None:
        while True:
            await asyncio.sleep(settings.checkpoint_seconds)
            await publisher.publish()

    keeping = asyncio.create_task(keep_publishing(), name="checkpoints")
    try:
        yield publisher
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await publisher.publish()


def append(file: Path, lines: bytes) -> None:
    """Append the lines and return once they are on disk. OSError if that failed: none of them is there."""
    number = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    try:
        # Released when the file is closed. Without it, lines of several processes could mix.
        fcntl.flock(number, fcntl.LOCK_EX)
        before = os.fstat(number).st_size
        if os.write(number, lines) != len(lines):
            os.ftruncate(number, before)
            raise OSError("the disk is full")
        os.fsync(number)
    finally:
        os.close(number)


async def run_command(command: str, lines: bytes) -> None:
    """Give the lines to the command. NotPublished if it fails, or does not end within COMMAND_SECONDS."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    process = await asyncio.create_subprocess_exec(
        *shlex.split(command),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env=kept,
    )
    try:
        async with asyncio.timeout(COMMAND_SECONDS):
            await process.communicate(lines)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise NotPublished
