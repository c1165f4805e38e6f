"""Who received what of whom: one person's report, one client's, and the data protection officer's questions.

All are read with the owner's rights over `control`: only here are references and accounts brought together.

    phone_readers      who was told phone numbers, by purpose
    objectors          whether anything from the messenger of an objector was told for what they objected to
    honoured           how long after an objection its purposes were first answered without the objector
    two_purposes       clients that read the same people under more than one purpose
    bulk               clients by the people whom they read within an hour
    phone_enumeration  clients whose look-ups find nobody
    replayed           whether each entry's own policy opens to its purpose what was told
    recalls            who was told that somebody objects, and who has not said that it heard

Source: GDPR Art. 15(1)(c), Art. 19, Art. 5(2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson

from gateway.ledger.replay import Judge, not_open
from resolvers.reads.disclosures import fields_told
from schema.policy.history import versions
from schema.purposes import Purpose

if TYPE_CHECKING:
    from resolvers.plan.principal import Principal
    from resolvers.stores.pool import Connection

_OF_PERSON = """
WITH named AS MATERIALIZED (
    SELECT * FROM control.own_disclosure WHERE (store, account_id) IN (('messenger', $1), ('social', $2))
)
SELECT at, stream, number, request, client, outcome, purpose, policy, fields, counts,
       array_agg(position) AS positions
FROM named, unnest(positions) AS position WHERE at >= $3 AND at < $4
GROUP BY at, stream, number, request, client, outcome, purpose, policy, fields, counts
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
       round(100.0 * count(*) FILTER (WHERE cardinality(e.people) = 0) / count(*), 1) AS percent
FROM control.ledger_entry e WHERE e.at >= $1 AND e.at < $2
GROUP BY e.client HAVING count(*) FILTER (WHERE cardinality(e.people) = 0) > 0
ORDER BY in_vain DESC, e.client
"""
# From the event that objects to the next one of the same person about the same purpose, or until now.
_INTERVALS = """
SELECT account_id, purpose, effective_at AS since, coalesce(
    lead(effective_at) OVER (PARTITION BY account_id, purpose ORDER BY id), 'infinity') AS until, kind
