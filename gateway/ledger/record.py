"""The access ledger: which client received which fields of which people, durable before the answer leaves.

`Ledger.record` returns once the entry is committed. It raises NOT_RECORDED if the entry cannot be written;
the gateway then does not answer. Concurrent calls share one statement and one commit
(`control/group_commit.py`): an entry is written as soon as the previous commit is done, or at most 3 ms later
while many more calls are expected. A commit of one entry takes 0.16 ms of the two processes' time, of eight
0.18 (0.27 with its columns as arrays; more if the server did not keep its statement).

An entry holds no values. It holds names of fields, and for each person a random reference; one table alone
links references to accounts. It says how many people the client asked about and how it chose them, found or
not: so the ledger shows clients that guess or count numbers, and the time of an answer does not show whether
a person was found.

Every connection writes a stream of its own, hashed from entry to entry (`chain.py`). After a failed commit
the gateway cannot know which of its entries were written, so the next connection starts a new stream.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from gateway.control.group_commit import GroupCommit
from gateway.ledger.chain import (
    CHECKPOINT,
    EntryContent,
    Signed,
    Signer,
    StreamHead,
    content_hash,
    initial_hash,
    microseconds,
)
from gateway.ledger.references import Publish, References, cover_people
from resolvers.plan.amounts import NO_QUESTIONS
from resolvers.run.people import Who
from resolvers.sources.catalogue import Store
from resolvers.stores.pool import StoreLogin, StoreUnavailable
from resolvers.stores.serial_connection import SerialConnection
from schema.refusals import Code, Refusal

if TYPE_CHECKING:
    from gateway.access.tokens import Caller
    from resolvers.plan.subjects import DisclosureShape

log = logging.getLogger("gateway.ledger.record")

ROLE = "control_ledger"
CHECKPOINT_SECONDS = 1.0

_OPEN_DAY = "SELECT control.open_ledger_day($1)"
_QUESTION = """
INSERT INTO control.ledger_question (key, text) SELECT * FROM unnest($1::bytea[], $2::text[])
ON CONFLICT DO NOTHING
"""
# No text of an entry contains it: names and tokens are plain words, the rest are digits. If a text did, its
# column would have one item more than the others, and Postgres would refuse the null.
_BETWEEN = "\x1f"
# One text for each column of a batch: with arrays the driver takes ten times as long (0.4 µs an item).
_ENTRIES = """
INSERT INTO control.ledger_entry
    (stream, at, number, request, client, credential, question, outcome, counts, people, asked, hash)
SELECT $1, $2, $3::bigint + t.place, t.request, t.client, t.credential, decode(t.question, 'hex'), t.outcome,
       t.counts::integer[], t.people::bigint[], t.asked::integer[], decode(t.hash, 'hex')
FROM unnest(string_to_array($4, chr(31)), string_to_array($5, chr(31)), string_to_array($6, chr(31)),
            string_to_array($7, chr(31)), string_to_array($8, chr(31)), string_to_array($9, chr(31)),
            string_to_array($10, chr(31)), string_to_array($11, chr(31)), string_to_array($12, chr(31)))
    WITH ORDINALITY AS t(request, client, credential, question, outcome, counts, people, asked, hash, place)
