"""Conditions on rows, parsed and computed: which rows a view or a policy lets through.

Not texts are compared but what they mean: a condition is computed for every kind of row, every combination of
restriction bits on it and on its far end. The reader knows the few forms that conditions here have. Anything
else is Unreadable, and a gap in the certificate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError

from resolvers.universe.proof.opened import FAR_ENDS, ROWS

DIALECT = "postgres"
# A kind that no line of the policy names: its rows are open to no purpose.
OTHER_KIND = "SOMETHING_ELSE"
BITS = (0, 1, 2, 3, -1)


class Unreadable(Exception):
    """The SQL has a form that the certificate cannot judge; `reason` says which, and quotes no data."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class SortOfRow:
    """One sort of row: its kind, the restriction bits on it, and the bits of its far end."""

    kind: str | None
    bits: int
    far: int


def rows_of(table: str) -> Iterator[SortOfRow]:
    """Every sort of row that the table can hold, as far as the policy distinguishes them."""
    kinds = ROWS.get(table)
    named = (*kinds, OTHER_KIND) if isinstance(kinds, Mapping) else (None,)
    for kind in named:
        for bits in BITS:
            for far in BITS if table in FAR_ENDS else (0,):
                yield SortOfRow(kind, bits, far)


def parsed(sql: str) -> exp.Expr:
    """The syntax tree of a statement or a condition. Unreadable if the parser does not know it."""
    try:
        return parse_one(sql, dialect=DIALECT)
    except SqlglotError:
        raise Unreadable("the parser cannot read it") from None


def is_let_through(condition: exp.Expr | None, row: SortOfRow) -> bool:
    """Whether the condition holds for this sort of row; no condition always does."""
    return condition is None or bool(_value(condition, row))


def _value(node: exp.Expr, row: SortOfRow) -> int | str | bool | None:
    match node:
        case exp.Paren() | exp.Cast():
            return _value(node.this, row)
        case exp.Boolean():
            return bool(node.this)
        case exp.Literal():
            return str(node.this) if node.is_string else int(node.this)
        case exp.Neg():
            return -int(_value(node.this, row) or 0)
        case exp.Column():
            return _column(node, row)
        case exp.Not():
            return not _value(node.this, row)
        case exp.Coalesce():
            found = (_value(each, row) for each in (node.this, *node.expressions))
            return next((each for each in found if each is not None), None)
        case exp.Subquery():
            return _of_the_far_end(node.this, row)
    compute = _PAIRS.get(type(node))
    if compute is not None:
        return compute(_value(node.this, row), _value(node.expression, row))
    raise Unreadable(f"a condition with {type(node).__name__}")


_PAIRS: Mapping[type[exp.Expr], Callable[..., int | bool]] = {
    exp.And: lambda left, right: bool(left) and bool(right),
    exp.Or: lambda left, right: bool(left) or bool(right),
    exp.EQ: lambda left, right: left == right,
    exp.NEQ: lambda left, right: left != right,
    exp.BitwiseAnd: lambda left, right: left & right,
}


def _column(node: exp.Column, row: SortOfRow) -> int | str | None:
    if node.name == "restricted":
        return row.bits
    if node.name == "source":
        return row.kind
    raise Unreadable(f"a condition on {node.name}")


def _of_the_far_end(select: exp.Expr, row: SortOfRow) -> int:
    """``SELECT r.purposes & bit FROM restriction r WHERE r.account_id = contact.contact_id``, and no more."""
    where, tables = select.find(exp.Where), [each.name for each in select.find_all(exp.Table)]
    named = {each.name for each in where.find_all(exp.Column)} if where else set()
    more = {part for part, value in select.args.items() if value} - {"kind", "expressions", "from_", "where"}
    if tables != ["restriction"] or named != {"account_id", *FAR_ENDS.values()} or more:
        raise Unreadable("a subquery that is not the far end's restriction")
    (bit,) = select.expressions
    inner = bit.unnest()
    if not isinstance(inner, exp.BitwiseAnd) or inner.this.name != "purposes":
        raise Unreadable("a subquery that is not the far end's restriction")
    assert where is not None
    if not isinstance(where.this.unnest(), exp.EQ):
        raise Unreadable("a subquery that is not the far end's restriction")
    return row.far & int(_value(inner.expression, row) or 0)
