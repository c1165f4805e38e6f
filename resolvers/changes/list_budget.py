"""What customer lists may tell of a group of numbers in a year: the limits in the store, and the ε of them.

One answer depends on the size of a list plus Laplace noise of a scale s, cut at 10·s. If g of its numbers
change (a member objects, or leaves), no answer becomes more likely than by the factor exp(g/s), except with
a probability δ, because the noise is cut. A number counts in d answers: the ε add up, and so do the δ (Dwork
and Roth, *The Algorithmic Foundations of Differential Privacy*, theorem 3.16). The unit is a number: a
person with two numbers is a group of two.

The limits are in the store and not in the gateway's settings: the login that brings lists cannot widen them.
Rejected: a larger s and no budget (a client repeats until the noise is averaged away); each number's answer
drawn once at random and kept (it needs no budget, but at ε = 1/30 the noise of a list of 1,000 deviates by
950); counting a number by what it was at first (repeated, it is learnt exactly).
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection

# As in `ddl/social/0011_list_budget.sql`.
CUT_IN_SCALES = 10
LISTS_OF_A_DAY = 5
DAYS_OF_MERCHANT, DAYS_OF_NUMBER = 90, 365

_READ = "SELECT noise_scale, lists_of_merchant, uses_of_number, uses_by_a_merchant FROM social.list_budget"
_SET = """
UPDATE social.list_budget
SET noise_scale = $1, lists_of_merchant = $2, uses_of_number = $3, uses_by_a_merchant = $4
"""
_FORGET = "SELECT social.forget_list_uses()"


@dataclass(frozen=True)
class ListBudget:
    """How wide the noise is, new lists of a merchant in 90 days, and decisions that use a number in a year.

    `uses_by_a_merchant`: how many of these decisions may be on lists of one merchant.
    """

    noise_scale: int
    lists_of_merchant: int
    uses_of_number: int
    uses_by_a_merchant: int

    @property
    def noise_cut(self) -> int:
        """How far the noise goes at most. As much is taken off every size."""
        return CUT_IN_SCALES * self.noise_scale

    def decisions(self, merchants: int) -> int:
        """In how many answers to so many merchants together a number counts within a year."""
        return min(merchants * self.uses_by_a_merchant, self.uses_of_number)

    @property
    def merchants_that_spend_all(self) -> int:
        """How many merchants together have all answers that any number of them can have."""
        return math.ceil(self.uses_of_number / self.uses_by_a_merchant)

    def epsilon(self, group: int, merchants: int) -> float:
        """The ε of all that so many merchants are told in a year, for a group of numbers."""
        return self.decisions(merchants) * group / self.noise_scale

    def delta(self, group: int, merchants: int) -> float:
        """The δ beside it. At its worst, each number of the group is in an answer of its own."""
        of_one = 0.5 * math.exp(-(self.noise_cut - 1) / self.noise_scale)
        return self.decisions(merchants) * group * of_one

    def most_right(self, group: int, merchants: int) -> float:
        """How often somebody who guesses between two equally likely states of the group is right, at most."""
        grown = math.exp(self.epsilon(group, merchants))
        return min(1.0, 0.5 + 0.5 * (grown - 1 + 2 * self.delta(group, merchants)) / (grown + 1))


async def read_budget(social: Connection) -> ListBudget:
    """The limits in force."""
    row = await social.fetchrow(_READ)
    assert row is not None
    return ListBudget(**row)


async def set_budget(social: Connection, budget: ListBudget) -> None:
    """Put other limits in force; the connection is the owner's."""
    await social.execute(_SET, *asdict(budget).values())


async def forget_list_uses(social: Connection) -> None:
    """Delete the uses of numbers and the lists of merchants that no limit counts any longer."""
    await social.execute(_FORGET)
