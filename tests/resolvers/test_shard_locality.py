"""Each shard can answer alone: the union over two plain databases is the answer of one.

The golden world is split over two databases by each relation's key; both hold the reference tables whole. A
statement that needs rows of two groups, or of two shards, finds less there than on one machine.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from resolvers.plan.fetches import Assembly
from resolvers.plan.groups import Groups
from resolvers.plan.parameters import Parameter
from resolvers.plan.plan import Plan, Statement
from resolvers.plan.principal import OwnKey
from resolvers.plan.suggestions import Gathered
from resolvers.run.run import run_plan
from resolvers.sources.catalogue import Relation, Store, relations_of
from resolvers.sources.fields import OBJECTS
from resolvers.stores.pool import Pool, StoreLogin, StoreUnavailable, connect_owner
from resolvers.universe.render import universes
from schema.purposes import Purpose
from tests.kit.golden import CASES, Case, Golden, NewDatabase, Sent, fill, open_golden
from tests.resolvers.test_sql_lint import spread

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection

SHARDS = 2
# The gateway's own database is on one machine.
SPREAD = (Store.MESSENGER, Store.SOCIAL)
Rows = list[tuple[str, str]]


@dataclass
class Split:
    """The golden stores, and the same rows spread over shards."""

    whole: Golden
    shards: list[dict[tuple[Store, Purpose], Pool]]

    async def sent(self, case: Case, sharded: bool = True) -> list[Sent]:
        """The statements that a case sends to stores that are spread."""
        outcome = await self.whole.run(case, sharded)
        return [each for each in outcome.sent if each.statement.store in SPREAD]

    async def rows(self, store: Store, purpose: Purpose, sql: str, *, arguments: Sequence[Any]) -> list[Rows]:
        """The rows of each shard."""
        pools = [shard[store, purpose] for shard in self.shards]
        return [[tuple(row) for row in await pool.fetch(sql, arguments)] for pool in pools]

    async def rows_of_one(
        self, store: Store, purpose: Purpose, sql: str, *, arguments: Sequence[Any]
    ) -> Rows:
        """The rows of the single database."""
        return [tuple(row) for row in await self.whole.pools[purpose][store].fetch(sql, arguments)]


@pytest.fixture(scope="module")
async def split(new_database: NewDatabase) -> AsyncIterator[Split]:
    """One world, whole and split."""
    async with AsyncExitStack() as stack:
        whole = await stack.enter_async_context(open_golden(new_database))
        shards = []
        for number in range(SHARDS):
            pools = {}
            for store in SPREAD:
                dsn = await new_database(store.value)
                await _fill_shard(dsn, store, number)
                for universe in universes(OBJECTS, store):
                    pool = Pool(StoreLogin(dsn, universe.role, size=1))
                    stack.push_async_callback(pool.close)
                    pools[store, universe.purpose] = pool
            shards.append(pools)
        yield Split(whole, shards)


async def _fill_shard(dsn: str, store: Store, number: int) -> None:
    owner = await connect_owner(dsn)
    await fill(owner, store)
    split = [relation for relation in relations_of(store) if relation.key is not None]
    # Foreign keys and look-ups lead across shards here: no delete may follow them.
    for relation in split:
        await owner.execute(f"ALTER TABLE {relation.qualified} DISABLE TRIGGER ALL")
    for relation in split:
        await owner.execute(f"DELETE FROM {relation.qualified} WHERE {_shard_of(relation)} <> {number}")
    await owner.close()


def _shard_of(relation: Relation) -> str:
    """The number of a row's shard; each group of relations is spread in its own way."""
    salt = sum(map(ord, relation.group or ""))
    return f"abs(hashtextextended({relation.key}::text, {salt}) % {SHARDS})"


# --- how a coordinator puts the shards' rows together ---------------------------------------------


