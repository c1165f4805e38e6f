"""Verification finds every changed, inserted or removed entry."""

from __future__ import annotations

from tests.mutants.edits import Change, ChangeString, mutant

LEDGER_REPORTS = "tests/gateway/test_ledger_reports.py"
PUBLISHING = "tests/gateway/test_ledger_publishing.py"
REFERENCES = "tests/gateway/test_ledger_references.py"

MUTANTS = (
    mutant(
        "hashes_not_looked_at",
        Change(
            "gateway.ledger.verify:_Verification._take",
            "stream.begun and entry_hash(stream.hash, entry) != hash_",
            "False",
        ),
        "tests/gateway/test_ledger_verify.py::test_i42_a_changed_entry_is_named",
    ),
    mutant(
        "gaps_not_looked_at",
        Change("gateway.ledger.verify:_Verification._take", "entry.number > stream.number + 1", "False"),
        "tests/gateway/test_ledger_verify.py::test_i42_a_removed_entry_is_named",
    ),
    mutant(
        "ends_not_looked_at",
        Change("gateway.ledger.verify:_Verification._check_ends", "reached < last.number", "False"),
        "tests/gateway/test_ledger_verify.py::test_i42_removed_ends_are_named",
    ),
    mutant(
        "signatures_not_looked_at",
        Change("gateway.ledger.chain:is_signed", "False", "True"),
        "tests/gateway/test_ledger_verify.py::test_i42_a_changed_checkpoint_is_named",
    ),
    mutant(
        "heads_not_compared",
        Change(
            "gateway.ledger.verify:_Verification._read",
            "signed is not None and signed.hash != hash_",
            "False",
        ),
        "tests/gateway/test_ledger_verify.py::test_i42_a_rewritten_stream_is_named",
    ),
    mutant(
        "entries_hashed_one_by_one",
        Change("gateway.ledger.chain:entry_hash", "before + entry_text(entry)", "entry_text(entry)"),
        "tests/gateway/test_ledger_verify.py::test_i42_an_inserted_entry_is_named",
        "tests/gateway/test_ledger_verify.py::test_i42_a_rewritten_stream_is_named",
        "tests/gateway/test_ledger_verify.py::test_i42_a_changed_entry_is_named",
    ),
    mutant(
        "objectors_never_found",
        ChangeString(
            "gateway.ledger.reports:_OBJECTORS", "AND e.at < least(o.until, $2)", "AND e.at < o.since"
        ),
        "tests/gateway/test_ledger_reports.py::test_an_entry_that_should_not_be_is_found",
    ),
    mutant(
        "reports_of_one_account_alone",
        ChangeString(
            "gateway.ledger.reports:_OF_PERSON",
            "WHERE (store, account_id) IN (('messenger', $1), ('social', $2))",
            "WHERE (store, account_id) = ('messenger', $1) AND ($2::bigint IS NULL OR true)",
        ),
        f"{LEDGER_REPORTS}::test_i43_the_subject_s_report_equals_all_entries_naming_them",
    ),
    mutant(
        "people_not_compared",
        Change(
            "gateway.ledger.verify_people:PeopleVerification._wrong",
            '_commitment_of(row) == row["commitment"]',
            "True",
        ),
        f"{REFERENCES}::test_i50_swapped_people_are_found",
        f"{REFERENCES}::test_i50_every_generated_tampering_is_found[swap_two]",
    ),
    mutant(
        "exchanged_reports_not_noticed",
        Change(
            "gateway.ledger.verify_people:has_exchanged_link",
            '_commitment_of(row) != row["commitment"]',
            "False",
        ),
        f"{REFERENCES}::test_i50_a_report_of_an_exchanged_person_says_so",
    ),
    mutant(
        "removed_people_taken_for_forgotten",
        Change(
            "gateway.ledger.verify_people:PeopleVerification._wrong",
            'None if row["erased"] else "removed person"',
            "None",
        ),
        f"{REFERENCES}::test_i50_a_removed_person_is_found",
    ),
    mutant(
        "events_not_signed",
        Change(
            "gateway.ledger.verify_people:PeopleVerification._check_signature",
            'not is_signed(self._public, CHECKPOINT, head, signature=row["signature"])',
            "False",
        ),
        f"{REFERENCES}::test_i50_a_forged_forget_is_found",
    ),
    mutant(
        "events_not_hashed",
        Change(
            "gateway.ledger.verify_people:PeopleVerification._check_event",
            'event_hash(before, PeopleEvent(*list(row)[:6])) != row["hash"]',
            "False",
        ),
        f"{REFERENCES}::test_i50_an_erasure_for_another_person_is_found",
    ),
    mutant(
        "people_without_a_commitment_taken_for_old",
        Change(
            "gateway.ledger.verify_people:PeopleVerification._wrong",
            "self.found.since is not None",
            "False",
        ),
        f"{REFERENCES}::test_i50_a_person_without_a_commitment_is_found",
    ),
    mutant(
        "commitments_without_the_account",
        Change(
            "gateway.ledger.commitments:commitment",
            'f"{store} {account_id} {reference}"',
            'f"{reference}"',
        ),
        f"{REFERENCES}::test_i50_every_generated_tampering_is_found[move_to_no_account]",
    ),
    mutant(
        "published_heads_not_counted",
        Change(
            "gateway.ledger.verify:_Verification._read",
            "entry.number > self._last_published.get(stream_id, 0)",
            "False",
        ),
        f"{PUBLISHING}::test_verification_says_how_much_is_not_published",
    ),
    mutant(
        "heads_not_published",
        Change("gateway.ledger.record:Ledger._sign", "self._publish(Signed(each, signature))"),
        f"{PUBLISHING}::test_the_last_heads_are_published_when_the_gateway_stops",
    ),
    mutant(
        "undelivered_heads_dropped",
        Change("gateway.ledger.publishing:Place.publish", "self._waiting = wanted | self._waiting"),
        f"{PUBLISHING}::test_a_command_that_fails_keeps_the_newest_head_of_each_stream",
    ),
    mutant(
        "secret_given_to_the_command",
        Change("gateway.ledger.publishing:run_command", 'name.startswith("GATEWAY_")', "False"),
        f"{PUBLISHING}::test_a_command_gets_the_lines_and_not_the_secret",
    ),
    mutant(
        "forgotten_without_a_record",
        Change("gateway.ledger.retention:forget", "await control.execute(ADD_EVENT, *event)"),
        f"{REFERENCES}::test_i50_a_removed_person_is_found",
    ),
)
