"""A request is read the same way whether or not the fast path knows its head."""

from __future__ import annotations

from tests.mutants.edits import Change, mutant

MUTANTS = (
    mutant(
        "known_head_within_a_request",
        Change(
            "gateway.web.connections.uvicorn_inside:BoundedProtocol._begin_known",
            "self._within or self._head_bytes or before is None",
            "before is None",
        ),
        "tests/gateway/test_wire.py::test_the_usual_request_is_answered_as_any_other",
    ),
    mutant(
        "known_head_without_its_length",
        Change(
            "gateway.web.connections.known_heads:KnownHeads.find",
            "known is None or len(data) - end != known.length",
            "known is None",
        ),
        "tests/gateway/test_wire.py::test_the_usual_request_is_answered_as_any_other",
    ),
)
