-- wave 0, messenger
-- $1: the token's own business_id
-- $2: bigint
SELECT '0:' AS k, ('␝' || b1_own.account_id || '␝{"__typename":"MessengerConversation","id":"mc_␘' || b1_own.id || '␘","status":"' || b1_own.status || '","business":␟1:' || b1_own.business_id || '␟,"customer":␟2:' || b1_own.account_id || '␟,"messageCount":' || b1_own.message_count || '}') AS b
FROM (SELECT b1.business_id AS business_id, b1.id AS id, b1.account_id AS account_id, b1.category AS category, b1.status AS status, b1.opened_on AS opened_on, b1.last_message_on AS last_message_on, b1.message_count AS message_count
FROM business_conversation AS b1
WHERE b1.business_id = $1::BIGINT) AS b1_own
WHERE b1_own.id = $2::BIGINT

-- wave 0, social
-- $1: the token's own business_id
-- $2: bigint
SELECT '3:' AS k, (coalesce(('␝@002' || b1_own.account_id || '␝'), '') || '{"__typename":"SocialConversation","id":"sc_␘' || b1_own.id || '␘","status":"' || b1_own.status || '","business":␟4:' || b1_own.business_id || '␟,"customer":' || coalesce(('␟5:' || b1_own.account_id || '␟'), 'null') || ',"lastMessageOn":' || CAST(to_json(b1_own.last_message_on) AS TEXT) || '}') AS b
FROM (SELECT b1.business_id AS business_id, b1.id AS id, b1.account_id AS account_id, b1.category AS category, b1.status AS status, b1.opened_on AS opened_on, b1.last_message_on AS last_message_on, b1.message_count AS message_count
FROM business_conversation AS b1
WHERE b1.business_id = $1::BIGINT) AS b1_own
WHERE b1_own.id = $2::BIGINT

-- wave 0, messenger
-- $1: the token's own business_id
-- $2: bigint
SELECT '6:' AS k, ('␝@004' || b1_own.account_id || '␝{"__typename":"MessengerConversation","id":"mc_␘' || b1_own.id || '␘","status":"' || b1_own.status || '","business":␟7:' || b1_own.business_id || '␟,"customer":␟8:' || b1_own.account_id || '␟,"messageCount":' || b1_own.message_count || '}') AS b
FROM (SELECT b1.business_id AS business_id, b1.id AS id, b1.account_id AS account_id, b1.category AS category, b1.status AS status, b1.opened_on AS opened_on, b1.last_message_on AS last_message_on, b1.message_count AS message_count
FROM business_conversation AS b1
WHERE b1.business_id = $1::BIGINT) AS b1_own
WHERE b1_own.id = $2::BIGINT

-- wave 0, social
-- $1: the token's own business_id
-- $2: bigint
SELECT '9:' AS k, (coalesce(('␝@006' || b1_own.account_id || '␝'), '') || '{"__typename":"SocialConversation","id":"sc_␘' || b1_own.id || '␘","status":"' || b1_own.status || '","business":␟10:' || b1_own.business_id || '␟,"customer":' || coalesce(('␟11:' || b1_own.account_id || '␟'), 'null') || ',"lastMessageOn":' || CAST(to_json(b1_own.last_message_on) AS TEXT) || '}') AS b
FROM (SELECT b1.business_id AS business_id, b1.id AS id, b1.account_id AS account_id, b1.category AS category, b1.status AS status, b1.opened_on AS opened_on, b1.last_message_on AS last_message_on, b1.message_count AS message_count
FROM business_conversation AS b1
WHERE b1.business_id = $1::BIGINT) AS b1_own
WHERE b1_own.id = $2::BIGINT

-- wave 0, messenger
-- $1: the token's own business_id
-- $2: bigint
SELECT '12:' AS k, ('␝@008' || b1_own.account_id || '␝{"__typename":"MessengerConversation","id":"mc_␘' || b1_own.id || '␘","status":"' || b1_own.status || '","business":␟13:' || b1_own.business_id || '␟,"customer":␟14:' || b1_own.account_id || '␟,"messageCount":' || b1_own.message_count || '}') AS b
FROM (SELECT b1.business_id AS business_id, b1.id AS id, b1.account_id AS account_id, b1.category AS category, b1.status AS status, b1.opened_on AS opened_on, b1.last_message_on AS last_message_on, b1.message_count AS message_count
FROM business_conversation AS b1
WHERE b1.business_id = $1::BIGINT) AS b1_own
WHERE b1_own.id = $2::BIGINT

-- wave 0, social
-- $1: the token's own business_id
-- $2: bigint
SELECT '15:' AS k, (coalesce(('␝@00a' || b1_own.account_id || '␝'), '') || '{"__typename":"SocialConversation","id":"sc_␘' || b1_own.id || '␘","status":"' || b1_own.status || '","business":␟16:' || b1_own.business_id || '␟,"customer":' || coalesce(('␟17:' || b1_own.account_id || '␟'), 'null') || ',"lastMessageOn":' || CAST(to_json(b1_own.last_message_on) AS TEXT) || '}') AS b
FROM (SELECT b1.business_id AS business_id, b1.id AS id, b1.account_id AS account_id, b1.category AS category, b1.status AS status, b1.opened_on AS opened_on, b1.last_message_on AS last_message_on, b1.message_count AS message_count
FROM business_conversation AS b1
WHERE b1.business_id = $1::BIGINT) AS b1_own
WHERE b1_own.id = $2::BIGINT

