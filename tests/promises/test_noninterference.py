"""A purpose is a universe: nothing that it may not see changes anything that it gets (I1, I2, I13, I14).

Databases that differ only in what a purpose may not see are asked the same sequences of random documents
through the whole application. GATEWAY_TRIALS=20 tries twenty times as many.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from gateway.quotas import people as people_quotas
from gateway.quotas.cost import cost_of
from gateway.quotas.people import UNCOUNTED
from gateway.quotas.table import OwnQuota, set_quota
from schema.build import schema_for
from schema.purposes import Purpose
from schema.refusals import MESSAGES, Code, Refusal
from tests.kit.documents.writer import Request, write_request
from tests.kit.gateway import SEEING, NewDatabase, Reply, Side, known_of, open_side, trials
from tests.kit.worlds.making import random_world
from tests.kit.worlds.pairs import copy_of_visible, differing_pair
from tests.kit.worlds.rows import World

DOCUMENTS = 46
# (query, purpose, pair of databases): so many at least in each run of the suite.
LEAST_TRIALS = 20_000
# Keys go to a store as one text, an array in Postgres' spelling.
KEYS = re.compile(r"\{([0-9,]+)\}")
# The purposes whose clients choose people to ask about: not those of a merchant or of a person's own data.
COUNTED = [each for each in SEEING if each not in {*UNCOUNTED, Purpose.OFFER_MATCHING}]
CASES = [(purpose, size, seed) for purpose in SEEING for size in (4, 12, 30) for seed in range(3)]


@pytest.fixture(scope="module")
async def sides(new_database: NewDatabase) -> AsyncIterator[list[Side]]:
    """One gateway before four databases: all requests are the same to the byte."""
    async with AsyncExitStack() as stack:
        # Sealed, as by default: the differential test asks for plain identifiers as well.
        scope = {"identifiers": "PURPOSE"}
        first = await stack.enter_async_context(open_side(new_database, **scope))
        others = [await stack.enter_async_context(open_side(new_database, first, **scope)) for _ in range(3)]
        for side in (first, *others):
            side.watch()
        yield [first, *others]


@pytest.fixture(scope="module")
def tried() -> Counter[object]:
    """How many trials each case of the property had so far."""
    return Counter()


@pytest.fixture(autouse=True)
async def _fresh(sides: list[Side]) -> None:
    for side in sides:
        await side.wait_until_ready()


async def hold(sides: list[Side], *worlds: World) -> None:
    """Let each side hold one of the worlds."""
    for side, world in zip(sides, worlds, strict=True):
        await side.hold(world)


def written(side: Side, purpose: Purpose, random: Random, *worlds: World) -> Iterator[Request]:
    """Random requests about the worlds."""
    known = known_of(side.settings, purpose, *worlds)
    schema = schema_for(purpose)
    for _ in range(trials(DOCUMENTS)):
        request = write_request(schema, known, random)
        # The same document with other variables meets a plan that was made for the first.
        for variables in (request.variables, *request.again):
            yield replace(request, variables=variables)


async def answers(sides: list[Side], purpose: Purpose, request: Request) -> list[Reply]:
    """Each side's answer to one request."""
    return [
        await side.ask(purpose, request.document, request.variables, request.operation_name) for side in sides
    ]


def statements(side: Side) -> list[tuple[str, list[Any]]]:
    """What the last request asked of the stores; keys in order, because a set of rows has none."""
    return [(sql, _in_order(arguments)) for sql, arguments in side.asked]


def _in_order(arguments: Sequence[Any]) -> list[Any]:
    """Keys that come with lists of the same length, which say something of each, are ordered with them."""
    columns = [_keys(argument) for argument in arguments]
    lengths = {len(argument) for argument in arguments if isinstance(argument, list)}
    together = [
        index for index, keys in enumerate(columns) if isinstance(keys, list) and len(keys) in lengths
    ]
    ordered: list[Any] = [
        sorted(keys) if isinstance(keys, list) and index not in together else keys
        for index, keys in enumerate(columns)
    ]
    rows = sorted(zip(*(columns[index] for index in together), strict=False), key=str)
    for place, index in enumerate(together):
        ordered[index] = [row[place] for row in rows]
    return ordered


def _keys(argument: Any) -> Any:
    keys = KEYS.fullmatch(argument) if isinstance(argument, str) else None
    return list(map(int, keys[1].split(","))) if keys else argument


@pytest.mark.parametrize(("purpose", "size", "seed"), CASES)
async def test_i1_i2_i13_what_is_hidden_changes_no_byte_and_no_statement(
    sides: list[Side], tried: Counter[object], purpose: Purpose, size: int, seed: int
) -> None:
    """Status, headers, body and SQL are those of a database that holds what is visible and no more.

    And so of every other database with the same visible rows, whatever is hidden in it (I1); on the copy
    nothing is restricted, so that hiding too much would show as well (I2).
    """
    random = Random(f"{purpose} {size} {seed}")
    world, changed = differing_pair(random_world(random.randint(0, 10**9), size), purpose, random)
    _, again = differing_pair(world, purpose, random, changes=40)
    await hold(sides, world, changed, again, copy_of_visible(world, purpose))
    for request in written(sides[0], purpose, random, world, changed, again):
        first, *others = await answers(sides, purpose, request)
        assert [first] * 3 == others, request
        assert [statements(sides[0])] * 3 == [statements(side) for side in sides[1:]], request
        tried[purpose, size, seed] += 3


def test_enough_pairs_were_tried(tried: Counter[object]) -> None:
    """A property that held in a handful of trials would say little; this many is what the suite promises."""
    if len(tried) < len(CASES) or trials(100) < 100:
        pytest.skip("only some cases were selected, or fewer trials were asked for")
    assert tried.total() >= LEAST_TRIALS


