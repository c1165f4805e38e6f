"""(operation, purpose, shape of variables) → plan: one list of passes.

Each pass is pure. None touches a store; what they refuse depends on the document and the variables
alone.
"""

from __future__ import annotations

from collections import defaultdict
from math import prod
from typing import TYPE_CHECKING

from resolvers.compile.bind import Binder
from resolvers.compile.context import PurposeContext
from resolvers.compile.selection import Collector
from resolvers.plan.subjects import DisclosureShape, SubjectPlace
from resolvers.plan.tree import (
    HOLE,
    Fetch,
    Parameter,
    Plan,
    RootAsked,
    RootIntrospection,
    Statement,
)
from resolvers.sql.statement import render_statement

if TYPE_CHECKING:
    from graphql.execution.values import VariableValues

    from resolvers.sources.catalogue import Store
    from schema.operations import Operation


def compile_plan(context: PurposeContext, operation: Operation, variables: VariableValues) -> Plan:
    """The plan of a query. Refusals: BAD_USER_INPUT, CURSOR_REFUSED."""
    query = context.schema.query_type
    assert query is not None
    collector = Collector(context.schema, operation.fragments, variables)
    selected = collector.collect(query, (operation.node.selection_set,))
    binder = Binder(context, collector, variables)
    roots = tuple(binder.bind_root(query, field) for field in selected)
    groups = _group_fetches(binder.fetches, context.sharded)
    waves = tuple(
        tuple(render_statement(group, context.sharded, context.owned) for group in wave) for wave in groups
    )
    statements = [statement for wave in waves for statement in wave]
    return Plan(
        roots=roots,
        introspects=any(isinstance(root, RootIntrospection) for root in roots),
        asks=any(isinstance(root, RootAsked) for root in roots),
        waves=waves,
        slots=tuple(binder.slots),
        least_cost=sum(_fixed_cost(each) or 0 for each in binder.cost),
        sized_costs=tuple(each for each in binder.cost if _fixed_cost(each) is None),
        repeatable=_stores_asked_again(waves),
        fans_out=_stores_asked_whole(waves),
        unasked=_unasked(binder.given, waves),
        shape=_shape(context, operation, binder.subjects.noted()),
        holed=any(map(_makes_holes, statements)),
    )


def _makes_holes(statement: Statement) -> bool:
    """Whether its texts may hold holes: those that Postgres writes, or those of lists assembled here."""
    assembled = statement.assembly is not None or statement.suggestions is not None
    return assembled or HOLE in statement.sql


def _shape(
    context: PurposeContext, operation: Operation, subjects: tuple[SubjectPlace, ...]
) -> DisclosureShape | None:
    return (
        DisclosureShape(context.purpose, context.policy, operation.document, subjects) if subjects else None
    )


def _group_fetches(fetches: list[Fetch], sharded: bool) -> list[list[list[Fetch]]]:
    """Waves of groups of fetches that share a statement: one store, and one group when sharded."""
    waves: dict[int, dict[tuple[object, ...], list[Fetch]]] = defaultdict(lambda: defaultdict(list))
    for fetch in fetches:
        apart = sharded or fetch.step is not None
        group = (fetch.store, fetch.slot, fetch.step) if apart else (fetch.store,)
        waves[fetch.wave][group].append(fetch)
    return [list(waves[number].values()) for number in sorted(waves)]


def _fixed_cost(factors: tuple[Parameter | int, ...]) -> int | None:
    known = [factor for factor in factors if isinstance(factor, int)]
    return prod(known) if len(known) == len(factors) else None


def _unasked(given: list[Parameter], waves: tuple[tuple[Statement, ...], ...]) -> tuple[Parameter, ...]:
    asked = {id(each) for wave in waves for statement in wave for each in statement.parameters}
    return tuple(each for each in given if id(each) not in asked)


def _stores_asked_whole(waves: tuple[tuple[Statement, ...], ...]) -> frozenset[Store]:
    return frozenset(statement.store for wave in waves for statement in wave if statement.fans_out)


def _stores_asked_again(waves: tuple[tuple[Statement, ...], ...]) -> frozenset[Store]:
    asked = [statement.store for wave in waves for statement in wave]
    return frozenset(store for store in asked if asked.count(store) > 1)
