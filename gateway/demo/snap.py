"""`gateway import snap`: fill the two stores from two public data sets.

One file has a friendship `A B` on each line (SNAP's `ego-Facebook`), the other a message `SRC DST UNIXTIME`
(SNAP's `CollegeMsg`); both may be plain or gzip. Node n of the first becomes social account n, user k of the
second becomes messenger account k. Accounts with equal numbers belong to one person. Names, phone numbers and
message bodies are made up.

Both files are read to the end before a row is written, and both stores are written before either is
committed. So a malformed line leaves both stores empty.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.demo.bulk import MESSENGER_TABLES, SOCIAL_TABLES, opened, settle, side_by_side
from gateway.demo.names import FIRST, LAST
from gateway.demo.problem import DemoProblem
from resolvers.stores.pool import transaction
from schema.terms.profiles import TERMS_OF_2016, TERMS_VERSION

if TYPE_CHECKING:
    from gateway.terminal.progress import Progress
    from resolvers.stores.pool import Connection

LAST_DAY = date(2016, 10, 1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
GZIP = b"\x1f\x8b"

# The account, the source, the number, and the messenger account that shared it.
PhoneRow = tuple[int, str, str, int | None]
# One row of a table, as asyncpg takes it.
Row = tuple[object, ...]
# With the triggers off, a row that says nothing of restrictions would be hidden.
PLACED = frozenset(
    {
        "messenger.account",
        "messenger.contact",
        "messenger.daily_usage",
        "messenger.phone_lookup",
        "social.messenger_link",
        "social.messenger_lookup",
        "social.number_lookup",
        "social.phone_binding",
    }
)

# At most eight digits, because a phone number contains the number of its account.
FRIENDSHIP = re.compile(rb"([0-9]{1,8}) ([0-9]{1,8})\r?\n?")
MESSAGE = re.compile(rb"([0-9]{1,8}) ([0-9]{1,8}) ([0-9]{1,10})\r?\n?")
# No valid line is longer. The limit keeps a file without line ends out of memory.
LONGEST_LINE = 64


@dataclass(frozen=True)
class SnapMessage:
    """One message of the file; `line` identifies it."""

    line: int
    sender: int
    recipient: int
    sent_at: datetime


@dataclass(frozen=True)
class Friendships:
    """The social network's input: each pair once, the smaller number first."""

    pairs: frozenset[tuple[int, int]]

    @cached_property
    def accounts(self) -> list[int]:
        """Every account that has a friend, in order."""
        return sorted({account for pair in self.pairs for account in pair})


@dataclass(frozen=True)
class SnapMessages:
    """The messenger's input, shifted so that the last message falls on LAST_DAY."""

    sent: tuple[SnapMessage, ...]

    @cached_property
    def registered(self) -> dict[int, datetime]:
        """Each member, in order of their numbers, with the time of the first message sent or received."""
        first: dict[int, datetime] = {}
        for message in self.sent:
            for member in (message.sender, message.recipient):
                first[member] = min(first.get(member, message.sent_at), message.sent_at)
        return dict(sorted(first.items()))

    @cached_property
    def contacts(self) -> list[tuple[int, int]]:
        """The pairs of all address books: two members with a message between them know each other."""
        pairs = {(message.sender, message.recipient) for message in self.sent}
        return sorted(pairs | {(recipient, sender) for sender, recipient in pairs})

    @cached_property
    def usage(self) -> list[tuple[int, date, int]]:
        """Member, day (UTC), messages sent on that day."""
        days = Counter((message.sender, message.sent_at.date()) for message in self.sent)
        return [(member, day, count) for (member, day), count in sorted(days.items())]


@dataclass(frozen=True)
class SnapCounts:
    """What was loaded. A friendship counts once, though the store has a row for each end."""

    social_accounts: int
    friendships: int
    members: int
    messages: int
    contacts: int
    usage_days: int
    links: int


