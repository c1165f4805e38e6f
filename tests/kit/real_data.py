"""What the files beside the project say: two public data sets in plain Python, and the owners' policy."""

from __future__ import annotations

import gzip
import os
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

FRIENDSHIPS = "ego-facebook.txt.gz"
MESSAGES = "college-msg.txt.gz"
POLICY = "policy-matrix.csv"


@dataclass(frozen=True)
class Truth:
    """What the two files say, worked out without the importer."""

    friends: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    books: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    sent: dict[int, dict[date, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    joined: dict[int, datetime] = field(default_factory=dict)


def read_truth(folder: Path) -> Truth:
    """Both files, line by line."""
    truth = Truth()
    for line in gzip.decompress((folder / FRIENDSHIPS).read_bytes()).splitlines():
        one, other = map(int, line.split())
        truth.friends[one].add(other)
        truth.friends[other].add(one)
    messages = [
        tuple(map(int, line.split()))
        for line in gzip.decompress((folder / MESSAGES).read_bytes()).splitlines()
    ]
    shift = date(2016, 10, 1) - datetime.fromtimestamp(max(m[2] for m in messages), UTC).date()
    for sender, recipient, seconds in messages:
        time = datetime.fromtimestamp(seconds, UTC) + shift
        truth.books[sender].add(recipient)
        truth.books[recipient].add(sender)
        truth.sent[sender][time.date()] += 1
        for member in (sender, recipient):
            truth.joined[member] = min(time, truth.joined.get(member, time))
    return truth


def folder_of_real_data() -> Path:
    """The folder of the two files, which the project does not contain; skips with a word without them."""
    folder = _folder()
    missing = [name for name in (FRIENDSHIPS, MESSAGES) if not (folder / name).is_file()]
    if missing:
        pytest.skip(f"{' and '.join(missing)} not in {folder}: set GATEWAY_REAL_DATA to the folder of both")
    return folder


def policy_of_the_owners() -> Path:
    """The policy as its owners wrote it, beside the folder of the data; skips with a word without it."""
    file = _folder().parent / POLICY
    if not file.is_file():
        pytest.skip(f"{POLICY} not in {file.parent}: it lies beside the folder that GATEWAY_REAL_DATA names")
    return file


def _folder() -> Path:
    beside = Path(__file__).parents[3] / "shared" / "data"
    return Path(os.environ.get("GATEWAY_REAL_DATA", beside))
