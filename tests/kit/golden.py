"""The golden plans: documents with their statements and answers, one behaviour each.

`plans/<case>.graphql` begins with the purpose and the variables. Beside it are the statements of the default
mode (`.sql`) and of sharded stores (`.sharded.sql`), and the answer on the world of `plans/world` (`.json`),
which is the same in both modes.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.quotas.cost import cost_of
from resolvers.compile.cache import PlanCache, PreparedOperation
from resolvers.compile.context import build_contexts
from resolvers.plan.cursors import Cursors
from resolvers.plan.fetches import CursorSlot
from resolvers.plan.identifiers import Identifiers, IdentifierScope
from resolvers.plan.parameters import Parameter
from resolvers.plan.plan import Plan, Statement
from resolvers.plan.principal import OwnKey, Principal, with_caller
from resolvers.run.introspection import introspect
from resolvers.run.run import run_plan
from resolvers.sources.catalogue import Store
from resolvers.sources.fields import OBJECTS
from resolvers.stores.pool import Pool, StoreLogin, connect_owner
from resolvers.universe.render import apply, universes
from schema.operations import DocumentLimits
from schema.purposes import Purpose
from tests.kit.gateway import BOUND
from tests.kit.sealed_ids import SealedIds

if TYPE_CHECKING:
    from graphql.execution.values import VariableValues

    from resolvers.stores.pool import Connection

NewDatabase = Callable[[str], Awaitable[str]]

PLANS = Path(__file__).parents[1] / "plans"
KEY = bytes(range(64))
SECRET = "a secret of the golden plans, for their identifiers"
IDENTIFIERS = Identifiers(
    IdentifierScope.PURPOSE, HKDF(SHA256(), 32, None, b"gateway identifiers").derive(SECRET.encode())
)
# What the tokens of the cases speak for, where their purpose needs it.
PRINCIPAL_OF_CASES = Principal(messenger_id=28, social_id=1, merchant_id=1, business_id=2)
SHOWN = {code: chr(0x2400 + code) for code in range(32) if code not in (9, 10)}


@dataclass(frozen=True)
class Case:
    """One document, and the settings written above it.

    `cursors`: variables that are cursors, and the values sealed in them.
    """

    name: str
    purpose: Purpose
    document: str
    variables: dict[str, Any]
    cursors: dict[str, list[Any]]

    def path(self, suffix: str) -> Path:
        """The file of this name beside the document."""
        return PLANS / f"{self.name}{suffix}"


def read_case(path: Path) -> Case:
    """The case of a `.graphql` file."""
    text = path.read_text(encoding="utf-8")
    lines = [line[2:].split(": ", 1) for line in text.splitlines() if line.startswith("# ")]
    head: dict[str, str] = dict(lines)  # type: ignore[arg-type]
    return Case(
        name=path.stem,
        purpose=Purpose(head["purpose"]),
        document=text,
        variables=json.loads(head.get("variables", "{}")),
        cursors=json.loads(head.get("cursors", "{}")),
    )


CASES = [read_case(path) for path in sorted(PLANS.glob("*.graphql"))]


def sealed_ids(case: Case) -> SealedIds:
    """The identifiers of the case's purpose, where they are sealed."""
    return SealedIds(SECRET, IdentifierScope.PURPOSE, case.purpose)


def _called(case: Case, variables: VariableValues, seals: bool) -> VariableValues:
    """The variables with what the case's caller adds to them."""
    if not seals and case.purpose not in BOUND:
        return variables
    seal = IDENTIFIERS.seal_for(case.purpose, "") if seals else None
    return with_caller(variables, _principal(case), seal)


def _principal(case: Case) -> Principal:
    principal = PRINCIPAL_OF_CASES.under(case.purpose)
    assert principal is not None
    return principal


@dataclass(frozen=True)
class Sent:
    """A statement as it was sent: of which wave, with the values of its parameters."""

    statement: Statement
    wave: int
    arguments: list[Any]


@dataclass(frozen=True)
class Outcome:
    """The result of a case in one mode."""

    plan: Plan
    price: int
    sent: list[Sent]
    answer: str
    named: dict[int, list[str]]

    @property
    def sql(self) -> str:
        """The plan's statements, for reading."""
        return "\n".join(_shown(self.plan))


def _shown(plan: Plan) -> Iterator[str]:
    for number, wave in enumerate(plan.waves):
        for statement in wave:
            yield f"-- wave {number}, {statement.store}"
            for place, parameter in enumerate(statement.parameters, 1):
                what = parameter.type if isinstance(parameter, Parameter) else f"the keys of {parameter}"
                if isinstance(parameter, OwnKey):
                    what = f"the token's own {parameter.own}"
                yield f"-- ${place}: {what}"
            yield "\n".join(line.rstrip() for line in statement.sql.translate(SHOWN).splitlines())
            yield ""


