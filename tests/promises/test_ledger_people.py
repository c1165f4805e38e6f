"""The ledger names exactly the people and fields of the answer (I40).

Random documents are asked through the whole application. Each is asked again with every object's own
identifier added, and the people of that answer are read off its JSON, which knows nothing of marks: the first
entry must name the same people, each with the same fields. So with the people that a list discloses by edges,
cursors or the count of keys: they are read off the page's nodes, which are added too.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest
from graphql import (
    FieldNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    NamedTypeNode,
    NameNode,
    SelectionSetNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_argument_values,
    get_named_type,
    is_abstract_type,
    parse,
    print_ast,
    visit,
)

from resolvers.compile.collect_fields import CollectedField, Collector
from resolvers.plan.parameters import coerce_variables
from resolvers.reads.disclosures import disclosed_fields
from schema.build import schema_for
from schema.operations import DocumentLimits, read_operation
from schema.purposes import Purpose
from tests.kit.documents.writer import Request, write_request
from tests.kit.gateway import NewDatabase, Reply, Side, known_of, open_side, trials
from tests.kit.reference.schema import NAMING
from tests.kit.worlds.making import random_world
from tests.kit.worlds.rows import World

WHO, WHAT, ABOUT, ITEMS = "who__", "what__", "about__", "items__"
ADDED = {WHO, WHAT, ABOUT, ITEMS}
CURSORS = {"startCursor": 0, "endCursor": -1}
# What the ledger names people by: the type of an object, and the store of the account behind its identifier.
ACCOUNTS = {"MessengerAccount": "messenger", "SocialAccount": "social"}
CONVERSATIONS = {"MessengerConversation": "messenger", "SocialConversation": "social"}
OWN_ROWS = {"Objection", "TermsAcceptance"}
NAMED = {*ACCOUNTS, *CONVERSATIONS, *OWN_ROWS, "FriendSuggestion"}
SEEING = (
    Purpose.ADS_PERSONALIZATION, Purpose.FRIEND_SUGGESTIONS, Purpose.INFRASTRUCTURE, Purpose.SECURITY,
    Purpose.BUSINESS_MESSAGING, Purpose.SUBJECT_ACCESS,
)  # fmt: skip
# Types without data of their own: connections, edges, and the summary of a list.
PLUMBING = ("Connection", "Edge", "PageInfo", "Group")
DOCUMENTS = 25

Person = tuple[str, int]
Told = dict[Person, set[str]]


@pytest.fixture(scope="module", params=[False, True], ids=["one machine", "sharded"])
async def side(new_database: NewDatabase, request: pytest.FixtureRequest) -> AsyncIterator[Side]:
    """A gateway, as for one machine and as for sharded stores."""
    async with open_side(new_database, sharded=request.param) as opened:
        yield opened


class _Identify(Visitor):
    """Adds to every selection what the object is and whose; under names that no document has."""

    def __init__(self, types: TypeInfo, schema: GraphQLSchema) -> None:
        super().__init__()
        self._types, self._schema = types, schema

    def leave_selection_set(self, node: SelectionSetNode, *_: Any) -> SelectionSetNode | None:
        type_ = self._types.get_parent_type()
        if type_ is None or type_ is self._schema.query_type or type_.name.startswith("__"):
            return None
        added = self._identity(type_)
        if type_.name == "FriendSuggestion":
            inner = SelectionSetNode(selections=(_field(WHO, "id"),))
            added.append(_field(ABOUT, "account", inner))
        if type_.name.endswith("Connection") and isinstance(type_, GraphQLObjectType):
            items = get_named_type(type_.fields["nodes"].type)
            inner = SelectionSetNode(selections=tuple(self._identity(items)))
            added.append(_field(ITEMS, "nodes", inner))
        return SelectionSetNode(selections=(*node.selections, *added))

    def _identity(self, type_: Any) -> list[FieldNode | InlineFragmentNode]:
        """What the object is, and whose."""
        added: list[FieldNode | InlineFragmentNode] = [_field(WHAT, "__typename")]
        possible = self._schema.get_possible_types(type_) if is_abstract_type(type_) else [type_]
        for each in possible:
            if each.name in NAMED and "id" in each.fields:
                condition = NamedTypeNode(name=NameNode(value=each.name))
                inner = SelectionSetNode(selections=(_field(WHO, "id"),))
                added.append(InlineFragmentNode(type_condition=condition, selection_set=inner, directives=()))
        return added


def _field(key: str, name: str, inner: SelectionSetNode | None = None) -> FieldNode:
    return FieldNode(alias=NameNode(value=key), name=NameNode(value=name), selection_set=inner)


def identified(schema: GraphQLSchema, document: str) -> str:
    """The document, asking of each object who it is."""
    types = TypeInfo(schema)
    return print_ast(visit(parse(document), TypeInfoVisitor(types, _Identify(types, schema))))


@dataclass
class Reading:
    """The people of an identified answer, and the fields about each, read off the JSON."""

    schema: GraphQLSchema
    collector: Collector
    world: World
    told: Told = field(default_factory=lambda: defaultdict(set))

    def read(self, value: Any, type_: GraphQLObjectType, sets: tuple[Any, ...], of: set[str] | None) -> None:
        """One object, or null in its place: null, too, says something about the person."""
        if value is not None and type_.name in NAMED:
            of = self._whose(value, type_.name)
        for each in self.collector.collect(type_, sets):
            if each.name.startswith("__") or each.key in ADDED:
                continue
            if of is not None and not type_.name.endswith(PLUMBING):
                of.add(f"{type_.name}.{each.name}")
            named = get_named_type(type_.fields[each.name].type)
            inner = None if value is None else value[each.key]
            items = [item for item in (inner if isinstance(inner, list) else [inner]) if item is not None]
            for item in items if isinstance(named, GraphQLObjectType) or is_abstract_type(named) else ():
                found = self.schema.type_map[item[WHAT]] if is_abstract_type(named) else named
                assert isinstance(found, GraphQLObjectType)
                if found.name.endswith("Connection"):
                    self._read_list(item, found, each, keyed=self._names_entries(type_, each))
                self.read(item, found, each.selection_sets, of)
            if not items and isinstance(named, GraphQLObjectType) and named.name not in NAMED:
                self.read(None, named, each.selection_sets, of)

    def _names_entries(self, parent: GraphQLObjectType, list_: CollectedField) -> bool:
        """Whether an argument of the list names its entries."""
        variables = self.collector.variables
        given = get_argument_values(parent.fields[list_.name], list_.nodes[0], variables)
        return any(given.get(name) is not None for name in NAMING)

    def _read_list(
        self, value: Mapping[str, Any], type_: GraphQLObjectType, list_: CollectedField, *, keyed: bool
    ) -> None:
        """The people that a list discloses without an object of theirs."""
        told: dict[str, set[int]] = {}
        people = value[ITEMS]
        for each in self.collector.collect(type_, list_.selection_sets):
            if each.key in ADDED:
                continue
            inner = get_named_type(type_.fields[each.name].type) if each.name != "__typename" else None
            below = self.collector.collect(inner, each.selection_sets) if each.selection_sets else ()  # type: ignore[arg-type]
            names = [field.name for field in below if field.key not in ADDED]
            if each.name == "nodes" or (each.name == "edges" and {"node", "account"} & set(names)):
                return
            if each.name == "edges" or (each.name == "totalCount" and keyed):
                told[each.name] = set(range(len(people)))
            elif each.name == "pageInfo" and CURSORS.keys() & set(names):
                places = {CURSORS[name] % len(people) for name in names if name in CURSORS and people}
                told[each.name] = told.get(each.name, set()) | places
        if people and people[0][WHAT] in NAMED:
            for place in sorted(set().union(*told.values())):
                of = self._whose(people[place], people[place][WHAT])
                if of is not None:
                    of.update(f"{type_.name}.{name}" for name in told)

    def _whose(self, value: Mapping[str, Any], type_name: str) -> set[str] | None:
        """The fields told about the object's person; None if it concerns no person."""
        if type_name in OWN_ROWS:
            return self.told["messenger", self.world.whose.messenger_id]
        if type_name == "FriendSuggestion":
            return self.told["social", int(value[ABOUT][WHO].removeprefix("sa_"))]
        number = int(value[WHO].partition("_")[2])
        if type_name in ACCOUNTS:
            return self.told[ACCOUNTS[type_name], number]
        store = CONVERSATIONS[type_name]
        conversations = getattr(self.world, f"{store}_conversations")
        customer = next(each.account_id for each in conversations if each.id == number)
        return None if customer is None else self.told[store, customer]


