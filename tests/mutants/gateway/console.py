"""The console shows a token's own purposes, and demo tokens only to this machine."""

from __future__ import annotations

from tests.mutants.edits import Change, FollowWith, mutant

MUTANTS = (
    mutant(
        "console_tells_of_other_purposes",
        Change(
            "gateway.console.facts:_told", "tuple(Purpose) if Purpose.AUDIT in own else own", "tuple(Purpose)"
        ),
        "tests/console/test_console_facts.py::test_i1_rules_are_those_of_the_tokens_purposes",
    ),
    mutant(
        "demo_tokens_for_every_host",
        Change(
            "gateway.console.routes:FactsEndpoint._demo_facts",
            "self._demo if _is_this_machine(head.host) else None",
            "self._demo",
        ),
        "tests/console/test_console_facts.py::test_a_demo_offers_its_tokens_to_this_machine_alone",
    ),
    mutant(
        "page_may_run_text",
        FollowWith("gateway.console.files:SOURCES", "SOURCES['script-src'] += \" 'unsafe-eval'\""),
        "tests/console/test_console_facts.py::test_a_browser_may_load_from_the_gateway_alone",
    ),
)
