"""One timer serves many deadlines: none is missed, none is early, and a removed one never fires."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.stores.deadlines import Deadlines

SECONDS = 0.05
# The delay that a busy machine may cause.
SLACK = 1.0


@pytest.mark.slow
@given(
    items=st.lists(st.tuples(st.integers(0, 30), st.one_of(st.none(), st.integers(0, 30))), max_size=20),
)
def test_exactly_the_overdue_items_are_given_up(items: list[tuple[int, int | None]]) -> None:
    """Of items added and removed at random times, exactly the overdue ones are given up."""

    async def run() -> None:
        loop = asyncio.get_running_loop()
        added: dict[int, float] = {}
        given_up: dict[int, float] = {}
        deadlines: Deadlines[int] = Deadlines(SECONDS, lambda item: given_up.__setitem__(item, loop.time()))

        async def one(item: int, start_ms: int, lasts_ms: int | None) -> None:
            await asyncio.sleep(start_ms / 1_000)
            added[item] = loop.time()
            deadlines.add(item)
            if lasts_ms is not None:
                await asyncio.sleep(lasts_ms / 1_000)
                late = loop.time() - added[item] >= SECONDS
                deadlines.remove(item)
                ended_late.update([item] if late else [])

        ended_late: set[int] = set()
        await asyncio.gather(*(one(number, *item) for number, item in enumerate(items)))
        await asyncio.sleep(SECONDS * 1.5 if any(lasts is None for _, lasts in items) else 0)
        endless = {number for number, (_, lasts) in enumerate(items) if lasts is None}

        assert endless <= given_up.keys() <= endless | ended_late
        assert all(SECONDS <= given_up[each] - added[each] < SLACK for each in given_up)

    asyncio.run(run())


async def test_an_item_that_is_added_again_has_a_new_deadline() -> None:
    """An item that is added again has a new deadline, so a connection in constant use is kept."""
    given_up: list[str] = []
    deadlines: Deadlines[str] = Deadlines(0.5, given_up.append)
    for _ in range(15):
        deadlines.add("asked")
        await asyncio.sleep(0.05)
        deadlines.remove("asked")

    assert given_up == []


async def test_after_close_no_item_is_given_up() -> None:
    """After `close` no item is given up."""
    given_up: list[str] = []
    deadlines: Deadlines[str] = Deadlines(0.01, given_up.append)
    deadlines.add("left")
    deadlines.close()
    await asyncio.sleep(0.05)

    assert given_up == []
