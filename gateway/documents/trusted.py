"""Trusted documents: which text a request runs, and whether its client may run it.

    log       everything runs; a document that is not registered is named in the log, once
    prefer    everything runs
    enforce   what is registered for this client and this purpose runs, and nothing else

A registered document may be sent as text or named by its hash alone, under every mode. Where a client may
make documents known by itself (automatic persisted queries), they are kept in this process and for
this client alone; another client's neither runs nor shows: it is unknown, like one that no client has.

Under *enforce* whatever else is sent gets one constant refusal, before anything of it is parsed.
`DocumentBook` holds what is registered in memory, as `TokenBook` holds tokens, and like it refuses
everything while it is stale: it could not tell a retired document then.
"""

from __future__ import annotations

import logging
import re
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.control.cache import CacheSource, ControlCache, kept_fresh
from gateway.documents.registered import Mode, Registered, Setting, hash_of, registered, settings_of_clients
from schema.purposes import Purpose
from schema.refusals import Code, Refusal

if TYPE_CHECKING:
    from gateway.access.tokens import Caller
    from gateway.web.requests import Asked
    from resolvers.stores.pool import Connection

log = logging.getLogger("gateway.documents.trusted")

_REVISION = "SELECT number FROM control.document_revision"
# Of each client: a client that writes values into its documents has new ones without end.
MAX_TOLD = 1_000
# An identity provider may name as many as it has people.
MAX_CLIENTS = 1_000
MAX_AUTOMATIC_DOCUMENTS = 1_000
MAX_AUTOMATIC_CHARACTERS = 4_000_000
_LONG_NUMBER = re.compile("[0-9]{5}")


@dataclass(frozen=True, slots=True)
class _ClientDocuments:
    """What is registered for a client, by hash and by text, each with its purposes."""

    setting: Setting
    texts: dict[bytes, str] = field(default_factory=dict)
    purposes: dict[str, tuple[Purpose, ...]] = field(default_factory=dict)


@dataclass(slots=True)
class _Automatic:
    """What a client made known by itself; the least recently used go first."""

    texts: OrderedDict[bytes, str] = field(default_factory=OrderedDict)
    characters: int = 0

    def keep(self, digest: bytes, text: str) -> None:
        if digest in self.texts or len(text) > MAX_AUTOMATIC_CHARACTERS:
            return
        self.texts[digest] = text
        self.characters += len(text)
        while len(self.texts) > MAX_AUTOMATIC_DOCUMENTS or self.characters > MAX_AUTOMATIC_CHARACTERS:
            _, gone = self.texts.popitem(last=False)
            self.characters -= len(gone)

    def find(self, digest: bytes) -> str | None:
        text = self.texts.get(digest)
        if text is not None:
            self.texts.move_to_end(digest)
        return text