async def import_snap(
    messenger: Connection, social: Connection, friendships: Path, *, messages: Path, progress: Progress
) -> SnapCounts:
    """Read both files, load both stores, which must be empty and migrated, and return the counts.

    The connections are the owners'. Raises DemoProblem, which names the malformed file and
    line, never their content, or the table that holds rows; both stores are then unchanged.
    """
    progress("read friendships", 0, 2)
    friends = read_friendships(friendships)
    progress("read messages", 1, 2)
    talks = read_messages(messages)
    progress("read messages", 2, 2)
    async with AsyncExitStack() as stack:
        for connection in (messenger, social):
            await stack.enter_async_context(transaction(connection))
        await side_by_side(
            load_messenger(messenger, talks, progress), load_social(social, friends, talks, progress=progress)
        )
    await side_by_side(
        settle(messenger, "messenger", MESSENGER_TABLES, progress=progress),
        settle(social, "social", SOCIAL_TABLES, progress=progress),
    )
    return count(friends, talks)


def count(friends: Friendships, talks: SnapMessages) -> SnapCounts:
    """The sizes of both inputs."""
    return SnapCounts(
        social_accounts=len(friends.accounts),
        friendships=len(friends.pairs),
        members=len(talks.registered),
        messages=len(talks.sent),
        contacts=len(talks.contacts),
        usage_days=len(talks.usage),
        links=len(set(friends.accounts) & talks.registered.keys()),
    )


def read_friendships(path: Path) -> Friendships:
    """Read friendships; raise DemoProblem at a malformed line, a repeated pair or a pair of equal numbers."""
    pairs: set[tuple[int, int]] = set()
    for line, numbers in rows(path, FRIENDSHIP):
        one, other = sorted(numbers)
        if one == other or (one, other) in pairs:
            raise malformed(path, line)
        pairs.add((one, other))
    return Friendships(frozenset(pairs))


def read_messages(path: Path) -> SnapMessages:
    """Read messages, shifted; raise DemoProblem at a malformed line or a message to its own sender."""
    sent: list[tuple[int, int, int, int]] = []
    for line, (sender, recipient, time) in rows(path, MESSAGE):
        if sender == recipient:
            raise malformed(path, line)
        sent.append((line, sender, recipient, time))
    return shifted(sent)


def shifted(sent: list[tuple[int, int, int, int]]) -> SnapMessages:
    """The messages, all moved by the same number of whole days so that the last falls on LAST_DAY."""
    last = EPOCH + timedelta(seconds=max(time for *_, time in sent))
    shift = LAST_DAY - last.date()
    return SnapMessages(
        tuple(
            SnapMessage(line, sender, recipient, EPOCH + timedelta(seconds=time) + shift)
            for line, sender, recipient, time in sent
        )
    )


def rows(path: Path, pattern: re.Pattern[bytes]) -> Iterator[tuple[int, list[int]]]:
    """Yield each line's number and the numbers in it."""
    number = 0
    for number, line in enumerate(lines(path), 1):
        match = pattern.fullmatch(line)
        if match is None:
            raise malformed(path, number)
        yield number, [int(group) for group in match.groups()]
    if number == 0:
        raise DemoProblem(f"{path}: no line in it; nothing was loaded")


def malformed(path: Path, line: int) -> DemoProblem:
    """Return the refusal of a line. It names the place only, because the line is personal data."""
    return DemoProblem(f"{path}:{line}: malformed line; nothing was loaded")


def lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a plain or compressed file; a line over LONGEST_LINE comes in pieces."""
    try:
        with path.open("rb") as file:
            packed = file.read(len(GZIP)) == GZIP
            file.seek(0)
            text = gzip.GzipFile(fileobj=file) if packed else file
            yield from iter(lambda: text.readline(LONGEST_LINE), b"")
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DemoProblem(f"{path}: damaged or cut short; nothing was loaded") from error
    except OSError as error:
        raise DemoProblem(f"{path}: cannot be read; nothing was loaded") from error


async def load_messenger(connection: Connection, talks: SnapMessages, progress: Progress) -> None:
    """Fill the messenger's store, within the caller's transaction."""
    async with opened(connection, MESSENGER_TABLES):
        accounts = [(member, phone(member), "DE", time) for member, time in talks.registered.items()]
        bodies = [(m.sender, m.line, m.recipient, m.sent_at, body(m.line)) for m in talks.sent]
        tables: dict[str, Sequence[Row]] = {
            "messenger.account (id, phone, country_code, registered_at)": accounts,
            "messenger.phone_lookup (phone, account_id)": [
                (number, member) for member, number, *_ in accounts
            ],
            "messenger.terms_acceptance (account_id, version, accepted_at)": [
                (member, TERMS_VERSION, max(time, TERMS_OF_2016)) for member, time in talks.registered.items()
            ],
            "messenger.contact (account_id, contact_id)": talks.contacts,
            "messenger.daily_usage (account_id, day, messages_sent)": talks.usage,
            "content.message (sender_id, id, recipient_id, sent_at, body)": bodies,
        }
        await copy(connection, tables, progress)
        await connection.execute("UPDATE messenger.usage_horizon SET day = $1", LAST_DAY)


async def load_social(
    connection: Connection, friends: Friendships, talks: SnapMessages, *, progress: Progress
) -> None:
    """Fill the social network's store, within the caller's transaction."""
    async with opened(connection, SOCIAL_TABLES):
        since = {
            n: max(talks.registered[n].date(), TERMS_OF_2016.date())
            for n in friends.accounts
            if n in talks.registered
        }
        numbers = [row for n in friends.accounts for row in phone_rows(n, linked=n in since)]
        tables: dict[str, Sequence[Row]] = {
            "social.account (id, display_name)": [(n, display_name(n)) for n in friends.accounts],
            "social.friendship (account_id, friend_id)": sorted(
                end for one, other in friends.pairs for end in ((one, other), (other, one))
            ),
            "social.phone_binding (account_id, source, number, messenger_id)": numbers,
            "social.number_lookup (account_id, source, number)": [
                row[:3] for row in numbers if row[1] != "SECURITY_2FA"
            ],
            "social.messenger_link (account_id, messenger_id, since)": [
                (n, n, day) for n, day in since.items()
            ],
            "social.messenger_lookup (messenger_id, account_id)": [(n, n) for n in since],
        }
        await copy(connection, tables, progress)


async def copy(connection: Connection, tables: Mapping[str, Sequence[Row]], progress: Progress) -> None:
    """Write the rows of each `schema.table (columns)`, in order. None of these people is restricted."""
    for target, rows in tables.items():
        schema, table, *columns = re.findall(r"\w+", target)
        records: Sequence[Row] = rows
        if f"{schema}.{table}" in PLACED:
            columns, records = [*columns, "restricted"], [(*row, 0) for row in rows]
        progress(f"load {schema}.{table}", 0, len(records))
        await connection.copy_records_to_table(table, schema_name=schema, columns=columns, records=records)
        progress(f"load {schema}.{table}", len(records), len(records))


def phone_rows(account: int, *, linked: bool) -> list[PhoneRow]:
    """The phone numbers of a social account.

    A linked person has the messenger's number, and typed the same one into the profile. Of the other people,
    two in three typed a number of their own, and one in five gave theirs for two-factor sign-in.
    """
    if linked:
        number = phone(account)
        return [
            (account, "MESSENGER_SHARED", number, account),
            (account, "SELF_PROFILE", number, None),
        ]
    own = f"+49152{account:08d}"
    sources = (["SELF_PROFILE"] if account % 3 else []) + (["SECURITY_2FA"] if account % 5 == 0 else [])
    return [(account, source, own, None) for source in sources]


def phone(member: int) -> str:
    """The made-up phone number of a messenger account, different for each."""
    return f"+49151{member:08d}"


def display_name(account: int) -> str:
    """A made-up name, always the same for the same account."""
    first, last = divmod(int.from_bytes(hashlib.sha256(b"name %d" % account).digest()[:4]), len(LAST))
    return f"{FIRST[first % len(FIRST)]} {LAST[last]}"


def body(line: int) -> str:
    """Return the made-up text of a message; its canary occurs nowhere else."""
    return f"See you soon! canary-{hashlib.sha256(b'message %d' % line).hexdigest()[:32]}"
