"""The certificate: what each universe reaches is read twice and compared with the policy's table.

Each spoiled store differs from the policy in one way; the certificate alone must notice it.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateway.app import open_gateway
from gateway.upkeep.advice import with_advice
from gateway.upkeep.certificate import is_genuine
from gateway.upkeep.store_logins import NotReady
from resolvers.sources.catalogue import RELATIONS, Class, Store
from resolvers.sources.fields import OBJECTS
from resolvers.stores.pool import connect_owner
from resolvers.universe.difference import Difference, DifferenceKind
from resolvers.universe.inspection import differences
from resolvers.universe.proof.compare import Gap, prove
from resolvers.universe.proof.opened import COLUMNS
from resolvers.universe.render import apply, fingerprint, universes
from schema.policy.matrix import digest
from schema.purposes import Purpose
from tests.commands.test_cli import command
from tests.kit.gateway import NewDatabase, Side, open_side

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection
    from tests.conftest import Connect


@pytest.fixture(scope="module")
async def side(new_database: NewDatabase) -> AsyncIterator[Side]:
    """Stores as the policy says."""
    async with open_side(new_database) as opened:
        yield opened


@pytest.mark.parametrize("store", Store)
async def test_each_universe_reaches_what_the_policy_opens_and_nothing_else(
    new_database: NewDatabase, connect: Connect, store: Store
) -> None:
    """Every view of every universe is proved, in both ways: no row or column too many, and no row too few.

    Without a gateway, whose start would refuse a universe for other reasons, too.
    """
    owner = await connect(await new_database(store))
    await apply(owner, OBJECTS, store)
    begun = time.process_time()
    proof = await prove(owner, store)
    assert proof.gaps == ()
    assert {line["view"] for line in proof.lines} == {
        f"{universe.purpose.universe}.{view}"
        for universe in universes(OBJECTS, store)
        for view in universe.views
    }
    assert time.process_time() - begun < 1


def test_the_table_of_columns_names_no_content_and_no_restriction() -> None:
    """What the certificate takes for open is data, and never content, hashes or restrictions."""
    closed = {Class.CONTENT, Class.RESTRICTION, Class.BLIND, Class.GATEWAY}
    kinds = {
        f"{relation.qualified}.{name}": column.kind
        for relation in RELATIONS
        for name, column in relation.columns.items()
    }
    for table, columns in COLUMNS.items():
        assert not [name for name in columns if name != "*" and kinds[f"{table}.{name}"] in closed], table


VIEW = "CREATE OR REPLACE VIEW ads_personalization."
ADS = "messenger_ads_personalization"
PHONES = "social_ads_personalization"
SPOILED = {
    "a view without its condition": (
        Store.MESSENGER,
        f"{VIEW}phone_lookup AS SELECT t.phone, t.account_id FROM messenger.phone_lookup t",
        Gap(ADS, "ads_personalization.phone_lookup", "has rows that only row security hides: restricted 1"),
    ),
    "a view with a condition that always holds": (
        Store.MESSENGER,
        f"{VIEW}phone_lookup AS SELECT t.phone, t.account_id FROM messenger.phone_lookup t"
        " WHERE t.restricted & 1 = 0 OR t.restricted & 2 = 0",
        Gap(ADS, "ads_personalization.phone_lookup", "has rows that only row security hides: restricted 1"),
    ),
    "a view with the bit of another purpose": (
        Store.MESSENGER,
        f"{VIEW}phone_lookup AS SELECT t.phone, t.account_id FROM messenger.phone_lookup t"
        " WHERE t.restricted & 2 = 0",
        Gap(ADS, "ads_personalization.phone_lookup", "has rows that only row security hides: restricted 1"),
    ),
    "a view that hides too much": (
        Store.MESSENGER,
        f"{VIEW}phone_lookup AS SELECT t.phone, t.account_id FROM messenger.phone_lookup t"
        " WHERE t.restricted = 0",
        Gap(ADS, "ads_personalization.phone_lookup", "lacks rows that the policy opens: restricted 2"),
    ),
    "one column more": (
        Store.MESSENGER,
        f"{VIEW}account AS SELECT t.id, t.phone, t.country_code, t.registered_at FROM messenger.account t"
        " WHERE t.restricted & 1 = 0",
        Gap(
            ADS,
            "ads_personalization.account",
            "shows messenger.account.registered_at as registered_at, which no line of the policy opens",
        ),
    ),
    "a column under another's name": (
        Store.MESSENGER,
        "CREATE OR REPLACE VIEW friend_suggestions.account AS SELECT t.id, t.phone AS country_code"
        " FROM messenger.account t WHERE t.restricted & 2 = 0",
        Gap(
            "messenger_friend_suggestions",
            "friend_suggestions.account",
            "shows messenger.account.phone as country_code, which no line of the policy opens",
        ),
    ),
    "a branch more": (
        Store.MESSENGER,
        f"{VIEW}phone_lookup AS SELECT t.phone, t.account_id FROM messenger.phone_lookup t"
        " WHERE t.restricted & 1 = 0 UNION ALL SELECT phone, id FROM messenger.account",
        Gap(ADS, "ads_personalization.phone_lookup", "cannot be read: it is a Union, and not one SELECT"),
    ),
    "a value computed from content": (
        Store.MESSENGER,
        f'{VIEW}phone_lookup AS SELECT (SELECT body COLLATE "C" FROM content.message LIMIT 1) AS phone,'
        " t.account_id FROM messenger.phone_lookup t WHERE t.restricted & 1 = 0",
        Gap(ADS, "ads_personalization.phone_lookup", "cannot be read: it shows Subquery, and not a column"),
    ),
    "a far end that is not looked at": (
        Store.MESSENGER,
        "ALTER POLICY gateway_friend_suggestions ON messenger.contact USING (contact.restricted & 2 = 0)",
        Gap(
            "messenger_friend_suggestions",
            "friend_suggestions.contact",
            "has rows that the policy hides: restricted 0, far end restricted 2",
        ),
    ),
    "numbers for the second factor": (
        Store.SOCIAL,
        f"{VIEW}phone_binding AS SELECT t.account_id, t.source, t.number FROM social.phone_binding t"
        " WHERE t.source <> 'MESSENGER_SHARED' OR t.restricted & 1 = 0;"
        "ALTER POLICY gateway_ads_personalization ON social.phone_binding"
        " USING (source <> 'MESSENGER_SHARED' OR restricted & 1 = 0)",
        Gap(
            PHONES,
            "ads_personalization.phone_binding",
            "has rows that the policy hides: SECURITY_2FA, restricted 0",
        ),
    ),
    "row security that is off": (
        Store.MESSENGER,
        "ALTER TABLE messenger.daily_usage DISABLE ROW LEVEL SECURITY",
        Gap(ADS, "ads_personalization.daily_usage", "lets conditions see hidden rows: restricted 1"),
    ),
    "a view whose owner sees every row": (
        Store.MESSENGER,
        "ALTER VIEW ads_personalization.account OWNER TO postgres",
        Gap(ADS, "ads_personalization.account", "lets conditions see hidden rows: restricted 1"),
    ),
    "content granted": (
        Store.MESSENGER,
        "GRANT SELECT (body) ON content.message TO messenger_security",
        Gap("messenger_security", "content.message", "is granted: body"),
    ),
    "a pseudonym's key": (
        Store.CONTROL,
        "CREATE OR REPLACE VIEW audit.objection_event AS SELECT p.person, t.account_id AS id, t.kind,"
        " t.purposes, t.recorded_at, t.effective_at, t.channel, t.terms_version"
        " FROM control.objection_event t JOIN control.pseudonym p ON p.account_id = t.account_id",
        Gap(
            "control_audit",
            "audit.objection_event",
            "shows control.objection_event.account_id as id, which no line of the policy opens",
        ),
    ),
}


@pytest.mark.parametrize("name", SPOILED)
async def test_a_widened_universe_is_found_by_the_certificate_alone(side: Side, name: str) -> None:
    """The certificate names the view and what it has too much or too little; then all is as before."""
    store, does, gap = SPOILED[name]
    owner = side.owner(store)
    transaction = owner.transaction()
    await transaction.start()
    try:
        await owner.execute(does)
        assert gap in (await prove(owner, store)).gaps
    finally:
        await transaction.rollback()
    assert (await prove(owner, store)).gaps == ()


async def signed_again(owner: Connection, purpose: Purpose) -> None:
    """Note the changed universe's own fingerprint, as who changes it may."""
    schema = purpose.universe
    comment = await owner.fetchval("SELECT obj_description($1::regnamespace, 'pg_namespace')", schema)
    noted = " ".join([*comment.split()[:3], await fingerprint(owner, purpose)])
    await owner.execute(f"COMMENT ON SCHEMA {schema} IS '{noted}'")


