"""The words written beside a field: each says for which purposes the field exists.

    seen      a field of the matrix, with a line of marks of its own
    follows   an input field that exists only where another field does; `argument` is the same for arguments
    plumbing  a field without data of its own (a connection, a cursor, a root): it exists wherever the rows
              that it leads to do
    belongs   a change, or a field about a change: it exists under one purpose alone
    own       a root that leads to what the token is bound to
    probes    a look-up by a value that its purpose does not see

A field without one of these words stops start-up, so that no field is visible by oversight.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import strawberry
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from schema.purposes import PrincipalKind, Purpose
from schema.terms.marks import ALL_ROWS, Mark, Marks, Rows, marks

# The key of the terms in Strawberry's metadata of a field or an argument.
_TERMS = "terms"


@dataclass(frozen=True)
class Seen:
    """Visible where its own marks say so: a line of the matrix."""

    marks: Marks


@dataclass(frozen=True)
class Follows:
    """Visible where the matrix line (``"Type.field"``) is, except under a purpose with the mark `unless`."""

    line: str
    unless: Mark | None = None


@dataclass(frozen=True)
class Plumbing:
    """Visible where rows of the type `rows` are; with `kind`, where rows of that kind are."""

    rows: str
    kind: str | None = None


@dataclass(frozen=True)
class Belongs:
    """Visible under one purpose alone; with `rows`, only while that purpose sees rows of that type."""

    purpose: Purpose
    rows: str | None = None


@dataclass(frozen=True)
class OwnRoot:
    """Visible under the purposes whose tokens must be bound to such a principal."""

    principal: PrincipalKind


@dataclass(frozen=True)
class Probes:
    """Visible under one purpose alone, which looks up by a value that it does not see."""

    purpose: Purpose


Terms = Seen | Follows | Plumbing | Belongs | OwnRoot | Probes


def terms_of(declared: StrawberryField | StrawberryArgument) -> Terms | None:
    """The terms written beside a field or an argument, or None if there are none."""
    terms: Terms | None = declared.metadata.get(_TERMS)
    return terms


def _field(terms: Terms, description: str, options: dict[str, Any]) -> Any:
    return strawberry.field(description=description, metadata={_TERMS: terms}, **options)


def seen(line: str, description: str, **options: Any) -> Any:
    """A field of the matrix: `line` is its marks. Use as a field or as a decorator."""
    return _field(Seen(marks(line)), description, options)


def follows(line: str, description: str, **options: Any) -> Any:
    """An input field that exists where the matrix line (``"Type.field"``) is visible."""
    return _field(Follows(line), description, options)


def plumbing(rows: str, description: str, kind: str | None = None, **options: Any) -> Any:
    """A field without a line of its own, which exists where rows of the type `rows` are visible.

    With `kind` it exists where rows of that kind are visible.
    """
    return _field(Plumbing(rows, kind), description, options)


def belongs(purpose: Purpose, description: str, rows: str | None = None, **options: Any) -> Any:
    """A change, or a field about changes, which exists under `purpose` alone.

    With `rows` it exists only while that purpose sees rows of this type.
    """
    return _field(Belongs(purpose, rows), description, options)


def own(principal: PrincipalKind, description: str, **options: Any) -> Any:
    """A root field to what the token is bound to, which exists where tokens must be bound to that."""
    return _field(OwnRoot(principal), description, options)


def probes(purpose: Purpose, description: str, **options: Any) -> Any:
    """A look-up by a value that the caller supplies; it exists under `purpose`, which need not see the value.

    The answer says whether a visible person has the value, and who that is. A decision opens such a field,
    not the matrix: the field's docstring names the decision and says what a caller can learn.
    """
    return _field(Probes(purpose), description, options)


def argument(line: str, description: str, unless: Mark | None = None) -> Any:
    """An argument that exists where the matrix line (``"Type.field"``) is visible with another mark."""
    return strawberry.argument(description=description, metadata={_TERMS: Follows(line, unless)})


def rows(*lines: str, **kinds: str) -> Callable[[type], type]:
    """Class decorator: the marks of the type's rows, as one line or as one line for each kind of row."""
    given = {ALL_ROWS: lines[0]} if lines else kinds

    def mark(cls: type) -> type:
        cls.ROWS = Rows({kind: marks(line) for kind, line in given.items()})  # type: ignore[attr-defined]
        return cls

    return mark


def never(*names: str) -> Callable[[type], type]:
    """Class decorator: data that the type has besides its fields and that no purpose ever sees.

    The names appear in the matrix, and no field can take one of them.
    """

    def mark(cls: type) -> type:
        cls.NEVER = names  # type: ignore[attr-defined]
        return cls

    return mark
