"""Trusted documents, through the whole application: what runs under each mode, and its identifiers."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.access.tokens import Caller, issue
from gateway.control.cache import STALE_SECONDS
from gateway.documents.registered import Document, Mode, Setting, hash_of, register, retire, set_mode
from gateway.documents.trusted import (
    MAX_AUTOMATIC_DOCUMENTS,
    MAX_CLIENTS,
    MAX_TOLD,
    DocumentBook,
    open_document_book,
)
from gateway.terminal.logs import ScrubbingFormatter
from gateway.web.requests import Asked
from resolvers.stores.pool import connect_owner
from schema.purposes import Purpose
from schema.refusals import Code
from tests.kit.gateway import (
    ADS,
    GRAPHQL,
    INFRASTRUCTURE,
    PREFERENCES,
    SOMEBODY,
    Reply,
    Side,
    open_side,
    send,
    trials,
)

if TYPE_CHECKING:
    from tests.kit.gateway import NewDatabase

WITHIN_SECONDS = 1.0
DOCUMENT = "query Policy { policy { purpose } }"
OTHER = "query Other { policy { digest } }"
NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
async def side(new_database: NewDatabase) -> AsyncIterator[Side]:
    """Empty stores with a gateway; every test makes its own clients."""
    async with open_side(new_database) as opened:
        yield opened


@dataclass
class Client:
    """A new client with a token, and its requests."""

    side: Side
    name: str = field(default_factory=lambda: f"client-{next(NUMBERS)}")
    token: str = ""

    async def enter(self, *purposes: Purpose) -> Client:
        """Get a token for these purposes."""
        key = self.side.settings.key("tokens")
        random = secrets.token_bytes
        issued = await issue(
            self.side.control,
            key,
            self.name,
            purposes=purposes,
            expires_at=None,
            random=random,
            principal=SOMEBODY,
        )
        self.token = issued.token
        await self.side.book.refreshed()
        return self

    async def may(self, mode: Mode, *documents: str, automatic: bool = False, **more: Any) -> None:
        """Register documents for ADS, or for other purposes, and set the mode."""
        purposes = more.get("purposes", (ADS,))
        held = [Document(text, (), purposes) for text in documents]
        await register(self.side.control, self.name, held, by="a reviewer")
        await set_mode(self.side.control, self.name, Setting(mode, automatic))
        await self.side.documents.cache.refreshed()

    async def post(self, purpose: Purpose = ADS, **parameters: Any) -> Reply:
        """The answer to a POST of these parameters."""
        await self.side.give_the_book_time()
        headers = self.side.authorised(purpose, self.token)
        return await send(self.side.app, headers=headers, body=json.dumps(parameters).encode())

    async def get(self, purpose: Purpose = ADS, **parameters: str) -> Reply:
        """The answer to a GET of these parameters."""
        await self.side.give_the_book_time()
        headers = self.side.authorised(purpose, self.token)
        return await send(self.side.app, "GET", headers=headers, query_string=urlencode(parameters).encode())


@pytest.fixture
async def client(side: Side) -> Client:
    """A client with a token for ads and for infrastructure."""
    return await Client(side).enter(ADS, INFRASTRUCTURE)


@pytest.fixture
async def another(side: Side) -> Client:
    """Another client, as `client` is."""
    return await Client(side).enter(ADS)


def named(text: str) -> str:
    """The identifier of the draft of GraphQL over HTTP."""
    return f"sha256:{hash_of(text).hex()}"


def apollo(text: str) -> dict[str, Any]:
    """The identifier in Apollo's form."""
    return {"persistedQuery": {"version": 1, "sha256Hash": hash_of(text).hex()}}


def codes(reply: Reply) -> list[str]:
    """The codes of an answer that holds errors alone."""
    assert "data" not in reply.json
    return reply.codes


OF_ADS = {"policy": {"purpose": "ADS_PERSONALIZATION"}}


# --- modes ----------------------------------------------------------------------------------------


async def test_a_client_without_a_mode_may_send_any_document(client: Client) -> None:
    """A client without a mode may send any document."""
    assert (await client.post(query=DOCUMENT)).data == OF_ADS


