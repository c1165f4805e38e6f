"""A regulator's suspension acts as an objection of every member there, now and later (I25)."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import AsyncIterator
from contextlib import suppress
from random import Random

import pytest

from gateway.upkeep import store_logins
from resolvers.changes import suspensions
from resolvers.changes.objections import Rules, record, withdraw
from resolvers.changes.preferences import Writers
from resolvers.changes.suspensions import SuspensionDecision, add, apply, end, finish, historic
from schema.purposes import OBJECTABLE, Purpose
from schema.terms.profiles import Profile
from tests.answers.test_mutations import as_member
from tests.kit.gateway import ADS, FRIENDS, PREFERENCES, SEEING, SUBJECT, NewDatabase, Reply, Side, open_side
from tests.kit.worlds.making import nothing_declared, random_world
from tests.kit.worlds.rows import World
from tests.promises.test_objection import (
    ANN,
    BOB,
    NOW,
    PHONES,
    SMALL,
    STORES,
    Broken,
    breaking,
    forget,
    ids_of,
    object_to,
    phones_of,
    questions,
    quiet,
    recover,
    replies,
    restrictions,
    spread,
    stores,
    take_back,
)

ALWAYS = datetime.datetime(2016, 9, 1, tzinfo=datetime.UTC)
LATER = NOW + datetime.timedelta(days=30)
ANYBODY = Rules(Profile.GDPR, lambda: NOW)
COUNTRIES = ("DE", "GB", "US", "IN", "ZZ")


@pytest.fixture(scope="module")
async def side(new_database: NewDatabase) -> AsyncIterator[Side]:
    """A gateway before stores of its own."""
    async with open_side(new_database) as opened:
        yield opened


@pytest.fixture(autouse=True)
async def small(side: Side) -> None:
    """No suspension and no objection; Ann, Bob and the new member exist, all in Germany."""
    await side.wait_until_ready()
    await start_again(side, SMALL)


async def start_again(side: Side, world: World) -> None:
    """Let the stores hold the world, and control nothing."""
    await forget(side)
    await side.control.execute(
        "ALTER TABLE control.suspension DISABLE TRIGGER USER; DELETE FROM control.suspension;"
        " ALTER TABLE control.suspension ENABLE TRIGGER USER"
    )
    await side.hold(world)


async def suspend(
    side: Side,
    *countries: str,
    purposes: tuple[Purpose, ...] = tuple(OBJECTABLE),
    until: datetime.datetime | None = None,
    since: datetime.datetime = ALWAYS,
) -> int:
    """Record a suspension and let the stores follow; its number."""
    decided = SuspensionDecision("XX", countries, purposes, since, until, "a test", "the tests")
    number = await add(side.control, decided)
    await apply(stores(side), NOW, quiet)
    return number


async def lift(side: Side, number: int, now: datetime.datetime = NOW) -> None:
    """End a suspension and let the stores follow."""
    assert await end(side.control, number, now)
    await apply(stores(side), now, quiet)


async def all_replies(side: Side, world: World, number: int = 40) -> dict[Purpose, list[Reply]]:
    """What random questions about the world are answered, under every purpose.

    But for those of one person's own: they tell what was suspended and what was objected to, apart.
    """
    return {
        purpose: await replies(side, purpose, questions(side, purpose, world, number))
        for purpose in SEEING
        if purpose not in (SUBJECT, PREFERENCES)
    }


# --- as if everybody there had objected -----------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
async def test_i25_a_suspension_is_everybody_s_objection(side: Side, seed: int) -> None:
    """Under every purpose the same bytes, whichever way the country's members came to be restricted."""
    random = Random(f"suspensions {seed}")
    world = nothing_declared(random_world(800 + seed, 14))
    countries = random.sample(COUNTRIES, random.randint(1, 3))
    purposes = tuple(random.sample(sorted(OBJECTABLE), random.randint(1, 2)))
    await start_again(side, world)
    before = await all_replies(side, world)
    number = await suspend(side, *countries, purposes=purposes)
    suspended, held = await all_replies(side, world), await restrictions(side)
    await lift(side, number)
    assert await all_replies(side, world) == before
    assert await restrictions(side) == {"messenger": {}, "social": {}}
    for account in world.messenger_accounts:
        if account.country_code in countries:
            await record(stores(side), ANYBODY, account.id, purposes=frozenset(purposes), channel="test")
    assert await all_replies(side, world) == suspended
    assert await restrictions(side) == held


