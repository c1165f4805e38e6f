"""No response and no log line quotes an exception, and no request is lost from the counts."""

from __future__ import annotations

from tests.mutants.edits import Change, mutant

MUTANTS = (
    mutant(
        "counts_are_lost_with_the_store",
        Change("gateway.web.tally:note_requests", "tally.give_back(taken)", "pass"),
        "tests/answers/test_statistics.py::test_counts_survive_a_store_that_was_away",
    ),
    mutant(
        "exception_text_to_the_client",
        Change(
            "gateway.web.graphql:GraphQLEndpoint.__call__",
            "code, given = refusal.code, refused(refusal, graphql_response)",
            """
            code, given = refusal.code, refused(refusal, graphql_response)
            if code is Code.INTERNAL:
                given = Answer(
                    500,
                    b'{"errors":[{"message":"%s","extensions":{"code":"INTERNAL"}}]}'
                    % str(failure).encode(),
                )
            """,
        ),
        "tests/promises/test_content.py::test_i26_a_store_that_fails_over_content_does_not_quote_it",
    ),
    mutant(
        "log_quotes_the_exception",
        Change(
            "gateway.terminal.logs:ScrubbingFormatter.format",
            "str(record.msg).strip()",
            'f"{record.msg} {record.exc_info and record.exc_info[1]}"',
        ),
        "tests/promises/test_content.py::test_i26_a_store_that_fails_over_content_does_not_quote_it",
    ),
    mutant(
        "request_ids_count",
        Change(
            "gateway.web.responses:request_ids",
            "block = random(IDS_AT_ONCE * ID_BYTES).hex().encode()",
            """
            first = random(ID_BYTES)
            block = b"".join((first[:12] + n.to_bytes(4)).hex().encode() for n in range(IDS_AT_ONCE))
            """,
        ),
        "tests/gateway/test_responses.py::test_i46_a_request_id_says_nothing_of_another_one",
    ),
)
