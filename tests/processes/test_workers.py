"""Several processes on one port behave as one gateway: tokens, the ledger, a death, a stop."""

from __future__ import annotations

import asyncio
import secrets
import signal
import subprocess
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
import psutil
import pytest

from gateway.access.tokens import issue, revoke
from gateway.ledger.chain import Entry, entry_hash, initial_hash
from gateway.quotas.table import OwnQuota, set_quota
from gateway.settings import Settings
from resolvers.plan.principal import Principal
from resolvers.stores.pool import connect_owner
from schema.purposes import Purpose
from tests.kit.gateway import NewDatabase, issue_tokens, new_settings
from tests.kit.processes import PROGRAM, PROJECT, Serve, Serving, environment_of
from tests.kit.worlds.loading import load
from tests.kit.worlds.making import random_world

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection

WORLD = random_world(7, 12)
WORKERS = 2
BY_PHONE = "query($phone: PhoneNumber!) { messengerAccount(phone: $phone) { id phone } }"
BODY = {"query": BY_PHONE, "variables": {"phone": WORLD.messenger_accounts[0].phone}}


@dataclass
class Stores:
    """Stores of one's own, and a token for them."""

    settings: Settings
    control: Connection
    token: str
    serve: Serve

    @property
    def environment(self) -> dict[str, str]:
        """The settings as another process reads them: everybody may object."""
        return environment_of(self.settings, policy_profile="GDPR")

    def serving(self) -> AbstractContextManager[Serving]:
        """`gateway serve --workers 2`."""
        return self.serve("serve", "--port", "0", "--workers", str(WORKERS), environment=self.environment)


@pytest.fixture
async def stores(new_database: NewDatabase, serve: Serve) -> AsyncIterator[Stores]:
    """The world, and a token of SECURITY."""
    settings = await new_settings(new_database)
    async with AsyncExitStack() as stack:
        owners = []
        for name in ("control", "messenger", "social"):
            owners.append(await connect_owner(settings.owner_dsn(name)))
            stack.push_async_callback(owners[-1].close)
        control, messenger, social = owners
        await load(WORLD, messenger, social, control)
        token = (await issue_tokens(control, settings))[Purpose.SECURITY]
        yield Stores(settings, control, token, serve)


async def ask(url: str, token: str, times: int = 1, body: object = BODY) -> list[httpx.Response]:
    """Answers on connections of their own, some of them at once: each process gets its share."""

    async def once() -> httpx.Response:
        async with httpx.AsyncClient(headers={"authorization": f"Bearer {token}"}) as client:
            reply = await client.post(url, json=body)
            # As long as the connection is open, the system knows whose it is.
            reply.extensions["process"] = process_at_the_end_of(reply)
            return reply

    return list(await asyncio.gather(*(once() for _ in range(times))))


def process_at_the_end_of(reply: httpx.Response) -> int | None:
    """The number of the process that holds the other end of the reply's connection."""
    own = reply.extensions["network_stream"].get_extra_info("client_addr")[1]
    ends = psutil.net_connections("tcp")
    return next((each.pid for each in ends if each.raddr and each.raddr.port == own), None)


def processes(replies: list[httpx.Response]) -> set[int]:
    """Which processes answered."""
    return {reply.extensions["process"] for reply in replies}


async def ask_both(url: str, token: str) -> list[httpx.Response]:
    """Answers until both processes gave one."""
    replies: list[httpx.Response] = []
    async with asyncio.timeout(20):
        while len(processes(replies)) < WORKERS:
            replies += await ask(url, token, 16)
    return replies


async def test_both_answer_and_each_writes_a_stream_of_its_own(stores: Stores) -> None:
    """Every answer has its entry; each stream is whole from its beginning, hash by hash."""
    with stores.serving() as served:
        replies = await ask_both(served.graphql, stores.token)
        assert {reply.status_code for reply in replies} == {200}
        served.stop()
        assert served.process.returncode == 0

    rows = await stores.control.fetch(
        "SELECT at, number, request, client, credential, question, outcome, counts::text, people::text,"
        " asked::text, stream, hash FROM control.ledger_entry ORDER BY at, stream, number"
    )
    answered = {reply.headers["x-request-id"]: reply.extensions["process"] for reply in replies}
    assert answered.keys() == {row["request"] for row in rows}
    streams = defaultdict(list)
    for row in rows:
        streams[row["stream"]].append(row)
    assert len(streams) == WORKERS
    for stream, entries in streams.items():
        before = initial_hash(stream)
        for number, row in enumerate(entries, 1):
            entry = Entry(*list(row)[:10])
            assert entry.number == number
            before = entry_hash(before, entry)
            assert before == row["hash"]
        assert len({answered[row["request"]] for row in entries}) == 1
    signed = await stores.control.fetch(
        "SELECT stream, max(number) AS number FROM control.ledger_checkpoint GROUP BY stream"
    )
    assert {row["stream"]: row["number"] for row in signed} == {
        stream: len(entries) for stream, entries in streams.items()
    }


async def test_a_revocation_reaches_both_within_a_second(stores: Stores) -> None:
    """A second later no process takes the token any more."""
    with stores.serving() as served:
        await ask_both(served.graphql, stores.token)
        (number,) = [
            row[0]
            for row in await stores.control.fetch(
                "SELECT id FROM control.token WHERE purposes = '{SECURITY}'"
            )
        ]
        assert await revoke(stores.control, number)
        await asyncio.sleep(1)
        replies = [reply for _ in range(4) for reply in await ask(served.graphql, stores.token, 16)]
        assert {reply.status_code for reply in replies} == {401}


