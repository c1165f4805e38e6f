"""The control characters that mark holes and people in a JSON text until the answer is complete.

Postgres and this gateway escape all free text, and escaped JSON holds no control character. So a stored
value cannot contain one of these, whatever its author typed.
"""

from __future__ import annotations

# A hole is `slot:key` between two HOLE.
HOLE = "\x1f"
# An object between two PART becomes null if a hole in it stays empty.
PART = "\x1e"
# ITEM separates the rows that are gathered into one.
ITEM = "\x1c"
# Between two MARK: the number of a subject and a key. It precedes the object that is about this person,
# tells the ledger so, and is removed before the answer leaves.
MARK = "\x1d"
# Between two KEPT: the same within the object's own identifier, where the key stays in the answer.
KEPT = "\x19"
# Between two KEY: the key within an identifier that names no person for the ledger.
KEY = "\x18"
# A subject's number begins with NUMBERED, as no key does. The first subject, most plans' only one, has none.
NUMBERED = "@"
NUMBER_LENGTH = 4


def subject_mark(subject: int) -> str:
    """A subject's number as marks hold it. All have one length, so that a reader cuts without a search."""
    return f"{NUMBERED}{subject:0{NUMBER_LENGTH - 1}x}" if subject else ""
