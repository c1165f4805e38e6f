"""Finds the principal that the command line's options name, and checks it against the stores."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gateway.terminal.problems import Problem, owner_of
from resolvers.plan.principal import Principal

if TYPE_CHECKING:
    from gateway.settings import Settings

_ACCOUNT = re.compile(r"(ma|sa)_(0|[1-9][0-9]{0,17})")
_EXISTS = {
    "messenger": "SELECT EXISTS (SELECT FROM messenger.account WHERE id = $1)",
    "social": "SELECT EXISTS (SELECT FROM social.account WHERE id = $1)",
    "merchant": "SELECT EXISTS (SELECT FROM social.merchant WHERE id = $1)",
    "business": "SELECT EXISTS (SELECT FROM social.business WHERE id = $1)",
}
_LINK = """
SELECT messenger_id, account_id FROM social.messenger_link WHERE messenger_id = $1 OR account_id = $2
"""


async def find_person(settings: Settings, subjects: Sequence[str]) -> Principal:
    """The person with these accounts, which may be gone from their stores.

    If one account is named, the link between the stores, as long as it is there, leads to the other one.
    Problem if the stores link either account to somebody else.
    """
    messenger_id, social_id = _accounts(subjects)
    return Principal(*await _one_person(settings, messenger_id, social_id, may_be_gone=True))


async def find_principal(
    settings: Settings, subjects: Sequence[str], *, merchant: int | None, business: int | None
) -> Principal:
    """The principal of these options.

    A subject is a person. If the options name one account, the link between the stores leads to the other
    one. Problem if an account, merchant or business does not exist, or two accounts are not linked.
    """
    messenger_id, social_id = _accounts(subjects)
    named = (
        ("messenger", messenger_id, f"the messenger has no account ma_{messenger_id}"),
        ("social", social_id, f"the social network has no account sa_{social_id}"),
        ("merchant", merchant, f"there is no merchant {merchant}"),
        ("business", business, f"there is no business {business}"),
    )
    for what, number, words in named:
        store = "messenger" if what == "messenger" else "social"
        if number is not None:
            async with owner_of(settings, store) as connection:
                if not await connection.fetchval(_EXISTS[what], number):
                    raise Problem(words)
    if subjects:
        messenger_id, social_id = await _one_person(settings, messenger_id, social_id)
    return Principal(
        messenger_id=messenger_id, social_id=social_id, merchant_id=merchant, business_id=business
    )


def _accounts(subjects: Sequence[str]) -> tuple[int | None, int | None]:
    found: dict[str, int] = {}
    for subject in subjects:
        matched = _ACCOUNT.fullmatch(subject)
        if matched is None or matched[1] in found:
            raise Problem("--subject takes one account of each store at most, such as ma_5 and sa_7")
        found[matched[1]] = int(matched[2])
    return found.get("ma"), found.get("sa")


async def _one_person(
    settings: Settings, messenger_id: int | None, social_id: int | None, *, may_be_gone: bool = False
) -> tuple[int | None, int | None]:
    async with owner_of(settings, "social") as connection:
        links = await connection.fetch(_LINK, messenger_id, social_id)
    if messenger_id is not None and social_id is not None:
        if (links or not may_be_gone) and (messenger_id, social_id) not in {tuple(link) for link in links}:
            raise Problem(f"ma_{messenger_id} and sa_{social_id} are not linked: not one person's accounts")
        return messenger_id, social_id
    return (links[0]["messenger_id"], links[0]["account_id"]) if links else (messenger_id, social_id)
