"""The ledger names exactly the people and fields of the answer (I40).

Random documents are asked through the whole application. Each is asked again with every object's own
identifier added, and the people of that answer are read off its JSON, which knows nothing of marks: the first
entry must name the same people, each with the same fields. So with the people that a list discloses by edges,
cursors or the count of keys: they are read off the page's nodes, which are added too. The entry must also
name the people whose data in the answer an objection covers: recall notices rest on that (I47).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping
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
from resolvers.plan.parameters import coerce_variables, read_arguments
from resolvers.reads.disclosures import disclosed_fields
from schema.build import schema_for
from schema.operations import DocumentLimits, read_operation
from schema.purposes import Purpose
from tests.kit.documents.writer import Request, write_request
from tests.kit.gateway import NewDatabase, Reply, Side, known_of, open_side, trials
from tests.kit.reference.schema import NAMING
from tests.kit.worlds.making import random_world
from tests.kit.worlds.rows import World

WHO, WHAT, ABOUT, ITEMS, KIND = "who__", "what__", "about__", "items__", "kind__"
ADDED = {WHO, WHAT, ABOUT, ITEMS, KIND}
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
# The kinds of rows that an objection covers, and the field that tells a row's kind.
COVERED = {
    "PhoneBinding": ("source", "MESSENGER_SHARED"),
    "AdTopic": ("source", "MESSENGER"),
    "FriendSuggestion": ("basis", "MESSENGER_CONTACT"),
}
OBJECTABLE = (Purpose.ADS_PERSONALIZATION, Purpose.FRIEND_SUGGESTIONS)
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
        if type_.name in COVERED:
            added.append(_field(KIND, COVERED[type_.name][0]))
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
            if (each.name in NAMED or each.name == "Offer") and "id" in each.fields:
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
    """The people of an identified answer, and the fields about each, read off the JSON.

    `covered`: the people with data in the answer that an objection to `purpose` covers, and the fields with
    that data.
    """

    schema: GraphQLSchema
    collector: Collector
    world: World
    purpose: Purpose
    told: Told = field(default_factory=lambda: defaultdict(set))
    covered: Told = field(default_factory=lambda: defaultdict(set))

    def read(self, value: Any, type_: GraphQLObjectType, sets: tuple[Any, ...], of: Person | None) -> None:
        """One object, or null in its place: null, too, says something about the person."""
        if value is not None and type_.name in NAMED:
            of = self._whose(value, type_.name)
        for each in self.collector.collect(type_, sets):
            if each.name.startswith("__") or each.key in ADDED:
                continue
            if of is not None and not type_.name.endswith(PLUMBING):
                self.told[of].add(f"{type_.name}.{each.name}")
            if value is not None and of is not None and type_.name == "SocialAccount":
                self._cover(of, each, value[each.key])
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
                    self.told[of].update(f"{type_.name}.{name}" for name in told)

    def _cover(self, of: Person, selected: CollectedField, value: Any) -> None:
        """A field of an account on the social network that may hold data from the messenger."""
        account, field_ = self.schema.type_map["SocialAccount"], f"SocialAccount.{selected.name}"
        assert isinstance(account, GraphQLObjectType)
        type_ = get_named_type(account.fields[selected.name].type)
        items = [item for item in (value if isinstance(value, list) else [value]) if item is not None]
        match type_.name:
            case "MessengerLink":
                found = items
            case "PhoneBinding" | "AdTopic" | "FriendSuggestion":
                found = [item for item in items if item[KIND] == COVERED[type_.name][1]]
            case "Offer":
                found = [item for item in items if item[WHO] in self._matched(of)]
            case _:
                found = []
        if not found or self.purpose not in OBJECTABLE:
            return
        assert isinstance(type_, GraphQLObjectType)
        inner = {
            f"{type_.name}.{each.name}"
            for each in self.collector.collect(type_, selected.selection_sets)
            if not each.name.startswith("__") and each.key not in ADDED
        }
        self.covered[of].add(field_)
        if type_.name == "FriendSuggestion":
            for item in found:
                self.covered[self._whose(item, type_.name)].update(inner)  # type: ignore[index]
        else:
            self.covered[of].update(inner)

    def _matched(self, of: Person) -> set[str]:
        """The offers that the person sees because of a number that the messenger shared."""
        return {
            f"of_{each.offer_id}"
            for each in self.world.shown
            if (each.account_id, each.source) == (of[1], "MESSENGER_SHARED")
        }

    def look_up(self, value: Any, key: str, numbers: Collection[str]) -> None:
        """A root field that found an account by one of these numbers, if the messenger had shared it."""
        hidden = {each.messenger_id for each in self.world.restrictions if each.purposes & 2}
        shared = {
            each.account_id
            for each in self.world.phone_bindings
            if each.source == "MESSENGER_SHARED"
            and each.number in numbers
            and each.messenger_id not in hidden
        }
        if value is not None and (number := int(value[WHO].removeprefix("sa_"))) in shared:
            self.told["social", number].add(key)
            self.covered["social", number].add(key)

    def _whose(self, value: Mapping[str, Any], type_name: str) -> Person | None:
        """The object's person; None if it concerns no person."""
        if type_name in OWN_ROWS:
            return self._known("messenger", self.world.whose.messenger_id)
        if type_name == "FriendSuggestion":
            return self._known("social", int(value[ABOUT][WHO].removeprefix("sa_")))
        number = int(value[WHO].partition("_")[2])
        if type_name in ACCOUNTS:
            return self._known(ACCOUNTS[type_name], number)
        store = CONVERSATIONS[type_name]
        conversations = getattr(self.world, f"{store}_conversations")
        customer = next(each.account_id for each in conversations if each.id == number)
        return None if customer is None else self._known(store, customer)

    def _known(self, store: str, number: int | None) -> Person:
        assert number is not None
        self.told[store, number].update()
        return store, number


