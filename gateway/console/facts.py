"""What the page asks besides GraphQL. No answer here is about a person.

    GET /console/facts/token        the purposes of the token, and what it is bound to
    GET /console/facts/rules        for each of these purposes the rule of every field that one of them sees
    GET /console/facts/explanation  ?field=Type.field&purpose=P: why, where it is written, what proves it
    GET /console/facts/demo         the demo's tokens and examples; null outside the demo

A token gets the rules of its own purposes: a field that none of them sees does not exist here either. If
AUDIT is among them, it gets all rules, as AUDIT does in GraphQL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import orjson

from gateway.policy.explanation import INVARIANTS, SENTENCES, Reason, explain, names, rules, view_line
from gateway.web.responses import Answer
from schema.policy.matrix import MEANING, digest
from schema.purposes import ABOUT, Purpose
from schema.refusals import Code, Refusal

if TYPE_CHECKING:
    from gateway.access.tokens import Caller


@dataclass(frozen=True)
class DemoOffer:
    """Tokens of made-up people and example questions, as the JSON objects that the page reads."""

    tokens: Sequence[dict[str, Any]]
    examples: Sequence[dict[str, Any]]


def token_facts(callers: Sequence[Caller]) -> Answer:
    """Return the token's client, its bindings and its purposes."""
    principal = [str(caller.principal) for caller in callers if str(caller.principal)]
    return _json(
        {
            "client": callers[0].client,
            "bound": list(dict.fromkeys(principal)),
            "purposes": [_purpose(caller.purpose) for caller in callers],
        }
    )


def rule_facts(callers: Sequence[Caller]) -> Answer:
    """Return the rules of the token's purposes."""
    return Answer(200, _rules(_told(callers)))


def explanation_facts(callers: Sequence[Caller], field: str, purpose: str) -> Answer:
    """Return why a purpose sees a field. Refuses with PURPOSE_REFUSED or BAD_USER_INPUT."""
    told = _told(callers)
    if purpose not in told:
        raise Refusal(Code.PURPOSE_REFUSED)
    if field not in _known(told):
        raise Refusal(Code.BAD_USER_INPUT)
    return Answer(200, _explanation(field, Purpose(purpose)))


def demo_facts(demo: DemoOffer | None) -> Answer:
    """Return the demo's tokens and examples, or null."""
    return _json(demo)


# --- what may be known ----------------------------------------------------------------------------


def _told(callers: Sequence[Caller]) -> tuple[Purpose, ...]:
    own = tuple(caller.purpose for caller in callers)
    return tuple(Purpose) if Purpose.AUDIT in own else own


@cache
def _known(told: tuple[Purpose, ...]) -> frozenset[str]:
    """The fields that one of these purposes sees; all of them to audit."""
    if Purpose.AUDIT in told:
        return frozenset(names())
    return frozenset(
        name for name, of_field in rules().items() if any(of_field[each].visible for each in told)
    )


@cache
def _rules(told: tuple[Purpose, ...]) -> bytes:
    """Return the rules as JSON; each reason is written once, and rules name it by its index."""
    places: dict[Reason, int] = {}
    fields = {
        name: {
            purpose.value: [
                of_field[purpose].mark,
                of_field[purpose].visible,
                [places.setdefault(each, len(places)) for each in of_field[purpose].why],
            ]
            for purpose in told
        }
        for name, of_field in rules().items()
        if name in _known(told)
    }
    return orjson.dumps(
        {
            "digest": digest(),
            "purposes": [_purpose(each) for each in told],
            "marks": {mark.value: meaning for mark, meaning in MEANING.items()},
            "sentences": SENTENCES,
            "reasons": [_reason(each) for each in places],
            "fields": fields,
        }
    )


@cache
def _explanation(field: str, purpose: Purpose) -> bytes:
    found = explain(field, purpose)
    return orjson.dumps(
        {
            "field": field,
            "purpose": purpose,
            "visible": found.visible,
            "mark": found.mark,
            "why": [_reason(each) for each in found.why],
            "terms": str(found.terms),
            "resolver": None if found.resolver is None else str(found.resolver),
            "views": [view_line(each, purpose) for each in found.readings],
            "proofs": [
                {"invariant": invariant, "says": INVARIANTS[invariant], "tests": tests}
                for invariant, tests in found.proofs.items()
            ],
        }
    )


def _purpose(purpose: Purpose) -> dict[str, str | None]:
    about = ABOUT[purpose]
    return {
        "name": purpose,
        "sentence": about.sentence,
        "objection": about.objection,
        "binding": about.principal,
    }


def _reason(reason: Reason) -> dict[str, Any]:
    return {"key": reason.key, "words": dict(reason.words), "says": str(reason)}


def _json(value: Any) -> Answer:
    return Answer(200, orjson.dumps(value))
