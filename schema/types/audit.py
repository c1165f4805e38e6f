"""What the data protection officer reads under pseudonyms: objections, accepted terms, recall notices.

`Audit` is what the resolvers need from the rest of the program. It has no account, phone number or name,
because the universe of AUDIT has none. Counts are in `types/statistics.py`.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import strawberry

from schema.purposes import Purpose
from schema.refusals import Code, Refusal
from schema.terms.words import belongs
from schema.types.objections import ObjectablePurpose
from schema.types.subject import Objection, ObjectionKind, TermsAcceptance

OBJECTION, TERMS_ACCEPTANCE = Objection.__name__, TermsAcceptance.__name__


@strawberry.type(description="A member's objection or withdrawal, under a pseudonym.")
class AuditedObjection:
    """An entry of the history of objections."""

    number: strawberry.ID = belongs(
        Purpose.AUDIT,
        "The place of this entry in the history, for `after`. Entries are ordered by day, within a day by "
        "pseudonym.",
        OBJECTION,
    )
    person: str = belongs(
        Purpose.AUDIT,
        "A pseudonym of the member. It is the same in every answer, and is used nowhere else.",
        OBJECTION,
    )
    kind: ObjectionKind = belongs(
        Purpose.AUDIT, "Whether the member objected or withdrew an objection.", OBJECTION
    )
    purposes: list[ObjectablePurpose] = belongs(
        Purpose.AUDIT, "The purposes that the member objected to or withdrew from.", OBJECTION
    )
    recorded_at: datetime.date = belongs(
        Purpose.AUDIT, "The day on which the gateway recorded the entry, in UTC.", OBJECTION
    )
    effective_at: datetime.date = belongs(
        Purpose.AUDIT, "The day on which the entry took effect, in UTC.", OBJECTION
    )
    channel: str = belongs(
        Purpose.AUDIT, "The channel through which the entry reached the gateway.", OBJECTION
    )
    terms_version: str = belongs(Purpose.AUDIT, "The version of the terms that was in force then.", OBJECTION)


@strawberry.type(description="How many members object to a purpose at present.")
class ObjectionsInForce:
    """Counts over the whole history."""

    purpose: ObjectablePurpose = belongs(Purpose.AUDIT, "The purpose.", OBJECTION)
    members: int = belongs(
        Purpose.AUDIT, "How many members have an objection in force. Suspensions do not count.", OBJECTION
    )


@strawberry.type(
    description="A notice to a client that a person objects to the use of data that the client received."
)
class AuditedRecall:
    """A recall notice and its state. It names no person: the client knows the account.

    Any name in it would be a name that this client can tell the officer whose it is.
    """

    number: strawberry.ID = belongs(Purpose.AUDIT, "The number of this notice, for `after`.", OBJECTION)
    client: str = belongs(Purpose.AUDIT, "The client that receives the notice.", OBJECTION)
    received_for: str = belongs(
        Purpose.AUDIT, "The purpose for which the client received the data.", OBJECTION
    )
    objected_to: str = belongs(Purpose.AUDIT, "The purpose that the person objects to.", OBJECTION)
    objected_at: datetime.date = belongs(
        Purpose.AUDIT, "The day on which the objection took effect, in UTC.", OBJECTION
    )
    fields: list[str] = belongs(
        Purpose.AUDIT, "The fields that the client received, each as `Type.field`.", OBJECTION
    )
    answers: int = belongs(Purpose.AUDIT, "How many answers had this data.", OBJECTION)
    issued_at: datetime.date = belongs(
        Purpose.AUDIT, "The day on which the notice was issued, in UTC.", OBJECTION
    )
    due_at: datetime.date = belongs(
        Purpose.AUDIT, "The last day on which the client can acknowledge the notice in time.", OBJECTION
    )
    delivered_at: datetime.date | None = belongs(
        Purpose.AUDIT,
        "The day on which the client first received the notice; null if it has not yet.",
        OBJECTION,
    )
    acknowledged_at: datetime.date | None = belongs(
        Purpose.AUDIT,
        "The day on which the client acknowledged the notice; null if it has not yet.",
        OBJECTION,
    )
    overdue: bool = belongs(
        Purpose.AUDIT, "Whether the notice is not acknowledged and past `dueAt`.", OBJECTION
    )


class HistoryPlace(NamedTuple):
    """A place in the history of objections: a day, a pseudonym, and which entry of that person and day."""

    day: datetime.date
    person: str
    entry: int

    @property
    def text(self) -> str:
        """The place as text."""
        return f"{self.day:%Y%m%d}-{self.person}-{self.entry}"


def history_place(given: str | None) -> HistoryPlace:
    """The place of such a text, the beginning for none. BAD_USER_INPUT for any other text."""
    if given is None:
        return HistoryPlace(datetime.date.min, "", 0)
    found = re.fullmatch(r"([0-9]{8})-(pa_[a-z2-7]{26})-([1-9][0-9]{0,8})", given, re.ASCII)
    try:
        if found is not None:
            day = datetime.datetime.strptime(found[1], "%Y%m%d").date()
            return HistoryPlace(day, found[2], int(found[3]))
    except ValueError:
        pass
    raise Refusal(Code.BAD_USER_INPUT)


def number_of(given: str | None) -> int:
    """The number of an entry, 0 for none. BAD_USER_INPUT for a text that is not such a number."""
    if given is None:
        return 0
    if re.fullmatch("[1-9][0-9]{0,17}", given) is None:
        raise Refusal(Code.BAD_USER_INPUT)
    return int(given)


class Audit(Protocol):
    """Objections, accepted terms and recall notices, under pseudonyms and references."""

    async def objections(
        self, first: int, after: HistoryPlace, person: str | None
    ) -> Sequence[AuditedObjection]:
        """At most `first` entries after that place, in order; with `person`, of this pseudonym alone."""

    async def terms(self, person: str) -> Sequence[TermsAcceptance]:
        """The terms that the person with this pseudonym accepted, oldest first."""

    async def recalls(
        self, first: int, after: int, client: str | None, *, overdue: bool
    ) -> Sequence[AuditedRecall]:
        """At most `first` notices after that number, in order; of one client, or overdue ones alone."""

    async def in_force(self) -> Sequence[ObjectionsInForce]:
        """How many members object to each objectable purpose, in the order of purposes."""
