"""Retired words and names, each with its replacement, and the exceptions: the only such list."""

from __future__ import annotations

import re

# Words that no document, comment, docstring, message or identifier holds. Old → what to write instead.
WORDS = {
    "whoever": "name the actor: the caller, a client, the operator",
    "whom": "name the actor: the client that …, the person whose …",
    "whomever": "name the actor",
    "nobody": "no one, no client, no account: or say what is not there",
    "anew": "again",
    "told of": "disclosed, shown: a client receives a person's data",
    "stand": "is, is written, is held",
    "stands": "is, is written, is held",
    "stood": "was, was written, was held",
    "what is … is …": "begin with the subject: “Requests are refused before …”",
}

# Names that no module, class or function of the three rooms has. Old → new.
NAMES = {
    "Bound": "Principal",
    "Endpoint": "StoreLogin",
    "endpoints": "store_logins",
    "World": "PurposeContext",
    "together": "group_commit",
    "Together": "GroupCommit",
    "meet": "charge",
    "has_met": "is_charged",
    "Wish": "Waiter",
    "following": "cache",
    "patience": "deadlines",
    "whereabouts": "provenance",
    "reach": "disclosed_fields",
    "circles": "suggestion_sql",
    "belongings": "own_rows",
    "spelling": "json_text",
    "mentions": "subjects",
    "keeper": "reconciler",
    "keyring": "jwks",
    "door": "routes",
    "figures": "statistics",
    "asking": "tests/kit/gateway",
}
# `lists` was customer lists in one room and list arguments in another: retired as a module's name alone.
MODULES = {**NAMES, "lists": "customer_lists or list_arguments", "lines": "serial_connection"}

# (path, word): why the word stays. A path that ends with `/` is a folder.
EXCEPTIONS = {
    ("resolvers/universe/ddl/", "*"): "applied migrations keep their bytes",
    ("gateway/documents/review_forms.py", "whom"): "`ofWhom` is a published member of the JSON review",
    ("tests/commands/test_documents_commands.py", "whom"): "reads that member",
    ("tests/measure/", "*"): "this list",
    ("tests/house/test_measure.py", "*"): "the test of this list",
}


def pattern(word: str) -> re.Pattern[str]:
    """Find `word` in prose and as a part of an identifier: nobody_keeps, NobodyKeeps."""
    if "…" in word:
        # Over the end of a line, but not of a paragraph.
        gap = r"(?: +|\n[ \t]*(?:#[ \t]*)?(?!\n))"
        return re.compile(rf"(?<![A-Za-z])[Ww]hat is (?:[^\s.,:;?!|]+{gap}){{1,8}}is(?![A-Za-z])")
    parts = r"[\s_]+".join(word.split())
    title = word.title().replace(" ", "")
    alone = rf"(?<![A-Za-z])(?i:{parts})(?![A-Za-z])"
    return re.compile(rf"{alone}|(?<![A-Za-z]){parts}(?=[A-Z])|(?<=[a-z]){title}(?![a-z])|{title}(?=[A-Z])")


PATTERNS = {word: pattern(word) for word in WORDS}


def is_excepted(path: str, word: str) -> bool:
    """Whether `word` may stay in the file `path`."""
    return any(
        (path.startswith(place) if place.endswith("/") else path == place) and kept in ("*", word)
        for place, kept in EXCEPTIONS
    )
