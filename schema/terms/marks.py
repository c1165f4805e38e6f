"""The words written beside a field: which purposes see it, and what an objection does to it.

A line of marks has one mark a purpose, in the order of `schema.purposes.Purpose`:

    V visible                        P only accounts in a business conversation
    A visible, row absent once the   B only conversations of the token's business
      person objected                M only what belongs to the token's merchant
    N visible, null once they        O only the token's own subject
      objected                       S under a pseudonym
    - not in that purpose's schema

Six words place a line: `seen` for a field of the matrix, `follows` for a filter, an order or an
argument that may exist only where another field does, `plumbing` for what has no line of its own
(connections, cursors, roots, fields of rows that the matrix lists as a whole) and exists wherever the rows
that it leads to do, `belongs` for a change, and what is said of it, that exist under one purpose, `own` for a
root that leads to what a token is bound to, `probes` for a look-up by a value that its purpose does not see.
A field with none of them stops start-up: nothing
is visible by being forgotten.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import strawberry

from schema.purposes import PrincipalKind, Purpose

TERMS = "terms"


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


# Rows of what the token is bound to, and no others.
OWN = frozenset({Mark.TAKES_PART, Mark.OWN_BUSINESS, Mark.OWN_MERCHANT, Mark.OWN_SUBJECT})
# What is not listed here exists in no schema: deny by default.
OPEN = frozenset(Mark) - {Mark.NEVER}


@dataclass(frozen=True)
class Marks:
    """One mark a purpose."""

    line: tuple[Mark, ...]

    def __getitem__(self, purpose: Purpose) -> Mark:
        return self.line[list(Purpose).index(purpose)]

    def open_to(self, purpose: Purpose) -> bool:
        """Whether the purpose's schema holds what bears these marks."""
        return self[purpose] in OPEN


def marks(line: str) -> Marks:
    """Read a line such as ``"A - A V V P O O -"``; anything but nine known marks is a ValueError."""
    read = tuple(Mark(word) for word in line.split())
    if len(read) != len(Purpose):
        raise ValueError(f"nine marks are needed, one a purpose: {line!r}")
    return Marks(read)


@dataclass(frozen=True)
class Terms:
    """How a field, an input field or an argument came by its visibility; exactly one is set.

    `kind`: of these rows only those of that kind count. `unless`: not where the line has this mark.
    """

    marks: Marks | None = None
    line: str | None = None
    rows: str | None = None
    purpose: Purpose | None = None
    principal: PrincipalKind | None = None
    kind: str | None = None
    probe: Purpose | None = None
    unless: Mark | None = None


def seen(line: str, description: str, **options: Any) -> Any:
    """A field of the matrix: `line` is its marks. Use as a field or as a decorator."""
    terms = Terms(marks=marks(line))
    return strawberry.field(description=description, metadata={TERMS: terms}, **options)


def follows(line: str, description: str, **options: Any) -> Any:
    """An input field that exists where the matrix line (``"Type.field"``) is visible."""
    return strawberry.field(description=description, metadata={TERMS: Terms(line=line)}, **options)


def plumbing(rows: str, description: str, kind: str | None = None, **options: Any) -> Any:
    """A field without a line of its own: exists where rows of the type `rows` are visible.

    With `kind`, where rows of that kind are.
    """
    terms = Terms(rows=rows, kind=kind)
    return strawberry.field(description=description, metadata={TERMS: terms}, **options)


def belongs(purpose: Purpose, description: str, rows: str | None = None, **options: Any) -> Any:
    """A change, or a field that tells what became of one or what may be changed: under `purpose` alone.

    With `rows` only as long as that purpose sees rows of this type.
    """
    terms = Terms(purpose=purpose, rows=rows)
    return strawberry.field(description=description, metadata={TERMS: terms}, **options)


def own(principal: PrincipalKind, description: str, **options: Any) -> Any:
    """A root field that leads to what the token is bound to: exists where tokens must be."""
    return strawberry.field(description=description, metadata={TERMS: Terms(principal=principal)}, **options)


def probes(purpose: Purpose, description: str, **options: Any) -> Any:
    """A look-up by a value that whoever asks brings along: under `purpose` alone, which need not see it.

    The answer says whether somebody visible has the value, and who. A decision opens it, not the matrix:
    the field's docstring says which, and what can be learnt.
    """
    return strawberry.field(description=description, metadata={TERMS: Terms(probe=purpose)}, **options)


def argument(line: str, description: str, unless: Mark | None = None) -> Any:
    """An argument that exists where the matrix line (``"Type.field"``) is visible, and not by that mark."""
    return strawberry.argument(description=description, metadata={TERMS: Terms(line=line, unless=unless)})


@dataclass(frozen=True)
class Rows:
    """The marks of a type's rows: one line, or one for each kind of row."""

    kinds: dict[str, Marks]

    def open_to(self, purpose: Purpose) -> bool:
        """Whether the purpose sees any row of the type."""
        return any(line.open_to(purpose) for line in self.kinds.values())


ALL_ROWS = ""


def rows(*lines: str, **kinds: str) -> Callable[[type], type]:
    """Class decorator: the marks of the type's rows, in one line or one a kind of row."""
    given = {ALL_ROWS: lines[0]} if lines else kinds

    def mark(cls: type) -> type:
        cls.ROWS = Rows({kind: marks(line) for kind, line in given.items()})  # type: ignore[attr-defined]
        return cls

    return mark


def never(*names: str) -> Callable[[type], type]:
    """Class decorator: what the type has besides its fields and no purpose ever sees.

    Said aloud, so that it stands in the matrix, and so that nobody can add a field of that name.
    """

    def mark(cls: type) -> type:
        cls.NEVER = names  # type: ignore[attr-defined]
        return cls

    return mark


NOBODY = marks(" ".join("-" for _ in Purpose))
