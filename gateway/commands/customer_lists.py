"""`gateway lists`: match a merchant's customer list, hash the store's numbers for it, and its budgets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from gateway.commands.output import done, examples
from gateway.settings import Settings
from gateway.terminal.problems import Problem, owner_of, read_settings
from gateway.terminal.progress import shown
from gateway.upkeep.store_logins import list_login, writer_logins
from gateway.upkeep.verifier import sentence_of
from resolvers.changes.customer_lists import WRONG_KEY, CustomerLists, ListWriters, WrongKey, hash_new_numbers
from resolvers.changes.list_budget import (
    DAYS_OF_MERCHANT,
    DAYS_OF_NUMBER,
    LISTS_OF_A_DAY,
    ListBudget,
    read_budget,
    set_budget,
)
from resolvers.changes.preferences import Writers
from resolvers.changes.restrictions import ask
from resolvers.changes.verification import Doubt, judge
from resolvers.sources.catalogue import Store
from resolvers.stores.pool import StoreUnavailable
from schema.mutation import offer_number
from schema.refusals import Refusal
from schema.types.customer_lists import CustomerListRefused, ListRefusal

CHUNK_BYTES = 1 << 16
HOUR = 3_600
WHY = {
    ListRefusal.BUDGET_SPENT: "Not taken: no new list is left to the merchant for this day, or for 90 days.",
    ListRefusal.OFFER_HAS_LIST: "Not taken: the offer has a list already.",
    ListRefusal.TOO_SIMILAR: "Not taken: the list is nearly one that was uploaded before.",
    ListRefusal.UNKNOWN_OFFER: "Not taken: the merchant has no such offer.",
}
NEW_KEY = """
UPDATE social.phone_binding SET blind = NULL WHERE blind IS NOT NULL;
DELETE FROM social.matching_key;
"""

lists_app = typer.Typer(no_args_is_help=True)


@lists_app.command(
    "upload", epilog=examples("gateway lists upload customers.csv --merchant 3 --offer of_201")
)
def upload_list(
    file: Annotated[Path, typer.Argument(help="CSV in UTF-8; the numbers are in the first column.")],
    merchant: Annotated[int, typer.Option(metavar="N", help="The merchant whose list it is.")],
    offer: Annotated[str, typer.Option(metavar="of_5", help="The merchant's offer that the list is for.")],
) -> None:
    """Match a customer list as a merchant's own upload would. The result has bands, no exact counts."""
    done(_upload(read_settings(), file, merchant, offer=offer))


async def _refuse_if_doubted(settings: Settings) -> None:
    """Problem if the store may lack objections: a list must not match a member who objected."""
    try:
        async with Writers(writer_logins(settings)).open() as stores:
            verdicts = await judge(partial(ask, stores.control), stores.keepers)
    except StoreUnavailable:
        raise Problem(
            "the social network's store cannot be reached, or not compared with control; nothing was kept"
        ) from None
    doubt = verdicts[Store.SOCIAL].doubt if Store.SOCIAL in verdicts else None
    if doubt is not None and doubt is not Doubt.UNVERIFIED:
        raise Problem(f"social: {sentence_of(Store.SOCIAL, doubt)}")


async def _upload(settings: Settings, file: Path, merchant: int, *, offer: str) -> None:
    try:
        number = offer_number(offer)
    except Refusal:
        raise Problem("--offer needs an offer's identifier, such as of_5") from None
    await _refuse_if_doubted(settings)
    key = settings.key("customer lists")
    lists = CustomerLists(ListWriters(list_login(settings)), key, merchant)

    with shown(Console(stderr=True), "read and matched") as progress:

        async def chunks() -> AsyncIterator[bytes]:
            read = 0
            # Caught here: for the code that copies it into the store, an OSError is a lost connection.
            try:
                with file.open("rb") as opened:
                    size = file.stat().st_size
                    while chunk := opened.read(CHUNK_BYTES):
                        read += len(chunk)
                        progress(f"read {file.name}", read, size)
                        yield chunk
            except OSError:
                raise Problem(f"{file} cannot be read; nothing was kept") from None

        try:
            result = await lists.upload_csv(number, chunks())
        except StoreUnavailable:
            raise Problem("the social network's store cannot be reached; nothing was kept") from None
        except WrongKey:
            raise Problem(WRONG_KEY) from None
    if isinstance(result, CustomerListRefused):
        typer.echo(WHY[result.reason])
        raise typer.Exit(1)
    typer.echo(
        f"{result.customer_list.status}: records {result.customer_list.record_count_band}, "
        f"audience {result.customer_list.audience_size_band}"
    )
    if result.bad_line_count:
        first = ", ".join(map(str, result.bad_lines))
        typer.echo(f"{result.bad_line_count} rows were no phone number; lines {first}")


