"""How much each client may ask for: the table of those for whom another limit was set than for everybody.

Read with the tokens (`access/tokens.py`), so that a change is known everywhere within a
second. `admission.py` keeps to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection

_COLUMNS = "requests_per_second, at_once, people_per_hour"
_READ = f"SELECT client, {_COLUMNS} FROM control.quota ORDER BY client"  # noqa: S608 - constants
_SET = f"""
INSERT INTO control.quota AS known (client, {_COLUMNS}) VALUES ($1, $2, $3, $4)
ON CONFLICT (client) DO UPDATE SET
    requests_per_second = coalesce(excluded.requests_per_second, known.requests_per_second),
    at_once = coalesce(excluded.at_once, known.at_once),
    people_per_hour = coalesce(excluded.people_per_hour, known.people_per_hour),
    changed_at = now()
"""  # noqa: S608 - constants
_RESET = "DELETE FROM control.quota WHERE client = $1 RETURNING client"


@dataclass(frozen=True, slots=True)
class Quota:
    """What one client may ask for, in all processes together.

    `people_per_hour`: of how many people it may be told between one full hour (UTC) and the next.
    """

    requests_per_second: int
    at_once: int
    people_per_hour: int


@dataclass(frozen=True, slots=True)
class OwnQuota:
    """What was set for one client; None where that of everybody holds."""

    requests_per_second: int | None
    at_once: int | None
    people_per_hour: int | None

    def beside(self, usual: Quota) -> Quota:
        """The client's quota where this one is everybody's."""
        return Quota(
            self.requests_per_second or usual.requests_per_second,
            self.at_once or usual.at_once,
            self.people_per_hour or usual.people_per_hour,
        )


async def read_quotas(connection: Connection) -> Mapping[str, OwnQuota]:
    """What was set, by client, in the order of their names."""
    return {client: OwnQuota(*numbers) for client, *numbers in await connection.fetch(_READ)}


async def set_quota(connection: Connection, client: str, quota: OwnQuota) -> None:
    """Set what is given for a client and leave the rest as it was."""
    await connection.execute(_SET, client, quota.requests_per_second, quota.at_once, quota.people_per_hour)


async def reset_quota(connection: Connection, client: str) -> bool:
    """Let everybody's quota hold for a client again; False if nothing was set."""
    return await connection.fetchval(_RESET, client) is not None
