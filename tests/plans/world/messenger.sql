-- Thirty members, 0 to 29. Objected: 4 to ads, 5 to friend suggestions, 6 to both.
INSERT INTO messenger.account (id, phone, country_code, registered_at)
SELECT n,
       CASE WHEN n % 3 = 0 THEN '+4477090' ELSE '+4915110' END || lpad(n::text, 5, '0'),
       CASE WHEN n % 3 = 0 THEN 'GB' ELSE 'DE' END,
       timestamptz '2016-08-25 00:00:00+00' + (n / 2 - 7) * interval '12 hours'
FROM generate_series(0, 29) n;

-- Member n wrote on n % 14 of the days before the horizon, the most active on its eve too.
INSERT INTO messenger.daily_usage (account_id, day, messages_sent)
SELECT n, date '2016-10-01' - 2 * d, 1 + (n + d) % 5
FROM generate_series(0, 29) n, generate_series(0, n % 14 - 1) d;

-- Those whose numbers add up to a multiple of seven know each other; everybody knows 5 and 6.
INSERT INTO messenger.contact (account_id, contact_id)
SELECT a, b
FROM generate_series(0, 29) a, generate_series(0, 29) b
WHERE a <> b AND ((a + b) % 7 = 0 OR b IN (5, 6));

INSERT INTO messenger.restriction (account_id, purposes) VALUES (4, 1), (5, 2), (6, 3);

-- Nine businesses, the same as in the other store. Members with a number below ten talk with business
-- n + 1 (nine with the first), and those below five with business 2 once more.
INSERT INTO messenger.business (id, name, verified)
SELECT n, 'Firm "' || n || E'" \x1f', n % 2 = 0 FROM generate_series(1, 9) n;
INSERT INTO messenger.business_conversation
    (business_id, id, account_id, category, status, opened_on, last_message_on, message_count)
SELECT CASE WHEN k = 0 THEN n % 9 + 1 ELSE 2 END, 10 * n + k, n,
       (ARRAY['AUTHENTICATION', 'MARKETING', 'SERVICE', 'UTILITY'])[1 + n % 4],
       (ARRAY['OPEN', 'ANSWERED', 'CLOSED'])[1 + (n + k) % 3],
       date '2016-09-01' + n % 2 * 7, date '2016-09-20' + n % 3, 1 + n + k
FROM generate_series(0, 9) n, generate_series(0, 1) k
WHERE k = 0 OR n < 5;
INSERT INTO content.business_message (business_id, conversation_id, id, from_customer, sent_at, body)
SELECT business_id, id, 1, true, timestamptz '2016-09-20 00:00:00+00', 'CANARY' FROM messenger.business_conversation;

-- Two in three accepted the new terms, some of them both versions.
INSERT INTO messenger.terms_acceptance (account_id, version, accepted_at)
SELECT n, version, timestamptz '2016-08-25 12:00:00+00' + n * interval '1 day'
FROM generate_series(0, 29) n, unnest(ARRAY['2012-07-07', '2016-08-25']) version
WHERE n % 3 <> 0 AND (n % 2 = 0 OR version = '2016-08-25');
