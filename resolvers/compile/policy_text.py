"""The policy's version as JSON text, known when the plan is made.

`PolicyVersion` needs no store: the running policy and the recorded ones are the same for every request.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import orjson

from schema.policy.history import Version, current, versions
from schema.policy.matrix import digest
from schema.purposes import ABOUT, Purpose

if TYPE_CHECKING:
    from resolvers.compile.collect_fields import CollectedField

# JSON texts by the name of a field.
Texts = Mapping[str, str]


def policy_texts(purpose: Purpose) -> Texts:
    """JSON texts of the fields of `PolicyVersion`, for the policy that runs."""
    running = digest()
    return _texts(purpose, running, current(versions()))


def version_texts(purpose: Purpose) -> tuple[Texts, ...]:
    """The same for every recorded version, oldest first."""
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


def constant_text(type_name: str, members: Iterable[CollectedField], known: Texts | tuple[Texts, ...]) -> str:
    """The JSON text of the selected fields of an object, or of each of several objects."""
    selected = [(orjson.dumps(each.key).decode(), each.name) for each in members]
    typename = orjson.dumps(type_name).decode()

    def one(texts: Texts) -> str:
        values = (f"{key}:{typename if name == '__typename' else texts[name]}" for key, name in selected)
        return "{" + ",".join(values) + "}"

    return "[" + ",".join(map(one, known)) + "]" if isinstance(known, tuple) else one(known)
