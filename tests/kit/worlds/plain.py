"""Values of plain columns: those that the catalogue names and the record of a type in `rows.py` does not.

A world fills them by itself, so that a new column is in the generated worlds, in the oracle and in the
reference without a line for it. A value is made of a number: the object's own, or the one that `World.plain`
has for it. None is NULL.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from typing import Any

from resolvers.sources import catalogue
from resolvers.sources.catalogue import Class, Relation
from tests.kit.worlds.rows import (
    HORIZON,
    TERMS_CHANGED,
    Business,
    Merchant,
    MessengerAccount,
    Offer,
    SocialAccount,
    World,
)

RELATIONS: Mapping[type, Relation] = {
    MessengerAccount: catalogue.MESSENGER_ACCOUNT,
    SocialAccount: catalogue.SOCIAL_ACCOUNT,
    Business: catalogue.MESSENGER_BUSINESS,
    Merchant: catalogue.MERCHANT,
    Offer: catalogue.OFFER,
}


def plain_columns(record: type, relation: Relation) -> dict[str, str]:
    """The plain columns of the relation, each with its type in SQL."""
    return {
        name: column.type
        for name, column in relation.columns.items()
        if column.kind in {Class.PERSONAL, Class.PUBLIC} and name not in record.__dataclass_fields__
    }


# By the name of the type, which is that of the record too.
COLUMNS: Mapping[str, Mapping[str, str]] = {
    record.__name__: columns
    for record, relation in RELATIONS.items()
    if (columns := plain_columns(record, relation))
}


def plain_values(world: World, type_: str, number: int) -> dict[str, Any]:
    """The value of each plain column of the object."""
    return {
        column: made_of(world.plain.get((type_, number, column), number), column, sql)
        for column, sql in COLUMNS.get(type_, {}).items()
    }


def plain_fields(world: World, type_: str, number: int) -> dict[str, Any]:
    """The same by the name of the field."""
    return {field_name(column): value for column, value in plain_values(world, type_, number).items()}


def objects(world: World) -> Iterator[tuple[str, int, str]]:
    """(type, number, column) of every value of a plain column."""
    of_types = (world.messenger_accounts, world.social_accounts, world.businesses, world.merchants)
    for rows in (*of_types, world.offers):
        for row in rows:
            for column in COLUMNS.get(type(row).__name__, ()):
                yield type(row).__name__, row.id, column


def field_name(column: str) -> str:
    """The GraphQL name of a column's field."""
    first, *rest = column.split("_")
    return first + "".join(word.capitalize() for word in rest)


def made_of(number: int, column: str, sql: str) -> Any:
    """The column's value that is made of the number. The text is hostile, as all texts of a world are."""
    match sql:
        case "text":
            return f'{column} of {number} "\\\x1f\u2028'
        case "smallint" | "integer":
            return number % 1000
        case "boolean":
            return number % 2 == 0
        case "date":
            return HORIZON - datetime.timedelta(number % 1000)
        case "timestamptz":
            return TERMS_CHANGED + datetime.timedelta(seconds=number % 1000)
    raise NotImplementedError(f"{column} {sql}: a column of this type needs its place in the record")
