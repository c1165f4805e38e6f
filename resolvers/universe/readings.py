"""What each purpose reads of each relation, field by field: computed from the terms and the sources.

`views.py` folds these reads into the views of a universe; `provenance.py` shows them to people who ask
where a field comes from. Both see the same reads, so an explanation cannot differ from the view.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from resolvers.sources import catalogue
from resolvers.sources.catalogue import Relation
from resolvers.sources.subject import OBJECTIONS, SUBJECT, TERMS_ACCEPTANCES
from resolvers.sources.words import (
    FROM_BOOKS,
    FROM_FRIENDS,
    Band,
    Constant,
    Copies,
    Hop,
    Identifier,
    Many,
    ObjectSource,
    One,
    OwnRows,
    Page,
    Source,
    Suggestions,
    Summary,
    Value,
)
from schema.build import TYPES, MissingTerms, fields_of, marks_of, marks_of_line, rows_of, rows_open
from schema.purposes import ABOUT, PrincipalKind, Purpose
from schema.query import Query
from schema.terms.marks import ALL_ROWS, Mark, Marks, Rows
from schema.terms.words import Plumbing, Probes, terms_of
from schema.types.disclosures import Disclosure
from schema.types.offers import MATCHED
from schema.types.subject import Subject

_HIDING = frozenset({Mark.ABSENT, Mark.NULL})


class PolicyGap(Exception):
    """The terms ask for something that the catalogue cannot do. The gateway does not start."""


@dataclass(frozen=True)
class Read:
    """Columns of a relation that a purpose reads, and what needs them.

    `line`: the field (``Type.field``) or the rows (``Type.(row)``) that need them; None for the columns of a
    look-up and of what ordinary resolvers read. `mark`: the mark under which the purpose sees that line.
    `kinds`: the marks of each kind of row, where an objection hides rows of some kinds only.
    """

    line: str | None
    mark: Mark
    relation: Relation
    columns: frozenset[str]
    kinds: Mapping[str, Marks] | None = None


def rows_line(type_name: str) -> str:
    """The line of a type's rows."""
    return f"{type_name}.(row)"


def objects_for(objects: Mapping[str, ObjectSource], purpose: Purpose) -> dict[str, ObjectSource]:
    """The sources as the purpose reads them: one that sees a subject's own rows alone reads the copies."""
    return {
        name: replace(source, relation=source.copy)
        if source.copy is not None and rows_of(name).kinds[ALL_ROWS][purpose] is Mark.OWN_SUBJECT
        else source
        for name, source in objects.items()
    }


def reads_of(objects: Mapping[str, ObjectSource], purpose: Purpose) -> Iterator[Read]:
    """Everything that the purpose reads in any store. PolicyGap if a source has no marks."""
    reader = _Reader(objects_for(objects, purpose), purpose)
    for source in reader.objects.values():
        yield from reader.of_object(source)
    yield from reader.of_subject()
    yield from reader.of_audit()


