"""The records that say whom an answer is about; frozen, without behaviour."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from resolvers.sources.catalogue import Store
    from schema.purposes import Duty, Purpose


@dataclass(frozen=True)
class SubjectPlace:
    """A place of an answer where people stand: whose accounts, and what is told of each.

    `of`: the store that numbers them; None where an ordinary resolver says whom it told of. `fields`: as in
    the matrix, ``Type.field``, in the order of the answer.
    """

    of: Store | None
    fields: tuple[str, ...]


@dataclass(frozen=True)
class DisclosureShape:
    """What one plan's answers have in common, for the ledger: who may ask it for what, and what it tells.

    `fields`: for each mention, by its number. `document`: the SHA-256 of the document, in hexadecimal digits.
    """

    purpose: Purpose | Duty
    policy: str
    document: str
    subjects: tuple[SubjectPlace, ...]

    @cached_property
    def text(self) -> bytes:
        """All of it as JSON, in one way; the ledger keeps it once, under `key`."""
        fields = [subject.fields for subject in self.subjects]
        return orjson.dumps([self.purpose.value, self.policy, self.document, fields])

    @cached_property
    def key(self) -> bytes:
        """The SHA-256 of `text`: whoever changes the one no longer has the other."""
        return hashlib.sha256(self.text).digest()
