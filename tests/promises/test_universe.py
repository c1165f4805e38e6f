"""What is in a purpose's universe, and that all of it is true (I4–I8, I11, I12)."""

from __future__ import annotations

import base64
import datetime
import itertools
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from graphql import (
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
)

from resolvers.plan.cursors import Cursors
from resolvers.sources.catalogue import Store
from resolvers.sources.fields import OBJECTS
from resolvers.universe.render import universes
from schema.build import schema_for
from schema.policy.matrix import digest
from schema.purposes import Purpose
from schema.refusals import MESSAGES, Code
from tests.kit import oracle
from tests.kit.gateway import (
    ADS,
    AUDIT,
    BOUND,
    FRIENDS,
    INFRASTRUCTURE,
    SECURITY,
    SEEING,
    SUBJECT,
    NewDatabase,
    Side,
    open_side,
)
from tests.kit.reference.schema import ALONE
from tests.kit.worlds.making import random_world
from tests.kit.worlds.pairs import differing_pair
from tests.kit.worlds.rows import SocialAccount, Whose, World

PREFIXES = {
    "MessengerAccount": "ma_",
    "SocialAccount": "sa_",
    "Business": "bu_",
    "MessengerConversation": "mc_",
    "SocialConversation": "sc_",
    "Offer": "of_",
}
# The auditor sees customer lists alone, and they have no number to be known by: see test_customer_lists.py.
CRAWLED = [purpose for purpose in SEEING if purpose is not AUDIT]
MISSING = 2**61 + 1
UNKNOWN_PHONE = "+491519999999"


@pytest.fixture(scope="module")
async def side(new_database: NewDatabase) -> AsyncIterator[Side]:
    """A gateway before stores of its own, which seals identifiers as by default."""
    # A crawl of everything asks for more than a client may.
    async with open_side(new_database, max_cost=10**9, identifiers="PURPOSE") as opened:
        yield opened


@pytest.fixture(autouse=True)
async def _fresh(side: Side) -> None:
    await side.wait_until_ready()


def root_of(schema: GraphQLSchema) -> GraphQLObjectType:
    """The schema's query type."""
    assert schema.query_type is not None
    return schema.query_type


def lists_of(purpose: Purpose) -> dict[str, str]:
    """The purpose's lists of everybody → the type of their items."""
    names = {
        "messengerAccounts": "MessengerAccount",
        "socialAccounts": "SocialAccount",
        "businesses": "Business",
        "messengerConversations": "MessengerConversation",
        "socialConversations": "SocialConversation",
        "offers": "Offer",
    }
    return {name: type_ for name, type_ in names.items() if name in root_of(schema_for(purpose)).fields}


def rows_of(seen: oracle.Visible, type_: str) -> dict[int, oracle.Fields]:
    """What the oracle calls visible of a type."""
    rows = {
        "MessengerAccount": seen.messenger,
        "SocialAccount": seen.social,
        "Business": seen.businesses,
        "MessengerConversation": seen.messenger_conversations,
        "SocialConversation": seen.social_conversations,
        "Offer": seen.offers,
        "CustomerList": seen.customer_lists,
    }
    return rows[type_]


def line_of(type_: GraphQLObjectType | GraphQLInterfaceType) -> str:
    """The type of the matrix that has the lines of the type's fields."""
    return "BusinessConversation" if type_.name.endswith("Conversation") else type_.name


# --- mask at read ---------------------------------------------------------------------------------


