"""What each purpose reads of each relation: computed from the terms of fields and the places they live.

Two things are made of it: the views of a universe (`universe/render.py`), and the conditions that keep a
bound token to its own rows (`compile/context.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from resolvers.sources import catalogue
from resolvers.sources.catalogue import Class, Relation, Store, TakesPart
from resolvers.sources.subject import OBJECTIONS, SUBJECT, TERMS_ACCEPTANCES
from resolvers.sources.words import (
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
from schema.build import TYPES, MissingTerms, fields_of, marks_of, rows_of, rows_open
from schema.purposes import ABOUT, PrincipalKind, Purpose
from schema.query import Query
from schema.terms.marks import ALL_ROWS, OWN, Mark, Marks, Rows
from schema.terms.words import Plumbing, Probes, terms_of
from schema.types.disclosures import Disclosure
from schema.types.offers import MATCHED
from schema.types.subject import Subject


class PolicyGap(Exception):
    """The terms ask for something that the catalogue cannot do: nobody may start on that."""


@dataclass
class View:
    """What one purpose reads of one relation: columns, and the marks of the fields that need them."""

    relation: Relation
    columns: set[str] = field(default_factory=set)
    marks: set[Mark] = field(default_factory=set)
    kinds: Mapping[str, Marks] | None = None


def objects_for(objects: Mapping[str, ObjectSource], purpose: Purpose) -> dict[str, ObjectSource]:
    """The sources as the purpose reads them: who sees only what is about themselves reads their copies."""
    return {
        name: replace(source, relation=source.copy)
        if source.copy is not None and rows_of(name).kinds[ALL_ROWS][purpose] is Mark.OWN_SUBJECT
        else source
        for name, source in objects.items()
    }


def views_of(objects: Mapping[str, ObjectSource], store: Store, purpose: Purpose) -> dict[str, View]:
    """The purpose's views in the store, by name; empty if it sees nothing there."""
    views: dict[str, View] = {}
    objects = objects_for(objects, purpose)
    of_objects = (read for source in objects.values() for read in _reads(objects, source, purpose))
    for mark, kinds, relation, columns in chain(
        of_objects, _reads_of_subject(purpose), _reads_of_audit(purpose)
    ):
        if relation.store is store:
            view = views.setdefault(relation.name, View(relation))
            view.columns |= columns
            view.marks.add(mark)
            view.kinds = kinds or view.kinds
    return views


# The kinds of suggestions, by what they are found through.
FROM_FRIENDS, FROM_BOOKS = "MUTUAL_FRIENDS", "MESSENGER_CONTACT"

Read = tuple[Mark, Mapping[str, Marks] | None, Relation, set[str]]


def _reads(objects: Mapping[str, ObjectSource], source: ObjectSource, purpose: Purpose) -> Iterator[Read]:
    if not rows_open(source.type, purpose):
        return
    yield from _reads_of_rows(objects, source, source.relation, purpose)
    for line, (relation, key, target) in source.lookups.items():
        marks = _marks(_type_named(source.type), line)
        if marks.open_to(purpose):
            yield marks[purpose], None, relation, {key, target}
    for name, (relation, key, target, order) in source.probes.items():
        if terms_of(fields_of(Query)[name]) == Probes(purpose):
            # Whoever objected is not found by what came from the messenger.
            yield Mark.ABSENT, None, relation, {key, target, *order}


def _reads_of_rows(
    objects: Mapping[str, ObjectSource], source: ObjectSource, relation: Relation, purpose: Purpose
) -> Iterator[Read]:
    """What is read of `relation`, where objects of this source stand."""
    for mark in _marks_of_rows(rows_of(source.type), purpose):
        yield mark, None, relation, {relation.identity}
        if mark is Mark.OWN_MERCHANT:
            # Whose it is may be no field of it.
            yield mark, None, relation, {relation.owners["merchant_id"]}
    if mark is Mark.TAKES_PART and relation.takes_part is not None:
        part = relation.takes_part
        yield Mark.OWN_BUSINESS, None, part.relation, {part.account, part.business}
    yield from _reads_of_fields(objects, _type_named(source.type), relation, source.fields, purpose)


