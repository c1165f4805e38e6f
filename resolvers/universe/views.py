"""The view that each purpose has of each relation, and whose rows a bound token sees there.

Two things are made of the reads in `readings.py`: the views of a universe (`universe/render.py`), and the
conditions that keep a bound token to its own rows (`compile/context.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from resolvers.sources.catalogue import Class, Relation, Store, TakesPart
from resolvers.sources.words import ObjectSource
from resolvers.universe.readings import PolicyGap, reads_of
from schema.purposes import Purpose
from schema.terms.marks import OWN, Mark, Marks


@dataclass
class View:
    """What one purpose reads of one relation: columns, and the marks of the fields that need them."""

    relation: Relation
    columns: set[str] = field(default_factory=set)
    marks: set[Mark] = field(default_factory=set)
    kinds: Mapping[str, Marks] | None = None


def views_of(objects: Mapping[str, ObjectSource], store: Store, purpose: Purpose) -> dict[str, View]:
    """The purpose's views in the store, by name; empty if it sees nothing there."""
    views: dict[str, View] = {}
    for read in reads_of(objects, purpose):
        if read.relation.store is store:
            view = views.setdefault(read.relation.name, View(read.relation))
            view.columns |= read.columns
            view.marks.add(read.mark)
            view.kinds = read.kinds or view.kinds
    return views


# --- whose rows a bound token sees ----------------------------------------------------------------

OWNERS_OF = {
    Mark.OWN_SUBJECT: ("messenger_id", "social_id"),
    Mark.OWN_BUSINESS: ("business_id",),
    Mark.OWN_MERCHANT: ("merchant_id",),
}


@dataclass(frozen=True)
class Owned:
    """How a relation is narrowed to the rows of the principal that a token is bound to.

    `columns`: those of the purpose's view. `keys`: (principal's key, column that must equal it), all of which
    must hold. `far`: the same for the far end, where a list shows the account there. `takes_part`: the
    account must take part in a conversation of the token's business.
    """

    columns: tuple[str, ...]
    keys: tuple[tuple[str, str], ...]
    far: tuple[tuple[str, str], ...]
    takes_part: TakesPart | None = None


def owned_relations(
    objects: Mapping[str, ObjectSource], purpose: Purpose, stores: Iterable[Store] = tuple(Store)
) -> dict[Relation, Owned]:
    """The relations of which the purpose's tokens see their own rows alone.

    PolicyGap if the terms require it of a relation that does not name the owner of a row.
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
    """The owners that the view's marks require, each with the column that has its key."""
    whose = {owner for mark in view.marks for owner in OWNERS_OF.get(mark, ())}
    return tuple((owner, column) for owner, column in view.relation.owners.items() if owner in whose)


def _owned(view: View) -> Owned:
    relation = view.relation
    keys = _keys_of(view)
    takes_part = relation.takes_part if Mark.TAKES_PART in view.marks else None
    if not keys and takes_part is None:
        raise PolicyGap(f"{relation.qualified} does not name the owner of a row")
    far = tuple((owner, relation.far_end) for owner, _ in keys if relation.far_end is not None)
    columns = tuple(name for name in relation.columns if name in view.columns)
    needed = {column for _, column in (*keys, *far)}
    if not needed <= set(columns):
        raise PolicyGap(f"the view of {relation.qualified} lacks {sorted(needed - set(columns))}")
    return Owned(columns, keys, far, takes_part)
