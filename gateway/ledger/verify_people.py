"""Verifies the people behind the ledger's references: events, commitments, and the links to accounts.

Each link must match the commitment of its reference. A reference without a link must have an event that says
that the link was erased. A reference that an entry names must have a commitment. What is found:

    forged event          the gateway's key did not sign the stream's last event
    changed event         its hash does not match
    removed event         numbers are missing, between events or before a published checkpoint
    exchanged person      the link leads to another account than the commitment
    removed person        there is a commitment, but neither a link nor a record of its erasure
    returned person       there is a link again, although its erasure is recorded
    unrecorded person     a link, or an entry since references are covered, without a commitment

A reference is named as under AUDIT, in the place of the stream's numbers. No account is quoted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from gateway.ledger.chain import CHECKPOINT, StreamHead, initial_hash, is_signed
from gateway.ledger.commitments import PeopleEvent, commitment, event_hash

if TYPE_CHECKING:
    from resolvers.plan.principal import Principal
    from resolvers.stores.pool import Connection, Record

_EVENTS = """
SELECT at, number, kind, people::text AS people, encode(commitments, 'hex') AS commitments, reason, stream,
       hash, signature
FROM control.ledger_reference ORDER BY stream, number
"""
_COMMITTED = """
SELECT person AS reference, substr(r.commitments, 32 * place::integer - 31, 32) AS commitment
FROM control.ledger_reference r, unnest(r.people) WITH ORDINALITY AS of_event(person, place)
WHERE r.kind IN ('DRAWN', 'ADOPTED')
"""
_ERASED = """
SELECT DISTINCT unnest(people) AS reference FROM control.ledger_reference WHERE kind = 'ERASED'
"""
_PEOPLE = f"""
SELECT coalesce(c.reference, p.reference) AS reference, c.commitment, p.store, p.account_id, p.salt,
       e.reference IS NOT NULL AS erased
FROM ({_COMMITTED}) c FULL JOIN control.ledger_person p USING (reference)
LEFT JOIN ({_ERASED}) e ON e.reference = coalesce(c.reference, p.reference)
ORDER BY 1
"""  # noqa: S608 - constants
_UNKNOWN = f"""
SELECT named.person AS reference, max(named.at) AS at
FROM (SELECT at, unnest(people) AS person FROM control.ledger_entry
      WHERE $1::timestamptz IS NULL OR at >= $1) named
LEFT JOIN ({_COMMITTED} UNION ALL SELECT reference, NULL FROM ({_ERASED}) e
           UNION ALL SELECT reference, NULL FROM control.ledger_person) known
    ON known.reference = named.person
WHERE known.reference IS NULL GROUP BY named.person ORDER BY named.person
"""  # noqa: S608 - constants
_LINKS = """
SELECT p.store, p.account_id, p.reference, p.salt,
       substr(r.commitments, 32 * array_position(r.people, p.reference) - 31, 32) AS commitment
FROM control.ledger_person p LEFT JOIN control.ledger_reference r
    ON r.kind IN ('DRAWN', 'ADOPTED') AND r.people @> ARRAY[p.reference]
