"""The application under a real server: order of the checks, constant refusals, masked failures, deadlines."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import secrets
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx
import pytest
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.access.token_text import new_token, token_hash
from gateway.access.tokens import Caller, LiveCredential, TokenBook
from gateway.answer import Gateway, answer
from gateway.app import build_app
from gateway.quotas.deadline import AnswerDeadline
from gateway.quotas.people import NO_PROMISE, Promise
from gateway.terminal.logs import ScrubbingFormatter, write_logs
from gateway.web.graphql import GraphQLEndpoint
from gateway.web.requests import Asked
from gateway.web.responses import error_body, request_ids, status_of
from gateway.web.tally import Tally
from gateway.web.uploads import ListsEndpoint
from resolvers.compile.cache import PlanCache
from resolvers.compile.context import build_contexts
from resolvers.plan.cursors import Cursors
from resolvers.plan.identifiers import Identifiers, IdentifierScope
from resolvers.sources.fields import OBJECTS
from schema.operations import DocumentLimits
from schema.purposes import Purpose
from schema.refusals import Code, Refusal

KEY = b"k" * 32
LIMIT = 20_000
CANARY = "+4915112345678"
GRAPHQL, JSON = "application/graphql-response+json", "application/json"


@dataclass
class Running:
    """A running gateway: its port, a token for it, and the requests that reached its document book."""

    port: int
    token: str
    seen: list[tuple[Asked, Caller]] = field(default_factory=list)
    stores: dict[str, bool] = field(default_factory=lambda: {"messenger": True, "social": True})

    @property
    def headers(self) -> dict[str, str]:
        """The headers of an ordinary request."""
        return {"authorization": f"Bearer {self.token}", "accept": GRAPHQL}

    def trusted(self, asked: Asked, caller: Caller) -> Asked:
        """A document book that obeys the document: it refuses with a code, fails, or admits the query."""
        self.seen.append((asked, caller))
        verb, _, what = asked.document.partition(" ")
        if verb == "refuse":
            raise Refusal(Code(what))
        if verb == "fail":
            local = CANARY
            raise RuntimeError(f"duplicate key {local}") from ValueError(CANARY)
        return Asked("{ __typename }", None, {}, asked.wants_graphql_response, asked.is_get)


def book_with(token: str) -> TokenBook:
    """A book that knows one token of two purposes, without a store."""
    book = TokenBook(KEY, lambda: asyncio.sleep(0), time.time, monotonic=lambda: 0.0)  # type: ignore[arg-type,return-value]
    callers = {p.value.encode(): Caller("client", 1, p) for p in (Purpose.SECURITY, Purpose.AUDIT)}
    book._live = {
        token_hash(KEY, token.encode()): LiveCredential(float("inf"), {None: callers[b"SECURITY"], **callers})
    }
    book._refreshed_at = 0.0
    return book


class LetsAllIn:
    """An admission that lets every request in; `test_admission.py` tests the real one."""

    async def enter(self, _: str) -> None:
        pass

    def leave(self, _: str) -> None:
        pass


class AsksAboutNoOne:
    """A quota of people for documents about no person; `test_people_quota.py` tests the real one."""

    async def reserve(self, *_: Any) -> Promise:
        return NO_PROMISE


class NothingToRecord:
    """A ledger for answers about no person."""

    def expect(self) -> None:
        pass

    def expect_no_more(self) -> None:
        pass


def _no_lists(*_: object) -> Any:
    raise AssertionError("no list is uploaded here")


@pytest.fixture(scope="module")
async def gateway() -> AsyncIterator[Running]:
    """The application under uvicorn, on a port of its own."""
    listening = socket.create_server(("127.0.0.1", 0))
    running = Running(listening.getsockname()[1], new_token(secrets.token_bytes))

    async def ready() -> dict[str, bool]:
        return running.stores

    cursors = Cursors(bytes(64))
    parts = Gateway(
        who_asks=book_with(running.token).caller,
        admission=LetsAllIn(),  # type: ignore[arg-type]
        max_body_bytes=LIMIT,
        deadline=AnswerDeadline(30.0),
        trusted=running.trusted,
        plans=PlanCache(build_contexts(OBJECTS, cursors), DocumentLimits()),
        max_cost=1,
        context_of=_no_lists,
        pools={purpose: {} for purpose in Purpose},
        cursors=cursors,
        identifiers=Identifiers(IdentifierScope.PLAIN, b""),
        people=AsksAboutNoOne(),  # type: ignore[arg-type]
        ledger=NothingToRecord(),  # type: ignore[arg-type]
        policy="",
    )
    graphql = GraphQLEndpoint(
        partial(answer, parts), request_ids(secrets.token_bytes), Tally(3_600.0, time.time)
    )
    uploads = ListsEndpoint(
        book_with(running.token).caller,
        LetsAllIn(),  # type: ignore[arg-type]
        _no_lists,
        ids=request_ids(secrets.token_bytes),
        max_bytes=LIMIT,
    )
    app = build_app(graphql, ready, {("http", "/lists"): uploads})
    config = uvicorn.Config(app, log_config=None, access_log=False, ws="none")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve([listening]))
    while not server.started:
        await asyncio.sleep(0.01)
    yield running
    server.should_exit = True
    await serving


@pytest.fixture
async def client(gateway: Running) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client with a good token; the gateway has seen nothing yet."""
    gateway.seen.clear()
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{gateway.port}", headers=gateway.headers
    ) as http:
        yield http


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """The lines that the program would write to standard error."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(ScrubbingFormatter())
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield stream
    finally:
        root.removeHandler(handler)


async def exchange(port: int, *parts: bytes, wait: float = 0.0) -> bytes:
    """Send raw bytes and return all that comes back until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        with suppress(ConnectionError):
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(wait)
        async with asyncio.timeout(10):
            return await reader.read()
    finally:
        writer.transport.abort()
        await asyncio.sleep(0)


