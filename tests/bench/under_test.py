"""The gateway for the bench: its settings, a token, and its statements for (a)."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from gateway.access.tokens import issue
from gateway.settings import Settings
from resolvers.compile.cache import PlanCache
from resolvers.compile.context import build_contexts
from resolvers.plan.cursors import Cursors
from resolvers.run.run import run_plan
from resolvers.sources.catalogue import Store
from resolvers.sources.fields import OBJECTS
from resolvers.stores.pool import connect_owner
from resolvers.universe.render import role_of
from schema.operations import DocumentLimits
from schema.purposes import Purpose
from tests.bench.data import Stores
from tests.bench.scenarios import SCENARIOS, Scenario, Variables

SECRET = "the bench's own secret, which guards nothing but generated people"


def environment(stores: Stores, port: int, identifiers: str = "PLAIN") -> dict[str, str]:
    """The gateway's settings as environment variables. The other servers' identifiers are plain, too."""
    return {
        "GATEWAY_IDENTIFIERS": identifiers,
        "GATEWAY_MESSENGER_DSN": stores.dsns["messenger"],
        "GATEWAY_SOCIAL_DSN": stores.dsns["social"],
        "GATEWAY_CONTROL_DSN": stores.dsns["control"],
        "GATEWAY_SECRET": SECRET,
        "GATEWAY_PORT": str(port),
        # Counted as in production, but too large to be used up.
        "GATEWAY_REQUESTS_PER_SECOND": "1000000",
        "GATEWAY_REQUESTS_AT_ONCE": "100000",
        "GATEWAY_PEOPLE_PER_HOUR": "1000000000",
        "GATEWAY_QUESTIONS_PER_HOUR": "1000000000",
    }


async def new_token(stores: Stores) -> str:
    """A token for the purposes of all scenarios."""
    settings = Settings(
        messenger_dsn=stores.dsns["messenger"],  # type: ignore[arg-type]
        social_dsn=stores.dsns["social"],  # type: ignore[arg-type]
        control_dsn=stores.dsns["control"],  # type: ignore[arg-type]
        secret=SECRET,  # type: ignore[arg-type]
    )
    connection = await connect_owner(stores.dsns["control"])
    purposes = {Purpose(scenario.purpose) for scenario in SCENARIOS}
    issued = await issue(
        connection,
        settings.key("tokens"),
        "bench",
        purposes=purposes,
        expires_at=None,
        random=secrets.token_bytes,
    )
    await connection.close()
    return issued.token


@dataclass(frozen=True)
class Step:
    """A statement of the gateway, with its store and its role."""

    store: str
    role: str
    sql: str
    arguments: list[Any]


@dataclass
class _Recorder:
    """A pool that records the statements that it sends."""

    store: Store
    role: str
    dsn: str
    steps: list[Step]
    connection: Any = None

    async def fetch(self, sql: str, arguments: Sequence[Any]) -> list[Any]:
        if self.connection is None:
            self.connection = await connect_owner(self.dsn)
            await self.connection.execute(f"SET SESSION AUTHORIZATION {self.role}")
            await self.connection.execute(f"SET search_path = {self.role.partition('_')[2]}, pg_catalog")
        self.steps.append(Step(self.store.value, self.role, sql, list(arguments)))
        return await self.connection.fetch(sql, *arguments)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[_Recorder]:
        yield self


@dataclass
class Planner:
    """The gateway's own compiler, which gives the statements and the time to make a plan."""

    stores: Stores
    cursors: Cursors = field(default_factory=lambda: Cursors(bytes(range(64))))

    def __post_init__(self) -> None:
        self.plans = PlanCache(build_contexts(OBJECTS, self.cursors), DocumentLimits())

    async def gateway_statements(self, scenario: Scenario, requests: list[Variables]) -> list[list[Step]]:
        """For each request the statements that the gateway sends, in order, with their arguments."""
        purpose = Purpose(scenario.purpose)
        prepared = self.plans.prepare(purpose, scenario.document, None)
        steps: list[Step] = []
        recorders = {
            store: _Recorder(store, role_of(store, purpose), self.stores.dsns[store], steps)
            for store in Store
        }
        recorded = []
        for given in requests:
            variables = prepared.coerce(given)
            priced = self.plans.price(purpose, prepared, variables)
            plan = self.plans.plan(purpose, prepared, priced)
            await run_plan(plan, variables, recorders, cursors=self.cursors, introspected={})  # type: ignore[arg-type]
            recorded.append(list(steps))
            steps.clear()
        for recorder in recorders.values():
            if recorder.connection is not None:
                await recorder.connection.close()
        return recorded
