-- wave 0, messenger
-- $1: the token's own messenger_id
-- $2: bigint
SELECT '0:' AS k, ('{"id":"ma_␙' || a1_own.id || '␙","phone":"' || a1_own.phone || '","countryCode":"' || a1_own.country_code || '","registeredAt":"' || to_char(timezone('UTC', a1_own.registered_at), 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"') || '","contactCountBand":"' || (SELECT CASE WHEN (count(*) >= 200) THEN 'HUNDREDS' WHEN (count(*) >= 50) THEN 'MANY' WHEN (count(*) >= 10) THEN 'TENS' WHEN (count(*) >= 1) THEN 'FEW' ELSE 'NONE' END AS anon_1
FROM (SELECT c2.account_id AS account_id, c2.contact_id AS contact_id
FROM contact AS c2
WHERE c2.account_id = $1::BIGINT) AS c2_own
WHERE c2_own.account_id = a1_own.id AND c2_own.account_id = $2::BIGINT) || '","usage":' || (SELECT ('{"frequencyBand":"' || CASE WHEN (count(*) >= 12) THEN 'DAILY' WHEN (count(*) >= 4) THEN 'WEEKLY' WHEN (count(*) >= 1) THEN 'MONTHLY' ELSE 'INACTIVE' END || '","activeDays28":' || count(*) || ',"messagesSent28":' || coalesce(sum(d3_own.messages_sent), 0) || ',"lastActiveOn":' || coalesce(CAST(to_json(max(d3_own.day)) AS TEXT), 'null') || '}') AS anon_2
FROM (SELECT d3.account_id AS account_id, d3.day AS day, d3.messages_sent AS messages_sent
FROM daily_usage AS d3
WHERE d3.account_id = $1::BIGINT) AS d3_own
WHERE d3_own.account_id = a1_own.id AND d3_own.account_id = $2::BIGINT AND d3_own.day > (SELECT u4.day
FROM usage_horizon AS u4) - 28 AND d3_own.day <= (SELECT u4.day
FROM usage_horizon AS u4)) || ',"contacts":' || (SELECT ('{"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_1
FROM (SELECT c6.account_id AS account_id, c6.contact_id AS contact_id
FROM contact AS c6
WHERE c6.account_id = $1::BIGINT AND c6.contact_id = $1::BIGINT) AS c6_own
WHERE c6_own.account_id = a1_own.id AND c6_own.account_id = $2::BIGINT) || ',"nodes":[' || coalesce(string_agg(page5.c0, ',' ORDER BY page5.k0), '') || ']}') AS anon_3
FROM (SELECT ('␟2:' || c5_own.contact_id || '␟') AS c0, c5_own.contact_id AS k0
FROM (SELECT c5.account_id AS account_id, c5.contact_id AS contact_id
FROM contact AS c5
WHERE c5.account_id = $1::BIGINT AND c5.contact_id = $1::BIGINT) AS c5_own
WHERE c5_own.account_id = a1_own.id AND c5_own.account_id = $2::BIGINT ORDER BY c5_own.contact_id
 LIMIT 3) AS page5) || ',"socialAccount":␟3:' || a1_own.id || '␟}') AS b
FROM (SELECT a1.id AS id, a1.phone AS phone, a1.country_code AS country_code, a1.registered_at AS registered_at
FROM account AS a1
WHERE a1.id = $1::BIGINT) AS a1_own
WHERE a1_own.id = $2::BIGINT

-- wave 0, messenger
-- $1: the token's own messenger_id
-- $2: bigint
SELECT '5:' AS k, ('{"id":"ma_␙@003' || a1_own.id || '␙","phone":"' || a1_own.phone || '"}') AS b
FROM (SELECT a1.id AS id, a1.phone AS phone, a1.country_code AS country_code, a1.registered_at AS registered_at
FROM account AS a1
WHERE a1.id = $1::BIGINT) AS a1_own
WHERE a1_own.id = $2::BIGINT

-- wave 0, messenger
-- $1: the token's own messenger_id
SELECT CAST(a1_own.id AS TEXT) AS k, ('[' || a1_own.id || ']') AS b
FROM (SELECT a1.id AS id, a1.phone AS phone, a1.country_code AS country_code, a1.registered_at AS registered_at
FROM account AS a1
WHERE a1.id = $1::BIGINT) AS a1_own ORDER BY a1_own.id
 LIMIT 50

-- wave 0, messenger
-- $1: the token's own messenger_id
SELECT '9:' AS k, CAST(count(*) AS TEXT) AS b
FROM (SELECT a1.id AS id, a1.phone AS phone, a1.country_code AS country_code, a1.registered_at AS registered_at
FROM account AS a1
WHERE a1.id = $1::BIGINT) AS a1_own

