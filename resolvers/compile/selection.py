"""What an operation selects: fragments spread, directives applied, fields of one key merged.

The algorithm is CollectFields of the GraphQL specification (section 6.3.2), run once when the plan is
made instead of once an object. It needs the variables that `@include` and `@skip` name; the plan is
kept under the shape of its variables, which tells those apart (`resolvers/plan/parameters.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLIncludeDirective,
    GraphQLInterfaceType,
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

from schema.refusals import Code, Refusal


@dataclass(frozen=True)
class Selected:
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

    def collect(self, parent: GraphQLObjectType, sets: tuple[SelectionSetNode, ...]) -> tuple[Selected, ...]:
        """The merged selection of an object of type `parent`, in the order of first occurrence."""
        grouped: dict[str, list[FieldNode]] = {}
        visited: set[str] = set()
        for selections in sets:
            self._into(grouped, visited, parent, selections)
        return tuple(Selected(key, nodes[0].name.value, tuple(nodes)) for key, nodes in grouped.items())

    def below(self, type_: GraphQLOutputType, selected: Selected) -> Iterator[tuple[str, str]]:
        """(type, field) of everything that is selected below a field, types of a union one by one."""
        named = get_named_type(type_)
        possible = self.schema.get_possible_types(named) if is_abstract_type(named) else [named]
        for each in possible:
            if isinstance(each, GraphQLObjectType):
                for inner in self.collect(each, selected.selection_sets):
                    if inner.name != "__typename":
                        yield each.name, inner.name
                        yield from self.below(each.fields[inner.name].type, inner)

    def _into(
        self,
        grouped: dict[str, list[FieldNode]],
        visited: set[str],
        parent: GraphQLObjectType,
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
                    self._into(grouped, visited, parent, selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode):
                name = selection.name.value
                if name not in visited:
                    visited.add(name)
                    fragment = self.fragments[name]
                    if self._applies(parent, fragment.type_condition.name.value):
                        self._into(grouped, visited, parent, fragment.selection_set)

    def _included(self, selection: SelectionNode) -> bool:
        try:
            skip = get_directive_values(GraphQLSkipDirective, selection, self.variables)
            if skip and skip["if"]:
                return False
            include = get_directive_values(GraphQLIncludeDirective, selection, self.variables)
        except GraphQLError:
            # A nullable variable with a default may stand there, and null be given for it.
            raise Refusal(Code.BAD_USER_INPUT) from None
        return not include or bool(include["if"])

    def _applies(self, parent: GraphQLObjectType, condition: str) -> bool:
        named = self.schema.get_type(condition)
        if isinstance(named, GraphQLInterfaceType | GraphQLUnionType):
            return self.schema.is_sub_type(named, parent)
        return named is parent
