"""A running gateway publishes its signed heads: with them a cut end or a whole stream is missed (I42)."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from gateway.ledger.chain import CHECKPOINT, Signed, StreamHead
from gateway.ledger.checkpoints import read_checkpoint
from gateway.ledger.publishing import Place, append, open_publisher, publisher_of, run_command
from gateway.ledger.retention import signer_of
from gateway.ledger.verify import verify
from gateway.upkeep.doctor import State, examine
from schema.purposes import Purpose
from tests.gateway.test_ledger_verify import KEY, Written, numbers, side, written
from tests.kit.gateway import NewDatabase, Side, open_side, trials

__all__ = ["side", "written"]

SOME_TIME = datetime(2026, 11, 25, tzinfo=UTC)
ALL = "{ messengerAccounts { nodes { id } } }"


def heads_in(file: Path) -> list[Signed]:
    """The heads that were published to the file."""
    return [read_checkpoint(line) for line in file.read_text().splitlines()]


@pytest.fixture
async def publishing(new_database: NewDatabase, tmp_path: Path) -> AsyncIterator[Side]:
    """A gateway that publishes to a file each second."""
    async with open_side(
        new_database, checkpoint_file=tmp_path / "checkpoints.jsonl", checkpoint_seconds=1
    ) as opened:
        yield opened


async def test_i42_a_running_gateway_s_cut_end_and_removed_streams_are_found(publishing: Side) -> None:
    """What a running gateway published shows a cut end, and a stream that is gone with its checkpoints."""
    file, control = publishing.settings.checkpoint_file, publishing.control
    assert file is not None
    for _ in range(3):
        assert (await publishing.ask(Purpose.SECURITY, ALL)).status == 200
    (stream,) = await control.fetchrow("SELECT DISTINCT stream FROM control.ledger_entry") or ()
    async with asyncio.timeout(20):
        while not file.exists() or [
            each.head.number for each in heads_in(file) if each.head.stream == stream
        ][-1:] != [3]:
            await asyncio.sleep(0.1)
    public = signer_of(publishing.settings).public
    whole = await verify(control, public, published=heads_in(file))
    assert (whole.discrepancies, whole.unpublished) == ([], 0)
    for first, expected in ((3, "removed 3"), (1, "removed 1 to 3")):
        async with control.transaction():
            await control.execute("SET LOCAL session_replication_role = replica")
            await control.execute("DELETE FROM control.ledger_entry WHERE number >= $1", first)
            await control.execute("DELETE FROM control.ledger_checkpoint WHERE number >= $1", first)
        assert (await verify(control, public)).discrepancies == []
        assert numbers(await verify(control, public, published=heads_in(file))) == {expected}


async def test_i42_every_generated_cut_is_found_by_what_was_published(written: Written) -> None:
    """Cut at any number, in any stream, with all its checkpoints: whatever was published is missed."""
    control = written.control
    for trial in range(trials(6)):
        random = Random(trial)
        stream, cut = random.choice(written.streams), random.randint(1, 12)
        kept = [
            await control.fetch(f"SELECT * FROM control.ledger_{each}") for each in ("entry", "checkpoint")
        ]
        published_to = random.randint(1, 12)
        (hash_, at) = await control.fetchrow(
            "SELECT hash, at FROM control.ledger_entry WHERE stream = $1 AND number = $2",
            stream,
            published_to,
        ) or (b"", None)
        assert at is not None
        head = StreamHead(stream=stream, number=published_to, at=at, hash=hash_)
        published = [Signed(head, KEY.sign(CHECKPOINT, head))]
        await written.tamper(
            "DELETE FROM control.ledger_entry WHERE stream = $1 AND number >= $2", stream, cut
        )
        await written.tamper("DELETE FROM control.ledger_checkpoint WHERE stream = $1", stream)
        found = await written.verified(published=published)
        assert (found.discrepancies != []) == (cut <= published_to), (cut, published_to)
        # The other stream's entries, both streams' events, and what is left after the published head.
        assert found.unpublished >= 12 + max(0, cut - 1 - published_to)
        for table, rows in zip(("entry", "checkpoint"), kept, strict=True):
            await written.tamper(f"TRUNCATE control.ledger_{table}")
            places = ", ".join(f"${place}" for place in range(1, len(rows[0]) + 1))
            for row in rows:
                await written.tamper(f"INSERT INTO control.ledger_{table} VALUES ({places})", *row)


async def test_verification_says_how_much_is_not_published(written: Written) -> None:
    """Without published heads every entry and event could be cut off, since the first of them."""
    found = await written.verified()
    first = await written.control.fetchval("SELECT min(at) FROM control.ledger_entry")
    events = await written.control.fetchval("SELECT count(*) FROM control.ledger_reference")
    assert found.unpublished == 24 + events
    assert found.unpublished_since is not None and found.unpublished_since <= first


async def test_the_last_heads_are_published_when_the_gateway_stops(
    new_database: NewDatabase, tmp_path: Path
) -> None:
    """What was signed since the last delivery is published before the gateway has stopped."""
    file = tmp_path / "checkpoints.jsonl"
    async with open_side(new_database, checkpoint_file=file, checkpoint_seconds=3_600) as opened:
        await opened.ask(Purpose.SECURITY, ALL)
        assert not file.exists()
    # The stream of entries, and the event since when references are covered.
    assert len({each.head.stream for each in heads_in(file)}) == 2


async def test_a_failed_delivery_is_shown_logged_and_made_up_for(
    publishing: Side, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """If the file cannot be written, /readyz and the log say so, and a later delivery has everything."""
    file = tmp_path / "checkpoints.jsonl"
    await publishing.wait_until_ready()
    async with asyncio.timeout(20):
        while not file.exists():
            await asyncio.sleep(0.1)
    assert (await publishing.ready()).json["checkpoints"] is True
    before = len(heads_in(file))
    file.rename(tmp_path / "elsewhere")
    file.mkdir()
    await publishing.ask(Purpose.SECURITY, ALL)
    async with asyncio.timeout(20):
        while (reply := await publishing.ready()).json["checkpoints"]:
            await asyncio.sleep(0.1)
    assert reply.status == 200
    await publishing.ask(Purpose.SECURITY, ALL)
    await asyncio.sleep(2.5)
    said = [each.message for each in caplog.records if each.name == "gateway.ledger.publishing"]
    assert said == ["Checkpoints are not published."]
    file.rmdir()
    async with asyncio.timeout(20):
        while not (await publishing.ready()).json["checkpoints"]:
            await asyncio.sleep(0.1)
    assert before and max(each.head.number for each in heads_in(file)) >= 2


async def test_a_command_gets_the_lines_and_not_the_secret(
    side: Side, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command has the lines on its standard input, and none of the gateway's variables."""
    monkeypatch.setenv("GATEWAY_SECRET", "s" * 40)
    program = (
        "import os, sys; open(sys.argv[1], 'a').write("
        "sys.stdin.read() + str([each for each in os.environ if 'GATEWAY' in each]))"
    )
    target = tmp_path / "got"
    command = f'{sys.executable} -c "{program}" {target}'
    settings = side.settings.model_copy(update={"checkpoint_command": command})
    head = StreamHead(b"12345678", 5, SOME_TIME, bytes(32))
    async with open_publisher(settings) as publisher:
        publisher.note(Signed(head, bytes(64)))
        await publisher.publish()
        assert publisher.is_well
    line, variables = target.read_text().splitlines()
    assert (read_checkpoint(line).head, variables) == (head, "[]")


