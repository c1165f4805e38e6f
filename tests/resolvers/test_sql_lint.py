"""The rules for growth, checked in the text of every golden statement.

The renderer writes one dialect of SQL, with every relation under an alias of its own, so patterns are
enough to read it. The bad examples below show that each pattern finds what it is for. Rules that only data
can check are in `test_shard_locality.py`.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import pytest

from resolvers.compile.price import FAN_OUT
from resolvers.plan.principal import Own, OwnKey
from resolvers.plan.suggestions import Gathered
from resolvers.sources.catalogue import RELATIONS, Relation, Store, relations_of
from resolvers.sources.fields import OBJECTS
from resolvers.sources.words import Band, Hop, Many, ObjectSource, One, Page, Source, Summary
from resolvers.universe.render import universes
from tests.kit.gateway import BOUND
from tests.kit.golden import CASES, PLANS, Case, Golden, NewDatabase, open_golden
from tests.kit.reference.schema import SMALLEST_GROUP

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection

FROM = re.compile(r"\b(?:FROM|JOIN) ([\w.]+)(?:\([^ ]*\))?(?: WITH ORDINALITY)? AS (\w+)")
TEXT = re.compile(r"'(?:[^']|'')*'")


@dataclass(frozen=True)
class Read:
    """A relation that a statement reads, under the alias."""

    relation: Relation
    alias: str


def bare(sql: str) -> str:
    """The statement without its quoted texts."""
    return TEXT.sub("''", sql)


def reads(sql: str, store: Store) -> list[Read]:
    """Every relation of the store in the statement, as often as it is read."""
    known = {relation.name: relation for relation in relations_of(store)}
    return [Read(known[name], alias) for name, alias in FROM.findall(bare(sql)) if name in known]


def spread(sql: str, store: Store) -> list[Read]:
    """The relations it reads whose rows are spread over the shards."""
    return [read for read in reads(sql, store) if read.relation.key is not None]


# --- the rules ------------------------------------------------------------------------------------


def one_group(sql: str, store: Store) -> bool:
    """R2: a statement reads one group of relations that lie together, besides reference tables."""
    return len({read.relation.group for read in spread(sql, store)}) <= 1


def compared_keys(sql: str, store: Store) -> bool:
    """R3: each spread relation is compared with the key that was asked for, the same at every depth.

    A list without a key (R9, R10) reads one relation, with no subselect and nothing joined. As the only
    exception it may be narrowed to accounts that take part in something that lies beside them.
    """
    keys = [_asked_for(sql, read) for read in spread(sql, store)]
    if not any(keys):
        beside = [read for read in spread(sql, store) if _lies_beside(sql, read)]
        flat = 1 + 2 * len(beside)
        return not keys or (len(keys) == 1 + len(beside) and bare(sql).count("SELECT") == flat)
    return len(set(map(frozenset, keys))) == 1


def _lies_beside(sql: str, read: Read) -> bool:
    """True if the relation is read to check that an account beside it takes part (P)."""
    account = read.alias.removesuffix("_part")
    return read.alias != account and f"{read.alias}.{read.relation.key} = {account}.id" in bare(sql)


def _asked_for(sql: str, read: Read) -> set[str]:
    """The parameters that the relation's key is compared with, in its own narrowing or outside it."""
    asked = r"(?:any\()?(?:CAST\()?(?:string_to_array\(btrim\()?(\$\d+)"
    for alias in (read.alias, f"{read.alias}_own"):
        found = re.findall(rf"\b{alias}\.{read.relation.key} = {asked}", bare(sql))
        if found:
            break
    return set(found)


def bare_columns(sql: str, store: Store) -> bool:
    """R4: a condition on rows has the bare column on its left; a parameter may be cast."""
    compared = r"(?:=|<=|>=|<>|<|>|IN\b|LIKE\b)"
    conditions = bare(sql)
    cast_column = re.search(rf"\w+\.\w+::|(?:CAST|\w+)\(\w+\.\w+(?: AS \w+)?\) {compared} (?!\d)", conditions)
    on_the_right = re.search(rf"\$\d+(?:::[\w\[\]]+)?\)* {compared} \w+\.\w+", conditions)
    return not cast_column and not on_the_right


