"""Behind pgbouncer in transaction mode no client gets another's rows, and the gateway works as without it.

Debian's pgbouncer (1.18) knows nothing of prepared statements: it gives each transaction any server
connection, with whatever another client prepared there. One process alone never shows it, because its
names are all different; so the load comes from two. `python -m tests.processes.test_pooler` is one of them.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import asyncpg
import pytest
from pydantic import SecretStr

from gateway.access.tokens import revoke
from gateway.app import open_gateway
from gateway.demo.system_user import find_user
from gateway.settings import Settings
from gateway.upkeep.store_logins import NotReady
from resolvers.plan.principal import Principal
from resolvers.sources.catalogue import Store
from resolvers.sources.fields import OBJECTS
from resolvers.stores.pool import (
    Pool,
    StoreLogin,
    StoreUnavailable,
    connect_owner,
    connect_role,
    is_behind_pooler,
)
from resolvers.universe.render import role_of, universes
from resolvers.universe.roles import RIGHTS
from schema.purposes import Purpose
from tests.answers.test_mutations import PREFERENCES, token_for
from tests.kit.gateway import ADS, FRIENDS, SECURITY, NewDatabase, Side, issue_tokens, new_settings, send
from tests.kit.processes import environment_of, started

if TYPE_CHECKING:
    from gateway.demo.embedded import EmbeddedPostgres

PORT = 6432
# Fewer than the clients: so they must share.
SERVERS = 3
ACCOUNTS = 200
CONFIGURATION = """
[databases]
* = host={postgres} port=5432{user}

[pgbouncer]
pool_mode = transaction
default_pool_size = {servers}
listen_port = {port}
unix_socket_dir = {folder}
auth_type = trust
auth_file = {folder}/users
logfile = {folder}/log
pidfile = {folder}/pid
"""


@dataclass(frozen=True)
class Pooler:
    """A running pgbouncer before the embedded Postgres."""

    folder: Path

    def before(self, dsn: str) -> str:
        """The DSN that reaches the same database through it."""
        return f"{dsn.partition('?')[0]}?host={quote(str(self.folder))}&port={PORT}"


@pytest.fixture(scope="module")
def pooler(embedded: EmbeddedPostgres) -> Iterator[Pooler]:
    """Debian's pgbouncer in transaction mode; skips where it is missing."""
    with running_pooler(embedded) as running:
        yield running


@contextmanager
def running_pooler(embedded: EmbeddedPostgres, everybody_as: str = "") -> Iterator[Pooler]:
    """The pooler; with `everybody_as`, every connection becomes that user's."""
    binary = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if binary is None:
        pytest.skip("pgbouncer is missing (Debian: apt-get install pgbouncer)")
    # It refuses root, and only the server's own user may enter the folder of its socket.
    user = find_user(embedded.folder / "data") if os.geteuid() == 0 else None
    rights = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    with tempfile.TemporaryDirectory(prefix="gateway-pooler-") as name:
        folder = Path(name)
        logins = ["postgres", *(role_of(store, purpose) for store in Store for purpose in Purpose)]
        logins += RIGHTS
        (folder / "users").write_text("".join(f'"{login}" ""\n' for login in logins))
        (folder / "ini").write_text(
            CONFIGURATION.format(
                postgres=embedded.socket_folder,
                user=everybody_as and f" user={everybody_as}",
                servers=SERVERS,
                port=PORT,
                folder=folder,
            )
        )
        if user:
            os.chown(folder, user.pw_uid, user.pw_gid)
        process = subprocess.Popen(
            [binary, "-q", folder / "ini"], cwd="/", stderr=subprocess.DEVNULL, **rights
        )
        try:
            wait_for(folder / f".s.PGSQL.{PORT}", process)
            yield Pooler(folder)
        finally:
            process.terminate()
            process.wait(10)


def wait_for(socket: Path, process: subprocess.Popen[bytes]) -> None:
    """Return when the socket is there."""
    begun = time.monotonic()
    while not socket.exists():
        assert process.poll() is None, "pgbouncer ended at its start"
        assert time.monotonic() - begun < 10
        time.sleep(0.02)


@dataclass(frozen=True)
class Stores:
    """Stores with 200 people, linked and in a ring of friends: straight, and through the pooler."""

    straight: Settings
    pooled: Settings


