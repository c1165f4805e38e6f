"""The checks of `gateway doctor`: every store, its roles, and what the control database holds.

    settings → for each store: connection → migrations → universes → objections → roles → pooler
             for control:    writers → objections → tokens

The checks only read, before the gateway starts or while it runs. A finding that DIFFERS says what to do. A
NOTE is right for some deployments and wrong for others.
"""

from __future__ import annotations

import asyncio
import os
import shlex
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from shutil import which
from typing import TYPE_CHECKING

from gateway.access.jwks import FETCH_SECONDS, fetch_keys, open_http
from gateway.access.rotation import SOON, ends_soon, is_live
from gateway.access.token_use import token_use_login
from gateway.access.tokens import list_tokens
from gateway.ledger.checkpoints import newest_published
from gateway.ledger.record import ROLE as LEDGER
from gateway.ledger.record import open_ledger
from gateway.settings import CONFIG_FILE, Settings
from gateway.terminal.problems import Problem, owner_of
from gateway.upkeep.advice import with_advice
from gateway.upkeep.certificate import gaps
from gateway.upkeep.effect import KEEPERS, bound_differences
from gateway.upkeep.store_logins import (
    ledger_login,
    login_differences,
    purpose_logins,
    refused_writers,
    writer_logins,
)
from gateway.upkeep.verifier import sentence_of
from resolvers.changes.preferences import Writers
from resolvers.changes.restrictions import ask
from resolvers.changes.verification import Doubt, judge
from resolvers.sources.catalogue import Store
from resolvers.sources.fields import OBJECTS
from resolvers.stores.pool import StoreUnavailable, connect_role
from resolvers.universe.closing import still_open
from resolvers.universe.difference import Difference, DifferenceKind
from resolvers.universe.inspection import differences
from resolvers.universe.migrations import STORES, MigrationProblem, migrations, pending
from resolvers.universe.render import universes

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection

_SIGNED_BEFORE = "SELECT max(at) FROM control.ledger_checkpoint WHERE at < $1"
# How many tokens one finding names.
NAMED = 20


class State(StrEnum):
    """Whether a finding needs an action."""

    OK = "ok"
    NOTE = "note"
    DIFFERS = "differs"


@dataclass(frozen=True)
class Finding:
    """What was checked, its state, and what that means or what to do."""

    what: str
    state: State
    text: str


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Every finding, in order, as it is made. A store that does not answer is one finding, not an error."""
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
    if store in KEEPERS:
        for finding in await _effect(connection, Store(store)):
            yield finding
    yield await _closed(connection, Store(store))
    async for finding in _roles(settings, Store(store)):
        yield finding
    if store == Store.CONTROL:
        for finding in await _writers(settings):
            yield finding
        yield await _ledger(settings)
        yield await _checkpoints(settings, connection)
        for finding in await _token_use(settings):
            yield finding
        yield await _settled(connection)
        for finding in await _history(settings):
            yield finding
        yield await _tokens(connection)


def unknown_variables() -> list[Finding]:
    """Variables that look like settings and are none: a mistyped setting would silently do nothing."""
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


async def _effect(connection: Connection, store: Store) -> list[Finding]:
    """Whether objections bind: the copies of restrictions, and the made-up people."""
    found = await bound_differences(connection, store, repairs=False)
    if not found:
        return [Finding(f"{store}: objections", State.OK, "bind: copies and probe agree")]
    return [_differing("objections", each) for each in found]


async def _universes(connection: Connection, store: Store) -> list[Finding]:
    found = await differences(connection, OBJECTS, store) or await gaps(connection, store)
    if not found:
        return [Finding(f"{store}: universes", State.OK, "as the policy says")]
    return [_differing("universes", each) for each in found]


async def _closed(connection: Connection, store: Store) -> Finding:
    """Whether the logins of purposes are kept from statistics, locks and large objects."""
    what, role = f"{store}: catalogue", universes(OBJECTS, store)[0].role
    if still := await still_open(connection, role):
        told = f"a login of a purpose may {', '.join(still)}"
        return Finding(what, State.NOTE, f"{told}: let a superuser run what `gateway universe` prints")
    return Finding(what, State.OK, "closed to the logins of purposes")


def _differing(what: str, difference: Difference) -> Finding:
    return Finding(f"{difference.store}: {what}", State.DIFFERS, with_advice(difference))


async def _roles(settings: Settings, store: Store) -> AsyncIterator[Finding]:
    """Whether each purpose's role logs in to its own universe, through a pooler too."""
    wrong, pooled = await login_differences(settings, store)
    for each in wrong:
        yield _differing("roles", each)
    if not wrong:
        count = len(purpose_logins(settings, store, pooled=True))
        yield Finding(f"{store}: roles", State.OK, f"all {count} log in, each to its own universe")
    if pooled is not None:
        yield _pooler(settings, store, pooled)


def _pooler(settings: Settings, store: Store, pooled: bool) -> Finding:
    what = f"{store}: pooler"
    if pooled and not settings.pooler_keeps_statements:
        return Finding(
            what,
            State.NOTE,
            "is in between; nothing is prepared. With pgbouncer 1.21 or newer and "
            "max_prepared_statements above 0, set GATEWAY_POOLER_KEEPS_STATEMENTS=true",
        )
    return Finding(what, State.OK, "is in between and keeps prepared statements" if pooled else "none")


