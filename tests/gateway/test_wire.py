"""Bounds on connections, and the fast path of HTTP."""

from __future__ import annotations

import asyncio
import random
import re
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from itertools import accumulate, pairwise
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from gateway.web.connections import bounds
from gateway.web.connections.bounds import MAX_HEAD_BYTES, ArrivalClock, Phase
from gateway.web.connections.fast_path import bounded_config, write_whole
from gateway.web.connections.known_heads import GRAPHQL_PATH, MAX_HEADS
from gateway.web.connections.known_heads import MAX_HEAD_BYTES as MAX_KEPT_HEAD_BYTES
from gateway.web.connections.uvicorn_inside import BoundedProtocol


async def until(condition: Callable[[], bool]) -> None:
    """Return once the condition holds."""
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


class Looks:
    """Counts how often the server has looked for late requests."""

    count = 0

    async def more(self, wanted: int) -> None:
        """Return after so many more looks."""
        end = self.count + wanted
        await until(lambda: self.count >= end)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    """The looks of all connections, which are 0.1 seconds apart."""
    counted, is_over = Looks(), ArrivalClock.is_over

    def counting(clock: ArrivalClock, phase: Phase) -> bool:
        counted.count += 1
        return is_over(clock, phase)

    monkeypatch.setattr(bounds, "ARRIVE_SECONDS", 0.1)
    monkeypatch.setattr(ArrivalClock, "is_over", counting)
    return counted


@pytest.fixture
def arrived(monkeypatch: pytest.MonkeyPatch) -> Counter[int]:
    """The number of bytes that the server has received, by the client's port."""
    counted: Counter[int] = Counter()
    receive = BoundedProtocol.data_received

    def counting(connection: BoundedProtocol, data: bytes) -> None:
        receive(connection, data)
        counted[connection.transport.get_extra_info("peername")[1]] += len(data)

    monkeypatch.setattr(BoundedProtocol, "data_received", counting)
    return counted


@pytest.fixture(params=[True, False], ids=["inside", "any_version"])
async def port(request: pytest.FixtureRequest) -> AsyncIterator[int]:
    """A server that answers every request with `ok`, with each of the two ways to bound connections."""

    async def ok(asked: Request) -> PlainTextResponse:
        await asked.body()
        return PlainTextResponse("ok")

    app = Starlette(routes=[Route("/", ok, methods=["GET", "POST"])])
    async with serving(app, inside=request.param) as port:
        yield port


