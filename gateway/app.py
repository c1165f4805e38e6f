"""The HTTP application: routes, and the wiring of the parts that each request passes.

    POST, GET /graphql   a question (`web/graphql.py`)
    POST /lists          a merchant's customer list as CSV, read as it arrives (`web/uploads.py`)
    POST, GET, WebSocket /recalls   notices to clients of objections (`recalls/desk.py`)
    GET /, /console/…    the console, a page for people (`console/`)
    GET /healthz         the process is up
    GET /readyz          every store can be asked; 503 and its name if one cannot

/graphql is told apart before Starlette's middleware and router: they take as long (5 µs of 11) as all
the gateway's own work on a request's head and answer.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from gateway.access.jwt import open_identities
from gateway.access.rotation import keep_warning
from gateway.access.token_use import noting, token_use_login
from gateway.access.tokens import TokenBook, open_token_book
from gateway.answer import Gateway, answer
from gateway.console.facts import Demo
from gateway.console.routes import console_routes
from gateway.documents.trusted import DocumentBook, open_document_book
from gateway.ledger.officer_reports import OfficerReports
from gateway.ledger.record import ROLE as LEDGER
from gateway.ledger.record import Ledger, open_ledger
from gateway.quotas.admission import Admission, open_admission, quotas_login, usual_quota
from gateway.recalls.desk import Desk, open_desk
from gateway.recalls.over_http import PATH as RECALLS_PATH
from gateway.recalls.over_http import RecallsEndpoint
from gateway.recalls.over_websocket import RecallSocket
from gateway.settings import Settings
from gateway.upkeep import reconciler
from gateway.upkeep.store_logins import (
    NotReady,
    check_matching_key,
    checked_logins,
    ledger_login,
    list_login,
    recall_logins,
    refused_writers,
    writer_logins,
)
from gateway.web.connections.known_heads import GRAPHQL_PATH
from gateway.web.graphql import GraphQLEndpoint
from gateway.web.responses import request_ids
from gateway.web.tally import Tally, noting_requests
from gateway.web.uploads import PATH as LISTS_PATH
from gateway.web.uploads import ListsEndpoint
from resolvers.changes.customer_lists import CustomerLists, ListWriters
from resolvers.changes.objections import Rules
from resolvers.changes.preferences import Preferences, Writers
from resolvers.compile.cache import PlanCache
from resolvers.compile.context import build_contexts
from resolvers.plan.cursors import Cursors
from resolvers.reads.audit import ObjectionAudit
from resolvers.reads.disclosures import ReadDisclosures
from resolvers.reads.policies import RecordedPolicies
from resolvers.reads.statistics import CountedStatistics
from resolvers.run.graphql_core import Calls
from resolvers.run.people import People
from resolvers.sources.catalogue import Store
from resolvers.sources.fields import OBJECTS, check_fields
from resolvers.stores.pool import Pool, StoreLogin, StoreUnavailable, connect_owner
from resolvers.universe.difference import Difference, DifferenceKind
from schema.operations import DocumentLimits
from schema.policy.matrix import digest
from schema.purposes import Purpose
from schema.types.privacy import Policies

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from resolvers.plan.principal import Principal

Ready = Callable[[], Awaitable[Mapping[str, bool]]]
Routes = Mapping[tuple[str, str], "ASGIApp"]

NO_STORE = {"cache-control": "no-store"}


class Application:
    """The ASGI application: /graphql, other doors by scope's type and path, and Starlette for the rest.

    `stop` ends what would go on without end.
    """

    def __init__(
        self, graphql: GraphQLEndpoint, routes: Routes, rest: Starlette, stop: Callable[[], None]
    ) -> None:
        self.graphql, self.routes, self.stop = graphql, routes, stop
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or serve one connection."""
        if scope["type"] == "http" and scope["path"] == GRAPHQL_PATH:
            await self.graphql(scope, receive, send)
        else:
            door = self.routes.get((scope["type"], scope["path"]), self._rest)
            await door(scope, receive, send)


