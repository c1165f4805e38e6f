"""Looks for made-up people who objected, under each objectable purpose and in each form.

A function of the store, made with its universes, writes four people beyond all real numbers: two who object,
one after and one before their rows arrive, and two who do not. It asks every view of every objectable purpose
for them: by value, in a list, in a page, and by a count. Then it undoes all that it wrote, so that no other
session, and no answer, statistic or report, ever sees them. It finds what no list of parts can: a view, a
trigger or a function that is as it should be, and does not work in this store.

Rejected: rows that stay (they would be counted), and a look through the roles' own logins (a view reads with
its owner's rights, so that the rows are the same, and uncommitted rows are invisible to another session).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resolvers.sources.catalogue import Relation, Store
from resolvers.sources.words import ObjectSource
from resolvers.universe.difference import Difference, DifferenceKind
from resolvers.universe.effect.declared import DeclaredFunction, settings_of
from resolvers.universe.views import views_of
from schema.purposes import OBJECTABLE, Purpose

if TYPE_CHECKING:
    from resolvers.stores.pool import Record

# Runs one statement in a transaction of its own.
Ask = Callable[..., Awaitable[Sequence["Record"]]]
# A lock was not free in time, or was part of a deadlock; or the statement took too long.
_BUSY = frozenset({"55P03", "40P01", "57014"})

# The last numbers that fit, and a country code that is given to no country.
FIRST = 9_223_372_036_854_775_801
AFTER, BEFORE, OPEN, OTHER = range(FIRST, FIRST + 4)
HIDDEN, SHOWN = (AFTER, BEFORE), (OPEN, OTHER)
LOCK = 0x9806E
ALL = sum(OBJECTABLE.values())
# Shorter than an objection waits for anything: the probe gives up first.
LOCK_TIMEOUT_MS = 500


def _phone(person: int) -> str:
    return f"+99900000000000{person - FIRST}"


@dataclass(frozen=True)
class Look:
    """A column that names a made-up person, the values that it has, and what else selects the row."""

    column: str
    hidden: tuple[str, ...]
    shown: tuple[str, ...]
    also: str = ""


def _by_number(column: str, also: str = "") -> Look:
    return Look(column, tuple(map(str, HIDDEN)), tuple(map(str, SHOWN)), also)


def _by_phone(column: str) -> Look:
    return Look(column, tuple(f"'{_phone(n)}'" for n in HIDDEN), tuple(f"'{_phone(n)}'" for n in SHOWN))


_SHARED = "source = 'MESSENGER_SHARED'"
# Every table with restrictions, and how its rows are looked for.
LOOKS: Mapping[str, tuple[Look, ...]] = {
    "messenger.account": (_by_number("id"), _by_phone("phone")),
    "messenger.phone_lookup": (_by_phone("phone"), _by_number("account_id")),
    "messenger.daily_usage": (_by_number("account_id"),),
    "messenger.contact": (_by_number("account_id"), _by_number("contact_id")),
    "social.messenger_link": (_by_number("account_id"), _by_number("messenger_id")),
    "social.messenger_lookup": (_by_number("messenger_id"), _by_number("account_id")),
    "social.phone_binding": (_by_number("account_id", _SHARED),),
    "social.number_lookup": (_by_phone("number"), _by_number("account_id")),
    "social.ad_topic": (_by_number("account_id", "source = 'MESSENGER'"),),
    "social.offer_audience": (_by_number("account_id"),),
}
_PEOPLE = ", ".join(f"({person}, '{_phone(person)}')" for person in (*HIDDEN, *SHOWN))
_OBJECTS = "PERFORM {0}.restrict(ARRAY[{1}], ARRAY[{2}], ARRAY[0], 1, true);"
WRITTEN: Mapping[Store, str] = {
    Store.MESSENGER: f"""
        LOCK TABLE messenger.suspended IN SHARE MODE;
        LOCK TABLE messenger.restriction IN SHARE ROW EXCLUSIVE MODE;
        {_OBJECTS.format("messenger", BEFORE, ALL)}
        INSERT INTO messenger.account (id, phone, country_code, registered_at)
        SELECT p.id, p.phone, 'ZZ', '2015-01-01Z' FROM (VALUES {_PEOPLE}) p (id, phone);
        INSERT INTO messenger.daily_usage (account_id, day, messages_sent)
        SELECT p.id, '2016-09-30', 1 FROM (VALUES {_PEOPLE}) p (id, phone);
        INSERT INTO messenger.contact (account_id, contact_id)
        SELECT p.id, q.id FROM (VALUES {_PEOPLE}) p (id, phone), (VALUES {_PEOPLE}) q (id, phone)
        WHERE p.id <> q.id;
        {_OBJECTS.format("messenger", AFTER, ALL)}""",  # noqa: S608 - constants
    Store.SOCIAL: f"""
        LOCK TABLE social.restriction IN SHARE ROW EXCLUSIVE MODE;
        LOCK TABLE social.suspended IN SHARE MODE;
        {_OBJECTS.format("social", BEFORE, ALL)}
        INSERT INTO social.restriction (messenger_id, purposes, objected)
        VALUES ({OPEN}, 0, 0), ({OTHER}, 0, 0), ({AFTER}, 0, 0);
        INSERT INTO social.account (id, display_name)
        SELECT p.id, 'Probe' FROM (VALUES {_PEOPLE}) p (id, phone);
        INSERT INTO social.phone_binding (account_id, source, number, messenger_id)
        SELECT p.id, 'MESSENGER_SHARED', p.phone, p.id FROM (VALUES {_PEOPLE}) p (id, phone);
        INSERT INTO social.messenger_link (account_id, messenger_id, since)
        SELECT p.id, p.id, '2016-09-01' FROM (VALUES {_PEOPLE}) p (id, phone);
        INSERT INTO social.ad_topic (account_id, source, topic, messenger_id)
        SELECT p.id, 'MESSENGER', 'Probe', p.id FROM (VALUES {_PEOPLE}) p (id, phone);
        INSERT INTO social.merchant (id, name) VALUES ({FIRST}, 'Probe');
        INSERT INTO social.offer (id, merchant_id, title, valid_until)
        VALUES ({FIRST}, {FIRST}, 'Probe', '9999-12-31');
        INSERT INTO social.offer_audience (account_id, offer_id, source, messenger_id)
        SELECT p.id, {FIRST}, 'MESSENGER_SHARED', p.id FROM (VALUES {_PEOPLE}) p (id, phone);
        {_OBJECTS.format("social", AFTER, ALL)}""",  # noqa: S608 - constants
}

# `RAISE` takes back what the inner block wrote; the two variables keep what it found.
_FUNCTION = """
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'only read committed transactions may do this';
    END IF;
    looked := pg_try_advisory_xact_lock({lock});
    IF NOT looked THEN
        RETURN;
    END IF;
    seen := '{{}}';
    missed := '{{}}';
    BEGIN
{written}
{looks}
        RAISE EXCEPTION USING ERRCODE = 'PROBE';
    EXCEPTION WHEN SQLSTATE 'PROBE' THEN
        NULL;
    END;
