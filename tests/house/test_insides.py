"""Code that depends on another package's inside: its versions, its names, and the way without it."""

from __future__ import annotations

import asyncio
import inspect
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from uvicorn.protocols.http import httptools_impl

from gateway.recalls import over_websocket
from gateway.web.connections import fast_path
from gateway.web.connections.fast_path import bounded_config, is_written_for
from gateway.web.responses import Answer, send_answer
from schema.build import PurposeSchema
from schema.insides import graphql_core_inside, strawberry_inside
from schema.operations import DocumentLimits, read_operation
from schema.purposes import Purpose
from schema.refusals import Code, Refusal

HOUSE = Path(__file__).parents[2]
WRITTEN_FOR = {
    "uvicorn": fast_path.WRITTEN_FOR,
    "strawberry-graphql": strawberry_inside.WRITTEN_FOR,
    "graphql-core": graphql_core_inside.WRITTEN_FOR,
}


def releases(release: str) -> tuple[str, str]:
    """The bounds in pyproject.toml for the versions of one release: from it, and below the next."""
    major, minor = release.split(".")
    return f">={release}", f"<{major}.{int(minor) + 1}"


@pytest.mark.parametrize("package", WRITTEN_FOR)
def test_the_installed_version_is_one_that_the_code_is_written_for(package: str) -> None:
    """Code that depends on a package's inside names its versions; the dependency admits no others."""
    written_for = WRITTEN_FOR[package]
    required = tomllib.loads((HOUSE / "pyproject.toml").read_text())["project"]["dependencies"]
    (bounds,) = (each for each in required if each.split("[")[0].split(">")[0] == package)

    assert ".".join(version(package).split(".")[:2]) in written_for
    assert releases(written_for[0])[0] in bounds
    assert releases(written_for[-1])[1] in bounds


def test_strawberrys_websocket_handler_has_the_insides_that_are_used() -> None:
    """Strawberry's handler has each method that ours overrides or calls, with the same parameters."""
    handler, application = over_websocket.BaseGraphQLTransportWSHandler, over_websocket.GraphQL

    assert over_websocket.WRITTEN_FOR == strawberry_inside.WRITTEN_FOR
    assert list(inspect.signature(handler.handle_message).parameters) == ["self", "message"]
    assert list(inspect.signature(handler.handle_invalid_message).parameters) == ["self", "error_message"]
    assert hasattr(application, "graphql_transport_ws_handler_class")
    assert list(inspect.signature(application.on_ws_connect).parameters) == ["self", "context"]


def test_sqlalchemy_is_used_by_its_public_names_alone() -> None:
    """No file imports a private module or name of SQLAlchemy's, so no file is written for a version of it."""
    private = re.compile(r"^\s*(from|import) sqlalchemy\S*(\._| import .*\b_\w)", re.MULTILINE)
    sources = [path for room in ("schema", "resolvers", "gateway") for path in (HOUSE / room).rglob("*.py")]

    assert [path for path in sources if private.search(path.read_text())] == []
    assert private.search("from sqlalchemy.sql import _typing")


def test_no_other_version_of_uvicorn_is_taken_for_a_known_one() -> None:
    """Patch releases of 0.54 are known; the release before, the next one and 1.0 are not."""
    assert [is_written_for(each) for each in ("0.54.0", "0.54.7", "0.53.9", "0.55.0", "1.0", "0.540.1")] == [
        True,
        True,
        False,
        False,
        False,
        False,
    ]


def test_uvicorn_has_the_insides_that_are_used() -> None:
    """Each name of uvicorn's that the fast path reads, sets or overrides exists, with the same parameters."""
    parameters = {
        (owner.__name__, name): list(inspect.signature(getattr(owner, name)).parameters)
        for owner, names in {
            httptools_impl.RequestResponseCycle: ("__init__", "run_asgi"),
            httptools_impl.HttpToolsProtocol: (
                "connection_made",
                "connection_lost",
                "data_received",
                "handle_websocket_upgrade",
                "on_message_begin",
                "on_message_complete",
                "on_response_complete",
                "send_400_response",
                "_start_asgi_task",
            ),
        }.items()
        for name in names
    }
    assert parameters == {
        ("RequestResponseCycle", "__init__"): [
            *("self", "scope", "transport", "flow", "logger", "access_logger", "access_log"),
            *("default_headers", "message_event", "expect_100_continue", "keep_alive", "on_response"),
        ],
        ("RequestResponseCycle", "run_asgi"): ["self", "app"],
        ("HttpToolsProtocol", "connection_made"): ["self", "transport"],
        ("HttpToolsProtocol", "connection_lost"): ["self", "exc"],
        ("HttpToolsProtocol", "data_received"): ["self", "data"],
        ("HttpToolsProtocol", "handle_websocket_upgrade"): ["self"],
        ("HttpToolsProtocol", "on_message_begin"): ["self"],
        ("HttpToolsProtocol", "on_message_complete"): ["self"],
        ("HttpToolsProtocol", "on_response_complete"): ["self"],
        ("HttpToolsProtocol", "send_400_response"): ["self", "msg"],
        ("HttpToolsProtocol", "_start_asgi_task"): ["self", "cycle", "app"],
    }


