"""JWTs of an identity provider: accepted beside tokens, and refused with the same bytes as tokens.

The provider is a server in this file with its own keys, and shares no code with the gateway.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import logging
import math
import secrets
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from gateway.access.jwks import (
    DISCOVERY,
    KEPT_SECONDS,
    MAX_DOCUMENT_BYTES,
    REFETCH_SECONDS,
    REFRESH_SECONDS,
    JwkSet,
    NoKeys,
    fetch_keys,
    open_http,
)
from gateway.access.jwt import (
    LEEWAY_SECONDS,
    MAX_JWT_BYTES,
    MAX_KNOWN,
    Identities,
    Provider,
    caller_of,
    provider_of,
)
from gateway.access.tokens import Caller, TokenBook, issue
from gateway.settings import Settings, is_secure_url
from gateway.web.responses import error_body
from resolvers.plan.principal import Principal
from schema.purposes import Purpose
from schema.refusals import Code, Refusal
from tests.gateway.test_settings import NEEDED
from tests.kit.gateway import ADS, AUDIT, SECURITY, SUBJECT, NewDatabase, Reply, Side, open_side, send, trials

AUDIENCE = "gateway.example"
PURPOSES = {
    "ads-team": [ADS],
    "risk": [SECURITY],
    "everything": [ADS, SECURITY, AUDIT],
    "desk": [SUBJECT],
}
RSA = {name: RSAKey.generate_key(2048) for name in ("rsa-1", "rsa-2", "never-published")}
EC = {"ec-1": ECKey.generate_key("P-256")}
Key = RSAKey | ECKey


# --- the provider ---------------------------------------------------------------------------------


def jwk(key: Key, kid: str, **others: Any) -> dict[str, Any]:
    """The public key as the provider publishes it."""
    return {**key.as_dict(private=False), "kid": kid, "use": "sig", **others}


@dataclass
class IdentityProvider:
    """A server on this machine that publishes keys. Its answers can be changed, and it can be stopped."""

    port: int = 0
    keys: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    # By path: bytes to answer instead.
    instead: dict[str, bytes] = field(default_factory=dict)
    delay_s: float = 0.0
    _server: ThreadingHTTPServer | None = None

    @property
    def issuer(self) -> str:
        """Its issuer URL, which is also its address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start to answer, at the same port as before."""
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.asked.append(self.path)
                provider.heard.append(f"{self.requestline}\n{self.headers}")
                time.sleep(provider.delay_s)
                body = provider.instead.get(self.path) or provider.document(self.path)
                if self.path == "/moved":
                    self.send_response(302)
                    self.send_header("location", "/keys")
                else:
                    self.send_response(200 if body else 404)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Stop answering."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def document(self, path: str) -> bytes:
        """The document under the path."""
        if path == DISCOVERY:
            return json.dumps({"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys"}).encode()
        return json.dumps({"keys": list(self.keys.values())}).encode() if path == "/keys" else b""

    def publish(self, **keys: Any) -> None:
        """Publish these keys and no others."""
        self.keys = {kid.replace("_", "-"): jwk(key, kid.replace("_", "-")) for kid, key in keys.items()}


@contextmanager
def providing() -> Iterator[IdentityProvider]:
    """A provider with a key of each kind."""
    made = IdentityProvider()
    made.publish(rsa_1=RSA["rsa-1"], ec_1=EC["ec-1"])
    made.start()
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture
def provider() -> Iterator[IdentityProvider]:
    """The provider, reset for each test."""
    with providing() as made:
        yield made


def encoded(value: bytes) -> bytes:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(value).rstrip(b"=")


def signed(header: Any, payload: Any, key: Key = RSA["rsa-1"]) -> str:
    """Any header and payload, signed with the key by the header's algorithm."""
    parts = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in (header, payload)]
    text = b".".join(map(encoded, parts))
    algorithm = header["alg"] if isinstance(header, dict) and header.get("alg") in SIGNING else "RS256"
    model = jws.JWSRegistry.algorithms[algorithm if isinstance(key, RSAKey) else "ES256"]
    return (text + b"." + encoded(model.sign(text, key))).decode()


SIGNING = ("RS256", "RS384", "PS256")


@dataclass(frozen=True)
class Claims:
    """The claims of a good JWT of the provider."""

    issuer: str

    def but(self, **others: Any) -> dict[str, Any]:
        """The claims with some replaced; None: left out."""
        now = int(time.time())
        usual = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "sub": "somebody",
            "azp": "ranker",
            "iat": now,
            "exp": now + 600,
            "gateway_purposes": ["ads-team"],
        }
        return {name: value for name, value in {**usual, **others}.items() if value is not None}

    def jwt(self, kid: str = "rsa-1", header: dict[str, Any] | None = None, **others: Any) -> str:
        """A JWT with these claims, of this key."""
        key = EC.get(kid) or RSA[kid]
        said = {"alg": "ES256" if kid in EC else "RS256", "kid": kid, "typ": "at+jwt", **(header or {})}
        return signed(
            {name: value for name, value in said.items() if value is not None}, self.but(**others), key
        )


# --- asked over HTTP ------------------------------------------------------------------------------


