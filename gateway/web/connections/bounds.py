"""Bounds on a connection: the size of a head, the time that a request may take to arrive, and their number.

uvicorn by itself bounds none of the three as this gateway promises:

- A head has 64 KiB at most, beside what came with its start. Without this bound a client could send
  headers without end before any token is read. A larger head ends the connection with a plain 400.
- A silent connection, half a head, or a body that arrives more slowly than 1 kB/s ends after ten to twenty
  seconds; an idle connection after five to fifteen. One timer a connection looks for them, because a timer
  a request costs 2 µs.
- `max_connections` are open at most; the next one gets 503 and is closed.

`uvicorn_inside.py` applies these bounds to the versions of uvicorn for which it is written. To any other
version `bound_any_version` applies them: uvicorn's documented settings bound heads and connections, and
`TimedProtocol` bounds the time. It uses asyncio's and ASGI's documented interfaces and nothing else, at the
price of about twice the CPU that HTTP takes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum, auto
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_HEAD_BYTES = 65_536
ARRIVE_SECONDS = 10
MIN_BODY_BYTES = 1_000 * ARRIVE_SECONDS


class Phase(Enum):
    """What a connection waits for; an idle one for nothing yet."""

    HEAD = auto()
    BODY = auto()
    ANSWER = auto()
    IDLE = auto()


class ArrivalClock:
    """Says at each look, `ARRIVE_SECONDS` apart, whether a request is too slow to arrive."""

    __slots__ = ("_late", "arrived")

    def __init__(self) -> None:
        # Bytes since the last look.
        self.arrived = 0
        self._late = False

    def is_over(self, phase: Phase) -> bool:
        """Return whether the request was late at the last look and still is."""
        arrived, self.arrived = self.arrived, 0
        late = phase is Phase.HEAD or (phase is Phase.BODY and arrived < MIN_BODY_BYTES)
        is_over = late and self._late
        self._late = late
        return is_over


class TimedProtocol(asyncio.Protocol):
    """Any HTTP protocol of uvicorn, whose requests must arrive in time.

    It knows what the connection waits for from the application's calls of `receive`, which `TimedApp` notes
    under the client's address.
    """

    def __init__(self, inner: Callable[..., Any], open_: dict[Any, TimedProtocol], **given: Any) -> None:
        self._inner, self._open = inner(**given), open_
        self.phase = Phase.HEAD
        self._clock = ArrivalClock()
        self._look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to look."""
        self._transport = transport
        self._client = client_of(transport.get_extra_info("peername"))
        self._open[self._client] = self
        self._look_later()
        self._inner.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the looks."""
        self._stop_looking()
        self._inner.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count the bytes. After an idle time they are the next head."""
        if self.phase is Phase.IDLE:
            self.phase = Phase.HEAD
        self._clock.arrived += len(data)
        self._inner.data_received(data)

    def eof_received(self) -> None:
        """Pass it on."""
        self._inner.eof_received()

    def pause_writing(self) -> None:
        """Pass it on."""
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Pass it on."""
        self._inner.resume_writing()

    def _look_later(self) -> None:
        self._look = asyncio.get_running_loop().call_later(ARRIVE_SECONDS, self._close_if_late)

    def _stop_looking(self) -> None:
        self._open.pop(self._client, None)
        if self._look is not None:
            self._look.cancel()

    def _close_if_late(self) -> None:
        if self._transport.get_protocol() is not self:
            # A WebSocket has taken the connection over, and takes its time.
            self._stop_looking()
        elif self._clock.is_over(self.phase):
            self._transport.close()
        else:
            self._look_later()


class TimedApp:
    """The application, which tells each `TimedProtocol` whether it waits for a head, a body or an answer."""

    def __init__(self, app: ASGIApp, open_: dict[Any, TimedProtocol]) -> None:
        self._app, self._open = app, open_

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and note the body's arrival."""
        connection = self._open.get(client_of(scope.get("client")))
        if connection is None or scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        complete = False

        async def timed_receive() -> Message:
            nonlocal complete
            connection.phase = Phase.ANSWER if complete else Phase.BODY
            message = await receive()
            complete = complete or not message.get("more_body")
            connection.phase = Phase.ANSWER
            return message

        connection.phase = Phase.ANSWER
        try:
            await self._app(scope, timed_receive, send)
        finally:
            connection.phase = Phase.IDLE


def client_of(address: Any) -> tuple[str, int] | None:
    """Return a client's address as ASGI gives it."""
    return None if not address else (str(address[0]), int(address[1]))


def bound_any_version(config: uvicorn.Config) -> None:
    """Bound the connections of a server by what every version of uvicorn documents.

    The caller has set `limit_concurrency`, which answers 503, and `http="h11"`, whose parser has the bound on
    heads.
    """
    config.h11_max_incomplete_event_size = MAX_HEAD_BYTES
    config.load()
    open_: dict[Any, TimedProtocol] = {}
    config.loaded_app = TimedApp(config.loaded_app, open_)
    config.http_protocol_class = partial(TimedProtocol, config.http_protocol_class, open_)  # type: ignore[assignment]
