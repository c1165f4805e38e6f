"""The policy as SQL: for each store and purpose a schema of views, and a role that reads those alone.

The SQL is generated from the terms (who sees a field, what an objection does to it) and from the sources
(which columns the field is read from), so the database enforces both. A view has only the columns that some
visible field needs, and only the rows that the purpose may see: *mask at read*. Each role is a login with its
own `search_path` and time-out. ALTER ROLE sets them, so that they hold behind a connection pooler too. A role
may select from its views and do nothing else.

Under a view that hides rows is a policy of row security with the same condition (`barriers.py`), so that no
condition of a statement is computed on a hidden row.

`render` returns the text for the store's owners to review, `apply` runs it, and `inspection.py` compares a
store with it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from resolvers.sources.catalogue import Class, Relation, Store, relations_of
from resolvers.sources.words import ObjectSource
from resolvers.stores.pool import transaction
from resolvers.universe.barriers import Barrier, barrier_lines, policy_of, view_owner_of
from resolvers.universe.closing import closing_lines
from resolvers.universe.effect.probe import probe_lines
from resolvers.universe.readings import PolicyGap
from resolvers.universe.roles import login_lines, writer_lines, writers_of
from resolvers.universe.views import View, views_of
from schema.purposes import Purpose
from schema.terms.marks import Mark

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection

STATEMENT_TIMEOUT_MS = 5_000
_NAME = re.compile(r"[a-z_][a-z0-9_]*")


def role_of(store: Store, purpose: Purpose) -> str:
    """Name of the login role of a store and a purpose."""
    return f"{store.value}_{purpose.universe}"


# --- from views to SQL ----------------------------------------------------------------------------


def _identifier(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise PolicyGap(f"not a plain identifier: {name!r}")
    return name


def condition_of(view: View, purpose: Purpose) -> str:
    """The condition on the rows of the purpose's view, in SQL; empty if the view has all rows."""
    return "" if Mark.PSEUDONYM in view.marks else _condition(view, purpose)


def _condition(view: View, purpose: Purpose) -> str:
    relation = view.relation
    if view.kinds is not None:
        return _condition_of_kinds(view, purpose)
    if not view.marks & {Mark.ABSENT, Mark.NULL} or relation.key is None:
        return ""
    return " AND ".join(_unrestricted(relation, purpose))


def _condition_of_kinds(view: View, purpose: Purpose) -> str:
    assert view.kinds is not None
    column = _identifier(view.relation.kinds or "")
    wanted = []
    for kind, marks in view.kinds.items():
        if not marks.open_to(purpose):
            continue
        parts = [f"t.{column} = '{kind}'"]
        if marks[purpose] in {Mark.ABSENT, Mark.NULL}:
            parts += _unrestricted(view.relation, purpose)
        wanted.append("(" + " AND ".join(parts) + ")")
    return " OR ".join(wanted)


def _unrestricted(relation: Relation, purpose: Purpose) -> list[str]:
    """The conditions that neither end of the row is restricted for this purpose."""
    bit = purpose.restriction_bit
    if not bit or relation.restricted is None:
        raise PolicyGap(f"{relation.name} cannot be restricted for {purpose}")
    parts = [f"t.{_identifier(relation.restricted)} & {bit} = 0"]
    if relation.far_end is not None:
        owner = next(iter(_restriction_of(relation.store).columns))
        # Not NOT EXISTS: Postgres may hash everybody's restrictions for it, and they grow with the store.
        parts.append(
            f"coalesce((SELECT r.purposes & {bit} FROM {relation.store.value}.restriction r "  # noqa: S608 - names of the catalogue
            f"WHERE r.{_identifier(owner)} = t.{_identifier(relation.far_end)}), 0) = 0"
        )
    return parts


def _restriction_of(store: Store) -> Relation:
    return next(each for each in relations_of(store) if each.name == "restriction")


