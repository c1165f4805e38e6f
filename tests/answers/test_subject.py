"""A subject reads all of their own data in one request, and no data of another person."""

from __future__ import annotations

import datetime
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from schema.purposes import Purpose
from tests.kit.gateway import PREFERENCES, SUBJECT, NewDatabase, Side, open_side
from tests.kit.worlds.rows import (
    TERMS_CHANGED,
    MessengerAccount,
    MessengerLink,
    ObjectionEvent,
    SocialAccount,
    Suspension,
    TermsAcceptance,
    Whose,
    World,
)

# The purposes whose tokens are bound to one person.
ONE_PERSON = (SUBJECT, PREFERENCES)
ANN, BOB = 1, 2
ANN_THERE, BOB_THERE = 11, 12
ADS, FRIENDS = "ADS_PERSONALIZATION", "FRIEND_SUGGESTIONS"


def _at(day: int) -> datetime.datetime:
    return TERMS_CHANGED + datetime.timedelta(days=day)


def _said(place: int, who: int, kind: str, *purposes: str, day: int) -> ObjectionEvent:
    return ObjectionEvent(place, who, kind, purposes, _at(day), _at(day), f'"{who}" said', "2016-08-25")


# Ann's second event bears an earlier time than her first: clocks may be set back.
WORLD = World(
    messenger_accounts=(
        MessengerAccount(ANN, "+4915112345678", "DE", _at(-30)),
        MessengerAccount(BOB, "+4477012345678", "GB", _at(-30)),
    ),
    social_accounts=(SocialAccount(ANN_THERE, "Ann"), SocialAccount(BOB_THERE, "Bob")),
    messenger_links=(
        MessengerLink(ANN_THERE, ANN, datetime.date(2016, 9, 1)),
        MessengerLink(BOB_THERE, BOB, datetime.date(2016, 9, 1)),
    ),
    events=(
        _said(1, ANN, "OBJECT", ADS, FRIENDS, day=9),
        _said(2, BOB, "OBJECT", ADS, day=1),
        _said(3, ANN, "WITHDRAW", FRIENDS, day=2),
    ),
    acceptances=(
        TermsAcceptance(ANN, "2016-08-25", _at(3)),
        TermsAcceptance(ANN, "2012-07-07", _at(-40)),
        TermsAcceptance(BOB, "2012-07-07", _at(-50)),
    ),
    suspensions=(
        Suspension(1, "GB", ("GB",), (ADS,), _at(70), _at(90), "A pause.", "a regulator"),
        Suspension(2, "DE", ("DE", "AT"), (ADS, FRIENDS), _at(200_000), None, "An order.", "a regulator"),
    ),
    whose=Whose(ANN, ANN_THERE, 0, 0),
)
EVERYTHING = """{ subject {
    messengerAccount { id phone }
    socialAccount { id displayName }
    objections { kind purposes recordedAt effectiveAt channel termsVersion }
    termsAcceptances { version acceptedAt }
    suspensions { jurisdiction countries purposes validFrom validUntil reason }
} }"""
DECLARED = "{ subject { messengerAccount { id } objections { kind purposes } termsAcceptances { version } } }"
SUSPENDED = [
    {
        "jurisdiction": each.jurisdiction,
        "countries": list(each.countries),
        "purposes": list(each.purposes),
        "validFrom": each.valid_from.isoformat(),
        "validUntil": each.valid_until and each.valid_until.isoformat(),
        "reason": each.reason,
    }
    for each in WORLD.suspensions
]


@pytest.fixture(scope="module")
async def side(new_database: NewDatabase) -> AsyncIterator[Side]:
    """A gateway with its own stores."""
    async with open_side(new_database) as opened:
        yield opened


async def subject(side: Side, whose: Whose, document: str = EVERYTHING, *, purpose: Purpose = SUBJECT) -> Any:
    """The answer to a token with this principal, in the world above."""
    await side.hold(replace(WORLD, whose=replace(whose, merchant_id=0, business_id=0)))
    return (await side.ask(purpose, document)).data["subject"]


def _told(event: ObjectionEvent) -> dict[str, Any]:
    return {
        "kind": event.kind,
        "purposes": list(event.purposes),
        "recordedAt": event.recorded_at.isoformat(),
        "effectiveAt": event.effective_at.isoformat(),
        "channel": event.channel,
        "termsVersion": event.terms_version,
    }


async def test_a_subject_reads_their_own_declarations(side: Side) -> None:
    """A subject reads both accounts, every event in order and the terms, and no other person's (Art. 15)."""
    first, bobs, second = WORLD.events

    assert await subject(side, Whose(ANN, ANN_THERE)) == {
        "messengerAccount": {"id": "ma_1", "phone": "+4915112345678"},
        "socialAccount": {"id": "sa_11", "displayName": "Ann"},
        "objections": [_told(first), _told(second)],
        "termsAcceptances": [
            {"version": "2012-07-07", "acceptedAt": _at(-40).isoformat()},
            {"version": "2016-08-25", "acceptedAt": _at(3).isoformat()},
        ],
        "suspensions": SUSPENDED,
    }
    seen = await subject(side, Whose(BOB, BOB_THERE))
    assert seen["messengerAccount"]["id"] == "ma_2"
    assert seen["objections"] == [_told(bobs)]
    assert [each["version"] for each in seen["termsAcceptances"]] == ["2012-07-07"]


