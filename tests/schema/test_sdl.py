"""Nine schemas: each holds its purpose's fields, and no trace of other purposes' fields."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
import strawberry
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    print_schema,
)

from schema import build
from schema.build import INPUTS, TYPES, WITHOUT_TERMS, MissingTerms, fields_of, schema_for
from schema.mutation import Mutation
from schema.policy.matrix import ROOM, WRITE, policy_lines, snapshots
from schema.purposes import Purpose
from schema.query import Query
from schema.terms.words import Belongs, Follows, OwnRoot, Plumbing, Probes, plumbing, terms_of
from tests.kit.decided import decided

if TYPE_CHECKING:
    from strawberry.types.field import StrawberryField

SCHEMAS = {purpose: schema_for(purpose) for purpose in Purpose}
SNAPSHOTS = {path.stem: (path, text) for path, text in snapshots().items() if path.suffix == ".graphql"}
BY_NAME = {cls.__name__: cls for cls in (*TYPES, *INPUTS, *WITHOUT_TERMS, Query, Mutation)}
HOLDERS = GraphQLObjectType | GraphQLInterfaceType

# Marks under which a purpose of this release sees anything; written again here, so that a mark
# opened by mistake fails.
OPEN = frozenset("VANOPBMS")


# (type, field) → purpose → mark, from the decided policy and not from the terms.
DECIDED = decided()
# What leads to rows of a type: the matrix has no line on the rows of businesses, so their numbers decide.
ROOTS = {
    "MessengerAccount": {"messengerAccount", "messengerAccounts"},
    "SocialAccount": {"socialAccount", "socialAccounts"},
    "Business": {"business", "businesses"},
    "BusinessConversation": {"businessConversation", "messengerConversations", "socialConversations"},
}


def own_types(schema: GraphQLSchema) -> dict[str, GraphQLNamedType]:
    """The schema's types without those of the specification."""
    return {name: type_ for name, type_ in schema.type_map.items() if not name.startswith("__")}


def own_fields(schema: GraphQLSchema) -> Iterator[tuple[str, str, GraphQLField]]:
    """(type, name, field) of every output field."""
    for type_ in own_types(schema).values():
        if isinstance(type_, HOLDERS):
            for name, field in type_.fields.items():
                yield type_.name, name, field


def declared(type_name: str, field_name: str) -> StrawberryField:
    """The field as it is written in `schema/`."""
    return fields_of(BY_NAME[type_name])[field_name]


def line_of(type_name: str, field_name: str) -> tuple[str, ...]:
    """The line of a field: its own, that of the interface it is from, or the one it follows."""
    field = declared(type_name, field_name)
    terms = terms_of(field)
    if isinstance(terms, Follows):
        return tuple(terms.line.split("."))
    return (field.origin.__name__ if field.origin else type_name, field_name)


# --- snapshots ------------------------------------------------------------------------------------


@pytest.mark.parametrize("purpose", Purpose)
def test_the_committed_sdl_is_the_schema(purpose: Purpose) -> None:
    """The committed SDL of each purpose equals its schema, so a change of it is reviewed."""
    path, text = SNAPSHOTS[purpose.universe]
    committed = (ROOM / path).read_text(encoding="utf-8")

    assert committed == text, f"run `{WRITE}`, review the diff of schema/{path}, commit it"


def test_no_other_sdl_is_committed() -> None:
    """Every committed SDL file belongs to a purpose."""
    assert {path.stem for path in (ROOM / "sdl").iterdir()} == set(SNAPSHOTS)


# --- every field was decided ----------------------------------------------------------------------


