"""Every transaction names its level: a database's default changes nothing that the gateway writes (I48)."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from gateway.access.rotation import rotate
from gateway.access.tokens import list_tokens, revoke
from gateway.upkeep.store_logins import writer_logins
from resolvers.changes import suspensions
from resolvers.changes.preferences import Writers
from resolvers.changes.suspensions import historic
from resolvers.plan.principal import Principal
from resolvers.sources.catalogue import Store
from resolvers.stores.pool import connect_owner
from schema.purposes import Purpose
from tests.answers.test_mutations import RECORD, TOKENS, WITHDRAW, as_member, token_for
from tests.kit.gateway import ADS, FRIENDS, SECURITY, NewDatabase, Side, open_side
from tests.kit.restores import alone, database_of
from tests.promises.test_customer_lists import list_of, new_merchant
from tests.promises.test_objection import ANN, BOB, NEW, NOW, SMALL, ids_of, quiet, restrictions

if TYPE_CHECKING:
    from gateway.demo.embedded import EmbeddedPostgres

LEVELS = ("repeatable read", "serializable")
DOCUMENT = '{ messengerAccounts(ids: ["ma_1", "ma_2", "ma_3"]) { nodes { id phone } } }'


@pytest.fixture(scope="module", params=LEVELS)
async def side(
    request: pytest.FixtureRequest, new_database: NewDatabase, embedded: EmbeddedPostgres
) -> AsyncIterator[Side]:
    """A gateway before three databases whose default becomes a higher level while it serves."""
    async with open_side(new_database, pool_size=8) as opened:
        for store in Store:
            name = database_of(opened, store)
            level = f"ALTER DATABASE {name} SET default_transaction_isolation = '{request.param}'"
            await alone(embedded, opened, store, level)
        await opened.wait_until_ready()
        await opened.hold(SMALL)
        # One after the other: they are issued over one connection.
        for member in (ANN, BOB):
            await token_for(opened, Principal(messenger_id=member))
        yield opened
    TOKENS.clear()


async def test_i48_concurrent_objections_are_recorded_and_withdrawn_at_every_level(side: Side) -> None:
    """At any default level, concurrent objections reach both stores, and so do their withdrawals."""
    both = [each.value for each in (ADS, FRIENDS)]
    for _ in range(5):
        recorded = await asyncio.gather(
            *(as_member(side, member, RECORD, purposes=both) for member in (ANN, BOB))
        )
        told = [each.data["recordObjection"]["__typename"] for each in recorded]
        assert told == ["ObjectionRecorded", "ObjectionRecorded"]
        assert await restrictions(side) == {"messenger": {ANN: 3, BOB: 3}, "social": {ANN: 3, BOB: 3}}
        taken = await asyncio.gather(
            *(as_member(side, member, WITHDRAW, purposes=both) for member in (ANN, BOB))
        )
        told = [each.data["withdrawObjection"]["__typename"] for each in taken]
        assert told == ["ObjectionWithdrawn", "ObjectionWithdrawn"]
    assert await restrictions(side) == {"messenger": {}, "social": {}}


async def test_i48_a_suspension_is_applied_whole_at_every_level(side: Side) -> None:
    """At any default level, a suspension restricts every member of its countries in both stores, and ends."""
    decision = historic()[0]
    number = await suspensions.add(side.control, decision)
    async with Writers(writer_logins(side.settings)).open() as stores:
        await suspensions.apply(stores, decision.valid_from, quiet)
        assert await restrictions(side) == {
            store: {ANN: 3, BOB: 3, NEW: 3} for store in ("messenger", "social")
        }
        await suspensions.end(side.control, number, NOW)
        await suspensions.apply(stores, NOW + timedelta(days=1), quiet)
    assert await restrictions(side) == {"messenger": {}, "social": {}}
    assert await side.control.fetchval("SELECT count(*) FROM control.unsettled_country") == 0


async def test_i48_lists_the_ledger_and_quotas_are_written_at_every_level(side: Side) -> None:
    """At any default level, concurrent answers are recorded and charged, and concurrent lists are matched."""
    replies = await asyncio.gather(*(side.ask(SECURITY, DOCUMENT) for _ in range(200)))
    assert {each.status for each in replies} == {200}
    assert all(len(each.data["messengerAccounts"]["nodes"]) == 3 for each in replies)
    merchants = [await new_merchant(side) for _ in range(3)]
    bands = await asyncio.gather(*(merchant.band(list_of(0)) for merchant in merchants))
    assert len(bands) == 3


async def test_i48_tokens_are_rotated_and_revoked_at_every_level(side: Side) -> None:
    """At any default level, concurrent rotations and revocations of tokens all succeed."""
    live = [each.token_id for each in await list_tokens(side.control) if each.client == "client"]

    async def change(token: int) -> bool:
        owner = await connect_owner(side.settings.owner_dsn("control"))
        try:
            key = side.settings.key("tokens")
            await rotate(owner, key, token, overlap=timedelta(hours=1), random=secrets.token_bytes)
            return await revoke(owner, token)
        finally:
            await owner.close()

    assert all(await asyncio.gather(*(change(token) for token in live[: len(Purpose) - 1])))


async def test_i48_objected_members_are_hidden_at_every_level(side: Side) -> None:
    """At any default level, an objection binds the next request."""
    await as_member(side, ANN, RECORD, purposes=[ADS.value])
    assert await ids_of(side, ADS) == ["ma_2", "ma_3"]
