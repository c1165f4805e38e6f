"""The sixth pass: groups fetches into waves, and each wave's into those that share a statement.

And the waves in which suggestions are found. On one machine there are two: the address books in the other
store, then everything else as one statement, which ranks. On sharded stores no statement may follow a friend
to their friends, so each step goes by key:

    1  the people's friends; their address books
    2  the friends' friends; the accounts of those in the books
    3  which of all these the people are friends of already; then the ranking, in `run/suggestions.py`

Either way the number of statements depends on the document alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from resolvers.plan.fetches import Fetch, SuggestionFetch
from resolvers.plan.plan import Statement
from resolvers.plan.suggestions import SuggestionsOf, SuggestionStep
from resolvers.sources.catalogue import Store

# Fetches that share a statement.
Group = tuple[Fetch, ...]


def waves_of(fetches: Iterable[Fetch], sharded: bool) -> tuple[tuple[Group, ...], ...]:
    """The waves in their order. Fetches of one store share a statement, if the store is not sharded."""
    waves: dict[int, dict[tuple[object, ...], list[Fetch]]] = defaultdict(lambda: defaultdict(list))
    for fetch in fetches:
        waves[fetch.wave][_group_of(fetch, sharded)].append(fetch)
    return tuple(tuple(map(tuple, waves[number].values())) for number in sorted(waves))


def _group_of(fetch: Fetch, sharded: bool) -> tuple[object, ...]:
    if isinstance(fetch, SuggestionFetch):
        return fetch.store, fetch.slot, fetch.step
    return (fetch.store, fetch.slot, None) if sharded else (fetch.store,)


def stores_asked_whole(statements: Iterable[Statement]) -> frozenset[Store]:
    """The sharded stores of which every shard is asked for a list."""
    return frozenset(statement.store for statement in statements if statement.fans_out)


def stores_asked_again(statements: Iterable[Statement]) -> frozenset[Store]:
    """The stores that are asked more than once."""
    asked = Counter(statement.store for statement in statements)
    return frozenset(store for store, times in asked.items() if times > 1)


# --- suggestions ----------------------------------------------------------------------------------

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
