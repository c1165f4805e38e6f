"""A store's word is checked: a store that lacks objections is refused until it has them again (I48)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from asyncpg import InFailedSQLTransactionError

from gateway.upkeep import reconciler
from gateway.upkeep.store_logins import writer_logins
from resolvers.changes.objections import record, withdraw
from resolvers.changes.preferences import Writers
from resolvers.changes.suspensions import finish
from resolvers.changes.verification import Doubt, accept, repair
from resolvers.sources.catalogue import Store
from resolvers.stores.gate import Closed, StoreGate
from resolvers.stores.pool import Pool, StoreUnavailable, connect_role
from resolvers.stores.session import Session
from tests.kit.gateway import ADS, FRIENDS, SECURITY, NewDatabase, Side, open_side
from tests.kit.restores import back_up, put_back
from tests.promises.test_objection import (
    ANN,
    BOB,
    BOTH,
    NOW,
    RULES,
    SMALL,
    Broken,
    at_writing,
    ids_of,
    object_to,
    quiet,
    restrictions,
    stores,
)

if TYPE_CHECKING:
    from gateway.demo.embedded import EmbeddedPostgres

BOTH_STORES = (Store.MESSENGER, Store.SOCIAL)
REPAIRED_SECONDS = 60
# Each store names Ann to ads in its own way.
ASKING = {
    Store.MESSENGER: '{ messengerAccount(id: "ma_1") { id phone } }',
    Store.SOCIAL: '{ socialAccount(id: "sa_11") { messengerLink { messengerAccount { id } } } }',
}


# Documents that one store answers alone.
OF_ONE_STORE = {
    Store.MESSENGER: '{ messengerAccount(id: "ma_2") { id } }',
    Store.SOCIAL: '{ socialAccount(id: "sa_12") { id } }',
}


@pytest.fixture
async def side(new_database: NewDatabase) -> AsyncIterator[Side]:
    """A gateway before stores of its own, with Ann, Bob and the new member."""
    async with open_side(new_database) as opened:
        await opened.hold(SMALL)
        yield opened


@pytest.fixture
def no_repair(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gateway finds what is wrong with a store, and repairs nothing."""

    async def nothing(*_: object, **__: object) -> int:
        return 0

    monkeypatch.setattr(reconciler, "reconcile_once", nothing)


async def names_ann(side: Side, store: Store) -> bool:
    """Whether an answer to ads names Ann. An answer that is refused does not."""
    return b"ma_1" in (await side.ask(ADS, ASKING[store])).body


async def until(side: Side, doubt: Doubt | None, store: Store) -> None:
    """Return once the gateway has this doubt about the store."""
    async with asyncio.timeout(REPAIRED_SECONDS):
        while side.verifier.doubts.get(store.value) is not doubt:
            await side.verifier.judged()


@pytest.mark.parametrize("store", BOTH_STORES)
async def test_i48_a_store_restored_from_a_backup_never_opens_an_objection(
    side: Side, embedded: EmbeddedPostgres, store: Store
) -> None:
    """A store is restored to before an objection: no answer names the person, and the gateway repairs it."""
    backup = await back_up(embedded, side, store)
    await side.wait_until_ready()
    await object_to(side, ANN)
    assert not await names_ann(side, store)
    await put_back(embedded, side, store, backup)
    assert (await restrictions(side))[store.value] == {}
    async with asyncio.timeout(REPAIRED_SECONDS):
        while (await restrictions(side))[store.value] != {ANN: 3}:
            assert not await names_ann(side, store)
    await side.wait_until_ready()
    assert not await names_ann(side, store)
    assert await ids_of(side, ADS) == ["ma_2", "ma_3"]