async def test_i25_it_names_purposes_and_leaves_the_others(side: Side) -> None:
    """Suspended for friend suggestions, ads go on; security and infrastructure go on anyway."""
    before = await all_replies(side, SMALL)
    await suspend(side, "DE", purposes=(FRIENDS,))
    after = await all_replies(side, SMALL)
    assert {purpose for purpose in before if before[purpose] != after[purpose]} == {FRIENDS}


async def test_i25_objections_go_on_beneath_a_suspension(side: Side) -> None:
    """Recorded or withdrawn meanwhile, they hold when it ends; and it holds while they change."""
    await object_to(side, ANN, ADS)
    number = await suspend(side, "DE", purposes=(ADS,))
    assert await object_to(side, BOB) is not None
    await take_back(side, ANN)
    assert "ma_1" not in await ids_of(side, ADS)
    assert "ma_1" in await ids_of(side, FRIENDS)
    await lift(side, number)
    assert await ids_of(side, ADS) == ["ma_1", "ma_3"]
    assert await restrictions(side) == {"messenger": {BOB: 3}, "social": {BOB: 3}}


WITHDRAW = "mutation { withdrawObjection { ... on ObjectionWithdrawn { inForce suspended } } }"


@pytest.mark.parametrize("suspended", [(), (ADS,), (FRIENDS,), (ADS, FRIENDS)])
async def test_i23_a_withdrawal_names_what_stays_hidden(side: Side, suspended: tuple[Purpose, ...]) -> None:
    """Every objectable purpose is open after a withdrawal, or the answer names it as suspended."""
    await object_to(side, ANN)
    if suspended:
        await suspend(side, "DE", purposes=suspended)
    said = await as_member(side, ANN, WITHDRAW)
    assert said.data["withdrawObjection"] == {"inForce": [], "suspended": [*suspended]}
    for purpose in OBJECTABLE:
        assert ("ma_1" in await ids_of(side, purpose)) == (purpose not in suspended)


async def test_i25_two_suspensions_overlap(side: Side) -> None:
    """What one of them still forbids stays forbidden when the other ends."""
    germany = await suspend(side, "DE", purposes=(ADS,))
    union = await suspend(side, "DE", "FR")
    assert await restrictions(side) == {"messenger": {1: 3, 2: 3, 3: 3}, "social": {1: 3, 2: 3, 3: 3}}
    await lift(side, union)
    assert (await restrictions(side))["social"] == {1: 1, 2: 1, 3: 1}
    await lift(side, germany)
    assert await restrictions(side) == {"messenger": {}, "social": {}}


async def test_i25_it_begins_and_ends_by_the_calendar(side: Side) -> None:
    """A suspension recorded in advance restricts members neither before its time nor after it."""
    await suspend(side, "DE", since=NOW + datetime.timedelta(seconds=1), until=LATER)
    assert await restrictions(side) == {"messenger": {}, "social": {}}
    await finish(stores(side), NOW + datetime.timedelta(seconds=1), quiet)
    assert (await restrictions(side))["messenger"] == {1: 3, 2: 3, 3: 3}
    await finish(stores(side), LATER - datetime.timedelta(seconds=1), quiet)
    assert (await restrictions(side))["messenger"] == {1: 3, 2: 3, 3: 3}
    await finish(stores(side), LATER, quiet)
    assert await restrictions(side) == {"messenger": {}, "social": {}}


def test_those_of_2016_are_germany_then_the_united_kingdom_then_the_union() -> None:
    """For ads and friend suggestions, from September and November on."""
    told = [(each.jurisdiction, each.valid_from.month, set(each.purposes)) for each in historic()]
    assert told == [(where, month, {ADS, FRIENDS}) for where, month in (("DE", 9), ("GB", 11), ("EU", 11))]
    assert {"DE", "GB", "FR"} <= set(historic()[2].countries)
    assert len(historic()[2].countries) == 28


# --- who comes and goes meanwhile -----------------------------------------------------------------

LATECOMER = "INSERT INTO messenger.account VALUES (7, '+4915110000007', 'DE', '2016-10-02')"


