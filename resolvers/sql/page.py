"""How a connection becomes one JSON text: an aggregate over at most one page of rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

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
from resolvers.plan.holes import HOLE
from resolvers.plan.parameters import Parameter
from resolvers.plan.tree import (
    GOES_ON,
    Edges,
    Info,
    ItemCursor,
    ListPart,
    Literal,
    Narrowing,
    Nodes,
    PageOf,
    Total,
    TreeNode,
)
from resolvers.sql.json_text import (
    First,
    Pieces,
    concatenate,
    filtered,
    items_of,
    json_object,
    list_of,
    mark,
    quote,
    spell,
)
from resolvers.sql.row import Row, within
from resolvers.sql.scope import Scope

# The JSON text of a bound node, for the object in a row.
ValueOf = Callable[[TreeNode, Row], Pieces]


class Listing:
    """One connection while it is rendered: the rows that its parts turn out to need.

    A part asks for columns of the page's rows (`column`) and gets them back as columns of the
    subquery `page`, over which it aggregates. Rows are numbered only if a part asks whether the list
    continues: then the statement reads one row more than the page. `value` renders the items.
    """

    def __init__(self, scope: Scope, page: PageOf, parent: Row | None, *, value: ValueOf) -> None:
        self.scope = scope
        self.page = page
        self.value = value
        self.parent = parent
        # A list that belongs to an object shows the far end of each link.
        clause = scope.alias(page.relation, both_ends=page.on is not None)
        self.row = Row(clause, clause, clause.c[page.relation.identity])
        self.name = f"page{scope.names}"
        self.columns: dict[str, ColumnElement[Any]] = {}
        self.ids: FromClause | None = None
        if page.ids is not None and not scope.sharded:
            key = SqlColumn("id", BigInteger() if page.via is None else Text())
            wanted = func.unnest(scope.refer_to(page.ids)).table_valued(
                key, with_ordinality="n", name=f"wanted{scope.names}"
            )
            self.ids = wanted.render_derived()
            self.row.source = self._looked_up(self.ids)

    def _looked_up(self, wanted: FromClause) -> FromClause:
        """The rows of the keys that the request names, each with its place in the request."""
        if self.page.via is None:
            return wanted.join(self.row.clause, self.row.key == wanted.c["id"])
        relation, by, leads_to = self.page.via
        lookup = self.scope.alias(relation)
        found = wanted.join(lookup, lookup.c[by] == wanted.c["id"])
        return found.join(self.row.clause, self.row.key == lookup.c[leads_to])

    # --- what the parts ask for -------------------------------------------------------------------

    def column(self, expression: ColumnElement[Any], name: str | None = None) -> ColumnElement[Any]:
        """Compute `expression` for each row of the page; returns its column in the subquery."""
        label = name or f"c{len(self.columns)}"
        self.columns.setdefault(label, expression.label(label))
        return literal_column(f"{self.name}.{label}", expression.type)

    def _whole(self) -> Listing:
        """The same list without parts: to count it, or to look beyond the page."""
        page = replace(self.page, parts=())
        return Listing(self.scope, page, self.parent, value=self.value)

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
        """An item's cursor: a hole that holds the order's values, to be sealed."""
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
                return self._all(self.value(item, self.row))
            case Edges(members):
                edge = json_object(
                    (
                        key,
                        self.place(member.slot)
                        if isinstance(member, ItemCursor)
                        else self.value(member, self.row),
                    )
                    for key, member in members
                )
                return self._all([*self._told(), *edge])
            case Total():
                return [self._total()]
            case Groups():
                return [self._groups(part)]
            case Info():
                return self._info(part)

    def _told(self) -> Pieces:
        """The mark of the person that a row is about, where nothing else in the answer names them."""
        if self.page.told is None:
            return []
        column = self.row.clause.c[self.page.told.about.column]
        text = mark(self.page.told.subject, column)
        return [func.coalesce(concatenate(text), quote(""))] if self.page.told.about.nullable else text

    def counted(self) -> Pieces:
        """The marks of all people that a count of keys discloses; they follow the list's text."""
        if self.page.told is None or not self.page.told.counted:
            return []
        marks = self.column(concatenate(self._told()))
        gathered = func.string_agg(marks, aggregate_order_by(quote(""), *self.ordered()))
        return [func.coalesce(gathered, quote(""))]

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
            return self.scope.refer_to(size)
        return literal_column(str(size), Integer())

    def _total(self) -> ColumnElement[str]:
        other = self._whole()
        counted = select(cast(func.count(), Text())).select_from(other.row.source).where(*other._conditions())
        return within(counted, self.parent).scalar_subquery()

    def _groups(self, groups: Groups) -> ColumnElement[str]:
        other = self._whole()
        column, count = other.row.clause.c[groups.value.column], func.count()
        counted = other._counted(column, column.label("v"), count.label("n"))
        # The size of a group is the number of its rows that this purpose sees.
        enough = counted.having(count >= literal_column(str(least()), Integer()))
        found = within(enough, self.parent).subquery(f"groups{self.scope.names}")
        values: dict[str, Pieces] = {
            "value": spell(groups.value, found.c["v"]),
            "count": [found.c["n"]],
            "__typename": [TYPENAME],
        }
        item = concatenate(json_object((key, values[name]) for key, name in groups.members))
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
                cursor = self.column(concatenate([*self._told(), *self.place(slot)]), f"cursor{slot}")
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
        other = self._whole()
        found = other._nearest_beyond(place, outside, select(literal_column("1")))
        # Not EXISTS: Postgres ignores the order within it, and may then read the whole list for one row.
        return within(found, self.parent).scalar_subquery().is_not(None)

    def _nearest_beyond(self, place: tuple[Parameter, ...], outside: bool, selected: Any) -> Any:
        """The item next to the place on its far side: before it if the page lies after it (`outside`)."""
        order = _ordered_by(self._order_columns(), self.page.order.descending != outside)
        beyond = ~self._against(place, after=outside)
        found = selected.select_from(self.row.source).where(*self._conditions(), beyond)
        return found.order_by(*order).limit(literal_column("1", Integer()))

    # --- of a sharded store: rows of each part -------------------------------------------------------

    def key_rows(self) -> Any:
        """(key, the order's values as a JSON list) of the page's rows, and of one more if a part asks for it.

        A third column has the person that the row is about, if the list names its people itself. If keys are
        looked up: (the key that was asked for, the object's key).
        """
        if self.page.via is not None and self.page.ids is not None:
            relation, by, leads_to = self.page.via
            lookup = self.scope.alias(relation)
            found = select(lookup.c[by].label("k"), cast(lookup.c[leads_to], Text()).label("b"))
            return found.where(lookup.c[by] == func.any(self.scope.refer_to(self.page.ids)))
        places = self.place(0)
        places[0], places[-1] = "[", "]"
        columns = [cast(self.row.key, Text()).label("k"), concatenate(places).label("b")]
        if self.page.told is not None:
            columns.append(cast(self.row.clause.c[self.page.told.about.column], Text()).label("w"))
        return self._cut(select(*columns).select_from(self.row.source))

    def total_rows(self, slot: int) -> Any:
        """(mark, count) of the whole list: each shard counts its own rows, and the counts are summed."""
        counted = select(quote(f"{slot}:").label("k"), cast(func.count(), Text()).label("b"))
        return counted.select_from(self.row.source).where(*self._conditions())

    def groups_rows(self, groups: Groups) -> Any:
        """(value as JSON, count) of the whole list: each shard counts its own rows; the counts are summed."""
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
        conditions = [_narrow(self.scope, self.row.clause, each) for each in self.page.narrowings]
        if self.page.on is not None and self.parent is not None:
            conditions += self.scope.belonging(self.row.clause.c[self.page.on], self.parent.key)
        if self.page.ids is not None and self.ids is None:
            conditions.append(self.row.key == func.any(self.scope.refer_to(self.page.ids)))
        return conditions

    def _against(self, place: tuple[Parameter, ...], after: bool) -> ColumnElement[bool]:
        columns = self._order_columns()
        values = [self.scope.refer_to(parameter) for parameter in place]
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


def _narrow(scope: Scope, clause: FromClause, narrowing: Narrowing) -> ColumnElement[bool]:
    column, operand = clause.c[narrowing.column], scope.refer_to(narrowing.operand)
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
    raise AssertionError(f"an operator that has no SQL: {narrowing.operator}")
