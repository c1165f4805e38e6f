"""Identifiers are sealed for each purpose: they tell nothing of hidden people and lead nowhere else."""

from __future__ import annotations

import datetime
import json
import random
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from typing import Any

import pytest

from gateway.access.tokens import issue as issue_token
from gateway.settings import Settings
from resolvers.plan.identifiers import Identifiers, IdentifierScope
from resolvers.plan.principal import Principal
from schema.purposes import Purpose
from tests.answers.test_mutations import RECORD, ask_as
from tests.kit.gateway import (
    ADS,
    FRIENDS,
    INFRASTRUCTURE,
    OFFERS,
    SECURITY,
    NewDatabase,
    Reply,
    Side,
    open_side,
    send,
)
from tests.kit.sealed_ids import PLAIN, SEALED, SealedIds
from tests.kit.worlds.rows import (
    HORIZON,
    Business,
    Contact,
    Merchant,
    MessengerAccount,
    MessengerLink,
    Offer,
    Restriction,
    SocialAccount,
    Whose,
    World,
)
from tests.promises.test_customer_lists import UPLOAD
from tests.promises.test_recalls import ask as ask_recalls
from tests.promises.test_recalls import issue as issue_recalls

MEMBERS = range(1, 401)
BEFORE = datetime.datetime(2015, 5, 1, tzinfo=datetime.UTC)
# 1 is visible to all, 2 objected, 9,999 does not exist.
VISIBLE, HIDDEN, ABSENT = 1, 2, 9_999
ONE = "query($id: ID!) { found: messengerAccount(id: $id) { id phone } }"
NODE = "query($id: ID!) { found: node(id: $id) { id __typename } }"
MANY = "query($ids: [ID!]!) { found: messengerAccounts(ids: $ids) { totalCount nodes { id } } }"
PAGE = """query($after: String) { list: messengerAccounts(first: 100, after: $after) {
  edges { cursor node { id } } pageInfo { hasNextPage endCursor }
} }"""


def crowd() -> World:
    """Members with dense numbers; three in ten of them objected to ads, and 2 did."""
    lots = random.Random("who objects")
    objected = {HIDDEN, *(each for each in MEMBERS if each > 10 and lots.random() < 0.3)}
    return World(
        messenger_accounts=tuple(
            MessengerAccount(each, f"+4915110{each:06}", "DE", BEFORE) for each in MEMBERS
        ),
        contacts=(Contact(VISIBLE, 3), Contact(3, VISIBLE)),
        usage_horizon=HORIZON,
        social_accounts=(SocialAccount(VISIBLE, "Ann"), SocialAccount(HIDDEN, "Bob")),
        messenger_links=(
            MessengerLink(VISIBLE, VISIBLE, BEFORE.date()),
            MessengerLink(HIDDEN, HIDDEN, BEFORE.date()),
        ),
        restrictions=tuple(Restriction(each, 3) for each in sorted(objected)),
        businesses=(Business(VISIBLE, "A shop", True),),
        merchants=(Merchant(VISIBLE, "A merchant"),),
        offers=(Offer(VISIBLE, VISIBLE, "An offer", BEFORE.date()),),
        whose=Whose(VISIBLE, VISIBLE, VISIBLE, VISIBLE),
    )


WORLD = crowd()
OBJECTED = {each.messenger_id for each in WORLD.restrictions}


@dataclass
class Scopes:
    """One world behind three gateways, which differ in the scope of their identifiers."""

    plain: Side
    purpose: Side
    client: Side


@pytest.fixture(scope="module")
async def scopes(new_database: NewDatabase) -> AsyncIterator[Scopes]:
    """The gateways, each with stores of its own."""
    async with AsyncExitStack() as stack:
        sides = [
            await stack.enter_async_context(open_side(new_database, identifiers=scope))
            for scope in ("PLAIN", "PURPOSE", "CLIENT")
        ]
        for side in sides:
            await side.hold(WORLD)
            side.watch()
        yield Scopes(*sides)


@pytest.fixture(autouse=True)
async def _fresh(scopes: Scopes) -> None:
    for side in (scopes.plain, scopes.purpose, scopes.client):
        await side.wait_until_ready()


