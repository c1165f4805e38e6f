"""A token bound to a business sees that one's conversations, and people only as its customers."""

from __future__ import annotations

import datetime
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from resolvers.sources.catalogue import Store
from tests.kit.gateway import BUSINESS, SUBJECT, NewDatabase, Reply, Side, open_side
from tests.kit.worlds.rows import (
    TERMS_CHANGED,
    Business,
    BusinessMessage,
    Conversation,
    MessengerAccount,
    Restriction,
    SocialAccount,
    Whose,
    World,
)

DAY = datetime.date(2016, 9, 1)
ADA, BEN, CLEO = 1, 2, 3
OWN, OTHER = 7, 8
MISSING = 2**61 + 1


def talk(business: int, number: int, account: int | None, **changed: Any) -> Conversation:
    """A conversation with arbitrary content."""
    return replace(Conversation(business, number, account, "SERVICE", "OPEN", DAY, DAY, 3), **changed)


# Ada is a customer of both businesses, Ben of the token's own, Cleo of the other one.
WORLD = World(
    messenger_accounts=tuple(
        MessengerAccount(number, f"+49151110000{number}", "DE", TERMS_CHANGED) for number in (ADA, BEN, CLEO)
    ),
    social_accounts=tuple(SocialAccount(number, f"Person {number}") for number in (ADA, BEN, CLEO)),
    whose=Whose(ADA, ADA, 0, OWN),
    businesses=(Business(OWN, "Own", True), Business(OTHER, "Other", False)),
    messenger_conversations=(
        talk(OWN, 1, ADA),
        talk(OTHER, 2, ADA),
        talk(OWN, 3, BEN, category="UTILITY", status="CLOSED"),
        talk(OTHER, 4, CLEO),
        talk(OWN, 5, ADA, status="ANSWERED", last_message_on=DAY + datetime.timedelta(1)),
    ),
    social_conversations=(talk(OWN, 1, None), talk(OTHER, 2, CLEO), talk(OWN, 3, BEN)),
    messenger_business_messages=(BusinessMessage(OWN, 1, 1, True, TERMS_CHANGED, "CANARY-business"),),
)
TALKS = """
{
  messengerConversations { totalCount nodes { id business { name } customer { phone } } }
  socialConversations { totalCount nodes { id business { name } customer { displayName } } }
  messengerAccounts { totalCount nodes { id businessConversations { totalCount nodes { id } } } }
  socialAccounts { totalCount nodes { id } }
}
"""


@pytest.fixture(scope="module")
async def side(new_database: NewDatabase) -> AsyncIterator[Side]:
    """A gateway before stores of its own."""
    async with open_side(new_database) as opened:
        yield opened


@pytest.fixture(autouse=True)
async def _world(side: Side) -> None:
    await side.hold(WORLD)
    await side.wait_until_ready()


async def ask(side: Side, document: str, **variables: Any) -> Reply:
    """The answer to a business."""
    return await side.ask(BUSINESS, document, variables)


async def test_i1_a_business_sees_its_own_conversations_and_no_others(side: Side) -> None:
    """Lists, counts and look-ups hold only the conversations of the business that the token belongs to."""
    data = (await ask(side, TALKS)).data
    own = {"name": "Own"}
    ada, ben = {"phone": "+491511100001"}, {"phone": "+491511100002"}
    assert data["messengerConversations"] == {
        "totalCount": 3,
        "nodes": [
            {"id": "mc_1", "business": own, "customer": ada},
            {"id": "mc_3", "business": own, "customer": ben},
            {"id": "mc_5", "business": own, "customer": ada},
        ],
    }
    assert data["socialConversations"] == {
        "totalCount": 2,
        "nodes": [
            {"id": "sc_1", "business": own, "customer": None},
            {"id": "sc_3", "business": own, "customer": {"displayName": "Person 2"}},
        ],
    }
    assert [node["businessConversations"]["totalCount"] for node in data["messengerAccounts"]["nodes"]] == [
        2,
        1,
    ]
    assert data["socialAccounts"] == {"totalCount": 1, "nodes": [{"id": "sa_2"}]}


