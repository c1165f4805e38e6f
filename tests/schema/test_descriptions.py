"""Every element of every schema is described, for developers who read the schema in a client."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
)

from schema.build import build_schemas
from schema.types.recalls import recall_schema
from schema.values.enums import MissingDescription, enum

SCHEMAS = {**build_schemas(), "RECALLS": recall_schema()}


def undescribed(schema: GraphQLSchema) -> Iterator[str]:
    """Every type, field, argument, input field and enum value of the schema without a description."""
    for type_ in schema.type_map.values():
        if type_.name.startswith("__"):
            continue
        if not type_.description:
            yield type_.name
        members: dict[str, Any] = {}
        if isinstance(type_, GraphQLEnumType):
            members = type_.values
        elif isinstance(type_, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            members = type_.fields
        for name, member in members.items():
            if not member.description:
                yield f"{type_.name}.{name}"
            for argument, given in getattr(member, "args", {}).items():
                if not given.description:
                    yield f"{type_.name}.{name}({argument}:)"


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_everything_is_described(schema: GraphQLSchema) -> None:
    """A developer who reads the schema in GraphiQL finds no name without an explanation."""
    assert list(undescribed(schema)) == []


def test_a_missing_description_is_found() -> None:
    """The search for missing descriptions sees each kind of element."""
    schema = build_schema("type Query { a(b: C): D } input C { e: Int } enum D { F } scalar G")
    found = {"Query", "Query.a", "Query.a(b:)", "C", "C.e", "D", "D.F", "G"}

    assert found <= set(undescribed(schema))


def test_an_enum_describes_exactly_its_values() -> None:
    """A value without a description, or a description without a value, stops the program."""
    with pytest.raises(MissingDescription):

        @enum("Sizes.", SMALL="Small.")
        class TooFew(StrEnum):
            SMALL = "SMALL"
            LARGE = "LARGE"

    with pytest.raises(MissingDescription):

        @enum("Sizes.", SMALL="Small.", LARGE="Large.")
        class TooMany(StrEnum):
            SMALL = "SMALL"
