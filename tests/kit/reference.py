"""A slow executor that is obviously right: graphql-core over the oracle's masked world.

One plain function for each field, called once for each value. What it shares with the gateway: the
purpose's schema, and the sealing of cursors. What a cursor holds, what it is bound to, where a page
begins and ends, what is refused: all of it is said here a second time.
"""

from __future__ import annotations

import base64
import datetime
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any

from cryptography.exceptions import InvalidTag
from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLIncludeDirective,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSkipDirective,
    GraphQLUnionType,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    execute_sync,
    get_argument_values,
    get_directive_values,
    get_named_type,
    get_nullable_type,
    get_variable_values,
    parse,
    validate,
)

from resolvers.plan.cursors import Cursors
from tests.kit import oracle

Arguments = dict[str, Any]
PREFIXES = {
    "MessengerAccount": "ma_",
    "SocialAccount": "sa_",
    "Business": "bu_",
    "MessengerConversation": "mc_",
    "SocialConversation": "sc_",
    "Merchant": "me_",
    "Offer": "of_",
    "CustomerList": "cl_",
}
LISTED = {
    "messengerAccounts": "MessengerAccount",
    "contacts": "MessengerAccount",
    "socialAccounts": "SocialAccount",
    "friends": "SocialAccount",
    "businesses": "Business",
    "messengerConversations": "MessengerConversation",
    "socialConversations": "SocialConversation",
    "businessConversations": "MessengerConversation",
    "offers": "Offer",
    "customerLists": "CustomerList",
}
CONNECTIONS = {
    "messengerAccounts": "MessengerAccountConnection",
    "contacts": "ContactConnection",
    "socialAccounts": "SocialAccountConnection",
    "friends": "FriendConnection",
    "businesses": "BusinessConnection",
    "messengerConversations": "MessengerConversationConnection",
    "socialConversations": "SocialConversationConnection",
    "businessConversations": "BusinessConversationConnection",
    "offers": "OfferConnection",
    "customerLists": "CustomerListConnection",
}
# Root fields that find one object by its identifier, and the types that it may be of.
FOUND = {
    "socialAccount": ("SocialAccount",),
    "business": ("Business",),
    "businessConversation": ("MessengerConversation", "SocialConversation"),
}
# What is in a list, by the types that lead to it: also where the schema says no more than an interface.
HELD = {
    type_: LISTED[list_]
    for list_, connection in CONNECTIONS.items()
    for type_ in (connection, connection.replace("Connection", "Edge"))
}
DAYS = {"openedOn", "lastMessageOn"}
BIGGEST = 2**63 - 1
BAD_INPUT = "BAD_USER_INPUT"
BAD_CURSOR = "CURSOR_REFUSED"
# What a group has at least in these tests; which field of a list counts it by what; what names its entries.
SMALLEST_GROUP = 2
GROUPED = {"byCountryCode": "countryCode", "byCategory": "category", "byStatus": "status"}
NAMING = frozenset({"ids", "phoneNumbers"})
# Asked for in one place of a request, of an account that is named there.
ALONE = ("SocialAccount", "offers")
NOT_ALONE = "ONE_AT_A_TIME"


@dataclass(frozen=True)
class Refused:
    """The request is refused; where it holds several mistakes, any of their codes may be the answer."""

    codes: frozenset[str]


@dataclass(frozen=True)
class Account:
    """A visible account, business or conversation: its type, number, and the fields that the purpose sees."""

    type: str
    number: int
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Usage:
    """An account's days, and the last day of the window that is asked for."""

    days: Mapping[datetime.date, int]
    until: datetime.date

    @property
    def within(self) -> dict[datetime.date, int]:
        """The 28 days up to `until`."""
        return {day: sent for day, sent in self.days.items() if 0 <= (self.until - day).days < 28}


@dataclass(frozen=True)
class Link:
    """The tie to a messenger account; that is None where the messenger has no such account any more."""

    account: Account | None
    since: datetime.date


@dataclass(frozen=True)
class Item:
    """An account in a list, its cursor, and the values that it is ordered by."""

    account: Account
    cursor: str
    keys: tuple[Any, ...]


