"""Groups: how many entries of a list share a value of a column. Small groups are left out.

A small group is a person or two, so the answer withholds it. Only rows that the purpose sees are counted.
On one machine Postgres counts and builds the text (`sql/page.py`). For a sharded store the counts come as
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
    """A list counted by `value`; `members` by the names of the fields of `Group`.

    `slot`: for a sharded store, the slot that the groups fill.
    """

    value: Value
    members: tuple[tuple[str, str], ...]
    slot: int | None


def least() -> int:
    """The number of entries that a group in an answer has at least."""
    return paging.MIN_GROUP


def text_of(groups: Groups, rows: Iterable[tuple[str, str]]) -> str:
    """The JSON list of the groups, the largest first. `rows`: (the value as JSON, how many)."""
    counted = [(value, int(count)) for value, count in rows if int(count) >= least()]
    counted.sort(key=lambda each: (-each[1], each[0]))
    items = []
    for value, count in counted:
        values = {"value": value, "count": str(count), "__typename": TYPENAME}
        items.append("{" + ",".join(f'"{key}":{values[name]}' for key, name in groups.members) + "}")
    return "[" + ",".join(items) + "]"
