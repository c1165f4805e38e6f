"""Pseudonyms for audit: one name for each person who objected, which leads to nothing else.

The messenger's store has the same names, beside the terms that these people accepted.

A pseudonym is an HMAC under a key that only the gateway has. `control` holds it beside the account's number.
The universe of AUDIT shows the pseudonym without the number: so neither its role nor a reader of its answers
can identify the person, or find them under another purpose. The same person has the same pseudonym in every
answer, so an auditor can follow a history without knowing whose it is.

Rejected: computing pseudonyms while an answer is made (the role would read the number), a hash in the view
(without a key, hashing every number undoes it), the key in the database (a backup would hold both).
"""

from __future__ import annotations

import hmac
from base64 import b32encode
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from resolvers.changes.restrictions import ask

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection

CHUNK = 10_000

# The newest events: between two passes there are few new ones. What stays of an erased person (`erasure.py`)
# has no pseudonym, and so does not occur under AUDIT.
_UNNAMED = """
SELECT DISTINCT account_id
FROM (SELECT account_id, channel FROM control.objection_event ORDER BY id DESC LIMIT $1) newest
WHERE channel <> 'erased'
    AND NOT EXISTS (SELECT FROM control.pseudonym p WHERE p.account_id = newest.account_id)
"""
_ALL_UNNAMED = """
SELECT DISTINCT e.account_id FROM control.objection_event e
WHERE channel <> 'erased' AND NOT EXISTS (SELECT FROM control.pseudonym p WHERE p.account_id = e.account_id)
LIMIT $1
"""
_NAMED = "SELECT account_id, person FROM control.pseudonym WHERE account_id > $1 ORDER BY account_id LIMIT $2"
_STORED = "SELECT account_id, person FROM control.pseudonym WHERE account_id = ANY($1::bigint[])"
# Equal if both stores hold the same pseudonyms: one row of each is compared, not all.
_SUM = "SELECT count(*), sum(hashtextextended(person, account_id)) FROM {}.pseudonym"
_NAME = """
INSERT INTO {}.pseudonym (account_id, person) SELECT * FROM unnest($1::bigint[], $2::text[])
ON CONFLICT DO NOTHING
"""
_NAME_IN_CONTROL, _NAME_IN_MESSENGER = _NAME.format("control"), _NAME.format("messenger")

Naming = Callable[[int], str]


def naming(key: bytes) -> Naming:
    """The function that computes an account's pseudonym: ``pa_`` and 26 letters, 128 bits of HMAC-SHA-256."""

    def name_of(account_id: int) -> str:
        made = hmac.digest(key, b"AUDIT|%d" % account_id, "sha256")[:16]
        return f"pa_{b32encode(made).decode().rstrip('=').lower()}"

    return name_of


async def name_everybody(control: Connection, messenger: Connection, name_of: Naming, *, whole: bool) -> int:
    """Give a pseudonym to everyone who objected and has none; return their number.

    `whole`: read every event, as a start-up does, and check that the messenger's store has all pseudonyms.
    Otherwise read the newest events, and more only if these have people without one. If two gateways name a
    person at once, the first pseudonym in `control` counts.
    """
    named = 0
    shape = _ALL_UNNAMED if whole else _UNNAMED
    while nameless := [row[0] for row in await ask(control, shape, CHUNK)]:
        await ask(control, _NAME_IN_CONTROL, nameless, [name_of(each) for each in nameless])
        # Read back: another gateway may have named them first, under another secret.
        stored = await ask(control, _STORED, nameless)
        await _copy(messenger, stored)
        named += len(nameless)
        shape = _ALL_UNNAMED
    if whole and await ask(control, _SUM.format("control")) != await ask(messenger, _SUM.format("messenger")):
        last = -1
        while rows := await ask(control, _NAMED, last, CHUNK):
            await _copy(messenger, rows)
            last = rows[-1][0]
    return named


async def _copy(messenger: Connection, rows: Sequence[Any]) -> None:
    await ask(messenger, _NAME_IN_MESSENGER, [row[0] for row in rows], [row[1] for row in rows])
