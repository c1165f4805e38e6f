"""Every kind of change to the ledger's entries is found and named by the verification (I42).

A real gateway writes the entries; then the database's owner, who can switch off triggers, changes what they
like. The verifier has only the public key.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from gateway.access.tokens import Caller
from gateway.ledger.chain import (
    CHECKPOINT,
    CUT,
    Entry,
    Signed,
    Signer,
    StreamHead,
    entry_hash,
    initial_hash,
    is_signed,
    question_key,
)
from gateway.ledger.checkpoints import checkpoint_line, checkpoints, read_checkpoint
from gateway.ledger.record import Ledger
from gateway.ledger.retention import TooLate, drop_before, forget, signer_of
from gateway.ledger.verify import Verified, verify
from resolvers.plan.principal import Principal
from resolvers.plan.subjects import DisclosureShape, SubjectPlace
from resolvers.sources.catalogue import Store
from resolvers.stores.pool import StoreLogin
from schema.purposes import Purpose
from tests.kit.gateway import NewDatabase, Side, open_side, trials

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection

KEY = Signer(bytes(range(32)))
QUESTION = DisclosureShape(Purpose.SECURITY, "policy", "document", (SubjectPlace(Store.MESSENGER, ("A.b",)),))
OTHER = DisclosureShape(Purpose.AUDIT, "policy", "document", (SubjectPlace(Store.MESSENGER, ("A.c",)),))
CALLER = Caller("client", 1, Purpose.SECURITY)
ENTRIES = 12
COLUMNS = ("request", "client", "credential", "question", "outcome", "counts", "people", "hash", "at")


@pytest.fixture(scope="module")
async def side(new_database: NewDatabase) -> AsyncIterator[Side]:
    """A gateway with its own stores."""
    async with open_side(new_database) as opened:
        yield opened


@dataclass
class Written:
    """A ledger of two streams, and a connection that may change it."""

    control: Connection
    streams: list[bytes]

    async def verified(self, **asked: Any) -> Verified:
        """The result of the verification."""
        return await verify(self.control, KEY.public, **asked)

    async def entries(self, stream: bytes) -> list[Any]:
        """The stream's entries, in order."""
        return await self.control.fetch(
            "SELECT * FROM control.ledger_entry WHERE stream = $1 ORDER BY number", stream
        )

    async def tamper(self, sql: str, *arguments: Any) -> None:
        """Run a statement that the triggers would refuse."""
        async with self.control.transaction():
            await self.control.execute("SET LOCAL session_replication_role = replica")
            await self.control.execute(sql, *arguments)


async def empty(control: Connection) -> None:
    """An empty ledger."""
    async with control.transaction():
        await control.execute("SET LOCAL session_replication_role = replica")
        for table in ("entry", "checkpoint", "cut", "question", "person", "reference"):
            await control.execute(f"TRUNCATE control.ledger_{table}")


@pytest.fixture
async def written(side: Side) -> Written:
    """Two streams of a dozen entries each, signed at their ends."""
    await empty(side.control)
    login = StoreLogin(side.settings.owner_dsn("control"), "control_ledger")
    for _ in range(2):
        ledger = Ledger(login, KEY, lambda: datetime.now(UTC))
        await ledger.cover_people()
        for number in range(ENTRIES):
            shape = QUESTION if number % 3 else OTHER
            people = await ledger.people(shape, {0: [str(number), "7"]}, ())
            await ledger.record(b"r%d" % number, CALLER, shape, people=people, whole=True)
        await ledger.close()
    streams = [row[0] for row in await side.control.fetch("SELECT DISTINCT stream FROM control.ledger_entry")]
    return Written(side.control, streams)


def numbers(found: Verified) -> set[str]:
    """The discrepancies, without their streams."""
    return {f"{each.what} {each.numbers}".strip() for each in found.discrepancies}


