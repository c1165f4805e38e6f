"""The waves in which suggestions are found.

On one machine there are two: the address books in the other store, then everything else as one statement,
which ranks. On sharded stores no statement may follow a friend to their friends, so each step goes by key:

    1  the people's friends; their address books
    2  the friends' friends; the accounts of those in the books
    3  which of all these the people are friends of already; then the ranking, in `run/suggestions.py`

Either way the number of statements depends on the document alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from resolvers.plan.fetches import SuggestionFetch
from resolvers.plan.suggestions import SuggestionsOf, SuggestionStep

_WHOLE = ((SuggestionStep.BOOKS, 1), (SuggestionStep.RANKED, 2))
_SHARDED = (
    (SuggestionStep.CIRCLES, 1),
    (SuggestionStep.BOOKS, 1),
    (SuggestionStep.WIDER, 2),
    (SuggestionStep.MEMBERS, 2),
    (SuggestionStep.KNOWN, 3),
)


def steps(found: SuggestionsOf, wave: int, sharded: bool) -> Iterator[SuggestionFetch]:
    """The fetches of suggestions for people whose marks are found in `wave`."""
    for step, later in _SHARDED if sharded else _WHOLE:
        relation = found.source.owners if step is SuggestionStep.BOOKS else found.source.friends[0]
        yield SuggestionFetch(found.slot, wave + later, relation.store, suggestions=found, step=step)


def last_wave(wave: int, sharded: bool) -> int:
    """The wave after which the suggestions miss only the objects that they lead to."""
    return wave + max(later for _, later in (_SHARDED if sharded else _WHOLE))
