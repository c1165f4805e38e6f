-- wave 0, messenger
-- $1: the token's own business_id
SELECT CAST(a1_own.id AS TEXT) AS k, ('[' || a1_own.id || ']') AS b
FROM (SELECT a1.id AS id, a1.phone AS phone
FROM account AS a1
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a1_part
WHERE a1_part.account_id = a1.id AND a1_part.business_id = $1::BIGINT)) AS a1_own ORDER BY a1_own.id
 LIMIT 2 + 1

-- wave 0, messenger
-- $1: the token's own business_id
SELECT '3:' AS k, CAST(count(*) AS TEXT) AS b
FROM (SELECT a1.id AS id, a1.phone AS phone
FROM account AS a1
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a1_part
WHERE a1_part.account_id = a1.id AND a1_part.business_id = $1::BIGINT)) AS a1_own

-- wave 0, social
-- $1: the token's own business_id
SELECT CAST(a1_own.id AS TEXT) AS k, ('[' || CAST(to_json(a1_own.display_name) AS TEXT) || ',' || a1_own.id || ']') AS b
FROM (SELECT a1.id AS id, a1.display_name AS display_name
FROM account AS a1
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a1_part
WHERE a1_part.account_id = a1.id AND a1_part.business_id = $1::BIGINT)) AS a1_own ORDER BY a1_own.display_name, a1_own.id
 LIMIT 50

-- wave 0, social
-- $1: the token's own business_id
SELECT '7:' AS k, CAST(count(*) AS TEXT) AS b
FROM (SELECT a1.id AS id, a1.display_name AS display_name
FROM account AS a1
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a1_part
WHERE a1_part.account_id = a1.id AND a1_part.business_id = $1::BIGINT)) AS a1_own

-- wave 0, messenger
-- $1: the token's own business_id
-- $2: bigint
SELECT '8:' AS k, ('␝@002' || a1_own.id || '␝{"phone":"' || a1_own.phone || '","businessConversations":' || (SELECT ('{"edges":[' || coalesce(string_agg(page2.c0, ',' ORDER BY page2.k0, page2.k1), '') || ']}') AS anon_1
FROM (SELECT ('{"cursor":␟9:[' || CAST(to_json(c2_own.category) AS TEXT) || ',' || c2_own.id || ']␟,"node":␝@003' || c2_own.account_id || '␝{"id":"mc_␘' || c2_own.id || '␘","category":"' || c2_own.category || '"}}') AS c0, c2_own.category AS k0, c2_own.id AS k1
FROM (SELECT c2.business_id AS business_id, c2.id AS id, c2.account_id AS account_id, c2.category AS category, c2.status AS status, c2.opened_on AS opened_on, c2.last_message_on AS last_message_on, c2.message_count AS message_count
FROM customer_conversation AS c2
WHERE c2.business_id = $1::BIGINT) AS c2_own
WHERE c2_own.account_id = a1_own.id AND c2_own.account_id = $2::BIGINT ORDER BY c2_own.category, c2_own.id
 LIMIT 50) AS page2) || '}') AS b
FROM (SELECT a1.id AS id, a1.phone AS phone
FROM account AS a1
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a1_part
WHERE a1_part.account_id = a1.id AND a1_part.business_id = $1::BIGINT AND a1_part.account_id = $2::BIGINT)) AS a1_own
WHERE a1_own.id = $2::BIGINT

-- wave 0, messenger
-- $1: the token's own business_id
-- $2: bigint
SELECT '10:' AS k, ('␝@004' || a1_own.id || '␝{"phone":"' || a1_own.phone || '"}') AS b
FROM (SELECT a1.id AS id, a1.phone AS phone
FROM account AS a1
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a1_part
WHERE a1_part.account_id = a1.id AND a1_part.business_id = $1::BIGINT AND a1_part.account_id = $2::BIGINT)) AS a1_own
WHERE a1_own.id = $2::BIGINT

-- wave 0, messenger
-- $1: text
SELECT '11:' AS k, ('␟12:' || p1.account_id || '␟') AS b
FROM phone_lookup AS p1
WHERE p1.phone = $1::VARCHAR

-- wave 0, messenger
-- $1: text
SELECT '13:' AS k, ('␟14:' || p1.account_id || '␟') AS b
FROM phone_lookup AS p1
WHERE p1.phone = $1::VARCHAR

-- wave 1, messenger
-- $1: the token's own business_id
-- $2: the keys of 2
SELECT ('2:' || a1_own.id) AS k, ('{"id":"ma_␙' || a1_own.id || '␙","phone":"' || a1_own.phone || '"}') AS b
FROM (SELECT a1.id AS id, a1.phone AS phone
FROM account AS a1
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a1_part
WHERE a1_part.account_id = a1.id AND a1_part.business_id = $1::BIGINT AND a1_part.account_id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[])))) AS a1_own
WHERE a1_own.id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, social
-- $1: the token's own business_id
-- $2: the keys of 6
SELECT ('6:' || a1_own.id) AS k, ('{"id":"sa_␙@001' || a1_own.id || '␙","displayName":' || CAST(to_json(a1_own.display_name) AS TEXT) || '}') AS b
FROM (SELECT a1.id AS id, a1.display_name AS display_name
FROM account AS a1
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a1_part
WHERE a1_part.account_id = a1.id AND a1_part.business_id = $1::BIGINT AND a1_part.account_id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[])))) AS a1_own
WHERE a1_own.id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, messenger
-- $1: the token's own business_id
-- $2: the keys of 12
SELECT ('12:' || a1_own.id) AS k, ('{"id":"ma_␙@005' || a1_own.id || '␙"}') AS b
FROM (SELECT a1.id AS id, a1.phone AS phone
FROM account AS a1
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a1_part
WHERE a1_part.account_id = a1.id AND a1_part.business_id = $1::BIGINT AND a1_part.account_id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[])))) AS a1_own
WHERE a1_own.id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, messenger
-- $1: the token's own business_id
-- $2: the keys of 14
SELECT ('14:' || a1_own.id) AS k, ('{"id":"ma_␙@006' || a1_own.id || '␙"}') AS b
FROM (SELECT a1.id AS id, a1.phone AS phone
FROM account AS a1
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a1_part
WHERE a1_part.account_id = a1.id AND a1_part.business_id = $1::BIGINT AND a1_part.account_id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[])))) AS a1_own
WHERE a1_own.id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[]))
