"""What becomes of a list of customers' numbers that a merchant uploads.

Each outcome is a type, never an error, and none says anything of a person: a list is taken, with bands
that were decided once, or refused for one of four reasons that depend on what this merchant uploaded
before and on nobody's data. `Lists` is what the resolver needs from the rest of the program; it knows whose
token asks, so that no document can name another merchant.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Protocol

import strawberry

from schema.purposes import Purpose
from schema.terms.words import belongs
from schema.types.offers import CustomerList

OFFER_MATCHING = Purpose.OFFER_MATCHING


@strawberry.enum(description="Why a list was not taken.")
class ListRefusal(StrEnum):
    """Of its merchant's own making, each of them."""

    BUDGET_SPENT = "BUDGET_SPENT"
    OFFER_HAS_LIST = "OFFER_HAS_LIST"
    TOO_SIMILAR = "TOO_SIMILAR"
    UNKNOWN_OFFER = "UNKNOWN_OFFER"


@strawberry.type(description="The list is taken. The same list gets the same answer again.")
class CustomerListTaken:
    """What is told of a list, and which rows were no numbers."""

    customer_list: CustomerList = belongs(OFFER_MATCHING, "The list.")
    bad_line_count: int = belongs(OFFER_MATCHING, "How many rows were no phone number and were left out.")
    bad_lines: list[int] = belongs(OFFER_MATCHING, "The first hundred of them, counted from 1.")


@strawberry.type(
    description="Not taken: five new lists a day; one list for an offer; none that is nearly another one."
)
class CustomerListRefused:
    """Nothing of the list is left."""

    reason: ListRefusal = belongs(OFFER_MATCHING, "Why.")


UploadCustomerListResult = Annotated[
    CustomerListTaken | CustomerListRefused,
    strawberry.union("UploadCustomerListResult", description="What became of a customer list."),
]
LIST_OUTCOMES: tuple[type, ...] = (CustomerListTaken, CustomerListRefused)


class Lists(Protocol):
    """The customer lists of the merchant to whom the request's token is bound, and of nobody else.

    It may raise: then it is unknown what was done, and the call may be repeated with the same list.
    """

    async def upload(self, offer: int, numbers: list[str]) -> UploadCustomerListResult:
        """Match these numbers, and show the offer to whom they belong."""