async def views(side: Side, purpose: Purpose) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all of the purpose's views, as its roles would read them."""
    found = {}
    for store in Store:
        for universe in universes(OBJECTS, store):
            if universe.purpose is purpose:
                for view in universe.views:
                    rows = await side.owner(store).fetch(f"SELECT * FROM {purpose.universe}.{view}")
                    found[f"{store}.{view}"] = sorted(tuple(row) for row in rows)
    return found


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("purpose", [each for each in SEEING if each not in BOUND])
async def test_i1_every_view_holds_the_same_rows_whatever_is_hidden(
    side: Side, purpose: Purpose, seed: int
) -> None:
    """Mask at read: not only the answers, already what they are computed from says nothing of the rest.

    But for security's address books, of which it sees a band and the view must hold what is counted; and
    for the number through which an offer came, which the statement reads for the ledger alone; and for
    the auditor's count of all objections. And
    where a token is bound, the statement keeps to the token's own rows (`tests/resolvers/test_sql_lint.py`).
    """
    random = Random(f"views {purpose} {seed}")
    world, changed = differing_pair(random_world(random.randint(0, 10**9), 16), purpose, random, changes=60)
    held = []
    for each in (world, changed):
        await side.hold(each)
        held.append(await views(side, purpose))
        if purpose is SECURITY:
            del held[-1]["messenger.contact"]
        if purpose is AUDIT:
            del held[-1]["control.objection_tally"]
        if shown := held[-1].get("social.offer_audience"):
            held[-1]["social.offer_audience"] = [row[:2] for row in shown]
    assert held[0] == held[1]


# --- the whole universe ---------------------------------------------------------------------------


def everything(purpose: Purpose, days: list[datetime.date]) -> tuple[str, set[tuple[str, str]]]:
    """A document that asks for every field of every account, and the lines of the matrix that it reads."""
    schema = schema_for(purpose)
    read: set[tuple[str, str]] = set()

    def leaves(type_: GraphQLObjectType) -> list[str]:
        names = [name for name, field in type_.fields.items() if is_leaf_type(get_named_type(field.type))]
        read.update((line_of(type_), name) for name in names)
        return names

    def account(type_: GraphQLObjectType) -> str:
        parts = leaves(type_)
        for name, field in type_.fields.items():
            inner = get_named_type(field.type)
            # Those are asked for of one account at a time: see the crawl below.
            if is_leaf_type(inner) or (type_.name, name) == ALONE:
                continue
            assert isinstance(inner, GraphQLObjectType)
            read.add((line_of(type_), name))
            if name == "usage":
                measures = " ".join(leaves(inner))
                parts += [
                    f'u{number}: usage(until: "{day}") {{ {measures} }}' for number, day in enumerate(days)
                ]
                parts.append(f"usage {{ {measures} }}")
            elif "pageInfo" in inner.fields:
                edge = get_named_type(inner.fields["edges"].type)
                assert isinstance(edge, GraphQLObjectType)
                ends = [end for end in ("account", "node") if end in edge.fields]
                read.update((edge.name, end) for end in ends)
                chosen = " ".join(f"{end} {{ id }}" for end in ends)
                parts.append(f"{name}(first: 50) {{ totalCount nodes {{ id }} edges {{ {chosen} }} }}")
            else:
                ends = [end for end, of in inner.fields.items() if not is_leaf_type(get_named_type(of.type))]
                if name in {"socialAccount", "customer"}:
                    parts.append(f"{name} {{ id }}")
                    continue
                read.update((inner.name, end) for end in ends)
                parts.append(
                    f"{name} {{ {' '.join([*leaves(inner), *(f'{end} {{ id }}' for end in ends)])} }}"
                )
        return " ".join(parts)

    roots = []
    for name, type_name in lists_of(purpose).items():
        type_ = schema.type_map[type_name]
        assert isinstance(type_, GraphQLObjectType)
        roots.append(f"{name}(first: 100) {{ totalCount nodes {{ {account(type_)} }} }}")
    return "{ " + " ".join(roots) + " }", read


def expected(seen: oracle.Visible, purpose: Purpose, days: list[datetime.date]) -> dict[str, Any]:
    """The answer to `everything`, from the oracle alone."""
    roots: dict[str, Any] = {}
    for name, type_ in lists_of(purpose).items():
        rows = rows_of(seen, type_)
        nodes = [_account(seen, type_, fields, days) for _, fields in sorted(rows.items())]
        roots[name] = {"totalCount": len(nodes), "nodes": nodes}
    return roots


