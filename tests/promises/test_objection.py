"""A person's objection: what it stops and leaves, which rows it covers, what a crash leaves (I15–I24)."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import AsyncIterator
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from resolvers.changes.objections import ObjectionOutcome, Rules, record, withdraw
from resolvers.changes.restrictions import Stores
from resolvers.changes.suspensions import finish
from resolvers.changes.suspensions import recover as recover_all
from resolvers.stores.pool import connect_owner
from schema.build import schema_for
from schema.purposes import OBJECTABLE, Purpose
from schema.terms.profiles import TERMS_OF_2016, Profile
from tests.kit import oracle
from tests.kit.documents.writer import Request, write_request
from tests.kit.gateway import (
    ADS,
    FRIENDS,
    INFRASTRUCTURE,
    SECURITY,
    SEEING,
    NewDatabase,
    Reply,
    Side,
    known_of,
    open_side,
)
from tests.kit.worlds.making import nothing_declared, random_world
from tests.kit.worlds.rows import (
    Contact,
    DailyUsage,
    Friendship,
    MessengerAccount,
    MessengerLink,
    PhoneBinding,
    Restriction,
    SocialAccount,
    World,
)

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection

BOTH = frozenset(OBJECTABLE)
BEFORE = datetime.datetime(2015, 5, 1, tzinfo=datetime.UTC)
DAY = datetime.date(2016, 9, 30)
# 1 is Ann, who objects; 2 is Bob, who knows her and is known; 3 joined after the terms had changed.
ANN, BOB, NEW = 1, 2, 3
PHONES = {ANN: "+4915110000001", BOB: "+4915110000002", NEW: "+4915110000003"}
TYPED, SECOND_FACTOR = "+4915120000001", "+4915130000001"
SMALL = World(
    messenger_accounts=(
        MessengerAccount(ANN, PHONES[ANN], "DE", BEFORE),
        MessengerAccount(BOB, PHONES[BOB], "DE", TERMS_OF_2016 - datetime.timedelta(seconds=1)),
        MessengerAccount(NEW, PHONES[NEW], "DE", TERMS_OF_2016),
    ),
    daily_usage=(DailyUsage(ANN, DAY, 3), DailyUsage(BOB, DAY, 5)),
    contacts=(Contact(ANN, BOB), Contact(BOB, ANN), Contact(BOB, NEW)),
    social_accounts=(SocialAccount(11, "Ann"), SocialAccount(12, "Bob")),
    friendships=(Friendship(11, 12), Friendship(12, 11)),
    phone_bindings=(
        PhoneBinding(11, "MESSENGER_SHARED", PHONES[ANN], ANN),
        PhoneBinding(11, "SELF_PROFILE", TYPED, None),
        PhoneBinding(11, "SECURITY_2FA", SECOND_FACTOR, None),
        PhoneBinding(12, "MESSENGER_SHARED", PHONES[BOB], BOB),
    ),
    messenger_links=(MessengerLink(11, ANN, DAY), MessengerLink(12, BOB, DAY)),
)


@pytest.fixture(scope="module")
async def side(new_database: NewDatabase) -> AsyncIterator[Side]:
    """A gateway before stores of its own."""
    async with open_side(new_database) as opened:
        yield opened


@pytest.fixture(autouse=True)
async def small(side: Side) -> None:
    """Ann, Bob and the new member exist, and have not objected."""
    await side.wait_until_ready()
    await forget(side)
    await side.hold(SMALL)


async def forget(side: Side) -> None:
    """Empty the control store's events, which only a test can do."""
    await side.control.execute(
        "TRUNCATE control.unsettled, control.unsettled_country;"
        "ALTER TABLE control.objection_event DISABLE TRIGGER USER;"
        " TRUNCATE control.objection_event; ALTER TABLE control.objection_event ENABLE TRIGGER USER"
    )


NOW = datetime.datetime(2016, 10, 2, 12, tzinfo=datetime.UTC)
RULES = Rules(Profile.SEED_2016, lambda: NOW)