async def ask(side: Side, purpose: Purpose, document: str, token: str | None = None, **given: Any) -> Reply:
    """The answer as the client has it: nothing is translated."""
    side.asked.clear()
    body = json.dumps({"query": document, "variables": given}).encode()
    return await send(side.app, headers=side.authorised(purpose, token), body=body)


async def crawl(side: Side, token: str | None = None) -> list[tuple[str, str]]:
    """(identifier, cursor) of everybody who is visible to ads, in the order of the store's numbers."""
    found, after = [], None
    while True:
        listed = (await ask(side, ADS, PAGE, token, after=after)).data["list"]
        found += [(edge["node"]["id"], edge["cursor"]) for edge in listed["edges"]]
        if not listed["pageInfo"]["hasNextPage"]:
            return found
        after = listed["pageInfo"]["endCursor"]


async def new_client(side: Side, name: str) -> str:
    """A token of another client."""
    issued = await issue_token(
        side.control,
        side.settings.key("tokens"),
        name,
        purposes=[ADS, SECURITY],
        expires_at=None,
        random=secrets.token_bytes,
    )
    await side.book.refreshed()
    return issued.token


def ids_of(side: Side, purpose: Purpose, client: str = "client") -> SealedIds:
    """The side's identifiers, as the kit says them."""
    ids = side.ids_for(purpose, client)
    assert ids is not None
    return ids


# --- what they tell -------------------------------------------------------------------------------


def guessed(seen: list[str]) -> tuple[int, int]:
    """(right, all) guesses of an attacker who takes the widest steps between neighbours for hidden people.

    As many guesses as there are neighbours with somebody hidden between them: more than it can know.
    """
    values = [int(each[3:], 16 if SEALED.fullmatch(each) else 10) for each in seen]
    there = [each for each in MEMBERS if each not in OBJECTED]
    gaps = [right - left > 1 for left, right in pairwise(there)]
    steps = [abs(right - left) for left, right in pairwise(values)]
    widest = sorted(range(len(steps)), key=lambda place: -steps[place])[: sum(gaps)]
    return sum(gaps[place] for place in widest), sum(gaps)


async def test_i7_a_gap_between_identifiers_tells_of_no_objector(scopes: Scopes) -> None:
    """Plain numbers name every gap that objectors leave; sealed ones name no more gaps than chance does."""
    right, asked = guessed([each for each, _ in await crawl(scopes.plain)])
    assert right == asked
    for side in (scopes.purpose, scopes.client):
        seen = [each for each, _ in await crawl(side)]
        assert len(seen) == len(MEMBERS) - len(OBJECTED)
        right, asked = guessed(seen)
        share = asked / (len(seen) - 1)
        assert abs(right / asked - share) < 3 * sqrt(share * (1 - share) / asked)


async def test_sealed_identifiers_are_spread_evenly(scopes: Scopes) -> None:
    """Each of an identifier's 128 bits is set in half of them, and differs from its neighbour's in half."""
    values = [int(each[3:], 16) for each, _ in await crawl(scopes.purpose)]
    # 5 standard deviations: each of 256 counts is outside with 1 : 1,700,000.
    most = 5 * sqrt(len(values)) / 2
    for bit in range(128):
        assert abs(sum(value >> bit & 1 for value in values) - len(values) / 2) < most
        changed = sum((left ^ right) >> bit & 1 for left, right in pairwise(values))
        assert abs(changed - len(values) / 2) < most


async def test_i12_a_cursors_length_tells_no_number(scopes: Scopes) -> None:
    """All cursors of a list by number have one length: they do not say where it passes 10 or 100."""
    for side in (scopes.plain, scopes.purpose, scopes.client):
        assert len({len(cursor) for _, cursor in await crawl(side)}) == 1


# --- where they are equal -------------------------------------------------------------------------------


async def test_a_purposes_identifiers_are_equal_within_it_and_unknown_outside(scopes: Scopes) -> None:
    """The same member has one identifier under ads, for every client, and others under other purposes."""
    side = scopes.purpose
    other = await new_client(side, "another-client")
    own = [each for each, _ in await crawl(side)]
    assert own == [each for each, _ in await crawl(side, other)]
    by_purpose = {}
    for purpose in (ADS, FRIENDS, SECURITY, INFRASTRUCTURE):
        listed = (await ask(side, purpose, "{ messengerAccounts(first: 1) { nodes { id } } }")).data
        by_purpose[purpose] = listed["messengerAccounts"]["nodes"][0]["id"]
        assert by_purpose[purpose] == ids_of(side, purpose).seal(f"ma_{VISIBLE}")
    assert len(set(by_purpose.values())) == 4


