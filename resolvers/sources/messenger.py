"""Where each field of the messenger's types lives. Terms: `schema/types/messenger.py`."""

from __future__ import annotations

from resolvers.sources import catalogue
from resolvers.sources.words import (
    AboutPerson,
    Band,
    Condition,
    Copies,
    Hop,
    Identifier,
    Json,
    Measure,
    Measured,
    ObjectSource,
    Page,
    Summary,
    Value,
)

USAGE_STATS = Summary(
    type="UsageStats",
    relation=catalogue.DAILY_USAGE,
    on="account_id",
    day="day",
    days=28,
    until="until",
    horizon=catalogue.USAGE_HORIZON,
    fields={
        "frequencyBand": Measured(
            Measure.ROWS, bands=((0, "INACTIVE"), (1, "MONTHLY"), (4, "WEEKLY"), (12, "DAILY"))
        ),
        "activeDays28": Measured(Measure.ROWS),
        "messagesSent28": Measured(Measure.SUM, "messages_sent"),
        "lastActiveOn": Measured(Measure.LAST, "day"),
    },
)

CONTACT_EDGE = Hop(to="MessengerAccount", column="contact_id")

MESSENGER_ACCOUNT = ObjectSource(
    type="MessengerAccount",
    relation=catalogue.MESSENGER_ACCOUNT,
    prefix="ma_",
    about=AboutPerson(catalogue.Store.MESSENGER, "id"),
    fields={
        "id": Identifier(),
        "phone": Value("phone", Json.CODE),
        "countryCode": Value("country_code", Json.CODE),
        "registeredAt": Value("registered_at", Json.TIME),
        "usage": USAGE_STATS,
        "contacts": Page(
            catalogue.CONTACT,
            "account_id",
            CONTACT_EDGE,
            type="ContactEdge",
            fields={"account": CONTACT_EDGE},
        ),
        "contactCountBand": Band(
            catalogue.CONTACT,
            "account_id",
            ((0, "NONE"), (1, "FEW"), (10, "TENS"), (50, "MANY"), (200, "HUNDREDS")),
        ),
        "businessConversations": Copies("MessengerConversation", catalogue.MESSENGER_CUSTOMER, "account_id"),
        "socialAccount": Hop(
            to="SocialAccount",
            column="id",
            via=(catalogue.MESSENGER_LOOKUP, "messenger_id", "account_id"),
        ),
    },
    lookups={"phone": (catalogue.PHONE_LOOKUP, "phone", "account_id")},
    batches={"phoneNumbers": "phone"},
    groups={"byCountryCode": Value("country_code", Json.CODE)},
    filters={
        "countryCode": Condition("country_code", frozenset({"eq", "in"})),
        "registeredAt": Condition("registered_at", frozenset({"from", "before"}), Json.TIME),
    },
    orders={
        "id": ("id", Json.NUMBER),
        "countryCode": ("country_code", Json.TEXT),
        "registeredAt": ("registered_at", Json.TIME),
    },
)
