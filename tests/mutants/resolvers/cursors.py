"""A cursor opens only what it was issued for, and a cached plan serves one purpose."""

from __future__ import annotations

from tests.mutants.edits import Change, mutant

UNIVERSE = "tests/promises/test_universe.py"

MUTANTS = (
    mutant(
        "cursor_in_the_clear",
        Change(
            "resolvers.plan.cursors:Cursors.seal",
            "self._cipher.encrypt(filled, [sealed_for])",
            "filled",
        ),
        "tests/promises/test_universe.py::test_i12_a_cursor_tells_nothing_to_its_bearer",
    ),
    mutant(
        "cache_without_purpose",
        Change(
            "resolvers.compile.cache:PlanCache.prepare",
            "(purpose, document, operation_name)",
            "(Purpose.SECURITY, document, operation_name)",
        ),
        "tests/promises/test_universe.py::test_i7_a_phone_finds_no_account_where_phones_are_not_seen",
    ),
    mutant(
        "cursor_of_another_subject",
        Change(
            "resolvers.compile.list_arguments:ListArguments.cursor_sealed_for",
            'f"{prefix}{caller_text(variables)}{suffix}"',
            'f"{prefix}{suffix}"',
        ),
        f"{UNIVERSE}::test_i12_a_cursor_of_one_subject_is_refused_under_anothers_token",
    ),
    # The classic mistake of Relay connections: a number of rows to skip instead of a place in the order.
    mutant(
        "offset_cursor",
        Change(
            "resolvers.sql.page:Listing.place",
            'pieces += ["," if number else "", *spell(key, self.row.clause.c[key.column])]',
            """
            counted = func.row_number().over(order_by=self._reading_order())
            spelt = spell(key, self.row.clause.c[key.column])
            spelt = spelt if len(self.page.order.keys) > 1 else [counted]
            pieces += ["," if number else "", *spelt]
            """,
        ),
        "tests/promises/test_universe.py::test_i11_total_count_is_what_paging_finds_each_visible_row_once",
    ),
    mutant(
        "cursor_not_bound_to_purpose",
        Change(
            "resolvers.compile.context:PurposeContext.sealed_for",
            'f"{self.purpose}|{self.policy}"',
            "self.policy",
        ),
        f"{UNIVERSE}::test_i12_a_cursor_opens_only_for_its_purpose_list_order_and_filter",
    ),
    mutant(
        "cursor_not_bound_to_policy",
        Change(
            "resolvers.compile.context:PurposeContext.sealed_for",
            'f"{self.purpose}|{self.policy}"',
            "str(self.purpose)",
        ),
        "tests/promises/test_universe.py::test_i12_a_cursor_ends_with_its_policy",
    ),
    mutant(
        "cursor_not_bound_to_its_list",
        Change("resolvers.compile.list_arguments:ListArguments.cursor_sealed_for", 'f"{named.name}|"', '""'),
        f"{UNIVERSE}::test_i12_a_cursor_opens_only_for_its_purpose_list_order_and_filter",
    ),
    mutant(
        "cursor_not_bound_to_its_arguments",
        Change(
            "resolvers.compile.list_arguments:ListArguments.cursor_sealed_for",
            "{name: reader(variables) for name, reader in readers.items()}",
            "{}",
        ),
        f"{UNIVERSE}::test_i12_a_cursor_opens_only_for_its_purpose_list_order_and_filter",
    ),
    mutant(
        "cursor_with_many_spellings",
        Change("resolvers.plan.cursors:Cursors.open", "_spelled(sealed) != cursor", "False"),
        "tests/promises/test_universe.py::test_i12_a_forged_cursor_is_refused",
    ),
)
