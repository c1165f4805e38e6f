"""What the resolvers of the reference hand on."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.kit.reference.schema import SMALLEST_GROUP

Arguments = dict[str, Any]


@dataclass(frozen=True)
class Account:
    """A visible account, business or conversation: its type, number, and the fields that the purpose sees."""

    type: str
    number: int
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Usage:
    """An account's days, and the last day of the window that is asked for."""

    days: Mapping[datetime.date, int]
    until: datetime.date

    @property
    def within(self) -> dict[datetime.date, int]:
        """The 28 days up to `until`."""
        return {day: sent for day, sent in self.days.items() if 0 <= (self.until - day).days < 28}


@dataclass(frozen=True)
class Link:
    """The tie to a messenger account; that is None where the messenger has no such account any more."""

    account: Account | None
    since: datetime.date


@dataclass(frozen=True)
class Item:
    """An account in a list, its cursor, and the values that it is ordered by."""

    account: Account
    cursor: str
    keys: tuple[Any, ...]


@dataclass(frozen=True)
class Page:
    """Some of a list's items, and what lies around them."""

    items: Sequence[Item]
    total: int
    has_next: bool
    has_previous: bool
    whole: Sequence[Account] = ()

    def groups(self, name: str) -> list[dict[str, Any]]:
        """How many of the whole list share a value of the field, the largest group first."""
        counted = Counter(each.fields[name] for each in self.whole)
        told = [
            {"value": value, "count": count} for value, count in counted.items() if count >= SMALLEST_GROUP
        ]
        return sorted(told, key=lambda group: (-group["count"], group["value"]))
