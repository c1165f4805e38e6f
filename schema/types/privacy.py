"""The gateway's own policy: its version for every purpose, the whole matrix for audit.

`Policies` is what the resolvers need from the rest of the program, because the matrix is computed from the
schemas, which are built of these types.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Protocol

import strawberry

from schema.purposes import Purpose
from schema.terms.words import belongs, plumbing, rows


@rows("V V V V V V V V V")
@strawberry.type(description="A version of the policy. The policy says which purpose may see which field.")
class PolicyVersion:
    """The record of a version. A policy that runs without a record has a digest alone."""

    name: str | None = plumbing("PolicyVersion", "The version's name; null if the version was not recorded.")
    valid_from: datetime.datetime | None = plumbing(
        "PolicyVersion", "When the version took effect; null for the first version, which has no start."
    )
    digest: str = plumbing(
        "PolicyVersion", "The SHA-256 of the policy in hexadecimal digits. It changes with every rule."
    )
    author: str | None = plumbing("PolicyVersion", "Who decided this version.")
    reason: str | None = plumbing("PolicyVersion", "Why this version was made.")
    purpose: str = plumbing("PolicyVersion", "The purpose under which this request runs.")
    sentence: str = plumbing("PolicyVersion", "What the purpose of this request is for, in one sentence.")


@strawberry.type(description="What one purpose sees of one field, or of the rows of a type.")
class PolicyMark:
    """One cell of the matrix."""

    type: str = belongs(Purpose.AUDIT, "The name of the type.")
    field: str = belongs(Purpose.AUDIT, "The name of the field; `(row)` or `(row: KIND)` for whole rows.")
    purpose: str = belongs(Purpose.AUDIT, "The purpose.")
    mark: str = belongs(Purpose.AUDIT, "The mark: `V`, `A`, `N`, `P`, `B`, `M`, `O`, `S` or `-`.")
    meaning: str = belongs(Purpose.AUDIT, "What the mark means, in words.")


class Policies(Protocol):
    """The running policy, and all recorded versions."""

    def marks(
        self, version: str | None, type_: str | None, purpose: str | None
    ) -> Sequence[PolicyMark] | None:
        """The matrix of a version, by name or digest (None: the running policy); None if there is none.

        With `type_` or `purpose`, only the marks of these.
        """
