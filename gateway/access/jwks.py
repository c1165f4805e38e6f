"""The public keys of an identity provider, cached and refreshed.

OpenID Connect Discovery 1.0 leads from the issuer to its JSON Web Key Set (RFC 7517). Both documents are
fetched every REFRESH_SECONDS, so a revoked key is refused after that time at the latest. A JWT with an
unknown key identifier causes an immediate fetch, at most one every REFETCH_SECONDS: a client that invents
identifiers cannot flood the provider. If the provider is down, its keys stay valid for KEPT_SECONDS.

Only keys that can verify are accepted: no symmetric key, no key for encryption, no private part, no RSA key
below 2,048 bits. A key that cannot be parsed is skipped; the other keys of the set are used.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
from joserfc.jwk import ECKey, RSAKey

from gateway.settings import is_secure_url

log = logging.getLogger("gateway.access.jwks")

REFRESH_SECONDS = 60.0
REFETCH_SECONDS = 5.0
KEPT_SECONDS = 3_600.0
FETCH_SECONDS = 3.0
MAX_DOCUMENT_BYTES = 262_144
MAX_KEYS = 100
MAX_KID_LENGTH = 256
MIN_RSA_BITS = 2_048

DISCOVERY = "/.well-known/openid-configuration"
_RSA = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
_CURVES = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}

Fetch = Callable[[str], Awaitable[bytes]]


class NoKeys(Exception):
    """The provider's answer holds no keys. The log shows the place in the code that refused it."""


@dataclass(frozen=True, slots=True)
class ProviderKey:
    """A key, the algorithms that it may verify, and the JWK members that identify it."""

    key: RSAKey | ECKey
    algorithms: frozenset[str]
    members: tuple[str, ...]


class JwkSet:
    """The keys of one issuer. `fetch` reads a URL's document; `monotonic` is a clock that never jumps."""

    def __init__(self, issuer: str, fetch: Fetch, monotonic: Callable[[], float]) -> None:
        self._issuer = issuer
        self._fetch = fetch
        self._monotonic = monotonic
        self._keys: dict[str, ProviderKey] = {}
        self._fetched_at = self._fetch_started_at = -math.inf
        self._fetching: asyncio.Task[None] | None = None
        self.edition = 0

    @property
    def is_usable(self) -> bool:
        """Whether the keys are recent enough. If not, no JWT can be verified."""
        return self._monotonic() - self._fetched_at <= KEPT_SECONDS

    def get(self, kid: str) -> ProviderKey | None:
        """The key with this identifier. `edition` grows whenever any key changes."""
        return self._keys.get(kid)

    def refetch(self) -> asyncio.Task[None] | None:
        """The running fetch, or one that starts now; None if the last fetch was just now."""
        if self._fetching is None and self._monotonic() - self._fetch_started_at >= REFETCH_SECONDS:
            self._start_fetch()
        return self._fetching

    async def keep_fresh(self) -> None:
        """Keep the keys fresh until cancelled."""
        try:
            while True:
                begun = self._monotonic()
                await asyncio.shield(self._fetching or self._start_fetch())
                await asyncio.sleep(REFRESH_SECONDS if self._fetched_at >= begun else REFETCH_SECONDS)
        finally:
            if self._fetching is not None:
                self._fetching.cancel()

    def _start_fetch(self) -> asyncio.Task[None]:
        self._fetch_started_at = self._monotonic()
        self._fetching = asyncio.create_task(self._refresh(), name="provider keys")
        return self._fetching

    async def _refresh(self) -> None:
        begun = self._monotonic()
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                found = await fetch_keys(self._issuer, self._fetch)
        except Exception as exception:
            # Every failure is retried; until then the keys grow old, and in the end JWTs are refused.
            log.warning("The identity provider's keys could not be fetched.", exc_info=exception)
        else:
            self._take(found)
            # The age counts from before the fetch: a key may have been revoked during it.
            self._fetched_at = begun
        finally:
            self._fetching = None

    def _take(self, found: dict[str, ProviderKey]) -> None:
        if _members_of(found) != _members_of(self._keys):
            self._keys = found
            self.edition += 1