@dataclass
class Company:
    """A running gateway with its running provider."""

    side: Side
    provider: IdentityProvider

    @property
    def claims(self) -> Claims:
        """The claims of a good JWT."""
        return Claims(self.provider.issuer)

    async def ask(
        self,
        credential: str | bytes | None,
        purpose: str | None = None,
        document: str = "{ policy { purpose } }",
        *,
        query_string: bytes = b"",
    ) -> Reply:
        """The answer to a request with this credential."""
        headers = self.side.authorised(purpose)[1:]
        if credential is not None:
            text = credential.encode() if isinstance(credential, str) else credential
            headers.append((b"authorization", b"Bearer " + text))
        await self.side.give_the_book_time()
        body = json.dumps({"query": document}).encode()
        return await send(self.side.app, headers=headers, body=body, query_string=query_string)

    async def is_refused(self, credential: str | bytes | None, purpose: str | None = None) -> bool:
        """Whether it is refused with the same bytes as an unknown token."""
        reply = await self.ask(credential, purpose)
        return reply == await self.ask(None) and reply.body == error_body(Refusal(Code.TOKEN_REFUSED))


OIDC = {
    "oidc_audience": AUDIENCE,
    "oidc_purposes": PURPOSES,
    "oidc_messenger_claim": "account",
}


@pytest.fixture(scope="module")
async def company(new_database: NewDatabase) -> AsyncIterator[Company]:
    """A gateway with empty stores and its provider's keys."""
    with providing() as provider:
        async with open_side(new_database, oidc_issuer=provider.issuer, **OIDC) as side:
            made = Company(side, provider)
            async with asyncio.timeout(20):
                while (await made.ask(made.claims.jwt())).status != 200:
                    await asyncio.sleep(0.02)
            yield made


@pytest.mark.parametrize("kid", ["rsa-1", "ec-1"])
async def test_a_jwt_opens_the_purpose_that_its_claim_names(company: Company, kid: str) -> None:
    """A JWT signed by a key of either kind, for this gateway, does what a token of that purpose does."""
    reply = await company.ask(company.claims.jwt(kid))
    assert reply.data == {"policy": {"purpose": "ADS_PERSONALIZATION"}}


async def test_a_jwt_of_several_purposes_needs_the_header(company: Company) -> None:
    """I37: one purpose a request; the header chooses among those of the claim and never widens them."""
    several = company.claims.jwt(gateway_purposes=["ads-team", "risk"])
    assert (await company.ask(several)).codes == ["PURPOSE_REFUSED"]
    for purpose in (ADS, SECURITY):
        assert (await company.ask(several, purpose)).data == {"policy": {"purpose": purpose}}
    for purpose in ("AUDIT", "SECURITY, ADS_PERSONALIZATION", "*", "ads-team"):
        assert (await company.ask(several, purpose)).codes == ["PURPOSE_REFUSED"]


@pytest.mark.parametrize("values", [[], ["unknown"], ["ADS_PERSONALIZATION"], "unknown word", None])
async def test_a_value_that_the_settings_do_not_name_opens_nothing(company: Company, values: Any) -> None:
    """A claim's value that the settings do not name opens no purpose, not even if it is a purpose's name."""
    reply = await company.ask(company.claims.jwt(gateway_purposes=values), "ADS_PERSONALIZATION")
    assert reply == await company.ask(company.side.tokens[SECURITY], "ADS_PERSONALIZATION")
    assert reply.codes == ["PURPOSE_REFUSED"]


async def test_the_claim_may_be_words_in_one_text(company: Company) -> None:
    """The claim may be words in one text, as `scope` is (RFC 8693, 4.2); unknown words are ignored."""
    reply = await company.ask(company.claims.jwt(gateway_purposes="openid risk other:thing"))
    assert reply.data == {"policy": {"purpose": "SECURITY"}}


async def test_a_jwt_belongs_to_the_person_in_the_configured_claim(company: Company) -> None:
    """A JWT sees the rows of the person in the configured claim; without it no such purpose is open."""
    await company.side.messenger.execute(
        "INSERT INTO messenger.account (id, phone, country_code, registered_at)"
        " SELECT id, '+49151000000' || id, 'DE', '2013-01-01' FROM generate_series(5, 6) AS id"
        " ON CONFLICT DO NOTHING"
    )
    document = "{ messengerAccounts { totalCount nodes { id } } }"
    for account in ("ma_5", "5", 5):
        jwt = company.claims.jwt(gateway_purposes=["desk"], account=account)
        assert (await company.ask(jwt, document=document)).data == {
            "messengerAccounts": {"totalCount": 1, "nodes": [{"id": "ma_5"}]}
        }
    for others in ({}, {"messenger_id": 5}, {"subject": "ma_5"}, {"merchant": 5}):
        jwt = company.claims.jwt(gateway_purposes=["desk"], **others)
        assert (await company.ask(jwt, "SUBJECT_ACCESS")).codes == ["PURPOSE_REFUSED"]
    for account in ("sa_5", "ma_", "ma_05", -1, 5.0, True, [5], str(2**63), "ma_5 ", ""):
        assert await company.is_refused(company.claims.jwt(gateway_purposes=["desk"], account=account))


def with_public_key_as_secret(claims: dict[str, Any]) -> Iterator[str]:
    """HS256, "signed" with the provider's public key, in each of its forms."""
    public = RSA["rsa-1"]
    for secret in (
        public.as_pem(private=False),
        public.as_pem(private=False).strip(),
        public.as_der(private=False),
        json.dumps(jwk(public, "rsa-1")).encode(),
        b"",
    ):
        text = b".".join(
            encoded(json.dumps(each).encode()) for each in ({"alg": "HS256", "kid": "rsa-1"}, claims)
        )
        yield (text + b"." + encoded(hmac.digest(secret, text, "sha256"))).decode()


