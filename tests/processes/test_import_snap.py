"""The import loads each line of the two public data sets, or nothing."""

from __future__ import annotations

import asyncio
import gzip
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateway.demo.problem import DemoProblem
from gateway.demo.snap import PLACED, SnapCounts, import_snap
from resolvers.stores.pool import connect_owner
from tests.kit.real_data import Truth

if TYPE_CHECKING:
    from resolvers.stores.pool import Connection
    from tests.conftest import NewDatabase

FRIENDSHIPS = b"0 1\n1 2\n7 0\n"
# 1082040961 is 2004-04-15T14:56:01Z; the last one is on the day after.
MESSAGES = b"1 2 1082040961\n2 1 1082040962\n1 3 1082041000\n1 2 1082127361\n"


@dataclass(frozen=True)
class Stores:
    """Two migrated databases and an import into them."""

    messenger: Connection
    social: Connection

    async def load(self, friendships: Path, messages: Path) -> SnapCounts:
        """Import the two files."""
        return await import_snap(
            self.messenger, self.social, friendships, messages=messages, progress=lambda *_: None
        )

    async def rows(self) -> int:
        """How many accounts there are in both."""
        members: int = await self.messenger.fetchval("SELECT count(*) FROM messenger.account")
        users: int = await self.social.fetchval("SELECT count(*) FROM social.account")
        return members + users


async def open_stores(new_database: NewDatabase) -> Stores:
    """Two fresh, empty stores."""
    return Stores(*[await connect_owner(await new_database(store)) for store in ("messenger", "social")])


@pytest.fixture
async def stores(new_database: NewDatabase) -> AsyncIterator[Stores]:
    """Two empty stores."""
    made = await open_stores(new_database)
    yield made
    await made.messenger.close()
    await made.social.close()


def write(folder: Path, name: str, content: bytes) -> Path:
    """A file with that content."""
    path = folder / name
    path.write_bytes(content)
    return path


# --- small files -------------------------------------------------------------------------------------


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
async def test_files_are_read_compressed_or_not(stores: Stores, tmp_path: Path, pack: type[bytes]) -> None:
    """The import recognises gzip by a file's first bytes and ignores its name."""
    friendships = write(tmp_path, "friends", pack(FRIENDSHIPS))
    counts = await stores.load(friendships, write(tmp_path, "messages.txt", pack(MESSAGES)))
    assert counts == SnapCounts(
        social_accounts=4, friendships=3, members=3, messages=4, contacts=4, usage_days=3, links=2
    )
    assert await stores.rows() == 7


async def test_small_files_give_exactly_these_rows(stores: Stores, tmp_path: Path) -> None:
    """Members, address books, usage, links and numbers follow from the two files."""
    await stores.load(write(tmp_path, "f", FRIENDSHIPS), write(tmp_path, "m", MESSAGES))
    members = await stores.messenger.fetch("SELECT * FROM messenger.account ORDER BY id")
    assert [tuple(row) for row in members] == [
        (1, "+4915100000001", "DE", datetime(2016, 9, 30, 14, 56, 1, tzinfo=UTC), 0),
        (2, "+4915100000002", "DE", datetime(2016, 9, 30, 14, 56, 1, tzinfo=UTC), 0),
        (3, "+4915100000003", "DE", datetime(2016, 9, 30, 14, 56, 40, tzinfo=UTC), 0),
    ]
    contacts = await stores.messenger.fetch(
        "SELECT account_id, contact_id FROM messenger.contact ORDER BY 1, 2"
    )
    assert [tuple(row) for row in contacts] == [(1, 2), (1, 3), (2, 1), (3, 1)]
    usage = await stores.messenger.fetch(
        "SELECT account_id, day, messages_sent FROM messenger.daily_usage ORDER BY 1, 2"
    )
    first, last = date(2016, 9, 30), date(2016, 10, 1)
    assert [tuple(row) for row in usage] == [(1, first, 2), (1, last, 1), (2, first, 1)]
    links = await stores.social.fetch(
        "SELECT account_id, messenger_id, since FROM social.messenger_link ORDER BY 1"
    )
    assert [tuple(row) for row in links] == [(1, 1, first), (2, 2, first)]
    numbers = await stores.social.fetch(
        "SELECT account_id, source, number, messenger_id FROM social.phone_binding ORDER BY 1, 2"
    )
    assert [tuple(row) for row in numbers] == [
        (0, "SECURITY_2FA", "+4915200000000", None),
        (1, "MESSENGER_SHARED", "+4915100000001", 1),
        (1, "SELF_PROFILE", "+4915100000001", None),
        (2, "MESSENGER_SHARED", "+4915100000002", 2),
        (2, "SELF_PROFILE", "+4915100000002", None),
        (7, "SELF_PROFILE", "+4915200000007", None),
    ]


