"""An objection binds however its owners write a store: by replication, nightly loads, or by hand (I48)."""

from __future__ import annotations

import datetime
from collections.abc import AsyncIterator, Iterator
from functools import partial
from random import Random

import pytest

from gateway.demo.embedded import EmbeddedPostgres
from resolvers.changes.copies import differing_copies
from resolvers.changes.objections import ObjectionOutcome, Rules, record, withdraw
from resolvers.changes.restrictions import Stores, ask
from resolvers.changes.suspensions import SuspensionDecision, add, apply, end, place, recover
from resolvers.sources.catalogue import Store
from resolvers.universe.effect.probe import look_for_probe
from schema.purposes import OBJECTABLE
from schema.terms.profiles import Profile
from tests.kit.feeding import caught_up, databases_of, published, replicating_server, synchronised
from tests.kit.gateway import ADS, FRIENDS, SECURITY, Side, open_side, trials
from tests.kit.histories import EDITS, FED, History, ReplicatedHistory
from tests.kit.worlds.rows import World

NOW = datetime.datetime(2016, 10, 2, 12, tzinfo=datetime.UTC)
RULES = Rules(Profile.SEED_2016, lambda: NOW)
# What ads and friend suggestions are given of 1 and 2: by id, by number, in a list, over links and counted.
ADS_ASK = """{
  byId: messengerAccount(id: "ma_1") { phone usage { messagesSent28 } }
  byPhone: messengerAccount(phone: "+4915110000001") { id }
  listed: messengerAccounts(ids: ["ma_1", "ma_2"]) { totalCount edges { node { id } } }
  linked: socialAccount(id: "sa_11") {
    messengerLink { account { phone } } phones { number } adTopics { topic }
  }
  other: messengerAccount(id: "ma_2") { phone }
}"""
FRIENDS_ASK = """{
  byPhone: socialAccountByPhone(phone: "+4915110000001") { id }
  other: socialAccountByPhone(phone: "+4915110000002") { id }
}"""


@pytest.fixture(scope="module")
def replicating() -> Iterator[EmbeddedPostgres]:
    """A server of this file's own: the suite's cannot replicate."""
    with replicating_server() as server:
        yield server


@pytest.fixture(scope="module")
async def side(replicating: EmbeddedPostgres) -> AsyncIterator[Side]:
    """A gateway before stores that can be fed."""
    async with open_side(databases_of(replicating)) as opened:
        yield opened


@pytest.fixture(autouse=True)
async def fed(side: Side) -> None:
    """1 and 2 exist in both stores, and 1 has objected."""
    await side.wait_until_ready()
    await side.control.execute(
        "ALTER TABLE control.objection_event DISABLE TRIGGER USER; DELETE FROM control.objection_event;"
        "ALTER TABLE control.objection_event ENABLE TRIGGER USER"
    )
    await side.hold(World())
    await fill(side)
    await record(
        Stores(side.control, side.messenger, side.social),
        RULES,
        1,
        purposes=frozenset(OBJECTABLE),
        channel="t",
    )
    await side.verifier.judged()
    await side.wait_until_ready()
    await holds(side)


async def fill(side: Side) -> None:
    """Load both stores by ordinary statements."""
    await side.messenger.execute(FED["messenger"])
    await side.social.execute(FED["social"])


async def holds(side: Side) -> None:
    """1 is hidden in every form, 2 is not, and SECURITY sees both."""
    told = (await side.ask(ADS, ADS_ASK)).data
    assert told["byId"] is None
    assert told["byPhone"] is None
    assert told["listed"] == {"totalCount": 1, "edges": [{"node": {"id": "ma_2"}}]}
    assert told["linked"]["messengerLink"] is None
    assert told["linked"]["phones"] == [{"number": "+4915120000001"}]
    assert told["linked"]["adTopics"] == [{"topic": "Chess"}]
    assert told["other"] == {"phone": "+4915110000002"}
    told = (await side.ask(FRIENDS, FRIENDS_ASK)).data
    assert told == {"byPhone": None, "other": {"id": "sa_12"}}
    told = (await side.ask(SECURITY, '{ messengerAccount(id: "ma_1") { phone } }')).data
    assert told == {"messengerAccount": {"phone": "+4915110000001"}}


# --- nightly loads --------------------------------------------------------------------------------

EMPTYING = {
    "DELETE": ("DELETE FROM messenger.account", "DELETE FROM social.account"),
    "TRUNCATE": ("TRUNCATE messenger.account CASCADE", "TRUNCATE social.account CASCADE"),
    "as a replica": (
        "SET session_replication_role = replica; DELETE FROM messenger.account;"
        "DELETE FROM messenger.daily_usage; DELETE FROM messenger.contact",
        "SET session_replication_role = replica; DELETE FROM social.account;"
        "DELETE FROM social.phone_binding; DELETE FROM social.messenger_link; DELETE FROM social.ad_topic",
    ),
}


