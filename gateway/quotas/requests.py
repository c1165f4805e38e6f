"""Requests a second and places at once: whether a client may send a request now.

All processes and machines share each client's quota through `control`, but they ask it rarely. A process
takes requests out of the client's bucket many at a time: as many as it used in a tenth of a second. It holds
as many places as requests were under way lately. So the usual request needs two look-ups in memory.

The count is exact, or wrong only to the client's disadvantage. Requests that a process took and did not use
within a second are lost to the client. A place is free again a quarter of a second after its request ended,
or 10 s after its process died.

Rejected: asking a store for each request. A counter behind Valkey's protocol (with Redis 7, valkey-py, 16 at
once) takes 0.030 ms of the gateway's CPU; `take_quota` takes the same and 0.19 ms of Postgres; a whole
request takes 0.11. When requests are taken many at a time, the kind of store that keeps the bucket does not
matter, so the gateway uses the one that it has. The remaining cost is within the noise (`make bench`: 0.99
and 0.97 of the requests a second).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

from gateway.control.group_commit import GroupCommit
from gateway.quotas.table import Quota
from resolvers.stores.pool import StoreLogin, StoreUnavailable
from resolvers.stores.serial_connection import SerialConnection, columns
from schema.refusals import Code, Refusal

# Requests taken and not used for so long are lost, so that they are not used beside a full bucket.
STOCK_SECONDS = 1.0
# Stock that lasts less than the first is doubled; stock that lasts more than the second is halved.
SOON_SECONDS, LATE_SECONDS = 0.1, 0.5
# For so long a refused client is refused without asking again.
CLOSED_SECONDS = 0.02
PLACES_SECONDS = 0.25
# A process holds one spare place for each so many in the quota.
SPARE = 16
RENEW_SECONDS = 3.0
# For so long the places of a process that died stay taken.
LASTS = timedelta(seconds=10)

# In the order of the clients: two processes may wait for each other, but they never deadlock.
_TAKE = """
SELECT t.client, taken.requests, taken.held
FROM (SELECT * FROM unnest($2::text[], $3::integer[], $4::integer[], $5::integer[], $6::integer[])
      AS t(client, wanted, per_second, places, at_once) ORDER BY client) t,
     control.take_quota(t.client, $1, t.wanted, t.per_second, t.places, t.at_once, $7) taken
