"""The running policy, the recorded versions, and the matrix of each."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from schema.policy.history import Version, versions
from schema.policy.matrix import MEANING, MatrixLine, digest, policy_lines
from schema.purposes import Purpose
from schema.types.privacy import PolicyMark


class RecordedPolicies:
    """Implements `schema.types.privacy.Policies` from the recorded versions."""

    @cached_property
    def _known(self) -> tuple[Version, ...]:
        return versions()

    def marks(
        self, version: str | None, type_: str | None, purpose: str | None
    ) -> Sequence[PolicyMark] | None:
        """The marks of a version, in the order of the matrix; None for an unknown version."""
        rows = self._rows(version)
        if rows is None:
            return None
        return [
            PolicyMark(
                type=row.type,
                field=row.name,
                purpose=each.value,
                mark=row.marks[each].value,
                meaning=MEANING[row.marks[each]],
            )
            for row in rows
            if type_ in {None, row.type}
            for each in Purpose
            if purpose in {None, each.value}
        ]

    def _rows(self, version: str | None) -> tuple[MatrixLine, ...] | None:
        if version is None or version == digest():
            return policy_lines()
        return next((each.lines for each in self._known if version in {each.name, each.digest}), None)