# The changes of each purpose, the fields about them, and the fields about the policy, written here a second
# time. They are not lines of the matrix, because they are about the token's principal, or about no person.
CHANGES: dict[Purpose, set[tuple[str, str]]] = {purpose: set() for purpose in Purpose}
CHANGES[Purpose.PREFERENCES] = {
    ("Mutation", "recordObjection"),
    ("Mutation", "withdrawObjection"),
    ("Query", "objectionEligibility"),
    ("ObjectionEligibility", "purpose"),
    ("ObjectionEligibility", "standing"),
    ("ObjectionEligibility", "until"),
    ("ObjectionRecorded", "inForce"),
    ("AlreadyObjected", "inForce"),
    ("NotEligibleNewMember", "before"),
    ("WindowClosed", "closedAt"),
    ("NoMessengerAccount", "inForce"),
    ("ObjectionWithdrawn", "inForce"),
    ("ObjectionWithdrawn", "suspended"),
    ("NotObjected", "inForce"),
}
CHANGES[Purpose.AUDIT] = {
    ("Query", "policyMatrix"),
    ("Query", "objections"),
    ("Query", "objectionsInForce"),
    ("Query", "termsAcceptances"),
    ("Query", "recalls"),
    ("Query", "disclosureCounts"),
    ("Query", "peopleByPurpose"),
    ("Query", "objectionsOverTime"),
    ("Query", "ledgerReport"),
    ("Query", "requestTally"),
    *(("DisclosureCount", name) for name in ("day", "client", "purpose", "answers", "people")),
    *(("PeopleByPurpose", name) for name in ("purpose", "answers", "people")),
    *(("ObjectionsOnDay", name) for name in ("day", "purpose", "members", "objected", "withdrawn")),
    *(("LedgerReport", name) for name in ("says", "wrong", "columns", "rows")),
    *(
        ("RequestTally", name)
        for name in ("hour", "client", "purpose", "what", "requests", "longestMs", "request")
    ),
    *(
        ("AuditedRecall", name)
        for name in (
            "number",
            "client",
            "receivedFor",
            "objectedTo",
            "objectedAt",
            "fields",
            "answers",
            "issuedAt",
            "dueAt",
            "deliveredAt",
            "acknowledgedAt",
            "overdue",
        )
    ),
    *(("ObjectionsInForce", name) for name in ("purpose", "members")),
    *(
        ("AuditedObjection", name)
        for name in (
            "number",
            "person",
            "kind",
            "purposes",
            "recordedAt",
            "effectiveAt",
            "channel",
            "termsVersion",
        )
    ),
    ("Disclosure", "people"),
    *(("PolicyMark", name) for name in ("type", "field", "purpose", "mark", "meaning")),
}
CHANGES[Purpose.OFFER_MATCHING] = {
    ("Mutation", "uploadCustomerList"),
    ("CustomerListTaken", "customerList"),
    ("CustomerListTaken", "badLineCount"),
    ("CustomerListTaken", "badLines"),
    ("CustomerListRefused", "reason"),
}


@pytest.mark.parametrize("purpose", Purpose)
def test_each_purpose_has_its_own_mutations(purpose: Purpose) -> None:
    """A purpose has its own mutations and their outcomes, and a mutation root only if it has any."""
    there = {(type_name, name) for type_name, name, _ in own_fields(SCHEMAS[purpose])}

    assert there >= CHANGES[purpose]
    changing = any(type_name == "Mutation" for type_name, _ in CHANGES[purpose])
    assert (SCHEMAS[purpose].mutation_type is not None) is changing


@pytest.mark.parametrize("purpose", Purpose)
def test_every_field_has_a_line_or_is_plumbing(purpose: Purpose) -> None:
    """I28: every field of a schema is in the matrix, or carries no data of its own."""
    lines = {(line.type, line.name) for line in policy_lines()}
    for type_name, name, _ in own_fields(SCHEMAS[purpose]):
        terms = terms_of(declared(type_name, name))
        if isinstance(terms, Belongs):
            assert (type_name, name) in CHANGES[purpose], f"{type_name}.{name}"
            continue
        if isinstance(terms, Probes):
            assert (type_name, name, terms.purpose) == ("Query", "socialAccountByPhone", purpose)
            continue
        if terms is None:
            is_plumbing = BY_NAME[type_name] in WITHOUT_TERMS
        else:
            is_plumbing = isinstance(terms, Plumbing | OwnRoot)

        assert is_plumbing is not (line_of(type_name, name) in lines), f"{type_name}.{name}"


