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
            "control/0011_questions.sql:CREATE FUNCTION control.take_people_quota",
            "room := least(wanted_room, most_people - known.people - others);",
            "room := wanted_room;",
        ),
        "tests/gateway/test_people_quota.py::test_two_processes_count_a_person_once",
    ),
    mutant(
        "room_of_other_processes_not_counted",
        ChangeSql(
            "control/0011_questions.sql:CREATE FUNCTION control.take_people_quota",
            "most_people - known.people - others",
            "most_people - known.people",
        ),
        "tests/gateway/test_people_quota.py::test_concurrent_requests_receive_exactly_the_quota_of_people",
    ),
    mutant(
        "people_quota_is_not_enforced",
        Change(
            "gateway.quotas.people:_PeopleShare.take",
            "self.room - self.promised < count.people",
            "False",
        ),
        "tests/gateway/test_people_quota.py::test_a_client_receives_its_quota_of_people_and_no_more",
    ),
    mutant(
        "room_is_judged_once_the_people_are_known",
        Change(
            "gateway.answer:answer",
            "gateway.people.reserve(caller.client, caller.purpose, questions)",
            "gateway.people.reserve(caller.client, caller.purpose, questions._replace(people=0))",
        ),
        "tests/gateway/test_people_quota.py::test_i8_with_a_spent_quota_a_member_is_refused_like_an_unknown_number",
    ),
    mutant(
        "misses_are_free",
        Change(
            "gateway.answer:_record",
            "assert caller is not None",
            """
            assert caller is not None
            if not named and promise is not NO_PROMISE:
                promise._share.questions += sum(map(int, asked.strip("{}").split(",")))
            """,
        ),
        "tests/gateway/test_people_quota.py::test_questions_are_counted_found_or_not_and_however_often",
    ),
    mutant(
        "counting_is_no_question",
        Change(
            "resolvers.compile.questions:_QuestionWalk._ask_of_list",
            "not list_.fields",
            "not any(isinstance(part, SelectedItems | SelectedEdges) for _, part in list_.parts)",
        ),
        "tests/gateway/test_people_quota.py::test_counting_finds_no_more_members_than_the_quotas_allow",
    ),
    mutant(
        "questions_taken_without_end",
        ChangeSql(
            "control/0011_questions.sql:CREATE FUNCTION control.take_people_quota",
            "taken := least(wanted, greatest(0, most_questions - known.questions));",
            "taken := wanted;",
        ),
        "tests/gateway/test_people_quota.py::test_two_processes_share_the_questions",
    ),
    mutant(
        "places_never_given_back",
        Change("gateway.quotas.requests:Admission.leave", "self._shares[client].inside -= 1", "pass"),
        "tests/gateway/test_admission.py::test_requests_that_hang_take_the_places_and_give_them_back",
    ),
)