def stores(side: Side) -> Stores:
    """The owners' connections."""
    return Stores(side.control, side.messenger, side.social)


def quiet(what: str, done: int, total: int) -> None:
    """Progress that is not shown."""


async def recover(side: Side) -> int:
    """How many accounts had to be corrected."""
    return await recover_all(stores(side), NOW, quiet)


async def object_to(side: Side, account: int, *purposes: Purpose) -> ObjectionOutcome:
    """Record an objection; to everything that can be objected to if nothing is named."""
    return (
        await record(stores(side), RULES, account, purposes=frozenset(purposes) or BOTH, channel="test")
    ).outcome


async def take_back(side: Side, account: int, *purposes: Purpose) -> ObjectionOutcome:
    """Withdraw an objection."""
    return (
        await withdraw(stores(side), RULES, account, purposes=frozenset(purposes) or BOTH, channel="test")
    ).outcome


async def phones_of(side: Side, purpose: Purpose, account: int) -> list[dict[str, str]]:
    """A social account's numbers as the purpose sees them."""
    fields = "number source" if purpose is not FRIENDS else "source"
    document = f'{{ socialAccount(id: "sa_{account}") {{ phones {{ {fields} }} }} }}'
    found: list[dict[str, str]] = (await side.ask(purpose, document)).data["socialAccount"]["phones"]
    return found


async def ids_of(side: Side, purpose: Purpose) -> list[str]:
    """The messenger accounts that the purpose sees."""
    nodes = (await side.ask(purpose, "{ messengerAccounts { nodes { id } } }")).data["messengerAccounts"][
        "nodes"
    ]
    return [node["id"] for node in nodes]


def questions(side: Side, purpose: Purpose, world: World, number: int) -> list[Request]:
    """Random requests about a world."""
    known = known_of(side.settings, purpose, world)
    random = Random(f"objections {purpose}")
    return [write_request(schema_for(purpose), known, random) for _ in range(number)]


async def replies(side: Side, purpose: Purpose, requests: list[Request]) -> list[Reply]:
    """The answers to all of them."""
    return [await side.ask(purpose, each.document, each.variables, each.operation_name) for each in requests]


# --- what it stops and what it leaves -------------------------------------------------------------


@pytest.mark.parametrize("purpose", [INFRASTRUCTURE, SECURITY])
async def test_i15_a_purpose_without_a_right_to_object_answers_as_before(
    side: Side, purpose: Purpose
) -> None:
    """Byte for byte, after any objection of any member."""
    world = nothing_declared(random_world(501, 14))
    await side.hold(world)
    requests = questions(side, purpose, world, 60)
    before = await replies(side, purpose, requests)
    members = await side.messenger.fetch("SELECT id FROM messenger.account ORDER BY id")
    outcomes = {await object_to(side, row["id"]) for row in members}
    assert ObjectionOutcome.RECORDED in outcomes
    assert await replies(side, purpose, requests) == before


async def test_i16_it_binds_the_next_request_in_both_stores(side: Side) -> None:
    """The moment that the call returns: by identifier, phone and list, from either end of the link."""
    for purpose in (ADS, FRIENDS):
        await side.hold(SMALL)
        await forget(side)
        by_id = '{ messengerAccount(id: "ma_1") { id socialAccount { id } } }'
        by_link = '{ socialAccount(id: "sa_11") { id messengerLink { since } phones { source } } }'
        assert (await side.ask(purpose, by_id)).data["messengerAccount"]["socialAccount"] == {"id": "sa_11"}
        assert (await side.ask(purpose, by_link)).data["socialAccount"]["messengerLink"] is not None
        assert await object_to(side, ANN) is ObjectionOutcome.RECORDED
        linked = (await side.ask(purpose, by_link)).data["socialAccount"]
        assert linked == {"id": "sa_11", "messengerLink": None, "phones": [{"source": "SELF_PROFILE"}]}
        assert (await side.ask(purpose, by_id)).data["messengerAccount"] is None
        assert await ids_of(side, purpose) == ["ma_2", "ma_3"]
    by_phone = f'{{ messengerAccount(phone: "{PHONES[ANN]}") {{ id }} }}'
    assert (await side.ask(ADS, by_phone)).data["messengerAccount"] is None


