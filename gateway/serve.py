"""The HTTP server: a port, the gateway behind it, and a stop that lets requests in flight finish."""

from __future__ import annotations

import errno
import gc
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from gateway.problems import Problem
from gateway.wire import WireProtocol

if TYPE_CHECKING:
    from gateway.app import Application

STOP_SECONDS = 10
BACKLOG = 2048


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


async def serve(app: Application, taken: socket.socket, announce: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT, then let requests in flight finish; `announce` once it answers."""
    config = uvicorn.Config(
        app,
        http=WireProtocol,
        ws="none",
        lifespan="off",
        # An access log quotes the query string of a GET; our own lines are scrubbed (gateway/logs.py).
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    server = uvicorn.Server(config)
    # What is there now stays: nine schemas, which each full collection would walk through for nothing.
    gc.collect()
    gc.freeze()
    with _stopping_at_signals(server):
        # The socket listens already: whoever connects from now on is answered.
        announce()
        await server.serve(sockets=[taken])


@contextmanager
def _stopping_at_signals(server: uvicorn.Server) -> Iterator[None]:
    """SIGINT and SIGTERM stop the server and nothing else.

    Once stopped, uvicorn sends itself the signal again: without this it would end the program before
    the pools and the demo's Postgres are closed.
    """

    def stop(number: int, frame: object) -> None:
        server.should_exit = True

    before = {each: signal.signal(each, stop) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
