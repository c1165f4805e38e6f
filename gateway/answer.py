"""A request's whole life, in order; the step that refuses it says so.

    identify          who asks, and for which purpose               TOKEN_REFUSED, PURPOSE_REFUSED
    admit             one place, and one request of the quota       TOO_MANY_REQUESTS, TOO_MANY_AT_ONCE
    read              the GraphQL request in the body               BAD_REQUEST and its kin
    trusted document  a text that this client may send              DOCUMENT_NOT_TRUSTED
    prepare           a valid operation of the purpose's schema     GRAPHQL_VALIDATION_FAILED and its kin
    price             the rows that it can touch                    COST_TOO_HIGH
    plan              the statements that answer it
    reserve           the people that it asks about and may name    TOO_MANY_QUESTIONS, TOO_MANY_PEOPLE
    run               the answer's text from the stores             STORE_UNAVAILABLE
    record            the people in it are charged, then written    NOT_RECORDED
    respond           the bytes of the answer

Requests are refused before data is read, except when the ledger is down. Two kinds of root field have no
plan: graphql-core runs mutations (`_change`), and it answers the fields that no store holds (`_resolve`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from gateway.access.jwt import WhoAsks, caller_of
from gateway.quotas.cost import admit, admit_cost
from gateway.quotas.deadline import AnswerDeadline
from gateway.quotas.people import NO_PROMISE
from gateway.web.requests import Asked, HttpRequest, read_asked, refuse_method
from gateway.web.responses import Answer, error_object
from resolvers.compile.subjects import shape_of_all
from resolvers.plan.amounts import NO_QUESTIONS
from resolvers.plan.plan import RootAsked
from resolvers.plan.principal import NO_PRINCIPAL, with_caller
from resolvers.run.fill import StoreChanged
from resolvers.run.graphql_core import ask_resolvers, cost_of_fields, run_changes
from resolvers.run.introspection import introspect
from resolvers.run.people import People, people_of
from resolvers.run.run import Ran, run_plan
from schema.refusals import Code, Refusal

if TYPE_CHECKING:
    from graphql.execution.values import VariableValues

    from gateway.access.tokens import Caller
    from gateway.ledger.record import Ledger, Named
    from gateway.quotas.people import PeopleQuota, Promise
    from gateway.quotas.requests import Admission
    from resolvers.compile.cache import PlanCache, PreparedOperation
    from resolvers.plan.cursors import Cursors
    from resolvers.plan.identifiers import Identifiers
    from resolvers.plan.plan import Plan
    from resolvers.plan.principal import Principal
    from resolvers.plan.subjects import DisclosureShape
    from resolvers.sources.catalogue import Store
    from resolvers.stores.pool import Pool
    from schema.mutation import Context
    from schema.purposes import Purpose

ATTEMPTS = 3


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """The parts that an answer needs, in the order in which it needs them; `gateway/app.py` wires them.

    `who_asks` is `TokenBook.caller` and `trusted` is `DocumentBook.trusted`. `context_of(principal, client,
    people)` returns what graphql-core's resolvers may call for such a token; they note in `people` the
    people whose data they return. `policy` is the policy's digest.
    """

    who_asks: WhoAsks
    admission: Admission
    max_body_bytes: int
    deadline: AnswerDeadline
    trusted: Callable[[Asked, Caller], Asked]
    plans: PlanCache
    max_cost: int
    context_of: Callable[[Principal, str, People], Context]
    pools: Mapping[Purpose, Mapping[Store, Pool]]
    cursors: Cursors
    identifiers: Identifiers
    people: PeopleQuota
    ledger: Ledger
    policy: str


async def answer(gateway: Gateway, request: HttpRequest) -> Answer:
    """The answer to one request. Raises the Refusal of the step that refuses it.

    Raises ClientGone if the client leaves before its body is complete. An answer that takes longer than
    the deadline, once the body is read, is STORE_UNAVAILABLE.
    """
    refuse_method(request.head)
    caller = request.caller = await caller_of(
        gateway.who_asks, request.head.authorization, request.head.purpose
    )
    await gateway.admission.enter(caller.client)
    try:
        received = await read_asked(request.head, request.receive, gateway.max_body_bytes)
        with gateway.deadline:
            asked = gateway.trusted(received, caller)
            prepared = gateway.plans.prepare(caller.purpose, asked.document, asked.operation_name)
            _refuse_change_by_get(asked, prepared)
            variables = prepared.coerce(asked.variables)
            if not prepared.operation.is_query:
                return await _change(gateway, request, caller, prepared=prepared, variables=variables)
            priced = gateway.plans.price(caller.purpose, prepared, variables)
            admit(priced.price, variables, gateway.max_cost)
            plan = gateway.plans.plan(caller.purpose, prepared, priced)
            variables = _with_caller(gateway, variables, caller)
            questions = NO_QUESTIONS if plan.questions is None else plan.questions.count(variables)
            with await gateway.people.reserve(caller.client, caller.purpose, questions) as promise:
                resolved = await _resolve(gateway, caller, prepared, plan=plan, variables=variables)
                ran = await _run(gateway, caller.purpose, plan, variables=variables, texts=resolved.texts)
                await _record(
                    gateway,
                    request,
                    plan.shape,
                    named=ran.named,
                    people=resolved.people,
                    whole=not ran.down,
                    asked=questions.asked,
                    promise=promise,
                )
            return _respond(ran)
    finally:
        gateway.admission.leave(caller.client)


# --- steps ----------------------------------------------------------------------------------------


def _refuse_change_by_get(asked: Asked, prepared: PreparedOperation) -> None:
    if asked.is_get and not prepared.operation.is_query:
        raise Refusal(Code.METHOD_NOT_ALLOWED)


def _with_caller(gateway: Gateway, variables: VariableValues, caller: Caller) -> VariableValues:
    seal = gateway.identifiers.seal_for(caller.purpose, caller.client)
    if seal is None and caller.principal is NO_PRINCIPAL:
        return variables
    return with_caller(variables, caller.principal, seal)


class _Resolved(NamedTuple):
    """Root fields that graphql-core answered: JSON text by response key, and the people in them."""

    texts: Mapping[str, str]
    people: Sequence[Named]


_NONE_RESOLVED = _Resolved({}, ())


async def _resolve(
    gateway: Gateway, caller: Caller, prepared: PreparedOperation, *, plan: Plan, variables: VariableValues
) -> _Resolved:
    """The root fields that no store holds: introspection, and the fields of ordinary resolvers."""
    if not (plan.introspects or plan.asks):
        return _NONE_RESOLVED
    texts = introspect(prepared.schema, prepared.operation, plan, variables=variables)
    if not plan.asks:
        return _Resolved(texts, ())
    people = People()
    context = gateway.context_of(caller.principal, caller.client, people)
    answers = await ask_resolvers(
        prepared.schema, prepared.operation, plan, variables=variables, context=context
    )
    return _Resolved({**texts, **answers}, _disclosed(plan, people, caller.principal))


def _disclosed(plan: Plan, people: People, principal: Principal) -> list[Named]:
    """The people that resolvers disclosed, with their places: those they noted, else the token's subject."""
    return [
        (root.subject, who, key)
        for root in plan.roots
        if isinstance(root, RootAsked) and root.subject is not None
        for who, key in people.noted.get(root.name) or people_of(principal)
    ]


