"""The values that random worlds choose from: hostile texts, the ends of numbers, and every code.

The texts hold quotes, the bytes that mark holes, emoji and line separators.
"""

from __future__ import annotations

CATEGORIES = ("AUTHENTICATION", "MARKETING", "SERVICE", "UTILITY")
STATUSES = ("ANSWERED", "CLOSED", "OPEN")
TOPICS = ("", "Chess", "chess", "Hiking \u2028", '"quoted" \\ ', "\x1f0:7\x1f", "Žižek 😀")
BANDS = ("BELOW_MINIMUM", "FROM_100", "FROM_500", "FROM_1000", "FROM_5000", "FROM_10000", "FROM_50000")
TOPIC_SOURCES = ("MESSENGER", "SOCIAL")
SOURCES = ("MESSENGER_SHARED", "SECURITY_2FA", "SELF_PROFILE")
COUNTRIES = {"+49151": "DE", "+44770": "GB", "+14155": "US", "+91981": "IN"}
NAMES = (
    "",
    "Ada",
    "Adam",
    "ada",
    "Ada Lovelace",
    'Ann "Q" O\'Neil',
    "back\\slash \\u0041",
    "\x1f0:7\x1f",
    "\x1e,\x1e",
    "\x01\x08\t\n\x0b\x0c\r\x7f",
    "\u2028\u2029",
    "Zoë 😀",
    "Z\uffffe",
    "Žižek",
    '{"data":null}',
    "%s $1 :x ' --",
    "</script>",
    "عمر",
    "long " * 200,
)
OBJECTABLE = ("ADS_PERSONALIZATION", "FRIEND_SUGGESTIONS")
ENDS = (0, 2**31, 2**53 + 1, 2**63 - 1)
