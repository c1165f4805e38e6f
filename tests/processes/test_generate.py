"""Generated stores are the same for the same seed, whole in themselves, and look like life."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import phonenumbers
import pytest

from gateway.demo.bulk import MESSENGER_TABLES, SOCIAL_TABLES
from gateway.demo.generate import SOCIAL_FIRST, generate
from gateway.demo.names import ODD
from gateway.demo.problem import DemoProblem
from resolvers.stores.pool import connect_owner
from schema.terms.profiles import TERMS_OF_2016, TERMS_VERSION, WINDOW
from schema.values.phones import normalise

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection
    from tests.conftest import NewDatabase

ACCOUNTS = 1_000
# What a table's definition holds beside its columns.
ATTACHED = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) || convalidated FROM pg_constraint
WHERE connamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('messenger', 'social', 'content'))
UNION ALL SELECT tablename, indexname, indexdef FROM pg_indexes
WHERE schemaname IN ('messenger', 'social', 'content')
UNION ALL SELECT tgrelid::regclass::text, tgname, tgenabled::text FROM pg_trigger WHERE NOT tgisinternal
ORDER BY 1, 2, 3
"""


@dataclass(frozen=True)
class World:
    """The three databases of one gateway."""

    messenger: Connection
    social: Connection
    control: Connection

    async def generate(self, accounts: int = ACCOUNTS, seed: int = 1) -> None:
        """Fill them."""
        await generate(
            self.messenger,
            self.social,
            accounts,
            seed=seed,
            progress=lambda what, done, total: None,
            control=self.control,
        )

    async def close(self) -> None:
        """Hang up."""
        for connection in (self.messenger, self.social, self.control):
            await connection.close()


async def open_world(new_database: NewDatabase) -> World:
    """Three fresh, empty databases."""
    return World(
        *[await connect_owner(await new_database(store)) for store in ("messenger", "social", "control")]
    )


@pytest.fixture(scope="module")
async def world(new_database: NewDatabase) -> AsyncIterator[World]:
    """A generated world that the tests of this file only read."""
    made = await open_world(new_database)
    await made.generate()
    yield made
    await made.close()


@pytest.fixture
async def empty(new_database: NewDatabase) -> AsyncIterator[World]:
    """Three empty databases."""
    made = await open_world(new_database)
    yield made
    await made.close()


async def contents(world: World) -> dict[str, str]:
    """A digest of every row of every table."""
    tables = [(world.messenger, table) for table in MESSENGER_TABLES]
    tables += [(world.social, table) for table in SOCIAL_TABLES]
    tables += [(world.control, "control.objection_event")]
    digest = (
        "SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {} t"
    )
    # Numbered, because each store has a table content.message.
    return {
        f"{number} {table}": await connection.fetchval(digest.format(table))
        for number, (connection, table) in enumerate(tables)
    }


async def test_the_same_seed_gives_the_same_rows(world: World, empty: World) -> None:
    """The number of accounts and the seed determine each row of each table."""
    await empty.generate()
    same = await contents(world)
    assert same == await contents(empty)
    assert all(not digest.startswith("0 ") for digest in same.values())


async def test_another_seed_gives_other_rows(world: World, empty: World) -> None:
    """Another seed changes each table."""
    await empty.generate(seed=2)
    same, other = await contents(world), await contents(empty)
    assert {table for table in same if same[table] == other[table]} == set()


async def test_there_are_as_many_accounts_as_asked_for_with_gaps_between(world: World) -> None:
    """Both stores have exactly the requested number of accounts, with gaps between their numbers."""
    for connection, table in ((world.messenger, "messenger.account"), (world.social, "social.account")):
        count, spread = await connection.fetchrow(f"SELECT count(*), max(id) - min(id) + 1 FROM {table}")
        assert count == ACCOUNTS
        assert 1.01 < spread / count < 1.06


async def test_numbers_are_possible_unique_and_of_their_country(world: World) -> None:
    """Each phone number is in the gateway's own format and matches the account's country."""
    rows = await world.messenger.fetch("SELECT phone, country_code FROM messenger.account")
    assert len({row["phone"] for row in rows}) == ACCOUNTS
    assert len({row["country_code"] for row in rows}) > 10
    for row in rows:
        assert row["phone"] == normalise(row["phone"])
        calling = phonenumbers.country_code_for_region(row["country_code"])
        assert phonenumbers.parse(row["phone"]).country_code == calling
    for row in await world.social.fetch("SELECT number FROM social.phone_binding"):
        assert row["number"] == normalise(row["number"])