def _account(seen: oracle.Visible, type_: str, fields: oracle.Fields, days: list[datetime.date]) -> Any:
    told: dict[str, Any] = {}
    for name, value in fields.items():
        if name == "id":
            told[name] = f"{PREFIXES[type_]}{value}"
        elif name == "registeredAt":
            told[name] = value.isoformat()
        elif name == "usage":
            assert seen.usage_horizon is not None
            told |= {f"u{number}": _usage(value, day) for number, day in enumerate(days)}
            told[name] = _usage(value, seen.usage_horizon)
        elif name in {"contacts", "friends", "businessConversations"}:
            prefix = "mc_" if name == "businessConversations" else PREFIXES[type_]
            ends = [{"id": f"{prefix}{number}"} for number in value]
            both = ("account", "node") if name == "contacts" else ("node",)
            edges = [dict.fromkeys(both, end) for end in ends]
            told[name] = {"totalCount": len(ends), "nodes": ends, "edges": edges}
        elif name in {"openedOn", "lastMessageOn"}:
            told[name] = value.isoformat()
        elif name == "business":
            told[name] = {**seen.businesses[value], "id": f"bu_{value}"}
        elif name == "customer":
            prefix = "ma_" if type_ == "MessengerConversation" else "sa_"
            told[name] = None if value is None else {"id": f"{prefix}{value}"}
        elif name == "offers":
            continue
        elif name == "validUntil":
            told[name] = value.isoformat()
        elif name == "merchant":
            told[name] = {**seen.merchants[value], "id": f"me_{value}"}
        elif name == "friendSuggestions":
            told[name] = [each | {"account": {"id": f"sa_{each['account']}"}} for each in value[:10]]
        elif name == "socialAccount":
            told[name] = None if value is None else {"id": f"sa_{value}"}
        elif name == "messengerLink":
            # An account that the messenger has no more takes the link with it: it may not be null there.
            there = value is not None and value["account"] in seen.messenger
            told[name] = (
                {"account": {"id": f"ma_{value['account']}"}, "since": value["since"].isoformat()}
                if there
                else None
            )
        else:
            told[name] = value
    return told


def _usage(days: dict[datetime.date, int], until: datetime.date) -> dict[str, Any]:
    within = {day: sent for day, sent in days.items() if until - datetime.timedelta(28) < day <= until}
    band = (
        "DAILY"
        if len(within) >= 12
        else "WEEKLY"
        if len(within) >= 4
        else "MONTHLY"
        if within
        else "INACTIVE"
    )
    return {
        "frequencyBand": band,
        "activeDays28": len(within),
        "messagesSent28": sum(within.values()),
        "lastActiveOn": max(within).isoformat() if within else None,
    }


@pytest.mark.parametrize("size", [0, 9, 40])
@pytest.mark.parametrize("purpose", CRAWLED)
async def test_i4_i5_a_crawl_finds_all_that_is_visible_and_it_is_true(
    side: Side, purpose: Purpose, size: int
) -> None:
    """Everything that the oracle calls visible is there, each value is the true one, and no more."""
    world = random_world(1_000 + size, size)
    await side.hold(world)
    days = [world.usage_horizon + datetime.timedelta(shift) for shift in (-28, -1, 9)]
    document, read = everything(purpose, days)
    types = schema_for(purpose).type_map
    # The policy's lines of later releases have no field yet.
    lines = {(type_, name) for type_, name in oracle.seen_fields(purpose) if type_ in types}
    of_this_release = {(type_, name) for type_, name in lines if name in types[type_].fields}
    assert of_this_release <= read | OF_ONE_ACCOUNT
    found = (await side.ask(purpose, document)).data
    assert found == expected(oracle.visible(world, purpose), purpose, days)


# What is asked for of one account at a time, and the lines that this reads.
OFFERS_OF = """query ($id: ID!) {
  socialAccount(id: $id) { offers { id title validUntil merchant { id name } } }
}"""
OF_ONE_ACCOUNT = {
    ALONE,
    *(("Offer", name) for name in ("id", "title", "validUntil", "merchant")),
    *(("Merchant", name) for name in ("id", "name")),
    # These are read in tests/promises/test_customer_lists.py: they have no number to be known by.
    *(("CustomerList", name) for name in ("status", "uploadedAt", "recordCountBand", "audienceSizeBand")),
}


