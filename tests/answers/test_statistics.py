"""The data protection officer's statistics: each equals a count over all rows."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from gateway.access.token_use import token_use_login
from gateway.access.tokens import Caller
from gateway.ledger import officer_reports
from gateway.ledger.reports import REPORTS
from gateway.web import tally
from gateway.web.tally import MOST_LINES, Tally, note_requests
from resolvers.reads.statistics import span_of
from resolvers.stores.pool import StoreUnavailable
from schema.purposes import Purpose
from schema.refusals import Code, Refusal
from schema.types.objections import ObjectablePurpose
from schema.types.statistics import LedgerReportName
from tests.kit.gateway import ADS, AUDIT, SECURITY, NewDatabase, Side, open_side, send, trials

SPAN = "($from: DateTime, $before: DateTime)"
GIVEN = "(from: $from, before: $before)"
COUNTS = f"query{SPAN} {{ disclosureCounts{GIVEN} {{ day client purpose answers people }} }}"
PEOPLE = f"query{SPAN} {{ peopleByPurpose{GIVEN} {{ purpose answers people }} }}"
OBJECTIONS = f"query{SPAN} {{ objectionsOverTime{GIVEN} {{ day purpose members objected withdrawn }} }}"
TALLY = f"query{SPAN} {{ requestTally{GIVEN} {{ hour client purpose what requests longestMs request }} }}"
REPORT = """query($name: LedgerReportName!, $from: DateTime, $before: DateTime) {
  ledgerReport(name: $name, from: $from, before: $before) { says wrong columns rows }
}"""
EVERY = {
    "disclosureCounts": COUNTS,
    "peopleByPurpose": PEOPLE,
    "objectionsOverTime": OBJECTIONS,
    "requestTally": TALLY,
}
# Long ago, so that the tests' own requests are not counted.
START = datetime(2020, 2, 27, tzinfo=UTC)
CLIENTS, PURPOSES = ("ads-team", "zoo", "Älter"), ("ADS_PERSONALIZATION", "NOTIFICATION", "SECURITY")


@pytest.fixture(scope="module")
async def side(new_database: NewDatabase) -> AsyncIterator[Side]:
    """A gateway with its own stores."""
    async with open_side(new_database, slow_ms=3_600_000) as opened:
        yield opened


async def statistics(side: Side, name: str, since: datetime | None, *, until: datetime | None) -> Any:
    """The rows of a statistic."""
    given = {"from": since and since.isoformat(), "before": until and until.isoformat()}
    return (await side.ask(AUDIT, EVERY[name], given)).data[name]


def moments(chance: random.Random, count: int) -> list[datetime]:
    """Random times within ten days; some at a day's border."""
    found = []
    for _ in range(count):
        day = START + timedelta(days=chance.randrange(10))
        border = chance.choice([timedelta(), timedelta(microseconds=-1), None, None, None])
        found.append(day + (timedelta(seconds=chance.randrange(86_400)) if border is None else border))
    return found


def span(chance: random.Random) -> tuple[datetime, datetime]:
    """A span that cuts into these days, or holds them all."""
    if chance.random() < 0.3:
        return START - timedelta(days=30), START + timedelta(days=30)
    start = START + timedelta(hours=chance.randrange(-30, 200))
    return start, start + timedelta(hours=chance.randrange(1, 200))


# --- the ledger -----------------------------------------------------------------------------------


