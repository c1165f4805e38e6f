"""One thing in a store that differs from what its universes must be, as a record and as a sentence.

Every check of a store returns these records. Start-up and the doctor add advice by kind
(`gateway/upkeep/advice.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, auto


class DifferenceKind(StrEnum):
    """What differs."""

    COLUMN_UNCLASSIFIED = auto()
    COLUMN_MISSING = auto()
    COLUMN_TYPE = auto()
    CHECK_MISSING = auto()
    TRIGGER_OFF = auto()
    TRIGGER_NOT_ALWAYS = auto()
    TRIGGER_CHANGED = auto()
    TRIGGER_UNKNOWN = auto()
    FUNCTION_CHANGED = auto()
    TABLE_REWRITTEN = auto()
    SETTING_CHANGED = auto()
    COPIES_DIFFER = auto()
    PROBE_FOUND = auto()
    PROBE_MISSED = auto()
    PROBE_FAILED = auto()
    NOT_PROVED = auto()
    UNIVERSE_MISSING = auto()
    UNIVERSE_OF_OTHER_POLICY = auto()
    UNIVERSE_CHANGED = auto()
    ROLE_MISSING = auto()
    ROLE_POWERS = auto()
    ROLE_SEARCH_PATH = auto()
    PRIVILEGE_BEYOND = auto()
    PRIVILEGE_MISSING = auto()
    LOGIN_REFUSED = auto()
    LOGIN_DIVERTED = auto()
    LEDGER_UNWRITABLE = auto()


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs, and in which store. It names parts of the schema and roles, never data.

    `name`: the column, trigger, universe or role. `relation`: for a privilege, the table, view or
    function; for a setting, what it is set for: a role, the database, or the session.
    """

    kind: DifferenceKind
    store: str
    name: str
    relation: str = ""


SENTENCES: Mapping[DifferenceKind, str] = {
    DifferenceKind.COLUMN_UNCLASSIFIED: "column {name} is not classified",
    DifferenceKind.COLUMN_MISSING: "column {name} is classified but missing",
    DifferenceKind.COLUMN_TYPE: "column {name} has another type than its class says",
    DifferenceKind.CHECK_MISSING: "column {name} has no validated CHECK that keeps its values plain",
    DifferenceKind.TRIGGER_OFF: "trigger {name} is missing or off",
    DifferenceKind.TRIGGER_NOT_ALWAYS: "trigger {name} does not fire for replicated rows",
    DifferenceKind.TRIGGER_CHANGED: "trigger {name} has another condition, event or function",
    DifferenceKind.TRIGGER_UNKNOWN: "trigger {name} runs before rows are written, and is not the gateway's",
    DifferenceKind.FUNCTION_CHANGED: "function {name} is missing, or does something else",
    DifferenceKind.TABLE_REWRITTEN: "table {name} has a rule, other row security, or a table that inherits",
    DifferenceKind.SETTING_CHANGED: "{name} is set for {relation} and must not be",
    DifferenceKind.COPIES_DIFFER: "{name} rows do not carry the restriction of their member",
    DifferenceKind.PROBE_FOUND: "a made-up person who objected is found in {name}",
    DifferenceKind.PROBE_MISSED: "a made-up person who did not object is missing from {name}",
    DifferenceKind.PROBE_FAILED: "the made-up people could not be looked for by {name}",
    DifferenceKind.NOT_PROVED: "view {name} is not what the policy opens: it {relation}",
    DifferenceKind.UNIVERSE_MISSING: "universe {name} is missing",
    DifferenceKind.UNIVERSE_OF_OTHER_POLICY: "universe {name} is of another policy",
    DifferenceKind.UNIVERSE_CHANGED: "universe {name} was changed by hand since it was applied",
    DifferenceKind.ROLE_MISSING: "role {name} is missing",
    DifferenceKind.ROLE_POWERS: "role {name} has powers beyond its rights",
    DifferenceKind.ROLE_SEARCH_PATH: "role {name} does not have its own universe as its search path",
    DifferenceKind.PRIVILEGE_BEYOND: "role {name} has a privilege on {relation}",
    DifferenceKind.PRIVILEGE_MISSING: "role {name} lacks a privilege on {relation}",
    DifferenceKind.LOGIN_REFUSED: "role {name} cannot log in",
    DifferenceKind.LOGIN_DIVERTED: "role {name} becomes another user, or is in another schema",
    DifferenceKind.LEDGER_UNWRITABLE: "role {name} cannot write the access ledger",
}


def sentence(difference: Difference) -> str:
    """The difference in words, without its store."""
    return SENTENCES[difference.kind].format(name=difference.name, relation=difference.relation)
