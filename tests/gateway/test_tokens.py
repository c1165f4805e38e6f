"""Tokens: a request's caller and purpose come from a cache, which is never stale."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import math
import re
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import astuple, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.access.rotation import CannotRotate, Rotated, rotate, warn
from gateway.access.token_text import is_well_formed, new_token, token_hash
from gateway.access.token_use import note, noting
from gateway.access.tokens import (
    Caller,
    TokenBook,
    issue,
    list_tokens,
    open_token_book,
    revoke,
)
from gateway.control.cache import REFRESH_SECONDS, STALE_SECONDS
from gateway.terminal.logs import ScrubbingFormatter
from gateway.web.responses import error_body
from resolvers.plan.principal import NO_PRINCIPAL, Principal
from resolvers.sources.catalogue import Store
from resolvers.sources.fields import OBJECTS
from resolvers.stores.pool import StoreLogin, connect_role
from resolvers.universe.render import apply
from resolvers.universe.roles import USES
from schema.purposes import ABOUT, Purpose
from schema.refusals import Code, Refusal

KEY = b"k" * 32
ADS, SECURITY, AUDIT = Purpose.ADS_PERSONALIZATION, Purpose.SECURITY, Purpose.AUDIT


@pytest.fixture
async def control(new_database: Callable[[str], Awaitable[str]]) -> str:
    """An empty control store."""
    return await new_database("control")


@dataclass
class Clock:
    """A clock that the test sets forward."""

    ahead: float = 0.0
    base: Callable[[], float] = field(default=time.monotonic)

    def __call__(self) -> float:
        return self.base() + self.ahead


@asynccontextmanager
async def book_of(dsn: str, **clocks: Callable[[], float]) -> AsyncIterator[TokenBook]:
    """A token book of this store, after its first read."""
    now, monotonic = clocks.get("now", time.time), clocks.get("monotonic", time.monotonic)
    async with open_token_book(KEY, lambda: asyncpg.connect(dsn), now, monotonic=monotonic) as book:
        await asyncio.wait_for(book.refreshed(), 10)
        yield book


async def issued(dsn: str, *purposes: Purpose, expires_at: datetime | None = None) -> tuple[int, bytes]:
    """A new token's number and its Authorization header."""
    connection = await asyncpg.connect(dsn)
    try:
        new = await issue(
            connection, KEY, "client-1", purposes=purposes, expires_at=expires_at, random=secrets.token_bytes
        )
    finally:
        await connection.close()
    return new.token_id, f"Bearer {new.token}".encode()


async def revoked(dsn: str, token_id: int) -> bool:
    """Revoke over a separate connection, as an operator does."""
    connection = await asyncpg.connect(dsn)
    try:
        return await revoke(connection, token_id)
    finally:
        await connection.close()


