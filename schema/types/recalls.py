"""Recalls: notices to clients about people who object to the use of data that the client received.

Recalls have a schema of their own, outside of every purpose. A notice discloses that a person objected, which
no purpose may see. Only clients that have the person's data already receive it, because the law requires that
they are notified. `Recalls` is what the resolvers need from the rest of the program.

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

from schema.insides.strawberry_inside import graphql_schema_of
from schema.refusals import Code, Refusal
from schema.values.paging import MAX_PAGE
from schema.values.scalars import SCALARS

_NUMBER = re.compile("0|[1-9][0-9]{0,17}")


@strawberry.type(
    description="A notice that a person objects to the use of their data, which this client received. The "
    "client must stop using the data for this purpose, erase data that it keeps for this purpose alone, and "
    "notify every recipient of the data."
)
class Recall:
    """One objection of one person to one purpose, for one client."""

    number: strawberry.ID = strawberry.field(
        description="The number of this notice among those to this client for this purpose. Notices are "
        "ordered by it and acknowledged by it."
    )
    objected_to: str = strawberry.field(description="The purpose that the person objects to.")
    objected_at: datetime.date = strawberry.field(
        description="The day on which the objection took effect, in UTC."
    )
    received_for: str = strawberry.field(
        description="The purpose for which this client received the data, which is the purpose of this "
        "request."
    )
    account: strawberry.ID = strawberry.field(
        description="The global identifier of the person's account, as in the answers."
    )
    fields: list[str] = strawberry.field(
        description="The fields that this client received, each as `Type.field`, in alphabetical order. Of "
        "an account on the social network these are the ones with data from the messenger."
    )
    answers: int = strawberry.field(description="How many answers had this data.")
    first_received_at: datetime.datetime = strawberry.field(
        description="When this client first received the data."
    )
    last_received_at: datetime.datetime = strawberry.field(
        description="When this client last received the data."
    )
    last_request: str = strawberry.field(
        description="The identifier of the last such request, as in the header `X-Request-Id` of its answer."
    )
    issued_at: datetime.date = strawberry.field(description="The day on which this notice was issued.")
    due_at: datetime.date = strawberry.field(
        description="The last day on which this client can acknowledge the notice in time, in UTC."
    )
    acknowledged_at: datetime.datetime | None = strawberry.field(
        description="When this client acknowledged the notice; null if it has not yet."
    )


@strawberry.type(description="The outcome of acknowledging notices.")
class RecallsAcknowledged:
    """Each given number is in one of the two lists, in the order given."""

    acknowledged: list[strawberry.ID] = strawberry.field(
        description="The notices that are acknowledged, by this call or an earlier one."
    )
    unknown: list[strawberry.ID] = strawberry.field(
        description="Numbers that are not notices to this client for this purpose."
    )


class Recalls(Protocol):
    """The notices to one client about what it received for one purpose."""

    async def page(self, first: int, after: int, acknowledged: bool) -> Sequence[Recall]:
        """At most `first` notices after that number, oldest first; with `acknowledged`, those as well."""

    def follow(self, after: int) -> AsyncGenerator[Recall]:
        """The open notices after that number, oldest first, and then each new one, without end."""

    async def acknowledge(self, numbers: Sequence[int]) -> frozenset[int]:
        """Acknowledge these; the numbers that are acknowledged now."""


class RecallContext(Protocol):
    """What the resolvers of recalls may call."""

    @property
    def recalls(self) -> Recalls:
        """The notices to the token's client."""


RecallInfo = strawberry.Info[RecallContext, None]
After = Annotated[
    strawberry.ID | None, strawberry.argument(description="Return only notices after this number.")
]


@strawberry.type(name="Query", description="The queries on recall notices.")
class RecallQuery:
    """The root."""

    @strawberry.field(description="The notices to this client, oldest first.")
    async def recalls(
        self,
        info: RecallInfo,
        *,
        first: Annotated[
            int,
            strawberry.argument(
                description="Return at most this many notices. The default is 100, the maximum 1,000."
            ),
        ] = 100,
        after: After = None,
        acknowledged: Annotated[
            bool, strawberry.argument(description="Also return notices that are acknowledged.")
        ] = False,
    ) -> list[Recall]:
        """A page of notices."""
        if not 0 <= first <= MAX_PAGE:
            raise Refusal(Code.BAD_USER_INPUT)
        return list(await info.context.recalls.page(first, recall_number(after), acknowledged))


@strawberry.type(name="Mutation", description="The changes of recall notices.")
class RecallMutation:
    """The root of changes."""

    @strawberry.mutation(
        description="Acknowledge that this client received these notices and acts on them. Safe to repeat. "
        "Null with an error if the outcome is unknown."
    )
    async def acknowledge_recalls(
        self,
        info: RecallInfo,
        numbers: Annotated[
            list[strawberry.ID], strawberry.argument(description="The numbers of the notices. At most 1,000.")
        ],
    ) -> RecallsAcknowledged | None:
        """Acknowledge the notices."""
        if len(numbers) > MAX_PAGE:
            raise Refusal(Code.BAD_USER_INPUT)
        named = [recall_number(each) for each in dict.fromkeys(numbers)]
        done = await info.context.recalls.acknowledge(named)
        ids = [(number in done, strawberry.ID(str(number))) for number in named]
        return RecallsAcknowledged(
            acknowledged=[each for known, each in ids if known],
            unknown=[each for known, each in ids if not known],
        )


@strawberry.type(name="Subscription", description="The stream of recall notices.")
class RecallSubscription:
    """The root of streams."""

    @strawberry.subscription(
        description="The notices that are not acknowledged, oldest first, then each new notice. A client "
        "that connects again receives every notice that it has not acknowledged."
    )
    async def recalls(self, info: RecallInfo, after: After = None) -> AsyncGenerator[Recall]:
        """The stream, which has no end."""
        async for each in info.context.recalls.follow(recall_number(after)):
            yield each


def recall_number(given: str | None) -> int:
    """The number of a notice, 0 for none. BAD_USER_INPUT for a text that is not such a number."""
    if given is None:
        return 0
    if _NUMBER.fullmatch(given) is None:
        raise Refusal(Code.BAD_USER_INPUT)
    return int(given)


def recall_schema() -> GraphQLSchema:
    """The schema of recall notices, the same for every client."""
    made = strawberry.Schema(
        query=RecallQuery,
        mutation=RecallMutation,
        subscription=RecallSubscription,
        config=StrawberryConfig(disable_field_suggestions=True, scalar_map=SCALARS),
    )
    return graphql_schema_of(made)
