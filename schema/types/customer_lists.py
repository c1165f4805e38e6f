"""The outcomes of uploading a list of customers' phone numbers.

Each outcome is a type, never an error, and none discloses anything about a person. A list is taken, with
sizes in bands, or refused for one of four reasons. The reasons depend on what this merchant uploaded before,
not on anyone's data. `Lists` is what the resolver needs from the rest of the program. It knows the token's
merchant, so that no document can name another merchant.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Protocol

import strawberry

from schema.purposes import Purpose
from schema.terms.words import belongs
from schema.types.offers import CustomerList
from schema.values.enums import enum

OFFER_MATCHING = Purpose.OFFER_MATCHING


@enum(
    "Why a customer list was refused.",
    BUDGET_SPENT="The merchant has no new list left for this day, or for these 90 days.",
    OFFER_HAS_LIST="The offer has another list already.",
    TOO_SIMILAR="The list is nearly the same as another list of the merchant.",
    UNKNOWN_OFFER="The merchant has no such offer.",
)
class ListRefusal(StrEnum):
    """Reasons that depend on the merchant's own uploads alone."""

    BUDGET_SPENT = "BUDGET_SPENT"
    OFFER_HAS_LIST = "OFFER_HAS_LIST"
    TOO_SIMILAR = "TOO_SIMILAR"
    UNKNOWN_OFFER = "UNKNOWN_OFFER"


@strawberry.type(description="The list is taken. Uploading the same list again returns the same answer.")
class CustomerListTaken:
    """The list, and its rows that are not phone numbers."""

    customer_list: CustomerList = belongs(OFFER_MATCHING, "The customer list.")
    bad_line_count: int = belongs(
        OFFER_MATCHING, "How many rows are not phone numbers. The gateway skips them."
    )
    bad_lines: list[int] = belongs(
        OFFER_MATCHING, "The row numbers of the first 100 such rows, counted from 1."
    )


@strawberry.type(
    description="The list is refused. A merchant can upload five new lists a day, a limited number in 90 "
    "days, one for each offer, and none that is nearly the same as another."
)
class CustomerListRefused:
    """The gateway keeps nothing of a refused list."""

    reason: ListRefusal = belongs(OFFER_MATCHING, "Why the list was refused.")


UploadCustomerListResult = Annotated[
    CustomerListTaken | CustomerListRefused,
    strawberry.union("UploadCustomerListResult", description="The outcome of uploading a customer list."),
]
LIST_OUTCOMES: tuple[type, ...] = (CustomerListTaken, CustomerListRefused)


class Lists(Protocol):
    """The customer lists of the merchant that the request's token is bound to, and of no other.

    A call may raise. Then it is unknown what was done, and the caller may repeat it with the same list.
    """

    def offer_number(self, identifier: str) -> int:
        """The number in an offer's identifier. BAD_USER_INPUT if it is malformed."""

    async def upload(self, offer: int, numbers: list[str]) -> UploadCustomerListResult:
        """Match these numbers, and show the offer to the people who have them."""
