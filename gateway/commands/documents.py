"""`gateway documents`: register the documents that a client may send, and review what they disclose."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from gateway.access.tokens import CLIENT
from gateway.commands.output import ReportFormat, done, examples, out, say
from gateway.documents import registered
from gateway.documents.registered import Mode, Setting
from gateway.documents.review import Reviewer
from gateway.documents.review_forms import LEGEND, Named, as_json, as_page, as_table
from gateway.settings import Settings
from gateway.terminal.problems import Problem, owner_of, read_settings
from resolvers.plan.cursors import Cursors
from schema.operations import DocumentLimits
from schema.purposes import Purpose

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection

documents_app = typer.Typer(no_args_is_help=True)

ENDINGS = (".graphql", ".gql")
MAX_BYTES = DocumentLimits().max_bytes
SHORTEST_HASH = 8


OfClient = Annotated[
    str, typer.Option("--client", metavar="NAME", help="The client, as in `gateway token list`.")
]


# --- push -----------------------------------------------------------------------------------------


@documents_app.command(
    "push",
    epilog=examples(
        "gateway documents push queries --client ads-ranker --by jane --dry-run",
        "gateway documents push queries --client ads-ranker --by jane",
        "gateway documents push queries --client ads-portal --purpose ADS_PERSONALIZATION",
    ),
)
def push_documents(
    *,
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR",
            exists=True,
            file_okay=False,
            help="Its *.graphql and *.gql files, folders below too.",
        ),
    ],
    client: OfClient,
    purpose: Annotated[
        list[Purpose] | None,
        typer.Option(
            metavar="PURPOSE",
            help="A purpose besides those of the client's live tokens: one that its JWTs open. "
            "May be repeated.",
        ),
    ] = None,
    by: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who registers them, or who reviewed them.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what they disclose; register nothing.")
    ] = False,
) -> None:
    """Check a folder of documents for the client's purposes, show what they disclose, and register all."""
    _check_name(client)
    done(_push(read_settings(), folder, client, named=purpose or [], by=by or None, dry_run=dry_run))


async def _push(
    settings: Settings, folder: Path, client: str, *, named: list[Purpose], by: str | None, dry_run: bool
) -> None:
    texts = _read_folder(folder)
    async with owner_of(settings, "control") as connection:
        of_tokens = await registered.purposes_of(connection, client)
        purposes = [each for each in Purpose if each in of_tokens or each in named]
        if not purposes:
            raise Problem(
                f"{client} has no live token: `gateway token issue` makes one",
                "or name with --purpose what its JWTs open",
            )
        reviewer = _reviewer(settings)
        reviews = [Named(name, reviewer.review(text, purposes)) for name, text in texts.items()]
        if wrong := [line for each in reviews for line in _refused(each)]:
            raise Problem("nothing was registered:", *wrong)
        out().print(as_table(reviews))
        say(LEGEND)
        if dry_run:
            typer.echo("Nothing was registered.")
            return
        held = {each.review.document.hash: each.review.document for each in reviews}
        new = await registered.register(connection, client, held.values(), by=by)
    if new:
        typer.echo(f"{len(new)} registered for {client}; {len(held) - len(new)} were already.")
    else:
        typer.echo(f"All {len(held)} were registered for {client} already.")


def _check_name(client: str) -> None:
    if CLIENT.fullmatch(client) is None:
        raise Problem("--client needs a name of at most 63 letters, digits, . _ -")


def _reviewer(settings: Settings) -> Reviewer:
    cursors = Cursors(settings.key("cursors", 64))
    return Reviewer(cursors, settings.sharded, settings.max_cost, scope=settings.identifiers)


