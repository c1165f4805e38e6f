"""How a connection becomes one JSON text: an aggregate over at most one page of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Text,
    cast,
    false,
    func,
    literal_column,
    or_,
    select,
    tuple_,
)
from sqlalchemy import Column as SqlColumn
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by

from resolvers.plan.groups import TYPENAME, Groups, least
from resolvers.plan.tree import (
    GOES_ON,
    HOLE,
    Edges,
    Info,
    ListPart,
    Literal,
    Narrowing,
    Nodes,
    PageOf,
    Parameter,
    Place,
    Total,
)
from resolvers.sql.json_text import (
    First,
    Pieces,
    concatenate,
    filtered,
    items_of,
    json_object,
    list_of,
    quote,
    spell,
)
from resolvers.sql.row import Row

if TYPE_CHECKING:
    from resolvers.sql.statement import Renderer


class Listing:
    """One connection while it is rendered: the rows that its parts turn out to need.

    A part asks for columns of the page's rows (`column`) and gets them back as columns of the
    subquery `page`, over which it aggregates. Rows are numbered only if somebody asks whether the
    list goes on: then one row more than the page is read.
    """

    def __init__(self, renderer: Renderer, page: PageOf, parent: Row | None) -> None:
        self.renderer = renderer
        self.page = page
        self.parent = parent
        # A list that belongs to somebody shows who stands at the far end.
        clause = renderer.alias(page.relation, both_ends=page.on is not None)
        self.row = Row(clause, clause, clause.c[page.relation.identity])
        self.name = f"page{renderer.names}"
        self.columns: dict[str, ColumnElement[Any]] = {}
        self.ids: FromClause | None = None
        if page.ids is not None and not renderer.sharded:
            key = SqlColumn("id", BigInteger() if page.via is None else Text())
            wanted = func.unnest(renderer.bind(page.ids)).table_valued(
                key, with_ordinality="n", name=f"wanted{renderer.names}"
            )
            self.ids = wanted.render_derived()
            self.row.source = self._looked_up(self.ids)

    def _looked_up(self, wanted: FromClause) -> FromClause:
        """The rows of the keys that are named, with their place in the request."""
        if self.page.via is None:
            return wanted.join(self.row.clause, self.row.key == wanted.c["id"])
        relation, by, leads_to = self.page.via
        lookup = self.renderer.alias(relation)
        found = wanted.join(lookup, lookup.c[by] == wanted.c["id"])
        return found.join(self.row.clause, self.row.key == lookup.c[leads_to])

    # --- what the parts ask for -------------------------------------------------------------------

    def column(self, expression: ColumnElement[Any], name: str | None = None) -> ColumnElement[Any]:
        """Have `expression` computed for each row of the page; its name in the subquery."""
        label = name or f"c{len(self.columns)}"
        self.columns.setdefault(label, expression.label(label))
        return literal_column(f"{self.name}.{label}", expression.type)

    def keys(self) -> list[ColumnElement[Any]]:
        """The order's columns within the subquery."""
        if self.ids is not None:
            return [self.column(self.ids.c["n"], "n")]
        return [
            self.column(self.row.clause.c[key.column], f"k{number}")
            for number, key in enumerate(self.page.order.keys)
        ]

    def ordered(self, backwards: bool = False) -> list[ColumnElement[Any]]:
        """The order by which an aggregate over the page puts its items."""
        return _ordered_by(self.keys(), self.page.order.descending != backwards)

    def place(self, slot: int) -> Pieces:
        """An item's cursor: the hole in which the order's values will be sealed."""
        pieces: Pieces = [f"{HOLE}{slot}:["]
        for number, key in enumerate(self.page.order.keys):
            pieces += ["," if number else "", *spell(key, self.row.clause.c[key.column])]
        return [*pieces, f"]{HOLE}"]

    # --- parts ------------------------------------------------------------------------------------

    def part(self, part: ListPart) -> Pieces:
        """The JSON text of one member of the connection."""
        match part:
            case Literal(text):
                return [text]
            case Nodes(item):
                return self._all(self.renderer.value(item, self.row))
            case Edges(members):
                return self._all(
                    json_object(
                        (
                            key,
                            self.place(member.slot)
                            if isinstance(member, Place)
                            else self.renderer.value(member, self.row),
                        )
                        for key, member in members
                    )
                )
            case Total():
                return [self._total()]
            case Groups():
                return [self._groups(part)]
            case Info():
                return self._info(part)

    def _all(self, item: Pieces) -> Pieces:
        return items_of(self.column(concatenate(item)), self.ordered(), self._on_page())

    def _on_page(self) -> ColumnElement[bool] | None:
        if not self.page.peeks:
            return None
        return self.column(self._number(), "n") <= self._size()

    def _number(self) -> ColumnElement[Any]:
        return func.row_number().over(order_by=self._reading_order())

    def _size(self) -> ColumnElement[int]:
        size = self.page.bounds.size
        if isinstance(size, Parameter):
            return self.renderer.bind(size)
        return literal_column(str(size), Integer())

    def _total(self) -> ColumnElement[str]:
        other = Listing(self.renderer, _without_parts(self.page), self.parent)
        counted = select(cast(func.count(), Text())).select_from(other.row.source).where(*other._conditions())
        return within(counted, self.parent).scalar_subquery()

    def _groups(self, groups: Groups) -> ColumnElement[str]:
        other = Listing(self.renderer, _without_parts(self.page), self.parent)
        column, count = other.row.clause.c[groups.value.column], func.count()
        counted = other._counted(column, column.label("v"), count.label("n"))
        # Counted before it is told: a group is as large as what this purpose sees of it.
        enough = counted.having(count >= literal_column(str(least()), Integer()))
        found = within(enough, self.parent).subquery(f"groups{self.renderer.names}")
        told: dict[str, Pieces] = {
            "value": spell(groups.value, found.c["v"]),
            "count": [found.c["n"]],
            "__typename": [TYPENAME],
        }
        item = concatenate(json_object((key, told[name]) for key, name in groups.members))
        order = [found.c["n"].desc(), found.c["v"]]
        return select(list_of(item, order)).select_from(found).scalar_subquery()

    def _counted(self, column: ColumnElement[Any], *selected: Any) -> Select[Any]:
        rows = select(*selected).select_from(self.row.source).where(*self._conditions())
        return rows.group_by(column)

    def _info(self, info: Info) -> Pieces:
        return json_object((key, self._info_member(name, info.slot)) for key, name in info.members)

    def _info_member(self, name: str | Literal, slot: int) -> Pieces:
        match name:
            case Literal(text):
                return [text]
            case "startCursor" | "endCursor":
                cursor = self.column(concatenate(self.place(slot)), f"cursor{slot}")
                order = self.ordered(backwards=name == "endCursor")
                found: Any = func.array_agg(aggregate_order_by(cursor, *order), type_=ARRAY(Text()))
                at_place = First(filtered(found, self._on_page()))
                return [func.coalesce(at_place, quote("null"))]
        if self.ids is not None:
            return ["false"]
        further = self._beyond(name)
        if name == GOES_ON[self.page.bounds.from_end]:
            self.column(self._number(), "n")
            further = or_(func.count() > self._size(), further)
        return [cast(further, Text())]

    def _beyond(self, name: str) -> ColumnElement[bool]:
        """Whether the list holds items on the far side of the cursor that bounds the page there."""
        bounds = self.page.bounds
        place, outside = (bounds.before, False) if name == "hasNextPage" else (bounds.after, True)
        if not place:
            return false()
        other = Listing(self.renderer, _without_parts(self.page), self.parent)
        found = other._nearest_beyond(place, outside, select(literal_column("1")))
        # Not EXISTS: Postgres leaves out the order within, and then may read the whole list for one row.
        return within(found, self.parent).scalar_subquery().is_not(None)

    def _nearest_beyond(self, place: tuple[Parameter, ...], outside: bool, selected: Any) -> Any:
        """The item next to the place on its far side: before it if the page lies after it (`outside`)."""
        order = _ordered_by(self._order_columns(), self.page.order.descending != outside)
        beyond = ~self._against(place, after=outside)
        found = selected.select_from(self.row.source).where(*self._conditions(), beyond)
        return found.order_by(*order).limit(literal_column("1", Integer()))

    # --- of a sharded store: each by itself -------------------------------------------------------

    def key_rows(self) -> Any:
        """(key, the order's values as a JSON list) of the page's rows, and one more if it is asked for.

        Of what is looked up: (what was asked for, key).
        """
        if self.page.via is not None and self.page.ids is not None:
            relation, by, leads_to = self.page.via
            lookup = self.renderer.alias(relation)
            found = select(lookup.c[by].label("k"), cast(lookup.c[leads_to], Text()).label("b"))
            return found.where(lookup.c[by] == func.any(self.renderer.bind(self.page.ids)))
        places = self.place(0)
        places[0], places[-1] = "[", "]"
        selected = select(cast(self.row.key, Text()).label("k"), concatenate(places).label("b"))
        return self._cut(selected.select_from(self.row.source))

    def total_rows(self, slot: int) -> Any:
        """(mark, count) of the whole list; each shard's own, to be summed."""
        counted = select(quote(f"{slot}:").label("k"), cast(func.count(), Text()).label("b"))
        return counted.select_from(self.row.source).where(*self._conditions())

    def groups_rows(self, groups: Groups) -> Any:
        """(value as JSON, how many) of the whole list; each shard's own, to be summed."""
        column = self.row.clause.c[groups.value.column]
        value = concatenate(spell(groups.value, column)).label("k")
        return self._counted(column, value, cast(func.count(), Text()).label("b"))

    def beyond_rows(self, name: str, slot: int) -> Any:
        """(mark, true) if the list holds items on the far side of the cursor there; else no row."""
        bounds = self.page.bounds
        place, outside = (bounds.before, False) if name == "hasNextPage" else (bounds.after, True)
        row = select(quote(f"{slot}:").label("k"), quote("true").label("b"))
        return self._nearest_beyond(place, outside, row)

    # --- rows -------------------------------------------------------------------------------------

    def _conditions(self) -> list[ColumnElement[bool]]:
        conditions = [_narrow(self.renderer, self.row.clause, each) for each in self.page.narrowings]
        if self.page.on is not None and self.parent is not None:
            conditions += self.renderer.belonging(self.row.clause.c[self.page.on], self.parent)
        if self.page.ids is not None and self.ids is None:
            conditions.append(self.row.key == func.any(self.renderer.bind(self.page.ids)))
        return conditions

    def _against(self, place: tuple[Parameter, ...], after: bool) -> ColumnElement[bool]:
        columns = self._order_columns()
        values = [self.renderer.bind(parameter) for parameter in place]
        left = columns[0] if len(columns) == 1 else tuple_(*columns)
        right = values[0] if len(values) == 1 else tuple_(*values)
        return left > right if after != self.page.order.descending else left < right

    def _reading_order(self) -> list[ColumnElement[Any]]:
        return _ordered_by(self._order_columns(), self.page.order.descending != self.page.bounds.from_end)

    def _order_columns(self) -> list[ColumnElement[Any]]:
        return [self.row.clause.c[key.column] for key in self.page.order.keys]

    def rows(self) -> FromClause:
        """The page's rows, with every column that a part asked for."""
        selected = select(*self.columns.values()).select_from(self.row.source)
        return within(self._cut(selected), self.parent).subquery(self.name)

    def _cut(self, selected: Any) -> Any:
        """The rows between the cursors, in reading order, no more than the page needs."""
        conditions = self._conditions()
        if self.page.ids is None:
            bounds = self.page.bounds
            if bounds.after:
                conditions.append(self._against(bounds.after, after=True))
            if bounds.before:
                conditions.append(self._against(bounds.before, after=False))
            limit = self._size() + literal_column("1", Integer()) if self.page.peeks else self._size()
            selected = selected.order_by(*self._reading_order()).limit(limit)
        return selected.where(*conditions)


def _ordered_by(columns: Sequence[ColumnElement[Any]], descending: bool) -> list[ColumnElement[Any]]:
    return [column.desc() if descending else column for column in columns]


def _without_parts(page: PageOf) -> PageOf:
    """The same list with no parts: for counting it, or looking beyond the page."""
    return replace(page, parts=())


def within(statement: Select[Any], parent: Row | None) -> Select[Any]:
    """The statement as a part of the one in which `parent` is a row."""
    return statement if parent is None else statement.correlate(parent.clause)


def _narrow(renderer: Renderer, clause: FromClause, narrowing: Narrowing) -> ColumnElement[bool]:
    column, operand = clause.c[narrowing.column], renderer.bind(narrowing.operand)
    match narrowing.operator:
        case "eq":
            return column == operand
        case "in":
            return column == func.any(operand)
        case "from":
            return column >= operand
        case "before":
            return column < operand
        case "startsWith":
            return func.starts_with(column, operand)
    raise AssertionError(f"an operator without a spelling: {narrowing.operator}")
