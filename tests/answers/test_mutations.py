"""Objections as mutations: of the principal only, with typed results (I16, I18, I23)."""

from __future__ import annotations

import asyncio
import datetime
import json
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from gateway.access.tokens import issue
from resolvers.changes.objections import Rules
from resolvers.plan.principal import Principal
from resolvers.run.people import People
from schema.purposes import Purpose
from schema.terms.profiles import TERMS_OF_2016, WINDOW, Profile
from tests.kit.gateway import ADS, FRIENDS, NewDatabase, Reply, Side, open_side, send
from tests.promises.test_objection import ANN, BOB, NEW, NOW, SMALL, forget, ids_of, restrictions

PREFERENCES = Purpose.PREFERENCES
RECORD = """mutation($purposes: [ObjectablePurpose!]!) {
  recordObjection(purposes: $purposes) {
    __typename
    ... on ObjectionRecorded { inForce } ... on AlreadyObjected { inForce }
    ... on NotEligibleNewMember { before } ... on WindowClosed { closedAt }
    ... on NoMessengerAccount { inForce }
  }
}"""
WITHDRAW = """mutation($purposes: [ObjectablePurpose!]!) {
  withdrawObjection(purposes: $purposes) {
    __typename
    ... on ObjectionWithdrawn { inForce } ... on NotObjected { inForce }
    ... on NoMessengerAccount { inForce }
  }
}"""
ELIGIBLE = "{ objectionEligibility { purpose standing until } }"
POLICY = b'{"query": "{ policy { purpose } }"}'
EVERYTHING = ["ADS_PERSONALIZATION", "FRIEND_SUGGESTIONS"]


@pytest.fixture(scope="module")
async def side(new_database: NewDatabase) -> AsyncIterator[Side]:
    """A gateway with its own stores."""
    async with open_side(new_database) as opened:
        yield opened


@pytest.fixture(autouse=True)
async def small(side: Side) -> None:
    """No member has objected; the stores hold Ann, Bob and the new member."""
    await side.wait_until_ready()
    await forget(side)
    await side.hold(SMALL)


async def ask_as(side: Side, principal: Principal, document: str, **variables: Any) -> Reply:
    """The answer to a document under PREFERENCES, for a token with this principal."""
    token = await token_for(side, principal)
    body = json.dumps({"query": document, "variables": variables}).encode()
    return await send(side.app, headers=side.authorised(PREFERENCES, token), body=body)


TOKENS: dict[tuple[int, Principal], str] = {}


async def token_for(side: Side, principal: Principal) -> str:
    """A token with that principal, known to the side's gateway; issued once."""
    if (id(side), principal) not in TOKENS:
        issued = await issue(
            side.control,
            side.settings.key("tokens"),
            "portal",
            purposes=[PREFERENCES],
            expires_at=None,
            random=secrets.token_bytes,
            principal=principal,
        )
        async with asyncio.timeout(10):
            while (
                await send(side.app, headers=side.authorised(None, issued.token), body=POLICY)
            ).status == 401:
                await asyncio.sleep(0.02)
        TOKENS[id(side), principal] = issued.token
    return TOKENS[id(side), principal]


async def as_member(side: Side, member: int, document: str, **variables: Any) -> Reply:
    """The answer for a member of the messenger."""
    return await ask_as(side, Principal(messenger_id=member), document, **variables)


@contextmanager
def under(side: Side, profile: Profile, now: datetime.datetime) -> Iterator[None]:
    """The side's gateway has this profile while the block runs, and a fixed clock."""
    rules = Rules(profile, lambda: now)
    login: Any = side.app.graphql
    before, calls_of = login._answer, side.gateway.context_of

    def context_of(principal: Principal, client: str, people: People) -> Any:
        calls: Any = calls_of(principal, client, people)
        return replace(calls, objections=replace(calls.objections, rules=rules))

    login._answer = partial(before.func, replace(side.gateway, context_of=context_of))
    try:
        yield
    finally:
        login._answer = before


async def events(side: Side) -> list[tuple[Any, ...]]:
    """Every event, without its number."""
    rows = await side.control.fetch(
        "SELECT account_id, kind, purposes, channel, terms_version FROM control.objection_event ORDER BY id"
    )
    return [tuple(row) for row in rows]


# --- the course of things -------------------------------------------------------------------------


