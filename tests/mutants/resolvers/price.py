"""A document that costs too much is refused before anything expensive is done with it."""

from __future__ import annotations

from tests.mutants.edits import Change, mutant

MUTANTS = (
    mutant(
        "priced_after_it_is_bound",
        Change(
            "resolvers.compile.cache:PlanCache.price",
            "price_selection(self.contexts[purpose], prepared.operation, variables)",
            """
            compile_plan(
                self.contexts[purpose],
                price_selection(self.contexts[purpose], prepared.operation, variables),
            )
            """,
        ),
        "tests/answers/test_bad_input.py::test_i14_a_document_that_costs_too_much_is_never_bound",
    ),
)
