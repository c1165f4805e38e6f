"""The policy in one table, field × purpose, computed from the terms; its digest; the committed files.

The terms beside the fields are the only place where the policy is written. This module reads them: as lines,
which a test compares with the decided policy; as a digest, to which universes and cursors are bound; as
`POLICY.md` and `sdl/`, for people to review. `python -m schema.policy.matrix --write` writes these files.
Without `--write` it prints `POLICY.md`.

Rejected: a digest of the SDL. It would change with every description, and it would not change when a field
turns from `V` to `A`, which a universe must not miss.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from graphql import print_schema
from strawberry.schema.config import StrawberryConfig

from schema.build import INPUTS, TYPES, fields_of, schema_for
from schema.mutation import Mutation
from schema.purposes import ABOUT, Purpose
from schema.query import Query
from schema.terms.marks import ALL_ROWS, FOR_NO_PURPOSE, OPEN, Mark, Marks, Rows, marks
from schema.terms.words import Belongs, Follows, Probes, Seen, terms_of
from schema.types.content import Message
from schema.types.recalls import recall_schema

ROOM = Path(__file__).parents[1]
WRITE = "python -m schema.policy.matrix --write"

MEANING: dict[Mark, str] = {
    Mark.VISIBLE: "visible",
    Mark.ABSENT: "visible; the row is absent once the person objected",
    Mark.NULL: "visible; null once the person objected, as it is for most people anyway",
    Mark.TAKES_PART: "only accounts that take part in a business conversation",
    Mark.OWN_BUSINESS: "only conversations of the token's business",
    Mark.OWN_MERCHANT: "only what belongs to the token's merchant",
    Mark.OWN_SUBJECT: "only the token's own subject",
    Mark.PSEUDONYM: "under a pseudonym",
    Mark.NEVER: "not in that purpose's schema",
}


@dataclass(frozen=True)
class MatrixLine:
    """One line of the table: ``name`` is a field, ``(row)``, or ``(row: KIND)``."""

    type: str
    name: str
    marks: Marks

    @property
    def text(self) -> str:
        """The line as in the decided policy: separated by commas, with the marks in the order of purposes."""
        return ",".join((self.type, self.name, *self.marks.line))

    @classmethod
    def read(cls, text: str) -> MatrixLine:
        """The line with this `text`. ValueError for anything else."""
        type_, name, *given = text.split(",")
        return cls(type_, name, marks(" ".join(given)))


class Contradiction(Exception):
    """A field has a name that the policy reserves for data that no purpose sees."""


def policy_lines() -> tuple[MatrixLine, ...]:
    """Every line of this release: types in the order of the schema, rows before fields, content last."""
    return tuple(line for cls in (*TYPES, Message) for line in _lines_of(cls))


def _lines_of(cls: type) -> Iterator[MatrixLine]:
    rows: Rows | None = getattr(cls, "ROWS", None)
    for kind, line in rows.kinds.items() if rows and "ROWS" in vars(cls) else ():
        yield MatrixLine(cls.__name__, "(row)" if kind == ALL_ROWS else f"(row: {kind})", line)
    fields = {} if cls is Message else fields_of(cls)
    for name, field in fields.items():
        terms = terms_of(field)
        # A field that a type has from an interface has its line there.
        if field.origin is cls and isinstance(terms, Seen):
            yield MatrixLine(cls.__name__, name, terms.marks)
    for name in getattr(cls, "NEVER", ()):
        if name in fields:
            raise Contradiction(f"{cls.__name__}.{name} is a field, and no purpose may see it")
        yield MatrixLine(cls.__name__, name, FOR_NO_PURPOSE)


def digest() -> str:
    """The policy's digest: 64 hexadecimal digits. Equal digests mean equal rules for every purpose."""
    return digest_of(policy_lines())


def digest_of(lines: Iterable[MatrixLine]) -> str:
    """The digest of these lines, in any order, and of the purposes with the objections that cover them."""
    return hashlib.sha256(canonical_text(lines).encode()).hexdigest()


def canonical_text(lines: Iterable[MatrixLine]) -> str:
    """The whole policy as one text, which is the form of a version's file. The digest is its SHA-256.

    It has a line for each purpose (with the objection that covers it and its bit in the stores), one for each
    field that belongs to one purpose, then one for each line of the matrix.
    """
    purposes = (f"purpose,{each.value},{each.objection or ''},{each.restriction_bit}" for each in Purpose)
    # If a later release opens a mark, a purpose sees more although no line changes.
    closed = (f"closed,{mark}" for mark in Mark if mark not in OPEN and mark is not Mark.NEVER)
    changes = sorted(f"belongs,{name},{purpose}" for name, purpose in belonging())
    probed = (f"probes,{name},{purpose}" for name, purpose in probing())
    return "\n".join(
        ["policy 1", *purposes, *closed, *changes, *probed, *sorted(line.text for line in lines), ""]
    )


