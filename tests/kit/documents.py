"""Random valid documents of a purpose's schema, with variables.

A writer walks the schema, decides the value of each argument first and how to say it second (as a
literal, a variable, a default, a variable deep within an object), then rearranges what it wrote in
ways that do not change what it means: fields said twice, fragments, directives. A few requests are
wrong on purpose (a foreign cursor, a negative size), because refusals must agree too.
"""

from __future__ import annotations

import datetime
import json
import random as randomness
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    coerce_input_value,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
)
from hypothesis import strategies as st

from tests.kit.reference import ALONE, ASKED, DAYS, FOUND, GROUPED, LISTED, NAMING
from tests.kit.worlds.making import CATEGORIES, STATUSES

if TYPE_CHECKING:
    from tests.kit.reference import Reference
    from tests.kit.worlds.rows import World

Random = randomness.Random
MAX_LEVEL = 11
MAX_ROWS = 250
NESTED_ROWS = 4


@dataclass(frozen=True)
class Request:
    """What a client sends; and again, with other variables for the same document."""

    document: str
    variables: dict[str, Any]
    operation_name: str | None = None
    again: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Known:
    """What a writer may name: identifiers by type, values of filters, and cursors.

    `cursors(list, arguments)`: sealed for that list, its filter and order, as JSON values. `foreign`:
    sealed for something else.
    """

    identifiers: dict[str, list[str]]
    phones: list[str]
    names: list[str]
    countries: list[str]
    times: list[str]
    days: list[str]
    cursors: Callable[[str, dict[str, Any]], list[str]]
    foreign: list[str]
    people: int


def requests(schema: GraphQLSchema, known: Known) -> st.SearchStrategy[Request]:
    """Requests in this schema about what is known."""
    return st.builds(lambda random: write_request(schema, known, random), st.randoms(use_true_random=False))


def write_request(schema: GraphQLSchema, known: Known, random: Random) -> Request:
    """One request."""
    return _Writer(schema, known, random).request()


@dataclass
class _Part:
    """A selection: a field or a fragment. `children` is None for a leaf and for a named fragment."""

    head: str
    children: list[_Part] | None = None
    directives: str = ""
    only_node: bool = False

    def text(self) -> str:
        inner = "" if self.children is None else " {" + " ".join(each.text() for each in self.children) + "}"
        return f"{self.head}{self.directives}{inner}"