@asynccontextmanager
async def serving(
    app: Any, max_connections: int | None = None, *, inside: bool = True, **others: Any
) -> AsyncIterator[int]:
    """The port of a server of this application while the block runs."""
    config = bounded_config(
        app,
        max_connections,
        inside=inside,
        port=0,
        lifespan="off",
        log_config=None,
        ws="none",
        **others,
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await task


def exchange_now(port: int, sent: bytes) -> bytes:
    """Send these bytes; return all bytes of the server until it closes the connection."""
    said = bytearray()
    # A server that cuts off may reset the connection while there is more to send.
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client, suppress(ConnectionError):
        client.sendall(sent)
        while part := client.recv(65_536):
            said += part
    return bytes(said)


async def exchange(port: int, sent: bytes) -> bytes:
    """`exchange_now` in a thread, while the server runs in this process."""
    return await asyncio.to_thread(exchange_now, port, sent)


async def test_a_head_without_end_is_cut_off(port: int) -> None:
    """Headers beyond the bound end the connection, whether they come in one or in many."""
    for line in (b"x-many: 1\r\n" * MAX_HEAD_BYTES, b"x-long: " + b"a" * 10 * MAX_HEAD_BYTES):
        answered = await exchange(port, b"GET / HTTP/1.1\r\nhost: h\r\n" + line)
        assert b"200 OK" not in answered


@pytest.mark.parametrize(
    "sent",
    [b"", b"POST / HTTP/1.1\r\nhost: h\r\n", b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 9\r\n\r\nab"],
    ids=["silent", "half_a_head", "half_a_body"],
)
async def test_a_client_that_stops_sending_loses_its_connection(
    port: int, sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that sends nothing, or stops in the middle, loses its connection at the second look."""
    monkeypatch.setattr(bounds, "ARRIVE_SECONDS", 0.1)
    begun = time.monotonic()
    assert b"200 OK" not in await exchange(port, sent)
    assert time.monotonic() - begun < 5


async def test_a_body_that_keeps_coming_is_waited_for(
    port: int, looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A body that arrives fast enough is read, however long it takes; an idle connection stays open."""
    monkeypatch.setattr(bounds, "MIN_BODY_BYTES", 10)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 1000\r\n\r\n")
    for _ in range(10):
        writer.write(b"a" * 100)
        await looks.more(1)
    assert await reader.readuntil(b"ok")
    await looks.more(5)
    writer.write(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n")
    assert await reader.readuntil(b"ok")
    writer.close()


async def test_a_connection_that_idles_is_closed(looks: Looks) -> None:
    """An idle connection is closed after uvicorn's own time, and never while a request is being answered."""
    slow = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await asyncio.wait_for(slow.wait(), 30)
        assert write_whole(send, 200, b"content-length: 2\r\n", body=b"ok", close=False)
        del scope

    async with serving(app, timeout_keep_alive=0.3) as idling:
        reader, writer = await asyncio.open_connection("127.0.0.1", idling)
        for path in (b"/graphql", b"/other"):
            slow.clear()
            writer.write(b"POST %b HTTP/1.1\r\nhost: h\r\ncontent-length: 1\r\n\r\na" % path)
            await looks.more(6)
            answered, before = time.monotonic(), looks.count
            slow.set()
            assert await reader.readuntil(b"ok")
        assert await reader.read() == b""
        assert time.monotonic() - answered >= 0.3
        assert looks.count - before <= 5
        writer.close()


@pytest.mark.parametrize("inside", [True, False], ids=["inside", "any_version"])
async def test_no_more_connections_than_allowed(inside: bool) -> None:
    """One connection too many gets 503; when another one is gone there is room."""
    async with serving(Starlette(), 2, inside=inside) as limited:
        opened = [await asyncio.open_connection("127.0.0.1", limited) for _ in range(2)]
        for reader, writer in opened:
            writer.write(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n")
            assert await reader.readuntil(b"Not Found")
        refused = await exchange(limited, b"GET / HTTP/1.1\r\nhost: h\r\n\r\n")
        assert refused.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
        assert not inside or b"\r\nretry-after: 1\r\n" in refused
        opened[0][1].close()
        asked = b"GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n"
        async with asyncio.timeout(20):
            # The server learns a moment later that the connection is closed.
            while (answered := await exchange(limited, asked)).startswith(b"HTTP/1.1 503"):
                pass
        assert answered.startswith(b"HTTP/1.1 404")
        opened[1][1].close()


async def test_heads_within_the_bound_and_large_bodies_pass(port: int) -> None:
    """A large head below the bound, and a body far above it, are answered."""
    head = b"POST / HTTP/1.1\r\nhost: h\r\nconnection: close\r\nx-large: " + b"a" * (MAX_HEAD_BYTES // 2)
    body = b"b" * 4 * MAX_HEAD_BYTES
    answered = await exchange(port, head + b"\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
    assert answered.startswith(b"HTTP/1.1 200 OK")


async def test_each_head_is_counted_from_its_own_start(port: int) -> None:
    """Many requests on one connection may together exceed the bound."""
    one = b"GET / HTTP/1.1\r\nhost: h\r\nx-large: " + b"a" * (MAX_HEAD_BYTES // 3) + b"\r\n\r\n"
    last = b"GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n"
    answered = await exchange(port, one * 6 + last)
    assert answered.count(b"HTTP/1.1 200 OK") == 7


async def test_a_head_that_trickles_in_is_cut_off(port: int) -> None:
    """A head in small pieces, after other requests on the connection, has the same bound."""

    def trickle() -> bytes:
        said = bytearray()
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client, suppress(ConnectionError):
            client.sendall(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n")
            said += client.recv(65_536)
            client.sendall(b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 4\r\n\r\nab")
            client.sendall(b"cd")
            said += client.recv(65_536)
            client.sendall(b"GET / HTTP/1.1\r\nhost: h\r\n")
            for _ in range(8 * MAX_HEAD_BYTES // 1_000):
                client.sendall(b"x-a: " + b"b" * 1_000 + b"\r\n")
            while part := client.recv(65_536):
                said += part
        return bytes(said)

    answered = await asyncio.to_thread(trickle)
    assert answered.count(b"HTTP/1.1 200 OK") == 2


def answering(status: int, headers: list[tuple[bytes, bytes]], body: bytes, *, whole: list[bool]) -> Any:
    """An application that reads the body and answers: /whole past uvicorn's `send`, all else through it."""
    length = (b"content-length", b"%d" % len(body))
    close = (b"connection", b"close")
    closing = close in headers
    headers = [*(each for each in headers if each != close), length]
    lines = b"".join(b"%b: %b\r\n" % each for each in headers)
    headers += [close] * closing

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        if scope["path"] == "/whole":
            whole.append(write_whole(send, status, lines, body=body, close=closing))
            if whole[-1]:
                return
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


LAST = b"GET %b HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n"
EXCHANGES = {
    "one after the other": b"POST %b HTTP/1.1\r\nhost: h\r\ncontent-length: 3\r\n\r\nabc" + LAST,
    "pipelined": b"GET %b HTTP/1.1\r\nhost: h\r\n\r\n" * 3 + LAST,
    "closing": LAST,
    "of old": b"GET %b HTTP/1.0\r\n\r\n",
    "expecting": b"POST %b HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\nab" + LAST,
    "head alone": b"HEAD %b HTTP/1.1\r\nhost: h\r\n\r\n" + LAST,
}


@pytest.mark.parametrize("name", EXCHANGES)
@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (200, [(b"content-type", b"application/json"), (b"x-request-id", b"1-2")], b'{"data":{}}'),
        (200, [], b"b" * 300_000),
        (413, [(b"connection", b"close")], b"too large"),
    ],
    ids=["short", "long", "closing"],
)
async def test_an_answer_past_uvicorns_send_has_the_same_bytes(
    name: str, status: int, headers: list[tuple[bytes, bytes]], *, body: bytes
) -> None:
    """An answer in one write has the bytes of an answer through uvicorn's `send`, whatever the request."""
    whole: list[bool] = []
    async with serving(answering(status, headers, body, whole=whole)) as port:
        sent = EXCHANGES[name]
        said = [
            re.sub(rb"date: [^\r]*", b"date", await exchange(port, sent % ((path,) * sent.count(b"%b"))))
            for path in (b"/whole", b"/plain")
        ]

    assert said[0] == said[1]
    assert said[0].count(b"HTTP/1.1 %d" % status) >= 1
    assert all(whole) or name == "head alone"


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """An application that answers with the whole request, except for the path."""
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message["body"], message["more_body"]
    told = {key: scope[key] for key in sorted(scope) if key not in {"path", "raw_path", "client"}}
    assert scope["path"].encode() == scope["raw_path"]
    said = repr((told, body)).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-said", b"%d" % len(said))]})
    await send({"type": "http.response.body", "body": said})


POSTED = b"POST %b HTTP/1.1\r\nhost: h\r\ncontent-length: 3\r\n\r\nabc"
CLOSING = b"POST %b HTTP/1.1\r\nHost: h\r\nX-A: B\r\nconnection: close\r\ncontent-length: 2\r\n\r\nab"
REQUESTS = {
    "one after the other": [POSTED, POSTED, CLOSING],
    "pipelined": [POSTED * 3 + CLOSING],
    "in pieces": [POSTED[:30], POSTED[30:-2], POSTED[-2:], CLOSING],
    "chunked": [
        b"POST %b HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n",
        b"0\r\n\r\n",
        CLOSING,
    ],
    "of old": [b"POST %b HTTP/1.0\r\ncontent-length: 1\r\n\r\na"],
    "expecting": [
        b"POST %b HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\nab",
        CLOSING,
    ],
    "another method": [b"PUT %b HTTP/1.1\r\nhost: h\r\ncontent-length: 1\r\n\r\na", CLOSING],
    "with a query": [b"POST %b?a=%%20b HTTP/1.1\r\nhost: h\r\ncontent-length: 1\r\n\r\na", CLOSING],
    "an upgrade": [
        b"POST %b HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: h2c\r\ncontent-length: 1\r\n\r\na",
        CLOSING,
    ],
    "large": [b"POST %b HTTP/1.1\r\nhost: h\r\ncontent-length: 300000\r\n\r\n" + b"a" * 300_000, CLOSING],
    "no HTTP": [POSTED, b"nonsense\r\n\r\n"],
    "a known head within another": [POSTED, POSTED + b"POST %b HTTP/1.1\r\nx-a: ", POSTED, CLOSING],
    "a known head within a body": [
        POSTED,
        b"POST %b HTTP/1.1\r\ncontent-length: 400\r\n\r\n",
        POSTED,
        POSTED,
    ],
    "a known head and half a body": [POSTED, POSTED[:-1], POSTED[-1:], CLOSING],
    "a known head and two bodies": [POSTED, POSTED + b"abc", CLOSING],
    "a known head after an empty line": [POSTED, b"\r\n", POSTED, POSTED, CLOSING],
    "a known head after one that expects": [
        POSTED,
        b"POST %b HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\nab",
        POSTED,
        CLOSING,
    ],
}


async def said_to(port: int, path: bytes, pieces: list[bytes], *, arrived: Counter[int]) -> bytes:
    """Send each piece once the last one has arrived; return the bytes until it closes, or for a second."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    said = bytearray()

    async def listen() -> None:
        # A client that goes on sending after the server closed has its connection reset.
        with suppress(ConnectionError):
            while part := await reader.read(65_536):
                said.extend(part)

    client = writer.get_extra_info("sockname")[1]
    before = arrived[client]
    listening = asyncio.create_task(listen())
    for sent, piece in zip(accumulate(map(len, pieces)), pieces, strict=True):
        if not listening.done():
            writer.write(piece)
        await until(lambda sent=sent: listening.done() or arrived[client] - before >= sent)
        # The application answers without waiting for anything but the loop.
        for _ in range(20):
            await asyncio.sleep(0)
    await asyncio.wait([listening], timeout=1)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    writer.close()
    return re.sub(rb"date: [^\r]*", b"date", bytes(said)).replace(path, b"/")


def at(path: bytes, piece: bytes) -> bytes:
    """The piece, of a request to that path."""
    return piece % ((path,) * piece.count(b"%b"))


USUAL, OTHER = GRAPHQL_PATH.encode(), b"/another"
assert len(USUAL) == len(OTHER)


@pytest.mark.parametrize("name", REQUESTS)
async def test_the_usual_request_is_answered_as_any_other(name: str, arrived: Counter[int]) -> None:
    """A request to /graphql, in any form, has for the application the content that uvicorn gives it."""
    async with serving(echo) as port:
        said = [
            await said_to(port, path, [at(path, each) for each in REQUESTS[name]], arrived=arrived)
            for path in (USUAL, OTHER)
        ]

    assert said[0] == said[1]
    assert said[0].count(b"x-said") >= 1


@pytest.mark.slow
async def test_a_known_head_means_the_same_wherever_it_is_cut(
    arrived: Counter[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests in any order, cut anywhere, have for the application the content that the parser finds."""
    known: list[bool] = []
    begin = BoundedProtocol._begin_known
    monkeypatch.setattr(
        BoundedProtocol, "_begin_known", lambda self, data: known.append(begin(self, data)) or known[-1]
    )
    parts = [*[POSTED] * 12, *(b"".join(each) for each in REQUESTS.values() if len(each[0]) < 500)]

    async def compare(port: int, seed: int) -> None:
        chance = random.Random(seed)
        chosen = [chance.choice(parts) for _ in range(chance.randint(2, 6))]
        sent = [b"".join(at(path, each) for each in [POSTED, *chosen, CLOSING]) for path in (USUAL, OTHER)]
        ends = set(accumulate(len(at(USUAL, each)) for each in [POSTED, *chosen]))
        cuts = {each for each in ends if chance.random() < 0.9}
        cuts |= {chance.randrange(len(sent[0])) for _ in range(chance.randint(0, 1))}
        pieces = [[each[a:b] for a, b in pairwise([0, *sorted(cuts), len(each)])] for each in sent]
        said = [
            await said_to(port, path, each, arrived=arrived)
            for path, each in zip((USUAL, OTHER), pieces, strict=True)
        ]
        assert said[0] == said[1], (seed, pieces[0])

    async with serving(echo) as port:
        for first in range(0, 160, 40):
            await asyncio.gather(*(compare(port, seed) for seed in range(first, first + 40)))
    assert sum(known) > 50


async def test_few_and_short_heads_are_kept(arrived: Counter[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that sends many or long heads makes the gateway keep few and short ones."""
    kept: dict[str, dict[bytes, Any]] = {}
    keep = BoundedProtocol._keep_head

    def keep_head(self: BoundedProtocol, data: bytes, before: Any) -> None:
        keep(self, data, before)
        kept["all"] = self._heads._heads

    monkeypatch.setattr(BoundedProtocol, "_keep_head", keep_head)
    heads = [
        b"POST /graphql HTTP/1.1\r\nx-%d: %b\r\ncontent-length: 1\r\n\r\na" % (n, b"a" * 300 * n)
        for n in range(20)
    ]
    async with serving(echo) as port:
        said = await said_to(port, USUAL, [*heads, at(OTHER, LAST)], arrived=arrived)
    assert said.count(b"200 OK") == 21
    assert 0 < len(kept["all"]) <= MAX_HEADS
    assert max(map(len, kept["all"])) <= MAX_KEPT_HEAD_BYTES


@pytest.mark.parametrize("path", [GRAPHQL_PATH, "/another"])
async def test_a_client_that_leaves_does_not_delay_a_stop_for_ever(path: str) -> None:
    """A stop waits for requests whose client has left until they end, and remembers none of them then."""
    ended = []
    may_end = asyncio.Event()
    config = uvicorn.Config(echo, port=0, http=BoundedProtocol, lifespan="off", log_config=None, ws="none")
    server = uvicorn.Server(config)

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await may_end.wait()
        ended.append(scope["path"])
        if len(ended) % 2:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        del receive

    config.app = slow
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    state = server.server_state
    for begun in range(1, 5):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST %b HTTP/1.1\r\nhost: h\r\ncontent-length: 1\r\n\r\na" % path.encode())
        await until(lambda begun=begun: len(state.tasks) == begun)
        writer.close()
    await until(lambda: not state.connections)
    assert len(state.tasks) == 4
    server.should_exit = True
    await until(lambda: not server.servers[0].is_serving())
    assert not task.done()
    may_end.set()
    await task
    assert ended == [path] * 4
    assert not state.tasks
