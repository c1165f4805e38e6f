"""`gateway ledger`: a person's report, the data protection officer's reports, and retention.

A real gateway in this process gets requests; then the commands run as an operator runs them.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from gateway.ledger.processing_record import PEOPLE
from gateway.ledger.replay import PolicyEvaluator, not_open
from gateway.ledger.reports import REPORTS, STOPS, Span, objectors, of_person, replayed
from resolvers.plan.principal import Principal
from schema.policy.history import versions
from schema.policy.matrix import policy_lines
from schema.purposes import ABOUT, Purpose
from schema.terms.marks import Mark
from tests.answers.test_mutations import RECORD, ask_as
from tests.commands.test_cli import Said, command
from tests.kit.decided import decided
from tests.kit.documents.writer import write_request
from tests.kit.gateway import SEEING, NewDatabase, Side, known_of, open_side
from tests.kit.worlds.making import random_world
from tests.kit.worlds.rows import World
from tests.promises.test_objection import ANN, PHONES, SMALL

WORLD = random_world(11, 12)
# Types of the matrix without data of people.
WITHOUT_PEOPLE = {"Merchant", "CustomerList", "PolicyVersion", "Message", "Business"}
ADS, SECURITY, FRIENDS = Purpose.ADS_PERSONALIZATION, Purpose.SECURITY, Purpose.FRIEND_SUGGESTIONS
BY_PHONE = "query($phone: PhoneNumber!) { messengerAccount(phone: $phone) { id phone } }"


@pytest.fixture(scope="module")
async def side(new_database: NewDatabase) -> AsyncIterator[Side]:
    """A gateway with its own stores."""
    async with open_side(new_database) as opened:
        yield opened


def name_in_environment(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the environment so that commands use its stores."""
    for store in ("messenger", "social", "control"):
        monkeypatch.setenv(f"GATEWAY_{store.upper()}_DSN", side.settings.owner_dsn(store))
    monkeypatch.setenv("GATEWAY_SECRET", side.settings.secret.get_secret_value())


@pytest.fixture
async def whole(new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Side]:
    """A gateway whose ledger was never emptied."""
    async with open_side(new_database) as opened:
        name_in_environment(opened, monkeypatch)
        yield opened


@pytest.fixture
async def asked(side: Side, monkeypatch: pytest.MonkeyPatch) -> Side:
    """The same gateway with the settings in the environment, as for a command, and an empty ledger."""
    name_in_environment(side, monkeypatch)
    await side.wait_until_ready()
    async with side.control.transaction():
        await side.control.execute("SET LOCAL session_replication_role = replica")
        for table in ("entry", "checkpoint", "cut"):
            await side.control.execute(f"TRUNCATE control.ledger_{table}")
        await side.control.execute("TRUNCATE control.objection_event")
    return side


async def hold(side: Side, world: World) -> None:
    """Load this world into the stores."""
    await side.hold(world)


