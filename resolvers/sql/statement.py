"""Renders the fetches of one statement as SQL.

This room alone writes SQL for plans, as expressions of SQLAlchemy Core. Names are unqualified: the role's
`search_path` leads to its universe's views, so the same text serves every purpose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Integer, func, literal_column, select, union_all

from resolvers.plan.fetches import (
    AssembledList,
    BeyondCursor,
    Fetch,
    ListGroups,
    ListTotal,
    ObjectByKey,
    ObjectsByHoles,
    OwnRowsList,
    SuggestionFetch,
    WholeList,
)
from resolvers.plan.holes import ITEM, PART
from resolvers.plan.plan import GatheredTexts, Statement, StatementRows, StepRows, Texts
from resolvers.plan.tree import Hole, ObjectOf, PageOf
from resolvers.sources.catalogue import Relation
from resolvers.sql.json_text import (
    DIALECT,
    concatenate,
    covered_mark,
    json_object,
    list_of,
    mark,
    quote,
)
from resolvers.sql.page import Listing
from resolvers.sql.row import Row
from resolvers.sql.scope import Scope
from resolvers.sql.suggestion_sql import step
from resolvers.sql.tree_text import TreeText
from resolvers.universe.views import Owned


def render_statement(fetches: Sequence[Fetch], sharded: bool, owned: Mapping[Relation, Owned]) -> Statement:
    """One statement for fetches of one store and one wave."""
    gather = not sharded and all(isinstance(fetch, ObjectsByHoles) for fetch in fetches)
    scope = Scope(sharded, owned)
    renderer = Renderer(scope, TreeText(scope), gather)
    selects = [renderer.fetch(fetch) for fetch in fetches]
    whole: Any = selects[0] if len(selects) == 1 else union_all(*selects)
    compiled = whole.compile(dialect=DIALECT)
    holds_list = any(_needs_no_key(fetch) for fetch in fetches)
    return Statement(
        store=fetches[0].store,
        sql=str(compiled),
        parameters=tuple(scope.parameters[name] for name in compiled.positiontup or ()),
        slots=tuple(fetch.slot for fetch in fetches),
        rows=GatheredTexts() if gather else _rows_of(fetches[0]),
        holds_list=holds_list,
        fans_out=sharded and holds_list and not scope.pinned,
    )


def _needs_no_key(fetch: Fetch) -> bool:
    """True if the fetch reads a whole list; on one machine that is a row even if no identifier is named."""
    match fetch:
        case ObjectsByHoles() | ObjectByKey() | SuggestionFetch():
            return False
        case OwnRowsList():
            return fetch.keys is None
        case AssembledList(assembly=assembly):
            return assembly.page.ids is None
        case WholeList() | ListTotal() | ListGroups() | BeyondCursor():
            return True


def _rows_of(fetch: Fetch) -> StatementRows:
    match fetch:
        case AssembledList():
            return fetch.assembly
        case ListGroups():
            return fetch.groups
        case SuggestionFetch():
            return StepRows(fetch.suggestions, fetch.step)
        case _:
            return Texts()


@dataclass(frozen=True)
class Renderer:
    """Renders the fetches of one statement.

    `gather`: rows keyed by holes come as one row of many, because three quarters of their cost in Python is
    for the row. This works only where one machine sees all of them.
    """

    scope: Scope
    tree: TreeText
    gather: bool

    def fetch(self, fetch: Fetch) -> Any:
        """(mark, JSON text) of one fetch; of parts of a sharded list, the rows that it is made from."""
        match fetch:
            case ObjectsByHoles():
                return self._objects(fetch)
            case ObjectByKey():
                return self._object(fetch)
            case WholeList():
                text = self.tree.page(fetch.page, None)
                return select(quote(f"{fetch.slot}:").label("k"), text.label("b"))
            case AssembledList():
                return self._listing(fetch.assembly.page).key_rows()
            case ListTotal():
                return self._listing(fetch.page).total_rows(fetch.slot)
            case ListGroups():
                return self._listing(fetch.page).groups_rows(fetch.groups)
            case BeyondCursor():
                return self._listing(fetch.page).beyond_rows(fetch.question, fetch.slot)
            case OwnRowsList():
                return self._own_rows(fetch)
            case SuggestionFetch():
                return step(self.scope, fetch.suggestions, fetch.step, value=self.tree.value)

    def _listing(self, page: PageOf) -> Listing:
        return Listing(self.scope, page, None, value=self.tree.value)

    def _objects(self, fetch: ObjectsByHoles) -> Any:
        asked = func.any(self.scope.new_parameter(fetch.slot, "bigint[]"))
        self.scope.asked = asked
        key, row, _ = self._found(fetch)
        text: ColumnElement[Any] = concatenate(self.tree.value(fetch.object, row))
        mark: ColumnElement[Any] = concatenate([f"{fetch.slot}:", key])
        if self.gather:
            mark, text = _gathered(mark), _gathered(text)
        return select(mark.label("k"), text.label("b")).select_from(row.source).where(key == asked)

    def _object(self, fetch: ObjectByKey) -> Any:
        asked = self.scope.asked = self.scope.refer_to(fetch.keys)
        key, row, first = self._found(fetch)
        pieces = self.tree.value(fetch.object, row)
        if fetch.covered is not None:
            kind = first.c[fetch.first_by[0]]
            pieces = [*covered_mark(fetch.covered, row.key, kind), *pieces]
            if isinstance(fetch.object, Hole):
                # If nothing fills the hole, the mark goes as well.
                pieces = [PART, *pieces, PART]
        text = concatenate(pieces)
        mark = quote(f"{fetch.slot}:")
        found = select(mark.label("k"), text.label("b")).select_from(row.source).where(key == asked)
        if fetch.first_by:
            order = [first.c[column] for column in fetch.first_by]
            found = found.order_by(*order).limit(literal_column("1", Integer()))
        return found

    def _found(self, fetch: ObjectsByHoles | ObjectByKey) -> tuple[ColumnElement[Any], Row, FromClause]:
        """The key column that is compared, the row of the object, and the relation that holds the key."""
        if fetch.via is None:
            assert isinstance(fetch.object, ObjectOf)
            relation = fetch.object.source.relation
            clause = self.scope.alias(relation)
            key = clause.c[relation.identity]
            return key, Row(clause, clause, key), clause
        lookup, key_column, target_column = fetch.via
        first = self.scope.alias(lookup)
        row = Row(first, first, first.c[target_column])
        if isinstance(fetch.object, ObjectOf):
            relation = fetch.object.source.relation
            clause = self.scope.alias(relation)
            own = clause.c[relation.identity]
            row = Row(clause, first.join(clause, own == first.c[target_column]), own)
        return first.c[key_column], row, first

    def _own_rows(self, fetch: OwnRowsList) -> Any:
        """(mark, JSON text) of a list of the principal's own rows; no row if there are none."""
        rows, source = fetch.rows, fetch.rows.source
        clause = self.scope.alias(source.relation)
        row = Row(clause, clause, clause.c[source.order[0]])
        text = json_object((key, self.tree.value(member, row)) for key, member in rows.members)
        if rows.subject is not None:
            text = [*mark(rows.subject, clause.c[source.on or ""]), *text]
        item = concatenate(text)
        whole = list_of(item, [clause.c[column] for column in source.order])
        found = select(quote(f"{fetch.slot}:").label("k"), whole.label("b")).select_from(clause)
        if source.on is None or fetch.keys is None:
            return found
        # Grouped, or every shard would answer with a list of its own.
        owner = clause.c[source.on]
        return found.where(owner == self.scope.refer_to(fetch.keys)).group_by(owner)


def _gathered(text: ColumnElement[Any]) -> ColumnElement[str]:
    return func.string_agg(text, quote(ITEM))
