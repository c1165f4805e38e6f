"""A store whose tables, views or privileges differ from the policy is noticed."""

from __future__ import annotations

from tests.mutants.edits import Change, mutant

MUTANTS = (
    mutant(
        "unclassified_column_unnoticed",
        Change(
            "resolvers.universe.inspection:_column_differences",
            "there - known, known - there",
            "set(), known - there",
        ),
        "tests/promises/test_content.py::test_i27_a_store_with_anything_wrong_in_it_is_not_served",
    ),
    mutant(
        "column_privilege_unnoticed",
        Change("resolvers.universe.inspection:_role_differences", '"reads_some"', '"reads"'),
        "tests/promises/test_content.py::test_i27_a_store_with_anything_wrong_in_it_is_not_served",
    ),
    mutant(
        "changed_view_unnoticed",
        Change(
            "resolvers.universe.inspection:_universe_differences", "comment.split()[3:4] != [actual]", "False"
        ),
        "tests/promises/test_content.py::test_i27_a_store_with_anything_wrong_in_it_is_not_served",
    ),
)