@pytest.mark.parametrize("purpose", Purpose)
def test_a_field_exists_exactly_where_it_was_decided(purpose: Purpose) -> None:
    """A field exists under exactly the purposes that the decided matrix names."""
    schema = SCHEMAS[purpose]
    types = {cls.__name__ for cls in TYPES}
    built = {(cls.__name__, name) for cls in TYPES for name in fields_of(cls)}
    for (type_name, name), marks in DECIDED.items():
        if type_name in types and (type_name, name) in built:
            type_ = schema.type_map.get(type_name)
            is_there = isinstance(type_, HOLDERS) and name in type_.fields

            assert is_there is (marks[purpose] in OPEN), f"{type_name}.{name}"


@pytest.mark.parametrize("purpose", Purpose)
def test_the_root_leads_only_to_rows_that_the_purpose_sees(purpose: Purpose) -> None:
    """A root field exists exactly where the decided matrix shows a row of its type."""
    query = SCHEMAS[purpose].query_type
    assert query is not None
    visible = {
        type_name
        for (type_name, name), marks in DECIDED.items()
        if (name.startswith("(row") or (type_name, name) == ("Business", "id")) and marks[purpose] in OPEN
    }
    wanted = {"policy", "policyVersions"}
    for type_name in ROOTS.keys() & visible:
        wanted |= {*ROOTS[type_name], "node"}
    # A person's declarations are their own rows: only for purposes whose tokens belong to one person.
    if DECIDED["Objection", "(row)"][purpose] == "O":
        wanted.add("subject")
    # A client requests a person's offers from the person. The list of offers is a merchant's own.
    own_offers = DECIDED["Offer", "(row: the merchant's own)"][purpose] in OPEN
    wanted |= {"offers"} if own_offers else set()
    wanted |= {"disclosures"} if "Disclosure" in visible else set()
    wanted |= {"customerLists"} if "CustomerList" in visible else set()
    wanted |= {name for (_, name, _), whose in PROBES.items() if whose is purpose}

    assert set(query.fields) - {name for root, name in CHANGES[purpose] if root == "Query"} == wanted


def test_a_field_that_can_be_null_for_an_objection_is_nullable() -> None:
    """I9: a field that an objection hides is nullable, or an error would disclose the objection."""
    nullable = [
        (purpose, type_name, name)
        for (type_name, name), marks in DECIDED.items()
        for purpose in Purpose
        if marks[purpose] == "N" and type_name in SCHEMAS[purpose].type_map
    ]
    assert nullable
    for purpose, type_name, name in nullable:
        type_ = SCHEMAS[purpose].type_map[type_name]
        assert isinstance(type_, GraphQLObjectType)
        assert not isinstance(type_.fields[name].type, GraphQLNonNull), f"{type_name}.{name}"


@pytest.mark.parametrize("purpose", [each for each in Purpose if each.objection])
def test_a_way_to_a_row_that_can_be_absent_is_nullable(purpose: Purpose) -> None:
    """A single object whose row is absent after an objection must be able to be null too.

    Not so within an edge or a link: those are absent together with what they lead to.
    """
    absent = {
        type_name
        for (type_name, name), marks in DECIDED.items()
        if name.startswith("(row") and marks[purpose] == "A"
    }
    together = {"node", "account"}
    for type_name, name, field in own_fields(SCHEMAS[purpose]):
        if isinstance(field.type, GraphQLNonNull) and str(field.type.of_type) in absent:
            assert name in together, f"{type_name}.{name}"
            assert type_name.endswith(("Edge", "Link")), f"{type_name}.{name}"


# --- filters, orders, arguments -------------------------------------------------------------------

