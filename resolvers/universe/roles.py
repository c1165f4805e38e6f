"""The roles that write: one login for each kind of change and database, with no other rights.

*Objections*: in the stores the role may call the two functions that write restrictions, and read what they
depend on. In `control` it may add events and record unfinished work. It sees no phone number, name or address
book.

*Customer lists*: in the social network's store the role may add entries, which it cannot read, and call the
functions that match them and that hash new numbers. It sees no member of any list.

*The access ledger*: in `control` the role may add entries, which it cannot read, and open a day for them.

*Recalls*: in `control` the role may call the functions that issue notices and return them. It reads no table
there. In the social network's store it may read which accounts are linked.

*Quotas*: in `control` the role may call the functions that count what clients use. It reads no table.

*Use of tokens*: in `control` the role may call the functions that record when each token was last used, and
how many requests were refused or slow. It sees no token and reads no count.

`gateway universe` prints their SQL. Every start-up checks them (`writer_inspection.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

STATEMENT_TIMEOUT_MS = 10_000


@dataclass(frozen=True)
class Rights:
    """The rights of a role that writes: (privilege, relation), (column, relation) to read, and functions."""

    tables: frozenset[tuple[str, str]] = frozenset()
    columns: frozenset[tuple[str, str]] = frozenset()
    functions: tuple[str, ...] = ()
    sequences: tuple[str, ...] = ()
    what: str = "objections"
    timeout_ms: int = STATEMENT_TIMEOUT_MS
    # False: a write that a crash of the database loses does no harm, or is written again later.
    durable: bool = True


LISTS = "social_lists"
USES = "control_token_use"
QUOTAS = "control_quotas"
RECALLS, RECALL_LINKS = "control_recalls", "social_recalls"


def _restricting(store: str) -> tuple[str, ...]:
    """The functions that write restrictions, and those that say how far the store follows them."""
    names = (
        "differing_copies",
        "digest_of_all_rows",
        "digest_of_rows",
        "look_for_probe",
        "note_position",
        "recount_restrictions",
        "repair_copies",
        "restrict_at",
        "suspend_at",
    )
    return tuple(f"{store}.{name}" for name in names)


RIGHTS: dict[str, Rights] = {
    "messenger_objections": Rights(
        tables=frozenset(
            {
                ("SELECT", "messenger.terms_acceptance"),
                ("SELECT", "messenger.restriction"),
                ("SELECT", "messenger.restriction_state"),
                ("SELECT", "messenger.suspended"),
                ("SELECT", "messenger.unplaced"),
                ("DELETE", "messenger.unplaced"),
                *((may, "messenger.pseudonym") for may in ("SELECT", "INSERT")),
            }
        ),
        columns=frozenset(
            (column, "messenger.account") for column in ("id", "country_code", "registered_at")
        ),
        functions=_restricting("messenger"),
    ),
    "social_objections": Rights(
        tables=frozenset(
            {
                ("SELECT", "social.restriction"),
                ("SELECT", "social.restriction_state"),
                ("SELECT", "social.unplaced"),
                ("DELETE", "social.unplaced"),
            }
        ),
        functions=_restricting("social"),
    ),
    LISTS: Rights(
        tables=frozenset({("INSERT", "social.customer_list_entry")}),
        functions=(
            "social.fits_matching_key",
            "social.forget_list_uses",
            "social.hash_numbers",
            "social.match_list",
            "social.unhashed_numbers",
        ),
        sequences=("social.customer_list_upload",),
        what="customer lists",
        # A million numbers arrive within one statement, as fast as the client sends them.
        timeout_ms=120_000,
    ),
    "control_objections": Rights(
        tables=frozenset(
            {
                ("SELECT", "control.objection_event"),
                ("INSERT", "control.objection_event"),
                ("SELECT", "control.suspension"),
                *((may, "control.pseudonym") for may in ("SELECT", "INSERT")),
                *((may, "control.history_mark") for may in ("SELECT", "INSERT")),
                *((may, "control.store_state") for may in ("SELECT", "UPDATE")),
                *(("SELECT", f"control.{name}") for name in ("objection_digest", "restoration", "revision")),
                *((may, "control.unsettled") for may in ("SELECT", "INSERT", "DELETE")),
                *((may, "control.unsettled_country") for may in ("SELECT", "INSERT", "UPDATE", "DELETE")),
            }
        ),
        functions=(
            "control.digest_of",
            "control.fold_of",
            "control.note_restoration",
            "control.recount_objections",
        ),
        sequences=("control.restriction_version",),
    ),
    # Adds to the ledger, and reads nothing of it but the references of people.
    "control_ledger": Rights(
        tables=frozenset(
            {
                *(
                    ("INSERT", f"control.ledger_{name}")
                    for name in ("entry", "question", "checkpoint", "reference")
                ),
                *(("SELECT", f"control.ledger_{name}") for name in ("person", "forgotten", "reference")),
                ("SELECT", "control.pseudonym"),
            }
        ),
        functions=("control.draw_references", "control.index_ledger", "control.open_ledger_day"),
        what="the access ledger",
    ),
    # A durable ledger entry follows before the answer is sent, and writes the count to disk with it.
    QUOTAS: Rights(
        functions=("control.charge_people", "control.take_people_quota", "control.take_quota"),
        what="what clients use",
        durable=False,
    ),
    RECALLS: Rights(
        functions=(
            "control.acknowledge_recalls",
            "control.issue_recalls",
            "control.read_recalls",
            "control.wanted_recalls",
        ),
        what="recalls",
        # The statement reads the whole current day.
        timeout_ms=3_600_000,
    ),
    RECALL_LINKS: Rights(
        columns=frozenset(
            {
                ("since", "social.messenger_link"),
                *(
                    (column, f"social.{table}")
                    for table in ("messenger_link", "phone_binding", "ad_topic", "offer_audience")
                    for column in ("account_id", "messenger_id")
                ),
            }
        ),
        what="recalls",
    ),
    USES: Rights(
        functions=("control.note_requests", "control.note_token_use"),
        what="when tokens were last used, and counts of requests",
    ),
}


def writer_of(store: str) -> str:
    """The name of the login that writes objections in ``messenger``, ``social`` or ``control``."""
    return f"{store}_objections"


def writers_of(store: str) -> list[str]:
    """The names of all logins that write in the database."""
    return [role for role in RIGHTS if role.startswith(f"{store}_")]


def writer_lines(store: str) -> Iterator[str]:
    """The SQL that makes the database's roles and gives them exactly their rights."""
    for role in writers_of(store):
        yield from _role_lines(store, role, RIGHTS[role])


def login_lines(role: str) -> Iterator[str]:
    """The SQL that makes a login without powers.

    Only a superuser may name some attributes at all, even to remove them. The SQL names them only where the
    role has one of them, so that it runs without a superuser.
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