"""
_CHECKPOINT = """
INSERT INTO control.ledger_checkpoint (stream, number, at, hash, signature) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING
"""
_MAY_WRITE = "SELECT has_table_privilege('control.ledger_entry', 'INSERT')"
_FORGOTTEN = "SELECT forgotten FROM control.ledger_forgotten"

Named = tuple[int, Who, str]


class DisclosedPeople(NamedTuple):
    """The people in an answer: how many at each place of its shape, and their references, in that order."""

    counts: Sequence[int]
    people: Sequence[str]


class EntryStream:
    """The chain of entries that one connection writes."""

    def __init__(self) -> None:
        self.id = secrets.token_bytes(8)
        self.number = 0
        self.hash = initial_hash(self.id)
        self.at = datetime.min.replace(tzinfo=UTC)
        self.signed = 0

    def hashes(self, at: datetime, contents: Iterable[EntryContent]) -> list[bytes]:
        """The hashes of the next entries, at that time."""
        found, before, time_ = [], self.hash, microseconds(at)
        for number, content in enumerate(contents, self.number + 1):
            before = content_hash(before, time_, number, content=content)
            found.append(before)
        return found

    @property
    def head(self) -> StreamHead:
        """The last entry."""
        return StreamHead(stream=self.id, number=self.number, at=self.at, hash=self.hash)


class Ledger:
    """Writes the ledger entries of one process. `now`: the time of entries, in UTC.

    `publish` gets each signed head, of entries and of references.
    """

    def __init__(
        self,
        login: StoreLogin,
        signer: Signer,
        now: Callable[[], datetime],
        *,
        publish: Publish = lambda _: None,
    ) -> None:
        self._connection = SerialConnection(login)
        self._signer, self._now, self._publish = signer, now, publish
        self._references = References(login, signer, now, publish=publish)
        self._entries: GroupCommit[tuple[DisclosureShape, EntryContent] | None] = GroupCommit(self._write)
        self._stream: EntryStream | None = None
        self._left: list[StreamHead] = []
        self._reminder: asyncio.TimerHandle | None = None
        self._kept: set[bytes] = set()
        self._well = True
        self._days: set[date] = set()
        self._signed_at = 0.0

    def expect(self) -> None:
        """Announce one call of `record`. The caller must call `expect_no_more` once afterwards."""
        self._entries.expected += 1

    def expect_no_more(self) -> None:
        """Withdraw the announcement: the call was made, or will not be made."""
        self._entries.expected -= 1

    async def record(
        self,
        request: bytes,
        caller: Caller,
        shape: DisclosureShape,
        *,
        people: DisclosedPeople,
        whole: bool,
        asked: str = NO_QUESTIONS.asked,
    ) -> None:
        """Return once the entry is durable. NOT_RECORDED: the answer must not leave.

        `people`: the result of `known` or `people`. `whole`: no part of the answer was missing. `asked`: how
        many people the request asked about, in each of the shape's ways, as Postgres writes an array.
        """
        # By position: eight named arguments take twice as long, once for each answer.
        content = EntryContent(
            request.decode(), caller.client, caller.credential, shape.key.hex(),
            "WHOLE" if whole else "PARTIAL", _array(map(str, people.counts)), _array(people.people), asked,
        )  # fmt: skip
        try:
            await self._entries.submit((shape, content))
        except StoreUnavailable:
            raise Refusal(Code.NOT_RECORDED) from None

    def known(self, shape: DisclosureShape, named: Mapping[int, Sequence[str]]) -> DisclosedPeople | None:
        """The result of `people` if all references are in memory, the usual case; None otherwise."""
        people: list[str] = []
        counts = []
        for number, subject in enumerate(shape.subjects):
            keys = named.get(number)
            if keys is None:
                counts.append(0)
                continue
            found = self._references.known(_WHO[subject.of], _once(keys))  # type: ignore[index]
            if found is None:
                return None
            counts.append(len(found))
            people = people + found if people else found
        return DisclosedPeople(counts, people)

    async def people(
        self, shape: DisclosureShape, named: Mapping[int, Sequence[str]], disclosed: Sequence[Named]
    ) -> DisclosedPeople:
        """The references of the people at each place of the shape. NOT_RECORDED if they cannot be read.

        `named`: keys of the people that the plan's answer names, by place, with repeats. `disclosed`: the
        people that graphql-core resolvers disclosed, as (place, who, key).
        """
        try:
            return await self._people(shape, named, disclosed)
        except StoreUnavailable:
            raise Refusal(Code.NOT_RECORDED) from None

    async def _people(
        self, shape: DisclosureShape, named: Mapping[int, Sequence[str]], disclosed: Sequence[Named]
    ) -> DisclosedPeople:
        found: list[list[str]] = [[] for _ in shape.subjects]
        for number, keys in named.items():
            of = shape.subjects[number].of
            found[number] = await self._references.of(_WHO[of], _once(keys))  # type: ignore[index]
        by_kind: dict[tuple[int, Who], list[str]] = {}
        for number, who, key in disclosed:
            by_kind.setdefault((number, who), []).append(key)
        for (number, who), keys in by_kind.items():
            found[number] += await self._references.of(who, keys)
        if len(found) == 1:
            return DisclosedPeople([len(found[0])], found[0])
        return DisclosedPeople(list(map(len, found)), [reference for each in found for reference in each])

    # --- one commit for a batch of calls ------------------------------------------------------------

    async def _write(self, batch: list[tuple[DisclosureShape, EntryContent] | None]) -> None:
        """Write a batch of entries. An item None asks for a signature only."""
        wanted = [each for each in batch if each is not None]
        if wanted:
            await self._write_entries(wanted)
        if self._stream is None or self._stream.signed == self._stream.number:
            return
        wait = CHECKPOINT_SECONDS - (time.monotonic() - self._signed_at)
        if wait <= 0:
            await self._sign(self._stream)
        elif self._reminder is None:
            # Without a timer the last entries before a quiet time would stay unsigned.
            self._reminder = asyncio.get_running_loop().call_later(wait, self._remind)

    def _remind(self) -> None:
        self._reminder = None
        # A failure is not reported here: the next entry fails as well, and its caller sees it.
        self._entries.submit(None).add_done_callback(asyncio.Future.exception)

    async def _write_entries(self, batch: list[tuple[DisclosureShape, EntryContent]]) -> None:
        try:
            await self._write_shapes(batch)
            stream = self._stream or EntryStream()
            # If the clock is set back, new entries would come before those already written.
            at = max(self._now(), stream.at)
            await self._open_day(at.date())
            contents = [each for _, each in batch]
            hashes = stream.hashes(at, contents)
            texts = [_BETWEEN.join(column) for column in zip(*contents, strict=True)]
            hexes = _BETWEEN.join([each.hex() for each in hashes])
            await self._connection.run(_ENTRIES, stream.id, at, stream.number, *texts, hexes)
        except BaseException:
            # It is unknown which of them were written: another entry in this stream could break its chain.
            self._leave_stream()
            self._connection.close()
            self._well = False
            raise
        self._well = True
        stream.number, stream.hash, stream.at = stream.number + len(hashes), hashes[-1], at
        self._stream = stream

    def _leave_stream(self) -> None:
        """Write no more to the stream. Its known head is signed together with the next stream's."""
        if self._stream is not None and self._stream.signed < self._stream.number:
            self._left.append(self._stream.head)
        self._stream = None

    async def _write_shapes(self, batch: list[tuple[DisclosureShape, EntryContent]]) -> None:
        """Write each new disclosure shape before the first entry that refers to it."""
        new = {shape.key: shape for shape, _ in batch if shape.key not in self._kept}
        if new:
            await self._connection.run(_QUESTION, list(new), [each.text.decode() for each in new.values()])
            self._kept.update(new)

    async def _open_day(self, day: date) -> None:
        if day not in self._days:
            for each in (day, day + timedelta(days=1)):
                await self._connection.run(_OPEN_DAY, each)
            self._days = {day}

    async def _sign(self, stream: EntryStream) -> None:
        """Sign the stream's head. No answer depends on it: if it fails, the next checkpoint covers it."""
        head = stream.head
        try:
            for each in (*self._left, head):
                signature = self._signer.sign(CHECKPOINT, each)
                await self._connection.run(_CHECKPOINT, *each, signature)
                self._publish(Signed(each, signature))
            ((forgotten,),) = await self._connection.run(_FORGOTTEN)
        except StoreUnavailable:
            self._leave_stream()
            return
        self._references.keep_up(forgotten)
        self._left = []
        stream.signed = head.number
        self._signed_at = time.monotonic()

    async def check(self) -> None:
        """StoreUnavailable if the ledger cannot be written."""
        # Another connection than that of the entries, which only one task may use at a time.
        connection = SerialConnection(self._connection.login)
        try:
            await connection.run(_OPEN_DAY, self._now().date())
            ((may,),) = await connection.run(_MAY_WRITE)
        finally:
            connection.close()
        if not may:
            raise StoreUnavailable

    async def cover_people(self) -> None:
        """Commit to the references that are older than commitments. StoreUnavailable if that failed."""
        login = self._connection.login
        if adopted := await cover_people(login, self._signer, self._now, publish=self._publish):
            log.info("References of before are covered by the ledger's proof now.", extra={"people": adopted})

    async def is_well(self) -> bool:
        """Whether the last batch was written; if not, whether the ledger can be written again."""
        if not self._well:
            try:
                await self.check()
            except StoreUnavailable:
                return False
            self._well = True
        return True

    async def close(self) -> None:
        """Sign and close once all calls are done."""
        if self._reminder is not None:
            self._reminder.cancel()
        await self._entries.idle()
        await self._references.close()
        if self._stream is not None and self._stream.signed < self._stream.number:
            await self._sign(self._stream)
        self._connection.close()


_WHO = {Store.MESSENGER: Who.MESSENGER, Store.SOCIAL: Who.SOCIAL}


def _once(keys: Sequence[str]) -> Sequence[str]:
    """Without repeats, in the order of the first."""
    return keys if len(keys) == 1 else list(dict.fromkeys(keys))


def _array(items: Iterable[str]) -> str:
    """An array as Postgres writes it."""
    return f"{{{','.join(items)}}}"


@asynccontextmanager
async def open_ledger(
    login: StoreLogin, seed: bytes, publish: Publish = lambda _: None
) -> AsyncIterator[Ledger]:
    """The ledger, while the block runs. StoreUnavailable if it cannot be written at the start.

    `publish` gets each signed head.
    """
    ledger = Ledger(login, Signer(seed), lambda: datetime.now(UTC), publish=publish)
    await ledger.check()
    try:
        yield ledger
    finally:
        await ledger.close()
