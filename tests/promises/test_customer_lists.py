"""Customer lists: what a merchant learns from uploading them, which is nearly nothing (I30 to I36).

Everything is asked of the real gateway and judged in a real store. The attacks that are named were made
in practice: Venkatadri et al., *Privacy Risks with Facebook's PII-based Targeting* (IEEE S&P 2018).
"""

from __future__ import annotations

import asyncio
import itertools
import json
import secrets
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from random import Random
from typing import Any

import pytest

from gateway.access.tokens import issue
from gateway.upkeep.store_logins import list_login
from resolvers.changes.customer_lists import budget_key
from resolvers.plan.principal import Principal
from resolvers.stores.pool import connect_role
from schema.types.offers import SizeBand
from tests.kit.gateway import ADS, AUDIT, OFFERS, NewDatabase, Reply, Side, open_side, send

FIRST_PERSON = 1_000_000
PEOPLE = 2_000
UPLOAD = """mutation($offer: ID!, $numbers: [String!]!) {
  uploadCustomerList(offer: $offer, numbers: $numbers) {
    __typename
    ... on CustomerListTaken {
      customerList { status recordCountBand audienceSizeBand uploadedAt } badLineCount badLines
    }
    ... on CustomerListRefused { reason }
  }
}"""
MERCHANTS = itertools.count(1_000)
UNUSED = itertools.count(50_000_000)
BANDS = [band.value for band in SizeBand]


def number_of(person: int, kind: int = 0) -> str:
    """A number of a person: typed, shared, or for signing in."""
    return f"+4915{kind}{person % 10**8:08}"


def nobodys(count: int) -> list[str]:
    """So many unused numbers, none of which a test asked about before."""
    return [f"+4917{next(UNUSED):09}"[:14] for _ in range(count)]


PROFILE, SHARED, SECOND_FACTOR = 1, 2, 5


@pytest.fixture(scope="module")
async def side(new_database: NewDatabase) -> AsyncIterator[Side]:
    """A gateway before stores of their own; each person has a number in the profile and shares another."""
    async with open_side(new_database) as opened:
        people = range(FIRST_PERSON, FIRST_PERSON + PEOPLE)
        await opened.social.execute(
            "INSERT INTO social.account SELECT id, '' FROM unnest($1::bigint[]) id", list(people)
        )
        await opened.social.executemany(
            "INSERT INTO social.phone_binding (account_id, source, number, messenger_id)"
            " VALUES ($1, $2, $3, $4)",
            [
                row
                for person in people
                for row in (
                    (person, "SELF_PROFILE", number_of(person, PROFILE), None),
                    (person, "MESSENGER_SHARED", number_of(person, SHARED), person),
                    (person, "SECURITY_2FA", number_of(person, SECOND_FACTOR), None),
                )
            ],
        )
        yield opened


@pytest.fixture(autouse=True)
async def unused(side: Side) -> None:
    """No number was used before: each test has all of the budget."""
    await side.social.execute("TRUNCATE social.list_use")


class Merchant:
    """A merchant with offers, and the token that speaks for it."""

    def __init__(self, side: Side, number: int, token: str) -> None:
        self.side, self.number, self.token = side, number, token
        self._offers = iter(range(number * 100, number * 100 + 100))

    def offer(self) -> str:
        """An offer without a list."""
        return f"of_{next(self._offers)}"

    async def ask(self, document: str, **variables: Any) -> Reply:
        """The answer to a document."""
        headers = self.side.authorised(OFFERS, self.token)
        body = json.dumps({"query": document, "variables": variables}).encode()
        return await send(self.side.app, headers=headers, body=body)

    async def upload(self, numbers: Sequence[str], offer: str | None = None) -> dict[str, Any]:
        """What the mutation says of a list."""
        reply = await self.ask(UPLOAD, offer=offer or self.offer(), numbers=list(numbers))
        told: dict[str, Any] = reply.data["uploadCustomerList"]
        return told

    async def post(
        self, body: bytes | Sequence[bytes], offer: str | None = None, media: bytes = b"text/csv"
    ) -> Reply:
        """The answer to a CSV file."""
        headers = [
            (b"authorization", f"Bearer {self.token}".encode()),
            (b"gateway-purpose", OFFERS.encode()),
            (b"content-type", media),
        ]
        query = f"offer={offer or self.offer()}".encode()
        return await send(self.side.app, path="/lists", headers=headers, body=body, query_string=query)

    async def band(self, numbers: Sequence[str]) -> str:
        """The merchant's answer in one word: the audience's band, or the reason of the refusal."""
        told = await self.upload(numbers)
        return str(told["customerList"]["audienceSizeBand"] if "customerList" in told else told["reason"])