END """


def probe_name(store: Store) -> str:
    """The name of the store's function."""
    return f"{store.value}.look_for_probe"


def probe_body(objects: Mapping[str, ObjectSource], store: Store) -> str:
    """The body of the store's function; empty for `control`, which has no view with restrictions."""
    if store not in WRITTEN:
        return ""
    looks = "\n".join(_looks(objects, store))
    return _FUNCTION.format(lock=LOCK, written=WRITTEN[store], looks=looks)


def probe_function(objects: Mapping[str, ObjectSource], store: Store) -> DeclaredFunction | None:
    """The function as inspection expects it; None for `control`."""
    body = probe_body(objects, store)
    settings = settings_of(["search_path=pg_catalog, pg_temp", f"lock_timeout={LOCK_TIMEOUT_MS}ms"])
    return DeclaredFunction(probe_name(store), body, "plpgsql", True, settings) if body else None


def probe_lines(objects: Mapping[str, ObjectSource], store: Store) -> Iterator[str]:
    """The SQL that makes the store's function."""
    body = probe_body(objects, store)
    if not body:
        return
    name = probe_name(store)
    yield "-- Made-up people who objected are looked for under each objectable purpose, and never stay."
    yield f"DROP FUNCTION IF EXISTS {name};"
    yield f"CREATE FUNCTION {name}(OUT looked boolean, OUT seen text[], OUT missed text[])"
    yield "LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
    yield f"SET lock_timeout = '{LOCK_TIMEOUT_MS}ms' AS $probe${body}$probe$;"
    yield f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC;"


