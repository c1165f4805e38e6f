"""The fifth pass: groups fetches into waves, and each wave's into those that share a statement."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from resolvers.plan.fetches import Fetch, SuggestionFetch
from resolvers.plan.plan import Statement
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
