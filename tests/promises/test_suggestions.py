"""Friend suggestions and the search by number: small worlds that show each rule alone."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from resolvers.sources.catalogue import Store
from resolvers.stores.pool import StoreUnavailable
from tests.kit.gateway import ADS, FRIENDS, SUBJECT, NewDatabase, Side, open_side
from tests.kit.worlds.rows import (
    HORIZON,
    TERMS_CHANGED,
    Contact,
    Friendship,
    MessengerAccount,
    MessengerLink,
    PhoneBinding,
    Restriction,
    SocialAccount,
    Whose,
    World,
)

CONTACT, MUTUAL = "MESSENGER_CONTACT", "MUTUAL_FRIENDS"
ASK = """query($id: ID!) { socialAccount(id: $id) {
    friendSuggestions(first: 100) { account { id } basis mutualFriendCount } } }"""
SEARCH = "query($phone: PhoneNumber!) { socialAccountByPhone(phone: $phone) { id displayName } }"
FRIENDS_BIT = 2
NAMED = re.compile(r"[0-9]+")


@pytest.fixture(scope="module")
async def side(new_database: NewDatabase) -> AsyncIterator[Side]:
    """A gateway before two stores."""
    async with open_side(new_database) as opened:
        opened.watch()
        yield opened


def people_of(number: int, friends: set[tuple[int, int]], contacts: set[tuple[int, int]]) -> World:
    """`number` people: person n is member 1000 + n, and `contacts` calls that member n, too."""
    return World(
        messenger_accounts=tuple(
            MessengerAccount(1000 + n, f"+4915112{n:06}", "DE", TERMS_CHANGED) for n in range(number)
        ),
        contacts=tuple(Contact(1000 + one, 1000 + other) for one, other in sorted(contacts)),
        social_accounts=tuple(SocialAccount(n, f"Person {n}") for n in range(number)),
        friendships=tuple(Friendship(*each) for each in sorted(friends | {(b, a) for a, b in friends})),
        messenger_links=tuple(MessengerLink(n, 1000 + n, HORIZON) for n in range(number)),
    )


# 0 has the friends 1 and 2; 3 is a friend of both, 4 of one; 5 is only in the address book.
SIX = people_of(6, {(0, 1), (0, 2), (1, 3), (2, 3), (1, 4), (1, 2)}, {(0, 1), (0, 4), (0, 5), (3, 0)})


async def suggested(side: Side, person: int = 0) -> list[tuple[int, str, int]]:
    """(account, basis, mutual friends) of a person's suggestions."""
    listed = (await side.ask(FRIENDS, ASK, {"id": f"sa_{person}"})).data["socialAccount"]["friendSuggestions"]
    return [
        (int(each["account"]["id"].removeprefix("sa_")), each["basis"], each["mutualFriendCount"])
        for each in listed
    ]


def objecting(world: World, *people: int) -> World:
    """The world in which these people objected to friend suggestions."""
    return replace(world, restrictions=tuple(Restriction(1000 + each, FRIENDS_BIT) for each in people))


async def test_contacts_come_first_then_who_shares_most_friends(side: Side) -> None:
    """Neither the person nor a friend is among them, although both are in the address book."""
    await side.hold(SIX)

    assert await suggested(side) == [(4, CONTACT, 1), (5, CONTACT, 0), (3, MUTUAL, 2)]


@pytest.mark.parametrize("objector", [0, 4])
async def test_i20_a_contact_is_one_only_if_neither_end_objected(side: Side, objector: int) -> None:
    """A contact who also shares friends stays, at the place of a person outside the address book."""
    await side.hold(objecting(SIX, objector))
    found = await suggested(side)
    strangers = {(0, 4), (0, 5)} if objector == 0 else {(0, 4)}
    unknown = tuple(
        each for each in SIX.contacts if (each.account_id % 1000, each.contact_id % 1000) not in strangers
    )
    await side.hold(replace(SIX, contacts=unknown))

    assert found == await suggested(side)
    assert (4, MUTUAL, 1) in found


async def test_i19_an_objection_to_ads_leaves_suggestions_alone(side: Side) -> None:
    """The two are objected to apart."""
    await side.hold(SIX)
    before = await suggested(side)
    await side.hold(replace(SIX, restrictions=(Restriction(1000, 1), Restriction(1004, 1))))

    assert before == await suggested(side)


async def test_only_the_first_of_many_friends_and_contacts_count(side: Side) -> None:
    """A hundred friends of each, five hundred contacts; a friend beyond the bound is no suggestion."""
    crowd = range(1, 131)
    friends = {(0, each) for each in crowd} | {(each, 600) for each in crowd} | {(130, 601), (1, 602)}
    contacts = {(602, each) for each in range(1, 602)}
    await side.hold(people_of(603, friends, contacts))

    assert await suggested(side) == [(600, MUTUAL, 100), (602, MUTUAL, 1)]
    listed = await suggested(side, 602)
    assert [each for each, basis, _ in listed if basis == CONTACT] == list(range(2, 102))
    assert len(listed) == 100


async def test_hidden_contacts_take_no_place_among_the_first(side: Side) -> None:
    """The bound is on what is visible: else the last of the list would tell how many objected."""
    contacts = {(0, each) for each in range(1, 503)}
    world = people_of(503, set(), contacts)
    await side.hold(objecting(world, *range(1, 402)))

    assert [each for each, _, _ in await suggested(side)] == list(range(402, 502))


