"""POST, GET /graphql: one request from its head to the bytes of its answer.

    method and site → token → purpose → quota → body → document → `answer` → bytes out

Whatever goes wrong inside is one fixed sentence to the client and one scrubbed line in the log.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from time import monotonic
from typing import TYPE_CHECKING, Any

from gateway.access.jwt import WhoAsks, caller_of
from gateway.web.requests import (
    Asked,
    ClientGone,
    Head,
    read_asked,
    read_head,
    refuse_method,
    wants_graphql_response,
)
from gateway.web.responses import Answer, refusal_of, refused, send_answer
from resolvers.stores.deadlines import Deadlines
from schema.refusals import Code, Refusal

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from gateway.access.tokens import Caller
    from gateway.quotas.admission import Admission
    from gateway.web.tally import Tally

log = logging.getLogger("gateway.web.graphql")

AnswerFor = Callable[[Asked, "Caller", bytes], Awaitable[Answer]]
Trusted = Callable[[Asked, "Caller"], Asked]


class GraphQLEndpoint:
    """The ASGI application of /graphql.

    `who_asks` is `TokenBook.caller`, `trusted` is `DocumentBook.trusted`. `answer_for` raises Refusal for
    what it refuses; any other exception of it becomes INTERNAL, and what takes longer than `patience_s`
    STORE_UNAVAILABLE: each statement has a limit of its own, but a request may need many. `tally` counts what
    is refused and what is slow.
    """

    def __init__(
        self,
        who_asks: WhoAsks,
        admission: Admission,
        trusted: Trusted,
        answer_for: AnswerFor,
        ids: Iterator[bytes],
        max_body_bytes: int,
        patience_s: float,
        tally: Tally,
    ) -> None:
        self._who_asks = who_asks
        self._admission = admission
        self._trusted = trusted
        self._overdue: set[asyncio.Task[Any]] = set()
        self._patience: Deadlines[asyncio.Task[Any]] = Deadlines(patience_s, self._give_up)
        self._answer = answer_for
        self._request_ids = ids
        self._max_body_bytes = max_body_bytes
        self._tally = tally

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request: always a GraphQL response, unless the client has left."""
        request_id = next(self._request_ids)
        began = monotonic()
        head = read_head(scope)
        graphql_response = wants_graphql_response(head)
        known: list[Caller] = []
        code = None
        try:
            given = await self._answer_to(head, receive, request_id, known)
        except ClientGone:
            return
        except Exception as failure:
            refusal = refusal_of(failure, log, "A request failed.", request_id)
            code, given = refusal.code, refused(refusal, graphql_response)
        took_s = monotonic() - began
        if code is not None:
            self._tally.refused(code, known[0] if known else None, took_s, request_id)
        elif took_s > self._tally.slow_s:
            self._tally.slow(known[0], took_s, request_id)
        await send_answer(send, given, graphql_response, request_id)

    async def _answer_to(
        self, head: Head, receive: Receive, request_id: bytes, known: list[Caller]
    ) -> Answer:
        """The answer; whose it is is put into `known` once that is so, for whatever comes of it."""
        refuse_method(head)
        caller = await caller_of(self._who_asks, head.authorization, head.purpose)
        known.append(caller)
        if not self._admission.enter_now(caller.client):
            await self._admission.enter(caller.client)
        try:
            asked = self._trusted(await read_asked(head, receive, self._max_body_bytes), caller)
            task = asyncio.current_task(self._patience.loop)
            assert task is not None
            self._patience.add(task)
            try:
                return await self._answer(asked, caller, request_id)
            except asyncio.CancelledError:
                # Whoever stops the server cancels as well, and means it.
                if task not in self._overdue:
                    raise
                task.uncancel()
                raise Refusal(Code.STORE_UNAVAILABLE) from None
            finally:
                self._patience.remove(task)
                self._overdue.discard(task)
        finally:
            self._admission.leave(caller.client)

    def _give_up(self, task: asyncio.Task[Any]) -> None:
        self._overdue.add(task)
        task.cancel()
