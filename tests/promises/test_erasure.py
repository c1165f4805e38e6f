"""A person is erased wholly, also after the account is gone and after a crash (GDPR Art. 17)."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from gateway.access.tokens import Caller, issue
from gateway.ledger.record import ROLE, Ledger
from gateway.ledger.retention import forget as forget_links
from gateway.ledger.retention import signer_of
from gateway.ledger.verify import verify
from gateway.upkeep.reconciler import naming_of
from resolvers.changes.erasure import erase, still_searched
from resolvers.changes.pseudonyms import name_everybody
from resolvers.changes.restrictions import Stores
from resolvers.changes.suspensions import recover as recover_all
from resolvers.plan.principal import Principal
from resolvers.plan.subjects import DisclosureShape, SubjectPlace
from resolvers.sources.catalogue import Store
from resolvers.stores.pool import StoreLogin, connect_owner
from schema.purposes import Purpose
from tests.commands.test_cli import command
from tests.gateway.test_ledger_reports import name_in_environment
from tests.kit.gateway import ADS, AUDIT, FRIENDS, SUBJECT, NewDatabase, Side, open_side
from tests.promises.test_objection import (
    ANN,
    BOB,
    NEW,
    NOW,
    PHONES,
    SMALL,
    forget,
    ids_of,
    object_to,
    quiet,
    stores,
    take_back,
)

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection

PERSON = Principal(messenger_id=ANN, social_id=11)
SHAPE = DisclosureShape(
    Purpose.SECURITY,
    "policy",
    "document",
    (
        SubjectPlace(Store.MESSENGER, ("MessengerAccount.id",)),
        SubjectPlace(Store.SOCIAL, ("SocialAccount.id",)),
    ),
)
# The tables that say whose a row is, by the columns that do.
OWNERS = ("account_id", "messenger_id", "social_id")


@pytest.fixture(scope="module")
async def side(new_database: NewDatabase) -> AsyncIterator[Side]:
    """A gateway before stores of its own."""
    async with open_side(new_database) as opened:
        yield opened


@pytest.fixture(autouse=True)
async def ann(side: Side) -> None:
    """Everything that the gateway may keep of Ann: entries, objections, tokens and notices."""
    await side.wait_until_ready()
    await forget(side)
    await empty(side.control)
    await side.messenger.execute("DELETE FROM messenger.restriction")
    await side.social.execute("DELETE FROM social.restriction")
    await side.hold(SMALL)
    await everything_of_ann(side)


async def empty(control: Connection) -> None:
    """Nothing about people in the control database, except the links of references."""
    async with control.transaction():
        await control.execute("SET LOCAL session_replication_role = replica")
        await control.execute("DELETE FROM control.token WHERE client = 'portal'")
        await control.execute(
            "TRUNCATE control.recall, control.recall_search, control.pseudonym, control.quota_person"
        )


async def everything_of_ann(side: Side) -> None:
    """Disclose her, let her object to both uses, name her, and keep a notice of which each kind is there."""
    control = side.control
    await disclose_ann(side)
    await object_to(side, ANN, ADS)
    await take_back(side, ANN, ADS)
    await object_to(side, ANN, ADS, FRIENDS)
    await name_everybody(control, side.messenger, naming_of(side.settings), whole=True)
    await control.execute("DELETE FROM control.recall_search")
    await issue(
        control,
        side.settings.key("tokens"),
        "portal",
        purposes=[SUBJECT],
        expires_at=None,
        random=secrets.token_bytes,
        principal=PERSON,
    )
    reference = await control.fetchval(
        "SELECT reference FROM control.ledger_person WHERE (store, account_id) = ('messenger', $1)", ANN
    )
    assert reference is not None
    await control.execute(
        "INSERT INTO control.quota_person (client, reference) VALUES ('client', $1) ON CONFLICT DO NOTHING",
        reference,
    )
    await add_notice(control, acknowledged=True)


async def disclose_ann(side: Side) -> None:
    """An entry about both of her accounts, of a process that has no reference in memory."""
    login = StoreLogin(side.settings.owner_dsn("control"), ROLE)
    ledger = Ledger(login, signer_of(side.settings), lambda: datetime.now(UTC))
    people = await ledger.people(SHAPE, {0: [str(ANN)], 1: ["11"]}, ())
    caller = Caller("client", 1, Purpose.SECURITY)
    await ledger.record(b"request", caller, SHAPE, people=people, whole=True)
    await ledger.close()


async def add_notice(control: Connection, *, acknowledged: bool) -> None:
    """A notice about Ann, with a value for each column that needs one."""
    columns = {
        row["column_name"]: row["data_type"]
        for row in await control.fetch(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'control'"
            " AND table_name = 'recall' AND is_nullable = 'NO' AND column_default IS NULL"
            " AND is_identity = 'NO'"
        )
    }
    usual: dict[str, Any] = {"text": "x", "bigint": 1, "timestamp with time zone": NOW, "ARRAY": ["x"]}
    values = {name: usual[kind] for name, kind in columns.items()}
    values |= {"store": "messenger", "account_id": ANN}
    if "number" in values:
        values["number"] = secrets.randbelow(10**12) + 1
    if acknowledged:
        values |= {"delivered_at": NOW, "acknowledged_at": NOW}
    places = ", ".join(f"${place}" for place in range(1, len(values) + 1))
    await control.execute(
        f"INSERT INTO control.recall ({', '.join(values)}) VALUES ({places})",
        *values.values(),
    )


async def erase_ann(side: Side, opened: Stores | None = None) -> dict[str, tuple[int, int]]:
    """Erase her as the command does; how many of each kind were erased, and remain."""
    owners = opened or stores(side)
    lines = await erase(owners, PERSON, NOW)
    gone = await forget_links(owners.control, signer_of(side.settings), PERSON, reason="asked")
    return {each.what: (each.erased, each.remain) for each in lines} | {"links": (gone, 0)}


async def rows_of_ann(control: Connection) -> dict[str, int]:
    """In which tables of the control database rows say that they are Ann's, and how many."""
    found = {}
    tables = await control.fetch(
        "SELECT t.table_name, array_agg(c.column_name::text ORDER BY c.column_name) AS owners"
        " FROM information_schema.tables t JOIN information_schema.columns c USING (table_schema, table_name)"
        " WHERE t.table_schema = 'control' AND t.table_type = 'BASE TABLE' AND c.column_name = ANY($1)"
        " GROUP BY t.table_name",
        list(OWNERS),
    )
    assert {row["table_name"] for row in tables} >= {"objection_event", "ledger_person", "token", "pseudonym"}
    for table, owners in tables:
        whose = " OR ".join(f"{each} = {11 if each == 'social_id' else ANN}" for each in owners)
        if count := await control.fetchval(f"SELECT count(*) FROM control.{table} WHERE {whose}"):
            found[table] = count
    return found


