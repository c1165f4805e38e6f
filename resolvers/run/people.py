"""Whom ordinary resolvers told of: noted by those who read it, for the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from enum import StrEnum

from resolvers.plan.principal import Principal


class Who(StrEnum):
    """What a key names: an account of one of the stores, or a person under a pseudonym or reference."""

    MESSENGER = "messenger"
    SOCIAL = "social"
    PSEUDONYM = "pseudonym"
    REFERENCE = "reference"

    __hash__ = str.__hash__


class People:
    """The people whom one request's resolvers told of, by the name of the root field."""

    def __init__(self) -> None:
        self._told: dict[str, dict[tuple[Who, str], None]] = defaultdict(dict)

    def note(self, root: str, who: Who, keys: Iterable[str]) -> None:
        """Note that a root field told of these."""
        self._told[root].update(dict.fromkeys((who, key) for key in keys))

    @property
    def told(self) -> Mapping[str, Iterable[tuple[Who, str]]]:
        """What was noted, in order, each once."""
        return self._told


def people_of(principal: Principal) -> list[tuple[Who, str]]:
    """The accounts of the person to whom a token is bound; none if it is bound to none."""
    keys = ((Who.MESSENGER, principal.messenger_id), (Who.SOCIAL, principal.social_id))
    return [(who, str(key)) for who, key in keys if key is not None]