async def test_a_request_has_the_attributes_that_are_used() -> None:
    """A request and its connection have what the fast path reads and sets."""
    seen: dict[str, set[str]] = {}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        cycle = send.__self__
        seen["cycle"] = set(vars(cycle))
        seen["protocol"] = set(vars(cycle.on_response.__self__))
        seen["flow"] = set(vars(cycle.flow)) | set(dir(cycle.flow))
        await send_answer(send, Answer(200, b"{}", ()), False, request_id=b"1")

    await answered(app, inside=True)

    assert seen["cycle"] >= {
        *("scope", "transport", "flow", "default_headers", "message_event", "on_response", "disconnected"),
        *("keep_alive", "waiting_for_100_continue", "body", "more_body"),
        *("response_started", "response_complete"),
    }
    assert seen["protocol"] >= {
        *("access_log", "access_logger", "app", "connections", "cycle", "expect_100_continue", "flow"),
        *("headers", "limit_concurrency", "logger", "loop", "parser", "pipeline", "scope", "server_state"),
        *("tasks", "timeout_keep_alive", "transport", "url"),
    }
    assert seen["flow"] >= {"read_paused", "write_paused", "resume_reading"}


async def answered(app: Any, inside: bool) -> httpx.Response:
    """The answer of a server of this application to a usual request."""
    config = bounded_config(app, 10, inside=inside, port=0, lifespan="off", log_config=None, ws="none")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    async with httpx.AsyncClient() as client:
        given = await client.post(f"http://127.0.0.1:{port}/graphql", json={"query": "{a}"})
    server.should_exit = True
    await task
    return given


@pytest.mark.parametrize("status", [200, 400, 413])
async def test_an_answer_without_uvicorns_inside_is_the_same(status: int) -> None:
    """With a version of uvicorn that is not known, an answer has the same status, headers and body."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        close = ((b"connection", b"close"),) if status == 413 else ()
        await send_answer(send, Answer(status, b'{"data":{}}' * 5_000, close), True, request_id=b"1-2")

    with_it, without = [await answered(app, inside) for inside in (True, False)]

    assert (with_it.status_code, with_it.content) == (without.status_code, without.content)
    sent = [
        sorted((name.lower(), value) for name, value in each.headers.raw if name.lower() != b"date")
        for each in (with_it, without)
    ]
    assert sent[0] == sent[1]


UNKNOWN = """
import asyncio, importlib.metadata, logging, sys, uvloop
importlib.metadata.version = lambda name: "9.9.9"
from gateway.processes.serve import listen, serve
from gateway.web.responses import Answer, send_answer
from schema.build import PurposeSchema
from schema.insides import graphql_core_inside, strawberry_inside
from schema.operations import DocumentLimits, read_operation
from schema.purposes import Purpose
from schema.refusals import Code, Refusal
class App:
    async def __call__(self, scope, receive, send):
        await send_answer(send, Answer(200, b"{}", ()), False, request_id=b"1")
    def stop(self): pass
logging.basicConfig(stream=sys.stderr)
async def main():
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        async def ask():
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /graphql HTTP/1.1\\r\\nhost: h\\r\\nconnection: close\\r\\n\\r\\n")
            print((await reader.read()).decode())
            import os, signal
            os.kill(os.getpid(), signal.SIGTERM)
        asking = []
        await serve(App(), taken, lambda: asking.append(asyncio.ensure_future(ask())))
with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
    runner.run(main())
print("gateway.web.connections.uvicorn_inside" in sys.modules)
"""


def test_a_server_runs_with_an_unknown_uvicorn_and_says_so() -> None:
    """With an unknown version `gateway serve`'s loop answers without uvicorn's inside, and logs one line."""
    done = subprocess.run(
        [sys.executable, "-c", UNKNOWN], cwd=HOUSE, capture_output=True, text=True, timeout=60
    )

    assert done.stdout.startswith("HTTP/1.1 200 OK"), done.stderr
    assert done.stdout.endswith("{}\nFalse\n")
    assert done.stderr.count("This version of uvicorn is not known") == 1


def test_a_strawberry_that_built_other_fields_would_stop_start_up() -> None:
    """If Strawberry built a type with a field that is not open, no schema would come of it."""

    class Leaking(PurposeSchema):
        def get_fields(self, type_definition: Any) -> Any:
            fields = super().get_fields(type_definition)
            if type_definition.name != "MessengerAccount":
                return fields
            return [
                *fields,
                *(each for each in type_definition.fields if each.python_name == "registered_at"),
            ]

    with pytest.raises(strawberry_inside.NotFiltered, match="MessengerAccount"):
        Leaking(Purpose.ADS_PERSONALIZATION)


MERGING = "{ messengerAccount(id: 1) { " + "a: id " * 200 + "} }"


def test_the_rule_on_merging_fields_has_our_budget() -> None:
    """The name of graphql-core's that holds the budget exists: a document beyond it is refused."""
    schema = PurposeSchema(Purpose.ADS_PERSONALIZATION).graphql_schema

    read_operation(schema, MERGING, None, limits=DocumentLimits())
    with pytest.raises(Refusal) as refused:
        read_operation(schema, MERGING, None, limits=DocumentLimits(max_comparisons=100))
    assert refused.value.code is Code.DOCUMENT_TOO_LARGE


def test_without_that_name_graphql_cores_own_budget_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule without the attribute is left as it is; graphql-core's own number bounds the document."""
    schema = PurposeSchema(Purpose.ADS_PERSONALIZATION).graphql_schema
    monkeypatch.setattr("schema.operations.limit_comparisons", lambda rule, most: None)
    monkeypatch.setattr(
        "graphql.validation.rules.overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET", 100
    )
    graphql_core_inside.limit_comparisons(object(), 1)  # type: ignore[arg-type]

    with pytest.raises(Refusal) as refused:
        read_operation(schema, MERGING, None, limits=DocumentLimits())
    assert refused.value.code is Code.DOCUMENT_TOO_LARGE