async def seconds_until(condition: Callable[[], bool], at_most: float = 10.0) -> float:
    """The time until the condition holds."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < at_most
        await asyncio.sleep(0.005)
    return time.monotonic() - begun


def code(book: TokenBook, authorization: bytes | None, purpose: bytes | None = None) -> Code | None:
    """The code with which the book refuses, or None."""
    try:
        book.caller(authorization, purpose)
    except Refusal as refusal:
        return refusal.code
    return None


def test_a_token_is_found_by_its_documented_form() -> None:
    """A token has a fixed form with a checksum, so that secret scanners find it without doubt."""
    token = new_token(secrets.token_bytes)
    assert re.fullmatch("gw_[0-9A-Za-z]{49}", token)
    assert is_well_formed(token.encode())


@pytest.mark.parametrize("byte", [b"\x00", b"\xff"])
def test_the_form_has_room_for_every_random_number(byte: bytes) -> None:
    """The smallest and the largest of 256 random bits give tokens of the same form."""
    assert is_well_formed(new_token(lambda size: byte * size).encode())


def test_a_token_with_one_wrong_character_is_malformed() -> None:
    """A token with one wrong character anywhere is malformed without a look-up."""
    token = new_token(secrets.token_bytes)
    for place in range(3, len(token)):
        other = "a" if token[place] != "a" else "b"
        assert not is_well_formed((token[:place] + other + token[place + 1 :]).encode())


@given(st.binary(max_size=80))
def test_arbitrary_bytes_are_no_token(text: bytes) -> None:
    """Arbitrary bytes are malformed."""
    assert not is_well_formed(text)


@pytest.mark.parametrize("key", [b"", b"k" * 31])
async def test_a_short_key_is_refused_at_start(key: bytes) -> None:
    """A key shorter than 256 bits stops the program, because it would weaken every hash."""
    with pytest.raises(ValueError, match="32 bytes"):
        TokenBook(key, lambda: asyncpg.connect(), time.time, monotonic=time.monotonic)


async def test_a_token_has_its_client_and_its_purposes(control: str) -> None:
    """A token belongs to one client, and each request has one of its purposes."""
    token_id, bearer = await issued(control, SECURITY, ADS)
    async with book_of(control) as book:
        assert Caller("client-1", token_id, ADS) == book.caller(bearer, b"ADS_PERSONALIZATION")
        assert Caller("client-1", token_id, SECURITY) == book.caller(bearer, b"SECURITY")


async def test_a_token_of_one_purpose_needs_no_header(control: str) -> None:
    """With a token of one purpose the header is optional; with more it is required."""
    _, one = await issued(control, AUDIT)
    _, two = await issued(control, AUDIT, ADS)
    async with book_of(control) as book:
        assert book.caller(one, None).purpose == AUDIT
        assert code(book, two) == Code.PURPOSE_REFUSED


@pytest.mark.parametrize(
    "purpose", [b"", b"SECURITY", b"NO_SUCH_PURPOSE", b"audit", b"AUDIT, AUDIT", b"AUDIT ", b"\xff", b"*"]
)
async def test_a_purpose_out_of_scope_and_one_unknown_are_refused_alike(control: str, purpose: bytes) -> None:
    """A purpose that is unknown, repeated or out of scope is refused with the same bytes."""
    _, bearer = await issued(control, AUDIT)
    async with book_of(control) as book:
        with pytest.raises(Refusal) as refused:
            book.caller(bearer, purpose)
    assert error_body(refused.value) == error_body(Refusal(Code.PURPOSE_REFUSED))


async def test_a_purpose_that_this_version_does_not_know_still_counts(control: str) -> None:
    """A token of two purposes, one of them unknown to this version, still needs the header."""
    _, bearer = await issued(control, AUDIT)
    connection = await asyncpg.connect(control)
    await connection.execute("UPDATE control.token SET purposes = purposes || ARRAY['TOMORROW']")
    await connection.close()
    async with book_of(control) as book:
        assert code(book, bearer) == Code.PURPOSE_REFUSED
        assert book.caller(bearer, b"AUDIT").purpose == AUDIT


async def test_the_scheme_is_read_in_any_case(control: str) -> None:
    """`Bearer` is read in any case and may be followed by more than one space (RFC 9110, 11.1)."""
    _, bearer = await issued(control, AUDIT)
    async with book_of(control) as book:
        for scheme in (b"bearer ", b"BEARER ", b"BeArEr   "):
            assert code(book, bearer.replace(b"Bearer ", scheme)) is None


async def test_every_bad_token_is_refused_with_the_same_bytes(control: str) -> None:
    """A missing, malformed, unknown, expired or revoked token is refused with the same bytes (I37)."""
    past = datetime.now(UTC) - timedelta(seconds=1)
    revoked_id, revoked_bearer = await issued(control, AUDIT)
    _, expired = await issued(control, AUDIT, expires_at=past)
    _, long_expired = await issued(control, AUDIT, expires_at=past - timedelta(days=9))
    _, good = await issued(control, AUDIT)
    assert await revoked(control, revoked_id)
    unknown = f"Bearer {new_token(secrets.token_bytes)}".encode()
    malformed = [b"", b"Bearer", b"Bearer ", b"Basic eDp5", good[7:], good + b"x", good[:-1], b"Bearer gw_"]
    malformed += [good + b", " + good, good.replace(b" ", b"\t"), b" " + good, good + b"\n", b"\xff\x00"]
    async with book_of(control) as book:
        assert code(book, good) is None
        for bad in (None, unknown, expired, long_expired, revoked_bearer, *malformed):
            for purpose in (None, b"AUDIT", b"NO_SUCH_PURPOSE"):
                with pytest.raises(Refusal) as refused:
                    book.caller(bad, purpose)
                assert error_body(refused.value) == error_body(Refusal(Code.TOKEN_REFUSED))


async def test_expiry_is_judged_at_each_request(control: str) -> None:
    """A token works until the moment of its expiry, and not at it, without any refresh."""
    expires_at = datetime(2030, 1, 1, tzinfo=UTC)
    _, bearer = await issued(control, AUDIT, expires_at=expires_at)
    now = Clock(base=expires_at.timestamp)
    async with book_of(control, now=now) as book:
        now.ahead = -0.001
        assert code(book, bearer) is None
        now.ahead = 0.0
        assert code(book, bearer) == Code.TOKEN_REFUSED


@pytest.fixture
def no_poll(monkeypatch: pytest.MonkeyPatch) -> None:
    """Switch the poll off, so that only a notification can explain a change, also on a slow machine."""
    monkeypatch.setattr("gateway.control.cache.REFRESH_SECONDS", 600.0)


@pytest.mark.usefixtures("no_poll")
async def test_a_new_and_a_revoked_token_are_known_at_once(control: str) -> None:
    """A notification reaches every running process: it does not wait for its next poll."""
    async with book_of(control) as one, book_of(control) as other:
        token_id, bearer = await issued(control, AUDIT)
        await seconds_until(lambda: code(one, bearer) is None and code(other, bearer) is None)
        assert await revoked(control, token_id)
        await seconds_until(lambda: code(one, bearer) == code(other, bearer) == Code.TOKEN_REFUSED)


class Deaf:
    """A connection as through a pooler: another server process answers than the one of the start-up."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        assert name != "add_listener", "LISTEN behind a pooler"
        return getattr(self._connection, name)

    def get_server_pid(self) -> int:
        """The number that a pooler invents."""
        return -1