async def test_i16_rows_that_arrive_later_are_covered_too(side: Side) -> None:
    """A contact, a day of use, a shared number or a link made after the objection stays hidden."""
    await side.social.execute("DELETE FROM social.messenger_link WHERE account_id = 11")
    await object_to(side, ANN)
    await side.messenger.execute("INSERT INTO messenger.contact VALUES (3, 1), (1, 3)")
    await side.messenger.execute("INSERT INTO messenger.daily_usage VALUES (1, '2016-09-29', 9)")
    await side.social.execute("INSERT INTO social.messenger_link VALUES (11, 1, '2016-09-30')")
    await side.social.execute(
        f"INSERT INTO social.phone_binding VALUES (11, 'MESSENGER_SHARED', '{PHONES[ANN]}0', 1)"
    )
    contacts = '{ messengerAccount(id: "ma_3") { contacts { totalCount nodes { id } } } }'
    found = (await side.ask(FRIENDS, contacts)).data["messengerAccount"]["contacts"]
    assert found == {"totalCount": 0, "nodes": []}
    assert await phones_of(side, ADS, 11) == [{"number": TYPED, "source": "SELF_PROFILE"}]
    linked = '{ socialAccount(id: "sa_11") { messengerLink { since } } }'
    assert (await side.ask(ADS, linked)).data["socialAccount"]["messengerLink"] is None


@pytest.mark.parametrize("purpose", [INFRASTRUCTURE, SECURITY])
async def test_i17_the_phone_is_passed_on_regardless(side: Side, purpose: Purpose) -> None:
    """Security and infrastructure see the number and its use after an objection as before."""
    await object_to(side, ANN)
    document = (
        f'{{ a: messengerAccount(id: "ma_1") {{ phone usage {{ messagesSent28 }} }}'
        f' b: messengerAccount(phone: "{PHONES[ANN]}") {{ id }} }}'
    )
    assert (await side.ask(purpose, document)).data == {
        "a": {"phone": PHONES[ANN], "usage": {"messagesSent28": 3}},
        "b": {"id": "ma_1"},
    }


async def test_i18_members_from_before_the_terms_may_object_and_later_ones_not(side: Side) -> None:
    """SEED_2016: the second before 2016-08-25T00:00Z counts, the second itself does not."""
    assert await object_to(side, BOB) is ObjectionOutcome.RECORDED
    assert await object_to(side, BOB) is ObjectionOutcome.ALREADY_OBJECTED
    assert await object_to(side, NEW) is ObjectionOutcome.NOT_ELIGIBLE_NEW_MEMBER
    assert await object_to(side, 999) is ObjectionOutcome.UNKNOWN_ACCOUNT
    assert await ids_of(side, ADS) == ["ma_1", "ma_3"]
    events = await side.control.fetch("SELECT account_id, kind FROM control.objection_event")
    assert [tuple(event) for event in events] == [(BOB, "OBJECT")]


@pytest.mark.parametrize(("stopped", "left"), [(ADS, FRIENDS), (FRIENDS, ADS)])
async def test_i19_it_stops_the_purposes_that_it_names_and_no_other(
    side: Side, stopped: Purpose, left: Purpose
) -> None:
    """Friends-only leaves ads unchanged to the byte, and the other way about."""
    requests = questions(side, left, SMALL, 60)
    before = await replies(side, left, requests)
    assert await object_to(side, ANN, stopped) is ObjectionOutcome.RECORDED
    assert await replies(side, left, requests) == before
    assert "ma_1" not in await ids_of(side, stopped)
    # The rest of it can still follow, and is then not a repetition.
    assert await object_to(side, ANN) is ObjectionOutcome.RECORDED
    assert "ma_1" not in await ids_of(side, left)