async def test_i16_an_objection_by_mutation_binds_the_next_request(side: Side) -> None:
    """After an objection by mutation ads and suggestions do not see the person; the event has its channel."""
    assert "ma_1" in await ids_of(side, ADS)
    reply = await as_member(side, ANN, RECORD, purposes=EVERYTHING)
    assert reply.data == {"recordObjection": {"__typename": "ObjectionRecorded", "inForce": EVERYTHING}}
    for purpose in (ADS, FRIENDS):
        assert await ids_of(side, purpose) == ["ma_2", "ma_3"]
    assert await restrictions(side) == {"messenger": {ANN: 3}, "social": {ANN: 3}}
    assert await events(side) == [(ANN, "OBJECT", EVERYTHING, "client portal", "2016-08-25")]


async def test_both_purposes_are_meant_if_none_is_named(side: Side) -> None:
    """A mutation without a purpose covers both purposes; with one, that one only."""
    reply = await as_member(side, ANN, "mutation { recordObjection { __typename } }")
    assert reply.data == {"recordObjection": {"__typename": "ObjectionRecorded"}}
    assert (await restrictions(side))["social"] == {ANN: 3}
    one = (
        "mutation { withdrawObjection(purposes: FRIEND_SUGGESTIONS)"
        " { ... on ObjectionWithdrawn { inForce } } }"
    )
    assert (await as_member(side, ANN, one)).data == {
        "withdrawObjection": {"inForce": ["ADS_PERSONALIZATION"]}
    }
    assert (await restrictions(side))["messenger"] == {ANN: 1}


async def test_i23_a_withdrawal_by_mutation_opens_the_data_again(side: Side) -> None:
    """A withdrawal by mutation opens the data again; a repetition records nothing."""
    for _ in range(2):
        await as_member(side, ANN, RECORD, purposes=EVERYTHING)
    again = await as_member(side, ANN, RECORD, purposes=["ADS_PERSONALIZATION"])
    assert again.data["recordObjection"] == {"__typename": "AlreadyObjected", "inForce": EVERYTHING}
    reply = await as_member(side, ANN, WITHDRAW, purposes=EVERYTHING)
    assert reply.data["withdrawObjection"] == {"__typename": "ObjectionWithdrawn", "inForce": []}
    assert "ma_1" in await ids_of(side, ADS)
    again = await as_member(side, ANN, WITHDRAW, purposes=EVERYTHING)
    assert again.data["withdrawObjection"] == {"__typename": "NotObjected", "inForce": []}
    assert [event[1] for event in await events(side)] == ["OBJECT", "WITHDRAW"]


async def test_fields_of_one_document_run_in_its_order(side: Side) -> None:
    """The mutations of one document run in order, and each sees the effect of the one before."""
    document = """mutation {
      a: recordObjection { __typename }
      b: recordObjection { __typename }
      c: withdrawObjection(purposes: [ADS_PERSONALIZATION]) { __typename }
      d: recordObjection(purposes: [ADS_PERSONALIZATION]) { ... on ObjectionRecorded { inForce } }
    }"""
    assert (await as_member(side, ANN, document)).data == {
        "a": {"__typename": "ObjectionRecorded"},
        "b": {"__typename": "AlreadyObjected"},
        "c": {"__typename": "ObjectionWithdrawn"},
        "d": {"inForce": EVERYTHING},
    }


@pytest.mark.parametrize("principal", [Principal(social_id=11), Principal(messenger_id=999)])
async def test_a_person_without_a_messenger_account_cannot_object(side: Side, principal: Principal) -> None:
    """Without a messenger account the result is typed, as for an unknown account, and nothing is written."""
    expected = {"__typename": "NoMessengerAccount", "inForce": []}
    assert (await ask_as(side, principal, RECORD, purposes=EVERYTHING)).data == {"recordObjection": expected}
    assert (await ask_as(side, principal, WITHDRAW, purposes=EVERYTHING)).data == {
        "withdrawObjection": expected
    }
    told = (await ask_as(side, principal, ELIGIBLE)).data["objectionEligibility"]
    assert {each["standing"] for each in told} == {"NO_MESSENGER_ACCOUNT"}
    assert await events(side) == []


# --- who may object, and until when ---------------------------------------------------------------

CLOSES = TERMS_OF_2016 + datetime.timedelta(days=2) + WINDOW
SECOND = datetime.timedelta(seconds=1)


def told(standing: str, until: datetime.datetime | None = None) -> list[dict[str, Any]]:
    """The member's eligibility, which must be equal for both purposes."""
    shown = None if until is None else until.isoformat()
    return [{"purpose": each, "standing": standing, "until": shown} for each in EVERYTHING]


