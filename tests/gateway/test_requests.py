"""A GraphQL request over HTTP: the well-formed ones, and the refusal of every other one."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.web.requests import (
    MAX_JSON_DEPTH,
    Asked,
    ClientGone,
    read_asked,
    read_head,
    refuse_method,
    wants_graphql_response,
)
from schema.refusals import Code, Refusal

GRAPHQL = b"application/graphql-response+json"
JSON = b"application/json"
LIMIT = 10_000


def scope(method: str = "POST", query_string: bytes = b"", **headers: bytes | list[bytes]) -> dict[str, Any]:
    """An ASGI scope; `content_type=` gives the header content-type, a list gives it more than once."""
    pairs = [
        (name.replace("_", "-").encode(), value)
        for name, values in headers.items()
        for value in (values if isinstance(values, list) else [values])
    ]
    return {"type": "http", "method": method, "query_string": query_string, "headers": pairs}


def sent(*chunks: bytes, then_gone: bool = False) -> Any:
    """A client that sends these chunks, and then may disconnect."""
    last = len(chunks) - 1
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": chunk, "more_body": then_gone or place < last}
        for place, chunk in enumerate(chunks)
    ]
    if then_gone:
        messages.append({"type": "http.disconnect"})
    waiting = iter(messages)

    async def receive() -> Any:
        return next(waiting)

    return receive


async def post(*chunks: bytes, limit: int = LIMIT, **headers: bytes | list[bytes]) -> Asked:
    """The parsed request of a POST of these chunks."""
    head = read_head(scope(**{"content_type": JSON, **headers}))
    return await read_asked(head, sent(*chunks), limit)


async def get(parameters: dict[str, str] | bytes, **headers: bytes) -> Asked:
    """The parsed request of a GET."""
    query_string = parameters if isinstance(parameters, bytes) else urlencode(parameters).encode()
    return await read_asked(read_head(scope("GET", query_string, **headers)), sent(b""), LIMIT)


async def code_of(asking: Any) -> Code:
    """The code with which the request is refused."""
    with pytest.raises(Refusal) as refused:
        await asking
    return refused.value.code


async def test_a_post_carries_document_operation_name_and_variables() -> None:
    """A POST of JSON carries the document, the operation's name and the variables."""
    body = orjson.dumps({"query": "query Q { a }", "operationName": "Q", "variables": {"x": [1, None, "é"]}})
    expected = Asked("query Q { a }", "Q", {"x": [1, None, "é"]}, False, False)
    assert expected == await post(body)


async def test_a_get_carries_the_same_in_its_query_string() -> None:
    """A GET carries the same in its query string, variables as JSON, `+` and %-escapes decoded."""
    asked = await get(
        {"query": "query Q { a }", "operationName": "Q", "variables": '{"x": "é+"}'}, accept=GRAPHQL
    )
    assert Asked("query Q { a }", "Q", {"x": "é+"}, True, True) == asked


@pytest.mark.parametrize("name", ["operationName", "variables", "extensions"])
async def test_null_is_the_same_as_left_out(name: str) -> None:
    """A parameter that is null was left out; properties that the specification does not know are ignored."""
    expected = Asked("{a}", None, {}, False, False)
    assert expected == await post(orjson.dumps({"query": "{a}", name: None, "id": 1}))


async def test_an_empty_operation_name_is_none() -> None:
    """An empty operationName is the same as none, in POST and GET."""
    assert (await post(b'{"query": "{a}", "operationName": ""}')).operation_name is None
    assert (await get({"query": "{a}", "operationName": ""})).operation_name is None


