"""Reads and removes the marks in a text that name the people its objects are about, and seals identifiers.

`compile/subjects.py` says why the text itself carries them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from resolvers.plan.holes import KEPT, KEY, MARK, NUMBER_LENGTH, NUMBERED
from resolvers.plan.identifiers import PREFIX_LENGTH

if TYPE_CHECKING:
    from resolvers.plan.identifiers import Seal
    from resolvers.plan.plan import Plan


def taken_apart(pieces: list[str], plan: Plan, seal: Seal | None) -> dict[int, list[str]]:
    """Remove the marks from the pieces of a text, in place; return the keys in them by subject, with repeats.

    Every second piece is a value; the pieces between hold no mark. `seal`: what seals the identifiers.
    """
    marks: list[str] = []
    alone = plan.shape is None or len(plan.shape.subjects) == 1
    for number in range(1, len(pieces), 2):
        text = pieces[number]
        if KEPT in text:
            parts = text.split(KEPT)
            kept = parts[1::2]
            marks += kept
            if not alone:
                parts[1::2] = map(_key_of, kept)
            pieces[number] = text = _joined(parts, plan.prefixes, seal)
        if KEY in text:
            pieces[number] = text = _joined(text.split(KEY), plan.prefixes, seal)
        if MARK in text:
            parts = text.split(MARK)
            marks += parts[1::2]
            pieces[number] = "".join(parts[::2])
    if alone:
        return {0: marks} if marks else {}
    named: dict[str, list[str]] = {}
    for mark in marks:
        place = mark[:NUMBER_LENGTH] if mark.startswith(NUMBERED) else ""
        key = mark[len(place) :]
        if place in named:
            named[place].append(key)
        else:
            named[place] = [key]
    return {int(place[1:] or "0", 16): found for place, found in named.items()}


def _joined(parts: list[str], prefixes: tuple[str, ...], seal: Seal | None) -> str:
    """The text of which every second part is a key, sealed if there is a seal."""
    if seal is not None:
        if len(prefixes) > 1:
            prefixes = tuple([part[-PREFIX_LENGTH:] for part in parts[:-1:2]])
        parts[1::2] = seal.seal(prefixes, parts[1::2])
    return "".join(parts)


def _key_of(mark: str) -> str:
    return mark[NUMBER_LENGTH:] if mark.startswith(NUMBERED) else mark