WHERE (p.store, p.account_id) IN (('messenger', $1), ('social', $2))
"""
_READ_AT_ONCE = 2_000

Report = Callable[[str, str, str], None]


async def has_exchanged_link(control: Connection, person: Principal) -> bool:
    """Whether a link of this person is not what was committed to: the entries are then another person's.

    It compares the person's own links and checks no chain; `gateway ledger verify` does.
    """
    rows = await control.fetch(_LINKS, person.messenger_id, person.social_id)
    return any(_commitment_of(row) != row["commitment"] for row in rows)


def _commitment_of(row: Record) -> bytes:
    return commitment(row["salt"], row["store"], row["account_id"], reference=row["reference"])


@dataclass
class VerifiedPeople:
    """The people of the ledger, as far as they are proved.

    `since`: from then on each reference has a commitment; None if no gateway has covered them yet.
    `adopted`: references with a commitment that is younger than they are. `uncovered`: references without
    one, of entries from before `since`.
    """

    since: datetime | None = None
    people: int = 0
    adopted: int = 0
    erased: int = 0
    uncovered: int = 0


class PeopleVerification:
    """One verification of references, within the transaction of `verify.py`.

    `report(what, stream, numbers)` notes a discrepancy. After `read_events`, `reached` is the last event of
    each stream.
    """

    def __init__(self, control: Connection, public: bytes, report: Report) -> None:
        self._control, self._public, self._report = control, public, report
        self.found = VerifiedPeople()
        self.reached: dict[bytes, StreamHead] = {}

    async def read_events(self, signed: Mapping[bytes, Mapping[int, StreamHead]]) -> None:
        """Check the chains. `signed`: published heads, by stream and number."""
        last: Record | None = None
        before, number = b"", 0
        async for row in self._control.cursor(_EVENTS, prefetch=_READ_AT_ONCE):
            if last is None or row["stream"] != last["stream"]:
                self._check_signature(last)
                before, number = initial_hash(row["stream"]), 0
            self._check_event(row, before, number)
            head = signed.get(row["stream"], {}).get(row["number"])
            if head is not None and head.hash != row["hash"]:
                self._report("rewritten: not what was signed", row["stream"].hex(), f"up to {row['number']}")
            last, before, number = row, row["hash"], row["number"]
            self._count(row)
        self._check_signature(last)

    def _check_event(self, row: Record, before: bytes, number: int) -> None:
        stream = row["stream"].hex()
        if row["number"] != number + 1:
            missing = (
                f"{number + 1} to {row['number'] - 1}" if row["number"] > number + 2 else str(number + 1)
            )
            self._report("removed event", stream, missing)
        elif event_hash(before, PeopleEvent(*list(row)[:6])) != row["hash"]:
            self._report("changed event", stream, str(row["number"]))

    def _check_signature(self, row: Record | None) -> None:
        """Check a stream's last event: its hash covers the others."""
        if row is None:
            return
        head = StreamHead(stream=row["stream"], number=row["number"], at=row["at"], hash=row["hash"])
        self.reached[head.stream] = head
        if not is_signed(self._public, CHECKPOINT, head, signature=row["signature"]):
            self._report("forged event", head.stream.hex(), str(head.number))

    def _count(self, row: Record) -> None:
        people = row["people"].count(",") + 1
        match row["kind"]:
            case "COVERED":
                self.found.since = min(row["at"], self.found.since or row["at"])
            case "ADOPTED":
                self.found.adopted += people
            case "ERASED":
                self.found.erased += people

    async def check_people(self, since: datetime | None) -> None:
        """Compare each link with its commitment, and look for people of entries since then without one."""
        async for row in self._control.cursor(_PEOPLE, prefetch=_READ_AT_ONCE):
            self.found.people += row["account_id"] is not None
            if what := self._wrong(row):
                self._report(what, "", f"pl_{row['reference']:016x}")
        covered = self.found.since
        async for row in self._control.cursor(_UNKNOWN, since, prefetch=_READ_AT_ONCE):
            if covered is not None and row["at"] >= covered:
                self._report("unrecorded person", "", f"pl_{row['reference']:016x}")
            else:
                self.found.uncovered += 1
        if covered is None and self.reached:
            # A gateway covers its references before it draws the first: so it was there.
            self._report("removed event", "", "since when references are covered")

    def _wrong(self, row: Record) -> str | None:
        """What is wrong with a reference; None if nothing is."""
        if row["account_id"] is None:
            return None if row["erased"] else "removed person"
        if row["erased"]:
            return "returned person"
        if row["commitment"] is None:
            if self.found.since is not None:
                return "unrecorded person"
            self.found.uncovered += 1
            return None
        return None if _commitment_of(row) == row["commitment"] else "exchanged person"