async def test_odd_names_are_there(world: World) -> None:
    """Each name that breaks careless JSON occurs; most names are plain, and some occur twice."""
    names = [
        row["display_name"] for row in await world.social.fetch("SELECT display_name FROM social.account")
    ]
    assert set(ODD) <= set(names)
    assert 0.5 * len(names) < len(set(names)) < len(names)


async def test_every_copy_of_a_restriction_equals_it(world: World) -> None:
    """Each row carries the restriction of its member."""
    of_messenger = [(table, "account_id") for table in ("phone_lookup", "daily_usage", "contact")]
    of_social = [(table, "messenger_id") for table in ("messenger_link", "messenger_lookup", "phone_binding")]
    copies = {world.messenger: [("account", "id"), *of_messenger], world.social: of_social}
    for connection, tables in copies.items():
        store, key = (
            ("messenger", "account_id") if connection is world.messenger else ("social", "messenger_id")
        )
        for table, member in tables:
            restricted, wrong = await connection.fetchrow(
                f"SELECT count(*) FILTER (WHERE t.restricted > 0),"
                f" count(*) FILTER (WHERE t.restricted <> coalesce(r.purposes, 0))"
                f" FROM {store}.{table} t LEFT JOIN {store}.restriction r ON r.{key} = t.{member}"
            )
            assert restricted > 0, table
            assert wrong == 0, table


async def test_what_is_in_force_is_the_fold_of_the_events(world: World) -> None:
    """The events, applied in order with withdrawals, give the restrictions of both stores."""
    fold: dict[int, int] = {}
    events = await world.control.fetch("SELECT * FROM control.objection_event ORDER BY id")
    for event in events:
        bits = sum({"ADS_PERSONALIZATION": 1, "FRIEND_SUGGESTIONS": 2}[name] for name in event["purposes"])
        before = fold.get(event["account_id"], 0)
        fold[event["account_id"]] = before | bits if event["kind"] == "OBJECT" else before & ~bits
    expected = {member: bits for member, bits in fold.items() if bits}
    assert {"OBJECT", "WITHDRAW"} == {event["kind"] for event in events}
    assert {1, 2, 3} == set(expected.values())
    assert expected == dict(
        await world.messenger.fetch("SELECT account_id, purposes FROM messenger.restriction")
    )
    assert expected == dict(await world.social.fetch("SELECT messenger_id, purposes FROM social.restriction"))
    assert [event["recorded_at"] for event in events] == sorted(event["recorded_at"] for event in events)


async def test_everybody_accepted_the_terms(world: World) -> None:
    """Existing members accepted the terms within 30 days and before objecting; later members by joining."""
    rows = await world.messenger.fetch(
        "SELECT a.id, a.registered_at, t.accepted_at FROM messenger.account a"
        " LEFT JOIN messenger.terms_acceptance t ON t.account_id = a.id AND t.version = $1",
        TERMS_VERSION,
    )
    assert len(rows) == ACCOUNTS
    for row in rows:
        if row["registered_at"] >= TERMS_OF_2016:
            assert row["accepted_at"] == row["registered_at"]
        else:
            assert TERMS_OF_2016 <= row["accepted_at"] < TERMS_OF_2016 + WINDOW
    accepted = {row["id"]: row["accepted_at"] for row in rows}
    events = await world.control.fetch("SELECT account_id, recorded_at FROM control.objection_event")
    assert all(event["recorded_at"] > accepted[event["account_id"]] for event in events)


async def test_only_members_from_before_the_terms_objected(world: World) -> None:
    """Seven in ten members joined before the terms, some by one second; one in ten of these objected."""
    before, objected, late, at, just = await world.messenger.fetchrow(
        "SELECT count(*) FILTER (WHERE early), count(*) FILTER (WHERE early AND restricted > 0),"
        " count(*) FILTER (WHERE NOT early AND restricted > 0),"
        " count(*) FILTER (WHERE registered_at = '2016-08-25T00:00:00Z'),"
        " count(*) FILTER (WHERE registered_at = '2016-08-24T23:59:59Z')"
        " FROM (SELECT *, registered_at < '2016-08-25T00:00:00Z' AS early FROM messenger.account) a"
    )
    assert 0.62 < before / ACCOUNTS < 0.78
    assert 0.06 < objected / before < 0.14
    assert late == 0
    assert at > 0
    assert just > 0


