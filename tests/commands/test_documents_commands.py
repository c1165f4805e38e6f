"""`gateway documents`: documents are checked, and what they disclose is shown, before registration."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gateway.access.tokens import issue
from gateway.commands.documents import MAX_BYTES
from gateway.documents.registered import Document, Setting, hash_of, register, registered, settings_of_clients
from schema.purposes import Purpose
from schema.refusals import Code
from tests.commands.test_cli import Said, command, words
from tests.kit.gateway import ADS, INFRASTRUCTURE, SECURITY, SOMEBODY, Side, open_side, send

if TYPE_CHECKING:
    from tests.kit.gateway import NewDatabase

PHONES = """
query Phones($ids: [ID!]!) {
  messengerAccounts(ids: $ids) { totalCount nodes { phone usage { activeDays28 } } }
}
"""
POLICY = "query Policy { policy { digest } }"
CONTACTS = "query Contacts($id: ID!) { messengerAccount(id: $id) { contacts { nodes { id } } } }"


@pytest.fixture(scope="module")
async def side(new_database: NewDatabase) -> AsyncIterator[Side]:
    """Empty stores with a gateway."""
    async with open_side(new_database) as opened:
        yield opened


@pytest.fixture
async def client(side: Side, monkeypatch: pytest.MonkeyPatch) -> str:
    """A new client with tokens for ads and infrastructure; the environment names the side's databases."""
    for name in [each for each in os.environ if each.startswith("GATEWAY_")]:
        monkeypatch.delenv(name)
    for store in ("messenger", "social", "control"):
        monkeypatch.setenv(f"GATEWAY_{store.upper()}_DSN", side.settings.owner_dsn(store))
    monkeypatch.setenv("GATEWAY_SECRET", side.settings.secret.get_secret_value())
    name = f"client-{secrets.token_hex(4)}"
    await give_token(side, name, ADS)
    await give_token(side, name, INFRASTRUCTURE)
    return name


async def give_token(side: Side, client: str, *purposes: Purpose) -> str:
    """A token for these purposes."""
    key = side.settings.key("tokens")
    return (
        await issue(
            side.control,
            key,
            client,
            purposes=purposes,
            expires_at=None,
            random=secrets.token_bytes,
            principal=SOMEBODY,
        )
    ).token


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two documents, one of them in a folder below."""
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "phones.graphql").write_text(PHONES)
    (tmp_path / "policy.gql").write_text(POLICY)
    (tmp_path / "notes.txt").write_text("no document")
    return tmp_path


async def push(folder: Path, client: str, *more: str) -> Said:
    """`gateway documents push`."""
    return await command("documents", "push", str(folder), "--client", client, *more)


async def held(side: Side, client: str) -> dict[str, tuple[Purpose, ...]]:
    """The client's registered texts, with their purposes."""
    return {each.document.text: each.document.purposes for each in await registered(side.control, client)}


# --- push -----------------------------------------------------------------------------------------


async def test_a_pushed_document_runs_by_the_hash_of_its_file(side: Side, client: str, folder: Path) -> None:
    """After a push, under enforce, a client runs a document by the hash that `sha256sum` prints."""
    token = await give_token(side, client, ADS)
    assert (await push(folder, client, "--by", "jane")).status == 0
    assert (await command("documents", "mode", "--client", client, "enforce")).status == 0
    await side.documents.cache.refreshed()
    await side.book.refreshed()
    headers = side.authorised(ADS, token)
    digest = hash_of((folder / "policy.gql").read_bytes().decode()).hex()
    trusted = await send(side.app, headers=headers, body=b'{"documentId": "sha256:%s"}' % digest.encode())
    other = await send(side.app, headers=headers, body=b'{"query": "{ policy { purpose } }"}')
    assert trusted.data["policy"]["digest"]
    assert other.codes == [Code.DOCUMENT_NOT_TRUSTED]


