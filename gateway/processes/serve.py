"""The HTTP server: a port, the gateway behind it, and a stop that lets requests in flight finish."""

from __future__ import annotations

import ctypes
import errno
import gc
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import uvicorn

from gateway.terminal.problems import Problem
from gateway.web.connections.fast_path import INSTALLED, IS_KNOWN, bounded_config

if TYPE_CHECKING:
    from gateway.app import Application

log = logging.getLogger("gateway.processes.serve")

STOP_SECONDS = 10
BACKLOG = 2048
# A message of a WebSocket: a document and the JSON around it.
MAX_MESSAGE_BYTES = 200_000


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Problem, in one line, if the port cannot be had; 0 takes any free one.

    Taken before anything slow begins, so that a port in use is told at once.
    """
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        taken = socket.socket(family, kind, proto)
    except OSError:
        raise Problem(f"{host} is no address of this machine: choose another with GATEWAY_HOST") from None
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(address)
        taken.listen(BACKLOG)
    except OSError as error:
        taken.close()
        raise Problem(_why_not(error, host, port)) from None
    return taken


def _why_not(error: OSError, host: str, port: int) -> str:
    other = "choose another with --port or GATEWAY_PORT"
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use: stop what listens there, or {other}"
    if error.errno == errno.EACCES:
        return f"port {port} needs more rights than this user has: {other}"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine: choose another with GATEWAY_HOST"
    return f"port {port} on {host} cannot be had: {other}"


def url_of(taken: socket.socket) -> str:
    """The address of the socket as a URL."""
    host, port = taken.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def serve(
    app: Application,
    taken: socket.socket,
    announce: Callable[[], None],
    *,
    max_connections: int | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, then let requests in flight finish; `announce` once it answers."""
    if not IS_KNOWN:
        log.warning(
            "This version of uvicorn is not known: the gateway serves without its fast path.",
            extra={"uvicorn": INSTALLED},
        )
    config = bounded_config(
        app,
        max_connections,
        ws="websockets-sansio",
        ws_max_size=MAX_MESSAGE_BYTES,
        lifespan="off",
        # An access log quotes the query string of a GET; our own lines are scrubbed
        # (gateway/terminal/logs.py).
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    server = uvicorn.Server(config)
    _keep_memory()
    with _stopping_at_signals(server, app):
        # The socket listens already: each client that connects from now on gets an answer.
        announce()
        await server.serve(sockets=[taken])


# Numbers of glibc's malloc.h: M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD.
MALLOC_OPTIONS = {-1: 64 << 20, -2: 4 << 20, -3: 32 << 20}


def _keep_memory() -> None:
    """Keep what is there, and what was used, instead of looking through it or giving it back each time.

    The schemas of nine purposes stay: no full collection need walk through them. And a page of 80 kB would
    have the top of the heap given back and faulted in again for each request (0.20 ms of CPU instead of
    0.16). Where the C library knows no such options, nothing is changed.
    """
    gc.collect()
    gc.freeze()
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        for option, value in MALLOC_OPTIONS.items():
            library.mallopt(option, value)


@contextmanager
def _stopping_at_signals(server: uvicorn.Server, app: Application) -> Iterator[None]:
    """SIGINT and SIGTERM stop the server and nothing else.

    Once stopped, uvicorn sends itself the signal again: without this it would end the program before
    the pools and the demo's Postgres are closed.
    """

    def stop(number: int, frame: object) -> None:
        server.should_exit = True
        app.stop()

    before = {each: signal.signal(each, stop) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
