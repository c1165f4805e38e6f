"""SQL for made-up topics, offers and their audiences; uses the functions of `generate.py`."""

from __future__ import annotations

TOPICS = (
    "Baking", "Board games", "Chess", "Climbing", "Cycling", "Dogs", "Fashion", "Football", "Gardening",
    "Hiking", "Jazz", "Knitting", "Photography", "Sailing", "Science fiction", "Travel", "Yoga & \"zen\"",
)  # fmt: skip

# $4 holds the topics. A person has up to three from their use of the social network.
SOCIAL_TOPICS = """
INSERT INTO social.ad_topic (account_id, source, topic, restricted)
SELECT DISTINCT {social} + n, 'SOCIAL',
       ($4::text[])[1 + pg_temp.roll(n * 4 + k, 151, cardinality($4::text[]))], 0
FROM generate_series($1::bigint, $2::bigint) n CROSS JOIN generate_series(1, 3) k
WHERE n <= $3 AND pg_temp.user(n) AND pg_temp.roll(n, 150, 4) >= k
ORDER BY 1, 3
"""
# A linked person has up to two more from their use of the messenger.
MESSENGER_TOPICS = """
INSERT INTO social.ad_topic (account_id, source, topic, messenger_id, restricted)
SELECT DISTINCT account_id, 'MESSENGER',
       ($4::text[])[1 + pg_temp.roll(messenger_id * 4 + k, 153, cardinality($4::text[]))],
       messenger_id, restricted
FROM social.messenger_link CROSS JOIN generate_series(1, 2) k
WHERE messenger_id BETWEEN $1 AND $2 AND $3 > 0 AND pg_temp.roll(messenger_id, 152, 3) >= k
ORDER BY 1, 3
"""
# Each of the $1 merchants has a hundred offers.
OFFERS = """
INSERT INTO social.offer (id, merchant_id, title, valid_until)
SELECT n, 1 + (n - 1) / 100, ($2::text[])[1 + pg_temp.roll(n, 154, cardinality($2::text[]))]
       || ', ' || 5 * (1 + pg_temp.roll(n, 155, 10)) || ' % off', date '2016-10-31' + pg_temp.roll(n, 156, 90)
FROM generate_series(1, 100 * $1::bigint) n
"""
# One in five of the people with a number that can be matched is in an audience. A number that an objection
# cannot hide is preferred. $4 is the number of offers.
AUDIENCES = """
INSERT INTO social.offer_audience (account_id, offer_id, source, messenger_id, restricted)
SELECT DISTINCT ON (account_id) account_id, 1 + pg_temp.roll(account_id, 158, $4::integer),
       source, messenger_id, restricted
FROM social.phone_binding
WHERE account_id BETWEEN {social} + $1 AND {social} + $2 AND $3 > 0 AND source <> 'SECURITY_2FA'
  AND (source = 'SELF_PROFILE' OR restricted & 1 = 0) AND pg_temp.roll(account_id, 157, 5) = 0
ORDER BY account_id, source DESC, messenger_id
"""
