"""From a text and a purpose to a validated operation, or to a cheap refusal that quotes nothing."""

from __future__ import annotations

import gc
import itertools
import re
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    get_introspection_query,
)

from schema.build import schema_for
from schema.operations import DocumentLimits, Operation, read_operation
from schema.purposes import Purpose
from schema.refusals import MESSAGES, Code, Location, Refusal

LIMITS = DocumentLimits()
SCHEMAS = {purpose: schema_for(purpose) for purpose in Purpose}
SECURITY = SCHEMAS[Purpose.SECURITY]
INTROSPECTION = get_introspection_query(
    descriptions=True,
    specified_by_url=True,
    directive_is_repeatable=True,
    schema_description=True,
    input_value_deprecation=True,
    one_of=True,
)


def allows(text: str, name: str | None = None, schema: GraphQLSchema = SECURITY) -> Operation:
    """The operation of this document, which must be allowed."""
    return read_operation(schema, text, name, limits=LIMITS)


def refuses(text: str, name: str | None = None, schema: GraphQLSchema = SECURITY) -> Refusal:
    """The refusal of this document, which must be refused."""
    with pytest.raises(Refusal) as caught:
        read_operation(schema, text, name, limits=LIMITS)
    return caught.value


# On a quiet machine no document takes over 130; on a busy one twice as much was seen.
ALLOWED_MS = 400


def milliseconds(task: Callable[[], object]) -> float:
    """The least CPU time of three runs: the machine may be busy with something else."""
    least = float("inf")
    # A coverage measurement costs more time than the code itself.
    counting = sys.gettrace()
    sys.settrace(None)
    for _ in range(3):
        gc.collect()
        begun = time.process_time()
        task()
        least = min(least, time.process_time() - begun)
    sys.settrace(counting)
    return least * 1000


def said(refusal: Refusal) -> tuple[object, ...]:
    """Every text of a refusal that the client receives."""
    return refusal.code, refusal.message, refusal.rule, refusal.locations


# --- one operation --------------------------------------------------------------------------------


def test_the_only_operation_needs_no_name() -> None:
    """A document's only operation runs with or without `operationName`."""
    assert allows("{__typename}").node.name is None
    assert allows("query a {__typename}").is_query


def test_an_operation_is_found_by_its_name() -> None:
    """If a document has several operations, the one that `operationName` names runs."""
    node = allows("query a {__typename} query b {policy{digest}}", "b").node

    assert node.name is not None
    assert node.name.value == "b"


UNRESOLVED = {
    "several_without_a_name": ("query a {__typename} query b {__typename}", None),
    "several_and_an_unknown_name": ("query a {__typename} query b {__typename}", "c"),
    "one_and_another_name": ("query a {__typename}", "b"),
    "an_anonymous_one_and_a_name": ("{__typename}", "a"),
    "an_empty_name": ("query a {__typename}", ""),
    "two_of_one_name": ("query a {__typename} query a {__typename}", "a"),
    "two_anonymous_ones": ("{__typename} {__typename}", None),
    "fragments_alone": ("fragment f on Query {__typename}", None),
    "a_schema_s_definition": ("type Query {a: Int}", None),
}


@pytest.mark.parametrize(("text", "name"), UNRESOLVED.values(), ids=UNRESOLVED)
def test_a_document_without_exactly_one_operation_is_refused(text: str, name: str | None) -> None:
    """A document is refused if it does not determine exactly one operation."""
    assert refuses(text, name).code is Code.OPERATION_RESOLUTION_FAILURE


@pytest.mark.parametrize("text", ["mutation {a}", "subscription {a}", "subscription s {policy {digest}}"])
def test_a_kind_of_operation_that_the_schema_does_not_have_is_refused(text: str) -> None:
    """An operation without a root type in the schema fails validation, as the specification says."""
    assert said(refuses(text))[::2] == (Code.GRAPHQL_VALIDATION_FAILED, "KnownOperationTypes")


