"""The versions of the policy: the running policy is recorded, and a record does not change."""

from __future__ import annotations

import datetime
import hashlib
import shutil
from pathlib import Path

import pytest

from schema.policy import history
from schema.policy.history import (
    ADD,
    AMEND,
    FOLDER,
    HistoryProblem,
    MarkChange,
    add,
    amend,
    changes,
    current,
    decisions,
    lines_of,
    versions,
)
from schema.policy.matrix import MatrixLine, canonical_text, digest, policy_lines
from schema.purposes import OBJECTABLE, Purpose
from schema.terms.marks import FOR_NO_PURPOSE, Mark, marks

DAY = datetime.date(2030, 1, 1)

# What the social network had from the messenger, or from what the messenger passed on.
FROM_THE_MESSENGER = {
    ("MessengerAccount", "socialAccount"),
    ("SocialAccount", "messengerLink"),
    ("MessengerLink", "account"),
    ("MessengerLink", "since"),
    ("PhoneBinding", "(row: MESSENGER_SHARED)"),
    ("AdTopic", "(row: MESSENGER)"),
    ("Offer", "(row: matched through MESSENGER_SHARED)"),
    ("FriendSuggestion", "(row: MESSENGER_CONTACT)"),
}
# A member cannot object to a use that did not happen.
OF_OBJECTING = {("Objection", "(row)"), ("TermsAcceptance", "(row)")}
MESSENGER_S_OWN = {"MessengerAccount", "UsageStats", "ContactEdge"}
AT_THE_SOCIAL_NETWORK = {Purpose.ADS_PERSONALIZATION, Purpose.OFFER_MATCHING, Purpose.FRIEND_SUGGESTIONS}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the record that a test may spoil."""
    return Path(shutil.copytree(FOLDER, tmp_path / "versions"))


def test_the_running_policy_is_the_newest_version() -> None:
    """The running policy is the newest recorded version, with its own name, author, reason and day."""
    newest = versions()[-1]

    assert canonical_text(policy_lines()) == newest.text, (
        f"what runs is not {newest.name}: look at `gateway policy diff {newest.name} now`, then run "
        + (f"`{ADD} …`" if newest.released else f"`{AMEND}`, because {newest.name} is in no release yet")
    )
    assert newest == current(versions())


def test_a_version_s_digest_is_the_sha_256_of_its_file() -> None:
    """A version's digest is the SHA-256 of its file, so `sha256sum` alone proves its content."""
    for version in versions():
        file = (FOLDER / f"{version.name}.policy").read_bytes()

        assert version.digest == hashlib.sha256(file).hexdigest()


def test_a_changed_version_file_is_found(copy: Path) -> None:
    """A changed version file is found, because the record holds its digest."""
    file = copy / "v0.policy"
    file.write_text(file.read_text().replace("Business,id,-", "Business,id,V"))

    with pytest.raises(HistoryProblem, match=r"v0\.policy"):
        versions(copy)


def test_every_version_has_a_name_an_author_and_a_reason() -> None:
    """Every version has a name, an author and a reason, and all but the first a day, in order."""
    for version in versions():
        assert version.name and version.author and version.reason
        assert {purpose.value for purpose in Purpose} <= set(version.text.replace("\n", ",").split(","))
    assert versions()[0].valid_from is None
    assert datetime.datetime(2016, 8, 25, tzinfo=datetime.UTC) == versions()[1].valid_from
    assert [version.name for version in versions()][:2] == ["v0", "v1"]


def test_before_2016_nothing_of_the_messenger_reached_the_social_network() -> None:
    """v0 is the matrix without the data that came from the messenger, and without objections."""
    before, of_2016, *_ = versions()

    assert {_as_before(line) for line in of_2016.lines} == set(before.lines)


def _as_before(line: MatrixLine) -> MatrixLine:
    if (line.type, line.name) in FROM_THE_MESSENGER | OF_OBJECTING:
        return MatrixLine(line.type, line.name, FOR_NO_PURPOSE)
    without = AT_THE_SOCIAL_NETWORK | {Purpose.PREFERENCES} if line.type in MESSENGER_S_OWN else set()
    row = [Mark.NEVER if purpose in without else line.marks[purpose] for purpose in Purpose]
    return MatrixLine(line.type, line.name, marks(" ".join(row)))


def test_before_2016_no_objection_hid_anything() -> None:
    """In v0 no mark depends on an objection, because objecting was impossible then."""
    first = versions()[0]

    assert not {Mark.ABSENT, Mark.NULL} & {mark for line in first.lines for mark in line.marks.line}
    assert all(f"purpose,{purpose},,0\n" in first.text for purpose in Purpose)


