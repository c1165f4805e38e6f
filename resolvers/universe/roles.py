"""The roles that write: for each kind of change and database one login, which may do that and nothing else.

*Objections*: in the stores it may call the two functions that write restrictions and read what they
depend on; in `control` it may add events and take notes. It sees no phone number, no name, no address book.

*Customer lists*: in the social network's store it may add entries, which it cannot read, and call the
functions that judge them and that hash new numbers. It sees no member of any list.

*The access ledger*: in `control` it may add entries, which it cannot read, and open a day for them.

*Recalls*: in `control` it may call the functions that issue notices and hand them out, and reads no table; in
the social network's store it may read which accounts are linked.

*Quotas*: in `control` it may call the functions that count what clients use. It reads no table.

*Use of tokens*: in `control` it may call the functions that note when each was last used, and how many
requests were refused or slow. It sees no token, and reads no count.

`gateway universe` prints their SQL. Every start-up checks them (`writer_inspection.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

STATEMENT_TIMEOUT_MS = 10_000


@dataclass(frozen=True)
class Rights:
    """What a writer's role may do: (privilege, relation), (column, relation) to read, functions to call."""

    tables: frozenset[tuple[str, str]] = frozenset()
    columns: frozenset[tuple[str, str]] = frozenset()
    functions: tuple[str, ...] = ()
    sequences: tuple[str, ...] = ()
    what: str = "objections"
    timeout_ms: int = STATEMENT_TIMEOUT_MS
    # False: what a crash of the database takes with it is no loss, or written again with what follows.
    durable: bool = True


LISTS = "social_lists"
USES = "control_token_use"
QUOTAS = "control_quotas"
RECALLS, RECALL_LINKS = "control_recalls", "social_recalls"

RIGHTS: dict[str, Rights] = {
    "messenger_objections": Rights(
        tables=frozenset(
            {
                ("SELECT", "messenger.terms_acceptance"),
                ("SELECT", "messenger.restriction"),
                ("SELECT", "messenger.suspended"),
                ("SELECT", "messenger.unplaced"),
                ("DELETE", "messenger.unplaced"),
                *((may, "messenger.pseudonym") for may in ("SELECT", "INSERT")),
            }
        ),
        columns=frozenset(
            (column, "messenger.account") for column in ("id", "country_code", "registered_at")
        ),
        functions=("messenger.restrict", "messenger.suspend"),
    ),
    "social_objections": Rights(
        tables=frozenset(
            {
                ("SELECT", "social.restriction"),
                ("SELECT", "social.unplaced"),
                ("DELETE", "social.unplaced"),
            }
        ),
        functions=("social.restrict", "social.suspend"),
    ),
    LISTS: Rights(
        tables=frozenset({("INSERT", "social.customer_list_entry")}),
        functions=(
            "social.fits_matching_key",
            "social.hash_numbers",
            "social.match_list",
            "social.unhashed_numbers",
        ),
        sequences=("social.customer_list_upload",),
        what="customer lists",
        # A million numbers arrive within one statement, at the pace of whoever sends them.
        timeout_ms=120_000,
    ),
    "control_objections": Rights(
        tables=frozenset(
            {
                ("SELECT", "control.objection_event"),
                ("INSERT", "control.objection_event"),
                ("SELECT", "control.suspension"),
                *((may, "control.pseudonym") for may in ("SELECT", "INSERT")),
                *((may, "control.unsettled") for may in ("SELECT", "INSERT", "DELETE")),
                *((may, "control.unsettled_country") for may in ("SELECT", "INSERT", "UPDATE", "DELETE")),
            }
        ),
        sequences=("control.restriction_version",),
    ),
    # Adds to the ledger, and reads of it nothing but who is known under which reference.
    "control_ledger": Rights(
        tables=frozenset(
            {
                *(
                    ("INSERT", f"control.ledger_{name}")
                    for name in ("entry", "question", "checkpoint", "person")
                ),
                *(("SELECT", f"control.ledger_{name}") for name in ("person", "forgotten")),
                ("SELECT", "control.pseudonym"),
            }
        ),
        functions=("control.index_ledger", "control.open_ledger_day"),
        what="the access ledger",
    ),
    # An entry of the ledger follows before anything is told, and takes what was counted to the disk with it.
    QUOTAS: Rights(
        functions=("control.meet_people", "control.take_quota"), what="what clients use", durable=False
    ),
    RECALLS: Rights(
        functions=(
            "control.acknowledge_recalls",
            "control.issue_recalls",
            "control.read_recalls",
            "control.wanted_recalls",
        ),
        what="recalls",
        # A day that is not over yet is read through.
        timeout_ms=3_600_000,
    ),
    RECALL_LINKS: Rights(
        columns=frozenset((column, "social.messenger_link") for column in ("account_id", "messenger_id")),
        what="recalls",
    ),
    USES: Rights(
        functions=("control.note_requests", "control.note_token_use"),
        what="when tokens were last used, and counts of requests",
    ),
}


def writer_of(store: str) -> str:
    """Name of the login that writes objections in ``messenger``, ``social`` or ``control``."""
    return f"{store}_objections"


def writers_of(store: str) -> list[str]:
    """Names of all logins that write something in the database."""
    return [role for role in RIGHTS if role.startswith(f"{store}_")]


def writer_lines(store: str) -> Iterator[str]:
    """The SQL that makes the database's roles and gives them their rights, whatever they had before."""
    for role in writers_of(store):
        yield from _role_lines(store, role, RIGHTS[role])


def login_lines(role: str) -> Iterator[str]:
    """The SQL that makes a login without powers.

    Only a superuser may speak of some attributes at all, also to take them away. So that nobody needs to be
    one, they are spoken of where the role has one of them.
    """
    yield "DO $$ BEGIN"
    yield f"    CREATE ROLE {role} LOGIN NOINHERIT;"
    yield "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;"
    yield "END $$;"
    yield "DO $$ BEGIN"
    yield f"    IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}' AND (rolsuper OR rolcreatedb"
    yield "        OR rolcreaterole OR rolinherit OR rolreplication OR rolbypassrls OR NOT rolcanlogin)) THEN"
    yield f"        ALTER ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION"
    yield "            NOBYPASSRLS;"
    yield "    END IF;"
    yield "END $$;"


def _role_lines(store: str, role: str, rights: Rights) -> Iterator[str]:
    yield f"-- Who writes {rights.what} in the store {store}."
    yield from login_lines(role)
    for setting, value in (
        ("search_path", "pg_catalog"),
        ("statement_timeout", f"'{rights.timeout_ms}ms'"),
        ("idle_in_transaction_session_timeout", "'60s'"),
        ("timezone", "'UTC'"),
        ("synchronous_commit", "on" if rights.durable else "off"),
    ):
        yield f"ALTER ROLE {role} SET {setting} = {value};"
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA {store} FROM {role};"
    yield f"REVOKE ALL ON ALL FUNCTIONS IN SCHEMA {store} FROM {role};"
    yield f"GRANT USAGE ON SCHEMA {store} TO {role};"
    for privilege, relation in sorted(rights.tables):
        yield f"GRANT {privilege} ON {relation} TO {role};"
    for column, relation in sorted(rights.columns):
        yield f"GRANT SELECT ({column}) ON {relation} TO {role};"
    for function in rights.functions:
        yield f"GRANT EXECUTE ON FUNCTION {function} TO {role};"
    for sequence in rights.sequences:
        yield f"GRANT USAGE ON SEQUENCE {sequence} TO {role};"
