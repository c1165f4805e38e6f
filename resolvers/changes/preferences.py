"""The objections of one token's subject, for the resolvers of `schema/`: each call on connections of its own.

Rejected: a pool. Objections are rare, and a connection that was opened for the call cannot have been
lost while it lay idle: what fails has failed now, and the caller knows that it is unknown.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from resolvers.changes import objections
from resolvers.changes.objections import Outcome, Result, Rules
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
    """Opens the connections that write objections, for so many calls at a time."""

    def __init__(self, logins: Mapping[str, StoreLogin]) -> None:
        self._logins = logins
        size = min(each.size for each in logins.values())
        self._patience_s = max(each.request_timeout_s for each in logins.values())
        self._turns = asyncio.Semaphore(size)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Stores]:
        """Connections for one call. StoreUnavailable if they cannot be had, or one is lost in the middle."""
        try:
            async with asyncio.timeout(self._patience_s):
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
    """What `schema.types.objections.Objections` asks for, of the principal; `channel` is recorded."""

    open: OpenStores
    rules: Rules
    principal: Principal
    channel: str

    async def record(self, purposes: frozenset[Purpose]) -> RecordObjectionResult:
        """Record the subject's objection."""
        result = await self._change(objections.record, purposes)
        in_force = _named(result.in_force)
        match result.outcome:
            case Outcome.RECORDED:
                return ObjectionRecorded(in_force=in_force)
            case Outcome.ALREADY_OBJECTED:
                return AlreadyObjected(in_force=in_force)
            case Outcome.NOT_ELIGIBLE_NEW_MEMBER:
                return NotEligibleNewMember(before=TERMS_OF_2016)
            case Outcome.WINDOW_CLOSED:
                assert result.closed_at is not None
                return WindowClosed(closed_at=result.closed_at)
        return NoMessengerAccount(in_force=[])

    async def withdraw(self, purposes: frozenset[Purpose]) -> WithdrawObjectionResult:
        """Withdraw the subject's objection."""
        result = await self._change(objections.withdraw, purposes)
        in_force = _named(result.in_force)
        match result.outcome:
            case Outcome.WITHDRAWN:
                return ObjectionWithdrawn(in_force=in_force)
            case Outcome.NOT_OBJECTED:
                return NotObjected(in_force=in_force)
        return NoMessengerAccount(in_force=[])

    async def eligibility(self) -> list[ObjectionEligibility]:
        """What the subject may do for each objectable purpose."""
        member = self.principal.messenger_id
        if member is None:
            return [_told(purpose, None, 0) for purpose in OBJECTABLE]
        async with self.open() as stores:
            found = await objections.standing(
                stores.messenger, self.rules.profile, member, self.rules.clock()
            )
            in_force = await objections.in_force(stores.control, member)
        return [_told(purpose, found, in_force) for purpose in OBJECTABLE]

    async def _change(self, change: objections.Change, purposes: frozenset[Purpose]) -> Result:
        member = self.principal.messenger_id
        if member is None:
            return Result(Outcome.UNKNOWN_ACCOUNT)
        async with self.open() as stores:
            return await change(stores, self.rules, member, purposes, self.channel)


def _named(bits: int) -> list[ObjectablePurpose]:
    return [ObjectablePurpose(purpose.value) for purpose in purposes_of(bits)]


def _told(purpose: Purpose, found: Eligibility | None, in_force: int) -> ObjectionEligibility:
    if found is None:
        standing, until = ObjectionStanding.NO_MESSENGER_ACCOUNT, None
    elif in_force & OBJECTABLE[purpose]:
        standing, until = ObjectionStanding.OBJECTED, None
    else:
        standing, until = ObjectionStanding(found.standing.value), found.until
    return ObjectionEligibility(purpose=ObjectablePurpose(purpose.value), standing=standing, until=until)
