"""Policy profiles: who may object, and until when.

    SEED_2016       members who registered before the terms of 2016, at any time
    HISTORIC_2016   the same members, within 30 days of accepting the terms, as it was in 2016
    GDPR            every member, at any time (Art. 21)

The functions are pure: the clock is an argument. A profile decides only whether a new objection may be
recorded. A recorded objection stays in force under every profile, and a withdrawal is always possible.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from enum import StrEnum

TERMS_OF_2016 = datetime.datetime(2016, 8, 25, tzinfo=datetime.UTC)
TERMS_VERSION = "2016-08-25"
WINDOW = datetime.timedelta(days=30)


class Profile(StrEnum):
    """The rules on objecting that this deployment applies."""

    SEED_2016 = "SEED_2016"
    HISTORIC_2016 = "HISTORIC_2016"
    GDPR = "GDPR"


class Standing(StrEnum):
    """Whether a member may object now."""

    MAY_OBJECT = "MAY_OBJECT"
    NOT_ELIGIBLE_NEW_MEMBER = "NOT_ELIGIBLE_NEW_MEMBER"
    WINDOW_CLOSED = "WINDOW_CLOSED"


@dataclass(frozen=True)
class Eligibility:
    """Whether a member may object, and when the time for it ends: None if it has no end."""

    standing: Standing
    until: datetime.datetime | None = None


def eligibility(
    profile: Profile,
    registered_at: datetime.datetime,
    accepted_at: datetime.datetime | None,
    *,
    now: datetime.datetime,
) -> Eligibility:
    """Whether a member who registered and accepted the terms at these times may object.

    The last fraction of a second before the terms counts as before. A member who has not accepted the terms
    yet (None) has no time limit: the 30 days begin with accepting, and include the second in which they end.
    """
    if profile is Profile.GDPR:
        return Eligibility(Standing.MAY_OBJECT)
    if registered_at >= TERMS_OF_2016:
        return Eligibility(Standing.NOT_ELIGIBLE_NEW_MEMBER)
    if profile is Profile.SEED_2016 or accepted_at is None:
        return Eligibility(Standing.MAY_OBJECT)
    closes = _whole_second_after(accepted_at + WINDOW)
    return Eligibility(Standing.MAY_OBJECT if now < closes else Standing.WINDOW_CLOSED, closes)


def _whole_second_after(time: datetime.datetime) -> datetime.datetime:
    """That time or the next whole second: answers have no fractions, and an earlier end takes a right."""
    return time + datetime.timedelta(microseconds=-time.microsecond % 1_000_000)