async def new_merchant(side: Side) -> Merchant:
    """A merchant who has uploaded nothing yet."""
    number = next(MERCHANTS)
    await side.social.execute("INSERT INTO social.merchant VALUES ($1, 'Merchant')", number)
    await side.social.execute(
        "INSERT INTO social.offer SELECT n, $1, 'Offer', '2016-12-31'"
        " FROM generate_series($1 * 100, $1 * 100 + 99) n",
        number,
    )
    principal = Principal(merchant_id=number)
    key = side.settings.key("tokens")
    issued = await issue(
        side.control,
        key,
        "shop",
        purposes={OFFERS},
        expires_at=None,
        random=secrets.token_bytes,
        principal=principal,
    )
    await side.book.refreshed()
    return Merchant(side, number, issued.token)


async def restrict(side: Side, people: Iterable[int], bits: int) -> None:
    """Let the owners of these accounts object to what the bits say; 0 takes all back."""
    await side.social.executemany(
        "INSERT INTO social.restriction (messenger_id, purposes) VALUES ($1, $2)"
        " ON CONFLICT (messenger_id) DO UPDATE SET purposes = excluded.purposes",
        [(person, bits) for person in people],
    )


def known(count: int, kind: int = PROFILE, first: int = FIRST_PERSON) -> list[str]:
    """Numbers of so many people."""
    return [number_of(person, kind) for person in range(first, first + count)]


def list_of(matched: int, kind: int = PROFILE, size: int = 1_200) -> list[str]:
    """A list of this size in which so many are found."""
    return [*known(matched, kind), *nobodys(size - matched)]


# --- the invariants -------------------------------------------------------------------------------


async def test_i30_the_size_band_is_blind_to_objectors(side: Side) -> None:
    """Objectors are not counted: the band equals that of a list with unused numbers in their place."""
    merchant, other = await new_merchant(side), await new_merchant(side)
    numbers = list_of(1_300, SHARED, size=1_500)
    await restrict(side, range(FIRST_PERSON, FIRST_PERSON + 700), 1)
    try:
        with_objectors = await merchant.band(numbers)
        # A later objection, a changed number or a deleted account changes no answer.
        await side.social.execute(
            "UPDATE social.phone_binding SET number = '+49152' || lpad(account_id::text, 9, '9')"
            " WHERE source = 'MESSENGER_SHARED' AND account_id < $1 + 700",
            FIRST_PERSON,
        )
        without = await other.band(numbers)
    finally:
        await side.social.execute(
            "UPDATE social.phone_binding"
            " SET number = '+49152' || lpad((account_id % 100000000)::text, 8, '0')"
            " WHERE source = 'MESSENGER_SHARED' AND account_id < $1 + 700",
            FIRST_PERSON,
        )
        await restrict(side, range(FIRST_PERSON, FIRST_PERSON + 700), 0)
    assert with_objectors == without == "FROM_100"


async def test_i30_an_objection_to_friend_suggestions_is_none_to_offers(side: Side) -> None:
    """The objection to ads covers offers; the other one does not (I19)."""
    merchant, other = await new_merchant(side), await new_merchant(side)
    numbers = list_of(1_050, SHARED)
    before = await merchant.band(numbers)
    await restrict(side, range(FIRST_PERSON, FIRST_PERSON + 1_050), 2)
    try:
        assert await other.band(numbers) == before == "FROM_500"
    finally:
        await restrict(side, range(FIRST_PERSON, FIRST_PERSON + 1_050), 0)


