"""The documents are true: their blocks are run, and their tables are computed from the code."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
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
from gateway.console import build
from gateway.settings import CONFIG_FILE, Settings
from schema.purposes import ABOUT, Purpose
from schema.refusals import Code
from schema.values.scalars import DOCUMENTS as DOCUMENTS_OF_SCALARS
from tests.kit import reference_pages
from tests.kit.processes import Serve

PROJECT = Path(__file__).parents[2]
# The tour is one session: it begins in the README and goes on in tour.md.
PAGES = ("README.md", "docs/tour.md", "docs/clients.md", "docs/policy.md")
README = (PROJECT / "README.md").read_text()
CHANGELOG = (PROJECT / "CHANGELOG.md").read_text()
DOCUMENTS = {
    path.relative_to(PROJECT).as_posix(): path.read_text()
    for path in (PROJECT / "README.md", PROJECT / "CHANGELOG.md", *sorted((PROJECT / "docs").rglob("*.md")))
}
EXAMPLES = PROJECT / "docs" / "examples"
BASE = "https://purpose-gateway.example/"
URL = "http://127.0.0.1:8000"
BETWEEN = "@@@"


@dataclass(frozen=True)
class Block:
    """A fenced block of a document: its page, its language, its text, and the comment above it."""

    page: str
    language: str
    text: str
    remark: str


def blocks(language: str) -> list[Block]:
    """The blocks in that language of all documents: first those of PAGES, in order."""
    pages = (*PAGES, *(page for page in DOCUMENTS if page not in PAGES))
    return [
        Block(page, kind, text, remark)
        for page in pages
        for remark, kind, text in re.findall(
            r"(?:<!-- (.*?) -->\n+)?^```(\w*)\n(.*?)^```$", DOCUMENTS[page], re.M | re.S
        )
        if kind == language
    ]


def test_blocks_in_a_language_that_nothing_runs_are_shell_alone() -> None:
    """Each block of each document is run or read by a test of this file, but for `sh`."""
    fences = {
        kind for text in DOCUMENTS.values() for kind in re.findall(r"^```(\w*)\n.*?^```$", text, re.M | re.S)
    }
    assert fences == {"sh", "text", "console", "graphql", "json", "toml"}


@dataclass(frozen=True)
class RunningDemo:
    """A running demo: where it answers, its folder, what it printed before it served."""

    url: str
    folder: Path
    printed: str

    def token(self, purpose: str) -> str:
        """The demo's token for a purpose."""
        lines = (self.folder / ".demo" / "tokens").read_text().splitlines()
        return dict(line.split() for line in lines)[purpose]


def environment(**more: str) -> dict[str, str]:
    """This process's environment without any setting of the gateway."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    return {**kept, "PYTHONPATH": str(PROJECT), "COLUMNS": "80", **more}


@pytest.fixture(scope="module")
def demo(serve: Serve) -> Iterator[RunningDemo]:
    """One demo for all documents, with fewer made-up people than usual: no example mentions them."""
    with tempfile.TemporaryDirectory(prefix="gateway-docs-") as name:
        folder = Path(name)
        arguments = ("demo", "--port", "0", "--accounts", "1000")
        with serve(*arguments, environment=environment(), folder=folder, stderr=None) as served:
            yield RunningDemo(served.url, folder, served.printed)
            served.stop()


def test_the_first_screen_is_what_the_demo_prints(demo: RunningDemo) -> None:
    """What tour.md shows of `make demo` is its real output."""
    (shown,) = blocks("text")
    assert shown.remark == "from: gateway demo --once"
    assert shown.text in demo.printed


# --- commands -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Command:
    """A line after `$ `, its page, and the lines below it that it should print."""

    page: str
    line: str
    output: str


def commands() -> list[Command]:
    """The commands of all console blocks, in order: one session."""
    found = []
    for block in blocks("console"):
        for part in re.split(r"^\$ ", block.text, flags=re.M)[1:]:
            line, _, output = part.partition("\n")
            found.append(Command(block.page, line, output))
    return found


def session(demo: RunningDemo, lines: list[str]) -> list[str]:
    """What a shell prints for each line, in the folder of the demo."""
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
    """Equal, where `…` means anything within a line."""
    pattern = r"[^\n]*".join(re.escape(part) for part in expected.split("…"))
    return re.fullmatch(pattern, actual) is not None


def test_every_command_prints_what_its_document_says(demo: RunningDemo) -> None:
    """Every command of every document can be pasted, and prints the lines below it."""
    tour = commands()
    printed = session(demo, [command.line for command in tour])
    assert len(tour) == len(printed)
    wrong = [
        f"$ {command.line}\n--- {command.page}\n{command.output}--- real\n{actual}"
        for command, actual in zip(tour, printed, strict=True)
        if not matches(command.output, actual)
    ]
    assert not wrong, "\n\n".join(wrong)


def test_every_question_of_the_documents_has_the_answer_below_it(demo: RunningDemo) -> None:
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
    """`make` knows every target that the documents name, and development.md names every target."""
    makefile = (PROJECT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):.*##", makefile, re.M))
    named = {
        page: set(re.findall(r"(?:^|`)make ([a-z]+)", text, re.M))
        for page, text in DOCUMENTS.items()
        if page != "CHANGELOG.md"
    }
    assert {page: unknown for page, found in named.items() if (unknown := found - targets)} == {}
    assert named["docs/development.md"] == targets - {"help", "clean"}


# --- tables ---------------------------------------------------------------------------------------


def test_the_reference_pages_are_current() -> None:
    """Settings, commands and refusals are the code's own: names, defaults, statuses, texts."""
    written = {name: DOCUMENTS.get(f"docs/reference/{name}") for name in reference_pages.pages()}
    assert written == reference_pages.pages(), f"Run: {reference_pages.WRITE}"


