"""The people of an entry are part of the ledger's proof (I50): each change of a link is found and named.

A real gateway writes the entries; then the database's owner, who can switch off triggers, changes what they
like. They know no key of the gateway.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from gateway.ledger.chain import Signer
from gateway.ledger.checkpoints import checkpoints, read_checkpoint
from gateway.ledger.commitments import ADD_EVENT, EventKind, PeopleStream, commitment
from gateway.ledger.record import Ledger
from gateway.ledger.references import cover_people
from gateway.ledger.reports import Span, of_person
from gateway.ledger.retention import forget
from gateway.ledger.verify_people import has_exchanged_link
from resolvers.plan.principal import Principal
from resolvers.stores.pool import StoreLogin
from tests.commands.test_cli import command
from tests.gateway.test_ledger_reports import name_in_environment
from tests.gateway.test_ledger_verify import (
    CALLER,
    ENTRIES,
    KEY,
    QUESTION,
    Written,
    empty,
    numbers,
    side,
    written,
)
from tests.kit.gateway import Side, trials

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection

__all__ = ["side", "written"]

SPAN = Span(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


@dataclass(frozen=True)
class Link:
    """A row of `control.ledger_person`."""

    account: int
    reference: int
    salt: bytes


async def links(control: Connection) -> list[Link]:
    """The links, in the order of the accounts."""
    rows = await control.fetch(
        "SELECT account_id, reference, salt FROM control.ledger_person ORDER BY account_id"
    )
    return [Link(*row) for row in rows]


def name(reference: int) -> str:
    """A reference as AUDIT shows it."""
    return f"pl_{reference:016x}"


async def report_of(control: Connection, account: int) -> list[Any]:
    """The requests of all entries about the account."""
    found = await of_person(control, Principal(messenger_id=account), SPAN)
    return sorted(row[found.columns.index("request")] for row in found.rows)


async def swap(written: Written, one: Link, other: Link, *, with_salts: bool = False) -> None:
    """Let two accounts exchange their references."""
    await written.tamper("DELETE FROM control.ledger_person WHERE reference IN ($1, $2)", *ids(one, other))
    for mine, theirs in ((one, other), (other, one)):
        salt = theirs.salt if with_salts else mine.salt
        await add_link(written, Link(theirs.account, mine.reference, salt))


async def add_link(written: Written, link: Link) -> None:
    """Put a link there."""
    await written.tamper(
        "INSERT INTO control.ledger_person (store, account_id, reference, salt)"
        " VALUES ('messenger', $1, $2, $3)",
        link.account,
        link.reference,
        link.salt,
    )


def ids(*given: Link) -> list[int]:
    """Their references."""
    return [each.reference for each in given]


# --- attacks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("with_salts", [False, True])
async def test_i50_swapped_people_are_found(written: Written, with_salts: bool) -> None:
    """Two people whose rows are exchanged would have each other's report; verification names both."""
    one, other = (await links(written.control))[2:4]
    before = await report_of(written.control, one.account)
    await swap(written, one, other, with_salts=with_salts)
    assert await report_of(written.control, other.account) == before
    found = numbers(await written.verified())
    assert found == {f"exchanged person {name(each)}" for each in ids(one, other)}


