"""People as commands name them, and what commands sign about them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gateway.access.principal import find_person, find_principal
from gateway.commands.output import say
from gateway.terminal.problems import Problem, owner_of

if TYPE_CHECKING:
    from gateway.ledger.publishing import Publisher
    from gateway.settings import Settings
    from resolvers.plan.principal import Principal

_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")


async def existing_person(settings: Settings, person: str) -> Principal:
    """The person's accounts. Problem if there is no such person."""
    return await find_principal(settings, await _accounts(settings, [person]), merchant=None, business=None)


async def named_person(settings: Settings, names: Sequence[str]) -> Principal:
    """The person with these accounts, which may be gone. Problem for a number that no account has."""
    return await find_person(settings, await _accounts(settings, names))


async def _accounts(settings: Settings, names: Sequence[str]) -> list[str]:
    return [await _account(settings, each) for each in names]


async def _account(settings: Settings, name: str) -> str:
    if _PHONE.fullmatch(name):
        async with owner_of(settings, "messenger") as messenger:
            number = await messenger.fetchval("SELECT id FROM messenger.account WHERE phone = $1", name)
        if number is None:
            raise Problem("the messenger has no account with that number")
        return f"ma_{number}"
    if re.fullmatch("(ma|sa)_[0-9]+", name) is None:
        raise Problem("a person is named by a phone number in international form, or by ma_5 or sa_7")
    return name


def in_words(person: Principal) -> str:
    """The person's accounts, such as ``ma_5 and sa_7``."""
    return str(person).removeprefix("subject ").replace(", subject", " and")


async def published(publisher: Publisher) -> None:
    """Publish what a command signed, and say so if that failed."""
    await publisher.publish()
    if publisher.is_well is False:
        say("The record is not published: run `gateway ledger checkpoints` and keep its last lines.")