@pytest.mark.parametrize("size", [9, 40])
async def test_i4_i5_offers_of_each_account_are_those_that_are_visible(side: Side, size: int) -> None:
    """One account after the other: each visible offer once, in order, with its true values and no other."""
    world = random_world(2_000 + size, size)
    await side.hold(world)
    seen = oracle.visible(world, ADS)
    shown = 0
    for number, fields in seen.social.items():
        wanted = []
        for offer in (seen.offers[each] for each in fields["offers"]):
            merchant = seen.merchants[offer["merchant"]]
            wanted.append(
                {
                    "id": f"of_{offer['id']}",
                    "title": offer["title"],
                    "validUntil": offer["validUntil"].isoformat(),
                    "merchant": {"id": f"me_{merchant['id']}", "name": merchant["name"]},
                }
            )
        shown += len(wanted)
        found = (await side.ask(ADS, OFFERS_OF, {"id": f"sa_{number}"})).data
        assert found == {"socialAccount": {"offers": wanted}}
    assert shown
    assert size < 40 or len(world.shown) > shown


@pytest.mark.parametrize(
    "document",
    [
        "{ socialAccounts(first: 1) { nodes { offers { id } } } }",
        '{ socialAccounts(ids: ["sa_1"]) { edges { node { offers { id } } } } }',
        '{ a: socialAccount(id: "sa_1") { offers { id } } b: socialAccount(id: "sa_2") { offers { id } } }',
        '{ a: socialAccount(id: "sa_1") { offers { id } } b: node(id: "sa_2") { ...Theirs } }'
        " fragment Theirs on SocialAccount { id ... { offers { title } } }",
        "{ messengerAccounts(first: 1) { nodes { socialAccount { offers { id } } } } }",
    ],
)
async def test_offers_are_not_for_gathering(side: Side, document: str) -> None:
    """A request reads the offers of one account, which it names: lists of people are refused."""
    refused = await side.ask(ADS, document)
    assert (refused.status, refused.codes) == (400, [Code.ONE_AT_A_TIME])


# --- lists ----------------------------------------------------------------------------------------


def choices(list_: str, purpose: Purpose, world: World) -> Iterator[dict[str, Any]]:
    """Every order with every kind of filter that the purpose has."""
    fields = root_of(schema_for(purpose)).fields[list_].args
    orders: list[Any] = [None]
    if "orderBy" in fields:
        names = get_named_type(fields["orderBy"].type).fields  # type: ignore[union-attr]
        orders += [{name: way} for name in names for way in ("ASC", "DESC")]
    filters: list[Any] = [None]
    known = get_named_type(fields["filter"].type).fields if "filter" in fields else {}  # type: ignore[union-attr]
    if "countryCode" in known:
        filters += [{"countryCode": {"eq": "DE"}}, {"countryCode": {"in": ["GB", "ZZ"]}}]
    if "registeredAt" in known:
        filters += [
            {"registeredAt": {"from": "2016-08-25T00:00:00Z"}},
            {"registeredAt": {"before": "2016-08-25T00:00:00Z"}},
        ]
    if "status" in known:
        filters += [
            {"status": {"eq": "OPEN"}, "category": {"in": ["SERVICE", "UTILITY"]}},
            {"openedOn": {"from": "2016-09-30"}, "lastMessageOn": {"before": "2016-10-02"}},
        ]
    if "displayName" in known:
        filters += [{"displayName": {"startsWith": "Ada"}}, {"displayName": {"eq": ""}}]
    for order, condition in itertools.product(orders, filters):
        chosen = {"orderBy": order, "filter": condition}
        yield {name: value for name, value in chosen.items() if value is not None}


def declared(type_: str, chosen: dict[str, Any]) -> tuple[str, str]:
    """Declarations and arguments for what is chosen."""
    named = "BusinessConversation" if type_.endswith("Conversation") else type_
    types = {"orderBy": f"{named}Order", "filter": f"{named}Filter"}
    return (
        "".join(f", ${name}: {types[name]}" for name in chosen),
        "".join(f", {name}: ${name}" for name in chosen),
    )


