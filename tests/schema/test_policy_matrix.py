"""The decided policy and the running policy are equal, line by line, in both directions."""

from __future__ import annotations

import csv
import dataclasses
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from schema.build import TYPES
from schema.policy import matrix
from schema.policy.matrix import (
    ROOM,
    WRITE,
    Contradiction,
    MatrixLine,
    digest,
    digest_of,
    policy_lines,
    render_markdown,
)
from schema.purposes import ABOUT, AboutPurpose, Purpose
from schema.terms.marks import Mark, Marks
from schema.types.content import Message
from schema.types.social import SocialAccount
from tests.kit.decided import decided, newest, purposes, rows_of
from tests.kit.real_data import policy_of_the_owners


def decided_text() -> set[str]:
    """The lines of the decided policy."""
    return {",".join(row) for row in rows_of(newest())}


def test_every_running_line_was_decided() -> None:
    """Every field of the program has the decided marks."""
    assert purposes() == tuple(Purpose)
    assert set() == {line.text for line in policy_lines()} - decided_text()


def test_every_decided_line_runs() -> None:
    """Every decided line is in the program."""
    assert set() == decided_text() - {line.text for line in policy_lines()}


@pytest.mark.real_data
def test_every_line_that_the_owners_wrote_was_decided() -> None:
    """The newest version has each line of the owners' policy, with its marks, and may have later fields."""
    with policy_of_the_owners().open(encoding="utf-8", newline="") as file:
        written = list(csv.DictReader(file))
    assert written

    for line in written:
        name = line.pop("type"), line.pop("field")
        assert decided().get(name) == line, name


def test_no_line_occurs_twice() -> None:
    """No name has two lines, which could contradict each other."""
    names = [(line.type, line.name) for line in policy_lines()]

    assert len(set(names)) == len(names)


def test_no_purpose_sees_content() -> None:
    """Message content and its derivatives are hidden from all nine purposes, and no type holds them."""
    content = [line for line in policy_lines() if line.type == Message.__name__]

    assert [line.name for line in content] == ["body", "(any derivative of content)"]
    assert {Mark.NEVER} == {mark for line in content for mark in line.marks.line}
    assert Message not in TYPES


def test_a_field_cannot_have_a_name_that_no_purpose_may_see(monkeypatch: pytest.MonkeyPatch) -> None:
    """A field with a name that the policy reserves for hidden data stops the program."""
    monkeypatch.setattr(SocialAccount, "NEVER", ("displayName",), raising=False)

    with pytest.raises(Contradiction):
        digest()


def test_any_single_mark_changes_the_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    """A change of any single mark changes the digest, so universes and cursors of two policies differ."""
    # The types stay as they are through thousands of digests.
    monkeypatch.setattr(matrix, "fields_of", cache(matrix.fields_of))
    lines = policy_lines()
    digests = {digest()}
    changed = 0
    for number, line in enumerate(lines):
        for column in range(len(Purpose)):
            for mark in set(Mark) - {line.marks.line[column]}:
                row = (*line.marks.line[:column], mark, *line.marks.line[column + 1 :])
                other = dataclasses.replace(line, marks=Marks(row))
                digests.add(digest_of((*lines[:number], other, *lines[number + 1 :])))
                changed += 1

    assert len(lines) * len(Purpose) * (len(Mark) - 1) == changed
    assert changed + 1 == len(digests)


def test_a_line_more_or_less_changes_the_digest() -> None:
    """A new or a removed line changes the digest."""
    lines = policy_lines()
    fewer = {digest_of((*lines[:number], *lines[number + 1 :])) for number in range(len(lines))}
    more = digest_of((*lines, MatrixLine("Forgotten", "name", lines[0].marks)))

    assert len(lines) + 2 == len({digest(), more, *fewer})


@pytest.mark.parametrize("purpose", Purpose)
def test_whose_objection_covers_a_purpose_changes_the_digest(
    purpose: Purpose, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If another objection covers a purpose, the digest changes."""
    before = digest()
    for objection in {None, Purpose.ADS_PERSONALIZATION, Purpose.FRIEND_SUGGESTIONS} - {purpose.objection}:
        monkeypatch.setitem(ABOUT, purpose, AboutPurpose(ABOUT[purpose].sentence, objection))

        assert before != digest()


def test_a_mark_that_is_opened_changes_the_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    """If a mark begins to show something, the digest changes."""
    before = digest()
    monkeypatch.setattr(matrix, "OPEN", matrix.OPEN - {Mark.PSEUDONYM})

    assert before != digest()


def test_a_change_that_another_purpose_may_make_changes_the_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    """If a change is opened to another purpose, the digest changes."""
    before = digest()
    monkeypatch.setattr(matrix, "belonging", lambda: iter([("Mutation.recordObjection", Purpose.AUDIT)]))

    assert before != digest()


def test_order_and_words_do_not_change_the_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rewritten description or a moved field leaves the digest and the universes as they are."""
    before = digest()
    for purpose in Purpose:
        monkeypatch.setitem(ABOUT, purpose, AboutPurpose("Other words.", ABOUT[purpose].objection))

    assert before == digest() == digest_of(reversed(policy_lines()))


def test_policy_md_is_the_policy() -> None:
    """POLICY.md equals the running policy."""
    committed = (ROOM / "policy" / "POLICY.md").read_text(encoding="utf-8")

    assert committed == render_markdown(), f"run `{WRITE}`, review the diff of POLICY.md, commit it"


def test_policy_md_says_everything() -> None:
    """POLICY.md has every line, every purpose with its sentence, every mark, and the digest."""
    text = render_markdown()
    for line in policy_lines():
        assert line.name in text
        assert f"## {line.type}\n" in text
    for purpose in Purpose:
        assert ABOUT[purpose].sentence in text
    assert digest() in text
    assert all(f"| `{mark}` | {meaning} |" in text for mark, meaning in matrix.MEANING.items())
    assert set(Mark) == set(matrix.MEANING)


def test_the_command_writes_the_committed_files_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`python -m schema.policy.matrix --write` writes POLICY.md, nine SDL files, and the one of notices."""
    monkeypatch.setattr(matrix, "ROOM", tmp_path)

    assert matrix.main(["--write"]) == 0

    written = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    wanted = {Path("policy", "POLICY.md"), Path("sdl", "recalls.graphql")}
    wanted |= {Path("sdl", f"{purpose.universe}.graphql") for purpose in Purpose}

    assert wanted == written


def test_the_command_prints_the_policy_and_knows_one_option(capsys: pytest.CaptureFixture[str]) -> None:
    """Without `--write` the command prints the policy, writes no file, and refuses unknown options."""
    assert matrix.main([]) == 0
    assert capsys.readouterr().out == render_markdown()
    assert matrix.main(["--help"]) == 2


def test_the_digest_is_the_same_in_every_process() -> None:
    """The digest depends on the policy alone, and not on a process' hash seed."""
    command = [sys.executable, "-c", "from schema.policy.matrix import digest; print(digest())"]
    other = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOM.parent)

    assert digest() == other.stdout.strip()
