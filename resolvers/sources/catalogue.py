"""Every table of all stores: what each column holds, how rows are placed, how an objection reaches them.

Three parts of the gateway depend on this page. Start-up and the tests compare it with the databases, and stop
at a column without a class. The universes are generated from it. The compiler reads the placement: `key` is
the column by which a sharded store distributes the rows, and `group` names the tables that lie together by it
(None: a reference table, the same on every shard). A link between groups needs two statements when the stores
are sharded (R1, R2 of the rules for growth).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Store(StrEnum):
    """The two stores of personal data, and the gateway's own, which has people's declarations."""

    MESSENGER = "messenger"
    SOCIAL = "social"
    CONTROL = "control"

    # As in schema/purposes.py: a request looks up by store several times, and Enum's hash is slower.
    __hash__ = str.__hash__


class Class(StrEnum):
    """What a column holds. No universe has a column of the last four classes."""

    KEY = "identifier of a person's account, or of what belongs to one"
    PERSONAL = "personal data"
    PUBLIC = "about no person"
    RESTRICTION = "who is restricted for which purpose"
    BLIND = "keyed hash of a phone number, for matching alone"
    CONTENT = "what people wrote, or about it"
    GATEWAY = "what the gateway keeps for itself"


@dataclass(frozen=True)
class Column:
    """A column: its class and its type in SQL."""

    kind: Class
    type: str


@dataclass(frozen=True, eq=False)
class Relation:
    """A table, and the view of the same name in each universe that may see some of it.

    `number`: the column with the object's number, where the rows are not distributed by it. `restricted`: the
    column with the owner's restriction bits. `far_end`: a column that names another account. A row between
    two accounts is visible only if both are; the bits of the far end are in `restriction`. `kinds`: the
    column that has the kind of a row. `owners`: the columns that have the owner's key, by the field of
    `plan.principal.Principal` that holds it. `takes_part`: where an account takes part in a conversation of a
    business. `leads_on`: a row only leads to an account, whose own row says whether it takes part.
    `under_references`: people have references in it that lead nowhere else.
    """

    store: Store
    name: str
    columns: dict[str, Column]
    key: str | None
    group: str | None
    schema: str = ""
    restricted: str | None = None
    far_end: str | None = None
    kinds: str | None = None
    owners: Mapping[str, str] = field(default_factory=dict)
    takes_part: TakesPart | None = None
    leads_on: bool = False
    number: str | None = None
    under_references: bool = False

    @property
    def qualified(self) -> str:
        """The table's full name: ``store.table`` unless the table has a schema of its own."""
        return f"{self.schema or self.store.value}.{self.name}"

    @property
    def identity(self) -> str:
        """The column that identifies the object in the row: `number`, or else the key."""
        return self.number or self.key or ""


@dataclass(frozen=True, eq=False)
class TakesPart:
    """Rows that say which account (`account`) takes part in something of which business (`business`)."""

    relation: Relation
    account: str
    business: str


def _key(type_: str = "bigint") -> Column:
    return Column(Class.KEY, type_)


def _personal(type_: str) -> Column:
    return Column(Class.PERSONAL, type_)


def _public(type_: str) -> Column:
    return Column(Class.PUBLIC, type_)


def _kept(name: str, **columns: str) -> Relation:
    """A table of the gateway that no purpose sees."""
    held = {column: Column(Class.GATEWAY, type_) for column, type_ in columns.items()}
    return Relation(Store.CONTROL, name, held, key=None, group=None)


def _pseudonyms_of(store: Store, key: str | None = None, group: str | None = None) -> Relation:
    """The pseudonyms under which AUDIT sees members. They are personal data (GDPR recital 26)."""
    held = {"account_id": Column(Class.GATEWAY, "bigint"), "person": _personal("text")}
    return Relation(store, "pseudonym", held, key=key, group=group)


_BITS = Column(Class.RESTRICTION, "integer")
_VERSION = Column(Class.RESTRICTION, "bigint")
_STAMP = Column(Class.RESTRICTION, "xid8")