def bad_jwts(claims: Claims) -> dict[str, str | bytes]:
    """Bad credentials, by their fault."""
    now = int(time.time())
    good = claims.jwt()
    header, payload, signature = good.split(".")
    unsigned = {name: encoded(json.dumps({"alg": name, "kid": "rsa-1"}).encode()).decode() for name in NONE}
    other_payload = encoded(json.dumps(claims.but(gateway_purposes=["everything"])).encode()).decode()
    bad = {
        "another audience": claims.jwt(aud="billing.example"),
        "audience in other letters": claims.jwt(aud=AUDIENCE.upper()),
        "other audiences": claims.jwt(aud=["a", "b"]),
        "no audience": claims.jwt(aud=None),
        "an audience that is none": claims.jwt(aud={AUDIENCE: 1}),
        "another issuer": claims.jwt(iss="https://other.example"),
        "issuer with a slash": claims.jwt(iss=claims.issuer + "/"),
        "no issuer": claims.jwt(iss=None),
        "expired": claims.jwt(iat=now - 700, exp=now - LEEWAY_SECONDS - 1),
        "no end": claims.jwt(exp=None),
        "no beginning": claims.jwt(iat=None),
        "not yet": claims.jwt(nbf=now + LEEWAY_SECONDS + 60),
        "issued tomorrow": claims.jwt(iat=now + 86_400, exp=now + 86_500),
        "ends before it begins": claims.jwt(iat=now, exp=now - 1),
        "lives too long": claims.jwt(exp=now + 3_601),
        "lives for ever": claims.jwt(exp=1e300),
        "an end as text": claims.jwt(exp=str(now + 600)),
        "an end that is true": claims.jwt(exp=True),
        "a huge end": claims.jwt(exp=10**400),
        "no client": claims.jwt(azp=None, sub=None),
        "a client with a space": claims.jwt(azp="two words"),
        "a client that is a number": claims.jwt(azp=5),
        "a client that is a list": claims.jwt(azp=["ranker"]),
        "an empty client beside a subject": claims.jwt(azp=""),
        "purposes as a mapping": claims.jwt(gateway_purposes={"ads-team": True}),
        "purposes with a number": claims.jwt(gateway_purposes=["ads-team", 1]),
        "an unknown key": claims.jwt("never-published"),
        "another key under a good name": claims.jwt("never-published", {"kid": "rsa-1"}),
        "no name of a key": claims.jwt(header={"kid": None}),
        "a long name of a key": claims.jwt(header={"kid": "k" * 257}),
        "a name of a key that is a list": claims.jwt(header={"kid": ["rsa-1"]}),
        "an algorithm that is not allowed": claims.jwt(header={"alg": "RS384"}),
        "another padding": claims.jwt(header={"alg": "PS256"}),
        "the other kind of algorithm": claims.jwt(header={"alg": "ES256"}),
        "no algorithm": signed({"kid": "rsa-1"}, claims.but()),
        "an algorithm that is a list": signed({"kid": "rsa-1", "alg": ["RS256"]}, claims.but()),
        "something critical": claims.jwt(header={"crit": ["exp"], "exp": 1}),
        "not encoded": claims.jwt(header={"crit": ["b64"], "b64": False}),
        "a logout": claims.jwt(header={"typ": "logout+jwt"}),
        "a proof of possession": claims.jwt(header={"typ": "dpop+jwt"}),
        "another payload": f"{header}.{other_payload}.{signature}",
        "no signature": f"{header}.{payload}.",
        "a signature cut off": good[:-1],
        "half of it": good[: len(good) // 2],
        "two parts": f"{header}.{payload}",
        "five parts": f"{good}.a.b",
        "padded": good + "=",
        "with a line": good + "\n",
        "twice": f"{good}, Bearer {good}",
        "no JSON": signed(b"{}x", claims.but()),
        "a list": signed({"alg": "RS256", "kid": "rsa-1"}, [1]),
        "text": signed({"alg": "RS256", "kid": "rsa-1"}, "x"),
        "deep header": signed(b"[" * 4_000, claims.but()),
        "deep claims": signed({"alg": "RS256", "kid": "rsa-1"}, b'{"a":' + b"[" * 3_000),
        "claims that are no UTF-8": signed({"alg": "RS256", "kid": "rsa-1"}, b'{"a": "\xff"}'),
        "too long": claims.jwt(more="x" * MAX_JWT_BYTES),
        "a key in the header": claims.jwt("never-published", {"jwk": jwk(RSA["never-published"], "rsa-1")}),
        "an address of keys": claims.jwt("never-published", {"kid": "x", "jku": "http://127.0.0.1:1/keys"}),
        "bytes": b"\xff.\x00.\xff",
    }
    bad |= {f"alg {name!r}": f"{text}.{payload}.{signature}" for name, text in unsigned.items()}
    bad |= {f"alg {name!r} unsigned": f"{text}.{payload}." for name, text in unsigned.items()}
    bad |= {f"HS256 {number}": each for number, each in enumerate(with_public_key_as_secret(claims.but()))}
    return bad


NONE = ("none", "None", "NONE", "nOnE", "", "HS256", "HS512", "RSA1_5", "dir")


async def test_every_jwt_that_is_not_good_is_refused_like_no_token(company: Company) -> None:
    """A forged, foreign, early, expired or cut JWT gets the status, headers and body of no token (I37)."""
    assert (await company.ask(company.claims.jwt())).status == 200
    taken = [
        name
        for name, bad in bad_jwts(company.claims).items()
        if not await company.is_refused(bad, "SECURITY")
    ]
    assert taken == []


async def test_a_jwt_with_one_wrong_character_is_refused(company: Company) -> None:
    """A JWT with one wrong character anywhere is refused, also if only unused bits of it differ."""
    good = company.claims.jwt()
    assert not await company.is_refused(good)
    for place in [*range(0, len(good) - 1, 7), len(good) - 1]:
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        other = alphabet[alphabet.find(good[place]) ^ 1] if good[place] in alphabet else "A"
        assert await company.is_refused(good[:place] + other + good[place + 1 :]), place


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FUZZ = settings(
    max_examples=trials(150), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@FUZZ
@given(
    one=st.binary(max_size=60),
    two=st.binary(max_size=60),
    three=st.binary(max_size=60),
    between=st.sampled_from(b". ,=\n"),
)
async def test_arbitrary_bytes_are_no_credential(
    company: Company, one: bytes, two: bytes, *, three: bytes, between: int
) -> None:
    """Arbitrary bytes as a credential get one constant refusal, and never a failure."""
    joint = bytes([between])
    for text in (joint.join((one, two, three)), b".".join(map(encoded, (one, two, three))), b"gw_" + one):
        assert await company.is_refused(text, "AUDIT")


@FUZZ
@given(
    st.dictionaries(
        st.sampled_from(("alg", "kid", "typ", "crit", "b64", "zip", "jwk", "x5c")), JSON, min_size=1
    ),
    st.dictionaries(st.sampled_from(("iss", "aud", "exp", "iat", "nbf", "azp", "account")), JSON, min_size=1),
)
async def test_no_content_of_a_signed_jwt_is_a_failure(
    company: Company, header: dict[str, Any], claims: dict[str, Any]
) -> None:
    """Any JWT that the provider signed is accepted or refused with the usual bytes, and never a failure."""
    for odd_header, odd_claims in ((header, {}), ({}, claims), (header, claims)):
        said = {"alg": "RS256", "kid": "rsa-1", **odd_header}
        jwt = signed(said, {**company.claims.but(), **odd_claims})
        reply = await company.ask(jwt)
        assert reply.status == 200 or await company.is_refused(jwt), (said, odd_claims)
        if reply.status == 200:
            assert said["alg"] == "RS256" and said["kid"] == "rsa-1"
            assert set(odd_claims) <= {"nbf", "azp", "account", "aud"}


@FUZZ
@given(
    begin=st.integers(0, 2_000), end=st.integers(0, 2_000), between=st.binary(max_size=4), two=st.booleans()
)
async def test_a_jwt_that_was_cut_or_spliced_is_refused(
    company: Company, begin: int, end: int, *, between: bytes, two: bool
) -> None:
    """A part of a JWT, alone or joined with other bytes or another JWT's part, is refused."""
    good, other = (company.claims.jwt(jti="a", iat=IAT, exp=IAT + 3_000, sub=each) for each in ("one", "two"))
    last = (other if two else good)[end % len(other) :]
    spliced = good[: begin % len(good)].encode() + between + last.encode()
    if spliced not in (good.encode(), other.encode()):
        assert await company.is_refused(spliced)


# The same JWT each time: what Hypothesis tries must not depend on the hour.
IAT = int(time.time()) - 10


async def test_a_credential_in_the_address_is_never_read(company: Company) -> None:
    """A JWT or a token in the address is never read, because logs hold addresses (see RFC 6750, 2.3)."""
    for credential in (company.claims.jwt(), company.side.tokens[ADS]):
        for name in ("access_token", "token", "authorization"):
            query = f"{name}={credential}&query=%7Bpolicy%7Bpurpose%7D%7D".encode()
            reply = await company.ask(None, query_string=query)
            assert reply == await company.ask(None)
            body = json.dumps({"query": "{policy{purpose}}", name: credential}).encode()
            assert await send(company.side.app, headers=company.side.authorised(None)[1:], body=body) == reply


async def test_a_list_is_uploaded_with_a_jwt_too(company: Company) -> None:
    """`/lists` accepts a JWT, too, also if its key must be fetched first."""
    headers = [(b"authorization", f"Bearer {company.claims.jwt()}".encode()), (b"content-type", b"text/csv")]
    reply = await send(company.side.app, path="/lists", headers=headers, query_string=b"offer=of_1")
    assert reply.codes == ["PURPOSE_REFUSED"]
    unknown = company.claims.jwt("never-published")
    headers[0] = (b"authorization", f"Bearer {unknown}".encode())
    reply = await send(company.side.app, path="/lists", headers=headers, query_string=b"offer=of_1")
    assert reply.codes == ["TOKEN_REFUSED"]


async def test_a_new_key_of_the_provider_is_known_at_its_first_jwt(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first JWT of a new key waits for a fetch of the keys; a hundred such requests share one fetch."""
    monkeypatch.setattr("gateway.access.jwks.REFETCH_SECONDS", 0.0)
    company.provider.publish(rsa_1=RSA["rsa-1"], ec_1=EC["ec-1"], rsa_2=RSA["rsa-2"])
    company.provider.asked.clear()
    company.provider.delay_s = 0.2
    try:
        jwts = [company.claims.jwt("rsa-2", jti=str(number)) for number in range(100)]
        replies = await asyncio.gather(*(company.ask(each) for each in jwts))
    finally:
        company.provider.delay_s = 0.0
    assert {each.status for each in replies} == {200}
    assert company.provider.asked == [DISCOVERY, "/keys"]


async def test_a_jwt_works_beside_tokens_and_neither_slows_nor_stops_them(company: Company) -> None:
    """Tokens work beside JWTs, as fast as without a provider."""
    assert (await company.ask(company.side.tokens[SECURITY])).data == {"policy": {"purpose": "SECURITY"}}
    assert company.side.book._of_jwt is not None
    known = company.side.book._of_jwt.__self__  # type: ignore[attr-defined]
    before = dict(known._known)
    await company.ask(company.side.tokens[SECURITY])
    assert known._known == before


# --- a gateway whose provider is away ---------------------------------------------------------------


async def test_without_the_provider_a_gateway_starts_and_tokens_work(
    new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch, provider: IdentityProvider
) -> None:
    """Without the provider the gateway starts and serves tokens, and JWTs get 503 until it is back."""
    monkeypatch.setattr("gateway.access.jwks.REFETCH_SECONDS", 0.05)
    provider.stop()
    async with open_side(new_database, oidc_issuer=provider.issuer, **OIDC) as side:
        company = Company(side, provider)
        assert (await company.ask(side.tokens[ADS])).status == 200
        good, forged = company.claims.jwt(), company.claims.jwt("never-published", {"kid": "rsa-1"})
        away = await company.ask(good)
        assert (away.status, away.codes) == (503, ["STORE_UNAVAILABLE"])
        assert away == await company.ask(forged)
        assert await company.is_refused("nothing.like a.JWT")
        assert (await side.ready()).status == 200
        provider.start()
        async with asyncio.timeout(20):
            while (await company.ask(good)).status != 200:
                await asyncio.sleep(0.02)
        assert await company.is_refused(forged)


# --- keys over time, by clocks that the test turns --------------------------------------------------


@dataclass
class Clocks:
    """Unix time and a clock that never jumps, ahead of the real ones as the test sets it."""

    ahead: float = 0.0

    def unix(self) -> float:
        """Seconds since 1970."""
        return time.time() + self.ahead

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return time.monotonic() + self.ahead


@dataclass
class Verifier:
    """A token book that knows no token, and a provider's keys."""

    claims: Claims
    keys: JwkSet
    identities: Identities
    book: TokenBook
    clocks: Clocks

    async def code(self, jwt: str) -> Code | None:
        """The code with which the JWT is refused, or None."""
        header = f"Bearer {jwt}".encode()
        try:
            await caller_of(self.book.caller, header, None)
        except Refusal as refusal:
            return refusal.code
        return None

    async def fetched(self) -> None:
        """The same, after the fetch that is running or starts now."""
        if (fetching := self.keys.refetch()) is not None:
            await fetching


@asynccontextmanager
async def verifying(provider: IdentityProvider, **others: Any) -> AsyncIterator[Verifier]:
    """A verifier without a store. Only the test refreshes its keys."""
    clocks = Clocks()
    pinned = Provider(
        **{
            "issuer": provider.issuer,
            "audience": AUDIENCE,
            "algorithms": frozenset({"RS256", "ES256"}),
            "max_lifetime_s": 3_600,
            "client_claim": "azp",
            "purposes_claim": "gateway_purposes",
            "purposes": {name: tuple(each) for name, each in PURPOSES.items()},
            "bindings": {},
            **others,
        }
    )
    async with open_http() as fetch:
        keys = JwkSet(provider.issuer, fetch, clocks.monotonic)
        identities = Identities(pinned, keys, clocks.unix)
        book = TokenBook(
            b"k" * 32, lambda: asyncio.sleep(0), clocks.unix, monotonic=lambda: 0.0, of_jwt=identities.live
        )  # type: ignore[arg-type,return-value]
        book._refreshed_at = 0.0
        yield Verifier(Claims(provider.issuer), keys, identities, book, clocks)


async def test_a_jwt_is_good_until_it_expires_and_never_again(provider: IdentityProvider) -> None:
    """A JWT is accepted until `exp` and the clocks' leeway, and refused afterwards, also if cached."""
    async with verifying(provider) as verifier:
        await verifier.fetched()
        jwt = verifier.claims.jwt()
        assert await verifier.code(jwt) is None
        verifier.clocks.ahead = 600 + LEEWAY_SECONDS - 2
        assert await verifier.code(jwt) is None
        verifier.clocks.ahead = 600 + LEEWAY_SECONDS + 1
        assert await verifier.code(jwt) == Code.TOKEN_REFUSED


async def test_a_jwt_of_a_key_that_was_taken_back_is_refused_from_the_next_fetch_on(
    provider: IdentityProvider,
) -> None:
    """After the next fetch a JWT of a removed or replaced key is refused, also if it was verified before."""
    async with verifying(provider) as verifier:
        await verifier.fetched()
        old, other = verifier.claims.jwt("rsa-1"), verifier.claims.jwt("ec-1")
        assert (await verifier.code(old), await verifier.code(other)) == (None, None)
        provider.publish(rsa_2=RSA["rsa-2"], ec_1=EC["ec-1"])
        verifier.clocks.ahead = REFRESH_SECONDS
        await verifier.fetched()
        assert await verifier.code(old) == Code.TOKEN_REFUSED
        assert await verifier.code(other) is None
        assert await verifier.code(verifier.claims.jwt("rsa-2")) is None
        provider.keys = {"ec-1": jwk(ECKey.generate_key("P-256"), "ec-1")}
        verifier.clocks.ahead = 2 * REFRESH_SECONDS
        await verifier.fetched()
        assert await verifier.code(other) == Code.TOKEN_REFUSED
    assert REFRESH_SECONDS <= 60


async def test_keys_are_refreshed_without_a_request(
    provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A running gateway refreshes its keys; a removed key is refused soon after."""
    monkeypatch.setattr("gateway.access.jwks.REFRESH_SECONDS", 0.05)
    async with verifying(provider) as verifier:
        refreshing = asyncio.create_task(verifier.keys.keep_fresh())
        try:
            jwt = verifier.claims.jwt()
            async with asyncio.timeout(10):
                while await verifier.code(jwt) is not None:
                    await asyncio.sleep(0.02)
            provider.publish(ec_1=EC["ec-1"])
            async with asyncio.timeout(10):
                while await verifier.code(jwt) is None:
                    await asyncio.sleep(0.02)
        finally:
            refreshing.cancel()
            await asyncio.gather(refreshing, return_exceptions=True)


async def test_a_flood_of_unknown_keys_is_no_flood_of_fetches(provider: IdentityProvider) -> None:
    """Hundreds of invented identifiers cause one fetch, and the next one after five seconds."""
    async with verifying(provider) as verifier:
        await verifier.fetched()
        provider.asked.clear()
        jwts = [verifier.claims.jwt("never-published", {"kid": f"invented-{number}"}) for number in range(50)]
        assert {await verifier.code(jwt) for jwt in jwts * 10} == {Code.TOKEN_REFUSED}
        assert provider.asked == []
        verifier.clocks.ahead = REFETCH_SECONDS + 0.1
        assert set(await asyncio.gather(*map(verifier.code, jwts))) == {Code.TOKEN_REFUSED}
        assert {await verifier.code(jwt) for jwt in jwts * 10} == {Code.TOKEN_REFUSED}
        assert provider.asked == [DISCOVERY, "/keys"]
        assert len(verifier.identities._known) == 0


async def test_a_jwt_for_another_gateway_causes_no_fetch(provider: IdentityProvider) -> None:
    """An unknown key causes a fetch only if issuer, audience and time are right."""
    async with verifying(provider) as verifier:
        await verifier.fetched()
        verifier.clocks.ahead = REFETCH_SECONDS + 0.1
        provider.asked.clear()
        for wrong in ({"iss": "https://other.example"}, {"aud": "other"}, {"exp": int(time.time()) - 60}):
            assert await verifier.code(verifier.claims.jwt("never-published", **wrong)) == Code.TOKEN_REFUSED
        assert provider.asked == []


async def test_while_the_provider_is_away_its_keys_are_good_for_an_hour(
    provider: IdentityProvider, caplog: pytest.LogCaptureFixture
) -> None:
    """The provider's keys stay valid for an hour; then JWTs get 503, not 401, until the provider is back."""
    async with verifying(provider) as verifier:
        await verifier.fetched()
        provider.stop()
        with caplog.at_level(logging.WARNING):
            verifier.clocks.ahead = KEPT_SECONDS - 5
            await verifier.fetched()
            now = int(verifier.clocks.unix())
            jwt = verifier.claims.jwt(iat=now, exp=now + 600)
            assert await verifier.code(jwt) is None
            verifier.clocks.ahead = KEPT_SECONDS + 5
            await verifier.fetched()
            assert await verifier.code(jwt) == Code.STORE_UNAVAILABLE
        provider.start()
        verifier.clocks.ahead = KEPT_SECONDS + 20
        await verifier.fetched()
        assert await verifier.code(jwt) is None
    said = [each.getMessage() for each in caplog.records if each.name == "gateway.access.jwks"]
    assert said == ["The identity provider's keys could not be fetched."] * 2


async def test_a_provider_that_hangs_holds_a_request_for_three_seconds_at_most(
    provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A JWT with an unknown key waits no longer than the fetch may take; JWTs with known keys never wait."""
    monkeypatch.setattr("gateway.access.jwks.FETCH_SECONDS", 0.3)
    async with verifying(provider) as verifier:
        await verifier.fetched()
        verifier.clocks.ahead = REFETCH_SECONDS + 1
        provider.delay_s = 1.5
        begun = time.monotonic()
        waiting = asyncio.create_task(verifier.code(verifier.claims.jwt("never-published")))
        await asyncio.sleep(0)
        assert await verifier.code(verifier.claims.jwt()) is None
        assert time.monotonic() - begun < 0.25
        assert await waiting == Code.TOKEN_REFUSED
        assert time.monotonic() - begun < 1.2
        provider.delay_s = 0.0


async def test_a_caller_of_a_jwt_has_a_name_for_the_record_and_never_its_text(
    provider: IdentityProvider,
) -> None:
    """The record names a JWT by its `jti` if that is a plain word, or by the first digits of its digest."""
    async with verifying(provider) as verifier:
        await verifier.fetched()
        for jti, expected in (("req-17:a", "jwt req-17:a"), ("a\nb", None), ("x" * 65, None), (None, None)):
            jwt = verifier.claims.jwt(jti=jti)
            caller = verifier.book.caller(f"Bearer {jwt}".encode(), None)
            digest = f"jwt sha256:{hashlib.sha256(jwt.encode()).hexdigest()[:32]}"
            assert (caller.client, caller.token_id) == ("ranker", None)
            assert caller.credential == expected or digest == caller.credential
            assert (expected is None) == (digest == caller.credential)
            assert jwt.split(".")[2] not in repr(caller)
        assert verifier.book.take_used() == {}
    assert Caller("c", 17, AUDIT).credential == "token 17"


async def test_the_client_is_the_claim_that_the_settings_name(provider: IdentityProvider) -> None:
    """A JWT's client is the configured claim; without configuration it is `azp`, or else `sub`."""
    async with verifying(provider) as verifier, verifying(provider, client_claim="client_id") as other:
        for each in (verifier, other):
            await each.fetched()

        def client(of: Verifier, **claims: Any) -> str:
            return of.book.caller(f"Bearer {of.claims.jwt(**claims)}".encode(), None).client

        assert client(verifier) == "ranker"
        assert client(verifier, azp=None) == "somebody"
        assert client(other, client_id="batch") == "batch"
        assert client(other) == "somebody"


async def test_each_key_of_the_principal_comes_from_its_claim(provider: IdentityProvider) -> None:
    """The principal's keys come from the configured claims, and each purpose gets its own part."""
    bindings = {"messenger_id": "m", "social_id": "s", "merchant_id": "shop", "business_id": "firm"}
    opened = {"all": tuple(Purpose)}
    async with verifying(provider, bindings=bindings, purposes=opened) as verifier:
        await verifier.fetched()
        jwt = verifier.claims.jwt(gateway_purposes="all", m="ma_5", s="sa_7", shop=3, firm="4")
        header = f"Bearer {jwt}".encode()
        found = {
            purpose: verifier.book.caller(header, purpose.value.encode()).principal for purpose in Purpose
        }
        assert await verifier.code(verifier.claims.jwt(shop="ma_3")) == Code.TOKEN_REFUSED
    assert found[Purpose.SUBJECT_ACCESS] == Principal(messenger_id=5, social_id=7)
    assert found[Purpose.OFFER_MATCHING] == Principal(merchant_id=3)
    assert found[Purpose.BUSINESS_MESSAGING] == Principal(business_id=4)
    assert found[ADS] == Principal()


async def test_jwts_do_not_fill_the_memory(provider: IdentityProvider) -> None:
    """The cache of verified JWTs is bounded, also for many spellings of one; forged JWTs are not cached."""
    async with verifying(provider) as verifier:
        await verifier.fetched()
        most = 0
        for jwt in (verifier.claims.jwt("rsa-1"), verifier.claims.jwt("ec-1")):
            for spaces in range(1, 2_500):
                verifier.book.caller(b"Bearer" + b" " * spaces + jwt.encode(), None)
                most = max(most, len(verifier.identities._known))
        before = len(verifier.identities._known)
        assert (
            await verifier.code(verifier.claims.jwt("never-published", {"kid": "rsa-1"}))
            == Code.TOKEN_REFUSED
        )
        assert len(verifier.identities._known) == before
    assert most == MAX_KNOWN


async def test_a_stale_book_refuses_jwts_too(provider: IdentityProvider) -> None:
    """If the token book is stale, JWTs are refused, too."""
    async with verifying(provider) as verifier:
        await verifier.fetched()
        verifier.book._refreshed_at = -math.inf
        assert await verifier.code(verifier.claims.jwt()) == Code.STORE_UNAVAILABLE


# --- what a provider may publish ------------------------------------------------------------------


async def keys_of(provider: IdentityProvider) -> dict[str, Any]:
    """The keys that the gateway accepts, by identifier, with their algorithms."""
    async with open_http() as fetch:
        found = await fetch_keys(provider.issuer, fetch)
    return {kid: set(each.algorithms) for kid, each in found.items()}


async def test_only_keys_that_can_verify_are_taken_over(provider: IdentityProvider) -> None:
    """Symmetric, encryption, short and broken keys of the provider are ignored, and the others accepted."""
    rsa, ec = RSA["rsa-1"], EC["ec-1"]
    small = jwk(rsa, "small") | {"n": encoded(secrets.randbits(1024).to_bytes(128, "big") or b"1").decode()}
    published: list[Any] = [
        jwk(rsa, "pinned", alg="RS256"),
        jwk(rsa, "free"),
        jwk(ec, "curve"),
        jwk(ECKey.generate_key("P-384"), "larger"),
        {**rsa.as_dict(private=True), "kid": "with-private-part"},
        small,
        jwk(rsa, "encrypts", use="enc"),
        jwk(rsa, "signs-only", key_ops=["sign"]),
        jwk(rsa, "hmac", alg="HS256"),
        {"kty": "oct", "k": "c2VjcmV0", "kid": "secret"},
        jwk(ec, "off-the-curve", x="AA"),
        jwk(ec, "odd-curve", crv="P-000"),
        jwk(rsa, "no-modulus", n=5),
        jwk(rsa, ""),
        {**jwk(rsa, "x"), "kid": 5},
        {**jwk(rsa, "x"), "kty": ["RSA"]},
        "no object",
        None,
        jwk(RSA["rsa-2"], "free"),
    ]
    provider.instead["/keys"] = json.dumps({"keys": published}).encode()
    found = await keys_of(provider)
    usable = {kid: algorithms for kid, algorithms in found.items() if algorithms}
    every_rsa = {f"{kind}{bits}" for kind in ("RS", "PS") for bits in (256, 384, 512)}
    assert usable == {
        "pinned": {"RS256"},
        "free": every_rsa,
        "curve": {"ES256"},
        "larger": {"ES384"},
        "with-private-part": every_rsa,
    }


@pytest.mark.parametrize(
    ("path", "document"),
    [
        (DISCOVERY, b"[]"),
        (DISCOVERY, b"{"),
        (DISCOVERY, b"{}"),
        (DISCOVERY, b'{"issuer": "https://other.example", "jwks_uri": "https://other.example/keys"}'),
        ("/keys", b"{}"),
        ("/keys", b'{"keys": {}}'),
        ("/keys", b'{"keys": [' + b"{}," * 100 + b"{}]}"),
        ("/keys", b" " * (MAX_DOCUMENT_BYTES + 1)),
    ],
)
async def test_an_invalid_document_leaves_the_keys_as_they_were(
    provider: IdentityProvider, path: str, document: bytes
) -> None:
    """If the provider's document is foreign, malformed or too large, the known keys stay."""
    async with verifying(provider) as verifier:
        await verifier.fetched()
        provider.instead[path] = document
        verifier.clocks.ahead = REFETCH_SECONDS + 1
        await verifier.fetched()
        assert await verifier.code(verifier.claims.jwt()) is None
        with pytest.raises((NoKeys, ValueError)):
            await keys_of(provider)


async def test_keys_are_never_fetched_in_clear_text_or_by_a_redirect(provider: IdentityProvider) -> None:
    """Keys of another host are fetched by https alone, never from this machine, and without redirects."""
    for wrong in ("http://idp.example/keys", f"{provider.issuer}/keys", "file:///keys", "/keys", 5, None):
        asked = []

        async def fetch(url: str, said: Any = wrong, asked: list[str] = asked) -> bytes:
            asked.append(url)
            return json.dumps({"issuer": "https://idp.example", "jwks_uri": said}).encode()

        with pytest.raises(NoKeys):
            await fetch_keys("https://idp.example", fetch)
        assert asked == [f"https://idp.example{DISCOVERY}"]
    async with open_http() as get:
        with pytest.raises(NoKeys):
            await get(f"{provider.issuer}/moved")
        with pytest.raises(NoKeys):
            await get(f"{provider.issuer}/nowhere")
        assert json.loads(await get(f"{provider.issuer}/keys"))["keys"]
    assert provider.asked == ["/moved", "/nowhere", "/keys"]


# --- settings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "secure"),
    [
        ("https://idp.example", True),
        ("https://idp.example:8443/realms/one", True),
        ("http://127.0.0.1:8080", True),
        ("http://[::1]:8080", True),
        ("http://localhost/x", True),
        ("http://idp.example", False),
        ("http://localhost.idp.example", False),
        ("http://127.0.0.1@idp.example", False),
        ("https://user:password@idp.example", False),
        ("https://idp.example/#x", False),
        ("https://idp.example:port", False),
        ("https://", False),
        ("ftp://127.0.0.1", False),
        ("https://idp.example/ x", False),
        ("https://idp.example/\n", False),
        (None, False),
    ],
)
def test_keys_come_over_https_or_from_this_machine(url: object, secure: bool) -> None:
    """The issuer must be https or on this machine, because keys changed in transit would admit anyone."""
    assert is_secure_url(url) == secure


def test_a_deployment_without_a_provider_has_none() -> None:
    """Without a configured provider no key is fetched and no JWT is accepted."""
    assert provider_of(Settings(**NEEDED)) is None  # type: ignore[arg-type]


def test_the_settings_say_everything_of_the_provider() -> None:
    """The settings name the principal's claims and the algorithms, which are RS256 and ES256 by default."""
    found = provider_of(
        Settings(
            **NEEDED,  # type: ignore[arg-type]
            oidc_issuer="https://idp.example",
            oidc_audience=AUDIENCE,
            oidc_purposes=PURPOSES,  # type: ignore[arg-type]
            oidc_merchant_claim="shop",
        )
    )
    assert found is not None
    assert found.algorithms == {"RS256", "ES256"}
    assert found.bindings == {"merchant_id": "shop"}
    assert found.purposes["everything"] == (ADS, SECURITY, AUDIT)


# --- nothing of it anywhere else ------------------------------------------------------------------


async def test_no_part_of_a_credential_is_sent_to_the_provider(company: Company) -> None:
    """The gateway requests the provider's public documents alone, and sends it no part of a credential."""
    jwt = company.claims.jwt("never-published")
    await company.ask(jwt)
    heard = "\n".join(company.provider.heard)
    assert "authorization" not in heard.lower()
    assert not any(part in heard for part in jwt.split("."))
    assert {line.split()[1] for line in heard.splitlines() if line.startswith("GET ")} == {DISCOVERY, "/keys"}


async def test_a_client_is_one_client_whatever_it_shows(company: Company) -> None:
    """A token and a JWT with the same client name belong to the same client."""
    issued = await issue(
        company.side.control,
        company.side.settings.key("tokens"),
        "ranker",
        purposes=[ADS],
        expires_at=None,
        random=secrets.token_bytes,
    )
    await company.side.book.refreshed()
    clients = {
        company.side.book.caller(f"Bearer {each}".encode(), None).client
        for each in (issued.token, company.claims.jwt())
    }
    assert clients == {"ranker"}
