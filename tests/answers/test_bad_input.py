"""Every bad request gets a clear, constant error, and harms no other request.

The whole application, opened as in production, before two real stores; after every case the same good
request must get the same good answer.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from gateway.access.tokens import issue, revoke
from gateway.web.responses import STATUS
from resolvers.compile import compiler
from resolvers.compile.bind import BoundOperation, bind
from resolvers.compile.context import PurposeContext
from resolvers.compile.selected import Selection
from resolvers.stores.pool import connect_owner
from schema.refusals import MESSAGES, Code
from tests.kit.gateway import ADS, FRIENDS, SECURITY, NewDatabase, Reply, Side, open_side, send
from tests.kit.worlds.making import random_world

GOOD = (
    "{ messengerAccounts { totalCount nodes { id } }"
    " socialAccounts { totalCount nodes { id phones { source } } } }"
)
CANARY = "canary-5f1e"


@pytest.fixture(scope="module")
async def side(new_database: NewDatabase) -> AsyncIterator[Side]:
    """A gateway before stores of its own, with little patience."""
    async with open_side(new_database, request_timeout_ms=400, connect_timeout_ms=400) as opened:
        await opened.hold(random_world(11, 12))
        yield opened


@pytest.fixture(autouse=True)
async def nothing_lost(side: Side) -> AsyncIterator[None]:
    """Check that the gateway is ready and a good request gets the same answer, before and after the test."""
    await side.wait_until_ready()
    before = await side.ask(ADS, GOOD)
    assert before.data["messengerAccounts"]["totalCount"] > 0
    yield
    await side.wait_until_ready()
    assert await side.ask(ADS, GOOD) == before


def is_refused(reply: Reply, code: Code) -> None:
    """The reply is this refusal, in the catalogue's words, and holds nothing of the request."""
    assert reply.codes == [code.value], reply
    assert reply.status == STATUS[code]
    assert [error["message"] for error in reply.json["errors"]] == [MESSAGES[code]]
    assert "data" not in reply.json
    assert CANARY.encode() not in reply.body


async def post(side: Side, body: bytes | Iterable[bytes], **headers: str) -> Reply:
    """A POST under SECURITY, with these headers instead of the usual ones; an empty one is left out."""
    given = {name.decode(): value for name, value in side.authorised(SECURITY)}
    given |= {name.replace("_", "-"): value.encode() for name, value in headers.items()}
    chunks = body if isinstance(body, bytes) else list(body)
    return await send(
        side.app, headers=[(name.encode(), value) for name, value in given.items() if value], body=chunks
    )


def asking(document: str = GOOD, **rest: Any) -> bytes:
    """The body of a request."""
    return json.dumps({"query": document, **rest}).encode()


# --- who asks -------------------------------------------------------------------------------------


async def test_no_valid_token_is_one_constant_refusal(side: Side) -> None:
    """A missing, malformed or unknown token, or one of another kind, is refused with the same bytes."""
    good = side.tokens[None]
    wrong = [
        "",
        f"Bearer {CANARY}",
        f"Bearer {good[:-1]}",
        f"Bearer {good}x",
        f"Basic {good}",
        good,
        "Bearer ",
    ]
    replies = {await post(side, asking(), authorization=each) for each in wrong}
    assert len(replies) == 1
    is_refused(replies.pop(), Code.TOKEN_REFUSED)


async def test_no_purpose_of_the_token_is_one_constant_refusal(side: Side) -> None:
    """A missing, unknown, repeated or out-of-scope purpose is refused with the same bytes."""
    declared = ("", CANARY, "security", "SECURITY, ADS_PERSONALIZATION", "*")
    replies = {await post(side, asking(), gateway_purpose=each) for each in declared}
    narrow = f"Bearer {side.tokens[ADS]}"
    replies.add(await post(side, asking(), authorization=narrow, gateway_purpose="SECURITY"))
    assert len(replies) == 1
    is_refused(replies.pop(), Code.PURPOSE_REFUSED)


