"""The recall feed is part of the universe: I1, I7, I46 and I47 for generated histories.

Clients ask, members object and withdraw, notices are issued. What each client was told is read off its
answers, by code that knows nothing of the ledger. GATEWAY_TRIALS=20 tries twenty times as many histories.
"""

from __future__ import annotations

import datetime
import json
import secrets
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random
from typing import Any

import pytest

from gateway.access.tokens import issue as issue_token
from gateway.recalls.over_http import PATH
from resolvers.changes.objections import ObjectionOutcome, Rules, record, withdraw
from schema.build import schema_for
from schema.purposes import OBJECTABLE, Purpose
from schema.terms.profiles import Profile
from tests.kit import oracle
from tests.kit.documents.writer import Request
from tests.kit.gateway import ADS, FRIENDS, NewDatabase, Side, open_side, send, trials
from tests.kit.worlds.making import nothing_declared, random_world
from tests.kit.worlds.pairs import differing_pair
from tests.kit.worlds.rows import (
    Contact,
    MessengerAccount,
    MessengerLink,
    Restriction,
    SocialAccount,
    World,
)
from tests.promises.test_ledger_people import identified, read_off
from tests.promises.test_objection import forget, stores
from tests.promises.test_recalls import issue

HISTORIES, STEPS = 8, 40
FEED = """{ recalls(first: 1000) {
  number objectedTo objectedAt receivedFor account fields answers issuedAt dueAt acknowledgedAt
} }"""
RULES = Rules(Profile.GDPR, partial(datetime.datetime.now, datetime.UTC))
# A document for each way in which data from the messenger reaches an account: {0} a member, {1} a person.
DOCUMENTS = {
    ADS: (
        '{{ messengerAccount(id: "ma_{0}") {{ phone socialAccount {{ displayed: id }} }} }}',
        '{{ socialAccount(id: "sa_{1}") {{ messengerLink {{ since }} }} }}',
        '{{ socialAccount(id: "sa_{1}") {{ messengerLink {{ account {{ phone }} }} }} }}',
        '{{ socialAccount(id: "sa_{1}") {{ phones {{ number }} }} }}',
        '{{ socialAccount(id: "sa_{1}") {{ adTopics {{ topic }} }} }}',
        '{{ socialAccount(id: "sa_{1}") {{ offers {{ title }} }} }}',
        "{{ socialAccounts(first: 3) {{ nodes {{ phones {{ source }} }} }} }}",
        "{{ messengerAccounts(last: 2) {{ nodes {{ countryCode }} }} }}",
    ),
    FRIENDS: (
        '{{ socialAccount(id: "sa_{1}") {{ messengerLink {{ since }} }} }}',
        '{{ socialAccount(id: "sa_{1}") {{ friendSuggestions {{ mutualFriendCount }} }} }}',
        '{{ socialAccount(id: "sa_{1}") {{ phones {{ source }} friends(first: 2) {{ nodes {{ id }} }} }} }}',
        '{{ messengerAccount(id: "ma_{0}") {{ contacts(first: 2) {{ nodes {{ countryCode }} }} }} }}',
        '{{ socialAccountByPhone(phone: "{2}") {{ displayName }} }}',
    ),
}


@pytest.fixture(scope="module")
async def sides(new_database: NewDatabase) -> AsyncIterator[list[Side]]:
    """Two gateways of the same settings, each before stores of its own."""
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(open_side(new_database))
        yield [first, await stack.enter_async_context(open_side(new_database, first))]


@dataclass
class Client:
    """A recipient, and what it was told: (purpose, store, number) → field → at which step last."""

    side: Side
    token: str
    told: dict[tuple[Purpose, str, int], dict[str, int]] = field(default_factory=lambda: defaultdict(dict))

    async def ask(self, purpose: Purpose, document: str, path: str = "/graphql") -> Any:
        """The reply to one document."""
        body = json.dumps({"query": document}).encode()
        return await send(
            self.side.app, path=path, headers=self.side.authorised(purpose, self.token), body=body
        )


async def clients_of(side: Side) -> list[Client]:
    """Two clients of this gateway."""
    issued = [
        await issue_token(
            side.control,
            side.settings.key("tokens"),
            f"client-{secrets.token_hex(4)}",
            purposes=[ADS, FRIENDS],
            expires_at=None,
            random=secrets.token_bytes,
        )
        for _ in range(2)
    ]
    await side.book.refreshed()
    return [Client(side, each.token) for each in issued]


