"""How many entries of a list share a value: a count by what stands in a column, small groups left out.

A group of few is a person or two, so it is not told; what is counted are the rows that the purpose sees.
On one machine Postgres counts and builds the text (`sql/page.py`). Of a sharded store the counts come as
rows, and the text is built here: only the sum over all shards says whether a group is large enough.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from resolvers.sources.words import Value
from schema.values import paging

TYPENAME = f'"{paging.Group.__name__}"'


@dataclass(frozen=True)
class Groups:
    """A list counted by `value`. `members` by the names of `Group`'s fields; `slot`: of a sharded store's."""

    value: Value
    members: tuple[tuple[str, str], ...]
    slot: int | None


def least() -> int:
    """How many entries a group that is told has at least."""
    return paging.MIN_GROUP


def text_of(groups: Groups, rows: Iterable[tuple[str, str]]) -> str:
    """The JSON list of the groups, the largest first. `rows`: (the value as JSON, how many)."""
    counted = [(value, int(count)) for value, count in rows if int(count) >= least()]
    counted.sort(key=lambda each: (-each[1], each[0]))
    items = []
    for value, count in counted:
        told = {"value": value, "count": str(count), "__typename": TYPENAME}
        items.append("{" + ",".join(f'"{key}":{told[name]}' for key, name in groups.members) + "}")
    return "[" + ",".join(items) + "]"