def read_off(schema: GraphQLSchema, request: Request, document: str, reply: Reply, world: World) -> Told:
    """The people of the identified document's answer."""
    operation = read_operation(schema, document, request.operation_name, limits=LIMITS)
    variables = coerce_variables(schema, operation.node, request.variables)
    collector = Collector(schema, operation.fragments, variables)
    reading = Reading(schema, collector, world)
    query = schema.query_type
    assert query is not None
    reading.read(reply.json["data"], query, (operation.node.selection_set,), None)
    return dict(reading.told)


LIMITS = DocumentLimits(10**6, 10**6, 10**6, 10**4, 10**6, 10**9)


async def last_entry(side: Side) -> Told:
    """The people that the newest entry names, and the fields of each."""
    row = await side.control.fetchrow(
        "SELECT e.people, e.counts, q.fields FROM control.ledger_entry e"
        " JOIN control.ledger_question q ON q.key = e.question ORDER BY e.at DESC, e.number DESC LIMIT 1"
    )
    if row is None:
        return {}
    whose = {
        each["reference"]: (each["store"], each["account_id"])
        for each in await side.control.fetch(
            "SELECT * FROM control.ledger_person WHERE reference = ANY($1)", row["people"]
        )
    }
    told: Told = defaultdict(set)
    for position, reference in enumerate(row["people"], 1):
        told[whose[reference]].update(disclosed_fields(json.loads(row["fields"]), row["counts"], [position]))
    return dict(told)


async def entries(side: Side) -> int:
    """How many there are."""
    return int(await side.control.fetchval("SELECT count(*) FROM control.ledger_entry"))


@pytest.mark.parametrize("purpose", SEEING)
async def test_i40_an_entry_names_exactly_the_people_and_fields_of_its_answer(
    side: Side, purpose: Purpose
) -> None:
    """Whatever is asked, by whatever way people come into the answer."""
    schema, seen = schema_for(purpose), 0
    for seed in range(trials(2)):
        world = random_world(seed, 12)
        await side.hold(world)
        known = known_of(side.settings, purpose, world)
        for number in range(DOCUMENTS):
            random = Random(f"{purpose} {seed} {number}")
            request = write_request(schema, known, random)
            before = await entries(side)
            reply = await side.ask(purpose, request.document, request.variables, request.operation_name)
            if reply.status != 200 or "errors" in reply.json:
                continue
            actual = await last_entry(side) if await entries(side) > before else {}
            document = identified(schema, request.document)
            again = await side.ask(purpose, document, request.variables, request.operation_name)
            if again.codes:
                assert set(again.codes) <= {"DOCUMENT_TOO_LARGE", "COST_TOO_HIGH"}, again.json
                continue
            expected = read_off(schema, request, document, again, world)
            assert actual == expected, f"{request.document}\n{request.variables}\n{reply.body!r}"
            seen += bool(expected)
    assert seen > 3
