"""A client's quotas of people: those that it asks about, and those that it receives, over all processes.

Both refuse before a store is asked, from the document, its variables and what the client used before (I8,
I14, I45, I46).
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import pytest

from gateway.quotas import people as people_quotas
from gateway.quotas.people import PeopleQuota, Promise
from gateway.quotas.table import OwnQuota, Quota, quotas_login, set_quota
from resolvers.plan.amounts import QuestionCount
from schema.build import schema_for
from schema.purposes import Purpose
from schema.refusals import Code, Refusal
from tests.kit.documents.writer import write_request
from tests.kit.gateway import ADS, SECURITY, SUBJECT, NewDatabase, Reply, Side, known_of, open_side, trials
from tests.kit.worlds.making import random_world

WORLD = random_world(7, 12)
BY_ID = "query($id: ID!) { messengerAccount(id: $id) { phone countryCode } }"
BY_PHONE = "query($phone: PhoneNumber!) { messengerAccount(phone: $phone) { countryCode } }"
ALL = "{ messengerAccounts { nodes { id } } }"
IDS = [f"ma_{each.id}" for each in WORLD.messenger_accounts]
PHONES = [each.phone for each in WORLD.messenger_accounts]
UNKNOWN = [f"+4915199{number:06}" for number in range(20)]
# What tells whether the member with a number, or an identifier, is there.
TELLING = (
    BY_PHONE,
    "query($phone: PhoneNumber!) { messengerAccount(phone: $phone) { __typename } }",
    "query($phone: PhoneNumber!) { messengerAccounts(phoneNumbers: [$phone]) { totalCount } }",
    "query($phone: PhoneNumber!) { messengerAccounts(phoneNumbers: [$phone]) { edges { cursor } } }",
    "query($phone: PhoneNumber!) { messengerAccounts(phoneNumbers: [$phone]) { pageInfo { startCursor } } }",
    "query($phone: PhoneNumber!) { messengerAccounts(phoneNumbers: [$phone]) { nodes { __typename } } }",
)


@pytest.fixture(scope="module")
async def side(new_database: NewDatabase) -> AsyncIterator[Side]:
    """A gateway before stores of its own."""
    async with open_side(new_database) as opened:
        opened.watch()
        yield opened


@pytest.fixture(autouse=True)
async def fresh(side: Side) -> None:
    """Load the world, reset the use of quotas, and give every client a large quota."""
    await side.wait_until_ready()
    await side.hold(WORLD)
    await forget(side)


async def forget(side: Side) -> None:
    """No client has used anything of its quotas."""
    for table in ("quota", "quota_hour", "quota_person", "quota_room"):
        await side.control.execute(f"DELETE FROM control.{table}")
    await side.book.refreshed()
    people = side.gateway.people
    people._hour, people._shares = people_quotas._Hour(), {}


async def limit(side: Side, people: int | None = None, questions: int | None = None) -> None:
    """Set the quotas of the tests' client."""
    await set_quota(side.control, "client", OwnQuota(None, None, people, questions))
    await side.book.refreshed()


async def ask(side: Side, document: str = BY_ID, **variables: Any) -> Reply:
    """An answer under SECURITY."""
    return await side.ask(SECURITY, document, variables)


@asynccontextmanager
async def process(side: Side, people: int, questions: int = 10**6) -> AsyncIterator[PeopleQuota]:
    """Another process' quotas, with these numbers for every client."""
    process.number += 1  # type: ignore[attr-defined]
    made = PeopleQuota(
        quotas_login(side.settings),
        lambda _: Quota(1, 1, people, questions),
        process=bytes(7) + bytes([process.number]),  # type: ignore[attr-defined]
        monotonic=time.monotonic,
    )
    try:
        yield made
    finally:
        await made.close()


process.number = 1  # type: ignore[attr-defined]


async def disclose(one: PeopleQuota, people: list[str], most: int | None = None) -> Code | None:
    """Ask about these people and receive them all; `most`: what the document could name. The refusal."""
    count = QuestionCount(len(people), most or len(set(people)), "")
    try:
        with await one.reserve("somebody", Purpose.SECURITY, count) as promise:
            await one.charge("somebody", Purpose.SECURITY, people, promise=promise)
    except Refusal as refusal:
        return refusal.code
    return None