def _restrictions_of(store: Store, key: str, **suspended: Column) -> tuple[Relation, ...]:
    """The tables of a store with restricted members, suspensions, and members that it has yet to place."""
    member = Column(Class.RESTRICTION, "bigint")
    tables: dict[str, dict[str, Column]] = {
        "restriction": {
            key: member,
            "purposes": _BITS,
            "objected": _BITS,
            "acknowledged": _BITS,
            "version": _VERSION,
        },
        "restriction_state": {
            "only_row": _public("boolean"),
            "position": _VERSION,
            "mark": Column(Class.RESTRICTION, "uuid"),
            "digest": _VERSION,
        },
        "suspended": {**suspended, "purposes": _BITS},
        "unplaced": {key: member, "stamp": _STAMP},
    }
    return tuple(Relation(store, name, columns, key=None, group=None) for name, columns in tables.items())


_CONTENT = {
    "sender_id": Column(Class.CONTENT, "bigint"),
    "id": Column(Class.CONTENT, "bigint"),
    "recipient_id": Column(Class.CONTENT, "bigint"),
    "sent_at": Column(Class.CONTENT, "timestamptz"),
    "body": Column(Class.CONTENT, "text"),
}
_BUSINESS = {"id": _public("bigint"), "name": _public("text"), "verified": _public("boolean")}
_CONVERSATION = {
    "business_id": _personal("bigint"),
    "id": _key(),
    "account_id": _key(),
    "category": _personal("text"),
    "status": _personal("text"),
    "opened_on": _personal("date"),
    "last_message_on": _personal("date"),
    "message_count": _personal("integer"),
}
_BUSINESS_CONTENT = {
    "business_id": Column(Class.CONTENT, "bigint"),
    "conversation_id": Column(Class.CONTENT, "bigint"),
    "id": Column(Class.CONTENT, "bigint"),
    "from_customer": Column(Class.CONTENT, "boolean"),
    "sent_at": Column(Class.CONTENT, "timestamptz"),
    "body": Column(Class.CONTENT, "text"),
}


_BLIND = Column(Class.BLIND, "bytea")
_FROM_MESSENGER = {"messenger_id": _key(), "restricted": _BITS}


def _business_of(store: Store) -> Relation:
    """The businesses, under the same numbers in both stores. They are few, so every shard has them all."""
    return Relation(store, "business", _BUSINESS, key=None, group=None, number="id")


def _conversations_of(store: Store) -> Relation:
    """A business's conversations, distributed by business, because businesses list them."""
    return Relation(
        store,
        "business_conversation",
        _CONVERSATION,
        key="business_id",
        group="business",
        number="id",
        owners={"business_id": "business_id"},
    )


def _copies_of(store: Store, group: str, owner: str) -> Relation:
    """Copies of the conversations beside their customer's account, to be read together with it."""
    return Relation(
        store,
        "customer_conversation",
        _CONVERSATION,
        key="account_id",
        group=group,
        number="id",
        owners={owner: "account_id", "business_id": "business_id"},
    )


def _business_messages_of(store: Store) -> Relation:
    return Relation(
        store, "business_message", _BUSINESS_CONTENT, key="business_id", group="business", schema="content"
    )


MESSENGER_BUSINESS = _business_of(Store.MESSENGER)
MESSENGER_CONVERSATION = _conversations_of(Store.MESSENGER)
MESSENGER_CUSTOMER = _copies_of(Store.MESSENGER, "messenger", "messenger_id")
SOCIAL_BUSINESS = _business_of(Store.SOCIAL)
SOCIAL_CONVERSATION = _conversations_of(Store.SOCIAL)
SOCIAL_CUSTOMER = _copies_of(Store.SOCIAL, "social", "social_id")

