"""The policy as answers: the version that runs, those that were recorded, and each one's matrix."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from schema.policy.history import Version, versions
from schema.policy.matrix import MEANING, MatrixLine, digest, policy_lines
from schema.purposes import Purpose
from schema.types.privacy import PolicyMark


class RecordedPolicies:
    """What a data protection officer may read of all versions; see `schema.types.privacy.Policies`."""

    @cached_property
    def _known(self) -> tuple[Version, ...]:
        return versions()

    def marks(
        self, version: str | None, type_: str | None, purpose: str | None
    ) -> Sequence[PolicyMark] | None:
        """The marks, in the order of the matrix."""
        lines = self._lines(version)
        if lines is None:
            return None
        return [
            PolicyMark(
                type=line.type,
                field=line.name,
                purpose=each.value,
                mark=line.marks[each].value,
                meaning=MEANING[line.marks[each]],
            )
            for line in lines
            if type_ in {None, line.type}
            for each in Purpose
            if purpose in {None, each.value}
        ]

    def _lines(self, version: str | None) -> tuple[MatrixLine, ...] | None:
        if version is None or version == digest():
            return policy_lines()
        return next((each.lines for each in self._known if version in {each.name, each.digest}), None)
