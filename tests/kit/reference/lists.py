"""Lists of a masked world: filters, orders, pages and cursors, without any SQL."""

from __future__ import annotations

import base64
import datetime
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from functools import cached_property
from typing import Any

from cryptography.exceptions import InvalidTag
from graphql import GraphQLInterfaceType, GraphQLSchema

from resolvers.plan.cursors import Cursors
from tests.kit import oracle
from tests.kit.reference.schema import CONNECTIONS, DAYS, LISTED, PREFIXES
from tests.kit.reference.values import Account, Arguments, Item, Page


class Lists:
    """The rows of one purpose's masked world, in pages with sealed cursors.

    `sealed_for` is what the purpose and the policy's version add to every cursor's; `policy` the fields of
    `PolicyVersion`: of what runs, then of every version.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        seen: oracle.Visible,
        cursors: Cursors,
        sealed_for: str,
        policy: Sequence[Mapping[str, Any]],
    ) -> None:
        self.schema = schema
        self.cursors = cursors
        self.sealed_for = sealed_for
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

    # --- cursors ----------------------------------------------------------------------------------

    def seal_of(self, connection: str, arguments: Arguments) -> bytes:
        """What a cursor of the list is bound to."""
        chosen = {name: arguments[name] for name in ("filter", "orderBy") if arguments.get(name) is not None}
        return f"{self.sealed_for}|{connection}|{_json(chosen, sort_keys=True)}".encode()

    def cursors_of(self, list_: str, arguments: Arguments) -> list[str]:
        """Cursors of every account that the purpose sees, for this list, filter and order."""
        everybody = self.accounts[LISTED[list_]].values()
        sealed_for = self.seal_of(CONNECTIONS[list_], arguments)
        return [item.cursor for item in self._items(everybody, arguments, sealed_for)]

    def _items(self, accounts: Iterable[Account], arguments: Arguments, sealed_for: bytes) -> list[Item]:
        names = _ordered_by(arguments)
        items = []
        for account in accounts:
            keys = tuple(account.number if name == "id" else account.fields[name] for name in names)
            payload = "[" + ",".join(_json(key) for key in keys) + "]"
            items.append(Item(account, self.cursors.seal(payload, sealed_for), keys))
        return sorted(items, key=lambda item: item.keys, reverse=_descends(arguments))

    def open(self, cursor: str, sealed_for: bytes, arguments: Arguments) -> tuple[Any, ...]:
        """The values that a cursor names as a place in the list. ValueError if it is another list's."""
        try:
            sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            payload = self.cursors._cipher.decrypt(sealed, [sealed_for]).decode()
        except (ValueError, InvalidTag) as error:
            raise ValueError("not a cursor of this list") from error
        if self.cursors.seal(payload, sealed_for) != cursor:
            raise ValueError("another spelling of a cursor")
        return tuple(
            _from_json(name, value)
            for name, value in zip(_ordered_by(arguments), json.loads(payload), strict=True)
        )

    # --- lists ------------------------------------------------------------------------------------

    def page(self, list_: str, accounts: Iterable[Account], arguments: Arguments) -> Page:
        """A page of the accounts; which of them exist at all was decided by the oracle."""
        sealed_for = self.seal_of(CONNECTIONS[list_], arguments)
        if arguments.get("ids") is not None:
            return self._named(LISTED[list_], arguments["ids"], sealed_for)
        if arguments.get("phoneNumbers") is not None:
            found = [self.by_phone(each) for each in arguments["phoneNumbers"]]
            ids = [f"{PREFIXES[each.type]}{each.number}" for each in found if each is not None]
            return self._named(LISTED[list_], ids, sealed_for)
        kept = [each for each in accounts if _passes(each, arguments.get("filter") or {})]
        items = self._items(kept, arguments, sealed_for)
        descends = _descends(arguments)

        def is_within(item: Item, place: tuple[Any, ...], after: bool) -> bool:
            return item.keys > place if after != descends else item.keys < place

        behind, beyond, between = [], [], items
        if arguments.get("after") is not None:
            place = self.open(arguments["after"], sealed_for, arguments)
            behind = [item for item in items if not is_within(item, place, after=True)]
            between = [item for item in between if is_within(item, place, after=True)]
        if arguments.get("before") is not None:
            place = self.open(arguments["before"], sealed_for, arguments)
            beyond = [item for item in items if not is_within(item, place, after=False)]
            between = [item for item in between if is_within(item, place, after=False)]
        first, last = arguments.get("first"), arguments.get("last")
        if last is not None:
            last = min(last, 1000)
            taken = between[len(between) - min(last, len(between)) :]
            return Page(taken, len(items), bool(beyond), len(between) > last or bool(behind), kept)
        size = 50 if first is None else min(first, 1000)
        return Page(between[:size], len(items), len(between) > size or bool(beyond), bool(behind), kept)

    def _named(self, type_: str, ids: Iterable[str], sealed_for: bytes) -> Page:
        numbers = dict.fromkeys(int(each.removeprefix(PREFIXES[type_])) for each in ids)
        found = [self.accounts[type_][number] for number in numbers if number in self.accounts[type_]]
        items = {item.account.number: item for item in self._items(found, {}, sealed_for)}
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
