"""The only module that spells SQL: bound trees become statements of SQLAlchemy Core expressions.

Postgres builds the JSON text, by concatenation: on a wide list twice as fast as json_agg over
json_build_object, and rows through Python cost ten times the gateway's CPU (design, "Measured before
the start"). The price is that one unwrapped NULL nulls a whole object; so every nullable value is
wrapped here, and nowhere else is JSON text made in SQL.

Names are unqualified: the role's `search_path` leads to its universe's views, so the same text
serves every purpose.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    DateTime,
    FromClause,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    Text,
    bindparam,
    case,
    cast,
    exists,
    false,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy import Column as SqlColumn
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from resolvers.catalogue import Relation
from resolvers.plan import (
    HOLE,
    PART,
    Bound,
    Count,
    Edges,
    Fetch,
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
    PageOf,
    Parameter,
    Place,
    Statement,
    SummaryOf,
    Total,
)
from resolvers.sources import Json, Measure, Measured, Value

_TYPES: dict[str, TypeEngine[Any]] = {
    "bigint": BigInteger(),
    "integer": Integer(),
    "text": Text(),
    "date": Date(),
    "timestamptz": DateTime(timezone=True),
    "bigint[]": ARRAY(BigInteger()),
    "text[]": ARRAY(Text()),
}
_DIALECT = PGDialect_asyncpg()
_QUOTE = String().literal_processor(_DIALECT)


class Concatenation(ColumnElement[str]):
    """``a || b || …``, flat: nested operators of a wide object would exhaust Python's stack."""

    inherit_cache = False
    type = Text()

    def __init__(self, operands: Sequence[ColumnElement[Any]]) -> None:
        self.operands = operands

    @property
    def _from_objects(self) -> list[FromClause]:
        return [each for operand in self.operands for each in operand._from_objects]


@compiles(Concatenation)
def _spell_concatenation(element: Concatenation, compiler: SQLCompiler, **kw: Any) -> str:
    return "(" + " || ".join(compiler.process(operand, **kw) for operand in element.operands) + ")"


Piece = str | ColumnElement[Any]
Pieces = list[Piece]


def _join(pieces: Iterable[Piece]) -> ColumnElement[str]:
    """One text expression; neighbouring literal texts become one."""
    merged: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str) and merged and isinstance(merged[-1], str):
            merged[-1] += piece
        elif piece != "" or not isinstance(piece, str):
            merged.append(piece)
    operands = [_quote(piece) if isinstance(piece, str) else piece for piece in merged]
    if len(operands) == 1:
        return operands[0]
    if not any(isinstance(piece, str) for piece in merged[:2]):
        operands.insert(0, _quote(""))
    return Concatenation(operands)


def _quote(text: str) -> ColumnElement[str]:
    assert _QUOTE is not None
    return literal_column(_QUOTE(text), Text())


@lru_cache(maxsize=256)
def _table(name: str, columns: tuple[tuple[str, str], ...]) -> Table:
    return Table(
        name, MetaData(), *(SqlColumn(column, _TYPES.get(type_, Text())) for column, type_ in columns)
    )


def _alias(relation: Relation, name: str) -> FromClause:
    columns = tuple((column, about.type) for column, about in relation.columns.items())
    return _table(relation.name, columns).alias(name)


def _members(pairs: Iterable[tuple[str, Pieces]]) -> Pieces:
    pieces: Pieces = ["{"]
    for number, (key, value) in enumerate(pairs):
        pieces += [("," if number else "") + f'"{key}":', *value]
    return [*pieces, "}"]


@dataclass
class Row:
    """A row in FROM, with whatever its object's text needs joined to it."""

    clause: FromClause
    source: FromClause
    joined: dict[tuple[Relation, str], FromClause] = field(default_factory=dict)

    def join(self, renderer: Renderer, relation: Relation, on: str, column: str, outer: bool) -> FromClause:
        """`relation`, joined where its column `on` equals this row's `column`; once, however often asked."""
        known = self.joined.get((relation, column))
        if known is None:
            known = renderer.alias(relation)
            self.source = self.source.join(known, known.c[on] == self.clause.c[column], isouter=outer)
            self.joined[relation, column] = known
        return known


