"""A gateway does not serve a store in which something is wrong."""

from __future__ import annotations

from tests.mutants.edits import Change, mutant

MUTANTS = (
    mutant(
        "serves_all_the_same",
        Change("gateway.upkeep.store_logins:checked_logins", "raise NotReady.because_of(found)", "pass"),
        "tests/promises/test_content.py::test_i27_a_store_with_anything_wrong_in_it_is_not_served",
    ),
)