async def test_a_clients_identifiers_and_cursors_are_its_own(scopes: Scopes) -> None:
    """Two clients of one purpose have no identifier and no cursor in common, if the setting says so."""
    other = await new_client(scopes.client, "another-client")
    own, others = await crawl(scopes.client), await crawl(scopes.client, other)
    assert len(own) == len(others)
    for place in (0, 1):
        assert not {each[place] for each in own} & {each[place] for each in others}
    assert own == await crawl(scopes.client)
    mine, theirs = ids_of(scopes.client, ADS), ids_of(scopes.client, ADS, "another-client")
    assert [mine.open(each) for each, _ in own] == [theirs.open(each) for each, _ in others]
    refused = await ask(scopes.client, ADS, PAGE, other, after=own[5][1])
    assert refused.codes == ["CURSOR_REFUSED"]


async def test_equal_numbers_of_two_types_have_unrelated_identifiers(scopes: Scopes) -> None:
    """That a member and a social account have the same number in their stores is not to be seen."""
    document = (
        "{ a: messengerAccounts(first: 1) { nodes { id } } b: socialAccounts(first: 1) { nodes { id } } }"
    )
    data = (await ask(scopes.purpose, SECURITY, document)).data
    member, person = (data[key]["nodes"][0]["id"] for key in "ab")
    ids = ids_of(scopes.purpose, SECURITY)
    assert (ids.open(member), ids.open(person)) == ("ma_1", "sa_1")
    assert member[3:] != person[3:]


# --- as arguments ---------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", ["purpose", "client"])
async def test_what_an_answer_names_is_found_again(scopes: Scopes, scope: str) -> None:
    """An identifier of an answer finds its object as `id`, in `ids` and by `node`, in a variable or not."""
    side: Side = getattr(scopes, scope)
    seen = [each for each, _ in (await crawl(side))[:50]]
    asked = [*reversed(seen), seen[3]]
    listed = (await ask(side, ADS, MANY, ids=asked)).data["found"]
    assert [each["id"] for each in listed["nodes"]] == list(reversed(seen))
    for document in (ONE, NODE):
        assert (await ask(side, ADS, document, id=seen[7])).data["found"]["id"] == seen[7]
    written = (
        f'{{ a: messengerAccount(id: "{seen[7]}") {{ id again: id }} b: node(id: "{seen[8]}") {{ id }}'
        f' c: messengerAccounts(ids: ["{seen[9]}"]) {{ nodes {{ id }} }} }}'
    )
    data = (await ask(side, ADS, written)).data
    assert data["a"] == {"id": seen[7], "again": seen[7]}
    assert (data["b"]["id"], data["c"]["nodes"][0]["id"]) == (seen[8], seen[9])


def foreign(side: Side, other_client: str = "another-client") -> Iterator[str]:
    """Well-formed identifiers that were not sealed for ads, or not as they are."""
    own = ids_of(side, ADS)
    real = own.seal(f"ma_{VISIBLE}")
    yield from (ids_of(side, purpose).seal(f"ma_{VISIBLE}") for purpose in Purpose if purpose is not ADS)
    yield f"ma_{own.seal(f'sa_{VISIBLE}')[3:]}"
    if side.settings.identifiers is IdentifierScope.CLIENT:
        yield ids_of(side, ADS, other_client).seal(f"ma_{VISIBLE}")
    for place in range(3, len(real)):
        digit = f"{int(real[place], 16) ^ 1:x}"
        yield f"{real[:place]}{digit}{real[place + 1 :]}"
    yield from ("ma_" + "0" * 32, "ma_" + "f" * 32, f"ma_{VISIBLE:032x}")


