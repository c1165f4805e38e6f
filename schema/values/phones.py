"""PhoneNumber: one normal form, and a keyed hash for where the number itself must not stand.

A plain hash of a phone number falls in minutes, because there are so few numbers; hence a key that is
kept outside the stores (pseudonymous, not anonymous: GDPR recital 26).
"""

from __future__ import annotations

import hmac
from typing import NewType

import phonenumbers

PhoneNumber = NewType("PhoneNumber", str)
MAX_LENGTH = len("+") + 15


def normalise(text: str) -> PhoneNumber:
    """The number in E.164 (``+4915112345678``). ValueError, quoting nothing, if it cannot be one.

    Only international forms are read: a national one means a different person in each country.
    Idempotent.
    """
    normal = _e164(text)
    # Some texts lose one leading zero at each reading: they are no number that a store could hold.
    if _e164(normal) != normal:
        raise ValueError("not a phone number in international form")
    return PhoneNumber(normal)


def _e164(text: str) -> str:
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        raise ValueError("not a phone number in international form") from None
    normal = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    # Some countries' ranges are longer than E.164 allows; the stores hold none of those.
    if not phonenumbers.is_possible_number(number) or len(normal) > MAX_LENGTH:
        raise ValueError("not a phone number in international form")
    return normal


def keyed_hash(number: PhoneNumber, key: bytes) -> bytes:
    """HMAC-SHA-256 of the normal form: 32 bytes."""
    return hmac.digest(key, number.encode(), "sha256")