async def begin(side: Side, world: World) -> None:
    """Let the stores hold the world, and `control` no event, entry or notice."""
    await side.wait_until_ready()
    await side.hold(world)
    # A random world's events and restrictions do not agree; objections of a test are the first ones.
    await forget(side)
    await side.control.execute(
        "TRUNCATE control.recall, control.recall_number, control.recall_search;"
        "ALTER TABLE control.ledger_entry DISABLE TRIGGER USER; TRUNCATE control.ledger_entry;"
        "ALTER TABLE control.ledger_entry ENABLE TRIGGER USER"
    )


async def issue_all(side: Side) -> None:
    """Both searches for every objection, the second one without its wait."""
    while await side.control.fetchval("SELECT count(*) FROM control.recall_search"):
        await side.control.execute("UPDATE control.recall_search SET next_at = now()")
        await issue(side)


async def feed(client: Client, purpose: Purpose) -> list[dict[str, Any]]:
    """All notices to the client that it has not acknowledged."""
    found: list[dict[str, Any]] = (await client.ask(purpose, FEED, PATH)).data["recalls"]
    return found


# --- what a client was told, and nothing else -------------------------------------------------------


@dataclass
class History:
    """A history, and the notices that it must lead to, in order: (purpose, account) by client."""

    side: Side
    world: World
    random: Random
    clients: list[Client]
    in_force: dict[int, set[Purpose]] = field(default_factory=lambda: defaultdict(set))
    objected: dict[tuple[int, Purpose], int] = field(default_factory=dict)
    notices: dict[int, list[tuple[Purpose, str]]] = field(default_factory=lambda: defaultdict(list))
    said: list[str] = field(default_factory=list)

    async def run(self) -> None:
        """All steps, and now and then the issuing."""
        for step in range(1, STEPS + 1):
            chosen = self.random.random()
            if chosen < 0.6:
                await self._ask(step)
            elif chosen < 0.85:
                await self._object(step)
            else:
                await self._withdraw(step)
            if self.random.random() < 0.15:
                await issue_all(self.side)
        await issue_all(self.side)

    async def _ask(self, step: int) -> None:
        purpose = self.random.choice((ADS, FRIENDS))
        place = self.random.randrange(2)
        client = self.clients[place]
        members = [each.id for each in self.world.messenger_accounts] or [7]
        people = [each.id for each in self.world.social_accounts] or [7]
        numbers = [each.number for each in self.world.phone_bindings] or ["+4915199999999"]
        template = self.random.choice(DOCUMENTS[purpose])
        plain = template.format(*map(self.random.choice, (members, people, numbers)))
        document = identified(schema_for(purpose), plain)
        reply = await client.ask(purpose, document)
        assert reply.codes == [], reply.json
        told, covered = read_off(purpose, Request(plain, {}), document, reply, self._now())
        self.said.append(f"{step} {place} {purpose} {plain} {dict(told)} {dict(covered)}")
        for store, number in told:
            if store == "messenger":
                client.told[purpose, store, number][""] = step
        for (store, number), fields in covered.items():
            client.told[purpose, store, number].update(dict.fromkeys(fields, step))

    def _now(self) -> World:
        bits = {
            member: sum(each.restriction_bit for each in purposes)
            for member, purposes in self.in_force.items()
        }
        return replace(self.world, restrictions=tuple(Restriction(*each) for each in bits.items() if each[1]))

    def _some(self) -> tuple[int, frozenset[Purpose]]:
        member = self.random.choice(self.world.messenger_accounts).id
        return member, frozenset(self.random.sample(sorted(OBJECTABLE), self.random.randint(1, 2)))

    async def _object(self, step: int) -> None:
        member, purposes = self._some()
        done = await record(stores(self.side), RULES, member, purposes=purposes, channel="test")
        self.said.append(f"{step} {member} objects to {sorted(purposes)}: {done.outcome}")
        if done.outcome is not ObjectionOutcome.RECORDED:
            return
        linked = next(
            (each.account_id for each in self.world.messenger_links if each.messenger_id == member), None
        )
        for purpose in sorted(purposes):
            since = self.objected.get((member, purpose), 0)
            for place, client in enumerate(self.clients):
                accounts = [("messenger", member), *([("social", linked)] if linked is not None else [])]
                for store, number in accounts:
                    told = client.told.get((purpose, store, number), {})
                    others = self._of_others(member, number) if store == "social" else set()
                    if any(
                        at > since and not {each, each.partition(".")[0]} & others
                        for each, at in told.items()
                    ):
                        prefix = "ma" if store == "messenger" else "sa"
                        self.notices[place].append((purpose, f"{prefix}_{number}"))
            self.objected[member, purpose] = step
        self.in_force[member] |= purposes

    def _of_others(self, member: int, person: int | None) -> set[str]:
        """The types and fields of rows that another member has on the person's account."""
        rows = (
            (self.world.phone_bindings, {"SocialAccount.phones", "PhoneBinding", "Query"}),
            (self.world.ad_topics, {"SocialAccount.adTopics", "AdTopic"}),
            (self.world.shown, {"SocialAccount.offers", "Offer"}),
        )
        return {
            name
            for relation, names in rows
            for each in relation
            if each.account_id == person and each.messenger_id not in {None, member}
            for name in names
        }

    async def _withdraw(self, step: int) -> None:
        member, purposes = self._some()
        done = await withdraw(stores(self.side), RULES, member, purposes=purposes, channel="test")
        self.said.append(f"{step} {member} withdraws {sorted(purposes)}: {done.outcome}")
        self.in_force[member] -= purposes


