"""`gateway policy`: the policy as data to look at, without a store, a setting or a secret."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from gateway.policy.tables import HEAD, as_csv, as_page, from_csv
from schema.policy.history import FOLDER, versions
from schema.policy.matrix import MatrixLine, digest, policy_lines
from schema.purposes import Purpose
from schema.terms.marks import Mark, marks
from tests.commands.test_cli import command
from tests.schema.test_policy_matrix import DECIDED_FILE, built_types

DECIDED = DECIDED_FILE.read_text(encoding="utf-8")


def rows(text: str) -> list[tuple[str, ...]]:
    """The rows of a CSV text."""
    return [tuple(row) for row in csv.reader(io.StringIO(text))]


# --- the matrix -----------------------------------------------------------------------------------


async def test_the_csv_is_the_decided_one() -> None:
    """The same columns, the same lines, none more; what is not built yet is the only thing that lacks."""
    said = await command("policy", "matrix", "--format", "csv")
    shown, decided = rows(said.out), rows(DECIDED)

    assert (said.status, said.err) == (0, "")
    assert shown[0] == decided[0]
    assert set() == set(shown) - set(decided)
    assert len(shown) == len(set(shown))
    assert set() == {row for row in set(decided) - set(shown) if row[0] in built_types()}


async def test_an_older_version_s_csv_can_be_had() -> None:
    """v0 as the record has it: its own file, apart from the head."""
    said = await command("policy", "matrix", "--of", "v0", "--format", "csv")

    lines = (FOLDER / "v0.policy").read_text(encoding="utf-8").splitlines()
    assert said.status == 0
    assert set(said.out.splitlines()[1:]) == {line for line in lines if not line.startswith(("p", "c"))}


async def test_the_table_has_every_line_with_its_marks() -> None:
    """What a terminal shows is the same matrix."""
    said = await command("policy", "matrix")

    for line in policy_lines():
        cells = r"\s*│\s*".join(re.escape(each) for each in (line.name, *line.marks.line))
        assert re.search(rf"│\s*{cells}\s*│", said.out), line
    assert {line.type for line in policy_lines()} <= set(re.findall(r"\w+", said.out))


def test_what_is_written_as_csv_is_read_back() -> None:
    """Nothing is lost, and what has another head is no matrix."""
    assert from_csv(as_csv(policy_lines())) == policy_lines()
    with pytest.raises(ValueError):
        from_csv("type,field\n")


class Page(HTMLParser):
    """What a page holds: its tags, where it would load something from, its tables."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.captions: list[str] = []
        self.cells: list[list[str]] = []
        self._into: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self.cells.append([])
        if tag in {"td", "th"}:
            self.cells[-1].append("")
        self._into = tag if tag != "wbr" else self._into

    def handle_data(self, data: str) -> None:
        if self._into in {"td", "th"}:
            self.cells[-1][-1] += data.strip()
        if self._into == "caption":
            self.captions.append(data)


async def test_the_page_shows_the_matrix_in_tables_with_headers() -> None:
    """Whoever cannot see it hears for each mark which field and which purpose: every header has its scope."""
    said = await command("policy", "matrix", "--format", "html")
    page = Page(said.out)

    assert said.status == 0
    assert [tag for tag, _ in page.tags][:2] == ["html", "head"]
    assert page.tags[0][1] == {"lang": "en"}
    assert {each["scope"] for tag, each in page.tags if tag == "th"} == {"col", "row"}
    assert {line.type for line in policy_lines()} <= set(page.captions)
    assert page.captions.count("Marks") == 1
    assert ["field", *Purpose] in page.cells
    for line in policy_lines():
        assert [line.name, *(mark.replace("-", "–") for mark in line.marks.line)] in page.cells
    assert digest() in said.out


async def test_the_page_loads_nothing() -> None:
    """One file to keep, to send and to print: no script, no font, no picture, no address."""
    said = await command("policy", "matrix", "--format", "html")
    page = Page(said.out)

    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in page.tags}
    assert not [each for _, each in page.tags if {"src", "href", "onclick", "style"} & set(each)]
    assert not re.search(r"https?:|url\(|@import", said.out)
    assert "@media print" in said.out


def test_no_colour_speaks_alone() -> None:
    """Each mark stands as a letter, and its meaning beside it for whoever rests on it."""
    line = MatrixLine("Thing", "name", marks("V A N P B M O S -"))
    page = Page(as_page([line], "Marks"))

    assert [line.name, *"VANPBMOS", "–"] in page.cells
    assert len([1 for tag, each in page.tags if tag == "td" and each.get("title")]) == len(Mark) - 1


def contrast(one: str, other: str) -> float:
    """The contrast of two colours such as ``#cfe8cf`` (WCAG 2, relative luminance)."""

    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_every_letter_stands_out_from_its_ground() -> None:
    """At least 7 to 1 for marks, 4.5 to 1 for what is not visible (WCAG 2.1, 1.4.6 and 1.4.3)."""
    page = as_page(policy_lines(), "Marks")
    grounds = re.findall(r"\.[VANPBMOS][^{]*\{ background: (#[0-9a-f]{6})", page)

    assert len(grounds) == 3
    assert all(contrast(ground, "#1a1a1a") > 7 for ground in grounds)
    assert contrast("#595959", "#ffffff") > 4.5 and "color: #595959" in page


# --- two policies ---------------------------------------------------------------------------------


async def test_what_differs_between_two_versions_is_a_table() -> None:
    """From v0 to v1 the phone number was opened to ads: status 1, as of a diff."""
    said = await command("policy", "diff", "v0", "v1")

    row = r"MessengerAccount\s*│\s*phone\s*│\s*ADS_PERSONALIZATION\s*│\s*-\s*│\s*A\s*│\s*opened: visible"
    assert said.status == 1
    assert re.search(row, said.out)
    assert re.fullmatch(r"\d+ changes\.\n", said.err)


async def test_the_same_policy_does_not_differ_by_whatever_name(tmp_path: Path) -> None:
    """A version, its digest, the digest's first digits, a CSV file and `now` may all name the same."""
    file = tmp_path / "matrix.csv"
    file.write_text((await command("policy", "matrix", "--format", "csv")).out)
    newest = versions()[-1]

    for name in (newest.name, newest.digest, newest.digest[:8], str(file), "now"):
        said = await command("policy", "diff", name, "now")

        assert (said.status, said.out, said.err) == (0, "Nothing differs.\n", ""), name


async def test_a_policy_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    """One line for the person, and what could be asked for instead."""
    said = await command("policy", "diff", "v7", "now")
    assert (said.status, said.out) == (1, "")
    assert "no single policy is called v7" in said.err and "v0, v1, now" in said.err

    file = tmp_path / "other.csv"
    file.write_bytes(b"\xff\xfe")
    said = await command("policy", "diff", str(file), "now")
    assert (said.status, said.out) == (1, "")
    assert "is no matrix" in said.err


async def test_the_versions_are_listed_with_their_digests() -> None:
    """Since when, by whom, why, and the SHA-256 that proves it; one of them runs."""
    said = await command("policy", "versions")

    assert said.status == 0
    assert said.out.count(", runs\n") == 1
    for version in versions():
        file = FOLDER / f"{version.name}.policy"
        assert hashlib.sha256(file.read_bytes()).hexdigest() in said.out
        assert f"by {version.author}" in said.out and version.reason in said.out
    assert HEAD[:2] == ("type", "field")
