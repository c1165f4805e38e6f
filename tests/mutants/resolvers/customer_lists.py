"""A customer list tells a merchant one noisy size, and nothing about its members."""

from __future__ import annotations

from tests.mutants.edits import Change, ChangeSql, Mutant, mutant

CUSTOMER_LISTS = "tests/promises/test_customer_lists.py"
BUDGET = "tests/promises/test_list_budget.py"

MUTANTS = (
    mutant(
        "live_band",
        ChangeSql(
            "social/0011_list_budget.sql:CREATE FUNCTION social.judge_list",
            """
            IF known.offer_id = offer THEN
                list_id := known.id;
                RETURN;
            END IF;
            """,
            """
            IF known.offer_id = offer THEN
                DELETE FROM social.customer_list l WHERE l.id = known.id;
                known := NULL;
            END IF;
            """,
        ),
        "tests/promises/test_customer_lists.py::test_i33_what_was_told_stays_when_people_come_and_go",
    ),
    mutant(
        "deduplication_by_person",
        ChangeSql(
            "social/0011_list_budget.sql:CREATE FUNCTION social.use_numbers",
            """
            SELECT count(*) FILTER (WHERE f.blind IN (SELECT m.blind FROM social.matches_of(upload_id) m))
            INTO counted FROM fresh f;
            """,
            """
            SELECT count(DISTINCT m.account_id) INTO counted
            FROM fresh f JOIN social.matches_of(upload_id) m ON m.blind = f.blind;
            """,
        ),
        f"{CUSTOMER_LISTS}::test_i34_two_numbers_of_one_person_count_like_those_of_two",
    ),
    Mutant(
        "two_factor_number_matched",
        (
            ChangeSql(
                "social/0009_customer_lists.sql:ALTER TABLE social.phone_binding",
                "CHECK (blind IS NULL OR source <> 'SECURITY_2FA')",
                "CHECK (true)",
            ),
            ChangeSql(
                "social/0009_customer_lists.sql:CREATE FUNCTION social.unhashed_numbers",
                """
                WHERE b.blind IS NULL AND b.source <> 'SECURITY_2FA'
                ORDER BY
                """,
                """
                WHERE b.blind IS NULL
                ORDER BY
                """,
            ),
            ChangeSql(
                "social/0009_customer_lists.sql:CREATE FUNCTION social.matches_of",
                "AND (b.source = 'SELF_PROFILE' OR",
                "AND (b.source <> 'MESSENGER_SHARED' OR",
            ),
        ),
        ("tests/promises/test_customer_lists.py::test_attack_two_factor_numbers_are_never_matched",),
    ),
    mutant(
        "no_noise",
        ChangeSql(
            "social/0011_list_budget.sql:CREATE FUNCTION social.told_size",
            "RETURN floor(counted - 10 * scale + least(greatest(noise, -10 * scale), 10 * scale));",
            "RETURN counted;",
        ),
        "tests/promises/test_customer_lists.py::test_attack_the_exact_threshold_cannot_be_found",
    ),
    mutant(
        "no_check_for_lists_that_are_nearly_the_same",
        ChangeSql(
            "social/0011_list_budget.sql:CREATE FUNCTION social.judge_list",
            "social.likeness(l.sketch, own_sketch) >= 0.7",
            "social.likeness(l.sketch, own_sketch) >= 7",
        ),
        f"{CUSTOMER_LISTS}::test_attack_reach_estimates_of_many_lists_are_not_combined",
    ),
    mutant(
        "objectors_are_counted",
        ChangeSql(
            "social/0009_customer_lists.sql:CREATE FUNCTION social.matches_of",
            "OR (b.source = 'MESSENGER_SHARED' AND b.restricted & 1 = 0))",
            "OR b.source = 'MESSENGER_SHARED')",
        ),
        "tests/promises/test_customer_lists.py::test_i30_the_size_band_is_blind_to_objectors",
    ),
    mutant(
        "a_budget_for_each_process",
        ChangeSql(
            "social/0011_list_budget.sql:CREATE FUNCTION social.match_list",
            "PERFORM pg_advisory_xact_lock(hashtextextended('customer lists of merchant ' || merchant, 0));",
        ),
        f"{CUSTOMER_LISTS}::test_two_lists_of_a_merchant_are_judged_one_after_the_other",
    ),
    mutant(
        "a_merchants_role_reads_members",
        Change(
            "resolvers.universe.roles:RIGHTS",
            '{("INSERT", "social.customer_list_entry")}',
            '{("INSERT", "social.customer_list_entry"), ("SELECT", "social.offer_audience")}',
        ),
        "tests/promises/test_customer_lists.py::test_i36_no_login_can_read_entries_or_members",
    ),
    mutant(
        "offers_for_gathering",
        Change(
            "resolvers.compile.selection:Selector._count_lone_object",
            "self.lone_objects > 1 or in_list",
            "self.lone_objects > 100",
        ),
        "tests/promises/test_universe.py::test_offers_are_not_for_gathering",
    ),
    mutant(
        "offers_stay_after_an_objection",
        ChangeSql(
            "social/0008_ads.sql:CREATE FUNCTION social.spread_to_ads",
            """
            UPDATE social.offer_audience t SET restricted = c.purposes & kept
            FROM changed c WHERE t.messenger_id = c.messenger_id AND t.restricted <> c.purposes & kept;
            """,
        ),
        f"{CUSTOMER_LISTS}::test_an_offer_is_shown_to_matched_people_and_to_no_objector",
    ),
    mutant(
        "numbers_have_no_budget",
        ChangeSql(
            "social/0011_list_budget.sql:CREATE FUNCTION social.use_numbers",
            "n.number NOT IN (SELECT s.number FROM spent s)",
            "true",
        ),
        f"{BUDGET}::test_attack_a_core_with_fresh_strangers_is_told_once",
    ),
    mutant(
        "all_merchants_share_no_budget",
        ChangeSql(
            "social/0011_list_budget.sql:CREATE FUNCTION social.use_numbers",
            "HAVING count(*) >= most.uses_of_number OR",
            "HAVING",
        ),
        f"{BUDGET}::test_attack_a_core_with_fresh_strangers_is_told_once",
        f"{BUDGET}::test_i51_a_number_counts_as_often_as_the_budget_says",
    ),
    mutant(
        "a_budget_for_each_connection",
        ChangeSql(
            "social/0011_list_budget.sql:CREATE FUNCTION social.use_numbers",
            "PERFORM pg_advisory_xact_lock(hashtextextended('uses of numbers in customer lists', 0));",
        ),
        f"{BUDGET}::test_i51_two_merchants_at_once_do_not_share_a_number_s_last_use",
    ),
    mutant(
        "only_members_are_used",
        ChangeSql(
            "social/0011_list_budget.sql:CREATE FUNCTION social.use_numbers",
            "SELECT f.number, f.own, today FROM fresh f",
            """
            SELECT f.number, f.own, today FROM fresh f
            WHERE f.blind IN (SELECT m.blind FROM social.matches_of(upload_id) m)
            """,
        ),
        f"{BUDGET}::test_i51_members_objectors_and_nobodys_numbers_are_used_alike",
    ),
    mutant(
        "noise_of_the_list_alone",
        ChangeSql(
            "social/0011_list_budget.sql:CREATE FUNCTION social.judge_list",
            "budget_key || own_digest || int8send(decision)",
            "budget_key || own_digest",
        ),
        f"{BUDGET}::test_i51_a_list_judged_twice_has_noise_of_its_own_each_time",
    ),
    mutant(
        "a_budget_of_a_day_alone",
        ChangeSql(
            "social/0011_list_budget.sql:CREATE FUNCTION social.judge_list",
            "OR count(*) >= (SELECT b.lists_of_merchant FROM social.list_budget b)",
        ),
        f"{BUDGET}::test_i51_a_merchant_has_a_budget_of_lists_in_ninety_days",
    ),
    mutant(
        "narrow_noise",
        ChangeSql(
            "social/0011_list_budget.sql:CREATE FUNCTION social.told_size",
            "noise double precision := -scale * sign(place)",
            "noise double precision := -scale / 3.0 * sign(place)",
        ),
        f"{BUDGET}::test_i51_the_attack_succeeds_no_more_often_than_is_stated",
        f"{BUDGET}::test_i51_one_answer_is_within_its_stated_bound",
    ),
)
