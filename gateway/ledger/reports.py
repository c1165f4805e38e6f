"""Reports from the ledger: of one person, of one client, and eight for the data protection officer.

They need the owner's rights over `control`: only here are references and accounts brought together.

    phone_readers      clients that received phone numbers, by purpose
    objectors          disclosures of an objector's messenger data for a purpose that the objection stops
    honoured           the time from each objection to the first answer for one of its purposes
    two_purposes       clients that read the same people under more than one purpose
    bulk               clients by the number of people that they read within an hour
    phone_enumeration  clients whose look-ups find no person
    replayed           entries whose own policy version does not open what they disclosed
    recalls            recall notices by client, and those not acknowledged

Source: GDPR Art. 15(1)(c), Art. 19, Art. 5(2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson

from gateway.ledger.replay import PolicyEvaluator, not_open
from resolvers.reads.disclosures import disclosed_fields, people_asked
from schema.policy.history import versions
from schema.purposes import Purpose

if TYPE_CHECKING:
    from resolvers.plan.principal import Principal
    from resolvers.stores.pool import Connection

_OF_PERSON = """
WITH named AS MATERIALIZED (
    SELECT * FROM control.own_disclosure WHERE (store, account_id) IN (('messenger', $1), ('social', $2))
)
SELECT at, stream, number, request, client, outcome, purpose, policy, fields, counts, asked, chosen,
       array_agg(position) AS positions
FROM named, unnest(positions) AS position WHERE at >= $3 AND at < $4
GROUP BY at, stream, number, request, client, outcome, purpose, policy, fields, counts, asked, chosen
ORDER BY at, stream, number
"""
_OF_CLIENT = """
SELECT q.purpose, count(DISTINCT e.request) AS answers, count(DISTINCT person) AS people,
       min(e.at) AS first, max(e.at) AS last, array_agg(DISTINCT field ORDER BY field)
           FILTER (WHERE field IS NOT NULL) AS fields
FROM control.ledger_entry e JOIN control.ledger_question q ON q.key = e.question
LEFT JOIN LATERAL unnest(e.people) AS person ON true
LEFT JOIN LATERAL (
    SELECT field FROM jsonb_array_elements(q.fields) place, jsonb_array_elements_text(place) field
) told ON true
WHERE e.client = $1 AND e.at >= $2 AND e.at < $3 GROUP BY q.purpose ORDER BY q.purpose
"""
_PHONE_READERS = """
SELECT q.purpose, e.client, count(DISTINCT (e.stream, e.number)) AS answers, count(DISTINCT person) AS people
FROM control.ledger_entry e JOIN control.ledger_question q ON q.key = e.question, unnest(e.people) AS person
WHERE e.at >= $1 AND e.at < $2 AND cardinality(e.people) > 0 AND EXISTS (
    SELECT FROM jsonb_array_elements(q.fields) place
    WHERE place ?| ARRAY['MessengerAccount.phone', 'PhoneBinding.number']
) GROUP BY q.purpose, e.client ORDER BY q.purpose, e.client
"""
_TWO_PURPOSES = """
SELECT client, purposes, count(*) AS people FROM (
    SELECT e.client, person, array_agg(DISTINCT q.purpose ORDER BY q.purpose) AS purposes
    FROM control.ledger_entry e JOIN control.ledger_question q ON q.key = e.question, unnest(e.people) person
    WHERE e.at >= $1 AND e.at < $2 AND q.purpose <> 'NOTIFICATION' GROUP BY e.client, person
) read WHERE cardinality(purposes) > 1 GROUP BY client, purposes ORDER BY people DESC, client
"""
_BULK = """
SELECT client, hour, people FROM (
    SELECT e.client, date_trunc('hour', e.at, 'UTC') AS hour, count(DISTINCT person) AS people
    FROM control.ledger_entry e, unnest(e.people) person
    WHERE e.at >= $1 AND e.at < $2 GROUP BY 1, 2
) read ORDER BY people DESC, hour DESC, client LIMIT 50
"""
_PHONE_ENUMERATION = """
SELECT e.client, count(*) FILTER (WHERE cardinality(e.people) = 0) AS in_vain, count(*) AS answers,
       round(100.0 * count(*) FILTER (WHERE cardinality(e.people) = 0) / count(*), 1) AS percent,
       coalesce(sum(asked.by_key), 0)::bigint AS by_key,
       coalesce(sum(asked.otherwise), 0)::bigint AS otherwise
FROM control.ledger_entry e JOIN control.ledger_question q ON q.key = e.question
CROSS JOIN LATERAL (
    SELECT sum(many) FILTER (WHERE way ->> 0 IN ('BY_ID', 'BY_NUMBER')) AS by_key,
           sum(many) FILTER (WHERE way ->> 0 NOT IN ('BY_ID', 'BY_NUMBER')) AS otherwise
    FROM ROWS FROM (unnest(e.asked), jsonb_array_elements(q.chosen)) AS each (many, way)
) asked
WHERE e.at >= $1 AND e.at < $2
GROUP BY e.client HAVING count(*) FILTER (WHERE cardinality(e.people) = 0) > 0
ORDER BY in_vain DESC, e.client
"""
# From the event that objects to the next one of the same person about the same purpose, or until now.
_INTERVALS = """
SELECT account_id, purpose, effective_at AS since, coalesce(
    lead(effective_at) OVER (PARTITION BY account_id, purpose ORDER BY id), 'infinity') AS until, kind
