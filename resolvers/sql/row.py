"""A row in FROM, while the text of its object is rendered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, FromClause

if TYPE_CHECKING:
    from resolvers.sources.catalogue import Relation
    from resolvers.sql.statement import Renderer


@dataclass
class Row:
    """A row in FROM, with whatever its object's text needs joined to it.

    `clause`: what a subselect about the object correlates with. `key`: the object's key. `stands_in`:
    the object's own row is not read; the row that leads to it stands in, with the key alone.
    """

    clause: FromClause
    source: FromClause
    key: ColumnElement[Any]
    stands_in: bool = False
    joined: dict[tuple[Relation, str], FromClause] = field(default_factory=dict)

    def join(self, renderer: Renderer, relation: Relation, on: str, column: str) -> FromClause:
        """`relation`, joined where its column `on` equals this row's `column`; once, however often asked."""
        known = self.joined.get((relation, column))
        if known is None:
            known = renderer.alias(relation)
            self.source = self.source.join(known, known.c[on] == self.clause.c[column])
            self.joined[relation, column] = known
        return known