async def used(side: Side) -> tuple[int, int]:
    """How many questions and people the store counts, questions that a process holds included."""
    row = await side.control.fetchrow("SELECT coalesce(sum(questions), 0), coalesce(sum(people), 0)"
                                      " FROM control.quota_hour")  # fmt: skip
    assert row is not None
    return row[0], row[1]


# --- people ---------------------------------------------------------------------------------------


async def test_a_client_receives_its_quota_of_people_and_no_more(side: Side) -> None:
    """A client may receive its quota of people; while it has room it may ask again about those it knows."""
    await limit(side, people=4)
    met = [await ask(side, id=each) for each in IDS[:3]]
    again = [await ask(side, id=each) for each in IDS[:3]]
    last, more = await ask(side, id=IDS[3]), await ask(side, id=IDS[4])
    assert [reply.codes for reply in (*met, *again, last)] == [[]] * 7
    assert (more.status, more.codes) == (429, ["TOO_MANY_PEOPLE"])
    assert "data" not in more.json
    wait = int(dict(more.headers)[b"retry-after"])
    assert 0 < wait <= 3_600
    assert abs((time.time() + wait) % 3_600) < 5 or 3_600 - (time.time() + wait) % 3_600 < 5


async def test_i8_with_a_spent_quota_a_member_is_refused_like_an_unknown_number(side: Side) -> None:
    """With a spent quota every member, objector and unknown number gets the same bytes, in each form."""
    await limit(side, people=1)
    assert (await ask(side, id=IDS[0])).codes == []
    for document in TELLING:
        for purpose in (SECURITY, ADS):
            replies = [await side.ask(purpose, document, {"phone": each}) for each in PHONES + UNKNOWN]
            assert {(each.status, each.body) for each in replies} == {(429, replies[0].body)}
            assert replies[0].codes == ["TOO_MANY_PEOPLE"]


async def test_i14_a_refusal_of_a_quota_asks_no_store(side: Side) -> None:
    """A document that could name more people than there is room for is refused before it runs.

    Without data, ledger entry or charge; a smaller page is answered.
    """
    await limit(side, people=5)
    before = await side.control.fetchval("SELECT count(*) FROM control.ledger_entry")
    page = await ask(side, ALL)
    assert (page.codes, "data" in page.json, side.asked) == (["TOO_MANY_PEOPLE"], False, [])
    assert await side.control.fetchval("SELECT count(*) FROM control.ledger_entry") == before
    assert (await used(side))[1] == 0
    five = await ask(side, "{ messengerAccounts(first: 5) { nodes { id } } }")
    assert len(five.data["messengerAccounts"]["nodes"]) == 5


async def test_hidden_people_do_not_count(side: Side) -> None:
    """A hidden person and an unknown number are not charged to the quota of people."""
    await limit(side, people=1)
    hidden = next(each.messenger_id for each in WORLD.restrictions if each.purposes & 1)
    for number in (hidden, 10**9):
        reply = await side.ask(ADS, BY_ID, {"id": f"ma_{number}"})
        assert reply.data == {"messengerAccount": None}
    assert (await used(side))[1] == 0


async def test_two_processes_count_a_person_once(side: Side) -> None:
    """A person read through two processes is charged once, and both refuse a person too many."""
    async with process(side, 4) as one, process(side, 4) as other:
        for each in (one, other):
            assert await disclose(each, ["1", "2", "2"]) is None
        assert await disclose(other, ["3"]) is None
        assert await disclose(one, ["1"]) is None
        assert (await used(side))[1] == 3
        for each in (one, other):
            assert await disclose(each, ["3", "4"]) is Code.TOO_MANY_PEOPLE


async def test_concurrent_requests_receive_exactly_the_quota_of_people(side: Side) -> None:
    """Of fifty concurrent requests for a new person each, as many are answered as the quota allows.

    All are decided before the first answer is known.
    """
    one_person = QuestionCount(1, 1, "{1}")
    async with process(side, 20) as one, process(side, 20) as other:
        decided = await asyncio.gather(
            *((one, other)[number % 2].reserve("somebody", SECURITY, one_person) for number in range(50)),
            return_exceptions=True,
        )
        assert Counter(map(type, decided)) == {Promise: 20, Refusal: 30}
        for number, promise in enumerate(decided):
            if isinstance(promise, Promise):
                with promise:
                    await (one, other)[number % 2].charge(
                        "somebody", SECURITY, [str(number)], promise=promise
                    )
        assert (await used(side))[1] == 20
        assert await disclose(one, ["51"]) is await disclose(other, ["52"]) is Code.TOO_MANY_PEOPLE


