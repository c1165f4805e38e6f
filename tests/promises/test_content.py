"""No answer, log or role holds what people wrote, and an unclassified column stops the start (I26–I29)."""

from __future__ import annotations

import io
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from random import Random

import asyncpg
import pytest
from graphql import print_schema

from gateway.app import open_gateway
from gateway.terminal.logs import ScrubbingFormatter
from gateway.upkeep.advice import with_advice
from gateway.upkeep.store_logins import NotReady
from resolvers.plan.cursors import Cursors
from resolvers.sources.catalogue import Class, Relation, Store, relations_of
from resolvers.sources.fields import OBJECTS
from resolvers.stores.pool import connect_owner
from resolvers.universe.difference import Difference, DifferenceKind
from resolvers.universe.inspection import differences
from resolvers.universe.render import apply, universes
from schema.build import schema_for
from schema.purposes import Purpose
from tests.kit import oracle
from tests.kit.documents.writer import Request, write_request
from tests.kit.gateway import SEEING, NewDatabase, Side, known_of, open_side, trials
from tests.kit.worlds.making import random_world
from tests.kit.worlds.rows import World
from tests.schema.test_sdl import DECIDED

STORES = list(Store)
WITH_CONTENT = (Store.MESSENGER, Store.SOCIAL)


@pytest.fixture(scope="module")
async def side(new_database: NewDatabase) -> AsyncIterator[Side]:
    """A gateway before stores of its own."""
    async with open_side(new_database) as opened:
        opened.watch()
        yield opened


@pytest.fixture(autouse=True)
async def _fresh(side: Side) -> None:
    await side.wait_until_ready()


@contextmanager
def everything_logged() -> Iterator[tuple[io.StringIO, list[logging.LogRecord]]]:
    """What every logger says at every level: as the program writes it, and the records themselves."""
    stream, records = io.StringIO(), []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)

    handlers = [logging.StreamHandler(stream), Keep()]
    handlers[0].setFormatter(ScrubbingFormatter())
    root, level = logging.getLogger(), logging.getLogger().level
    root.setLevel(logging.DEBUG)
    for handler in handlers:
        root.addHandler(handler)
    try:
        yield stream, records
    finally:
        root.setLevel(level)
        for handler in handlers:
            root.removeHandler(handler)


def questions(side: Side, purpose: Purpose, world: World, number: int) -> list[Request]:
    """Random requests about a world."""
    known = known_of(side.settings, purpose, world)
    random = Random(f"content {purpose}")
    return [write_request(schema_for(purpose), known, random) for _ in range(number)]


