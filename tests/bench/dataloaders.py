"""(c): the same questions answered by an ordinary, well-written Strawberry server.

DataLoaders against repeated queries, asyncpg's own pool, the purpose's restriction in the loaders' SQL,
and a permission class on each field, because the policy matrix closes each to some purpose: it answers
under the same policy, decided in the ordinary way, once a value. Rows are loaded whole instead of field by
field, and JSON is made by orjson. It parses and validates each request again, which is Strawberry's
default; with BENCH_CACHES it has Strawberry's caches of parsed and validated documents too (c+).

    BENCH_DSNS='{"messenger": …, "social": …}' uvicorn tests.bench.dataloaders:app
"""

from __future__ import annotations

import datetime
import os
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any

import asyncpg
import orjson
import strawberry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.permission import BasePermission
from strawberry.types import Info

BITS = {"ADS_PERSONALIZATION": 1, "FRIEND_SUGGESTIONS": 2, "SECURITY": 0}
POOL_SIZE = 8
Row = asyncpg.Record


def seen_by(*purposes: str) -> list[type[BasePermission]]:
    """The permission classes of a field that these purposes see; the matrix line, as a person copies it."""

    class Seen(BasePermission):
        message = "not for this purpose"

        def has_permission(self, source: Any, info: Info, **kwargs: Any) -> bool:
            return info.context["purpose"] in allowed

    allowed = frozenset(purposes)
    return [Seen]


ADS, FRIENDS, SECURITY = "ADS_PERSONALIZATION", "FRIEND_SUGGESTIONS", "SECURITY"
INFRASTRUCTURE, BUSINESS = "INFRASTRUCTURE", "BUSINESS_MESSAGING"
SUBJECT, PREFERENCES = "SUBJECT_ACCESS", "PREFERENCES"
OF_USAGE = seen_by(ADS, INFRASTRUCTURE, SECURITY, SUBJECT)
OF_LINK = seen_by(ADS, FRIENDS, SECURITY, SUBJECT)


@strawberry.enum
class FrequencyBand(Enum):
    INACTIVE = "INACTIVE"
    MONTHLY = "MONTHLY"
    WEEKLY = "WEEKLY"
    DAILY = "DAILY"


@dataclass
class Loaders:
    """The loaders of one request, all under its purpose."""

    pools: dict[str, asyncpg.Pool]
    bit: int

    def __post_init__(self) -> None:
        self.account = DataLoader(load_fn=self._accounts)
        self.usage = DataLoader(load_fn=self._usage)
        self.social = DataLoader(load_fn=self._social_accounts)
        self.friends = DataLoader(load_fn=self._friends)
        self.link = DataLoader(load_fn=self._links)

    async def _accounts(self, keys: list[int]) -> list[Row | None]:
        rows = await self.pools["messenger"].fetch(
            "SELECT id, phone, country_code FROM messenger.account "
            "WHERE id = ANY($1::bigint[]) AND restricted & $2 = 0",
            keys,
            self.bit,
        )
        return _by_key(rows, keys, "id")

    async def _usage(self, keys: list[int]) -> list[Row | None]:
        rows = await self.pools["messenger"].fetch(
            "SELECT d.account_id, count(*) AS days, sum(d.messages_sent) AS messages, max(d.day) AS last "
            "FROM messenger.daily_usage d, messenger.usage_horizon h "
            "WHERE d.account_id = ANY($1::bigint[]) AND d.day > h.day - 28 AND d.day <= h.day "
            "AND d.restricted & $2 = 0 GROUP BY d.account_id",
            keys,
            self.bit,
        )
        return _by_key(rows, keys, "account_id")

    async def _social_accounts(self, keys: list[int]) -> list[Row | None]:
        rows = await self.pools["social"].fetch(
            "SELECT id FROM social.account WHERE id = ANY($1::bigint[])", keys
        )
        return _by_key(rows, keys, "id")

    async def _friends(self, keys: list[tuple[int, int]]) -> list[list[int]]:
        rows = await self.pools["social"].fetch(
            "SELECT a.id, f.friend_id FROM social.account a CROSS JOIN LATERAL ("
            "SELECT friend_id FROM social.friendship s WHERE s.account_id = a.id "
            "ORDER BY friend_id LIMIT $2) f WHERE a.id = ANY($1::bigint[]) ORDER BY a.id, f.friend_id",
            [number for number, _ in keys],
            max(first for _, first in keys),
        )
        found: dict[int, list[int]] = defaultdict(list)
        for row in rows:
            found[row["id"]].append(row["friend_id"])
        return [found[number][:first] for number, first in keys]

    async def _links(self, keys: list[int]) -> list[Row | None]:
        rows = await self.pools["social"].fetch(
            "SELECT account_id, messenger_id, since FROM social.messenger_link "
            "WHERE account_id = ANY($1::bigint[]) AND restricted & $2 = 0",
            keys,
            self.bit,
        )
        return _by_key(rows, keys, "account_id")


def _by_key(rows: Iterable[Row], keys: list[int], name: str) -> list[Row | None]:
    found = {row[name]: row for row in rows}
    return [found.get(key) for key in keys]


def _loaders(info: Info) -> Loaders:
    return info.context["loaders"]


@strawberry.type
class UsageStats:
    frequency_band: FrequencyBand = strawberry.field(permission_classes=OF_USAGE)
    active_days28: int = strawberry.field(permission_classes=OF_USAGE)
    messages_sent28: int = strawberry.field(permission_classes=OF_USAGE)
    last_active_on: datetime.date | None = strawberry.field(permission_classes=OF_USAGE)


