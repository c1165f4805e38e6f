"""The history of objections under pseudonyms: all of it, nobody's number, and counts that are the fold."""

from __future__ import annotations

import asyncio
import datetime
import json
import random
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest

from gateway import keeper
from gateway.keeper import naming_of
from resolvers.catalogue import Store
from resolvers.fields import OBJECTS
from resolvers.pseudonyms import name_everybody, naming
from resolvers.stores import connect_role
from resolvers.universe import universes
from resolvers.views import views_of
from schema.purposes import OBJECTABLE, Purpose
from tests.asking import NewDatabase, Reply, Side, open_side

AUDIT = Purpose.AUDIT
FIELDS = "number person kind purposes recordedAt effectiveAt channel termsVersion"
HISTORY = f"""query($first: Int! = 1000, $after: ID, $person: String) {{
  objections(first: $first, after: $after, person: $person) {{ {FIELDS} }}
}}"""
IN_FORCE = "{ objectionsInForce { purpose members } }"
NAME = re.compile("pa_[a-z2-7]{26}")
START = datetime.datetime(2016, 9, 1, tzinfo=datetime.UTC)


@dataclass(frozen=True)
class Event:
    """An entry of the history, as it is recorded."""

    account: int
    kind: str
    purposes: tuple[str, ...]
    at: datetime.datetime


def some_events(seed: int, accounts: int = 12, events: int = 60) -> list[Event]:
    """A history of a few members who change their minds."""
    chance = random.Random(seed)
    return [
        Event(
            chance.randrange(accounts),
            chance.choice(("OBJECT", "OBJECT", "WITHDRAW")),
            tuple(chance.sample(sorted(OBJECTABLE), chance.randint(1, 2))),
            START + datetime.timedelta(hours=number),
        )
        for number in range(events)
    ]


async def hold(side: Side, events: list[Event]) -> None:
    """Let the gateway's own database hold this history and nothing else, with everybody named."""
    for table in ("objection_event", "pseudonym"):
        await side.control.execute(f"ALTER TABLE control.{table} DISABLE TRIGGER refuse_change")
        await side.control.execute(f"TRUNCATE control.{table} RESTART IDENTITY")
        await side.control.execute(f"ALTER TABLE control.{table} ENABLE TRIGGER refuse_change")
    await add(side, events)
    await name_everybody(side.control, naming_of(side.settings), whole=True)


async def add(side: Side, events: list[Event]) -> None:
    """Record these events; nobody is named by it."""
    await side.control.executemany(
        "INSERT INTO control.objection_event"
        " (account_id, kind, purposes, recorded_at, effective_at, channel, terms_version)"
        " VALUES ($1, $2, $3, $4, $4, 'client \"desk\"', '2016-08-25')",
        [(each.account, each.kind, list(each.purposes), each.at) for each in events],
    )


@pytest.fixture(scope="module")
async def side(new_database: NewDatabase) -> AsyncIterator[Side]:
    """A gateway before stores of its own."""
    async with open_side(new_database) as opened:
        yield opened


async def told(side: Side, document: str = HISTORY, **variables: Any) -> list[dict[str, Any]]:
    """What the only root field of the document answers under AUDIT."""
    reply = await side.ask(AUDIT, document, variables)
    answer = json.loads(reply.body)
    assert answer.keys() == {"data"}, answer
    (rows,) = answer["data"].values()
    return list(rows)


# --- the history ----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
async def test_the_auditor_reads_every_event_in_order_under_one_name_a_person(side: Side, seed: int) -> None:
    """I5: everything is as recorded; one member has always the same name, and no two share one."""
    events = some_events(seed)
    await hold(side, events)

    rows = await told(side)

    assert [
        (row["kind"], tuple(row["purposes"]), datetime.datetime.fromisoformat(row["recordedAt"]))
        for row in rows
    ] == [(each.kind, each.purposes, each.at) for each in events]
    assert {row["channel"] for row in rows} == {'client "desk"'}
    names = {(event.account, row["person"]) for event, row in zip(events, rows, strict=True)}
    assert len(names) == len({account for account, _ in names}) == len({name for _, name in names})
    assert all(NAME.fullmatch(name) for _, name in names)


