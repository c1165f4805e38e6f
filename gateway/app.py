"""The HTTP application: its routes, and the wiring of all parts behind them.

    POST, GET /graphql   a GraphQL request (`answer.py`, `web/graphql.py`)
    POST /lists          a merchant's customer list as CSV, read as it arrives (`web/uploads.py`)
    POST, GET, WebSocket /recalls   notices of objections, for clients (`recalls/desk.py`)
    GET /, /console/…    the console, a page for people (`console/`)
    GET /healthz         200 while the process runs
    GET /readyz          200 if every store answers and is verified; otherwise 503, with the store and why

/graphql is routed before Starlette's middleware and router, which take as long (5 µs of 11) as all the
gateway's own work on a request's head and answer.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
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
from gateway.console.facts import DemoOffer
from gateway.console.routes import console_routes
from gateway.documents.trusted import DocumentBook, open_document_book
from gateway.ledger.officer_reports import OfficerReports
from gateway.ledger.publishing import Publisher, open_publisher
from gateway.ledger.record import ROLE as LEDGER
from gateway.ledger.record import Ledger, open_ledger
from gateway.quotas.deadline import AnswerDeadline
from gateway.quotas.people import PeopleQuota, open_people_quota
from gateway.quotas.requests import Admission, open_admission
from gateway.quotas.table import quotas_login, usual_quota
from gateway.recalls.desk import Desk, open_desk
from gateway.recalls.over_http import PATH as RECALLS_PATH
from gateway.recalls.over_http import RecallsEndpoint
from gateway.recalls.over_websocket import RecallSocket
from gateway.settings import Settings
from gateway.upkeep import reconciler
from gateway.upkeep.effect import watch_effect
from gateway.upkeep.purpose_pools import Pools, answers, opened_pools
from gateway.upkeep.store_logins import (
    NotReady,
    checked_logins,
    ledger_login,
    list_login,
    recall_logins,
    writer_logins,
)
from gateway.upkeep.verifier import StoreVerifier, open_verifier
from gateway.web.connections.known_heads import GRAPHQL_PATH
from gateway.web.graphql import GraphQLEndpoint
from gateway.web.responses import request_ids
from gateway.web.tally import Tally, noting_requests
from gateway.web.uploads import PATH as LISTS_PATH
from gateway.web.uploads import ListsEndpoint
from resolvers.changes.customer_lists import CustomerLists, ListWriters
from resolvers.changes.preferences import Preferences, Writers
from resolvers.compile.cache import PlanCache
from resolvers.compile.context import build_contexts
from resolvers.plan.cursors import Cursors
from resolvers.plan.identifiers import Identifiers
from resolvers.reads.audit import ObjectionAudit
from resolvers.reads.disclosures import ReadDisclosures
from resolvers.reads.policies import RecordedPolicies
from resolvers.reads.statistics import CountedStatistics
from resolvers.run.graphql_core import Calls
from resolvers.run.people import People
from resolvers.sources.catalogue import Store
from resolvers.sources.fields import OBJECTS, check_fields
from resolvers.stores.pool import StoreLogin, StoreUnavailable, connect_owner
from resolvers.universe.difference import Difference, DifferenceKind
from schema.operations import DocumentLimits
from schema.policy.matrix import digest
from schema.purposes import Purpose

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from resolvers.plan.principal import Principal
    from resolvers.stores.pool import Connection

# Whether each store answers; and under "refused", why objectable purposes are refused a store.
Ready = Callable[[], Awaitable[Mapping[str, object]]]
Routes = Mapping[tuple[str, str], "ASGIApp"]
Connect = Callable[[], Awaitable["Connection"]]

NO_STORE = {"cache-control": "no-store"}
# Shown by /readyz, but no reason to send requests elsewhere: every gateway would publish to the same place.
CHECKPOINTS = "checkpoints"


class Application:
    """The ASGI application: /graphql, `routes` by the scope's type and path, and Starlette for the rest.

    `stop` ends responses that have no end of their own.
    """

    def __init__(
        self, graphql: GraphQLEndpoint, routes: Routes, rest: Starlette, *, stop: Callable[[], None]
    ) -> None:
        self.graphql, self.routes, self.stop = graphql, routes, stop
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or serve one connection."""
        if scope["type"] == "http" and scope["path"] == GRAPHQL_PATH:
            await self.graphql(scope, receive, send)
        else:
            route = self.routes.get((scope["type"], scope["path"]), self._rest)
            await route(scope, receive, send)


def build_app(
    graphql: GraphQLEndpoint,
    ready: Ready,
    routes: Routes | None = None,
    *,
    stop: Callable[[], None] = lambda: None,
    pages: Sequence[BaseRoute] = (),
) -> Application:
    """Return the application. `ready` returns whether each store answers now, and what is refused."""

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok", headers=NO_STORE)

    async def readyz(_: Request) -> Response:
        stores = await ready()
        needed = all(each is True for name, each in stores.items() if name != CHECKPOINTS)
        return JSONResponse(dict(stores), 200 if needed else 503, headers=NO_STORE)

    app = Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz), *pages])
    # A redirect would name the host that the client claimed, and turn a POST into an error elsewhere.
    app.router.redirect_slashes = False
    return Application(graphql, routes or {}, app, stop=stop)