def _view_sql(view: View, purpose: Purpose) -> str:
    forbidden = {
        name
        for name in view.columns
        if view.relation.columns[name].kind in {Class.BLIND, Class.CONTENT, Class.RESTRICTION, Class.GATEWAY}
    }
    if forbidden:
        raise PolicyGap(f"{view.relation.qualified} would show {sorted(forbidden)}")
    columns = ", ".join(f"t.{_identifier(name)}" for name in view.relation.columns if name in view.columns)
    if Mark.PSEUDONYM in view.marks:
        return _pseudonymous_view_sql(view, purpose, columns)
    # The far end's restriction is looked up by the policy alone: twice costs half as much again.
    near = replace(view, relation=replace(view.relation, far_end=None))
    condition = _condition(near, purpose)
    where = f"\n    WHERE {condition}" if condition else ""
    name = f"{purpose.universe}.{_identifier(view.relation.name)}"
    return f"CREATE VIEW {name} AS\n    SELECT {columns}\n    FROM {view.relation.qualified} t{where};"  # noqa: S608 - names of the catalogue


def _pseudonymous_view_sql(view: View, purpose: Purpose, columns: str) -> str:
    """The rows with their owner's pseudonym instead of the owner's key, and days instead of times.

    A time is as good as a name for those who know when the person did something.
    """
    relation = view.relation
    if relation.under_references:
        name = f"{purpose.universe}.{_identifier(relation.name)}"
        return f"CREATE VIEW {name} AS\n    SELECT {columns}\n    FROM {relation.qualified} t;"  # noqa: S608 - names of the catalogue
    keys = {name for name in view.columns if relation.columns[name].kind is Class.KEY}
    if keys or view.marks != {Mark.PSEUDONYM} or len(relation.owners) != 1:
        raise PolicyGap(f"{relation.qualified} cannot be shown under pseudonyms alone")
    columns = ", ".join(
        f"date_trunc('day', t.{column}, 'UTC') AS {column}" if about.type == "timestamptz" else f"t.{column}"
        for column, about in relation.columns.items()
        if column in view.columns
    )
    owner, name = *map(_identifier, relation.owners.values()), _identifier(relation.name)
    joined = (
        f"{relation.qualified} t\n    JOIN {relation.store.value}.pseudonym p ON p.account_id = t.{owner}"
    )
    return f"CREATE VIEW {purpose.universe}.{name} AS\n    SELECT p.person, {columns}\n    FROM {joined};"  # noqa: S608 - names of the catalogue


