"""A missing row or a missing store changes its own part of the answer only."""

from __future__ import annotations

from tests.mutants.edits import Change, mutant

MUTANTS = (
    mutant(
        "error_on_hidden",
        Change(
            "resolvers.run.fill:Filling.data", 'found.get(f"{root.slot}:", "null")', 'found[f"{root.slot}:"]'
        ),
        "tests/promises/test_noninterference.py::test_i8_an_error_never_depends_on_data",
    ),
    mutant(
        "a_store_that_is_down_is_an_empty_one",
        Change("resolvers.run.run:_fail", "filling.down.add(statement.store)"),
        "tests/answers/test_bad_input.py::test_a_store_that_is_down_takes_only_its_own_part_of_an_answer",
    ),
)