-- wave 0, messenger
-- $1: the token's own business_id
-- $2: bigint
SELECT '18:' AS k, ('{"id":"ma_␙@00c' || a1_own.id || '␙"}') AS b
FROM (SELECT a1.id AS id, a1.phone AS phone
FROM account AS a1
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a1_part
WHERE a1_part.account_id = a1.id AND a1_part.business_id = $1::BIGINT AND a1_part.account_id = $2::BIGINT)) AS a1_own
WHERE a1_own.id = $2::BIGINT

-- wave 0, social
-- $1: the token's own business_id
-- $2: bigint
SELECT '19:' AS k, ('{"id":"sa_␙@00d' || a1_own.id || '␙"}') AS b
FROM (SELECT a1.id AS id, a1.display_name AS display_name
FROM account AS a1
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a1_part
WHERE a1_part.account_id = a1.id AND a1_part.business_id = $1::BIGINT AND a1_part.account_id = $2::BIGINT)) AS a1_own
WHERE a1_own.id = $2::BIGINT

-- wave 0, messenger
-- $1: bigint
SELECT '20:' AS k, ('{"id":"bu_␘' || b1.id || '␘"}') AS b
FROM business AS b1
WHERE b1.id = $1::BIGINT

-- wave 0, messenger
-- $1: the token's own business_id
-- $2: bigint
SELECT '21:' AS k, ('␝@00e' || b1_own.account_id || '␝{"id":"mc_␘' || b1_own.id || '␘","__typename":"MessengerConversation","status":"' || b1_own.status || '","business":␟22:' || b1_own.business_id || '␟,"customer":␟23:' || b1_own.account_id || '␟,"messageCount":' || b1_own.message_count || '}') AS b
FROM (SELECT b1.business_id AS business_id, b1.id AS id, b1.account_id AS account_id, b1.category AS category, b1.status AS status, b1.opened_on AS opened_on, b1.last_message_on AS last_message_on, b1.message_count AS message_count
FROM business_conversation AS b1
WHERE b1.business_id = $1::BIGINT) AS b1_own
WHERE b1_own.id = $2::BIGINT

-- wave 0, social
-- $1: the token's own business_id
-- $2: bigint
SELECT '24:' AS k, (coalesce(('␝@010' || b1_own.account_id || '␝'), '') || '{"id":"sc_␘' || b1_own.id || '␘","__typename":"SocialConversation","status":"' || b1_own.status || '","business":␟25:' || b1_own.business_id || '␟,"customer":' || coalesce(('␟26:' || b1_own.account_id || '␟'), 'null') || ',"lastMessageOn":' || CAST(to_json(b1_own.last_message_on) AS TEXT) || '}') AS b
FROM (SELECT b1.business_id AS business_id, b1.id AS id, b1.account_id AS account_id, b1.category AS category, b1.status AS status, b1.opened_on AS opened_on, b1.last_message_on AS last_message_on, b1.message_count AS message_count
FROM business_conversation AS b1
WHERE b1.business_id = $1::BIGINT) AS b1_own
WHERE b1_own.id = $2::BIGINT