def test_the_reference_pages_hold_every_setting_command_and_refusal() -> None:
    """The generator leaves nothing out."""
    pages = reference_pages.pages()
    assert all(f"| `GATEWAY_{name.upper()}` |" in pages["settings.md"] for name in Settings.model_fields)
    assert f"`{CONFIG_FILE}`" in pages["settings.md"]
    assert all(f"| `{code}` |" in pages["refusals.md"] for code in Code)
    assert {"gateway serve", "gateway ledger report"} <= set(reference_pages.leaf_commands())


def test_every_refusal_has_a_stage() -> None:
    """The table of architecture.md names a stage for each refusal, each once, and a reason for each stage."""
    part = DOCUMENTS["docs/architecture.md"].split("## Which stage may refuse what")[1].split("\n## ")[0]
    rows = re.findall(r"^\| ([a-z, ]+) \| (`.*?`) \| (\S.*) \|$", part, re.M)
    codes = [code for _, cell, _ in rows for code in re.findall(r"`([A-Z_]+)`", cell)]
    assert sorted(codes) == sorted(Code)


def test_every_command_shows_examples() -> None:
    """`--help` of every command ends with examples to copy, and each of them names the command."""

    def walk(command: object, path: str) -> Iterator[tuple[str, str]]:
        yield path, str(getattr(command, "epilog", ""))
        for name, child in (getattr(command, "commands", None) or {}).items():
            yield from walk(child, f"{path} {name}")

    lacking = [path for path, epilog in walk(typer.main.get_command(app), "gateway") if path not in epilog]
    assert lacking == []


def test_the_settings_that_the_documents_show_are_settings() -> None:
    """A block of TOML is part of a settings file, word for word."""
    needed = dict.fromkeys(("messenger_dsn", "social_dsn", "control_dsn"), "postgresql://x@y/z")
    for block in blocks("toml"):
        read = Settings(**needed, secret="s" * 32, **tomllib.loads(block.text))
        assert read.oidc_issuer is not None


def test_every_purpose_is_documented() -> None:
    """The README's table of purposes says what each is for and which objection stops it."""
    rows = [f"| `{each}` | {ABOUT[each].sentence} | {each.objection or '–'} |" for each in Purpose]
    assert table(rows) in README


def table(rows: list[str]) -> str:
    """The rows of a table, one below the other."""
    return "".join(f"{row}\n" for row in rows)


# --- generated clients ----------------------------------------------------------------------------


@pytest.fixture
def client(tmp_path: Path, demo: RunningDemo) -> dict[str, str]:
    """A folder with the examples and the schema of SECURITY; the environment of a client in it."""
    for path in (*EXAMPLES.glob("*/*"), *EXAMPLES.glob("*.graphql")):
        shutil.copy(path, tmp_path)
    shutil.copy(PROJECT / "schema" / "sdl" / "security.graphql", tmp_path)
    return environment(GATEWAY_URL=demo.url, GATEWAY_TOKEN=demo.token("SECURITY"), HOME=str(tmp_path))


