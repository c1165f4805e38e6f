"""The policy to look at: the matrix as a table, as CSV and as a page to print; what differs between two."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from html import escape as escape_html
from itertools import groupby
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from gateway.terminal.problems import Problem
from schema.policy.history import MarkChange, versions
from schema.policy.matrix import MEANING, MatrixLine, digest, policy_lines
from schema.purposes import ABOUT, Purpose
from schema.terms.marks import Mark

NOW = "now"
HEAD = ("type", "field", *(purpose.value for purpose in Purpose))
COLOURS = {
    Mark.VISIBLE: "green",
    Mark.ABSENT: "yellow",
    Mark.NULL: "yellow",
    Mark.NEVER: "dim",
}


def as_csv(lines: Iterable[MatrixLine]) -> str:
    """The matrix in the form in which it is decided: a head, then a line for each field."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(HEAD)
    writer.writerows((line.type, line.name, *line.marks.line) for line in lines)
    return file.getvalue()


def from_csv(text: str) -> tuple[MatrixLine, ...]:
    """The lines of a matrix in that form. ValueError if it is none."""
    head, *rows = csv.reader(io.StringIO(text))
    if tuple(head) != HEAD:
        raise ValueError("another head")
    return tuple(MatrixLine.read(",".join(row)) for row in rows)


def as_table(lines: Iterable[MatrixLine]) -> Table:
    """The matrix for a terminal."""
    table = Table("Type", "Field", title_justify="left")
    for purpose in Purpose:
        # Broken between words, so that nine columns fit side by side.
        table.add_column(purpose.replace("_", "\n"), justify="center")
    for _, of_type in groupby(lines, key=lambda line: line.type):
        for place, line in enumerate(of_type):
            if not place and table.rows:
                table.add_section()
            marks = (f"[{COLOURS.get(mark, 'cyan')}]{mark}[/]" for mark in line.marks.line)
            table.add_row("" if place else escape(line.type), escape(line.name), *marks)
    return table


# --- two policies ---------------------------------------------------------------------------------


def lines_called(name: str) -> tuple[MatrixLine, ...]:
    """The policy of that name: `now`, a version, the first digits of a digest, or the path of a CSV file.

    Problem, which names what there is, if it is none of them or if a digest's digits fit several.
    """
    if name in {NOW, digest()}:
        return policy_lines()
    known = versions()
    fitting = [
        each
        for each in known
        if each.name == name or (re.fullmatch("[0-9a-f]{6,64}", name) and each.digest.startswith(name))
    ]
    if len(fitting) == 1:
        return fitting[0].lines
    if Path(name).is_file():
        return _lines_of_file(Path(name))
    raise Problem(
        f"no single policy is called {name}",
        f"there are {', '.join((*(each.name for each in known), NOW))}, each version's digest, and CSV files",
    )


