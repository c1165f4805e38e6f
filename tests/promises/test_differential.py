"""The gateway against a reference that is slow and obviously right, byte for byte.

Random documents on random worlds. Where the two disagree, one of three is wrong: the gateway, the
reference, or the policy's wording. `GATEWAY_DOCUMENTS=100000` runs that many in all, always the same for
one number, and an eighth more that hypothesis draws, which can shrink what it finds.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, nullcontext
from dataclasses import astuple, dataclass, replace
from functools import cache
from math import ceil
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.access.tokens import Caller
from gateway.answer import Gateway, answer
from gateway.ledger.record import DisclosedPeople
from gateway.quotas.deadline import AnswerDeadline
from gateway.web.requests import HttpRequest, read_head
from resolvers.compile.cache import PlanCache
from resolvers.compile.context import build_contexts
from resolvers.plan.cursors import Cursors
from resolvers.plan.identifiers import Identifiers, IdentifierScope
from resolvers.plan.principal import Principal
from resolvers.sources.catalogue import Store
from resolvers.sources.fields import OBJECTS
from resolvers.stores.pool import Pool, StoreLogin, connect_owner
from resolvers.universe.render import apply, universes
from schema.build import schema_for
from schema.operations import DocumentLimits
from schema.purposes import Purpose
from schema.refusals import Refusal
from tests.kit.documents.known import Known, know
from tests.kit.documents.writer import Request, requests, write_request
from tests.kit.gateway import policy_of, sealed_for
from tests.kit.oracle import visible
from tests.kit.reference.executor import Reference, Refused
from tests.kit.sealed_ids import SealedIds
from tests.kit.worlds.loading import load
from tests.kit.worlds.making import random_world
from tests.kit.worlds.rows import World

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection

NewDatabase = Callable[[str], Awaitable[str]]

DOCUMENTS = int(os.environ.get("GATEWAY_DOCUMENTS", "2000"))
SHOWN = 5
SIZES = (0, 1, 3, 8, 8, 16, 30, 70)
PART = ceil(DOCUMENTS / (len(SIZES) * len(Purpose)))
KEY = bytes(range(64))
SECRET = "a secret of the differential test, for its identifiers"
KEY_OF_IDENTIFIERS = HKDF(SHA256(), 32, None, b"gateway identifiers").derive(SECRET.encode())


@dataclass
class Stores:
    """Real stores with their universes, a gateway before them, and the world that they hold."""

    messenger: Connection
    social: Connection
    control: Connection
    whole: Gateway
    sharded: Gateway
    sealing: Gateway
    world: World | None = None

    def _repr_pretty_(self, printer: Any, _: bool) -> None:
        # Hypothesis prints a failure's arguments: all that is in here is megabytes, and it refuses.
        printer.text("stores")

    async def hold(self, world: World) -> None:
        """Load the world, unless it is the one that they hold."""
        if self.world is not world:
            self.world = None
            await load(world, self.messenger, self.social, self.control)
            self.world = world

    async def ask(
        self, purpose: Purpose, request: Request, sharded: bool = False, *, seals: bool = False
    ) -> bytes | str:
        """The gateway's body, or the code of its refusal. `seals`: its identifiers are sealed on the way."""
        gateway = self.sealing if seals else self.sharded if sharded else self.whole
        assert self.world is not None
        principal = Principal(*astuple(self.world.whose)).under(purpose)
        assert principal is not None
        caller = Caller("test", 1, purpose, principal)
        ids = SealedIds(SECRET, IdentifierScope.PURPOSE, purpose) if seals else None
        try:
            body = (await answer(replace(gateway, who_asks=lambda *_: caller), _sent(request, ids))).body
        except Refusal as refusal:
            return refusal.code.value
        return ids.opened(body.decode()).encode() if ids else body


def _sent(request: Request, ids: SealedIds | None) -> HttpRequest:
    """The request as it arrives: JSON in the body of a POST, its identifiers sealed."""
    text = json.dumps(
        {
            "query": request.document,
            "operationName": request.operation_name,
            "variables": request.variables,
        }
    )
    body = (ids.sealed(text) if ids else text).encode()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "query_string": b"", "headers": headers}
    return HttpRequest(read_head(scope), receive, b"test-1")


@pytest.fixture(scope="module")
async def stores(new_database: NewDatabase) -> AsyncIterator[Stores]:
    """Both stores, empty, with a gateway that reads them through the purposes' roles."""
    pools: dict[Purpose, dict[Store, Pool]] = {purpose: {} for purpose in Purpose}
    gateways = [
        _gateway(pools, False),
        _gateway(pools, True),
        _gateway(pools, False, IdentifierScope.PURPOSE),
    ]
    async with AsyncExitStack() as stack:
        owners = {}
        for store in Store:
            dsn = await new_database(store.value)
            owners[store] = owner = await connect_owner(dsn)
            stack.push_async_callback(owner.close)
            await apply(owner, OBJECTS, store)
            for universe in universes(OBJECTS, store):
                pool = pools[universe.purpose][store] = Pool(StoreLogin(dsn, universe.role))
                stack.push_async_callback(pool.close)
        yield Stores(*(owners[store] for store in Store), *gateways)


