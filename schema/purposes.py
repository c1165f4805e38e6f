"""The closed list of purposes: what each is for, and the objection that covers it.

A request runs under exactly one purpose. Terms, matrix and documents have the purposes in this order.

Source: GDPR Art. 5(1)(b) (purpose limitation), Art. 19 (notification of recipients), Art. 21 (objection).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Purpose(StrEnum):
    """The purpose that a client declares for a request."""

    ADS_PERSONALIZATION = "ADS_PERSONALIZATION"
    OFFER_MATCHING = "OFFER_MATCHING"
    FRIEND_SUGGESTIONS = "FRIEND_SUGGESTIONS"
    INFRASTRUCTURE = "INFRASTRUCTURE"
    SECURITY = "SECURITY"
    BUSINESS_MESSAGING = "BUSINESS_MESSAGING"
    SUBJECT_ACCESS = "SUBJECT_ACCESS"
    PREFERENCES = "PREFERENCES"
    AUDIT = "AUDIT"

    # Enum's own hash is a Python function, which each look-up by purpose would call; this one is C.
    __hash__ = str.__hash__

    @property
    def universe(self) -> str:
        """The name of the purpose's schema of views in each store."""
        return self.value.lower()

    @property
    def objection(self) -> Purpose | None:
        """The objectable purpose whose objection covers this one, or None if objecting is impossible."""
        return ABOUT[self].objection

    @property
    def restriction_bit(self) -> int:
        """This purpose's bit in the stores' `restricted` columns; 0 if objecting is impossible."""
        return OBJECTABLE.get(self.objection, 0) if self.objection else 0


class Duty(StrEnum):
    """A disclosure that the law requires, outside of every purpose. The ledger has it as a purpose."""

    NOTIFICATION = "NOTIFICATION"


class PrincipalKind(StrEnum):
    """What the tokens of some purposes must be bound to. They see data of that principal alone."""

    SUBJECT = "subject"
    MERCHANT = "merchant"
    BUSINESS = "business"


@dataclass(frozen=True)
class AboutPurpose:
    """What a purpose is for, the objection that covers it, and what its tokens are bound to."""

    sentence: str
    objection: Purpose | None = None
    principal: PrincipalKind | None = None


ABOUT: dict[Purpose, AboutPurpose] = {
    Purpose.ADS_PERSONALIZATION: AboutPurpose(
        "More relevant ads on the social network, by phone match and messenger usage.",
        objection=Purpose.ADS_PERSONALIZATION,
    ),
    Purpose.OFFER_MATCHING: AboutPurpose(
        "Match a merchant's uploaded customer numbers, so that its offers can be shown.",
        objection=Purpose.ADS_PERSONALIZATION,
        principal=PrincipalKind.MERCHANT,
    ),
    Purpose.FRIEND_SUGGESTIONS: AboutPurpose(
        "Better friend search and suggestions from messenger contacts.",
        objection=Purpose.FRIEND_SUGGESTIONS,
    ),
    Purpose.INFRASTRUCTURE: AboutPurpose("Run and plan the systems."),
    Purpose.SECURITY: AboutPurpose("Protect people and systems: spam, abuse, fraud."),
    Purpose.BUSINESS_MESSAGING: AboutPurpose(
        "Route and list conversations between businesses and customers on both messengers.",
        principal=PrincipalKind.BUSINESS,
    ),
    Purpose.SUBJECT_ACCESS: AboutPurpose(
        "Answer one person about their own data and who received it (GDPR Art. 15).",
        principal=PrincipalKind.SUBJECT,
    ),
    Purpose.PREFERENCES: AboutPurpose(
        "Record or withdraw one person's objection (GDPR Art. 21).", principal=PrincipalKind.SUBJECT
    ),
    Purpose.AUDIT: AboutPurpose("The data protection officer: ledger, policy, objections, under pseudonyms."),
}

# The stores' rows have these bits: never renumber them, only add.
OBJECTABLE: dict[Purpose, int] = {Purpose.ADS_PERSONALIZATION: 1, Purpose.FRIEND_SUGGESTIONS: 2}
