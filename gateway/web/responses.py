"""From an answer or a refusal to the bytes of an HTTP response, and the table of statuses.

The status of a refusal depends on the media type that the client chose (GraphQL over HTTP). With
`application/graphql-response+json` every refusal is a 4xx or 5xx. With `application/json`, from which
a client cannot tell a gateway's answer from a proxy's, a refusal of the *GraphQL request* is 200 with
`errors`; a refusal of the HTTP request keeps its status.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from gateway.web.connections.fast_path import write_whole
from schema.refusals import MESSAGES, Code, Refusal

if TYPE_CHECKING:
    from starlette.types import Send

Headers = tuple[tuple[bytes, bytes], ...]

ID_BYTES, IDS_AT_ONCE = 16, 256

STATUS: dict[Code, int] = {
    Code.TOKEN_REFUSED: 401,
    Code.PURPOSE_REFUSED: 403,
    Code.TOO_MANY_REQUESTS: 429,
    Code.TOO_MANY_AT_ONCE: 429,
    Code.TOO_MANY_QUESTIONS: 429,
    Code.TOO_MANY_PEOPLE: 429,
    Code.BAD_REQUEST: 400,
    Code.METHOD_NOT_ALLOWED: 405,
    Code.NOT_ACCEPTABLE: 406,
    Code.UNSUPPORTED_MEDIA_TYPE: 415,
    Code.REQUEST_TOO_LARGE: 413,
    Code.CROSS_SITE_REFUSED: 403,
    Code.GRAPHQL_PARSE_FAILED: 400,
    Code.GRAPHQL_VALIDATION_FAILED: 400,
    Code.BAD_USER_INPUT: 400,
    Code.OPERATION_RESOLUTION_FAILURE: 400,
    Code.CURSOR_REFUSED: 400,
    Code.DOCUMENT_TOO_LARGE: 400,
    Code.COST_TOO_HIGH: 400,
    Code.ONE_AT_A_TIME: 400,
    Code.DOCUMENT_NOT_TRUSTED: 400,
    Code.PERSISTED_QUERY_NOT_FOUND: 400,
    Code.STORE_UNAVAILABLE: 503,
    Code.NOT_RECORDED: 503,
    Code.INTERNAL: 500,
}

# The HTTP request was in order and the GraphQL request in it was not: 200 with application/json.
GRAPHQL_REQUEST_ERRORS = frozenset(
    (
        Code.GRAPHQL_PARSE_FAILED,
        Code.GRAPHQL_VALIDATION_FAILED,
        Code.BAD_USER_INPUT,
        Code.OPERATION_RESOLUTION_FAILURE,
        Code.CURSOR_REFUSED,
        Code.DOCUMENT_TOO_LARGE,
        Code.COST_TOO_HIGH,
        Code.ONE_AT_A_TIME,
        Code.DOCUMENT_NOT_TRUSTED,
        Code.PERSISTED_QUERY_NOT_FOUND,
    )
)

CLOSE = (b"connection", b"close")
# 413: the client may still be sending; on a connection kept open the rest would be read for nothing.
HEADERS_BY_STATUS: dict[int, Headers] = {
    401: ((b"www-authenticate", b"Bearer"),),
    405: ((b"allow", b"GET, POST"),),
    413: (CLOSE,),
    429: ((b"retry-after", b"1"),),
    503: ((b"retry-after", b"1"),),
}

# Answers hold personal data for one token and purpose: a shared cache that ignored either would show
# one client's answer to another, hence no-store and, for caches that keep it all the same, Vary.
CONSTANT_HEADERS: Headers = (
    (b"cache-control", b"no-store"),
    (b"vary", b"Authorization, Gateway-Purpose, Accept"),
    (b"x-content-type-options", b"nosniff"),
)
JSON_HEADERS: Headers = ((b"content-type", b"application/json; charset=utf-8"), *CONSTANT_HEADERS)
GRAPHQL_HEADERS: Headers = (
    (b"content-type", b"application/graphql-response+json; charset=utf-8"),
    *CONSTANT_HEADERS,
)


def _lines(headers: Headers) -> bytes:
    return b"".join([b"%b: %b\r\n" % header for header in headers])


# Most of an answer's head, as it goes over the wire.
JSON_LINES, GRAPHQL_LINES = _lines(JSON_HEADERS), _lines(GRAPHQL_HEADERS)


class Answer(NamedTuple):
    """The status, the body as it is sent, and headers beyond those of every answer."""

    status: int
    body: bytes
    headers: Headers = ()


def status_of(code: Code, graphql_response: bool) -> int:
    """Return the HTTP status of a refusal for the media type of the answer."""
    return 200 if code in GRAPHQL_REQUEST_ERRORS and not graphql_response else STATUS[code]


def error_body(refusal: Refusal) -> bytes:
    """Return the GraphQL response with this refusal as its only error, and no `data`."""
    return b'{"errors":[' + error_object(refusal) + b"]}"


def error_object(refusal: Refusal) -> bytes:
    """Return the GraphQL error of a refusal, as JSON.

    The same refusal gives the same bytes: they quote nothing of the request but places in its document.
    """
    extensions: dict[str, str] = {"code": refusal.code.value}
    if refusal.rule is not None:
        extensions["rule"] = refusal.rule
    error: dict[str, Any] = {"message": MESSAGES[refusal.code]}
    if refusal.locations:
        error["locations"] = refusal.locations
    error["extensions"] = extensions
    return orjson.dumps(error)


def refused(refusal: Refusal, graphql_response: bool) -> Answer:
    """Return the answer to a refused request."""
    status = status_of(refusal.code, graphql_response)
    headers = HEADERS_BY_STATUS.get(status, ())
    if refusal.retry_after_s is not None:
        headers = ((b"retry-after", b"%d" % refusal.retry_after_s),)
    return Answer(status, error_body(refusal), headers)


def refusal_of(failure: Exception, log: logging.Logger, message: str, *, request_id: bytes) -> Refusal:
    """The refusal that answers the request: the one that was raised; INTERNAL for any other exception.

    An exception that is no refusal is one line in the log, under `message`. The client does not see it.
    """
    if isinstance(failure, Refusal):
        return failure
    log.error(message, exc_info=failure, extra={"request_id": request_id})
    return Refusal(Code.INTERNAL)


async def send_answer(send: Send, answer: Answer, graphql_response: bool, *, request_id: bytes) -> None:
    """Send one whole answer over ASGI."""
    length, closing, others = len(answer.body), False, b""
    if answer.headers:
        closing = CLOSE in answer.headers
        others = _lines(tuple(each for each in answer.headers if each != CLOSE))
    own = b"content-length: %d\r\nx-request-id: %b\r\n" % (length, request_id)
    constant = GRAPHQL_LINES if graphql_response else JSON_LINES
    if write_whole(send, answer.status, constant + own + others, body=answer.body, close=closing):
        return
    headers = [
        *(GRAPHQL_HEADERS if graphql_response else JSON_HEADERS),
        (b"content-length", b"%d" % length),
        (b"x-request-id", request_id),
        *answer.headers,
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


def request_ids(random: Callable[[int], bytes]) -> Iterator[bytes]:
    """Yield the ids of this process's requests: 128 random bits each, in hexadecimal digits.

    No id says anything about another one: a counter would tell each client how many requests all clients
    make. A client's own id is never taken over: it would let one client write into another's log lines.
    `random`: see `secrets.token_bytes`.
    """
    while True:
        # One call for many: 0.17 µs an id, against 0.97 for a call each, and 0.29 for a counter.
        block = random(IDS_AT_ONCE * ID_BYTES).hex().encode()
        for start in range(0, len(block), 2 * ID_BYTES):
            yield block[start : start + 2 * ID_BYTES]
