"""Text and purpose → a validated operation, or a refusal.

The work is bounded before it is begun: tokens while parsing, then depth and fields with every
fragment counted as often as it is spread, each fragment visited once (a document in which fragments
double 25 times has 2^25 fields and costs 25 visits here). Only what passes is validated, and there
the one rule that is not linear, on merging fields, has a budget of its own.

A refusal depends on the document and the purpose's schema alone, and quotes neither: it names the
rule of the specification that the document breaks, and where.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    OverlappingFieldsCanBeMergedRule,
    SelectionSetNode,
    TypeInfo,
    TypeInfoVisitor,
    ValidationContext,
    parse,
    specified_rules,
)
from graphql.language import ParallelVisitor, visit
from graphql.language.ast import QUERY_DOCUMENT_KEYS

from schema.insides.graphql_core_inside import limit_comparisons
from schema.refusals import Code, Location, Refusal


@dataclass(frozen=True)
class DocumentLimits:
    """How large a document may be.

    Depth counts nested braces, a fragment's own among them. Fields are counted as often as their
    fragment is spread. Comparisons are those of the rule on merging fields, in graphql-core's unit.
    The defaults admit what takes at most about 0.1 s to validate.
    """

    max_bytes: int = 102_400
    max_tokens: int = 5_000
    max_comments: int = 1_000
    max_depth: int = 25
    max_fields: int = 1_000
    max_comparisons: int = 50_000


@dataclass(frozen=True)
class Operation:
    """One valid operation of a document, with the document's fragments.

    `document`: the SHA-256 of the document's text, in hexadecimal digits.
    """

    node: OperationDefinitionNode
    fragments: dict[str, FragmentDefinitionNode]
    document: str

    @property
    def is_query(self) -> bool:
        """Whether it only reads: such an operation may come by GET."""
        return self.node.operation is OperationType.QUERY

    @property
    def is_stream(self) -> bool:
        """Whether it is answered again and again."""
        return self.node.operation is OperationType.SUBSCRIPTION


def read_operation(
    schema: GraphQLSchema, text: str, operation_name: str | None, *, limits: DocumentLimits
) -> Operation:
    """The document's operation of that name (or its only one), valid in the schema.

    Refusals: DOCUMENT_TOO_LARGE, GRAPHQL_PARSE_FAILED, OPERATION_RESOLUTION_FAILURE,
    GRAPHQL_VALIDATION_FAILED.
    """
    document = _parse(text, limits)
    operation = _choose(document, operation_name, hashlib.sha256(text.encode()).hexdigest())
    _bound(document, limits)
    _validate(schema, document, limits)
    return operation


def read_operations(schema: GraphQLSchema, text: str, limits: DocumentLimits) -> tuple[Operation, ...]:
    """Every operation of the document, at least one, valid in the schema. Refusals of `read_operation`."""
    document = _parse(text, limits)
    fragments = _fragments(document)
    found = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    if not found:
        raise Refusal(Code.OPERATION_RESOLUTION_FAILURE)
    _bound(document, limits)
    _validate(schema, document, limits)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return tuple(Operation(node, fragments, digest) for node in found)


def _parse(text: str, limits: DocumentLimits) -> DocumentNode:
    if len(text) > limits.max_bytes:
        raise Refusal(Code.DOCUMENT_TOO_LARGE)
    try:
        return parse(
            text,
            max_lexical_tokens=limits.max_tokens,
            max_comments=limits.max_comments,
            allow_empty_selection_sets=False,
        )
    except GraphQLError as error:
        # Only these texts end so: others quote a token at their end, in quotation marks.
        if error.message.endswith(" Parsing aborted."):
            raise Refusal(Code.DOCUMENT_TOO_LARGE) from None
        raise Refusal(Code.GRAPHQL_PARSE_FAILED, _places(error)) from None
    except RecursionError:
        raise Refusal(Code.DOCUMENT_TOO_LARGE) from None


def _choose(document: DocumentNode, name: str | None, digest: str) -> Operation:
    operations = [
        node
        for node in document.definitions
        if isinstance(node, OperationDefinitionNode)
        and (name is None or (node.name is not None and node.name.value == name))
    ]
    if len(operations) != 1:
        raise Refusal(Code.OPERATION_RESOLUTION_FAILURE)
    return Operation(operations[0], _fragments(document), digest)


def _fragments(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {
        node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
    }


@dataclass(frozen=True)
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
        """The size below a selection set; `level` bounds the recursion before the size is known."""
        if selections is None:
            return _Size()
        if level > self.limits.max_depth:
            raise Refusal(Code.DOCUMENT_TOO_LARGE)
        depth = fields = 0
        for selection in selections.selections:
            if isinstance(selection, FragmentSpreadNode):
                inner = self.of_fragment(selection, level)
            else:
                inner = self.of(selection.selection_set, level + 1)  # type: ignore[attr-defined]
            depth = max(depth, inner.depth)
            fields += inner.fields + isinstance(selection, FieldNode)
        if depth + 1 > self.limits.max_depth or fields > self.limits.max_fields:
            raise Refusal(Code.DOCUMENT_TOO_LARGE)
        return _Size(depth + 1, fields)

    def of_fragment(self, spread: FragmentSpreadNode, level: int) -> _Size:
        name = spread.name.value
        if name in self.open:
            raise Refusal(Code.GRAPHQL_VALIDATION_FAILED, _place(spread), "NoFragmentCycles")
        if name not in self.known:
            fragment = self.fragments.get(name)
            if fragment is None:
                raise Refusal(Code.GRAPHQL_VALIDATION_FAILED, _place(spread), "KnownFragmentNames")
            self.open.add(name)
            self.known[name] = self.of(fragment.selection_set, level + 1)
            self.open.discard(name)
        return self.known[name]


def _bound(document: DocumentNode, limits: DocumentLimits) -> None:
    measure = _Measure(_fragments(document), limits)
    for node in document.definitions:
        selections = getattr(node, "selection_set", None)
        if isinstance(selections, SelectionSetNode):
            measure.of(selections, 1)


# The specification: descriptions must not affect validation.
_VISITED = {
    kind: tuple(key for key in keys if key != "description") for kind, keys in QUERY_DOCUMENT_KEYS.items()
}


def _validate(schema: GraphQLSchema, document: DocumentNode, limits: DocumentLimits) -> None:
    """Refuse at the first place where a rule is broken.

    Rejected: graphql-core's `validate`. It does not tell which rule found an error, and its texts
    quote the document; to ask rule by rule costs thirty visits.
    """
    types = TypeInfo(schema)

    def context_of(rule: str) -> ValidationContext:
        return ValidationContext(schema, document, types, _refuse_broken(rule), hide_suggestions=True)

    rules = [rule(context_of(rule.__name__)) for rule in specified_rules]
    for rule in rules:
        if isinstance(rule, OverlappingFieldsCanBeMergedRule):
            limit_comparisons(rule, limits.max_comparisons)
    try:
        visit(document, TypeInfoVisitor(types, ParallelVisitor(rules)), _VISITED)
    except (GraphQLError, RecursionError):
        # The only such error that a rule raises, instead of reporting it: the budget is spent.
        raise Refusal(Code.DOCUMENT_TOO_LARGE) from None


def _refuse_broken(rule: str) -> Callable[[GraphQLError], None]:
    def refuse(error: GraphQLError) -> None:
        raise Refusal(Code.GRAPHQL_VALIDATION_FAILED, _places(error), rule.removesuffix("Rule"))

    return refuse


def _places(error: GraphQLError) -> tuple[Location, ...]:
    return tuple(Location(place.line, place.column) for place in error.locations or ())


def _place(node: FragmentSpreadNode) -> tuple[Location, ...]:
    token = node.loc.start_token if node.loc else None
    return (Location(token.line, token.column),) if token else ()
