"""Existence is a disclosure (I39, I40, I43, I45): each person asked about is recorded, found or not.

The attacks are documents that tell whether chosen people are there without an object of theirs: by a count,
a cursor, the number of edges, `pageInfo`, null, or a filter that selects one person.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.ledger.reports import of_person
from resolvers.plan.principal import Principal
from tests.gateway.test_ledger import without_ledger
from tests.gateway.test_ledger_reports import ever
from tests.kit.gateway import ADS, SECURITY, NewDatabase, Side, open_side
from tests.kit.worlds.making import random_world
from tests.promises.test_ledger_people import entries, last_entry

WORLD = random_world(7, 12)
SOMEBODY = WORLD.messenger_accounts[0]
ID, PHONE = f"ma_{SOMEBODY.id}", SOMEBODY.phone
SINCE = SOMEBODY.registered_at.isoformat()
CONNECTION = "MessengerAccountConnection"
# What tells that SOMEBODY is there: the document's field, how the person was chosen, how many were asked
# about, and what the entry says was told about SOMEBODY.
TELLING = {
    f'messengerAccounts(phoneNumbers: ["{PHONE}", "+491519999999"]) {{ totalCount }}':
        ("BY_NUMBER", 2, {f"{CONNECTION}.totalCount"}),
    f'messengerAccounts(ids: ["{ID}"]) {{ totalCount }}': ("BY_ID", 1, {f"{CONNECTION}.totalCount"}),
    f'messengerAccounts(ids: ["{ID}"]) {{ edges {{ cursor }} }}': ("BY_ID", 1, {f"{CONNECTION}.edges"}),
    f'messengerAccounts(ids: ["{ID}"]) {{ edges {{ __typename }} }}': ("BY_ID", 1, {f"{CONNECTION}.edges"}),
    f'messengerAccounts(ids: ["{ID}"]) {{ nodes {{ __typename }} }}': ("BY_ID", 1, set()),
    f'messengerAccounts(ids: ["{ID}"]) {{ pageInfo {{ startCursor }} }}':
        ("BY_ID", 1, {f"{CONNECTION}.pageInfo"}),
    f'messengerAccount(id: "{ID}") {{ __typename }}': ("BY_ID", 1, set()),
    f'node(id: "{ID}") {{ __typename }}': ("BY_ID", 1, set()),
    f'messengerAccounts(filter: {{registeredAt: {{from: "{SINCE}"}}}}, first: 1) {{ edges {{ cursor }} }}':
        ("BY_FILTER", 1, {f"{CONNECTION}.edges"}),
    "messengerAccounts(first: 1) { pageInfo { startCursor } }": ("BY_PLACE", 1, {f"{CONNECTION}.pageInfo"}),
}  # fmt: skip
# The person that a filter or a place chooses: the first member by number.
FIRST = {
    "BY_FILTER": min(
        each.id for each in WORLD.messenger_accounts if each.registered_at >= SOMEBODY.registered_at
    ),
    "BY_PLACE": min(each.id for each in WORLD.messenger_accounts),
}
# What tells something of people that a filter or a place chose, and names no one.
NAMELESS = {
    f'messengerAccounts(filter: {{registeredAt: {{from: "{SINCE}"}}}}) {{ totalCount }}': "BY_FILTER",
    'messengerAccounts(filter: {countryCode: {eq: "DE"}}) { byCountryCode { count } }': "BY_FILTER",
    "messengerAccounts(first: 1) { pageInfo { hasNextPage } }": "BY_PLACE",
}


@pytest.fixture(scope="module", params=[False, True], ids=["one machine", "sharded"])
async def side(new_database: NewDatabase, request: pytest.FixtureRequest) -> AsyncIterator[Side]:
    """A gateway before stores of its own, as for one machine and as for sharded stores."""
    async with open_side(new_database, sharded=request.param) as opened:
        yield opened


@pytest.fixture(autouse=True)
async def fresh(side: Side) -> None:
    """The stores hold the world."""
    await side.wait_until_ready()
    await side.hold(WORLD)


async def asked(side: Side) -> list[tuple[str, int]]:
    """How the newest entry says that people were chosen, and how many were asked about."""
    row = await side.control.fetchrow(
        "SELECT e.asked, q.chosen FROM control.ledger_entry e"
        " JOIN control.ledger_question q ON q.key = e.question ORDER BY e.at DESC, e.number DESC LIMIT 1"
    )
    assert row is not None
    return [(how, count) for (how, _), count in zip(json.loads(row["chosen"]), row["asked"], strict=True)]


@pytest.mark.parametrize("field", TELLING)
async def test_i40_i45_whatever_tells_that_a_person_is_there_is_an_entry_that_names_them(
    side: Side, field: str
) -> None:
    """A count, a cursor, an edge or an object names the person, and the entry says how they were chosen."""
    how, many, fields = TELLING[field]
    before = await entries(side)
    reply = await side.ask(SECURITY, f"{{ {field} }}")
    assert reply.codes == []
    assert await entries(side) == before + 1
    assert await asked(side) == [(how, many)]
    assert await last_entry(side) == {("messenger", FIRST.get(how, SOMEBODY.id)): fields}


@pytest.mark.parametrize("field", NAMELESS)
async def test_i45_a_count_under_a_filter_and_a_page_that_names_no_one_are_entries(
    side: Side, field: str
) -> None:
    """Where no person can be named, the entry says how people were chosen."""
    before = await entries(side)
    assert (await side.ask(SECURITY, f"{{ {field} }}")).codes == []
    assert await entries(side) == before + 1
    assert await asked(side) == [(NAMELESS[field], 1)]
    assert await last_entry(side) == {}


async def test_i45_the_count_of_a_whole_list_asks_about_no_one(side: Side) -> None:
    """Without a filter no person is chosen, so the count of all members is no entry."""
    before = await entries(side)
    assert (
        await side.ask(SECURITY, "{ messengerAccounts { totalCount byCountryCode { count } } }")
    ).codes == []
    assert await entries(side) == before


async def test_i45_three_hundred_counts_in_one_request_are_three_hundred_questions(side: Side) -> None:
    """Each number of each alias counts, found or not, repeated or not; the members found are named."""
    numbers = [PHONE, *(f"+4915199{number:06}" for number in range(299))]
    fields = (f'a{place}: messengerAccounts(phoneNumbers: ["{each}"]) {{ totalCount }}'
              for place, each in enumerate(numbers))  # fmt: skip
    reply = await side.ask(SECURITY, f"{{ {' '.join(fields)} }}")
    assert [each["totalCount"] for each in reply.data.values()] == [1] + [0] * 299
    assert await asked(side) == [("BY_NUMBER", 300)]
    assert set(await last_entry(side)) == {("messenger", SOMEBODY.id)}


async def test_i45_hidden_and_unknown_people_leave_equal_entries(side: Side) -> None:
    """A look-up and a count of an objector leave the entries of an unknown number."""
    hidden = next(each.messenger_id for each in WORLD.restrictions if each.purposes & 1)
    for document in (
        '{ messengerAccount(id: "ID") { __typename } }',
        '{ messengerAccounts(ids: ["ID"]) { totalCount edges { cursor } } }',
    ):
        for number in (hidden, 10**9):
            reply = await side.ask(ADS, document.replace("ID", f"ma_{number}"))
            assert reply.codes == []
            assert await asked(side) == [("BY_ID", 1)]
            assert await last_entry(side) == {}


async def test_i43_a_person_s_report_has_the_counts_and_cursors_that_disclosed_them(side: Side) -> None:
    """The report shows each such answer, with how many the client asked about."""
    if side.settings.sharded:
        pytest.skip("reports read the ledger alone")
    before = len((await report(side)).rows)
    for field in TELLING:
        await side.ask(SECURITY, f"{{ {field} }}")
    rows = (await report(side)).rows[before:]
    chosen = [telling for telling in TELLING.values() if telling[0] in {"BY_ID", "BY_NUMBER"}]
    assert [row[6] for row in rows][: len(chosen)] == [f"{many} {how}" for how, many, _ in chosen]


async def report(side: Side) -> Any:
    """The person's report."""
    return await of_person(side.control, Principal(messenger_id=SOMEBODY.id), ever())


async def test_i39_a_count_waits_until_its_entry_is_durable(side: Side) -> None:
    """While the entry cannot be committed no count leaves, and without a ledger none ever does."""
    count = f'{{ messengerAccounts(phoneNumbers: ["{PHONE}"]) {{ totalCount }} }}'
    locked = side.control.transaction()
    await locked.start()
    await side.control.execute("LOCK TABLE control.ledger_entry IN EXCLUSIVE MODE")
    asking = asyncio.create_task(side.ask(SECURITY, count))
    done, _ = await asyncio.wait([asking], timeout=0.5)
    assert not done
    await locked.commit()
    assert (await asking).data["messengerAccounts"]["totalCount"] == 1
    async with without_ledger(side):
        reply = await side.ask(SECURITY, count)
    assert (reply.status, reply.codes, "data" in reply.json) == (503, ["NOT_RECORDED"], False)
