"""Worlds that a purpose cannot tell apart, as the oracle judges."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from random import Random
from typing import Any, TypeVar

from tests.kit import oracle
from tests.kit.worlds.changes import CHANGES
from tests.kit.worlds.plain import field_name, objects
from tests.kit.worlds.rows import (
    HORIZON,
    TERMS_CHANGED,
    AdTopic,
    Friendship,
    MessengerAccount,
    Offer,
    PhoneBinding,
    Shown,
    SocialAccount,
    World,
)

T = TypeVar("T")


def differing_pair(world: World, purpose: str, random: Random, changes: int = 12) -> tuple[World, World]:
    """The world, and another that differs only in what the purpose may not see.

    Changes are tried at random, most of them on objectors; the oracle keeps those that V_p does not
    show. The two are the same only if it kept none.
    """
    seen = oracle.visible(world, purpose)
    other = world
    for _ in range(changes):
        changed = random.choice(CHANGES)(other, random)
        if oracle.visible(changed, purpose) == seen:
            other = changed
    assert oracle.visible(other, purpose) == oracle.visible(world, purpose)
    return world, other


def copy_of_visible(world: World, purpose: str) -> World:
    """V_p as a world of its own, nothing restricted and nothing hidden left in it.

    Columns that the purpose cannot see hold values that occur nowhere else.
    """
    seen = oracle.visible(world, purpose)
    shown = {
        name: oracle.sees(purpose, "MessengerAccount", name)
        for name in ("phone", "countryCode", "registeredAt")
    }
    members, people = set(seen.messenger), set(seen.social)
    books = any(oracle.sees(purpose, "MessengerAccount", name) for name in ("contacts", "contactCountBand"))
    lists = tuple(each for each in world.customer_lists if each.id in seen.customer_lists)
    offers = _shown_or_named(world.offers, seen.offers, {each.offer_id for each in lists})
    linked = {
        (number, fields["messengerLink"]["account"])
        for number, fields in seen.social.items()
        if fields.get("messengerLink")
    }
    # A person sees the size of their own address book, and nothing about its contacts.
    own_book = oracle.mark(purpose, "MessengerAccount", "contactCountBand") == "O"
    strangers = {
        each.contact_id for each in world.contacts if own_book and each.account_id in members
    } - members
    return World(
        messenger_accounts=tuple(
            MessengerAccount(number, f"+49161{place:07}", "XX", TERMS_CHANGED)
            for place, number in enumerate(sorted(strangers))
        )
        + tuple(
            MessengerAccount(
                each.id,
                each.phone if shown["phone"] else f"+49160{place:07}",
                each.country_code if shown["countryCode"] else "XX",
                each.registered_at if shown["registeredAt"] else TERMS_CHANGED,
            )
            for place, each in enumerate(world.messenger_accounts)
            if each.id in members
        ),
        daily_usage=tuple(
            each for each in world.daily_usage if "usage" in seen.messenger.get(each.account_id, {})
        ),
        contacts=tuple(
            each
            for each in world.contacts
            if books and each.account_id in members and each.contact_id in members | strangers
        ),
        usage_horizon=seen.usage_horizon or HORIZON,
        social_accounts=tuple(
            SocialAccount(number, fields.get("displayName", "-")) for number, fields in seen.social.items()
        ),
        friendships=tuple(
            Friendship(number, friend)
            for number, fields in seen.social.items()
            for friend in fields.get("friends", ())
        ),
        phone_bindings=tuple(
            PhoneBinding(person, source, number, 0 if source == "MESSENGER_SHARED" else None)
            for number, source, person in seen.findable
        )
        or tuple(
            PhoneBinding(
                number,
                phone["source"],
                phone.get("number", f"+49160{place:07}"),
                0 if phone["source"] == "MESSENGER_SHARED" else None,
            )
            for number, fields in seen.social.items()
            for place, phone in enumerate(fields.get("phones", ()))
        ),
        messenger_links=tuple(
            each
            for each in world.messenger_links
            if (each.account_id, each.messenger_id) in linked and each.account_id in people
        ),
        **_declared(world, seen),
        whose=world.whose,
        businesses=tuple(each for each in world.businesses if each.id in seen.businesses),
        messenger_conversations=tuple(
            each for each in world.messenger_conversations if each.id in seen.messenger_conversations
        ),
        social_conversations=tuple(
            each for each in world.social_conversations if each.id in seen.social_conversations
        ),
        ad_topics=tuple(
            AdTopic(number, topic["source"], topic["topic"], 0 if topic["source"] == "MESSENGER" else None)
            for number, fields in seen.social.items()
            for topic in fields.get("adTopics", ())
        ),
        merchants=_shown_or_named(world.merchants, seen.merchants, {each.merchant_id for each in offers}),
        offers=offers,
        shown=tuple(
            Shown(number, offer, "SELF_PROFILE", None)
            for number, fields in seen.social.items()
            for offer in fields.get("offers", ())
        ),
        customer_lists=lists,
        plain=_plain(world, purpose, seen),
    )


def _plain(world: World, purpose: str, seen: oracle.Visible) -> dict[tuple[str, int, str], int]:
    """What plain columns are made of: as in the world if the purpose sees it, otherwise of -1."""
    there = {
        "MessengerAccount": seen.messenger,
        "SocialAccount": seen.social,
        "Business": seen.businesses,
        "Merchant": seen.merchants,
        "Offer": seen.offers,
    }
    return {
        (type_, number, column): world.plain.get((type_, number, column), number)
        if number in there[type_] and oracle.sees(purpose, type_, field_name(column))
        else -1
        for type_, number, column in objects(world)
    }


def _declared(world: World, seen: oracle.Visible) -> dict[str, Any]:
    """What a person sees of their own declarations, and of everybody's suspensions."""
    if seen.subject is None:
        return {}
    own = tuple(each for each in world.events if each.account_id == world.whose.messenger_id)
    return {
        "events": tuple(replace(each, id=place) for place, each in enumerate(own, 1)),
        "acceptances": tuple(
            each for each in world.acceptances if each.account_id == world.whose.messenger_id
        ),
        "suspensions": world.suspensions,
    }


def _shown_or_named(rows: tuple[T, ...], shown: Container[int], named: Container[int]) -> tuple[T, ...]:
    """Rows that are visible; of others that something visible hangs on, the number alone."""
    kept: list[Any] = [row for row in rows if row.id in shown or row.id in named]  # type: ignore[attr-defined]
    return tuple(row if row.id in shown else _without_words(row) for row in kept)


def _without_words(row: Any) -> Any:
    if isinstance(row, Offer):
        return replace(row, title="-", valid_until=HORIZON)
    return replace(row, name="-")