def no_rows_from_lists(sql: str, _: Store) -> bool:
    """R6, R9: no rows made of a parameter, no outer join, no WITH, no lateral."""
    return not re.search(
        r"\b(unnest|ORDINALITY|VALUES|OUTER|LEFT|RIGHT|FULL|WITH(?! TIME ZONE)|LATERAL)\b", bare(sql), re.I
    )


def top_rows_of_a_parent(sql: str, store: Store) -> bool:
    """R8: a LIMIT cuts the rows of one parent row of a table, or the whole statement.

    The principal's own rows are rows of one key, so they need no check.
    """
    conditions = bare(sql)
    if "LIMIT" not in conditions or conditions.count("SELECT") == 1:
        return True
    found = [
        read
        for read in spread(sql, store)
        if f") AS {read.alias}_own" not in conditions and not _lies_beside(sql, read)
    ]
    if not found:
        return True
    parent, *children = sorted(found, key=lambda read: int(read.alias[1:]))
    limited = [
        child for child in children if re.search(rf"\b{child.alias}\.\w+ = {parent.alias}\.", conditions)
    ]
    return len(limited) == len(children)


def no_uncorrelated_membership(sql: str, _: Store) -> bool:
    """R11: no row is searched in a set that a subselect makes."""
    return not re.search(r"\bIN \(SELECT|= any\(\(?SELECT", bare(sql), re.I)


def nothing_unknown_to_shards(sql: str, store: Store) -> bool:
    """R12 for sharded stores: also no union, which would cross groups."""
    return "UNION" not in bare(sql) and plain_reading(sql, store)


def plain_reading(sql: str, _: Store) -> bool:
    """R12: one SELECT without locks, settings, recursion and grouping sets."""
    forbidden = (
        r"\b(RECURSIVE|GROUPING|CUBE|ROLLUP|FOR (?:UPDATE|NO KEY|SHARE|KEY)|SET|RESET|set_config|"
        r"current_setting|current_user|session_user|force_generic_plan|nextval|INSERT|UPDATE|DELETE)\b|;"
    )
    return bare(sql).removeprefix("(").startswith("SELECT ") and not re.search(forbidden, bare(sql), re.I)


def unqualified_names(sql: str, store: Store) -> bool:
    """No relation is named with its schema: the role's search path selects the universe."""
    named = [name for name, _ in FROM.findall(bare(sql)) if name != "unnest"]
    return all("." not in name for name in named) and len(named) == len(reads(sql, store))


Rule = Callable[[str, Store], bool]
EVERYWHERE: dict[str, Rule] = {
    "R4": bare_columns,
    "R11": no_uncorrelated_membership,
    "R12": plain_reading,
    "unqualified": unqualified_names,
}
SHARDED: dict[str, Rule] = {
    **EVERYWHERE,
    "R2": one_group,
    "R3": compared_keys,
    "R6": no_rows_from_lists,
    "R8": top_rows_of_a_parent,
    "R12": nothing_unknown_to_shards,
}


def broken(sql: str, store: Store, rules: dict[str, Rule]) -> list[str]:
    """The names of the rules that the statement breaks."""
    return [name for name, holds in rules.items() if not holds(sql, store)]


# --- checked against the golden statements -----------------------------------------------------------


@pytest.fixture(scope="module")
async def golden(new_database: NewDatabase) -> AsyncIterator[Golden]:
    """The world of the golden plans."""
    async with open_golden(new_database) as opened:
        yield opened


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("sharded", [False, True], ids=["default", "sharded"])
def test_no_golden_statement_breaks_a_rule(case: Case, sharded: bool, golden: Golden) -> None:
    """R2 to R4, R6, R8, R9, R11 and R12 of the rules for growth; the default mode keeps those that apply."""
    _, plan, _ = golden.plan(case, sharded)
    rules = SHARDED if sharded else EVERYWHERE
    found = {
        statement.sql: broken(statement.sql, statement.store, rules)
        for statement in chain.from_iterable(plan.waves)
    }

    assert {sql: names for sql, names in found.items() if names} == {}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_no_statement_is_sent_without_keys(case: Case, golden: Golden) -> None:
    """R5: keys are sent without null, each once; an empty list of keys sends no statement."""
    for sent in (await golden.run(case, sharded=True)).sent:
        for parameter, argument in zip(sent.statement.parameters, sent.arguments, strict=True):
            if isinstance(parameter, int | Gathered) or (parameter.type == "bigint[]"):
                keys = _keys(argument)
                assert keys
                assert len(keys) == len(set(keys))


