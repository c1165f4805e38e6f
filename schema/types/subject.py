"""What a person may know about themselves: their accounts, their objections, the terms, suspensions.

One root, for tokens that are bound to a person. No field of it has an argument that could name another
person. The resolvers read the rows of the token's own subject (`resolvers/sources/subject.py`), whatever the
document asks for.

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
from schema.values.enums import enum


@enum(
    "What a person declared about a purpose.",
    OBJECT="The person objected.",
    WITHDRAW="The person withdrew an objection.",
)
class ObjectionKind(StrEnum):
    """An objection, or its withdrawal."""

    OBJECT = "OBJECT"
    WITHDRAW = "WITHDRAW"


@rows("- - - - - - O O S")
@strawberry.type(
    description="An objection or a withdrawal that the person recorded. The newest entry for a purpose is "
    "in force."
)
class Objection:
    """An entry of the history, which is never changed."""

    kind: ObjectionKind = plumbing("Objection", "Whether the person objected or withdrew an objection.")
    purposes: list[ObjectablePurpose] = plumbing(
        "Objection", "The purposes concerned, in the order of purposes."
    )
    recorded_at: datetime.datetime = plumbing("Objection", "When the gateway recorded the entry.")
    effective_at: datetime.datetime = plumbing("Objection", "When the entry took effect.")
    channel: str = plumbing("Objection", "The channel through which the entry reached the gateway.")
    terms_version: str = plumbing("Objection", "The version of the terms that was in force then.")


@rows("- - - - - - O O S")
@strawberry.type(description="A version of the terms that the person accepted.")
class TermsAcceptance:
    """A member's acceptance of one version."""

    version: str = plumbing("TermsAcceptance", "The version of the terms.")
    accepted_at: datetime.datetime = plumbing("TermsAcceptance", "When the person accepted it.")


@strawberry.type(
    description="A regulator's suspension. While it is in force, all members in its countries are treated "
    "as if they had objected. It is part of the policy and has no data about a person."
)
class Suspension:
    """A regulator's decision. It is part of the policy, and has the same visibility."""

    jurisdiction: str = plumbing(
        "PolicyVersion", "The jurisdiction of the regulator: an ISO 3166-1 alpha-2 code, or `EU`."
    )
    countries: list[str] = plumbing(
        "PolicyVersion", "The countries whose members are concerned, as ISO 3166-1 alpha-2 codes."
    )
    purposes: list[ObjectablePurpose] = plumbing("PolicyVersion", "The suspended purposes.")
    valid_from: datetime.datetime = plumbing("PolicyVersion", "When the suspension begins.")
    valid_until: datetime.datetime | None = plumbing(
        "PolicyVersion", "When the suspension ends; null if that is not known."
    )
    reason: str = plumbing("PolicyVersion", "Why the regulator decided it.")


@strawberry.type(description="The person that the token is bound to.")
class Subject:
    """The root of a person's own data."""

    messenger_account: MessengerAccount | None = plumbing(
        "MessengerAccount", "The person's account on the messenger; null if there is none."
    )
    social_account: SocialAccount | None = plumbing(
        "SocialAccount", "The person's account on the social network; null if there is none."
    )
    objections: list[Objection] = plumbing(
        "Objection", "All objections and withdrawals of the person, in the order of recording."
    )
    terms_acceptances: list[TermsAcceptance] = plumbing(
        "TermsAcceptance", "The versions of the terms that the person accepted, in the order of acceptance."
    )
    suspensions: list[Suspension] = plumbing(
        "PolicyVersion",
        "All suspensions, past ones too, in the order of recording. A suspension concerns this person if its "
        "`countries` include the country of their messenger account.",
    )


# Types whose fields have no lines of their own in the matrix, but all have a source.
OWN: tuple[type, ...] = (Subject, Objection, TermsAcceptance, Suspension)
