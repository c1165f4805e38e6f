"""Runs a plan's waves and fills the holes.

A wave's JSON texts hold marks where a later wave has the answer. After each wave the keys in the
marks are collected; the next wave asks for all of them at once. When all waves are through, the holes
are filled from the last wave to the first, so that each text is complete before it is used.

No other code knows that there are two stores.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from resolvers.catalogue import Store
from resolvers.cursors import Cursors
from resolvers.plan import (
    HOLE,
    PART,
    CursorSlot,
    Parameter,
    Plan,
    RootHole,
    RootIntrospection,
    RootList,
    RootNode,
    RootText,
    Statement,
)
from resolvers.stores import Pool, Snapshot, StoreUnavailable

if TYPE_CHECKING:
    from graphql.execution.values import VariableValues

MAX_KEYS = 100_000


class StoreChanged(Exception):
    """A store changed between two statements in a way that one answer cannot hold. Ask again."""


@dataclass(frozen=True)
class Ran:
    """What came of a plan: the JSON text of `data`, and the stores that could not be asked."""

    data: str
    down: frozenset[Store]


@dataclass
class Run:
    """One run of a plan."""

    plan: Plan
    variables: VariableValues
    cursors: Cursors
    introspected: Mapping[str, str]
    texts: dict[int, dict[str, str | None]] = field(default_factory=lambda: defaultdict(dict))
    keys: dict[int, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    failed: set[int] = field(default_factory=set)
    down: set[Store] = field(default_factory=set)
    bindings: dict[int, bytes] = field(default_factory=dict)

    # --- waves ------------------------------------------------------------------------------------

    def read_parameters(self) -> list[list[list[Any]]]:
        """Every parameter that the request itself gives. Its refusals come before anything is asked."""
        return [
            [
                [
                    parameter.read(self.variables) if isinstance(parameter, Parameter) else parameter
                    for parameter in statement.parameters
                ]
                for statement in wave
            ]
            for wave in self.plan.waves
        ]

    async def ask(self, statement: Statement, arguments: list[Any], source: Pool | Snapshot) -> None:
        """Run one statement and note its texts, and the keys in their holes."""
        if not self._with_keys(statement, arguments):
            return
        try:
            rows = await source.fetch(statement.sql, arguments)
        except StoreUnavailable:
            self.fail(statement)
            return
        slots = statement.slots
        if len(slots) == 1:
            found = self.texts[slots[0]]
            for key, text in rows:
                found[key] = text
                if HOLE in text:
                    self._note_keys(text)
            return
        for number, key, text in rows:
            self.texts[slots[number]][key] = text
            if HOLE in text:
                self._note_keys(text)

    def fail(self, statement: Statement) -> None:
        """Note that a statement's store cannot be asked."""
        self.failed.update(statement.slots)
        self.down.add(statement.store)

    def _with_keys(self, statement: Statement, arguments: list[Any]) -> bool:
        """Put the holes' keys in place of their slots; False if nothing is asked for."""
        asked = not statement.parameters
        for index, parameter in enumerate(statement.parameters):
            if isinstance(parameter, int):
                keys = self.keys.get(parameter, ())
                arguments[index] = [int(key) for key in keys]
                asked = asked or bool(keys)
            else:
                asked = asked or arguments[index] is not None
        return asked

    def _note_keys(self, text: str) -> None:
        for token in text.split(HOLE)[1::2]:
            number, _, key = token.partition(":")
            if isinstance(self.plan.slots[int(number)], CursorSlot):
                continue
            if PART in key:
                for pair in token.partition(PART)[0].split(","):
                    number, _, key = pair.partition(":")
                    self.keys[int(number)][key] = None
            else:
                self.keys[int(number)][key] = None

    # --- holes ------------------------------------------------------------------------------------

    def fill(self) -> None:
        """Complete every text, from the last wave to the first."""
        for wave in reversed(self.plan.waves):
            for statement in wave:
                for slot in statement.slots:
                    texts = self.texts[slot]
                    for key, text in texts.items():
                        if text is not None and HOLE in text:
                            texts[key] = self._filled(text)

    def _filled(self, text: str) -> str | None:
        parts = text.split(HOLE)
        if len(parts) == 3 and not parts[0] and not parts[2]:
            return self._value(parts[1])
        for index in range(1, len(parts), 2):
            parts[index] = self._value(parts[index]) or "null"
        return "".join(parts)

    def _value(self, token: str) -> str | None:
        number, _, key = token.partition(":")
        slot = self.plan.slots[int(number)]
        if isinstance(slot, CursorSlot):
            return f'"{self.cursors.seal(key, self._binding(int(number), slot))}"'
        if PART in key:
            return self._templated(token)
        found = self.texts[int(number)].get(key)
        if found is None and slot.required:
            raise StoreUnavailable if int(number) in self.failed else StoreChanged
        return found

    def _templated(self, token: str) -> str | None:
        head, *around = token.split(PART)
        whole = around[0]
        for pair, rest in zip(head.split(","), around[1:], strict=True):
            number, _, key = pair.partition(":")
            found = self.texts[int(number)].get(key)
            if found is None:
                return None
            whole += found + rest
        return whole

    def _binding(self, number: int, slot: CursorSlot) -> bytes:
        known = self.bindings.get(number)
        if known is None:
            read = slot.binding.read(self.variables)
            assert isinstance(read, bytes)
            known = self.bindings[number] = read
        return known

    # --- roots ------------------------------------------------------------------------------------

    def data(self) -> str:
        """The JSON text of `data`; null if a list that may not be null could not be read."""
        members = []
        for root in self.plan.roots:
            match root:
                case RootText(key, text):
                    members.append(f'"{key}":{text}')
                case RootIntrospection(key):
                    members.append(f'"{key}":{self.introspected[key]}')
                case RootList(key, slot):
                    if slot in self.failed:
                        return "null"
                    members.append(f'"{key}":{self.texts[slot][""]}')
                case RootHole(key, slot, identifier):
                    text_ = self.texts[slot].get(str(identifier.read(self.variables)))
                    members.append(f'"{key}":{text_ or "null"}')
                case RootNode():
                    members.append(f'"{root.key}":{self._node(root) or "null"}')
        return "{" + ",".join(members) + "}"

    def _node(self, root: RootNode) -> str | None:
        identifier = str(root.identifier.read(self.variables))
        for prefix, slot in root.choices:
            if identifier.startswith(prefix):
                return self.texts[slot].get(identifier[len(prefix) :])
        return None


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
    run = Run(plan, variables, cursors, introspected)
    parameters = run.read_parameters()
    if plan.repeatable:
        await _run_in_snapshots(run, pools, parameters)
    else:
        for wave, of_wave in zip(plan.waves, parameters, strict=True):
            for statement, arguments in zip(wave, of_wave, strict=True):
                await run.ask(statement, arguments, pools[statement.store])
    try:
        run.fill()
        return Ran(run.data(), frozenset(run.down))
    except StoreUnavailable:
        return Ran("null", frozenset(run.down))


async def _run_in_snapshots(run: Run, pools: Mapping[Store, Pool], parameters: list[list[list[Any]]]) -> None:
    """Stores that are asked more than once are asked in one snapshot each."""
    async with AsyncExitStack() as stack:
        sources: dict[Store, Pool | Snapshot | None] = {}
        for wave, of_wave in zip(run.plan.waves, parameters, strict=True):
            for statement, arguments in zip(wave, of_wave, strict=True):
                store = statement.store
                if store not in sources:
                    sources[store] = pools[store]
                    if store in run.plan.repeatable:
                        try:
                            sources[store] = await stack.enter_async_context(pools[store].snapshot())
                        except StoreUnavailable:
                            sources[store] = None
                source = sources[store]
                if source is None:
                    run.fail(statement)
                else:
                    await run.ask(statement, arguments, source)