MESSENGER_ACCOUNT = Relation(
    Store.MESSENGER,
    "account",
    {
        "id": _key(),
        "phone": _personal("text"),
        "country_code": _personal("text"),
        "registered_at": _personal("timestamptz"),
        "restricted": _BITS,
    },
    key="id",
    group="messenger",
    restricted="restricted",
    owners={"messenger_id": "id"},
    takes_part=TakesPart(MESSENGER_CUSTOMER, "account_id", "business_id"),
)
PHONE_LOOKUP = Relation(
    Store.MESSENGER,
    "phone_lookup",
    {"phone": _personal("text"), "account_id": _key(), "restricted": _BITS},
    key="phone",
    group="phone",
    restricted="restricted",
    owners={"messenger_id": "account_id"},
    leads_on=True,
)
DAILY_USAGE = Relation(
    Store.MESSENGER,
    "daily_usage",
    {
        "account_id": _key(),
        "day": _personal("date"),
        "messages_sent": _personal("integer"),
        "restricted": _BITS,
    },
    key="account_id",
    group="messenger",
    restricted="restricted",
    owners={"messenger_id": "account_id"},
)
USAGE_HORIZON = Relation(
    Store.MESSENGER,
    "usage_horizon",
    {"only_row": _public("boolean"), "day": _public("date")},
    key=None,
    group=None,
)
CONTACT = Relation(
    Store.MESSENGER,
    "contact",
    {"account_id": _key(), "contact_id": _key(), "restricted": _BITS},
    key="account_id",
    group="messenger",
    restricted="restricted",
    far_end="contact_id",
    owners={"messenger_id": "account_id"},
)
TERMS_ACCEPTANCE = Relation(
    Store.MESSENGER,
    "terms_acceptance",
    {"account_id": _key(), "version": _personal("text"), "accepted_at": _personal("timestamptz")},
    key="account_id",
    group="messenger",
    owners={"messenger_id": "account_id"},
)
SOCIAL_ACCOUNT = Relation(
    Store.SOCIAL,
    "account",
    {"id": _key(), "display_name": _personal("text")},
    key="id",
    group="social",
    owners={"social_id": "id"},
    takes_part=TakesPart(SOCIAL_CUSTOMER, "account_id", "business_id"),
)
FRIENDSHIP = Relation(
    Store.SOCIAL,
    "friendship",
    {"account_id": _key(), "friend_id": _key()},
    key="account_id",
    group="social",
    far_end="friend_id",
    owners={"social_id": "account_id"},
)
PHONE_BINDING = Relation(
    Store.SOCIAL,
    "phone_binding",
    {
        "account_id": _key(),
        "source": _personal("text"),
        "number": _personal("text"),
        "messenger_id": _key(),
        "restricted": _BITS,
        "blind": _BLIND,
    },
    key="account_id",
    group="social",
    restricted="restricted",
    kinds="source",
    owners={"social_id": "account_id"},
)
MESSENGER_LINK = Relation(
    Store.SOCIAL,
    "messenger_link",
    {"account_id": _key(), "messenger_id": _key(), "since": _personal("date"), "restricted": _BITS},
    key="account_id",
    group="social",
    restricted="restricted",
    owners={"social_id": "account_id", "messenger_id": "messenger_id"},
)
MESSENGER_LOOKUP = Relation(
    Store.SOCIAL,
    "messenger_lookup",
    {"messenger_id": _key(), "account_id": _key(), "restricted": _BITS},
    key="messenger_id",
    group="messenger_id",
    restricted="restricted",
    owners={"messenger_id": "messenger_id", "social_id": "account_id"},
)
OBJECTION_EVENT = Relation(
    Store.CONTROL,
    "objection_event",
    {
        "id": _public("bigint"),
        "account_id": _key(),
        "kind": _personal("text"),
        "purposes": _personal("text[]"),
        "recorded_at": _personal("timestamptz"),
        "effective_at": _personal("timestamptz"),
        "channel": _personal("text"),
        "terms_version": _personal("text"),
    },
    key=None,
    group=None,
    owners={"messenger_id": "account_id"},
)
# Views of the history: days instead of times, pseudonyms instead of accounts; and counts of it.
AUDITED_OBJECTION = Relation(
    Store.CONTROL,
    "audited_objection",
    {
        "recorded_on": _personal("date"),
        "person": _personal("text"),
        "place": _personal("bigint"),
        "kind": _personal("text"),
        "purposes": _personal("text[]"),
        "effective_on": _personal("date"),
        "channel": _personal("text"),
        "terms_version": _personal("text"),
    },
    key=None,
    group=None,
    under_references=True,
)
OBJECTION_TALLY = Relation(
    Store.CONTROL,
    "objection_tally",
    {
        "day": _public("date"),
        "purpose": _public("text"),
        "objected": _public("bigint"),
        "withdrawn": _public("bigint"),
        "more": _public("bigint"),
    },
    key=None,
    group=None,
)
_ENTRY = {
    "at": _personal("timestamptz"),
    "stream": _personal("bytea"),
    "number": _personal("bigint"),
    "request": _personal("text"),
    "client": _personal("text"),
    "outcome": _personal("text"),
    "counts": _personal("integer[]"),
    "asked": _personal("integer[]"),
}
_QUESTION = {
    "purpose": _public("text"),
    "policy": _public("text"),
    "fields": _public("jsonb"),
    "chosen": _public("jsonb"),
}
LEDGER_ENTRY = Relation(
    Store.CONTROL,
    "ledger_entry",
    {
        **_ENTRY,
        "people": _personal("bigint[]"),
        "credential": Column(Class.GATEWAY, "text"),
        "question": Column(Class.GATEWAY, "bytea"),
        "hash": Column(Class.GATEWAY, "bytea"),
    },
    key=None,
    group=None,
)
LEDGER_PERSON = Relation(
    Store.CONTROL,
    "ledger_person",
    {
        "store": _public("text"),
        "account_id": Column(Class.GATEWAY, "bigint"),
        "reference": Column(Class.GATEWAY, "bigint"),
        "salt": Column(Class.GATEWAY, "bytea"),
    },
    key=None,
    group=None,
)
LEDGER_QUESTION = Relation(
    Store.CONTROL,
    "ledger_question",
    {
        **_QUESTION,
        "document": _public("text"),
        "covered": _public("jsonb"),
        "key": Column(Class.GATEWAY, "bytea"),
        "text": Column(Class.GATEWAY, "text"),
    },
    key=None,
    group=None,
)
# Views of the ledger: all entries under references, and the entries about one account.
DISCLOSURE = Relation(
    Store.CONTROL,
    "disclosure",
    {**_ENTRY, "people": _personal("bigint[]"), **_QUESTION},
    key=None,
    group=None,
    under_references=True,
)
_RECALL = {
    "number": _personal("bigint"),
    "client": _personal("text"),
    "received_for": _personal("text"),
    "objected_to": _personal("text"),
    "fields": _personal("text[]"),
    "answers": _personal("bigint"),
}
RECALL = Relation(
    Store.CONTROL,
    "recall",
    {
        **_RECALL,
        "objected_at": _personal("timestamptz"),
        "issued_at": _personal("timestamptz"),
        "due_at": _personal("timestamptz"),
        "delivered_at": _personal("timestamptz"),
        "acknowledged_at": _personal("timestamptz"),
        "id": Column(Class.GATEWAY, "bigint"),
        "event": Column(Class.GATEWAY, "bigint"),
        "store": Column(Class.GATEWAY, "text"),
        "account_id": Column(Class.GATEWAY, "bigint"),
        "first_at": Column(Class.GATEWAY, "timestamptz"),
        "last_at": Column(Class.GATEWAY, "timestamptz"),
        "last_request": Column(Class.GATEWAY, "text"),
    },
    key=None,
    group=None,
)
# A view of all notices, without the people that they are about.
AUDITED_RECALL = Relation(
    Store.CONTROL,
    "audited_recall",
    {
        **_RECALL,
        "objected_on": _personal("date"),
        "issued_on": _personal("date"),
        "due_on": _personal("date"),
        "delivered_on": _personal("date"),
        "acknowledged_on": _personal("date"),
        "overdue": _personal("boolean"),
    },
    key=None,
    group=None,
    under_references=True,
)
REQUEST_TALLY = Relation(
    Store.CONTROL,
    "request_tally",
    {
        "hour": _public("timestamptz"),
        "client": _public("text"),
        "purpose": _public("text"),
        "what": _public("text"),
        "requests": _public("bigint"),
        "longest_ms": _public("bigint"),
        "request": _public("text"),
    },
    key=None,
    group=None,
)
OWN_DISCLOSURE = Relation(
    Store.CONTROL,
    "own_disclosure",
    {
        "store": _public("text"),
        "account_id": _key(),
        **_ENTRY,
        "positions": _personal("integer[]"),
        **_QUESTION,
    },
    key=None,
    group=None,
    owners={"messenger_id": "account_id", "social_id": "account_id"},
)
SUSPENSION = Relation(
    Store.CONTROL,
    "suspension",
    {
        "id": _public("bigint"),
        "jurisdiction": _public("text"),
        "countries": _public("text[]"),
        "purposes": _public("text[]"),
        "valid_from": _public("timestamptz"),
        "valid_until": _public("timestamptz"),
        "reason": _public("text"),
        "author": _public("text"),
        "recorded_at": _public("timestamptz"),
    },
    key=None,
    group=None,
)
NUMBER_LOOKUP = Relation(
    Store.SOCIAL,
    "number_lookup",
    {"number": _personal("text"), "source": _personal("text"), "account_id": _key(), "restricted": _BITS},
    key="number",
    group="number",
    restricted="restricted",
    owners={"social_id": "account_id"},
)