async def test_a_command_that_fails_keeps_the_newest_head_of_each_stream() -> None:
    """After failures the next delivery has the newest head of each stream, once."""
    got: list[bytes] = []
    broken = True

    async def deliver(lines: bytes) -> None:
        if broken:
            await run_command("false", lines)
        got.append(lines)

    place = Place("command", deliver)
    for number in (1, 2):
        for stream in (b"11111111", b"22222222"):
            place.note(Signed(StreamHead(stream, number, SOME_TIME, bytes(32)), bytes(64)))
        await place.publish()
        assert not place.is_well
    broken = False
    await place.publish()
    assert place.is_well
    heads = [read_checkpoint(line).head for line in got[0].decode().splitlines()]
    assert [(each.stream[:1], each.number) for each in heads] == [(b"1", 2), (b"2", 2)]


def test_lines_that_do_not_fit_leave_the_file_as_it_was(tmp_path: Path) -> None:
    """If a part of the lines was written, it is taken back: no half line stays."""
    file = tmp_path / "checkpoints.jsonl"
    append(file, b"one\n")
    with pytest.MonkeyPatch.context() as patch:
        write = os.write
        patch.setattr(os, "write", lambda number, lines: write(number, lines[:2]))
        with pytest.raises(OSError):
            append(file, b"two\n")
    append(file, b"three\n")
    assert file.read_bytes() == b"one\nthree\n"


async def test_the_doctor_says_whether_checkpoints_are_published(publishing: Side, tmp_path: Path) -> None:
    """The doctor notes that nothing is published, and finds a file that falls behind or a missing program."""

    async def state(**changes: object) -> tuple[State, str]:
        settings = publishing.settings.model_copy(update=changes)
        found = [each async for each in examine(settings) if each.what == "control: checkpoints"]
        return found[0].state, found[0].text

    await publishing.ask(Purpose.SECURITY, ALL)
    async with asyncio.timeout(20):
        while (await state())[0] is not State.OK:
            await asyncio.sleep(0.2)
    assert (await state(checkpoint_file=None))[0] is State.NOTE
    assert (await state(checkpoint_file=None, checkpoint_command="cat"))[0] is State.OK
    assert (await state(checkpoint_command="no-such-program x"))[0] is State.DIFFERS
    other = tmp_path / "other"
    assert (await state(checkpoint_file=other, checkpoint_seconds=3_600))[0] is State.OK
    async with asyncio.timeout(20):
        while "last: never" not in (await state(checkpoint_file=other))[1]:
            await asyncio.sleep(0.2)
    other.write_text("nonsense\n")
    assert (await state(checkpoint_file=other))[0] is State.DIFFERS


def test_without_a_setting_nothing_is_published(side: Side) -> None:
    """Without a file or a command there is no place, and /readyz says nothing of checkpoints."""
    assert publisher_of(side.settings).is_well is None
