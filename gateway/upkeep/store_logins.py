"""Where each role connects, and whether it can: checked before the first request, and by the doctor."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from gateway.ledger.record import ROLE as LEDGER
from gateway.upkeep.advice import with_advice
from gateway.upkeep.certificate import gaps
from gateway.web.uploads import PATIENCE_SECONDS
from resolvers.changes.customer_lists import WRONG_KEY, ListWriters, fits
from resolvers.sources.catalogue import Store
from resolvers.sources.fields import OBJECTS
from resolvers.stores.pool import StoreUnavailable, connect_role, is_behind_pooler, transaction
from resolvers.universe.difference import Difference, DifferenceKind
from resolvers.universe.inspection import differences
from resolvers.universe.migrations import STORES
from resolvers.universe.render import universes
from resolvers.universe.roles import LISTS, RECALL_LINKS, RECALLS, writer_of
from schema.purposes import Purpose

if TYPE_CHECKING:
    from gateway.settings import Settings
    from resolvers.stores.pool import StoreLogin


class NotReady(Exception):
    """The gateway must not serve. Each line says what differs, and what to do."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines

    @classmethod
    def because_of(cls, found: Iterable[Difference]) -> Self:
        """The exception whose lines are these differences, each with its store and its advice."""
        return cls([f"{each.store}: {with_advice(each)}" for each in found])


def ledger_login(settings: Settings) -> StoreLogin:
    """The login that writes the ledger."""
    return settings.login(Store.CONTROL, LEDGER)


def list_login(settings: Settings) -> StoreLogin:
    """The login that matches customer lists."""
    return replace(settings.login(Store.SOCIAL, LISTS), request_timeout_s=PATIENCE_SECONDS)


def writer_logins(settings: Settings) -> dict[str, StoreLogin]:
    """The logins that write objections, one for each database."""
    return {store: settings.login(store, writer_of(store)) for store in STORES}


def recall_logins(settings: Settings) -> dict[str, StoreLogin]:
    """The logins that issue recall notices and hand them out, one for each database."""
    return {
        "control": settings.login("control", RECALLS),
        "social": settings.login("social", RECALL_LINKS),
    }


def purpose_logins(settings: Settings, store: Store, pooled: bool) -> dict[Purpose, StoreLogin]:
    """The login of each purpose that sees the store."""
    return {
        universe.purpose: replace(settings.login(store, universe.role), pooled=pooled)
        for universe in universes(OBJECTS, store)
    }


async def checked_logins(settings: Settings, store: Store) -> dict[Purpose, StoreLogin]:
    """The login of each purpose, for a store that is what the policy says. NotReady otherwise."""
    first = next(iter(purpose_logins(settings, store, pooled=True).values()))
    try:
        connection = await connect_role(first)
    except StoreUnavailable:
        refused = Difference(DifferenceKind.LOGIN_REFUSED, store, first.role)
        raise NotReady.because_of([refused]) from None
    try:
        async with transaction(connection, readonly=True):
            found = await differences(connection, OBJECTS, store)
            # Only of what is otherwise as it must be: a change of a view would be told twice.
            found = found or await gaps(connection, store)
    finally:
        connection.terminate()
    if found:
        raise NotReady.because_of(found)
    wrong, pooled = await login_differences(settings, store)
    if wrong:
        raise NotReady.because_of(wrong)
    logins = purpose_logins(settings, store, pooled=bool(pooled) and not settings.pooler_keeps_statements)
    return {purpose: replace(each, behind_pooler=bool(pooled)) for purpose, each in logins.items()}


async def login_differences(settings: Settings, store: Store) -> tuple[list[Difference], bool | None]:
    """Which purposes' roles do not log in as themselves, each to its own universe.

    And whether a pooler is in between; None if no role could log in. A pooler that changes the user would
    answer each purpose from another's universe, and no other check would notice.
    """
    wrong: list[Difference] = []
    poolers: set[bool] = set()
    for purpose, login in purpose_logins(settings, store, pooled=True).items():
        try:
            is_itself, pooled = await _log_in(login, purpose)
        except StoreUnavailable:
            wrong.append(Difference(DifferenceKind.LOGIN_REFUSED, store, login.role))
            continue
        poolers.add(pooled)
        if not is_itself:
            wrong.append(Difference(DifferenceKind.LOGIN_DIVERTED, store, login.role))
    return wrong, any(poolers) if poolers else None


async def _log_in(login: StoreLogin, purpose: Purpose) -> tuple[bool, bool]:
    """Whether the role is itself in its own universe, and whether a pooler is in between."""
    connection = await connect_role(login)
    try:
        async with transaction(connection, readonly=True):
            row = await connection.fetchrow("SELECT current_user, current_schema")
            pooled = await is_behind_pooler(connection)
        return (row is not None and tuple(row) == (login.role, purpose.universe)), pooled
    finally:
        connection.terminate()


async def refused_writers(settings: Settings) -> list[Difference]:
    """The roles that write objections and cannot log in. Inspection checks what they may do."""
    found = []
    for store, login in writer_logins(settings).items():
        try:
            connection = await connect_role(login)
        except StoreUnavailable:
            found.append(Difference(DifferenceKind.LOGIN_REFUSED, store, login.role))
        else:
            connection.terminate()
    return found


async def check_matching_key(settings: Settings) -> None:
    """Return if customer lists can be matched. NotReady otherwise."""
    key = settings.key("customer lists")
    try:
        async with ListWriters(list_login(settings)).open() as connection:
            fitting = await fits(connection, key)
    except StoreUnavailable:
        refused = Difference(DifferenceKind.LOGIN_REFUSED, Store.SOCIAL, LISTS)
        raise NotReady.because_of([refused]) from None
    if not fitting:
        raise NotReady([f"social: {WRONG_KEY}"])