@pytest.mark.parametrize("matched", [0, 1, 50, 98, 99])
async def test_i31_below_a_hundred_matches_all_lists_look_alike(side: Side, matched: int) -> None:
    """No match and ninety-nine matches give the same bytes, and the offer is shown to no person."""
    merchant = await new_merchant(side)
    told = await merchant.upload(list_of(matched), offer := merchant.offer())
    told["customerList"].pop("uploadedAt")
    assert told == {
        "__typename": "CustomerListTaken",
        "customerList": {
            "status": "BELOW_MINIMUM",
            "recordCountBand": "FROM_1000",
            "audienceSizeBand": "BELOW_MINIMUM",
        },
        "badLineCount": 0,
        "badLines": [],
    }
    assert await audience(side, offer) == 0


async def audience(side: Side, offer: str) -> int:
    """To how many the offer is shown."""
    count: int = await side.social.fetchval(
        "SELECT count(*) FROM social.offer_audience WHERE offer_id = $1", int(offer.removeprefix("of_"))
    )
    return count


@pytest.mark.parametrize("seed", range(6))
async def test_i32_one_record_more_or_less_is_refused_or_gets_the_same_band(side: Side, seed: int) -> None:
    """Whatever is added, left out or exchanged: nothing is learnt of a single record."""
    random, merchant = Random(seed), await new_merchant(side)
    matched, size = random.choice([(99, 1_000), (350, 1_100), (700, 1_000), (1_300, 1_500)])
    numbers = list_of(matched, size=size)
    first = await merchant.band(numbers)
    changed = list(numbers)
    match seed % 3:
        case 0:
            changed.append(number_of(FIRST_PERSON + matched, PROFILE))
        case 1:
            changed.remove(random.choice(numbers[:matched]))
        case _:
            changed[random.randrange(matched)] = nobodys(1)[0]
    assert await merchant.band(changed) in {first, "TOO_SIMILAR"}


async def test_i32_a_list_of_a_thousand_does_not_tell_of_the_one_before(side: Side) -> None:
    """The least number of records is no threshold to probe either: 999 and then one more is refused."""
    merchant = await new_merchant(side)
    numbers = list_of(999, size=999)
    assert await merchant.band(numbers) == "BELOW_MINIMUM"
    assert await merchant.band([*numbers, *nobodys(1)]) == "TOO_SIMILAR"


async def test_i33_the_same_list_gets_the_same_answer(side: Side) -> None:
    """In another order, with repetitions, written otherwise, by another way, for another offer, tomorrow."""
    merchant = await new_merchant(side)
    numbers = list_of(800)
    first = await merchant.upload(numbers, offer := merchant.offer())
    written = [f"{each[:3]} {each[3:6]}-{each[6:]}" for each in reversed(numbers)]
    await side.social.execute("UPDATE social.customer_list SET uploaded_at = uploaded_at - interval '9 days'")
    again = await merchant.upload([*written, *numbers[:10]], offer)
    again["customerList"]["uploadedAt"] = first["customerList"]["uploadedAt"]
    assert again == first
    other = await merchant.upload(numbers, second := merchant.offer())
    other["customerList"]["uploadedAt"] = first["customerList"]["uploadedAt"]
    assert other == first
    assert await audience(side, offer) == await audience(side, second) == 800


async def test_i33_what_was_told_stays_when_people_come_and_go(side: Side) -> None:
    """A band is decided once: asked again after objections, it is the one that was told."""
    merchant = await new_merchant(side)
    numbers = list_of(1_050, SHARED)
    first = await merchant.upload(numbers, offer := merchant.offer())
    await restrict(side, range(FIRST_PERSON, FIRST_PERSON + 1_000), 1)
    try:
        assert await merchant.upload(numbers, offer) == first
        assert first["customerList"]["audienceSizeBand"] == "FROM_500"
    finally:
        await restrict(side, range(FIRST_PERSON, FIRST_PERSON + 1_000), 0)


