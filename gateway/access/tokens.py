"""The table of token hashes, and the book that finds the caller of a token.

The text of a token (`token_text.py`) is shown once, when it is issued. The store keeps only
HMAC-SHA-256(key, text), under a key that is not in the store. A reader of the table can neither use a token
nor test a guess.

`TokenBook` holds all live tokens in memory, and the clients' quotas, so that a request needs no database to
find its caller. A revocation reaches the book by notification, or within REFRESH_SECONDS by a poll if the
notification is lost. A book that could not be refreshed for STALE_SECONDS refuses every token. Rejected: a
look-up per request with a cache of answers, where a revocation can be as late as an entry is old.
"""

from __future__ import annotations

import math
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import astuple, dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from gateway.access.token_text import checksum_holds, new_token, token_hash
from gateway.control.cache import STALE_SECONDS, CacheSource, ControlCache, kept_fresh
from gateway.quotas.table import OwnQuota, Quota, read_quotas
from resolvers.plan.principal import NO_PRINCIPAL, Principal
from schema.purposes import Purpose
from schema.refusals import Code, Refusal

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection, Record

MAX_SEEN_HEADERS = 4_096
MIN_KEY_BYTES = 32

_BEARER = re.compile(rb"(?i:bearer) +(gw_[0-9A-Za-z]{49})")
CLIENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")

_BINDINGS = "messenger_id, social_id, merchant_id, business_id"
# A token from before this database was restored from a backup may have been revoked in what was lost.
_DOUBTFUL = """EXISTS (
    SELECT FROM control.restoration r
    WHERE token.id <= r.last_token AND (token.confirmed_at IS NULL OR token.confirmed_at < r.found_at)
)"""
_ISSUE = f"""
INSERT INTO control.token (client, hash, purposes, expires_at, {_BINDINGS})
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id
"""  # noqa: S608 - constants
_LIST = f"""
SELECT id, client, purposes, created_at, expires_at, revoked_at, replaced_by, last_used_at, {_BINDINGS},
    {_DOUBTFUL} AS doubtful
FROM control.token LEFT JOIN control.token_use ON token_id = id
WHERE $1::text IS NULL OR client = $1 ORDER BY id
"""  # noqa: S608 - constants
_REVOKE = "UPDATE control.token SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL RETURNING id"
_REVISION = "SELECT tokens FROM control.revision"
# The gateway checks expiry at each request by its own clock. The day bounds the memory, and is longer
# than any difference between the two clocks.
_LIVE = f"""
SELECT id, client, hash, purposes, expires_at, replaced_by, {_BINDINGS} FROM control.token
WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now() - interval '1 day') AND NOT {_DOUBTFUL}
"""  # noqa: S608 - constants
_CONFIRM = f"""
UPDATE control.token SET confirmed_at = clock_timestamp()
WHERE revoked_at IS NULL AND ($1::bigint[] IS NULL OR id = ANY($1)) AND {_DOUBTFUL} RETURNING id
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller of a request and its purpose: all that the rest of the gateway knows of a token.

    `principal`: the part of the token's principal that counts under the purpose. `token_id` is None for a JWT
    (`access/jwt.py`), which has a name instead.
    """

    client: str
    token_id: int | None
    purpose: Purpose
    principal: Principal = NO_PRINCIPAL
    jwt: str = ""

    @property
    def credential(self) -> str:
        """The credential for the ledger: ``token 17``, or ``jwt`` and its name. Never its text."""
        return f"jwt {self.jwt}" if self.token_id is None else f"token {self.token_id}"