async def _run(
    gateway: Gateway, purpose: Purpose, plan: Plan, *, variables: VariableValues, texts: Mapping[str, str]
) -> Ran:
    """What the plan returns; it runs again if a store changed between two of its statements."""
    gateway.ledger.expect()
    try:
        for _ in range(ATTEMPTS):
            try:
                return await run_plan(
                    plan,
                    variables,
                    gateway.pools[purpose],
                    cursors=gateway.cursors,
                    introspected=texts,
                )
            except StoreChanged:
                continue
        raise Refusal(Code.STORE_UNAVAILABLE)
    finally:
        gateway.ledger.expect_no_more()


async def _record(
    gateway: Gateway,
    request: HttpRequest,
    shape: DisclosureShape | None,
    *,
    named: Mapping[int, Sequence[str]],
    people: Sequence[Named],
    whole: bool,
    asked: str = NO_QUESTIONS.asked,
    promise: Promise = NO_PROMISE,
) -> None:
    """Charge the people in the answer to the room in the quota, then write the ledger entry.

    Returns once the entry is durable. An answer whose shape is None is about no person. `named`: keys of
    the people that the plan's answer names; `people`: those that graphql-core's resolvers disclosed; `asked`:
    how many the request asked about; `promise`: the room for them in the client's quota.
    """
    if shape is None:
        return
    caller = request.caller
    assert caller is not None
    found = None if people else gateway.ledger.known(shape, named)
    if found is None:
        found = await gateway.ledger.people(shape, named, people)
    if not gateway.people.is_charged(caller.client, caller.purpose, found.people):
        await gateway.people.charge(caller.client, caller.purpose, found.people, promise=promise)
    await gateway.ledger.record(request.id, caller, shape, people=found, whole=whole, asked=asked)


def _respond(ran: Ran) -> Answer:
    if not ran.down:
        return Answer(200, "".join(('{"data":', *ran.data, "}")).encode())
    return _partly(ran.data, (Code.STORE_UNAVAILABLE,))


def _partly(data: list[str], wrong: Iterable[Code]) -> Answer:
    errors = ",".join(error_object(Refusal(code)).decode() for code in wrong)
    return Answer(200, f'{{"errors":[{errors}],"data":{"".join(data)}}}'.encode())


# --- mutations ------------------------------------------------------------------------------------


async def _change(
    gateway: Gateway,
    request: HttpRequest,
    caller: Caller,
    *,
    prepared: PreparedOperation,
    variables: VariableValues,
) -> Answer:
    """The answer to a mutation: price → run → record → respond. Nothing changes if it is refused."""
    admit_cost(cost_of_fields(prepared.schema, prepared.operation, variables), gateway.max_cost)
    context = gateway.context_of(caller.principal, caller.client, People())
    changed = await run_changes(prepared.schema, prepared.operation, variables, context=context)
    if subject := people_of(caller.principal):
        shape = shape_of_all(
            prepared.schema, prepared.operation, variables, purpose=caller.purpose, policy=gateway.policy
        )
        people = [(0, who, key) for who, key in subject]
        await _record(gateway, request, shape, named={}, people=people, whole=not changed.wrong)
    if changed.wrong:
        return _partly([changed.data.decode()], changed.wrong)
    return Answer(200, b'{"data":' + changed.data + b"}")
