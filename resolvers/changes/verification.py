"""Compares what the stores say of themselves with the history in `control`, and repairs a store that differs.

    judge    → one verdict for each store, from three reads: control, the stores, control again
    repair   → replay what a store lacks, then accept its server as verified

The reads are not one snapshot. Each comparison is therefore true at every moment of a healthy store: the
position that `control` acknowledged was read before the store's, a mark is looked up after the store showed
it, and digests count only if no event came in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial

from resolvers.changes.history import (
    Ask,
    Expected,
    StoreState,
    events_counted,
    expected_of,
    knows,
    note,
    state_of,
)
from resolvers.changes.restrictions import Stores, ask, lock_all
from resolvers.changes.suspensions import Progress, recover
from resolvers.stores.incarnation import Incarnation
from resolvers.stores.pool import StoreUnavailable, transaction

# An event comes in between only while somebody objects; twice in a row is rare, five times is a flood.
TRIES = 5

_RECOUNT = "SELECT {0}.recount_restrictions()"
_COUNTS_ALL = "SELECT digest = {0}.digest_of_all_rows() FROM {0}.restriction_state"
_ACCEPT = """
UPDATE control.store_state
SET system_identifier = $2, timeline = $3, database = $4, verified_at = clock_timestamp() WHERE store = $1
"""


class Doubt(StrEnum):
    """Why a store may not be read for objectable purposes; the first that applies."""

    UNREACHABLE = "it cannot be asked"
    STANDBY = "it is a standby, which may lack the latest objections"
    AHEAD = "it knows objections that control does not: control was restored from a backup"
    BEHIND = "it lacks a part of the history of objections: it was restored, or promoted too early"
    DIFFERS = "it does not hold the objections that control holds"
    OTHER_SERVER = "it is another database than the one that was verified"
    UNBOUND = "an objection may not bind in it"
    UNVERIFIED = "no gateway has verified it yet"


# What the running gateway repairs by itself.
REPAIRABLE = frozenset({Doubt.BEHIND, Doubt.DIFFERS, Doubt.OTHER_SERVER, Doubt.UNVERIFIED})
# A server that holds all, and need only be accepted.
_NEW_SERVER = frozenset({Doubt.OTHER_SERVER, Doubt.UNVERIFIED})


@dataclass(frozen=True)
class Verdict:
    """The server that answered, and the doubt about it; None: it holds every acknowledged objection."""

    incarnation: Incarnation | None
    doubt: Doubt | None


async def judge(control: Ask, stores: Sequence[tuple[str, Ask]]) -> dict[str, Verdict]:
    """The verdict on each store, by its name. StoreUnavailable if `control` cannot be asked.

    A store is missing if it could not be judged because objections came in all the time: ask again.
    """
    for _ in range(TRIES):
        verdicts, undecided = await _judge_once(control, stores)
        if not undecided:
            break
        await asyncio.sleep(0.01)
    return {name: verdict for name, verdict in verdicts.items() if name not in undecided}


async def _judge_once(
    control: Ask, stores: Sequence[tuple[str, Ask]]
) -> tuple[dict[str, Verdict], frozenset[str]]:
    expected = await expected_of(control)
    # At once: a store that hangs must not keep the other one from its verdict.
    read = await asyncio.gather(*(_state_of(name, store, expected[name].unsettled) for name, store in stores))
    states = dict(zip((name for name, _ in stores), read, strict=True))
    known = {name: await knows(control, [state.reached]) for name, state in states.items() if state}
    verdicts = {
        name: _verdict(expected[name], state, known.get(name, False)) for name, state in states.items()
    }
    differing = frozenset(name for name, each in verdicts.items() if each.doubt is Doubt.DIFFERS)
    if differing and await events_counted(control) != expected[min(differing)].events:
        return verdicts, differing
    return verdicts, frozenset()


async def _state_of(name: str, store: Ask, unsettled: list[int]) -> StoreState | None:
    try:
        return await state_of(name, store, unsettled)
    except StoreUnavailable:
        return None


def _verdict(expected: Expected, state: StoreState | None, known: bool) -> Verdict:
    return Verdict(state.incarnation if state else None, _doubt(expected, state, known))


def _doubt(expected: Expected, state: StoreState | None, known: bool) -> Doubt | None:
    if state is None:
        return Doubt.UNREACHABLE
    if state.incarnation.is_standby:
        return Doubt.STANDBY
    if not known:
        return Doubt.AHEAD
    if state.reached.position < expected.acknowledged:
        return Doubt.BEHIND
    if state.digest != expected.digest:
        return Doubt.DIFFERS
    if expected.identity is None:
        return Doubt.UNVERIFIED
    return None if state.incarnation.identity == expected.identity else Doubt.OTHER_SERVER


async def judge_all(stores: Stores) -> dict[str, Verdict]:
    """The verdict on each store, over these connections, while no objection can come in between."""
    async with transaction(stores.control):
        await lock_all(stores.control)
        return await judge(partial(ask, stores.control), stores.keepers)


async def count_rows(stores: Sequence[tuple[str, Ask]]) -> None:
    """Compare each store's digest with its table, and correct it: a verdict then sees what the table lost."""
    for name, store in stores:
        ((counted,),) = await store(_COUNTS_ALL.format(name))
        if not counted:
            await store(_RECOUNT.format(name))


async def repair(stores: Stores, now: datetime, progress: Progress) -> int:
    """Make both stores hold the whole history, and accept their servers; the number of accounts corrected.

    ControlIsOlder: nothing was done. A store about which a doubt remains is not accepted.
    """
    async with transaction(stores.control):
        await lock_all(stores.control)
        await ask(stores.control, "SELECT control.recount_objections()")
    await count_rows(stores.keepers)
    changed = await recover(stores, now, progress)
    await note(stores.keepers, partial(ask, stores.control))
    await accept(stores)
    return changed


async def accept(stores: Stores) -> Mapping[str, Verdict]:
    """Accept the server of each store about which there is no other doubt; the verdicts before."""
    async with transaction(stores.control):
        await lock_all(stores.control)
        verdicts = await judge(partial(ask, stores.control), stores.keepers)
        for name, each in verdicts.items():
            if each.doubt in _NEW_SERVER and each.incarnation is not None:
                of = each.incarnation.identity
                await ask(stores.control, _ACCEPT, name, of.system_identifier, of.timeline, of.database)
    return verdicts
