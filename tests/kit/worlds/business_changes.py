"""Random changes of messages, conversations, businesses, offers and customer lists."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from tests.kit.worlds.making import (
    chance,
    random_conversation,
    random_day,
    random_name,
    random_shown,
    random_time,
)
from tests.kit.worlds.picks import one_of, replaced, without
from tests.kit.worlds.possible_values import BANDS
from tests.kit.worlds.rows import BusinessMessage, Conversation, Message, World


def rewrite_messages(world: World, random: Random) -> World:
    """Other bodies for all messages between people, and one message less."""

    def rewritten(messages: tuple[Message, ...]) -> tuple[Message, ...]:
        return tuple(replace(each, body=f"CANARY-{random.randint(0, 10**9)}") for each in messages)

    return replace(
        world,
        messenger_messages=rewritten(world.messenger_messages),
        social_messages=rewritten(world.social_messages)[1:],
    )


def rewrite_business_messages(world: World, random: Random) -> World:
    """Other words, and some of them gone or said once more."""

    def rewritten(messages: tuple[BusinessMessage, ...]) -> tuple[BusinessMessage, ...]:
        kept = [
            replace(each, body=f"CANARY-business-{random.randint(0, 10**9)}")
            for each in messages
            if chance(random, 0.7)
        ]
        again = tuple(
            replace(each, id=10**6 + place, sent_at=random_time(random))
            for place, each in enumerate(kept[:3])
        )
        return (*(each for each in kept if each.id < 10**6), *again)

    return replace(
        world,
        messenger_business_messages=rewritten(world.messenger_business_messages),
        social_business_messages=rewritten(world.social_business_messages),
    )


def _on_a_channel(world: World, random: Random) -> tuple[str, tuple[Conversation, ...], list[int]]:
    """A channel's field of the world, its conversations, and who could talk there."""
    if chance(random, 0.5):
        members = [each.id for each in world.messenger_accounts]
        return "messenger_conversations", world.messenger_conversations, members
    return "social_conversations", world.social_conversations, [each.id for each in world.social_accounts]


def change_conversation(world: World, random: Random) -> World:
    """Another category, status, time and count for one conversation."""
    name, conversations, _ = _on_a_channel(world, random)
    chosen = one_of(conversations, random)
    if chosen is None:
        return world
    business = next(each for each in world.businesses if each.id == chosen.business_id)
    changed = random_conversation(random, business, chosen.id, chosen.account_id)
    return replace(world, **{name: replaced(conversations, chosen, changed)})


def end_conversation(world: World, random: Random) -> World:
    """One conversation less."""
    name, conversations, _ = _on_a_channel(world, random)
    return replace(world, **{name: without(conversations, one_of(conversations, random))})


def begin_conversation(world: World, random: Random) -> World:
    """One conversation more, with a random customer."""
    name, conversations, customers = _on_a_channel(world, random)
    business = one_of(world.businesses, random)
    if business is None or not customers:
        return world
    known = {each.id for each in conversations}
    number = next(each for each in iter(lambda: random.randint(0, 2**40), None) if each not in known)
    begun = random_conversation(random, business, number, random.choice(customers))
    return replace(world, **{name: (*conversations, begun)})


def rename_business(world: World, random: Random) -> World:
    """Another name for one business, and the opposite of verified."""
    business = one_of(world.businesses, random)
    if business is None:
        return world
    renamed = replace(business, name=random_name(random), verified=not business.verified)
    return replace(world, businesses=replaced(world.businesses, business, renamed))


def change_topic(world: World, random: Random) -> World:
    """One ad topic changes or goes."""
    topic = one_of(world.ad_topics, random)
    if topic is None:
        return world
    rest = without(world.ad_topics, topic)
    changed = replace(topic, topic=f"Other {random.randint(0, 10**9)}")
    return replace(world, ad_topics=rest if chance(random, 0.5) else (*rest, changed))


def change_shown(world: World, random: Random) -> World:
    """One offer is shown to one person less, or to another person."""
    shown = one_of(world.shown, random)
    if shown is None or chance(random, 0.5):
        return replace(world, shown=without(world.shown, shown))
    person, offer = one_of(world.social_accounts, random), one_of(world.offers, random)
    if person is None or offer is None:
        return world
    rest = tuple(each for each in world.shown if (each.account_id, each.offer_id) != (person.id, offer.id))
    members = [each.messenger_id for each in world.restrictions]
    return replace(world, shown=(*rest, random_shown(random, person.id, offer, members)))


def change_offer(world: World, random: Random) -> World:
    """Another title and end for one offer."""
    offer = one_of(world.offers, random)
    if offer is None:
        return world
    changed = replace(offer, title=random_name(random), valid_until=random_day(random))
    return replace(world, offers=replaced(world.offers, offer, changed))


def rename_merchant(world: World, random: Random) -> World:
    """Another name for one merchant."""
    merchant = one_of(world.merchants, random)
    if merchant is None:
        return world
    renamed = replace(merchant, name=random_name(random))
    return replace(world, merchants=replaced(world.merchants, merchant, renamed))


def change_list(world: World, random: Random) -> World:
    """A list's band, time or hashes change, or the list goes."""
    chosen = one_of(world.customer_lists, random)
    if chosen is None:
        return world
    if chance(random, 0.3):
        return replace(world, customer_lists=without(world.customer_lists, chosen))
    changed = random.choice(
        (
            replace(chosen, digest=random.randbytes(32), sketch=(random.randbytes(32),)),
            replace(chosen, record_count_band=random.choice(BANDS)),
            replace(chosen, uploaded_at=random_time(random)),
        )
    )
    return replace(world, customer_lists=replaced(world.customer_lists, chosen, changed))