async def test_a_token_of_one_purpose_need_not_declare_it(side: Side) -> None:
    """Without the header it opens its own purpose, and no other."""
    reply = await post(
        side,
        asking("{ policy { purpose } }"),
        authorization=f"Bearer {side.tokens[FRIENDS]}",
        gateway_purpose="",
    )
    assert reply.data == {"policy": {"purpose": "FRIEND_SUGGESTIONS"}}


async def test_only_revocation_ends_a_token_and_within_a_second(side: Side) -> None:
    """A revoked token is refused within a second, with the bytes of an unknown one."""
    key = side.settings.key("tokens")
    issued = await issue(
        side.control, key, "leaving", purposes={SECURITY}, expires_at=None, random=lambda size: b"\x07" * size
    )
    header = f"Bearer {issued.token}"
    async with asyncio.timeout(3):
        while (await post(side, asking(), authorization=header)).status != 200:
            await asyncio.sleep(0.02)
    await revoke(side.control, issued.token_id)
    async with asyncio.timeout(1.5):
        while (await post(side, asking(), authorization=header)).status == 200:
            await asyncio.sleep(0.02)
    is_refused(await post(side, asking(), authorization=header), Code.TOKEN_REFUSED)


# --- how it is sent -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"query": 1}',
        b'{"query": "{ policy { purpose } }", "variables": []}',
        b'{"query": "{ policy { purpose } }", "operationName": 1}',
        b'{"query": "{ policy { purpose } }"',
        b"\xff\xfe{\x00",
        b'{"query": "\\u0000"}',
        b'{"query": "{ policy { purpose } }", "variables": {"a": "\\u0000canary-5f1e"}}',
        b'{"query": "\\ud800"}',
        b'{"query": "{ policy { purpose } }", "variables": {"a": "\\udfff"}}',
        b'{"query": "{ policy { purpose } }", "variables": {"a": ' + b"[" * 1_000 + b"]" * 1_000 + b"}}",
        b'{"query": "{ policy { purpose } }", "variables": {"a": NaN}}',
        b"query=%7B%20policy%20%7B%20purpose%20%7D%20%7D",
    ],
)
async def test_a_body_that_is_no_request_is_a_bad_request(side: Side, body: bytes) -> None:
    """Broken JSON, other types, NUL, lone surrogates and endless nesting are BAD_REQUEST."""
    is_refused(await post(side, body), Code.BAD_REQUEST)


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=latin-1",
    ],
)
async def test_another_content_type_is_refused(side: Side, content_type: str) -> None:
    """A content type that a page of another site may send without a preflight is refused."""
    is_refused(await post(side, asking(), content_type=content_type), Code.UNSUPPORTED_MEDIA_TYPE)


async def test_a_body_of_ten_megabytes_is_refused_before_it_is_read(side: Side) -> None:
    """A body over the limit is refused unread, with a Content-Length or without, in one piece or in many."""
    whole = b'{"query": "' + b" " * 10_000_000 + b'"}'
    is_refused(await post(side, whole), Code.REQUEST_TOO_LARGE)
    is_refused(await post(side, whole, content_length=str(len(whole))), Code.REQUEST_TOO_LARGE)
    taken = 0

    def chunks() -> Iterable[bytes]:
        nonlocal taken
        for start in range(0, len(whole), 65_536):
            taken += 1
            yield whole[start : start + 65_536]

    is_refused(await post(side, chunks()), Code.REQUEST_TOO_LARGE)


async def test_other_methods_and_other_sites_are_refused(side: Side) -> None:
    """Other methods, and pages of other sites, are refused before the token is checked."""
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"):
        reply = await send(side.app, method)
        assert reply.status == 405
    for origin in ({"sec_fetch_site": "cross-site"}, {"origin": "https://elsewhere.example"}):
        is_refused(await post(side, asking(), **origin), Code.CROSS_SITE_REFUSED)


