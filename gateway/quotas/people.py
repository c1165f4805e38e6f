"""The people whose data a client may receive in an hour, counted in `control` for all processes together.

Each process remembers which people a client has received this hour. It charges only the others to the
store, so it asks the store at most once an hour for each person. A client never receives more people than
its quota. People hidden from a client are in no answer, so they never count.
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from gateway.control.group_commit import GroupCommit
from gateway.quotas.table import Quota
from resolvers.stores.pool import StoreLogin, StoreUnavailable
from resolvers.stores.serial_connection import SerialConnection, columns
from schema.purposes import ABOUT, PrincipalKind, Purpose
from schema.refusals import Code, Refusal

log = logging.getLogger("gateway.quotas.people")

# Bounds the memory: 100 bytes each. A person forgotten here is still counted only once in the store.
MOST_CHARGED = 1_000_000
# No one can collect people under these: a subject's token sees one person, and audit sees no account.
UNCOUNTED = frozenset(
    {purpose for purpose in Purpose if ABOUT[purpose].principal is PrincipalKind.SUBJECT} | {Purpose.AUDIT}
)

# In the order of the clients: two processes may wait for each other, but they never deadlock.
_CHARGE = """
SELECT t.place, control.meet_people(t.client, t.people::bigint[], t.per_hour)
FROM (SELECT * FROM unnest($1::integer[], $2::text[], $3::text[], $4::integer[])
      AS t(place, client, people, per_hour) ORDER BY client, place) t
"""


@dataclass(slots=True)
class _Charge:
    """New people of one client. `granted`: whether its quota had room for them."""

    client: str
    people: Sequence[str]
    granted: bool = False


_NO_PEOPLE: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Hour:
    """The people charged in one hour, by client. `warned`: clients whose full quota is in the log."""

    number: int = 0
    people: dict[str, set[str]] = field(default_factory=dict)
    size: int = 0
    warned: set[str] = field(default_factory=set)


class PeopleQuota:
    """Charges people to clients, for one process. `quota_of` returns each client's quota."""

    def __init__(self, login: StoreLogin, quota_of: Callable[[str], Quota]) -> None:
        self._quota_of = quota_of
        self._connection = SerialConnection(login)
        self._charges: GroupCommit[_Charge] = GroupCommit(self._charge_all)
        self._hour = _Hour()

    def is_charged(self, client: str, purpose: Purpose, people: Sequence[str]) -> bool:
        """True if the store need not be asked: all were charged this hour, or the purpose is not counted.

        The usual case in one call: a loop over a hundred people takes ten times as long.
        """
        if not people or purpose in UNCOUNTED:
            return True
        return self._this_hour().people.get(client, _NO_PEOPLE).issuperset(people)

    async def charge(self, client: str, purpose: Purpose, people: Sequence[str]) -> None:
        """Charge these people (references of the ledger) to the client's hourly quota.

        Refuses with TOO_MANY_PEOPLE, and then charges none of them, or with STORE_UNAVAILABLE.
        """
        if self.is_charged(client, purpose, people):
            return
        hour = self._this_hour()
        known = hour.people.get(client, _NO_PEOPLE)
        new = [each for each in people if each not in known]
        charge = _Charge(client, list(dict.fromkeys(new)))
        try:
            await self._charges.submit(charge)
        except StoreUnavailable:
            raise Refusal(Code.STORE_UNAVAILABLE) from None
        if not charge.granted:
            if client not in hour.warned:
                hour.warned.add(client)
                log.warning("A client has used its quota of people for this hour.", extra={"client": client})
            raise Refusal(Code.TOO_MANY_PEOPLE, retry_after_s=_seconds_to_next_hour())
        hour.people.setdefault(client, set()).update(new)
        hour.size += len(new)

    def _this_hour(self) -> _Hour:
        number = int(time.time()) // 3_600
        if self._hour.number != number or self._hour.size > MOST_CHARGED:
            self._hour = _Hour(number)
        return self._hour

    async def _charge_all(self, charges: list[_Charge]) -> None:
        rows = [
            (place, each.client, f"{{{','.join(each.people)}}}", self._quota_of(each.client).people_per_hour)
            for place, each in enumerate(charges)
        ]
        for place, granted in await self._connection.run(_CHARGE, *columns(rows, 4)):
            charges[place].granted = granted

    async def close(self) -> None:
        """Close the connection once no charge waits."""
        await self._charges.idle()
        self._connection.close()


def _seconds_to_next_hour() -> int:
    return 3_600 - int(time.time()) % 3_600


@asynccontextmanager
async def open_people_quota(
    login: StoreLogin, quota_of: Callable[[str], Quota]
) -> AsyncIterator[PeopleQuota]:
    """The people quota of one process, while the block runs."""
    people = PeopleQuota(login, quota_of)
    try:
        yield people
    finally:
        await people.close()
