"""The costs of processes: CPU of a server, CPU of Postgres by database, memory. Linux only (/proc)."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

TICK_MS = 1_000 / os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")
ENDED = "ended"


def _times_ms(pid: int) -> tuple[float, float]:
    """(of the process, of its children that have ended), user and system."""
    fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    user, system, of_children, system_of_children = (int(each) for each in fields[11:15])
    return (user + system) * TICK_MS, (of_children + system_of_children) * TICK_MS


def process_cpu_ms(pid: int) -> float:
    """CPU that a process and the children it has outlived have used so far, all threads."""
    return sum(_times_ms(pid))


def backend_cpu_ms(pid: int) -> float:
    """The same for one process of one thread, to the nanosecond; a tick is 10 ms, too coarse for eight."""
    try:
        return int((PROC / str(pid) / "schedstat").read_text().split()[0]) / 1e6
    except FileNotFoundError:
        return _times_ms(pid)[0]


def _label(pid: int) -> str:
    """The database that a backend serves, or "background"."""
    words = (PROC / str(pid) / "cmdline").read_text().replace("\0", " ").split()
    return words[2] if len(words) > 3 and words[3].startswith("[") else "background"


@dataclass(frozen=True)
class PostgresCpu:
    """CPU of each process of a server so far, and of those that have ended."""

    ended_ms: float
    processes: dict[int, tuple[str, float]] = field(default_factory=dict)

    def since(self, before: PostgresCpu) -> dict[str, float]:
        """CPU ms used since then, by database; processes that ended meanwhile under `ENDED`."""
        used: dict[str, float] = defaultdict(float)
        for pid, (label, total) in self.processes.items():
            used[label] += total - before.processes.get(pid, ("", 0.0))[1]
        counted = sum(total for pid, (_, total) in before.processes.items() if pid not in self.processes)
        if self.ended_ms > before.ended_ms:
            used[ENDED] = max(0.0, self.ended_ms - before.ended_ms - counted)
        return dict(used)


def postgres_cpu(postmaster: int) -> PostgresCpu:
    """CPU of the postmaster and all its children now."""
    processes = {postmaster: ("background", _times_ms(postmaster)[0])}
    for word in (PROC / f"{postmaster}/task/{postmaster}/children").read_text().split():
        try:
            processes[int(word)] = (_label(int(word)), backend_cpu_ms(int(word)))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return PostgresCpu(_times_ms(postmaster)[1], processes)


def machine_cpu_ms() -> float:
    """CPU that everything on the machine has used so far, all processors."""
    words = (PROC / "stat").read_text().split("\n", 1)[0].split()
    user, nice, system, _idle, _waiting, irq, soft, stolen = map(int, words[1:9])
    return (user + nice + system + irq + soft + stolen) * TICK_MS


def _status_kb(pid: int, name: str) -> int:
    for line in (PROC / str(pid) / "status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise LookupError(name)


def peak_memory_mb(pid: int) -> float:
    """The process's peak memory."""
    return _status_kb(pid, "VmHWM") / 1024


def memory_mb(pid: int) -> float:
    """The process's memory at this moment."""
    return _status_kb(pid, "VmRSS") / 1024
