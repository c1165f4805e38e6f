"""Renders each step of suggestions as a statement; `compile/waves.py` says which steps there are.

Every statement returns rows of two texts: the key of the row's owner, and what was found. A purpose's views
leave out what it may not see, so nothing here knows of objections. Every tie is read with both its ends: the
keys that a step finds go to the next, and another person's keys must not leave a statement that serves a
token of one person.
"""

from __future__ import annotations

from typing import Any

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

from resolvers.plan.holes import HOLE
from resolvers.plan.parameters import Parameter
from resolvers.plan.suggestions import Gathered, SuggestionsOf, SuggestionStep
from resolvers.plan.tree import PersonHole
from resolvers.sources.catalogue import Relation
from resolvers.sources.words import FROM_BOOKS, FROM_FRIENDS
from resolvers.sql.json_text import Pieces, concatenate, json_object, list_of, mark, quote
from resolvers.sql.page import ValueOf
from resolvers.sql.row import Row, within
from resolvers.sql.scope import Scope

Link = tuple[Relation, str, str]


def person(scope: Scope, hole: PersonHole, row: Row) -> Pieces:
    """The hole of a person's suggestions: their key, and that of their account in the other store."""
    relation, own, other = hole.source.link
    clause = scope.alias(relation, both_ends=True)
    linked = select(cast(clause.c[other], Text())).where(*scope.belonging(clause.c[own], row.key))
    found = func.coalesce(within(linked, row).scalar_subquery(), quote(""))
    return [f"{HOLE}{hole.slot}:", row.key, "/", found, HOLE]


def step(scope: Scope, of: SuggestionsOf, which: SuggestionStep, *, value: ValueOf) -> Any:
    """The statement of one step."""
    source = of.source
    match which:
        case SuggestionStep.BOOKS:
            return _first_of_each(
                scope, source.owners, source.book, most=source.contacts_of_each, asked=OWNERS
            )
        case SuggestionStep.CIRCLES:
            return _first_of_each(
                scope, source.people, source.friends, most=source.friends_of_each, asked=PEOPLE
            )
        case SuggestionStep.WIDER:
            return _first_of_each(
                scope, source.people, source.friends, most=source.friends_of_each, asked=FRIENDS
            )
        case SuggestionStep.MEMBERS:
            return _pairs(scope, source.lookup, CONTACTS)
        case SuggestionStep.KNOWN:
            return _pairs(scope, source.friends, PEOPLE, ends=CANDIDATES)
        case SuggestionStep.RANKED:
            return _ranked(scope, of, value)


PEOPLE, FRIENDS, OWNERS = Gathered.PEOPLE, Gathered.FRIENDS, Gathered.OWNERS
CONTACTS, CANDIDATES = Gathered.CONTACTS, Gathered.CANDIDATES


def _any_of(scope: Scope, what: Gathered) -> ColumnElement[Any]:
    return func.any(scope.new_parameter(what, "bigint[]"))


def _first_of_each(scope: Scope, roots: Relation, link: Link, *, most: int, asked: Gathered) -> Any:
    """(root's key, the first keys that it leads to, in ascending order, separated by commas)."""
    root = scope.alias(roots)
    key = root.c[roots.key or ""]
    scope.asked = _any_of(scope, asked)
    row = Row(root, root, key)
    relation, inward, onward = link
    clause = scope.alias(relation, both_ends=True)
    first = (
        select(cast(clause.c[onward], Text()).label("id"))
        .where(*scope.belonging(clause.c[inward], row.key))
        .order_by(clause.c[onward])
        .limit(_number(most))
    )
    ends = within(first, row).subquery(f"ends{scope.names}")
    gathered = select(func.coalesce(func.string_agg(ends.c.id, quote(",")), quote("")))
    found = within(gathered, row).scalar_subquery()
    return select(cast(key, Text()).label("k"), found.label("b")).where(key == scope.asked)


def _pairs(scope: Scope, link: Link, asked: Gathered, *, ends: Gathered | None = None) -> Any:
    """(one end, the other) of every row that leads on from the asked keys; with `ends`, only to these."""
    relation, inward, onward = link
    clause = scope.alias(relation, both_ends=True)
    conditions = [clause.c[inward] == _any_of(scope, asked)]
    if ends is not None:
        conditions.append(clause.c[onward] == _any_of(scope, ends))
    pair = cast(clause.c[inward], Text()).label("k"), cast(clause.c[onward], Text()).label("b")
    return select(*pair).where(*conditions)


# --- all in one, where one machine holds everything -----------------------------------------------


def _ranked(scope: Scope, of: SuggestionsOf, value: ValueOf) -> Any:
    """(person, their suggestions as a JSON list), for each person with their address book."""
    keys = scope.new_parameter(PEOPLE, "bigint[]"), scope.new_parameter(Gathered.BOOKS, "text[]")
    people = (
        func.unnest(*keys)
        .table_valued(SqlColumn("id", BigInteger()), SqlColumn("book", Text()), name="people")
        .render_derived(name="people")
    )
    best = _best(scope, of, people)
    row = Row(best, best, best.c.id)
    text = json_object((key, value(member, row)) for key, member in of.members)
    marks = [] if of.subject is None else mark(of.subject, best.c.id)
    item = concatenate([*marks, *_covered(of, best, people), *text])
    order = [best.c.contact.desc(), best.c.mutual.desc(), best.c.id]
    listed = select(list_of(item, order)).select_from(row.source).correlate(people)
    found = listed.scalar_subquery()
    return select(cast(people.c.id, Text()).label("k"), found.label("b")).select_from(people)


def _covered(of: SuggestionsOf, best: FromClause, people: FromClause) -> Pieces:
    """The marks of both people of a suggestion that comes from the address book of one of them."""
    if of.covered is None:
        return []
    found, owner = of.covered
    both = [*mark(found.subject, best.c.id), *mark(owner.subject, people.c.id)]
    return [case((best.c.contact > _number(0), concatenate(both)), else_=quote(""))]


def _best(scope: Scope, of: SuggestionsOf, person: FromClause) -> Any:
    """The first of a person's candidates: `id`, `contact` (1 or 0), `mutual`, `basis`."""
    found = union_all(_paths(scope, of, person), _contacts(scope, of, person)).subquery("found")
    relation, inward, onward = of.source.friends
    tie = scope.alias(relation, both_ends=True)
    tied: Any = (
        select(literal_column("1"))
        .where(tie.c[inward] == person.c.id, tie.c[onward] == found.c.id)
        .correlate(person, found)
    )
    contact, mutual = func.max(found.c.contact), func.sum(found.c.mutual)
    size = of.size
    limit = scope.refer_to(size) if isinstance(size, Parameter) else _number(size)
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


def _paths(scope: Scope, of: SuggestionsOf, person: FromClause) -> Any:
    """A row for each way to a friend's friend; the person and the person's friends are among them."""
    relation, inward, onward = of.source.friends
    most = _number(of.source.friends_of_each)
    first, second = scope.alias(relation, both_ends=True), scope.alias(relation, both_ends=True)
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


def _contacts(scope: Scope, of: SuggestionsOf, person: FromClause) -> Any:
    """A row for each contact who has an account here."""
    relation, inward, onward = of.source.lookup
    clause = scope.alias(relation, both_ends=True)
    book = func.any(cast(person.c.book, ARRAY(BigInteger())))
    member = select(clause.c[onward].label("id"), _number(1).label("contact"), _number(0).label("mutual"))
    return member.where(clause.c[inward] == book).correlate(person)


def _number(number: int) -> ColumnElement[int]:
    return literal_column(str(number), Integer())
