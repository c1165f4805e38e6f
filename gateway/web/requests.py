"""From an ASGI request to a GraphQL request: the GraphQL-over-HTTP specification, September 2026.

    read_head      the headers this gateway reads, in one pass; refuses nothing
    refuse_method  405, and pages of other sites: the only checks made before the token
    read_asked     406, 415, 413, 400: everything else, after the token

Choices, with what was rejected:

- No Accept header, or only a wildcard, gets `application/json`. The specification obliges the client
  to say what it accepts and leaves the rest to the server; the audits of graphql-http expect
  `application/json` (`tests/gateway/test_http_audits.py`), and such clients are the old ones. Rejected:
  `application/graphql-response+json`, whose statuses would turn their request errors into failures of
  their HTTP layer.
- A repeated header is one header whose values are joined by commas (RFC 9110, 5.3). So a repeated
  Authorization, Gateway-Purpose or Content-Type is never "the first" or "the last": it is malformed.
- Cookies are not read, and a simple-request content type (form, multipart, text) is refused; a page
  of another site can then not send a POST without a preflight, which this gateway answers with 405.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl

import orjson

from schema.refusals import Code, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import Message, Receive, Scope

    from gateway.access.tokens import Caller

GRAPHQL_RESPONSE = "application/graphql-response+json"
JSON = "application/json"

# Deeper variables would exhaust the stack of the code that walks them; no input type is so deep.
MAX_JSON_DEPTH = 64
# The parsed values are cached by their text: without a bound a client could fill the memory with them.
MAX_MEDIA_HEADER_BYTES = 1_000
MAX_GET_PARAMETERS = 16


class Asked(NamedTuple):
    """A well-formed GraphQL request; its document is a string that is not yet parsed.

    No string in it holds NUL or a lone surrogate. If `is_get`, the caller must refuse every operation
    but a query with METHOD_NOT_ALLOWED. `wants_graphql_response`: the answer's media type is
    `application/graphql-response+json`, otherwise `application/json`. `hash`: the SHA-256 by which the
    document is named (`documents/trusted.py`); `document` is empty then, unless its text was sent as well.
    """

    document: str
    operation_name: str | None
    variables: dict[str, Any]
    wants_graphql_response: bool
    is_get: bool
    hash: bytes | None = None


class Head(NamedTuple):
    """The request line and the headers that this gateway reads; a tuple because each request makes one."""

    method: str
    query_string: bytes
    authorization: bytes | None
    purpose: bytes | None
    accept: bytes | None
    content_type: bytes | None
    content_encoding: bytes | None
    content_length: bytes | None
    fetch_site: bytes | None
    origin: bytes | None
    host: bytes | None


# In the order of Head's fields, after the first two.
_READ = (
    b"authorization",
    b"gateway-purpose",
    b"accept",
    b"content-type",
    b"content-encoding",
    b"content-length",
    b"sec-fetch-site",
    b"origin",
    b"host",
)


@dataclass(slots=True)
class HttpRequest:
    """A request whose body has not been read. `id`: the gateway's own; `caller`: None until it is known."""

    head: Head
    receive: Receive
    id: bytes
    caller: Caller | None = None


class ClientGone(Exception):
    """The client closed the connection before its request was complete, so no answer can be sent."""


def read_head(scope: Scope) -> Head:
    """Return what the headers say, unchecked. Never refuses."""
    headers = scope["headers"]
    found = dict(headers)
    if len(found) != len(headers):
        found = _joined(headers)
    return Head(scope["method"], scope["query_string"], *map(found.get, _READ))


