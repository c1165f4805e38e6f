"""The people that a client asks about in an hour, and those that it receives, over all processes together.

There are two quotas. *Questions* are the people that a client asks about, found or not, repeated or not.
*People* are those that its answers name, each counted once. Both are decided before a store is asked, from
the document and its variables and from what the client used before: `reserve` takes the questions, and room
for the most people that the answer can name. So a member is refused like an unknown number.
`charge` counts the people in the answer and never refuses; room that they do not need is free again.

A process takes questions and room out of the client's hour for many requests at a time, so the usual request
asks no store. It remembers the people that a client has received, so it charges each at most once an hour.
The count is exact, or wrong only to the client's disadvantage: questions that a process took and did not use
are lost when it dies, and room is lost for a minute and a half. An answer on its way when the hour ends
counts in the new hour.

Rejected: to refuse once the answer is known. A client with a spent quota got 429 for a member and null for
others: 174 of 174 right. To count each question once: `control` would hold the numbers that clients ask
about, and to ask again each second would be free. To let such a client still ask about people that it knows:
an answer can name people without identifying them, and the refusal would tell who they are.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from gateway.control.group_commit import GroupCommit
from gateway.quotas.table import Quota
from resolvers.plan.amounts import NO_QUESTIONS, QuestionCount
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
# A process uses what it took for so long, then it asks again.
FRESH_SECONDS = 60.0
# For so long other processes leave it its room: an answer may take half a minute.
ROOM_LASTS = timedelta(seconds=90)
# Questions that last less than the first are taken twice as many at a time; more than the second, half.
SOON_SECONDS, LATE_SECONDS = 1.0, 10.0
# At most one in so many of the hour's questions at a time, and as spare room.
QUESTIONS_AT_A_TIME, SPARE_ROOM = 100, 64

# In the order of the clients: two processes may wait for each other, but they never deadlock.
_TAKE = """
SELECT t.client, had.of_hour, had.taken, had.room
FROM (SELECT * FROM unnest($2::text[], $3::bigint[], $4::integer[], $5::bigint[], $6::integer[])
      AS t(client, wanted, questions, room, people) ORDER BY client) t,
     control.take_people_quota(t.client, $1, t.wanted, t.questions, t.room, t.people, $7) had
"""
_CHARGE = """
SELECT t.place, control.charge_people(t.client, $1, t.people::bigint[])
FROM (SELECT * FROM unnest($2::integer[], $3::text[], $4::text[]) AS t(place, client, people)
      ORDER BY client, place) t
