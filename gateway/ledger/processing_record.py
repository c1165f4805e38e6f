"""The record of processing activities, generated from the policy and the live tokens (GDPR Art. 30).

One activity for each purpose. Nothing is written by hand: what for, whose data, which data and who may object
come from the terms beside the fields; the recipients are the clients with a live token.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from gateway.access.rotation import is_live
from gateway.access.tokens import list_tokens
from gateway.ledger.reports import Report
from schema.policy.matrix import MEANING, policy_lines
from schema.purposes import ABOUT, Purpose
from schema.terms.marks import Mark

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection

# The people that the fields of a type are about.
PEOPLE: Mapping[str, str] = {
    "MessengerAccount": "members of the messenger",
    "UsageStats": "members of the messenger",
    "ContactEdge": "members of the messenger",
    "SocialAccount": "members of the social network",
    "PhoneBinding": "members of the social network",
    "MessengerLink": "members of both",
    "FriendSuggestion": "members of the social network",
    "AdTopic": "members of the social network",
    "Offer": "members of the social network",
    "BusinessConversation": "customers of businesses",
    "Objection": "members of the messenger",
    "TermsAcceptance": "members of the messenger",
    "Disclosure": "all whose data was disclosed",
}
# Marks that omit or hide data of some people, or show only the principal's own.
NARROW = (Mark.ABSENT, Mark.NULL, Mark.TAKES_PART, Mark.OWN_BUSINESS, Mark.OWN_MERCHANT, Mark.OWN_SUBJECT)
_FIRST = "SELECT min(at) FROM control.ledger_entry"
COLUMNS = (
    "purpose",
    "what for",
    "whose data",
    "which data",
    "recipients",
    "who may object",
    "narrowed",
    "recorded since",
)


async def processing_record(control: Connection, now: datetime) -> Report:
    """All processing activities, in the order of the purposes."""
    recipients: dict[Purpose, dict[str, None]] = defaultdict(dict)
    for token in await list_tokens(control):
        if is_live(token, now):
            for purpose in token.purposes:
                recipients[purpose][token.client] = None
    since = await control.fetchval(_FIRST)
    rows = [_activity(purpose, recipients[purpose], since) for purpose in Purpose]
    says = (
        f"{len(rows)} activities. Every answer about people is recorded in the access ledger before it "
        "leaves; entries stay until `gateway ledger drop`. No purpose receives message content."
    )
    return Report(says, COLUMNS, rows)


def _activity(purpose: Purpose, recipients: Iterable[str], since: datetime | None) -> tuple[object, ...]:
    about = ABOUT[purpose]
    seen = [row for row in policy_lines() if row.type in PEOPLE and row.marks[purpose] is not Mark.NEVER]
    marks = {row.marks[purpose] for row in seen}
    narrowed = [MEANING[mark] for mark in NARROW if mark in marks]
    if Mark.PSEUDONYM in marks:
        narrowed.append(MEANING[Mark.PSEUDONYM])
    objection = "no one" if about.objection is None else f"members who object to {about.objection}"
    return (
        purpose.value,
        about.sentence,
        ", ".join(dict.fromkeys(PEOPLE[row.type] for row in seen)) or "none",
        ", ".join(f"{row.type}.{row.name}" for row in seen) or "none",
        ", ".join(sorted(recipients)) or "none now",
        objection,
        "; ".join(narrowed) or "not narrowed",
        since,
    )
