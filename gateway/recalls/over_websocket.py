"""/recalls over a WebSocket, as the protocol graphql-transport-ws says; no other one is spoken.

The handshake and the messages are Strawberry's; what is asked goes to the desk, like everything else. Who
asks is said in the payload of `connection_init` (`authorization`, `gateway-purpose`), for browsers can set no
header, or else in the headers of the handshake. A token that does not hold any more ends the stream within a
second.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson
from graphql import GraphQLError
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.types.execution import ExecutionResult, PreExecutionError

from gateway.access.jwt import WhoAsks, caller_of, refuse_unless_still
from gateway.recalls.desk import MAX_STREAMS, Desk, RecallOperation
from schema.refusals import MESSAGES, Code, Refusal

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send
    from starlette.websockets import WebSocket

    from gateway.access.tokens import Caller
    from gateway.quotas.requests import Admission

log = logging.getLogger("gateway.recalls.over_websocket")

# The releases of Strawberry for which this file is written: `_Handler` overrides a method of no documented
# class. pyproject.toml has the same bound.
WRITTEN_FOR = ("0.341",)

# A client that sends no `connection_init` within this time loses its connection.
INIT_SECONDS = 10


@dataclass
class _Connection:
    """One connection: what `connection_init` said, the handshake's headers, and, once known, who asks."""

    headers: Mapping[str, str]
    connection_params: dict[str, Any] = field(default_factory=dict)
    caller: Caller | None = None

    @property
    def credential(self) -> tuple[bytes | None, bytes | None]:
        """The values of Authorization and Gateway-Purpose."""
        said = {str(name).lower(): value for name, value in self.connection_params.items()}
        authorization, purpose = (
            _bytes(said.get(name, self.headers.get(name))) for name in ("authorization", "gateway-purpose")
        )
        return authorization, purpose


def _bytes(value: object) -> bytes | None:
    return value.encode() if isinstance(value, str) else None


class _Handler(BaseGraphQLTransportWSHandler[Any, Any]):
    """Strawberry's, which takes messages of any form for what they should be."""

    async def handle_message(self, message: Any) -> None:
        """Handle one, if it has the form of any."""
        if _is_well_formed(message):
            await super().handle_message(message)
        else:
            await self.handle_invalid_message("Invalid message")


def _is_well_formed(message: Any) -> bool:
    if not isinstance(message, dict) or not isinstance(message.get("id", ""), str):
        return False
    if message.get("type") != "subscribe":
        return True
    payload = message.get("payload")
    if not isinstance(payload, dict) or not isinstance(payload.get("query"), str):
        return False
    name, variables = payload.get("operationName"), payload.get("variables")
    return (name is None or isinstance(name, str)) and (variables is None or isinstance(variables, dict))


class RecallSocket(GraphQL[Any, Any]):
    """The ASGI application of /recalls over WebSockets."""

    graphql_transport_ws_handler_class = _Handler

    def __init__(self, who_asks: WhoAsks, admission: Admission, desk: Desk, *, ids: Iterator[bytes]) -> None:
        super().__init__(
            _Operations(who_asks, admission, desk, ids=ids),  # type: ignore[arg-type]
            graphql_ide=None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            connection_init_wait_timeout=timedelta(seconds=INIT_SECONDS),
            max_subscriptions_per_connection=MAX_STREAMS,
        )
        self._who_asks = who_asks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        try:
            await super().__call__(scope, receive, send)
        except Exception as exception:
            log.error("A connection failed.", exc_info=exception)
            await send({"type": "websocket.close", "code": 1011})

    async def get_context(self, request: Any, response: Any) -> _Connection:
        """What is known of the connection so far."""
        socket: WebSocket = request
        return _Connection(socket.headers)

    async def on_ws_connect(self, context: _Connection) -> Any:
        """Accept a client that shows a token and names a purpose of it; reject any other."""
        try:
            context.caller = await caller_of(self._who_asks, *context.credential)
        except Refusal:
            raise ConnectionRejectionError from None
        return await super().on_ws_connect(context)


class _Operations:
    """What the handler asks of a schema: to run one operation, as a stream of one answer or of many."""

    def __init__(self, who_asks: WhoAsks, admission: Admission, desk: Desk, *, ids: Iterator[bytes]) -> None:
        self._who_asks, self._admission, self._desk, self._request_ids = who_asks, admission, desk, ids

    async def stream(
        self,
        query: str,
        *,
        variable_values: dict[str, Any] | None,
        context_value: _Connection,
        root_value: object,
        operation_name: str | None,
    ) -> AsyncGenerator[ExecutionResult]:
        """The answers; the first one is a PreExecutionError if the operation is refused."""
        return self._answers(query, operation_name, variable_values or {}, connection=context_value)

    async def _answers(
        self, query: str, name: str | None, variables: dict[str, Any], *, connection: _Connection
    ) -> AsyncGenerator[ExecutionResult]:
        request_id = next(self._request_ids)
        try:
            caller = await caller_of(self._who_asks, *connection.credential)
            prepared = await self._admitted(caller, query, name, variables=variables)
            if not prepared.operation.is_stream:
                changed = await self._desk.answer(prepared, caller, request_id)
                yield _result(orjson.loads(changed.data), changed.wrong)
                return
            still_asks = partial(refuse_unless_still, self._who_asks, *connection.credential)
            with self._desk.place(caller.client):
                stream = self._desk.stream(prepared, caller, request_id, still_asks=still_asks)
                async with aclosing(stream) as answers:
                    async for each in answers:
                        yield _result(each.data, each.wrong)
        except Refusal as refusal:
            yield PreExecutionError(None, [_error(refusal.code)])
        except Exception as exception:
            log.error("An operation failed.", exc_info=exception, extra={"request_id": request_id})
            yield PreExecutionError(None, [_error(Code.INTERNAL)])

    async def _admitted(
        self, caller: Caller, query: str, name: str | None, *, variables: dict[str, Any]
    ) -> RecallOperation:
        """The operation, counted like a request."""
        async with self._admission.place(caller.client):
            return self._desk.prepare(query, name, variables)


def _result(data: dict[str, Any] | None, wrong: tuple[Code, ...]) -> ExecutionResult:
    return ExecutionResult(data, [_error(code) for code in wrong] or None)


def _error(code: Code) -> GraphQLError:
    return GraphQLError(MESSAGES[code], extensions={"code": code.value})
