"""Disclosures in answers: subjects read their own (Art. 15), audit reads all of them by reference."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import asyncpg
import pytest

from resolvers.reads.disclosures import disclosed_fields, place_of, place_text, reference_of, reference_text
from resolvers.sources.catalogue import Store
from resolvers.stores.pool import connect_role
from schema.purposes import Purpose
from schema.refusals import Refusal
from tests.kit.documents.writer import write_request
from tests.kit.gateway import AUDIT, SUBJECT, NewDatabase, Side, known_of, open_side
from tests.kit.worlds.making import random_world

WORLD = random_world(11, 12)
OWN = """query($first: Int, $after: ID, $client: String) {
  disclosures(first: $first, after: $after, client: $client) {
    number at client purpose fields outcome request
  }
}"""
ALL = """query($first: Int, $after: ID, $person: String, $client: String) {
  disclosures(first: $first, after: $after, person: $person, client: $client) {
    number client purpose fields people outcome policy request
  }
}"""
# Under these an entry is about the use of a right, or audit's own: its people are not named to audit.
UNNAMED = {"SUBJECT_ACCESS", "PREFERENCES", "NOTIFICATION", "AUDIT"}
PURPOSES = (Purpose.SECURITY, Purpose.INFRASTRUCTURE, Purpose.FRIEND_SUGGESTIONS, Purpose.ADS_PERSONALIZATION)


@pytest.fixture(scope="module")
async def side(new_database: NewDatabase) -> AsyncIterator[Side]:
    """A gateway whose ledger holds entries of many requests."""
    async with open_side(new_database) as opened:
        await opened.hold(WORLD)
        for purpose in PURPOSES:
            known = known_of(opened.settings, purpose, WORLD)
            schema = opened.gateway.plans.contexts[purpose].schema
            for number in range(15):
                request = write_request(schema, known, Random(f"{purpose} {number}"))
                await opened.ask(purpose, request.document, request.variables, request.operation_name)
        yield opened


@pytest.fixture(autouse=True)
async def ready(side: Side) -> None:
    """All stores are up."""
    await side.wait_until_ready()


async def written(side: Side) -> list[dict[str, Any]]:
    """All entries of the ledger's table, in order, with their people and fields."""
    whose = {
        row["reference"]: (row["store"], row["account_id"])
        for row in await side.control.fetch("SELECT * FROM control.ledger_person")
    }
    rows = await side.control.fetch(
        "SELECT e.*, q.purpose, q.fields FROM control.ledger_entry e"
        " JOIN control.ledger_question q ON q.key = e.question ORDER BY e.at, e.stream, e.number"
    )
    found = []
    for row in rows:
        places, told, position = json.loads(row["fields"]), {}, 0
        for place, count in zip(places, row["counts"], strict=True):
            for reference in row["people"][position : position + count]:
                told.setdefault(whose[reference], []).extend(place)
            position += count
        found.append({**dict(row), "told": told})
    return found


async def test_i43_a_person_sees_exactly_the_entries_that_name_them(side: Side) -> None:
    """A person sees each entry that names them, with the fields of both accounts and of no other person."""
    person = {("messenger", side.whose.messenger_id), ("social", side.whose.social_id)}
    expected = []
    for entry in await written(side):
        fields = [field for each, told in entry["told"].items() if each in person for field in told]
        if person & entry["told"].keys():
            expected.append((entry["request"], entry["purpose"], set(fields)))
    reply = await side.ask(SUBJECT, OWN, {"first": 1000})

    found = [(each["request"], each["purpose"], set(each["fields"])) for each in reply.data["disclosures"]]
    assert found == expected
    assert len({purpose for _, purpose, _ in found}) > 1


async def test_asking_for_them_is_told_as_well(side: Side) -> None:
    """An answer about the subject's own data is a disclosure as well."""
    first = (await side.ask(SUBJECT, OWN, {"first": 1000})).data["disclosures"]
    second = (await side.ask(SUBJECT, OWN, {"first": 1000})).data["disclosures"]
    assert second[:-1] == first
    assert second[-1]["purpose"] == "SUBJECT_ACCESS"
    assert "Query.disclosures" in second[-1]["fields"]
    assert "Disclosure.client" in second[-1]["fields"]


async def test_pages_of_them_are_the_whole(side: Side) -> None:
    """Pages of disclosures hold every entry once, in the order of time."""
    for purpose, shape in ((SUBJECT, OWN), (AUDIT, ALL)):
        whole = (await side.ask(purpose, shape, {"first": 1000})).data["disclosures"]
        pages: list[Any] = []
        while len(pages) < len(whole):
            after = pages[-1]["number"] if pages else None
            page = (await side.ask(purpose, shape, {"first": 7, "after": after})).data["disclosures"]
            assert page
            pages += page
        assert pages[: len(whole)] == whole


