"""How much a plan may touch, and how many people it asks about: known from the document and its variables.

Two amounts speak of people. *Questions* are people that the client chose, by identifier, by number, by a
filter or by a place in a list, whether or not they are there: an answer that finds no person says so.
*People* are the most that an answer can name. Both are known before a store is asked, so a quota that refuses
by them tells nothing about anybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from resolvers.plan.parameters import Parameter
from schema.types.disclosures import ChosenBy

if TYPE_CHECKING:
    from graphql.execution.values import VariableValues

# A number as a product of list sizes; a size that the variables decide is a parameter.
Factors = tuple[Parameter | int, ...]


@dataclass(frozen=True)
class Price:
    """A number that the variables of each request decide: `least`, and the sum of the products in `sized`."""

    least: int
    sized: tuple[Factors, ...]

    def of(self, variables: VariableValues) -> int:
        """The number for these variables."""
        if not self.sized:
            return self.least
        return self.least + sum(_product(factors, variables) for factors in self.sized)


def _product(factors: Factors, variables: VariableValues) -> int:
    product = 1
    for factor in factors:
        if isinstance(factor, Parameter):
            size = factor.read(variables)
            assert isinstance(size, int)
            product *= size
        else:
            product *= factor
    return product


@dataclass(frozen=True)
class ChosenPeople:
    """One way in which people were chosen, and the fields that tell whether they are there."""

    how: ChosenBy
    fields: tuple[str, ...]


class QuestionCount(NamedTuple):
    """The amounts of one request. `asked`: the questions for each way, as Postgres writes an array."""

    questions: int
    people: int
    asked: str


NO_QUESTIONS = QuestionCount(0, 0, "{}")


@dataclass(frozen=True)
class Questions:
    """The questions about people that a plan answers, for any variables of its shape.

    `asked`: how many people are asked about in each way of `chosen`. `people`: the most people that an answer
    can name.
    """

    chosen: tuple[ChosenPeople, ...]
    asked: tuple[Price, ...]
    people: Price

    def count(self, variables: VariableValues) -> QuestionCount:
        """The amounts for these variables."""
        return self._constant or self._counted(variables)

    @cached_property
    def _constant(self) -> QuestionCount | None:
        """The amounts if no variable decides them, as of every look-up of one person."""
        if self.people.sized or any(each.sized for each in self.asked):
            return None
        return _summed([each.least for each in self.asked], self.people.least)

    def _counted(self, variables: VariableValues) -> QuestionCount:
        return _summed([each.of(variables) for each in self.asked], self.people.of(variables))


def _summed(asked: list[int], people: int) -> QuestionCount:
    return QuestionCount(sum(asked), people, f"{{{','.join(map(str, asked))}}}")
