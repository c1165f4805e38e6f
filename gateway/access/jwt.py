"""Accepts JWTs of an identity provider instead of tokens (OpenID Connect, RFC 7519, RFC 9068, RFC 8725).

    header's text → form and size → algorithm, key → claims → signature → client, principal and purposes

The settings pin one issuer, one audience, the algorithms, and the longest lifetime of a JWT. They map each
value of one claim to purposes, and name the claims for the principal. The gateway cannot revoke a JWT: it
ends at its `exp`, or when the provider revokes its key.

Any fault of a JWT is TOKEN_REFUSED, as for a token. Without the provider's keys (down since the start, or for
KEPT_SECONDS) no JWT can be verified: STORE_UNAVAILABLE. Tokens still work.
Rejected: introspection of each JWT at the provider (RFC 7662): every request would depend on it.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import orjson
from joserfc import jws
from joserfc.jws import JWSRegistry

from gateway.access.jwks import MAX_KID_LENGTH, JwkSet, open_jwks
from gateway.access.tokens import CLIENT, Caller, LiveCredential, callers_of
from resolvers.plan.principal import Principal
from schema.purposes import Purpose
from schema.refusals import Code, Refusal

if TYPE_CHECKING:
    from gateway.settings import Settings

# The clocks of two machines may differ by this much.
LEEWAY_SECONDS = 30
MAX_JWT_BYTES = 8_192
MAX_KNOWN = 4_096
MAX_KEY = 2**63 - 1

_BEARER_JWT = re.compile(rb"(?i:bearer) +([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)")
# Other kinds of JWT that an issuer signs (logout, proof of possession, events) are not credentials.
_KINDS = frozenset({"jwt", "at+jwt", "application/jwt", "application/at+jwt"})
_PLAIN_NAME = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_ACCOUNT = re.compile(r"(?:(ma|sa)_)?(0|[1-9][0-9]{0,18})")


class NotOurs(Exception):
    """The JWT does not open this gateway."""


class Undecided(Exception):
    """The JWT's key is being fetched. `decided` waits for that."""

    def __init__(self, fetching: asyncio.Task[None]) -> None:
        super().__init__()
        self._fetching = fetching

    async def decided(self) -> None:
        """Return once the keys are fetched."""
        await asyncio.shield(self._fetching)


WhoAsks = Callable[[bytes | None, bytes | None], Caller]
ScopeOf = Callable[[bytes | None], tuple[Caller, ...]]
Known = TypeVar("Known")


async def caller_of(who_asks: WhoAsks, authorization: bytes | None, purpose: bytes | None) -> Caller:
    """The caller that `who_asks` (`TokenBook.caller`) finds for these headers; waits for keys if necessary.

    Refuses as `who_asks` does.
    """
    try:
        return who_asks(authorization, purpose)
    except Undecided as undecided:
        return await _once_decided(undecided, partial(who_asks, authorization, purpose))


async def scope_of(scope: ScopeOf, authorization: bytes | None) -> tuple[Caller, ...]:
    """The callers that `scope` (`TokenBook.scope`) finds; waits for keys if necessary."""
    try:
        return scope(authorization)
    except Undecided as undecided:
        return await _once_decided(undecided, partial(scope, authorization))


async def _once_decided(undecided: Undecided, ask: Callable[[], Known]) -> Known:
    await undecided.decided()
    try:
        return ask()
    except Undecided:
        raise Refusal(Code.TOKEN_REFUSED) from None


def refuse_unless_still(who_asks: WhoAsks, authorization: bytes | None, purpose: bytes | None) -> None:
    """Refuse as `who_asks` does now, for headers accepted before. An undecided JWT passes this time."""
    with suppress(Undecided):
        who_asks(authorization, purpose)


@dataclass(frozen=True)
class Provider:
    """The settings of the identity provider. `bindings`: field of `Principal` → name of the claim."""

    issuer: str
    audience: str
    algorithms: frozenset[str]
    max_lifetime_s: int
    client_claim: str
    purposes_claim: str
    purposes: Mapping[str, tuple[Purpose, ...]]
    bindings: Mapping[str, str]


def provider_of(settings: Settings) -> Provider | None:
    """The identity provider of this deployment; None if there is none."""
    if settings.oidc_issuer is None or settings.oidc_audience is None:
        return None
    named = {
        "messenger_id": settings.oidc_messenger_claim,
        "social_id": settings.oidc_social_claim,
        "merchant_id": settings.oidc_merchant_claim,
        "business_id": settings.oidc_business_claim,
    }
    return Provider(
        issuer=settings.oidc_issuer,
        audience=settings.oidc_audience,
        algorithms=frozenset(settings.oidc_algorithms),
        max_lifetime_s=settings.oidc_max_lifetime_s,
        client_claim=settings.oidc_client_claim,
        purposes_claim=settings.oidc_purposes_claim,
        purposes=settings.oidc_purposes,
        bindings={own: claim for own, claim in named.items() if claim is not None},
    )


