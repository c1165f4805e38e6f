"""What the arguments of a list say: which rows, in which order, which part of them.

Everything is read once when the plan is made, for this shape of variables, and becomes parameters of
the statement; what an argument could say wrong is refused whether or not a statement needs it.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import orjson
from graphql import GraphQLObjectType

from resolvers.plan.parameters import (
    Arguments,
    account_numbers,
    each_once,
    page_size,
    plain_text,
    plain_texts,
    utc_time,
)
from resolvers.plan.principal import principal_text
from resolvers.plan.tree import Bounds, Narrowing, Order, Parameter
from resolvers.sources.catalogue import Relation
from resolvers.sources.words import Copies, Hop, Json, Many, ObjectSource, Page, Value
from schema.refusals import Code, Refusal
from schema.values.paging import DEFAULT_PAGE, MAX_PAGE, Direction

if TYPE_CHECKING:
    from graphql.execution.values import VariableValues

    from resolvers.plan.cursors import Cursors


@dataclass(frozen=True)
class Listed:
    """What a connection lists: rows of `relation`, whose item is the row's own object or a hop."""

    relation: Relation
    on: str | None
    source: ObjectSource | None
    order: Order
    ids: Parameter | None
    size: Parameter | int
    far: Hop | None = None
    via: tuple[Relation, str, str] | None = None


