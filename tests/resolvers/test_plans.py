"""Golden plans: the statements that a document sends to the stores, and its answer.

`pytest tests/resolvers/test_plans.py --update` rewrites them; then read the difference.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import fields, is_dataclass

import pytest

from resolvers.compile.bind import bind
from resolvers.compile.compiler import compile_plan, price_selection
from tests.kit.golden import CASES, PLANS, Case, Golden, NewDatabase, open_golden, sealed_ids

pytestmark = pytest.mark.golden
# The sources are constants of the build: no pass makes them.
SOURCES = "resolvers.sources."


@pytest.fixture(scope="module")
async def golden(new_database: NewDatabase) -> AsyncIterator[Golden]:
    """The world of the golden plans."""
    async with open_golden(new_database) as opened:
        yield opened


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_plan_and_answer_are_the_golden_ones(
    case: Case, golden: Golden, request: pytest.FixtureRequest
) -> None:
    """Statements, price and answer equal the golden files, and sharded stores answer the same bytes."""
    whole, sharded = await golden.run(case, sharded=False), await golden.run(case, sharded=True)
    document = case.document
    for name, default, spread in (
        ("statements", len(whole.sent), len(sharded.sent)),
        ("price", whole.price, sharded.price),
    ):
        line = f"# {name}: {default}, sharded: {spread}"
        document = re.sub(rf"^# {name}: .*$", line, document, count=1, flags=re.MULTILINE)
    actual = {
        ".graphql": document,
        ".sql": whole.sql,
        ".sharded.sql": sharded.sql,
        ".json": json.dumps(json.loads(whole.answer), indent=2, ensure_ascii=False) + "\n",
    }

    assert sharded.answer == whole.answer
    if request.config.getoption("--update"):
        for suffix, text in actual.items():
            case.path(suffix).write_text(text, encoding="utf-8")
    assert {suffix: case.path(suffix).read_text(encoding="utf-8") for suffix in actual} == actual


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_a_sealed_answer_holds_no_plain_identifier(case: Case, golden: Golden) -> None:
    """With sealed identifiers, statements and price are the golden ones, and so is the answer once opened."""
    for sharded in (False, True):
        plain = await golden.run(case, sharded)
        sealed = await golden.run(case, sharded, seals=True)
        # `opened` refuses a plain identifier anywhere in the answer.
        assert sealed_ids(case).opened(sealed.answer) == plain.answer
        assert (sealed.sql, sealed.price, sealed.named) == (plain.sql, plain.price, plain.named)
        assert [each.arguments for each in sealed.sent] == [each.arguments for each in plain.sent]


@pytest.mark.parametrize("sharded", [False, True], ids=["default", "sharded"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_passes_hand_on_frozen_values(case: Case, sharded: bool, golden: Golden) -> None:
    """No pass can change another pass's result: every record is frozen, every collection a tuple."""
    cache = golden.caches[sharded]
    prepared = cache.prepare(case.purpose, case.document, None)
    variables = prepared.coerce(case.variables | dict.fromkeys(case.cursors, "-"))
    context = cache.contexts[case.purpose]
    priced = price_selection(context, prepared.operation, variables)
    bound = bind(context, priced.selection)

    for made in (priced.selection, priced.price, bound, compile_plan(context, priced)):
        assert not list(_changeable(made))


def _changeable(value: object) -> Iterator[object]:
    """Everything below a value that could be changed in its place."""
    if isinstance(value, list | dict | set):
        yield value
    elif isinstance(value, tuple | frozenset):
        for each in value:
            yield from _changeable(each)
    elif is_dataclass(value) and not type(value).__module__.startswith(SOURCES):
        if not value.__dataclass_params__.frozen:  # type: ignore[attr-defined]
            yield value
        for each in fields(value):
            yield from _changeable(getattr(value, each.name))


def test_no_golden_file_is_left_over() -> None:
    """Each golden file belongs to a document."""
    expected = {
        case.path(suffix).name for case in CASES for suffix in (".graphql", ".sql", ".sharded.sql", ".json")
    }

    assert {path.name for path in PLANS.iterdir() if path.is_file()} == expected
