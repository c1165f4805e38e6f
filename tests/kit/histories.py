"""Rows that feed a store, and a store's life by chance: loads, edits, replicas and objections."""

from __future__ import annotations

from functools import partial
from random import Random
from typing import TYPE_CHECKING

from resolvers.changes.copies import repair_copies
from resolvers.changes.restrictions import ask
from resolvers.sources.catalogue import Store
from tests.kit.feeding import caught_up

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection
    from tests.kit.gateway import Side

# What the owners publish, what refers to other rows first.
FEEDING = {
    "messenger": ("contact", "daily_usage", "account"),
    "social": ("ad_topic", "messenger_link", "phone_binding", "account"),
}

# 1 objects, 2 does not; each has the other in the address book.
FED = {
    "messenger": """
        INSERT INTO messenger.account (id, phone, country_code, registered_at) VALUES
            (1, '+4915110000001', 'DE', '2015-01-01Z'), (2, '+4915110000002', 'DE', '2015-01-01Z');
        INSERT INTO messenger.daily_usage (account_id, day, messages_sent) VALUES
            (1, '2016-09-30', 7), (2, '2016-09-30', 5);
        INSERT INTO messenger.contact (account_id, contact_id) VALUES (1, 2), (2, 1);
    """,
    "social": """
        INSERT INTO social.account (id, display_name) VALUES (11, 'Ann'), (12, 'Bob');
        INSERT INTO social.phone_binding (account_id, source, number, messenger_id) VALUES
            (11, 'MESSENGER_SHARED', '+4915110000001', 1), (12, 'MESSENGER_SHARED', '+4915110000002', 2),
            (11, 'SELF_PROFILE', '+4915120000001', NULL);
        INSERT INTO social.messenger_link (account_id, messenger_id, since) VALUES
            (11, 1, '2016-09-01'), (12, 2, '2016-09-01');
        INSERT INTO social.ad_topic (account_id, source, topic, messenger_id) VALUES
            (11, 'MESSENGER', 'Diabetes', 1), (12, 'MESSENGER', 'Cycling', 2), (11, 'SOCIAL', 'Chess', NULL);
    """,
}
EDITS = {
    "messenger": ("account", "phone_lookup", "daily_usage", "contact"),
    "social": ("phone_binding", "messenger_link", "messenger_lookup", "number_lookup", "ad_topic"),
}

MEMBERS = range(1, 7)
BITS = {"ads_personalization": 1, "friend_suggestions": 2}
SEEN = {
    "messenger": """
        SELECT id FROM {0}.account UNION SELECT account_id FROM {0}.{1}
    """,
    "social": """
        SELECT messenger_id FROM {0}.messenger_link UNION SELECT messenger_id FROM {0}.messenger_lookup
    """,
}


class History:
    """A store's life by chance: loads, edits, replicas and objections, beside what must be hidden."""

    def __init__(self, side: Side, random: Random) -> None:
        self.side, self.random = side, random
        self.objected = dict.fromkeys(MEMBERS, 0)

    async def step(self) -> str:
        """Do one thing; its name."""
        steps = (
            self.objects,
            self.loads,
            self.edits,
            self.deletes,
            self.changes,
            self.loads_without_triggers,
        )
        chosen = self.random.choice(steps)
        await chosen()
        return chosen.__name__

    async def objects(self) -> None:
        """A member objects, or withdraws, and the call returns."""
        member, bits = self.random.choice(MEMBERS), self.random.randrange(4)
        self.objected[member] = bits
        for store in ("social", "messenger"):
            await self.side.owner(Store(store)).fetchval(
                f"SELECT {store}.restrict(ARRAY[$1::bigint], ARRAY[$2::integer], ARRAY[0], 1000000000, true)",
                member,
                bits,
            )

    async def loads(self) -> None:
        """All rows are written again, after DELETE or TRUNCATE, in an ordinary session or a replica's."""
        how = self.random.choice(("DELETE FROM {}", "TRUNCATE {} CASCADE"))
        await self._written(how, rows_of(self.random.sample(MEMBERS, self.random.randrange(1, 7))))

    async def _written(self, how: str, rows: dict[str, str]) -> None:
        for store in rows:
            owner = self.side.owner(Store(store))
            async with owner.transaction(isolation="read_committed"):
                await owner.execute(how.format(f"{store}.account"))
                if self.random.random() < 0.5:
                    await owner.execute("SET LOCAL session_replication_role = replica")
                await owner.execute(rows[store])

    async def edits(self) -> None:
        """A copy is set to something else by hand, in an ordinary session or a replica's."""
        store = self.random.choice(sorted(EDITS))
        owner = self.side.owner(Store(store))
        async with owner.transaction():
            await owner.execute(
                f"SET LOCAL session_replication_role = {self.random.choice(('origin', 'replica'))}"
            )
            table, bits = self.random.choice(EDITS[store]), self.random.randrange(-1, 4)
            await owner.execute(f"UPDATE {store}.{table} SET restricted = {bits}")

    async def deletes(self) -> None:
        """Members leave; a replica's session follows no foreign key, so that each table is named."""
        await self.side.messenger.execute(
            "DELETE FROM messenger.account WHERE id = $1", self.random.choice(MEMBERS)
        )
        await self.side.social.execute(
            "DELETE FROM social.account WHERE id = $1", 10 + self.random.choice(MEMBERS)
        )

    async def changes(self) -> None:
        """Every row is changed without meaning anything by it."""
        await self.side.messenger.execute("UPDATE messenger.account SET country_code = 'FR'")
        await self.side.social.execute("UPDATE social.messenger_link SET since = since + 1")

    async def loads_without_triggers(self) -> None:
        """A tool turns the triggers off, loads usage with whatever bits it has, and the next minute looks."""
        table, owner = "messenger.daily_usage", self.side.messenger
        async with owner.transaction():
            await owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER place_restriction")
            await owner.execute(f"UPDATE {table} SET restricted = {self.random.randrange(-1, 4)}")
            await owner.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER place_restriction")
            for store in ("messenger", "social"):
                await repair_copies(partial(ask, self.side.owner(Store(store))), store)

    async def wrong(self) -> list[str]:
        """Where an objector is seen, and by which universe."""
        found = []
        for universe, bit in BITS.items():
            hidden = [member for member in MEMBERS if self.objected[member] & bit]
            extra = "daily_usage" if bit == 1 else "contact"
            for store, seen in SEEN.items():
                rows = await self.side.owner(Store(store)).fetch(seen.format(universe, extra))
                found += [f"{universe} sees {row[0]}" for row in rows if row[0] in hidden]
        return found

    async def missing(self) -> list[str]:
        """Members who are in a store, do not object, and are not seen."""
        found = []
        for universe, bit in BITS.items():
            hidden = {member for member in MEMBERS if self.objected[member] & bit}
            for store, table in (("messenger", "account"), ("social", "messenger_link")):
                column, owner = (
                    "id" if store == "messenger" else "messenger_id",
                    self.side.owner(Store(store)),
                )
                there = {row[0] for row in await owner.fetch(f"SELECT {column} FROM {store}.{table}")}
                seen = {row[0] for row in await owner.fetch(f"SELECT {column} FROM {universe}.{table}")}
                found += [f"{universe}.{table} misses {each}" for each in there - hidden - seen]
        return found


