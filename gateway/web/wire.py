"""How a connection differs from uvicorn's own: heads and time are bounded, and an answer is one write.

*Heads.* uvicorn's fast parser has no bound and reads a head into memory whole. Without one a client
could send headers without end before any token is looked at. A head beyond the bound ends the
connection, as other servers do, with the plain 400 that uvicorn gives to what is no HTTP.

*Time.* Nor has it a bound on how long a request takes to arrive: only on how long a connection idles after
one. Here a silent connection, half a head, or a body that comes more slowly than 1 kB/s ends after ten to
twenty seconds, and one that idles after five to fifteen, by a timer of the connection and not of each
request, which would cost 2 µs. And so many connections are open at most as `limit_concurrency` says: whoever
comes then gets 503, and the end of it.

*Writes.* uvicorn writes an answer's head and its body apart, and uvloop makes a system call of each. On
a short request the second one costs about as much as all of the gateway's own work: for one account by
id the CPU was 1.70 times the hand-written server's with two writes, 1.59 with one (`make bench`, medians
of five rounds in one hour). And it looks through each header of an answer twice for characters that
none of ours can hold; an answer that is there as a whole is written past that (`write_whole`).

*The usual request*, a POST to /graphql, begins without uvicorn's look at what it cannot be, a timer or a
callback of its own, and its body is read without a wait (`read_whole`). And a head that came before on the
same connection, byte for byte, is not parsed again: clients send the same one each time. All of uvicorn and
of the gateway around an answer takes 10.5 µs instead of 15; a bare ASGI handler of uvicorn's takes 11.
"""

from __future__ import annotations

import asyncio
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Receive, Send
    from uvicorn._types import HTTPScope

GRAPHQL_PATH = "/graphql"
_GRAPHQL_URL = GRAPHQL_PATH.encode()
MAX_HEAD_BYTES = 65_536
ARRIVE_SECONDS = 10
MIN_BODY_BYTES = 1_000 * ARRIVE_SECONDS
BUSY = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_END_OF_HEAD = b"\r\n\r\n"
# Of one connection: a client's requests of one kind differ in the length of their body at most. And none that
# is long: whoever has no token could fill the memory with them.
MAX_HEADS = 8
MAX_KEPT_HEAD_BYTES = 2_048
# To copy a long body costs more than to hand over two pieces.
MAX_JOINED_BYTES = 16_384


