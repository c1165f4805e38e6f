"""How values become JSON text in SQL: pieces of literal text and expressions, joined by ``||``.

Postgres builds the JSON text by concatenation: on a wide list this is twice as fast as json_agg over
json_build_object, and rows through Python cost ten times the gateway's CPU (design, "Measured before
the start"). But one unwrapped NULL makes a whole object NULL. So this file wraps every
nullable value, and no other file turns a value into JSON.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    DateTime,
    FromClause,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    bindparam,
    case,
    cast,
    func,
    literal_column,
)
from sqlalchemy import Column as SqlColumn
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from resolvers.plan.holes import MARK, subject_mark
from resolvers.plan.tree import CoveredPlace
from resolvers.sources.catalogue import Relation
from resolvers.sources.words import Json, Measure, Measured, Value

TYPES: dict[str, TypeEngine[Any]] = {
    "bigint": BigInteger(),
    "boolean": Boolean(),
    "integer": Integer(),
    "text": Text(),
    "date": Date(),
    "timestamptz": DateTime(timezone=True),
    "bigint[]": ARRAY(BigInteger()),
    "text[]": ARRAY(Text()),
}
DIALECT = PGDialect_asyncpg()  # type: ignore[no-untyped-call]
_QUOTE = String().literal_processor(DIALECT)  # type: ignore[no-untyped-call]


class Concatenation(FunctionElement[str]):
    """``a || b || …``, flat: for a wide object, nested operators would exhaust Python's stack."""

    inherit_cache = False
    type = Text()


@compiles(Concatenation)
def _spell_concatenation(element: Concatenation, compiler: SQLCompiler, **kw: Any) -> str:
    return "(" + " || ".join(compiler.process(operand, **kw) for operand in element.clauses) + ")"


Piece = str | ColumnElement[Any]
Pieces = list[Piece]


def concatenate(pieces: Iterable[Piece]) -> ColumnElement[str]:
    """One text expression, in which adjacent literal texts are merged."""
    merged: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str) and merged and isinstance(merged[-1], str):
            merged[-1] += piece
        elif piece != "" or not isinstance(piece, str):
            merged.append(piece)
    operands = [quote(piece) if isinstance(piece, str) else piece for piece in merged]
    if len(operands) == 1:
        return operands[0]
    if not any(isinstance(piece, str) for piece in merged[:2]):
        operands.insert(0, quote(""))
    return Concatenation(*operands)


def mark(subject: int, key: ColumnElement[Any]) -> Pieces:
    """The mark that precedes an object and names the person it is about."""
    return [f"{MARK}{subject_mark(subject)}", key, MARK]


def covered_mark(covered: CoveredPlace | None, key: ColumnElement[Any], kind: ColumnElement[Any]) -> Pieces:
    """The mark of a person for a row that the person's objection covers; "" for other rows."""
    if covered is None:
        return []
    text = mark(covered.subject, key)
    if not covered.kinds:
        return text
    is_covered = kind.in_([quote(each) for each in covered.kinds])
    return [case((is_covered, concatenate(text)), else_=quote(""))]


def quote(text: str) -> ColumnElement[str]:
    """The text as a literal of SQL."""
    assert _QUOTE is not None
    return literal_column(_QUOTE(text), Text())


@lru_cache(maxsize=256)
def _table(name: str, columns: tuple[tuple[str, str], ...]) -> Table:
    return Table(
        name, MetaData(), *(SqlColumn(column, TYPES.get(type_, Text())) for column, type_ in columns)
    )


def alias(relation: Relation, name: str) -> FromClause:
    """The relation under a name; unqualified, so that `search_path` selects the universe."""
    columns = tuple((column, about.type) for column, about in relation.columns.items())
    return _table(relation.name, columns).alias(name)


