"""A row in FROM, while the text of its object is rendered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select

from resolvers.sources.catalogue import Relation
from resolvers.sql.scope import Scope


@dataclass
class Row:
    """A row in FROM, with everything that its object's text needs joined to it.

    `clause`: what a subselect about the object correlates with. `key`: the object's key. `key_only`:
    the statement does not read the object's own row; the row that leads to it replaces it, with the key
    alone.
    """

    clause: FromClause
    source: FromClause
    key: ColumnElement[Any]
    key_only: bool = False
    joined: dict[tuple[Relation, str], FromClause] = field(default_factory=dict)

    def join(self, scope: Scope, relation: Relation, *, on: str, column: str) -> FromClause:
        """`relation`, joined once where its column `on` equals this row's `column`."""
        known = self.joined.get((relation, column))
        if known is None:
            known = scope.alias(relation)
            self.source = self.source.join(known, known.c[on] == self.clause.c[column])
            self.joined[relation, column] = known
        return known


def within(statement: Select[Any], parent: Row | None) -> Select[Any]:
    """The statement as a part of the one in which `parent` is a row."""
    return statement if parent is None else statement.correlate(parent.clause)
