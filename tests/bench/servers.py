"""The compared servers, each in its own process, and the requests to them."""

from __future__ import annotations

import http.client
import os
import random
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from tests.bench import under_test
from tests.bench.data import FOLDER, Stores
from tests.bench.scenarios import Scenario, Variables
from tests.kit.processes import await_port, started
from tests.kit.sealed_ids import SealedIds

ROOT = Path(__file__).parents[2]
# GATEWAY records nothing, like the others. RECORDED measures what the ledger costs; RECORDED and UNLIMITED
# measure what the quotas cost, SEALED and RECORDED what sealed identifiers cost.
GATEWAY, HANDWRITTEN, DATALOADERS, CACHED = "gateway", "handwritten", "dataloaders", "cached"
RECORDED, UNLIMITED, SEALED = "recorded", "unlimited", "sealed"


@dataclass(frozen=True)
class Server:
    """A running server. `paths`: whether the path names the question, instead of a document."""

    name: str
    port: int
    pid: int
    token: str
    paths: bool = False

    def ids(self, scenario: Scenario) -> SealedIds | None:
        """Its identifiers for the scenario's purpose; None if they are plain."""
        return SealedIds(under_test.SECRET, "PURPOSE", scenario.purpose) if self.name == SEALED else None

    def request(self, scenario: Scenario, variables: Variables, document: str | None = None) -> str:
        """One whole HTTP request; `document` in place of the scenario's own."""
        body = orjson.dumps({"query": document or scenario.document, "variables": variables}).decode()
        ids = self.ids(scenario)
        body = ids.sealed(body) if ids else body
        path = f"/{scenario.name}" if self.paths else "/graphql"
        return (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Accept: application/graphql-response+json\r\nAuthorization: Bearer {self.token}\r\n"
            f"Gateway-Purpose: {scenario.purpose}\r\nContent-Length: {len(body.encode())}\r\n\r\n{body}"
        )


@contextmanager
def running(stores: Stores, token: str) -> Iterator[dict[str, Server]]:
    """All servers, started and ready."""
    dsns = {"BENCH_DSNS": orjson.dumps(stores.dsns).decode()}
    with ExitStack() as stack:

        def start(name: str, command: list[str], environment: Mapping[str, str], *, port: int) -> Server:
            pid = stack.enter_context(_process(name, command, environment, port=port))
            if name in {GATEWAY, RECORDED, UNLIMITED, SEALED}:
                # It listens before it is ready: this is answered when it is.
                Client(Server(name, port, pid, token)).ask("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            return Server(name, port, pid, token, paths=name == HANDWRITTEN)

        names = (GATEWAY, RECORDED, UNLIMITED, SEALED, HANDWRITTEN, DATALOADERS, CACHED)
        ports = dict(zip(names, _free_ports(len(names)), strict=True))
        yield {
            **{
                name: start(
                    name,
                    [sys.executable, "-m", *command],
                    under_test.environment(stores, ports[name], "PURPOSE" if name == SEALED else "PLAIN"),
                    port=ports[name],
                )
                for name, command in (
                    (GATEWAY, ["tests.bench.without", "ledger"]),
                    (RECORDED, ["gateway", "serve"]),
                    (UNLIMITED, ["tests.bench.without", "quotas"]),
                    (SEALED, ["gateway", "serve"]),
                )
            },
            **{
                name: start(name, _uvicorn(f"tests.bench.{name}:app", ports[name]), dsns, port=ports[name])
                for name in (HANDWRITTEN, DATALOADERS)
            },
            CACHED: start(
                CACHED,
                _uvicorn(f"tests.bench.{DATALOADERS}:app", ports[CACHED]),
                {**dsns, "BENCH_CACHES": "1"},
                port=ports[CACHED],
            ),
        }


def _uvicorn(app: str, port: int) -> list[str]:
    options = ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
    return [sys.executable, "-m", "uvicorn", app, *options, "--port", str(port)]


def _free_ports(wanted: int) -> list[int]:
    """That many free ports, all different, below the range from which the kernel assigns ports.

    A port of that range could become the near end of some connection before the server binds it.
    """
    found: list[int] = []
    for port in random.sample(range(20_000, 32_000), 1_000):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                found.append(port)
        if len(found) == wanted:
            return found
    raise SystemExit("too few ports are free on 127.0.0.1")


@contextmanager
def _process(name: str, command: list[str], environment: Mapping[str, str], *, port: int) -> Iterator[int]:
    with (
        (FOLDER / f"{name}.log").open("wb") as log,
        started(command, environment={**os.environ, **environment}, stdout=log, stderr=log) as process,
    ):
        await_port(process, port)
        yield process.pid
        process.terminate()
        process.wait(10)


class Client:
    """One kept connection, for single requests."""

    def __init__(self, server: Server) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port)
        self._connection.connect()
        self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: str) -> tuple[int, bytes]:
        """Status and body."""
        self._connection.sock.sendall(request.encode())
        response = http.client.HTTPResponse(self._connection.sock, method="POST")
        response.begin()
        return response.status, response.read()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
