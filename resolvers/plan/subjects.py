"""The records that say which people an answer is about, and which fields it gives of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from resolvers.plan.amounts import ChosenPeople
    from resolvers.sources.catalogue import Store
    from schema.purposes import Duty, Purpose


@dataclass(frozen=True)
class SubjectPlace:
    """A place of an answer where people are named, and the fields that it gives of each.

    `of`: the store that numbers the people; None where an ordinary resolver notes them. `fields`: as in the
    matrix, ``Type.field``, in the order of the answer. `covered`: the place names a person only if the answer
    holds data of theirs that came from the messenger; `fields` are those that hold it.
    """

    of: Store | None
    fields: tuple[str, ...]
    covered: bool = False


@dataclass(frozen=True)
class DisclosureShape:
    """What all answers of one plan have in common, for the ledger: purpose, policy, document and fields.

    `subjects`: by their numbers. `document`: the SHA-256 of the document, in hexadecimal digits. `chosen`:
    how the request chose the people that it asks about, and the fields that tell whether they are there.
    """

    purpose: Purpose | Duty
    policy: str
    document: str
    subjects: tuple[SubjectPlace, ...]
    chosen: tuple[ChosenPeople, ...] = ()

    @cached_property
    def text(self) -> bytes:
        """All of it as JSON, always in the same form; the ledger keeps it once, under `key`."""
        fields = [subject.fields for subject in self.subjects]
        chosen = [[each.how.value, each.fields] for each in self.chosen]
        covered = [number for number, subject in enumerate(self.subjects) if subject.covered]
        whole = [self.purpose.value, self.policy, self.document, fields, chosen, covered]
        return orjson.dumps(whole if covered else whole[:-1] if chosen else whole[:-2])

    @cached_property
    def key(self) -> bytes:
        """The SHA-256 of `text`: a changed text no longer has this key."""
        return hashlib.sha256(self.text).digest()
