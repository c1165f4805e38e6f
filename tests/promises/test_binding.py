"""Whether objections bind is asked of their effect: copies are compared, made-up people looked for (I48)."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

import pytest

from gateway.app import open_gateway
from gateway.upkeep import effect
from gateway.upkeep.advice import with_advice
from gateway.upkeep.effect import effect_of, unbinding
from gateway.upkeep.store_logins import NotReady
from resolvers.changes.copies import differing_copies, repair_copies
from resolvers.changes.restrictions import Stores, ask
from resolvers.changes.suspensions import recover
from resolvers.sources.catalogue import Store, relations_of
from resolvers.sources.fields import OBJECTS
from resolvers.stores.pool import connect_owner
from resolvers.universe.difference import Difference, DifferenceKind
from resolvers.universe.effect.probe import LOOKS, look_for_probe
from resolvers.universe.inspection import differences
from resolvers.universe.views import views_of
from schema.purposes import Purpose
from tests.kit.gateway import ADS, SECURITY, NewDatabase, Side, open_side
from tests.kit.histories import FED

STORES = (Store.MESSENGER, Store.SOCIAL)


@pytest.fixture(scope="module")
async def side(new_database: NewDatabase) -> AsyncIterator[Side]:
    """A gateway before stores of its own, with two members; the first is restricted."""
    async with open_side(new_database) as opened:
        await opened.messenger.execute(FED["messenger"])
        await opened.social.execute(FED["social"])
        await opened.messenger.execute(
            "INSERT INTO messenger.restriction (account_id, purposes) VALUES (1, 3)"
        )
        await opened.social.execute("INSERT INTO social.restriction (messenger_id, purposes) VALUES (1, 3)")
        yield opened


@asynccontextmanager
async def another(side: Side) -> AsyncIterator[Side]:
    """A second gateway before the same stores, once it is ready."""
    async with open_gateway(side.settings) as app:
        other = replace(side, asked=[])
        other.app = app
        other._verifier = other.gateway.pools[ADS][Store.SOCIAL]._gate  # type: ignore[assignment]
        await other.wait_until_ready()
        yield other


async def probed(side: Side, store: Store) -> list[Difference]:
    """What the made-up people are found to see."""
    return await look_for_probe(partial(ask, side.owner(store)), store)


async def rows_of(side: Side, store: Store) -> dict[str, int]:
    """How many rows each table has."""
    owner = side.owner(store)
    tables = [relation.qualified for relation in relations_of(store)]
    return {name: await owner.fetchval(f"SELECT count(*) FROM {name}") for name in tables}


@pytest.mark.parametrize("store", STORES)
async def test_the_probe_finds_no_objector_and_leaves_nothing(side: Side, store: Store) -> None:
    """In a sound store made-up objectors are found nowhere, the others everywhere; no row remains."""
    before = await rows_of(side, store)
    assert await probed(side, store) == []
    assert await rows_of(side, store) == before


async def test_two_probes_at_once_do_not_wait_for_each_other(side: Side) -> None:
    """While one process looks, another finds nothing and goes on."""
    async with side.messenger.transaction():
        await side.messenger.fetchrow("SELECT * FROM messenger.look_for_probe()")
        assert await asyncio.wait_for(effect_of(side.settings, Store.MESSENGER), 30) == []


async def test_every_view_with_restrictions_is_looked_into() -> None:
    """Each view of an objectable purpose that hides rows has a column by which the probe looks."""
    for store in STORES:
        for purpose in Purpose:
            for view in views_of(OBJECTS, store, purpose).values():
                if purpose.restriction_bit and view.relation.restricted:
                    columns = {look.column for look in LOOKS[view.relation.qualified]}
                    assert columns & view.columns, (purpose, view.relation.qualified)


OPENED = "CREATE OR REPLACE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {} END $$"
# What the owner of a store does, which table is then open, and in which universe.
BROKEN = {
    "triggers that place nothing": (
        Store.MESSENGER,
        OPENED.format("messenger.place_account", "NEW.restricted := 0; RETURN NEW;"),
        "ads_personalization.account.phone by value",
    ),
    "usage that is placed open": (
        Store.MESSENGER,
        OPENED.format("messenger.place_restriction", "NEW.restricted := 0; RETURN NEW;"),
        "ads_personalization.daily_usage.account_id by a count",
    ),
    "contacts whose far end is open": (
        Store.MESSENGER,
        "ALTER POLICY gateway_friend_suggestions ON messenger.contact USING (contact.restricted & 2 = 0)",
        "friend_suggestions.contact.contact_id in a list",
    ),
    "a view of everything": (
        Store.SOCIAL,
        "CREATE OR REPLACE VIEW ads_personalization.messenger_lookup AS"
        " SELECT t.messenger_id, t.account_id FROM social.messenger_lookup t;"
        " ALTER POLICY gateway_ads_personalization ON social.messenger_lookup USING (true)",
        "ads_personalization.messenger_lookup.messenger_id in a page",
    ),
    "numbers that are placed open": (
        Store.SOCIAL,
        OPENED.format("social.place_number", "NEW.restricted := 0; RETURN NEW;"),
        "friend_suggestions.number_lookup.number by value",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_i48_the_probe_finds_what_is_open_in_each_form(side: Side, name: str) -> None:
    """What no longer hides is found by the made-up objectors, even under a signature made again."""
    store, does, where = BROKEN[name]
    owner, expected = side.owner(store), Difference(DifferenceKind.PROBE_FOUND, store, where)
    transaction = owner.transaction()
    await transaction.start()
    try:
        await owner.execute(does)
        assert expected in await probed(side, store)
    finally:
        await transaction.rollback()
    assert await probed(side, store) == []


LIFTS = """
CREATE FUNCTION public.lift() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
'BEGIN DELETE FROM messenger.restriction WHERE account_id = NEW.account_id; RETURN NULL; END';
REVOKE ALL ON FUNCTION public.lift FROM PUBLIC;
CREATE TRIGGER lift AFTER INSERT ON messenger.restriction FOR EACH ROW EXECUTE FUNCTION public.lift()
"""


async def test_a_store_that_opens_a_made_up_objector_is_not_served(side: Side) -> None:
    """A trigger of the owners lifts what is restricted: no part differs, and the probe refuses the store."""
    await side.messenger.execute(LIFTS)
    try:
        assert await differences(side.messenger, OBJECTS, Store.MESSENGER) == []
        with pytest.raises(NotReady) as refusal:
            async with open_gateway(side.settings):
                raise AssertionError("it serves")
        where = "ads_personalization.account.id by value"
        found = Difference(DifferenceKind.PROBE_FOUND, Store.MESSENGER, where)
        assert f"messenger: {with_advice(found)}" in refusal.value.lines
    finally:
        await side.messenger.execute("DROP FUNCTION public.lift CASCADE")


COPIES = {
    Store.MESSENGER: ("account", "phone_lookup", "daily_usage", "contact"),
    Store.SOCIAL: ("phone_binding", "messenger_link", "messenger_lookup", "number_lookup", "ad_topic"),
}


@pytest.mark.parametrize(("store", "table"), [(store, table) for store in COPIES for table in COPIES[store]])
async def test_i48_a_copy_that_was_opened_is_found_and_repaired(side: Side, store: Store, table: str) -> None:
    """What a superuser wrote with the triggers off is counted, and written right, by a look of any minute."""
    owner = side.owner(store)
    name = f"{store}.{table}"
    held = f"SELECT restricted FROM {name} ORDER BY 1"
    before = await owner.fetch(held)
    triggers = [row[0] for row in await owner.fetch(
        "SELECT tgname FROM pg_trigger WHERE tgrelid = $1::regclass AND tgenabled = 'A'", name
    )]  # fmt: skip
    for trigger in triggers:
        await owner.execute(f"ALTER TABLE {name} DISABLE TRIGGER {trigger}")
    await owner.execute(f"UPDATE {name} SET restricted = 0")
    assert await differing_copies(partial(ask, owner), store) == 1
    found = await effect_of(side.settings, store)
    assert {each.kind for each in unbinding(found)} >= {DifferenceKind.TRIGGER_OFF}
    for trigger in triggers:
        await owner.execute(f"ALTER TABLE {name} ENABLE ALWAYS TRIGGER {trigger}")
    assert await effect_of(side.settings, store) == []
    assert await owner.fetch(held) == before


async def test_a_start_repairs_what_was_loaded_with_the_triggers_off(side: Side) -> None:
    """A gateway that starts after such a load serves, and the objector is hidden."""
    await side.messenger.execute("UPDATE messenger.restriction SET purposes = 3")
    async with side.messenger.transaction():
        await side.messenger.execute("ALTER TABLE messenger.daily_usage DISABLE TRIGGER place_restriction")
        await side.messenger.execute("UPDATE messenger.daily_usage SET restricted = 0")
        await side.messenger.execute(
            "ALTER TABLE messenger.daily_usage ENABLE ALWAYS TRIGGER place_restriction"
        )
    async with another(side):
        pass
    assert await side.messenger.fetchval(
        "SELECT restricted FROM messenger.daily_usage WHERE account_id = 1"
    ) == 3  # fmt: skip


async def test_a_member_of_a_suspended_country_loaded_with_the_triggers_off_is_restricted(side: Side) -> None:
    """The comparison knows the suspension, and restricts the member before it places their row."""
    async with side.messenger.transaction():
        await side.messenger.execute("INSERT INTO messenger.suspended VALUES ('AT', 3)")
        await side.messenger.execute("ALTER TABLE messenger.account DISABLE TRIGGER place_account")
        await side.messenger.execute(
            "INSERT INTO messenger.account (id, phone, country_code, registered_at)"
            " VALUES (7, '+4315110000007', 'AT', '2015-01-01Z')"
        )
        await side.messenger.execute("ALTER TABLE messenger.account ENABLE ALWAYS TRIGGER place_account")
    asking = partial(ask, side.messenger)
    try:
        assert await differing_copies(asking, Store.MESSENGER) > 0
        await repair_copies(asking, Store.MESSENGER)
        assert await differing_copies(asking, Store.MESSENGER) == 0
        assert await side.messenger.fetchval("SELECT restricted FROM messenger.account WHERE id = 7") == 3
    finally:
        await side.messenger.execute(
            "DELETE FROM messenger.suspended; DELETE FROM messenger.account WHERE id = 7;"
            "DELETE FROM messenger.restriction WHERE account_id = 7; DELETE FROM messenger.unplaced"
        )


async def test_a_running_gateway_refuses_a_store_in_which_objections_may_not_bind(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It refuses the objectable purposes alone, says why, and serves them again once it is undone."""
    monkeypatch.setattr(effect, "EFFECT_SECONDS", 0.2)
    monkeypatch.setattr(effect, "SOON_SECONDS", 0.2)
    document = '{ messengerAccount(id: "ma_2") { id } }'
    async with another(side) as other:
        assert (await other.ask(ADS, document)).data["messengerAccount"] is not None
        emptied = "CREATE OR REPLACE FUNCTION messenger.move_country() {} AS $$ BEGIN RETURN NULL; END $$"
        whole = await side.messenger.fetchval("SELECT pg_get_functiondef('messenger.move_country'::regproc)")
        await side.messenger.execute(emptied.format("RETURNS trigger LANGUAGE plpgsql"))
        try:
            async with asyncio.timeout(60):
                while (await other.ask(ADS, document)).codes != ["STORE_UNAVAILABLE"]:
                    await asyncio.sleep(0.1)
            assert (await other.ask(SECURITY, document)).data["messengerAccount"] is not None
            ready = await other.ready()
            assert ready.status == 503
            assert "an objection may not bind in it" in ready.body.decode()
        finally:
            await side.messenger.execute(whole)
        await other.wait_until_ready()
        assert (await other.ask(ADS, document)).data["messengerAccount"] is not None


