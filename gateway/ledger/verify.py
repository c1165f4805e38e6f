"""Whether the ledger is what was written: every hash, number and signature; and what is wrong, where.

Entries are read once, in the order of time, with a few bytes kept for each stream, so that a ledger of any
size can be looked at. Whatever does not fit is told by stream and number:

    changed     the hash is not that of the entry
    moved       the entry was written under another number
    removed     numbers are missing, before others or before a signed checkpoint
    inserted    a number stands twice, or comes after a higher one
    rewritten   all hashes fit, and are not those that were signed
    forged      a checkpoint or a cut that the gateway's key did not sign

Nothing of what stands in an entry is told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import orjson

from gateway.ledger.chain import CHECKPOINT, CUT, Entry, Head, beginning, entry_hash, is_signed, question_key

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection, Record

_ENTRIES = """
SELECT at, number, request, client, credential, question, outcome, counts::text AS counts,
       people::text AS people, stream, hash
FROM control.ledger_entry WHERE $1::timestamptz IS NULL OR at >= $1 ORDER BY at, stream, number
"""
_COUNT = "SELECT count(*) FROM control.ledger_entry WHERE $1::timestamptz IS NULL OR at >= $1"
_HEADS = "SELECT stream, number, at, hash, signature FROM control.ledger_{} ORDER BY stream, number"
_QUESTIONS = "SELECT key, text FROM control.ledger_question"
_READ_AT_ONCE = 2_000
# To tell an entry that was moved from one that was changed, all are tried with each other.
_MOST_COMPARED = 40


class Finding(NamedTuple):
    """Something that does not fit, and where."""

    what: str
    stream: str
    numbers: str


class Signed(NamedTuple):
    """A head with the signature under it."""

    head: Head
    signature: bytes


class _Misfit(NamedTuple):
    """An entry to be looked at again, and what it is if nothing better is found: nothing, or a finding."""

    entry: Entry
    hash: bytes
    otherwise: str


@dataclass
class _Stream:
    """What is known of a stream as far as it was read."""

    number: int
    hash: bytes
    misfits: list[_Misfit] = field(default_factory=list)
    # Those around the misfits: what an entry that was moved came after is among them.
    hashes: list[bytes] = field(default_factory=list)
    # The first entry read cannot be proved if what came before it was left out on purpose.
    begun: bool = True


@dataclass
class Verified:
    """What was found: nothing wrong if `findings` is empty. `unsigned`: entries since the last checkpoint."""

    streams: int = 0
    entries: int = 0
    checkpoints: int = 0
    until: datetime | None = None
    unsigned: int = 0
    findings: list[Finding] = field(default_factory=list)


async def verify(
    control: Connection,
    public: bytes,
    since: datetime | None = None,
    published: Iterable[Signed] = (),
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Verified:
    """Look at everything since then. `published`: checkpoints that were kept elsewhere."""
    return await _Verification(control, public, since, published).run(progress)


class _Verification:
    def __init__(
        self, control: Connection, public: bytes, since: datetime | None, published: Iterable[Signed]
    ) -> None:
        self._control, self._public, self._since = control, public, since
        self._published = list(published)
        self._streams: dict[bytes, _Stream] = {}
        self._found = Verified()
        self._asked: set[bytes] = set()

    async def run(self, progress: Callable[[int, int], None]) -> Verified:
        # One moment of the ledger for all questions: it grows meanwhile.
        async with self._control.transaction(isolation="repeatable_read", readonly=True):
            cuts = await self._signed(CUT)
            signed = await self._signed(CHECKPOINT)
            self._found.checkpoints = len(signed)
            for each in self._published:
                self._check_signature(CHECKPOINT, each)
            heads: dict[bytes, dict[int, Head]] = defaultdict(dict)
            for each in (*signed, *self._published):
                heads[each.head.stream].setdefault(each.head.number, each.head)
            latest = _latest(cuts)
            await self._read(latest, heads, progress)
            self._look_at_ends(latest, heads)
            await self._look_at_questions()
        self._found.streams = len(self._streams)
        return self._found

    async def _signed(self, what: str) -> list[Signed]:
        """The heads of one table, all looked at."""
        found = [_signed_of(row) for row in await self._control.fetch(_HEADS.format(what))]
        for each in found:
            self._check_signature(what, each)
        return found

    def _check_signature(self, what: str, signed: Signed) -> None:
        if not is_signed(self._public, what, *signed):
            self._tell(f"forged {what}", signed.head.stream, str(signed.head.number))

    # --- entries ------------------------------------------------------------------------------------

    async def _read(
        self,
        cuts: Mapping[bytes, Head],
        heads: Mapping[bytes, Mapping[int, Head]],
        progress: Callable[[int, int], None],
    ) -> None:
        total = await self._control.fetchval(_COUNT, self._since)
        async for row in self._rows():
            values = list(row)
            entry, stream_id, hash_ = Entry(*values[:9]), values[9], values[10]
            stream = self._streams.get(stream_id)
            if stream is None:
                stream = self._streams[stream_id] = self._begin(stream_id, cuts.get(stream_id), entry)
            self._take(stream_id, stream, entry, hash_)
            signed = heads.get(stream_id, {}).get(entry.number)
            if signed is not None and signed.hash != hash_:
                self._tell("rewritten: not what was signed", stream_id, f"up to {entry.number}")
            self._asked.add(entry.shape)
            self._found.entries += 1
            if self._found.entries % _READ_AT_ONCE == 0:
                progress(self._found.entries, total)
        progress(total, total)
        for stream_id, stream in self._streams.items():
            self._tell_misfits(stream_id, stream)

    async def _rows(self) -> AsyncIterator[Record]:
        async for row in self._control.cursor(_ENTRIES, self._since, prefetch=_READ_AT_ONCE):
            yield row

    def _begin(self, stream_id: bytes, cut: Head | None, first: Entry) -> _Stream:
        if cut is not None:
            return _Stream(cut.number, cut.hash)
        if self._since is not None and first.number > 1:
            # What came before was not asked for: the first entry is taken as it stands.
            return _Stream(first.number - 1, b"", begun=False)
        return _Stream(0, beginning(stream_id))

    def _take(self, stream_id: bytes, stream: _Stream, entry: Entry, hash_: bytes) -> None:
        """Go on by one entry."""
        self._found.until = entry.at
        if entry.number <= stream.number:
            stream.misfits.append(_Misfit(entry, hash_, "inserted"))
            stream.hashes.append(hash_)
            return
        if entry.number > stream.number + 1:
            self._tell("removed", stream_id, _span(stream.number + 1, entry.number - 1))
            # What it came after is gone: only that it was written under another number could be shown.
            stream.misfits.append(_Misfit(entry, hash_, ""))
            stream.hashes.append(stream.hash)
        elif stream.begun and entry_hash(stream.hash, entry) != hash_:
            stream.misfits.append(_Misfit(entry, hash_, "changed"))
            stream.hashes.append(stream.hash)
        stream.number, stream.hash, stream.begun = entry.number, hash_, True
        if stream.misfits:
            stream.hashes.append(hash_)
            del stream.hashes[_MOST_COMPARED * 3 :]

    def _tell_misfits(self, stream_id: bytes, stream: _Stream) -> None:
        """Tell entries that were moved from changed ones, and from those that only follow one."""
        before = [*stream.hashes, beginning(stream_id)]
        numbers = {each.entry.number for each in stream.misfits[:_MOST_COMPARED]}
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
                self._tell(what, stream_id, str(entry.number))

    # --- what is not there ---------------------------------------------------------------------------

    def _look_at_ends(self, cuts: Mapping[bytes, Head], heads: Mapping[bytes, Mapping[int, Head]]) -> None:
        """Against what was signed: is anything missing at the end, or all of it; what is not signed yet."""
        for stream_id, signed in heads.items():
            last = max(signed.values(), key=lambda head: head.number)
            stream = self._streams.get(stream_id)
            cut = cuts.get(stream_id)
            if cut is not None and last.number <= cut.number:
                continue
            if self._since is not None and last.at < self._since:
                continue
            reached = stream.number if stream is not None else cut.number if cut is not None else 0
            if reached < last.number:
                self._tell("removed", stream_id, _span(reached + 1, last.number))
        for stream_id, stream in self._streams.items():
            last_signed = max(heads.get(stream_id, {0: None}))
            self._found.unsigned += max(0, stream.number - last_signed)

    async def _look_at_questions(self) -> None:
        """Each question that entries name is there, and is what its key says."""
        there: set[bytes] = set()
        async for row in self._control.cursor(_QUESTIONS, prefetch=_READ_AT_ONCE):
            there.add(row["key"])
            if question_key(row["text"]) != row["key"]:
                self._tell("changed question", row["key"][:8], "")
        for key in sorted(self._asked - there):
            self._tell("removed question", key[:8], "")

    def _tell(self, what: str, stream: bytes, numbers: str) -> None:
        self._found.findings.append(Finding(what, stream.hex(), numbers))


def _latest(signed: Iterable[Signed]) -> dict[bytes, Head]:
    """The furthest head of each stream."""
    found: dict[bytes, Head] = {}
    for each in signed:
        known = found.get(each.head.stream)
        if known is None or known.number < each.head.number:
            found[each.head.stream] = each.head
    return found


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first} to {last}"


# --- checkpoints outside of the database ------------------------------------------------------------


async def checkpoints(control: Connection, since: datetime | None) -> AsyncIterator[str]:
    """The signed checkpoints as lines of JSON, for publishing."""
    for row in await control.fetch(_HEADS.format(CHECKPOINT)):
        if since is None or row["at"] >= since:
            yield line_of(_signed_of(row))


def _signed_of(row: Record) -> Signed:
    return Signed(Head(row["stream"], row["number"], row["at"], row["hash"]), row["signature"])


def line_of(signed: Signed) -> str:
    """A signed head as a line of JSON."""
    stream, number, at, hash_ = signed.head
    return orjson.dumps(
        {
            "stream": stream.hex(),
            "number": number,
            "at": at.isoformat(),
            "hash": hash_.hex(),
            "signature": signed.signature.hex(),
        }
    ).decode()


def read_line(line: str) -> Signed:
    """The signed head that was written so. ValueError for anything else."""
    said = orjson.loads(line)
    try:
        head = Head(
            bytes.fromhex(said["stream"]),
            int(said["number"]),
            datetime.fromisoformat(said["at"]),
            bytes.fromhex(said["hash"]),
        )
        return Signed(head, bytes.fromhex(said["signature"]))
    except (KeyError, TypeError):
        raise ValueError("not a checkpoint") from None
