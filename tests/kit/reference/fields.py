"""One plain function for each field, called once for each value."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from graphql import (
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
)

from tests.kit.reference.lists import Lists
from tests.kit.reference.schema import ASKED, CONNECTIONS, FOUND, GROUPED, LISTED, PREFIXES
from tests.kit.reference.values import Account, Arguments, Link, Page, Usage
from tests.kit.worlds.plain import COLUMNS, field_name

Resolver = Callable[[Any, Lists, Arguments], Any]


def _usage(account: Account, lists: Lists, arguments: Arguments) -> Usage:
    until = arguments.get("until")
    horizon = lists.seen.usage_horizon
    assert horizon is not None
    return Usage(account.fields["usage"], horizon if until is None else until)


def _contacts(account: Account, lists: Lists, arguments: Arguments) -> Page:
    members = lists.accounts["MessengerAccount"]
    return lists.page("contacts", [members[each] for each in account.fields["contacts"]], arguments)


def _friends(account: Account, lists: Lists, arguments: Arguments) -> Page:
    people = lists.accounts["SocialAccount"]
    return lists.page("friends", [people[each] for each in account.fields["friends"]], arguments)


def _suggestions(account: Account, lists: Lists, arguments: Arguments) -> list[Any]:
    people = lists.accounts["SocialAccount"]
    most = min(10 if arguments.get("first") is None else arguments["first"], 100)
    return [
        each | {"account": people[each["account"]]} for each in account.fields["friendSuggestions"][:most]
    ]


def _by_number(_: None, lists: Lists, arguments: Arguments) -> Account | None:
    found = [person for number, _, person in lists.seen.findable if number == arguments["phone"]]
    return lists.accounts["SocialAccount"][found[0]] if found else None


def _social_account(account: Account, lists: Lists, _: Arguments) -> Account | None:
    number = account.fields["socialAccount"]
    return None if number is None else lists.accounts["SocialAccount"][number]


def _business_conversations(account: Account, lists: Lists, arguments: Arguments) -> Page:
    own = [
        each
        for each in lists.accounts["MessengerConversation"].values()
        if each.fields["customer"] == account.number
    ]
    return lists.page("businessConversations", own, arguments)


def _business(conversation: Account, lists: Lists, _: Arguments) -> Account:
    return lists.accounts["Business"][conversation.fields["business"]]


def _customer(conversation: Account, lists: Lists, _: Arguments) -> Account | None:
    number = conversation.fields["customer"]
    type_ = conversation.type.replace("Conversation", "Account")
    return None if number is None else lists.accounts[type_][number]


def _offers(account: Account, lists: Lists, _: Arguments) -> list[Account]:
    return [lists.accounts["Offer"][each] for each in account.fields["offers"]]


def _merchant(offer: Account, lists: Lists, _: Arguments) -> Account:
    return lists.accounts["Merchant"][offer.fields["merchant"]]


def _found(_: None, lists: Lists, arguments: Arguments) -> Account | None:
    return lists.by_identifier(arguments["id"])


def _messenger_link(account: Account, lists: Lists, _: Arguments) -> Link | None:
    link = account.fields["messengerLink"]
    if link is None:
        return None
    return Link(lists.accounts["MessengerAccount"].get(link["account"]), link["since"])


def _messenger_account(_: None, lists: Lists, arguments: Arguments) -> Account | None:
    if arguments.get("phone") is not None:
        return lists.by_phone(arguments["phone"])
    return lists.by_identifier(arguments["id"])


def _everybody(list_: str) -> Resolver:
    return lambda _, lists, arguments: lists.page(list_, lists.accounts[LISTED[list_]].values(), arguments)


def _subject(_: None, lists: Lists, __: Arguments) -> Mapping[str, Any]:
    assert lists.seen.subject is not None
    return lists.seen.subject


def _own_account(name: str) -> Resolver:
    type_ = name[0].upper() + name[1:]
    return lambda subject, lists, _: lists.accounts[type_].get(subject[name])


def _listed(*names: str) -> dict[str, Resolver]:
    """Fields of rows that the oracle tells as they are; times to the second, as everywhere."""

    def told(row: Mapping[str, Any], name: str) -> Any:
        value = row[name]
        return value.replace(microsecond=0) if isinstance(value, datetime.datetime) else value

    return {name: lambda row, _, __, name=name: told(row, name) for name in names}


def _band(days: int) -> str:
    return next(
        code
        for least, code in ((12, "DAILY"), (4, "WEEKLY"), (1, "MONTHLY"), (0, "INACTIVE"))
        if days >= least
    )


def _own(name: str) -> Resolver:
    return lambda parent, _, __: parent.fields[name]


def _identifier(account: Account, _: Lists, __: Arguments) -> str:
    return f"{PREFIXES[account.type]}{account.number}"


_CONNECTION: dict[str, Resolver] = {
    "edges": lambda page, _, __: page.items,
    "nodes": lambda page, _, __: [item.account for item in page.items],
    "pageInfo": lambda page, _, __: page,
    "totalCount": lambda page, _, __: page.total,
    **{field: lambda page, _, __, name=name: page.groups(name) for field, name in GROUPED.items()},
}
_EDGE: dict[str, Resolver] = {
    "node": lambda item, _, __: item.account,
    "account": lambda item, _, __: item.account,
    "cursor": lambda item, _, __: item.cursor,
}
_CONVERSATION: dict[str, Resolver] = {
    "id": _identifier,
    "business": _business,
    "customer": _customer,
    **{
        name: _own(name)
        for name in ("channel", "category", "status", "openedOn", "lastMessageOn", "messageCount")
    },
}
RESOLVERS: dict[str, dict[str, Resolver]] = {
    "Query": {
        "policy": lambda _, lists, __: lists.policy[0],
        "policyVersions": lambda _, lists, __: lists.policy[1:],
        "node": _found,
        "messengerAccount": _messenger_account,
        "messengerAccounts": _everybody("messengerAccounts"),
        **dict.fromkeys(FOUND, _found),
        "socialAccounts": _everybody("socialAccounts"),
        "businesses": _everybody("businesses"),
        "messengerConversations": _everybody("messengerConversations"),
        "socialConversations": _everybody("socialConversations"),
        "subject": _subject,
        "offers": _everybody("offers"),
        "customerLists": _everybody("customerLists"),
        "socialAccountByPhone": _by_number,
    },
    "Subject": {
        "messengerAccount": _own_account("messengerAccount"),
        "socialAccount": _own_account("socialAccount"),
        **_listed("objections", "termsAcceptances", "suspensions"),
    },
    "Objection": _listed("kind", "purposes", "recordedAt", "effectiveAt", "channel", "termsVersion"),
    "TermsAcceptance": _listed("version", "acceptedAt"),
    "Suspension": _listed("jurisdiction", "countries", "purposes", "validFrom", "validUntil", "reason"),
    "PolicyVersion": {
        name: lambda policy, _, __, name=name: policy[name]
        for name in ("name", "validFrom", "digest", "author", "reason", "purpose", "sentence")
    },
    "MessengerAccount": {
        "id": _identifier,
        "phone": _own("phone"),
        "countryCode": _own("countryCode"),
        "registeredAt": _own("registeredAt"),
        "usage": _usage,
        "contacts": _contacts,
        "contactCountBand": _own("contactCountBand"),
        "socialAccount": _social_account,
        "businessConversations": _business_conversations,
    },
    "Business": {"id": _identifier, "name": _own("name"), "verified": _own("verified")},
    **dict.fromkeys(FOUND["businessConversation"], _CONVERSATION),
    "UsageStats": {
        "frequencyBand": lambda usage, _, __: _band(len(usage.within)),
        "activeDays28": lambda usage, _, __: len(usage.within),
        "messagesSent28": lambda usage, _, __: sum(usage.within.values()),
        "lastActiveOn": lambda usage, _, __: max(usage.within, default=None),
    },
    "SocialAccount": {
        "id": _identifier,
        "displayName": _own("displayName"),
        "messengerLink": _messenger_link,
        "phones": _own("phones"),
        "friends": _friends,
        "adTopics": _own("adTopics"),
        "offers": _offers,
        "friendSuggestions": _suggestions,
    },
    "FriendSuggestion": {
        name: lambda suggestion, _, __, name=name: suggestion[name]
        for name in ("account", "basis", "mutualFriendCount")
    },
    "CustomerList": {
        name: _own(name) for name in ("status", "uploadedAt", "recordCountBand", "audienceSizeBand")
    },
    "AdTopic": {"topic": lambda topic, _, __: topic["topic"], "source": lambda topic, _, __: topic["source"]},
    "Merchant": {"id": _identifier, "name": _own("name")},
    "Offer": {
        "id": _identifier,
        "title": _own("title"),
        "merchant": _merchant,
        "validUntil": _own("validUntil"),
    },
    "MessengerLink": {"account": lambda link, _, __: link.account, "since": lambda link, _, __: link.since},
    "PhoneBinding": {
        "number": lambda phone, _, __: phone["number"],
        "source": lambda phone, _, __: phone["source"],
    },
    "Group": {name: lambda group, _, __, name=name: group[name] for name in ("value", "count")},
    "PageInfo": {
        "hasNextPage": lambda page, _, __: page.has_next,
        "hasPreviousPage": lambda page, _, __: page.has_previous,
        "startCursor": lambda page, _, __: page.items[0].cursor if page.items else None,
        "endCursor": lambda page, _, __: page.items[-1].cursor if page.items else None,
    },
    **dict.fromkeys(CONNECTIONS.values(), _CONNECTION),
    **dict.fromkeys((name.removesuffix("Connection") + "Edge" for name in CONNECTIONS.values()), _EDGE),
}


def with_resolvers(schema: GraphQLSchema) -> GraphQLSchema:
    """The same schema object, its own resolvers replaced; a planned field without one here is an error."""
    for type_ in _planned_types(schema):
        if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
            type_.resolve_type = None
        if not isinstance(type_, GraphQLObjectType):
            continue
        type_.is_type_of = None
        for name, field in type_.fields.items():
            if type_ is not schema.query_type or name not in ASKED:
                field.resolve = _adapted(_resolver(type_.name, name))
    return schema


def _resolver(type_: str, name: str) -> Resolver:
    """The field's function. A plain column has none: its field is the value that the oracle tells."""
    plain = {field_name(column) for column in COLUMNS.get(type_, ())}
    return _own(name) if name in plain - RESOLVERS[type_].keys() else RESOLVERS[type_][name]


def _planned_types(schema: GraphQLSchema) -> Iterable[GraphQLNamedType]:
    """The types to which a question leads that is planned: not those of changes and their outcomes."""
    assert schema.query_type is not None
    found: dict[str, GraphQLNamedType] = {}
    waiting: list[GraphQLNamedType] = [schema.query_type]
    while waiting:
        type_ = waiting.pop()
        if type_.name in found:
            continue
        found[type_.name] = type_
        if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
            waiting += schema.get_possible_types(type_)
        if isinstance(type_, GraphQLInterfaceType | GraphQLObjectType):
            asked = ASKED if type_ is schema.query_type else ()
            waiting += [get_named_type(each.type) for name, each in type_.fields.items() if name not in asked]
    return found.values()


def _adapted(resolver: Resolver) -> Callable[..., Any]:
    return lambda parent, info, **arguments: resolver(parent, info.context, arguments)
