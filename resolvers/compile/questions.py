"""The fifth pass: which people the client chose to ask about, and the most people that an answer can name.

A person's existence is a disclosure, like their data. So a part of an answer that depends on whether a
chosen person is there is a question about that person: an object or null, an item of a list, a count, a
cursor, `pageInfo`. A person is chosen by identifier, by number, by a filter, or by a place in a list. A
filter is one question, however many people it selects, and so is a page. The count of a whole list without a
filter is none: it chooses no person.

A list can tell of people without an object of theirs: by a cursor, by the number of its edges, or by the
count of the keys that were asked for. Such a list has a place of its own where people are named
(`people_told`). Rejected: to name all rows of a page whose `pageInfo` gives two cursors. The other people are
not in the answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from math import prod

from resolvers.compile.selected import (
    PLAIN,
    Member,
    SelectedEdges,
    SelectedHop,
    SelectedInfo,
    SelectedItem,
    SelectedItems,
    SelectedList,
    SelectedLookup,
    SelectedMany,
    SelectedNode,
    SelectedNodeRoot,
    SelectedObject,
    SelectedOne,
    SelectedPart,
    SelectedRoot,
    SelectedRootList,
    SelectedSubject,
    SelectedSuggestions,
    Selection,
)
from resolvers.plan.amounts import ChosenPeople, Factors, Price, Questions
from resolvers.plan.parameters import Parameter
from resolvers.plan.tree import PeopleTold, Total
from resolvers.sources.catalogue import Store
from resolvers.sources.words import AboutPerson, Hop, ObjectSource
from schema.types.disclosures import ChosenBy

# The two fields of pageInfo that hold a cursor.
CURSORS = frozenset({"startCursor", "endCursor"})
# The store and the column of a row that hold the number of the row's person.
_Known = tuple[Store, str] | None


# --- lists that tell of people without their objects ------------------------------------------------


def person_listed(
    source: ObjectSource | None, far: Hop | None, objects: Mapping[str, ObjectSource]
) -> AboutPerson | None:
    """The person that a row of a list is about: its own object's, or the one that it leads to."""
    if far is None:
        return None if source is None else source.about
    about = objects[far.to].about
    return about and AboutPerson(about.of, far.column)


def people_told(
    about: AboutPerson | None,
    parts: Iterable[tuple[str, SelectedPart]],
    *,
    keyed: bool,
    new_subject: Callable[[], int | None],
) -> PeopleTold | None:
    """The place where such a list names its people; None if its items name them, or nothing tells of them.

    `parts`: with the names of the connection's fields. `keyed`: the request names the list's entries.
    """
    telling = [(name, part) for name, part in parts if _names_people(part, keyed=keyed)]
    if about is None or not telling or any(_items(part) for _, part in telling):
        return None
    subject = new_subject()
    if subject is None:
        return None
    # Edges name all people that a count of keys counts.
    counted = not any(isinstance(part, SelectedEdges) for _, part in telling) and any(
        isinstance(part, Total) for _, part in telling
    )
    return PeopleTold(subject, about, tuple(name for name, _ in telling), counted=counted)


def _names_people(part: SelectedPart, *, keyed: bool) -> bool:
    match part:
        case SelectedItems() | SelectedEdges():
            return True
        case SelectedInfo(members):
            return any(name in CURSORS for _, name in members if isinstance(name, str))
        case Total():
            return keyed
        case _:
            return False


def _items(part: SelectedPart) -> list[SelectedItem]:
    """The items of a part, as often as they are selected."""
    match part:
        case SelectedItems(item):
            return [item]
        case SelectedEdges(members):
            return [each for _, each in members if isinstance(each, SelectedHop | SelectedObject)]
        case _:
            return []


# --- the pass ---------------------------------------------------------------------------------------


def count_questions(selection: Selection) -> Questions | None:
    """The selection's questions; None if it asks about no person and names none."""
    walk = _QuestionWalk()
    for root in selection.roots:
        walk.visit_root(root)
    if not walk.asked and not walk.people:
        return None
    ways = [each for each in ChosenBy if each in walk.asked]
    return Questions(
        tuple(ChosenPeople(each, tuple(walk.fields[each])) for each in ways),
        tuple(_price(walk.asked[each]) for each in ways),
        _price(walk.people),
    )


