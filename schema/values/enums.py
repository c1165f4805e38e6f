"""Enums whose every value has a description.

Strawberry takes descriptions of values from `strawberry.enum_value`, which a `StrEnum` cannot hold. So this
module writes them into the definition that Strawberry makes of the class.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

import strawberry

Described = TypeVar("Described", bound=type[StrEnum])


class MissingDescription(Exception):
    """A value of an enum has no description, or a description has no value."""


def enum(description: str, **values: str) -> Callable[[Described], Described]:
    """Class decorator: a GraphQL enum with this description, and one for each of its values by name.

    MissingDescription unless the names are those of the values.
    """

    def describe(cls: Described) -> Described:
        made = strawberry.enum(description=description)(cls)
        if set(values) != set(cls.__members__):
            raise MissingDescription(f"{cls.__name__}: {sorted(set(values) ^ set(cls.__members__))}")
        for value in made.__strawberry_definition__.values:  # type: ignore[attr-defined]
            value.description = values[value.name]
        return made

    return describe
