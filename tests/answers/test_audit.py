"""The policy in answers: the officer reads rows and versions, every client reads the digest."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from schema.policy.history import FOLDER, versions
from schema.policy.matrix import MEANING, digest, policy_lines
from schema.purposes import ABOUT, Purpose
from tests.kit import oracle
from tests.kit.gateway import NewDatabase, Side, open_side
from tests.kit.worlds.rows import Whose

MATRIX = """query Matrix($version: String, $type: String, $purpose: String) {
  policyMatrix(version: $version, type: $type, purpose: $purpose) { type field purpose mark meaning }
}"""
VERSIONS = "{ policyVersions { name validFrom digest author reason purpose sentence } }"


@pytest.fixture(scope="module")
async def side(new_database: NewDatabase) -> AsyncIterator[Side]:
    """A gateway with its own stores."""
    async with open_side(new_database) as opened:
        opened.whose = Whose(1, 1, 1, 1)
        yield opened


async def data_of(side: Side, under: Purpose, document: str, /, **variables: Any) -> dict[str, Any]:
    """The `data` of an answer that has no errors."""
    reply = await side.ask(under, document, variables)
    answer: dict[str, Any] = json.loads(reply.body)
    assert answer.keys() == {"data"}, answer
    return answer["data"]


# --- the version under which one asks -------------------------------------------------------------


@pytest.mark.parametrize("purpose", Purpose)
async def test_every_client_can_read_the_running_policy(side: Side, purpose: Purpose) -> None:
    """Every client reads the policy's name, day, author, reason, and a digest that a recorded file proves."""
    document = "{ policy { name validFrom digest author reason purpose sentence } }"
    told = (await data_of(side, purpose, document))["policy"]

    newest = versions()[-1]
    assert told == {
        "name": newest.name,
        "validFrom": "2016-08-25T00:00:00+00:00",
        "digest": hashlib.sha256((FOLDER / f"{newest.name}.policy").read_bytes()).hexdigest(),
        "author": newest.author,
        "reason": newest.reason,
        "purpose": purpose.value,
        "sentence": ABOUT[purpose].sentence,
    }
    assert digest() == told["digest"]


@pytest.mark.parametrize("purpose", Purpose)
async def test_every_client_can_read_the_history(side: Side, purpose: Purpose) -> None:
    """Every client reads every recorded version, oldest first."""
    told = (await data_of(side, purpose, VERSIONS))["policyVersions"]
    again = await data_of(side, purpose, "{ a: policyVersions { b: name __typename } policy { name } }")

    assert [each["name"] for each in told] == ["v0", "v1"]
    assert [each["digest"] for each in told] == [each.digest for each in versions()]
    assert told[0]["validFrom"] is None
    assert again["a"] == [{"b": name, "__typename": "PolicyVersion"} for name in ("v0", "v1")]
    assert again["policy"] == {"name": "v1"}


async def test_a_policy_that_was_never_recorded_has_no_name(
    monkeypatch: pytest.MonkeyPatch, new_database: NewDatabase
) -> None:
    """Such a policy is answered by its digest only, and by no field of another version."""
    monkeypatch.setattr("resolvers.compile.policy_text.versions", lambda: versions()[:1])
    async with open_side(new_database) as side:
        told = (await data_of(side, Purpose.AUDIT, "{ policy { name validFrom author reason digest } }"))[
            "policy"
        ]

    assert told == {"name": None, "validFrom": None, "author": None, "reason": None, "digest": digest()}


# --- the matrix -----------------------------------------------------------------------------------


async def test_the_auditor_reads_the_whole_matrix(side: Side) -> None:
    """The auditor reads a row for each field and purpose, with the decided mark and its meaning."""
    told = (await data_of(side, Purpose.AUDIT, MATRIX))["policyMatrix"]

    assert len(told) == len(policy_lines()) * len(Purpose)
    for row in told:
        assert row["mark"] == oracle.mark(row["purpose"], row["type"], row["field"])
        assert row["meaning"] == MEANING[row["mark"]]
    assert len({(row["type"], row["field"], row["purpose"]) for row in told}) == len(told)


async def test_the_auditor_narrows_it(side: Side) -> None:
    """The auditor can filter the matrix by type and purpose, and read older versions by name or digest."""
    of_type = (await data_of(side, Purpose.AUDIT, MATRIX, type="UsageStats"))["policyMatrix"]
    assert {row["type"] for row in of_type} == {"UsageStats"}
    assert len(of_type) == 4 * len(Purpose)

    of_purpose = (await data_of(side, Purpose.AUDIT, MATRIX, purpose="SECURITY"))["policyMatrix"]
    assert {row["purpose"] for row in of_purpose} == {"SECURITY"}

    lines = (FOLDER / "v0.policy").read_text(encoding="utf-8").splitlines()
    wanted = {tuple(row[:2]): row[2:] for row in csv.reader(lines) if len(row) == 2 + len(Purpose)}
    for version in ("v0", versions()[0].digest):
        told = (await data_of(side, Purpose.AUDIT, MATRIX, version=version))["policyMatrix"]
        marks = {(row["type"], row["field"], row["purpose"]): row["mark"] for row in told}
        assert marks == {
            (*name, purpose.value): mark
            for name, row in wanted.items()
            for purpose, mark in zip(Purpose, row, strict=True)
        }


@pytest.mark.parametrize(
    ("variables", "rows"),
    [
        ({"version": "v99"}, None),
        ({"version": ""}, None),
        ({"type": "Nothing"}, []),
        ({"purpose": "security"}, []),
        ({"version": None, "type": "Message", "purpose": "AUDIT"}, 2),
    ],
)
async def test_an_unknown_version_or_type_is_null_or_empty(
    side: Side, variables: dict[str, Any], rows: list[Any] | int | None
) -> None:
    """An unknown version is null, an unknown type or purpose is an empty list; neither is an error."""
    told = (await data_of(side, Purpose.AUDIT, MATRIX, **variables))["policyMatrix"]

    assert (len(told) if isinstance(rows, int) else told) == rows


@pytest.mark.parametrize("purpose", [each for each in Purpose if each is not Purpose.AUDIT])
async def test_no_other_purpose_sees_the_matrix_of_all_purposes(side: Side, purpose: Purpose) -> None:
    """The field does not exist for another purpose: the refusal is that of a misspelt field."""
    asked = await side.ask(purpose, MATRIX.replace("type field purpose mark meaning", "__typename"))
    misspelt = await side.ask(purpose, MATRIX.replace("  policyMatrix(", "  policyMatrics("))

    assert asked.status == misspelt.status == 400
    assert json.loads(asked.body) == json.loads(misspelt.body)


async def test_the_matrix_cannot_be_asked_for_without_end(side: Side) -> None:
    """The matrix takes time to write: a document with it a hundred times is refused before that."""
    many = " ".join(f"m{number}: policyMatrix {{ mark }}" for number in range(100))
    reply = await side.ask(Purpose.AUDIT, f"{{ {many} }}")

    assert json.loads(reply.body)["errors"][0]["extensions"]["code"] == "COST_TOO_HIGH"
