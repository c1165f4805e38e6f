"""How many rows one request may touch.

The price depends on the document and its variables, never on data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from resolvers.plan.amounts import Price
from schema.refusals import Code, Refusal

if TYPE_CHECKING:
    from graphql.execution.values import VariableValues


def admit(price: Price, variables: VariableValues, max_cost: int) -> None:
    """COST_TOO_HIGH if a plan of this price could touch more rows than that; lists count in full size."""
    admit_cost(cost_of(price, variables), max_cost)


def admit_cost(cost: int, max_cost: int) -> None:
    """COST_TOO_HIGH if the cost is above the limit."""
    if cost > max_cost:
        raise Refusal(Code.COST_TOO_HIGH)


def cost_of(price: Price, variables: VariableValues) -> int:
    """The most rows that a plan can touch: a sum of products of list sizes."""
    return price.of(variables)