def _reads_of_subject(purpose: Purpose) -> Iterator[Read]:
    """What the root of one person's own reads, where tokens are bound to one."""
    if ABOUT[purpose].principal is not PrincipalKind.SUBJECT:
        return
    for name, source in SUBJECT.items():
        if isinstance(source, OwnRows):
            terms = terms_of(fields_of(Subject)[name])
            assert isinstance(terms, Plumbing)
            marks = rows_of(terms.rows).kinds[ALL_ROWS]
            if marks.open_to(purpose):
                owner = {source.on} if source.on else set()
                yield marks[purpose], None, source.relation, source.columns | owner


def _marks_of_rows(rows: Rows, purpose: Purpose) -> list[Mark]:
    """The marks of the objects' own rows.

    Where kinds differ in how a row was come by, an objection hides the row that leads to the object and
    not the object: see `_kinds_of_far`.
    """
    if ALL_ROWS in rows.kinds:
        return [rows.kinds[ALL_ROWS][purpose]]
    found = [marks[purpose] for marks in rows.kinds.values() if marks.open_to(purpose)]
    return [mark for mark in found if mark not in {Mark.ABSENT, Mark.NULL}]


def _kinds_of_far(type_name: str) -> Mapping[str, Marks]:
    """The kinds of the rows that lead to objects of the type, by what stands in the rows."""
    kinds = rows_of(type_name).kinds.items()
    return {kind.removeprefix(MATCHED): marks for kind, marks in kinds if kind.startswith(MATCHED)}


def _reads_of_audit(purpose: Purpose) -> Iterator[Read]:
    """What is read under pseudonyms: all but whose it is, which the view puts a name for."""
    if rows_open(Disclosure.__name__, purpose):
        mark = rows_of(Disclosure.__name__).kinds[ALL_ROWS][purpose]
        ledger = catalogue.OWN_DISCLOSURE if mark is Mark.OWN_SUBJECT else catalogue.DISCLOSURE
        yield mark, None, ledger, set(ledger.columns)
        if mark is Mark.PSEUDONYM:
            yield mark, None, catalogue.AUDITED_RECALL, set(catalogue.AUDITED_RECALL.columns)
            tally = catalogue.REQUEST_TALLY
            yield Mark.VISIBLE, None, tally, set(tally.columns)
    for rows in (OBJECTIONS, TERMS_ACCEPTANCES):
        marks = _rows_of(_type_named(rows.type))[ALL_ROWS]
        if marks[purpose] is Mark.PSEUDONYM and marks.open_to(purpose):
            yield Mark.PSEUDONYM, None, rows.relation, rows.columns


def _reads_of_fields(
    objects: Mapping[str, ObjectSource],
    cls: type,
    relation: Relation,
    fields: Mapping[str, Source],
    purpose: Purpose,
) -> Iterator[Read]:
    for name, source in fields.items():
        marks = _marks(cls, name)
        if marks.open_to(purpose):
            yield from _reads_of_field(objects, source, marks[purpose], relation, purpose)


def _reads_of_field(
    objects: Mapping[str, ObjectSource], source: Source, mark: Mark, relation: Relation, purpose: Purpose
) -> Iterator[Read]:
    match source:
        case Value(column):
            yield mark, None, relation, {column}
        case Constant():
            pass
        case Identifier():
            yield mark, None, relation, {relation.identity}
        case Band(other, on):
            yield mark, None, other, {on}
        case Summary(other, on, day):
            measured = {each.column for each in source.fields.values() if each.column}
            yield mark, None, other, {on, day, *measured}
            yield mark, None, source.horizon, {"day"}
        case Hop(_, column, via):
            yield mark, None, relation, {column}
            if source.relation is not None:
                yield from _reads_of_rows(objects, objects[source.to], source.relation, purpose)
            if via is not None:
                yield mark, None, via[0], {via[1], via[2]}
        case Page(other, on, far):
            yield mark, None, other, {on, far.column}
        case Copies(of, other, on):
            yield mark, None, other, {on}
            yield from _reads_of_rows(objects, objects[of], other, purpose)
        case One(other, on, fields):
            yield mark, None, other, {on}
            yield from _reads_of_fields(objects, _type_read_from(source), other, fields, purpose)
        case Many(other, on, far=Hop(to, column)):
            yield mark, _kinds_of_far(to), other, {on, column}
        case Many(other, on, _, fields):
            cls = _type_read_from(source)
            kinds = _rows_of(cls) or None
            yield mark, kinds, other, {on}
            yield from _reads_of_fields(objects, cls, other, fields, purpose)
        case Suggestions():
            yield from _reads_of_suggestions(source, purpose)


