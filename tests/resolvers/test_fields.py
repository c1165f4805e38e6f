"""Every field has one resolver and every resolver one field, or the program does not start."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import pytest

from resolvers.sources import fields
from resolvers.sources.fields import OBJECTS, ResolverGap, check_fields
from resolvers.sources.messenger import USAGE_STATS
from resolvers.sources.words import ObjectSource, Source

ACCOUNT = OBJECTS["MessengerAccount"]


def with_fields(changed: Mapping[str, Source]) -> dict[str, ObjectSource]:
    """All sources, with these fields of the messenger's account instead of its own."""
    return {**OBJECTS, "MessengerAccount": dataclasses.replace(ACCOUNT, fields=changed)}


def test_every_field_has_a_resolver() -> None:
    """The sources of this release fit its schema."""
    check_fields()


@pytest.mark.parametrize("name", ACCOUNT.fields)
def test_a_field_without_a_resolver_stops_the_start(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the field."""
    fewer = {each: source for each, source in ACCOUNT.fields.items() if each != name}
    monkeypatch.setattr(fields, "OBJECTS", with_fields(fewer))

    with pytest.raises(ResolverGap, match=f"MessengerAccount.{name}"):
        check_fields()


def test_a_resolver_without_a_field_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """No column is read that no field of the schema names."""
    more = {**ACCOUNT.fields, "nickname": ACCOUNT.fields["phone"]}
    monkeypatch.setattr(fields, "OBJECTS", with_fields(more))

    with pytest.raises(ResolverGap, match=r"MessengerAccount\.nickname"):
        check_fields()


def test_a_field_with_two_resolvers_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """One type has its fields in one source: two could disagree."""
    twice = {**OBJECTS, "again": dataclasses.replace(OBJECTS["Business"])}
    monkeypatch.setattr(fields, "OBJECTS", twice)

    with pytest.raises(ResolverGap, match=r"Business\.name"):
        check_fields()


def test_a_source_that_names_another_type_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies in an object is compared by the name of its type, not by the names of its fields."""
    other = {**ACCOUNT.fields, "usage": dataclasses.replace(USAGE_STATS, type="PhoneBinding")}
    monkeypatch.setattr(fields, "OBJECTS", with_fields(other))

    with pytest.raises(ResolverGap, match=r"UsageStats\.activeDays28"):
        check_fields()