@pytest.mark.parametrize("how", EMPTYING)
async def test_i48_a_nightly_load_keeps_every_objection(side: Side, how: str) -> None:
    """A load that deletes every row and writes it again brings an objector back hidden."""
    messenger, social = EMPTYING[how]
    try:
        await side.messenger.execute(messenger)
        await side.social.execute(social)
        await fill(side)
    finally:
        await side.messenger.execute("RESET session_replication_role")
        await side.social.execute("RESET session_replication_role")
    await holds(side)


async def test_a_load_by_copy_into_new_rows_is_bound(side: Side) -> None:
    """COPY, the fastest way to load, places each row as INSERT does."""
    await side.messenger.execute("DELETE FROM messenger.daily_usage")
    await side.messenger.copy_records_to_table(
        "daily_usage",
        schema_name="messenger",
        columns=["account_id", "day", "messages_sent"],
        records=[(n, datetime.date(2016, 9, 1), 5) for n in (1, 2)],
    )
    rows = await side.messenger.fetch("SELECT account_id, restricted FROM messenger.daily_usage ORDER BY 1")
    assert [tuple(row) for row in rows] == [(1, 3), (2, 0)]


@pytest.mark.parametrize("store", ["messenger", "social"])
async def test_a_load_cannot_empty_the_restrictions(side: Side, store: str) -> None:
    """TRUNCATE of the table of restrictions is refused, so a load of every table stops."""
    with pytest.raises(Exception, match="restrictions outlive the rows of a load"):
        await side.owner(store).execute(f"TRUNCATE {store}.restriction")  # type: ignore[arg-type]
    await holds(side)


# --- edits by hand --------------------------------------------------------------------------------


@pytest.mark.parametrize(("store", "table"), [(store, table) for store in EDITS for table in EDITS[store]])
@pytest.mark.parametrize("role", ["origin", "replica"])
async def test_i48_a_copy_that_is_edited_by_hand_stays_as_it_is(
    side: Side, store: str, table: str, role: str
) -> None:
    """UPDATE … SET restricted = 0 opens nothing, in an ordinary session and in a replica's."""
    owner = side.owner(store)  # type: ignore[arg-type]
    async with owner.transaction():
        await owner.execute(f"SET LOCAL session_replication_role = {role}")
        await owner.execute(f"UPDATE {store}.{table} SET restricted = 0")
    await holds(side)


async def test_a_row_that_no_trigger_placed_is_hidden(side: Side) -> None:
    """A load with the triggers off leaves its rows hidden for each objectable purpose, and for no other."""
    await side.messenger.execute("DELETE FROM messenger.daily_usage")
    await side.messenger.execute("ALTER TABLE messenger.daily_usage DISABLE TRIGGER ALL")
    try:
        await side.messenger.execute(
            "INSERT INTO messenger.daily_usage (account_id, day, messages_sent) VALUES (2, '2016-09-30', 5)"
        )
    finally:
        await side.messenger.execute(
            "ALTER TABLE messenger.daily_usage ENABLE TRIGGER ALL;"
            "ALTER TABLE messenger.daily_usage ENABLE ALWAYS TRIGGER place_restriction;"
            "ALTER TABLE messenger.daily_usage ENABLE ALWAYS TRIGGER refuse_move"
        )
    document = '{ messengerAccount(id: "ma_2") { usage { messagesSent28 } } }'
    assert (await side.ask(ADS, document)).data["messengerAccount"]["usage"]["messagesSent28"] == 0
    assert (await side.ask(SECURITY, document)).data["messengerAccount"]["usage"]["messagesSent28"] == 5
    repaired = await side.messenger.fetchval("SELECT repaired FROM messenger.repair_copies(-1, 1000)")
    assert repaired == 1
    assert (await side.ask(ADS, document)).data["messengerAccount"]["usage"]["messagesSent28"] == 5


# --- logical replication --------------------------------------------------------------------------


async def empty(side: Side) -> None:
    """Leave the restrictions alone, and delete everything else."""
    await side.messenger.execute("DELETE FROM messenger.account")
    await side.social.execute("DELETE FROM social.account")


async def test_i48_replicated_rows_are_bound(side: Side, replicating: EmbeddedPostgres) -> None:
    """What an apply worker inserts, changes, deletes and inserts again is hidden for an objector."""
    await empty(side)
    async with (
        published(replicating, "messenger", side.messenger) as messenger,
        published(replicating, "social", side.social) as social,
    ):
        for publisher, subscriber in ((messenger, side.messenger), (social, side.social)):
            await synchronised(subscriber)
            await publisher.execute(FED["messenger" if publisher is messenger else "social"])
            await caught_up(publisher)
        await holds(side)
        for statement in (
            "UPDATE messenger.account SET country_code = 'AT'",
            "UPDATE messenger.daily_usage SET messages_sent = messages_sent + 1",
            "DELETE FROM messenger.contact; DELETE FROM messenger.daily_usage; DELETE FROM messenger.account",
            FED["messenger"],
        ):
            await messenger.execute(statement)
        for statement in (
            "UPDATE social.account SET display_name = 'Ann A.' WHERE id = 11",
            "UPDATE social.messenger_link SET since = since + 1",
            "DELETE FROM social.ad_topic; DELETE FROM social.messenger_link",
            "DELETE FROM social.phone_binding",
            "DELETE FROM social.account",
            FED["social"],
        ):
            await social.execute(statement)
        await caught_up(messenger)
        await caught_up(social)
        await holds(side)