def _price(factors: Iterable[Factors]) -> Price:
    least, sized = 0, []
    for each in factors:
        if any(isinstance(factor, Parameter) for factor in each):
            sized.append(each)
        else:
            least += prod(each)  # type: ignore[arg-type]
    return Price(least, tuple(sized))


class _QuestionWalk:
    """One walk. `asked`: for each way, how many people are asked about; `people`: how many can be named."""

    def __init__(self) -> None:
        self.asked: dict[ChosenBy, list[Factors]] = defaultdict(list)
        self.fields: dict[ChosenBy, dict[str, None]] = defaultdict(dict)
        self.people: list[Factors] = []

    def _ask(self, how: ChosenBy, rows: Factors, fields: Iterable[str]) -> None:
        self.asked[how].append(rows)
        self.fields[how].update(dict.fromkeys(fields))

    def visit_root(self, root: SelectedRoot) -> None:
        """Visit everything that a root field selects."""
        match root:
            case SelectedLookup():
                how = ChosenBy.BY_ID if root.via is None else ChosenBy.BY_NUMBER
                self._visit_chosen([root.object], how, root.field)
            case SelectedNodeRoot():
                self._visit_chosen([found for found, _ in root.choices], ChosenBy.BY_ID, root.field)
            case SelectedSubject():
                for member in root.members:
                    # The token chose the person, not the request.
                    if isinstance(member, SelectedLookup):
                        self._visit(member.object, (1,), None)
            case SelectedRootList():
                self._visit(root.list, (1,), None)

    def _visit_chosen(self, objects: list[SelectedObject], how: ChosenBy, field: str) -> None:
        """One object of several possible types, and the question whether it is there."""
        if any(each.source.about is not None for each in objects):
            self._ask(how, (1,), (field,))
        for each in objects:
            self._visit(each, (1,), None)

    def _visit(self, node: SelectedNode | SelectedItem, rows: Factors, known: _Known) -> None:
        """Visit what is in so many rows; `known`: the person of a row, if already counted."""
        match node:
            case SelectedObject(source):
                about = source.about
                if about is None:
                    self._visit_members(node.members, rows, None)
                    return
                person = about.of, about.column
                # The first object of a row counts its person; an object that a person's own key leads to is
                # about the same person.
                if node.subject is not None and known is None:
                    self.people.append(rows)
                self._visit_members(node.members, rows, person)
            case SelectedHop():
                self._visit(node.object, rows, self._same(node, known))
            case SelectedOne():
                self._visit_members(node.members, rows, None)
            case SelectedMany():
                # Without a size nothing bounds the people that such a list could name.
                assert node.item is None or node.item.object.source.about is None
                self._visit_members(node.members, rows, None)
            case SelectedSuggestions(source):
                rows = (*rows, node.size)
                self.people.append(rows)
                self._visit_members(node.members, rows, (source.people.store, source.people.identity))
            case SelectedList():
                self._visit_list(node, rows)

    def _same(self, hop: SelectedHop, known: _Known) -> _Known:
        about = hop.object.source.about
        if known is None or about is None or hop.hop.via is not None:
            return None
        return known if known == (about.of, hop.hop.column) else None

    def _visit_members(self, members: Iterable[Member], rows: Factors, known: _Known) -> None:
        for member in members:
            if not isinstance(member.node, PLAIN):
                self._visit(member.node, rows, known)

    def _visit_list(self, list_: SelectedList, rows: Factors) -> None:
        many = (*rows, list_.bounds.size)
        items = [item for _, part in list_.parts for item in _items(part)]
        if list_.about is not None:
            self._ask_of_list(list_, rows)
            if items or list_.told is not None:
                self.people.append(many)
        person = None if list_.about is None else (list_.about.of, list_.about.column)
        for item in items:
            self._visit(item, many, person)

    def _ask_of_list(self, list_: SelectedList, rows: Factors) -> None:
        if not list_.fields:
            return
        if list_.rows.ids is not None:
            how = ChosenBy.BY_ID if list_.rows.via is None else ChosenBy.BY_NUMBER
            self._ask(how, (*rows, list_.rows.size), list_.fields)
        elif list_.narrowings:
            self._ask(ChosenBy.BY_FILTER, rows, list_.fields)
        elif any(isinstance(part, SelectedItems | SelectedEdges | SelectedInfo) for _, part in list_.parts):
            self._ask(ChosenBy.BY_PLACE, rows, list_.fields)