async def test_i34_two_numbers_of_one_person_count_like_those_of_two(side: Side) -> None:
    """Records are counted and not people: no size tells that two numbers are one person's."""
    one, two = await new_merchant(side), await new_merchant(side)
    rest = nobodys(210)
    of_one = [*known(525, PROFILE), *known(525, SHARED), *rest]
    of_two = [*known(1_050, PROFILE), *rest]
    assert await matched_by(side, of_one) == await matched_by(side, of_two) == 1_050
    assert await one.band(of_one) == await two.band(of_two) == "FROM_500"


async def matched_by(side: Side, numbers: Sequence[str]) -> int:
    """How many records the store finds. Only its owner can ask, as this test does."""
    from resolvers.changes.customer_lists import Hashing, _copy

    hashing = Hashing(side.settings.key("customer lists"), upload=-1)

    async def rows() -> AsyncIterator[bytes]:
        yield hashing.rows(numbers)

    transaction = side.social.transaction()
    await transaction.start()
    try:
        await _copy(side.social, rows())
        count: int = await side.social.fetchval("SELECT count(DISTINCT blind) FROM social.matches_of(-1)")
        return count
    finally:
        await transaction.rollback()


async def test_i36_no_login_can_read_entries_or_members(side: Side) -> None:
    """No login of the gateway reads an entry; those who serve merchants see no member; and none is left."""
    merchant = await new_merchant(side)
    await merchant.upload(list_of(800), offer := merchant.offer())
    assert await audience(side, offer) == 800
    assert await side.social.fetchval("SELECT count(*) FROM social.customer_list_entry") == 0
    readers = await side.social.fetch(
        "SELECT r.rolname, c.relname FROM pg_roles r, pg_class c"
        " WHERE r.rolname ~ '^social_' AND r.rolcanlogin AND c.relname = ANY(ARRAY["
        "'customer_list_entry', 'offer_audience', 'list_use', 'list_decision'])"
        " AND c.relkind = 'r' AND has_any_column_privilege(r.oid, c.oid, 'SELECT')"
    )
    # Notices of recalls need to know to whose accounts offers led; that login answers no merchant.
    assert {tuple(row) for row in readers} <= {("social_recalls", "offer_audience")}
    views = await side.social.fetch(
        "SELECT table_schema FROM information_schema.columns"
        " WHERE table_schema IN ('offer_matching', 'audit') AND (table_name = 'offer_audience'"
        " OR column_name IN ('account_id', 'blind', 'digest', 'sketch', 'number'))"
    )
    assert views == []
    async with await connected(side) as writer:
        for asked in (
            "SELECT * FROM social.customer_list_entry",
            "SELECT * FROM social.offer_audience",
            "SELECT * FROM social.customer_list",
            "SELECT * FROM social.list_use",
            "UPDATE social.list_budget SET noise_scale = 10",
            "SELECT social.use_numbers(1, 2, '')",
            "SELECT * FROM social.matches_of(1)",
            "SELECT number FROM social.phone_binding",
            "DELETE FROM social.customer_list_entry",
        ):
            with pytest.raises(Exception, match="permission denied"):
                await writer.fetch(asked)


class _Closing:
    def __init__(self, connection: Any) -> None:
        self.connection = connection

    async def __aenter__(self) -> Any:
        return self.connection

    async def __aexit__(self, *_: object) -> None:
        self.connection.terminate()


async def connected(side: Side) -> _Closing:
    """A connection as the login that matches lists."""
    return _Closing(await connect_role(list_login(side.settings)))


# --- the attacks ----------------------------------------------------------------------------------


