"""Random valid requests in the schema of a purpose."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from graphql import (
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
)
from hypothesis import strategies as st

from tests.kit.documents.arguments import MAX_ROWS, Arguments
from tests.kit.documents.known import Known
from tests.kit.reference.schema import ALONE, ASKED, GROUPED, NAMING

MAX_LEVEL = 11


@dataclass(frozen=True)
class Request:
    """What a client sends; and again, with other variables for the same document."""

    document: str
    variables: dict[str, Any]
    operation_name: str | None = None
    again: tuple[dict[str, Any], ...] = ()


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
class _Writer(Arguments):
    """Writes one request, then rearranges it without changing what it means."""

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
            chosen = "Missing"
        again = tuple(self._varied() for _ in range(2)) if self.declared and self.chance(60) else ()
        return Request("\n".join(definitions), self.variables, chosen, again)

    def _varied(self) -> dict[str, Any]:
        """Other variables for the same document: absent, null, or a value from elsewhere in it."""
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
        """The alias and the name of a field. Its response key is new in the selection."""
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
