"""What the ledger says was told, judged again by the policy that it names (I44).

An entry names the purpose, the digest of the policy and the fields. The version with that digest is a file
of its own (`schema/policy/versions/`), read here as data: a matrix line says whether the purpose sees the
field; where the matrix has none, `belongs` or `probes` does, or the line on the type's rows. Nothing of the
schemas that run is asked: whatever they may have let through, a version that does not open it says so.
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
class Judge:
    """One version of the policy, as it decides."""

    version: Version

    @cached_property
    def _marks(self) -> Mapping[str, Marks]:
        return {f"{line.type}.{line.name}": line.marks for line in self.version.lines}

    @cached_property
    def _rows(self) -> Mapping[str, list[Marks]]:
        rows: dict[str, list[Marks]] = {}
        for line in self.version.lines:
            if line.name.startswith("(row"):
                rows.setdefault(line.type, []).append(line.marks)
        return rows

    @cached_property
    def _single(self) -> Mapping[str, str]:
        """Fields that exist under one purpose alone, and which."""
        words = (line.split(",") for line in self.version.text.splitlines())
        return {each[1]: each[2] for each in words if each[0] in {"belongs", "probes"}}

    def opens(self, field: str, purpose: Purpose) -> bool:
        """Whether the version lets the purpose see ``Type.field``.

        A field that no line speaks of (a root, a page) is as open as the rows that it leads to, of which the
        entry names fields, too.
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
    judges: Mapping[str, Judge], purpose: str, policy: str, fields: Iterable[Sequence[str]]
) -> list[str] | None:
    """The fields that the policy of that digest does not open to the purpose; None if there is no such one.

    `purpose` as the ledger writes it: what it does not know opens nothing.
    """
    told = dict.fromkeys(field for place in fields for field in place)
    if purpose == Duty.NOTIFICATION:
        return [field for field in told if field not in _of_notices()]
    judge = judges.get(policy)
    if judge is None:
        return None
    if purpose not in Purpose.__members__:
        return list(told)
    return [field for field in told if not judge.opens(field, Purpose(purpose))]


# What a type has from an interface is said there.
INTERFACES = {
    cls.__name__: tuple(each.name for each in get_object_definition(cls, strict=True).interfaces)
    for cls in TYPES
}


# Not at the import: every command would build a schema for it.
@cache
def _of_notices() -> frozenset[str]:
    """What notices are made of: the fields of the schema that is no purpose's."""
    return frozenset(
        f"{type_.name}.{name}"
        for type_ in recall_schema().type_map.values()
        if isinstance(type_, GraphQLObjectType)
        for name in type_.fields
    )
