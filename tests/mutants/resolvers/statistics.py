"""Statistics name no person, and count what the events say."""

from __future__ import annotations

from tests.mutants.edits import Change, ChangeSql, ChangeString, mutant

TALLY = "control/0018_audit_names.sql:CREATE VIEW control.objection_tally"

MUTANTS = (
    mutant(
        "audit_sees_the_number",
        ChangeString(
            "resolvers.universe.render:_pseudonymous_view_sql",
            "SELECT p.person,",
            "SELECT t.account_id::text AS person,",
        ),
        "tests/promises/test_pseudonyms.py::test_i1_who_it_was_changes_nothing_but_the_name",
    ),
    mutant(
        "a_name_that_counting_undoes",
        Change("resolvers.changes.pseudonyms:naming", "key", 'b""'),
        "tests/promises/test_pseudonyms.py::test_i1_a_name_is_an_hmac_under_a_key_that_no_store_has",
    ),
    mutant(
        "a_withdrawal_does_not_count",
        ChangeSql(
            TALLY,
            "- count(*) FILTER (WHERE kind = 'WITHDRAW' AND before = 'OBJECT') AS more",
            "AS more",
        ),
        "tests/promises/test_pseudonyms.py::test_i24_the_counts_are_the_fold_of_the_events",
    ),
    mutant(
        "repeated_objection_counts_twice",
        ChangeSql(TALLY, "AND before = 'WITHDRAW')", ")"),
        "tests/answers/test_statistics.py::test_i24_objections_over_time_are_the_fold_of_the_events",
    ),
)