def _usage_stats(row: Row | None) -> UsageStats:
    if row is None:
        return UsageStats(
            frequency_band=FrequencyBand.INACTIVE, active_days28=0, messages_sent28=0, last_active_on=None
        )
    days = row["days"]
    band = "DAILY" if days >= 12 else "WEEKLY" if days >= 4 else "MONTHLY"
    return UsageStats(
        frequency_band=FrequencyBand[band],
        active_days28=days,
        messages_sent28=row["messages"],
        last_active_on=row["last"],
    )


@strawberry.type
class MessengerAccount:
    number: strawberry.Private[int]
    country_code: str = strawberry.field(
        permission_classes=seen_by(ADS, FRIENDS, INFRASTRUCTURE, SECURITY, SUBJECT, PREFERENCES)
    )
    phone: str = strawberry.field(
        permission_classes=seen_by(ADS, INFRASTRUCTURE, SECURITY, BUSINESS, SUBJECT)
    )

    @strawberry.field(
        permission_classes=seen_by(ADS, FRIENDS, INFRASTRUCTURE, SECURITY, BUSINESS, SUBJECT, PREFERENCES)
    )
    def id(self) -> strawberry.ID:
        return strawberry.ID(f"ma_{self.number}")

    @strawberry.field(permission_classes=OF_USAGE)
    async def usage(self, info: Info) -> UsageStats:
        return _usage_stats(await _loaders(info).usage.load(self.number))


def _messenger_account(row: Row | None) -> MessengerAccount | None:
    if row is None:
        return None
    return MessengerAccount(number=row["id"], phone=row["phone"], country_code=row["country_code"])


@strawberry.type
class MessengerLink:
    since: datetime.date = strawberry.field(permission_classes=OF_LINK)
    account: MessengerAccount = strawberry.field(permission_classes=OF_LINK)


@strawberry.type
class FriendEdge:
    node: SocialAccount


@strawberry.type
class FriendConnection:
    edges: list[FriendEdge]


@strawberry.type
class SocialAccount:
    number: strawberry.Private[int]

    @strawberry.field(permission_classes=seen_by(ADS, FRIENDS, SECURITY, BUSINESS, SUBJECT))
    def id(self) -> strawberry.ID:
        return strawberry.ID(f"sa_{self.number}")

    @strawberry.field(permission_classes=OF_LINK)
    async def messenger_link(self, info: Info) -> MessengerLink | None:
        loaders = _loaders(info)
        link = await loaders.link.load(self.number)
        account = link and _messenger_account(await loaders.account.load(link["messenger_id"]))
        return MessengerLink(since=link["since"], account=account) if account else None

    @strawberry.field(permission_classes=seen_by(FRIENDS, SUBJECT))
    async def friends(self, info: Info, first: int) -> FriendConnection:
        numbers = await _loaders(info).friends.load((self.number, first))
        return FriendConnection(edges=[FriendEdge(node=SocialAccount(number=number)) for number in numbers])


@strawberry.type
class MessengerAccountConnection:
    nodes: list[MessengerAccount]


@strawberry.type
class SocialAccountConnection:
    nodes: list[SocialAccount]


def _number(identifier: str) -> int:
    return int(identifier[3:])


@strawberry.type
class Query:
    @strawberry.field
    async def messenger_account(self, info: Info, id: strawberry.ID) -> MessengerAccount | None:
        return _messenger_account(await _loaders(info).account.load(_number(id)))

    @strawberry.field
    async def messenger_accounts(
        self,
        info: Info,
        ids: list[strawberry.ID] | None = None,
        *,
        first: int = 100,
        after: str | None = None,
    ) -> MessengerAccountConnection:
        loaders = _loaders(info)
        if ids is not None:
            rows = await loaders.account.load_many([_number(each) for each in ids])
        else:
            rows = await loaders.pools["messenger"].fetch(
                "SELECT id, phone, country_code FROM messenger.account "
                "WHERE restricted & $1 = 0 AND id > $2 ORDER BY id LIMIT $3",
                loaders.bit,
                int(after) if after else -1,
                first,
            )
        return MessengerAccountConnection(nodes=[_messenger_account(row) for row in rows if row])

    @strawberry.field
    async def social_accounts(self, info: Info, ids: list[strawberry.ID]) -> SocialAccountConnection:
        rows = await _loaders(info).social.load_many([_number(each) for each in ids])
        return SocialAccountConnection(nodes=[SocialAccount(number=row["id"]) for row in rows if row])


class Server(GraphQL):
    """Strawberry's own ASGI view, with the request's loaders in its context."""

    pools: dict[str, asyncpg.Pool]

    async def get_context(self, request: Request, response: Response) -> dict[str, Any]:
        purpose = request.headers["gateway-purpose"]
        return {"purpose": purpose, "loaders": Loaders(self.pools, BITS[purpose])}

    def encode_json(self, data: object) -> bytes:
        return orjson.dumps(data)


CACHES = [ParserCache, ValidationCache] if os.environ.get("BENCH_CACHES") else []
server: Server = Server(strawberry.Schema(query=Query, extensions=CACHES))


@asynccontextmanager
async def _lifespan(_: Starlette) -> AsyncIterator[None]:
    dsns = orjson.loads(os.environ["BENCH_DSNS"])
    server.pools = {
        store: await asyncpg.create_pool(dsns[store], min_size=POOL_SIZE, max_size=POOL_SIZE)
        for store in ("messenger", "social")
    }
    yield


app = Starlette(routes=[Route("/graphql", server)], lifespan=_lifespan)