async def test_room_that_an_answer_does_not_need_is_free_again(side: Side) -> None:
    """An answer that could name ten people and names one leaves room for nine, in every process."""
    async with process(side, 10) as one, process(side, 10) as other:
        for number in range(9):
            assert await disclose(one, [str(number)], most=10 - number) is None
        await one.close()
        assert await disclose(other, ["9"]) is None
        assert await disclose(other, ["9"]) is Code.TOO_MANY_PEOPLE


async def test_a_request_that_leaves_while_it_waits_keeps_no_room(side: Side) -> None:
    """A client that disconnects before its room is granted or used takes nothing with it."""
    async with process(side, 1) as one:
        locked = side.control.transaction()
        await locked.start()
        await side.control.execute("LOCK TABLE control.quota_hour IN EXCLUSIVE MODE")
        waiting = asyncio.create_task(disclose(one, ["1"]))
        await asyncio.sleep(0.1)
        waiting.cancel()
        await locked.rollback()
        await asyncio.gather(waiting, return_exceptions=True)
        await one._waiting.idle()
        assert await disclose(one, ["2"]) is None


async def test_a_new_hour_begins_with_no_people_and_no_questions(side: Side) -> None:
    """What was used in an earlier hour does not count, and its people are deleted."""
    async with process(side, 2, 2) as one:
        assert await disclose(one, ["1", "2"]) is None
        assert await disclose(one, ["1"]) is Code.TOO_MANY_QUESTIONS
        await side.control.execute("UPDATE control.quota_hour SET hour = hour - interval '1 hour'")
        one._hour, one._shares = people_quotas._Hour(), {}
        assert await disclose(one, ["3", "4"]) is None
        assert await disclose(one, ["1"]) is Code.TOO_MANY_QUESTIONS
    kept = await side.control.fetch("SELECT reference FROM control.quota_person ORDER BY reference")
    assert [row[0] for row in kept] == [3, 4]


async def test_a_persons_own_data_is_never_refused_for_the_number_of_people(side: Side) -> None:
    """A subject's own data is not charged, because one desk may serve a whole country."""
    await set_quota(side.control, "bound", OwnQuota(None, None, 1, 1))
    await side.book.refreshed()
    for _ in range(2):
        reply = await side.ask(SUBJECT, "{ subject { messengerAccount { id } socialAccount { id } } }")
        assert reply.codes == []
    assert await used(side) == (0, 0)


# --- questions ------------------------------------------------------------------------------------


async def test_questions_are_counted_found_or_not_and_however_often(side: Side) -> None:
    """Members, objectors, unknown numbers and repeated ones count alike; then all get the same bytes."""
    await limit(side, questions=20)
    for each in (*PHONES[:5], *UNKNOWN[:5]) * 2:
        assert (await ask(side, BY_PHONE, phone=each)).codes == []
    replies = [await ask(side, BY_PHONE, phone=each) for each in PHONES + UNKNOWN]
    assert {(each.status, each.body) for each in replies} == {(429, replies[0].body)}
    assert (replies[0].codes, side.asked) == (["TOO_MANY_QUESTIONS"], [])


async def test_counting_finds_no_more_members_than_the_quotas_allow(side: Side) -> None:
    """Three hundred counts in a request are three hundred questions, however the counting is spelled."""
    forms = (
        'messengerAccounts(phoneNumbers: ["{}"]) {{ totalCount }}',
        'messengerAccounts(phoneNumbers: ["{}"]) {{ edges {{ __typename }} }}',
        'messengerAccounts(phoneNumbers: ["{}"]) {{ pageInfo {{ endCursor }} }}',
        'messengerAccount(phone: "{}") {{ __typename }}',
    )
    numbers = [*PHONES, *(f"+4915198{number:06}" for number in range(299 - len(PHONES)))]
    for form in forms:
        await forget(side)
        await limit(side, questions=598)
        fields = " ".join(f"a{place}: {form.format(each)}" for place, each in enumerate(numbers))
        assert [(await ask(side, f"{{ {fields} }}")).codes for _ in range(2)] == [[], []]
        assert (await ask(side, f"{{ {fields} }}")).codes == ["TOO_MANY_QUESTIONS"]
        assert (await ask(side, f"{{ {form.format(UNKNOWN[0])} }}")).codes == ["TOO_MANY_QUESTIONS"]
        await forget(side)
        await limit(side, people=1)
        assert (await ask(side, f"{{ {fields} }}")).codes == ["TOO_MANY_PEOPLE"]


