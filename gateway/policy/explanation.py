"""Why a purpose sees a field or does not: the rule in words, its place in the code, and the tests of it."""

from __future__ import annotations

import ast
import inspect
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from gateway.terminal.problems import Problem
from resolvers.sources.fields import OBJECTS
from resolvers.universe.provenance import CodeLine, Reading, code_line, readings_of, resolver_line
from schema.build import INPUTS, TYPES, fields_of, terms_open
from schema.mutation import Mutation
from schema.policy.matrix import MEANING
from schema.purposes import ABOUT, Purpose
from schema.query import Query
from schema.terms.marks import ALL_ROWS, FOR_NO_PURPOSE, OPEN, Mark, Marks, Rows
from schema.terms.words import Belongs, Follows, OwnRoot, Plumbing, Probes, Seen, Terms, terms_of
from schema.types.content import Message

PROOFS = Path(__file__).with_name("proofs.json")

# The invariants about a single field, in words.
INVARIANTS = {
    "I1": "data that this purpose may not see changes no byte of any answer",
    "I2": "the answer is the one that a copy without the hidden rows would give",
    "I4": "every value shown is the true one",
    "I5": "an answer holds everything that an independent reading of the matrix calls visible",
    "I7": "hidden data reads like data that does not exist",
    "I9": "a field that may be null for an objector may be null for others",
    "I10": "a filter or an order exists only where its field does",
    "I11": "counts and pages hold the visible rows, each once",
    "I15": "no objection changes anything under this purpose",
    "I16": "an objection binds the next request, in both stores",
    "I19": "an objection stops the purposes that it names, and no other",
    "I20": "a relation between two people needs both",
    "I21": "the origin of a phone number decides who sees it",
    "I23": "a withdrawal opens the data again",
    "I26": "no message is in any answer, error, log or cursor",
    "I27": "no role may read a column of content",
    "I28": "every field of every schema has a line in the matrix",
    "I29": "replacing every message changes no byte",
}
PROVED_BY = {
    Mark.VISIBLE: ("I4", "I5"),
    Mark.ABSENT: ("I1", "I2", "I7", "I11", "I16", "I19", "I20", "I23"),
    Mark.NULL: ("I1", "I2", "I9", "I16", "I19", "I23"),
    Mark.NEVER: ("I1", "I7", "I10", "I28"),
}
EXPLAINED = (*TYPES, Message, *INPUTS, Query, Mutation)
BY_OWNER = ("I1", "I2", "I5")
OF_CONTENT = ("I26", "I27", "I29", "I28")


# The sentence of each reason, by its key. The console has the same keys in other languages.
SENTENCES = {
    "mark": "The matrix has {mark}: {meaning}.",
    "no_purpose": "No purpose sees it, audit, subject access and debugging included.",
    "rows": "The rows that hold it have marks of their own ({told}).",
    "line": "It follows {line}: it exists exactly where that is visible.",
    "plumbing": "It has no data of its own: it exists wherever rows of {rows} are visible.",
    "probe": "It looks up by a value that {purpose} does not see: decided for that purpose alone.",
    "belongs": "It belongs to one purpose alone, and speaks of what the token is bound to.",
    "never": "It does not exist there: not in introspection, and a document that names it fails like one "
    "with a misspelt word.",
    "objectable": "It comes from the messenger: an objection to {objection} covers it (GDPR Art. 21).",
    "elsewhere": "An objection to {objection} covers what came from the messenger: this did not.",
    "duty": "No member may object to {purpose}: {sentence}",
}


@dataclass(frozen=True)
class Reason:
    """One sentence of SENTENCES, and the words in it."""

    key: str
    words: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return SENTENCES[self.key].format(**dict(self.words))


def _because(key: str, **words: str) -> Reason:
    return Reason(key, tuple(words.items()))


@dataclass(frozen=True)
class Explanation:
    """`why`: the rule, reason by reason. `proofs`: an invariant, and the tests that bear its number."""

    name: str
    purpose: Purpose
    visible: bool
    mark: Mark | None
    why: tuple[Reason, ...]
    terms: CodeLine
    resolver: CodeLine | None
    readings: tuple[Reading, ...]
    proofs: Mapping[str, tuple[str, ...]]


def explain(name: str, purpose: Purpose) -> Explanation:
    """Why the purpose sees ``Type.field``, or a line on rows (``Type.(row)``), or does not.

    Problem with the closest names if there is no such field.
    """
    cls, field_name = _found(name)
    rule = _rule(cls, field_name, _terms_of(cls, field_name), purpose=purpose)
    return Explanation(
        name=name,
        purpose=purpose,
        visible=rule.visible,
        mark=rule.mark,
        why=rule.why,
        terms=_terms_place(cls, field_name),
        resolver=resolver_line(OBJECTS, cls.__name__, field_name),
        readings=tuple(readings_of(OBJECTS, cls.__name__, field_name, purpose=purpose))
        if rule.visible
        else (),
        proofs=_proofs(cls, rule.mark, purpose),
    )


@dataclass(frozen=True)
class Rule:
    """What one purpose sees of one field, and why; `mark` is None for what has no line of its own."""

    visible: bool
    mark: Mark | None
    why: tuple[Reason, ...]


def rules() -> dict[str, dict[Purpose, Rule]]:
    """The rule of everything that can be explained, for each purpose; in the order of the schema."""
    found: dict[str, dict[Purpose, Rule]] = {}
    for cls in EXPLAINED:
        for field_name in _names_of(cls):
            terms = _terms_of(cls, field_name)
            found[f"{cls.__name__}.{field_name}"] = {
                purpose: _rule(cls, field_name, terms, purpose=purpose) for purpose in Purpose
            }
    return found


