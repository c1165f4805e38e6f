"""Compares the rights of the roles that write with the rights that `roles.py` gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resolvers.universe.difference import Difference, DifferenceKind
from resolvers.universe.roles import RIGHTS, writers_of

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection

_TABLES = """
SELECT p.privilege, n.nspname || '.' || c.relname AS relation
FROM pg_roles r, pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace,
     unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) AS p(privilege)
WHERE r.rolname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND has_table_privilege(r.oid, c.oid, p.privilege)
"""
_COLUMNS = """
SELECT a.attname || p.how AS column, n.nspname || '.' || c.relname AS relation
FROM pg_roles r, pg_attribute a
     JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace,
     (VALUES ('SELECT', ''), ('INSERT', ' written'), ('UPDATE', ' written')) AS p(privilege, how)
WHERE r.rolname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND has_column_privilege(r.oid, c.oid, a.attnum, p.privilege)
  AND NOT has_table_privilege(r.oid, c.oid, p.privilege)
"""
_ROLE = """
SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls
       OR EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid)
       OR has_database_privilege(r.oid, current_database(), 'CREATE, TEMPORARY')
       OR EXISTS (SELECT FROM pg_namespace n
                  WHERE n.nspname !~ '^pg_' AND has_schema_privilege(r.oid, n.oid, 'CREATE')) AS powers,
       ARRAY(SELECT n.nspname || '.' || p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
             WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
               AND has_schema_privilege(r.oid, n.oid, 'USAGE')
               AND has_function_privilege(r.oid, p.oid, 'EXECUTE')) AS functions
FROM pg_roles r WHERE rolname = $1
"""


async def writer_differences(connection: Connection, store: str) -> list[Difference]:
    """What the roles that write in this store may do beyond their rights, or lack of them."""
    return [each for role in writers_of(store) for each in await _role_differences(connection, store, role)]


async def _role_differences(connection: Connection, store: str, role: str) -> list[Difference]:
    rights = RIGHTS[role]
    found = await connection.fetchrow(_ROLE, role)
    if found is None:
        return [Difference(DifferenceKind.ROLE_MISSING, store, role)]
    tables = {(row[0], row[1]) for row in await connection.fetch(_TABLES, role)}
    columns = {(row[0], row[1]) for row in await connection.fetch(_COLUMNS, role)}
    functions = set(found["functions"])
    beyond = {relation for _, relation in (tables - rights.tables) | (columns - rights.columns)}
    lacking = {relation for _, relation in (rights.tables - tables) | (rights.columns - columns)}
    lacking |= set(rights.functions) - functions
    differences = [
        Difference(DifferenceKind.PRIVILEGE_BEYOND, store, role, relation=each) for each in sorted(beyond)
    ]
    differences += [
        Difference(DifferenceKind.PRIVILEGE_MISSING, store, role, relation=each) for each in sorted(lacking)
    ]
    if found["powers"] or functions - set(rights.functions):
        differences.append(Difference(DifferenceKind.ROLE_POWERS, store, role))
    return differences
