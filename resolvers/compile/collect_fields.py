"""Collects the fields of an operation: fragments spread, directives applied, fields of one key merged.

The algorithm is CollectFields of the GraphQL specification (section 6.3.2). It runs once when a plan is
made instead of once for each object. It needs the variables that `@include` and `@skip` name; the cache
keeps a plan under the shape of its variables, which distinguishes them (`resolvers/plan/parameters.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import orjson
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLIncludeDirective,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLSkipDirective,
    GraphQLUnionType,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    get_directive_values,
    get_named_type,
    is_abstract_type,
)
from graphql.execution.values import VariableValues

from resolvers.plan.tree import Literal
from schema.refusals import Code, Refusal


@dataclass(frozen=True)
class CollectedField:
    """One response key: the field's name and every node that asked for it under this key."""

    key: str
    name: str
    nodes: tuple[FieldNode, ...]

    @property
    def selection_sets(self) -> tuple[SelectionSetNode, ...]:
        """The sets to merge for the field's own selection."""
        return tuple(node.selection_set for node in self.nodes if node.selection_set is not None)


@dataclass(frozen=True)
class Collector:
    """Collects fields of one operation in one purpose's schema."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: VariableValues

    def collect(
        self, parent: GraphQLObjectType, sets: tuple[SelectionSetNode, ...]
    ) -> tuple[CollectedField, ...]:
        """The merged fields of an object of type `parent`, in the order of first occurrence."""
        grouped: dict[str, list[FieldNode]] = {}
        visited: set[str] = set()
        for selections in sets:
            self._into(grouped, visited, parent, selections=selections)
        return tuple(CollectedField(key, nodes[0].name.value, tuple(nodes)) for key, nodes in grouped.items())

    def below(self, type_: GraphQLOutputType, selected: CollectedField) -> Iterator[tuple[str, str]]:
        """(type, field) of everything that is selected below a field; of a union, for each of its types."""
        named = get_named_type(type_)
        possible = self.schema.get_possible_types(named) if is_abstract_type(named) else [named]
        for each in possible:
            if isinstance(each, GraphQLObjectType):
                for inner in self.collect(each, selected.selection_sets):
                    if inner.name != "__typename":
                        yield each.name, inner.name
                        yield from self.below(each.fields[inner.name].type, inner)

    def names(self, parent: GraphQLObjectType, selected: CollectedField) -> Iterator[str]:
        """``Type.field`` of a field and of everything that is selected below it."""
        yield f"{parent.name}.{selected.name}"
        for type_name, field_name in self.below(parent.fields[selected.name].type, selected):
            yield f"{type_name}.{field_name}"

    def _into(
        self,
        grouped: dict[str, list[FieldNode]],
        visited: set[str],
        parent: GraphQLObjectType,
        *,
        selections: SelectionSetNode,
    ) -> None:
        for selection in selections.selections:
            if not self._included(selection):
                continue
            if isinstance(selection, FieldNode):
                key = selection.alias.value if selection.alias else selection.name.value
                grouped.setdefault(key, []).append(selection)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                if condition is None or self._applies(parent, condition.name.value):
                    self._into(grouped, visited, parent, selections=selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode):
                name = selection.name.value
                if name not in visited:
                    visited.add(name)
                    fragment = self.fragments[name]
                    if self._applies(parent, fragment.type_condition.name.value):
                        self._into(grouped, visited, parent, selections=fragment.selection_set)

    def _included(self, selection: SelectionNode) -> bool:
        try:
            skip = get_directive_values(GraphQLSkipDirective, selection, self.variables)
            if skip and skip["if"]:
                return False
            include = get_directive_values(GraphQLIncludeDirective, selection, self.variables)
        except GraphQLError:
            # The condition may be a nullable variable with a default, and the request may give null for it.
            raise Refusal(Code.BAD_USER_INPUT) from None
        return not include or bool(include["if"])

    def _applies(self, parent: GraphQLObjectType, condition: str) -> bool:
        named = self.schema.get_type(condition)
        if isinstance(named, GraphQLInterfaceType | GraphQLUnionType):
            return self.schema.is_sub_type(named, parent)
        return named is parent


def type_name(type_: GraphQLNamedType) -> Literal:
    """The text of `__typename` of an object of this type."""
    return Literal(orjson.dumps(type_.name).decode())
