"""What is refused: every mistake in the arguments of an operation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLIncludeDirective,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLObjectType,
    GraphQLSkipDirective,
    GraphQLUnionType,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_argument_values,
    get_directive_values,
    get_named_type,
    get_nullable_type,
)

from tests.kit.reference.lists import Lists
from tests.kit.reference.schema import (
    ALONE,
    BAD_CURSOR,
    BAD_INPUT,
    BIGGEST,
    CONNECTIONS,
    FOUND,
    GROUPED,
    HELD,
    LISTED,
    NAMING,
    NOT_ALONE,
    PREFIXES,
)
from tests.kit.reference.values import Arguments


class Mistakes:
    """Walks everything that an operation could reach, whatever the stores hold."""

    def __init__(self, lists: Lists, document: DocumentNode, variables: Any) -> None:
        self.lists = lists
        self.variables = variables
        self.fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        # Where offers are asked for, by the response keys that lead there.
        self.alone: set[tuple[str, ...]] = set()

    def of(self, operation: OperationDefinitionNode) -> Iterator[str]:
        """The codes of all mistakes in the operation's arguments."""
        query = self.lists.schema.query_type
        assert query is not None
        yield from self._selections(query, operation.selection_set, (), many=False)
        if len(self.alone) > 1:
            yield NOT_ALONE

    def _selections(
        self, type_: GraphQLObjectType, selections: SelectionSetNode, path: tuple[str, ...], many: bool
    ) -> Iterator[str]:
        for selection in selections.selections:
            if not self._included(selection):
                continue
            if isinstance(selection, FieldNode):
                yield from self._field(type_, selection, path, many)
                continue
            inner: Any = selection
            if isinstance(selection, FragmentSpreadNode):
                inner = self.fragments[selection.name.value]
            assert isinstance(inner, InlineFragmentNode | FragmentDefinitionNode)
            condition = inner.type_condition
            if condition is None or condition.name.value in {
                type_.name,
                *(each.name for each in type_.interfaces),
            }:
                yield from self._selections(type_, inner.selection_set, path, many)

    def _included(self, selection: Any) -> bool:
        skip = get_directive_values(GraphQLSkipDirective, selection, self.variables)
        include = get_directive_values(GraphQLIncludeDirective, selection, self.variables)
        return not (skip and skip["if"]) and not (include and not include["if"])

    def _field(
        self, type_: GraphQLObjectType, node: FieldNode, path: tuple[str, ...], many: bool
    ) -> Iterator[str]:
        name = node.name.value
        definition = self.lists.schema.get_field(type_, name)
        assert definition is not None
        try:
            arguments = get_argument_values(definition, node, self.variables)
        except GraphQLError:
            yield BAD_INPUT
            return
        yield from self._arguments(type_.name, name, arguments)
        if (type_.name, name) == ALONE:
            self.alone.add(path)
            if many:
                yield NOT_ALONE
        inner = get_named_type(definition.type)
        if node.selection_set is None:
            return
        if any(arguments.get(each) is not None for each in NAMING):
            yield from self._grouped(node.selection_set)
        path = (*path, node.alias.value if node.alias else name)
        many = many or isinstance(get_nullable_type(definition.type), GraphQLList)
        if isinstance(inner, GraphQLInterfaceType | GraphQLUnionType):
            for possible in self.lists.schema.get_possible_types(inner):
                if possible.name == HELD.get(type_.name, possible.name):
                    yield from self._selections(possible, node.selection_set, path, many)
        else:
            assert isinstance(inner, GraphQLObjectType)
            if not inner.name.startswith("__"):
                yield from self._selections(inner, node.selection_set, path, many)

    def _grouped(self, selections: SelectionSetNode) -> Iterator[str]:
        """Entries that were named are not counted in groups."""
        for selection in filter(self._included, selections.selections):
            if isinstance(selection, FieldNode):
                if selection.name.value in GROUPED:
                    yield BAD_INPUT
                continue
            inner: Any = selection
            if isinstance(selection, FragmentSpreadNode):
                inner = self.fragments[selection.name.value]
            yield from self._grouped(inner.selection_set)

    def _arguments(self, type_: str, name: str, arguments: Arguments) -> Iterator[str]:
        given = {key: value for key, value in arguments.items() if value is not None}
        if name in CONNECTIONS and type_ in {"Query", "MessengerAccount", "SocialAccount"}:
            yield from self._list(name, given)
        elif name == "friendSuggestions":
            if given.get("first", 0) < 0:
                yield BAD_INPUT
        elif type_ == "Query" and name == "node":
            if not any(_is_identifier(given["id"], prefix) for prefix in self.lists.prefixes):
                yield BAD_INPUT
        elif type_ == "Query" and name in FOUND:
            if not any(_is_identifier(given["id"], PREFIXES[each]) for each in FOUND[name]):
                yield BAD_INPUT
        elif type_ == "Query" and name == "messengerAccount":
            prefix = PREFIXES["MessengerAccount"]
            if len(given) != 1 or ("id" in given and not _is_identifier(given["id"], prefix)):
                yield BAD_INPUT

    def _list(self, name: str, given: Arguments) -> Iterator[str]:
        prefix = PREFIXES[LISTED[name]]
        ids = given.get("ids", [])
        wrong = (
            {"first", "last"} <= set(given),
            given.get("first", 0) < 0,
            given.get("last", 0) < 0,
            bool(NAMING & set(given)) and len(given) > 1,
            len(ids) > 1000,
            len(given.get("phoneNumbers", ())) > 1000,
            not all(_is_identifier(each, prefix) for each in ids),
            any("\0" in text for text in _texts(given.get("filter"))),
        )
        if any(wrong):
            yield BAD_INPUT
        sealed_for = self.lists.seal_of(CONNECTIONS[name], given)
        for place in ("after", "before"):
            if place in given:
                try:
                    self.lists.open(given[place], sealed_for, given)
                except ValueError:
                    yield BAD_CURSOR


def _is_identifier(text: str, prefix: str) -> bool:
    number = re.fullmatch(f"{prefix}(0|[1-9][0-9]*)", text, re.ASCII)
    return number is not None and int(number[1]) <= BIGGEST


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
