"""Replaces a token, with an overlap in which both work, and warns before a token ends."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from gateway.access.tokens import Issued, TokenBook, TokenSummary, issue, principal_of
from resolvers.stores.pool import transaction
from schema.purposes import Purpose

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection, Record

log = logging.getLogger("gateway.access.rotation")

SOON = timedelta(days=14)
# Often enough for a token with a short lifetime; the log has one warning a day for each token.
WARN_SECONDS = 600
DAY_SECONDS = 86_400
# Token number → Unix time of its last warning.
Warned = dict[int | None, float]

# The row is locked to the end of the transaction: a concurrent rotation of the same token waits, and then
# finds it replaced. clock_timestamp(), because the transaction includes that wait.
_OLD = """
SELECT client, purposes, created_at, expires_at, revoked_at, replaced_by, clock_timestamp() AS now,
       messenger_id, social_id, merchant_id, business_id
FROM control.token WHERE id = $1 FOR NO KEY UPDATE
"""
_REPLACE = "UPDATE control.token SET replaced_by = $2, expires_at = least(expires_at, $3) WHERE id = $1"


class CannotRotate(Exception):
    """The token cannot be rotated. The text is one sentence for the operator, without any secret."""


@dataclass(frozen=True, slots=True)
class Rotated:
    """The new token, its client and its end (None: never), and the end of the old token."""

    issued: Issued
    client: str
    expires_at: datetime | None
    old_ends_at: datetime


async def rotate(
    connection: Connection,
    key: bytes,
    token_id: int,
    *,
    overlap: timedelta,
    random: Callable[[int], bytes],
) -> Rotated:
    """Issue a token with the client, purposes, principal and lifetime of another, which ends after `overlap`.

    Until then both work; an earlier end stays. All or nothing, and at most once for each token, also when
    several callers try: CannotRotate for a token that is unknown, revoked, expired or already replaced.
    """
    async with transaction(connection):
        old = await connection.fetchrow(_OLD, token_id)
        if old is None:
            raise CannotRotate(f"there is no token {token_id}: `gateway token list` shows all")
        if why := _why_not(token_id, old):
            raise CannotRotate(why)
        now: datetime = old["now"]
        ends = None if old["expires_at"] is None else now + (old["expires_at"] - old["created_at"])
        old_ends = min(now + overlap, old["expires_at"] or now + overlap)
        purposes = [Purpose(each) for each in old["purposes"]]
        issued = await issue(
            connection,
            key,
            old["client"],
            purposes=purposes,
            expires_at=ends,
            random=random,
            principal=principal_of(old),
        )
        await connection.execute(_REPLACE, token_id, issued.token_id, old_ends)
    return Rotated(issued, old["client"], expires_at=ends, old_ends_at=old_ends)


def _why_not(token_id: int, old: Record) -> str | None:
    if old["revoked_at"] is not None:
        return f"token {token_id} is revoked: `gateway token issue` makes a new one"
    if old["replaced_by"] is not None:
        return f"token {token_id} was already rotated to token {old['replaced_by']}: rotate that one"
    if old["expires_at"] is not None and old["expires_at"] <= old["now"]:
        return f"token {token_id} has expired: `gateway token issue` makes a new one"
    if not set(old["purposes"]) <= set(Purpose):
        return f"token {token_id} is for a purpose that this version does not know"
    purposes = [Purpose(each) for each in old["purposes"]]
    if missing := [each for each in purposes if principal_of(old).under(each) is None]:
        return f"token {token_id} lacks a principal that {', '.join(missing)} needs: issue a new one"
    return None


# --- warnings -------------------------------------------------------------------------------------


def is_live(token: TokenSummary, now: datetime) -> bool:
    """Whether the token would be accepted at this time."""
    return (
        token.revoked_at is None
        and not token.is_doubtful
        and (token.expires_at is None or token.expires_at > now)
    )


def ends_soon(token: TokenSummary, now: datetime) -> bool:
    """Whether a live token expires within 14 days and was not replaced."""
    soon = token.expires_at is not None and token.expires_at - now < SOON
    return soon and is_live(token, now) and token.replaced_by is None


async def keep_warning(book: TokenBook, now: Callable[[], float]) -> None:
    """Log a warning for each token that ends soon, once a day, until cancelled."""
    warned: Warned = {}
    while True:
        await book.refreshed()
        warned = warn(book, now(), warned)
        await asyncio.sleep(WARN_SECONDS)


def warn(book: TokenBook, now: float, warned: Warned) -> Warned:
    """Log the warnings that are due; return the time of the last warning of each token that ends soon."""
    warnings: Warned = {}
    for caller, ends in book.ending(now + SOON.total_seconds()):
        last = warned.get(caller.token_id, -math.inf)
        if ends <= now:
            continue
        warnings[caller.token_id] = last
        if now - last >= DAY_SECONDS:
            warnings[caller.token_id] = now
            about = {"token_id": caller.token_id, "client": caller.client}
            until = datetime.fromtimestamp(ends, UTC).isoformat(timespec="minutes")
            log.warning("A token expires soon: rotate it.", extra={**about, "expires_at": until})
    return warnings
