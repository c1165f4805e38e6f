"""`python -m tests.bench.fast_path`: what each shortcut of HTTP buys, in CPU of the server a request.

One server a variant, all with an application that reads a usual request and sends a short answer. They take
turns, so that what else the machine does falls on all of them alike.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

import uvicorn
import uvloop
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.web import requests, responses
from gateway.web.connections.uvicorn_inside import BoundedProtocol

ROUNDS, REQUESTS = 40, 300
BODY = b'{"query":"query($id:ID!){messengerAccount(id:$id){id phone}}","variables":{"id":"12345"}}'
HEAD = (
    b"POST /graphql HTTP/1.1\r\nhost: 127.0.0.1:8000\r\nauthorization: Bearer abcdefghijklmnopqrstuvwxyz\r\n"
    b"gateway-purpose: ADS_PERSONALIZATION\r\ncontent-type: application/json\r\n"
    b"accept: application/graphql-response+json\r\ncontent-length: %d\r\n\r\n" % len(BODY)
)
ANSWER = responses.Answer(200, b'{"data":{"messengerAccount":{"id":"12345","phone":"+4912345678"}}}', ())


class WithoutKnownHeads(BoundedProtocol):
    """Parses each head."""

    def _begin_known(self, data: bytes) -> bool:
        return False

    def _keep_head(self, data: bytes, before: Any) -> None:
        pass


# By name: the protocol, and whether an answer is one write.
VARIANTS: dict[str, tuple[type, bool]] = {
    "both shortcuts": (BoundedProtocol, True),
    "without known heads": (WithoutKnownHeads, True),
    "without write_whole": (BoundedProtocol, False),
    "without both": (WithoutKnownHeads, False),
    "uvicorn's own protocol": (HttpToolsProtocol, False),
}


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Read the request and answer it."""
    head = requests.read_head(scope)
    await requests.read_asked(head, receive, 100_000)
    await responses.send_answer(
        send, ANSWER, requests.wants_graphql_response(head), request_id=b"0123456789abcdef-1"
    )


def serve(protocol: type, one_write: bool, taken: socket.socket) -> None:
    """Serve until killed."""
    if not one_write:
        responses.write_whole = lambda *_, **__: False
    config = uvicorn.Config(
        application,
        http=protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
    )
    gc.collect()
    gc.freeze()
    uvloop.run(uvicorn.Server(config).serve(sockets=[taken]))


def start(protocol: type, one_write: bool) -> tuple[int, socket.socket]:
    """The process of a server, and a connection to it."""
    taken = socket.create_server(("127.0.0.1", 0))
    process = os.fork()
    if not process:
        serve(protocol, one_write, taken)
        sys.exit()
    return process, socket.create_connection(taken.getsockname())


def ask(connection: socket.socket, times: int) -> None:
    """Ask so often, one request after the other."""
    for _ in range(times):
        connection.sendall(HEAD + BODY)
        answered = b""
        while not answered.endswith(ANSWER.body):
            answered += connection.recv(65_536)


def cpu_ns(process: int) -> int:
    """The CPU that the process has taken."""
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[0])


def main() -> None:
    """Start a server a variant, let them take turns, and print the medians."""
    servers = {name: start(*variant) for name, variant in VARIANTS.items()}
    taken: dict[str, list[float]] = {name: [] for name in servers}
    try:
        time.sleep(1)
        for _, connection in servers.values():
            ask(connection, REQUESTS)
        for _ in range(ROUNDS):
            for name, (process, connection) in servers.items():
                before = cpu_ns(process)
                ask(connection, REQUESTS)
                taken[name].append((cpu_ns(process) - before) / REQUESTS / 1_000)
    finally:
        for process, _ in servers.values():
            os.kill(process, signal.SIGKILL)
    for name, each in taken.items():
        print(f"{name:24} {median(each):5.1f} µs")


if __name__ == "__main__":
    main()
