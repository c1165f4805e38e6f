"""How a bound tree becomes the SQL of one JSON text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Integer, func, literal_column, select

from resolvers.plan.holes import HOLE, KEPT, KEY, PART, subject_mark
from resolvers.plan.tree import (
    BandOf,
    Hole,
    Identify,
    Joined,
    Literal,
    ManyOf,
    ObjectOf,
    OneOf,
    PageOf,
    PersonHole,
    SummaryOf,
    TreeNode,
)
from resolvers.sources.words import ObjectSource, Value
from resolvers.sql.json_text import (
    Pieces,
    band,
    concatenate,
    covered_mark,
    json_object,
    list_of,
    mark,
    measure,
    quote,
    spell,
)
from resolvers.sql.page import Listing
from resolvers.sql.row import Row, within
from resolvers.sql.scope import Scope
from resolvers.sql.suggestion_sql import person


@dataclass(frozen=True)
class TreeText:
    """Renders bound nodes within one statement."""

    scope: Scope

    def value(self, bound: TreeNode, row: Row) -> Pieces:
        """The JSON text of one bound node, for the object in `row`."""
        match bound:
            case Literal(text):
                return [text]
            case Value():
                return spell(bound, row.clause.c[bound.column])
            case Hole(slot, column, nullable):
                hole: Pieces = [f"{HOLE}{slot}:", row.key if row.key_only else row.clause.c[column], HOLE]
                return [func.coalesce(concatenate(hole), quote("null"))] if nullable else hole
            case ObjectOf(_, members):
                return self._object(bound, members, row)
            case Joined():
                return self._joined(bound, row)
            case OneOf():
                return self._one(bound, row)
            case ManyOf():
                return [self._many(bound, row)]
            case SummaryOf():
                return self._summary(bound, row)
            case BandOf():
                return ['"', self._count(bound, row), '"']
            case PageOf():
                return [self.page(bound, row)]
            case PersonHole():
                return person(self.scope, bound, row)
        raise AssertionError(f"a bound node that has no SQL: {bound}")

    def _object(self, bound: ObjectOf, members: Iterable[tuple[str, TreeNode]], row: Row) -> Pieces:
        subject = bound.subject
        identified = subject is not None and _is_known_by(bound.source)
        pieces: Pieces = []
        for name, member in members:
            if not isinstance(member, Identify):
                text = self.value(member, row)
            elif identified and subject is not None:
                kept = f"{KEPT}{subject_mark(subject)}"
                text, subject = [f'"{bound.source.prefix}{kept}', row.key, f'{KEPT}"'], None
            else:
                text = [f'"{bound.source.prefix}{KEY}', row.key, f'{KEY}"']
            pieces += [f'{"," if pieces else "{"}"{name}":', *text]
        pieces += ["}" if pieces else "{}"]
        return pieces if subject is None else [*self._mark(bound.source, subject, row), *pieces]

    def _mark(self, source: ObjectSource, subject: int, row: Row) -> Pieces:
        """The mark of the person that the object is about; nothing if that person has no account."""
        about = source.about
        assert about is not None
        if _is_known_by(source):
            return mark(subject, row.key)
        column = row.clause.c[about.column]
        if not about.nullable:
            return mark(subject, column)
        return [func.coalesce(concatenate(mark(subject, column)), quote(""))]

    def _joined(self, bound: Joined, row: Row) -> Pieces:
        relation = bound.object.source.relation
        if bound.source.nullable:
            return self._joined_if_there(bound, row)
        if _needs_key_alone(bound.object):
            # The foreign key guarantees the far row, and a purpose that sees the link sees both its ends.
            key = row.clause.c[bound.source.column]
            return self.value(bound.object, Row(row.clause, row.source, key, key_only=True))
        clause = row.join(self.scope, relation, on=relation.identity, column=bound.source.column)
        inner = Row(clause, row.source, clause.c[relation.identity])
        pieces = self.value(bound.object, inner)
        # What the object leads to was joined behind it.
        row.source = inner.source
        return pieces

    def _joined_if_there(self, bound: Joined, row: Row) -> Pieces:
        """The object, or null. An inner join would leave out the row that leads to no object."""
        relation = bound.object.source.relation
        clause = self.scope.alias(relation)
        key = clause.c[relation.identity]
        inner = Row(clause, clause, key)
        text = concatenate(self.value(bound.object, inner))
        found = select(text).select_from(inner.source).where(key == row.clause.c[bound.source.column])
        return [func.coalesce(within(found, row).scalar_subquery(), quote("null"))]

    def _one(self, bound: OneOf, row: Row) -> Pieces:
        # A scalar subselect, not an outer join: within a page a join is made before the LIMIT (1.17 ms
        # against 0.99 for 20 × 10 friends, `python -m tests.bench`).
        clause = self.scope.alias(bound.source.relation)
        inner = Row(clause, clause, clause.c[bound.source.on])
        pieces = json_object((key, self.value(member, inner)) for key, member in bound.members)
        pieces = [*covered_mark(bound.covered, inner.key, inner.key), *pieces]
        if any(isinstance(member, Hole) for _, member in bound.members):
            # An object whose hop finds nothing must itself be null, as GraphQL requires for a non-null
            # field; otherwise a link whose far end is hidden would show that it exists.
            pieces = [PART, *pieces, PART]
        found = (
            select(concatenate(pieces))
            .select_from(inner.source)
            .where(*self.scope.belonging(clause.c[bound.source.on], row.key))
        )
        return [func.coalesce(within(found, row).scalar_subquery(), quote("null"))]

    def _many(self, bound: ManyOf, row: Row) -> ColumnElement[str]:
        clause = self.scope.alias(bound.source.relation)
        inner = Row(clause, clause, clause.c[bound.source.on])
        pieces = (
            json_object((key, self.value(member, inner)) for key, member in bound.members)
            if bound.item is None
            else self.value(bound.item, inner)
        )
        # A purpose whose rows no objection covers may not see the column of their kinds.
        kind = clause.c[(bound.covered and bound.source.relation.kinds) or bound.source.on]
        item = concatenate([*covered_mark(bound.covered, inner.key, kind), *pieces])
        order = [clause.c[column] for column in bound.order]
        items = (
            select(list_of(item, order))
            .select_from(inner.source)
            .where(*self.scope.belonging(clause.c[bound.source.on], row.key))
        )
        return within(items, row).scalar_subquery()

    def _count(self, bound: BandOf, row: Row) -> ColumnElement[str]:
        clause = self.scope.alias(bound.source.relation)
        counted = (
            select(band(func.count(), bound.source.bands))
            .select_from(clause)
            .where(*self.scope.belonging(clause.c[bound.source.on], row.key))
        )
        return within(counted, row).scalar_subquery()

    def _summary(self, bound: SummaryOf, row: Row) -> Pieces:
        source = bound.source
        if all(isinstance(member, Literal) for _, member in bound.members):
            # Without a measure nothing would be aggregated: a row for each day, or none.
            return json_object((key, [member.text]) for key, member in bound.members)  # type: ignore[union-attr]
        clause = self.scope.alias(source.relation)
        day = clause.c[source.day]
        until: ColumnElement[Any]
        if bound.until is None:
            horizon = self.scope.alias(source.horizon)
            until = select(horizon.c["day"]).scalar_subquery()
        else:
            until = self.scope.refer_to(bound.until)
        text = concatenate(
            json_object(
                (key, [member.text] if isinstance(member, Literal) else measure(member, clause))
                for key, member in bound.members
            )
        )
        summed = (
            select(text)
            .select_from(clause)
            .where(
                *self.scope.belonging(clause.c[source.on], row.key),
                day > until - literal_column(str(source.days), Integer()),
                day <= until,
            )
        )
        return [within(summed, row).scalar_subquery()]

    # --- pages ------------------------------------------------------------------------------------

    def page(self, page: PageOf, parent: Row | None) -> ColumnElement[str]:
        """The whole connection as one text: an aggregate over at most one page of rows."""
        listing = Listing(self.scope, page, parent, value=self.value)
        parts = json_object((key, listing.part(part)) for key, part in page.parts)
        closed = select(concatenate([*parts, *listing.counted()]))
        if listing.columns:
            closed = closed.select_from(listing.rows())
        return within(closed, parent).scalar_subquery()


def _needs_key_alone(bound: ObjectOf) -> bool:
    """True if the selected fields need nothing of the object's own row but the key."""
    key = bound.source.relation.identity
    return not any(
        isinstance(member, Value)
        or (isinstance(member, Hole) and member.column != key)
        or (isinstance(member, Joined) and member.source.column != key)
        for _, member in bound.members
    )


def _is_known_by(source: ObjectSource) -> bool:
    """True if an object's own identifier names the person it is about."""
    return source.about is not None and source.about.column == source.relation.identity