@pytest.mark.parametrize("purpose", SEEING)
async def test_i26_no_message_is_in_an_answer_an_error_a_log_or_a_cursor(
    side: Side, purpose: Purpose, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Canaries in every body of both stores: none comes out, opened cursors and statements included."""
    world = random_world(31, 12)
    canaries = list(oracle.canaries(world))
    assert canaries
    await side.hold(world)
    sealed: list[str] = []
    seal = Cursors.seal
    monkeypatch.setattr(
        Cursors, "seal", lambda self, payload, binding: sealed.append(payload) or seal(self, payload, binding)
    )
    said: list[str] = []
    with everything_logged() as (stream, records):
        for request in questions(side, purpose, world, trials(60)):
            reply = await side.ask(purpose, request.document, request.variables, request.operation_name)
            said += [reply.body.decode(), str(reply.headers), str(side.asked)]
        for number in range(len(canaries)):
            document = f"query($id: ID!) {{ node(id: $id) {{ id }} m{number}: body }}"
            reply = await side.ask(purpose, document, {"id": f"ma_{number}"})
            assert reply.codes == ["GRAPHQL_VALIDATION_FAILED"]
            said.append(reply.body.decode())
    said += [
        stream.getvalue(),
        *sealed,
        *(f"{record.msg} {record.args} {record.exc_info}" for record in records),
    ]
    whole = "\n".join(said)
    assert not [canary for canary in canaries if canary in whole]
    assert sealed


async def test_i26_a_store_that_fails_over_content_does_not_quote_it(side: Side) -> None:
    """An error of the database that quotes a message becomes one fixed sentence, and a scrubbed log line."""
    world = random_world(31, 12)
    await side.hold(world)
    body = world.messenger_messages[0].body
    await side.messenger.execute(
        "CREATE OR REPLACE VIEW security.account AS SELECT a.id, a.phone, a.country_code, a.registered_at"
        f" FROM messenger.account a WHERE ('{body}' || a.id)::int > 0"
    )
    try:
        with everything_logged() as (stream, _):
            reply = await side.ask(Purpose.SECURITY, "{ messengerAccounts { nodes { id } } }")
        assert (reply.status, reply.codes) == (500, ["INTERNAL"])
        assert "A request failed." in stream.getvalue()
        assert body not in reply.body.decode() + stream.getvalue()
    finally:
        await apply(side.messenger, OBJECTS, Store.MESSENGER)


def test_i26_no_schema_knows_of_messages() -> None:
    """Neither a type nor a field nor a description of any purpose leads to content or anything derived."""
    for purpose in Purpose:
        sdl = print_schema(schema_for(purpose)).lower()
        for word in ("body", "snippet", "sentiment", "attachment", "message {", "message!", "language"):
            assert word not in sdl, (purpose, word)


@pytest.mark.parametrize("purpose", SEEING)
async def test_i29_replacing_every_message_changes_no_byte(side: Side, purpose: Purpose) -> None:
    """Answers, statements and parameters are the same, whatever people wrote, or if they wrote nothing."""
    world = random_world(32, 12)
    requests = questions(side, purpose, world, trials(25))

    def rewritten(other: World) -> World:
        return replace(
            other,
            messenger_messages=tuple(
                replace(each, body=each.body[::-1] * 9) for each in other.messenger_messages
            ),
            social_messages=(),
            messenger_business_messages=(),
            social_business_messages=tuple(
                replace(each, body=each.body[::-1] * 9) for each in other.social_business_messages
            ),
        )

    answers = []
    for held in (world, rewritten(world)):
        await side.hold(held)
        replies = []
        for request in requests:
            reply = await side.ask(purpose, request.document, request.variables, request.operation_name)
            replies.append((reply, [(sql, len(arguments)) for sql, arguments in side.asked]))
        answers.append(replies)
    assert answers[0] == answers[1]


# --- who may read it ------------------------------------------------------------------------------


@pytest.mark.parametrize("store", STORES)
async def test_i27_no_role_has_a_privilege_on_content(side: Side, store: Store) -> None:
    """Asked of the database itself, for every role but its superuser, and for the public."""
    owner = side.owner(store)
    rows = await owner.fetch(
        """
        SELECT r.rolname, c.oid::regclass::text AS relation FROM pg_roles r, pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE NOT r.rolsuper AND r.rolname !~ '^pg_' AND n.nspname = 'content' AND c.relkind <> 'i'
          AND (has_schema_privilege(r.oid, n.oid, 'USAGE, CREATE')
               OR has_table_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
               OR has_table_privilege(r.oid, c.oid, 'REFERENCES, TRIGGER')
               OR has_any_column_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE, REFERENCES'))
        """
    )
    assert rows == []
    content = {relation.qualified for relation in relations_of(store) if _closed(relation, "body")}
    wanted = {"content.message", "content.business_message"} if store in WITH_CONTENT else set()
    assert content == wanted


@pytest.mark.parametrize("store", STORES)
async def test_i27_each_role_reads_its_own_views_and_nothing_else(side: Side, store: Store) -> None:
    """Tried as the role itself, on every table and view of the store."""
    owner = side.owner(store)
    relations = await owner.fetch(
        "SELECT n.nspname || '.' || c.relname AS name"
        " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind IN ('r', 'v', 'm', 'p') AND n.nspname !~ '^pg_|^information_schema$'"
    )
    for universe in universes(OBJECTS, store):
        own = {f"{universe.purpose.universe}.{view}" for view in universe.views}
        role = await asyncpg.connect(side.settings.owner_dsn(store), user=universe.role)
        try:
            for row in relations:
                if row["name"] in own:
                    await role.fetch(f"SELECT * FROM {row['name']} LIMIT 1")
                    continue
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await role.fetch(f"SELECT * FROM {row['name']} LIMIT 1")
            for statement in ("CREATE TABLE t ()", "CREATE TEMP TABLE t ()", "CREATE SCHEMA s"):
                with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.ReadOnlySQLTransactionError)):
                    await role.execute(statement)
        finally:
            await role.close()


@pytest.mark.parametrize("store", STORES)
async def test_i27_no_view_has_a_column_of_content_or_of_restrictions(side: Side, store: Store) -> None:
    """Whatever a universe shows, it is neither what people wrote nor who objected."""
    columns = [(relation, name) for relation in relations_of(store) for name in relation.columns]
    # A message has an id too; the others' may be shown.
    closed = {name for relation, name in columns if _closed(relation, name)}
    closed -= {name for relation, name in columns if not _closed(relation, name)}
    assert ({"body", "restricted", "purposes"} if store in WITH_CONTENT else {"hash", "credential"}) <= closed
    rows = await side.owner(store).fetch(
        "SELECT table_schema, column_name FROM information_schema.columns WHERE table_schema = ANY($1)",
        [purpose.universe for purpose in Purpose],
    )
    assert rows
    assert not [row for row in rows if row["column_name"] in closed]


# Which line of the policy a column of personal data is.
SAYS = {
    "terms_acceptance.person": "TermsAcceptance.(row)",
    "account.phone": "MessengerAccount.phone",
    "account.country_code": "MessengerAccount.countryCode",
    "account.registered_at": "MessengerAccount.registeredAt",
    "account.display_name": "SocialAccount.displayName",
    "phone_lookup.phone": "MessengerAccount.phone",
    "daily_usage.day": "UsageStats.lastActiveOn",
    "daily_usage.messages_sent": "UsageStats.messagesSent28",
    "phone_binding.source": "PhoneBinding.source",
    "phone_binding.number": "PhoneBinding.number",
    "messenger_link.since": "MessengerLink.since",
    "ad_topic.source": "AdTopic.source",
    "ad_topic.topic": "AdTopic.topic",
    "offer_audience.offer_id": "SocialAccount.offers",
    # Through which number an offer came is in no answer: the ledger notes it, for recalls.
    "offer_audience.source": "SocialAccount.offers",
    "terms_acceptance.version": "TermsAcceptance.(row)",
    "terms_acceptance.accepted_at": "TermsAcceptance.(row)",
}
OF_CONVERSATIONS = {
    "business_id": "business",
    "category": "category",
    "status": "status",
    "opened_on": "openedOn",
    "last_message_on": "lastMessageOn",
    "message_count": "messageCount",
}
for table in ("business_conversation", "customer_conversation"):
    SAYS |= {
        f"{table}.{column}": f"BusinessConversation.{field}" for column, field in OF_CONVERSATIONS.items()
    }
for column in ("person", "kind", "purposes", "recorded_at", "effective_at", "channel", "terms_version"):
    SAYS[f"objection_event.{column}"] = "Objection.(row)"
# Decided beside the matrix: friend search finds by a number that the purpose does not see.
PROBED = {(Purpose.FRIEND_SUGGESTIONS, f"number_lookup.{column}") for column in ("number", "source")}
MATRIX = {f"{type_}.{field}": marks for (type_, field), marks in DECIDED.items()}


@pytest.mark.parametrize("store", STORES)
async def test_i4_a_view_has_no_column_that_the_purpose_does_not_see(side: Side, store: Store) -> None:
    """Of personal data: a column that no visible field reads could still be ordered or searched by."""
    personal = {
        f"{relation.name}.{name}"
        for relation in relations_of(store)
        for name, column in relation.columns.items()
        if column.kind is Class.PERSONAL
    }
    rows = await side.owner(store).fetch(
        "SELECT table_schema, table_name || '.' || column_name FROM information_schema.columns"
    )
    shown = {
        (purpose, name)
        for purpose in Purpose
        for schema, name in rows
        if schema == purpose.universe and (name in personal or name in SAYS)
    } - PROBED
    assert shown
    assert not [(purpose, name) for purpose, name in shown if MATRIX[SAYS[name]][purpose] not in oracle.SEEN]


def _closed(relation: Relation, name: str) -> bool:
    return name in relation.columns and relation.columns[name].kind in {
        Class.CONTENT,
        Class.RESTRICTION,
        Class.GATEWAY,
    }


@pytest.mark.parametrize("store", STORES)
async def test_i27_every_column_is_classified(side: Side, store: Store) -> None:
    """The catalogue's columns are the database's, none more and none less."""
    assert await differences(side.owner(store), OBJECTS, store) == []
    rows = await side.owner(store).fetch(
        "SELECT table_schema || '.' || table_name, column_name FROM information_schema.columns"
        # A day of the ledger has the columns of the whole, and a view none of its own.
        " WHERE table_schema IN ($1, 'content') AND NOT EXISTS (SELECT FROM pg_class c"
        " WHERE c.oid = format('%I.%I', table_schema, table_name)::regclass"
        " AND (c.relispartition OR c.relkind = 'v'))",
        store.value,
    )
    known = {(relation.qualified, name) for relation in relations_of(store) for name in relation.columns}
    assert {tuple(row) for row in rows} == known


def _differs(kind: DifferenceKind, name: str, relation: str = "") -> Difference:
    return Difference(kind, Store.MESSENGER, name, relation=relation)


SPOILED: dict[str, tuple[str, str, Difference]] = {
    "an unclassified column": (
        "ALTER TABLE messenger.account ADD COLUMN nickname text",
        "ALTER TABLE messenger.account DROP COLUMN nickname",
        _differs(DifferenceKind.COLUMN_UNCLASSIFIED, "messenger.account.nickname"),
    ),
    "an unclassified column of content": (
        "ALTER TABLE content.message ADD COLUMN snippet text",
        "ALTER TABLE content.message DROP COLUMN snippet",
        _differs(DifferenceKind.COLUMN_UNCLASSIFIED, "content.message.snippet"),
    ),
    "an unclassified table": (
        "CREATE TABLE public.export (phone text)",
        "DROP TABLE public.export",
        _differs(DifferenceKind.COLUMN_UNCLASSIFIED, "public.export.phone"),
    ),
    "a column that is missing": (
        "ALTER TABLE messenger.business RENAME COLUMN verified TO checked",
        "ALTER TABLE messenger.business RENAME COLUMN checked TO verified",
        _differs(DifferenceKind.COLUMN_MISSING, "messenger.business.verified"),
    ),
    "content granted to a role": (
        "GRANT SELECT ON content.message TO messenger_infrastructure",
        "REVOKE SELECT ON content.message FROM messenger_infrastructure",
        _differs(DifferenceKind.PRIVILEGE_BEYOND, "messenger_infrastructure", relation="content.message"),
    ),
    "one column of content granted to a role": (
        "GRANT SELECT (body) ON content.message TO messenger_security",
        "REVOKE SELECT (body) ON content.message FROM messenger_security",
        _differs(DifferenceKind.PRIVILEGE_BEYOND, "messenger_security", relation="content.message"),
    ),
    "content granted to everybody": (
        "GRANT SELECT ON content.message TO PUBLIC",
        "REVOKE SELECT ON content.message FROM PUBLIC",
        _differs(
            DifferenceKind.PRIVILEGE_BEYOND, "messenger_ads_personalization", relation="content.message"
        ),
    ),
    "the unmasked table granted to a role": (
        "GRANT SELECT ON messenger.account TO messenger_ads_personalization",
        "REVOKE SELECT ON messenger.account FROM messenger_ads_personalization",
        _differs(
            DifferenceKind.PRIVILEGE_BEYOND, "messenger_ads_personalization", relation="messenger.account"
        ),
    ),
    "another purpose's view granted to a role": (
        "GRANT SELECT ON security.account TO messenger_friend_suggestions",
        "REVOKE SELECT ON security.account FROM messenger_friend_suggestions",
        _differs(
            DifferenceKind.PRIVILEGE_BEYOND, "messenger_friend_suggestions", relation="security.account"
        ),
    ),
    "a role that may write": (
        "GRANT UPDATE ON messenger.restriction TO messenger_security",
        "REVOKE UPDATE ON messenger.restriction FROM messenger_security",
        _differs(DifferenceKind.PRIVILEGE_BEYOND, "messenger_security", relation="messenger.restriction"),
    ),
    "a role within another": (
        "GRANT messenger_security TO messenger_ads_personalization",
        "REVOKE messenger_security FROM messenger_ads_personalization",
        _differs(DifferenceKind.ROLE_POWERS, "messenger_ads_personalization"),
    ),
    "a role of powers": (
        "ALTER ROLE messenger_ads_personalization BYPASSRLS",
        "ALTER ROLE messenger_ads_personalization NOBYPASSRLS",
        _differs(DifferenceKind.ROLE_POWERS, "messenger_ads_personalization"),
    ),
    "a role that may make things in its universe": (
        "GRANT CREATE ON SCHEMA ads_personalization TO messenger_ads_personalization",
        "REVOKE CREATE ON SCHEMA ads_personalization FROM messenger_ads_personalization",
        _differs(DifferenceKind.ROLE_POWERS, "messenger_ads_personalization"),
    ),
    "a function that a role may call": (
        "CREATE FUNCTION ads_personalization.peek() RETURNS text LANGUAGE sql SECURITY DEFINER"
        " AS 'SELECT body FROM content.message'",
        "DROP FUNCTION ads_personalization.peek()",
        _differs(DifferenceKind.ROLE_POWERS, "messenger_ads_personalization"),
    ),
    "a role in another schema": (
        "ALTER ROLE messenger_friend_suggestions SET search_path = security",
        "ALTER ROLE messenger_friend_suggestions SET search_path = friend_suggestions, pg_catalog",
        _differs(DifferenceKind.ROLE_SEARCH_PATH, "messenger_friend_suggestions"),
    ),
    "a role that is missing": (
        "ALTER ROLE messenger_infrastructure RENAME TO somebody",
        "ALTER ROLE somebody RENAME TO messenger_infrastructure",
        _differs(DifferenceKind.ROLE_MISSING, "messenger_infrastructure"),
    ),
    "a view without its restriction": (
        "CREATE OR REPLACE VIEW ads_personalization.phone_lookup AS"
        " SELECT t.phone, t.account_id FROM messenger.phone_lookup t",
        "CREATE OR REPLACE VIEW ads_personalization.phone_lookup AS"
        " SELECT t.phone, t.account_id FROM messenger.phone_lookup t WHERE t.restricted & 1 = 0",
        _differs(DifferenceKind.UNIVERSE_CHANGED, "ads_personalization"),
    ),
    "row security that is off": (
        "ALTER TABLE messenger.contact DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE messenger.contact ENABLE ROW LEVEL SECURITY",
        _differs(DifferenceKind.UNIVERSE_CHANGED, "friend_suggestions"),
    ),
    "a policy that is gone": (
        "DROP POLICY gateway_ads_personalization ON messenger.account",
        "",
        _differs(DifferenceKind.UNIVERSE_CHANGED, "ads_personalization"),
    ),
    "a view whose owner sees every row": (
        "ALTER VIEW ads_personalization.account OWNER TO postgres",
        "ALTER VIEW ads_personalization.account OWNER TO messenger_ads_personalization_views",
        _differs(DifferenceKind.UNIVERSE_CHANGED, "ads_personalization"),
    ),
    "an owner of views that row security does not bind": (
        "ALTER ROLE messenger_ads_personalization_views BYPASSRLS",
        "ALTER ROLE messenger_ads_personalization_views NOBYPASSRLS",
        _differs(DifferenceKind.ROLE_POWERS, "messenger_ads_personalization_views"),
    ),
    "one view more": (
        "CREATE VIEW ads_personalization.more AS SELECT body FROM content.message",
        "DROP VIEW ads_personalization.more",
        _differs(DifferenceKind.UNIVERSE_CHANGED, "ads_personalization"),
    ),
    "a universe of another policy": (
        "COMMENT ON SCHEMA security IS 'gateway universe 0000 0000'",
        "",
        _differs(DifferenceKind.UNIVERSE_OF_OTHER_POLICY, "security"),
    ),
    "a trigger that is off": (
        "ALTER TABLE messenger.restriction DISABLE TRIGGER spread_restriction_of_new",
        "ALTER TABLE messenger.restriction ENABLE ALWAYS TRIGGER spread_restriction_of_new",
        _differs(DifferenceKind.TRIGGER_OFF, "messenger.restriction: spread_restriction_of_new"),
    ),
    "a writer of objections who may read numbers": (
        "GRANT SELECT (phone) ON messenger.account TO messenger_objections",
        "REVOKE SELECT (phone) ON messenger.account FROM messenger_objections",
        _differs(DifferenceKind.PRIVILEGE_BEYOND, "messenger_objections", relation="messenger.account"),
    ),
    "a writer of objections who may lift any restriction": (
        "GRANT DELETE ON messenger.restriction TO messenger_objections",
        "REVOKE DELETE ON messenger.restriction FROM messenger_objections",
        _differs(DifferenceKind.PRIVILEGE_BEYOND, "messenger_objections", relation="messenger.restriction"),
    ),
    "a writer of objections who cannot write them": (
        "REVOKE EXECUTE ON FUNCTION messenger.restrict_at FROM messenger_objections",
        "GRANT EXECUTE ON FUNCTION messenger.restrict_at TO messenger_objections",
        _differs(DifferenceKind.PRIVILEGE_MISSING, "messenger_objections", relation="messenger.restrict_at"),
    ),
    "a writer of objections who may make databases": (
        "ALTER ROLE messenger_objections CREATEDB",
        "ALTER ROLE messenger_objections NOCREATEDB",
        _differs(DifferenceKind.ROLE_POWERS, "messenger_objections"),
    ),
    "a universe that is missing": (
        "DROP SCHEMA friend_suggestions CASCADE",
        "",
        _differs(DifferenceKind.UNIVERSE_MISSING, "friend_suggestions"),
    ),
}


@asynccontextmanager
async def spoiled(side: Side, name: str) -> AsyncIterator[list[Difference]]:
    """The messenger's store with one thing wrong, and the differences that inspection finds."""
    spoil, undo, _ = SPOILED[name]
    owner = await connect_owner(side.settings.owner_dsn("messenger"))
    try:
        await owner.execute(spoil)
        yield await differences(owner, OBJECTS, Store.MESSENGER)
    finally:
        if undo:
            await owner.execute(undo)
        else:
            await apply(owner, OBJECTS, Store.MESSENGER)
        left = await differences(owner, OBJECTS, Store.MESSENGER)
        await owner.close()
        assert left == []


@pytest.mark.parametrize("name", SPOILED)
async def test_i27_a_store_with_anything_wrong_in_it_is_not_served(side: Side, name: str) -> None:
    """The start-up names the role, the relation or the column, and refuses."""
    async with spoiled(side, name) as found:
        assert SPOILED[name][2] in found
        with pytest.raises(NotReady) as refusal:
            async with open_gateway(side.settings):
                raise AssertionError("it serves")
    assert f"messenger: {with_advice(SPOILED[name][2])}" in refusal.value.lines


async def test_i28_every_field_of_every_schema_is_in_the_matrix() -> None:
    """A type with data has no field that the policy's table does not name, unless it names whole rows."""
    of_data = {type_ for type_, field, _ in oracle.matrix() if not field.startswith("(")}
    plumbing = {("ContactEdge", "node"), ("ContactEdge", "cursor")}
    for purpose in Purpose:
        for name in of_data & schema_for(purpose).type_map.keys():
            type_ = schema_for(purpose).type_map[name]
            fields = {(name, field) for field in getattr(type_, "fields", {})} - plumbing
            assert fields <= oracle.seen_fields(purpose), (purpose, name)
