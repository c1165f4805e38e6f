"""The HTTP application: routes, and the wiring of the parts that each request passes.

    POST, GET /graphql   method and site → token → purpose → body → `answer` → bytes out
    GET /healthz         the process is up
    GET /readyz          every store can be asked; 503 and its name if one cannot

Whatever goes wrong inside is one fixed sentence to the client and one scrubbed line in the log.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gateway.requests import (
    Asked,
    ClientGone,
    Head,
    read_asked,
    read_head,
    refuse_method,
    wants_graphql_response,
)
from gateway.responses import Answer, refused, send_answer
from gateway.tokens import Caller
from schema.refusals import Code, Refusal

if TYPE_CHECKING:
    from starlette.types import Lifespan, Receive, Scope, Send

log = logging.getLogger("gateway.app")

WhoAsks = Callable[[bytes | None, bytes | None], Caller]
AnswerFor = Callable[[Asked, Caller], Awaitable[Answer]]
Ready = Callable[[], Awaitable[Mapping[str, bool]]]

NO_STORE = {"cache-control": "no-store"}


class GraphQLEndpoint:
    """The ASGI application of /graphql; a class, so that Starlette adds nothing around it.

    `who_asks` is `TokenBook.caller`. `answer` raises Refusal for what it refuses; any other exception
    of it becomes INTERNAL.
    """

    def __init__(
        self, who_asks: WhoAsks, answer: AnswerFor, request_ids: Iterator[bytes], max_body_bytes: int
    ) -> None:
        self._who_asks = who_asks
        self._answer = answer
        self._request_ids = request_ids
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request: always a GraphQL response, unless the client has left."""
        request_id = next(self._request_ids)
        head = read_head(scope)
        graphql_response = wants_graphql_response(head)
        try:
            answer = await self._answer_to(head, receive)
        except ClientGone:
            return
        except Refusal as refusal:
            answer = refused(refusal, graphql_response)
        except Exception as exception:
            log.error("A request failed.", exc_info=exception, extra={"request_id": request_id})
            answer = refused(Refusal(Code.INTERNAL), graphql_response)
        await send_answer(send, answer, graphql_response, request_id)

    async def _answer_to(self, head: Head, receive: Receive) -> Answer:
        refuse_method(head)
        caller = self._who_asks(head.authorization, head.purpose)
        asked = await read_asked(head, receive, self._max_body_bytes)
        return await self._answer(asked, caller)


def build_app(
    graphql: GraphQLEndpoint, ready: Ready, lifespan: Lifespan[Starlette] | None = None
) -> Starlette:
    """Return the application. `ready` says of each store whether it can be asked now."""

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok", headers=NO_STORE)

    async def readyz(_: Request) -> Response:
        stores = dict(await ready())
        return JSONResponse(stores, 200 if all(stores.values()) else 503, headers=NO_STORE)

    routes = [Route("/graphql", graphql), Route("/healthz", healthz), Route("/readyz", readyz)]
    app = Starlette(routes=routes, lifespan=lifespan)
    # A redirect would name the host that the client claimed, and turn a POST into an error elsewhere.
    app.router.redirect_slashes = False
    return app
