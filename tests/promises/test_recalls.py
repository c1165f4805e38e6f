"""A client that received a person's data gets a notice when the person objects, and acknowledges it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

import httpx
import pytest
import websockets

from gateway.access.tokens import issue as issue_token
from gateway.access.tokens import revoke
from gateway.ledger.record import ROLE
from gateway.recalls import desk
from gateway.recalls.over_http import PATH
from gateway.upkeep import reconciler, store_logins
from resolvers.changes import recalls as stored
from resolvers.plan.principal import Principal
from resolvers.stores.serial_connection import SerialConnection
from resolvers.universe.roles import RECALL_LINKS, RECALLS
from schema.purposes import Purpose
from tests.answers.test_mutations import EVERYTHING, RECORD, WITHDRAW, ask_as
from tests.commands.test_cli import command
from tests.kit.gateway import (
    ADS,
    AUDIT,
    FRIENDS,
    SECURITY,
    SUBJECT,
    NewDatabase,
    Reply,
    Side,
    open_side,
    send,
    serving,
)
from tests.promises.test_objection import ANN, BOB, SMALL, forget

FEED = """query($first: Int! = 100, $after: ID, $acknowledged: Boolean! = false) {
  recalls(first: $first, after: $after, acknowledged: $acknowledged) {
    number objectedTo receivedFor account fields answers lastRequest acknowledgedAt dueAt
  }
}"""
ACKNOWLEDGE = "mutation($numbers: [ID!]!) { acknowledgeRecalls(numbers: $numbers) { acknowledged unknown } }"
STREAM = "subscription($after: ID) { recalls(after: $after) { number account receivedFor } }"
AUDITED = """query($overdue: Boolean! = false, $client: String) {
  recalls(overdue: $overdue, client: $client) {
    number client receivedFor objectedTo fields answers deliveredAt acknowledgedAt overdue
  }
}"""
BY_ID = "query($id: ID!) { messengerAccount(id: $id) { id usage { activeDays28 } } }"
LINKED = "query($id: ID!) { socialAccount(id: $id) { messengerLink { since } } }"
TOPICS = "query($id: ID!) { socialAccount(id: $id) { id } }"
ANN_AS_BOUND = Principal(messenger_id=ANN, social_id=11)
BOB_AS_BOUND = Principal(messenger_id=BOB, social_id=12)


@pytest.fixture(scope="module")
async def side(new_database: NewDatabase) -> AsyncIterator[Side]:
    """A gateway before stores of its own."""
    async with open_side(new_database) as opened:
        yield opened


@pytest.fixture(autouse=True)
async def small(side: Side) -> None:
    """No objections, and an empty ledger."""
    await side.wait_until_ready()
    await forget(side)
    await side.hold(SMALL)
    await side.control.execute(
        "TRUNCATE control.recall, control.recall_number, control.recall_search;"
        "ALTER TABLE control.ledger_entry DISABLE TRIGGER USER; TRUNCATE control.ledger_entry;"
        "ALTER TABLE control.ledger_entry ENABLE TRIGGER USER"
    )


async def issue(side: Side) -> int:
    """Issue what is due, as the keeper does."""
    logins = store_logins.recall_logins(side.settings)
    waiting = SerialConnection(logins["control"])
    try:
        return await stored.issue(waiting, logins["control"], logins["social"], until_due=timedelta(days=14))
    finally:
        waiting.close()


async def ask(
    side: Side, document: str, purpose: Purpose = ADS, token: str | None = None, **given: Any
) -> Reply:
    """What /recalls answers."""
    body = json.dumps({"query": document, "variables": given}).encode()
    return await send(side.app, path=PATH, headers=side.authorised(purpose, token), body=body)


async def feed(side: Side, purpose: Purpose = ADS, **given: Any) -> list[dict[str, Any]]:
    """The notices of a page."""
    found: list[dict[str, Any]] = (await ask(side, FEED, purpose, **given)).data["recalls"]
    return found


async def objects(
    side: Side, principal: Principal = ANN_AS_BOUND, purposes: Sequence[str] = EVERYTHING
) -> None:
    """Somebody objects through a portal."""
    reply = await ask_as(side, principal, RECORD, purposes=list(purposes))
    assert reply.data["recordObjection"]["__typename"] == "ObjectionRecorded"


async def disclose_ann(side: Side) -> None:
    """Ads read Ann's account, friends and security too."""
    for purpose in (ADS, FRIENDS, SECURITY):
        document = "query($id: ID!) { messengerAccount(id: $id) { id } }" if purpose is FRIENDS else BY_ID
        assert (await side.ask(purpose, document, {"id": f"ma_{ANN}"})).data["messengerAccount"] is not None


