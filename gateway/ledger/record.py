"""The access ledger: who was told what of whom, for what, durable before the answer leaves.

`Ledger.record` returns once the entry is committed, and raises NOT_RECORDED if that cannot be had: then
nothing is told. All who wait at one moment share one statement and one commit (`control/group_commit.py`):
whatever waits is written as soon as the last commit is through, or, while many others are known to be on
their way, at most 3 ms later. A commit of one entry takes 0.16 ms of the two processes' time, of eight 0.18
(0.27 with its columns as arrays; more if the server did not keep its statement).

An entry holds no values: names of fields, and for each person a reference drawn by lot, which stands beside
the account's number in one table and nowhere else. An answer that could have told of somebody and found
nobody is recorded too: whoever tries numbers is seen, and no caller can tell from the time it took.

Every connection writes a stream of its own, hashed from entry to entry (`chain.py`). After a failure nobody
knows what of the last commit stands; so the next connection begins another stream.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from gateway.control.group_commit import GroupCommit
from gateway.ledger.chain import CHECKPOINT, Head, Said, Signer, beginning, microseconds, said_hash
from gateway.ledger.references import References
from resolvers.run.people import Who
from resolvers.sources.catalogue import Store
from resolvers.stores.pool import StoreLogin, StoreUnavailable
from resolvers.stores.serial_connection import SerialConnection
from schema.refusals import Code, Refusal

if TYPE_CHECKING:
    from gateway.access.tokens import Caller
    from resolvers.plan.subjects import DisclosureShape

ROLE = "control_ledger"
CHECKPOINT_SECONDS = 1.0

_OPEN_DAY = "SELECT control.open_ledger_day($1)"
_QUESTION = """
INSERT INTO control.ledger_question (key, text) SELECT * FROM unnest($1::bytea[], $2::text[])
ON CONFLICT DO NOTHING
"""
# No text of an entry holds it: names and tokens are plain words, the rest are digits. Whatever held it all
# the same would have one column more than the others, and a null is refused.
_BETWEEN = "\x1f"
# A round's texts as one for each column: arrays take the driver ten times as long (0.4 µs an item).
_ENTRIES = """
INSERT INTO control.ledger_entry
    (stream, at, number, request, client, credential, question, outcome, counts, people, hash)
SELECT $1, $2, $3::bigint + t.place, t.request, t.client, t.credential, decode(t.question, 'hex'), t.outcome,
       t.counts::integer[], t.people::bigint[], decode(t.hash, 'hex')
FROM unnest(string_to_array($4, chr(31)), string_to_array($5, chr(31)), string_to_array($6, chr(31)),
            string_to_array($7, chr(31)), string_to_array($8, chr(31)), string_to_array($9, chr(31)),
            string_to_array($10, chr(31)), string_to_array($11, chr(31)))
    WITH ORDINALITY AS t(request, client, credential, question, outcome, counts, people, hash, place)
