"""A program that makes one objection or withdrawal and kills itself at a statement: `python -m
tests.kit.dying`.

Standard input: JSON with the settings, the call, the account, where to die. It really is killed, by
SIGKILL: no handler runs, no transaction is rolled back by its client, no connection is closed in order.
Standard output: each statement's store, as it comes to it, so that a run that dies nowhere counts them.
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
    """So many statements are left; `done`: the last one is still sent and done by the store."""

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
    """Do what was said, and die on the way."""
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


if __name__ == "__main__":
    asyncio.run(run(json.load(sys.stdin)))
