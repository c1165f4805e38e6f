"""Where a person's own data lives. Terms: `schema/types/subject.py`."""

from __future__ import annotations

from collections.abc import Mapping

from resolvers.sources import catalogue
from resolvers.sources.words import Json, OwnObject, OwnRows, Value

OBJECTIONS = OwnRows(
    type="Objection",
    relation=catalogue.OBJECTION_EVENT,
    owner="messenger_id",
    order=("id",),
    fields={
        "kind": Value("kind", Json.CODE),
        "purposes": Value("purposes", Json.TEXT),
        "recordedAt": Value("recorded_at", Json.TIME),
        "effectiveAt": Value("effective_at", Json.TIME),
        "channel": Value("channel", Json.TEXT),
        "termsVersion": Value("terms_version", Json.TEXT),
    },
)

TERMS_ACCEPTANCES = OwnRows(
    type="TermsAcceptance",
    relation=catalogue.TERMS_ACCEPTANCE,
    owner="messenger_id",
    order=("accepted_at", "version"),
    fields={"version": Value("version", Json.TEXT), "acceptedAt": Value("accepted_at", Json.TIME)},
)

SUSPENSIONS = OwnRows(
    type="Suspension",
    relation=catalogue.SUSPENSION,
    owner=None,
    order=("id",),
    fields={
        "jurisdiction": Value("jurisdiction", Json.TEXT),
        "countries": Value("countries", Json.TEXT),
        "purposes": Value("purposes", Json.TEXT),
        "validFrom": Value("valid_from", Json.TIME),
        "validUntil": Value("valid_until", Json.TIME, nullable=True),
        "reason": Value("reason", Json.TEXT),
    },
)

SUBJECT: Mapping[str, OwnObject | OwnRows] = {
    "messengerAccount": OwnObject("MessengerAccount", "messenger_id"),
    "socialAccount": OwnObject("SocialAccount", "social_id"),
    "objections": OBJECTIONS,
    "termsAcceptances": TERMS_ACCEPTANCES,
    "suspensions": SUSPENSIONS,
}
