"""A recall notice reaches each client that received the data, and no other client."""

from __future__ import annotations

from tests.mutants.edits import Change, ChangeSql, mutant

RECALLS = "tests/promises/test_recalls.py"
HISTORIES = "tests/histories/test_recall_histories.py"
ISSUE = "control/0012_recalls_and_pseudonyms.sql:CREATE FUNCTION control.issue_recalls"

MUTANTS = (
    mutant(
        "recalled_without_an_objection_to_the_purpose",
        ChangeSql(
            "control/0012_recalls_and_pseudonyms.sql:CREATE FUNCTION control.issue_recalls",
            "JOIN control.ledger_question q ON q.key = e.question AND q.purpose = o.purpose",
            "JOIN control.ledger_question q ON q.key = e.question",
        ),
        "tests/promises/test_recalls.py::test_who_received_is_told_by_purpose_and_what",
    ),
    mutant(
        "recalled_from_the_messenger_alone",
        ChangeSql(
            "control/0012_recalls_and_pseudonyms.sql:CREATE FUNCTION control.issue_recalls",
            "WHERE field <> ALL (o.others)",
            "WHERE o.store = 'messenger' AND field <> ALL (o.others)",
        ),
        f"{RECALLS}::test_what_comes_from_the_messenger_is_recalled_from_the_other_network_too",
    ),
    mutant(
        "recalls_searched_for_only_once",
        ChangeSql(
            "control/0012_recalls_and_pseudonyms.sql:CREATE FUNCTION control.issue_recalls",
            "DELETE FROM control.recall_search WHERE event = ANY (due) AND looked;",
            "DELETE FROM control.recall_search WHERE event = ANY (due);",
        ),
        "tests/promises/test_recalls.py::test_an_answer_under_way_is_recalled_when_it_has_left",
    ),
    mutant(
        "acknowledged_for_another_client",
        ChangeSql(
            "control/0012_recalls_and_pseudonyms.sql:CREATE FUNCTION control.acknowledge_recalls",
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
    mutant(
        "recalled_by_the_fields_of_the_document",
        ChangeSql(ISSUE, "CASE o.store WHEN 'social' THEN q.covered END", "NULL"),
        f"{HISTORIES}::test_i47_an_objector_first_asked_about_afterwards_is_not_named",
    ),
    mutant(
        "recalled_what_was_received_after_a_withdrawal",
        ChangeSql(ISSUE, "w.id > v.id AND w.kind = 'WITHDRAW'", "false AND w.kind = 'WITHDRAW'"),
        f"{HISTORIES}::test_i47_what_is_received_after_a_withdrawal_is_not_recalled",
        f"{HISTORIES}::test_i47_a_client_is_recalled_what_it_was_told_and_nothing_else",
    ),
    mutant(
        "recalled_another_members_rows",
        ChangeSql(ISSUE, "WHERE field <> ALL (o.others) AND split_part(field, '.', 1) <> ALL (o.others)"),
        f"{HISTORIES}::test_i47_a_client_is_recalled_what_it_was_told_and_nothing_else",
        f"{HISTORIES}::test_i1_i46_nothing_hidden_changes_a_byte_of_the_feed",
    ),
    mutant(
        "recall_numbers_count_all_clients",
        ChangeSql(ISSUE, "coalesce(k.last, 0) + n.place", "(SELECT count(*) FROM control.recall) + n.place"),
        f"{HISTORIES}::test_i46_numbers_and_days_tell_a_client_nothing_of_others",
    ),
    mutant(
        "covered_whatever_the_row_came_from",
        Change("resolvers.sql.json_text:covered_mark", "not covered.kinds", "covered.kinds"),
        "tests/promises/test_ledger_people.py::test_i40_an_entry_names_exactly_the_people_and_fields_of_its_answer",
    ),
    mutant(
        "suggestions_cover_one_end",
        Change(
            "resolvers.sql.suggestion_sql:_covered",
            "[*mark(found.subject, best.c.id), *mark(owner.subject, people.c.id)]",
            "[*mark(found.subject, best.c.id)]",
        ),
        f"{HISTORIES}::test_i47_a_suggestion_from_an_address_book_is_recalled_from_both_ends",
    ),
)
