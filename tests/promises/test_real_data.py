"""On the real data the gateway says exactly what plain Python computes from the files."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.demo.snap import import_snap
from tests.kit.gateway import FRIENDS, SECURITY, NewDatabase, Side, open_side
from tests.kit.real_data import FRIENDSHIPS, MESSAGES, Truth

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
async def real(new_database: NewDatabase, real_data: Path) -> AsyncIterator[Side]:
    """A gateway before the real data."""
    async with open_side(new_database) as side:
        files = real_data / FRIENDSHIPS, real_data / MESSAGES
        await import_snap(side.messenger, side.social, files[0], messages=files[1], progress=lambda *_: None)
        yield side


async def pages(side: Side, purpose: Any, document: str, root: str, **variables: Any) -> list[Any]:
    """All nodes of a root list, page after page."""
    nodes: list[Any] = []
    after = None
    while True:
        reply = await side.ask(purpose, document, {**variables, "after": after})
        page = reply.data[root]
        nodes += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            assert page["totalCount"] == len(nodes)
            return nodes


PAGE = "totalCount pageInfo { hasNextPage endCursor }"


async def test_every_account_has_the_friends_of_the_file(real: Side, truth: Truth) -> None:
    """4,039 accounts, 88,234 friendships: counts and friends of each, in order."""
    document = f"""query($after: String) {{ socialAccounts(first: 50, after: $after) {{ {PAGE}
        nodes {{ id friends(first: 1000) {{
            totalCount pageInfo {{ hasNextPage }} nodes {{ id }} }} }} }} }}"""
    found = {}
    for node in await pages(real, FRIENDS, document, "socialAccounts"):
        friends = [int(friend["id"].removeprefix("sa_")) for friend in node["friends"]["nodes"]]
        expected = sorted(truth.friends[int(node["id"].removeprefix("sa_"))])
        assert node["friends"]["totalCount"] == len(expected)
        assert node["friends"]["pageInfo"]["hasNextPage"] is (len(expected) > 1000)
        assert friends == expected[:1000]
        found[node["id"]] = len(expected)
    assert len(found) == 4_039
    assert sum(found.values()) == 2 * 88_234


@pytest.mark.parametrize("until", [None, date(2016, 8, 25), date(2016, 5, 31)])
async def test_every_members_usage_is_that_of_the_file(real: Side, truth: Truth, until: date | None) -> None:
    """Messages sent, active days and last active day in the 28 days up to a date, for all 1,899 members."""
    document = f"""query($after: String, $until: Date) {{
        messengerAccounts(first: 1000, after: $after) {{ {PAGE}
        nodes {{ id usage(until: $until) {{ activeDays28 messagesSent28 lastActiveOn }} }} }} }}"""
    until_text = until.isoformat() if until else None
    nodes = await pages(real, SECURITY, document, "messengerAccounts", until=until_text)
    last = until or date(2016, 10, 1)
    assert len(nodes) == 1_899
    for node in nodes:
        days = truth.sent.get(int(node["id"].removeprefix("ma_")), {})
        within = {day: sent for day, sent in days.items() if last - timedelta(28) < day <= last}
        assert node["usage"] == {
            "activeDays28": len(within),
            "messagesSent28": sum(within.values()),
            "lastActiveOn": max(within).isoformat() if within else None,
        }


async def test_who_registered_before_the_terms_is_who_wrote_before(real: Side, truth: Truth) -> None:
    """The filter on registration finds exactly the members whose first message is older than the terms."""
    terms = datetime(2016, 8, 25, tzinfo=UTC)
    document = f"""query($after: String, $terms: DateTime!) {{ messengerAccounts(first: 500, after: $after,
        filter: {{registeredAt: {{before: $terms}}}}, orderBy: {{registeredAt: ASC}}) {{ {PAGE}
        nodes {{ id registeredAt }} }} }}"""
    nodes = await pages(real, SECURITY, document, "messengerAccounts", terms=terms.isoformat())
    joined = {
        int(node["id"].removeprefix("ma_")): datetime.fromisoformat(node["registeredAt"]) for node in nodes
    }
    assert joined == {member: time for member, time in truth.joined.items() if time < terms}
    assert [node["registeredAt"] for node in nodes] == sorted(node["registeredAt"] for node in nodes)


async def test_every_member_has_the_address_book_of_the_file(real: Side, truth: Truth) -> None:
    """A member's contacts are the members that they exchanged a message with, in order."""
    document = f"""query($after: String) {{ messengerAccounts(first: 50, after: $after) {{ {PAGE}
        nodes {{ id contacts(first: 1000) {{ totalCount nodes {{ id }} }} }} }} }}"""
    for node in await pages(real, FRIENDS, document, "messengerAccounts"):
        contacts = [int(contact["id"].removeprefix("ma_")) for contact in node["contacts"]["nodes"]]
        assert contacts == sorted(truth.books[int(node["id"].removeprefix("ma_"))])
        assert node["contacts"]["totalCount"] == len(contacts)


