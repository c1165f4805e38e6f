"""The audits of GraphQL over HTTP: those of the package graphql-http, in Node.js, over a socket.

The specification's authors publish them. They need the console's packages (`make console`).
"""

from __future__ import annotations

import asyncio
import json
import shutil

import pytest

from gateway.console import build
from tests.kit.gateway import SECURITY, NewDatabase, open_side, serving

AUDITS = build.SOURCE / "node_modules" / "graphql-http" / "lib" / "index.mjs"
# As many as there are in the version that is pinned: fewer would prove less.
NUMBER = 61
JUDGE = """
const [audits, url] = process.argv.slice(1);
const { serverAudits } = await import(audits);
const fetchFn = (url, how = {}) =>
  fetch(url, { ...how, headers: { ...how.headers, authorization: `Bearer ${process.env.TOKEN}` } });
const found = [];
for (const audit of serverAudits({ url, fetchFn })) {
  const { status, reason } = await audit.fn();
  found.push([audit.id, audit.name, status, reason ?? ""]);
}
console.log(JSON.stringify(found));
"""


@pytest.mark.skipif(not AUDITS.is_file(), reason="the console is not built: make console")
async def test_every_audit_of_graphql_over_http_is_passed(new_database: NewDatabase) -> None:
    """The gateway passes every audit of GraphQL over HTTP: MUST, SHOULD and MAY."""
    environment = build.with_node()
    node = shutil.which("node", path=environment["PATH"])
    assert node is not None
    async with open_side(new_database) as side, serving(side) as port:
        judge = await asyncio.create_subprocess_exec(
            *(node, "--input-type=module", "--eval", JUDGE, "--"),
            *(AUDITS.as_uri(), f"http://127.0.0.1:{port}/graphql"),
            env={**environment, "TOKEN": side.tokens[SECURITY]},
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await judge.communicate()
    found = json.loads(said)
    assert [audit for audit in found if audit[2] != "ok"] == []
    assert len(found) == NUMBER