def _members_of(keys: Mapping[str, ProviderKey]) -> dict[str, tuple[str, ...]]:
    return {kid: each.members for kid, each in keys.items()}


async def fetch_keys(issuer: str, fetch: Fetch) -> dict[str, ProviderKey]:
    """The issuer's keys by their identifiers. Raises NoKeys, or any error of `fetch`."""
    about = _object(await fetch(issuer.rstrip("/") + DISCOVERY))
    url = str(about.get("jwks_uri"))
    # The document must be the issuer's own (Discovery 1.0, 4.3). Its URL for the keys must not use clear
    # text, nor lead from another host to a server on this machine.
    if about.get("issuer") != issuer or not is_secure_url(url):
        raise NoKeys
    if urlsplit(url).scheme != urlsplit(issuer).scheme:
        raise NoKeys
    keys = _object(await fetch(url)).get("keys")
    if not isinstance(keys, list) or len(keys) > MAX_KEYS:
        raise NoKeys
    found: dict[str, ProviderKey] = {}
    for each in keys:
        kid = each.get("kid") if isinstance(each, dict) else None
        if isinstance(kid, str) and 0 < len(kid) <= MAX_KID_LENGTH and (key := _key_of(each)) is not None:
            found.setdefault(kid, key)
    return found


def _object(document: bytes) -> dict[str, Any]:
    parsed = orjson.loads(document)
    if not isinstance(parsed, dict):
        raise NoKeys
    return parsed


def _key_of(jwk: dict[str, Any]) -> ProviderKey | None:
    """The key of a JWK, or None if it must not verify JWTs."""
    if jwk.get("use", "sig") != "sig" or "verify" not in jwk.get("key_ops", ["verify"]):
        return None
    kind = jwk.get("kty")
    names = {"RSA": ("n", "e"), "EC": ("crv", "x", "y")}.get(kind if isinstance(kind, str) else "")
    if names is None or not all(isinstance(jwk.get(name), str) for name in names):
        return None
    algorithms = _RSA if kind == "RSA" else frozenset({_CURVES.get(jwk["crv"], "")})
    if "alg" in jwk:
        algorithms &= {str(jwk["alg"])}
    public = {"kty": str(kind), **{name: jwk[name] for name in names}}
    try:
        key = RSAKey.import_key(public) if kind == "RSA" else ECKey.import_key(public)
        bits = key.public_key.key_size
    except Exception:
        # The library and the curve raise errors of many kinds; all mean that this is not a valid key.
        return None
    if isinstance(key, RSAKey) and bits < MIN_RSA_BITS:
        return None
    return ProviderKey(key, algorithms, (*sorted(algorithms), *public.values()))


@asynccontextmanager
async def open_http() -> AsyncIterator[Fetch]:
    """A function that fetches over HTTP: no redirects, no compression, at most MAX_DOCUMENT_BYTES."""
    headers = {"accept": "application/json", "accept-encoding": "identity"}
    async with httpx.AsyncClient(headers=headers, timeout=FETCH_SECONDS) as client:

        async def fetch(url: str) -> bytes:
            async with client.stream("GET", url) as response:
                if response.status_code != httpx.codes.OK:
                    raise NoKeys
                document = b""
                async for chunk in response.aiter_raw():
                    document += chunk
                    if len(document) > MAX_DOCUMENT_BYTES:
                        raise NoKeys
                return document

        yield fetch


@asynccontextmanager
async def open_jwks(issuer: str, monotonic: Callable[[], float]) -> AsyncIterator[JwkSet]:
    """The issuer's keys, kept fresh while the block runs. At the start of the block they may be missing."""
    async with open_http() as fetch:
        keys = JwkSet(issuer, fetch, monotonic)
        refreshing = asyncio.create_task(keys.keep_fresh(), name="provider keys")
        try:
            yield keys
        finally:
            refreshing.cancel()
            await asyncio.gather(refreshing, return_exceptions=True)