def _keys(argument: object) -> list[str]:
    if isinstance(argument, str):
        return re.findall(r"\d+", argument)
    assert isinstance(argument, list)
    return list(map(str, argument))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("sharded", [False, True], ids=["default", "sharded"])
def test_every_use_of_an_owned_relation_is_narrowed_to_the_tokens_own_rows(
    case: Case, sharded: bool, golden: Golden
) -> None:
    """Under a purpose whose tokens have a principal, no part of a statement reads another's rows."""
    _, plan, _ = golden.plan(case, sharded)
    known = golden.caches[sharded].contexts[case.purpose].owned
    owned = 0
    for statement in chain.from_iterable(plan.waves):
        places = {
            each.own: f"${place}"
            for place, each in enumerate(statement.parameters, 1)
            if isinstance(each, OwnKey)
        }
        for read in reads(statement.sql, statement.store):
            if read.relation in known:
                for owner, column in known[read.relation].keys:
                    assert f"{read.alias}.{column} = {places[Own(owner)]}::" in statement.sql
                if known[read.relation].takes_part is not None:
                    part = f"{read.alias}_part"
                    assert f"{part}.account_id = {read.alias}.id" in statement.sql
                    assert f"{part}.business_id = {places[Own.BUSINESS]}::" in statement.sql
                owned += 1
        assert places == {} or case.purpose in BOUND
    assert (owned > 0) is (case.purpose in BOUND)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_list_without_a_key_is_known_to_ask_every_shard(case: Case, golden: Golden) -> None:
    """R10: exactly the lists without a key are known to read every shard."""
    plan = golden.plan(case, sharded=True)[1]
    unkeyed = {
        statement.store
        for statement in chain.from_iterable(plan.waves)
        if (found := spread(statement.sql, statement.store))
        and not any(_asked_for(statement.sql, read) for read in found)
    }

    assert plan.fans_out == unkeyed
    assert golden.plan(case, sharded=False)[1].fans_out == frozenset()


def test_a_list_without_a_key_costs_as_much_as_its_shards(golden: Golden) -> None:
    """R10: the price of a list without a key counts the page's rows on each shard."""
    case = next(case for case in CASES if case.name == "page_in_country_order")
    whole, sharded = (golden.plan(case, mode)[1].price.least for mode in (False, True))

    assert sharded - whole == 5 * FAN_OUT


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("sharded", [False, True], ids=["default", "sharded"])
def test_no_value_of_a_request_is_part_of_the_text(case: Case, sharded: bool, golden: Golden) -> None:
    """A variable's value is a parameter: the text of a statement depends on the document alone."""
    values = [each for value in case.variables.values() for each in _texts(value)]
    _, plan, _ = golden.plan(case, sharded)
    for statement in chain.from_iterable(plan.waves):
        literals = TEXT.findall(statement.sql)
        assert not [each for each in values if any(each in literal for literal in literals)]
        numbers = set(re.findall(r"(?<![\w$.])\d+", bare(statement.sql)))
        assert numbers <= set(re.findall(r"\d+", case.document.split("{", 1)[1])) | WRITTEN


def _texts(value: object) -> list[str]:
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)]


def _bands(source: Source) -> Iterator[tuple[tuple[int, str], ...]]:
    if isinstance(source, Band):
        yield source.bands
    if isinstance(source, Summary):
        yield from (measured.bands for measured in source.fields.values())


# Numbers that a source or the renderer writes into SQL: the window, the bands, the page, how many friends and
# contacts count for a suggestion, how many make a group.
WRITTEN = {"0", "1", "28", "50", "100", "500", str(SMALLEST_GROUP)} | {
    str(least)
    for item in OBJECTS.values()
    for source in item.fields.values()
    for bands in _bands(source)
    for least, _ in bands
}