async def accept(side: Side, member: int) -> None:
    """Let the member accept the terms two days after they changed."""
    await side.messenger.execute(
        "INSERT INTO messenger.terms_acceptance VALUES ($1, '2016-08-25', $2)", member, CLOSES - WINDOW
    )


@pytest.mark.parametrize(
    ("profile", "member", "now", "standing", "until", "result"),
    [
        (Profile.SEED_2016, BOB, NOW, "MAY_OBJECT", None, "ObjectionRecorded"),
        (Profile.SEED_2016, NEW, NOW, "NOT_ELIGIBLE_NEW_MEMBER", None, "NotEligibleNewMember"),
        (Profile.HISTORIC_2016, BOB, CLOSES - SECOND, "MAY_OBJECT", CLOSES, "ObjectionRecorded"),
        (Profile.HISTORIC_2016, BOB, CLOSES, "WINDOW_CLOSED", CLOSES, "WindowClosed"),
        (Profile.HISTORIC_2016, ANN, CLOSES, "MAY_OBJECT", None, "ObjectionRecorded"),
        (Profile.HISTORIC_2016, NEW, NOW, "NOT_ELIGIBLE_NEW_MEMBER", None, "NotEligibleNewMember"),
        (Profile.GDPR, NEW, CLOSES, "MAY_OBJECT", None, "ObjectionRecorded"),
    ],
)
async def test_i18_the_profile_decides_who_may_object(
    side: Side,
    profile: Profile,
    member: int,
    *,
    now: datetime.datetime,
    standing: str,
    until: datetime.datetime | None,
    result: str,
) -> None:
    """The eligibility in an answer and the result of an attempt agree, to the second.

    Bob accepted the terms, Ann did not yet: her 30 days have not begun.
    """
    await accept(side, BOB)
    with under(side, profile, now):
        assert (await as_member(side, member, ELIGIBLE)).data["objectionEligibility"] == told(standing, until)
        reply = (await as_member(side, member, RECORD, purposes=EVERYTHING)).data["recordObjection"]
        expected: dict[str, Any] = {"__typename": result}
        expected |= {
            "ObjectionRecorded": {"inForce": EVERYTHING},
            "NotEligibleNewMember": {"before": "2016-08-25T00:00:00+00:00"},
            "WindowClosed": {"closedAt": CLOSES.isoformat()},
        }[result]
        assert reply == expected
    recorded = result == "ObjectionRecorded"
    assert (await restrictions(side))["messenger"] == ({member: 3} if recorded else {})
    assert len(await events(side)) == int(recorded)


async def test_i18_an_objection_in_time_stays_and_can_be_withdrawn_later(side: Side) -> None:
    """After the window an objection still counts; once withdrawn, it cannot be recorded again."""
    await accept(side, BOB)
    with under(side, Profile.HISTORIC_2016, CLOSES - SECOND):
        await as_member(side, BOB, RECORD, purposes=["ADS_PERSONALIZATION"])
    with under(side, Profile.HISTORIC_2016, CLOSES):
        again = await as_member(side, BOB, RECORD, purposes=["ADS_PERSONALIZATION"])
        assert again.data["recordObjection"]["__typename"] == "AlreadyObjected"
        more = await as_member(side, BOB, RECORD, purposes=EVERYTHING)
        assert more.data["recordObjection"]["__typename"] == "WindowClosed"
        standings = (await as_member(side, BOB, ELIGIBLE)).data["objectionEligibility"]
        assert [each["standing"] for each in standings] == ["OBJECTED", "WINDOW_CLOSED"]
        back = await as_member(side, BOB, WITHDRAW, purposes=EVERYTHING)
        assert back.data["withdrawObjection"] == {"__typename": "ObjectionWithdrawn", "inForce": []}
        closed = await as_member(side, BOB, RECORD, purposes=EVERYTHING)
        assert closed.data["recordObjection"]["__typename"] == "WindowClosed"


async def test_eligibility_is_answered_beside_other_fields(side: Side) -> None:
    """Eligibility is answered in the document's order, also twice and between other fields."""
    document = """query($skip: Boolean!) {
      a: objectionEligibility { standing }
      policy { purpose }
      ...More
      gone: objectionEligibility @skip(if: $skip) { until }
    }
    fragment More on Query { __typename b: objectionEligibility { __typename purpose } }"""
    reply = await as_member(side, ANN, document, skip=True)
    assert list(reply.data) == ["a", "policy", "__typename", "b"]
    assert reply.data["b"] == [{"__typename": "ObjectionEligibility", "purpose": each} for each in EVERYTHING]