"""
_CHECKPOINT = """
INSERT INTO control.ledger_checkpoint (stream, number, at, hash, signature) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING
"""
_MAY_WRITE = "SELECT has_table_privilege('control.ledger_entry', 'INSERT')"
_FORGOTTEN = "SELECT forgotten FROM control.ledger_forgotten"

Named = tuple[int, Who, str]


class Told(NamedTuple):
    """Of whom an answer tells: how many stand at each mention, and their references, in that order."""

    counts: Sequence[int]
    people: Sequence[str]


class Stream:
    """The entries that one connection writes, one after the other."""

    def __init__(self) -> None:
        self.id = secrets.token_bytes(8)
        self.number = 0
        self.hash = beginning(self.id)
        self.at = datetime.min.replace(tzinfo=UTC)
        self.signed = 0

    def hashes(self, at: datetime, said: Iterable[Said]) -> list[bytes]:
        """The hashes of the entries that come next, at that time."""
        found, before, time_ = [], self.hash, microseconds(at)
        for number, each in enumerate(said, self.number + 1):
            before = said_hash(before, time_, number, each)
            found.append(before)
        return found

    @property
    def head(self) -> Head:
        """How far it has come."""
        return Head(self.id, self.number, self.at, self.hash)


class Ledger:
    """Writes the ledger of one process. `now`: the time of entries, in UTC."""

    def __init__(self, login: StoreLogin, signer: Signer, now: Callable[[], datetime]) -> None:
        self._connection = SerialConnection(login)
        self._signer, self._now = signer, now
        self._references = References(login)
        self._entries: GroupCommit[tuple[DisclosureShape, Said] | None] = GroupCommit(self._write)
        self._stream: Stream | None = None
        self._left: list[Head] = []
        self._reminder: asyncio.TimerHandle | None = None
        self._kept: set[bytes] = set()
        self._well = True
        self._days: set[date] = set()
        self._signed_at = 0.0

    def expect(self) -> None:
        """Somebody will ask to record something, unless `expect_no_more` is said."""
        self._entries.coming += 1

    def expect_no_more(self) -> None:
        """Whoever was expected is here, or will not come."""
        self._entries.coming -= 1

    async def record(
        self, request: bytes, caller: Caller, shape: DisclosureShape, told: Told, whole: bool
    ) -> None:
        """Return once it is durable who was told what of whom. NOT_RECORDED: then nobody may be told.

        `told`: what `people` returned. `whole`: nothing was missing.
        """
        said = Said(
            request.decode(), caller.client, caller.credential, shape.key.hex(),
            "WHOLE" if whole else "PARTIAL", _array(map(str, told.counts)), _array(told.people),
        )  # fmt: skip
        try:
            await self._entries.ask((shape, said))
        except StoreUnavailable:
            raise Refusal(Code.NOT_RECORDED) from None

    def known(self, shape: DisclosureShape, named: Mapping[int, Sequence[str]]) -> Told | None:
        """What `people` returns, if nobody need be asked for it: the usual case, without a wait."""
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
        return Told(counts, people)

    async def people(
        self, shape: DisclosureShape, named: Mapping[int, Sequence[str]], told: Sequence[Named]
    ) -> Told:
        """The references of those who stand at each mention. NOT_RECORDED if they cannot be had.

        `named`: whom the answer names, by mention, with repeats. `told`: the same of whom ordinary
        resolvers told, (mention, who, key).
        """
        try:
            return await self._people(shape, named, told)
        except StoreUnavailable:
            raise Refusal(Code.NOT_RECORDED) from None

    async def _people(
        self, shape: DisclosureShape, named: Mapping[int, Sequence[str]], told: Sequence[Named]
    ) -> Told:
        found: list[list[str]] = [[] for _ in shape.subjects]
        for number, keys in named.items():
            of = shape.subjects[number].of
            found[number] = await self._references.of(_WHO[of], _once(keys))  # type: ignore[index]
        by_kind: dict[tuple[int, Who], list[str]] = {}
        for number, who, key in told:
            by_kind.setdefault((number, who), []).append(key)
        for (number, who), keys in by_kind.items():
            found[number] += await self._references.of(who, keys)
        if len(found) == 1:
            return Told([len(found[0])], found[0])
        return Told(list(map(len, found)), [reference for each in found for reference in each])

    # --- one commit for all who wait ----------------------------------------------------------------

    async def _write(self, asked: list[tuple[DisclosureShape, Said] | None]) -> None:
        """Write what is asked; None asks for nothing but a signature."""
        wanted = [each for each in asked if each is not None]
        if wanted:
            await self._write_entries(wanted)
        if self._stream is None or self._stream.signed == self._stream.number:
            return
        wait = CHECKPOINT_SECONDS - (time.monotonic() - self._signed_at)
        if wait <= 0:
            await self._sign(self._stream)
        elif self._reminder is None:
            # However quiet it becomes now, what stands is signed within the second.
            self._reminder = asyncio.get_running_loop().call_later(wait, self._remind)

    def _remind(self) -> None:
        self._reminder = None
        # Whether it failed is seen by whoever writes next.
        self._entries.ask(None).add_done_callback(asyncio.Future.exception)

    async def _write_entries(self, asked: list[tuple[DisclosureShape, Said]]) -> None:
        try:
            await self._prepare(asked)
            stream = self._stream or Stream()
            # A clock that is put back does not put entries before those that stand.
            at = max(self._now(), stream.at)
            await self._open_day(at.date())
            said = [each for _, each in asked]
            hashes = stream.hashes(at, said)
            texts = [_BETWEEN.join(column) for column in zip(*said, strict=True)]
            hexes = _BETWEEN.join([each.hex() for each in hashes])
            await self._connection.run(_ENTRIES, stream.id, at, stream.number, *texts, hexes)
        except BaseException:
            # What stands of it nobody knows; what comes next is another stream.
            self._leave_stream()
            self._connection.close()
            self._well = False
            raise
        self._well = True
        stream.number, stream.hash, stream.at = stream.number + len(hashes), hashes[-1], at
        self._stream = stream

    def _leave_stream(self) -> None:
        """Write no more to the stream; what is known to stand of it is signed with the next one's."""
        if self._stream is not None and self._stream.signed < self._stream.number:
            self._left.append(self._stream.head)
        self._stream = None

    async def _prepare(self, asked: list[tuple[DisclosureShape, Said]]) -> None:
        """Have what was asked stand in the ledger before the first entry that names it."""
        new = {shape.key: shape for shape, _ in asked if shape.key not in self._kept}
        if new:
            await self._connection.run(_QUESTION, list(new), [each.text.decode() for each in new.values()])
            self._kept.update(new)

    async def _open_day(self, day: date) -> None:
        if day not in self._days:
            for each in (day, day + timedelta(days=1)):
                await self._connection.run(_OPEN_DAY, each)
            self._days = {day}

    async def _sign(self, stream: Stream) -> None:
        """Sign how far the stream has come. Not part of any answer: if it fails, the next one does it."""
        head = stream.head
        try:
            for each in (*self._left, head):
                await self._connection.run(_CHECKPOINT, *each, self._signer.sign(CHECKPOINT, each))
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
        # Not the line of the entries: that one is used by one task at a time.
        connection = SerialConnection(self._connection.login)
        try:
            await connection.run(_OPEN_DAY, self._now().date())
            ((may,),) = await connection.run(_MAY_WRITE)
        finally:
            connection.close()
        if not may:
            raise StoreUnavailable

    async def is_well(self) -> bool:
        """Whether the last entries could be written; if not, whether they could be now."""
        if not self._well:
            try:
                await self.check()
            except StoreUnavailable:
                return False
            self._well = True
        return True

    async def close(self) -> None:
        """Sign and close once nobody waits."""
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
async def open_ledger(login: StoreLogin, seed: bytes) -> AsyncIterator[Ledger]:
    """The ledger, while the block runs. StoreUnavailable if it cannot be written now."""
    ledger = Ledger(login, Signer(seed), lambda: datetime.now(UTC))
    await ledger.check()
    try:
        yield ledger
    finally:
        await ledger.close()
