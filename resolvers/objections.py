"""The only writer of objections: an event in `control`, and its fold in both stores, before it returns.

The event is committed first: it is the intent that survives a crash. Then the fold of the account's
events is written into the stores' `restriction` tables, from where triggers carry it to every row;
`recover` finishes what a crash left. An objection restricts the social store first, so that no link is
ever shown to an account that is already hidden; a withdrawal opens the messenger first, for the same
reason. Between the two, a person is rather restricted than exposed.

Source: GDPR Art. 21; members from before 2016-08-25 may object (policy profile SEED_2016). An
objection belongs to the account, not to its number.
"""

from __future__ import annotations

import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from schema.purposes import OBJECTABLE, Purpose

if TYPE_CHECKING:
    from resolvers.stores import Connection

TERMS_OF_2016 = datetime.datetime(2016, 8, 25, tzinfo=datetime.UTC)
TERMS_VERSION = "2016-08-25"
_LOCK = 0x0B1EC7

_FOLD = """
SELECT DISTINCT ON (account_id, purpose) account_id, purpose, kind
FROM control.objection_event, unnest(purposes) AS purpose
WHERE $1::bigint IS NULL OR account_id = $1
ORDER BY account_id, purpose, id DESC
"""
_EVENT = """
INSERT INTO control.objection_event (account_id, kind, purposes, channel, terms_version)
VALUES ($1, $2, $3, $4, $5)
"""
_RESTRICT = {
    "social": """
        INSERT INTO social.restriction (messenger_id, purposes) VALUES ($1, $2)
        ON CONFLICT (messenger_id) DO UPDATE SET purposes = excluded.purposes
        WHERE restriction.purposes <> excluded.purposes
    """,
    "messenger": """
        INSERT INTO messenger.restriction (account_id, purposes)
        SELECT id, $2 FROM messenger.account WHERE id = $1
        ON CONFLICT (account_id) DO UPDATE SET purposes = excluded.purposes
        WHERE restriction.purposes <> excluded.purposes
    """,
}
_IN_STORE = {
    "social": "SELECT messenger_id AS account, purposes FROM social.restriction",
    "messenger": "SELECT account_id AS account, purposes FROM messenger.restriction",
}


class Outcome(StrEnum):
    """What became of a wish to object or to withdraw."""

    RECORDED = "RECORDED"
    WITHDRAWN = "WITHDRAWN"
    ALREADY_OBJECTED = "ALREADY_OBJECTED"
    NOT_OBJECTED = "NOT_OBJECTED"
    NOT_ELIGIBLE_NEW_MEMBER = "NOT_ELIGIBLE_NEW_MEMBER"
    UNKNOWN_ACCOUNT = "UNKNOWN_ACCOUNT"


async def record(
    control: Connection,
    messenger: Connection,
    social: Connection,
    account_id: int,
    purposes: frozenset[Purpose],
    channel: str,
    terms_version: str = TERMS_VERSION,
) -> Outcome:
    """Record one person's objection to these purposes; when it returns it binds in both stores.

    Safe to repeat: ALREADY_OBJECTED, after making sure of the stores. ValueError for a purpose that
    nobody may object to. Any other exception means *unknown*: repeat the call.
    """
    _check(purposes)
    registered_at = await messenger.fetchval(
        "SELECT registered_at FROM messenger.account WHERE id = $1", account_id
    )
    if registered_at is None:
        return Outcome.UNKNOWN_ACCOUNT
    if registered_at >= TERMS_OF_2016:
        return Outcome.NOT_ELIGIBLE_NEW_MEMBER
    wanted = _bits(purposes)
    async with control.transaction():
        await _lock(control, account_id)
        known = await _in_force(control, account_id) & wanted == wanted
        if not known:
            await control.execute(_EVENT, account_id, "OBJECT", _names(purposes), channel, terms_version)
    await _write(control, {"social": social, "messenger": messenger}, account_id)
    return Outcome.ALREADY_OBJECTED if known else Outcome.RECORDED


async def withdraw(
    control: Connection,
    messenger: Connection,
    social: Connection,
    account_id: int,
    purposes: frozenset[Purpose],
    channel: str,
    terms_version: str = TERMS_VERSION,
) -> Outcome:
    """Withdraw one person's objection to these purposes: their data is open again from then on.

    Safe to repeat: NOT_OBJECTED, after making sure of the stores. Errors as of `record`.
    """
    _check(purposes)
    async with control.transaction():
        await _lock(control, account_id)
        objected = bool(await _in_force(control, account_id) & _bits(purposes))
        if objected:
            await control.execute(_EVENT, account_id, "WITHDRAW", _names(purposes), channel, terms_version)
    await _write(control, {"messenger": messenger, "social": social}, account_id)
    return Outcome.WITHDRAWN if objected else Outcome.NOT_OBJECTED


async def recover(control: Connection, messenger: Connection, social: Connection) -> int:
    """Make both stores hold the fold of all events; how many accounts had to be corrected.

    An account that a store restricts without any event is left as it is: restricted.
    """
    fold = await _folds(control)
    stores = {"social": social, "messenger": messenger}
    differing: set[int] = set()
    for name, connection in stores.items():
        there = {row["account"]: row["purposes"] for row in await connection.fetch(_IN_STORE[name])}
        differing |= {account for account, bits in fold.items() if there.get(account, 0) != bits}
    existing = await messenger.fetch(
        "SELECT id FROM messenger.account WHERE id = ANY($1::bigint[])", list(differing)
    )
    for row in existing:
        await _write(control, stores, row["id"])
    return len(existing)


async def _write(control: Connection, stores: dict[str, Connection], account_id: int) -> None:
    """Write the account's fold into the stores, in their order; serialised by the account's lock."""
    async with control.transaction():
        await _lock(control, account_id)
        bits = await _in_force(control, account_id)
        for name, connection in stores.items():
            await connection.execute(_RESTRICT[name], account_id, bits)


async def _lock(control: Connection, account_id: int) -> None:
    await control.execute("SELECT pg_advisory_xact_lock(hashint8extended($1, $2))", account_id, _LOCK)


async def _in_force(control: Connection, account_id: int) -> int:
    return (await _folds(control, account_id)).get(account_id, 0)


async def _folds(control: Connection, account_id: int | None = None) -> dict[int, int]:
    """Account → bits in force, from the events in the order of their numbers."""
    folds: dict[int, int] = {}
    for row in await control.fetch(_FOLD, account_id):
        bit = OBJECTABLE[Purpose(row["purpose"])] if row["kind"] == "OBJECT" else 0
        folds[row["account_id"]] = folds.get(row["account_id"], 0) | bit
    return folds


def _check(purposes: frozenset[Purpose]) -> None:
    if not purposes or not purposes <= OBJECTABLE.keys():
        raise ValueError("an objection names ads, friend suggestions, or both")


def _bits(purposes: frozenset[Purpose]) -> int:
    return sum(OBJECTABLE[purpose] for purpose in purposes)


def _names(purposes: frozenset[Purpose]) -> list[str]:
    return [purpose.value for purpose in OBJECTABLE if purpose in purposes]
