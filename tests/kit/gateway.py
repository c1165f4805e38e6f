"""The gateway on stores of one's own, asked in process through the whole ASGI application.

`Side` is a pair of stores with a gateway before it, opened as in production (`open_gateway`: checks,
pools, token book). Two sides with equal settings are two runs of one gateway on two databases: whatever
they answer differently, they answer differently because of the data.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import socket
import tomllib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import astuple, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from gateway.access.tokens import TokenBook, issue
from gateway.answer import Gateway
from gateway.app import Application, open_gateway
from gateway.documents.trusted import DocumentBook
from gateway.processes.serve import serve
from gateway.recalls.over_http import PATH as RECALLS_PATH
from gateway.settings import Settings
from gateway.upkeep.verifier import StoreVerifier
from resolvers.plan.cursors import Cursors
from resolvers.plan.identifiers import IdentifierScope
from resolvers.plan.principal import Principal
from resolvers.sources.catalogue import Store
from resolvers.sources.fields import OBJECTS
from resolvers.stores.pool import Pool, connect_owner
from resolvers.universe.render import apply
from schema.build import schema_for
from schema.policy.matrix import ROOM, digest
from schema.purposes import ABOUT, Purpose
from tests.kit import oracle
from tests.kit.documents.known import Known, know
from tests.kit.reference.executor import Reference
from tests.kit.sealed_ids import SealedIds
from tests.kit.worlds.loading import load
from tests.kit.worlds.rows import Whose, World

if TYPE_CHECKING:
    from gateway.app import Application
    from resolvers.stores.pool import Connection

NewDatabase = Callable[[str], Awaitable[str]]

ADS, FRIENDS = Purpose.ADS_PERSONALIZATION, Purpose.FRIEND_SUGGESTIONS
INFRASTRUCTURE, SECURITY = Purpose.INFRASTRUCTURE, Purpose.SECURITY
# The purposes that see people's data.
BUSINESS = Purpose.BUSINESS_MESSAGING
SUBJECT, PREFERENCES = Purpose.SUBJECT_ACCESS, Purpose.PREFERENCES
OFFERS, AUDIT = Purpose.OFFER_MATCHING, Purpose.AUDIT
SEEING = (ADS, OFFERS, FRIENDS, INFRASTRUCTURE, SECURITY, BUSINESS, SUBJECT, PREFERENCES, AUDIT)
# Those whose tokens are bound to what they may see.
BOUND = (OFFERS, BUSINESS, SUBJECT, PREFERENCES)
SECRET = "a secret of the tests, long enough for its keys"
# Tests ask faster than anybody, of everybody.
UNLIMITED = {
    "requests_per_second": 10**9,
    "requests_at_once": 10**6,
    "people_per_hour": 10**9,
    "questions_per_hour": 10**9,
}
GRAPHQL = b"application/graphql-response+json"
SOMEBODY = Principal(messenger_id=0, social_id=0, merchant_id=0, business_id=0)
# Different in every answer, whatever it says.
OF_THE_MOMENT = frozenset({b"date", b"x-request-id"})


def trials(usual: int) -> int:
    """How often a property is tried: `usual`, times GATEWAY_TRIALS from the environment."""
    return max(1, round(usual * float(os.environ.get("GATEWAY_TRIALS", "1"))))


@dataclass(frozen=True)
class Reply:
    """A response as the client has it, without what is different in every answer."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)

    @property
    def data(self) -> Any:
        """`data` of an answer without errors."""
        answer = self.json
        assert "errors" not in answer, answer
        return answer["data"]

    @property
    def codes(self) -> list[str]:
        """The codes of the errors, in their order."""
        return [error["extensions"]["code"] for error in self.json.get("errors", [])]


async def send(
    app: Application,
    method: str = "POST",
    path: str = "/graphql",
    headers: Sequence[tuple[bytes, bytes]] = (),
    body: bytes | Sequence[bytes] = b"",
    query_string: bytes = b"",
) -> Reply:
    """One HTTP request over ASGI; a body of several parts comes in chunks.

    It begins with a turn of the loop, as every request of a real server does: else thousands of refused
    ones would keep the token book from its refresh.
    """
    await asyncio.sleep(0)
    chunks = [body] if isinstance(body, bytes) else list(body)
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": chunks.pop(0), "more_body": bool(chunks)}

    async def take(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query_string,
        "root_path": "",
        "headers": list(headers),
        "server": ("gateway", 80),
        "client": ("client", 1),
    }
    await app(scope, receive, take)
    start, *rest = sent
    kept = tuple((name, value) for name, value in start["headers"] if name not in OF_THE_MOMENT)
    return Reply(start["status"], kept, b"".join(part.get("body", b"") for part in rest))