@dataclass(frozen=True, slots=True)
class Issued:
    """A new token. Its text exists here and nowhere else: show it once, then forget it."""

    token_id: int
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TokenSummary:
    """What an operator may see of a token: not its text, not its hash.

    `last_used_at` may be a minute late (`token_use.py`). `replaced_by`: the token that replaced it.
    `is_doubtful`: it is refused, because the control database was restored since, until it is confirmed.
    """

    token_id: int
    client: str
    purposes: tuple[Purpose, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    principal: Principal = NO_PRINCIPAL
    last_used_at: datetime | None = None
    replaced_by: int | None = None
    is_doubtful: bool = False


async def issue(
    connection: Connection,
    key: bytes,
    client: str,
    *,
    purposes: Iterable[Purpose],
    expires_at: datetime | None,
    random: Callable[[int], bytes],
    principal: Principal = NO_PRINCIPAL,
) -> Issued:
    """Issue a token to `client`. `expires_at` None: it never expires.

    Raises ValueError for a client's name or an expiry that the store would refuse, for no purpose, and for a
    purpose that needs a principal that is missing.
    """
    wanted = frozenset(purposes)
    scope = [purpose.value for purpose in Purpose if purpose in wanted]
    if not scope or CLIENT.fullmatch(client) is None:
        raise ValueError("A token needs a client's name of at most 63 letters, digits, . _ - and a purpose.")
    if missing := [purpose for purpose in scope if principal.under(Purpose(purpose)) is None]:
        raise ValueError(f"A token must be bound for {', '.join(missing)}.")
    if expires_at is not None and expires_at.tzinfo is None:
        raise ValueError("An expiry needs a time zone.")
    token = new_token(random)
    hashed = token_hash(_checked_key(key), token.encode())
    values = (client, hashed, scope, expires_at, *astuple(principal))
    return Issued(await connection.fetchval(_ISSUE, *values), token)


async def list_tokens(connection: Connection, client: str | None = None) -> tuple[TokenSummary, ...]:
    """Every token ever issued (to the client), in the order of issue, revoked and expired ones included."""
    return tuple(
        TokenSummary(
            token_id=row["id"],
            client=row["client"],
            purposes=tuple(purpose for purpose in Purpose if purpose.value in row["purposes"]),
            created_at=row["created_at"],
            expires_at=row["expires_at"],
            revoked_at=row["revoked_at"],
            principal=principal_of(row),
            last_used_at=row["last_used_at"],
            replaced_by=row["replaced_by"],
            is_doubtful=row["doubtful"],
        )
        for row in await connection.fetch(_LIST, client)
    )


async def revoke(connection: Connection, token_id: int) -> bool:
    """Revoke a token for good; False if there is no such token or it was already revoked."""
    return await connection.fetchval(_REVOKE, token_id) is not None


async def confirm(connection: Connection, token_ids: Sequence[int] | None) -> list[int]:
    """Accept tokens again that are refused because the control database was restored; all of them for None.

    The numbers of those that were confirmed now. A revoked token stays revoked.
    """
    return [row["id"] for row in await connection.fetch(_CONFIRM, token_ids)]


def _checked_key(key: bytes) -> bytes:
    if len(key) < MIN_KEY_BYTES:
        raise ValueError(f"The token key needs at least {MIN_KEY_BYTES} bytes.")
    return key


@dataclass(frozen=True, slots=True)
class LiveCredential:
    """The callers of a live token or JWT, by the value of Gateway-Purpose (None: no header).

    `replaced`: the token was rotated, and its client knows that it ends.
    """

    expires_at: float
    callers: dict[bytes | None, Caller]
    replaced: bool = False


class TokenBook(ControlCache):
    """All live tokens, kept fresh by `keep_fresh`. One per process.

    `now` is the Unix time in seconds, for expiry. `of_jwt` finds the callers of a header without a token's
    form, or refuses it. `verified` is that of `CacheSource`; the other arguments are those of `ControlCache`.
    """

    def __init__(
        self,
        key: bytes,
        connect: Callable[[], Awaitable[Connection]],
        now: Callable[[], float],
        *,
        monotonic: Callable[[], float],
        of_jwt: Callable[[bytes], LiveCredential] | None = None,
        verified: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        source = CacheSource(_REVISION, "gateway_tokens", self._read, verified)
        super().__init__(source, connect, monotonic)
        self._key = _checked_key(key)
        self._of_jwt = of_jwt
        self._now = now
        self._live: dict[bytes, LiveCredential] = {}
        self._seen: dict[bytes | None, LiveCredential] = {}
        self._used: dict[int | None, float] = {}
        self._quotas: Mapping[str, OwnQuota] = {}

    def caller(self, authorization: bytes | None, purpose: bytes | None) -> Caller:
        """The caller, from the values of the headers Authorization and Gateway-Purpose.

        Without the second header a token of exactly one purpose declares that purpose. Refuses with
        TOKEN_REFUSED if the token is missing, malformed, unknown, expired or revoked: the answer does not
        show which. Refuses with PURPOSE_REFUSED if the purpose is missing, unknown or out of scope, likewise.
        Refuses with STORE_UNAVAILABLE if the book is stale, because a token may have been revoked since.
        """
        live, now = self._found(authorization)
        caller = live.callers.get(purpose)
        if caller is None:
            raise Refusal(Code.PURPOSE_REFUSED)
        self._used[caller.token_id] = now
        return caller

    def scope(self, authorization: bytes | None) -> tuple[Caller, ...]:
        """Every caller of the token, in the order of purposes. Refuses as `caller` does.

        PURPOSE_REFUSED if the token has no purpose that this version knows.
        """
        live, now = self._found(authorization)
        found = {caller.purpose: caller for caller in live.callers.values()}
        callers = tuple(found[purpose] for purpose in Purpose if purpose in found)
        if not callers:
            raise Refusal(Code.PURPOSE_REFUSED)
        self._used[callers[0].token_id] = now
        return callers

    def quota_of(self, client: str, usual: Quota) -> Quota:
        """The client's quota. `usual`: the quota of a client without one of its own."""
        own = self._quotas.get(client)
        return usual if own is None else own.beside(usual)

    def take_used(self) -> dict[int, float]:
        """The tokens accepted since the last call, each with the Unix time of its last use."""
        used, self._used = self._used, {}
        return {number: at for number, at in used.items() if number is not None}

    def ending(self, before: float) -> list[tuple[Caller, float]]:
        """A caller and the end of each token that expires before that Unix time and was not replaced."""
        return [
            (next(iter(live.callers.values())), live.expires_at)
            for live in self._live.values()
            if live.expires_at < before and live.callers and not live.replaced
        ]

    def _found(self, authorization: bytes | None) -> tuple[LiveCredential, float]:
        """The credential, and the time at which it was live."""
        if self._monotonic() - self._refreshed_at > STALE_SECONDS:
            raise Refusal(Code.STORE_UNAVAILABLE)
        live = self._seen.get(authorization) or self._look_up(authorization)
        now = self._now()
        if live.expires_at <= now:
            raise Refusal(Code.TOKEN_REFUSED)
        return live, now

    def _look_up(self, authorization: bytes | None) -> LiveCredential:
        matched = _BEARER.fullmatch(authorization or b"")
        if matched is None and authorization is not None and self._of_jwt is not None:
            return self._of_jwt(authorization)
        if matched is None or not checksum_holds(matched[1]):
            raise Refusal(Code.TOKEN_REFUSED)
        # Found by its HMAC, never compared as text: so the time of the look-up shows nothing about a token's
        # digits to a caller without the key.
        live = self._live.get(token_hash(self._key, matched[1]))
        if live is None:
            raise Refusal(Code.TOKEN_REFUSED)
        # Only headers of live tokens are cached, so guesses cannot push them out.
        if len(self._seen) >= MAX_SEEN_HEADERS:
            self._seen.clear()
        self._seen[authorization] = live
        return live

    async def _read(self, connection: Connection) -> None:
        live = {row["hash"]: _live(row) for row in await connection.fetch(_LIVE)}
        quotas = await read_quotas(connection)
        # All at once: a cached header must not outlive its token.
        self._live, self._quotas, self._seen = live, quotas, {}


def _live(row: Record) -> LiveCredential:
    callers = callers_of(row["purposes"], principal_of(row), partial(Caller, row["client"], row["id"]))
    expires_at = row["expires_at"]
    ends = math.inf if expires_at is None else expires_at.timestamp()
    return LiveCredential(ends, callers, row["replaced_by"] is not None)


def callers_of(
    purposes: Sequence[str], principal: Principal, caller_for: Callable[[Purpose, Principal], Caller]
) -> dict[bytes | None, Caller]:
    """The caller for each value of Gateway-Purpose (None: no header) that the credential may declare."""
    callers: dict[bytes | None, Caller] = {
        purpose.value.encode(): caller_for(purpose, its_own)
        for purpose in Purpose
        # A token from before principals existed has none: a purpose that needs one is out of its scope.
        if purpose.value in purposes and (its_own := principal.under(purpose)) is not None
    }
    # A purpose that this version does not know counts as well: otherwise a token of two purposes would
    # declare the other one without a header.
    if len(purposes) == 1 and callers:
        (callers[None],) = callers.values()
    return callers


def principal_of(row: Record) -> Principal:
    """The principal in a row of control.token."""
    return Principal(
        messenger_id=row["messenger_id"],
        social_id=row["social_id"],
        merchant_id=row["merchant_id"],
        business_id=row["business_id"],
    )


@asynccontextmanager
async def open_token_book(
    key: bytes,
    connect: Callable[[], Awaitable[Connection]],
    now: Callable[[], float],
    *,
    monotonic: Callable[[], float],
    of_jwt: Callable[[bytes], LiveCredential] | None = None,
    verified: Callable[[], Awaitable[None]] | None = None,
) -> AsyncIterator[TokenBook]:
    """Open a book and keep it fresh while the block runs.

    At the start of the block it may be stale: `caller` then refuses with STORE_UNAVAILABLE.
    """
    book = TokenBook(key, connect, now, monotonic=monotonic, of_jwt=of_jwt, verified=verified)
    async with kept_fresh(book, "token book"):
        yield book
