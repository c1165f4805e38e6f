"""The HTTP application: routes, and the wiring of the parts that each request passes.

    POST, GET /graphql   method and site → token → purpose → body → document → `answer` → bytes out
    POST /lists          a merchant's customer list as CSV, read as it arrives (`uploads.py`)
    GET /healthz         the process is up
    GET /readyz          every store can be asked; 503 and its name if one cannot

Whatever goes wrong inside is one fixed sentence to the client and one scrubbed line in the log.

/graphql is told apart before Starlette's middleware and router: they take as long (5 µs of 11) as all
the gateway's own work on a request's head and answer.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gateway import keeper
from gateway.answer import Gateway, answer
from gateway.documents import DocumentBook, open_document_book
from gateway.requests import (
    Asked,
    ClientGone,
    Head,
    read_asked,
    read_head,
    refuse_method,
    wants_graphql_response,
)
from gateway.responses import Answer, refused, request_ids, send_answer
from gateway.settings import Settings
from gateway.tokens import Caller, TokenBook, open_token_book
from gateway.uploads import PATH, PATIENCE_SECONDS, ListsEndpoint
from resolvers.audit import ObjectionAudit
from resolvers.cache import PlanCache
from resolvers.catalogue import Store
from resolvers.cursors import Cursors
from resolvers.fields import OBJECTS, check_fields
from resolvers.inspection import differences
from resolvers.matching import WRONG_KEY, CustomerLists, ListWriters, fits
from resolvers.mutations import Calls
from resolvers.objections import Rules
from resolvers.policies import RecordedPolicies
from resolvers.preferences import Preferences, Writers
from resolvers.stores import (
    Endpoint,
    Pool,
    StoreUnavailable,
    connect_owner,
    connect_role,
    stands_behind_pooler,
)
from resolvers.universe import universes
from resolvers.worlds import build_worlds
from resolvers.writers import LISTS
from schema.audit import Audit
from schema.operations import DocumentLimits
from schema.privacy import Policies
from schema.purposes import Purpose
from schema.refusals import Code, Refusal

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from resolvers.bound import Bound

log = logging.getLogger("gateway.app")

WhoAsks = Callable[[bytes | None, bytes | None], Caller]
Trusted = Callable[[Asked, Caller], Asked]
AnswerFor = Callable[[Asked, Caller], Awaitable[Answer]]
Ready = Callable[[], Awaitable[Mapping[str, bool]]]

NO_STORE = {"cache-control": "no-store"}


class GraphQLEndpoint:
    """The ASGI application of /graphql.

    `who_asks` is `TokenBook.caller`, `trusted` is `DocumentBook.trusted`. `answer_for` raises Refusal for
    what it refuses; any other exception of it becomes INTERNAL.
    """

    def __init__(
        self,
        who_asks: WhoAsks,
        trusted: Trusted,
        answer_for: AnswerFor,
        ids: Iterator[bytes],
        max_body_bytes: int,
    ) -> None:
        self._who_asks = who_asks
        self._trusted = trusted
        self._answer = answer_for
        self._request_ids = ids
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request: always a GraphQL response, unless the client has left."""
        request_id = next(self._request_ids)
        head = read_head(scope)
        graphql_response = wants_graphql_response(head)
        try:
            given = await self._answer_to(head, receive)
        except ClientGone:
            return
        except Refusal as refusal:
            given = refused(refusal, graphql_response)
        except Exception as exception:
            log.error("A request failed.", exc_info=exception, extra={"request_id": request_id})
            given = refused(Refusal(Code.INTERNAL), graphql_response)
        await send_answer(send, given, graphql_response, request_id)

    async def _answer_to(self, head: Head, receive: Receive) -> Answer:
        refuse_method(head)
        caller = self._who_asks(head.authorization, head.purpose)
        asked = await read_asked(head, receive, self._max_body_bytes)
        return await self._answer(self._trusted(asked, caller), caller)


class Application:
    """The ASGI application: /graphql, /lists, and Starlette for the rest."""

    def __init__(self, graphql: GraphQLEndpoint, rest: Starlette, lists: ListsEndpoint | None) -> None:
        self.graphql = graphql
        self.lists = lists
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and scope["path"] == "/graphql":
            await self.graphql(scope, receive, send)
        elif scope["type"] == "http" and scope["path"] == PATH and self.lists is not None:
            await self.lists(scope, receive, send)
        else:
            await self._rest(scope, receive, send)


