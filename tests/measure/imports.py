"""Cycles between the siblings of a package, at every level of the package tree."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator

from tests.measure.checkout import ROOMS, Source

# importing module → imported module → whether only annotations need it.
Edges = dict[str, dict[str, bool]]


def module_of(path: str) -> str:
    """The module's name: gateway/web/__init__.py is gateway.web."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def edges(sources: list[Source]) -> Edges:
    """What each module imports of the three rooms."""
    modules = {module_of(source.path) for source in sources}
    found: Edges = defaultdict(dict)
    for source in sources:
        importer = module_of(source.path)
        annotations = set(_for_annotations(source))
        for node in source.nodes:
            for target in _targets(node, modules):
                if target != importer:
                    found[importer][target] = found[importer].get(target, True) and id(node) in annotations
    return found


def _for_annotations(source: Source) -> Iterator[int]:
    """The nodes below `if TYPE_CHECKING:`."""
    for node in source.nodes:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from (id(inner) for statement in node.body for inner in ast.walk(statement))


def _targets(node: ast.AST, modules: set[str]) -> Iterator[str]:
    if isinstance(node, ast.ImportFrom) and node.module:
        for name in node.names:
            whole = f"{node.module}.{name.name}"
            yield from {whole if whole in modules else node.module} & modules
    elif isinstance(node, ast.Import):
        yield from {name.name for name in node.names} & modules


def cycles(sources: list[Source], *, with_annotations: bool) -> list[list[str]]:
    """The groups of siblings that need each other, in the whole tree."""
    needed = edges(sources)
    packages = [*ROOMS, *(module_of(s.path) for s in sources if s.path.endswith("/__init__.py"))]
    found = []
    for package in sorted(set(packages)):
        graph: dict[str, set[str]] = defaultdict(set)
        for importer, targets in needed.items():
            for target, annotation_only in targets.items():
                one, other = _sibling(package, importer), _sibling(package, target)
                if one and other and one != other and (with_annotations or not annotation_only):
                    graph[one].add(other)
        found += [group for group in _groups(graph) if len(group) > 1]
    return found


def _sibling(package: str, module: str) -> str | None:
    """The child of `package` that is or holds `module`."""
    if not module.startswith(f"{package}."):
        return None
    return f"{package}.{module[len(package) + 1 :].partition('.')[0]}"


def _groups(graph: dict[str, set[str]]) -> list[list[str]]:
    """The strongly connected components: each is reached from each of its own."""
    reached = {node: _reached(graph, node) for node in graph}
    groups = {
        tuple(sorted(other for other in seen if node in reached.get(other, ())))
        for node, seen in reached.items()
    }
    return [list(group) for group in sorted(groups) if group]


def _reached(graph: dict[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        for other in graph.get(waiting.pop(), ()):
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    return seen
