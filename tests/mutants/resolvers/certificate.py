"""A universe that reaches more than the policy opens is found by the certificate alone."""

from __future__ import annotations

from tests.mutants.edits import BeginWith, Change, mutant

CERTIFICATE = (
    "tests/promises/test_certificate.py::test_each_universe_reaches_what_the_policy_opens_and_nothing_else"
)

MUTANTS = (
    mutant(
        "certified_without_the_restriction",
        BeginWith(
            "resolvers.universe.render:_condition",
            """
            if view.relation.name == "daily_usage":
                return ""
            """,
        ),
        CERTIFICATE,
    ),
    mutant(
        "certified_with_one_end_open",
        Change("resolvers.universe.render:_unrestricted", "relation.far_end is not None", "False"),
        CERTIFICATE,
    ),
    mutant(
        "certified_with_a_column_more",
        BeginWith(
            "resolvers.universe.render:_view_sql",
            """
            if view.relation.qualified == "messenger.account" and purpose.restriction_bit:
                view = replace(view, columns=view.columns | {"registered_at"})
            """,
        ),
        CERTIFICATE,
    ),
    mutant(
        "certified_with_a_branch_more",
        Change(
            "resolvers.universe.render:_view_sql",
            'f"\\n    WHERE {condition}" if condition else ""',
            """
            f"\\n    WHERE {condition} UNION ALL SELECT {columns} FROM {view.relation.qualified} t"
            """,
        ),
        CERTIFICATE,
    ),
    # A policy that hides nothing from conditions: the views' own conditions still hide rows from answers.
    mutant(
        "certified_without_row_security",
        BeginWith("resolvers.universe.barriers:barrier_lines", "barriers = {}"),
        CERTIFICATE,
    ),
    mutant(
        "gaps_unnoticed_at_the_start",
        Change(
            "gateway.upkeep.store_logins:checked_logins", "found or await gaps(connection, store)", "found"
        ),
        "tests/promises/test_certificate.py::test_a_start_refuses_what_the_certificate_does_not_prove",
    ),
)