async def test_push_prints_what_each_document_discloses_for_each_purpose(client: str, folder: Path) -> None:
    """Push prints a document's fields as in the matrix, personal ones with their mark, and its arguments."""
    said = await push(folder, client)
    text = words(said.out)
    for wanted in (
        "below/phones.graphql",
        "policy.gql",
        hash_of(PHONES).hex()[:16],
        "ADS_PERSONALIZATION",
        "INFRASTRUCTURE",
        "MessengerAccount.phone [A]",
        "MessengerAccount.phone [V]",
        "UsageStats.activeDays28 [A]",
        "MessengerAccountConnection.totalCount [A]",
        "Query.messengerAccounts(ids:)",
        "PolicyVersion.digest",
    ):
        assert wanted in text, wanted
    assert "PolicyVersion.digest [" not in text
    assert "2 registered" in text


async def test_a_document_is_registered_for_the_purposes_under_which_it_is_valid(
    side: Side, client: str, folder: Path
) -> None:
    """A document is registered for those purposes of the client's live tokens under which it is valid."""
    (folder / "usage.gql").write_text("{ messengerAccounts { nodes { registeredAt } } }")
    assert (await push(folder, client)).status == 0
    assert await held(side, client) == {
        PHONES: (ADS, INFRASTRUCTURE),
        POLICY: (ADS, INFRASTRUCTURE),
        "{ messengerAccounts { nodes { registeredAt } } }": (INFRASTRUCTURE,),
    }


async def test_a_dry_run_shows_the_same_and_registers_nothing(side: Side, client: str, folder: Path) -> None:
    """`--dry-run` prints what a push would print, for a review, and registers nothing."""
    dry = await push(folder, client, "--dry-run")
    assert (dry.status, await held(side, client)) == (0, {})
    wet = await push(folder, client)
    assert dry.out.splitlines()[:-1] == wet.out.splitlines()[:-1]


async def test_pushing_twice_changes_nothing(side: Side, client: str, folder: Path) -> None:
    """A second push changes neither the revision that every process polls nor who registered a document."""
    await push(folder, client, "--by", "jane")
    before = await side.control.fetchval("SELECT number FROM control.document_revision")
    again = await push(folder, client, "--by", "joe")
    assert "All 2 were registered" in again.out
    assert await side.control.fetchval("SELECT number FROM control.document_revision") == before
    assert {each.registered_by for each in await registered(side.control, client)} == {"jane"}


BAD: dict[str, tuple[bytes, str]] = {
    "a field that no purpose of the client sees": (
        b"\n\n{ messengerAccounts { nodes { contactCountBand } } }", ":3: FieldsOnCorrectType"
    ),
    "no GraphQL": (b"\nquery {", ":2: GRAPHQL_PARSE_FAILED"),
    "nothing": (b"", ":1: GRAPHQL_PARSE_FAILED"),
    "no operation": (b"fragment F on PolicyVersion { digest }", ": OPERATION_RESOLUTION_FAILURE"),
    "two of one name": (f"{POLICY} {POLICY}".encode(), ":1: UniqueOperationNames"),
    "not UTF-8": (b'{ policy { digest } } # \xff', ": is not UTF-8"),
    "NUL": (b"{ policy { digest } } \0", ":1: GRAPHQL_PARSE_FAILED"),
    "huge": (b"#" * (MAX_BYTES + 1), ": is larger than 102,400 bytes"),
    "huge and not UTF-8": (b"\xff" * (MAX_BYTES + 1), ": is larger"),
    "deep": (b"{ a " * 30 + b"}" * 30, ": DOCUMENT_TOO_LARGE"),
    "a value that no field takes": (b'{ messengerAccount(id: "sa_5") { id } }', ":1: BAD_USER_INPUT"),
    "more rows than may be touched": (
        b"query {" + b"".join(
            b" a%d: messengerAccounts(first: 1000) { nodes { socialAccount { phones { source } } } }" % number
            for number in range(40)
        ) + b"}",
        ":1: COST_TOO_HIGH",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "why"), BAD.values(), ids=BAD)
