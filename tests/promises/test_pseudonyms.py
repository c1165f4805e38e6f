"""The history of objections under pseudonyms: complete, without any number, and with exact counts."""

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

from gateway.upkeep import reconciler, store_logins
from gateway.upkeep.reconciler import naming_of
from resolvers.changes.pseudonyms import name_everybody, naming
from resolvers.plan.principal import Principal
from resolvers.sources.catalogue import Store
from resolvers.sources.fields import OBJECTS
from resolvers.stores.pool import connect_role
from resolvers.universe.render import universes
from resolvers.universe.views import views_of
from schema.purposes import ABOUT, OBJECTABLE, PrincipalKind, Purpose
from tests.answers.test_mutations import RECORD, ask_as
from tests.kit.gateway import NewDatabase, Reply, Side, open_side
from tests.kit.worlds.rows import MessengerAccount, World
from tests.promises.test_objection import forget

AUDIT = Purpose.AUDIT
FIELDS = "number person kind purposes recordedAt effectiveAt channel termsVersion"
HISTORY = f"""query($first: Int! = 1000, $after: ID, $person: String) {{
  objections(first: $first, after: $after, person: $person) {{ {FIELDS} }}
}}"""
TERMS = "query($person: String!) { termsAcceptances(person: $person) { version acceptedAt } }"
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
    for owner, table in (
        (side.control, "control.objection_event"),
        (side.control, "control.pseudonym"),
        (side.messenger, "messenger.pseudonym"),
    ):
        await owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER refuse_change")
        await owner.execute(f"TRUNCATE {table} RESTART IDENTITY")
        await owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER refuse_change")
    await add(side, events)
    await name_everybody(side.control, side.messenger, naming_of(side.settings), whole=True)


async def add(side: Side, events: list[Event]) -> None:
    """Record these events, without giving any member a name."""
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
    """I5: everything is as recorded, by days; a member has always the same name, and no two share one."""
    events = some_events(seed)
    await hold(side, events)

    rows = await told(side)

    name_of = naming_of(side.settings)
    # Stable: a person's own events of one day keep their order.
    events.sort(key=lambda each: (each.at.date(), name_of(each.account)))
    assert [(row["kind"], tuple(row["purposes"]), row["recordedAt"], row["effectiveAt"]) for row in rows] == [
        (each.kind, each.purposes, *[each.at.date().isoformat()] * 2) for each in events
    ]
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
    assert await told(side, person="pa_unknown") == []
    assert await told(side, after=f"99991231-pa_{'a' * 26}-1") == []


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
        {"after": f"20160901-pa_{'a' * 26}-0"},
        {"after": f"20161301-pa_{'a' * 26}-1"},
        {"after": f"２0160901-pa_{'a' * 26}-1"},
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


# --- no number ------------------------------------------------------------------------------------


async def test_the_universe_of_audit_has_no_account_number(side: Side) -> None:
    """Neither a column of it nor a right on the tables behind: the role could not find out."""
    kept = (
        "pseudonym", "token", "suspension", "disclosure", "ledger_entry", "ledger_person", "recall",
        "objection_event",
    )  # fmt: skip
    counts = {"disclosure", "audited_recall", "request_tally", "objection_tally"}
    for store, view, others, tables in (
        (Store.CONTROL, "audited_objection", counts, kept),
        (Store.MESSENGER, "terms_acceptance", set(), ("pseudonym", "account", "restriction")),
    ):
        assert set(views_of(OBJECTS, store, AUDIT)) == {view} | others
        (universe,) = [each for each in universes(OBJECTS, store) if each.purpose is AUDIT]
        assert "account_id" not in universe.sql.replace("p.account_id = t.account_id", "")
        shown = re.search(rf"{view} AS\n *SELECT (.*)\n", universe.sql)
        assert shown is not None
        assert {"p.person", "t.person"} & set(shown[1].split(", "))

        connection = await connect_role(side.gateway.pools[AUDIT][store].login)
        try:
            for table in (view, *tables):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.fetch(f"SELECT * FROM {store}.{table}")
        finally:
            await connection.close()
    assert set(views_of(OBJECTS, Store.SOCIAL, AUDIT)) == {"customer_list"}