@pytest.mark.parametrize("store", BOTH_STORES)
async def test_i48_a_restored_store_is_refused_for_objectable_purposes_alone(
    side: Side, embedded: EmbeddedPostgres, store: Store, no_repair: None
) -> None:
    """Until a restored store is repaired, objectable purposes are refused it, and others read it.

    /readyz names the store, the reason and the command. The command repairs it.
    """
    backup = await back_up(embedded, side, store)
    await side.wait_until_ready()
    await object_to(side, ANN)
    await put_back(embedded, side, store, backup)
    await until(side, Doubt.BEHIND, store)
    other = Store.SOCIAL if store is Store.MESSENGER else Store.MESSENGER
    for purpose in (ADS, FRIENDS):
        assert (await side.ask(purpose, OF_ONE_STORE[store])).codes == ["STORE_UNAVAILABLE"]
        assert (await side.ask(purpose, OF_ONE_STORE[other])).codes == []
    assert (await side.ask(SECURITY, OF_ONE_STORE[store])).codes == []
    ready = await side.ready()
    assert ready.status == 503
    assert list(ready.json["refused"]) == [store.value]
    assert "gateway objection recover" in ready.json["refused"][store.value]
    await repair(stores(side), NOW, quiet)
    await side.wait_until_ready()
    assert not await names_ann(side, store)


async def test_i48_a_store_put_back_with_equal_objections_is_verified_without_a_command(
    side: Side, embedded: EmbeddedPostgres
) -> None:
    """Another database that holds the whole history is accepted within seconds."""
    await object_to(side, ANN)
    backup = await back_up(embedded, side, Store.MESSENGER)
    await put_back(embedded, side, Store.MESSENGER, backup)
    async with asyncio.timeout(REPAIRED_SECONDS):
        while (await side.ask(ADS, OF_ONE_STORE[Store.MESSENGER])).codes:
            await side.verifier.judged()
    assert await ids_of(side, ADS) == ["ma_2", "ma_3"]


async def test_i48_a_restriction_that_was_deleted_by_hand_is_found_and_written_again(
    side: Side,
) -> None:
    """The digest of the table's rows is compared with that of the events, whatever the state's row says."""
    await object_to(side, ANN)
    await side.messenger.execute("DELETE FROM messenger.restriction")
    await side.messenger.execute("SELECT messenger.recount_restrictions()")
    async with asyncio.timeout(REPAIRED_SECONDS):
        while (await restrictions(side))["messenger"] != {ANN: 3}:
            await side.verifier.judged()
    await side.wait_until_ready()
    assert await ids_of(side, ADS) == ["ma_2", "ma_3"]


async def test_i48_concurrent_objections_leave_no_doubt(side: Side) -> None:
    """Objections and withdrawals of several members at once never make the verifier doubt a store."""

    async def change(member: int) -> None:
        async with Writers(writer_logins(side.settings)).open() as own:
            for _ in range(10):
                await record(own, RULES, member, purposes=BOTH, channel="test")
                await withdraw(own, RULES, member, purposes=BOTH, channel="test")

    seen: set[Doubt] = set()
    changing = asyncio.gather(*(change(member) for member in (ANN, BOB)))
    while not changing.done():
        await side.verifier.judged()
        seen |= set(side.verifier.doubts.values())
        await asyncio.sleep(0.02)
    await changing
    assert seen == set()


async def test_i48_a_restriction_that_covers_less_is_found_and_written_again(side: Side) -> None:
    """A hand edit that leaves the row, but restricts less than was acknowledged, is counted as lost."""
    await object_to(side, ANN)
    await side.messenger.execute("UPDATE messenger.restriction SET purposes = 0, objected = 0")
    assert await side.messenger.fetchval("SELECT messenger.recount_restrictions()")
    async with asyncio.timeout(REPAIRED_SECONDS):
        while (await restrictions(side))["messenger"] != {ANN: 3}:
            await side.verifier.judged()


