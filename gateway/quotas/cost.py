"""How much one request may ask for; it depends on the document and its variables, never on data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resolvers.plan.tree import Parameter, Plan
from schema.refusals import Code, Refusal

if TYPE_CHECKING:
    from graphql.execution.values import VariableValues


def admit(plan: Plan, variables: VariableValues, max_cost: int) -> None:
    """COST_TOO_HIGH if the plan could touch more rows than that; each list counts with its full size."""
    admit_cost(cost_of(plan, variables), max_cost)


def admit_cost(cost: int, max_cost: int) -> None:
    """COST_TOO_HIGH if it is more than that."""
    if cost > max_cost:
        raise Refusal(Code.COST_TOO_HIGH)


def cost_of(plan: Plan, variables: VariableValues) -> int:
    """The most rows that the plan can touch: a sum of products of list sizes."""
    if not plan.sized_costs:
        return plan.least_cost
    return plan.least_cost + sum(_product(factors, variables) for factors in plan.sized_costs)


def _product(factors: tuple[Parameter | int, ...], variables: VariableValues) -> int:
    product = 1
    for factor in factors:
        if isinstance(factor, Parameter):
            size = factor.read(variables)
            assert isinstance(size, int)
            product *= size
        else:
            product *= factor
    return product
