"""Each step of suggestions as a statement; which there are says `compile/suggestion_waves.py`.

Every statement returns rows of two texts: whose row it is, and what was found. What a purpose may not see
is not in its views, so nothing here knows of objections. Every tie is taken with both its ends: what a
step finds are the keys of the next, and those of others would go where a token bound to one person asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Integer,
    Text,
    case,
    cast,
    func,
    literal_column,
    select,
    true,
    union_all,
)
from sqlalchemy import Column as SqlColumn
from sqlalchemy.dialects.postgresql import ARRAY

from resolvers.plan.suggestions import Gathered, PersonHole, Step, SuggestionsOf
from resolvers.plan.tree import HOLE, Parameter
from resolvers.sources.catalogue import Relation
from resolvers.sql.json_text import Pieces, concatenate, json_object, list_of, mark, quote
from resolvers.sql.page import within
from resolvers.sql.row import Row
from resolvers.universe.views import FROM_BOOKS, FROM_FRIENDS

if TYPE_CHECKING:
    from resolvers.sql.statement import Renderer

Link = tuple[Relation, str, str]


def person(renderer: Renderer, hole: PersonHole, row: Row) -> Pieces:
    """The mark of a person's suggestions: their key, and that of their account in the other store."""
    relation, own, other = hole.source.link
    clause = renderer.alias(relation, both_ends=True)
    linked = select(cast(clause.c[other], Text())).where(*renderer.belonging(clause.c[own], row))
    found = func.coalesce(within(linked, row).scalar_subquery(), quote(""))
    return [f"{HOLE}{hole.slot}:", row.key, "/", found, HOLE]


def step(renderer: Renderer, of: SuggestionsOf, which: Step) -> Any:
    """The statement of one step."""
    source = of.source
    match which:
        case Step.BOOKS:
            return _first_of_each(renderer, source.owners, source.book, source.contacts_of_each, OWNERS)
        case Step.CIRCLES:
            return _first_of_each(renderer, source.people, source.friends, source.friends_of_each, PEOPLE)
        case Step.WIDER:
            return _first_of_each(renderer, source.people, source.friends, source.friends_of_each, FRIENDS)
        case Step.MEMBERS:
            return _pairs(renderer, source.lookup, CONTACTS)
        case Step.KNOWN:
            return _pairs(renderer, source.friends, PEOPLE, CANDIDATES)
        case Step.RANKED:
            return _ranked(renderer, of)


PEOPLE, FRIENDS, OWNERS = Gathered.PEOPLE, Gathered.FRIENDS, Gathered.OWNERS
CONTACTS, CANDIDATES = Gathered.CONTACTS, Gathered.CANDIDATES


def _any_of(renderer: Renderer, what: Gathered) -> ColumnElement[Any]:
    return func.any(renderer.new_parameter(what, "bigint[]"))


def _first_of_each(renderer: Renderer, roots: Relation, link: Link, most: int, asked: Gathered) -> Any:
    """(root's key, the first of those whom it leads to, by number, with commas)."""
    root = renderer.alias(roots)
    key = root.c[roots.key or ""]
    renderer.asked = _any_of(renderer, asked)
    row = Row(root, root, key)
    relation, inward, onward = link
    clause = renderer.alias(relation, both_ends=True)
    first = (
        select(cast(clause.c[onward], Text()).label("id"))
        .where(*renderer.belonging(clause.c[inward], row))
        .order_by(clause.c[onward])
        .limit(_number(most))
    )
    ends = within(first, row).subquery(f"ends{renderer.names}")
    gathered = select(func.coalesce(func.string_agg(ends.c.id, quote(",")), quote("")))
    found = within(gathered, row).scalar_subquery()
    return select(cast(key, Text()).label("k"), found.label("b")).where(key == renderer.asked)


def _pairs(renderer: Renderer, link: Link, asked: Gathered, ends: Gathered | None = None) -> Any:
    """(one end, the other) of every row that leads on from those asked; with `ends`, to those alone."""
    relation, inward, onward = link
    clause = renderer.alias(relation, both_ends=True)
    conditions = [clause.c[inward] == _any_of(renderer, asked)]
    if ends is not None:
        conditions.append(clause.c[onward] == _any_of(renderer, ends))
    pair = cast(clause.c[inward], Text()).label("k"), cast(clause.c[onward], Text()).label("b")
    return select(*pair).where(*conditions)


