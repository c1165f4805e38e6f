-- wave 0, messenger
-- $1: the token's own messenger_id
-- $2: bigint
-- $3: bigint
SELECT '0:' AS k, ('{"id":"ma_␙' || a1_own.id || '␙","phone":"' || a1_own.phone || '","countryCode":"' || a1_own.country_code || '","registeredAt":"' || to_char(timezone('UTC', a1_own.registered_at), 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"') || '","contactCountBand":"' || (SELECT CASE WHEN (count(*) >= 200) THEN 'HUNDREDS' WHEN (count(*) >= 50) THEN 'MANY' WHEN (count(*) >= 10) THEN 'TENS' WHEN (count(*) >= 1) THEN 'FEW' ELSE 'NONE' END AS anon_1
FROM (SELECT c2.account_id AS account_id, c2.contact_id AS contact_id
FROM contact AS c2
WHERE c2.account_id = $1::BIGINT) AS c2_own
WHERE c2_own.account_id = a1_own.id) || '","usage":' || (SELECT ('{"frequencyBand":"' || CASE WHEN (count(*) >= 12) THEN 'DAILY' WHEN (count(*) >= 4) THEN 'WEEKLY' WHEN (count(*) >= 1) THEN 'MONTHLY' ELSE 'INACTIVE' END || '","activeDays28":' || count(*) || ',"messagesSent28":' || coalesce(sum(d3_own.messages_sent), 0) || ',"lastActiveOn":' || coalesce(CAST(to_json(max(d3_own.day)) AS TEXT), 'null') || '}') AS anon_2
FROM (SELECT d3.account_id AS account_id, d3.day AS day, d3.messages_sent AS messages_sent
FROM daily_usage AS d3
WHERE d3.account_id = $1::BIGINT) AS d3_own
WHERE d3_own.account_id = a1_own.id AND d3_own.day > (SELECT u4.day
FROM usage_horizon AS u4) - 28 AND d3_own.day <= (SELECT u4.day
FROM usage_horizon AS u4)) || ',"contacts":' || (SELECT ('{"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_1
FROM (SELECT c6.account_id AS account_id, c6.contact_id AS contact_id
FROM contact AS c6
WHERE c6.account_id = $1::BIGINT AND c6.contact_id = $1::BIGINT) AS c6_own
WHERE c6_own.account_id = a1_own.id) || ',"nodes":[' || coalesce(string_agg(page5.c0, ',' ORDER BY page5.k0), '') || ']}') AS anon_3
FROM (SELECT ('{"id":"ma_␙@001' || c5_own.contact_id || '␙"}') AS c0, c5_own.contact_id AS k0
FROM (SELECT c5.account_id AS account_id, c5.contact_id AS contact_id
FROM contact AS c5
WHERE c5.account_id = $1::BIGINT AND c5.contact_id = $1::BIGINT) AS c5_own
WHERE c5_own.account_id = a1_own.id ORDER BY c5_own.contact_id
 LIMIT 3) AS page5) || ',"socialAccount":␟2:' || a1_own.id || '␟}') AS b
FROM (SELECT a1.id AS id, a1.phone AS phone, a1.country_code AS country_code, a1.registered_at AS registered_at
FROM account AS a1
WHERE a1.id = $1::BIGINT) AS a1_own
WHERE a1_own.id = $2::BIGINT UNION ALL SELECT '3:' AS k, ('{"id":"ma_␙@003' || a7_own.id || '␙","phone":"' || a7_own.phone || '"}') AS b
FROM (SELECT a7.id AS id, a7.phone AS phone, a7.country_code AS country_code, a7.registered_at AS registered_at
FROM account AS a7
WHERE a7.id = $1::BIGINT) AS a7_own
WHERE a7_own.id = $3::BIGINT UNION ALL SELECT '4:' AS k, (SELECT ('{"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_2
FROM (SELECT a9.id AS id, a9.phone AS phone, a9.country_code AS country_code, a9.registered_at AS registered_at
FROM account AS a9
WHERE a9.id = $1::BIGINT) AS a9_own) || ',"nodes":[' || coalesce(string_agg(page8.c0, ',' ORDER BY page8.k0), '') || ']}') AS anon_4
FROM (SELECT ('{"id":"ma_␙@004' || a8_own.id || '␙"}') AS c0, a8_own.id AS k0
FROM (SELECT a8.id AS id, a8.phone AS phone, a8.country_code AS country_code, a8.registered_at AS registered_at
FROM account AS a8
WHERE a8.id = $1::BIGINT) AS a8_own ORDER BY a8_own.id
 LIMIT 50) AS page8) AS b