class Identities:
    """Finds the callers of the provider's JWTs. `now` is the Unix time in seconds."""

    def __init__(self, provider: Provider, keys: JwkSet, now: Callable[[], float]) -> None:
        self._provider = provider
        self._keys = keys
        self._now = now
        # A provider may add headers of its own; `crit` is checked below.
        self._registry = JWSRegistry(algorithms=list(provider.algorithms), strict_check_header=False)
        self._registry.max_header_length = MAX_JWT_BYTES
        self._known: dict[bytes, LiveCredential] = {}
        self._edition = keys.edition

    def live(self, authorization: bytes) -> LiveCredential:
        """The callers of the JWT in the value of Authorization, and its end.

        Refuses with TOKEN_REFUSED or STORE_UNAVAILABLE; Undecided if its key is being fetched.
        """
        if self._edition != self._keys.edition:
            # A JWT must not be accepted longer than the key that verified it.
            self._known, self._edition = {}, self._keys.edition
        usable = self._keys.is_usable
        if usable and (known := self._known.get(authorization)) is not None:
            return known
        matched = _BEARER_JWT.fullmatch(authorization) if len(authorization) <= MAX_JWT_BYTES else None
        if matched is None:
            raise Refusal(Code.TOKEN_REFUSED)
        if not usable:
            raise Refusal(Code.STORE_UNAVAILABLE)
        found = self._verified(matched[1])
        # Only verified JWTs are cached, so guesses cannot push them out.
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        self._known[authorization] = found
        return found

    def _verified(self, text: bytes) -> LiveCredential:
        try:
            return self._judged(text)
        except Undecided:
            raise
        except Exception:
            # A parser raises errors of any kind (RecursionError for deep nesting): the JWT is invalid.
            raise Refusal(Code.TOKEN_REFUSED) from None

    def _judged(self, text: bytes) -> LiveCredential:
        unverified = jws.extract_compact(text, registry=self._registry)
        headers = unverified.headers()
        algorithm, kid = headers["alg"], headers["kid"]
        _require(algorithm in self._provider.algorithms and "crit" not in headers and "b64" not in headers)
        _require(str(headers.get("typ", "jwt")).lower() in _KINDS)
        _require(isinstance(kid, str) and len(kid) <= MAX_KID_LENGTH)
        claims = orjson.loads(unverified.payload or b"")
        # Before the key is looked up: a foreign or expired JWT must not cause a fetch.
        expires_at = self._until(claims)
        key = self._keys.get(kid)
        if key is None:
            if (fetching := self._keys.refetch()) is not None:
                raise Undecided(fetching)
            raise NotOurs
        _require(algorithm in key.algorithms)
        _require(jws.validate_compact(unverified, key.key, registry=self._registry))
        return self._live(text, claims, expires_at)

    def _until(self, claims: dict[str, Any]) -> float:
        """The end of the JWT. NotOurs for another issuer, audience or time."""
        audience = claims["aud"]
        meant = audience if isinstance(audience, list) else [audience]
        _require(claims["iss"] == self._provider.issuer and self._provider.audience in meant)
        ends, issued = _time(claims["exp"]), _time(claims["iat"])
        begins = _time(claims.get("nbf", issued))
        now = self._now()
        _require(0 < ends - issued <= self._provider.max_lifetime_s)
        _require(max(begins, issued) - LEEWAY_SECONDS <= now < ends + LEEWAY_SECONDS)
        return ends + LEEWAY_SECONDS

    def _live(self, text: bytes, claims: dict[str, Any], expires_at: float) -> LiveCredential:
        client = claims.get(self._provider.client_claim, claims.get("sub"))
        if not isinstance(client, str) or CLIENT.fullmatch(client) is None:
            raise NotOurs
        principal = Principal(
            **{own: _key(own, claims.get(name)) for own, name in self._provider.bindings.items()}
        )
        name = _name_of(text, claims.get("jti"))
        callers = callers_of(
            self._purposes(claims.get(self._provider.purposes_claim, [])),
            principal,
            partial(Caller, client, None, jwt=name),
        )
        return LiveCredential(expires_at, callers)

    def _purposes(self, values: Any) -> list[str]:
        """The purposes that the claim opens: a list, or words in one text. Unknown values open none."""
        if isinstance(values, str):
            values = values.split()
        _require(isinstance(values, list) and all(isinstance(each, str) for each in values))
        opened = {purpose for each in values for purpose in self._provider.purposes.get(each, ())}
        return [purpose.value for purpose in Purpose if purpose in opened]


def _require(holds: bool) -> None:
    if not holds:
        raise NotOurs


def _time(value: Any) -> float:
    _require(isinstance(value, int | float) and not isinstance(value, bool))
    return float(value)


def _key(own: str, value: Any) -> int | None:
    """The number in a claim, 5 or "5", or for an account "ma_5" or "sa_5"; None if there is no claim."""
    if value is None:
        return None
    _require(isinstance(value, int | str) and not isinstance(value, bool))
    found = _ACCOUNT.fullmatch(str(value))
    prefix = {"messenger_id": "ma", "social_id": "sa"}.get(own)
    if found is None or found[1] not in (None, prefix) or int(found[2]) > MAX_KEY:
        raise NotOurs
    return int(found[2])


def _name_of(text: bytes, jti: Any) -> str:
    """The name of a JWT in logs and the ledger: its `jti` if that is a plain word, otherwise a digest."""
    if isinstance(jti, str) and _PLAIN_NAME.fullmatch(jti):
        return jti
    return f"sha256:{hashlib.sha256(text).hexdigest()[:32]}"


@asynccontextmanager
async def open_identities(
    settings: Settings, now: Callable[[], float], monotonic: Callable[[], float]
) -> AsyncIterator[Callable[[bytes], LiveCredential] | None]:
    """The function that finds the callers of a JWT, while the block runs; None without a provider."""
    provider = provider_of(settings)
    if provider is None:
        yield None
        return
    async with open_jwks(provider.issuer, monotonic) as keys:
        yield Identities(provider, keys, now).live
