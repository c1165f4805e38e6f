"""The ledger's entries: durable before the answer (I39), without values (I41), one reference a person.

`test_ledger_people.py` proves that an entry names exactly the people in its answer; that a
rewritten entry is noticed, of `test_ledger_verify.py`.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import psutil
import pytest

from gateway.access.tokens import Caller
from gateway.control.group_commit import GroupCommit
from gateway.demo.embedded import start
from gateway.ledger.chain import Signer
from gateway.ledger.record import ROLE, DisclosedPeople, Ledger
from gateway.ledger.references import References
from gateway.settings import Settings
from resolvers.plan.principal import Principal
from resolvers.plan.subjects import DisclosureShape, SubjectPlace
from resolvers.run.people import Who
from resolvers.sources.catalogue import Store
from resolvers.stores.pool import StoreLogin, StoreUnavailable, connect_owner
from resolvers.universe.migrations import STORES, migrate
from schema.policy.matrix import policy_lines
from schema.purposes import Purpose
from schema.refusals import Refusal
from tests.answers.test_mutations import EVERYTHING, RECORD, ask_as
from tests.kit.gateway import UNLIMITED, NewDatabase, Side, issue_tokens, new_settings, open_side, trials
from tests.kit.processes import Serve, environment_of
from tests.kit.worlds.loading import load
from tests.kit.worlds.making import random_world
from tests.kit.worlds.rows import World

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection

WORLD = random_world(7, 12)
SOMEBODY = WORLD.messenger_accounts[0]
BY_PHONE = "query($phone: PhoneNumber!) { messengerAccount(phone: $phone) { id phone } }"
BY_ID = "query($id: ID!) { messengerAccount(id: $id) { phone countryCode } }"
KILLS = 3


@pytest.fixture(scope="module")
async def side(new_database: NewDatabase) -> AsyncIterator[Side]:
    """A gateway with its own stores."""
    async with open_side(new_database) as opened:
        yield opened


@pytest.fixture(autouse=True)
async def ready(side: Side) -> None:
    """The stores hold the world, and the ledger works."""
    await side.wait_until_ready()
    await side.hold(WORLD)


async def entries(side: Side) -> list[Any]:
    """All entries with their disclosure shapes, in order."""
    return await side.control.fetch(
        "SELECT e.*, q.purpose, q.fields FROM control.ledger_entry e"
        " JOIN control.ledger_question q ON q.key = e.question ORDER BY e.at, e.number"
    )


async def ask_somebody(side: Side, purpose: Purpose = Purpose.SECURITY) -> Any:
    """An answer about one person."""
    return await side.ask(purpose, BY_PHONE, {"phone": SOMEBODY.phone})


@asynccontextmanager
async def without_ledger(side: Side) -> AsyncIterator[None]:
    """The ledger cannot be written while the block runs."""
    await side.control.execute(f"REVOKE INSERT ON control.ledger_entry FROM {ROLE}")
    try:
        yield
    finally:
        await side.control.execute(f"GRANT INSERT ON control.ledger_entry TO {ROLE}")


# --- durable before it leaves (I39) ---------------------------------------------------------------


async def test_i39_an_answer_waits_until_its_entry_is_durable(side: Side) -> None:
    """While the entry cannot be committed, the client gets no answer; afterwards both exist."""
    before = len(await entries(side))
    locked = side.control.transaction()
    await locked.start()
    await side.control.execute("LOCK TABLE control.ledger_entry IN EXCLUSIVE MODE")
    asking = asyncio.create_task(ask_somebody(side))
    done, _ = await asyncio.wait([asking], timeout=0.5)
    assert not done

    await locked.commit()
    reply = await asking
    assert reply.data["messengerAccount"]["phone"] == SOMEBODY.phone
    after = await entries(side)
    assert len(after) == before + 1
    assert (after[-1]["client"], after[-1]["purpose"]) == ("client", "SECURITY")


async def test_i39_without_a_ledger_no_answer_holds_data(side: Side) -> None:
    """Found, hidden or unknown: the same bytes, and no data. A request about no person is answered."""
    unknown, known = {"phone": "+4915199999999"}, {"phone": SOMEBODY.phone}
    async with without_ledger(side):
        replies = [await side.ask(Purpose.SECURITY, BY_PHONE, each) for each in (known, unknown)]
        policy = await side.ask(Purpose.SECURITY, "{ policy { purpose } }")
    assert replies[0] == replies[1]
    assert (replies[0].status, replies[0].codes) == (503, ["NOT_RECORDED"])
    assert "data" not in replies[0].json
    assert (b"retry-after", b"1") in replies[0].headers
    assert policy.data == {"policy": {"purpose": "SECURITY"}}

    assert (await ask_somebody(side)).status == 200


async def test_readiness_says_when_nothing_can_be_recorded(side: Side) -> None:
    """/readyz fails after the first failed entry, and recovers without a request about people."""
    async with without_ledger(side):
        assert (await ask_somebody(side)).codes == ["NOT_RECORDED"]
        assert (await side.ready()).json["control"] is False
    assert (await side.ready()).json == {"messenger": True, "social": True, "control": True}


async def test_i39_a_connection_that_is_cut_loses_no_entry(side: Side) -> None:
    """Under constant requests each received answer has its entry, even if the connection is lost."""
    answered = 0
    before = len(await entries(side))

    async def ask_on() -> None:
        nonlocal answered
        for _ in range(40):
            reply = await ask_somebody(side)
            assert reply.status in {200, 503}
            answered += reply.status == 200

    async def cut_on() -> None:
        for _ in range(5):
            await asyncio.sleep(0.02)
            await side.control.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", ROLE
            )

    await asyncio.gather(ask_on(), ask_on(), cut_on())
    assert answered > 40
    after = await entries(side)
    # There may be one more entry, whose answer did not leave, but none less.
    assert answered <= len(after) - before <= 80
    assert len({each["stream"] for each in after}) > 1


async def test_an_objection_stays_recorded_if_its_answer_could_not_be(side: Side) -> None:
    """A ledger that is down prevents no objection; the call is safe to repeat."""
    member = next(each for each in WORLD.messenger_accounts if each.registered_at.year < 2016)
    async with without_ledger(side):
        refused = await ask_as(side, Principal(messenger_id=member.id), RECORD, purposes=EVERYTHING)
    assert refused.codes == ["NOT_RECORDED"]
    again = await ask_as(side, Principal(messenger_id=member.id), RECORD, purposes=EVERYTHING)
    assert again.data["recordObjection"]["__typename"] == "AlreadyObjected"
    entry = (await entries(side))[-1]
    assert "Mutation.recordObjection" in json.loads(entry["fields"])[0]
    assert len(entry["people"]) == 1


async def test_a_look_up_in_vain_is_recorded_too(side: Side) -> None:
    """A look-up that finds no person is an entry without people: enumeration shows."""
    reply = await side.ask(Purpose.SECURITY, BY_PHONE, {"phone": "+4915199999999"})
    assert reply.data == {"messengerAccount": None}
    entry = (await entries(side))[-1]
    assert (entry["people"], entry["counts"], entry["outcome"]) == ([], [0], "WHOLE")


async def test_an_answer_with_a_missing_part_is_partial(side: Side) -> None:
    """A store that is down leaves null in place of its answer, and the entry says so."""
    pools = side.gateway.pools[Purpose.SECURITY]
    before = pools[Store.MESSENGER]
    pools[Store.MESSENGER] = _Down()  # type: ignore[index,assignment]
    try:
        assert (await ask_somebody(side)).codes == ["STORE_UNAVAILABLE"]
    finally:
        pools[Store.MESSENGER] = before  # type: ignore[index]
    assert (await entries(side))[-1]["outcome"] == "PARTIAL"


class _Down:
    async def fetch(self, *_: object) -> list[Any]:
        raise StoreUnavailable


# --- killed (I39) ---------------------------------------------------------------------------------


async def test_i39_nothing_is_lost_when_the_process_is_killed_under_load(
    new_database: NewDatabase, serve: Serve
) -> None:
    """If the gateway is killed while 16 connections send requests, every received answer has its entry.

    GATEWAY_TRIALS=17 kills it 51 times.
    """
    settings = await new_settings(new_database)
    token = await _made_ready(settings)
    control = await connect_owner(settings.owner_dsn("control"))
    environment = environment_of(settings, **UNLIMITED)
    for _ in range(trials(KILLS)):
        with serve(environment=environment, stderr=subprocess.DEVNULL) as served:
            async with _asking(served.graphql, token) as received:
                while len(received) <= 16:
                    await asyncio.sleep(0.01)
                await asyncio.sleep(secrets.randbelow(300) / 1000)
                served.process.kill()
                await asyncio.to_thread(served.process.wait)
        assert received <= await _recorded(control)
    await control.close()


async def test_i39_nothing_is_lost_when_the_database_is_killed_under_load(serve: Serve) -> None:
    """If Postgres is killed while 16 connections send requests, no entry of a received answer is missing.

    It flushes to the disk, as in production. The gateway goes on by itself once the server is back.
    """
    with tempfile.TemporaryDirectory(prefix="gateway-test-") as folder:
        place = Path(folder) / "postgres"
        # Given up only once the one that takes its place was stopped.
        killed = start(place)
        await killed.ensure_databases(STORES)

        async def new_database(name: str) -> str:
            owner = await connect_owner(killed.dsn(name))
            await migrate(owner, name)
            await owner.close()
            return killed.dsn(name)

        settings = await new_settings(new_database)
        token = await _made_ready(settings)
        environment = environment_of(settings, **UNLIMITED)
        with serve(environment=environment, stderr=subprocess.DEVNULL) as served:
            async with _asking(served.graphql, token) as received:
                while len(received) <= 16:
                    await asyncio.sleep(0.01)
                await asyncio.sleep(secrets.randbelow(300) / 1000)
                postmaster = psutil.Process(int((place / "data" / "postmaster.pid").read_text().split()[0]))
                for each in [postmaster, *postmaster.children(recursive=True)]:
                    with suppress(psutil.NoSuchProcess):
                        each.kill()
                # Answers that were sent before may still arrive. A dead process keeps its number until its
                # parent has waited for it.
                for _ in range(200):
                    if not psutil.pid_exists(postmaster.pid):
                        break
                    await asyncio.sleep(0.1)
                else:
                    for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
                        (place / "data" / name).unlink()
                before = set(received)
                with start(place):
                    async with asyncio.timeout(30):
                        while len(received) <= len(before) + 16:
                            await asyncio.sleep(0.05)
                    control = await connect_owner(settings.owner_dsn("control"))
                    recorded = await _recorded(control)
                    await control.close()
        assert before <= recorded
        killed.stop()


async def _made_ready(settings: Settings) -> str:
    """Load the world into the stores; return a token of SECURITY."""
    async with AsyncExitStack() as stack:
        owners = []
        for name in ("control", "messenger", "social"):
            owners.append(await connect_owner(settings.owner_dsn(name)))
            stack.push_async_callback(owners[-1].close)
        control, messenger, social = owners
        await load(WORLD, messenger, social, control)
        return (await issue_tokens(control, settings))[Purpose.SECURITY]


async def _recorded(control: Connection) -> set[str]:
    return {row[0] for row in await control.fetch("SELECT request FROM control.ledger_entry")}


@asynccontextmanager
async def _asking(url: str, token: str) -> AsyncIterator[set[str]]:
    """Send requests on 16 connections while the block runs; collect the numbers of those answered."""
    received: set[str] = set()
    body = {"query": BY_PHONE, "variables": {"phone": SOMEBODY.phone}}

    async def ask_on(client: httpx.AsyncClient) -> None:
        while True:
            try:
                reply = await client.post(url, json=body)
            except httpx.HTTPError:
                await asyncio.sleep(0.05)
                continue
            if reply.status_code == 200 and "errors" not in reply.json():
                received.add(reply.headers["x-request-id"])

    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(httpx.AsyncClient(headers={"authorization": f"Bearer {token}"}))
            for _ in range(16)
        ]
        asking = [asyncio.create_task(ask_on(client)) for client in clients]
        try:
            yield received
        finally:
            for each in asking:
                each.cancel()
            await asyncio.gather(*asking, return_exceptions=True)


# --- no values (I41) ------------------------------------------------------------------------------


async def test_i41_no_personal_value_is_in_the_ledger(side: Side) -> None:
    """No entry of the ledger holds a phone, a name or an account number from an answer."""
    questions = {
        Purpose.SECURITY: "{ messengerAccounts { nodes { id phone countryCode registeredAt } } }",
        Purpose.FRIEND_SUGGESTIONS: "{ socialAccounts { nodes { id displayName } } }",
    }
    for purpose, shape in questions.items():
        assert (await side.ask(purpose, shape)).status == 200
    tables = [
        row
        for table in ("entry", "question", "checkpoint")
        for row in await side.control.fetch(f"SELECT * FROM control.ledger_{table}")
    ]
    cells = [cell for row in tables for cell in row.values()]
    # Apart: written out, the bytes of a hash spell a short name now and then (`\\xad` and an a).
    text = "\n".join(str(cell) for cell in cells if not isinstance(cell, bytes))
    raw = b"\n".join(cell for cell in cells if isinstance(cell, bytes))
    values = [
        *(account.phone for account in WORLD.messenger_accounts),
        *(f"ma_{account.id}" for account in WORLD.messenger_accounts),
        *(member.display_name for member in WORLD.social_accounts if member.display_name.strip()),
    ]
    assert [value for value in values if value in text or value.encode() in raw] == []
    told = {
        field for entry in await entries(side) for place in json.loads(entry["fields"]) for field in place
    }
    lines = {f"{line.type}.{line.name}" for line in policy_lines()}
    assert "MessengerAccount.phone" in told & lines


async def test_the_role_that_writes_the_ledger_can_neither_read_nor_change_it(side: Side) -> None:
    """The role only adds entries. Triggers stop the owner as well, unless the owner drops them."""
    await ask_somebody(side)
    for what in ("SELECT", "UPDATE", "DELETE", "TRUNCATE"):
        may = "SELECT has_table_privilege($1, 'control.ledger_entry', $2)"
        assert not await side.control.fetchval(may, ROLE, what)
    for change in (
        "UPDATE control.ledger_entry SET client = 'another'",
        "DELETE FROM control.ledger_entry",
        "DELETE FROM control.ledger_checkpoint",
        "DELETE FROM control.ledger_question",
    ):
        with pytest.raises(Exception, match="append-only"):
            await side.control.execute(change)


# --- references -----------------------------------------------------------------------------------


def endpoint_of(side: Side) -> StoreLogin:
    """The login that writes the ledger."""
    return StoreLogin(side.settings.owner_dsn("control"), ROLE)


async def test_concurrent_gateways_agree_on_a_person_s_reference(side: Side) -> None:
    """Several gateways that choose a person's reference at the same moment all use the one that is kept."""
    await side.control.execute("DELETE FROM control.ledger_person")
    several = [References(endpoint_of(side), Signer(bytes(32)), lambda: datetime.now(UTC)) for _ in range(4)]
    keys = [str(number) for number in range(200)]
    found = await asyncio.gather(*(each.of(Who.MESSENGER, keys) for each in several))
    assert found[1:] == found[:-1]
    assert len(set(found[0])) == 200
    other = await several[0].of(Who.SOCIAL, keys)
    assert not set(other) & set(found[0])
    for each in several:
        await each.close()


