"""Binds each selected field to its source, and cuts where the answer hops.

One walk over the operation, in the order of the answer. At a hop to rows that lie elsewhere it leaves
a hole and opens a fetch, one wave later; everything else stays in the statement it is in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import orjson
from graphql import GraphQLInterfaceType, GraphQLObjectType, get_named_type

from resolvers.compile.context import ASKED, TELLS_OF_PEOPLE, PurposeContext
from resolvers.compile.cost import ASKED_ROWS, BAND_ROWS, FAN_OUT, MANY_ROWS, SUGGESTED_ROWS, At, Factors
from resolvers.compile.list_arguments import ListArguments, Listed, visible_order
from resolvers.compile.own_rows import bind_subject
from resolvers.compile.policy_text import constant_text
from resolvers.compile.selection import Collector, Selected
from resolvers.compile.subjects import SubjectNotes
from resolvers.compile.suggestion_waves import last_wave, steps, suggestion_size
from resolvers.plan.groups import Groups
from resolvers.plan.parameters import (
    Arguments,
    account_number,
    number_of,
    plain_text,
    read_arguments,
)
from resolvers.plan.suggestions import PersonHole, SuggestionsOf
from resolvers.plan.tree import (
    Assembly,
    Count,
    CursorSlot,
    Edges,
    Fetch,
    FetchSlot,
    Hole,
    Identify,
    Info,
    Joined,
    ListPart,
    Literal,
    ManyOf,
    Nodes,
    ObjectOf,
    OneOf,
    PageOf,
    Parameter,
    Place,
    Root,
    RootAsked,
    RootHole,
    RootIntrospection,
    RootList,
    RootNode,
    RootText,
    Slot,
    SummaryOf,
    Total,
    TreeNode,
)
from resolvers.sources.catalogue import Relation, Store
from resolvers.sources.words import (
    Band,
    Constant,
    Copies,
    Hop,
    Identifier,
    Many,
    Measured,
    ObjectSource,
    One,
    Page,
    Source,
    Suggestions,
    Summary,
    Value,
)
from schema.refusals import Code, Refusal
from schema.values.paging import DEFAULT_PAGE, Group

if TYPE_CHECKING:
    from graphql.execution.values import VariableValues


@dataclass
class Binder:
    """Collects fetches, slots and cost while it walks one operation."""

    context: PurposeContext
    collector: Collector
    variables: VariableValues
    fetches: list[Fetch] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)
    cost: list[Factors] = field(default_factory=list)
    given: list[Parameter] = field(default_factory=list)
    subjects: SubjectNotes = field(init=False)
    lone_objects: int = 0

    def __post_init__(self) -> None:
        self.subjects = SubjectNotes(self.context.names_people)

    # --- roots ------------------------------------------------------------------------------------

    def bind_root(self, parent: GraphQLObjectType, selected: Selected) -> Root:
        """The plan's entry for one response key of the query."""
        if selected.name == "__typename":
            return RootText(selected.key, _quoted(parent.name))
        if selected.name in {"__schema", "__type"}:
            return RootIntrospection(selected.key)
        definition = parent.fields[selected.name]
        arguments = read_arguments(definition, selected.nodes[0], self.variables)
        if selected.name in ASKED:
            self.cost.append((ASKED_ROWS[selected.name],))
            return RootAsked(selected.key, selected.name, self._asked_of(parent, selected))
        if selected.name in self.context.constants:
            return RootText(selected.key, self._constant(selected))
        named = get_named_type(definition.type)
        if selected.name == "subject":
            return bind_subject(self, named, selected)
        if isinstance(named, GraphQLInterfaceType):
            return self._bind_node(named, selected, arguments)
        assert isinstance(named, GraphQLObjectType)
        if named.name in self.context.objects:
            return self._bind_lookup(named, selected, arguments)
        return self._bind_list(named, selected, arguments)

    def _constant(self, selected: Selected) -> str:
        """The text of a root that no store holds: an object, or a list of them."""
        type_ = get_named_type(self.context.schema.query_type.fields[selected.name].type)  # type: ignore[union-attr]
        assert isinstance(type_, GraphQLObjectType)
        members = self.collector.collect(type_, selected.selection_sets)
        return constant_text(type_.name, members, self.context.constants[selected.name])

    def _asked_of(self, parent: GraphQLObjectType, selected: Selected) -> int | None:
        """What an ordinary resolver may tell of people, if it tells of any."""
        if selected.name not in TELLS_OF_PEOPLE:
            return None
        with self.subjects.about(None) as subject:
            self.subjects.tell_all(self.collector, parent, selected)
        return subject

    def _bind_node(self, named: GraphQLInterfaceType, selected: Selected, arguments: Arguments) -> RootNode:
        sources = [
            self.context.objects[type_.name]
            for type_ in self.context.schema.get_possible_types(named)
            if type_.name in self.context.objects
        ]
        prefixes = tuple(source.prefix for source in sources)
        slots = []
        for source in sources:
            number = number_of(source.prefix, prefixes)
            keys = Parameter("bigint", arguments.reader(("id",), number))
            slots.append(self.open_fetch(source, None, selected, keys=keys))
        return RootNode(selected.key, tuple(slots))

    def _bind_lookup(self, named: GraphQLObjectType, selected: Selected, arguments: Arguments) -> RootHole:
        source = self.context.objects[named.name]
        given = {name: value for name, value in arguments.values.items() if value is not None}
        if len(given) != 1:
            raise Refusal(Code.BAD_USER_INPUT)
        (name,) = given
        if name == "id":
            keys = Parameter("bigint", arguments.reader((name,), account_number(source.prefix)))
            return RootHole(selected.key, self.open_fetch(source, None, selected, keys=keys))
        keys = Parameter("text", arguments.reader((name,), plain_text))
        probe = source.probes.get(selected.name)
        via, first_by = (source.lookups[name], ()) if probe is None else (probe[:3], probe[3])
        return RootHole(selected.key, self.open_fetch(source, via, selected, keys=keys, first_by=first_by))

    def _bind_list(self, named: GraphQLObjectType, selected: Selected, arguments: Arguments) -> RootList:
        source = self.context.objects[get_named_type(named.fields["nodes"].type).name]
        slot = self.new_slot(FetchSlot("none"))
        said = self._list_arguments(arguments)
        order, by = said.order(source), said.named(source)
        listed = Listed(source.relation, None, source, order, None, DEFAULT_PAGE)
        if by is not None:
            keys, size = said.keys(source, by), Parameter("integer", arguments.reader((by,), len))
            via = source.lookups[source.batches[by]] if by in source.batches else None
            listed = replace(listed, ids=keys, size=size, via=via)
        page = self._page(named, selected, said, At(0, source.relation, (1,)), listed)
        self.fetches += self._list_fetches(slot, page, source.relation.store)
        return RootList(selected.key, slot)

    def _list_arguments(self, arguments: Arguments) -> ListArguments:
        return ListArguments(arguments, self.context.cursors, self.context.sealed_for, self.given)

    def _list_fetches(self, slot: int, page: PageOf, store: Store) -> list[Fetch]:
        """One fetch of the whole list; of a sharded store, whose shards each know a part, several."""
        if not self.context.sharded:
            return [Fetch(slot, 0, store, "none", page=page)]
        if page.ids is None and page.relation.key is not None:
            self.cost.append((FAN_OUT, page.bounds.size))
        total = self.new_slot(FetchSlot("none", required=True)) if page.counts and page.ids is None else None
        beyond = {name: self.new_slot(FetchSlot("none", otherwise="false")) for name in page.looks_beyond}
        assembly = Assembly(page, total, tuple(beyond.items()))
        fetches = [Fetch(slot, 0, store, "none", assembly=assembly)]
        if total is not None:
            fetches.append(Fetch(total, 0, store, "none", total_of=page))
        fetches += [Fetch(each, 0, store, "none", beyond=(page, name)) for name, each in beyond.items()]
        for _, part in page.parts:
            if isinstance(part, Groups) and part.slot is not None:
                fetches.append(Fetch(part.slot, 0, store, "none", groups_of=(page, part)))
        return fetches

    # --- objects ----------------------------------------------------------------------------------

    def bind_object(self, source: ObjectSource, selected: Selected, at: At) -> ObjectOf:
        """An object of the source's type with what is selected of it."""
        type_ = self.context.schema.type_map[source.type]
        assert isinstance(type_, GraphQLObjectType)
        self.cost.append(at.rows)
        if source.about is None:
            return ObjectOf(source, self._members(type_, source.fields, selected, at))
        with self.subjects.about(source.about.of) as subject:
            return ObjectOf(source, self._members(type_, source.fields, selected, at), subject)

    def _members(
        self,
        type_: GraphQLObjectType,
        sources: Mapping[str, Source],
        selected: Selected,
        at: At,
    ) -> tuple[tuple[str, TreeNode], ...]:
        members = self.collector.collect(type_, selected.selection_sets)
        if any(_stands_alone(sources.get(member.name)) for member in members):
            self._count_lone_object(at)
        return tuple((member.key, self._member(type_, sources, member, at)) for member in members)

    def _count_lone_object(self, at: At) -> None:
        self.lone_objects += 1
        # Rows have a factor more in every list, even in one of a single item.
        if self.lone_objects > 1 or len(at.rows) > 1:
            raise Refusal(Code.ONE_AT_A_TIME)

    def _member(
        self, type_: GraphQLObjectType, sources: Mapping[str, Source], member: Selected, at: At
    ) -> TreeNode:
        if member.name == "__typename":
            return Literal(_quoted(type_.name))
        self.subjects.tell(type_.name, member.name)
        source = sources[member.name]
        named = get_named_type(type_.fields[member.name].type)
        match source:
            case Value():
                return source
            case Constant(text):
                return Literal(text)
            case Identifier():
                return Identify()
            case Band():
                self.cost.append((*at.rows, BAND_ROWS))
                return Count(source)
            case Hop():
                return self._hop(source, member, at)
        assert isinstance(named, GraphQLObjectType)
        arguments = read_arguments(type_.fields[member.name], member.nodes[0], self.variables)
        match source:
            case Suggestions():
                return self._suggestions(named, source, member, arguments, at)
            case Summary():
                return self._summary(named, source, member, arguments, at)
            case One():
                at = replace(at, relation=source.relation)
                self.cost.append(at.rows)
                return OneOf(source, self._members(named, source.fields, member, at))
            case Many():
                at = replace(at, relation=source.relation, rows=(*at.rows, MANY_ROWS))
                self.cost.append(at.rows)
                if source.far is not None:
                    return ManyOf(source, (), source.order, self._hop(source.far, member, at))
                return ManyOf(
                    source, self._members(named, source.fields, member, at), visible_order(source, named)
                )
            case Page() | Copies():
                said = self._list_arguments(arguments)
                return self._page(named, member, said, at, said.listed(source, self.context.objects))
        raise AssertionError(f"a source without a binding: {source}")

    def _summary(
        self, named: GraphQLObjectType, source: Summary, member: Selected, arguments: Arguments, at: At
    ) -> SummaryOf:
        self.cost.append((*at.rows, source.days))
        until = None
        if arguments.values.get(source.until) is not None:
            until = Parameter("date", arguments.reader((source.until,), lambda day: day))
        members: list[tuple[str, Measured | Literal]] = []
        for inner in self.collector.collect(named, member.selection_sets):
            if inner.name == "__typename":
                members.append((inner.key, Literal(_quoted(named.name))))
            else:
                self.subjects.tell(named.name, inner.name)
                members.append((inner.key, source.fields[inner.name]))
        return SummaryOf(source, tuple(members), until)

    def _suggestions(
        self, named: GraphQLObjectType, source: Suggestions, member: Selected, arguments: Arguments, at: At
    ) -> TreeNode:
        size = suggestion_size(arguments, self.given)
        # A token bound to a person reads nobody's ties but their own, and finds no one.
        self.cost.append(at.rows if source.friends[0] in self.context.owned else (*at.rows, SUGGESTED_ROWS))
        slot = self.new_slot(FetchSlot("bigint", required=True))
        inner = At(last_wave(at.wave, self.context.sharded), source.friends[0], (*at.rows, size))
        with self.subjects.about(source.people.store) as subject:
            members = self._members(named, source.fields, member, inner)
        found = SuggestionsOf(source, members, size, slot, subject)
        self.fetches += steps(found, at.wave, self.context.sharded)
        return PersonHole(slot, source)

    # --- hops -------------------------------------------------------------------------------------

    def _hop(self, hop: Hop, member: Selected, at: At) -> TreeNode:
        source = self.context.objects[hop.to]
        if hop.relation is not None:
            source = replace(source, relation=hop.relation)
        if self._lies_together(hop, source, at):
            inner = replace(at, relation=source.relation)
            return Joined(hop, self.bind_object(source, member, inner))
        slot = self.open_fetch(source, hop.via, member, at.rows, at.wave + 1)
        # Within a store both ends of a link exist together; an item of a list cannot be null.
        if hop.via is None and source.relation.store is at.relation.store:
            self.slots[slot] = FetchSlot("bigint", required=True)
        return Hole(slot, hop.column, hop.nullable)

    def _lies_together(self, hop: Hop, source: ObjectSource, at: At) -> bool:
        same_store = source.relation.store is at.relation.store
        return hop.via is None and same_store and not self.context.sharded

    def open_fetch(
        self,
        source: ObjectSource,
        via: tuple[Relation, str, str] | None,
        selected: Selected,
        rows: Factors = (1,),
        wave: int = 0,
        keys: Parameter | None = None,
        first_by: tuple[str, ...] = (),
    ) -> int:
        """Have these objects fetched, with what is selected of them; the slot that it fills."""
        key_type = keys.type if keys is not None else "bigint"
        slot = self.new_slot(FetchSlot(key_type))
        bound: ObjectOf | Hole
        if via is not None and self.context.sharded:
            # The lookup lies by another key: it answers with a hole that leads on by the object's own.
            bound = Hole(self.open_fetch(source, None, selected, rows, wave + 1), via[2])
        else:
            bound = self.bind_object(source, selected, At(wave, source.relation, rows))
        self.fetches.append(
            Fetch(slot, wave, source.relation.store, key_type, bound, via, keys, first_by=first_by)
        )
        return slot

    def new_slot(self, slot: Slot) -> int:
        """The number of a new slot."""
        self.slots.append(slot)
        return len(self.slots) - 1

    # --- pages ------------------------------------------------------------------------------------

    def _page(
        self, named: GraphQLObjectType, selected: Selected, said: ListArguments, at: At, listed: Listed
    ) -> PageOf:
        sealed_for = said.cursor_sealed_for(named)
        bounds = said.bounds(listed, sealed_for)
        place = self.new_slot(CursorSlot(sealed_for))
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
            said.narrowings(listed),
            parts,
            listed.source,
            listed.ids,
            listed.via,
        )

    def _part(
        self, named: GraphQLObjectType, member: Selected, at: At, listed: Listed, place: int
    ) -> ListPart:
        if member.name == "__typename":
            return Literal(_quoted(named.name))
        if member.name == "totalCount":
            return Total()
        if listed.source is not None and member.name in listed.source.groups:
            return self._groups(listed, listed.source.groups[member.name], member)
        if member.name == "nodes":
            return Nodes(self._item(listed, member, at))
        inner = get_named_type(named.fields[member.name].type)
        assert isinstance(inner, GraphQLObjectType)
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

    def _groups(self, listed: Listed, value: Value, member: Selected) -> Groups:
        if listed.ids is not None:
            # Whoever chooses the entries could add one person to a group of known ones.
            raise Refusal(Code.BAD_USER_INPUT)
        group = self.context.schema.type_map[Group.__name__]
        assert isinstance(group, GraphQLObjectType)
        members = self.collector.collect(group, member.selection_sets)
        slot = self.new_slot(FetchSlot("none", required=True)) if self.context.sharded else None
        return Groups(value, tuple((each.key, each.name) for each in members), slot)

    def _edge_member(
        self, edge_type: GraphQLObjectType, edge: Selected, at: At, listed: Listed, place: int
    ) -> TreeNode | Place:
        if edge.name == "__typename":
            return Literal(_quoted(edge_type.name))
        if edge.name == "cursor":
            return Place(place)
        return self._item(listed, edge, at)

    def _item(self, listed: Listed, selected: Selected, at: At) -> TreeNode:
        if listed.far is not None:
            return self._hop(listed.far, selected, at)
        assert listed.source is not None
        # A list of a sharded store is put together from keys; a part of an object lies with it.
        if self.context.sharded and listed.on is None:
            own = Hop(to=listed.source.type, column=listed.source.relation.identity)
            return self._hop(own, selected, at)
        return self.bind_object(listed.source, selected, at)


def _stands_alone(source: Source | None) -> bool:
    return isinstance(source, Many) and source.alone


def _quoted(text: str) -> str:
    return orjson.dumps(text).decode()
