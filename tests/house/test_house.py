"""The rules for all code: a reader can rely on them without reading every file."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.web.responses import STATUS
from schema import refusals
from schema.refusals import MESSAGES, Code, Refusal

HOUSE = Path(__file__).parents[2]
ROOMS = ("schema", "resolvers", "gateway")
FILES = {
    path.relative_to(HOUSE).as_posix(): path.read_text(encoding="utf-8")
    for room in ROOMS
    for path in sorted((HOUSE / room).rglob("*.py"))
    if "node_modules" not in path.parts
}
TREES = {name: ast.parse(text) for name, text in FILES.items()}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions() -> Iterator[tuple[str, Function, int]]:
    """(file, function, number of its lines)."""
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, Function):
                yield name, node, (node.end_lineno or node.lineno) - node.lineno + 1


# --- size -----------------------------------------------------------------------------------------

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 50

# Longer files, each with the reason why dividing it would not help its reader.
LONG_FILES = {
    "resolvers/sources/catalogue.py": "every table of the stores on one page",
    "gateway/demo/generate.py": "one statement for each table of made-up rows",
}
LONG_FUNCTIONS: dict[str, str] = {}


def test_no_file_is_long() -> None:
    """A file has at most 400 lines, except for the files listed here with a reason that still holds."""
    long = {name for name, text in FILES.items() if text.count("\n") > MAX_FILE_LINES}

    assert long == set(LONG_FILES)


def test_no_function_is_long() -> None:
    """A function has at most 50 lines, except for those listed here with a reason."""
    long = {f"{name}:{node.name}" for name, node, lines in functions() if lines > MAX_FUNCTION_LINES}

    assert long == set(LONG_FUNCTIONS)


def test_most_functions_are_short() -> None:
    """Nine in ten functions have at most 30 lines, and half of them at most 12."""
    lengths = sorted(lines for _, _, lines in functions())

    assert statistics.quantiles(lengths, n=10)[-1] <= 30
    assert statistics.median(lengths) <= 12


# --- names and maps -------------------------------------------------------------------------------

EMPTY_NAMES = {
    "base", "common", "core", "helper", "helpers", "manager", "misc", "service", "services", "shared",
    "stuff", "tools", "util", "utilities", "utils",
}  # fmt: skip
# Builtins and standard modules that a module of the same name would hide.
TAKEN_NAMES = {"compile", "http", "select", "token", "types"}


@pytest.mark.parametrize("name", FILES)
def test_a_file_bears_a_name_that_says_something(name: str) -> None:
    """No module is named `helpers`, `utils` or the like, which would hide an unnamed concept."""
    *folders, file = Path(name).with_suffix("").parts

    assert not {*folders, file} & EMPTY_NAMES
    assert file not in TAKEN_NAMES


PACKAGES = sorted(name for name in FILES if name.endswith("/__init__.py"))


@pytest.mark.parametrize("name", PACKAGES)
def test_a_room_has_a_map(name: str) -> None:
    """A room's `__init__` names each of its files and folders once, and holds nothing else."""
    folder = (HOUSE / name).parent
    mapped = re.findall(
        r"^(?:    )?(\w+)  +\S", ast.get_docstring(TREES[name], clean=False) or "", re.MULTILINE
    )
    files = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    folders = {path.parent.name for path in folder.glob("*/__init__.py")}

    assert len(TREES[name].body) == 1
    assert sorted(mapped) == sorted(files | folders)


MAX_MODULES = {"root": 7, "room": 14}


@pytest.mark.parametrize("name", PACKAGES)
def test_no_room_is_crowded(name: str) -> None:
    """At most 7 modules at the root of the house's three rooms, at most 14 in a room within."""
    modules = {path for path in (HOUSE / name).parent.glob("*.py") if path.stem != "__init__"}

    assert len(modules) <= MAX_MODULES["root" if name.count("/") == 1 else "room"]


@pytest.mark.parametrize("name", [name for name, text in FILES.items() if text])
def test_a_file_says_what_it_is(name: str) -> None:
    """A file's docstring begins with one sentence or with the map of its stages."""
    assert ast.get_docstring(TREES[name])


# --- imports --------------------------------------------------------------------------------------


AMBIENT_MODULES = {"os", "random", "secrets", "time", "uuid"}
AMBIENT_CALLS = {"now", "today", "utcnow", "getenv"}