async def test_behind_a_pooler_the_poll_alone_is_in_time(control: str) -> None:
    """Without notifications, as behind a pooler, a revocation is known within one second as well."""

    async def connect() -> Any:
        return Deaf(await asyncpg.connect(control))

    token_id, bearer = await issued(control, AUDIT)
    async with open_token_book(KEY, connect, time.time, monotonic=time.monotonic) as book:
        await asyncio.wait_for(book.refreshed(), 10)
        assert code(book, bearer) is None
        assert await revoked(control, token_id)
        # Half a second for a slow machine, over what the poll itself needs.
        assert await seconds_until(lambda: code(book, bearer) == Code.TOKEN_REFUSED) < REFRESH_SECONDS + 0.5
    assert REFRESH_SECONDS < 1.0


async def test_a_book_that_was_never_read_refuses_every_token() -> None:
    """Before the first read of the store every token is refused, but not as a bad token."""
    book = TokenBook(KEY, lambda: asyncpg.connect(), time.time, monotonic=time.monotonic)
    assert not book.is_fresh
    assert code(book, b"Bearer x") == Code.STORE_UNAVAILABLE


async def test_a_stale_book_refuses_every_token(control: str) -> None:
    """After five seconds without a refresh all tokens are refused: one may have been revoked."""
    _, bearer = await issued(control, AUDIT)
    monotonic = Clock()
    async with book_of(control, monotonic=monotonic) as book:
        assert code(book, bearer) is None
        monotonic.ahead = STALE_SECONDS + 1
        assert not book.is_fresh
        assert code(book, bearer) == code(book, None) == Code.STORE_UNAVAILABLE
        await asyncio.wait_for(book.refreshed(), 10)
        assert code(book, bearer) is None


@pytest.mark.usefixtures("no_poll")
async def test_a_lost_connection_is_replaced(control: str) -> None:
    """A connection that the server closes is replaced at once, and no change in between is missed."""
    token_id, bearer = await issued(control, AUDIT)
    operator = await asyncpg.connect(control)
    async with book_of(control) as book:
        assert code(book, bearer) is None
        await operator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await revoke(operator, token_id)
        await seconds_until(lambda: code(book, bearer) == Code.TOKEN_REFUSED)
    await operator.close()


async def test_another_server_is_read_again(
    control: str, new_database: Callable[[str], Awaitable[str]]
) -> None:
    """After a reconnect everything is read again: a restored or promoted server may lack revocations."""
    other = await new_database("control")
    (_, bearer), (_, others_bearer) = await issued(control, AUDIT), await issued(other, AUDIT)
    connections: list[Any] = []

    async def connect() -> Any:
        connections.append(await asyncpg.connect(other if connections else control))
        return connections[-1]

    async with open_token_book(KEY, connect, time.time, monotonic=time.monotonic) as book:
        await asyncio.wait_for(book.refreshed(), 10)
        assert (code(book, bearer), code(book, others_bearer)) == (None, Code.TOKEN_REFUSED)
        connections[0].terminate()
        await seconds_until(lambda: code(book, others_bearer) is None)
        assert code(book, bearer) == Code.TOKEN_REFUSED


