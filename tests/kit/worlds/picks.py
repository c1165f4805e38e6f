"""Pick, remove and replace rows of a world."""

from __future__ import annotations

from random import Random
from typing import TypeVar

T = TypeVar("T")


def one_of(rows: tuple[T, ...], random: Random) -> T | None:
    """A random row; None if there is none."""
    return random.choice(rows) if rows else None


def without(rows: tuple[T, ...], row: T | None) -> tuple[T, ...]:
    """The rows without this one."""
    return tuple(each for each in rows if each != row)


def replaced(rows: tuple[T, ...], row: T, new: T) -> tuple[T, ...]:
    """The rows with one replaced."""
    return tuple(new if each == row else each for each in rows)