def _read_folder(folder: Path) -> dict[str, str]:
    """The documents by the names of their files, in order. Problem with a line for each that is none."""
    found: dict[str, str] = {}
    wrong: list[str] = []
    for path in _files(folder):
        name = _printable(str(path.relative_to(folder)))
        try:
            found[name] = _read(path)
        except OSError:
            wrong.append(f"{name}: cannot be read")
        except UnicodeDecodeError:
            wrong.append(f"{name}: is not UTF-8")
        except ValueError:
            wrong.append(f"{name}: is larger than {MAX_BYTES:,} bytes")
    if wrong:
        raise Problem("nothing was registered:", *wrong)
    if not found:
        raise Problem(f"there is no *.graphql or *.gql file in {_printable(str(folder))}")
    return found


def _files(folder: Path) -> Iterator[Path]:
    # Links to folders are not followed: they may lead in a circle, or out of what was reviewed.
    for place, folders, names in os.walk(folder, followlinks=False):
        folders.sort()
        yield from (Path(place, name) for name in sorted(names) if name.endswith(ENDINGS))


def _read(path: Path) -> str:
    """The text unchanged, line ends included: its hash is that of the file."""
    # Opening a pipe would wait for its other end.
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError
    with path.open("rb") as file:
        held = file.read(MAX_BYTES + 1)
    if len(held) > MAX_BYTES:
        raise ValueError
    return held.decode()


def _refused(named: Named) -> Iterator[str]:
    """Why a document is valid for none of the purposes: a line for each place and rule."""
    review = named.review
    if review.tells:
        return
    told: dict[str, list[Purpose]] = {}
    for purpose, refusal in review.refusals.items():
        line = f":{refusal.locations[0].line}" if refusal.locations else ""
        told.setdefault(f"{named.name}{line}: {refusal.rule or refusal.code}", []).append(purpose)
    for why, purposes in told.items():
        yield f"{why} ({', '.join(purposes)})"


def _printable(name: str) -> str:
    """A name that cannot move the terminal's cursor, nor fail to be printed."""
    return "".join(each if each.isprintable() else "?" for each in name)


# --- what is registered ---------------------------------------------------------------------------


@documents_app.command(
    "list", epilog=examples("gateway documents list", "gateway documents list --client ads-ranker")
)
def list_documents(
    client: Annotated[
        str | None,
        typer.Option("--client", metavar="NAME", help="Only this client's; all clients' if left out."),
    ] = None,
) -> None:
    """List the registered documents and the mode of each client."""
    done(_list(read_settings(), client))


async def _list(settings: Settings, client: str | None) -> None:
    async with owner_of(settings, "control") as connection:
        listed = await registered.registered(connection, client)
        modes = await registered.settings_of_clients(connection)
    shown = Table("Client", "Mode", "Hash", "Operations", "Purposes", "Registered", "By")
    for each in listed:
        setting = modes.pop(each.client, Setting())
        modes[each.client] = setting
        shown.add_row(
            each.client,
            _mode(setting),
            each.hash.hex(),
            "\n".join(each.document.operations),
            "\n".join(each.document.purposes),
            f"{each.registered_at:%Y-%m-%d %H:%M}",
            escape(each.registered_by or ""),
        )
    with_documents = {each.client for each in listed}
    for name, setting in modes.items():
        if name not in with_documents and client in (None, name):
            shown.add_row(name, _mode(setting), *[""] * 5)
    out().print(shown)


def _mode(setting: Setting) -> str:
    return setting.mode + (", automatic" if setting.automatic else "")


@documents_app.command(
    "mode",
    epilog=examples(
        "gateway documents mode --client ads-ranker log --automatic",
        "gateway documents mode --client ads-ranker enforce",
    ),
)
def set_documents_mode(
    mode: Annotated[
        Mode,
        typer.Argument(
            help="log: every document runs; the log names unregistered ones. prefer: every document runs. "
            "enforce: only registered documents run.",
        ),
    ],
    client: OfClient,
    automatic: Annotated[
        bool | None,
        typer.Option(
            "--automatic/--no-automatic",
            help="Whether the client may name any document by its hash once it has sent it (automatic "
            "persisted queries); never under enforce. Unchanged if left out.",
        ),
    ] = None,
) -> None:
    """Set whether a client may send unregistered documents. Every gateway follows within a second."""
    if mode is Mode.ENFORCE and automatic:
        raise Problem("under enforce only registered documents run: leave --automatic out")
    _check_name(client)
    done(_set_mode(read_settings(), client, mode, automatic=automatic))


