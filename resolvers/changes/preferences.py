"""The objections of one principal, for the resolvers of `schema/`. Each call opens its own connections.

Rejected: a pool. Objections are rare, and a connection opened for the call cannot have been lost while it was
idle: an error is of this call, and the caller knows that the result is unknown.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from resolvers.changes import objections
from resolvers.changes.objections import ObjectionChange, ObjectionOutcome, Rules
from resolvers.changes.restrictions import Stores, purposes_of
from resolvers.plan.principal import Principal
from resolvers.stores.pool import StoreLogin, StoreUnavailable, fresh_connections
from schema.purposes import OBJECTABLE, Purpose
from schema.terms.profiles import TERMS_OF_2016, Eligibility
from schema.types.objections import (
    AlreadyObjected,
    NoMessengerAccount,
    NotEligibleNewMember,
    NotObjected,
    ObjectablePurpose,
    ObjectionEligibility,
    ObjectionRecorded,
    ObjectionStanding,
    ObjectionWithdrawn,
    RecordObjectionResult,
    WindowClosed,
    WithdrawObjectionResult,
)

OpenStores = Callable[[], AbstractAsyncContextManager[Stores]]


class Writers:
    """Opens the connections that write objections, for a limited number of calls at a time."""

    def __init__(self, logins: Mapping[str, StoreLogin]) -> None:
        self._logins = logins
        size = min(each.size for each in logins.values())
        self._timeout_s = max(each.request_timeout_s for each in logins.values())
        self._turns = asyncio.Semaphore(size)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Stores]:
        """Connections for one call. StoreUnavailable if none are free in time, or one is lost."""
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._turns.acquire()
        except TimeoutError:
            raise StoreUnavailable from None
        try:
            names = ("control", "messenger", "social")
            async with fresh_connections(*(self._logins[name] for name in names)) as opened:
                yield Stores(*opened)
        finally:
            self._turns.release()


@dataclass(frozen=True)
class Preferences:
    """Implements `schema.types.objections.Objections` for the principal; `channel` is recorded."""

    open: OpenStores
    rules: Rules
    principal: Principal
    channel: str

    async def record(self, purposes: frozenset[Purpose]) -> RecordObjectionResult:
        """Record the subject's objection."""
        result = await self._change(objections.record, purposes)
        in_force = _named(result.in_force)
        match result.outcome:
            case ObjectionOutcome.RECORDED:
                return ObjectionRecorded(in_force=in_force)
            case ObjectionOutcome.ALREADY_OBJECTED:
                return AlreadyObjected(in_force=in_force)
            case ObjectionOutcome.NOT_ELIGIBLE_NEW_MEMBER:
                return NotEligibleNewMember(before=TERMS_OF_2016)
            case ObjectionOutcome.WINDOW_CLOSED:
                assert result.closed_at is not None
                return WindowClosed(closed_at=result.closed_at)
        return NoMessengerAccount(in_force=[])

    async def withdraw(self, purposes: frozenset[Purpose]) -> WithdrawObjectionResult:
        """Withdraw the subject's objection."""
        result = await self._change(objections.withdraw, purposes)
        in_force = _named(result.in_force)
        match result.outcome:
            case ObjectionOutcome.WITHDRAWN:
                return ObjectionWithdrawn(in_force=in_force, suspended=_named(result.suspended))
            case ObjectionOutcome.NOT_OBJECTED:
                return NotObjected(in_force=in_force)
        return NoMessengerAccount(in_force=[])

    async def eligibility(self) -> list[ObjectionEligibility]:
        """Whether the subject may object, for each objectable purpose."""
        member = self.principal.messenger_id
        if member is None:
            return [_eligibility_of(purpose, None, 0) for purpose in OBJECTABLE]
        async with self.open() as stores:
            found = await objections.standing(
                stores.messenger, self.rules.profile, member, now=self.rules.clock()
            )
            in_force = await objections.in_force(stores.control, member)
        return [_eligibility_of(purpose, found, in_force) for purpose in OBJECTABLE]

    async def _change(
        self, change: objections.ObjectionCall, purposes: frozenset[Purpose]
    ) -> ObjectionChange:
        member = self.principal.messenger_id
        if member is None:
            return ObjectionChange(ObjectionOutcome.UNKNOWN_ACCOUNT)
        async with self.open() as stores:
            return await change(stores, self.rules, member, purposes=purposes, channel=self.channel)


def _named(bits: int) -> list[ObjectablePurpose]:
    return [ObjectablePurpose(purpose.value) for purpose in purposes_of(bits)]


def _eligibility_of(purpose: Purpose, found: Eligibility | None, in_force: int) -> ObjectionEligibility:
    if found is None:
        standing, until = ObjectionStanding.NO_MESSENGER_ACCOUNT, None
    elif in_force & OBJECTABLE[purpose]:
        standing, until = ObjectionStanding.OBJECTED, None
    else:
        standing, until = ObjectionStanding(found.standing.value), found.until
    return ObjectionEligibility(purpose=ObjectablePurpose(purpose.value), standing=standing, until=until)
