"""A review of documents for the privacy team: as a table, as JSON, and as a page to print."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape as escape_html
from typing import Any, NamedTuple

import orjson
from rich.markup import escape
from rich.table import Table

from gateway.documents.review import OfPurpose, Review
from gateway.policy.tables import page, page_table
from schema.purposes import ABOUT, Purpose

LEGEND = (
    "In brackets: the mark in the matrix of what is personal data; `gateway policy matrix` explains each."
)


class Named(NamedTuple):
    """A review, the document's name (its file, its operations), and who registered it."""

    name: str
    review: Review
    by: str = ""


def as_table(reviews: Iterable[Named]) -> Table:
    """For a terminal: a row for each document and purpose."""
    table = Table("Document", "Hash", "Purpose", "Root fields", "What it discloses", "Asked by")
    for name, review, _ in reviews:
        if table.rows:
            table.add_section()
        for place, (purpose, tells) in enumerate(review.tells.items()):
            head = ("", "") if place else (escape(name), review.document.hash.hex()[:16])
            table.add_row(*head, purpose, "\n".join(tells.roots), _fields(tells), "\n".join(tells.asked_by))
    return table


def _fields(tells: OfPurpose) -> str:
    lines = []
    for each in tells.told:
        mark = f" [bold]\\[{each.disclosed.mark or '*'}][/]" if each.is_personal else ""
        lines.append(f"{each.name}{mark}")
    return "\n".join(lines)


def as_json(client: str, reviews: Iterable[Named]) -> str:
    """For programs; one object, its documents in the order of registration."""
    documents = [
        {
            "hash": review.document.hash.hex(),
            "operations": review.document.operations,
            "registeredBy": by or None,
            "text": review.document.text,
            "purposes": [_purpose(purpose, tells) for purpose, tells in review.tells.items()],
            "refused": {purpose: refusal.code for purpose, refusal in review.refusals.items()},
        }
        for _, review, by in reviews
    ]
    return orjson.dumps({"client": client, "documents": documents}, option=orjson.OPT_INDENT_2).decode()


def _purpose(purpose: Purpose, tells: OfPurpose) -> dict[str, Any]:
    return {
        "purpose": purpose,
        "rootFields": tells.roots,
        "askedBy": tells.asked_by,
        "tells": [
            {
                "field": each.name,
                "personal": each.is_personal,
                "mark": each.disclosed.mark,
                "ofWhom": each.people or None,
                "paths": each.disclosed.paths,
            }
            for each in tells.told
        ],
    }


def as_page(client: str, reviews: Iterable[Named]) -> str:
    """One page that loads nothing else and prints."""
    parts = [part for each in reviews for part in _page_parts(each)]
    title = f"What {client} may ask, and what it receives"
    return page(title, parts or ["<p>Nothing is registered.</p>"])


def _page_parts(named: Named) -> Iterator[str]:
    name, review, by = named
    yield f"<h2>{escape_html(name)}</h2>"
    yield f"<p>SHA-256 <code>{review.document.hash.hex()}</code>{_by(by)}</p>"
    yield f"<pre><code>{escape_html(review.document.text)}</code></pre>"
    for purpose, tells in review.tells.items():
        yield f"<p>{purpose}: {escape_html(ABOUT[purpose].sentence)}</p>"
        rows = [
            (each.name, each.disclosed.mark or "", each.people or "no one", ", ".join(each.disclosed.paths))
            for each in tells.told
        ]
        yield page_table(f"{purpose} receives", ("field", "mark", "about", "where in the answer"), rows)
        if tells.asked_by:
            yield page_table("Asked by", ("argument",), [(each,) for each in tells.asked_by])
    for purpose, refusal in review.refusals.items():
        yield f"<p>{purpose}: not valid any more ({refusal.code}).</p>"


def _by(by: str) -> str:
    return f", registered by {escape_html(by)}" if by else ""
