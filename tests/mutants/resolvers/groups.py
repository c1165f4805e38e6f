"""A group of fewer people than the bound is not counted."""

from __future__ import annotations

from tests.mutants.edits import Change, mutant

MUTANTS = (
    mutant(
        "group_of_one",
        Change(
            "resolvers.sql.page:Listing._groups",
            "counted.having(count >= literal_column(str(least()), Integer()))",
            "counted",
        ),
        "tests/answers/test_groups.py::test_all_are_counted_and_groups_below_a_hundred_are_left_out",
    ),
    mutant(
        "groups_of_chosen_entries",
        Change("resolvers.compile.selection:Selector._groups", "rows.ids is not None", "False"),
        "tests/answers/test_groups.py::test_named_entries_are_not_counted",
    ),
    # The groups of the whole list, although a filter narrows the page.
    mutant(
        "groups_past_the_filter",
        Change(
            "resolvers.sql.page:Listing._counted",
            "select(*selected).select_from(self.row.source).where(*self._conditions())",
            "select(*selected).select_from(self.row.source)",
        ),
        "tests/answers/test_groups.py::test_a_filter_makes_no_small_group_visible",
    ),
)
