"""What the page asks beside GraphQL. Nothing of it is about a person.

    GET /console/facts/token        the purposes of the token, and what it is bound to
    GET /console/facts/rules        for each of these purposes the rule of every field that one of them sees
    GET /console/facts/explanation  ?field=Type.field&purpose=P: why, where it stands, what proves it
    GET /console/facts/demo         the demo's tokens and examples; null outside the demo

A token is told of its own purposes alone: what no purpose of it sees does not exist here either. With
AUDIT among them, it is told of all, as that purpose is in GraphQL.
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
class Demo:
    """What a demo offers on its page: tokens of made-up people, and questions to ask with them.

    As the page reads it: JSON objects.
    """

    tokens: Sequence[dict[str, Any]]
    examples: Sequence[dict[str, Any]]


def token_facts(callers: Sequence[Caller]) -> Answer:
    """Who the token is, and for what."""
    principal = [str(caller.principal) for caller in callers if str(caller.principal)]
    return _json(
        {
            "client": callers[0].client,
            "bound": list(dict.fromkeys(principal)),
            "purposes": [_purpose(caller.purpose) for caller in callers],
        }
    )


def rule_facts(callers: Sequence[Caller]) -> Answer:
    """The rules that the token may know."""
    return Answer(200, _rules(_told(callers)))


def explanation_facts(callers: Sequence[Caller], field: str, purpose: str) -> Answer:
    """Why a purpose sees a field. PURPOSE_REFUSED, BAD_USER_INPUT for what the token may not know."""
    told = _told(callers)
    if purpose not in told:
        raise Refusal(Code.PURPOSE_REFUSED)
    if field not in _known(told):
        raise Refusal(Code.BAD_USER_INPUT)
    return Answer(200, _explanation(field, Purpose(purpose)))


def demo_facts(demo: Demo | None) -> Answer:
    """What the demo offers, or null."""
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
    """The rules; each reason is written once, and named by its place."""
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
