"""POST /lists: a customer list as CSV, read as it arrives and never held whole.

    method and site → token → quota → OFFER_MATCHING → text/csv → `resolvers.changes.customer_lists` → the
    mutation's answer

It answers as the mutation `uploadCustomerList` does, with the same refusals. It is a route of its own because
a GraphQL request is one JSON text, which can be parsed only when all of it has arrived.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import orjson

from gateway.access.jwt import WhoAsks, caller_of
from gateway.web.requests import ClientGone, Head, is_utf8, read_head, refuse_method
from gateway.web.responses import Answer, refusal_of, refused, send_answer
from resolvers.stores.pool import StoreUnavailable
from schema.purposes import Purpose
from schema.refusals import Code, Refusal
from schema.types.customer_lists import CustomerListRefused, UploadCustomerListResult

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from gateway.access.tokens import Caller
    from gateway.quotas.requests import Admission
    from resolvers.changes.customer_lists import CustomerLists
    from resolvers.plan.principal import Principal

log = logging.getLogger("gateway.web.uploads")

PATH = "/lists"
# A slower client would hold one of few connections too long.
PATIENCE_SECONDS = 120


class ListsEndpoint:
    """The ASGI application of /lists. `lists_of(principal, client)`: the lists of the token's merchant."""

    def __init__(
        self,
        who_asks: WhoAsks,
        admission: Admission,
        lists_of: Callable[[Principal, str], CustomerLists],
        *,
        ids: Iterator[bytes],
        max_bytes: int,
    ) -> None:
        self._who_asks = who_asks
        self._admission = admission
        self._lists_of = lists_of
        self._request_ids = ids
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one upload, unless the client has left."""
        request_id = next(self._request_ids)
        try:
            given = await self._answer_to(read_head(scope), receive)
        except ClientGone:
            return
        except Exception as failure:
            given = refused(refusal_of(failure, log, "An upload failed.", request_id=request_id), True)
        await send_answer(send, given, False, request_id=request_id)

    async def _answer_to(self, head: Head, receive: Receive) -> Answer:
        refuse_method(head)
        if head.method != "POST":
            raise Refusal(Code.METHOD_NOT_ALLOWED)
        caller = await caller_of(self._who_asks, head.authorization, head.purpose)
        async with self._admission.place(caller.client):
            return await self._taken(head, receive, caller)

    async def _taken(self, head: Head, receive: Receive, caller: Caller) -> Answer:
        if caller.purpose is not Purpose.OFFER_MATCHING:
            raise Refusal(Code.PURPOSE_REFUSED)
        if not is_utf8(head.content_type, "text/csv") or head.content_encoding not in (None, b"identity"):
            raise Refusal(Code.UNSUPPORTED_MEDIA_TYPE)
        lists = self._lists_of(caller.principal, caller.client)
        offer = lists.offer_number(_offer(head.query_string))
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                chunks = self._chunks(head, receive)
                result = await lists.upload_csv(offer, chunks)
        except (TimeoutError, StoreUnavailable):
            raise Refusal(Code.STORE_UNAVAILABLE) from None
        return Answer(200, b'{"data":' + _result_text(result) + b"}")

    async def _chunks(self, head: Head, receive: Receive) -> AsyncIterator[bytes]:
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            chunk: bytes = message.get("body", b"")
            size += len(chunk)
            if size > self._max_bytes:
                raise Refusal(Code.REQUEST_TOO_LARGE)
            if chunk:
                yield chunk
            if not message.get("more_body"):
                return


def _offer(query_string: bytes) -> str:
    """The identifier in the query string. BAD_USER_INPUT if there is anything else."""
    try:
        pairs = parse_qsl(query_string.decode("ascii"), strict_parsing=True, max_num_fields=2)
    except ValueError:
        raise Refusal(Code.BAD_USER_INPUT) from None
    if [name for name, _ in pairs] != ["offer"]:
        raise Refusal(Code.BAD_USER_INPUT)
    return pairs[0][1]


def _result_text(result: UploadCustomerListResult) -> bytes:
    """The result as the mutation answers it with every field selected, in JSON."""
    fields: dict[str, object]
    if isinstance(result, CustomerListRefused):
        fields = {"__typename": "CustomerListRefused", "reason": result.reason}
    else:
        fields = {
            "__typename": "CustomerListTaken",
            "customerList": {
                "status": result.customer_list.status,
                "uploadedAt": result.customer_list.uploaded_at,
                "recordCountBand": result.customer_list.record_count_band,
                "audienceSizeBand": result.customer_list.audience_size_band,
            },
            "badLineCount": result.bad_line_count,
            "badLines": result.bad_lines,
        }
    return orjson.dumps({"uploadCustomerList": fields})
