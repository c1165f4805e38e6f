"""Drops old entries, deletes the link between a person and their entries, and indexes closed days.

A day's entries are dropped as a whole. Before that the gateway signs each stream's last dropped entry
(`chain.CUT`): so verification distinguishes entries dropped on purpose from entries that were removed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from gateway.ledger.chain import CUT, Signed, Signer, StreamHead
from gateway.ledger.commitments import ADD_EVENT, EventKind, PeopleStream
from resolvers.stores.pool import connect_role, transaction

if TYPE_CHECKING:
    from gateway.settings import Settings
    from resolvers.plan.principal import Principal
    from resolvers.stores.pool import Connection, StoreLogin

_DAYS = """
SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'control.ledger_entry'::regclass AND c.relname < 'ledger_entry_' || $1 ORDER BY c.relname
"""
_LAST = """
SELECT DISTINCT ON (stream) stream, number, at, hash FROM control.ledger_entry WHERE at < $1
ORDER BY stream, number DESC
"""
_CUT = """
INSERT INTO control.ledger_cut (stream, number, at, hash, signature) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING
"""
_FORGET = """
DELETE FROM control.ledger_person
WHERE (store, account_id) IN (('messenger', $1), ('social', $2)) RETURNING reference
"""


class TooLate(ValueError):
    """The day is not over: entries of today and later cannot be dropped."""


async def drop_before(control: Connection, signer: Signer, day: date) -> list[str]:
    """Drop the entries of all days before `day`; return these days, oldest first.

    Safe to repeat, even after a crash between signing and dropping. TooLate if `day` is in the future.
    """
    if day > datetime.now(UTC).date():
        raise TooLate
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    async with transaction(control):
        tables = [row[0] for row in await control.fetch(_DAYS, f"{day:%Y%m%d}")]
        for row in await control.fetch(_LAST, midnight):
            head = StreamHead(stream=row["stream"], number=row["number"], at=row["at"], hash=row["hash"])
            await control.execute(_CUT, *head, signer.sign(CUT, head))
        for table in tables:
            await control.execute(f"DROP TABLE control.{table}")
    return [f"{table[-8:-4]}-{table[-4:-2]}-{table[-2:]}" for table in tables]


async def forget(
    control: Connection,
    signer: Signer,
    person: Principal,
    *,
    reason: str,
    publish: Callable[[Signed], None] = lambda _: None,
) -> int:
    """Delete the link between a person's accounts and their entries, and record that; count the accounts.

    The entries and their proof stay, and a signed event with the reason: without it, verification would
    report the people as removed. The salts of their commitments are gone, so nothing leads back. Running
    gateways notice when they next sign. Entries that they write until then carry the old reference, which
    leads to no account. `publish` gets the signed head of the event.
    """
    async with transaction(control):
        gone = [row[0] for row in await control.fetch(_FORGET, person.messenger_id, person.social_id)]
        if gone:
            event = PeopleStream(signer).next(EventKind.ERASED, datetime.now(UTC), gone, reason=reason)
            await control.execute(ADD_EVENT, *event)
        await control.execute("UPDATE control.ledger_forgotten SET forgotten = forgotten + $1", len(gone))
    if gone:
        publish(event.signed)
    return len(gone)


async def index_closed_days(login: StoreLogin) -> int:
    """Index the closed days that have no index yet; return their number. It may take minutes."""
    connection = await connect_role(login)
    try:
        async with transaction(connection):
            await connection.execute("SET LOCAL statement_timeout = 0")
            return int(await connection.fetchval("SELECT control.index_ledger()"))
    finally:
        connection.terminate()


def signer_of(settings: Settings) -> Signer:
    """The signer of this deployment."""
    return Signer(settings.key("ledger"))
