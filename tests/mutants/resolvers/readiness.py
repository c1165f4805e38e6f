"""A store whose tables, views or privileges differ from the policy is noticed."""

from __future__ import annotations

from tests.mutants.edits import Change, ChangeString, mutant

TAMPERING = "tests/promises/test_tampering.py::test_i48_a_store_that_does_something_else_is_noticed"

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
    mutant(
        "an_emptied_function_unnoticed",
        Change("resolvers.universe.effect.functions:_is", "body == wanted.body", "True"),
        TAMPERING,
    ),
    mutant(
        "a_condition_of_a_trigger_unnoticed",
        Change(
            "resolvers.universe.effect.functions:_trigger_differences",
            "shape_of(row['spelled']) != wanted[name].shape",
            "False",
        ),
        TAMPERING,
    ),
    mutant(
        "a_trigger_that_replication_passes_unnoticed",
        Change("resolvers.universe.effect.functions:_trigger_differences", "row['enabled'] != 'A'", "False"),
        TAMPERING,
    ),
    mutant(
        "a_check_that_lets_quotes_in_unnoticed",
        Change(
            "resolvers.universe.effect.unescaped:_keeps_code",
            "_SAFE_PATTERN.fullmatch(found[1]) is not None",
            "True",
        ),
        TAMPERING,
    ),
    mutant(
        "settings_of_the_database_unnoticed",
        ChangeString("resolvers.universe.effect.settings:_SET", "s.setrole = 0 OR", ""),
        TAMPERING,
    ),
    mutant(
        "grants_on_the_catalogue_unnoticed",
        Change(
            "resolvers.universe.effect.outside:outside_differences",
            "[_CATALOGUE, _LARGE_OBJECTS, _OTHERS]",
            "[_LARGE_OBJECTS, _OTHERS]",
        ),
        TAMPERING,
    ),
)