async def another_token(side: Side, client: str) -> tuple[int, str]:
    """A token of another client, known to the gateway."""
    issued = await issue_token(
        side.control,
        side.settings.key("tokens"),
        client,
        purposes=[ADS, FRIENDS],
        expires_at=None,
        random=secrets.token_bytes,
    )
    await side.book.refreshed()
    return issued.token_id, issued.token


# --- which client gets which notice -----------------------------------------------------------------


async def test_who_received_is_told_by_purpose_and_what(side: Side) -> None:
    """A notice for each objectable purpose under which Ann's data was received; none for security."""
    await disclose_ann(side)
    again = await side.ask(ADS, BY_ID, {"id": f"ma_{ANN}"})
    assert again.data["messengerAccount"] is not None
    await objects(side)
    assert await issue(side) == 2
    ((ads,), (friends,)) = [await feed(side, purpose) for purpose in (ADS, FRIENDS)]
    assert (ads["account"], ads["receivedFor"], ads["objectedTo"]) == ("ma_1", ADS, ADS)
    assert ads["fields"] == ["MessengerAccount.id", "MessengerAccount.usage", "UsageStats.activeDays28"]
    assert (ads["answers"], friends["answers"]) == (2, 1)
    assert (friends["account"], friends["fields"]) == ("ma_1", ["MessengerAccount.id"])
    assert await feed(side, SECURITY) == []
    asked = await side.control.fetchval(
        "SELECT request FROM control.ledger_entry e JOIN control.ledger_question q ON q.key = question"
        " WHERE q.purpose = 'ADS_PERSONALIZATION' ORDER BY e.at DESC LIMIT 1"
    )
    assert ads["lastRequest"] == asked


async def test_an_objection_to_one_purpose_recalls_that_one(side: Side) -> None:
    """I19: an objection to friend suggestions leaves ads alone; a client without the data gets no notice."""
    await disclose_ann(side)
    await objects(side, purposes=["FRIEND_SUGGESTIONS"])
    await objects(side, BOB_AS_BOUND)
    assert await issue(side) == 1
    assert [each["account"] for each in await feed(side, FRIENDS)] == ["ma_1"]
    assert await feed(side, ADS) == []


async def test_what_comes_from_the_messenger_is_recalled_from_the_other_network_too(side: Side) -> None:
    """A link seen from the social account is the member's data; the social account alone is not."""
    assert (await side.ask(ADS, LINKED, {"id": "sa_11"})).data["socialAccount"]["messengerLink"]
    assert (await side.ask(ADS, TOPICS, {"id": "sa_12"})).data["socialAccount"]
    await objects(side)
    await objects(side, BOB_AS_BOUND)
    assert await issue(side) == 1
    (notice,) = await feed(side)
    assert (notice["account"], notice["fields"]) == (
        "sa_11",
        ["MessengerLink.since", "SocialAccount.messengerLink"],
    )


async def test_each_client_reads_its_own_notices_alone(side: Side) -> None:
    """Another client that received nothing has none, and cannot acknowledge the others'."""
    await disclose_ann(side)
    await objects(side)
    await issue(side)
    (notice,) = await feed(side)
    _, token = await another_token(side, "stranger")
    assert (await ask(side, FEED, ADS, token)).data == {"recalls": []}
    reply = await ask(side, ACKNOWLEDGE, ADS, token, numbers=[notice["number"]])
    assert reply.data["acknowledgeRecalls"] == {"acknowledged": [], "unknown": [notice["number"]]}
    assert (await feed(side))[0]["acknowledgedAt"] is None