async def hold_entries(side: Side, chance: random.Random) -> list[tuple[datetime, str, str, list[int]]]:
    """Write ledger entries without a valid hash chain; this test does not verify it."""
    await side.control.execute(
        "SET session_replication_role = replica; TRUNCATE control.ledger_entry;"
        "SET session_replication_role = DEFAULT"
    )
    keys = {}
    for purpose in PURPOSES:
        text = json.dumps([purpose, "policy", "document", [["MessengerAccount.phone"]]])
        keys[purpose] = hashlib.sha256(text.encode()).digest()
        await side.control.execute(
            "INSERT INTO control.ledger_question (key, text) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            keys[purpose],
            text,
        )
    entries = [
        (
            at,
            chance.choice(CLIENTS),
            chance.choice(PURPOSES),
            [chance.randrange(6) for _ in range(chance.choice([0, 1, 1, 2, 5]))],
        )
        for at in moments(chance, chance.randrange(40))
    ]
    await side.control.execute(
        "CREATE TABLE IF NOT EXISTS control.ledger_of_2020 PARTITION OF control.ledger_entry "
        "FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')"
    )
    await side.control.executemany(
        "INSERT INTO control.ledger_entry VALUES ($1, $2, $3, 'r', $4, 'token 1', $5, 'WHOLE', $6, $7, $8)",
        [
            (at, b"s" * 8, number, client, keys[purpose], [len(people)], people, b"h" * 32)
            for number, (at, client, purpose, people) in enumerate(entries, 1)
        ],
    )
    return entries


async def test_answers_and_people_are_those_of_the_entries(side: Side) -> None:
    """By day, client and purpose, and by purpose over all days: each person once, with exact borders."""
    for seed in range(trials(12)):
        chance = random.Random(seed)
        entries = await hold_entries(side, chance)
        since, until = span(chance)

        by_day: dict[tuple[str, str, str], list[list[int]]] = defaultdict(list)
        by_purpose: dict[str, list[list[int]]] = defaultdict(list)
        for at, client, purpose, people in entries:
            if since <= at < until:
                # Entries about the use of a right name no person to the officer.
                named = [] if purpose == "NOTIFICATION" else people
                by_day[at.date().isoformat(), client, purpose].append(named)
                by_purpose[purpose].append(named)
        told = await statistics(side, "disclosureCounts", since, until=until)
        assert {(each["day"], each["client"], each["purpose"]): counted(each) for each in told} == {
            key: (len(found), len(set().union(*found))) for key, found in by_day.items()
        }
        places = [(each["day"], each["client"], each["purpose"]) for each in told]
        assert places == sorted(places)
        assert {
            each["purpose"]: counted(each)
            for each in await statistics(side, "peopleByPurpose", since, until=until)
        } == {key: (len(found), len(set().union(*found))) for key, found in by_purpose.items()}


def counted(line: dict[str, Any]) -> tuple[int, int]:
    """Answers and people."""
    return line["answers"], line["people"]


# --- objections -----------------------------------------------------------------------------------

_EVENT = """
INSERT INTO control.objection_event
    (account_id, kind, purposes, recorded_at, effective_at, channel, terms_version)
VALUES ($1, $2, $3, $4, $4, 'test', 'v')
"""


async def test_i24_objections_over_time_are_the_fold_of_the_events(side: Side) -> None:
    """Each day has the number of objectors that the events up to its end give, also a day without events."""
    both = [each.value for each in ObjectablePurpose]
    for seed in range(trials(12)):
        chance = random.Random(seed)
        await side.control.execute(
            "ALTER TABLE control.objection_event DISABLE TRIGGER USER; DELETE FROM control.objection_event;"
            "ALTER TABLE control.objection_event ENABLE TRIGGER USER"
        )
        events = [
            (
                chance.randrange(4),
                chance.choice(["OBJECT", "WITHDRAW"]),
                chance.choice([both, both[:1], both[1:]]),
                at,
            )
            for at in sorted(moments(chance, chance.randrange(25)))
        ]
        await side.control.executemany(_EVENT, events)
        await name_members(side)
        since, until = span(chance)
        told = await statistics(side, "objectionsOverTime", since, until=until)

        wanted = []
        day, last = since.date(), (until - timedelta(microseconds=1)).date()
        while day <= last:
            wanted += [counts_of(events, day, purpose) for purpose in both]
            day += timedelta(days=1)
        assert told == wanted


async def name_members(side: Side) -> None:
    """A pseudonym for every member: without one a member is in no view."""
    await side.control.execute(
        "INSERT INTO control.pseudonym SELECT account_id, 'pa_' || repeat(chr(97 + account_id::integer), 26) "
        "FROM generate_series(0, 3) AS account_id ON CONFLICT DO NOTHING"
    )


