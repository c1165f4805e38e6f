"""The pools of all purposes; those of objectable purposes read a store only through its gate."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from resolvers.sources.catalogue import Store
from resolvers.stores.gate import OPEN, Gate
from resolvers.stores.pool import Pool, StoreUnavailable
from schema.purposes import Purpose

if TYPE_CHECKING:
    from resolvers.stores.pool import StoreLogin

Pools = Mapping[Purpose, Mapping[Store, Pool]]


@asynccontextmanager
async def opened_pools(
    logins: Mapping[Store, Mapping[Purpose, StoreLogin]], gates: Mapping[Store, Gate]
) -> AsyncIterator[Pools]:
    """A pool for each purpose and store, not yet connected; all are closed when the block ends.

    An objectable purpose reads a store only through its gate.
    """
    pools = {
        purpose: {
            store: Pool(of_store[purpose], gate=gates.get(store, OPEN) if purpose.objection else OPEN)
            for store, of_store in logins.items()
            if purpose in of_store
        }
        for purpose in Purpose
    }
    try:
        yield pools
    finally:
        for of_purpose in pools.values():
            await asyncio.gather(*(pool.close() for pool in of_purpose.values()))


async def answers(pools: Pools, store: Store) -> bool:
    """Whether the store answers to a purpose without a gate: whether it answers at all."""
    pool = next(
        of_purpose[store]
        for purpose, of_purpose in pools.items()
        if store in of_purpose and purpose.objection is None
    )
    try:
        await pool.fetch("SELECT 1", ())
    except StoreUnavailable:
        return False
    return True