class JoiningTransport:
    """A transport that holds a first piece back for the rest of the loop's turn, and sends it with the next.

    Nothing is ever held beyond that turn: a head without a body goes out with it.
    """

    __slots__ = (
        "_call_soon",
        "_held",
        "get_extra_info",
        "is_closing",
        "pause_reading",
        "resume_reading",
        "underlying",
    )

    def __init__(self, transport: asyncio.Transport, call_soon: Callable[..., Any]) -> None:
        self.underlying = transport
        self._call_soon = call_soon
        self._held: bytes | None = None
        self.get_extra_info = transport.get_extra_info
        self.is_closing = transport.is_closing
        self.pause_reading = transport.pause_reading
        self.resume_reading = transport.resume_reading

    def write(self, data: bytes) -> None:
        """Send a piece, perhaps together with the next one."""
        held = self._held
        if held is None:
            self._held = data
            self._call_soon(self._send_held)
            return
        self._held = None
        self._send_both(held, data)

    def write_whole(self, head: bytes, body: bytes) -> None:
        """Send an answer that is there as a whole, behind whatever is held."""
        self._send_held()
        self._send_both(head, body)

    def close(self) -> None:
        """Close the connection once everything is sent."""
        self._send_held()
        self.underlying.close()

    def _send_both(self, head: bytes, body: bytes) -> None:
        if len(body) > MAX_JOINED_BYTES:
            self.underlying.writelines((head, body))
        else:
            self.underlying.write(head + body)

    def _send_held(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            self.underlying.write(held)


@lru_cache(maxsize=4)
def _lines(headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """uvicorn's own headers as they go over the wire; the date is another each second."""
    return b"".join([b"%b: %b\r\n" % each for each in headers])


def write_whole(send: Send, status: int, headers: bytes, body: bytes, close: bool) -> bool:
    """Write an answer past uvicorn's own `send`, leaving everything as that would; False if it must do it.

    `headers`: their lines, a content-length among them, no value from a request. For an answer with a
    body, to one request, that nothing was sent of. `close`: the connection, whatever the client asked for.
    """
    cycle = getattr(send, "__self__", None)
    if type(cycle) is not RequestResponseCycle or cycle.flow.write_paused or cycle.scope["method"] == "HEAD":
        return False
    transport: Any = cycle.transport
    if type(transport) is not JoiningTransport:
        return False
    if cycle.disconnected:
        return True
    end = b"\r\n"
    if close or not cycle.keep_alive:
        cycle.keep_alive = False
        end = b"connection: close\r\n\r\n"
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    own = _lines(tuple(cycle.default_headers))
    transport.write_whole(STATUS_LINE[status] + own + headers + end, body)
    cycle.message_event.set()
    if not cycle.keep_alive:
        transport.close()
    cycle.on_response()
    return True


def read_whole(receive: Receive) -> bytes | None:
    """The body past uvicorn's own `receive`, leaving everything as that would; None if it must do it."""
    cycle = getattr(receive, "__self__", None)
    if type(cycle) is not RequestResponseCycle or cycle.more_body or cycle.waiting_for_100_continue:
        return None
    if cycle.disconnected or cycle.response_complete:
        return None
    cycle.flow.resume_reading()
    body, cycle.body = cycle.body, bytearray()
    cycle.message_event.clear()
    return bytes(body)


class _Known(NamedTuple):
    """What the parser said of a head, and how long the body behind it is."""

    scope: HTTPScope
    length: int


class WireProtocol(HttpToolsProtocol):
    """uvicorn's protocol over httptools, with answers in one write.

    Heads have 64 KiB at most, beside what came with their start.
    """

    _head_bytes = 0
    # Since the last look: what came, and whether a request was late then.
    _arrived = 0
    _late = False
    _look: asyncio.TimerHandle | None = None
    # The usual request's; it is no longer waited for once its answer is complete.
    _task: asyncio.Task[None] | None = None
    _answered_at = 0.0
    # Whether a request began that is not here as a whole.
    _within = False

    @cached_property
    def _usual(self) -> Any:
        """What answers the usual request: the application's own door for it, if it has one."""
        return getattr(self.app, "graphql", self.app)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Answer through a transport that joins the pieces."""
        self._heads: dict[bytes, _Known] = {}
        super().connection_made(JoiningTransport(transport, self.loop.call_soon))  # type: ignore[arg-type]
        if self.limit_concurrency is not None and len(self.connections) >= self.limit_concurrency:
            transport.write(BUSY)
            transport.close()
            return
        self._look = self.loop.call_later(ARRIVE_SECONDS, self._close_if_late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Look at it no more."""
        if self._look is not None:
            self._look.cancel()
        if self._task is not None:
            # Without a client it may end without an answer.
            self._task.add_done_callback(self.tasks.discard)
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over as it is: another protocol writes from now on, and takes its time."""
        if self._look is not None:
            self._look.cancel()
        joining: Any = self.transport
        self.transport = joining.underlying
        super().handle_websocket_upgrade()

    def _close_if_late(self) -> None:
        """End the connection if it idles, or if one request was arriving at the last look and still is."""
        arrived, self._arrived = self._arrived, 0
        cycle = self.cycle
        if cycle is None or self._head_bytes:
            late = True
        elif cycle.response_complete:
            late = False
            if self.loop.time() - self._answered_at > self.timeout_keep_alive:
                self.transport.close()
                return
        else:
            # Whoever reads may be the slow one: then nothing more is let in.
            waits = cycle.more_body and not self.flow.read_paused
            late = waits and arrived < MIN_BODY_BYTES
        if late and self._late:
            self.transport.close()
            return
        self._late = late
        self._look = self.loop.call_later(ARRIVE_SECONDS, self._close_if_late)

    def on_message_begin(self) -> None:
        """A request begins."""
        self._within = True
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """A request is here as a whole."""
        self._within = False
        super().on_message_complete()

    def on_headers_complete(self) -> None:
        """Begin to answer."""
        parser, before = self.parser, self.cycle
        if (
            self.url != _GRAPHQL_URL
            or parser.get_method() != b"POST"
            or parser.get_http_version() != "1.1"
            or parser.should_upgrade()
            or (before is not None and not before.response_complete)
            or self._is_full()
        ):
            super().on_headers_complete()
            return
        scope = self.scope
        scope["method"], scope["path"] = "POST", GRAPHQL_PATH
        scope["raw_path"], scope["query_string"] = _GRAPHQL_URL, b""
        self._begin(scope, self.expect_100_continue, parser.should_keep_alive())

    def _is_full(self) -> bool:
        return self.limit_concurrency is not None and len(self.tasks) >= self.limit_concurrency

    def _begin(self, scope: HTTPScope, expects: bool, keep_alive: bool) -> RequestResponseCycle:
        """Begin to answer the usual request, by itself on its connection."""
        cycle = self.cycle = RequestResponseCycle(
            scope,
            self.transport,
            self.flow,
            self.logger,
            self.access_logger,
            self.access_log,
            self.server_state.default_headers,
            asyncio.Event(),
            expects,
            keep_alive,
            self.on_response_complete,
        )
        self._task = self.loop.create_task(cycle.run_asgi(self._usual))
        self.tasks.add(self._task)
        return cycle

    def _begin_known(self, data: bytes) -> bool:
        """Begin to answer the usual request if its head came before, and nothing but its body is behind it.

        What stands there byte for byte means what the parser said of it then. Only between two requests:
        within one the same bytes are something else.
        """
        before = self.cycle
        if self._within or self._head_bytes or before is None:
            return False
        if not before.response_complete or not before.keep_alive:
            return False
        end = data.find(_END_OF_HEAD) + len(_END_OF_HEAD)
        known = self._heads.get(data[:end])
        if known is None or len(data) - end != known.length or self._is_full():
            return False
        cycle = self._begin(known.scope.copy(), expects=False, keep_alive=True)
        cycle.body, cycle.more_body = bytearray(data[end:]), False
        cycle.message_event.set()
        return True

    def _keep_head(self, data: bytes) -> None:
        """Keep the head of the usual request, if this is one alone and whole, for the next with the same.

        Of several the last one's body is shorter than what stands behind the first one's head.
        """
        end = data.find(_END_OF_HEAD) + len(_END_OF_HEAD)
        length = len(data) - end
        lengths = [value for name, value in self.headers if name == b"content-length"]
        if self.expect_100_continue or not self.cycle.keep_alive or lengths != [b"%d" % length]:
            return
        if end > MAX_KEPT_HEAD_BYTES:
            return
        if len(self._heads) >= MAX_HEADS:
            self._heads.clear()
        self._heads[data[:end]] = _Known(self.scope.copy(), length)

    def on_response_complete(self) -> None:
        """Go on with the next request that is here."""
        self.server_state.total_requests += 1
        if self._task is not None:
            self.tasks.discard(self._task)
        self._answered_at = self.loop.time()
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())

    def data_received(self, data: bytes) -> None:
        """Parse what came; close the connection if a head has not ended within the bound."""
        self._arrived += len(data)
        if self._begin_known(data):
            return
        before, within, task = self.cycle, self._within, self._task
        # A body that is still coming has a bound of its own.
        in_body = before is not None and before.more_body
        super().data_received(data)
        if self._task is not task and not within and not self._within:
            self._keep_head(data)
        if self.cycle is not before or in_body:
            # A head ended within these bytes. The one that may begin behind it is not counted yet.
            self._head_bytes = 0
            return
        self._head_bytes += len(data)
        if self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")
