"""Sealed cursors: an item's place in one list, readable by this gateway alone.

AES-SIV (RFC 5297) encrypts the order's values and authenticates them together with what the cursor is
sealed for: purpose, version of the policy, field, filter and order. It is deterministic on purpose: the
same list gives the same bytes, so a hidden row cannot show as a difference between two answers. A cursor
that was sealed for something else does not open, and the refusal does not say why.
"""

from __future__ import annotations

import base64
import binascii

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from schema.refusals import Code, Refusal

# Far above the longest name: a sealed cursor must open, or a refusal would disclose the data's length.
MAX_CURSOR = 100_000
# A payload is filled up with spaces to a multiple of this, and every number fits into 24. Else the length of
# a cursor would tell how many digits a number has, and so where a list passes 10, 100 or 1,000 in the store.
FILLED_TO = 24


class Cursors:
    """Seals and opens cursors under one 64-byte key."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESSIV(key)

    def seal(self, payload: str, sealed_for: bytes) -> str:
        """URL-safe text of the payload (a JSON list of the order's values)."""
        plain = payload.encode()
        filled = plain.ljust(-(-len(plain) // FILLED_TO) * FILLED_TO)
        return _spelled(self._cipher.encrypt(filled, [sealed_for]))

    def open(self, cursor: str, sealed_for: bytes) -> list[object]:
        """The order's values. CURSOR_REFUSED for every text that was not sealed for `sealed_for`."""
        if len(cursor) > MAX_CURSOR or not cursor.isascii():
            raise Refusal(Code.CURSOR_REFUSED)
        try:
            sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            values: list[object] = orjson.loads(self._cipher.decrypt(sealed, [sealed_for]))
        except (binascii.Error, ValueError, InvalidTag):
            raise Refusal(Code.CURSOR_REFUSED) from None
        # The decoder also takes `+`, `/` and stray bits at the end: many texts for one cursor.
        if _spelled(sealed) != cursor:
            raise Refusal(Code.CURSOR_REFUSED)
        return values


def _spelled(sealed: bytes) -> str:
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()
