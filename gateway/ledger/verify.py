"""Verifies every hash, number, signature and person of the ledger, and reports each discrepancy.

Entries are read once, in the order of time. Memory holds a few bytes for each stream, so a ledger of any size
can be verified. A discrepancy is reported by stream and number:

    changed     the hash does not match the entry
    moved       the entry was written under another number
    removed     numbers are missing, between entries or before a signed checkpoint
    inserted    a number occurs twice, or comes after a higher one
    rewritten   all hashes match, but not the signed ones
    forged      a checkpoint or a cut that the gateway's key did not sign

`verify_people.py` lists what is found about the people. A discrepancy never quotes the content of an entry.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from gateway.ledger.chain import (
    CHECKPOINT,
    CUT,
    Entry,
    Signed,
    StreamHead,
    entry_hash,
    initial_hash,
    is_signed,
    question_key,
)
from gateway.ledger.checkpoints import signed_heads
from gateway.ledger.verify_people import PeopleVerification, VerifiedPeople

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection, Record

_ENTRIES = """
SELECT at, number, request, client, credential, question, outcome, counts::text AS counts,
       people::text AS people, asked::text AS asked, stream, hash
FROM control.ledger_entry WHERE $1::timestamptz IS NULL OR at >= $1 ORDER BY at, stream, number
"""
_COUNT = "SELECT count(*) FROM control.ledger_entry WHERE $1::timestamptz IS NULL OR at >= $1"
_QUESTIONS = "SELECT key, text FROM control.ledger_question"
_READ_AT_ONCE = 2_000
# A moved entry is found by comparing each misfit with each: their number bounds the time.
_MAX_COMPARED = 40


class Discrepancy(NamedTuple):
    """What is wrong, in which stream, and at which numbers; for a person no stream, and the reference."""

    what: str
    stream: str
    numbers: str


class _Misfit(NamedTuple):
    """An entry to be compared again. `otherwise`: what to report unless the entry was moved; may be empty."""

    entry: Entry
    hash: bytes
    otherwise: str


@dataclass
class _StreamState:
    """The state of one stream while it is read."""

    number: int
    hash: bytes
    misfits: list[_Misfit] = field(default_factory=list)
    # Hashes around the misfits: the predecessor of a moved entry is among them.
    hashes: list[bytes] = field(default_factory=list)
    # False: the entries before the first one were left out on purpose, so its hash cannot be checked.
    begun: bool = True


@dataclass
class Verified:
    """The result of a verification.

    `unsigned`: how many entries came after the last checkpoint. `unpublished`: how many entries and events
    came after the last published one, and `unpublished_since` the time of the first of them: somebody who can
    write in the database could cut them off.
    """

    streams: int = 0
    entries: int = 0
    checkpoints: int = 0
    until: datetime | None = None
    unsigned: int = 0
    unpublished: int = 0
    unpublished_since: datetime | None = None
    people: VerifiedPeople = field(default_factory=VerifiedPeople)
    discrepancies: list[Discrepancy] = field(default_factory=list)


async def verify(
    control: Connection,
    public: bytes,
    since: datetime | None = None,
    *,
    published: Iterable[Signed] = (),
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Verified:
    """Verify the entries since then. `published`: checkpoints that an auditor kept elsewhere."""
    return await _Verification(control, public, since, published=published).run(progress)


class _Verification:
    def __init__(
        self,
        control: Connection,
        public: bytes,
        since: datetime | None,
        *,
        published: Iterable[Signed],
    ) -> None:
        self._control, self._public, self._since = control, public, since
        self._published = list(published)
        self._last_published = {stream: head.number for stream, head in _latest(self._published).items()}
        self._streams: dict[bytes, _StreamState] = {}
        self._people = PeopleVerification(control, public, self._note)
        self._found = Verified(people=self._people.found)
        self._shapes: set[bytes] = set()

    async def run(self, progress: Callable[[int, int], None]) -> Verified:
        # One snapshot for all statements: the ledger grows meanwhile.
        async with self._control.transaction(isolation="repeatable_read", readonly=True):
            cuts = await self._signed(CUT)
            signed = await self._signed(CHECKPOINT)
            self._found.checkpoints = len(signed)
            for each in self._published:
                self._check_signature(CHECKPOINT, each)
            heads: dict[bytes, dict[int, StreamHead]] = defaultdict(dict)
            for each in (*signed, *self._published):
                heads[each.head.stream].setdefault(each.head.number, each.head)
            latest = _latest(cuts)
            await self._read(latest, heads, progress)
            await self._people.read_events(heads)
            for stream, head in self._people.reached.items():
                if later := max(0, head.number - self._last_published.get(stream, 0)):
                    self._count_unpublished(later, head.at)
            self._check_ends(latest, heads)
            await self._check_shapes()
            await self._people.check_people(self._since)
        self._found.streams = len(self._streams)
        return self._found

    async def _signed(self, what: str) -> list[Signed]:
        """The heads of one table, after a check of their signatures."""
        found = await signed_heads(self._control, what)
        for each in found:
            self._check_signature(what, each)
        return found

    def _check_signature(self, what: str, signed: Signed) -> None:
        if not is_signed(self._public, what, signed.head, signature=signed.signature):
            self._report(f"forged {what}", signed.head.stream, str(signed.head.number))

    # --- entries ------------------------------------------------------------------------------------

    async def _read(
        self,
        cuts: Mapping[bytes, StreamHead],
        heads: Mapping[bytes, Mapping[int, StreamHead]],
        progress: Callable[[int, int], None],
    ) -> None:
        total = await self._control.fetchval(_COUNT, self._since)
        async for row in self._rows():
            values = list(row)
            entry, stream_id, hash_ = Entry(*values[:10]), values[10], values[11]
            stream = self._streams.get(stream_id)
            if stream is None:
                stream = self._streams[stream_id] = self._begin(stream_id, cuts.get(stream_id), entry)
            self._take(stream_id, stream, entry, hash_=hash_)
            signed = heads.get(stream_id, {}).get(entry.number)
            if signed is not None and signed.hash != hash_:
                self._report("rewritten: not what was signed", stream_id, f"up to {entry.number}")
            self._shapes.add(entry.shape)
            self._found.entries += 1
            if entry.number > self._last_published.get(stream_id, 0):
                self._count_unpublished(1, entry.at)
            if self._found.entries % _READ_AT_ONCE == 0:
                progress(self._found.entries, total)
        progress(total, total)
        for stream_id, stream in self._streams.items():
            self._report_misfits(stream_id, stream)

    async def _rows(self) -> AsyncIterator[Record]:
        async for row in self._control.cursor(_ENTRIES, self._since, prefetch=_READ_AT_ONCE):
            yield row

    def _begin(self, stream_id: bytes, cut: StreamHead | None, first: Entry) -> _StreamState:
        if cut is not None:
            return _StreamState(cut.number, cut.hash)
        if self._since is not None and first.number > 1:
            # Earlier entries were not requested: the first one is accepted as it is.
            return _StreamState(first.number - 1, b"", begun=False)
        return _StreamState(0, initial_hash(stream_id))

    def _take(self, stream_id: bytes, stream: _StreamState, entry: Entry, *, hash_: bytes) -> None:
        """Advance the stream by one entry."""
        self._found.until = entry.at
        if entry.number <= stream.number:
            stream.misfits.append(_Misfit(entry, hash_, "inserted"))
            stream.hashes.append(hash_)
            return
        if entry.number > stream.number + 1:
            self._report("removed", stream_id, _span(stream.number + 1, entry.number - 1))
            # Without its predecessor, only a move from another number can be shown.
            stream.misfits.append(_Misfit(entry, hash_, ""))
            stream.hashes.append(stream.hash)
        elif stream.begun and entry_hash(stream.hash, entry) != hash_:
            stream.misfits.append(_Misfit(entry, hash_, "changed"))
            stream.hashes.append(stream.hash)
        stream.number, stream.hash, stream.begun = entry.number, hash_, True
        if stream.misfits:
            stream.hashes.append(hash_)
            del stream.hashes[_MAX_COMPARED * 3 :]

    def _report_misfits(self, stream_id: bytes, stream: _StreamState) -> None:
        """Report moved entries as moved, changed ones as changed, and skip those that only follow one."""
        before = [*stream.hashes, initial_hash(stream_id)]
        numbers = {each.entry.number for each in stream.misfits[:_MAX_COMPARED]}
        for entry, hash_, otherwise in stream.misfits:
            written = [
                number
                for number in (entry.number, *numbers - {entry.number})
                if any(entry_hash(each, entry._replace(number=number)) == hash_ for each in before)
            ]
            if entry.number in written and otherwise != "inserted":
                continue
            what = f"moved: written as {written[0]}" if written[:1] not in ([], [entry.number]) else otherwise
            if what:
                self._report(what, stream_id, str(entry.number))

    def _count_unpublished(self, count: int, at: datetime) -> None:
        self._found.unpublished += count
        self._found.unpublished_since = min(at, self._found.unpublished_since or at)

    # --- missing entries ----------------------------------------------------------------------------

    def _check_ends(
        self, cuts: Mapping[bytes, StreamHead], heads: Mapping[bytes, Mapping[int, StreamHead]]
    ) -> None:
        """Compare each stream's last entry with its signed heads, and count the entries not signed yet."""
        for stream_id, signed in heads.items():
            last = max(signed.values(), key=lambda head: head.number)
            stream = self._streams.get(stream_id)
            cut = cuts.get(stream_id)
            if cut is not None and last.number <= cut.number:
                continue
            if self._since is not None and last.at < self._since:
                continue
            end = stream or self._people.reached.get(stream_id) or cut
            reached = end.number if end is not None else 0
            if reached < last.number:
                self._report("removed", stream_id, _span(reached + 1, last.number))
        for stream_id, stream in self._streams.items():
            last_signed = max(heads.get(stream_id, {0: None}))
            self._found.unsigned += max(0, stream.number - last_signed)

    async def _check_shapes(self) -> None:
        """Check that every shape that entries name exists and has the text of its key."""
        known: set[bytes] = set()
        async for row in self._control.cursor(_QUESTIONS, prefetch=_READ_AT_ONCE):
            known.add(row["key"])
            if question_key(row["text"]) != row["key"]:
                self._report("changed question", row["key"][:8], "")
        for key in sorted(self._shapes - known):
            self._report("removed question", key[:8], "")

    def _report(self, what: str, stream: bytes, numbers: str) -> None:
        self._note(what, stream.hex(), numbers)

    def _note(self, what: str, stream: str, numbers: str) -> None:
        self._found.discrepancies.append(Discrepancy(what, stream, numbers))


def _latest(signed: Iterable[Signed]) -> dict[bytes, StreamHead]:
    """The head with the highest number, for each stream."""
    found: dict[bytes, StreamHead] = {}
    for each in signed:
        known = found.get(each.head.stream)
        if known is None or known.number < each.head.number:
            found[each.head.stream] = each.head
    return found


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first} to {last}"