async def test_a_killed_worker_is_replaced_and_the_port_goes_on(stores: Stores) -> None:
    """The other one answers meanwhile; what the dead one wrote before stays as it is."""
    with stores.serving() as served:
        before = processes(await ask_both(served.graphql, stores.token))
        killed = psutil.Process(served.process.pid).children()[0]
        killed.kill()
        await asyncio.to_thread(killed.wait, 10)
        assert (await ask(served.graphql, stores.token))[0].status_code == 200
        async with asyncio.timeout(20):
            while len(after := processes(await ask_both(served.graphql, stores.token)) - before) < 1:
                await asyncio.sleep(0.1)
        assert len(after) == 1
        assert len(psutil.Process(served.process.pid).children()) == WORKERS
        _, err = served.stop()
        assert served.process.returncode == 0
        assert "A worker ended." in err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
async def test_no_worker_is_left_behind(stores: Stores, number: signal.Signals) -> None:
    """Told to stop, or killed without a word: the workers end too, in good order where they can."""
    with stores.serving() as served:
        await ask_both(served.graphql, stores.token)
        children = psutil.Process(served.process.pid).children()
        assert len(children) == WORKERS
        served.stop(number)
        gone, alive = await asyncio.to_thread(psutil.wait_procs, children, 20)
    assert (len(gone), alive) == (WORKERS, [])
    assert served.process.returncode == (-signal.SIGKILL if number is signal.SIGKILL else 0)


async def test_what_keeps_a_gateway_from_serving_is_said_once(stores: Stores) -> None:
    """One worker tries; its words are the only ones, and its status is the program's."""
    await stores.control.execute("GRANT SELECT ON control.token TO control_ledger")
    try:
        ran = await asyncio.to_thread(
            subprocess.run,
            [*PROGRAM, "serve", "--port", "0", "--workers", "2"],
            cwd=PROJECT,
            env=stores.environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
    finally:
        await stores.control.execute("REVOKE SELECT ON control.token FROM control_ledger")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.count("role control_ledger has a privilege on control.token") == 1


async def test_both_keep_to_one_quota(stores: Stores) -> None:
    """A person charged in one process counts in the other; both refuse one more person."""
    await set_quota(stores.control, "client", OwnQuota(None, None, 1))
    other = {**BODY, "variables": {"phone": WORLD.messenger_accounts[1].phone}}
    replies: list[httpx.Response] = []
    async with asyncio.timeout(30):
        with stores.serving() as served:
            while not having(await ask(served.graphql, stores.token, 1), 200):
                pass
            while len(processes(having(replies, 429))) < WORKERS:
                replies += await ask(served.graphql, stores.token, 16, other)
    assert having(replies, 200) == []
    assert len({reply.content for reply in having(replies, 429)}) == 1


def having(replies: list[httpx.Response], status: int) -> list[httpx.Response]:
    """Those with this status."""
    return [reply for reply in replies if reply.status_code == status]


async def test_an_objection_through_one_is_a_notice_in_both(stores: Stores) -> None:
    """Issued once, whichever process does it; given by either, and gone from both when acknowledged."""
    hidden = {each.messenger_id for each in WORLD.restrictions}
    member = next(each.id for each in WORLD.messenger_accounts if each.id not in hidden)
    await stores.control.execute("TRUNCATE control.recall_search")
    key, principal = stores.settings.key("tokens"), Principal(messenger_id=member)
    ads, portal = [
        (
            await issue(
                stores.control,
                key,
                client,
                purposes=[purpose],
                expires_at=None,
                random=secrets.token_bytes,
                principal=principal,
            )
        ).token
        for client, purpose in (("ads", Purpose.ADS_PERSONALIZATION), ("portal", Purpose.PREFERENCES))
    ]
    of_member = {"query": f'{{ messengerAccount(id: "ma_{member}") {{ id }} }}'}
    objects = {"query": "mutation { recordObjection { __typename } }"}
    notices = {"query": "{ recalls { number account } }"}
    with stores.serving() as served:
        async with asyncio.timeout(20):
            # A worker that has not verified the stores yet refuses ads.
            while (told := await ask(served.graphql, ads, 1, of_member))[0].status_code == 503:
                await asyncio.sleep(0.1)
        assert told[0].json()["data"]["messengerAccount"] is not None
        (recorded,) = await ask(served.graphql, portal, 1, objects)
        assert recorded.json()["data"]["recordObjection"]["__typename"] == "ObjectionRecorded"
        door = f"{served.url}/recalls"
        async with asyncio.timeout(20):
            while not (await ask(door, ads, 1, notices))[0].json()["data"]["recalls"]:
                await asyncio.sleep(0.1)
        replies: list[httpx.Response] = []
        while len(processes(replies)) < WORKERS:
            replies += await ask(door, ads, 16, notices)
        found = [reply.json()["data"]["recalls"] for reply in replies]
        assert all(each == found[0] for each in found)
        ((notice),) = found[0]
        assert notice["account"] == f"ma_{member}"
        said = f'mutation {{ acknowledgeRecalls(numbers: ["{notice["number"]}"]) {{ acknowledged }} }}'
        await ask(door, ads, 1, {"query": said})
        replies = []
        while len(processes(replies)) < WORKERS:
            replies += await ask(door, ads, 16, notices)
        assert {reply.text for reply in replies} == {'{"data":{"recalls":[]}}'}