def read_off(
    purpose: Purpose, request: Request, document: str, reply: Reply, world: World
) -> tuple[Told, Told]:
    """The people of the identified document's answer, and those with covered data in it."""
    schema = schema_for(purpose)
    operation = read_operation(schema, document, request.operation_name, limits=LIMITS)
    variables = coerce_variables(schema, operation.node, request.variables)
    collector = Collector(schema, operation.fragments, variables)
    reading = Reading(schema, collector, world, purpose)
    query = schema.query_type
    assert query is not None
    reading.read(reply.json["data"], query, (operation.node.selection_set,), None)
    for each in collector.collect(query, (operation.node.selection_set,)):
        if each.name == "socialAccountByPhone":
            given = read_arguments(query.fields[each.name], each.nodes[0], variables).values
            numbers = {str(value) for value in given.values()}
            reading.look_up(reply.json["data"][each.key], f"Query.{each.name}", numbers)
    return dict(reading.told), dict(reading.covered)


LIMITS = DocumentLimits(10**6, 10**6, 10**6, 10**4, 10**6, 10**9)


async def last_entry(side: Side) -> Told:
    """The people that the newest entry names, with the fields of each."""
    return (await last_named(side))[0]


async def last_named(side: Side) -> tuple[Told, Told]:
    """The people that the newest entry names, with the fields of each; and those in covered places alone."""
    row = await side.control.fetchrow(
        "SELECT e.people, e.counts, q.fields, q.covered FROM control.ledger_entry e"
        " JOIN control.ledger_question q ON q.key = e.question ORDER BY e.at DESC, e.number DESC LIMIT 1"
    )
    if row is None:
        return {}, {}
    whose = {
        each["reference"]: (each["store"], each["account_id"])
        for each in await side.control.fetch(
            "SELECT * FROM control.ledger_person WHERE reference = ANY($1)", row["people"]
        )
    }
    told: Told = defaultdict(set)
    covered: Told = defaultdict(set)
    fields, places = json.loads(row["fields"]), json.loads(row["covered"])
    in_order = [place for place, many in enumerate(row["counts"]) for _ in range(many)]
    for position, (reference, place) in enumerate(zip(row["people"], in_order, strict=True), 1):
        told[whose[reference]].update(disclosed_fields(fields, row["counts"], [position]))
        if place in places:
            covered[whose[reference]].update(fields[place])
    return dict(told), dict(covered)


async def entries(side: Side) -> int:
    """How many there are."""
    return int(await side.control.fetchval("SELECT count(*) FROM control.ledger_entry"))


@pytest.mark.parametrize("purpose", SEEING)
async def test_i40_an_entry_names_exactly_the_people_and_fields_of_its_answer(
    side: Side, purpose: Purpose
) -> None:
    """Whatever is asked, by whatever way people come into it; I47 needs the covered data to be exact too."""
    schema, seen, covered = schema_for(purpose), 0, 0
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
            actual = await last_named(side) if await entries(side) > before else ({}, {})
            document = identified(schema, request.document)
            again = await side.ask(purpose, document, request.variables, request.operation_name)
            if again.codes:
                assert set(again.codes) <= {"DOCUMENT_TOO_LARGE", "COST_TOO_HIGH"}, again.json
                continue
            expected = read_off(purpose, request, document, again, world)
            assert actual == expected, f"{request.document}\n{request.variables}\n{reply.body!r}"
            seen += bool(expected[0])
            covered += bool(expected[1])
    assert seen > 3
    assert bool(covered) is (purpose in OBJECTABLE)
