"""The gaps between what a universe reaches and what the policy opens, and the certificate as data.

Both ways count: a row or column that is reached and not open is a leak; a row that is open and not reached is
an answer that lacks it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from resolvers.sources.catalogue import Store
from resolvers.universe.proof.opened import FAR_ENDS, HIDDEN_OWNER, PSEUDONYM, ROWS, is_open, opened_columns
from resolvers.universe.proof.rows import SortOfRow, Unreadable, is_let_through, rows_of
from resolvers.universe.proof.view_readings import StoreReach, ViewReach, reached
from schema.policy.matrix import digest
from schema.purposes import Purpose

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection


@dataclass(frozen=True)
class Gap:
    """Where a universe reaches something else than the policy opens. `where`: a view, or a relation."""

    role: str
    where: str
    what: str


@dataclass(frozen=True)
class Proof:
    """One store's part of the certificate: a line for each view, and the gaps."""

    store: Store
    lines: tuple[Mapping[str, Any], ...]
    gaps: tuple[Gap, ...]


async def prove(connection: Connection, store: Store) -> Proof:
    """Compare what each universe of the store reaches with the policy. It reads the catalogue alone."""
    purposes = {purpose.universe: purpose for purpose in Purpose}
    roles = {purpose: f"{store.value}_{purpose.universe}" for purpose in Purpose}
    found = await reached(connection, list(purposes), list(roles.values()))
    lines, gaps = [], []
    for view in found.views:
        purpose = purposes[view.universe]
        where = f"{view.universe}.{view.name}"
        differing = [Gap(roles[purpose], where, what) for what in _judged(view, purpose)]
        gaps += differing
        lines.append(_line(view, purpose, roles[purpose], proved=not differing))
    return Proof(store, tuple(lines), (*gaps, *_granted(found)))


def _granted(found: StoreReach) -> Iterator[Gap]:
    """What a login was granted beside the views of its universe."""
    views = {f"{view.universe}.{view.name}" for view in found.views}
    for role, relations in found.granted.items():
        universe = role.partition("_")[2]
        for relation, columns in relations.items():
            if relation not in views or relation.partition(".")[0] != universe:
                yield Gap(role, relation, f"is granted: {', '.join(columns)}")


def _judged(view: ViewReach, purpose: Purpose) -> Iterator[str]:
    if view.problem:
        yield f"cannot be read: {view.problem}"
        return
    if view.calls:
        yield "calls a function"
    yield from _columns(view, purpose)
    try:
        yield from _rows(view, purpose)
    except Unreadable as problem:
        yield f"cannot be read: {problem.reason}"


def _columns(view: ViewReach, purpose: Purpose) -> Iterator[str]:
    opened = opened_columns(view.table, purpose)
    pseudonym = f"{view.table.partition('.')[0]}.pseudonym"
    for name, column in view.shown.items():
        table, _, bare = column.rpartition(".")
        of_pseudonym = table == pseudonym and bare == PSEUDONYM and PSEUDONYM in opened
        if not of_pseudonym and (table != view.table or not {bare, "*"} & opened.keys()):
            yield f"shows {column} as {name}, which no line of the policy opens"
    shown = set(view.shown.values())
    if len(shown) != len(view.shown):
        yield "shows a column twice"
    read = shown | view.joined | {f"{view.table}.{name}" for name in _read_by(view)}
    if read != view.catalogue:
        yield f"reads {', '.join(sorted(read ^ view.catalogue))} by one of the two readings alone"
    if view.joined - {f"{table}.{HIDDEN_OWNER}" for table in (view.table, pseudonym)}:
        yield "joins more than pseudonyms"


def _read_by(view: ViewReach) -> set[str]:
    """The columns of the view's own condition, which are not shown."""
    return {each.name for each in view.condition.find_all(exp.Column)} if view.condition else set()


def _rows(view: ViewReach, purpose: Purpose) -> Iterator[str]:
    hides = False
    for row in rows_of(view.table):
        wanted = is_open(view.table, purpose, kind=row.kind, bits=row.bits, far=row.far)
        hides |= not wanted
        by_view, by_policy = is_let_through(view.condition, row), _by_policies(view, row)
        if by_view and by_policy and not wanted:
            yield f"has rows that the policy hides: {_described(row)}"
            return
        if wanted and not (by_view and by_policy):
            yield f"lacks rows that the policy opens: {_described(row)}"
            return
        # The far end's restriction is in the policy of row security alone.
        if by_view and not wanted and not row.far:
            yield f"has rows that only row security hides: {_described(row)}"
            return
        if by_policy and not wanted:
            yield f"lets conditions see hidden rows: {_described(row)}"
            return
    if hides and not view.policies:
        yield "lets conditions see hidden rows"


def _by_policies(view: ViewReach, row: SortOfRow) -> bool:
    """Whether row security lets the view's owner read such a row; without policies it reads all."""
    if not view.policies:
        return True
    permissive = [is_let_through(each, row) for always, each in view.policies if always]
    return any(permissive) and all(is_let_through(each, row) for always, each in view.policies if not always)


def _described(row: SortOfRow) -> str:
    kind = f"{row.kind}, " if row.kind else ""
    far = f", far end restricted {row.far}" if row.far else ""
    return f"{kind}restricted {row.bits}{far}"


def _line(view: ViewReach, purpose: Purpose, role: str, *, proved: bool) -> Mapping[str, Any]:
    opened = opened_columns(view.table, purpose)
    return {
        "role": role,
        "view": f"{view.universe}.{view.name}",
        "table": view.table,
        "columns": {
            name: {"of": column, "opened_by": _opened_by(column, opened)}
            for name, column in view.shown.items()
        },
        "rows": _rows_in_words(view.table, purpose),
        "catalogue": sorted(view.catalogue),
        "proved": proved,
    }


def _opened_by(column: str, opened: Mapping[str, str]) -> str:
    return opened.get(column.rpartition(".")[2], opened.get("*", ""))


def _rows_in_words(table: str, purpose: Purpose) -> str:
    """Which rows the policy opens, in words."""
    rows = list(rows_of(table))
    open_ = [row for row in rows if is_open(table, purpose, kind=row.kind, bits=row.bits, far=row.far)]
    if len(open_) == len(rows):
        return "all"
    if not isinstance(ROWS[table], Mapping):
        both = " and whose far end has not" if table in FAR_ENDS else ""
        return f"of members who have not objected{both}"
    kinds = {row.kind for row in open_}
    always = sorted(str(kind) for kind in kinds if all(r in open_ for r in rows if r.kind == kind))
    others = sorted(set(map(str, kinds)) - set(always))
    return ", ".join([*always, *(f"{kind} of members who have not objected" for kind in others)])


def certified(proofs: list[Proof]) -> dict[str, Any]:
    """The certificate as data: the policy's digest, a line for each view, and the gaps."""
    return {
        "certificate": "purpose-gateway reach 1",
        "policy": digest(),
        "views": [dict(line) for proof in proofs for line in proof.lines],
        "gaps": [
            {"role": gap.role, "where": gap.where, "what": gap.what} for proof in proofs for gap in proof.gaps
        ],
    }
