"""What a store says of itself is checked: its level, its position, its digest and its identity."""

from __future__ import annotations

from tests.mutants.edits import Change, Mutant

LEVELS = "tests/promises/test_isolation_levels.py"

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
)