UNPARSED = {
    "nothing": "",
    "white_space": " \n\t",
    "a_comment_alone": "# nothing",
    "an_open_brace": "{",
    "an_empty_selection": "{}",
    "an_unterminated_string": '{node(id:"',
    "a_lone_surrogate": '{node(id:"\ud800"){id}}',
    "a_null_byte": "{\0}",
    "json": '{"query": "{__typename}"}',
    "words_of_the_parser": '{a "Parsing aborted."}',
    "words_of_the_parser_at_the_end": '{a(b: "x" " Parsing aborted.',
}


@pytest.mark.parametrize("text", UNPARSED.values(), ids=UNPARSED)
def test_a_syntax_error_is_refused(text: str) -> None:
    """A document with a syntax error is refused as one, whatever its strings contain."""
    assert refuses(text).code is Code.GRAPHQL_PARSE_FAILED


def test_a_refusal_has_its_place() -> None:
    """A refusal has line, column and name of the first broken rule."""
    refusal = refuses("{\n  policy {\n    digest\n    nothing\n  }\n}")

    assert refusal.locations == (Location(4, 5),)
    assert refusal.rule == "FieldsOnCorrectType"


def test_a_description_is_not_validated() -> None:
    """Descriptions in a document do not affect validation, as the specification says."""
    text = (
        '"An operation" query a("A date" $until: Date) '
        '{messengerAccount(id: "ma_1") {usage(until: $until) {activeDays28}}}'
    )

    assert allows(text).is_query


# --- refusals quote nothing -----------------------------------------------------------------------

CANARY = "canary7f3a"
QUOTING = {
    "a_field": f"{{{CANARY}}}",
    "an_alias": f"{{{CANARY}: nothing}}",
    "an_argument": f'{{node({CANARY}: "x") {{id}}}}',
    "a_string": f'{{node(id: {{a: "{CANARY}"}}) {{id}}}}',
    "an_enum_value": f"{{messengerAccounts(orderBy: {{id: {CANARY}}}) {{totalCount}}}}",
    "a_variable": f"{{node(id: ${CANARY}) {{id}}}}",
    "an_unused_variable": f"query(${CANARY}: ID) {{__typename}}",
    "a_type": f"query($a: {CANARY}) {{node(id: $a) {{id}}}}",
    "a_spread": f"{{...{CANARY}}}",
    "a_fragment": f"{{__typename}} fragment {CANARY} on Query {{__typename}}",
    "a_cycle": f"{{...{CANARY}}} fragment {CANARY} on Query {{...{CANARY}}}",
    "a_condition": f"{{... on {CANARY} {{__typename}}}}",
    "a_directive": f"{{__typename @{CANARY}}}",
    "an_operation": f"query {CANARY} {{__typename}} query {CANARY} {{__typename}}",
    "a_conflict": f"{{{CANARY}: __typename {CANARY}: policy {{digest}}}}",
    "syntax": f'{{node(id: "{CANARY}" {{id}}}}',
    "an_open_string": f'{{node(id: "{CANARY}',
    "a_comment": f"# {CANARY}\n{{",
    "many_tokens": f"{{{CANARY} " * 6_000,
}


@pytest.mark.parametrize("text", QUOTING.values(), ids=QUOTING)
def test_a_refusal_never_quotes_the_document(text: str) -> None:
    """I8: the texts of refusals come from a fixed catalogue and quote nothing of the request."""
    refusal = refuses(text)

    assert refusal.message == MESSAGES[refusal.code]
    assert CANARY not in repr((refusal, vars(refusal), str(refusal), refusal.args))
    assert refusal.__cause__ is None


# --- hidden is the same as unknown ----------------------------------------------------------------


@cache
def everything() -> dict[str, frozenset[str]]:
    """Type → names of its fields, input fields or enum values, in any purpose's schema."""
    found: dict[str, set[str]] = {}
    for schema in SCHEMAS.values():
        for name, type_ in schema.type_map.items():
            if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
                found.setdefault(name, set()).update(type_.fields)
            elif isinstance(type_, GraphQLEnumType):
                found.setdefault(name, set()).update(type_.values)
    return {name: frozenset(fields) for name, fields in found.items() if not name.startswith("__")}


