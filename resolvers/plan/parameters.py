"""From a request's variables to the parameters of a plan's statements.

A plan is made for a *shape* of variables: which are given, which are null, the values of booleans and
enums, the keys of input objects. Everything else that a variable holds becomes a parameter of the SQL
and is read for each request. So a filter that is left out costs nothing, and an order is never a runtime
choice.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLField,
    GraphQLSchema,
    OperationDefinitionNode,
    VariableNode,
    get_argument_values,
    get_variable_values,
)
from graphql.execution.values import VariableValues
from graphql.language import Visitor, visit

from schema.refusals import Code, Refusal

Shape = object
Read = Callable[[VariableValues], object]
MAX_BIGINT = 2**63 - 1


@dataclass(frozen=True, eq=False)
class Parameter:
    """One value of a statement: its SQL type, and how it is read from the request's variables."""

    type: str
    read: Read


def coerce_variables(
    schema: GraphQLSchema, operation: OperationDefinitionNode, given: dict[str, Any]
) -> VariableValues:
    """The operation's variables, coerced to their types. BAD_USER_INPUT if one cannot be."""
    try:
        coerced = get_variable_values(schema, operation.variable_definitions or (), given, max_errors=1)
    except (RecursionError, ValueError, OverflowError, TypeError):
        raise Refusal(Code.BAD_USER_INPUT) from None
    if isinstance(coerced, list):
        raise Refusal(Code.BAD_USER_INPUT)
    return coerced


def shape_of(value: Any) -> Shape:
    """The part of a coerced value that decides the form of a plan; hashable."""
    if value is None or isinstance(value, bool | Enum):
        return value
    if isinstance(value, dict):
        return tuple((key, shape_of(inner)) for key, inner in value.items())
    if isinstance(value, list) and value and isinstance(value[0], dict | list):
        return tuple(shape_of(inner) for inner in value)
    return "·"


class _FindVariable(Visitor):
    """Looks for a variable below a node."""

    def __init__(self) -> None:
        super().__init__()
        self.found = False

    def enter_variable(self, _node: VariableNode, *_: object) -> None:
        self.found = True


