"""An identifier is sealed for its purpose, and tells no number."""

from __future__ import annotations

from tests.mutants.edits import Change, mutant

IDENTIFIERS = "tests/promises/test_identifiers.py"
GOLDEN = "tests/resolvers/test_plans.py::test_a_sealed_answer_holds_no_plain_identifier"

MUTANTS = (
    mutant(
        "identifiers_plain",
        Change(
            "resolvers.plan.identifiers:Identifiers.seal_for",
            "self._scope is IdentifierScope.PLAIN",
            "True",
        ),
        f"{IDENTIFIERS}::test_i7_a_gap_between_identifiers_tells_of_no_objector",
    ),
    mutant(
        "identifier_key_without_purpose",
        Change(
            "resolvers.plan.identifiers:Identifiers._make",
            'f"{self._scope}|{purpose}|{client}"',
            'f"{self._scope}|{client}"',
        ),
        f"{IDENTIFIERS}::test_a_purposes_identifiers_are_equal_within_it_and_unknown_outside",
    ),
    mutant(
        "identifier_key_without_client",
        Change(
            "resolvers.plan.identifiers:Identifiers._make",
            'f"{self._scope}|{purpose}|{client}"',
            'f"{self._scope}|{purpose}"',
        ),
        f"{IDENTIFIERS}::test_a_clients_identifiers_and_cursors_are_its_own",
    ),
    mutant(
        "identifier_not_authenticated",
        Change(
            "resolvers.plan.identifiers:_below_zero",
            "min(number, ~number)",
            "number",
        ),
        f"{IDENTIFIERS}::test_i7_a_foreign_or_forged_identifier_is_nobodys",
        f"{IDENTIFIERS}::test_each_identifier_is_as_the_kit_says",
    ),
    mutant(
        "identifier_of_equal_numbers_equal",
        Change("resolvers.plan.identifiers:_kind_of", "prefix.encode()", 'b"id_"'),
        f"{IDENTIFIERS}::test_equal_numbers_of_two_types_have_unrelated_identifiers",
    ),
    mutant(
        "forged_identifier_is_an_error",
        Change(
            "resolvers.plan.identifiers:Seal.open",
            "return number if kind == _kind_of(prefix) else _below_zero(number)",
            """
            if kind != _kind_of(prefix):
                raise Refusal(Code.BAD_USER_INPUT)
            return number
            """,
        ),
        f"{IDENTIFIERS}::test_i7_a_foreign_or_forged_identifier_is_nobodys",
    ),
    mutant(
        "identifier_plain_where_no_person_is_named",
        Change(
            "resolvers.sql.tree_text:TreeText._object",
            """[f'"{bound.source.prefix}{KEY}', row.key, f'{KEY}"']""",
            """[f'"{bound.source.prefix}', row.key, '"']""",
        ),
        GOLDEN,
        f"{IDENTIFIERS}::test_every_kind_of_object_is_sealed",
    ),
    mutant(
        "identifier_plain_in_recalls",
        Change("gateway.recalls.desk:Feed.page", "recall_of(row, self._seal)", "recall_of(row, None)"),
        f"{IDENTIFIERS}::test_i46_a_recall_names_the_person_as_the_answers_did",
    ),
    mutant(
        "identifier_of_an_offer_plain",
        Change(
            "resolvers.changes.customer_lists:CustomerLists.offer_number",
            "identified(identifier, OFFER.prefix, self.seal)",
            "identified(identifier, OFFER.prefix, None)",
        ),
        f"{IDENTIFIERS}::test_a_merchants_offer_is_named_as_in_its_answers",
    ),
    mutant(
        "cursor_of_another_client",
        Change(
            "resolvers.plan.principal:caller_text",
            'f"client {variables.seal.client}|" if variables.seal and variables.seal.client else ""',
            '""',
        ),
        f"{IDENTIFIERS}::test_a_clients_identifiers_and_cursors_are_its_own",
    ),
    mutant(
        "cursor_as_long_as_its_number",
        Change(
            "resolvers.plan.cursors:Cursors.seal",
            "plain.ljust(-(-len(plain) // FILLED_TO) * FILLED_TO)",
            "plain",
        ),
        f"{IDENTIFIERS}::test_i12_a_cursors_length_tells_no_number",
    ),
)
