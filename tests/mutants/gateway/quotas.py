"""Quotas hold across all processes of the gateway."""

from __future__ import annotations

from tests.mutants.edits import Change, ChangeSql, mutant

MUTANTS = (
    mutant(
        "places_of_other_processes_not_counted",
        ChangeSql(
            "control/0008_quotas.sql:CREATE FUNCTION control.take_quota",
            "WHERE client = of_client AND process <> of_process AND until > moment;",
            "WHERE false;",
        ),
        "tests/gateway/test_admission.py::test_two_processes_let_in_no_more_at_once",
    ),
    mutant(
        "bucket_never_emptied",
        ChangeSql(
            "control/0008_quotas.sql:CREATE FUNCTION control.take_quota",
            "UPDATE control.quota_rate SET allowed = bucket - requests, at",
            "UPDATE control.quota_rate SET allowed = bucket, at",
        ),
        "tests/gateway/test_admission.py::test_two_processes_let_in_no_more_than_the_rate",
    ),
    mutant(
        "people_counted_in_each_process_alone",
        ChangeSql(
            "control/0008_quotas.sql:CREATE FUNCTION control.meet_people",
            """
            IF known.people + added > per_hour THEN
                RETURN false;
            END IF;
            """,
        ),
        "tests/gateway/test_admission.py::test_two_processes_count_a_person_once",
    ),
    mutant(
        "people_quota_is_not_enforced",
        Change(
            "gateway.quotas.people:PeopleQuota.charge",
            "not charge.granted",
            "not charge.granted and not people",
        ),
        "tests/gateway/test_admission.py::test_a_client_receives_its_quota_of_people_and_no_more",
    ),
    mutant(
        "people_charged_after_they_were_recorded",
        Change(
            "gateway.answer:_record",
            "await gateway.people.charge(caller.client, caller.purpose, found.people)",
            """
            await gateway.ledger.record(request.id, caller, shape, people=found, whole=whole, asked=asked)
            await gateway.people.charge(caller.client, caller.purpose, found.people)
            return
            """,
        ),
        "tests/gateway/test_admission.py::test_a_page_of_too_many_people_discloses_and_charges_none",
    ),
    mutant(
        "places_never_given_back",
        Change("gateway.quotas.requests:Admission.leave", "self._shares[client].inside -= 1", "pass"),
        "tests/gateway/test_admission.py::test_requests_that_hang_take_the_places_and_give_them_back",
    ),
)