@dataclass
class Renderer:
    """Renders the fetches of one statement; counts its aliases and parameters from one."""

    names: int = 0
    parameters: dict[str, Parameter | int] = field(default_factory=dict)

    def alias(self, relation: Relation) -> FromClause:
        """The relation under a name of its own."""
        self.names += 1
        return _alias(relation, f"{relation.name[0]}{self.names}")

    def bind(self, parameter: Parameter) -> ColumnElement[Any]:
        """The parameter's place in the statement; the same parameter has one place."""
        for name, known in self.parameters.items():
            if known is parameter:
                return bindparam(name, type_=_TYPES[parameter.type])
        return self._new_parameter(parameter, parameter.type)

    def _new_parameter(self, parameter: Parameter | int, type_: str) -> ColumnElement[Any]:
        name = f"p{len(self.parameters)}"
        self.parameters[name] = parameter
        return bindparam(name, type_=_TYPES[type_])

    # --- fetches ----------------------------------------------------------------------------------

    def fetch(self, fetch: Fetch) -> Select[Any]:
        """(key as text, JSON text) of one fetch."""
        if fetch.page is not None:
            return select(_quote("").label("k"), self._page(fetch.page, None).label("b"))
        assert fetch.object is not None
        if fetch.via is None:
            assert isinstance(fetch.object, ObjectOf)
            relation = fetch.object.source.relation
            clause = self.alias(relation)
            row = Row(clause, clause)
            key = clause.c[relation.key or ""]
        else:
            lookup, key_column, target_column = fetch.via
            first = self.alias(lookup)
            key = first.c[key_column]
            row = Row(first, first)
            if isinstance(fetch.object, ObjectOf):
                relation = fetch.object.source.relation
                clause = self.alias(relation)
                row = Row(clause, first.join(clause, clause.c[relation.key or ""] == first.c[target_column]))
        text = _join(self.value(fetch.object, row))
        return (
            select(cast(key, Text()).label("k"), text.label("b"))
            .select_from(row.source)
            .where(self._keyed(key, fetch))
        )

    def _keyed(self, key: ColumnElement[Any], fetch: Fetch) -> ColumnElement[bool]:
        if fetch.keys is not None:
            return key == self.bind(fetch.keys)
        return key == func.any(self._new_parameter(fetch.slot, fetch.key_type + "[]"))

    # --- values -----------------------------------------------------------------------------------

    def value(self, bound: Bound, row: Row) -> Pieces:
        """The JSON text of one bound node, for the object in `row`."""
        match bound:
            case Literal(text):
                return [text]
            case Value():
                return _spell(bound, row.clause.c[bound.column])
            case Hole(slot, column):
                return [f"{HOLE}{slot}:", row.clause.c[column], HOLE]
            case ObjectOf(_, members):
                return self._object(bound, members, row)
            case Joined():
                return self._joined(bound, row)
            case OneOf():
                return self._one(bound, row)
            case ManyOf():
                return [self._many(bound, row)]
            case SummaryOf():
                return self._summary(bound, row)
            case Count():
                return ['"', self._count(bound, row), '"']
            case PageOf():
                return [self._page(bound, row)]
        raise AssertionError(f"a bound node without a spelling: {bound}")

    def _object(self, bound: ObjectOf, members: Iterable[tuple[str, Bound]], row: Row) -> Pieces:
        key = row.clause.c[bound.source.relation.key or ""]
        return _members(
            (
                name,
                [f'"{bound.source.prefix}', key, '"']
                if isinstance(member, Identify)
                else self.value(member, row),
            )
            for name, member in members
        )

    def _joined(self, bound: Joined, row: Row) -> Pieces:
        relation = bound.object.source.relation
        clause = row.join(self, relation, relation.key or "", bound.source.column, outer=False)
        inner = Row(clause, row.source)
        text = self.value(bound.object, inner)
        row.source = inner.source
        return text

    def _one(self, bound: OneOf, row: Row) -> Pieces:
        clause = row.join(self, bound.source.relation, bound.source.on, "id", outer=True)
        inner = Row(clause, row.source)
        holes = [member for _, member in bound.members if isinstance(member, Hole)]
        if holes:
            pieces = self._template(bound, holes, inner)
        else:
            pieces = _members((key, self.value(member, inner)) for key, member in bound.members)
        row.source = inner.source
        return [case((clause.c[bound.source.on].is_(None), _quote("null")), else_=_join(pieces))]

    def _template(self, bound: OneOf, holes: list[Hole], row: Row) -> Pieces:
        """The object as a hole that carries its own text around the hops within it.

        An object whose hop finds nothing must itself be null, as GraphQL says of a non-null field;
        otherwise a link whose far end is hidden would show that it exists.
        """
        pieces: Pieces = [HOLE]
        for number, hole in enumerate(holes):
            pieces += ["," if number else "", f"{hole.slot}:", row.clause.c[hole.column]]
        pieces.append(PART)
        pieces += _members(
            (key, [PART] if isinstance(member, Hole) else self.value(member, row))
            for key, member in bound.members
        )
        return [*pieces, HOLE]

    def _many(self, bound: ManyOf, row: Row) -> ColumnElement[str]:
        clause = self.alias(bound.source.relation)
        inner = Row(clause, clause)
        item = _join(
            _members((key, self.value(member, inner)) for key, member in bound.members)
        )
        order = [clause.c[column] for column in bound.order]
        items = (
            select(_list_of(item, order))
            .select_from(inner.source)
            .where(clause.c[bound.source.on] == row.clause.c["id"])
        )
        return items.correlate(row.clause).scalar_subquery()

    def _count(self, bound: Count, row: Row) -> ColumnElement[str]:
        clause = self.alias(bound.source.relation)
        counted = (
            select(_band(func.count(), bound.source.bands))
            .select_from(clause)
            .where(clause.c[bound.source.on] == row.clause.c["id"])
        )
        return counted.correlate(row.clause).scalar_subquery()

    def _summary(self, bound: SummaryOf, row: Row) -> Pieces:
        source = bound.source
        clause = self.alias(source.relation)
        day = clause.c[source.day]
        until: ColumnElement[Any]
        if bound.until is None:
            horizon = self.alias(source.horizon)
            until = select(horizon.c["day"]).scalar_subquery()
        else:
            until = self.bind(bound.until)
        text = _join(
            _members(
                (key, [member.text] if isinstance(member, Literal) else _measure(member, clause))
                for key, member in bound.members
            )
        )
        summed = (
            select(text)
            .select_from(clause)
            .where(
                clause.c[source.on] == row.clause.c["id"],
                day > until - literal_column(str(source.days), Integer()),
                day <= until,
            )
        )
        return [summed.correlate(row.clause).scalar_subquery()]

    # --- pages ------------------------------------------------------------------------------------

    def _page(self, page: PageOf, parent: Row | None) -> ColumnElement[str]:
        """The whole connection as one text: an aggregate over at most one page of rows."""
        listing = _Listing(self, page, parent)
        text = _join(_members((key, listing.part(part)) for key, part in page.parts))
        closed = select(text)
        if listing.columns:
            closed = closed.select_from(listing.rows())
        return _within(closed, parent).scalar_subquery()


