"""What a universe reaches in a store: by the database's own catalogue, and by a second reading of each view.

The catalogue (pg_depend, pg_rewrite, grants) cannot be wrong about which columns a view reads, and says
nothing about rows. The text of the view, parsed, says both. If the two disagree about columns, that is a gap.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sqlglot import exp

from resolvers.universe.proof.rows import Unreadable, parsed

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection, Record

_VIEWS = """
SELECT n.nspname AS universe, c.relname AS name, c.relkind::text AS kind, pg_get_viewdef(c.oid) AS text,
       c.relowner AS owner,
       ARRAY(SELECT DISTINCT b.relname_ || '.' || a.attname FROM pg_rewrite w
             JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
                  AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> c.oid AND d.refobjsubid > 0
             JOIN LATERAL (SELECT m.nspname || '.' || k.relname AS relname_ FROM pg_class k
                           JOIN pg_namespace m ON m.oid = k.relnamespace WHERE k.oid = d.refobjid) b ON true
             JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
             WHERE w.ev_class = c.oid ORDER BY 1) AS columns,
       EXISTS (SELECT FROM pg_rewrite w
               JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
                    AND d.refclassid = 'pg_proc'::regclass
               WHERE w.ev_class = c.oid) AS calls
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY ($1::text[]) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
ORDER BY 1, 2
"""
_POLICIES = """
SELECT n.nspname || '.' || c.relname AS table, r.oid AS role, p.polpermissive AS permissive,
       pg_get_expr(p.polqual, p.polrelid) AS condition
FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_roles r ON r.oid = ANY (p.polroles) OR 0 = ANY (p.polroles)
WHERE c.relrowsecurity AND p.polcmd IN ('r', '*') AND r.oid = ANY ($1::oid[])
  AND NOT r.rolsuper AND NOT r.rolbypassrls AND NOT pg_has_role(r.oid, c.relowner, 'USAGE')
"""
_GRANTED = """
SELECT r.rolname AS role, n.nspname || '.' || c.relname AS relation,
       ARRAY(SELECT a.attname FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0
             AND NOT a.attisdropped AND has_column_privilege(r.oid, c.oid, a.attnum, 'SELECT')
             ORDER BY a.attnum) AS columns
FROM pg_roles r, pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE r.rolname = ANY ($1::text[]) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND has_any_column_privilege(r.oid, c.oid, 'SELECT')
ORDER BY 1, 2
"""


@dataclass(frozen=True)
class ViewReach:
    """One view, read twice.

    `catalogue`: every column that the view depends on. `table`: where its rows come from. `shown`: its output
    columns, in order, each with the column of a table that it shows. `joined`: columns that only join rows.
    `condition`: on the rows, of the view's own text. `policies`: (permissive, condition) that bind the view's
    owner on the table. `problem`: why the text could not be read; the rest is then empty.
    """

    universe: str
    name: str
    catalogue: frozenset[str]
    calls: bool = False
    table: str = ""
    shown: Mapping[str, str] = field(default_factory=dict)
    joined: frozenset[str] = frozenset()
    condition: exp.Expr | None = None
    policies: tuple[tuple[bool, exp.Expr], ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class StoreReach:
    """What the logins of one store reach: views by universe, and what each login was granted."""

    views: tuple[ViewReach, ...]
    granted: Mapping[str, Mapping[str, tuple[str, ...]]]


async def reached(connection: Connection, universes: list[str], roles: list[str]) -> StoreReach:
    """Read the store's catalogue; any login may. `universes`: schemas. `roles`: the logins that read them."""
    rows = await connection.fetch(_VIEWS, universes)
    policies = await connection.fetch(_POLICIES, sorted({row["owner"] for row in rows}))
    by_owner: dict[tuple[str, int], list[Record]] = defaultdict(list)
    for policy in policies:
        by_owner[policy["table"], policy["role"]].append(policy)
    granted: dict[str, dict[str, tuple[str, ...]]] = {role: {} for role in roles}
    for row in await connection.fetch(_GRANTED, roles):
        granted[row["role"]][row["relation"]] = tuple(row["columns"])
    return StoreReach(tuple(_view(row, by_owner) for row in rows), granted)


def _view(row: Record, policies: Mapping[tuple[str, int], list[Record]]) -> ViewReach:
    universe, name, catalogue = row["universe"], row["name"], frozenset(row["columns"])
    try:
        if row["kind"] != "v":
            raise Unreadable("it is no view")
        table, shown, joined, condition = _second_reading(row["text"])
        bound = policies.get((table, row["owner"]), [])
        found = tuple((each["permissive"], parsed(each["condition"])) for each in bound)
    except Unreadable as problem:
        return ViewReach(universe, name, catalogue, row["calls"], problem=problem.reason)
    read = ViewReach(universe, name, catalogue, row["calls"], table, shown, joined)
    return replace(read, condition=condition, policies=found)


Reading = tuple[str, dict[str, str], frozenset[str], "exp.Expr | None"]
# What the SELECT of a view may have; anything else (UNION, WITH, DISTINCT, GROUP BY, LIMIT) is not read.
_PARTS = {"kind", "expressions", "from_", "joins", "where"}


def _second_reading(text: str) -> Reading:
    """The table of the rows, the columns shown, the columns that join, and the condition."""
    select = parsed(text)
    if not isinstance(select, exp.Select):
        raise Unreadable(f"it is a {type(select).__name__}, and not one SELECT")
    if more := {part for part, value in select.args.items() if value} - _PARTS:
        raise Unreadable(f"it has {', '.join(sorted(more))}")
    source = select.args.get("from_")
    # Postgres writes brackets around a join.
    first = None if source is None else source.this.unnest()
    if not isinstance(first, exp.Table):
        raise Unreadable("its rows come from no table")
    joins = [*(first.args.get("joins") or ()), *(select.args.get("joins") or ())]
    tables = (first, *(join.this for join in joins))
    aliases = {each.alias_or_name: f"{each.db}.{each.name}" for each in tables}
    shown = {each.alias_or_name: _qualified(_of_day(each.unalias()), aliases) for each in select.expressions}
    joined = frozenset(
        _qualified(column, aliases) for join in joins for column in _join_condition(join).find_all(exp.Column)
    )
    where = select.args.get("where")
    return f"{first.db}.{first.name}", shown, joined, where.this if where else None


def _join_condition(join: exp.Join) -> exp.Expr:
    """An inner join, of a table, on one equality."""
    on = join.args.get("on")
    inner = on.unnest() if on is not None else None
    if join.side or join.kind not in {"", "INNER"} or not isinstance(join.this, exp.Table):
        raise Unreadable("it joins more than a table")
    if not isinstance(inner, exp.EQ):
        raise Unreadable("its join is no equality")
    return inner


def _of_day(node: exp.Expr) -> exp.Expr:
    """The time whose day is shown: a day opens less than its time does."""
    return node.this if isinstance(node, exp.TimestampTrunc) else node


def _qualified(node: exp.Expr, aliases: Mapping[str, str]) -> str:
    """``schema.table.column`` of a plain column."""
    if not isinstance(node, exp.Column):
        raise Unreadable(f"it shows {type(node).__name__}, and not a column")
    if node.table:
        table = aliases.get(node.table)
    else:
        table = next(iter(aliases.values())) if len(aliases) == 1 else None
    if table is None:
        raise Unreadable(f"nothing says whose {node.name} it shows")
    return f"{table}.{node.name}"