@pytest.mark.parametrize("mode", [Mode.LOG, Mode.PREFER])
async def test_under_log_and_prefer_everything_runs(client: Client, mode: Mode) -> None:
    """Under log and prefer a registered document runs by hash or as text, any other document as text."""
    await client.may(mode, DOCUMENT)
    assert (await client.post(documentId=named(DOCUMENT))).data == OF_ADS
    assert (await client.post(query=DOCUMENT)).data == OF_ADS
    assert "policy" in (await client.post(query=OTHER)).data


async def test_under_enforce_only_registered_documents_run(client: Client) -> None:
    """Under enforce registered documents run, by hash or as text, and all other documents are refused."""
    await client.may(Mode.ENFORCE, DOCUMENT)
    assert (await client.post(documentId=named(DOCUMENT))).data == OF_ADS
    assert (await client.post(query=DOCUMENT)).data == OF_ADS
    assert (await client.post(query=DOCUMENT, documentId=named(DOCUMENT))).data == OF_ADS
    for asked in (
        {"query": OTHER},
        {"query": DOCUMENT + " "},
        {"documentId": named(OTHER)},
        {"extensions": apollo(OTHER)},
        {"query": OTHER, "extensions": apollo(OTHER)},
    ):
        assert codes(await client.post(**asked)) == [Code.DOCUMENT_NOT_TRUSTED]


async def test_an_operation_name_chooses_among_several(client: Client) -> None:
    """A document of several operations is registered as a whole; `operationName` chooses one."""
    both = f"{DOCUMENT}\n{OTHER}"
    await client.may(Mode.ENFORCE, both)
    assert (await client.post(documentId=named(both), operationName="Policy")).data == OF_ADS
    assert codes(await client.post(documentId=named(both), operationName="No")) == [
        Code.OPERATION_RESOLUTION_FAILURE
    ]


async def test_another_client_s_document_is_unknown(client: Client, another: Client) -> None:
    """Under enforce another client's document gets the bytes of a document that no client has."""
    await another.may(Mode.ENFORCE, DOCUMENT)
    await client.may(Mode.ENFORCE, OTHER)
    assert await client.post(query=DOCUMENT) == await client.post(query="{ unheld }")
    assert await client.post(documentId=named(DOCUMENT)) == await client.post(documentId=named("{ unheld }"))


@pytest.mark.parametrize("mode", [Mode.LOG, Mode.PREFER])
async def test_another_client_s_document_cannot_be_run_by_its_hash(
    client: Client, another: Client, mode: Mode
) -> None:
    """A client cannot run another client's document by its hash."""
    await another.may(Mode.ENFORCE, DOCUMENT)
    await client.may(mode, OTHER)
    assert codes(await client.post(documentId=named(DOCUMENT))) == [Code.PERSISTED_QUERY_NOT_FOUND]


async def test_a_document_is_trusted_for_the_purposes_it_was_reviewed_for(client: Client) -> None:
    """Under another purpose of the same token a document is refused, even if it is valid there."""
    await client.may(Mode.ENFORCE, DOCUMENT, purposes=(INFRASTRUCTURE,))
    assert (await client.post(INFRASTRUCTURE, documentId=named(DOCUMENT))).status == 200
    assert codes(await client.post(ADS, documentId=named(DOCUMENT))) == [Code.DOCUMENT_NOT_TRUSTED]
    assert codes(await client.post(ADS, query=DOCUMENT)) == [Code.DOCUMENT_NOT_TRUSTED]


async def test_the_refusal_s_status_is_that_of_a_graphql_error(client: Client) -> None:
    """A refused document has status 400 for GraphQL's media type, 200 for clients that accept only JSON."""
    await client.may(Mode.ENFORCE, DOCUMENT)
    body = json.dumps({"query": OTHER}).encode()
    for accept, status in ((GRAPHQL, 400), (b"application/json", 200)):
        headers = [
            (name, accept if name == b"accept" else value)
            for name, value in client.side.authorised(ADS, client.token)
        ]
        reply = await send(client.side.app, headers=headers, body=body)
        assert (reply.status, reply.codes) == (status, [Code.DOCUMENT_NOT_TRUSTED])


