"""The list of retired words finds what it should, and no exception outlives its reason."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.measure.checkout import Checkout
from tests.measure.findings import CHECKS
from tests.measure.words import EXCEPTIONS, NAMES, PATTERNS, WORDS, is_excepted

HOUSE = Path(__file__).parents[2]
HERE = Checkout(HOUSE)

FOUND = {
    "whoever": ("Whoever asks", "whoever_asks"),
    "nobody": ("nobody_keeps", "NobodyKeeps", "keptByNobody", "NOBODY_KEEPS"),
    "anew": ("read anew.",),
    "told of": ("are told of it", "told\n    of", "told_of"),
    "stands": ("it stands in", "standsIn"),
    "what is … is …": ("What is refused is refused", "what is in it is\nread"),
}
LEFT = {
    "nobody": ("somebody", "antibody"),
    "anew": ("janews",),
    "told of": ("told often", "told officers"),
    "stands": ("understands", "STANDING", "withstands"),
    "what is … is …": (
        "what is read, then it is",
        "What is this?\n\nIt is",
        "# What is in scope\n\nA bug is",
    ),
}


@pytest.mark.parametrize("word", FOUND)
def test_a_retired_word_is_found(word: str) -> None:
    """In prose, over the end of a line, and as a part of an identifier."""
    for text in FOUND[word]:
        assert PATTERNS[word].search(text), text
    for text in LEFT.get(word, ()):
        assert not PATTERNS[word].search(text), text


def test_every_retired_word_has_a_replacement() -> None:
    """The message says what to write instead, and no replacement is itself retired."""
    assert all({**WORDS, **NAMES}.values())
    assert not [
        word for word, new in WORDS.items() if any(pattern.search(new) for pattern in PATTERNS.values())
    ]


@pytest.mark.parametrize(("place", "word"), EXCEPTIONS)
def test_an_exception_is_still_needed(place: str, word: str) -> None:
    """A reason goes when its file holds the word no more."""
    texts = [text for path, text in HERE.texts.items() if path.startswith(place)]
    wanted = PATTERNS.values() if word == "*" else [PATTERNS[word]]

    assert texts
    assert is_excepted(place, word)
    assert any(pattern.search(text) for text in texts for pattern in wanted)


def made(folder: Path, **files: str) -> Checkout:
    """A checkout that holds `files`: `gateway__a` is gateway/a.py."""
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Checkout(folder)


BROKEN = {
    "retired words": {"gateway__a": "# Whoever asks.\n"},
    "retired names": {"gateway__keyring": ""},
    "classes with a name that occurs twice": {
        "gateway__a": "class Line: ...\n",
        "schema__b": "class Line: ...\n",
    },
    "crowded rooms": {f"gateway__m{number}": "" for number in range(8)},
    "import cycles": {
        "gateway__a": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from gateway import b\n",
        "gateway__b": "from gateway.a import x\n",
    },
    "more than three arguments by position": {"gateway__a": "class A:\n    def f(self, a, b, c, d): ...\n"},
    "functions over 50 lines": {"gateway__a": "def f():\n" + "    1\n" * 51},
    "tests without a claim": {"tests__test_a": "def test_a(): ...\n"},
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_check_finds_what_it_forbids(name: str, tmp_path: Path) -> None:
    """Each check finds a checkout that breaks it, and nothing in one that does not."""
    kept = {"gateway__a": "def f(a, b, c, *, d): ...\n", "tests__test_a": 'def test_a():\n    """It is."""\n'}

    assert list(CHECKS[name](made(tmp_path / "broken", **BROKEN[name])))
    assert list(CHECKS[name](made(tmp_path / "kept", **kept))) == []


def test_an_element_without_a_description_is_found(tmp_path: Path) -> None:
    """A type and an enum value; what has a description is left alone."""
    checkout = made(tmp_path)
    sdl = tmp_path / "schema/sdl/ads.graphql"
    sdl.parent.mkdir(parents=True)
    sdl.write_text('"It has." enum A { ONE\n "It has." TWO }\ntype B { c: Int }\n')

    found = CHECKS["types and enum values without a description"](checkout)

    assert [each.message for each in found] == ["ONE has no description", "B has no description"]


@pytest.mark.slow
def test_the_command_prints_its_figures() -> None:
    """`python -m tests.measure --format json` for this checkout."""
    command = [sys.executable, "-m", "tests.measure", "--format", "json"]
    printed = subprocess.run(command, cwd=HOUSE, capture_output=True, text=True, check=True).stdout

    assert '"functions over 50 lines, %": 0.0' in printed


@pytest.mark.slow
@pytest.mark.parametrize("name", CHECKS)
def test_a_check_holds(name: str) -> None:
    """What `make check` enforces, for this checkout."""
    assert [f"{each.place}: {each.message}" for each in CHECKS[name](HERE)] == []