@dataclass(frozen=True)
class _Reader:
    """One purpose, and the sources as it reads them."""

    objects: Mapping[str, ObjectSource]
    purpose: Purpose

    def of_object(self, source: ObjectSource) -> Iterator[Read]:
        if not rows_open(source.type, self.purpose):
            return
        yield from self.of_rows(source, source.relation)
        for argument, (relation, key, target) in source.lookups.items():
            marks = _marks(source.type, argument)
            if marks.open_to(self.purpose):
                yield Read(None, marks[self.purpose], relation, frozenset({key, target}))
        for name, (relation, key, target, order) in source.probes.items():
            if terms_of(fields_of(Query)[name]) == Probes(self.purpose):
                # An objection hides the rows that came from the messenger.
                yield Read(f"Query.{name}", Mark.ABSENT, relation, frozenset({key, target, *order}))

    def of_rows(self, source: ObjectSource, relation: Relation) -> Iterator[Read]:
        """What is read of `relation`, which holds objects of this source."""
        line = rows_line(source.type)
        for mark in _marks_of_rows(rows_of(source.type), self.purpose):
            yield Read(line, mark, relation, frozenset({relation.identity}))
            if mark is Mark.OWN_MERCHANT:
                # The view needs the owner's key even if no field shows it.
                yield Read(line, mark, relation, frozenset({relation.owners["merchant_id"]}))
            if mark is Mark.TAKES_PART and relation.takes_part is not None:
                part = relation.takes_part
                yield Read(line, Mark.OWN_BUSINESS, part.relation, frozenset({part.account, part.business}))
        yield from self.of_fields(source.type, source.fields, relation)

    def of_fields(self, type_name: str, fields: Mapping[str, Source], relation: Relation) -> Iterator[Read]:
        for name, source in fields.items():
            marks = _marks(type_name, name)
            if marks.open_to(self.purpose):
                line = f"{type_name}.{name}"
                yield from self.of_field(source, Read(line, marks[self.purpose], relation, frozenset()))

    def of_field(self, source: Source, read: Read) -> Iterator[Read]:
        """What the field reads; `read` has its line, its mark and the relation of its object."""
        match source:
            case Value(column):
                yield replace(read, columns=frozenset({column}))
            case Constant() | Identifier():
                yield replace(read, columns=frozenset({read.relation.identity}))
            case Band(other, on):
                yield replace(read, relation=other, columns=frozenset({on}))
            case Summary():
                yield from self.of_summary(source, read)
            case Hop():
                yield from self.of_hop(source, read)
            case Page(other, on, far, fields):
                yield replace(read, relation=other, columns=frozenset({on, far.column}))
                yield from self.of_fields(source.type, fields, other)
            case Copies(of, other, on):
                yield replace(read, relation=other, columns=frozenset({on}))
                yield from self.of_rows(self.objects[of], other)
            case One(other, on, fields):
                yield from _both(source.type, replace(read, relation=other, columns=frozenset({on})))
                yield from self.of_fields(source.type, fields, other)
            case Many(other, on, far=Hop(_, column)):
                # The ledger names the person for an offer of a kind that an objection hides.
                told = {other.kinds} if covered_kinds(source, "", self.purpose) and other.kinds else set()
                found = replace(read, relation=other, columns=frozenset({on, column, *told}))
                yield from _both(source.type, replace(found, kinds=_kinds_of_far(source.type)))
            case Many(other, on, _, fields):
                found = replace(read, relation=other, columns=frozenset({on}))
                yield from self.of_items(source.type, found)
                yield from self.of_fields(source.type, fields, other)
            case Suggestions():
                yield from self.of_suggestions(source, read)

    def of_items(self, type_name: str, read: Read) -> Iterator[Read]:
        """What a list reads of the rows of its type, with the marks of these rows."""
        kinds = _kinds_of(type_name)
        if ALL_ROWS in kinds:
            yield read
            yield replace(read, line=rows_line(type_name), mark=kinds[ALL_ROWS][self.purpose])
        else:
            yield from _both(type_name, replace(read, kinds=kinds or None))

    def of_summary(self, source: Summary, read: Read) -> Iterator[Read]:
        window = frozenset({source.on, source.day})
        yield replace(read, relation=source.relation, columns=window)
        yield replace(read, relation=source.horizon, columns=frozenset({"day"}))
        for name, each in source.fields.items():
            marks = _marks(source.type, name)
            if marks.open_to(self.purpose):
                measured = Read(f"{source.type}.{name}", marks[self.purpose], source.relation, window)
                yield replace(measured, columns=window | ({each.column} if each.column else set()))
                yield replace(measured, relation=source.horizon, columns=frozenset({"day"}))

    def of_hop(self, source: Hop, read: Read) -> Iterator[Read]:
        yield replace(read, columns=frozenset({source.column}))
        if source.relation is not None:
            yield from self.of_rows(self.objects[source.to], source.relation)
        if source.via is not None:
            relation, *columns = source.via
            yield replace(read, relation=relation, columns=frozenset(columns))

    def of_suggestions(self, source: Suggestions, read: Read) -> Iterator[Read]:
        kinds = _kinds_of(source.type)
        found_through = (
            (FROM_FRIENDS, source.friends),
            (FROM_BOOKS, source.link),
            (FROM_BOOKS, source.book),
            (FROM_BOOKS, source.lookup),
            (FROM_BOOKS, (source.owners, source.owners.key or "")),
        )
        for kind, (relation, *columns) in found_through:
            mark = kinds[kind][self.purpose]
            found = replace(read, mark=mark, relation=relation, columns=frozenset(columns))
            yield from _both(source.type, found)

    def of_subject(self) -> Iterator[Read]:
        """What the root of a subject's own data reads, where tokens are bound to a subject."""
        if ABOUT[self.purpose].principal is not PrincipalKind.SUBJECT:
            return
        for name, source in SUBJECT.items():
            if isinstance(source, OwnRows):
                terms = terms_of(fields_of(Subject)[name])
                assert isinstance(terms, Plumbing)
                marks = rows_of(terms.rows).kinds[ALL_ROWS]
                if marks.open_to(self.purpose):
                    owner = {source.on} if source.on else set()
                    yield from _of_own_rows(source, marks[self.purpose], {*source.order, *owner})

    def of_audit(self) -> Iterator[Read]:
        """What is read under pseudonyms: all columns but the owner's, for which the view puts a pseudonym."""
        if rows_open(Disclosure.__name__, self.purpose):
            mark = rows_of(Disclosure.__name__).kinds[ALL_ROWS][self.purpose]
            ledger = catalogue.OWN_DISCLOSURE if mark is Mark.OWN_SUBJECT else catalogue.DISCLOSURE
            yield _whole(ledger, mark)
            if mark is Mark.PSEUDONYM:
                yield _whole(catalogue.AUDITED_RECALL, mark)
                yield _whole(catalogue.REQUEST_TALLY, Mark.VISIBLE)
        mark = _kinds_of(OBJECTIONS.type)[ALL_ROWS][self.purpose]
        if mark is Mark.PSEUDONYM:
            yield from _of_history(mark)
        mark = _kinds_of(TERMS_ACCEPTANCES.type)[ALL_ROWS][self.purpose]
        if mark is Mark.PSEUDONYM:
            yield from _of_own_rows(TERMS_ACCEPTANCES, mark, TERMS_ACCEPTANCES.columns)


