"""(b): the best hand-written server for each query: bare ASGI and hand-written SQL, without GraphQL.

Same answers byte for byte as the gateway's, and the same rows hidden. It reads the variables from the
POST body and nothing else: the path names the question, and tokens are not checked. Each
statement exists twice, on the universe's views and on the raw tables with the restriction written out.

    BENCH_DSNS='{"messenger": …, "social": …}' uvicorn tests.bench.handwritten:app
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import orjson

from tests.bench.scenarios import BY_NAME, SCENARIOS, Variables

POOL_SIZE = 8
HOLE = "\x1f"
BITS = {"ADS_PERSONALIZATION": 1, "FRIEND_SUGGESTIONS": 2, "SECURITY": 0}


class Tables:
    """A relation's name and the condition on its visible rows, for views or for the raw tables."""

    def __init__(self, purpose: str, raw: bool) -> None:
        self._bit = BITS[purpose]
        self._raw = raw

    def messenger(self, name: str) -> str:
        """A relation of the messenger."""
        return f"messenger.{name}" if self._raw else name

    def social(self, name: str) -> str:
        """A relation of the social network."""
        return f"social.{name}" if self._raw else name

    def visible(self, alias: str) -> str:
        """A condition to append to others, for a relation whose rows can be restricted."""
        return f" AND {alias}.restricted & {self._bit} = 0" if self._raw and self._bit else ""


def _usage(tables: Tables, alias: str) -> str:
    horizon = f"(SELECT h.day FROM {tables.messenger('usage_horizon')} h)"
    return f"""(SELECT '{{"frequencyBand":"'
        || CASE WHEN count(*) >= 12 THEN 'DAILY' WHEN count(*) >= 4 THEN 'WEEKLY'
                WHEN count(*) >= 1 THEN 'MONTHLY' ELSE 'INACTIVE' END
        || '","activeDays28":' || count(*)
        || ',"messagesSent28":' || coalesce(sum(d.messages_sent), 0)
        || ',"lastActiveOn":' || coalesce('"' || max(d.day) || '"', 'null') || '}}'
    FROM {tables.messenger("daily_usage")} d
    WHERE d.account_id = {alias}.id AND d.day > {horizon} - 28 AND d.day <= {horizon}{tables.visible("d")})"""


def one(tables: Tables) -> str:
    """$1 bigint → the whole answer."""
    return f"""SELECT '{{"data":{{"messengerAccount":{{"id":"ma_' || a.id || '","phone":"' || a.phone
        || '","countryCode":"' || a.country_code || '"}}}}}}'
    FROM {tables.messenger("account")} a WHERE a.id = $1::bigint{tables.visible("a")}"""


def usage(tables: Tables) -> str:
    """$1 bigint[] → the whole answer, in the order of the keys."""
    return f"""SELECT '{{"data":{{"messengerAccounts":{{"nodes":[' || coalesce(string_agg(
        '{{"id":"ma_' || a.id || '","phone":"' || a.phone || '","countryCode":"' || a.country_code
        || '","usage":' || {_usage(tables, "a")} || '}}', ',' ORDER BY k.n), '') || ']}}}}}}'
    FROM unnest($1::bigint[]) WITH ORDINALITY k(id, n)
    JOIN {tables.messenger("account")} a ON a.id = k.id{tables.visible("a")}"""


def friends(tables: Tables) -> str:
    """$1 bigint[] → the answer with a hole for each linked account.

    A friend's own row is not read: the foreign key says that it is there, the policy that all may see it.
    """
    return f"""SELECT '{{"data":{{"socialAccounts":{{"nodes":[' || coalesce(string_agg(
        '{{"id":"sa_' || a.id || '","friends":{{"edges":[' || coalesce((
            SELECT string_agg('{{"node":{{"id":"sa_' || f.friend_id || '","messengerLink":' || coalesce((
                SELECT '{{"since":"' || l.since || '","account":{HOLE}' || l.messenger_id || '{HOLE}}}'
                FROM {tables.social("messenger_link")} l
                WHERE l.account_id = f.friend_id{tables.visible("l")}), 'null') || '}}}}',
                ',' ORDER BY f.friend_id)
            FROM (SELECT s.friend_id FROM {tables.social("friendship")} s
                  WHERE s.account_id = a.id ORDER BY s.friend_id LIMIT 10) f), '') || ']}}}}',
        ',' ORDER BY k.n), '') || ']}}}}}}'
    FROM unnest($1::bigint[]) WITH ORDINALITY k(id, n) JOIN {tables.social("account")} a ON a.id = k.id"""