async def test_a_recovery_repairs_copies(side: Side) -> None:
    """`recover` writes a copy that differs, although every restriction is as the events say."""
    await side.messenger.execute("ALTER TABLE messenger.contact DISABLE TRIGGER place_restriction")
    await side.messenger.execute("UPDATE messenger.contact SET restricted = 0")
    await side.messenger.execute("ALTER TABLE messenger.contact ENABLE ALWAYS TRIGGER place_restriction")
    now = datetime.datetime(2016, 10, 2, tzinfo=datetime.UTC)
    stores = Stores(side.control, side.messenger, side.social)
    await recover(stores, now, lambda *_: None)
    assert await differing_copies(partial(ask, side.messenger), Store.MESSENGER) == 0


async def test_the_probe_says_who_is_missing_and_that_it_failed(side: Side) -> None:
    """A view of nothing hides those who did not object, and a table that takes no probe is said to."""
    owner = side.messenger
    transaction = owner.transaction()
    await transaction.start()
    try:
        await owner.execute(
            "CREATE OR REPLACE VIEW ads_personalization.daily_usage AS"
            " SELECT t.account_id, t.day, t.messages_sent FROM messenger.daily_usage t WHERE false"
        )
        missed = "ads_personalization.daily_usage.account_id"
        assert await probed(side, Store.MESSENGER) == [
            Difference(DifferenceKind.PROBE_MISSED, Store.MESSENGER, missed)
        ]
    finally:
        await transaction.rollback()
    await owner.execute("ALTER TABLE messenger.account ADD CONSTRAINT small CHECK (id < 1000)")
    try:
        assert await probed(side, Store.MESSENGER) == [
            Difference(DifferenceKind.PROBE_FAILED, Store.MESSENGER, "messenger.look_for_probe")
        ]
    finally:
        await owner.execute("ALTER TABLE messenger.account DROP CONSTRAINT small")


async def test_a_probe_waits_for_no_load(side: Side) -> None:
    """While a load holds the tables, a look finds nothing and is over within seconds."""
    loading = await connect_owner(side.settings.owner_dsn("messenger"))
    try:
        async with loading.transaction():
            await loading.execute("LOCK TABLE messenger.restriction IN SHARE MODE")
            assert await asyncio.wait_for(probed(side, Store.MESSENGER), 10) == []
    finally:
        await loading.close()
