"""Load a world into the stores."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple
from typing import TYPE_CHECKING, Any

from tests.kit.worlds.plain import COLUMNS, plain_values
from tests.kit.worlds.rows import (
    AdTopic,
    Business,
    BusinessMessage,
    Contact,
    Conversation,
    CustomerList,
    DailyUsage,
    Friendship,
    Merchant,
    Message,
    MessengerAccount,
    MessengerLink,
    ObjectionEvent,
    Offer,
    PhoneBinding,
    Restriction,
    Shown,
    SocialAccount,
    Suspension,
    TermsAcceptance,
    World,
)

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]


async def load(world: World, messenger: Connection, social: Connection, control: Connection) -> None:
    """Replace whatever the stores hold by the world's rows. Connections of the stores' owners."""
    await _load_messenger(world, messenger)
    await _load_social(world, social)
    await _load_control(world, control)


async def _load_control(world: World, store: Connection) -> None:
    async with store.transaction(isolation="read_committed"):
        # What was declared is append-only, but for a world that takes the place of another.
        await store.execute("SET LOCAL session_replication_role = replica")
        await store.execute("TRUNCATE control.objection_event, control.suspension RESTART IDENTITY")
        for table, record, rows in (
            ("control.objection_event", ObjectionEvent, world.events),
            ("control.suspension", Suspension, world.suspensions),
        ):
            await _copy(store, table, record, rows)
            # The next one recorded comes after these.
            await store.execute(f"ALTER TABLE {table} ALTER id RESTART WITH {len(rows) + 1}")


async def _load_messenger(world: World, store: Connection) -> None:
    members = {account.id for account in world.messenger_accounts}
    async with store.transaction(isolation="read_committed"):
        await store.execute(
            "TRUNCATE messenger.account, messenger.phone_lookup,"
            " messenger.daily_usage, messenger.contact, messenger.terms_acceptance, messenger.suspended,"
            " messenger.unplaced, content.message, messenger.business,"
            " messenger.business_conversation, messenger.customer_conversation, content.business_message"
        )
        await store.execute("DELETE FROM messenger.restriction")
        await store.execute("UPDATE messenger.usage_horizon SET day = $1", world.usage_horizon)
        await _copy_objects(
            store, "messenger.account", MessengerAccount, world=world, rows=world.messenger_accounts
        )
        await _copy(store, "messenger.daily_usage", DailyUsage, world.daily_usage)
        await _copy(store, "messenger.contact", Contact, world.contacts)
        await _copy(store, "messenger.terms_acceptance", TermsAcceptance, world.acceptances)
        await _copy(store, "content.message", Message, world.messenger_messages)
        await _copy_objects(store, "messenger.business", Business, world=world, rows=world.businesses)
        await _copy(store, "messenger.business_conversation", Conversation, world.messenger_conversations)
        await _copy(store, "content.business_message", BusinessMessage, world.messenger_business_messages)
        # Last, and through the table whose triggers spread them, as an objection's call does.
        await store.copy_records_to_table(
            "restriction",
            schema_name="messenger",
            columns=["account_id", "purposes"],
            records=[astuple(each) for each in world.restrictions if each.messenger_id in members],
        )


async def _load_social(world: World, store: Connection) -> None:
    async with store.transaction(isolation="read_committed"):
        await store.execute(
            "TRUNCATE social.account, social.friendship, social.phone_binding,"
            " social.number_lookup, social.messenger_link, social.messenger_lookup,"
            " social.suspended, social.unplaced,"
            " content.message, social.business,"
            " social.business_conversation, social.customer_conversation, content.business_message,"
            " social.ad_topic, social.merchant, social.offer, social.offer_audience,"
            " social.customer_list"
        )
        await store.execute("DELETE FROM social.restriction")
        await _copy_objects(store, "social.account", SocialAccount, world=world, rows=world.social_accounts)
        await _copy(store, "social.friendship", Friendship, world.friendships)
        await _copy(store, "social.phone_binding", PhoneBinding, world.phone_bindings)
        await _copy(store, "social.messenger_link", MessengerLink, world.messenger_links)
        await _copy(store, "content.message", Message, world.social_messages)
        await _copy_objects(store, "social.business", Business, world=world, rows=world.businesses)
        await _copy(store, "social.business_conversation", Conversation, world.social_conversations)
        await _copy(store, "content.business_message", BusinessMessage, world.social_business_messages)
        await _copy(store, "social.ad_topic", AdTopic, world.ad_topics)
        await _copy_objects(store, "social.merchant", Merchant, world=world, rows=world.merchants)
        await _copy_objects(store, "social.offer", Offer, world=world, rows=world.offers)
        await _copy(store, "social.offer_audience", Shown, world.shown)
        await _copy(store, "social.customer_list", CustomerList, world.customer_lists)
        await _copy(store, "social.restriction", Restriction, world.restrictions)


async def _copy_objects(
    store: Connection, table: str, record: type, *, world: World, rows: Iterable[Any]
) -> None:
    """Rows of objects, with the columns that the record does not have."""
    schema, name = table.split(".")
    await store.copy_records_to_table(
        name,
        schema_name=schema,
        columns=[*record.__dataclass_fields__, *COLUMNS.get(record.__name__, ())],  # type: ignore[attr-defined]
        records=[(*astuple(row), *plain_values(world, record.__name__, row.id).values()) for row in rows],
    )


async def _copy(store: Connection, table: str, record: type, rows: Iterable[Any]) -> None:
    schema, name = table.split(".")
    await store.copy_records_to_table(
        name,
        schema_name=schema,
        columns=list(record.__dataclass_fields__),  # type: ignore[attr-defined]
        records=[astuple(row) for row in rows],
    )
