"""What a person may know about themselves: their accounts, their objections, the terms, suspensions.

One root, for tokens that are bound to a person. Nothing of it takes an argument that could name anybody
else, and lists hold the person's own rows: whose they are is decided where they are read
(`resolvers/sources/subject.py`), not by what is asked.

Source: GDPR Art. 15 (access), Art. 20 (machine-readable).
"""

from __future__ import annotations

import datetime
from enum import StrEnum

import strawberry

from schema.terms.words import plumbing, rows
from schema.types.messenger import MessengerAccount
from schema.types.objections import ObjectablePurpose
from schema.types.social import SocialAccount


@strawberry.enum(description="What a person declared.")
class ObjectionKind(StrEnum):
    """An objection, or its withdrawal."""

    OBJECT = "OBJECT"
    WITHDRAW = "WITHDRAW"


@rows("- - - - - - O O S")
@strawberry.type(
    description="An objection that the person recorded, or a withdrawal. What is in force is their sequence."
)
class Objection:
    """An entry of the history, which is never changed."""

    kind: ObjectionKind = plumbing("Objection", "Whether it objects or withdraws.")
    purposes: list[ObjectablePurpose] = plumbing("Objection", "To what, in the order of the purposes.")
    recorded_at: datetime.datetime = plumbing("Objection", "When it was written down.")
    effective_at: datetime.datetime = plumbing("Objection", "From when on it holds.")
    channel: str = plumbing("Objection", "How it reached the gateway.")
    terms_version: str = plumbing("Objection", "The terms that were in force then.")


@rows("- - - - - - O O S")
@strawberry.type(description="Terms that the person accepted.")
class TermsAcceptance:
    """A member's acceptance of one version."""

    version: str = plumbing("TermsAcceptance", "The version.")
    accepted_at: datetime.datetime = plumbing("TermsAcceptance", "When they accepted it.")


@strawberry.type(
    description="A regulator's suspension: while it lasts, all members in these countries are treated as if "
    "they had objected. It is policy, and says nothing of any person."
)
class Suspension:
    """A decision, as it is recorded. It is part of the policy, and as visible as that."""

    jurisdiction: str = plumbing("PolicyVersion", "Whose regulator: ISO 3166, or EU.")
    countries: list[str] = plumbing("PolicyVersion", "ISO 3166 codes of the countries of members.")
    purposes: list[ObjectablePurpose] = plumbing("PolicyVersion", "What is suspended.")
    valid_from: datetime.datetime = plumbing("PolicyVersion", "When it begins.")
    valid_until: datetime.datetime | None = plumbing(
        "PolicyVersion", "When it ends, or null if that is not known."
    )
    reason: str = plumbing("PolicyVersion", "Why.")


@strawberry.type(description="The person to whom the token is bound, and no one else.")
class Subject:
    """The root of what is one's own."""

    messenger_account: MessengerAccount | None = plumbing(
        "MessengerAccount", "Their account on the messenger, or null if they have none."
    )
    social_account: SocialAccount | None = plumbing(
        "SocialAccount", "Their account on the social network, or null if they have none."
    )
    objections: list[Objection] = plumbing(
        "Objection", "All that they recorded and withdrew, in the order of recording."
    )
    terms_acceptances: list[TermsAcceptance] = plumbing(
        "TermsAcceptance", "The terms that they accepted, in the order of accepting."
    )
    suspensions: list[Suspension] = plumbing(
        "PolicyVersion",
        "Every suspension, past ones too, in the order of recording. Those whose `countries` hold that of "
        "the messenger account act for this person.",
    )


# Types whose fields have no lines of their own, and all have a source.
OWN: tuple[type, ...] = (Subject, Objection, TermsAcceptance, Suspension)
