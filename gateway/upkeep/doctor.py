"""What `gateway doctor` looks at, before and while the gateway runs: every store, and what must agree.

    settings → for each store: connection → migrations → universes → roles → pooler
             for control:    writers → objections → tokens

It only reads. A finding that DIFFERS says what to do; a NOTE is right for some and wrong for others.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from gateway.access.jwks import FETCH_SECONDS, fetch_keys, open_http
from gateway.access.rotation import SOON, ends_soon, is_live
from gateway.access.token_use import token_use_login
from gateway.access.tokens import list_tokens
from gateway.ledger.record import ROLE as LEDGER
from gateway.ledger.record import open_ledger
from gateway.settings import CONFIG_FILE, Settings
from gateway.terminal.problems import Problem, owner_of
from gateway.upkeep import reconciler
from gateway.upkeep.store_logins import check_logins, endpoints_of, ledger_login
from resolvers.sources.catalogue import Store
from resolvers.sources.fields import OBJECTS
from resolvers.stores.pool import StoreUnavailable, connect_role
from resolvers.universe.inspection import differences
from resolvers.universe.migrations import STORES, MigrationProblem, migrations, pending

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection

# Tokens that one line names.
NAMED = 20


class State(StrEnum):
    """How a finding stands."""

    OK = "ok"
    NOTE = "note"
    DIFFERS = "differs"


@dataclass(frozen=True)
class Finding:
    """What was looked at, how it stands, and what that means or what to do."""

    what: str
    state: State
    line: str


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Every finding, in order, as it is made. A store that does not answer is one finding, not a failure."""
    for finding in unknown_variables():
        yield finding
    for finding in await _provider(settings):
        yield finding
    for store in STORES:
        try:
            async with owner_of(settings, store) as connection:
                yield Finding(f"{store}: connection", State.OK, "answers")
                async for finding in _examine_store(settings, store, connection):
                    yield finding
        except Problem as problem:
            yield Finding(f"{store}: connection", State.DIFFERS, problem.lines[0].removeprefix(f"{store}: "))


async def _examine_store(settings: Settings, store: str, connection: Connection) -> AsyncIterator[Finding]:
    migrated = await _migrations(connection, store)
    yield migrated
    if migrated.state is State.DIFFERS:
        return
    for finding in await _universes(connection, Store(store)):
        yield finding
    async for finding in _roles(settings, Store(store)):
        yield finding
    if store == Store.CONTROL:
        for finding in await _writers(settings):
            yield finding
        yield await _ledger(settings)
        for finding in await _token_use(settings):
            yield finding
        yield await _settled(connection)
        yield await _tokens(connection)


def unknown_variables() -> list[Finding]:
    """Variables that look like settings and are none: mistyped ones would silently do nothing."""
    known = {f"GATEWAY_{name.upper()}" for name in Settings.model_fields} | {CONFIG_FILE}
    return [
        Finding(name, State.NOTE, "is no setting and does nothing: `gateway settings` lists them")
        for name in sorted(os.environ)
        if name.startswith("GATEWAY_") and name not in known
    ]


async def _migrations(connection: Connection, store: str) -> Finding:
    what = f"{store}: migrations"
    if await connection.fetchval("SELECT to_regclass('gateway_migration.applied')") is None:
        return Finding(what, State.DIFFERS, "none applied: run `gateway migrate`")
    files = migrations(store)
    try:
        waiting = await pending(connection, files)
    except MigrationProblem as problem:
        return Finding(what, State.DIFFERS, str(problem))
    if waiting:
        return Finding(what, State.DIFFERS, f"{len(waiting)} not applied: run `gateway migrate`")
    return Finding(what, State.OK, f"{len(files)} applied")


async def _universes(connection: Connection, store: Store) -> list[Finding]:
    what = f"{store}: universes"
    found = await differences(connection, OBJECTS, store)
    if not found:
        return [Finding(what, State.OK, "as the policy says")]
    return [
        Finding(what, State.DIFFERS, _with_advice(line.removeprefix(f"{store}: "), store)) for line in found
    ]


def _with_advice(line: str, store: str) -> str:
    if "run `" in line:
        return line
    if "is not classified" in line:
        return f"{line}: classify it in resolvers/sources/catalogue.py, or drop it"
    if "classified but missing" in line:
        return f"{line}: run `gateway migrate`"
    if "has a privilege on" in line:
        return f"{line}: REVOKE it; no universe needs it"
    if "cannot log in" in line:
        return f"{line}: give it a way in (pg_hba.conf, or a password in .pgpass)"
    if "objections has powers" in line:
        return f"{line}: take from it memberships, attributes and functions, then apply it again"
    if "powers beyond" in line:
        return f"{line}: take from it memberships, attributes and functions, then apply the universe again"
    return f"{line}: run `gateway universe --store {store} --apply`"


