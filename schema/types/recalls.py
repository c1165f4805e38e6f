"""Recalls: who received a person's data for what that person objects to is told, and says that it heard.

A schema of its own and no purpose's: what a notice tells, that somebody objected, is what no purpose may see.
In a purpose's universe it would be a way to learn who objects; here it is told to those alone who have the
person's data already, because the law has them told. `Recalls` is what these resolvers need from the rest of
the program.

Source: GDPR Art. 19 (notification of recipients).
"""

from __future__ import annotations

import datetime
import re
from collections.abc import AsyncGenerator, Sequence
from typing import Annotated, Protocol

import strawberry
from graphql import GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from schema.refusals import Code, Refusal
from schema.values.paging import MAX_PAGE

_NUMBER = re.compile("0|[1-9][0-9]{0,17}")


@strawberry.type(
    description="A notice: a person objects to the use of data of theirs that this client received. Stop "
    "using it for that, erase what was kept for that alone, and tell those to whom it was passed on."
)
class Recall:
    """One person, one purpose, one objection; to one client."""

    number: strawberry.ID = strawberry.field(
        description="Its place among the notices: they come in this order, and are acknowledged by it."
    )
    objected_to: str = strawberry.field(description="The purpose that the person objects to.")
    objected_at: datetime.datetime = strawberry.field(description="Since when the objection holds.")
    received_for: str = strawberry.field(
        description="The purpose for which this client received the data: the one of this request."
    )
    account: strawberry.ID = strawberry.field(
        description="Whose data: the identifier of the person's account, as in the answers."
    )
    fields: list[str] = strawberry.field(description="What it received: `Type.field`, in alphabetic order.")
    answers: int = strawberry.field(description="In how many answers.")
    first_received_at: datetime.datetime = strawberry.field(description="When for the first time.")
    last_received_at: datetime.datetime = strawberry.field(description="When for the last time.")
    last_request: str = strawberry.field(
        description="The last such request, as in the header `X-Request-Id` of its answer."
    )
    issued_at: datetime.datetime = strawberry.field(description="When this notice was written.")
    due_at: datetime.datetime = strawberry.field(description="Until when it is to be acknowledged.")
    acknowledged_at: datetime.datetime | None = strawberry.field(
        description="When it was acknowledged, or null."
    )


@strawberry.type(description="What became of an acknowledgement.")
class RecallsAcknowledged:
    """Each number that was named is in one of the lists, in the order given."""

    acknowledged: list[strawberry.ID] = strawberry.field(
        description="Acknowledged, by this call or an earlier one."
    )
    unknown: list[strawberry.ID] = strawberry.field(
        description="No notices that this client has been given for this purpose."
    )


class Recalls(Protocol):
    """The notices to one client about what it received for one purpose."""

    async def page(self, first: int, after: int, acknowledged: bool) -> Sequence[Recall]:
        """At most `first` that come after that number, in order; those acknowledged too, if wanted."""

    def follow(self, after: int) -> AsyncGenerator[Recall]:
        """Those after that number that are not acknowledged, in order, and then each new one; without end."""

    async def acknowledge(self, numbers: Sequence[int]) -> frozenset[int]:
        """Which of them are acknowledged now."""


class RecallContext(Protocol):
    """What the resolvers may call."""

    @property
    def recalls(self) -> Recalls:
        """The notices to whoever asks."""


RecallInfo = strawberry.Info[RecallContext, None]
After = Annotated[
    strawberry.ID | None, strawberry.argument(description="Only what follows the notice of this number.")
]


@strawberry.type(name="Query", description="What may be read of notices.")
class RecallQuery:
    """The root."""

    @strawberry.field(description="Notices to this client, in order.")
    async def recalls(
        self,
        info: RecallInfo,
        first: Annotated[int, strawberry.argument(description="So many; 1,000 at most.")] = 100,
        after: After = None,
        acknowledged: Annotated[
            bool, strawberry.argument(description="Those that were acknowledged, too.")
        ] = False,
    ) -> list[Recall]:
        """A page of them."""
        if not 0 <= first <= MAX_PAGE:
            raise Refusal(Code.BAD_USER_INPUT)
        return list(await info.context.recalls.page(first, recall_number(after), acknowledged))


@strawberry.type(name="Mutation", description="What may be said to notices.")
class RecallMutation:
    """The root of changes."""

    @strawberry.mutation(
        description="Say that these notices were received and are acted on. Safe to repeat. "
        "Null, beside an error, if it is not known what was done."
    )
    async def acknowledge_recalls(
        self,
        info: RecallInfo,
        numbers: Annotated[list[strawberry.ID], strawberry.argument(description="At most 1,000.")],
    ) -> RecallsAcknowledged | None:
        """Acknowledge them."""
        if len(numbers) > MAX_PAGE:
            raise Refusal(Code.BAD_USER_INPUT)
        named = [recall_number(each) for each in dict.fromkeys(numbers)]
        done = await info.context.recalls.acknowledge(named)
        ids = [(number in done, strawberry.ID(str(number))) for number in named]
        return RecallsAcknowledged(
            acknowledged=[each for known, each in ids if known],
            unknown=[each for known, each in ids if not known],
        )


@strawberry.type(name="Subscription", description="Notices as they come.")
class RecallSubscription:
    """The root of streams."""

    @strawberry.subscription(
        description="First the notices that are not acknowledged, in order, then each new one. Whoever "
        "connects again is given again what was not acknowledged."
    )
    async def recalls(self, info: RecallInfo, after: After = None) -> AsyncGenerator[Recall]:
        """Without end."""
        async for each in info.context.recalls.follow(recall_number(after)):
            yield each


def recall_number(given: str | None) -> int:
    """The number of a notice, 0 for none. BAD_USER_INPUT for what is no number of ours."""
    if given is None:
        return 0
    if _NUMBER.fullmatch(given) is None:
        raise Refusal(Code.BAD_USER_INPUT)
    return int(given)


def recall_schema() -> GraphQLSchema:
    """The schema of notices, the same for every client."""
    made = strawberry.Schema(
        query=RecallQuery,
        mutation=RecallMutation,
        subscription=RecallSubscription,
        config=StrawberryConfig(disable_field_suggestions=True),
    )
    return made._schema
