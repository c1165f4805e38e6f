"""Reads the arguments of a list: which rows, in which order, which part of them.

They are read once when the plan is made, for this shape of variables, and become parameters of the
statement. A wrong value is refused whether or not a statement needs it.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson
from graphql import GraphQLObjectType

from resolvers.plan.fetches import Via
from resolvers.plan.parameters import (
    Arguments,
    Parameter,
    each_once,
    page_size,
    plain_text,
    plain_texts,
    utc_time,
)
from resolvers.plan.principal import caller_text
from resolvers.plan.tree import Bounds, ListOrder, Narrowing
from resolvers.sources.catalogue import Relation
from resolvers.sources.words import Copies, Hop, Json, Many, ObjectSource, Page, Value
from schema.refusals import Code, Refusal
from schema.values.paging import DEFAULT_PAGE, DEFAULT_SUGGESTIONS, MAX_PAGE, MAX_SUGGESTIONS, Direction

if TYPE_CHECKING:
    from graphql.execution.values import VariableValues

    from resolvers.plan.cursors import Cursors
    from resolvers.plan.identifiers import IdentifierArguments


@dataclass(frozen=True)
class ListedRows:
    """The rows of `relation` that a connection lists.

    The item is the row's own object (`source`), or the object that a hop (`far`) leads to. `on`: the
    column that holds the parent's key, if there is a parent. `ids`: the keys that the request names; with
    `via`, they are keys of that lookup relation. `size`: the number of items, unless an argument says less.
    """

    relation: Relation
    order: ListOrder
    size: Parameter | int
    on: str | None = None
    source: ObjectSource | None = None
    far: Hop | None = None
    ids: Parameter | None = None
    via: Via | None = None


@dataclass(frozen=True)
class ListArguments:
    """The arguments of one list. `given` collects the values that may be refused when they are read.

    `sealed_for`: what every cursor of the purpose is sealed for: the purpose and the policy.
    """

    arguments: Arguments
    cursors: Cursors
    sealed_for: str
    identifiers: IdentifierArguments
    given: list[Parameter]

    def listed(self, source: Page | Copies, objects: Mapping[str, ObjectSource]) -> ListedRows:
        """The rows that a connection of an object lists."""
        if isinstance(source, Page):
            order = ListOrder((Value(source.far.column, Json.NUMBER),))
            return ListedRows(source.relation, order, DEFAULT_PAGE, on=source.on, far=source.far)
        copied = replace(objects[source.of], relation=source.relation)
        order = self.order(copied)
        return ListedRows(source.relation, order, DEFAULT_PAGE, on=source.on, source=copied)

    def named(self, source: ObjectSource) -> str | None:
        """The argument that names objects, if one does. BAD_USER_INPUT beside any other argument."""
        given = [name for name, value in self.arguments.values.items() if value is not None]
        names = [name for name in given if name == "ids" or name in source.batches]
        if names and len(given) > 1:
            raise Refusal(Code.BAD_USER_INPUT)
        return names[0] if names else None

    def keys(self, source: ObjectSource, name: str) -> Parameter:
        """The keys that the argument names, each once, in order."""
        if name == "ids":
            reader = partial(self.arguments.reader, (name,))
            return self._given("bigint[]", self.identifiers.many(reader, source.prefix, MAX_PAGE))
        return self._given("text[]", self.arguments.reader((name,), each_once(MAX_PAGE)))

    def order(self, source: ObjectSource) -> ListOrder:
        """The order that the request asks for; by number if it asks for none."""
        key = source.relation.identity
        unique = Value(key, Json.NUMBER)
        given = self.arguments.values.get("orderBy")
        if not given:
            return ListOrder((unique,))
        ((name, direction),) = given.items()
        column, json = source.orders[name]
        keys = (unique,) if column == key else (Value(column, json), unique)
        return ListOrder(keys, descending=direction is Direction.DESC)

    def bounds(self, rows: ListedRows, cursor_sealed_for: Parameter) -> Bounds:
        """The part of the list. BAD_USER_INPUT for a negative size, and for `first` beside `last`."""
        arguments = self.arguments
        given = arguments.values
        first, last = given.get("first"), given.get("last")
        if first is not None and last is not None:
            raise Refusal(Code.BAD_USER_INPUT)
        size: Parameter | int = rows.size
        name = "last" if last is not None else "first"
        if given.get(name) is not None:
            decode = page_size(MAX_PAGE)
            reader = arguments.reader((name,), decode)
            # A size that the document holds is written into the SQL, so that Postgres' planner knows it.
            size = decode(given[name]) if arguments.is_constant(name) else Parameter("integer", reader)
        return Bounds(
            size,
            from_end=last is not None,
            after=self._place("after", rows.order, cursor_sealed_for),
            before=self._place("before", rows.order, cursor_sealed_for),
        )

    def _place(self, name: str, order: ListOrder, cursor_sealed_for: Parameter) -> tuple[Parameter, ...]:
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
        """Purpose, policy, principal, list, filter and order: a cursor opens only where all are the same."""
        prefix, suffix = f"{self.sealed_for}|", f"{named.name}|"
        readers = {
            name: self.arguments.reader((name,), lambda value: value)
            for name in ("filter", "orderBy")
            if self.arguments.values.get(name) is not None
        }

        def read(variables: VariableValues) -> bytes:
            values = {name: reader(variables) for name, reader in readers.items()}
            head = f"{prefix}{caller_text(variables)}{suffix}"
            return head.encode() + orjson.dumps(values, option=orjson.OPT_SORT_KEYS)

        return Parameter("bytea", read)

    def narrowings(self, rows: ListedRows) -> tuple[Narrowing, ...]:
        """The conditions of the filter; null means that a condition is left out."""
        given = self.arguments.values.get("filter")
        if not given:
            return ()
        assert rows.source is not None
        found = []
        for name, conditions in given.items():
            condition = rows.source.filters[name]
            for operator in conditions or {}:
                if conditions[operator] is not None:
                    type_, decode = _OPERAND[condition.json]
                    if operator == "in":
                        type_, decode = f"{type_}[]", plain_texts
                    read = self.arguments.reader(("filter", name, operator), decode)
                    found.append(Narrowing(condition.column, operator, self._given(type_, read)))
        return tuple(found)

    def _given(self, type_: str, read: Callable[[VariableValues], Any]) -> Parameter:
        """A value that may be refused when it is read; recorded, because perhaps no statement needs it."""
        parameter = Parameter(type_, read)
        self.given.append(parameter)
        return parameter


def suggestion_size(arguments: Arguments, given: list[Parameter]) -> Parameter | int:
    """How many suggestions at most. A value that the request gives is added to `given`.

    BAD_USER_INPUT for a negative number.
    """
    if arguments.values.get("first") is None:
        return DEFAULT_SUGGESTIONS
    decode = page_size(MAX_SUGGESTIONS)
    if arguments.is_constant("first"):
        return decode(arguments.values["first"])
    size = Parameter("integer", arguments.reader(("first",), decode))
    given.append(size)
    return size


def visible_order(source: Many, named: GraphQLObjectType) -> tuple[str, ...]:
    """The order's columns that the purpose sees: an order by a hidden column would disclose its values."""
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
