"""SQL for made-up conversations of businesses and customers; uses the functions of `generate.py`.

{facet} is the first of the channel's own ten facets, so that the two channels differ.
"""

from __future__ import annotations

# One conversation in three for each of a person's three numbers; $4 is the number of businesses. {customer}
# is NULL for some of the second messenger's customers, who have no account of the social network.
CONVERSATIONS = """
INSERT INTO {schema}.business_conversation
    (business_id, id, account_id, category, status, opened_on, last_message_on, message_count)
SELECT 1 + pg_temp.roll(id, {facet}, $4::integer), id, {customer},
       ('{{AUTHENTICATION,MARKETING,SERVICE,SERVICE,UTILITY}}'::text[])[1 + pg_temp.roll(id, {facet} + 1, 5)],
       ('{{ANSWERED,CLOSED,CLOSED,CLOSED,OPEN}}'::text[])[1 + pg_temp.roll(id, {facet} + 2, 5)],
       opened, least(opened + pg_temp.roll(id, {facet} + 4, 60), date '2016-10-01'),
       1 + pg_temp.roll(id, {facet} + 5, 40)
FROM (
    SELECT n, n * 3 + k AS id, date '2016-10-01' - pg_temp.roll(n * 3 + k, {facet} + 3, 400) AS opened
    FROM generate_series($1::bigint, $2::bigint) n CROSS JOIN generate_series(0, 2) k
    WHERE n <= $3 AND pg_temp.{exists}(n) AND pg_temp.roll(n * 3 + k, {facet} + 6, 3) = 0
) talks ORDER BY 1, 2
"""
CUSTOMERS = """
INSERT INTO {schema}.customer_conversation
    (account_id, id, business_id, category, status, opened_on, last_message_on, message_count)
SELECT account_id, id, business_id, category, status, opened_on, last_message_on, message_count
FROM {schema}.business_conversation WHERE account_id IS NOT NULL ORDER BY account_id, id
"""
BUSINESS_MESSAGES = """
INSERT INTO content.business_message (business_id, conversation_id, id, from_customer, sent_at, body)
SELECT business_id, id, 1, pg_temp.roll(id, 148, 2) = 0, opened_on,
       'Your order is on its way! canary-'
       || left(encode(sha256(('{schema} business ' || {base} || ' ' || id)::bytea), 'hex'), 32)
FROM {schema}.business_conversation WHERE pg_temp.roll(id, 149, 10) = 0 ORDER BY 1, 2
"""