async def walk(
    side: Side,
    purpose: Purpose,
    head: str,
    foot: str,
    more: str,
    variables: dict[str, Any],
    way: str,
    size: int,
) -> tuple[list[str], int]:
    """Identifiers of a whole list, page by page in one direction, and its totalCount."""
    principal, info, flag = (
        ("after", "endCursor", "hasNextPage")
        if way == "first"
        else ("before", "startCursor", "hasPreviousPage")
    )
    document = (
        f"query($at: String{more}) {{ {head}({way}: {size}, {principal}: $at%s) {{"
        f" nodes {{ id }} totalCount pageInfo {{ {info} {flag} }} }} {foot}"
    )
    arguments = "".join(f", {name}: ${name}" for name in variables)
    ids: list[str] = []
    cursor, totals = None, set()
    while True:
        page = (await side.ask(purpose, document % arguments, {"at": cursor, **variables})).data
        while "nodes" not in page:
            (page,) = page.values()
        found = [node["id"] for node in page["nodes"]]
        ids = ids + found if way == "first" else found + ids
        totals.add(page["totalCount"])
        # Or a walk that comes back to where it was would never end.
        assert len(ids) <= page["totalCount"]
        cursor = page["pageInfo"][info]
        if not page["pageInfo"][flag]:
            assert len(totals) == 1
            return ids, totals.pop()


@pytest.mark.parametrize("purpose", CRAWLED)
async def test_i11_total_count_is_what_paging_finds_each_visible_row_once(
    side: Side, purpose: Purpose
) -> None:
    """Forwards and backwards, in every order and under every filter."""
    world = random_world(77, 24)
    await side.hold(world)
    seen = oracle.visible(world, purpose)
    for name, type_ in lists_of(purpose).items():
        everybody = rows_of(seen, type_)
        for number, chosen in enumerate(choices(name, purpose, world)):
            more, _ = declared(type_, chosen)
            size = (1, 5, 7, 30)[number % 4]
            forwards, total = await walk(side, purpose, name, "}", more, chosen, "first", size)
            backwards, total_back = await walk(side, purpose, name, "}", more, chosen, "last", size)
            assert forwards == backwards
            assert len(set(forwards)) == len(forwards) == total == total_back
            if "filter" not in chosen:
                assert set(forwards) == {f"{PREFIXES[type_]}{number}" for number in everybody}


@pytest.mark.parametrize("size", [1, 3])
async def test_i11_an_address_book_and_friends_are_paged_whole(side: Side, size: int) -> None:
    """The same for the lists within an account."""
    world = random_world(78, 24)
    await side.hold(world)
    seen = oracle.visible(world, FRIENDS)
    for accounts, inner, root, prefix in (
        (seen.messenger, "contacts", "messengerAccount", "ma_"),
        (seen.social, "friends", "socialAccount", "sa_"),
    ):
        for number, fields in accounts.items():
            head = f'{root}(id: "{prefix}{number}") {{ {inner}'
            for way in ("first", "last"):
                ids, total = await walk(side, FRIENDS, head, "} }", "", {}, way, size)
                assert ids == [f"{prefix}{each}" for each in fields[inner]]
                assert total == len(ids)


@pytest.mark.parametrize("purpose", CRAWLED)
async def test_i6_which_rows_a_list_holds_never_depends_on_the_fields(side: Side, purpose: Purpose) -> None:
    """Any selection of fields leaves the same rows, the same count and the same page."""
    world = random_world(79, 20)
    await side.hold(world)
    random = Random(f"selections {purpose}")
    document, _ = everything(purpose, [])
    assert document
    for name, type_name in lists_of(purpose).items():
        type_ = schema_for(purpose).type_map[type_name]
        assert isinstance(type_, GraphQLObjectType)
        fields = [_spelled(type_, field) for field in type_.fields if (type_name, field) != ALONE]
        for chosen in choices(name, purpose, world):
            more, arguments = declared(type_name, chosen)
            answers = []
            for _ in range(3):
                selected = " ".join({"id", *random.sample(fields, random.randint(0, len(fields)))})
                asked = (
                    f"query($n: Int{more}) {{ {name}(first: $n{arguments}) {{ nodes {{ {selected} }}"
                    " edges { cursor } totalCount pageInfo { hasNextPage endCursor } } }"
                )
                page = (await side.ask(purpose, asked, {"n": 6, **chosen})).data[name]
                page["nodes"] = [node["id"] for node in page["nodes"]]
                answers.append(page)
            assert answers[1:] == answers[:1] * 2


