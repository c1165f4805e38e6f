"""All resolvers in one place, and the check that every field has exactly one.

Start-up stops unless the schema's fields and the resolvers' are the same: a field without a resolver
could not be answered, and a resolver without a field has no terms.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from resolvers.sources.business import BUSINESS, MESSENGER_CONVERSATION, SOCIAL_CONVERSATION
from resolvers.sources.messenger import MESSENGER_ACCOUNT
from resolvers.sources.offers import CUSTOMER_LIST, MERCHANT, OFFER
from resolvers.sources.social import SOCIAL_ACCOUNT
from resolvers.sources.subject import SUBJECT
from resolvers.sources.words import Many, ObjectSource, One, OwnRows, Source, Suggestions, Summary
from schema.build import TYPES, fields_of
from schema.terms.words import Follows, Seen, terms_of
from schema.types import subject

OBJECTS: Mapping[str, ObjectSource] = {
    source.type: source
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
# Told by the edges themselves: the entry of an address book is the contact's own hop.
EDGES = {"ContactEdge": frozenset({"account"})}


class ResolverGap(Exception):
    """A field has no resolver, or a resolver no field."""


def check_fields() -> None:
    """ResolverGap unless every field with marks has one resolver and every resolver such a field."""
    resolved = {frozenset(fields) for fields in _field_sets(OBJECTS)} | set(EDGES.values())
    resolved -= {frozenset()}
    declared = {
        frozenset(
            name for name, field in fields_of(cls).items() if isinstance(terms_of(field), Seen | Follows)
        )
        for cls in TYPES
    } - {frozenset()}
    resolved |= {frozenset(SUBJECT)}
    resolved |= {frozenset(each.fields) for each in SUBJECT.values() if isinstance(each, OwnRows)}
    declared |= {frozenset(fields_of(cls)) for cls in subject.OWN}
    if resolved != declared:
        raise ResolverGap(f"these fields lack a partner: {sorted(map(sorted, resolved ^ declared))}")


def _field_sets(objects: Mapping[str, ObjectSource]) -> Iterator[Mapping[str, object]]:
    for source in objects.values():
        yield source.fields
        yield source.groups
        for field in source.fields.values():
            yield from _inner_fields(field)


def _inner_fields(field: Source) -> Iterator[Mapping[str, object]]:
    # Where the rows lead on, the items' fields are those of the objects.
    if isinstance(field, Summary | One | Suggestions) or (isinstance(field, Many) and field.far is None):
        yield field.fields