# --- what no argument can do ----------------------------------------------------------------------

HOSTILE: list[tuple[str, dict[str, Any], str]] = [
    ("mutation { recordObjection(purposes: []) { __typename } }", {}, "BAD_USER_INPUT"),
    ("mutation { withdrawObjection(purposes: []) { __typename } }", {}, "BAD_USER_INPUT"),
    (RECORD, {}, "BAD_USER_INPUT"),
    (RECORD, {"purposes": None}, "BAD_USER_INPUT"),
    (RECORD, {"purposes": [None]}, "BAD_USER_INPUT"),
    (RECORD, {"purposes": ["SECURITY"]}, "BAD_USER_INPUT"),
    (RECORD, {"purposes": ["ADS_PERSONALIZATION", "ads_personalization"]}, "BAD_USER_INPUT"),
    (RECORD, {"purposes": ["ADS_PERSONALIZATION'; DROP TABLE control.token; --"]}, "BAD_USER_INPUT"),
    (RECORD, {"purposes": [["ADS_PERSONALIZATION"]]}, "BAD_USER_INPUT"),
    (RECORD, {"purposes": 3}, "BAD_USER_INPUT"),
    (RECORD, {"purposes": {"ADS_PERSONALIZATION": True}}, "BAD_USER_INPUT"),
    (RECORD, {"purposes": EVERYTHING, "account": "ma_2"}, "BAD_USER_INPUT"),
    (WITHDRAW, {"purposes": ["OFFER_MATCHING"]}, "BAD_USER_INPUT"),
    ('mutation { recordObjection(account: "ma_2") { __typename } }', {}, "GRAPHQL_VALIDATION_FAILED"),
    (
        'mutation { recordObjection(purposes: "ADS_PERSONALIZATION") { __typename } }',
        {},
        "GRAPHQL_VALIDATION_FAILED",
    ),
    ("mutation { recordObjection(purposes: null) { __typename } }", {}, "GRAPHQL_VALIDATION_FAILED"),
    ("mutation { recordObjection { inForce } }", {}, "GRAPHQL_VALIDATION_FAILED"),
    ("mutation { recordObjection }", {}, "GRAPHQL_VALIDATION_FAILED"),
    ("mutation { recordObjections { __typename } }", {}, "GRAPHQL_VALIDATION_FAILED"),
    ("mutation { policy { purpose } }", {}, "GRAPHQL_VALIDATION_FAILED"),
    ("subscription { recordObjection { __typename } }", {}, "GRAPHQL_VALIDATION_FAILED"),
    ("{ recordObjection { __typename } }", {}, "GRAPHQL_VALIDATION_FAILED"),
    ("mutation { recordObjection { __typename }", {}, "GRAPHQL_PARSE_FAILED"),
    (
        "mutation A { recordObjection { __typename } } mutation B { withdrawObjection { __typename } }",
        {},
        "OPERATION_RESOLUTION_FAILURE",
    ),
    (
        # The first mutation is valid, a later one is not: none of them runs.
        "mutation($p: [ObjectablePurpose!]!) { a: recordObjection { __typename }"
        " b: recordObjection(purposes: $p) { __typename } }",
        {"p": [7]},
        "BAD_USER_INPUT",
    ),
    (
        "mutation { " + " ".join(f"a{n}: recordObjection {{ __typename }}" for n in range(21)) + " }",
        {},
        "COST_TOO_HIGH",
    ),
    (
        "mutation { " + " ".join(f"a{n}: recordObjection {{ __typename }}" for n in range(1000)) + " }",
        {},
        "DOCUMENT_TOO_LARGE",
    ),
]


@pytest.mark.parametrize(("document", "variables", "code"), HOSTILE)
async def test_a_wrong_argument_is_a_refusal_and_changes_nothing(
    side: Side, document: str, variables: dict[str, Any], *, code: str
) -> None:
    """Missing, malformed, foreign, repeated, hostile: one code of the catalogue, no event, no restriction."""
    for _ in range(2):
        reply = await as_member(side, ANN, document, **variables)
        assert reply.codes == [code]
        assert "ADS_" not in reply.body.decode()
    assert await events(side) == []
    assert await restrictions(side) == {"messenger": {}, "social": {}}


