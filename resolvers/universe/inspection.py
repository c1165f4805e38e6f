"""What stands in a store against what its universes must be.

Five questions, asked at start-up and by the doctor: is every column of the store classified; does
every restriction reach its copies (are the triggers there and on); is each universe the one of this
policy, unchanged since it was applied; has its role any power beyond it; may the role that writes
objections do that and nothing else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING

from resolvers.sources.catalogue import TRIGGERS, Store, relations_of
from resolvers.universe.render import Universe, fingerprint, universes
from resolvers.universe.roles import writer_differences

if TYPE_CHECKING:
    from resolvers.sources.words import ObjectSource
    from resolvers.stores.pool import Connection

_TRIGGERS = """
SELECT n.nspname || '.' || c.relname || ': ' || t.tgname
FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT t.tgisinternal AND t.tgenabled = 'O'
"""

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


async def differences(connection: Connection, objects: Mapping[str, ObjectSource], store: Store) -> list[str]:
    """What the store has that the policy does not allow, or lacks that it needs; empty if all is well.

    Reads the catalogues of the database alone, so any login may ask. Each is one sentence naming the
    store, the role, relation or column; no data.
    """
    found = [f"{store}: {line}" for line in await _unclassified(connection, store)]
    there = {row[0] for row in await connection.fetch(_TRIGGERS)}
    found += [f"{store}: trigger {name} is missing or off" for name in sorted(TRIGGERS[store] - there)]
    for each in universes(objects, store):
        found += [f"{store}: {line}" for line in await _universe_differences(connection, each)]
    found += [f"{store}: {line}" for line in await writer_differences(connection, store)]
    return found


async def _unclassified(connection: Connection, store: Store) -> list[str]:
    there: dict[str, set[str]] = defaultdict(set)
    for row in await connection.fetch(_COLUMNS):
        there[row["relation"]].add(row["column"])
    known = {relation.qualified: set(relation.columns) for relation in relations_of(store)}
    found = []
    for relation in sorted(there.keys() | known.keys()):
        extra = there[relation] - known.get(relation, set())
        missing = known.get(relation, set()) - there[relation]
        found += [f"column {relation}.{name} is not classified" for name in sorted(extra)]
        found += [f"column {relation}.{name} is classified but missing" for name in sorted(missing)]
    return found


async def _universe_differences(connection: Connection, universe: Universe) -> list[str]:
    schema = universe.purpose.universe
    comment = await connection.fetchval(
        "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = $1", schema
    )
    actual = await fingerprint(connection, schema)
    found = []
    if comment is None:
        return [f"universe {schema} is missing; run `gateway universe --store {universe.store} --apply`"]
    if comment.split()[2:3] != [universe.digest]:
        found.append(
            f"universe {schema} is of another policy; run `gateway universe --store {universe.store} --apply`"
        )
    if comment.split()[3:4] != [actual]:
        found.append(f"universe {schema} was changed by hand since it was applied")
    return found + await _role_differences(connection, universe)


async def _role_differences(connection: Connection, universe: Universe) -> list[str]:
    role = await connection.fetchrow(_ROLE, universe.role)
    if role is None:
        return [f"role {universe.role} is missing"]
    found = []
    if role["powers"] or role["member"] or role["functions"] or role["creates"]:
        found.append(f"role {universe.role} has powers beyond its universe")
    expected = f"search_path={universe.purpose.universe}, pg_catalog"
    if expected not in role["settings"]:
        found.append(f"role {universe.role} does not stand in its own universe")
    allowed = {f"{universe.purpose.universe}.{view}" for view in universe.views}
    for row in await connection.fetch(_PRIVILEGES, universe.role):
        relation = row["relation"]
        if row["writes"] or (row["reads_some"] and relation not in allowed):
            found.append(f"role {universe.role} has a privilege on {relation}")
        if relation in allowed and not row["reads"]:
            found.append(f"role {universe.role} cannot read {relation}")
    return found
