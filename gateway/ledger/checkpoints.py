"""The signed heads of the ledger's streams: read from `control`, written as lines, and read again.

A line can be kept where those who can write in the database cannot.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from gateway.ledger.chain import CHECKPOINT, Signed, StreamHead

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection, Record

_HEADS = "SELECT stream, number, at, hash, signature FROM control.ledger_{} ORDER BY stream, number"
# Every event about references is signed: the last one covers the others.
_PEOPLE = """
SELECT DISTINCT ON (stream) stream, number, at, hash, signature FROM control.ledger_reference
ORDER BY stream, number DESC
"""

NEAR_THE_END = 100_000


async def signed_heads(control: Connection, what: str) -> list[Signed]:
    """The heads in one table: `chain.CHECKPOINT` or `chain.CUT`."""
    return [_signed_of(row) for row in await control.fetch(_HEADS.format(what))]


async def checkpoints(control: Connection, since: datetime | None) -> AsyncIterator[str]:
    """The signed heads since then, of entries and of references, as lines of JSON for publishing."""
    heads = await signed_heads(control, CHECKPOINT)
    heads += [_signed_of(row) for row in await control.fetch(_PEOPLE)]
    for each in heads:
        if since is None or each.head.at >= since:
            yield checkpoint_line(each)


def _signed_of(row: Record) -> Signed:
    head = StreamHead(stream=row["stream"], number=row["number"], at=row["at"], hash=row["hash"])
    return Signed(head, row["signature"])


def checkpoint_line(signed: Signed) -> str:
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


def read_checkpoint(line: str) -> Signed:
    """The signed head of a line of JSON. ValueError for any other text."""
    members = orjson.loads(line)
    try:
        head = StreamHead(
            stream=bytes.fromhex(members["stream"]),
            number=int(members["number"]),
            at=datetime.fromisoformat(members["at"]),
            hash=bytes.fromhex(members["hash"]),
        )
        return Signed(head, bytes.fromhex(members["signature"]))
    except (KeyError, TypeError):
        raise ValueError("not a checkpoint") from None


def newest_published(file: Path) -> datetime | None:
    """The time of the newest head near the end of the file; None if it has none. OSError, ValueError."""
    if not file.exists():
        return None
    with file.open("rb") as opened:
        opened.seek(max(0, file.stat().st_size - NEAR_THE_END))
        lines = opened.read().decode().splitlines()
    whole = lines if file.stat().st_size <= NEAR_THE_END else lines[1:]
    return max((read_checkpoint(line).head.at for line in whole), default=None)