def _gateway(
    pools: dict[Purpose, dict[Store, Pool]],
    sharded: bool,
    scope: IdentifierScope = IdentifierScope.PLAIN,
) -> Gateway:
    cursors = Cursors(KEY)
    # How large a document may be is not the question here.
    limits = DocumentLimits(10**6, 10**6, max_depth=100, max_fields=10**6, max_comparisons=10**9)
    plans = PlanCache(build_contexts(OBJECTS, cursors, sharded, scope=scope), limits)
    return Gateway(
        who_asks=_not_asked,
        admission=_AdmitsAll(),  # type: ignore[arg-type]
        max_body_bytes=10**7,
        deadline=AnswerDeadline(600),
        trusted=lambda asked, _: asked,
        plans=plans,
        max_cost=10**18,
        context_of=_not_asked,
        pools=pools,
        cursors=cursors,
        identifiers=Identifiers(scope, KEY_OF_IDENTIFIERS),
        people=_AllCharged(),  # type: ignore[arg-type]
        ledger=_NoLedger(),  # type: ignore[arg-type]
        policy="",
    )


class _AdmitsAll:
    """How much a client may ask for is the subject of `test_admission.py`."""

    async def enter(self, _: str) -> None:
        pass

    def leave(self, _: str) -> None:
        pass


class _AllCharged:
    """How many people a client may receive is the subject of `test_admission.py`."""

    async def reserve(self, *_: object) -> nullcontext[None]:
        return nullcontext()

    def is_charged(self, *_: object) -> bool:
        return True


class _NoLedger:
    """What the ledger says of such answers is the subject of `test_ledger_people.py`."""

    def known(self, *_: object) -> DisclosedPeople:
        return DisclosedPeople([], [])

    async def people(self, *_: object) -> DisclosedPeople:
        return DisclosedPeople([], [])

    async def record(self, *_: object, **__: object) -> None:
        pass

    def expect(self) -> None:
        pass

    def expect_no_more(self) -> None:
        pass


def _not_asked(*_: object) -> Any:
    """Each request brings its caller, and no document here needs an ordinary resolver."""
    raise AssertionError


def reference_of(world: World, purpose: Purpose) -> Reference:
    """The reference for one purpose on the world as that purpose sees it."""
    seal, policy = sealed_for(world, purpose), policy_of(purpose)
    return Reference(schema_for(purpose), visible(world, purpose), Cursors(KEY), seal, policy)


@dataclass(frozen=True)
class Disagreement:
    """A request that the two answer differently."""

    number: int
    request: Request
    sharded: bool
    seals: bool
    expected: bytes | Refused
    actual: Any

    def __str__(self) -> str:
        return (
            f"\n#{self.number} sharded={self.sharded} seals={self.seals}"
            f" operation={self.request.operation_name}\n"
            f"{self.request.document}\nvariables: {self.request.variables}\n"
            f"expected: {self.expected!r:.2000}\nactual:   {self.actual!r:.2000}\n"
        )


def _agree(expected: bytes | Refused, actual: object) -> bool:
    if isinstance(expected, Refused):
        return actual in expected.codes
    return expected == actual


def _shortest(disagreements: list[Disagreement]) -> str:
    shortest = sorted(disagreements, key=lambda each: len(each.request.document))[:SHOWN]
    return f"{len(disagreements)} disagreements; the shortest: {''.join(map(str, shortest))}"


async def _differently(
    stores: Stores,
    reference: Reference,
    purpose: Purpose,
    request: Request,
    sharded: bool,
    number: int = 0,
    *,
    seals: bool = False,
) -> list[Disagreement]:
    found = []
    # The same document again, for other variables: that is what a plan is kept for.
    for variables in (request.variables, *request.again):
        asked = replace(request, variables=variables)
        expected = reference.answer(asked.document, variables, asked.operation_name)
        try:
            actual: Any = await stores.ask(purpose, asked, sharded, seals=seals)
        except Exception as error:
            # A crash is a disagreement like any other: the shortest document tells why.
            actual = error
        if not _agree(expected, actual):
            found.append(Disagreement(number, asked, sharded, seals, expected, actual))
    return found


@cache
def _world(number: int) -> World:
    """One world of each size; the first is empty."""
    return random_world(number, SIZES[number])


@cache
def _known(number: int, purpose: Purpose) -> tuple[Reference, Known]:
    reference = reference_of(_world(number), purpose)
    return reference, know(_world(number), reference)


@settings(
    max_examples=ceil(DOCUMENTS / 8),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(purpose=st.sampled_from(Purpose), sharded=st.booleans(), data=st.data())
async def test_a_disagreement_is_shrunk(
    stores: Stores, purpose: Purpose, sharded: bool, data: st.DataObject
) -> None:
    """As below, of documents that hypothesis draws: of one that is answered differently it tells least."""
    number = SIZES.index(16)
    await stores.hold(_world(number))
    reference, known = _known(number, purpose)
    request = data.draw(requests(reference.schema, known))
    found = await _differently(stores, reference, purpose, request, sharded)
    assert not found, _shortest(found)


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("number", range(len(SIZES)))
async def test_gateway_answers_what_the_reference_answers(
    stores: Stores, number: int, purpose: Purpose
) -> None:
    """Whatever is asked, the gateway's bytes are those of a plain executor over the masked world."""
    await stores.hold(_world(number))
    reference, known = _known(number, purpose)
    found = []
    for document in range(PART):
        # Of a text, because the hash of a tuple is not stable.
        random = Random(f"{purpose} {number} {document}")
        request = write_request(reference.schema, known, random)
        sharded = random.random() < 0.5
        seals = not sharded and document % 2 == 0
        found += await _differently(stores, reference, purpose, request, sharded, document, seals=seals)
    assert not found, _shortest(found)
