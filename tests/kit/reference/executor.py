"""Answers documents of one purpose on one masked world, value by value."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    execute_sync,
    get_variable_values,
    parse,
    validate,
)

from resolvers.plan.cursors import Cursors
from tests.kit import oracle
from tests.kit.reference.fields import with_resolvers
from tests.kit.reference.lists import Lists
from tests.kit.reference.mistakes import Mistakes
from tests.kit.reference.schema import BAD_INPUT


@dataclass(frozen=True)
class Refused:
    """The request is refused; where it holds several mistakes, any of their codes may be the answer."""

    codes: frozenset[str]


class Reference(Lists):
    """Answers documents with graphql-core and the resolvers of `fields.py`."""

    def __init__(
        self,
        schema: GraphQLSchema,
        seen: oracle.Visible,
        cursors: Cursors,
        sealed_for: str,
        policy: Sequence[Mapping[str, Any]],
    ) -> None:
        super().__init__(with_resolvers(schema), seen, cursors, sealed_for, policy)

    def answer(self, document: str, variables: Mapping[str, Any], name: str | None = None) -> bytes | Refused:
        """The bytes of the response, or the refusal."""
        if _holds_nul([document, name, *variables.items()]):
            return Refused(frozenset({"BAD_REQUEST"}))
        parsed = parse(document)
        operation = _operation(parsed, name)
        codes = set()
        if operation is None:
            codes.add("OPERATION_RESOLUTION_FAILURE")
        if validate(self.schema, parsed, max_errors=1):
            codes.add("GRAPHQL_VALIDATION_FAILED")
        if codes or operation is None:
            return Refused(frozenset(codes))
        declared = {each.variable.name.value for each in operation.variable_definitions or ()}
        coerced = get_variable_values(self.schema, operation.variable_definitions or (), dict(variables))
        if isinstance(coerced, list) or not set(variables) <= declared:
            return Refused(frozenset({BAD_INPUT}))
        try:
            # One after the other: what was found before the last one may be the answer as well.
            for code in Mistakes(self, parsed, coerced).of(operation):
                codes.add(code)
        except GraphQLError:  # null for a directive's condition
            codes.add(BAD_INPUT)
        if codes:
            return Refused(frozenset(codes))
        result = execute_sync(
            self.schema,
            parsed,
            context_value=self,
            variable_values=dict(variables),
            operation_name=name,
            type_resolver=lambda value, *_: value.type,
        )
        assert isinstance(result, ExecutionResult)
        for error in result.errors or ():
            # A link to an account that the messenger has no more: null, as GraphQL says.
            assert "non-nullable field MessengerLink.account" in error.message, error
        return json.dumps({"data": result.data}, ensure_ascii=False, separators=(",", ":")).encode()


def _holds_nul(value: object) -> bool:
    """True if a text within the value holds a NUL: the request is refused while its body is read."""
    if isinstance(value, dict):
        return any(_holds_nul(each) for pair in value.items() for each in pair)
    if isinstance(value, list | tuple):
        return any(map(_holds_nul, value))
    return isinstance(value, str) and "\0" in value


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode | None:
    found = [
        each
        for each in document.definitions
        if isinstance(each, OperationDefinitionNode)
        and (name is None or (each.name is not None and each.name.value == name))
    ]
    return found[0] if len(found) == 1 else None
