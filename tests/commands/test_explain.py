"""Every kind of query is answered through indexes, and its cost does not grow with the stores.

Plans are asked of Postgres itself, as the purpose's role, for the statements that the compiler makes:
once with the values known and once without, because a prepared statement may be planned either way.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from gateway.demo.generate import SOCIAL_FIRST, generate
from resolvers.sources.catalogue import Store
from resolvers.stores.pool import connect_role
from schema.purposes import Purpose
from tests.kit.gateway import (
    ADS,
    FRIENDS,
    INFRASTRUCTURE,
    SECURITY,
    NewDatabase,
    Side,
    _Watched,
    open_side,
)

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection

SMALL, LARGE = 2_000, 20_000


@dataclass(frozen=True)
class Question:
    """A document under a purpose. `keyed`: it reads the same number of rows in stores of any size."""

    purpose: Purpose
    document: str
    variables: dict[str, Any] = field(default_factory=dict)
    keyed: bool = True


MA, SA = 100, SOCIAL_FIRST + 100
MEMBERS = [f"ma_{number}" for number in range(MA, MA + 100)]
USERS = [f"sa_{number}" for number in range(SA, SA + 20)]
ALL_OF_USAGE = "usage { frequencyBand activeDays28 messagesSent28 lastActiveOn }"
PAGE = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
IDS = "query($ids: [ID!])"
LINKS = (
    f"{IDS} {{ socialAccounts(ids: $ids) {{ nodes {{ messengerLink {{ since account {{ phone }} }} }} }} }}"
)
PHONE = "query($p: PhoneNumber) { messengerAccount(phone: $p) { id countryCode } }"

QUESTIONS: Mapping[str, Question] = {
    "member by id": Question(SECURITY, f'{{ messengerAccount(id: "ma_{MA}") {{ phone countryCode }} }}'),
    "member by id, filtered": Question(ADS, f'{{ messengerAccount(id: "ma_{MA}") {{ phone }} }}'),
    "member by phone": Question(SECURITY, PHONE, {"p": None}),
    "member by phone, filtered": Question(ADS, PHONE, {"p": None}),
    "node": Question(SECURITY, f'{{ node(id: "sa_{SA}") {{ id ... on SocialAccount {{ displayName }} }} }}'),
    "members with usage": Question(
        INFRASTRUCTURE,
        f"{IDS} {{ messengerAccounts(ids: $ids) {{ nodes {{ phone {ALL_OF_USAGE} }} }} }}",
        {"ids": MEMBERS},
    ),
    "members with usage, filtered": Question(
        ADS,
        f"{IDS} {{ messengerAccounts(ids: $ids) {{ nodes {{ phone {ALL_OF_USAGE} }} }} }}",
        {"ids": MEMBERS},
    ),
    "usage until a day": Question(
        SECURITY,
        f'{{ messengerAccount(id: "ma_{MA}") {{ usage(until: "2016-09-15") {{ activeDays28 }} }} }}',
    ),
    "bands of address books": Question(
        SECURITY,
        f"{IDS} {{ messengerAccounts(ids: $ids) {{ nodes {{ contactCountBand }} }} }}",
        {"ids": MEMBERS},
    ),
    "contacts": Question(
        FRIENDS,
        f"""{{ messengerAccount(id: "ma_{MA}") {{
            contacts(first: 5) {{ nodes {{ id countryCode }} {PAGE} }} }} }}""",
    ),
    "friends": Question(
        FRIENDS,
        f'{{ socialAccount(id: "sa_{SA}") {{ friends(last: 5) {{ nodes {{ displayName }} {PAGE} }} }} }}',
    ),
    "friends of friends": Question(
        FRIENDS,
        f"{IDS} {{ socialAccounts(ids: $ids) {{ nodes {{ friends(first: 5) {{ nodes {{ displayName"
        " friends(first: 5) { nodes { displayName } } } } } } }",
        {"ids": USERS},
    ),
    "a page of pages": Question(
        FRIENDS,
        """{ socialAccounts(first: 20) { nodes { displayName
            friends(first: 10) { totalCount nodes { displayName } } } } }""",
    ),
    "link there": Question(
        SECURITY,
        LINKS,
        {"ids": USERS},
    ),
    "link there, filtered": Question(
        ADS,
        LINKS,
        {"ids": USERS},
    ),
    "link back": Question(
        SECURITY,
        f"{IDS} {{ messengerAccounts(ids: $ids) {{ nodes {{ socialAccount {{ displayName }} }} }} }}",
        {"ids": MEMBERS},
    ),
    "link back, filtered": Question(
        FRIENDS,
        f"{IDS} {{ messengerAccounts(ids: $ids) {{ nodes {{ socialAccount {{ displayName }} }} }} }}",
        {"ids": MEMBERS},
    ),
    "phones": Question(
        SECURITY,
        f"{IDS} {{ socialAccounts(ids: $ids) {{ nodes {{ phones {{ number source }} }} }} }}",
        {"ids": USERS},
    ),
    "phones, filtered": Question(
        ADS,
        f"{IDS} {{ socialAccounts(ids: $ids) {{ nodes {{ phones {{ number source }} }} }} }}",
        {"ids": USERS},
    ),
    "contacts counted": Question(
        FRIENDS,
        f"{IDS} {{ messengerAccounts(ids: $ids) {{ nodes {{ contacts(first: 1) {{ totalCount }} }} }} }}",
        {"ids": MEMBERS},
    ),
    "a whole list counted": Question(SECURITY, "{ messengerAccounts(first: 1) { totalCount } }", keyed=False),
}


def pages() -> Iterator[tuple[str, Question]]:
    """A page from the middle of each list, in each order and direction, read either way, with its filters."""
    orders = {
        "messengerAccounts": ("id", "countryCode", "registeredAt"),
        "socialAccounts": ("id", "displayName"),
    }
    filters = {
        "messengerAccounts": (
            '{countryCode: {eq: "DE"}}',
            '{countryCode: {in: ["DE", "AT"]}}',
            '{registeredAt: {from: "2016-01-01T00:00:00Z", before: "2016-06-01T00:00:00Z"}}',
        ),
        "socialAccounts": ('{displayName: {startsWith: "An"}}', '{displayName: {eq: "Anna"}}'),
    }
    for root, columns in orders.items():
        for column in columns:
            for direction in ("ASC", "DESC"):
                order = f"orderBy: {{{column}: {direction}}}"
                for way, end in (("first", "after"), ("last", "before")):
                    document = (
                        f"query($cursor: String, $size: Int) {{ {root}({way}: $size, {end}: $cursor, {order})"
                        f" {{ nodes {{ id }} {PAGE} }} }}"
                    )
                    purpose = (
                        ADS if (root, column, direction) == ("messengerAccounts", "id", "ASC") else SECURITY
                    )
                    yield f"{root} by {column} {direction}, {way}", Question(purpose, document, {"size": 20})
        for filter_ in filters[root]:
            document = f"{{ {root}(first: 20, filter: {filter_}) {{ nodes {{ id }} {PAGE} }} }}"
            yield f"{root} where {filter_}", Question(SECURITY, document, keyed=False)


ALL = {**QUESTIONS, **dict(pages())}

# What may be read from end to end, and why.
READ_WHOLE = {
    "usage_horizon": "one row",
}


# --- what is asked of the stores ------------------------------------------------------------------


@dataclass
class Explained:
    """A gateway before generated stores, with connections as each purpose's role."""

    side: Side
    roles: dict[tuple[Purpose, Store], Connection] = field(default_factory=dict)

    async def role(self, purpose: Purpose, store: Store) -> Connection:
        """A connection that sees what the purpose's statements see."""
        if (purpose, store) not in self.roles:
            pool = self.side.gateway.pools[purpose][store]
            self.roles[purpose, store] = await connect_role(pool.login)
        return self.roles[purpose, store]

    async def statements(self, question: Question) -> list[tuple[Connection, str, tuple[Any, ...]]]:
        """The statements that the question leads to, with their parameters, and where they are asked."""
        variables = {**question.variables, **await self.of_this_store(question)}
        pools: Any = self.side.gateway.pools[question.purpose]
        asked: dict[Store, list[tuple[str, tuple[Any, ...]]]] = {store: [] for store in pools}
        kept = dict(pools)
        connections = {store: await self.role(question.purpose, store) for store in kept}
        try:
            pools.update({store: _Watched(pool, asked[store]) for store, pool in kept.items()})
            assert (await self.side.ask(question.purpose, question.document, variables)).data
        finally:
            pools.update(kept)
        return [(connections[store], sql, values) for store, each in asked.items() for sql, values in each]

    async def of_this_store(self, question: Question) -> dict[str, Any]:
        """The variables that come from the store: a number, a cursor from the middle of the list."""
        if "p" in question.variables:
            number = await self.side.messenger.fetchval(
                "SELECT phone FROM messenger.account WHERE restricted = 0 AND id > 500 ORDER BY id LIMIT 1"
            )
            return {"p": number}
        if "$cursor" in question.document:
            reply = await self.side.ask(question.purpose, question.document, {"size": 900})
            info = next(iter(reply.data.values()))["pageInfo"]
            return {"cursor": info["endCursor" if "first:" in question.document else "startCursor"]}
        return {}

    async def close(self) -> None:
        """Hang up."""
        for connection in self.roles.values():
            await connection.close()


