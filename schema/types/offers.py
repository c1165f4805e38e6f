"""What ads are chosen by, and merchants' offers, each field with its terms.

A topic says what it was learnt from: what the messenger taught is covered by an objection there. An
offer is shown to people whose numbers its merchant knows already. The merchant never sees to whom;
whoever pulls offers does so for one account at a time (`ONE_AT_A_TIME` in `schema/refusals.py`).

The columns of marks: ads, offers, friends, infrastructure, security, business, subject access,
preferences, audit (`schema/terms/marks.py` lists them).
"""

from __future__ import annotations

import datetime
from enum import StrEnum

import strawberry

from schema.terms.words import never, plumbing, rows, seen
from schema.values.paging import PageInfo


@strawberry.enum(description="Which of the two taught a topic.")
class AdTopicSource(StrEnum):
    """Provenance of a topic."""

    MESSENGER = "MESSENGER"
    SOCIAL = "SOCIAL"


@rows(SOCIAL="V - - - - - O - -", MESSENGER="A - - - - - O - -")
@strawberry.type(description="A topic that a person is taken to care about, with what it was learnt from.")
class AdTopic:
    """Derived data: as strict as what it was derived from."""

    topic: str = seen("V - - - - - O - -", "The topic.")
    source: AdTopicSource = seen("V - - - - - O - -", "What it was learnt from.")


@strawberry.type(description="A merchant.")
class Merchant:
    """Who a merchant says it is, which is no secret."""

    id: strawberry.ID = seen("V M - - - - V - -", "The merchant's identifier.")
    name: str = seen("V M - - - - V - -", "The merchant's name.")


# How the two kinds of rows that are about a person are told apart from the merchant's own.
MATCHED = "matched through "
OWN_OFFERS = "the merchant's own"


@rows(
    **{
        f"{MATCHED}SELF_PROFILE": "V - - - - - O - -",
        f"{MATCHED}MESSENGER_SHARED": "A - - - - - O - -",
        OWN_OFFERS: "- M - - - - - - -",
    }
)
@strawberry.type(description="A merchant's offer.")
class Offer:
    """Shown to whoever a merchant's list of numbers was matched with."""

    id: strawberry.ID = seen("V M - - - - O - -", "The offer's identifier.")
    title: str = seen("V M - - - - O - -", "What is offered.")
    merchant: Merchant = seen("V M - - - - O - -", "Who offers it.")
    valid_until: datetime.date = seen("V M - - - - O - -", "Its last day.")


@strawberry.type(description="An offer and its place in the list.")
class OfferEdge:
    """Relay edge."""

    node: Offer = plumbing("Offer", "The offer.")
    cursor: str = plumbing("Offer", "The offer's place in the list.")


@strawberry.type(description="A page of the merchant's own offers, in the order of their numbers.")
class OfferConnection:
    """Relay connection."""

    edges: list[OfferEdge] = plumbing("Offer", "The page's edges.")
    nodes: list[Offer] = plumbing("Offer", "The page's offers.")
    page_info: PageInfo = plumbing("Offer", "Where the page stands.")
    total_count: int = plumbing("Offer", "How many offers the merchant has.")


@strawberry.enum(description="A size, told as a band.")
class SizeBand(StrEnum):
    """The least number of the band."""

    BELOW_MINIMUM = "BELOW_MINIMUM"
    FROM_100 = "FROM_100"
    FROM_500 = "FROM_500"
    FROM_1000 = "FROM_1000"
    FROM_5000 = "FROM_5000"
    FROM_10000 = "FROM_10000"
    FROM_50000 = "FROM_50000"


@strawberry.enum(description="What became of a list.")
class CustomerListStatus(StrEnum):
    """A list below the minimum is shown to nobody."""

    BELOW_MINIMUM = "BELOW_MINIMUM"
    MATCHED = "MATCHED"


@never("entries", "members")
@rows("- M - - - - - - V")
@strawberry.type(description="A list of customers' numbers that a merchant uploaded, told in bands.")
class CustomerList:
    """Neither the numbers nor whom they belong to is in any schema; sizes are decided once and stay."""

    status: CustomerListStatus = seen("- M - - - - - - V", "What became of it.")
    uploaded_at: datetime.datetime = seen("- M - - - - - - V", "When it was first uploaded.")
    record_count_band: SizeBand = seen("- M - - - - - - V", "How many different numbers were in it.")
    audience_size_band: SizeBand = seen(
        "- M - - - - - - V", "How many of them were found, told a little low: records, not people."
    )


@strawberry.type(description="A list and its place among the lists.")
class CustomerListEdge:
    """Relay edge."""

    node: CustomerList = plumbing("CustomerList", "The list.")
    cursor: str = plumbing("CustomerList", "The list's place.")


@strawberry.type(description="A page of customer lists, in the order of their first upload.")
class CustomerListConnection:
    """Relay connection."""

    edges: list[CustomerListEdge] = plumbing("CustomerList", "The page's edges.")
    nodes: list[CustomerList] = plumbing("CustomerList", "The page's lists.")
    page_info: PageInfo = plumbing("CustomerList", "Where the page stands.")
    total_count: int = plumbing("CustomerList", "How many lists there are.")