async def test_filters_and_pages_are_questions(side: Side) -> None:
    """Each list under a filter and each page is a question, whatever it selects."""
    await limit(side, questions=3)
    filtered = '{ messengerAccounts(filter: {registeredAt: {from: "2016-08-25T00:00:00Z"}}) { totalCount } }'
    for document in (filtered, filtered, "{ messengerAccounts { pageInfo { hasNextPage } } }"):
        assert (await ask(side, document)).codes == []
    assert (await ask(side, filtered)).codes == ["TOO_MANY_QUESTIONS"]
    assert (await ask(side, "{ messengerAccounts { totalCount } policy { digest } }")).codes == []


async def test_two_processes_share_the_questions(side: Side) -> None:
    """Of a hundred concurrent questions through two processes, as many are answered as the quota allows."""
    async with process(side, 10**6, 60) as one, process(side, 10**6, 60) as other:
        results = await asyncio.gather(*(disclose((one, other)[number % 2], ["1"]) for number in range(100)))
    assert Counter(results) == {None: 60, Code.TOO_MANY_QUESTIONS: 40}


async def test_a_process_that_ends_gives_back_the_questions_that_it_did_not_use(side: Side) -> None:
    """Many questions are taken at a time; the rest is free again when the process ends."""
    async with process(side, 10**6) as one:
        for _ in range(40):
            assert await disclose(one, ["1"]) is None
        assert (await used(side))[0] > 40
    assert await used(side) == (40, 1)


async def test_without_the_store_no_question_is_answered(side: Side) -> None:
    """While the quotas cannot be counted, a member and an unknown number get the same bytes."""
    function = "control.take_people_quota(text,bytea,bigint,integer,bigint,integer,interval)"
    await side.control.execute(f"REVOKE EXECUTE ON FUNCTION {function} FROM control_quotas")
    try:
        replies = [await ask(side, BY_PHONE, phone=each) for each in (PHONES[0], UNKNOWN[0])]
    finally:
        await side.control.execute(f"GRANT EXECUTE ON FUNCTION {function} TO control_quotas")
    assert {(each.status, each.body) for each in replies} == {(503, replies[0].body)}
    assert replies[0].codes == ["STORE_UNAVAILABLE"]


# --- any document ---------------------------------------------------------------------------------


@pytest.mark.parametrize("purpose", [ADS, Purpose.FRIEND_SUGGESTIONS, SECURITY, Purpose.BUSINESS_MESSAGING])
async def test_i14_no_answer_names_more_people_than_its_document_promised(
    side: Side, purpose: Purpose
) -> None:
    """Random documents: an answer names at most as many people as were reserved for it.

    So a quota that has room for the promise never has to refuse an answer that is known.
    """
    schema, named = schema_for(purpose), 0
    for seed in range(trials(2)):
        world = random_world(seed, 12)
        await side.hold(world)
        known = known_of(side.settings, purpose, world)
        for number in range(30):
            request = write_request(schema, known, Random(f"{purpose} {seed} {number}"))
            reply = await side.ask(purpose, request.document, request.variables, request.operation_name)
            if reply.status != 200 or "errors" in reply.json:
                continue
            plans = side.gateway.plans
            prepared = plans.prepare(purpose, request.document, request.operation_name)
            variables = prepared.coerce(request.variables)
            questions = plans.plan(purpose, prepared, plans.price(purpose, prepared, variables)).questions
            if questions is None:
                continue
            count = questions.count(variables)
            people = await side.control.fetchrow(
                "SELECT cardinality(ARRAY(SELECT DISTINCT unnest(people))) AS named, asked::text AS asked"
                " FROM control.ledger_entry ORDER BY at DESC, number DESC LIMIT 1"
            )
            assert people is not None
            assert people["named"] <= count.people, request.document
            assert people["asked"] == count.asked
            named += people["named"]
    assert named > 3
