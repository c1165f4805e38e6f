"""The command line: an operator's commands, their output, and the secrets that they never print."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import re
import secrets
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import psutil
import pytest

from gateway.access.token_text import is_well_formed, new_token
from gateway.cli import run
from gateway.processes.serve import Problem, listen
from gateway.settings import CONFIG_FILE, Settings
from gateway.terminal.problems import unexpected
from resolvers.stores.pool import connect_owner
from resolvers.universe.migrations import STORES
from schema.purposes import Purpose
from tests.gateway.test_jwt import AUDIENCE, Claims, providing
from tests.kit.processes import Serve

if TYPE_CHECKING:
    from gateway.demo.embedded import EmbeddedPostgres
    from tests.conftest import NewDatabase

PROJECT = Path(__file__).parents[2]
SECRET = secrets.token_urlsafe(32)


@dataclass(frozen=True)
class Said:
    """A command's output and its exit status."""

    status: int
    out: str
    err: str


Command = Callable[..., Awaitable[Said]]


async def command(*arguments: str) -> Said:
    """Run `gateway` with these arguments, in a thread, because the command runs its own event loop."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = await asyncio.to_thread(run, list(arguments))
    return Said(status, out.getvalue(), err.getvalue())


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the settings of the environment that runs the tests."""
    for name in [each for each in os.environ if each.startswith("GATEWAY_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def settings_of(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, str]], None]:
    """Let the environment name these databases, by store."""

    def apply(dsns: dict[str, str]) -> None:
        for store, dsn in dsns.items():
            monkeypatch.setenv(f"GATEWAY_{store.upper()}_DSN", dsn)
        monkeypatch.setenv("GATEWAY_SECRET", SECRET)

    return apply


@pytest.fixture(scope="session")
async def shared(new_database: NewDatabase) -> dict[str, str]:
    """Databases with tables, universes and two members. Tests change nothing in them except tokens."""
    dsns = {store: await new_database(store) for store in STORES}
    await add_members(dsns["messenger"])
    return dsns


async def add_members(dsn: str) -> None:
    """Add member 5, who joined before the terms of 2016, and member 6, who joined after them."""
    connection = await connect_owner(dsn)
    await connection.execute(
        "INSERT INTO messenger.account (id, phone, country_code, registered_at) VALUES"
        " (5, '+4915100000005', 'DE', '2016-08-24'), (6, '+4915100000006', 'DE', '2016-08-25')"
    )
    await connection.close()


@pytest.fixture
async def stores(shared: dict[str, str], settings_of: Callable[[dict[str, str]], None]) -> dict[str, str]:
    """The shared databases, named by the environment, with their universes applied."""
    settings_of(shared)
    for store in STORES:
        assert (await command("universe", "--store", store, "--apply")).status == 0
    return shared


@pytest.fixture
async def people(stores: dict[str, str]) -> dict[str, str]:
    """The shared databases with a person on both stores, ma_1 and sa_2, and one on the messenger, ma_3."""
    messenger, social = [await connect_owner(stores[store]) for store in ("messenger", "social")]
    await messenger.execute(
        "INSERT INTO messenger.account (id, phone, country_code, registered_at) VALUES"
        " (1, '+4915111111', 'DE', '2013-01-01'), (3, '+4915333333', 'DE', '2013-01-01')"
        " ON CONFLICT DO NOTHING"
    )
    await social.execute("INSERT INTO social.account VALUES (2, 'Two') ON CONFLICT DO NOTHING")
    await social.execute(
        "INSERT INTO social.messenger_link SELECT 2, 1, '2016-09-01'"
        " WHERE NOT EXISTS (SELECT FROM social.messenger_link)"
    )
    await messenger.close()
    await social.close()
    return stores


@pytest.fixture
async def empty(
    embedded: EmbeddedPostgres, settings_of: Callable[[dict[str, str]], None]
) -> AsyncIterator[dict[str, str]]:
    """Databases without any table, named by the environment."""
    names = {store: f"empty_{store}_{secrets.token_hex(4)}" for store in STORES}
    await embedded.ensure_databases(names.values())
    dsns = {store: embedded.dsn(name) for store, name in names.items()}
    settings_of(dsns)
    yield dsns


def words(text: str) -> str:
    """The text without the lines of tables and help, and with single spaces."""
    return re.sub(r"[\s─-╿]+", " ", text).strip()


# --- a store's owner ------------------------------------------------------------------------------


async def test_from_empty_databases_to_a_doctor_without_complaints(empty: dict[str, str]) -> None:
    """After `migrate` and `universe --apply`, once or twice, the doctor finds no difference in any store."""
    for _ in range(2):
        assert (await command("migrate")).status == 0
        assert (await command("universe", "--store", "messenger", "--apply")).status == 0
        assert (await command("universe", "--store", "social", "--apply")).status == 0
        assert (await command("universe", "--store", "control", "--apply")).status == 0
    said = await command("doctor")
    assert "differs" not in said.out
    assert said.status == 0


async def test_migrate_prints_each_applied_file(empty: dict[str, str]) -> None:
    """`migrate` prints a line for each applied file; a second run says that there was nothing to do."""
    first, second = await command("migrate"), await command("migrate")
    assert first.out.splitlines()[0] == "messenger: applied 0001_accounts.sql"
    assert second.out.splitlines() == [f"{store}: up to date" for store in STORES]


async def test_the_sql_of_a_universe_needs_no_database() -> None:
    """A store's owners can review a universe's SQL before the database exists."""
    said = await command("universe", "--store", "messenger")
    assert said.status == 0
    assert "CREATE VIEW ads_personalization.account AS" in said.out


# --- doctor ---------------------------------------------------------------------------------------


async def test_the_doctor_names_the_command_for_empty_databases(empty: dict[str, str]) -> None:
    """For each store without tables the doctor prints one line that names the command; the status is 1."""
    said = await command("doctor")
    assert said.status == 1
    assert said.out.count("none applied: run `gateway migrate`") == len(STORES)


async def test_the_doctor_names_missing_universes_and_logins(empty: dict[str, str]) -> None:
    """The doctor prints a line for each missing universe, and one for each role that cannot log in."""
    await command("migrate")
    said = await command("doctor")
    assert said.status == 1
    assert (
        "universe ads_personalization is missing: run `gateway universe --store social --apply`" in said.out
    )


TROUBLE = {
    "GRANT SELECT ON messenger.account TO messenger_security": (
        "has a privilege on messenger.account: the role does not need it; REVOKE it"
    ),
    "ALTER TABLE messenger.account ADD COLUMN shoe_size integer": "is not classified: classify it in",
    "CREATE OR REPLACE VIEW security.usage_horizon AS SELECT '2000-01-01'::date AS day": "changed by hand",
    "DELETE FROM gateway_migration.applied": "not applied: run `gateway migrate`",
    "UPDATE gateway_migration.applied SET sha256 = ''": "was changed after it was applied",
}


@pytest.mark.parametrize("statement", TROUBLE)
async def test_the_doctor_finds_changes_made_outside_the_gateway(
    empty: dict[str, str], statement: str
) -> None:
    """The doctor finds an unexpected privilege, column, view or record, and says what to do."""
    await command("migrate")
    for store in ("messenger", "social"):
        await command("universe", "--store", store, "--apply")
    connection = await connect_owner(empty["messenger"])
    await connection.execute(statement)
    await connection.close()
    said = await command("doctor")
    assert said.status == 1
    assert TROUBLE[statement] in words(said.out)


async def test_the_doctor_goes_on_when_a_store_is_down(
    stores: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The doctor prints one line for a store that does not answer, and still checks the others."""
    monkeypatch.setenv("GATEWAY_MESSENGER_DSN", "postgresql://x@127.0.0.1:1/x")
    said = await command("doctor")
    assert said.status == 1
    assert "nothing answers there; check GATEWAY_MESSENGER_DSN" in said.out
    assert "social: universes" in said.out


async def test_the_doctor_notices_a_mistyped_setting(
    stores: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The doctor names a variable that looks like a setting and is not one: it would have no effect."""
    monkeypatch.setenv("GATEWAY_PROT", "8080")
    said = await command("doctor")
    assert "GATEWAY_PROT" in said.out
    assert said.status == 0


# --- tokens ---------------------------------------------------------------------------------------


async def test_a_token_is_printed_once_alone_on_standard_output(stores: dict[str, str]) -> None:
    """Standard output holds the token alone, so that it can go into a file; no list shows it again."""
    said = await command("token", "issue", "--client", "ads", "--purpose", "SECURITY", "--expires", "12h")
    token = said.out.removesuffix("\n")
    assert is_well_formed(token.encode())
    assert token not in said.err
    assert "expires" in said.err
    listed = await command("token", "list")
    assert "ads" in listed.out
    assert token not in listed.out + listed.err


async def test_a_revoked_token_is_listed_as_revoked(stores: dict[str, str]) -> None:
    """A token can be revoked once; for a revoked or an unknown token the command says so with status 1."""
    said = await command("token", "issue", "--client", "gone", "--purpose", "AUDIT")
    number = re.search(r"Token (\d+)", said.err)
    assert number is not None
    assert "never expires" in said.err
    first, second = await command("token", "revoke", number[1]), await command("token", "revoke", number[1])
    assert (first.status, second.status) == (0, 1)
    assert second.err == f"gateway: there is no live token {number[1]}: `gateway token list` shows all\n"
    assert re.search(rf"{number[1]} gone AUDIT .* revoked", words((await command("token", "list")).out))


@pytest.mark.parametrize(
    "wrong",
    [
        ["--client", "a b", "--purpose", "AUDIT"],
        ["--client", "a", "--purpose", "EVERYTHING"],
        ["--client", "a"],
        ["--client", "a", "--purpose", "AUDIT", "--expires", "soon"],
        ["--client", "a", "--purpose", "AUDIT", "--expires", "0d"],
    ],
)
async def test_a_token_is_not_issued_for_invalid_arguments(stores: dict[str, str], wrong: list[str]) -> None:
    """An invalid client name, purpose or lifetime ends the command without a token."""
    said = await command("token", "issue", *wrong)
    assert said.status != 0
    assert said.out == ""


async def test_a_rotated_token_is_printed_once_alone_on_standard_output(stores: dict[str, str]) -> None:
    """Standard output holds the new token alone; standard error names the old one and when it ends."""
    await command("token", "issue", "--client", "turning", "--purpose", "SECURITY", "--expires", "90d")
    (old,) = json.loads((await command("token", "list", "--client", "turning", "--format", "json")).out)
    said = await command("token", "rotate", str(old["token_id"]), "--overlap", "2h")
    assert is_well_formed(said.out.removesuffix("\n").encode())
    assert said.out.strip() not in said.err
    assert re.fullmatch(
        rf"Token (\d+) for turning in place of {old['token_id']}, expires .* UTC\. Keep it now: it is not "
        rf"shown again\. Token {old['token_id']} works until .* UTC\.\n",
        said.err,
    )
    again = await command("token", "rotate", str(old["token_id"]))
    assert (again.status, again.out) == (1, "")
    assert re.fullmatch(r"gateway: token \d+ was already rotated to token \d+: rotate that one\n", again.err)
    listed = await command("token", "list", "--client", "turning", "--format", "json")
    first, second = json.loads(listed.out)
    assert (first["state"], first["replaced_by"], second["state"]) == ("rotated", second["token_id"], "live")
    assert said.out.strip() not in listed.out
    shown = words((await command("token", "list", "--client", "turning")).out)
    assert f"never {second['token_id']} rotated" in shown


async def test_a_token_that_expires_soon_is_marked_and_named_by_the_doctor(stores: dict[str, str]) -> None:
    """The list marks a token that expires soon, the doctor names it with its client; the status stays 0."""
    await command("token", "issue", "--client", "leaving-soon", "--purpose", "AUDIT", "--expires", "13d")
    await command("token", "issue", "--client", "leaving-later", "--purpose", "AUDIT", "--expires", "15d")
    soon, later = [
        json.loads((await command("token", "list", "--client", client, "--format", "json")).out)[0]
        for client in ("leaving-soon", "leaving-later")
    ]
    assert (soon["state"], later["state"], soon["last_used_at"]) == ("expires soon", "live", None)
    examined = await command("doctor")
    assert examined.status == 0
    told = words(examined.out)
    assert f"{soon['token_id']} of leaving-soon" in told
    assert "leaving-later" not in told
    assert "within 14 days expire" in told


@pytest.mark.parametrize("wrong", [["0"], ["x"], ["999999"], ["1", "--overlap", "soon"]])
async def test_a_rotation_with_invalid_arguments_makes_no_token(
    stores: dict[str, str], wrong: list[str]
) -> None:
    """An unknown token number or an invalid overlap ends the command without a token."""
    said = await command("token", "rotate", *wrong)
    assert said.status in (1, 2)
    assert said.out == ""


async def test_the_doctor_looks_at_the_identity_provider(
    stores: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The doctor fetches the provider's keys and finds a usable one, or says what to check."""
    assert "identity provider" not in (await command("doctor")).out
    with providing() as provider:
        monkeypatch.setenv("GATEWAY_OIDC_ISSUER", provider.issuer)
        monkeypatch.setenv("GATEWAY_OIDC_AUDIENCE", "gateway")
        monkeypatch.setenv("GATEWAY_OIDC_PURPOSES", '{"risk": ["SECURITY"]}')
        good = await command("doctor")
        monkeypatch.setenv("GATEWAY_OIDC_ALGORITHMS", '["ES512"]')
        unfit = await command("doctor")
    away = await command("doctor")
    assert (good.status, unfit.status, away.status) == (0, 1, 1)
    assert "identity provider ok 2 keys" in words(good.out)
    assert "differs has no key for any of GATEWAY_OIDC_ALGORITHMS" in words(unfit.out)
    assert "its keys cannot be fetched: check GATEWAY_OIDC_ISSUER" in words(away.out)


async def test_the_doctor_says_when_token_use_cannot_be_recorded(stores: dict[str, str]) -> None:
    """If the role that records token use cannot log in, the doctor says what to do."""
    control = await connect_owner(stores["control"])
    await control.execute("ALTER ROLE control_token_use NOLOGIN")
    said = await command("doctor")
    await control.execute("ALTER ROLE control_token_use LOGIN")
    await control.close()
    assert said.status == 1
    refused = "role control_token_use cannot log in: check GATEWAY_CONTROL_DSN; let the role in"
    assert refused in words(said.out)


async def test_the_doctor_says_when_the_ledger_cannot_be_written(stores: dict[str, str]) -> None:
    """If the ledger's role cannot log in, no answer could be recorded: the doctor says what to do."""
    control = await connect_owner(stores["control"])
    await control.execute("ALTER ROLE control_ledger NOLOGIN")
    said, served = await command("doctor"), await command("serve", "--port", "0")
    await control.execute("ALTER ROLE control_ledger LOGIN")
    await control.close()
    assert (said.status, served.status) == (1, 1)
    unwritable = "role control_ledger cannot write the access ledger: check GATEWAY_CONTROL_DSN"
    assert unwritable in words(said.out)
    assert unwritable in served.err


@pytest.mark.parametrize(
    "line",
    [
        "token revoke {}",
        "token rotate {}",
        "token issue --client {} --purpose AUDIT",
        "token issue --client c --purpose {}",
        "token list --client={}",
        "token list {}",
        "policy explain {} --purpose AUDIT",
        "{}",
        "--token {}",
        "token revoke x{}x",
    ],
)
async def test_a_credential_among_the_arguments_is_never_repeated(stores: dict[str, str], line: str) -> None:
    """If an operator types a token in place of its number, the message explains this without quoting it."""
    for credential in (new_token(secrets.token_bytes), Claims("http://127.0.0.1:1").jwt()):
        said = await command(*line.format(credential).split(" "))
        assert (said.status, said.out) == (2, "")
        assert said.err.startswith("gateway: one of the arguments is a token")
        assert credential[:20] not in said.err


async def test_a_token_is_bound_to_one_person_by_any_account_of_theirs(people: dict[str, str]) -> None:
    """The command finds the person's other account through the link, prints it, and the list shows it."""
    for account in ("ma_1", "sa_2"):
        said = await command(
            "token", "issue", "--client", "desk", "--purpose", "SUBJECT_ACCESS", "--subject", account
        )
        assert said.status == 0
        assert "bound to subject ma_1, subject sa_2" in said.err
    assert "subject ma_1, subject sa_2" in (await command("token", "list")).out
    alone = await command(
        "token", "issue", "--client", "desk", "--purpose", "PREFERENCES", "--subject", "ma_3"
    )
    assert "bound to subject ma_3, never" in alone.err


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (["--subject", "ma_9"], "the messenger has no account ma_9"),
        (["--subject", "sa_9"], "the social network has no account sa_9"),
        (["--subject", "ma_3", "--subject", "sa_2"], "ma_3 and sa_2 are not linked"),
        (["--subject", "ma_1", "--subject", "ma_3"], "one account of each store at most"),
        (["--subject", "1"], "one account of each store at most"),
        (["--subject", "ma_1", "--merchant", "77"], "there is no merchant 77"),
        (["--subject", "ma_1", "--business", "77"], "there is no business 77"),
        ([], "A token must be bound for SUBJECT_ACCESS."),
    ],
)
async def test_a_token_is_not_bound_to_an_unknown_person(
    people: dict[str, str], wrong: list[str], words: str
) -> None:
    """For no account, accounts of two people or a malformed one, one line says so; no token is issued."""
    said = await command("token", "issue", "--client", "c", "--purpose", "SUBJECT_ACCESS", *wrong)
    assert (said.status, said.out) == (1, "")
    assert words in said.err


# --- objections -----------------------------------------------------------------------------------


async def test_an_objection_is_recorded_and_withdrawn(stores: dict[str, str]) -> None:
    """`objection record` covers both purposes unless one is named; repeating it succeeds without a change."""
    for line, expected in (
        ("record --account ma_5", "Recorded"),
        ("record --account ma_5", "This objection was in force already"),
        ("recover", "Both stores hold what the events say"),
        ("withdraw --account ma_5 --purpose FRIEND_SUGGESTIONS", "Withdrawn"),
        ("withdraw --account ma_5", "Withdrawn"),
        ("withdraw --account ma_5", "There was no such objection"),
    ):
        said = await command("objection", *line.split())
        assert said.out.startswith(expected)
        assert said.status == 0


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("record --account ma_6", "Not recorded: only members from before 2016-08-25 may object.\n"),
        ("record --account ma_7", "Nothing to do: the messenger has no such account.\n"),
        (
            "record --account sa_5",
            "gateway: --account needs a member's identifier on the messenger, such as ma_5\n",
        ),
        ("record --account ma_5 --purpose SECURITY", "gateway: no member may object to SECURITY\n"),
    ],
)
async def test_an_objection_that_is_not_recorded_says_why(
    stores: dict[str, str], line: str, expected: str
) -> None:
    """If an objection cannot be recorded, one line gives the reason and the status is 1."""
    said = await command("objection", *line.split())
    assert said.out + said.err == expected
    assert said.status == 1


