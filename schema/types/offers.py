"""The topics by which ads are chosen, and merchants' offers, each field with its terms.

A topic names its source: an objection on the messenger covers the topics that came from it. An offer is shown
to people whose phone numbers its merchant has already. The merchant never sees to which people, and a client
requests offers for one account at a time (`ONE_AT_A_TIME` in `schema/refusals.py`).

The columns of marks: ads, offers, friends, infrastructure, security, business, subject access,
preferences, audit (`schema/terms/marks.py` lists them).
"""

from __future__ import annotations

import datetime
from enum import StrEnum

import strawberry

from schema.terms.words import never, plumbing, rows, seen
from schema.values.enums import enum
from schema.values.paging import PageInfo


@enum(
    "The network whose data a topic was derived from.",
    MESSENGER="The messenger.",
    SOCIAL="The social network.",
)
class AdTopicSource(StrEnum):
    """Provenance of a topic."""

    MESSENGER = "MESSENGER"
    SOCIAL = "SOCIAL"


@rows(SOCIAL="V - - - - - O - -", MESSENGER="A - - - - - O - -")
@strawberry.type(description="A topic that a person is assumed to be interested in, and its source.")
class AdTopic:
    """Derived data, which is as protected as the data that it was derived from."""

    topic: str = seen("V - - - - - O - -", "The topic.")
    source: AdTopicSource = seen("V - - - - - O - -", "The network whose data the topic was derived from.")


@strawberry.type(description="A merchant, who offers something to people on the social network.")
class Merchant:
    """What a merchant publishes about itself."""

    id: strawberry.ID = seen("V M - - - - V - -", "The merchant's global identifier.")
    name: str = seen("V M - - - - V - -", "The merchant's name.")


# The prefix of the kinds of rows that are about a person; the other kind is the merchant's own offers.
MATCHED = "matched through "
OWN_OFFERS = "the merchant's own"


@rows(
    **{
        f"{MATCHED}SELF_PROFILE": "V - - - - - O - -",
        f"{MATCHED}MESSENGER_SHARED": "A - - - - - O - -",
        OWN_OFFERS: "- M - - - - - - -",
    }
)
@strawberry.type(description="An offer of a merchant.")
class Offer:
    """An offer, shown to the people who were matched with the merchant's customer list."""

    id: strawberry.ID = seen("V M - - - - O - -", "The offer's global identifier.")
    title: str = seen("V M - - - - O - -", "The title of the offer.")
    merchant: Merchant = seen("V M - - - - O - -", "The merchant who makes the offer.")
    valid_until: datetime.date = seen("V M - - - - O - -", "The last day on which the offer is valid.")


@strawberry.type(description="An offer, and the entry's place in the list.")
class OfferEdge:
    """Relay edge."""

    node: Offer = plumbing("Offer", "The offer.")
    cursor: str = plumbing("Offer", "The cursor of this entry, for `after` and `before`.")


@strawberry.type(description="A page of the merchant's own offers, ordered by number.")
class OfferConnection:
    """Relay connection."""

    edges: list[OfferEdge] = plumbing("Offer", "The entries of this page, each with its cursor.")
    nodes: list[Offer] = plumbing("Offer", "The offers of this page.")
    page_info: PageInfo = plumbing("Offer", "Where the page is in the list.")
    total_count: int = plumbing("Offer", "How many offers the merchant has in total.")


@enum(
    "A number of phone numbers, as a band. Each band starts at the number in its name.",
    BELOW_MINIMUM="Fewer than 100.",
    FROM_100="100 to 499.",
    FROM_500="500 to 999.",
    FROM_1000="1,000 to 4,999.",
    FROM_5000="5,000 to 9,999.",
    FROM_10000="10,000 to 49,999.",
    FROM_50000="50,000 or more.",
)
class SizeBand(StrEnum):
    """Bands, by the least number in each."""

    BELOW_MINIMUM = "BELOW_MINIMUM"
    FROM_100 = "FROM_100"
    FROM_500 = "FROM_500"
    FROM_1000 = "FROM_1000"
    FROM_5000 = "FROM_5000"
    FROM_10000 = "FROM_10000"
    FROM_50000 = "FROM_50000"


@enum(
    "The state of a customer list.",
    BELOW_MINIMUM="Too few of its numbers were found, so the offer is shown to none of these people.",
    MATCHED="The offer is shown to the people who were found.",
)
class CustomerListStatus(StrEnum):
    """The offer of a list below the minimum is not shown."""

    BELOW_MINIMUM = "BELOW_MINIMUM"
    MATCHED = "MATCHED"


@never("entries", "members")
@rows("- M - - - - - - V")
@strawberry.type(
    description="A list of customers' phone numbers that a merchant uploaded. Sizes are bands, decided once "
    "at the upload."
)
class CustomerList:
    """No schema has the list's numbers or the people who were found."""

    status: CustomerListStatus = seen("- M - - - - - - V", "The state of the list.")
    uploaded_at: datetime.datetime = seen("- M - - - - - - V", "When the list was first uploaded.")
    record_count_band: SizeBand = seen("- M - - - - - - V", "How many different phone numbers the list has.")
    audience_size_band: SizeBand = seen(
        "- M - - - - - - V",
        "How many of these numbers were found, rounded down a little. Counts records, not people.",
    )


@strawberry.type(description="A customer list, and the entry's place in the list of lists.")
class CustomerListEdge:
    """Relay edge."""

    node: CustomerList = plumbing("CustomerList", "The customer list.")
    cursor: str = plumbing("CustomerList", "The cursor of this entry, for `after` and `before`.")


@strawberry.type(description="A page of customer lists, ordered by first upload.")
class CustomerListConnection:
    """Relay connection."""

    edges: list[CustomerListEdge] = plumbing(
        "CustomerList", "The entries of this page, each with its cursor."
    )
    nodes: list[CustomerList] = plumbing("CustomerList", "The customer lists of this page.")
    page_info: PageInfo = plumbing("CustomerList", "Where the page is in the list.")
    total_count: int = plumbing("CustomerList", "How many customer lists there are in total.")
