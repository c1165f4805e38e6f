"""Matches a merchant's list of customers' numbers: read as it arrives, hashed, judged inside the store.

    numbers or bytes of CSV → rows of keyed hashes → COPY → `social.match_list` → a word and three bands

One transaction holds all of it. A number never reaches the store in clear, neither the list nor a count of
people leaves it, and an upload that is cut off leaves nothing (policy, section 5; the rules themselves
stand in `ddl/social/0009_customer_lists.sql`, where no process of the gateway can bend them).

Rejected: hashing in the store (the key would have to be there), matching here (the process would have to
read who the members are).
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from resolvers.stores.pool import StoreLogin, StoreUnavailable, fresh_connections
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

# Named to whoever uploads: the first of the bad rows; the rest are counted.
BAD_LINES_NAMED = 100
# Longer than any way to write a number, so that no line makes the memory grow.
MAX_LINE_BYTES = 256
# New numbers of the store that are hashed by one statement.
HASHED_AT_ONCE = 10_000
# Numbers of a mutation that are hashed in one go of another thread.
BATCH = 5_000
HEADS = frozenset({b"phone", b"number", b"phone_number"})

_COPY_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_COPY_END = struct.pack(">h", -1)
# Three fields: the upload, the line, the hash that follows.
_ROW = struct.Struct(">hiqiqi")

_MATCH = "SELECT * FROM social.match_list($1, $2, $3)"
_UPLOAD = "SELECT nextval('social.customer_list_upload')"
_FITS = "SELECT social.fits_matching_key($1)"
_UNHASHED = "SELECT account_id, source, number FROM social.unhashed_numbers($1)"
_HASH = "SELECT social.hash_numbers($1, $2, $3, $4)"

Progress = Callable[[int], None]


WRONG_KEY = (
    "numbers are hashed under another GATEWAY_SECRET: set it back, or run `gateway lists index --new-key`"
)


class WrongKey(Exception):
    """The store's numbers are hashed under another key than this gateway's: nothing would match."""


@dataclass
class Hashing:
    """Turns written numbers into rows for COPY; counts lines, and remembers which were bad."""

    key: bytes
    upload: int = 0
    line: int = 0
    bad: int = 0
    bad_lines: list[int] = field(default_factory=list)

    def rows(self, numbers: Iterable[str]) -> bytes:
        """Rows of the numbers that are numbers, one line each."""
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
        # A number that is written as it should be, as most are, is not worth fifty microseconds.
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
class Lines:
    """Cuts the bytes of a CSV file into the numbers of its first column, as the bytes arrive.

    A first line that names the column is none of the data, though it is counted: line numbers are those of
    the file. Blank lines are bad, like everything that is no number.
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
            # It cannot be a number any more: its end is waited for, its beginning forgotten.
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
    """Opens the connections that match lists, for so many uploads at a time."""

    def __init__(self, login: StoreLogin, at_once: int = 2) -> None:
        self._login = login
        self._turns = asyncio.Semaphore(at_once)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Connection]:
        """A connection for one upload. StoreUnavailable if there is none, or it is lost in the middle."""
        try:
            async with asyncio.timeout(self._login.request_timeout_s):
                await self._turns.acquire()
        except TimeoutError:
            raise StoreUnavailable from None
        try:
            async with fresh_connections(self._login) as (connection,):
                yield connection
        finally:
            self._turns.release()


@dataclass(frozen=True)
class CustomerLists:
    """What `schema.types.customer_lists.Lists` asks for, of the merchant to whom the token is bound."""

    writers: ListWriters
    key: bytes
    merchant: int | None

    async def upload(self, offer: int, numbers: list[str]) -> UploadCustomerListResult:
        """Match the numbers of a mutation."""
        hashing = Hashing(self.key)

        async def rows() -> AsyncIterator[bytes]:
            for first in range(0, len(numbers), BATCH):
                yield await asyncio.to_thread(hashing.rows, numbers[first : first + BATCH])

        return await self._match(offer, hashing, rows())

    async def upload_csv(self, offer: int, chunks: AsyncIterable[bytes]) -> UploadCustomerListResult:
        """Match the numbers in the first column of a CSV file, read as it arrives and never held whole.

        Whatever `chunks` raises ends the upload and leaves nothing of it.
        """
        hashing = Hashing(self.key)
        lines = Lines(hashing)

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
            async with connection.transaction():
                hashing.upload = await connection.fetchval(_UPLOAD)
                await _copy(connection, rows)
                row = await connection.fetchrow(_MATCH, hashing.upload, self.merchant, offer)
        return _told(row, hashing)


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


def _told(row: Any, hashing: Hashing) -> UploadCustomerListResult:
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


# --- the store's own numbers ----------------------------------------------------------------------


async def fits(connection: Connection, key: bytes) -> bool:
    """Whether the store's numbers are hashed under this key; the first key to come is theirs."""
    return bool(await connection.fetchval(_FITS, keyed_hash("matching", key)))  # type: ignore[arg-type]


async def hash_new_numbers(connection: Connection, key: bytes, progress: Progress = lambda _: None) -> int:
    """Give every number of the store that has none its keyed hash; how many. WrongKey if it has another's.

    `progress` is told how many are done. Safe to repeat, and from several programs at once.
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
