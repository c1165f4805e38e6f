"""POST, GET /recalls: the notices over HTTP; a subscription as server-sent events.

    method and site → token → purpose → quota → body → document → `Desk` → bytes, or events, out

A subscription whose Accept names `text/event-stream` gets a stream; no other operation does, whatever its
Accept says. Events have the frames of GraphQL over Server-Sent Events ("distinct connections mode"): one
`next` for each GraphQL response, then `complete`. A comment every few seconds keeps proxies from closing the
stream.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import orjson

from gateway.access.jwt import WhoAsks, caller_of, refuse_unless_still
from gateway.recalls.desk import Desk, RecallAnswer, RecallOperation
from gateway.web.requests import (
    ClientGone,
    Head,
    read_asked,
    read_head,
    refuse_method,
    wants_graphql_response,
)
from gateway.web.responses import Answer, error_object, refusal_of, refused, send_answer
from schema.refusals import Code, Refusal

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from gateway.access.tokens import Caller
    from gateway.quotas.requests import Admission

log = logging.getLogger("gateway.recalls.over_http")

PATH = "/recalls"
EVENTS = b"text/event-stream"
BEAT_SECONDS = 10.0
COMPLETE = b"event: complete\ndata:\n\n"
BEAT = b":\n\n"


@dataclass(frozen=True)
class _Subscription:
    """A subscription that is to be answered."""

    prepared: RecallOperation
    caller: Caller


class RecallsEndpoint:
    """The ASGI application of /recalls over HTTP."""

    def __init__(
        self,
        who_asks: WhoAsks,
        admission: Admission,
        desk: Desk,
        *,
        ids: Iterator[bytes],
        max_body_bytes: int,
    ) -> None:
        self._who_asks, self._admission, self._desk = who_asks, admission, desk
        self._request_ids, self._max_body_bytes = ids, max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, unless the client has left."""
        request_id = next(self._request_ids)
        head = read_head(scope)
        streams = EVENTS in (head.accept or b"").lower()
        if streams:
            # Refusals and the answers of other operations are sent as if the client had named no media type.
            head = head._replace(accept=None)
        graphql_response = wants_graphql_response(head)
        try:
            given = await self._answer_to(head, receive, request_id, streams=streams)
            if isinstance(given, _Subscription):
                with self._desk.place(given.caller.client):
                    async with aclosing(self._begin(given, head, request_id)) as told:
                        await _send_events(send, receive, told, request_id=request_id)
                return
        except ClientGone:
            return
        except Exception as failure:
            given = refused(
                refusal_of(failure, log, "A request failed.", request_id=request_id), graphql_response
            )
        await send_answer(send, given, graphql_response, request_id=request_id)

    async def _answer_to(
        self, head: Head, receive: Receive, request_id: bytes, *, streams: bool
    ) -> Answer | _Subscription:
        refuse_method(head)
        caller = await caller_of(self._who_asks, head.authorization, head.purpose)
        # A stream has places of its own: it would hold this one for days.
        async with self._admission.place(caller.client):
            asked = await read_asked(head, receive, self._max_body_bytes)
            prepared = self._desk.prepare(asked.document, asked.operation_name, asked.variables)
            operation = prepared.operation
            if operation.is_stream:
                if not streams:
                    raise Refusal(Code.NOT_ACCEPTABLE)
                return _Subscription(prepared, caller)
            if asked.is_get and not operation.is_query:
                raise Refusal(Code.METHOD_NOT_ALLOWED)
            changed = await self._desk.answer(prepared, caller, request_id)
        errors = _errors(changed.wrong)
        return Answer(200, b"{" + errors + b'"data":' + changed.data + b"}")

    def _begin(self, stream: _Subscription, head: Head, request_id: bytes) -> AsyncGenerator[RecallAnswer]:
        still_asks = partial(refuse_unless_still, self._who_asks, head.authorization, head.purpose)
        return self._desk.stream(stream.prepared, stream.caller, request_id, still_asks=still_asks)


def _errors(wrong: tuple[Code, ...]) -> bytes:
    """The member `errors` and the comma behind it, or nothing."""
    if not wrong:
        return b""
    return b'"errors":[' + b",".join(error_object(Refusal(code)) for code in wrong) + b"],"


async def _send_events(
    send: Send, receive: Receive, told: AsyncGenerator[RecallAnswer], *, request_id: bytes
) -> None:
    """Send each answer as it comes, until there are no more or the client leaves."""
    headers = [
        (b"content-type", EVENTS),
        (b"cache-control", b"no-store"),
        (b"vary", b"Authorization, Gateway-Purpose, Accept"),
        (b"x-content-type-options", b"nosniff"),
        # A proxy that buffers would delay each event.
        (b"x-accel-buffering", b"no"),
        (b"x-request-id", request_id),
    ]
    gone = asyncio.create_task(_until_gone(receive))
    coming: asyncio.Task[RecallAnswer] = asyncio.ensure_future(anext(told))
    try:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        while True:
            done, _ = await asyncio.wait(
                {coming, gone}, timeout=BEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            if gone in done:
                return
            body = _event(coming) if coming in done else BEAT
            last = body.endswith(COMPLETE)
            await send({"type": "http.response.body", "body": body, "more_body": not last})
            if last:
                return
            if coming in done:
                coming = asyncio.ensure_future(anext(told))
    finally:
        for each in (gone, coming):
            each.cancel()
        await asyncio.gather(gone, coming, return_exceptions=True)


def _event(coming: asyncio.Task[RecallAnswer]) -> bytes:
    """The answer as an event; at the end of the stream, and behind what ended it, `complete`."""
    try:
        told = coming.result()
    except StopAsyncIteration:
        return COMPLETE
    body = b"{" + _errors(told.wrong) + b'"data":' + orjson.dumps(told.data) + b"}"
    event = b"event: next\ndata: " + body + b"\n\n"
    return event if told.data is not None else event + COMPLETE


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
