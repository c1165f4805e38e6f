"""The settings: one frozen record, read once from the environment and a file, printable.

Every setting is `GATEWAY_<NAME>` in the environment, or `<name>` in the TOML file that
`GATEWAY_CONFIG_FILE` names; the environment wins. Units are part of the names. DSNs and the
secret are masked when printed, because a DSN may hold a password.
"""

from __future__ import annotations

import ipaddress
import os
import re
import shlex
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import AfterValidator, Field, SecretStr, StringConstraints, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from resolvers.plan.identifiers import IdentifierScope
from resolvers.stores.pool import StoreLogin
from schema.purposes import Purpose
from schema.terms.profiles import Profile

CONFIG_FILE = "GATEWAY_CONFIG_FILE"
# The control database keeps quotas as 32 bits.
MOST_OF_A_QUOTA = 2**31 - 1


class Algorithm(StrEnum):
    """The algorithms of JWTs (RFC 7518); all are asymmetric, so the private key stays with the provider."""

    RS256 = "RS256"
    RS384 = "RS384"
    RS512 = "RS512"
    PS256 = "PS256"
    PS384 = "PS384"
    PS512 = "PS512"
    ES256 = "ES256"
    ES384 = "ES384"
    ES512 = "ES512"


def is_secure_url(url: object) -> bool:
    """True if no one on the network can change the response: https, or http on this machine."""
    if not isinstance(url, str) or re.fullmatch(r"https?://[!-~]+", url) is None:
        return False
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or "@" in parts.netloc or parts.fragment:
        return False
    return parts.scheme == "https" or _is_loopback(host)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _issuer(url: str) -> str:
    if not is_secure_url(url) or "?" in url:
        raise ValueError("an issuer is https://…, or http:// on this machine, without a query")
    return url


def _command(text: str) -> str:
    # ValueError for an unclosed quote, and for nothing to run.
    if not shlex.split(text):
        raise ValueError("a command has at least one word")
    return text


Issuer = Annotated[str, AfterValidator(_issuer)]
Claim = Annotated[str, StringConstraints(min_length=1)]


