"""Suspensions by jurisdiction, and the reconciliation of both stores with what is in force.

A regulator's decision is a record of policy (`control.suspension`): countries, purposes, begin, end, reason,
author. It acts as if every member there had objected, and sets the same bits. `apply` makes the stores follow
the calendar. It goes through the countries whose bits changed, thousands of members a statement. `control`
holds a note of each country until it is done, so `apply` can be interrupted anywhere and run again.

The messenger's store itself restricts members who register later, and notes them for the other store, which
knows no countries (`ddl/messenger/0004`, `ddl/social/0007`). `place` settles the noted members.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial, reduce
from operator import or_
from typing import TYPE_CHECKING

from resolvers.changes.copies import repair_copies
from resolvers.changes.history import acknowledge, draw, refuse_if_older
from resolvers.changes.restrictions import Stores, ask, lock_all, settle, suspended_at
from resolvers.stores.pool import transaction
from schema.policy.history import decisions
from schema.purposes import Purpose

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection

# What is being done, how much of it is done, and the total.
Progress = Callable[[str, int, int], None]

# An objection meanwhile waits for one such chunk, not for the country.
CHUNK = 5_000
# The European Union of 2016; the United Kingdom had its own regulator's decision first.
# fmt: off
EUROPEAN_UNION = (
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HR", "HU", "IE", "IT",
    "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
)
# fmt: on

_ADD = """
INSERT INTO control.suspension (jurisdiction, countries, purposes, valid_from, valid_until, reason, author)
VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id
"""
_END = """
UPDATE control.suspension SET valid_until = $2
WHERE id = $1 AND valid_from < $2 AND (valid_until IS NULL OR valid_until > $2) RETURNING id
"""
_LIST = """
SELECT id, jurisdiction, countries, purposes, valid_from, valid_until, reason, author
FROM control.suspension ORDER BY id
"""
_BEGUN = """
INSERT INTO control.unsettled_country (country_code) SELECT unnest($1::text[])
ON CONFLICT (country_code) DO UPDATE SET version = excluded.version
"""
_UNSETTLED = "SELECT country_code, version FROM control.unsettled_country ORDER BY country_code"
# Not if the country changed again meanwhile: the run that changed it deletes the note.
_DONE = "DELETE FROM control.unsettled_country WHERE country_code = $1 AND version = $2"
_HELD = "SELECT country_code, purposes FROM messenger.suspended"
_MEMBERS = """
SELECT id FROM messenger.account WHERE country_code = $1 AND id > $2 ORDER BY id LIMIT $3
"""
_HOW_MANY = "SELECT count(*) FROM messenger.account WHERE country_code = $1"
_WITH_EVENTS = """
SELECT DISTINCT account_id FROM control.objection_event WHERE account_id > $1 ORDER BY account_id LIMIT $2
"""
_SUSPENDED_ROWS = {
    "messenger": """
        SELECT account_id FROM messenger.restriction
        WHERE objected <> purposes AND account_id > $1 ORDER BY account_id LIMIT $2
    """,
    "social": """
        SELECT messenger_id FROM social.restriction
        WHERE objected <> purposes AND messenger_id > $1 ORDER BY messenger_id LIMIT $2
    """,
}
_ACKNOWLEDGED = {
    "messenger": """
        SELECT account_id FROM messenger.restriction
        WHERE acknowledged > 0 AND account_id > $1 ORDER BY account_id LIMIT $2
    """,
    "social": """
        SELECT messenger_id FROM social.restriction
        WHERE acknowledged > 0 AND messenger_id > $1 ORDER BY messenger_id LIMIT $2
    """,
}
_NOTED = {
    "messenger": """
        SELECT account_id, stamp::text FROM messenger.unplaced
        WHERE account_id > $1 ORDER BY account_id LIMIT $2
    """,
    "social": """
        SELECT messenger_id, stamp::text FROM social.unplaced
        WHERE messenger_id > $1 ORDER BY messenger_id LIMIT $2
    """,
}
_PLACED = {
    "messenger": """
        DELETE FROM messenger.unplaced u USING unnest($1::bigint[], $2::text[]) AS n(id, stamp)
        WHERE u.account_id = n.id AND u.stamp = n.stamp::xid8
    """,
    "social": """
        DELETE FROM social.unplaced u USING unnest($1::bigint[], $2::text[]) AS n(id, stamp)
        WHERE u.messenger_id = n.id AND u.stamp = n.stamp::xid8
    """,
}


@dataclass(frozen=True)
class SuspensionDecision:
    """One decision: these purposes are suspended in these countries, from `valid_from` to `valid_until`."""

    jurisdiction: str
    countries: tuple[str, ...]
    purposes: tuple[Purpose, ...]
    valid_from: datetime
    valid_until: datetime | None
    reason: str
    author: str
    number: int = 0


def countries_of(jurisdiction: str) -> tuple[str, ...]:
    """The countries of a jurisdiction: the European Union's for ``EU``, otherwise the country itself."""
    return EUROPEAN_UNION if jurisdiction == "EU" else (jurisdiction,)


