"""Records and withdraws objections: an event in `control`, then the restrictions in both stores.

It is the only writer of objections. It first commits the event together with a note that the stores do not
hold it yet: the note survives a crash. Then it settles the member (`restrictions.py`), which removes the
note. `recover` and every start-up settle the members whose note is left.

Source: GDPR Art. 21. The profile decides who may object, and until when (`schema/terms/profiles.py`). An
objection belongs to the account, not to its number.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from resolvers.changes.restrictions import Stores, ask, bits_of, folds_of, held_for, lock_one, settle
from resolvers.stores.pool import transaction
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


class ObjectionOutcome(StrEnum):
    """The result of an attempt to object or to withdraw."""

    RECORDED = "RECORDED"
    WITHDRAWN = "WITHDRAWN"
    ALREADY_OBJECTED = "ALREADY_OBJECTED"
    NOT_OBJECTED = "NOT_OBJECTED"
    NOT_ELIGIBLE_NEW_MEMBER = "NOT_ELIGIBLE_NEW_MEMBER"
    WINDOW_CLOSED = "WINDOW_CLOSED"
    UNKNOWN_ACCOUNT = "UNKNOWN_ACCOUNT"


@dataclass(frozen=True)
class Rules:
    """The profile whose rules apply, and the clock for its time limits."""

    profile: Profile
    clock: Callable[[], datetime]


@dataclass(frozen=True)
class ObjectionChange:
    """The outcome, the bits objected to afterwards, and the end of the time to object if it has ended.

    `suspended`: after a withdrawal, the bits that stay hidden although the member does not object to them.
    """

    outcome: ObjectionOutcome
    in_force: int = 0
    suspended: int = 0
    closed_at: datetime | None = None


class ObjectionCall(Protocol):
    """`record` or `withdraw`."""

    def __call__(
        self, stores: Stores, rules: Rules, account_id: int, *, purposes: frozenset[Purpose], channel: str
    ) -> Awaitable[ObjectionChange]:
        """Change one person's objection."""


async def record(
    stores: Stores, rules: Rules, account_id: int, *, purposes: frozenset[Purpose], channel: str
) -> ObjectionChange:
    """Record one person's objection to these purposes; when this returns, both stores enforce it.

    Safe to repeat: ALREADY_OBJECTED, after both stores were checked. ValueError for a purpose that is not
    objectable. After any other exception the result is *unknown*: repeat the call.
    """
    wanted = _checked(purposes)
    now = rules.clock()
    async with transaction(stores.control):
        await lock_one(stores.control, account_id)
        before = await in_force(stores.control, account_id)
        known = before & wanted == wanted
        if not known:
            refused = _refusal(await standing(stores.messenger, rules.profile, account_id, now=now))
            if refused is not None:
                return replace(refused, in_force=before)
            await _append(stores.control, account_id, "OBJECT", purposes=purposes, now=now, channel=channel)
    await settle(stores, [account_id], now)
    return ObjectionChange(
        ObjectionOutcome.ALREADY_OBJECTED if known else ObjectionOutcome.RECORDED, before | wanted
    )


async def withdraw(
    stores: Stores, rules: Rules, account_id: int, *, purposes: frozenset[Purpose], channel: str
) -> ObjectionChange:
    """Withdraw one person's objection to these purposes: from then on, only a suspension hides their data.

    Possible at any time, under every profile. Safe to repeat: NOT_OBJECTED, after both stores were checked.
    Errors as for `record`.
    """
    wanted = _checked(purposes)
    now = rules.clock()
    async with transaction(stores.control):
        await lock_one(stores.control, account_id)
        before = await in_force(stores.control, account_id)
        objected = bool(before & wanted)
        if objected:
            await _append(stores.control, account_id, "WITHDRAW", purposes=purposes, now=now, channel=channel)
        elif await standing(stores.messenger, rules.profile, account_id, now=now) is None:
            return ObjectionChange(ObjectionOutcome.UNKNOWN_ACCOUNT)
    await settle(stores, [account_id], now)
    after = before & ~wanted
    outcome = ObjectionOutcome.WITHDRAWN if objected else ObjectionOutcome.NOT_OBJECTED
    return ObjectionChange(outcome, after, suspended=await held_for(stores, account_id) & ~after)


async def standing(
    messenger: Connection, profile: Profile, account_id: int, *, now: datetime
) -> Eligibility | None:
    """Whether a member may object at `now`; None if the messenger has no such account."""
    for row in await ask(messenger, _MEMBER, account_id, TERMS_VERSION):
        return eligibility(profile, row["registered_at"], row["accepted_at"], now=now)
    return None


async def in_force(control: Connection, account_id: int) -> int:
    """The bits that a member objects to now: the fold of the member's events."""
    return (await folds_of(control, [account_id])).get(account_id, 0)


def _refusal(found: Eligibility | None) -> ObjectionChange | None:
    """The refusal for a member of that standing; None if they may object."""
    if found is None:
        return ObjectionChange(ObjectionOutcome.UNKNOWN_ACCOUNT)
    match found.standing:
        case Standing.NOT_ELIGIBLE_NEW_MEMBER:
            return ObjectionChange(ObjectionOutcome.NOT_ELIGIBLE_NEW_MEMBER)
        case Standing.WINDOW_CLOSED:
            return ObjectionChange(ObjectionOutcome.WINDOW_CLOSED, closed_at=found.until)
    return None


async def _append(
    control: Connection,
    account_id: int,
    kind: str,
    *,
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