AD_TOPIC = Relation(
    Store.SOCIAL,
    "ad_topic",
    {"account_id": _key(), "source": _personal("text"), "topic": _personal("text"), **_FROM_MESSENGER},
    key="account_id",
    group="social",
    restricted="restricted",
    kinds="source",
    owners={"social_id": "account_id"},
)
MERCHANT = Relation(
    Store.SOCIAL,
    "merchant",
    {"id": _public("bigint"), "name": _public("text")},
    key=None,
    group=None,
    number="id",
    owners={"merchant_id": "id"},
)
# An offer is about no person; the people who see it are in offer_audience.
OFFER = Relation(
    Store.SOCIAL,
    "offer",
    {
        "id": _public("bigint"),
        "merchant_id": _public("bigint"),
        "title": _public("text"),
        "valid_until": _public("date"),
    },
    key=None,
    group=None,
    number="id",
    owners={"merchant_id": "merchant_id"},
)
OFFER_AUDIENCE = Relation(
    Store.SOCIAL,
    "offer_audience",
    {"account_id": _key(), "offer_id": _personal("bigint"), "source": _personal("text"), **_FROM_MESSENGER},
    key="account_id",
    group="social",
    restricted="restricted",
    kinds="source",
    owners={"social_id": "account_id"},
)
# What a merchant sees of a list. No universe has its members, or the hashes that tell lists apart.
CUSTOMER_LIST = Relation(
    Store.SOCIAL,
    "customer_list",
    {
        "id": _public("bigint"),
        "merchant_id": _public("bigint"),
        "offer_id": _public("bigint"),
        "digest": _BLIND,
        "sketch": Column(Class.BLIND, "bytea[]"),
        "status": _public("text"),
        "uploaded_at": _public("timestamptz"),
        "record_count_band": _public("text"),
        "audience_size_band": _public("text"),
    },
    key=None,
    group=None,
    number="id",
    owners={"merchant_id": "merchant_id"},
)
CUSTOMER_LIST_ENTRY = Relation(
    Store.SOCIAL,
    "customer_list_entry",
    {"upload": _public("bigint"), "line": _public("bigint"), "blind": _BLIND},
    key="upload",
    group="upload",
)
MATCHING_KEY = Relation(
    Store.SOCIAL,
    "matching_key",
    {"only_row": _public("boolean"), "fingerprint": _BLIND, "budget": _BLIND},
    key=None,
    group=None,
)
LIST_BUDGET = Relation(
    Store.SOCIAL,
    "list_budget",
    {
        "only_row": _public("boolean"),
        "noise_scale": _public("integer"),
        "lists_of_merchant": _public("integer"),
        "uses_of_number": _public("integer"),
        "uses_by_a_merchant": _public("integer"),
    },
    key=None,
    group=None,
)
LIST_DECISION = Relation(
    Store.SOCIAL,
    "list_decision",
    {"id": _public("bigint"), "merchant_id": _public("bigint"), "decided_at": _public("timestamptz")},
    key=None,
    group=None,
)
# Keyed hashes: of a number, and of the number with a merchant.
LIST_USE = Relation(
    Store.SOCIAL,
    "list_use",
    {
        "number": Column(Class.BLIND, "uuid"),
        "merchant": Column(Class.BLIND, "integer"),
        "used_on": _public("date"),
        "id": _public("bigint"),
    },
    key="number",
    group="number",
)