async def test_the_terms_of_a_person_with_events_are_read_under_the_same_name(side: Side) -> None:
    """In the order of accepting; a person without events has no row under any name (I5)."""
    await hold(side, [Event(number, "OBJECT", ("ADS_PERSONALIZATION",), START) for number in (1, 2)])
    await side.messenger.execute("DELETE FROM messenger.account")
    await side.messenger.execute(
        "INSERT INTO messenger.account (id, phone, country_code, registered_at)"
        " SELECT n, '+4915100000' || n, 'DE', '2016-01-01' FROM generate_series(1, 3) n"
    )
    await side.messenger.execute(
        "INSERT INTO messenger.terms_acceptance VALUES (1, '2016-08-25', '2016-09-02'),"
        " (1, '2012-07-07', '2016-01-01'), (3, '2016-08-25', '2016-09-03')"
    )
    name_of = naming_of(side.settings)
    accepted = [
        {"version": "2012-07-07", "acceptedAt": "2016-01-01T00:00:00+00:00"},
        {"version": "2016-08-25", "acceptedAt": "2016-09-02T00:00:00+00:00"},
    ]
    for person, rows in ((name_of(1), accepted), (name_of(2), []), (name_of(3), []), ("ma_1", []), ("", [])):
        assert await told(side, TERMS, person=person) == rows
    # The view itself holds no other person either.
    shown = await side.gateway.pools[AUDIT][Store.MESSENGER].fetch("SELECT * FROM terms_acceptance", [])
    assert {row["person"] for row in shown} == {name_of(1)}


async def test_a_store_that_was_restored_gets_its_names_again(side: Side) -> None:
    """The messenger's store lost them: the next start copies them from the control store."""
    await hold(side, some_events(4))
    await side.messenger.execute("ALTER TABLE messenger.pseudonym DISABLE TRIGGER refuse_change")
    await side.messenger.execute("DELETE FROM messenger.pseudonym WHERE account_id % 2 = 0")
    await side.messenger.execute("ALTER TABLE messenger.pseudonym ENABLE TRIGGER refuse_change")

    await reconciler.reconcile_once(side.settings, whole=True)

    names = [
        await owner.fetch(f"SELECT account_id, person FROM {store}.pseudonym ORDER BY account_id")
        for owner, store in ((side.control, "control"), (side.messenger, "messenger"))
    ]
    assert names[0] == names[1] != []


async def test_i1_a_name_is_an_hmac_under_a_key_that_no_store_has(side: Side) -> None:
    """A search through all numbers without the key finds no name; another key gives another name."""
    await hold(side, [Event(5, "OBJECT", ("ADS_PERSONALIZATION",), START)])
    ((row),) = await told(side)

    assert row["person"] == naming_of(side.settings)(5)
    assert row["person"] != naming(b"another key")(5)
    assert row["person"] not in {naming(b"")(number) for number in range(1000)}
    assert side.settings.key("pseudonyms") not in {side.settings.key("tokens"), side.settings.key("cursors")}


async def test_i1_who_it_was_changes_nothing_but_the_name(side: Side) -> None:
    """The same history of other members: the same histories, each under another name, and the same counts."""
    events = some_events(9)
    answers = []
    for moved in (0, 1_000_000):
        others = [Event(each.account + moved, each.kind, each.purposes, each.at) for each in events]
        await hold(side, others)
        replies = [await side.ask(AUDIT, HISTORY), await side.ask(AUDIT, IN_FORCE)]
        # Two refusals would be the same, too.
        assert [reply.status for reply in replies] == [200, 200]
        assert NAME.search(replies[0].body.decode())
        answers.append((_histories(replies[0]), replies[1]))

    assert answers[0] == answers[1]