@pytest.mark.parametrize("seed", range(trials(HISTORIES)))
async def test_i47_a_client_is_recalled_what_it_was_told_and_nothing_else(
    sides: list[Side], seed: int
) -> None:
    """A notice for each objection to the use of what a client was told, while it saw it; and no other."""
    side, random = sides[0], Random(f"told {seed}")
    world = nothing_declared(random_world(random.randint(0, 10**9), 8))
    if not world.messenger_accounts:
        return
    await begin(side, world)
    history = History(side, world, random, await clients_of(side))
    await history.run()
    for place, client in enumerate(history.clients):
        for purpose in (ADS, FRIENDS):
            found = await feed(client, purpose)
            wanted = [account for of, account in history.notices[place] if of is purpose]
            assert [each["account"] for each in found] == wanted, "\n".join(history.said)
            assert [each["number"] for each in found] == [str(n + 1) for n in range(len(found))]


# --- nothing of what others do ------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(trials(HISTORIES)))
async def test_i1_i46_nothing_hidden_changes_a_byte_of_the_feed(sides: list[Side], seed: int) -> None:
    """Neither data that the purpose does not see, nor what other clients do, nor their notices."""
    random = Random(f"hidden {seed}")
    pair = differing_pair(random_world(random.randint(0, 10**9), 10), ADS, random, changes=40)
    seen = oracle.visible(pair[0], ADS)
    members, people = sorted(seen.messenger) or [7], sorted(seen.social) or [7]
    hidden = [each.id for each in pair[1].messenger_accounts if each.id not in seen.messenger]
    clients = []
    for side, world in zip(sides, pair, strict=True):
        await begin(side, world)
        clients.append(await clients_of(side))
    (one, _), (other, noisy) = clients
    for _ in range(STEPS):
        if random.random() < 0.7:
            chosen = random.choice([*members, *hidden]), random.choice(people), "+4915110000001"
            document = random.choice(DOCUMENTS[ADS]).format(*chosen)
            assert await one.ask(ADS, document) == await other.ask(ADS, document)
        elif seen.messenger:
            member = random.choice(members)
            for side in sides:
                await record(stores(side), RULES, member, purposes=frozenset({ADS}), channel="test")
        await make_noise(noisy, random, hidden, document=random.choice(DOCUMENTS[FRIENDS]))
        if random.random() < 0.2:
            for side in sides:
                await issue_all(side)
    for side in sides:
        await issue_all(side)
    first, second = [await each.ask(ADS, FEED, PATH) for each in (one, other)]
    assert first == second
    assert first.status == 200


async def make_noise(client: Client, random: Random, hidden: list[int], *, document: str) -> None:
    """What the first side does not have: another client's requests, and objections of hidden members."""
    world = [each["id"] for each in await client.side.messenger.fetch("SELECT id FROM messenger.account")]
    if world:
        person = await client.side.social.fetchval("SELECT min(id) FROM social.account")
        member = random.choice(world)
        await client.ask(ADS, f'{{ messengerAccount(id: "ma_{member}") {{ phone }} }}')
        await client.ask(FRIENDS, document.format(member, person or 7, "+4915110000001"))
    if hidden:
        # ADS among them: the stores have hidden these members, whatever the events of the world say.
        member, purposes = random.choice(hidden), frozenset({ADS, random.choice((ADS, FRIENDS))})
        await record(stores(client.side), RULES, member, purposes=purposes, channel="test")


