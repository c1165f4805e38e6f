"""Which tests bear which invariant: `python -m tests.kit.proofs --write` writes `gateway/policy/proofs.json`.

`gateway policy explain` names them, and tests are not installed with the gateway; so the list is committed,
and a test compares it with what the suite says of itself: an invariant's number in a test's name
(`test_i16_…`), or in its docstring (``I16``).
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections import defaultdict
from pathlib import Path

from gateway.policy.explanation import PROOFS

TESTS = Path(__file__).parents[1]
WRITE = "python -m tests.kit.proofs --write"
IN_NAME = re.compile(r"(?<=_i)\d+(?=_)")
IN_DOCSTRING = re.compile(r"\bI(\d+)\b")
Function = ast.FunctionDef | ast.AsyncFunctionDef


def proofs() -> dict[str, dict[str, str]]:
    """Invariant → test → the first sentence of its docstring; both in order."""
    found: dict[int, dict[str, str]] = defaultdict(dict)
    for file in sorted(TESTS.glob("*/test_*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, Function) and node.name.startswith("test_"):
                claim = ast.get_docstring(node) or ""
                named = {*IN_NAME.findall(node.name), *IN_DOCSTRING.findall(claim)}
                for number in map(int, named):
                    found[number][f"tests/{file.relative_to(TESTS).as_posix()}::{node.name}"] = " ".join(
                        claim.split("\n\n")[0].split()
                    )
    return {f"I{number}": found[number] for number in sorted(found)}


def text() -> str:
    """The text of the committed file."""
    return json.dumps(proofs(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit(f"usage: {WRITE}")
    PROOFS.write_text(text(), encoding="utf-8")