async def restricted(side: Side) -> tuple[int | None, int | None]:
    """What both stores hold for Ann."""
    return (
        await side.messenger.fetchval(
            "SELECT purposes FROM messenger.restriction WHERE account_id = $1", ANN
        ),
        await side.social.fetchval("SELECT purposes FROM social.restriction WHERE messenger_id = $1", ANN),
    )


async def names_of_ann(side: Side) -> int:
    """How many pseudonyms of hers there are, in both databases."""
    return sum(
        [
            await store.fetchval(f"SELECT count(*) FROM {name}.pseudonym WHERE account_id = $1", ANN)
            for name, store in (("control", side.control), ("messenger", side.messenger))
        ]
    )


# --- what goes, and what stays --------------------------------------------------------------------


async def test_no_table_of_the_gateway_says_anything_of_an_erased_person(side: Side) -> None:
    """Of all tables with an account's number, one row remains: that the objection binds, and nothing else."""
    before = await rows_of_ann(side.control)
    assert before.keys() >= {"objection_event", "ledger_person", "token", "pseudonym", "recall"}
    await side.control.execute("SELECT control.recount_objections()")
    digest = await side.control.fetchval("SELECT digest FROM control.objection_digest")
    erased = await erase_ann(side)
    # The stores are compared with it: nothing that binds has changed.
    assert await side.control.fetchval("SELECT digest FROM control.objection_digest") == digest
    assert not await side.control.fetchval("SELECT control.recount_objections()")
    assert await rows_of_ann(side.control) == {"objection_event": 1}
    assert await names_of_ann(side) == 0
    assert await side.control.fetchval("SELECT count(*) FROM control.quota_person") == 0
    (event,) = await side.control.fetch("SELECT * FROM control.objection_event WHERE account_id = $1", ANN)
    assert (event["kind"], set(event["purposes"])) == ("OBJECT", {ADS.value, FRIENDS.value})
    assert (event["channel"], event["terms_version"]) == ("erased", "-")
    assert event["effective_at"].hour == event["recorded_at"].minute == 0
    assert erased["events of objections"] == (3, 1)
    assert erased["tokens bound to them"] == (1, 0)
    assert erased["pseudonyms"] == (2, 0)
    assert erased["notices to clients"] == (1, 0)
    assert (await verify(side.control, signer_of(side.settings).public)).discrepancies == []


