"""The records of suggestions that pass between planning and running; frozen, without behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from resolvers.sources.words import Suggestions

if TYPE_CHECKING:
    from resolvers.plan.tree import Parameter, TreeNode


@dataclass(frozen=True)
class PersonHole:
    """Filled from `slot` with the person's suggestions; its mark names their other account too."""

    slot: int
    source: Suggestions


@dataclass(frozen=True)
class SuggestionsOf:
    """A list of suggestions: `size` at most, for everybody in the slot's marks.

    `mention`: the place where the ledger names who is suggested.
    """

    source: Suggestions
    members: tuple[tuple[str, TreeNode], ...]
    size: Parameter | int
    slot: int
    subject: int | None = None


class Step(StrEnum):
    """A statement of suggestions. On one machine BOOKS, then RANKED; on sharded stores all but that."""

    BOOKS = "books"
    RANKED = "ranked"
    CIRCLES = "circles"
    WIDER = "wider"
    MEMBERS = "members"
    KNOWN = "known"


class Gathered(StrEnum):
    """A parameter of such a statement: what the steps before it found."""

    PEOPLE = "the people"
    OWNERS = "their accounts in the other store"
    BOOKS = "their address books"
    FRIENDS = "their friends"
    CONTACTS = "all their contacts"
    CANDIDATES = "all candidates"
