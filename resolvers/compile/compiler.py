"""(operation, purpose, shape of variables) → plan: a list of passes over frozen values.

    select    what the operation selects, with sources and arguments    BAD_USER_INPUT, ONE_AT_A_TIME
    price     the most rows that it can touch
              here the gateway refuses                                  COST_TOO_HIGH
    bind      each field to its source, cut where the answer hops
    subjects  the people that the answer names
    questions the people that it asks about, there or not
    waves     the fetches that run together
    render    the SQL of each statement

No pass reads a store. A refusal depends on the document and on the variables alone. A document that costs
too much never reaches `bind`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resolvers.compile.bind import bind
from resolvers.compile.context import PurposeContext
from resolvers.compile.price import price
from resolvers.compile.questions import count_questions
from resolvers.compile.selected import Selection
from resolvers.compile.selection import select_fields
from resolvers.compile.subjects import subject_places
from resolvers.compile.waves import stores_asked_again, stores_asked_whole, waves_of
from resolvers.plan.amounts import Price, Questions
from resolvers.plan.fetches import Assembly
from resolvers.plan.holes import HOLE, KEPT, KEY
from resolvers.plan.identifiers import PREFIX_LENGTH
from resolvers.plan.parameters import Parameter
from resolvers.plan.plan import Plan, RootAsked, RootIntrospection, Statement, StepRows
from resolvers.plan.subjects import DisclosureShape, SubjectPlace
from resolvers.sql.statement import render_statement

if TYPE_CHECKING:
    from graphql.execution.values import VariableValues

    from schema.operations import Operation

# The text that the renderer writes before the key of an identifier.
_IDENTIFIER = re.compile(f'"(.{{{PREFIX_LENGTH}}})[{KEPT}{KEY}]')


@dataclass(frozen=True)
class PricedSelection:
    """What an operation selects, and what it costs: enough to refuse it before it is bound."""

    operation: Operation
    selection: Selection
    price: Price


def price_selection(
    context: PurposeContext, operation: Operation, variables: VariableValues
) -> PricedSelection:
    """The first two passes. BAD_USER_INPUT, ONE_AT_A_TIME."""
    selection = select_fields(context, operation, variables)
    return PricedSelection(operation, selection, price(context, selection))


def compile_plan(context: PurposeContext, priced: PricedSelection) -> Plan:
    """The plan of a query that is selected and priced; this refuses nothing."""
    bound = bind(context, priced.selection)
    subjects = subject_places(priced.selection)
    questions = count_questions(priced.selection) if context.names_people else None
    groups = waves_of(bound.fetches, context.sharded)
    waves = tuple(
        tuple(render_statement(group, context.sharded, context.owned) for group in wave) for wave in groups
    )
    statements = [statement for wave in waves for statement in wave]
    return Plan(
        roots=bound.roots,
        introspects=any(isinstance(root, RootIntrospection) for root in bound.roots),
        asks=any(isinstance(root, RootAsked) for root in bound.roots),
        waves=waves,
        slots=bound.slots,
        price=priced.price,
        repeatable=stores_asked_again(statements),
        fans_out=stores_asked_whole(statements),
        unasked=_unasked(priced.selection.given, statements),
        shape=_shape(context, priced.operation, subjects, questions=questions),
        holed=any(map(_makes_holes, statements)),
        prefixes=_prefixes(statements),
        questions=questions,
    )


def _makes_holes(statement: Statement) -> bool:
    """True if its texts may hold holes: those that Postgres writes, or those of lists assembled here."""
    return isinstance(statement.rows, Assembly | StepRows) or HOLE in statement.sql


def _prefixes(statements: Iterable[Statement]) -> tuple[str, ...]:
    """The prefixes of the identifiers that the statements write."""
    return tuple(sorted({found for each in statements for found in _IDENTIFIER.findall(each.sql)}))


def _shape(
    context: PurposeContext,
    operation: Operation,
    subjects: tuple[SubjectPlace, ...],
    *,
    questions: Questions | None,
) -> DisclosureShape | None:
    chosen = () if questions is None else questions.chosen
    if not subjects and not chosen:
        return None
    return DisclosureShape(
        context.purpose, context.policy, operation.document, subjects=subjects, chosen=chosen
    )


def _unasked(given: Iterable[Parameter], statements: Iterable[Statement]) -> tuple[Parameter, ...]:
    asked = {id(each) for statement in statements for each in statement.parameters}
    return tuple(each for each in given if id(each) not in asked)