@dataclass(frozen=True)
class Page:
    """Some of a list's items, and what lies around them."""

    items: Sequence[Item]
    total: int
    has_next: bool
    has_previous: bool
    whole: Sequence[Account] = ()

    def groups(self, name: str) -> list[dict[str, Any]]:
        """How many of the whole list share a value of the field, the largest group first."""
        counted = Counter(each.fields[name] for each in self.whole)
        told = [
            {"value": value, "count": count} for value, count in counted.items() if count >= SMALLEST_GROUP
        ]
        return sorted(told, key=lambda group: (-group["count"], group["value"]))


class Reference:
    """Answers documents of one purpose on one masked world.

    `binding` is what the purpose and the policy's version add to every cursor's; `policy` the fields of
    `PolicyVersion`: of what runs, then of every version.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        seen: oracle.Visible,
        cursors: Cursors,
        binding: str,
        policy: Sequence[Mapping[str, Any]],
    ) -> None:
        self.schema = _with_resolvers(schema)
        self.cursors = cursors
        self.binding = binding
        self.policy = policy
        self.seen = seen
        objects = {
            "MessengerAccount": seen.messenger,
            "SocialAccount": seen.social,
            "Business": seen.businesses,
            "MessengerConversation": seen.messenger_conversations,
            "SocialConversation": seen.social_conversations,
            "Merchant": seen.merchants,
            "Offer": seen.offers,
            "CustomerList": seen.customer_lists,
        }
        self.accounts = {
            type_: {number: Account(type_, number, fields) for number, fields in found.items()}
            for type_, found in objects.items()
        }

    def answer(self, document: str, variables: Mapping[str, Any], name: str | None = None) -> bytes | Refused:
        """The bytes of the response, or the refusal."""
        parsed = parse(document)
        operation = _operation(parsed, name)
        codes = set()
        if operation is None:
            codes.add("OPERATION_RESOLUTION_FAILURE")
        if validate(self.schema, parsed, max_errors=1):
            codes.add("GRAPHQL_VALIDATION_FAILED")
        if codes or operation is None:
            return Refused(frozenset(codes))
        declared = {each.variable.name.value for each in operation.variable_definitions or ()}
        coerced = get_variable_values(self.schema, operation.variable_definitions or (), dict(variables))
        if isinstance(coerced, list) or not set(variables) <= declared:
            return Refused(frozenset({BAD_INPUT}))
        try:
            # One after the other: what was found before the last one may be the answer as well.
            for code in _Mistakes(self, parsed, coerced).of(operation):
                codes.add(code)
        except GraphQLError:  # null for a directive's condition
            codes.add(BAD_INPUT)
        if codes:
            return Refused(frozenset(codes))
        result = execute_sync(
            self.schema,
            parsed,
            context_value=self,
            variable_values=dict(variables),
            operation_name=name,
            type_resolver=lambda value, *_: value.type,
        )
        assert isinstance(result, ExecutionResult)
        for error in result.errors or ():
            # A link to an account that the messenger has no more: null, as GraphQL says.
            assert "non-nullable field MessengerLink.account" in error.message, error
        return json.dumps({"data": result.data}, ensure_ascii=False, separators=(",", ":")).encode()

    # --- cursors ----------------------------------------------------------------------------------

    def find_principal(self, connection: str, arguments: Arguments) -> bytes:
        """What a cursor of the list is bound to."""
        chosen = {name: arguments[name] for name in ("filter", "orderBy") if arguments.get(name) is not None}
        return f"{self.binding}|{connection}|{_json(chosen, sort_keys=True)}".encode()

    def cursors_of(self, list_: str, arguments: Arguments) -> list[str]:
        """Cursors of everybody whom the purpose sees, for this list, filter and order."""
        everybody = self.accounts[LISTED[list_]].values()
        binding = self.find_principal(CONNECTIONS[list_], arguments)
        return [item.cursor for item in self._items(everybody, arguments, binding)]

    def _items(self, accounts: Iterable[Account], arguments: Arguments, binding: bytes) -> list[Item]:
        names = _ordered_by(arguments)
        items = []
        for account in accounts:
            keys = tuple(account.number if name == "id" else account.fields[name] for name in names)
            payload = "[" + ",".join(_json(key) for key in keys) + "]"
            items.append(Item(account, self.cursors.seal(payload, binding), keys))
        return sorted(items, key=lambda item: item.keys, reverse=_descends(arguments))

    def open(self, cursor: str, binding: bytes, arguments: Arguments) -> tuple[Any, ...]:
        """The values that a cursor names as a place in the list. ValueError if it is another list's."""
        try:
            sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            payload = self.cursors._cipher.decrypt(sealed, [binding]).decode()
        except (ValueError, InvalidTag) as error:
            raise ValueError("not a cursor of this list") from error
        if self.cursors.seal(payload, binding) != cursor:
            raise ValueError("another spelling of a cursor")
        return tuple(
            _from_json(name, value)
            for name, value in zip(_ordered_by(arguments), json.loads(payload), strict=True)
        )

    # --- lists ------------------------------------------------------------------------------------

    def page(self, list_: str, accounts: Iterable[Account], arguments: Arguments) -> Page:
        """A page of the accounts; which of them exist at all was decided by the oracle."""
        binding = self.find_principal(CONNECTIONS[list_], arguments)
        if arguments.get("ids") is not None:
            return self._named(LISTED[list_], arguments["ids"], binding)
        if arguments.get("phoneNumbers") is not None:
            found = [self.by_phone(each) for each in arguments["phoneNumbers"]]
            ids = [f"{PREFIXES[each.type]}{each.number}" for each in found if each is not None]
            return self._named(LISTED[list_], ids, binding)
        kept = [each for each in accounts if _passes(each, arguments.get("filter") or {})]
        items = self._items(kept, arguments, binding)
        descends = _descends(arguments)

        def is_within(item: Item, place: tuple[Any, ...], after: bool) -> bool:
            return item.keys > place if after != descends else item.keys < place

        behind, beyond, between = [], [], items
        if arguments.get("after") is not None:
            place = self.open(arguments["after"], binding, arguments)
            behind = [item for item in items if not is_within(item, place, after=True)]
            between = [item for item in between if is_within(item, place, after=True)]
        if arguments.get("before") is not None:
            place = self.open(arguments["before"], binding, arguments)
            beyond = [item for item in items if not is_within(item, place, after=False)]
            between = [item for item in between if is_within(item, place, after=False)]
        first, last = arguments.get("first"), arguments.get("last")
        if last is not None:
            last = min(last, 1000)
            taken = between[len(between) - min(last, len(between)) :]
            return Page(taken, len(items), bool(beyond), len(between) > last or bool(behind), kept)
        size = 50 if first is None else min(first, 1000)
        return Page(between[:size], len(items), len(between) > size or bool(beyond), bool(behind), kept)

    def _named(self, type_: str, ids: Iterable[str], binding: bytes) -> Page:
        numbers = dict.fromkeys(int(each.removeprefix(PREFIXES[type_])) for each in ids)
        found = [self.accounts[type_][number] for number in numbers if number in self.accounts[type_]]
        items = {item.account.number: item for item in self._items(found, {}, binding)}
        return Page([items[each.number] for each in found], len(found), False, False)

    def by_identifier(self, identifier: str) -> Account | None:
        """The account with this identifier, if the purpose sees it."""
        type_ = next(name for name, prefix in PREFIXES.items() if identifier.startswith(prefix))
        return self.accounts[type_].get(int(identifier.removeprefix(PREFIXES[type_])))

    def by_phone(self, phone: str) -> Account | None:
        """The messenger account with this number, if the purpose sees both."""
        found = (each for each in self.accounts["MessengerAccount"].values() if each.fields["phone"] == phone)
        return next(found, None)

    @cached_property
    def prefixes(self) -> tuple[str, ...]:
        """What identifiers may begin with, for this purpose."""
        node = self.schema.get_type("Node")
        assert isinstance(node, GraphQLInterfaceType)
        return tuple(PREFIXES[each.name] for each in self.schema.get_possible_types(node))


