"""The people disclosed by ordinary resolvers; each resolver notes them for the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from enum import StrEnum

from resolvers.plan.principal import Principal


class Who(StrEnum):
    """The kind of a key: an account of one of the stores, or a person under a pseudonym or reference."""

    MESSENGER = "messenger"
    SOCIAL = "social"
    PSEUDONYM = "pseudonym"
    REFERENCE = "reference"

    __hash__ = str.__hash__


class People:
    """The people disclosed by one request's resolvers, by the name of the root field."""

    def __init__(self) -> None:
        self._noted: dict[str, dict[tuple[Who, str], None]] = defaultdict(dict)

    def note(self, root: str, who: Who, keys: Iterable[str]) -> None:
        """Note that a root field disclosed these people."""
        self._noted[root].update(dict.fromkeys((who, key) for key in keys))

    @property
    def noted(self) -> Mapping[str, Iterable[tuple[Who, str]]]:
        """The people noted, in order, each once."""
        return self._noted


def people_of(principal: Principal) -> list[tuple[Who, str]]:
    """The accounts of the person that a token speaks for; none if it speaks for no person."""
    keys = ((Who.MESSENGER, principal.messenger_id), (Who.SOCIAL, principal.social_id))
    return [(who, str(key)) for who, key in keys if key is not None]
