"""A request's whole life, in order.

What is refused is refused before anything is read, but for two: nothing leaves that cannot be recorded, and
nobody is told of more people in an hour than they may be.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.quotas.cost import admit, admit_cost
from gateway.web.responses import Answer, error_object
from resolvers.compile.subjects import shape_of_all
from resolvers.plan.plan import RootAsked
from resolvers.plan.principal import NO_PRINCIPAL, with_principal
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
    from gateway.web.requests import Asked
    from resolvers.compile.cache import PlanCache, PreparedOperation
    from resolvers.plan.cursors import Cursors
    from resolvers.plan.plan import Plan
    from resolvers.plan.principal import Principal
    from resolvers.plan.subjects import DisclosureShape
    from resolvers.sources.catalogue import Store
    from resolvers.stores.pool import Pool
    from schema.mutation import Context
    from schema.purposes import Purpose

ATTEMPTS = 3


@dataclass(frozen=True)
class Gateway:
    """The parts that an answer needs; wired together in `gateway/app.py`.

    `context_of(bound, client, people)`: what the ordinary resolvers may call for such a token; they note in
    `people` whom they tell of. `ledger` records, before anything leaves; `meet(caller, people)` counts before
    that of whom the client is told, unless `has_met`. `policy`: its digest.
    """

    plans: PlanCache
    pools: Mapping[Purpose, Mapping[Store, Pool]]
    cursors: Cursors
    max_cost: int
    context_of: Callable[[Principal, str, People], Context]
    ledger: Ledger
    is_charged: Callable[[str, Purpose, Sequence[str]], bool]
    charge: Callable[[str, Purpose, Sequence[str]], Awaitable[None]]
    policy: str


async def answer(gateway: Gateway, asked: Asked, caller: Caller, request_id: bytes) -> Answer:
    """Answer one request of a caller whose token and purpose are known.

    After the first line nothing but the ledger knows of tokens, and everything of one purpose. Raises
    Refusal.
    """
    purpose = caller.purpose
    prepared = gateway.plans.prepare(purpose, asked.document, asked.operation_name)
    is_query = prepared.operation.is_query
    _refuse_change_by_get(asked, is_query)
    variables = prepared.coerce(asked.variables)
    if not is_query:
        return await _change(gateway, prepared, variables, caller, request_id)
    priced = gateway.plans.price(purpose, prepared, variables)
    if caller.principal is not NO_PRINCIPAL:
        variables = with_principal(variables, caller.principal)
    admit(priced.price, variables, gateway.max_cost)
    plan = gateway.plans.plan(purpose, prepared, priced)
    introspected = introspect(prepared.schema, prepared.operation, plan, variables=variables)
    told: Sequence[Named] = ()
    if plan.asks:
        people = People()
        context = gateway.context_of(caller.principal, caller.client, people)
        answers = await ask_resolvers(
            prepared.schema, prepared.operation, plan, variables=variables, context=context
        )
        introspected = {**introspected, **answers}
        told = _told(plan, people, caller.principal)
    gateway.ledger.expect()
    try:
        ran = await run_plan(
            plan,
            variables,
            gateway.pools[purpose],
            cursors=gateway.cursors,
            introspected=introspected,
        )
    except StoreChanged:
        ran = await _run_again(gateway, purpose, plan, variables, introspected)
    finally:
        gateway.ledger.expect_no_more()
    if plan.shape is not None:
        await _record(gateway, request_id, caller, plan.shape, ran.named, told, not ran.down)
    return _respond(ran)


async def _record(
    gateway: Gateway,
    request_id: bytes,
    caller: Caller,
    shape: DisclosureShape,
    named: Mapping[int, Sequence[str]],
    told: Sequence[Named],
    whole: bool,
) -> None:
    """Return once it is durable who is told what of whom, and whoever asks may be told of so many."""
    found = None if told else gateway.ledger.known(shape, named)
    if found is None:
        found = await gateway.ledger.people(shape, named, told)
    if not gateway.is_charged(caller.client, caller.purpose, found.people):
        await gateway.charge(caller.client, caller.purpose, found.people)
    await gateway.ledger.record(request_id, caller, shape, people=found, whole=whole)


async def _run_again(
    gateway: Gateway,
    purpose: Purpose,
    plan: Plan,
    variables: VariableValues,
    introspected: Mapping[str, str],
) -> Ran:
    """Run the plan once more: a store changed between two of its statements."""
    for _ in range(ATTEMPTS - 1):
        try:
            return await run_plan(
                plan,
                variables,
                gateway.pools[purpose],
                cursors=gateway.cursors,
                introspected=introspected,
            )
        except StoreChanged:
            continue
    raise Refusal(Code.STORE_UNAVAILABLE)


def _refuse_change_by_get(asked: Asked, is_query: bool) -> None:
    if asked.is_get and not is_query:
        raise Refusal(Code.METHOD_NOT_ALLOWED)


def _told(plan: Plan, people: People, principal: Principal) -> list[Named]:
    """Whom ordinary resolvers told of, and where: whom they named, or else whom the token is bound to."""
    return [
        (root.subject, who, key)
        for root in plan.roots
        if isinstance(root, RootAsked) and root.subject is not None
        for who, key in people.noted.get(root.name) or people_of(principal)
    ]


async def _change(
    gateway: Gateway,
    prepared: PreparedOperation,
    variables: VariableValues,
    caller: Caller,
    request_id: bytes,
) -> Answer:
    """Run a mutation: no plan, and everything that can be refused is refused before anything is changed."""
    admit_cost(cost_of_fields(prepared.schema, prepared.operation, variables), gateway.max_cost)
    context = gateway.context_of(caller.principal, caller.client, People())
    changed = await run_changes(prepared.schema, prepared.operation, variables, context=context)
    if people := people_of(caller.principal):
        shape = shape_of_all(
            prepared.schema, prepared.operation, variables, purpose=caller.purpose, policy=gateway.policy
        )
        told = [(0, who, key) for who, key in people]
        await _record(gateway, request_id, caller, shape, {}, told, not changed.wrong)
    if changed.wrong:
        return _partly([changed.data.decode()], changed.wrong)
    return Answer(200, b'{"data":' + changed.data + b"}")


def _respond(ran: Ran) -> Answer:
    if not ran.down:
        return Answer(200, "".join(('{"data":', *ran.data, "}")).encode())
    return _partly(ran.data, (Code.STORE_UNAVAILABLE,))


def _partly(data: list[str], wrong: Iterable[Code]) -> Answer:
    errors = ",".join(error_object(Refusal(code)).decode() for code in wrong)
    return Answer(200, f'{{"errors":[{errors}],"data":{"".join(data)}}}'.encode())
