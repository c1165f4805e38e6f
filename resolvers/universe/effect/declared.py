"""The functions and triggers that the migrations create, read from their files.

Chosen: the files that this program ships, because an owner of a store cannot change them there. Rejected:
digests that a migration notes in the database (who empties a function can note the new digest, too), and a
generated list beside the files (it says the same twice). The reader understands the SQL of this house alone.
A test compares what it reads with a freshly migrated store, object by object.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from resolvers.universe.migrations import migrations

_TOKEN = re.compile(r"--[^\n]*|'(?:[^']|'')*'|\$(\w*)\$.*?\$\1\$|;", re.DOTALL)
_FUNCTION = re.compile(r"CREATE (?:OR REPLACE )?FUNCTION ([\w.]+)\s*\(", re.IGNORECASE)
_TRIGGER = re.compile(
    r"CREATE TRIGGER (\w+) (BEFORE|AFTER) (.+?) ON ([\w.]+)\s(.*)EXECUTE FUNCTION ([\w.]+)\(\)", re.IGNORECASE
)
_DROP_TRIGGER = re.compile(r"DROP TRIGGER (?:IF EXISTS )?(\w+) ON ([\w.]+)", re.IGNORECASE)
_ALWAYS = re.compile(r"ALTER TABLE ([\w.]+) ENABLE ALWAYS TRIGGER (\w+)", re.IGNORECASE)
_DROP_FUNCTION = re.compile(r"DROP FUNCTION (?:IF EXISTS )?(.+)", re.IGNORECASE)
_DROP_TABLE = re.compile(r"DROP TABLE (?:IF EXISTS )?(.+)", re.IGNORECASE)
_SETTING = re.compile(
    r"\bSET (\w+)\s*(?:=|TO)\s*((?:'[^']*'|[\w.]+)(?:,\s*(?:'[^']*'|[\w.]+))*)", re.IGNORECASE
)
_BODY = re.compile(r"\bAS\s+\$(\w*)\$(.*)\$\1\$", re.IGNORECASE | re.DOTALL)
_ROWS_DIFFER = re.compile(r"ROW\(([^)]*)\) IS DISTINCT FROM ROW\(([^)]*)\)", re.IGNORECASE)
_NAME_IN_LIST = re.compile(r"([a-z_]\w*\.\w+)", re.IGNORECASE)


@dataclass(frozen=True)
class DeclaredFunction:
    """A function as its migration writes it: the body, who it runs as, and its own settings."""

    name: str
    body: str
    language: str
    definer: bool
    settings: frozenset[str]


@dataclass(frozen=True)
class DeclaredTrigger:
    """A trigger as its migration writes it. `shape`: timing, events, condition and function (`shape_of`)."""

    name: str
    shape: str
    always: bool = False


@dataclass
class Declared:
    """What one store has after all its migrations. Triggers are named `table: trigger`."""

    functions: dict[str, DeclaredFunction] = field(default_factory=dict)
    triggers: dict[str, DeclaredTrigger] = field(default_factory=dict)


@cache
def declared(store: str) -> Declared:
    """The functions and triggers that the store's migrations leave, by name."""
    found = Declared()
    for migration in migrations(store):
        for statement in _statements(migration.sql):
            _follow(found, statement)
    return found


def shape_of(trigger: str) -> str:
    """A trigger's definition without name and table, as Postgres or a migration spells it; comparable.

    Case, white space, brackets and the casts that Postgres adds do not count, nor the order of the events.
    """
    matched = _TRIGGER.fullmatch(" ".join(trigger.split()))
    if matched is None:
        return trigger
    _, timing, events, _, how, function = matched.groups()
    parts = sorted(_bare(event) for event in re.split(r" OR ", events, flags=re.IGNORECASE))
    condition = _bare(_ROWS_DIFFER.sub(_each_differs, how))
    return "|".join([timing.lower(), *parts, condition, function.lower()])


def _each_differs(rows: re.Match[str]) -> str:
    """The comparison of two rows as Postgres keeps it: column by column."""
    pairs = zip(rows[1].split(","), rows[2].split(","), strict=True)
    return " OR ".join(f"{one} IS DISTINCT FROM {other}" for one, other in pairs)


def settings_of(config: list[str] | None) -> frozenset[str]:
    """A function's own settings as Postgres keeps them, comparable."""
    return frozenset(each.lower().replace(" ", "") for each in config or [])


def bare_expression(text: str) -> str:
    """The text of an expression without what Postgres adds when it prints one."""
    return _bare(text)


def _bare(text: str) -> str:
    return re.sub(r"::(text|bigint|integer)\b|[\s()]", "", text.lower())


def _statements(text: str) -> Iterator[str]:
    """The statements without comments outside of bodies."""
    kept, begin = [], 0
    for token in _TOKEN.finditer(text):
        kept.append(text[begin : token.start()])
        begin = token.end()
        if token[0] == ";":
            yield "".join(kept).strip()
            kept = []
        elif not token[0].startswith("--"):
            kept.append(token[0])
    kept.append(text[begin:])
    if rest := "".join(kept).strip():
        yield rest


def _follow(found: Declared, statement: str) -> None:
    """Do with the record what the statement does with the store."""
    if matched := _FUNCTION.match(statement):
        found.functions[matched[1].lower()] = _function(matched[1].lower(), statement)
        return
    line = " ".join(statement.split())
    if matched := _TRIGGER.fullmatch(line):
        name = f"{matched[4].lower()}: {matched[1].lower()}"
        found.triggers[name] = DeclaredTrigger(name, shape_of(line))
    elif matched := _DROP_TRIGGER.match(line):
        found.triggers.pop(f"{matched[2].lower()}: {matched[1].lower()}", None)
    elif matched := _ALWAYS.fullmatch(line):
        name = f"{matched[1].lower()}: {matched[2].lower()}"
        found.triggers[name] = DeclaredTrigger(name, found.triggers[name].shape, always=True)
    elif matched := _DROP_FUNCTION.match(line):
        for name in _NAME_IN_LIST.findall(matched[1]):
            found.functions.pop(name.lower(), None)
    elif matched := _DROP_TABLE.match(line):
        gone = {name.lower() for name in _NAME_IN_LIST.findall(matched[1])}
        for trigger in [each for each in found.triggers if each.partition(":")[0] in gone]:
            del found.triggers[trigger]


def _function(name: str, statement: str) -> DeclaredFunction:
    body = _BODY.search(statement)
    # A body without quotes is one expression, and nothing follows it.
    head, _, expression = (statement[: body.start()], "", "") if body else statement.partition("RETURN ")
    options = head + statement[body.end() :] if body else head
    language = re.search(r"\bLANGUAGE (\w+)", options, re.IGNORECASE)
    return DeclaredFunction(
        name,
        body[2] if body else _bare(expression),
        language[1].lower() if language else "",
        bool(re.search(r"\bSECURITY DEFINER\b", options, re.IGNORECASE)),
        settings_of(
            [f"{setting}={value.replace(chr(39), '')}" for setting, value in _SETTING.findall(options)]
        ),
    )
