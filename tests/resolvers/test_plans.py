"""Golden plans: the statements that a document sends to the stores, and its answer.

`pytest tests/resolvers/test_plans.py --update` rewrites them; then read the difference.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator

import pytest

from tests.kit.golden import CASES, PLANS, Case, Golden, NewDatabase, open_golden


@pytest.fixture(scope="module")
async def golden(new_database: NewDatabase) -> AsyncIterator[Golden]:
    """The world of the golden plans."""
    async with open_golden(new_database) as opened:
        yield opened


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_plan_and_answer_are_the_golden_ones(
    case: Case, golden: Golden, request: pytest.FixtureRequest
) -> None:
    """Statements, their number, price and answer equal the files; sharded stores answer the same bytes."""
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


def test_no_golden_file_is_left_over() -> None:
    """Each file of the folder belongs to a document."""
    expected = {
        case.path(suffix).name for case in CASES for suffix in (".graphql", ".sql", ".sharded.sql", ".json")
    }

    assert {path.name for path in PLANS.iterdir() if path.is_file()} == expected