@pytest.fixture(scope="module")
async def stores(new_database: NewDatabase, pooler: Pooler) -> Stores:
    """The three databases behind the pooler."""
    straight = await new_settings(new_database, pool_size=4)
    people = f"generate_series(1, {ACCOUNTS}) n"
    messenger, social = [await connect_owner(straight.owner_dsn(store)) for store in ("messenger", "social")]
    await messenger.execute(
        "INSERT INTO messenger.account (id, phone, country_code, registered_at)"
        f" SELECT n, '+49151' || 10000000 + n, 'DE', '2016-01-01' FROM {people}"
    )
    for insert in (
        "account (id, display_name) SELECT n, 'name ' || n",
        f"friendship (account_id, friend_id) SELECT n, n % {ACCOUNTS} + 1",
        "messenger_link (account_id, messenger_id, since) SELECT n, n, '2016-09-01'",
    ):
        await social.execute(f"INSERT INTO social.{insert} FROM {people}")
    await messenger.close()
    await social.close()
    through = {f"{name}_dsn": pooler.before(straight.owner_dsn(name)) for name in Store}
    same = {"secret": straight.secret, "identifiers": straight.identifiers}
    return Stores(straight, Settings(**through, **same, pool_size=4))


@pytest.fixture(scope="module")
async def side(stores: Stores) -> AsyncIterator[Side]:
    """A gateway behind the pooler; the operator's own connections go straight to the stores."""
    control, messenger, social = [
        await connect_owner(stores.straight.owner_dsn(name)) for name in ("control", "messenger", "social")
    ]
    tokens = await issue_tokens(control, stores.pooled)
    side = Side(stores.pooled, control, messenger, social, tokens)
    async with open_gateway(stores.pooled) as side.app:
        await side.wait_until_ready()
        yield side
    for connection in (control, messenger, social):
        await connection.close()


def login(settings: Settings, **others: Any) -> StoreLogin:
    """The security role's login to the social network's store."""
    dsn = settings.store_dsn(Store.SOCIAL).get_secret_value()
    return StoreLogin(dsn, role_of(Store.SOCIAL, SECURITY), **{"size": 4, **others})


# --- the pooler is noticed ------------------------------------------------------------------------


async def test_a_pooler_is_noticed(stores: Stores) -> None:
    """Through it, another process answers than the one connected to; without it, the same."""
    for settings, expected in ((stores.pooled, True), (stores.straight, False)):
        connection = await connect_role(login(settings))
        assert await is_behind_pooler(connection) is expected
        connection.terminate()


async def test_a_pooler_that_changes_the_user_is_not_served(
    embedded: EmbeddedPostgres, stores: Stores
) -> None:
    """Every purpose would be answered out of one universe, and nothing else would tell."""
    role = role_of(Store.MESSENGER, SECURITY)
    with running_pooler(embedded, everybody_as=role) as changing:
        dsn = SecretStr(changing.before(stores.straight.owner_dsn("messenger")))
        settings = stores.straight.model_copy(update={"messenger_dsn": dsn})
        with pytest.raises(NotReady) as refused:
            async with open_gateway(settings):
                pass
    assert len(refused.value.lines) == len(universes(OBJECTS, Store.MESSENGER)) - 1
    for purpose in (ADS, FRIENDS):
        assert (
            f"messenger: role {role_of(Store.MESSENGER, purpose)} becomes another user, or is in another "
            "schema: a pooler must pass the user on and keep its settings"
        ) in refused.value.lines
    assert not [line for line in refused.value.lines if role in line]


async def test_start_up_sets_the_guard(side: Side) -> None:
    """Every pool of a gateway that starts behind a pooler is guarded."""
    assert {pool.login.pooled for pools in side.gateway.pools.values() for pool in pools.values()} == {True}


# --- the gateway behind it ------------------------------------------------------------------------


async def test_a_gateway_behind_a_pooler_answers_as_without(side: Side) -> None:
    """One object, a list, a page of pages, and there and back again, which needs a snapshot."""
    one = await side.ask(SECURITY, '{ socialAccount(id: "sa_7") { displayName } }')
    named = await side.ask(SECURITY, '{ socialAccounts(ids: ["sa_3", "sa_2"]) { nodes { displayName } } }')
    pages = await side.ask(
        FRIENDS, "{ socialAccounts(first: 2) { nodes { friends(first: 1) { nodes { displayName } } } } }"
    )
    back = await side.ask(
        SECURITY,
        """{ socialAccount(id: "sa_9") { messengerLink { account {
            phone socialAccount { displayName } } } } }""",
    )

    assert one.data == {"socialAccount": {"displayName": "name 7"}}
    assert named.data == {"socialAccounts": {"nodes": [{"displayName": "name 3"}, {"displayName": "name 2"}]}}
    assert [node["friends"]["nodes"][0]["displayName"] for node in pages.data["socialAccounts"]["nodes"]] == [
        "name 2",
        "name 3",
    ]
    account = {"phone": "+4915110000009", "socialAccount": {"displayName": "name 9"}}
    assert back.data == {"socialAccount": {"messengerLink": {"account": account}}}