async def test_one_bad_document_stops_the_whole_push(
    side: Side, client: str, folder: Path, *, text: bytes, why: str
) -> None:
    """If a document is invalid, push names its line and rule without quoting it, and registers nothing."""
    (folder / "bad.graphql").write_bytes(text)
    said = await push(folder, client)
    assert said.status == 1
    assert f"bad.graphql{why}" in said.err
    assert "phones.graphql" not in said.err
    assert await held(side, client) == {}


async def test_a_document_that_only_some_variables_make_invalid_is_registered(
    side: Side, client: str, tmp_path: Path
) -> None:
    """A document that only some variables make invalid is registered: variables arrive with the request."""
    text = "query Either($id: ID, $phone: PhoneNumber) { messengerAccount(id: $id, phone: $phone) { id } }"
    (tmp_path / "either.graphql").write_text(text)
    assert (await push(tmp_path, client)).status == 0
    assert text in await held(side, client)


async def test_an_empty_folder_is_a_problem(client: str, tmp_path: Path) -> None:
    """A push of an empty folder fails: the operator has probably mistyped its name."""
    said = await push(tmp_path, client)
    assert (said.status, said.out) == (1, "")
    assert "no *.graphql or *.gql file" in said.err


async def test_a_folder_that_is_not_there_is_wrong_usage(client: str, tmp_path: Path) -> None:
    """A missing folder, or a file in its place, is a usage error."""
    (tmp_path / "file.graphql").write_text(POLICY)
    assert (await push(tmp_path / "nowhere", client)).status == 2
    assert (await push(tmp_path / "file.graphql", client)).status == 2


async def test_a_circle_of_links_does_not_stop_a_push(side: Side, client: str, folder: Path) -> None:
    """Push follows no link to a folder, and names a broken link to a file."""
    (folder / "below" / "round").symlink_to(folder, target_is_directory=True)
    assert (await push(folder, client)).status == 0
    assert len(await held(side, client)) == 2
    (folder / "itself.graphql").symlink_to(folder / "itself.graphql")
    said = await push(folder, client)
    assert (said.status, "itself.graphql: cannot be read" in said.err) == (1, True)


async def test_push_does_not_wait_for_a_pipe(client: str, folder: Path) -> None:
    """Push skips a pipe instead of waiting for it."""
    os.mkfifo(folder / "pipe.graphql")
    assert "pipe.graphql: cannot be read" in (await push(folder, client)).err


async def test_a_file_s_name_does_not_move_the_cursor(client: str, folder: Path) -> None:
    """Control characters and markup in a file's name have no effect on the terminal."""
    (folder / "\x1b[2J[red]x.graphql").write_text(POLICY)
    said = await push(folder, client)
    assert "\x1b" not in said.out
    assert "?[2J[red]x.graphql" in words(said.out)


async def test_a_client_without_a_token_registers_nothing(side: Side, client: str, folder: Path) -> None:
    """Push fails for a client without a live token: there is no purpose to register a document for."""
    assert "has no live token" in (await push(folder, f"{client}-mistyped")).err
    await side.control.execute("UPDATE control.token SET revoked_at = now() WHERE client = $1", client)
    assert "has no live token" in (await push(folder, client)).err