@pytest.mark.parametrize("name", [name for name in FILES if not name.startswith("gateway")])
def test_nothing_is_ambient(name: str) -> None:
    """Below the gateway there is no clock, no randomness and no environment: they are passed as arguments."""
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Import):
            assert not {each.name for each in node.names} & AMBIENT_MODULES
        elif isinstance(node, ast.ImportFrom):
            assert node.module not in AMBIENT_MODULES
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            spelled = ast.unparse(node.func)
            assert node.func.attr not in AMBIENT_CALLS or spelled == "func.now", spelled


@pytest.mark.parametrize("name", FILES)
def test_no_function_changes_what_its_module_holds(name: str) -> None:
    """No `global`: two gateways in one process must not share state."""
    assert not [node for node in ast.walk(TREES[name]) if isinstance(node, ast.Global)]


# --- SQL ------------------------------------------------------------------------------------------

SQL = re.compile(
    r"\s*(SELECT|INSERT INTO|UPDATE \S+ SET|DELETE FROM|TRUNCATE|MERGE|COPY|WITH \w+|CREATE|ALTER|DROP|GRANT"
    r"|REVOKE|LOCK TABLE|ANALYZE|VACUUM|BEGIN|COMMIT|SET |RESET|LISTEN|NOTIFY) "
)
# The files that may spell SQL, and which SQL. Only the first five spell a plan's SQL.
SPELL_SQL = {
    "resolvers/sql/statement.py": "plans: statements",
    "resolvers/sql/scope.py": "plans: the aliases of relations",
    "resolvers/sql/tree_text.py": "plans: the text of an object",
    "resolvers/sql/page.py": "plans: connections",
    "resolvers/sql/suggestion_sql.py": "plans: suggestions",
    "resolvers/stores/pool.py": "what a new connection is set to",
    "resolvers/changes/list_budget.py": "the budget of customer lists",
    "resolvers/universe/render.py": "views and roles, for review",
    "resolvers/universe/inspection.py": "what the catalogues say",
    "resolvers/universe/effect/declared.py": "how the statements of migrations begin",
    "resolvers/universe/effect/functions.py": "what the catalogues say of functions and triggers",
    "resolvers/universe/effect/outside.py": "what the catalogues say of privileges elsewhere",
    "resolvers/universe/effect/probe.py": "made-up people, for review",
    "resolvers/universe/effect/settings.py": "what is set for databases and roles",
    "resolvers/universe/effect/unescaped.py": "what the catalogues say of CHECKs and types",
    "resolvers/changes/copies.py": "the calls that compare and repair copies",
    "resolvers/universe/closing.py": "what a superuser closes, for review",
    "resolvers/universe/barriers.py": "row security under the views, for review",
    "resolvers/universe/proof/view_readings.py": "what the catalogues say of views, for the certificate",
    "resolvers/universe/writer_inspection.py": "what the catalogues say of the roles that write",
    "resolvers/reads/disclosures.py": "the ledger, of the universes that read it",
    "resolvers/reads/audit.py": "the history of objections, of the universe of audit",
    "resolvers/reads/statistics.py": "the same in figures",
    "gateway/web/tally.py": "the call that notes refused and slow requests",
    "resolvers/changes/recalls.py": "the calls that issue notices and hand them out",
    "resolvers/changes/erasure.py": "what is kept about one person",
    "resolvers/changes/pseudonyms.py": "who has no pseudonym yet",
    "resolvers/universe/migrations.py": "which migrations were made",
    "resolvers/changes/objections.py": "events",
    "resolvers/changes/restrictions.py": "their fold, in both stores",
    "resolvers/changes/suspensions.py": "suspensions, and who is to be settled",
    "resolvers/universe/roles.py": "the roles that write, for review",
    "resolvers/changes/history.py": "how far a store follows the history of objections",
    "resolvers/changes/verification.py": "which server holds all of it",
    "resolvers/changes/rebuild.py": "what the stores know and control lost",
    "resolvers/stores/incarnation.py": "which server answers",
    "resolvers/stores/gate.py": "the guard behind a pooler",
    "resolvers/stores/session.py": "the beginning of a transaction",
    "gateway/upkeep/verifier.py": "whether a token changed",
    "gateway/upkeep/reconciler.py": "whether another process repairs",
    "gateway/upkeep/purpose_pools.py": "whether a store answers",
    "resolvers/changes/customer_lists.py": "the calls that judge a list in the store",
    "gateway/commands/customer_lists.py": "numbers to be hashed again",
    "gateway/ledger/record.py": "entries of the ledger",
    "gateway/quotas/people.py": "the call that charges people",
    "gateway/quotas/requests.py": "the call that takes requests and places",
    "gateway/quotas/table.py": "the table of quotas",
    "gateway/commands/people.py": "whose number it is",
    "gateway/commands/recalls.py": "all notices",
    "gateway/ledger/processing_record.py": "since when it is recorded",
    "gateway/recalls/desk.py": "the number of the newest notice",
    "gateway/ledger/references.py": "who is known under which reference",
    "gateway/ledger/reports.py": "the officer's questions",
    "gateway/ledger/retention.py": "days that are dropped, people who are forgotten",
    "gateway/ledger/verify.py": "all of the ledger, to be looked at",
    "gateway/ledger/verify_people.py": "the people behind its references",
    "gateway/ledger/checkpoints.py": "its signed heads",
    "gateway/ledger/commitments.py": "an event about references",
    "gateway/access/tokens.py": "the table of tokens",
    "gateway/access/rotation.py": "the token that is replaced",
    "gateway/access/token_use.py": "the call that notes when tokens were used",
    "gateway/documents/trusted.py": "the revision of what is registered",
    "gateway/documents/registered.py": "the tables of documents",
    "gateway/control/cache.py": "which server process answers",
    "gateway/upkeep/store_logins.py": "who a role is, and its schema",
    "gateway/access/principal.py": "whether an account is there, and whose it is",
    "gateway/upkeep/doctor.py": "what it looks at",
    "gateway/demo/ads.py": "made-up topics and offers",
    "gateway/demo/bulk.py": "loading many rows",
    "gateway/demo/conversations.py": "made-up conversations",
    "gateway/demo/demo.py": "databases made again",
    "gateway/demo/embedded.py": "its databases",
    "gateway/demo/generate.py": "made-up rows",
    "gateway/demo/persons.py": "made-up people by name",
    "gateway/demo/snap.py": "real rows",
}


