"""Whether a client may ask now: its requests a second, how many at once, of how many people in an hour.

Kept to by all processes and machines together, through `control`, and asked of it seldom: a process takes
requests out of the client's bucket many at a time, as many as it used in a tenth of a second, and holds as
many places as were taken lately. So the usual request passes by two look-ups in memory. Of people each
process remembers whom a client was told of this hour, and only whoever is new is counted in the store: at
most once an hour and process, and never more than the client may meet.

All of it is exact but in the client's disfavour: what a process took and did not use within a second is
lost to the client, and a place is free again a quarter of a second after it was left (10 s after its process
died). Nothing of it depends on what the client may not see: people who are hidden from it are in no answer.

Rejected: to ask a store at each request. A counter behind Valkey's protocol (with Redis 7, valkey-py, 16 at
once) takes 0.030 ms of the gateway's CPU, `take_quota` the same and 0.19 ms of Postgres; a whole request
takes 0.11. Taken many at a time, it does not matter which of the two keeps the bucket: so it is the one that
is there. What is left of the cost is within the noise (`make bench`: 0.99 and 0.97 of the requests a second).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from gateway.control.group_commit import GroupCommit
from gateway.quotas.table import Quota
from resolvers.sources.catalogue import Store
from resolvers.stores.pool import StoreLogin, StoreUnavailable
from resolvers.stores.serial_connection import SerialConnection, columns
from resolvers.universe.roles import QUOTAS
from schema.purposes import ABOUT, PrincipalKind, Purpose
from schema.refusals import Code, Refusal

if TYPE_CHECKING:
    from gateway.settings import Settings

log = logging.getLogger("gateway.quotas.admission")

# What was taken and not used by then is lost, so that it cannot be used beside a full bucket.
STOCK_SECONDS = 1.0
# How often what is taken at a time is fitted to what is used, at the most and at the least.
SOON_SECONDS, LATE_SECONDS = 0.1, 0.5
# How long whoever was refused is refused without asking again.
CLOSED_SECONDS = 0.02
PLACES_SECONDS = 0.25
# One place in so many is held without being needed yet.
SPARE = 16
RENEW_SECONDS = 3.0
# How long the places of a process that died stay taken.
LASTS = timedelta(seconds=10)
# Bounds the memory: 100 bytes each. Whoever is forgotten here is counted once in the store all the same.
MOST_CHARGED = 1_000_000
# Under these nobody can gather people: a token of the first sees one person, audit sees no one's account.
UNCOUNTED = frozenset(
    {purpose for purpose in Purpose if ABOUT[purpose].principal is PrincipalKind.SUBJECT} | {Purpose.AUDIT}
)

# In the order of the clients: two processes then wait for each other, and never in a circle.
_TAKE = """
SELECT t.client, taken.requests, taken.held
FROM (SELECT * FROM unnest($2::text[], $3::integer[], $4::integer[], $5::integer[], $6::integer[])
      AS t(client, wanted, per_second, places, at_once) ORDER BY client) t,
     control.take_quota(t.client, $1, t.wanted, t.per_second, t.places, t.at_once, $7) taken
"""
_CHARGE = """
SELECT t.place, control.meet_people(t.client, t.people::bigint[], t.per_hour)
FROM (SELECT * FROM unnest($1::integer[], $2::text[], $3::text[], $4::integer[])
      AS t(place, client, people, per_hour) ORDER BY client, place) t
"""

# Client, requests wanted, its requests a second, places wanted, its places.
_Row = tuple[str, int, int, int, int]


@dataclass(slots=True)
class _Client:
    """What this process has of one client's quota, and what it uses."""

    stock: int = 0
    stocked_at: float = 0.0
    at_a_time: int = 0
    places: int = 0
    inside: int = 0
    most_inside: int = 0
    renewed_at: float = 0.0
    refused: Code | None = None
    refused_until: float = 0.0

    def enter(self, now: float) -> bool:
        """Take a request and a place, if there are both."""
        if self.stock <= 0 or self.inside >= self.places or now - self.stocked_at > STOCK_SECONDS:
            return False
        self.stock -= 1
        self.inside += 1
        if self.inside > self.most_inside:
            self.most_inside = self.inside
        return True

    def fit(self, now: float, most: int) -> None:
        """Take more at a time if what was taken did not last, and less if it lasted."""
        lasted = now - self.stocked_at
        if lasted < SOON_SECONDS:
            self.at_a_time = min(2 * self.at_a_time + 1, most)
        elif lasted > LATE_SECONDS:
            self.at_a_time //= 2


