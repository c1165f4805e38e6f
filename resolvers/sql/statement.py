"""Bound trees become statements of SQLAlchemy Core expressions.

This module, `page.py` (lists), `suggestion_sql.py` (suggestions) and `json_text.py` (values) alone
spell SQL. Names are unqualified: the role's `search_path` leads to its universe's views, so the same
text serves every purpose.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    exists,
    func,
    literal_column,
    select,
    union_all,
)

from resolvers.plan.principal import OWN_KEYS, Own
from resolvers.plan.suggestions import Gathered, PersonHole
from resolvers.plan.tree import (
    HOLE,
    ITEM,
    KEPT,
    PART,
    Count,
    Fetch,
    Hole,
    Identify,
    Joined,
    Literal,
    ManyOf,
    ObjectOf,
    OneOf,
    PageOf,
    Parameter,
    RowsOf,
    Statement,
    SummaryOf,
    TreeNode,
    subject_mark,
)
from resolvers.sources.catalogue import Relation, TakesPart
from resolvers.sources.words import ObjectSource, Value
from resolvers.sql.json_text import (
    DIALECT,
    Pieces,
    alias,
    band,
    concatenate,
    json_object,
    list_of,
    mark,
    measure,
    place,
    quote,
    spell,
)
from resolvers.sql.page import Listing, within
from resolvers.sql.row import Row
from resolvers.sql.suggestion_sql import person, step
from resolvers.universe.views import Owned


@dataclass
class Renderer:
    """Renders the fetches of one statement; counts its aliases and parameters.

    `gather`: rows keyed by holes come as one row of many: three quarters of their cost in Python is
    for the row. Only where one machine sees all of them. `sharded`: the rows are spread by key; then
    whatever belongs to an object repeats the key that was asked for, or every shard would be asked.
    `owned`: relations of which the token sees its own rows alone; `pinned`: all that was used are such,
    by the key that they are spread by.
    """

    gather: bool
    sharded: bool
    owned: Mapping[Relation, Owned]
    names: int = 0
    parameters: dict[str, Parameter | Gathered | int] = field(default_factory=dict)
    asked: ColumnElement[Any] | None = None
    pinned: bool = True

    def alias(self, relation: Relation, both_ends: bool = False) -> FromClause:
        """The relation under a name of its own; every use of a relation in a statement comes from here.

        Of an owned relation it is the token's own rows, so that no part of a statement can forget that.
        `both_ends`: what is listed is who stands at the far end, so that must be the token's own too.
        """
        self.names += 1
        name = f"{relation.name[0]}{self.names}"
        owned = self.owned.get(relation)
        clause = alias(relation, name)
        # A reference table stands on every shard, so that none need be asked for its part.
        if owned is None:
            self.pinned = self.pinned and relation.group is None
            return clause
        keys = (*owned.keys, *owned.far) if both_ends else owned.keys
        conditions = [clause.c[column] == self.bind(OWN_KEYS[Own(owner)]) for owner, column in keys]
        self.pinned = self.pinned and relation.key in {None, *(column for _, column in keys)}
        if owned.takes_part is not None:
            conditions.append(self._takes_part(clause.c[relation.key or ""], owned.takes_part, name))
        return (
            select(*(clause.c[column] for column in owned.columns)).where(*conditions).subquery(f"{name}_own")
        )

    def _takes_part(self, account: ColumnElement[Any], part: TakesPart, name: str) -> ColumnElement[bool]:
        """The account takes part in something of the token's business."""
        other = alias(part.relation, f"{name}_part")
        conditions = [
            other.c[part.account] == account,
            other.c[part.business] == self.bind(OWN_KEYS[Own.BUSINESS]),
        ]
        if self.sharded and self.asked is not None:
            conditions.append(other.c[part.account] == self.asked)
        return exists(select(literal_column("1")).where(*conditions))

    def bind(self, parameter: Parameter) -> ColumnElement[Any]:
        """The parameter's place in the statement; the same parameter has one place."""
        for name, known in self.parameters.items():
            if known is parameter:
                return place(name, parameter.type, self.sharded)
        return self.new_parameter(parameter, parameter.type)

    def new_parameter(self, parameter: Parameter | Gathered | int, type_: str) -> ColumnElement[Any]:
        """A place in the statement that no other part of it shares."""
        name = f"p{len(self.parameters)}"
        self.parameters[name] = parameter
        return place(name, type_, self.sharded)

    # --- fetches ----------------------------------------------------------------------------------

    def fetch(self, fetch: Fetch) -> Any:
        """(mark, JSON text) of one fetch."""
        if fetch.rows is not None:
            return self._own_rows(fetch, fetch.rows)
        if fetch.suggestions is not None and fetch.step is not None:
            return step(self, fetch.suggestions, fetch.step)
        if fetch.object is None:
            return self._list(fetch)
        self.asked = self._asked_keys(fetch)
        if fetch.via is None:
            assert isinstance(fetch.object, ObjectOf)
            relation = fetch.object.source.relation
            clause = self.alias(relation)
            key = clause.c[relation.identity]
            row = Row(clause, clause, key)
        else:
            lookup, key_column, target_column = fetch.via
            first = self.alias(lookup)
            key = first.c[key_column]
            row = Row(first, first, first.c[target_column])
            if isinstance(fetch.object, ObjectOf):
                relation = fetch.object.source.relation
                clause = self.alias(relation)
                own = clause.c[relation.identity]
                row = Row(clause, first.join(clause, own == first.c[target_column]), own)
        text = concatenate(self.value(fetch.object, row))
        if fetch.keys is not None:
            mark = quote(f"{fetch.slot}:")
        else:
            mark = concatenate([f"{fetch.slot}:", key])
            if self.gather:
                mark, text = _gathered(mark), _gathered(text)
        found = select(mark.label("k"), text.label("b")).select_from(row.source).where(key == self.asked)
        if fetch.first_by:
            order = [first.c[column] for column in fetch.first_by]
            found = found.order_by(*order).limit(literal_column("1", Integer()))
        return found

    def _list(self, fetch: Fetch) -> Any:
        """(mark, JSON text) of a whole list; of a sharded store the rows that it is assembled from."""
        if fetch.page is not None:
            return select(quote(f"{fetch.slot}:").label("k"), self._page(fetch.page, None).label("b"))
        if fetch.assembly is not None:
            return Listing(self, fetch.assembly.page, None).key_rows()
        if fetch.total_of is not None:
            return Listing(self, fetch.total_of, None).total_rows(fetch.slot)
        if fetch.groups_of is not None:
            page, groups = fetch.groups_of
            return Listing(self, page, None).groups_rows(groups)
        assert fetch.beyond is not None
        page, name = fetch.beyond
        return Listing(self, page, None).beyond_rows(name, fetch.slot)

    def _own_rows(self, fetch: Fetch, rows: RowsOf) -> Any:
        """(mark, JSON text) of a list of the token's own rows; no row if there are none."""
        source = rows.source
        clause = self.alias(source.relation)
        row = Row(clause, clause, clause.c[source.order[0]])
        text = json_object((key, self.value(member, row)) for key, member in rows.members)
        if rows.subject is not None:
            text = [*mark(rows.subject, clause.c[source.on or ""]), *text]
        item = concatenate(text)
        whole = list_of(item, [clause.c[column] for column in source.order])
        found = select(quote(f"{fetch.slot}:").label("k"), whole.label("b")).select_from(clause)
        if source.on is None or fetch.keys is None:
            return found
        # Grouped, or every shard would answer with a list of its own.
        owner = clause.c[source.on]
        return found.where(owner == self.bind(fetch.keys)).group_by(owner)

    def _asked_keys(self, fetch: Fetch) -> ColumnElement[Any]:
        """What a key column is compared with: one key of the request, or all keys of the holes."""
        if fetch.keys is not None:
            return self.bind(fetch.keys)
        return func.any(self.new_parameter(fetch.slot, fetch.key_type + "[]"))

    def belonging(self, column: ColumnElement[Any], row: Row) -> list[ColumnElement[bool]]:
        """Conditions for rows that belong to the object in `row`."""
        own = [column == row.key]
        # On one machine this would sort the keys anew for each parent (2.2 ms for 0.97).
        return [*own, column == self.asked] if self.sharded and self.asked is not None else own

    # --- values -----------------------------------------------------------------------------------

    def value(self, bound: TreeNode, row: Row) -> Pieces:
        """The JSON text of one bound node, for the object in `row`."""
        match bound:
            case Literal(text):
                return [text]
            case Value():
                return spell(bound, row.clause.c[bound.column])
            case Hole(slot, column, nullable):
                hole: Pieces = [f"{HOLE}{slot}:", row.key if row.stands_in else row.clause.c[column], HOLE]
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
            case Count():
                return ['"', self._count(bound, row), '"']
            case PageOf():
                return [self._page(bound, row)]
            case PersonHole():
                return person(self, bound, row)
        raise AssertionError(f"a bound node without a spelling: {bound}")

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
                text = [f'"{bound.source.prefix}', row.key, '"']
            pieces += [f'{"," if pieces else "{"}"{name}":', *text]
        pieces += ["}" if pieces else "{}"]
        return pieces if subject is None else [*self._mark(bound.source, subject, row), *pieces]

    def _mark(self, source: ObjectSource, subject: int, row: Row) -> Pieces:
        """Whom the object is about; nothing where that is nobody who has an account."""
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
            # The foreign key says that the far row is there, and whoever sees the link sees both ends.
            key = row.clause.c[bound.source.column]
            return self.value(bound.object, Row(row.clause, row.source, key, stands_in=True))
        clause = row.join(self, relation, relation.identity, bound.source.column)
        inner = Row(clause, row.source, clause.c[relation.identity])
        pieces = self.value(bound.object, inner)
        # What the object leads to was joined behind it.
        row.source = inner.source
        return pieces

    def _joined_if_there(self, bound: Joined, row: Row) -> Pieces:
        """The object, or null. Not an inner join, which would leave out the row that leads to nobody."""
        relation = bound.object.source.relation
        clause = self.alias(relation)
        key = clause.c[relation.identity]
        inner = Row(clause, clause, key)
        text = concatenate(self.value(bound.object, inner))
        found = select(text).select_from(inner.source).where(key == row.clause.c[bound.source.column])
        return [func.coalesce(within(found, row).scalar_subquery(), quote("null"))]

    def _one(self, bound: OneOf, row: Row) -> Pieces:
        # A scalar subselect, not an outer join: within a page a join is made before the LIMIT (1.17 ms
        # against 0.99 for 20 × 10 friends, `python -m tests.bench`).
        clause = self.alias(bound.source.relation)
        inner = Row(clause, clause, clause.c[bound.source.on])
        pieces = json_object((key, self.value(member, inner)) for key, member in bound.members)
        if any(isinstance(member, Hole) for _, member in bound.members):
            # An object whose hop finds nothing must itself be null, as GraphQL says of a non-null
            # field; otherwise a link whose far end is hidden would show that it exists.
            pieces = [PART, *pieces, PART]
        found = (
            select(concatenate(pieces))
            .select_from(inner.source)
            .where(*self.belonging(clause.c[bound.source.on], row))
        )
        return [func.coalesce(within(found, row).scalar_subquery(), quote("null"))]

    def _many(self, bound: ManyOf, row: Row) -> ColumnElement[str]:
        clause = self.alias(bound.source.relation)
        inner = Row(clause, clause, clause.c[bound.source.on])
        pieces = (
            json_object((key, self.value(member, inner)) for key, member in bound.members)
            if bound.item is None
            else self.value(bound.item, inner)
        )
        item = concatenate(pieces)
        order = [clause.c[column] for column in bound.order]
        items = (
            select(list_of(item, order))
            .select_from(inner.source)
            .where(*self.belonging(clause.c[bound.source.on], row))
        )
        return within(items, row).scalar_subquery()

    def _count(self, bound: Count, row: Row) -> ColumnElement[str]:
        clause = self.alias(bound.source.relation)
        counted = (
            select(band(func.count(), bound.source.bands))
            .select_from(clause)
            .where(*self.belonging(clause.c[bound.source.on], row))
        )
        return within(counted, row).scalar_subquery()

    def _summary(self, bound: SummaryOf, row: Row) -> Pieces:
        source = bound.source
        if all(isinstance(member, Literal) for _, member in bound.members):
            # Without a measure nothing would be aggregated: a row for each day, or none.
            return json_object((key, [member.text]) for key, member in bound.members)  # type: ignore[union-attr]
        clause = self.alias(source.relation)
        day = clause.c[source.day]
        until: ColumnElement[Any]
        if bound.until is None:
            horizon = self.alias(source.horizon)
            until = select(horizon.c["day"]).scalar_subquery()
        else:
            until = self.bind(bound.until)
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
                *self.belonging(clause.c[source.on], row),
                day > until - literal_column(str(source.days), Integer()),
                day <= until,
            )
        )
        return [within(summed, row).scalar_subquery()]

    # --- pages ------------------------------------------------------------------------------------

    def _page(self, page: PageOf, parent: Row | None) -> ColumnElement[str]:
        """The whole connection as one text: an aggregate over at most one page of rows."""
        listing = Listing(self, page, parent)
        text = concatenate(json_object((key, listing.part(part)) for key, part in page.parts))
        closed = select(text)
        if listing.columns:
            closed = closed.select_from(listing.rows())
        return within(closed, parent).scalar_subquery()