def docstrings(tree: ast.AST) -> set[int]:
    """The nodes that are docstrings."""
    holders = ast.Module | ast.ClassDef | Function
    return {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, holders) and node.body and isinstance(node.body[0], ast.Expr)
    }


def test_sql_is_spelled_where_it_is_expected() -> None:
    """The listed files are the only ones that spell SQL: a reader need not search the others."""
    assert {name for name, tree in TREES.items() if _spells_sql(tree)} == set(SPELL_SQL)


def _spells_sql(tree: ast.Module) -> bool:
    prose = docstrings(tree)
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in prose and SQL.match(text):
                return True
            case ast.Call(func=ast.Name(id="select" | "insert" | "update" | "delete" | "text")):
                return True
    return False


# --- errors ---------------------------------------------------------------------------------------

# Places that read an exception's text, and why no client gets it.
READ_EXCEPTIONS = {
    "schema/operations.py": "graphql-core marks a limit by its text alone; compared, never passed on",
    "schema/policy/history.py": "a sentence of our own, for the developer's terminal",
    "gateway/cli.py": "a sentence of our own, for the operator's terminal",
    "gateway/commands/tokens.py": "a sentence of our own, for the operator's terminal",
    "gateway/upkeep/doctor.py": "a sentence of our own, for the operator's terminal",
    "gateway/demo/demo.py": "a sentence of our own, for the operator's terminal",
    "gateway/demo/embedded.py": "the operating system's words for an error number, for the terminal",
}


def handlers() -> Iterator[tuple[str, ast.ExceptHandler]]:
    """Every `except`, with its file."""
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler):
                yield name, node


def test_no_except_is_bare() -> None:
    """No `except` is bare: it would also catch the exceptions that stop the program."""
    assert [f"{name}:{node.lineno}" for name, node in handlers() if node.type is None] == []


def test_no_exception_s_text_is_used() -> None:
    """No exception's text is used, because it may quote a row, a document or a password."""
    found = {
        f"{name}:{inner.lineno}"
        for name, handler in handlers()
        for inner in ast.walk(handler)
        if handler.name and name not in READ_EXCEPTIONS and _tells(inner, handler.name)
    }

    assert set() == found