NOT_A_REQUEST = {
    "nothing": b"",
    "null": b"null",
    "a number": b"7",
    "a string": b'"{a}"',
    "a list, as of a batch": b'[{"query": "{a}"}]',
    "cut short": b'{"query": "{a}"',
    "without query": b'{"qeury": "{a}"}',
    "an integer of 5,001 digits": b'{"query": "{a}", "variables": {"x": ' + b"1" * 5_001 + b"}}",
    "NaN": b'{"query": "{a}", "variables": {"x": NaN}}',
    "invalid UTF-8": b'{"query": "{a}\xff"}',
    "UTF-16": '{"query": "{a}"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"query": "{a}"}',
    "a lone surrogate": b'{"query": "{a}", "variables": {"x": "\\ud800"}}',
    "a lone surrogate in a key": b'{"query": "{a}", "variables": {"\\udfff": 1}}',
    "an encoded surrogate": b'{"query": "{a}", "variables": {"x": "\xed\xa0\x80"}}',
    "NUL in a variable": b'{"query": "{a}", "variables": {"x": ["\\u0000"]}}',
    "NUL in a key": b'{"query": "{a}", "variables": {"x\\u0000": 1}}',
    "NUL in the document": b'{"query": "{a\\u0000}"}',
    "NUL in the operation's name": b'{"query": "{a}", "operationName": "\\u0000"}',
    "a raw NUL": b'{"query": "{a}\x00"}',
    "depth beyond the parser": b'{"query": "{a}", "variables": {"x": ' + b"[" * 4_000 + b"]" * 4_000 + b"}}",
    "depth beyond ours": b'{"query": "{a}", "variables": {"x": ' + b"[" * 64 + b"]" * 64 + b"}}",
}


@pytest.mark.parametrize("body", NOT_A_REQUEST.values(), ids=NOT_A_REQUEST)
async def test_a_body_that_is_no_graphql_request_is_a_bad_request(body: bytes) -> None:
    """Whatever is not one JSON object of a GraphQL request is BAD_REQUEST, never a failure of the gateway."""
    assert await code_of(post(body)) == Code.BAD_REQUEST


@pytest.mark.parametrize("value", [0, True, ["a"], {"a": "b"}, 1.5])
async def test_a_document_or_name_that_is_no_string_is_a_bad_request(value: object) -> None:
    """`query` and `operationName` are strings."""
    assert await code_of(post(orjson.dumps({"query": value}))) == Code.BAD_REQUEST
    assert await code_of(post(orjson.dumps({"query": "{a}", "operationName": value}))) == Code.BAD_REQUEST


@pytest.mark.parametrize("name", ["variables", "extensions"])
@pytest.mark.parametrize("value", [0, False, "{}", ["a"]])
async def test_variables_or_extensions_that_are_no_object_are_a_bad_request(name: str, value: object) -> None:
    """`variables` and `extensions` are objects."""
    assert await code_of(post(orjson.dumps({"query": "{a}", name: value}))) == Code.BAD_REQUEST
    assert await code_of(get({"query": "{a}", name: orjson.dumps(value).decode()})) == Code.BAD_REQUEST


async def test_variables_may_be_as_deep_as_the_limit_and_hold_an_escaped_backslash() -> None:
    """Variables up to the depth limit pass, and the text `\\u0000` written with two backslashes is no NUL."""
    lists = MAX_JSON_DEPTH - 3  # the body, the variables, and the value inside
    deep = b'{"query": "{a}", "variables": {"x": ' + b"[" * lists + b'"\\\\u0000"' + b"]" * lists + b"}}"
    value = (await post(deep)).variables["x"]
    for _ in range(lists):
        (value,) = value
    assert value == "\\u0000"


@pytest.mark.parametrize(
    "query_string",
    [
        b"",
        b"variables={}",
        b"query=%FF",
        b"query=%ED%A0%80",
        b"query=\xff",
        b"query=%00",
        b"query={a}&query={b}",
        b"query=a" + b"&a=" * 99,
        b"query={a}&variables=",
        b"query={a}&variables={",
        b"query={a}&variables=%22%22",
        b"query={a}&variables={%22x%22:%22\\u0000%22}",
    ],
)
async def test_a_query_string_that_is_no_graphql_request_is_a_bad_request(query_string: bytes) -> None:
    """A query string with a missing, repeated or broken parameter is BAD_REQUEST."""
    assert await code_of(get(query_string)) == Code.BAD_REQUEST


