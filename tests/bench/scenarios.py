"""The measured queries, and the accounts that they ask for.

The requirement names a query that goes from 20 social accounts over 10 friends each to phones and
usage on the messenger. The policy lets no purpose see friends and phones together, so it is asked in
two: `friends` crosses the stores under FRIEND_SUGGESTIONS, `phones` fetches phone and usage of 200
linked accounts under SECURITY. 'The other three' of the goals are therefore four here.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Variables = dict[str, Any]


@dataclass(frozen=True)
class Keys:
    """Account numbers to draw from, the same in every run on the same data."""

    messenger: list[int]
    phones: list[str]
    social_with_friends: list[int]
    social_with_link: list[int]


@dataclass(frozen=True)
class Scenario:
    """One document under one purpose, and the variables of its rotating requests."""

    name: str
    title: str
    purpose: str
    document: str
    requests: int
    draw: Callable[[Keys, random.Random], Variables]

    def variables(self, keys: Keys) -> list[Variables]:
        """The requests' variables, in the order in which they are sent."""
        source = random.Random(self.name)
        return [self.draw(keys, source) for _ in range(self.requests)]


def _messenger(numbers: list[int]) -> list[str]:
    return [f"ma_{number}" for number in numbers]


def _social(numbers: list[int]) -> list[str]:
    return [f"sa_{number}" for number in numbers]


_USAGE = "usage { frequencyBand activeDays28 messagesSent28 lastActiveOn }"

ONE = Scenario(
    name="one",
    title="one account by id",
    purpose="ADS_PERSONALIZATION",
    document="query($id: ID!){ messengerAccount(id:$id){ id phone countryCode } }",
    requests=2_000,
    draw=lambda keys, source: {"id": f"ma_{source.choice(keys.messenger)}"},
)
USAGE = Scenario(
    name="usage",
    title="100 accounts by ids with usage",
    purpose="ADS_PERSONALIZATION",
    document=(
        f"query($ids:[ID!]!){{ messengerAccounts(ids:$ids){{ nodes {{ id phone countryCode {_USAGE} }} }} }}"
    ),
    requests=400,
    draw=lambda keys, source: {
        "ids": _messenger(source.sample(keys.messenger, min(100, len(keys.messenger))))
    },
)
FRIENDS = Scenario(
    name="friends",
    title="20 × 10 friends → messenger link",
    purpose="FRIEND_SUGGESTIONS",
    document=(
        "query($ids:[ID!]!){ socialAccounts(ids:$ids){ nodes { id friends(first:10){ edges { node "
        "{ id messengerLink { since account { id countryCode } } } } } } } }"
    ),
    requests=400,
    draw=lambda keys, source: {
        "ids": _social(source.sample(keys.social_with_friends, min(20, len(keys.social_with_friends))))
    },
)
PHONES = Scenario(
    name="phones",
    title="200 linked accounts → phone and usage",
    purpose="SECURITY",
    document=(
        "query($ids:[ID!]!){ socialAccounts(ids:$ids){ nodes { id messengerLink { since account "
        f"{{ id phone {_USAGE} }} }} }} }} }}"
    ),
    requests=200,
    draw=lambda keys, source: {
        "ids": _social(source.sample(keys.social_with_link, min(200, len(keys.social_with_link))))
    },
)
PAGE = Scenario(
    name="page",
    title="a page of 1,000 accounts",
    purpose="ADS_PERSONALIZATION",
    document=(
        "query($after:String){ messengerAccounts(first:1000, after:$after){ nodes "
        "{ id phone countryCode } } }"
    ),
    requests=1,
    draw=lambda keys, source: {"after": None},
)

# Not measured for speed, only for growth.
BY_PHONE = Scenario(
    name="phone",
    title="one account by phone",
    purpose="ADS_PERSONALIZATION",
    document="query($phone: PhoneNumber!){ messengerAccount(phone:$phone){ id phone countryCode } }",
    requests=100,
    draw=lambda keys, source: {"phone": source.choice(keys.phones)},
)

SCENARIOS = (ONE, USAGE, FRIENDS, PHONES, PAGE)
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