@dataclass
class Recorder:
    """A pool that records what it is asked."""

    pool: Pool
    asked: list[tuple[str, list[Any]]] = field(default_factory=list)

    async def fetch(self, sql: str, arguments: Sequence[Any]) -> Any:
        self.asked.append((sql, list(arguments)))
        return await self.pool.fetch(sql, arguments)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Any]:
        async with self.pool.snapshot() as snapshot:
            yield Recorder(snapshot, self.asked)  # type: ignore[arg-type]

    def fan_out(self) -> Any:
        return self.pool.fan_out()


@dataclass
class Golden:
    """Two stores that hold the world of `plans/world`, with every purpose's pools.

    `dsns`: the owners'. Cursors are not sealed for the policy's version here, or each change of the
    policy would change every golden answer.
    """

    dsns: dict[Store, str]
    pools: dict[Purpose, dict[Store, Pool]]
    caches: dict[bool, PlanCache] = field(default_factory=dict)
    sealing: dict[bool, PlanCache] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for caches, scope in (
            (self.caches, IdentifierScope.PLAIN),
            (self.sealing, IdentifierScope.PURPOSE),
        ):
            for sharded in (False, True):
                contexts = build_contexts(OBJECTS, Cursors(KEY), sharded, scope=scope)
                golden = {purpose: replace(context, policy="golden") for purpose, context in contexts.items()}
                caches[sharded] = PlanCache(golden, DocumentLimits())

    def plan(
        self, case: Case, sharded: bool, *, seals: bool = False
    ) -> tuple[PreparedOperation, Plan, VariableValues]:
        """The case's plan, with the variables that it is asked with; `seals`: all identifiers are sealed."""
        cache = (self.sealing if seals else self.caches)[sharded]
        document, given = case.document, case.variables | dict.fromkeys(case.cursors, "-")
        if seals:
            ids = sealed_ids(case)
            document, given = ids.sealed(document), json.loads(ids.sealed(json.dumps(given)))
        prepared = cache.prepare(case.purpose, document, None)
        variables = _called(case, prepared.coerce(given), seals)
        priced = cache.price(case.purpose, prepared, variables)
        plan = cache.plan(case.purpose, prepared, priced)
        if case.cursors:
            sealed_for = next(slot.sealed_for for slot in plan.slots if isinstance(slot, CursorSlot)).read(
                variables
            )
            assert isinstance(sealed_for, bytes)
            for name, values in case.cursors.items():
                payload = json.dumps(values, separators=(",", ":"), ensure_ascii=False)
                given[name] = Cursors(KEY).seal(payload, sealed_for)
            variables = _called(case, prepared.coerce(given), seals)
        return prepared, plan, variables

    async def run(self, case: Case, sharded: bool, *, seals: bool = False) -> Outcome:
        """Ask the case of the stores."""
        prepared, plan, variables = self.plan(case, sharded, seals=seals)
        recorders = {store: Recorder(pool) for store, pool in self.pools[case.purpose].items()}
        introspected = introspect(prepared.schema, prepared.operation, plan, variables=variables)
        ran = await run_plan(plan, variables, recorders, cursors=Cursors(KEY), introspected=introspected)  # type: ignore[arg-type]
        assert not ran.down
        by_text = {
            (statement.store, statement.sql): (statement, number)
            for number, wave in enumerate(plan.waves)
            for statement in wave
        }
        sent = [
            Sent(*by_text[store, sql], arguments)
            for store, recorder in recorders.items()
            for sql, arguments in recorder.asked
        ]
        return Outcome(plan, cost_of(plan.price, variables), sent, answer="".join(ran.data), named=ran.named)


@asynccontextmanager
async def open_golden(new_database: NewDatabase) -> AsyncIterator[Golden]:
    """Fresh stores with the golden world and its universes."""
    dsns = {store: await new_database(store.value) for store in Store}
    pools: dict[Purpose, dict[Store, Pool]] = {purpose: {} for purpose in Purpose}
    async with AsyncExitStack() as stack:
        for store, dsn in dsns.items():
            owner = await connect_owner(dsn)
            stack.push_async_callback(owner.close)
            await fill(owner, store)
            for universe in universes(OBJECTS, store):
                pool = pools[universe.purpose][store] = Pool(StoreLogin(dsn, universe.role, size=1))
                stack.push_async_callback(pool.close)
        yield Golden(dsns, pools)


async def fill(owner: Connection, store: Store) -> None:
    """Give an empty store the world's rows and its universes."""
    await owner.execute((PLANS / "world" / f"{store}.sql").read_text(encoding="utf-8"))
    await apply(owner, OBJECTS, store)
