"""A cached plan serves only requests whose variables have the shape that it was made for."""

from __future__ import annotations

import pytest

from resolvers.compile.cache import PlanCache
from resolvers.compile.context import build_contexts
from resolvers.plan.cursors import Cursors
from resolvers.plan.plan import Plan
from resolvers.sources.fields import OBJECTS
from schema.operations import DocumentLimits
from schema.purposes import Purpose
from schema.refusals import Code, Refusal

DOCUMENT = """query($a: String, $b: String) {
    a: messengerAccounts(after: $a) { totalCount nodes { id } }
    b: messengerAccounts(before: $b) { totalCount nodes { id } }
}"""
SECURITY = Purpose.SECURITY


@pytest.fixture(scope="module")
def cache() -> PlanCache:
    """Plans of all purposes."""
    return PlanCache(build_contexts(OBJECTS, Cursors(bytes(range(64)))), DocumentLimits())


def plan(cache: PlanCache, variables: dict[str, str | None]) -> Plan:
    """The plan for these variables."""
    prepared = cache.prepare(SECURITY, DOCUMENT, None)
    priced = cache.price(SECURITY, prepared, prepared.coerce(variables))
    return cache.plan(SECURITY, prepared, priced)


def test_the_order_of_variables_is_no_part_of_their_shape(cache: PlanCache) -> None:
    """The shape depends on which variable is null, not on its place in the request."""
    one, same = plan(cache, {"a": None, "b": "x"}), plan(cache, {"b": "x", "a": None})
    other = plan(cache, {"b": None, "a": "x"})

    assert one is same
    assert one is not other


def test_null_and_left_out_may_be_planned_apart(cache: PlanCache) -> None:
    """A variable that is left out, null or given gets a plan with the parameters that it needs."""
    given = plan(cache, {"a": "x", "b": "x"})
    nothing = plan(cache, {})

    assert len(given.waves[0][0].parameters) > len(nothing.waves[0][0].parameters)


def test_a_price_becomes_a_plan_once(cache: PlanCache) -> None:
    """An operation is priced once and bound once; its plan keeps the price and takes its place."""
    prepared = cache.prepare(SECURITY, f"{DOCUMENT} # to be priced", None)
    variables = prepared.coerce({"a": "x", "b": None})
    priced = cache.price(SECURITY, prepared, variables)

    assert not isinstance(priced, Plan)
    assert cache.price(SECURITY, prepared, variables) is priced

    bound = cache.plan(SECURITY, prepared, priced)

    assert bound.price is priced.price
    assert cache.price(SECURITY, prepared, variables) is bound
    assert cache.plan(SECURITY, prepared, bound) is bound


def test_an_unknown_variable_is_refused(cache: PlanCache) -> None:
    """A variable that the operation does not define is refused."""
    for variables in ({"c": "x"}, {"a": "x", "b": "x", "c": "x"}, {"a": "x", "c": "x"}):
        with pytest.raises(Refusal) as refusal:
            plan(cache, variables)
        assert refusal.value.code is Code.BAD_USER_INPUT
