"""How a mutant changes the source: by symbol and syntax, so that no reformatting hides the place.

A place is written `package.module:Class.method`, or `store/migration.sql:CREATE FUNCTION name` for a
migration. Python is compared as a syntax tree: line breaks, quotes, brackets and comments do not count.
SQL is compared with its white space normalised. The place must hold the old code exactly once; otherwise
the edit raises CannotApply, because a mutant that changes nothing would prove nothing.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Protocol

ROOT = Path(__file__).parents[2]
DDL = "resolvers/universe/ddl"
# Whether a name is read or assigned does not count, nor does the prefix u of a string.
_INCIDENTAL = re.compile(r",? ?(?:ctx=(?:Load|Store|Del)\(\)|kind='u')")
_SQL_TOKEN = re.compile(r"--[^\n]*|'(?:[^']|'')*'|\$(\w*)\$.*?\$\1\$|;", re.DOTALL)


class CannotApply(ValueError):
    """The source no longer holds what the edit changes, or holds it more than once."""


class Edit(Protocol):
    """One change of one file."""

    @property
    def file(self) -> str:
        """The file that it changes, relative to the repository."""

    def applied_to(self, text: str) -> str:
        """The file's text with the change made."""


@dataclass(frozen=True)
class _InPython:
    """An edit of one symbol of one module."""

    where: str

    @property
    def file(self) -> str:
        return self.where.partition(":")[0].replace(".", "/") + ".py"

    @property
    def symbol(self) -> str:
        """The symbol's path within the module: `Class.method`, `function` or `CONSTANT`."""
        return self.where.partition(":")[2]

    def applied_to(self, text: str) -> str:
        """The module's text, as `ast.unparse` writes it, with the change made."""
        tree = ast.parse(text)
        self._change(_symbol(tree, self.where))
        return ast.unparse(ast.fix_missing_locations(tree))

    def _change(self, symbol: ast.AST) -> None:
        raise NotImplementedError


@dataclass(frozen=True)
class Change(_InPython):
    """`old`, an expression or consecutive statements, becomes `new`. No `new` removes the statements."""

    old: str
    new: str = ""

    def _change(self, symbol: ast.AST) -> None:
        old, new = _statements(self.old), _statements(self.new)
        match old, new:
            case [ast.Expr(value=expression)], [ast.Expr(value=other)]:
                found = list(_expressions_like(expression, symbol))
                replacement: ast.AST = other
            case _:
                found = list(_runs_like(old, symbol))
        if len(found) != 1:
            raise CannotApply(f"{self.where} has {len(found)} times:\n{dedent(self.old).strip()}")
        owner, field, at = found[0]
        if isinstance(at, slice):
            getattr(owner, field)[at] = new or ([ast.Pass()] if _is_whole(owner, field, at) else [])
        elif at is None:
            setattr(owner, field, replacement)
        else:
            getattr(owner, field)[at] = replacement


@dataclass(frozen=True)
class BeginWith(_InPython):
    """`new` runs first in the function."""

    new: str

    def _change(self, symbol: ast.AST) -> None:
        assert isinstance(symbol, ast.FunctionDef | ast.AsyncFunctionDef)
        after = 0 if ast.get_docstring(symbol) is None else 1
        symbol.body[after:after] = _statements(self.new)


@dataclass(frozen=True)
class FollowWith(_InPython):
    """`new` runs right after the definition of the module's constant."""

    new: str

    def applied_to(self, text: str) -> str:
        """The module's text with the statements behind the constant."""
        tree = ast.parse(text)
        at = tree.body.index(_symbol(tree, self.where)) + 1
        tree.body[at:at] = _statements(self.new)
        return ast.unparse(tree)


@dataclass(frozen=True)
class ChangeString(_InPython):
    """In the one string of the symbol that contains `old`, such as an SQL text, `old` becomes `new`."""

    old: str
    new: str = ""

    def _change(self, symbol: ast.AST) -> None:
        pattern = _loosely(self.old)
        strings = [
            node
            for node in ast.walk(symbol)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        found = [node for node in strings for _ in pattern.finditer(str(node.value))]
        if len(found) != 1:
            raise CannotApply(f"{self.where} has {len(found)} strings with:\n{self.old}")
        found[0].value = pattern.sub(lambda _: self.new, str(found[0].value))


@dataclass(frozen=True)
class ChangeSql:
    """In one statement of a migration, found by its first words, `old` becomes `new`."""

    where: str
    old: str
    new: str = ""

    @property
    def file(self) -> str:
        """The migration."""
        return f"{DDL}/{self.where.partition(':')[0]}"

    def applied_to(self, text: str) -> str:
        """The migration's text with the change made."""
        begin, end = _statement_at(text, self.where)
        pattern = _loosely(self.old)
        statement = text[begin:end]
        if len(found := pattern.findall(statement)) != 1:
            raise CannotApply(f"{self.where} has {len(found)} times:\n{self.old}")
        return text[:begin] + pattern.sub(lambda _: self.new, statement) + text[end:]


@dataclass(frozen=True)
class Mutant:
    """One broken build. `tests` is where to look first: the first failure ends the run."""

    name: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]

    @property
    def files(self) -> tuple[str, ...]:
        """The files that differ."""
        return tuple(dict.fromkeys(edit.file for edit in self.edits))

    def text_of(self, file: str, text: str) -> str:
        """A file's text in this build."""
        for edit in self.edits:
            if edit.file == file:
                text = edit.applied_to(text)
        return text


