"""Privileges of the roles on what is in no universe: Postgres' own catalogue, large objects, parameters.

`inspection.py` and `writer_inspection.py` look at tables, views and functions of the stores. Here is the
rest. Postgres notes what its catalogue grants when it is made (pg_init_privs): anything more came later. A
role that reads pg_statistic reads values of every column, message bodies too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from resolvers.universe.difference import Difference, DifferenceKind

if TYPE_CHECKING:
    from resolvers.sources.catalogue import Store
    from resolvers.stores.pool import Connection

# Of each kind: what it is, whose privileges it has, and those that Postgres itself gave.
_CATALOGUE = """
WITH granted AS (
    SELECT c.oid, 'pg_class'::regclass AS kind, 0 AS part, n.nspname || '.' || c.relname AS name,
           c.relacl AS acl
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('pg_catalog', 'pg_toast') AND c.relacl IS NOT NULL
    UNION ALL
    SELECT c.oid, 'pg_class'::regclass, a.attnum, n.nspname || '.' || c.relname, a.attacl
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('pg_catalog', 'pg_toast') AND a.attacl IS NOT NULL
    UNION ALL
    SELECT p.oid, 'pg_proc'::regclass, 0, n.nspname || '.' || p.proname, p.proacl
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = 'pg_catalog' AND p.proacl IS NOT NULL
)
SELECT r.rolname AS role, g.name
FROM granted g, aclexplode(g.acl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
-- Advisory locks are taken from everybody, and given to the roles that write (`closing.py`).
WHERE (a.grantee = 0 OR r.rolname = ANY ($1::text[])) AND g.name !~ '^pg_catalog[.]pg_(try_)?advisory_'
  AND NOT EXISTS (
      SELECT FROM pg_init_privs i, aclexplode(i.initprivs) b
      WHERE i.objoid = g.oid AND i.classoid = g.kind AND i.objsubid = g.part
        AND (b.grantee, b.privilege_type) = (a.grantee, a.privilege_type))
"""
_LARGE_OBJECTS = """
SELECT r.rolname AS role, 'large objects' AS name
FROM pg_largeobject_metadata m LEFT JOIN LATERAL aclexplode(m.lomacl) a ON true
     JOIN pg_roles r ON r.oid = m.lomowner OR r.oid = a.grantee OR a.grantee = 0
WHERE r.rolname = ANY ($1::text[])
"""
_OTHERS = """
SELECT r.rolname AS role, n.nspname || '.' || c.relname AS name
FROM pg_roles r, pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE r.rolname = ANY ($1::text[]) AND c.relkind = 'S' AND n.nspname !~ '^pg_'
  AND has_sequence_privilege(r.oid, c.oid, 'SELECT, UPDATE')
UNION ALL
SELECT r.rolname, 'foreign server ' || s.srvname FROM pg_roles r, pg_foreign_server s
WHERE r.rolname = ANY ($1::text[]) AND has_server_privilege(r.oid, s.oid, 'USAGE')
UNION ALL
SELECT r.rolname, 'tablespace ' || t.spcname FROM pg_roles r, pg_tablespace t
WHERE r.rolname = ANY ($1::text[]) AND has_tablespace_privilege(r.oid, t.oid, 'CREATE')
UNION ALL
SELECT r.rolname, 'default privileges' FROM pg_default_acl d CROSS JOIN aclexplode(d.defaclacl) a
JOIN pg_roles r ON r.oid = a.grantee OR (a.grantee = 0 AND d.defaclobjtype IN ('r', 'S'))
WHERE r.rolname = ANY ($1::text[])
"""
_PARAMETERS = """
SELECT r.rolname AS role, 'parameter ' || p.parname AS name
FROM pg_parameter_acl p CROSS JOIN aclexplode(p.paracl) a
JOIN pg_roles r ON r.oid = a.grantee OR a.grantee = 0
WHERE r.rolname = ANY ($1::text[])
"""


async def outside_differences(connection: Connection, store: Store, roles: Sequence[str]) -> list[Difference]:
    """The privileges of these roles on anything outside the stores' tables, views and functions."""
    queries = [_CATALOGUE, _LARGE_OBJECTS, _OTHERS]
    if await connection.fetchval("SELECT to_regclass('pg_parameter_acl') IS NOT NULL"):
        queries.append(_PARAMETERS)
    names = list(roles)
    found = {
        (row["role"] or "public", row["name"])
        for query in queries
        for row in await connection.fetch(query, names)
    }
    return [
        Difference(DifferenceKind.PRIVILEGE_BEYOND, store, role, relation=name)
        for role, name in sorted(found)
    ]
