"""Writes the restrictions in force for a member into both stores; their only writer.

In force are the member's objections (the fold of their events) and the suspensions in their country. `settle`
writes a restriction where a store differs. A lock in `control` keeps two writers of one member apart. A
version number keeps a late statement of a killed program from winning. The social network's store restricts
first and opens last: so it never shows a link to an account that is already hidden, and between the two
statements a person is restricted rather than exposed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from resolvers.changes.history import acknowledge, draw, refuse_if_older
from resolvers.stores.pool import transaction
from schema.purposes import OBJECTABLE, Purpose

if TYPE_CHECKING:
    from resolvers.changes.history import Ask, HistoryMark
    from resolvers.stores.pool import Connection, Record

_LOCK = 0x0B1EC7
_ONE = f"SELECT pg_advisory_xact_lock_shared({_LOCK}), pg_advisory_xact_lock(hashint8extended($1, {_LOCK}))"
_ALL = f"SELECT pg_advisory_xact_lock({_LOCK})"
_VERSION = "SELECT nextval('control.restriction_version')"
_SETTLED = "DELETE FROM control.unsettled WHERE account_id = ANY($1::bigint[])"

_FOLD = """
SELECT DISTINCT ON (account_id, purpose) account_id, purpose, kind
FROM control.objection_event, unnest(purposes) AS purpose
WHERE account_id = ANY($1::bigint[])
ORDER BY account_id, purpose, id DESC
"""
_IN_FORCE = """
SELECT country, array_agg(DISTINCT purpose) AS purposes
FROM control.suspension, unnest(countries) AS country, unnest(purposes) AS purpose
WHERE valid_from <= $1 AND (valid_until IS NULL OR valid_until > $1)
GROUP BY country
"""
_COUNTRIES = "SELECT id, country_code FROM messenger.account WHERE id = ANY($1::bigint[])"
_HELD = {
    "social": """
        SELECT messenger_id, purposes, objected, acknowledged FROM social.restriction
        WHERE messenger_id = ANY($1::bigint[])
    """,
    "messenger": """
        SELECT account_id, purposes, objected, acknowledged FROM messenger.restriction
        WHERE account_id = ANY($1::bigint[])
    """,
}
_RESTRICT = "SELECT {}.restrict_at($1::bigint[], $2::integer[], $3::integer[], $4, $5, $6, $7)"


@dataclass(frozen=True)
class Stores:
    """Connections that may write restrictions: of the writers' roles, or of the owners."""

    control: Connection
    messenger: Connection
    social: Connection

    @property
    def keepers(self) -> list[tuple[str, Ask]]:
        """The stores that keep restrictions, each with a way to ask it: the social network's first."""
        return [("social", partial(ask, self.social)), ("messenger", partial(ask, self.messenger))]


@dataclass(frozen=True)
class StoredRestriction:
    """What a store holds for a member. `objected` None: loaded without saying which bits are objections.

    `acknowledged`: the objections that `control` wrote there, part of the store's digest; None without any.
    """

    purposes: int = 0
    objected: int | None = 0
    acknowledged: int | None = None


@dataclass(frozen=True)
class RequiredRestriction:
    """What is in force for a member: the fold of their events (None without events), and suspensions."""

    objected: int | None
    suspended: int

    def of(self, held: StoredRestriction) -> int:
        """The bits that a store must hold. A member loaded as restricted, without an event, stays so."""
        kept = held.purposes if held.objected is None else held.objected
        return (kept if self.objected is None else self.objected) | self.suspended

    def is_acknowledged(self, held: StoredRestriction) -> bool:
        """Whether the store's digest says the same of the member as the digest of the events."""
        return (held.acknowledged or 0) == (self.objected or 0)


NOTHING = StoredRestriction()


async def ask(connection: Connection, sql: str, *arguments: Any) -> list[Record]:
    """The rows of one statement, in a transaction of its own.

    Outside a transaction a pooler could send a statement's parts to two servers.
    """
    async with transaction(connection):
        return await connection.fetch(sql, *arguments)


async def lock_one(control: Connection, account_id: int) -> None:
    """Lock the member for this writer until the transaction ends."""
    await control.fetchrow(_ONE, account_id)


async def lock_all(control: Connection) -> None:
    """Lock all members for this writer until the transaction ends."""
    await control.execute(_ALL)