def covered_kinds(source: One | Many, line: str, purpose: Purpose) -> tuple[str, ...] | None:
    """The kinds of the source's rows that an objection hides under the purpose; None if it hides none.

    `line`: the field that leads to the rows. Empty for all rows of a source without kinds.
    """
    if isinstance(source, One):
        return () if marks_of_line(line)[purpose] in _HIDING else None
    return covered_by_kind(source.type, purpose, of_far=source.far is not None)


def covered_by_kind(type_name: str, purpose: Purpose, *, of_far: bool = False) -> tuple[str, ...] | None:
    """The kinds of the type's rows that an objection hides; `of_far`: of the rows that lead to the type."""
    kinds = _kinds_of_far(type_name) if of_far else _kinds_of(type_name)
    covered = [kind for kind, marks in kinds.items() if marks[purpose] in _HIDING]
    return tuple(each for each in covered if each != ALL_ROWS) if covered else None


def _both(type_name: str, read: Read) -> Iterator[Read]:
    """The same read for the field that leads to rows of the type, and for these rows."""
    yield read
    yield replace(read, line=rows_line(type_name))


def _of_history(mark: Mark) -> Iterator[Read]:
    """The history of objections by days, under pseudonyms, and its counts."""
    history = catalogue.AUDITED_OBJECTION
    yield Read(rows_line(OBJECTIONS.type), mark, history, frozenset({"recorded_on", "person", "place"}))
    for name, value in OBJECTIONS.fields.items():
        column = value.column.removesuffix("_at") + "_on" if value.column.endswith("_at") else value.column
        yield Read(f"{OBJECTIONS.type}.{name}", mark, history, frozenset({column}))
    yield _whole(catalogue.OBJECTION_TALLY, Mark.VISIBLE)


def _of_own_rows(source: OwnRows, mark: Mark, columns: set[str]) -> Iterator[Read]:
    yield Read(rows_line(source.type), mark, source.relation, frozenset(columns))
    for name, value in source.fields.items():
        yield Read(f"{source.type}.{name}", mark, source.relation, frozenset({value.column}))


def _whole(relation: Relation, mark: Mark) -> Read:
    return Read(None, mark, relation, frozenset(relation.columns))


# --- marks ----------------------------------------------------------------------------------------


def _marks_of_rows(rows: Rows, purpose: Purpose) -> list[Mark]:
    """The marks of the objects' own rows.

    Where rows of several kinds lead to an object, an objection hides the row that leads to the object and
    not the object itself: see `_kinds_of_far`.
    """
    if ALL_ROWS in rows.kinds:
        return [rows.kinds[ALL_ROWS][purpose]]
    found = [marks[purpose] for marks in rows.kinds.values() if marks.open_to(purpose)]
    return [mark for mark in found if mark not in {Mark.ABSENT, Mark.NULL}]


def _kinds_of_far(type_name: str) -> Mapping[str, Marks]:
    """The kinds of the rows that lead to objects of the type, by the value in the rows' `kinds` column."""
    kinds = rows_of(type_name).kinds.items()
    return {kind.removeprefix(MATCHED): marks for kind, marks in kinds if kind.startswith(MATCHED)}


def _kinds_of(type_name: str) -> Mapping[str, Marks]:
    declared = getattr(_type_named(type_name), "ROWS", None)
    return declared.kinds if isinstance(declared, Rows) else {}


def _type_named(name: str) -> type:
    return next(cls for cls in TYPES if cls.__name__ == name)


def _marks(type_name: str, field_name: str) -> Marks:
    try:
        return marks_of(fields_of(_type_named(type_name))[field_name])
    except MissingTerms:
        raise PolicyGap(f"{type_name}.{field_name} has a source but no marks") from None
