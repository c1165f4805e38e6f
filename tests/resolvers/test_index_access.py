"""Every golden statement reaches its rows through indexes, whichever way Postgres plans it.

Each is planned on 20,000 generated accounts in each store, as the purpose's role: with the values known
(as a prepared statement is at first) and without (as it may be later). Exceptions are listed below,
with the reason.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from gateway.demo.generate import generate
from resolvers.sources.catalogue import Store
from resolvers.sources.fields import OBJECTS
from resolvers.stores.pool import StoreLogin, connect_owner, connect_role
from resolvers.universe.render import apply, role_of
from tests.kit.golden import CASES, Case, Golden, NewDatabase, Sent, open_golden

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection

ACCOUNTS = 20_000
Node = dict[str, Any]
Connect = Callable[[Store, Case], Awaitable["Connection"]]

# Relations that may be read from end to end: in every case, or in those named.
WHOLE = {
    "usage_horizon": "one row",
    "suspension": "policy, of no person: a few rows",
    "business": "few, and on every shard",
    "merchant": "few, and on every shard",
}
COUNTED = "totalCount of a list without a filter counts every row that the purpose sees"
BEGINNING = "the beginning is not known: such a plan is never taken, see below"
WHOLE_IN = {
    ("page_between_two_cursors", "account"): COUNTED,
    ("page_of_nothing", "account"): COUNTED,
    ("totals_alone", "account"): COUNTED,
    ("lists_counted_in_groups", "account"): COUNTED,
    ("people_whose_names_begin_with", "account"): BEGINNING,
}


@pytest.fixture(scope="module")
async def golden(new_database: NewDatabase) -> AsyncIterator[Golden]:
    """The world of the golden plans: its statements are then planned on the large stores."""
    async with open_golden(new_database) as opened:
        yield opened


@pytest.fixture(scope="module")
async def login(new_database: NewDatabase) -> AsyncIterator[Connect]:
    """`await login(store, case)`: as the case's purpose, in a store of many accounts with statistics."""
    dsns = {store: await new_database(store.value) for store in Store}
    owners = {store: await connect_owner(dsn) for store, dsn in dsns.items()}
    await generate(owners[Store.MESSENGER], owners[Store.SOCIAL], ACCOUNTS, seed=1, progress=lambda *_: None)
    for store, owner in owners.items():
        await apply(owner, OBJECTS, store)
        await owner.close()
    opened: dict[str, Connection] = {}

    async def connect(store: Store, case: Case) -> Connection:
        role = role_of(store, case.purpose)
        if role not in opened:
            opened[role] = await connect_role(StoreLogin(dsns[store], role))
        return opened[role]

    yield connect
    for connection in opened.values():
        await connection.close()


async def plans(connection: Connection, sent: Sent) -> list[Node]:
    """Postgres' plans of a statement: with the values known, and without."""
    sql, arguments = sent.statement.sql, sent.arguments
    known = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {sql}", *arguments)
    await connection.execute(f"PREPARE asked AS {sql}")
    await connection.execute("SET plan_cache_mode = force_generic_plan")
    nothing = f"({', '.join(['NULL'] * len(arguments))})" if arguments else ""
    unknown = await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE asked {nothing}")
    await connection.execute("DEALLOCATE asked")
    await connection.execute("RESET plan_cache_mode")
    return [json.loads(text)[0]["Plan"] for text in (known, unknown)]


def whole_reads(node: Node, cut: bool = False) -> Iterator[str]:
    """Relations of which a plan reads all rows: `cut` if a LIMIT ends the reading early."""
    kind = node["Node Type"]
    cut = kind == "Limit" or (cut and kind not in {"Sort", "Aggregate"})
    if kind == "Seq Scan" or (kind in INDEXED and "Index Cond" not in node and not cut):
        yield f"{node.get('Relation Name') or node.get('Index Name')}"
    for child in node.get("Plans", ()):
        yield from whole_reads(child, cut)


INDEXED = {"Index Scan", "Index Only Scan", "Bitmap Index Scan"}


async def found_whole(case: Case, sharded: bool, golden: Golden, *, login: Connect) -> set[str]:
    """The relations that any plan of any of the case's statements reads from end to end."""
    found = set()
    for sent in (await golden.run(case, sharded)).sent:
        connection = await login(sent.statement.store, case)
        for plan in await plans(connection, sent):
            found |= set(whole_reads(plan))
    return found - WHOLE.keys()


@pytest.mark.parametrize("sharded", [False, True], ids=["default", "sharded"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_golden_statements_read_through_indexes(
    case: Case, sharded: bool, golden: Golden, *, login: Connect
) -> None:
    """No plan of a golden statement reads a whole relation, except for those listed above."""
    expected = {relation for name, relation in WHOLE_IN if name == case.name}

    assert await found_whole(case, sharded, golden, login=login) == expected


async def test_a_beginning_is_planned_with_its_value_known(golden: Golden, login: Connect) -> None:
    """A search by a beginning is planned with its value: the plan without it would read the whole list."""
    case = next(case for case in CASES if case.name == "people_whose_names_begin_with")
    (sent,) = (await golden.run(case, sharded=False)).sent
    connection = await login(sent.statement.store, case)
    statement = await connection.prepare(sent.statement.sql, name="beginning")
    for _ in range(20):
        await statement.fetch(*sent.arguments)
    row = await connection.fetchrow(
        "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE name = 'beginning'"
    )

    assert tuple(row) == (0, 20)


async def test_a_plan_that_reads_everything_is_seen(login: Connect) -> None:
    """A plan without an index, with an index without a condition or with a sort before the LIMIT is found."""
    case = next(case for case in CASES if case.name == "one_account_by_id")
    connection = await login(Store.MESSENGER, case)
    for sql in (
        "SELECT * FROM account WHERE phone || '' = '+4915100000000'",
        "SELECT id FROM account WHERE id::text = '7'",
        "SELECT id FROM account ORDER BY phone LIMIT 1",
        "SELECT string_agg(country_code, '') FROM account",
    ):
        plan = json.loads(await connection.fetchval(f"EXPLAIN (FORMAT JSON) {sql}"))[0]["Plan"]
        assert list(whole_reads(plan)), sql
    for sql in (
        "SELECT id FROM account ORDER BY country_code, id LIMIT 1",
        "SELECT id FROM account WHERE id = 7",
    ):
        plan = json.loads(await connection.fetchval(f"EXPLAIN (FORMAT JSON) {sql}"))[0]["Plan"]
        assert not list(whole_reads(plan)), sql