async def test_no_imported_row_is_hidden(stores: Stores, tmp_path: Path) -> None:
    """The import turns the triggers off, and says of every row that no one is restricted."""
    await stores.load(write(tmp_path, "f", FRIENDSHIPS), write(tmp_path, "m", MESSAGES))
    for table in PLACED:
        store = stores.messenger if table.startswith("messenger.") else stores.social
        assert await store.fetchval(f"SELECT count(*) > 0 AND max(abs(restricted)) = 0 FROM {table}"), table


async def test_messages_need_not_be_in_order(stores: Stores, tmp_path: Path) -> None:
    """The last message and each member's first are found at any position in the file."""
    backwards = b"".join(reversed(MESSAGES.splitlines(keepends=True)))
    await stores.load(write(tmp_path, "f", FRIENDSHIPS), write(tmp_path, "m", backwards))
    assert await stores.messenger.fetchval("SELECT max(sent_at) FROM content.message") == datetime(
        2016, 10, 1, 14, 56, 1, tzinfo=UTC
    )
    assert await stores.messenger.fetchval(
        "SELECT registered_at FROM messenger.account WHERE id = 2"
    ) == datetime(2016, 9, 30, 14, 56, 1, tzinfo=UTC)  # fmt: skip


@pytest.mark.parametrize(
    "line",
    [b"secret", b"", b"1", b"1 2 3", b"1 x", b"-1 2", b"1  2", b" 1 2", b"1 2 ", b"1,2", b"5 5", b"1 0",
     b"0 1", b"1 123456789", b"\xff\xfe", "١ ٢".encode(), b"1 2" * 100],
)  # fmt: skip
async def test_a_malformed_friendship_is_refused_by_its_place(
    stores: Stores, tmp_path: Path, line: bytes
) -> None:
    """The refusal names file and line but not their content, and both stores stay empty."""
    friendships = write(tmp_path, "friends.txt", b"0 1\n2 3\n" + line + b"\n4 6\n")
    with pytest.raises(DemoProblem) as refusal:
        await stores.load(friendships, write(tmp_path, "m", MESSAGES))
    assert refusal.value.message == f"{friendships}:3: malformed line; nothing was loaded"
    assert await stores.rows() == 0


@pytest.mark.parametrize(
    "line",
    [
        b"canary",
        b"1 2",
        b"1 2 now",
        b"1 2 1082040961.5",
        b"1 2 -5",
        b"1 2 99999999999",
        b"3 3 1082040961",
        b"1\t2\t3",
    ],
)
async def test_a_malformed_message_is_refused_by_its_place(
    stores: Stores, tmp_path: Path, line: bytes
) -> None:
    """A malformed message is refused, too, and the valid lines before it are not loaded."""
    messages = write(tmp_path, "messages.gz", gzip.compress(MESSAGES + line + b"\n"))
    with pytest.raises(DemoProblem) as refusal:
        await stores.load(write(tmp_path, "f", FRIENDSHIPS), messages)
    assert refusal.value.message == f"{messages}:5: malformed line; nothing was loaded"
    assert await stores.rows() == 0


async def test_a_file_without_a_last_line_end_is_whole(stores: Stores, tmp_path: Path) -> None:
    """A missing last line end and Windows line ends are accepted."""
    messages = write(tmp_path, "m", MESSAGES.replace(b"\n", b"\r\n").rstrip())
    counts = await stores.load(write(tmp_path, "f", FRIENDSHIPS.rstrip()), messages)
    assert (counts.friendships, counts.messages) == (3, 4)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no line in it"),
        (gzip.compress(b"", mtime=0), "no line in it"),
        (gzip.compress(MESSAGES, mtime=0)[:-9], "damaged or cut short"),
        (gzip.compress(MESSAGES, mtime=0)[:-8] + b"12345678", "damaged or cut short"),
        (None, "cannot be read"),
    ],
)
async def test_a_file_that_is_not_whole_is_refused(
    stores: Stores, tmp_path: Path, content: bytes | None, words: str
) -> None:
    """An empty, damaged or missing file is named, and nothing is loaded."""
    messages = write(tmp_path, "m", content) if content is not None else tmp_path / "missing"
    with pytest.raises(DemoProblem, match=words) as refusal:
        await stores.load(write(tmp_path, "f", FRIENDSHIPS), messages)
    assert str(messages) in refusal.value.message
    assert await stores.rows() == 0


@pytest.mark.parametrize("store", ["messenger", "social"])
async def test_a_store_that_holds_rows_is_refused(stores: Stores, tmp_path: Path, store: str) -> None:
    """If one store is not empty, both stay unchanged."""
    connection = stores.messenger if store == "messenger" else stores.social
    await connection.execute(f"INSERT INTO {store}.business VALUES (1, 'here before', true)")
    with pytest.raises(DemoProblem, match=rf"{store}\.business already holds rows"):
        await stores.load(write(tmp_path, "f", FRIENDSHIPS), write(tmp_path, "m", MESSAGES))
    assert await stores.rows() == 0


# --- the real files, against plain Python ------------------------------------------------------------


