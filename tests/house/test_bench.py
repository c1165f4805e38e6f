"""The bench works: each command in its short form, every server, every table, JSON and plot.

These tests check that all servers give the same bytes, and that no question costs more on larger stores.
They check no speed: that needs a quiet machine.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from tests.bench.report import TITLES
from tests.bench.scenarios import SCENARIOS
from tests.bench.servers import ROOT

pytestmark = pytest.mark.server


async def bench(*arguments: str) -> str:
    """The command's output; it must succeed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.bench", *arguments),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, wrong = await process.communicate()
    assert process.returncode == 0, wrong.decode()[-3_000:]
    return said.decode()


async def test_the_bench_measures_every_question_on_every_server(tmp_path: Path) -> None:
    """The command prints all goals, and writes its figures as JSON and as a plot."""
    said = await bench("--short", "--into", str(tmp_path))
    found = json.loads((tmp_path / "bench.json").read_bytes())

    assert "Goals, median of the rounds" in said
    assert {each["scenario"] for each in found["measured"]} == {scenario.name for scenario in SCENARIOS}
    assert {each["server"] for each in found["measured"]} == set(TITLES)
    assert (tmp_path / "bench.png").stat().st_size > 10_000


async def test_the_cost_of_keyed_questions_is_counted_at_several_sizes(tmp_path: Path) -> None:
    """Buffers at each size, and how long the stores took to make; more than twice as many would fail."""
    await bench("growth", "--short", "--into", str(tmp_path))
    found = json.loads((tmp_path / "growth.json").read_bytes())

    assert {cost["accounts"] for cost in found["costs"]} == {2_000, 20_000}
    assert not [cost for cost in found["costs"] if cost["scans"]]
    assert set(found["made_s"]) == {"2000", "20000"}