def json_object(pairs: Iterable[tuple[str, Pieces]]) -> Pieces:
    """A JSON object of these keys and values, in this order."""
    pieces: Pieces = ["{"]
    for number, (key, value) in enumerate(pairs):
        pieces += [("," if number else "") + f'"{key}":', *value]
    return [*pieces, "}"]


class First(FunctionElement[str]):
    """``(array)[1]``."""

    inherit_cache = False
    type = Text()


@compiles(First)
def _spell_first(element: First, compiler: SQLCompiler, **kw: Any) -> str:
    (array,) = element.clauses
    return f"({compiler.process(array, **kw)})[1]"


def filtered(aggregate: Any, condition: ColumnElement[bool] | None) -> Any:
    """The aggregate over the rows that meet the condition, or over all rows if there is none."""
    return aggregate if condition is None else aggregate.filter(condition)


def items_of(
    item: ColumnElement[str],
    order: Sequence[ColumnElement[Any]],
    condition: ColumnElement[bool] | None = None,
) -> Pieces:
    """A JSON list of the items; an empty one if there are none.

    In pieces, because each `||` copies everything before it, and a page of a thousand is 80 kB.
    """
    gathered = func.string_agg(item, aggregate_order_by(quote(","), *order))
    return ["[", func.coalesce(filtered(gathered, condition), quote("")), "]"]


def list_of(item: ColumnElement[str], order: Sequence[ColumnElement[Any]]) -> ColumnElement[str]:
    """The same list as one expression."""
    return concatenate(items_of(item, order))


def spell(value: Value, column: ColumnElement[Any]) -> Pieces:
    """A column as JSON text. CODE and NUMBER need no escaping (see `Json`)."""
    pieces: Pieces
    match value.json:
        case Json.NUMBER:
            pieces = [column]
        case Json.BOOLEAN:
            pieces = [cast(column, Text())]
        case Json.CODE:
            pieces = ['"', column, '"']
        case Json.TIME:
            in_utc = func.timezone(quote("UTC"), column)
            pieces = ['"', func.to_char(in_utc, quote('YYYY-MM-DD"T"HH24:MI:SS"+00:00"')), '"']
        case Json.DATE | Json.TEXT:
            pieces = [cast(func.to_json(column), Text())]
    if not value.nullable:
        return pieces
    return [func.coalesce(concatenate(pieces), quote("null"))]


def measure(measured: Measured, clause: FromClause) -> Pieces:
    """One field of a summary over the rows in `clause`; never NULL."""
    match measured.measure:
        case Measure.ROWS if measured.bands:
            return ['"', band(func.count(), measured.bands), '"']
        case Measure.ROWS:
            return [func.count()]
        case Measure.SUM:
            return [func.coalesce(func.sum(clause.c[measured.column or ""]), literal_column("0"))]
        case Measure.LAST:
            last = cast(func.to_json(func.max(clause.c[measured.column or ""])), Text())
            return [func.coalesce(last, quote("null"))]


def band(number: ColumnElement[int], bands: tuple[tuple[int, str], ...]) -> ColumnElement[str]:
    """The code of the band in which the number lies."""
    (_, lowest), *higher = bands
    cases = [
        (number >= literal_column(str(least), Integer()), quote(code)) for least, code in reversed(higher)
    ]
    return case(*cases, else_=quote(lowest))


def place(name: str, type_: str, sharded: bool) -> ColumnElement[Any]:
    """The parameter of this name and type, as the statement refers to it."""
    if type_ == "bigint[]":
        # Keys come as one text, which Postgres reads faster than the driver codes an array.
        keys: ColumnElement[Any] = bindparam(name, type_=Text())
        if sharded:
            # The cast of a text to an array depends on settings, so Postgres does it when the statement
            # runs: too late to leave out the shards that hold no key. Splitting a text does not.
            keys = func.string_to_array(func.btrim(keys, quote("{}")), quote(","))
        return cast(keys, TYPES[type_])
    return bindparam(name, type_=TYPES[type_])