def _from_json(name: str, value: Any) -> Any:
    if name == "registeredAt":
        return datetime.datetime.fromisoformat(str(value))
    return datetime.date.fromisoformat(str(value)) if name in DAYS else value


def _json(value: Any, sort_keys: bool = False) -> str:
    def spell(other: Any) -> str:
        return other.isoformat() if isinstance(other, datetime.date) else str(other)

    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=sort_keys, default=spell)


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode | None:
    found = [
        each
        for each in document.definitions
        if isinstance(each, OperationDefinitionNode)
        and (name is None or (each.name is not None and each.name.value == name))
    ]
    return found[0] if len(found) == 1 else None


def _ordered_by(arguments: Arguments) -> tuple[str, ...]:
    chosen = next(iter(arguments.get("orderBy") or {"id": None}))
    return ("id",) if chosen == "id" else (chosen, "id")


def _descends(arguments: Arguments) -> bool:
    (direction,) = (arguments.get("orderBy") or {"id": None}).values()
    return isinstance(direction, Enum) and direction.value == "DESC"


def _passes(account: Account, conditions: Mapping[str, Any]) -> bool:
    tests: dict[str, Callable[[Any, Any], bool]] = {
        "eq": lambda value, operand: value == operand,
        "in": lambda value, operand: value in operand,
        "startsWith": lambda value, operand: value.startswith(operand),
        "from": lambda value, operand: value >= _in_utc(operand),
        "before": lambda value, operand: value < _in_utc(operand),
    }
    return all(
        tests[operator](account.fields[name], operand)
        for name, condition in conditions.items()
        for operator, operand in (condition or {}).items()
        if operand is not None
    )