def merged(plan: Plan, statement: Statement, arguments: list[Any], *, of_shards: list[Rows]) -> Rows:
    """The rows of the whole: counts are summed, a cut list is cut again, everything else is the union."""
    if not spread(statement.sql, statement.store):
        # Reference tables are the same on every shard: one of them is asked.
        return list(of_shards[0])
    union = [row for rows in of_shards for row in rows]
    lists = [each.rows for wave in plan.waves for each in wave if isinstance(each.rows, Assembly)]
    if any(each.total in statement.slots for each in lists):
        return [(union[0][0], str(sum(int(count) for _, count in union)))]
    if isinstance(statement.rows, Groups):
        counted: Counter[str] = Counter()
        for value, count in union:
            counted[value] += int(count)
        return [(value, str(count)) for value, count in counted.items()]
    if any(slot in statement.slots for each in lists for _, slot in each.beyond):
        return union[:1]
    if isinstance(statement.rows, Assembly) and statement.rows.page.ids is None:
        return _cut(statement.rows, statement, arguments, union=union)
    return union


def _cut(assembly: Assembly, statement: Statement, arguments: list[Any], *, union: Rows) -> Rows:
    page = assembly.page
    size = page.bounds.size
    if isinstance(size, Parameter):
        size = arguments[statement.parameters.index(size)]
    assert isinstance(size, int)
    backwards = page.order.descending != page.bounds.from_end
    ordered = sorted(union, key=lambda row: json.loads(row[1]), reverse=backwards)
    return ordered[: size + page.peeks]


# --- the property ---------------------------------------------------------------------------------


@pytest.mark.parametrize("store", SPREAD)
async def test_rows_are_really_split(split: Split, store: Store) -> None:
    """Every shard holds a part of each keyed relation, and a reference table whole."""
    for relation in relations_of(store):
        count = f"SELECT count(*) FROM {relation.qualified}"
        databases = [
            split.whole.dsns[store],
            *(shard[store, Purpose.SECURITY].login.dsn for shard in split.shards),
        ]
        counts = []
        for dsn in databases:
            owner = await connect_owner(dsn)
            counts.append(await owner.fetchval(count))
            await owner.close()
        whole, *parts = counts
        if relation.key is None:
            assert parts == [whole] * SHARDS
        else:
            assert sum(parts) == whole
            assert whole == 0 or all(parts)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_the_shards_together_answer_like_one_database(case: Case, split: Split) -> None:
    """Every statement of every golden plan, with its real keys, finds on the shards what one database has."""
    plan = split.whole.plan(case, sharded=True)[1]
    for sent in await split.sent(case):
        statement, arguments = sent.statement, sent.arguments
        whole = await split.rows_of_one(statement.store, case.purpose, statement.sql, arguments=arguments)
        parts = await split.rows(statement.store, case.purpose, statement.sql, arguments=arguments)
        together = merged(plan, statement, arguments, of_shards=parts)

        if isinstance(statement.rows, Assembly) and statement.rows.page.ids is None:
            assert together == whole
        else:
            assert Counter(together) == Counter(whole)


async def test_most_statements_find_rows_on_both_shards(split: Split) -> None:
    """Most statements find rows on both shards, so the property above proves something."""
    spread = asked = 0
    for case in CASES:
        for sent in await split.sent(case):
            statement = sent.statement
            parts = await split.rows(statement.store, case.purpose, statement.sql, arguments=sent.arguments)
            asked += 1
            spread += all(parts)

    assert spread > asked / 3


# --- it has teeth ---------------------------------------------------------------------------------