async def test_a_forgotten_person_gets_another_reference(side: Side) -> None:
    """Without the row nothing leads to the old entries. A running gateway notices when it next signs."""
    await ask_somebody(side)
    (old,) = (await entries(side))[-1]["people"]
    await side.control.execute(
        "DELETE FROM control.ledger_person WHERE store = 'messenger' AND account_id = $1", SOMEBODY.id
    )
    await side.control.execute("UPDATE control.ledger_forgotten SET forgotten = forgotten + 1")
    async with asyncio.timeout(10):
        while (await entries(side))[-1]["people"] == [old]:
            await ask_somebody(side)
            await asyncio.sleep(0.2)
    assert not await side.control.fetch("SELECT FROM control.ledger_person WHERE reference = $1", old)


# --- one commit for a batch -----------------------------------------------------------------------


async def test_requests_that_wait_share_one_commit(side: Side) -> None:
    """Requests that arrive during a commit share the next one, in one stream without gaps."""
    before = len(await entries(side))
    for _ in range(3):
        replies = await asyncio.gather(*(ask_somebody(side) for _ in range(30)))
        assert {each.status for each in replies} == {200}
    after = (await entries(side))[before:]
    assert len(after) == 90
    assert len({each["at"] for each in after}) < 60
    numbers = [each["number"] for each in after]
    assert numbers == list(range(numbers[0], numbers[0] + 90))


