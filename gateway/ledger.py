"""The access ledger: who was told what of whom, for what, durable before the answer leaves.

`Ledger.record` returns once the entry is committed, and raises NOT_RECORDED if that cannot be had: then
nothing is told. All who wait at one moment share one statement and one commit: whatever waits is written
as soon as the last commit is through (a fixed window is slower: 6,800 requests/s for 13,240; design,
"Measured before the start").

An entry holds no values: names of fields, and for each person a reference drawn by lot, which stands beside
the account's number in one table and nowhere else. An answer that could have told of somebody and found
nobody is recorded too: whoever tries numbers is seen, and no caller can tell from the time it took.

Every connection writes a stream of its own, hashed from entry to entry (`chain.py`). After a failure nobody
knows what of the last commit stands; so the next connection begins another stream.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from gateway.chain import CHECKPOINT, Entry, Head, Signer, beginning, entry_hash
from resolvers.catalogue import Store
from resolvers.lines import Line
from resolvers.people import Who
from resolvers.stores import Endpoint, StoreUnavailable
from schema.refusals import Code, Refusal

if TYPE_CHECKING:
    from gateway.tokens import Caller
    from resolvers.mentions import Question

log = logging.getLogger("gateway.ledger")

ROLE = "control_ledger"
# At most so many in one commit: one of a thousand accounts is 8 kB.
MOST_AT_ONCE = 500
# So many need wait for no more; and nobody waits longer for others than this.
ENOUGH = 8
GATHER_SECONDS = 0.001
CHECKPOINT_SECONDS = 1.0
# Bounds the memory: 100 bytes each. Whoever is forgotten here is looked up again.
MOST_KNOWN = 200_000
# Whoever is looked up is known then, unless all were forgotten in between.
LOOK_UPS = 3

_OPEN_DAY = "SELECT control.open_ledger_day($1)"
_QUESTION = """
INSERT INTO control.ledger_question (key, text) SELECT * FROM unnest($1::bytea[], $2::text[])
ON CONFLICT DO NOTHING
"""
_ENTRIES = """
INSERT INTO control.ledger_entry
    (stream, at, number, request, client, credential, question, outcome, counts, people, hash)
SELECT $1, $2, t.number, t.request, t.client, t.credential, t.question, t.outcome,
       t.counts::integer[], t.people::bigint[], t.hash
FROM unnest($3::bigint[], $4::text[], $5::text[], $6::text[], $7::bytea[], $8::text[],
            $9::text[], $10::text[], $11::bytea[])
    AS t(number, request, client, credential, question, outcome, counts, people, hash)
"""
_CHECKPOINT = """
INSERT INTO control.ledger_checkpoint (stream, number, at, hash, signature) VALUES ($1, $2, $3, $4, $5)
"""
_FIND = """
SELECT p.store, p.account_id, p.reference::text
FROM unnest($1::text[], $2::bigint[]) AS wanted(store, account_id) JOIN control.ledger_person p
    ON (p.store, p.account_id) = (wanted.store, wanted.account_id)