async def test_i25_members_who_register_later_are_covered(side: Side) -> None:
    """From their first row on, in both stores, before any answer holds them."""
    await suspend(side, "DE")
    await side.messenger.execute(LATECOMER)
    await side.messenger.execute("INSERT INTO messenger.contact VALUES (7, 1), (2, 7)")
    await side.messenger.execute("INSERT INTO messenger.daily_usage VALUES (7, '2016-09-29', 9)")
    await side.social.execute("INSERT INTO social.account VALUES (17, 'Late')")
    await side.social.execute("INSERT INTO social.messenger_link VALUES (17, 7, '2016-10-02')")
    await side.social.execute(
        "INSERT INTO social.phone_binding VALUES (17, 'MESSENGER_SHARED', '+4915110000007', 7)"
    )
    linked = '{ socialAccount(id: "sa_17") { messengerLink { since } } }'
    for _ in range(2):
        for purpose in (ADS, FRIENDS):
            assert await ids_of(side, purpose) == []
            assert await phones_of(side, purpose, 17) == []
            assert (await side.ask(purpose, linked)).data["socialAccount"]["messengerLink"] is None
        assert {bits for member, bits in await spread(side) if member == 7} == {3}
        await finish(stores(side), NOW, quiet)
    assert (await restrictions(side))["social"][7] == 3


async def test_i25_one_who_registers_elsewhere_is_open_once_both_stores_know(side: Side) -> None:
    """The social network's store hides an account that it does not know until the messenger was asked."""
    number = await suspend(side, "FR", purposes=(ADS,))
    await side.messenger.execute(LATECOMER)
    await side.social.execute("INSERT INTO social.account VALUES (17, 'Late')")
    await side.social.execute("INSERT INTO social.messenger_link VALUES (17, 7, '2016-10-02')")
    linked = '{ socialAccount(id: "sa_17") { messengerLink { since } } }'
    assert (await side.ask(ADS, linked)).data["socialAccount"]["messengerLink"] is None
    assert (await side.ask(FRIENDS, linked)).data["socialAccount"]["messengerLink"] is not None
    await finish(stores(side), NOW, quiet)
    assert (await side.ask(ADS, linked)).data["socialAccount"]["messengerLink"] is not None
    await lift(side, number)
    assert await restrictions(side) == {"messenger": {}, "social": {}}


async def test_i25_who_moves_is_where_they_are(side: Side) -> None:
    """Into a suspended country: restricted at once on the messenger; out of it: open once both know."""
    await suspend(side, "FR")
    await side.messenger.execute("UPDATE messenger.account SET country_code = 'FR' WHERE id = 1")
    assert await ids_of(side, ADS) == ["ma_2", "ma_3"]
    await finish(stores(side), NOW, quiet)
    assert await restrictions(side) == {"messenger": {ANN: 3}, "social": {ANN: 3}}
    await side.messenger.execute("UPDATE messenger.account SET country_code = 'DE' WHERE id = 1")
    await finish(stores(side), NOW, quiet)
    assert await restrictions(side) == {"messenger": {}, "social": {}}
    assert await ids_of(side, ADS) == ["ma_1", "ma_2", "ma_3"]


async def test_i22_a_recycled_number_inherits_no_suspension(side: Side) -> None:
    """It is the account's country that counts: who gets the number elsewhere is open."""
    await suspend(side, "DE")
    await side.messenger.execute("UPDATE messenger.account SET phone = '+33600000001' WHERE id = 1")
    await side.messenger.execute(
        f"INSERT INTO messenger.account VALUES (8, '{PHONES[ANN]}', 'FR', '2015-01-01')"
    )
    by_phone = "query($p: PhoneNumber!) { messengerAccount(phone: $p) { id } }"
    assert (await side.ask(ADS, by_phone, {"p": PHONES[ANN]})).data["messengerAccount"] == {"id": "ma_8"}
    assert (await side.ask(ADS, by_phone, {"p": "+33600000001"})).data["messengerAccount"] is None


