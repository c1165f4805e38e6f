"""A pytest plugin: the build of this process is the mutant that GATEWAY_MUTANT names.

No file is written: a module's text is changed while it is imported, and a migration's while it is read.
An edit that does not apply ends the process, because a mutant that changes nothing would prove nothing.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

from tests.mutants.catalogue import MUTANTS
from tests.mutants.edits import ROOT, Mutant


class _Loader(SourceFileLoader):
    """Loads one module from its changed text, without a cache of bytecode."""

    mutant: Mutant
    file: str

    def get_code(self, fullname: str) -> CodeType:
        """The changed module's code."""
        path = self.get_filename(fullname)
        return self.source_to_code(self.mutant.text_of(self.file, Path(path).read_text()).encode(), path)


class _Finder(MetaPathFinder):
    def __init__(self, mutant: Mutant, file: str, module: str) -> None:
        self.mutant = mutant
        self.file = file
        self.module = module

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of the changed module, None for every other module."""
        if name != self.module:
            return None
        spec = PathFinder.find_spec(name, path, target)
        assert spec is not None and spec.origin is not None
        loader = _Loader(name, spec.origin)
        loader.mutant, loader.file = self.mutant, self.file
        return importlib.util.spec_from_file_location(name, spec.origin, loader=loader)


def _change_module(mutant: Mutant, file: str) -> None:
    module = file.removesuffix(".py").replace("/", ".")
    assert module not in sys.modules, f"{module} was imported before it could be changed"
    sys.meta_path.insert(0, _Finder(mutant, file, module))


def _change_text(mutant: Mutant, file: str) -> None:
    """Change the text that is read from a file that is not imported."""
    read: Callable[[Path], bytes] = Path.read_bytes

    def read_bytes(path: Path) -> bytes:
        content = read(path)
        return mutant.text_of(file, content.decode()).encode() if path.resolve() == ROOT / file else content

    Path.read_bytes = read_bytes  # type: ignore[method-assign]


def install(mutant: Mutant) -> None:
    """Make this process the mutant's build."""
    for file in mutant.files:
        mutant.text_of(file, (ROOT / file).read_text())
        (_change_module if file.endswith(".py") else _change_text)(mutant, file)


if os.environ.get("GATEWAY_MUTANT"):
    install(MUTANTS[os.environ["GATEWAY_MUTANT"]])