async def test_i50_a_report_of_an_exchanged_person_says_so(
    side: Side, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command that prints a person's report warns, with status 1, if the entries may be another's."""
    one, other = (await links(written.control))[2:4]
    assert not await has_exchanged_link(written.control, Principal(messenger_id=one.account))
    await swap(written, one, other)
    assert await has_exchanged_link(written.control, Principal(messenger_id=one.account))
    name_in_environment(side, monkeypatch)
    await side.messenger.execute(
        "INSERT INTO messenger.account (id, phone, country_code, registered_at)"
        " VALUES ($1, '+4915110000001', 'DE', now()) ON CONFLICT DO NOTHING",
        one.account,
    )
    said = await command("ledger", "subject", f"ma_{one.account}")
    assert said.status == 1 and "may be another person's" in said.err


async def test_i50_a_removed_person_is_found(written: Written) -> None:
    """A person whose link was deleted without a record is named; `forget` leaves a record, and is not."""
    one, other = (await links(written.control))[2:4]
    await written.tamper("DELETE FROM control.ledger_person WHERE reference = $1", one.reference)
    assert await forget(written.control, KEY, Principal(messenger_id=other.account), reason="asked") == 1
    found = await written.verified()
    assert numbers(found) == {f"removed person {name(one.reference)}"}
    assert found.people.erased == 1


async def test_i50_a_forged_forget_is_found(written: Written) -> None:
    """A record of an erasure that the gateway's key did not sign is named."""
    one = (await links(written.control))[2]
    await written.tamper("DELETE FROM control.ledger_person WHERE reference = $1", one.reference)
    forged = PeopleStream(Signer(bytes(32))).next(
        EventKind.ERASED, datetime.now(UTC), [one.reference], reason="as if asked"
    )
    await written.control.execute(ADD_EVENT, *forged)
    assert numbers(await written.verified()) == {"forged event 1"}


async def test_i50_an_erasure_for_another_person_is_found(written: Written) -> None:
    """A genuine record of an erasure cannot be changed to cover another person, or another reason."""
    one, other = (await links(written.control))[2:4]
    await forget(written.control, KEY, Principal(messenger_id=one.account), reason="asked")
    await written.tamper(
        "UPDATE control.ledger_reference SET people = people || $1::bigint WHERE kind = 'ERASED'",
        other.reference,
    )
    await written.tamper("DELETE FROM control.ledger_person WHERE reference = $1", other.reference)
    assert numbers(await written.verified()) == {"changed event 1"}


async def test_i50_a_person_who_returns_is_found(written: Written) -> None:
    """A link that is put back after its erasure, out of a backup with its salt, is named."""
    one = (await links(written.control))[2]
    await forget(written.control, KEY, Principal(messenger_id=one.account), reason="asked")
    await add_link(written, one)
    assert numbers(await written.verified()) == {f"returned person {name(one.reference)}"}


async def test_i50_a_person_without_a_commitment_is_found(written: Written) -> None:
    """A link or an entry whose reference has no commitment is named."""
    one, other = (await links(written.control))[2:4]
    await add_link(written, Link(99, 12345, bytes(16)))
    await written.tamper("TRUNCATE control.ledger_reference")
    covered = PeopleStream(KEY).next(EventKind.COVERED, datetime(2020, 1, 1, tzinfo=UTC))
    await written.control.execute(ADD_EVENT, *covered)
    await written.tamper("DELETE FROM control.ledger_person WHERE reference = $1", one.reference)
    found = numbers(await written.verified())
    assert {f"unrecorded person {name(each)}" for each in (12345, one.reference, other.reference)} <= found


async def test_i50_events_that_are_gone_are_found(written: Written) -> None:
    """The end of the events cannot be cut, nor all of them deleted: their people are in entries."""
    one = (await links(written.control))[2]
    await written.tamper("DELETE FROM control.ledger_reference WHERE $1 = ANY (people)", one.reference)
    found = numbers(await written.verified())
    assert f"unrecorded person {name(one.reference)}" in found
    await written.tamper("DELETE FROM control.ledger_reference WHERE kind = 'COVERED'")
    assert "removed event since when references are covered" in numbers(await written.verified())


async def test_i50_published_events_that_are_gone_are_found(written: Written) -> None:
    """With published checkpoints a removed record of an erasure is found, even if the link is put back."""
    one = (await links(written.control))[2]
    await forget(written.control, KEY, Principal(messenger_id=one.account), reason="asked")
    published = [read_checkpoint(line) async for line in checkpoints(written.control, None)]
    await written.tamper("DELETE FROM control.ledger_reference WHERE kind = 'ERASED'")
    await add_link(written, one)
    assert numbers(await written.verified()) == set()
    assert numbers(await written.verified(published=published)) == {"removed 1"}


# --- every generated tampering --------------------------------------------------------------------

Tamper = Callable[[Written, Random], Awaitable[None]]


async def _swap_two(written: Written, random: Random) -> None:
    await swap(written, *random.sample(await links(written.control), 2), with_salts=random.random() < 0.5)


async def _rotate_three(written: Written, random: Random) -> None:
    three = random.sample(await links(written.control), 3)
    await written.tamper("DELETE FROM control.ledger_person WHERE reference = ANY($1)", ids(*three))
    for mine, theirs in zip(three, three[1:] + three[:1], strict=True):
        await add_link(written, Link(theirs.account, mine.reference, mine.salt))


async def _remove_some(written: Written, random: Random) -> None:
    some = random.sample(await links(written.control), random.randint(1, 4))
    await written.tamper("DELETE FROM control.ledger_person WHERE reference = ANY($1)", ids(*some))


async def _move_to_no_account(written: Written, random: Random) -> None:
    one = random.choice(await links(written.control))
    await written.tamper(
        "UPDATE control.ledger_person SET account_id = $2 WHERE reference = $1",
        one.reference,
        random.randint(1_000, 10**12),
    )


async def _move_to_the_other_store(written: Written, random: Random) -> None:
    one = random.choice(await links(written.control))
    await written.tamper(
        "UPDATE control.ledger_person SET store = 'social' WHERE reference = $1", one.reference
    )


async def _other_salt(written: Written, random: Random) -> None:
    one = random.choice(await links(written.control))
    await written.tamper(
        "UPDATE control.ledger_person SET salt = $2 WHERE reference = $1", one.reference, random.randbytes(16)
    )


async def _new_reference(written: Written, random: Random) -> None:
    one = random.choice(await links(written.control))
    await written.tamper(
        "UPDATE control.ledger_person SET reference = $2 WHERE reference = $1",
        one.reference,
        random.getrandbits(63),
    )


async def _other_commitment(written: Written, random: Random) -> None:
    """Swap, with the commitments that would fit, hashed again; the signature is what an attacker lacks."""
    one, other = random.sample(await links(written.control), 2)
    await swap(written, one, other)
    for mine, theirs in ((one, other), (other, one)):
        fitting = commitment(mine.salt, "messenger", theirs.account, reference=mine.reference)
        own = commitment(mine.salt, "messenger", mine.account, reference=mine.reference)
        await written.tamper(
            "UPDATE control.ledger_reference SET commitments = "
            "decode(replace(encode(commitments, 'hex'), encode($1, 'hex'), encode($2, 'hex')), 'hex')",
            own,
            fitting,
        )


async def _remove_an_event(written: Written, random: Random) -> None:
    drawn = await written.control.fetch(
        "SELECT stream, number FROM control.ledger_reference WHERE kind = 'DRAWN'"
    )
    await written.tamper(
        "DELETE FROM control.ledger_reference WHERE stream = $1 AND number = $2", *random.choice(drawn)
    )


async def _renumber_events(written: Written, random: Random) -> None:
    (stream,) = random.choice(
        await written.control.fetch(
            "SELECT DISTINCT stream FROM control.ledger_reference WHERE kind = 'DRAWN'"
        )
    )
    await written.tamper(
        "UPDATE control.ledger_reference SET number = number + 1000 WHERE stream = $1", stream
    )


TAMPERINGS: tuple[Tamper, ...] = (
    _swap_two,
    _rotate_three,
    _remove_some,
    _move_to_no_account,
    _move_to_the_other_store,
    _other_salt,
    _new_reference,
    _other_commitment,
    _remove_an_event,
    _renumber_events,
)


@pytest.mark.parametrize("tampering", TAMPERINGS, ids=lambda each: each.__name__.strip("_"))
async def test_i50_every_generated_tampering_is_found(written: Written, tampering: Tamper) -> None:
    """Whatever is done to the links and their events, alone or after erasures, verification finds it."""
    for trial in range(trials(2)):
        random = Random(f"{tampering.__name__} {trial}")
        kept = await snapshot(written.control)
        some = random.sample(await links(written.control), random.randint(0, 2))
        for each in some:
            await forget(written.control, KEY, Principal(messenger_id=each.account), reason="asked")
        assert (await written.verified()).discrepancies == []
        await tampering(written, random)
        assert (await written.verified()).discrepancies != [], trial
        await put_back(written, kept)
        assert (await written.verified()).discrepancies == []


async def snapshot(control: Connection) -> list[list[Any]]:
    """The rows of the two tables about references."""
    return [await control.fetch(f"SELECT * FROM control.ledger_{table}") for table in ("person", "reference")]


async def put_back(written: Written, kept: list[list[Any]]) -> None:
    """Let the two tables hold these rows again."""
    for table, rows in zip(("person", "reference"), kept, strict=True):
        await written.tamper(f"TRUNCATE control.ledger_{table}")
        places = ", ".join(f"${place}" for place in range(1, len(rows[0]) + 1))
        for row in rows:
            await written.tamper(f"INSERT INTO control.ledger_{table} VALUES ({places})", *row)


# --- references of before -------------------------------------------------------------------------


async def test_people_of_before_are_proved_from_the_first_start_on(side: Side, written: Written) -> None:
    """References from before commitments are adopted once; verification says since when, and how many."""
    await written.tamper("TRUNCATE control.ledger_reference")
    unproved = await written.verified()
    assert (unproved.discrepancies, unproved.people.since) == ([], None)
    assert unproved.people.uncovered == unproved.people.people == ENTRIES
    login = StoreLogin(side.settings.owner_dsn("control"), "control_ledger")
    gone = (await links(written.control))[0]
    await written.tamper("DELETE FROM control.ledger_person WHERE reference = $1", gone.reference)
    assert await cover_people(login, KEY, lambda: datetime.now(UTC)) == ENTRIES - 1
    assert await cover_people(login, KEY, lambda: datetime.now(UTC)) == 0
    found = await written.verified()
    assert (found.discrepancies, found.people.adopted, found.people.uncovered) == ([], ENTRIES - 1, 1)
    one, other = (await links(written.control))[2:4]
    await swap(written, one, other)
    assert len((await written.verified()).discrepancies) == 2


async def test_concurrent_draws_for_the_same_people_are_all_proved(side: Side) -> None:
    """Gateways that draw for the same people at once leave one reference and one commitment each."""
    await empty(side.control)
    login = StoreLogin(side.settings.owner_dsn("control"), "control_ledger")
    several = [Ledger(login, KEY, lambda: datetime.now(UTC)) for _ in range(4)]
    await several[0].cover_people()
    keys = [str(number) for number in range(300)]

    async def disclose(ledger: Ledger, mine: list[str]) -> None:
        for first in range(0, len(mine), 20):
            people = await ledger.people(QUESTION, {0: mine[first : first + 20]}, ())
            await ledger.record(b"r", CALLER, QUESTION, people=people, whole=True)
        await ledger.close()

    orders = [Random(place).sample(keys, len(keys)) for place in range(4)]
    await asyncio.gather(*itertools.starmap(disclose, zip(several, orders, strict=True)))
    found = await Written(side.control, []).verified()
    assert (found.discrepancies, found.people.people) == ([], 300)


async def test_erased_links_leave_nothing_that_leads_back(written: Written) -> None:
    """After an erasure no salt of the person is left, so their commitment can be tested for no account."""
    one = (await links(written.control))[2]
    await forget(written.control, KEY, Principal(messenger_id=one.account), reason="asked")
    dumped = str(await snapshot(written.control))
    assert str(one.salt) not in dumped
    assert f"account_id={one.account} " not in dumped
