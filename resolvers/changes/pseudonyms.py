"""Pseudonyms for audit: who recorded something has one name there, which leads to nothing else.

The messenger's store has the same names, beside the terms that these people accepted.

The name is an HMAC under a key that only the gateway has, and stands in `control` beside the account's
number; the universe of AUDIT joins it on and leaves the number out, so that neither the role nor whoever
copies its answers can tell whose it is, or find the person under another purpose. The same person has the
same name in every answer: an auditor can follow a history without knowing whose it is.

Rejected: to name people while an answer is made (the role would read the number), a hash in the view
(without a key it is undone by counting), the key in the database (whoever reads a backup has both).
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

# The newest first: between two passes there are few, and they are all among them.
_NAMELESS = """
SELECT DISTINCT account_id
FROM (SELECT account_id FROM control.objection_event ORDER BY id DESC LIMIT $1) newest
WHERE NOT EXISTS (SELECT FROM control.pseudonym p WHERE p.account_id = newest.account_id)
"""
_ALL_NAMELESS = """
SELECT DISTINCT e.account_id FROM control.objection_event e
WHERE NOT EXISTS (SELECT FROM control.pseudonym p WHERE p.account_id = e.account_id) LIMIT $1
"""
_NAMED = "SELECT account_id, person FROM control.pseudonym WHERE account_id > $1 ORDER BY account_id LIMIT $2"
_STAND = "SELECT account_id, person FROM control.pseudonym WHERE account_id = ANY($1::bigint[])"
# Equal where the same names stand: the stores need not be read side by side for that.
_SUM = "SELECT count(*), sum(hashtextextended(person, account_id)) FROM {}.pseudonym"
_NAME = """
INSERT INTO {}.pseudonym (account_id, person) SELECT * FROM unnest($1::bigint[], $2::text[])
ON CONFLICT DO NOTHING
"""
_NAME_IN_CONTROL, _NAME_IN_MESSENGER = _NAME.format("control"), _NAME.format("messenger")

Naming = Callable[[int], str]


def naming(key: bytes) -> Naming:
    """The name of an account for audit, such as ``pa_`` and 26 letters: 128 bits of HMAC-SHA-256."""

    def name_of(account_id: int) -> str:
        made = hmac.digest(key, b"AUDIT|%d" % account_id, "sha256")[:16]
        return f"pa_{b32encode(made).decode().rstrip('=').lower()}"

    return name_of


async def name_everybody(control: Connection, messenger: Connection, name_of: Naming, whole: bool) -> int:
    """Give a name to all who recorded something and have none; how many had none.

    `whole`: look at every event, as a start-up does, and that the messenger's store has all names;
    otherwise at the newest events, unless there are more. Who has two at once keeps the first: what counts
    is what stands in `control`.
    """
    named = 0
    shape = _ALL_NAMELESS if whole else _NAMELESS
    while nameless := [row[0] for row in await ask(control, shape, CHUNK)]:
        await ask(control, _NAME_IN_CONTROL, nameless, [name_of(each) for each in nameless])
        # Those that stand there now, which may be another gateway's: under another secret they differ.
        stand = await ask(control, _STAND, nameless)
        await _copy(messenger, stand)
        named += len(nameless)
        shape = _ALL_NAMELESS
    if whole and await ask(control, _SUM.format("control")) != await ask(messenger, _SUM.format("messenger")):
        last = -1
        while rows := await ask(control, _NAMED, last, CHUNK):
            await _copy(messenger, rows)
            last = rows[-1][0]
    return named


async def _copy(messenger: Connection, rows: Sequence[Any]) -> None:
    await ask(messenger, _NAME_IN_MESSENGER, [row[0] for row in rows], [row[1] for row in rows])