async def explained(new_database: NewDatabase, accounts: int) -> AsyncIterator[Explained]:
    """Generated stores of this size."""
    async with open_side(new_database) as side:
        await generate(side.messenger, side.social, accounts, seed=1, progress=lambda *_: None)
        found = Explained(side)
        yield found
        await found.close()


@pytest.fixture(scope="module")
async def small(new_database: NewDatabase) -> AsyncIterator[Explained]:
    """Stores of 2,000 accounts each."""
    async for each in explained(new_database, SMALL):
        yield each


@pytest.fixture(scope="module")
async def large(new_database: NewDatabase) -> AsyncIterator[Explained]:
    """Stores of 20,000 accounts each."""
    async for each in explained(new_database, LARGE):
        yield each


async def plan_of(connection: Connection, sql: str, values: tuple[Any, ...], *, kind: str) -> dict[str, Any]:
    """Postgres' custom plan, or the generic one that a prepared statement may get after five uses."""
    if kind == "its values known":
        text = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {sql}", *values)
    else:
        async with connection.transaction():
            await connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
            await connection.execute(f"PREPARE asked AS {sql}")
            nulls = f"({', '.join(['NULL'] * len(values))})" if values else ""
            text = await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE asked{nulls}")
            await connection.execute("DEALLOCATE asked")
    plan: dict[str, Any] = json.loads(text)[0]["Plan"]
    return plan


