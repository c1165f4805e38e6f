"""The versions of the policy: what each says, since when, by whom and why; and what regulators suspended.

Data, in `versions/`: `record.toml` names the versions, oldest first, and `NAME.policy` is what each says,
in the canonical form of `matrix.canonical_text`. A version's digest is the SHA-256 of that file, so that
`sha256sum` proves it, and is written down in the record, so that nobody changes the file in passing.

The newest version is what runs: a test compares. Whoever changes a term adds a version,

    python -m schema.policy.history add v2 --valid-from 2026-01-01 --author "…" --reason "…"

or, as long as the newest one is in no release, writes it anew: `python -m schema.policy.history amend`.

Rejected: versions in the database. What runs is decided by the code, and would be named by another hand.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schema.policy.matrix import MatrixLine, canonical_text, digest, policy_lines
from schema.purposes import Purpose
from schema.terms.marks import FOR_NO_PURPOSE, Mark, Marks

FOLDER = Path(__file__).parent / "versions"
RECORD = "record.toml"
OTHER_LINES = ("purpose,", "closed,", "belongs,", "probes,")
ADD = "python -m schema.policy.history add"
AMEND = "python -m schema.policy.history amend"


class HistoryProblem(Exception):
    """The record of versions contradicts itself, or the command asks for what it cannot hold."""


@dataclass(frozen=True)
class Version:
    """One version of the policy. `valid_from` is None for what was so from the beginning.

    `digest` is what the record says, `text` what the file says; `read` holds them together. Of a version
    that was `released` nothing may change any more.
    """

    name: str
    valid_from: datetime.datetime | None
    author: str
    reason: str
    released: bool
    digest: str
    text: str

    @property
    def lines(self) -> tuple[MatrixLine, ...]:
        """The version's matrix."""
        return lines_of(self.text)


@dataclass(frozen=True)
class Decision:
    """What a regulator suspended: in a jurisdiction, these purposes, from then until then (None: no end)."""

    jurisdiction: str
    purposes: tuple[Purpose, ...]
    valid_from: datetime.datetime
    valid_until: datetime.datetime | None
    author: str
    reason: str


def lines_of(text: str) -> tuple[MatrixLine, ...]:
    """The lines of a matrix in a policy's canonical text."""
    head, *rest = text.splitlines()
    if head != "policy 1":
        raise HistoryProblem("not a policy of this form")
    return tuple(MatrixLine.read(each) for each in rest if not each.startswith(OTHER_LINES))


def versions(folder: Path = FOLDER) -> tuple[Version, ...]:
    """All versions, oldest first. HistoryProblem if a file is not what the record says of it."""
    read = tuple(_version(entry, folder) for entry in _record(folder)["version"])
    names = [each.name for each in read]
    since = [each.valid_from for each in read[1:]]
    if len(set(names)) != len(names) or None in since or since != sorted(since, key=str):
        raise HistoryProblem("versions need different names, and stand in the order of their days")
    return read


def decisions(folder: Path = FOLDER) -> tuple[Decision, ...]:
    """What regulators suspended in the past, oldest first: to be recorded where it shall bind."""
    return tuple(
        Decision(
            entry["jurisdiction"],
            tuple(Purpose(each) for each in entry["purposes"]),
            entry["valid_from"],
            entry.get("valid_until"),
            entry["author"],
            entry["reason"],
        )
        for entry in _record(folder)["suspension"]
    )


def current(known: Iterable[Version]) -> Version | None:
    """The version that runs, or None if what runs was never recorded."""
    running = digest()
    return next((each for each in known if each.digest == running), None)


def _record(folder: Path) -> dict[str, list[dict[str, Any]]]:
    return tomllib.loads((folder / RECORD).read_text(encoding="utf-8"))