FROM control.objection_event, unnest(purposes) AS purpose
"""
# A request that was under way when the objection was recorded may end a little later.
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

# By what is objected to: the purposes that it stops. Offers are stopped by an objection to ads.
STOPS = {
    objection.value: [each.value for each in Purpose if each.objection is objection]
    for objection in Purpose
    if any(each.objection is objection for each in Purpose)
}


@dataclass(frozen=True)
class Span:
    """A time, from and before."""

    since: datetime
    until: datetime


@dataclass(frozen=True)
class Report:
    """A table: what it says in a sentence, its columns, its rows. `wrong`: something that must not be."""

    says: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    wrong: bool = False


async def of_person(control: Connection, person: Principal, span: Span) -> Report:
    """Who received which fields of one person, when, for what."""
    rows = await control.fetch(_OF_PERSON, person.messenger_id, person.social_id, span.since, span.until)
    told = [
        (
            row["at"],
            row["client"],
            row["purpose"],
            ", ".join(fields_told(orjson.loads(row["fields"]), row["counts"], row["positions"])),
            row["outcome"],
            row["request"],
        )
        for row in rows
    ]
    says = f"{len(told)} answers told of this person." if told else "No answer told of this person."
    return Report(says, ("at", "client", "purpose", "fields", "outcome", "request"), told)


async def of_client(control: Connection, client: str, span: Span) -> Report:
    """What one client received, by purpose."""
    rows = await control.fetch(_OF_CLIENT, client, span.since, span.until)
    told = [(*list(row)[:5], ", ".join(row["fields"] or ())) for row in rows]
    says = f"{client} was told something in {sum(row[1] for row in told)} answers."
    columns = ("purpose", "answers", "people", "first", "last", "fields asked for")
    return Report(says, columns, told)


async def _simple(control: Connection, sql: str, span: Span, says: str, *columns: str) -> Report:
    rows = await control.fetch(sql, span.since, span.until)
    return Report(says, columns, [_plain(row) for row in rows])


def _plain(row: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(", ".join(each) if isinstance(each, list) else each for each in row)


async def phone_readers(control: Connection, span: Span) -> Report:
    """Who was told phone numbers."""
    says = "Who was told phone numbers, by purpose."
    return await _simple(control, _PHONE_READERS, span, says, "purpose", "client", "answers", "people")


async def two_purposes(control: Connection, span: Span) -> Report:
    """Who could join what two purposes see."""
    says = "Clients that read the same people under more than one purpose."
    return await _simple(control, _TWO_PURPOSES, span, says, "client", "purposes", "people")


async def bulk(control: Connection, span: Span) -> Report:
    """Who read most people within an hour."""
    says = "People read within an hour, by client; the fifty largest."
    return await _simple(control, _BULK, span, says, "client", "hour", "people")


async def phone_enumeration(control: Connection, span: Span) -> Report:
    """Who looks for people that are not there."""
    says = "Answers that named nobody, by client: whoever tries numbers has many."
    columns = "client", "in vain", "answers", "percent"
    return await _simple(control, _PHONE_ENUMERATION, span, says, *columns)


async def objectors(control: Connection, span: Span, longest: timedelta = timedelta(seconds=10)) -> Report:
    """Entries that name an objector's messenger account for what they objected to, while it was in force.

    `longest` a request may take: what was under way when the objection was recorded is told apart.
    """
    stops = orjson.dumps(STOPS).decode()
    row = await control.fetchrow(_OBJECTORS, span.since, span.until, stops, longest)
    after, under_way, intervals, entries = row or (0, 0, 0, 0)
    says = (
        f"{entries} entries were looked at, for {intervals} objections: "
        + ("nothing was told of anybody after they objected" if not after else f"{after} should not be there")
        + ". That they are all entries and unchanged shows `gateway ledger verify`."
    )
    columns = "after it took effect", "under way then", "objections", "entries"
    return Report(says, columns, [(after, under_way, intervals, entries)], wrong=bool(after))


async def honoured(control: Connection, span: Span) -> Report:
    """From each objection to the first answer for one of its purposes: from then on it was kept to."""
    rows = await control.fetch(_HONOURED, span.since, span.until, orjson.dumps(STOPS).decode())
    told = [
        (row["purpose"], row["since"], None if row["took"] is None else round(row["took"].total_seconds(), 3))
        for row in rows
    ]
    seconds = sorted(each[2] for each in told if each[2] is not None)
    middle = f"; median {seconds[len(seconds) // 2]} s, longest {seconds[-1]} s" if seconds else ""
    says = f"{len(told)} objections, {len(seconds)} with an answer for their purposes since{middle}."
    return Report(says, ("objected to", "since", "seconds to the first answer"), told)


async def replayed(control: Connection, span: Span) -> Report:
    """Entries judged again by the version of the policy that they name."""
    judges = {version.digest: Judge(version) for version in versions()}
    told, answers = [], 0
    for row in await control.fetch(_QUESTIONS, span.since, span.until):
        answers += row["answers"]
        wrong = not_open(judges, row["purpose"], row["policy"], orjson.loads(row["fields"]))
        if wrong or wrong is None:
            what = "the policy was never recorded" if wrong is None else ", ".join(wrong)
            told.append((row["purpose"], row["policy"][:12], what, row["answers"], row["first"], row["last"]))
    says = f"{answers} entries were judged by the policy that each names: " + (
        "it opened to their purposes all that was told."
        if not told
        else f"{sum(row[3] for row in told)} say what it does not open."
    )
    columns = "purpose", "policy", "not opened by it", "answers", "first", "last"
    return Report(says, columns, told, wrong=bool(told))


async def recalls(control: Connection, span: Span) -> Report:
    """Notices by client, those first that are overdue."""
    says = "Notices to clients that received what a person objects to since."
    columns = "client", "received for", "notices", "given", "acknowledged", "overdue"
    return await _simple(control, _RECALLS, span, says, *columns)


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