def phones(tables: Tables) -> str:
    """$1 bigint[] → the answer with a hole for each linked account."""
    return f"""SELECT '{{"data":{{"socialAccounts":{{"nodes":[' || coalesce(string_agg(
        '{{"id":"sa_' || a.id || '","messengerLink":' || coalesce((
            SELECT '{{"since":"' || l.since || '","account":{HOLE}' || l.messenger_id || '{HOLE}}}'
            FROM {tables.social("messenger_link")} l
            WHERE l.account_id = a.id{tables.visible("l")}), 'null') || '}}',
        ',' ORDER BY k.n), '') || ']}}}}}}'
    FROM unnest($1::bigint[]) WITH ORDINALITY k(id, n) JOIN {tables.social("account")} a ON a.id = k.id"""


def page(tables: Tables) -> str:
    """No parameter → the whole answer."""
    condition = tables.visible("a").removeprefix(" AND ") or "true"
    return f"""SELECT '{{"data":{{"messengerAccounts":{{"nodes":[' || coalesce(string_agg(
        '{{"id":"ma_' || p.id || '","phone":"' || p.phone || '","countryCode":"' || p.country_code || '"}}',
        ',' ORDER BY p.id), '') || ']}}}}}}'
    FROM (SELECT a.id, a.phone, a.country_code FROM {tables.messenger("account")} a
          WHERE {condition} ORDER BY a.id LIMIT 1000) p"""


def _linked(tables: Tables, text: str) -> str:
    return f"""SELECT string_agg(a.id::text, ','), string_agg({text}, '{HOLE}')
    FROM {tables.messenger("account")} a WHERE a.id = ANY($1::bigint[]){tables.visible("a")}"""


def linked_countries(tables: Tables) -> str:
    """$1 bigint[] → ids with commas between, and the objects that fill the holes."""
    return _linked(tables, """'{"id":"ma_' || a.id || '","countryCode":"' || a.country_code || '"}'""")


def linked_phones(tables: Tables) -> str:
    """$1 bigint[] → ids with commas between, and the objects that fill the holes."""
    usage_text = _usage(tables, "a")
    return _linked(
        tables,
        f"""'{{"id":"ma_' || a.id || '","phone":"' || a.phone || '","usage":' || {usage_text} || '}}'""",
    )


Spell = Callable[[Tables], str]
STATEMENTS: dict[str, tuple[tuple[str, Spell], ...]] = {
    "one": (("messenger", one),),
    "usage": (("messenger", usage),),
    "friends": (("social", friends), ("messenger", linked_countries)),
    "phones": (("social", phones), ("messenger", linked_phones)),
    "page": (("messenger", page),),
}


def statements(scenario: str, raw: bool) -> list[tuple[str, str]]:
    """(store, SQL) of a scenario, in the order in which they run."""
    tables = Tables(BY_NAME[scenario].purpose, raw)
    return [(store, spell(tables)) for store, spell in STATEMENTS[scenario]]


# --- running them ---------------------------------------------------------------------------------


class FreeList:
    """Connections that hold their prepared statements: no reset and no look-up between requests."""

    def __init__(self, connections: list[asyncpg.Connection]) -> None:
        self._free = connections
        self._waiting: deque[asyncio.Future[asyncpg.Connection]] = deque()
        self._prepared: dict[tuple[asyncpg.Connection, str], Any] = {}

    async def fetchrow(self, sql: str, *arguments: Any) -> Any:
        """The statement's first row, or None."""
        if self._free:
            connection = self._free.pop()
        else:
            turn: asyncio.Future[asyncpg.Connection] = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            connection = await turn
        try:
            statement = self._prepared.get((connection, sql))
            if statement is None:
                # Without a name and with its cache switched off, asyncpg would parse it at each execution.
                name = f"statement_{len(self._prepared)}"
                statement = await connection.prepare(sql, name=name)
                self._prepared[connection, sql] = statement
            return await statement.fetchrow(*arguments)
        finally:
            # Passed on to the waiting request: put back, it could be taken by a request that came later.
            if self._waiting:
                self._waiting.popleft().set_result(connection)
            else:
                self._free.append(connection)