@dataclass
class Side:
    """A pair of stores, and the gateway before it."""

    settings: Settings
    control: Connection
    messenger: Connection
    social: Connection
    tokens: dict[Purpose | None, str]
    app: Application = field(init=False)
    asked: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    whose: Whose = field(default_factory=lambda: Whose(0, 0, 0, 0))
    bound_tokens: dict[Whose, str] = field(default_factory=dict)
    _taken: set[Whose] = field(default_factory=set)

    @property
    def gateway(self) -> Gateway:
        """The parts behind it."""
        found = self.app.graphql._answer.args[0]  # type: ignore[attr-defined]
        assert isinstance(found, Gateway)
        return found

    def owner(self, store: Store) -> Connection:
        """The store's owner's connection."""
        return {"messenger": self.messenger, "social": self.social, "control": self.control}[store]

    async def hold(self, world: World) -> None:
        """Let the stores hold this world and nothing else."""
        await load(world, self.messenger, self.social, self.control)
        self.whose = world.whose

    async def token_of(self, purpose: Purpose) -> str:
        """The token of all purposes; where it must be bound, one that is bound as the world says."""
        if purpose not in BOUND:
            return self.tokens[None]
        if self.whose not in self.bound_tokens:
            key, principal = self.settings.key("tokens"), Principal(*astuple(self.whose))
            issued = await issue(
                self.control,
                key,
                "bound",
                purposes=BOUND,
                expires_at=None,
                random=secrets.token_bytes,
                principal=principal,
            )
            self.bound_tokens[self.whose] = issued.token
        if self.whose not in self._taken:
            await self.book.refreshed()
            self._taken.add(self.whose)
        return self.bound_tokens[self.whose]

    async def give_the_book_time(self) -> None:
        """On a busy machine, thousands of questions in a row would keep the token book from its refresh.

        The same holds for the verifier's judgements. A store that it doubts is not waited for.
        """
        for _ in range(300):
            judged = all(
                gate.is_open or store.value in self.verifier.doubts
                for store, gate in self.verifier.gates.items()
            )
            if self.book.is_fresh and self.documents.cache.is_fresh and judged:
                return
            await asyncio.sleep(0.01)

    @property
    def verifier(self) -> StoreVerifier:
        """What judges its stores."""
        pool = self.gateway.pools[ADS][Store.SOCIAL]
        while isinstance(pool, _Watched):
            pool = pool._pool
        found = pool._gate._judged.__self__
        assert isinstance(found, StoreVerifier)
        return found

    @property
    def book(self) -> TokenBook:
        """The tokens that it knows."""
        found = self.gateway.who_asks.__self__  # type: ignore[attr-defined]
        assert isinstance(found, TokenBook)
        return found

    @property
    def documents(self) -> DocumentBook:
        """The documents that it knows."""
        found = self.gateway.trusted.__self__  # type: ignore[attr-defined]
        assert isinstance(found, DocumentBook)
        return found

    def authorised(
        self, purpose: Purpose | str | None, token: str | None = None
    ) -> list[tuple[bytes, bytes]]:
        """The headers of an ordinary request; the token of all purposes unless another is given."""
        headers = [
            (b"authorization", f"Bearer {token or self.tokens[None]}".encode()),
            (b"accept", GRAPHQL),
            (b"content-type", b"application/json"),
        ]
        return headers if purpose is None else [*headers, (b"gateway-purpose", str(purpose).encode())]

    async def ask(
        self,
        purpose: Purpose,
        document: str,
        variables: dict[str, Any] | None = None,
        operation_name: str | None = None,
    ) -> Reply:
        """The answer to a document under a purpose; if identifiers are sealed, both speak of plain ones."""
        self.asked.clear()
        parameters = {"query": document, "variables": variables or {}, "operationName": operation_name}
        await self.give_the_book_time()
        headers = self.authorised(purpose, await self.token_of(purpose))
        ids = self.ids_for(purpose)
        if ids is None:
            return await send(self.app, headers=headers, body=json.dumps(parameters).encode())
        body = ids.sealed(json.dumps(parameters)).encode()
        reply = await send(self.app, headers=headers, body=body)
        return replace(reply, body=ids.opened(reply.body.decode()).encode())

    def ids_for(self, purpose: Purpose, client: str = "client") -> SealedIds | None:
        """The identifiers of this purpose, or of this client of it; None if they are plain."""
        if self.settings.identifiers is IdentifierScope.PLAIN:
            return None
        secret = self.settings.secret.get_secret_value()
        return SealedIds(secret, self.settings.identifiers, purpose, client)

    async def ready(self) -> Reply:
        """What /readyz says."""
        return await send(self.app, "GET", "/readyz")

    async def wait_until_ready(self) -> None:
        """Return when every store can be asked and the token book is fresh."""
        async with asyncio.timeout(20):
            while (await self.ready()).status != 200:
                await asyncio.sleep(0.02)

    def watch(self) -> None:
        """From now on `asked` holds the statements of the last request, with their parameters."""
        for pools in self.gateway.pools.values():
            for store, pool in pools.items():
                pools[store] = _Watched(pool, self.asked)  # type: ignore[index]


class _Watched:
    """A pool whose statements are written down."""

    def __init__(self, pool: Pool, asked: list[tuple[str, tuple[Any, ...]]]) -> None:
        self._pool = pool
        self._asked = asked

    async def fetch(self, sql: str, arguments: Sequence[Any]) -> Any:
        self._asked.append((sql, tuple(arguments)))
        return await self._pool.fetch(sql, arguments)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Any]:
        async with self._pool.snapshot() as snapshot:
            yield _Watched(snapshot, self._asked)  # type: ignore[arg-type]

    async def close(self) -> None:
        await self._pool.close()


