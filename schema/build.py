"""One GraphQL schema for each purpose, built of the same types: deny by default.

`FilteredSchema` asks this module for the fields of output and input types. It does not ask for arguments, so
they are filtered here on a copy of their field. An argument goes as well
if the purpose sees no field of its input type.
"""

from __future__ import annotations

import copy
from typing import assert_never

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLObjectType, GraphQLSchema, get_named_type
from strawberry.schema.config import StrawberryConfig
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.base import (
    StrawberryContainer,
    StrawberryObjectDefinition,
    get_object_definition,
)
from strawberry.types.field import StrawberryField

from schema import mutation, query
from schema.insides.strawberry_inside import FilteredSchema
from schema.purposes import ABOUT, Purpose
from schema.terms.marks import ALL_ROWS, Marks, Rows
from schema.terms.words import Belongs, Follows, OwnRoot, Plumbing, Probes, Seen, Terms, terms_of
from schema.types import (
    audit,
    business,
    customer_lists,
    disclosures,
    messenger,
    objections,
    offers,
    privacy,
    social,
    statistics,
    subject,
)
from schema.values import paging
from schema.values.scalars import SCALARS

NODES: tuple[type, ...] = (
    messenger.MessengerAccount,
    social.SocialAccount,
    business.Business,
    business.MessengerConversation,
    business.SocialConversation,
)
TYPES: tuple[type, ...] = (
    messenger.MessengerAccount,
    messenger.UsageStats,
    messenger.ContactEdge,
    messenger.ContactConnection,
    messenger.MessengerAccountEdge,
    messenger.MessengerAccountConnection,
    social.SocialAccount,
    social.PhoneBinding,
    social.MessengerLink,
    social.FriendEdge,
    social.FriendConnection,
    social.SocialAccountEdge,
    social.SocialAccountConnection,
    social.FriendSuggestion,
    privacy.PolicyVersion,
    privacy.PolicyMark,
    *objections.OUTCOMES,
    *customer_lists.LIST_OUTCOMES,
    business.Business,
    business.BusinessEdge,
    business.BusinessConnection,
    business.BusinessConversation,
    business.MessengerConversation,
    business.SocialConversation,
    business.BusinessConversationEdge,
    business.BusinessConversationConnection,
    business.MessengerConversationEdge,
    business.MessengerConversationConnection,
    business.SocialConversationEdge,
    business.SocialConversationConnection,
    subject.Subject,
    subject.Objection,
    subject.TermsAcceptance,
    subject.Suspension,
    offers.AdTopic,
    offers.Merchant,
    offers.Offer,
    offers.OfferEdge,
    offers.OfferConnection,
    offers.CustomerList,
    offers.CustomerListEdge,
    offers.CustomerListConnection,
    disclosures.Disclosure,
    disclosures.PeopleAsked,
    audit.AuditedObjection,
    audit.ObjectionsInForce,
    audit.AuditedRecall,
    statistics.DisclosureCount,
    statistics.PeopleByPurpose,
    statistics.ObjectionsOnDay,
    statistics.LedgerReport,
    statistics.RequestTally,
)
INPUTS: tuple[type, ...] = (
    messenger.MessengerAccountFilter,
    messenger.MessengerAccountOrder,
    social.SocialAccountFilter,
    social.SocialAccountOrder,
    business.BusinessOrder,
    business.BusinessConversationFilter,
    business.BusinessConversationOrder,
)
# These types have no data and no choice of data, so every purpose may see them.
WITHOUT_TERMS: frozenset[type] = frozenset(
    {
        paging.PageInfo,
        paging.Group,
        paging.Node,
        paging.CodeFilter,
        paging.TextFilter,
        paging.TimeFilter,
        paging.DateFilter,
        business.CategoryFilter,
        business.StatusFilter,
    }
)
_BY_NAME = {cls.__name__: cls for cls in TYPES}


class MissingTerms(Exception):
    """A field, input field or argument has no terms, so it is undecided who may see it."""


def rows_open(type_name: str, purpose: Purpose) -> bool:
    """Whether the purpose sees any row of the type."""
    if type_name == paging.Node.__name__:
        return any(rows_open(node.__name__, purpose) for node in NODES)
    return rows_of(type_name).open_to(purpose)


def rows_of(type_name: str) -> Rows:
    """The marks of the type's rows, or those of its identifier if the policy has no line on its rows."""
    cls = _BY_NAME[type_name]
    declared: Rows | None = getattr(cls, "ROWS", None)
    return declared or Rows({ALL_ROWS: marks_of(fields_of(cls)["id"])})


def marks_of(field: StrawberryField) -> Marks:
    """The marks of a field of an output type: its own, or those of the line that it follows."""
    match terms_of(field):
        case Seen(marks):
            return marks
        case Follows(line):
            return marks_of_line(line)
        case _:
            raise MissingTerms(f"{field.python_name} has no marks")


def marks_of_line(line: str) -> Marks:
    """The marks of the matrix line ``"Type.field"``."""
    type_name, field_name = line.split(".")
    return marks_of(fields_of(_BY_NAME[type_name])[field_name])


