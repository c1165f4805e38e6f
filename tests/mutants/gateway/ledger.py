"""An answer leaves only after its ledger entry is durable."""

from __future__ import annotations

from tests.mutants.edits import Change, mutant

MUTANTS = (
    mutant(
        "ledger_after_the_response",
        Change(
            "gateway.answer:_record",
            "await gateway.ledger.record(request.id, caller, shape, people=found, whole=whole, asked=asked)",
            """
            import asyncio

            async def later(*entry, **disclosed):
                asyncio.ensure_future(gateway.ledger.record(*entry, **disclosed))

            await later(request.id, caller, shape, people=found, whole=whole, asked=asked)
            """,
        ),
        "tests/gateway/test_ledger.py::test_i39_an_answer_waits_until_its_entry_is_durable",
    ),
    mutant(
        "ledger_not_waited_for",
        Change(
            "gateway.ledger.record:Ledger.record",
            "await self._entries.submit((shape, content))",
            "self._entries.submit((shape, content))",
        ),
        "tests/gateway/test_ledger.py::test_i39_an_answer_waits_until_its_entry_is_durable",
    ),
    mutant(
        "ledger_down_and_answered",
        Change("gateway.ledger.record:Ledger.record", "raise Refusal(Code.NOT_RECORDED) from None", "return"),
        "tests/gateway/test_ledger.py::test_i39_without_a_ledger_no_answer_holds_data",
    ),
    mutant(
        "answer_without_people_is_not_recorded",
        Change("gateway.answer:_record", "shape is None", "shape is None or not named"),
        "tests/gateway/test_ledger.py::test_a_look_up_in_vain_is_recorded_too",
    ),
    mutant(
        "references_kept_after_forgetting",
        Change("gateway.ledger.references:References.keep_up", "forgotten != self._forgotten", "False"),
        "tests/gateway/test_ledger.py::test_a_forgotten_person_gets_another_reference",
    ),
    mutant(
        "entries_go_back_in_time",
        Change("gateway.ledger.record:Ledger._write_entries", "max(self._now(), stream.at)", "self._now()"),
        "tests/gateway/test_ledger.py::test_a_clock_that_is_put_back_puts_no_entry_before_another",
    ),
)
