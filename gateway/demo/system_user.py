"""The system user that runs the embedded Postgres for root, because Postgres refuses to run as root."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pwd
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

from gateway.demo.problem import DemoProblem

SYSTEM_USER = "pgserver"


def find_user(data: Path) -> pwd.struct_passwd:
    """Return the system user that owns `data`, or `pgserver`, adding it to the system if necessary."""
    try:
        if data.exists() and (owner := data.stat().st_uid):
            return _known(owner, data)
        with one_adds_users():
            with contextlib.suppress(KeyError):
                return pwd.getpwnam(SYSTEM_USER)
            add = ["useradd", "--system", SYSTEM_USER]
            subprocess.run(add, check=True, capture_output=True)  # noqa: S603  # constants, in root's PATH
            return pwd.getpwnam(SYSTEM_USER)
    except (OSError, subprocess.SubprocessError, KeyError) as error:
        raise DemoProblem(
            f"Postgres does not run as root: add a system user {SYSTEM_USER}, or start as an ordinary user"
        ) from error


def _known(owner: int, data: Path) -> pwd.struct_passwd:
    try:
        return pwd.getpwuid(owner)
    except KeyError:
        raise DemoProblem(
            f"{data} belongs to user {owner}, which this system does not know: give it to another "
            f"(chown -R), or delete {data.parent} and start again"
        ) from None


@contextlib.contextmanager
def one_adds_users() -> Iterator[None]:
    """Hold the lock under which the user is added; wait for another process that holds it.

    Two concurrent runs of useradd both report success, but only one user id remains. Without the lock,
    Postgres could run under an id that belongs to no user.
    """
    folder = os.open("/etc", os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def open_way(user: pwd.struct_passwd | None, target: Path) -> tuple[Path, ...]:
    """Let the system user pass through the folders above `target`; return the folders that were changed.

    A changed folder can be passed through but not listed. So another user can open a file in a closed home
    only if the file's own mode allows it and its name is known. For an ordinary user nothing is changed.
    """
    if user is None:
        return ()
    closed = tuple(above for above in target.resolve().parents if not passes(user, above.stat()))
    for folder in closed:
        folder.chmod(folder.stat().st_mode | stat.S_IXOTH)
    return closed


def passes(user: pwd.struct_passwd, folder: os.stat_result) -> bool:
    """Whether `user` may go through the folder with that status."""
    if folder.st_uid == user.pw_uid:
        return bool(folder.st_mode & stat.S_IXUSR)
    if folder.st_gid == user.pw_gid:
        return bool(folder.st_mode & stat.S_IXGRP)
    return bool(folder.st_mode & stat.S_IXOTH)