ALL = list(range(30))
BAD: dict[str, tuple[Store, str, list[Any]]] = {
    "a look-up joined to the account that it leads to": (
        Store.MESSENGER,
        "SELECT p1.phone AS k, '' || a2.id AS b FROM phone_lookup AS p1 JOIN account AS a2 "
        "ON a2.id = p1.account_id WHERE p1.phone LIKE $1::text",
        ["+%"],
    ),
    "a contact joined to its account": (
        Store.MESSENGER,
        "SELECT '' || c1.account_id AS k, a2.country_code AS b FROM contact AS c1 JOIN account AS a2 "
        "ON a2.id = c1.contact_id WHERE c1.account_id = ANY($1::bigint[])",
        [ALL],
    ),
    "a list aggregated to one text": (
        Store.MESSENGER,
        "SELECT '0:' AS k, string_agg('' || a1.id, ',' ORDER BY a1.id) AS b FROM account AS a1 "
        "WHERE a1.id = ANY($1::bigint[])",
        [ALL],
    ),
    "a list with its items and their count in one": (
        Store.SOCIAL,
        "SELECT '' || a1.id AS k, '' || (SELECT count(*) FROM account) AS b FROM account AS a1 "
        "WHERE a1.id = ANY($1::bigint[])",
        [ALL],
    ),
    "keys outer-joined to rows": (
        Store.SOCIAL,
        "SELECT '' || w.id AS k, coalesce(a1.display_name, 'none') AS b FROM unnest($1::bigint[]) AS w(id) "
        "LEFT JOIN account AS a1 ON a1.id = w.id",
        [ALL],
    ),
    "friends whose own row must exist": (
        Store.SOCIAL,
        "SELECT '' || f1.account_id AS k, '' || f1.friend_id AS b FROM friendship AS f1 "
        "WHERE f1.account_id = ANY($1::bigint[]) "
        "AND EXISTS (SELECT FROM account AS a2 WHERE a2.id = f1.friend_id)",
        [ALL],
    ),
}


@pytest.mark.parametrize("name", BAD)
async def test_a_statement_that_no_shard_can_answer_is_seen(name: str, split: Split) -> None:
    """Each bad example finds more, or fewer, rows on the shards than on one database."""
    store, sql, arguments = BAD[name]
    purpose = Purpose.FRIEND_SUGGESTIONS if "phone" not in sql else Purpose.ADS_PERSONALIZATION
    whole = await split.rows_of_one(store, purpose, sql, arguments=arguments)
    parts = await split.rows(store, purpose, sql, arguments=arguments)

    assert whole
    assert Counter(row for rows in parts for row in rows) != Counter(whole)


async def test_the_statements_of_one_machine_break_the_property(split: Split) -> None:
    """The default mode's statements break the property: they join rows of different shards."""
    differ = set()
    for case in CASES:
        for sent in await split.sent(case, sharded=False):
            statement, arguments = sent.statement, sent.arguments
            whole = await split.rows_of_one(statement.store, case.purpose, statement.sql, arguments=arguments)
            parts = await split.rows(statement.store, case.purpose, statement.sql, arguments=arguments)
            if " JOIN " in statement.sql and Counter(row for rows in parts for row in rows) != Counter(whole):
                differ.add(case.name)

    assert differ >= {"friends_of_friends", "contacts_of_a_member", "there_and_back_again"}


# --- a question by key goes to the shards of its keys ---------------------------------------------

PARTITIONS = 8


@pytest.fixture(scope="module")
async def partitioned(new_database: NewDatabase) -> AsyncIterator[dict[Store, Connection]]:
    """Empty tables, partitioned as a sharded store spreads them: its planner leaves out all it can."""
    connections = {}
    for store in SPREAD:
        connections[store] = owner = await connect_owner(await new_database("control"))
        await owner.execute("CREATE SCHEMA spread")
        await owner.execute("SET search_path = spread, pg_catalog")
        for relation in relations_of(store):
            if relation.schema:
                continue
            columns = ", ".join(f"{name} {column.type}" for name, column in relation.columns.items())
            by_key = f"PARTITION BY HASH ({relation.key})" if relation.key else ""
            await owner.execute(f"CREATE TABLE {relation.name} ({columns}) {by_key}")
            for number in range(PARTITIONS if relation.key else 0):
                await owner.execute(
                    f"CREATE TABLE {relation.name}_{number} PARTITION OF {relation.name} "
                    f"FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {number})"
                )
    yield connections
    for connection in connections.values():
        await connection.close()