async def test_an_untouched_ledger_is_whole(written: Written) -> None:
    """Every entry, stream and checkpoint is verified, and all entries are signed."""
    found = await written.verified()
    assert found.discrepancies == []
    assert (found.entries, found.streams, found.unsigned) == (2 * ENTRIES, 2, 0)
    assert found.checkpoints >= 2


async def test_a_gateway_s_own_ledger_is_whole(new_database: NewDatabase) -> None:
    """A gateway's real entries and its own key; only entries of the last second may be unsigned."""
    async with open_side(new_database) as side:
        for _ in range(5):
            await side.ask(Purpose.SECURITY, "{ messengerAccounts { nodes { id } } }")
        found = await verify(side.control, signer_of(side.settings).public)
        assert (found.discrepancies, found.entries) == ([], 5)
        wrong = await verify(side.control, KEY.public)
        assert {each.what for each in wrong.discrepancies} == {"forged checkpoint", "forged event"}


async def test_an_empty_ledger_is_whole(side: Side) -> None:
    """An empty ledger has no discrepancy."""
    await empty(side.control)
    assert await verify(side.control, KEY.public) == Verified()


@pytest.mark.parametrize("column", COLUMNS)
async def test_i42_a_changed_entry_is_named(written: Written, column: str) -> None:
    """The verification names an entry with any changed column."""
    for number in Random(column).sample(range(1, ENTRIES + 1), trials(3)):
        stream = Random(f"{column}{number}").choice(written.streams)
        before = (await written.entries(stream))[number - 1][column]
        after = {
            "question": QUESTION.key if before != QUESTION.key else OTHER.key,
            "outcome": "PARTIAL",
            "counts": [9],
            "people": [*before, 5] if column == "people" else None,
            "hash": bytes(32),
            "at": before + timedelta(microseconds=1) if column == "at" else None,
        }.get(column, "something else")
        change = f"UPDATE control.ledger_entry SET {column} = $1 WHERE stream = $2 AND number = $3"
        await written.tamper(change, after, stream, number)
        found = await written.verified()
        assert any(
            (each.stream, each.numbers) == (stream.hex(), str(number)) for each in found.discrepancies
        ), found
        await written.tamper(change, before, stream, number)
    assert (await written.verified()).discrepancies == []


@pytest.mark.parametrize("number", [1, 2, 7, ENTRIES])
async def test_i42_a_removed_entry_is_named(written: Written, number: int) -> None:
    """The verification names a removed entry: the first, one in the middle, or the last."""
    stream = written.streams[0]
    await written.tamper("DELETE FROM control.ledger_entry WHERE stream = $1 AND number = $2", stream, number)
    assert numbers(await written.verified()) == {f"removed {number}"}


async def test_i42_removed_ends_are_named(written: Written) -> None:
    """The verification names a removed end of a stream, because the signed head has the last number."""
    first, second = written.streams
    await written.tamper("DELETE FROM control.ledger_entry WHERE stream = $1 AND number > 5", first)
    await written.tamper("DELETE FROM control.ledger_entry WHERE stream = $1", second)
    assert numbers(await written.verified()) == {f"removed 6 to {ENTRIES}", f"removed 1 to {ENTRIES}"}


async def test_i42_an_inserted_entry_is_named(written: Written) -> None:
    """The verification names an inserted entry, under an existing number or after the end."""
    stream = written.streams[0]
    row = (await written.entries(stream))[4]
    insert = (
        "INSERT INTO control.ledger_entry (at, stream, number, request, client, credential, question,"
        " outcome, counts, people, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
    )
    values = [row[name] for name in ("request", "client", "credential", "question", "outcome", "counts")]
    copy = (row["at"] + timedelta(hours=-1), stream, 5, *values, row["people"], row["hash"])
    if copy[0].date() == row["at"].date():
        await written.tamper(insert, *copy)
        assert {each.numbers for each in (await written.verified()).discrepancies} & {"5", "1 to 4"}
        await written.tamper("DELETE FROM control.ledger_entry WHERE at = $1", copy[0])
    forged = (datetime.now(UTC), stream, ENTRIES + 1, *values, row["people"], row["hash"])
    await written.tamper(insert, *forged)
    assert numbers(await written.verified()) == {f"changed {ENTRIES + 1}"}


