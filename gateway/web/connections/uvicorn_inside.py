"""What this gateway knows of how uvicorn works inside: a protocol with bounds, and an answer in one write.

Nothing here is documented by uvicorn. `fast_path.py` names the versions for which it is written and imports
it for no other; `tests/house/test_insides.py` checks each name and signature that is used.
"""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from gateway.web.connections import bounds
from gateway.web.connections.bounds import MAX_HEAD_BYTES, ArrivalClock, Phase
from gateway.web.connections.known_heads import KNOWN_URL, KnownHeads

if TYPE_CHECKING:
    from starlette.types import Send

BUSY = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
# To copy a long body costs more than to hand over two pieces.
MAX_JOINED_BYTES = 16_384


@lru_cache(maxsize=4)
def _lines(headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """uvicorn's own headers as they go over the wire. The date changes each second."""
    return b"".join([b"%b: %b\r\n" % each for each in headers])


def write_whole(send: Send, status: int, headers: bytes, *, body: bytes, close: bool) -> bool:
    """Write a complete answer past uvicorn's `send`; return False if the caller must use `send`.

    It leaves the request as `send` leaves it. Call it once for a request, before anything is sent, and with
    a body. `headers`: their lines, a content-length among them, no value from a request. `close`: close the
    connection, whatever the client asked for.
    """
    cycle = getattr(send, "__self__", None)
    if type(cycle) is not RequestResponseCycle or cycle.flow.write_paused or cycle.scope["method"] == "HEAD":
        return False
    if cycle.disconnected:
        return True
    end = b"\r\n"
    if close or not cycle.keep_alive:
        cycle.keep_alive = False
        end = b"connection: close\r\n\r\n"
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    head = STATUS_LINE[status] + _lines(tuple(cycle.default_headers)) + headers + end
    transport = cycle.transport
    if len(body) > MAX_JOINED_BYTES:
        transport.writelines((head, body))
    else:
        transport.write(head + body)
    cycle.message_event.set()
    if not cycle.keep_alive:
        transport.close()
    cycle.on_response()
    return True


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol over httptools, with bounds, and without parsing a known head again."""

    _head_bytes = 0
    # Whether a request has begun and is not here as a whole.
    _within = False
    _look: asyncio.TimerHandle | None = None
    _answered_at = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to look for lateness, or close the connection if it is one too many."""
        super().connection_made(transport)
        self._clock, self._heads = ArrivalClock(), KnownHeads()
        if self.limit_concurrency is not None and len(self.connections) >= self.limit_concurrency:
            transport.write(BUSY)
            transport.close()
            return
        self._look_later()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the looks."""
        self._stop_looking()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over: another protocol writes from now on, and takes its time."""
        self._stop_looking()
        super().handle_websocket_upgrade()

    def _look_later(self) -> None:
        self._look = self.loop.call_later(bounds.ARRIVE_SECONDS, self._close_if_late)

    def _stop_looking(self) -> None:
        if self._look is not None:
            self._look.cancel()

    def _close_if_late(self) -> None:
        """Close the connection if it idles, or if a request was arriving at the last look and still is."""
        if self._clock.is_over(self._phase()) or self._idles_too_long():
            self.transport.close()
        else:
            self._look_later()

    def _phase(self) -> Phase:
        cycle = self.cycle
        if cycle is None or self._head_bytes:
            return Phase.HEAD
        # While the server itself lets nothing in, the client is not the slow one.
        if not cycle.response_complete and cycle.more_body and not self.flow.read_paused:
            return Phase.BODY
        return Phase.ANSWER

    def _idles_too_long(self) -> bool:
        cycle = self.cycle
        if cycle is None or self._head_bytes or not cycle.response_complete:
            return False
        return self.loop.time() - self._answered_at > self.timeout_keep_alive

    def on_response_complete(self) -> None:
        """Go on with the next request, without uvicorn's timer for an idle connection."""
        self.server_state.total_requests += 1
        self._answered_at = self.loop.time()
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())

    def on_message_begin(self) -> None:
        """Note that a request begins."""
        self._within = True
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """Note that a request is here as a whole."""
        self._within = False
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        """Parse the bytes; close the connection if a head has not ended within its bound."""
        self._clock.arrived += len(data)
        if self._begin_known(data):
            return
        before, within = self.cycle, self._within
        # A body that is still arriving has a bound of its own.
        in_body = before is not None and before.more_body
        super().data_received(data)
        if self.cycle is not before or in_body:
            # A head ended within these bytes. The one that may begin behind it is not counted yet.
            self._head_bytes = 0
            if not within and not self._within:
                self._keep_head(data, before)
            return
        self._head_bytes += len(data)
        if self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")

    def _begin_known(self, data: bytes) -> bool:
        """Begin to answer if the bytes are one request whose head came before; return whether they are.

        Only between two requests: within one, the same bytes have another meaning.
        """
        before = self.cycle
        if self._within or self._head_bytes or before is None:
            return False
        if not before.response_complete or not before.keep_alive:
            return False
        found = self._heads.find(data)
        if found is None or self._is_full():
            return False
        known, body = found
        cycle = self.cycle = self._new_cycle(dict(known.scope))
        cycle.body, cycle.more_body = bytearray(body), False
        cycle.message_event.set()
        self._start_asgi_task(cycle, self.app)
        return True

    def _keep_head(self, data: bytes, before: RequestResponseCycle | None) -> None:
        """Keep the head of a usual request: a POST to /graphql, whole, and alone on its connection."""
        cycle, parser = self.cycle, self.parser
        if cycle is before or self.url != KNOWN_URL or parser.get_method() != b"POST":
            return
        if self.expect_100_continue or not cycle.keep_alive or self.pipeline or parser.should_upgrade():
            return
        self._heads.keep(data, self.scope, self.headers)

    def _is_full(self) -> bool:
        return self.limit_concurrency is not None and len(self.tasks) >= self.limit_concurrency

    def _new_cycle(self, scope: Any) -> RequestResponseCycle:
        """Return what answers one request; as uvicorn makes it when the parser has read a head."""
        return RequestResponseCycle(
            scope=scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=True,
            on_response=self.on_response_complete,
        )