def build_app(graphql: GraphQLEndpoint, ready: Ready, lists: ListsEndpoint | None = None) -> Application:
    """Return the application. `ready` says of each store whether it can be asked now."""

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok", headers=NO_STORE)

    async def readyz(_: Request) -> Response:
        stores = dict(await ready())
        return JSONResponse(stores, 200 if all(stores.values()) else 503, headers=NO_STORE)

    app = Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz)])
    # A redirect would name the host that the client claimed, and turn a POST into an error elsewhere.
    app.router.redirect_slashes = False
    return Application(graphql, app, lists)


# --- wiring ---------------------------------------------------------------------------------------


class NotReady(Exception):
    """The gateway must not serve: each line says what differs, and what to do."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


@asynccontextmanager
async def open_gateway(settings: Settings) -> AsyncIterator[Application]:
    """The application with everything behind it, checked and connected, until the block ends.

    NotReady if a store cannot be reached, or holds anything else than its universes' policy allows.
    """
    check_fields()
    endpoints = {store: await _checked_endpoints(settings, store) for store in Store}
    if wrong := await keeper.check(settings) or await keeper.finish_at_start(settings):
        raise NotReady(wrong)
    if wrong := await _check_matching_key(settings):
        raise NotReady(wrong)
    gateway = assemble(settings, endpoints)
    connect = partial(connect_owner, settings.control_dsn.get_secret_value())
    async with (
        open_token_book(settings.key("tokens"), connect, time.time, time.monotonic) as book,
        open_document_book(connect, time.monotonic) as documents,
    ):
        endpoint = GraphQLEndpoint(
            book.caller,
            documents.trusted,
            partial(answer, gateway),
            request_ids(secrets.token_bytes),
            settings.max_body_bytes,
        )
        uploads = ListsEndpoint(
            book.caller,
            lambda bound: gateway.context_of(bound, "").lists,  # type: ignore[arg-type,return-value]
            request_ids(secrets.token_bytes),
            settings.max_list_bytes,
        )
        keeping = asyncio.create_task(keeper.keep(settings), name="restrictions")
        try:
            yield build_app(endpoint, partial(_ready, gateway, book, documents), uploads)
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
            for pools in gateway.pools.values():
                await asyncio.gather(*(pool.close() for pool in pools.values()))


def assemble(settings: Settings, endpoints: Mapping[Store, Mapping[Purpose, Endpoint]]) -> Gateway:
    """The parts of an answer, not yet connected."""
    cursors = Cursors(settings.key("cursors", 64))
    worlds = build_worlds(OBJECTS, cursors, settings.sharded)
    pools = {
        purpose: {
            store: Pool(of_store[purpose]) for store, of_store in endpoints.items() if purpose in of_store
        }
        for purpose in Purpose
    }
    writers = Writers(keeper.writer_endpoints(settings))
    plans = PlanCache(worlds, DocumentLimits(), settings.cached_documents)
    list_writers = ListWriters(list_endpoint(settings))
    key = settings.key("customer lists")
    audit = ObjectionAudit(pools[Purpose.AUDIT])
    calls = partial(
        _calls_of, writers, keeper.rules_of(settings), RecordedPolicies(), audit, list_writers, key
    )
    return Gateway(plans, pools, cursors, settings.max_cost, calls)


def _calls_of(
    writers: Writers,
    rules: Rules,
    policies: Policies,
    audit: Audit,
    list_writers: ListWriters,
    key: bytes,
    bound: Bound,
    client: str,
) -> Calls:
    """What the ordinary resolvers may call for a token."""
    return Calls(
        Preferences(writers.open, rules, bound, f"client {client}"),
        policies,
        audit,
        CustomerLists(list_writers, key, bound.merchant_id),
    )


def list_endpoint(settings: Settings) -> Endpoint:
    """Where whoever matches customer lists connects to."""
    return Endpoint(
        dsn=settings.store_dsn(Store.SOCIAL).get_secret_value(),
        role=LISTS,
        connect_timeout_s=settings.connect_timeout_ms / 1000,
        request_timeout_s=PATIENCE_SECONDS,
    )


def endpoints_of(settings: Settings, store: Store, pooled: bool) -> dict[Purpose, Endpoint]:
    """Where each purpose that sees the store connects to."""
    return {
        universe.purpose: Endpoint(
            dsn=settings.store_dsn(store).get_secret_value(),
            role=universe.role,
            size=settings.pool_size,
            connect_timeout_s=settings.connect_timeout_ms / 1000,
            request_timeout_s=settings.request_timeout_ms / 1000,
            pooled=pooled,
        )
        for universe in universes(OBJECTS, store)
    }


async def _checked_endpoints(settings: Settings, store: Store) -> dict[Purpose, Endpoint]:
    endpoints = endpoints_of(settings, store, pooled=True)
    first = next(iter(endpoints.values()))
    try:
        connection = await connect_role(first)
    except StoreUnavailable:
        raise NotReady(
            [
                f"{store}: the role {first.role} cannot connect; check GATEWAY_{store.upper()}_DSN, "
                f"then run `gateway universe --store {store} --apply`"
            ]
        ) from None
    try:
        async with connection.transaction(readonly=True):
            found = await differences(connection, OBJECTS, store)
    finally:
        connection.terminate()
    if found:
        raise NotReady(found)
    wrong, pooled = await check_logins(settings, store)
    if wrong:
        raise NotReady([f"{store}: {line}" for line in wrong])
    return endpoints_of(settings, store, pooled=bool(pooled) and not settings.pooler_keeps_statements)


async def check_logins(settings: Settings, store: Store) -> tuple[list[str], bool | None]:
    """Which purposes' roles do not log in as themselves, each to its own universe; one sentence each.

    And whether a pooler stands between; None if nobody could ask. One that changes the user would answer
    each purpose out of another's universe, and nothing else would tell.
    """
    wrong: list[str] = []
    poolers: set[bool] = set()
    for purpose, endpoint in endpoints_of(settings, store, pooled=True).items():
        try:
            as_it_should, pooled = await _ask_as(endpoint, purpose)
        except StoreUnavailable:
            wrong.append(
                f"{endpoint.role} cannot log in to GATEWAY_{store.upper()}_DSN: give it a way in "
                "(pg_hba.conf, or a password in .pgpass)"
            )
            continue
        poolers.add(pooled)
        if not as_it_should:
            wrong.append(
                f"{endpoint.role} becomes another user or stands in another schema: "
                "a pooler must pass the user on and keep its settings"
            )
    return wrong, any(poolers) if poolers else None


async def _ask_as(endpoint: Endpoint, purpose: Purpose) -> tuple[bool, bool]:
    """Whether the role is itself in its own universe, and whether a pooler stands between."""
    connection = await connect_role(endpoint)
    try:
        async with connection.transaction(readonly=True):
            row = await connection.fetchrow("SELECT current_user, current_schema")
            pooled = await stands_behind_pooler(connection)
        return (row is not None and tuple(row) == (endpoint.role, purpose.universe)), pooled
    finally:
        connection.terminate()


async def _check_matching_key(settings: Settings) -> list[str]:
    """Why no customer list could be matched, or nothing."""
    key = settings.key("customer lists")
    try:
        async with ListWriters(list_endpoint(settings)).open() as connection:
            if await fits(connection, key):
                return []
    except StoreUnavailable:
        return [f"social: the role {LISTS} cannot connect; check GATEWAY_SOCIAL_DSN"]
    return [f"social: {WRONG_KEY}"]


async def _ready(gateway: Gateway, book: TokenBook, documents: DocumentBook) -> Mapping[str, bool]:
    answers = {store.value: await _can_be_asked(gateway, store) for store in Store}
    return {**answers, "control": answers["control"] and book.is_fresh and documents.follower.is_fresh}


async def _can_be_asked(gateway: Gateway, store: Store) -> bool:
    pool = next(pools[store] for pools in gateway.pools.values() if store in pools)
    try:
        await pool.fetch("SELECT 1", ())
    except StoreUnavailable:
        return False
    return True