async def _set_mode(settings: Settings, client: str, mode: Mode, *, automatic: bool | None) -> None:
    async with owner_of(settings, "control") as connection:
        # A client of an identity provider is known to that one alone.
        if settings.oidc_issuer is None and not await registered.is_known(connection, client):
            raise Problem(f"{client} never had a token: `gateway token list` shows who has")
        before = (await registered.settings_of_clients(connection)).get(client, Setting())
        kept = before.automatic if automatic is None else automatic
        setting = Setting(mode, kept and mode is not Mode.ENFORCE)
        await registered.set_mode(connection, client, setting)
        count = len(await registered.registered(connection, client))
    typer.echo(f"{client}: {_mode(setting)}; registered documents: {count}.")
    if mode is Mode.ENFORCE and not count:
        say("No document of the client runs now: `gateway documents push` registers documents.")


@documents_app.command("retire", epilog=examples("gateway documents retire 3f7c9a12 --client ads-ranker"))
def retire_document(
    digest: Annotated[
        str,
        typer.Argument(metavar="HASH", help="As `documents list` shows it; its first 8 digits are enough."),
    ],
    client: OfClient,
) -> None:
    """Take a document from a client. Under enforce, every gateway refuses it within a second."""
    if re.fullmatch(f"[0-9a-f]{{{SHORTEST_HASH},64}}", digest) is None:
        raise Problem(f"HASH needs {SHORTEST_HASH} to 64 hexadecimal digits")
    done(_retire(read_settings(), digest, client))


async def _retire(settings: Settings, digest: str, client: str) -> None:
    async with owner_of(settings, "control") as connection:
        listed = await registered.registered(connection, client)
        found = [each.hash for each in listed if each.hash.hex().startswith(digest)]
        if len(found) != 1:
            raise Problem(
                f"{len(found) or 'no'} documents of {_printable(client)} begin with {digest}: "
                "`gateway documents list` shows all"
            )
        await registered.retire(connection, client, found[0])
    typer.echo(f"{found[0].hex()} is retired.")


# --- review ---------------------------------------------------------------------------------------


@documents_app.command(
    "review",
    epilog=examples(
        "gateway documents review --client ads-ranker",
        "gateway documents review --client ads-ranker --format html > ads-ranker.html",
    ),
)
def review_documents(
    client: OfClient,
    form: Annotated[
        ReportFormat, typer.Option("--format", help="A table here, JSON for programs, or a page to print.")
    ] = ReportFormat.TABLE,
) -> None:
    """Show what every registered document of a client discloses for each purpose, and about which people."""
    done(_review(read_settings(), client, form))


async def _review(settings: Settings, client: str, form: ReportFormat) -> None:
    async with owner_of(settings, "control") as connection:
        reviews = await _reviews(settings, connection, client)
    if form is ReportFormat.JSON:
        typer.echo(as_json(client, reviews))
    elif form is ReportFormat.HTML:
        typer.echo(as_page(client, reviews), nl=False)
    else:
        out().print(as_table(reviews))
        say(LEGEND)
        for line in _not_valid_any_more(reviews):
            say(line)


async def _reviews(settings: Settings, connection: Connection, client: str) -> list[Named]:
    listed = await registered.registered(connection, client)
    if not listed:
        raise Problem(f"nothing is registered for {_printable(client)}: `gateway documents list` shows all")
    reviewer = _reviewer(settings)
    return [
        Named(
            ", ".join(each.document.operations) or "without a name",
            reviewer.review(each.document.text, each.document.purposes),
            each.registered_by or "",
        )
        for each in listed
    ]


def _not_valid_any_more(reviews: list[Named]) -> Iterator[str]:
    """Registered, and refused under the policy of today."""
    for name, review, _ in reviews:
        for purpose, refusal in review.refusals.items():
            yield f"{name} is not valid any more under {purpose}: {refusal.rule or refusal.code}"