async def test_i48_another_database_is_accepted_only_by_the_reconciler(side: Side, no_repair: None) -> None:
    """A store that is another database than the verified one is refused, whatever it holds."""
    await side.control.execute("UPDATE control.store_state SET database = 1 WHERE store = 'social'")
    await until(side, Doubt.OTHER_SERVER, Store.SOCIAL)
    assert (await side.ask(ADS, OF_ONE_STORE[Store.SOCIAL])).codes == ["STORE_UNAVAILABLE"]
    await accept(stores(side))
    await until(side, None, Store.SOCIAL)
    assert (await side.ask(ADS, OF_ONE_STORE[Store.SOCIAL])).codes == []


async def test_i48_a_new_connection_to_another_server_is_never_used(side: Side) -> None:
    """The connections of a purpose are used only if they lead where the judged connection leads."""
    pool = Pool(side.gateway.pools[ADS][Store.SOCIAL].login, gate=side.verifier.gates[Store.SOCIAL])
    assert await pool.fetch("SELECT 1", ())
    await pool.close()
    elsewhere = replace(pool.login, dsn=side.settings.owner_dsn(Store.MESSENGER), role="messenger_security")
    other = Pool(elsewhere, gate=side.verifier.gates[Store.SOCIAL])
    with pytest.raises(StoreUnavailable):
        await other.fetch("SELECT 1", ())
    await other.close()


async def test_i48_an_open_connection_is_not_used_while_the_gate_is_closed(side: Side) -> None:
    """A connection that was admitted is dropped once the gate is closed or leads to another server."""
    gate = StoreGate(side.verifier.judged)
    pool = Pool(side.gateway.pools[ADS][Store.SOCIAL].login, gate=gate)
    verified = side.verifier.gates[Store.SOCIAL].current
    gate.open_to(verified)
    assert await pool.fetch("SELECT 1", ())
    gate.close()
    with pytest.raises(StoreUnavailable):
        await pool.fetch("SELECT 1", ())
    gate.open_to(replace(verified, started=verified.started + timedelta(seconds=1)))
    with pytest.raises(StoreUnavailable):
        await pool.fetch("SELECT 1", ())
    gate.open_to(verified)
    assert await pool.fetch("SELECT 1", ())
    gate.close()
    await pool.close()


async def test_i48_an_objection_that_is_half_written_raises_no_doubt(side: Side, no_repair: None) -> None:
    """While an objection is in one store only, no store is doubted: the member is restricted meanwhile."""
    with pytest.raises(Broken):
        await record(at_writing(stores(side), "messenger"), RULES, ANN, purposes=BOTH, channel="test")
    assert await side.control.fetchval("SELECT count(*) FROM control.unsettled") == 1
    await side.verifier.judged()
    assert side.verifier.doubts == {}
    assert await finish(stores(side), NOW, quiet) == 1
    await side.verifier.judged()
    assert side.verifier.doubts == {}


@pytest.mark.parametrize("kind", ["pooled", "behind_pooler"])
async def test_i48_each_transaction_behind_a_pooler_checks_its_server(side: Side, kind: str) -> None:
    """A pooler may reach another server with each transaction: that transaction fails before it reads."""
    login = side.gateway.pools[ADS][Store.SOCIAL].login
    verified = side.verifier.gates[Store.SOCIAL].current
    sql = "SELECT id FROM account WHERE id > $1 ORDER BY id DESC"
    others = (
        replace(verified, started=verified.started + timedelta(microseconds=1)),
        replace(verified, identity=replace(verified.identity, database=1)),
    )
    for admitted in (verified, *others):
        session = Session(await connect_role(login), 20.0, admitted=admitted, **{kind: True})
        try:
            if admitted is verified:
                assert [row["id"] for row in await session.fetch(sql, [0])] == [12, 11]
                await session.begin("REPEATABLE READ")
                continue
            with pytest.raises(Closed):
                await session.fetch(sql, [0])
            with pytest.raises((Closed, InFailedSQLTransactionError)):
                await session.begin("REPEATABLE READ")
        finally:
            session.connection.terminate()
