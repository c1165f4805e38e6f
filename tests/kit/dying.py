"""Programs that make one objection or withdrawal and kill themselves at a statement: `tests.kit.dying`.

Each line of standard input is JSON with the settings, the call, the account and where to die. For each line
the program forks a process, which spares the 0.4 s of the imports, and prints JSON: the exit status, and the
store of each statement that the process came to. A run that dies nowhere counts the statements. The death is
a real SIGKILL: no handler runs, no client rolls back, no connection is closed in order.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from gateway.settings import Settings
from gateway.upkeep.store_logins import writer_logins
from resolvers.changes import objections, suspensions
from resolvers.changes.objections import Rules
from resolvers.changes.preferences import Writers
from resolvers.changes.restrictions import Stores
from schema.purposes import OBJECTABLE
from schema.terms.profiles import Profile

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection

STATEMENTS = ("execute", "fetch", "fetchrow", "fetchval")


@dataclass
class Countdown:
    """How many statements are left. With `done` the store still does the last one."""

    left: int
    done: bool

    def reached(self, after: bool) -> None:
        """Die if this is the place."""
        if self.left == 0 and self.done is after:
            os.kill(os.getpid(), signal.SIGKILL)


class Dying:
    """A connection whose statements are counted."""

    def __init__(self, connection: Connection, name: str, countdown: Countdown) -> None:
        self._connection = connection
        self._name = name
        self._countdown = countdown

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._connection, name)
        return self._counted(found) if name in STATEMENTS else found

    def _counted(self, method: Any) -> Any:
        async def counted(*arguments: Any) -> Any:
            print(self._name, flush=True)
            self._countdown.reached(after=False)
            result = await method(*arguments)
            self._countdown.reached(after=True)
            self._countdown.left -= 1
            return result

        return counted


async def run(said: dict[str, Any]) -> None:
    """Make the call, and die on the way."""
    settings = Settings(**said["settings"])
    countdown = Countdown(said["after"], said["done"])
    now = datetime.fromisoformat(said["now"])
    async with Writers(writer_logins(settings)).open() as opened:
        doomed: Any = {name: Dying(getattr(opened, name), name, countdown) for name in vars(opened)}
        await call(replace(opened, **doomed), said["call"], said["account"], now)


async def call(stores: Stores, name: str, account: int, now: datetime) -> None:
    """One of the calls that write restrictions."""
    if name == "follow":
        await suspensions.apply(stores, now, lambda *_: None)
        return
    change = {"record": objections.record, "withdraw": objections.withdraw}[name]
    await change(
        stores,
        Rules(Profile.SEED_2016, lambda: now),
        account,
        purposes=frozenset(OBJECTABLE),
        channel="dying",
    )


def run_forked(said: dict[str, Any]) -> tuple[int, list[str]]:
    """Make the call in a process of its own: its exit status, and the stores that it came to ask."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(write, sys.stdout.fileno())
        status = 1
        try:
            asyncio.run(run(said))
            status = 0
        finally:
            os._exit(status)
    os.close(write)
    with os.fdopen(read) as asked:
        stores = asked.read().split()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), stores


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(run_forked(json.loads(line))), flush=True)
