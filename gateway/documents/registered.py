"""The control store's tables of documents: what is registered, for which client, and under which mode.

`register` takes what was reviewed (`review.py`) and checks nothing itself. A document is known by the
SHA-256 of its text; a line that is retired stays, as a record of what could be asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from resolvers.stores.pool import transaction
from schema.purposes import Purpose

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection, Record

_LOCK = "LOCK TABLE control.client_document IN SHARE ROW EXCLUSIVE MODE"
_KEEP = """
INSERT INTO control.document (hash, text, registered_by) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
"""
_ALLOW = """
INSERT INTO control.client_document (client, hash, operations, purposes, registered_by)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (client, hash) DO UPDATE
SET operations = excluded.operations, purposes = excluded.purposes, registered_by = excluded.registered_by,
    registered_at = now(), retired_at = NULL
"""
_REGISTERED = """
SELECT c.client, c.hash, d.text, c.operations, c.purposes, c.registered_at, c.registered_by
FROM control.client_document c JOIN control.document d USING (hash)
WHERE c.retired_at IS NULL AND ($1::text IS NULL OR c.client = $1)
ORDER BY c.client, c.registered_at, c.hash
"""
_RETIRE = """
UPDATE control.client_document SET retired_at = now()
WHERE client = $1 AND hash = $2 AND retired_at IS NULL RETURNING hash
"""
_MODES = "SELECT client, mode, automatic FROM control.document_mode ORDER BY client"
_SET_MODE = """
INSERT INTO control.document_mode (client, mode, automatic) VALUES ($1, $2, $3)
ON CONFLICT (client) DO UPDATE SET mode = excluded.mode, automatic = excluded.automatic, changed_at = now()
"""
_PURPOSES = """
SELECT DISTINCT unnest(purposes) FROM control.token
WHERE client = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
"""
_IS_KNOWN = """
SELECT EXISTS (SELECT FROM control.token WHERE client = $1)
    OR EXISTS (SELECT FROM control.client_document WHERE client = $1)
"""


class Mode(StrEnum):
    """What a client may ask besides what is registered for it."""

    LOG = "log"
    PREFER = "prefer"
    ENFORCE = "enforce"


@dataclass(frozen=True, slots=True)
class Setting:
    """A client's mode, and whether it may make documents known by itself."""

    mode: Mode = Mode.LOG
    automatic: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """A document with the names of its operations; none if its only one has no name."""

    text: str
    operations: tuple[str, ...]
    purposes: tuple[Purpose, ...]

    @property
    def hash(self) -> bytes:
        """The 32 bytes by which it is known."""
        return hash_of(self.text)


@dataclass(frozen=True, slots=True)
class Registered:
    """A document that a client may use, and since when."""

    client: str
    hash: bytes
    document: Document
    registered_at: datetime
    registered_by: str | None


def hash_of(text: str) -> bytes:
    """The SHA-256 of a document's text in UTF-8, unchanged: no white space is removed."""
    return hashlib.sha256(text.encode()).digest()


async def register(
    connection: Connection, client: str, documents: Iterable[Document], *, by: str | None
) -> tuple[bytes, ...]:
    """Let the client use all these documents; the hashes of those that are new, or for other purposes now.

    All or none. What is registered already stays untouched, and no process hears of it.
    """
    async with transaction(connection):
        # Two at once would each find the other's missing.
        await connection.execute(_LOCK)
        known = {each.hash: each.document for each in await registered(connection, client)}
        new = [each for each in documents if known.get(each.hash) != each]
        if new:
            await connection.executemany(_KEEP, [(each.hash, each.text, by) for each in new])
            await connection.executemany(
                _ALLOW, [(client, each.hash, list(each.operations), list(each.purposes), by) for each in new]
            )
    return tuple(each.hash for each in new)


async def registered(connection: Connection, client: str | None = None) -> tuple[Registered, ...]:
    """What the client may use, or every client; in the order of registration."""
    return tuple(_registered(row) for row in await connection.fetch(_REGISTERED, client))


def _registered(row: Record) -> Registered:
    # A purpose that this version does not know is none for which the document may be asked.
    purposes = tuple(purpose for purpose in Purpose if purpose.value in row["purposes"])
    document = Document(row["text"], tuple(row["operations"]), purposes)
    return Registered(row["client"], row["hash"], document, row["registered_at"], row["registered_by"])


async def retire(connection: Connection, client: str, digest: bytes) -> bool:
    """Take a document from a client; False if it is not registered for it."""
    return await connection.fetchval(_RETIRE, client, digest) is not None


async def settings_of_clients(connection: Connection) -> dict[str, Setting]:
    """Each client's setting, where it has one."""
    return {
        row["client"]: Setting(Mode(row["mode"]), row["automatic"]) for row in await connection.fetch(_MODES)
    }


async def set_mode(connection: Connection, client: str, setting: Setting) -> None:
    """Change a client's setting."""
    await connection.execute(_SET_MODE, client, setting.mode.value, setting.automatic)


async def is_known(connection: Connection, client: str) -> bool:
    """Whether the client ever had a token or a document: another name is a misspelt one, or a JWT's."""
    return bool(await connection.fetchval(_IS_KNOWN, client))


async def purposes_of(connection: Connection, client: str) -> tuple[Purpose, ...]:
    """The purposes of the client's live tokens."""
    found = {row[0] for row in await connection.fetch(_PURPOSES, client)}
    return tuple(purpose for purpose in Purpose if purpose.value in found)