@dataclass
class _Writer:
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

    def request(self) -> Request:
        query = self.schema.query_type
        assert query is not None
        self.wrong = self.chance(10)
        self.budget = self.random.choice((4, 10, 25, 60))
        body = self._body(query)
        name = f"Ask{self._next()}" if self.chance(40) else None
        declared = ", ".join(f"${variable}: {type_}" for variable, type_ in self.declared.items())
        keyword = "query" if name or declared or self.chance(50) else ""
        operation = f"{keyword} {name or ''}{f'({declared})' if declared else ''} {body}"
        definitions = [operation, *self.fragments]
        chosen = name if self.chance(50) else None
        if name and self.chance(30):
            definitions.append(f"query Other{self._next()} {{ __typename policy {{ digest }} }}")
            chosen = name
        self.random.shuffle(definitions)
        if self.mistake(5):
            chosen = "Nobody"
        again = tuple(self._varied() for _ in range(2)) if self.declared and self.chance(60) else ()
        return Request("\n".join(definitions), self.variables, chosen, again)

    def _varied(self) -> dict[str, Any]:
        """Other variables for the same document: absent, null, or a value that stands elsewhere in it."""
        varied = {}
        for name, declared in self.declared.items():
            type_, _, default = declared.partition(" = ")
            given = name in self.variables
            value = self.variables.get(name)
            if type_.startswith("Int") and value is not None:
                # Never more than before: a page that grows at every level would never end.
                value = self.random.randint(0, max(value, 0))
            elif not type_.startswith("Int") and self.chance(50):
                nullable = not type_.endswith("!")
                given = self.chance(75) if nullable or default else True
                others = self.said[type_.removesuffix("!")]
                value = None if nullable and self.chance(20) else self.random.choice(others or [value])
            if given:
                varied[name] = value
        return varied

    def _body(self, query: GraphQLObjectType) -> str:
        return _Part("", self._selections(query, 1, 1, set())).text().strip()

    # --- chance -----------------------------------------------------------------------------------

    def chance(self, percent: int) -> bool:
        return self.random.randint(1, 100) <= percent

    def mistake(self, percent: int) -> bool:
        """Whether to write something wrong here; most requests have no mistake at all."""
        return self.wrong and self.chance(percent)

    def _next(self) -> int:
        self.number += 1
        return self.number

    # --- selections -------------------------------------------------------------------------------

    def _selections(self, type_: GraphQLObjectType, level: int, rows: int, used: set[str]) -> list[_Part]:
        asked = ASKED if type_ is self.schema.query_type else ()
        names = [name for name in type_.fields if name not in asked]
        if level >= MAX_LEVEL or rows > MAX_ROWS or self.budget <= 0:
            names = [name for name in names if is_leaf_type(get_named_type(type_.fields[name].type))]
        if self.names_entries and not self.mistake(30):
            names = [name for name in names if name not in GROUPED]
        if (type_.name, ALONE[1]) == ALONE and not self._may_ask_alone():
            names = [name for name in names if name != ALONE[1]]
        wanted = self.random.randint(1, 4)
        chosen = [self.random.choice(names) for _ in range(wanted)] if names else []
        self.budget -= len(chosen)
        self.asked_alone |= (type_.name, ALONE[1]) == ALONE and ALONE[1] in chosen
        parts = [self._field(type_, name, level, rows, used) for name in chosen]
        if not parts or self.chance(15):
            parts.append(self._leaf("__typename", used))
        if level == 1 and self.chance(6):
            parts.append(self._introspection(used))
        self.random.shuffle(parts)
        return self._rearranged(type_, parts)

    def _may_ask_alone(self) -> bool:
        """Most of the time only where it is not refused."""
        return self.mistake(30) or not (self.within_lists or self.asked_alone)

    def _key(self, name: str, used: set[str]) -> str:
        """What stands before the field's arguments; its response key is new in the selection."""
        if name not in used and self.chance(65):
            used.add(name)
            return name
        tempting = self.random.choice(("id", "phone", "nodes", "data", "account", "__typenam", "x"))
        alias = tempting if tempting not in used and self.chance(30) else f"a{self._next()}"
        used.add(alias)
        return f"{alias}: {name}"

    def _leaf(self, name: str, used: set[str]) -> _Part:
        return _Part(self._key(name, used), only_node=name in {"id", "__typename"})

    def _field(
        self,
        type_: GraphQLObjectType | GraphQLInterfaceType,
        name: str,
        level: int,
        rows: int,
        used: set[str],
    ) -> _Part:
        inner = get_named_type(type_.fields[name].type)
        if is_leaf_type(inner):
            return self._leaf(name, used)
        many = isinstance(get_nullable_type(type_.fields[name].type), GraphQLList)
        self.within_lists += many
        part = self._field_with_selections(type_, name, level, rows, used)
        self.within_lists -= many
        return part

    def _field_with_selections(
        self,
        type_: GraphQLObjectType | GraphQLInterfaceType,
        name: str,
        level: int,
        rows: int,
        used: set[str],
    ) -> _Part:
        inner = get_named_type(type_.fields[name].type)
        key = self._key(name, used)
        arguments, inner_rows = self._arguments(type_, name, rows)
        self.names_entries = bool(NAMING & set(arguments))
        spelled = self._spelled_arguments(type_, name, arguments)
        if isinstance(inner, GraphQLInterfaceType | GraphQLUnionType):
            return _Part(key + spelled, self._on_one_of(inner, level + 1, inner_rows))
        assert isinstance(inner, GraphQLObjectType)
        return _Part(key + spelled, self._selections(inner, level + 1, inner_rows, set()))

    def _on_one_of(
        self, abstract: GraphQLInterfaceType | GraphQLUnionType, level: int, rows: int
    ) -> list[_Part]:
        """Fields that all possible types have, and more of some of them."""
        used: set[str] = set()
        parts = [self._leaf("__typename", used)] if self.chance(50) else []
        if isinstance(abstract, GraphQLInterfaceType):
            leaves = level >= MAX_LEVEL or rows > MAX_ROWS or self.budget <= 0
            for name, about in abstract.fields.items():
                if self.chance(30) and not (leaves and not is_leaf_type(get_named_type(about.type))):
                    self.budget -= 1
                    parts.append(self._field(abstract, name, level, rows, used))
        for possible in self.schema.get_possible_types(abstract):
            if self.chance(70):
                inner = self._selections(possible, level + 1, rows, used)
                parts.append(_Part(f"... on {possible.name}", inner, self._directive()))
        self.random.shuffle(parts)
        return parts or [self._leaf("__typename", used)]

    def _introspection(self, used: set[str]) -> _Part:
        if self.chance(30):
            inner = _Part("queryType", [_Part("name"), _Part("fields", [_Part("name")])])
            return _Part(self._key("__schema", used), [_Part("__typename"), inner])
        name = self.random.choice(("MessengerAccount", "SocialAccount", "Query", "UsageStats", "Nothing"))
        type_ = self.schema.type_map["String"]
        assert isinstance(type_, GraphQLInputType)
        spelled = f"(name: {self.spell(name, GraphQLNonNull(type_))})"
        return _Part(self._key("__type", used) + spelled, [_Part("kind"), _Part("fields", [_Part("name")])])

    # --- saying the same otherwise ----------------------------------------------------------------

    def _rearranged(self, type_: GraphQLObjectType, parts: list[_Part]) -> list[_Part]:
        parts = [replace(each, directives=self._directive()) if self.chance(8) else each for each in parts]
        if self.chance(15):
            again = self._some_of(self.random.choice(parts))
            parts.insert(self.random.randint(0, len(parts)), again)
        if self.chance(15):
            parts = self._wrapped(type_, parts)
        if self.chance(12):
            parts = self._named(type_, parts)
        return parts

    def _some_of(self, part: _Part) -> _Part:
        """The same field again, with fewer or reordered fields of its own: the two are merged."""
        if not part.children:
            return replace(part)
        number = self.random.randint(1, len(part.children))
        return replace(
            part, children=[self._some_of(each) for each in self.random.sample(part.children, number)]
        )

    def _cut(self, parts: list[_Part]) -> tuple[list[_Part], list[_Part], list[_Part]]:
        start = self.random.randint(0, len(parts) - 1)
        end = self.random.randint(start + 1, len(parts))
        return parts[:start], parts[start:end], parts[end:]

    def _condition(self, type_: GraphQLObjectType, parts: Iterable[_Part]) -> str:
        only_node = all(each.only_node for each in parts)
        if only_node and type_.interfaces and self.chance(60):
            return type_.interfaces[0].name
        return type_.name

    def _wrapped(self, type_: GraphQLObjectType, parts: list[_Part]) -> list[_Part]:
        before, taken, behind = self._cut(parts)
        head = "..." if self.chance(40) else f"... on {self._condition(type_, taken)}"
        directive = self._directive() if self.chance(40) else ""
        return [*before, _Part(head, taken, directive, all(each.only_node for each in taken)), *behind]

    def _named(self, type_: GraphQLObjectType, parts: list[_Part]) -> list[_Part]:
        before, taken, behind = self._cut(parts)
        name = f"F{self._next()}"
        condition = self._condition(type_, taken)
        self.fragments.append(_Part(f"fragment {name} on {condition}", taken).text())
        spread = _Part(f"...{name}", None, self._directive() if self.chance(20) else "")
        again = [_Part(f"...{name}")] if self.chance(25) else []
        return [*before, spread, *behind, *again]

    def _directive(self) -> str:
        if self.chance(50):
            return ""
        name = self.random.choice(("include", "skip"))
        # Most of the time what is written stays: an answer without data proves little.
        value = (name == "include") == self.chance(80)
        boolean = self.schema.type_map["Boolean"]
        assert isinstance(boolean, GraphQLInputType)
        return f" @{name}(if: {self.spell(value, GraphQLNonNull(boolean))})"

    # --- arguments: what is meant -----------------------------------------------------------------

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
        """Numbers of members, of nobody, in several spellings, some twice."""
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
        for principal in ("after", "before"):
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
            chosen[principal] = self.random.choice(pool)

    def _chosen(self, type_: GraphQLInputType) -> Any:
        """A value of a filter or an order: nullable fields are left out, null, or given."""
        if isinstance(type_, GraphQLNonNull):
            return self._chosen(type_.of_type)
        assert isinstance(type_, GraphQLInputObjectType)
        if self.chance(6):
            return None
        if _is_one_of(type_):
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

    # --- arguments: how it is said ----------------------------------------------------------------

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
            f"{name}: {inner(each, type_.fields[name].type, _is_one_of(type_))}"
            for name, each in value.items()
        ]
        if inner == self.spell and not _is_one_of(type_) and self.chance(8):
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


