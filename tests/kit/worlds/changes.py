"""Random changes of a world, most of them to people who objected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, replace
from random import Random

from tests.kit.worlds.business_changes import (
    begin_conversation,
    change_conversation,
    change_list,
    change_offer,
    change_shown,
    change_topic,
    end_conversation,
    rename_business,
    rename_merchant,
    rewrite_business_messages,
    rewrite_messages,
)
from tests.kit.worlds.making import (
    chance,
    random_acceptances,
    random_day,
    random_event,
    random_name,
    random_phone,
    random_suspension,
    random_time,
    random_usage,
)
from tests.kit.worlds.picks import one_of, replaced, without
from tests.kit.worlds.plain import COLUMNS, objects
from tests.kit.worlds.rows import (
    AdTopic,
    Contact,
    Friendship,
    MessengerAccount,
    MessengerLink,
    PhoneBinding,
    Restriction,
    Shown,
    World,
)


def _member(world: World, random: Random) -> MessengerAccount | None:
    restricted = {each.messenger_id for each in world.restrictions if each.purposes}
    objectors = tuple(each for each in world.messenger_accounts if each.id in restricted)
    return one_of(objectors if objectors and chance(random, 0.8) else world.messenger_accounts, random)


def _fresh_phone(world: World, random: Random) -> str:
    taken = {each.phone for each in world.messenger_accounts}
    return next(phone for phone in iter(lambda: random_phone(random), None) if phone not in taken)


def _change_member(world: World, random: Random) -> World:
    member = _member(world, random)
    if member is None:
        return world
    changed = random.choice(
        (
            replace(member, phone=_fresh_phone(world, random)),
            replace(member, country_code="YY"),
            replace(member, registered_at=random_time(random)),
        )
    )
    return replace(world, messenger_accounts=replaced(world.messenger_accounts, member, changed))


def _delete_member(world: World, random: Random) -> World:
    member = _member(world, random)
    if member is None:
        return world
    number = member.id
    return replace(
        world,
        messenger_accounts=without(world.messenger_accounts, member),
        daily_usage=tuple(each for each in world.daily_usage if each.account_id != number),
        contacts=tuple(each for each in world.contacts if number not in (each.account_id, each.contact_id)),
        phone_bindings=tuple(each for each in world.phone_bindings if each.messenger_id != number),
        messenger_links=tuple(each for each in world.messenger_links if each.messenger_id != number),
        restrictions=tuple(each for each in world.restrictions if each.messenger_id != number),
        messenger_conversations=tuple(
            each for each in world.messenger_conversations if each.account_id != number
        ),
        acceptances=tuple(each for each in world.acceptances if each.account_id != number),
        ad_topics=tuple(each for each in world.ad_topics if each.messenger_id != number),
        shown=tuple(each for each in world.shown if each.messenger_id != number),
    )


def _add_objector(world: World, random: Random) -> World:
    """A member who objected to everything, in everybody's way: known, knowing, active and linked."""
    known = {each.id for each in world.messenger_accounts} | {
        each.messenger_id for each in world.messenger_links
    }
    known |= {each.messenger_id for each in world.restrictions}
    number = next(each for each in iter(lambda: random.randint(0, 2**40), None) if each not in known)
    others = [each.id for each in world.messenger_accounts if chance(random, 0.3)]
    linked = {each.account_id for each in world.messenger_links}
    free = tuple(each for each in world.social_accounts if each.id not in linked)
    person = one_of(free, random)
    phone = _fresh_phone(world, random)
    return replace(
        world,
        messenger_accounts=(
            *world.messenger_accounts,
            MessengerAccount(number, phone, "DE", random_time(random)),
        ),
        daily_usage=(*world.daily_usage, *random_usage(random, number)),
        contacts=(
            *world.contacts,
            *(Contact(number, other) for other in others),
            *(Contact(other, number) for other in others),
        ),
        restrictions=(*world.restrictions, Restriction(number, 3)),
        messenger_links=(
            (*world.messenger_links, MessengerLink(person.id, number, random_day(random)))
            if person
            else world.messenger_links
        ),
        phone_bindings=(
            (*world.phone_bindings, PhoneBinding(person.id, "MESSENGER_SHARED", phone, number))
            if person
            else world.phone_bindings
        ),
        ad_topics=(
            (*world.ad_topics, AdTopic(person.id, "MESSENGER", f"learnt from {number}", number))
            if person
            else world.ad_topics
        ),
        shown=((*world.shown, *_shown_besides(world, person.id, number)) if person else world.shown),
    )


def _change_usage(world: World, random: Random) -> World:
    member = _member(world, random)
    if member is None:
        return world
    others = tuple(each for each in world.daily_usage if each.account_id != member.id)
    return replace(world, daily_usage=(*others, *random_usage(random, member.id)))