-- wave 1, messenger
-- $1: the keys of 1
SELECT ('1:' || b1.id) AS k, ('{"name":' || CAST(to_json(b1.name) AS TEXT) || '}') AS b
FROM business AS b1
WHERE b1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, messenger
-- $1: the token's own business_id
-- $2: the keys of 2
SELECT ('2:' || a1_own.id) AS k, ('{"__typename":"MessengerAccount","phone":"' || a1_own.phone || '","id":"ma_␙@001' || a1_own.id || '␙"}') AS b
FROM (SELECT a1.id AS id, a1.phone AS phone
FROM account AS a1
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a1_part
WHERE a1_part.account_id = a1.id AND a1_part.business_id = $1::BIGINT AND a1_part.account_id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[])))) AS a1_own
WHERE a1_own.id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, social
-- $1: the keys of 4
SELECT ('4:' || b1.id) AS k, ('{"name":' || CAST(to_json(b1.name) AS TEXT) || '}') AS b
FROM business AS b1
WHERE b1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, social
-- $1: the token's own business_id
-- $2: the keys of 5
SELECT ('5:' || a1_own.id) AS k, ('{"__typename":"SocialAccount","displayName":' || CAST(to_json(a1_own.display_name) AS TEXT) || ',"id":"sa_␙@003' || a1_own.id || '␙"}') AS b
FROM (SELECT a1.id AS id, a1.display_name AS display_name
FROM account AS a1
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a1_part
WHERE a1_part.account_id = a1.id AND a1_part.business_id = $1::BIGINT AND a1_part.account_id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[])))) AS a1_own
WHERE a1_own.id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, messenger
-- $1: the keys of 7
SELECT ('7:' || b1.id) AS k, ('{"name":' || CAST(to_json(b1.name) AS TEXT) || '}') AS b
FROM business AS b1
WHERE b1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, messenger
-- $1: the token's own business_id
-- $2: the keys of 8
SELECT ('8:' || a1_own.id) AS k, ('{"__typename":"MessengerAccount","phone":"' || a1_own.phone || '","id":"ma_␙@005' || a1_own.id || '␙"}') AS b
FROM (SELECT a1.id AS id, a1.phone AS phone
FROM account AS a1
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a1_part
WHERE a1_part.account_id = a1.id AND a1_part.business_id = $1::BIGINT AND a1_part.account_id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[])))) AS a1_own
WHERE a1_own.id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, social
-- $1: the keys of 10
SELECT ('10:' || b1.id) AS k, ('{"name":' || CAST(to_json(b1.name) AS TEXT) || '}') AS b
FROM business AS b1
WHERE b1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, social
-- $1: the token's own business_id
-- $2: the keys of 11
SELECT ('11:' || a1_own.id) AS k, ('{"__typename":"SocialAccount","displayName":' || CAST(to_json(a1_own.display_name) AS TEXT) || ',"id":"sa_␙@007' || a1_own.id || '␙"}') AS b
FROM (SELECT a1.id AS id, a1.display_name AS display_name
FROM account AS a1
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a1_part
WHERE a1_part.account_id = a1.id AND a1_part.business_id = $1::BIGINT AND a1_part.account_id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[])))) AS a1_own
WHERE a1_own.id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, messenger
-- $1: the keys of 13
SELECT ('13:' || b1.id) AS k, ('{"name":' || CAST(to_json(b1.name) AS TEXT) || '}') AS b
FROM business AS b1
WHERE b1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, messenger
-- $1: the token's own business_id
-- $2: the keys of 14
SELECT ('14:' || a1_own.id) AS k, ('{"__typename":"MessengerAccount","phone":"' || a1_own.phone || '","id":"ma_␙@009' || a1_own.id || '␙"}') AS b
FROM (SELECT a1.id AS id, a1.phone AS phone
FROM account AS a1
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a1_part
WHERE a1_part.account_id = a1.id AND a1_part.business_id = $1::BIGINT AND a1_part.account_id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[])))) AS a1_own
WHERE a1_own.id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, social
-- $1: the keys of 16
SELECT ('16:' || b1.id) AS k, ('{"name":' || CAST(to_json(b1.name) AS TEXT) || '}') AS b
FROM business AS b1
WHERE b1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, social
-- $1: the token's own business_id
-- $2: the keys of 17
SELECT ('17:' || a1_own.id) AS k, ('{"__typename":"SocialAccount","displayName":' || CAST(to_json(a1_own.display_name) AS TEXT) || ',"id":"sa_␙@00b' || a1_own.id || '␙"}') AS b
FROM (SELECT a1.id AS id, a1.display_name AS display_name
FROM account AS a1
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a1_part
WHERE a1_part.account_id = a1.id AND a1_part.business_id = $1::BIGINT AND a1_part.account_id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[])))) AS a1_own
WHERE a1_own.id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, messenger
-- $1: the keys of 22
SELECT ('22:' || b1.id) AS k, ('{"name":' || CAST(to_json(b1.name) AS TEXT) || '}') AS b
FROM business AS b1
WHERE b1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, messenger
-- $1: the token's own business_id
-- $2: the keys of 23
SELECT ('23:' || a1_own.id) AS k, ('{"__typename":"MessengerAccount","phone":"' || a1_own.phone || '","id":"ma_␙@00f' || a1_own.id || '␙"}') AS b
FROM (SELECT a1.id AS id, a1.phone AS phone
FROM account AS a1
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a1_part
WHERE a1_part.account_id = a1.id AND a1_part.business_id = $1::BIGINT AND a1_part.account_id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[])))) AS a1_own
WHERE a1_own.id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, social
-- $1: the keys of 25
SELECT ('25:' || b1.id) AS k, ('{"name":' || CAST(to_json(b1.name) AS TEXT) || '}') AS b
FROM business AS b1
WHERE b1.id = any(CAST(string_to_array(btrim($1::VARCHAR, '{}'), ',') AS BIGINT[]))

-- wave 1, social
-- $1: the token's own business_id
-- $2: the keys of 26
SELECT ('26:' || a1_own.id) AS k, ('{"__typename":"SocialAccount","displayName":' || CAST(to_json(a1_own.display_name) AS TEXT) || ',"id":"sa_␙@011' || a1_own.id || '␙"}') AS b
FROM (SELECT a1.id AS id, a1.display_name AS display_name
FROM account AS a1
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a1_part
WHERE a1_part.account_id = a1.id AND a1_part.business_id = $1::BIGINT AND a1_part.account_id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[])))) AS a1_own
WHERE a1_own.id = any(CAST(string_to_array(btrim($2::VARCHAR, '{}'), ',') AS BIGINT[]))
