"""Which arguments a field is given, and how many rows it may then lead to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
)

from tests.kit.documents.spelling import Spelling, is_one_of
from tests.kit.reference.schema import DAYS, FOUND, LISTED
from tests.kit.worlds.possible_values import CATEGORIES, STATUSES

MAX_ROWS = 250
NESTED_ROWS = 4


@dataclass
class Arguments(Spelling):
    """Decides the value of each argument. A few are wrong on purpose."""

    def _arguments(self, type_: GraphQLObjectType, name: str, rows: int) -> tuple[dict[str, Any], int]:
        """Values by name, and how many rows the field may lead to."""
        declared = type_.fields[name].args
        if name == "friendSuggestions":
            return self._suggested(rows)
        if name == "socialAccountByPhone":
            return {"phone": self.random.choice(self.known.phones)}, rows
        if "first" in declared:
            return self._list_arguments(type_, name, rows)
        if name == "node" and "id" in declared:
            pool = [each for known in self._nodes() for each in self.known.identifiers[known]]
            return {"id": self._identifier(pool)}, rows
        if type_ is self.schema.query_type and "id" in declared:
            return self._lookup(declared, name), rows
        if "until" in declared and self.chance(40):
            return {"until": self.random.choice([None, *self.known.days])}, rows
        return {}, rows

    def _identifier(self, pool: list[str]) -> str:
        if self.mistake(15):
            return self.random.choice(
                ("", "ma_", "ma_01", "ma_-1", "sa_9223372036854775808", "MA_1", "ma_1 ", "xx_1", "ma_१")
            )
        return self.random.choice(pool)

    def _nodes(self) -> list[str]:
        if self.mistake(10):
            return list(self.known.identifiers)
        node = self.schema.type_map["Node"]
        assert isinstance(node, GraphQLInterfaceType)
        return [possible.name for possible in self.schema.get_possible_types(node)]

    def _lookup(self, declared: dict[str, Any], name: str) -> dict[str, Any]:
        types = FOUND.get(name, ("MessengerAccount",))
        pool = [each for type_ in types for each in self.known.identifiers[type_]]
        given: dict[str, Any] = {}
        by_phone = "phone" in declared and self.chance(50)
        if by_phone:
            given["phone"] = self.random.choice(self.known.phones)
        if not by_phone or self.mistake(10):
            given["id"] = self._identifier(pool)
        if isinstance(declared["id"].type, GraphQLNonNull):
            return given
        if self.chance(15):
            given = {**dict.fromkeys(declared), **given}
        return {} if self.mistake(5) else given

    def _list_arguments(self, type_: GraphQLObjectType, name: str, rows: int) -> tuple[dict[str, Any], int]:
        declared = type_.fields[name].args
        if "ids" in declared and self.chance(25):
            return self._ids(name), rows * 6
        if "phoneNumbers" in declared and self.chance(15):
            return {"phoneNumbers": self._some_phones()}, rows * 6
        chosen: dict[str, Any] = {}
        for argument in ("filter", "orderBy"):
            if argument in declared and self.chance(45):
                chosen[argument] = self._chosen(declared[argument].type)
        size = self.known.people if type_ is self.schema.query_type else NESTED_ROWS
        most = self._size(chosen, size if rows * size <= MAX_ROWS else 2)
        self._bounds(chosen, name)
        return chosen, rows * max(1, min(most, size))

    def _suggested(self, rows: int) -> tuple[dict[str, Any], int]:
        small = rows * NESTED_ROWS > MAX_ROWS
        number = self.random.choice((0, 1, 2) if small else (None, 0, 1, 2, 3, 5, 500))
        if number is None:
            return self.random.choice(({}, {"first": None})), rows * NESTED_ROWS
        most = rows * max(1, min(number, NESTED_ROWS))
        return {"first": -1 - number if self.mistake(15) else number}, most

    def _some_phones(self) -> list[str]:
        """Numbers of members and unused numbers, in several spellings, some twice."""
        return [self.random.choice(self.known.phones) for _ in range(self.random.choice((0, 1, 2, 5, 9)))]

    def _ids(self, name: str) -> dict[str, Any]:
        pool = self.known.identifiers[LISTED[name]]
        ids = [self._identifier(pool) for _ in range(self.random.choice((0, 1, 1, 2, 5, 9)))]
        given: dict[str, Any] = {"ids": ids + ids[:1] if self.chance(25) else ids}
        if self.mistake(20):
            given["first"] = 3
        if self.chance(10):
            given["orderBy"] = None
        return given

    def _size(self, chosen: dict[str, Any], most: int) -> int:
        """Choose `first` or `last`; how many items there can be."""
        small = most <= 2
        if not small and self.chance(35):
            if self.chance(20):
                chosen["first"] = None
            return 50
        number = self.random.choice((0, 1, 2) if small else (0, 1, 2, 3, 5, 8, most + 5, 5_000))
        if self.mistake(10):
            number = -number
        name = self.random.choice(("first", "last"))
        chosen[name] = number
        if self.mistake(10):
            chosen.update(first=number, last=number)
        return number

    def _bounds(self, chosen: dict[str, Any], name: str) -> None:
        kept = {key: chosen[key] for key in ("filter", "orderBy") if key in chosen}
        for place in ("after", "before"):
            if not self.chance(25):
                continue
            unordered = kept.get("orderBy") is not None and len(kept["orderBy"]) != 1
            pool: list[str | None] = [] if unordered else list(self.known.cursors(name, kept))
            if pool and self.chance(15):
                pool = [max(filter(None, pool), key=len)]
            if not pool or self.chance(3):
                pool = [None]
            if self.mistake(30):
                pool = [
                    *self.known.foreign,
                    *(f"{each[:-1]}{last}" for each in pool if each for last in "B=+"),
                ]
            chosen[place] = self.random.choice(pool)

    def _chosen(self, type_: GraphQLInputType) -> Any:
        """A value of a filter or an order: nullable fields are left out, null, or given."""
        if isinstance(type_, GraphQLNonNull):
            return self._chosen(type_.of_type)
        assert isinstance(type_, GraphQLInputObjectType)
        if self.chance(6):
            return None
        if is_one_of(type_):
            if self.mistake(20):
                return dict.fromkeys(list(type_.fields)[: self.random.randint(0, 2)], "ASC")
            return {self.random.choice(list(type_.fields)): self.random.choice(("ASC", "DESC"))}
        return {
            name: self._condition_on(name, inner.type)
            for name, inner in type_.fields.items()
            if self.chance(70)
        }

    def _condition_on(self, name: str, type_: GraphQLInputType) -> Any:
        inner = get_named_type(type_)
        if isinstance(inner, GraphQLInputObjectType):
            if self.chance(5):
                return None
            return {operator: self._operand(name, operator) for operator in inner.fields if self.chance(55)}
        raise AssertionError(f"a filter that this writer does not know: {name}")

    def _operand(self, name: str, operator: str) -> Any:
        if self.chance(6):
            return None
        pools = {
            "countryCode": self.known.countries,
            "displayName": self.known.names,
            "registeredAt": self.known.times,
            "category": list(CATEGORIES),
            "status": list(STATUSES),
            **dict.fromkeys(DAYS, self.known.days),
        }
        value = self.random.choice(pools[name])
        if operator == "in":
            return [self.random.choice(pools[name]) for _ in range(self.random.randint(0, 4))]
        if operator == "startsWith":
            return value[: self.random.randint(0, 3)]
        return "\0" if name in {"countryCode", "displayName"} and self.mistake(10) else value