def historic() -> tuple[SuspensionDecision, ...]:
    """The regulators' decisions of 2016, from the policy's record."""
    return tuple(
        SuspensionDecision(
            jurisdiction=each.jurisdiction,
            countries=countries_of(each.jurisdiction),
            purposes=each.purposes,
            valid_from=each.valid_from,
            valid_until=each.valid_until,
            reason=each.reason,
            author=each.author,
        )
        for each in decisions()
    )


async def add(control: Connection, decided: SuspensionDecision) -> int:
    """Record a decision; return its number. It has no effect before `apply`."""
    return int(
        await control.fetchval(
            _ADD,
            decided.jurisdiction,
            list(decided.countries),
            [purpose.value for purpose in decided.purposes],
            decided.valid_from,
            decided.valid_until,
            decided.reason,
            decided.author,
        )
    )


async def end(control: Connection, number: int, at: datetime) -> bool:
    """End a suspension at that time; False if there is no such suspension, or it ended before."""
    return await control.fetchval(_END, number, at) is not None


async def list_decisions(control: Connection) -> list[SuspensionDecision]:
    """Every decision, in the order of recording."""
    return [
        SuspensionDecision(
            jurisdiction=row["jurisdiction"],
            countries=tuple(row["countries"]),
            purposes=tuple(Purpose(each) for each in row["purposes"]),
            valid_from=row["valid_from"],
            valid_until=row["valid_until"],
            reason=row["reason"],
            author=row["author"],
            number=row["id"],
        )
        for row in await control.fetch(_LIST)
    ]


# --- both stores follow ---------------------------------------------------------------------------


async def apply(stores: Stores, now: datetime, progress: Progress) -> int:
    """Make both stores hold what is suspended at that time; return for how many members they differed.

    Safe to interrupt and to repeat. It covers new members before it starts with the others.
    """
    await _begin(stores, now)
    changed = 0
    for country, version in await ask(stores.control, _UNSETTLED):
        changed += await _settle_country(stores, country, now, progress=progress)
        await ask(stores.control, _DONE, country, version)
    return changed + await place(stores, now)


async def _begin(stores: Stores, now: datetime) -> None:
    """Note the countries to settle; then write into the stores what is suspended where."""
    wanted = await suspended_at(stores.control, now)
    held = {row[0]: row[1] for row in await ask(stores.messenger, _HELD)}
    changed = [each for each in sorted(wanted.keys() | held.keys()) if wanted.get(each) != held.get(each)]
    await refuse_if_older(stores.keepers, partial(ask, stores.control))
    await ask(stores.control, _BEGUN, changed)
    drawn = await draw(partial(ask, stores.control))
    position = (drawn.position, drawn.mark)
    async with transaction(stores.control):
        await lock_all(stores.control)
        # Read again: the previous holder of the lock may have followed a newer decision.
        wanted = await suspended_at(stores.control, now)
        await ask(
            stores.social, "SELECT social.suspend_at($1, $2, $3)", reduce(or_, wanted.values(), 0), *position
        )
        await ask(
            stores.messenger,
            "SELECT messenger.suspend_at($1::text[], $2::integer[], $3, $4)",
            list(wanted),
            list(wanted.values()),
            *position,
        )
        await acknowledge(partial(ask, stores.control), drawn)