def _in_utc(time: datetime.date) -> datetime.date:
    """A time in UTC; a day as it is."""
    if not isinstance(time, datetime.datetime):
        return time
    return time if time.tzinfo else time.replace(tzinfo=datetime.UTC)


# --- one function for each field ------------------------------------------------------------------

Resolver = Callable[[Any, Reference, Arguments], Any]


def _usage(account: Account, reference: Reference, arguments: Arguments) -> Usage:
    until = arguments.get("until")
    horizon = reference.seen.usage_horizon
    assert horizon is not None
    return Usage(account.fields["usage"], horizon if until is None else until)


def _contacts(account: Account, reference: Reference, arguments: Arguments) -> Page:
    members = reference.accounts["MessengerAccount"]
    return reference.page("contacts", [members[each] for each in account.fields["contacts"]], arguments)


def _friends(account: Account, reference: Reference, arguments: Arguments) -> Page:
    people = reference.accounts["SocialAccount"]
    return reference.page("friends", [people[each] for each in account.fields["friends"]], arguments)


def _suggestions(account: Account, reference: Reference, arguments: Arguments) -> list[Any]:
    people = reference.accounts["SocialAccount"]
    most = min(10 if arguments.get("first") is None else arguments["first"], 100)
    return [
        each | {"account": people[each["account"]]} for each in account.fields["friendSuggestions"][:most]
    ]


def _by_number(_: None, reference: Reference, arguments: Arguments) -> Account | None:
    found = [person for number, _, person in reference.seen.findable if number == arguments["phone"]]
    return reference.accounts["SocialAccount"][found[0]] if found else None


def _social_account(account: Account, reference: Reference, _: Arguments) -> Account | None:
    number = account.fields["socialAccount"]
    return None if number is None else reference.accounts["SocialAccount"][number]


def _business_conversations(account: Account, reference: Reference, arguments: Arguments) -> Page:
    own = [
        each
        for each in reference.accounts["MessengerConversation"].values()
        if each.fields["customer"] == account.number
    ]
    return reference.page("businessConversations", own, arguments)


def _business(conversation: Account, reference: Reference, _: Arguments) -> Account:
    return reference.accounts["Business"][conversation.fields["business"]]


def _customer(conversation: Account, reference: Reference, _: Arguments) -> Account | None:
    number = conversation.fields["customer"]
    type_ = conversation.type.replace("Conversation", "Account")
    return None if number is None else reference.accounts[type_][number]


