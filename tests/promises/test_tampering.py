"""A store whose parts are all there and do something else is noticed, and not served (I48, I27)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from gateway.app import open_gateway
from gateway.upkeep.advice import with_advice
from gateway.upkeep.store_logins import NotReady
from resolvers.sources.catalogue import Store
from resolvers.sources.fields import OBJECTS
from resolvers.stores.pool import connect_owner
from resolvers.universe.difference import Difference, DifferenceKind
from resolvers.universe.inspection import differences
from tests.kit.gateway import NewDatabase, Side, open_side

KIND = DifferenceKind


@pytest.fixture(scope="module")
async def side(new_database: NewDatabase) -> AsyncIterator[Side]:
    """A gateway before stores of its own."""
    async with open_side(new_database) as opened:
        yield opened


@dataclass(frozen=True)
class Attack:
    """What the owner of a store does, how it is undone, and the difference that must be found."""

    does: str
    undone: str
    kind: DifferenceKind
    name: str
    relation: str = ""
    store: Store = Store.MESSENGER


EMPTIED = (
    "CREATE OR REPLACE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER"
    " SET search_path = pg_catalog, pg_temp AS $$ BEGIN RETURN NEW; END $$"
)
COUNTRY = "ALTER TABLE messenger.account DROP CONSTRAINT account_country_code_check;"


def again(trigger: str, table: str, when_written: str, when: str = "") -> str:
    """The statements that make the trigger again."""
    function = f"{table.partition('.')[0]}.{trigger}"
    return (
        f"DROP TRIGGER {trigger} ON {table}; CREATE TRIGGER {trigger} {when_written} ON {table}"
        f" FOR EACH ROW {when} EXECUTE FUNCTION {function}();"
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}"
    )


ATTACKS = {
    "an emptied trigger function": Attack(
        EMPTIED.format("messenger.place_restriction"),
        "",
        KIND.FUNCTION_CHANGED,
        "messenger.place_restriction",
    ),
    "a function without its search_path": Attack(
        "ALTER FUNCTION messenger.restrict RESET ALL",
        "ALTER FUNCTION messenger.restrict SET search_path = pg_catalog, pg_temp",
        KIND.FUNCTION_CHANGED,
        "messenger.restrict",
    ),
    "a function that runs as its caller": Attack(
        "ALTER FUNCTION social.spread_restriction SECURITY INVOKER",
        "ALTER FUNCTION social.spread_restriction SECURITY DEFINER",
        KIND.FUNCTION_CHANGED,
        "social.spread_restriction",
        store=Store.SOCIAL,
    ),
    "a function of somebody else": Attack(
        "CREATE ROLE stranger; ALTER FUNCTION messenger.restrict OWNER TO stranger",
        "ALTER FUNCTION messenger.restrict OWNER TO CURRENT_USER; DROP ROLE stranger",
        KIND.FUNCTION_CHANGED,
        "messenger.restrict",
    ),
    "a second function of the same name": Attack(
        "CREATE FUNCTION messenger.restrict(bigint[], integer[], integer[], integer, boolean) RETURNS bigint"
        " LANGUAGE sql RETURN 0",
        "DROP FUNCTION messenger.restrict(bigint[], integer[], integer[], integer, boolean)",
        KIND.FUNCTION_CHANGED,
        "messenger.restrict",
    ),
    "a trigger with a condition": Attack(
        again("place_account", "messenger.account", "BEFORE INSERT OR UPDATE", when="WHEN (false)"),
        again("place_account", "messenger.account", "BEFORE INSERT OR UPDATE"),
        KIND.TRIGGER_CHANGED,
        "messenger.account: place_account",
    ),
    "a trigger for insertions alone": Attack(
        again("place_restriction", "social.ad_topic", "BEFORE INSERT"),
        again("place_restriction", "social.ad_topic", "BEFORE INSERT OR UPDATE"),
        KIND.TRIGGER_CHANGED,
        "social.ad_topic: place_restriction",
        store=Store.SOCIAL,
    ),
    "a trigger that replication passes": Attack(
        "ALTER TABLE messenger.contact ENABLE TRIGGER place_restriction",
        "ALTER TABLE messenger.contact ENABLE ALWAYS TRIGGER place_restriction",
        KIND.TRIGGER_NOT_ALWAYS,
        "messenger.contact: place_restriction",
    ),
    "a trigger for replication alone": Attack(
        "ALTER TABLE messenger.contact ENABLE REPLICA TRIGGER place_restriction",
        "ALTER TABLE messenger.contact ENABLE ALWAYS TRIGGER place_restriction",
        KIND.TRIGGER_OFF,
        "messenger.contact: place_restriction",
    ),
    "a trigger after ours": Attack(
        "CREATE FUNCTION public.zero() RETURNS trigger LANGUAGE plpgsql"
        " AS 'BEGIN NEW.restricted := 0; RETURN NEW; END';"
        "CREATE TRIGGER zero BEFORE INSERT OR UPDATE ON messenger.contact"
        " FOR EACH ROW EXECUTE FUNCTION public.zero()",
        "DROP FUNCTION public.zero() CASCADE",
        KIND.TRIGGER_UNKNOWN,
        "messenger.contact: zero",
    ),
    "a rule": Attack(
        "CREATE RULE quiet AS ON UPDATE TO messenger.daily_usage DO INSTEAD NOTHING",
        "DROP RULE quiet ON messenger.daily_usage",
        KIND.TABLE_REWRITTEN,
        "messenger.daily_usage",
    ),
    "row security on the restrictions": Attack(
        "ALTER TABLE messenger.restriction ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE messenger.restriction DISABLE ROW LEVEL SECURITY",
        KIND.TABLE_REWRITTEN,
        "messenger.restriction",
    ),
    "a table that inherits": Attack(
        "CREATE TABLE public.more () INHERITS (messenger.account)",
        "DROP TABLE public.more",
        KIND.TABLE_REWRITTEN,
        "messenger.account",
    ),
    "options of a view": Attack(
        "ALTER VIEW ads_personalization.account SET (check_option = local)",
        "ALTER VIEW ads_personalization.account RESET (check_option)",
        KIND.UNIVERSE_CHANGED,
        "ads_personalization",
    ),
    "a replica's sessions in the database": Attack(
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET session_replication_role = replica',"
        " current_database()); END $$",
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I RESET session_replication_role',"
        " current_database()); END $$",
        KIND.SETTING_CHANGED,
        "session_replication_role",
        "database",
    ),
    "another isolation level in the database": Attack(
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = serializable',"
        " current_database()); END $$",
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I RESET default_transaction_isolation',"
        " current_database()); END $$",
        KIND.SETTING_CHANGED,
        "default_transaction_isolation",
        "database",
        store=Store.CONTROL,
    ),
    "a replica's sessions of a role": Attack(
        "ALTER ROLE social_objections SET session_replication_role = replica",
        "ALTER ROLE social_objections RESET session_replication_role",
        KIND.SETTING_CHANGED,
        "session_replication_role",
        "social_objections",
        store=Store.SOCIAL,
    ),
    "a CHECK that is gone": Attack(
        "ALTER TABLE messenger.account DROP CONSTRAINT account_phone_check",
        "ALTER TABLE messenger.account ADD CONSTRAINT account_phone_check"
        r" CHECK (phone ~ '^\+[1-9][0-9]{6,14}$')",
        KIND.CHECK_MISSING,
        "messenger.account.phone",
    ),
    "a CHECK that is not validated": Attack(
        "ALTER TABLE social.ad_topic DROP CONSTRAINT ad_topic_source_check; ALTER TABLE social.ad_topic"
        " ADD CONSTRAINT ad_topic_source_check CHECK (source IN ('MESSENGER', 'SOCIAL')) NOT VALID",
        "ALTER TABLE social.ad_topic VALIDATE CONSTRAINT ad_topic_source_check",
        KIND.CHECK_MISSING,
        "social.ad_topic.source",
        store=Store.SOCIAL,
    ),
    "a CHECK that lets quotes in": Attack(
        f"{COUNTRY} ALTER TABLE messenger.account"
        " ADD CONSTRAINT account_country_code_check CHECK (country_code ~ '^[A-Z]{2}')",
        f"{COUNTRY} ALTER TABLE messenger.account"
        " ADD CONSTRAINT account_country_code_check CHECK (country_code ~ '^[A-Z]{2}$')",
        KIND.CHECK_MISSING,
        "messenger.account.country_code",
    ),
    "a column of another type": Attack(
        "ALTER TABLE messenger.unplaced ALTER stamp DROP DEFAULT, ALTER stamp TYPE text",
        "ALTER TABLE messenger.unplaced ALTER stamp TYPE xid8 USING stamp::xid8,"
        " ALTER stamp SET DEFAULT pg_current_xact_id()",
        KIND.COLUMN_TYPE,
        "messenger.unplaced.stamp",
    ),
    "Postgres' statistics for a role": Attack(
        "GRANT SELECT ON pg_statistic TO messenger_security",
        "REVOKE SELECT ON pg_statistic FROM messenger_security",
        KIND.PRIVILEGE_BEYOND,
        "messenger_security",
        "pg_catalog.pg_statistic",
    ),
    "one column of them for everybody": Attack(
        "GRANT SELECT (stavalues1) ON pg_statistic TO PUBLIC",
        "REVOKE SELECT (stavalues1) ON pg_statistic FROM PUBLIC",
        KIND.PRIVILEGE_BEYOND,
        "public",
        "pg_catalog.pg_statistic",
    ),
    "a function that reads files": Attack(
        "GRANT EXECUTE ON FUNCTION pg_read_file(text) TO messenger_objections",
        "REVOKE EXECUTE ON FUNCTION pg_read_file(text) FROM messenger_objections",
        KIND.PRIVILEGE_BEYOND,
        "messenger_objections",
        "pg_catalog.pg_read_file",
    ),
    "a large object": Attack(
        "SELECT lo_create(4711); GRANT SELECT ON LARGE OBJECT 4711 TO messenger_security",
        "SELECT lo_unlink(4711)",
        KIND.PRIVILEGE_BEYOND,
        "messenger_security",
        "large objects",
    ),
    "the right to set a parameter": Attack(
        "GRANT SET ON PARAMETER session_replication_role TO messenger_objections",
        "REVOKE SET ON PARAMETER session_replication_role FROM messenger_objections",
        KIND.PRIVILEGE_BEYOND,
        "messenger_objections",
        "parameter session_replication_role",
    ),
    "privileges on tables to come": Attack(
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO messenger_security",
        "ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM messenger_security",
        KIND.PRIVILEGE_BEYOND,
        "messenger_security",
        "default privileges",
    ),
}


async def found_in(side: Side, store: Store) -> list[Difference]:
    """What inspection finds with a session of its own, which takes what is set for the database."""
    owner = await connect_owner(side.settings.owner_dsn(store.value))
    try:
        return await differences(owner, OBJECTS, store)
    finally:
        await owner.close()


@pytest.mark.parametrize("name", ATTACKS)
async def test_i48_a_store_that_does_something_else_is_noticed(side: Side, name: str) -> None:
    """Inspection names the part, a start refuses with the same line; undone, nothing is left."""
    attack = ATTACKS[name]
    owner = side.owner(attack.store)
    undone = attack.undone or await owner.fetchval("SELECT pg_get_functiondef($1::regproc)", attack.name)
    expected = Difference(attack.kind, attack.store, attack.name, relation=attack.relation)
    await owner.execute(attack.does)
    try:
        assert expected in await found_in(side, attack.store)
        with pytest.raises(NotReady) as refusal:
            async with open_gateway(side.settings):
                raise AssertionError("it serves")
        assert f"{attack.store}: {with_advice(expected)}" in refusal.value.lines
    finally:
        await owner.execute(undone)
    assert await found_in(side, attack.store) == []