async def test_who_may_object_is_a_setting(stores: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the profile of 2016 the time to object is over; under GDPR members who joined later may, too."""
    messenger = await connect_owner(stores["messenger"])
    await messenger.execute(
        "INSERT INTO messenger.terms_acceptance VALUES (5, '2016-08-25', '2016-08-26') ON CONFLICT DO NOTHING"
    )
    monkeypatch.setenv("GATEWAY_POLICY_PROFILE", "HISTORIC_2016")
    said = await command("objection", "record", "--account", "ma_5")
    assert said.out == "Not recorded: the time to object ended 30 days after accepting the terms.\n"
    assert said.status == 1
    monkeypatch.setenv("GATEWAY_POLICY_PROFILE", "GDPR")
    said = await command("objection", "record", "--account", "ma_6")
    assert (said.status, said.out) == (0, "Recorded: it binds every request from now on, in both stores.\n")
    said = await command("objection", "withdraw", "--account", "ma_6")
    assert said.status == 0
    await messenger.execute("DELETE FROM messenger.terms_acceptance")
    await messenger.close()
    monkeypatch.setenv("GATEWAY_POLICY_PROFILE", "NONE")
    said = await command("objection", "record", "--account", "ma_5")
    assert said.status == 1
    assert "GATEWAY_POLICY_PROFILE" in said.err


# --- suspensions ----------------------------------------------------------------------------------

SUSPEND = "add --jurisdiction DE --from 2016-09-27 --reason order --author dpo"


async def test_a_suspension_is_recorded_listed_and_ended(empty: dict[str, str]) -> None:
    """A suspension restricts all accounts of its country in both stores at once, until it ends."""
    await command("migrate")
    await add_members(empty["messenger"])
    said = await command("suspension", *SUSPEND.split(), "--purpose", "ADS_PERSONALIZATION")
    assert said.out == "Suspension 1: DE from 2016-09-27.\nBoth stores are up to date: 2 accounts changed.\n"
    listed = words((await command("suspension", "list")).out)
    assert "1 DE ADS_PERSONALIZATION 2016-09-27 00:00 not ended order dpo" in listed
    messenger = await connect_owner(empty["messenger"])
    restricted = "SELECT array_agg(restricted ORDER BY id) FROM messenger.account"
    assert await messenger.fetchval(restricted) == [1, 1]
    assert (await command("suspension", "apply")).out == "Both stores are up to date.\n"
    said = await command("suspension", "end", "1")
    assert said.out.endswith("Both stores are up to date: 2 accounts changed.\n")
    assert await messenger.fetchval(restricted) == [0, 0]
    await messenger.close()
    said = await command("suspension", "end", "1")
    assert (said.status, said.out) == (1, "")
    assert "no suspension 1 can end at that time" in said.err


async def test_a_withdrawal_does_not_say_open_while_something_hides(empty: dict[str, str]) -> None:
    """The command names what is hidden after it, and why, and says "open again" only if nothing is."""
    await command("migrate")
    await add_members(empty["messenger"])
    assert (await command("objection", "record", "--account", "ma_5")).status == 0
    await command("suspension", *SUSPEND.split(), "--purpose", "ADS_PERSONALIZATION")
    withdraw = ("objection", "withdraw", "--account", "ma_5")
    ads, friends = "ADS_PERSONALIZATION", "FRIEND_SUGGESTIONS"
    said = (await command(*withdraw, "--purpose", ads)).out
    assert said == f"Withdrawn. Data is still hidden for {friends} (objection), {ads} (suspension).\n"
    assert (await command(*withdraw)).out == f"Withdrawn. Data is still hidden for {ads} (suspension).\n"
    said = (await command(*withdraw)).out
    assert said == f"There was no such objection to withdraw. Data is hidden for {ads} (suspension).\n"
    await command("suspension", "end", "1")
    await command("objection", "record", "--account", "ma_5")
    assert (await command(*withdraw)).out == "Withdrawn: the data is open again from now on.\n"


async def test_the_suspensions_of_2016_are_recorded_once(empty: dict[str, str]) -> None:
    """The command records the three suspensions of 2016; a second run adds none."""
    await command("migrate")
    first, second = await command("suspension", "historic"), await command("suspension", "historic")
    assert first.out.count("Suspension ") == 3
    assert second.out.count("is recorded already") == 3


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("add --jurisdiction de --from 2016-09-27 --reason r --author a", "the two capital letters"),
        ("add --jurisdiction DE --from 2016-09-27 --until 2016-09-27 --reason r --author a", "later than"),
        (
            "add --jurisdiction DE --from 2016-09-27 --reason r --author a --purpose SECURITY",
            "no member may object",
        ),
    ],
)
async def test_a_suspension_that_makes_no_sense_is_not_recorded(
    stores: dict[str, str], line: str, expected: str
) -> None:
    """For an impossible suspension one line says why, and nothing is written."""
    said = await command("suspension", *line.split())
    assert (said.status, said.out) == (1, "")
    assert expected in said.err


async def test_serve_refuses_to_start_where_no_role_may_write_objections(stores: dict[str, str]) -> None:
    """If the objections' role may do more than it should, or cannot log in, one line says what to do."""
    control = await connect_owner(stores["control"])
    await control.execute("GRANT SELECT ON control.token TO control_objections")
    said = await command("serve", "--port", "0")
    assert (said.status, said.out) == (1, "")
    assert "role control_objections has a privilege on control.token" in said.err
    await control.execute("REVOKE SELECT ON control.token FROM control_objections")
    await control.execute("ALTER ROLE social_objections NOLOGIN")
    said, examined = await command("serve", "--port", "0"), await command("doctor")
    await control.execute("ALTER ROLE social_objections LOGIN")
    refused = "role social_objections cannot log in: check GATEWAY_SOCIAL_DSN; let the role in"
    assert said.err.startswith(f"gateway: social: {refused}")
    assert said.err.count("\n") == 1
    assert refused in words(examined.out)
    await control.execute("INSERT INTO control.unsettled VALUES (5)")
    said = await command("doctor")
    assert "1 not in both stores yet" in words(said.out)
    await control.execute("DELETE FROM control.unsettled")
    await control.close()


async def test_recover_finishes_what_a_crash_left(
    empty: dict[str, str],
) -> None:
    """After `objection recover` an objection that a crash left half-written is in force in both stores."""
    await command("migrate")
    await add_members(empty["messenger"])
    connection = await connect_owner(empty["control"])
    await connection.execute(
        "INSERT INTO control.objection_event (account_id, kind, purposes, channel, terms_version)"
        " VALUES (5, 'OBJECT', '{ADS_PERSONALIZATION}', 'test', '2016-08-25')"
    )
    await connection.close()
    said = await command("objection", "recover")
    assert said.out == "1 accounts corrected.\n"
    connection = await connect_owner(empty["messenger"])
    assert await connection.fetchval("SELECT restricted FROM messenger.account WHERE id = 5") == 1
    await connection.close()


# --- data -----------------------------------------------------------------------------------------


async def test_made_up_people_and_public_data_are_loaded(empty: dict[str, str], tmp_path: Path) -> None:
    """`generate` fills empty stores; neither it nor `import snap` touches stores that hold rows."""
    await command("migrate")
    said = await command("generate", "--accounts", "1000")
    assert (said.status, said.out) == (0, "1,000 accounts on each store.\n")
    (tmp_path / "friendships").write_text("1 2\n")
    (tmp_path / "messages").write_text("1 2 1082008561\n")
    files = ["--friendships", str(tmp_path / "friendships"), "--messages", str(tmp_path / "messages")]
    again = await command("import", "snap", *files)
    assert again.status == 1
    assert "already holds rows" in again.err


async def test_the_public_data_sets_are_loaded(empty: dict[str, str], tmp_path: Path) -> None:
    """`import snap` says how much of each kind it loaded."""
    await command("migrate")
    (tmp_path / "friendships").write_text("1 2\n")
    (tmp_path / "messages").write_text("1 2 1082008561\n")
    said = await command(
        *("import", "snap", "--friendships", str(tmp_path / "friendships")),
        *("--messages", str(tmp_path / "messages")),
    )
    assert said.status == 0
    assert "1 friendships" in words(said.out)


# --- what stops a command -------------------------------------------------------------------------


async def test_settings_are_printed_without_a_secret(
    settings_of: Callable[[dict[str, str]], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`settings` prints a file that gives the same settings, except for the masked secrets."""
    dsns = {store: f"postgresql://u:pa55word@db/{store}" for store in STORES}
    settings_of(dsns)
    given = {
        "GATEWAY_PORT": "1234",
        "GATEWAY_SHARDED": "true",
        "GATEWAY_OIDC_ISSUER": "https://idp.example",
        "GATEWAY_OIDC_AUDIENCE": 'it\'s a "gateway"',
        "GATEWAY_OIDC_ALGORITHMS": '["ES256"]',
        "GATEWAY_OIDC_PURPOSES": '{"the \\"team\\"": ["SECURITY", "AUDIT"], "x.y": []}',
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    expected = Settings()  # type: ignore[call-arg]
    said = await command("settings")
    assert "pa55word" not in said.out
    assert SECRET not in said.out
    (tmp_path / "gateway.toml").write_text(said.out)
    for name in given:
        monkeypatch.delenv(name)
    monkeypatch.setenv(CONFIG_FILE, str(tmp_path / "gateway.toml"))
    assert Settings() == expected  # type: ignore[call-arg]
    assert expected.oidc_purposes == {'the "team"': (Purpose.SECURITY, Purpose.AUDIT), "x.y": ()}


DSNS = {
    "postgresql://x:pa55word@127.0.0.1:1/x": "messenger: nothing answers there; check GATEWAY_MESSENGER_DSN",
    "mysql://x:pa55word@127.0.0.1:1/x": "messenger: the DSN is not of the form postgresql://user:password@host:5432/"
    "database; check GATEWAY_MESSENGER_DSN",
    "pa55word": "messenger: the DSN is not of the form postgresql://user:password@host:5432/database; "
    "check GATEWAY_MESSENGER_DSN",
}


@pytest.mark.parametrize("dsn", DSNS)
async def test_a_dsn_that_leads_nowhere_is_one_line_without_its_password(
    settings_of: Callable[[dict[str, str]], None], dsn: str
) -> None:
    """The line names the setting and never quotes its value."""
    settings_of(dict.fromkeys(STORES, dsn))
    said = await command("migrate")
    assert said == Said(1, "", f"gateway: {DSNS[dsn]}\n")


async def test_an_unknown_database_is_one_line(
    embedded: EmbeddedPostgres, settings_of: Callable[[dict[str, str]], None]
) -> None:
    """If a database does not exist, one line of our own words says so."""
    settings_of(dict.fromkeys(STORES, embedded.dsn("nowhere")))
    said = await command("migrate")
    assert said.err == "gateway: messenger: there is no such database; check GATEWAY_MESSENGER_DSN\n"


async def test_missing_tables_are_one_line(empty: dict[str, str]) -> None:
    """A command on databases that were never migrated says what to run."""
    said = await command("token", "list")
    assert said == Said(1, "", "gateway: control: a table is missing: run `gateway migrate`\n")


async def test_a_login_without_the_owner_s_rights_is_one_line(
    stores: dict[str, str], embedded: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a login may only read, one line names the setting that takes the owner's login."""
    database = stores["messenger"].partition("@/")[2].partition("?")[0]
    monkeypatch.setenv("GATEWAY_MESSENGER_OWNER_DSN", embedded.dsn(database, "messenger_security"))
    said = await command("universe", "--store", "messenger", "--apply")
    assert said.status == 1
    assert "GATEWAY_MESSENGER_OWNER_DSN" in said.err
    assert len(said.err.splitlines()) == 1


def test_an_unforeseen_error_is_reported_without_its_text() -> None:
    """The command prints an unforeseen error's type, SQLSTATE and stack, and never its message."""

    class Odd(Exception):
        sqlstate = "23505"

    try:
        raise Odd("+4915112345678")
    except Odd as error:
        told = "\n".join(unexpected(error))
    assert "Odd" in told
    assert "23505" in told
    assert Path(__file__).name in told
    assert "+49" not in told


# --- serve ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_serve_answers_until_a_signal_stops_it(
    stores: dict[str, str], serve: Serve, number: signal.Signals
) -> None:
    """`serve` prints its address once it answers, stops on a signal with status 0, and logs no token."""
    token = (await command("token", "issue", "--client", "c", "--purpose", "SECURITY")).out.strip()
    with serve() as served:
        async with httpx.AsyncClient(headers={"authorization": f"Bearer {token}"}) as client:
            await until_ready(client, served.url)
            answer = await client.post(served.graphql, json={"query": "{ policy { purpose } }"})
        assert answer.json() == {"data": {"policy": {"purpose": Purpose.SECURITY}}}
        assert "server" not in answer.headers
        out, err = served.stop(number)
    assert served.process.returncode == 0
    assert out == "Stopped.\n"
    assert token not in err


async def test_no_credential_is_in_a_log_an_error_or_the_process_list(
    stores: dict[str, str], serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Good or bad, a token or a JWT, in a header, a body or an address, while all goes well or the provider
    is away: the log, the answers and what `ps` shows hold nothing of it. Who used which is in the list.
    """
    issued = await command("token", "issue", "--client", "quiet", "--purpose", "SECURITY", "--expires", "13d")
    token = issued.out.strip()
    with providing() as provider:
        claims = Claims(provider.issuer)
        jwts = [claims.jwt(), claims.jwt("never-published"), claims.jwt(exp=1), claims.jwt()[:-9]]
        shown = [token, new_token(secrets.token_bytes), *jwts, "gw_" + "x" * 49]
        monkeypatch.setenv("GATEWAY_OIDC_ISSUER", provider.issuer)
        monkeypatch.setenv("GATEWAY_OIDC_AUDIENCE", AUDIENCE)
        monkeypatch.setenv("GATEWAY_OIDC_PURPOSES", '{"ads-team": ["ADS_PERSONALIZATION"]}')
        with serve() as served:
            async with httpx.AsyncClient() as client:
                await until_ready(client, served.url)
                answers = [await show(client, served.url, each) for each in shown]
                provider.stop()
                answers += [await show(client, served.url, each) for each in shown]
            listed = psutil.Process(served.process.pid)
            seen = " ".join(listed.cmdline()) + str(listed.environ())
            out, err = served.stop()
    assert [each[0] for each in answers] == [200, 401, 200, 401, 401, 401, 401] * 2
    everything = "\n".join([out, err, seen, *(text for _, text in answers)])
    secrets_of = [part for each in shown for part in each.split(".") if not part.startswith("eyJhbGci")]
    assert [part for part in secrets_of if part in everything] == []
    used = json.loads((await command("token", "list", "--client", "quiet", "--format", "json")).out)
    assert used[0]["last_used_at"] is not None
    lines = [json.loads(line) for line in err.splitlines()]
    warned = {each["token_id"] for each in lines if each["message"] == "A token expires soon: rotate it."}
    assert str(used[0]["token_id"]) in warned


async def show(client: httpx.AsyncClient, url: str, credential: str) -> tuple[int, str]:
    """The status of a request with this credential, and every byte that the gateway answers to it."""
    headers = {"authorization": f"Bearer {credential}"}
    question = {"query": "{ policy { purpose } }"}
    answer = await client.post(f"{url}/graphql", json=question, headers=headers)
    others = [
        await client.get(f"{url}/graphql", params={"access_token": credential, **question}),
        await client.post(f"{url}/graphql", json={**question, "token": credential}),
        await client.get(f"{url}/{credential}", headers=headers),
        await client.post(f"{url}/lists", params={"offer": credential}, headers=headers),
    ]
    assert {each.status_code for each in others} <= {401, 403, 404, 415}
    return answer.status_code, "\n".join(f"{each.headers} {each.text}" for each in (answer, *others))


async def until_ready(client: httpx.AsyncClient, url: str) -> None:
    """Return once every store and the token book can be asked."""
    for _ in range(200):
        if (await client.get(f"{url}/readyz")).status_code == 200:
            return
        await asyncio.sleep(0.05)
    pytest.fail("the gateway is not ready after ten seconds")


async def test_serve_refuses_a_store_that_differs(empty: dict[str, str]) -> None:
    """`serve` does not start if a store differs from the policy; its lines say what to do."""
    said = await command("serve", "--port", "0")
    assert said.status == 1
    assert said.out == ""
    assert "run `gateway universe --store messenger --apply`" in said.err


async def test_a_taken_port_is_one_line(stores: dict[str, str]) -> None:
    """If the port is taken, one line names it and says how to choose another."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = await command("serve", "--port", str(port))
    assert said == Said(
        1,
        "",
        f"gateway: port {port} on 127.0.0.1 is in use: stop what listens there, "
        "or choose another with --port or GATEWAY_PORT\n",
    )


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid"])
def test_an_address_of_another_machine_is_one_line(host: str) -> None:
    """If the address is another machine's, one line names the setting."""
    with pytest.raises(Problem, match="is no address of this machine: choose another with GATEWAY_HOST"):
        listen(host, 0)