async def test_an_answer_under_way_is_recalled_when_it_has_left(side: Side) -> None:
    """The second search, a minute later, finds a client that received data meanwhile; no client gets two."""
    await disclose_ann(side)
    await objects(side, purposes=["ADS_PERSONALIZATION"])
    assert await issue(side) == 1
    assert await issue(side) == 0
    # An answer that had begun before, written down after.
    await side.control.execute(
        "INSERT INTO control.ledger_entry SELECT e.at + interval '1 second', e.stream, e.number + 1000,"
        " 'late', 'slow', e.credential, e.question, e.outcome, e.counts, e.people, e.hash"
        " FROM control.ledger_entry e JOIN control.ledger_question q ON q.key = e.question"
        " WHERE q.purpose = 'ADS_PERSONALIZATION'"
    )
    await side.control.execute("UPDATE control.recall_search SET next_at = now()")
    assert await issue(side) == 1
    rows = await side.control.fetch("SELECT client, last_request FROM control.recall ORDER BY number")
    assert [row["client"] for row in rows] == ["client", "slow"]
    assert rows[1]["last_request"] == "late"
    assert await side.control.fetchval("SELECT count(*) FROM control.recall_search") == 0


async def test_a_second_objection_recalls_what_was_received_since_the_first(side: Side) -> None:
    """Who withdrew is seen again; a new objection speaks of what was told in between."""
    await disclose_ann(side)
    await objects(side, purposes=["ADS_PERSONALIZATION"])
    await issue(side)
    await ask_as(side, ANN_AS_BOUND, WITHDRAW, purposes=["ADS_PERSONALIZATION"])
    await side.ask(ADS, "query($id: ID!) { messengerAccount(id: $id) { phone } }", {"id": f"ma_{ANN}"})
    await objects(side, purposes=["ADS_PERSONALIZATION"])
    assert await issue(side) == 1
    assert [each["fields"] for each in await feed(side)][1] == ["MessengerAccount.phone"]


async def test_two_keepers_at_once_issue_each_notice_once(side: Side) -> None:
    """The second one finds nothing to do."""
    await disclose_ann(side)
    await objects(side)
    assert sorted(await asyncio.gather(*(issue(side) for _ in range(4)))) == [0, 0, 0, 2]
    assert await side.control.fetchval("SELECT count(*) FROM control.recall_search WHERE looked") == 1


