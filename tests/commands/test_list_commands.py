"""`gateway lists`: matching a customer list from a file, and hashing numbers under a new secret."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from resolvers.stores.pool import connect_owner
from resolvers.universe.migrations import STORES
from tests.commands.test_cli import Said, command

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection
    from tests.conftest import NewDatabase

DOCUMENT = Path(__file__).parents[2] / "docs" / "privacy.md"
PEOPLE = 1_050
MERCHANT = 3


def number_of(person: int) -> str:
    """The number in the person's profile; beyond `PEOPLE`, a number that is in no profile."""
    return f"+4915111{person:06}"


@pytest.fixture
async def social(new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Connection]:
    """The owner's connection to the social network's store: 1,050 people, and a merchant with ten offers."""
    dsns = {store: await new_database(store) for store in STORES}
    for store, dsn in dsns.items():
        monkeypatch.setenv(f"GATEWAY_{store.upper()}_DSN", dsn)
    monkeypatch.setenv("GATEWAY_SECRET", secrets.token_urlsafe(32))
    for store in STORES:
        said = await command("universe", "--store", store, "--apply")
        assert said.status == 0, said.err
    connection = await connect_owner(dsns["social"])
    await connection.execute("INSERT INTO social.account SELECT n, '' FROM generate_series(1, $1) n", PEOPLE)
    await connection.executemany(
        "INSERT INTO social.phone_binding (account_id, source, number) VALUES ($1, 'SELF_PROFILE', $2)",
        [(person, number_of(person)) for person in range(1, PEOPLE + 1)],
    )
    await connection.execute("INSERT INTO social.merchant VALUES ($1, 'Merchant')", MERCHANT)
    await connection.execute(
        "INSERT INTO social.offer SELECT n, $1, 'Offer', '2016-12-31' FROM generate_series(1, 10) n", MERCHANT
    )
    yield connection
    await connection.close()


@pytest.fixture
def customers(tmp_path: Path) -> Path:
    """A file with 1,400 numbers, 1,050 of them of members, a head and two bad rows."""
    file = tmp_path / "customers.csv"
    lines = ["phone,name", "SECRET-VALUE", *(f"{number_of(each)},x" for each in range(1, 1_401)), "12"]
    file.write_text("\n".join(lines))
    return file


async def upload(file: Path, offer: str = "of_1", merchant: int = MERCHANT) -> Said:
    """The command's output for a file."""
    return await command("lists", "upload", str(file), "--merchant", str(merchant), "--offer", offer)


async def test_a_file_is_matched_and_reported_in_bands(social: Connection, customers: Path) -> None:
    """Upload prints the match as a band, and names bad rows by their line numbers, never by their content."""
    said = await upload(customers)

    assert said.status == 0
    assert said.out.splitlines() == [
        "MATCHED: records FROM_1000, audience FROM_500",
        "2 rows were no phone number; lines 2, 1403",
    ]
    assert "read customers.csv" in said.err
    assert "SECRET" not in said.out + said.err
    assert await social.fetchval("SELECT count(*) FROM social.customer_list_entry") == 0
    # Safe to repeat: the same list gets the same answer, and is counted once.
    assert (await upload(customers)).out == said.out
    assert await social.fetchval("SELECT count(*) FROM social.customer_list") == 1


async def test_a_refused_list_says_why(social: Connection, customers: Path, tmp_path: Path) -> None:
    """If a list is refused, a line says why, the exit status is 1, and nothing is kept."""
    await upload(customers)
    other = tmp_path / "other.csv"
    other.write_text("\n".join(number_of(each) for each in range(800, 2_300)))

    said = await upload(other)
    assert (said.status, said.out) == (1, "Not taken: the offer has a list already.\n")
    near = tmp_path / "near.csv"
    near.write_text(customers.read_text() + "\n" + number_of(3_000))
    said = await upload(near, "of_2")
    assert (said.status, said.out) == (1, "Not taken: the list is nearly one that was uploaded before.\n")
    for offer, merchant in (("of_99", MERCHANT), ("of_1", 99)):
        said = await upload(other, offer, merchant)
        assert (said.status, said.out) == (1, "Not taken: the merchant has no such offer.\n")
    for number in range(2, 6):
        fresh = tmp_path / f"{number}.csv"
        fresh.write_text("\n".join(f"+49152{number}{each:06}" for each in range(1_000)))
        said = await upload(fresh, f"of_{number}")
        assert said.out.splitlines() == ["BELOW_MINIMUM: records FROM_1000, audience BELOW_MINIMUM"]
    said = await upload(other, "of_6")
    assert (said.status, said.out) == (
        1,
        "Not taken: no new list is left to the merchant for this day, or for 90 days.\n",
    )


