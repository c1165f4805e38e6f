"""The third pass: binds each selected field to its source, and cuts where the answer hops.

At a hop to rows that lie elsewhere it leaves a hole and opens a fetch, one wave later. Everything else
stays in the statement in which it is. This pass refuses nothing: `selection.py` did.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from resolvers.compile.context import PurposeContext
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
    SelectedOwnRows,
    SelectedPart,
    SelectedRoot,
    SelectedRootList,
    SelectedSubject,
    SelectedSuggestions,
    SelectedSummary,
    Selection,
)
from resolvers.compile.waves import last_wave, steps
from resolvers.plan.fetches import (
    AssembledList,
    Assembly,
    BeyondCursor,
    CursorSlot,
    Fetch,
    FetchSlot,
    ListGroups,
    ListTotal,
    ObjectByKey,
    ObjectsByHoles,
    OwnRowsList,
    Slot,
    Via,
    WholeList,
)
from resolvers.plan.groups import Groups
from resolvers.plan.plan import (
    Root,
    RootAsked,
    RootHole,
    RootIntrospection,
    RootList,
    RootNode,
    RootObject,
    RootRows,
    RootText,
)
from resolvers.plan.suggestions import SuggestionsOf
from resolvers.plan.tree import (
    BandOf,
    Edges,
    Hole,
    Identify,
    Info,
    ItemCursor,
    Joined,
    ListPart,
    Literal,
    ManyOf,
    Nodes,
    ObjectOf,
    OneOf,
    PageOf,
    PersonHole,
    RowsOf,
    SummaryOf,
    Total,
    TreeNode,
)
from resolvers.sources.catalogue import Store
from resolvers.sources.words import Band, Hop, Identifier, Value


@dataclass(frozen=True)
class BoundOperation:
    """A selection bound to its sources: the roots, the fetches that find them, and the slots of these."""

    roots: tuple[Root, ...]
    fetches: tuple[Fetch, ...]
    slots: tuple[Slot, ...]


@dataclass(frozen=True)
class At:
    """The statement that the walk is in: its wave and its store."""

    wave: int
    store: Store


def bind(context: PurposeContext, selection: Selection) -> BoundOperation:
    """The bound tree of a selection."""
    binder = Binder(context)
    roots = tuple(binder.root(each) for each in selection.roots)
    return BoundOperation(roots, tuple(binder.fetches), tuple(binder.slots))


@dataclass
class Binder:
    """One walk over a selection; it collects the fetches and their slots."""

    context: PurposeContext
    fetches: list[Fetch] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)

    def new_slot(self, slot: Slot) -> int:
        """The number of a new slot."""
        self.slots.append(slot)
        return len(self.slots) - 1

    # --- roots ------------------------------------------------------------------------------------

    def root(self, root: SelectedRoot | SelectedOwnRows) -> Root:
        """The plan's entry for one response key of the query."""
        match root:
            case RootText() | RootIntrospection():
                return root
            case SelectedAsked():
                return RootAsked(root.key, root.name, root.subject)
            case SelectedLookup():
                return RootHole(root.key, self._lookup(root))
            case SelectedNodeRoot():
                found = [SelectedLookup(root.key, *choice) for choice in root.choices]
                return RootNode(root.key, tuple(self._lookup(each) for each in found))
            case SelectedSubject():
                return RootObject(root.key, tuple(self.root(member) for member in root.members))
            case SelectedOwnRows():
                return self._own_rows(root)
            case SelectedRootList():
                return self._root_list(root)

    def _lookup(self, root: SelectedLookup) -> int:
        slot = self.new_slot(FetchSlot())
        found = self._fetched(root.object, root.via, wave=0)
        store = root.object.source.relation.store
        self.fetches.append(
            ObjectByKey(
                slot,
                0,
                store,
                object=found,
                via=root.via,
                keys=root.keys,
                first_by=root.first_by,
                covered=root.covered,
            )
        )
        return slot

    def _own_rows(self, root: SelectedOwnRows) -> RootRows:
        slot = self.new_slot(FetchSlot())
        members = tuple((key, member) for key, _, member in root.members)
        rows = RowsOf(root.source, members, root.subject)
        store = root.source.relation.store
        self.fetches.append(OwnRowsList(slot, 0, store, rows=rows, keys=root.keys))
        return RootRows(root.key, slot)

    def _root_list(self, root: SelectedRootList) -> RootList:
        slot = self.new_slot(FetchSlot())
        store = root.list.rows.relation.store
        page = self._page(root.list, At(0, store))
        if self.context.sharded:
            self._assembled_list(slot, page, store)
        else:
            self.fetches.append(WholeList(slot, 0, store, page=page))
        return RootList(root.key, slot)

    def _assembled_list(self, slot: int, page: PageOf, store: Store) -> None:
        """Fetch a list of which each shard knows a part: its keys, its count, what is beyond, its groups."""
        total = self.new_slot(FetchSlot(required=True)) if page.counts and page.ids is None else None
        beyond = {name: self.new_slot(FetchSlot(otherwise="false")) for name in page.looks_beyond}
        assembly = Assembly(page, total, tuple(beyond.items()))
        self.fetches.append(AssembledList(slot, 0, store, assembly=assembly))
        if total is not None:
            self.fetches.append(ListTotal(total, 0, store, page=page))
        for name, each in beyond.items():
            self.fetches.append(BeyondCursor(each, 0, store, page=page, question=name))
        for _, part in page.parts:
            if isinstance(part, Groups) and part.slot is not None:
                self.fetches.append(ListGroups(part.slot, 0, store, page=page, groups=part))

    # --- objects ----------------------------------------------------------------------------------

    def _object(self, selected: SelectedObject, at: At) -> ObjectOf:
        return ObjectOf(selected.source, self._members(selected.members, at), selected.subject)

    def _members(self, members: tuple[Member, ...], at: At) -> tuple[tuple[str, TreeNode], ...]:
        return tuple((member.key, self._node(member.node, at)) for member in members)

    def _node(self, node: SelectedNode, at: At) -> TreeNode:
        match node:
            case Value() | Literal():
                return node
            case Identifier():
                return Identify()
            case Band():
                return BandOf(node)
            case SelectedHop():
                return self._hop(node.hop, node.object, at)
            case SelectedOne(source):
                inner = At(at.wave, source.relation.store)
                return OneOf(source, self._members(node.members, inner), node.covered)
            case SelectedMany():
                return self._many(node, At(at.wave, node.source.relation.store))
            case SelectedSummary():
                members = tuple((key, member) for key, _, member in node.members)
                return SummaryOf(node.source, members, node.until)
            case SelectedSuggestions():
                return self._suggestions(node, at)
            case SelectedList():
                return self._page(node, At(at.wave, node.rows.relation.store))

    def _many(self, node: SelectedMany, at: At) -> ManyOf:
        if node.item is not None:
            item = self._item_hop(node.item, at)
            return ManyOf(node.source, (), node.order, item=item, covered=node.covered)
        members = self._members(node.members, at)
        return ManyOf(node.source, members, node.order, covered=node.covered)

    def _suggestions(self, node: SelectedSuggestions, at: At) -> PersonHole:
        slot = self.new_slot(FetchSlot(required=True))
        inner = At(last_wave(at.wave, self.context.sharded), node.source.friends[0].store)
        members = self._members(node.members, inner)
        found = SuggestionsOf(
            node.source, members, node.size, slot=slot, subject=node.subject, covered=node.covered
        )
        self.fetches += steps(found, at.wave, self.context.sharded)
        return PersonHole(slot, node.source)

    # --- hops -------------------------------------------------------------------------------------

    def _item_hop(self, item: SelectedHop, at: At) -> TreeNode:
        return self._hop(item.hop, item.object, at)

    def _hop(self, hop: Hop, to: SelectedObject, at: At) -> TreeNode:
        store = to.source.relation.store
        same_store = store is at.store
        if hop.via is None and same_store and not self.context.sharded:
            return Joined(hop, self._object(to, At(at.wave, store)))
        # Within a store both ends of a link exist together, and an item of a list cannot be null.
        slot = self.new_slot(FetchSlot(required=hop.via is None and same_store))
        self._fetch_by_holes(slot, to, hop.via, wave=at.wave + 1)
        return Hole(slot, hop.column, hop.nullable)

    def _fetch_by_holes(self, slot: int, to: SelectedObject, via: Via | None, *, wave: int) -> None:
        found = self._fetched(to, via, wave=wave)
        self.fetches.append(ObjectsByHoles(slot, wave, to.source.relation.store, object=found, via=via))

    def _fetched(self, to: SelectedObject, via: Via | None, *, wave: int) -> ObjectOf | Hole:
        """What a fetch finds for a key: the object, or a hole that leads to it."""
        if via is None or not self.context.sharded:
            return self._object(to, At(wave, to.source.relation.store))
        # The lookup relation is spread by another key, so it answers with the object's own key.
        slot = self.new_slot(FetchSlot())
        self._fetch_by_holes(slot, to, None, wave=wave + 1)
        return Hole(slot, via[2])

    # --- lists ------------------------------------------------------------------------------------

    def _page(self, selected: SelectedList, at: At) -> PageOf:
        rows = selected.rows
        cursor = self.new_slot(CursorSlot(selected.sealed_for))
        parts = tuple((key, self._part(selected, part, at, cursor=cursor)) for key, part in selected.parts)
        return PageOf(
            rows.relation,
            rows.on,
            rows.order,
            bounds=selected.bounds,
            narrowings=selected.narrowings,
            parts=parts,
            source=rows.source,
            ids=rows.ids,
            via=rows.via,
            told=selected.told,
        )

    def _part(self, selected: SelectedList, part: SelectedPart, at: At, *, cursor: int) -> ListPart:
        match part:
            case Literal() | Total():
                return part
            case SelectedItems(item):
                return Nodes(self._item(selected, item, at))
            case SelectedEdges(members):
                return Edges(
                    tuple(
                        (key, self._edge_member(selected, member, at, cursor=cursor))
                        for key, member in members
                    )
                )
            case SelectedInfo(members):
                return Info(members, cursor)
            case SelectedGroups(value, members):
                slot = self.new_slot(FetchSlot(required=True)) if self.context.sharded else None
                return Groups(value, members, slot)

    def _edge_member(
        self,
        selected: SelectedList,
        member: SelectedItem | SelectedCursor | Literal,
        at: At,
        *,
        cursor: int,
    ) -> TreeNode | ItemCursor:
        match member:
            case Literal():
                return member
            case SelectedCursor():
                return ItemCursor(cursor)
            case _:
                return self._item(selected, member, at)

    def _item(self, selected: SelectedList, item: SelectedItem, at: At) -> TreeNode:
        if isinstance(item, SelectedHop):
            return self._item_hop(item, at)
        # A root list of a sharded store is put together from keys; a parent's copies lie beside the parent.
        if self.context.sharded and selected.rows.on is None:
            own = Hop(to=item.source.type, column=item.source.relation.identity)
            return self._hop(own, item, at)
        return self._object(item, at)