async def test_the_last_entry_is_signed_within_a_second(side: Side) -> None:
    """After two answers and no more, the entry of the second one is signed as well."""
    await ask_somebody(side)
    await ask_somebody(side)
    last = (await entries(side))[-1]
    signed = "SELECT max(number) FROM control.ledger_checkpoint WHERE stream = $1"
    async with asyncio.timeout(5):
        while await side.control.fetchval(signed, last["stream"]) != last["number"]:
            await asyncio.sleep(0.05)


async def test_the_entries_of_a_lost_connection_are_signed_by_the_next(side: Side) -> None:
    """Entries of a stream that ended are signed as well."""
    await ask_somebody(side)
    await ask_somebody(side)
    last = (await entries(side))[-1]
    await side.control.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", ROLE
    )
    signed = "SELECT max(number) FROM control.ledger_checkpoint WHERE stream = $1"
    async with asyncio.timeout(10):
        # It may go on in the same stream: nothing of it was lost.
        while (await side.control.fetchval(signed, last["stream"]) or 0) < last["number"]:
            await ask_somebody(side)
            await asyncio.sleep(0.05)


async def test_a_failed_batch_fails_its_own_callers_only() -> None:
    """A later call is served, and a cancelled caller is not waited for."""
    done: list[list[int]] = []

    async def do(items: list[int]) -> None:
        await asyncio.sleep(0)
        if 2 in items:
            raise StoreUnavailable
        done.append(items)

    commits: GroupCommit[int] = GroupCommit(do)
    first = commits.submit(1)
    await first
    failing, left = commits.submit(2), commits.submit(2)
    left.cancel()
    with pytest.raises(StoreUnavailable):
        await failing
    await commits.submit(3)
    await commits.idle()
    assert done == [[1], [3]]


