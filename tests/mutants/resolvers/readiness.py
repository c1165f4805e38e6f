"""A store whose tables, views or privileges differ from the policy is noticed."""

from __future__ import annotations

from tests.mutants.edits import Change, ChangeSql, ChangeString, mutant

BINDING = "tests/promises/test_binding.py"
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
    mutant(
        "the_probe_overlooks_counts",
        Change(
            "resolvers.universe.effect.probe:_forms",
            """
            yield _if(f"{counted} <> (SELECT count(*) {rows} IN ({shown}))", "seen", f"{where} by a count")
            """,
        ),
        f"{BINDING}::test_i48_the_probe_finds_what_is_open_in_each_form",
    ),
    mutant(
        "the_probe_stays_in_the_store",
        ChangeString(
            "resolvers.universe.effect.probe:_FUNCTION", "RAISE EXCEPTION USING ERRCODE = 'PROBE';", ""
        ),
        f"{BINDING}::test_the_probe_finds_no_objector_and_leaves_nothing",
    ),
    mutant(
        "a_probe_that_was_found_is_served",
        Change(
            "gateway.upkeep.effect:bound_differences", "found + await look_for_probe(asking, store)", "found"
        ),
        f"{BINDING}::test_a_store_that_opens_a_made_up_objector_is_not_served",
    ),
    mutant(
        "copies_of_contacts_are_not_compared",
        ChangeSql(
            "messenger/0013_placed_rows.sql:CREATE FUNCTION messenger.differing_copies",
            """
            + (SELECT count(*) FROM slice s JOIN messenger.contact t ON t.account_id = s.account_id
               WHERE t.restricted <> s.purposes)
            """,
        ),
        f"{BINDING}::test_i48_a_copy_that_was_opened_is_found_and_repaired",
    ),
    mutant(
        "a_repair_relies_on_triggers",
        ChangeSql(
            "social/0013_placed_rows.sql:CREATE FUNCTION social.repair_copies",
            "ARRAY['messenger_link', 'messenger_lookup', 'phone_binding', 'ad_topic', 'offer_audience']",
            "ARRAY['messenger_link', 'phone_binding', 'ad_topic', 'offer_audience']",
        ),
        f"{BINDING}::test_i48_a_copy_that_was_opened_is_found_and_repaired",
    ),
    mutant(
        "a_running_gateway_only_logs_what_differs",
        Change("gateway.upkeep.verifier:StoreVerifier.take_effect", "unbinding(found)", "False"),
        f"{BINDING}::test_a_running_gateway_refuses_a_store_in_which_objections_may_not_bind",
    ),
    mutant(
        "a_recovery_leaves_copies",
        Change(
            "resolvers.changes.suspensions:recover",
            "for name, store in stores.keepers: await repair_copies(store, name)",
        ),
        f"{BINDING}::test_a_recovery_repairs_copies",
    ),
)