async def test_a_client_of_an_identity_provider_is_named_with_its_purposes(
    side: Side, folder: Path, client: str, *, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that uses JWTs has no token here, so the operator names its purposes at the push."""
    name = f"{client}-of-provider"
    assert (await push(folder, name, "--purpose", "SECURITY")).status == 0
    assert set((await held(side, name)).values()) == {(SECURITY,)}
    assert (await command("documents", "mode", "--client", name, "enforce")).status == 0
    # With a provider, a client that has registered nothing yet may still be the provider's.
    other = f"{client}-without"
    assert (await command("documents", "mode", "--client", other, "log", "--automatic")).status == 1
    monkeypatch.setenv("GATEWAY_OIDC_ISSUER", "https://issuer.example")
    monkeypatch.setenv("GATEWAY_OIDC_AUDIENCE", "gateway")
    monkeypatch.setenv("GATEWAY_OIDC_PURPOSES", '{"ads": ["ADS_PERSONALIZATION"]}')
    assert (await command("documents", "mode", "--client", other, "log", "--automatic")).status == 0
    for bad in ("", "a b", "x" * 64, "-x\n"):
        said = await command("documents", "mode", "enforce", f"--client={bad}")
        assert (said.status, "--client needs a name" in said.err) == (1, True)
        assert (await push(folder, f"{bad} ")).status == 1


async def test_a_named_purpose_is_added_to_those_of_the_tokens(side: Side, client: str, folder: Path) -> None:
    """A purpose named at the push is added to those of the client's tokens."""
    assert (await push(folder, client, "--purpose", "SECURITY")).status == 0
    assert set((await held(side, client)).values()) == {(ADS, INFRASTRUCTURE, SECURITY)}


# --- mode, list, retire ---------------------------------------------------------------------------


async def test_a_mode_is_set_and_kept(side: Side, client: str) -> None:
    """`mode` changes only the options that are given; under enforce no document registers itself."""

    async def mode(*words_: str) -> Setting:
        assert (await command("documents", "mode", "--client", client, *words_)).status == 0
        return (await settings_of_clients(side.control))[client]

    assert str(await mode("log")) == str(Setting())
    assert (await mode("log", "--automatic")).automatic
    assert (await mode("prefer")).automatic
    assert not (await mode("prefer", "--no-automatic")).automatic
    assert (await mode("log", "--automatic")).automatic
    assert not (await mode("enforce")).automatic
    assert not (await mode("log")).automatic


async def test_enforce_and_automatic_exclude_each_other(side: Side, client: str) -> None:
    """The command refuses enforce with automatic, and so does the store if an operator writes SQL."""
    said = await command("documents", "mode", "--client", client, "enforce", "--automatic")
    assert said.status == 1
    with pytest.raises(Exception, match="document_mode"):
        await side.control.execute(
            "INSERT INTO control.document_mode (client, mode, automatic) VALUES ('x', 'enforce', true)"
        )


async def test_a_mode_for_an_unknown_client_is_a_problem(side: Side, client: str) -> None:
    """`mode` fails for an unknown client: after a typing error the intended client would have no mode."""
    said = await command("documents", "mode", "--client", f"{client}-mistyped", "enforce")
    assert (said.status, f"{client}-mistyped" in await settings_of_clients(side.control)) == (1, False)


async def test_a_registered_document_is_listed_and_can_be_retired(
    side: Side, client: str, folder: Path
) -> None:
    """A document can be retired by the first digits of its hash; another client's copy stays."""
    await register(side.control, f"{client}-2", [], by=None)
    await give_token(side, f"{client}-2", ADS)
    await push(folder, client, "--by", "[red]jane")
    await push(folder, f"{client}-2")
    digest = hash_of(POLICY).hex()
    listed = words((await command("documents", "list", "--client", client)).out)
    assert all(each in listed for each in (client, digest, "Policy", "[red]jane", "log"))
    retired = await command("documents", "retire", digest[:8], "--client", client)
    assert (retired.status, retired.out) == (0, f"{digest} is retired.\n")
    assert POLICY not in await held(side, client)
    assert POLICY in await held(side, f"{client}-2")
    again = await command("documents", "retire", digest, "--client", client)
    assert (again.status, again.out) == (1, "")
    assert (await command("documents", "retire", "xyz", "--client", client)).status == 1


async def test_a_client_with_a_mode_and_no_document_is_listed(client: str) -> None:
    """The list shows a client under enforce without any document: it can run nothing."""
    said = await command("documents", "mode", "--client", client, "enforce")
    assert "No document of the client runs now" in said.err
    assert f"{client} enforce" in words((await command("documents", "list")).out)


# --- review ---------------------------------------------------------------------------------------


async def review_of(client: str) -> dict[str, Any]:
    """`gateway documents review --format json`."""
    said = await command("documents", "review", "--client", client, "--format", "json")
    assert said.status == 0, said.err
    found: dict[str, Any] = json.loads(said.out)
    return found


async def test_the_review_names_every_field_of_every_person(side: Side, client: str, tmp_path: Path) -> None:
    """The review lists each field of a person, its mark and its place, also through fragments and aliases."""
    (tmp_path / "one.graphql").write_text(
        "query One($no: Boolean!) {\n"
        '  me: messengerAccount(id: "ma_1") { ...Own @include(if: $no) }\n'
        '  node(id: "sa_1") { id ... on SocialAccount { phones { source } } }\n'
        "}\n"
        "fragment Own on MessengerAccount { nr: phone socialAccount { messengerLink { since } } }\n"
    )
    await push(tmp_path, client, "--by", "jane")
    (document,) = (await review_of(client))["documents"]
    assert (document["operations"], document["registeredBy"]) == (["One"], "jane")
    (under,) = [each for each in document["purposes"] if each["purpose"] == ADS]
    told = {each["field"]: each for each in under["tells"]}
    assert told["MessengerAccount.phone"] == {
        "field": "MessengerAccount.phone",
        "personal": True,
        "mark": "A",
        "ofWhom": "people who did not object",
        "paths": ["me.nr"],
    }
    assert {name: each["mark"] for name, each in told.items()} == {
        "MessengerAccount.phone": "A",
        "MessengerAccount.socialAccount": "A",
        "SocialAccount.messengerLink": "N",
        "MessengerLink.since": "A",
        "MessengerAccount.id": "A",
        "SocialAccount.id": "V",
        "SocialAccount.phones": "V",
        "PhoneBinding.source": "V",
    }
    assert under["rootFields"] == ["messengerAccount", "node"]
    assert under["askedBy"] == ["Query.messengerAccount(id:)", "Query.node(id:)"]


async def test_a_filter_is_part_of_what_a_document_discloses(side: Side, client: str, tmp_path: Path) -> None:
    """The review lists a field that a document filters by: the filter discloses its value."""
    await give_token(side, client, SECURITY)
    (tmp_path / "one.graphql").write_text(
        "query F($w: MessengerAccountFilter) {\n"
        '  messengerAccounts(filter: {registeredAt: {before: "2016-01-01T00:00:00Z"}}) { totalCount }\n'
        "  more: messengerAccounts(filter: $w) { totalCount }\n}\n"
    )
    await push(tmp_path, client)
    (document,) = (await review_of(client))["documents"]
    (under,) = [each for each in document["purposes"] if each["purpose"] == SECURITY]
    assert under["askedBy"] == [
        "Query.messengerAccounts(filter:) MessengerAccountFilter.registeredAt",
        "Query.messengerAccounts(filter:) any of MessengerAccountFilter",
    ]


async def test_the_page_holds_every_document_and_no_markup_of_it(client: str, tmp_path: Path) -> None:
    """The review page shows every document as plain text, loads nothing, and can be printed."""
    (tmp_path / "one.graphql").write_text("query X { policy { digest } } # <script>alert(1)</script>")
    await push(tmp_path, client, "--by", "<b>jane</b>")
    said = await command("documents", "review", "--client", client, "--format", "html")
    tags: list[str] = []

    class Tags(HTMLParser):
        def handle_starttag(self, tag: str, attrs: Any) -> None:
            tags.append(tag)
            assert not {name for name, _ in attrs} & {"src", "href"}

    Tags().feed(said.out)
    assert "table" in tags
    assert not {"script", "b", "link", "img"} & set(tags)
    assert "&lt;script&gt;" in said.out


async def test_a_review_without_documents_is_a_problem(client: str) -> None:
    """`review` fails for a client without documents: a mistyped name must not look like an empty review."""
    said = await command("documents", "review", "--client", client)
    assert (said.status, said.out) == (1, "")


async def test_a_document_that_a_later_policy_closed_is_named(side: Side, client: str) -> None:
    """The review names a registered document that a new policy made invalid: the gateway refuses it."""
    await register(side.control, client, [Document(CONTACTS, ("Contacts",), (ADS,))], by=None)
    said = await command("documents", "review", "--client", client)
    assert "Contacts is not valid any more under ADS_PERSONALIZATION: FieldsOnCorrectType" in said.err
