"""Every refusal, with its stable code.

    Refusal
    ├── who is asking        TOKEN_REFUSED, PURPOSE_REFUSED
    ├── how much             TOO_MANY_REQUESTS, TOO_MANY_AT_ONCE, TOO_MANY_QUESTIONS, TOO_MANY_PEOPLE
    ├── how it was sent      BAD_REQUEST, METHOD_NOT_ALLOWED, NOT_ACCEPTABLE, UNSUPPORTED_MEDIA_TYPE,
    │                        REQUEST_TOO_LARGE, CROSS_SITE_REFUSED
    ├── what was asked       GRAPHQL_PARSE_FAILED, GRAPHQL_VALIDATION_FAILED, BAD_USER_INPUT,
    │                        OPERATION_RESOLUTION_FAILURE, CURSOR_REFUSED, DOCUMENT_TOO_LARGE,
    │                        COST_TOO_HIGH, ONE_AT_A_TIME, DOCUMENT_NOT_TRUSTED,
    │                        PERSISTED_QUERY_NOT_FOUND
    └── what is down         STORE_UNAVAILABLE, NOT_RECORDED, INTERNAL

A refusal depends on the request alone, never on the data in the stores. There are three exceptions. The last
three codes mean that a store or the ledger is unavailable. The codes on documents depend on the documents
that are registered for the client. TOO_MANY_PEOPLE depends on how many people the client received before, and
so on nothing that it may not see. Messages are constants and quote nothing: no token, no variable, no name in
the document. The table from a code to an HTTP status is in `gateway/web/responses.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """The stable code of a refusal, in `extensions.code` of the GraphQL error."""

    TOKEN_REFUSED = "TOKEN_REFUSED"  # noqa: S105 - a code, not a secret
    PURPOSE_REFUSED = "PURPOSE_REFUSED"
    TOO_MANY_REQUESTS = "TOO_MANY_REQUESTS"
    TOO_MANY_AT_ONCE = "TOO_MANY_AT_ONCE"
    TOO_MANY_QUESTIONS = "TOO_MANY_QUESTIONS"
    TOO_MANY_PEOPLE = "TOO_MANY_PEOPLE"
    BAD_REQUEST = "BAD_REQUEST"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    NOT_ACCEPTABLE = "NOT_ACCEPTABLE"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
    REQUEST_TOO_LARGE = "REQUEST_TOO_LARGE"
    CROSS_SITE_REFUSED = "CROSS_SITE_REFUSED"
    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    OPERATION_RESOLUTION_FAILURE = "OPERATION_RESOLUTION_FAILURE"
    CURSOR_REFUSED = "CURSOR_REFUSED"
    DOCUMENT_TOO_LARGE = "DOCUMENT_TOO_LARGE"
    COST_TOO_HIGH = "COST_TOO_HIGH"
    ONE_AT_A_TIME = "ONE_AT_A_TIME"
    DOCUMENT_NOT_TRUSTED = "DOCUMENT_NOT_TRUSTED"
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
    STORE_UNAVAILABLE = "STORE_UNAVAILABLE"
    NOT_RECORDED = "NOT_RECORDED"
    INTERNAL = "INTERNAL"


MESSAGES: dict[Code, str] = {
    Code.TOKEN_REFUSED: "The request carries no valid token.",
    Code.PURPOSE_REFUSED: "Declare one purpose of the token in the header Gateway-Purpose.",
    Code.TOO_MANY_REQUESTS: "This client asks more often than it may. Try again later.",
    Code.TOO_MANY_AT_ONCE: "This client asks more at once than it may. Wait for answers, then ask again.",
    Code.TOO_MANY_QUESTIONS: "This client has reached its hourly limit of questions. Try again later.",
    Code.TOO_MANY_PEOPLE: "The answer could name more people than this client may receive in this hour.",
    Code.BAD_REQUEST: "The request is not a well-formed GraphQL-over-HTTP request.",
    Code.METHOD_NOT_ALLOWED: "Use POST, or GET for a query.",
    Code.NOT_ACCEPTABLE: "Accept application/graphql-response+json or application/json.",
    Code.UNSUPPORTED_MEDIA_TYPE: "Send application/json, or a list as text/csv; in UTF-8, not compressed.",
    Code.REQUEST_TOO_LARGE: "The request is larger than this gateway accepts.",
    Code.CROSS_SITE_REFUSED: "Requests from another site's page are refused.",
    Code.GRAPHQL_PARSE_FAILED: "The document is not valid GraphQL syntax.",
    Code.GRAPHQL_VALIDATION_FAILED: "The document is not valid in this purpose's schema.",
    Code.BAD_USER_INPUT: "A variable or an argument does not have a value of its type.",
    Code.OPERATION_RESOLUTION_FAILURE: "The document does not hold exactly one operation of that name.",
    Code.CURSOR_REFUSED: "The cursor was not made by this field for these arguments and this purpose.",
    Code.DOCUMENT_TOO_LARGE: "The document is deeper or larger than this gateway accepts.",
    Code.COST_TOO_HIGH: "The operation could touch more rows than this gateway allows; ask for less.",
    Code.ONE_AT_A_TIME: "Offers are asked for in one place of a request, of one account named there.",
    Code.DOCUMENT_NOT_TRUSTED: "This client asks only documents that were registered for it and its purpose.",
    # Apollo's word, without a full stop: by it their clients know to send the text as well.
    Code.PERSISTED_QUERY_NOT_FOUND: "PersistedQueryNotFound",
    Code.STORE_UNAVAILABLE: "A store cannot be reached now. Try again later.",
    Code.NOT_RECORDED: "The answer cannot be recorded now, and none leaves unrecorded. Try again later.",
    Code.INTERNAL: "The gateway failed. The request id leads to the log.",
}


@dataclass(frozen=True)
class Location:
    """A place in the document: line and column, both counted from 1."""

    line: int
    column: int


class Refusal(Exception):
    """The caller's request is refused.

    `locations` and `rule` (the name of a validation rule of the GraphQL specification) depend on
    the document and the purpose's schema alone. `retry_after_s`: when it may be otherwise, if that is known.
    """

    def __init__(
        self,
        code: Code,
        locations: tuple[Location, ...] = (),
        rule: str | None = None,
        *,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(code.value)
        self.code = code
        self.locations = locations
        self.rule = rule
        self.retry_after_s = retry_after_s

    @property
    def message(self) -> str:
        """The catalogue's constant sentence for this code."""
        return MESSAGES[self.code]
