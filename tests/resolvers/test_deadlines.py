"""One timer keeps many deadlines: none is missed, none comes early, what has ended is left alone."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from resolvers.stores.deadlines import Deadlines

SECONDS = 0.05
# How late a busy machine may be.
SLACK = 1.0


@given(
    things=st.lists(st.tuples(st.integers(0, 30), st.one_of(st.none(), st.integers(0, 30))), max_size=20),
)
def test_exactly_what_lasts_too_long_is_given_up(things: list[tuple[int, int | None]]) -> None:
    """Each thing begins after some ms and ends some ms later, or never: the never-ending are given up."""

    async def run() -> None:
        loop = asyncio.get_running_loop()
        begun: dict[int, float] = {}
        given_up: dict[int, float] = {}
        patience: Deadlines[int] = Deadlines(SECONDS, lambda thing: given_up.__setitem__(thing, loop.time()))

        async def one(thing: int, start_ms: int, lasts_ms: int | None) -> None:
            await asyncio.sleep(start_ms / 1_000)
            begun[thing] = loop.time()
            patience.begin(thing)
            if lasts_ms is not None:
                await asyncio.sleep(lasts_ms / 1_000)
                late = loop.time() - begun[thing] >= SECONDS
                patience.end(thing)
                ended_late.update([thing] if late else [])

        ended_late: set[int] = set()
        await asyncio.gather(*(one(number, *thing) for number, thing in enumerate(things)))
        await asyncio.sleep(SECONDS * 1.5 if any(lasts is None for _, lasts in things) else 0)
        endless = {number for number, (_, lasts) in enumerate(things) if lasts is None}

        assert endless <= given_up.keys() <= endless | ended_late
        assert all(SECONDS <= given_up[each] - begun[each] < SLACK for each in given_up)

    asyncio.run(run())


async def test_what_begins_again_has_its_time_anew() -> None:
    """A connection that is asked again and again is not given up for its first question."""
    given_up: list[str] = []
    patience: Deadlines[str] = Deadlines(0.5, given_up.append)
    for _ in range(15):
        patience.begin("asked")
        await asyncio.sleep(0.05)
        patience.end("asked")

    assert given_up == []


async def test_a_closed_one_never_looks_again() -> None:
    """After the end nothing is given up any more."""
    given_up: list[str] = []
    patience: Deadlines[str] = Deadlines(0.01, given_up.append)
    patience.begin("left")
    patience.close()
    await asyncio.sleep(0.05)

    assert given_up == []
