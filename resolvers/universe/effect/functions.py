"""Compares what a store does when a row is written with what its migrations say.

A function that was emptied, runs as somebody else or with another search_path; a trigger that is off, has a
condition, another function or other events; a trigger, a rule or row security that came later: each of these
leaves all names in place, and an objection without effect.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from resolvers.sources.catalogue import TRIGGERS, Store, relations_of
from resolvers.universe.difference import Difference, DifferenceKind
from resolvers.universe.effect.declared import (
    DeclaredFunction,
    bare_expression,
    declared,
    settings_of,
    shape_of,
)

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection, Record

_FUNCTIONS = """
SELECT n.nspname || '.' || p.proname AS name, p.prosrc AS body, pg_get_function_sqlbody(p.oid) AS expression,
       l.lanname AS language, p.prosecdef AS definer, p.proconfig AS settings,
       p.proowner = n.nspowner AS owned
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
WHERE n.nspname = ANY ($1::text[])
"""
_TRIGGERS = """
SELECT n.nspname || '.' || c.relname AS relation, t.tgname AS name, t.tgenabled::text AS enabled,
       pg_get_triggerdef(t.oid) AS spelled, t.tgtype::integer & 2 <> 0 AS before
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT t.tgisinternal AND n.nspname = ANY ($1::text[])
"""
# A rule rewrites a statement, and a child table has no trigger. Row security hides rows from the owners of
# views alone (`barriers.py`): everybody else has a policy that is always true.
_REWRITTEN = """
SELECT n.nspname || '.' || c.relname AS relation
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname = ANY ($1::text[])
  AND (c.relforcerowsecurity
       OR c.relrowsecurity AND NOT EXISTS (
           SELECT FROM pg_policy p
           WHERE p.polrelid = c.oid AND p.polname = 'gateway_everybody' AND p.polpermissive AND p.polcmd = '*'
             AND p.polroles = '{0}' AND pg_get_expr(p.polqual, p.polrelid) = 'true'
             AND pg_get_expr(p.polwithcheck, p.polrelid) = 'true')
       OR EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname !~ '^gateway_')
       OR EXISTS (SELECT FROM pg_rewrite r WHERE r.ev_class = c.oid)
       OR EXISTS (SELECT FROM pg_inherits i JOIN pg_class k ON k.oid = i.inhrelid
                  WHERE i.inhparent = c.oid AND NOT k.relispartition))
ORDER BY 1
"""


async def function_differences(
    connection: Connection, store: Store, generated: Iterable[DeclaredFunction] = ()
) -> list[Difference]:
    """The functions, triggers, rules and row security that are not what the store's migrations made.

    `generated`: functions that came with the universes.
    """
    schemas = sorted({relation.schema or store.value for relation in relations_of(store)})
    functions = await connection.fetch(_FUNCTIONS, schemas)
    triggers = await connection.fetch(_TRIGGERS, schemas)
    wanted = [*declared(store).functions.values(), *generated]
    found = [Difference(DifferenceKind.FUNCTION_CHANGED, store, name) for name in _changed(wanted, functions)]
    found += _trigger_differences(store, triggers)
    for row in await connection.fetch(_REWRITTEN, schemas):
        found.append(Difference(DifferenceKind.TABLE_REWRITTEN, store, row["relation"]))
    return found


def _changed(wanted: list[DeclaredFunction], rows: list[Record]) -> list[str]:
    """The functions that differ or are missing. A second one of the same name might be called instead."""
    there: dict[str, list[Record]] = {}
    for row in rows:
        there.setdefault(row["name"], []).append(row)
    return sorted(
        each.name
        for each in wanted
        if len(there.get(each.name, ())) != 1 or not _is(each, there[each.name][0])
    )


def _is(wanted: DeclaredFunction, row: Record) -> bool:
    if row["expression"] is not None:
        body = bare_expression(row["expression"]).removeprefix("return")
    else:
        body = row["body"]
    return bool(
        row["owned"]
        and body == wanted.body
        and row["language"] == wanted.language
        and row["definer"] == wanted.definer
        and settings_of(row["settings"]) == wanted.settings
    )


def _trigger_differences(store: Store, rows: list[Record]) -> list[Difference]:
    wanted = declared(store).triggers
    there = {f"{row['relation']}: {row['name']}": row for row in rows}
    found = []
    for name in sorted(wanted.keys() | TRIGGERS[store]):
        row = there.get(name)
        if row is None or row["enabled"] not in ("A", "O"):
            found.append(Difference(DifferenceKind.TRIGGER_OFF, store, name))
        elif name not in wanted or shape_of(row["spelled"]) != wanted[name].shape:
            found.append(Difference(DifferenceKind.TRIGGER_CHANGED, store, name))
        elif wanted[name].always and row["enabled"] != "A":
            found.append(Difference(DifferenceKind.TRIGGER_NOT_ALWAYS, store, name))
    placed = {name.partition(":")[0] for name in wanted}
    for name in sorted(there.keys() - wanted.keys()):
        # What runs before a row is written may undo what the others placed.
        if there[name]["before"] and name.partition(":")[0] in placed:
            found.append(Difference(DifferenceKind.TRIGGER_UNKNOWN, store, name))
    return found