def _joined(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """The headers by name, with the values of a repeated name joined."""
    found: dict[bytes, list[bytes]] = {}
    for name, value in headers:
        found.setdefault(name, []).append(value)
    return {name: b", ".join(values) for name, values in found.items()}


def refuse_method(head: Head) -> None:
    """Refuse any method but POST and GET, and any request that a page of another site makes."""
    if head.method not in ("POST", "GET"):
        raise Refusal(Code.METHOD_NOT_ALLOWED)
    if head.fetch_site is None and head.origin is None:
        return
    if not _same_site(head):
        raise Refusal(Code.CROSS_SITE_REFUSED)


def _same_site(head: Head) -> bool:
    """Whether a browser says that its own user or a page of this very origin makes the request.

    `same-site` is refused: a sister subdomain is another site's page to this gateway.
    Source: Fetch Metadata Request Headers (W3C); RFC 6454 for browsers that send only Origin.
    """
    if head.fetch_site is not None:
        return head.fetch_site in (b"same-origin", b"none")
    _, separator, authority = (head.origin or b"").partition(b"://")
    return bool(separator) and head.host is not None and authority.lower() == head.host.lower()


def wants_graphql_response(head: Head) -> bool:
    """Whether the answer, a refusal included, is `application/graphql-response+json`."""
    return _negotiated(head.accept) == GRAPHQL_RESPONSE


async def read_asked(head: Head, receive: Receive, max_body_bytes: int) -> Asked:
    """Read the rest of the request and return what it asks.

    Refuses with NOT_ACCEPTABLE, UNSUPPORTED_MEDIA_TYPE, REQUEST_TOO_LARGE or BAD_REQUEST. At most
    `max_body_bytes` and one chunk are ever held. Raises ClientGone if the client leaves.
    """
    media_type = _negotiated(head.accept)
    if media_type is None:
        raise Refusal(Code.NOT_ACCEPTABLE)
    if head.method == "GET":
        return _asked_by_get(head.query_string, media_type == GRAPHQL_RESPONSE, max_body_bytes)
    if not is_utf8(head.content_type, JSON) or head.content_encoding not in (None, b"identity"):
        raise Refusal(Code.UNSUPPORTED_MEDIA_TYPE)
    if head.content_length is not None and _number(head.content_length) > max_body_bytes:
        raise Refusal(Code.REQUEST_TOO_LARGE)
    message = await receive()
    body: bytes = message.get("body", b"")
    if message["type"] == "http.disconnect" or message.get("more_body") or len(body) > max_body_bytes:
        body = await _read_chunks(message, receive, max_body_bytes)
    return _asked_by_post(body, media_type == GRAPHQL_RESPONSE)


async def _read_chunks(message: Message, receive: Receive, max_body_bytes: int) -> bytes:
    """The body that begins with this message."""
    body = bytearray()
    while True:
        if message["type"] == "http.disconnect":
            raise ClientGone
        body += message.get("body", b"")
        if len(body) > max_body_bytes:
            raise Refusal(Code.REQUEST_TOO_LARGE)
        if not message.get("more_body"):
            return bytes(body)
        message = await receive()


def _number(content_length: bytes) -> int:
    # int() takes signs, underscores and spaces, and a number of 5,001 digits makes it raise.
    if not content_length.isdigit() or len(content_length) > 18:
        raise Refusal(Code.BAD_REQUEST)
    return int(content_length)


def _asked_by_post(body: bytes, graphql_response: bool) -> Asked:
    parameters = _json(body)
    if type(parameters) is not dict:
        raise Refusal(Code.BAD_REQUEST)
    get = parameters.get
    document_id, extensions = get("documentId"), get("extensions")
    named = None if document_id is extensions is None else _hash(document_id, extensions)
    return _asked(
        get("query"),
        get("operationName"),
        get("variables"),
        named=named,
        graphql_response=graphql_response,
        is_get=False,
    )


def _asked_by_get(query_string: bytes, graphql_response: bool, max_bytes: int) -> Asked:
    if len(query_string) > max_bytes:
        raise Refusal(Code.REQUEST_TOO_LARGE)
    get = query_parameters(query_string).get
    variables, extensions = (
        None if text is None else _json(text.encode()) for text in (get("variables"), get("extensions"))
    )
    named = _hash(get("documentId"), extensions)
    return _asked(
        get("query"),
        get("operationName"),
        variables,
        named=named,
        graphql_response=graphql_response,
        is_get=True,
    )


def query_parameters(query_string: bytes) -> dict[str, str]:
    """The parameters by name. BAD_REQUEST unless each is there once, in characters that may be there."""
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_GET_PARAMETERS,
        )
    except ValueError:
        raise Refusal(Code.BAD_REQUEST) from None
    parameters = dict(pairs)
    # Two values of one name: a proxy may have judged the one while this gateway reads the other.
    if len(parameters) != len(pairs) or "\0" in "".join(parameters.values()):
        raise Refusal(Code.BAD_REQUEST)
    return parameters


def _asked(
    document: Any,
    operation_name: Any,
    variables: Any,
    *,
    named: bytes | None,
    graphql_response: bool,
    is_get: bool,
) -> Asked:
    """Return the request if every parameter is of its type; null is the same as left out."""
    if document is None and named is not None:
        document = ""
    if (
        type(document) is not str
        or (operation_name is not None and type(operation_name) is not str)
        or (variables is not None and type(variables) is not dict)
    ):
        raise Refusal(Code.BAD_REQUEST)
    return Asked(document, operation_name or None, variables or {}, graphql_response, is_get, named)


_HASH = re.compile(r"[0-9a-f]{64}")


def _hash(document_id: Any, extensions: Any) -> bytes | None:
    """The SHA-256 by which a document is named, or None. BAD_REQUEST if malformed, or if two differ.

    Sources: GraphQL over HTTP, appendix A (`documentId`, with the prefix `sha256:`); Apollo's automatic
    persisted queries (`extensions.persistedQuery`), version 1.
    """
    if document_id is None and extensions is None:
        return None
    named = set()
    if document_id is not None:
        if type(document_id) is not str or not document_id.startswith("sha256:"):
            raise Refusal(Code.BAD_REQUEST)
        named.add(document_id.removeprefix("sha256:"))
    if extensions is not None:
        if type(extensions) is not dict:
            raise Refusal(Code.BAD_REQUEST)
        persisted = extensions.get("persistedQuery")
        if persisted is not None:
            named.add(_apollo_hash(persisted))
    if len(named) > 1 or not all(map(_HASH.fullmatch, named)):
        raise Refusal(Code.BAD_REQUEST)
    return bytes.fromhex(named.pop()) if named else None