FROM control.objection_event, unnest(purposes) AS purpose
"""
# A request that was running when the objection was recorded may end a little later.
_OBJECTORS = f"""
WITH objected AS (SELECT * FROM ({_INTERVALS}) i WHERE kind = 'OBJECT')
SELECT count(*) FILTER (WHERE e.at >= o.since + $4::interval) AS after,
       count(*) FILTER (WHERE e.at < o.since + $4::interval) AS under_way,
       (SELECT count(*) FROM objected) AS intervals,
       (SELECT count(*) FROM control.ledger_entry WHERE at >= $1 AND at < $2) AS entries
FROM objected o
JOIN control.ledger_person p ON p.store = 'messenger' AND p.account_id = o.account_id
JOIN control.ledger_entry e ON e.people @> ARRAY[p.reference] AND e.at >= greatest(o.since, $1)
    AND e.at < least(o.until, $2)
JOIN control.ledger_question q ON q.key = e.question AND q.purpose = ANY (
    SELECT jsonb_array_elements_text($3::jsonb -> o.purpose)
)
"""  # noqa: S608 - constants
_HONOURED = f"""
SELECT o.purpose, o.since, (
    SELECT min(e.at) FROM control.ledger_entry e JOIN control.ledger_question q ON q.key = e.question
    WHERE e.at >= o.since AND q.purpose = ANY (SELECT jsonb_array_elements_text($3::jsonb -> o.purpose))
) - o.since AS took
FROM ({_INTERVALS}) o WHERE kind = 'OBJECT' AND o.since >= $1 AND o.since < $2 ORDER BY o.since
"""  # noqa: S608 - constants
_QUESTIONS = """
SELECT q.purpose, q.policy, q.fields, count(*) AS answers, min(e.at) AS first, max(e.at) AS last
FROM control.ledger_entry e JOIN control.ledger_question q ON q.key = e.question
WHERE e.at >= $1 AND e.at < $2 GROUP BY q.purpose, q.policy, q.fields ORDER BY first
"""
_RECALLS = """
SELECT client, received_for, count(*) AS notices, count(*) FILTER (WHERE delivered_at IS NOT NULL) AS given,
       count(*) FILTER (WHERE acknowledged_at IS NOT NULL) AS acknowledged,
       count(*) FILTER (WHERE acknowledged_at IS NULL AND due_at <= now()) AS overdue