-- wave 0, social
-- $1: the token's own social_id
SELECT CAST(a1_own.id AS TEXT) AS k, ('[' || a1_own.id || ']') AS b
FROM (SELECT a1.id AS id, a1.display_name AS display_name
FROM account AS a1
WHERE a1.id = $1::BIGINT) AS a1_own ORDER BY a1_own.id
 LIMIT 2

-- wave 0, social
-- $1: the token's own social_id
SELECT '15:' AS k, CAST(count(*) AS TEXT) AS b
FROM (SELECT a1.id AS id, a1.display_name AS display_name
FROM account AS a1
WHERE a1.id = $1::BIGINT) AS a1_own

-- wave 1, messenger
-- $1: the token's own messenger_id
-- $2: the keys of 2
SELECT ('2:' || a1_own.id) AS k, ('{"id":"ma_␙@001' || a1_own.id || '␙"}') AS b
FROM (SELECT a1.id AS id, a1.phone AS phone, a1.country_code AS country_code, a1.registered_at AS registered_at
FROM account AS a1
WHERE a1.id = $1::BIGINT) AS a1_own
WHERE a1_own.id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, social
-- $1: the token's own messenger_id
-- $2: the token's own social_id
-- $3: the keys of 3
SELECT ('3:' || m1_own.messenger_id) AS k, ('␟4:' || m1_own.account_id || '␟') AS b
FROM (SELECT m1.messenger_id AS messenger_id, m1.account_id AS account_id
FROM messenger_lookup AS m1
WHERE m1.messenger_id = $1::BIGINT AND m1.account_id = $2::BIGINT) AS m1_own
WHERE m1_own.messenger_id = any(CAST(string_to_array(btrim($3::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, messenger
-- $1: the token's own messenger_id
-- $2: the keys of 8
SELECT ('8:' || a1_own.id) AS k, ('{"id":"ma_␙@004' || a1_own.id || '␙"}') AS b
FROM (SELECT a1.id AS id, a1.phone AS phone, a1.country_code AS country_code, a1.registered_at AS registered_at
FROM account AS a1
WHERE a1.id = $1::BIGINT) AS a1_own
WHERE a1_own.id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, social
-- $1: the token's own social_id
-- $2: the keys of 12
-- $3: the token's own messenger_id
SELECT ('12:' || a1_own.id) AS k, ('{"id":"sa_␙@005' || a1_own.id || '␙","friends":' || (SELECT ('{"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_1
FROM (SELECT f3.account_id AS account_id, f3.friend_id AS friend_id
FROM friendship AS f3
WHERE f3.account_id = $1::BIGINT AND f3.friend_id = $1::BIGINT) AS f3_own
WHERE f3_own.account_id = a1_own.id AND f3_own.account_id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[]))) || '}') AS anon_1) || ',"phones":' || (SELECT ('[' || coalesce(string_agg(('{"number":"' || p4_own.number || '","source":"' || p4_own.source || '"}'), ',' ORDER BY p4_own.source, p4_own.number), '') || ']') AS anon_2
FROM (SELECT p4.account_id AS account_id, p4.source AS source, p4.number AS number
FROM phone_binding AS p4
WHERE p4.account_id = $1::BIGINT) AS p4_own
WHERE p4_own.account_id = a1_own.id AND p4_own.account_id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[]))) || ',"messengerLink":' || coalesce((SELECT ('␞{"since":' || CAST(to_json(m5_own.since) AS TEXT) || ',"account":␟14:' || m5_own.messenger_id || '␟}␞') AS anon_3
FROM (SELECT m5.account_id AS account_id, m5.messenger_id AS messenger_id, m5.since AS since
FROM messenger_link AS m5
WHERE m5.account_id = $1::BIGINT AND m5.messenger_id = $3::BIGINT) AS m5_own
WHERE m5_own.account_id = a1_own.id AND m5_own.account_id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[]))), 'null') || '}') AS b
FROM (SELECT a1.id AS id, a1.display_name AS display_name
FROM account AS a1
WHERE a1.id = $1::BIGINT) AS a1_own
WHERE a1_own.id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 2, social
-- $1: the token's own social_id
-- $2: the keys of 4
SELECT ('4:' || a1_own.id) AS k, ('{"id":"sa_␙@002' || a1_own.id || '␙","displayName":' || CAST(to_json(a1_own.display_name) AS TEXT) || '}') AS b
FROM (SELECT a1.id AS id, a1.display_name AS display_name
FROM account AS a1
WHERE a1.id = $1::BIGINT) AS a1_own
WHERE a1_own.id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 2, messenger
-- $1: the token's own messenger_id
-- $2: the keys of 14
SELECT ('14:' || a1_own.id) AS k, ('{"id":"ma_␙@006' || a1_own.id || '␙"}') AS b
FROM (SELECT a1.id AS id, a1.phone AS phone, a1.country_code AS country_code, a1.registered_at AS registered_at
FROM account AS a1
WHERE a1.id = $1::BIGINT) AS a1_own
WHERE a1_own.id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[]))