Run = Callable[[Variables], Awaitable[bytes]]


def _numbers(variables: Variables) -> list[int]:
    return [int(identifier[3:]) for identifier in variables["ids"]]


def fill(text: str, ids: str, objects: str) -> str:
    """The text with each hole filled by its account's object."""
    parts = text.split(HOLE)
    found = dict(zip(ids.split(","), objects.split(HOLE), strict=True))
    try:
        parts[1::2] = [found[key] for key in parts[1::2]]
    except KeyError:
        _close_empty_links(parts, found)
    return "".join(parts)


def _close_empty_links(parts: list[str], found: dict[str, str]) -> None:
    """Replace a link whose account is missing by null: cut the text around the hole."""
    for index in range(1, len(parts), 2):
        text = found.get(parts[index])
        if text is None:
            parts[index - 1] = parts[index - 1][: parts[index - 1].rindex('{"since":')]
            parts[index + 1] = parts[index + 1].removeprefix("}")
        parts[index] = text or "null"


def answers(pools: dict[tuple[str, str], FreeList], raw: bool) -> dict[str, Run]:
    """The function that answers each scenario, by name. `pools`: by store and purpose."""

    def of(scenario: str) -> Run:
        purpose = BY_NAME[scenario].purpose
        first, *second = statements(scenario, raw)
        pool, sql = pools[first[0], purpose], first[1]

        async def by_id(variables: Variables) -> bytes:
            row = await pool.fetchrow(sql, int(variables["id"][3:]))
            return row[0].encode() if row else b'{"data":{"messengerAccount":null}}'

        async def by_ids(variables: Variables) -> bytes:
            row = await pool.fetchrow(sql, _numbers(variables))
            return row[0].encode()

        async def first_page(_: Variables) -> bytes:
            row = await pool.fetchrow(sql)
            return row[0].encode()

        async def in_two_waves(variables: Variables) -> bytes:
            (text,) = await pool.fetchrow(sql, _numbers(variables))
            keys = list(dict.fromkeys(map(int, text.split(HOLE)[1::2])))
            if not keys:
                return text.encode()
            ((store, sql_there),) = second
            ids, objects = await pools[store, purpose].fetchrow(sql_there, keys)
            return fill(text, ids or "", objects or "").encode()

        if second:
            return in_two_waves
        return {"one": by_id, "page": first_page}.get(scenario, by_ids)

    return {scenario.name: of(scenario.name) for scenario in SCENARIOS}


async def connect(dsns: dict[str, str], raw: bool, size: int) -> dict[tuple[str, str], FreeList]:
    """Pools as the purposes' own logins, or as the owner for the raw tables."""
    pools = {}
    for scenario in SCENARIOS:
        for store, _ in statements(scenario.name, raw):
            if (store, scenario.purpose) not in pools:
                role = None if raw else f"{store}_{scenario.purpose.lower()}"
                opened = [await _connect(dsns[store], role) for _ in range(size)]
                pools[store, scenario.purpose] = FreeList(opened)
    return pools


async def _connect(dsn: str, role: str | None) -> asyncpg.Connection:
    options: dict[str, Any] = {"user": role} if role else {}
    return await asyncpg.connect(dsn, statement_cache_size=0, **options)


HEADERS = [(b"content-type", b"application/json; charset=utf-8")]


class App:
    """The ASGI application."""

    def __init__(self) -> None:
        self._answers: dict[str, Run] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request, or the server's lifespan."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        message = await receive()
        body = message["body"]
        while message.get("more_body"):
            message = await receive()
            body += message["body"]
        answer = await self._answers[scope["path"]](orjson.loads(body)["variables"])
        length = (b"content-length", b"%d" % len(answer))
        await send({"type": "http.response.start", "status": 200, "headers": [*HEADERS, length]})
        await send({"type": "http.response.body", "body": answer})

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()
        raw = os.environ.get("BENCH_RAW") == "1"
        pools = await connect(orjson.loads(os.environ["BENCH_DSNS"]), raw, POOL_SIZE)
        self._answers = {f"/{name}": run for name, run in answers(pools, raw).items()}
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})


app = App()