@dataclass(frozen=True)
class Universe:
    """One purpose's universe in one store: its SQL, and the digest that its schema carries.

    `hiding`: the views that do not have all rows.
    """

    store: Store
    purpose: Purpose
    views: tuple[str, ...]
    sql: str
    hiding: tuple[str, ...] = ()

    @property
    def role(self) -> str:
        """The login that sees this universe and nothing else."""
        return role_of(self.store, self.purpose)

    @property
    def view_owner(self) -> str:
        """The role that owns the views that hide rows."""
        return view_owner_of(self.store, self.purpose)

    @property
    def digest(self) -> str:
        """SHA-256 of the universe's SQL."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def universes(objects: Mapping[str, ObjectSource], store: Store) -> list[Universe]:
    """Every purpose's universe in the store, in the purposes' order; those without a view left out."""
    found = []
    for purpose in Purpose:
        views = views_of(objects, store, purpose)
        if views:
            sql = "\n".join(_universe_lines(store, purpose, views))
            hiding = tuple(sorted(_barriers(views, purpose)))
            found.append(Universe(store, purpose, tuple(sorted(views)), sql, hiding))
    return found


def _universe_lines(store: Store, purpose: Purpose, views: Mapping[str, View]) -> Iterator[str]:
    role, schema = role_of(store, purpose), purpose.universe
    yield f"-- {purpose}: what this purpose sees of the store {store}."
    yield f"DROP SCHEMA IF EXISTS {schema} CASCADE;"
    yield f"CREATE SCHEMA {schema};"
    for _, view in sorted(views.items()):
        yield _view_sql(view, purpose)
    yield from login_lines(role)
    for setting, value in _role_settings(schema):
        yield f"ALTER ROLE {role} SET {setting} = {value};"
    yield f"GRANT USAGE ON SCHEMA {schema} TO {role};"
    yield f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role};"
    yield from barrier_lines(store, purpose, _barriers(views, purpose))


def _barriers(views: Mapping[str, View], purpose: Purpose) -> dict[str, Barrier]:
    found = {name: Barrier(view, condition_of(view, purpose)) for name, view in views.items()}
    return {name: barrier for name, barrier in found.items() if barrier.condition}


def _role_settings(schema: str) -> list[tuple[str, str]]:
    return [
        ("search_path", f"{schema}, pg_catalog"),
        ("statement_timeout", f"'{STATEMENT_TIMEOUT_MS}ms'"),
        ("idle_in_transaction_session_timeout", "'10s'"),
        ("default_transaction_read_only", "on"),
        ("jit", "off"),
        ("max_parallel_workers_per_gather", "0"),
        ("timezone", "'UTC'"),
    ]


def render(objects: Mapping[str, ObjectSource], store: Store) -> str:
    """The SQL of all the store's universes, for its owners to review and run in one transaction.

    It needs a login that owns the database and may create roles, not a superuser. Its last block does nothing
    unless a superuser runs it.
    """
    schemas = sorted({relation.schema or store.value for relation in relations_of(store)})
    closed = [f"REVOKE ALL ON SCHEMA {schema} FROM PUBLIC;" for schema in [*schemas, "public"]]
    closed += [f"REVOKE ALL ON ALL FUNCTIONS IN SCHEMA {schema} FROM PUBLIC;" for schema in schemas]
    present = universes(objects, store)
    gone = [purpose for purpose in Purpose if purpose not in {each.purpose for each in present}]
    dropped = [f"DROP SCHEMA IF EXISTS {purpose.universe} CASCADE;" for purpose in gone]
    head = [
        "-- Access is denied by default. The lock lets one program apply this at a time.",
        "SELECT pg_advisory_xact_lock(hashtext('gateway universe'));",
        # The fingerprints below must not depend on the search_path of the login that runs this.
        "SET LOCAL search_path = pg_catalog;",
        *closed,
        *dropped,
        "",
    ]
    universes_ = (f"{each.sql}\n{_signature(each)}\n" for each in present)
    logins = [*(each.role for each in present), *writers_of(store)]
    probe = probe_lines(objects, store)
    return "\n".join(
        [*head, *universes_, *probe, *writer_lines(store), *_ways_in(logins), *closing_lines(store), ""]
    )


def _signature(universe: Universe) -> str:
    """The statement that notes the universe's digest and fingerprint, so that a later change is noticed."""
    schema = universe.purpose.universe
    spelled = (
        _FINGERPRINT.replace("$1", f"'{schema}'").replace("$2", f"'{policy_of(universe.purpose)}'").strip()
    )
    return (
        "DO $$ BEGIN\n"
        f"EXECUTE format('COMMENT ON SCHEMA {schema} IS %L', 'gateway universe {universe.digest} ' || (\n"
        f"{spelled}\n));\nEND $$;"
    )


def _ways_in(logins: list[str]) -> Iterator[str]:
    """Only these logins may connect to the database."""
    yield "DO $$ BEGIN"
    yield "    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());"
    yield f"    EXECUTE format('GRANT CONNECT ON DATABASE %I TO {', '.join(logins)}', current_database());"
    yield "END $$;"


_FINGERPRINT = """
SELECT encode(sha256(convert_to(coalesce(string_agg(line, E'\\n' ORDER BY line), ''), 'UTF8')), 'hex')
FROM (
    SELECT concat_ws(' ', c.relname || c.relkind::text || coalesce(pg_get_viewdef(c.oid), ''),
                     array_to_string(c.reloptions, ','), c.relowner::regrole,
                     (SELECT string_agg(r.rulename || r.ev_enabled::text, ',' ORDER BY r.rulename)
                      FROM pg_rewrite r WHERE r.ev_class = c.oid),
                     (SELECT string_agg(t.tgname, ',' ORDER BY t.tgname)
                      FROM pg_trigger t WHERE t.tgrelid = c.oid)
           ) AS line
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1
    UNION ALL
    SELECT concat(p.polrelid::regclass, c.relrowsecurity, p.polpermissive, p.polcmd, p.polroles::regrole[],
                  pg_get_expr(p.polqual, p.polrelid))
    FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE p.polname = $2
) lines
"""


async def fingerprint(connection: Connection, purpose: Purpose) -> str:
    """SHA-256 of a universe's views with options, owner, rules and triggers, and of the policies under them.

    All as the database itself spells them.
    """
    return str(await connection.fetchval(_FINGERPRINT, purpose.universe, policy_of(purpose)))


async def apply(connection: Connection, objects: Mapping[str, ObjectSource], store: Store) -> list[Universe]:
    """Make the store's universes what the policy says, in one transaction. Needs the owner's rights."""
    async with transaction(connection):
        await connection.execute(render(objects, store))
    return universes(objects, store)
