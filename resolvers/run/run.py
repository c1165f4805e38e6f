"""Runs a plan's waves and fills the holes.

A wave's JSON texts hold marks where a later wave has the answer. After each wave the keys in the
marks are collected, and the next wave asks for all of them at once. When all waves are through, the
holes are filled from the last wave to the first, so that each text is complete before it is used.
Every row comes as (mark, text): what fills a mark is found under the mark itself.

No other code knows that there are two stores.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, NamedTuple

from resolvers.plan.cursors import Cursors
from resolvers.plan.groups import text_of
from resolvers.plan.parameters import array_text
from resolvers.plan.principal import OwnKey
from resolvers.plan.suggestions import SuggestionsOf
from resolvers.plan.tree import (
    HOLE,
    ITEM,
    PART,
    CursorSlot,
    FetchSlot,
    Parameter,
    Plan,
    RootHole,
    RootList,
    RootNode,
    RootObject,
    RootRows,
    RootText,
    Statement,
)
from resolvers.run.sharded_list import assemble
from resolvers.run.subjects import taken_apart
from resolvers.run.suggestions import Gathering
from resolvers.sources.catalogue import Store
from resolvers.stores.pool import Pool, Snapshot, StoreUnavailable

if TYPE_CHECKING:
    from graphql.execution.values import VariableValues


class StoreChanged(Exception):
    """A store changed between two statements in a way that one answer cannot hold. Ask again."""


class Ran(NamedTuple):
    """What came of a plan: the JSON text of `data`, in pieces, and the stores that could not be asked.

    In pieces, because a page of a thousand is 80 kB, and every copy of it shows in the bench: every second
    one is a root field's value, the others stand between. `named`: whom it is about: keys by mention.
    """

    data: list[str]
    down: frozenset[Store]
    named: dict[int, list[str]]


NOBODY_DOWN: frozenset[Store] = frozenset()


class Run:
    """One run of a plan: the texts found so far, by their marks."""

    __slots__ = ("_cursors", "_found", "_gatherings", "_open", "_variables", "down", "failed", "plan")

    def __init__(self, plan: Plan, variables: VariableValues, cursors: Cursors) -> None:
        self.plan = plan
        self.failed: set[int] = set()
        self.down: set[Store] = set()
        self._variables = variables
        self._cursors = cursors
        self._found: dict[str, str] = {}
        # Texts that hold marks, in the order of their waves.
        self._open: list[tuple[str, str]] = []
        self._gatherings: dict[int, Gathering] = {}

    # --- waves ------------------------------------------------------------------------------------

    def read_parameters(self) -> list[list[list[Any]]]:
        """Every parameter that the request itself gives. Its refusals come before anything is asked."""
        variables = self._variables
        for parameter in self.plan.unasked:
            parameter.read(variables)
        return [
            [
                [
                    parameter.read(variables) if isinstance(parameter, Parameter) else None
                    for parameter in statement.parameters
                ]
                for statement in wave
            ]
            for wave in self.plan.waves
        ]

    def note(self, statement: Statement, rows: Iterable[tuple[str, str]]) -> None:
        """Note a statement's texts."""
        if statement.assembly is not None:
            rows = [(f"{statement.slots[0]}:", assemble(statement.assembly, list(rows), self._variables))]
        elif statement.groups is not None:
            rows = [(f"{statement.slots[0]}:", text_of(statement.groups, rows))]
        elif statement.gathered:
            rows = [pair for marks, texts in rows if marks for pair in _apart(marks, texts)]
        elif statement.suggestions is not None:
            if statement.suggestions.slot in self.failed:
                return
            rows = self._gathering(statement.suggestions).note(statement, rows, self._variables)
        holed = self.plan.holed
        for mark, text in rows:
            self._found[mark] = text
            if holed and HOLE in text:
                self._open.append((mark, text))

    def fail(self, statement: Statement) -> None:
        """Note that a statement's store cannot be asked."""
        self.failed.update(statement.slots)
        self.down.add(statement.store)

    def put_keys(self, statement: Statement, arguments: list[Any]) -> bool:
        """Put the keys of the holes in their places; False if there is nothing to ask for."""
        if statement.suggestions is not None:
            failed = statement.suggestions.slot in self.failed
            return not failed and self._gathering(statement.suggestions).put(statement, arguments)
        asked = statement.holds_list or not arguments
        for index, parameter in enumerate(statement.parameters):
            if isinstance(parameter, int):
                arguments[index] = self._keys_of(parameter)
            elif isinstance(parameter, OwnKey):
                continue  # whose rows are asked for, not which
            asked = asked or arguments[index] is not None
        return asked

    def _gathering(self, suggestions: SuggestionsOf) -> Gathering:
        known = self._gatherings.get(suggestions.slot)
        if known is None:
            texts = [text for _, text in self._open]
            known = self._gatherings[suggestions.slot] = Gathering(suggestions, texts)
        return known

    def _keys_of(self, slot: int) -> str | None:
        pattern = _mark_of(slot)
        keys: dict[str, None] = {}
        for _, text in self._open:
            keys.update(dict.fromkeys(pattern.findall(text)))
        return array_text(keys) if keys else None

    # --- holes ------------------------------------------------------------------------------------

    def fill(self) -> None:
        """Complete every text, from the last wave to the first."""
        found = self._found
        for mark, text in reversed(self._open):
            parts = text.split(HOLE)
            parts[1::2] = map(found.get, parts[1::2])  # type: ignore[arg-type]
            try:
                found[mark] = "".join(parts).replace(PART, "")
            except TypeError:
                # Something is not simply found; so the usual case costs no call for each hole.
                self._fill_carefully(mark, text)

    def _fill_carefully(self, mark: str, text: str) -> None:
        """Fill a text with cursors to seal, or with holes for which nothing was found."""
        if text.startswith(HOLE) and text.count(HOLE) == 2 and text.endswith(HOLE):
            # Nothing but a hole: what is not found there is not found here either.
            whole = self._value(text.strip(HOLE))
            if whole is None:
                del self._found[mark]
                return
        else:
            segments = text.split(PART)
            segments[::2] = [self._segment(segment, "null") for segment in segments[::2]]
            segments[1::2] = [self._segment(segment, None) for segment in segments[1::2]]
            whole = "".join(segments)
        self._found[mark] = whole

    def _segment(self, segment: str, otherwise: str | None) -> str:
        """A part of a text; with a hole that stays empty, or null as a whole."""
        parts: list[str | None] = [*segment.split(HOLE)]
        for index in range(1, len(parts), 2):
            parts[index] = self._value(str(parts[index])) or otherwise
        return "null" if None in parts else "".join(map(str, parts))

    def _value(self, hole: str) -> str | None:
        """The text for a hole, or None if nothing was found."""
        found = self._found.get(hole)
        if found is not None:
            return found
        number, _, payload = hole.partition(":")
        slot = self.plan.slots[int(number)]
        if isinstance(slot, CursorSlot):
            sealed_for = slot.sealed_for.read(self._variables)
            assert isinstance(sealed_for, bytes)
            return f'"{self._cursors.seal(payload, sealed_for)}"'
        assert isinstance(slot, FetchSlot)
        failed = int(number) in self.failed
        if failed and (slot.required or slot.otherwise):
            raise StoreUnavailable
        if slot.required:
            raise StoreChanged
        return slot.otherwise

    # --- roots ------------------------------------------------------------------------------------

    def data(self, introspected: Mapping[str, str]) -> list[str]:
        """The JSON text of `data`; null if a list that may not be null could not be read."""
        pieces: list[str] = []
        found = self._found
        for root in self.plan.roots:
            # In the order of how often they come; a match over five classes takes three times as long.
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
                text = self._found.get(f"{member.slot}:", "[]")
            elif isinstance(member, RootHole):
                text = self._found.get(f"{member.slot}:", "null")
            else:
                assert isinstance(member, RootText)
                text = member.text
            pieces.append(f'"{member.key}":{text}')
        return f"{{{','.join(pieces)}}}"


