"""What a person may do about the use of their data, and what became of it.

Each outcome is a type, never an error: a client can tell *not recorded* from *could not be asked*.
`Objections` is what these answers need from the rest of the program; it knows whose token asks, so
that no document can name anybody else.
"""

from __future__ import annotations

import datetime
from enum import StrEnum
from typing import Annotated, Protocol

import strawberry

from schema.purposes import Purpose
from schema.terms.words import belongs

PREFERENCES = Purpose.PREFERENCES


@strawberry.enum(description="A purpose that a member may object to.")
class ObjectablePurpose(StrEnum):
    """The objectable purposes of `schema.purposes.OBJECTABLE`."""

    ADS_PERSONALIZATION = "ADS_PERSONALIZATION"
    FRIEND_SUGGESTIONS = "FRIEND_SUGGESTIONS"


@strawberry.enum(description="What a member may do about a purpose now.")
class ObjectionStanding(StrEnum):
    """A profile's word on a member, or that they objected already."""

    MAY_OBJECT = "MAY_OBJECT"
    OBJECTED = "OBJECTED"
    NOT_ELIGIBLE_NEW_MEMBER = "NOT_ELIGIBLE_NEW_MEMBER"
    WINDOW_CLOSED = "WINDOW_CLOSED"
    NO_MESSENGER_ACCOUNT = "NO_MESSENGER_ACCOUNT"


@strawberry.type(description="What the person may do about one purpose.")
class ObjectionEligibility:
    """Whether they may object, and until when."""

    purpose: ObjectablePurpose = belongs(PREFERENCES, "The purpose.")
    standing: ObjectionStanding = belongs(
        PREFERENCES, "What they may do: an objection that is in force can be withdrawn at any time."
    )
    until: datetime.datetime | None = belongs(
        PREFERENCES, "When the time to object ends or ended, or null if there is no end to it."
    )


@strawberry.type(description="The objection is recorded: it binds every request from now on, in both stores.")
class ObjectionRecorded:
    """Something is in force that was not before."""

    in_force: list[ObjectablePurpose] = belongs(PREFERENCES, "All that the person now objects to.")


@strawberry.type(description="All of this was in force already; nothing changed.")
class AlreadyObjected:
    """The call was repeated, or came second."""

    in_force: list[ObjectablePurpose] = belongs(PREFERENCES, "All that the person objects to.")


@strawberry.type(description="Not recorded: the person became a member after the terms had changed.")
class NotEligibleNewMember:
    """Only existing members may object."""

    before: datetime.datetime = belongs(PREFERENCES, "Members from before this time may object.")


@strawberry.type(description="Not recorded: the time to object is over.")
class WindowClosed:
    """The 30 days after accepting the terms are over."""

    closed_at: datetime.datetime = belongs(PREFERENCES, "When it ended.")


@strawberry.type(description="Nothing to do: the person has no account on the messenger.")
class NoMessengerAccount:
    """An objection belongs to a messenger account."""

    in_force: list[ObjectablePurpose] = belongs(PREFERENCES, "Always empty.")


@strawberry.type(description="The objection is withdrawn: the data is open again from now on.")
class ObjectionWithdrawn:
    """Something is not in force any more."""

    in_force: list[ObjectablePurpose] = belongs(PREFERENCES, "What the person still objects to.")


@strawberry.type(description="There was no such objection; nothing changed.")
class NotObjected:
    """The call was repeated, or there was nothing to withdraw."""

    in_force: list[ObjectablePurpose] = belongs(PREFERENCES, "All that the person objects to.")


RecordObjectionResult = Annotated[
    ObjectionRecorded | AlreadyObjected | NotEligibleNewMember | WindowClosed | NoMessengerAccount,
    strawberry.union("RecordObjectionResult", description="What became of an objection."),
]
WithdrawObjectionResult = Annotated[
    ObjectionWithdrawn | NotObjected | NoMessengerAccount,
    strawberry.union("WithdrawObjectionResult", description="What became of a withdrawal."),
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
    """The objections of the person to whom the request's token is bound, and of nobody else.

    When a call returns, what it says holds in both stores. It may raise: then it is unknown what was
    done, and the call may be repeated; nothing is recorded twice.
    """

    async def record(self, purposes: frozenset[Purpose]) -> RecordObjectionResult:
        """Object to these purposes, at least one."""

    async def withdraw(self, purposes: frozenset[Purpose]) -> WithdrawObjectionResult:
        """Withdraw the objection to these purposes, at least one."""

    async def eligibility(self) -> list[ObjectionEligibility]:
        """What the person may do, for each objectable purpose in their order."""
