"""The versions of the policy, each with its date, author and reason, and the suspensions by regulators.

The data is in `versions/`. `record.toml` names the versions, oldest first. `NAME.policy` is the text of a
version, in the canonical form of `matrix.canonical_text`. A version's digest is the SHA-256 of that file, as
`sha256sum` computes it. The record has the digest too, so that a change of the file alone is noticed.

The newest version is the running policy; a test compares. A developer who changes a term adds a version,

    python -m schema.policy.history add v2 --valid-from 2026-01-01 --author "…" --reason "…"

or, if the newest version is in no release yet, replaces its text: `python -m schema.policy.history amend`.

Rejected: versions in the database. The code decides which policy runs, and the two could differ.
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
    """The record of versions contradicts itself, or it cannot do what the command asks."""


@dataclass(frozen=True)
class Version:
    """One version of the policy. `valid_from` is None for the first version, which has no start.

    `digest` is that of the record, `text` that of the file; `versions` checks that they fit. A `released`
    version never changes.
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
    """A regulator's suspension of these purposes. `valid_until` is None if it has no end."""

    jurisdiction: str
    purposes: tuple[Purpose, ...]
    valid_from: datetime.datetime
    valid_until: datetime.datetime | None
    author: str
    reason: str


def lines_of(text: str) -> tuple[MatrixLine, ...]:
    """The matrix lines of a policy's canonical text."""
    head, *rest = text.splitlines()
    if head != "policy 1":
        raise HistoryProblem("not a policy of this form")
    return tuple(MatrixLine.read(each) for each in rest if not each.startswith(OTHER_LINES))


def versions(folder: Path = FOLDER) -> tuple[Version, ...]:
    """All versions, oldest first. HistoryProblem if a file does not fit the record."""
    read = tuple(_version(entry, folder) for entry in _record(folder)["version"])
    names = [each.name for each in read]
    since = [each.valid_from for each in read[1:]]
    if len(set(names)) != len(names) or None in since or since != sorted(since, key=str):
        raise HistoryProblem("versions need different names and must be in the order of their dates")
    return read


def decisions(folder: Path = FOLDER) -> tuple[Decision, ...]:
    """The suspensions that regulators decided in the past, oldest first."""
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
    """The version that runs, or None if the running policy is not recorded."""
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
        raise HistoryProblem(
            f"{version.name}.policy does not have the digest in {RECORD}: the file was changed"
        )
    return version


# --- what differs ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class MarkChange:
    """A line that one purpose sees differently. None: there is no such line."""

    type: str
    name: str
    purpose: Purpose
    before: Mark | None
    after: Mark | None


def changes(before: Iterable[MatrixLine], after: Iterable[MatrixLine]) -> list[MarkChange]:
    """What differs between two matrices, in the order of lines and purposes.

    A line that is added or removed is a change for the purposes that see it. A line that no purpose sees is a
    change for all of them.
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


def add(name: str, valid_from: datetime.date, *, author: str, reason: str, folder: Path = FOLDER) -> None:
    """Record the running policy as a new version. HistoryProblem if it is the newest version already."""
    known = versions(folder)
    if current(known) == known[-1]:
        raise HistoryProblem(f"{known[-1].name} is the running policy: there is nothing to add")
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
    """Replace the newest version by the running policy. HistoryProblem if it was released."""
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
    """The command. Exit status 0, or 1 with a line that says what prevents it."""
    parser = argparse.ArgumentParser(prog="python -m schema.policy.history")
    tasks = parser.add_subparsers(dest="task", required=True)
    adding = tasks.add_parser("add", help="record the running policy as a new version")
    adding.add_argument("name")
    adding.add_argument("--valid-from", type=datetime.date.fromisoformat, required=True)
    adding.add_argument("--author", required=True)
    adding.add_argument("--reason", required=True)
    tasks.add_parser("amend", help="replace the newest version by the running policy, if it is in no release")
    given = parser.parse_args(arguments)
    try:
        if given.task == "amend":
            amend()
        else:
            add(given.name, given.valid_from, author=given.author, reason=given.reason)
    except HistoryProblem as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
