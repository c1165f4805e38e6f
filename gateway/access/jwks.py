"""The public keys of an identity provider: fetched, kept for a while, replaced as it replaces them.

OpenID Connect Discovery 1.0 leads from the issuer to its JSON Web Key Set (RFC 7517). Both are read anew
every REFRESH_SECONDS, so a key that the provider took back is refused that long after at the latest. A key
that nobody knows yet has them read at once, but not more often than every ASK_SECONDS: whoever invents
names of keys makes no flood of it. When the provider is away its keys are good for KEPT_SECONDS.

Only what can verify is taken over: no symmetric key, none that is for encryption, no private part, no RSA
below 2,048 bits. A key that cannot be read is passed over; the others are good all the same.
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
ASK_SECONDS = 5.0
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
    """What the provider answered holds no keys. The log has the place in the code that says why."""


@dataclass(frozen=True, slots=True)
class ProviderKey:
    """A key, the algorithms that it may verify, and the members of the JWK by which it is the same or not."""

    key: RSAKey | ECKey
    algorithms: frozenset[str]
    members: tuple[str, ...]


class JwkSet:
    """The keys of one issuer. `fetch` gets a document by its URL; `monotonic` is a clock that never jumps."""

    def __init__(self, issuer: str, fetch: Fetch, monotonic: Callable[[], float]) -> None:
        self._issuer = issuer
        self._fetch = fetch
        self._monotonic = monotonic
        self._keys: dict[str, ProviderKey] = {}
        self._fetched_at = self._asked_at = -math.inf
        self._fetching: asyncio.Task[None] | None = None
        self.edition = 0

    @property
    def is_usable(self) -> bool:
        """Whether the keys may be trusted now; if not, nobody can say whose a JWT is."""
        return self._monotonic() - self._fetched_at <= KEPT_SECONDS

    def get(self, kid: str) -> ProviderKey | None:
        """The key of this name. `edition` grows whenever any key changes."""
        return self._keys.get(kid)

    def asking(self) -> asyncio.Task[None] | None:
        """The fetch that is under way, or one that begins now; None if the last was just now."""
        if self._fetching is None and self._monotonic() - self._asked_at >= ASK_SECONDS:
            self._begin()
        return self._fetching

    async def follow(self) -> None:
        """Keep the keys fresh until cancelled."""
        try:
            while True:
                begun = self._monotonic()
                await asyncio.shield(self._fetching or self._begin())
                await asyncio.sleep(REFRESH_SECONDS if self._fetched_at >= begun else ASK_SECONDS)
        finally:
            if self._fetching is not None:
                self._fetching.cancel()

    def _begin(self) -> asyncio.Task[None]:
        self._asked_at = self._monotonic()
        self._fetching = asyncio.create_task(self._refresh(), name="provider keys")
        return self._fetching

    async def _refresh(self) -> None:
        begun = self._monotonic()
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                found = await fetch_keys(self._issuer, self._fetch)
        except Exception as exception:
            # Whatever it is, the keys grow old and are refused in the end; it is tried again.
            log.warning("The identity provider's keys could not be fetched.", exc_info=exception)
        else:
            self._take(found)
            # The age counts from before the question: what was taken back meanwhile may be missing.
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
    """The issuer's keys by their names. NoKeys, or whatever `fetch` raises, if they cannot be had."""
    about = _object(await fetch(issuer.rstrip("/") + DISCOVERY))
    url = str(about.get("jwks_uri"))
    # The document must be the issuer's own (Discovery 1.0, 4.3), and lead neither anywhere in clear text
    # nor from elsewhere to a server of this machine.
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
    """The key of a JWK, or None if it is none that may verify here."""
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
        # The library's and the curve's own errors are of many kinds, and all mean that this is no key.
        return None
    if isinstance(key, RSAKey) and bits < MIN_RSA_BITS:
        return None
    return ProviderKey(key, algorithms, (*sorted(algorithms), *public.values()))


@asynccontextmanager
async def open_http() -> AsyncIterator[Fetch]:
    """What gets a document over HTTP: no redirects, nothing compressed, at most MAX_DOCUMENT_BYTES."""
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
    """The issuer's keys, kept fresh while the block runs. They may still be missing at the start."""
    async with open_http() as fetch:
        keys = JwkSet(issuer, fetch, monotonic)
        following = asyncio.create_task(keys.follow(), name="key ring")
        try:
            yield keys
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
