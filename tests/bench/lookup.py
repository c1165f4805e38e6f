"""How long it takes to find one person's entries in a ledger of 100 million.

The entries are made by SQL, a day's worth after the other, as days that are over; `control.index_ledger`
indexes them, as the keeper does. Then the question of subject access is asked as its role asks it, for
people drawn by lot. Its own database, thrown away at the end: 100 million need about 35 GB of disk.
"""

from __future__ import annotations

import random
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles

import asyncpg
import orjson
from rich.console import Console

from gateway.demo.embedded import reset, start
from resolvers.plan.principal import Principal
from resolvers.plan.subjects import DisclosureShape, SubjectPlace
from resolvers.reads.disclosures import ReadDisclosures
from resolvers.run.people import People
from resolvers.sources.catalogue import Store
from resolvers.sources.fields import OBJECTS
from resolvers.stores.pool import Pool, StoreLogin, connect_owner
from resolvers.universe.migrations import migrate
from resolvers.universe.render import apply, role_of
from schema.purposes import Purpose
from tests.bench.data import FOLDER

DAYS = 10
ASKED = 200
# As many people as a store of 10 million has; each entry names one, as most answers do.
PEOPLE = 10_000_000
# For one person's entries of ten days, whatever the size of the ledger.
GOAL_MS = 50.0

_PEOPLE = """
INSERT INTO control.ledger_person (store, account_id, reference, salt)
SELECT 'messenger', n, (hashint8extended(n, 7) & 9223372036854775807), substr(sha256(int8send(n)), 1, 16)
FROM generate_series(0, $1::bigint - 1) n
"""
_DAY = """
CREATE TABLE control.ledger_entry_{day} PARTITION OF control.ledger_entry
FOR VALUES FROM ('{day}'::timestamp AT TIME ZONE 'UTC') TO ('{next}'::timestamp AT TIME ZONE 'UTC')
"""
_ENTRIES = """
INSERT INTO control.ledger_entry
    (at, stream, number, request, client, credential, question, outcome, counts, people, hash)
SELECT $1::timestamptz + n * interval '86399 seconds' / $2, '\\x0102030405060708', n + 1, 'request-' || n,
       'client-' || n % 20, 'token 1', $3, 'WHOLE', '{1}',
       ARRAY[(hashint8extended(lot % $5, 7) & 9223372036854775807)], sha256('')
FROM generate_series(0, $2::bigint - 1) n, LATERAL (
    SELECT hashint8extended(n, $4::bigint) & 9223372036854775807 AS lot
) drawn
"""


@dataclass(frozen=True)
class LookUp:
    """The size of the ledger, the time to make it, and the times to find a person's entries."""

    entries: int
    people: int
    written_s: float
    indexed_s: float
    size_gb: float
    found: float
    median_ms: float
    p99_ms: float


async def look_up(entries: int, console: Console, folder: Path) -> bool:
    """Measure, print and write the look-up; True if it was fast enough."""
    place = FOLDER / "ledger"
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / ".gitignore").write_text("*\n")
    reset(place)
    people = min(PEOPLE, entries)
    try:
        with start(place, durable=False) as server, console.status("") as status:
            await server.ensure_databases(["control"])
            owner = await connect_owner(server.dsn("control"))
            await migrate(owner, "control")
            await apply(owner, OBJECTS, Store.CONTROL)
            begun = time.perf_counter()
            await owner.execute(_PEOPLE.replace("$1", str(people)))
            await _fill(owner, entries, people, say=status.update)
            written = time.perf_counter()
            status.update("indexing the days")
            await owner.fetchval("SELECT control.index_ledger()")
            await owner.execute("ANALYZE control.ledger_entry, control.ledger_person")
            indexed = time.perf_counter()
            status.update("looking people up")
            found, times = await _ask(server.dsn("control"), people)
            size = await owner.fetchval(
                "SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits"
                " WHERE inhparent = 'control.ledger_entry'::regclass"
            )
            await owner.close()
    finally:
        reset(place)
    result = LookUp(
        entries,
        people,
        written - begun,
        indexed - written,
        float(size) / 2**30,
        found,
        median(times),
        quantiles(times, n=100)[98],
    )
    console.print(
        f"{entries:,} entries about {people:,} people on {DAYS} days, {result.size_gb:.1f} GB, "
        f"written in {result.written_s:.0f} s, indexed in {result.indexed_s:.0f} s\n"
        f"one person's, {found:.1f} on average: median {result.median_ms:.2f} ms, p99 {result.p99_ms:.2f} ms "
        f"(goal ≤ {GOAL_MS:g} ms)"
    )
    folder.mkdir(exist_ok=True)
    (folder / "lookup.json").write_bytes(orjson.dumps(asdict(result), option=orjson.OPT_INDENT_2))
    return result.p99_ms <= GOAL_MS


async def _fill(owner: asyncpg.Connection, entries: int, people: int, *, say: object) -> None:
    shape = DisclosureShape(
        Purpose.SECURITY, "policy", "document", (SubjectPlace(Store.MESSENGER, ("MessengerAccount.phone",)),)
    )
    await owner.execute(
        "INSERT INTO control.ledger_question (key, text) VALUES ($1, $2)",
        shape.key,
        shape.text.decode(),
    )
    first = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=DAYS)
    for number in range(DAYS):
        day = first + timedelta(days=number)
        await owner.execute(_DAY.format(day=f"{day:%Y%m%d}", next=f"{day + timedelta(days=1):%Y%m%d}"))
        share = entries // DAYS
        say(f"{number * share:,} of {entries:,} entries")  # type: ignore[operator]
        await owner.execute(_ENTRIES, day, share, shape.key, number, people, timeout=3_600)


async def _ask(dsn: str, people: int) -> tuple[float, list[float]]:
    """How many entries a person has on average, and the times in ms, of people drawn by lot."""
    pool = Pool(StoreLogin(dsn, role_of(Store.CONTROL, Purpose.SUBJECT_ACCESS)))
    pools = {Purpose.SUBJECT_ACCESS: {Store.CONTROL: pool}}
    times, found = [], 0
    drawn = random.Random(1)
    for number in range(ASKED + 5):
        reader = ReadDisclosures(pools, Principal(messenger_id=drawn.randrange(people)), People())
        begun = time.perf_counter()
        told = await reader.page(1_000, None, None, client=None)
        if number >= 5:
            times.append((time.perf_counter() - begun) * 1_000)
            found += len(told)
    await pool.close()
    return found / ASKED, times