def _histories(reply: Reply) -> list[str]:
    """Each person's entries, without the person."""
    found: dict[str, list[str]] = {}
    for row in reply.data["objections"]:
        said = {name: value for name, value in row.items() if name not in {"number", "person"}}
        found.setdefault(row["person"], []).append(json.dumps(said))
    return sorted(map(str, found.values()))


@pytest.mark.parametrize("purpose", [each for each in Purpose if each is not AUDIT])
async def test_no_other_purpose_knows_of_pseudonyms(side: Side, purpose: Purpose) -> None:
    """They lead nowhere else, because nowhere else they exist."""
    side.whose = side.whose if side.whose.subject else type(side.whose)(1, 1, 1, 1)
    reply = await side.ask(purpose, "{ objections { person } }")

    assert [each["extensions"]["code"] for each in json.loads(reply.body)["errors"]] == [
        "GRAPHQL_VALIDATION_FAILED"
    ]


# --- two names that nothing joins -------------------------------------------------------------------


async def test_i1_no_question_of_the_auditor_joins_a_pseudonym_and_a_reference(side: Side) -> None:
    """The auditor reads each person's history, and then their own entries: these name no reference."""
    await side.hold(_five())
    await hold(side, [Event(number, "OBJECT", ("ADS_PERSONALIZATION",), START) for number in range(1, 6)])
    for number in range(1, 6):
        reply = await side.ask(Purpose.SECURITY, f'{{ messengerAccount(id: "ma_{number}") {{ phone }} }}')
        assert reply.data["messengerAccount"] is not None
    people = {row["person"] for row in await told(side)}
    assert len(people) == 5
    joined = {}
    for person in people:
        before = {each["number"] for each in await disclosed(side)}
        assert await told(side, person=person) != []
        await told(side, TERMS, person=person)
        new = [each for each in await disclosed(side) if each["number"] not in before]
        joined[person] = {reference for each in new for reference in each["people"]}
    assert joined == {person: set() for person in people}
    # The ledger does name them: each person's own report has these entries (I43).
    assert (await side.control.fetchval(_NAMED_BY_AUDIT)) == 5
    references = {reference for each in await disclosed(side) for reference in each["people"]}
    assert len(references) == 5


async def test_i46_neither_order_nor_time_nor_looking_again_tells_who_objected(side: Side) -> None:
    """A day's entries are in the order of pseudonyms and have no time; today's appear after the day."""
    events = [Event(number, "OBJECT", ("ADS_PERSONALIZATION",), START) for number in range(40)]
    await hold(side, events)
    rows = await told(side)
    name_of = naming_of(side.settings)
    assert [row["person"] for row in rows] == sorted(name_of(each.account) for each in events)
    assert {row["number"] for row in rows} == {f"20160901-{row['person']}-1" for row in rows}

    now = datetime.datetime.now(datetime.UTC)
    await add(side, [Event(77, "OBJECT", ("ADS_PERSONALIZATION",), now)])
    await name_everybody(side.control, side.messenger, naming_of(side.settings), whole=True)
    assert await told(side) == rows
    counts = {row["purpose"]: row["members"] for row in await told(side, IN_FORCE)}
    assert counts["ADS_PERSONALIZATION"] == 41


async def test_i46_terms_under_a_pseudonym_have_days(side: Side) -> None:
    """A portal that shows a member when they accepted the terms does not tell the auditor who that is."""
    await side.hold(_five())
    await hold(side, [Event(1, "OBJECT", ("ADS_PERSONALIZATION",), START)])
    await side.messenger.execute(
        "INSERT INTO messenger.terms_acceptance VALUES (1, '2016-08-25', '2016-09-02T12:34:56.789+00')"
    )
    (accepted,) = await told(side, TERMS, person=naming_of(side.settings)(1))
    assert accepted == {"version": "2016-08-25", "acceptedAt": "2016-09-02T00:00:00+00:00"}