async def test_a_single_caller_does_not_wait() -> None:
    """A batch waits only while many more calls are expected, and a few milliseconds at most."""
    rounds: list[int] = []

    async def do(items: list[int]) -> None:
        rounds.append(len(items))

    commits: GroupCommit[int] = GroupCommit(do)
    await commits.submit(1)
    commits.expected = 2
    await commits.submit(1)
    commits.expected = 5
    first = [commits.submit(1), commits.submit(1)]
    await asyncio.sleep(0)
    assert rounds == [1, 1]
    await asyncio.gather(*first, commits.submit(1))
    await commits.submit(1)
    assert rounds == [1, 1, 3, 1]


async def test_a_clock_that_is_put_back_puts_no_entry_before_another(side: Side) -> None:
    """Entries of a stream never go back in time, even if the clock does; numbers have no gap."""
    times = iter([datetime.now(UTC), datetime(2001, 1, 1, tzinfo=UTC)])
    ledger = Ledger(endpoint_of(side), Signer(bytes(32)), lambda: next(times))
    shape = DisclosureShape(Purpose.SECURITY, "policy", "document", (SubjectPlace(Store.MESSENGER, ("a",)),))
    caller = Caller("clock", 1, Purpose.SECURITY)
    for number in (b"1", b"2"):
        people = await ledger.people(shape, {0: ["5"]}, ())
        await ledger.record(number, caller, shape, people=people, whole=True)
    await ledger.close()
    written = [each for each in await entries(side) if each["client"] == "clock"]
    assert [each["number"] for each in written] == [1, 2]
    assert written[0]["at"] == written[1]["at"]


async def test_a_day_long_past_is_refused_and_not_opened(side: Side) -> None:
    """A clock that is wrong by days is a failure, and creates no table for that day."""
    ledger = Ledger(endpoint_of(side), Signer(bytes(32)), lambda: datetime(2001, 1, 1, tzinfo=UTC))
    shape = DisclosureShape(Purpose.SECURITY, "policy", "document", ())
    with pytest.raises(Refusal):
        await ledger.record(
            b"1", Caller("clock", 1, Purpose.SECURITY), shape, people=DisclosedPeople([], []), whole=True
        )
    await ledger.close()
    assert await side.control.fetchval("SELECT to_regclass('control.ledger_entry_20010101')") is None


def test_the_world_has_people() -> None:
    """The test data has at least one person in an answer, so the tests above prove something."""
    assert isinstance(WORLD, World)
    assert SOMEBODY.phone
