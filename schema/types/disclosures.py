"""Who received whose data, when and for which purpose: for the person concerned, and for audit.

An entry of the access ledger is one answer that disclosed data about people. It has the names of the
disclosed fields and no values. Audit sees references instead of people.

Source: GDPR Art. 15(1)(c) (recipients), Art. 5(2) (accountability).
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

import strawberry

from schema.purposes import Purpose
from schema.terms.words import belongs, plumbing, rows
from schema.values.enums import enum


@enum(
    "How a client chose the people that it asked about.",
    BY_ID="By identifier.",
    BY_NUMBER="By phone number.",
    BY_FILTER="By a filter on a list. Counts as one for each list, however many people it selects.",
    BY_PLACE="By a place in a list, such as a page. Counts as one for each page.",
)
class ChosenBy(StrEnum):
    """How people were chosen."""

    BY_ID = "BY_ID"
    BY_NUMBER = "BY_NUMBER"
    BY_FILTER = "BY_FILTER"
    BY_PLACE = "BY_PLACE"


@strawberry.type(
    description="How many people a client asked about, whether or not they were found, and how it chose them."
)
class PeopleAsked:
    """A part of the entry of an answer."""

    how: ChosenBy = plumbing("Disclosure", "How the client chose these people.")
    count: int = plumbing("Disclosure", "How many people it asked about in this way.")


@rows("- - - - - - O - S")
@strawberry.type(
    description="An answer that disclosed data about people. Under subject access it is data about the "
    "person that the token is bound to; under audit, people are references."
)
class Disclosure:
    """An entry of the access ledger, without its proof."""

    number: strawberry.ID = plumbing("Disclosure", "The number of this entry in the ledger, for `after`.")
    at: datetime.datetime = plumbing("Disclosure", "When the answer was recorded, just before it was sent.")
    client: str = plumbing("Disclosure", "The client that received the answer.")
    purpose: str = plumbing("Disclosure", "The purpose that the client declared.")
    fields: list[str] = plumbing(
        "Disclosure",
        "The disclosed fields, each as `Type.field`, in the order of the answer. A field that was null or "
        "empty is listed too, because that disclosed something.",
    )
    outcome: str = plumbing(
        "Disclosure", "`WHOLE`, or `PARTIAL` if a store was unavailable and part of the answer was missing."
    )
    policy: str = plumbing("Disclosure", "The digest of the policy that was in force.")
    asked: list[PeopleAsked] = plumbing(
        "Disclosure",
        "How many people the client asked about in this request, found or not. Empty for an entry from "
        "before this was recorded.",
    )
    request: str = plumbing(
        "Disclosure", "The request's identifier, as in the header `X-Request-Id` of the answer."
    )
    people: list[str] = belongs(
        Purpose.AUDIT,
        "The people whose data was disclosed, each as a reference. A person's reference is the same in "
        "every entry, and is used nowhere else. Empty for entries about the use of a person's rights "
        "(`SUBJECT_ACCESS`, `PREFERENCES`, `NOTIFICATION`) and for those of `AUDIT`: they would link the "
        "reference to the person's pseudonym.",
        "Disclosure",
    )


class Disclosures(Protocol):
    """The part of the ledger that the token may read."""

    async def page(
        self, first: int, after: str | None, person: str | None, *, client: str | None
    ) -> Sequence[Disclosure]:
        """At most `first` entries after that number, oldest first; of one person or client alone, if given.

        BAD_USER_INPUT for a text that is not a number or a reference of the ledger.
        """
