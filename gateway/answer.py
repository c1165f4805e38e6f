"""A request's whole life, in order; refusals come from the first four steps alone, never from data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.limits import admit
from gateway.responses import Answer, error_object
from resolvers.introspection import introspect
from resolvers.run import Ran, StoreChanged, run_plan
from schema.refusals import Code, Refusal

if TYPE_CHECKING:
    from gateway.requests import Asked
    from gateway.tokens import Caller
    from resolvers.cache import PlanCache
    from resolvers.catalogue import Store
    from resolvers.cursors import Cursors
    from resolvers.stores import Pool
    from schema.purposes import Purpose

ATTEMPTS = 3


@dataclass(frozen=True)
class Gateway:
    """The parts that an answer needs; wired together in `gateway/app.py`."""

    plans: PlanCache
    pools: Mapping[Purpose, Mapping[Store, Pool]]
    cursors: Cursors
    max_cost: int


async def answer(gateway: Gateway, asked: Asked, caller: Caller) -> Answer:
    """Answer one request of a caller whose token and purpose are known.

    After the first line nothing knows of tokens, and everything of one purpose. Raises Refusal.
    """
    purpose = caller.purpose
    prepared = gateway.plans.prepare(purpose, asked.document, asked.operation_name)
    _refuse_change_by_get(asked, prepared.operation.is_query)
    variables = prepared.coerce(asked.variables)
    plan = gateway.plans.plan(purpose, prepared, variables)
    admit(plan, variables, gateway.max_cost)
    introspected = introspect(prepared.schema, prepared.operation, plan, variables)
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


def _respond(ran: Ran) -> Answer:
    if not ran.down:
        return Answer(200, "".join(('{"data":', *ran.data, "}")).encode())
    errors = error_object(Refusal(Code.STORE_UNAVAILABLE)).decode()
    return Answer(200, f'{{"errors":[{errors}],"data":{"".join(ran.data)}}}'.encode())