async def test_an_answer_in_no_accepted_type_is_not_acceptable(side: Side) -> None:
    """A request that accepts no media type of the gateway is refused without reading a store."""
    is_refused(await post(side, asking(), accept="text/html"), Code.NOT_ACCEPTABLE)


# --- what is asked --------------------------------------------------------------------------------

DEEP = (
    "{ messengerAccounts { nodes "
    + "{ socialAccount { messengerLink { account " * 330
    + "{ id }"
    + " } } }" * 330
    + " } }"
)
CYCLE = (
    "{ messengerAccounts { nodes { ...A } } }"
    " fragment A on MessengerAccount { ...B } fragment B on MessengerAccount { ...A }"
)
DOUBLING = (
    "{ messengerAccounts { nodes { ...F0 } } } "
    + " ".join(f"fragment F{n} on MessengerAccount {{ ...F{n + 1} ...F{n + 1} }}" for n in range(25))
    + " fragment F25 on MessengerAccount { id }"
)


ALIASES = "{ " + " ".join(f"a{n}: policy {{ purpose }}" for n in range(10_000)) + " }"
LISTS = "query($a: " + "[" * 1_000 + "ID" + "]" * 1_000 + ") { policy { purpose } }"
OBJECTS = "{ messengerAccounts(filter: " + "{a: " * 1_000 + "1" + "}" * 1_000 + ") { totalCount } }"
TWICE = "query A { policy { purpose } } query B { policy { purpose } }"
MANY = " ".join(f"a{n}: usage {{ activeDays28 }}" for n in range(250))
DEAR = f"{{ messengerAccounts(first: 1000) {{ nodes {{ {MANY} }} }} }}"
TOO_LARGE, INVALID, UNREADABLE = (
    Code.DOCUMENT_TOO_LARGE,
    Code.GRAPHQL_VALIDATION_FAILED,
    Code.GRAPHQL_PARSE_FAILED,
)


@pytest.mark.parametrize(
    ("document", "codes"),
    [
        (ALIASES, {TOO_LARGE}),
        (DEEP, {TOO_LARGE}),
        ("{" * 1_000 + "}" * 1_000, {TOO_LARGE, UNREADABLE}),
        (LISTS, {TOO_LARGE, INVALID}),
        (OBJECTS, {TOO_LARGE, INVALID}),
        (CYCLE, {INVALID}),
        (DOUBLING, {TOO_LARGE}),
        ("#" * 200_000, {TOO_LARGE}),
        ("{ messengerAccounts { nodes { canary5f1e } } }", {INVALID}),
        ("query($canary: ID) { policy { purpose } }", {INVALID}),
        ("{ messengerAccount(id: $canary) { id } }", {INVALID}),
        ("{", {UNREADABLE}),
        ("", {UNREADABLE}),
        ("í\xa0\x80", {UNREADABLE}),
        ("mutation { objectTo(everything: true) }", {INVALID}),
        ("subscription { policy { purpose } }", {INVALID}),
        (TWICE, {Code.OPERATION_RESOLUTION_FAILURE}),
        (DEAR, {Code.COST_TOO_HIGH}),
    ],
    ids=lambda value: str(value)[:30] if isinstance(value, str) else None,
)  # fmt: skip
async def test_a_document_beyond_the_limits_or_the_schema_is_refused_quickly(
    side: Side, document: str, codes: set[Code]
) -> None:
    """A document beyond the limits or the schema gets one constant message, in far less than a second."""
    for _ in range(3):
        begun = time.process_time()
        reply = await post(side, asking(document))
        # Again if it took long: a busy machine, or a collection of this process' own heap, is not its work.
        if (took := time.process_time() - begun) < 1.0:
            break
    assert took < 1.0
    assert len(reply.codes) == 1
    is_refused(reply, Code(reply.codes[0]))
    assert Code(reply.codes[0]) in codes