class Settings(BaseSettings):
    """Where the stores are, and what two deployments would set differently."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_", frozen=True, extra="forbid")

    messenger_dsn: SecretStr = Field(
        description="The messenger's store. The user in it is replaced by each purpose's role."
    )
    social_dsn: SecretStr = Field(
        description="The social network's store. The user in it is replaced by each purpose's role."
    )
    control_dsn: SecretStr = Field(description="The gateway's own database.")
    messenger_owner_dsn: SecretStr | None = Field(
        default=None,
        description="The messenger's store with its owner's rights, for the command line; "
        "`messenger_dsn` if left out.",
    )
    social_owner_dsn: SecretStr | None = Field(
        default=None,
        description="The social network's store with its owner's rights, for the command line; "
        "`social_dsn` if left out.",
    )
    secret: Annotated[SecretStr, Field(min_length=32)] = Field(
        description="At least 32 characters; the keys of tokens and cursors are derived from it."
    )
    identifiers: IdentifierScope = Field(
        default=IdentifierScope.PURPOSE,
        description="The identifiers in answers: `PURPOSE` sealed for each purpose, `CLIENT` for each client "
        "of it, `PLAIN` the stores' own numbers, where gaps show that people are hidden.",
    )
    policy_profile: Profile = Field(
        default=Profile.SEED_2016,
        description="Who may object: `SEED_2016` members from before 25 August 2016, `HISTORIC_2016` "
        "the same within 30 days of accepting the terms, `GDPR` everybody.",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on.")
    pool_size: int = Field(
        default=8, ge=1, le=100, description="Most connections to each store for each purpose."
    )
    connect_timeout_ms: int = Field(default=2_000, ge=1, description="Limit on the time to connect.")
    request_timeout_ms: int = Field(
        default=7_000, ge=1, description="Limit on the time of one statement; the roles' own limit is 5,000."
    )
    answer_timeout_ms: int = Field(
        default=30_000, ge=1, description="Limit on the time of a whole request, once it has arrived."
    )
    console: bool = Field(
        default=True,
        description="Whether the gateway serves the console at `/`: a page without data of its own.",
    )
    slow_ms: int = Field(
        default=1_000,
        ge=1,
        description="An answer that takes longer is counted as slow (`requestTally`, under AUDIT).",
    )
    pooler_keeps_statements: bool = Field(
        default=False,
        description="The stores are behind pgbouncer 1.21 or newer, which keeps prepared statements.",
    )
    sharded: bool = Field(
        default=False, description="The stores are spread over machines: cut links between groups."
    )
    max_body_bytes: int = Field(default=1_000_000, ge=1_000, description="Largest request body.")
    max_list_bytes: int = Field(
        default=100_000_000, ge=1_000, description="Largest customer list that is uploaded as CSV."
    )
    max_cost: int = Field(default=200_000, ge=1, description="Most rows that one operation may touch.")
    requests_per_second: int = Field(
        default=1_000,
        ge=1,
        le=MOST_OF_A_QUOTA,
        description="Requests that one client may make in a second, in all processes together; "
        "`gateway quota set` sets another number for one.",
    )
    requests_at_once: int = Field(
        default=100,
        ge=1,
        le=MOST_OF_A_QUOTA,
        description="Requests of one client that may be under way at once; likewise.",
    )
    people_per_hour: int = Field(
        default=100_000,
        ge=1,
        le=MOST_OF_A_QUOTA,
        description="People whose data one client may receive in an hour, each counted once; likewise.",
    )
    questions_per_hour: int = Field(
        default=1_000_000,
        ge=1,
        le=MOST_OF_A_QUOTA,
        description="People that one client may ask about in an hour, found or not; repeated ones count.",
    )
    recall_due_days: int = Field(
        default=14,
        ge=1,
        le=3_650,
        description="Days within which a client must acknowledge a notice of an objection.",
    )
    checkpoint_file: Path | None = Field(
        default=None,
        description="File to which the ledger's signed checkpoints are appended, a line of JSON each; best "
        "where those who can write in `control` cannot.",
    )
    checkpoint_command: Annotated[str, AfterValidator(_command)] | None = Field(
        default=None,
        description="Command that gets these lines on its standard input, such as "
        "`logger -t gateway-ledger`; no shell runs it.",
    )
    checkpoint_seconds: int = Field(
        default=60, ge=1, le=86_400, description="How often checkpoints are published."
    )
    max_connections: int = Field(
        default=1_000, ge=1, description="Most open connections of clients, for each process."
    )
    cached_documents: int = Field(default=1_000, ge=1, description="Documents whose plans are kept.")
    oidc_issuer: Issuer | None = Field(
        default=None,
        description="OpenID Connect provider whose JWTs are accepted besides tokens; none if left out.",
    )
    oidc_audience: Claim | None = Field(
        default=None,
        description="The name of this gateway at the provider, which `aud` of a JWT must contain.",
    )
    oidc_algorithms: Annotated[tuple[Algorithm, ...], Field(min_length=1)] = Field(
        default=(Algorithm.RS256, Algorithm.ES256),
        description="Algorithms that may sign a JWT: `RS…`, `PS…` and `ES…` with 256, 384 or 512.",
    )
    oidc_max_lifetime_s: int = Field(
        default=3_600, ge=1, description="Longest time from `iat` to `exp` of a JWT, which cannot be revoked."
    )
    oidc_purposes_claim: Claim = Field(
        default="gateway_purposes",
        description="Claim whose values open purposes: a list, or words separated by spaces.",
    )
    oidc_purposes: dict[str, tuple[Purpose, ...]] = Field(
        default={},
        description='Purposes that each value opens: `{"ads-team": ["ADS_PERSONALIZATION"]}`.',
    )
    oidc_client_claim: Claim = Field(
        default="azp", description="Claim with the client's name; `sub` for a JWT without this claim."
    )
    oidc_messenger_claim: Claim | None = Field(
        default=None, description="Claim with the subject's account on the messenger, such as `ma_5`."
    )
    oidc_social_claim: Claim | None = Field(
        default=None, description="Claim with the subject's account on the social network, such as `sa_5`."
    )
    oidc_merchant_claim: Claim | None = Field(default=None, description="Claim with the merchant's number.")
    oidc_business_claim: Claim | None = Field(default=None, description="Claim with the business's number.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then environment, then the file."""
        path = os.environ.get(CONFIG_FILE)
        if path is None:
            return init_settings, env_settings
        if not Path(path).is_file():
            raise FileNotFoundError(f"{CONFIG_FILE} names a file that is not there: {path}")
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, path)

    @model_validator(mode="after")
    def _provider_is_whole(self) -> Self:
        if self.oidc_issuer is not None and (self.oidc_audience is None or not self.oidc_purposes):
            raise ValueError(
                "with GATEWAY_OIDC_ISSUER, GATEWAY_OIDC_AUDIENCE and GATEWAY_OIDC_PURPOSES are needed"
            )
        return self

    def owner_dsn(self, store: str) -> str:
        """The DSN with the owner's rights: of ``messenger``, ``social`` or ``control``."""
        if store == "control":
            return self.control_dsn.get_secret_value()
        owner: SecretStr | None = getattr(self, f"{store}_owner_dsn")
        return (owner or self.store_dsn(store)).get_secret_value()

    def store_dsn(self, store: str) -> SecretStr:
        """The DSN that the purposes' roles connect to."""
        dsn: SecretStr = getattr(self, f"{store}_dsn")
        return dsn

    def login(self, store: str, role: str) -> StoreLogin:
        """The login of this role, with its pool size and timeouts."""
        return StoreLogin(
            dsn=self.store_dsn(store).get_secret_value(),
            role=role,
            size=self.pool_size,
            connect_timeout_s=self.connect_timeout_ms / 1000,
            request_timeout_s=self.request_timeout_ms / 1000,
        )

    def key(self, use: str, length: int = 32) -> bytes:
        """A key for one use, derived from the secret (HKDF, RFC 5869)."""
        derive = HKDF(algorithm=SHA256(), length=length, salt=None, info=f"gateway {use}".encode())
        return derive.derive(self.secret.get_secret_value().encode())
