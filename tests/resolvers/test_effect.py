"""What inspection expects of functions, triggers and CHECKs is what the migrations make, object by object."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from resolvers.sources.catalogue import TRIGGERS, Store
from resolvers.sources.fields import OBJECTS
from resolvers.universe.effect.declared import declared
from resolvers.universe.effect.functions import function_differences
from resolvers.universe.effect.unescaped import codes_of, unescaped_differences

if TYPE_CHECKING:
    from tests.conftest import Connect, NewDatabase

# What the promises rest on, and what the owners' own schemas may hold beside it.
FUNCTIONS = """
SELECT n.nspname || '.' || p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = $1
"""
ALL_TRIGGERS = """
SELECT n.nspname || '.' || c.relname || ': ' || t.tgname FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT t.tgisinternal AND n.nspname = $1
"""


@pytest.mark.parametrize("store", Store)
async def test_the_migrations_are_read_as_the_database_reads_them(
    store: Store, new_database: NewDatabase, connect: Connect
) -> None:
    """Every function and trigger of a fresh store is expected and is as expected, and no other is."""
    owner = await connect(await new_database(store))
    functions = [row[0] for row in await owner.fetch(FUNCTIONS, store.value)]
    triggers = [row[0] for row in await owner.fetch(ALL_TRIGGERS, store.value)]
    assert sorted(functions) == sorted(declared(store).functions)
    assert sorted(triggers) == sorted(declared(store).triggers)
    assert TRIGGERS[store] <= declared(store).triggers.keys()
    assert await function_differences(owner, store) == []
    assert await unescaped_differences(owner, OBJECTS, store) == []


async def test_every_value_that_is_written_unescaped_is_in_the_list() -> None:
    """The codes that the sources write are these; a new one comes here, with its CHECK."""
    assert [f"{relation.qualified}.{column}" for relation, column in codes_of(OBJECTS)] == [
        "control.objection_event.kind",
        "messenger.account.country_code",
        "messenger.account.phone",
        "messenger.business_conversation.category",
        "messenger.business_conversation.status",
        "messenger.customer_conversation.category",
        "messenger.customer_conversation.status",
        "social.ad_topic.source",
        "social.business_conversation.category",
        "social.business_conversation.status",
        "social.customer_conversation.category",
        "social.customer_conversation.status",
        "social.customer_list.audience_size_band",
        "social.customer_list.record_count_band",
        "social.customer_list.status",
        "social.phone_binding.number",
        "social.phone_binding.source",
    ]
