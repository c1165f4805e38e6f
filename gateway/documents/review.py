"""A document reviewed before it is asked: the purposes it is valid for, and the data it discloses.

The review parses, validates and plans the document as a request would, in each purpose's schema. It ignores
refusals that only the values of variables cause: a request brings its own values.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    type_from_ast,
)

from gateway.documents.registered import Document
from gateway.quotas.cost import admit
from resolvers.compile.compiler import compile_plan, price_selection
from resolvers.compile.context import PurposeContext, build_contexts
from resolvers.plan.cursors import Cursors
from resolvers.plan.identifiers import IdentifierScope
from resolvers.plan.parameters import coerce_variables
from resolvers.sources.catalogue import Class
from resolvers.sources.fields import OBJECTS
from resolvers.universe.provenance import readings_of
from schema.build import TYPES, fields_of
from schema.disclosed_fields import Disclosed, DisclosedFields, disclosed_fields
from schema.operations import DocumentLimits, Operation, read_operations
from schema.purposes import ABOUT, PrincipalKind, Purpose
from schema.refusals import Code, Location, Refusal
from schema.terms.marks import Mark
from schema.terms.words import Belongs, terms_of

PEOPLE: dict[Mark, str] = {
    Mark.VISIBLE: "everybody in the store",
    Mark.ABSENT: "people who did not object",
    Mark.NULL: "people who did not object",
    Mark.TAKES_PART: "people who take part in a business conversation",
    Mark.OWN_BUSINESS: "people who wrote to the token's business",
    Mark.OWN_MERCHANT: "the token's merchant",
    Mark.OWN_SUBJECT: "the token's own subject",
    Mark.PSEUDONYM: "members, under a pseudonym",
}
# Of scalars whose values have a form; every other one takes any text.
_MADE_UP = {
    "Boolean": True,
    "Int": 1,
    "Float": 1.0,
    "PhoneNumber": "+4930123456",
    "Date": datetime.date(2016, 9, 27).isoformat(),
    "DateTime": datetime.datetime(2016, 9, 27, tzinfo=datetime.UTC).isoformat(),
}


@dataclass(frozen=True)
class ReviewedField:
    """A field that a document discloses, and whether it is personal data."""

    disclosed: Disclosed
    is_personal: bool

    @property
    def name(self) -> str:
        """``Type.field``, as in the matrix."""
        return f"{self.disclosed.type}.{self.disclosed.field}"

    @property
    def people(self) -> str:
        """The people whose data it discloses; empty for a field that is about no person."""
        mark = self.disclosed.mark
        return PEOPLE.get(mark, "") if self.is_personal and mark is not None else ""


@dataclass(frozen=True)
class OfPurpose:
    """What a document discloses under one purpose: its root fields, their arguments, and every field."""

    roots: tuple[str, ...]
    asked_by: tuple[str, ...]
    told: tuple[ReviewedField, ...]


@dataclass(frozen=True)
class Review:
    """A document, what it discloses for each purpose that may run it, and the refusals of the others."""

    document: Document
    tells: Mapping[Purpose, OfPurpose]
    refusals: Mapping[Purpose, Refusal]


class Reviewer:
    """Reviews documents as a gateway of these settings would run them.

    `cursors` opens cursors in documents; `max_cost` is the most rows that one may touch; `scope`: see
    `IdentifierScope`.
    """

    def __init__(
        self,
        cursors: Cursors,
        sharded: bool,
        max_cost: int,
        *,
        scope: IdentifierScope = IdentifierScope.PLAIN,
    ) -> None:
        self._worlds = build_contexts(OBJECTS, cursors, sharded, scope=scope)
        self._max_cost = max_cost

    def review(self, text: str, purposes: Iterable[Purpose]) -> Review:
        """Return what the text discloses under each of the purposes, or the refusal. It raises nothing."""
        tells: dict[Purpose, OfPurpose] = {}
        refusals: dict[Purpose, Refusal] = {}
        names: tuple[str, ...] = ()
        for purpose in purposes:
            try:
                operations = self._operations(text, purpose)
            except Refusal as refusal:
                refusals[purpose] = refusal
                continue
            schema = self._worlds[purpose].schema
            tells[purpose] = _told(purpose, [disclosed_fields(schema, purpose, each) for each in operations])
            names = tuple(each.node.name.value for each in operations if each.node.name is not None)
        return Review(Document(text, names, tuple(tells)), tells, refusals)

    def _operations(self, text: str, purpose: Purpose) -> tuple[Operation, ...]:
        context = self._worlds[purpose]
        operations = read_operations(context.schema, text, DocumentLimits())
        for operation in operations:
            if operation.is_query:
                self._plan(context, operation)
        return operations

    def _plan(self, context: PurposeContext, operation: Operation) -> None:
        """Refuse as a request would, with made-up values for the variables."""
        given = _made_up_variables(context.schema, operation)
        try:
            variables = coerce_variables(context.schema, operation.node, given)
            priced = price_selection(context, operation, variables)
            admit(priced.price, variables, self._max_cost)
            compile_plan(context, priced)
        except Refusal as refusal:
            if refusal.code is not Code.BAD_USER_INPUT or not operation.node.variable_definitions:
                raise Refusal(refusal.code, refusal.locations or _place(operation), refusal.rule) from None


def _place(operation: Operation) -> tuple[Location, ...]:
    start = operation.node.loc.start_token if operation.node.loc else None
    return (Location(start.line, start.column),) if start else ()


def _made_up_variables(schema: GraphQLSchema, operation: Operation) -> dict[str, Any]:
    """A value for each variable that must have one."""
    definitions = operation.node.variable_definitions or ()
    types = {each.variable.name.value: type_from_ast(schema, each.type) for each in definitions}
    defaults = {each.variable.name.value for each in definitions if each.default_value is not None}
    return {
        name: _made_up(type_.of_type)
        for name, type_ in types.items()
        if isinstance(type_, GraphQLNonNull) and name not in defaults
    }


def _made_up(type_: GraphQLInputType) -> Any:
    if isinstance(type_, GraphQLNonNull):
        return _made_up(type_.of_type)
    if isinstance(type_, GraphQLList):
        return []
    if isinstance(type_, GraphQLEnumType):
        return next(iter(type_.values))
    if isinstance(type_, GraphQLInputObjectType):
        needed = [name for name, each in type_.fields.items() if isinstance(each.type, GraphQLNonNull)]
        chosen = [*type_.fields][:1] if type_.is_one_of else needed
        return {name: _made_up(type_.fields[name].type) for name in chosen}
    return _MADE_UP.get(type_.name, "")


# --- what it discloses ----------------------------------------------------------------------------


def _told(purpose: Purpose, reaches: list[DisclosedFields]) -> OfPurpose:
    """What all operations of a document disclose, each field once."""
    told: dict[tuple[str, str], Disclosed] = {}
    for each in (field for reach in reaches for field in reach.told):
        known = told.get((each.type, each.field))
        paths = tuple(dict.fromkeys((*known.paths, *each.paths))) if known else each.paths
        told[each.type, each.field] = Disclosed(each.type, each.field, each.rows, each.mark, paths)
    return OfPurpose(
        roots=tuple(dict.fromkeys(root for each in reaches for root in each.roots)),
        asked_by=tuple(dict.fromkeys(asked for each in reaches for asked in each.asked_by)),
        told=tuple(
            ReviewedField(each, _is_personal(each.type, each.field, each.rows, purpose=purpose))
            for each in told.values()
        ),
    )


@cache
def _is_personal(type_name: str, field: str, rows: str, *, purpose: Purpose) -> bool:
    """Whether the columns read for the field, or else for its rows, hold personal data.

    The fields of a mutation's answer read no columns. They are about the token's own subject, if it has one.
    """
    readings = readings_of(OBJECTS, type_name, field, purpose=purpose) or readings_of(
        OBJECTS, rows, "(row)", purpose=purpose
    )
    if not readings:
        return _belongs(type_name, field) and ABOUT[purpose].principal is PrincipalKind.SUBJECT
    kinds = {each.relation.columns[name].kind for each in readings for name in each.columns}
    return bool(kinds & {Class.KEY, Class.PERSONAL})


def _belongs(type_name: str, field: str) -> bool:
    cls = next((each for each in TYPES if each.__name__ == type_name), None)
    known = fields_of(cls).get(field) if cls is not None else None
    return known is not None and isinstance(terms_of(known), Belongs)