def _spelled(type_: GraphQLObjectType, name: str) -> str:
    """A field with something below it, if it needs that."""
    inner = get_named_type(type_.fields[name].type)
    if is_leaf_type(inner):
        return name
    assert isinstance(inner, GraphQLObjectType)
    if "nodes" in inner.fields:
        return f"{name}(first: 2) {{ nodes {{ id }} totalCount }}"
    if "account" in inner.fields:
        return f"{name} {{ account {{ id }} }}"
    return f"{name} {{ {next(iter(inner.fields))} }}"


# --- hidden and missing ---------------------------------------------------------------------------


@pytest.mark.parametrize("purpose", [ADS, FRIENDS])
async def test_i7_what_is_hidden_reads_like_what_does_not_exist(side: Side, purpose: Purpose) -> None:
    """By identifier, by phone, through `node` and in lists of identifiers: the same bytes, the same SQL."""
    side.watch()
    for seed in range(80, 84):
        world = random_world(seed, 16)
        await side.hold(world)
        seen = oracle.visible(world, purpose)
        hidden = [each for each in world.messenger_accounts if each.id not in seen.messenger]
        visible = [f"ma_{number}" for number in seen.messenger][:3]
        fields, _ = everything(purpose, [])
        inner = fields.partition("nodes {")[2].partition(" usage")[0] if purpose is ADS else " id countryCode"
        for account in hidden:
            pairs = [
                (
                    f"query($k: ID!) {{ messengerAccount(id: $k) {{ {inner} }} }}",
                    f"ma_{account.id}",
                    f"ma_{MISSING}",
                ),
                (
                    f"query($k: ID!) {{ node(id: $k) {{ id ... on MessengerAccount {{ {inner} }} }} }}",
                    f"ma_{account.id}",
                    f"ma_{MISSING}",
                ),
            ]
            if purpose is ADS:
                pairs.append(
                    (
                        "query($k: PhoneNumber!) { messengerAccount(phone: $k) { id socialAccount { id } } }",
                        account.phone,
                        UNKNOWN_PHONE,
                    )
                )
            for document, there, nowhere in pairs:
                one, sql = await side.ask(purpose, document, {"k": there}), [each[0] for each in side.asked]
                other = await side.ask(purpose, document, {"k": nowhere})
                assert one == other
                assert sql == [each[0] for each in side.asked]
            listed = (
                "query($k: [ID!]) { messengerAccounts(ids: $k) {"
                " totalCount nodes { id } edges { cursor } pageInfo { hasNextPage endCursor } } }"
            )
            one, other = [
                await side.ask(purpose, listed, {"k": [*visible[:1], key, *visible[1:], key]})
                for key in (f"ma_{account.id}", f"ma_{MISSING}")
            ]
            assert one == other
            assert one.data["messengerAccounts"]["totalCount"] == len(visible)


@pytest.mark.parametrize("purpose", CRAWLED)
async def test_i7_a_hidden_field_fails_like_one_that_does_not_exist(side: Side, purpose: Purpose) -> None:
    """Fields, filters, orders and arguments outside the universe: the words of a misspelt one."""
    words: dict[str, set[bytes]] = {}
    for type_, name in sorted({(each[0], each[1]) for each in oracle.matrix()}):
        root = {"MessengerAccount": "messengerAccounts", "SocialAccount": "socialAccounts"}.get(type_)
        if root not in lists_of(purpose) or name.startswith("(") or oracle.sees(purpose, type_, name):
            continue
        blank = "x" * len(name)
        for asked in (
            "{ %s { nodes { %%s } } }",
            "{ %s(filter: {%%s: {}}) { totalCount } }",
            "{ %s(orderBy: {%%s: ASC}) { totalCount } }",
        ):
            document = asked % root
            hidden, misspelt = [await side.ask(purpose, document % each) for each in (name, blank)]
            assert hidden == misspelt
            assert hidden.codes == ["GRAPHQL_VALIDATION_FAILED"]
            words.setdefault(document, set()).add(hidden.json["errors"][0]["message"].encode())
    assert all(found == {MESSAGES[Code.GRAPHQL_VALIDATION_FAILED].encode()} for found in words.values())


async def test_i7_a_phone_finds_no_account_where_phones_are_not_seen(side: Side) -> None:
    """The argument is as absent as the field."""
    document = '{ messengerAccount(phone: "+4915112345678") { id } }'
    for purpose in (ADS, INFRASTRUCTURE, SECURITY):
        assert (await side.ask(purpose, document)).status == 200
    assert (await side.ask(FRIENDS, document)).codes == ["GRAPHQL_VALIDATION_FAILED"]


