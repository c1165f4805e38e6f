-- Thirty people, 0 to 29. The odd ones, and all from 23 on, are members of the messenger too, under
-- 29 less their number: 25, 24 and 23 are the objectors 4, 5 and 6.
INSERT INTO social.account (id, display_name)
SELECT n,
       CASE n % 6
           WHEN 0 THEN 'Ada ' WHEN 1 THEN 'Adam ' WHEN 2 THEN 'Zoë 😀 '
           WHEN 3 THEN E'"quoted" \\ ' WHEN 4 THEN E'\x1f0:7\x1f ' ELSE E'\x1e,\x1c '
       END || n
FROM generate_series(0, 29) n;

INSERT INTO social.friendship (account_id, friend_id)
SELECT a, b
FROM generate_series(0, 29) a, generate_series(0, 29) b
WHERE a <> b AND ((a + b) % 6 = 0 OR abs(a - b) = 1);

INSERT INTO social.messenger_link (account_id, messenger_id, since)
SELECT n, 29 - n, date '2016-09-01' + n FROM generate_series(0, 29) n WHERE n % 2 = 1 OR n >= 23;

INSERT INTO social.phone_binding (account_id, source, number, messenger_id)
SELECT account_id, 'MESSENGER_SHARED', '+4915110' || lpad(messenger_id::text, 5, '0'), messenger_id
FROM social.messenger_link;
INSERT INTO social.phone_binding (account_id, source, number)
SELECT n, 'SELF_PROFILE', '+4915110' || lpad(n::text, 5, '0') FROM generate_series(0, 29, 2) n;
INSERT INTO social.phone_binding (account_id, source, number)
SELECT n, 'SECURITY_2FA', '+4415110' || lpad(n::text, 5, '0') FROM generate_series(0, 29, 3) n;

-- Everybody has a topic, members one that the messenger taught. Of nine offers a person is shown each third,
-- members because of the number that they share, but for the last, which anybody's own number leads to.
INSERT INTO social.ad_topic (account_id, source, topic)
SELECT n, 'SOCIAL', E'Topic "' || n % 3 || E'" \x1f' FROM generate_series(0, 29) n;
INSERT INTO social.ad_topic (account_id, source, topic, messenger_id)
SELECT account_id, 'MESSENGER', 'Learnt ' || messenger_id % 2, messenger_id FROM social.messenger_link;
INSERT INTO social.merchant (id, name) SELECT n, E'Merchant "' || n || E'" \x1e' FROM generate_series(1, 3) n;
INSERT INTO social.offer (id, merchant_id, title, valid_until)
SELECT n, 1 + n % 3, E'"' || n || E' %" off \\', date '2016-10-31' + n FROM generate_series(1, 9) n;
INSERT INTO social.offer_audience (account_id, offer_id, source, messenger_id)
SELECT a.id, n, CASE WHEN l.messenger_id IS NULL OR n > 6 THEN 'SELF_PROFILE' ELSE 'MESSENGER_SHARED' END,
       CASE WHEN n <= 6 THEN l.messenger_id END
FROM social.account a CROSS JOIN generate_series(1, 9) n LEFT JOIN social.messenger_link l ON l.account_id = a.id
WHERE (a.id + n) % 3 = 0;

INSERT INTO social.customer_list OVERRIDING SYSTEM VALUE
SELECT n, 1 + n % 3, n, sha256(n::text::bytea), '{}', 'MATCHED', timestamptz '2016-09-20 10:00:00+00' + n * interval '1 day',
       'FROM_1000', CASE n % 2 WHEN 0 THEN 'FROM_100' ELSE 'FROM_500' END
FROM generate_series(1, 5) n;

INSERT INTO social.restriction (messenger_id, purposes) VALUES (4, 1), (5, 2), (6, 3);

-- The same businesses. Of twelve conversations every fourth is with somebody without an account here.
INSERT INTO social.business (id, name, verified)
SELECT n, 'Firm "' || n || E'" \x1f', n % 2 = 0 FROM generate_series(1, 9) n;
INSERT INTO social.business_conversation
    (business_id, id, account_id, category, status, opened_on, last_message_on, message_count)
SELECT n % 9 + 1, n, CASE WHEN n % 4 > 0 THEN account.id END,
       (ARRAY['AUTHENTICATION', 'MARKETING', 'SERVICE', 'UTILITY'])[1 + n % 4],
       (ARRAY['OPEN', 'ANSWERED', 'CLOSED'])[1 + n % 3],
       date '2016-09-01' + n::integer % 2 * 7, date '2016-09-20' + n::integer % 3, 1 + n
FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM social.account) account
WHERE n < 12;
INSERT INTO content.business_message (business_id, conversation_id, id, from_customer, sent_at, body)
SELECT business_id, id, 1, true, timestamptz '2016-09-20 00:00:00+00', 'CANARY' FROM social.business_conversation;