@pytest.mark.parametrize("whose", [Whose(None, ANN_THERE), Whose(7, None), Whose(None, 7), Whose(7, 7)])
async def test_a_person_without_a_messenger_account_has_no_declarations(side: Side, whose: Whose) -> None:
    """A missing key equals no key: it finds no row, and never all rows."""
    seen = await subject(side, whose)

    assert seen["messengerAccount"] is None
    assert (seen["objections"], seen["termsAcceptances"]) == ([], [])
    assert (seen["socialAccount"] is not None) is (whose.social_id == ANN_THERE)
    assert seen["suspensions"] == SUSPENDED


async def test_an_objection_hides_nothing_from_the_person(side: Side) -> None:
    """A member who objected sees their own data as before, and the objection."""
    await side.hold(WORLD)
    before = (await side.ask(SUBJECT, EVERYTHING)).data["subject"]
    await side.ask(PREFERENCES, "mutation { recordObjection { __typename } }")
    after = (await side.ask(SUBJECT, EVERYTHING)).data["subject"]

    assert after["objections"][:-1] == before["objections"]
    assert after["objections"][-1]["purposes"] == [ADS, FRIENDS]
    assert {**after, "objections": []} == {**before, "objections": []}


@pytest.mark.parametrize("purpose", ONE_PERSON)
async def test_a_new_declaration_is_in_the_next_answer(side: Side, purpose: Purpose) -> None:
    """The next request after a mutation shows it, under either of the subject's purposes."""
    await side.hold(replace(WORLD, events=()))
    assert (await side.ask(purpose, DECLARED)).data["subject"]["objections"] == []
    await side.ask(PREFERENCES, "mutation { recordObjection(purposes: [FRIEND_SUGGESTIONS]) { __typename } }")
    await side.ask(PREFERENCES, "mutation { withdrawObjection { __typename } }")

    assert (await side.ask(purpose, DECLARED)).data["subject"]["objections"] == [
        {"kind": "OBJECT", "purposes": [FRIENDS]},
        {"kind": "WITHDRAW", "purposes": [ADS, FRIENDS]},
    ]


async def test_several_names_for_the_person_are_one_person(side: Side) -> None:
    """Twice in one document, with fragments and __typename, the answer is the same."""
    document = """query { me: subject { ...Who } again: subject { ...Who __typename } }
        fragment Who on Subject { objections { kind __typename } messengerAccount { id __typename } }"""
    await side.hold(WORLD)
    data = (await side.ask(SUBJECT, document)).data

    assert data["me"]["objections"] == [
        {"kind": "OBJECT", "__typename": "Objection"},
        {"kind": "WITHDRAW", "__typename": "Objection"},
    ]
    assert data["again"] == {**data["me"], "__typename": "Subject"}


@pytest.mark.parametrize("purpose", [each for each in Purpose if each not in ONE_PERSON])
async def test_no_other_purpose_has_such_a_root(side: Side, purpose: Purpose) -> None:
    """Under a purpose without a subject the field does not exist: the refusal is that of a misspelt word."""
    reply = await side.ask(purpose, DECLARED)

    assert reply.codes == ["GRAPHQL_VALIDATION_FAILED"]
    assert reply.body == (await side.ask(purpose, DECLARED.replace("subject", "nothing"))).body


async def test_a_list_that_cannot_be_read_is_not_an_empty_one(side: Side) -> None:
    """Without the database of declarations the answer is null beside an error, and never an empty list."""
    await side.hold(WORLD)
    name = side.settings.owner_dsn("control").split("?")[0].rpartition("/")[2]
    whole = "{ subject { objections { kind } } messengerAccounts { totalCount } }"
    some = "{ subject { messengerAccount { id } termsAcceptances { version } } }"
    before = (await side.ask(SUBJECT, some)).data
    pool = next(pool for store, pool in side.gateway.pools[SUBJECT].items() if store.value == "control")
    await side.control.execute(f"REVOKE CONNECT ON DATABASE {name} FROM {pool.login.role}")
    try:
        for session in [*pool._free]:
            session.connection.terminate()
        reply = await side.ask(SUBJECT, whole)
        assert reply.codes == ["STORE_UNAVAILABLE"]
        assert reply.json["data"] == {"subject": None, "messengerAccounts": {"totalCount": 1}}
        assert (await side.ask(SUBJECT, some)).data == before
    finally:
        await side.control.execute(f"GRANT CONNECT ON DATABASE {name} TO {pool.login.role}")
    assert (await side.ask(SUBJECT, whole)).codes == []
