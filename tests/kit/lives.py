"""Random histories of objections and of what happens to the stores, step by step.

A step is of one of three kinds, by when what it does is known:

    at once      objections, withdrawals, loads, replicated rows, edits: the next answer must be right
    when judged  a store that was restored: the gateway judges each store every second
    when looked  restrictions deleted by hand, and an owner who switches triggers off and opens rows: the
                 gateway looks at all restrictions and copies every minute
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from gateway.upkeep.effect import effect_of
from gateway.upkeep.store_logins import writer_logins
from resolvers.changes.objections import Rules, record, withdraw
from resolvers.changes.preferences import Writers
from resolvers.changes.restrictions import Stores, bits_of
from resolvers.changes.verification import count_rows
from resolvers.sources.catalogue import Store
from schema.purposes import OBJECTABLE, Purpose

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection
    from tests.kit.gateway import Side

MEMBERS = (1, 2, 3, 4)
STORES = (Store.MESSENGER, Store.SOCIAL)
# What a load brings, in the order of foreign keys: the table, the key of its member, its rows of member {n}.
LOADED: dict[Store, tuple[tuple[str, str, str], ...]] = {
    Store.MESSENGER: (
        (
            "messenger.account (id, phone, country_code, registered_at)",
            "id",
            "({n}, '+491511000000{n}', 'DE', '2015-01-01Z')",
        ),
        (
            "messenger.daily_usage (account_id, day, messages_sent)",
            "account_id",
            "({n}, '2016-09-30', {n})",
        ),
        ("messenger.contact (account_id, contact_id)", "account_id", "({n}, {n} % 4 + 1)"),
    ),
    Store.SOCIAL: (
        ("social.account (id, display_name)", "id - 10", "(1{n}, 'Person {n}')"),
        (
            "social.phone_binding (account_id, source, number, messenger_id)",
            "messenger_id",
            "(1{n}, 'MESSENGER_SHARED', '+491511000000{n}', {n})",
        ),
        (
            "social.messenger_link (account_id, messenger_id, since)",
            "messenger_id",
            "(1{n}, {n}, '2016-09-01')",
        ),
        (
            "social.ad_topic (account_id, source, topic, messenger_id)",
            "messenger_id",
            "(1{n}, 'MESSENGER', 'Topic of {n}', {n})",
        ),
    ),
}
# Every table whose rows carry a copy of a restriction.
COPIES: dict[Store, tuple[str, ...]] = {
    Store.MESSENGER: ("account", "phone_lookup", "daily_usage", "contact"),
    Store.SOCIAL: ("phone_binding", "messenger_link", "messenger_lookup", "number_lookup", "ad_topic"),
}
# What a backup of a store holds, in the order in which it is put back.
BACKED_UP: dict[Store, tuple[str, ...]] = {
    Store.MESSENGER: ("restriction", "restriction_state", *COPIES[Store.MESSENGER]),
    Store.SOCIAL: ("restriction", "restriction_state", "account", *COPIES[Store.SOCIAL]),
}
AS_A_REPLICA = "SET LOCAL session_replication_role = replica;"


@dataclass
class History:
    """One history. `acknowledged`: by member, the bits of the objections that the gateway acknowledged."""

    side: Side
    random: Random
    rules: Rules
    acknowledged: dict[int, int]
    backups: set[Store] = field(default_factory=set)
    told: list[str] = field(default_factory=list)

    @property
    def stores(self) -> Stores:
        """The owners' connections."""
        return Stores(self.side.control, self.side.messenger, self.side.social)

    def owner(self, store: Store) -> Connection:
        """The connection of the store's owner."""
        return self.side.owner(store)

    async def step(self) -> None:
        """Take one step; when this returns, the gateway has had its time to know of it."""
        step = self.random.choices(tuple(STEPS), tuple(STEPS.values()))[0]
        store, member = self.random.choice(STORES), self.random.choice(MEMBERS)
        self.told.append(f"{step.__name__} {store} {member}")
        await step(self, store, member)

    def purposes(self) -> frozenset[Purpose]:
        """What somebody objects to."""
        return frozenset(self.random.sample(sorted(OBJECTABLE), self.random.randint(1, len(OBJECTABLE))))


# --- known at once --------------------------------------------------------------------------------


async def _object(history: History, _: Store, member: int) -> None:
    purposes = history.purposes()
    await record(history.stores, history.rules, member, purposes=purposes, channel="test")
    history.acknowledged[member] |= bits_of(purposes)


async def _withdraw(history: History, _: Store, member: int) -> None:
    purposes = history.purposes()
    history.acknowledged[member] &= ~bits_of(purposes)
    await withdraw(history.stores, history.rules, member, purposes=purposes, channel="test")


