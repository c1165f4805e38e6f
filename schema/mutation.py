"""The changes that a client may ask for. Each exists under one purpose alone.

Unlike the fields of a query, which say how they are planned, these are ordinary resolvers, run one
after the other by graphql-core (`resolvers/run/graphql_core.py`): they are rare and must be plain to read.
What they call is in `info.context`; nothing here knows a store. A result that depends on data is a
type of a union; a field that may be unknown (a store went down in the middle) is null, beside an error.
"""

from __future__ import annotations

import re
from typing import Annotated, Protocol

import strawberry

from schema.purposes import Purpose
from schema.refusals import Code, Refusal
from schema.terms.words import belongs
from schema.types.audit import Audit
from schema.types.customer_lists import OFFER_MATCHING, Lists, UploadCustomerListResult
from schema.types.disclosures import Disclosures
from schema.types.objections import (
    PREFERENCES,
    ObjectablePurpose,
    Objections,
    RecordObjectionResult,
    WithdrawObjectionResult,
)
from schema.types.privacy import Policies
from schema.types.statistics import LedgerReports, Statistics


class Context(Protocol):
    """What the resolvers may call: each member already knows whose token asks."""

    @property
    def objections(self) -> Objections:
        """The objections of the token's own subject."""

    @property
    def audit(self) -> Audit:
        """Objections under pseudonyms."""

    @property
    def disclosures(self) -> Disclosures:
        """The access ledger, as far as the token may read it."""

    @property
    def statistics(self) -> Statistics:
        """Counts of nobody in particular."""

    @property
    def reports(self) -> LedgerReports:
        """Reports of the whole ledger."""

    @property
    def policies(self) -> Policies:
        """The policy, whoever asks."""

    @property
    def lists(self) -> Lists:
        """The customer lists of the token's own merchant."""


Info = strawberry.Info[Context, None]

Objected = Annotated[
    list[ObjectablePurpose],
    strawberry.argument(description="To what; both if left out. At least one."),
]
_OFFER = re.compile(r"of_(0|[1-9][0-9]{0,18})", re.ASCII)
MOST = 2**63 - 1
BOTH = list(ObjectablePurpose)


@strawberry.type(description="What may be changed under this purpose.")
class Mutation:
    """The root of changes."""

    @belongs(
        PREFERENCES,
        "Object to the use of one's own data. Safe to repeat; after a time-out, repeat it. "
        "Null, beside an error, if it is not known what was done.",
    )
    async def record_objection(self, info: Info, purposes: Objected = BOTH) -> RecordObjectionResult | None:
        """Record the objection of the token's own subject."""
        return await info.context.objections.record(_named(purposes))

    @belongs(
        PREFERENCES,
        "Withdraw an objection. Safe to repeat; after a time-out, repeat it. "
        "Null, beside an error, if it is not known what was done.",
    )
    async def withdraw_objection(
        self, info: Info, purposes: Objected = BOTH
    ) -> WithdrawObjectionResult | None:
        """Withdraw the objection of the token's own subject."""
        return await info.context.objections.withdraw(_named(purposes))

    @belongs(
        OFFER_MATCHING,
        "Match customers' phone numbers, and show them the offer. Safe to repeat: the same numbers get the "
        "same answer. Null, beside an error, if it is not known what was done.",
    )
    async def upload_customer_list(
        self,
        info: Info,
        offer: Annotated[strawberry.ID, strawberry.argument(description="One of the merchant's own offers.")],
        numbers: Annotated[
            list[str],
            strawberry.argument(description="The numbers in international form; what is none is left out."),
        ],
    ) -> UploadCustomerListResult | None:
        """Match a list for the token's own merchant."""
        return await info.context.lists.upload(offer_number(offer), numbers)


def offer_number(identifier: str) -> int:
    """The offer's number. BAD_USER_INPUT if it is no offer's identifier."""
    found = _OFFER.fullmatch(identifier)
    if found is None or int(found[1]) > MOST:
        raise Refusal(Code.BAD_USER_INPUT)
    return int(found[1])


def _named(purposes: list[ObjectablePurpose]) -> frozenset[Purpose]:
    if not purposes:
        raise Refusal(Code.BAD_USER_INPUT)
    return frozenset(Purpose(each.value) for each in purposes)
