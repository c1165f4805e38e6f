"""The gateway without its ledger, for the bench alone: what the ledger costs, and what others do without.

`python -m tests.bench.unrecorded` serves like `gateway serve`, with plans that name nobody: then there is
nothing to record. No setting does that.
"""

from __future__ import annotations

import sys

from gateway.app import open_gateway
from gateway.commands.terminal import done
from gateway.logs import write_logs
from gateway.problems import read_settings
from gateway.serve import listen, serve


async def main() -> None:
    """Serve until told to stop."""
    settings = read_settings()
    write_logs(sys.stderr)
    with listen(settings.host, settings.port) as taken:
        async with open_gateway(settings, records=False) as application:
            await serve(application, taken, lambda: None)


if __name__ == "__main__":
    # On the same event loop as `gateway serve`: another one takes a fifth more for each request.
    done(main())
