"""The text of a token: `gw_`, 43 base62 digits (256 random bits), 6 base62 digits (the CRC-32 of all before).

Secret scanners find it by

    gw_[0-9A-Za-z]{49}

and confirm it by the checksum, without a request to any server.
"""

from __future__ import annotations

import hmac
import re
import zlib
from collections.abc import Callable

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SECRET_DIGITS, _CHECKSUM_DIGITS = 43, 6
_TOKEN = re.compile(rb"gw_[0-9A-Za-z]{49}")
# A token or a JWT (whose header begins with `{"`) within a text.
_CREDENTIAL = re.compile(r"gw_[0-9A-Za-z]{49}|eyJ[0-9A-Za-z_-]+\.[0-9A-Za-z_-]+\.")


def new_token(random: Callable[[int], bytes]) -> str:
    """Return the text of a new token. `random` must be cryptographically strong."""
    secret = f"gw_{_base62(int.from_bytes(random(32), 'big'), _SECRET_DIGITS)}"
    return secret + _checksum(secret.encode())


def is_well_formed(token: bytes) -> bool:
    """Whether the form and the checksum are those of a token."""
    return _TOKEN.fullmatch(token) is not None and checksum_holds(token)


def holds_credential(text: str) -> bool:
    """Whether a text contains a token or a JWT, by its form alone."""
    return _CREDENTIAL.search(text) is not None


def checksum_holds(token: bytes) -> bool:
    """Whether the checksum is right, for bytes with a token's form."""
    return _checksum(token[:-_CHECKSUM_DIGITS]).encode() == token[-_CHECKSUM_DIGITS:]


def token_hash(key: bytes, token: bytes) -> bytes:
    """Return the 32 bytes under which the store knows a token."""
    return hmac.digest(key, token, "sha256")


def _checksum(secret: bytes) -> str:
    return _base62(zlib.crc32(secret), _CHECKSUM_DIGITS)


def _base62(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, 62)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
