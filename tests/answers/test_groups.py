"""Counts in groups: only of rows that the purpose sees, and only groups of a hundred or more."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from schema.purposes import Purpose
from schema.values import paging
from tests.kit.gateway import ADS, BUSINESS, FRIENDS, INFRASTRUCTURE, SECURITY, NewDatabase, Side, open_side

LEAST = 100
# By country: how many members, and how many of them objected to ads and to friend suggestions.
MEMBERS = {"DE": (150, 0), "FR": (100, 0), "GB": (101, 2), "IT": (99, 0), "NL": (1, 0), "PL": (120, 20)}
GROUPS = "{ messengerAccounts(first: 0) { totalCount byCountryCode { value count } } }"
IN = "query($in: [String!]) { messengerAccounts(first: 0, filter: { countryCode: { in: $in } }) {"
IN += " totalCount byCountryCode { value count } } }"
BY_STATUS = "{ messengerConversations { totalCount byStatus { value count } byCategory { value count } } }"


@pytest.fixture(scope="module", autouse=True)
def groups_of_a_hundred() -> Any:
    """The smallest group, as in production."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paging, "MIN_GROUP", LEAST)
        yield


@pytest.fixture(scope="module")
async def side(new_database: NewDatabase) -> AsyncIterator[Side]:
    """A gateway before members of six countries, and 299 conversations with two businesses."""
    async with open_side(new_database) as opened:
        number = 0
        for country, (members, objectors) in MEMBERS.items():
            await opened.messenger.execute(
                "INSERT INTO messenger.account (id, phone, country_code, registered_at)"
                " SELECT n, '+49151' || lpad(n::text, 8, '0'), $1, '2016-08-01'"
                " FROM generate_series($2::bigint, $3::bigint) n",
                *(country, number, number + members - 1),
            )
            await opened.messenger.execute(
                "INSERT INTO messenger.restriction SELECT n, 3"
                " FROM generate_series($1::bigint, $2::bigint) n",
                *(number, number + objectors - 1),
            )
            number += members
        await opened.messenger.execute("INSERT INTO messenger.business VALUES (0, 'A', true), (1, 'B', true)")
        await opened.messenger.execute(
            "INSERT INTO messenger.business_conversation (id, business_id, account_id, category, status,"
            " opened_on, last_message_on, message_count)"
            " SELECT n, (n < 99)::int, n, 'SERVICE', 'OPEN', '2016-09-01', '2016-09-01', 1"
            " FROM generate_series(0, 298) n"
        )
        yield opened


def groups(**counted: int) -> list[dict[str, Any]]:
    """These groups, as an answer tells them."""
    ordered = sorted(counted.items(), key=lambda group: (-group[1], group[0]))
    return [{"value": value, "count": count} for value, count in ordered]


@pytest.mark.parametrize("purpose", [SECURITY, INFRASTRUCTURE])
async def test_all_are_counted_and_groups_below_a_hundred_are_left_out(side: Side, purpose: Purpose) -> None:
    """A group of 100 members is returned; a group of 99 has no entry, not even one with a zero."""
    assert (await side.ask(purpose, GROUPS)).data["messengerAccounts"] == {
        "totalCount": 571,
        "byCountryCode": groups(DE=150, PL=120, GB=101, FR=100),
    }


@pytest.mark.parametrize("purpose", [ADS, FRIENDS])
async def test_an_objector_is_counted_in_no_group(side: Side, purpose: Purpose) -> None:
    """Two of 101 members objected, so the group of 99 that the purpose sees is left out (I6)."""
    assert (await side.ask(purpose, GROUPS)).data["messengerAccounts"] == {
        "totalCount": 549,
        "byCountryCode": groups(DE=150, FR=100, PL=100),
    }


async def test_a_filter_makes_no_small_group_visible(side: Side) -> None:
    """A filter by country keeps that country's group as it is, and makes no smaller group visible."""
    for countries in (["NL"], ["IT", "NL"], [], ["ZZ"]):
        told = (await side.ask(SECURITY, IN, {"in": countries})).data["messengerAccounts"]
        assert told["byCountryCode"] == []
        assert told["totalCount"] == sum(MEMBERS.get(each, (0, 0))[0] for each in countries)
    told = (await side.ask(SECURITY, IN, {"in": ["IT", "GB"]})).data["messengerAccounts"]
    assert told["byCountryCode"] == groups(GB=101)