-- wave 0, social
-- $1: the token's own social_id
-- $2: the token's own messenger_id
SELECT '6:' AS k, (SELECT ('{"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_1
FROM (SELECT a2.id AS id, a2.display_name AS display_name
FROM account AS a2
WHERE a2.id = $1::BIGINT) AS a2_own) || ',"edges":[' || coalesce(string_agg(page1.c0, ',' ORDER BY page1.k0), '') || ']}') AS anon_1
FROM (SELECT ('{"cursor":␟7:[' || a1_own.id || ']␟,"node":{"id":"sa_␙@005' || a1_own.id || '␙","friends":' || (SELECT ('{"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_2
FROM (SELECT f4.account_id AS account_id, f4.friend_id AS friend_id
FROM friendship AS f4
WHERE f4.account_id = $1::BIGINT AND f4.friend_id = $1::BIGINT) AS f4_own
WHERE f4_own.account_id = a1_own.id) || '}') AS anon_2) || ',"phones":' || (SELECT ('[' || coalesce(string_agg(('{"number":"' || p5_own.number || '","source":"' || p5_own.source || '"}'), ',' ORDER BY p5_own.source, p5_own.number), '') || ']') AS anon_3
FROM (SELECT p5.account_id AS account_id, p5.source AS source, p5.number AS number
FROM phone_binding AS p5
WHERE p5.account_id = $1::BIGINT) AS p5_own
WHERE p5_own.account_id = a1_own.id) || ',"messengerLink":' || coalesce((SELECT ('␞{"since":' || CAST(to_json(m6_own.since) AS TEXT) || ',"account":␟9:' || m6_own.messenger_id || '␟}␞') AS anon_4
FROM (SELECT m6.account_id AS account_id, m6.messenger_id AS messenger_id, m6.since AS since
FROM messenger_link AS m6
WHERE m6.account_id = $1::BIGINT AND m6.messenger_id = $2::BIGINT) AS m6_own
WHERE m6_own.account_id = a1_own.id), 'null') || '}}') AS c0, a1_own.id AS k0
FROM (SELECT a1.id AS id, a1.display_name AS display_name
FROM account AS a1
WHERE a1.id = $1::BIGINT) AS a1_own ORDER BY a1_own.id
 LIMIT 2) AS page1) AS b

-- wave 1, social
-- $1: the token's own messenger_id
-- $2: the token's own social_id
-- $3: the keys of 2
SELECT string_agg(('2:' || m1_own.messenger_id), '␜') AS k, string_agg(('{"id":"sa_␙@002' || a2_own.id || '␙","displayName":' || CAST(to_json(a2_own.display_name) AS TEXT) || '}'), '␜') AS b
FROM (SELECT m1.messenger_id AS messenger_id, m1.account_id AS account_id
FROM messenger_lookup AS m1
WHERE m1.messenger_id = $1::BIGINT AND m1.account_id = $2::BIGINT) AS m1_own JOIN (SELECT a2.id AS id, a2.display_name AS display_name
FROM account AS a2
WHERE a2.id = $2::BIGINT) AS a2_own ON a2_own.id = m1_own.account_id
WHERE m1_own.messenger_id = any(CAST($3::VARCHAR AS BIGINT[]))

-- wave 1, messenger
-- $1: the token's own messenger_id
-- $2: the keys of 9
SELECT string_agg(('9:' || a1_own.id), '␜') AS k, string_agg(('{"id":"ma_␙@006' || a1_own.id || '␙"}'), '␜') AS b
FROM (SELECT a1.id AS id, a1.phone AS phone, a1.country_code AS country_code, a1.registered_at AS registered_at
FROM account AS a1
WHERE a1.id = $1::BIGINT) AS a1_own
WHERE a1_own.id = any(CAST($2::VARCHAR AS BIGINT[]))
