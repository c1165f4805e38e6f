"""The policy as answers: the version that runs, those that were recorded, and each one's matrix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import orjson

from schema.history import Version, current, versions
from schema.matrix import MEANING, Line, digest, policy_lines
from schema.privacy import PolicyMark
from schema.purposes import ABOUT, Purpose

if TYPE_CHECKING:
    from resolvers.selection import Selected

# JSON texts by the name of a field.
Texts = Mapping[str, str]


class RecordedPolicies:
    """What a data protection officer may read of all versions; see `schema.privacy.Policies`."""

    @cached_property
    def _known(self) -> tuple[Version, ...]:
        return versions()

    def marks(
        self, version: str | None, type_: str | None, purpose: str | None
    ) -> Sequence[PolicyMark] | None:
        """The marks, in the order of the matrix."""
        lines = self._lines(version)
        if lines is None:
            return None
        return [
            PolicyMark(
                type=line.type,
                field=line.name,
                purpose=each.value,
                mark=line.marks[each].value,
                meaning=MEANING[line.marks[each]],
            )
            for line in lines
            if type_ in {None, line.type}
            for each in Purpose
            if purpose in {None, each.value}
        ]

    def _lines(self, version: str | None) -> tuple[Line, ...] | None:
        if version is None or version == digest():
            return policy_lines()
        return next((each.lines for each in self._known if version in {each.name, each.digest}), None)


def policy_texts(purpose: Purpose) -> Texts:
    """JSON texts of the fields of `PolicyVersion`, for the policy that runs."""
    running = digest()
    return _texts(purpose, running, current(versions()))


def version_texts(purpose: Purpose) -> tuple[Texts, ...]:
    """The same of every version that was recorded, oldest first."""
    return tuple(_texts(purpose, each.digest, each) for each in versions())


def _texts(purpose: Purpose, of: str, version: Version | None) -> Texts:
    since = None if version is None or version.valid_from is None else version.valid_from.isoformat()
    fields = {
        "name": None if version is None else version.name,
        "validFrom": since,
        "digest": of,
        "author": None if version is None else version.author,
        "reason": None if version is None else version.reason,
        "purpose": purpose.value,
        "sentence": ABOUT[purpose].sentence,
    }
    return {name: orjson.dumps(value).decode() for name, value in fields.items()}


def constant_text(type_name: str, members: Iterable[Selected], known: Texts | tuple[Texts, ...]) -> str:
    """The JSON text of what is selected of an object, or of each of several."""
    selected = [(orjson.dumps(each.key).decode(), each.name) for each in members]
    typename = orjson.dumps(type_name).decode()

    def one(texts: Texts) -> str:
        values = (f"{key}:{typename if name == '__typename' else texts[name]}" for key, name in selected)
        return "{" + ",".join(values) + "}"

    return "[" + ",".join(map(one, known)) + "]" if isinstance(known, tuple) else one(known)
