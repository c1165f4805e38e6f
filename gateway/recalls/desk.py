"""The desk at which clients read the notices addressed to them: who asks → what → recorded → told.

The same for each way to ask (`over_http.py`, `over_websocket.py`). A notice says that somebody objected, to
a client that has the person's data; that is an entry of the ledger like any answer, under NOTIFICATION, and
is durable before the notice leaves. Every request names one purpose and is given the notices about what was
received for that one.

Delivery is at least once, in order: a client that asks or subscribes receives a notice again until it
acknowledges it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

from graphql import DocumentNode, ExecutionResult, GraphQLSchema, subscribe

from gateway.control.cache import CacheSource, ControlCache, kept_fresh
from gateway.quotas.cost import admit_cost
from resolvers.changes.recalls import RecallStore, recall_of
from resolvers.compile.subjects import shape_of_all
from resolvers.plan.parameters import coerce_variables
from resolvers.plan.subjects import DisclosureShape
from resolvers.run.graphql_core import Changed, code_of, cost_of_fields, run_changes
from resolvers.run.introspection import raw_values
from resolvers.run.people import Who
from resolvers.stores.pool import StoreUnavailable
from schema.operations import DocumentLimits, read_operation
from schema.policy.matrix import digest
from schema.purposes import Duty
from schema.refusals import Code, Refusal
from schema.types.recalls import Recall, recall_schema

if TYPE_CHECKING:
    from graphql.execution.values import VariableValues

    from gateway.access.tokens import Caller
    from gateway.ledger.record import Ledger
    from resolvers.plan.identifiers import Identifiers, Seal
    from resolvers.stores.pool import Connection, Record, StoreLogin
    from schema.operations import Operation

# Streams that one client may have open in one process: it needs one for each purpose.
MAX_STREAMS = 16
# How many notices share an entry of the ledger; how often a stream looks whether its token still holds.
BATCH = 100
LOOK_SECONDS = 1.0

_NEWEST = "SELECT coalesce(max(id), 0) FROM control.recall"

# Refuses once the token of a stream does not hold any more.
StillAsks = Callable[[], None]


class Notices(ControlCache):
    """Knows when there are new notices. One per process."""

    def __init__(self, connect: Callable[[], Awaitable[Connection]], monotonic: Callable[[], float]) -> None:
        super().__init__(CacheSource(_NEWEST, "gateway_recalls", self._read), connect, monotonic)
        self.closing = False
        self._changed = asyncio.Event()

    async def _read(self, connection: Connection) -> None:
        """Wake all streams: which notices are whose is theirs to ask."""
        self._changed.set()
        self._changed = asyncio.Event()

    @property
    def next_change(self) -> Awaitable[Any]:
        """Done when there is more than there is now."""
        return self._changed.wait()


@dataclass(frozen=True)
class RecallOperation:
    """A valid operation with its variables."""

    operation: Operation
    variables: VariableValues


@dataclass(frozen=True)
class RecallAnswer:
    """One answer of a stream: its `data`, or the codes of what went wrong."""

    data: dict[str, Any] | None
    wrong: tuple[Code, ...] = ()


class Desk:
    """Reads and answers operations of the schema of notices. `policy`: its digest, for the ledger."""

    def __init__(
        self,
        schema: GraphQLSchema,
        store: RecallStore,
        notices: Notices,
        *,
        ledger: Ledger,
        policy: str,
        max_cost: int,
        identifiers: Identifiers,
    ) -> None:
        self._schema, self._store, self._notices, self._ledger = schema, store, notices, ledger
        self._policy, self._max_cost, self._identifiers = policy, max_cost, identifiers
        self._limits = DocumentLimits()
        self._streams: Counter[str] = Counter()

    def prepare(self, document: str, operation_name: str | None, given: dict[str, Any]) -> RecallOperation:
        """The operation that is asked. Refusals of `read_operation`; BAD_USER_INPUT, COST_TOO_HIGH."""
        operation = read_operation(self._schema, document, operation_name, limits=self._limits)
        names = {each.variable.name.value for each in operation.node.variable_definitions or ()}
        if not given.keys() <= names:
            raise Refusal(Code.BAD_USER_INPUT)
        variables = coerce_variables(self._schema, operation.node, given)
        admit_cost(cost_of_fields(self._schema, operation, variables), self._max_cost)
        return RecallOperation(operation, variables)

    async def answer(self, prepared: RecallOperation, caller: Caller, request_id: bytes) -> Changed:
        """Answer a query or a mutation. Whatever went wrong is among what it returns."""
        context = _Context(self._feed(prepared, caller, request_id, still_asks=_no_stream))
        return await run_changes(self._schema, prepared.operation, prepared.variables, context=context)  # type: ignore[arg-type]

    async def stream(
        self, prepared: RecallOperation, caller: Caller, request_id: bytes, *, still_asks: StillAsks
    ) -> AsyncGenerator[RecallAnswer]:
        """Answer a subscription within a `place`, until it is closed.

        The last answer says what ended it, unless the client did.
        """
        operation = prepared.operation
        found: Any = subscribe(
            self._schema,
            DocumentNode(definitions=(operation.node, *operation.fragments.values())),
            context_value=_Context(self._feed(prepared, caller, request_id, still_asks=still_asks)),
            variable_values=raw_values(prepared.variables),
        )
        results: Any = await found if isawaitable(found) else found
        if isinstance(results, ExecutionResult):
            yield _told(results)
            return
        try:
            async for result in results:
                yield _told(result)
        except Refusal as refusal:
            yield RecallAnswer(None, (refusal.code,))
        except StoreUnavailable:
            yield RecallAnswer(None, (Code.STORE_UNAVAILABLE,))
        finally:
            await results.aclose()

    def close_streams(self) -> None:
        """Let every stream end within a second."""
        self._notices.closing = True

    @contextmanager
    def place(self, client: str) -> Iterator[None]:
        """A place for one stream of this client, while the block runs. TOO_MANY_AT_ONCE if there is none."""
        if self._streams[client] >= MAX_STREAMS:
            raise Refusal(Code.TOO_MANY_AT_ONCE)
        self._streams[client] += 1
        try:
            yield
        finally:
            self._streams[client] -= 1

    def _feed(
        self, prepared: RecallOperation, caller: Caller, request_id: bytes, *, still_asks: StillAsks
    ) -> Feed:
        shape = shape_of_all(
            self._schema,
            prepared.operation,
            prepared.variables,
            purpose=Duty.NOTIFICATION,
            policy=self._policy,
        )
        return Feed(
            self._store,
            self._notices,
            self._ledger,
            shape=shape,
            caller=caller,
            request_id=request_id,
            still_asks=still_asks,
            seal=self._identifiers.seal_for(caller.purpose, caller.client),
        )


@dataclass(frozen=True)
class _Context:
    """See `schema.types.recalls.RecallContext`."""

    recalls: Feed


class Feed:
    """See `schema.types.recalls.Recalls`: of one client, about what it received for one purpose."""

    def __init__(
        self,
        store: RecallStore,
        notices: Notices,
        ledger: Ledger,
        *,
        shape: DisclosureShape,
        caller: Caller,
        request_id: bytes,
        still_asks: StillAsks,
        seal: Seal | None,
    ) -> None:
        self._store, self._notices, self._ledger = store, notices, ledger
        self._shape, self._caller, self._request_id = shape, caller, request_id
        self._still_asks, self._seal = still_asks, seal

    async def page(self, first: int, after: int, acknowledged: bool) -> Sequence[Recall]:
        """A page of them, recorded."""
        caller = self._caller
        rows = await self._store.page(
            caller.client, caller.purpose, first, after=after, acknowledged=acknowledged
        )
        await self._record(rows)
        return [recall_of(row, self._seal) for row in rows]

    async def acknowledge(self, numbers: Sequence[int]) -> frozenset[int]:
        """Return which of them are acknowledged now. It discloses no person: the client has the numbers."""
        return await self._store.acknowledge(self._caller.client, self._caller.purpose, numbers)

    async def follow(self, after: int) -> AsyncGenerator[Recall]:
        """Those that are open, then each new one, until the gateway stops."""
        changed: asyncio.Future[Any] | None = None
        try:
            while not self._notices.closing:
                self._still_asks()
                if changed is None or changed.done():
                    # Before it is asked, so that what comes meanwhile is not missed.
                    changed = asyncio.ensure_future(self._notices.next_change)
                    while page := await self.page(BATCH, after, False):
                        for each in page:
                            yield each
                            after = int(each.number)
                await asyncio.wait([changed], timeout=LOOK_SECONDS)
        finally:
            if changed is not None:
                changed.cancel()

    async def _record(self, rows: Sequence[Record]) -> None:
        """Record the people whose data this client receives now, and return once that is durable."""
        if not rows:
            return
        told = [(0, Who(row["store"]), str(row["account_id"])) for row in rows]
        people = await self._ledger.people(self._shape, {}, list(dict.fromkeys(told)))
        await self._ledger.record(self._request_id, self._caller, self._shape, people=people, whole=True)


def _no_stream() -> None:
    raise AssertionError("a query and a mutation follow nothing")


def _told(result: ExecutionResult) -> RecallAnswer:
    wrong = tuple(dict.fromkeys(code_of(error) for error in result.errors or ()))
    return RecallAnswer(result.data, wrong)


@asynccontextmanager
async def open_desk(
    login: StoreLogin,
    ledger: Ledger,
    connect: Callable[[], Awaitable[Connection]],
    *,
    monotonic: Callable[[], float],
    max_cost: int,
    identifiers: Identifiers,
) -> AsyncIterator[Desk]:
    """The desk, while the block runs. `connect`: see `Follower`."""
    store, notices = RecallStore(login), Notices(connect, monotonic)
    desk = Desk(
        recall_schema(),
        store,
        notices,
        ledger=ledger,
        policy=digest(),
        max_cost=max_cost,
        identifiers=identifiers,
    )
    try:
        async with kept_fresh(notices, "notices"):
            yield desk
    finally:
        desk.close_streams()
        store.close()