async def test_attack_size_estimate_probing_with_a_threshold_list(side: Side) -> None:
    """Venkatadri et al., 4.2: a list filled up to a threshold does not tell whether one more is found.

    The attacker knows how many of the fillers are found and adds the victim. With noise of the list's own
    no number of fillers makes the victim decide; the second list is too near to the first anyway.
    """
    merchant = await new_merchant(side)
    for fillers in (99, 100, 199, 499, 999):
        filled = list_of(fillers, size=1_200)
        first = await merchant.band(filled)
        with_victim = [*filled[:-1], number_of(FIRST_PERSON + PEOPLE - 1, PROFILE)]
        assert await merchant.band(with_victim) in {"TOO_SIMILAR", "BUDGET_SPENT"}
        assert BANDS.index(first) <= BANDS.index(exact_band(fillers))


def exact_band(count: int) -> str:
    """The band of this size without noise."""
    steps = (50_000, 10_000, 5_000, 1_000, 500, 100)
    return next((f"FROM_{step}" for step in steps if count >= step), "BELOW_MINIMUM")


async def test_attack_the_exact_threshold_cannot_be_found(side: Side) -> None:
    """Lists of other people with the same number found, just above a threshold, get either band.

    If the threshold were sharp, all of them would get the upper one, and one victim would tip the balance.
    """
    told = set()
    for _ in range(12):
        told.add(await (await new_merchant(side)).band([*known(800, PROFILE), *nobodys(600)]))
        await side.social.execute("TRUNCATE social.list_use")
    assert told == {"FROM_500", "FROM_100"}


async def test_attack_deduplication_links_two_identifiers(side: Side) -> None:
    """Venkatadri et al., 4.3: two numbers of one person are not counted as one.

    There the estimate of {a, b} equalled that of {a} if both were one person's; here every record counts.
    """
    people = known(300, PROFILE), known(300, SHARED)
    strangers = known(300, SHARED, first=FIRST_PERSON + 500)
    rest = nobodys(700)
    same = await matched_by(side, [*people[0], *people[1], *rest])
    different = await matched_by(side, [*people[0], *strangers, *rest])
    assert same == different == 600


async def test_attack_two_factor_numbers_are_never_matched(side: Side) -> None:
    """Venkatadri et al., 5: a number given for security is not in the audience of anybody's list."""
    merchant = await new_merchant(side)
    told = await merchant.upload([*known(1_500, SECOND_FACTOR)], offer := merchant.offer())
    assert told["customerList"]["audienceSizeBand"] == "BELOW_MINIMUM"
    assert await audience(side, offer) == 0
    assert await matched_by(side, known(1_500, SECOND_FACTOR)) == 0
    hashed = "SELECT count(*) FROM social.phone_binding WHERE source = 'SECURITY_2FA' AND blind IS NOT NULL"
    assert await side.social.fetchval(hashed) == 0


async def test_attack_reach_estimates_of_many_lists_are_not_combined(side: Side) -> None:
    """March 2018: rounding alone was undone by asking again and again with a little added each time."""
    merchant = await new_merchant(side)
    numbers = list_of(450, size=1_500)
    answers = [await merchant.band(numbers)]
    for extra in range(1, 8):
        more = [*numbers[extra:], *known(extra, PROFILE, first=FIRST_PERSON + 1_000)]
        answers.append(await merchant.band(more))
    assert answers[1:] == ["TOO_SIMILAR"] * 7


# --- closures -------------------------------------------------------------------------------------


async def test_a_merchant_has_five_new_lists_a_day(side: Side) -> None:
    """The sixth is refused until tomorrow, repeated ones are free, and two at once do not share the last."""
    merchant = await new_merchant(side)
    lists = [nobodys(1_000) for _ in range(9)]
    told = await asyncio.gather(*(merchant.band(each) for each in lists))
    assert sorted(told) == ["BELOW_MINIMUM"] * 5 + ["BUDGET_SPENT"] * 4
    taken = lists[told.index("BELOW_MINIMUM")]
    assert await merchant.band(taken) == "BELOW_MINIMUM"
    await side.social.execute(
        "UPDATE social.list_decision SET decided_at = decided_at - interval '1 day' WHERE merchant_id = $1",
        merchant.number,
    )
    assert await merchant.band(nobodys(1_000)) == "BELOW_MINIMUM"


