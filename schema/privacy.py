"""What the gateway says of its own policy."""

from __future__ import annotations

import strawberry

from schema.terms import plumbing, rows


@rows("V V V V V V V V V")
@strawberry.type(description="The policy under which this answer was given.")
class PolicyVersion:
    """The universe in which a caller stands."""

    digest: str = plumbing("PolicyVersion", "SHA-256 of the policy matrix: it changes with every rule.")
    purpose: str = plumbing("PolicyVersion", "The purpose of this request.")
    sentence: str = plumbing("PolicyVersion", "What this purpose is for.")
