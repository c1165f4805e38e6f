"""Every figure of a checkout, in the order of the table."""

from __future__ import annotations

import statistics
from collections import Counter

from tests.measure import findings
from tests.measure.checkout import ROOMS, Checkout
from tests.measure.imports import cycles

Figures = dict[str, int | float]


def figures(checkout: Checkout, base: str | None = None) -> Figures:
    """The figures by name; with `base`, the commit subjects since then too."""
    return {
        **_files(checkout),
        **_functions(checkout),
        **_imports(checkout),
        **_modules(checkout),
        **_words(checkout),
        **_definitions(checkout),
        **({"commit subjects over 72 characters": len(checkout.long_subjects(base))} if base else {}),
    }


def _files(checkout: Checkout) -> Figures:
    lines = sum(source.text.count("\n") for source in checkout.rooms)
    comments = sum(len(source.comments) for source in checkout.rooms)
    return {
        "Python files": len(checkout.rooms),
        "longest file, lines": max(source.text.count("\n") for source in checkout.rooms),
        "comments per 100 lines": round(100 * comments / lines, 1),
    }


def _functions(checkout: Checkout) -> Figures:
    lengths = [findings.length(function) for source in checkout.rooms for function, _ in source.functions]
    return {
        "functions": len(lengths),
        "function lines, median": statistics.median(lengths),
        "function lines, nine in ten": round(statistics.quantiles(lengths, n=10)[-1]),
        "functions over 50 lines, %": round(100 * sum(each > 50 for each in lengths) / len(lengths), 1),
    }


def _imports(checkout: Checkout) -> Figures:
    return {
        "import cycles at run time": len(cycles(checkout.rooms, with_annotations=False)),
        "import cycles with annotations": len(cycles(checkout.rooms, with_annotations=True)),
    }


def _modules(checkout: Checkout) -> Figures:
    counted = findings.modules_by_folder(checkout)
    return {
        **{f"modules at the root of {room}/": counted[room] for room in ROOMS},
        "modules in the fullest folder": max((counted[each] for each in counted if "/" in each), default=0),
    }


def _words(checkout: Checkout) -> Figures:
    found = Counter(finding.kind for finding in findings.retired_words(checkout))
    rows: Figures = {}
    for kind in ("Python", "SDL", "console", "Markdown"):
        words = checkout.words_of_prose(kind)
        rows[f"retired words, {kind}"] = found[kind]
        rows[f"retired words, {kind}, in 1,000"] = round(1000 * found[kind] / words, 2) if words else 0
    return {**rows, "retired words, other files": found["other"]}


def _definitions(checkout: Checkout) -> Figures:
    claims = list(findings.tests(checkout))
    return {
        "retired names": len(list(findings.retired_names(checkout))),
        "class names that occur twice": len({each.kind for each in findings.classes_named_twice(checkout)}),
        "definitions with over three positional": len(list(findings.positional_arguments(checkout))),
        "SDL elements without a description": len({each.kind for each in findings.undescribed(checkout)}),
        "tests": len(claims),
        "tests without a claim": len(list(findings.silent_tests(checkout))),
    }
