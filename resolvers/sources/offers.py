"""Where each field of merchants, their offers and customer lists lives. Terms: `schema/types/offers.py`.

The people who see an offer are not a field of the offer. The offers of a person are a field of their account
(`SOCIAL_ACCOUNT` in `social.py`).
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

# No field has the list's phone numbers or members, nor its own number, which only orders the lists.
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