def scans(node: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(alias, partition) of each partition that a plan reads; one removed at run time counts as read."""
    if "Relation Name" in node:
        yield re.sub(r"_\d+$", "", node["Alias"]), node["Relation Name"]
    if node.get("Subplans Removed"):
        yield "removed later", f"{node['Subplans Removed']} of {node['Plans'][0]['Relation Name']}"
    for child in node.get("Plans", ()):
        yield from scans(child)


async def read_partitions(connection: Connection, sql: str, arguments: Sequence[Any]) -> set[int]:
    """How many partitions of a spread relation a statement reads, for each alias; 0: planned for all."""
    plan = json.loads(await connection.fetchval(f"EXPLAIN (FORMAT JSON) {sql}", *arguments))[0]["Plan"]
    found = Counter(alias for alias, name in set(scans(plan)) if re.search(r"_\d+$", name))
    return {0 if alias == "removed later" else number for alias, number in found.items()}


def for_one_key(sent: Sent) -> list[Any]:
    """The statement's values, with one key instead of many."""
    return [
        _first_of(argument) if _is_keys(parameter, sent.statement) else argument
        for parameter, argument in zip(sent.statement.parameters, sent.arguments, strict=True)
    ]


def _is_keys(parameter: Parameter | Gathered | int, statement: Statement) -> bool:
    if isinstance(parameter, int | Gathered) or parameter.type == "bigint[]":
        return True
    return isinstance(statement.rows, Assembly) and parameter is statement.rows.page.ids


def _first_of(keys: Any) -> Any:
    return keys[:1] if isinstance(keys, list) else re.sub(r",[^}]*", "", keys)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_one_key_is_asked_of_one_shard(
    case: Case, split: Split, partitioned: dict[Store, Connection]
) -> None:
    """R3: Postgres plans a statement of one key for one shard; only a list without a key reads all."""
    for sent in await split.sent(case):
        statement = sent.statement
        read = await read_partitions(partitioned[statement.store], statement.sql, for_one_key(sent))

        if not spread(statement.sql, statement.store):
            assert not read
        elif statement.fans_out:
            assert read <= {PARTITIONS}
        elif any(isinstance(each, OwnKey) for each in statement.parameters):
            assert read <= {1}  # none, if the key asked for is not the principal's own
        else:
            assert read == {1}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT (SELECT count(*) FROM contact AS c2 WHERE c2.account_id = a1.id) "
        "FROM account AS a1 WHERE a1.id = $1",
        "SELECT a1.phone FROM account AS a1 WHERE a1.id::text = $1::bigint::text",
        "SELECT a1.phone FROM account AS a1 WHERE a1.id = any(CAST('{' || $1::bigint || '}' AS bigint[]))",
    ],
    ids=["not repeated", "column cast", "known only when it runs"],
)
async def test_a_key_that_reaches_no_shard_is_seen(sql: str, partitioned: dict[Store, Connection]) -> None:
    """A statement that names one key and would still read every shard is found."""
    assert await read_partitions(partitioned[Store.MESSENGER], sql, [7]) != {1}


# --- a shard that does not answer -----------------------------------------------------------------


@dataclass
class Failing:
    """A pool that cannot be asked one of its statements."""

    pool: Pool
    sql: str

    async def fetch(self, sql: str, arguments: Sequence[Any]) -> Any:
        if sql == self.sql:
            raise StoreUnavailable
        return await self.pool.fetch(sql, arguments)

    def snapshot(self) -> Failing:
        return self

    def fan_out(self) -> Failing:
        return self

    async def __aenter__(self) -> Failing:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass


@pytest.mark.parametrize("number", range(5))
async def test_no_part_of_a_list_is_guessed(number: int, split: Split) -> None:
    """If a shard fails for a list's rows, count, next page or items, the answer has no list."""
    named = next(case for case in CASES if case.name == "page_between_two_cursors")
    # A page that holds all between its cursors: only what lies beyond them says that the list goes on.
    case = replace(named, variables={"first": 50})
    _, plan, variables = split.whole.plan(case, sharded=True)
    statements = [statement for wave in plan.waves for statement in wave]
    assert len(statements) == 5
    pools = {
        store: Failing(pool, statements[number].sql)
        for store, pool in split.whole.pools[case.purpose].items()
    }
    cursors = split.whole.caches[True].contexts[case.purpose].cursors
    ran = await run_plan(plan, variables, pools, cursors=cursors, introspected={})  # type: ignore[arg-type]

    assert ("".join(ran.data), ran.down) == ("null", {Store.MESSENGER})