"""
_DRAW = """
INSERT INTO control.ledger_person (store, account_id, reference)
SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[])
ON CONFLICT DO NOTHING
"""
_MAY_WRITE = "SELECT has_table_privilege('control.ledger_entry', 'INSERT')"
_FORGOTTEN = "SELECT forgotten FROM control.ledger_forgotten"
_BEHIND = "SELECT person, account_id FROM control.pseudonym WHERE person = ANY($1::text[])"

Item = TypeVar("Item")
Named = tuple[int, Who, str]


class Together(Generic[Item]):
    """Does for all who wait at one moment what each of them asks for: one at a time, the rest gathers.

    `coming`: how many will ask soon, as far as is known. While there are any, a round waits for them,
    GATHER_SECONDS at most: what a commit costs does not depend on how many share it. Whoever is alone waits
    for nobody.
    """

    def __init__(self, do: Callable[[list[Item]], Awaitable[None]]) -> None:
        self._do = do
        self._waiting: list[tuple[Item, asyncio.Future[None]]] = []
        self._working: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.coming = 0

    def ask(self, item: Item) -> asyncio.Future[None]:
        """Done once the item is. StoreUnavailable if its round failed."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._waiting.append((item, future))
        if self._working is None:
            if self.coming <= 0 or len(self._waiting) >= ENOUGH:
                self._begin()
            elif self._timer is None:
                self._timer = loop.call_later(GATHER_SECONDS, self._begin)
        return future

    def _begin(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._working is None and self._waiting:
            self._working = asyncio.create_task(self._round())

    async def _round(self) -> None:
        round_, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
        failed: Exception | None = None
        try:
            await self._do([item for item, _ in round_])
        except Exception as error:
            failed = StoreUnavailable()
            if not isinstance(error, StoreUnavailable):
                log.error("The ledger could not be written.", exc_info=error)
        finally:
            self._working = None
        for _, future in round_:
            # Who asked may have left meanwhile; what was written stays.
            if not future.done():
                future.set_result(None) if failed is None else future.set_exception(failed)
        if self._waiting:
            self._begin()

    async def idle(self) -> None:
        """Return once nobody waits."""
        while self._working is not None or self._waiting:
            self._begin()
            if self._working is not None:
                await asyncio.wait([self._working])


class References:
    """Under which reference the ledger knows whom: asked once of the database, then kept."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._line = Line(endpoint)
        self._known: dict[Who, dict[str, str]] = {who: {} for who in Who}
        self._forgotten = 0
        self._look_ups: Together[Sequence[tuple[Who, str]]] = Together(self._look_up)

    async def of(self, who: Who, keys: Sequence[str]) -> list[str]:
        """Their references, in order. StoreUnavailable."""
        for _ in range(LOOK_UPS):
            found = list(map(self._known[who].get, keys))
            if None not in found:
                return found  # type: ignore[return-value]
            await self._look_ups.ask(
                [(who, key) for key, there in zip(keys, found, strict=True) if not there]
            )
        raise StoreUnavailable

    async def _look_up(self, asked: list[Sequence[tuple[Who, str]]]) -> None:
        wanted = {each for several in asked for each in several}
        if sum(map(len, self._known.values())) > MOST_KNOWN:
            self._known = {who: {} for who in Who}
        accounts: dict[tuple[str, int], list[tuple[Who, str]]] = {}
        for who, key in wanted:
            if who is Who.REFERENCE:
                self._known[who][key] = key
        pseudonyms = [key for who, key in wanted if who is Who.PSEUDONYM]
        if pseudonyms:
            for person, account_id in await self._line.run(_BEHIND, pseudonyms):
                accounts.setdefault((Who.MESSENGER, account_id), []).append((Who.PSEUDONYM, person))
        for who, key in wanted:
            if who in {Who.MESSENGER, Who.SOCIAL}:
                accounts.setdefault((who, int(key)), []).append((who, key))
        for store, account_id, reference in await self._drawn(sorted(accounts)):
            for who, key in accounts[store, account_id]:
                self._known[who][key] = reference

    async def _drawn(self, accounts: Sequence[tuple[str, int]]) -> Sequence[Any]:
        """(store, account, reference) of all, drawn now for those who have none."""
        found = await self._line.run(_FIND, *_columns(accounts, 2))
        there = {(row[0], row[1]) for row in found}
        # In order: two gateways that draw for the same people would else wait for each other.
        lacking = [each for each in accounts if each not in there]
        if not lacking:
            return found
        lots = [lot >> 1 for lot in struct.unpack(f"{len(lacking)}Q", secrets.token_bytes(8 * len(lacking)))]
        await self._line.run(_DRAW, *_columns(lacking, 2), lots)
        # Another gateway may have drawn first: what stands there now is what counts.
        return await self._line.run(_FIND, *_columns(accounts, 2))

    def keep_up(self, forgotten: int) -> None:
        """Know nobody any more if people were cut off from the ledger since the last time."""
        if forgotten != self._forgotten:
            self._known = {who: {} for who in Who}
            self._forgotten = forgotten

    async def close(self) -> None:
        """Close the connection once nobody waits."""
        await self._look_ups.idle()
        self._line.close()


class Stream:
    """The entries that one connection writes, one after the other."""

    def __init__(self) -> None:
        self.id = secrets.token_bytes(8)
        self.number = 0
        self.hash = beginning(self.id)
        self.at = datetime.min.replace(tzinfo=UTC)
        self.signed = 0

    def following(self, at: datetime, entries: Iterable[Entry]) -> tuple[list[Entry], list[bytes]]:
        """The entries with their numbers and times, and their hashes. `at` never goes back."""
        numbered, hashes, before = [], [], self.hash
        for number, entry in enumerate(entries, self.number + 1):
            placed = Entry(at, number, *entry[2:])
            before = entry_hash(before, placed)
            numbered.append(placed)
            hashes.append(before)
        return numbered, hashes

    @property
    def head(self) -> Head:
        """How far it has come."""
        return Head(self.id, self.number, self.at, self.hash)


class Ledger:
    """Writes the ledger of one process. `now`: the time of entries, in UTC."""

    def __init__(self, endpoint: Endpoint, signer: Signer, now: Callable[[], datetime]) -> None:
        self._line = Line(endpoint)
        self._signer, self._now = signer, now
        self._references = References(endpoint)
        self._entries: Together[tuple[Question, Entry]] = Together(self._write)
        self._stream: Stream | None = None
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
        self,
        request: bytes,
        caller: Caller,
        question: Question,
        named: Mapping[int, Sequence[str]],
        told: Sequence[Named],
        whole: bool,
    ) -> None:
        """Return once it is durable who was told what. NOT_RECORDED: then nobody may be told.

        `named`: whom the answer names, by mention, with repeats. `told`: the same of whom ordinary
        resolvers told, (mention, who, key). `whole`: nothing was missing.
        """
        try:
            counts, people = await self._people(question, named, told)
            entry = Entry(
                _SOON, 0, request.decode(), caller.client, caller.credential, question.key,
                "WHOLE" if whole else "PARTIAL", counts, people,
            )  # fmt: skip
            await self._entries.ask((question, entry))
        except StoreUnavailable:
            raise Refusal(Code.NOT_RECORDED) from None

    async def _people(
        self, question: Question, named: Mapping[int, Sequence[str]], told: Sequence[Named]
    ) -> tuple[str, str]:
        """How many people stand at each mention, and their references, one mention after the other.

        As the texts of arrays: an array itself takes the driver ten times as long (0.4 µs an item).
        """
        found: list[list[str]] = [[] for _ in question.mentions]
        for number, keys in named.items():
            of = question.mentions[number].of
            found[number] = await self._references.of(_WHO[of], list(dict.fromkeys(keys)))  # type: ignore[index]
        for number, who, key in told:
            found[number] += await self._references.of(who, [key])
        people = [reference for each in found for reference in each]
        return f"{{{','.join([str(len(each)) for each in found])}}}", f"{{{','.join(people)}}}"

    # --- one commit for all who wait ----------------------------------------------------------------

    async def _write(self, asked: list[tuple[Question, Entry]]) -> None:
        try:
            await self._prepare(asked)
            stream = self._stream or Stream()
            # A clock that is put back does not put entries before those that stand.
            at = max(self._now(), stream.at)
            await self._open_day(at.date())
            entries, hashes = stream.following(at, (entry for _, entry in asked))
            columns = _columns([entry[1:] for entry in entries], len(Entry._fields) - 1)
            await self._line.run(_ENTRIES, stream.id, at, *columns, hashes)
        except BaseException:
            # What stands of it nobody knows; what comes next is another stream.
            self._stream = None
            self._line.close()
            self._well = False
            raise
        self._well = True
        stream.number, stream.hash, stream.at = entries[-1].number, hashes[-1], at
        self._stream = stream
        if time.monotonic() - self._signed_at >= CHECKPOINT_SECONDS:
            await self._sign(stream)

    async def _prepare(self, asked: list[tuple[Question, Entry]]) -> None:
        """Have what was asked stand in the ledger before the first entry that names it."""
        new = {question.key: question for question, _ in asked if question.key not in self._kept}
        if new:
            await self._line.run(_QUESTION, list(new), [each.text.decode() for each in new.values()])
            self._kept.update(new)

    async def _open_day(self, day: date) -> None:
        if day not in self._days:
            for each in (day, day + timedelta(days=1)):
                await self._line.run(_OPEN_DAY, each)
            self._days = {day}

    async def _sign(self, stream: Stream) -> None:
        """Sign how far the stream has come. Not part of any answer: if it fails, the next one does it."""
        head = stream.head
        try:
            await self._line.run(_CHECKPOINT, *head, self._signer.sign(CHECKPOINT, head))
            ((forgotten,),) = await self._line.run(_FORGOTTEN)
        except StoreUnavailable:
            self._stream = None
            return
        self._references.keep_up(forgotten)
        stream.signed = head.number
        self._signed_at = time.monotonic()

    async def check(self) -> None:
        """StoreUnavailable if the ledger cannot be written."""
        # Not the line of the entries: that one is used by one task at a time.
        line = Line(self._line.endpoint)
        try:
            await line.run(_OPEN_DAY, self._now().date())
            ((may,),) = await line.run(_MAY_WRITE)
        finally:
            line.close()
        if not may:
            raise StoreUnavailable

    async def is_well(self) -> bool:
        """Whether the last entries could be written; if not, whether they could be now."""
        if not self._well:
            try:
                await self.check()
            except (StoreUnavailable, Refusal):
                return False
            self._well = True
        return True

    async def close(self) -> None:
        """Sign and close once nobody waits."""
        await self._entries.idle()
        await self._references.close()
        if self._stream is not None and self._stream.signed < self._stream.number:
            await self._sign(self._stream)
        self._line.close()


_WHO = {Store.MESSENGER: Who.MESSENGER, Store.SOCIAL: Who.SOCIAL}
_SOON = datetime.min.replace(tzinfo=UTC)


def _columns(rows: Sequence[Sequence[Any]], width: int) -> list[list[Any]]:
    return [[row[column] for row in rows] for column in range(width)]


@asynccontextmanager
async def open_ledger(endpoint: Endpoint, seed: bytes) -> AsyncIterator[Ledger]:
    """The ledger, while the block runs. StoreUnavailable if it cannot be written now."""
    ledger = Ledger(replace(endpoint, role=ROLE), Signer(seed), lambda: datetime.now(UTC))
    await ledger.check()
    try:
        yield ledger
    finally:
        await ledger.close()