async def test_usage_lies_between_joining_and_the_horizon(world: World) -> None:
    """Usage lies between a member's first day and the horizon, from almost none to daily."""
    rows = await world.messenger.fetch(
        "SELECT account_id, count(*) AS days,"
        " min(day) >= min(registered_at AT TIME ZONE 'UTC')::date AS since,"
        " max(day) <= (SELECT day FROM messenger.usage_horizon)"
        " AND min(day) > date '2016-10-01' - 60 AS within"
        " FROM messenger.daily_usage JOIN messenger.account ON id = account_id GROUP BY account_id"
    )
    assert all(row["since"] and row["within"] for row in rows)
    assert 0.5 < len(rows) / ACCOUNTS < 0.65
    assert min(row["days"] for row in rows) == 1
    assert max(row["days"] for row in rows) > 28
    assert 6 < sum(row["days"] for row in rows) / ACCOUNTS < 11


async def test_friendships_have_a_row_for_both_ends_and_mutual_friends(world: World) -> None:
    """Each friendship has both rows; most friends have mutual friends; some people have no friends."""
    pairs = set(await world.social.fetch("SELECT account_id, friend_id FROM social.friendship"))
    assert {tuple(pair) for pair in pairs} == {tuple(pair)[::-1] for pair in pairs}
    assert 7 < len(pairs) / ACCOUNTS < 13
    friends: dict[int, set[int]] = {}
    for account, friend in pairs:
        friends.setdefault(account, set()).add(friend)
    mutual = sum(1 for account, friend in pairs if friends[account] & friends[friend])
    assert mutual / len(pairs) > 0.8
    assert len(friends) < ACCOUNTS


async def test_contacts_differ_by_direction_and_lead_to_suggestions(world: World) -> None:
    """Some contacts are mutual and some are not; linked contacts need not be friends."""
    contacts = {
        tuple(row)
        for row in await world.messenger.fetch("SELECT account_id, contact_id FROM messenger.contact")
    }
    assert 6 < len(contacts) / ACCOUNTS < 11
    both = sum(1 for one, other in contacts if (other, one) in contacts)
    assert 0.4 < both / len(contacts) < 0.9
    links = dict(await world.social.fetch("SELECT messenger_id, account_id FROM social.messenger_link"))
    friends = {
        tuple(row) for row in await world.social.fetch("SELECT account_id, friend_id FROM social.friendship")
    }
    linked = {(links[one], links[other]) for one, other in contacts if one in links and other in links}
    assert len(linked - friends) > 100
    assert len(linked & friends) > 10


async def test_links_are_true_in_the_other_store(world: World) -> None:
    """A link names an existing member, since the terms or since joining; the look-up table agrees."""
    members = {row["id"]: row for row in await world.messenger.fetch("SELECT * FROM messenger.account")}
    links = await world.social.fetch("SELECT * FROM social.messenger_link")
    assert 0.22 < len(links) / ACCOUNTS < 0.38
    for link in links:
        member = members[link["messenger_id"]]
        assert link["account_id"] == SOCIAL_FIRST + link["messenger_id"]
        assert str(link["since"]) == max("2016-08-25", str(member["registered_at"].date()))
    back = await world.social.fetch(
        "SELECT account_id, messenger_id, restricted FROM social.messenger_lookup"
    )
    assert {tuple(row) for row in back} == {
        (k["account_id"], k["messenger_id"], k["restricted"]) for k in links
    }


async def test_shared_numbers_are_those_of_the_messenger(world: World) -> None:
    """Exactly the linked people have a shared number, and it equals their messenger number."""
    phones = dict(await world.messenger.fetch("SELECT account_id, phone FROM messenger.phone_lookup"))
    assert phones == dict(await world.messenger.fetch("SELECT id, phone FROM messenger.account"))
    rows = await world.social.fetch("SELECT * FROM social.phone_binding")
    shared = {row["messenger_id"]: row["number"] for row in rows if row["source"] == "MESSENGER_SHARED"}
    linked = {
        row["messenger_id"]
        for row in await world.social.fetch("SELECT messenger_id FROM social.messenger_link")
    }
    assert shared == {member: phones[member] for member in linked}
    by_source = {
        source: sum(row["source"] == source for row in rows) / ACCOUNTS
        for source in ("SELF_PROFILE", "SECURITY_2FA")
    }
    assert 0.6 < by_source["SELF_PROFILE"] < 0.73
    assert 0.15 < by_source["SECURITY_2FA"] < 0.25