async def test_the_keeper_issues_by_itself(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within moments, and again after the store was away."""
    monkeypatch.setattr(reconciler, "RECALL_SECONDS", 0.05)
    keeping = asyncio.create_task(reconciler.issue_recalls(side.settings))
    try:
        await disclose_ann(side)
        await side.control.execute(f"REVOKE EXECUTE ON FUNCTION control.wanted_recalls FROM {RECALLS}")
        await objects(side)
        await asyncio.sleep(0.2)
        assert await feed(side) == []
        await side.control.execute(f"GRANT EXECUTE ON FUNCTION control.wanted_recalls TO {RECALLS}")
        async with asyncio.timeout(10):
            while not await feed(side):
                await asyncio.sleep(0.05)
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


# --- reading and acknowledging ----------------------------------------------------------------------


async def test_pages_come_in_order_and_what_is_acknowledged_goes(side: Side) -> None:
    """At least once: given again until it is acknowledged, and then on demand alone."""
    for member, principal in ((ANN, ANN_AS_BOUND), (BOB, BOB_AS_BOUND)):
        await side.ask(ADS, BY_ID, {"id": f"ma_{member}"})
        await objects(side, principal)
        await issue(side)
    both = await feed(side)
    assert [each["account"] for each in both] == ["ma_1", "ma_2"]
    assert await feed(side) == both
    assert await feed(side, first=1) == both[:1]
    assert await feed(side, after=both[0]["number"]) == both[1:]

    numbers = [both[1]["number"], both[1]["number"], "999"]
    for _ in range(2):
        said = (await ask(side, ACKNOWLEDGE, numbers=numbers)).data["acknowledgeRecalls"]
        assert said == {"acknowledged": [both[1]["number"]], "unknown": ["999"]}
    assert [each["account"] for each in await feed(side)] == ["ma_1"]
    kept = await feed(side, acknowledged=True)
    assert [each["acknowledgedAt"] is not None for each in kept] == [False, True]


async def test_a_notice_that_was_never_given_cannot_be_acknowledged(side: Side) -> None:
    """A client that guesses numbers acknowledges nothing."""
    await disclose_ann(side)
    await objects(side)
    await issue(side)
    number = str(await side.control.fetchval("SELECT min(number) FROM control.recall"))
    said = (await ask(side, ACKNOWLEDGE, numbers=[number])).data["acknowledgeRecalls"]
    assert said == {"acknowledged": [], "unknown": [number]}


@pytest.mark.parametrize(
    ("document", "variables", "code"),
    [
        ("{ recalls { number", {}, "GRAPHQL_PARSE_FAILED"),
        ("{ messengerAccounts { nodes { id } } }", {}, "GRAPHQL_VALIDATION_FAILED"),
        (FEED, {"first": 1_001}, "BAD_USER_INPUT"),
        (FEED, {"first": -1}, "BAD_USER_INPUT"),
        (FEED, {"after": "x"}, "BAD_USER_INPUT"),
        (FEED, {"after": "9" * 40}, "BAD_USER_INPUT"),
        (FEED, {"other": 1}, "BAD_USER_INPUT"),
        (ACKNOWLEDGE, {"numbers": ["1; DROP"]}, "BAD_USER_INPUT"),
        (ACKNOWLEDGE, {"numbers": ["1"] * 1_001}, "BAD_USER_INPUT"),
        (STREAM, {}, "NOT_ACCEPTABLE"),
        ("{ " + " ".join(f"a{n}: recalls {{ number }}" for n in range(30)) + " }", {}, "COST_TOO_HIGH"),
    ],
)
async def test_what_is_wrong_is_refused_in_constant_words(
    side: Side, document: str, variables: dict[str, Any], code: str
) -> None:
    """With the codes of the catalogue, and nothing of the request in them."""
    assert (await ask(side, document, **variables)).codes == [code]


async def test_it_is_a_door_like_the_other(side: Side) -> None:
    """No token, no purpose, another site, a mutation over GET: the same refusals as of /graphql."""
    for headers in ([], [(b"authorization", b"Bearer x")], side.authorised("NO_SUCH")):
        body = json.dumps({"query": FEED}).encode()
        assert await send(side.app, path=PATH, headers=headers, body=body) == await send(
            side.app, headers=headers, body=body
        )
    elsewhere = [*side.authorised(ADS), (b"sec-fetch-site", b"cross-site")]
    assert (await send(side.app, path=PATH, headers=elsewhere, body=b"{}")).codes == ["CROSS_SITE_REFUSED"]
    query = b"query=mutation%7BacknowledgeRecalls(numbers%3A%5B%5D)%7Bunknown%7D%7D"
    got = await send(side.app, "GET", PATH, side.authorised(ADS), query_string=query)
    assert got.codes == ["METHOD_NOT_ALLOWED"]


# --- recorded, and in the audit view ----------------------------------------------------------------


async def test_no_notice_leaves_unrecorded(side: Side) -> None:
    """I39: its entry is durable first; without a ledger there is none. An empty page names no person."""
    await disclose_ann(side)
    await objects(side)
    before = await side.control.fetchval("SELECT count(*) FROM control.ledger_entry")
    assert await feed(side) == []
    assert await side.control.fetchval("SELECT count(*) FROM control.ledger_entry") == before
    await issue(side)
    await side.control.execute(f"REVOKE INSERT ON control.ledger_entry FROM {ROLE}")
    try:
        reply = await ask(side, FEED)
    finally:
        await side.control.execute(f"GRANT INSERT ON control.ledger_entry TO {ROLE}")
    assert (reply.codes, reply.json["data"]) == (["NOT_RECORDED"], None)
    assert await feed(side) != []
    row = await side.control.fetchrow(
        "SELECT q.purpose, q.fields, e.people, p.account_id, p.store FROM control.ledger_entry e"
        " JOIN control.ledger_question q ON q.key = e.question"
        " JOIN control.ledger_person p ON p.reference = ANY (e.people)"
        " WHERE q.purpose = 'NOTIFICATION'"
    )
    assert (row["store"], row["account_id"], len(row["people"])) == ("messenger", ANN, 1)
    assert json.loads(row["fields"])[0][:2] == ["Query.recalls", "Recall.number"]


async def test_the_person_sees_who_was_told(side: Side) -> None:
    """Art. 19, second sentence: the notices are among the disclosures of subject access."""
    await disclose_ann(side)
    await objects(side)
    await issue(side)
    await feed(side)
    token = await issue_token(
        side.control,
        side.settings.key("tokens"),
        "desk",
        purposes=[SUBJECT],
        expires_at=None,
        random=secrets.token_bytes,
        principal=ANN_AS_BOUND,
    )
    await side.book.refreshed()
    body = json.dumps({"query": "{ disclosures { client purpose fields } }"}).encode()
    reply = await send(side.app, headers=side.authorised(None, token.token), body=body)
    notices = [each for each in reply.data["disclosures"] if each["purpose"] == "NOTIFICATION"]
    assert [each["client"] for each in notices] == ["client"]
    assert "Recall.account" in notices[0]["fields"]


async def test_overdue_notices_are_in_the_audit_view_without_names(side: Side) -> None:
    """Neither acknowledged nor in time; the notice has no name of the person."""
    await disclose_ann(side)
    await objects(side)
    await issue(side)
    (notice,) = await feed(side)
    assert (await side.ask(AUDIT, AUDITED, {"overdue": True})).data == {"recalls": []}
    await side.control.execute("UPDATE control.recall SET due_at = now() - interval '1 hour'")
    found = (await side.ask(AUDIT, AUDITED, {"overdue": True})).data["recalls"]
    assert [(each["receivedFor"], each["overdue"]) for each in found] == [(ADS, True), (FRIENDS, True)]
    assert [each["deliveredAt"] is not None for each in found] == [True, False]
    await ask(side, ACKNOWLEDGE, numbers=[notice["number"]])
    left = (await side.ask(AUDIT, AUDITED, {"overdue": True})).data["recalls"]
    assert [each["receivedFor"] for each in left] == [FRIENDS]
    assert (await side.ask(AUDIT, AUDITED, {"client": "unknown"})).data == {"recalls": []}


async def test_the_command_lists_what_is_open(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a table and as JSON; overdue ones alone, one client's alone, with those acknowledged."""
    for store in ("messenger", "social", "control"):
        monkeypatch.setenv(f"GATEWAY_{store.upper()}_DSN", side.settings.owner_dsn(store))
    monkeypatch.setenv("GATEWAY_SECRET", side.settings.secret.get_secret_value())
    await disclose_ann(side)
    await objects(side)
    await issue(side)
    (notice,) = await feed(side)

    async def listed(*options: str) -> list[dict[str, Any]]:
        said = await command("recall", "list", "--format", "json", *options)
        assert said.status == 0, said.err
        found: list[dict[str, Any]] = json.loads(said.out)
        return found

    assert [(each["received_for"], each["account"]) for each in await listed()] == [
        (ADS, "messenger 1"),
        (FRIENDS, "messenger 1"),
    ]
    assert await listed("--overdue") == []
    assert await listed("--client", "unknown") == []
    await ask(side, ACKNOWLEDGE, numbers=[notice["number"]])
    await side.control.execute("UPDATE control.recall SET due_at = now()")
    assert [each["received_for"] for each in await listed("--overdue")] == [FRIENDS]
    assert len(await listed("--all")) == 2
    table = await command("recall", "list", "--all")
    assert "overdue" in table.out
    assert "acknowledged" in table.out


async def test_the_roles_can_do_that_and_nothing_else(side: Side) -> None:
    """One calls functions and reads no table; the other reads which accounts are linked."""
    for table in ("recall", "recall_search", "ledger_entry", "ledger_person", "objection_event"):
        for privilege in ("SELECT", "INSERT", "UPDATE", "DELETE"):
            may = "SELECT has_table_privilege($1, $2, $3)"
            assert not await side.control.fetchval(may, RECALLS, f"control.{table}", privilege)
    may = "SELECT has_column_privilege($1, 'social.messenger_link', $2, 'SELECT')"
    assert await side.social.fetchval(may, RECALL_LINKS, "messenger_id")
    assert not await side.social.fetchval(may, RECALL_LINKS, "restricted")


# --- streams ----------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def events(
    side: Side, port: int, token: str | None = None, **given: Any
) -> AsyncIterator[httpx.Response]:
    """A subscription as server-sent events."""
    headers = {
        "authorization": f"Bearer {token or side.tokens[None]}",
        "gateway-purpose": ADS,
        "accept": "text/event-stream",
    }
    asked = {"query": STREAM, "variables": given}
    async with (
        httpx.AsyncClient(timeout=10, headers=headers) as client,
        client.stream("POST", f"http://127.0.0.1:{port}{PATH}", json=asked) as response,
    ):
        yield response


