"""Phone numbers: one normal form, and a keyed hash for places that must not have the number.

There are so few phone numbers that a plain hash is reversed in minutes. The hash therefore has a key, which
is kept outside of the stores (pseudonymous, not anonymous: GDPR recital 26).
"""

from __future__ import annotations

import hmac
from typing import NewType

import phonenumbers

PhoneNumber = NewType("PhoneNumber", str)
MAX_LENGTH = len("+") + 15


def normalise(text: str) -> PhoneNumber:
    """The number in E.164 (``+4915112345678``). ValueError, quoting nothing, if it cannot be one.

    Only international forms are read, because a national form means a different person in each country.
    Idempotent.
    """
    normal = _e164(text)
    # Some texts lose a leading zero at each parsing. They are not numbers that a store can have.
    if _e164(normal) != normal:
        raise ValueError("not a phone number in international form")
    return PhoneNumber(normal)


def _e164(text: str) -> str:
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        raise ValueError("not a phone number in international form") from None
    normal = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    # Some countries have longer ranges than E.164 allows. The stores have none of these numbers.
    if not phonenumbers.is_possible_number(number) or len(normal) > MAX_LENGTH:
        raise ValueError("not a phone number in international form")
    return normal


def keyed_hash(number: PhoneNumber, key: bytes) -> bytes:
    """HMAC-SHA-256 of the normal form: 32 bytes."""
    return hmac.digest(key, number.encode(), "sha256")
