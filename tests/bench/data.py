"""The stores that the bench runs on: embedded, filled with generated people, kept between runs.

Each number of accounts has its own server in `.bench/`. `--reset` makes it again, and so does a
change of the tables or of the generator.
"""

from __future__ import annotations

import fcntl
import hashlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from gateway.demo.embedded import EmbeddedPostgres, reset, start
from gateway.demo.generate import generate
from resolvers.sources.catalogue import Store
from resolvers.sources.fields import OBJECTS
from resolvers.stores.pool import connect_owner
from resolvers.universe.migrations import STORES, migrate
from resolvers.universe.render import apply
from tests.bench.scenarios import Keys

FOLDER = Path(__file__).parents[2] / ".bench"
SEED = 20160825
Say = Callable[[str], None]
# Locks that last as long as the process.
_HELD: list[TextIO] = []


@dataclass(frozen=True)
class Stores:
    """Where the databases are; `dsns` by store, with the owner's rights. `made_s`: seconds to fill them."""

    dsns: dict[str, str]
    postmaster_pid: int
    accounts: int
    made_s: float = 0.0


def _folder(accounts: int) -> Path:
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / ".gitignore").write_text("*\n")
    return FOLDER / f"postgres-{accounts}"


def _mark(accounts: int) -> Path:
    """Written once the stores are full: the digest of their source, and how many seconds it took."""
    return FOLDER / f"made-{accounts}"


def _makers() -> str:
    """A digest of the tables and the generator, which decide the content of the stores."""
    root = FOLDER.parent
    digest = hashlib.sha256()
    makers = [root / "gateway" / "demo" / name for name in ("generate.py", "bulk.py", "names.py")]
    for path in [*sorted(root.glob("resolvers/universe/ddl/*/*.sql")), *makers]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def forget(accounts: int) -> None:
    """Delete the stores of that size."""
    _mark(accounts).unlink(missing_ok=True)
    reset(_folder(accounts))


@asynccontextmanager
async def prepared(accounts: int, say: Say) -> AsyncIterator[Stores]:
    """Running stores with that many accounts each and the universes of today's policy."""
    folder, mark = _folder(accounts), _mark(accounts)
    _be_alone(accounts)
    made_by, _, made_s = mark.read_text().partition(" ") if mark.exists() else ("", "", "")
    full = made_by == _makers()
    if not full:
        forget(accounts)
    if not full:
        with start(folder, durable=False) as server:
            await server.ensure_databases(STORES)
            stores = _stores(server, accounts)
            await _migrate(stores)
            made_s = str(await _fill(stores, say))
            mark.write_text(f"{_makers()} {made_s}")
    # Commits are flushed to the disk, as in production: the ledger waits for that.
    with start(folder) as server:
        stores = replace(_stores(server, accounts), made_s=float(made_s))
        for store in Store:
            connection = await connect_owner(stores.dsns[store])
            await apply(connection, OBJECTS, store)
            await connection.close()
        yield stores


def _stores(server: EmbeddedPostgres, accounts: int) -> Stores:
    return Stores({store: server.dsn(store) for store in STORES}, _postmaster(server), accounts)


def _be_alone(accounts: int) -> None:
    """Hold the stores of that size for this process: two benches would count each other's CPU."""
    held = (FOLDER / f"held-{accounts}").open("a")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise SystemExit(f"another bench is running on the stores of {accounts:,} accounts") from None
    _HELD.append(held)


def _postmaster(server: EmbeddedPostgres) -> int:
    return int((server.folder / "data" / "postmaster.pid").read_text().split()[0])


async def _migrate(stores: Stores) -> None:
    for store, dsn in stores.dsns.items():
        connection = await connect_owner(dsn)
        await migrate(connection, store)
        await connection.close()


async def _fill(stores: Stores, say: Say) -> float:
    """Fill the stores; return how many seconds it took."""

    def progress(what: str, done: int, total: int) -> None:
        say(f"{stores.accounts:,} accounts, once: {what} {100 * done // total} %")

    messenger = await connect_owner(stores.dsns["messenger"])
    social = await connect_owner(stores.dsns["social"])
    begun = time.monotonic()
    await generate(messenger, social, stores.accounts, seed=SEED, progress=progress)
    made_s = time.monotonic() - begun
    for connection in (messenger, social):
        # Without the checkpoint, rows committed asynchronously are not yet known to be visible to all,
        # and every index-only scan would read the table as well.
        await connection.execute("CHECKPOINT")
        await connection.execute("VACUUM (FREEZE, ANALYZE)")
        await connection.close()
    return made_s


async def draw_keys(stores: Stores) -> Keys:
    """Account numbers spread over the whole of both stores, restricted ones among them."""
    messenger = await connect_owner(stores.dsns["messenger"])
    social = await connect_owner(stores.dsns["social"])
    try:
        return Keys(
            messenger=[
                row[0] for row in await messenger.fetch(_SPREAD.format("messenger.account", "id", "id"))
            ],
            phones=[
                row[0] for row in await messenger.fetch(_SPREAD.format("messenger.account", "id", "phone"))
            ],
            social_with_friends=[row[0] for row in await social.fetch(_WITH_FRIENDS)],
            social_with_link=[
                row[0]
                for row in await social.fetch(
                    _SPREAD.format("social.messenger_link", "account_id", "account_id")
                )
            ],
        )
    finally:
        await messenger.close()
        await social.close()


_SPREAD = "SELECT {2} FROM {0} ORDER BY hashint8({1}), {1} LIMIT 20000"
_WITH_FRIENDS = """
SELECT account_id FROM social.friendship GROUP BY account_id HAVING count(*) >= 10
ORDER BY hashint8(account_id), account_id LIMIT 20000
"""
