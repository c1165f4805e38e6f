"""`gateway policy`: the policy as data, printed without a store, a setting or a secret."""

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
from tests.kit.decided import newest, purposes, rows_of


def rows(text: str) -> list[tuple[str, ...]]:
    """The rows of a CSV text."""
    return [tuple(row) for row in csv.reader(io.StringIO(text))]


# --- the matrix -----------------------------------------------------------------------------------


async def test_the_csv_is_the_decided_one() -> None:
    """The CSV has the columns and lines of the decided matrix, each line once."""
    said = await command("policy", "matrix", "--format", "csv")
    head, *lines = rows(said.out)

    assert (said.status, said.err) == (0, "")
    assert ("type", "field", *purposes()) == head
    assert rows_of(newest()) == set(lines)
    assert len(lines) == len(set(lines))


async def test_an_older_version_s_csv_can_be_printed() -> None:
    """The CSV of v0 equals the recorded file, except for the header."""
    said = await command("policy", "matrix", "--of", "v0", "--format", "csv")

    lines = (FOLDER / "v0.policy").read_text(encoding="utf-8").splitlines()
    assert said.status == 0
    assert set(said.out.splitlines()[1:]) == {line for line in lines if not line.startswith(("p", "c"))}


async def test_the_table_has_every_line_with_its_marks() -> None:
    """The table for terminals has every line of the matrix with its marks."""
    said = await command("policy", "matrix")

    for line in policy_lines():
        cells = r"\s*│\s*".join(re.escape(each) for each in (line.name, *line.marks.line))
        assert re.search(rf"│\s*{cells}\s*│", said.out), line
    assert {line.type for line in policy_lines()} <= set(re.findall(r"\w+", said.out))


def test_a_matrix_written_as_csv_is_read_back() -> None:
    """A CSV that was written is read back equal; a file with another header is refused."""
    assert from_csv(as_csv(policy_lines())) == policy_lines()
    with pytest.raises(ValueError):
        from_csv("type,field\n")


class Page(HTMLParser):
    """A page's tags, the addresses it would load from, and its tables."""

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
    """Every header has its scope, so that a screen reader names the field and the purpose of each mark."""
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
    """The page is one file without scripts, fonts, pictures or addresses."""
    said = await command("policy", "matrix", "--format", "html")
    page = Page(said.out)

    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in page.tags}
    assert not [each for _, each in page.tags if {"src", "href", "onclick", "style"} & set(each)]
    assert not re.search(r"https?:|url\(|@import", said.out)
    assert "@media print" in said.out


def test_no_mark_is_shown_by_colour_alone() -> None:
    """Each mark is a letter, and its meaning is shown to a reader who points at it."""
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


def test_every_letter_has_enough_contrast() -> None:
    """At least 7 to 1 for marks, 4.5 to 1 for what is not visible (WCAG 2.1, 1.4.6 and 1.4.3)."""
    page = as_page(policy_lines(), "Marks")
    grounds = re.findall(r"\.[VANPBMOS][^{]*\{ background: (#[0-9a-f]{6})", page)

    assert len(grounds) == 3
    assert all(contrast(ground, "#1a1a1a") > 7 for ground in grounds)
    assert contrast("#595959", "#ffffff") > 4.5 and "color: #595959" in page


# --- two policies ---------------------------------------------------------------------------------


async def test_the_difference_of_two_versions_is_a_table() -> None:
    """`policy diff v0 v1` shows that the phone number was opened to ads, with status 1 as diff has it."""
    said = await command("policy", "diff", "v0", "v1")

    row = r"MessengerAccount\s*│\s*phone\s*│\s*ADS_PERSONALIZATION\s*│\s*-\s*│\s*A\s*│\s*opened: visible"
    assert said.status == 1
    assert re.search(row, said.out)
    assert re.fullmatch(r"\d+ changes\.\n", said.err)


async def test_a_policy_does_not_differ_from_itself_under_another_name(tmp_path: Path) -> None:
    """A policy can be named by version, digest, the digest's first digits, a CSV file or `now`."""
    file = tmp_path / "matrix.csv"
    file.write_text((await command("policy", "matrix", "--format", "csv")).out)
    newest = versions()[-1]

    for name in (newest.name, newest.digest, newest.digest[:8], str(file), "now"):
        said = await command("policy", "diff", name, "now")

        assert (said.status, said.out, said.err) == (0, "Nothing differs.\n", ""), name


async def test_an_unknown_policy_is_one_line_with_the_known_ones(tmp_path: Path) -> None:
    """For an unknown policy one line says so and lists the known ones."""
    said = await command("policy", "diff", "v7", "now")
    assert (said.status, said.out) == (1, "")
    assert "no single policy is called v7" in said.err and "v0, v1, now" in said.err

    file = tmp_path / "other.csv"
    file.write_bytes(b"\xff\xfe")
    said = await command("policy", "diff", str(file), "now")
    assert (said.status, said.out) == (1, "")
    assert "is no matrix" in said.err


async def test_the_versions_are_listed_with_their_digests() -> None:
    """The list has each version's day, author, reason and SHA-256, and marks the running one."""
    said = await command("policy", "versions")

    assert said.status == 0
    assert said.out.count(", runs\n") == 1
    for version in versions():
        file = FOLDER / f"{version.name}.policy"
        assert hashlib.sha256(file.read_bytes()).hexdigest() in said.out
        assert f"by {version.author}" in said.out and version.reason in said.out
    assert HEAD[:2] == ("type", "field")
