"""An erased person leaves nothing but an objection in force, which still binds."""

from __future__ import annotations

from tests.mutants.edits import Change, ChangeSql, ChangeString, mutant

ERASURE = "tests/promises/test_erasure.py"

MUTANTS = (
    mutant(
        "erasure_takes_the_objection_with_it",
        Change("resolvers.changes.erasure:_history", "newest if bits else 0", "0"),
        f"{ERASURE}::test_no_table_of_the_gateway_says_anything_of_an_erased_person",
    ),
    mutant(
        "erasure_keeps_the_history",
        Change(
            "resolvers.changes.erasure:_history",
            "gone = _count(await control.execute(_EVENTS, account_id, ERASED, kept))",
            "gone = 0",
        ),
        f"{ERASURE}::test_no_table_of_the_gateway_says_anything_of_an_erased_person",
    ),
    mutant(
        "erased_people_named_again",
        ChangeString("resolvers.changes.pseudonyms:_ALL_UNNAMED", "WHERE channel <> 'erased' AND", "WHERE"),
        f"{ERASURE}::test_what_stays_of_an_erased_person_gets_no_pseudonym_again",
    ),
    mutant(
        "links_erased_before_what_is_kept_under_them",
        Change(
            "resolvers.changes.erasure:erase",
            "counted = await _run(stores.control, _COUNTED, *_accounts(person))",
            "counted = 0",
        ),
        f"{ERASURE}::test_no_table_of_the_gateway_says_anything_of_an_erased_person",
    ),
    mutant(
        "open_notices_erased",
        ChangeString("resolvers.changes.erasure:_NOTICES", "AND acknowledged_at IS NOT NULL", ""),
        f"{ERASURE}::test_a_notice_that_its_client_has_not_acknowledged_stays",
    ),
    mutant(
        "history_rewritten_outside_an_erasure",
        ChangeSql(
            "control/0017_erasure.sql:CREATE OR REPLACE FUNCTION control.refuse_change",
            "current_setting('gateway.erasing', true) = 'on'",
            "true",
        ),
        f"{ERASURE}::test_only_the_command_may_delete_what_is_append_only",
    ),
)
