"""The history of objections in `control`, and how far each store follows it.

A store may be a restored backup, or a replica that was promoted without its last transactions. It cannot know
what it lost, so `control` remembers for each store:

    position   the newest entry of `control.history_mark` that both stores wrote. A store with an older one is
               *behind*. A store whose mark is not in `control` is *ahead*: `control` itself was restored.
    digest     of the objections that the store must acknowledge, folded from the events. Both sides are sums,
               so that concurrent writers may come in any order. Members in `control.unsettled` are left out.
    identity   of the database that was found to hold all of it (`resolvers/stores/incarnation.py`).

An entry is committed in `control` before it is written into a store, and acknowledged after both stores have
committed. After a crash in between, a store is therefore correct, or it is refused until it is reconciled.

Rejected: the digest that a store reports, kept in `control` after each write. It would follow the store's
word; the fold of the events does not. Rejected: sequences as positions, see `ddl/control/0014`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from resolvers.stores.incarnation import COLUMNS, Identity, Incarnation, incarnation_of
from resolvers.stores.pool import StoreUnavailable

# The rows of one statement, in a transaction of its own.
Ask = Callable[..., Awaitable[Sequence[Any]]]

KEEPERS = ("social", "messenger")
MODULUS = 2**60

_DRAW = "INSERT INTO control.history_mark DEFAULT VALUES RETURNING position, mark::text"
_KNOWN = """
SELECT (SELECT count(*) FROM control.history_mark
        WHERE (position, mark) IN (SELECT * FROM unnest($1::bigint[], $2::uuid[]))),
    EXISTS (SELECT FROM control.restoration WHERE rebuilt_at IS NULL)
"""
_POSITION = "SELECT position, mark::text FROM {}.restriction_state"
_ACKNOWLEDGE = """
UPDATE control.store_state SET acknowledged = $2 WHERE store = $1 AND acknowledged < $2
"""
_NOTE = "SELECT {}.note_position($1, $2)"
_EXPECTED = """
SELECT s.store, s.acknowledged, s.system_identifier, s.timeline, s.database, d.digest, d.events,
    ARRAY(SELECT account_id FROM control.unsettled),
    (SELECT coalesce(sum(control.digest_of(account_id, control.fold_of(account_id, 9223372036854775807))), 0)
     FROM control.unsettled)::bigint
FROM control.store_state s, control.objection_digest d
"""
_EVENTS = "SELECT events FROM control.objection_digest"
_STATE = f"""
SELECT {COLUMNS}, s.position, s.mark::text, s.digest, {{0}}.digest_of_rows($1::bigint[])
FROM {{0}}.restriction_state s
"""  # noqa: S608 - constants


class ControlIsOlder(StoreUnavailable):
    """A store knows a part of the history that `control` does not: `control` was restored from a backup."""


@dataclass(frozen=True)
class HistoryMark:
    """An entry of the history: its place, and a number by lot that no other history has there."""

    position: int
    mark: str | None


@dataclass(frozen=True)
class Expected:
    """What `control` expects of a store. `identity` None: no server was verified yet.

    `digest` is that of the settled members, from so many `events`; `unsettled` are the other members.
    """

    acknowledged: int
    identity: Identity | None
    digest: int
    events: int
    unsettled: list[int]


@dataclass(frozen=True)
class StoreState:
    """What a store says of itself: who answers, how far it follows, and the digest of the settled members."""

    incarnation: Incarnation
    reached: HistoryMark
    digest: int


async def draw(control: Ask) -> HistoryMark:
    """A new entry of the history, committed."""
    ((position, mark),) = await control(_DRAW)
    return HistoryMark(position, mark)


async def acknowledge(control: Ask, drawn: HistoryMark) -> None:
    """Both stores have written up to this entry."""
    for store in KEEPERS:
        await control(_ACKNOWLEDGE, store, drawn.position)


async def note(stores: Sequence[tuple[str, Ask]], control: Ask) -> None:
    """Bring both stores to a new entry of the history without any other change."""
    drawn = await draw(control)
    for name, store in stores:
        await store(_NOTE.format(name), drawn.position, drawn.mark)
    await acknowledge(control, drawn)


async def refuse_if_older(stores: Sequence[tuple[str, Ask]], control: Ask) -> None:
    """ControlIsOlder if a store has seen an entry that `control` does not have."""
    reached = [HistoryMark(*(await store(_POSITION.format(name)))[0]) for name, store in stores]
    if not await knows(control, reached):
        raise ControlIsOlder


async def knows(control: Ask, reached: Sequence[HistoryMark]) -> bool:
    """Whether all these entries are in the history, and no part of it waits to be rebuilt.

    A store without any entry is at the beginning of the history.
    """
    seen = {each for each in reached if each.mark is not None}
    ((found, lost),) = await control(_KNOWN, [each.position for each in seen], [each.mark for each in seen])
    return bool(found == len(seen) and not lost)


async def expected_of(control: Ask) -> dict[str, Expected]:
    """What `control` expects of each store, by its name."""
    return {
        row[0]: Expected(
            acknowledged=row[1],
            identity=None if row[2] is None else Identity(row[2], row[3], row[4]),
            digest=(row[5] - row[8]) % MODULUS,
            events=row[6],
            unsettled=row[7],
        )
        for row in await control(_EXPECTED)
    }


async def events_counted(control: Ask) -> int:
    """How many events the digest in `control` covers now."""
    ((events,),) = await control(_EVENTS)
    return int(events)


async def state_of(name: str, store: Ask, unsettled: list[int]) -> StoreState:
    """What the store says of itself, from one snapshot; its digest without these members."""
    (row,) = await store(_STATE.format(name), unsettled)
    return StoreState(incarnation_of(row), HistoryMark(row[4], row[5]), (row[6] - row[7]) % MODULUS)