async def test_i19_an_objection_to_security_is_refused(side: Side) -> None:
    """A purpose that is not objectable is refused before anything is written."""
    for purposes in (frozenset({SECURITY}), frozenset({ADS, INFRASTRUCTURE}), frozenset[Purpose]()):
        with pytest.raises(ValueError):
            await record(stores(side), RULES, ANN, purposes=purposes, channel="test")
        with pytest.raises(ValueError):
            await withdraw(stores(side), RULES, ANN, purposes=purposes, channel="test")
    assert await side.control.fetchval("SELECT count(*) FROM control.objection_event") == 0


async def test_i20_a_relation_is_visible_only_if_both_ends_are(side: Side) -> None:
    """Ann is gone from Bob's address book, from its count and its pages, and Bob from hers with herself."""
    document = (
        '{ messengerAccount(id: "ma_2") { contacts { totalCount nodes { id } pageInfo { hasNextPage } } } }'
    )
    one = '{ messengerAccount(id: "ma_2") { contacts(first: 1) { nodes { id } pageInfo { hasNextPage } } } }'
    await object_to(side, ANN, FRIENDS)
    contacts = (await side.ask(FRIENDS, document)).data["messengerAccount"]["contacts"]
    assert contacts == {"totalCount": 1, "nodes": [{"id": "ma_3"}], "pageInfo": {"hasNextPage": False}}
    page = (await side.ask(FRIENDS, one)).data["messengerAccount"]["contacts"]
    assert page == {"nodes": [{"id": "ma_3"}], "pageInfo": {"hasNextPage": False}}


async def test_i21_what_counts_is_where_the_number_came_from(side: Side) -> None:
    """The shared number goes, the typed one stays; that of the second factor serves security alone."""
    shared = {"number": PHONES[ANN], "source": "MESSENGER_SHARED"}
    typed = {"number": TYPED, "source": "SELF_PROFILE"}
    factor = {"number": SECOND_FACTOR, "source": "SECURITY_2FA"}
    assert await phones_of(side, ADS, 11) == [shared, typed]
    assert await phones_of(side, SECURITY, 11) == [shared, factor, typed]
    await object_to(side, ANN)
    assert await phones_of(side, ADS, 11) == [typed]
    assert await phones_of(side, FRIENDS, 11) == [{"source": "SELF_PROFILE"}]
    assert await phones_of(side, SECURITY, 11) == [shared, factor, typed]


async def test_i22_it_follows_the_account_and_not_the_number(side: Side) -> None:
    """A changed number keeps the objection; the next owner of the old number does not inherit it."""
    await object_to(side, ANN)
    await side.messenger.execute("UPDATE messenger.account SET phone = '+4915119999999' WHERE id = 1")
    await side.messenger.execute(
        f"INSERT INTO messenger.account VALUES (4, '{PHONES[ANN]}', 'DE', '2015-01-01')"
    )
    by_phone = "query($p: PhoneNumber!) { messengerAccount(phone: $p) { id phone } }"
    changed = (await side.ask(ADS, by_phone, {"p": "+4915119999999"})).data["messengerAccount"]
    recycled = (await side.ask(ADS, by_phone, {"p": PHONES[ANN]})).data["messengerAccount"]
    assert (changed, recycled) == (None, {"id": "ma_4", "phone": PHONES[ANN]})
    seen_by_security = (await side.ask(SECURITY, by_phone, {"p": "+4915119999999"})).data["messengerAccount"]
    assert seen_by_security == {"id": "ma_1", "phone": "+4915119999999"}


async def test_i23_a_withdrawal_opens_the_data_again(side: Side) -> None:
    """From then on, to the byte, for the purposes that it names; to withdraw nothing changes nothing."""
    requests = {purpose: questions(side, purpose, SMALL, 40) for purpose in (ADS, FRIENDS)}
    before = {purpose: await replies(side, purpose, asked) for purpose, asked in requests.items()}
    assert await take_back(side, ANN) is ObjectionOutcome.NOT_OBJECTED
    await object_to(side, ANN)
    assert await take_back(side, ANN, ADS) is ObjectionOutcome.WITHDRAWN
    assert await replies(side, ADS, requests[ADS]) == before[ADS]
    assert "ma_1" not in await ids_of(side, FRIENDS)
    assert await take_back(side, ANN) is ObjectionOutcome.WITHDRAWN
    assert await replies(side, FRIENDS, requests[FRIENDS]) == before[FRIENDS]
    assert await take_back(side, ANN) is ObjectionOutcome.NOT_OBJECTED
    assert await object_to(side, ANN) is ObjectionOutcome.RECORDED