@pytest.fixture(scope="module")
async def real(new_database: NewDatabase, real_data: Path) -> AsyncIterator[Stores]:
    """Two stores with the real data, which the tests only read."""
    made = await open_stores(new_database)
    async with asyncio.timeout(30):  # it is promised to take no longer
        await made.load(real_data / "ego-facebook.txt.gz", real_data / "college-msg.txt.gz")
    yield made
    await made.messenger.close()
    await made.social.close()


@pytest.mark.real_data
async def test_every_account_has_the_friends_of_the_file(real: Stores, truth: Truth) -> None:
    """All 4,039 accounts have exactly the file's friends, 88,234 friendships in total."""
    friends: dict[int, set[int]] = {
        row["id"]: set() for row in await real.social.fetch("SELECT id FROM social.account")
    }
    for account, friend in await real.social.fetch("SELECT account_id, friend_id FROM social.friendship"):
        friends[account].add(friend)
    assert truth.friends == friends
    assert (len(friends), sum(map(len, friends.values()))) == (4_039, 2 * 88_234)


@pytest.mark.real_data
async def test_every_member_has_the_address_book_of_the_file(real: Stores, truth: Truth) -> None:
    """A member's address book holds the sender of each received and the recipient of each sent message."""
    books: dict[int, set[int]] = defaultdict(set)
    for account, contact in await real.messenger.fetch(
        "SELECT account_id, contact_id FROM messenger.contact"
    ):
        books[account].add(contact)
    assert truth.books == books
    assert len(books) == 1_899


@pytest.mark.real_data
async def test_every_members_usage_is_that_of_the_file(real: Stores, truth: Truth) -> None:
    """Daily message counts, 59,835 in total, and all counts of active days equal the file's."""
    usage: dict[int, dict[date, int]] = defaultdict(dict)
    for account, day, sent in await real.messenger.fetch(
        "SELECT account_id, day, messages_sent FROM messenger.daily_usage"
    ):
        usage[account][day] = sent
    assert truth.sent == usage
    assert sum(sum(days.values()) for days in usage.values()) == 59_835
    assert await real.messenger.fetchval("SELECT day FROM messenger.usage_horizon") == max(
        day for days in truth.sent.values() for day in days
    )


@pytest.mark.real_data
@pytest.mark.parametrize("end", [date(2016, 10, 1), date(2016, 8, 25), date(2016, 5, 1)])
async def test_active_days_of_four_weeks_are_those_of_the_file(real: Stores, truth: Truth, end: date) -> None:
    """Active days and the last active day of each member in the 28 days before each date."""
    start = end - timedelta(days=27)
    within = {member: [day for day in days if start <= day <= end] for member, days in truth.sent.items()}
    expected = {member: (len(days), max(days)) for member, days in within.items() if days}
    rows = await real.messenger.fetch(
        "SELECT account_id, count(*), max(day) FROM messenger.daily_usage"
        " WHERE day BETWEEN $1 AND $2 GROUP BY 1",
        start,
        end,
    )
    assert expected == {member: (days, last) for member, days, last in rows}
    assert expected


@pytest.mark.real_data
async def test_members_joined_with_their_first_message(real: Stores, truth: Truth) -> None:
    """Registration is the first message sent or received; members joined before and after the terms."""
    rows = await real.messenger.fetch("SELECT id, registered_at FROM messenger.account")
    assert truth.joined == dict(rows)
    terms = datetime(2016, 8, 25, tzinfo=UTC)
    before = {member for member, time in truth.joined.items() if time < terms}
    assert 0 < len(before) < len(truth.joined)
    stored = await real.messenger.fetch("SELECT id FROM messenger.account WHERE registered_at < $1", terms)
    accepted = await real.messenger.fetch("SELECT account_id, accepted_at FROM messenger.terms_acceptance")
    assert dict(accepted) == {member: max(time, terms) for member, time in truth.joined.items()}
    assert before == {row["id"] for row in stored}


@pytest.mark.real_data
async def test_the_same_number_is_the_same_person(real: Stores, truth: Truth) -> None:
    """A person in both files is linked since the terms or since joining, with one phone number."""
    both = truth.friends.keys() & truth.joined.keys()
    links = {row["account_id"]: row for row in await real.social.fetch("SELECT * FROM social.messenger_link")}
    phones = dict(await real.messenger.fetch("SELECT id, phone FROM messenger.account"))
    shared = dict(
        await real.social.fetch(
            "SELECT account_id, number FROM social.phone_binding WHERE source = 'MESSENGER_SHARED'"
        )
    )
    assert both == links.keys()
    assert {account: phones[account] for account in both} == shared
    for account, link in links.items():
        assert link["messenger_id"] == account
        assert link["since"] == max(date(2016, 8, 25), truth.joined[account].date())


@pytest.mark.real_data
async def test_every_real_message_has_a_canary_of_its_own(real: Stores) -> None:
    """Each of the 59,835 messages has its own canary."""
    rows = await real.messenger.fetch("SELECT body FROM content.message")
    canaries = {row["body"].rpartition(" ")[2] for row in rows}
    assert len(canaries) == 59_835
    assert all(canary.startswith("canary-") and len(canary) == 39 for canary in canaries)
