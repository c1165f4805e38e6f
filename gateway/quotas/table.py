"""The quota of each client: the settings' default, and the table of clients with limits of their own.

The gateway reads the table with the tokens (`access/tokens.py`), so a change is in force everywhere within
a second. `requests.py` and `people.py` enforce it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

from resolvers.sources.catalogue import Store
from resolvers.universe.roles import QUOTAS

if TYPE_CHECKING:
    from gateway.settings import Settings
    from resolvers.stores.pool import Connection, StoreLogin

_COLUMNS = "requests_per_second, at_once, people_per_hour, questions_per_hour"
_READ = f"SELECT client, {_COLUMNS} FROM control.quota ORDER BY client"  # noqa: S608 - constants
_SET = f"""
INSERT INTO control.quota AS known (client, {_COLUMNS}) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (client) DO UPDATE SET
    requests_per_second = coalesce(excluded.requests_per_second, known.requests_per_second),
    at_once = coalesce(excluded.at_once, known.at_once),
    people_per_hour = coalesce(excluded.people_per_hour, known.people_per_hour),
    questions_per_hour = coalesce(excluded.questions_per_hour, known.questions_per_hour),
    changed_at = now()
"""  # noqa: S608 - constants
_RESET = "DELETE FROM control.quota WHERE client = $1 RETURNING client"


@dataclass(frozen=True, slots=True)
class Quota:
    """The limits of one client, in all processes together.

    `people_per_hour`: how many people's data it may receive between one full hour (UTC) and the next;
    `questions_per_hour`: how many people it may ask about, there or not.
    """

    requests_per_second: int
    at_once: int
    people_per_hour: int
    questions_per_hour: int


@dataclass(frozen=True, slots=True)
class OwnQuota:
    """The limits that are set for one client; None where the default is in force."""

    requests_per_second: int | None
    at_once: int | None
    people_per_hour: int | None
    questions_per_hour: int | None = None

    def beside(self, usual: Quota) -> Quota:
        """The client's quota, with the default `usual` in the place of each None."""
        return Quota(
            self.requests_per_second or usual.requests_per_second,
            self.at_once or usual.at_once,
            self.people_per_hour or usual.people_per_hour,
            self.questions_per_hour or usual.questions_per_hour,
        )


async def read_quotas(connection: Connection) -> Mapping[str, OwnQuota]:
    """The limits that are set, by client, in the order of the clients' names."""
    return {client: OwnQuota(*numbers) for client, *numbers in await connection.fetch(_READ)}


async def set_quota(connection: Connection, client: str, quota: OwnQuota) -> None:
    """Set the given limits of a client; None leaves a limit as it was."""
    await connection.execute(_SET, client, *astuple(quota))


async def reset_quota(connection: Connection, client: str) -> bool:
    """Put a client back on the default quota; False if nothing was set."""
    return await connection.fetchval(_RESET, client) is not None


def usual_quota(settings: Settings) -> Quota:
    """The default: the quota of every client for which nothing is set."""
    return Quota(
        settings.requests_per_second,
        settings.requests_at_once,
        settings.people_per_hour,
        settings.questions_per_hour,
    )


def quotas_login(settings: Settings) -> StoreLogin:
    """The login of the role that counts clients' use of their quotas."""
    return settings.login(Store.CONTROL, QUOTAS)
