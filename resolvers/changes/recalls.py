"""Issues recall notices, reads them for their clients, and acknowledges them.

Only the ledger knows which client received whose data. The recalls' role cannot read it, and calls functions
of `control` instead. A client is notified of what it received, and of nothing else: an entry names a member's
account, or a place that is covered (`SubjectPlace`), only if the body held that data. So a client that was
only told null is not notified, and does not learn that the person objected.

Rejected: to take the fields of the document for what was received. `messengerLink` is null for objectors, and
the notice named them: 10 of 10 who were first asked about after their objection, 0 of 10 others.

The receivers are found through the links at the moment of the search: an account that was linked earlier and
is not linked now is not found. Where an account has shared numbers, topics or offers of another member as
well, an entry does not say whose were received, and no client is notified of these.

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
from schema.purposes import OBJECTABLE, Purpose
from schema.types.recalls import Recall

if TYPE_CHECKING:
    from resolvers.plan.identifiers import Seal
    from resolvers.stores.pool import Connection, Record

# An answer that was in progress at the time of an objection may leave a little later.
UNDER_WAY = timedelta(seconds=60)

_WANTED = "SELECT event, account_id FROM control.wanted_recalls()"
_LINKED = """
SELECT l.account_id, l.messenger_id, l.since,
       EXISTS (SELECT FROM social.phone_binding r
               WHERE r.account_id = l.account_id AND r.messenger_id <> l.messenger_id) AS other_phones,
       EXISTS (SELECT FROM social.ad_topic r
               WHERE r.account_id = l.account_id AND r.messenger_id <> l.messenger_id) AS other_topics,
       EXISTS (SELECT FROM social.offer_audience r
               WHERE r.account_id = l.account_id AND r.messenger_id <> l.messenger_id) AS other_offers
FROM social.messenger_link l WHERE l.messenger_id = ANY($1::bigint[])
"""
_ISSUE = "SELECT control.issue_recalls($1, $2::jsonb, $3::jsonb, $4, $5)"
_READ = "SELECT * FROM control.read_recalls($1, $2, $3, $4, $5)"
_ACKNOWLEDGE = "SELECT * FROM control.acknowledge_recalls($1, $2, $3)"
_PREFIX = {"messenger": "ma", "social": "sa"}
# The types and fields of rows that may be another member's: of one who was linked with the account earlier.
_ROWS_OF_OTHERS = {
    "other_phones": ("PhoneBinding", "SocialAccount.phones", "Query.socialAccountByPhone"),
    "other_topics": ("AdTopic", "SocialAccount.adTopics"),
    "other_offers": ("Offer", "SocialAccount.offers"),
}


def covered() -> list[dict[str, str]]:
    """For each objectable purpose the purposes that an objection to it stops."""
    return [
        {"objected_to": objection.value, "purpose": purpose.value}
        for objection in OBJECTABLE
        for purpose in Purpose
        if purpose.objection is objection
    ]


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
    links = {row["messenger_id"]: row for row in linked}
    found = [_link(event, links[member]) for event, member in wanted.items() if member in links]
    issued: int = await control.fetchval(
        _ISSUE,
        list(wanted),
        orjson.dumps(found).decode(),
        orjson.dumps(covered()).decode(),
        UNDER_WAY,
        until_due,
    )
    return issued


def _link(event: int, row: Record) -> dict[str, object]:
    others = [name for column, names in _ROWS_OF_OTHERS.items() if row[column] for name in names]
    return {"event": event, "account": row["account_id"], "since": row["since"], "others": others}


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
    """The notice of a row of `control.read_recalls`. `seal`: of the client's identifiers."""
    prefix, number = f"{_PREFIX[row['store']]}_", str(row["account_id"])
    key = number if seal is None else seal.seal((prefix,), (number,))[0]
    return Recall(
        number=strawberry.ID(str(row["number"])),
        objected_to=row["objected_to"],
        objected_at=row["objected_on"],
        received_for=row["received_for"],
        account=strawberry.ID(f"{prefix}{key}"),
        fields=row["fields"],
        answers=row["answers"],
        first_received_at=row["first_at"],
        last_received_at=row["last_at"],
        last_request=row["last_request"],
        issued_at=row["issued_on"],
        due_at=row["due_on"],
        acknowledged_at=row["acknowledged_at"],
    )