def _is_one_of(type_: GraphQLInputObjectType) -> bool:
    # Strawberry checks it while it coerces, and does not tell graphql-core's type.
    return type_.is_one_of or type_.name.endswith("Order")


def moments(times: Iterable[datetime.datetime]) -> list[str]:
    """Ways of writing these times, and some at the ends of what can be written."""
    spelled = []
    for time in times:
        spelled.append(time.isoformat())
        spelled.append(time.replace(tzinfo=None).isoformat())
        spelled.append(
            time.astimezone(datetime.timezone(datetime.timedelta(hours=-5, minutes=-30))).isoformat()
        )
        spelled.append(time.isoformat().replace("+00:00", ".5Z"))
    return [*spelled, "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2016-08-25"]


def know(world: World, reference: Reference) -> Known:
    """What there is to name in a world: visible, hidden and missing alike."""
    members = [account.id for account in world.messenger_accounts]
    people = [account.id for account in world.social_accounts]
    gone = [link.messenger_id for link in world.messenger_links if link.messenger_id not in members]
    phones = [account.phone for account in world.messenger_accounts]
    phones += [binding.number for binding in world.phone_bindings]
    times = sorted({account.registered_at for account in world.messenger_accounts})
    days = [world.usage_horizon + datetime.timedelta(shift) for shift in (-60, -28, -27, -1, 0, 1, 9)]
    return Known(
        identifiers={
            "MessengerAccount": [f"ma_{each}" for each in (*members, *gone, 7, 2**62)],
            "SocialAccount": [f"sa_{each}" for each in (*people, 8, 2**62)],
            "Business": [f"bu_{each.id}" for each in world.businesses] + ["bu_9"],
            "MessengerConversation": [f"mc_{each.id}" for each in world.messenger_conversations] + ["mc_9"],
            "SocialConversation": [f"sc_{each.id}" for each in world.social_conversations] + ["sc_9"],
        },
        phones=[*phones, *(f"{each[:3]} {each[3:6]}-{each[6:]}" for each in phones), "+49 30 123456"],
        names=["", *(account.display_name for account in world.social_accounts), "%", "_da", "\U0001f600"],
        countries=["DE", "GB", "ZZ", "de", "", "D", "\u00e9\u2028"],
        times=moments(times[:: max(1, len(times) // 4)]),
        days=[*map(str, days), "0001-01-01", "9999-12-31"],
        cursors=lambda list_, chosen: reference.cursors_of(list_, _coerced(reference.schema, list_, chosen)),
        foreign=_foreign_cursors(reference),
        people=max(
            len(members),
            len(people),
            len(world.messenger_conversations),
            len(world.social_conversations),
        ),
    )


def _coerced(schema: GraphQLSchema, list_: str, chosen: dict[str, Any]) -> dict[str, Any]:
    query, member = schema.query_type, schema.get_type("MessengerAccount")
    assert query is not None
    field = query.fields.get(list_)
    if field is None and isinstance(member, GraphQLObjectType):
        field = member.fields.get(list_)
    if field is None:
        return chosen
    return {name: coerce_input_value(value, field.args[name].type) for name, value in chosen.items()}


def _foreign_cursors(reference: Reference) -> list[str]:
    elsewhere = reference.cursors.seal("[1]", b"ANOTHER_PURPOSE|policy|MessengerAccountConnection|{}")
    own = [cursor for list_ in LISTED for cursor in reference.cursors_of(list_, {})[:1]]
    return ["", "=", "AAAA", "not a cursor", "\u00e9", "A" * 3_000, elsewhere, *own]
