"""Objections, accepted terms and recalls for the data protection officer, from the universes of AUDIT."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import strawberry

from resolvers.run.people import People, Who
from resolvers.sources.catalogue import Store
from resolvers.stores.pool import Pool
from schema.types.audit import AuditedObjection, AuditedRecall, HistoryPlace, ObjectionsInForce
from schema.types.objections import ObjectablePurpose
from schema.types.subject import ObjectionKind, TermsAcceptance

# Names without a schema: the role's search path is its own universe, where `person` is the pseudonym.
_EVENTS = """
SELECT recorded_on, person, place, kind, purposes, effective_on, channel, terms_version
FROM audited_objection
WHERE recorded_on >= $1::date AND (recorded_on, person, place) > ($1::date, $2::text, $3::bigint)
  AND ($5::text IS NULL OR person = $5)
ORDER BY recorded_on, person, place LIMIT $4
"""
_TERMS = "SELECT version, accepted_at FROM terms_acceptance WHERE person = $1 ORDER BY accepted_at, version"
_IN_FORCE = "SELECT purpose, sum(more)::bigint FROM objection_tally GROUP BY purpose"

_RECALLS = """
SELECT * FROM audited_recall
WHERE number > $1 AND ($3::text IS NULL OR client = $3) AND (overdue OR NOT $4) ORDER BY number LIMIT $2
"""


class ObjectionAudit:
    """Implements `schema.types.audit.Audit`. `people` collects the people in its answers."""

    def __init__(self, pools: Mapping[Store, Pool], people: People) -> None:
        self._people = people
        self._control, self._messenger = pools[Store.CONTROL], pools[Store.MESSENGER]

    async def objections(
        self, first: int, after: HistoryPlace, person: str | None
    ) -> Sequence[AuditedObjection]:
        """Objection events, by day and pseudonym."""
        rows = await self._control.fetch(_EVENTS, [*after, first, person])
        self._people.note("objections", Who.PSEUDONYM, (row["person"] for row in rows))
        return [
            AuditedObjection(
                number=strawberry.ID(HistoryPlace(row["recorded_on"], row["person"], row["place"]).text),
                person=row["person"],
                kind=ObjectionKind(row["kind"]),
                purposes=[ObjectablePurpose(each) for each in row["purposes"]],
                recorded_at=row["recorded_on"],
                effective_at=row["effective_on"],
                channel=row["channel"],
                terms_version=row["terms_version"],
            )
            for row in rows
        ]

    async def terms(self, person: str) -> Sequence[TermsAcceptance]:
        """The terms that the person accepted, in that order."""
        rows = await self._messenger.fetch(_TERMS, [person])
        if rows:
            self._people.note("termsAcceptances", Who.PSEUDONYM, [person])
        return [TermsAcceptance(version=row["version"], accepted_at=row["accepted_at"]) for row in rows]

    async def recalls(
        self, first: int, after: int, client: str | None, *, overdue: bool
    ) -> Sequence[AuditedRecall]:
        """Recall notices, in order."""
        rows = await self._control.fetch(_RECALLS, [after, first, client, overdue])
        return [
            AuditedRecall(
                number=strawberry.ID(str(row["number"])),
                client=row["client"],
                received_for=row["received_for"],
                objected_to=row["objected_to"],
                objected_at=row["objected_on"],
                fields=row["fields"],
                answers=row["answers"],
                issued_at=row["issued_on"],
                due_at=row["due_on"],
                delivered_at=row["delivered_on"],
                acknowledged_at=row["acknowledged_on"],
                overdue=row["overdue"],
            )
            for row in rows
        ]

    async def in_force(self) -> Sequence[ObjectionsInForce]:
        """The number of objecting members for each objectable purpose, zero included."""
        counted = {row[0]: row[1] for row in await self._control.fetch(_IN_FORCE, [])}
        return [
            ObjectionsInForce(purpose=each, members=counted.get(each.value, 0)) for each in ObjectablePurpose
        ]
