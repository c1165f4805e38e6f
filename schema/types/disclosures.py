"""Who received whose data, for what, when: to the person whose data it was, and to audit under references.

One entry of the access ledger is one answer that told something of people. What was told is never in it:
the names of fields, no values.

Source: GDPR Art. 15(1)(c) (recipients), Art. 5(2) (accountability).
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Protocol

import strawberry

from schema.purposes import Purpose
from schema.terms.words import belongs, plumbing, rows


@rows("- - - - - - O - S")
@strawberry.type(
    description="An answer that told something of people: of the person who asks here, or, to audit, of "
    "people under references."
)
class Disclosure:
    """An entry of the access ledger, without its proof."""

    number: strawberry.ID = plumbing("Disclosure", "Its place in the ledger, for `after`.")
    at: datetime.datetime = plumbing("Disclosure", "When, just before the answer left.")
    client: str = plumbing("Disclosure", "Who asked.")
    purpose: str = plumbing("Disclosure", "For what.")
    fields: list[str] = plumbing(
        "Disclosure",
        "What was told: `Type.field`, in the order of the answer. A field of which there was nothing to tell "
        "is named too: that was told.",
    )
    outcome: str = plumbing(
        "Disclosure", "`WHOLE`, or `PARTIAL` if a store could not be asked and something was missing."
    )
    policy: str = plumbing("Disclosure", "The digest of the policy under which it was answered.")
    request: str = plumbing("Disclosure", "The request, as in the header `X-Request-Id` of the answer.")
    people: list[str] = belongs(
        Purpose.AUDIT,
        "Of whom: a reference each, the same in every entry; it leads nowhere else.",
        "Disclosure",
    )


class Disclosures(Protocol):
    """The ledger, as far as whoever asks may read it."""

    async def page(
        self, first: int, after: str | None, person: str | None, client: str | None
    ) -> Sequence[Disclosure]:
        """At most `first` entries in the order of time, that come after the one of that number.

        Of one person's reference or one client alone, if named. BAD_USER_INPUT for what is no number or
        reference of ours.
        """