# --- the attack ---------------------------------------------------------------------------------------


def _people(size: int) -> World:
    """So many members, each linked with an account on the social network."""
    before, day = datetime.datetime(2015, 5, 1, tzinfo=datetime.UTC), datetime.date(2016, 9, 30)
    return World(
        messenger_accounts=tuple(
            MessengerAccount(n, f"+491511{n:07}", "DE", before) for n in range(1, size + 1)
        ),
        social_accounts=tuple(SocialAccount(1_000 + n, f"P{n}") for n in range(1, size + 1)),
        messenger_links=tuple(MessengerLink(1_000 + n, n, day) for n in range(1, size + 1)),
    )


@pytest.mark.parametrize(
    "fields",
    [
        "messengerLink { since }",
        "messengerLink { account { id } }",
        "phones { number }",
        "adTopics { topic }",
    ],
)
async def test_i47_an_objector_first_asked_about_afterwards_is_not_named(
    sides: list[Side], fields: str
) -> None:
    """I7: a client that was only ever told null or an empty list gets no notice; here of ten objectors."""
    side = sides[0]
    await begin(side, _people(20))
    (client, _) = await clients_of(side)
    for member in range(1, 11):
        await record(stores(side), RULES, member, purposes=frozenset(OBJECTABLE), channel="test")
    for member in range(1, 21):
        reply = await client.ask(ADS, f'{{ socialAccount(id: "sa_{1_000 + member}") {{ {fields} }} }}')
        assert reply.data["socialAccount"] is not None
    await issue_all(side)
    assert await feed(client, ADS) == []


async def test_i46_numbers_and_days_tell_a_client_nothing_of_others(sides: list[Side]) -> None:
    """Each client counts its own notices for each purpose from 1, and sees days instead of times."""
    side = sides[0]
    await begin(side, _people(12))
    clients = await clients_of(side)
    by_id = '{{ messengerAccount(id: "ma_{}") {{ id }} }}'
    for member in range(1, 13):
        for place, purpose in ((0, ADS), (0, FRIENDS), (1, ADS)):
            if (member + place) % 2 == 0 or purpose is FRIENDS:
                assert (await clients[place].ask(purpose, by_id.format(member))).data["messengerAccount"]
        await record(stores(side), RULES, member, purposes=frozenset(OBJECTABLE), channel="test")
        await issue_all(side)
    days = set()
    for client, purpose, many in ((clients[0], ADS, 6), (clients[0], FRIENDS, 12), (clients[1], ADS, 6)):
        found = await feed(client, purpose)
        assert [each["number"] for each in found] == [str(n) for n in range(1, many + 1)]
        days |= {(each["objectedAt"], each["issuedAt"], each["dueAt"]) for each in found}
    # Two if the test ran over midnight.
    assert len(days) <= 2
    for each in days:
        assert [datetime.date.fromisoformat(day) for day in each]


async def test_i47_what_is_received_after_a_withdrawal_is_not_recalled(sides: list[Side]) -> None:
    """A client that first sees a person who is back does not learn that they were away."""
    side = sides[0]
    await begin(side, _people(1))
    (client, _) = await clients_of(side)
    await record(stores(side), RULES, 1, purposes=frozenset({ADS}), channel="test")
    await withdraw(stores(side), RULES, 1, purposes=frozenset({ADS}), channel="test")
    reply = await client.ask(ADS, '{ messengerAccount(id: "ma_1") { phone } }')
    assert reply.data["messengerAccount"] is not None
    await issue_all(side)
    assert await feed(client, ADS) == []


@pytest.mark.parametrize("member", [1, 2])
async def test_i47_a_suggestion_from_an_address_book_is_recalled_from_both_ends(
    sides: list[Side], member: int
) -> None:
    """Whether the owner of the book objects or the person in it, the client is notified of that account."""
    side = sides[0]
    await begin(side, replace(_people(2), contacts=(Contact(1, 2),)))
    (client, _) = await clients_of(side)
    asked = "{ friendSuggestions { basis mutualFriendCount } }"
    reply = await client.ask(FRIENDS, f'{{ socialAccount(id: "sa_1001") {asked} }}')
    assert [each["basis"] for each in reply.data["socialAccount"]["friendSuggestions"]] == [
        "MESSENGER_CONTACT"
    ]
    await record(stores(side), RULES, member, purposes=frozenset({FRIENDS}), channel="test")
    await issue_all(side)
    assert [each["account"] for each in await feed(client, FRIENDS)] == [f"sa_{1_000 + member}"]