# They follow no field: they choose data only by values that the purpose sees anyway.
PLAIN_ARGUMENTS = frozenset({"id", "ids", "first", "after", "last", "before", "until"})
# Of a mutation: values of a closed list.
CHANGE_ARGUMENTS = {
    ("Mutation", "recordObjection"): {"purposes"},
    ("Mutation", "withdrawObjection"): {"purposes"},
    ("Query", "policyMatrix"): {"version", "type", "purpose"},
    ("Mutation", "uploadCustomerList"): {"offer", "numbers"},
    ("Query", "objections"): {"first", "after", "person"},
    ("Query", "recalls"): {"first", "after", "client", "overdue"},
    ("Query", "termsAcceptances"): {"person"},
    ("Query", "disclosureCounts"): {"from", "before"},
    ("Query", "peopleByPurpose"): {"from", "before"},
    ("Query", "objectionsOverTime"): {"from", "before"},
    ("Query", "ledgerReport"): {"name", "from", "before"},
    ("Query", "requestTally"): {"from", "before"},
}
# Argument → the decided line it follows.
LOOK_UPS = {
    ("Query", "messengerAccount", "phone"): ("MessengerAccount", "phone"),
    ("Query", "messengerAccounts", "phoneNumbers"): ("MessengerAccount", "phone"),
}
# Not by this mark: a purpose that sees only participants of something cannot look up many numbers.
UNLESS = {("Query", "messengerAccounts", "phoneNumbers"): "P"}
# Decided beside the matrix: the purpose looks up by a value that it does not see.
PROBES = {("Query", "socialAccountByPhone", "phone"): Purpose.FRIEND_SUGGESTIONS}
INPUT_KINDS = {"filter": "Filter", "orderBy": "Order"}


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("cls", INPUTS, ids=lambda cls: cls.__name__)
def test_a_filter_or_order_exists_only_for_a_field_of_the_purpose(cls: type, purpose: Purpose) -> None:
    """I10: every filter and order has the name of a field that the purpose sees."""
    row = cls.__name__.removesuffix("Filter").removesuffix("Order")
    wanted = {name for name in fields_of(cls) if DECIDED[row, name][purpose] in OPEN}
    type_ = SCHEMAS[purpose].type_map.get(cls.__name__)

    assert (set(type_.fields) if isinstance(type_, GraphQLInputObjectType) else set()) == wanted


@pytest.mark.parametrize("purpose", Purpose)
def test_an_argument_exists_only_for_a_field_of_the_purpose(purpose: Purpose) -> None:
    """I10: every argument is plain, follows a visible field, or is an input type that is not empty."""
    schema = SCHEMAS[purpose]
    for type_name, name, field in own_fields(schema):
        for argument, definition in field.args.items():
            line = LOOK_UPS.get((type_name, name, argument))
            if line is not None:
                assert DECIDED[line][purpose] in OPEN, argument
            elif (type_name, name, argument) in PROBES:
                assert PROBES[type_name, name, argument] is purpose, argument
            elif argument in CHANGE_ARGUMENTS.get((type_name, name), ()):
                assert (type_name, name) in CHANGES[purpose], argument
            elif (type_name, name, argument) == ("Query", "disclosures", "person"):
                # A subject's own data needs no look-up, and audit has only references to look up by.
                assert DECIDED["Disclosure", "(row)"][purpose] == "S", argument
            elif argument in INPUT_KINDS:
                assert _input_of(definition).fields, argument
            else:
                plain = {*PLAIN_ARGUMENTS, *(["client"] if name == "disclosures" else [])}
                assert argument in plain, f"{type_name}.{name}({argument}:)"


def _input_of(argument: GraphQLArgument) -> GraphQLInputObjectType:
    type_ = get_named_type(argument.type)
    assert isinstance(type_, GraphQLInputObjectType)
    return type_


@pytest.mark.parametrize("purpose", Purpose)
def test_a_look_up_exists_where_its_field_does(purpose: Purpose) -> None:
    """A look-up by a value exists exactly where the purpose sees that value."""
    query = SCHEMAS[purpose].query_type
    assert query is not None
    for look_up, line in LOOK_UPS.items():
        _, name, argument = look_up
        field, mark = query.fields.get(name), DECIDED[line][purpose]

        wanted = mark in OPEN and mark != UNLESS.get(look_up)
        assert (field is not None and argument in field.args) is wanted