async def test_each_purpose_keeps_to_its_universe_behind_a_pooler(side: Side) -> None:
    """Purposes ask in turns through shared server connections; each sees its own views."""
    await side.messenger.execute("INSERT INTO messenger.restriction VALUES (11, 1)")
    document = '{ messengerAccount(id: "ma_11") { id } }'
    for _ in range(20):
        ads, security = await asyncio.gather(side.ask(ADS, document), side.ask(SECURITY, document))
        assert ads.data == {"messengerAccount": None}
        assert security.data == {"messengerAccount": {"id": "ma_11"}}


async def test_objections_are_written_behind_a_pooler(side: Side) -> None:
    """Of several people at once, through shared server connections: each is in both stores, none besides."""
    members = range(20, 28)
    tokens = [await token_for(side, Principal(messenger_id=member)) for member in members]
    body = json.dumps({"query": "mutation { recordObjection { __typename } }"}).encode()
    for expected in ("ObjectionRecorded", "AlreadyObjected"):
        replies = await asyncio.gather(
            *(send(side.app, headers=side.authorised(PREFERENCES, token), body=body) for token in tokens)
        )
        assert [reply.data for reply in replies] == [{"recordObjection": {"__typename": expected}}] * 8
    for store, key in ((side.messenger, "account_id"), (side.social, "messenger_id")):
        rows = await store.fetch(
            f"SELECT {key} FROM {'messenger' if key == 'account_id' else 'social'}.restriction"
            f" WHERE purposes = 3 ORDER BY 1"
        )
        assert [row[0] for row in rows] == list(members)


async def test_a_token_is_revoked_behind_a_pooler(side: Side, stores: Stores) -> None:
    """LISTEN would stay with a stranger's connection, so the gateway polls, and finds it in a second."""
    tokens = await issue_tokens(side.control, side.settings)
    headers = side.authorised(SECURITY, tokens[SECURITY])
    body = json.dumps({"query": "{ policy { purpose } }"}).encode()

    async def status() -> int:
        return (await send(side.app, headers=headers, body=body)).status

    async with asyncio.timeout(5):
        while await status() != 200:
            await asyncio.sleep(0.02)
    token_id = await side.control.fetchval(
        "SELECT max(id) FROM control.token WHERE purposes = ARRAY[$1::text]", SECURITY.value
    )
    assert await revoke(side.control, token_id)
    begun = time.monotonic()
    while await status() == 200:
        assert time.monotonic() - begun < 2
        await asyncio.sleep(0.02)

    listening = "SELECT count(*) FROM pg_stat_activity WHERE query ILIKE 'listen%'"
    assert await side.control.fetchval(listening) == 0


async def test_a_busy_pooler_is_unavailable_in_time(stores: Stores) -> None:
    """With every server connection taken a question fails within its time-out, and later ones do not."""
    holders = [Pool(login(stores.pooled, pooled=True)) for _ in range(SERVERS)]
    pool = Pool(login(stores.pooled, pooled=True, request_timeout_s=0.3))
    snapshots = [holder.snapshot() for holder in holders]
    for snapshot in snapshots:
        await snapshot.__aenter__()
    begun = time.monotonic()
    with pytest.raises(StoreUnavailable):
        await pool.fetch("SELECT 1", ())
    assert 0.3 <= time.monotonic() - begun < 2
    for snapshot in snapshots:
        await snapshot.__aexit__(None, None, None)

    assert (await pool.fetch("SELECT 1", ()))[0][0] == 1
    for each in (*holders, pool):
        await each.close()


# --- two processes --------------------------------------------------------------------------------


def run_two(kind: str, stores: Stores, token: str = "") -> Counter[str]:
    """Two processes ask different questions for two seconds; how many answers were right, wrong, failed."""
    environment = environment_of(stores.pooled, pool_size=4)
    counts: Counter[str] = Counter({"right": 0, "wrong": 0, "failed": 0})
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                started(
                    [sys.executable, "-m", "tests.processes.test_pooler", kind, who, token],
                    environment=environment,
                    stdin=subprocess.PIPE,
                )
            )
            for who in ("1", "2")
        ]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in processes:
            output, complaints = process.communicate(timeout=60)
            assert process.returncode == 0, complaints
            # A token book that lost its store says so here, though the gateway goes on.
            assert kind not in {"guarded", "gateway"} or not complaints, complaints
            counts.update(json.loads(output))
    return counts


async def test_two_processes_never_get_each_others_rows(stores: Stores) -> None:
    """Guarded pools of two processes, different questions, few servers: every answer is its question's."""
    counts = await asyncio.to_thread(run_two, "guarded", stores)

    assert counts["right"] > 200
    assert counts == {"right": counts["right"], "wrong": 0, "failed": 0}


async def test_two_gateways_never_get_each_others_rows(side: Side, stores: Stores) -> None:
    """The same with whole gateways, one asking for single objects, one for lists."""
    counts = await asyncio.to_thread(run_two, "gateway", stores, side.tokens[None])

    assert counts["right"] > 100
    assert counts == {"right": counts["right"], "wrong": 0, "failed": 0}