FROM control.recall WHERE issued_at >= $1 AND issued_at < $2
GROUP BY client, received_for ORDER BY overdue DESC, client, received_for
"""

# For each objectable purpose the purposes that an objection to it stops: one to ads stops offers as well.
STOPS = {
    objection.value: [each.value for each in Purpose if each.objection is objection]
    for objection in Purpose
    if any(each.objection is objection for each in Purpose)
}


@dataclass(frozen=True)
class Span:
    """A span of time: `since` is part of it, `until` is not."""

    since: datetime
    until: datetime


@dataclass(frozen=True)
class Report:
    """A table with its summary in one sentence. `wrong`: the report finds a violation."""

    says: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    wrong: bool = False


async def of_person(control: Connection, person: Principal, span: Span) -> Report:
    """Which clients received which fields of one person, when, and for which purpose.

    And how many people the client asked about in that request, and how it chose them.
    """
    rows = await control.fetch(_OF_PERSON, person.messenger_id, person.social_id, span.since, span.until)
    table = [
        (
            row["at"],
            row["client"],
            row["purpose"],
            ", ".join(disclosed_fields(orjson.loads(row["fields"]), row["counts"], row["positions"])),
            row["outcome"],
            row["request"],
            ", ".join(f"{count} {how}" for how, count in people_asked(row["asked"], row["chosen"])),
        )
        for row in rows
    ]
    says = f"{len(table)} answers disclosed this person." if table else "No answer disclosed this person."
    return Report(says, ("at", "client", "purpose", "fields", "outcome", "request", "asked about"), table)


async def of_client(control: Connection, client: str, span: Span) -> Report:
    """The fields that one client received, by purpose."""
    rows = await control.fetch(_OF_CLIENT, client, span.since, span.until)
    table = [(*list(row)[:5], ", ".join(row["fields"] or ())) for row in rows]
    says = f"{client} received data in {sum(row[1] for row in table)} answers."
    columns = ("purpose", "answers", "people", "first", "last", "fields asked for")
    return Report(says, columns, table)


async def _table(control: Connection, span: Span, sql: str, *, says: str, columns: tuple[str, ...]) -> Report:
    rows = await control.fetch(sql, span.since, span.until)
    return Report(says, columns, [_plain(row) for row in rows])


def _plain(row: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(", ".join(each) if isinstance(each, list) else each for each in row)


async def phone_readers(control: Connection, span: Span) -> Report:
    """The clients that received phone numbers."""
    columns = "purpose", "client", "answers", "people"
    says = "Clients that received phone numbers, by purpose."
    return await _table(control, span, _PHONE_READERS, says=says, columns=columns)


async def two_purposes(control: Connection, span: Span) -> Report:
    """The clients that could join the data of two purposes."""
    columns = "client", "purposes", "people"
    says = "Clients that read the same people under more than one purpose."
    return await _table(control, span, _TWO_PURPOSES, says=says, columns=columns)


async def bulk(control: Connection, span: Span) -> Report:
    """The clients that read most people within an hour."""
    columns = "client", "hour", "people"
    says = "People read within an hour, by client; the fifty largest."
    return await _table(control, span, _BULK, says=says, columns=columns)


async def phone_enumeration(control: Connection, span: Span) -> Report:
    """The clients that look for people that do not exist."""
    columns = "client", "in vain", "answers", "percent", "asked by id or number", "by filter or page"
    says = (
        "Answers without any person, by client, and how many people it asked about: a client that guesses or "
        "counts numbers has many."
    )
    return await _table(control, span, _PHONE_ENUMERATION, says=says, columns=columns)


async def objectors(control: Connection, span: Span, longest: timedelta = timedelta(seconds=10)) -> Report:
    """Entries that name an objector's messenger account for a purpose that the objection stopped then.

    `longest`: how long a request may take. Entries of requests that were running when the objection was
    recorded are counted separately.
    """
    stops = orjson.dumps(STOPS).decode()
    row = await control.fetchrow(_OBJECTORS, span.since, span.until, stops, longest)
    after, under_way, intervals, entries = row or (0, 0, 0, 0)
    says = (
        f"{entries} entries were checked, for {intervals} objections: "
        + ("no objector's data was disclosed after the objection" if not after else f"{after} violate one")
        + ". `gateway ledger verify` shows whether these are all entries, unchanged."
    )
    columns = "after it took effect", "under way then", "objections", "entries"
    return Report(says, columns, [(after, under_way, intervals, entries)], wrong=bool(after))


async def honoured(control: Connection, span: Span) -> Report:
    """The time from each objection to the first answer for one of its purposes."""
    rows = await control.fetch(_HONOURED, span.since, span.until, orjson.dumps(STOPS).decode())
    # A day, and no order within it: the time of an objection is as good as a name.
    table = [
        (
            row["purpose"],
            row["since"].astimezone(UTC).date(),
            None if row["took"] is None else round(row["took"].total_seconds(), 3),
        )
        for row in rows
    ]
    table.sort(key=lambda each: (each[1], each[0], each[2] is None, each[2]))
    seconds = sorted(each[2] for each in table if each[2] is not None)
    middle = f"; median {seconds[len(seconds) // 2]} s, longest {seconds[-1]} s" if seconds else ""
    says = f"{len(table)} objections, {len(seconds)} with an answer for their purposes since{middle}."
    return Report(says, ("objected to", "since", "seconds to the first answer"), table)


async def replayed(control: Connection, span: Span) -> Report:
    """Entries that disclosed what the policy version that they name does not open."""
    evaluators = {version.digest: PolicyEvaluator(version) for version in versions()}
    table, answers = [], 0
    for row in await control.fetch(_QUESTIONS, span.since, span.until):
        answers += row["answers"]
        fields = orjson.loads(row["fields"])
        wrong = not_open(evaluators, row["purpose"], row["policy"], fields=fields)
        if wrong or wrong is None:
            what = "the policy was never recorded" if wrong is None else ", ".join(wrong)
            table.append(
                (row["purpose"], row["policy"][:12], what, row["answers"], row["first"], row["last"])
            )
    says = f"{answers} entries were checked against the policy that each names: " + (
        "it opened to their purposes everything that they disclosed."
        if not table
        else f"{sum(row[3] for row in table)} disclosed what it does not open."
    )
    columns = "purpose", "policy", "not opened by it", "answers", "first", "last"
    return Report(says, columns, table, wrong=bool(table))


async def recalls(control: Connection, span: Span) -> Report:
    """Recall notices by client, overdue ones first."""
    columns = "client", "received for", "notices", "given", "acknowledged", "overdue"
    says = "Recall notices to clients: a person whose data they received has objected since."
    return await _table(control, span, _RECALLS, says=says, columns=columns)


REPORTS: dict[str, Callable[[Connection, Span], Any]] = {
    "phone-readers": phone_readers,
    "objectors": objectors,
    "honoured": honoured,
    "two-purposes": two_purposes,
    "bulk": bulk,
    "phone-enumeration": phone_enumeration,
    "replayed": replayed,
    "recalls": recalls,
}