def run(folder: Path, variables: dict[str, str], *command: str | Path) -> str:
    """What a program prints; it must succeed."""
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_typescript_client_is_generated_compiled_and_answered(
    tmp_path: Path, client: dict[str, str]
) -> None:
    """The example of clients.md: types from the schema file alone, then a question to the running gateway."""
    modules = build.SOURCE / "node_modules"
    if not modules.is_dir():
        pytest.skip("the console's packages are not installed: make console")
    (tmp_path / "node_modules").symlink_to(modules)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    variables = {**client, "PATH": build.with_node()["PATH"]}
    run(tmp_path, variables, "node", "generate.mjs", "security.graphql", "person.graphql", "person.ts")
    compiler = ("node_modules/.bin/tsc", "--strict", "--target", "es2022", "--module", "nodenext")
    run(tmp_path, variables, *compiler, "--skipLibCheck", "ask.ts")
    assert run(tmp_path, variables, "node", "ask.js") == "Ada Amsel 24\n"
    wrong = (tmp_path / "ask.ts").read_text().replace("?.displayName", "?.phoneNumber")
    (tmp_path / "ask.ts").write_text(wrong)
    done = subprocess.run(
        [*compiler, "--skipLibCheck", "ask.ts"], cwd=tmp_path, env=variables, capture_output=True, text=True
    )
    assert "TS2339" in done.stdout


def test_the_python_client_is_generated_and_answered(tmp_path: Path, client: dict[str, str]) -> None:
    """The example of clients.md: classes from the schema file alone, then a question to the gateway."""
    introspected = run(tmp_path, client, sys.executable, "introspection.py", "security.graphql")
    (tmp_path / "schema.json").write_text(introspected)
    generator = Path(sys.executable).with_name("sgqlc-codegen")
    run(tmp_path, client, sys.executable, generator, "schema", "schema.json", "security.py")
    assert run(tmp_path, client, sys.executable, "ask.py") == "Ada Amsel 24\n"


def test_the_commands_of_the_examples_are_those_of_the_page() -> None:
    """clients.md names each file of the examples, and each program that the tests above run."""
    page = DOCUMENTS["docs/clients.md"]
    files = [path.relative_to(EXAMPLES.parent).as_posix() for path in EXAMPLES.rglob("*") if path.is_file()]
    assert [each for each in files if f"]({each})" not in page and "__pycache__" not in each] == []
    for command in (
        "node generate.mjs security.graphql person.graphql person.ts",
        "npx tsc --strict --target es2022 --module nodenext --skipLibCheck ask.ts",
        "python introspection.py security.graphql > schema.json",
        "sgqlc-codegen schema schema.json security.py",
    ):
        assert f"\n{command}\n" in page


# --- the rest -------------------------------------------------------------------------------------


def test_links_within_the_project_lead_somewhere() -> None:
    """A link to this project leads to a file that is there, and its fragment to a heading of that file."""
    wrong = []
    for page, text in DOCUMENTS.items():
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            path, _, fragment = target.removeprefix(BASE).partition("#")
            if path.startswith(("http:", "https:")):
                continue
            found = PROJECT / path if target.startswith(BASE) else (PROJECT / page).parent / path
            found = found if path else PROJECT / page
            if not found.exists() or (fragment and fragment not in anchors(found.read_text())):
                wrong.append((page, target))
    assert wrong == []


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as Markdown viewers make them."""
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_links_of_the_long_description_are_absolute() -> None:
    """PyPI shows README.md: each of its links within the project begins with the base of pyproject's URLs."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert project["readme"] == "README.md"
    relative = [each for each in re.findall(r"\]\(([^)\s]+)\)", README) if not each.startswith("http")]
    assert relative == []
    assert README.count(BASE) > 10
    urls = {*project["urls"].values(), DOCUMENTS_OF_SCALARS}
    assert [url for url in urls if not url.startswith(BASE)] == []
    assert [url for url in urls if not (PROJECT / url.removeprefix(BASE)).exists()] == []


def test_the_readme_fits_in_250_lines() -> None:
    """The README says what this is and how to run it; everything else has a page."""
    assert len(README.splitlines()) <= 250
    pages = [page for page in DOCUMENTS if page.startswith("docs/")]
    assert [page for page in pages if f"{BASE}{page}" not in README] == []


def test_files_that_the_documents_name_are_there() -> None:
    """A file or folder named in a text exists in one of the rooms."""
    named = {
        (page, name)
        for page, text in DOCUMENTS.items()
        if page != "CHANGELOG.md"
        for name in re.findall(r"`((?:schema|resolvers|gateway|tests|docs)/[\w./]*)`", text)
    }
    assert {each for each in named if not (PROJECT / each[1]).exists()} == set()


def test_every_attack_of_the_levels_is_a_test() -> None:
    """Each test that docs/levels.md names is in its file."""
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", DOCUMENTS["docs/levels.md"])
    missing = [name for file, name in named if f"def {name}(" not in (PROJECT / file).read_text()]
    assert len(named) > 17
    assert missing == []


def test_the_newest_version_of_the_changelog_is_the_package_s() -> None:
    """The CHANGELOG's newest entry is about the version that is installed (keepachangelog.com)."""
    versions = re.findall(r"^## \[(.+?)\]", CHANGELOG, re.M)
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert versions[:2] == ["Unreleased", project["version"]]
