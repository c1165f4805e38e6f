"""A program or store killed during an objection exposes no objector, and a start completes it (I24).

The property tests of `test_objection.py` cut a call within this process; here a real process is killed,
by SIGKILL, at every statement, and a real server in the middle of one.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from gateway.app import open_gateway
from gateway.demo.embedded import start
from gateway.settings import Settings
from gateway.upkeep import reconciler
from resolvers.changes.suspensions import SuspensionDecision, add
from resolvers.plan.principal import Principal
from resolvers.sources.catalogue import Store
from resolvers.sources.fields import OBJECTS
from resolvers.stores.pool import connect_owner
from resolvers.universe.migrations import migrate
from resolvers.universe.render import apply
from schema.purposes import OBJECTABLE
from tests.answers.test_mutations import EVERYTHING, RECORD, ask_as
from tests.kit.gateway import SECRET, NewDatabase, Side, issue_tokens, open_side
from tests.kit.processes import started
from tests.promises.test_objection import (
    ANN,
    NOW,
    SMALL,
    fold,
    forget,
    object_to,
    restrictions,
    spread,
    take_back,
)
from tests.promises.test_suspensions import start_again

PROJECT = Path(__file__).parents[2]
WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE usename = 'social_objections' AND wait_event_type = 'Lock' AND datname = current_database()
"""


@pytest.fixture(scope="module")
async def side(new_database: NewDatabase) -> AsyncIterator[Side]:
    """A gateway before stores of its own."""
    async with open_side(new_database) as opened:
        yield opened


@pytest.fixture(autouse=True)
async def small(side: Side) -> None:
    """Ann, Bob and the new member exist, without objections or suspensions."""
    await side.wait_until_ready()
    await forget(side)
    await start_again(side, SMALL)


def plain(settings: Settings) -> dict[str, Any]:
    """The settings as another process reads them."""
    dsns = {f"{name}_dsn": settings.owner_dsn(name) for name in ("control", "messenger", "social")}
    return {**dsns, "secret": SECRET}


@dataclass(frozen=True)
class Dying:
    """Makes calls in processes that are killed at a statement (kit/dying.py)."""

    process: subprocess.Popen[str]
    side: Side

    def begin(self, call: str, after: int, done: bool) -> None:
        """Begin the call; its process dies at the statement after so many others."""
        said = {
            "settings": plain(self.side.settings),
            "call": call,
            "account": ANN,
            "after": after,
            "done": done,
            "now": NOW.isoformat(),
        }
        assert self.process.stdin is not None
        print(json.dumps(said), file=self.process.stdin, flush=True)

    async def ended(self) -> tuple[int, list[str]]:
        """Wait for the end of the call: its exit status, and the stores that it came to ask."""
        assert self.process.stdout is not None
        status, stores = json.loads(await asyncio.to_thread(self.process.stdout.readline))
        return status, stores

    async def die(self, call: str, after: int, done: bool) -> tuple[int, list[str]]:
        """`begin` and `ended`."""
        self.begin(call, after, done)
        return await self.ended()


@pytest.fixture(scope="module")
def dying(side: Side) -> Iterator[Dying]:
    """A program that makes calls and dies."""
    with started([sys.executable, "-m", "tests.kit.dying"], stdin=subprocess.PIPE, stderr=None) as process:
        yield Dying(process, side)


async def no_objector_is_exposed(side: Side) -> None:
    """An account that the messenger hides is hidden on the social network, too: no link leads to it."""
    held = await restrictions(side)
    for member, bits in held["messenger"].items():
        assert held["social"].get(member, 0) & bits == bits


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("call", ["record", "withdraw"])
async def test_i24_killed_at_any_statement_it_is_completed_at_the_next_start(
    side: Side, dying: Dying, call: str, done: bool
) -> None:
    """Event or no event, half written or not: then a start makes both stores hold what the events say."""
    if call == "withdraw":
        await object_to(side, ANN)
    status, statements = await dying.die(call, 999, done)
    assert status == 0
    assert {"control", "messenger", "social"} == set(statements)
    for after in range(len(statements)):
        await forget(side)
        await start_again(side, SMALL)
        if call == "withdraw":
            await object_to(side, ANN)
        status, _ = await dying.die(call, after, done)
        assert status == -signal.SIGKILL
        await no_objector_is_exposed(side)
        assert await reconciler.reconcile_at_start(side.settings) == []
        expected = await fold(side)
        assert await restrictions(side) == {"messenger": expected, "social": expected}
        assert {bits for member, bits in await spread(side) if member == ANN} == {expected.get(ANN, 0)}
        assert await side.control.fetchval("SELECT count(*) FROM control.unsettled") == 0
        # The client does not know what was done, and repeats it.
        await (object_to(side, ANN) if call == "record" else take_back(side, ANN))
        assert (await restrictions(side))["social"] == ({ANN: 3} if call == "record" else {})
        assert await side.control.fetchval("SELECT count(*) FROM control.objection_event") == (
            1 if call == "record" else 2
        )


async def test_i24_i25_killed_while_both_stores_follow_a_suspension(side: Side, dying: Dying) -> None:
    """At every fifth statement. The next start restricts every member of the country."""
    decided = SuspensionDecision("DE", ("DE",), tuple(OBJECTABLE), NOW, None, "a test", "the tests")
    await add(side.control, decided)
    status, statements = await dying.die("follow", 999, False)
    assert status == 0
    for after in range(0, len(statements), 5):
        await start_again(side, SMALL)
        await add(side.control, decided)
        status, _ = await dying.die("follow", after, after % 2 == 0)
        assert status == -signal.SIGKILL
        await no_objector_is_exposed(side)
        assert await reconciler.reconcile_at_start(side.settings) == []
        assert await restrictions(side) == {"messenger": {1: 3, 2: 3, 3: 3}, "social": {1: 3, 2: 3, 3: 3}}


