"""Whatever tells that a chosen person is there is recorded."""

from __future__ import annotations

from tests.mutants.edits import Change, mutant

NAMED = (
    "tests/promises/test_existence.py"
    "::test_i40_i45_whatever_tells_that_a_person_is_there_is_an_entry_that_names_them"
)

MUTANTS = (
    mutant(
        "count_without_entry",
        Change("resolvers.compile.compiler:_shape", "not subjects and not chosen", "not subjects"),
        "tests/promises/test_existence.py"
        "::test_i45_a_count_under_a_filter_and_a_page_that_names_no_one_are_entries",
    ),
    mutant(
        "count_of_numbers_names_no_one",
        Change("resolvers.compile.questions:_names_people", "return keyed", "return False"),
        NAMED,
    ),
    mutant(
        "cursors_name_no_one",
        Change(
            "resolvers.compile.questions:_names_people",
            "return any(name in CURSORS for _, name in members if isinstance(name, str))",
            "return False",
        ),
        NAMED,
    ),
    mutant(
        "each_list_of_numbers_is_one_question",
        Change(
            "resolvers.compile.questions:_QuestionWalk._ask_of_list",
            "(*rows, list_.rows.size)",
            "rows",
        ),
        NAMED,
    ),
)
