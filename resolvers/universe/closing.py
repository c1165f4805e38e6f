"""What a store closes to the logins of purposes in Postgres' own catalogue. It needs a superuser.

Open to everybody in a new database are: counts of rows changed and read in each table, and table sizes (they
show each objection, and the exact audience of a list); large objects, which any login may write; advisory
locks, with which a login could keep objections waiting; ending other sessions of the same role; and writing
into the WAL. All of it is revoked from PUBLIC in this database. Monitoring goes on through `pg_monitor`, and
`pg_signal_backend` ends sessions; the owners and the roles that write keep the locks.

What Postgres cannot close to a login is in docs/operators.md: its own time-outs, LISTEN and NOTIFY, the
estimates of EXPLAIN with the totals in pg_class, and the pace at which transaction numbers grow.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from resolvers.universe.roles import writers_of

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection

VIEWS = "^pg_stat(io)?_(xact_)?(all|user|sys)_|^pg_stat_(activity|database|progress_.*)$|^pg_locks$"
COUNTS = "^pg_stat_get_|^pg_(table|relation|total_relation|indexes|database)_size$|^pg_lock_status$"
SIGNALS = "^pg_(cancel|terminate)_backend$"
WRITES = "^lo_(?!compat)|^lo(read|write)$|^pg_logical_emit_message$"
LOCKS = "^pg_(try_)?advisory_"

_OPEN = f"""
SELECT CASE WHEN name ~ '{LOCKS}' THEN 'take advisory locks'
            WHEN name ~ '{WRITES}|{SIGNALS}' THEN 'write large objects or end sessions'
            ELSE 'read counts of changed rows, sizes or locks' END AS may
FROM (
    SELECT p.proname::text AS name FROM pg_proc p
    WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname ~ '{COUNTS}|{WRITES}|{SIGNALS}|{LOCKS}'
      AND has_function_privilege($1::text, p.oid, 'EXECUTE')
    UNION ALL
    SELECT c.relname FROM pg_class c
    WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'v' AND c.relname ~ '{VIEWS}'
      AND has_table_privilege($1::text, c.oid, 'SELECT')
) open_to_it
GROUP BY 1 ORDER BY 1
"""  # noqa: S608 - constants of this file


def closing_lines(store: str) -> Iterator[str]:
    """The SQL that closes them; it does nothing, and says so, unless a superuser runs it."""
    kept = ", ".join(writers_of(store))
    yield "-- What only a superuser can close to these logins: `gateway doctor` says whether it is done."
    yield "DO $$ DECLARE each text; owners text; BEGIN"
    yield "    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN"
    yield "        RAISE NOTICE 'a superuser must run this once more, to close statistics and locks'; RETURN;"
    yield "    END IF;"
    yield "    SELECT string_agg(DISTINCT quote_ident(pg_get_userbyid(o)), ', ') INTO owners FROM ("
    yield "        SELECT datdba AS o FROM pg_database WHERE datname = current_database()"
    yield f"        UNION SELECT nspowner FROM pg_namespace WHERE nspname = '{store}') owning;"  # noqa: S608
    yield "    FOR each IN SELECT relname FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace"
    yield f"            AND relkind = 'v' AND relname ~ '{VIEWS}'"
    yield "            AND has_table_privilege('public', oid, 'SELECT') LOOP"
    yield "        EXECUTE format('REVOKE ALL ON pg_catalog.%I FROM PUBLIC', each);"
    yield "        EXECUTE format('GRANT SELECT ON pg_catalog.%I TO pg_monitor', each);"
    yield "    END LOOP;"
    for names, grantees in (
        (COUNTS, "'pg_monitor'"),
        (SIGNALS, "'pg_signal_backend'"),
        (WRITES, "owners"),
        (LOCKS, f"owners || ', {kept}'"),
    ):
        yield "    FOR each IN SELECT oid::regprocedure FROM pg_proc"
        # The locks always: a new release may have another role that writes.
        wanted = "" if names == LOCKS else " AND has_function_privilege('public', oid, 'EXECUTE')"
        yield "            WHERE pronamespace = 'pg_catalog'::regnamespace"
        yield f"            AND proname ~ '{names}'{wanted} LOOP"
        yield "        EXECUTE 'REVOKE ALL ON FUNCTION ' || each || ' FROM PUBLIC';"
        yield f"        EXECUTE 'GRANT EXECUTE ON FUNCTION ' || each || ' TO ' || {grantees};"
        yield "    END LOOP;"
    yield "END $$;"


async def still_open(connection: Connection, role: str) -> list[str]:
    """What the login may still do in the database's own catalogue; empty once it is closed, or without it."""
    if await connection.fetchval("SELECT to_regrole($1) IS NULL", role):
        return []
    return [row["may"] for row in await connection.fetch(_OPEN, role)]
