"""A request whose head does not end is cut off before it fills the memory."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from gateway.heads import MAX_HEAD_BYTES, BoundedHeadProtocol


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """A server with bounded heads that answers every request with `ok`."""

    async def ok(request: Request) -> PlainTextResponse:
        await request.body()
        return PlainTextResponse("ok")

    app = Starlette(routes=[Route("/", ok, methods=["GET", "POST"])])
    config = uvicorn.Config(app, port=0, http=BoundedHeadProtocol, lifespan="off", log_config=None, ws="none")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await serving


def exchange_now(port: int, sent: bytes) -> bytes:
    """All that the server says to these bytes, until it closes the connection."""
    said = bytearray()
    # A server that cuts off may reset the connection while there is more to send.
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client, suppress(ConnectionError):
        client.sendall(sent)
        while part := client.recv(65_536):
            said += part
    return bytes(said)


async def exchange(port: int, sent: bytes) -> bytes:
    """The same, beside the server in this process."""
    return await asyncio.to_thread(exchange_now, port, sent)


async def test_a_head_without_end_is_cut_off(port: int) -> None:
    """Headers beyond the bound end the connection, whether they come in one or in many."""
    for line in (b"x-many: 1\r\n" * MAX_HEAD_BYTES, b"x-long: " + b"a" * 10 * MAX_HEAD_BYTES):
        answered = await exchange(port, b"GET / HTTP/1.1\r\nhost: h\r\n" + line)
        assert b"200 OK" not in answered


async def test_heads_within_the_bound_and_large_bodies_pass(port: int) -> None:
    """A large head below the bound, and a body far above it, are answered."""
    head = b"POST / HTTP/1.1\r\nhost: h\r\nconnection: close\r\nx-large: " + b"a" * (MAX_HEAD_BYTES // 2)
    body = b"b" * 4 * MAX_HEAD_BYTES
    answered = await exchange(port, head + b"\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
    assert answered.startswith(b"HTTP/1.1 200 OK")


async def test_the_count_begins_anew_with_each_request(port: int) -> None:
    """Many requests on one connection may together exceed the bound."""
    one = b"GET / HTTP/1.1\r\nhost: h\r\nx-large: " + b"a" * (MAX_HEAD_BYTES // 3) + b"\r\n\r\n"
    last = b"GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n"
    answered = await exchange(port, one * 6 + last)
    assert answered.count(b"HTTP/1.1 200 OK") == 7
