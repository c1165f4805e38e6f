"""The page in the wheel: built before setuptools collects files. Not for an editable install."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from setuptools.command.build_py import build_py

# By its place: the package itself is not installed where a wheel is built.
_spec = importlib.util.spec_from_file_location("console_build", Path(__file__).with_name("build.py"))
assert _spec is not None and _spec.loader is not None
building: Any = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(building)


class BuildWithPage(build_py):
    """build_py, with the page. A wheel without it is not made: the error says what is needed."""

    def run(self) -> None:
        """Build the page, then everything else."""
        if not self.editable_mode:
            building.build()
            # Found before the page was there.
            self.data_files = self._get_data_files()
        super().run()
