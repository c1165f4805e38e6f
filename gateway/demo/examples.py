"""One question for each purpose, asked through the application as a client would, and shown side by side."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from rich.highlighter import JSONHighlighter
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from gateway.demo.persons import ADA, BEN, CLEO, Person
from gateway.demo.problem import DemoProblem
from schema.purposes import ABOUT, Purpose

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from rich.console import Console

    from gateway.app import Application

READY_SECONDS = 20
WIDEST = 140
SIDES = (Purpose.ADS_PERSONALIZATION, Purpose.SECURITY)

SIDE_BY_SIDE = """\
query Person($id: ID!) {
  socialAccount(id: $id) {
    messengerLink { account { phone usage { activeDays28 } } }
    phones { source }
  }
}"""


@dataclass(frozen=True)
class Example:
    """A question, and a sentence on what to look at in its answer."""

    document: str
    look: str


EXAMPLES: Mapping[Purpose, Example] = {
    Purpose.ADS_PERSONALIZATION: Example(
        f'{{ messengerAccounts(ids: ["ma_{ADA.member}", "ma_{BEN.member}"])'
        " { totalCount nodes { id phone usage { frequencyBand } } } }",
        "Ada and Ben were asked for. Ada objected: she is absent, from the count too.",
    ),
    Purpose.OFFER_MATCHING: Example(
        "{ offers(first: 2) { totalCount nodes { title merchant { name } } }"
        " customerLists { totalCount nodes { status audienceSizeBand } } }",
        "A merchant's token: its own offers and lists. No field says who sees an offer.",
    ),
    Purpose.FRIEND_SUGGESTIONS: Example(
        "fragment Known on SocialAccount { displayName"
        " friendSuggestions { account { displayName } basis mutualFriendCount } }"
        f' {{ cleo: socialAccountByPhone(phone: "{CLEO.phone}") {{ ...Known }}'
        f' ada: socialAccount(id: "sa_{ADA.person}") {{ ...Known }}'
        f' found: socialAccountByPhone(phone: "{ADA.phone}") {{ displayName }} }}',
        "Eva is in both address books. Ada objected: for her Eva is only a friend of Ben's, and "
        "the number that the messenger shared finds no account.",
    ),
    Purpose.INFRASTRUCTURE: Example(
        f'{{ messengerAccount(id: "ma_{ADA.member}")'
        " { phone registeredAt usage { messagesSent28 lastActiveOn } }"
        " messengerAccounts(first: 0) { byCountryCode { value count } } }",
        "A person cannot object to this purpose: Ada's number is visible. Nothing of the social network is. "
        "Counts leave out groups of fewer than a hundred.",
    ),
    Purpose.SECURITY: Example(
        f'{{ messengerAccount(phone: "{ADA.phone}")'
        " { contactCountBand socialAccount { displayName } } }",
        "Found by the number that ads may not see; names and the size of the address book are here.",
    ),
    Purpose.BUSINESS_MESSAGING: Example(
        f'{{ messengerAccount(phone: "{ADA.phone}")'
        " { businessConversations { totalCount nodes { category status messageCount } } }"
        " socialConversations(last: 2) { nodes { status customer { displayName } } } }",
        "A business's token: that Ada talks with another one too is not there. Some have no social account.",
    ),
    Purpose.SUBJECT_ACCESS: Example(
        "{ subject { messengerAccount { id phone registeredAt usage { messagesSent28 } }"
        " socialAccount { displayName messengerLink { since } phones { number source } }"
        " objections { kind purposes recordedAt channel } termsAcceptances { version acceptedAt }"
        " suspensions { jurisdiction countries validFrom validUntil } }"
        " messengerAccounts { totalCount } }",
        "Ada's token: all that is hers in one question; of everybody, only she is there. Her objection hides "
        "nothing from her.",
    ),
    Purpose.PREFERENCES: Example(
        "{ subject { messengerAccount { id registeredAt } objections { kind purposes } } }",
        "Hers as well: when she joined decides whether she may object; no number, no name, no address book.",
    ),
    Purpose.AUDIT: Example(
        "{ objectionsInForce { purpose members } objections(first: 1) { number kind purposes channel }"
        ' policyMatrix(type: "PhoneBinding", purpose: "ADS_PERSONALIZATION") { field mark } }',
        "The data protection officer: how many object, its history under pseudonyms, and what is enforced.",
    ),
}


async def wait_until_ready(app: Application) -> None:
    """Wait until the gateway is ready; raise DemoProblem after READY_SECONDS."""
    for _ in range(READY_SECONDS * 20):
        status, _ = await _call(app, "GET", "/readyz", headers={}, body=b"")
        if status == 200:
            return
        await asyncio.sleep(0.05)
    raise DemoProblem("the stores do not answer: run `gateway demo --reset` to start again")


async def ask(
    app: Application, token: str, document: str, *, variables: Mapping[str, Any] | None = None
) -> bytes:
    """Return the answer to one request, which takes the same path through the application as over HTTP."""
    body = orjson.dumps({"query": document, "variables": variables or {}})
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    _, answered = await _call(app, "POST", "/graphql", headers=headers, body=body)
    return answered


async def _call(
    app: Application, method: str, path: str, *, headers: Mapping[str, str], body: bytes
) -> tuple[int, bytes]:
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    await app(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


async def show_side_by_side(app: Application, tokens: Mapping[str, str], console: Console) -> None:
    """Print one question about two people under two purposes."""
    console.print()
    console.print("[bold]The same question under two purposes[/] (the token says which)")
    console.print(Text(SIDE_BY_SIDE, style="cyan"))
    table = Table(*SIDES, show_lines=True)
    width = (min(console.width, WIDEST) - len("|  |  |")) // 2
    for person, remark in ((ADA, "objected to ads"), (BEN, "did not object")):
        answers = [
            await ask(app, tokens[side], SIDE_BY_SIDE, variables={"id": f"sa_{person.person}"})
            for side in SIDES
        ]
        table.add_row(*(_cell(person, remark, orjson.loads(answer), width=width) for answer in answers))
    console.print(table)


def _cell(person: Person, remark: str, answer: Any, *, width: int) -> Table:
    cell = Table.grid()
    cell.add_row(f"[bold]{escape(person.name)}[/] [dim]{remark}[/]")
    shown = answer["data"]["socialAccount"] if answer.get("data") else answer
    cell.add_row(JSONHighlighter()(Text(laid_out(shown, width))))
    return cell


def laid_out(value: Any, width: int, indent: str = "", *, before: int = 0) -> str:
    """Return JSON in few lines: a value that fits into `width`, after `before` characters, gets one line."""
    flat = json.dumps(value, ensure_ascii=False)
    if before + len(flat) + len(",") <= width or not isinstance(value, dict | list):
        return flat
    deeper = f"{indent} "
    pairs = (
        [(f"{json.dumps(name)}: ", each) for name, each in value.items()] if isinstance(value, dict) else []
    )
    parts = pairs or [("", each) for each in value]
    lines = [
        f"{deeper}{name}{laid_out(each, width, deeper, before=len(deeper + name))}" for name, each in parts
    ]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return "\n".join([opening, ",\n".join(lines), f"{indent}{closing}"])


async def show_each_purpose(app: Application, tokens: Mapping[str, str], console: Console) -> None:
    """Print one question and its answer for each purpose."""
    console.print()
    console.print("[bold]One question for each purpose[/]")
    for purpose, example in EXAMPLES.items():
        console.print()
        console.print(f"[bold]{purpose}[/]  {escape(ABOUT[purpose].sentence)}", soft_wrap=True)
        console.print(f"  [dim]{escape(example.look)}[/]", soft_wrap=True)
        console.print(Text(f"  {example.document}", style="cyan"), soft_wrap=True)
        answer = await ask(app, tokens[purpose], example.document)
        console.print(JSONHighlighter()(Text(f"  {answer.decode()}")), soft_wrap=True)