async def test_the_history_is_read_page_by_page_and_person_by_person(side: Side) -> None:
    """Each event once, whatever the size of a page; one person's events are those of that name."""
    await hold(side, some_events(4))
    rows = await told(side)

    for size in (1, 7, 60, 1000):
        paged: list[dict[str, Any]] = []
        while page := await told(side, first=size, after=paged[-1]["number"] if paged else None):
            assert len(page) <= size
            paged += page
        assert paged == rows

    for person in {row["person"] for row in rows}:
        assert [row for row in rows if row["person"] == person] == await told(side, person=person)
    assert await told(side, first=0) == []
    assert await told(side, person="pa_nobody") == []
    assert await told(side, after="999999999999999999") == []


@pytest.mark.parametrize(
    "variables",
    [
        {"first": -1},
        {"first": 1001},
        {"first": None},
        {"first": "10"},
        {"after": "0"},
        {"after": "-1"},
        {"after": "01"},
        {"after": "1 OR 1=1"},
        {"after": "9223372036854775808"},
        {"after": "１"},
        {"person": 5},
    ],
)
async def test_what_is_no_argument_of_ours_is_refused(side: Side, variables: dict[str, Any]) -> None:
    """One constant error of the catalogue, and no value of it."""
    reply = await side.ask(AUDIT, HISTORY, variables)

    errors = json.loads(reply.body)["errors"]
    assert [each["extensions"]["code"] for each in errors] == ["BAD_USER_INPUT"]


# --- counts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
async def test_i24_the_counts_are_the_fold_of_the_events(side: Side, seed: int) -> None:
    """For each purpose, the members whose last word on it is an objection; plain Python says the same."""
    events = some_events(seed, accounts=1 + seed * 3, events=seed * 20)
    await hold(side, events)

    last: dict[tuple[int, str], str] = {}
    for each in events:
        last.update(dict.fromkeys(((each.account, purpose) for purpose in each.purposes), each.kind))
    wanted = [
        {
            "purpose": purpose.value,
            "members": sum(1 for (_, of), kind in last.items() if of == purpose and kind == "OBJECT"),
        }
        for purpose in OBJECTABLE
    ]

    assert wanted == await told(side, IN_FORCE)


# --- nobody's number ------------------------------------------------------------------------------


