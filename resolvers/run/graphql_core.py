"""Runs mutations, and the few root fields that no plan answers, with graphql-core's ordinary resolvers.

The resolvers are methods in `schema/`, beside their fields; the `context` holds what they may call. All
arguments are read before the first resolver runs, so a wrong one changes nothing. Fields run in the order
of the document, one after the other, and each is complete by itself.

A Refusal or StoreUnavailable that a resolver raises becomes an error of the catalogue, and null in the
answer. Any other exception is a fault of the gateway and is raised again.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from graphql import DocumentNode, ExecutionResult, GraphQLError, execute

from resolvers.compile.collect_fields import Collector
from resolvers.plan.parameters import read_arguments
from resolvers.plan.plan import Plan, RootAsked
from resolvers.run.introspection import document_of, raw_values
from resolvers.stores.pool import StoreUnavailable
from schema.refusals import Code, Refusal

if TYPE_CHECKING:
    from graphql import GraphQLSchema
    from graphql.execution.values import VariableValues

    from schema.mutation import Context
    from schema.operations import Operation
    from schema.types.audit import Audit
    from schema.types.customer_lists import Lists
    from schema.types.disclosures import Disclosures
    from schema.types.objections import Objections
    from schema.types.privacy import Policies
    from schema.types.statistics import LedgerReports, Statistics

# What one change counts for in the limit on cost: as much as reading so many rows.
ROWS_OF_A_CHANGE = 10_000


@dataclass(frozen=True)
class Calls:
    """What the resolvers of one request may call; see `schema.mutation.Context`."""

    objections: Objections
    policies: Policies
    audit: Audit
    disclosures: Disclosures
    statistics: Statistics
    reports: LedgerReports
    lists: Lists


@dataclass(frozen=True)
class Changed:
    """The result of a mutation: the JSON text of `data`, and the codes of its errors, in order."""

    data: bytes
    wrong: tuple[Code, ...]


def cost_of_fields(schema: GraphQLSchema, operation: Operation, variables: VariableValues) -> int:
    """The cost of an operation that ordinary resolvers answer. BAD_USER_INPUT for a wrong argument."""
    return ROWS_OF_A_CHANGE * _read_all_arguments(schema, operation, variables)


def _read_all_arguments(schema: GraphQLSchema, operation: Operation, variables: VariableValues) -> int:
    root = schema.get_root_type(operation.node.operation)
    assert root is not None
    collector = Collector(schema, operation.fragments, variables)
    changes = [
        (root.fields[each.name], each.nodes[0])
        for each in collector.collect(root, (operation.node.selection_set,))
        if not each.name.startswith("__")
    ]
    for definition, node in changes:
        read_arguments(definition, node, variables)
    return len(changes)


async def run_changes(
    schema: GraphQLSchema, operation: Operation, variables: VariableValues, *, context: Context
) -> Changed:
    """Run the mutation. The caller has computed its cost, so its arguments are valid."""
    document = DocumentNode(definitions=(operation.node, *operation.fragments.values()))
    result = await _executed(schema, document, variables, context=context)
    wrong = tuple(dict.fromkeys(code_of(error) for error in result.errors or ()))
    return Changed(orjson.dumps(result.data), wrong)


async def ask_resolvers(
    schema: GraphQLSchema, operation: Operation, plan: Plan, *, variables: VariableValues, context: Context
) -> Mapping[str, str]:
    """JSON text of each root field that a resolver answers, by response key. Raises Refusal."""
    if not plan.asks:
        return {}
    keys = {root.key for root in plan.roots if isinstance(root, RootAsked)}
    document = document_of(schema, operation, keys, variables=variables)
    result = await _executed(schema, document, variables, context=context)
    for error in result.errors or ():
        raise Refusal(code_of(error))
    assert result.data is not None
    return {key: orjson.dumps(value).decode() for key, value in result.data.items()}


async def _executed(
    schema: GraphQLSchema, document: DocumentNode, variables: VariableValues, *, context: Context
) -> ExecutionResult:
    result: Any = execute(schema, document, context_value=context, variable_values=raw_values(variables))
    if inspect.isawaitable(result):
        result = await result
    assert isinstance(result, ExecutionResult)
    return result


def code_of(error: GraphQLError) -> Code:
    """The catalogue's code for a resolver's exception; one that has no code is raised again."""
    cause = error.original_error
    if isinstance(cause, Refusal):
        return cause.code
    if isinstance(cause, StoreUnavailable):
        return Code.STORE_UNAVAILABLE
    raise cause or error
