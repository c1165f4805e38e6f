"""Random ledger identifiers for people: looked up or drawn once, then cached in memory."""

from __future__ import annotations

import secrets
import struct
from collections.abc import Sequence
from typing import Any

from gateway.control.group_commit import GroupCommit
from resolvers.run.people import Who
from resolvers.stores.pool import StoreLogin, StoreUnavailable
from resolvers.stores.serial_connection import SerialConnection, columns

# Bounds the memory: 100 bytes each. A reference that is no longer cached is looked up again.
MAX_CACHED = 200_000
# After a look-up the reference is cached, unless the cache was cleared in between.
LOOK_UPS = 3

_FIND = """
SELECT p.store, p.account_id, p.reference::text
FROM unnest($1::text[], $2::bigint[]) AS wanted(store, account_id) JOIN control.ledger_person p
    ON (p.store, p.account_id) = (wanted.store, wanted.account_id)
"""
_DRAW = """
INSERT INTO control.ledger_person (store, account_id, reference)
SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[])
ON CONFLICT DO NOTHING
"""
_BEHIND = "SELECT person, account_id FROM control.pseudonym WHERE person = ANY($1::text[])"


class References:
    """The ledger's references for people, cached for one process."""

    def __init__(self, login: StoreLogin) -> None:
        self._connection = SerialConnection(login)
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
        found = await self._connection.run(_FIND, *columns(accounts, 2))
        there = {(row[0], row[1]) for row in found}
        # In order: two gateways that draw for the same people would otherwise wait for each other.
        lacking = [each for each in accounts if each not in there]
        if not lacking:
            return found
        lots = [lot >> 1 for lot in struct.unpack(f"{len(lacking)}Q", secrets.token_bytes(8 * len(lacking)))]
        await self._connection.run(_DRAW, *columns(lacking, 2), lots)
        # Another gateway may have drawn first: only the reference in the table counts.
        return await self._connection.run(_FIND, *columns(accounts, 2))

    def keep_up(self, forgotten: int) -> None:
        """Clear the cache if people were forgotten since the last call: their references lead nowhere now."""
        if forgotten != self._forgotten:
            self._known = {who: {} for who in Who}
            self._forgotten = forgotten

    async def close(self) -> None:
        """Close the connection once all look-ups are done."""
        await self._look_ups.idle()
        self._connection.close()