RELATIONS: tuple[Relation, ...] = (
    MESSENGER_ACCOUNT,
    PHONE_LOOKUP,
    DAILY_USAGE,
    USAGE_HORIZON,
    CONTACT,
    *_restrictions_of(Store.MESSENGER, "account_id", country_code=Column(Class.RESTRICTION, "text")),
    TERMS_ACCEPTANCE,
    MESSENGER_BUSINESS,
    MESSENGER_CONVERSATION,
    MESSENGER_CUSTOMER,
    Relation(Store.MESSENGER, "message", _CONTENT, key="sender_id", group="messenger", schema="content"),
    _business_messages_of(Store.MESSENGER),
    SOCIAL_ACCOUNT,
    FRIENDSHIP,
    PHONE_BINDING,
    MESSENGER_LINK,
    MESSENGER_LOOKUP,
    NUMBER_LOOKUP,
    *_restrictions_of(Store.SOCIAL, "messenger_id", only_row=_public("boolean")),
    AD_TOPIC,
    MERCHANT,
    OFFER,
    OFFER_AUDIENCE,
    CUSTOMER_LIST,
    CUSTOMER_LIST_ENTRY,
    MATCHING_KEY,
    LIST_BUDGET,
    LIST_DECISION,
    LIST_USE,
    SOCIAL_BUSINESS,
    SOCIAL_CONVERSATION,
    SOCIAL_CUSTOMER,
    Relation(Store.SOCIAL, "message", _CONTENT, key="sender_id", group="social", schema="content"),
    _business_messages_of(Store.SOCIAL),
    OBJECTION_EVENT,
    SUSPENSION,
    _kept(
        "token",
        id="bigint",
        client="text",
        hash="bytea",
        purposes="text[]",
        created_at="timestamptz",
        expires_at="timestamptz",
        revoked_at="timestamptz",
        messenger_id="bigint",
        social_id="bigint",
        merchant_id="bigint",
        business_id="bigint",
        replaced_by="bigint",
        confirmed_at="timestamptz",
    ),
    _kept("token_use", token_id="bigint", last_used_at="timestamptz"),  # noqa: S106 - a column
    _kept("revision", only_row="boolean", tokens="bigint"),
    _kept("unsettled", account_id="bigint"),
    _pseudonyms_of(Store.CONTROL),
    _pseudonyms_of(Store.MESSENGER, key="account_id", group="messenger"),
    _kept("unsettled_country", country_code="text", version="bigint"),
    _kept("history_mark", position="bigint", mark="uuid", made_at="timestamptz"),
    _kept("objection_digest", only_row="boolean", digest="bigint", events="bigint"),
    _kept(
        "store_state",
        store="text",
        acknowledged="bigint",
        system_identifier="bigint",
        timeline="integer",
        database="bigint",
        verified_at="timestamptz",
        tokens="bigint",
    ),
    _kept(
        "restoration",
        id="bigint",
        found_at="timestamptz",
        last_token="bigint",  # noqa: S106 - a column
        rebuilt_at="timestamptz",
    ),
    REQUEST_TALLY,
    LEDGER_PERSON,
    _kept("ledger_forgotten", only_row="boolean", forgotten="bigint"),
    LEDGER_QUESTION,
    LEDGER_ENTRY,
    *(
        _kept(name, stream="bytea", number="bigint", at="timestamptz", hash="bytea", signature="bytea")
        for name in ("ledger_checkpoint", "ledger_cut")
    ),
    _kept(
        "ledger_reference",
        stream="bytea",
        number="bigint",
        at="timestamptz",
        kind="text",
        people="bigint[]",
        commitments="bytea",
        reason="text",
        hash="bytea",
        signature="bytea",
    ),
    _kept("document", hash="bytea", text="text", registered_at="timestamptz", registered_by="text"),
    _kept(
        "client_document",
        client="text",
        hash="bytea",
        operations="text[]",
        purposes="text[]",
        registered_at="timestamptz",
        registered_by="text",
        retired_at="timestamptz",
    ),
    _kept("document_mode", client="text", mode="text", automatic="boolean", changed_at="timestamptz"),
    _kept("document_revision", only_row="boolean", number="bigint"),
    _kept(
        "quota",
        client="text",
        requests_per_second="integer",
        at_once="integer",
        people_per_hour="integer",
        questions_per_hour="integer",
        changed_at="timestamptz",
    ),
    _kept("quota_rate", client="text", allowed="double precision", at="timestamptz"),
    _kept("quota_place", client="text", process="bytea", places="integer", until="timestamptz"),
    _kept("quota_hour", client="text", hour="timestamptz", people="bigint", questions="bigint"),
    _kept("quota_room", client="text", process="bytea", people="bigint", until="timestamptz"),
    _kept("quota_person", client="text", reference="bigint"),
    RECALL,
    _kept("recall_number", client="text", received_for="text", last="bigint"),
    _kept("recall_search", event="bigint", next_at="timestamptz", looked="boolean"),
)


