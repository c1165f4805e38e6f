"""`gateway universe` prints the SQL that a store's owners run with no right but ownership."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from resolvers.sources.catalogue import Store
from resolvers.sources.fields import OBJECTS
from resolvers.stores.pool import StoreLogin, connect_owner, connect_role
from resolvers.universe.barriers import view_owner_of
from resolvers.universe.inspection import differences
from resolvers.universe.migrations import migrate
from resolvers.universe.render import apply, role_of, universes
from resolvers.universe.roles import writers_of
from schema.purposes import Purpose
from tests.commands.test_cli import command

if TYPE_CHECKING:
    from gateway.demo.embedded import EmbeddedPostgres
    from resolvers.stores.pool import Connection
    from tests.conftest import NewDatabase

OWNER = "owner_of_stores"


async def printed(store: Store) -> str:
    """The SQL that the command prints for the owners to review."""
    said = await command("universe", "--store", store)
    assert (said.status, said.err) == (0, "")
    assert said.out.startswith("BEGIN;\n") and said.out.endswith("COMMIT;\n")
    return said.out


@pytest.mark.parametrize("store", Store)
async def test_the_printed_sql_makes_the_universes(new_database: NewDatabase, store: Store) -> None:
    """The printed SQL makes the universes under any search path, and may be run twice."""
    dsn = await new_database(store)
    owner = await connect_owner(dsn)
    sql = await printed(store)
    for path in ("public", f"{store}, ads_personalization, public"):
        await owner.execute(f"SET search_path = {path}")
        await owner.execute(sql)
        await owner.execute("RESET search_path")
        assert await differences(owner, OBJECTS, store) == []
    for purpose in [each.purpose for each in universes(OBJECTS, store)]:
        role = await connect_role(StoreLogin(dsn, role_of(store, purpose)))
        assert await differences(role, OBJECTS, store) == []
        assert await role.fetchval("SELECT current_schema") == purpose.universe
        role.terminate()
    # `apply` runs the same text.
    await apply(owner, OBJECTS, store)
    assert await differences(owner, OBJECTS, store) == []
    await owner.close()


async def test_a_failing_script_leaves_the_universes_as_they_were(new_database: NewDatabase) -> None:
    """The printed SQL is one transaction: if it fails, the store keeps its universes."""
    owner = await connect_owner(await new_database("social"))
    await owner.execute(await printed(Store.SOCIAL))
    await owner.execute("ALTER TABLE social.merchant RENAME TO merchants")
    with pytest.raises(Exception, match="merchant"):
        await owner.execute(await printed(Store.SOCIAL))
    await owner.execute("ROLLBACK")
    await owner.execute("ALTER TABLE social.merchants RENAME TO merchant")
    assert await differences(owner, OBJECTS, Store.SOCIAL) == []
    await owner.close()


@pytest.fixture
async def owned(embedded: EmbeddedPostgres) -> AsyncIterator[Connection]:
    """The messenger's store in a database whose owner may create roles and is not a superuser."""
    server = await connect_owner(embedded.dsn("postgres"))
    await server.execute(f"CREATE ROLE {OWNER} LOGIN CREATEROLE")
    await server.execute(f"CREATE DATABASE owned OWNER {OWNER}")
    # The roles exist in this server already. A login that creates them gets this right.
    logins = [role_of(Store.MESSENGER, purpose) for purpose in Purpose]
    owners = [view_owner_of(Store.MESSENGER, purpose) for purpose in Purpose]
    for role in [*logins, *owners, *writers_of("messenger")]:
        if await server.fetchval("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", role):
            await server.execute(f"GRANT {role} TO {OWNER} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE")
    owner = await connect_owner(embedded.dsn("owned").replace("postgres@", f"{OWNER}@"))
    yield owner
    await owner.close()
    await server.execute("DROP DATABASE owned WITH (FORCE)")
    await server.execute(f"DROP OWNED BY {OWNER}")
    await server.execute(f"DROP ROLE {OWNER}")
    await server.close()


async def test_an_owner_without_powers_can_apply_them(owned: Connection) -> None:
    """A login that is not a superuser makes tables and universes, twice."""
    assert not await owned.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    await migrate(owned, "messenger")
    for _ in range(2):
        await owned.execute(await printed(Store.MESSENGER))
        assert await differences(owned, OBJECTS, Store.MESSENGER) == []
        # The probe reads the views with the owner's rights.
        found = await owned.fetchrow("SELECT * FROM messenger.look_for_probe()")
        assert tuple(found) == (True, [], [])