def _needs_key_alone(bound: ObjectOf) -> bool:
    """Whether nothing selected of the object stands in its own row but the key."""
    key = bound.source.relation.identity
    return not any(
        isinstance(member, Value)
        or (isinstance(member, Hole) and member.column != key)
        or (isinstance(member, Joined) and member.source.column != key)
        for _, member in bound.members
    )


def _needs_no_key(fetch: Fetch) -> bool:
    """Whether a whole list is asked for; on one machine that is one row even if no identifier is named."""
    if fetch.rows is not None:
        return fetch.keys is None
    return (
        fetch.object is None
        and fetch.step is None
        and (fetch.assembly is None or fetch.assembly.page.ids is None)
    )


def _gathered(text: ColumnElement[Any]) -> ColumnElement[str]:
    return func.string_agg(text, quote(ITEM))


def render_statement(fetches: Sequence[Fetch], sharded: bool, owned: Mapping[Relation, Owned]) -> Statement:
    """One statement for fetches of one store and one wave."""
    gather = not sharded and all(fetch.keys is None and fetch.object is not None for fetch in fetches)
    renderer = Renderer(gather, sharded, owned)
    selects = [renderer.fetch(fetch) for fetch in fetches]
    whole: Any = selects[0] if len(selects) == 1 else union_all(*selects)
    compiled = whole.compile(dialect=DIALECT)
    holds_list = any(_needs_no_key(fetch) for fetch in fetches)
    return Statement(
        store=fetches[0].store,
        sql=str(compiled),
        parameters=tuple(renderer.parameters[name] for name in compiled.positiontup or ()),
        slots=tuple(fetch.slot for fetch in fetches),
        gathered=gather,
        holds_list=holds_list,
        fans_out=sharded and holds_list and not renderer.pinned,
        assembly=fetches[0].assembly,
        groups=fetches[0].groups_of and fetches[0].groups_of[1],
        suggestions=fetches[0].suggestions,
        step=fetches[0].step,
    )


def _is_known_by(source: ObjectSource) -> bool:
    """Whether an object's own identifier names the person whom it is about."""
    return source.about is not None and source.about.column == source.relation.identity