def counts_of(events: list[tuple[int, str, list[str], datetime]], day: date, purpose: str) -> dict[str, Any]:
    """The expected counts of a day."""
    said: dict[int, str] = {}
    objected = withdrawn = 0
    for account, kind, purposes, at in events:
        if purpose not in purposes or at.date() > day:
            continue
        said[account] = kind
        objected += at.date() == day and kind == "OBJECT"
        withdrawn += at.date() == day and kind == "WITHDRAW"
    members = sum(kind == "OBJECT" for kind in said.values())
    return {
        "day": day.isoformat(),
        "purpose": purpose,
        "members": members,
        "objected": objected,
        "withdrawn": withdrawn,
    }


# --- reports --------------------------------------------------------------------------------------


def test_every_report_of_the_command_line_can_be_asked() -> None:
    """The names of the enum are those of `gateway ledger report`."""
    assert [each.value for each in LedgerReportName] == list(REPORTS)


@pytest.mark.parametrize("name", [each.name for each in LedgerReportName])
async def test_a_report_is_that_of_the_command_line(side: Side, name: str) -> None:
    """The same sentence, columns and rows, as texts."""
    await hold_entries(side, random.Random(1))
    until = START + timedelta(days=30)
    given = {"name": name, "from": START.isoformat(), "before": until.isoformat()}
    told = (await side.ask(AUDIT, REPORT, given)).data["ledgerReport"]
    wanted = await REPORTS[LedgerReportName[name].value](side.control, officer_reports.Span(START, until))

    assert (told["says"], told["wrong"], told["columns"]) == (wanted.says, wanted.wrong, list(wanted.columns))
    assert [[cell is None for cell in row] for row in told["rows"]] == [
        [cell is None for cell in row] for row in wanted.rows
    ]
    assert all(isinstance(cell, str | None) for row in told["rows"] for cell in row)


async def test_a_report_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A report that is too slow fails like an unavailable store, as does one that waits too long for it."""

    async def endless(*_: Any) -> Any:
        await asyncio.sleep(60)

    class Connection:
        async def execute(self, _: str) -> None: ...

        def terminate(self) -> None: ...

    async def connect() -> Any:
        return Connection()

    monkeypatch.setattr(officer_reports, "REPORT_TIMEOUT_SECONDS", 0.05)
    monkeypatch.setitem(REPORTS, "bulk", endless)
    reports = officer_reports.OfficerReports(connect, partial(datetime.now, UTC))
    asked = [reports.report(LedgerReportName.BULK, None, None) for _ in range(3 * officer_reports.AT_ONCE)]
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(each, StoreUnavailable) for each in found)


async def test_a_report_that_is_wrong_does_not_look_like_a_store_that_is_away(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A faulty report is INTERNAL with a line in the log, and not an unavailable store."""

    async def wrong(connection: Any, _: Any) -> Any:
        await connection.fetch("SELECT 1 / 0")

    monkeypatch.setitem(REPORTS, "bulk", wrong)
    assert (await side.ask(AUDIT, REPORT, {"name": "BULK"})).codes == ["INTERNAL"]


# --- refused and slow requests --------------------------------------------------------------------


async def noted(side: Side) -> list[dict[str, Any]]:
    """The statistic that AUDIT reads after the process has written its counts."""
    await note_requests(side.app.graphql._tally, token_use_login(side.settings))
    return list(await statistics(side, "requestTally", None, until=None))


async def test_refused_and_slow_requests_are_counted(side: Side) -> None:
    """Refused and slow requests are counted by code, client and purpose, without any text of the request."""
    await noted(side)
    await side.control.execute("TRUNCATE control.request_tally")
    await side.ask(SECURITY, '{ messengerAccount(phone: "+4917139200999") { nothing } }')
    await side.ask(SECURITY, "{ nothing }")
    await send(side.app, headers=side.authorised(SECURITY, "gw_no"), body=b"{}")
    side.app.graphql._tally.slow_s = -1.0
    await side.ask(ADS, "{ policy { digest } }")
    side.app.graphql._tally.slow_s = 3_600.0
    told = await noted(side)

    assert {(each["client"], each["purpose"], each["what"]): each["requests"] for each in told} == {
        ("", "", "TOKEN_REFUSED"): 1,
        ("client", "ADS_PERSONALIZATION", "SLOW"): 1,
        ("client", "SECURITY", "GRAPHQL_VALIDATION_FAILED"): 2,
    }
    assert "4917139200999" not in json.dumps(told)
    assert all(each["request"] and each["hour"].endswith(":00:00+00:00") for each in told)