def hidden_fields() -> Iterator[tuple[Purpose, str, str]]:
    """Every output field that is hidden from the purpose, in a type that the purpose has."""
    for purpose, schema in SCHEMAS.items():
        for name, fields in everything().items():
            type_ = schema.type_map.get(name)
            if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
                for field in sorted(fields - type_.fields.keys()):
                    yield purpose, name, field


def hidden_types() -> Iterator[tuple[Purpose, str]]:
    """Every type of another purpose that this purpose does not have."""
    for purpose, schema in SCHEMAS.items():
        for name in sorted(everything().keys() - schema.type_map.keys()):
            yield purpose, name


def unknown(name: str) -> str:
    """A name of the same length that no schema has."""
    return "z" * len(name)


def differences(purpose: Purpose, cases: Iterator[tuple[str, str]], *rules: str) -> list[str]:
    """The documents (text with a gap, name in it) refused otherwise than with an unknown name.

    `rules`: those that an unknown name there must break, or else the comparison would show nothing.
    """
    schema = SCHEMAS[purpose]
    references: dict[str, Refusal] = {}
    found = []
    for text, name in cases:
        # Names of one length share it.
        unknown_one = text % unknown(name)
        if unknown_one not in references:
            references[unknown_one] = refuses(unknown_one, schema=schema)
        expected = references[unknown_one]
        assert expected.rule in rules, text
        if said(refuses(text % name, schema=schema)) != said(expected):
            found.append(text % name)
    return found


FIELD_SHAPES = ("{%s}", "{%s {id}}", '{%s(id: "x", first: 1) {id}}', "{a: %s @include(if: true)}")


@pytest.mark.parametrize("purpose", Purpose)
def test_a_hidden_field_reads_like_one_that_does_not_exist(purpose: Purpose) -> None:
    """I7: a hidden field is refused with the code, message, rule and place of an unknown field."""
    cases = (
        (f"fragment f on {type_name} {shape} {{...f}}", name)
        for hidden_from, type_name, name in hidden_fields()
        for shape in FIELD_SHAPES
        if hidden_from is purpose
    )

    assert differences(purpose, cases, "FieldsOnCorrectType") == []


TYPE_SHAPES = (
    "{... on %s {id}}",
    "{...f} fragment f on %s {id}",
    "query($a: %s) {a(b: $a)}",
    "query($a: [%s!]! = [{id: 1}]) {a(b: $a)}",
)


@pytest.mark.parametrize("purpose", Purpose)
def test_a_hidden_type_reads_like_one_that_does_not_exist(purpose: Purpose) -> None:
    """A type of another purpose is refused like an unknown type."""
    cases = (
        (text, name) for hidden_from, name in hidden_types() for text in TYPE_SHAPES if hidden_from is purpose
    )

    assert differences(purpose, cases, "KnownTypeNames") == []


LISTS = {"messengerAccounts": "MessengerAccount", "socialAccounts": "SocialAccount"}


def hidden_arguments() -> Iterator[tuple[Purpose, str, str]]:
    """(purpose, document with a gap, name): what others may filter, order or look up by, and it may not."""
    for purpose, schema in SCHEMAS.items():
        assert schema.query_type is not None
        fields = schema.query_type.fields
        for (root, row), (argument, kind) in itertools.product(
            LISTS.items(), {"filter": "Filter", "orderBy": "Order"}.items()
        ):
            type_ = schema.type_map.get(row + kind)
            if root in fields and type_ is None:
                yield purpose, f"{{{root}(%s: {{id: ASC}}) {{totalCount}}}}", argument
            elif isinstance(type_, GraphQLInputObjectType):
                for name in sorted(everything()[row + kind] - type_.fields.keys()):
                    yield purpose, f"{{{root}({argument}: {{%s: {{eq: 1}}}}) {{totalCount}}}}", name
                    yield purpose, f"{{{root}({argument}: {{%s: ASC}}) {{totalCount}}}}", name
        if "messengerAccount" in fields and "phone" not in fields["messengerAccount"].args:
            yield purpose, '{messengerAccount(%s: "+4915112345678") {id}}', "phone"


