"""A Strawberry schema with some of the fields of its types, and the graphql-core schema behind it.

`strawberry.Schema.get_fields` feeds output types and input types alike, but no page of Strawberry's promises
that. A release that built a type without it would show every field to every purpose. So `FilteredSchema`
compares what was built with what it let through, and refuses to exist if they differ: with any version the
gateway starts with the right fields or not at all.
"""

from __future__ import annotations

from typing import Any

import strawberry
from graphql import GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

# The releases of Strawberry for which this file is written; pyproject.toml has the same bound.
WRITTEN_FOR = ("0.341",)


_WITH_FIELDS = (GraphQLObjectType, GraphQLInterfaceType, GraphQLInputObjectType)


class NotFiltered(Exception):
    """Strawberry built a type with other fields than it was given."""


class FilteredSchema(strawberry.Schema):
    """A schema whose types have the fields that `open_fields` returns."""

    def __init__(self, **given: Any) -> None:
        # By the name of a type: the names of the fields that were let through.
        self._let_through: dict[str, set[str]] = {}
        super().__init__(**given)
        self._refuse_other_fields()

    def open_fields(self, definition: StrawberryObjectDefinition) -> list[StrawberryField]:
        """Return the fields that the type has in this schema."""
        raise NotImplementedError

    def get_fields(self, type_definition: StrawberryObjectDefinition) -> list[StrawberryField]:
        """Return the open fields to Strawberry, and note them."""
        fields = self.open_fields(type_definition)
        name_of = self.config.name_converter.get_graphql_name
        self._let_through[type_definition.name] = {name_of(each) for each in fields}
        return fields

    @property
    def graphql_schema(self) -> GraphQLSchema:
        """The graphql-core schema."""
        return graphql_schema_of(self)

    def _refuse_other_fields(self) -> None:
        for name, made in self.graphql_schema.type_map.items():
            if name.startswith("__") or not isinstance(made, _WITH_FIELDS):
                continue
            if set(made.fields) != self._let_through.get(name):
                raise NotFiltered(f"{name} has other fields than it was given")


def graphql_schema_of(schema: strawberry.Schema) -> GraphQLSchema:
    """Return the graphql-core schema behind a Strawberry schema, which has no public name for it."""
    return schema._schema
