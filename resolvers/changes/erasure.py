"""Erases what the gateway keeps about one person, in all three databases (GDPR Art. 17).

The order is the one that works. Unfinished objections are completed first. Then go the person's tokens,
history and pseudonyms, notices and counts; the ledger's link to them comes last, outside this file, because
the counts are kept under its references. Each step is a transaction of its own, finds nothing when it is
repeated, and leaves a state in which every objection binds: so the whole may be cut off anywhere.

An objection in force outlives the person's data. One event stays, with the account's number and the purposes,
without its time, channel or terms: an account that comes back, out of a backup or a nightly load, is
restricted at once (Art. 21). Rejected: a keyed hash of the number instead. A store must know the number when
the row arrives, and a restored store is brought up to date from these events; until the hash of every account
was computed, the data would be open.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from resolvers.changes.objections import in_force
from resolvers.changes.restrictions import Stores, ask, lock_all, purposes_of, settle
from resolvers.stores.pool import transaction

if TYPE_CHECKING:
    from resolvers.plan.principal import Principal
    from resolvers.stores.pool import Connection

# The channel of an event that stays, in place of the one by which the person objected.
ERASED = "erased"

_ERASING = "SET LOCAL gateway.erasing = 'on'"
_SEARCHED = """
SELECT count(*) FROM control.recall_search s JOIN control.objection_event v ON v.id = s.event
WHERE v.account_id = $1
"""
_LEAVE_SEARCH = """
DELETE FROM control.recall_search s USING control.objection_event v WHERE v.id = s.event AND v.account_id = $1
"""
_TOKENS = "DELETE FROM control.token WHERE messenger_id = $1 OR social_id = $2"
_EVENTS = """
DELETE FROM control.objection_event WHERE account_id = $1 AND channel <> $2 AND id <> $3
"""
_NEWEST = "SELECT max(id) FROM control.objection_event WHERE account_id = $1"
_KEEP = """
UPDATE control.objection_event
SET kind = 'OBJECT', purposes = $2, channel = $3, terms_version = '-', recorded_at = $4, effective_at = $4
WHERE id = $1 AND channel <> $3
"""
_STALE = "DELETE FROM control.objection_event WHERE account_id = $1 AND channel = $2 AND id <> $3"
_RECOUNT = "SELECT control.recount_objections()"
_PSEUDONYM = "DELETE FROM {}.pseudonym WHERE account_id = $1"
_NOTICES = """
DELETE FROM control.recall
WHERE (store, account_id) IN (('messenger', $1), ('social', $2)) AND acknowledged_at IS NOT NULL
"""
_OPEN_NOTICES = """
SELECT count(*) FROM control.recall WHERE (store, account_id) IN (('messenger', $1), ('social', $2))
"""
_COUNTED = """
DELETE FROM control.quota_person WHERE reference IN (
    SELECT reference FROM control.ledger_person
    WHERE (store, account_id) IN (('messenger', $1), ('social', $2))
)
"""
_AUDIENCES = "DELETE FROM social.offer_audience WHERE account_id = $1 OR messenger_id = $2"
_EMPTY = {
    "messenger": """
        DELETE FROM messenger.restriction
        WHERE account_id = $1 AND (purposes, coalesce(acknowledged, 0)) = (0, 0)
    """,
    "social": """
        DELETE FROM social.restriction
        WHERE messenger_id = $1 AND (purposes, coalesce(acknowledged, 0)) = (0, 0)
    """,
}
_KEPT = {
    "messenger": "SELECT count(*) FROM messenger.restriction WHERE account_id = $1",
    "social": "SELECT count(*) FROM social.restriction WHERE messenger_id = $1",
}
_ACCOUNT = "SELECT count(*) FROM {}.account WHERE id = $1"


@dataclass(frozen=True)
class Erased:
    """One kind of data: how many of it were erased, how many remain, and why they do."""

    what: str
    erased: int
    remain: int = 0
    why: str = ""


async def still_searched(control: Connection, person: Principal) -> int:
    """How many objections of the person clients are still to be notified of."""
    ((count,),) = await ask(control, _SEARCHED, person.messenger_id)
    return int(count)


async def erase(stores: Stores, person: Principal, now: datetime) -> list[Erased]:
    """Erase what the gateway keeps about the person, except for the ledger's links; see the top of the file.

    `stores`: the owners' connections. Safe to repeat, also after it was cut off anywhere.
    """
    done = []
    if person.messenger_id is not None:
        await settle(stores, [person.messenger_id], now)
    done.append(await _tokens(stores.control, person))
    if person.messenger_id is not None:
        done.append(await _history(stores.control, person.messenger_id, now))
        done.append(await _pseudonyms(stores, person.messenger_id))
    done.append(await _notices(stores.control, person))
    counted = await _run(stores.control, _COUNTED, *_accounts(person))
    done.append(Erased("counts of quotas", counted))
    audiences = await _run(stores.social, _AUDIENCES, person.social_id, person.messenger_id)
    done.append(Erased("audiences of offers", audiences))
    if person.messenger_id is not None:
        done.append(await _restrictions(stores, person.messenger_id))
    done.append(await _in_the_stores(stores, person))
    return done


def _accounts(person: Principal) -> tuple[int | None, int | None]:
    return person.messenger_id, person.social_id


async def _tokens(control: Connection, person: Principal) -> Erased:
    return Erased("tokens bound to them", await _run(control, _TOKENS, *_accounts(person)))


async def _history(control: Connection, account_id: int, now: datetime) -> Erased:
    """Reduce the events to what is in force, and leave the search for clients to be notified."""
    async with _erasing(control):
        # The lock of all members: the digest of all events is counted again below.
        await lock_all(control)
        bits = await in_force(control, account_id)
        newest = await control.fetchval(_NEWEST, account_id) or 0
        await control.execute(_LEAVE_SEARCH, account_id)
        kept = newest if bits else 0
        gone = _count(await control.execute(_EVENTS, account_id, ERASED, kept))
        await control.execute(_STALE, account_id, ERASED, kept)
        if bits:
            day = now.replace(hour=0, minute=0, second=0, microsecond=0)
            names = [purpose.value for purpose in purposes_of(bits)]
            gone += _count(await control.execute(_KEEP, newest, names, ERASED, day))
        await control.execute(_RECOUNT)
    why = "the objection in force: it must bind if the account comes back (Art. 21)" if bits else ""
    return Erased("events of objections", gone, int(bool(bits)), why)


async def _pseudonyms(stores: Stores, account_id: int) -> Erased:
    gone = 0
    for name, store in (("control", stores.control), ("messenger", stores.messenger)):
        async with _erasing(store):
            gone += _count(await store.execute(_PSEUDONYM.format(name), account_id))
    return Erased("pseudonyms", gone)


async def _notices(control: Connection, person: Principal) -> Erased:
    gone = await _run(control, _NOTICES, *_accounts(person))
    ((left,),) = await ask(control, _OPEN_NOTICES, *_accounts(person))
    why = "their clients have not acknowledged them (Art. 19): repeat the command afterwards" if left else ""
    return Erased("notices to clients", gone, left, why)


async def _restrictions(stores: Stores, account_id: int) -> Erased:
    gone = left = 0
    for name, store in (("messenger", stores.messenger), ("social", stores.social)):
        gone += await _run(store, _EMPTY[name], account_id)
        ((kept,),) = await ask(store, _KEPT[name], account_id)
        left += kept
    why = "the account's number and what is restricted, in both stores, so that it binds" if left else ""
    return Erased("restrictions", gone, left, why)


async def _in_the_stores(stores: Stores, person: Principal) -> Erased:
    """The accounts, which belong to their stores' owners."""
    there = 0
    for name, store, number in (
        ("messenger", stores.messenger, person.messenger_id),
        ("social", stores.social, person.social_id),
    ):
        ((count,),) = await ask(store, _ACCOUNT.format(name), number)
        there += count
    why = "their stores' owners delete them; then repeat the command" if there else ""
    return Erased("accounts in the stores", 0, there, why)


async def _run(connection: Connection, sql: str, *arguments: int | None) -> int:
    async with transaction(connection):
        return _count(await connection.execute(sql, *arguments))


def _count(status: str) -> int:
    """The number of rows in a command's status, such as ``DELETE 3``."""
    return int(status.rpartition(" ")[2])


@asynccontextmanager
async def _erasing(connection: Connection) -> AsyncIterator[None]:
    """A transaction that may delete what is otherwise never rewritten."""
    async with transaction(connection):
        await connection.execute(_ERASING)
        yield