async def test_a_recycled_number_is_replicated_to_its_new_owner(
    side: Side, replicating: EmbeddedPostgres
) -> None:
    """After an apply worker deletes an objector, their number belongs to a new account that is open."""
    await side.messenger.execute("DELETE FROM messenger.account")
    async with published(replicating, "messenger", side.messenger) as publisher:
        await synchronised(side.messenger)
        await publisher.execute(FED["messenger"])
        await publisher.execute("DELETE FROM messenger.contact; DELETE FROM messenger.account WHERE id = 1")
        await publisher.execute(
            "INSERT INTO messenger.account VALUES (9, '+4915110000001', 'DE', '2016-09-01Z')"
        )
        await caught_up(publisher)
    document = '{ messengerAccount(phone: "+4915110000001") { id } }'
    assert (await side.ask(ADS, document)).data == {"messengerAccount": {"id": "ma_9"}}


# --- members whose account is not there -----------------------------------------------------------


def quiet(what: str, done: int, total: int) -> None:
    """Progress that is not shown."""


def opened(side: Side) -> Stores:
    """The owners' connections."""
    return Stores(side.control, side.messenger, side.social)


async def test_a_recovery_ends_although_accounts_are_gone(side: Side) -> None:
    """`recover` writes the restriction of a deleted member once, and then finds nothing to do."""
    await empty(side)
    await side.messenger.execute("DELETE FROM messenger.restriction")
    await side.social.execute("DELETE FROM social.restriction")
    assert await recover(opened(side), NOW, quiet) == 1
    assert await recover(opened(side), NOW, quiet) == 0
    await fill(side)
    await holds(side)


async def test_a_member_who_is_gone_may_withdraw(side: Side) -> None:
    """A withdrawal while the account is away opens the row that comes back."""
    await empty(side)
    told = await withdraw(opened(side), RULES, 1, purposes=frozenset(OBJECTABLE), channel="t")
    assert told.outcome is ObjectionOutcome.WITHDRAWN
    await fill(side)
    document = '{ messengerAccount(id: "ma_1") { phone } }'
    assert (await side.ask(ADS, document)).data == {"messengerAccount": {"phone": "+4915110000001"}}


async def test_a_member_who_left_during_a_suspension_is_placed_when_they_come_back(side: Side) -> None:
    """They come back hidden, and the next look of the gateway opens what no suspension covers any more."""
    decided = SuspensionDecision(
        "DE", ("DE",), tuple(OBJECTABLE), datetime.datetime(2016, 1, 1, tzinfo=datetime.UTC), None, "t", "t"
    )
    number = await add(side.control, decided)
    await apply(opened(side), NOW, quiet)
    await empty(side)
    assert await end(side.control, number, NOW)
    await apply(opened(side), NOW, quiet)
    await fill(side)
    document = '{ messengerAccount(id: "ma_2") { phone } }'
    assert (await side.ask(ADS, document)).data == {"messengerAccount": None}
    await place(opened(side), NOW)
    await holds(side)


@pytest.mark.parametrize("batch", range(10))
async def test_i48_no_history_of_a_store_opens_an_objection(side: Side, batch: int) -> None:
    """After every step of a random history no objector is in any view of the purposes they objected to."""
    history = History(side, Random(batch))
    history.objected[1] = 3
    for _ in range(trials(10)):
        await lives(history, steps=8)


async def test_i48_no_replicated_history_opens_an_objection(
    side: Side, replicating: EmbeddedPostgres
) -> None:
    """The same where the owners' databases are replicated into both stores."""
    await empty(side)
    async with (
        published(replicating, "messenger", side.messenger) as messenger,
        published(replicating, "social", side.social) as social,
    ):
        await synchronised(side.messenger)
        await synchronised(side.social)
        publishers = {"messenger": messenger, "social": social}
        history = ReplicatedHistory(side, Random(48), publishers)
        history.objected[1] = 3
        await lives(history, steps=trials(20))


async def lives(history: History, steps: int) -> None:
    """Let the history go on, and look after each step."""
    done = []
    for _ in range(steps):
        done.append(await history.step())
        assert await history.wrong() == [], done
    for store in (Store.MESSENGER, Store.SOCIAL):
        asking = partial(ask, history.side.owner(store))
        assert await differing_copies(asking, store) == 0, done
        assert await look_for_probe(asking, store) == []
    assert await history.missing() == [], done
