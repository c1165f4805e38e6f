"""`python -m tests.mutants [--only NAME …] [--jobs N]`: exit code 1 if a mutant survives.

Each mutant is one pytest process over the tests that it names, ended by the first failure. Before the
first mutant, the same tests must pass on the unchanged build; otherwise a failure would prove nothing.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tests.mutants.catalogue import MUTANTS
from tests.mutants.edits import ROOT, Mutant

SECONDS = 600
# The unchanged build runs all tests of all mutants, one after the other.
UNCHANGED_SECONDS = 3_600
# The first trials catch a broken build; the unchanged build gets all of them (GATEWAY_TRIALS).
TRIALS = "0.4"
_FAILED = re.compile(r"^(FAILED|ERROR) tests/\S*?::(.+?)(?: - .*)?$", re.MULTILINE)
# pytest's exit codes: some tests failed; the run was interrupted, for example by -x during set-up.
FAILED = {1, 2}


@dataclass(frozen=True)
class Ending:
    """The result of one mutant: `by` is the test that caught it, or the reason why none is named."""

    name: str
    caught: bool
    by: str
    seconds: float


def run_tests(tests: Iterable[str], mutant: str = "", *, seconds: int = SECONDS) -> tuple[int, str]:
    """Run the tests in the mutant's build, or in the unchanged one: pytest's exit code and output."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "--tb=no", "-p", "no:cacheprovider"]
    if mutant:
        command += ["-p", "tests.mutants.plugin"]
    environment = {"GATEWAY_TRIALS": TRIALS, **os.environ, "GATEWAY_MUTANT": mutant}
    try:
        ran = subprocess.run(
            [*command, *tests], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=seconds
        )
    except subprocess.TimeoutExpired:
        return -1, f"did not end within {seconds} s"
    return ran.returncode, ran.stdout + ran.stderr


def try_mutant(mutant: Mutant) -> Ending:
    """Run the mutant's tests against it."""
    begun = time.monotonic()
    code, output = run_tests(mutant.tests, mutant.name)
    found = _FAILED.search(output)
    if code in FAILED and found:
        by = found[2] if found[1] == "FAILED" else f"at start-up, before {found[2]}"
        return Ending(mutant.name, True, by, time.monotonic() - begun)
    by = "SURVIVED" if code == 0 else f"COULD NOT RUN: {output.strip().splitlines()[-1:]}"
    return Ending(mutant.name, False, by, time.monotonic() - begun)


def try_mutants(mutants: Sequence[Mutant], jobs: int) -> Iterable[Ending]:
    """Run the mutants side by side; yields their endings in the given order."""
    with ThreadPoolExecutor(jobs) as threads:
        yield from threads.map(try_mutant, mutants)


def main(arguments: list[str]) -> int:
    """Run the chosen mutants; the exit code is 0 if every one was caught."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=MUTANTS, default=list(MUTANTS), metavar="NAME")
    parser.add_argument("--jobs", type=int, default=2)
    chosen = parser.parse_args(arguments)
    mutants = [MUTANTS[name] for name in chosen.only]
    tests = sorted({test for mutant in mutants for test in mutant.tests})
    print(f"The unchanged build must pass {len(tests)} tests first.", flush=True)
    code, output = run_tests(tests, seconds=UNCHANGED_SECONDS)
    if code:
        print(f"{output}\nThe tests fail on the unchanged build, so no mutant was tried.")
        return 1
    survivors = 0
    for ending in try_mutants(mutants, chosen.jobs):
        survivors += not ending.caught
        print(f"{ending.name:<42} {ending.seconds:5.0f} s  {ending.by}", flush=True)
    print(f"{len(mutants) - survivors} of {len(mutants)} caught")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
