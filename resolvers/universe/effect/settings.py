"""Settings of a database, its roles or the server that would undo what binds, or change what an answer says.

A trigger that is not ALWAYS, and every foreign key, is off in a session with session_replication_role =
replica. A default isolation level of more than read committed makes every objection fail. row_security and
search_path change what a function reads. The others change how Postgres writes a value, or load code.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from resolvers.universe.difference import Difference, DifferenceKind

if TYPE_CHECKING:
    from resolvers.sources.catalogue import Store
    from resolvers.stores.pool import Connection

# May be set neither for the database nor for a role of the gateway.
FORBIDDEN = frozenset(
    {
        "allow_system_table_mods",
        "array_nulls",
        "backslash_quote",
        "bytea_output",
        "default_transaction_deferrable",
        "default_transaction_isolation",
        "dynamic_library_path",
        "escape_string_warning",
        "extra_float_digits",
        "ignore_system_indexes",
        "lo_compat_privileges",
        "local_preload_libraries",
        "role",
        "row_security",
        "session_authorization",
        "session_preload_libraries",
        "session_replication_role",
        "standard_conforming_strings",
        "transaction_isolation",
        "transaction_read_only",
        "transform_null_equals",
        "zero_damaged_pages",
    }
)
# Nor these for the database: a role of the gateway has its own path, and no style.
_OF_THE_DATABASE = frozenset({"datestyle", "intervalstyle", "search_path"})
# What every session of the gateway needs, wherever it is set: in the server's own file, too.
EFFECTIVE = {
    "session_replication_role": "origin",
    "default_transaction_isolation": "read committed",
    "standard_conforming_strings": "on",
    "row_security": "on",
    "bytea_output": "hex",
    "datestyle": "iso",
    "array_nulls": "on",
    "transform_null_equals": "off",
}

_SET = """
SELECT coalesce(r.rolname, '') AS role, c.setting
FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole,
     unnest(s.setconfig) AS c(setting)
WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
  AND (s.setrole = 0 OR r.rolname = ANY ($1::text[]))
ORDER BY 1, 2
"""
_EFFECTIVE = "SELECT name, current_setting(name) AS value FROM unnest($1::text[]) AS n(name)"


async def setting_differences(connection: Connection, store: Store, roles: Sequence[str]) -> list[Difference]:
    """What is set for the database, for one of these roles or for this session, and must not be."""
    found = []
    for row in await connection.fetch(_SET, list(roles)):
        name = row["setting"].partition("=")[0]
        if name.lower() in FORBIDDEN or (not row["role"] and name.lower() in _OF_THE_DATABASE):
            where = row["role"] or "database"
            found.append(Difference(DifferenceKind.SETTING_CHANGED, store, name.lower(), relation=where))
    for row in await connection.fetch(_EFFECTIVE, list(EFFECTIVE)):
        if not row["value"].lower().startswith(EFFECTIVE[row["name"]]):
            each = Difference(DifferenceKind.SETTING_CHANGED, store, row["name"], relation="session")
            found.append(each)
    return found
