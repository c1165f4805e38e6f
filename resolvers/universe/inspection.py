"""Compares a store with what its universes must be, at start-up and for the doctor.

columns    every column of the store is classified
effect     functions, triggers, CHECKs, types, settings and other privileges (`effect/`)
universes  each one is of this policy, and unchanged since it was applied
roles      a purpose's role has no power beyond its universe
writers    a role that writes may do that and nothing else (`writer_inspection.py`)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from resolvers.sources.catalogue import Store, relations_of
from resolvers.universe.difference import Difference, DifferenceKind
from resolvers.universe.effect.functions import function_differences
from resolvers.universe.effect.outside import outside_differences
from resolvers.universe.effect.probe import probe_function
from resolvers.universe.effect.settings import setting_differences
from resolvers.universe.effect.unescaped import unescaped_differences
from resolvers.universe.render import Universe, fingerprint, universes
from resolvers.universe.roles import writers_of
from resolvers.universe.writer_inspection import writer_differences

if TYPE_CHECKING:
    from resolvers.sources.words import ObjectSource
    from resolvers.stores.pool import Connection

_COLUMNS = """
SELECT n.nspname || '.' || c.relname AS relation, a.attname AS column
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'f', 'm') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
  AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'gateway_migration')
"""

_PRIVILEGES = """
SELECT n.nspname || '.' || c.relname AS relation,
       has_table_privilege(r.oid, c.oid, 'SELECT') AS reads,
       has_table_privilege(r.oid, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
       OR has_any_column_privilege(r.oid, c.oid, 'INSERT, UPDATE, REFERENCES') AS writes,
       has_any_column_privilege(r.oid, c.oid, 'SELECT') AS reads_some
FROM pg_roles r, pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE r.rolname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
"""

_ROLE = """
SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls AS powers,
       rolcanlogin AS logs_in, coalesce(rolconfig, '{}') AS settings,
       EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid) AS member,
       EXISTS (SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
               WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
                 AND has_schema_privilege(r.oid, n.oid, 'USAGE')
                 AND has_function_privilege(r.oid, p.oid, 'EXECUTE')) AS functions,
       has_database_privilege(r.oid, current_database(), 'CREATE, TEMPORARY')
       OR EXISTS (SELECT FROM pg_namespace n
                  WHERE n.nspname !~ '^pg_' AND has_schema_privilege(r.oid, n.oid, 'CREATE'))
       AS creates
FROM pg_roles r WHERE rolname = $1
"""


async def differences(
    connection: Connection, objects: Mapping[str, ObjectSource], store: Store
) -> list[Difference]:
    """What the store has that the policy does not allow, or lacks that it needs; empty if all is well.

    It reads only the database's catalogues, so any login may call it.
    """
    found = await _column_differences(connection, store)
    probe = probe_function(objects, store)
    found += await function_differences(connection, store, [probe] if probe else [])
    found += await unescaped_differences(connection, objects, store)
    present = universes(objects, store)
    for each in present:
        found += await _universe_differences(connection, each)
    found += await writer_differences(connection, store)
    roles = [*(each.role for each in present), *writers_of(store)]
    found += await setting_differences(connection, store, roles)
    return found + await outside_differences(connection, store, roles)


async def _column_differences(connection: Connection, store: Store) -> list[Difference]:
    there = {f"{row['relation']}.{row['column']}" for row in await connection.fetch(_COLUMNS)}
    known = {f"{relation.qualified}.{name}" for relation in relations_of(store) for name in relation.columns}
    extra, missing = there - known, known - there
    found = []
    found += [Difference(DifferenceKind.COLUMN_UNCLASSIFIED, store, each) for each in sorted(extra)]
    found += [Difference(DifferenceKind.COLUMN_MISSING, store, each) for each in sorted(missing)]
    return found


async def _universe_differences(connection: Connection, universe: Universe) -> list[Difference]:
    schema = universe.purpose.universe
    comment = await connection.fetchval(
        "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = $1", schema
    )
    if comment is None:
        return [Difference(DifferenceKind.UNIVERSE_MISSING, universe.store, schema)]
    actual = await fingerprint(connection, universe.purpose)
    found = []
    if comment.split()[2:3] != [universe.digest]:
        found.append(Difference(DifferenceKind.UNIVERSE_OF_OTHER_POLICY, universe.store, schema))
    if comment.split()[3:4] != [actual]:
        found.append(Difference(DifferenceKind.UNIVERSE_CHANGED, universe.store, schema))
    if universe.hiding:
        found += await _view_owner_differences(connection, universe)
    return found + await _role_differences(connection, universe)


async def _view_owner_differences(connection: Connection, universe: Universe) -> list[Difference]:
    """The owner of views that hide rows: row security must bind it, and it is no login."""
    store, owner = universe.store, universe.view_owner
    attributes = await connection.fetchrow(_ROLE, owner)
    if attributes is None:
        return [Difference(DifferenceKind.ROLE_MISSING, store, owner)]
    if any(attributes[power] for power in ("powers", "logs_in", "member", "functions", "creates")):
        return [Difference(DifferenceKind.ROLE_POWERS, store, owner)]
    return []


async def _role_differences(connection: Connection, universe: Universe) -> list[Difference]:
    store, role = universe.store, universe.role
    attributes = await connection.fetchrow(_ROLE, role)
    if attributes is None:
        return [Difference(DifferenceKind.ROLE_MISSING, store, role)]
    found = []
    if any(attributes[power] for power in ("powers", "member", "functions", "creates")):
        found.append(Difference(DifferenceKind.ROLE_POWERS, store, role))
    if f"search_path={universe.purpose.universe}, pg_catalog" not in attributes["settings"]:
        found.append(Difference(DifferenceKind.ROLE_SEARCH_PATH, store, role))
    allowed = {f"{universe.purpose.universe}.{view}" for view in universe.views}
    for row in await connection.fetch(_PRIVILEGES, role):
        relation = row["relation"]
        if row["writes"] or (row["reads_some"] and relation not in allowed):
            found.append(Difference(DifferenceKind.PRIVILEGE_BEYOND, store, role, relation=relation))
        if relation in allowed and not row["reads"]:
            found.append(Difference(DifferenceKind.PRIVILEGE_MISSING, store, role, relation=relation))
    return found
