"""What the data protection officer reads under pseudonyms: objections, accepted terms, notices.

`Audit` is what these answers need from the rest of the program. No account, number or name is among it:
the universe of AUDIT has none. What is counted, of nobody in particular, stands in `types/statistics.py`.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from typing import Protocol

import strawberry

from schema.purposes import Purpose
from schema.refusals import Code, Refusal
from schema.terms.words import belongs
from schema.types.objections import ObjectablePurpose
from schema.types.subject import Objection, ObjectionKind, TermsAcceptance

OBJECTION, TERMS_ACCEPTANCE = Objection.__name__, TermsAcceptance.__name__


@strawberry.type(description="An objection or a withdrawal of a member, as audit sees it.")
class AuditedObjection:
    """An entry of the history, under a pseudonym."""

    number: strawberry.ID = belongs(Purpose.AUDIT, "Its place in the history.", OBJECTION)
    person: str = belongs(
        Purpose.AUDIT, "Whose it is: a pseudonym, the same in every answer, known nowhere else.", OBJECTION
    )
    kind: ObjectionKind = belongs(Purpose.AUDIT, "Whether it objects or withdraws.", OBJECTION)
    purposes: list[ObjectablePurpose] = belongs(Purpose.AUDIT, "To what.", OBJECTION)
    recorded_at: datetime.datetime = belongs(Purpose.AUDIT, "When it was written down.", OBJECTION)
    effective_at: datetime.datetime = belongs(Purpose.AUDIT, "From when on it holds.", OBJECTION)
    channel: str = belongs(Purpose.AUDIT, "How it reached the gateway.", OBJECTION)
    terms_version: str = belongs(Purpose.AUDIT, "The terms that were in force then.", OBJECTION)


@strawberry.type(description="How many members object to a purpose now.")
class ObjectionsInForce:
    """The fold of all events, counted."""

    purpose: ObjectablePurpose = belongs(Purpose.AUDIT, "The purpose.", OBJECTION)
    members: int = belongs(
        Purpose.AUDIT, "Members whose objection is in force; suspensions do not count.", OBJECTION
    )


@strawberry.type(description="A notice to a client: a person objects to the use of data that it received.")
class AuditedRecall:
    """What became of a notice; the person under a reference."""

    number: strawberry.ID = belongs(Purpose.AUDIT, "Its place among all notices.", OBJECTION)
    client: str = belongs(Purpose.AUDIT, "To whom.", OBJECTION)
    received_for: str = belongs(Purpose.AUDIT, "For which purpose the data had been received.", OBJECTION)
    objected_to: str = belongs(Purpose.AUDIT, "The purpose that the person objects to.", OBJECTION)
    objected_at: datetime.datetime = belongs(Purpose.AUDIT, "Since when the objection holds.", OBJECTION)
    person: str | None = belongs(
        Purpose.AUDIT,
        "Whose data: the reference as in `disclosures`, or null once the person was cut off from the ledger.",
        OBJECTION,
    )
    fields: list[str] = belongs(Purpose.AUDIT, "What had been received: `Type.field`.", OBJECTION)
    answers: int = belongs(Purpose.AUDIT, "In how many answers.", OBJECTION)
    issued_at: datetime.datetime = belongs(Purpose.AUDIT, "When the notice was written.", OBJECTION)
    due_at: datetime.datetime = belongs(Purpose.AUDIT, "Until when it is to be acknowledged.", OBJECTION)
    delivered_at: datetime.datetime | None = belongs(
        Purpose.AUDIT, "When the client was given it for the first time, or null.", OBJECTION
    )
    acknowledged_at: datetime.datetime | None = belongs(
        Purpose.AUDIT, "When the client acknowledged it, or null.", OBJECTION
    )
    overdue: bool = belongs(Purpose.AUDIT, "Whether it is neither acknowledged nor in time.", OBJECTION)


def number_of(given: str | None) -> int:
    """The number of an event, 0 for none. BAD_USER_INPUT for what is no number of ours."""
    if given is None:
        return 0
    if re.fullmatch("[1-9][0-9]{0,17}", given) is None:
        raise Refusal(Code.BAD_USER_INPUT)
    return int(given)


class Audit(Protocol):
    """Objections without anybody's number."""

    async def objections(self, first: int, after: int, person: str | None) -> Sequence[AuditedObjection]:
        """At most `first` events that come after the one of that number, in order; of one person alone."""

    async def terms(self, person: str) -> Sequence[TermsAcceptance]:
        """The terms that the person with this pseudonym accepted, in the order of accepting."""

    async def recalls(
        self, first: int, after: int, client: str | None, overdue: bool
    ) -> Sequence[AuditedRecall]:
        """At most `first` after the one of that number, in order; of one client, or overdue, alone."""

    async def in_force(self) -> Sequence[ObjectionsInForce]:
        """For each objectable purpose, in their order, how many members object to it."""