"""


@dataclass(slots=True)
class _PeopleShare:
    """What one process took of a client's hour.

    `questions`: not asked yet; `at_a_time`: how many more it takes each time. `room`: people that its answers
    may still name; `promised`: of these, to answers under way. `until`: it may be used, in monotonic time.
    """

    questions: int = 0
    at_a_time: int = 0
    room: int = 0
    promised: int = 0
    taken_at: float = 0.0
    until: float = 0.0
    hour: datetime | None = None

    def take(self, count: QuestionCount, now: float) -> bool:
        """Take the questions and promise the room; False if one of them is missing."""
        if now > self.until or self.questions < count.questions or self.room - self.promised < count.people:
            return False
        self.questions -= count.questions
        self.promised += count.people
        return True

    def fit(self, now: float, most: int) -> None:
        """Take more at a time if the last ones did not last, and fewer if they lasted long."""
        lasted = now - self.taken_at
        if lasted < SOON_SECONDS:
            self.at_a_time = min(2 * self.at_a_time + 1, most)
        elif lasted > LATE_SECONDS:
            self.at_a_time //= 2


class Promise:
    """Room for the people of one answer, until the block ends."""

    __slots__ = ("_people", "_share")

    def __init__(self, share: _PeopleShare, people: int) -> None:
        self._share, self._people = share, people

    def use(self, people: int) -> None:
        """So many people are charged: the room for them is gone."""
        self._share.room -= people
        self._share.promised -= people
        self._people -= people

    def __enter__(self) -> Promise:
        return self

    def __exit__(self, *_: object) -> None:
        self._share.promised -= self._people


NO_PROMISE = Promise(_PeopleShare(), 0)


@dataclass(slots=True)
class _Reservation:
    """One request that waits for its questions and its room.

    `code`: why it is refused; `gone`: it no longer waits.
    """

    client: str
    count: QuestionCount
    granted: bool = False
    gone: bool = False
    code: Code = Code.TOO_MANY_QUESTIONS


class _Charge(NamedTuple):
    """New people of one client, for which there is room in the promise."""

    client: str
    people: Sequence[str]
    promise: Promise


_NO_PEOPLE: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Hour:
    """The people charged in one hour, by client. `warned`: the refusals of this hour in the log."""

    number: int = 0
    people: dict[str, set[str]] = field(default_factory=dict)
    size: int = 0
    warned: set[tuple[str, Code]] = field(default_factory=set)


class PeopleQuota:
    """Counts questions and people, for one process.

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
        self._connection = SerialConnection(login)
        self._waiting: GroupCommit[_Reservation | _Charge] = GroupCommit(self._count)
        self._shares: dict[str, _PeopleShare] = {}
        self._hour = _Hour()

    # --- before a store is asked --------------------------------------------------------------------

    async def reserve(self, client: str, purpose: Purpose, count: QuestionCount) -> Promise:
        """Take a request's questions, and room for the people of its answer until the promise ends.

        Refuses with TOO_MANY_QUESTIONS or TOO_MANY_PEOPLE, and then takes nothing; STORE_UNAVAILABLE if the
        quotas cannot be read.
        """
        if count is NO_QUESTIONS or purpose in UNCOUNTED:
            return NO_PROMISE
        share = self._shares.get(client)
        if share is None or not share.take(count, self._monotonic()):
            await self._wait(_Reservation(client, count))
            share = self._shares[client]
        return Promise(share, count.people)

    async def _wait(self, wanted: _Reservation) -> None:
        try:
            await self._waiting.submit(wanted)
        except StoreUnavailable:
            raise Refusal(Code.STORE_UNAVAILABLE) from None
        except BaseException:
            if wanted.granted:
                self._shares[wanted.client].promised -= wanted.count.people
            wanted.gone = True
            raise
        if not wanted.granted:
            self._warn(wanted)
            raise Refusal(wanted.code, retry_after_s=_seconds_to_next_hour())

    def _warn(self, refused: _Reservation) -> None:
        warned = self._this_hour().warned
        if (refused.client, refused.code) not in warned:
            warned.add((refused.client, refused.code))
            what = "people" if refused.code is Code.TOO_MANY_PEOPLE else "questions about people"
            log.warning(
                "A client has used its quota of %s for this hour.", what, extra={"client": refused.client}
            )

    # --- once the answer is known -------------------------------------------------------------------

    def is_charged(self, client: str, purpose: Purpose, people: Sequence[str]) -> bool:
        """True if the store need not be asked: all were charged this hour, or the purpose is not counted.

        The usual case in one call: a loop over a hundred people takes ten times as long.
        """
        if not people or purpose in UNCOUNTED:
            return True
        return self._this_hour().people.get(client, _NO_PEOPLE).issuperset(people)

    async def charge(self, client: str, purpose: Purpose, people: Sequence[str], *, promise: Promise) -> None:
        """Count these people (references of the ledger); the promise has the room for them.

        NOT_RECORDED if they cannot be counted: what the ledger would answer for a request without people.
        """
        if self.is_charged(client, purpose, people):
            return
        hour = self._this_hour()
        known = hour.people.get(client, _NO_PEOPLE)
        new = [each for each in people if each not in known]
        try:
            await self._waiting.submit(_Charge(client, list(dict.fromkeys(new)), promise))
        except StoreUnavailable:
            raise Refusal(Code.NOT_RECORDED) from None
        hour.people.setdefault(client, set()).update(new)
        hour.size += len(new)

    def _this_hour(self) -> _Hour:
        number = int(time.time()) // 3_600
        if self._hour.number != number or self._hour.size > MOST_CHARGED:
            self._hour = _Hour(number)
        return self._hour

    # --- one statement for a batch of calls ---------------------------------------------------------

    async def _count(self, batch: list[_Reservation | _Charge]) -> None:
        if charges := [each for each in batch if isinstance(each, _Charge)]:
            await self._charge_all(charges)
        if wanted := [each for each in batch if isinstance(each, _Reservation) and not each.gone]:
            await self._reserve_all(wanted)

    async def _charge_all(self, charges: list[_Charge]) -> None:
        rows = [(place, each.client, f"{{{','.join(each.people)}}}") for place, each in enumerate(charges)]
        for place, added in await self._connection.run(_CHARGE, self._process, *columns(rows, 3)):
            charges[place].promise.use(added)

    async def _reserve_all(self, reservations: list[_Reservation]) -> None:
        """Take what these requests need and a little more, and grant it to as many as it is enough for."""
        by_client: dict[str, list[QuestionCount]] = defaultdict(list)
        for each in reservations:
            by_client[each.client].append(each.count)
        now = self._monotonic()
        await self._take([self._needed(client, counts, now) for client, counts in by_client.items()])
        for each in reservations:
            share = self._shares[each.client]
            each.granted = not each.gone and share.take(each.count, now)
            if share.questions >= each.count.questions:
                each.code = Code.TOO_MANY_PEOPLE

    def _needed(
        self, client: str, counts: Sequence[QuestionCount], now: float
    ) -> tuple[str, int, int, int, int]:
        share = self._shares.setdefault(client, _PeopleShare())
        quota = self._quota_of(client)
        share.fit(now, quota.questions_per_hour // QUESTIONS_AT_A_TIME)
        questions, people = sum(each.questions for each in counts), sum(each.people for each in counts)
        stock = share.questions if now <= share.until else 0
        return (
            client,
            max(0, questions - stock) + share.at_a_time,
            quota.questions_per_hour,
            share.promised + people + quota.people_per_hour // SPARE_ROOM,
            quota.people_per_hour,
        )

    async def _take(self, rows: Sequence[tuple[str, int, int, int, int]]) -> None:
        taken = await self._connection.run(_TAKE, self._process, *columns(rows, 5), ROOM_LASTS)
        now = self._monotonic()
        for client, hour, questions, room in taken:
            share = self._shares[client]
            if share.hour != hour:
                # The process loses what is left of another hour.
                share.hour, share.questions = hour, 0
            share.questions += questions
            share.room, share.taken_at = room, now
            share.until = now + min(FRESH_SECONDS, _seconds_to_next_hour())

    async def close(self) -> None:
        """Give back what was not used and close the connection, once no call waits."""
        await self._waiting.idle()
        now = self._monotonic()
        held = [(client, share) for client, share in self._shares.items() if now <= share.until]
        # What cannot be given back is lost until the hour ends.
        with suppress(StoreUnavailable):
            if held:
                await self._take([(client, -share.questions, 0, share.promised, 0) for client, share in held])
        self._connection.close()


def _seconds_to_next_hour() -> int:
    return 3_600 - int(time.time()) % 3_600


@asynccontextmanager
async def open_people_quota(
    login: StoreLogin,
    quota_of: Callable[[str], Quota],
    *,
    process: bytes,
    monotonic: Callable[[], float],
) -> AsyncIterator[PeopleQuota]:
    """The people quota of one process, while the block runs."""
    people = PeopleQuota(login, quota_of, process=process, monotonic=monotonic)
    try:
        yield people
    finally:
        await people.close()