def _version(entry: Mapping[str, Any], folder: Path) -> Version:
    text = (folder / f"{entry['name']}.policy").read_text(encoding="utf-8")
    version = Version(
        name=entry["name"],
        valid_from=entry.get("valid_from"),
        author=entry["author"],
        reason=entry["reason"],
        released=entry["released"],
        digest=entry["digest"],
        text=text,
    )
    if hashlib.sha256(text.encode()).hexdigest() != version.digest:
        raise HistoryProblem(f"{version.name}.policy is not what {RECORD} says: it was changed in passing")
    return version


# --- what differs ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class MarkChange:
    """What one purpose sees differently of one line; None: the line is not there."""

    type: str
    name: str
    purpose: Purpose
    before: Mark | None
    after: Mark | None


def changes(before: Iterable[MatrixLine], after: Iterable[MatrixLine]) -> list[MarkChange]:
    """What differs between two matrices, in the order of lines and purposes.

    A line that comes or goes is a change only where it shows something, but for one that shows nothing
    to anybody: that is a change for all.
    """
    old = {(line.type, line.name): line.marks for line in before}
    new = {(line.type, line.name): line.marks for line in after}
    found = []
    for name in sorted(old.keys() | new.keys()):
        was, becomes = old.get(name), new.get(name)
        for purpose in Purpose:
            change = MarkChange(*name, purpose, _mark(was, purpose), _mark(becomes, purpose))
            if was is None or becomes is None:
                differs = (was or becomes) == FOR_NO_PURPOSE or Mark.NEVER not in {
                    change.before,
                    change.after,
                }
            else:
                differs = change.before is not change.after
            if differs:
                found.append(change)
    return found


def _mark(marks: Marks | None, purpose: Purpose) -> Mark | None:
    return None if marks is None else marks[purpose]


# --- the command ----------------------------------------------------------------------------------

_ENTRY = """
[[version]]
name = {name}
valid_from = {valid_from}
author = {author}
reason = {reason}
digest = "{digest}"
released = false
"""


def add(name: str, valid_from: datetime.date, author: str, reason: str, folder: Path = FOLDER) -> None:
    """Record what runs as a new version. HistoryProblem if it is the newest one already."""
    known = versions(folder)
    if current(known) == known[-1]:
        raise HistoryProblem(f"{known[-1].name} is what runs: there is nothing to add")
    if not name.isidentifier() or name in {each.name for each in known}:
        raise HistoryProblem("a new version needs a name of its own, such as v2")
    entry = _ENTRY.format(
        name=json.dumps(name),
        valid_from=f"{valid_from.isoformat()}T00:00:00Z",
        author=json.dumps(author),
        reason=json.dumps(reason),
        digest=digest(),
    )
    record = (folder / RECORD).read_text(encoding="utf-8")
    _write(folder, name, record + entry)


def amend(folder: Path = FOLDER) -> None:
    """Write the newest version anew with what runs. HistoryProblem if it was released."""
    entry = _record(folder)["version"][-1]
    if entry["released"]:
        raise HistoryProblem(f"{entry['name']} was released: add a version with `{ADD}`")
    record = (folder / RECORD).read_text(encoding="utf-8")
    _write(folder, entry["name"], record.replace(entry["digest"], digest()))


def _write(folder: Path, name: str, record: str) -> None:
    (folder / f"{name}.policy").write_text(canonical_text(policy_lines()), encoding="utf-8")
    (folder / RECORD).write_text(record, encoding="utf-8")
    versions(folder)


def main(arguments: list[str]) -> int:
    """The command: exit code 0; 1 if it cannot be done, with a line that says why."""
    parser = argparse.ArgumentParser(prog="python -m schema.policy.history")
    tasks = parser.add_subparsers(dest="task", required=True)
    adding = tasks.add_parser("add", help="record what runs as a new version")
    adding.add_argument("name")
    adding.add_argument("--valid-from", type=datetime.date.fromisoformat, required=True)
    adding.add_argument("--author", required=True)
    adding.add_argument("--reason", required=True)
    tasks.add_parser("amend", help="write the newest version anew, as long as it is in no release")
    given = parser.parse_args(arguments)
    try:
        if given.task == "amend":
            amend()
        else:
            add(given.name, given.valid_from, given.author, given.reason)
    except HistoryProblem as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