def _apollo_hash(persisted: Any) -> str:
    if type(persisted) is not dict or type(persisted.get("version")) is not int or persisted["version"] != 1:
        raise Refusal(Code.BAD_REQUEST)
    found = persisted.get("sha256Hash")
    if type(found) is not str:
        raise Refusal(Code.BAD_REQUEST)
    return found


def _json(body: bytes) -> Any:
    """Parse JSON whose strings hold no NUL and which is not deep.

    orjson itself refuses what is not UTF-8, lone surrogates, numbers beyond a double, NaN and a
    nesting over 1,024; an integer beyond 64 bits becomes a float.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Refusal(Code.BAD_REQUEST) from None
    # Ordinary bodies pass on these three scans. A NUL would be an error in Postgres, which has no
    # such character in text: a 500 for a malformed request.
    if b"\\u0000" in body or body.count(b"[") + body.count(b"{") > MAX_JSON_DEPTH:
        _refuse_unsound(value)
    return value


def _refuse_unsound(value: Any) -> None:
    level = [value]
    for _ in range(MAX_JSON_DEPTH):
        if any(type(item) is str and "\0" in item for item in level):
            raise Refusal(Code.BAD_REQUEST)
        level = [inner for item in level for inner in _inner(item)]
        if not level:
            return
    raise Refusal(Code.BAD_REQUEST)


def _inner(value: Any) -> tuple[Any, ...]:
    if type(value) is dict:
        return (*value.keys(), *value.values())
    return tuple(value) if type(value) is list else ()


# Quoted strings may hold the separator; each alternative starts with a character of its own, so that
# no header makes the match slow.
_BETWEEN_COMMAS = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+')
_BETWEEN_SEMICOLONS = re.compile(r'(?:[^;"]|"(?:[^"\\]|\\.)*")+')
_QUALITY = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")


def _media_type(text: str) -> tuple[str, dict[str, str]]:
    """Split `type/subtype; name=value` into the lower-case name and its parameters."""
    name, *rest = _BETWEEN_SEMICOLONS.findall(text) or [""]
    pairs = (parameter.partition("=") for parameter in rest if parameter.strip())
    return name.strip().lower(), {key.strip().lower(): value.strip().strip('"') for key, _, value in pairs}


@lru_cache(maxsize=64)
def is_utf8(content_type: bytes | None, wanted: str) -> bool:
    """Whether the body is said to be of the media type `wanted`, in UTF-8."""
    if content_type is None or len(content_type) > MAX_MEDIA_HEADER_BYTES:
        return False
    name, parameters = _media_type(content_type.decode("latin-1"))
    return name == wanted and parameters.get("charset", "utf-8").lower() == "utf-8"


@lru_cache(maxsize=64)
def _negotiated(accept: bytes | None) -> str | None:
    """Return the media type that the client likes best, or None if it accepts neither.

    The most specific range decides a type's quality (RFC 9110, 12.5.1). At equal quality a type that
    the client names comes before a wildcard, and the type named first before the other.
    """
    if not accept:
        return JSON
    if len(accept) > MAX_MEDIA_HEADER_BYTES:
        return None
    ranges = _ranges(accept.decode("latin-1"))
    offers = [(*_preference(offer, ranges), offer) for offer in (JSON, GRAPHQL_RESPONSE)]
    quality, _, _, best = max(offers, key=lambda offer: offer[:3])
    return best if quality > 0 else None


def _ranges(accept: str) -> dict[str, tuple[float, int]]:
    """Return for each media range in UTF-8 its quality and its place; one that is malformed is left out."""
    ranges: dict[str, tuple[float, int]] = {}
    for place, text in enumerate(_BETWEEN_COMMAS.findall(accept)):
        name, parameters = _media_type(text)
        quality = parameters.get("q", "1")
        if _QUALITY.fullmatch(quality) and parameters.get("charset", "utf-8").lower() == "utf-8":
            ranges.setdefault(name, (float(quality), place))
    return ranges


def _preference(offer: str, ranges: dict[str, tuple[float, int]]) -> tuple[float, int, int]:
    """Return quality, specificity and how early the client named it; all higher is better."""
    for specificity, name in ((2, offer), (1, "application/*"), (0, "*/*")):
        if name in ranges:
            quality, place = ranges[name]
            return quality, specificity, -place
    return 0.0, 0, 0
