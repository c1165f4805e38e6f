"""The suite has teeth: broken builds fail it. All of them: `make mutants`."""

from __future__ import annotations

import pytest

from tests.mutants.__main__ import ROOT, try_mutant
from tests.mutants.broken import MUTANTS

# One for each way of being broken: what is masked, what is counted, what is bound, what is refused.
REPRESENTATIVE = ("count_before_mask", "cursor_not_bound_to_purpose", "objection_stops_security")


@pytest.mark.parametrize("name", MUTANTS)
def test_every_mutant_still_applies_to_this_build(name: str) -> None:
    """Each text that it changes stands in the source exactly once, and its tests exist."""
    mutant = MUTANTS[name]
    for file in mutant.files:
        source = (ROOT / file).read_text()
        changed = mutant.text_of(file, source)
        assert changed != source
        if file.endswith(".py"):
            compile(changed, file, "exec")
    for test in mutant.tests:
        file, _, function = test.partition("::")
        assert f"def {function.partition('[')[0]}(" in (ROOT / file).read_text()


@pytest.mark.parametrize("name", REPRESENTATIVE)
def test_a_broken_build_fails_a_test(name: str) -> None:
    """A test named for the invariant catches it."""
    ending = try_mutant(MUTANTS[name])
    assert ending.caught, ending.by
