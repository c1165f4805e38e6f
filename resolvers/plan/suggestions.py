"""The records of friend suggestions: a list of them, the steps that find it, and what a step is given."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from resolvers.plan.parameters import Parameter
from resolvers.plan.tree import CoveredPlace, TreeNode
from resolvers.sources.words import Suggestions


@dataclass(frozen=True)
class SuggestionsOf:
    """At most `size` suggestions for each person in the marks of `slot`.

    `subject`: the place where the ledger names the people suggested. `covered`: the places where it names
    those found in the address book, and the book's owner.
    """

    source: Suggestions
    members: tuple[tuple[str, TreeNode], ...]
    size: Parameter | int
    slot: int
    subject: int | None = None
    covered: tuple[CoveredPlace, CoveredPlace] | None = None


class SuggestionStep(StrEnum):
    """A statement of suggestions. One machine runs BOOKS, then RANKED; sharded stores all but RANKED."""

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