@pytest.mark.parametrize("scope", ["purpose", "client"])
async def test_i7_a_foreign_or_forged_identifier_is_nobodys(scopes: Scopes, scope: str) -> None:
    """It is answered like a member who objected and like one who does not exist: same bytes, statements."""
    side: Side = getattr(scopes, scope)
    own = ids_of(side, ADS)
    known = own.seal(f"ma_{VISIBLE}")
    hidden, absent = own.seal(f"ma_{HIDDEN}"), own.seal(f"ma_{ABSENT}")
    for document in (ONE, NODE, MANY):
        lists = document is MANY
        replies = []
        for identifier in (hidden, absent, *foreign(side)):
            given = {"ids": [known, identifier, known]} if lists else {"id": identifier}
            reply = await ask(side, ADS, document, **given)
            statements = [(sql, len(arguments)) for sql, arguments in side.asked]
            replies.append((reply, statements))
        assert all(each == replies[0] for each in replies)
        found = replies[0][0].data["found"]
        assert found == ({"totalCount": 1, "nodes": [{"id": known}]} if lists else None)


MALFORMED = (
    *(f"ma_{number}" for number in (VISIBLE, HIDDEN, ABSENT, 2**63 - 1, 2**63)),
    "",
    "ma_",
    "ma_" + "0" * 31,
    "ma_" + "0" * 33,
    "ma_" + "0" * 100_000,
    "MA_" + "0" * 32,
    "ma_" + "A" * 32,
    "ma_" + "g" + "0" * 31,
    "ma_" + "०" * 32,
    "ma_" + "0" * 32 + "\n",
    " ma_" + "0" * 32,
    "xx_" + "0" * 32,
    f"ma_{'0' * 32},ma_{'0' * 32}",
    f"ma_{'0' * 32},",
)


@pytest.mark.parametrize("scope", ["purpose", "client"])
async def test_i8_a_malformed_identifier_is_refused_by_its_text_alone(scopes: Scopes, scope: str) -> None:
    """A plain number, a long text or a wrong letter: one refusal in the same bytes, and no store is asked."""
    side: Side = getattr(scopes, scope)
    known = ids_of(side, ADS).seal(f"ma_{VISIBLE}")
    for document in (ONE, NODE, MANY):
        replies = set()
        for identifier in MALFORMED:
            for given in ([identifier], [known, identifier], [identifier, ""]) if document is MANY else [[]]:
                named = {"ids": given} if document is MANY else {"id": identifier}
                replies.add(await ask(side, ADS, document, **named))
                assert not side.asked
        (reply,) = replies
        assert reply.codes == ["BAD_USER_INPUT"]


async def test_a_sealed_identifier_is_refused_where_they_are_plain(scopes: Scopes) -> None:
    """A gateway of plain identifiers refuses a sealed one by its text."""
    sealed = ids_of(scopes.purpose, ADS).seal("ma_1")
    assert (await ask(scopes.plain, ADS, ONE, id=sealed)).codes == ["BAD_USER_INPUT"]


@pytest.mark.parametrize("scope", ["purpose", "client"])
async def test_a_merchants_offer_is_named_as_in_its_answers(scopes: Scopes, scope: str) -> None:
    """A list is taken for the offer of an answer, by mutation and as CSV, and for no other identifier."""
    side: Side = getattr(scopes, scope)
    token = await side.token_of(OFFERS)
    known = (await ask(side, OFFERS, "{ offers { nodes { id } } }", token)).data["offers"]["nodes"][0]["id"]
    ids = ids_of(side, OFFERS, "bound")
    assert known == ids.seal(f"of_{VISIBLE}")
    absent, foreign_one = ids.seal(f"of_{ABSENT}"), ids_of(side, ADS, "bound").seal(f"of_{VISIBLE}")

    async def uploaded(offer: str) -> list[Reply]:
        headers = [(name, value) for name, value in side.authorised(OFFERS, token) if name != b"content-type"]
        headers.append((b"content-type", b"text/csv"))
        query = f"offer={offer}".encode()
        return [
            await ask(side, OFFERS, UPLOAD, token, offer=offer, numbers=["+4915110000001"]),
            await send(side.app, path="/lists", headers=headers, body=b"+4915110000001", query_string=query),
        ]

    refused = await uploaded(absent)
    assert [each.data["uploadCustomerList"]["reason"] for each in refused] == ["UNKNOWN_OFFER"] * 2
    assert await uploaded(foreign_one) == refused
    assert [each.codes for each in await uploaded(f"of_{VISIBLE}")] == [["BAD_USER_INPUT"]] * 2
    taken = await uploaded(known)
    assert [each.data["uploadCustomerList"]["__typename"] for each in taken] == ["CustomerListTaken"] * 2


