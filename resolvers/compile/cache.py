"""A cache of plans by purpose and document; the least recently used leave first.

The purpose is part of the key: a plan made for one purpose must never serve another. A plan keeps its
price, so a request that costs too much is refused at once. An operation that was priced and not yet bound
waits here for a request whose variables make it cheap enough.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from graphql import GraphQLID, GraphQLList, GraphQLNonNull, GraphQLSchema, GraphQLString, type_from_ast
from graphql.execution.values import VariableValues

from resolvers.compile.compiler import PricedSelection, compile_plan, price_selection
from resolvers.compile.context import PurposeContext
from resolvers.plan.parameters import Shape, coerce_variables, shape_of
from resolvers.plan.plan import Plan
from schema.operations import DocumentLimits, Operation, read_operation
from schema.purposes import Purpose
from schema.refusals import Code, Refusal

if TYPE_CHECKING:
    from graphql import GraphQLType

MAX_DOCUMENT_PLANS = 16
_TEXT = frozenset({str})
# The sources of variables that need no coercion: all are given, each a text, texts, or null.
_PLAIN: dict[str, Any] = {}
_MISSING = object()


@dataclass
class PreparedOperation:
    """A valid operation with its plans so far, one for each shape of its variables.

    Before it is bound, an operation has a `PricedSelection` in the place of its plan.
    """

    operation: Operation
    schema: GraphQLSchema
    plans: OrderedDict[Shape, Plan | PricedSelection] = field(default_factory=OrderedDict)
    names: frozenset[str] = frozenset()
    # (name, whether a list, whether it may be null) of the variables, if none needs to be coerced.
    plain: tuple[tuple[str, bool, bool], ...] | None = None

    def coerce(self, given: dict[str, Any]) -> VariableValues:
        """The variables of one request. BAD_USER_INPUT if one is unknown or not of its type."""
        if self.plain is not None and len(given) == len(self.plain):
            for name, is_list, may_be_null in self.plain:
                value = given.get(name, _MISSING)
                if value is None:
                    if not may_be_null:
                        break
                elif is_list:
                    if type(value) is not list or not _TEXT.issuperset(map(type, value)):
                        break
                elif type(value) is not str:
                    break
            else:
                return VariableValues(_PLAIN, given)
        if not given.keys() <= self.names:
            raise Refusal(Code.BAD_USER_INPUT)
        return coerce_variables(self.schema, self.operation.node, given)


@dataclass
class PlanCache:
    """Prepared operations of all purposes, at most `size` of them."""

    contexts: Mapping[Purpose, PurposeContext]
    limits: DocumentLimits
    size: int = 1_000
    _known: OrderedDict[tuple[Purpose, str, str | None], PreparedOperation] = field(
        default_factory=OrderedDict
    )

    def prepare(self, purpose: Purpose, document: str, operation_name: str | None) -> PreparedOperation:
        """The document's operation. Refusals of `schema.operations.read_operation`."""
        key = (purpose, document, operation_name)
        prepared = self._known.get(key)
        if prepared is not None:
            self._known.move_to_end(key)
            return prepared
        schema = self.contexts[purpose].schema
        operation = read_operation(schema, document, operation_name, limits=self.limits)
        prepared = _prepared(schema, operation)
        self._known[key] = prepared
        if len(self._known) > self.size:
            self._known.popitem(last=False)
        return prepared

    def price(
        self, purpose: Purpose, prepared: PreparedOperation, variables: VariableValues
    ) -> Plan | PricedSelection:
        """The plan for these variables' shape, or what will become it; both have a `price`.

        BAD_USER_INPUT, ONE_AT_A_TIME.
        """
        shape = _shape_of(prepared, variables)
        priced = prepared.plans.get(shape)
        if priced is None:
            priced = price_selection(self.contexts[purpose], prepared.operation, variables)
            prepared.plans[shape] = priced
            if len(prepared.plans) > MAX_DOCUMENT_PLANS:
                prepared.plans.popitem(last=False)
        return priced

    def plan(self, purpose: Purpose, prepared: PreparedOperation, priced: Plan | PricedSelection) -> Plan:
        """The plan of a priced selection, which it replaces in the cache. Refuses nothing."""
        if isinstance(priced, Plan):
            return priced
        plan = compile_plan(self.contexts[purpose], priced)
        for shape, kept in prepared.plans.items():
            if kept is priced:
                prepared.plans[shape] = plan
                break
        return plan


def _shape_of(prepared: PreparedOperation, variables: VariableValues) -> Shape:
    if variables.sources is _PLAIN and prepared.plain is not None:
        # In the document's order: in the request's, two shapes would share one plan.
        return tuple([variables.coerced[name] is None for name, _, _ in prepared.plain])
    return tuple((name, shape_of(value)) for name, value in variables.coerced.items())


def _prepared(schema: GraphQLSchema, operation: Operation) -> PreparedOperation:
    definitions = operation.node.variable_definitions or ()
    types = {each.variable.name.value: type_from_ast(schema, each.type) for each in definitions}
    plain = None
    if all(_plain_kind(type_) is not None for type_ in types.values()):
        plain = tuple(
            (name, bool(_plain_kind(type_)), not isinstance(type_, GraphQLNonNull))
            for name, type_ in types.items()
        )
    return PreparedOperation(operation, schema, names=frozenset(types), plain=plain)


def _plain_kind(type_: GraphQLType | None) -> bool | None:
    """False for ID and String, True for a list of them, None for what must be coerced."""
    inner = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    if inner in (GraphQLID, GraphQLString):
        return False
    if isinstance(inner, GraphQLList):
        item = inner.of_type
        if (item.of_type if isinstance(item, GraphQLNonNull) else item) in (GraphQLID, GraphQLString):
            return True
    return None