@pytest.mark.parametrize("purpose", CRAWLED)
async def test_i9_null_occurs_only_where_the_type_says_so(side: Side, purpose: Purpose) -> None:
    """No answer has null for a field that the schema promises, however many are hidden."""
    world = random_world(90, 30)
    await side.hold(world)
    document, _ = everything(purpose, [])
    data = (await side.ask(purpose, document)).data
    schema = schema_for(purpose)

    def check(type_: GraphQLObjectType, value: dict[str, Any]) -> None:
        for key, inner in value.items():
            field = type_.fields[key]
            assert inner is not None or not isinstance(field.type, GraphQLNonNull), (type_.name, key)
            named = get_named_type(field.type)
            for each in inner if isinstance(inner, list) else [inner]:
                if isinstance(named, GraphQLObjectType) and each is not None:
                    check(named, each)

    check(root_of(schema), data)


# --- cursors --------------------------------------------------------------------------------------


async def _cursors(
    side: Side, purpose: Purpose, world: World
) -> dict[tuple[str, str], tuple[str, str, dict[str, Any]]]:
    """A cursor of each list, order and filter of the purpose → how it is asked for."""
    found = {}
    for name, type_ in lists_of(purpose).items():
        for chosen in choices(name, purpose, world):
            more, arguments = declared(type_, chosen)
            asked = f"{name}(first: 1, after: $at{arguments}) {{ edges {{ cursor }} }}"
            document = f"query($at: String{more}) {{ {asked} }}"
            edges = (await side.ask(purpose, document, chosen)).data[name]["edges"]
            if edges:
                found[f"{name} {sorted(chosen.items())}", edges[0]["cursor"]] = (document, name, chosen)
    return found


async def test_i12_a_cursor_opens_only_for_its_purpose_list_order_and_filter(side: Side) -> None:
    """Everywhere else it is refused with one constant answer."""
    world = random_world(91, 20)
    await side.hold(world)
    made = {purpose: await _cursors(side, purpose, world) for purpose in SEEING}
    refused = set()
    for purpose, lists in made.items():
        for own, (document, _, chosen) in lists.items():
            everywhere = [(whose, each) for whose, other in made.items() for each in other]
            random = Random(f"{purpose} {own}")
            for whose, (label, cursor) in [(purpose, own), *random.sample(everywhere, 12)]:
                reply = await side.ask(purpose, document, {"at": cursor, **chosen})
                if (whose, label) == (purpose, own[0]):
                    assert reply.codes == []
                else:
                    assert reply.codes == ["CURSOR_REFUSED"]
                    refused.add(reply)
    assert len(refused) == 1


@pytest.mark.parametrize("missing", ["messenger_id", "social_id"])
async def test_a_subject_with_one_account_has_nothing_on_the_other_store(side: Side, missing: str) -> None:
    """A missing principal leads to no rows, never to all rows."""
    world = random_world(94, 20)
    link = world.messenger_links[0]
    whose = Whose(link.messenger_id, link.account_id, 0, 0)
    await side.hold(replace(world, whose=replace(whose, **{missing: None})))
    asked = "{ messengerAccounts { totalCount } socialAccounts { totalCount nodes { phones { number } } } }"
    found = (await side.ask(SUBJECT, asked)).data

    assert found["messengerAccounts"]["totalCount"] == int(missing == "social_id")
    assert found["socialAccounts"]["totalCount"] == int(missing == "messenger_id")


async def test_a_link_to_somebody_else_is_not_the_tokens_own(side: Side) -> None:
    """Two accounts that were one person's when the token was issued, and are not any more, stay apart."""
    world = random_world(95, 20)
    members = {account.id for account in world.messenger_accounts}
    link = next(each for each in world.messenger_links if each.messenger_id in members)
    other = next(number for number in members if number != link.messenger_id)
    await side.hold(replace(world, whose=Whose(other, link.account_id, 0, 0)))
    asked = (
        "{ socialAccounts { nodes { messengerLink { since } } }"
        " messengerAccounts { nodes { socialAccount { id } } } }"
    )
    found = (await side.ask(SUBJECT, asked)).data

    assert found["socialAccounts"]["nodes"] == [{"messengerLink": None}]
    assert found["messengerAccounts"]["nodes"] == [{"socialAccount": None}]


