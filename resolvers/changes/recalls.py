"""Issues recall notices, reads them for their clients, and acknowledges them.

Only the ledger knows which client received whose data. The recalls' role cannot read it, and calls functions
of `control` instead. The ledger holds no values: for a social account it shows that phone numbers were
disclosed, but not whether one of them came from the messenger. In that case the client is notified.

The receivers are found through the links at the moment of the search: an account that was linked earlier and
is not linked now is not found.

Source: GDPR Art. 19.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson
import strawberry

from resolvers.stores.pool import StoreLogin, fresh_connections
from resolvers.stores.serial_connection import SerialConnection
from schema.build import TYPES, fields_of, rows_of
from schema.purposes import OBJECTABLE, Purpose
from schema.terms.marks import Mark, Marks
from schema.terms.words import Seen, terms_of
from schema.types.recalls import Recall

if TYPE_CHECKING:
    from resolvers.plan.identifiers import Seal
    from resolvers.stores.pool import Connection, Record

# An answer that was in progress at the time of an objection may leave a little later.
UNDER_WAY = timedelta(seconds=60)
HIDING = frozenset({Mark.ABSENT, Mark.NULL})

_WANTED = "SELECT event, account_id FROM control.wanted_recalls()"
_LINKED = """
SELECT account_id, messenger_id FROM social.messenger_link WHERE messenger_id = ANY($1::bigint[])
"""
_ISSUE = "SELECT control.issue_recalls($1, $2, $3, $4::jsonb, $5, $6)"
_READ = "SELECT * FROM control.read_recalls($1, $2, $3, $4, $5)"
_ACKNOWLEDGE = "SELECT * FROM control.acknowledge_recalls($1, $2, $3)"
_PREFIX = {"messenger": "ma", "social": "sa"}


def covered() -> list[dict[str, object]]:
    """For each objectable purpose and each purpose that it stops: the fields with data from the messenger.

    A disclosure of a messenger account is always covered; of a social account, only these fields are.
    """
    return [
        {"objected_to": objection.value, "purpose": purpose.value, "fields": sorted(_derived(purpose))}
        for objection in OBJECTABLE
        for purpose in Purpose
        if purpose.objection is objection
    ]


def _derived(purpose: Purpose) -> set[str]:
    """Each `Type.field` that an objection hides under the purpose, wholly or in some rows."""
    found = set()
    for cls in TYPES:
        hidden_rows = any(marks[purpose] in HIDING for marks in _rows(cls))
        for name, field in fields_of(cls).items():
            terms = terms_of(field)
            if hidden_rows or (isinstance(terms, Seen) and terms.marks[purpose] in HIDING):
                found.add(f"{cls.__name__}.{name}")
    return found


def _rows(cls: type) -> Sequence[Marks]:
    return list(rows_of(cls.__name__).kinds.values()) if hasattr(cls, "ROWS") else []


# --- issuing --------------------------------------------------------------------------------------


async def issue(
    waiting: SerialConnection, control: StoreLogin, social: StoreLogin, *, until_due: timedelta
) -> int:
    """Issue the notices for all new objections; return the number of notices. StoreUnavailable.

    `waiting`: the connection that looks for new objections. Safe to interrupt, to repeat, and to run in
    several processes at once.
    """
    wanted = {row["event"]: row["account_id"] for row in await waiting.run(_WANTED)}
    if not wanted:
        return 0
    async with fresh_connections(social) as (links,):
        linked = await links.fetch(_LINKED, list(wanted.values()))
    async with fresh_connections(control) as (connection,):
        return await _issue(connection, wanted, linked, until_due=until_due)


async def _issue(
    control: Connection, wanted: dict[int, int], linked: Sequence[Record], *, until_due: timedelta
) -> int:
    accounts = {row["messenger_id"]: row["account_id"] for row in linked}
    pairs = [(event, accounts[member]) for event, member in wanted.items() if member in accounts]
    issued: int = await control.fetchval(
        _ISSUE,
        list(wanted),
        [event for event, _ in pairs],
        [account for _, account in pairs],
        orjson.dumps(covered()).decode(),
        UNDER_WAY,
        until_due,
    )
    return issued


# --- reading --------------------------------------------------------------------------------------


class RecallStore:
    """The notices, for the role that delivers them: of one client and purpose at a time."""

    def __init__(self, login: StoreLogin) -> None:
        self._connection = SerialConnection(login)
        # A serial connection takes one task at a time.
        self._turn = asyncio.Lock()

    async def page(
        self, client: str, purpose: Purpose, first: int, *, after: int, acknowledged: bool
    ) -> Sequence[Record]:
        """The `first` notices after that number, in order; they count as delivered. StoreUnavailable."""
        return await self._run(_READ, client, purpose, after, first, acknowledged)

    async def acknowledge(self, client: str, purpose: Purpose, numbers: Sequence[int]) -> frozenset[int]:
        """The numbers of those that are acknowledged now. StoreUnavailable: unknown; repeat the call."""
        rows = await self._run(_ACKNOWLEDGE, client, purpose, list(numbers))
        return frozenset(row[0] for row in rows)

    async def _run(self, sql: str, *arguments: Any) -> Sequence[Any]:
        async with self._turn:
            return await self._connection.run(sql, *arguments)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def recall_of(row: Record, seal: Seal | None) -> Recall:
    """The notice of a row of `control.recall`. `seal` sealed the identifiers in the client's answers."""
    prefix, number = f"{_PREFIX[row['store']]}_", str(row["account_id"])
    key = number if seal is None else seal.seal((prefix,), (number,))[0]
    return Recall(
        number=strawberry.ID(str(row["number"])),
        objected_to=row["objected_to"],
        objected_at=row["objected_at"],
        received_for=row["received_for"],
        account=strawberry.ID(f"{prefix}{key}"),
        fields=row["fields"],
        answers=row["answers"],
        first_received_at=row["first_at"],
        last_received_at=row["last_at"],
        last_request=row["last_request"],
        issued_at=row["issued_at"],
        due_at=row["due_at"],
        acknowledged_at=row["acknowledged_at"],
    )
