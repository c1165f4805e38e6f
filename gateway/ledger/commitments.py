"""The person behind a reference, as part of the ledger's proof: a commitment for each, in signed events.

The commitment of a reference is an HMAC-SHA-256 of its account under the salt beside it (`commitment`). It is
written when the reference is drawn, and never again: so two accounts that exchange their references, and a
reference that leads to another account or to none, no longer fit. If the link is deleted together with its
salt, the commitment leads to no account: to test all accounts one would need the 128 bits of the salt.

Rejected: commitments in the hash of each entry (an entry of a thousand people would be hashed over 32 kB
more), and a reference that is itself a keyed hash (63 bits, and an auditor would need the gateway's
secret). As it is, an answer about people who have a reference costs nothing more; a draw costs one signature.

The events of one process form a stream, like its entries. Each event is signed at once, because draws are
rare: none waits for a checkpoint.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import orjson

from gateway.ledger.chain import CHECKPOINT, Signed, Signer, StreamHead, initial_hash, microseconds

SALT_BYTES = 16
COMMITMENT_BYTES = 32


class EventKind(StrEnum):
    """What an event says of its references.

    DRAWN: drawn by lot, with these commitments. ADOPTED: the same, for references that are older than
    commitments. COVERED: from then on each reference has a commitment. ERASED: the links to their accounts
    were deleted.
    """

    DRAWN = "DRAWN"
    ADOPTED = "ADOPTED"
    COVERED = "COVERED"
    ERASED = "ERASED"


class PeopleEvent(NamedTuple):
    """An event about references. `people` as Postgres writes arrays; `commitments`: hexadecimal digits."""

    at: datetime
    number: int
    kind: str
    people: str
    commitments: str
    reason: str


class SignedEvent(NamedTuple):
    """A row of `control.ledger_reference`, in the order of its columns."""

    stream: bytes
    number: int
    at: datetime
    kind: str
    people: Sequence[int]
    commitments: bytes
    reason: str
    hash: bytes
    signature: bytes

    @property
    def signed(self) -> Signed:
        """The signed head of its stream."""
        head = StreamHead(stream=self.stream, number=self.number, at=self.at, hash=self.hash)
        return Signed(head, self.signature)


ADD_EVENT = """
INSERT INTO control.ledger_reference
    (stream, number, at, kind, people, commitments, reason, hash, signature)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""


def new_salts(count: int) -> list[bytes]:
    """So many salts."""
    return [secrets.token_bytes(SALT_BYTES) for _ in range(count)]


def commitment(salt: bytes, store: str, account_id: int, *, reference: int) -> bytes:
    """What binds the reference to the account. Without the salt it says nothing of the account."""
    return hmac.digest(salt, f"{store} {account_id} {reference}".encode(), "sha256")


def event_hash(before: bytes, event: PeopleEvent) -> bytes:
    """The event's hash: of the hash before it, and of the event as JSON, times in microseconds since 1970."""
    return hashlib.sha256(before + orjson.dumps([microseconds(event.at), *event[1:]])).digest()


class PeopleStream:
    """The chain of events that one process writes."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer
        self._id = secrets.token_bytes(8)
        self._hash = initial_hash(self._id)
        self._number = 0
        self._at: datetime | None = None

    def next(
        self,
        kind: EventKind,
        at: datetime,
        people: Sequence[int] = (),
        *,
        commitments: Iterable[bytes] = (),
        reason: str = "",
    ) -> SignedEvent:
        """The stream's next event, signed. It counts once `keep` was called with it."""
        # If the clock is set back, a new event would come before those already written.
        moment = at if self._at is None else max(at, self._at)
        joined = b"".join(commitments)
        event = PeopleEvent(
            at=moment,
            number=self._number + 1,
            kind=kind.value,
            people=f"{{{','.join(map(str, people))}}}",
            commitments=joined.hex(),
            reason=reason,
        )
        head = StreamHead(stream=self._id, number=event.number, at=moment, hash=event_hash(self._hash, event))
        signature = self._signer.sign(CHECKPOINT, head)
        return SignedEvent(
            self._id, event.number, moment, event.kind, people, joined, reason, head.hash, signature
        )  # fmt: skip

    def keep(self, event: SignedEvent) -> None:
        """The event was written."""
        self._number, self._hash, self._at = event.number, event.hash, event.at
