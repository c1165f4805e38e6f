"""The files of a checkout, each read and parsed once."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import tokenize
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOMS = ("schema", "resolvers", "gateway")
Function = ast.FunctionDef | ast.AsyncFunctionDef
# The folder of a file's kind: how the table counts retired words.
KINDS = {"py": "Python", "graphql": "SDL", "ts": "console", "tsx": "console", "md": "Markdown"}
WRITTEN = {*KINDS, "sql", "toml", "html", "txt"}


@dataclass(frozen=True)
class Source:
    """A Python file of the checkout."""

    path: str
    text: str
    tree: ast.Module

    @property
    def in_room(self) -> bool:
        """Whether it is part of what is installed."""
        return self.path.split("/")[0] in ROOMS

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of the tree: walking it again for each figure takes most of the time."""
        return list(ast.walk(self.tree))

    @cached_property
    def functions(self) -> list[tuple[Function, bool]]:
        """Every function, and whether it has a first argument that its caller does not give."""
        methods = {
            id(item)
            for node in self.nodes
            if isinstance(node, ast.ClassDef)
            for item in node.body
            if isinstance(item, Function) and not _is_static(item)
        }
        return [(node, id(node) in methods) for node in self.nodes if isinstance(node, Function)]

    @cached_property
    def comments(self) -> list[str]:
        """The comments."""
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        return [token.string for token in tokens if token.type == tokenize.COMMENT]

    @cached_property
    def strings(self) -> list[str]:
        """The docstrings and the strings of more than one word."""
        constants = (node.value for node in self.nodes if isinstance(node, ast.Constant))
        return [value for value in constants if isinstance(value, str) and " " in value.strip()]


def _is_static(function: Function) -> bool:
    return any(isinstance(each, ast.Name) and each.id == "staticmethod" for each in function.decorator_list)


@dataclass(frozen=True)
class Checkout:
    """A checkout: what git lists there, without what others wrote."""

    root: Path

    @cached_property
    def paths(self) -> list[str]:
        """The files that git knows, relative to the root, and those that it does not know yet."""
        command = ["git", "-C", str(self.root), "ls-files", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
        return [path for path in sorted(set(listed)) if (self.root / path).is_file()]

    @cached_property
    def texts(self) -> dict[str, str]:
        """Every file that a person wrote."""
        written = (path for path in self.paths if path.rpartition(".")[2] in WRITTEN or path == "Makefile")
        return {path: (self.root / path).read_text(encoding="utf-8") for path in written}

    @cached_property
    def sources(self) -> list[Source]:
        """Every Python file."""
        return [
            Source(path, text, ast.parse(text)) for path, text in self.texts.items() if path.endswith(".py")
        ]

    @cached_property
    def rooms(self) -> list[Source]:
        """The Python files of the three rooms."""
        return [source for source in self.sources if source.in_room]

    def words_of_prose(self, kind: str) -> int:
        """How many words of prose the files of a kind hold: for Python, comments and strings."""
        if kind == "Python":
            return sum(
                len(text.split()) for source in self.sources for text in (*source.comments, *source.strings)
            )
        return sum(
            len(re.findall(r"[A-Za-z]{2,}", text))
            for path, text in self.texts.items()
            if KINDS.get(path.rpartition(".")[2]) == kind
        )

    def long_subjects(self, base: str) -> list[str]:
        """The commit subjects since `base` that have more than 72 characters."""
        command = ["git", "-C", str(self.root), "log", "--format=%h %s", f"{base}..HEAD"]
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
        return [line for line in listed if len(line.partition(" ")[2]) > 72]
