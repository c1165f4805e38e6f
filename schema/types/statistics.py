"""Statistics for the data protection officer: answers by day, objections over time, reports, refusals.

They have no reference, pseudonym or number of a person. Days are days in UTC. `Statistics` and
`LedgerReports` are what the resolvers need from the rest of the program.

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
from schema.values.enums import enum

AUDIT = Purpose.AUDIT
DISCLOSURE, OBJECTION = Disclosure.__name__, Objection.__name__

Since = Annotated[
    datetime.datetime | None,
    strawberry.argument(
        name="from",
        description="At this time or later. The default is in the description of the field.",
    ),
]
Until = Annotated[
    datetime.datetime | None,
    strawberry.argument(
        name="before",
        description="Before this time. The default is now. The span can have at most 366 days.",
    ),
]


@strawberry.type(description="The answers to one client for one purpose on one day.")
class DisclosureCount:
    """Counts of ledger entries."""

    day: datetime.date = belongs(AUDIT, "The day, in UTC.", DISCLOSURE)
    client: str = belongs(AUDIT, "The client.", DISCLOSURE)
    purpose: str = belongs(AUDIT, "The purpose.", DISCLOSURE)
    answers: int = belongs(
        AUDIT, "How many answers there were, including answers without data about a person.", DISCLOSURE
    )
    people: int = belongs(
        AUDIT,
        "How many people these answers disclosed data about, each counted once. 0 for answers whose people "
        "`disclosures` does not name.",
        DISCLOSURE,
    )


@strawberry.type(description="The answers to all clients for one purpose.")
class PeopleByPurpose:
    """Counts of ledger entries over the whole span."""

    purpose: str = belongs(AUDIT, "The purpose.", DISCLOSURE)
    answers: int = belongs(
        AUDIT, "How many answers there were, including answers without data about a person.", DISCLOSURE
    )
    people: int = belongs(
        AUDIT,
        "How many people these answers disclosed data about, each counted once. 0 for answers whose people "
        "`disclosures` does not name.",
        DISCLOSURE,
    )


@strawberry.type(
    description="How many members object to a purpose at the end of a day, and what changed on that day."
)
class ObjectionsOnDay:
    """Counts over the history up to the end of the day."""

    day: datetime.date = belongs(AUDIT, "The day, in UTC.", OBJECTION)
    purpose: ObjectablePurpose = belongs(AUDIT, "The purpose.", OBJECTION)
    members: int = belongs(
        AUDIT,
        "How many members had an objection in force when the day ended. Suspensions do not count.",
        OBJECTION,
    )
    objected: int = belongs(
        AUDIT, "How many objections took effect on the day, including repeated ones.", OBJECTION
    )
    withdrawn: int = belongs(
        AUDIT, "How many withdrawals took effect on the day, including repeated ones.", OBJECTION
    )


@enum(
    "A report of the whole ledger, as in `gateway ledger report`.",
    PHONE_READERS="Which clients received phone numbers, by purpose.",
    OBJECTORS="Answers that disclosed an objector's data for a purpose that they had objected to.",
    HONOURED="The time from each objection until the first answer that left the person out.",
    TWO_PURPOSES="Clients that read the same people under more than one purpose.",
    BULK="The most people read by a client within an hour.",
    PHONE_ENUMERATION="Clients with many answers without a person, as after guessing phone numbers.",
    REPLAYED="Entries that the policy version of their time did not allow.",
    RECALLS="Recall notices by client, overdue ones first.",
)
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


@strawberry.type(description="A report of the whole ledger: a table without data about a person.")
class LedgerReport:
    """The table of the command line, with every value as text."""

    says: str = belongs(AUDIT, "What the report found, in one sentence.", DISCLOSURE)
    wrong: bool = belongs(AUDIT, "Whether the report found a violation.", DISCLOSURE)
    columns: list[str] = belongs(AUDIT, "The names of the columns, in order.", DISCLOSURE)
    rows: list[list[str | None]] = belongs(
        AUDIT, "The rows, with a value for each column. Times are in ISO 8601.", DISCLOSURE
    )


@strawberry.type(description="How many requests of one hour were refused, or answered slowly.")
class RequestTally:
    """Counts of requests, without a document or a value of any request."""

    hour: datetime.datetime = belongs(AUDIT, "The start of the hour in which the requests were answered.")
    client: str = belongs(AUDIT, "The client; empty if it was not known, or not counted separately.")
    purpose: str = belongs(AUDIT, "The purpose; empty if it was not known.")
    what: str = belongs(AUDIT, "The code of the refusal, or `SLOW` for slow answers.")
    requests: int = belongs(AUDIT, "How many requests there were.")
    longest_ms: int = belongs(
        AUDIT, "How many milliseconds the longest of them took until its answer was ready."
    )
    request: str = belongs(
        AUDIT, "The identifier of the last of them, as in the header `X-Request-Id` of its answer."
    )


class Statistics(Protocol):
    """Counts of the ledger, of objections and of requests.

    Each call counts from `since` on and before `until`. None for `until` is now; None for `since` is as many
    days earlier as the field says.
    BAD_USER_INPUT for a span that is empty or longer than 366 days.
    """

    async def disclosures(
        self, since: datetime.datetime | None, until: datetime.datetime | None
    ) -> Sequence[DisclosureCount]:
        """A row for each day, client and purpose with an answer, in this order; at most 10,000."""

    async def people(
        self, since: datetime.datetime | None, until: datetime.datetime | None
    ) -> Sequence[PeopleByPurpose]:
        """A row for each purpose with an answer, ordered by name."""

    async def objections(
        self, since: datetime.datetime | None, until: datetime.datetime | None
    ) -> Sequence[ObjectionsOnDay]:
        """A row for each day and objectable purpose, in this order, including days without a change."""

    async def requests(
        self, since: datetime.datetime | None, until: datetime.datetime | None
    ) -> Sequence[RequestTally]:
        """A row for each hour, client, purpose and outcome, in this order; at most 10,000."""


class LedgerReports(Protocol):
    """Reports that read the whole ledger."""

    async def report(
        self, name: LedgerReportName, since: datetime.datetime | None, until: datetime.datetime | None
    ) -> LedgerReport:
        """The report of this span. BAD_USER_INPUT as for `Statistics`; raises if the ledger is down."""