def _looks(objects: Mapping[str, ObjectSource], store: Store) -> Iterator[str]:
    for purpose in Purpose:
        if not purpose.restriction_bit:
            continue
        for name, view in sorted(views_of(objects, store, purpose).items()):
            for look in looks_of(view.relation):
                if look.column in view.columns:
                    yield from _forms(f"{purpose.universe}.{name}", look)


def looks_of(relation: Relation) -> tuple[Look, ...]:
    """How made-up people are looked for in the relation; nothing if it has no restrictions."""
    return LOOKS.get(relation.qualified, ())


def _forms(view: str, look: Look) -> Iterator[str]:
    """By value, in a list, in a page, and by a count; and those who must be there."""
    rows = f"FROM {view} v WHERE {f'v.{look.also} AND ' if look.also else ''}v.{look.column}"
    hidden, shown = ", ".join(look.hidden), ", ".join(look.shown)
    page = f"SELECT v.{look.column} AS c {rows} >= {look.hidden[0]} ORDER BY v.{look.column} LIMIT 9"
    where = f"{view}.{look.column}"
    for value in look.hidden:
        yield _if(f"EXISTS (SELECT {rows} = {value})", "seen", f"{where} by value")
    yield _if(f"EXISTS (SELECT {rows} = ANY (ARRAY[{hidden}]))", "seen", f"{where} in a list")
    yield _if(f"EXISTS (SELECT FROM ({page}) p WHERE p.c IN ({hidden}))", "seen", f"{where} in a page")
    counted = f"(SELECT count(*) {rows} IN ({hidden}, {shown}))"
    yield _if(f"{counted} <> (SELECT count(*) {rows} IN ({shown}))", "seen", f"{where} by a count")
    for value in look.shown:
        yield _if(f"NOT EXISTS (SELECT {rows} = {value})", "missed", where)


def _if(condition: str, kind: str, where: str) -> str:
    return f"        IF {condition} THEN {kind} := {kind} || '{where}'::text; END IF;"


def is_busy(error: Exception) -> bool:
    """Whether the statement failed because of what other sessions do at this moment: try again later."""
    return getattr(error, "sqlstate", None) in _BUSY


async def look_for_probe(ask: Ask, store: Store) -> list[Difference]:
    """Who was found who must not be, and who was missed.

    Nothing, too, if another process looks at this moment, or a load holds the tables: ask again later.
    """
    try:
        rows = await ask(f"SELECT looked, seen, missed FROM {probe_name(store)}()")  # noqa: S608 - our own name
    except Exception as error:
        if is_busy(error):
            return []
        if getattr(error, "sqlstate", None) is None:
            raise
        return [Difference(DifferenceKind.PROBE_FAILED, store, probe_name(store))]
    (row,) = rows
    found = [(DifferenceKind.PROBE_FOUND, each) for each in row["seen"] or ()]
    found += [(DifferenceKind.PROBE_MISSED, each) for each in row["missed"] or ()]
    return [Difference(kind, store, name) for kind, name in dict.fromkeys(found)]