# --- everywhere -----------------------------------------------------------------------------------


def test_identifiers_are_sealed_unless_a_setting_says_otherwise() -> None:
    """A gateway without the setting seals for each purpose."""
    assert Settings.model_fields["identifiers"].default is IdentifierScope.PURPOSE


async def test_every_kind_of_object_is_sealed(scopes: Scopes) -> None:
    """Businesses have sealed identifiers as people have, also in an answer that names no person."""
    document = "{ businesses { nodes { id name } edges { node { id } } } }"
    plain, sealed = [(await ask(each, SECURITY, document)).body for each in (scopes.plain, scopes.purpose)]
    assert PLAIN.search(plain.decode()) is not None
    assert ids_of(scopes.purpose, SECURITY).opened(sealed.decode()) == plain.decode()


def test_each_identifier_is_as_the_kit_says() -> None:
    """Numbers up to the ends of the type are sealed and opened as a slow second implementation says."""
    lots = random.Random("numbers")
    numbers = [0, 1, 9, 10, 2**31, 2**53 + 1, 2**63 - 1, *(lots.randrange(2**63) for _ in range(200))]
    master = bytes(range(32))
    for scope in (IdentifierScope.PURPOSE, IdentifierScope.CLIENT):
        for purpose in (ADS, SECURITY):
            seal = Identifiers(scope, master).seal_for(purpose, "a client")
            assert seal is not None
            texts = seal.seal(("ma_",), list(map(str, numbers)))
            assert len(set(texts)) == len(numbers)
            assert [f"ma_{each}" for each in texts[:9]] == [
                SealedIds("", scope, purpose, "a client", master).seal(f"ma_{each}") for each in numbers[:9]
            ]
            blocks = list(map(bytes.fromhex, texts))
            assert seal.open_all("ma_", b"".join(blocks)) == f"{{{','.join(map(str, numbers))}}}"
            assert [seal.open("ma_", each) for each in blocks] == numbers
            assert seal.seal(("ma_",), [str(numbers[3])]) == [texts[3]]
            # Of another kind, each is a number of its own that no store has.
            others = [seal.open("sa_", each) for each in blocks]
            assert seal.open_all("sa_", b"".join(blocks)) == f"{{{','.join(map(str, others))}}}"
            assert max(others) < 0
            assert len(set(others)) == len(numbers)
            mixed = seal.seal(("ma_", "sa_"), ("5", "5"))
            assert mixed == [seal.seal(("ma_",), ("5",))[0], seal.seal(("sa_",), ("5",))[0]]
    assert Identifiers(IdentifierScope.PLAIN, master).seal_for(ADS, "a client") is None


@pytest.mark.parametrize("scope", ["purpose", "client"])
async def test_i46_a_recall_names_the_person_as_the_answers_did(scopes: Scopes, scope: str) -> None:
    """The account of a notice has the identifier that this client was given for this purpose."""
    side: Side = getattr(scopes, scope)
    received = (await ask(side, ADS, ONE, id=ids_of(side, ADS).seal(f"ma_{VISIBLE}"))).data["found"]["id"]
    linked = "{ socialAccounts(first: 1) { nodes { id messengerLink { since } } } }"
    person = (await ask(side, ADS, linked)).data["socialAccounts"]["nodes"][0]["id"]
    principal = Principal(messenger_id=VISIBLE, social_id=VISIBLE)
    reply = await ask_as(side, principal, RECORD, purposes=["ADS_PERSONALIZATION"])
    assert reply.data["recordObjection"]["__typename"] == "ObjectionRecorded"
    # Other tests told other clients of the same person.
    assert await issue_recalls(side) >= 2
    notices = await ask_recalls(side, "{ recalls { account } }", ADS)
    assert {each["account"] for each in notices.data["recalls"]} == {received, person}
    await side.hold(WORLD)