def build_app(
    graphql: GraphQLEndpoint,
    ready: Ready,
    routes: Routes | None = None,
    stop: Callable[[], None] = lambda: None,
    pages: Sequence[BaseRoute] = (),
) -> Application:
    """Return the application. `ready` says of each store whether it can be asked now."""

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok", headers=NO_STORE)

    async def readyz(_: Request) -> Response:
        stores = dict(await ready())
        return JSONResponse(stores, 200 if all(stores.values()) else 503, headers=NO_STORE)

    app = Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz), *pages])
    # A redirect would name the host that the client claimed, and turn a POST into an error elsewhere.
    app.router.redirect_slashes = False
    return Application(graphql, routes or {}, app, stop)


# --- wiring ---------------------------------------------------------------------------------------


@asynccontextmanager
async def open_gateway(
    settings: Settings, records: bool = True, demo: Demo | None = None
) -> AsyncIterator[Application]:
    """The application with everything behind it, checked and connected, until the block ends.

    `records` is False for a bench alone, which measures what the ledger costs. `demo`: what the console
    offers in a demo.
    NotReady if a store cannot be reached, or holds anything else than its universes' policy allows.
    """
    check_fields()
    logins = {store: await checked_logins(settings, store) for store in Store}
    if refused := await refused_writers(settings):
        raise NotReady.because_of(refused)
    if wrong := await reconciler.reconcile_at_start(settings):
        raise NotReady(wrong)
    await check_matching_key(settings)
    connect = partial(connect_owner, settings.control_dsn.get_secret_value())
    async with (
        _opened_ledger(settings) as ledger,
        open_identities(settings, time.time, time.monotonic) as of_jwt,
        open_token_book(
            settings.key("tokens"), connect, time.time, monotonic=time.monotonic, of_jwt=of_jwt
        ) as book,
        open_document_book(connect, time.monotonic) as documents,
        open_admission(
            quotas_login(settings),
            partial(book.quota_of, usual=usual_quota(settings)),
            secrets.token_bytes(8),
            time.monotonic,
        ) as admission,
        open_desk(
            recall_logins(settings)["control"],
            ledger,
            connect,
            time.monotonic,
            settings.max_cost,
        ) as desk,
    ):
        gateway = assemble(settings, logins, ledger, admission, records)
        try:
            tally, uses = Tally(settings.slow_ms / 1_000, time.time), token_use_login(settings)
            async with _keeping(settings, book), noting(book, uses), noting_requests(tally, uses):
                yield _wired(settings, gateway, book, documents, admission, desk, tally, demo)
        finally:
            for pools in gateway.pools.values():
                await asyncio.gather(*(pool.close() for pool in pools.values()))


def _wired(
    settings: Settings,
    gateway: Gateway,
    book: TokenBook,
    documents: DocumentBook,
    admission: Admission,
    desk: Desk,
    tally: Tally,
    demo: Demo | None,
) -> Application:
    """The application of these parts."""
    ids = request_ids(secrets.token_bytes)
    who_asks, most = book.caller, settings.max_body_bytes
    graphql = GraphQLEndpoint(
        who_asks,
        admission,
        documents.trusted,
        partial(answer, gateway),
        ids,
        most,
        settings.answer_timeout_ms / 1000,
        tally,
    )
    uploads = ListsEndpoint(
        who_asks,
        admission,
        lambda principal: gateway.context_of(principal, "", People()).lists,  # type: ignore[arg-type,return-value]
        ids,
        settings.max_list_bytes,
    )
    routes: Routes = {
        ("http", LISTS_PATH): uploads,
        ("http", RECALLS_PATH): RecallsEndpoint(who_asks, admission, desk, ids, most),
        ("websocket", RECALLS_PATH): RecallSocket(who_asks, admission, desk, ids),
    }
    pages = console_routes(book.scope, admission, ids, demo) if settings.console else ()
    return build_app(graphql, partial(_ready, gateway, book, documents), routes, desk.close_streams, pages)


