"""Counts for the data protection officer, from the universe of AUDIT. No person is in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from resolvers.stores.pool import Pool
from schema.refusals import Code, Refusal
from schema.types.objections import ObjectablePurpose
from schema.types.statistics import DisclosureCount, ObjectionsOnDay, PeopleByPurpose, RequestTally

LONGEST = timedelta(days=366)
USUAL, OF_OBJECTIONS = timedelta(days=30), timedelta(days=90)
MAX_ROWS = 10_000

# Names without a schema: the role's search path is its own universe.
_DISCLOSURES = """
WITH entry AS MATERIALIZED (
    SELECT (at AT TIME ZONE 'UTC')::date AS day, client, purpose, people
    FROM disclosure WHERE at >= $1 AND at < $2
),
told AS (SELECT day, client, purpose, count(*) AS answers FROM entry GROUP BY day, client, purpose),
named AS (
    SELECT day, client, purpose, count(DISTINCT person) AS people
    FROM entry, unnest(people) AS person GROUP BY day, client, purpose
)
SELECT day, client, purpose, answers, coalesce(people, 0) AS people
FROM told LEFT JOIN named USING (day, client, purpose)
ORDER BY day, client COLLATE "C", purpose COLLATE "C" LIMIT $3
"""
_PEOPLE = """
WITH entry AS MATERIALIZED (SELECT purpose, people FROM disclosure WHERE at >= $1 AND at < $2),
told AS (SELECT purpose, count(*) AS answers FROM entry GROUP BY purpose),
named AS (
    SELECT purpose, count(DISTINCT person) AS people FROM entry, unnest(people) AS person GROUP BY purpose
)
SELECT purpose, answers, coalesce(people, 0) AS people
FROM told LEFT JOIN named USING (purpose) ORDER BY purpose COLLATE "C"
"""
# Earlier days are summed up on the day before the first one. Whole days: a span that ends at a time of the
# reader's choice would tell when each event was.
_OBJECTIONS = """
WITH changed AS (
    SELECT purpose, greatest(day, $1::date - 1) AS day, sum(objected)::bigint AS objected,
           sum(withdrawn)::bigint AS withdrawn, sum(more) AS more
    FROM objection_tally GROUP BY 1, 2
),
days AS (
    SELECT day::date AS day, purpose, place
    FROM generate_series(
        $1::date - 1, ($2 AT TIME ZONE 'UTC' - interval '1 microsecond')::date, interval '1 day'
    ) AS day, unnest($3::text[]) WITH ORDINALITY AS objectable(purpose, place)
),
counted AS (
    SELECT day, purpose, place, coalesce(objected, 0) AS objected, coalesce(withdrawn, 0) AS withdrawn,
           (sum(coalesce(more, 0)) OVER (PARTITION BY purpose ORDER BY day))::bigint AS members
    FROM days LEFT JOIN changed USING (day, purpose)
)
SELECT day, purpose, members, objected, withdrawn FROM counted WHERE day >= $1::date ORDER BY day, place
"""
# At most the largest Int of GraphQL.
_REQUESTS = """
SELECT hour, client, purpose, what, least(requests, 2147483647) AS requests,
       least(longest_ms, 2147483647) AS longest_ms, request
FROM request_tally WHERE hour >= $1 AND hour < $2
ORDER BY hour, client COLLATE "C", purpose COLLATE "C", what COLLATE "C" LIMIT $3
"""


def span_of(
    since: datetime | None, until: datetime | None, usual: timedelta, *, now: datetime
) -> tuple[datetime, datetime]:
    """The requested span, in UTC. BAD_USER_INPUT if it is empty or longer than 366 days."""
    end = _in_utc(until) if until is not None else now
    try:
        start = _in_utc(since) if since is not None else end - usual
    except OverflowError:
        raise Refusal(Code.BAD_USER_INPUT) from None
    if not timedelta() < end - start <= LONGEST:
        raise Refusal(Code.BAD_USER_INPUT)
    return start, end


def _in_utc(given: datetime) -> datetime:
    try:
        return given.replace(tzinfo=UTC) if given.tzinfo is None else given.astimezone(UTC)
    except OverflowError:
        raise Refusal(Code.BAD_USER_INPUT) from None


class CountedStatistics:
    """Implements `schema.types.statistics.Statistics`. `control`: the pool of AUDIT."""

    def __init__(self, control: Pool, now: Callable[[], datetime]) -> None:
        self._control, self._now = control, now

    async def disclosures(self, since: datetime | None, until: datetime | None) -> Sequence[DisclosureCount]:
        """Disclosures by day, client and purpose."""
        span = span_of(since, until, USUAL, now=self._now())
        return [DisclosureCount(**row) for row in await self._control.fetch(_DISCLOSURES, [*span, MAX_ROWS])]

    async def people(self, since: datetime | None, until: datetime | None) -> Sequence[PeopleByPurpose]:
        """People by purpose."""
        span = span_of(since, until, USUAL, now=self._now())
        return [PeopleByPurpose(**row) for row in await self._control.fetch(_PEOPLE, list(span))]

    async def objections(self, since: datetime | None, until: datetime | None) -> Sequence[ObjectionsOnDay]:
        """Objecting members by day and purpose."""
        start, end = span_of(since, until, OF_OBJECTIONS, now=self._now())
        purposes = [each.value for each in ObjectablePurpose]
        rows = await self._control.fetch(_OBJECTIONS, [start.date(), end, purposes])
        return [
            ObjectionsOnDay(
                day=row["day"],
                purpose=ObjectablePurpose(row["purpose"]),
                members=row["members"],
                objected=row["objected"],
                withdrawn=row["withdrawn"],
            )
            for row in rows
        ]

    async def requests(self, since: datetime | None, until: datetime | None) -> Sequence[RequestTally]:
        """Requests by hour, client, purpose and result."""
        span = span_of(since, until, USUAL, now=self._now())
        return [RequestTally(**row) for row in await self._control.fetch(_REQUESTS, [*span, MAX_ROWS])]