async def test_two_lists_of_a_merchant_are_judged_one_after_the_other(side: Side) -> None:
    """The second one waits; otherwise both would spend the rest of the budget."""
    merchant = await new_merchant(side)
    # The first list of a store also notes the key, for which a second one would wait.
    await (await new_merchant(side)).band(nobodys(1_000))
    judge = "SELECT outcome FROM social.match_list(nextval('social.customer_list_upload'), $1, $2, $3)"
    key = budget_key(side.settings.key("customer lists"))
    offers = [int(merchant.offer().removeprefix("of_")) for _ in range(2)]
    async with await connected(side) as first, await connected(side) as second:
        transaction = first.transaction()
        await transaction.start()
        await first.fetchval(judge, merchant.number, offers[0], key)
        waiting = asyncio.create_task(second.fetchval(judge, merchant.number, offers[1], key))
        done, _ = await asyncio.wait({waiting}, timeout=1)
        assert not done
        await transaction.rollback()
        assert await waiting == "TAKEN"


async def test_an_offer_has_one_audience(side: Side) -> None:
    """A second list for an offer is refused: of two, each would be seen through the union."""
    merchant = await new_merchant(side)
    await merchant.upload(list_of(800), offer := merchant.offer())
    other = [*known(900, first=FIRST_PERSON + 900), *nobodys(200)]
    assert (await merchant.upload(other, offer))["reason"] == "OFFER_HAS_LIST"
    assert await audience(side, offer) == 800


async def test_another_merchants_offer_reads_like_one_that_is_not_there(side: Side) -> None:
    """Same bytes (I7), and nothing of the list is left."""
    merchant, other = await new_merchant(side), await new_merchant(side)
    foreign = await merchant.upload(list_of(800), other.offer())
    missing = await merchant.upload(list_of(800), "of_7")
    assert foreign == missing == {"__typename": "CustomerListRefused", "reason": "UNKNOWN_OFFER"}


async def test_a_merchant_sees_its_own_lists_and_the_auditor_all(side: Side) -> None:
    """Lists are shown in bands and in order, without an identifier and without their members."""
    merchant, other = await new_merchant(side), await new_merchant(side)
    told = await merchant.upload(list_of(800))
    await other.upload(list_of(0))
    asked = "{ customerLists { totalCount nodes { status uploadedAt recordCountBand audienceSizeBand } } }"
    own = (await merchant.ask(asked)).data["customerLists"]
    assert own == {"totalCount": 1, "nodes": [told["customerList"]]}
    everybodys = (await side.ask(AUDIT, asked)).data["customerLists"]
    assert everybodys["totalCount"] == await side.social.fetchval("SELECT count(*) FROM social.customer_list")
    for field in ("id", "entries", "members", "entries { number }", "digest"):
        refused = await merchant.ask(f"{{ customerLists {{ nodes {{ {field} }} }} }}")
        assert refused.codes == ["GRAPHQL_VALIDATION_FAILED"]


async def test_an_offer_is_shown_to_matched_people_and_to_no_objector(side: Side) -> None:
    """Found by the own profile it stays after an objection; found by the shared number alone it goes."""
    merchant = await new_merchant(side)
    both, shared = FIRST_PERSON + 1_500, FIRST_PERSON + 1_501
    numbers = [*known(700), number_of(both, PROFILE), number_of(both, SHARED), number_of(shared, SHARED)]
    await merchant.upload([*numbers, *nobodys(400)], offer := merchant.offer())
    asked = "query($id: ID!) { socialAccount(id: $id) { offers { id merchant { id } } } }"

    async def shown(person: int) -> bool:
        found = (await side.ask(ADS, asked, {"id": f"sa_{person}"})).data["socialAccount"]["offers"]
        return {"id": offer, "merchant": {"id": f"me_{merchant.number}"}} in found

    assert [await shown(both), await shown(shared), await shown(FIRST_PERSON + 1_502)] == [True, True, False]
    await restrict(side, (both, shared), 1)
    try:
        assert [await shown(both), await shown(shared)] == [True, False]
    finally:
        await restrict(side, (both, shared), 0)
    assert await shown(shared)


