"""How a value is written: as a literal, a variable, a default, or a variable deep within an object."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
)

from tests.kit.documents.known import Known


@dataclass
class Spelling:
    """What a writer has decided so far, and how it writes values."""

    schema: GraphQLSchema
    known: Known
    random: Random
    number: int = 0
    wrong: bool = False
    within_lists: int = 0
    asked_alone: bool = False
    names_entries: bool = False
    budget: int = 0
    variables: dict[str, Any] = field(default_factory=dict)
    declared: dict[str, str] = field(default_factory=dict)
    reusable: dict[tuple[str, str], str] = field(default_factory=dict)
    said: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    fragments: list[str] = field(default_factory=list)

    def chance(self, percent: int) -> bool:
        return self.random.randint(1, 100) <= percent

    def mistake(self, percent: int) -> bool:
        """Whether to write something wrong here; most requests have no mistake at all."""
        return self.wrong and self.chance(percent)

    def _next(self) -> int:
        self.number += 1
        return self.number

    def _spelled_arguments(self, type_: GraphQLObjectType, name: str, values: dict[str, Any]) -> str:
        declared = type_.fields[name].args
        spelled = {key: self.spell(value, declared[key].type) for key, value in values.items()}
        for key, argument in declared.items():
            if key not in spelled and not isinstance(argument.type, GraphQLNonNull) and self.chance(4):
                spelled[key] = self._missing(argument.type)
        if not spelled:
            return ""
        items = [f"{key}: {text}" for key, text in spelled.items()]
        self.random.shuffle(items)
        return f"({', '.join(items)})"

    def spell(self, value: Any, type_: GraphQLInputType, one_of: bool = False) -> str:
        """The value in the document: a literal, or a variable somewhere in it."""
        if self.chance(35):
            return self._variable(value, type_, one_of)
        return self._literal(value, type_, self.spell)

    def _literal(self, value: Any, type_: GraphQLInputType, inner: Callable[..., str]) -> str:
        if value is None:
            return "null"
        if isinstance(type_, GraphQLNonNull):
            type_ = type_.of_type
        if isinstance(type_, GraphQLList):
            if len(value) == 1 and self.chance(40):
                return self._literal(value[0], type_.of_type, inner)
            return "[" + ", ".join(inner(each, type_.of_type) for each in value) + "]"
        if isinstance(type_, GraphQLInputObjectType):
            return self._object(value, type_, inner)
        if isinstance(type_, GraphQLEnumType):
            return str(value)
        if isinstance(value, str):
            if value.isalnum() and value.isascii() and self.chance(10):
                return f'"""{value}"""'
            return json.dumps(value, ensure_ascii=self.chance(50))
        return json.dumps(value)

    def _object(self, value: dict[str, Any], type_: GraphQLInputObjectType, inner: Callable[..., str]) -> str:
        items = [
            f"{name}: {inner(each, type_.fields[name].type, is_one_of(type_))}"
            for name, each in value.items()
        ]
        if inner == self.spell and not is_one_of(type_) and self.chance(8):
            absent = [name for name in type_.fields if name not in value]
            items += [f"{name}: {self._missing(type_.fields[name].type)}" for name in absent[:1]]
        self.random.shuffle(items)
        return "{" + ", ".join(items) + "}"

    def _plain(self, value: Any, type_: GraphQLInputType, _: bool = False) -> str:
        return self._literal(value, type_, self._plain)

    def _missing(self, type_: GraphQLInputType) -> str:
        """A variable that is not given: as if nothing were written."""
        name = f"v{self._next()}"
        self.declared[name] = str(type_)
        return f"${name}"

    def _variable(self, value: Any, type_: GraphQLInputType, one_of: bool) -> str:
        declared = str(type_)
        if value is not None and not declared.endswith("!") and (one_of or self.chance(25)):
            declared += "!"
        same = (declared, json.dumps(value))
        if same in self.reusable and self.chance(60):
            return f"${self.reusable[same]}"
        name = f"v{self._next()}"
        self.reusable[same] = name
        if value is not None:
            self.said[declared.removesuffix("!")].append(value)
        if isinstance(value, bool):
            self.said["Boolean"].append(not value)
        if self.chance(25):
            # A default that is used, or one that is overruled, which makes even a nullable type do.
            if declared.endswith("!") and not one_of and value is not None and self.chance(50):
                declared = declared.removesuffix("!")
            declared = f"{declared} = {self._plain(value, type_)}"
            if self.chance(60):
                self.declared[name] = declared
                return f"${name}"
        self.declared[name] = declared
        single = isinstance(value, list) and len(value) == 1 and self.chance(40)
        self.variables[name] = value[0] if single else value
        return f"${name}"


def is_one_of(type_: GraphQLInputObjectType) -> bool:
    """Whether exactly one field must be given."""
    # Strawberry checks it while it coerces, and does not tell graphql-core's type.
    return type_.is_one_of or type_.name.endswith("Order")
