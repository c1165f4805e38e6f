"""An objection holds in both stores, at once, and for exactly the purposes that it names."""

from __future__ import annotations

from tests.mutants.edits import Change, ChangeSql, mutant

SUSPENSIONS = "tests/promises/test_suspensions.py"
FEEDING = "tests/promises/test_feeding.py"

MUTANTS = (
    mutant(
        "restriction_not_spread_to_use",
        ChangeSql(
            "messenger/0004_objections.sql:CREATE OR REPLACE FUNCTION messenger.spread_restriction",
            """
            UPDATE messenger.daily_usage t SET restricted = c.purposes & kept
            FROM changed c WHERE t.account_id = c.account_id AND t.restricted <> c.purposes & kept;
            """,
        ),
        "tests/promises/test_universe.py::test_i1_every_view_holds_the_same_rows_whatever_is_hidden",
    ),
    mutant(
        "restriction_not_spread_to_shared_numbers",
        ChangeSql(
            "social/0013_placed_rows.sql:CREATE OR REPLACE FUNCTION social.spread_restriction",
            """
            UPDATE social.phone_binding t SET restricted = c.purposes & kept
            FROM changed c WHERE t.messenger_id = c.messenger_id AND t.restricted <> c.purposes & kept;
            """,
        ),
        "tests/promises/test_objection.py::test_i21_what_counts_is_where_the_number_came_from",
    ),
    mutant(
        "what_arrives_later_is_open",
        ChangeSql(
            "social/0013_placed_rows.sql:CREATE FUNCTION social.bits_on_arrival",
            "RETURN coalesce(bits, 0);",
            "RETURN 0;",
        ),
        "tests/promises/test_objection.py::test_i16_rows_that_arrive_later_are_covered_too",
    ),
    mutant(
        "objection_follows_the_number",
        ChangeSql(
            "messenger/0001_accounts.sql:CREATE FUNCTION messenger.reindex_phone",
            "UPDATE messenger.phone_lookup SET phone = NEW.phone WHERE account_id = NEW.id;",
            """
            UPDATE messenger.phone_lookup SET phone = NEW.phone, restricted = 0 WHERE account_id = NEW.id;
            UPDATE messenger.account SET restricted = 0 WHERE id = NEW.id;
            """,
        ),
        "tests/promises/test_objection.py::test_i22_it_follows_the_account_and_not_the_number",
    ),
    mutant(
        "objection_in_one_store_only",
        Change(
            "resolvers.changes.restrictions:_write",
            'await ask(stores.messenger, _RESTRICT.format("messenger"), *arrays, True, *position)',
        ),
        "tests/promises/test_objection.py::test_i16_it_binds_the_next_request_in_both_stores",
    ),
    mutant(
        "withdrawal_opens_the_social_store_first",
        Change(
            "resolvers.changes.restrictions:_write",
            'await ask(stores.social, _RESTRICT.format("social"), *arrays, False, *position)',
            'await ask(stores.social, _RESTRICT.format("social"), *arrays, True, *position)',
        ),
        "tests/promises/test_objection.py::test_i24_half_a_withdrawal_opens_the_messenger_first",
    ),
    mutant(
        "a_late_writing_wins",
        ChangeSql(
            "social/0007_suspensions.sql:CREATE FUNCTION social.restrict(members",
            "WHERE r.messenger_id = w.messenger_id AND r.version <= at_version",
            "WHERE r.messenger_id = w.messenger_id",
        ),
        "tests/promises/test_suspensions.py::test_a_late_statement_of_a_killed_program_opens_no_account",
    ),
    mutant(
        "objection_of_another_member",
        Change(
            "resolvers.changes.preferences:Preferences._change",
            "change(stores, self.rules, member, purposes=purposes, channel=self.channel)",
            "change(stores, self.rules, 1, purposes=purposes, channel=self.channel)",
        ),
        "tests/answers/test_mutations.py::test_a_person_without_a_messenger_account_cannot_object",
    ),
    mutant(
        "withdrawal_takes_all_back",
        Change(
            "resolvers.changes.objections:_append",
            "[purpose.value for purpose in OBJECTABLE if purpose in purposes]",
            "[each.value for each in OBJECTABLE if kind == 'WITHDRAW' or each in purposes]",
        ),
        "tests/promises/test_objection.py::test_i23_a_withdrawal_opens_the_data_again",
    ),
    mutant(
        "recovery_forgets_a_store",
        Change(
            "resolvers.changes.restrictions:_differing",
            "stores.keepers",
            "stores.keepers[1:]",
        ),
        "tests/promises/test_objection.py::test_i24_half_a_withdrawal_opens_the_messenger_first",
    ),
    mutant(
        "suspension_ignores_late_registrations",
        ChangeSql(
            "messenger/0013_placed_rows.sql:CREATE FUNCTION messenger.suspend_arrival",
            "WHERE s.country_code = country",
            "WHERE false",
        ),
        "tests/promises/test_suspensions.py::test_i25_members_who_register_later_are_covered",
    ),
    mutant(
        "suspension_ignores_late_links",
        ChangeSql(
            "social/0013_placed_rows.sql:CREATE FUNCTION social.bits_on_arrival",
            "SELECT s.purposes INTO bits FROM social.suspended s;",
            "SELECT s.purposes INTO bits FROM social.suspended s WHERE false;",
        ),
        f"{SUSPENSIONS}::test_i25_one_who_registers_elsewhere_is_open_once_both_stores_know",
    ),
    mutant(
        "a_writer_who_may_do_more_unnoticed",
        Change(
            "resolvers.universe.writer_inspection:_role_differences",
            """
            beyond = {
                relation for _, relation in (tables - rights.tables) | (columns - rights.columns)
            }
            """,
            "beyond: set[str] = set()",
        ),
        "tests/promises/test_content.py::test_i27_a_store_with_anything_wrong_in_it_is_not_served",
    ),
    mutant(
        "a_suspension_that_ended_goes_on",
        Change(
            "resolvers.changes.suspensions:_begin", "wanted.get(each)", "wanted.get(each, held.get(each))"
        ),
        "tests/promises/test_suspensions.py::test_i25_two_suspensions_overlap",
    ),
    mutant(
        "a_restriction_goes_with_its_account",
        ChangeSql(
            "messenger/0013_placed_rows.sql:CREATE FUNCTION messenger.unindex_phone",
            "DELETE FROM messenger.phone_lookup WHERE account_id = OLD.id;",
            """
            DELETE FROM messenger.phone_lookup WHERE account_id = OLD.id;
            DELETE FROM messenger.restriction WHERE account_id = OLD.id;
            """,
        ),
        f"{FEEDING}::test_i48_a_nightly_load_keeps_every_objection",
    ),
    mutant(
        "replication_passes_the_triggers",
        ChangeSql(
            "messenger/0013_placed_rows.sql:"
            "ALTER TABLE messenger.account ENABLE ALWAYS TRIGGER place_account",
            "ALTER TABLE messenger.account ENABLE ALWAYS TRIGGER place_account",
            "ALTER TABLE messenger.account ENABLE TRIGGER place_account",
        ),
        f"{FEEDING}::test_i48_a_copy_that_is_edited_by_hand_stays_as_it_is",
    ),
    mutant(
        "rows_that_no_trigger_placed_are_open",
        ChangeSql(
            "messenger/0013_placed_rows.sql:ALTER TABLE messenger.daily_usage ALTER COLUMN restricted",
            "SET DEFAULT -1",
            "SET DEFAULT 0",
        ),
        f"{FEEDING}::test_a_row_that_no_trigger_placed_is_hidden",
    ),
    mutant(
        "an_edit_by_hand_opens_a_copy",
        ChangeSql(
            "social/0013_placed_rows.sql:"
            "CREATE TRIGGER place_restriction BEFORE INSERT OR UPDATE ON social.ad_topic",
            "BEFORE INSERT OR UPDATE",
            "BEFORE INSERT",
        ),
        f"{FEEDING}::test_i48_a_copy_that_is_edited_by_hand_stays_as_it_is",
    ),
    mutant(
        "a_withdrawal_always_says_open",
        Change(
            "resolvers.changes.objections:withdraw",
            "await held_for(stores, account_id) & ~after",
            "0",
        ),
        f"{SUSPENSIONS}::test_i23_a_withdrawal_names_what_stays_hidden",
        "tests/commands/test_cli.py::test_a_withdrawal_does_not_say_open_while_something_hides",
    ),
    mutant(
        "a_member_who_is_gone_is_not_restricted",
        ChangeSql(
            "messenger/0013_placed_rows.sql:CREATE OR REPLACE FUNCTION messenger.restrict",
            "WHERE coalesce(n.objected, 0) | n.suspended <> 0",
            "JOIN messenger.account a ON a.id = n.id WHERE coalesce(n.objected, 0) | n.suspended <> 0",
        ),
        f"{FEEDING}::test_a_recovery_ends_although_accounts_are_gone",
    ),
    mutant(
        "a_member_who_comes_back_is_not_placed",
        ChangeSql(
            "messenger/0013_placed_rows.sql:CREATE FUNCTION messenger.place_account",
            "IF TG_OP = 'INSERT' AND bits <> 0 THEN",
            "IF false THEN",
        ),
        f"{FEEDING}::test_a_member_who_left_during_a_suspension_is_placed_when_they_come_back",
    ),
)
