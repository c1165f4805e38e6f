"""Text and purpose → a validated operation, or a refusal.

The work is bounded before it is begun: tokens while parsing, then depth and fields with every
fragment counted as often as it is spread, each fragment visited once (a document in which fragments
double 25 times has 2^25 fields and costs 25 visits here). Only what passes is validated.

A refusal depends on the document and the purpose's schema alone, and quotes neither: it names the
rule of the specification that the document breaks, and where.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    parse,
    specified_rules,
    validate,
)
from graphql.language import Visitor, visit

from schema.refusals import Code, Location, Refusal


@dataclass(frozen=True)
class DocumentLimits:
    """How large a document may be. Depth and fields count fragments as often as they are spread."""

    max_bytes: int = 102_400
    max_tokens: int = 10_000
    max_comments: int = 1_000
    max_depth: int = 20
    max_fields: int = 2_000
    max_repeats: int = 100


@dataclass(frozen=True)
class Operation:
    """One valid operation of a document, with the document's fragments."""

    node: OperationDefinitionNode
    fragments: dict[str, FragmentDefinitionNode]

    @property
    def is_query(self) -> bool:
        """Whether it only reads: such an operation may come by GET."""
        return self.node.operation is OperationType.QUERY


def read_operation(
    schema: GraphQLSchema, text: str, operation_name: str | None, limits: DocumentLimits
) -> Operation:
    """The document's operation of that name (or its only one), valid in the schema.

    Refusals: DOCUMENT_TOO_LARGE, GRAPHQL_PARSE_FAILED, OPERATION_RESOLUTION_FAILURE,
    GRAPHQL_VALIDATION_FAILED.
    """
    document = _parse(text, limits)
    operation = _choose(document, operation_name)
    _bound(document, limits)
    _validate(schema, document)
    return operation


def _parse(text: str, limits: DocumentLimits) -> DocumentNode:
    if len(text) > limits.max_bytes:
        raise Refusal(Code.DOCUMENT_TOO_LARGE)
    try:
        return parse(
            text, max_lexical_tokens=limits.max_tokens, max_comments=limits.max_comments,
            allow_empty_selection_sets=False,
        )
    except GraphQLError as error:
        if "Parsing aborted" in error.message:
            raise Refusal(Code.DOCUMENT_TOO_LARGE) from None
        raise Refusal(Code.GRAPHQL_PARSE_FAILED, _locations(error)) from None
    except RecursionError:
        raise Refusal(Code.DOCUMENT_TOO_LARGE) from None


def _choose(document: DocumentNode, name: str | None) -> Operation:
    fragments = {
        node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
    }
    operations = [
        node
        for node in document.definitions
        if isinstance(node, OperationDefinitionNode)
        and (name is None or (node.name is not None and node.name.value == name))
    ]
    if len(operations) != 1:
        raise Refusal(Code.OPERATION_RESOLUTION_FAILURE)
    return Operation(operations[0], fragments)


@dataclass
class _Size:
    depth: int = 0
    fields: int = 0


@dataclass
class _Measure:
    """Depth and fields of selection sets, each fragment measured once."""

    fragments: dict[str, FragmentDefinitionNode]
    limits: DocumentLimits
    known: dict[str, _Size] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)

    def of(self, selections: SelectionSetNode | None, level: int) -> _Size:
        size = _Size()
        if selections is None:
            return size
        if level > self.limits.max_depth:
            raise Refusal(Code.DOCUMENT_TOO_LARGE)
        for selection in selections.selections:
            if isinstance(selection, FieldNode):
                inner = self.of(selection.selection_set, level + 1)
                inner = _Size(inner.depth + 1, inner.fields + 1)
            elif isinstance(selection, InlineFragmentNode):
                inner = self.of(selection.selection_set, level + 1)
            else:
                assert isinstance(selection, FragmentSpreadNode)
                inner = self.of_fragment(selection, level)
            size.depth = max(size.depth, inner.depth)
            size.fields += inner.fields
        if size.depth > self.limits.max_depth or size.fields > self.limits.max_fields:
            raise Refusal(Code.DOCUMENT_TOO_LARGE)
        return size

    def of_fragment(self, spread: FragmentSpreadNode, level: int) -> _Size:
        name = spread.name.value
        if name in self.open:
            raise Refusal(Code.GRAPHQL_VALIDATION_FAILED, _locations(spread), "NoFragmentCycles")
        if name not in self.known:
            fragment = self.fragments.get(name)
            if fragment is None:
                raise Refusal(Code.GRAPHQL_VALIDATION_FAILED, _locations(spread), "KnownFragmentNames")
            self.open.add(name)
            # A chain of fragments is as deep as nested braces: it costs a frame of the stack each.
            self.known[name] = self.of(fragment.selection_set, level + 1)
            self.open.discard(name)
        return self.known[name]


class _Repeats(Visitor):
    """Counts response keys: the rule on merging fields compares all fields of one key in pairs."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit
        self.seen: Counter[str] = Counter()

    def enter_field(self, node: FieldNode, *_: object) -> None:
        key = node.alias.value if node.alias else node.name.value
        self.seen[key] += 1
        if self.seen[key] > self.limit:
            raise Refusal(Code.DOCUMENT_TOO_LARGE)


def _bound(document: DocumentNode, limits: DocumentLimits) -> None:
    fragments = {
        node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
    }
    measure = _Measure(fragments, limits)
    for node in document.definitions:
        selections = getattr(node, "selection_set", None)
        if isinstance(selections, SelectionSetNode):
            measure.of(selections, 1)
    visit(document, _Repeats(limits.max_repeats))


def _validate(schema: GraphQLSchema, document: DocumentNode) -> None:
    if not validate(schema, document, max_errors=1):
        return
    # Which rule it was is not in graphql-core's error, and its text quotes the document.
    for rule in specified_rules:
        errors = validate(schema, document, [rule], max_errors=1)
        if errors:
            name = rule.__name__.removesuffix("Rule")
            raise Refusal(Code.GRAPHQL_VALIDATION_FAILED, _locations(errors[0]), name)
    raise Refusal(Code.GRAPHQL_VALIDATION_FAILED)


def _locations(error: GraphQLError | FragmentSpreadNode) -> tuple[Location, ...]:
    if isinstance(error, FragmentSpreadNode):
        token = error.loc.start_token if error.loc else None
        return (Location(token.line, token.column),) if token else ()
    return tuple(Location(place.line, place.column) for place in error.locations or ())
