"""All resolvers in one place, and the check that every field has exactly one.

Start-up stops unless the schema's fields and the resolvers' are the same. A field without a resolver
cannot be answered, and a resolver without a field has no terms.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from strawberry.types.base import get_object_definition

from resolvers.sources.business import BUSINESS, MESSENGER_CONVERSATION, SOCIAL_CONVERSATION
from resolvers.sources.messenger import MESSENGER_ACCOUNT
from resolvers.sources.offers import CUSTOMER_LIST, MERCHANT, OFFER
from resolvers.sources.plain import with_plain_fields
from resolvers.sources.social import SOCIAL_ACCOUNT
from resolvers.sources.subject import SUBJECT
from resolvers.sources.words import Many, ObjectSource, One, OwnRows, Page, Suggestions, Summary
from schema.build import TYPES, fields_of
from schema.terms.words import Follows, Seen, terms_of
from schema.types import subject

OBJECTS: Mapping[str, ObjectSource] = {
    source.type: with_plain_fields(source)
    for source in (
        MESSENGER_ACCOUNT,
        SOCIAL_ACCOUNT,
        BUSINESS,
        MESSENGER_CONVERSATION,
        SOCIAL_CONVERSATION,
        MERCHANT,
        OFFER,
        CUSTOMER_LIST,
    )
}


class ResolverGap(Exception):
    """A field has no resolver or several, or a resolver has no field."""


@dataclass(frozen=True)
class FieldHolder:
    """A GraphQL type, and the source that says where its `fields` live, each by its name."""

    type: str
    source: object
    fields: Mapping[str, object]


def holders(objects: Mapping[str, ObjectSource]) -> Iterator[FieldHolder]:
    """Every source that has fields: objects, what lies in them, their lists' groups, a subject's own data."""
    for source in objects.values():
        yield FieldHolder(source.type, source, source.fields)
        yield FieldHolder(f"{source.type}Connection", source, source.groups)
        for inner in source.fields.values():
            if isinstance(inner, Summary | One | Many | Page | Suggestions):
                yield FieldHolder(inner.type, inner, inner.fields)
    yield FieldHolder(subject.Subject.__name__, SUBJECT, SUBJECT)
    for own in SUBJECT.values():
        if isinstance(own, OwnRows):
            yield FieldHolder(own.type, own, own.fields)


def check_fields() -> None:
    """ResolverGap unless every field with marks has one resolver and every resolver such a field."""
    resolved = Counter((each.type, name) for each in holders(OBJECTS) for name in each.fields)
    twice = {pair for pair, times in resolved.items() if times > 1}
    if lacking := (resolved.keys() ^ set(_declared())) | twice:
        names = sorted(f"{type_name}.{field_name}" for type_name, field_name in lacking)
        raise ResolverGap(f"these do not have exactly one field and one resolver: {', '.join(names)}")


def _declared() -> Iterator[tuple[str, str]]:
    """The fields that need a resolver. Those of an interface are resolved where a type implements it."""
    for cls in TYPES:
        if not get_object_definition(cls, strict=True).is_interface:
            for name, field in fields_of(cls).items():
                if cls in subject.OWN or isinstance(terms_of(field), Seen | Follows):
                    yield cls.__name__, name
