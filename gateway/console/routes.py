"""The routes of the console."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.routing import BaseRoute, Mount, Route

from gateway.access.jwt import ScopeOf, scope_of
from gateway.console import facts
from gateway.console.files import BUILT, PAGES, files, page_of_build
from gateway.web.requests import Head, query_parameters, read_head, refuse_method
from gateway.web.responses import Answer, refusal_of, refused, send_answer
from schema.refusals import Code, Refusal

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from gateway.quotas.requests import Admission

log = logging.getLogger("gateway.console")

FACTS = "/console/facts/"
MAX_QUERY_BYTES = 1_000


def console_routes(
    scope_of_token: ScopeOf, admission: Admission, ids: Iterator[bytes], *, demo: facts.DemoOffer | None
) -> list[BaseRoute]:
    """Return the console's routes. `scope_of_token` is `TokenBook.scope`; `demo` is None outside a demo."""
    asked: Any = FactsEndpoint(scope_of_token, admission, ids, demo=demo)
    return [
        *(Route(each, page_of_build) for each in PAGES),
        Route(FACTS + "{about}", asked),
        Mount("/console", files(BUILT)),
    ]


class FactsEndpoint:
    """The ASGI application of the facts. A request counts towards its client's quota."""

    def __init__(
        self,
        scope_of_token: ScopeOf,
        admission: Admission,
        ids: Iterator[bytes],
        *,
        demo: facts.DemoOffer | None,
    ) -> None:
        self._scope_of, self._admission = scope_of_token, admission
        self._request_ids, self._demo = ids, demo

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request_id = next(self._request_ids)
        try:
            given = await self._answer_to(read_head(scope), scope["path"].removeprefix(FACTS))
        except Exception as failure:
            given = refused(
                refusal_of(failure, log, "The console could not be answered.", request_id=request_id), True
            )
        await send_answer(send, given, False, request_id=request_id)

    async def _answer_to(self, head: Head, about: str) -> Answer:
        refuse_method(head)
        if head.method != "GET":
            raise Refusal(Code.METHOD_NOT_ALLOWED)
        if about == "demo":
            return self._demo_facts(head)
        callers = await scope_of(self._scope_of, head.authorization)
        async with self._admission.place(callers[0].client):
            if about == "token":
                return facts.token_facts(callers)
            if about == "rules":
                return facts.rule_facts(callers)
            if about == "explanation":
                return facts.explanation_facts(callers, *_asked_for(head.query_string))
        return _NOTHING

    def _demo_facts(self, head: Head) -> Answer:
        # By a name that another site had resolved to this machine, that site would read the tokens.
        return facts.demo_facts(self._demo if _is_this_machine(head.host) else None)


_NOTHING = Answer(404, b'{"errors":[{"message":"There is nothing here."}]}')


def _asked_for(query: bytes) -> Sequence[str]:
    """The parameters ``field`` and ``purpose``. BAD_REQUEST unless each is there once."""
    given = query_parameters(query) if len(query) <= MAX_QUERY_BYTES else {}
    if given.keys() != {"field", "purpose"}:
        raise Refusal(Code.BAD_REQUEST)
    return given["field"], given["purpose"]


def _is_this_machine(host: bytes | None) -> bool:
    with suppress(ValueError):
        name = urlsplit(f"//{(host or b'').decode('latin-1')}").hostname or ""
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    return False