@pytest.mark.parametrize("purpose", SEEING)
async def test_i1_pages_followed_by_their_cursors_stay_equal(sides: list[Side], purpose: Purpose) -> None:
    """A sequence in which each request is made of the answer before it stays equal to its end."""
    schema = schema_for(purpose)
    assert schema.query_type is not None
    random = Random(f"pages {purpose}")
    world, changed = differing_pair(random_world(random.randint(0, 10**9), 16), purpose, random, changes=40)
    _, again = differing_pair(world, purpose, random, changes=40)
    await hold(sides, world, changed, again, copy_of_visible(world, purpose))
    for name in ("messengerAccounts", "socialAccounts"):
        if name not in schema.query_type.fields:
            continue
        for size, principal, way in ((1, "after", "first"), (3, "after", "first"), (2, "before", "last")):
            document = (
                f"query($at: String) {{ list: {name}({way}: {size}, {principal}: $at) {{"
                " edges { cursor node { id } } totalCount"
                " pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"
            )
            cursor = None
            while True:
                first, *others = await answers(sides, purpose, Request(document, {"at": cursor}))
                assert [first] * 3 == others
                page = first.data["list"]["pageInfo"]
                cursor = page["endCursor" if principal == "after" else "startCursor"]
                if not page["hasNextPage" if principal == "after" else "hasPreviousPage"]:
                    break


@pytest.mark.parametrize("purpose", SEEING)
async def test_i8_an_error_never_depends_on_data(sides: list[Side], purpose: Purpose) -> None:
    """Full and empty stores refuse the same documents in the same bytes, with sentences of the catalogue."""
    random = Random(f"errors {purpose}")
    world = random_world(random.randint(0, 10**9), 12)
    await sides[0].hold(world)
    await sides[1].hold(World(whose=world.whose))
    refused = 0
    for request in written(sides[0], purpose, random, world):
        full, empty = await answers(sides[:2], purpose, request)
        assert full.codes == empty.codes, request
        for error in full.json.get("errors", []):
            assert error["message"] == MESSAGES[Code(error["extensions"]["code"])]
            assert full == empty
            refused += 1
    assert refused or trials(DOCUMENTS) < 100


@asynccontextmanager
async def little_quota(sides: list[Side]) -> AsyncIterator[None]:
    """Each client may receive a few people and ask about a few in this hour, while the block runs."""
    try:
        for side in sides:
            for client in ("client", "bound"):
                await set_quota(side.control, client, OwnQuota(None, None, 400, 60))
            await side.book.refreshed()
            side.gateway.people._hour, side.gateway.people._shares = people_quotas._Hour(), {}
        yield
    finally:
        for side in sides:
            for table in ("quota", "quota_hour", "quota_person", "quota_room"):
                await side.control.execute(f"DELETE FROM control.{table}")
            await side.book.refreshed()
            side.gateway.people._hour, side.gateway.people._shares = people_quotas._Hour(), {}


@pytest.mark.parametrize("purpose", COUNTED)
async def test_i46_quotas_of_people_that_run_out_refuse_the_same_requests(
    sides: list[Side], purpose: Purpose
) -> None:
    """With quotas that are soon spent, databases that differ in what is hidden refuse the same requests.

    So for whole sequences: what is used, and so refused, depends on nothing that the purpose may not see.
    """
    random = Random(f"quotas {purpose}")
    world, changed = differing_pair(random_world(random.randint(0, 10**9), 12), purpose, random)
    _, again = differing_pair(world, purpose, random, changes=40)
    await hold(sides, world, changed, again, copy_of_visible(world, purpose))
    seen: Counter[str] = Counter()
    async with little_quota(sides):
        for request in written(sides[0], purpose, random, world, changed, again):
            first, *others = [(each.status, each.body) for each in await answers(sides, purpose, request)]
            assert [first] * 3 == others, request
            seen[str(first[0])] += 1
    assert seen["200"] and (seen["429"] or trials(DOCUMENTS) < DOCUMENTS)


@pytest.mark.parametrize("purpose", SEEING)
async def test_i14_cost_depends_on_document_and_variables_alone(sides: list[Side], purpose: Purpose) -> None:
    """The limit that admits a request on full stores admits it on empty ones, and one less refuses both."""
    random = Random(f"cost {purpose}")
    world = random_world(random.randint(0, 10**9), 12)
    await sides[0].hold(world)
    await sides[1].hold(World(whose=world.whose))
    gateways = [side.gateway for side in sides[:2]]
    limits = [gateway.max_cost for gateway in gateways]
    try:
        for request in written(sides[0], purpose, random, world):
            cost = _cost(sides[0], purpose, request)
            # What is no well-formed request has no cost either: its body is refused before anything is read.
            if cost is None or "\\u0000" in json.dumps(request.variables):
                continue
            for limit, allowed in ((cost, True), (cost - 1, False)):
                for gateway in gateways:
                    object.__setattr__(gateway, "max_cost", limit)
                for reply in await answers(sides[:2], purpose, request):
                    assert ("COST_TOO_HIGH" not in reply.codes) is allowed, request
    finally:
        for gateway, limit in zip(gateways, limits, strict=True):
            object.__setattr__(gateway, "max_cost", limit)


def _cost(side: Side, purpose: Purpose, request: Request) -> int | None:
    """The request's cost; None if it is refused before it has one."""
    plans = side.gateway.plans
    try:
        prepared = plans.prepare(purpose, request.document, request.operation_name)
        variables = prepared.coerce(request.variables)
        return cost_of(plans.price(purpose, prepared, variables).price, variables)
    except Refusal:
        return None
