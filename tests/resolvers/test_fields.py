"""Every field has one resolver and every resolver one field; otherwise the program does not start."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping

import pytest
import strawberry

from resolvers.sources import fields, plain
from resolvers.sources.catalogue import Class, Column
from resolvers.sources.fields import OBJECTS, ResolverGap, check_fields
from resolvers.sources.messenger import MESSENGER_ACCOUNT, USAGE_STATS
from resolvers.sources.plain import with_plain_fields
from resolvers.sources.words import Json, ObjectSource, Source, Value
from resolvers.universe.provenance import resolver_line
from schema.terms.words import plumbing, seen

ACCOUNT = OBJECTS["MessengerAccount"]


def with_fields(changed: Mapping[str, Source]) -> dict[str, ObjectSource]:
    """All sources, with these fields of the messenger's account instead of its own."""
    return {**OBJECTS, "MessengerAccount": dataclasses.replace(ACCOUNT, fields=changed)}


@strawberry.type
class Plain:
    """A type with fields of each kind that a column can have, and some that are no columns."""

    locale: str | None = seen("- - - V V - O - -", "A text.")
    stars: int = seen("- - - V V - O - -", "A number.")
    verified: bool = seen("- - - V V - O - -", "A boolean.")
    born_on: datetime.date = seen("- - - V V - O - -", "A day.")
    last_seen_at: datetime.datetime = seen("- - - V V - O - -", "A time.")
    nickname: str = seen("- - - V V - O - -", "A text without a column.")
    friend: str = seen("- - - V V - O - -", "A text whose column has an account's number.")
    level: int = seen("- - - V V - O - -", "A number whose column has a text.")
    cursor: str = plumbing("Plain", "A text without marks.")


PLAIN_COLUMNS = {
    "locale": Column(Class.PERSONAL, "text"),
    "stars": Column(Class.PUBLIC, "integer"),
    "verified": Column(Class.PERSONAL, "boolean"),
    "born_on": Column(Class.PERSONAL, "date"),
    "last_seen_at": Column(Class.PERSONAL, "timestamptz"),
    "friend": Column(Class.KEY, "text"),
    "level": Column(Class.PERSONAL, "text"),
    "cursor": Column(Class.PERSONAL, "text"),
}


def plain_source(monkeypatch: pytest.MonkeyPatch, given: Mapping[str, Source]) -> ObjectSource:
    """The completed source of `Plain`, of which these fields are given."""
    monkeypatch.setitem(plain._TYPES, "Plain", Plain)
    relation = dataclasses.replace(ACCOUNT.relation, columns=PLAIN_COLUMNS)
    return with_plain_fields(ObjectSource(type="Plain", relation=relation, prefix="pl_", fields=given))


def test_a_field_without_an_entry_is_read_from_the_column_of_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing skips escaping, and only a field that may be null is read as one."""
    assert plain_source(monkeypatch, {}).fields == {
        "locale": Value("locale", Json.TEXT, nullable=True),
        "stars": Value("stars", Json.TEXT),
        "verified": Value("verified", Json.TEXT),
        "bornOn": Value("born_on", Json.TEXT),
        "lastSeenAt": Value("last_seen_at", Json.TIME),
    }


def test_an_entry_wins_over_the_column(monkeypatch: pytest.MonkeyPatch) -> None:
    """A field whose column is not the one of its name keeps its own entry."""
    given = {"locale": Value("verified", Json.TEXT)}

    assert plain_source(monkeypatch, given).fields["locale"] == given["locale"]


def test_every_field_without_an_entry_and_a_column_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """No column of that name, a column of an account's number, a column of another type: all three."""
    made = plain_source(monkeypatch, {})
    monkeypatch.setattr(fields, "OBJECTS", {**OBJECTS, "Plain": made})
    monkeypatch.setattr(fields, "TYPES", (*fields.TYPES, Plain))

    with pytest.raises(ResolverGap, match=r"resolver: Plain\.friend, Plain\.level, Plain\.nickname$"):
        check_fields()


def test_no_column_makes_up_for_an_entry_that_needs_more_than_a_column() -> None:
    """Of the account's entries, the two that repeat a plain column are found without them, and no other."""
    found = with_plain_fields(dataclasses.replace(MESSENGER_ACCOUNT, fields={})).fields

    assert found["countryCode"] == Value("country_code", Json.TEXT)
    assert found["registeredAt"] == Value("registered_at", Json.TIME)
    assert found.keys() & MESSENGER_ACCOUNT.fields.keys() == {"countryCode", "registeredAt"}


def test_a_source_with_a_plain_field_is_found_in_the_code() -> None:
    """The completed source is a copy of what the module has; the entry of a field has the same line."""
    fewer = {each: source for each, source in ACCOUNT.fields.items() if each != "countryCode"}
    copy = {**OBJECTS, "MessengerAccount": with_plain_fields(dataclasses.replace(ACCOUNT, fields=fewer))}

    entry = resolver_line(OBJECTS, "MessengerAccount", "phone")
    assert entry is not None
    assert entry == resolver_line(copy, "MessengerAccount", "phone")
    assert entry.file == "resolvers/sources/messenger.py"


def test_every_field_has_a_resolver() -> None:
    """Every field of the schema has a resolver."""
    check_fields()


@pytest.mark.parametrize("name", ACCOUNT.fields)
def test_a_field_without_a_resolver_stops_the_start(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A field without a resolver stops the start, and the message names it."""
    fewer = {each: source for each, source in ACCOUNT.fields.items() if each != name}
    monkeypatch.setattr(fields, "OBJECTS", with_fields(fewer))

    with pytest.raises(ResolverGap, match=f"MessengerAccount.{name}"):
        check_fields()


def test_a_resolver_without_a_field_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver without a field of the schema stops the start."""
    more = {**ACCOUNT.fields, "nickname": ACCOUNT.fields["phone"]}
    monkeypatch.setattr(fields, "OBJECTS", with_fields(more))

    with pytest.raises(ResolverGap, match=r"MessengerAccount\.nickname"):
        check_fields()


def test_a_field_with_two_resolvers_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """A field with two resolvers stops the start, because the two could disagree."""
    twice = {**OBJECTS, "again": dataclasses.replace(OBJECTS["Business"])}
    monkeypatch.setattr(fields, "OBJECTS", twice)

    with pytest.raises(ResolverGap, match=r"Business\.name"):
        check_fields()


def test_a_source_that_names_another_type_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """A source that names another type stops the start, also if the fields' names are equal."""
    other = {**ACCOUNT.fields, "usage": dataclasses.replace(USAGE_STATS, type="PhoneBinding")}
    monkeypatch.setattr(fields, "OBJECTS", with_fields(other))

    with pytest.raises(ResolverGap, match=r"UsageStats\.activeDays28"):
        check_fields()
