"""The proof of the ledger: a hash chain of entries in each stream, and signed checkpoints of its head.

Each entry's hash is the SHA-256 of the previous hash in its stream and of the entry as JSON (`entry_text`).
If an entry is changed, removed, inserted or moved, the hashes no longer match. An attacker with write access
to the database could recompute all hashes. Therefore the gateway signs each stream's head about once a second
with a key that is not in the database (Ed25519, RFC 8032). An attacker can cut off the entries since the last
checkpoint without a trace, and no others. An auditor who does not trust the holder of the key keeps the
checkpoints elsewhere (`gateway ledger checkpoints`).

Verification needs the public key and the text forms in this file, and nothing else of this program.
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
    """One answer in the ledger. `people`: references, in the order of the shape's places.

    `counts`: the number of references at each place. `asked`: how many people were asked about, for each way
    in which the shape says that they were chosen; None in an entry from before this was recorded. All three
    as Postgres writes arrays: ``{3,5}``. `shape`: the key of the disclosure shape.
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
    asked: str | None


class StreamHead(NamedTuple):
    """The last entry of a stream: its number, time and hash."""

    stream: bytes
    number: int
    at: datetime
    hash: bytes


class Signed(NamedTuple):
    """A stream head and its signature."""

    head: StreamHead
    signature: bytes


def initial_hash(stream: bytes) -> bytes:
    """The hash that a stream's first entry has as its previous hash."""
    return hashlib.sha256(b"purpose-gateway ledger 1\n" + stream).digest()


class EntryContent(NamedTuple):
    """An entry without its time and number, in the form that its hash covers.

    `shape`: hexadecimal digits. `counts`, `people`, `asked`: as Postgres writes arrays.
    """

    request: str
    client: str
    credential: str
    shape: str
    outcome: str
    counts: str
    people: str
    asked: str | None


def microseconds(at: datetime) -> int:
    """Microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def _text(at: int, number: int, content: EntryContent) -> bytes:
    # An entry from before `asked` was recorded has a text without it.
    return orjson.dumps([at, number, *(content if content.asked is not None else content[:-1])])


def entry_text(entry: Entry) -> bytes:
    """The entry as its hash covers it: a JSON list, times in microseconds since 1970."""
    at, number, request, client, credential, shape, outcome, counts, people, asked = entry
    content = EntryContent(
        request=request,
        client=client,
        credential=credential,
        shape=shape.hex(),
        outcome=outcome,
        counts=counts,
        people=people,
        asked=asked,
    )
    return _text(microseconds(at), number, content)


def content_hash(before: bytes, at: int, number: int, *, content: EntryContent) -> bytes:
    """The hash of an entry that is about to be written; `at` in microseconds since 1970."""
    return hashlib.sha256(before + _text(at, number, content)).digest()


def entry_hash(before: bytes, entry: Entry) -> bytes:
    """The entry's hash. `before`: the hash of the previous entry."""
    return hashlib.sha256(before + entry_text(entry)).digest()


def _signed_text(what: str, head: StreamHead) -> bytes:
    """The lines of text that a signature covers."""
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
    """Signs stream heads. `seed`: 32 bytes, derived from the gateway's secret."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    @property
    def public(self) -> bytes:
        """The public key, 32 bytes."""
        return self._key.public_key().public_bytes_raw()

    def sign(self, what: str, head: StreamHead) -> bytes:
        """The signature of a checkpoint or a cut."""
        return self._key.sign(_signed_text(what, head))

    def sign_text(self, what: str, text: bytes) -> bytes:
        """The signature of another text than a stream's head. `what`: which kind of text, in one line."""
        return self._key.sign(_named_text(what, text))


def is_signed(public: bytes, what: str, head: StreamHead, *, signature: bytes) -> bool:
    """Whether the signature is the key holder's, of exactly this head."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, _signed_text(what, head))
    except InvalidSignature:
        return False
    return True


def is_text_signed(public: bytes, what: str, text: bytes, *, signature: bytes) -> bool:
    """Whether the signature is the key holder's, of exactly this text of this kind."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, _named_text(what, text))
    except InvalidSignature:
        return False
    return True


def _named_text(what: str, text: bytes) -> bytes:
    return what.encode() + b"\n" + text


def question_key(text: str) -> bytes:
    """The key under which the ledger keeps a disclosure shape with this text."""
    return hashlib.sha256(text.encode()).digest()
