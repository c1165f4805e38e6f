"""The proof of the ledger: how entries hang together, and how far a stream had come, signed.

Each entry's hash is the SHA-256 of the hash before it in its stream and of the entry as JSON, in one way
(`entry_text`); so whatever is changed, removed, inserted or moved no longer fits. That alone does not stop
somebody who may write in the database and computes all hashes anew: therefore each stream's head is signed
about once a second with a key that is not in the database (Ed25519, RFC 8032). What was written since the
last checkpoint can be cut off without a trace; nothing else can. Whoever does not trust the keeper of the
key publishes the checkpoints elsewhere (`gateway ledger checkpoints`).

Anybody can check it with the public key: the forms stand here and need nothing of this program.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Entry(NamedTuple):
    """One answer in the ledger. `people`: references, those at the question's first place first.

    `counts`: how many stand at each place. Both as Postgres writes arrays: ``{3,5}``. `question`: the key of
    what was asked.
    """

    at: datetime
    number: int
    request: str
    client: str
    credential: str
    shape: bytes
    outcome: str
    counts: str
    people: str


class Head(NamedTuple):
    """How far a stream had come: its last entry's number, time and hash."""

    stream: bytes
    number: int
    at: datetime
    hash: bytes


def beginning(stream: bytes) -> bytes:
    """What stands for the hash before a stream's first entry."""
    return hashlib.sha256(b"purpose-gateway ledger 1\n" + stream).digest()


class Said(NamedTuple):
    """What an entry says, but for its time and place, in the form in which its hash covers it.

    `question`: hexadecimal digits. `counts`, `people`: as Postgres writes arrays.
    """

    request: str
    client: str
    credential: str
    shape: str
    outcome: str
    counts: str
    people: str


def microseconds(at: datetime) -> int:
    """Since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def _text(at: int, number: int, said: Said) -> bytes:
    return orjson.dumps([at, number, *said])


def entry_text(entry: Entry) -> bytes:
    """The entry as its hash covers it: a JSON list, times in microseconds since 1970."""
    at, number, request, client, credential, shape, outcome, counts, people = entry
    said = Said(request, client, credential, shape.hex(), outcome, counts, people)
    return _text(microseconds(at), number, said)


def said_hash(before: bytes, at: int, number: int, said: Said) -> bytes:
    """The hash of an entry that is about to be written; `at` in microseconds since 1970."""
    return hashlib.sha256(before + _text(at, number, said)).digest()


def entry_hash(before: bytes, entry: Entry) -> bytes:
    """The entry's hash, after the one before it."""
    return hashlib.sha256(before + entry_text(entry)).digest()


def _signed_text(what: str, head: Head) -> bytes:
    """What a signature covers, as lines of text."""
    lines = (
        f"purpose-gateway ledger {what} 1",
        head.stream.hex(),
        str(head.number),
        str(microseconds(head.at)),
        head.hash.hex(),
    )
    return ("\n".join(lines) + "\n").encode()


CHECKPOINT, CUT = "checkpoint", "cut"


class Signer:
    """Signs heads. `seed`: 32 bytes, derived from the gateway's secret."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    @property
    def public(self) -> bytes:
        """The public key, 32 bytes."""
        return self._key.public_key().public_bytes_raw()

    def sign(self, what: str, head: Head) -> bytes:
        """The signature under a checkpoint or a cut."""
        return self._key.sign(_signed_text(what, head))


def is_signed(public: bytes, what: str, head: Head, signature: bytes) -> bool:
    """Whether the holder of the key signed exactly this."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, _signed_text(what, head))
    except InvalidSignature:
        return False
    return True


def question_key(text: str) -> bytes:
    """Under which key the ledger keeps a question of this text."""
    return hashlib.sha256(text.encode()).digest()