@pytest.mark.parametrize("purpose", Purpose)
def test_lists_have_their_filter_and_order_arguments(purpose: Purpose) -> None:
    """A list has a filter and an order argument if they have at least one field."""
    schema = SCHEMAS[purpose]
    assert schema.query_type is not None
    for type_name, roots in ROOTS.items():
        for root in roots & schema.query_type.fields.keys():
            arguments = set(schema.query_type.fields[root].args)
            if "first" not in arguments:
                continue
            wanted = {each for each, kind in INPUT_KINDS.items() if type_name + kind in schema.type_map}

            assert arguments & INPUT_KINDS.keys() == wanted


# --- no trace of other purposes -------------------------------------------------------------------


@pytest.mark.parametrize("purpose", Purpose)
def test_every_type_can_be_reached(purpose: Purpose) -> None:
    """Every type of a schema can be reached from a root: another type would disclose another purpose."""
    schema = SCHEMAS[purpose]
    assert schema.query_type is not None
    reached: set[str] = set()
    waiting: list[GraphQLNamedType] = [schema.query_type]
    waiting += [schema.mutation_type] if schema.mutation_type else []
    while waiting:
        type_ = waiting.pop()
        if type_.name in reached:
            continue
        reached.add(type_.name)
        if isinstance(type_, HOLDERS):
            waiting += [get_named_type(field.type) for field in type_.fields.values()]
            waiting += [
                get_named_type(each.type) for field in type_.fields.values() for each in field.args.values()
            ]
        if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
            waiting += schema.get_possible_types(type_)
        if isinstance(type_, GraphQLInputObjectType):
            waiting += [get_named_type(field.type) for field in type_.fields.values()]

    # The specification's own introspection uses these two whatever the schema does.
    assert set(own_types(schema)) - {"Boolean", "String"} == reached - {"Boolean", "String"}


@pytest.mark.parametrize("purpose", Purpose)
def test_no_sdl_names_a_hidden_field(purpose: Purpose) -> None:
    """Names of types, fields and kinds of rows that a purpose may not see are nowhere in its SDL.

    Not in a description either. A name that a visible field bears too is no trace.
    """
    schema = SCHEMAS[purpose]
    text = print_schema(schema)
    used = {name for _, name, _ in own_fields(schema)}
    used |= {
        each
        for type_ in own_types(schema).values()
        if isinstance(type_, GraphQLEnumType)
        for each in type_.values
    }
    used |= {argument for (_, _, argument), whose in PROBES.items() if whose is purpose}
    for name in (set(BY_NAME) | {type_name for type_name, _ in DECIDED}) - set(own_types(schema)):
        assert not re.search(rf"\b{name}\b", text), name
    for (type_name, name), marks in DECIDED.items():
        kind = re.fullmatch(r"\(row: ([A-Z_0-9]+)\)", name)
        word = kind[1] if kind else name
        if marks[purpose] in OPEN or not word.isidentifier() or word in used:
            continue
        if any(other == name and DECIDED[each, other][purpose] in OPEN for each, other in DECIDED):
            continue
        found = re.search(rf"(?<!`)\b{word}\b(?=[ (:]|$)", _without_descriptions(text), re.MULTILINE)

        assert not found, f"{type_name}.{name}"


def _without_descriptions(text: str) -> str:
    return re.sub(r'"""(?:.|\n)*?"""', "", text)


def test_the_data_protection_officer_sees_no_account() -> None:
    """The schema of AUDIT has pseudonyms alone, and no account, phone number or link."""
    text = print_schema(SCHEMAS[Purpose.AUDIT])

    assert not re.search("Messenger|Social|Phone|Contact|Friend|Usage", text)
    lists = {"CustomerList", "CustomerListConnection", "CustomerListEdge", "CustomerListStatus", "SizeBand"}
    assert set(own_types(SCHEMAS[Purpose.AUDIT])) - lists == {
        "DisclosureCount", "PeopleByPurpose", "ObjectionsOnDay", "LedgerReport", "LedgerReportName",
        "RequestTally", "Date",
        "Query", "PolicyVersion", "PolicyMark", "AuditedObjection", "AuditedRecall", "ObjectionsInForce",
        "TermsAcceptance", "Disclosure", "PeopleAsked", "ChosenBy", "ObjectionKind", "ObjectablePurpose",
        "DateTime", "String", "Boolean", "PageInfo", "Int", "ID",
    }  # fmt: skip