def nodes_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every node of a plan."""
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes_of(inner)


# --- claims ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["its values known", "for any values"])
@pytest.mark.parametrize("name", ALL)
async def test_tables_are_read_through_indexes(large: Explained, name: str, kind: str) -> None:
    """No statement reads a whole table, except those listed with a reason."""
    statements = await large.statements(ALL[name])
    assert statements
    whole = []
    for connection, sql, values in statements:
        plan = await plan_of(connection, sql, values, kind=kind)
        whole += [
            (node["Relation Name"], node.get("Filter"))
            for node in nodes_of(plan)
            if node["Node Type"] == "Seq Scan" and node["Relation Name"] not in READ_WHOLE
        ]

    assert whole == []


@pytest.mark.parametrize("name", [name for name, question in ALL.items() if question.keyed])
async def test_ten_times_the_accounts_cost_the_same(small: Explained, large: Explained, name: str) -> None:
    """A keyed query reads about as many blocks in a store of 20,000 accounts as in one of 2,000.

    In the small one without sequential scans: there Postgres rather reads all of a table of one block.
    """
    few, many = await touched(small, ALL[name], "off"), await touched(large, ALL[name], "on")

    assert many < 2 * few, (few, many)


async def touched(explained: Explained, question: Question, sequential_scans: str) -> int:
    """The blocks that a question's statements touch, without those of planning."""
    blocks = 0
    for connection, sql, values in await explained.statements(question):
        async with connection.transaction():
            await connection.execute(f"SET LOCAL enable_seqscan = {sequential_scans}")
            text = await connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", *values)
        plan = json.loads(text)[0]["Plan"]
        blocks += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    return blocks