# --- the rules have teeth -------------------------------------------------------------------------

BAD = {
    "R2 a lookup and what it leads to": (
        "SELECT '0:' AS k, ('' || a2.phone) AS b\nFROM phone_lookup AS p1 JOIN account AS a2 "
        "ON a2.id = p1.account_id\nWHERE p1.phone = $1::VARCHAR AND a2.id = $1",
        ["R2"],
    ),
    "R3 the key is not repeated below": (
        "SELECT a1.id AS k, (SELECT count(*) AS n\nFROM contact AS c2\nWHERE c2.account_id = a1.id) AS b\n"
        "FROM account AS a1\nWHERE a1.id = any($1::BIGINT[])",
        ["R3"],
    ),
    "R3 another parameter is repeated": (
        "SELECT a1.id AS k, (SELECT count(*) AS n\nFROM contact AS c2\n"
        "WHERE c2.account_id = a1.id AND c2.account_id = $2::BIGINT) AS b\n"
        "FROM account AS a1\nWHERE a1.id = $1::BIGINT",
        ["R3"],
    ),
    "R3 a subselect below a list without a key": (
        "SELECT a1.id AS k, (SELECT count(*) AS n\nFROM contact AS c2\nWHERE c2.account_id = a1.id) AS b\n"
        "FROM account AS a1 ORDER BY a1.id\n LIMIT 5",
        ["R3"],
    ),
    "R4 the column is cast": (
        "SELECT a1.id AS k, '' AS b\nFROM account AS a1\n"
        "WHERE CAST(a1.id AS TEXT) = $1::VARCHAR AND a1.id = $2",
        ["R4"],
    ),
    "R4 the column is on the right": (
        "SELECT a1.id AS k, '' AS b\nFROM account AS a1\nWHERE $1::BIGINT = a1.id AND a1.id = $1",
        ["R4"],
    ),
    "R6 rows made of the keys": (
        "SELECT a1.id AS k, '' AS b\nFROM unnest($1::BIGINT[]) WITH ORDINALITY AS w1(id, n) "
        "JOIN account AS a1 ON a1.id = w1.id\nWHERE a1.id = any($1::BIGINT[])",
        ["R6"],
    ),
    "R6 an outer join": (
        "SELECT a1.id AS k, '' AS b\nFROM account AS a1 LEFT OUTER JOIN contact AS c2 "
        "ON c2.account_id = a1.id\nWHERE a1.id = $1 AND c2.account_id = $1",
        ["R6"],
    ),
    "R8 a lateral on rows that are cut before": (
        "SELECT p.id AS k, c.n AS b\nFROM (SELECT a1.id\nFROM account AS a1\n"
        "WHERE a1.id = any($1) LIMIT 5) p, LATERAL (SELECT count(*) AS n\n"
        "FROM contact AS c2\nWHERE c2.account_id = any($1)) c",
        ["R6", "R8"],
    ),
    "R11 membership in a set": (
        "SELECT a1.id AS k, '' AS b\nFROM account AS a1\nWHERE a1.id = $1 AND a1.id IN (SELECT r.account_id\n"
        "FROM restriction AS r)",
        ["R11"],
    ),
    "R12 a union": (
        "SELECT '0:' AS k, '' AS b\nFROM account AS a1\nWHERE a1.id = $1 UNION ALL "
        "SELECT '1:' AS k, '' AS b\nFROM account AS a2\nWHERE a2.id = $1",
        ["R12"],
    ),
    "R12 recursion": ("WITH RECURSIVE w AS (SELECT 1) SELECT '' AS k, '' AS b", ["R6", "R12"]),
    "R12 sets of groups": (
        "SELECT a1.id AS k, count(*) AS b\nFROM account AS a1\nWHERE a1.id = $1 "
        "GROUP BY GROUPING SETS (a1.id)",
        ["R12"],
    ),
    "R12 locks": ("SELECT a1.id AS k, '' AS b\nFROM account AS a1\nWHERE a1.id = $1 FOR UPDATE", ["R12"]),
    "R12 settings": ("SET plan_cache_mode = force_generic_plan", ["R12"]),
    "R12 two statements": ("SELECT 1; SELECT 2", ["R12"]),
    "the name of a schema": (
        "SELECT a1.id AS k, '' AS b\nFROM messenger.account AS a1\nWHERE a1.id = $1",
        ["unqualified"],
    ),
    "a relation that the catalogue does not have": (
        "SELECT p.a AS k, '' AS b\nFROM pg_class AS p",
        ["unqualified"],
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_statement_that_breaks_a_rule_is_seen(name: str) -> None:
    """Each bad example breaks the rule that it is for."""
    sql, rules = BAD[name]

    assert sorted(broken(sql, Store.MESSENGER, SHARDED)) == sorted(rules)


@pytest.mark.parametrize("name", ["several_roots", "one_account_by_phone", "accounts_by_ids"])
def test_the_statements_of_one_machine_break_the_rules_for_shards(name: str, golden: Golden) -> None:
    """The default mode's statements break the rules for sharded stores."""
    case = next(case for case in CASES if case.name == name)
    statements = golden.plan(case, sharded=False)[1].waves[0]

    assert [broken(each.sql, each.store, SHARDED) for each in statements] != [[]] * len(statements)


# --- the catalogue and the tables -----------------------------------------------------------------


def _together(item: ObjectSource) -> Iterator[Relation]:
    """Relations that are read in one statement with the object's own, by the object's key."""
    for source in item.fields.values():
        if isinstance(source, Band | Summary | One | Many | Page):
            assert source.on == source.relation.key
            yield source.relation


@pytest.mark.parametrize("type_", OBJECTS)
def test_relations_read_with_an_object_lie_with_it(type_: str) -> None:
    """R1: the relations of an object's fields are of its group, found by the key of their own rows."""
    item = OBJECTS[type_]

    assert {relation.group for relation in _together(item)} <= {item.relation.group}
    assert all(source.horizon.key is None for source in item.fields.values() if isinstance(source, Summary))


def test_a_hop_is_a_cut_wherever_it_leads() -> None:
    """R2, R7: a hop's key is another row's, so it is a hole in every sharded plan."""
    for path in PLANS.glob("*.sharded.sql"):
        assert " JOIN " not in path.read_text(encoding="utf-8")
    assert any(isinstance(source, Hop) for item in OBJECTS.values() for source in item.fields.values())


@pytest.mark.parametrize("store", [Store.MESSENGER, Store.SOCIAL])
def test_a_view_reads_one_spread_relation(store: Store) -> None:
    """R11: besides its own table a view reads the restrictions alone, which every shard holds."""
    restriction = next(each for each in relations_of(store) if each.name == "restriction")
    assert restriction.key is None
    for universe in universes(OBJECTS, store):
        for view in re.findall(r"CREATE VIEW .*?;", universe.sql, re.DOTALL):
            own, *others = re.findall(r"\bFROM ([\w.]+)", view)
            assert own in {relation.qualified for relation in RELATIONS}
            assert set(others) <= {restriction.qualified}


@pytest.mark.parametrize("store", Store)
async def test_every_primary_key_holds_the_key_that_rows_are_spread_by(
    store: Store, golden: Golden, connect: Callable[[str], object]
) -> None:
    """R13: every unique index holds it too, because a shard can guarantee only its own rows."""
    connection: Connection = await connect(golden.dsns[store])  # type: ignore[misc]
    for relation in relations_of(store):
        indexes = await connection.fetch(UNIQUE_INDEXES, relation.qualified)
        assert [row for row in indexes if row["indisprimary"]], relation.qualified
        unkeyed = {row["name"] for row in indexes if relation.key and relation.key not in row["columns"]}
        assert unkeyed == UNIQUE_ELSEWHERE.get(relation.qualified, set())


UNIQUE_INDEXES = """
SELECT i.indisprimary, c.relname::text AS name,
       (SELECT array_agg(a.attname::text) FROM pg_attribute a
        WHERE a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])) AS columns
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = $1::regclass AND i.indisunique
"""
# One machine can guarantee more; a sharded store drops these, and the writer's statement keeps the rule.
UNIQUE_ELSEWHERE = {
    "messenger.phone_lookup": {"phone_lookup_account_id_key"},
    "social.messenger_lookup": {"messenger_lookup_account_id_key"},
}