async def test_i42_moved_entries_are_named(written: Written) -> None:
    """The verification names two entries with exchanged numbers."""
    stream = written.streams[0]
    swap = (
        "UPDATE control.ledger_entry SET number = CASE number WHEN 5 THEN 6 ELSE 5 END"
        " WHERE stream = $1 AND number IN (5, 6)"
    )
    await written.tamper(swap, stream)
    found = await written.verified()
    assert {"moved: written as 6 5", "moved: written as 5 6"} & numbers(found)
    assert {each.numbers for each in found.discrepancies} <= {"5", "6"}
    await written.tamper(swap, stream)
    assert (await written.verified()).discrepancies == []


async def test_i42_a_rewritten_stream_is_named(written: Written) -> None:
    """A stream whose hashes were recomputed after a change is named, because the signatures do not match."""
    stream = written.streams[0]
    await written.tamper(
        "UPDATE control.ledger_entry SET client = 'other' WHERE stream = $1 AND number = 5", stream
    )
    before = initial_hash(stream)
    rows = await written.control.fetch(
        "SELECT at, number, request, client, credential, question, outcome, counts::text, people::text,"
        " asked::text FROM control.ledger_entry WHERE stream = $1 ORDER BY number",
        stream,
    )
    for row in rows:
        before = entry_hash(before, Entry(*row))
        await written.tamper(
            "UPDATE control.ledger_entry SET hash = $3 WHERE stream = $1 AND number = $2",
            stream,
            row["number"],
            before,
        )
    found = await written.verified()
    assert {each.what for each in found.discrepancies} == {"rewritten: not what was signed"}
    assert f"up to {ENTRIES}" in {each.numbers for each in found.discrepancies}


@pytest.mark.parametrize("column", ["number", "hash", "signature", "at"])
async def test_i42_a_changed_checkpoint_is_named(written: Written, column: str) -> None:
    """The verification names a changed checkpoint, because only the key's holder can sign one."""
    value = {"number": "number + 1", "at": "at + interval '1 s'"}.get(
        column, f"decode(repeat('00', octet_length({column})), 'hex')"
    )
    await written.tamper(
        f"UPDATE control.ledger_checkpoint SET {column} = {value} WHERE stream = $1", written.streams[0]
    )
    assert any(each.startswith("forged checkpoint") for each in numbers(await written.verified()))


async def test_i42_published_checkpoints_show_a_removed_stream(written: Written) -> None:
    """Published checkpoints show the removal of a whole stream with its checkpoints."""
    published = [read_checkpoint(line) async for line in _lines(checkpoints(written.control, None))]
    stream = written.streams[0]
    await written.tamper("DELETE FROM control.ledger_entry WHERE stream = $1", stream)
    await written.tamper("DELETE FROM control.ledger_checkpoint WHERE stream = $1", stream)
    assert (await written.verified()).discrepancies == []
    found = await written.verified(published=published)
    assert [(each.what, each.stream, each.numbers) for each in found.discrepancies] == [
        ("removed", stream.hex(), f"1 to {ENTRIES}")
    ]


async def _lines(lines: AsyncIterator[str]) -> AsyncIterator[str]:
    async for line in lines:
        yield line


