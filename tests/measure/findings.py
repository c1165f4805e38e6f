"""What the house forbids: each finding has a place and says what to write instead."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from graphql import parse
from graphql.language import ast as sdl

from tests.measure.checkout import KINDS, Checkout, Source
from tests.measure.imports import cycles
from tests.measure.words import MODULES, NAMES, PATTERNS, WORDS, is_excepted

MAX_FUNCTION_LINES = 50
MAX_POSITIONAL = 3
# Methods whose signature another package decides: pydantic-settings.
OTHERS_SIGNATURES = frozenset({"settings_customise_sources"})
MAX_MODULES_OF_A_ROOM = 7
MAX_MODULES_OF_A_FOLDER = 14
Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Finding:
    """One place that is to be changed, and how."""

    place: str
    message: str
    kind: str = ""


def retired_words(checkout: Checkout) -> Iterator[Finding]:
    """Every retired word in a document, comment, string or identifier."""
    for path, text in checkout.texts.items():
        for word, pattern in PATTERNS.items():
            if is_excepted(path, word):
                continue
            for match in pattern.finditer(text):
                line = text.count("\n", 0, match.start()) + 1
                quoted = " ".join(match.group().split())
                kind = KINDS.get(path.rpartition(".")[2], "other")
                yield Finding(f"{path}:{line}", f"“{quoted}” → {WORDS[word]}", kind)


def retired_names(checkout: Checkout) -> Iterator[Finding]:
    """Every module, class and function of the three rooms with a retired name."""
    for source in checkout.rooms:
        module = source.path.rpartition("/")[2].removesuffix(".py")
        if module in MODULES and not is_excepted(source.path, module):
            yield Finding(f"{source.path}:1", f"module {module} → {MODULES[module]}")
        for node in source.nodes:
            if (
                isinstance(node, Definition)
                and node.name in NAMES
                and not is_excepted(source.path, node.name)
            ):
                yield Finding(f"{source.path}:{node.lineno}", f"{node.name} → {NAMES[node.name]}")


def classes_named_twice(checkout: Checkout) -> Iterator[Finding]:
    """Classes of the three rooms that share a name."""
    places = defaultdict(list)
    for source in checkout.rooms:
        for node in source.nodes:
            if isinstance(node, ast.ClassDef):
                places[node.name].append(f"{source.path}:{node.lineno}")
    for name, found in places.items():
        for place in found if len(found) > 1 else ():
            yield Finding(place, f"class {name} has {len(found)} meanings: give each a name of its own", name)


def crowded_rooms(checkout: Checkout) -> Iterator[Finding]:
    """Packages with more modules than a reader keeps in mind."""
    for folder, count in modules_by_folder(checkout).items():
        limit = MAX_MODULES_OF_A_FOLDER if "/" in folder else MAX_MODULES_OF_A_ROOM
        if count > limit:
            yield Finding(
                f"{folder}/__init__.py:1", f"{count} modules, at most {limit}: make a folder of some"
            )


def modules_by_folder(checkout: Checkout) -> Counter[str]:
    """How many modules each package holds, its `__init__` not counted."""
    names = (s.path for s in checkout.rooms if not s.path.endswith("/__init__.py"))
    return Counter(name.rpartition("/")[0] for name in names)


def import_cycles(checkout: Checkout) -> Iterator[Finding]:
    """Siblings that need each other, imports for annotations included."""
    for group in cycles(checkout.rooms, with_annotations=True):
        yield Finding(f"{group[0].replace('.', '/')}:1", f"{' and '.join(group)} import each other")


def positional_arguments(checkout: Checkout) -> Iterator[Finding]:
    """Definitions of the three rooms that take more than three arguments by position."""
    for source in checkout.rooms:
        for function, is_method in source.functions:
            arguments = [*function.args.posonlyargs, *function.args.args][is_method:]
            if len(arguments) > MAX_POSITIONAL and function.name not in OTHERS_SIGNATURES:
                message = (
                    f"{function.name} takes {len(arguments)} arguments by position: put * after the third"
                )
                yield Finding(f"{source.path}:{function.lineno}", message)


def long_functions(checkout: Checkout) -> Iterator[Finding]:
    """Functions of the three rooms with more than 50 lines."""
    for source in checkout.rooms:
        for function, _ in source.functions:
            if (lines := length(function)) > MAX_FUNCTION_LINES:
                yield Finding(f"{source.path}:{function.lineno}", f"{function.name} has {lines} lines")


def length(function: ast.AST) -> int:
    """How many lines a definition has, without its decorators."""
    assert isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
    return (function.end_lineno or function.lineno) - function.lineno + 1


def undescribed(checkout: Checkout) -> Iterator[Finding]:
    """Types and enum values of an SDL without a description."""
    for path, text in checkout.texts.items():
        if path.startswith("schema/sdl/"):
            for definition in parse(text).definitions:
                for node in (definition, *(getattr(definition, "values", None) or ())):
                    if isinstance(node, sdl.TypeDefinitionNode | sdl.EnumValueDefinitionNode):
                        yield from _without_description(path, node)


def _without_description(
    path: str, node: sdl.TypeDefinitionNode | sdl.EnumValueDefinitionNode
) -> Iterator[Finding]:
    if node.description is None:
        line = node.loc.start_token.line if node.loc else 1
        yield Finding(f"{path}:{line}", f"{node.name.value} has no description", node.name.value)


def silent_tests(checkout: Checkout) -> Iterator[Finding]:
    """Tests whose docstring does not say what they claim."""
    for source, function in tests(checkout):
        if ast.get_docstring(function) is None:
            yield Finding(f"{source.path}:{function.lineno}", f"{function.name} has no docstring")


def tests(checkout: Checkout) -> Iterator[tuple[Source, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Every test."""
    for source in checkout.sources:
        if source.path.rpartition("/")[2].startswith("test_"):
            for function, _ in source.functions:
                if function.name.startswith("test_"):
                    yield source, function


# The order of the table.
CHECKS: dict[str, Callable[[Checkout], Iterator[Finding]]] = {
    "retired words": retired_words,
    "retired names": retired_names,
    "classes with a name that occurs twice": classes_named_twice,
    "crowded rooms": crowded_rooms,
    "import cycles": import_cycles,
    "more than three arguments by position": positional_arguments,
    "functions over 50 lines": long_functions,
    "types and enum values without a description": undescribed,
    "tests without a claim": silent_tests,
}