@pytest.mark.parametrize(
    "purpose", [each for each in Purpose if DECIDED["MessengerAccount", "phone"][each] not in OPEN]
)
def test_a_purpose_that_sees_no_messenger_phone_cannot_ask_by_one(purpose: Purpose) -> None:
    """A purpose that does not see messenger phones has no field, argument, filter or order for them."""
    schema = SCHEMAS[purpose]
    arguments = {
        argument
        for type_, name, field in own_fields(schema)
        for argument in field.args
        if (type_, name, argument) not in PROBES
    }

    assert "phone" not in arguments
    for type_ in own_types(schema).values():
        if isinstance(type_, GraphQLInputObjectType):
            assert "phone" not in type_.fields


# fmt: off
CONTENT = frozenset({
    "attachment", "attachments", "body", "caption", "content", "draft", "emoji", "excerpt", "file",
    "filename", "hash", "keywords", "language", "length", "media", "message", "preview", "quote", "reply",
    "sentiment", "size", "snippet", "subject", "summary", "text", "transcript",
})
# fmt: on
# The first compares any text, and is named after that; when and how often, which the policy lets a business
# know; the person, not what a talk is about; how many records a list has.
NOT_CONTENT = frozenset(
    {"TextFilter", "lastMessageOn", "messageCount", "Subject", "subject", "SizeBand", "audienceSizeBand"}
)


@pytest.mark.parametrize("purpose", Purpose)
def test_no_schema_names_content(purpose: Purpose) -> None:
    """No field, argument, input or enum value of any purpose names message content or a derivative."""
    for name in names_in(SCHEMAS[purpose]):
        words = {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}

        assert name in NOT_CONTENT or not words & CONTENT, name


def names_in(schema: GraphQLSchema) -> Iterator[str]:
    """Every name in the schema that is not the specification's."""
    for type_ in own_types(schema).values():
        yield type_.name
        if isinstance(type_, GraphQLEnumType):
            yield from type_.values
        if isinstance(type_, HOLDERS | GraphQLInputObjectType):
            yield from type_.fields
        if isinstance(type_, HOLDERS):
            for field in type_.fields.values():
                yield from field.args


# --- deny by default ------------------------------------------------------------------------------


@strawberry.type(description="Somebody wrote this and thought of no purpose.")
class Forgotten:
    """A type whose field has no terms."""

    secret: str = strawberry.field(description="Who may see this?")


@strawberry.type(description="A root that leads to it.")
class LeadsToForgotten:
    """Another root."""

    @plumbing("PolicyVersion", "Open to every purpose.")
    def forgotten(self) -> Forgotten: ...


@strawberry.type(description="A root without terms of its own.")
class ForgottenRoot:
    """Another root."""

    secret: str = strawberry.field(description="Who may see this?")


@strawberry.input(description="A filter that was forgotten.")
class ForgottenFilter:
    """An input type whose field has no terms."""

    secret: str | None = strawberry.field(default=None, description="Whose?")


@strawberry.type(description="A root with such a filter.")
class FiltersByForgotten:
    """Another root."""

    @plumbing("PolicyVersion", "Open to every purpose.")
    def policies(self, filter: ForgottenFilter | None = None) -> str: ...


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("root", [LeadsToForgotten, ForgottenRoot, FiltersByForgotten])
def test_a_field_without_terms_stops_the_schema(
    root: type, purpose: Purpose, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A field without terms stops the program, so that no field is visible by oversight."""
    monkeypatch.setattr(build.query, "Query", root)

    # graphql-core wraps what is raised while it asks for a type's fields.
    with pytest.raises((MissingTerms, TypeError)) as caught:
        schema_for(purpose)

    assert MissingTerms in {type(error) for error in causes(caught.value)}


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """The exception and what it was raised from."""
    while error is not None:
        yield error
        error = error.__cause__
