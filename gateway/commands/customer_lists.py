"""`gateway lists`: match a merchant's customer list, and hash the store's numbers for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
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
    ListRefusal.BUDGET_SPENT: "Not taken: a merchant has five new lists a day.",
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
    async with Writers(writer_logins(settings)).open() as stores:
        verdicts = await judge(partial(ask, stores.control), stores.keepers)
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