def _reads_of_suggestions(source: Suggestions, purpose: Purpose) -> Iterator[Read]:
    kinds = _rows_of(_type_read_from(source))
    yield kinds[FROM_FRIENDS][purpose], None, source.friends[0], set(source.friends[1:])
    for relation, *columns in (source.link, source.book, source.lookup):
        yield kinds[FROM_BOOKS][purpose], None, relation, set(columns)
    yield kinds[FROM_BOOKS][purpose], None, source.owners, {source.owners.key or ""}


def _type_named(name: str) -> type:
    return next(cls for cls in TYPES if cls.__name__ == name)


def _rows_of(cls: type) -> Mapping[str, Marks]:
    declared = getattr(cls, "ROWS", None)
    return declared.kinds if isinstance(declared, Rows) else {}


def _type_read_from(source: One | Many | Suggestions) -> type:
    """The schema's type with exactly the fields of this source."""
    found = [cls for cls in TYPES if set(fields_of(cls)) == set(source.fields)]
    if len(found) != 1:
        raise PolicyGap(f"no single type has the fields {sorted(source.fields)}")
    return found[0]


def _marks(cls: type, name: str) -> Marks:
    try:
        return marks_of(fields_of(cls)[name])
    except MissingTerms:
        raise PolicyGap(f"{cls.__name__}.{name} has a source but no marks") from None


# --- whose rows a bound token sees ----------------------------------------------------------------

OWNERS_OF = {
    Mark.OWN_SUBJECT: ("messenger_id", "social_id"),
    Mark.OWN_BUSINESS: ("business_id",),
    Mark.OWN_MERCHANT: ("merchant_id",),
}


@dataclass(frozen=True)
class Owned:
    """How a relation is narrowed to the rows of what a token is bound to.

    `columns`: what the purpose's view holds. `keys`: (whose key, the column that must hold it), all of
    which must hold. `far`: the same for the far end, where a list shows who stands there. `takes_part`:
    the account must take part in something of the token's business.
    """

    columns: tuple[str, ...]
    keys: tuple[tuple[str, str], ...]
    far: tuple[tuple[str, str], ...]
    takes_part: TakesPart | None = None


def owned_relations(
    objects: Mapping[str, ObjectSource], purpose: Purpose, stores: Iterable[Store] = tuple(Store)
) -> dict[Relation, Owned]:
    """The relations of which the purpose's tokens see their own rows alone.

    PolicyGap if the terms say so of a relation that does not tell whose its rows are.
    """
    found = {}
    for store in stores:
        for view in views_of(objects, store, purpose).values():
            own = view.marks & OWN
            leads_on = view.relation.leads_on and own == {Mark.TAKES_PART}
            if own and not leads_on and (_is_about_people(view.relation) or _keys_of(view)):
                found[view.relation] = _owned(view)
    return found


def _is_about_people(relation: Relation) -> bool:
    return any(column.kind is not Class.PUBLIC for column in relation.columns.values())


def _keys_of(view: View) -> tuple[tuple[str, str], ...]:
    """Whose keys stand in the view's rows, of those whom its marks speak of, and in which columns."""
    whose = {owner for mark in view.marks for owner in OWNERS_OF.get(mark, ())}
    return tuple((owner, column) for owner, column in view.relation.owners.items() if owner in whose)


def _owned(view: View) -> Owned:
    relation = view.relation
    keys = _keys_of(view)
    takes_part = relation.takes_part if Mark.TAKES_PART in view.marks else None
    if not keys and takes_part is None:
        raise PolicyGap(f"{relation.qualified} does not tell whose its rows are")
    far = tuple((owner, relation.far_end) for owner, _ in keys if relation.far_end is not None)
    columns = tuple(name for name in relation.columns if name in view.columns)
    needed = {column for _, column in (*keys, *far)}
    if not needed <= set(columns):
        raise PolicyGap(f"the view of {relation.qualified} lacks {sorted(needed - set(columns))}")
    return Owned(columns, keys, far, takes_part)
