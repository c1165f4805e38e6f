"""Each purpose sees the fields, arguments, filters and changes that its policy opens, and no others."""

from __future__ import annotations

from tests.mutants.edits import Change, mutant

MUTANTS = (
    mutant(
        "filter_for_a_hidden_field",
        Change(
            "schema.types.messenger:MessengerAccountFilter.registered_at",
            '"MessengerAccount.registeredAt"',
            '"MessengerAccount.id"',
        ),
        "tests/promises/test_universe.py::test_i7_a_hidden_field_fails_like_one_that_does_not_exist",
    ),
    mutant(
        "phone_argument_for_every_purpose",
        Change("schema.query:Query.messenger_account", '"MessengerAccount.phone"', '"MessengerAccount.id"'),
        "tests/promises/test_universe.py::test_i7_a_phone_finds_no_account_where_phones_are_not_seen",
    ),
    mutant(
        "display_name_for_ads",
        Change(
            "schema.types.social:SocialAccount.display_name", '"- - V - V P O - -"', '"V - V - V P O - -"'
        ),
        "tests/promises/test_content.py::test_i28_every_field_of_every_schema_is_in_the_matrix",
    ),
    mutant(
        "changes_for_every_purpose",
        Change(
            "schema.build:terms_open",
            "only is purpose and (rows is None or rows_open(rows, purpose))",
            "rows is None or rows_open(rows, purpose)",
        ),
        "tests/answers/test_mutations.py::test_no_other_purpose_can_change_anything",
    ),
    mutant(
        "review_without_what_is_included",
        Change(
            "schema.disclosed_fields:_Walk.through",
            "isinstance(node, FragmentSpreadNode)",
            "isinstance(node, FragmentSpreadNode) and not node.directives",
        ),
        "tests/commands/test_documents_commands.py::test_the_review_names_every_field_of_every_person",
    ),
)
