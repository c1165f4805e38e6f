"""The documents say what is so: their blocks are run, their tables are the program's own."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import typer.main

from gateway.cli import app
from gateway.settings import CONFIG_FILE, Settings
from gateway.web.responses import GRAPHQL_REQUEST_ERRORS, STATUS
from schema.purposes import ABOUT, Purpose
from schema.refusals import MESSAGES, Code

PROJECT = Path(__file__).parents[2]
README = (PROJECT / "README.md").read_text()
CHANGELOG = (PROJECT / "CHANGELOG.md").read_text()
URL = "http://127.0.0.1:8000"
BETWEEN = "@@@"


@dataclass(frozen=True)
class Block:
    """A fenced block of the README: its language, its text, and what stands in a comment above it."""

    language: str
    text: str
    remark: str


def blocks(language: str) -> list[Block]:
    """The README's blocks in that language, in order."""
    found = re.findall(r"(?:<!-- (.*?) -->\n)?^```(\w*)\n(.*?)^```$", README, re.M | re.S)
    return [Block(kind, text, remark) for remark, kind, text in found if kind == language]


@dataclass(frozen=True)
class Demo:
    """A running demo: where it answers, its folder, what it printed before it served."""

    url: str
    folder: Path
    printed: str

    def token(self, purpose: str) -> str:
        """The demo's token for a purpose."""
        lines = (self.folder / ".demo" / "tokens").read_text().splitlines()
        return dict(line.split() for line in lines)[purpose]


def environment(**more: str) -> dict[str, str]:
    """This process's environment without any setting of the gateway; the README's tools in the PATH."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    return {**kept, "PYTHONPATH": str(PROJECT), "COLUMNS": "80", **more}


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    """The demo as somebody starts it, with fewer made-up people: no example speaks of them."""
    with tempfile.TemporaryDirectory(prefix="gateway-docs-") as name:
        folder = Path(name)
        command = [sys.executable, "-m", "gateway", "demo", "--port", "0", "--accounts", "1000"]
        with subprocess.Popen(
            command, cwd=folder, env=environment(), stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            printed = ""
            for line in process.stdout:
                printed += line
                if served := re.match(r"Serving on (http://\S+)/graphql", line):
                    break
            else:
                pytest.fail(f"the demo did not start: {printed}")
            yield Demo(served[1], folder, printed)
            process.terminate()
            process.communicate(timeout=30)


def test_the_first_screen_is_what_the_demo_prints(demo: Demo) -> None:
    """What the README shows of `make demo` is its real output."""
    (shown,) = blocks("text")
    assert shown.remark == "from: gateway demo --once"
    assert shown.text in demo.printed


# --- commands -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Command:
    """A line after `$ `, and the lines below it that it should print."""

    line: str
    output: str


def commands() -> list[Command]:
    """The commands of all console blocks, in order: the tour is one session."""
    found = []
    for block in blocks("console"):
        for part in re.split(r"^\$ ", block.text, flags=re.M)[1:]:
            line, _, output = part.partition("\n")
            found.append(Command(line, output))
    return found


def session(demo: Demo, lines: list[str]) -> list[str]:
    """What a shell prints for each line, in the folder of the demo and with the README's tools."""
    (demo.folder / ".venv" / "bin").mkdir(parents=True, exist_ok=True)
    (demo.folder / ".venv" / "bin" / "activate").touch()
    tools = demo.folder / "tools"
    tools.mkdir(exist_ok=True)
    tool(tools / "gateway", f'exec {shlex.quote(sys.executable)} -m gateway "$@"')
    # curl is not on every machine.
    tool(tools / "curl", f'exec {shlex.quote(sys.executable)} -m tests.kit.curl "$@"')
    script = "".join(f"{{ {line.replace(URL, demo.url)}\n}} 2>&1\necho {BETWEEN}\n" for line in lines)
    path = f"{tools}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash"], input=script, cwd=demo.folder, env=environment(PATH=path), capture_output=True, text=True
    )
    return done.stdout.split(f"{BETWEEN}\n")[:-1]


def tool(path: Path, text: str) -> None:
    """Write a small program."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def matches(expected: str, actual: str) -> bool:
    """Equal, where `…` stands for anything within a line."""
    pattern = r"[^\n]*".join(re.escape(part) for part in expected.split("…"))
    return re.fullmatch(pattern, actual) is not None


def test_the_tour_prints_what_the_readme_says(demo: Demo) -> None:
    """Every command of the README's tour can be pasted, and prints what stands below it."""
    tour = commands()
    printed = session(demo, [command.line for command in tour])
    assert len(tour) == len(printed)
    wrong = [
        f"$ {command.line}\n--- README\n{command.output}--- real\n{actual}"
        for command, actual in zip(tour, printed, strict=True)
        if not matches(command.output, actual)
    ]
    assert not wrong, "\n\n".join(wrong)


