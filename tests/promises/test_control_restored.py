"""The control database is restored from a backup: nothing that was lost with it lives again (I48)."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from gateway.access.tokens import confirm, issue, list_tokens, revoke
from resolvers.changes import suspensions
from resolvers.changes.history import ControlIsOlder
from resolvers.changes.rebuild import REBUILT, is_needed, rebuild
from resolvers.changes.suspensions import historic
from resolvers.changes.verification import Doubt
from resolvers.sources.catalogue import Store
from tests.kit.gateway import ADS, SECURITY, NewDatabase, Side, open_side, send
from tests.kit.restores import back_up, put_back
from tests.promises.test_objection import (
    ANN,
    BOB,
    NEW,
    SMALL,
    ids_of,
    object_to,
    quiet,
    restrictions,
    stores,
    take_back,
)

if TYPE_CHECKING:
    from gateway.demo.embedded import EmbeddedPostgres

FOUND_SECONDS = 60
DOCUMENT = '{ messengerAccount(id: "ma_2") { id } }'
NOW = datetime(2016, 10, 2, 12, tzinfo=UTC)


@pytest.fixture
async def side(new_database: NewDatabase) -> AsyncIterator[Side]:
    """A gateway before stores of its own, with Ann, Bob and the new member."""
    async with open_side(new_database) as opened:
        await opened.hold(SMALL)
        yield opened


async def send_as(side: Side, token: str) -> int:
    """The status of a request about Bob under SECURITY with this token."""
    body = json.dumps({"query": DOCUMENT}).encode()
    return (await send(side.app, headers=side.authorised(SECURITY, token), body=body)).status


async def new_token(side: Side) -> tuple[int, str]:
    """A token that the side's gateway knows: its number and its text."""
    issued = await issue(
        side.control,
        side.settings.key("tokens"),
        "restored",
        purposes={SECURITY},
        expires_at=None,
        random=secrets.token_bytes,
    )
    await side.book.refreshed()
    return issued.token_id, issued.token


async def covered(side: Side) -> None:
    """Return once the stores are ahead of every backup from before the latest change of a token."""
    async with asyncio.timeout(FOUND_SECONDS):
        while await side.control.fetchval(
            "SELECT EXISTS (SELECT FROM control.store_state s, control.revision r WHERE s.tokens < r.tokens)"
        ):
            await side.verifier.judged()


async def test_i48_revoked_tokens_and_lost_objections_stay_closed_until_they_are_rebuilt(
    side: Side, embedded: EmbeddedPostgres
) -> None:
    """After a restore of control, no token from before is accepted and no objectable purpose is answered.

    One command rebuilds the objections from the stores. Tokens are accepted once they are confirmed.
    """
    kept, kept_text = await new_token(side)
    revoked, revoked_text = await new_token(side)
    await object_to(side, BOB, ADS)
    await covered(side)
    backup = await back_up(embedded, side, Store.CONTROL)
    await side.wait_until_ready()
    await object_to(side, ANN)
    await take_back(side, BOB, ADS)
    assert await revoke(side.control, revoked)
    await covered(side)
    await side.book.refreshed()
    assert await send_as(side, revoked_text) == 401

    await put_back(embedded, side, Store.CONTROL, backup)
    async with asyncio.timeout(FOUND_SECONDS):
        while set(side.verifier.doubts.values()) != {Doubt.AHEAD}:
            assert await send_as(side, revoked_text) in {401, 503}
            await side.verifier.judged()
    await side.book.refreshed()
    assert [await send_as(side, each) for each in (kept_text, revoked_text)] == [401, 401]
    assert "gateway objection rebuild" in (await side.ready()).json["refused"]["messenger"]
    with pytest.raises(ControlIsOlder):
        await object_to(side, BOB)

    assert await is_needed(stores(side))
    found = await rebuild(stores(side), NOW, quiet)
    assert (found.objected, found.perhaps_withdrawn, found.suspended) == ([ANN], [BOB], [])
    assert not await is_needed(stores(side))
    row = await side.control.fetchrow(
        "SELECT channel, purposes FROM control.objection_event WHERE account_id = 1"
    )
    assert row is not None
    assert tuple(row) == (REBUILT, ["ADS_PERSONALIZATION", "FRIEND_SUGGESTIONS"])
    # A withdrawal may be lost, so Bob stays restricted; and what he recorded meanwhile binds now.
    assert await restrictions(side) == {store: {ANN: 3, BOB: 3} for store in ("messenger", "social")}

    doubtful = {each.token_id for each in await list_tokens(side.control) if each.is_doubtful}
    assert {kept, revoked} <= doubtful
    _, fresh = await new_token(side)
    assert [await send_as(side, each) for each in (kept_text, revoked_text, fresh)] == [401, 401, 200]
    assert await confirm(side.control, [kept]) == [kept]
    await side.book.refreshed()
    assert [await send_as(side, each) for each in (kept_text, revoked_text)] == [200, 401]
    await confirm(side.control, sorted(doubtful - {revoked, kept}))
    await side.book.refreshed()
    await side.wait_until_ready()
    assert await ids_of(side, ADS) == ["ma_3"]


async def test_i48_a_suspension_that_control_lost_goes_on(side: Side, embedded: EmbeddedPostgres) -> None:
    """A restore of control to before a suspension opens no country; rebuilding records it, without an end."""
    await covered(side)
    backup = await back_up(embedded, side, Store.CONTROL)
    await side.wait_until_ready()
    decision = historic()[0]
    await suspensions.add(side.control, decision)
    await suspensions.apply(stores(side), decision.valid_from, quiet)
    everybody = {store: {ANN: 3, BOB: 3, NEW: 3} for store in ("messenger", "social")}
    assert await restrictions(side) == everybody
    await put_back(embedded, side, Store.CONTROL, backup)
    with pytest.raises(ControlIsOlder):
        await suspensions.apply(stores(side), decision.valid_from, quiet)
    found = await rebuild(stores(side), decision.valid_from, quiet)
    assert found.suspended == ["DE"]
    assert await restrictions(side) == everybody
    (listed,) = await suspensions.list_decisions(side.control)
    assert (listed.countries, listed.valid_until) == (("DE",), None)
    assert await suspensions.apply(stores(side), decision.valid_from, quiet) == 0