async def load_all(owner: Connection, store: Store) -> None:
    """Replace all rows of the owner's tables, as a nightly load does."""
    async with owner.transaction(isolation="read_committed"):
        for table, _, _ in reversed(LOADED[store]):
            await owner.execute(f"DELETE FROM {table.partition(' ')[0]}")
        for table, _, rows in LOADED[store]:
            await owner.execute(f"INSERT INTO {table} VALUES {', '.join(rows.format(n=n) for n in MEMBERS)}")


async def _load(history: History, store: Store, _: int) -> None:
    await load_all(history.owner(store), store)


async def _replicate(history: History, store: Store, member: int) -> None:
    """Rows of one member go and come back as an apply worker writes them: without ordinary triggers."""
    owner = history.owner(store)
    async with owner.transaction(isolation="read_committed"):
        await owner.execute(AS_A_REPLICA)
        for table, key, _ in reversed(LOADED[store]):
            await owner.execute(f"DELETE FROM {table.partition(' ')[0]} WHERE {key} = {member}")
        for table, _, rows in LOADED[store]:
            await owner.execute(f"INSERT INTO {table} VALUES {rows.format(n=member)}")


async def _edit(history: History, store: Store, _: int) -> None:
    """Somebody opens every row by hand, with the triggers on."""
    owner = history.owner(store)
    as_a_replica = history.random.random() < 0.5
    async with owner.transaction(isolation="read_committed"):
        await owner.execute(AS_A_REPLICA if as_a_replica else "SELECT")
        await owner.execute(_opening(store))


def _opening(store: Store) -> str:
    return ";".join(f"UPDATE {store}.{table} SET restricted = 0" for table in COPIES[store])


async def _back_up(history: History, store: Store, _: int) -> None:
    history.backups.add(store)
    for table in BACKED_UP[store]:
        await history.owner(store).execute(
            f"DROP TABLE IF EXISTS pg_temp.{table}; CREATE TEMPORARY TABLE {table} AS TABLE {store}.{table}"
        )


# --- known when the stores are judged -------------------------------------------------------------


async def _restore(history: History, store: Store, _: int) -> None:
    """The rows of the latest backup take the place of the store's, without any trigger."""
    if store not in history.backups:
        return
    owner = history.owner(store)
    tables = [f"{store}.{table}" for table in BACKED_UP[store]]
    async with owner.transaction(isolation="read_committed"):
        await owner.execute(_switched(tables, "DISABLE TRIGGER ALL"))
        for table in reversed(tables):
            await owner.execute(f"DELETE FROM {table}")
        for table in tables:
            await owner.execute(f"INSERT INTO {table} SELECT * FROM pg_temp.{table.partition('.')[2]}")
        await owner.execute(await _switched_back(owner, tables))
    await history.side.verifier.judged()


# --- known when the rows are looked at ------------------------------------------------------------


async def _lose(history: History, store: Store, _: int) -> None:
    """Somebody deletes restrictions by hand, which opens rows; the gateway counts them every minute."""
    await history.owner(store).execute(f"DELETE FROM {store}.restriction")
    async with Writers(writer_logins(history.side.settings)).open() as stores:
        await count_rows(stores.keepers)
    await history.side.verifier.judged()


async def _open_rows(history: History, store: Store, _: int) -> None:
    """The owner switches the triggers off, opens every row, and switches them on again."""
    owner = history.owner(store)
    tables = [f"{store}.{table}" for table in COPIES[store]]
    async with owner.transaction(isolation="read_committed"):
        await owner.execute(_switched(tables, "DISABLE TRIGGER ALL"))
        await owner.execute(_opening(store))
        await owner.execute(await _switched_back(owner, tables))
    await effect_of(history.side.settings, store)


def _switched(tables: list[str], how: str) -> str:
    return ";".join(f"ALTER TABLE {table} {how}" for table in tables)


async def _switched_back(owner: Connection, tables: list[str]) -> str:
    """The statement that brings every trigger of the tables back to the state before this transaction."""
    rows = await owner.fetch(
        "SELECT tgrelid::regclass::text, tgname, tgisinternal FROM pg_trigger"
        " WHERE tgrelid = ANY($1::text[]::regclass[])",
        tables,
    )
    return ";".join(
        [_switched(tables, "ENABLE TRIGGER ALL")]
        + [
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}"
            for table, name, internal in rows
            if not internal
        ]
    )


# How often each kind of step is taken.
STEPS: dict[Callable[[History, Store, int], Awaitable[None]], int] = {
    _object: 6,
    _withdraw: 3,
    _load: 2,
    _replicate: 2,
    _edit: 2,
    _back_up: 2,
    _restore: 2,
    _lose: 1,
    _open_rows: 1,
}
