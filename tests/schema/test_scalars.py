"""Custom scalars behave as their specification says, and every schema names that specification."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import GraphQLError, GraphQLScalarType, is_specified_scalar_type

from resolvers.plan.parameters import utc_time
from schema.build import build_schemas
from schema.types.recalls import recall_schema
from schema.values.scalars import DOCUMENTS, SCALARS

PAGE = (Path(__file__).parents[2] / "docs" / "scalars.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE))
BY_NAME = {scalar.name: scalar for scalar in SCALARS.values()}
SCHEMAS = {**build_schemas(), "recalls": recall_schema()}


def examples() -> Iterator[tuple[str, str, str]]:
    """(scalar, given, read as) of each row of the page's tables."""
    for name, section in SECTIONS.items():
        for given, read in re.findall(r"^\| `([^`]*)` \| (.*) \|$", section, re.MULTILINE):
            yield name, given, read.strip("`")


@pytest.mark.parametrize(("name", "given", "read"), [*examples()])
def test_a_scalar_reads_what_its_page_says(name: str, given: str, read: str) -> None:
    """A scalar accepts or refuses each example of its page as the page says."""
    scalar = BY_NAME[name]
    assert scalar.parse_value is not None and scalar.serialize is not None
    if read == "refused":
        with pytest.raises((ValueError, GraphQLError)):
            scalar.parse_value(given)
    else:
        value = scalar.parse_value(given)
        moment = utc_time(value) if isinstance(value, datetime.datetime) else value

        assert read == scalar.serialize(moment)


def test_every_scalar_has_a_section_with_examples_of_both_kinds() -> None:
    """Every custom scalar has a section with accepted and with refused examples."""
    for name in BY_NAME:
        read = [each for scalar, _, each in examples() if scalar == name]

        assert "refused" in read and set(read) > {"refused"}, name
    assert SECTIONS.keys() == BY_NAME.keys()


@pytest.mark.parametrize("schema", SCHEMAS)
def test_every_custom_scalar_names_its_specification(schema: str) -> None:
    """Each `@specifiedBy` leads to a section of the page, under the one address of the documents."""
    sections = {f"{DOCUMENTS}/scalars#{name.lower()}" for name in SECTIONS}
    own = [
        each
        for each in SCHEMAS[schema].type_map.values()
        if isinstance(each, GraphQLScalarType) and not is_specified_scalar_type(each)
    ]

    assert own
    assert {each.specified_by_url for each in own} <= sections
