"""A token of one person or one business reads its own rows only."""

from __future__ import annotations

from tests.mutants.edits import BeginWith, Change, Mutant, mutant

PAIRS = (
    "tests/promises/test_noninterference.py::test_i1_i2_i13_what_is_hidden_changes_no_byte_and_no_statement"
)
# The pairs of a token of one person are the last ones in their file.
OWN_PAIRS = tuple(f"{PAIRS}[SUBJECT_ACCESS-{size}-0]" for size in (4, 12, 30))
SQL_LINT = "tests/resolvers/test_sql_lint.py"

MUTANTS = (
    Mutant(
        "objections_of_all_people",
        (
            Change(
                "resolvers.sql.statement:Renderer._own_rows",
                "found.where(owner == self.scope.refer_to(fetch.keys)).group_by(owner)",
                "found",
            ),
            Change(
                "resolvers.sql.statement:Renderer._own_rows",
                "self.scope.alias(source.relation)",
                "Scope(self.scope.sharded, {}).alias(source.relation)",
            ),
        ),
        (
            PAIRS,
            "tests/answers/test_subject.py::test_a_subject_reads_their_own_declarations",
        ),
    ),
    mutant(
        "objections_in_the_order_of_their_times",
        Change("resolvers.sources.subject:OBJECTIONS", '"id"', '"recorded_at"'),
        "tests/answers/test_subject.py::test_a_subject_reads_their_own_declarations",
    ),
    mutant(
        "own_declarations_not_narrowed_where_they_are_read",
        Change(
            "resolvers.sql.scope:Scope.alias",
            "owned is None",
            'owned is None or relation.name == "objection_event"',
        ),
        f"{SQL_LINT}::test_every_use_of_an_owned_relation_is_narrowed_to_the_tokens_own_rows",
    ),
    mutant(
        "own_rows_forgotten_in_one_place",
        Change(
            "resolvers.sql.scope:Scope.alias",
            "owned is None",
            'owned is None or relation.name == "phone_binding"',
        ),
        *OWN_PAIRS,
        f"{SQL_LINT}::test_every_use_of_an_owned_relation_is_narrowed_to_the_tokens_own_rows",
    ),
    mutant(
        "missing_principal_is_no_condition",
        Change(
            "resolvers.sql.scope:Scope.alias",
            "clause.c[column] == self.refer_to(OWN_KEYS[Own(owner)])",
            "func.coalesce(self.refer_to(OWN_KEYS[Own(owner)]), clause.c[column]) == clause.c[column]",
        ),
        "tests/promises/test_universe.py::test_a_subject_with_one_account_has_nothing_on_the_other_store",
    ),
    mutant(
        "far_end_of_a_link_is_shown",
        Change(
            "resolvers.sql.scope:Scope.alias",
            "(*owned.keys, *owned.far) if both_ends else owned.keys",
            "owned.keys",
        ),
        *OWN_PAIRS,
    ),
    mutant(
        "a_link_by_one_of_its_accounts",
        Change(
            "resolvers.universe.views:_keys_of",
            "tuple((owner, column) for owner, column in view.relation.owners.items() if owner in whose)",
            """
            tuple(
                (owner, column) for owner, column in view.relation.owners.items() if owner in whose
            )[:1]
            """,
        ),
        "tests/promises/test_universe.py::test_a_link_to_somebody_else_is_not_the_tokens_own",
    ),
    mutant(
        "token_without_a_principal_opens_its_purpose",
        Change("resolvers.plan.principal:Principal.under", "return None", "return NO_PRINCIPAL"),
        "tests/gateway/test_tokens.py::test_a_token_from_before_bindings_opens_nothing_that_needs_one",
    ),
    mutant(
        "conversations_of_every_business",
        Change(
            "resolvers.sql.scope:Scope.alias",
            "[clause.c[column] == self.refer_to(OWN_KEYS[Own(owner)]) for owner, column in keys]",
            """
            [
                clause.c[column] == self.refer_to(OWN_KEYS[Own(owner)])
                for owner, column in keys
                if owner != "business_id"
            ]
            """,
        ),
        "tests/answers/test_business.py::test_i1_a_business_sees_its_own_conversations_and_no_others",
    ),
    mutant(
        "customers_of_any_business",
        Change(
            "resolvers.sql.scope:Scope._takes_part",
            """
            [
                other.c[part.account] == account,
                other.c[part.business] == self.refer_to(OWN_KEYS[Own.BUSINESS]),
            ]
            """,
            "[other.c[part.account] == account]",
        ),
        "tests/answers/test_business.py::test_i7_a_customer_of_another_business_does_not_exist",
    ),
    # The count of the stored messages instead of the count in the conversation's row.
    Mutant(
        "message_count_from_content",
        (
            BeginWith(
                "resolvers.universe.render:_view_sql",
                """
                said = "FROM content.business_message m WHERE m.conversation_id = t.id"

                def shown(name):
                    if name == "message_count":
                        return f"(SELECT count(*) {said})::integer {name}"
                    return f"t.{name}"
                """,
            ),
            Change("resolvers.universe.render:_view_sql", 'f"t.{_identifier(name)}"', "shown(name)"),
        ),
        ("tests/answers/test_business.py::test_i29_the_number_of_messages_is_the_conversation_s_own",),
    ),
)