# --- what is in force -----------------------------------------------------------------------------


async def restrictions(side: Side) -> dict[str, dict[int, int]]:
    """What each store holds, without those who are restricted for nothing."""
    messenger = await side.messenger.fetch("SELECT account_id, purposes FROM messenger.restriction")
    social = await side.social.fetch("SELECT messenger_id, purposes FROM social.restriction")
    return {
        "messenger": {row[0]: row[1] for row in messenger if row[1]},
        "social": {row[0]: row[1] for row in social if row[1]},
    }


async def spread(side: Side) -> set[tuple[int, int]]:
    """(account, bits) of every row of the stores that carries a copy of them."""
    copies = set()
    for store, table, account in (
        (side.messenger, "messenger.account", "id"),
        (side.messenger, "messenger.phone_lookup", "account_id"),
        (side.messenger, "messenger.daily_usage", "account_id"),
        (side.messenger, "messenger.contact", "account_id"),
        (side.social, "social.messenger_link", "messenger_id"),
        (side.social, "social.messenger_lookup", "messenger_id"),
        (side.social, "social.phone_binding", "messenger_id"),
    ):
        rows = await store.fetch(f"SELECT {account}, restricted FROM {table} WHERE {account} IS NOT NULL")
        copies |= {(row[0], row[1]) for row in rows}
    return copies


async def fold(side: Side) -> dict[int, int]:
    """What is in force, folded from the events here a second time."""
    found: dict[int, int] = {}
    for event in await side.control.fetch("SELECT * FROM control.objection_event ORDER BY id"):
        for purpose in event["purposes"]:
            bit = OBJECTABLE[Purpose(purpose)]
            before = found.get(event["account_id"], 0)
            found[event["account_id"]] = before | bit if event["kind"] == "OBJECT" else before & ~bit
    return {account: bits for account, bits in found.items() if bits}


class Broken(Exception):
    """The crash."""


STORES = ("control", "messenger", "social")


class _Breaking:
    """A connection that dies at its `after`-th statement, before or after the store has done it."""

    def __init__(self, connection: Connection, after: int, done: bool) -> None:
        self._connection = connection
        self._left = after
        self._done = done

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._connection, name)
        return self._counted(found) if name in {"execute", "fetch", "fetchrow", "fetchval"} else found

    def _counted(self, method: Any) -> Any:
        async def counted(*arguments: Any) -> Any:
            if self._left == 0 and not self._done:
                raise Broken
            result = await method(*arguments)
            self._left -= 1
            if self._left < 0 and self._done:
                raise Broken
            return result

        return counted


def breaking(connections: Stores, name: str, after: int, done: bool) -> Stores:
    """The connections, of which one dies."""
    broken: Any = _Breaking(getattr(connections, name), after, done)
    return replace(connections, **{name: broken})


def at_writing(connections: Stores, name: str) -> Stores:
    """The connections, of which one dies when it is to write the restriction."""

    class AtWriting(_Breaking):
        def _counted(self, method: Any) -> Any:
            async def counted(sql: str, *arguments: Any) -> Any:
                if ".restrict_at(" in sql:
                    raise Broken
                return await method(sql, *arguments)

            return counted

    broken: Any = AtWriting(getattr(connections, name), 0, False)
    return replace(connections, **{name: broken})


