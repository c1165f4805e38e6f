"""What the holder of a role's login learns beyond the rows of the role's views (I49).

The role may run any statement, not only the gateway's: conditions with casts, functions, EXPLAIN.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from random import Random
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from resolvers.sources.catalogue import Store
from resolvers.sources.fields import OBJECTS
from resolvers.stores.pool import connect_owner
from resolvers.universe.closing import still_open
from resolvers.universe.render import Universe, apply, universes
from tests.kit.gateway import NewDatabase, Side, open_side
from tests.kit.worlds.making import random_world

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection

HIDING = [
    (universe, view) for store in Store for universe in universes(OBJECTS, store) for view in universe.hiding
]
ROWS = 12


@pytest.fixture(scope="module")
async def side(new_database: NewDatabase) -> AsyncIterator[Side]:
    """Stores with a world in which many people are hidden."""
    async with open_side(new_database) as opened:
        await opened.hold(random_world(Random("logins").randint(0, 10**9), 40))
        yield opened


async def hidden_rows(side: Side, universe: Universe, view: str) -> list[dict[str, Any]]:
    """Rows of the view's table that the view does not have, with the view's columns, as texts."""
    owner = side.owner(universe.store)
    columns = await owner.fetch(
        "SELECT attname FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0",
        f"{universe.purpose.universe}.{view}",
    )
    listed = ", ".join(f"{row['attname']}::text" for row in columns)
    rows = await owner.fetch(
        f"SELECT {listed} FROM {universe.store}.{view} EXCEPT"
        f" SELECT {listed} FROM {universe.purpose.universe}.{view} LIMIT {ROWS}"
    )
    return [dict(row) for row in rows]


async def login(side: Side, universe: Universe) -> Connection:
    """A connection as the universe's role."""
    return await asyncpg.connect(side.settings.owner_dsn(universe.store), user=universe.role)


@pytest.mark.parametrize(
    ("universe", "view"), HIDING, ids=[f"{universe.role}-{view}" for universe, view in HIDING]
)
async def test_i49_no_condition_is_computed_on_a_hidden_row(
    side: Side, universe: Universe, view: str
) -> None:
    """A login that knows a hidden row exactly cannot make one of its values appear in an error.

    The condition fails on every row that it is computed on, and quotes the value. It is asked for each hidden
    row and each column, with the row's values as conditions that an index can answer and without them.
    """
    rows = await hidden_rows(side, universe, view)
    if view not in {"offer_audience"} and universe.purpose.restriction_bit:
        assert rows, "the world hides nothing here"
    role = await login(side, universe)
    try:
        for row in rows:
            known = " AND ".join(
                f"{name} IS NULL" if value is None else f"{name} = '{value}'" for name, value in row.items()
            )
            for name in row:
                fails = f"concat({name}, '!')::boolean"
                assert await role.fetch(f"SELECT * FROM {view} WHERE {known} AND {fails}") == []
                assert await role.fetch(f"SELECT * FROM {view} WHERE {fails} AND {known}") == []
    finally:
        await role.close()


async def test_i49_a_condition_fails_on_a_visible_row(side: Side) -> None:
    """The same condition does fail on a row that the role sees: the test above would notice it."""
    universe, view = next((each, view) for each, view in HIDING if view == "account")
    role = await login(side, universe)
    try:
        with pytest.raises(asyncpg.InvalidTextRepresentationError, match="!"):
            await role.fetch(f"SELECT * FROM {view} WHERE concat(id, '!')::boolean")
    finally:
        await role.close()


async def test_i49_row_security_binds_the_role_whatever_it_sets(side: Side) -> None:
    """A role that switches row security off gets an error instead of hidden rows."""
    universe, view = next((each, view) for each, view in HIDING if view == "account")
    role = await login(side, universe)
    try:
        await role.execute("SET row_security = off")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await role.fetch(f"SELECT * FROM {view}")
    finally:
        await role.close()


# --- Postgres' own catalogue ------------------------------------------------------------------------

CLOSED = (
    "SELECT n_tup_upd FROM pg_stat_user_tables",
    "SELECT pg_stat_get_tuples_updated('pg_class'::regclass)",
    "SELECT pg_relation_size('pg_class')",
    "SELECT * FROM pg_locks",
    "SELECT * FROM pg_stat_activity",
    "SELECT lo_create(0)",
    "SELECT lo_from_bytea(0, 'x')",
    "SELECT pg_advisory_xact_lock(hashtext('gateway universe'))",
    "SELECT pg_try_advisory_lock(1)",
    "SELECT pg_terminate_backend(pg_backend_pid())",
    "SELECT starelid FROM pg_statistic",
)


@pytest.mark.parametrize("statement", CLOSED)
@pytest.mark.parametrize("store", Store)
async def test_i49_the_catalogue_tells_no_login_of_changes_and_gives_it_no_lock(
    side: Side, store: Store, statement: str
) -> None:
    """No counts of changed rows, which show each objection; no lock, session or large object of others."""
    for universe in universes(OBJECTS, store):
        role = await login(side, universe)
        try:
            # Read-only is a default that any login may set off.
            await role.execute("SET default_transaction_read_only = off")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await role.fetch(statement)
        finally:
            await role.close()


async def test_the_doctor_knows_whether_the_catalogue_is_closed(new_database: NewDatabase) -> None:
    """Before a superuser has applied the universes, a login of a purpose may do all of it; then nothing."""
    owner = await connect_owner(await new_database("social"))
    try:
        await owner.execute("REVOKE ALL ON FUNCTION lo_create(oid) FROM PUBLIC")
        assert len(await still_open(owner, "social_security")) == 3
        await apply(owner, OBJECTS, Store.SOCIAL)
        assert await still_open(owner, "social_security") == []
        assert await still_open(owner, "social_objections") == ["take advisory locks"]
    finally:
        await owner.close()


@pytest.mark.parametrize("store", [Store.MESSENGER, Store.SOCIAL])
async def test_i49_content_has_no_statistics(side: Side, store: Store) -> None:
    """A login that may read pg_statistic by mistake finds no value of content there, also after ANALYZE."""
    owner = side.owner(store)
    await owner.execute(
        "INSERT INTO content.message SELECT 1, n, 2, now(), 'a secret' FROM generate_series(1, 50) n;"
        "INSERT INTO content.business_message SELECT 1, 1, n, true, now(), 'a secret'"
        " FROM generate_series(1, 50) n; ANALYZE content.message; ANALYZE content.business_message;"
    )
    try:
        found = await owner.fetchval(
            "SELECT count(*) FROM pg_statistic s JOIN pg_class c ON c.oid = s.starelid"
            " WHERE c.relnamespace = 'content'::regnamespace"
        )
        assert found == 0
    finally:
        await owner.execute("TRUNCATE content.message, content.business_message")
