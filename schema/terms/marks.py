"""The marks of the policy: what each purpose sees of a field or a row.

A line of marks has one mark for each purpose, in the order of `schema.purposes.Purpose`:

    V visible                        P only accounts in a business conversation
    A visible; the row is absent     B only conversations of the token's business
      once the person objected       M only what belongs to the token's merchant
    N visible; null once they        O only the token's own subject
      objected                       S under a pseudonym
    - not in that purpose's schema
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from schema.purposes import Purpose


class Mark(StrEnum):
    """What one purpose sees of one field."""

    VISIBLE = "V"
    ABSENT = "A"
    NULL = "N"
    TAKES_PART = "P"
    OWN_BUSINESS = "B"
    OWN_MERCHANT = "M"
    OWN_SUBJECT = "O"
    PSEUDONYM = "S"
    NEVER = "-"


# Only the rows of the subject, merchant or business that the token is bound to.
OWN = frozenset({Mark.TAKES_PART, Mark.OWN_BUSINESS, Mark.OWN_MERCHANT, Mark.OWN_SUBJECT})
# A mark that is not listed here exists in no schema: deny by default.
OPEN = frozenset(Mark) - {Mark.NEVER}


@dataclass(frozen=True)
class Marks:
    """One mark for each purpose."""

    line: tuple[Mark, ...]

    def __getitem__(self, purpose: Purpose) -> Mark:
        return self.line[list(Purpose).index(purpose)]

    def open_to(self, purpose: Purpose) -> bool:
        """Whether the purpose's schema holds what has these marks."""
        return self[purpose] in OPEN


def marks(line: str) -> Marks:
    """Read a line such as ``"A - A V V P O O -"``. ValueError unless it has nine known marks."""
    read = tuple(Mark(word) for word in line.split())
    if len(read) != len(Purpose):
        raise ValueError(f"nine marks are needed, one a purpose: {line!r}")
    return Marks(read)


FOR_NO_PURPOSE = marks(" ".join("-" for _ in Purpose))


@dataclass(frozen=True)
class Rows:
    """The marks of a type's rows: one line, or one for each kind of row."""

    kinds: dict[str, Marks]

    def open_to(self, purpose: Purpose) -> bool:
        """Whether the purpose sees any row of the type."""
        return any(line.open_to(purpose) for line in self.kinds.values())


# The key in `Rows.kinds` of a type whose rows all have the same marks.
ALL_ROWS = ""
