"""Broken builds fail the tests. `make mutants` tries all of them."""

from __future__ import annotations

import ast
from collections import Counter
from functools import cache

import pytest

from tests.mutants.__main__ import try_mutant
from tests.mutants.catalogue import FILES, MUTANTS, mutants_of
from tests.mutants.edits import ROOT, BeginWith, CannotApply, Change, ChangeSql, ChangeString, Edit

# One for each kind of mistake: a masked value, a count, a seal that is too wide, a wrong refusal.
REPRESENTATIVE = ("count_before_mask", "cursor_not_bound_to_purpose", "objection_stops_security")

MODULE = """
LIMIT = 3
QUERY = "SELECT a FROM t\\n  WHERE a > 1"


class Shelf:
    def sizes(self, most=LIMIT):
        \"\"\"The sizes.\"\"\"
        if self.open and most > 1:
            return [each.size for each in self]
        return []
"""
CHANGES: dict[str, tuple[Edit, str, str]] = {
    "expression": (
        Change("a.b:Shelf.sizes", "self.open and most > 1", "most > 1"),
        "self.open and most > 1",
        "most > 1",
    ),
    "statement": (Change("a.b:Shelf.sizes", "return []", "return None"), "return []", "return None"),
    "removal": (Change("a.b:Shelf.sizes", "return []"), "\n        return []", ""),
    "constant": (Change("a.b:LIMIT", "3", "4"), "LIMIT = 3", "LIMIT = 4"),
    "string": (ChangeString("a.b:QUERY", "FROM t WHERE a", "FROM t WHERE b"), "t\\n  WHERE a", "t WHERE b"),
    "beginning": (
        BeginWith("a.b:Shelf.sizes", "most = 1"),
        'sizes."""',
        'sizes."""\n        most = 1',
    ),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_an_edit_changes_its_place_and_nothing_else(kind: str) -> None:
    """The edited module is the module with that one change."""
    edit, old, new = CHANGES[kind]
    assert MODULE.count(old) == 1
    assert edit.applied_to(MODULE) == ast.unparse(ast.parse(MODULE.replace(old, new)))


def test_an_edit_of_sql_changes_one_statement_of_the_migration() -> None:
    """The statement is found by its first words, and white space does not count."""
    migration = "-- a; b\nCREATE FUNCTION f() AS $$ x;\n y; $$;\n\nCREATE FUNCTION g() AS $$ x; y; $$;\n"
    edit = ChangeSql("s/1.sql:CREATE FUNCTION f", "x; y;", "z;")
    assert edit.applied_to(migration) == migration.replace("x;\n y;", "z;")


@pytest.mark.parametrize(
    "edit",
    [
        Change("a.b:Shelf.sizes", "most > 2", "True"),  # it is not there
        Change("a.b:Shelf", "self", "None"),  # it is there more than once
        Change("a.b:Shelf.colours", "most > 1", "True"),  # no such symbol
        ChangeString("a.b:QUERY", "FROM u"),
    ],
)
def test_an_edit_that_does_not_fit_its_place_fails(edit: Edit) -> None:
    """A mutant that changes nothing, or something else, would prove nothing."""
    with pytest.raises(CannotApply):
        edit.applied_to(MODULE)


@cache
def _reformatted(source: str) -> str:
    return ast.unparse(ast.parse(source))


@pytest.mark.parametrize("name", MUTANTS)
def test_every_mutant_still_applies_to_this_build(name: str) -> None:
    """Every edit finds its place exactly once, its tests exist, and a reformatting would not hide it."""
    mutant = MUTANTS[name]
    for file in mutant.files:
        source = (ROOT / file).read_text()
        changed = mutant.text_of(file, source)
        if file.endswith(".py"):
            reformatted = _reformatted(source)
            assert changed != reformatted
            compile(changed, file, "exec")
            assert mutant.text_of(file, reformatted) == changed
        else:
            assert changed != source
    for test in mutant.tests:
        file, _, function = test.partition("::")
        assert f"def {function.partition('[')[0]}(" in (ROOT / file).read_text()


def test_every_mutant_has_a_name_of_its_own() -> None:
    """No mutant hides another in the catalogue."""
    names = Counter(mutant.name for file in FILES for mutant in mutants_of(file))
    assert [name for name, times in names.items() if times > 1] == []


@pytest.mark.postgres
@pytest.mark.parametrize("name", REPRESENTATIVE)
def test_a_broken_build_fails_a_test(name: str) -> None:
    """A broken build fails the test that is named for its promise."""
    ending = try_mutant(MUTANTS[name])
    assert ending.caught, ending.by
