"""The embedded Postgres starts in each usable folder, refuses others with a reason, and loses no data."""

from __future__ import annotations

import importlib.util
import os
import pwd
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway.demo import system_user
from gateway.demo.embedded import EmbeddedPostgres, reset, start
from gateway.demo.problem import DemoProblem
from gateway.demo.system_user import find_user, passes
from resolvers.stores.pool import connect_owner

ROOT = os.geteuid() == 0
pytestmark = pytest.mark.postgres
REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that all users may enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="gateway-place-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


async def ask(server: EmbeddedPostgres, question: str, database: str = "postgres") -> object:
    """The single value that a statement returns."""
    connection = await connect_owner(server.dsn(database))
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


def postmaster(folder: Path) -> int:
    """The process id of the server of a folder."""
    return int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])


def alive(process: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def kill(process: int) -> None:
    """Kill a server as a power cut would, and wait until it has ended."""
    os.kill(process, signal.SIGKILL)
    while alive(process):
        time.sleep(0.02)


async def test_a_server_is_durable_unless_told_otherwise(place: Path) -> None:
    """fsync is on by default; one start without it does not change later starts."""
    with start(place / "pg", durable=False) as server:
        assert await ask(server, "SHOW fsync") == "off"
    with start(place / "pg") as server:
        assert await ask(server, "SHOW fsync") == "on"


async def test_a_server_listens_on_no_network_and_its_socket_is_closed(embedded: EmbeddedPostgres) -> None:
    """Only the system user who runs Postgres, and root, can reach it."""
    assert await ask(embedded, "SHOW listen_addresses") == ""
    assert stat.S_IMODE(embedded.socket_folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((embedded.socket_folder / ".s.PGSQL.5432").stat().st_mode) == 0o700


async def test_the_server_logs_no_value_of_a_failed_statement(place: Path) -> None:
    """The server's log does not contain the values of a failed statement or row."""
    with start(place / "pg", durable=False) as server:
        await ask(server, "CREATE TABLE t AS SELECT 'canary-1' AS phone")
        await ask(server, "ALTER TABLE t ADD PRIMARY KEY (phone)")
        for question in ("INSERT INTO t VALUES ('canary-1')", "SELECT 'canary-2', 1 / 0"):
            with pytest.raises(Exception, match=r"duplicate key|division by zero"):
                await ask(server, question)
        log = (place / "pg" / "server.log").read_text()
    assert "division by zero" in log
    assert "canary" not in log


async def test_databases_are_created_once(embedded: EmbeddedPostgres) -> None:
    """ensure_databases() leaves existing databases unchanged and accepts each name."""
    for _ in range(2):
        await embedded.ensure_databases(["once", 'with "quotes"'])
    assert await ask(embedded, "SELECT current_database()", 'with "quotes"') == 'with "quotes"'


async def test_the_last_to_leave_stops_the_server(place: Path) -> None:
    """A second start joins the running server, which runs until both users have stopped."""
    first = start(place / "pg", durable=False)
    process = postmaster(place / "pg")
    second = start(place / "pg", durable=False)
    assert postmaster(place / "pg") == process
    first.stop()
    assert await ask(second, "SELECT 1") == 1
    second.stop()
    second.stop()
    assert not alive(process)


async def test_a_killed_server_comes_back_with_its_rows(place: Path) -> None:
    """After a crash the next start recovers all committed data."""
    server = start(place / "pg")
    await ask(server, "CREATE TABLE kept AS SELECT 7 AS n")
    kill(postmaster(place / "pg"))
    server.stop()
    with start(place / "pg", durable=False) as again:
        assert await ask(again, "SELECT n FROM kept") == 7


async def test_a_killed_program_leaves_a_server_that_is_joined_and_stopped(place: Path) -> None:
    """A program that is killed without stopping its server does not block the next program."""
    program = (
        "import sys, os, signal; from pathlib import Path; from gateway.demo.embedded import start;"
        "start(Path(sys.argv[1]), durable=False); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", program, str(place / "pg")], cwd=REPOSITORY)
    process = postmaster(place / "pg")
    with start(place / "pg", durable=False) as server:
        assert postmaster(place / "pg") == process
        assert await ask(server, "SELECT 1") == 1
    assert not alive(process)


@pytest.mark.parametrize("name", ["two words", 'quote\'s "and" $HOME', "comma,comma", "ü", "long" * 40])
async def test_odd_paths_work(place: Path, name: str) -> None:
    """The server starts in paths with blanks, quotes, commas or umlauts, and in very long paths."""
    with start(place / name, durable=False) as server:
        assert await ask(server, "SELECT 1") == 1
    assert not (server.socket_folder / ".s.PGSQL.5432").exists()
    assert server.socket_folder.exists() == server.socket_folder.is_relative_to(place)


def test_a_folder_that_holds_something_else_is_refused_untouched(place: Path) -> None:
    """start() and reset() leave a folder unchanged if it is not a demo's."""
    (place / "thesis.txt").write_text("years of work")
    for action in (start, reset):
        with pytest.raises(DemoProblem, match=r"is not empty and not a demo's: choose another folder"):
            action(place)
    assert [path.name for path in place.iterdir()] == ["thesis.txt"]


def test_a_file_in_the_place_of_the_folder_is_refused(place: Path) -> None:
    """A path that is not a folder is refused in one line."""
    (place / "file").touch()
    with pytest.raises(DemoProblem, match="choose another folder"):
        start(place / "file")


@pytest.mark.parametrize("missing", [".ready", "data/PG_VERSION", "data/global/pg_control"])
async def test_a_half_finished_folder_is_refused_and_reset_repairs_it(place: Path, missing: str) -> None:
    """An interrupted initdb is reported with a remedy, and the remedy works."""
    start(place / "pg", durable=False).stop()
    (place / "pg" / missing).unlink()
    with pytest.raises(DemoProblem, match="half-finished: run `gateway demo --reset`"):
        start(place / "pg")
    reset(place / "pg")
    with start(place / "pg", durable=False) as server:
        assert await ask(server, "SELECT 1") == 1


def test_a_folder_in_use_is_not_reset(place: Path) -> None:
    """reset() is refused while a program uses the server, which keeps running."""
    with start(place / "pg", durable=False):
        with pytest.raises(DemoProblem, match="in use by another program"):
            reset(place / "pg")
        assert alive(postmaster(place / "pg"))


def test_a_missing_wheel_is_named_with_its_remedy(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the wheel, the message says what to install."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DemoProblem, match=r"pip install .purpose-gateway\[demo\]"):
        start(place / "pg")


async def test_settings_for_another_server_do_not_reach_this_one(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PGPORT and PGHOST in the environment have no effect."""
    monkeypatch.setenv("PGPORT", "6000")
    monkeypatch.setenv("PGHOST", "elsewhere.example")
    with start(place / "pg", durable=False) as server:
        assert await ask(server, "SHOW port") == "5432"


@pytest.mark.skipif(not ROOT, reason="only root starts Postgres as another user")
async def test_closed_folders_above_are_passed_through_not_opened(place: Path) -> None:
    """In a closed folder root's server works; the folder may then be passed, not listed, and is reported."""
    (place / "home").mkdir(mode=0o700)
    with start(place / "home" / "pg", durable=False) as server:
        assert await ask(server, "SELECT 1") == 1
    assert server.opened == (place / "home",)
    assert stat.S_IMODE((place / "home").stat().st_mode) == 0o701


def as_ordinary_user(place: Path) -> list[str]:
    """Run as an ordinary user: once in a folder of its own, once in another user's folder."""
    with start(place / "own", durable=False) as server:
        words = [f"runs as {(server.folder / 'data' / 'postmaster.pid').owner()}"]
    try:
        start(place / "taken")
    except DemoProblem as problem:
        words.append(problem.message)
    return words


@pytest.mark.skipif(not ROOT, reason="everything else here runs as an ordinary user then")
def test_an_ordinary_user_can_start_it_and_no_other_user_can_take_it(place: Path) -> None:
    """Without root the server runs as the current user; another user's folder is refused in one line."""
    ordinary = pwd.getpwuid(65534)
    place.chmod(0o777)
    (place / "taken").mkdir(mode=0o700)
    # Fork: that user may not be allowed to read this interpreter's files.
    if (child := os.fork()) == 0:
        try:
            os.setgroups([])
            os.setgid(ordinary.pw_gid)
            os.setuid(ordinary.pw_uid)
            (place / "words").write_text("\n".join(as_ordinary_user(place)))
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert (place / "words").read_text().splitlines() == [
        f"runs as {ordinary.pw_name}",
        f"{place}/taken belongs to somebody else or may not be written: choose another folder",
    ]


@pytest.mark.skipif(not ROOT, reason="only root gives folders away")
def test_data_of_a_user_who_is_gone_is_named_and_left_alone(place: Path) -> None:
    """A folder that belongs to a user id without a user is refused, for example after a restore."""
    data = place / "postgres" / "data"
    data.mkdir(parents=True)
    (place / "postgres" / ".gateway-demo").touch()
    os.chown(data, 64_321, 64_321)
    with pytest.raises(DemoProblem, match="belongs to user 64321, which this system does not know"):
        start(place / "postgres")
    assert data.stat().st_uid == 64_321 and not list(data.iterdir())


@pytest.mark.skipif(not ROOT, reason="only root adds users")
def test_programs_that_start_at_one_moment_add_one_user(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only one process at a time adds the system user, because two concurrent useradd both report success."""
    name = "gateway-raced"
    monkeypatch.setattr(system_user, "SYSTEM_USER", name)
    for _ in range(5):
        try:
            with ThreadPoolExecutor(4) as threads:
                found = list(threads.map(find_user, [place / "data"] * 4))
            assert set(found) == {pwd.getpwnam(name)}
        finally:
            subprocess.run(["userdel", name], check=True, capture_output=True)


def test_the_way_of_a_user_is_judged_by_the_class_that_applies() -> None:
    """Owner, group and others are checked in this order; the first that applies decides."""
    user = pwd.struct_passwd(("u", "x", 10, 20, "", "/", "/bin/sh"))

    def folder(mode: int, owner: int, group: int) -> os.stat_result:
        return os.stat_result((stat.S_IFDIR | mode, 0, 0, 0, owner, group, 0, 0, 0, 0))

    assert passes(user, folder(0o100, 10, 20))
    assert not passes(user, folder(0o011, 10, 20))
    assert passes(user, folder(0o010, 99, 20))
    assert not passes(user, folder(0o701, 99, 20))
    assert passes(user, folder(0o001, 99, 99))
    assert not passes(user, folder(0o770, 99, 99))