def test_every_question_of_the_readme_has_the_answer_below_it(demo: Demo) -> None:
    """Each GraphQL block, asked over HTTP under the purpose in its first line, gives the JSON block below."""
    questions, answers = blocks("graphql"), blocks("json")
    assert len(questions) == len(answers) > 0
    for question, answer in zip(questions, answers, strict=True):
        purpose = re.match(r"# purpose: (\w+)\n", question.text)
        assert purpose is not None
        headers = {"authorization": f"Bearer {demo.token(purpose[1])}"}
        response = httpx.post(f"{demo.url}/graphql", json={"query": question.text}, headers=headers)
        assert json.loads(answer.text) == response.json()


def test_every_make_target_of_the_documents_exists() -> None:
    """`make` knows every target that the README names, and the README names every target."""
    makefile = (PROJECT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):.*##", makefile, re.M))
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", README, re.M))
    assert named == targets - {"help", "clean"}


# --- tables ---------------------------------------------------------------------------------------


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


def test_every_command_is_documented() -> None:
    """The README's table of commands is the command line's own help."""
    assert table([f"| `{name}` | {line} |" for name, line in leaf_commands().items()]) in README


def test_every_command_shows_examples() -> None:
    """`--help` of every command ends with examples to copy, and each of them names the command."""

    def walk(command: object, path: str) -> Iterator[tuple[str, str]]:
        yield path, str(getattr(command, "epilog", ""))
        for name, child in (getattr(command, "commands", None) or {}).items():
            yield from walk(child, f"{path} {name}")

    lacking = [path for path, epilog in walk(typer.main.get_command(app), "gateway") if path not in epilog]
    assert lacking == []


def test_every_setting_is_documented() -> None:
    """The README's table of settings is the settings' own description and default."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = json.dumps(field.default) if not field.is_required() else ""
        shown = (
            "required" if field.is_required() else f"`{json.loads(default)}`" if default != "null" else "–"
        )
        shown = f"`{default}`" if default in {"true", "false"} else shown
        rows.append(f"| `GATEWAY_{name.upper()}` | {shown} | {field.description} |")
    assert table(rows) in README
    assert f"`{CONFIG_FILE}`" in README


def test_the_settings_that_the_readme_shows_are_settings() -> None:
    """A block of TOML is part of a file that is read as it stands."""
    needed = dict.fromkeys(("messenger_dsn", "social_dsn", "control_dsn"), "postgresql://x@y/z")
    for block in blocks("toml"):
        read = Settings(**needed, secret="s" * 32, **tomllib.loads(block.text))
        assert read.oidc_issuer is not None


def test_every_refusal_is_documented() -> None:
    """The README's table of refusals is the catalogue's: code, status, message."""
    statuses = {
        code: f"{STATUS[code]} (200)" if code in GRAPHQL_REQUEST_ERRORS else STATUS[code] for code in Code
    }
    assert table([f"| `{code}` | {statuses[code]} | {MESSAGES[code]} |" for code in Code]) in README


def test_every_purpose_is_documented() -> None:
    """The README's table of purposes says what each is for and which objection stops it."""
    rows = [f"| `{each}` | {ABOUT[each].sentence} | {each.objection or '–'} |" for each in Purpose]
    assert table(rows) in README


def table(rows: list[str]) -> str:
    """The rows as they stand in the README, one below the other."""
    return "".join(f"{row}\n" for row in rows)


# --- the rest -------------------------------------------------------------------------------------


def test_links_within_the_project_lead_somewhere() -> None:
    """Every link of the documents that is no web address leads to a file that is there."""
    for text in (README, CHANGELOG):
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            assert target.startswith("http") or (PROJECT / target).exists(), target


def test_files_that_the_readme_names_are_there() -> None:
    """A file or folder named in the text exists in one of the rooms."""
    named = set(re.findall(r"`((?:schema|resolvers|gateway|tests)/[\w./]*)`", README))
    assert {name for name in named if not (PROJECT / name).exists()} == set()


def test_the_newest_version_of_the_changelog_is_the_package_s() -> None:
    """The CHANGELOG's newest entry is about the version that is installed (keepachangelog.com)."""
    versions = re.findall(r"^## \[(.+?)\]", CHANGELOG, re.M)
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert versions[:2] == ["Unreleased", project["version"]]