def parsed(response: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of a raw response."""
    head, _, body = response.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    return int(status.split()[1]), dict(line.lower().split(": ", 1) for line in lines), body


async def test_a_post_is_answered(client: httpx.AsyncClient, gateway: Running) -> None:
    """A POST with a token and a purpose is answered in the media type asked for, and kept out of caches."""
    response = await client.post(
        "/graphql", json={"query": "{a}", "variables": {"x": 1}}, headers={"gateway-purpose": "AUDIT"}
    )
    assert (response.status_code, response.json()) == (200, {"data": {"__typename": "Query"}})
    assert gateway.seen == [(Asked("{a}", None, {"x": 1}, True, False), Caller("client", 1, Purpose.AUDIT))]
    assert response.headers["content-type"] == f"{GRAPHQL}; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["vary"] == "Authorization, Gateway-Purpose, Accept"


async def test_a_get_is_answered(client: httpx.AsyncClient, gateway: Running) -> None:
    """A GET is answered too, and marked so that the next step can refuse a mutation."""
    response = await client.get("/graphql", params={"query": "{é}"})
    assert response.status_code == 200
    assert gateway.seen[0][0] == Asked("{é}", None, {}, True, True)


@pytest.mark.parametrize("accept", [GRAPHQL, JSON])
@pytest.mark.parametrize("code", Code)
async def test_every_refusal_is_a_constant_graphql_error(
    client: httpx.AsyncClient, code: Code, accept: str
) -> None:
    """Every refusal of an answer arrives as its constant body, with the status of the one table."""
    response = await client.post(
        "/graphql", json={"query": f"refuse {code.value}"}, headers={"accept": accept}
    )
    assert response.status_code == status_of(code, accept == GRAPHQL)
    assert response.content == error_body(Refusal(code))
    assert response.headers["content-type"] == f"{accept}; charset=utf-8"


async def test_a_failure_is_masked(client: httpx.AsyncClient) -> None:
    """A failure tells the client a fixed sentence, and the log its type and place but no value (I26)."""
    with logged() as log:
        response = await client.post("/graphql", json={"query": "fail now", "variables": {"phone": CANARY}})
    assert (response.status_code, response.content) == (500, error_body(Refusal(Code.INTERNAL)))
    (line,) = [json.loads(line) for line in log.getvalue().splitlines()]
    assert line["request_id"] == response.headers["x-request-id"]
    assert [one["type"] for one in line["exceptions"]] == ["builtins.RuntimeError", "builtins.ValueError"]
    assert line["exceptions"][0]["at"][-1].endswith("Running.trusted")
    assert CANARY not in log.getvalue()
    assert "duplicate" not in log.getvalue()


async def test_request_ids_are_the_gateways_own(client: httpx.AsyncClient) -> None:
    """Every answer has a request id of its own; a client's is not taken over."""
    ids = [
        (await client.post("/graphql", json={"query": "{a}"}, headers={"x-request-id": "mine"})).headers[
            "x-request-id"
        ]
        for _ in range(3)
    ]
    assert len({*ids, "mine"}) == 4


@pytest.mark.parametrize(
    ("method", "headers", "body"),
    [
        ("POST", {"content-type": "text/plain"}, b"x"),
        ("POST", {"content-type": JSON}, b"[" * 30_000),
        ("POST", {"content-type": JSON, "accept": "text/html"}, b"{}"),
        ("POST", {"content-type": JSON, "content-encoding": "gzip"}, b"{}"),
        ("POST", {"content-type": JSON, "cookie": "session=1"}, b"{}"),
        ("GET", {"gateway-purpose": "NO_SUCH_PURPOSE"}, b""),
    ],
)
async def test_the_token_is_checked_first(
    client: httpx.AsyncClient, method: str, headers: dict[str, str], *, body: bytes
) -> None:
    """A client without a token gets the refusal of a missing token, whatever else is wrong."""
    headers = {"authorization": "Bearer gw_x", **headers}
    response = await client.request(method, "/graphql", headers=headers, content=body)
    assert (response.status_code, response.content) == (401, error_body(Refusal(Code.TOKEN_REFUSED)))
    assert response.headers["www-authenticate"] == "Bearer"


async def test_two_authorization_headers_are_no_token(client: httpx.AsyncClient, gateway: Running) -> None:
    """Two tokens are refused, because a proxy and the gateway could each use another one."""
    twice = [("authorization", f"Bearer {gateway.token}")] * 2 + [("content-type", JSON)]
    async with httpx.AsyncClient(base_url=client.base_url) as bare:
        response = await bare.post("/graphql", headers=twice, content=b'{"query":"{a}"}')
    assert response.status_code == 401


@pytest.mark.parametrize("purpose", ["NO_SUCH_PURPOSE", "ADS_PERSONALIZATION", "", "AUDIT, SECURITY"])
async def test_a_purpose_out_of_scope_is_refused_with_constant_bytes(
    client: httpx.AsyncClient, purpose: str
) -> None:
    """An unknown, out-of-scope or repeated purpose is refused with the same bytes."""
    response = await client.post("/graphql", json={"query": "{a}"}, headers={"gateway-purpose": purpose})
    assert (response.status_code, response.content) == (403, error_body(Refusal(Code.PURPOSE_REFUSED)))


async def test_a_preflight_is_not_answered(client: httpx.AsyncClient, gateway: Running) -> None:
    """A browser's preflight gets 405 and no permission, so no page of another site can send a request."""
    preflight = {"origin": "https://evil", "access-control-request-method": "POST"}
    response = await client.options("/graphql", headers=preflight)
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")
    assert not [name for name in response.headers if name.startswith("access-control")]
    page = {"origin": "https://evil", "sec-fetch-site": "cross-site"}
    response = await client.get("/graphql", params={"query": "{a}"}, headers=page)
    assert (response.status_code, response.content) == (403, error_body(Refusal(Code.CROSS_SITE_REFUSED)))
    assert gateway.seen == []


async def test_a_body_that_is_too_large_is_refused_unread(gateway: Running) -> None:
    """A body announced as too large is refused at once, one that grows too large when it does."""
    head = f"POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {gateway.token}\r\n"
    head += "content-type: application/json\r\n"
    announced = head + f"content-length: {LIMIT + 1}\r\n\r\n"
    chunk = b"2000\r\n" + b" " * 0x2000 + b"\r\n"
    for parts in ([announced.encode()], [f"{head}transfer-encoding: chunked\r\n\r\n".encode(), *[chunk] * 3]):
        status, headers, body = parsed(await exchange(gateway.port, *parts))
        assert (status, body) == (413, error_body(Refusal(Code.REQUEST_TOO_LARGE)))
        assert headers["connection"] == "close"


async def test_a_body_in_many_pieces_is_read(gateway: Running) -> None:
    """A chunked body that arrives byte by byte is one request."""
    head = (
        f"POST /graphql HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {gateway.token}\r\n"
    )
    head += "content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    chunks = [b"1\r\n%c\r\n" % byte for byte in b'{"query":"{a}"}']
    status, _, body = parsed(await exchange(gateway.port, head.encode(), *chunks, b"0\r\n\r\n", wait=0.001))
    assert (status, body) == (200, b'{"data":{"__typename":"Query"}}')


async def test_a_client_that_disconnects_gets_no_answer(client: httpx.AsyncClient, gateway: Running) -> None:
    """A client that disconnects within its body gets no answer and is not logged as a failure."""
    head = f"POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {gateway.token}\r\n"
    head += "content-type: application/json\r\ncontent-length: 100\r\n\r\n{"
    with logged() as log:
        _, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write(head.encode())
        await asyncio.sleep(0.05)
        writer.transport.abort()
        await asyncio.sleep(0.05)
    assert gateway.seen == []
    assert log.getvalue() == ""
    assert (await client.post("/graphql", json={"query": "{a}"})).status_code == 200


async def test_health_and_readiness_say_no_more_than_needed(
    client: httpx.AsyncClient, gateway: Running
) -> None:
    """/healthz says that the process is up; /readyz names each unreachable store without the reason."""
    assert (await client.get("/healthz")).text == "ok"
    response = await client.get("/readyz")
    assert (response.status_code, response.json()) == (200, {"messenger": True, "social": True})
    gateway.stores["social"] = False
    response = await client.get("/readyz")
    gateway.stores["social"] = True
    assert (response.status_code, response.json()) == (503, {"messenger": True, "social": False})


async def test_there_are_no_other_paths(client: httpx.AsyncClient) -> None:
    """Every other path, with or without a trailing slash, is 404, and no client is redirected."""
    for path in ("/graphql/", "/", "/graphql/x", "//graphql"):
        assert (await client.post(path, json={"query": "{a}"})).status_code == 404


# The bytes that a header's value may hold on the wire.
HEADER_BYTES = st.binary(max_size=80).map(lambda value: bytes(b for b in value if 32 <= b != 127))
HEADERS = [
    *(b"Accept", b"Content-Type", b"Content-Encoding", b"Origin", b"Sec-Fetch-Site"),
    *(b"Gateway-Purpose", b"Cookie", b"X-Request-Id", b"Expect"),
]
PARAMETERS = st.sampled_from(["query", "variables", "operationName", "extensions", "a"])
FUZZED = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@FUZZED
@given(st.one_of(HEADER_BYTES, HEADER_BYTES.map(lambda value: b"Bearer gw_" + value)))
async def test_any_bad_token_gets_the_same_bytes(gateway: Running, authorization: bytes) -> None:
    """Any Authorization that is not a live token is answered with the same bytes (I37)."""
    request = b"POST /graphql HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: %b\r\n\r\n"
    status, headers, body = parsed(await exchange(gateway.port, request % authorization))
    assert (status, body) == (401, error_body(Refusal(Code.TOKEN_REFUSED)))
    assert set(headers) - {"date", "server", "x-request-id"} == {
        "content-type",
        "content-length",
        "cache-control",
        "vary",
        "x-content-type-options",
        "www-authenticate",
        "connection",
    }


@FUZZED
@given(
    method=st.sampled_from([b"POST", b"GET", b"PUT", b"HEAD", b"OPTIONS", b"DELETE"]),
    query_string=st.text("abcdefghijklmnopqrstuvwxyz={}&%0123456789+[]\"'", max_size=40),
    names=st.lists(st.sampled_from(HEADERS), max_size=4),
    value=st.one_of(HEADER_BYTES, st.sampled_from([b"application/json", b"*/*", b"same-origin", b"AUDIT"])),
    body=st.one_of(
        st.binary(max_size=100),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(PARAMETERS, inner),
        ).map(lambda value: json.dumps(value).encode()),
    ),
)
async def test_no_request_makes_the_gateway_fail(
    gateway: Running, method: bytes, query_string: str, *, names: list[bytes], value: bytes, body: bytes
) -> None:
    """Any request with a good token is answered or refused with a GraphQL error, never with 500."""
    if any(name == b"Expect" for name in names):
        value = b"100-continue"
    lines = [b"%b /graphql?%b HTTP/1.1" % (method, query_string.replace('"', "%22").encode())]
    lines += [b"host: x", b"connection: close", b"authorization: Bearer " + gateway.token.encode()]
    lines += [b"content-type: application/json"] if b"Content-Type" not in names else []
    lines += [b"content-length: %d" % len(body), *(b"%b: %b" % (name, value) for name in names), b"", body]
    response = await exchange(gateway.port, b"\r\n".join(lines))
    status, headers, got = parsed(response.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n"))
    assert status in {200, 400, 403, 405, 406, 413, 415}
    assert headers["content-type"] in {f"{GRAPHQL}; charset=utf-8", f"{JSON}; charset=utf-8"}
    if status != 200 and method != b"HEAD":
        (error,) = json.loads(got)["errors"]
        assert got == error_body(Refusal(Code(error["extensions"]["code"])))


async def held(deadline: AnswerDeadline, begun: asyncio.Event) -> None:
    """A request that waits for a store that does not answer."""
    with deadline:
        begun.set()
        await asyncio.Event().wait()


async def test_an_overdue_answer_is_refused_and_its_task_goes_on() -> None:
    """An overdue answer becomes STORE_UNAVAILABLE, and its connection's task is not cancelled."""
    deadline = AnswerDeadline(0.05)
    for _ in range(2):
        with pytest.raises(Refusal) as refused:
            await held(deadline, asyncio.Event())
        assert refused.value.code is Code.STORE_UNAVAILABLE
    task = asyncio.current_task()
    assert task is not None and task.cancelling() == 0
    with deadline:
        pass
    await asyncio.sleep(0.1)


async def test_a_server_that_stops_cancels_what_is_under_way() -> None:
    """Only the deadline's own cancellation becomes an answer; a stopping server's does not."""
    begun = asyncio.Event()
    task = asyncio.create_task(held(AnswerDeadline(30.0), begun))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def record(name: str, message: str, *arguments: object, error: BaseException | None = None) -> dict[str, Any]:
    """The text that the log would show for a record."""
    info = (type(error), error, error.__traceback__) if error else None
    made = logging.LogRecord(name, logging.ERROR, __file__, 1, message, arguments, info)
    line: dict[str, Any] = json.loads(ScrubbingFormatter().format(made))
    return line


def test_a_log_line_holds_no_argument_and_no_other_logger_s_message() -> None:
    """The log prints the constant messages of the gateway and the server, and never an argument."""
    assert record("gateway.app", "Lost %s.", CANARY)["message"] == "Lost %s."
    for name in ("asyncio", "asyncpg", "uvicorn.access", "gatewayx", "root"):
        assert CANARY not in json.dumps(record(name, f"future: <Task {CANARY}>", CANARY))


def test_a_database_error_is_logged_by_its_code_alone() -> None:
    """The log keeps type and SQLSTATE of a database's error, also of each error in a group."""

    class Violation(Exception):
        sqlstate = "23505"
        detail = f"Key (phone)=({CANARY}) already exists."

    class Odd(Exception):
        sqlstate = CANARY

    group = ExceptionGroup(CANARY, [Violation(CANARY), Odd(CANARY)])
    line = record("gateway", "Failed.", error=group)
    assert [one.get("sqlstate") for one in line["exceptions"]] == [None, None, "23505"]
    assert CANARY not in json.dumps(line)


def test_an_exception_that_causes_itself_is_logged_once() -> None:
    """If exceptions cause each other in a circle, the log prints each once."""
    one, other = ValueError(), KeyError()
    one.__cause__, other.__cause__ = other, one
    assert len(record("gateway", "Failed.", error=one)["exceptions"]) == 2


def test_writing_logs_silences_the_access_log() -> None:
    """All loggers write scrubbed lines to one stream; the access log, which quotes query strings, is off."""
    root = logging.getLogger()
    handlers, level, stream = root.handlers[:], root.level, io.StringIO()
    try:
        write_logs(stream)
        logging.getLogger("uvicorn.access").info('"GET /graphql?query=%s"', CANARY)
        logging.getLogger("uvicorn.error").info("Started server process [%d]", 1)
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.getLogger("uvicorn.access").disabled = False
    (line,) = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert line["message"] == "Started server process [%d]"
