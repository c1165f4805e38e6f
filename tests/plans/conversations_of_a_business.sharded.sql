-- wave 0, messenger
-- $1: the token's own business_id
-- $2: text[]
-- $3: date
SELECT CAST(b1_own.id AS TEXT) AS k, ('[' || CAST(to_json(b1_own.last_message_on) AS TEXT) || ',' || b1_own.id || ']') AS b
FROM (SELECT b1.business_id AS business_id, b1.id AS id, b1.account_id AS account_id, b1.category AS category, b1.status AS status, b1.opened_on AS opened_on, b1.last_message_on AS last_message_on, b1.message_count AS message_count
FROM business_conversation AS b1
WHERE b1.business_id = $1::BIGINT) AS b1_own
WHERE b1_own.status = any($2::TEXT[]) AND b1_own.opened_on < $3::DATE ORDER BY b1_own.last_message_on DESC, b1_own.id DESC
 LIMIT 3 + 1

-- wave 0, messenger
-- $1: the token's own business_id
-- $2: text[]
-- $3: date
SELECT '8:' AS k, CAST(count(*) AS TEXT) AS b
FROM (SELECT b1.business_id AS business_id, b1.id AS id, b1.account_id AS account_id, b1.category AS category, b1.status AS status, b1.opened_on AS opened_on, b1.last_message_on AS last_message_on, b1.message_count AS message_count
FROM business_conversation AS b1
WHERE b1.business_id = $1::BIGINT) AS b1_own
WHERE b1_own.status = any($2::TEXT[]) AND b1_own.opened_on < $3::DATE

-- wave 0, social
-- $1: the token's own business_id
SELECT CAST(b1_own.id AS TEXT) AS k, ('[' || b1_own.id || ']') AS b
FROM (SELECT b1.business_id AS business_id, b1.id AS id, b1.account_id AS account_id, b1.category AS category, b1.status AS status, b1.opened_on AS opened_on, b1.last_message_on AS last_message_on, b1.message_count AS message_count
FROM business_conversation AS b1
WHERE b1.business_id = $1::BIGINT) AS b1_own ORDER BY b1_own.id
 LIMIT 50

-- wave 0, social
-- $1: the token's own business_id
SELECT '13:' AS k, CAST(count(*) AS TEXT) AS b
FROM (SELECT b1.business_id AS business_id, b1.id AS id, b1.account_id AS account_id, b1.category AS category, b1.status AS status, b1.opened_on AS opened_on, b1.last_message_on AS last_message_on, b1.message_count AS message_count
FROM business_conversation AS b1
WHERE b1.business_id = $1::BIGINT) AS b1_own

