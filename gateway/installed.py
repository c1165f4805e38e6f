"""Whether this installation's three packages are its own.

The wheel installs top-level packages with ordinary names. Another distribution of the same name (PyPI has
one called `schema`) unpacks into the same folder without a word, and the import that fails later names
neither. Imports nothing of the three rooms: they may be what is broken.
"""

from __future__ import annotations

import importlib.util
from importlib.metadata import distributions
from pathlib import Path

ROOMS = ("schema", "resolvers", "gateway")
DISTRIBUTION = "purpose-gateway"
HERE = Path(__file__).resolve().parents[1]
REMEDY = f"install it alone, for example with `pipx install {DISTRIBUTION}`"


def conflict() -> str | None:
    """One line about a foreign package in the place of ours, with its remedy; None if there is none."""
    for room in ROOMS:
        spec = importlib.util.find_spec(room)
        origin = Path(spec.origin) if spec and spec.origin else None
        if origin is None:
            return f"the package `{room}` is missing from this installation: {REMEDY}"
        if origin.resolve() != HERE / room / "__init__.py":
            return f"`import {room}` finds {origin}, which is not the gateway's: {REMEDY}"
    for room, owner in _other_owners():
        return f"{owner} is installed over the gateway's package `{room}`: {REMEDY}"
    return None


def _other_owners() -> list[tuple[str, str]]:
    """The distributions that unpacked into a room of ours: (room, distribution)."""
    return [
        (room, str(each.metadata["Name"]))
        for each in distributions()
        # Another folder on the path cannot overwrite ours.
        if Path(str(each.locate_file(""))).resolve() == HERE
        for room in ROOMS
        if f"\n{room}/__init__.py," in f"\n{each.read_text('RECORD') or ''}"
        if each.metadata["Name"] != DISTRIBUTION
    ]
