"""Matches a merchant's list of customers' numbers: read as it arrives, hashed, matched inside the store.

    numbers or bytes of CSV → rows of keyed hashes → COPY → `social.match_list` → a status and size bands

One transaction holds all of it. A number never reaches the store in clear text. Neither the list nor a count
of people leaves the store, and an upload that is cut off leaves nothing (policy, section 5). The rules are in
`0009_customer_lists.sql` and `0011_list_budget.sql` of `ddl/social`; no process of the gateway can change
them.

Rejected: hashing in the store (the key would have to be there), matching here (the process would have to
read the members' numbers).
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from resolvers.plan.identifiers import Seal, identified
from resolvers.sources.offers import OFFER
from resolvers.stores.gate import OPEN, Gate
from resolvers.stores.pool import StoreLogin, StoreUnavailable, fresh_connections, transaction
from schema.types.customer_lists import (
    CustomerListRefused,
    CustomerListTaken,
    ListRefusal,
    UploadCustomerListResult,
)
from schema.types.offers import CustomerList, CustomerListStatus, SizeBand
from schema.values.e164 import is_normal
from schema.values.phones import keyed_hash, normalise

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection

# The answer names the first bad lines; the others are only counted.
BAD_LINES_NAMED = 100
# Longer than any form of a number. It bounds the memory for one line.
MAX_LINE_BYTES = 256
# New numbers of the store that one statement hashes.
HASHED_AT_ONCE = 10_000
# Numbers of a mutation that one call in another thread hashes.
BATCH = 5_000
HEADS = frozenset({b"phone", b"number", b"phone_number"})

_COPY_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_COPY_END = struct.pack(">h", -1)
# Three fields: the upload, the line, the hash that follows.
_ROW = struct.Struct(">hiqiqi")

_MATCH = "SELECT * FROM social.match_list($1, $2, $3, $4)"
_UPLOAD = "SELECT nextval('social.customer_list_upload')"
_FITS = "SELECT social.fits_matching_key($1)"
_UNHASHED = "SELECT account_id, source, number FROM social.unhashed_numbers($1)"
_HASH = "SELECT social.hash_numbers($1, $2, $3, $4)"

Progress = Callable[[int], None]


WRONG_KEY = (
    "numbers are hashed under another GATEWAY_SECRET: set it back, or run `gateway lists index --new-key`"
)


class WrongKey(Exception):
    """The store's numbers are hashed under another key than this gateway's: no number would match."""


@dataclass
class Hashing:
    """Turns numbers as text into rows for COPY. Counts lines, and collects the numbers of bad ones."""

    key: bytes
    upload: int = 0
    line: int = 0
    bad: int = 0
    bad_lines: list[int] = field(default_factory=list)

    def rows(self, numbers: Iterable[str]) -> bytes:
        """Rows for the valid numbers; each text counts as one line."""
        found = []
        for text in numbers:
            self.line += 1
            blind = self._blind(text)
            if blind is None:
                self._note_bad_line()
            else:
                found.append(_ROW.pack(3, 8, self.upload, 8, self.line, 32) + blind)
        return b"".join(found)

    def _blind(self, text: str) -> bytes | None:
        # Most numbers are in normal form already; normalising costs fifty microseconds.
        if not is_normal(text):
            try:
                text = normalise(text)
            except ValueError:
                return None
        return keyed_hash(text, self.key)  # type: ignore[arg-type]  # it is normal

    def _note_bad_line(self) -> None:
        self.bad += 1
        if len(self.bad_lines) < BAD_LINES_NAMED:
            self.bad_lines.append(self.line)


@dataclass
class CsvLines:
    """Splits the bytes of a CSV file into the numbers of its first column, as the bytes arrive.

    A header line holds no number, but counts: line numbers are those of the file. Blank lines are bad, like
    every other text that is not a number.
    """

    hashing: Hashing
    _rest: bytes = b""
    _overlong: bool = False
    _begun: bool = False

    def rows(self, chunk: bytes) -> bytes:
        """Rows of the lines that end in this chunk."""
        *lines, rest = (self._rest + chunk).split(b"\n")
        if self._overlong and lines:
            lines[0] = b"-"
            self._overlong = False
        if len(rest) > MAX_LINE_BYTES:
            # Too long for a number: drop its bytes, and count it as bad at its end.
            rest, self._overlong = b"", True
        self._rest = b"" if self._overlong else rest
        return self._rows_of(lines)

    def last_rows(self) -> bytes:
        """The row of a last line without a line break."""
        rest, self._rest = (b"-" if self._overlong else self._rest), b""
        return self._rows_of([rest] if rest else [])

    def _rows_of(self, lines: list[bytes]) -> bytes:
        if lines and not self._begun:
            self._begun = True
            lines[0] = lines[0].removeprefix(b"\xef\xbb\xbf")
            if _first_column(lines[0]).lower() in HEADS:
                self.hashing.line += 1
                del lines[0]
        return self.hashing.rows(_first_column(line).decode("utf-8", "replace") for line in lines)


def _first_column(line: bytes) -> bytes:
    return line.partition(b",")[0].strip(b'" \t\r') if len(line) <= MAX_LINE_BYTES else b"-"


# --- the upload -----------------------------------------------------------------------------------


class ListWriters:
    """Opens the connections that match lists, for at most `at_once` uploads at a time.

    To match a list serves an objectable purpose: each connection passes the store's gate.
    """

    def __init__(self, login: StoreLogin, gate: Gate = OPEN, at_once: int = 2) -> None:
        self._login = login
        self._gate = gate
        self._turns = asyncio.Semaphore(at_once)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Connection]:
        """A connection for one upload. StoreUnavailable if none is free in time, or it is lost."""
        try:
            async with asyncio.timeout(self._login.request_timeout_s):
                await self._turns.acquire()
        except TimeoutError:
            raise StoreUnavailable from None
        try:
            async with fresh_connections(self._login, gate=self._gate) as (connection,):
                yield connection
        finally:
            self._turns.release()


@dataclass(frozen=True)
class CustomerLists:
    """Implements `schema.types.customer_lists.Lists` for the principal's merchant.

    `seal`: what seals the identifiers of offers for this client; None where they are plain.
    """

    writers: ListWriters
    key: bytes
    merchant: int | None
    seal: Seal | None = None

    def offer_number(self, identifier: str) -> int:
        """See `Lists`."""
        return identified(identifier, OFFER.prefix, self.seal)

    async def upload(self, offer: int, numbers: list[str]) -> UploadCustomerListResult:
        """Match the numbers of a mutation."""
        hashing = Hashing(self.key)

        async def rows() -> AsyncIterator[bytes]:
            for first in range(0, len(numbers), BATCH):
                yield await asyncio.to_thread(hashing.rows, numbers[first : first + BATCH])

        return await self._match(offer, hashing, rows())

    async def upload_csv(self, offer: int, chunks: AsyncIterable[bytes]) -> UploadCustomerListResult:
        """Match the numbers in the first column of a CSV file, read as it arrives and never held whole.

        An error of `chunks` ends the upload and leaves nothing of it.
        """
        hashing = Hashing(self.key)
        lines = CsvLines(hashing)

        async def rows() -> AsyncIterator[bytes]:
            async for chunk in chunks:
                yield await asyncio.to_thread(lines.rows, chunk)
            yield lines.last_rows()

        return await self._match(offer, hashing, rows())

    async def _match(
        self, offer: int, hashing: Hashing, rows: AsyncIterable[bytes]
    ) -> UploadCustomerListResult:
        if self.merchant is None:
            return CustomerListRefused(reason=ListRefusal.UNKNOWN_OFFER)
        async with self.writers.open() as connection:
            await hash_new_numbers(connection, self.key)
            async with transaction(connection):
                hashing.upload = await connection.fetchval(_UPLOAD)
                await _copy(connection, rows)
                row = await connection.fetchrow(
                    _MATCH, hashing.upload, self.merchant, offer, budget_key(self.key)
                )
        return _result_of(row, hashing)


async def _copy(connection: Connection, rows: AsyncIterable[bytes]) -> None:
    async def source() -> AsyncIterator[bytes]:
        yield _COPY_HEAD
        async for some in rows:
            if some:
                yield some
        yield _COPY_END

    await connection.copy_to_table(
        "customer_list_entry",
        schema_name="social",
        columns=["upload", "line", "blind"],
        source=source(),
        format="binary",
    )


def _result_of(row: Any, hashing: Hashing) -> UploadCustomerListResult:
    if row["outcome"] != "TAKEN":
        return CustomerListRefused(reason=ListRefusal(row["outcome"]))
    return CustomerListTaken(
        customer_list=CustomerList(
            status=CustomerListStatus(row["status"]),
            uploaded_at=row["uploaded_at"],
            record_count_band=SizeBand(row["record_count_band"]),
            audience_size_band=SizeBand(row["audience_size_band"]),
        ),
        bad_line_count=hashing.bad,
        bad_lines=hashing.bad_lines,
    )


def budget_key(key: bytes) -> bytes:
    """The key under which the store keeps the uses of numbers. The store does not keep the key."""
    return keyed_hash("budget", key)  # type: ignore[arg-type]  # one more use of the key, not a number


# --- the store's own numbers ----------------------------------------------------------------------


async def fits(connection: Connection, key: bytes) -> bool:
    """Whether the store's numbers are hashed under this key. The first key ever given becomes theirs."""
    return bool(await connection.fetchval(_FITS, keyed_hash("matching", key)))  # type: ignore[arg-type]


async def hash_new_numbers(connection: Connection, key: bytes, progress: Progress = lambda _: None) -> int:
    """Hash the store's numbers that have no keyed hash yet; return their number. WrongKey for another key.

    `progress` receives the number done so far. Safe to repeat, and from several programs at once.
    """
    if not await fits(connection, key):
        raise WrongKey
    done = 0
    while rows := await connection.fetch(_UNHASHED, HASHED_AT_ONCE):
        accounts, sources, numbers = zip(*rows, strict=True)
        blinds = await asyncio.to_thread(lambda given: [keyed_hash(each, key) for each in given], numbers)
        await connection.execute(_HASH, accounts, sources, numbers, blinds)
        done += len(rows)
        progress(done)
    return done
