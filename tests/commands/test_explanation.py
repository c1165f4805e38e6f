"""`gateway policy explain`: the rule in words, and places in the code that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.policy.explanation import (
    INVARIANTS,
    OF_CONTENT,
    PROOFS,
    PROVED_BY,
    Explanation,
    explain,
    names,
    view_line,
)
from gateway.terminal.problems import Problem
from resolvers.sources.catalogue import Store
from resolvers.sources.fields import OBJECTS
from resolvers.universe.render import universes
from schema.build import TYPES, fields_of
from schema.policy.matrix import policy_lines
from schema.purposes import Purpose
from schema.terms.marks import Mark
from schema.terms.words import terms_of
from tests.commands.test_cli import command
from tests.kit import oracle, proofs

PROJECT = Path(__file__).parents[2]
NAMES = names()


def line_at(place: object) -> str:
    """The line of the project to which a place leads."""
    file, _, number = str(place).partition(":")
    return (PROJECT / file).read_text(encoding="utf-8").splitlines()[int(number) - 1]


@pytest.fixture(scope="module")
def explained() -> dict[tuple[str, Purpose], Explanation]:
    """Everything that can be explained, under every purpose."""
    return {(name, purpose): explain(name, purpose) for name in NAMES for purpose in Purpose}


def test_every_running_line_can_be_explained_as_decided(
    explained: dict[tuple[str, Purpose], Explanation],
) -> None:
    """For every field and purpose the explanation has the mark and the visibility of the decided matrix."""
    checked = 0
    for (type_, field, purpose), mark in oracle.matrix().items():
        found = explained.get((f"{type_}.{field}", Purpose(purpose)))
        if found is not None:
            assert mark == found.mark
            assert oracle.sees(purpose, type_, field) is found.visible, (type_, field, purpose)
            checked += 1

    assert len(policy_lines()) * len(Purpose) == checked


def test_an_explanation_names_the_line_of_the_terms(
    explained: dict[tuple[str, Purpose], Explanation],
) -> None:
    """An explanation's file and line are those of the field's declaration, or of its type's decorator."""
    for (name, _), found in explained.items():
        type_, field = name.split(".", 1)
        line = line_at(found.terms)
        if field.startswith("(row"):
            assert line.startswith("@rows("), name
        elif type_ == "Message":
            assert line.startswith("@never("), name
        else:
            cls = next((each for each in TYPES if each.__name__ == type_), None)
            if field in getattr(cls, "NEVER", ()):
                assert line.startswith("@never("), name
                continue
            python_name = fields_of(cls)[field].python_name if cls else ""
            assert re.search(rf"\b{python_name}\b|^    @", line), name


def test_an_explanation_names_the_line_of_the_resolver(
    explained: dict[tuple[str, Purpose], Explanation],
) -> None:
    """An explanation names the line of a field's resolver: its entry, or the source of its type."""
    of_stores = {source.type: set(source.fields) for source in OBJECTS.values()}
    for (name, _), found in explained.items():
        type_, field = name.split(".", 1)
        if field in of_stores.get(type_, ()):
            assert found.resolver is not None, name
        if found.resolver is not None:
            assert re.search(rf'"{field}": |^\w+(: .+)? = ', line_at(found.resolver)), name


def test_the_columns_of_an_explanation_are_in_the_view(
    explained: dict[tuple[str, Purpose], Explanation],
) -> None:
    """Each column in an explanation is in the purpose's view; a hidden field has none."""
    sql = {(each.store, each.purpose): each.sql for store in Store for each in universes(OBJECTS, store)}
    told = 0
    for (name, purpose), found in explained.items():
        for reading in found.readings:
            view = f"CREATE VIEW {purpose.universe}.{reading.relation.name} AS"
            made = sql[reading.relation.store, purpose].split(view)[1].split(";")[0]
            assert found.visible, name
            assert all(re.search(rf"\bt\.{column}\b", made.split("FROM")[0]) for column in reading.columns)
            assert ("WHERE" in made) is ("only rows where" in view_line(reading, purpose))
            told += 1
    assert told > 80


def test_every_visible_field_of_a_store_has_a_view(
    explained: dict[tuple[str, Purpose], Explanation],
) -> None:
    """The explanation of every visible field of a store names the view that it is read from."""
    for (name, _), found in explained.items():
        if found.visible and found.resolver is not None and found.mark is not None:
            assert found.readings, name