async def test_a_purpose_named_twice_is_named(side: Side) -> None:
    """A repeated value in the argument counts once."""
    reply = await as_member(side, ANN, RECORD, purposes=["ADS_PERSONALIZATION"] * 50)
    assert reply.data["recordObjection"] == {
        "__typename": "ObjectionRecorded",
        "inForce": ["ADS_PERSONALIZATION"],
    }
    assert [event[2] for event in await events(side)] == [["ADS_PERSONALIZATION"]]


@pytest.mark.parametrize("purpose", [each for each in Purpose if each is not PREFERENCES])
async def test_no_other_purpose_can_change_anything(side: Side, purpose: Purpose) -> None:
    """Under other purposes the mutation and its query fail like misspelt fields."""
    for document in ("mutation { recordObjection { __typename } }", ELIGIBLE):
        reply = await side.ask(purpose, document)
        assert (reply.status, reply.codes) == (400, ["GRAPHQL_VALIDATION_FAILED"])
    assert await events(side) == []


async def test_nothing_is_changed_by_get(side: Side) -> None:
    """A followed link or a prefetched page never objects."""
    reply = await send(
        side.app,
        "GET",
        headers=side.authorised(PREFERENCES),
        query_string=b"query=mutation%7BrecordObjection%7B__typename%7D%7D",
    )
    assert (reply.status, reply.codes) == (405, ["METHOD_NOT_ALLOWED"])


async def test_a_mutation_is_never_planned(side: Side) -> None:
    """It shares only the document's cache entry with the plans of queries."""
    await as_member(side, ANN, RECORD, purposes=EVERYTHING)
    key = (PREFERENCES, RECORD, None)
    assert len(side.gateway.plans._known[key].plans) == 0


async def test_the_same_person_asking_a_hundred_times_at_once_objects_once(side: Side) -> None:
    """One event, and every answer says what is in force; the other calls wait or get an error to repeat."""
    replies = await asyncio.gather(*(as_member(side, ANN, RECORD, purposes=EVERYTHING) for _ in range(20)))
    names = [reply.json["data"]["recordObjection"]["__typename"] for reply in replies]
    assert sorted(set(names)) == ["AlreadyObjected", "ObjectionRecorded"]
    assert names.count("ObjectionRecorded") == 1
    assert len(await events(side)) == 1
    assert await restrictions(side) == {"messenger": {ANN: 3}, "social": {ANN: 3}}


@pytest.mark.parametrize("store", ["messenger", "social", "control"])
async def test_a_store_that_is_down_leaves_it_unknown_and_a_repetition_completes_it(
    side: Side, store: str
) -> None:
    """Null beside STORE_UNAVAILABLE; a repeat after the store is back puts everything in force."""
    owner = getattr(side, store)
    await owner.execute(f"ALTER ROLE {store}_objections NOLOGIN")
    try:
        reply = await as_member(side, ANN, RECORD, purposes=EVERYTHING)
        assert reply.json["data"] == {"recordObjection": None}
        assert reply.codes == ["STORE_UNAVAILABLE"]
        told = await as_member(side, ANN, ELIGIBLE)
        assert (told.status, told.codes) == (503, ["STORE_UNAVAILABLE"])
    finally:
        await owner.execute(f"ALTER ROLE {store}_objections LOGIN")
    again = await as_member(side, ANN, RECORD, purposes=EVERYTHING)
    assert again.data["recordObjection"]["__typename"] == "ObjectionRecorded"
    assert await restrictions(side) == {"messenger": {ANN: 3}, "social": {ANN: 3}}


async def test_an_unforeseen_failure_says_nothing(side: Side) -> None:
    """INTERNAL, without any text of the database."""
    await side.messenger.execute("ALTER FUNCTION messenger.restrict RENAME TO away")
    try:
        reply = await as_member(side, ANN, RECORD, purposes=EVERYTHING)
    finally:
        await side.messenger.execute("ALTER FUNCTION messenger.away RENAME TO restrict")
    assert (reply.status, reply.codes) == (500, ["INTERNAL"])
    assert b"restrict" not in reply.body
    # The event is there, and the half that was done restricts.
    assert (await restrictions(side))["social"] == {ANN: 3}
    again = await as_member(side, ANN, RECORD, purposes=EVERYTHING)
    assert again.data["recordObjection"]["__typename"] == "AlreadyObjected"
    assert await restrictions(side) == {"messenger": {ANN: 3}, "social": {ANN: 3}}
