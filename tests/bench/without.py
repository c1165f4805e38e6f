"""The gateway without one of its parts, so that the bench can measure the part's cost.

`python -m tests.bench.without ledger` serves like `gateway serve`, but its plans disclose no person, so that
there is nothing to record. `… without quotas` admits every request and counts none. No setting does either.
"""

from __future__ import annotations

import sys
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from typing import Any

from gateway.app import open_gateway
from gateway.commands.output import done
from gateway.processes.serve import listen, serve
from gateway.terminal.logs import write_logs
from gateway.terminal.problems import read_settings


class LetsAllIn:
    """An admission that admits every request."""

    async def enter(self, _: str) -> None:
        pass

    def leave(self, _: str) -> None:
        pass


class AllCharged:
    """A people quota that charges no one."""

    async def reserve(self, *_: Any) -> nullcontext[None]:
        return nullcontext()

    def is_charged(self, *_: Any) -> bool:
        return True


async def main(without: str) -> None:
    """Serve until a signal stops the process."""
    settings = read_settings()
    write_logs(sys.stderr)
    with listen(settings.host, settings.port) as taken:
        async with open_gateway(settings, records=without != "ledger") as application:
            if without == "quotas":
                graphql: Any = application.graphql
                wired = graphql._answer
                others = {"admission": LetsAllIn(), "people": AllCharged()}
                graphql._answer = partial(wired.func, replace(wired.args[0], **others))
            await serve(application, taken, lambda: None)


if __name__ == "__main__":
    # On the same event loop as `gateway serve`: another one takes a fifth more for each request.
    done(main(sys.argv[1]))
