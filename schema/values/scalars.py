"""The custom scalars of all schemas: what each accepts, and where it is specified.

`docs/scalars.md` is the specification that `@specifiedBy` names; a test reads its examples. Dates and times
have public specifications, but the gateway accepts more forms than these do, so that the page is ours.
"""

from __future__ import annotations

import datetime
from dataclasses import replace

import strawberry
from strawberry.schema.types.base_scalars import DateDefinition, DateTimeDefinition
from strawberry.types.scalar import ScalarDefinition

from schema.values.phones import PhoneNumber, normalise

# The one place of the address at which the folder docs/ is published. A publisher of the gateway sets it.
DOCUMENTS = "https://purpose-gateway.example/docs"


def _specification(name: str) -> str:
    return f"{DOCUMENTS}/scalars#{name.lower()}"


def _parse_phone_number(value: object) -> PhoneNumber:
    if not isinstance(value, str) or len(value) > 64:
        raise ValueError("not a phone number in international form")
    return normalise(value)


PHONE_NUMBER = strawberry.scalar(
    name="PhoneNumber",
    description="A phone number in international form. Answers have it in E.164, such as `+4915112345678`.",
    specified_by_url=_specification("PhoneNumber"),
    serialize=str,
    parse_value=_parse_phone_number,
)
DATE = replace(
    DateDefinition,
    description="A calendar day in ISO 8601, such as `2016-08-25`.",
    specified_by_url=_specification("Date"),
)
DATE_TIME = replace(
    DateTimeDefinition,
    description="A date and time in ISO 8601, such as `2016-08-25T12:00:00+00:00`. "
    "Answers are in UTC; an argument without a time zone is in UTC.",
    specified_by_url=_specification("DateTime"),
)
SCALARS: dict[object, ScalarDefinition] = {
    PhoneNumber: PHONE_NUMBER,
    datetime.date: DATE,
    datetime.datetime: DATE_TIME,
}