async def test_an_account_that_the_messenger_lacks_stays_hidden_as_long_as_anything_is(side: Side) -> None:
    """Its country is unknown; when nothing is suspended any more it is as before."""
    number = await suspend(side, "FR")
    await side.social.execute("INSERT INTO social.account VALUES (17, 'Gone')")
    await side.social.execute(
        "INSERT INTO social.phone_binding VALUES (17, 'MESSENGER_SHARED', '+4915110000099', 99)"
    )
    await finish(stores(side), NOW, quiet)
    assert await phones_of(side, FRIENDS, 17) == []
    await lift(side, number)
    assert await phones_of(side, FRIENDS, 17) == [{"source": "MESSENGER_SHARED"}]
    assert await side.social.fetchval("SELECT count(*) FROM social.unplaced") == 0


# --- cut off anywhere -----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
async def test_i24_i25_cut_anywhere_it_is_completed(
    side: Side, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Suspensions that begin and end, objections and arrivals between, calls that die at any statement.

    What a start-up then leaves is what is in force; a second one, and a comparison of everybody, find
    nothing to do.
    """
    monkeypatch.setattr(suspensions, "CHUNK", 3)
    random = Random(f"cut {seed}")
    world = nothing_declared(random_world(900 + seed, 14))
    await start_again(side, world)
    members = {each.id: each.country_code for each in world.messenger_accounts}
    running: dict[int, tuple[tuple[str, ...], tuple[Purpose, ...]]] = {}
    for turn in range(25):
        connections = stores(side)
        if random.random() < 0.5:
            connections = breaking(
                connections, random.choice(STORES), random.randint(0, 25), random.random() < 0.5
            )
        with suppress(Broken):
            await one_change(side, connections, random, running, members, turn)
    await finish(stores(side), NOW, quiet)
    expected = await in_force(side, running, members)
    assert await restrictions(side) == {"messenger": expected, "social": expected}
    assert {each for each in await spread(side) if each[0] in members} <= {
        (member, expected.get(member, 0)) for member in members
    }
    assert await finish(stores(side), NOW, quiet) == 0
    assert await recover(side) == 0


async def one_change(side, connections, random, running, members, turn) -> None:  # type: ignore[no-untyped-def]
    """Something happens at random; `connections` may die in the middle of it."""
    purposes = tuple(random.sample(sorted(OBJECTABLE), random.randint(1, 2)))
    what = random.choice(("suspend", "end", "object", "withdraw", "arrive", "move"))
    if what == "suspend":
        countries = tuple(random.sample(COUNTRIES, random.randint(1, 2)))
        decided = SuspensionDecision("XX", countries, purposes, ALWAYS, None, "a test", "the tests")
        running[await add(side.control, decided)] = (countries, purposes)
        await apply(connections, NOW, quiet)
    elif what == "end" and running:
        number = random.choice(sorted(running))
        del running[number]
        assert await end(side.control, number, NOW)
        await apply(connections, NOW, quiet)
    elif what in {"object", "withdraw"}:
        call = record if what == "object" else withdraw
        await call(
            connections, ANYBODY, random.choice(sorted(members)), purposes=frozenset(purposes), channel="test"
        )
    elif what == "arrive":
        country = random.choice(COUNTRIES)
        number = 10**6 + turn
        await side.messenger.execute(
            "INSERT INTO messenger.account VALUES ($1, $2, $3, '2016-10-02')",
            number,
            f"+4917{number}",
            country,
        )
        members[number] = country
    elif what == "move":
        member, country = random.choice(sorted(members)), random.choice(COUNTRIES)
        await side.messenger.execute(
            "UPDATE messenger.account SET country_code = $2 WHERE id = $1", member, country
        )
        members[member] = country


async def in_force(side, running, members) -> dict[int, int]:  # type: ignore[no-untyped-def]
    """Events and suspensions, folded here a second time."""
    found = dict.fromkeys(members, 0)
    for event in await side.control.fetch("SELECT * FROM control.objection_event ORDER BY id"):
        bits = sum(OBJECTABLE[Purpose(each)] for each in event["purposes"])
        before = found[event["account_id"]]
        found[event["account_id"]] = before | bits if event["kind"] == "OBJECT" else before & ~bits
    for countries, purposes in running.values():
        for member, country in members.items():
            if country in countries:
                found[member] |= sum(OBJECTABLE[each] for each in purposes)
    return {member: bits for member, bits in found.items() if bits}


async def test_what_was_loaded_without_an_event_stays_restricted(side: Side) -> None:
    """A restriction without an event survives a suspension that comes and goes."""
    await side.messenger.execute("INSERT INTO messenger.restriction (account_id, purposes) VALUES (1, 1)")
    await side.social.execute("INSERT INTO social.restriction (messenger_id, purposes) VALUES (1, 1)")
    number = await suspend(side, "DE")
    assert (await restrictions(side))["social"] == {1: 3, 2: 3, 3: 3}
    await lift(side, number)
    assert await restrictions(side) == {"messenger": {1: 1}, "social": {1: 1}}


async def test_a_late_statement_of_a_killed_program_opens_no_account(side: Side) -> None:
    """A withdrawal's writing that arrives after a newer objection was recorded comes too late."""
    await object_to(side, ANN)
    await take_back(side, ANN)
    version = await side.control.fetchval("SELECT last_value FROM control.restriction_version")
    await object_to(side, ANN)
    for name in ("social", "messenger"):
        late = f"SELECT {name}.restrict_at(ARRAY[1::bigint], ARRAY[0], ARRAY[0], $1, true, 0, NULL)"
        await getattr(side, name).execute(late, version)
    assert await restrictions(side) == {"messenger": {ANN: 3}, "social": {ANN: 3}}


async def test_a_decision_is_never_rewritten(side: Side) -> None:
    """Of a suspension only the end may change, and once it has ended that neither."""
    number = await suspend(side, "DE")
    for change in ("SET countries = '{FR}'", "SET reason = 'other'", "SET valid_from = now()"):
        with pytest.raises(Exception, match="only its end"):
            await side.control.execute(f"UPDATE control.suspension {change}")
    with pytest.raises(Exception, match="not deleted"):
        await side.control.execute("DELETE FROM control.suspension")
    await lift(side, number)
    assert not await end(side.control, number, LATER)
    assert not await end(side.control, 999, LATER)


# --- many at once ---------------------------------------------------------------------------------


async def test_i24_i25_many_at_once_leave_one_truth(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    """Objections and withdrawals of many and of the same, arrivals of rows, a suspension that comes and goes.

    When all have returned, every store, every copy and the fold of what was recorded agree; and a
    comparison of everybody finds nothing to do.
    """
    monkeypatch.setattr(suspensions, "CHUNK", 4)
    world = nothing_declared(random_world(950, 24))
    await start_again(side, world)
    members = {each.id: each.country_code for each in world.messenger_accounts}
    writers = Writers(store_logins.writer_logins(side.settings.model_copy(update={"pool_size": 6})))
    fewer = sorted(members)[:3]

    async def objects(number: int) -> None:
        random = Random(f"many {number}")
        for _ in range(4):
            member = random.choice(fewer if random.random() < 0.5 else sorted(members))
            purposes = frozenset(random.sample(sorted(OBJECTABLE), random.randint(1, 2)))
            async with writers.open() as opened:
                await random.choice((record, record, withdraw))(
                    opened, ANYBODY, member, purposes=purposes, channel="test"
                )

    async def follows() -> None:
        for country in ("DE", "US"):
            number = await add(side.control, one_of(country))
            async with writers.open() as opened:
                await apply(opened, NOW, quiet)
            if country == "DE":
                assert await end(side.control, number, NOW)
                async with writers.open() as opened:
                    await apply(opened, NOW, quiet)

    async def arrives() -> None:
        day = datetime.date(2017, 1, 1)
        for turn in range(30):
            member = Random(turn).choice(sorted(members))
            await side.messenger.execute(
                "INSERT INTO messenger.daily_usage VALUES ($1, $2, 1)", member, day + datetime.timedelta(turn)
            )
            await asyncio.sleep(0.01)

    async with asyncio.timeout(120):
        await asyncio.gather(*(objects(number) for number in range(16)), follows(), arrives())
    expected = await in_force(side, {1: (("US",), tuple(OBJECTABLE))}, members)
    assert await restrictions(side) == {"messenger": expected, "social": expected}
    assert {each for each in await spread(side) if each[0] in members} <= {
        (member, expected.get(member, 0)) for member in members
    }
    assert await recover(side) == 0


def one_of(country: str) -> SuspensionDecision:
    """A suspension of everything in one country."""
    return SuspensionDecision(country, (country,), tuple(OBJECTABLE), ALWAYS, None, "a test", "the tests")