def _apart(marks: str, texts: str) -> zip[tuple[str, str]]:
    return zip(marks.split(ITEM), texts.split(ITEM), strict=True)


def _mark_of(slot: int) -> re.Pattern[str]:
    """The keys of a slot's marks. No text but a mark holds these control characters."""
    return re.compile(f"{HOLE}{slot}:([0-9]+)")


async def run_plan(
    plan: Plan,
    variables: VariableValues,
    pools: Mapping[Store, Pool],
    cursors: Cursors,
    introspected: Mapping[str, str],
) -> Ran:
    """Run the plan on one purpose's pools.

    Refusals come before anything is asked. A store that cannot be asked leaves null where its answer
    would stand, and its name in `down`. StoreChanged: run it again.
    """
    run = Run(plan, variables, cursors)
    parameters = run.read_parameters()
    if plan.repeatable or plan.fans_out:
        await _run_in_snapshots(run, pools, parameters)
    else:
        await _run_waves(run, pools, parameters)
    try:
        run.fill()
        data = run.data(introspected)
    except StoreUnavailable:
        return Ran(["null"], frozenset(run.down), {})
    named = taken_apart(data, plan.shape) if plan.shape is not None else {}
    return Ran(data, frozenset(run.down) if run.down else NOBODY_DOWN, named)


async def _run_waves(
    run: Run, sources: Mapping[Store, Pool | Snapshot | None], parameters: list[list[list[Any]]]
) -> None:
    """Ask each wave's statements of their sources; a store without one is down."""
    for wave, of_wave in zip(run.plan.waves, parameters, strict=True):
        for statement, arguments in zip(wave, of_wave, strict=True):
            if not run.put_keys(statement, arguments):
                run.note(statement, ())  # a list of no identifiers is an empty one, not none
                continue
            source = sources[statement.store]
            try:
                if source is None:
                    raise StoreUnavailable
                rows = await source.fetch(statement.sql, arguments)
            except StoreUnavailable:
                run.fail(statement)
            else:
                run.note(statement, rows)  # type: ignore[arg-type]


async def _run_in_snapshots(run: Run, pools: Mapping[Store, Pool], parameters: list[list[list[Any]]]) -> None:
    """The same, with one snapshot of each store that is asked more than once.

    Whoever asks every shard waits for a turn first, before a connection is taken.
    """
    async with AsyncExitStack() as stack:
        sources = {store: await _source(run.plan, store, pool, stack) for store, pool in pools.items()}
        await _run_waves(run, sources, parameters)


async def _source(plan: Plan, store: Store, pool: Pool, stack: AsyncExitStack) -> Pool | Snapshot | None:
    try:
        if store in plan.fans_out:
            await stack.enter_async_context(pool.fan_out())
        if store in plan.repeatable:
            return await stack.enter_async_context(pool.snapshot())
    except StoreUnavailable:
        return None
    return pool