@lists_app.command("index", epilog=examples("gateway lists index", "gateway lists index --new-key"))
def index_numbers(
    new_key: Annotated[
        bool,
        typer.Option(
            help="Hash all numbers again after GATEWAY_SECRET changed. Earlier lists then count as new."
        ),
    ] = False,
) -> None:
    """Hash the numbers that are new in the social network's store. Every upload does this first."""
    done(_index(read_settings(), new_key))


async def _index(settings: Settings, new_key: bool) -> None:
    if new_key:
        async with owner_of(settings, "social") as connection:
            await connection.execute(NEW_KEY, timeout=None)
    login = replace(list_login(settings), request_timeout_s=HOUR)
    with shown(Console(stderr=True), "hashed") as progress:
        try:
            async with ListWriters(login).open() as connection:
                count = await hash_new_numbers(
                    connection,
                    settings.key("customer lists"),
                    lambda done_: progress("hash", done_, done_ + 1),
                )
        except StoreUnavailable:
            raise Problem("the social network's store cannot be reached") from None
        except WrongKey:
            raise Problem(WRONG_KEY) from None
    typer.echo(f"{count:,} numbers hashed.")


@lists_app.command(
    "budget",
    epilog=examples("gateway lists budget", "gateway lists budget --noise-scale 60 --uses-of-number 2"),
)
def show_or_set_budget(
    *,
    noise_scale: Annotated[
        int | None, typer.Option(min=10, max=1_000, help="Scale of the Laplace noise, in numbers.")
    ] = None,
    lists_of_merchant: Annotated[
        int | None, typer.Option(min=1, help="New lists of a merchant in 90 days.")
    ] = None,
    uses_of_number: Annotated[
        int | None, typer.Option(min=1, help="New lists of all merchants in which a number counts in a year.")
    ] = None,
    uses_by_a_merchant: Annotated[
        int | None, typer.Option(min=1, help="How many of these may be one merchant's.")
    ] = None,
) -> None:
    """Show, or change, what customer lists may tell of numbers in a year, with the ε of it."""
    given = {
        "noise_scale": noise_scale,
        "lists_of_merchant": lists_of_merchant,
        "uses_of_number": uses_of_number,
        "uses_by_a_merchant": uses_by_a_merchant,
    }
    done(_budget(read_settings(), {name: value for name, value in given.items() if value is not None}))


async def _budget(settings: Settings, wanted: dict[str, int]) -> None:
    async with owner_of(settings, "social") as social:
        budget = replace(await read_budget(social), **wanted)
        if budget.uses_by_a_merchant > budget.uses_of_number:
            raise Problem("--uses-by-a-merchant is at most --uses-of-number")
        if wanted:
            await set_budget(social, budget)
    typer.echo("\n".join(_budget_lines(budget)))


def _figures(budget: ListBudget, merchants: int, who: str) -> Iterator[str]:
    for name, figure, form in (
        ("ε", budget.epsilon, "16.3f"),
        ("δ", budget.delta, "16.5f"),
        ("right", budget.most_right, "16.1%"),
    ):
        cells = "".join(format(figure(group, merchants), form) for group in (1, 5, 30))
        yield f"{who if name == 'ε' else '':<36}{name:>8}{cells}"


def _budget_lines(budget: ListBudget) -> Iterator[str]:
    yield (
        f"A merchant has {LISTS_OF_A_DAY} new lists a day and {budget.lists_of_merchant} in "
        f"{DAYS_OF_MERCHANT} days."
    )
    yield (
        f"A number counts in {budget.uses_by_a_merchant} new list of one merchant and in "
        f"{budget.uses_of_number} of all merchants, in {DAYS_OF_NUMBER} days."
    )
    yield f"Each size is told less {budget.noise_cut}, with Laplace noise of scale {budget.noise_scale}."
    yield ""
    yield f"What answers tell in {DAYS_OF_NUMBER} days of a group of   " + "".join(
        f"{size:>16}" for size in ("1 number", "5 numbers", "30 numbers")
    )
    every = budget.merchants_that_spend_all
    for merchants in sorted({1, min(2, every), every}):
        who = f"{merchants} merchants together" if merchants < every else f"all merchants ({every} or more)"
        yield from _figures(budget, merchants, "one merchant" if merchants == 1 else who)
    yield ""
    yield "right: how often a guess between two equally likely states of the group is right, at most."
