"""The access ledger as answers: a subject reads their own entries, audit reads all, under references.

They come from the universes of both purposes. Neither role reads the ledger's tables: the role of audit sees
no account, and the role of subject access sees no reference. Audit sees no reference either in an entry about
the use of a person's rights, or in its own: `control.disclosure` (0018_audit_names.sql) says why.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING

import orjson
import strawberry

from resolvers.plan.principal import NO_PRINCIPAL, Principal
from resolvers.run.people import People, Who
from resolvers.sources.catalogue import Store
from resolvers.stores.pool import Pool
from schema.purposes import Purpose
from schema.refusals import Code, Refusal
from schema.types.disclosures import ChosenBy, Disclosure, PeopleAsked

if TYPE_CHECKING:
    from resolvers.stores.pool import Record

# Names without a schema: each role's search path is its own universe.
_AUDITED = """
SELECT at, stream, number, request, client, outcome, purpose, policy, fields, counts, asked, chosen,
       people
FROM disclosure
WHERE (at, stream, number) > ($2::timestamptz, $3::bytea, $4::bigint) AND ($5::text IS NULL OR client = $5)
ORDER BY at, stream, number LIMIT $1
"""
# Materialized: otherwise the planner scans all time for the first entry of a person who is rarely named.
_AUDITED_OF_ONE = """
WITH named AS MATERIALIZED (SELECT * FROM disclosure WHERE people @> ARRAY[$6::bigint])
SELECT at, stream, number, request, client, outcome, purpose, policy, fields, counts, asked, chosen,
       people
FROM named
WHERE (at, stream, number) > ($2::timestamptz, $3::bytea, $4::bigint) AND ($5::text IS NULL OR client = $5)
ORDER BY at, stream, number LIMIT $1
"""
# One entry may name both accounts of a person.
_OWN = """
WITH named AS MATERIALIZED (
    SELECT * FROM own_disclosure WHERE (store, account_id) IN (('messenger', $6), ('social', $7))
)
SELECT at, stream, number, request, client, outcome, purpose, policy, fields, counts, asked,
       chosen, array_agg(position) AS positions
FROM named, unnest(positions) AS position
WHERE (at, stream, number) > ($2::timestamptz, $3::bytea, $4::bigint)
  AND ($5::text IS NULL OR client = $5)
GROUP BY at, stream, number, request, client, outcome, purpose, policy, fields, counts, asked, chosen
ORDER BY at, stream, number LIMIT $1
"""
_NUMBER = re.compile(r"([0-9]{1,17})-([0-9a-f]{16})-([1-9][0-9]{0,17})")
_REFERENCE = re.compile(r"pl_([0-9a-f]{16})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BEGINNING = (_EPOCH, b"", 0)


class ReadDisclosures:
    """Implements `schema.types.disclosures.Disclosures`. It notes the people in its answers in `people`."""

    def __init__(
        self, pools: Mapping[Purpose, Mapping[Store, Pool]], principal: Principal, people: People
    ) -> None:
        self._pools, self._principal, self._people = pools, principal, people

    async def page(
        self, first: int, after: str | None, person: str | None, *, client: str | None
    ) -> Sequence[Disclosure]:
        """The entries of the principal if there is one; otherwise all entries, for audit."""
        place = _BEGINNING if after is None else place_of(after)
        purpose = Purpose.AUDIT if self._principal == NO_PRINCIPAL else Purpose.SUBJECT_ACCESS
        pool = self._pools[purpose][Store.CONTROL]
        if purpose is Purpose.SUBJECT_ACCESS:
            keys = self._principal.messenger_id, self._principal.social_id
            rows = await pool.fetch(_OWN, [first, *place, client, *keys])
            return [_disclosure(row, row["positions"], ()) for row in rows]
        if person is None:
            rows = await pool.fetch(_AUDITED, [first, *place, client])
        else:
            rows = await pool.fetch(_AUDITED_OF_ONE, [first, *place, client, reference_of(person)])
        for row in rows:
            self._people.note("disclosures", Who.REFERENCE, map(str, row["people"]))
        return [_disclosure(row, range(1, sum(row["counts"]) + 1), row["people"]) for row in rows]


def _disclosure(row: Record, positions: Iterable[int], people: Sequence[int]) -> Disclosure:
    return Disclosure(
        number=strawberry.ID(place_text(row["at"], row["stream"], row["number"])),
        at=row["at"],
        client=row["client"],
        purpose=row["purpose"],
        fields=disclosed_fields(orjson.loads(row["fields"]), row["counts"], positions),
        outcome=row["outcome"],
        policy=row["policy"],
        asked=[
            PeopleAsked(how=ChosenBy(how), count=count)
            for how, count in people_asked(row["asked"], row["chosen"])
        ],
        request=row["request"],
        people=list(dict.fromkeys(map(reference_text, people))),
    )


def people_asked(asked: Sequence[int] | None, chosen: str) -> list[tuple[str, int]]:
    """(how people were chosen, how many were asked about) of an entry; empty if that was not recorded.

    `chosen`: as JSON, the ways with the fields that tell whether the people are there.
    """
    return [(how, count) for (how, _), count in zip(orjson.loads(chosen), asked or (), strict=False)]


def disclosed_fields(
    fields: Sequence[Sequence[str]], counts: Sequence[int], positions: Iterable[int]
) -> list[str]:
    """The fields of the people at these positions (from 1) of an entry, each field once."""
    ends = list(accumulate(counts))
    places = sorted(
        {next(place for place, end in enumerate(ends) if position <= end) for position in positions}
    )
    return list(dict.fromkeys(field for place in places for field in fields[place]))


def place_text(at: datetime, stream: bytes, number: int) -> str:
    """An entry's place in the ledger as text, in the order of time."""
    return f"{(at - _EPOCH) // timedelta(microseconds=1)}-{stream.hex()}-{number}"


def place_of(text: str) -> tuple[datetime, bytes, int]:
    """The place of such a text. BAD_USER_INPUT for any other text."""
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise Refusal(Code.BAD_USER_INPUT)
    return _EPOCH + timedelta(microseconds=int(found[1])), bytes.fromhex(found[2]), int(found[3])


def reference_text(reference: int) -> str:
    """A person's reference as text: ``pl_`` and 16 hexadecimal digits."""
    return f"pl_{reference:016x}"


def reference_of(text: str) -> int:
    """The reference of such a text. BAD_USER_INPUT for any other text."""
    found = _REFERENCE.fullmatch(text)
    if found is None or (reference := int(found[1], 16)) >= 2**63:
        raise Refusal(Code.BAD_USER_INPUT)
    return reference