async def _roles(settings: Settings, store: Store) -> AsyncIterator[Finding]:
    """Whether each purpose's role logs in and stands in its own universe, through a pooler too."""
    wrong, pooled = await check_logins(settings, store)
    for line in wrong:
        yield Finding(f"{store}: roles", State.DIFFERS, line)
    if not wrong:
        count = len(endpoints_of(settings, store, pooled=True))
        yield Finding(f"{store}: roles", State.OK, f"all {count} log in, each to its own universe")
    if pooled is not None:
        yield _pooler(settings, store, pooled)


def _pooler(settings: Settings, store: Store, pooled: bool) -> Finding:
    what = f"{store}: pooler"
    if pooled and not settings.pooler_keeps_statements:
        return Finding(
            what,
            State.NOTE,
            "stands between; nothing is prepared. With pgbouncer 1.21 or newer and "
            "max_prepared_statements above 0, set GATEWAY_POOLER_KEEPS_STATEMENTS=true",
        )
    return Finding(what, State.OK, "stands between and keeps prepared statements" if pooled else "none")


async def _writers(settings: Settings) -> list[Finding]:
    """Whether objections can be written, in all three databases, and nothing else by the same roles."""
    what = "control: writers"
    found = await reconciler.check(settings)
    if not found:
        return [Finding(what, State.OK, "may write objections, nothing else")]
    return [
        Finding(
            f"{line.partition(':')[0]}: roles",
            State.DIFFERS,
            _with_advice(line.partition(": ")[2], "control"),
        )
        for line in found
    ]


async def _ledger(settings: Settings) -> Finding:
    """Whether what is answered can be recorded: otherwise nothing is."""
    what = "control: ledger"
    try:
        async with open_ledger(ledger_login(settings), settings.key("ledger")):
            return Finding(what, State.OK, "can be written")
    except StoreUnavailable:
        return Finding(
            what,
            State.DIFFERS,
            f"the role {LEDGER} cannot write it: give it a way in, or run "
            "`gateway universe --store control --apply`",
        )


async def _token_use(settings: Settings) -> list[Finding]:
    """Whether it can be noted when tokens were used; nothing if it can."""
    login = token_use_login(settings)
    try:
        connection = await connect_role(login)
    except StoreUnavailable:
        line = f"{login.role} cannot log in to GATEWAY_CONTROL_DSN"
        return [Finding("control: roles", State.DIFFERS, _with_advice(line, "control"))]
    connection.terminate()
    return []


async def _provider(settings: Settings) -> list[Finding]:
    """Whether the identity provider's keys can be had; nothing where there is none."""
    if settings.oidc_issuer is None:
        return []
    what = "identity provider"
    try:
        async with asyncio.timeout(2 * FETCH_SECONDS), open_http() as fetch:
            keys = await fetch_keys(settings.oidc_issuer, fetch)
    except Exception:
        line = "its keys cannot be fetched: check GATEWAY_OIDC_ISSUER, and the way there"
        return [Finding(what, State.DIFFERS, line)]
    if not any(each.algorithms & set(settings.oidc_algorithms) for each in keys.values()):
        return [Finding(what, State.DIFFERS, "has no key for any of GATEWAY_OIDC_ALGORITHMS")]
    return [Finding(what, State.OK, f"{len(keys)} keys")]


async def _settled(connection: Connection) -> Finding:
    """Whether everything that was decided is in both stores."""
    what = "control: objections"
    unsettled = await connection.fetchval(
        "SELECT (SELECT count(*) FROM control.unsettled) + (SELECT count(*) FROM control.unsettled_country)"
    )
    if unsettled:
        return Finding(
            what,
            State.NOTE,
            f"{unsettled} not in both stores yet: a start does it, or `gateway objection recover`",
        )
    return Finding(what, State.OK, "all are in both stores")


async def _tokens(connection: Connection) -> Finding:
    what = "control: tokens"
    if await connection.fetchval("SELECT tokens FROM control.revision") is None:
        return Finding(what, State.DIFFERS, "the row of control.revision is gone: restore it")
    now = datetime.now(UTC)
    live = [each for each in await list_tokens(connection) if is_live(each, now)]
    if not live:
        return Finding(what, State.NOTE, "none is live: `gateway token issue` makes one")
    ending = [each for each in live if ends_soon(each, now)]
    if not ending:
        return Finding(what, State.OK, f"{len(live)} live")
    first = ", ".join(f"{each.token_id} of {each.client}" for each in ending[:NAMED])
    more = f" and {len(ending) - NAMED} more" if len(ending) > NAMED else ""
    return Finding(
        what,
        State.NOTE,
        f"{len(live)} live; within {SOON.days} days expire {first}{more}: `gateway token rotate`",
    )