class _Listing:
    """One connection while it is rendered: the rows that its parts turn out to need.

    A part asks for columns of the page's rows (`column`) and gets them back as columns of the
    subquery `page`, over which it aggregates. Rows are numbered only if somebody asks whether the
    list goes on: then one row more than the page is read.
    """

    def __init__(self, renderer: Renderer, page: PageOf, parent: Row | None) -> None:
        self.renderer = renderer
        self.page = page
        self.parent = parent
        clause = renderer.alias(page.relation)
        self.row = Row(clause, clause)
        self.name = f"page{renderer.names}"
        self.columns: dict[str, ColumnElement[Any]] = {}
        self.ids: FromClause | None = None
        if page.ids is not None:
            wanted = func.unnest(renderer.bind(page.ids)).table_valued(
                SqlColumn("id", BigInteger()), with_ordinality="n", name=f"wanted{renderer.names}"
            )
            self.ids = wanted.render_derived()
            self.row.source = self.ids.join(clause, clause.c["id"] == self.ids.c["id"])
        self.peeks = page.ids is None and any(
            isinstance(part, Info) and any(name == _MORE[page.bounds.from_end] for _, name in part.members)
            for _, part in page.parts
        )

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
        descending = self.page.order.descending != backwards
        return [key.desc() if descending else key for key in self.keys()]

    def place(self, slot: int) -> Pieces:
        """An item's cursor: the hole in which the order's values will be sealed."""
        pieces: Pieces = [f"{HOLE}{slot}:["]
        for number, key in enumerate(self.page.order.keys):
            pieces += ["," if number else "", *_spell(key, self.row.clause.c[key.column])]
        return [*pieces, f"]{HOLE}"]

    # --- parts ------------------------------------------------------------------------------------

    def part(self, part: Edges | Nodes | Info | Total | Literal) -> Pieces:
        """The JSON text of one member of the connection."""
        match part:
            case Literal(text):
                return [text]
            case Nodes(item):
                return [self._all(self.renderer.value(item, self.row))]
            case Edges(members):
                return [
                    self._all(
                        _members(
                            (
                                key,
                                self.place(member.slot)
                                if isinstance(member, Place)
                                else self.renderer.value(member, self.row),
                            )
                            for key, member in members
                        )
                    )
                ]
            case Total():
                return [self._total()]
            case Info():
                return self._info(part)

    def _all(self, item: Pieces) -> ColumnElement[str]:
        return _list_of(self.column(_join(item)), self.ordered(), self._on_page())

    def _on_page(self) -> ColumnElement[bool] | None:
        if not self.peeks:
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
        other = _Listing(self.renderer, _without_parts(self.page), self.parent)
        counted = select(cast(func.count(), Text())).select_from(other.row.source).where(*other._conditions())
        return _within(counted, self.parent).scalar_subquery()

    def _info(self, info: Info) -> Pieces:
        return _members((key, self._info_member(name, info.slot)) for key, name in info.members)

    def _info_member(self, name: str | Literal, slot: int) -> Pieces:
        match name:
            case Literal(text):
                return [text]
            case "startCursor" | "endCursor":
                cursor = self.column(_join(self.place(slot)), f"cursor{slot}")
                order = self.ordered(backwards=name == "endCursor")
                found = func.array_agg(aggregate_order_by(cursor, *order), type_=ARRAY(Text()))
                filtered = _filtered(found, self._on_page())
                return [func.coalesce(_First(filtered), _quote("null"))]
        if self.ids is not None:
            return ["false"]
        further = self._beyond(name)
        if name == _MORE[self.page.bounds.from_end]:
            self.column(self._number(), "n")
            further = or_(func.count() > self._size(), further)
        return [cast(further, Text())]

    def _beyond(self, name: str) -> ColumnElement[bool]:
        """Whether the list holds items on the far side of the cursor that bounds the page there."""
        bounds = self.page.bounds
        place, outside = (
            (bounds.before, False) if name == "hasNextPage" else (bounds.after, True)
        )
        if not place:
            return false()
        other = _Listing(self.renderer, _without_parts(self.page), self.parent)
        beyond = ~other._against(place, after=outside)
        found = select(literal_column("1")).select_from(other.row.source)
        return exists(_within(found.where(*other._conditions(), beyond), self.parent))

    # --- rows -------------------------------------------------------------------------------------

    def _conditions(self) -> list[ColumnElement[bool]]:
        conditions = [_narrow(self.renderer, self.row.clause, each) for each in self.page.narrowings]
        if self.page.on is not None and self.parent is not None:
            conditions.append(self.row.clause.c[self.page.on] == self.parent.clause.c["id"])
        return conditions

    def _against(self, place: tuple[Parameter, ...], after: bool) -> ColumnElement[bool]:
        columns = [self.row.clause.c[key.column] for key in self.page.order.keys]
        values = [self.renderer.bind(parameter) for parameter in place]
        left = columns[0] if len(columns) == 1 else tuple_(*columns)
        right = values[0] if len(values) == 1 else tuple_(*values)
        return left > right if after != self.page.order.descending else left < right

    def _reading_order(self) -> list[ColumnElement[Any]]:
        descending = self.page.order.descending != self.page.bounds.from_end
        columns = [self.row.clause.c[key.column] for key in self.page.order.keys]
        return [column.desc() if descending else column for column in columns]

    def rows(self) -> FromClause:
        """The page's rows, with every column that a part asked for."""
        conditions = self._conditions()
        selected = select(*self.columns.values()).select_from(self.row.source)
        if self.ids is None:
            bounds = self.page.bounds
            if bounds.after:
                conditions.append(self._against(bounds.after, after=True))
            if bounds.before:
                conditions.append(self._against(bounds.before, after=False))
            limit = self._size() + literal_column("1", Integer()) if self.peeks else self._size()
            selected = selected.order_by(*self._reading_order()).limit(limit)
        return _within(selected.where(*conditions), self.parent).subquery(self.name)