@pytest.mark.parametrize("what", ["changed", "removed"])
async def test_i42_an_exchanged_shape_is_named(written: Written, what: str) -> None:
    """The verification names an entry whose shape, which says what was disclosed, was exchanged."""
    if what == "removed":
        await written.tamper("DELETE FROM control.ledger_question WHERE key = $1", QUESTION.key)
    else:
        async with written.control.transaction():
            await written.control.execute("SET LOCAL session_replication_role = replica")
            name = await written.control.fetchval(
                "SELECT conname FROM pg_constraint WHERE conrelid = 'control.ledger_question'::regclass"
                " AND contype = 'c'"
            )
            await written.control.execute(f"ALTER TABLE control.ledger_question DROP CONSTRAINT {name}")
            await written.control.execute(
                "UPDATE control.ledger_question SET text = replace(text, 'A.b', 'A.x') WHERE key = $1",
                QUESTION.key,
            )
    found = numbers(await written.verified())
    if what == "changed":
        await written.tamper("DELETE FROM control.ledger_question")
        await written.control.execute(
            f"ALTER TABLE control.ledger_question ADD CONSTRAINT {name}"
            " CHECK (key = sha256(convert_to(text, 'UTF8')))"
        )
    assert found == {f"{what} question"}


async def test_entries_before_the_given_time_are_not_missed(written: Written) -> None:
    """A verification from a given time reads and checks the later entries alone."""
    rows = await written.entries(written.streams[0])
    middle = rows[6]["at"]
    assert (await written.verified(since=middle)).discrepancies == []
    await written.tamper(
        "UPDATE control.ledger_entry SET client = 'other' WHERE stream = $1 AND number = 9",
        written.streams[0],
    )
    assert numbers(await written.verified(since=middle)) == {"changed 9"}


async def test_dropped_days_are_not_missed_and_other_entries_are(written: Written) -> None:
    """Days dropped by the command are no discrepancy; entries removed in another way are."""
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    await written.control.execute("SELECT control.open_ledger_day($1)", yesterday)
    stream = b"yesterda"
    before, at = initial_hash(stream), datetime.now(UTC) - timedelta(days=1)
    for number in (1, 2, 3):
        late = at if number < 3 else datetime.now(UTC)
        entry = Entry(late, number, "r", "c", "token 1", QUESTION.key, "WHOLE", "{0}", "{}", None)
        before = entry_hash(before, entry)
        await written.control.execute(
            "INSERT INTO control.ledger_entry (at, number, request, client, credential, question, outcome,"
            " counts, people, stream, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, '{0}', '{}', $8, $9)",
            *entry[:7],
            stream,
            before,
        )
    assert (await written.verified()).discrepancies == []
    today = datetime.now(UTC).date()
    assert str(yesterday) in await drop_before(written.control, KEY, today)
    assert await drop_before(written.control, KEY, today) == []
    found = await written.verified()
    assert (found.discrepancies, found.entries) == ([], 2 * ENTRIES + 1)
    await written.tamper("DELETE FROM control.ledger_cut")
    assert numbers(await written.verified()) == {"removed 1 to 2"}
    with pytest.raises(TooLate):
        await drop_before(written.control, KEY, today + timedelta(days=1))


async def test_a_forgotten_person_leaves_the_proof_whole(written: Written) -> None:
    """After a person is forgotten their entries are unchanged, and the ledger verifies."""
    assert await forget(written.control, KEY, Principal(messenger_id=7), reason="a request") == 1
    assert await forget(written.control, KEY, Principal(messenger_id=7), reason="a request") == 0
    assert (await written.verified()).discrepancies == []


def test_a_line_is_read_as_it_was_written() -> None:
    """A checkpoint's line is read as it was written, and no other text is accepted."""
    head = StreamHead(b"12345678", 5, datetime(2026, 11, 25, 1, 2, 3, 4, tzinfo=UTC), bytes(32))
    signed = Signed(head, KEY.sign(CHECKPOINT, head))
    assert read_checkpoint(checkpoint_line(signed)) == signed
    assert is_signed(KEY.public, CHECKPOINT, head, signature=signed.signature)
    assert not is_signed(KEY.public, CUT, head, signature=signed.signature)
    for wrong in ("", "{}", "[]", "x", checkpoint_line(signed).replace("number", "nummer"), "null"):
        with pytest.raises(ValueError):
            read_checkpoint(wrong)
    assert question_key(QUESTION.text.decode()) == QUESTION.key
