"""All mutants by name, from every file of the rooms beside this one."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from tests.mutants.edits import Mutant

ROOMS = ("schema", "resolvers", "gateway")
_HERE = Path(__file__).parent
FILES = tuple(path for room in ROOMS for path in sorted((_HERE / room).glob("*.py")))


def mutants_of(file: Path) -> tuple[Mutant, ...]:
    """The mutants of one file."""
    mutants: tuple[Mutant, ...] = import_module(f"tests.mutants.{file.parent.name}.{file.stem}").MUTANTS
    return mutants


MUTANTS: dict[str, Mutant] = {mutant.name: mutant for file in FILES for mutant in mutants_of(file)}
