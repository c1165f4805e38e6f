"""Where each role connects, and whether it may: asked before the first request, and by the doctor."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.ledger.record import ROLE as LEDGER
from gateway.web.uploads import PATIENCE_SECONDS
from resolvers.changes.customer_lists import WRONG_KEY, ListWriters, fits
from resolvers.sources.catalogue import Store
from resolvers.sources.fields import OBJECTS
from resolvers.stores.pool import StoreUnavailable, connect_role, stands_behind_pooler
from resolvers.universe.inspection import differences
from resolvers.universe.render import universes
from resolvers.universe.roles import LISTS
from schema.purposes import Purpose

if TYPE_CHECKING:
    from gateway.settings import Settings
    from resolvers.stores.pool import StoreLogin


class NotReady(Exception):
    """The gateway must not serve: each line says what differs, and what to do."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def ledger_login(settings: Settings) -> StoreLogin:
    """Where the ledger is written."""
    return settings.login(Store.CONTROL, LEDGER)


def list_login(settings: Settings) -> StoreLogin:
    """Where whoever matches customer lists connects to."""
    return replace(settings.login(Store.SOCIAL, LISTS), request_timeout_s=PATIENCE_SECONDS)


def endpoints_of(settings: Settings, store: Store, pooled: bool) -> dict[Purpose, StoreLogin]:
    """Where each purpose that sees the store connects to."""
    return {
        universe.purpose: replace(settings.login(store, universe.role), pooled=pooled)
        for universe in universes(OBJECTS, store)
    }


async def checked_logins(settings: Settings, store: Store) -> dict[Purpose, StoreLogin]:
    """Where each purpose connects in a store that is what the policy says. NotReady otherwise."""
    logins = endpoints_of(settings, store, pooled=True)
    first = next(iter(logins.values()))
    try:
        connection = await connect_role(first)
    except StoreUnavailable:
        raise NotReady(
            [
                f"{store}: the role {first.role} cannot connect; check GATEWAY_{store.upper()}_DSN, "
                f"then run `gateway universe --store {store} --apply`"
            ]
        ) from None
    try:
        async with connection.transaction(readonly=True):
            found = await differences(connection, OBJECTS, store)
    finally:
        connection.terminate()
    if found:
        raise NotReady(found)
    wrong, pooled = await check_logins(settings, store)
    if wrong:
        raise NotReady([f"{store}: {line}" for line in wrong])
    return endpoints_of(settings, store, pooled=bool(pooled) and not settings.pooler_keeps_statements)


async def check_logins(settings: Settings, store: Store) -> tuple[list[str], bool | None]:
    """Which purposes' roles do not log in as themselves, each to its own universe; one sentence each.

    And whether a pooler stands between; None if nobody could ask. One that changes the user would answer
    each purpose out of another's universe, and nothing else would tell.
    """
    wrong: list[str] = []
    poolers: set[bool] = set()
    for purpose, login in endpoints_of(settings, store, pooled=True).items():
        try:
            as_it_should, pooled = await _ask_as(login, purpose)
        except StoreUnavailable:
            wrong.append(
                f"{login.role} cannot log in to GATEWAY_{store.upper()}_DSN: give it a way in "
                "(pg_hba.conf, or a password in .pgpass)"
            )
            continue
        poolers.add(pooled)
        if not as_it_should:
            wrong.append(
                f"{login.role} becomes another user or stands in another schema: "
                "a pooler must pass the user on and keep its settings"
            )
    return wrong, any(poolers) if poolers else None


async def _ask_as(login: StoreLogin, purpose: Purpose) -> tuple[bool, bool]:
    """Whether the role is itself in its own universe, and whether a pooler stands between."""
    connection = await connect_role(login)
    try:
        async with connection.transaction(readonly=True):
            row = await connection.fetchrow("SELECT current_user, current_schema")
            pooled = await stands_behind_pooler(connection)
        return (row is not None and tuple(row) == (login.role, purpose.universe)), pooled
    finally:
        connection.terminate()


async def check_matching_key(settings: Settings) -> list[str]:
    """Why no customer list could be matched, or nothing."""
    key = settings.key("customer lists")
    try:
        async with ListWriters(list_login(settings)).open() as connection:
            if await fits(connection, key):
                return []
    except StoreUnavailable:
        return [f"social: the role {LISTS} cannot connect; check GATEWAY_SOCIAL_DSN"]
    return [f"social: {WRONG_KEY}"]
