"""A role's login learns nothing of hidden rows, and a hidden row costs what an absent one costs."""

from __future__ import annotations

from tests.mutants.edits import BeginWith, Change, ChangeSql, ChangeString, mutant

LOGIN = "tests/promises/test_role_login.py::"

MUTANTS = (
    # The views hide rows from answers, and not from conditions.
    mutant(
        "conditions_on_hidden_rows",
        Change(
            "resolvers.universe.barriers:_policy_lines",
            're.sub(r"\\bt\\.", f"{relation.name}.", barrier.condition)',
            "'true'",
        ),
        f"{LOGIN}test_i49_no_condition_is_computed_on_a_hidden_row",
    ),
    mutant(
        "row_security_binds_no_one",
        Change(
            "resolvers.universe.barriers:barrier_lines",
            'yield f"ALTER VIEW {schema}.{name} OWNER TO {owner};"',
            "pass",
        ),
        f"{LOGIN}test_i49_no_condition_is_computed_on_a_hidden_row",
    ),
    mutant(
        "row_security_off_unnoticed",
        ChangeString("resolvers.universe.render:_FINGERPRINT", "c.relrowsecurity,"),
        "tests/promises/test_content.py::test_i27_a_store_with_anything_wrong_in_it_is_not_served",
    ),
    # A list of hidden ids is read, and dropped.
    mutant(
        "hidden_ids_are_read",
        ChangeSql(
            "messenger/0014_hidden_misses.sql:CREATE INDEX account_ads_listed",
            "restricted & 1",
            "restricted & 4",
        ),
        "tests/resolvers/test_hidden_misses.py::test_i7_a_list_of_keys_reads_no_hidden_row",
    ),
    mutant(
        "catalogue_open_to_logins",
        BeginWith("resolvers.universe.closing:closing_lines", "return"),
        f"{LOGIN}test_i49_the_catalogue_tells_no_login_of_changes_and_gives_it_no_lock",
    ),
    mutant(
        "statistics_of_content",
        ChangeSql(
            "messenger/0017_no_statistics.sql:ALTER TABLE content.message ALTER COLUMN body SET",
            "body SET STATISTICS 0",
            "body SET STATISTICS 100",
        ),
        f"{LOGIN}test_i49_content_has_no_statistics",
    ),
)