async def test_counts_survive_a_store_that_was_away(side: Side) -> None:
    """Counts that could not be written are written the next time with the new ones; none twice."""
    await noted(side)
    await side.control.execute("TRUNCATE control.request_tally")
    await side.ask(SECURITY, "{ nothing }")
    await side.control.execute("ALTER FUNCTION control.note_requests RENAME TO away")
    try:
        await note_requests(side.app.graphql._tally, token_use_login(side.settings))
    finally:
        await side.control.execute("ALTER FUNCTION control.away RENAME TO note_requests")
    await side.ask(SECURITY, "{ nothing }")

    assert [each["requests"] for each in await noted(side)] == [2]
    assert [each["requests"] for each in await noted(side)] == [2]


def test_many_client_names_do_not_fill_the_memory() -> None:
    """Clients beyond the bound are counted together, and no request is lost."""
    counts = Tally(1.0, lambda: 0.0)
    for number in range(MOST_LINES + 50):
        counts.refused(
            Code.BAD_REQUEST, Caller(f"client{number}", 1, Purpose.SECURITY), 0.002, request_id=b"r"
        )
    taken = counts.take()
    assert len(taken) == MOST_LINES + 1
    assert sum(each.requests for each in taken.values()) == MOST_LINES + 50

    counts.refused(Code.BAD_REQUEST, None, 0.5, request_id=b"later")
    counts.give_back(taken)
    again = counts.take()
    assert sum(each.requests for each in again.values()) == MOST_LINES + 51
    assert again[tally.TallyKey(0, "", "", "BAD_REQUEST")].request == "later"


async def test_after_a_year_a_count_is_gone(side: Side) -> None:
    """A count that is a year old is deleted with the next write."""
    await side.control.execute(
        "INSERT INTO control.request_tally VALUES (now() - interval '401 days', 'old', '', 'SLOW', 1, 1, 'r')"
    )
    await side.ask(SECURITY, "{ nothing }")
    await noted(side)
    assert not await side.control.fetchval("SELECT count(*) FROM control.request_tally WHERE client = 'old'")


# --- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EVERY)
async def test_a_span_that_is_none_is_refused(side: Side, name: str) -> None:
    """A span that is empty, backwards, longer than a year or beyond the calendar is one constant error."""
    year = timedelta(days=366)
    for since, until in (
        (START, START),
        (START, START - timedelta(seconds=1)),
        (START, START + year + timedelta(seconds=1)),
        (None, datetime(1, 1, 1, tzinfo=UTC)),
    ):
        given = {"from": since and since.isoformat(), "before": until.isoformat()}
        assert (await side.ask(AUDIT, EVERY[name], given)).codes == ["BAD_USER_INPUT"]
    assert await statistics(side, name, START, until=START + year) is not None


def test_a_time_without_a_zone_is_one_of_utc() -> None:
    """A time without a zone is read as UTC."""
    naive = START.replace(tzinfo=None)
    assert span_of(naive, naive + timedelta(days=1), timedelta(days=1), now=START) == (
        START,
        START + timedelta(days=1),
    )
    with pytest.raises(Refusal):
        span_of(None, datetime.min, timedelta(days=1), now=START)


async def test_i1_no_other_purpose_has_statistics(side: Side) -> None:
    """Under every other purpose a statistic is refused like a misspelt field."""
    for purpose in Purpose:
        if purpose is not AUDIT:
            for document in (*EVERY.values(), REPORT):
                assert (await side.ask(purpose, document)).codes == ["GRAPHQL_VALIDATION_FAILED"]