async def test_i24_killed_while_the_store_is_writing(side: Side, dying: Dying) -> None:
    """The statement goes on without its program; what was recorded after that is what holds."""
    holder = await connect_owner(side.settings.owner_dsn("social"))
    transaction = holder.transaction()
    await transaction.start()
    await holder.execute("LOCK TABLE social.restriction IN SHARE MODE")
    dying.begin("record", 999, False)
    async with asyncio.timeout(20):
        while not await side.social.fetchval(WAITING):
            await asyncio.sleep(0.02)
    (child,) = psutil.Process(dying.process.pid).children()
    child.kill()
    assert (await dying.ended())[0] == -signal.SIGKILL
    # Another gateway withdraws it meanwhile: it waits behind the orphan.
    back = asyncio.create_task(take_back(side, ANN))
    await asyncio.sleep(0.2)
    await transaction.rollback()
    await holder.close()
    await back
    expected = await fold(side)
    assert expected == {}
    assert await restrictions(side) == {"messenger": expected, "social": expected}


async def test_i24_a_running_gateway_completes_what_another_left(
    side: Side, dying: Dying, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within seconds, without a start; and it goes on after a failure."""
    status, _ = await dying.die("record", 9, False)
    assert status == -signal.SIGKILL
    assert await fold(side) == {ANN: 3} != (await restrictions(side))["messenger"]
    monkeypatch.setattr(reconciler, "RECONCILE_SECONDS", 0.1)
    await side.social.execute("ALTER ROLE social_objections NOLOGIN")
    keeping = asyncio.create_task(reconciler.reconcile_restrictions(side.settings, side.verifier))
    await asyncio.sleep(0.4)
    assert not keeping.done()
    await side.social.execute("ALTER ROLE social_objections LOGIN")
    async with asyncio.timeout(20):
        while (await restrictions(side))["messenger"] != {ANN: 3}:
            await asyncio.sleep(0.05)
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    assert await restrictions(side) == {"messenger": {ANN: 3}, "social": {ANN: 3}}


# --- a store's server is killed -------------------------------------------------------------------


@pytest.fixture
async def own_servers(new_database: NewDatabase) -> AsyncIterator[tuple[dict[str, str], Path]]:
    """Settings whose social store has a server of its own, and that server's folder."""
    with tempfile.TemporaryDirectory(prefix="gateway-crash-") as folder:
        place = Path(folder) / "postgres"
        with start(place, durable=False) as server:
            await server.ensure_databases(["social"])
            dsns = {name: await new_database(name) for name in ("control", "messenger")}
            dsns["social"] = server.dsn("social")
            owner = await connect_owner(dsns["social"])
            await migrate(owner, "social")
            await owner.close()
            for store in Store:
                owner = await connect_owner(dsns[store])
                await apply(owner, OBJECTS, store)
                await owner.close()
            yield dsns, place


@asynccontextmanager
async def side_on(dsns: dict[str, str]) -> AsyncIterator[Side]:
    """A gateway before these stores, which hold Ann, Bob and the new member."""
    settings = Settings(**{f"{name}_dsn": dsn for name, dsn in dsns.items()}, secret=SECRET)  # type: ignore[arg-type]
    owners = [await connect_owner(dsns[name]) for name in ("control", "messenger", "social")]
    side = Side(settings, *owners, await issue_tokens(owners[0], settings))
    async with open_gateway(settings) as side.app:
        await side.wait_until_ready()
        await side.hold(SMALL)
        yield side
    for owner in (side.control, side.messenger, side.social):
        owner.terminate()


async def test_i24_the_store_is_killed_in_the_middle_and_comes_back(
    own_servers: tuple[dict[str, str], Path],
) -> None:
    """Null and STORE_UNAVAILABLE, and a start or a repetition completes it when the store is back."""
    dsns, place = own_servers
    async with side_on(dsns) as other:
        holder = await connect_owner(dsns["social"])
        await holder.execute("BEGIN; LOCK TABLE social.restriction IN SHARE MODE")
        asked = asyncio.create_task(ask_as(other, Principal(messenger_id=ANN), RECORD, purposes=EVERYTHING))
        async with asyncio.timeout(20):
            while not await other.social.fetchval(WAITING):
                await asyncio.sleep(0.02)
        kill_server(place)
        reply = await asked
        holder.terminate()
        other.social.terminate()
        assert reply.json["data"] == {"recordObjection": None}
        assert reply.codes == ["STORE_UNAVAILABLE"]
        assert await fold(other) == {ANN: 3}
        with start(place, durable=False):
            other.social = await connect_owner(dsns["social"])
            assert await restrictions(other) == {"messenger": {}, "social": {}}
            assert await reconciler.reconcile_at_start(other.settings) == []
            assert await restrictions(other) == {"messenger": {ANN: 3}, "social": {ANN: 3}}
            again = await ask_as(other, Principal(messenger_id=ANN), RECORD, purposes=EVERYTHING)
            assert again.data["recordObjection"]["__typename"] == "AlreadyObjected"


def kill_server(place: Path) -> None:
    """Stop the server without any order: as if the machine had gone."""
    pid = int((place / "data" / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGQUIT)
