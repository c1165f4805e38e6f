"""Mutations, and the few questions that are not planned: run by graphql-core, ordinary resolver by resolver.

The resolvers stand beside their fields in `schema/`; what they may call is the `context`. All
arguments are read before the first resolver runs, so that a wrong one changes nothing. Fields run in
the order of the document, one after the other; each is whole by itself.

What a resolver raises becomes an error of the catalogue, and null where its answer would stand.
Anything but a Refusal and StoreUnavailable is a fault of the gateway and stays what it is.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from graphql import DocumentNode, ExecutionResult, GraphQLError, execute

from resolvers.compile.selection import Collector
from resolvers.plan.parameters import read_arguments
from resolvers.plan.tree import Plan, RootAsked
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
    """What came of a mutation: the JSON text of `data`, and the codes of what went wrong, in order."""

    data: bytes
    wrong: tuple[Code, ...]


def cost_of_fields(schema: GraphQLSchema, operation: Operation, variables: VariableValues) -> int:
    """The cost of what ordinary resolvers answer: of root fields alone. BAD_USER_INPUT as of arguments."""
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
    schema: GraphQLSchema, operation: Operation, variables: VariableValues, context: Context
) -> Changed:
    """Run the mutation. Its cost is known: its arguments are sound."""
    document = DocumentNode(definitions=(operation.node, *operation.fragments.values()))
    result = await _executed(schema, document, variables, context)
    wrong = tuple(dict.fromkeys(code_of(error) for error in result.errors or ()))
    return Changed(orjson.dumps(result.data), wrong)


async def ask_resolvers(
    schema: GraphQLSchema, operation: Operation, plan: Plan, variables: VariableValues, context: Context
) -> Mapping[str, str]:
    """JSON text of each root field that is asked of a resolver, by response key. Raises Refusal."""
    if not plan.asks:
        return {}
    keys = {root.key for root in plan.roots if isinstance(root, RootAsked)}
    document = document_of(schema, operation, keys, variables)
    result = await _executed(schema, document, variables, context)
    for error in result.errors or ():
        raise Refusal(code_of(error))
    assert result.data is not None
    return {key: orjson.dumps(value).decode() for key, value in result.data.items()}


async def _executed(
    schema: GraphQLSchema, document: DocumentNode, variables: VariableValues, context: Context
) -> ExecutionResult:
    result: Any = execute(schema, document, context_value=context, variable_values=raw_values(variables))
    if inspect.isawaitable(result):
        result = await result
    assert isinstance(result, ExecutionResult)
    return result


def code_of(error: GraphQLError) -> Code:
    """The catalogue's code for what a resolver raised; whatever is not in it is raised again."""
    cause = error.original_error
    if isinstance(cause, Refusal):
        return cause.code
    if isinstance(cause, StoreUnavailable):
        return Code.STORE_UNAVAILABLE
    raise cause or error