@pytest.mark.parametrize("seed", range(6))
async def test_i24_what_is_in_force_is_the_fold_of_the_events_after_any_crash(side: Side, seed: int) -> None:
    """Calls are cut anywhere; no objector is exposed for long, and `recover` completes the rest.

    After a cut objection the person is hidden in the store that was reached, or hidden by `recover`;
    a second `recover` has nothing to do.
    """
    random = Random(f"crashes {seed}")
    world = nothing_declared(random_world(600 + seed, 10))
    await side.hold(world)
    # Few people, so that their calls meet.
    members = [each.id for each in world.messenger_accounts if each.registered_at < TERMS_OF_2016][:3]
    for _ in range(25):
        call = random.choice((record, record, withdraw))
        purposes = frozenset(random.sample(sorted(OBJECTABLE), random.randint(1, 2)))
        connections = stores(side)
        if random.random() < 0.7:
            connections = breaking(
                connections, random.choice(STORES), random.randint(0, 9), random.random() < 0.5
            )
        try:
            await call(connections, RULES, random.choice(members), purposes=purposes, channel="test")
        except Broken:
            if random.random() < 0.5:
                continue
        if random.random() < 0.3:
            await recover(side)
    await recover(side)
    expected = await fold(side)
    assert await restrictions(side) == {"messenger": expected, "social": expected}
    known = {row[0] for row in await side.messenger.fetch("SELECT id FROM messenger.account")}
    assert {each for each in await spread(side) if each[0] in known} <= {
        (member, expected.get(member, 0)) for member in known
    }
    assert await recover(side) == 0


@pytest.mark.parametrize("store", ["social", "messenger"])
async def test_i24_half_an_objection_hides_rather_than_exposes(side: Side, store: str) -> None:
    """Cut between the stores, no answer shows a link to a hidden account; `recover` writes the other half."""
    with pytest.raises(Broken):
        await record(at_writing(stores(side), store), RULES, ANN, purposes=BOTH, channel="test")
    expected = {"messenger": {}, "social": {}} if store == "social" else {"messenger": {}, "social": {ANN: 3}}
    assert await restrictions(side) == expected
    assert await recover(side) == 1
    assert await restrictions(side) == {"messenger": {ANN: 3}, "social": {ANN: 3}}
    assert "ma_1" not in await ids_of(side, ADS)


async def test_i24_half_a_withdrawal_is_completed_too(side: Side) -> None:
    """Cut between the stores, the link stays hidden a while longer; then `recover` opens it."""
    await object_to(side, ANN)
    with pytest.raises(Broken):
        await withdraw(at_writing(stores(side), "messenger"), RULES, ANN, purposes=BOTH, channel="test")
    assert await restrictions(side) == {"messenger": {ANN: 3}, "social": {ANN: 3}}
    assert await recover(side) == 1
    assert await restrictions(side) == {"messenger": {}, "social": {}}


async def test_i24_half_a_withdrawal_opens_the_messenger_first(side: Side) -> None:
    """The social network's store is the last to open, in the call and when a start-up completes it."""
    await object_to(side, ANN)
    connections = stores(side)
    order: list[str] = []

    class Noted(_Breaking):
        def _counted(self, method: Any) -> Any:
            async def counted(sql: str, *arguments: Any) -> Any:
                if ".restrict_at(" in sql:
                    order.append(f"{sql.split('.')[0].split()[-1]} {arguments[4]}")
                return await method(sql, *arguments)

            return counted

    noted: Any = replace(
        connections,
        messenger=Noted(connections.messenger, 0, False),
        social=Noted(connections.social, 0, False),
    )
    await withdraw(noted, RULES, ANN, purposes=BOTH, channel="test")
    assert order == ["social False", "messenger True", "social True"]
    await object_to(side, ANN)
    with pytest.raises(Broken):
        await withdraw(at_writing(connections, "social"), RULES, ANN, purposes=BOTH, channel="test")
    order.clear()
    assert await finish(noted, NOW, quiet) == 1
    assert order == ["social False", "messenger True", "social True"]
    await object_to(side, ANN)
    opening = breaking(connections, "social", 3, False)
    with pytest.raises(Broken):
        await withdraw(opening, RULES, ANN, purposes=BOTH, channel="test")
    assert await restrictions(side) == {"messenger": {}, "social": {ANN: 3}}
    assert await recover(side) == 1
    assert await restrictions(side) == {"messenger": {}, "social": {}}