async def test_a_slow_reading_is_as_old_as_its_question(control: str) -> None:
    """A read that took six seconds is stale when it ends: it may miss a revocation."""
    _, bearer = await issued(control, AUDIT)
    monotonic = Clock()

    class Slow(Deaf):
        async def fetch(self, statement: str) -> Any:
            monotonic.ahead += STALE_SECONDS + 1
            return await self._connection.fetch(statement)

    async def connect() -> Any:
        return Slow(await asyncpg.connect(control))

    async with open_token_book(KEY, connect, time.time, monotonic=monotonic) as book:
        await asyncio.wait_for(book.refreshed(), 10)
        assert code(book, bearer) == Code.STORE_UNAVAILABLE
        await asyncio.wait_for(book.refreshed(), 10)
        assert code(book, bearer) is None


async def test_a_store_that_cannot_be_reached_is_tried_again(
    control: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A store that is down at the start, or loses its tables, delays the book but does not stop it."""
    failures = iter([OSError("secret-dsn"), RuntimeError("secret-dsn")])

    async def connect() -> Any:
        for failure in failures:
            raise failure
        return await asyncpg.connect(control)

    _, bearer = await issued(control, AUDIT)
    with caplog.at_level(logging.WARNING):
        async with open_token_book(KEY, connect, time.time, monotonic=time.monotonic) as book:
            assert code(book, bearer) == Code.STORE_UNAVAILABLE
            await seconds_until(lambda: code(book, bearer) is None)
    assert [record.getMessage() for record in caplog.records] == ["The control store was lost."] * 2


@asynccontextmanager
async def wire(path: str) -> AsyncIterator[tuple[int, asyncio.Event]]:
    """A network to the store that drops everything, without an error, once the event is cleared."""
    flows, handling = asyncio.Event(), set[asyncio.Task[Any]]()
    flows.set()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                await flows.wait()
                writer.write(data)
        writer.transport.abort()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handling.add(asyncio.current_task())  # type: ignore[arg-type]
        from_store, to_store = await asyncio.open_unix_connection(path)
        try:
            await asyncio.gather(pump(reader, to_store), pump(from_store, writer))
        finally:
            to_store.transport.abort()
            writer.transport.abort()

    server = await asyncio.start_server(connected, "127.0.0.1")
    try:
        yield server.sockets[0].getsockname()[1], flows
    finally:
        server.close()
        for task in handling:
            task.cancel()
        await asyncio.gather(*handling, return_exceptions=True)
        await asyncio.sleep(0)


async def test_a_silent_network_makes_the_book_stale_and_is_survived(control: str) -> None:
    """If the network drops everything, the book refuses after five seconds, and recovers with it."""
    _, bearer = await issued(control, AUDIT)
    probe = await asyncpg.connect(control)
    folder = (await probe.fetchval("SHOW unix_socket_directories")).split(",")[0].strip()
    path = f"{folder}/.s.PGSQL.{await probe.fetchval('SHOW port')}"
    user, database = await probe.fetchrow("SELECT current_user, current_database()")
    await probe.close()
    monotonic = Clock()
    async with wire(path) as (port, flows):
        attempts: list[float] = []

        async def connect() -> Any:
            attempts.append(time.monotonic())
            return await asyncpg.connect(host="127.0.0.1", port=port, user=user, database=database, ssl=False)

        async with open_token_book(KEY, connect, time.time, monotonic=monotonic) as book:
            await asyncio.wait_for(book.refreshed(), 10)
            flows.clear()
            monotonic.ahead = STALE_SECONDS - 1  # the sleep below is then longer than it looks
            await seconds_until(lambda: code(book, bearer) == Code.STORE_UNAVAILABLE)
            await asyncio.sleep(2.5)
            assert code(book, bearer) == Code.STORE_UNAVAILABLE
            assert len(attempts) > 1, "the silent connection was never given up"
            flows.set()
            await seconds_until(lambda: code(book, bearer) is None)


async def test_the_store_never_holds_a_token(control: str) -> None:
    """The store holds only the token's HMAC, under a key that it does not hold."""
    _, bearer = await issued(control, AUDIT)
    connection = await asyncpg.connect(control)
    row = await connection.fetchrow("SELECT hash, token::text AS everything FROM control.token")
    await connection.close()
    assert row["hash"] == token_hash(KEY, bearer[7:])
    assert bearer[10:40].decode() not in row["everything"]


async def test_an_operator_sees_every_token_and_no_secret(control: str) -> None:
    """The list shows the client, purposes and expiry of each token, and neither its text nor its hash."""
    connection = await asyncpg.connect(control)
    expires_at = datetime(2030, 1, 1, tzinfo=UTC)
    first = await issue(
        connection,
        KEY,
        "a.b-c_1",
        purposes=iter([SECURITY, ADS]),
        expires_at=expires_at,
        random=secrets.token_bytes,
    )
    second = await issue(connection, KEY, "b", purposes=[AUDIT], expires_at=None, random=secrets.token_bytes)
    assert await revoke(connection, first.token_id)
    one, other = await list_tokens(connection)
    await connection.close()
    assert (one.token_id, one.client, one.purposes, one.expires_at) == (
        first.token_id,
        "a.b-c_1",
        (ADS, SECURITY),
        expires_at,
    )
    assert one.revoked_at is not None
    assert (other.token_id, other.expires_at, other.revoked_at) == (second.token_id, None, None)
    assert first.token not in repr((first, one))


async def test_a_token_is_revoked_once(control: str) -> None:
    """A second revocation, or one of an unknown token, changes nothing and says so."""
    token_id, _ = await issued(control, AUDIT)
    assert [await revoked(control, number) for number in (token_id, token_id, 10**9)] == [True, False, False]


@pytest.mark.parametrize(
    ("client", "purposes", "expires_at"),
    [
        ("", [AUDIT], None),
        ("two words", [AUDIT], None),
        ("x" * 64, [AUDIT], None),
        ("line\n", [AUDIT], None),
        ("client", [], None),
        ("client", [AUDIT], datetime(2030, 1, 1)),
    ],
)
async def test_a_token_that_the_store_would_refuse_is_not_issued(
    control: str, client: str, purposes: list[Purpose], *, expires_at: datetime | None
) -> None:
    """A client's name is plain, a token has a purpose, an expiry has a time zone."""
    connection = await asyncpg.connect(control)
    with pytest.raises(ValueError):
        await issue(
            connection, KEY, client, purposes=purposes, expires_at=expires_at, random=secrets.token_bytes
        )
    assert await list_tokens(connection) == ()
    await connection.close()


async def test_guesses_do_not_fill_the_memory(control: str) -> None:
    """Refused headers are not cached, and the cache is bounded."""
    _, bearer = await issued(control, AUDIT)
    async with book_of(control) as book:
        for number in range(5_000):
            code(book, b"Bearer x%d" % number)
            code(book, bearer.replace(b" ", b" " * (1 + number)))
            assert len(book._seen) <= 4_096


def test_a_book_says_nothing_of_its_key() -> None:
    """Neither the book's nor a new token's repr holds a secret."""
    book = TokenBook(KEY, lambda: asyncpg.connect(), time.time, monotonic=lambda: math.inf)
    assert KEY.decode() not in repr(book)


# --- bindings -------------------------------------------------------------------------------------

EVERYTHING = Principal(messenger_id=5, social_id=7, merchant_id=3, business_id=4)


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection for the block."""
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.mark.parametrize("purpose", [each for each in Purpose if ABOUT[each].principal])
async def test_a_token_is_not_issued_without_the_binding_that_its_purpose_needs(
    control: str, purpose: Purpose
) -> None:
    """A purpose that needs a principal is refused without one, alone or beside others."""
    part = EVERYTHING.under(purpose)
    assert part is not None
    others = Principal(*(None if own is not None else 1 for own in astuple(part)))
    async with connected(control) as connection:
        for principal in (NO_PRINCIPAL, others):
            with pytest.raises(ValueError, match=purpose.value):
                await issue(
                    connection,
                    KEY,
                    "c",
                    purposes=[SECURITY, purpose],
                    expires_at=None,
                    random=secrets.token_bytes,
                    principal=principal,
                )
        assert not await list_tokens(connection)


async def test_each_purpose_gets_its_own_part_of_a_binding(control: str) -> None:
    """A merchant's token that also has a subject shows neither purpose the other's key."""
    async with connected(control) as connection, book_of(control) as book:
        issued = await issue(
            connection,
            KEY,
            "c",
            purposes=Purpose,
            expires_at=None,
            random=secrets.token_bytes,
            principal=EVERYTHING,
        )
        await book.refreshed()
        header = f"Bearer {issued.token}".encode()
        found = {purpose: book.caller(header, purpose.value.encode()).principal for purpose in Purpose}
        assert [each.principal for each in await list_tokens(connection)] == [EVERYTHING]

    assert found == {
        **dict.fromkeys(Purpose, NO_PRINCIPAL),
        Purpose.SUBJECT_ACCESS: Principal(messenger_id=5, social_id=7),
        Purpose.PREFERENCES: Principal(messenger_id=5, social_id=7),
        Purpose.OFFER_MATCHING: Principal(merchant_id=3),
        Purpose.BUSINESS_MESSAGING: Principal(business_id=4),
    }


async def test_a_token_from_before_bindings_opens_nothing_that_needs_one(control: str) -> None:
    """A token without a principal does not open a purpose that needs one: it has no rows to show."""
    async with connected(control) as connection, book_of(control) as book:
        issued = await issue(
            connection,
            KEY,
            "c",
            purposes=Purpose,
            expires_at=None,
            random=secrets.token_bytes,
            principal=EVERYTHING,
        )
        await connection.execute(
            "UPDATE control.token SET messenger_id = NULL, social_id = NULL,"
            " merchant_id = NULL, business_id = NULL"
        )
        await book.refreshed()
        header = f"Bearer {issued.token}".encode()
        for purpose in Purpose:
            refused = code(book, header, purpose.value.encode())
            assert refused is (None if ABOUT[purpose].principal is None else Code.PURPOSE_REFUSED)


# --- rotation -------------------------------------------------------------------------------------

DAY = timedelta(days=1)


async def rotated(connection: asyncpg.Connection, token_id: int, overlap: timedelta = DAY) -> Rotated:
    """The rotated token, as the command rotates it."""
    return await rotate(connection, KEY, token_id, overlap=overlap, random=secrets.token_bytes)


async def test_a_rotated_token_and_its_successor_both_work_for_a_while(control: str) -> None:
    """Client, purposes, principal and lifetime are the same; the old token ends after the overlap."""
    now = Clock(base=time.time)
    async with connected(control) as connection, book_of(control, now=now) as book:
        ends = datetime.now(UTC) + 30 * DAY
        old = await issue(
            connection,
            KEY,
            "c",
            purposes=[ADS, SECURITY],
            expires_at=ends,
            random=secrets.token_bytes,
            principal=EVERYTHING,
        )
        new = await rotated(connection, old.token_id)
        first, second = await list_tokens(connection)
        await book.refreshed()
        headers = [f"Bearer {each}".encode() for each in (old.token, new.issued.token)]
        at_once = [book.caller(header, b"SECURITY") for header in headers]
        now.ahead = DAY.total_seconds() + 5
        a_day_later = [code(book, header, b"SECURITY") for header in headers]

    assert at_once == [Caller("c", old.token_id, SECURITY), Caller("c", new.issued.token_id, SECURITY)]
    assert a_day_later == [Code.TOKEN_REFUSED, None]
    assert (second.client, second.purposes, second.principal) == (
        first.client,
        first.purposes,
        first.principal,
    )
    assert first.replaced_by == second.token_id
    assert first.expires_at == new.old_ends_at
    assert second.expires_at == new.expires_at
    assert abs(second.expires_at - second.created_at - 30 * DAY) < timedelta(seconds=5)
    assert new.issued.token not in repr(new)


async def test_a_token_without_an_end_is_rotated_to_one_without(control: str) -> None:
    """If a token without an end is rotated, only the old token gets an end."""
    async with connected(control) as connection:
        old, _ = await issued(control, AUDIT)
        new = await rotated(connection, old)
        first, second = await list_tokens(connection)

    assert (new.expires_at, second.expires_at) == (None, None)
    assert first.expires_at is not None


async def test_an_overlap_never_makes_a_token_live_longer(control: str) -> None:
    """A token that ends in an hour keeps that end, also with a longer overlap."""
    ends = datetime.now(UTC) + timedelta(hours=1)
    old, _ = await issued(control, AUDIT, expires_at=ends)
    async with connected(control) as connection:
        assert (await rotated(connection, old, 30 * DAY)).old_ends_at == ends
        assert (await list_tokens(connection))[0].expires_at == ends


async def test_a_refused_rotation_is_one_line_and_changes_nothing(control: str) -> None:
    """If a token cannot be rotated, one line says why, and no new token is made."""
    past = datetime.now(UTC) - timedelta(seconds=1)
    async with connected(control) as connection:
        revoked_id, expired_id, done_id, odd_id, unbound_id = [
            (await issued(control, AUDIT, expires_at=ends))[0] for ends in (None, past, None, None, None)
        ]
        await revoke(connection, revoked_id)
        new = await rotated(connection, done_id)
        for purpose, token_id in (("TOMORROW", odd_id), ("SUBJECT_ACCESS", unbound_id)):
            await connection.execute(
                "UPDATE control.token SET purposes = ARRAY[$1] WHERE id = $2", purpose, token_id
            )
        before = await connection.fetch("SELECT * FROM control.token")
        told = {}
        for token_id in (10**9, revoked_id, expired_id, done_id, odd_id, unbound_id):
            with pytest.raises(CannotRotate) as refused:
                await rotated(connection, token_id)
            told[token_id] = str(refused.value)
        assert await connection.fetch("SELECT * FROM control.token") == before

    assert told == {
        10**9: "there is no token 1000000000: `gateway token list` shows all",
        revoked_id: f"token {revoked_id} is revoked: `gateway token issue` makes a new one",
        expired_id: f"token {expired_id} has expired: `gateway token issue` makes a new one",
        done_id: f"token {done_id} was already rotated to token {new.issued.token_id}: rotate that one",
        odd_id: f"token {odd_id} is for a purpose that this version does not know",
        unbound_id: f"token {unbound_id} lacks a principal that SUBJECT_ACCESS needs: issue a new one",
    }


async def test_one_of_many_concurrent_rotations_succeeds(control: str) -> None:
    """Eight rotations at the same moment make one new token; the other seven name it."""
    token_id, _ = await issued(control, AUDIT)

    async def one() -> Rotated | str:
        async with connected(control) as connection:
            try:
                return await rotated(connection, token_id)
            except CannotRotate as refused:
                return str(refused)

    results = await asyncio.gather(*(one() for _ in range(8)))
    (new,) = [each for each in results if isinstance(each, Rotated)]
    told = {each for each in results if isinstance(each, str)}
    assert told == {f"token {token_id} was already rotated to token {new.issued.token_id}: rotate that one"}
    async with connected(control) as connection:
        assert len(await list_tokens(connection)) == 2


async def test_a_rotation_that_is_cut_off_changes_nothing(control: str) -> None:
    """The new token and the end of the old one are written together or not at all."""
    token_id, _ = await issued(control, AUDIT)
    async with connected(control) as connection:
        await connection.execute(
            "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'cut'; END $$;"
            "CREATE TRIGGER fail BEFORE UPDATE ON control.token EXECUTE FUNCTION fail()"
        )
        with pytest.raises(asyncpg.RaiseError):
            await rotated(connection, token_id)
        (left,) = await list_tokens(connection)
    assert (left.token_id, left.expires_at, left.replaced_by) == (token_id, None, None)


async def test_tokens_are_listed_by_client(control: str) -> None:
    """One client's tokens, in the order of issue; none for an unknown client."""
    async with connected(control) as connection:
        for client in ("a", "b", "a"):
            await issue(
                connection, KEY, client, purposes=[AUDIT], expires_at=None, random=secrets.token_bytes
            )
        listed = {client: await list_tokens(connection, client) for client in ("a", "b", "unknown")}
    assert {client: [each.client for each in found] for client, found in listed.items()} == {
        "a": ["a", "a"],
        "b": ["b"],
        "unknown": [],
    }


# --- when a token was last used -------------------------------------------------------------------


@pytest.fixture
async def user(control: str) -> StoreLogin:
    """The login that writes the use of tokens, in a store with its universes."""
    async with connected(control) as connection:
        await apply(connection, OBJECTS, Store.CONTROL)
    return StoreLogin(control, USES)


async def test_the_last_use_is_noted_without_a_word_to_any_token_book(control: str, user: StoreLogin) -> None:
    """The list shows it afterwards, and the revision number of the tokens stays unchanged."""
    one, bearer = await issued(control, AUDIT)
    other, _ = await issued(control, AUDIT)
    begun = datetime.now(UTC)
    async with connected(control) as connection:
        revision = await connection.fetchval("SELECT tokens FROM control.revision")
        async with book_of(control) as book, noting(book, user):
            book.caller(bearer, None)
            code(book, bearer, b"SECURITY")
            code(book, b"Bearer x")
        used = {each.token_id: each.last_used_at for each in await list_tokens(connection)}
        assert await connection.fetchval("SELECT tokens FROM control.revision") == revision

    assert used[other] is None
    assert begun - timedelta(seconds=1) < used[one] <= datetime.now(UTC)


async def test_a_refused_request_is_no_use(control: str, user: StoreLogin) -> None:
    """A request with an expired token, or for another purpose, is no use of the token."""
    _, bearer = await issued(control, AUDIT)
    _, expired = await issued(control, AUDIT, expires_at=datetime.now(UTC))
    async with book_of(control) as book:
        assert code(book, bearer, b"SECURITY") == Code.PURPOSE_REFUSED
        assert code(book, expired) == Code.TOKEN_REFUSED
        assert book.take_used() == {}
        assert code(book, bearer) is None
        assert len(book.take_used()) == 1
        assert book.take_used() == {}


async def test_a_last_use_never_goes_back_and_never_lies_ahead(control: str, user: StoreLogin) -> None:
    """Several processes write in any order, with different clocks; a token that is gone is skipped."""
    token_id, _ = await issued(control, AUDIT)
    now = time.time()
    async with connected(control) as connection:
        noted = []
        for at in (now - 60, now - 3_600, now + 86_400):
            assert await note({token_id: at, 10**9: at}, user)
            (seen,) = await list_tokens(connection)
            noted.append(seen.last_used_at.timestamp())
    assert noted[0] == noted[1] == pytest.approx(now - 60, abs=0.001)
    assert now <= noted[2] < now + 60


async def test_the_role_that_notes_uses_can_do_nothing_else(control: str, user: StoreLogin) -> None:
    """It reads no token and no time, and writes no table: it may call one function only."""
    connection = await connect_role(user)
    try:
        for statement in (
            "SELECT id FROM control.token",
            "SELECT last_used_at FROM control.token_use",
            "INSERT INTO control.token_use VALUES (1, now())",
            "UPDATE control.token_use SET last_used_at = now()",
            "UPDATE control.token SET revoked_at = NULL",
            "UPDATE control.revision SET tokens = 1",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        connection.terminate()


async def test_uses_wait_for_a_store_that_is_away(
    control: str, user: StoreLogin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Uses that could not be written are written when the store is back; requests are not affected."""
    monkeypatch.setattr("gateway.control.periodic.SECONDS", 0.05)
    _, bearer = await issued(control, AUDIT)
    async with connected(control) as connection, book_of(control) as book:
        await connection.execute(f"ALTER ROLE {USES} NOLOGIN")
        try:
            async with noting(book, user):
                book.caller(bearer, None)
                await asyncio.sleep(0.3)
                assert (await list_tokens(connection))[0].last_used_at is None
                await connection.execute(f"ALTER ROLE {USES} LOGIN")
                async with asyncio.timeout(10):
                    while (await list_tokens(connection))[0].last_used_at is None:
                        await asyncio.sleep(0.02)
        finally:
            await connection.execute(f"ALTER ROLE {USES} LOGIN")


# --- warnings -------------------------------------------------------------------------------------


async def test_a_token_near_its_end_is_warned_of_once_a_day(control: str) -> None:
    """The log has number and client, never the text; no rotated, ended or long-lived token."""
    now = datetime.now(UTC)
    soon, _ = await issued(control, AUDIT, expires_at=now + 13 * DAY)
    for ends in (None, now + 15 * DAY, now - timedelta(minutes=1)):
        await issued(control, AUDIT, expires_at=ends)
    replaced, _ = await issued(control, AUDIT, expires_at=now + 20 * DAY)
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(ScrubbingFormatter())
    logging.getLogger("gateway.access.rotation").addHandler(handler)
    try:
        async with connected(control) as connection:
            await rotated(connection, replaced)
        async with book_of(control) as book:
            warned: dict[int, float] = {}
            for hours in (0, 1, 23.9, 24.1, 25, 49):
                warned = warn(book, now.timestamp() + hours * 3_600, warned)
    finally:
        logging.getLogger("gateway.access.rotation").removeHandler(handler)

    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    about = {(each["level"], each["message"], each["token_id"], each["client"]) for each in lines}
    by_client = [each for each in lines if each["token_id"] == str(soon)]
    assert ("WARNING", "A token expires soon: rotate it.", str(soon), "client-1") in about
    assert len(by_client) == 3
    assert by_client[0]["expires_at"] == (now + 13 * DAY).isoformat(timespec="minutes")
    # The token with 15 days left is near its end on the second day; the log warns of no other.
    assert len(lines) == 3 + 2
    assert "gw_" not in stream.getvalue()
