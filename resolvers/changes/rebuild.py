"""Rebuilds what `control` lost when it was restored from a backup, from what the stores still hold.

The stores are newer than `control` then. They know which objections are in force, and which countries are
suspended. They do not know when somebody objected or by which channel, which decision suspended a country, or
who objected and withdrew. Where the two disagree, the member stays restricted:

    a store acknowledges an objection without an event     an event is added, with the channel REBUILT
    an event says more than both stores acknowledge        kept; perhaps a withdrawal was lost
    the messenger suspends a country without a decision    a decision is added, without an end
    a decision suspends what the messenger does not        kept; perhaps its end was lost

Safe to interrupt and to repeat. Until it is through, no gateway writes into a store or reads one for an
objectable purpose (`control.restoration`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from resolvers.changes.history import Ask, ControlIsOlder, note, refuse_if_older
from resolvers.changes.restrictions import Stores, ask, folds_of, purposes_of, suspended_at
from resolvers.changes.suspensions import CHUNK, Progress, SuspensionDecision, add
from resolvers.changes.verification import repair
from schema.terms.profiles import TERMS_VERSION

REBUILT = "rebuilt from the stores"
AUTHOR = "gateway objection rebuild"

_LOST = "SELECT control.note_restoration()"
_ACKNOWLEDGED = {
    "messenger": """
        SELECT account_id, acknowledged FROM messenger.restriction
        WHERE acknowledged > 0 AND account_id > $1 ORDER BY account_id LIMIT $2
    """,
    "social": """
        SELECT messenger_id, acknowledged FROM social.restriction
        WHERE acknowledged > 0 AND messenger_id > $1 ORDER BY messenger_id LIMIT $2
    """,
}
_OF_MEMBERS = {
    "messenger": """
        SELECT account_id, acknowledged FROM messenger.restriction
        WHERE account_id = ANY($1::bigint[])
    """,
    "social": """
        SELECT messenger_id, acknowledged FROM social.restriction
        WHERE messenger_id = ANY($1::bigint[])
    """,
}
_WITH_EVENTS = """
SELECT DISTINCT account_id FROM control.objection_event WHERE account_id > $1 ORDER BY account_id LIMIT $2
"""
_EVENT = """
INSERT INTO control.objection_event (account_id, kind, purposes, effective_at, channel, terms_version)
VALUES ($1, 'OBJECT', $2, $3, $4, $5)
"""
_SUSPENDED = "SELECT country_code, purposes FROM messenger.suspended ORDER BY country_code"
_FURTHEST = """
SELECT (SELECT position FROM {0}.restriction_state), (SELECT coalesce(max(version), 0) FROM {0}.restriction)
"""
# Beyond what any store has seen. A later statement must not be taken for an older one.
_GO_ON_AFTER = """
SELECT setval(pg_get_serial_sequence('control.history_mark', 'position'),
              greatest($1, (SELECT max(position) FROM control.history_mark), 1)),
    setval('control.restriction_version', greatest($2, nextval('control.restriction_version')))
"""
_REBUILT = "UPDATE control.restoration SET rebuilt_at = clock_timestamp() WHERE rebuilt_at IS NULL"


@dataclass
class Rebuilt:
    """What was rebuilt: members with a new event, countries with a new decision; and what is in doubt.

    `perhaps_withdrawn`: members with an event that no store acknowledges.
    """

    objected: list[int] = field(default_factory=list)
    suspended: list[str] = field(default_factory=list)
    perhaps_withdrawn: list[int] = field(default_factory=list)
    corrected: int = 0


async def is_needed(stores: Stores) -> bool:
    """Whether a store knows a part of the history that `control` does not."""
    try:
        await refuse_if_older(stores.keepers, partial(ask, stores.control))
    except ControlIsOlder:
        return True
    return False


async def rebuild(stores: Stores, now: datetime, progress: Progress) -> Rebuilt:
    """Rebuild the history from both stores, bring both to it, and accept them as verified.

    The connections need the owners' rights.
    """
    control = partial(ask, stores.control)
    await control(_LOST)
    done = Rebuilt()
    for name, store in stores.keepers:
        async for held in _chunks(name, store):
            await _add_events(stores, held, now, done=done)
    async for members in _with_events(control):
        done.perhaps_withdrawn += await _more_than_held(stores, members)
    await _add_suspensions(stores, now, done)
    await _go_on(stores)
    done.corrected = await repair(stores, now, progress)
    return done


async def _chunks(name: str, store: Ask) -> AsyncIterator[dict[int, int]]:
    last = -1
    while held := {row[0]: row[1] for row in await store(_ACKNOWLEDGED[name], last, CHUNK)}:
        yield held
        last = max(held)


async def _with_events(control: Ask) -> AsyncIterator[list[int]]:
    last = -1
    while members := [row[0] for row in await control(_WITH_EVENTS, last, CHUNK)]:
        yield members
        last = members[-1]


async def _add_events(stores: Stores, held: dict[int, int], now: datetime, *, done: Rebuilt) -> None:
    folds = await folds_of(stores.control, held)
    for member, bits in held.items():
        if lost := bits & ~folds.get(member, 0):
            purposes = [purpose.value for purpose in purposes_of(lost)]
            await ask(stores.control, _EVENT, member, purposes, now, REBUILT, TERMS_VERSION)
            done.objected.append(member)


async def _more_than_held(stores: Stores, members: list[int]) -> list[int]:
    held = dict.fromkeys(members, 0)
    for name, store in stores.keepers:
        for member, bits in await store(_OF_MEMBERS[name], members):
            held[member] |= bits or 0
    folds = await folds_of(stores.control, members)
    return [member for member, bits in folds.items() if bits & ~held[member]]


async def _add_suspensions(stores: Stores, now: datetime, done: Rebuilt) -> None:
    decided = await suspended_at(stores.control, now)
    for country, bits in await ask(stores.messenger, _SUSPENDED):
        if lost := bits & ~decided.get(country, 0):
            decision = SuspensionDecision(
                jurisdiction=country,
                countries=(country,),
                purposes=tuple(purposes_of(lost)),
                valid_from=now,
                valid_until=None,
                reason=f"{REBUILT}: the decision itself was lost",
                author=AUTHOR,
            )
            await add(stores.control, decision)
            done.suspended.append(country)


async def _go_on(stores: Stores) -> None:
    """Continue the history after all that the stores have seen. Until here a crash leaves it lost."""
    control = partial(ask, stores.control)
    furthest = [(await store(_FURTHEST.format(name)))[0] for name, store in stores.keepers]
    await control(_GO_ON_AFTER, max(row[0] for row in furthest), max(row[1] for row in furthest))
    await note(stores.keepers, control)
    await control(_REBUILT)
