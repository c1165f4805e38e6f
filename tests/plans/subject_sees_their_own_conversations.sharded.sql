-- wave 0, messenger
-- $1: the token's own messenger_id
SELECT CAST(a1_own.id AS TEXT) AS k, ('[' || a1_own.id || ']') AS b
FROM (SELECT a1.id AS id, a1.phone AS phone, a1.country_code AS country_code, a1.registered_at AS registered_at
FROM account AS a1
WHERE a1.id = $1::BIGINT) AS a1_own ORDER BY a1_own.id
 LIMIT 50

-- wave 0, messenger
-- $1: the token's own messenger_id
SELECT CAST(c1_own.id AS TEXT) AS k, ('[' || c1_own.id || ']') AS b
FROM (SELECT c1.business_id AS business_id, c1.id AS id, c1.account_id AS account_id, c1.category AS category, c1.status AS status, c1.opened_on AS opened_on, c1.last_message_on AS last_message_on, c1.message_count AS message_count
FROM customer_conversation AS c1
WHERE c1.account_id = $1::BIGINT) AS c1_own ORDER BY c1_own.id
 LIMIT 50

-- wave 0, messenger
-- $1: the token's own messenger_id
SELECT '9:' AS k, CAST(count(*) AS TEXT) AS b
FROM (SELECT c1.business_id AS business_id, c1.id AS id, c1.account_id AS account_id, c1.category AS category, c1.status AS status, c1.opened_on AS opened_on, c1.last_message_on AS last_message_on, c1.message_count AS message_count
FROM customer_conversation AS c1
WHERE c1.account_id = $1::BIGINT) AS c1_own

-- wave 0, social
-- $1: the token's own social_id
SELECT CAST(c1_own.id AS TEXT) AS k, ('[' || CAST(to_json(c1_own.opened_on) AS TEXT) || ',' || c1_own.id || ']') AS b
FROM (SELECT c1.business_id AS business_id, c1.id AS id, c1.account_id AS account_id, c1.category AS category, c1.status AS status, c1.opened_on AS opened_on, c1.last_message_on AS last_message_on, c1.message_count AS message_count
FROM customer_conversation AS c1
WHERE c1.account_id = $1::BIGINT) AS c1_own ORDER BY c1_own.opened_on, c1_own.id
 LIMIT 50

-- wave 0, social
-- $1: the token's own social_id
SELECT '15:' AS k, CAST(count(*) AS TEXT) AS b
FROM (SELECT c1.business_id AS business_id, c1.id AS id, c1.account_id AS account_id, c1.category AS category, c1.status AS status, c1.opened_on AS opened_on, c1.last_message_on AS last_message_on, c1.message_count AS message_count
FROM customer_conversation AS c1
WHERE c1.account_id = $1::BIGINT) AS c1_own

-- wave 1, messenger
-- $1: the token's own messenger_id
-- $2: the keys of 2
SELECT ('2:' || a1_own.id) AS k, ('␝' || a1_own.id || '␝{"businessConversations":' || (SELECT ('{"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_1
FROM (SELECT c3.business_id AS business_id, c3.id AS id, c3.account_id AS account_id, c3.category AS category, c3.status AS status, c3.opened_on AS opened_on, c3.last_message_on AS last_message_on, c3.message_count AS message_count
FROM customer_conversation AS c3
WHERE c3.account_id = $1::BIGINT) AS c3_own
WHERE c3_own.account_id = a1_own.id AND c3_own.account_id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[]))) || ',"nodes":[' || coalesce(string_agg(page2.c0, ',' ORDER BY page2.k0), '') || ']}') AS anon_1
FROM (SELECT ('␝@001' || c2_own.account_id || '␝{"id":"mc_␘' || c2_own.id || '␘"}') AS c0, c2_own.id AS k0
FROM (SELECT c2.business_id AS business_id, c2.id AS id, c2.account_id AS account_id, c2.category AS category, c2.status AS status, c2.opened_on AS opened_on, c2.last_message_on AS last_message_on, c2.message_count AS message_count
FROM customer_conversation AS c2
WHERE c2.account_id = $1::BIGINT) AS c2_own
WHERE c2_own.account_id = a1_own.id AND c2_own.account_id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[])) ORDER BY c2_own.id
 LIMIT 50) AS page2) || '}') AS b
FROM (SELECT a1.id AS id, a1.phone AS phone, a1.country_code AS country_code, a1.registered_at AS registered_at
FROM account AS a1
WHERE a1.id = $1::BIGINT) AS a1_own
WHERE a1_own.id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, messenger
-- $1: the token's own messenger_id
-- $2: the keys of 6
SELECT ('6:' || c1_own.id) AS k, ('␝@002' || c1_own.account_id || '␝{"id":"mc_␘' || c1_own.id || '␘","business":␟7:' || c1_own.business_id || '␟,"customer":␟8:' || c1_own.account_id || '␟}') AS b
FROM (SELECT c1.business_id AS business_id, c1.id AS id, c1.account_id AS account_id, c1.category AS category, c1.status AS status, c1.opened_on AS opened_on, c1.last_message_on AS last_message_on, c1.message_count AS message_count
FROM customer_conversation AS c1
WHERE c1.account_id = $1::BIGINT) AS c1_own
WHERE c1_own.id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, social
-- $1: the token's own social_id
-- $2: the keys of 12
SELECT ('12:' || c1_own.id) AS k, (coalesce(('␝@004' || c1_own.account_id || '␝'), '') || '{"id":"sc_␘' || c1_own.id || '␘","business":␟13:' || c1_own.business_id || '␟,"customer":' || coalesce(('␟14:' || c1_own.account_id || '␟'), 'null') || ',"messageCount":' || c1_own.message_count || '}') AS b
FROM (SELECT c1.business_id AS business_id, c1.id AS id, c1.account_id AS account_id, c1.category AS category, c1.status AS status, c1.opened_on AS opened_on, c1.last_message_on AS last_message_on, c1.message_count AS message_count
FROM customer_conversation AS c1
WHERE c1.account_id = $1::BIGINT) AS c1_own
WHERE c1_own.id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 2, messenger
-- $1: the keys of 7
SELECT ('7:' || b1.id) AS k, ('{"name":' || CAST(to_json(b1.name) AS TEXT) || '}') AS b
FROM business AS b1
WHERE b1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 2, messenger
-- $1: the token's own messenger_id
-- $2: the keys of 8
SELECT ('8:' || a1_own.id) AS k, ('␝@003' || a1_own.id || '␝{"phone":"' || a1_own.phone || '"}') AS b
FROM (SELECT a1.id AS id, a1.phone AS phone, a1.country_code AS country_code, a1.registered_at AS registered_at
FROM account AS a1
WHERE a1.id = $1::BIGINT) AS a1_own
WHERE a1_own.id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 2, social
-- $1: the keys of 13
SELECT ('13:' || b1.id) AS k, ('{"name":' || CAST(to_json(b1.name) AS TEXT) || '}') AS b
FROM business AS b1
WHERE b1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 2, social
-- $1: the token's own social_id
-- $2: the keys of 14
SELECT ('14:' || a1_own.id) AS k, ('␝@005' || a1_own.id || '␝{"displayName":' || CAST(to_json(a1_own.display_name) AS TEXT) || '}') AS b
FROM (SELECT a1.id AS id, a1.display_name AS display_name
FROM account AS a1
WHERE a1.id = $1::BIGINT) AS a1_own
WHERE a1_own.id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[]))