def _rule(cls: type, field_name: str, terms: Terms, *, purpose: Purpose) -> Rule:
    mark = terms.marks[purpose] if isinstance(terms, Seen) else None
    return Rule(terms_open(terms, purpose), mark, tuple(_why(cls, field_name, terms, purpose=purpose)))


# --- names ----------------------------------------------------------------------------------------


def names() -> list[str]:
    """Everything that can be explained, in the order of the schema."""
    return [f"{cls.__name__}.{name}" for cls in EXPLAINED for name in _names_of(cls)]


def _names_of(cls: type) -> Iterator[str]:
    # Not what it inherits: the rows of an interface are explained once, under its own name.
    rows: Rows | None = vars(cls).get("ROWS")
    yield from ("(row)" if kind == ALL_ROWS else f"(row: {kind})" for kind in (rows.kinds if rows else ()))
    yield from {} if cls is Message else fields_of(cls)
    yield from getattr(cls, "NEVER", ())


def _found(name: str) -> tuple[type, str]:
    known = names()
    if name not in known:
        close = get_close_matches(name, known, n=5, cutoff=0.5) or [
            each for each in known if each.startswith(name.split(".")[0] + ".")
        ]
        meant = f"did you mean {', '.join(close[:8])}?" if close else "`gateway policy matrix` shows all"
        raise Problem(f"no purpose sees {name}, because there is no such field", meant)
    type_name, _, field_name = name.partition(".")
    return next(cls for cls in EXPLAINED if cls.__name__ == type_name), field_name


# --- why ------------------------------------------------------------------------------------------


def _terms_of(cls: type, field_name: str) -> Terms:
    if field_name in getattr(cls, "NEVER", ()):
        return Seen(FOR_NO_PURPOSE)
    if field_name.startswith("("):
        rows: Rows = cls.ROWS  # type: ignore[attr-defined]
        return Seen(rows.kinds[field_name.removeprefix("(row").removeprefix(": ").removesuffix(")")])
    terms = terms_of(fields_of(cls)[field_name])
    assert terms is not None
    return terms


def _why(cls: type, field_name: str, terms: Terms, *, purpose: Purpose) -> Iterator[Reason]:
    match terms:
        case Seen(marks):
            yield from _why_seen(cls, field_name, marks, purpose=purpose)
        case Follows(line):
            yield _because("line", line=line)
        case Plumbing(rows) | Belongs(_, str(rows)):
            yield _because("plumbing", rows=rows)
        case Probes(only):
            yield _because("probe", purpose=only)
        case Belongs() | OwnRoot():
            yield _because("belongs")


def _why_seen(cls: type, field_name: str, marks: Marks, *, purpose: Purpose) -> Iterator[Reason]:
    yield from _why_marked(marks[purpose], purpose)
    if cls is Message or field_name in getattr(cls, "NEVER", ()):
        yield _because("no_purpose")
    rows: Rows | None = getattr(cls, "ROWS", None)
    if rows is not None and not field_name.startswith("("):
        told = (f"{kind or 'all'}: {line[purpose]}" for kind, line in rows.kinds.items())
        yield _because("rows", told=", ".join(told))


def _why_marked(mark: Mark, purpose: Purpose) -> Iterator[Reason]:
    yield _because("mark", mark=mark, meaning=MEANING[mark])
    objection = purpose.objection
    if mark not in OPEN:
        yield _because("never")
    elif mark in {Mark.ABSENT, Mark.NULL}:
        yield _because("objectable", objection=str(objection))
    elif objection is not None:
        yield _because("elsewhere", objection=objection)
    elif mark is Mark.VISIBLE:
        yield _because("duty", purpose=purpose, sentence=ABOUT[purpose].sentence)


def _proofs(cls: type, mark: Mark | None, purpose: Purpose) -> dict[str, tuple[str, ...]]:
    if cls is Message:
        wanted: tuple[str, ...] = OF_CONTENT
    elif mark is None:
        wanted = PROVED_BY[Mark.NEVER]
    else:
        wanted = PROVED_BY.get(mark, BY_OWNER)
    if mark is Mark.VISIBLE and purpose.objection is None:
        wanted = (*wanted, "I15")
    known = json.loads(PROOFS.read_text(encoding="utf-8"))
    return {invariant: tuple(known.get(invariant, {})) for invariant in wanted}


# --- where ----------------------------------------------------------------------------------------


def _terms_place(cls: type, field_name: str) -> CodeLine:
    """The line with the terms: of the field, or of the decorator of its type."""
    module = sys.modules[cls.__module__]
    body = ast.parse(inspect.getsource(module)).body
    made = next(node for node in body if isinstance(node, ast.ClassDef) and node.name == cls.__name__)
    if field_name in getattr(cls, "NEVER", ()) or field_name.startswith("("):
        word = "never" if field_name in getattr(cls, "NEVER", ()) else "rows"
        for decorator in made.decorator_list:
            if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") == word:
                return code_line(module, decorator)
        return code_line(module, made)
    wanted = fields_of(cls)[field_name].python_name
    for node in made.body:
        match node:
            case ast.AnnAssign(target=ast.Name(id=name)) if name == wanted:
                return code_line(module, node)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if name == wanted:
                return code_line(module, node.decorator_list[0] if node.decorator_list else node)
    # The field is inherited from an interface or class.
    return _terms_place(cls.__mro__[1], field_name)


def view_line(reading: Reading, purpose: Purpose) -> str:
    """Which columns of which view are read, and which rows the view has."""
    store, view = reading.relation.store, f"{purpose.universe}.{reading.relation.name}"
    rows = f", only rows where {reading.condition}" if reading.condition else ""
    return f"{view} in {store}: {', '.join(reading.columns)}{rows}"
