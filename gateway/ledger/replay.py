"""Checks the ledger's entries against the policy version that each of them names (I44).

An entry names the purpose, the digest of the policy and the fields. The policy version with that digest is a
file (`schema/policy/versions/`), read here as data. A line of its matrix says whether the purpose sees the
field. A field without a line is decided by `belongs` or `probes`, or by the line on the type's rows. The
check does not use the running schemas: a fault in them cannot hide a disclosure that the policy forbids.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from graphql import GraphQLObjectType
from strawberry.types.base import get_object_definition

from schema.build import TYPES
from schema.policy.history import Version
from schema.purposes import Duty, Purpose
from schema.terms.marks import Marks
from schema.types.recalls import recall_schema


@dataclass(frozen=True)
class PolicyEvaluator:
    """Decides by one recorded version of the policy."""

    version: Version

    @cached_property
    def _marks(self) -> Mapping[str, Marks]:
        return {f"{row.type}.{row.name}": row.marks for row in self.version.lines}

    @cached_property
    def _rows(self) -> Mapping[str, list[Marks]]:
        rows: dict[str, list[Marks]] = {}
        for row in self.version.lines:
            if row.name.startswith("(row"):
                rows.setdefault(row.type, []).append(row.marks)
        return rows

    @cached_property
    def _single(self) -> Mapping[str, str]:
        """Each field that exists under one purpose only, with that purpose."""
        words = (row.split(",") for row in self.version.text.splitlines())
        return {each[1]: each[2] for each in words if each[0] in {"belongs", "probes"}}

    def opens(self, field: str, purpose: Purpose) -> bool:
        """Whether the version lets the purpose see ``Type.field``.

        A field without a line (a root, a page) is as open as the rows that it leads to. The entry names the
        fields of those rows as well.
        """
        type_, _, name = field.partition(".")
        for each in (type_, *INTERFACES.get(type_, ())):
            if (marks := self._marks.get(f"{each}.{name}")) is not None:
                return marks.open_to(purpose)
        if field in self._single:
            return self._single[field] == purpose
        rows = self._rows.get(type_)
        return rows is None or any(marks.open_to(purpose) for marks in rows)


def not_open(
    evaluators: Mapping[str, PolicyEvaluator],
    purpose: str,
    policy: str,
    *,
    fields: Iterable[Sequence[str]],
) -> list[str] | None:
    """The fields that the policy version does not open to the purpose; None for an unknown version.

    `policy`: the version's digest. `purpose`: as the ledger writes it; an unknown purpose opens no field.
    """
    disclosed = dict.fromkeys(field for place in fields for field in place)
    if purpose == Duty.NOTIFICATION:
        return [field for field in disclosed if field not in _of_notices()]
    evaluator = evaluators.get(policy)
    if evaluator is None:
        return None
    if purpose not in Purpose.__members__:
        return list(disclosed)
    return [field for field in disclosed if not evaluator.opens(field, Purpose(purpose))]


# The line on a field from an interface names the interface.
INTERFACES = {
    cls.__name__: tuple(each.name for each in get_object_definition(cls, strict=True).interfaces)
    for cls in TYPES
}


# Not at import time: every command would build this schema.
@cache
def _of_notices() -> frozenset[str]:
    """The fields of recall notices, whose schema belongs to no purpose."""
    return frozenset(
        f"{type_.name}.{name}"
        for type_ in recall_schema().type_map.values()
        if isinstance(type_, GraphQLObjectType)
        for name in type_.fields
    )
