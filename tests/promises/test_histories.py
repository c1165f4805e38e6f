"""An acknowledged objection binds through everything that happens to a store (I16, I24, I48)."""

from __future__ import annotations

import asyncio
import datetime
import os
from collections.abc import AsyncIterator
from random import Random

import pytest

from resolvers.changes.objections import Rules
from resolvers.sources.catalogue import Store
from schema.purposes import OBJECTABLE
from schema.terms.profiles import Profile
from tests.kit.gateway import ADS, FRIENDS, SECURITY, NewDatabase, Side, open_side, trials
from tests.kit.lives import MEMBERS, History, load_all

# `GATEWAY_HISTORIES=100000` runs that many in all, always the same for a number.
HISTORIES = int(os.environ.get("GATEWAY_HISTORIES", "200"))
STEPS = 4
REPAIRED_SECONDS = 60
NOW = datetime.datetime(2016, 10, 2, 12, tzinfo=datetime.UTC)
RULES = Rules(Profile.SEED_2016, lambda: NOW)
_EACH = {
    "ids": ", ".join(f'"ma_{n}"' for n in MEMBERS),
    "phones": ", ".join(f'"+491511000000{n}"' for n in MEMBERS),
}
_PEOPLE = ", ".join(f'"sa_1{n}"' for n in MEMBERS)
# Each member in each form in which the purpose could be given them.
ASKED = {
    ADS: f"""{{
      listed: messengerAccounts(ids: [{_EACH["ids"]}]) {{ nodes {{ id phone usage {{ messagesSent28 }} }} }}
      numbers: messengerAccounts(phoneNumbers: [{_EACH["phones"]}]) {{ nodes {{ id phone }} }}
      page: messengerAccounts {{ nodes {{ id }} }}
      linked: socialAccounts(ids: [{_PEOPLE}]) {{
        nodes {{ phones {{ number }} adTopics {{ topic }} messengerLink {{ account {{ id phone }} }} }}
      }}
    }}""",
    FRIENDS: f"""{{
      listed: messengerAccounts(ids: [{_EACH["ids"]}]) {{ nodes {{ id contacts {{ nodes {{ id }} }} }} }}
      linked: socialAccounts(ids: [{_PEOPLE}]) {{ nodes {{ messengerLink {{ account {{ id }} }} }} }}
    }}""",
}


@pytest.fixture(scope="module")
async def side(new_database: NewDatabase) -> AsyncIterator[Side]:
    """A gateway before stores of its own, which know four members."""
    async with open_side(new_database) as opened:
        for store in (Store.MESSENGER, Store.SOCIAL):
            await load_all(opened.owner(store), store)
        await opened.wait_until_ready()
        yield opened


def named_in(body: bytes) -> set[int]:
    """The members that an answer names: by identifier, by number, or by what was learnt about them."""
    return {
        member
        for member in MEMBERS
        if any(
            sign in body
            for sign in (b'"ma_%d"' % member, b'"+491511000000%d"' % member, b'"Topic of %d"' % member)
        )
    }


async def named(history: History) -> dict[str, set[int]]:
    """By purpose, the members that its answer names now; a refusal names no one."""
    return {
        purpose.value: named_in((await history.side.ask(purpose, document)).body)
        for purpose, document in ASKED.items()
    }


def hidden(history: History) -> dict[str, set[int]]:
    """By purpose, the members whose objection was acknowledged."""
    return {
        purpose.value: {member for member, bits in history.acknowledged.items() if bits & OBJECTABLE[purpose]}
        for purpose in ASKED
    }


async def test_i48_no_answer_names_a_member_whose_objection_was_acknowledged(side: Side) -> None:
    """Random histories of objections, withdrawals, loads, replicas, restores and edits by hand.

    After each step no answer under an objectable purpose names a member who objects to it. Each history
    ends with a store that is repaired: then everybody else is there, and SECURITY sees all. The next one
    goes on from there.
    """
    acknowledged = dict.fromkeys(MEMBERS, 0)
    for number in range(trials(HISTORIES)):
        history = History(side, Random(f"history {number}"), RULES, acknowledged)
        for _ in range(STEPS):
            await history.step()
            seen, out_of_sight = await named(history), hidden(history)
            wrong = {purpose: seen[purpose] & out_of_sight[purpose] for purpose in seen}
            assert not any(wrong.values()), (number, history.told, wrong)
        await everybody_else_is_there(history, number)


async def everybody_else_is_there(history: History, number: int) -> None:
    """The gateway repairs what it found, and hides no one who does not object."""
    side = history.side
    expected = {purpose: set(MEMBERS) - members for purpose, members in hidden(history).items()}
    async with asyncio.timeout(REPAIRED_SECONDS):
        while await named(history) != expected:
            await side.verifier.judged()
    everyone = await side.ask(SECURITY, "{ messengerAccounts { nodes { id } } }")
    assert named_in(everyone.body) == set(MEMBERS), (number, history.told)
