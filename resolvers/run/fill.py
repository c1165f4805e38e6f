"""The texts of one answer while its plan runs, and how their holes are filled.

The waves' JSON texts hold marks where a later wave has the answer. When all waves are through, the holes
are filled from the last wave to the first, so each text is complete before another one takes it in.
Every row is (mark, text): the text that fills a hole is found under the hole's own mark.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from resolvers.plan.cursors import Cursors
from resolvers.plan.fetches import CursorSlot, FetchSlot
from resolvers.plan.holes import HOLE, PART
from resolvers.plan.plan import Plan, RootHole, RootList, RootNode, RootObject, RootRows, RootText
from resolvers.stores.pool import StoreUnavailable

if TYPE_CHECKING:
    from graphql.execution.values import VariableValues

    from resolvers.run.suggestions import Gathering
    from resolvers.sources.catalogue import Store


class StoreChanged(Exception):
    """A store changed between two statements in a way that one answer cannot hold. Ask again."""


class Filling:
    """The texts found so far, by their marks; the slots that no store could fill, and these stores."""

    __slots__ = ("cursors", "down", "failed", "found", "gatherings", "open", "plan", "variables")

    def __init__(self, plan: Plan, variables: VariableValues, cursors: Cursors) -> None:
        self.plan = plan
        self.variables = variables
        self.cursors = cursors
        self.failed: set[int] = set()
        self.down: set[Store] = set()
        self.found: dict[str, str] = {}
        # Texts that hold marks, in the order of their waves.
        self.open: list[tuple[str, str]] = []
        self.gatherings: dict[int, Gathering] = {}

    def keep(self, rows: Iterable[tuple[str, str]]) -> None:
        """Keep the texts of a statement."""
        holed = self.plan.holed
        for mark, text in rows:
            self.found[mark] = text
            if holed and HOLE in text:
                self.open.append((mark, text))

    # --- holes ------------------------------------------------------------------------------------

    def fill(self) -> None:
        """Complete every text, from the last wave to the first. StoreUnavailable, StoreChanged."""
        found = self.found
        for mark, text in reversed(self.open):
            parts = text.split(HOLE)
            parts[1::2] = map(found.get, parts[1::2])  # type: ignore[arg-type]
            try:
                found[mark] = "".join(parts).replace(PART, "")
            except TypeError:
                # A text is missing. Only this rare case pays for a call for each hole.
                self._fill_carefully(mark, text)

    def _fill_carefully(self, mark: str, text: str) -> None:
        """Fill a text with cursors to seal, or with holes for which nothing was found."""
        if text.startswith(HOLE) and text.count(HOLE) == 2 and text.endswith(HOLE):
            # The text is one hole: if nothing fills the hole, there is no text.
            whole = self._value(text.strip(HOLE))
            if whole is None:
                del self.found[mark]
                return
        else:
            segments = text.split(PART)
            segments[::2] = [self._segment(segment, "null") for segment in segments[::2]]
            segments[1::2] = [self._segment(segment, None) for segment in segments[1::2]]
            whole = "".join(segments)
        self.found[mark] = whole

    def _segment(self, segment: str, otherwise: str | None) -> str:
        """A part of a text: an empty hole becomes `otherwise`, or makes the whole part null."""
        parts: list[str | None] = [*segment.split(HOLE)]
        for index in range(1, len(parts), 2):
            parts[index] = self._value(str(parts[index])) or otherwise
        return "null" if None in parts else "".join(map(str, parts))

    def _value(self, hole: str) -> str | None:
        """The text for a hole, or None if nothing was found."""
        found = self.found.get(hole)
        if found is not None:
            return found
        number, _, payload = hole.partition(":")
        slot = self.plan.slots[int(number)]
        if isinstance(slot, CursorSlot):
            sealed_for = slot.sealed_for.read(self.variables)
            assert isinstance(sealed_for, bytes)
            return f'"{self.cursors.seal(payload, sealed_for)}"'
        assert isinstance(slot, FetchSlot)
        failed = int(number) in self.failed
        if failed and (slot.required or slot.otherwise):
            raise StoreUnavailable
        if slot.required:
            raise StoreChanged
        return slot.otherwise

    # --- roots ------------------------------------------------------------------------------------

    def data(self, introspected: Mapping[str, str]) -> list[str]:
        """The JSON text of `data` in pieces; null if a list that may not be null could not be read."""
        pieces: list[str] = []
        found = self.found
        for root in self.plan.roots:
            # In the order of their frequency; a match over five classes takes three times as long.
            if isinstance(root, RootHole):
                text = found.get(f"{root.slot}:", "null")
            elif isinstance(root, RootList):
                if root.slot in self.failed:
                    return ["null"]
                text = found[f"{root.slot}:"]
            elif isinstance(root, RootNode):
                text = next((found[f"{slot}:"] for slot in root.slots if f"{slot}:" in found), "null")
            elif isinstance(root, RootObject):
                text = self._object(root)
            else:
                text = root.text if isinstance(root, RootText) else introspected[root.key]
            key = root.key
            pieces += (f',"{key}":' if pieces else f'{{"{key}":', text)
        return [*pieces, "}"] if pieces else ["{}"]

    def _object(self, root: RootObject) -> str:
        """An object whose members are found like roots; null if a list could not be read."""
        pieces: list[str] = []
        for member in root.members:
            if isinstance(member, RootRows):
                if member.slot in self.failed:
                    return "null"
                text = self.found.get(f"{member.slot}:", "[]")
            elif isinstance(member, RootHole):
                text = self.found.get(f"{member.slot}:", "null")
            else:
                assert isinstance(member, RootText)
                text = member.text
            pieces.append(f'"{member.key}":{text}')
        return f"{{{','.join(pieces)}}}"