async def next_event(lines: AsyncIterator[str]) -> tuple[str, Any]:
    """The next event's name and data."""
    name, data = "", ""
    async with asyncio.timeout(10):
        async for line in lines:
            if line.startswith("event:"):
                name = line.removeprefix("event:").strip()
            elif line.startswith("data:"):
                data = line.removeprefix("data:").strip()
            elif not line and name:
                return name, json.loads(data) if data else None
    raise AssertionError("the stream ended")


async def test_a_stream_of_events_gives_what_is_open_and_then_what_comes(side: Side) -> None:
    """In order, over server-sent events; a client that reconnects gets the open notices again."""
    await disclose_ann(side)
    await side.ask(ADS, BY_ID, {"id": f"ma_{BOB}"})
    await objects(side)
    await issue(side)
    async with serving(side) as port:
        async with events(side, port) as response:
            assert response.headers["content-type"] == "text/event-stream"
            lines = response.aiter_lines()
            name, first = await next_event(lines)
            assert (name, first["data"]["recalls"]["account"]) == ("next", "ma_1")
            await objects(side, BOB_AS_BOUND)
            await issue(side)
            begun = time.monotonic()
            _, second = await next_event(lines)
            assert second["data"]["recalls"]["account"] == "ma_2"
            assert time.monotonic() - begun < 3
        async with events(side, port) as response:
            lines = response.aiter_lines()
            assert [(await next_event(lines))[1] for _ in range(2)] == [first, second]
        async with events(side, port, after=first["data"]["recalls"]["number"]) as response:
            assert (await next_event(response.aiter_lines()))[1] == second
    assert side.app.routes["http", PATH]._desk._streams["client"] == 0  # type: ignore[attr-defined]