def _change_contacts(world: World, random: Random) -> World:
    member = _member(world, random)
    if member is None or len(world.messenger_accounts) < 2:
        return world
    numbers = [each.id for each in world.messenger_accounts if each.id != member.id]
    toggled = {Contact(member.id, random.choice(numbers)), Contact(random.choice(numbers), member.id)}
    return replace(world, contacts=tuple(sorted(set(world.contacts) ^ toggled, key=astuple)))


def _change_link(world: World, random: Random) -> World:
    link = one_of(world.messenger_links, random)
    if link is None:
        return world
    rest = without(world.messenger_links, link)
    changed = replace(link, since=random_day(random))
    return replace(world, messenger_links=rest if chance(random, 0.5) else (*rest, changed))


def _change_binding(world: World, random: Random) -> World:
    binding = one_of(world.phone_bindings, random)
    if binding is None:
        return world
    rest = without(world.phone_bindings, binding)
    number = random_phone(random)
    taken = (binding.account_id, binding.source, number)
    if chance(random, 0.5) or taken in {(each.account_id, each.source, each.number) for each in rest}:
        return replace(world, phone_bindings=rest)
    return replace(world, phone_bindings=(*rest, replace(binding, number=number)))


def _add_second_factor(world: World, random: Random) -> World:
    person = one_of(world.social_accounts, random)
    if person is None:
        return world
    added = PhoneBinding(person.id, "SECURITY_2FA", random_phone(random), None)
    return replace(world, phone_bindings=(*without(world.phone_bindings, added), added))


def _rename(world: World, random: Random) -> World:
    person = one_of(world.social_accounts, random)
    if person is None:
        return world
    renamed = replace(person, display_name=random_name(random))
    return replace(world, social_accounts=replaced(world.social_accounts, person, renamed))


def _unfriend(world: World, random: Random) -> World:
    tie = one_of(world.friendships, random)
    if tie is None:
        return world
    back = Friendship(tie.friend_id, tie.account_id)
    return replace(world, friendships=without(without(world.friendships, tie), back))


def _change_restriction(world: World, random: Random) -> World:
    restriction = one_of(world.restrictions, random)
    if restriction is None:
        return world
    changed = replace(restriction, purposes=random.randint(0, 3))
    return replace(world, restrictions=replaced(world.restrictions, restriction, changed))


def _change_horizon(world: World, random: Random) -> World:
    return replace(world, usage_horizon=random_day(random))


def _declare(world: World, random: Random) -> World:
    """One event more or less, the others in the same order."""
    events = [*world.events]
    if events and chance(random, 0.5):
        events.remove(random.choice(events))
    else:
        numbers = [each.id for each in world.messenger_accounts] or [7]
        events.insert(random.randint(0, len(events)), random_event(random, 0, random.choice(numbers)))
    return replace(world, events=tuple(replace(each, id=place) for place, each in enumerate(events, 1)))


def _accept(world: World, random: Random) -> World:
    member = one_of(world.messenger_accounts, random)
    if member is None:
        return world
    others = tuple(each for each in world.acceptances if each.account_id != member.id)
    return replace(world, acceptances=(*others, *random_acceptances(random, member.id)))


def _suspend(world: World, random: Random) -> World:
    return replace(world, suspensions=tuple(random_suspension(random, place) for place in range(2)))


def _shown_besides(world: World, person: int, member: int) -> list[Shown]:
    """Every offer that is not shown to the person yet, because of the number of this member."""
    already = {each.offer_id for each in world.shown if each.account_id == person}
    return [
        Shown(person, each.id, "MESSENGER_SHARED", member) for each in world.offers if each.id not in already
    ]


def _change_plain(world: World, random: Random) -> World:
    """Another value of a plain column, of an objector's if there is one."""
    found = tuple(objects(world))
    restricted = {each.messenger_id for each in world.restrictions if each.purposes}
    theirs = tuple(each for each in found if each[0] == "MessengerAccount" and each[1] in restricted)
    chosen = one_of(theirs if theirs and chance(random, 0.5) else found, random)
    if chosen is None:
        return world
    return replace(world, plain={**world.plain, chosen: random.randint(0, 10**9)})


CHANGES: tuple[Callable[[World, Random], World], ...] = (
    _change_member,
    _delete_member,
    _add_objector,
    _change_usage,
    _change_contacts,
    _change_link,
    _change_binding,
    _add_second_factor,
    _rename,
    _unfriend,
    _change_restriction,
    _change_horizon,
    rewrite_messages,
    rewrite_business_messages,
    change_conversation,
    end_conversation,
    begin_conversation,
    rename_business,
    _declare,
    _accept,
    _suspend,
    change_topic,
    change_shown,
    change_offer,
    rename_merchant,
    change_list,
    # Without a plain column the change would do nothing, and take the place of one that does.
    *([_change_plain] if COLUMNS else []),
)
