"""`gateway policy`: the policy as data to look at, and the certificate that the stores keep it.

Only `prove` needs settings and the stores.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from gateway.commands.output import ListFormat, done, examples, out, say
from gateway.ledger.chain import Signer
from gateway.policy.explanation import INVARIANTS, explain, view_line
from gateway.policy.tables import as_csv, as_page, as_table, changes_table, lines_called
from gateway.settings import Settings
from gateway.terminal.problems import Problem, owner_of, read_settings
from gateway.upkeep.certificate import is_genuine, signed
from resolvers.sources.catalogue import Store
from resolvers.universe.proof.compare import prove
from schema.policy.history import changes, current, versions
from schema.purposes import Purpose

app = typer.Typer(no_args_is_help=True)


class MatrixFormat(StrEnum):
    """How the matrix is shown."""

    TABLE = "table"
    CSV = "csv"
    HTML = "html"


Called = Annotated[
    str,
    typer.Argument(
        metavar="POLICY", help="A version, the first digits of a digest, a CSV file, or `now`: what runs."
    ),
]


@app.command(
    "matrix",
    epilog=examples(
        "gateway policy matrix",
        "gateway policy matrix --format csv > policy-matrix.csv",
        "gateway policy matrix --of v0 --format html > policy.html",
    ),
)
def show_matrix(
    form: Annotated[
        MatrixFormat, typer.Option("--format", help="A table here, CSV to compare, or a page to print.")
    ] = MatrixFormat.TABLE,
    of: Annotated[
        str, typer.Option(metavar="POLICY", help="A version, a digest, a CSV file, or what runs.")
    ] = "now",
) -> None:
    """Show who may see what for which purpose: field by purpose, a letter for each."""
    lines = lines_called(of)
    if form is MatrixFormat.CSV:
        typer.echo(as_csv(lines), nl=False)
    elif form is MatrixFormat.HTML:
        typer.echo(as_page(lines, f"Who may see what, for which purpose ({of})"), nl=False)
    else:
        out().print(as_table(lines))


@app.command(
    "explain",
    epilog=examples(
        "gateway policy explain MessengerAccount.phone --purpose ADS_PERSONALIZATION",
        "gateway policy explain 'PhoneBinding.(row: SECURITY_2FA)' --purpose SECURITY",
        "gateway policy explain MessengerAccountFilter.registeredAt --purpose FRIEND_SUGGESTIONS",
    ),
)
def show_explanation(
    field: Annotated[
        str, typer.Argument(metavar="TYPE.FIELD", help="A field, a filter's, a root field, or `TYPE.(row)`.")
    ],
    purpose: Annotated[
        Purpose, typer.Option(metavar="PURPOSE", help=f"One of {', '.join(Purpose)}.", show_default=False)
    ],
) -> None:
    """Show whether a purpose sees a field and why, where the code says so, and which tests prove it."""
    found = explain(field, purpose)
    mark = "" if found.mark is None else f" ({found.mark})"
    typer.echo(f"{field} under {purpose}: {'visible' if found.visible else 'not visible'}{mark}\n")
    for sentence in found.why:
        typer.echo(str(sentence))
    typer.echo(f"\nTerms:    {found.terms}")
    if found.resolver is not None:
        typer.echo(f"Resolver: {found.resolver}")
    for reading in found.readings:
        typer.echo(f"View:     {view_line(reading, purpose)}")
    for invariant, tests in found.proofs.items():
        typer.echo(f"\n{invariant}: {INVARIANTS[invariant]}")
        for test in tests:
            typer.echo(f"    {test}")


@app.command(
    "diff",
    epilog=examples(
        "gateway policy diff v0 v1",
        "gateway policy diff v1 now",
        "gateway policy diff policy-matrix.csv now",
    ),
)
def show_difference(before: Called, after: Called) -> None:
    """Show what differs between two policies, for each purpose; status 1 if anything does."""
    found = changes(lines_called(before), lines_called(after))
    if not found:
        typer.echo("Nothing differs.")
        return
    out().print(changes_table(found))
    say(f"{len(found)} changes.")
    raise typer.Exit(1)


@app.command("versions", epilog=examples("gateway policy versions"))
def show_versions() -> None:
    """List the versions of the policy: start, author, reason, and the digest that proves each."""
    known = versions()
    running = current(known)
    for each in known:
        since = "from the beginning" if each.valid_from is None else f"since {each.valid_from:%Y-%m-%d}"
        typer.echo(f"{each.name}, {since}, by {each.author}{', runs' if each == running else ''}")
        typer.echo(f"    {each.reason}\n    {each.digest}")
    if running is None:
        say("The running policy is none of these.")
        raise typer.Exit(1)


# --- the certificate ------------------------------------------------------------------------------


@app.command(
    "prove",
    epilog=examples(
        "gateway policy prove",
        "gateway policy prove --format json > certificate.json",
        "gateway policy prove --verify certificate.json",
    ),
)
def prove_policy(
    form: Annotated[
        ListFormat, typer.Option("--format", help="A table here, or the signed certificate as JSON.")
    ] = ListFormat.TABLE,
    verify: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Check the signature of this certificate instead."),
    ] = None,
    public_key: Annotated[
        str | None, typer.Option(help="The key that must have signed it; this gateway's if left out.")
    ] = None,
) -> None:
    """Certify which columns and rows each universe reaches in the stores; status 1 if the policy differs."""
    if verify is not None:
        _verify(verify, public_key)
    else:
        done(_prove(read_settings(), form))


async def _prove(settings: Settings, form: ListFormat) -> None:
    proofs = []
    for store in Store:
        async with owner_of(settings, store) as connection:
            proofs.append(await prove(connection, store))
    certificate = signed(proofs, Signer(settings.key("ledger")), datetime.now(UTC))
    if form is ListFormat.JSON:
        typer.echo(json.dumps(certificate, indent=1, sort_keys=True))
    else:
        out().print(_certificate_table(certificate))
    for gap in certificate["gaps"]:
        say(f"{gap['role']}: {gap['where']} {gap['what']}")
    if certificate["gaps"]:
        raise typer.Exit(1)
    say(f"{len(certificate['views'])} views reach what the policy opens, and nothing else.")


def _certificate_table(certificate: dict[str, Any]) -> Table:
    table = Table("login", "reads of", "columns", "rows")
    for view in certificate["views"]:
        rows = view["rows"] if view["proved"] else "[bold red]differs[/]"
        table.add_row(view["role"], view["table"], ", ".join(view["columns"]), rows)
    return table


def _verify(path: Path, public_key: str | None) -> None:
    try:
        certificate = json.loads(path.read_text(encoding="utf-8"))
        key = bytes.fromhex(public_key) if public_key else Signer(read_settings().key("ledger")).public
    except ValueError:
        raise Problem(f"{path.name} is no certificate, or the key is not in hexadecimal digits") from None
    if not isinstance(certificate, dict) or len(key) != 32 or not is_genuine(certificate, key):
        raise Problem(f"{path.name}: not signed by this key, or changed since")
    gaps = certificate["gaps"]
    typer.echo(f"Signed by {key.hex()} at {certificate['made_at']}, for the policy {certificate['policy']}.")
    typer.echo(f"{len(certificate['views'])} views, {len(gaps)} gaps.")
    if gaps:
        raise typer.Exit(1)