def line_open(line: str, purpose: Purpose) -> bool:
    """Whether the purpose sees the matrix line ``"Type.field"``."""
    type_name, field_name = line.split(".")
    terms = terms_of(fields_of(_BY_NAME[type_name])[field_name])
    return terms is not None and terms_open(terms, purpose)


def terms_open(terms: Terms, purpose: Purpose) -> bool:
    """Whether a field, an input field or an argument with these terms exists in the purpose's schema."""
    match terms:
        case Seen(marks):
            return marks.open_to(purpose)
        case Follows(line, unless):
            return line_open(line, purpose) and (unless is None or marks_of_line(line)[purpose] is not unless)
        case Plumbing(rows, str(kind)):
            return rows_of(rows).kinds[kind].open_to(purpose)
        case Plumbing(rows):
            return rows_open(rows, purpose)
        case Belongs(only, rows):
            return only is purpose and (rows is None or rows_open(rows, purpose))
        case OwnRoot(principal):
            return ABOUT[purpose].principal is principal
        case Probes(only):
            return only is purpose
        case _:
            assert_never(terms)


def fields_of(cls: type) -> dict[str, StrawberryField]:
    """GraphQL name → field of one of our types."""
    definition = get_object_definition(cls, strict=True)
    converter = StrawberryConfig().name_converter
    return {converter.get_graphql_name(field): field for field in definition.fields}


class PurposeSchema(FilteredSchema):
    """The schema of one purpose. An element that the purpose may not see does not exist in it."""

    def __init__(self, purpose: Purpose) -> None:
        self.purpose = purpose
        super().__init__(
            query=query.Query,
            mutation=mutation.Mutation if self._changes_something() else None,
            types=[node for node in NODES if rows_open(node.__name__, purpose)],
            config=StrawberryConfig(
                disable_field_suggestions=True,
                scalar_map=SCALARS,
            ),
        )

        self._finish_inputs()
        self._leave_out_kinds()

    def _changes_something(self) -> bool:
        """Whether the purpose has any mutation. A root type without a field is not valid."""
        return bool(self.open_fields(get_object_definition(mutation.Mutation, strict=True)))

    def _finish_inputs(self) -> None:
        # Strawberry checks one-of inputs in Python, too late for validation, and not in the SDL.
        for cls in INPUTS:
            definition = get_object_definition(cls, strict=True)
            made = self.graphql_schema.get_type(definition.name)
            if isinstance(made, GraphQLInputObjectType):
                made.is_one_of = definition.is_one_of

    def _leave_out_kinds(self) -> None:
        """Remove from a type's enum the kinds of rows that the purpose never sees."""
        for cls in TYPES:
            kinds = getattr(cls, "ROWS", Rows({})).kinds
            made = self.graphql_schema.get_type(get_object_definition(cls, strict=True).name)
            fields = made.fields.values() if isinstance(made, GraphQLObjectType) else ()
            # Only the enums of this type: channels have the same names as the sources of topics.
            for enum in {get_named_type(field.type) for field in fields}:
                if isinstance(enum, GraphQLEnumType) and set(enum.values) == set(kinds):
                    for kind, line in kinds.items():
                        if not line.open_to(self.purpose):
                            del enum.values[kind]

    def open_fields(self, definition: StrawberryObjectDefinition) -> list[StrawberryField]:
        """The type's fields that this purpose may see, with the arguments that it may use."""
        return [
            self._with_open_arguments(field, definition)
            for field in definition.fields
            if self._is_open(field, definition.origin)
        ]

    def _is_open(self, field: StrawberryField, origin: type) -> bool:
        terms = terms_of(field)
        if terms is None:
            if origin in WITHOUT_TERMS:
                return True
            raise MissingTerms(f"a field of {origin.__name__} has no terms")
        return terms_open(terms, self.purpose)

    def _with_open_arguments(
        self, field: StrawberryField, type_definition: StrawberryObjectDefinition
    ) -> StrawberryField:
        if not field.arguments:
            return field
        narrowed = copy.copy(field)
        narrowed.arguments = [given for given in field.arguments if self._argument_open(given)]
        return narrowed

    def _argument_open(self, given: StrawberryArgument) -> bool:
        terms = terms_of(given)
        if terms is not None:
            return terms_open(terms, self.purpose)
        kind = given.type
        while isinstance(kind, StrawberryContainer):
            kind = kind.of_type
        definition = get_object_definition(kind) if isinstance(kind, type) else None
        return definition is None or bool(self.open_fields(definition))


def schema_for(purpose: Purpose) -> GraphQLSchema:
    """The purpose's schema. MissingTerms, or a TypeError caused by it, if a field has no terms."""
    return PurposeSchema(purpose).graphql_schema


def build_schemas() -> dict[Purpose, GraphQLSchema]:
    """The schemas of all nine purposes."""
    return {purpose: schema_for(purpose) for purpose in Purpose}