def _offers(account: Account, reference: Reference, _: Arguments) -> list[Account]:
    return [reference.accounts["Offer"][each] for each in account.fields["offers"]]


def _merchant(offer: Account, reference: Reference, _: Arguments) -> Account:
    return reference.accounts["Merchant"][offer.fields["merchant"]]


def _found(_: None, reference: Reference, arguments: Arguments) -> Account | None:
    return reference.by_identifier(arguments["id"])


def _messenger_link(account: Account, reference: Reference, _: Arguments) -> Link | None:
    link = account.fields["messengerLink"]
    if link is None:
        return None
    return Link(reference.accounts["MessengerAccount"].get(link["account"]), link["since"])


def _messenger_account(_: None, reference: Reference, arguments: Arguments) -> Account | None:
    if arguments.get("phone") is not None:
        return reference.by_phone(arguments["phone"])
    return reference.by_identifier(arguments["id"])


def _everybody(list_: str) -> Resolver:
    return lambda _, reference, arguments: reference.page(
        list_, reference.accounts[LISTED[list_]].values(), arguments
    )


def _subject(_: None, reference: Reference, __: Arguments) -> Mapping[str, Any]:
    assert reference.seen.subject is not None
    return reference.seen.subject


def _own_account(name: str) -> Resolver:
    type_ = name[0].upper() + name[1:]
    return lambda subject, reference, _: reference.accounts[type_].get(subject[name])


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


def _identifier(account: Account, _: Reference, __: Arguments) -> str:
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
# Answered by ordinary resolvers, which have tests of their own: no plan, and no document here asks for them.
ASKED = frozenset(
    {
        "disclosureCounts",
        "disclosures",
        "ledgerReport",
        "objectionEligibility",
        "objections",
        "objectionsInForce",
        "objectionsOverTime",
        "peopleByPurpose",
        "policyMatrix",
        "recalls",
        "requestTally",
        "termsAcceptances",
    }
)
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
        "policy": lambda _, reference, __: reference.policy[0],
        "policyVersions": lambda _, reference, __: reference.policy[1:],
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


def _with_resolvers(schema: GraphQLSchema) -> GraphQLSchema:
    """The same schema object, its own resolvers replaced; a planned field without one here is an error."""
    for type_ in _planned_types(schema):
        if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
            type_.resolve_type = None
        if not isinstance(type_, GraphQLObjectType):
            continue
        type_.is_type_of = None
        for name, field in type_.fields.items():
            if type_ is not schema.query_type or name not in ASKED:
                field.resolve = _adapted(RESOLVERS[type_.name][name])
    return schema


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


# --- what is refused ------------------------------------------------------------------------------