class DocumentBook:
    """All registered documents, kept fresh by its `follower`. One per process."""

    def __init__(self, connect: Callable[[], Awaitable[Connection]], monotonic: Callable[[], float]) -> None:
        self.cache = ControlCache(CacheSource(_REVISION, "gateway_documents", self._read), connect, monotonic)
        self._clients: dict[str, _ClientDocuments] = {}
        self._unset = _ClientDocuments(Setting())
        self._automatic: dict[str, _Automatic] = {}
        self._told: dict[str, set[int]] = {}

    async def _read(self, connection: Connection) -> None:
        settings = await settings_of_clients(connection)
        found = {client: _ClientDocuments(setting) for client, setting in settings.items()}
        for each in await registered(connection):
            _add(found.setdefault(each.client, _ClientDocuments(Setting())), each)
        self._clients = found
        # Not even in memory may anything stay that a client could ask once it may not.
        self._automatic = {
            client: kept
            for client, kept in self._automatic.items()
            if client in found and found[client].setting.automatic
        }
        # Under another mode, a document in the log is no reason to let it pass.
        self._told = {
            client: told
            for client, told in self._told.items()
            if client not in found or found[client].setting.mode is Mode.LOG
        }

    def trusted(self, asked: Asked, caller: Caller) -> Asked:
        """Return what is asked with the document's text in it, if the client may ask it for its purpose.

        Refuses with STORE_UNAVAILABLE if the book is stale; DOCUMENT_NOT_TRUSTED under *enforce*, the same
        for a document that is unknown, another client's, retired or registered for other purposes;
        PERSISTED_QUERY_NOT_FOUND for an unknown hash without a text elsewhere; BAD_REQUEST for a text that
        has not the hash beside it.
        """
        if not self.cache.is_fresh:
            raise Refusal(Code.STORE_UNAVAILABLE)
        # A client that registered nothing passes here: by one look-up, from the second time on.
        if asked.hash is None and hash(asked.document) in self._told.get(caller.client, ()):
            return asked
        client = self._clients.get(caller.client, self._unset)
        if asked.hash is not None:
            asked = self._named(asked, caller.client, client)
        if client.setting.mode is Mode.ENFORCE:
            if caller.purpose not in client.purposes.get(asked.document, ()):
                raise Refusal(Code.DOCUMENT_NOT_TRUSTED)
        elif client.setting.mode is Mode.LOG and asked.document not in client.purposes:
            self._tell(caller.client, asked.document)
        return asked

    def _named(self, asked: Asked, name: str, client: _ClientDocuments) -> Asked:
        """The same with the text that has the hash. Under *enforce* without any, if it is not registered."""
        assert asked.hash is not None
        if asked.document and hash_of(asked.document) != asked.hash:
            raise Refusal(Code.BAD_REQUEST)
        text = client.texts.get(asked.hash)
        if text is None and client.setting.automatic:
            text = self._known_by_itself(asked.hash, asked.document, name)
        if text is None and not asked.document and client.setting.mode is not Mode.ENFORCE:
            raise Refusal(Code.PERSISTED_QUERY_NOT_FOUND)
        return asked if text is None else asked._replace(document=text)

    def _known_by_itself(self, digest: bytes, text: str, client: str) -> str | None:
        known = self._automatic.setdefault(client, _Automatic())
        if text:
            known.keep(digest, text)
        return known.find(digest)

    def _tell(self, client: str, text: str) -> None:
        """Say in the log, once each, that a document is not registered.

        Known by Python's own hash, which the cache of plans needs of the same text anyway.
        """
        told = self._told.get(client)
        if told is None:
            if len(self._told) >= MAX_CLIENTS:
                return
            told = self._told[client] = set()
        mark = hash(text)
        if mark in told or len(told) > MAX_TOLD:
            return
        # A text with a value in it has another hash for each value, and is never registered. From its hash a
        # reader of the log could find the value by trying all numbers.
        if '"' in text or _LONG_NUMBER.search(text):
            mark = 0
            if mark in told:
                return
        told.add(mark)
        about = {"client": client}
        if len(told) > MAX_TOLD:
            log.warning("More documents are not registered than the log names.", extra=about)
        elif mark:
            log.info("A document is not registered.", extra={**about, "document": hash_of(text).hex()})
        else:
            log.info("A document is not registered, and has values in it: use variables.", extra=about)


def _add(client: _ClientDocuments, each: Registered) -> None:
    client.texts[each.hash] = each.document.text
    client.purposes[each.document.text] = each.document.purposes


@asynccontextmanager
async def open_document_book(
    connect: Callable[[], Awaitable[Connection]], monotonic: Callable[[], float]
) -> AsyncIterator[DocumentBook]:
    """Open a book and keep it fresh while the block runs.

    It may still be stale at the start: `trusted` then refuses with STORE_UNAVAILABLE.
    """
    book = DocumentBook(connect, monotonic)
    async with kept_fresh(book.cache, "document book"):
        yield book