@dataclass(frozen=True)
class ListArguments:
    """The arguments of one list. `given` collects the values that may be refused when they are read.

    `binding` is what every cursor of the universe is bound to: the purpose and the policy.
    """

    arguments: Arguments
    cursors: Cursors
    sealed_for: str
    given: list[Parameter]

    def listed(self, source: Page | Copies, objects: Mapping[str, ObjectSource]) -> Listed:
        """What a connection of an object lists."""
        if isinstance(source, Page):
            order = Order((Value(source.far.column, Json.NUMBER),))
            return Listed(source.relation, source.on, None, order, None, DEFAULT_PAGE, source.far)
        copied = replace(objects[source.of], relation=source.relation)
        return Listed(source.relation, source.on, copied, self.order(copied), None, DEFAULT_PAGE)

    def named(self, source: ObjectSource) -> str | None:
        """The argument that names objects instead of a page. BAD_USER_INPUT beside any other argument."""
        given = [name for name, value in self.arguments.values.items() if value is not None]
        names = [name for name in given if name == "ids" or name in source.batches]
        if names and len(given) > 1:
            raise Refusal(Code.BAD_USER_INPUT)
        return names[0] if names else None

    def keys(self, source: ObjectSource, name: str) -> Parameter:
        """What the argument names, each once, in order."""
        if name == "ids":
            numbers = account_numbers(source.prefix, MAX_PAGE)
            return self._given("bigint[]", self.arguments.reader((name,), numbers))
        return self._given("text[]", self.arguments.reader((name,), each_once(MAX_PAGE)))

    def order(self, source: ObjectSource) -> Order:
        """The order asked for; by number if none is."""
        key = source.relation.identity
        unique = Value(key, Json.NUMBER)
        given = self.arguments.values.get("orderBy")
        if not given:
            return Order((unique,))
        ((name, direction),) = given.items()
        column, json = source.orders[name]
        keys = (unique,) if column == key else (Value(column, json), unique)
        return Order(keys, descending=direction is Direction.DESC)

    def bounds(self, listed: Listed, cursor_sealed_for: Parameter) -> Bounds:
        """The part of the list. BAD_USER_INPUT for a negative size, or both `first` and `last`."""
        arguments = self.arguments
        given = arguments.values
        first, last = given.get("first"), given.get("last")
        if first is not None and last is not None:
            raise Refusal(Code.BAD_USER_INPUT)
        size: Parameter | int = listed.size
        name = "last" if last is not None else "first"
        if given.get(name) is not None:
            decode = page_size(MAX_PAGE)
            reader = arguments.reader((name,), decode)
            # A size that stands in the document is written into the SQL: the planner then knows it.
            size = decode(given[name]) if arguments.is_constant(name) else Parameter("integer", reader)
        return Bounds(
            size,
            last is not None,
            self._place("after", listed.order, cursor_sealed_for),
            self._place("before", listed.order, cursor_sealed_for),
        )

    def _place(self, name: str, order: Order, cursor_sealed_for: Parameter) -> tuple[Parameter, ...]:
        if self.arguments.values.get(name) is None:
            return ()
        opened = self.arguments.reader((name,), lambda cursor: cursor)

        def read_key(index: int, key: Value) -> Callable[[VariableValues], object]:
            def read(variables: VariableValues) -> object:
                sealed_for = cursor_sealed_for.read(variables)
                assert isinstance(sealed_for, bytes)
                values = self.cursors.open(str(opened(variables)), sealed_for)
                return _FROM_JSON[key.json](values[index])

            return read

        return tuple(
            self._given(_TYPE_OF[key.json], read_key(index, key)) for index, key in enumerate(order.keys)
        )

    def cursor_sealed_for(self, named: GraphQLObjectType) -> Parameter:
        """Purpose, policy, token's binding, list, filter and order: a cursor for one opens for no other."""
        prefix, suffix = f"{self.sealed_for}|", f"{named.name}|"
        readers = {
            name: self.arguments.reader((name,), lambda value: value)
            for name in ("filter", "orderBy")
            if self.arguments.values.get(name) is not None
        }

        def read(variables: VariableValues) -> bytes:
            values = {name: reader(variables) for name, reader in readers.items()}
            head = f"{prefix}{principal_text(variables)}{suffix}"
            return head.encode() + orjson.dumps(values, option=orjson.OPT_SORT_KEYS)

        return Parameter("bytea", read)

    def narrowings(self, listed: Listed) -> tuple[Narrowing, ...]:
        """The conditions of the filter; one that is null is as good as left out."""
        given = self.arguments.values.get("filter")
        if not given:
            return ()
        assert listed.source is not None
        found = []
        for name, conditions in given.items():
            condition = listed.source.filters[name]
            for operator in conditions or {}:
                if conditions[operator] is not None:
                    type_, decode = _OPERAND[condition.json]
                    if operator == "in":
                        type_, decode = f"{type_}[]", plain_texts
                    read = self.arguments.reader(("filter", name, operator), decode)
                    found.append(Narrowing(condition.column, operator, self._given(type_, read)))
        return tuple(found)

    def _given(self, type_: str, read: Callable[[VariableValues], Any]) -> Parameter:
        """A value that may be refused when it is read; noted, for it may be that no statement needs it."""
        parameter = Parameter(type_, read)
        self.given.append(parameter)
        return parameter


def visible_order(source: Many, named: GraphQLObjectType) -> tuple[str, ...]:
    """The order's columns that the purpose sees: by a hidden one, order would tell of its values."""
    visible = {
        field.column
        for name, field in source.fields.items()
        if name in named.fields and isinstance(field, Value)
    }
    return tuple(column for column in source.order if column in visible)


def _whole(value: Any) -> int:
    return int(value)


def _moment(value: Any) -> Any:
    return utc_time(datetime.datetime.fromisoformat(value))


def _day(value: Any) -> datetime.date:
    return value if isinstance(value, datetime.date) else datetime.date.fromisoformat(value)


_TYPE_OF = {Json.NUMBER: "bigint", Json.TEXT: "text", Json.TIME: "timestamptz", Json.DATE: "date"}
_FROM_JSON: dict[Json, Callable[[Any], object]] = {
    Json.NUMBER: _whole,
    Json.TEXT: plain_text,
    Json.TIME: _moment,
    Json.DATE: _day,
}
_OPERAND: dict[Json, tuple[str, Callable[[Any], Any]]] = {
    Json.TEXT: ("text", plain_text),
    Json.TIME: ("timestamptz", utc_time),
    Json.DATE: ("date", _day),
}