class _Mistakes:
    """Walks everything that an operation could reach, whatever the stores hold."""

    def __init__(self, reference: Reference, document: DocumentNode, variables: Any) -> None:
        self.reference = reference
        self.variables = variables
        self.fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        # Where offers are asked for, by the response keys that lead there.
        self.alone: set[tuple[str, ...]] = set()

    def of(self, operation: OperationDefinitionNode) -> Iterator[str]:
        """The codes of all mistakes in the operation's arguments."""
        query = self.reference.schema.query_type
        assert query is not None
        yield from self._selections(query, operation.selection_set, (), many=False)
        if len(self.alone) > 1:
            yield NOT_ALONE

    def _selections(
        self, type_: GraphQLObjectType, selections: SelectionSetNode, path: tuple[str, ...], many: bool
    ) -> Iterator[str]:
        for selection in selections.selections:
            if not self._included(selection):
                continue
            if isinstance(selection, FieldNode):
                yield from self._field(type_, selection, path, many)
                continue
            inner: Any = selection
            if isinstance(selection, FragmentSpreadNode):
                inner = self.fragments[selection.name.value]
            assert isinstance(inner, InlineFragmentNode | FragmentDefinitionNode)
            condition = inner.type_condition
            if condition is None or condition.name.value in {
                type_.name,
                *(each.name for each in type_.interfaces),
            }:
                yield from self._selections(type_, inner.selection_set, path, many)

    def _included(self, selection: Any) -> bool:
        skip = get_directive_values(GraphQLSkipDirective, selection, self.variables)
        include = get_directive_values(GraphQLIncludeDirective, selection, self.variables)
        return not (skip and skip["if"]) and not (include and not include["if"])

    def _field(
        self, type_: GraphQLObjectType, node: FieldNode, path: tuple[str, ...], many: bool
    ) -> Iterator[str]:
        name = node.name.value
        definition = self.reference.schema.get_field(type_, name)
        assert definition is not None
        try:
            arguments = get_argument_values(definition, node, self.variables)
        except GraphQLError:
            yield BAD_INPUT
            return
        yield from self._arguments(type_.name, name, arguments)
        if (type_.name, name) == ALONE:
            self.alone.add(path)
            if many:
                yield NOT_ALONE
        inner = get_named_type(definition.type)
        if node.selection_set is None:
            return
        if any(arguments.get(each) is not None for each in NAMING):
            yield from self._grouped(node.selection_set)
        path = (*path, node.alias.value if node.alias else name)
        many = many or isinstance(get_nullable_type(definition.type), GraphQLList)
        if isinstance(inner, GraphQLInterfaceType | GraphQLUnionType):
            for possible in self.reference.schema.get_possible_types(inner):
                if possible.name == HELD.get(type_.name, possible.name):
                    yield from self._selections(possible, node.selection_set, path, many)
        else:
            assert isinstance(inner, GraphQLObjectType)
            if not inner.name.startswith("__"):
                yield from self._selections(inner, node.selection_set, path, many)

    def _grouped(self, selections: SelectionSetNode) -> Iterator[str]:
        """Entries that were named are not counted in groups."""
        for selection in filter(self._included, selections.selections):
            if isinstance(selection, FieldNode):
                if selection.name.value in GROUPED:
                    yield BAD_INPUT
                continue
            inner: Any = selection
            if isinstance(selection, FragmentSpreadNode):
                inner = self.fragments[selection.name.value]
            yield from self._grouped(inner.selection_set)

    def _arguments(self, type_: str, name: str, arguments: Arguments) -> Iterator[str]:
        given = {key: value for key, value in arguments.items() if value is not None}
        if name in CONNECTIONS and type_ in {"Query", "MessengerAccount", "SocialAccount"}:
            yield from self._list(name, given)
        elif name == "friendSuggestions":
            if given.get("first", 0) < 0:
                yield BAD_INPUT
        elif type_ == "Query" and name == "node":
            if not any(_is_identifier(given["id"], prefix) for prefix in self.reference.prefixes):
                yield BAD_INPUT
        elif type_ == "Query" and name in FOUND:
            if not any(_is_identifier(given["id"], PREFIXES[each]) for each in FOUND[name]):
                yield BAD_INPUT
        elif type_ == "Query" and name == "messengerAccount":
            prefix = PREFIXES["MessengerAccount"]
            if len(given) != 1 or ("id" in given and not _is_identifier(given["id"], prefix)):
                yield BAD_INPUT

    def _list(self, name: str, given: Arguments) -> Iterator[str]:
        prefix = PREFIXES[LISTED[name]]
        ids = given.get("ids", [])
        wrong = (
            {"first", "last"} <= set(given),
            given.get("first", 0) < 0,
            given.get("last", 0) < 0,
            bool(NAMING & set(given)) and len(given) > 1,
            len(ids) > 1000,
            len(given.get("phoneNumbers", ())) > 1000,
            not all(_is_identifier(each, prefix) for each in ids),
            any("\0" in text for text in _texts(given.get("filter"))),
        )
        if any(wrong):
            yield BAD_INPUT
        binding = self.reference.find_principal(CONNECTIONS[name], given)
        for principal in ("after", "before"):
            if principal in given:
                try:
                    self.reference.open(given[principal], binding, given)
                except ValueError:
                    yield BAD_CURSOR


def _is_identifier(text: str, prefix: str) -> bool:
    number = re.fullmatch(f"{prefix}(0|[1-9][0-9]*)", text, re.ASCII)
    return number is not None and int(number[1]) <= BIGGEST


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