@asynccontextmanager
async def _keeping(settings: Settings, book: TokenBook) -> AsyncIterator[None]:
    """Do what is done now and then, while the block runs."""
    keeping = [
        asyncio.create_task(reconciler.reconcile_restrictions(settings), name="restrictions"),
        asyncio.create_task(reconciler.issue_recalls(settings), name="recalls"),
        asyncio.create_task(reconciler.index_days(ledger_login(settings)), name="days of the ledger"),
        asyncio.create_task(keep_warning(book, time.time), name="expiry of tokens"),
    ]
    try:
        yield
    finally:
        for each in keeping:
            each.cancel()
        await asyncio.gather(*keeping, return_exceptions=True)


@asynccontextmanager
async def _opened_ledger(settings: Settings) -> AsyncIterator[Ledger]:
    """The ledger, while the block runs. NotReady if it cannot be written."""
    async with AsyncExitStack() as stack:
        try:
            ledger = await stack.enter_async_context(
                open_ledger(ledger_login(settings), settings.key("ledger"))
            )
        except StoreUnavailable:
            unwritable = Difference(DifferenceKind.LEDGER_UNWRITABLE, Store.CONTROL, LEDGER)
            raise NotReady.because_of([unwritable]) from None
        yield ledger


def assemble(
    settings: Settings,
    logins: Mapping[Store, Mapping[Purpose, StoreLogin]],
    ledger: Ledger,
    admission: Admission,
    records: bool = True,
) -> Gateway:
    """The parts of an answer, not yet connected to the stores."""
    cursors = Cursors(settings.key("cursors", 64))
    contexts = build_contexts(OBJECTS, cursors, settings.sharded, names_people=records)
    pools = {
        purpose: {store: Pool(of_store[purpose]) for store, of_store in logins.items() if purpose in of_store}
        for purpose in Purpose
    }
    writers = Writers(writer_logins(settings))
    plans = PlanCache(contexts, DocumentLimits(), settings.cached_documents)
    list_writers = ListWriters(list_login(settings))
    key = settings.key("customer lists")
    now = partial(datetime.now, UTC)
    statistics = CountedStatistics(pools[Purpose.AUDIT][Store.CONTROL], now)
    reports = OfficerReports(partial(connect_owner, settings.control_dsn.get_secret_value()), now)
    rules, policies = reconciler.rules_of(settings), RecordedPolicies()
    calls = partial(_calls_of, writers, rules, policies, pools, list_writers, key, statistics, reports)
    return Gateway(
        plans,
        pools,
        cursors,
        settings.max_cost,
        calls,
        ledger,
        admission.is_charged,
        admission.charge,
        digest(),
    )


def _calls_of(
    writers: Writers,
    rules: Rules,
    policies: Policies,
    pools: Mapping[Purpose, Mapping[Store, Pool]],
    list_writers: ListWriters,
    key: bytes,
    statistics: CountedStatistics,
    reports: OfficerReports,
    principal: Principal,
    client: str,
    people: People,
) -> Calls:
    """What the ordinary resolvers may call for a token; they note in `people` whom they tell of."""
    return Calls(
        Preferences(writers.open, rules, principal, f"client {client}"),
        policies,
        ObjectionAudit(pools[Purpose.AUDIT], people),
        ReadDisclosures(pools, principal, people),
        statistics,
        reports,
        CustomerLists(list_writers, key, principal.merchant_id),
    )


async def _ready(gateway: Gateway, book: TokenBook, documents: DocumentBook) -> Mapping[str, bool]:
    answers = {store.value: await _can_be_asked(gateway, store) for store in Store}
    known = book.is_fresh and documents.cache.is_fresh
    return {**answers, "control": answers["control"] and known and await gateway.ledger.is_well()}


async def _can_be_asked(gateway: Gateway, store: Store) -> bool:
    pool = next(pools[store] for pools in gateway.pools.values() if store in pools)
    try:
        await pool.fetch("SELECT 1", ())
    except StoreUnavailable:
        return False
    return True
