"""Whether a text is surely a phone number in its normal form, without parsing it.

A merchant's list has a million numbers, most of them in normal form, and the library takes ten microseconds
to parse one. This module says yes only if `phones.normalise` would return the same text, which it reads off
the library's own metadata. Every other text is parsed. A property test compares the two.
"""

from __future__ import annotations

import re
from functools import cache

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

_WRITTEN = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_LONGEST_CODE = 3
# The library's name for the region of numbers without a country, such as +800.
_NO_COUNTRY = "001"


class _Country:
    """What the numbers of one calling code look like."""

    def __init__(self, code: int) -> None:
        region = COUNTRY_CODE_TO_REGION_CODE[code][0]
        about = (
            PhoneMetadata.metadata_for_nongeo_region(code)
            if region == _NO_COUNTRY
            else PhoneMetadata.metadata_for_region(region)
        )
        lengths = about.general_desc.possible_length if about and about.general_desc else ()
        self.lengths = frozenset(length for length in lengths if length > 0)
        # The library removes a national prefix, and sometimes rewrites the number.
        prefix = about.national_prefix_for_parsing if about else None
        self.prefix = re.compile(prefix) if prefix else None

    def has(self, national: str) -> bool:
        """Whether the number without its calling code is one of theirs, with nothing to take off."""
        return (
            len(national) in self.lengths
            # A leading zero is part of the number in some countries and not in others.
            and national[0] != "0"
            and (self.prefix is None or self.prefix.match(national) is None)
        )


@cache
def _country(code: str) -> _Country | None:
    return _Country(int(code)) if int(code) in COUNTRY_CODE_TO_REGION_CODE else None


def is_normal(text: str) -> bool:
    """True if the text is surely in E.164 and normal; False if only the library can tell."""
    if _WRITTEN.fullmatch(text) is None:
        return False
    for length in range(2, _LONGEST_CODE + 2):
        country = _country(text[1:length])
        if country is not None:
            return country.has(text[length:])
    return False