async def test_without_an_objection_in_force_nothing_stays(side: Side) -> None:
    """A person who has withdrawn leaves no row."""
    await take_back(side, ANN, ADS, FRIENDS)
    await erase_ann(side)
    assert await rows_of_ann(side.control) == {}
    assert await restricted(side) == (None, None)


async def seen_by_ads(side: Side) -> list[str]:
    """The accounts that ads sees, once the store is verified."""
    async with asyncio.timeout(60):
        while (await side.ask(ADS, "{ messengerAccounts { nodes { id } } }")).codes:
            await side.verifier.judged()
    return await ids_of(side, ADS)


async def test_i48_the_objection_of_an_erased_person_binds_when_the_account_comes_back(side: Side) -> None:
    """Erased, deleted, loaded again, also into a store that lost its restrictions: ads never see her."""
    await erase_ann(side)
    account = await side.messenger.fetchrow("DELETE FROM messenger.account WHERE id = $1 RETURNING *", ANN)
    assert account is not None
    await side.messenger.execute(
        "INSERT INTO messenger.account (id, phone, country_code, registered_at) VALUES ($1, $2, $3, $4)",
        *(account[name] for name in ("id", "phone", "country_code", "registered_at")),
    )
    assert await restricted(side) == (3, 3)
    assert await seen_by_ads(side) == [f"ma_{BOB}", f"ma_{NEW}"]
    await side.messenger.execute("DELETE FROM messenger.restriction")
    assert await recover_all(stores(side), NOW, quiet) >= 1
    assert await restricted(side) == (3, 3)
    assert await seen_by_ads(side) == [f"ma_{BOB}", f"ma_{NEW}"]


async def test_what_stays_of_an_erased_person_gets_no_pseudonym_again(side: Side) -> None:
    """The event that stays is not shown under AUDIT, and no later pass names the person."""
    # AUDIT reads whole days that are over.
    await side.control.execute(
        "SET session_replication_role = replica;"
        "UPDATE control.objection_event SET recorded_at = recorded_at - interval '3 days';"
        "SET session_replication_role = origin"
    )
    assert len((await side.ask(AUDIT, "{ objections { kind } }")).data["objections"]) == 3
    await erase_ann(side)
    for whole in (True, False):
        await name_everybody(side.control, side.messenger, naming_of(side.settings), whole=whole)
    assert await names_of_ann(side) == 0
    assert (await side.ask(AUDIT, "{ objections { kind } }")).data["objections"] == []


async def test_a_notice_that_its_client_has_not_acknowledged_stays(side: Side) -> None:
    """A client that must still act on a notice keeps it (Art. 19); the command is repeated later."""
    await add_notice(side.control, acknowledged=False)
    assert (await erase_ann(side))["notices to clients"] == (1, 1)
    await side.control.execute("UPDATE control.recall SET delivered_at = now(), acknowledged_at = now()")
    assert (await erase_ann(side))["notices to clients"] == (1, 0)


async def test_an_erased_person_may_object_again_and_withdraw(side: Side) -> None:
    """The event that stays is an objection like any other: it can be withdrawn, and repeated."""
    await erase_ann(side)
    await take_back(side, ANN, ADS, FRIENDS)
    assert await restricted(side) == (0, 0)
    await object_to(side, ANN, ADS)
    assert await restricted(side) == (1, 1)
    await erase_ann(side)
    assert await rows_of_ann(side.control) == {"objection_event": 1}
    assert await restricted(side) == (1, 1)


