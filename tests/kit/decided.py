"""The policy that was decided: the newest recorded version, read from its file.

`schema/policy/history.py` records a version with its author and its reason. Nothing here is shared with
`schema/`: the terms of the fields, which the file must agree with, are not read.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

VERSIONS = Path(__file__).parents[2] / "schema" / "policy" / "versions"
# How the lines begin that are not lines of the matrix.
OTHER_LINES = frozenset({"policy 1", "purpose", "closed", "belongs", "probes"})


def text_of(version: str) -> str:
    """The file of the version."""
    return (VERSIONS / f"{version}.policy").read_text(encoding="utf-8")


def newest() -> str:
    """The name of the newest version."""
    record = tomllib.loads((VERSIONS / "record.toml").read_text(encoding="utf-8"))
    return str(record["version"][-1]["name"])


@cache
def purposes() -> tuple[str, ...]:
    """All purposes, in the order of the marks in a line."""
    lines = (line.split(",") for line in text_of(newest()).splitlines())
    return tuple(line[1] for line in lines if line[0] == "purpose")


@cache
def decided() -> Mapping[tuple[str, str], Mapping[str, str]]:
    """(type, field or rows) → purpose → mark, for every line that was decided."""
    lines = list(_lines(text_of(newest())))
    matrix = {(type_, name): dict(zip(purposes(), marks, strict=True)) for type_, name, *marks in lines}
    assert len(matrix) == len(lines), "a line is there twice"
    return matrix


def rows_of(version: str) -> set[tuple[str, ...]]:
    """The lines of a version's matrix, each as its cells."""
    return {tuple(line) for line in _lines(text_of(version))}


def _lines(text: str) -> Iterator[list[str]]:
    for line in text.splitlines():
        cells = line.split(",")
        if cells[0] not in OTHER_LINES:
            yield cells
