"""What the policy's table opens to a purpose: columns of the stores, and which rows of a table.

Written by hand from the table, apart from the sources: each column has the lines that may open it, and each
table the line that says what an objection does to its rows. A column that is not here is open to no purpose.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from schema.policy.matrix import policy_lines, probing
from schema.purposes import Purpose
from schema.terms.marks import OPEN, Mark

ACCOUNT, SOCIAL, USAGE = "MessengerAccount.", "SocialAccount.", "UsageStats."
LINK, PHONE, TOPIC = "MessengerLink.", "PhoneBinding.", "AdTopic."
OFFER, LIST, TALK = "Offer.", "CustomerList.", "BusinessConversation."
# A look-up by a value that the purpose does not see: the field and the purpose are one line of the policy.
PROBE = "Query.socialAccountByPhone"
_MEMBER, _USER = (ACCOUNT + "id",), (SOCIAL + "id",)
_BACK, _THERE = (ACCOUNT + "socialAccount",), (SOCIAL + "messengerLink",)
_BUSINESS = {"id": ("Business.id",), "name": ("Business.name",), "verified": ("Business.verified",)}
_TALK = {
    "id": (TALK + "id",),
    "business_id": (TALK + "business",),
    "account_id": (TALK + "customer",),
    "category": (TALK + "category",),
    "status": (TALK + "status",),
    "opened_on": (TALK + "openedOn",),
    "last_message_on": (TALK + "lastMessageOn",),
    "message_count": (TALK + "messageCount",),
}
_SUGGESTED = ("FriendSuggestion.(row: MESSENGER_CONTACT)",)
_DECLARED = ("Objection.(row)",)
_ENTRY = ("Disclosure.(row)",)


def _all(lines: tuple[str, ...], names: str) -> dict[str, tuple[str, ...]]:
    return dict.fromkeys(names.split(), lines)


# Table → column → the lines of the policy any of which opens it.
COLUMNS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "messenger.account": {
        "id": _MEMBER,
        "phone": (ACCOUNT + "phone",),
        "country_code": (ACCOUNT + "countryCode",),
        "registered_at": (ACCOUNT + "registeredAt",),
    },
    "messenger.phone_lookup": _all((ACCOUNT + "phone",), "phone account_id"),
    "messenger.daily_usage": {
        "account_id": (ACCOUNT + "usage",),
        "day": (USAGE + "activeDays28", USAGE + "lastActiveOn"),
        "messages_sent": (USAGE + "messagesSent28",),
    },
    "messenger.usage_horizon": _all((ACCOUNT + "usage",), "day"),
    "messenger.contact": {
        "account_id": (ACCOUNT + "contacts", ACCOUNT + "contactCountBand"),
        "contact_id": ("ContactEdge.account",),
    },
    "messenger.business": _BUSINESS,
    "messenger.business_conversation": _TALK,
    "messenger.customer_conversation": _TALK,
    "messenger.terms_acceptance": _all(("TermsAcceptance.(row)",), "account_id version accepted_at"),
    "social.account": {"id": _USER, "display_name": (SOCIAL + "displayName",)},
    "social.friendship": _all((SOCIAL + "friends",), "account_id friend_id"),
    "social.messenger_link": _all(_THERE, "account_id messenger_id") | {"since": (LINK + "since",)},
    "social.messenger_lookup": _all((*_BACK, *_SUGGESTED), "messenger_id account_id"),
    "social.phone_binding": {
        "account_id": (SOCIAL + "phones",),
        "source": (PHONE + "source",),
        "number": (PHONE + "number",),
    },
    "social.number_lookup": _all((PROBE,), "number source account_id"),
    "social.ad_topic": {
        "account_id": (SOCIAL + "adTopics",),
        "source": (TOPIC + "source",),
        "topic": (TOPIC + "topic",),
    },
    # Through which number an offer came is shown to no client: the ledger notes it, for recalls.
    "social.offer_audience": _all((SOCIAL + "offers",), "account_id offer_id")
    | {"source": (OFFER + "(row: matched through MESSENGER_SHARED)",)},
    "social.merchant": {"id": ("Merchant.id",), "name": ("Merchant.name",)},
    "social.offer": {
        "id": (OFFER + "id",),
        "merchant_id": (OFFER + "merchant",),
        "title": (OFFER + "title",),
        "valid_until": (OFFER + "validUntil",),
    },
    "social.customer_list": {
        "id": (LIST + "(row)",),
        "merchant_id": (LIST + "(row)",),
        "status": (LIST + "status",),
        "uploaded_at": (LIST + "uploadedAt",),
        "record_count_band": (LIST + "recordCountBand",),
        "audience_size_band": (LIST + "audienceSizeBand",),
    },
    "social.business": _BUSINESS,
    "social.business_conversation": _TALK,
    "social.customer_conversation": _TALK,
    "control.objection_event": _all(
        _DECLARED, "id account_id kind purposes recorded_at effective_at channel terms_version"
    ),
    "control.suspension": _all(_DECLARED, "id jurisdiction countries purposes valid_from valid_until reason"),
    "control.own_disclosure": _all(_ENTRY, "*"),
    "control.disclosure": _all(_ENTRY, "*"),
    "control.audited_objection": _all(_DECLARED, "*"),
    "control.objection_tally": _all(_DECLARED, "*"),
    "control.audited_recall": _all(_ENTRY, "*"),
    "control.request_tally": _all(_ENTRY, "*"),
}
# Under a pseudonym the owner's key is not shown; the pseudonym is, in its place.
HIDDEN_OWNER = "account_id"
PSEUDONYM = "person"

# Table → the line whose mark says which rows an objection hides; by the value of the column `source` where
# only some rows came from the messenger. The rows of all other tables are visible as a whole.
ROWS: Mapping[str, str | Mapping[str, str]] = {
    "messenger.account": ACCOUNT + "(row)",
    "messenger.phone_lookup": ACCOUNT + "(row)",
    "messenger.daily_usage": ACCOUNT + "usage",
    "messenger.contact": ACCOUNT + "contacts",
    "social.messenger_link": SOCIAL + "messengerLink",
    "social.messenger_lookup": ACCOUNT + "socialAccount",
    "social.number_lookup": PROBE,
    "social.phone_binding": {
        kind: f"{PHONE}(row: {kind})" for kind in ("SELF_PROFILE", "MESSENGER_SHARED", "SECURITY_2FA")
    },
    "social.ad_topic": {kind: f"{TOPIC}(row: {kind})" for kind in ("SOCIAL", "MESSENGER")},
    "social.offer_audience": {
        kind: f"{OFFER}(row: matched through {kind})" for kind in ("SELF_PROFILE", "MESSENGER_SHARED")
    },
}
# Tables whose rows lead to another account, which may have objected, too.
FAR_ENDS = {"messenger.contact": "contact_id"}


@cache
def _marks() -> Mapping[tuple[str, Purpose], Mark]:
    found = {
        (f"{line.type}.{line.name}", purpose): line.marks[purpose]
        for line in policy_lines()
        for purpose in Purpose
    }
    for name, purpose in probing():
        # Whatever is found by a value that the purpose does not see came from the messenger.
        found[name, purpose] = Mark.ABSENT
    return found


def mark_of(line: str, purpose: Purpose) -> Mark:
    """The mark of a line, such as ``MessengerAccount.phone``; NEVER if the policy has no such line."""
    return _marks().get((line, purpose), Mark.NEVER)


def opened_columns(table: str, purpose: Purpose) -> dict[str, str]:
    """The table's columns that the purpose may see, each with the line that opens it; ``*`` is any column."""
    return dict(_opened(table, purpose))


def _opened(table: str, purpose: Purpose) -> Iterator[tuple[str, str]]:
    for column, lines in COLUMNS.get(table, {}).items():
        line = next((each for each in lines if mark_of(each, purpose) in OPEN), None)
        if line is None:
            continue
        if mark_of(line, purpose) is Mark.PSEUDONYM and column == HIDDEN_OWNER:
            yield PSEUDONYM, line
        else:
            yield column, line


def is_open(table: str, purpose: Purpose, *, kind: str | None, bits: int, far: int) -> bool:
    """Whether the purpose may see a row: of this kind, with these restriction bits on it and its far end."""
    rows = ROWS.get(table)
    if rows is None:
        return True
    line = rows if isinstance(rows, str) else rows.get(kind or "", "")
    mark = mark_of(line, purpose)
    if mark is Mark.NEVER:
        # A single line that is closed here: the columns are open by another, which no objection touches.
        return isinstance(rows, str)
    if mark not in {Mark.ABSENT, Mark.NULL}:
        return True
    hidden = bits | (far if table in FAR_ENDS else 0)
    return not hidden & purpose.restriction_bit