@pytest.mark.parametrize("purpose", Purpose)
def test_a_hidden_argument_reads_like_one_that_does_not_exist(purpose: Purpose) -> None:
    """A filter, order or look-up by a hidden field is refused like an unknown name (I10)."""
    cases = ((text, name) for hidden_from, text, name in hidden_arguments() if hidden_from is purpose)

    assert differences(purpose, cases, "KnownArgumentNames", "ValuesOfCorrectType") == []


def test_something_is_hidden() -> None:
    """The lists of hidden fields, types and arguments are not empty, so the tests above prove something."""
    assert len(list(hidden_fields())) > 20
    assert len(list(hidden_types())) > 50
    assert len(list(hidden_arguments())) >= 4


# --- size -----------------------------------------------------------------------------------------


def fragments(number: int, body: Callable[[int], str], on: str = "Query") -> str:
    """The fragments f0, f1, … of this number."""
    return " ".join(f"fragment f{each} on {on} {{{body(each)}}}" for each in range(number))


def spreads(number: int) -> str:
    """Spreads of all these fragments."""
    return " ".join(f"...f{each}" for each in range(number))


def repeated(text: str, times: int) -> str:
    """The text so many times, `%d` being its number."""
    return " ".join(text.replace("%d", str(each)) for each in range(times))


TOO_LARGE = {
    "two_to_the_25th_spreads": "{...f0} "
    + fragments(25, lambda n: f"...f{n + 1} ...f{n + 1}")
    + " fragment f25 on Query {__typename}",
    "ten_thousand_aliases": f"{{{repeated('a%d: __typename', 10_000)}}}",
    "a_thousand_and_one_aliases": f"{{{repeated('a%d: __typename', LIMITS.max_fields + 1)}}}",
    "a_thousand_levels": "{a" * 1_000 + "}" * 1_000,
    "a_thousand_inline_fragments": "{..." * 1_000 + "{__typename}" + "}" * 1_000,
    "a_chain_of_a_thousand_fragments": "{...f0} "
    + fragments(1_000, lambda n: f"...f{n + 1}")
    + " fragment f1000 on Query {__typename}",
    "a_thousand_lists_in_lists": "{node(id: " + "[" * 1_000 + "]" * 1_000 + ") {id}}",
    "a_thousand_objects_in_objects": "{node(id: " + "{a: " * 1_000 + "1" + "}" * 1_000 + ") {id}}",
    "a_thousand_list_types": "query($a: " + "[" * 1_000 + "ID" + "]" * 1_000 + ") {__typename}",
    "one_field_five_thousand_times": f"{{{'__typename ' * 5_000}}}",
    "one_field_a_thousand_times": f"{{{'__typename ' * 1_000}}}",
    "five_thousand_directives": f"{{__typename {'@include(if: true) ' * 5_000}}}",
    "many_comments": "#\n" * (LIMITS.max_comments + 1) + "{__typename}",
    "a_huge_comment": "#" + "x" * LIMITS.max_bytes + "\n{__typename}",
    "a_huge_string": '{node(id: "' + "x" * LIMITS.max_bytes + '") {id}}',
    "many_operations": repeated("query q%d {a%d: __typename}", 2_000),
    "spreads_that_must_all_be_compared": f"{{{spreads(400)}}} "
    + fragments(400, lambda n: f"a{n}: __typename"),
    "spreads_within_one_field_many_times": "{"
    + f'messengerAccount(id: "x") {{{spreads(30)}}} ' * 30
    + "} "
    + fragments(30, lambda n: "id", "MessengerAccount"),
    "one_object_many_times": "{"
    + 'messengerAccount(id: "x") {socialAccount {messengerLink {account {id}}}} ' * 150
    + "}",
    "many_keys_in_many_fragments": f"{{{spreads(60)}}} "
    + fragments(60, lambda n: repeated("k%d: __typename", 16)),
}


@pytest.mark.parametrize("text", TOO_LARGE.values(), ids=TOO_LARGE)
def test_a_document_that_is_too_large_is_refused(text: str) -> None:
    """A document that is too large is refused in one sentence, which says nothing of the schema."""
    refusal = refuses(text)

    assert said(refusal) == (Code.DOCUMENT_TOO_LARGE, MESSAGES[Code.DOCUMENT_TOO_LARGE], None, ())