# --- what is opened -------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _Parts:
    """What is open as long as the gateway serves."""

    publisher: Publisher
    ledger: Ledger
    book: TokenBook
    documents: DocumentBook
    admission: Admission
    people: PeopleQuota
    desk: Desk
    verifier: StoreVerifier
    pools: Pools


@asynccontextmanager
async def open_gateway(
    settings: Settings, records: bool = True, demo: DemoOffer | None = None
) -> AsyncIterator[Application]:
    """The application with everything behind it, checked and connected, until the block ends.

    Only a bench sets `records` to False: it measures what the ledger costs. `demo`: what the console
    offers in a demo. NotReady if a store cannot be reached, or differs from its universes' policy.
    """
    check_fields()
    logins = {store: await checked_logins(settings, store) for store in Store}
    await reconciler.check_stores(settings)
    async with AsyncExitStack() as stack:
        parts = await _open_parts(settings, logins, stack)
        gateway = _gateway(settings, parts, names_people=records)
        tally, uses = Tally(settings.slow_ms / 1_000, time.time), token_use_login(settings)
        for task in (_upkeep(settings, parts), noting(parts.book, uses), noting_requests(tally, uses)):
            await stack.enter_async_context(task)
        yield _application(settings, parts, gateway, tally=tally, demo=demo)


async def _open_parts(
    settings: Settings, logins: Mapping[Store, Mapping[Purpose, StoreLogin]], stack: AsyncExitStack
) -> _Parts:
    """Open each part on the stack, which closes them in the opposite order."""
    opened = stack.enter_async_context
    connect = partial(connect_owner, settings.control_dsn.get_secret_value())
    # Before the ledger: what that signs at its end is published, too.
    publisher = await opened(open_publisher(settings))
    ledger = await opened(_opened_ledger(settings, publisher))
    verifier = await opened(open_verifier(writer_logins(settings), time.monotonic))
    book = await opened(_opened_book(settings, connect, verifier))
    documents = await opened(open_document_book(connect, time.monotonic))
    quota_of = partial(book.quota_of, usual=usual_quota(settings))
    login = quotas_login(settings)
    process = secrets.token_bytes(8)
    return _Parts(
        publisher=publisher,
        ledger=ledger,
        book=book,
        documents=documents,
        admission=await opened(open_admission(login, quota_of, process=process, monotonic=time.monotonic)),
        people=await opened(open_people_quota(login, quota_of, process=process, monotonic=time.monotonic)),
        desk=await opened(_opened_desk(settings, ledger, connect)),
        verifier=verifier,
        pools=await opened(opened_pools(logins, verifier.gates)),
    )


@asynccontextmanager
async def _opened_ledger(settings: Settings, publisher: Publisher) -> AsyncIterator[Ledger]:
    """The ledger, while the block runs. NotReady if it cannot be written."""
    async with AsyncExitStack() as stack:
        try:
            ledger = await stack.enter_async_context(
                open_ledger(ledger_login(settings), settings.key("ledger"), publisher.note)
            )
            await ledger.cover_people()
        except StoreUnavailable:
            unwritable = Difference(DifferenceKind.LEDGER_UNWRITABLE, Store.CONTROL, LEDGER)
            raise NotReady.because_of([unwritable]) from None
        yield ledger


@asynccontextmanager
async def _opened_book(
    settings: Settings, connect: Connect, verifier: StoreVerifier
) -> AsyncIterator[TokenBook]:
    """The tokens and the provider's JWTs. Tokens are read once `control` was compared with the stores."""
    async with (
        open_identities(settings, time.time, time.monotonic) as of_jwt,
        open_token_book(
            settings.key("tokens"),
            connect,
            time.time,
            monotonic=time.monotonic,
            of_jwt=of_jwt,
            verified=verifier.compared,
        ) as book,
    ):
        yield book


def _opened_desk(settings: Settings, ledger: Ledger, connect: Connect) -> AbstractAsyncContextManager[Desk]:
    return open_desk(
        recall_logins(settings)["control"],
        ledger,
        connect,
        monotonic=time.monotonic,
        max_cost=settings.max_cost,
        identifiers=_identifiers(settings),
    )


@asynccontextmanager
async def _upkeep(settings: Settings, parts: _Parts) -> AsyncIterator[None]:
    """Run the periodic tasks while the block runs."""
    periodic = {
        "restrictions": reconciler.reconcile_restrictions(settings, parts.verifier),
        "effect": watch_effect(settings, parts.verifier.take_effect),
        "recalls": reconciler.issue_recalls(settings),
        "days of the ledger": reconciler.index_days(ledger_login(settings)),
        "uses of numbers": reconciler.forget_uses(list_login(settings)),
        "expiry of tokens": keep_warning(parts.book, time.time),
    }
    tasks = [asyncio.create_task(work, name=name) for name, work in periodic.items()]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


