"""What a token is bound to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bound:
    """What a token is bound to; nothing at all: UNBOUND."""

    messenger_id: int | None = None
    social_id: int | None = None
    merchant_id: int | None = None
    business_id: int | None = None


UNBOUND = Bound()