CONVERSATION = "business_id, id, account_id, category, status, opened_on, last_message_on, message_count"


async def test_a_business_is_the_same_on_both_messengers(world: World) -> None:
    """A business has the same name in both stores, and conversations in both."""
    names = [
        dict(await connection.fetch(f"SELECT id, name FROM {store}.business"))
        for store, connection in (("messenger", world.messenger), ("social", world.social))
    ]
    assert names[0] == names[1]
    for store, connection in (("messenger", world.messenger), ("social", world.social)):
        talking = await connection.fetch(f"SELECT DISTINCT business_id FROM {store}.business_conversation")
        assert {row["business_id"] for row in talking} == set(names[0])


async def test_customers_have_copies_of_their_conversations(world: World) -> None:
    """A conversation is found by its customer as well; some of the second messenger have no account."""
    without_account = {"messenger": (0, 0), "social": (0.1, 0.3)}
    for store, connection in (("messenger", world.messenger), ("social", world.social)):
        rows = await connection.fetch(f"SELECT {CONVERSATION} FROM {store}.business_conversation")
        copies = await connection.fetch(f"SELECT {CONVERSATION} FROM {store}.customer_conversation")
        least, most = without_account[store]
        assert least <= sum(row["account_id"] is None for row in rows) / len(rows) <= most
        assert {tuple(row) for row in copies} == {tuple(row) for row in rows if row["account_id"]}
        assert 0.8 < len(rows) / ACCOUNTS < 1.2
        for column in ("category", "status"):
            assert len({row[column] for row in rows}) == {"category": 4, "status": 3}[column]


async def test_every_message_has_a_canary_of_its_own(world: World) -> None:
    """Each canary occurs once across both messengers."""
    canaries = [
        row["body"].rpartition("canary-")[2]
        for connection in (world.messenger, world.social)
        for row in await connection.fetch(
            "SELECT body FROM content.message UNION ALL SELECT body FROM content.business_message"
        )
    ]
    assert len(canaries) > 100
    assert len(set(canaries)) == len(canaries)
    assert {len(canary) for canary in canaries} == {32}


async def test_the_tables_are_left_as_they_were_found(world: World, empty: World) -> None:
    """After the load each key, index, check and trigger is restored, and nothing else remains."""
    for loaded, fresh in ((world.messenger, empty.messenger), (world.social, empty.social)):
        assert await fresh.fetch(ATTACHED) == await loaded.fetch(ATTACHED)
        assert (
            await loaded.fetchval("SELECT count(*) FROM pg_proc WHERE pronamespace = pg_my_temp_schema()")
            == 0
        )


async def test_the_planner_knows_the_tables(world: World) -> None:
    """After the load the statistics and the visibility map exist, so index-only scans read no table page."""
    rows = await world.messenger.fetch(
        "SELECT relname, reltuples, relpages, relallvisible FROM pg_class"
        " WHERE oid IN ('messenger.daily_usage'::regclass, 'messenger.contact'::regclass)"
    )
    assert all(row["relallvisible"] == row["relpages"] > 0 and row["reltuples"] > 1000 for row in rows)


async def test_stores_that_hold_rows_are_refused_and_left_alone(world: World) -> None:
    """A second generation is refused in one line that names the table."""
    before = await contents(world)
    with pytest.raises(DemoProblem, match=r"\w+\.\w+ already holds rows"):
        await world.generate(seed=2)
    assert before == await contents(world)


async def test_a_failure_leaves_all_databases_empty(empty: World) -> None:
    """If one of the three databases cannot be filled, all stay empty."""
    await empty.social.execute("INSERT INTO social.merchant VALUES (1, 'here before')")
    with pytest.raises(DemoProblem, match=r"social\.merchant already holds rows"):
        await empty.generate()
    assert await empty.messenger.fetchval("SELECT count(*) FROM messenger.account") == 0
    assert await empty.control.fetchval("SELECT count(*) FROM control.objection_event") == 0
    await empty.social.execute("DELETE FROM social.merchant")
    await empty.generate()


@pytest.mark.parametrize("accounts", [0, 999, 10_000_001])
async def test_a_size_out_of_range_is_refused(empty: World, accounts: int) -> None:
    """Fewer than a thousand or more than ten million accounts are refused."""
    with pytest.raises(DemoProblem, match="between 1,000 and 10,000,000"):
        await empty.generate(accounts)