async def test_i14_a_document_that_costs_too_much_is_never_bound(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    """I14: a request is priced, and refused, before a field is bound or a statement is rendered."""
    bound = []

    def note(context: PurposeContext, selection: Selection) -> BoundOperation:
        bound.append(selection)
        return bind(context, selection)

    monkeypatch.setattr(compiler, "bind", note)
    too_much, allowed = "query($n: Int = 1000) " + DEAR.replace("1000", "$n"), GOOD + " # priced, then bound"
    is_refused(await post(side, asking(too_much)), Code.COST_TOO_HIGH)
    # The price is kept, and asked again for the variables of each request.
    is_refused(await post(side, asking(too_much, variables={"n": 999})), Code.COST_TOO_HIGH)
    assert bound == []

    assert (await post(side, asking(allowed))).data["messengerAccounts"]["totalCount"] > 0
    assert len(bound) == 1
    assert "data" in (await post(side, asking(too_much, variables={"n": 1}))).json
    assert len(bound) == 2


ACCOUNT = "query($id: ID!) { messengerAccount(id: $id) { id } }"
IDS = "query($ids: [ID!]) { messengerAccounts(ids: $ids) { totalCount } }"
FIRST = "query($n: Int) { messengerAccounts(first: $n) { totalCount } }"
PHONE = "query($p: PhoneNumber) { messengerAccount(phone: $p) { id } }"
UNTIL = "query($d: Date) { messengerAccounts { nodes { usage(until: $d) { activeDays28 } } } }"
ORDER = "query($o: MessengerAccountOrder) { messengerAccounts(orderBy: $o) { totalCount } }"
FILTER = "query($f: MessengerAccountFilter) { messengerAccounts(filter: $f) { totalCount } }"
BY_BOTH = 'query($p: PhoneNumber) { messengerAccount(phone: $p, id: "ma_1") { id } }'


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        (ACCOUNT, {}),
        (ACCOUNT, {"id": None}),
        (ACCOUNT, {"id": [CANARY]}),
        (ACCOUNT, {"id": "ma_1", CANARY: 1}),
        (ACCOUNT, {"id": "sa_1"}),
        (ACCOUNT, {"id": CANARY}),
        (ACCOUNT, {"id": "ma_9223372036854775808"}),
        (ACCOUNT, {"id": "ma_" + "9" * 5_000}),
        (ACCOUNT, {"id": "ma_-1"}),
        (ACCOUNT, {"id": "ma_01"}),
        (ACCOUNT, {"id": "ma_1'; DROP TABLE account; --"}),
        ("query($id: ID!) { socialAccount(id: $id) { id } }", {"id": "ma_1"}),
        ("query($id: ID!) { node(id: $id) { id } }", {"id": "xx_1"}),
        (IDS, {"ids": ["ma_1", "sa_1"]}),
        (IDS, {"ids": ["ma_1", None]}),
        (IDS, {"ids": [f"ma_{n}" for n in range(1_001)]}),
        (IDS, {"ids": ["ma_1,ma_2"]}),
        (IDS, {"ids": ["ma_1", "ma_2,ma_3", "ma_4"]}),
        (IDS, {"ids": ["ma_1", ""]}),
        (IDS, {"ids": [""]}),
        (IDS, {"ids": ["ma_01", "ma_1"]}),
        (IDS, {"ids": ["ma_1", "ma_9223372036854775808"]}),
        (IDS, {"ids": ["ma_99999999999999999999"]}),
        (FIRST, {"n": 2**31}),
        (FIRST, {"n": -1}),
        (FIRST, {"n": 10**30}),
        (FIRST, {"n": 1.5}),
        (FIRST, {"n": "1"}),
        (FIRST, {"n": True}),
        ("query($n: Int) { messengerAccounts(first: $n, last: $n) { totalCount } }", {"n": 1}),
        (PHONE, {"p": CANARY}),
        (PHONE, {"p": "0151 12345678"}),
        (PHONE, {"p": "+" + "9" * 10_000}),
        (PHONE, {"p": 49}),
        (PHONE, {"p": None}),
        (BY_BOTH, {"p": "+4915112345678"}),
        (UNTIL, {"d": CANARY}),
        (UNTIL, {"d": "2016-02-30"}),
        (UNTIL, {"d": 20160101}),
        (ORDER, {"o": {}}),
        (ORDER, {"o": {"id": "UP"}}),
        (ORDER, {"o": {"id": "ASC", "countryCode": "ASC"}}),
        (FILTER, {"f": {CANARY: 1}}),
        (FILTER, {"f": {"countryCode": {"eq": 1}}}),
        (FILTER, {"f": {"registeredAt": {"from": CANARY}}}),
        ('{ messengerAccounts(filter: {countryCode: {eq: "\\u0000"}}) { totalCount } }', {}),
    ],
)  # fmt: skip
async def test_a_value_that_is_not_of_its_type_is_bad_input(
    side: Side, document: str, variables: dict[str, Any]
) -> None:
    """A malformed, unknown, missing or excessive value is refused with one message."""
    is_refused(await post(side, asking(document, variables=variables)), Code.BAD_USER_INPUT)


