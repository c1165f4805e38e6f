"""What there is to name in a world."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLObjectType, GraphQLSchema, coerce_input_value

from tests.kit.reference.executor import Reference
from tests.kit.reference.schema import LISTED
from tests.kit.worlds.rows import World


@dataclass(frozen=True)
class Known:
    """What a writer may name: identifiers by type, values of filters, and cursors.

    `cursors(list, arguments)`: sealed for that list, its filter and order, as JSON values. `foreign`:
    sealed for something else.
    """

    identifiers: dict[str, list[str]]
    phones: list[str]
    names: list[str]
    countries: list[str]
    times: list[str]
    days: list[str]
    cursors: Callable[[str, dict[str, Any]], list[str]]
    foreign: list[str]
    people: int


def moments(times: Iterable[datetime.datetime]) -> list[str]:
    """Ways of writing these times, and some at the ends of what can be written."""
    spelled = []
    for time in times:
        spelled.append(time.isoformat())
        spelled.append(time.replace(tzinfo=None).isoformat())
        spelled.append(
            time.astimezone(datetime.timezone(datetime.timedelta(hours=-5, minutes=-30))).isoformat()
        )
        spelled.append(time.isoformat().replace("+00:00", ".5Z"))
    return [*spelled, "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2016-08-25"]


def know(world: World, reference: Reference) -> Known:
    """What there is to name in a world: visible, hidden and missing alike."""
    members = [account.id for account in world.messenger_accounts]
    people = [account.id for account in world.social_accounts]
    gone = [link.messenger_id for link in world.messenger_links if link.messenger_id not in members]
    phones = [account.phone for account in world.messenger_accounts]
    phones += [binding.number for binding in world.phone_bindings]
    times = sorted({account.registered_at for account in world.messenger_accounts})
    days = [world.usage_horizon + datetime.timedelta(shift) for shift in (-60, -28, -27, -1, 0, 1, 9)]
    return Known(
        identifiers={
            "MessengerAccount": [f"ma_{each}" for each in (*members, *gone, 7, 2**62)],
            "SocialAccount": [f"sa_{each}" for each in (*people, 8, 2**62)],
            "Business": [f"bu_{each.id}" for each in world.businesses] + ["bu_9"],
            "MessengerConversation": [f"mc_{each.id}" for each in world.messenger_conversations] + ["mc_9"],
            "SocialConversation": [f"sc_{each.id}" for each in world.social_conversations] + ["sc_9"],
        },
        phones=[*phones, *(f"{each[:3]} {each[3:6]}-{each[6:]}" for each in phones), "+49 30 123456"],
        names=["", *(account.display_name for account in world.social_accounts), "%", "_da", "\U0001f600"],
        countries=["DE", "GB", "ZZ", "de", "", "D", "\u00e9\u2028"],
        times=moments(times[:: max(1, len(times) // 4)]),
        days=[*map(str, days), "0001-01-01", "9999-12-31"],
        cursors=lambda list_, chosen: reference.cursors_of(list_, _coerced(reference.schema, list_, chosen)),
        foreign=_foreign_cursors(reference),
        people=max(
            len(members),
            len(people),
            len(world.messenger_conversations),
            len(world.social_conversations),
        ),
    )


def _coerced(schema: GraphQLSchema, list_: str, chosen: dict[str, Any]) -> dict[str, Any]:
    query, member = schema.query_type, schema.get_type("MessengerAccount")
    assert query is not None
    field = query.fields.get(list_)
    if field is None and isinstance(member, GraphQLObjectType):
        field = member.fields.get(list_)
    if field is None:
        return chosen
    return {name: coerce_input_value(value, field.args[name].type) for name, value in chosen.items()}


def _foreign_cursors(reference: Reference) -> list[str]:
    elsewhere = reference.cursors.seal("[1]", b"ANOTHER_PURPOSE|policy|MessengerAccountConnection|{}")
    own = [cursor for list_ in LISTED for cursor in reference.cursors_of(list_, {})[:1]]
    return ["", "=", "AAAA", "not a cursor", "\u00e9", "A" * 3_000, elsewhere, *own]
