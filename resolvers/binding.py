"""Binds each selected field to its source, and cuts where the answer hops.

One walk over the operation, in the order of the answer. At a hop to rows that lie elsewhere it leaves
a hole and opens a fetch, one wave later; everything else stays in the statement it is in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import orjson
from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, get_named_type

from resolvers.catalogue import Relation
from resolvers.parameters import (
    Arguments,
    account_number,
    account_numbers,
    page_size,
    plain_text,
    plain_texts,
    read_arguments,
    split_identifier,
    utc_time,
)
from resolvers.plan import (
    Bound,
    Bounds,
    Count,
    CursorSlot,
    Edges,
    Fetch,
    FetchSlot,
    Hole,
    Identify,
    Info,
    Joined,
    Literal,
    ManyOf,
    Narrowing,
    Nodes,
    ObjectOf,
    OneOf,
    Order,
    PageOf,
    Parameter,
    Place,
    Root,
    RootHole,
    RootIntrospection,
    RootList,
    RootNode,
    RootText,
    Slot,
    SummaryOf,
    Total,
)
from resolvers.selection import Collector, Selected
from resolvers.sources import (
    Band,
    Hop,
    Identifier,
    Json,
    Many,
    Measured,
    ObjectSource,
    One,
    Page,
    Source,
    Summary,
    Value,
)
from schema.pages import DEFAULT_PAGE, MAX_PAGE, Direction
from schema.refusals import Code, Refusal

if TYPE_CHECKING:
    from graphql.execution.values import VariableValues

    from resolvers.cursors import Cursors

# How many phone numbers an account has, for the cost alone.
MANY_ROWS = 4
Factors = tuple[Parameter | int, ...]


@dataclass(frozen=True)
class World:
    """What binding needs besides the operation: the purpose's schema and every field's source.

    `constants`: JSON texts for the sources that no store holds. `cursors` opens cursors; `binding` is
    the purpose and the version of the policy, to which each is bound. `sharded`: whether the stores
    are spread over machines, so that links between groups must be cut.
    """

    schema: GraphQLSchema
    objects: Mapping[str, ObjectSource]
    constants: Mapping[str, Mapping[str, str]]
    cursors: Cursors
    binding: str
    sharded: bool = False


@dataclass(frozen=True)
class At:
    """Where the walk stands: the wave and store of the statement, and the rows there are of it."""

    wave: int
    relation: Relation
    rows: Factors


@dataclass
class Binder:
    """Collects fetches, slots and cost while it walks one operation."""

    world: World
    collector: Collector
    variables: VariableValues
    fetches: list[Fetch] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)
    cost: list[Factors] = field(default_factory=list)
    given: list[Parameter] = field(default_factory=list)

    # --- roots ------------------------------------------------------------------------------------

    def bind_root(self, parent: GraphQLObjectType, selected: Selected) -> Root:
        """The plan's entry for one response key of the query."""
        if selected.name == "__typename":
            return RootText(selected.key, _quoted(parent.name))
        if selected.name in {"__schema", "__type"}:
            return RootIntrospection(selected.key)
        definition = parent.fields[selected.name]
        arguments = read_arguments(definition, selected.nodes[0], self.variables)
        if selected.name in self.world.constants:
            return RootText(selected.key, self._constant_object(selected))
        named = get_named_type(definition.type)
        if isinstance(named, GraphQLInterfaceType):
            return self._bind_node(named, selected, arguments)
        assert isinstance(named, GraphQLObjectType)
        if named.name in self.world.objects:
            return self._bind_lookup(named, selected, arguments)
        return self._bind_list(named, selected, arguments)

    def _constant_object(self, selected: Selected) -> str:
        constants = self.world.constants[selected.name]
        type_ = get_named_type(self.world.schema.query_type.fields[selected.name].type)  # type: ignore[union-attr]
        assert isinstance(type_, GraphQLObjectType)
        members = self.collector.collect(type_, selected.selection_sets)
        values = (
            (member.key, _quoted(type_.name) if member.name == "__typename" else constants[member.name])
            for member in members
        )
        return "{" + ",".join(f"{_quoted(key)}:{text}" for key, text in values) + "}"

    def _bind_node(self, named: GraphQLInterfaceType, selected: Selected, arguments: Arguments) -> RootNode:
        sources = [
            self.world.objects[type_.name]
            for type_ in self.world.schema.get_possible_types(named)
            if type_.name in self.world.objects
        ]
        prefixes = tuple(source.prefix for source in sources)
        slots = []
        for source in sources:
            number = _number_of(source.prefix, prefixes)
            keys = Parameter("bigint", arguments.reader(("id",), number))
            slots.append(self._open_root(source, None, keys, selected))
        return RootNode(selected.key, tuple(slots))

    def _bind_lookup(self, named: GraphQLObjectType, selected: Selected, arguments: Arguments) -> RootHole:
        source = self.world.objects[named.name]
        given = {name: value for name, value in arguments.values.items() if value is not None}
        if len(given) != 1:
            raise Refusal(Code.BAD_USER_INPUT)
        (name,) = given
        if name == "id":
            via, type_, decode = None, "bigint", account_number(source.prefix)
        else:
            via, type_, decode = source.lookups[name], "text", plain_text  # type: ignore[assignment]
        keys = Parameter(type_, arguments.reader((name,), decode))
        return RootHole(selected.key, self._open_root(source, via, keys, selected))

    def _open_root(
        self,
        source: ObjectSource,
        via: tuple[Relation, str, str] | None,
        keys: Parameter,
        selected: Selected,
    ) -> int:
        return self._open_fetch(source, via, (1,), wave=0, key_type=keys.type, selected=selected, keys=keys)

    def _bind_list(self, named: GraphQLObjectType, selected: Selected, arguments: Arguments) -> RootList:
        source = self._listed_source(named)
        slot = self._new_slot(FetchSlot("none"))
        ids = self._named_ids(source, arguments)
        size: Parameter | int = DEFAULT_PAGE
        if ids is not None:
            size = Parameter("integer", arguments.reader(("ids",), len))
        page = self._page(
            named,
            selected,
            arguments,
            At(0, source.relation, ()),
            _Listed(source.relation, None, source, self._order(source, arguments), ids, size),
        )
        self.fetches.append(Fetch(slot, 0, source.relation.store, "none", page=page))
        return RootList(selected.key, slot)

    def _listed_source(self, connection: GraphQLObjectType) -> ObjectSource:
        return self.world.objects[get_named_type(connection.fields["nodes"].type).name]

    def _named_ids(self, source: ObjectSource, arguments: Arguments) -> Parameter | None:
        if arguments.values.get("ids") is None:
            return None
        if any(value is not None for name, value in arguments.values.items() if name != "ids"):
            raise Refusal(Code.BAD_USER_INPUT)
        return self._given("bigint[]", arguments.reader(("ids",), account_numbers(source.prefix, MAX_PAGE)))

    def _given(self, type_: str, read: Callable[[VariableValues], Any]) -> Parameter:
        """A value that may be refused when it is read; noted, for it may be that no statement needs it."""
        parameter = Parameter(type_, read)
        self.given.append(parameter)
        return parameter

    # --- objects ----------------------------------------------------------------------------------

    def bind_object(self, source: ObjectSource, sets_of: Selected | tuple[Selected, ...], at: At) -> ObjectOf:
        """An object of the source's type with what is selected of it."""
        fields = sets_of if isinstance(sets_of, tuple) else (sets_of,)
        type_ = self.world.schema.type_map[source.type]
        assert isinstance(type_, GraphQLObjectType)
        self.cost.append(at.rows)
        return ObjectOf(source, self._members(type_, source.fields, fields, at))

    def _members(
        self,
        type_: GraphQLObjectType,
        sources: Mapping[str, Source],
        fields: tuple[Selected, ...],
        at: At,
    ) -> tuple[tuple[str, Bound], ...]:
        sets = tuple(each for selected in fields for each in selected.selection_sets)
        return tuple(
            (member.key, self._member(type_, sources, member, at))
            for member in self.collector.collect(type_, sets)
        )

    def _member(
        self, type_: GraphQLObjectType, sources: Mapping[str, Source], member: Selected, at: At
    ) -> Bound:
        if member.name == "__typename":
            return Literal(_quoted(type_.name))
        source = sources[member.name]
        named = get_named_type(type_.fields[member.name].type)
        match source:
            case Value():
                return source
            case Identifier():
                return Identify()
            case Band():
                self.cost.append(at.rows)
                return Count(source)
            case Hop():
                return self._hop(source, member, at)
        assert isinstance(named, GraphQLObjectType)
        arguments = read_arguments(type_.fields[member.name], member.nodes[0], self.variables)
        match source:
            case Summary():
                return self._summary(named, source, member, arguments, at)
            case One():
                at = replace(at, relation=source.relation)
                self.cost.append(at.rows)
                return OneOf(source, self._members(named, source.fields, (member,), at))
            case Many():
                at = replace(at, relation=source.relation, rows=(*at.rows, MANY_ROWS))
                self.cost.append(at.rows)
                return ManyOf(
                    source, self._members(named, source.fields, (member,), at), _visible_order(source, named)
                )
            case Page():
                order = Order((Value(source.far.column, Json.NUMBER),))
                listed = _Listed(source.relation, source.on, None, order, None, DEFAULT_PAGE, source.far)
                return self._page(named, member, arguments, at, listed)
        raise AssertionError(f"a source without a binding: {source}")

    def _summary(
        self, named: GraphQLObjectType, source: Summary, member: Selected, arguments: Arguments, at: At
    ) -> SummaryOf:
        self.cost.append(at.rows)
        until = None
        if arguments.values.get(source.until) is not None:
            until = Parameter("date", arguments.reader((source.until,), lambda day: day))
        members: list[tuple[str, Measured | Literal]] = []
        for inner in self.collector.collect(named, member.selection_sets):
            if inner.name == "__typename":
                members.append((inner.key, Literal(_quoted(named.name))))
            else:
                members.append((inner.key, source.fields[inner.name]))
        return SummaryOf(source, tuple(members), until)

    # --- hops -------------------------------------------------------------------------------------

    def _hop(self, hop: Hop, member: Selected, at: At) -> Bound:
        source = self.world.objects[hop.to]
        if self._lies_together(hop, source, at):
            inner = replace(at, relation=source.relation)
            return Joined(hop, self.bind_object(source, member, inner))
        slot = self._open_fetch(
            source, hop.via, at.rows, wave=at.wave + 1, key_type="bigint", selected=member, keys=None
        )
        # Within a store both ends of a link exist together; an item of a list cannot be null.
        if hop.via is None and source.relation.store is at.relation.store:
            self.slots[slot] = FetchSlot("bigint", required=True)
        return Hole(slot, hop.column)

    def _lies_together(self, hop: Hop, source: ObjectSource, at: At) -> bool:
        if hop.via is not None or source.relation.store is not at.relation.store:
            return False
        return not self.world.sharded

    def _open_fetch(
        self,
        source: ObjectSource,
        via: tuple[Relation, str, str] | None,
        rows: Factors,
        *,
        wave: int,
        key_type: str,
        selected: Selected,
        keys: Parameter | None,
    ) -> int:
        slot = self._new_slot(FetchSlot(key_type))
        if via is not None and self.world.sharded:
            # The lookup lies by another key: it answers with a hole that leads on by the object's own.
            target = self._open_fetch(
                source, None, rows, wave=wave + 1, key_type="bigint", selected=selected, keys=None
            )
            hole = Hole(target, via[2])
            self.fetches.append(Fetch(slot, wave, source.relation.store, key_type, hole, via, keys))
            return slot
        bound = self.bind_object(source, selected, At(wave, source.relation, rows))
        self.fetches.append(Fetch(slot, wave, source.relation.store, key_type, bound, via, keys))
        return slot

    def _new_slot(self, slot: Slot) -> int:
        self.slots.append(slot)
        return len(self.slots) - 1

    # --- pages ------------------------------------------------------------------------------------

    def _page(
        self, named: GraphQLObjectType, selected: Selected, arguments: Arguments, at: At, listed: _Listed
    ) -> PageOf:
        binding = self._cursor_binding(named, arguments)
        bounds = self._bounds(arguments, listed, binding)
        place = self._new_slot(CursorSlot(binding))
        inner = At(at.wave, listed.relation, (*at.rows, bounds.size))
        parts = tuple(
            (member.key, self._part(named, member, inner, listed, place))
            for member in self.collector.collect(named, selected.selection_sets)
        )
        self.cost.append(inner.rows)
        return PageOf(
            listed.relation,
            listed.on,
            listed.order,
            bounds,
            self._narrowings(listed, arguments),
            parts,
            listed.source,
            listed.ids,
        )

    def _part(
        self, named: GraphQLObjectType, member: Selected, at: At, listed: _Listed, place: int
    ) -> Edges | Nodes | Info | Total | Literal:
        if member.name == "__typename":
            return Literal(_quoted(named.name))
        if member.name == "totalCount":
            return Total()
        inner = get_named_type(named.fields[member.name].type)
        assert isinstance(inner, GraphQLObjectType)
        if member.name == "nodes":
            return Nodes(self._item(listed, member, at))
        if member.name == "edges":
            return Edges(
                tuple(
                    (edge.key, self._edge_member(inner, edge, at, listed, place))
                    for edge in self.collector.collect(inner, member.selection_sets)
                )
            )
        return Info(
            tuple(
                (each.key, Literal(_quoted(inner.name)) if each.name == "__typename" else each.name)
                for each in self.collector.collect(inner, member.selection_sets)
            ),
            place,
        )

    def _edge_member(
        self, edge_type: GraphQLObjectType, edge: Selected, at: At, listed: _Listed, place: int
    ) -> Bound | Place:
        if edge.name == "__typename":
            return Literal(_quoted(edge_type.name))
        if edge.name == "cursor":
            return Place(place)
        return self._item(listed, edge, at)

    def _item(self, listed: _Listed, selected: Selected, at: At) -> Bound:
        if listed.far is not None:
            return self._hop(listed.far, selected, at)
        assert listed.source is not None
        if self.world.sharded:
            own = Hop(to=listed.source.type, column=listed.source.relation.key or "")
            return self._hop(own, selected, at)
        return self.bind_object(listed.source, selected, at)

    def _bounds(self, arguments: Arguments, listed: _Listed, binding: Parameter) -> Bounds:
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
            self._place("after", arguments, listed.order, binding),
            self._place("before", arguments, listed.order, binding),
        )

    def _place(
        self, name: str, arguments: Arguments, order: Order, binding: Parameter
    ) -> tuple[Parameter, ...]:
        if arguments.values.get(name) is None:
            return ()
        opened = arguments.reader((name,), lambda cursor: cursor)

        def read_key(index: int, key: Value) -> Callable[[VariableValues], object]:
            def read(variables: VariableValues) -> object:
                sealed_for = binding.read(variables)
                assert isinstance(sealed_for, bytes)
                values = self.world.cursors.open(str(opened(variables)), sealed_for)
                return _FROM_JSON[key.json](values[index])

            return read

        return tuple(
            self._given(_TYPE_OF[key.json], read_key(index, key)) for index, key in enumerate(order.keys)
        )

    def _cursor_binding(self, named: GraphQLObjectType, arguments: Arguments) -> Parameter:
        """Purpose, policy, list, filter and order: a cursor for one opens for no other."""
        prefix = f"{self.world.binding}|{named.name}|"
        readers = {
            name: arguments.reader((name,), lambda value: value)
            for name in ("filter", "orderBy")
            if arguments.values.get(name) is not None
        }

        def read(variables: VariableValues) -> bytes:
            bound_to = {name: reader(variables) for name, reader in readers.items()}
            return prefix.encode() + orjson.dumps(bound_to, option=orjson.OPT_SORT_KEYS)

        return Parameter("bytea", read)

    def _order(self, source: ObjectSource, arguments: Arguments) -> Order:
        key = source.relation.key or ""
        unique = Value(key, Json.NUMBER)
        given = arguments.values.get("orderBy")
        if not given:
            return Order((unique,))
        ((name, direction),) = given.items()
        column, json = source.orders[name]
        keys = (unique,) if column == key else (Value(column, json), unique)
        return Order(keys, descending=direction is Direction.DESC)

    def _narrowings(self, listed: _Listed, arguments: Arguments) -> tuple[Narrowing, ...]:
        given = arguments.values.get("filter")
        if not given:
            return ()
        assert listed.source is not None
        found = []
        for name, conditions in given.items():
            condition = listed.source.filters[name]
            for operator in conditions or {}:
                if conditions[operator] is not None:
                    type_, decode = _OPERAND[operator]
                    read = arguments.reader(("filter", name, operator), decode)
                    found.append(Narrowing(condition.column, operator, self._given(type_, read)))
        return tuple(found)