async def new_settings(new_database: NewDatabase, **others: Any) -> Settings:
    """Settings for fresh stores with their universes."""
    dsns = {store.value: await new_database(store.value) for store in Store}
    for store in Store:
        owner = await connect_owner(dsns[store])
        await apply(owner, OBJECTS, store)
        await owner.close()
    named = {f"{name}_dsn": dsn for name, dsn in dsns.items()}
    # Most tests are not about identifiers, and easier to read with the numbers of their worlds.
    usual = {"pool_size": 2, "connect_timeout_ms": 20_000, "identifiers": "PLAIN", **UNLIMITED}
    return Settings(**named, secret=SECRET, **{**usual, **others})


async def issue_tokens(control: Connection, settings: Settings) -> dict[Purpose | None, str]:
    """A token for each purpose, and under None one for all purposes; their principals have no rows."""
    scopes: dict[Purpose | None, set[Purpose]] = {purpose: {purpose} for purpose in Purpose}
    scopes[None] = set(Purpose)
    return {
        name: (
            await issue(
                control,
                settings.key("tokens"),
                "client",
                purposes=scope,
                expires_at=None,
                random=secrets.token_bytes,
                principal=SOMEBODY,
            )
        ).token
        for name, scope in scopes.items()
    }


@asynccontextmanager
async def open_side(
    new_database: NewDatabase, like: Side | None = None, **others: Any
) -> AsyncIterator[Side]:
    """Fresh, empty stores with a running gateway.

    With `like` it knows the plans of that one: plans know nothing of data, and to make each once is what
    most of a trial's time goes into.
    """
    settings = await new_settings(new_database, **others)
    owners = [await connect_owner(settings.owner_dsn(name)) for name in ("control", "messenger", "social")]
    side = Side(settings, *owners, await issue_tokens(owners[0], settings))
    try:
        async with open_gateway(settings) as side.app:
            await side.wait_until_ready()
            if like is not None:
                side.gateway.plans._known = like.gateway.plans._known
            yield side
    finally:
        for connection in (side.control, side.messenger, side.social):
            await connection.close()


# --- what to ask about ----------------------------------------------------------------------------


def policy_of(purpose: Purpose) -> list[dict[str, Any]]:
    """The fields of `PolicyVersion` of what runs, then of every version; read straight from the record."""
    file = ROOM / "policy" / "versions" / "record.toml"
    record = tomllib.loads(file.read_text(encoding="utf-8"))["version"]
    told = [
        {
            "name": each["name"],
            "validFrom": each.get("valid_from"),
            "digest": each["digest"],
            "author": each["author"],
            "reason": each["reason"],
            "purpose": purpose.value,
            "sentence": ABOUT[purpose].sentence,
        }
        for each in record
    ]
    return [told[-1], *told]


def reference_of(settings: Settings, world: World, purpose: Purpose) -> Reference:
    """What the purpose sees of the world, with cursors that the gateway of these settings opens."""
    policy = policy_of(purpose)
    cursors = Cursors(settings.key("cursors", 64))
    return Reference(
        schema_for(purpose), oracle.visible(world, purpose), cursors, sealed_for(world, purpose), policy
    )


def sealed_for(world: World, purpose: Purpose) -> str:
    """What every cursor of the purpose, the policy and the token is sealed for."""
    whose = world.whose
    own = {BUSINESS: whose.business, OFFERS: whose.merchant}.get(purpose, whose.subject)
    return f"{purpose}|{digest()}" + (f"|{own}" if purpose in BOUND else "")


def known_of(settings: Settings, purpose: Purpose, *worlds: World) -> Known:
    """What can be named in any of the worlds: what is hidden in one may be missing in another."""
    known = [know(world, reference_of(settings, world, purpose)) for world in worlds]
    merged: dict[str, Any] = {
        name: list(dict.fromkeys(value for each in known for value in getattr(each, name)))
        for name in ("phones", "names", "countries", "times", "days", "foreign")
    }
    identifiers = {
        type_: list(dict.fromkeys(value for each in known for value in each.identifiers[type_]))
        for type_ in known[0].identifiers
    }
    return Known(**merged, identifiers=identifiers, cursors=known[0].cursors, people=known[0].people)


@asynccontextmanager
async def serving(side: Side) -> AsyncIterator[int]:
    """The gateway on a port, as `gateway serve` serves it."""
    listening = socket.create_server(("127.0.0.1", 0))
    begun = asyncio.Event()
    task = asyncio.create_task(serve(side.app, listening, begun.set))
    await begun.wait()
    try:
        yield listening.getsockname()[1]
    finally:
        os.kill(os.getpid(), signal.SIGTERM)
        await task
        # The next test opens streams of the same gateway.
        side.app.routes["http", RECALLS_PATH]._desk._notices.closing = False  # type: ignore[attr-defined]
