"""Where each field of merchants, their offers and their lists lives. The terms stand in
`schema/types/offers.py`.

To whom an offer is shown is the account's own field (`SOCIAL_ACCOUNT` in `social.py`), and no offer's.
"""

from __future__ import annotations

from resolvers.sources import catalogue
from resolvers.sources.words import Hop, Identifier, Json, ObjectSource, Value

MERCHANT = ObjectSource(
    type="Merchant",
    relation=catalogue.MERCHANT,
    prefix="me_",
    fields={"id": Identifier(), "name": Value("name", Json.TEXT)},
)

OFFER = ObjectSource(
    type="Offer",
    relation=catalogue.OFFER,
    prefix="of_",
    fields={
        "id": Identifier(),
        "title": Value("title", Json.TEXT),
        "merchant": Hop(to="Merchant", column="merchant_id"),
        "validUntil": Value("valid_until", Json.DATE),
    },
    orders={"id": ("id", Json.NUMBER)},
)

# Its numbers and members are no fields of anything. Nor is its own number, which only orders the lists.
CUSTOMER_LIST = ObjectSource(
    type="CustomerList",
    relation=catalogue.CUSTOMER_LIST,
    prefix="cl_",
    fields={
        "status": Value("status", Json.CODE),
        "uploadedAt": Value("uploaded_at", Json.TIME),
        "recordCountBand": Value("record_count_band", Json.CODE),
        "audienceSizeBand": Value("audience_size_band", Json.CODE),
    },
    orders={"id": ("id", Json.NUMBER)},
)
