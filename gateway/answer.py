"""A request's whole life, in order; refusals come from the first four steps alone, never from data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.limits import admit, admit_cost
from gateway.responses import Answer, error_object
from resolvers.bound import UNBOUND, bind
from resolvers.introspection import introspect
from resolvers.mutations import ask_resolvers, cost_of_changes, run_changes
from resolvers.run import Ran, StoreChanged, run_plan
from schema.refusals import Code, Refusal

if TYPE_CHECKING:
    from graphql.execution.values import VariableValues

    from gateway.requests import Asked
    from gateway.tokens import Caller
    from resolvers.bound import Bound
    from resolvers.cache import PlanCache, Prepared
    from resolvers.catalogue import Store
    from resolvers.cursors import Cursors
    from resolvers.stores import Pool
    from schema.mutation import Context
    from schema.purposes import Purpose

ATTEMPTS = 3


@dataclass(frozen=True)
class Gateway:
    """The parts that an answer needs; wired together in `gateway/app.py`.

    `context_of(bound, client)`: what the ordinary resolvers may call for such a token.
    """

    plans: PlanCache
    pools: Mapping[Purpose, Mapping[Store, Pool]]
    cursors: Cursors
    max_cost: int
    context_of: Callable[[Bound, str], Context]


async def answer(gateway: Gateway, asked: Asked, caller: Caller) -> Answer:
    """Answer one request of a caller whose token and purpose are known.

    After the first line nothing knows of tokens, and everything of one purpose. Raises Refusal.
    """
    purpose = caller.purpose
    prepared = gateway.plans.prepare(purpose, asked.document, asked.operation_name)
    _refuse_change_by_get(asked, prepared.operation.is_query)
    variables = prepared.coerce(asked.variables)
    if not prepared.operation.is_query:
        return await _change(gateway, prepared, variables, caller)
    plan = gateway.plans.plan(purpose, prepared, variables)
    if caller.bound is not UNBOUND:
        variables = bind(variables, caller.bound)
    admit(plan, variables, gateway.max_cost)
    introspected = introspect(prepared.schema, prepared.operation, plan, variables)
    if plan.asks:
        context = gateway.context_of(caller.bound, caller.client)
        told = await ask_resolvers(prepared.schema, prepared.operation, plan, variables, context)
        introspected = {**introspected, **told}
    for _ in range(ATTEMPTS):
        try:
            ran = await run_plan(plan, variables, gateway.pools[purpose], gateway.cursors, introspected)
        except StoreChanged:
            continue
        return _respond(ran)
    raise Refusal(Code.STORE_UNAVAILABLE)


def _refuse_change_by_get(asked: Asked, is_query: bool) -> None:
    if asked.is_get and not is_query:
        raise Refusal(Code.METHOD_NOT_ALLOWED)


async def _change(gateway: Gateway, prepared: Prepared, variables: VariableValues, caller: Caller) -> Answer:
    """Run a mutation: no plan, and everything that can be refused is refused before anything is changed."""
    admit_cost(cost_of_changes(prepared.schema, prepared.operation, variables), gateway.max_cost)
    context = gateway.context_of(caller.bound, caller.client)
    changed = await run_changes(prepared.schema, prepared.operation, variables, context)
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