async def test_i24_a_repeated_call_completes_what_a_crash_left(side: Side) -> None:
    """Unknown means: ask again; nothing is recorded twice."""
    with pytest.raises(Broken):
        await record(at_writing(stores(side), "messenger"), RULES, ANN, purposes=BOTH, channel="test")
    assert await object_to(side, ANN) is ObjectionOutcome.ALREADY_OBJECTED
    assert await restrictions(side) == {"messenger": {ANN: 3}, "social": {ANN: 3}}
    assert await side.control.fetchval("SELECT count(*) FROM control.objection_event") == 1


async def test_i24_a_killed_connection_is_a_crash_like_any_other(side: Side) -> None:
    """The server cuts the store's connection in the middle; the event stays and is completed."""
    doomed = await connect_owner(side.settings.owner_dsn("social"))
    pid = await doomed.fetchval("SELECT pg_backend_pid()")
    holder = await connect_owner(side.settings.owner_dsn("social"))
    transaction = holder.transaction()
    await transaction.start()
    await holder.execute("LOCK TABLE social.restriction IN ACCESS EXCLUSIVE MODE")
    call = asyncio.create_task(
        record(replace(stores(side), social=doomed), RULES, ANN, purposes=BOTH, channel="test")
    )
    while not await side.social.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND wait_event_type = 'Lock'", pid
    ):
        await asyncio.sleep(0.01)
    await side.social.execute("SELECT pg_terminate_backend($1)", pid)
    with pytest.raises(Exception, match=r"terminat|closed"):
        await call
    await transaction.rollback()
    await holder.close()
    doomed.terminate()
    assert await fold(side) == {ANN: 3}
    assert await recover(side) == 1
    assert await restrictions(side) == {"messenger": {ANN: 3}, "social": {ANN: 3}}


async def test_i24_events_are_only_ever_added(side: Side) -> None:
    """What was recorded can neither be changed nor deleted."""
    await object_to(side, ANN)
    for statement in (
        "UPDATE control.objection_event SET account_id = 2",
        "DELETE FROM control.objection_event",
        "TRUNCATE control.objection_event",
    ):
        with pytest.raises(Exception, match="append-only"):
            await side.control.execute(statement)


async def test_i24_calls_at_the_same_time_leave_one_truth(side: Side) -> None:
    """Objections and withdrawals of one person, crossing in both directions."""
    connections = [
        [await connect_owner(side.settings.owner_dsn(name)) for name in ("control", "messenger", "social")]
        for _ in range(4)
    ]
    random = Random("crossing")

    async def several(mine: list[Connection]) -> None:
        for _ in range(12):
            call = random.choice((record, withdraw))
            purposes = frozenset(random.sample(sorted(OBJECTABLE), random.randint(1, 2)))
            await call(Stores(*mine), RULES, random.choice((ANN, BOB)), purposes=purposes, channel="test")

    async with asyncio.timeout(60):
        await asyncio.gather(*(several(each) for each in connections))
    for each in connections:
        for connection in each:
            await connection.close()
    expected = await fold(side)
    assert await restrictions(side) == {"messenger": expected, "social": expected}


@pytest.mark.parametrize("purpose", [each for each in SEEING if oracle.sees(each, "MessengerAccount", "id")])
async def test_i16_after_many_objections_the_universe_is_what_the_oracle_says(
    side: Side, purpose: Purpose
) -> None:
    """Recorded by the call instead of loaded, the restrictions hide the same rows."""
    world = nothing_declared(random_world(700, 16))
    await side.hold(world)
    random = Random("many")
    for account in world.messenger_accounts:
        if random.random() < 0.5:
            await object_to(side, account.id, *random.sample(sorted(OBJECTABLE), random.randint(1, 2)))
    folded = await fold(side)
    seen = oracle.visible(
        replace(world, restrictions=tuple(Restriction(*each) for each in folded.items())), purpose
    )
    assert set(await ids_of(side, purpose)) == {f"ma_{number}" for number in seen.messenger}
