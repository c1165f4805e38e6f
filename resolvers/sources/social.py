"""Where each field of the social network's types lives. Terms: `schema/types/social.py`."""

from __future__ import annotations

from resolvers.sources import catalogue
from resolvers.sources.words import (
    AboutPerson,
    Condition,
    Hop,
    Identifier,
    Json,
    Many,
    ObjectSource,
    One,
    Page,
    Suggestions,
    Value,
)

MESSENGER_LINK = One(
    type="MessengerLink",
    relation=catalogue.MESSENGER_LINK,
    on="account_id",
    fields={
        "account": Hop(to="MessengerAccount", column="messenger_id"),
        "since": Value("since", Json.DATE),
    },
)

PHONE_BINDINGS = Many(
    type="PhoneBinding",
    relation=catalogue.PHONE_BINDING,
    on="account_id",
    order=("source", "number"),
    fields={"number": Value("number", Json.CODE), "source": Value("source", Json.CODE)},
)

AD_TOPICS = Many(
    type="AdTopic",
    relation=catalogue.AD_TOPIC,
    on="account_id",
    order=("source", "topic"),
    fields={"topic": Value("topic", Json.TEXT), "source": Value("source", Json.CODE)},
)
OFFERS = Many(
    type="Offer",
    relation=catalogue.OFFER_AUDIENCE,
    on="account_id",
    order=("offer_id",),
    far=Hop(to="Offer", column="offer_id"),
    alone=True,
)
FRIEND_SUGGESTIONS = Suggestions(
    type="FriendSuggestion",
    people=catalogue.SOCIAL_ACCOUNT,
    friends=(catalogue.FRIENDSHIP, "account_id", "friend_id"),
    link=(catalogue.MESSENGER_LINK, "account_id", "messenger_id"),
    owners=catalogue.MESSENGER_ACCOUNT,
    book=(catalogue.CONTACT, "account_id", "contact_id"),
    lookup=(catalogue.MESSENGER_LOOKUP, "messenger_id", "account_id"),
    friends_of_each=100,
    contacts_of_each=500,
    fields={
        "account": Hop(to="SocialAccount", column="id"),
        "basis": Value("basis", Json.CODE),
        "mutualFriendCount": Value("mutual", Json.NUMBER),
    },
)

SOCIAL_ACCOUNT = ObjectSource(
    type="SocialAccount",
    relation=catalogue.SOCIAL_ACCOUNT,
    prefix="sa_",
    about=AboutPerson(catalogue.Store.SOCIAL, "id"),
    fields={
        "id": Identifier(),
        "displayName": Value("display_name", Json.TEXT),
        "messengerLink": MESSENGER_LINK,
        "phones": PHONE_BINDINGS,
        "adTopics": AD_TOPICS,
        "offers": OFFERS,
        "friends": Page(
            catalogue.FRIENDSHIP,
            "account_id",
            Hop(to="SocialAccount", column="friend_id"),
            type="FriendEdge",
        ),
        "friendSuggestions": FRIEND_SUGGESTIONS,
    },
    probes={
        "socialAccountByPhone": (catalogue.NUMBER_LOOKUP, "number", "account_id", ("source", "account_id")),
    },
    filters={"displayName": Condition("display_name", frozenset({"eq", "startsWith"}))},
    orders={"id": ("id", Json.NUMBER), "displayName": ("display_name", Json.TEXT)},
)