async def test_only_the_command_may_delete_what_is_append_only(side: Side) -> None:
    """The history and the pseudonyms refuse changes outside an erasure, and TRUNCATE even within one."""
    for change in (
        "DELETE FROM control.objection_event",
        "UPDATE control.objection_event SET channel = 'x'",
        "DELETE FROM control.pseudonym",
        "SET LOCAL gateway.erasing = 'on'; TRUNCATE control.objection_event",
        "SET LOCAL gateway.erasing = 'on'; UPDATE control.pseudonym SET person = person",
    ):
        with pytest.raises(Exception, match=r"append-only|given once"):
            async with side.control.transaction():
                await side.control.execute(change)


# --- crashes --------------------------------------------------------------------------------------


class Killed(Exception):
    """The program died here."""


@dataclass
class Doomed:
    """A connection that dies at a statement: the server rolls back what was not committed."""

    connection: Connection
    left: list[int]
    after: bool

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.connection, name)
        if name not in {"execute", "fetch", "fetchrow", "fetchval"}:
            return method

        async def counted(*arguments: Any) -> Any:
            self.left[0] -= 1
            if self.left[0] == 0 and not self.after:
                self.connection.terminate()
                raise Killed
            result = await method(*arguments)
            if self.left[0] == 0:
                self.connection.terminate()
                raise Killed
            return result

        return counted


async def cut_off(side: Side, statement: int, *, after: bool) -> bool:
    """Erase Ann with fresh connections, and die at that statement; whether it came so far."""
    names = ("control", "messenger", "social")
    opened = [await connect_owner(side.settings.owner_dsn(name)) for name in names]
    left = [statement]
    doomed: Any = [Doomed(each, left, after) for each in opened]
    try:
        await erase_ann(side, Stores(*doomed))
    except Exception:
        # Leaving a transaction whose connection is gone raises another exception.
        assert left[0] <= 0
        return True
    finally:
        for each in opened:
            each.terminate()
    return False


@pytest.mark.parametrize("after", [False, True])
async def test_an_erasure_that_is_cut_off_anywhere_is_completed_by_repeating_it(
    side: Side, after: bool
) -> None:
    """Killed at any statement, the objection binds and the ledger is whole; repeated, nothing is left."""
    statement = 0
    while True:
        statement += 1
        if not await cut_off(side, statement, after=after):
            break
        assert await restricted(side) == (3, 3)
        if statement % 5 == 0:
            assert (await verify(side.control, signer_of(side.settings).public)).discrepancies == []
        await erase_ann(side)
        assert await rows_of_ann(side.control) == {"objection_event": 1}
        assert await names_of_ann(side) == 0
        await everything_of_ann(side)
    assert statement > 20


# --- the command ----------------------------------------------------------------------------------


async def test_the_command_asks_first_and_prints_what_remains(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without --yes nothing happens; with it a table says what was erased, what remains, and why."""
    name_in_environment(side, monkeypatch)
    said = await command("erase", "ma_1")
    assert said.status == 1 and "add --yes" in said.err
    assert (await rows_of_ann(side.control))["token"] == 1
    await side.control.execute(
        "INSERT INTO control.recall_search (event) SELECT max(id) FROM control.objection_event"
    )
    assert await still_searched(side.control, PERSON) == 1
    assert "--without-notices" in (await command("erase", "ma_1", "--yes")).err
    assert "must say why" in (await command("erase", "ma_1", "--reason", " ", "--yes")).err
    said = await command("erase", f"ma_{ANN}", "--without-notices", "--yes")
    assert said.status == 0, said.err
    assert "must bind if the account comes back" in said.out
    assert "sa_11" in said.out and PHONES[ANN] not in said.out
    assert await rows_of_ann(side.control) == {"objection_event": 1}


async def test_a_person_whose_accounts_are_gone_is_erased(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both accounts are named, because no store links them any more; nothing is left of either."""
    name_in_environment(side, monkeypatch)
    await side.messenger.execute("DELETE FROM messenger.account WHERE id = $1", ANN)
    await side.social.execute("DELETE FROM social.account WHERE id = 11")
    said = await command("erase", f"ma_{ANN}", "sa_11", "--yes")
    assert said.status == 0, said.err
    assert await rows_of_ann(side.control) == {"objection_event": 1}
    assert (await command("erase", "ma_1", "sa_12", "--yes")).status == 1