@pytest.mark.parametrize(
    "content_type",
    [
        b"",
        b";",
        b"json",
        b"text/plain",
        b"application/x-www-form-urlencoded",
        b"multipart/form-data; boundary=x",
        b"application/jsonx",
        b"application/graphql",
        b"application/json, text/plain",
        b"application/json; charset=utf-16",
        b'application/json; charset="latin-1"',
        b"application/json; charset",
        b"application/json; charset=utf-8" + b" " * 1_000,
        b"\xff\xfe",
    ],
)
async def test_any_other_content_type_is_unsupported(content_type: bytes) -> None:
    """Only `application/json` in UTF-8 is read; what a page of another site can send unasked is refused."""
    assert await code_of(post(b'{"query": "{a}"}', content_type=content_type)) == Code.UNSUPPORTED_MEDIA_TYPE


async def test_no_content_type_or_two_are_unsupported() -> None:
    """A POST without a content type, or with two, is refused."""
    for values in ([], [JSON, JSON]):
        head = read_head(scope(content_type=values))
        assert await code_of(read_asked(head, sent(b"{}"), LIMIT)) == Code.UNSUPPORTED_MEDIA_TYPE


@pytest.mark.parametrize(
    "content_type",
    [b"application/json", b"Application/JSON;charset=UTF-8", b'application/json ; charset="utf-8"; x=y;'],
)
async def test_json_in_utf8_is_read_however_it_is_spelt(content_type: bytes) -> None:
    """The content type is compared as a media type: case, quotes and other parameters do not matter."""
    assert (await post(b'{"query": "{a}"}', content_type=content_type)).document == "{a}"


@pytest.mark.parametrize("encoding", [b"gzip", b"br", b"identity, gzip", b""])
async def test_a_compressed_body_is_unsupported(encoding: bytes) -> None:
    """A compressed body is refused: its size would not be bounded by the limit of what is read."""
    assert await code_of(post(b"{}", content_encoding=encoding)) == Code.UNSUPPORTED_MEDIA_TYPE


async def test_a_body_over_the_limit_is_refused_before_it_is_read() -> None:
    """A Content-Length over the limit is refused without reading a byte."""

    async def receive() -> Any:
        raise AssertionError("read")

    head = read_head(scope(content_type=JSON, content_length=b"10001"))
    assert await code_of(read_asked(head, receive, LIMIT)) == Code.REQUEST_TOO_LARGE


@pytest.mark.parametrize("length", [b"-1", b"+5", b"1_0", b"", b"9" * 5_001, b"5, 5", b"\xb2"])
async def test_a_content_length_that_is_no_number_is_a_bad_request(length: bytes) -> None:
    """A Content-Length that is no plain number is BAD_REQUEST."""
    assert await code_of(post(b'{"query": "{a}"}', content_length=length)) == Code.BAD_REQUEST


async def test_a_body_over_the_limit_is_refused_while_it_streams() -> None:
    """Without a Content-Length, or with a false one, reading stops at the limit."""
    assert await code_of(post(b" " * (LIMIT + 1))) == Code.REQUEST_TOO_LARGE
    assert (
        await code_of(post(*[b" " * 999] * 11, b"never read", content_length=b"9")) == Code.REQUEST_TOO_LARGE
    )
    assert await code_of(get(b"query=" + b"a" * LIMIT)) == Code.REQUEST_TOO_LARGE


async def test_a_body_in_chunks_is_put_together() -> None:
    """A body in chunks, cut anywhere, is read as a whole."""
    assert (await post(b'{"que', b"", b'ry": "\xc3', b'\xa9"}')).document == "é"