async def _writers(settings: Settings) -> list[Finding]:
    """Whether objections can be written, in all three databases."""
    refused = await refused_writers(settings)
    if not refused:
        return [Finding("control: writers", State.OK, "may write objections, nothing else")]
    return [_differing("roles", each) for each in refused]


async def _ledger(settings: Settings) -> Finding:
    """Whether the access ledger can be written. The gateway refuses every request otherwise."""
    what = "control: ledger"
    try:
        async with open_ledger(ledger_login(settings), settings.key("ledger")):
            return Finding(what, State.OK, "can be written")
    except StoreUnavailable:
        return _differing("ledger", Difference(DifferenceKind.LEDGER_UNWRITABLE, Store.CONTROL, LEDGER))


async def _checkpoints(settings: Settings, connection: Connection) -> Finding:
    """Whether the ledger's signed heads are published."""
    what, late = "control: checkpoints", timedelta(seconds=3 * settings.checkpoint_seconds)
    if (program := settings.checkpoint_command) is not None and which(shlex.split(program)[0]) is None:
        return Finding(what, State.DIFFERS, "GATEWAY_CHECKPOINT_COMMAND names a program that is not there")
    if settings.checkpoint_file is None:
        if program is not None:
            return Finding(what, State.OK, "are given to a command")
        return Finding(
            what,
            State.NOTE,
            "are not published: a writer of this database could cut off entries. "
            "Set GATEWAY_CHECKPOINT_FILE or GATEWAY_CHECKPOINT_COMMAND",
        )
    due = await connection.fetchval(_SIGNED_BEFORE, datetime.now(UTC) - late)
    try:
        published = newest_published(settings.checkpoint_file)
    except (OSError, ValueError):
        return Finding(what, State.DIFFERS, "GATEWAY_CHECKPOINT_FILE cannot be read, or is no such file")
    if due is not None and (published is None or published < due):
        since = "never" if published is None else f"{published:%Y-%m-%d %H:%M:%S} UTC"
        text = f"were published last: {since}. See the gateway's log for the reason"
        return Finding(what, State.DIFFERS, text)
    return Finding(what, State.OK, "are published")


async def _token_use(settings: Settings) -> list[Finding]:
    """Whether the use of tokens can be noted; nothing if it can."""
    login = token_use_login(settings)
    try:
        connection = await connect_role(login)
    except StoreUnavailable:
        refused = Difference(DifferenceKind.LOGIN_REFUSED, Store.CONTROL, login.role)
        return [_differing("roles", refused)]
    connection.terminate()
    return []


async def _provider(settings: Settings) -> list[Finding]:
    """Whether the identity provider's keys can be fetched; nothing for a deployment without a provider."""
    if settings.oidc_issuer is None:
        return []
    what = "identity provider"
    try:
        async with asyncio.timeout(2 * FETCH_SECONDS), open_http() as fetch:
            keys = await fetch_keys(settings.oidc_issuer, fetch)
    except Exception:
        text = "its keys cannot be fetched: check GATEWAY_OIDC_ISSUER, and the way there"
        return [Finding(what, State.DIFFERS, text)]
    if not any(each.algorithms & set(settings.oidc_algorithms) for each in keys.values()):
        return [Finding(what, State.DIFFERS, "has no key for any of GATEWAY_OIDC_ALGORITHMS")]
    return [Finding(what, State.OK, f"{len(keys)} keys")]


async def _settled(connection: Connection) -> Finding:
    """Whether every decision is in both stores."""
    what = "control: objections"
    unsettled = await connection.fetchval(
        "SELECT (SELECT count(*) FROM control.unsettled) + (SELECT count(*) FROM control.unsettled_country)"
    )
    if unsettled:
        return Finding(
            what,
            State.NOTE,
            f"{unsettled} not in both stores yet: a start completes them, or run `gateway objection recover`",
        )
    return Finding(what, State.OK, "all are in both stores")


async def _history(settings: Settings) -> list[Finding]:
    """Whether each store holds the whole history of objections; nothing if its writers cannot log in."""
    try:
        async with Writers(writer_logins(settings)).open() as stores:
            verdicts = await judge(partial(ask, stores.control), stores.keepers)
    except StoreUnavailable:
        return []
    return [_judged(store, verdict.doubt) for store, verdict in sorted(verdicts.items())]


def _judged(store: str, doubt: Doubt | None) -> Finding:
    what = f"{store}: history"
    if doubt is None:
        return Finding(what, State.OK, "follows every objection, and is the server that was verified")
    state = State.NOTE if doubt is Doubt.UNVERIFIED else State.DIFFERS
    return Finding(what, state, sentence_of(store, doubt))


async def _tokens(connection: Connection) -> Finding:
    what = "control: tokens"
    if await connection.fetchval("SELECT tokens FROM control.revision") is None:
        return Finding(what, State.DIFFERS, "the row of control.revision is gone: restore it")
    now = datetime.now(UTC)
    tokens = await list_tokens(connection)
    if doubtful := [each for each in tokens if each.is_doubtful and each.revoked_at is None]:
        return Finding(
            what,
            State.DIFFERS,
            f"{len(doubtful)} are refused, because control was restored from a backup and they may have been "
            "revoked since: issue new ones, or `gateway token confirm`",
        )
    live = [each for each in tokens if is_live(each, now)]
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
