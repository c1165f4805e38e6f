"""Suggestions use visible people and links only, in the documented order."""

from __future__ import annotations

from tests.mutants.edits import BeginWith, Change, Mutant, mutant

MUTANTS = (
    # The far end's objection no longer hides the contact.
    mutant(
        "objectors_are_suggested",
        BeginWith(
            "resolvers.universe.render:_condition",
            """
            if view.relation.name in {"contact", "messenger_lookup"}:
                return ""
            """,
        ),
        "tests/promises/test_suggestions.py::test_i20_a_contact_is_one_only_if_neither_end_objected",
    ),
    # A hidden contact is not named, and yet it is ranked before all others.
    Mutant(
        "hidden_contact_leaves_its_rank",
        (
            BeginWith(
                "resolvers.universe.render:_condition",
                """
                if view.relation.name in {"contact", "messenger_lookup", "account"}:
                    return ""
                """,
            ),
            Change("resolvers.sql.suggestion_sql:_best", "contact > _number(0)", "mutual < _number(1)"),
        ),
        ("tests/promises/test_suggestions.py::test_i20_a_contact_is_one_only_if_neither_end_objected",),
    ),
    # Paths through friends beyond the bound count as well, unlike the documented count.
    mutant(
        "mutual_counts_on_raw_data",
        Change("resolvers.sql.suggestion_sql:_paths", "of.source.friends_of_each", "10**9"),
        "tests/promises/test_suggestions.py::test_only_the_first_of_many_friends_and_contacts_count",
    ),
    mutant(
        "suggestions_include_friends",
        Change("resolvers.sql.suggestion_sql:_best", "~tied.exists()", "found.c.id != person.c.id"),
        "tests/promises/test_suggestions.py::test_contacts_come_first_then_who_shares_most_friends",
    ),
    # A token of one person would take other people's keys from one store to the other.
    mutant(
        "suggestions_follow_own_links_only",
        Change(
            "resolvers.sql.suggestion_sql:_first_of_each",
            "scope.alias(relation, both_ends=True)",
            "scope.alias(relation)",
        ),
        "tests/promises/test_suggestions.py::test_a_token_of_one_person_gets_no_suggestions",
    ),
    mutant(
        "objector_found_by_number",
        BeginWith(
            "resolvers.universe.render:_condition",
            """
            if view.relation.name == "number_lookup":
                return ""
            """,
        ),
        "tests/promises/test_suggestions.py::test_i7_an_objector_reads_like_an_unused_number",
    ),
)
