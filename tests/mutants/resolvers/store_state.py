"""What a store says of itself is checked: its level, its position, its digest and its identity."""

from __future__ import annotations

from tests.mutants.edits import Change, ChangeSql, ChangeString, Mutant, mutant

LEVELS = "tests/promises/test_isolation_levels.py"
STATE = "tests/promises/test_store_state.py"
RESTORED = "tests/promises/test_control_restored.py"

MUTANTS = (
    Mutant(
        "a_transaction_at_the_databases_own_level",
        (
            Change(
                "resolvers.stores.pool:transaction",
                'connection.transaction(isolation="read_committed", readonly=readonly)',
                "connection.transaction(readonly=readonly)",
            ),
            Change("resolvers.stores.pool:connect_role", "_name_level(connection)", "asyncio.sleep(0)"),
        ),
        (f"{LEVELS}::test_i48_concurrent_objections_are_recorded_and_withdrawn_at_every_level",),
    ),
    mutant(
        "a_stores_position_is_not_compared",
        Change(
            "resolvers.changes.verification:_doubt",
            """
            if state.reached.position < expected.acknowledged:
                return Doubt.BEHIND
            """,
        ),
        f"{STATE}::test_i48_a_restored_store_is_refused_for_objectable_purposes_alone",
    ),
    mutant(
        "a_stores_digest_is_not_compared",
        Change(
            "resolvers.changes.verification:_doubt",
            """
            if state.digest != expected.digest:
                return Doubt.DIFFERS
            """,
        ),
        f"{STATE}::test_i48_a_restriction_that_was_deleted_by_hand_is_found_and_written_again",
    ),
    mutant(
        "a_stores_identity_is_not_compared",
        Change(
            "resolvers.changes.verification:_doubt",
            "None if state.incarnation.identity == expected.identity else Doubt.OTHER_SERVER",
            "None",
        ),
        f"{STATE}::test_i48_another_database_is_accepted_only_by_the_reconciler",
    ),
    mutant(
        "a_new_connection_is_not_verified",
        Change(
            "resolvers.stores.gate:StoreGate.admit",
            """
            if not is_judged or self.current != incarnation_of(tuple(row)):
                raise Closed
            """,
        ),
        f"{STATE}::test_i48_a_new_connection_to_another_server_is_never_used",
    ),
    mutant(
        "an_open_connection_outlives_its_gate",
        Change(
            "resolvers.stores.pool:Pool.fetch",
            """
            if session.admitted is not self._gate.current:
                self._drop(session)
                continue
            """,
        ),
        f"{STATE}::test_i48_an_open_connection_is_not_used_while_the_gate_is_closed",
    ),
    mutant(
        "unsettled_members_are_compared",
        Change("resolvers.changes.history:expected_of", "(row[5] - row[8]) % MODULUS", "row[5]"),
        f"{STATE}::test_i48_an_objection_that_is_half_written_raises_no_doubt",
    ),
    mutant(
        "an_unknown_mark_is_believed",
        Change("resolvers.changes.history:knows", "bool(found == len(seen) and not lost)", "not lost"),
        f"{RESTORED}::test_i48_revoked_tokens_and_lost_objections_stay_closed_until_they_are_rebuilt",
    ),
    mutant(
        "tokens_from_before_a_restore_live",
        ChangeString("gateway.access.tokens:_DOUBTFUL", "token.id <= r.last_token", "token.id < 0"),
        f"{RESTORED}::test_i48_revoked_tokens_and_lost_objections_stay_closed_until_they_are_rebuilt",
    ),
    mutant(
        "the_reading_of_rows_believes_their_digest",
        ChangeSql(
            "messenger/0012_restriction_state.sql:CREATE FUNCTION messenger.digest_of_all_rows",
            "r.purposes & r.acknowledged",
            "r.acknowledged",
        ),
        f"{STATE}::test_i48_a_restriction_that_covers_less_is_found_and_written_again",
    ),
    mutant(
        "a_transaction_behind_a_pooler_is_not_guarded",
        Change("resolvers.stores.session:Session.begin", "guarding_begin(self._guard)", "''"),
        f"{STATE}::test_i48_each_transaction_behind_a_pooler_checks_its_server",
    ),
)