@pytest.mark.slow
@pytest.mark.parametrize("text", TOO_LARGE.values(), ids=TOO_LARGE)
def test_a_document_that_is_too_large_costs_little(text: str) -> None:
    """I14: a document that is too large is refused before any expensive work."""
    assert milliseconds(lambda: refuses(text)) < ALLOWED_MS


def test_fragments_that_double_are_counted_in_the_time_of_their_text() -> None:
    """A document of 2^25 fields is refused in less than 50 ms."""
    assert milliseconds(lambda: refuses(TOO_LARGE["two_to_the_25th_spreads"])) < 50


CYCLES = {
    "a_fragment_in_itself": "{...f} fragment f on Query {...f}",
    "two_fragments": "{...f} fragment f on Query {...g} fragment g on Query {...f}",
    "below_a_field": '{node(id: "x") {...f}} '
    "fragment f on MessengerAccount {socialAccount {messengerLink {account {...f}}}}",
    "in_a_fragment_that_is_not_spread": "{__typename} fragment f on Query {...g} fragment g on Query {...f}",
    "in_an_inline_fragment": "{...f} fragment f on Query {... on Query {...f}}",
}


@pytest.mark.parametrize("text", CYCLES.values(), ids=CYCLES)
def test_a_cycle_of_fragments_is_refused(text: str) -> None:
    """A cycle of fragments is refused before validation could follow it."""
    refusal = refuses(text)

    assert refusal.rule == "NoFragmentCycles"
    assert len(refusal.locations) == 1


def test_an_unknown_fragment_is_refused() -> None:
    """An unknown fragment is refused with the place of its spread."""
    assert said(refuses("{ ...nowhere }"))[2:] == ("KnownFragmentNames", (Location(1, 3),))


def test_a_fragment_costs_depth_wherever_it_is() -> None:
    """The depth of a chain of fragments does not depend on the order of their definitions."""
    number = LIMITS.max_depth
    for length, code in ((number - 1, None), (number, Code.DOCUMENT_TOO_LARGE)):
        chain = [f"fragment f{each} on Query {{...f{each + 1}}}" for each in range(length - 1)]
        chain.append(f"fragment f{length - 1} on Query {{__typename}}")
        for definitions in (chain, chain[::-1]):
            for text in ("{...f0} " + " ".join(definitions), " ".join(definitions) + " {...f0}"):
                assert (refuses(text).code if code else None) is code
                assert code is not None or allows(text).is_query


ADMITTED = {
    "as_many_aliases_as_allowed": f"{{{repeated('a%d: __typename', LIMITS.max_fields)}}}",
    "many_objects": f"{{{repeated('a%d: policy {digest}', 490)}}}",
    "many_lookups": f"{{{repeated('a%d: node(id: $v) {id}', 320)}}}".join(["query($v: ID!) ", ""]),
    "many_variables": "query("
    + repeated("$v%d: ID!", 280)
    + ") {"
    + repeated("a%d: node(id: $v%d) {id}", 280)
    + "}",
    "a_long_list": "{messengerAccounts(ids: [" + '"x" ' * 4_900 + "]) {totalCount}}",
    "a_large_comment": "#" + "x" * 100_000 + "\n{__typename}",
    "a_large_string": '{messengerAccount(id: "' + "\\u{1F600}" * 10_000 + '") {id}}',
    "a_large_block": '{messengerAccount(id: """' + "\n a" * 33_000 + '""") {id}}',
    "one_field_many_times": f"{{{'__typename ' * 220}}}",
    "spreads": f"{{{spreads(150)}}} " + fragments(150, lambda n: f"a{n}: __typename b{n}: __typename"),
    "spreads_of_one_object": f"{{{spreads(70)}}} "
    + fragments(70, lambda n: 'messengerAccount(id: "x") {socialAccount {id}}'),
    "fragments_that_grow": f"{{{spreads(9)}}} "
    + fragments(9, lambda n: " ".join(f"...f{each}" for each in range(n + 1, 9)) + f" a{n}: __typename"),
    "unused_directives": f"{{{repeated('a%d: __typename @include(if: true) @skip(if: false)', 270)}}}",
    "as_deep_as_allowed": "{" + "...{" * (LIMITS.max_depth - 1) + "__typename" + "}" * LIMITS.max_depth,
    "introspection": INTROSPECTION,
}


