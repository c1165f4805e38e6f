"""What the data protection officer reads of objections, from the universe of AUDIT in `control`."""

from __future__ import annotations

from collections.abc import Sequence

import strawberry

from resolvers.stores import Pool
from schema.audit import AuditedObjection, ObjectionsInForce
from schema.objections import ObjectablePurpose
from schema.subject import ObjectionKind

# Names without a schema: the role stands in its own universe, where `person` is the pseudonym.
_EVENTS = """
SELECT id, person, kind, purposes, recorded_at, effective_at, channel, terms_version FROM objection_event
WHERE id > $1 AND ($3::text IS NULL OR person = $3) ORDER BY id LIMIT $2
"""
_IN_FORCE = """
SELECT purpose, count(*) FROM (
    SELECT DISTINCT ON (person, purpose) purpose, kind
    FROM objection_event, unnest(purposes) AS purpose ORDER BY person, purpose, id DESC
) AS last_said WHERE kind = 'OBJECT' GROUP BY purpose
"""


class ObjectionAudit:
    """See `schema.audit.Audit`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def objections(self, first: int, after: int, person: str | None) -> Sequence[AuditedObjection]:
        """Events in order."""
        return [
            AuditedObjection(
                number=strawberry.ID(str(row["id"])),
                person=row["person"],
                kind=ObjectionKind(row["kind"]),
                purposes=[ObjectablePurpose(each) for each in row["purposes"]],
                recorded_at=row["recorded_at"],
                effective_at=row["effective_at"],
                channel=row["channel"],
                terms_version=row["terms_version"],
            )
            for row in await self._pool.fetch(_EVENTS, [after, first, person])
        ]

    async def in_force(self) -> Sequence[ObjectionsInForce]:
        """A line for each objectable purpose, also where nobody objects."""
        counted = {row[0]: row[1] for row in await self._pool.fetch(_IN_FORCE, [])}
        return [
            ObjectionsInForce(purpose=each, members=counted.get(each.value, 0)) for each in ObjectablePurpose
        ]