# Which of pageInfo's questions is answered by reading one row more: by `from_end`.
_MORE = {False: "hasNextPage", True: "hasPreviousPage"}


def _without_parts(page: PageOf) -> PageOf:
    """The same list with no parts: for counting it, or looking beyond the page."""
    return replace(page, parts=())


def _within(statement: Select[Any], parent: Row | None) -> Select[Any]:
    return statement if parent is None else statement.correlate(parent.clause)


def _filtered(aggregate: Any, condition: ColumnElement[bool] | None) -> Any:
    return aggregate if condition is None else aggregate.filter(condition)


class _First(ColumnElement[str]):
    """``(array)[1]``."""

    inherit_cache = False
    type = Text()

    def __init__(self, array: ColumnElement[Any]) -> None:
        self.array = array

    @property
    def _from_objects(self) -> list[FromClause]:
        return list(self.array._from_objects)


@compiles(_First)
def _spell_first(element: _First, compiler: SQLCompiler, **kw: Any) -> str:
    return f"({compiler.process(element.array, **kw)})[1]"


def _list_of(
    item: ColumnElement[str], order: list[ColumnElement[Any]], condition: ColumnElement[bool] | None = None
) -> ColumnElement[str]:
    """A JSON list of the items; an empty one if there are none."""
    gathered = func.string_agg(item, aggregate_order_by(_quote(","), *order))
    return _join(["[", func.coalesce(_filtered(gathered, condition), _quote("")), "]"])


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