async def test_i1_whatever_others_do_changes_no_byte(side: Side) -> None:
    """Other businesses' conversations and anyone's messages change no byte of a business's answers."""
    before = await ask(side, TALKS)
    changed = replace(
        WORLD,
        messenger_conversations=(
            *(each for each in WORLD.messenger_conversations if each.business_id == OWN),
            *(talk(OTHER, number, ADA, message_count=number) for number in range(10, 40)),
        ),
        social_conversations=(
            *(each for each in WORLD.social_conversations if each.business_id == OWN),
            talk(OTHER, 9, ADA),
        ),
        messenger_business_messages=(),
    )
    await side.hold(changed)
    assert await ask(side, TALKS) == before


@pytest.mark.parametrize(
    "document",
    [
        "query($id: ID!) { businessConversation(id: $id) { id } }",
        "query($id: ID!) { node(id: $id) { id } }",
    ],
)
@pytest.mark.parametrize("foreign", ["mc_2", "mc_4", "sc_2"])
async def test_i7_another_business_s_conversation_does_not_exist(
    side: Side, document: str, foreign: str
) -> None:
    """Another business's conversation gets the bytes of an unused identifier."""
    missing = f"{foreign[:3]}{MISSING}"
    assert await ask(side, document, id=foreign) == await ask(side, document, id=missing)


async def test_i7_a_customer_of_another_business_does_not_exist(side: Side) -> None:
    """Another business's customer is not found by identifier, through `node`, in lists or by number."""
    for foreign, missing in ((f"ma_{CLEO}", f"ma_{MISSING}"), (f"sa_{CLEO}", f"sa_{MISSING}")):
        kind = "messengerAccount" if foreign.startswith("ma") else "socialAccount"
        for document in (
            f"query($id: ID!) {{ {kind}(id: $id) {{ id }} }}",
            "query($id: ID!) { node(id: $id) { __typename id } }",
            f"query($id: ID!) {{ {kind}s(ids: [$id]) {{ totalCount nodes {{ id }} }} }}",
        ):
            assert await ask(side, document, id=foreign) == await ask(side, document, id=missing)
    by_phone = "query($phone: PhoneNumber!) { messengerAccount(phone: $phone) { id } }"
    hers, nobodys = (
        await ask(side, by_phone, phone="+491511100003"),
        await ask(side, by_phone, phone="+491511100009"),
    )
    assert hers == nobodys
    assert (await ask(side, by_phone, phone="+491511100002")).data == {"messengerAccount": {"id": "ma_2"}}


async def test_i15_an_objection_changes_nothing(side: Side) -> None:
    """A customer's objection to ads and suggestions changes no byte of a business's answers."""
    before = await ask(side, TALKS)
    await side.hold(replace(WORLD, restrictions=tuple(Restriction(number, 3) for number in (ADA, BEN, CLEO))))
    assert await ask(side, TALKS) == before


async def test_i29_the_number_of_messages_is_the_conversation_s_own(side: Side) -> None:
    """The number of messages comes from the conversation's own row, and not from its messages."""
    document = "{ messengerConversations { nodes { id messageCount } } }"
    before = await ask(side, document)
    assert [node["messageCount"] for node in before.data["messengerConversations"]["nodes"]] == [3, 3, 3]
    await side.hold(replace(WORLD, messenger_business_messages=()))
    assert await ask(side, document) == before


async def test_two_tokens_share_a_plan_and_nothing_else(side: Side) -> None:
    """Two businesses' tokens share a plan, and each gets its own conversations alone."""
    document = "{ messengerConversations { nodes { id } } socialConversations { nodes { id } } }"
    found = []
    for business in (OWN, OTHER):
        await side.hold(replace(WORLD, whose=replace(WORLD.whose, business_id=business)))
        data = (await ask(side, document)).data
        found.append({node["id"] for each in data.values() for node in each["nodes"]})
    assert found == [{"mc_1", "mc_3", "mc_5", "sc_1", "sc_3"}, {"mc_2", "mc_4", "sc_2"}]