"""

# Client, requests wanted, its requests a second, places wanted, its places.
_Row = tuple[str, int, int, int, int]


@dataclass(slots=True)
class _Share:
    """One process' share of a client's quota, and how much of it is in use.

    `stock`: requests taken from the bucket; `at_a_time`: how many more it takes each time. `inside`:
    requests under way; `most_inside`: the most of them since places were last fitted.
    """

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
        """Take a request and a place; False if one of them is missing."""
        if self.stock <= 0 or self.inside >= self.places or now - self.stocked_at > STOCK_SECONDS:
            return False
        self.stock -= 1
        self.inside += 1
        if self.inside > self.most_inside:
            self.most_inside = self.inside
        return True

    def fit(self, now: float, most: int) -> None:
        """Take more at a time if the stock did not last, and less if it lasted long."""
        lasted = now - self.stocked_at
        if lasted < SOON_SECONDS:
            self.at_a_time = min(2 * self.at_a_time + 1, most)
        elif lasted > LATE_SECONDS:
            self.at_a_time //= 2


@dataclass(slots=True)
class _Waiter:
    """One request that waits for admission. `code`: why it is refused; `gone`: it no longer waits."""

    client: str
    code: Code | None = None
    inside: bool = False
    gone: bool = False


class Admission:
    """Admits requests, for one process.

    `quota_of` returns each client's quota. `process`: eight bytes that no other process has.
    """

    def __init__(
        self,
        login: StoreLogin,
        quota_of: Callable[[str], Quota],
        *,
        process: bytes,
        monotonic: Callable[[], float],
    ) -> None:
        self._quota_of, self._process, self._monotonic = quota_of, process, monotonic
        self._shares: dict[str, _Share] = {}
        self._connection = SerialConnection(login)
        self._waiters: GroupCommit[_Waiter | None] = GroupCommit(self._admit)

    async def enter(self, client: str) -> None:
        """Admit one request; the caller must call `leave` once it is answered.

        Refuses with TOO_MANY_REQUESTS or TOO_MANY_AT_ONCE; STORE_UNAVAILABLE if the quota cannot be read.
        """
        share = self._shares.get(client)
        if share is not None:
            now = self._monotonic()
            if share.enter(now):
                return
            if share.refused is not None and now < share.refused_until:
                raise Refusal(share.refused)
        await self._wait(_Waiter(client))

    async def _wait(self, waiter: _Waiter) -> None:
        try:
            await self._waiters.submit(waiter)
        except StoreUnavailable:
            raise Refusal(Code.STORE_UNAVAILABLE) from None
        except BaseException:
            waiter.gone = True
            if waiter.inside:
                self.leave(waiter.client)
            raise
        if waiter.code is not None:
            raise Refusal(waiter.code)

    def leave(self, client: str) -> None:
        """Give back the place of a request that is answered."""
        self._shares[client].inside -= 1

    @asynccontextmanager
    async def place(self, client: str) -> AsyncIterator[None]:
        """Admit a request for the time of the block. Refuses as `enter` does."""
        await self.enter(client)
        try:
            yield
        finally:
            self.leave(client)

    async def _admit(self, batch: list[_Waiter | None]) -> None:
        """Take what these waiters need and a little more, and admit as many as it allows.

        An item None asks that all clients' places be fitted to their use.
        """
        waiters = [waiter for waiter in batch if waiter is not None]
        waiting = Counter(waiter.client for waiter in waiters)
        now = self._monotonic()
        rows = [self._needed(client, count, now) for client, count in waiting.items()]
        if None in batch:
            rows += self._unfitting(waiting.keys(), now)
        if rows:
            await self._take(rows)
        now = self._monotonic()
        for waiter in waiters:
            share = self._shares[waiter.client]
            if waiter.gone:
                continue
            waiter.inside = share.enter(now)
            if not waiter.inside:
                full = share.inside >= share.places
                waiter.code = share.refused = Code.TOO_MANY_AT_ONCE if full else Code.TOO_MANY_REQUESTS
                share.refused_until = now + CLOSED_SECONDS

    def _needed(self, client: str, waiting: int, now: float) -> _Row:
        share = self._shares.setdefault(client, _Share())
        quota = self._quota_of(client)
        share.fit(now, quota.requests_per_second // 10)
        places = share.inside + waiting + quota.at_once // SPARE
        return client, waiting + share.at_a_time, quota.requests_per_second, places, quota.at_once

    def _unfitting(self, besides: Collection[str], now: float) -> list[_Row]:
        """Rows for the other clients whose places are more than they used lately, or must be renewed."""
        rows: list[_Row] = []
        for client, share in list(self._shares.items()):
            if client in besides:
                continue
            quota = self._quota_of(client)
            needed, share.most_inside = share.most_inside, share.inside
            old = now - share.renewed_at > RENEW_SECONDS
            if old and not share.places and not share.inside:
                del self._shares[client]
            elif share.places - needed > quota.at_once // SPARE or (old and share.places):
                rows.append((client, 0, quota.requests_per_second, needed, quota.at_once))
        return rows

    async def _take(self, rows: Sequence[_Row]) -> None:
        taken = await self._connection.run(_TAKE, self._process, *columns(rows, 5), LASTS)
        now = self._monotonic()
        for client, requests, held in taken:
            share = self._shares[client]
            share.places, share.renewed_at = held, now
            if requests:
                # The rest of an earlier stock came out of the same bucket.
                share.stock = requests + (share.stock if now - share.stocked_at <= STOCK_SECONDS else 0)
                share.stocked_at = now

    async def keep_places(self) -> None:
        """Give back places that are not needed and renew the others, until cancelled."""
        while True:
            await asyncio.sleep(PLACES_SECONDS)
            # After a failure the next turn tries again; without places no request is admitted.
            with suppress(StoreUnavailable):
                await self.fit_places()

    async def fit_places(self) -> None:
        """Hold as many places as were in use since the last call. StoreUnavailable."""
        if self._shares:
            await self._waiters.submit(None)

    async def close(self) -> None:
        """Give back all places and close the connection, once no request waits."""
        await self._waiters.idle()
        for share in self._shares.values():
            share.most_inside = share.inside = 0
        # Places that cannot be given back are free after `LASTS`.
        with suppress(StoreUnavailable):
            await self.fit_places()
        self._connection.close()


@asynccontextmanager
async def open_admission(
    login: StoreLogin,
    quota_of: Callable[[str], Quota],
    *,
    process: bytes,
    monotonic: Callable[[], float],
) -> AsyncIterator[Admission]:
    """The admission of one process, while the block runs."""
    admission = Admission(login, quota_of, process=process, monotonic=monotonic)
    keeping = asyncio.create_task(admission.keep_places(), name="places")
    try:
        yield admission
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await admission.close()
