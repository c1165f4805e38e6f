"""What the data protection officer reads in figures: answers by day, objections over time, reports, refusals.

Of nobody in particular: there is no reference, pseudonym or number of a person in it. Days are those of UTC.
`Figures` and `LedgerReports` are what these answers need from the rest of the program.

Source: GDPR Art. 5(2) (accountability), Art. 39(1)(b) (the officer monitors).
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Protocol

import strawberry

from schema.purposes import Purpose
from schema.terms.words import belongs
from schema.types.disclosures import Disclosure
from schema.types.objections import ObjectablePurpose
from schema.types.subject import Objection

AUDIT = Purpose.AUDIT
DISCLOSURE, OBJECTION = Disclosure.__name__, Objection.__name__

Since = Annotated[
    datetime.datetime | None,
    strawberry.argument(
        name="from",
        description="At this time or later, in UTC unless it names a zone; see the field if left out.",
    ),
]
Until = Annotated[
    datetime.datetime | None,
    strawberry.argument(
        name="before", description="Earlier than this time; now if left out. 366 days at most."
    ),
]


@strawberry.type(description="The answers to one client for one purpose on one day.")
class DisclosureCount:
    """Entries of the access ledger, counted."""

    day: datetime.date = belongs(AUDIT, "The day in UTC.", DISCLOSURE)
    client: str = belongs(AUDIT, "Who asked.", DISCLOSURE)
    purpose: str = belongs(AUDIT, "For what.", DISCLOSURE)
    answers: int = belongs(AUDIT, "How many answers, also those that named no one.", DISCLOSURE)
    people: int = belongs(AUDIT, "Of how many people they told, each counted once.", DISCLOSURE)


@strawberry.type(description="The answers to all clients for one purpose.")
class PeopleByPurpose:
    """Entries of the access ledger, counted over the whole span."""

    purpose: str = belongs(AUDIT, "For what.", DISCLOSURE)
    answers: int = belongs(AUDIT, "How many answers, also those that named no one.", DISCLOSURE)
    people: int = belongs(AUDIT, "Of how many people they told, each counted once.", DISCLOSURE)


@strawberry.type(
    description="How many members object to a purpose when a day ends, and what they said on it."
)
class ObjectionsOnDay:
    """The fold of all events up to a day's end, counted."""

    day: datetime.date = belongs(AUDIT, "The day in UTC.", OBJECTION)
    purpose: ObjectablePurpose = belongs(AUDIT, "The purpose.", OBJECTION)
    members: int = belongs(
        AUDIT,
        "Members whose objection was in force when the day, or the span, ended; suspensions do not count.",
        OBJECTION,
    )
    objected: int = belongs(AUDIT, "Objections that took effect on the day, repeated ones too.", OBJECTION)
    withdrawn: int = belongs(AUDIT, "Withdrawals that took effect on the day, repeated ones too.", OBJECTION)


@strawberry.enum(description="A question to the whole ledger, as of `gateway ledger report`.")
class LedgerReportName(StrEnum):
    """The reports of `gateway.ledger.reports.REPORTS`, by the names that the command line knows."""

    PHONE_READERS = "phone-readers"
    OBJECTORS = "objectors"
    HONOURED = "honoured"
    TWO_PURPOSES = "two-purposes"
    BULK = "bulk"
    PHONE_ENUMERATION = "phone-enumeration"
    REPLAYED = "replayed"
    RECALLS = "recalls"


@strawberry.type(description="A report of the whole ledger: a table that names no person.")
class LedgerReport:
    """What the command line prints, with every value as text."""

    says: str = belongs(AUDIT, "What it says, in a sentence.", DISCLOSURE)
    wrong: bool = belongs(AUDIT, "Whether there is something in it that must not be.", DISCLOSURE)
    columns: list[str] = belongs(AUDIT, "The names of the columns.", DISCLOSURE)
    rows: list[list[str | None]] = belongs(AUDIT, "A value for each column; times in ISO 8601.", DISCLOSURE)


@strawberry.type(description="Requests of one hour that were refused, or answered slowly.")
class RequestTally:
    """What processes counted; no value of a request and no document is in it."""

    hour: datetime.datetime = belongs(AUDIT, "The hour in which they were answered, from its beginning.")
    client: str = belongs(AUDIT, "Who asked; empty if that was not known, or not kept apart.")
    purpose: str = belongs(AUDIT, "For what; empty if that was not known.")
    what: str = belongs(AUDIT, "The code of the refusal, or `SLOW`.")
    requests: int = belongs(AUDIT, "How many.")
    longest_ms: int = belongs(AUDIT, "How long the longest took until its answer was ready, in milliseconds.")
    request: str = belongs(AUDIT, "The last of them, as in the header `X-Request-Id` of its answer.")


class Statistics(Protocol):
    """Counts of the ledger, of objections and of requests.

    Each from `since` on and before `until`; None is now, or so many days earlier as the field says.
    BAD_USER_INPUT for a span that is empty or longer than 366 days.
    """

    async def disclosures(
        self, since: datetime.datetime | None, until: datetime.datetime | None
    ) -> Sequence[DisclosureCount]:
        """A line for each day, client and purpose with an answer, in this order; at most 10,000."""

    async def people(
        self, since: datetime.datetime | None, until: datetime.datetime | None
    ) -> Sequence[PeopleByPurpose]:
        """A line for each purpose with an answer, in the order of their names."""

    async def objections(
        self, since: datetime.datetime | None, until: datetime.datetime | None
    ) -> Sequence[ObjectionsOnDay]:
        """A line for each day and objectable purpose, in this order, also where nothing changed."""

    async def requests(
        self, since: datetime.datetime | None, until: datetime.datetime | None
    ) -> Sequence[RequestTally]:
        """A line for each hour, client, purpose and outcome, in this order; at most 10,000."""


class LedgerReports(Protocol):
    """Reports that read the whole ledger."""

    async def report(
        self, name: LedgerReportName, since: datetime.datetime | None, until: datetime.datetime | None
    ) -> LedgerReport:
        """The report of this span. BAD_USER_INPUT as of `Figures`; fails as a store that is away."""