async def test_one_query_reads_both_channels(side: Side) -> None:
    """One query reads the conversations of both channels, with common fields and each channel's own."""
    document = """
    query($id: ID!) {
      businessConversation(id: $id) {
        __typename
        ...Common
        ... on MessengerConversation { customer { id phone } }
        ... on SocialConversation { customer { id displayName } }
      }
    }
    fragment Common on BusinessConversation { channel customer { __typename } }
    """
    found = [
        (await ask(side, document, id=each)).data["businessConversation"] for each in ("mc_3", "sc_3", "sc_1")
    ]
    assert found == [
        {
            "__typename": "MessengerConversation",
            "channel": "MESSENGER",
            "customer": {"__typename": "MessengerAccount", "id": "ma_2", "phone": "+491511100002"},
        },
        {
            "__typename": "SocialConversation",
            "channel": "SOCIAL",
            "customer": {"__typename": "SocialAccount", "id": "sa_2", "displayName": "Person 2"},
        },
        {"__typename": "SocialConversation", "channel": "SOCIAL", "customer": None},
    ]


async def test_lists_are_filtered_and_ordered_by_visible_fields(side: Side) -> None:
    """Lists of conversations can be filtered by category, status and days, ordered, and read in pages."""
    document = """
    query($filter: BusinessConversationFilter, $order: BusinessConversationOrder, $at: String) {
      messengerConversations(first: 2, after: $at, filter: $filter, orderBy: $order) {
        totalCount nodes { id } pageInfo { endCursor hasNextPage }
      }
    }
    """

    async def found(filter: Any = None, order: Any = None) -> list[str]:
        ids: list[str] = []
        cursor, more = None, True
        while more:
            page = (await ask(side, document, filter=filter, order=order, at=cursor)).data[
                "messengerConversations"
            ]
            ids += [node["id"] for node in page["nodes"]]
            cursor, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
            assert len(ids) <= page["totalCount"]
        assert len(ids) == page["totalCount"]
        return ids

    assert await found({"status": {"in": ["OPEN", "CLOSED"]}}) == ["mc_1", "mc_3"]
    assert await found({"category": {"eq": "UTILITY"}}) == ["mc_3"]
    assert await found({"lastMessageOn": {"from": "2016-09-02"}}) == ["mc_5"]
    assert await found({"openedOn": {"before": "2016-09-01"}}) == []
    assert await found(None, {"lastMessageOn": "DESC"}) == ["mc_5", "mc_3", "mc_1"]
    assert await found(None, {"status": "ASC"}) == ["mc_5", "mc_3", "mc_1"]


async def test_a_person_gets_their_own_conversations_with_every_business(side: Side) -> None:
    """Under subject access a person reads their conversations with every business, and no others."""
    reply = await side.ask(SUBJECT, TALKS)
    assert [node["id"] for node in reply.data["messengerConversations"]["nodes"]] == ["mc_1", "mc_2", "mc_5"]
    assert reply.data["socialConversations"] == {"totalCount": 0, "nodes": []}
    (own,) = reply.data["messengerAccounts"]["nodes"]
    assert own["businessConversations"]["totalCount"] == 3


@pytest.mark.parametrize("store", [Store.MESSENGER, Store.SOCIAL])
async def test_the_customer_s_copy_follows(side: Side, store: Store) -> None:
    """A change of a conversation is in the customer's copy, too, and no conversation changes its business."""
    owner = side.owner(store)
    await owner.execute(
        f"UPDATE {store}.business_conversation SET message_count = 9, status = 'CLOSED' WHERE id = 3"
    )
    copy = f"SELECT message_count, status FROM {store}.customer_conversation WHERE account_id = {BEN}"
    assert [tuple(row) for row in await owner.fetch(copy)] == [(9, "CLOSED")]
    for column in ("business_id", "account_id", "id"):
        with pytest.raises(asyncpg.RaiseError, match="keeps its business and its customer"):
            await owner.execute(
                f"UPDATE {store}.business_conversation SET {column} = {column} + 99 WHERE id = 3"
            )
    await owner.execute(f"DELETE FROM {store}.account WHERE id = {BEN}")
    assert await owner.fetch(copy) == []
    left = f"SELECT count(*) FROM {store}.business_conversation WHERE id = 3"
    assert await owner.fetchval(left) == 0