async def test_the_same_number_is_the_same_person(real: Side, truth: Truth) -> None:
    """Exactly the people in both files are found from either side."""
    document = f"""query($after: String) {{ socialAccounts(first: 1000, after: $after) {{ {PAGE}
        nodes {{ id messengerLink {{ account {{ id phone socialAccount {{ id }} }} }}
        phones {{ number source }} }} }} }}"""
    linked = set()
    for node in await pages(real, SECURITY, document, "socialAccounts"):
        if node["messengerLink"] is not None:
            account = node["messengerLink"]["account"]
            assert account["socialAccount"]["id"] == node["id"]
            assert {"number": account["phone"], "source": "MESSENGER_SHARED"} in node["phones"]
            assert account["id"].removeprefix("ma_") == node["id"].removeprefix("sa_")
            linked.add(int(account["id"].removeprefix("ma_")))
    assert linked == truth.friends.keys() & truth.joined.keys()


def suggested(truth: Truth, person: int) -> list[dict[str, Any]]:
    """A person's suggestions from the files: contacts first, then by mutual friends, then by number."""
    linked = truth.friends.keys() & truth.joined.keys()
    first = {each: sorted(friends)[:100] for each, friends in truth.friends.items()}
    ways = Counter(other for friend in first[person] for other in first[friend])
    contacts = set(sorted(truth.books[person])[:500]) & linked if person in linked else set()
    others = (contacts | ways.keys()) - truth.friends[person] - {person}
    return [
        {
            "account": {"id": f"sa_{other}"},
            "basis": "MESSENGER_CONTACT" if other in contacts else "MUTUAL_FRIENDS",
            "mutualFriendCount": ways[other],
        }
        for other in sorted(others, key=lambda other: (other not in contacts, -ways[other], other))
    ]


async def test_suggestions_are_those_of_the_files(real: Side, truth: Truth) -> None:
    """Every tenth person's suggestions: account, basis and mutual friends, in order, a hundred at most."""
    document = """query($ids: [ID!]) { socialAccounts(ids: $ids) {
        nodes { id friendSuggestions(first: 100) { account { id } basis mutualFriendCount } } } }"""
    people = sorted(truth.friends)[::10]
    bases: Counter[str] = Counter()
    for start in range(0, len(people), 50):
        ids = [f"sa_{each}" for each in people[start : start + 50]]
        page = (await real.ask(FRIENDS, document, {"ids": ids})).data["socialAccounts"]["nodes"]
        assert [node["id"] for node in page] == ids
        for node, person in zip(page, people[start:], strict=False):
            expected = suggested(truth, person)[:100]
            assert node["friendSuggestions"] == expected
            bases.update(each["basis"] for each in expected)
    assert len(people) == 404
    assert min(bases[each] for each in ("MESSENGER_CONTACT", "MUTUAL_FRIENDS")) > 100
