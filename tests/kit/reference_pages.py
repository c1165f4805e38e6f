"""The pages of `docs/reference/`: `python -m tests.kit.reference_pages --write` writes them from the code.

A test compares the committed pages with the code, so a setting, a command or a refusal cannot change without
its page.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import typer.main

from gateway.cli import app
from gateway.settings import CONFIG_FILE, Settings
from gateway.web.responses import GRAPHQL_REQUEST_ERRORS, STATUS
from schema.refusals import MESSAGES, Code

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
WRITE = "python -m tests.kit.reference_pages --write"
NOTE = f"<!-- Generated from the code by `{WRITE}`. Do not edit. -->\n"

SETTINGS = f"""{NOTE}
# Settings

The gateway reads each setting from the environment, or from the TOML file that `{CONFIG_FILE}` names
(`port = 8000`). The environment wins. `gateway settings` prints the settings in force, secrets masked. A list
or a mapping is JSON in the environment and TOML in the file.

| variable | default | meaning |
| --- | --- | --- |
"""

COMMANDS = f"""{NOTE}
# Commands

Results go to standard output, everything else to standard error. Exit status 1 means: not possible, or a
difference was found; the line on standard error says what to do. Status 2 is wrong usage. `--help` of each
command shows examples and every option.

| command | what it does |
| --- | --- |
"""

REFUSALS = f"""{NOTE}
# Refusals

Every refusal has one of these codes in `extensions.code`, with a constant message. No refusal depends on data
that the client may not see. The status in brackets is for clients that accept only `application/json`, as
GraphQL over HTTP says. [Which stage refuses what, and why](../architecture.md#which-stage-may-refuse-what).

| code | status | message |
| --- | --- | --- |
"""


def pages() -> dict[str, str]:
    """Each page's file name with its text."""
    return {
        "settings.md": SETTINGS + _table(_settings()),
        "commands.md": COMMANDS + _table(_commands()),
        "refusals.md": REFUSALS + _table(_refusals()),
    }


def _table(rows: Iterator[str]) -> str:
    return "".join(f"{row}\n" for row in rows)


def _settings() -> Iterator[str]:
    for name, field in Settings.model_fields.items():
        default = _default(field.is_required(), field.default)
        yield f"| `GATEWAY_{name.upper()}` | {default} | {field.description} |"


def _default(is_required: bool, value: object) -> str:
    if is_required:
        return "required"
    if value is None:
        return "–"
    return f"`{json.dumps(value)}`" if isinstance(value, bool) else f"`{value}`"


def _commands() -> Iterator[str]:
    yield from (f"| `{name}` | {line} |" for name, line in leaf_commands().items())


def leaf_commands() -> dict[str, str]:
    """Every command of the command line with the first line of its help."""

    def walk(command: object, path: str) -> Iterator[tuple[str, str]]:
        children = getattr(command, "commands", None)
        if not children:
            yield path, str(getattr(command, "help", "")).splitlines()[0]
            return
        for name, child in children.items():
            yield from walk(child, f"{path} {name}")

    return dict(walk(typer.main.get_command(app), "gateway"))


def _refusals() -> Iterator[str]:
    for code in Code:
        status = f"{STATUS[code]} (200)" if code in GRAPHQL_REQUEST_ERRORS else STATUS[code]
        yield f"| `{code}` | {status} | {MESSAGES[code]} |"


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit(f"usage: {WRITE}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for file_name, text in pages().items():
        (FOLDER / file_name).write_text(text, encoding="utf-8")