# --- CSV ------------------------------------------------------------------------------------------


def in_pieces(body: bytes, random: Random) -> list[bytes]:
    """The body, cut anywhere."""
    pieces = []
    while body:
        size = random.choice((1, 2, 7, 100, 4_000))
        pieces.append(body[:size])
        body = body[size:]
    return pieces or [b""]


@pytest.mark.parametrize("seed", range(4))
async def test_a_csv_file_is_the_same_list_wherever_it_is_cut(side: Side, seed: int) -> None:
    """Streamed in pieces of any size, with either line break, it gets the answer of the mutation."""
    random, merchant = Random(seed), await new_merchant(side)
    numbers = list_of(800)
    first = await merchant.upload(numbers, offer := merchant.offer())
    line_break = random.choice((b"\n", b"\r\n"))
    lines = [f'"{each}",Name' if random.random() < 0.5 else each for each in numbers]
    body = line_break.join([b"phone,name", *(line.encode() for line in lines)])
    reply = await merchant.post(in_pieces(body, random), offer)
    assert reply.status == 200
    assert reply.data["uploadCustomerList"] == first


async def test_bad_rows_are_told_by_line_and_never_by_value(side: Side) -> None:
    """A line without a number is left out and counted; the first hundred are named, the rest is matched."""
    merchant = await new_merchant(side)
    bad = [b"SECRET-VALUE", b"0151 234", b"", b"\xff\xfe", b"+49", b"x" * 70_000, b"\x00"]
    lines = [b"number", *bad, *(each.encode() for each in list_of(1_050))]
    reply = await merchant.post(b"\n".join(lines))
    told = reply.data["uploadCustomerList"]
    assert (told["badLineCount"], told["badLines"]) == (len(bad), list(range(2, 2 + len(bad))))
    assert told["customerList"]["audienceSizeBand"] == "FROM_500"
    assert b"SECRET" not in reply.body
    many = await merchant.post(b"\n".join([b"x"] * 5_000))
    told = many.data["uploadCustomerList"]
    assert (told["badLineCount"], told["badLines"]) == (5_000, list(range(1, 101)))


async def test_an_upload_that_is_cut_off_leaves_nothing(side: Side) -> None:
    """The client goes in the middle: no entry, no list, no member, and the budget is as it was."""
    merchant = await new_merchant(side)
    chunks = ["\n".join(list_of(900)).encode()]

    async def receive() -> Any:
        if chunks:
            return {"type": "http.request", "body": chunks.pop(), "more_body": True}
        return {"type": "http.disconnect"}

    async def take(message: Any) -> None:
        raise AssertionError("no client waits for an answer")

    headers = [
        (b"authorization", f"Bearer {merchant.token}".encode()),
        (b"content-type", b"text/csv"),
    ]
    scope = {"type": "http", "method": "POST", "path": "/lists", "headers": headers}
    offer = merchant.offer()
    await side.app({**scope, "query_string": f"offer={offer}".encode()}, receive, take)
    assert await side.social.fetchval("SELECT count(*) FROM social.customer_list_entry") == 0
    counted = "SELECT count(*) FROM social.customer_list WHERE merchant_id = $1"
    assert await side.social.fetchval(counted, merchant.number) == 0
    assert await side.social.fetchval("SELECT count(*) FROM social.list_use") == 0
    counted = "SELECT count(*) FROM social.list_decision WHERE merchant_id = $1"
    assert await side.social.fetchval(counted, merchant.number) == 0
    assert await audience(side, offer) == 0
    assert (await merchant.upload(list_of(900), offer))["customerList"]["status"] == "MATCHED"


