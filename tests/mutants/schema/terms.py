"""Who may object depends on the profile, to the second."""

from __future__ import annotations

from tests.mutants.edits import Change, mutant

OBJECTION = "tests/promises/test_objection.py"

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
)
