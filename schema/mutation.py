"""The changes that a client may request. Each exists under one purpose alone.

Query fields are planned. These are ordinary resolvers, which graphql-core runs one after the other
(`resolvers/run/graphql_core.py`), because changes are rare and must be plain to read. They call
`info.context` and know no store. An outcome that depends on data is a type of a union. A field is null with
an error if its outcome is unknown, for example because a store went down during the call.
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
    """What the resolvers may call. Each member knows the token of the request."""

    @property
    def objections(self) -> Objections:
        """The objections of the token's own subject."""

    @property
    def audit(self) -> Audit:
        """Objections, terms and recall notices under pseudonyms."""

    @property
    def disclosures(self) -> Disclosures:
        """The access ledger, as far as the token may read it."""

    @property
    def statistics(self) -> Statistics:
        """Counts without data about a person."""

    @property
    def reports(self) -> LedgerReports:
        """Reports of the whole ledger."""

    @property
    def policies(self) -> Policies:
        """The policy, which is the same for every client."""

    @property
    def lists(self) -> Lists:
        """The customer lists of the token's own merchant."""


Info = strawberry.Info[Context, None]

Objected = Annotated[
    list[ObjectablePurpose],
    strawberry.argument(description="The purposes concerned, at least one. The default is both."),
]
_OFFER = re.compile(r"of_(0|[1-9][0-9]{0,18})", re.ASCII)
MOST = 2**63 - 1
BOTH = list(ObjectablePurpose)


@strawberry.type(description="The changes that are possible under this purpose.")
class Mutation:
    """The root of changes."""

    @belongs(
        PREFERENCES,
        "Object to the use of the subject's own data. Safe to repeat: after a time-out, repeat the call. "
        "Null with an error if the outcome is unknown.",
    )
    async def record_objection(self, info: Info, purposes: Objected = BOTH) -> RecordObjectionResult | None:
        """Record the objection of the token's own subject."""
        return await info.context.objections.record(_named(purposes))

    @belongs(
        PREFERENCES,
        "Withdraw an objection. Safe to repeat: after a time-out, repeat the call. "
        "Null with an error if the outcome is unknown.",
    )
    async def withdraw_objection(
        self, info: Info, purposes: Objected = BOTH
    ) -> WithdrawObjectionResult | None:
        """Withdraw the objection of the token's own subject."""
        return await info.context.objections.withdraw(_named(purposes))

    @belongs(
        OFFER_MATCHING,
        "Match the phone numbers of customers, and show the offer to the people who are found. Safe to "
        "repeat: the same numbers return the same answer. Null with an error if the outcome is unknown.",
    )
    async def upload_customer_list(
        self,
        info: Info,
        offer: Annotated[
            strawberry.ID,
            strawberry.argument(description="The identifier of one of the merchant's own offers."),
        ],
        numbers: Annotated[
            list[str],
            strawberry.argument(
                description="The phone numbers in international form. Rows that are not phone numbers are "
                "skipped."
            ),
        ],
    ) -> UploadCustomerListResult | None:
        """Match a list for the token's own merchant."""
        lists = info.context.lists
        return await lists.upload(lists.offer_number(offer), numbers)


def offer_number(identifier: str) -> int:
    """The offer's number. BAD_USER_INPUT if the text is not an identifier of an offer."""
    found = _OFFER.fullmatch(identifier)
    if found is None or int(found[1]) > MOST:
        raise Refusal(Code.BAD_USER_INPUT)
    return int(found[1])


def _named(purposes: list[ObjectablePurpose]) -> frozenset[Purpose]:
    if not purposes:
        raise Refusal(Code.BAD_USER_INPUT)
    return frozenset(Purpose(each.value) for each in purposes)