@pytest.mark.slow
@pytest.mark.parametrize("text", ADMITTED.values(), ids=ADMITTED)
def test_an_admitted_document_is_validated_in_a_short_time(text: str) -> None:
    """At the edge of every limit, reading and validating takes about 100 ms on a quiet machine."""
    assert milliseconds(lambda: allows(text)) < ALLOWED_MS


WRONG = {
    "unknown_directives": f"{{__typename {'@x ' * 2_400}}}",
    "one_argument_many_times": "{messengerAccounts(" + "first: 1 " * 1_600 + ") {totalCount}}",
    "unused_variables": "query(" + repeated("$v%d: ID", 1_200) + ") {__typename}",
    "unused_fragments": "{__typename} " + fragments(450, lambda n: f"a{n}: __typename"),
    "fragments_of_one_name": "{...f} " + "fragment f on Query {__typename} " * 600,
    "unknown_fields": f"{{{repeated('messengerAccounz%d', LIMITS.max_fields)}}}",
    "unknown_types": f"{{{'... on Messenger {__typename} ' * 150}}}",
    "lists_in_lists": "{messengerAccounts(ids: " + "[" * 150 + "]" * 150 + ") {totalCount}}",
    "a_long_number": "{messengerAccounts(first: " + "9" * 100_000 + ") {totalCount}}",
    "a_number_without_end": "{messengerAccounts(first: 1e999999999) {totalCount}}",
    "long_wrong_list": "{messengerAccounts(ids: [" + "{} " * 1_600 + "]) {totalCount}}",
    "conflicts": f"{{{repeated('a: b%d', 200)}}}",
}


@pytest.mark.slow
@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_an_invalid_document_is_refused_in_a_short_time(text: str) -> None:
    """An invalid document is refused at its first broken rule, without a list of errors or suggestions."""
    assert refuses(text).code is Code.GRAPHQL_VALIDATION_FAILED
    assert milliseconds(lambda: refuses(text)) < ALLOWED_MS


@pytest.mark.parametrize("purpose", Purpose)
def test_every_purpose_can_be_introspected(purpose: Purpose) -> None:
    """The introspection query of GraphiQL and of code generators is far below the limits of every purpose."""
    assert allows(INTROSPECTION, schema=SCHEMAS[purpose]).is_query
    assert INTROSPECTION.count("ofType") == 9


def test_introspection_cannot_go_in_circles() -> None:
    """Nested introspection, whose size grows with each level, is refused by a rule of graphql-core."""
    text = "{__schema {types {" + "fields {type {" * 3 + "name" + "}}" * 3 + "}}}"

    assert refuses(text).rule == "MaxIntrospectionDepth"


def test_each_limit_is_exact() -> None:
    """A document is refused if any limit is one below what it needs."""
    text = "#\n#\n{policy {...f}} fragment f on PolicyVersion {digest purpose purpose}"
    tokens = len(re.findall(r"\.\.\.|\w+|[{}]", text.replace("#", "")))
    enough = DocumentLimits(len(text), tokens, 2, 3, 4, 3)
    read_operation(SECURITY, text, None, limits=enough)
    for tighter in (
        DocumentLimits(len(text) - 1, tokens, 2, 3, 4, 3),
        DocumentLimits(len(text), tokens - 1, 2, 3, 4, 3),
        DocumentLimits(len(text), tokens, 1, 3, 4, 3),
        DocumentLimits(len(text), tokens, 2, 2, 4, 3),
        DocumentLimits(len(text), tokens, 2, 3, 3, 3),
        DocumentLimits(len(text), tokens, 2, 3, 4, 1),
    ):
        with pytest.raises(Refusal) as caught:
            read_operation(SECURITY, text, None, limits=tighter)
        assert caught.value.code is Code.DOCUMENT_TOO_LARGE