def _dig(value: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


@dataclass(frozen=True)
class Arguments:
    """The arguments of one field of the operation: as planned (`values`), and as read later."""

    definition: GraphQLField
    node: FieldNode
    values: dict[str, Any]

    def reader(self, path: tuple[str, ...], decode: Callable[[Any], Any]) -> Callable[[VariableValues], Any]:
        """A function that reads a request's value at `path` and passes it through `decode`.

        A value without a variable is decoded at once, so a wrong one is refused while the plan is made.
        """
        node = next((given.value for given in self.node.arguments or () if given.name.value == path[0]), None)
        if isinstance(node, VariableNode):
            name, rest = node.name.value, path[1:]
            if not rest:
                return lambda variables: decode(variables.coerced[name])
            return lambda variables: decode(_dig(variables.coerced[name], rest))
        finder = _FindVariable()
        if node is not None:
            visit(node, finder)
        if finder.found:
            return lambda variables: decode(
                _dig(get_argument_values(self.definition, self.node, variables), path)
            )
        constant = decode(_dig(self.values, path))
        return lambda _: constant

    def is_constant(self, name: str) -> bool:
        """True if the argument holds no variable."""
        node = next((given.value for given in self.node.arguments or () if given.name.value == name), None)
        finder = _FindVariable()
        if node is not None:
            visit(node, finder)
        return not finder.found


def read_arguments(definition: GraphQLField, node: FieldNode, variables: VariableValues) -> Arguments:
    """The field's arguments for this shape of variables. BAD_USER_INPUT if one has no valid value."""
    try:
        values = get_argument_values(definition, node, variables)
    except GraphQLError:
        raise Refusal(Code.BAD_USER_INPUT) from None
    return Arguments(definition, node, values)


_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


def account_number(prefix: str) -> Callable[[Any], int]:
    """Reads identifiers of one type: ``"ma_5"`` → 5. BAD_USER_INPUT for any other text."""

    def read(identifier: Any) -> int:
        number = split_identifier(identifier, prefix)
        if number is None:
            raise Refusal(Code.BAD_USER_INPUT)
        return number

    return read


def number_of(prefix: str, known: tuple[str, ...]) -> Callable[[Any], int | None]:
    """The number in an identifier of this prefix; None if it is of another known one."""

    def read(identifier: Any) -> int | None:
        if all(split_identifier(identifier, each) is None for each in known):
            raise Refusal(Code.BAD_USER_INPUT)
        return split_identifier(identifier, prefix)

    return read


def account_numbers(prefix: str, limit: int) -> Callable[[Any], str | None]:
    """Reads identifiers of one type as an array in Postgres' text form, each number once, in order; or None.

    One match checks all of them and one text carries them: a call for each of a hundred, or the driver's
    own coding of an array (44 µs against 19), costs more than the rest of the request. The digits are
    never read as numbers (25 → 14 µs a hundred): without leading zeros, equal numbers are equal texts.
    BAD_USER_INPUT for anything else than identifiers of the type.
    """
    one = f"{prefix}(?:0|[1-9][0-9]{{0,18}})"
    all_well_formed = re.compile(f"{one}(?:,{one})*", re.ASCII).fullmatch
    surely_small = len(prefix) + len(str(MAX_BIGINT)) - 1

    def read(identifiers: Any) -> str | None:
        if not identifiers:
            return None
        joined = ",".join(identifiers)
        # An identifier that holds a comma would pass as two.
        if (
            len(identifiers) > limit
            or joined.count(",") != len(identifiers) - 1
            or not all_well_formed(joined)
            or (max(map(len, identifiers)) > surely_small and _greatest(identifiers, prefix) > MAX_BIGINT)
        ):
            raise Refusal(Code.BAD_USER_INPUT)
        once = dict.fromkeys(identifiers)
        if len(once) < len(identifiers):
            joined = ",".join(once)
        return f"{{{joined.replace(prefix, '')}}}"

    return read


def _greatest(identifiers: Iterable[str], prefix: str) -> int:
    return max(int(each.removeprefix(prefix)) for each in identifiers)


def each_once(limit: int) -> Callable[[Any], list[str] | None]:
    """Reads texts, each once, in order; None if there are none. BAD_USER_INPUT if they are too many."""

    def read(texts: Any) -> list[str] | None:
        if len(texts) > limit:
            raise Refusal(Code.BAD_USER_INPUT)
        return [plain_text(each) for each in dict.fromkeys(texts)] or None

    return read


def array_text(numbers: Iterable[str]) -> str:
    """Numbers as Postgres reads an array: ``{1,2,3}``."""
    return "{" + ",".join(numbers) + "}"


def split_identifier(identifier: Any, prefix: str) -> int | None:
    """The number in an identifier of this prefix; None for another type's, and for any other text."""
    if not isinstance(identifier, str) or not identifier.startswith(prefix):
        return None
    digits = identifier[len(prefix) :]
    if not _NUMBER.fullmatch(digits) or int(digits) > MAX_BIGINT:
        return None
    return int(digits)


def plain_text(value: Any) -> str:
    """A text that Postgres can hold. BAD_USER_INPUT for NUL and lone surrogates."""
    text = str(value)
    if "\0" in text:
        raise Refusal(Code.BAD_USER_INPUT)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Refusal(Code.BAD_USER_INPUT) from None
    return text


def plain_texts(values: Any) -> list[str]:
    """The same for each of a list."""
    return [plain_text(value) for value in values]


def utc_time(value: datetime.datetime) -> datetime.datetime:
    """The time in UTC; a time without a zone is UTC. BAD_USER_INPUT if it leaves the calendar."""
    if value.tzinfo is None:
        return value.replace(tzinfo=datetime.UTC)
    try:
        return value.astimezone(datetime.UTC)
    except OverflowError:
        raise Refusal(Code.BAD_USER_INPUT) from None


def page_size(limit: int) -> Callable[[Any], int]:
    """A page's size, clamped to `limit`. BAD_USER_INPUT for a negative one."""

    def read(value: Any) -> int:
        if value < 0:
            raise Refusal(Code.BAD_USER_INPUT)
        return min(int(value), limit)

    return read