def belonging() -> Iterator[tuple[str, Purpose]]:
    """Each field that belongs to one purpose (``Type.field``: a change, its outcome), with that purpose."""
    for cls in (Mutation, Query, *TYPES):
        for name, field in fields_of(cls).items():
            terms = terms_of(field)
            if isinstance(terms, Belongs):
                yield f"{cls.__name__}.{name}", terms.purpose


def probing() -> Iterator[tuple[str, Purpose]]:
    """Each look-up by a value that its purpose does not see, with the purpose."""
    for name, field in fields_of(Query).items():
        terms = terms_of(field)
        if isinstance(terms, Probes):
            yield f"Query.{name}", terms.purpose


def render_markdown() -> str:
    """The text of `POLICY.md`."""
    paragraphs = [
        "# Who may see what, for which purpose",
        f"`{WRITE}` computes this page from the terms beside each field in `schema/`. A test compares.",
        f"Policy digest: `{digest()}`",
        "Every request runs under one purpose. No purpose sees a field that is not listed here. Filters, "
        "orders, counts, cursors and look-ups read the same masked rows as the answer.",
        "## Purposes",
        _table(("purpose", "what it is for", "stopped by an objection to"), map(_about, Purpose)),
        "## Marks",
        _table(("mark", "meaning"), ((f"`{mark}`", meaning) for mark, meaning in MEANING.items())),
        *_closed(),
        *_tables(),
        "## Filters, orders and arguments",
        "Each exists only for the purposes that see the field that it follows.",
        _table(("input", "exists where this field is visible"), _inputs()),
        "## Look-ups by a value that the purpose does not see",
        "The client supplies the value, and learns which visible person has it.",
        _table(("field", "purpose"), ((f"`{name}`", f"`{purpose}`") for name, purpose in probing())),
        "## Changes",
        "Changes, and the fields about their outcomes. Each exists under one purpose alone.",
        _table(("field", "purpose"), ((f"`{name}`", f"`{purpose}`") for name, purpose in belonging())),
    ]
    return "\n\n".join(paragraphs) + "\n"


def _about(purpose: Purpose) -> tuple[str, ...]:
    return (
        f"`{purpose}`",
        ABOUT[purpose].sentence,
        f"`{purpose.objection}`" if purpose.objection else "nothing",
    )


def _closed() -> Iterator[str]:
    closed = ", ".join(f"`{mark}`" for mark in Mark if mark not in OPEN and mark is not Mark.NEVER)
    if closed:
        yield f"This release shows nothing under the marks {closed}."


def _tables() -> Iterator[str]:
    head = ("field", *(purpose.value for purpose in Purpose))
    for type_name, lines in groupby(policy_lines(), key=lambda line: line.type):
        yield f"## {type_name}"
        yield _table(head, ((_name(line), *line.marks.line) for line in lines))


def _name(line: MatrixLine) -> str:
    return line.name if line.name.startswith("(") else f"`{line.name}`"


def _inputs() -> Iterator[tuple[str, str]]:
    """Each input field and argument that follows a line, with that line."""
    names = StrawberryConfig().name_converter
    for cls in (*INPUTS, *TYPES, Query):
        for name, field in fields_of(cls).items():
            terms = terms_of(field)
            if isinstance(terms, Follows):
                yield f"`{cls.__name__}.{name}`", f"`{terms.line}`"
            for given in field.arguments:
                wanted = terms_of(given)
                if isinstance(wanted, Follows):
                    called = f"{cls.__name__}.{name}({names.get_graphql_name(given)}:)"
                    yield f"`{called}`", f"`{wanted.line}`"


def _table(head: tuple[str, ...], body: Iterable[tuple[str, ...]]) -> str:
    rows = [head, ("---",) * len(head), *body]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def snapshots() -> dict[Path, str]:
    """The text of each committed file, by the file's path within `schema/`."""
    sdl = {
        Path("sdl", f"{purpose.universe}.graphql"): print_schema(schema_for(purpose)) + "\n"
        for purpose in Purpose
    }
    notices = {Path("sdl", "recalls.graphql"): print_schema(recall_schema()) + "\n"}
    return {Path("policy", "POLICY.md"): render_markdown(), **sdl, **notices}


def write_snapshots(folder: Path) -> None:
    """Write the committed files under `folder`."""
    for path, text in snapshots().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


def main(arguments: list[str]) -> int:
    """The command. Exit status 0, or 2 for unknown arguments."""
    if arguments == ["--write"]:
        write_snapshots(ROOM)
    elif not arguments:
        sys.stdout.write(render_markdown())
    else:
        sys.stderr.write(f"usage: {WRITE}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