-- wave 1, messenger
-- $1: the token's own business_id
-- $2: the keys of 2
SELECT ('2:' || b1_own.id) AS k, ('␝' || b1_own.account_id || '␝{"id":"mc_␘' || b1_own.id || '␘","channel":"MESSENGER","category":"' || b1_own.category || '","status":"' || b1_own.status || '","openedOn":' || CAST(to_json(b1_own.opened_on) AS TEXT) || ',"lastMessageOn":' || CAST(to_json(b1_own.last_message_on) AS TEXT) || ',"messageCount":' || b1_own.message_count || ',"business":␟3:' || b1_own.business_id || '␟,"customer":␟4:' || b1_own.account_id || '␟}') AS b
FROM (SELECT b1.business_id AS business_id, b1.id AS id, b1.account_id AS account_id, b1.category AS category, b1.status AS status, b1.opened_on AS opened_on, b1.last_message_on AS last_message_on, b1.message_count AS message_count
FROM business_conversation AS b1
WHERE b1.business_id = $1::BIGINT) AS b1_own
WHERE b1_own.id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, social
-- $1: the token's own business_id
-- $2: the keys of 11
SELECT ('11:' || b1_own.id) AS k, (coalesce(('␝@004' || b1_own.account_id || '␝'), '') || '{"__typename":"SocialConversation","id":"sc_␘' || b1_own.id || '␘","customer":' || coalesce(('␟12:' || b1_own.account_id || '␟'), 'null') || '}') AS b
FROM (SELECT b1.business_id AS business_id, b1.id AS id, b1.account_id AS account_id, b1.category AS category, b1.status AS status, b1.opened_on AS opened_on, b1.last_message_on AS last_message_on, b1.message_count AS message_count
FROM business_conversation AS b1
WHERE b1.business_id = $1::BIGINT) AS b1_own
WHERE b1_own.id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 2, messenger
-- $1: the keys of 3
SELECT ('3:' || b1.id) AS k, ('{"id":"bu_␘' || b1.id || '␘","name":' || CAST(to_json(b1.name) AS TEXT) || ',"verified":' || CAST(b1.verified AS TEXT) || '}') AS b
FROM business AS b1
WHERE b1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 2, messenger
-- $1: the token's own business_id
-- $2: the keys of 4
SELECT ('4:' || a1_own.id) AS k, ('{"id":"ma_␙@001' || a1_own.id || '␙","phone":"' || a1_own.phone || '","businessConversations":' || (SELECT ('{"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_1
FROM (SELECT c3.business_id AS business_id, c3.id AS id, c3.account_id AS account_id, c3.category AS category, c3.status AS status, c3.opened_on AS opened_on, c3.last_message_on AS last_message_on, c3.message_count AS message_count
FROM customer_conversation AS c3
WHERE c3.business_id = $1::BIGINT) AS c3_own
WHERE c3_own.account_id = a1_own.id AND c3_own.account_id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[]))) || ',"nodes":[' || coalesce(string_agg(page2.c0, ',' ORDER BY page2.k0), '') || ']}') AS anon_1
FROM (SELECT ('␝@002' || c2_own.account_id || '␝{"__typename":"MessengerConversation","id":"mc_␘' || c2_own.id || '␘","business":␟6:' || c2_own.business_id || '␟,"customer":␟7:' || c2_own.account_id || '␟}') AS c0, c2_own.id AS k0
FROM (SELECT c2.business_id AS business_id, c2.id AS id, c2.account_id AS account_id, c2.category AS category, c2.status AS status, c2.opened_on AS opened_on, c2.last_message_on AS last_message_on, c2.message_count AS message_count
FROM customer_conversation AS c2
WHERE c2.business_id = $1::BIGINT) AS c2_own
WHERE c2_own.account_id = a1_own.id AND c2_own.account_id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[])) ORDER BY c2_own.id
 LIMIT 2) AS page2) || '}') AS b
FROM (SELECT a1.id AS id, a1.phone AS phone
FROM account AS a1
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a1_part
WHERE a1_part.account_id = a1.id AND a1_part.business_id = $1::BIGINT AND a1_part.account_id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[])))) AS a1_own
WHERE a1_own.id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 2, social
-- $1: the token's own business_id
-- $2: the keys of 12
SELECT ('12:' || a1_own.id) AS k, ('{"id":"sa_␙@005' || a1_own.id || '␙","displayName":' || CAST(to_json(a1_own.display_name) AS TEXT) || '}') AS b
FROM (SELECT a1.id AS id, a1.display_name AS display_name
FROM account AS a1
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a1_part
WHERE a1_part.account_id = a1.id AND a1_part.business_id = $1::BIGINT AND a1_part.account_id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[])))) AS a1_own
WHERE a1_own.id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 3, messenger
-- $1: the keys of 6
SELECT ('6:' || b1.id) AS k, ('{"id":"bu_␘' || b1.id || '␘"}') AS b
FROM business AS b1
WHERE b1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 3, messenger
-- $1: the token's own business_id
-- $2: the keys of 7
SELECT ('7:' || a1_own.id) AS k, ('␝@003' || a1_own.id || '␝{"phone":"' || a1_own.phone || '"}') AS b
FROM (SELECT a1.id AS id, a1.phone AS phone
FROM account AS a1
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a1_part
WHERE a1_part.account_id = a1.id AND a1_part.business_id = $1::BIGINT AND a1_part.account_id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[])))) AS a1_own
WHERE a1_own.id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[]))