def ever() -> Span:
    """The span of all time."""
    return Span(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


async def ledger(*arguments: str) -> Said:
    """`gateway ledger …`."""
    return await command("ledger", *arguments)


async def rows_of(*arguments: str) -> list[dict[str, Any]]:
    """The rows of a report."""
    said = await ledger(*arguments, "--format", "json")
    assert said.status == 0, said.err
    rows: list[dict[str, Any]] = json.loads(said.out)["rows"]
    return rows


async def told(side: Side) -> list[tuple[str, dict[tuple[str, int], set[str]]]]:
    """(request, the people and their fields) of every entry, read from the tables by hand."""
    whose = {
        row["reference"]: (row["store"], row["account_id"])
        for row in await side.control.fetch("SELECT * FROM control.ledger_person")
    }
    found = []
    for row in await side.control.fetch(
        "SELECT request, people, counts, fields FROM control.ledger_entry e"
        " JOIN control.ledger_question q ON q.key = e.question ORDER BY e.at, e.stream, e.number"
    ):
        named: dict[tuple[str, int], set[str]] = defaultdict(set)
        people = iter(row["people"])
        for fields, count in zip(json.loads(row["fields"]), row["counts"], strict=True):
            for _ in range(count):
                named[whose[next(people)]].update(fields)
        found.append((row["request"], dict(named)))
    return found


# --- one person -----------------------------------------------------------------------------------


async def test_i43_the_subject_s_report_equals_all_entries_naming_them(asked: Side) -> None:
    """A subject's report has every entry that names either of their accounts, with fields, and no other."""
    await hold(asked, WORLD)
    for purpose in (SECURITY, FRIENDS, ADS, Purpose.INFRASTRUCTURE):
        known = known_of(asked.settings, purpose, WORLD)
        schema = asked.gateway.plans.contexts[purpose].schema
        for number in range(12):
            request = write_request(schema, known, Random(f"{purpose} {number}"))
            await asked.ask(purpose, request.document, request.variables, request.operation_name)
    entries = await told(asked)
    links = {each.account_id: each.messenger_id for each in WORLD.messenger_links}
    seen = 0
    for account in WORLD.social_accounts:
        person = Principal(messenger_id=links.get(account.id), social_id=account.id)
        keys = {("social", account.id), ("messenger", person.messenger_id)}
        expected = [
            (request, {field for key in keys & named.keys() for field in named[key]})
            for request, named in entries
            if keys & named.keys()
        ]
        report = await of_person(asked.control, person, ever())
        assert [(row[5], set(filter(None, row[3].split(", ")))) for row in report.rows] == expected
        seen += len(expected)
    assert seen > 20


async def test_a_person_s_report_by_phone_and_by_account(asked: Side) -> None:
    """The same for either account; as a table, JSON and a page for printing."""
    await hold(asked, SMALL)
    await asked.ask(SECURITY, BY_PHONE, {"phone": PHONES[ANN]})
    by_phone = await rows_of("subject", PHONES[ANN])
    assert by_phone == await rows_of("subject", f"ma_{ANN}") == await rows_of("subject", "sa_11")
    (row,) = by_phone
    assert (row["client"], row["purpose"]) == ("client", "SECURITY")
    assert row["fields"] == "MessengerAccount.id, MessengerAccount.phone"
    assert row["asked about"] == "1 BY_NUMBER"

    page = (await ledger("subject", "ma_1", "--format", "html")).out
    assert page.startswith("<!DOCTYPE html>") and "MessengerAccount.phone" in page and "<script" not in page
    table = await ledger("subject", "ma_1")
    assert "SECURITY" in table.out and table.err == "1 answers disclosed this person.\n"
    assert PHONES[ANN] not in table.out + page


async def test_a_report_of_an_unknown_person_or_client_says_so(asked: Side) -> None:
    """One line each: an unknown person, an unknown client, a person that no client read."""
    await hold(asked, SMALL)
    assert (await ledger("subject", "+4915199999999")).err.endswith("no account with that number\n")
    assert (await ledger("subject", "ma_99")).err.endswith("the messenger has no account ma_99\n")
    for wrong in ("", "Ann", "5", "ma_", "+49 151", "pl_" + "0" * 16):
        said = await ledger("subject", wrong)
        assert said.status == 1 and "a person is named by a phone number" in said.err
    assert (await ledger("subject", "ma_1")).err == "No answer disclosed this person.\n"
    late = await ledger("subject", "ma_1", "--since", "2026-01-02", "--until", "2026-01-01")
    assert late.status == 1 and "--until must be later" in late.err


# --- the officer's questions ----------------------------------------------------------------------


async def test_readers_of_phone_numbers_by_purpose(asked: Side) -> None:
    """Clients that received a number; no client that read other fields, or found no person."""
    await hold(asked, SMALL)
    for phone in (PHONES[ANN], PHONES[ANN], "+4915199999999"):
        await asked.ask(SECURITY, BY_PHONE, {"phone": phone})
    await asked.ask(Purpose.INFRASTRUCTURE, 'query { messengerAccount(id: "ma_1") { id countryCode } }')
    assert await rows_of("report", "phone-readers") == [
        {"purpose": "SECURITY", "client": "client", "answers": 2, "people": 1}
    ]


async def test_no_objector_is_disclosed_after_the_objection(asked: Side) -> None:
    """A client reads for ads all the time: the report counts 0, names its basis, and how to verify it."""
    await hold(asked, SMALL)
    everybody = "{ messengerAccounts { nodes { id phone } } }"
    await asked.ask(ADS, everybody)
    await ask_as(asked, Principal(messenger_id=ANN), RECORD, purposes=["ADS_PERSONALIZATION"])
    for _ in range(5):
        reply = await asked.ask(ADS, everybody)
        assert f"ma_{ANN}" not in {node["id"] for node in reply.data["messengerAccounts"]["nodes"]}
        await asked.ask(SECURITY, BY_PHONE, {"phone": PHONES[ANN]})

    said = await ledger("report", "objectors")
    assert said.status == 0, said.out
    assert "for 1 objections: no objector's data was disclosed after the objection" in said.err
    assert "`gateway ledger verify`" in said.err
    found = await objectors(asked.control, ever(), timedelta(0))
    assert found.rows[0][:3] == (0, 0, 1)


async def test_an_entry_that_should_not_be_is_found(asked: Side) -> None:
    """An entry that names an objector for ads, long after: the count is not 0, and the status is 1."""
    await hold(asked, SMALL)
    await asked.ask(ADS, "{ messengerAccounts { nodes { id phone } } }")
    await ask_as(asked, Principal(messenger_id=ANN), RECORD, purposes=["ADS_PERSONALIZATION"])
    async with asked.control.transaction():
        await asked.control.execute("SET LOCAL session_replication_role = replica")
        await asked.control.execute(
            "UPDATE control.objection_event SET effective_at = now() - interval '1 h'"
        )
    said = await ledger("report", "objectors")
    assert said.status == 1
    assert "1 violate one" in said.err
    # The objection to the other purpose, and entries of an earlier time, are no violation.
    before = datetime.now(UTC) - timedelta(days=2)
    assert not (await objectors(asked.control, Span(before, before + timedelta(days=1)))).wrong


def test_an_objection_stops_what_the_purposes_say() -> None:
    """An objection to ads covers offers; no objection covers a purpose that is not objectable."""
    assert STOPS == {
        "ADS_PERSONALIZATION": ["ADS_PERSONALIZATION", "OFFER_MATCHING"],
        "FRIEND_SUGGESTIONS": ["FRIEND_SUGGESTIONS"],
    }


async def test_how_long_until_an_objection_was_first_kept_to(asked: Side) -> None:
    """From its effect to the first answer for its purpose; empty if there is no answer yet."""
    await hold(asked, SMALL)
    await ask_as(
        asked, Principal(messenger_id=ANN), RECORD, purposes=["ADS_PERSONALIZATION", "FRIEND_SUGGESTIONS"]
    )
    await asked.ask(ADS, "{ messengerAccounts { nodes { id } } }")
    rows = {
        row["objected to"]: row["seconds to the first answer"] for row in await rows_of("report", "honoured")
    }
    assert 0 <= rows["ADS_PERSONALIZATION"] < 60
    assert rows["FRIEND_SUGGESTIONS"] is None


async def test_who_reads_the_same_people_for_two_purposes(asked: Side) -> None:
    """One client, two purposes, one person; people read for one purpose only do not count."""
    await hold(asked, SMALL)
    await asked.ask(SECURITY, BY_PHONE, {"phone": PHONES[ANN]})
    await asked.ask(Purpose.INFRASTRUCTURE, "{ messengerAccounts { nodes { id } } }")
    assert await rows_of("report", "two-purposes") == [
        {"client": "client", "purposes": "INFRASTRUCTURE, SECURITY", "people": 1}
    ]


async def test_bulk_readers_and_clients_that_guess_numbers(asked: Side) -> None:
    """People within an hour by client; answers without people, and their share."""
    await hold(asked, SMALL)
    await asked.ask(Purpose.INFRASTRUCTURE, "{ messengerAccounts { nodes { id } } }")
    for number in range(3):
        await asked.ask(SECURITY, BY_PHONE, {"phone": f"+49151999999{number:02}"})
    (bulk,) = await rows_of("report", "bulk")
    assert (bulk["client"], bulk["people"]) == ("client", 3)
    assert await rows_of("report", "phone-enumeration") == [
        {
            "client": "client",
            "in vain": 3,
            "answers": 4,
            "percent": "75.0",
            "asked by id or number": 3,
            "by filter or page": 1,
        }
    ]


async def test_what_a_client_received(asked: Side) -> None:
    """By purpose: answers, people, first and last, the requested fields."""
    await hold(asked, SMALL)
    await asked.ask(SECURITY, BY_PHONE, {"phone": PHONES[ANN]})
    (row,) = await rows_of("client", "client")
    assert (row["purpose"], row["answers"], row["people"]) == ("SECURITY", 1, 1)
    assert row["fields asked for"] == "MessengerAccount.id, MessengerAccount.phone"
    assert await rows_of("client", "unknown") == []


# --- judged again by the policy that the entry names (I44) -----------------------------------------------


def decided_fields() -> Iterator[tuple[str, Purpose, bool]]:
    """(field, purpose, whether it sees it), from the decided policy and not from the terms."""
    for (type_, name), marks in decided().items():
        if not name.startswith("("):
            for purpose, mark in marks.items():
                yield f"{type_}.{name}", Purpose(purpose), mark != "-"


def test_i44_a_version_decides_as_it_was_decided() -> None:
    """A version decides every field under every purpose as its own file does, also fields of interfaces."""
    evaluator = PolicyEvaluator(versions()[-1])
    told = {(field, purpose, evaluator.opens(field, purpose)) for field, purpose, _ in decided_fields()}
    assert told == set(decided_fields())
    assert evaluator.opens("MessengerConversation.category", Purpose.BUSINESS_MESSAGING)
    assert not evaluator.opens("MessengerConversation.category", SECURITY)
    # The terms of 2016 opened this; the version before them did not.
    assert not PolicyEvaluator(versions()[0]).opens("MessengerAccount.phone", ADS)


async def test_i44_the_policy_opens_what_random_documents_received(asked: Side) -> None:
    """The policy that an entry names opens all fields that random documents received."""
    await hold(asked, WORLD)
    for purpose in SEEING:
        known = known_of(asked.settings, purpose, WORLD)
        schema = asked.gateway.plans.contexts[purpose].schema
        for number in range(20):
            request = write_request(schema, known, Random(f"replay {purpose} {number}"))
            await asked.ask(purpose, request.document, request.variables, request.operation_name)
    found = await replayed(asked.control, ever())
    purposes = await asked.control.fetch(
        "SELECT DISTINCT purpose FROM control.ledger_entry JOIN control.ledger_question ON key = question"
    )
    assert len(purposes) >= 7
    assert (found.rows, found.wrong) == ([], False)
    assert not_open({}, "NOTIFICATION", "any", fields=[["Query.recalls", "Recall.account"]]) == []
    assert not_open({}, "NOTIFICATION", "any", fields=[["MessengerAccount.phone"]]) == [
        "MessengerAccount.phone"
    ]


async def test_i44_a_disclosure_that_the_policy_does_not_open_is_found(asked: Side) -> None:
    """The replay finds a field that the purpose never sees, an unrecorded policy, and an unknown purpose."""
    await hold(asked, SMALL)
    await asked.ask(SECURITY, BY_PHONE, {"phone": PHONES[ANN]})
    newest, oldest = versions()[-1].digest, versions()[0].digest
    for number, (purpose, policy, field) in enumerate(
        (
            ("ADS_PERSONALIZATION", newest, "SocialAccount.displayName"),
            ("ADS_PERSONALIZATION", oldest, "MessengerAccount.phone"),
            ("SECURITY", "0" * 64, "MessengerAccount.phone"),
            ("CURIOSITY", newest, "MessengerAccount.phone"),
        )
    ):
        text = json.dumps([purpose, policy, "document", [[field]]])
        key = await asked.control.fetchval(
            "INSERT INTO control.ledger_question (key, text) VALUES (sha256($1::text::bytea), $1)"
            " RETURNING key",
            text,
        )
        await asked.control.execute(
            "INSERT INTO control.ledger_entry SELECT at, stream, number + $1, request, client, credential,"
            " $2, outcome, counts, people, hash FROM control.ledger_entry ORDER BY number LIMIT 1",
            number + 1_000, key,
        )  # fmt: skip
    found = await replayed(asked.control, ever())
    assert found.wrong
    assert sorted((row[0], row[2]) for row in found.rows) == [
        ("ADS_PERSONALIZATION", "MessengerAccount.phone"),
        ("ADS_PERSONALIZATION", "SocialAccount.displayName"),
        ("CURIOSITY", "MessengerAccount.phone"),
        ("SECURITY", "the policy was never recorded"),
    ]


@pytest.mark.parametrize("name", REPORTS)
async def test_every_question_of_an_empty_ledger_has_an_answer(asked: Side, name: str) -> None:
    """An empty ledger has no violation."""
    said = await ledger("report", name)
    assert said.status == 0, said.err


async def test_the_record_of_processing_is_the_policy(asked: Side) -> None:
    """One activity for each purpose: what for, whose and which data, recipients, who may object."""
    rows = {row["purpose"]: row for row in await rows_of("processing")}
    assert list(rows) == [purpose.value for purpose in Purpose]
    for purpose in Purpose:
        row = rows[purpose.value]
        assert row["what for"] == ABOUT[purpose].sentence
        visible = {
            f"{line.type}.{line.name}"
            for line in policy_lines()
            if line.type in PEOPLE and line.marks[purpose] is not Mark.NEVER
        }
        assert set(row["which data"].split(", ")) == (visible or {"none"})
        assert "client" in row["recipients"].split(", ")
    assert rows["ADS_PERSONALIZATION"]["who may object"] == "members who object to ADS_PERSONALIZATION"
    assert rows["SECURITY"]["who may object"] == "no one"
    assert "MessengerAccount.phone" in rows["SECURITY"]["which data"]
    # PEOPLE has every type with lines in the matrix, except the types without data of people.
    assert {line.type for line in policy_lines()} - PEOPLE.keys() == WITHOUT_PEOPLE
    page = (await ledger("processing", "--format", "html")).out
    assert "Art" not in page.split("<main>")[0] and "members of the messenger" in page


# --- is it what was written, and what ends --------------------------------------------------------


async def test_verify_names_what_it_checked_and_each_discrepancy(whole: Side, tmp_path: Path) -> None:
    """Status 0 and a table; status 1 and a line for each discrepancy; a public key replaces the secret."""
    await hold(whole, SMALL)
    for _ in range(3):
        await whole.ask(SECURITY, BY_PHONE, {"phone": PHONES[ANN]})
    said = await ledger("verify")
    assert said.status == 0, said.out
    assert "every entry is as it was written" in said.out
    public = (await ledger("key")).out.strip()
    assert (await ledger("verify", "--public-key", public)).status == 0
    assert "64 hexadecimal digits" in (await ledger("verify", "--public-key", "xyz")).err
    kept = tmp_path / "checkpoints.jsonl"
    kept.write_text((await ledger("checkpoints")).out)
    assert (await ledger("verify", "--against", str(kept))).status == 0
    kept.write_text("nonsense\n")
    assert "line 1: not a checkpoint" in (await ledger("verify", "--against", str(kept))).err

    async with whole.control.transaction():
        await whole.control.execute("SET LOCAL session_replication_role = replica")
        await whole.control.execute("UPDATE control.ledger_entry SET client = 'other' WHERE number % 2 = 0")
    said = await ledger("verify")
    assert said.status == 1
    assert ": changed " in said.out
    assert "other" not in said.out and PHONES[ANN] not in said.out


async def test_a_person_whose_account_is_gone_is_forgotten(whole: Side) -> None:
    """`forget` works after the account is gone from its store; verification then finds its record."""
    await hold(whole, SMALL)
    await whole.ask(SECURITY, BY_PHONE, {"phone": PHONES[ANN]})
    await whole.messenger.execute("DELETE FROM messenger.account WHERE id = $1", ANN)
    said = await ledger("forget", f"ma_{ANN}", "--yes")
    assert (said.status, said.out) == (0, "1 accounts cut off from their entries.\n")
    said = await ledger("verify")
    assert said.status == 0 and "and 1 erased" in said.out


async def test_drop_and_forget_ask_first(whole: Side) -> None:
    """Without --yes the command does nothing and says what it would do; it is safe to repeat."""
    await hold(whole, SMALL)
    await whole.ask(SECURITY, BY_PHONE, {"phone": PHONES[ANN]})
    assert "add --yes" in (await ledger("forget", "ma_1")).err
    assert await rows_of("subject", "ma_1")
    assert (await ledger("forget", "ma_1", "--yes")).out == "1 accounts cut off from their entries.\n"
    assert await rows_of("subject", "ma_1") == []
    assert (await ledger("forget", "ma_1", "--yes")).out == "The ledger does not know them.\n"
    assert (await ledger("forget", "ma_999", "--yes")).out == "The ledger does not know them.\n"
    assert "must say why" in (await ledger("forget", "ma_1", "--reason", " ", "--yes")).err
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    assert "add --yes" in (await ledger("drop", "--before", today)).err
    assert (await ledger("drop", "--before", today, "--yes")).status == 0
    late = f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%d}"
    assert "must be today or earlier" in (await ledger("drop", "--before", late, "--yes")).err
    assert (await ledger("verify")).status == 0