async def test_named_entries_are_not_counted(side: Side) -> None:
    """Groups of named members are refused: with 99 known members, one more would disclose its country."""
    named = [f"ma_{number}" for number in range(100)]
    phones = [f"+49151{number:08}" for number in range(100)]
    for argument, values in (("ids", named), ("phoneNumbers", phones)):
        kind = "[ID!]" if argument == "ids" else "[PhoneNumber!]"
        counted = f"messengerAccounts({argument}: $n) {{ totalCount byCountryCode {{ value count }} }}"
        document = f"query($n: {kind}) {{ {counted} }}"
        assert (await side.ask(SECURITY, document, {"n": values})).codes == ["BAD_USER_INPUT"]
        assert (await side.ask(SECURITY, document, {"n": []})).codes == ["BAD_USER_INPUT"]
        # Left out, it is a list of all.
        everybody = (await side.ask(SECURITY, document, {"n": None})).data["messengerAccounts"]
        assert everybody["totalCount"] == 571


async def test_a_business_s_conversations_are_counted_for_it_alone(side: Side) -> None:
    """A business gets groups of its own 200 conversations; another business's 99 are not counted."""
    told = (await side.ask(BUSINESS, BY_STATUS)).data["messengerConversations"]
    assert told == {
        "totalCount": 200,
        "byStatus": groups(OPEN=200),
        "byCategory": groups(SERVICE=200),
    }


async def test_the_groups_of_all_members_equal_a_crawl(side: Side) -> None:
    """The groups of all members equal the counts of a crawl page by page."""
    seen: Counter[str] = Counter()
    cursor, more = None, True
    document = """query($after: String) { messengerAccounts(first: 200, after: $after) {
        nodes { countryCode } pageInfo { hasNextPage endCursor } } }"""
    while more:
        page = (await side.ask(ADS, document, {"after": cursor})).data["messengerAccounts"]
        seen.update(each["countryCode"] for each in page["nodes"])
        cursor, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    told = (await side.ask(ADS, GROUPS)).data["messengerAccounts"]["byCountryCode"]
    assert told == groups(**{value: count for value, count in seen.items() if count >= LEAST})


# --- numbers --------------------------------------------------------------------------------------

BY_PHONE = (
    "query($n: [PhoneNumber!]) { messengerAccounts(phoneNumbers: $n) { totalCount nodes { id phone } } }"
)


async def test_many_numbers_are_looked_up_in_their_order_each_once(side: Side) -> None:
    """Numbers in any spelling are found in the given order, without unused numbers and objectors (I6)."""
    asked = ["+49 151 0000 0003", "+4915100000001", "+4915100000003", "+4915199999999", "+4915100000250"]
    for purpose, found in ((SECURITY, [3, 1, 250]), (ADS, [3, 1])):
        told = (await side.ask(purpose, BY_PHONE, {"n": asked})).data["messengerAccounts"]
        assert told == {
            "totalCount": len(found),
            "nodes": [{"id": f"ma_{each}", "phone": f"+49151{each:08}"} for each in found],
        }
    assert (await side.ask(ADS, BY_PHONE, {"n": []})).data["messengerAccounts"]["nodes"] == []
    # A purpose that does not see numbers cannot search by them; a business finds only its customers.
    for purpose in (FRIENDS, BUSINESS):
        assert (await side.ask(purpose, BY_PHONE, {"n": []})).codes == ["GRAPHQL_VALIDATION_FAILED"]


async def test_an_invalid_list_of_numbers_is_refused(side: Side) -> None:
    """A list of numbers that is too long, malformed or combined with another filter is refused."""
    thousand = [f"+49151{number:08}" for number in range(1_001)]
    assert (await side.ask(ADS, BY_PHONE, {"n": thousand})).codes == ["BAD_USER_INPUT"]
    found = (await side.ask(SECURITY, BY_PHONE, {"n": thousand[:1_000]})).data["messengerAccounts"]
    assert found["totalCount"] == len(found["nodes"]) == 571
    for wrong in (["0151"], [""], [None], "x" * 99):
        assert (await side.ask(ADS, BY_PHONE, {"n": wrong})).codes == ["BAD_USER_INPUT"]
    for other in ("first: 1", 'ids: ["ma_1"]', 'filter: {countryCode: {eq: "DE"}}', "orderBy: {id: ASC}"):
        arguments = f'phoneNumbers: ["+4915100000001"], {other}'
        document = f"{{ messengerAccounts({arguments}) {{ totalCount }} }}"
        assert (await side.ask(ADS, document)).codes == ["BAD_USER_INPUT"], other
