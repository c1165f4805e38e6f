"""Which server and database answers on a connection: its incarnation.

Two connections with equal incarnations reach the same database of the same running server. A database that
was restored is another one: a dump or a copy has another number, a point in time recovery or a promoted
replica another timeline, a data directory that was put back another start of the server. The timeline is
that of the next WAL file: the one of the control file changes minutes after a promotion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

# Every role may call these functions, on Postgres 14 to 18.
COLUMNS = """
(SELECT system_identifier FROM pg_control_system()),
CASE WHEN pg_is_in_recovery() THEN 0
     ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer END,
(SELECT oid::bigint FROM pg_database WHERE datname = current_database()),
pg_postmaster_start_time()
"""
STATEMENT = f"SELECT {COLUMNS}"


@dataclass(frozen=True)
class Identity:
    """What of an incarnation outlives a restart of the server. `timeline` 0: a standby."""

    system_identifier: int
    timeline: int
    database: int


@dataclass(frozen=True)
class Incarnation:
    """The identity, and since when the server runs."""

    identity: Identity
    started: datetime

    @property
    def is_standby(self) -> bool:
        """Whether the server replays another one's log: it may lack the latest objections at any time."""
        return self.identity.timeline == 0


def incarnation_of(row: Sequence[Any]) -> Incarnation:
    """The incarnation in the first four columns of a row."""
    return Incarnation(Identity(row[0], row[1], row[2]), row[3])
