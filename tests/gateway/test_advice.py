"""Every kind of difference between a store and the policy has a sentence, advice, and a test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.upkeep.advice import ADVICE, advice, with_advice
from resolvers.sources.catalogue import Store
from resolvers.universe.difference import SENTENCES, Difference, DifferenceKind, sentence
from tests.promises.test_content import SPOILED
from tests.promises.test_tampering import ATTACKS

# What no change of the messenger's store alone makes, and the test that does.
MADE_ELSEWHERE = {
    DifferenceKind.COPIES_DIFFER: (
        "tests/promises/test_binding.py::test_i48_a_copy_that_was_opened_is_found_and_repaired"
    ),
    DifferenceKind.PROBE_FOUND: (
        "tests/promises/test_binding.py::test_i48_the_probe_finds_what_is_open_in_each_form"
    ),
    DifferenceKind.PROBE_MISSED: (
        "tests/promises/test_binding.py::test_the_probe_says_who_is_missing_and_that_it_failed"
    ),
    DifferenceKind.PROBE_FAILED: (
        "tests/promises/test_binding.py::test_the_probe_says_who_is_missing_and_that_it_failed"
    ),
    DifferenceKind.LOGIN_REFUSED: (
        "tests/commands/test_cli.py::test_serve_refuses_to_start_where_no_role_may_write_objections"
    ),
    DifferenceKind.NOT_PROVED: (
        "tests/promises/test_certificate.py::test_a_start_refuses_what_the_certificate_does_not_prove"
    ),
    DifferenceKind.LOGIN_DIVERTED: (
        "tests/processes/test_pooler.py::test_a_pooler_that_changes_the_user_is_not_served"
    ),
    DifferenceKind.LEDGER_UNWRITABLE: (
        "tests/commands/test_cli.py::test_the_doctor_says_when_the_ledger_cannot_be_written"
    ),
}


@pytest.mark.parametrize("kind", DifferenceKind)
def test_every_difference_has_a_sentence_and_advice(kind: DifferenceKind) -> None:
    """The line names what differs and what to do, and no placeholder is left in it."""
    difference = Difference(kind, Store.SOCIAL, "some_name", relation="social.some_relation")
    assert "some_name" in sentence(difference)
    assert ("social.some_relation" in sentence(difference)) == (
        kind.name.startswith(("NOT_PROVED", "PRIVILEGE", "SETTING"))
    )
    assert with_advice(difference) == f"{sentence(difference)}: {advice(difference)}"
    assert advice(difference)
    assert not re.search(r"[{}]", with_advice(difference))


def test_the_tables_hold_every_kind_and_no_other() -> None:
    """A new kind cannot be left without words."""
    assert SENTENCES.keys() == set(DifferenceKind) == ADVICE.keys()


def test_every_difference_can_be_made() -> None:
    """Each kind is found in a real store: by a change of the messenger's, or by the named test."""
    made = {difference.kind for _, _, difference in SPOILED.values()}
    made |= {attack.kind for attack in ATTACKS.values()}
    assert made.isdisjoint(MADE_ELSEWHERE)
    assert made | MADE_ELSEWHERE.keys() == set(DifferenceKind)
    for test in MADE_ELSEWHERE.values():
        file, _, name = test.partition("::")
        assert f"async def {name}(" in Path(file).read_text()


def test_the_advice_names_the_store_and_its_setting() -> None:
    """A command in the advice can be copied as it is."""
    refused = Difference(DifferenceKind.LOGIN_REFUSED, Store.CONTROL, "control_ledger")
    assert "GATEWAY_CONTROL_DSN" in advice(refused)
    assert "`gateway universe --store control --apply`" in advice(refused)
