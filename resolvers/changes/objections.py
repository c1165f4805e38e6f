"""The only writer of objections: an event in `control`, and its fold in both stores, before it returns.

The event is committed first, together with a note that it is not in both stores yet: the intent that
survives a crash. Then the member is settled (`restrictions.py`), which takes the note away. `recover`
and every start-up finish what a crash left.

Source: GDPR Art. 21. Who may object, and until when, is the profile's to say (`schema/terms/profiles.py`). An
objection belongs to the account, not to its number.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from resolvers.changes.restrictions import Stores, ask, bits_of, folds_of, lock_one, settle
from schema.purposes import OBJECTABLE, Purpose
from schema.terms.profiles import TERMS_VERSION, Eligibility, Profile, Standing, eligibility

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection

_MEMBER = """
SELECT registered_at, (SELECT accepted_at FROM messenger.terms_acceptance t
                       WHERE t.account_id = a.id AND t.version = $2) AS accepted_at
FROM messenger.account a WHERE id = $1
"""
_EVENT = """
INSERT INTO control.objection_event (account_id, kind, purposes, effective_at, channel, terms_version)
VALUES ($1, $2, $3, $4, $5, $6)
"""
_NOTE = "INSERT INTO control.unsettled (account_id) VALUES ($1) ON CONFLICT DO NOTHING"


class Outcome(StrEnum):
    """What became of a wish to object or to withdraw."""

    RECORDED = "RECORDED"
    WITHDRAWN = "WITHDRAWN"
    ALREADY_OBJECTED = "ALREADY_OBJECTED"
    NOT_OBJECTED = "NOT_OBJECTED"
    NOT_ELIGIBLE_NEW_MEMBER = "NOT_ELIGIBLE_NEW_MEMBER"
    WINDOW_CLOSED = "WINDOW_CLOSED"
    UNKNOWN_ACCOUNT = "UNKNOWN_ACCOUNT"


@dataclass(frozen=True)
class Rules:
    """Whose rules hold, and the clock by which they are judged."""

    profile: Profile
    clock: Callable[[], datetime]


@dataclass(frozen=True)
class Result:
    """What became of it, the bits objected to after it, and when the time to object ended, if it did."""

    outcome: Outcome
    in_force: int = 0
    closed_at: datetime | None = None


Change = Callable[[Stores, Rules, int, frozenset[Purpose], str], Awaitable[Result]]


async def record(
    stores: Stores, rules: Rules, account_id: int, purposes: frozenset[Purpose], channel: str
) -> Result:
    """Record one person's objection to these purposes; when it returns it binds in both stores.

    Safe to repeat: ALREADY_OBJECTED, after making sure of the stores. ValueError for a purpose that
    nobody may object to. Any other exception means *unknown*: repeat the call.
    """
    wanted = _checked(purposes)
    now = rules.clock()
    async with stores.control.transaction():
        await lock_one(stores.control, account_id)
        before = await in_force(stores.control, account_id)
        known = before & wanted == wanted
        if not known:
            refused = _refusal(await standing(stores.messenger, rules.profile, account_id, now))
            if refused is not None:
                return replace(refused, in_force=before)
            await _append(stores.control, account_id, "OBJECT", purposes, now, channel)
    await settle(stores, [account_id], now)
    return Result(Outcome.ALREADY_OBJECTED if known else Outcome.RECORDED, before | wanted)


async def withdraw(
    stores: Stores, rules: Rules, account_id: int, purposes: frozenset[Purpose], channel: str
) -> Result:
    """Withdraw one person's objection to these purposes: their data is open again from then on.

    Possible at any time, whatever the profile. Safe to repeat: NOT_OBJECTED, after making sure of the
    stores. Errors as of `record`.
    """
    wanted = _checked(purposes)
    now = rules.clock()
    async with stores.control.transaction():
        await lock_one(stores.control, account_id)
        before = await in_force(stores.control, account_id)
        objected = bool(before & wanted)
        if objected:
            await _append(stores.control, account_id, "WITHDRAW", purposes, now, channel)
        elif await standing(stores.messenger, rules.profile, account_id, now) is None:
            return Result(Outcome.UNKNOWN_ACCOUNT)
    await settle(stores, [account_id], now)
    return Result(Outcome.WITHDRAWN if objected else Outcome.NOT_OBJECTED, before & ~wanted)


async def standing(
    messenger: Connection, profile: Profile, account_id: int, now: datetime
) -> Eligibility | None:
    """Whether a member may object at that time; None if the messenger has no such account."""
    for row in await ask(messenger, _MEMBER, account_id, TERMS_VERSION):
        return eligibility(profile, row["registered_at"], row["accepted_at"], now)
    return None


async def in_force(control: Connection, account_id: int) -> int:
    """The bits that a member objects to now: the fold of the events."""
    return (await folds_of(control, [account_id])).get(account_id, 0)


def _refusal(found: Eligibility | None) -> Result | None:
    """Why a member of that standing may not object; None if they may."""
    if found is None:
        return Result(Outcome.UNKNOWN_ACCOUNT)
    match found.standing:
        case Standing.NOT_ELIGIBLE_NEW_MEMBER:
            return Result(Outcome.NOT_ELIGIBLE_NEW_MEMBER)
        case Standing.WINDOW_CLOSED:
            return Result(Outcome.WINDOW_CLOSED, closed_at=found.until)
    return None


async def _append(
    control: Connection,
    account_id: int,
    kind: str,
    purposes: frozenset[Purpose],
    now: datetime,
    channel: str,
) -> None:
    names = [purpose.value for purpose in OBJECTABLE if purpose in purposes]
    await control.execute(_EVENT, account_id, kind, names, now, channel, TERMS_VERSION)
    await control.execute(_NOTE, account_id)


def _checked(purposes: frozenset[Purpose]) -> int:
    if not purposes or not purposes <= OBJECTABLE.keys():
        raise ValueError("an objection names ads, friend suggestions, or both")
    return bits_of(purposes)