async def test_i12_a_cursor_of_one_subject_is_refused_under_anothers_token(side: Side) -> None:
    """A cursor of one token opens nothing for another token, not even the same list."""
    world = random_world(93, 20)
    one, other = (
        Whose(messenger_id=account.id, social_id=person.id, merchant_id=0, business_id=0)
        for account, person in zip(world.messenger_accounts[:2], world.social_accounts, strict=False)
    )
    document = "query($at: String) { messengerAccounts(first: 1, after: $at) { edges { cursor } } }"
    await side.hold(replace(world, whose=one))
    first = (await side.ask(SUBJECT, document)).data["messengerAccounts"]["edges"]
    assert len(first) == 1
    assert (await side.ask(SUBJECT, document, {"at": first[0]["cursor"]})).codes == []

    await side.hold(replace(world, whose=other))
    assert (await side.ask(SUBJECT, document, {"at": first[0]["cursor"]})).codes == ["CURSOR_REFUSED"]


async def test_i12_a_forged_cursor_is_refused(side: Side) -> None:
    """Cut, lengthened, spelled otherwise or with any one character changed: one constant answer."""
    world = random_world(92, 12)
    await side.hold(world)
    (((_, cursor), (document, _, _)), *_) = (await _cursors(side, SECURITY, world)).items()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    forged = {cursor[:length] for length in range(len(cursor))}
    forged |= {cursor + end for end in ("A", "=", "==", "\n", " ", "AAAA", "\u00e9")} | {
        f" {cursor}",
        "A" * 5_000,
    }
    for place, letter in enumerate(cursor):
        code = alphabet.index(letter)
        forged |= {
            cursor[:place] + alphabet[code ^ bit] + cursor[place + 1 :] for bit in (1, 2, 4, 8, 16, 32)
        }
    assert cursor not in forged
    replies = {await side.ask(SECURITY, document, {"at": each}) for each in sorted(forged)}
    assert [reply.codes for reply in replies] == [["CURSOR_REFUSED"]]
    assert (await side.ask(SECURITY, document, {"at": cursor})).codes == []


async def test_i12_a_cursor_ends_with_its_policy(side: Side) -> None:
    """Sealed under the gateway's own key for another version of the policy, it is refused."""
    cursors = Cursors(side.settings.key("cursors", 64))
    document = "query($at: String) { messengerAccounts(after: $at) { totalCount } }"
    for policy, codes in ((digest(), []), ("0" * 64, ["CURSOR_REFUSED"])):
        cursor = cursors.seal("[1]", f"{SECURITY}|{policy}|MessengerAccountConnection|{{}}".encode())
        assert (await side.ask(SECURITY, document, {"at": cursor})).codes == codes


async def test_i12_a_cursor_tells_nothing_to_its_bearer(side: Side) -> None:
    """It holds neither the value that a list is ordered by nor an identifier."""
    world = random_world(93, 20)
    await side.hold(world)
    for (_, cursor), _ in (await _cursors(side, SECURITY, world)).items():
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        # Quoted, because two letters alone occur in many sealed texts by chance.
        assert not any(f'"{each.country_code}"'.encode() in raw for each in world.messenger_accounts)
        # What is sealed begins and ends like this; one of them alone, a sealed text does by chance.
        assert not (raw.startswith(b"[") and raw.endswith(b"]"))


async def test_i8_a_long_name_is_a_place_in_a_list_like_any_other(side: Side) -> None:
    """Whatever somebody is called, the page after theirs can be asked for."""
    names = ("A" * 9, "B" * 20_000, "C" * 9)
    await side.hold(World(social_accounts=tuple(SocialAccount(*each) for each in enumerate(names))))
    ids, total = await walk(
        side,
        FRIENDS,
        "socialAccounts",
        "}",
        ", $orderBy: SocialAccountOrder",
        {"orderBy": {"displayName": "ASC"}},
        "first",
        1,
    )
    assert (ids, total) == (["sa_0", "sa_1", "sa_2"], 3)