async def settle(
    stores: Stores, members: Sequence[int], now: datetime, *, unknown: frozenset[int] = frozenset()
) -> int:
    """Make both stores hold what is in force for these members; return for how many a store differed.

    `unknown`: the members that the social network's store restricted without knowing them. When this returns,
    both stores enforce it. After an exception the result is *unknown*: call it again. ControlIsOlder: nothing
    was written, because `control` has lost a part of the history that a store knows.
    """
    control = stores.control
    await refuse_if_older(stores.keepers, partial(ask, control))
    # Committed before a store can have it, and so outside the transaction.
    drawn = await draw(partial(ask, control))
    async with transaction(control):
        # Thousands of single locks would not fit into the server's lock table.
        await (lock_one(control, members[0]) if len(members) == 1 else lock_all(control))
        version = await control.fetchval(_VERSION)
        wanted = await _wanted(stores, members, now)
        differing, unacknowledged = await _differing(stores, wanted)
        changed = differing | unacknowledged | unknown
        write = [member for member in wanted if member in changed]
        if write:
            await _write(stores, write, wanted, version=version, drawn=drawn, opens=bool(unknown))
            await acknowledge(partial(ask, control), drawn)
        await control.execute(_SETTLED, members)
    return len(differing)


async def _write(
    stores: Stores,
    members: list[int],
    wanted: Mapping[int, RequiredRestriction],
    *,
    version: int,
    drawn: HistoryMark,
    opens: bool,
) -> None:
    arrays = (
        members,
        [wanted[member].objected for member in members],
        [wanted[member].suspended for member in members],
        version,
    )
    position = (drawn.position, drawn.mark)
    ((more,),) = await ask(stores.social, _RESTRICT.format("social"), *arrays, False, *position)
    await ask(stores.messenger, _RESTRICT.format("messenger"), *arrays, True, *position)
    if more or opens:
        await ask(stores.social, _RESTRICT.format("social"), *arrays, True, *position)


async def _wanted(stores: Stores, members: Sequence[int], now: datetime) -> dict[int, RequiredRestriction]:
    """What is in force for each member. A member unknown to the messenger is in no country."""
    folds = await folds_of(stores.control, members)
    suspended = await suspended_at(stores.control, now)
    countries = {row[0]: row[1] for row in await ask(stores.messenger, _COUNTRIES, members)}
    return {
        member: RequiredRestriction(folds.get(member), suspended.get(countries.get(member, ""), 0))
        for member in dict.fromkeys(members)
        # The country of the others is unknown: they stay restricted as long as anything is suspended.
        if member in countries or member in folds or not suspended
    }


async def _differing(stores: Stores, wanted: Mapping[int, RequiredRestriction]) -> tuple[set[int], set[int]]:
    """The members that a store does not restrict as it must, and those that its digest does not count."""
    members = list(wanted)
    differing, unacknowledged = set(), set()
    for name, store in stores.keepers:
        held = {row[0]: StoredRestriction(*row[1:]) for row in await store(_HELD[name], members)}
        for member in members:
            of_store = held.get(member, NOTHING)
            if wanted[member].of(of_store) != of_store.purposes:
                differing.add(member)
            if not wanted[member].is_acknowledged(of_store):
                unacknowledged.add(member)
    return differing, unacknowledged


async def held_for(stores: Stores, member: int) -> int:
    """The bits for which a store withholds this member's data now, for whichever reason."""
    held = 0
    for name, store in (("social", stores.social), ("messenger", stores.messenger)):
        for row in await ask(store, _HELD[name], [member]):
            held |= row["purposes"]
    return held


async def folds_of(control: Connection, members: Iterable[int]) -> dict[int, int]:
    """Member → bits objected to, from their events in order; only members with events."""
    folds: dict[int, int] = {}
    for row in await ask(control, _FOLD, list(members)):
        bit = OBJECTABLE[Purpose(row["purpose"])] if row["kind"] == "OBJECT" else 0
        folds[row["account_id"]] = folds.get(row["account_id"], 0) | bit
    return folds


async def suspended_at(control: Connection, now: datetime) -> dict[str, int]:
    """Country → bits suspended there at that time; only countries with any."""
    rows = await ask(control, _IN_FORCE, now)
    return {row["country"]: bits_of(Purpose(each) for each in row["purposes"]) for row in rows}


def bits_of(purposes: Iterable[Purpose]) -> int:
    """The purposes as the number in the stores' rows."""
    return sum({OBJECTABLE[purpose] for purpose in purposes})


def purposes_of(bits: int) -> list[Purpose]:
    """The purposes of such a number, in the order of `OBJECTABLE`."""
    return [purpose for purpose, bit in OBJECTABLE.items() if bits & bit]