def test_what_an_objection_hides_is_read_from_rows_without_objectors(
    explained: dict[tuple[str, Purpose], Explanation],
) -> None:
    """Where the matrix has A or N, the named views of personal data leave restricted rows out."""
    for (name, purpose), found in explained.items():
        if found.mark in {Mark.ABSENT, Mark.NULL}:
            lines = [view_line(each, purpose) for each in found.readings if each.relation.restricted]
            assert lines and all(f"& {purpose.restriction_bit} = 0" in line for line in lines), name


def test_an_explanation_names_the_field_that_a_filter_follows(
    explained: dict[tuple[str, Purpose], Explanation],
) -> None:
    """The explanation of a filter, an order or a page names the field that it follows."""
    found = explained["MessengerAccountFilter.registeredAt", Purpose.ADS_PERSONALIZATION]
    assert not found.visible
    assert "follows MessengerAccount.registeredAt" in str(found.why[0])

    found = explained["Query.socialAccounts", Purpose.SECURITY]
    assert found.visible
    assert "rows of SocialAccount" in str(found.why[0])


def test_every_field_can_be_explained() -> None:
    """Each field with terms can be explained, under one name."""
    assert len(set(NAMES)) == len(NAMES)
    assert {f"{cls.__name__}.{name}" for cls in TYPES for name in fields_of(cls)} <= set(NAMES)
    assert all(terms_of(field) for cls in TYPES for field in fields_of(cls).values())


# --- proofs ---------------------------------------------------------------------------------------


def test_the_committed_list_of_proofs_is_current() -> None:
    """The committed list names every test of an invariant, with its claim."""
    assert proofs.text() == PROOFS.read_text(encoding="utf-8"), f"run `{proofs.WRITE}` and commit it"


def test_every_invariant_that_is_named_has_a_proof() -> None:
    """Every invariant that an explanation names has a test."""
    known = proofs.proofs()

    assert set(INVARIANTS) == {
        *OF_CONTENT,
        *(each for some in PROVED_BY.values() for each in some),
        "I15",
        "I21",
    }
    assert all(known[invariant] for invariant in INVARIANTS)


# --- the command ----------------------------------------------------------------------------------


async def test_an_explanation_has_the_rule_the_places_and_the_proofs() -> None:
    """An explanation says whether ads see the number, why, from which view, and which tests prove it."""
    said = await command("policy", "explain", "MessengerAccount.phone", "--purpose", "ADS_PERSONALIZATION")

    assert (said.status, said.err) == (0, "")
    assert said.out.startswith("MessengerAccount.phone under ADS_PERSONALIZATION: visible (A)\n")
    assert "an objection to ADS_PERSONALIZATION covers it" in said.out
    assert re.search(r"^Terms: +schema/types/messenger\.py:\d+$", said.out, re.M)
    assert re.search(r"^Resolver: +resolvers/sources/messenger\.py:\d+$", said.out, re.M)
    assert "ads_personalization.account in messenger: phone, only rows where t.restricted & 1 = 0" in said.out
    assert (
        "    tests/promises/test_objection.py::test_i16_it_binds_the_next_request_in_both_stores\n"
        in said.out
    )


async def test_an_explanation_says_that_no_purpose_sees_a_field() -> None:
    """The explanation of a message's text names no view and no resolver, because there is none."""
    said = await command("policy", "explain", "Message.body", "--purpose", "AUDIT")

    assert said.out.startswith("Message.body under AUDIT: not visible (-)\n")
    assert "No purpose sees it" in said.out
    assert "View:" not in said.out and "Resolver:" not in said.out
    assert "test_i29_replacing_every_message_changes_no_byte" in said.out


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("MessengerAccount.phon", "MessengerAccount.phone"),
        ("messengerAccount.phone", "MessengerAccount.phone"),
        ("SocialAccount.name", "SocialAccount."),
        ("SocialAccount", "SocialAccount."),
        ("Nothing.at.all", "`gateway policy matrix` shows all"),
        ("", "`gateway policy matrix` shows all"),
    ],
)
async def test_an_unknown_name_is_answered_with_the_closest(wrong: str, meant: str) -> None:
    """For an unknown name one line says so, and one names the closest field."""
    said = await command("policy", "explain", wrong, "--purpose", "SECURITY")

    assert (said.status, said.out) == (1, "")
    assert "there is no such field" in said.err and meant in said.err
    with pytest.raises(Problem):
        explain(wrong, Purpose.SECURITY)