async def _settle_country(stores: Stores, country: str, now: datetime, *, progress: Progress) -> int:
    ((total,),) = await ask(stores.messenger, _HOW_MANY, country)
    what = f"members in {country}"
    done = changed = 0
    last = -1
    progress(what, 0, total)
    while members := [row[0] for row in await ask(stores.messenger, _MEMBERS, country, last, CHUNK)]:
        changed += await settle(stores, members, now)
        last = members[-1]
        done += len(members)
        progress(what, done, max(done, total))
    return changed


async def place(stores: Stores, now: datetime) -> int:
    """Settle the members who registered or moved during a suspension; return for how many a store differed.

    Members unknown to the messenger stay noted, and restricted, as long as anything is suspended.
    """
    changed = 0
    for name, store in (("messenger", stores.messenger), ("social", stores.social)):
        last = -1
        while noted := {row[0]: row[1] for row in await ask(store, _NOTED[name], last, CHUNK)}:
            members = list(noted)
            last = members[-1]
            unknown = frozenset(members) if name == "social" else frozenset()
            changed += await settle(stores, members, now, unknown=unknown)
            known = await _known(stores, members, now)
            placed = [member for member in members if member in known]
            await ask(store, _PLACED[name], placed, [noted[member] for member in placed])
    return changed


async def _known(stores: Stores, members: list[int], now: datetime) -> set[int]:
    if not await suspended_at(stores.control, now):
        return set(members)
    rows = await ask(
        stores.messenger, "SELECT id FROM messenger.account WHERE id = ANY($1::bigint[])", members
    )
    return {row[0] for row in rows}


async def finish(stores: Stores, now: datetime, progress: Progress) -> int:
    """Settle what an interruption left and follow the calendar; return for how many a store differed."""
    rows = await ask(stores.control, "SELECT account_id FROM control.unsettled ORDER BY 1")
    changed = 0
    for row in rows:
        changed += await settle(stores, [row[0]], now)
    return changed + await apply(stores, now, progress)


async def recover(stores: Stores, now: datetime, progress: Progress) -> int:
    """Compare every recorded member with both stores, and correct the differences; return their number.

    `finish` relies on the notes in the stores. This does not: it is for a store restored from a backup. An
    account that a store restricts without any event stays restricted. Copies on rows that differ are repaired
    and not counted.
    """
    changed = await finish(stores, now, progress)
    async for members in _everybody(stores):
        changed += await settle(stores, members, now)
        progress("members with restrictions", len(members), len(members))
    for name, store in stores.keepers:
        await repair_copies(store, name)
    return changed


async def _everybody(stores: Stores) -> AsyncIterator[list[int]]:
    """All members with an event or a restriction, in chunks; a member may occur more than once."""
    for store, shape in (
        (stores.control, _WITH_EVENTS),
        (stores.messenger, _SUSPENDED_ROWS["messenger"]),
        (stores.social, _SUSPENDED_ROWS["social"]),
        # Those without any event are erased: the stores' digests must not count them any more.
        (stores.messenger, _ACKNOWLEDGED["messenger"]),
        (stores.social, _ACKNOWLEDGED["social"]),
    ):
        last = -1
        while members := [row[0] for row in await ask(store, shape, last, CHUNK)]:
            yield members
            last = members[-1]
    for row in await ask(stores.messenger, _HELD):
        last = -1
        while members := [row[0] for row in await ask(stores.messenger, _MEMBERS, row[0], last, CHUNK)]:
            yield members
            last = members[-1]
