"""Runs a plan's waves.

After each wave the keys in the holes are collected, and the next wave asks for all of them at once.
`fill.py` then fills the holes.

No other code knows that there are two stores.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, NamedTuple

from resolvers.plan.cursors import Cursors
from resolvers.plan.fetches import Assembly
from resolvers.plan.groups import Groups, text_of
from resolvers.plan.holes import HOLE, ITEM
from resolvers.plan.parameters import Parameter, array_text
from resolvers.plan.plan import GatheredTexts, Plan, Statement, StepRows, Texts
from resolvers.plan.principal import OwnKey, seal_of
from resolvers.plan.suggestions import SuggestionsOf
from resolvers.run.fill import Filling
from resolvers.run.sharded_list import assemble
from resolvers.run.subjects import taken_apart
from resolvers.run.suggestions import Gathering
from resolvers.sources.catalogue import Store
from resolvers.stores.pool import Pool, Snapshot, StoreUnavailable

if TYPE_CHECKING:
    from graphql.execution.values import VariableValues


class Ran(NamedTuple):
    """The result of a plan: the JSON text of `data`, in pieces, and the stores that could not be asked.

    In pieces, because a page of a thousand is 80 kB, and the bench shows every copy of it. Every second
    piece is a root field's value. `named`: the keys of the people it is about, by subject.
    """

    data: list[str]
    down: frozenset[Store]
    named: dict[int, list[str]]


NONE_DOWN: frozenset[Store] = frozenset()


async def run_plan(
    plan: Plan,
    variables: VariableValues,
    pools: Mapping[Store, Pool],
    *,
    cursors: Cursors,
    introspected: Mapping[str, str],
) -> Ran:
    """Run the plan on one purpose's pools.

    It refuses wrong parameters before it asks a store. A store that cannot be asked leaves null in its
    part of the answer, and its name in `down`. StoreChanged: run the plan again.
    """
    filling = Filling(plan, variables, cursors)
    parameters = read_parameters(plan, variables)
    if plan.repeatable or plan.fans_out:
        await _run_in_snapshots(filling, pools, parameters)
    else:
        await _run_waves(filling, pools, parameters)
    try:
        filling.fill()
        data = filling.data(introspected)
    except StoreUnavailable:
        return Ran(["null"], frozenset(filling.down), {})
    marked = plan.shape is not None or plan.prefixes
    named = taken_apart(data, plan, seal_of(variables)) if marked else {}
    return Ran(data, frozenset(filling.down) if filling.down else NONE_DOWN, named)


def read_parameters(plan: Plan, variables: VariableValues) -> list[list[list[Any]]]:
    """The parameters that the request itself gives, by wave and statement. BAD_USER_INPUT, CURSOR_REFUSED."""
    for parameter in plan.unasked:
        parameter.read(variables)
    return [
        [
            [
                parameter.read(variables) if isinstance(parameter, Parameter) else None
                for parameter in statement.parameters
            ]
            for statement in wave
        ]
        for wave in plan.waves
    ]


async def _run_waves(
    filling: Filling, sources: Mapping[Store, Pool | Snapshot | None], parameters: list[list[list[Any]]]
) -> None:
    """Ask each wave's statements of their sources; a store without a source is down."""
    for wave, of_wave in zip(filling.plan.waves, parameters, strict=True):
        for statement, arguments in zip(wave, of_wave, strict=True):
            if not _put_keys(filling, statement, arguments):
                _keep(
                    filling, statement, ()
                )  # the list of no identifiers is an empty list, not a missing one
                continue
            source = sources[statement.store]
            try:
                if source is None:
                    raise StoreUnavailable
                rows = await source.fetch(statement.sql, arguments)
            except StoreUnavailable:
                _fail(filling, statement)
            else:
                _keep(filling, statement, rows)  # type: ignore[arg-type]


async def _run_in_snapshots(
    filling: Filling, pools: Mapping[Store, Pool], parameters: list[list[list[Any]]]
) -> None:
    """The same, with one snapshot of each store that is asked more than once.

    A request that asks every shard waits for its turn before it takes a connection.
    """
    async with AsyncExitStack() as stack:
        sources = {
            store: await _source(filling.plan, store, pool, stack=stack) for store, pool in pools.items()
        }
        await _run_waves(filling, sources, parameters)


async def _source(plan: Plan, store: Store, pool: Pool, *, stack: AsyncExitStack) -> Pool | Snapshot | None:
    try:
        if store in plan.fans_out:
            await stack.enter_async_context(pool.fan_out())
        if store in plan.repeatable:
            return await stack.enter_async_context(pool.snapshot())
    except StoreUnavailable:
        return None
    return pool


def _keep(filling: Filling, statement: Statement, rows: Iterable[tuple[str, str]]) -> None:
    """Keep the texts in a statement's rows."""
    match statement.rows:
        case Texts():
            pass
        case GatheredTexts():
            rows = [pair for marks, texts in rows if marks for pair in _apart(marks, texts)]
        case Assembly() as assembly:
            rows = [(f"{statement.slots[0]}:", assemble(assembly, list(rows), filling.variables))]
        case Groups() as groups:
            rows = [(f"{statement.slots[0]}:", text_of(groups, rows))]
        case StepRows(suggestions, step):
            if suggestions.slot in filling.failed:
                return
            rows = _gathering(filling, suggestions).note(step, rows, filling.variables)
    filling.keep(rows)


def _fail(filling: Filling, statement: Statement) -> None:
    """Note that a statement's store cannot be asked."""
    filling.failed.update(statement.slots)
    filling.down.add(statement.store)


# --- keys -----------------------------------------------------------------------------------------


def _put_keys(filling: Filling, statement: Statement, arguments: list[Any]) -> bool:
    """Put the keys of the holes in their places; False if there is nothing to ask for."""
    if isinstance(statement.rows, StepRows):
        suggestions = statement.rows.suggestions
        failed = suggestions.slot in filling.failed
        return not failed and _gathering(filling, suggestions).put(statement, arguments)
    asked = statement.holds_list or not arguments
    for index, parameter in enumerate(statement.parameters):
        if isinstance(parameter, int):
            arguments[index] = _keys_of(filling, parameter)
        elif isinstance(parameter, OwnKey):
            continue  # it says whose rows are asked for, not which
        asked = asked or arguments[index] is not None
    return asked


def _gathering(filling: Filling, suggestions: SuggestionsOf) -> Gathering:
    known = filling.gatherings.get(suggestions.slot)
    if known is None:
        texts = [text for _, text in filling.open]
        known = filling.gatherings[suggestions.slot] = Gathering(suggestions, texts)
    return known


def _keys_of(filling: Filling, slot: int) -> str | None:
    pattern = _mark_of(slot)
    keys: dict[str, None] = {}
    for _, text in filling.open:
        keys.update(dict.fromkeys(pattern.findall(text)))
    return array_text(keys) if keys else None


def _apart(marks: str, texts: str) -> zip[tuple[str, str]]:
    return zip(marks.split(ITEM), texts.split(ITEM), strict=True)


def _mark_of(slot: int) -> re.Pattern[str]:
    """The keys of a slot's holes. No other text holds these control characters."""
    return re.compile(f"{HOLE}{slot}:([0-9]+)")
