"""What the gateway says of its own policy: its version to everybody, all of it to who audits it.

`Policies` is what these answers need from the rest of the program: the matrix is computed from the
schemas that are built of these very types.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Protocol

import strawberry

from schema.purposes import Purpose
from schema.terms.words import belongs, plumbing, rows


@rows("V V V V V V V V V")
@strawberry.type(description="A version of the policy.")
class PolicyVersion:
    """What was recorded of a version; of what runs, if nobody recorded it, the digest alone."""

    name: str | None = plumbing("PolicyVersion", "The version's name, or null if it was never recorded.")
    valid_from: datetime.datetime | None = plumbing(
        "PolicyVersion", "Since when it holds, or null for what was so from the beginning."
    )
    digest: str = plumbing("PolicyVersion", "SHA-256 of the policy matrix: it changes with every rule.")
    author: str | None = plumbing("PolicyVersion", "Who decided it.")
    reason: str | None = plumbing("PolicyVersion", "Why.")
    purpose: str = plumbing("PolicyVersion", "The purpose of this request.")
    sentence: str = plumbing("PolicyVersion", "What this purpose is for.")


@strawberry.type(description="What one purpose sees of one field, or of the rows of a type.")
class PolicyMark:
    """One letter of the matrix."""

    type: str = belongs(Purpose.AUDIT, "The type.")
    field: str = belongs(Purpose.AUDIT, "The field; `(row)` or `(row: KIND)` for whole rows.")
    purpose: str = belongs(Purpose.AUDIT, "The purpose.")
    mark: str = belongs(Purpose.AUDIT, "The letter: V, A, N, P, B, M, O, S or -.")
    meaning: str = belongs(Purpose.AUDIT, "What the letter means.")


class Policies(Protocol):
    """The policy that runs, and those that were recorded."""

    def marks(
        self, version: str | None, type_: str | None, purpose: str | None
    ) -> Sequence[PolicyMark] | None:
        """The matrix of a version, by name or digest (None: what runs), narrowed; None if there is none."""