async def test_without_the_guard_questions_fail_and_none_is_answered_wrongly(stores: Stores) -> None:
    """Why there is a guard; and why names are digests: even without it no client gets another's rows."""
    counts = await asyncio.to_thread(run_two, "unguarded", stores)

    assert counts["failed"] > 0
    assert counts["wrong"] == 0


async def test_the_drivers_own_statement_cache_gives_wrong_or_failing_answers(stores: Stores) -> None:
    """What the guard keeps us from: asyncpg numbers its statements, and both processes count from one."""
    counts = await asyncio.to_thread(run_two, "asyncpg", stores)

    assert counts["wrong"] + counts["failed"] > 0


# --- one of the two processes ---------------------------------------------------------------------


async def ask_pool(kind: str, who: str, settings: Settings, until: float) -> Counter[str]:
    """Ask statements that say who asked what."""
    pool = Pool(login(settings, pooled=kind == "guarded"))
    counts: Counter[str] = Counter()

    async def ask(first: int) -> None:
        number = first
        while time.time() < until:
            number += 4
            text = f"{who} {number % 40}"
            try:
                rows = await pool.fetch(f"SELECT '{text}' AS asked, $1::bigint AS number", (number,))
            except (asyncpg.PostgresError, asyncpg.InternalClientError, StoreUnavailable):
                counts["failed"] += 1
            else:
                counts["right" if [*rows[0].values()] == [text, number] else "wrong"] += 1

    await asyncio.gather(*(ask(first) for first in range(4)))
    await pool.close()
    return counts


async def ask_asyncpg(who: str, settings: Settings, until: float) -> Counter[str]:
    """The same over connections as asyncpg makes them by itself."""
    place = login(settings)
    counts: Counter[str] = Counter()

    async def ask(first: int) -> None:
        connection = await asyncpg.connect(place.dsn, user=place.role)
        number = first
        while time.time() < until:
            number += 4
            text = f"{who} {number % 40}"
            try:
                sql = f"SELECT '{text}' AS asked, $1::bigint AS number"
                row = await connection.fetchrow(sql, number, timeout=2)
            except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
                counts["failed"] += 1
                connection.terminate()
                connection = await asyncpg.connect(place.dsn, user=place.role)
            else:
                counts["right" if row is not None and [*row.values()] == [text, number] else "wrong"] += 1
        connection.terminate()

    await asyncio.gather(*(ask(first) for first in range(4)))
    return counts


ONE = "query($id: ID!) { socialAccount(id: $id) { id displayName } }"
LIST = """query($ids: [ID!]) { socialAccounts(ids: $ids) { nodes { displayName messengerLink { account {
    id } } } } }"""


async def ask_gateway(who: str, settings: Settings, token: str) -> Counter[str]:
    """Ask a whole gateway: the first process for single objects, the second for lists."""
    counts: Counter[str] = Counter()
    until = 0.0
    side = Side(settings, None, None, None, {None: token})  # type: ignore[arg-type]

    async def ask(first: int) -> None:
        number = first
        while time.time() < until:
            number = number % (ACCOUNTS - 4) + 4
            name, next_name = f"name {number}", f"name {number + 1}"
            if who == "1":
                reply = await side.ask(SECURITY, ONE, {"id": f"sa_{number}"})
                expected: Any = {"socialAccount": {"id": f"sa_{number}", "displayName": name}}
            else:
                reply = await side.ask(SECURITY, LIST, {"ids": [f"sa_{number}", f"sa_{number + 1}"]})
                links = [{"account": {"id": f"ma_{each}"}} for each in (number, number + 1)]
                pairs = zip((name, next_name), links, strict=True)
                nodes = [{"displayName": name, "messengerLink": link} for name, link in pairs]
                expected = {"socialAccounts": {"nodes": nodes}}
            if reply.codes:
                counts["failed"] += 1
            else:
                counts["right" if reply.data == expected else "wrong"] += 1

    async with open_gateway(settings) as side.app:
        await side.wait_until_ready()
        until = told_to_go()
        await asyncio.gather(*(ask(first) for first in range(4)))
    return counts


async def main(kind: str, who: str, token: str) -> None:
    """Be one of the two processes: ask for two seconds, from the word on, and print the counts as JSON."""
    settings = Settings()
    if kind == "gateway":
        counts = await ask_gateway(who, settings, token)
    elif kind == "asyncpg":
        counts = await ask_asyncpg(who, settings, told_to_go())
    else:
        counts = await ask_pool(kind, who, settings, told_to_go())
    print(json.dumps(counts))


def told_to_go() -> float:
    """Say that this process is ready, and wait for the word; the time at which to stop."""
    print("ready", flush=True)
    sys.stdin.readline()
    return time.time() + 2


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
