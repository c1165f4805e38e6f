"""Introspection: graphql-core answers it on the purpose's own schema, which shows no other purpose."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import orjson
from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionSetNode,
    execute_sync,
)

from resolvers.compile.collect_fields import Collector
from resolvers.plan.plan import Plan, RootIntrospection
from schema.refusals import Code, Refusal

if TYPE_CHECKING:
    from graphql.execution.values import VariableValues

    from schema.operations import Operation


def introspect(
    schema: GraphQLSchema, operation: Operation, plan: Plan, *, variables: VariableValues
) -> Mapping[str, str]:
    """JSON text of each introspection field of the root, by response key; empty if there is none."""
    if not plan.introspects or schema.query_type is None:
        return {}
    keys = {root.key for root in plan.roots if isinstance(root, RootIntrospection)}
    document = document_of(schema, operation, keys, variables=variables)
    result = execute_sync(schema, document, variable_values=raw_values(variables))
    assert isinstance(result, ExecutionResult)
    if result.errors or result.data is None:
        # Only an argument can be wrong here, such as null for a variable that has a default.
        raise Refusal(Code.BAD_USER_INPUT)
    return {key: orjson.dumps(value).decode() for key, value in result.data.items()}


def document_of(
    schema: GraphQLSchema, operation: Operation, keys: Collection[str], *, variables: VariableValues
) -> DocumentNode:
    """The query with only the root fields of these response keys."""
    assert schema.query_type is not None
    collector = Collector(schema, operation.fragments, variables)
    selected = collector.collect(schema.query_type, (operation.node.selection_set,))
    nodes: list[FieldNode] = [node for each in selected if each.key in keys for node in each.nodes]
    return DocumentNode(definitions=(_only(operation.node, nodes), *operation.fragments.values()))


def _only(node: OperationDefinitionNode, nodes: list[FieldNode]) -> OperationDefinitionNode:
    """The same operation with only these root fields, whose directives were applied before."""
    return OperationDefinitionNode(
        operation=node.operation,
        name=node.name,
        variable_definitions=node.variable_definitions,
        directives=(),
        selection_set=SelectionSetNode(selections=tuple(nodes)),
    )


def raw_values(variables: VariableValues) -> dict[str, Any]:
    """The variables as the request gave them."""
    return {name: source.value for name, source in variables.sources.items()} or dict(variables.coerced)