@dataclass(frozen=True)
class _Listed:
    """What a connection lists: rows of `relation`, whose item is the row's own object or a hop."""

    relation: Relation
    on: str | None
    source: ObjectSource | None
    order: Order
    ids: Parameter | None
    size: Parameter | int
    far: Hop | None = None


def _visible_order(source: Many, named: GraphQLObjectType) -> tuple[str, ...]:
    """The order's columns that the purpose sees: by a hidden one, order would tell of its values."""
    visible = {
        field.column
        for name, field in source.fields.items()
        if name in named.fields and isinstance(field, Value)
    }
    return tuple(column for column in source.order if column in visible)


def _quoted(text: str) -> str:
    return orjson.dumps(text).decode()


def _number_of(prefix: str, known: tuple[str, ...]) -> Callable[[Any], int | None]:
    """The number in an identifier of this prefix; None if it is of another known one."""

    def read(identifier: Any) -> int | None:
        if all(split_identifier(identifier, each) is None for each in known):
            raise Refusal(Code.BAD_USER_INPUT)
        return split_identifier(identifier, prefix)

    return read


def _whole(value: Any) -> int:
    return int(value)


def _moment(value: Any) -> Any:
    import datetime

    return utc_time(datetime.datetime.fromisoformat(value))


_TYPE_OF = {Json.NUMBER: "bigint", Json.TEXT: "text", Json.TIME: "timestamptz"}
_FROM_JSON: dict[Json, Callable[[Any], object]] = {
    Json.NUMBER: _whole,
    Json.TEXT: plain_text,
    Json.TIME: _moment,
}
_OPERAND: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "eq": ("text", plain_text),
    "in": ("text[]", plain_texts),
    "startsWith": ("text", plain_text),
    "from": ("timestamptz", utc_time),
    "before": ("timestamptz", utc_time),
}