@dataclass(slots=True)
class _Waiter:
    """One request that waits to be let in. `code`: why it was not; `gone`: it waits no more."""

    client: str
    code: Code | None = None
    inside: bool = False
    gone: bool = False


@dataclass(slots=True)
class _Charge:
    """People of whom a client is to be told. `granted` once it may."""

    client: str
    people: Sequence[str]
    granted: bool = False


_NOBODY: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Charged:
    """Whom the clients were told of in one hour. `told`: of which clients the log says that it was enough."""

    hour: int = 0
    people: dict[str, set[str]] = field(default_factory=dict)
    size: int = 0
    told: set[str] = field(default_factory=set)


class Admission:
    """Lets requests in, for one process. `quota_of`: each client's; `process`: eight bytes of its own."""

    def __init__(
        self,
        login: StoreLogin,
        quota_of: Callable[[str], Quota],
        process: bytes,
        monotonic: Callable[[], float],
    ) -> None:
        self._quota_of, self._process, self._monotonic = quota_of, process, monotonic
        self._clients: dict[str, _Client] = {}
        self._connection, self._people_connection = SerialConnection(login), SerialConnection(login)
        self._waiters: GroupCommit[_Waiter | None] = GroupCommit(self._let_in)
        self._charges: GroupCommit[_Charge] = GroupCommit(self._charge_all)
        self._met = _Charged()

    # --- requests and places ------------------------------------------------------------------------

    def enter_now(self, client: str) -> bool:
        """Let a request in without asking anybody, if that can be; `leave` must follow then."""
        known = self._clients.get(client)
        return known is not None and known.enter(self._monotonic())

    async def enter(self, client: str) -> None:
        """Let a request in; `leave` must follow.

        Refuses with TOO_MANY_REQUESTS, TOO_MANY_AT_ONCE, or STORE_UNAVAILABLE if that cannot be known.
        """
        known = self._clients.get(client)
        if known is not None and known.refused is not None and self._monotonic() < known.refused_until:
            raise Refusal(known.refused)
        wish = _Waiter(client)
        try:
            await self._waiters.submit(wish)
        except StoreUnavailable:
            raise Refusal(Code.STORE_UNAVAILABLE) from None
        except BaseException:
            wish.gone = True
            if wish.inside:
                self.leave(client)
            raise
        if wish.code is not None:
            raise Refusal(wish.code)

    def leave(self, client: str) -> None:
        """The request has its answer."""
        self._clients[client].inside -= 1

    @asynccontextmanager
    async def place(self, client: str) -> AsyncIterator[None]:
        """Let a request in for the time of the block. Refuses as `enter` does."""
        if not self.enter_now(client):
            await self.enter(client)
        try:
            yield
        finally:
            self.leave(client)

    async def _let_in(self, asked: list[_Waiter | None]) -> None:
        """Take what these need, and a little more, and let in whom it is enough for; None: fit all places."""
        wishes = [wish for wish in asked if wish is not None]
        waiting = Counter(wish.client for wish in wishes)
        now = self._monotonic()
        rows = [self._needed(client, count, now) for client, count in waiting.items()]
        if None in asked:
            rows += self._unfitting(waiting.keys(), now)
        if rows:
            await self._take(rows)
        now = self._monotonic()
        for wish in wishes:
            known = self._clients[wish.client]
            if wish.gone:
                continue
            wish.inside = known.enter(now)
            if not wish.inside:
                full = known.inside >= known.places
                wish.code = known.refused = Code.TOO_MANY_AT_ONCE if full else Code.TOO_MANY_REQUESTS
                known.refused_until = now + CLOSED_SECONDS

    def _needed(self, client: str, waiting: int, now: float) -> _Row:
        known = self._clients.setdefault(client, _Client())
        quota = self._quota_of(client)
        known.fit(now, quota.requests_per_second // 10)
        places = known.inside + waiting + quota.at_once // SPARE
        return client, waiting + known.at_a_time, quota.requests_per_second, places, quota.at_once

    def _unfitting(self, besides: Collection[str], now: float) -> list[_Row]:
        """Of the other clients those who hold more places than were taken lately, or hold them for long."""
        rows: list[_Row] = []
        for client, known in list(self._clients.items()):
            if client in besides:
                continue
            quota = self._quota_of(client)
            needed, known.most_inside = known.most_inside, known.inside
            old = now - known.renewed_at > RENEW_SECONDS
            if old and not known.places and not known.inside:
                del self._clients[client]
            elif known.places - needed > quota.at_once // SPARE or (old and known.places):
                rows.append((client, 0, quota.requests_per_second, needed, quota.at_once))
        return rows

    async def _take(self, rows: Sequence[_Row]) -> None:
        taken = await self._connection.run(_TAKE, self._process, *columns(rows, 5), LASTS)
        now = self._monotonic()
        for client, requests, held in taken:
            known = self._clients[client]
            known.places, known.renewed_at = held, now
            if requests:
                # What is left of the time before came out of the same bucket.
                known.stock = requests + (known.stock if now - known.stocked_at <= STOCK_SECONDS else 0)
                known.stocked_at = now

    async def keep_places(self) -> None:
        """Give back places that are not needed and renew those that are, until cancelled."""
        while True:
            await asyncio.sleep(PLACES_SECONDS)
            # If it fails the next turn tries again; without places nobody is let in.
            with suppress(StoreUnavailable):
                await self.fit_places()

    async def fit_places(self) -> None:
        """Hold as many places as were taken since the last time. StoreUnavailable."""
        if self._clients:
            await self._waiters.submit(None)

    # --- people -------------------------------------------------------------------------------------

    def is_charged(self, client: str, purpose: Purpose, people: Sequence[str]) -> bool:
        """Whether nobody need be asked about these: the client was told of them this hour, or need not count.

        The usual case in one call: a loop over a hundred takes ten times as long.
        """
        if not people or purpose in UNCOUNTED:
            return True
        return self._of_this_hour().people.get(client, _NOBODY).issuperset(people)

    async def charge(self, client: str, purpose: Purpose, people: Sequence[str]) -> None:
        """Count that the client is told of these: references of the ledger.

        Refuses with TOO_MANY_PEOPLE, and counts none of them, or STORE_UNAVAILABLE.
        """
        if self.is_charged(client, purpose, people):
            return
        met = self._of_this_hour()
        known = met.people.get(client, _NOBODY)
        new = [each for each in people if each not in known]
        meeting = _Charge(client, list(dict.fromkeys(new)))
        try:
            await self._charges.submit(meeting)
        except StoreUnavailable:
            raise Refusal(Code.STORE_UNAVAILABLE) from None
        if not meeting.granted:
            if client not in met.told:
                met.told.add(client)
                log.warning("A client has met as many people as it may in an hour.", extra={"client": client})
            raise Refusal(Code.TOO_MANY_PEOPLE, retry_after_s=_seconds_to_next_hour())
        met.people.setdefault(client, set()).update(new)
        met.size += len(new)

    def _of_this_hour(self) -> _Charged:
        hour = int(time.time()) // 3_600
        if self._met.hour != hour or self._met.size > MOST_CHARGED:
            self._met = _Charged(hour)
        return self._met

    async def _charge_all(self, meetings: list[_Charge]) -> None:
        rows = [
            (place, each.client, f"{{{','.join(each.people)}}}", self._quota_of(each.client).people_per_hour)
            for place, each in enumerate(meetings)
        ]
        for place, granted in await self._people_connection.run(_CHARGE, *columns(rows, 4)):
            meetings[place].granted = granted

    async def close(self) -> None:
        """Give back all places and close the connections, once nobody waits."""
        await self._waiters.idle()
        await self._charges.idle()
        for known in self._clients.values():
            known.most_inside = known.inside = 0
        # Those that cannot be given back are free when their time is over.
        with suppress(StoreUnavailable):
            await self.fit_places()
        self._connection.close()
        self._people_connection.close()


def _seconds_to_next_hour() -> int:
    return 3_600 - int(time.time()) % 3_600


def quotas_login(settings: Settings) -> StoreLogin:
    """Where what clients use of their quotas is counted."""
    return settings.login(Store.CONTROL, QUOTAS)


def usual_quota(settings: Settings) -> Quota:
    """What every client may ask for unless something else was set for it."""
    return Quota(settings.requests_per_second, settings.requests_at_once, settings.people_per_hour)


@asynccontextmanager
async def open_admission(
    login: StoreLogin, quota_of: Callable[[str], Quota], process: bytes, monotonic: Callable[[], float]
) -> AsyncIterator[Admission]:
    """The admission of one process, while the block runs."""
    admission = Admission(login, quota_of, process, monotonic)
    keeping = asyncio.create_task(admission.keep_places(), name="places")
    try:
        yield admission
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await admission.close()
