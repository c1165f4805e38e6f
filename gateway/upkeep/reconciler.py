"""Reconciles both stores with the decisions in force: unfinished objections, and the calendar of suspensions.

It runs at every start before the first request, and then every few seconds: another process may have been
killed in the middle of an objection, a suspension may begin or end, and members register while one is in
force. A store that was restored or replaced is repaired from the history of objections, and its server is
accepted as verified. It also issues recall notices, and indexes the ledger's closed days.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from gateway.ledger.retention import index_closed_days
from gateway.upkeep.effect import check_effect
from gateway.upkeep.store_logins import (
    NotReady,
    check_matching_key,
    recall_logins,
    refused_writers,
    writer_logins,
)
from resolvers.changes.list_budget import forget_list_uses
from resolvers.changes.objections import Rules
from resolvers.changes.preferences import Writers
from resolvers.changes.pseudonyms import Naming, name_everybody, naming
from resolvers.changes.recalls import issue
from resolvers.changes.restrictions import ask
from resolvers.changes.suspensions import finish
from resolvers.changes.verification import REPAIRABLE, Doubt, count_rows, judge, judge_all, repair
from resolvers.stores.pool import StoreUnavailable, fresh_connections, is_behind_pooler
from resolvers.stores.serial_connection import SerialConnection

if TYPE_CHECKING:
    from gateway.settings import Settings
    from gateway.upkeep.verifier import StoreVerifier
    from resolvers.changes.restrictions import Stores
    from resolvers.stores.pool import StoreLogin

log = logging.getLogger("gateway.upkeep.reconciler")

RECONCILE_SECONDS = 10
RECALL_SECONDS = 1
INDEX_SECONDS = 3_600
# To count a million objections takes a second or two of a store's CPU.
COUNT_SECONDS = 60
# A country of a million takes minutes; each statement has the role's own limit.
RECONCILE_TIMEOUT_SECONDS = 3_600

_REPAIRING = 0x5E9A12
_ALONE = "SELECT pg_try_advisory_lock($1)"

now = partial(datetime.now, UTC)


def rules_of(settings: Settings) -> Rules:
    """Who may object in this deployment, by the clock of this machine."""
    return Rules(settings.policy_profile, now)


def naming_of(settings: Settings) -> Naming:
    """The pseudonyms of this deployment. A pseudonym stays when the secret changes."""
    return naming(settings.key("pseudonyms"))


async def check_stores(settings: Settings) -> None:
    """Reconcile everything before the first request.

    NotReady if a role that writes is not as it must be, if the stores cannot be reconciled, or if an
    objection may not bind in one of them.
    """
    if refused := await refused_writers(settings):
        raise NotReady.because_of(refused)
    if wrong := await reconcile_at_start(settings):
        raise NotReady(wrong)
    await check_effect(settings)
    await check_matching_key(settings)


async def reconcile_at_start(settings: Settings) -> list[str]:
    """Reconcile everything once; the reason if that was not possible, or an empty list."""
    try:
        changed = await reconcile_once(settings, whole=True)
    except StoreUnavailable:
        return ["a store went away while objections were completed: try `gateway objection recover`"]
    if changed:
        log.warning("Restrictions were completed at the start.", extra={"accounts": changed})
    return []


async def reconcile_restrictions(settings: Settings, verifier: StoreVerifier) -> None:
    """Reconcile every few seconds, and whenever the verifier finds something to repair, until cancelled."""
    counted_at = -math.inf
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(RECONCILE_SECONDS):
                await verifier.repairable.wait()
        verifier.repairable.clear()
        whole = time.monotonic() - counted_at >= COUNT_SECONDS
        try:
            await reconcile_once(settings, whole=False, counts=whole)
        except Exception as exception:
            # Every failure is retried: an account that is not reconciled yet is restricted, not exposed.
            log.warning("Restrictions could not be completed.", exc_info=exception)
        else:
            counted_at = time.monotonic() if whole else counted_at


async def reconcile_once(settings: Settings, *, whole: bool, counts: bool = True) -> int:
    """Bring both stores to what is in force; the number of accounts for which a store differed.

    `whole`: look for people without a pseudonym among all events, not only among the newest. `counts`: let
    each store compare its digest with all its rows. A store that cannot be written is left as it is.
    """
    logins = {
        name: replace(each, request_timeout_s=RECONCILE_TIMEOUT_SECONDS)
        for name, each in writer_logins(settings).items()
    }
    async with Writers(logins).open() as stores:
        if counts:
            await count_rows(stores.keepers)
        doubts = {each.doubt for each in (await judge(partial(ask, stores.control), stores.keepers)).values()}
        if Doubt.AHEAD in doubts:
            await ask(stores.control, "SELECT control.note_restoration()")
        if doubts & {Doubt.AHEAD, Doubt.STANDBY, Doubt.UNREACHABLE}:
            return 0
        changed = await _repair(stores) if doubts & REPAIRABLE else await finish(stores, now(), _no_progress)
        await name_everybody(stores.control, stores.messenger, naming_of(settings), whole=whole)
        return changed


async def _repair(stores: Stores) -> int:
    """Replay the history into both stores; 0 if another process of the gateway does so now."""
    # Behind a pooler the lock would stay with a connection that others use: there several may repair at once.
    if not await is_behind_pooler(stores.control) and not await stores.control.fetchval(_ALONE, _REPAIRING):
        return 0
    if not REPAIRABLE & {each.doubt for each in (await judge_all(stores)).values()}:
        return 0
    changed = await repair(stores, now(), _no_progress)
    say = log.warning if changed else log.info
    say("Both stores hold the whole history of objections.", extra={"accounts": changed})
    return changed


def _no_progress(what: str, done: int, total: int) -> None:
    """Drop the progress: a server has no terminal to show it on."""


async def issue_recalls(settings: Settings) -> None:
    """Issue recall notices within a second or two of each objection, until cancelled."""
    logins = recall_logins(settings)
    waiting = SerialConnection(logins["control"])
    issuer = replace(logins["control"], request_timeout_s=RECONCILE_TIMEOUT_SECONDS)
    until_due = timedelta(days=settings.recall_due_days)
    try:
        while True:
            await asyncio.sleep(RECALL_SECONDS)
            try:
                if issued := await issue(waiting, issuer, logins["social"], until_due=until_due):
                    log.info("Recall notices were issued.", extra={"notices": issued})
            except Exception as exception:
                # Every failure is retried: the objections that still need notices are in the database.
                log.warning("Recall notices could not be issued.", exc_info=exception)
    finally:
        waiting.close()


async def forget_uses(lists: StoreLogin) -> None:
    """Forget what the budgets of customer lists no longer count, now and every hour, until cancelled."""
    while True:
        try:
            async with fresh_connections(lists) as (social,):
                await forget_list_uses(social)
        except Exception as exception:
            # Every failure is retried: what is too old counts in no decision, deleted or not.
            log.warning("Uses of numbers in customer lists could not be forgotten.", exc_info=exception)
        await asyncio.sleep(INDEX_SECONDS)


async def index_days(ledger: StoreLogin) -> None:
    """Index the closed days of the ledger, now and every hour, until cancelled."""
    while True:
        try:
            if days := await index_closed_days(ledger):
                log.info("Days of the ledger were indexed.", extra={"days": days})
        except Exception as exception:
            # Every failure is retried: a day without an index is read whole until then.
            log.warning("Days of the ledger could not be indexed.", exc_info=exception)
        await asyncio.sleep(INDEX_SECONDS)