# --- all in one, where one machine holds everything -----------------------------------------------


def _ranked(renderer: Renderer, of: SuggestionsOf) -> Any:
    """(person, their suggestions as a JSON list), for each person with their address book."""
    keys = renderer.new_parameter(PEOPLE, "bigint[]"), renderer.new_parameter(Gathered.BOOKS, "text[]")
    people = (
        func.unnest(*keys)
        .table_valued(SqlColumn("id", BigInteger()), SqlColumn("book", Text()), name="people")
        .render_derived(name="people")
    )
    best = _best(renderer, of, people)
    row = Row(best, best, best.c.id)
    text = json_object((key, renderer.value(member, row)) for key, member in of.members)
    item = concatenate(text if of.subject is None else [*mark(of.subject, best.c.id), *text])
    order = [best.c.contact.desc(), best.c.mutual.desc(), best.c.id]
    listed = select(list_of(item, order)).select_from(row.source).correlate(people)
    found = listed.scalar_subquery()
    return select(cast(people.c.id, Text()).label("k"), found.label("b")).select_from(people)


def _best(renderer: Renderer, of: SuggestionsOf, person: FromClause) -> Any:
    """The first of a person's candidates: `id`, `contact` (1 or 0), `mutual`, `basis`."""
    found = union_all(_paths(renderer, of, person), _contacts(renderer, of, person)).subquery("found")
    relation, inward, onward = of.source.friends
    tie = renderer.alias(relation, both_ends=True)
    tied: Any = (
        select(literal_column("1"))
        .where(tie.c[inward] == person.c.id, tie.c[onward] == found.c.id)
        .correlate(person, found)
    )
    contact, mutual = func.max(found.c.contact), func.sum(found.c.mutual)
    size = of.size
    limit = renderer.bind(size) if isinstance(size, Parameter) else _number(size)
    basis = case((contact > _number(0), quote(FROM_BOOKS)), else_=quote(FROM_FRIENDS))
    return (
        select(found.c.id, contact.label("contact"), mutual.label("mutual"), basis.label("basis"))
        .where(found.c.id != person.c.id, ~tied.exists())
        .group_by(found.c.id)
        .order_by(contact.desc(), mutual.desc(), found.c.id)
        .limit(limit)
        .correlate(person)
        .subquery("best")
    )


def _paths(renderer: Renderer, of: SuggestionsOf, person: FromClause) -> Any:
    """A row for each way to a friend's friend, the person themselves and their friends among them."""
    relation, inward, onward = of.source.friends
    most = _number(of.source.friends_of_each)
    first, second = renderer.alias(relation, both_ends=True), renderer.alias(relation, both_ends=True)
    friends = (
        select(first.c[onward].label("id"))
        .where(first.c[inward] == person.c.id)
        .order_by(first.c[onward])
        .limit(most)
        .correlate(person)
        .subquery("friends")
    )
    wider = (
        select(second.c[onward].label("id"))
        .where(second.c[inward] == friends.c.id)
        .order_by(second.c[onward])
        .limit(most)
        .correlate(friends)
        .lateral("wider")
    )
    way = select(wider.c.id, _number(0).label("contact"), _number(1).label("mutual"))
    return way.select_from(friends.join(wider, true())).correlate(person)


def _contacts(renderer: Renderer, of: SuggestionsOf, person: FromClause) -> Any:
    """A row for each contact who is a member here too."""
    relation, inward, onward = of.source.lookup
    clause = renderer.alias(relation, both_ends=True)
    book = func.any(cast(person.c.book, ARRAY(BigInteger())))
    member = select(clause.c[onward].label("id"), _number(1).label("contact"), _number(0).label("mutual"))
    return member.where(clause.c[inward] == book).correlate(person)


def _number(number: int) -> ColumnElement[int]:
    return literal_column(str(number), Integer())
