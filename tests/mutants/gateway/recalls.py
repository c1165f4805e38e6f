"""A recall notice reaches each client that received the data, and no other client."""

from __future__ import annotations

from tests.mutants.edits import Change, ChangeSql, mutant

RECALLS = "tests/promises/test_recalls.py"

MUTANTS = (
    mutant(
        "recalled_without_an_objection_to_the_purpose",
        ChangeSql(
            "control/0009_recalls.sql:CREATE FUNCTION control.issue_recalls",
            "JOIN control.ledger_question q ON q.key = e.question AND q.purpose = o.purpose",
            "JOIN control.ledger_question q ON q.key = e.question",
        ),
        "tests/promises/test_recalls.py::test_who_received_is_told_by_purpose_and_what",
    ),
    mutant(
        "recalled_from_the_messenger_alone",
        ChangeSql(
            "control/0009_recalls.sql:CREATE FUNCTION control.issue_recalls",
            "WHERE o.store = 'messenger' OR field = ANY (o.derived)",
            "WHERE o.store = 'messenger'",
        ),
        f"{RECALLS}::test_what_comes_from_the_messenger_is_recalled_from_the_other_network_too",
    ),
    mutant(
        "recalls_searched_for_only_once",
        ChangeSql(
            "control/0009_recalls.sql:CREATE FUNCTION control.issue_recalls",
            "DELETE FROM control.recall_search WHERE event = ANY (due) AND looked;",
            "DELETE FROM control.recall_search WHERE event = ANY (due);",
        ),
        "tests/promises/test_recalls.py::test_an_answer_under_way_is_recalled_when_it_has_left",
    ),
    mutant(
        "acknowledged_for_another_client",
        ChangeSql(
            "control/0009_recalls.sql:CREATE FUNCTION control.acknowledge_recalls",
            "WHERE number = ANY (numbers) AND client = of_client AND received_for = of_purpose",
            "WHERE number = ANY (numbers)",
        ),
        "tests/promises/test_recalls.py::test_each_client_reads_its_own_notices_alone",
    ),
    mutant(
        "notices_unrecorded",
        Change("gateway.recalls.desk:Feed.page", "await self._record(rows)"),
        "tests/promises/test_recalls.py::test_no_notice_leaves_unrecorded",
    ),
    mutant(
        "streams_outlive_their_token",
        Change("gateway.recalls.desk:Feed.follow", "self._still_asks()"),
        f"{RECALLS}::test_a_stream_ends_when_its_token_is_revoked_and_when_the_gateway_stops",
    ),
)