async def test_the_universe_of_audit_has_no_account_number(side: Side) -> None:
    """Neither a column of it nor a right on the tables behind: the role could not find out."""
    (universe,) = [each for each in universes(OBJECTS, Store.CONTROL) if each.purpose is AUDIT]
    shown = re.search(r"SELECT (.*)\n", universe.sql)
    assert shown is not None
    assert shown[1].split(", ")[0] == "p.person"
    assert "account_id" not in shown[1]

    connection = await connect_role(side.gateway.pools[AUDIT][Store.CONTROL].endpoint)
    try:
        for table in ("objection_event", "pseudonym", "token", "suspension"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetch(f"SELECT * FROM control.{table}")
    finally:
        await connection.close()
    assert Store.MESSENGER not in side.gateway.pools[AUDIT]
    assert set(views_of(OBJECTS, Store.SOCIAL, AUDIT)) == {"customer_list"}


async def test_i1_a_name_is_an_hmac_under_a_key_that_no_store_has(side: Side) -> None:
    """Who counts through all numbers without the key finds nobody; another key, another name."""
    await hold(side, [Event(5, "OBJECT", ("ADS_PERSONALIZATION",), START)])
    ((row),) = await told(side)

    assert row["person"] == naming_of(side.settings)(5)
    assert row["person"] != naming(b"another key")(5)
    assert row["person"] not in {naming(b"")(number) for number in range(1000)}
    assert side.settings.key("pseudonyms") not in {side.settings.key("tokens"), side.settings.key("cursors")}


async def test_i1_who_it_was_changes_no_byte_but_the_name(side: Side) -> None:
    """The same history of other members: every answer is the same once names are replaced."""
    events = some_events(9)
    answers = []
    for moved in (0, 1_000_000):
        others = [Event(each.account + moved, each.kind, each.purposes, each.at) for each in events]
        await hold(side, others)
        replies = [await side.ask(AUDIT, HISTORY), await side.ask(AUDIT, IN_FORCE)]
        answers.append([_without_names(reply) for reply in replies])

    assert answers[0] == answers[1]


def _without_names(reply: Reply) -> tuple[int, Any, str]:
    """The reply with each name replaced by when it first appeared."""
    seen: dict[str, str] = {}
    text = NAME.sub(lambda found: seen.setdefault(found[0], f"person {len(seen)}"), reply.body.decode())
    headers = [each for each in reply.headers if each[0] != b"content-length"]
    return reply.status, headers, text


@pytest.mark.parametrize("purpose", [each for each in Purpose if each is not AUDIT])
async def test_no_other_purpose_knows_of_pseudonyms(side: Side, purpose: Purpose) -> None:
    """They lead nowhere else, because nowhere else they exist."""
    side.whose = side.whose if side.whose.subject else type(side.whose)(1, 1, 1, 1)
    reply = await side.ask(purpose, "{ objections { person } }")

    assert [each["extensions"]["code"] for each in json.loads(reply.body)["errors"]] == [
        "GRAPHQL_VALIDATION_FAILED"
    ]


# --- who has a name -------------------------------------------------------------------------------


async def test_the_keeper_names_whoever_recorded_something(side: Side) -> None:
    """What is recorded is read by the auditor a few seconds later; a start-up finds what is older too."""
    await hold(side, some_events(1, accounts=4))
    assert await name_everybody(side.control, naming_of(side.settings), whole=True) == 0
    await add(side, [Event(77, "OBJECT", ("FRIEND_SUGGESTIONS",), START)])
    assert len(await told(side)) == 60

    await keeper.settle(side.settings, whole=False)

    assert len(await told(side)) == 61


async def test_everybody_is_named_once_by_however_many(side: Side) -> None:
    """Several gateways at the same time, and more nameless than one statement takes: one name each."""
    await hold(side, [])
    many = [Event(number, "OBJECT", ("ADS_PERSONALIZATION",), START) for number in range(25)]
    await add(side, many)
    connections = [await connect_role(keeper.writer_endpoints(side.settings)["control"]) for _ in range(4)]
    try:
        naming_ = naming_of(side.settings)
        await asyncio.gather(*(name_everybody(each, naming_, whole=True) for each in connections))
    finally:
        for each in connections:
            await each.close()

    named = await side.control.fetch("SELECT account_id, person FROM control.pseudonym ORDER BY account_id")
    assert [(row[0], row[1]) for row in named] == [(number, naming_(number)) for number in range(25)]


async def test_a_name_is_never_changed_or_taken_away(side: Side) -> None:
    """Not even by the owner in passing: what an auditor wrote down stays true."""
    await hold(side, some_events(2))
    for change in (
        "UPDATE control.pseudonym SET person = 'pa_aaaaaaaaaaaaaaaaaaaaaaaaaa'",
        "DELETE FROM control.pseudonym",
        "TRUNCATE control.pseudonym",
    ):
        with pytest.raises(asyncpg.RaiseError):
            await side.control.execute(change)


async def test_a_store_that_is_down_is_one_error_and_no_data(side: Side) -> None:
    """Without the gateway's own database the auditor gets the catalogue's error, and nothing half."""
    pools = side.gateway.pools[AUDIT]
    audit = side.gateway.context_of.args[3]  # type: ignore[attr-defined]
    before = audit._pool
    audit._pool = _Down()
    try:
        reply = await side.ask(AUDIT, HISTORY)
    finally:
        audit._pool = before

    assert pools[Store.CONTROL] is before
    answer = json.loads(reply.body)
    assert [each["extensions"]["code"] for each in answer["errors"]] == ["STORE_UNAVAILABLE"]
    assert not answer.get("data")


class _Down:
    async def fetch(self, *_: object) -> list[Any]:
        from resolvers.stores import StoreUnavailable

        raise StoreUnavailable
