"""The views of a purpose hold no row and no column that the purpose may not see."""

from __future__ import annotations

from tests.mutants.edits import BeginWith, Change, Mutant, mutant

PAIRS = (
    "tests/promises/test_noninterference.py::test_i1_i2_i13_what_is_hidden_changes_no_byte_and_no_statement"
)
VIEWS = "tests/promises/test_universe.py::test_i1_every_view_holds_the_same_rows_whatever_is_hidden"


def _open_view(qualified: str) -> Mutant:
    """The view of one relation without its restriction."""
    store, relation = qualified.split(".")
    return mutant(
        f"open_{store}_{relation}",
        BeginWith(
            "resolvers.universe.render:_condition",
            f"""
            if view.relation.qualified == "{qualified}":
                return ""
            """,
        ),
        VIEWS,
    )


def _masked_accounts(name: str, *, phone: str, country_code: str) -> Mutant:
    """The row of a hidden account stays, with these values instead of its own."""
    return Mutant(
        name,
        (
            BeginWith(
                "resolvers.universe.render:_view_sql",
                f"""
                masked = {{"phone": "{phone}", "country_code": "{country_code}"}}

                def shown(name):
                    if name not in masked or view.relation.name != "account" or not purpose.restriction_bit:
                        return f"t.{{name}}"
                    open_row = f"t.restricted & {{purpose.restriction_bit}} = 0"
                    return f"CASE WHEN {{open_row}} THEN t.{{name}} ELSE {{masked[name]}} END {{name}}"
                """,
            ),
            Change("resolvers.universe.render:_view_sql", 'f"t.{_identifier(name)}"', "shown(name)"),
            BeginWith(
                "resolvers.universe.render:_condition",
                """
                if view.relation.name == "account":
                    return ""
                """,
            ),
        ),
        (PAIRS,),
    )


MUTANTS = (
    # The row is still counted, paged and found.
    _masked_accounts("mask_at_result", phone="'+49000'", country_code="'XX'"),
    _masked_accounts("null_on_an_always_filled_field", phone="NULL", country_code="NULL"),
    *map(
        _open_view,
        (
            "messenger.account",
            "messenger.phone_lookup",
            "messenger.daily_usage",
            "messenger.contact",
            "social.messenger_link",
            "social.messenger_lookup",
        ),
    ),
    # The contact counts in the address book although its account's view hides the person.
    mutant(
        "count_before_mask",
        BeginWith(
            "resolvers.universe.render:_condition",
            """
            if view.relation.name == "contact":
                return ""
            """,
        ),
        "tests/promises/test_objection.py::test_i20_a_relation_is_visible_only_if_both_ends_are",
    ),
    # The purpose does not see the registration time, and the list is ordered by it.
    Mutant(
        "sort_on_raw_values",
        (
            BeginWith(
                "resolvers.universe.readings:_Reader.of_field",
                """
                if isinstance(source, Value):
                    raw = frozenset({"registered_at"} & read.relation.columns.keys())
                    yield replace(read, columns=raw)
                """,
            ),
            Change(
                "resolvers.compile.list_arguments:ListArguments.order",
                "return ListOrder((unique,))",
                """
                raw = (Value('registered_at', Json.TIME),) if source.prefix == 'ma_' else ()
                return ListOrder((*raw, unique))
                """,
            ),
        ),
        (PAIRS,),
    ),
    Mutant(
        "objection_stops_security",
        (
            Change(
                "resolvers.universe.render:_condition",
                "not view.marks & {Mark.ABSENT, Mark.NULL}",
                "relation.restricted is None",
            ),
            Change(
                "resolvers.universe.render:_unrestricted",
                "purpose.restriction_bit",
                "purpose.restriction_bit or 1",
            ),
        ),
        ("tests/promises/test_objection.py::test_i17_the_phone_is_passed_on_regardless",),
    ),
    mutant(
        "one_end_checked_only",
        Change("resolvers.universe.render:_unrestricted", "relation.far_end is not None", "False"),
        "tests/promises/test_objection.py::test_i20_a_relation_is_visible_only_if_both_ends_are",
    ),
    mutant(
        "second_factor_shown_to_ads",
        Change("resolvers.universe.render:_condition_of_kinds", "not marks.open_to(purpose)", "False"),
        "tests/promises/test_objection.py::test_i21_what_counts_is_where_the_number_came_from",
    ),
    mutant(
        "open_social_phone_binding",
        Change(
            "resolvers.universe.render:_condition_of_kinds",
            "parts += _unrestricted(view.relation, purpose)",
            "pass",
        ),
        VIEWS,
    ),
    mutant(
        "hop_without_restriction",
        BeginWith(
            "resolvers.universe.render:_condition",
            """
            if view.relation.name in {"messenger_link", "messenger_lookup"}:
                return ""
            """,
        ),
        "tests/promises/test_objection.py::test_i16_it_binds_the_next_request_in_both_stores",
    ),
    mutant(
        "bit_of_the_other_purpose",
        Change(
            "resolvers.universe.render:_unrestricted",
            "purpose.restriction_bit",
            "3 - purpose.restriction_bit if purpose.restriction_bit else 0",
        ),
        "tests/promises/test_objection.py::test_i19_it_stops_the_purposes_that_it_names_and_no_other",
    ),
    mutant(
        "hides_too_much",
        Change(
            "resolvers.universe.render:_unrestricted",
            "purpose.restriction_bit",
            "3 if purpose.restriction_bit else 0",
        ),
        PAIRS,
    ),
    # Friend suggestions do not see the number, so an order by it would disclose it.
    mutant(
        "order_by_a_hidden_column",
        Change(
            "resolvers.universe.readings:_Reader.of_field",
            """
            found = replace(read, relation=other, columns=frozenset({on}))
            yield from self.of_items(source.type, found)
            """,
            """
            found = replace(read, relation=other, columns=frozenset({on, *source.order}))
            yield from self.of_items(source.type, found)
            """,
        ),
        "tests/promises/test_content.py::test_i4_a_view_has_no_column_that_the_purpose_does_not_see",
    ),
    mutant(
        "content_granted",
        Change(
            "resolvers.universe.render:_universe_lines",
            'yield f"GRANT USAGE ON SCHEMA {schema} TO {role};"',
            """
            yield f"GRANT USAGE ON SCHEMA {schema} TO {role};"
            yield f"GRANT SELECT ON content.message TO {role};"
            """,
        ),
        "tests/promises/test_content.py::test_i27_no_role_has_a_privilege_on_content",
    ),
)