async def test_a_failed_upload_is_one_line(
    social: Connection, customers: Path, tmp_path: Path, *, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing file, a folder, an unknown offer, an empty file or an unreachable store is one line."""
    for file, offer, words in (
        (tmp_path / "none.csv", "of_1", "none.csv cannot be read"),
        (tmp_path, "of_1", "cannot be read"),
        (customers, "5", "--offer needs an offer's identifier, such as of_5"),
        (customers, "of_", "--offer needs an offer's identifier, such as of_5"),
    ):
        said = await upload(file, offer)
        assert (said.status, said.out, said.err.count("\n")) == (1, "", 1)
        assert words in said.err
    empty = tmp_path / "empty.csv"
    empty.touch()
    said = await upload(empty)
    assert said.out.splitlines() == ["BELOW_MINIMUM: records BELOW_MINIMUM, audience BELOW_MINIMUM"]
    monkeypatch.setenv("GATEWAY_SOCIAL_DSN", "postgresql://127.0.0.1:1/social")
    for said in (await upload(customers), await command("lists", "index")):
        assert (said.status, said.out) == (1, "")
        assert "the social network's store cannot be reached" in said.err


async def test_numbers_are_hashed_once_and_again_under_another_secret(
    social: Connection, customers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under a changed secret matching is refused until all numbers are hashed again."""
    for printed in ("1,050 numbers hashed.\n", "0 numbers hashed.\n"):
        said = await command("lists", "index")
        assert (said.status, said.out) == (0, printed)
    before = await social.fetch("SELECT account_id, blind FROM social.phone_binding ORDER BY 1")
    assert not [row for row in before if row["blind"] is None]

    monkeypatch.setenv("GATEWAY_SECRET", secrets.token_urlsafe(32))
    for said in (await command("lists", "index"), await upload(customers)):
        assert (said.status, said.out) == (1, "")
        assert "gateway lists index --new-key" in said.err

    said = await command("lists", "index", "--new-key")
    assert (said.status, said.out) == (0, "1,050 numbers hashed.\n")
    after = await social.fetch("SELECT account_id, blind FROM social.phone_binding ORDER BY 1")
    assert not {row["blind"] for row in before} & {row["blind"] for row in after}
    assert (await upload(customers)).status == 0


async def test_the_budget_is_printed_with_what_it_means_and_can_be_changed(social: Connection) -> None:
    """`lists budget` prints the limits and the ε of a group; a changed limit binds the next list."""
    said = await command("lists", "budget")
    assert said.status == 0
    for line in (
        "A merchant has 5 new lists a day and 12 in 90 days.",
        "A number counts in 1 new list of one merchant and in 4 of all merchants, in 365 days.",
    ):
        assert line in said.out.splitlines()
    assert [row.split()[-4:] for row in said.out.splitlines()[5:14:3]] == [
        ["ε", "0.033", "0.167", "1.000"],
        ["ε", "0.067", "0.333", "2.000"],
        ["ε", "0.133", "0.667", "4.000"],
    ]
    documented = DOCUMENT.read_text()
    for line in said.out.splitlines()[7:14:3]:
        for cell in line.split()[-3:]:
            assert f"right {cell.removesuffix('%')} %" in documented
    said = await command("lists", "budget", "--noise-scale", "60", "--uses-of-number", "2")
    assert "in 2 of all merchants" in said.out
    assert "0.017" in said.out
    row = await social.fetchrow(
        "SELECT noise_scale, uses_of_number, lists_of_merchant FROM social.list_budget"
    )
    assert tuple(row or ()) == (60, 2, 12)
    said = await command("lists", "budget", "--uses-by-a-merchant", "3")
    assert (said.status, said.out) == (1, "")
    assert "--uses-by-a-merchant is at most --uses-of-number" in said.err
