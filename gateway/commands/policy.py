"""`gateway policy`: the policy as data to look at. None of these needs a store or a setting."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from gateway.commands.output import examples, out, say
from gateway.policy.explanation import INVARIANTS, explain, view_line
from gateway.policy.tables import as_csv, as_page, as_table, changes_table, lines_called
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