async def test_as_many_statements_for_one_as_for_all(side: Side) -> None:
    """Three for any number of people; nested twice and under two names, four more."""
    await side.hold(SIX)
    numbers = []
    for document in (
        '{ socialAccount(id: "sa_0") { friendSuggestions { basis } } }',
        "{ socialAccounts { nodes { friendSuggestions { account { displayName } } } } }",
        "{ socialAccounts(first: 6) { nodes { friendSuggestions(first: 3) { account {"
        " a: friendSuggestions(first: 1) { basis } b: friendSuggestions { mutualFriendCount } } } } } }",
    ):
        await side.ask(FRIENDS, document)
        numbers.append(len(side.asked))

    assert numbers == [3, 3, 7]


async def test_a_token_of_one_person_gets_no_suggestions(side: Side) -> None:
    """Under subject access others are never visible: the list is empty, whatever the stores hold."""
    await side.hold(replace(SIX, whose=Whose(1000, 0, 0, 0)))
    document = "{ socialAccounts { nodes { id friendSuggestions { account { id } basis } } } }"

    assert (await side.ask(SUBJECT, document)).data == {
        "socialAccounts": {"nodes": [{"id": "sa_0", "friendSuggestions": []}]}
    }
    # Nor are their keys on the way from one statement to the next.
    said = {key for _, values in side.asked for each in values for key in NAMED.findall(str(each))}
    assert said <= {"0", "1000", "10", "50"}


class _Down:
    """A store that cannot be asked."""

    async def fetch(self, *_: Any) -> Any:
        raise StoreUnavailable


async def test_without_the_address_books_there_is_no_list(side: Side) -> None:
    """A list without the contacts would look like one of a person who has none."""
    await side.hold(SIX)
    pools: Any = side.gateway.pools[FRIENDS]
    pool = pools[Store.MESSENGER]
    pools[Store.MESSENGER] = _Down()
    try:
        reply = await side.ask(FRIENDS, ASK, {"id": "sa_0"})
    finally:
        pools[Store.MESSENGER] = pool

    assert (reply.json["data"], reply.codes) == (None, ["STORE_UNAVAILABLE"])


# --- friend search --------------------------------------------------------------------------------

NUMBER, OTHER, UNUSED = "+4915112999999", "+4915112888888", "+4915112777777"


async def found_by(side: Side, number: str) -> str | None:
    """Who is found by the number."""
    found = (await side.ask(FRIENDS, SEARCH, {"phone": number})).data["socialAccountByPhone"]
    return None if found is None else str(found["id"])


def principal(*bindings: tuple[int, str, str]) -> World:
    """Six people with these numbers: (person, source, number)."""
    return replace(
        SIX,
        phone_bindings=tuple(
            PhoneBinding(person, source, number, 1000 + person if source == "MESSENGER_SHARED" else None)
            for person, source, number in bindings
        ),
    )


async def test_i7_an_objector_reads_like_an_unused_number(side: Side) -> None:
    """The same bytes, the same statement, whether hidden, unknown, or given for signing in alone."""
    await side.hold(objecting(principal((3, "MESSENGER_SHARED", NUMBER), (3, "SECURITY_2FA", OTHER)), 3))
    replies, asked = set(), set()
    for number in (NUMBER, OTHER, UNUSED):
        replies.add(await side.ask(FRIENDS, SEARCH, {"phone": number}))
        asked.add(tuple(sql for sql, _ in side.asked))

    assert len(replies) == len(asked) == 1


async def test_i21_a_number_that_was_typed_finds_an_objector_too(side: Side) -> None:
    """What counts is where the number came from; a number for two-factor sign-in finds no account."""
    numbers = ((3, "MESSENGER_SHARED", NUMBER), (3, "SELF_PROFILE", OTHER), (4, "SECURITY_2FA", UNUSED))
    await side.hold(principal(*numbers))
    before = [await found_by(side, each) for each in (NUMBER, OTHER, UNUSED)]
    await side.hold(objecting(principal(*numbers), 3))

    assert before == ["sa_3", "sa_3", None]
    assert [await found_by(side, each) for each in (NUMBER, OTHER, UNUSED)] == [None, "sa_3", None]


async def test_of_several_the_one_that_the_messenger_names(side: Side) -> None:
    """Then the lowest account; who is hidden is passed over as if they had no number."""
    world = principal(
        (1, "SELF_PROFILE", NUMBER),
        (2, "SELF_PROFILE", NUMBER),
        (4, "MESSENGER_SHARED", NUMBER),
        (5, "MESSENGER_SHARED", NUMBER),
    )
    found = []
    for objectors in ((), (4,), (4, 5)):
        await side.hold(objecting(world, *objectors))
        found.append(await found_by(side, NUMBER))

    assert found == ["sa_4", "sa_5", "sa_1"]


async def test_i23_the_look_up_follows_every_change(side: Side) -> None:
    """An objection, a withdrawal, a number that changed, a binding that is gone."""
    await side.hold(principal((3, "MESSENGER_SHARED", NUMBER)))
    store, found = side.social, []
    for change in (
        f"INSERT INTO social.restriction (messenger_id, purposes) VALUES (1003, {FRIENDS_BIT})",
        "UPDATE social.restriction SET purposes = 0",
        f"UPDATE social.phone_binding SET number = '{OTHER}'",
        "DELETE FROM social.phone_binding",
    ):
        await store.execute(change)
        found.append([await found_by(side, each) for each in (NUMBER, OTHER)])

    assert found == [[None, None], ["sa_3", None], [None, "sa_3"], [None, None]]


async def test_only_friend_search_can_search_by_number(side: Side) -> None:
    """For every other purpose the field does not exist."""
    for purpose in (ADS, SUBJECT):
        assert (await side.ask(purpose, SEARCH, {"phone": NUMBER})).codes == ["GRAPHQL_VALIDATION_FAILED"]