async def test_audit_sees_all_under_references(side: Side) -> None:
    """Audit sees each person under one reference, and no account number."""
    expected = await written(side)
    reply = await side.ask(AUDIT, ALL, {"first": 1000})
    found = reply.data["disclosures"]

    assert [each["request"] for each in found] == [each["request"] for each in expected]
    for told, entry in zip(found, expected, strict=True):
        people = [] if entry["purpose"] in UNNAMED else entry["people"]
        assert told["people"] == list(dict.fromkeys(map(reference_text, people)))
        fields = {field for of_one in entry["told"].values() for field in of_one}
        assert set(told["fields"]) == fields
    assert not re.search(rb"[ms]a_\d|account_id", reply.body)


async def test_audit_reads_of_one_person_and_of_one_client(side: Side) -> None:
    """Audit can filter disclosures by a person's reference, by client, and by both."""
    whole = (await side.ask(AUDIT, ALL, {"first": 1000})).data["disclosures"]
    person = next(each["people"][0] for each in whole if each["people"])
    of_person = (await side.ask(AUDIT, ALL, {"first": 1000, "person": person})).data["disclosures"]
    expected = [each["number"] for each in whole if person in each["people"]]
    assert [each["number"] for each in of_person] == expected
    unknown = await side.ask(AUDIT, ALL, {"client": "unknown"})
    assert unknown.data == {"disclosures": []}
    principal = (await side.ask(AUDIT, ALL, {"first": 1000, "client": "bound"})).data["disclosures"]
    assert {each["client"] for each in principal} <= {"bound"}


async def test_what_audit_reads_is_recorded_with_the_people_that_it_names(side: Side) -> None:
    """Audit's answer from the ledger is recorded with the people that it names."""
    reply = await side.ask(AUDIT, ALL, {"first": 1000})
    named = {person for each in reply.data["disclosures"] for person in each["people"]}
    entry = (await written(side))[-1]
    assert {reference_text(each) for each in entry["people"]} == named
    assert json.loads(entry["fields"])[0][0] == "Query.disclosures"


@pytest.mark.parametrize("purpose", [SUBJECT, AUDIT])
@pytest.mark.parametrize(
    "wrong",
    [
        {"first": -1}, {"first": 1001}, {"after": ""}, {"after": "1"}, {"after": "1-00-1"},
        {"after": "x" * 9000}, {"after": "1-0000000000000000-0"}, {"after": "9" * 18 + "-0000000000000000-1"},
    ],
)  # fmt: skip
async def test_a_wrong_place_is_refused(side: Side, purpose: Purpose, wrong: dict[str, Any]) -> None:
    """One refusal for every text that is not a place in the ledger."""
    assert (await side.ask(purpose, OWN, wrong)).codes == ["BAD_USER_INPUT"]


@pytest.mark.parametrize("wrong", ["", "pl_", "pl_" + "g" * 16, "pl_" + "f" * 16, "pa_" + "a" * 26, "' OR 1"])
async def test_a_wrong_reference_is_refused(side: Side, wrong: str) -> None:
    """One refusal for every text that is not a reference."""
    assert (await side.ask(AUDIT, ALL, {"person": wrong})).codes == ["BAD_USER_INPUT"]


async def test_a_subject_s_entries_name_no_person(side: Side) -> None:
    """A subject has no argument for another person."""
    assert (await side.ask(SUBJECT, ALL)).codes == ["GRAPHQL_VALIDATION_FAILED"]


@pytest.mark.parametrize("purpose", [SUBJECT, AUDIT])
async def test_neither_role_reads_the_ledger_itself(side: Side, purpose: Purpose) -> None:
    """Neither role reads the ledger's tables: each has its own views alone."""
    login = side.gateway.pools[purpose][Store.CONTROL].login
    connection = await connect_role(login)
    try:
        tables = ["ledger_entry", "ledger_person", "ledger_question", "ledger_checkpoint", "disclosure"]
        for table in [*tables, "own_disclosure"]:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetch(f"SELECT * FROM control.{table}")
        columns = {
            row[0]
            for row in await connection.fetch(
                "SELECT column_name FROM information_schema.columns WHERE table_name LIKE '%disclosure'"
                " AND table_schema = $1",
                purpose.universe,
            )
        }
        assert ("people" in columns, "account_id" in columns) == (purpose is AUDIT, purpose is SUBJECT)
        assert not columns & {"reference", "hash", "credential"}
    finally:
        await connection.close()


def test_places_and_references_are_read_as_they_are_written() -> None:
    """Places and references are read as they are written, and no other text is accepted."""
    at, stream, number = place_of("1700000000000001-00ff00ff00ff00ff-12")
    assert place_text(at, stream, number) == "1700000000000001-00ff00ff00ff00ff-12"
    assert reference_of(reference_text(2**63 - 1)) == 2**63 - 1
    with pytest.raises(Refusal):
        reference_of("pl_8000000000000000")


def test_fields_are_those_of_the_person_s_places() -> None:
    """A person's fields are those at their places; places count from 1 and may be empty."""
    fields = [["a", "b"], ["c"], ["b", "d"]]
    assert disclosed_fields(fields, [2, 0, 1], [1]) == ["a", "b"]
    assert disclosed_fields(fields, [2, 0, 1], [2, 3]) == ["a", "b", "d"]
    assert disclosed_fields(fields, [0, 1, 1], [1]) == ["c"]
    assert disclosed_fields(fields, [0, 0, 0], []) == []