def test_the_suspensions_by_regulators_are_recorded() -> None:
    """The record has three suspensions of both uses: Germany, the United Kingdom and the European Union."""
    decided = decisions()

    assert [each.jurisdiction for each in decided] == ["DE", "GB", "EU"]
    assert [each.valid_from.month for each in decided] == [9, 11, 11]
    assert {2016} == {each.valid_from.year for each in decided}
    assert {tuple(OBJECTABLE)} == {each.purposes for each in decided}
    assert all(each.reason and each.author for each in decided)


# --- what differs ---------------------------------------------------------------------------------

SOME = MatrixLine("Thing", "name", marks("A - - V - - O - -"))


def test_equal_policies_do_not_differ() -> None:
    """Two policies with the same lines in another order do not differ."""
    assert changes(policy_lines(), reversed(policy_lines())) == []


def test_each_purpose_s_change_is_named() -> None:
    """A comparison of two versions names each purpose that gains or loses a field."""
    other = MatrixLine("Thing", "name", marks("V - - - - - O - S"))

    assert changes([SOME], [other]) == [
        MarkChange("Thing", "name", Purpose.ADS_PERSONALIZATION, Mark.ABSENT, Mark.VISIBLE),
        MarkChange("Thing", "name", Purpose.INFRASTRUCTURE, Mark.VISIBLE, Mark.NEVER),
        MarkChange("Thing", "name", Purpose.AUDIT, Mark.NEVER, Mark.PSEUDONYM),
    ]


def test_a_new_or_removed_line_is_a_change_for_the_purposes_that_see_it() -> None:
    """A new field is a change for the purposes that see it; a field that no purpose sees, for all."""
    came = changes([], [SOME])

    assert [each.purpose for each in came] == [
        Purpose.ADS_PERSONALIZATION,
        Purpose.INFRASTRUCTURE,
        Purpose.SUBJECT_ACCESS,
    ]
    assert {None} == {each.before for each in came} == {each.after for each in changes([SOME], [])}
    assert len(changes([], [MatrixLine("Thing", "secret", FOR_NO_PURPOSE)])) == len(Purpose)


def test_lines_are_read_back_as_they_were_written() -> None:
    """Lines written as canonical text are read back equal, and any other text is refused."""
    assert set(policy_lines()) == set(lines_of(canonical_text(policy_lines())))
    with pytest.raises(HistoryProblem):
        lines_of("something else\n")
    with pytest.raises(ValueError):
        MatrixLine.read("Thing,name,V")


# --- new versions ---------------------------------------------------------------------------------


def test_a_changed_policy_is_added_once(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed policy is added once, as a version with its day, author and reason."""
    with pytest.raises(HistoryProblem, match="nothing to add"):
        add("v99", DAY, author="somebody", reason="no reason", folder=copy)

    changed = (SOME, *policy_lines())
    for module in (history, history.sys.modules["schema.policy.matrix"]):
        monkeypatch.setattr(module, "policy_lines", lambda: changed)
    assert current(versions(copy)) is None
    add("v99", DAY, author='the office\'s "first"', reason="one more thing", folder=copy)

    newest = versions(copy)[-1]
    assert newest == current(versions(copy))
    assert (
        newest.name,
        newest.author,
        newest.reason,
        newest.released,
    ) == ("v99", 'the office\'s "first"', "one more thing", False)
    assert newest.valid_from == datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)
    assert SOME in newest.lines
    assert decisions(copy) == decisions()


@pytest.mark.parametrize("name", ["v0", "v1", "", "../v2", "v 2"])
def test_a_new_version_needs_a_name_of_its_own(
    name: str, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new version's name must be unused, and must not lead to a file outside the folder."""
    monkeypatch.setattr(history, "digest", lambda: "0" * 64)

    with pytest.raises(HistoryProblem, match="name of its own"):
        add(name, DAY, author="somebody", reason="some reason", folder=copy)


def test_the_newest_version_can_be_replaced_until_it_is_released(copy: Path) -> None:
    """The newest version can be replaced before its release, and never afterwards."""
    (copy / f"{versions()[-1].name}.policy").write_text("spoilt")
    amend(copy)
    assert versions(copy) == versions()

    record = copy / "record.toml"
    record.write_text(record.read_text().replace("released = false", "released = true"))
    with pytest.raises(HistoryProblem, match="was released"):
        amend(copy)


def test_the_command_says_why_it_cannot(capsys: pytest.CaptureFixture[str]) -> None:
    """If a version cannot be added, the command prints one line, ends with status 1, and changes nothing."""
    arguments = ["add", "v99", "--valid-from", "2030-01-01", "--author", "somebody", "--reason", "none"]

    assert history.main(arguments) == 1
    assert (
        capsys.readouterr().err == f"{versions()[-1].name} is the running policy: there is nothing to add\n"
    )
    assert digest() == versions()[-1].digest