@pytest.fixture(scope="module")
async def enforced(side: Side) -> tuple[Client, Reply]:
    """A client under enforce, and what it gets for an unknown document."""
    client = await Client(side).enter(ADS)
    await client.may(Mode.ENFORCE, DOCUMENT)
    refused = await client.post(query=OTHER)
    assert codes(refused) == [Code.DOCUMENT_NOT_TRUSTED]
    return client, refused


BROKEN = ("", "{", "{ " * 2_000, f"{DOCUMENT} ", "{ __schema { x } }", "#", "\ufeff", "mutation { x }")
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=300)


@settings(max_examples=trials(300), deadline=None)
@given(text=TEXTS | st.sampled_from(BROKEN), name=st.none() | TEXTS, by_get=st.booleans())
async def test_under_enforce_every_unknown_text_gets_the_same_bytes(
    enforced: tuple[Client, Reply], text: str, *, name: str | None, by_get: bool
) -> None:
    """Under enforce every unknown text gets the same bytes, without being parsed."""
    client, refused = enforced
    more = {} if name is None else {"operationName": name}
    ask = client.get if by_get else client.post
    assert await ask(query=text, **more) == refused


@settings(max_examples=trials(100), deadline=None)
@given(digest=st.binary(min_size=32, max_size=32), in_apollo_s_form=st.booleans())
async def test_an_unknown_hash_gets_the_bytes_of_an_unknown_text(
    enforced: tuple[Client, Reply], digest: bytes, in_apollo_s_form: bool
) -> None:
    """An unknown hash, in either form, gets the bytes of an unknown text."""
    client, refused = enforced
    persisted = {"version": 1, "sha256Hash": digest.hex()}
    asked: dict[str, Any] = {"documentId": f"sha256:{digest.hex()}"}
    if in_apollo_s_form:
        asked = {"extensions": {"persistedQuery": persisted}}
    assert await client.post(**asked) == refused


# --- how a document is named ----------------------------------------------------------------------


@pytest.mark.parametrize("mode", Mode)
async def test_both_forms_of_a_hash_name_a_document(client: Client, mode: Mode) -> None:
    """A document runs by either form of its hash, by POST and GET, with operation name and variables."""
    text = "query Named($yes: Boolean!) { policy { purpose digest @skip(if: $yes) } }"
    await client.may(mode, text)
    more = {"operationName": "Named", "variables": {"yes": True}}
    by_get = {"operationName": "Named", "variables": '{"yes": true}'}
    assert (await client.post(documentId=named(text), **more)).data == OF_ADS
    assert (await client.post(extensions=apollo(text), **more)).data == OF_ADS
    assert (await client.post(documentId=named(text), extensions=apollo(text), **more)).data == OF_ADS
    assert (await client.get(documentId=named(text), **by_get)).data == OF_ADS
    assert (await client.get(extensions=json.dumps(apollo(text)), **by_get)).data == OF_ADS