def _spell(value: Value, column: ColumnElement[Any]) -> Pieces:
    """A column as JSON text. CODE and NUMBER need no escaping (see `Json`)."""
    pieces: Pieces
    match value.json:
        case Json.NUMBER:
            pieces = [column]
        case Json.CODE:
            pieces = ['"', column, '"']
        case Json.TIME:
            in_utc = func.timezone(_quote("UTC"), column)
            pieces = ['"', func.to_char(in_utc, _quote('YYYY-MM-DD"T"HH24:MI:SS"+00:00"')), '"']
        case Json.DATE | Json.TEXT:
            pieces = [cast(func.to_json(column), Text())]
    if not value.nullable:
        return pieces
    return [func.coalesce(_join(pieces), _quote("null"))]


def _measure(measured: Measured, clause: FromClause) -> Pieces:
    match measured.measure:
        case Measure.ROWS if measured.bands:
            return ['"', _band(func.count(), measured.bands), '"']
        case Measure.ROWS:
            return [func.count()]
        case Measure.SUM:
            return [func.coalesce(func.sum(clause.c[measured.column or ""]), literal_column("0"))]
        case Measure.LAST:
            last = cast(func.to_json(func.max(clause.c[measured.column or ""])), Text())
            return [func.coalesce(last, _quote("null"))]


def _band(number: ColumnElement[int], bands: tuple[tuple[int, str], ...]) -> ColumnElement[str]:
    (_, lowest), *higher = bands
    cases = [
        (number >= literal_column(str(least), Integer()), _quote(code)) for least, code in reversed(higher)
    ]
    return case(*cases, else_=_quote(lowest))


def render_statement(fetches: Sequence[Fetch]) -> Statement:
    """One statement for fetches of one store and one wave."""
    renderer = Renderer()
    selects = [renderer.fetch(fetch) for fetch in fetches]
    if len(selects) == 1:
        whole: Any = selects[0]
    else:
        whole = union_all(
            *(
                select(literal_column(str(number), Integer()).label("f"), *each.selected_columns)
                .select_from(*each.get_final_froms())
                .where(*([each.whereclause] if each.whereclause is not None else []))
                for number, each in enumerate(selects)
            )
        )
    compiled = whole.compile(dialect=_DIALECT)
    names = compiled.positiontup or []
    return Statement(
        store=fetches[0].store,
        sql=str(compiled),
        parameters=tuple(renderer.parameters[name] for name in names),
        slots=tuple(fetch.slot for fetch in fetches),
    )
