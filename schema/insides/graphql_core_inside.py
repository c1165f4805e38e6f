"""The budget of the one rule of validation that is not linear: on merging fields.

graphql-core has a budget of its own for it, 250,000 comparisons or more, and no documented way to set it a
document. Where the rule has no such attribute, that budget holds.
"""

from __future__ import annotations

from typing import Any

from graphql import OverlappingFieldsCanBeMergedRule

# The releases of graphql-core for which this file is written; pyproject.toml has the same bound.
WRITTEN_FOR = ("3.3",)


def limit_comparisons(rule: OverlappingFieldsCanBeMergedRule, most: int) -> None:
    """Let the rule make so many comparisons at most. It raises GraphQLError once they are spent."""
    context: Any = getattr(rule, "rule_context", None)
    if hasattr(context, "remaining_complexity_budget"):
        context.remaining_complexity_budget = most