MALFORMED: dict[str, dict[str, Any]] = {
    "another prefix": {"documentId": "md5:" + "0" * 32},
    "no prefix": {"documentId": "0" * 64},
    "too short": {"documentId": "sha256:" + "0" * 63},
    "too long": {"documentId": "sha256:" + "0" * 65},
    "capitals": {"documentId": "sha256:" + "A" * 64},
    "foreign digits": {"documentId": "sha256:" + "٠" * 64},
    "a line end": {"documentId": "sha256:" + "0" * 64 + "\n"},
    "nothing": {"documentId": ""},
    "a number": {"documentId": 7},
    "another version": {"extensions": {"persistedQuery": {"version": 2, "sha256Hash": "0" * 64}}},
    "no version": {"extensions": {"persistedQuery": {"sha256Hash": "0" * 64}}},
    "a version that is true": {"extensions": {"persistedQuery": {"version": True, "sha256Hash": "0" * 64}}},
    "no hash": {"extensions": {"persistedQuery": {"version": 1}}},
    "a hash that is a list": {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": ["0"]}}},
    "a list": {"extensions": {"persistedQuery": [1]}},
    "two": {"documentId": named(DOCUMENT), "extensions": apollo(OTHER)},
}


@pytest.mark.parametrize("malformed", MALFORMED.values(), ids=MALFORMED)
@pytest.mark.parametrize("mode", [Mode.LOG, Mode.ENFORCE])
async def test_a_malformed_name_is_a_bad_request(
    client: Client, malformed: dict[str, Any], mode: Mode
) -> None:
    """A malformed identifier is BAD_REQUEST under every mode, alone or beside a text."""
    await client.may(mode, DOCUMENT)
    assert codes(await client.post(**malformed)) == [Code.BAD_REQUEST]
    assert codes(await client.post(query=DOCUMENT, **malformed)) == [Code.BAD_REQUEST]


async def test_null_and_unknown_extensions_have_no_effect(client: Client) -> None:
    """An identifier of null and unknown extensions have no effect."""
    for nothing in ({"documentId": None}, {"extensions": {"persistedQuery": None}}, {"extensions": {"a": 1}}):
        assert (await client.post(query=DOCUMENT, **nothing)).data == OF_ADS
        assert codes(await client.post(**nothing)) == [Code.BAD_REQUEST]


@pytest.mark.parametrize("mode", Mode)
async def test_a_text_beside_another_hash_is_a_bad_request(client: Client, mode: Mode) -> None:
    """If text and hash do not match, neither runs."""
    await client.may(mode, DOCUMENT, OTHER)
    for asked in ({"documentId": named(OTHER)}, {"extensions": apollo(OTHER)}):
        assert codes(await client.post(query=DOCUMENT, **asked)) == [Code.BAD_REQUEST]


async def test_a_mutation_named_by_its_hash_is_refused_by_get(side: Side) -> None:
    """A mutation is refused by GET also if it is named by its hash."""
    client = await Client(side).enter(PREFERENCES)
    text = "mutation { recordObjection { __typename } }"
    await client.may(Mode.ENFORCE, text, purposes=(PREFERENCES,))
    assert codes(await client.get(PREFERENCES, documentId=named(text))) == [Code.METHOD_NOT_ALLOWED]


# --- automatic ------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [Mode.LOG, Mode.PREFER])
async def test_an_automatic_document_runs_by_its_hash_once_it_was_sent(client: Client, mode: Mode) -> None:
    """With automatic documents, Apollo's protocol works: hash, then hash and text, then the hash alone."""
    await client.may(mode, automatic=True)
    unknown = await client.post(extensions=apollo(DOCUMENT))
    assert codes(unknown) == [Code.PERSISTED_QUERY_NOT_FOUND]
    assert unknown.json["errors"][0]["message"] == "PersistedQueryNotFound"
    assert (await client.post(query=DOCUMENT, extensions=apollo(DOCUMENT))).data == OF_ADS
    assert (await client.post(extensions=apollo(DOCUMENT))).data == OF_ADS
    assert (await client.get(extensions=json.dumps(apollo(DOCUMENT)))).data == OF_ADS


async def test_a_text_without_its_hash_registers_nothing(client: Client) -> None:
    """A text registers itself only beside its own hash."""
    await client.may(Mode.LOG, automatic=True)
    assert (await client.post(query=DOCUMENT)).data == OF_ADS
    assert codes(await client.post(query=OTHER, extensions=apollo(DOCUMENT))) == [Code.BAD_REQUEST]
    assert codes(await client.post(extensions=apollo(DOCUMENT))) == [Code.PERSISTED_QUERY_NOT_FOUND]


async def test_without_automatic_documents_a_text_runs_and_is_not_kept(client: Client) -> None:
    """Without automatic documents an Apollo client still works: its text runs and is not kept."""
    await client.may(Mode.PREFER)
    assert (await client.post(query=DOCUMENT, extensions=apollo(DOCUMENT))).data == OF_ADS
    assert codes(await client.post(extensions=apollo(DOCUMENT))) == [Code.PERSISTED_QUERY_NOT_FOUND]


async def test_an_automatic_document_belongs_to_its_client(client: Client, another: Client) -> None:
    """A document that one client registered itself is unknown to every other client."""
    await client.may(Mode.LOG, automatic=True)
    await another.may(Mode.LOG, automatic=True)
    unknown = await another.post(extensions=apollo("{ unheld }"))
    assert (await client.post(query=DOCUMENT, extensions=apollo(DOCUMENT))).data == OF_ADS
    assert await another.post(extensions=apollo(DOCUMENT)) == unknown
    await another.may(Mode.PREFER)
    assert await another.post(extensions=apollo(DOCUMENT)) == unknown


async def test_no_automatic_document_runs_under_enforce(client: Client) -> None:
    """Under enforce no automatic document runs, and none comes back with the earlier mode."""
    await client.may(Mode.LOG, automatic=True)
    assert (await client.post(query=DOCUMENT, extensions=apollo(DOCUMENT))).data == OF_ADS
    await client.may(Mode.ENFORCE, OTHER)
    for asked in ({}, {"query": DOCUMENT}):
        assert codes(await client.post(extensions=apollo(DOCUMENT), **asked)) == [Code.DOCUMENT_NOT_TRUSTED]
    await client.may(Mode.LOG, automatic=True)
    assert codes(await client.post(extensions=apollo(DOCUMENT))) == [Code.PERSISTED_QUERY_NOT_FOUND]


async def test_automatic_documents_are_bounded(client: Client) -> None:
    """A client's automatic documents are bounded: the least recently used one is dropped."""
    await client.may(Mode.LOG, automatic=True)
    texts = [f"query Q{number} {{ policy {{ purpose }} }}" for number in range(MAX_AUTOMATIC_DOCUMENTS + 1)]
    for text in texts:
        assert (await client.post(query=text, extensions=apollo(text))).data == OF_ADS
    assert codes(await client.post(extensions=apollo(texts[0]))) == [Code.PERSISTED_QUERY_NOT_FOUND]
    assert (await client.post(extensions=apollo(texts[1]))).data == OF_ADS


# --- the log --------------------------------------------------------------------------------------


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[list[dict[str, Any]]]:
    """The log lines about documents, as they are written."""
    written: list[dict[str, Any]] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(json.loads(ScrubbingFormatter().format(record)))

    handler, logger = Keep(), logging.getLogger("gateway.documents.trusted")
    logger.addHandler(handler)
    with caplog.at_level(logging.INFO, "gateway.documents.trusted"):
        yield written
    logger.removeHandler(handler)


async def test_under_log_an_unregistered_document_is_logged_once(
    client: Client, lines: list[dict[str, Any]]
) -> None:
    """Under log an unregistered document is logged once, with its client and its hash."""
    await client.may(Mode.LOG, DOCUMENT)
    for _ in range(3):
        await client.post(query=OTHER)
        await client.post(query=DOCUMENT)
    (line,) = lines
    assert (line["client"], line["document"]) == (client.name, hash_of(OTHER).hex())


async def test_a_value_in_a_document_is_not_in_the_log(client: Client, lines: list[dict[str, Any]]) -> None:
    """A document with a value in it is logged without its hash, and one line covers all of them."""
    await client.may(Mode.LOG, DOCUMENT)
    for number in range(3):
        await client.post(query=f'{{ messengerAccount(phone: "+491713920{number:03}") {{ id }} }}')
        await client.post(query=f"{{ messengerAccount(phone: +491713920{number:03}) {{ id }} }}")
    (line,) = lines
    assert line.keys() == {"time", "level", "logger", "message", "client"}


async def test_a_client_cannot_fill_the_log(client: Client, lines: list[dict[str, Any]]) -> None:
    """After a thousand logged documents of a client there is one more line, and then none."""
    await client.may(Mode.LOG, DOCUMENT)
    for number in range(MAX_TOLD + 100):
        await client.post(query=f"{{ a{number} }}")
    assert len(lines) == MAX_TOLD + 1
    assert "document" not in lines[-1]


@pytest.mark.parametrize("mode", [Mode.PREFER, Mode.ENFORCE])
async def test_documents_are_logged_only_under_log(
    client: Client, lines: list[dict[str, Any]], mode: Mode
) -> None:
    """Under prefer and enforce no document is logged."""
    await client.may(mode, DOCUMENT)
    await client.post(query=OTHER)
    assert lines == []


async def test_a_logged_document_is_refused_under_enforce(client: Client) -> None:
    """A document that was already logged is still refused once the mode is enforce."""
    await client.may(Mode.LOG, DOCUMENT)
    for _ in range(2):
        assert "policy" in (await client.post(query=OTHER)).data
    await client.may(Mode.ENFORCE)
    assert codes(await client.post(query=OTHER)) == [Code.DOCUMENT_NOT_TRUSTED]


async def test_the_memory_of_logged_documents_is_bounded(side: Side, client: Client) -> None:
    """The gateway remembers the logged documents of a few thousand clients at most."""
    book, asked = side.documents, Asked(OTHER, None, {}, False, False)
    for number in range(MAX_CLIENTS + 100):
        assert book.trusted(asked, Caller(f"somebody-{number}", None, ADS)) is asked
    assert len(book._told) == MAX_CLIENTS
    book._told.clear()


# --- the book -------------------------------------------------------------------------------------


async def test_a_document_that_was_retired_is_refused_within_a_second(client: Client) -> None:
    """A retired document is refused within a second, while requests run and without a restart."""
    await client.may(Mode.ENFORCE, DOCUMENT, OTHER)
    assert (await client.post(documentId=named(DOCUMENT))).data == OF_ADS
    assert await retire(client.side.control, client.name, hash_of(DOCUMENT))
    begun = time.monotonic()
    while (reply := await client.post(documentId=named(DOCUMENT))).status == 200:
        assert time.monotonic() - begun < WITHIN_SECONDS
        await asyncio.sleep(0.01)
    assert codes(reply) == [Code.DOCUMENT_NOT_TRUSTED]
    assert not await retire(client.side.control, client.name, hash_of(DOCUMENT))


async def test_two_processes_see_a_registration(client: Client) -> None:
    """Every process sees a registration within a second, also if notifications are lost."""
    side = client.side

    async def connected() -> Any:
        return await connect_owner(side.settings.owner_dsn("control"))

    async def deaf() -> Any:
        return await asyncpg.connect(side.settings.owner_dsn("control"), connection_class=_Deaf)

    async with (
        open_document_book(connected, time.monotonic) as one,
        open_document_book(deaf, time.monotonic) as two,
    ):
        await asyncio.gather(one.cache.refreshed(), two.cache.refreshed())
        await register(side.control, client.name, [Document(DOCUMENT, ("Policy",), (ADS,))], by=None)
        begun = time.monotonic()
        while not (_knows(one, client.name) and _knows(two, client.name)):
            assert time.monotonic() - begun < WITHIN_SECONDS
            await asyncio.sleep(0.005)


class _Deaf(asyncpg.Connection):  # type: ignore[misc]
    """A connection on which every notification is lost."""

    async def add_listener(self, *_: object) -> None:
        """Add no listener."""


def _knows(book: DocumentBook, client: str) -> bool:
    return client in book._clients and DOCUMENT in book._clients[client].purposes


async def test_a_stale_book_refuses_everything(new_database: NewDatabase) -> None:
    """A book that could miss a retirement refuses every document, and /readyz says so until it is fresh."""
    async with open_side(new_database) as side:
        client = await Client(side).enter(ADS)
        await client.may(Mode.ENFORCE, DOCUMENT)
        cache, ahead = side.documents.cache, STALE_SECONDS + 1
        usual = cache._monotonic
        cache._monotonic = lambda: usual() + ahead
        headers = side.authorised(ADS, client.token)
        body = json.dumps({"query": DOCUMENT}).encode()
        refused = await send(side.app, headers=headers, body=body)
        ready = await side.ready()
        await cache.refreshed()
        assert codes(refused) == [Code.STORE_UNAVAILABLE]
        assert ready.json["control"] is False
        assert (await client.post(query=DOCUMENT)).data == OF_ADS


async def test_a_second_registration_changes_nothing(client: Client) -> None:
    """A second registration notifies no process and reports nothing new."""
    held = [Document(DOCUMENT, ("Policy",), (ADS,)), Document(OTHER, ("Other",), (ADS,))]
    control = client.side.control
    first = await register(control, client.name, held, by="a reviewer")
    before = await control.fetchval("SELECT number FROM control.document_revision")
    second = await register(control, client.name, held, by="somebody else")
    assert (len(first), second) == (2, ())
    assert await control.fetchval("SELECT number FROM control.document_revision") == before


async def test_a_retired_document_can_be_registered_again(client: Client) -> None:
    """A retired document can be registered again."""
    await client.may(Mode.ENFORCE, DOCUMENT)
    assert await retire(client.side.control, client.name, hash_of(DOCUMENT))
    await client.may(Mode.ENFORCE, DOCUMENT)
    assert (await client.post(documentId=named(DOCUMENT))).data == OF_ADS