def mutant(name: str, edit: Edit, *tests: str) -> Mutant:
    """A build that one edit breaks."""
    return Mutant(name, (edit,), tests)


def _symbol(module: ast.Module, where: str) -> ast.AST:
    node: ast.AST = module
    for name in where.partition(":")[2].split("."):
        found = [each for each in getattr(node, "body", []) if name in _names(each)]
        if len(found) != 1:
            raise CannotApply(f"{where}: {len(found)} symbols {name}{_elsewhere(name)}")
        (node,) = found
    return node


def _names(statement: ast.stmt) -> set[str]:
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Assign(targets=targets):
            return {target.id for target in targets if isinstance(target, ast.Name)}
        case ast.AnnAssign(target=ast.Name(id=name)):
            return {name}
    return set()


def _elsewhere(name: str) -> str:
    """Where a symbol that has moved may be now: for the message only, as it reads every module."""
    defined = re.compile(
        rf"^ *(?:async )?(?:def|class) {re.escape(name)}\b|^{re.escape(name)}\b.*=", re.MULTILINE
    )
    modules = (path for room in ("schema", "resolvers", "gateway") for path in (ROOT / room).rglob("*.py"))
    found = sorted(str(path.relative_to(ROOT)) for path in modules if defined.search(path.read_text()))
    return f"; it is in {', '.join(found)}" if found else ""


def _statements(code: str) -> list[ast.stmt]:
    return ast.parse(dedent(code).strip("\n")).body


def _shape(node: ast.AST) -> str:
    return _INCIDENTAL.sub("", ast.dump(node))


_Found = tuple[ast.AST, str, int | slice | None]


def _expressions_like(wanted: ast.expr, within: ast.AST) -> Iterator[_Found]:
    """Every place of an equal expression: its owner, the owner's field, the index if that is a list."""
    shape = _shape(wanted)
    for owner in ast.walk(within):
        for field, value in ast.iter_fields(owner):
            for at, each in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if isinstance(each, type(wanted)) and _shape(each) == shape:
                    yield owner, field, at


def _runs_like(wanted: list[ast.stmt], within: ast.AST) -> Iterator[_Found]:
    """Every run of equal consecutive statements: its owner, the owner's field, the slice of it."""
    kinds, shapes = list(map(type, wanted)), list(map(_shape, wanted))
    for owner in ast.walk(within):
        for field, value in ast.iter_fields(owner):
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                for at in range(len(value) - len(wanted) + 1):
                    run = value[at : at + len(wanted)]
                    # Most statements differ in kind, which costs less to see than their whole shape.
                    if list(map(type, run)) == kinds and list(map(_shape, run)) == shapes:
                        yield owner, field, slice(at, at + len(wanted))


def _is_whole(owner: ast.AST, field: str, at: slice) -> bool:
    return len(getattr(owner, field)[at]) == len(getattr(owner, field)) and field != "orelse"


def _loosely(text: str) -> re.Pattern[str]:
    """The text with any white space where it has some."""
    return re.compile(r"\s+".join(map(re.escape, text.split())))


def _statement_at(text: str, where: str) -> tuple[int, int]:
    """Where the one statement begins and ends that starts with these words."""
    begins = _loosely(where.partition(":")[2])
    found = [span for span in _sql_statements(text) if begins.match(text, span[0], span[1])]
    if len(found) != 1:
        raise CannotApply(f"{where}: {len(found)} such statements")
    return found[0]


def _sql_statements(text: str) -> Iterator[tuple[int, int]]:
    begin = 0
    for token in _SQL_TOKEN.finditer(text):
        if token[0].startswith("--") and not text[begin : token.start()].strip():
            begin = token.end()
        elif token[0] == ";":
            begin += len(text[begin:]) - len(text[begin:].lstrip())
            yield begin, token.end()
            begin = token.end()
