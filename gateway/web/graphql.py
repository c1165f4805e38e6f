"""POST, GET /graphql: from the bytes of a request to the bytes of its answer.

`gateway/answer.py` does all that is between. Every failure is one fixed sentence for the client; a failure
that is not a refusal is also one scrubbed line in the log.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator
from time import monotonic
from typing import TYPE_CHECKING

from gateway.web.requests import ClientGone, HttpRequest, read_head, wants_graphql_response
from gateway.web.responses import Answer, refusal_of, refused, send_answer

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from gateway.web.tally import Tally

log = logging.getLogger("gateway.web.graphql")


class GraphQLEndpoint:
    """The ASGI application of /graphql.

    `answer` raises Refusal when it refuses; any other exception becomes INTERNAL. `tally` counts requests
    that are refused or slow.
    """

    def __init__(
        self, answer: Callable[[HttpRequest], Awaitable[Answer]], ids: Iterator[bytes], tally: Tally
    ) -> None:
        self._answer = answer
        self._request_ids = ids
        self._tally = tally

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request: always a GraphQL response, unless the client has left."""
        began = monotonic()
        request = HttpRequest(read_head(scope), receive, next(self._request_ids))
        graphql_response = wants_graphql_response(request.head)
        code = None
        try:
            given = await self._answer(request)
        except ClientGone:
            return
        except Exception as failure:
            refusal = refusal_of(failure, log, "A request failed.", request_id=request.id)
            code, given = refusal.code, refused(refusal, graphql_response)
        took_s = monotonic() - began
        if code is not None:
            self._tally.refused(code, request.caller, took_s, request_id=request.id)
        elif took_s > self._tally.slow_s:
            self._tally.slow(request.caller, took_s, request.id)
        await send_answer(send, given, graphql_response, request_id=request.id)