@pytest.mark.parametrize(
    ("media", "query", "purpose", "method", "status"),
    [
        (b"application/json", b"offer=of_1", OFFERS, "POST", 415),
        (b"text/csv; charset=latin-1", b"offer=of_1", OFFERS, "POST", 415),
        (b"text/csv", b"", OFFERS, "POST", 400),
        (b"text/csv", b"offer=of_x", OFFERS, "POST", 400),
        (b"text/csv", b"offer=of_1&offer=of_2", OFFERS, "POST", 400),
        (b"text/csv", b"offer=of_99999999999999999999", OFFERS, "POST", 400),
        (b"text/csv", b"offer=of_1", ADS, "POST", 403),
        (b"text/csv", b"offer=of_1", OFFERS, "GET", 405),
        (b"text/csv", b"offer=of_1", OFFERS, "PUT", 405),
    ],
)
async def test_what_is_no_upload_is_refused(
    side: Side, media: bytes, query: bytes, purpose: Any, method: str, status: int
) -> None:
    """By the catalogue, before a byte of the body is looked at."""
    merchant = await new_merchant(side)
    headers = [
        (b"authorization", f"Bearer {merchant.token}".encode()),
        (b"gateway-purpose", purpose.encode()),
        (b"content-type", media),
    ]
    reply = await send(side.app, method, "/lists", headers, [b"+49151", b"SECRET"], query)
    assert reply.status == status
    assert b"SECRET" not in reply.body


async def test_without_a_valid_token_nothing_is_read(side: Side) -> None:
    """The same static body as everywhere (I37)."""
    reply = await send(side.app, "POST", "/lists", [(b"content-type", b"text/csv")], b"x", b"offer=of_1")
    assert (reply.status, reply.codes) == (401, ["TOKEN_REFUSED"])


async def test_the_store_holds_no_number_of_a_list_in_clear(side: Side) -> None:
    """Numbers that only a merchant knows are nowhere in the store, not in any column of any table."""
    merchant = await new_merchant(side)
    secret = nobodys(1_000)
    await merchant.upload(secret)
    dump = [
        str(row)
        for table in (
            "customer_list",
            "customer_list_entry",
            "offer_audience",
            "matching_key",
            "list_use",
            "phone_binding",
        )
        for row in await side.social.fetch(f"SELECT t::text FROM social.{table} t")
    ]
    assert not [number for number in secret[:50] if any(number[1:] in row for row in dump)]


async def test_a_changed_number_is_hashed_again(side: Side) -> None:
    """A number that its owner changed is matched under the new one alone."""
    merchant = await new_merchant(side)
    person = FIRST_PERSON + PEOPLE - 1
    await merchant.band(nobodys(1_000))
    set_number = (
        "UPDATE social.phone_binding SET number = $2 WHERE account_id = $1 AND source = 'SELF_PROFILE'"
    )
    await side.social.execute(set_number, person, "+491799999999")
    try:
        await merchant.band(nobodys(1_000))
        assert await matched_by(side, [number_of(person, PROFILE)]) == 0
        assert await matched_by(side, ["+491799999999"]) == 1
    finally:
        await side.social.execute(set_number, person, number_of(person, PROFILE))


async def test_a_million_numbers_take_less_than_a_minute(side: Side) -> None:
    """As CSV, in the pieces in which a server gets it; most of the numbers are unused."""
    merchant = await new_merchant(side)
    strangers = (f"+49157{number:08}" for number in range(998_500))
    body = "\n".join([*known(1_500), *strangers]).encode()
    pieces = [body[start : start + 65_536] for start in range(0, len(body), 65_536)]
    began = time.monotonic()
    told = (await merchant.post(pieces)).data["uploadCustomerList"]
    took = time.monotonic() - began
    assert told["customerList"]["recordCountBand"] == "FROM_50000"
    assert told["customerList"]["audienceSizeBand"] == "FROM_1000"
    assert took < 60
