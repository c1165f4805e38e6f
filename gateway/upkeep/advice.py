"""What an operator does next about each kind of difference; start-up and the doctor print the same lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from resolvers.universe.difference import DifferenceKind, sentence

if TYPE_CHECKING:
    from resolvers.universe.difference import Difference

_APPLY = "run `gateway universe --store {store} --apply`"

ADVICE: Mapping[DifferenceKind, str] = {
    DifferenceKind.COLUMN_UNCLASSIFIED: "classify it in resolvers/sources/catalogue.py, or drop it",
    DifferenceKind.COLUMN_MISSING: "run `gateway migrate`",
    DifferenceKind.COLUMN_TYPE: "change it back with ALTER COLUMN … TYPE, then " + _APPLY,
    DifferenceKind.CHECK_MISSING: "add it again as its file in resolvers/universe/ddl does, and VALIDATE it",
    DifferenceKind.TRIGGER_OFF: "ENABLE it, or create it again as its file in resolvers/universe/ddl does",
    DifferenceKind.TRIGGER_NOT_ALWAYS: "ENABLE ALWAYS TRIGGER; ENABLE alone is not enough",
    DifferenceKind.TRIGGER_CHANGED: "drop it, and create it again as its file in resolvers/universe/ddl does",
    DifferenceKind.TRIGGER_UNKNOWN: "drop it, or let it run after the rows are written",
    DifferenceKind.FUNCTION_CHANGED: "create it again as its last file in resolvers/universe/ddl does",
    DifferenceKind.TABLE_REWRITTEN: (
        "undo it with DROP RULE, DROP POLICY, NO FORCE ROW LEVEL SECURITY, or NO INHERIT; then " + _APPLY
    ),
    DifferenceKind.SETTING_CHANGED: "undo it with RESET, for the database, the role, or in the server's file",
    DifferenceKind.COPIES_DIFFER: "a running gateway repairs them within a minute; find out what wrote them",
    DifferenceKind.PROBE_FOUND: "do not serve: " + _APPLY + "; if it stays, restore the store's functions",
    DifferenceKind.PROBE_MISSED: _APPLY,
    DifferenceKind.PROBE_FAILED: "read the log of the store's server; then " + _APPLY,
    DifferenceKind.NOT_PROVED: "do not serve: " + _APPLY + "; `gateway policy prove` shows all",
    DifferenceKind.UNIVERSE_MISSING: _APPLY,
    DifferenceKind.UNIVERSE_OF_OTHER_POLICY: _APPLY,
    DifferenceKind.UNIVERSE_CHANGED: _APPLY,
    DifferenceKind.ROLE_MISSING: _APPLY,
    DifferenceKind.ROLE_POWERS: f"revoke its memberships, attributes and functions, then {_APPLY}",
    DifferenceKind.ROLE_SEARCH_PATH: _APPLY,
    DifferenceKind.PRIVILEGE_BEYOND: "the role does not need it; REVOKE it",
    DifferenceKind.PRIVILEGE_MISSING: _APPLY,
    DifferenceKind.LOGIN_REFUSED: (
        "check GATEWAY_{setting}_DSN; let the role in (pg_hba.conf, or a password in .pgpass); "
        "if it does not exist, " + _APPLY
    ),
    DifferenceKind.LOGIN_DIVERTED: "a pooler must pass the user on and keep its settings",
    DifferenceKind.LEDGER_UNWRITABLE: "check GATEWAY_{setting}_DSN, and let the role in; then " + _APPLY,
}


def advice(difference: Difference) -> str:
    """What to do about the difference."""
    store = difference.store
    return ADVICE[difference.kind].format(store=store, setting=store.upper())


def with_advice(difference: Difference) -> str:
    """The difference as one line: what differs, and what to do; without its store."""
    return f"{sentence(difference)}: {advice(difference)}"