async def test_i46_an_exercised_right_names_no_reference(side: Side) -> None:
    """What a person does about an objection is in the ledger, and under AUDIT without a name."""
    await hold(side, [])
    await side.hold(_five())
    await forget(side)
    principal = Principal(messenger_id=1)
    await ask_as(side, principal, RECORD, purposes=["ADS_PERSONALIZATION"])
    (entry,) = [each for each in await disclosed(side) if each["purpose"] == "PREFERENCES"]
    assert (entry["people"], entry["client"]) == ([], "portal")
    named = {each["purpose"] for each in await disclosed(side) if each["people"]}
    assert named <= {each.value for each in DATA}
    assert {each.value for each in Purpose} - {each.value for each in DATA} == {
        "SUBJECT_ACCESS", "PREFERENCES", "AUDIT",
    }  # fmt: skip
    view = await side.control.fetchval("SELECT pg_get_viewdef('control.disclosure'::regclass)")
    assert all(f"'{each.value}'" in part for each in DATA for part in view.split("UNION"))
    assert "AUDIT" not in view


# The purposes under which clients receive data about others.
DATA = [each for each in Purpose if ABOUT[each].principal is not PrincipalKind.SUBJECT and each is not AUDIT]
_NAMED_BY_AUDIT = """
SELECT count(DISTINCT p.account_id) FROM control.ledger_entry e
JOIN control.ledger_question q ON q.key = e.question
JOIN control.ledger_person p ON p.reference = ANY (e.people)
WHERE q.purpose = 'AUDIT' AND p.account_id BETWEEN 1 AND 5 AND q.fields @> '[["Query.objections"]]'
"""


async def disclosed(side: Side) -> list[dict[str, Any]]:
    """All entries, as the auditor reads them."""
    found = await told(side, "{ disclosures(first: 1000) { number at client purpose people request } }")
    return sorted(found, key=lambda each: str(each["number"]))


def _five() -> World:
    before = datetime.datetime(2015, 5, 1, tzinfo=datetime.UTC)
    return World(
        messenger_accounts=tuple(MessengerAccount(n, f"+491511{n:07}", "DE", before) for n in range(1, 6))
    )


# --- who has a name -------------------------------------------------------------------------------


async def test_the_reconciler_names_each_person_with_events(side: Side) -> None:
    """The auditor reads a recorded event a few seconds later; a start-up finds older events as well."""
    await hold(side, some_events(1, accounts=4))
    assert await name_everybody(side.control, side.messenger, naming_of(side.settings), whole=True) == 0
    await add(side, [Event(77, "OBJECT", ("FRIEND_SUGGESTIONS",), START)])
    assert len(await told(side)) == 60

    await reconciler.reconcile_once(side.settings, whole=False)

    assert len(await told(side)) == 61


async def test_everybody_is_named_once_by_however_many(side: Side) -> None:
    """Several gateways at the same time, and more nameless than one statement takes: one name each."""
    await hold(side, [])
    many = [Event(number, "OBJECT", ("ADS_PERSONALIZATION",), START) for number in range(25)]
    await add(side, many)
    logins = store_logins.writer_logins(side.settings)
    pairs = [
        (await connect_role(logins["control"]), await connect_role(logins["messenger"])) for _ in range(4)
    ]
    try:
        naming_ = naming_of(side.settings)
        await asyncio.gather(*(name_everybody(*pair, naming_, whole=True) for pair in pairs))
    finally:
        for each in (connection for pair in pairs for connection in pair):
            await each.close()

    for owner, store in ((side.control, "control"), (side.messenger, "messenger")):
        named = await owner.fetch(f"SELECT account_id, person FROM {store}.pseudonym ORDER BY account_id")
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
    before = pools[Store.CONTROL]
    pools[Store.CONTROL] = _Down()  # type: ignore[index]
    try:
        reply = await side.ask(AUDIT, HISTORY)
    finally:
        pools[Store.CONTROL] = before  # type: ignore[index]

    answer = json.loads(reply.body)
    assert [each["extensions"]["code"] for each in answer["errors"]] == ["STORE_UNAVAILABLE"]
    assert not answer.get("data")


class _Down:
    async def fetch(self, *_: object) -> list[Any]:
        from resolvers.stores.pool import StoreUnavailable

        raise StoreUnavailable