# --- how it is wired ------------------------------------------------------------------------------


def _gateway(settings: Settings, parts: _Parts, *, names_people: bool) -> Gateway:
    """The parts of an answer. Without `names_people` no plan names people, so the ledger stays empty."""
    cursors = Cursors(settings.key("cursors", 64))
    contexts = build_contexts(
        OBJECTS, cursors, settings.sharded, names_people=names_people, scope=settings.identifiers
    )
    return Gateway(
        who_asks=parts.book.caller,
        admission=parts.admission,
        max_body_bytes=settings.max_body_bytes,
        deadline=AnswerDeadline(settings.answer_timeout_ms / 1000),
        trusted=parts.documents.trusted,
        plans=PlanCache(contexts, DocumentLimits(), settings.cached_documents),
        max_cost=settings.max_cost,
        context_of=_calls_of(settings, parts),
        pools=parts.pools,
        cursors=cursors,
        identifiers=_identifiers(settings),
        people=parts.people,
        ledger=parts.ledger,
        policy=digest(),
    )


def _identifiers(settings: Settings) -> Identifiers:
    return Identifiers(settings.identifiers, settings.key("identifiers"))


def _calls_of(settings: Settings, parts: _Parts) -> Callable[[Principal, str, People], Calls]:
    """A function that returns what graphql-core's resolvers may call for a token.

    They note in `people` the people whose data they return.
    """
    writers = Writers(writer_logins(settings))
    list_writers = ListWriters(list_login(settings), parts.verifier.gates[Store.SOCIAL])
    pools, rules, policies = parts.pools, reconciler.rules_of(settings), RecordedPolicies()
    now = partial(datetime.now, UTC)
    statistics = CountedStatistics(pools[Purpose.AUDIT][Store.CONTROL], now)
    reports = OfficerReports(partial(connect_owner, settings.control_dsn.get_secret_value()), now)
    list_key, identifiers = settings.key("customer lists"), _identifiers(settings)

    def calls_of(principal: Principal, client: str, people: People) -> Calls:
        return Calls(
            objections=Preferences(writers.open, rules, principal, channel=f"client {client}"),
            policies=policies,
            audit=ObjectionAudit(pools[Purpose.AUDIT], people),
            disclosures=ReadDisclosures(pools, principal, people),
            statistics=statistics,
            reports=reports,
            lists=CustomerLists(
                list_writers,
                list_key,
                principal.merchant_id,
                identifiers.seal_for(Purpose.OFFER_MATCHING, client),
            ),
        )

    return calls_of


def _application(
    settings: Settings, parts: _Parts, gateway: Gateway, *, tally: Tally, demo: DemoOffer | None
) -> Application:
    ids = request_ids(secrets.token_bytes)
    return build_app(
        GraphQLEndpoint(partial(answer, gateway), ids, tally),
        partial(_ready, gateway, parts),
        _routes(settings, parts, gateway, ids=ids),
        stop=parts.desk.close_streams,
        pages=console_routes(parts.book.scope, parts.admission, ids, demo=demo) if settings.console else (),
    )


def _routes(settings: Settings, parts: _Parts, gateway: Gateway, *, ids: Iterator[bytes]) -> Routes:
    """The routes besides /graphql that Starlette does not serve."""
    who_asks, admission, desk = parts.book.caller, parts.admission, parts.desk
    uploads = ListsEndpoint(
        who_asks,
        admission,
        lambda principal, client: gateway.context_of(principal, client, People()).lists,  # type: ignore[arg-type,return-value]
        ids=ids,
        max_bytes=settings.max_list_bytes,
    )
    recalls = RecallsEndpoint(who_asks, admission, desk, ids=ids, max_body_bytes=settings.max_body_bytes)
    return {
        ("http", LISTS_PATH): uploads,
        ("http", RECALLS_PATH): recalls,
        ("websocket", RECALLS_PATH): RecallSocket(who_asks, admission, desk, ids=ids),
    }


async def _ready(gateway: Gateway, parts: _Parts) -> Mapping[str, object]:
    """Whether each store answers (control: with fresh books, and its ledger), and checkpoints are published.

    "refused" says why a store is refused for objectable purposes, and what to do.
    """
    said: dict[str, object] = {store.value: await answers(parts.pools, store) for store in Store}
    said["control"] = said["control"] and parts.book.is_fresh and parts.documents.cache.is_fresh
    said["control"] = said["control"] and await gateway.ledger.is_well()
    extra = {CHECKPOINTS: parts.publisher.is_well, "refused": parts.verifier.refused() or None}
    return said | {name: each for name, each in extra.items() if each is not None}