# Triggers that copy restrictions and conversations to where they are read, and triggers that refuse to
# rewrite records. Without one of them an objection would silently stop hiding data. Each is `table: trigger`.
TRIGGERS: dict[Store, frozenset[str]] = {
    Store.MESSENGER: frozenset(
        {
            "messenger.account: index_phone_of_changed",
            "messenger.account: index_phone_of_new",
            "messenger.account: move_country",
            "messenger.account: place_account",
            "messenger.account: refuse_move",
            "messenger.account: unindex_phone_of_gone",
            "messenger.business_conversation: copy_conversation",
            "messenger.business_conversation: copy_truncated_conversations",
            "messenger.business_conversation: refuse_handover",
            "messenger.contact: place_restriction",
            "messenger.contact: refuse_move",
            "messenger.daily_usage: place_restriction",
            "messenger.daily_usage: refuse_move",
            "messenger.phone_lookup: place_restriction",
            "messenger.pseudonym: refuse_change",
            "messenger.restriction: refuse_truncate",
            "messenger.restriction: spread_restriction_of_changed",
            "messenger.restriction: spread_restriction_of_gone",
            "messenger.restriction: spread_restriction_of_new",
        }
    ),
    Store.SOCIAL: frozenset(
        {
            "social.ad_topic: place_restriction",
            "social.ad_topic: refuse_move",
            "social.business_conversation: copy_conversation",
            "social.business_conversation: copy_truncated_conversations",
            "social.business_conversation: refuse_handover",
            "social.messenger_link: index_link",
            "social.messenger_link: place_restriction",
            "social.messenger_link: refuse_move",
            "social.messenger_lookup: place_restriction",
            "social.number_lookup: place_number",
            "social.offer_audience: place_restriction",
            "social.offer_audience: refuse_move",
            "social.phone_binding: forget_blind",
            "social.phone_binding: index_number_of_changed",
            "social.phone_binding: index_number_of_gone",
            "social.phone_binding: index_number_of_new",
            "social.phone_binding: place_restriction",
            "social.phone_binding: refuse_move",
            "social.restriction: refuse_truncate",
            "social.restriction: spread_restriction_of_changed",
            "social.restriction: spread_restriction_of_gone",
            "social.restriction: spread_restriction_of_new",
            "social.restriction: spread_to_ads_of_changed",
            "social.restriction: spread_to_ads_of_gone",
            "social.restriction: spread_to_ads_of_new",
        }
    ),
    Store.CONTROL: frozenset(
        {
            "control.ledger_checkpoint: refuse_rewriting",
            "control.ledger_cut: refuse_rewriting",
            "control.ledger_entry: refuse_rewriting",
            "control.ledger_question: refuse_rewriting",
            "control.ledger_reference: refuse_rewriting",
            "control.client_document: bump_document_revision",
            "control.document: refuse_change",
            "control.document_mode: bump_document_revision",
            "control.objection_event: count_objection",
            "control.objection_event: note_recall",
            "control.objection_event: refuse_change",
            "control.pseudonym: refuse_change",
            "control.quota: bump_revision",
            "control.restoration: bump_revision",
            "control.suspension: refuse_other_change",
            "control.token: bump_revision",
        }
    ),
}


def relations_of(store: Store) -> Iterator[Relation]:
    """The tables of the store, in the order of this page."""
    return (relation for relation in RELATIONS if relation.store is store)
