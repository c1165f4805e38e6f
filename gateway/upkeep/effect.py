"""Whether objections still bind in a store: asked at each start, by the doctor, and every minute.

    copies   every row carries the restriction of its member; a running gateway repairs those that do not
    probe    made-up people who objected are found nowhere (`resolvers/universe/effect/probe.py`)
    parts    functions, triggers, CHECKs, settings, views and privileges are as they must be

One look costs 60 ms of Postgres' CPU and 30 ms of the gateway's, for each store.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from gateway.upkeep.advice import with_advice
from gateway.upkeep.store_logins import NotReady, writer_logins
from resolvers.changes.copies import differing_copies, repair_copies
from resolvers.changes.restrictions import ask
from resolvers.sources.catalogue import Store
from resolvers.sources.fields import OBJECTS
from resolvers.stores.pool import StoreUnavailable, connect_role, transaction
from resolvers.universe.difference import Difference, DifferenceKind
from resolvers.universe.effect.probe import is_busy, look_for_probe, probe_name
from resolvers.universe.inspection import differences
from resolvers.universe.roles import writer_of

if TYPE_CHECKING:
    from gateway.settings import Settings
    from resolvers.stores.pool import Connection

log = logging.getLogger("gateway.upkeep.effect")

EFFECT_SECONDS = 60
# While something is found: an operator repairs it, and waits.
SOON_SECONDS = 5
KEEPERS = (Store.MESSENGER, Store.SOCIAL)
# An objection may not bind while one of these is found: objectable purposes are refused the store.
UNBINDING = frozenset(
    {
        DifferenceKind.CHECK_MISSING,
        DifferenceKind.COLUMN_TYPE,
        DifferenceKind.COPIES_DIFFER,
        DifferenceKind.FUNCTION_CHANGED,
        DifferenceKind.PROBE_FAILED,
        DifferenceKind.PROBE_FOUND,
        DifferenceKind.SETTING_CHANGED,
        DifferenceKind.TABLE_REWRITTEN,
        DifferenceKind.TRIGGER_CHANGED,
        DifferenceKind.TRIGGER_NOT_ALWAYS,
        DifferenceKind.TRIGGER_OFF,
        DifferenceKind.TRIGGER_UNKNOWN,
        DifferenceKind.UNIVERSE_CHANGED,
    }
)

# Told after each look: the store, and all that was found there.
Tell = Callable[[Store, Sequence[Difference]], None]


async def check_effect(settings: Settings) -> None:
    """Repair the copies in both stores, and look for the made-up people. NotReady if anything is found."""
    for store in KEEPERS:
        try:
            connection = await connect_role(writer_logins(settings)[store])
        except StoreUnavailable:
            refused = Difference(DifferenceKind.LOGIN_REFUSED, store, writer_of(store))
            raise NotReady.because_of([refused]) from None
        try:
            found = await bound_differences(connection, store, repairs=True)
        finally:
            connection.terminate()
        if found:
            raise NotReady.because_of(found)


async def watch_effect(settings: Settings, tell: Tell) -> None:
    """Look at both stores every minute, until cancelled. A store that cannot be asked is asked again."""
    differing: set[Store] = set()
    while True:
        await asyncio.sleep(SOON_SECONDS if differing else EFFECT_SECONDS)
        for store in KEEPERS:
            try:
                found = await effect_of(settings, store)
                tell(store, found)
                (differing.add if unbinding(found) else differing.discard)(store)
            except Exception as exception:
                log.warning("A store could not be examined.", exc_info=exception, extra={"store": store})


async def effect_of(settings: Settings, store: Store) -> list[Difference]:
    """All that is found in the store now, after its copies were repaired. StoreUnavailable if it is away."""
    connection = await connect_role(writer_logins(settings)[store])
    try:
        found = await bound_differences(connection, store, repairs=True)
        async with transaction(connection, readonly=True):
            return found + await differences(connection, OBJECTS, store)
    finally:
        connection.terminate()


async def bound_differences(connection: Connection, store: Store, *, repairs: bool) -> list[Difference]:
    """What of copies and probe is not as it must be. `repairs`: copies that differ are repaired first."""
    asking = partial(ask, connection)
    rows = await differing_copies(asking, store)
    if rows and repairs:
        log.error("Rows did not carry the restriction of their member.", extra={"store": store, "rows": rows})
        try:
            await repair_copies(asking, store)
        except Exception as error:
            # A load holds the tables: the copies stay a difference until the next look.
            if not is_busy(error):
                raise
        rows = await differing_copies(asking, store)
    found = [Difference(DifferenceKind.COPIES_DIFFER, store, str(rows))] if rows else []
    return found + await look_for_probe(asking, store)


def unbinding(found: Sequence[Difference]) -> list[Difference]:
    """Those of the differences because of which an objection may not bind."""
    return [each for each in found if each.kind in UNBINDING and each.name != probe_name(Store(each.store))]


def log_differences(store: Store, found: Sequence[Difference]) -> None:
    """Write an error to the log for each difference, with what to do."""
    for each in found:
        log.error("A store is not as it must be.", extra={"store": store, "difference": with_advice(each)})