async def test_a_stream_ends_when_its_token_is_revoked_and_when_the_gateway_stops(side: Side) -> None:
    """Within a second or two: with the refusal of any bad token, or simply complete."""
    number, token = await another_token(side, "short-lived")
    async with serving(side) as port:
        async with events(side, port, token) as response:
            lines = response.aiter_lines()
            await revoke(side.control, number)
            _, said = await next_event(lines)
            assert [each["extensions"]["code"] for each in said["errors"]] == ["TOKEN_REFUSED"]
            assert await next_event(lines) == ("complete", None)
        async with events(side, port) as response:
            side.app.stop()
            assert await next_event(response.aiter_lines()) == ("complete", None)


async def test_a_client_has_so_many_streams_and_no_more(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that is too much is refused at once, with 429; a stream that is left makes room."""
    monkeypatch.setattr(desk, "MAX_STREAMS", 1)
    async with serving(side) as port:
        async with events(side, port) as open_one:
            assert open_one.status_code == 200
            async with events(side, port) as refused:
                assert refused.status_code == 429
                assert b"TOO_MANY_AT_ONCE" in await refused.aread()
        async with asyncio.timeout(10):
            while True:
                async with events(side, port) as again:
                    if again.status_code == 200:
                        break
                await asyncio.sleep(0.05)


async def test_a_bad_place_ends_the_stream_with_a_refusal(side: Side) -> None:
    """What cannot be read is told as an event, for the stream has begun."""
    async with serving(side) as port, events(side, port, after="x") as response:
        lines = response.aiter_lines()
        _, said = await next_event(lines)
        assert [each["extensions"]["code"] for each in said["errors"]] == ["BAD_USER_INPUT"]
        assert await next_event(lines) == ("complete", None)


# --- over a WebSocket -------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def connected(side: Side, port: int, payload: Any, **others: Any) -> AsyncIterator[Any]:
    """A WebSocket on which `connection_init` was said."""
    async with websockets.connect(
        f"ws://127.0.0.1:{port}{PATH}", subprotocols=["graphql-transport-ws"], **others
    ) as connection:  # type: ignore[list-item]
        await connection.send(json.dumps({"type": "connection_init", "payload": payload}))
        yield connection


async def received(connection: Any) -> Any:
    """The next message."""
    async with asyncio.timeout(10):
        return json.loads(await connection.recv())


def shown(side: Side, token: str | None = None, purpose: str = ADS) -> dict[str, str]:
    """Who asks, as `connection_init` says it."""
    return {"Authorization": f"Bearer {token or side.tokens[None]}", "Gateway-Purpose": purpose}


async def test_notices_over_a_websocket(side: Side) -> None:
    """Query, acknowledgement and stream over one connection; an acknowledged notice is not sent again."""
    await disclose_ann(side)
    await side.ask(ADS, BY_ID, {"id": f"ma_{BOB}"})
    await objects(side)
    await issue(side)
    async with serving(side) as port, connected(side, port, shown(side)) as connection:
        assert (await received(connection))["type"] == "connection_ack"

        async def subscribe(name: str, document: str, **given: Any) -> None:
            payload = {"query": document, "variables": given}
            await connection.send(json.dumps({"id": name, "type": "subscribe", "payload": payload}))

        await subscribe("stream", STREAM)
        first = await received(connection)
        assert first["payload"]["data"]["recalls"]["account"] == "ma_1"
        number = first["payload"]["data"]["recalls"]["number"]
        await subscribe("said", ACKNOWLEDGE, numbers=[number])
        said = await received(connection)
        assert said["payload"]["data"]["acknowledgeRecalls"] == {"acknowledged": [number], "unknown": []}
        assert await received(connection) == {"id": "said", "type": "complete"}
        await objects(side, BOB_AS_BOUND)
        await issue(side)
        second = await received(connection)
        assert (second["id"], second["payload"]["data"]["recalls"]["account"]) == ("stream", "ma_2")
        await connection.send(json.dumps({"id": "stream", "type": "complete"}))
        await subscribe("wrong", "{ messengerAccounts { nodes { id } } }")
        wrong = await received(connection)
        assert (wrong["type"], wrong["payload"][0]["extensions"]["code"]) == (
            "error",
            "GRAPHQL_VALIDATION_FAILED",
        )


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"authorization": "Bearer unknown"},
        {"authorization": 5},
        {"authorization": ["x"], "gateway-purpose": {}},
    ],
)
async def test_a_connection_without_a_token_is_refused(side: Side, payload: Any) -> None:
    """Closed with the same code and words, whatever is wrong with the credential."""
    async with serving(side) as port, connected(side, port, payload) as connection:
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await received(connection)
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4403, "Forbidden")  # type: ignore[union-attr]


async def test_a_purpose_out_of_the_tokens_scope_is_not_let_in(side: Side) -> None:
    """I37: one purpose a connection, and one of the token's."""
    _, token = await another_token(side, "ads-only")
    async with serving(side) as port, connected(side, port, shown(side, token, SECURITY)) as connection:
        with pytest.raises(websockets.ConnectionClosed):
            await received(connection)


@pytest.mark.parametrize(
    "message",
    ["", "[]", "5", "null", "{}", '{"type": "subscribe"}', '{"type": "subscribe", "id": 5}', "{" * 2_000]
    + [
        json.dumps({"type": "subscribe", "id": "1", "payload": payload})
        for payload in ([], "x", {"query": 5}, {"query": "{x}", "variables": []})
    ],
)
async def test_a_malformed_message_ends_the_connection_and_nothing_else(side: Side, message: str) -> None:
    """Closed as the protocol says (4400); the next connection is served."""
    async with serving(side) as port:
        async with connected(side, port, shown(side)) as connection:
            await received(connection)
            await connection.send(message)
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await received(connection)
            assert closed.value.rcvd.code == 4400  # type: ignore[union-attr]
        async with connected(side, port, shown(side)) as connection:
            assert (await received(connection))["type"] == "connection_ack"


async def test_a_page_of_another_site_cannot_open_a_websocket(side: Side) -> None:
    """The handshake is refused by its origin; so is one to any other path."""
    async with serving(side) as port:
        for path, origin in ((PATH, "https://elsewhere.example"), ("/graphql", None)):
            with pytest.raises(websockets.InvalidStatus) as refused:
                async with websockets.connect(
                    f"ws://127.0.0.1:{port}{path}",
                    subprotocols=["graphql-transport-ws"],  # type: ignore[list-item]
                    origin=origin,  # type: ignore[arg-type]
                ):
                    pass
            assert refused.value.response.status_code == 403


async def test_a_websocket_stream_ends_when_its_token_is_revoked(side: Side) -> None:
    """Its last answer is the refusal of any bad token."""
    number, token = await another_token(side, "gone-soon")
    async with serving(side) as port, connected(side, port, shown(side, token)) as connection:
        await received(connection)
        payload = {"query": STREAM}
        await connection.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
        await asyncio.sleep(0.2)
        await revoke(side.control, number)
        said = await received(connection)
        assert said["payload"]["errors"][0]["extensions"]["code"] == "TOKEN_REFUSED"
        assert await received(connection) == {"id": "1", "type": "complete"}