@pytest.mark.parametrize("chunks", [(), (b'{"query":',)])
async def test_a_client_that_leaves_is_not_answered(chunks: tuple[bytes, ...]) -> None:
    """A client that leaves while its body is read ends the request."""
    with pytest.raises(ClientGone):
        await read_asked(read_head(scope(content_type=JSON)), sent(*chunks, then_gone=True), LIMIT)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, JSON),
        (b"", JSON),
        (b"*/*", JSON),
        (b"application/*", JSON),
        (b"application/json", JSON),
        (b"application/graphql-response+json", GRAPHQL),
        (b"Application/GraphQL-Response+JSON; charset=UTF-8", GRAPHQL),
        (b"application/graphql-response+json; charset=utf-8, application/json; charset=utf-8", GRAPHQL),
        (b"application/graphql-response+json, application/json;q=0.9", GRAPHQL),
        (b"application/graphql-response+json;q=0.5, application/json;q=0.9", JSON),
        (b"application/json, application/graphql-response+json", JSON),
        (b"application/graphql-response+json, */*", GRAPHQL),
        (b"*/*, application/graphql-response+json", GRAPHQL),
        (b"*/*, application/json;q=0", GRAPHQL),
        (b"*/*;q=0.1, application/graphql-response+json;q=0.01", JSON),
        (b"text/html,application/xhtml+xml,*/*;q=0.8", JSON),
        (b'text/x;a="application/json, */*", application/graphql-response+json', GRAPHQL),
        (b"application/json;q=2, application/graphql-response+json;q=0.1", GRAPHQL),
        (b"application/json; charset=latin-1, application/graphql-response+json", GRAPHQL),
        (b"text/html", None),
        (b"application/jsonx", None),
        (b"application/json;q=0", None),
        (b"application/json;q=0.000, text/*", None),
        (b"application/json; charset=utf-16", None),
        (b"multipart/mixed, text/event-stream", None),
        (b'",', None),
        (b"application/json" + b" " * 1_000, None),
    ],
)
async def test_the_media_type_is_the_one_that_the_client_likes_best(
    accept: bytes | None, expected: bytes | None
) -> None:
    """Accept is read with its qualities and wildcards; neither type accepted is NOT_ACCEPTABLE."""
    headers = {} if accept is None else {"accept": accept}
    if expected is None:
        assert await code_of(post(b'{"query": "{a}"}', **headers)) == Code.NOT_ACCEPTABLE
    else:
        assert (expected == GRAPHQL) == (await post(b'{"query": "{a}"}', **headers)).wants_graphql_response


@given(st.lists(st.binary(max_size=60), max_size=4))
async def test_no_header_makes_negotiation_fail(values: list[bytes]) -> None:
    """Any bytes in Accept, Content-Type and Content-Length end in a request or a refusal."""
    headers: dict[str, Any] = {"accept": values, "content_type": values, "content_length": values}
    wants_graphql_response(read_head(scope(**headers)))
    for method in ("GET", "POST"):
        with suppress(Refusal):
            await read_asked(read_head(scope(method, b"query=a", **headers)), sent(b'{"query":""}'), LIMIT)


@given(st.binary(max_size=200))
async def test_no_body_makes_reading_fail(body: bytes) -> None:
    """Any bytes as body or query string end in a request or a refusal."""
    for asking in (post(body), get(body)):
        with suppress(Refusal):
            await asking


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "post", "QUERY", ""])
def test_other_methods_are_not_allowed(method: str) -> None:
    """Only POST and GET are methods of this endpoint; there is no preflight to pass."""
    with pytest.raises(Refusal) as refused:
        refuse_method(read_head(scope(method)))
    assert refused.value.code == Code.METHOD_NOT_ALLOWED


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": b"cross-site"},
        {"sec_fetch_site": b"same-site", "origin": b"https://gateway"},
        {"sec_fetch_site": [b"none", b"none"]},
        {"sec_fetch_site": b""},
        {"origin": b"https://evil"},
        {"origin": b"null"},
        {"origin": b"gateway"},
        {"origin": b""},
        {"origin": b"https://gateway.evil"},
        {"origin": b"https://gateway:8443"},
        {"origin": [b"https://gateway", b"https://gateway"]},
    ],
)
def test_a_page_of_another_site_is_refused(method: str, headers: dict[str, Any]) -> None:
    """A browser that says that another site's page makes the request is refused, sister sites included."""
    with pytest.raises(Refusal) as refused:
        refuse_method(read_head(scope(method, host=b"gateway", **headers)))
    assert refused.value.code == Code.CROSS_SITE_REFUSED


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec_fetch_site": b"same-origin", "origin": b"https://behind.a.proxy"},
        {"sec_fetch_site": b"none"},
        {"origin": b"https://Gateway"},
    ],
)
def test_a_page_of_this_very_origin_is_served(headers: dict[str, Any]) -> None:
    """The explorer's own page, an address typed by the user, and programs that are no browser are served."""
    refuse_method(read_head(scope(host=b"gateway", **headers)))
