"""Random ledger identifiers for people: looked up or drawn once, then cached in memory.

A draw and the event that commits to it (`commitments.py`) are one transaction. `cover_people` commits once to
the references of before.
"""

from __future__ import annotations

import secrets
import struct
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from gateway.control.group_commit import GroupCommit
from gateway.ledger.chain import Signed, Signer
from gateway.ledger.commitments import (
    ADD_EVENT,
    EventKind,
    PeopleStream,
    commitment,
    new_salts,
)
from resolvers.run.people import Who
from resolvers.stores.pool import StoreLogin, StoreUnavailable
from resolvers.stores.serial_connection import SerialConnection, columns

# Bounds the memory: 100 bytes each. A reference that is no longer cached is looked up again.
MAX_CACHED = 200_000
# After a look-up the reference is cached, unless the cache was cleared in between.
LOOK_UPS = 3
# Two gateways may draw for the same account at once: one of them draws again, without it.
DRAWS = 20
ADOPTED_AT_ONCE = 1_000

_FIND = """
SELECT p.store, p.account_id, p.reference::text
FROM unnest($1::text[], $2::bigint[]) AS wanted(store, account_id) JOIN control.ledger_person p
    ON (p.store, p.account_id) = (wanted.store, wanted.account_id)
"""
_DRAW = "SELECT control.draw_references($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
_COVERED = "SELECT EXISTS (SELECT FROM control.ledger_reference WHERE kind = 'COVERED')"
_KNOWN = """
SELECT store, account_id, reference, salt FROM control.ledger_person WHERE reference > $1
ORDER BY reference LIMIT $2
"""
_BEHIND = "SELECT person, account_id FROM control.pseudonym WHERE person = ANY($1::text[])"


Publish = Callable[[Signed], None]


class References:
    """The ledger's references for people, cached for one process."""

    def __init__(
        self,
        login: StoreLogin,
        signer: Signer,
        now: Callable[[], datetime],
        *,
        publish: Publish = lambda _: None,
    ) -> None:
        self._connection = SerialConnection(login)
        self._signer, self._now, self._publish = signer, now, publish
        self._stream = PeopleStream(signer)
        self._known: dict[Who, dict[str, str]] = {who: {} for who in Who}
        self._forgotten = 0
        self._look_ups: GroupCommit[Sequence[tuple[Who, str]]] = GroupCommit(self._look_up)

    def known(self, who: Who, keys: Sequence[str]) -> list[str] | None:
        """Their references, in order, if all of them are cached; None otherwise."""
        found = list(map(self._known[who].get, keys))
        return None if None in found else found  # type: ignore[return-value]

    async def of(self, who: Who, keys: Sequence[str]) -> list[str]:
        """Their references, in order. StoreUnavailable if they cannot be read."""
        for _ in range(LOOK_UPS):
            found = self.known(who, keys)
            if found is not None:
                return found
            await self._look_ups.submit([(who, key) for key in keys if key not in self._known[who]])
        raise StoreUnavailable

    async def _look_up(self, asked: list[Sequence[tuple[Who, str]]]) -> None:
        wanted = {each for several in asked for each in several}
        if sum(map(len, self._known.values())) > MAX_CACHED:
            self._known = {who: {} for who in Who}
        accounts: dict[tuple[str, int], list[tuple[Who, str]]] = {}
        for who, key in wanted:
            if who is Who.REFERENCE:
                self._known[who][key] = key
        pseudonyms = [key for who, key in wanted if who is Who.PSEUDONYM]
        if pseudonyms:
            for person, account_id in await self._connection.run(_BEHIND, pseudonyms):
                accounts.setdefault((Who.MESSENGER, account_id), []).append((Who.PSEUDONYM, person))
        for who, key in wanted:
            if who in {Who.MESSENGER, Who.SOCIAL}:
                accounts.setdefault((who, int(key)), []).append((who, key))
        for store, account_id, reference in await self._drawn(sorted(accounts)):
            for who, key in accounts[store, account_id]:
                self._known[who][key] = reference

    async def _drawn(self, accounts: Sequence[tuple[str, int]]) -> Sequence[Any]:
        """(store, account, reference) of all. An account without a reference gets one now."""
        for _ in range(DRAWS):
            found = await self._connection.run(_FIND, *columns(accounts, 2))
            there = {(row[0], row[1]) for row in found}
            # In order: two gateways that draw for the same people would otherwise wait for each other.
            lacking = [each for each in accounts if each not in there]
            if not lacking:
                return found
            # Another gateway may have drawn first: only the reference in the table counts.
            await self._draw(lacking)
        raise StoreUnavailable

    async def _draw(self, accounts: Sequence[tuple[str, int]]) -> None:
        """Draw for all of these accounts; for none if another gateway drew for one of them."""
        count = len(accounts)
        lots = [lot >> 1 for lot in struct.unpack(f"{count}Q", secrets.token_bytes(8 * count))]
        salts = new_salts(count)
        commitments = [
            commitment(salt, store, account_id, reference=lot)
            for salt, (store, account_id), lot in zip(salts, accounts, lots, strict=True)
        ]
        event = self._stream.next(EventKind.DRAWN, self._now(), lots, commitments=commitments)
        stream, number, at, *_ = event
        try:
            ((drawn,),) = await self._connection.run(
                _DRAW, *columns(accounts, 2), lots, salts,
                stream, number, at, event.commitments, event.hash, event.signature,
            )  # fmt: skip
        except BaseException:
            # It is unknown whether it was written: another event in this stream could break its chain.
            self._stream = PeopleStream(self._signer)
            raise
        if drawn:
            self._stream.keep(event)
            self._publish(event.signed)

    def keep_up(self, forgotten: int) -> None:
        """Clear the cache if people were forgotten since the last call: their references lead nowhere now."""
        if forgotten != self._forgotten:
            self._known = {who: {} for who in Who}
            self._forgotten = forgotten

    async def close(self) -> None:
        """Close the connection once all look-ups are done."""
        await self._look_ups.idle()
        self._connection.close()


async def cover_people(
    login: StoreLogin, signer: Signer, now: Callable[[], datetime], *, publish: Publish = lambda _: None
) -> int:
    """Commit once to the references that are older than commitments; return their number.

    From then on verification demands a commitment for each reference. Safe to repeat, and to cut off: it
    begins again then, and a commitment that is written twice is the same. StoreUnavailable if it cannot be
    written.
    """
    connection = SerialConnection(login)
    stream, adopted = PeopleStream(signer), 0
    try:
        ((covered,),) = await connection.run(_COVERED)
        if covered:
            return 0
        last = -1
        while rows := await connection.run(_KNOWN, last, ADOPTED_AT_ONCE):
            last = rows[-1][2]
            commitments = [commitment(row[3], row[0], row[1], reference=row[2]) for row in rows]
            references = [row[2] for row in rows]
            event = stream.next(EventKind.ADOPTED, now(), references, commitments=commitments)
            await connection.run(ADD_EVENT, *event)
            stream.keep(event)
            adopted += len(rows)
        event = stream.next(EventKind.COVERED, now())
        await connection.run(ADD_EVENT, *event)
        publish(event.signed)
        return adopted
    finally:
        connection.close()
