"""The demo's own files beside Postgres' data: settings with the secret, tokens, and a mark.

    settings.toml   the stores' DSNs and the secret, for other commands while the demo runs
    tokens          one line for each purpose and each holder in the console; kept for the next run
    loaded          the number of made-up people; written when the load is complete

Only their owner can read them.
"""

from __future__ import annotations

import json
import os
import secrets
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.access.token_text import is_well_formed
from gateway.demo.embedded import plain_words
from gateway.settings import Settings
from gateway.terminal.problems import read_settings
from resolvers.plan.identifiers import IdentifierScope

HEAD = """\
# Made by `gateway demo`. While it runs, in another terminal:
#   GATEWAY_CONFIG_FILE={} gateway doctor
"""


@dataclass(frozen=True)
class Folder:
    """The demo's folder, which must exist before something is written."""

    path: Path

    @property
    def settings_file(self) -> Path:
        """The file that `GATEWAY_CONFIG_FILE` may name while the demo runs."""
        return self.path / "settings.toml"

    def forget(self) -> None:
        """Delete what this module wrote."""
        with plain_words(self.path):
            for name in ("loaded", "tokens", "settings.toml", "checkpoints.jsonl"):
                (self.path / name).unlink(missing_ok=True)

    def accounts_loaded(self) -> int | None:
        """The number of made-up people, or None if their load is not complete."""
        text = self._read("loaded").strip()
        return int(text) if text.isdecimal() else None

    def mark_loaded(self, accounts: int | None) -> None:
        """Note that the load of `accounts` people is complete; None removes the note."""
        self._write("loaded", "" if accounts is None else f"{accounts}\n")

    def secret(self) -> str:
        """The secret of the last run, or a new one."""
        try:
            kept = tomllib.loads(self._read("settings.toml")).get("secret")
        except tomllib.TOMLDecodeError:
            kept = None
        return kept if isinstance(kept, str) and len(kept) >= 32 else secrets.token_urlsafe(32)

    def settings(self, dsns: Mapping[str, str]) -> Settings:
        """Write and return the demo's settings; those that it does not write come from the environment."""
        checkpoints = self.path.resolve() / "checkpoints.jsonl"
        settings = settings_of(dsns, self.secret()).model_copy(update={"checkpoint_file": checkpoints})
        written = {f"{store}_dsn": dsn for store, dsn in dsns.items()}
        written["checkpoint_file"] = str(checkpoints)
        written["secret"] = settings.secret.get_secret_value()
        written["identifiers"] = settings.identifiers
        lines = [f"{name} = {json.dumps(value)}\n" for name, value in written.items()]
        self._write("settings.toml", HEAD.format(self.settings_file) + "".join(lines))
        return settings

    def tokens(self, names: Sequence[str]) -> dict[str, str] | None:
        """The tokens of the last run, or None unless exactly these names have one."""
        pairs = [line.split() for line in self._read("tokens").splitlines()]
        kept = {pair[0]: pair[1] for pair in pairs if len(pair) == 2 and is_well_formed(pair[1].encode())}
        return {each: kept[each] for each in names} if kept.keys() == set(names) else None

    def keep_tokens(self, tokens: Mapping[str, str]) -> None:
        """Write the tokens, so that the next run keeps them."""
        self._write("tokens", "".join(f"{name} {token}\n" for name, token in tokens.items()))

    def _read(self, name: str) -> str:
        with plain_words(self.path):
            path = self.path / name
            return path.read_text() if path.exists() else ""

    def _write(self, name: str, text: str) -> None:
        """Replace the file atomically, so that an interruption leaves the old one complete."""
        with plain_words(self.path):
            new = self.path / f"{name}.new"
            new.unlink(missing_ok=True)
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(text)
            new.replace(self.path / name)


def settings_of(dsns: Mapping[str, str], secret: str) -> Settings:
    """Settings of a demo of these stores, each with its owner's rights; others come from the environment."""
    places = {f"{store}_dsn": dsn for store, dsn in dsns.items()}
    # Name the owners' DSNs, too: one from the environment would make the demo write into a real store.
    owners = {f"{store}_owner_dsn": dsn for store, dsn in dsns.items() if store != "control"}
    # Made-up people are known by the same number in every example, answer and command.
    return read_settings(**places, **owners, secret=secret, identifiers=IdentifierScope.PLAIN)
