"""The terms beside a field: their meaning, and that no two contradict each other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from schema import build
from schema.build import INPUTS, NODES, TYPES, WITHOUT_TERMS, fields_of, line_open, rows_open, terms_open
from schema.mutation import Mutation
from schema.purposes import ABOUT, OBJECTABLE, Purpose
from schema.query import Query
from schema.terms.marks import OPEN, Mark, Marks, Rows, marks
from schema.terms.words import Belongs, Follows, Plumbing, Seen, Terms, terms_of

SEEN = [
    (cls, name, terms.marks)
    for cls in TYPES
    for name, field in fields_of(cls).items()
    if isinstance(terms := terms_of(field), Seen)
]
SEEN_IDS = [f"{cls.__name__}.{name}" for cls, name, _ in SEEN]
EVERY = [(purpose, mark) for purpose in Purpose for mark in Mark]


def every_field() -> Iterator[tuple[str, Terms | None]]:
    """Each field, input field and root field of this release, changes among them, with its terms."""
    for cls in (*TYPES, *INPUTS, Query, Mutation):
        for name, field in fields_of(cls).items():
            yield f"{cls.__name__}.{name}", terms_of(field)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "V",
        "V V V V V V V V",
        "V V V V V V V V V V",
        "v - - - - - - - -",
        "VVVVVVVVV",
        "X - - - - - - - -",
    ],
)
def test_a_line_has_nine_known_marks(line: str) -> None:
    """A line without exactly nine known marks stops the program."""
    with pytest.raises(ValueError):
        marks(line)


@pytest.mark.parametrize(("purpose", "mark"), EVERY)
def test_a_mark_speaks_of_its_purpose_alone(purpose: Purpose, mark: Mark) -> None:
    """A mark in a purpose's column opens the field to that purpose alone."""
    line = marks(" ".join(mark if each is purpose else Mark.NEVER for each in Purpose))

    assert {purpose} & {each for each in Purpose if mark in OPEN} == {
        each for each in Purpose if line.open_to(each)
    }
    assert mark is line[purpose]


def test_marks_whose_types_are_not_there_open_nothing() -> None:
    """Only the mark NEVER is closed to all purposes."""
    assert set("VANOPBMS") == {mark.value for mark in OPEN}


def test_every_field_has_exactly_one_reason_to_be_visible() -> None:
    """Every field has terms of exactly one kind."""
    for name, terms in every_field():
        assert isinstance(terms, Terms), name


def test_the_types_without_terms_are_listed() -> None:
    """The types without terms are listed here; they carry no data and no choice of data."""
    named = {cls.__name__ for cls in WITHOUT_TERMS}

    filters = {f"{what}Filter" for what in ("Code", "Text", "Time", "Date", "Category", "Status")}
    assert {"PageInfo", "Group", "Node"} | filters == named


def test_a_followed_field_exists() -> None:
    """A filter or an argument follows an existing field with marks of its own."""
    lines = {terms.line for _, terms in every_field() if isinstance(terms, Follows)}

    assert set() == lines - set(SEEN_IDS)


@pytest.mark.parametrize("purpose", Purpose)
def test_a_filter_is_open_where_its_field_is(purpose: Purpose) -> None:
    """A filter or an argument is open to exactly the purposes that see its field (I10)."""
    for name, terms in every_field():
        if isinstance(terms, Follows):
            assert line_open(terms.line, purpose) is terms_open(terms, purpose), name


@pytest.mark.parametrize(("cls", "name", "line"), SEEN, ids=SEEN_IDS)
def test_only_an_objectable_purpose_has_marks_of_objection(cls: type, name: str, line: Marks) -> None:
    """I15: only a purpose that a person can object to has marks that depend on an objection."""
    touched = {purpose for purpose in Purpose if line[purpose] in {Mark.ABSENT, Mark.NULL}}

    assert set() == {purpose for purpose in touched if purpose.objection is None}


@pytest.mark.parametrize(("cls", "name", "line"), SEEN, ids=SEEN_IDS)
def test_a_field_is_never_more_visible_than_its_row(cls: type, name: str, line: Marks) -> None:
    """No field is visible without a visible row, or marked V where every row can be absent."""
    rows: Rows | None = getattr(cls, "ROWS", None)
    if rows is None:
        return
    for purpose in Purpose:
        kinds = {each[purpose] for each in rows.kinds.values()} & OPEN
        if not kinds:
            assert not line.open_to(purpose), purpose
        elif kinds == {Mark.ABSENT}:
            assert line[purpose] is not Mark.VISIBLE, purpose


def test_the_types_with_rows_are_those_that_a_field_leads_to() -> None:
    """Every `plumbing` field names a type whose rows have marks."""
    for name, terms in every_field():
        if isinstance(terms, Plumbing | Belongs) and terms.rows is not None:
            assert isinstance(rows_open(terms.rows, Purpose.SECURITY), bool), name


@pytest.mark.parametrize("purpose", Purpose)
def test_a_purpose_s_own_mutation_is_closed_to_every_other(purpose: Purpose) -> None:
    """A mutation and the fields about it exist under one purpose alone."""
    for name, terms in every_field():
        if isinstance(terms, Belongs):
            assert terms_open(terms, purpose) is (terms.purpose is purpose), name


@pytest.mark.parametrize("purpose", Purpose)
def test_node_exists_where_any_row_is_visible(purpose: Purpose) -> None:
    """`node(id:)` exists only for a purpose that sees rows of something that has an identifier."""
    assert any(rows_open(cls.__name__, purpose) for cls in NODES) is rows_open("Node", purpose)


def test_no_two_types_share_a_name() -> None:
    """No two types share a name, because one would get the other's terms."""
    names = [cls.__name__ for cls in (*TYPES, *INPUTS, *build.WITHOUT_TERMS, Query, Mutation)]

    assert len(set(names)) == len(names)


def test_each_objectable_purpose_has_a_bit_of_its_own() -> None:
    """Each objectable purpose has its own bit in the stores' rows."""
    assert sorted(OBJECTABLE.values()) == [1, 2]
    assert set(OBJECTABLE) == {about.objection for about in ABOUT.values() if about.objection}


def test_an_objection_to_ads_covers_offers() -> None:
    """I19: an objection to ads covers offers, and does not cover friend suggestions."""
    assert Purpose.ADS_PERSONALIZATION.restriction_bit == Purpose.OFFER_MATCHING.restriction_bit
    assert Purpose.ADS_PERSONALIZATION.restriction_bit != Purpose.FRIEND_SUGGESTIONS.restriction_bit


@pytest.mark.parametrize("purpose", [each for each in Purpose if each.objection is None])
def test_no_bit_stops_a_purpose_that_has_no_objection(purpose: Purpose) -> None:
    """I17: no objection stops a purpose that has none, such as security and infrastructure."""
    assert purpose.restriction_bit == 0
