"""What a person may do about the use of their data, and the outcomes.

Each outcome is a type, never an error, so that a client can distinguish *not recorded* from *store
unavailable*. `Objections` is what the resolvers need from the rest of the program. It knows the token's
subject, so that no document can name another person.
"""

from __future__ import annotations

import datetime
from enum import StrEnum
from typing import Annotated, Protocol

import strawberry

from schema.purposes import Purpose
from schema.terms.words import belongs
from schema.values.enums import enum

PREFERENCES = Purpose.PREFERENCES


@enum(
    "A purpose that a member may object to.",
    ADS_PERSONALIZATION="Ads chosen by messenger data. The objection also covers merchants' offers.",
    FRIEND_SUGGESTIONS="The search for friends, and their suggestion, by messenger data.",
)
class ObjectablePurpose(StrEnum):
    """The objectable purposes of `schema.purposes.OBJECTABLE`."""

    ADS_PERSONALIZATION = "ADS_PERSONALIZATION"
    FRIEND_SUGGESTIONS = "FRIEND_SUGGESTIONS"


@enum(
    "What a member may do about a purpose at present.",
    MAY_OBJECT="The member may object.",
    OBJECTED="The member has objected, and may withdraw the objection.",
    NOT_ELIGIBLE_NEW_MEMBER="The member registered after the terms changed, and may not object.",
    WINDOW_CLOSED="The time to object is over.",
    NO_MESSENGER_ACCOUNT="The person has no messenger account, so there is nothing to object to.",
)
class ObjectionStanding(StrEnum):
    """The decision of the policy profile, or the objection that is in force."""

    MAY_OBJECT = "MAY_OBJECT"
    OBJECTED = "OBJECTED"
    NOT_ELIGIBLE_NEW_MEMBER = "NOT_ELIGIBLE_NEW_MEMBER"
    WINDOW_CLOSED = "WINDOW_CLOSED"
    NO_MESSENGER_ACCOUNT = "NO_MESSENGER_ACCOUNT"


@strawberry.type(description="What the person may do about one purpose at present.")
class ObjectionEligibility:
    """Whether the person may object, and until when."""

    purpose: ObjectablePurpose = belongs(PREFERENCES, "The purpose.")
    standing: ObjectionStanding = belongs(
        PREFERENCES, "What the person may do. An objection in force can be withdrawn at any time."
    )
    until: datetime.datetime | None = belongs(
        PREFERENCES, "When the time to object ends or ended; null if it has no end."
    )


@strawberry.type(
    description="The objection is recorded. It applies to every request from now on, in both stores."
)
class ObjectionRecorded:
    """The call changed what is in force."""

    in_force: list[ObjectablePurpose] = belongs(PREFERENCES, "All purposes that the person now objects to.")


@strawberry.type(description="These objections were in force already. Nothing changed.")
class AlreadyObjected:
    """The call was repeated, or another call came first."""

    in_force: list[ObjectablePurpose] = belongs(PREFERENCES, "All purposes that the person objects to.")


@strawberry.type(
    description="The objection is not recorded, because the person registered after the terms changed."
)
class NotEligibleNewMember:
    """Only existing members may object."""

    before: datetime.datetime = belongs(PREFERENCES, "Members who registered before this time may object.")


@strawberry.type(description="The objection is not recorded, because the time to object is over.")
class WindowClosed:
    """The 30 days after accepting the terms are over."""

    closed_at: datetime.datetime = belongs(PREFERENCES, "When the time to object ended.")


@strawberry.type(description="Nothing is recorded, because the person has no messenger account.")
class NoMessengerAccount:
    """An objection belongs to a messenger account."""

    in_force: list[ObjectablePurpose] = belongs(PREFERENCES, "Always empty.")


@strawberry.type(
    description="The objection is withdrawn. From now on the data can be used for each purpose that is "
    "neither in `inForce` nor in `suspended`."
)
class ObjectionWithdrawn:
    """The call ended an objection. Something else may still withhold the data."""

    in_force: list[ObjectablePurpose] = belongs(PREFERENCES, "The purposes that the person still objects to.")
    suspended: list[ObjectablePurpose] = belongs(
        PREFERENCES,
        "Other purposes for which the data stays hidden, because a regulator suspended them in the "
        "person's country.",
    )


@strawberry.type(description="There was no such objection. Nothing changed.")
class NotObjected:
    """The call was repeated, or there was nothing to withdraw."""

    in_force: list[ObjectablePurpose] = belongs(PREFERENCES, "All purposes that the person objects to.")


RecordObjectionResult = Annotated[
    ObjectionRecorded | AlreadyObjected | NotEligibleNewMember | WindowClosed | NoMessengerAccount,
    strawberry.union("RecordObjectionResult", description="The outcome of recording an objection."),
]
WithdrawObjectionResult = Annotated[
    ObjectionWithdrawn | NotObjected | NoMessengerAccount,
    strawberry.union("WithdrawObjectionResult", description="The outcome of withdrawing an objection."),
]
OUTCOMES: tuple[type, ...] = (
    ObjectionEligibility,
    ObjectionRecorded,
    AlreadyObjected,
    NotEligibleNewMember,
    WindowClosed,
    NoMessengerAccount,
    ObjectionWithdrawn,
    NotObjected,
)


class Objections(Protocol):
    """The objections of the person that the request's token is bound to, and of no one else.

    When a call returns, its outcome holds in both stores. A call may raise. Then it is unknown what was done,
    and the caller may repeat it: nothing is recorded twice.
    """

    async def record(self, purposes: frozenset[Purpose]) -> RecordObjectionResult:
        """Object to these purposes, at least one."""

    async def withdraw(self, purposes: frozenset[Purpose]) -> WithdrawObjectionResult:
        """Withdraw the objection to these purposes, at least one."""

    async def eligibility(self) -> list[ObjectionEligibility]:
        """What the person may do about each objectable purpose, in the order of purposes."""
