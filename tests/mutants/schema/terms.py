"""Who may object depends on the profile, to the second."""

from __future__ import annotations

from tests.mutants.edits import Change, ChangeSql, mutant

OBJECTION = "tests/promises/test_objection.py"
TIMES = "tests/promises/test_times_of_rights.py"

MUTANTS = (
    mutant(
        "new_members_may_object",
        Change(
            "schema.terms.profiles:eligibility",
            "registered_at >= TERMS_OF_2016",
            "registered_at > TERMS_OF_2016",
        ),
        f"{OBJECTION}::test_i18_members_from_before_the_terms_may_object_and_later_ones_not",
    ),
    mutant(
        "the_window_is_open_a_second_longer",
        Change("schema.terms.profiles:eligibility", "now < closes", "now <= closes"),
        "tests/answers/test_mutations.py::test_i18_the_profile_decides_who_may_object",
    ),
    mutant(
        "the_window_ends_a_fraction_early",
        Change(
            "schema.terms.profiles:eligibility",
            "_whole_second_after(accepted_at + WINDOW)",
            "(accepted_at + WINDOW).replace(microsecond=0)",
        ),
        f"{TIMES}::test_i18_a_store_s_time_decides_as_the_true_one",
    ),
    mutant(
        "the_registration_is_rounded",
        ChangeSql(
            "messenger/0016_times_of_rights.sql:ALTER TABLE messenger.account ALTER COLUMN registered_at",
            "TYPE timestamptz",
            "TYPE timestamptz(0)",
        ),
        f"{TIMES}::test_i18_the_last_fraction_of_a_second_before_the_terms_is_before_them",
        f"{TIMES}::test_no_time_that_decides_is_rounded",
    ),
)
