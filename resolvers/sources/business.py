"""Where each field of businesses and their conversations lives. Terms: `schema/types/business.py`."""

from __future__ import annotations

from resolvers.sources import catalogue
from resolvers.sources.words import (
    AboutPerson,
    Condition,
    Constant,
    Hop,
    Identifier,
    Json,
    ObjectSource,
    Source,
    Value,
)

BUSINESS = ObjectSource(
    type="Business",
    relation=catalogue.MESSENGER_BUSINESS,
    prefix="bu_",
    fields={
        "id": Identifier(),
        "name": Value("name", Json.TEXT),
        "verified": Value("verified", Json.BOOLEAN),
    },
    orders={"id": ("id", Json.NUMBER)},
)

_FILTERS = {
    "category": Condition("category", frozenset({"eq", "in"})),
    "status": Condition("status", frozenset({"eq", "in"})),
    "openedOn": Condition("opened_on", frozenset({"from", "before"}), Json.DATE),
    "lastMessageOn": Condition("last_message_on", frozenset({"from", "before"}), Json.DATE),
}
_ORDERS = {
    "id": ("id", Json.NUMBER),
    "category": ("category", Json.TEXT),
    "status": ("status", Json.TEXT),
    "openedOn": ("opened_on", Json.DATE),
    "lastMessageOn": ("last_message_on", Json.DATE),
}
_GROUPS = {
    "byCategory": Value("category", Json.CODE),
    "byStatus": Value("status", Json.CODE),
}


def _fields(channel: str, business: Hop, customer: Hop) -> dict[str, Source]:
    """The fields of a conversation of either channel, with its business and its customer."""
    return {
        "id": Identifier(),
        "channel": Constant(f'"{channel}"'),
        "category": Value("category", Json.CODE),
        "business": business,
        "customer": customer,
        "status": Value("status", Json.CODE),
        "openedOn": Value("opened_on", Json.DATE),
        "lastMessageOn": Value("last_message_on", Json.DATE),
        "messageCount": Value("message_count", Json.NUMBER),
    }


MESSENGER_CONVERSATION = ObjectSource(
    type="MessengerConversation",
    relation=catalogue.MESSENGER_CONVERSATION,
    prefix="mc_",
    about=AboutPerson(catalogue.Store.MESSENGER, "account_id"),
    fields=_fields(
        "MESSENGER",
        Hop(to="Business", column="business_id"),
        Hop(to="MessengerAccount", column="account_id"),
    ),
    filters=_FILTERS,
    orders=_ORDERS,
    groups=_GROUPS,
    copy=catalogue.MESSENGER_CUSTOMER,
)

SOCIAL_CONVERSATION = ObjectSource(
    type="SocialConversation",
    relation=catalogue.SOCIAL_CONVERSATION,
    prefix="sc_",
    about=AboutPerson(catalogue.Store.SOCIAL, "account_id", nullable=True),
    fields=_fields(
        "SOCIAL",
        Hop(to="Business", column="business_id", relation=catalogue.SOCIAL_BUSINESS),
        Hop(to="SocialAccount", column="account_id", nullable=True),
    ),
    filters=_FILTERS,
    orders=_ORDERS,
    groups=_GROUPS,
    copy=catalogue.SOCIAL_CUSTOMER,
)