class ReplicatedHistory(History):
    """The same, where the owners write their own databases and apply workers write the stores."""

    def __init__(self, side: Side, random: Random, publishers: dict[str, Connection]) -> None:
        super().__init__(side, random)
        self.publishers = publishers

    async def loads(self) -> None:
        """The owners delete every row, and write some again."""
        rows = rows_of(self.random.sample(MEMBERS, self.random.randrange(1, 7)))
        for store, publisher in self.publishers.items():
            await publisher.execute("".join(f"DELETE FROM {store}.{name};" for name in FEEDING[store]))
            await publisher.execute(rows[store])
            await caught_up(publisher)

    async def deletes(self) -> None:
        """A member leaves the owners' database of the messenger."""
        publisher, member = self.publishers["messenger"], self.random.choice(MEMBERS)
        for table in ("contact", "daily_usage"):
            await publisher.execute(f"DELETE FROM messenger.{table} WHERE account_id = $1", member)
        await publisher.execute("DELETE FROM messenger.contact WHERE contact_id = $1", member)
        await publisher.execute("DELETE FROM messenger.account WHERE id = $1", member)
        await caught_up(publisher)

    async def changes(self) -> None:
        """The owners change every row."""
        await self.publishers["messenger"].execute("UPDATE messenger.account SET country_code = 'FR'")
        await self.publishers["social"].execute("UPDATE social.messenger_link SET since = since + 1")
        for publisher in self.publishers.values():
            await caught_up(publisher)


def rows_of(members: list[int]) -> dict[str, str]:
    """The statements that write all rows of these members."""
    return {
        "messenger": "".join(
            f"INSERT INTO messenger.account (id, phone, country_code, registered_at)"
            f" VALUES ({n}, '+49151100000{n:02}', 'DE', '2015-01-01Z');"
            f"INSERT INTO messenger.daily_usage (account_id, day, messages_sent)"
            f" VALUES ({n}, '2016-09-30', 5);"
            for n in members
        )
        + "".join(
            f"INSERT INTO messenger.contact (account_id, contact_id) VALUES ({n}, {m});"
            for n in members
            for m in members
            if n != m
        ),
        "social": "".join(
            f"INSERT INTO social.account (id, display_name) VALUES ({10 + n}, 'Name');"
            f"INSERT INTO social.messenger_link (account_id, messenger_id, since)"
            f" VALUES ({10 + n}, {n}, '2016-09-01');"
            f"INSERT INTO social.phone_binding (account_id, source, number, messenger_id)"
            f" VALUES ({10 + n}, 'MESSENGER_SHARED', '+49151100000{n:02}', {n});"
            f"INSERT INTO social.ad_topic (account_id, source, topic, messenger_id)"
            f" VALUES ({10 + n}, 'MESSENGER', 'Chess', {n});"
            for n in members
        ),
    }