@pytest.mark.parametrize("text", ["\\ud800", "\\ud83d", "\\udc00\\ud800", "\\u{D800}"])
async def test_half_a_character_in_a_literal_is_refused(side: Side, text: str) -> None:
    """A document's strings cannot hold lone surrogates either."""
    document = f'{{ socialAccounts(filter: {{displayName: {{eq: "{text}"}}}}) {{ totalCount }} }}'
    reply = await post(side, asking(document))
    assert reply.codes in (["GRAPHQL_PARSE_FAILED"], ["BAD_USER_INPUT"])
    is_refused(reply, Code(reply.codes[0]))


@pytest.mark.parametrize("cursor", ["", CANARY, "AAAA", "=" * 9, "A" * 50_000, "é", "\n", "gw_x"])
async def test_a_foreign_cursor_is_refused(side: Side, cursor: str) -> None:
    """A cursor of another list, purpose or gateway is refused with one message."""
    document = "query($c: String) { messengerAccounts(after: $c) { totalCount } }"
    is_refused(await post(side, asking(document, variables={"c": cursor})), Code.CURSOR_REFUSED)


async def test_many_bad_requests_at_once_hold_nothing_up(side: Side) -> None:
    """Among two hundred concurrent bad requests every good one is answered."""
    bad = [
        post(side, each)
        for each in (asking("{"), asking(DEEP), asking(CYCLE), b"{", asking("{ x }"))
        for _ in range(40)
    ]
    good = [side.ask(SECURITY, GOOD) for _ in range(20)]
    replies = await asyncio.gather(*bad, *good)
    assert all(reply.status == 400 for reply in replies[:200])
    assert len({reply.body for reply in replies[200:]}) == 1
    assert replies[-1].data["messengerAccounts"]["totalCount"] > 0


# --- stores that are down or hang -----------------------------------------------------------------

ACROSS = (
    "{ socialAccounts(first: 3) { nodes { id messengerLink { account { id } } } }"
    " messengerAccounts { totalCount } }"
)


@asynccontextmanager
async def down(side: Side, store: str) -> AsyncIterator[None]:
    """The store refuses every connection and ends those that exist."""
    dsn = side.settings.owner_dsn(store)
    name = dsn.rpartition("?")[0].rpartition("/")[2]
    await getattr(side, store).close()
    server = await connect_owner(dsn.replace(f"/{name}?", "/postgres?"))
    try:
        await server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        await server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
        )
        yield
    finally:
        await server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        await server.close()
        setattr(side, store, await connect_owner(dsn))


