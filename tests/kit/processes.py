"""The one way to start another process: text pipes, awaited until it serves, and killed with the block."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx
import psutil

from gateway.settings import Settings
from resolvers.sources.catalogue import Store

PROJECT = Path(__file__).parents[2]
START_SECONDS = 90
PROGRAM = (sys.executable, "-m", "gateway")
SERVES = re.compile(r"Serving on (http://\S+)/graphql(?: in (\d+) processes)?")


@dataclass(frozen=True)
class Serving:
    """A gateway that serves at `url`, and what it printed before that."""

    process: subprocess.Popen[str]
    url: str
    printed: str
    workers: int

    @property
    def graphql(self) -> str:
        """Where documents are sent."""
        return f"{self.url}/graphql"

    def await_ready(self) -> None:
        """Return when every store can be asked."""
        until = time.monotonic() + START_SECONDS
        while httpx.get(f"{self.url}/readyz").status_code != 200:
            assert time.monotonic() < until, "the gateway is not ready"
            time.sleep(0.05)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[str, str]:
        """Send the signal and wait for the end: what the process then wrote to stdout and stderr."""
        self.process.send_signal(number)
        return self.process.communicate(timeout=60)


# `with serve(…)`: what the fixture of that name gives to tests.
Serve = Callable[..., AbstractContextManager[Serving]]


@contextmanager
def started(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path = PROJECT,
    stdin: int | None = None,
    stdout: int | IO[bytes] = subprocess.PIPE,
    stderr: int | IO[bytes] | None = subprocess.PIPE,
) -> Iterator[subprocess.Popen[str]]:
    """A process; killed at the end of the block if it still runs.

    `environment` replaces this process's own.
    """
    with subprocess.Popen(
        command,
        cwd=folder,
        env=dict(environment) if environment is not None else None,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def serving(
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    folder: Path = PROJECT,
    stderr: int | None = subprocess.PIPE,
) -> Iterator[Serving]:
    """`gateway <arguments>`, which must print where it serves. Without arguments: `serve --port 0`."""
    command = (*PROGRAM, *(arguments or ("serve", "--port", "0")))
    with started(command, environment=environment, folder=folder, stderr=stderr) as process:
        assert process.stdout is not None
        printed, found = "", None
        # A gateway that neither serves nor ends would block the reading for ever.
        watchdog = threading.Timer(START_SECONDS, process.kill)
        watchdog.start()
        while not found and (line := process.stdout.readline()):
            printed += line
            found = SERVES.match(line)
        watchdog.cancel()
        assert found, f"the gateway ended before it served: {printed}{process.communicate()[1]}"
        yield Serving(process, found[1], printed, int(found[2] or 1))


def await_port(process: subprocess.Popen[str], port: int) -> None:
    """Return when this process listens on the port. AssertionError if it ends, or does not in time."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, "the process ended before it listened"
        # That something answers there is not enough: it may be another process.
        connections = psutil.Process(process.pid).net_connections("tcp")
        if any(each.status == psutil.CONN_LISTEN and each.laddr.port == port for each in connections):
            return
        time.sleep(0.05)
    raise AssertionError(f"nothing listened on port {port} within {START_SECONDS} s")


def environment_of(settings: Settings, **others: object) -> dict[str, str]:
    """This process's environment with stores, secret and identifiers of the settings, and other settings."""
    return {
        **os.environ,
        **{f"GATEWAY_{store.upper()}_DSN": settings.owner_dsn(store) for store in Store},
        "GATEWAY_SECRET": settings.secret.get_secret_value(),
        "GATEWAY_IDENTIFIERS": settings.identifiers,
        **{f"GATEWAY_{name.upper()}": str(value) for name, value in others.items()},
    }
