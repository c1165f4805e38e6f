"""A customer list tells a merchant one noisy size, and nothing about its members."""

from __future__ import annotations

from tests.mutants.edits import Change, ChangeSql, Mutant, mutant

CUSTOMER_LISTS = "tests/promises/test_customer_lists.py"

MUTANTS = (
    mutant(
        "live_band",
        ChangeSql(
            "social/0009_customer_lists.sql:CREATE FUNCTION social.judge_list",
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
            "social/0009_customer_lists.sql:CREATE FUNCTION social.judge_list",
            "SELECT social.told_size(count(DISTINCT m.blind), own_digest)",
            "SELECT social.told_size(count(DISTINCT m.account_id), own_digest)",
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
            "social/0009_customer_lists.sql:CREATE FUNCTION social.told_size",
            "RETURN floor(matched - 100 + least(greatest(noise, -100), 100));",
            "RETURN matched;",
        ),
        "tests/promises/test_customer_lists.py::test_attack_the_exact_threshold_cannot_be_found",
    ),
    mutant(
        "no_check_for_lists_that_are_nearly_the_same",
        ChangeSql(
            "social/0009_customer_lists.sql:CREATE FUNCTION social.judge_list",
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
            "social/0009_customer_lists.sql:CREATE FUNCTION social.match_list",
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
)