@asynccontextmanager
async def hanging(side: Side, *tables: str) -> AsyncIterator[None]:
    """The messenger's tables are locked by somebody who does not let go."""
    holder = await connect_owner(side.settings.owner_dsn("messenger"))
    transaction = holder.transaction()
    await transaction.start()
    await holder.execute(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE")
    try:
        yield
    finally:
        await transaction.rollback()
        await holder.close()


def names_the_store(reply: Reply) -> None:
    """Check that the answer's one error says that a store is unavailable."""
    assert reply.codes == ["STORE_UNAVAILABLE"]
    assert [error["message"] for error in reply.json["errors"]] == [MESSAGES[Code.STORE_UNAVAILABLE]]


async def test_a_store_that_is_down_takes_only_its_own_part_of_an_answer(side: Side) -> None:
    """If a store is down, the other store's part is answered, and readiness names the one that is down."""
    before = (await side.ask(ADS, "{ socialAccounts { nodes { id } } }")).data
    async with down(side, "messenger"):
        for _ in range(6):
            reply = await side.ask(
                ADS, "{ socialAccounts { nodes { id messengerLink { account { id } } } } }"
            )
            names_the_store(reply)
            nodes = reply.json["data"]["socialAccounts"]["nodes"]
            assert [{"id": node["id"]} for node in nodes] == before["socialAccounts"]["nodes"]
            assert {node["messengerLink"] for node in nodes} == {None}
        assert (await side.ask(ADS, "{ socialAccounts { nodes { id } } }")).data == before
        one = await side.ask(ADS, '{ messengerAccount(id: "ma_1") { id } }')
        names_the_store(one)
        assert one.json["data"] == {"messengerAccount": None}
        whole = await side.ask(ADS, "{ messengerAccounts { totalCount } }")
        names_the_store(whole)
        assert whole.json["data"] is None
        ready = await side.ready()
        assert (ready.status, ready.json) == (503, {"messenger": False, "social": True, "control": True})
        # A request's own faults are reported all the same.
        assert (await side.ask(ADS, "{ x }")).codes == ["GRAPHQL_VALIDATION_FAILED"]
    assert (await side.ask(ADS, ACROSS)).codes == []
    assert (await side.ready()).status == 200


async def test_the_other_store_takes_only_its_own_part_of_an_answer(side: Side) -> None:
    """If the social network is down, its fields are null and the messenger's part is answered."""
    async with down(side, "social"):
        reply = await side.ask(ADS, "{ messengerAccounts { nodes { id socialAccount { id } } } }")
        names_the_store(reply)
        assert {node["socialAccount"] for node in reply.json["data"]["messengerAccounts"]["nodes"]} == {None}
        assert (await side.ready()).json == {"messenger": True, "social": False, "control": True}
    assert (await side.ask(ADS, ACROSS)).codes == []


async def test_a_store_that_hangs_fails_in_time_and_holds_nothing(side: Side) -> None:
    """If a store hangs, each request fails at its deadline; afterwards the store is answered again."""
    async with hanging(side, "messenger.account", "messenger.contact"):
        begun = time.monotonic()
        replies = await asyncio.gather(
            *(side.ask(ADS, "{ messengerAccounts { totalCount } }") for _ in range(6))
        )
        assert time.monotonic() - begun < 10
        for reply in replies:
            names_the_store(reply)
        social = await side.ask(ADS, "{ socialAccounts { totalCount } }")
        assert social.codes == []
        across = await side.ask(
            ADS, "{ socialAccounts(first: 3) { nodes { id messengerLink { account { id } } } } }"
        )
        assert across.codes in ([], ["STORE_UNAVAILABLE"])
        assert across.json["data"]["socialAccounts"]["nodes"]
    replies = await asyncio.gather(*(side.ask(ADS, ACROSS) for _ in range(6)))
    assert [reply.codes for reply in replies] == [[]] * 6


async def test_no_data_is_served_on_tokens_that_cannot_be_checked(side: Side) -> None:
    """With the control store down nothing can be recorded, so no answer leaves from then on; then the
    book turns stale, and everybody is refused until it is back.
    """
    async with down(side, "control"), asyncio.timeout(15):
        while (reply := await side.ask(ADS, GOOD)).codes == ["NOT_RECORDED"]:
            assert "data" not in reply.json
            await asyncio.sleep(0.1)
        is_refused(reply, Code.STORE_UNAVAILABLE)
        assert (await side.ready()).json == {"messenger": True, "social": True, "control": False}
