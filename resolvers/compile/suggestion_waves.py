"""The waves in which suggestions are found.

On one machine two: the address books in the other store, then everything else as one statement, which
ranks. On sharded stores no statement may follow a friend to their friends, so each step goes by key:

    1  the people's friends; their address books
    2  the friends' friends; the accounts of those in the books
    3  which of all these the people are friends of already; then the ranking, in `run/suggestions.py`

Either way the number of statements depends on the document alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from resolvers.plan.parameters import Arguments, page_size
from resolvers.plan.suggestions import Step, SuggestionsOf
from resolvers.plan.tree import Fetch, Parameter
from schema.values.paging import DEFAULT_SUGGESTIONS, MAX_SUGGESTIONS

_WHOLE = ((Step.BOOKS, 1), (Step.RANKED, 2))
_SHARDED = ((Step.CIRCLES, 1), (Step.BOOKS, 1), (Step.WIDER, 2), (Step.MEMBERS, 2), (Step.KNOWN, 3))


def steps(found: SuggestionsOf, wave: int, sharded: bool) -> Iterator[Fetch]:
    """The fetches of suggestions for people whose marks are found in `wave`."""
    for step, later in _SHARDED if sharded else _WHOLE:
        relation = found.source.owners if step is Step.BOOKS else found.source.friends[0]
        yield Fetch(found.slot, wave + later, relation.store, "bigint", suggestions=found, step=step)


def last_wave(wave: int, sharded: bool) -> int:
    """The wave in which the suggestions are complete but for what lies elsewhere."""
    return wave + max(later for _, later in (_SHARDED if sharded else _WHOLE))


def suggestion_size(arguments: Arguments, given: list[Parameter]) -> Parameter | int:
    """How many at most; noted in `given`, for there may be no statement that needs it.

    BAD_USER_INPUT for a negative number.
    """
    if arguments.values.get("first") is None:
        return DEFAULT_SUGGESTIONS
    decode = page_size(MAX_SUGGESTIONS)
    if arguments.is_constant("first"):
        return decode(arguments.values["first"])
    size = Parameter("integer", arguments.reader(("first",), decode))
    given.append(size)
    return size