async def test_a_start_refuses_what_the_certificate_does_not_prove(side: Side) -> None:
    """A view with one column more, signed again, passes every other comparison; the start names it."""
    owner = await connect_owner(side.settings.owner_dsn("messenger"))
    await owner.execute(SPOILED["one column more"][1])
    await signed_again(owner, Purpose.ADS_PERSONALIZATION)
    try:
        assert await differences(owner, OBJECTS, Store.MESSENGER) == []
        with pytest.raises(NotReady) as refusal:
            async with open_gateway(side.settings):
                raise AssertionError("it serves")
        shown = "messenger.account.registered_at as registered_at"
        expected = Difference(
            DifferenceKind.NOT_PROVED,
            Store.MESSENGER,
            "ads_personalization.account",
            relation=f"shows {shown}, which no line of the policy opens",
        )
        assert refusal.value.lines == [f"messenger: {with_advice(expected)}"]
    finally:
        await apply(owner, OBJECTS, Store.MESSENGER)
        await owner.close()


async def test_an_auditor_checks_the_certificate_with_the_public_key_alone(
    side: Side, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The JSON is signed; a change of any part is found, and so is another key."""
    for name in ("messenger", "social", "control"):
        monkeypatch.setenv(f"GATEWAY_{name.upper()}_DSN", side.settings.owner_dsn(name))
    monkeypatch.setenv("GATEWAY_SECRET", side.settings.secret.get_secret_value())
    said = await command("policy", "prove", "--format", "json")
    assert said.status == 0, said.err
    certificate = json.loads(said.out)
    assert (certificate["gaps"], certificate["policy"]) == ([], digest())
    kept = tmp_path / "certificate.json"
    kept.write_text(said.out)
    key = (await command("ledger", "key")).out.strip()
    checked = await command("policy", "prove", "--verify", str(kept), "--public-key", key)
    assert (checked.status, key in checked.out) == (0, True), checked.err
    certificate["views"][0]["rows"] = "all, and more"
    assert not is_genuine(certificate, bytes.fromhex(key))
    kept.write_text(json.dumps(certificate))
    assert (await command("policy", "prove", "--verify", str(kept), "--public-key", key)).status == 1
    assert (await command("policy", "prove", "--verify", str(kept), "--public-key", "00" * 32)).status == 1
    table = await command("policy", "prove")
    assert (table.status, "messenger.phone_lookup" in table.out) == (0, True)