def _lines_of_file(path: Path) -> tuple[MatrixLine, ...]:
    try:
        return from_csv(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise Problem(f"{path} is no matrix: `gateway policy matrix --format csv` writes one") from None


def changes_table(found: Iterable[MarkChange]) -> Table:
    """What differs, for a terminal: one row for each line and purpose."""
    table = Table("Type", "Field", "Purpose", "Before", "After", "What it means")
    for change in found:
        before, after = (mark or "none" for mark in (change.before, change.after))
        row = (escape(change.type), escape(change.name), change.purpose, before, after, _meaning(change))
        table.add_row(*row)
    return table


def _meaning(change: MarkChange) -> str:
    if change.before is None:
        return "[bold]new:[/] " + MEANING[change.after or Mark.NEVER]
    if change.after is None:
        return "[bold]gone[/]"
    if change.after is Mark.NEVER:
        return "[bold]closed:[/] " + MEANING[Mark.NEVER]
    return ("[bold]opened:[/] " if change.before is Mark.NEVER else "") + MEANING[change.after]


# --- a page ---------------------------------------------------------------------------------------

STYLE = """
body { font: 14px/1.45 system-ui, sans-serif; color: #1a1a1a; background: #fff; margin: 2rem auto; max-width: 76rem; padding: 0 1rem }
code { font: 12px ui-monospace, monospace; overflow-wrap: anywhere }
table { border-collapse: collapse; margin: 1rem 0 2rem }
caption { text-align: left; font-weight: 600; padding: .4rem 0 }
th, td { border: 1px solid #b8b8b8; padding: .25rem .5rem; text-align: left }
thead th { background: #f0f0f0; vertical-align: bottom }
.matrix thead th { font-size: 11px }
.matrix td { text-align: center; font-weight: 600 }
.matrix tbody th { font-weight: 400 }
.V { background: #cfe8cf }
.A, .N { background: #fbe6b0 }
.P, .B, .M, .O, .S { background: #d3e3f5 }
.never { color: #595959; font-weight: 400 }
section { break-inside: avoid }
@media print { body { margin: 0; max-width: none; font-size: 10px } thead { display: table-header-group } @page { size: A4 landscape; margin: 12mm } * { print-color-adjust: exact } }
"""  # noqa: E501 - a style sheet reads best with a rule a line


def as_page(lines: Iterable[MatrixLine], title: str) -> str:
    """The matrix as one HTML page: nothing else is loaded, it prints, and no colour speaks alone."""
    matrix = tuple(lines)
    parts = [
        f"<p>Policy digest: <code>{digest()}</code></p>" if matrix == policy_lines() else "",
        "<p>Every request runs under one purpose. What is not listed here, no purpose sees.</p>",
        page_table("Marks", ("mark", "meaning"), [(mark, MEANING[mark]) for mark in Mark]),
        page_table(
            "Purposes",
            ("purpose", "what for", "stopped by an objection to"),
            [(each, ABOUT[each].sentence, each.objection or "nothing") for each in Purpose],
        ),
        *(
            _page_matrix(type_name, tuple(of_type))
            for type_name, of_type in groupby(matrix, key=lambda line: line.type)
        ),
    ]
    return page(title, parts)


def page(title: str, parts: Iterable[str]) -> str:
    """An HTML page of these parts, which are HTML; the title is text."""
    lines = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape_html(title)}</title>",
        f"<style>{STYLE}</style>",
        "</head>",
        "<body>",
        "<main>",
        f"<h1>{escape_html(title)}</h1>",
        *parts,
        "</main>",
        "</body>",
        "</html>",
    ]
    return "\n".join(line for line in lines if line) + "\n"


def page_table(caption: str, head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of texts, the first of each row its head."""
    return "\n".join(
        (
            f"<section><table><caption>{caption}</caption>",
            f"<thead><tr>{''.join(_header(each, 'col') for each in head)}</tr></thead><tbody>",
            *(_page_row(*row) for row in rows),
            "</tbody></table></section>",
        )
    )


def _page_row(first: str, *rest: str) -> str:
    return f"<tr>{_header(first, 'row')}{''.join(f'<td>{escape_html(each)}</td>' for each in rest)}</tr>"


def _page_matrix(type_name: str, lines: tuple[MatrixLine, ...]) -> str:
    head = "".join(_header(each, "col") for each in ("field", *Purpose))
    return "\n".join(
        (
            f'<section><table class="matrix"><caption>{escape_html(type_name)}</caption>',
            f"<thead><tr>{head}</tr></thead><tbody>",
            *(
                f"<tr>{_header(line.name, 'row')}{''.join(map(_page_mark, line.marks.line))}</tr>"
                for line in lines
            ),
            "</tbody></table></section>",
        )
    )


def _header(text: str, scope: str) -> str:
    # A place to break a purpose's long name.
    return f'<th scope="{scope}">{escape_html(text).replace("_", "_<wbr>")}</th>'


def _page_mark(mark: Mark) -> str:
    if mark is Mark.NEVER:
        return '<td class="never">–</td>'
    return f'<td class="{mark}" title="{escape_html(MEANING[mark])}">{mark}</td>'
