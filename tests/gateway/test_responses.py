"""The one table from a refusal to its status, and the bytes that go back."""

from __future__ import annotations

import secrets
from itertools import islice
from typing import Any

import orjson
import pytest

from gateway.web.responses import (
    GRAPHQL_REQUEST_ERRORS,
    STATUS,
    Answer,
    error_body,
    refused,
    request_ids,
    send_answer,
    status_of,
)
from schema.refusals import MESSAGES, Code, Location, Refusal


async def sent(answer: Answer, graphql_response: bool = False) -> tuple[dict[str, Any], dict[str, Any]]:
    """The two messages in which an answer goes out."""
    messages: list[Any] = []

    async def send(message: Any) -> None:
        messages.append(message)

    await send_answer(send, answer, graphql_response, request_id=b"id-1")
    start, body = messages
    return start, body


@pytest.mark.parametrize("code", Code)
def test_every_refusal_has_a_status(code: Code) -> None:
    """Every refusal of the catalogue has a status that says that something is wrong."""
    assert 400 <= STATUS[code] < 600


def test_the_statuses_are_these() -> None:
    """Each refusal has a fixed status: (with graphql-response+json, with json)."""
    expected = {
        "TOKEN_REFUSED": (401, 401),
        "PURPOSE_REFUSED": (403, 403),
        "BAD_REQUEST": (400, 400),
        "METHOD_NOT_ALLOWED": (405, 405),
        "NOT_ACCEPTABLE": (406, 406),
        "UNSUPPORTED_MEDIA_TYPE": (415, 415),
        "REQUEST_TOO_LARGE": (413, 413),
        "CROSS_SITE_REFUSED": (403, 403),
        "GRAPHQL_PARSE_FAILED": (400, 200),
        "GRAPHQL_VALIDATION_FAILED": (400, 200),
        "BAD_USER_INPUT": (400, 200),
        "OPERATION_RESOLUTION_FAILURE": (400, 200),
        "CURSOR_REFUSED": (400, 200),
        "DOCUMENT_TOO_LARGE": (400, 200),
        "COST_TOO_HIGH": (400, 200),
        "STORE_UNAVAILABLE": (503, 503),
        "INTERNAL": (500, 500),
    }
    statuses = {code.value: (status_of(code, True), status_of(code, False)) for code in Code}
    assert expected == {name: statuses[name] for name in expected}


@pytest.mark.parametrize("code", Code)
def test_the_body_is_the_catalogues_sentence_and_code(code: Code) -> None:
    """The body is a GraphQL response of one error and no data: a constant sentence and its code."""
    expected = {"errors": [{"message": MESSAGES[code], "extensions": {"code": code.value}}]}
    assert expected == orjson.loads(error_body(Refusal(code)))


def test_a_validation_error_names_its_place_and_rule() -> None:
    """A validation error names the place in the document and the rule of the specification."""
    refusal = Refusal(Code.GRAPHQL_VALIDATION_FAILED, (Location(1, 3),), "FieldsOnCorrectType")
    (error,) = orjson.loads(error_body(refusal))["errors"]
    assert error["locations"] == [{"line": 1, "column": 3}]
    assert error["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED", "rule": "FieldsOnCorrectType"}


@pytest.mark.parametrize("graphql_response", [False, True])
async def test_every_answer_has_the_headers_that_keep_it_private(graphql_response: bool) -> None:
    """Every answer forbids caches and type guessing, and has its request id."""
    start, body = await sent(Answer(200, b'{"data":{}}'), graphql_response)
    media_type = b"application/graphql-response+json" if graphql_response else b"application/json"
    expected = {
        b"content-type": media_type + b"; charset=utf-8",
        b"content-length": b"11",
        b"cache-control": b"no-store",
        b"vary": b"Authorization, Gateway-Purpose, Accept",
        b"x-content-type-options": b"nosniff",
        b"x-request-id": b"id-1",
    }
    assert expected == dict(start["headers"])
    assert (start["status"], body["body"]) == (200, b'{"data":{}}')


@pytest.mark.parametrize(
    ("code", "header"),
    [
        (Code.TOKEN_REFUSED, (b"www-authenticate", b"Bearer")),
        (Code.METHOD_NOT_ALLOWED, (b"allow", b"GET, POST")),
        (Code.STORE_UNAVAILABLE, (b"retry-after", b"1")),
        (Code.REQUEST_TOO_LARGE, (b"connection", b"close")),
    ],
)
async def test_a_refusal_has_the_headers_that_http_requires(code: Code, header: tuple[bytes, bytes]) -> None:
    """401 names the scheme, 405 the methods, 503 the seconds to wait, and 413 closes the connection."""
    start, _ = await sent(refused(Refusal(code), True))
    assert header in start["headers"]


def test_only_errors_of_the_graphql_request_become_200() -> None:
    """With application/json only errors of the GraphQL request itself have status 200."""
    assert {code for code in Code if status_of(code, False) == 200} == GRAPHQL_REQUEST_ERRORS


def test_i46_a_request_id_says_nothing_of_another_one() -> None:
    """Request ids are random bits, each used once: they do not tell how many others there are."""
    drawn: list[bytes] = []

    def random(size: int) -> bytes:
        drawn.append(secrets.token_bytes(size))
        return drawn[-1]

    ids = list(islice(request_ids(random), 600))

    assert b"".join(drawn).hex().encode()[: 32 * 600] == b"".join(ids)
    assert {len(each) for each in ids} == {32}
    assert len({*ids, *islice(request_ids(secrets.token_bytes), 600)}) == 1_200
