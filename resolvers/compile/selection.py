"""The first pass: what an operation selects, with the source of each field and its arguments read.

One walk over the operation, in the order of the answer. This pass makes every refusal that depends on
the document and on the shape of its variables: BAD_USER_INPUT and ONE_AT_A_TIME. So these two come
before COST_TOO_HIGH, and the passes after pricing refuse nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from graphql import GraphQLInterfaceType, GraphQLObjectType, get_named_type

from resolvers.compile.collect_fields import CollectedField, Collector, type_name
from resolvers.compile.context import ASKED, TELLS_OF_PEOPLE, PurposeContext
from resolvers.compile.list_arguments import ListArguments, ListedRows, suggestion_size, visible_order
from resolvers.compile.own_rows import select_subject
from resolvers.compile.policy_text import constant_text
from resolvers.compile.questions import people_told, person_listed
from resolvers.compile.selected import (
    Member,
    SelectedAsked,
    SelectedCursor,
    SelectedEdges,
    SelectedGroups,
    SelectedHop,
    SelectedInfo,
    SelectedItem,
    SelectedItems,
    SelectedList,
    SelectedLookup,
    SelectedMany,
    SelectedNode,
    SelectedNodeRoot,
    SelectedObject,
    SelectedOne,
    SelectedPart,
    SelectedRoot,
    SelectedRootList,
    SelectedSuggestions,
    SelectedSummary,
    Selection,
)
from resolvers.plan.parameters import Arguments, Parameter, plain_text, read_arguments
from resolvers.plan.plan import RootIntrospection, RootText
from resolvers.plan.tree import CoveredPlace, Literal, Total
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
from resolvers.universe.readings import covered_by_kind, covered_kinds
from schema.refusals import Code, Refusal
from schema.types.social import PhoneBinding
from schema.values.paging import DEFAULT_PAGE, Group

if TYPE_CHECKING:
    from graphql.execution.values import VariableValues

    from schema.operations import Operation
    from schema.purposes import Purpose


def select_fields(context: PurposeContext, operation: Operation, variables: VariableValues) -> Selection:
    """The selection of a query. BAD_USER_INPUT, ONE_AT_A_TIME."""
    query = context.schema.query_type
    assert query is not None
    collector = Collector(context.schema, operation.fragments, variables)
    selector = Selector(context, collector, variables)
    fields = collector.collect(query, (operation.node.selection_set,))
    roots = tuple(selector.root(query, each) for each in fields)
    return Selection(roots, tuple(selector.given), selector.subjects)


@dataclass
class Selector:
    """One walk over an operation. It counts places where people are named, and collects `given`."""

    context: PurposeContext
    collector: Collector
    variables: VariableValues
    given: list[Parameter] = field(default_factory=list)
    subjects: int = 0
    lone_objects: int = 0

    @property
    def purpose(self) -> Purpose:
        """The purpose of the request."""
        return self.context.purpose

    def new_subject(self) -> int | None:
        """The number of a new place where people are named; None if the ledger gets no names."""
        if not self.context.names_people:
            return None
        self.subjects += 1
        return self.subjects - 1

    # --- roots ------------------------------------------------------------------------------------

    def root(self, parent: GraphQLObjectType, selected: CollectedField) -> SelectedRoot:
        """One response key of the query."""
        if selected.name == "__typename":
            return RootText(selected.key, type_name(parent).text)
        if selected.name in {"__schema", "__type"}:
            return RootIntrospection(selected.key)
        definition = parent.fields[selected.name]
        arguments = read_arguments(definition, selected.nodes[0], self.variables)
        if selected.name in ASKED:
            return self._asked(parent, selected)
        named = get_named_type(definition.type)
        if selected.name in self.context.constants:
            assert isinstance(named, GraphQLObjectType)
            return self._constant(named, selected)
        if selected.name == "subject":
            return select_subject(self, named, selected)
        if isinstance(named, GraphQLInterfaceType):
            return self._node(named, selected, arguments)
        assert isinstance(named, GraphQLObjectType)
        if named.name in self.context.objects:
            return self._lookup(named, selected, arguments)
        return self._root_list(named, selected, arguments)

    def _asked(self, parent: GraphQLObjectType, selected: CollectedField) -> SelectedAsked:
        if selected.name not in TELLS_OF_PEOPLE:
            return SelectedAsked(selected.key, selected.name, (), subject=None)
        subject = self.new_subject()
        disclosed = tuple(dict.fromkeys(self.collector.names(parent, selected)))
        return SelectedAsked(selected.key, selected.name, disclosed, subject=subject)

    def _constant(self, named: GraphQLObjectType, selected: CollectedField) -> RootText:
        """The text of a root that no store holds: an object, or a list of them."""
        members = self.collector.collect(named, selected.selection_sets)
        return RootText(
            selected.key, constant_text(named.name, members, self.context.constants[selected.name])
        )

    def _node(
        self, named: GraphQLInterfaceType, selected: CollectedField, arguments: Arguments
    ) -> SelectedNodeRoot:
        sources = [
            self.context.objects[type_.name]
            for type_ in self.context.schema.get_possible_types(named)
            if type_.name in self.context.objects
        ]
        prefixes = tuple(source.prefix for source in sources)
        choices = []
        for source in sources:
            read = self.context.identifiers.one_of(
                partial(arguments.reader, ("id",)), source.prefix, prefixes
            )
            keys = Parameter("bigint", read)
            choices.append((self.object(source, selected), keys))
        return SelectedNodeRoot(selected.key, tuple(choices), f"Query.{selected.name}")

    def _lookup(
        self, named: GraphQLObjectType, selected: CollectedField, arguments: Arguments
    ) -> SelectedLookup:
        source = self.context.objects[named.name]
        given = [name for name, value in arguments.values.items() if value is not None]
        if len(given) != 1:
            raise Refusal(Code.BAD_USER_INPUT)
        (name,) = given
        if name == "id":
            read = self.context.identifiers.one(partial(arguments.reader, (name,)), source.prefix)
            keys = Parameter("bigint", read)
            found = self.object(source, selected)
            return SelectedLookup(selected.key, found, keys, field=f"Query.{selected.name}")
        keys = Parameter("text", arguments.reader((name,), plain_text))
        probe = source.probes.get(selected.name)
        found, field = self.object(source, selected), f"Query.{selected.name}"
        if probe is None:
            return SelectedLookup(selected.key, found, keys, via=source.lookups[name], field=field)
        return SelectedLookup(
            selected.key,
            found,
            keys,
            via=probe[:3],
            first_by=probe[3],
            field=field,
            # A number that the messenger shared leads to an account only while its owner does not object.
            covered=self._covered(covered_by_kind(PhoneBinding.__name__, self.purpose)),
        )

    def _root_list(
        self, named: GraphQLObjectType, selected: CollectedField, arguments: Arguments
    ) -> SelectedRootList:
        source = self.context.objects[get_named_type(named.fields["nodes"].type).name]
        said = self._list_arguments(arguments)
        rows = ListedRows(source.relation, said.order(source), DEFAULT_PAGE, source=source)
        by = said.named(source)
        if by is not None:
            keys, size = said.keys(source, by), Parameter("integer", arguments.reader((by,), len))
            via = source.lookups[source.batches[by]] if by in source.batches else None
            rows = replace(rows, ids=keys, size=size, via=via)
        return SelectedRootList(selected.key, self._list(named, selected, said, rows=rows))

    def _list_arguments(self, arguments: Arguments) -> ListArguments:
        context = self.context
        return ListArguments(
            arguments, context.cursors, context.sealed_for, identifiers=context.identifiers, given=self.given
        )

    # --- objects ----------------------------------------------------------------------------------

    def object(self, source: ObjectSource, selected: CollectedField, in_list: bool = False) -> SelectedObject:
        """An object of the source's type with its selected fields; `in_list`: there may be several."""
        type_ = self.context.schema.type_map[source.type]
        assert isinstance(type_, GraphQLObjectType)
        subject = self.new_subject() if source.about is not None else None
        return SelectedObject(source, self._members(type_, source.fields, selected, in_list=in_list), subject)

    def _members(
        self,
        type_: GraphQLObjectType,
        sources: Mapping[str, Source],
        selected: CollectedField,
        *,
        in_list: bool,
    ) -> tuple[Member, ...]:
        members = self.collector.collect(type_, selected.selection_sets)
        if any(isinstance(each, Many) and each.alone for each in map(sources.get, (m.name for m in members))):
            self._count_lone_object(in_list)
        return tuple(
            Member(each.key, each.name, self._member(type_, sources, each, in_list=in_list))
            for each in members
        )

    def _count_lone_object(self, in_list: bool) -> None:
        self.lone_objects += 1
        if self.lone_objects > 1 or in_list:
            raise Refusal(Code.ONE_AT_A_TIME)

    def _member(
        self,
        type_: GraphQLObjectType,
        sources: Mapping[str, Source],
        member: CollectedField,
        *,
        in_list: bool,
    ) -> SelectedNode:
        if member.name == "__typename":
            return type_name(type_)
        source = sources[member.name]
        match source:
            case Value() | Identifier() | Band():
                return source
            case Constant(text):
                return Literal(text)
            case Hop():
                return self._hop(source, member, in_list)
        named = get_named_type(type_.fields[member.name].type)
        assert isinstance(named, GraphQLObjectType)
        arguments = read_arguments(type_.fields[member.name], member.nodes[0], self.variables)
        match source:
            case Suggestions():
                return self._suggestions(named, source, member, arguments=arguments)
            case Summary():
                return self._summary(named, source, member, arguments=arguments)
            case One():
                members = self._members(named, source.fields, member, in_list=in_list)
                covered = self._covered(covered_kinds(source, f"{type_.name}.{member.name}", self.purpose))
                return SelectedOne(source, named.name, members, covered)
            case Many():
                return self._many(named, source, member)
            case Page() | Copies():
                said = self._list_arguments(arguments)
                rows = said.listed(source, self.context.objects)
                return self._list(named, member, said, rows=rows)
        raise AssertionError(f"a source that cannot be selected: {source}")

    def _hop(self, hop: Hop, member: CollectedField, in_list: bool) -> SelectedHop:
        source = self.context.objects[hop.to]
        if hop.relation is not None:
            source = replace(source, relation=hop.relation)
        return SelectedHop(hop, self.object(source, member, in_list))

    def _many(self, named: GraphQLObjectType, source: Many, member: CollectedField) -> SelectedMany:
        covered = self._covered(covered_kinds(source, "", self.purpose))
        if source.far is not None:
            item = self._hop(source.far, member, in_list=True)
            return SelectedMany(source, named.name, (), order=source.order, item=item, covered=covered)
        members = self._members(named, source.fields, member, in_list=True)
        order = visible_order(source, named)
        return SelectedMany(source, named.name, members, order=order, covered=covered)

    def _covered(self, kinds: tuple[str, ...] | None) -> CoveredPlace | None:
        """A place that names a person for rows that an objection covers; `kinds`: see `covered_kinds`."""
        subject = self.new_subject() if kinds is not None else None
        return None if subject is None or kinds is None else CoveredPlace(subject, kinds)

    def _summary(
        self, named: GraphQLObjectType, source: Summary, member: CollectedField, *, arguments: Arguments
    ) -> SelectedSummary:
        until = None
        if arguments.values.get(source.until) is not None:
            until = Parameter("date", arguments.reader((source.until,), lambda day: day))
        members: list[tuple[str, str, Measured | Literal]] = []
        for inner in self.collector.collect(named, member.selection_sets):
            known = type_name(named) if inner.name == "__typename" else source.fields[inner.name]
            members.append((inner.key, inner.name, known))
        return SelectedSummary(source, named.name, tuple(members), until=until)

    def _suggestions(
        self, named: GraphQLObjectType, source: Suggestions, member: CollectedField, *, arguments: Arguments
    ) -> SelectedSuggestions:
        size = suggestion_size(arguments, self.given)
        subject = self.new_subject()
        members = self._members(named, source.fields, member, in_list=True)
        kinds = covered_by_kind(source.type, self.purpose)
        found, owner = self._covered(kinds), self._covered(kinds)
        return SelectedSuggestions(
            source,
            named.name,
            members,
            size=size,
            subject=subject,
            covered=None if found is None or owner is None else (found, owner),
        )

    # --- lists ------------------------------------------------------------------------------------

    def _list(
        self, named: GraphQLObjectType, selected: CollectedField, said: ListArguments, *, rows: ListedRows
    ) -> SelectedList:
        sealed_for = said.cursor_sealed_for(named)
        bounds = said.bounds(rows, sealed_for)
        members = self.collector.collect(named, selected.selection_sets)
        parts = tuple((member.key, self._part(named, member, rows)) for member in members)
        fields = [f"{named.name}.{member.name}" for member in members]
        about = person_listed(rows.source, rows.far, self.context.objects)
        return SelectedList(
            rows,
            bounds,
            said.narrowings(rows),
            sealed_for=sealed_for,
            parts=parts,
            fields=tuple(dict.fromkeys(each for each in fields if not each.endswith("__typename"))),
            about=about,
            told=people_told(
                about,
                [(name, part) for name, (_, part) in zip(fields, parts, strict=True)],
                keyed=rows.ids is not None,
                new_subject=self.new_subject,
            ),
        )

    def _part(self, named: GraphQLObjectType, member: CollectedField, rows: ListedRows) -> SelectedPart:
        if member.name == "__typename":
            return type_name(named)
        if member.name == "totalCount":
            return Total()
        if rows.source is not None and member.name in rows.source.groups:
            return self._groups(rows, rows.source.groups[member.name], member)
        if member.name == "nodes":
            return SelectedItems(self._item(rows, member))
        inner = get_named_type(named.fields[member.name].type)
        assert isinstance(inner, GraphQLObjectType)
        members = self.collector.collect(inner, member.selection_sets)
        if member.name == "edges":
            return SelectedEdges(tuple((each.key, self._edge_member(inner, each, rows)) for each in members))
        own_name = type_name(inner)
        return SelectedInfo(
            tuple((each.key, own_name if each.name == "__typename" else each.name) for each in members)
        )

    def _groups(self, rows: ListedRows, value: Value, member: CollectedField) -> SelectedGroups:
        if rows.ids is not None:
            # A caller who chooses the entries could add one person to a group of known ones.
            raise Refusal(Code.BAD_USER_INPUT)
        group = self.context.schema.type_map[Group.__name__]
        assert isinstance(group, GraphQLObjectType)
        members = self.collector.collect(group, member.selection_sets)
        return SelectedGroups(value, tuple((each.key, each.name) for each in members))

    def _edge_member(
        self, edge_type: GraphQLObjectType, edge: CollectedField, rows: ListedRows
    ) -> SelectedItem | SelectedCursor | Literal:
        if edge.name == "__typename":
            return type_name(edge_type)
        return SelectedCursor() if edge.name == "cursor" else self._item(rows, edge)

    def _item(self, rows: ListedRows, selected: CollectedField) -> SelectedItem:
        if rows.far is not None:
            return self._hop(rows.far, selected, in_list=True)
        assert rows.source is not None
        return self.object(rows.source, selected, in_list=True)
