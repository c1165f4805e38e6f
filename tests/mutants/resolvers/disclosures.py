"""A disclosure names every person in the answer, and is shown to that person only."""

from __future__ import annotations

from tests.mutants.edits import Change, ChangeSql, ChangeString, mutant

LEDGER_PEOPLE = "tests/promises/test_ledger_people.py"
NAMES = "control/0018_audit_names.sql:CREATE OR REPLACE VIEW control.disclosure"

MUTANTS = (
    mutant(
        "answers_without_an_identifier_are_not_attributed",
        Change(
            "resolvers.sql.tree_text:TreeText._object",
            "pieces if subject is None else [*self._mark(bound.source, subject, row), *pieces]",
            "pieces",
        ),
        f"{LEDGER_PEOPLE}::test_i40_an_entry_names_exactly_the_people_and_fields_of_its_answer",
    ),
    mutant(
        "identifiers_are_not_attributed",
        Change(
            "resolvers.sql.tree_text:TreeText._object",
            "[f'\"{bound.source.prefix}{kept}', row.key, f'{KEPT}\"']",
            "[f'\"{bound.source.prefix}', row.key, '\"']",
        ),
        f"{LEDGER_PEOPLE}::test_i40_an_entry_names_exactly_the_people_and_fields_of_its_answer",
    ),
    mutant(
        "customer_of_a_conversation_is_not_recorded",
        Change(
            "resolvers.sources.business:SOCIAL_CONVERSATION",
            'AboutPerson(catalogue.Store.SOCIAL, "account_id", nullable=True)',
            "None",
        ),
        f"{LEDGER_PEOPLE}::test_i40_an_entry_names_exactly_the_people_and_fields_of_its_answer",
    ),
    mutant(
        "suggested_people_are_not_recorded",
        Change(
            "resolvers.compile.bind:Binder._suggestions",
            """
            SuggestionsOf(
                node.source, members, node.size, slot=slot, subject=node.subject, covered=node.covered
            )
            """,
            "SuggestionsOf(node.source, members, node.size, slot=slot, covered=node.covered)",
        ),
        f"{LEDGER_PEOPLE}::test_i40_an_entry_names_exactly_the_people_and_fields_of_its_answer",
    ),
    mutant(
        "fields_of_summaries_forgotten",
        Change("resolvers.compile.subjects:Places._visit", "_names(node.type, node.members)", "()"),
        f"{LEDGER_PEOPLE}::test_i40_an_entry_names_exactly_the_people_and_fields_of_its_answer",
    ),
    mutant(
        "fields_of_all_people_for_each_person",
        Change(
            "resolvers.reads.disclosures:disclosed_fields",
            "(field for place in places for field in fields[place])",
            "(field for place in fields for field in place)",
        ),
        "tests/answers/test_disclosures.py::test_i43_a_person_sees_exactly_the_entries_that_name_them",
    ),
    mutant(
        "disclosures_of_all_people_for_a_subject",
        ChangeString(
            "resolvers.reads.disclosures:_OWN",
            "WHERE (store, account_id) IN (('messenger', $6), ('social', $7))",
            "WHERE ($6::bigint IS NOT NULL OR $7::bigint IS NOT NULL)",
        ),
        "tests/answers/test_disclosures.py::test_i43_a_person_sees_exactly_the_entries_that_name_them",
    ),
    mutant(
        "reading_the_audit_is_not_recorded",
        Change(
            "resolvers.reads.disclosures:ReadDisclosures.page",
            'self._people.note("disclosures", Who.REFERENCE, map(str, row["people"]))',
            "pass",
        ),
        "tests/answers/test_disclosures.py::test_what_audit_reads_is_recorded_with_the_people_that_it_names",
    ),
    mutant(
        "audit_reads_its_own_entries_with_names",
        ChangeSql(NAMES, "e.counts, '{}'::bigint[],", "e.counts, e.people,"),
        "tests/promises/test_pseudonyms.py::test_i1_no_question_of_the_auditor_joins_a_pseudonym_and_a_reference",
        "tests/promises/test_pseudonyms.py::test_i46_an_exercised_right_names_no_reference",
    ),
    mutant(
        "history_of_the_present_day",
        ChangeSql(
            "control/0018_audit_names.sql:CREATE VIEW control.audited_objection",
            "WHERE e.recorded_at < date_trunc('day', now() - interval '1 hour', 'UTC')",
        ),
        "tests/promises/test_pseudonyms.py::test_i46_neither_order_nor_time_nor_looking_again_tells_who_objected",
    ),
    mutant(
        "terms_under_a_pseudonym_with_their_time",
        Change(
            "resolvers.universe.render:_pseudonymous_view_sql",
            "about.type == 'timestamptz'",
            "about.type == 'time'",
        ),
        "tests/promises/test_pseudonyms.py::test_i46_terms_under_a_pseudonym_have_days",
    ),
)
