"""Keeps both stores at what is in force: finishes what was cut off, and follows the calendar of suspensions.

At every start before the first request, and then every few seconds: another process may have been
killed in the middle of an objection, a suspension may begin or end, members arrive while one lasts.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from gateway.ledger.retention import index_closed_days
from resolvers.changes.objections import Rules
from resolvers.changes.preferences import Writers
from resolvers.changes.pseudonyms import Naming, name_everybody, naming
from resolvers.changes.recalls import issue
from resolvers.changes.suspensions import finish
from resolvers.stores.pool import StoreUnavailable, connect_role
from resolvers.stores.serial_connection import SerialConnection
from resolvers.universe.migrations import STORES
from resolvers.universe.roles import RECALL_LINKS, RECALLS, writer_of

if TYPE_CHECKING:
    from gateway.settings import Settings
    from resolvers.stores.pool import StoreLogin

log = logging.getLogger("gateway.upkeep.reconciler")

KEEP_SECONDS = 10
RECALL_SECONDS = 1
INDEX_SECONDS = 3_600
# A country of a million takes minutes; each statement has the role's own limit.
SETTLE_SECONDS = 3_600

now = partial(datetime.now, UTC)


def rules_of(settings: Settings) -> Rules:
    """Who may object in this deployment, by the clock of this machine."""
    return Rules(settings.policy_profile, now)


def naming_of(settings: Settings) -> Naming:
    """The pseudonyms of this deployment. One that was given is kept, also when the secret changes."""
    return naming(settings.key("pseudonyms"))


def writer_logins(settings: Settings) -> dict[str, StoreLogin]:
    """Where whoever writes objections connects to, for each database."""
    return {store: settings.login(store, writer_of(store)) for store in STORES}


async def check(settings: Settings) -> list[str]:
    """Why nobody could write objections; empty if all is well.

    What the roles may do is looked at by `resolvers.universe.inspection`.
    """
    found = []
    for store, login in writer_logins(settings).items():
        try:
            connection = await connect_role(login)
        except StoreUnavailable:
            found.append(f"{store}: the role {login.role} cannot log in to GATEWAY_{store.upper()}_DSN")
        else:
            connection.terminate()
    return found


async def finish_at_start(settings: Settings) -> list[str]:
    """Complete what a crash left and follow the calendar; why that was not possible, or nothing."""
    try:
        changed = await settle(settings, whole=True)
    except StoreUnavailable:
        return ["a store went away while objections were completed: try `gateway objection recover`"]
    if changed:
        log.warning("Restrictions were completed at the start.", extra={"accounts": changed})
    return []


async def index_days(ledger: StoreLogin) -> None:
    """Index the days of the ledger that are over, now and every hour, until cancelled."""
    while True:
        try:
            if days := await index_closed_days(ledger):
                log.info("Days of the ledger were indexed.", extra={"days": days})
        except Exception as exception:
            # Whatever it is, it is tried again: until then whoever looks there reads the whole day.
            log.warning("Days of the ledger could not be indexed.", exc_info=exception)
        await asyncio.sleep(INDEX_SECONDS)


def recall_logins(settings: Settings) -> dict[str, StoreLogin]:
    """Where whoever issues and hands out notices connects to, for each database."""
    return {
        "control": settings.login("control", RECALLS),
        "social": settings.login("social", RECALL_LINKS),
    }


async def keep_recalling(settings: Settings) -> None:
    """Issue notices of objections within a second or two of each, until cancelled."""
    logins = recall_logins(settings)
    waiting = SerialConnection(logins["control"])
    patient = replace(logins["control"], request_timeout_s=SETTLE_SECONDS)
    until_due = timedelta(days=settings.recall_due_days)
    try:
        while True:
            await asyncio.sleep(RECALL_SECONDS)
            try:
                if issued := await issue(waiting, patient, logins["social"], until_due):
                    log.info("Notices of objections were issued.", extra={"notices": issued})
            except Exception as exception:
                # Whatever it is, it is tried again: what is to be looked for is written down.
                log.warning("Notices of objections could not be issued.", exc_info=exception)
    finally:
        waiting.close()


async def keep(settings: Settings) -> None:
    """Do the same every few seconds, until cancelled."""
    while True:
        await asyncio.sleep(KEEP_SECONDS)
        try:
            await settle(settings, whole=False)
        except Exception as exception:
            # Whatever it is, it is tried again: what is unsettled is restricted rather than exposed.
            log.warning("Restrictions could not be completed.", exc_info=exception)


async def settle(settings: Settings, whole: bool) -> int:
    """Do all of it once; for how many accounts a store did not hold what it must.

    `whole`: look at every event for one whose person has no pseudonym, not only at the newest.
    """
    logins = {
        name: replace(each, request_timeout_s=SETTLE_SECONDS)
        for name, each in writer_logins(settings).items()
    }
    async with Writers(logins).open() as stores:
        changed = await finish(stores, now(), _unseen)
        await name_everybody(stores.control, stores.messenger, naming_of(settings), whole)
        return changed


def _unseen(what: str, done: int, total: int) -> None:
    """Progress of a server, which nobody watches."""