def _tells(node: ast.AST, exception: str) -> bool:
    """Whether the node turns the caught exception into text, or reads the text in it."""
    match node:
        case ast.Call(func=ast.Name(id="str" | "repr" | "format"), args=[ast.Name(id=name), *_]):
            return name == exception
        case ast.FormattedValue(value=ast.Name(id=name)):
            return name == exception
        case ast.Attribute(value=ast.Name(id=name), attr="args" | "message" | "detail" | "msg" | "strerror"):
            return name == exception
    return False


def test_a_listed_reader_of_exceptions_still_reads_them() -> None:
    """Every listed reader of exceptions still reads one."""
    reading = {
        name
        for name, handler in handlers()
        for inner in ast.walk(handler)
        if handler.name and _tells(inner, handler.name)
    }

    assert reading == set(READ_EXCEPTIONS)


@pytest.mark.parametrize("code", Code)
def test_every_refusal_has_a_sentence_and_a_status(code: Code) -> None:
    """Each refusal's code has one constant message, one status, and a place in the map of refusals."""
    message = Refusal(code).message

    assert message == MESSAGES[code]
    # This message is part of Apollo's protocol: clients compare it.
    if code is not Code.PERSISTED_QUERY_NOT_FOUND:
        assert re.fullmatch(r"[A-Z][^{}%]*\.", message)
    assert 400 <= STATUS[code] <= 599
    assert re.search(rf"\b{code}\b", refusals.__doc__ or "")
    assert code.value == code.name


def test_nothing_but_the_codes_has_a_sentence_or_a_status() -> None:
    """No message or status is left without a code, and no two codes share a message."""
    assert set(MESSAGES) == set(STATUS) == set(Code)
    assert len(set(MESSAGES.values())) == len(MESSAGES)


# --- words ----------------------------------------------------------------------------------------

# One thing, one word: an objection is an objection (GDPR Art. 21), and not a consent withdrawn (Art. 7).
WRONG_WORDS = re.compile(
    r"opt[-_ ]?(?:out|in)(?![a-z])|consent|unsubscrib|blocklist|blacklist", re.IGNORECASE
)
AMERICAN = re.compile(
    r"\bcatalog\b|behavior|favor|honor|cancel(?:ed|ing)\b"
    r"|(?:normal|anonym|recogn|organ|minim|summar|initial|general|author)iz(?:e|ing)(?!r\b)",
    re.IGNORECASE,
)
WRITTEN = sorted(
    path
    for room in ROOMS
    for kind in ("*.py", "*.sql", "*.md", "*.graphql", "*.ts", "*.tsx")
    for path in (HOUSE / room).rglob(kind)
    # Other authors' files use other words.
    if not {"node_modules", "built"} & set(path.parts)
)


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.relative_to(HOUSE).as_posix())
def test_one_thing_has_one_word(path: Path) -> None:
    """An objection is called *objection* everywhere, and the spelling is British."""
    text = path.read_text(encoding="utf-8")

    assert not WRONG_WORDS.search(text)
    assert not AMERICAN.search(text)


# --- packages -------------------------------------------------------------------------------------


def test_constraints_are_plain_versions() -> None:
    """constraints.txt has names and exact versions alone: no address, path, option or hash."""
    for line in (HOUSE / "constraints.txt").read_text(encoding="utf-8").splitlines():
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*==[0-9][A-Za-z0-9.]*", line), line


def test_every_dependency_is_pinned() -> None:
    """What pyproject.toml names has its exact version in constraints.txt."""
    pyproject = (HOUSE / "pyproject.toml").read_text(encoding="utf-8")
    named = re.findall(r'"([A-Za-z0-9-]+)(?:\[[a-z]+\])?>=[0-9.]+"', pyproject)
    pins = (HOUSE / "constraints.txt").read_text(encoding="utf-8").lower().replace("_", "-")

    assert len(named) > 20
    assert [name for name in named if name != "setuptools" and f"{name.lower()}==" not in pins] == []


def test_no_package_installs_a_room_of_ours() -> None:
    """A package with a top-level `schema` would overwrite ours, or ours would overwrite it."""
    owners = importlib.metadata.packages_distributions()
    for room in ROOMS:
        assert set(owners.get(room, ())) <= {"purpose-gateway"}
    pins = (HOUSE / "constraints.txt").read_text(encoding="utf-8")
    assert not re.search(rf"^({'|'.join(ROOMS)})==", pins, re.MULTILINE)
