"""Keeps what the steps of suggestions find from one wave to the next, and ranks them for sharded stores.

On one machine Postgres ranks. If each shard knows a part of the ties, they come as keys, and Python counts
and ranks them here: the people suggested become holes, which the next wave fills.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from resolvers.plan.holes import HOLE, MARK, subject_mark
from resolvers.plan.parameters import Parameter, array_text
from resolvers.plan.plan import Statement
from resolvers.plan.suggestions import Gathered, SuggestionsOf, SuggestionStep
from resolvers.plan.tree import Hole, Literal, TreeNode
from resolvers.sources.words import FROM_BOOKS, FROM_FRIENDS, Value

if TYPE_CHECKING:
    from graphql.execution.values import VariableValues

Rows = Iterable[tuple[str, str]]


class Gathering:
    """What one request found so far for one field's suggestions. Keys are texts, as the stores give them.

    `texts`: the texts that hold the people's marks.
    """

    def __init__(self, suggestions: SuggestionsOf, texts: Iterable[str]) -> None:
        self._suggestions = suggestions
        marks = re.compile(f"{HOLE}{suggestions.slot}:([0-9]+)/([0-9]*){HOLE}")
        # Person → their account in the other store, or nothing.
        self._people = {key: owner for text in texts for key, owner in marks.findall(text)}
        self._books: dict[str, str] = {}
        self._friends: dict[str, list[str]] = {}
        self._members: dict[str, str] = {}
        self._known: dict[str, set[str]] = defaultdict(set)

    def put(self, statement: Statement, arguments: list[Any]) -> bool:
        """Put what was found into the statement's arguments; False if there is nothing to ask for."""
        for index, what in enumerate(statement.parameters):
            if isinstance(what, Gathered):
                arguments[index] = self._found(what)
        return all(argument is not None for argument in arguments)

    def _found(self, what: Gathered) -> str | list[str] | None:
        match what:
            case Gathered.BOOKS:
                return ["{" + self._books.get(owner, "") + "}" for owner in self._people.values()]
            case Gathered.PEOPLE:
                keys: Iterable[str] = self._people
            case Gathered.OWNERS:
                keys = filter(None, self._people.values())
            case Gathered.FRIENDS:
                keys = (each for person in self._people for each in self._friends.get(person, ()))
            case Gathered.CONTACTS:
                keys = (each for book in self._books.values() for each in _split(book))
            case Gathered.CANDIDATES:
                keys = (each for person in self._people for each in self._candidates(person))
        unique = dict.fromkeys(keys)
        return array_text(unique) if unique else None

    def note(self, step: SuggestionStep, rows: Rows, variables: VariableValues) -> Rows:
        """Keep what a step found. After the last step, the people's lists by their marks; else nothing."""
        match step:
            case SuggestionStep.BOOKS:
                self._books = dict(rows)
            case SuggestionStep.CIRCLES | SuggestionStep.WIDER:
                self._friends |= {key: _split(ends) for key, ends in rows}
            case SuggestionStep.MEMBERS:
                self._members = dict(rows)
            case SuggestionStep.RANKED:
                return [(self._mark(person), text) for person, text in rows]
            case SuggestionStep.KNOWN:
                for person, friend in rows:
                    self._known[person].add(friend)
                size = self._suggestions.size
                most = size.read(variables) if isinstance(size, Parameter) else size
                assert isinstance(most, int)
                return [(self._mark(person), self._list(person, most)) for person in self._people]
        return ()

    def _mark(self, person: str) -> str:
        return f"{self._suggestions.slot}:{person}/{self._people[person]}"

    # --- of sharded stores: counted and ranked here -----------------------------------------------

    def _candidates(self, person: str) -> Counter[str]:
        """All candidates, friends among them, each with the number of ways to them."""
        ways = Counter(
            other for friend in self._friends.get(person, ()) for other in self._friends.get(friend, ())
        )
        for contact in self._contacts(person):
            ways.setdefault(contact, 0)
        del ways[person]
        return ways

    def _contacts(self, person: str) -> set[str]:
        book = _split(self._books.get(self._people[person], ""))
        return {self._members[contact] for contact in book if contact in self._members}

    def _list(self, person: str, most: int) -> str:
        contacts = self._contacts(person)
        ranked = sorted(
            (other not in contacts, -ways, int(other))
            for other, ways in self._candidates(person).items()
            if other not in self._known[person]
        )
        return "[" + ",".join(self._item(*each, person=person) for each in ranked[:most]) + "]"

    def _item(self, stranger: bool, negated: int, other: int, *, person: str) -> str:
        values = {"basis": f'"{FROM_FRIENDS if stranger else FROM_BOOKS}"', "mutual": str(-negated)}
        members = (f'"{key}":{_text(member, other, values)}' for key, member in self._suggestions.members)
        subject, covered = self._suggestions.subject, self._suggestions.covered
        whose = "" if subject is None else _marked(subject, other)
        if covered is not None and not stranger:
            whose += _marked(covered[0].subject, other) + _marked(covered[1].subject, person)
        return whose + "{" + ",".join(members) + "}"


def _marked(subject: int, key: int | str) -> str:
    return f"{MARK}{subject_mark(subject)}{key}{MARK}"


def _text(member: TreeNode, other: int, values: dict[str, str]) -> str:
    match member:
        case Literal(text):
            return text
        case Value(column):
            return values[column]
        case Hole(slot):
            return f"{HOLE}{slot}:{other}{HOLE}"
    raise AssertionError(f"a suggestion of a sharded store holds keys alone: {member}")


def _split(keys: str) -> list[str]:
    return keys.split(",") if keys else []
