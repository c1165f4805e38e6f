-- wave 0, messenger
-- $1: the token's own business_id
-- $2: bigint
-- $3: bigint
-- $4: bigint
-- $5: bigint
-- $6: bigint
-- $7: bigint
SELECT '0:' AS k, ('␝' || b1_own.account_id || '␝{"__typename":"MessengerConversation","id":"mc_␘' || b1_own.id || '␘","status":"' || b1_own.status || '","business":{"name":' || CAST(to_json(b2.name) AS TEXT) || '},"customer":{"__typename":"MessengerAccount","phone":"' || a3_own.phone || '","id":"ma_␙@001' || a3_own.id || '␙"},"messageCount":' || b1_own.message_count || '}') AS b
FROM (SELECT b1.business_id AS business_id, b1.id AS id, b1.account_id AS account_id, b1.category AS category, b1.status AS status, b1.opened_on AS opened_on, b1.last_message_on AS last_message_on, b1.message_count AS message_count
FROM business_conversation AS b1
WHERE b1.business_id = $1::BIGINT) AS b1_own JOIN business AS b2 ON b2.id = b1_own.business_id JOIN (SELECT a3.id AS id, a3.phone AS phone
FROM account AS a3
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a3_part
WHERE a3_part.account_id = a3.id AND a3_part.business_id = $1::BIGINT)) AS a3_own ON a3_own.id = b1_own.account_id
WHERE b1_own.id = $2::BIGINT UNION ALL SELECT '2:' AS k, ('␝@004' || b4_own.account_id || '␝{"__typename":"MessengerConversation","id":"mc_␘' || b4_own.id || '␘","status":"' || b4_own.status || '","business":{"name":' || CAST(to_json(b5.name) AS TEXT) || '},"customer":{"__typename":"MessengerAccount","phone":"' || a6_own.phone || '","id":"ma_␙@005' || a6_own.id || '␙"},"messageCount":' || b4_own.message_count || '}') AS b
FROM (SELECT b4.business_id AS business_id, b4.id AS id, b4.account_id AS account_id, b4.category AS category, b4.status AS status, b4.opened_on AS opened_on, b4.last_message_on AS last_message_on, b4.message_count AS message_count
FROM business_conversation AS b4
WHERE b4.business_id = $1::BIGINT) AS b4_own JOIN business AS b5 ON b5.id = b4_own.business_id JOIN (SELECT a6.id AS id, a6.phone AS phone
FROM account AS a6
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a6_part
WHERE a6_part.account_id = a6.id AND a6_part.business_id = $1::BIGINT)) AS a6_own ON a6_own.id = b4_own.account_id
WHERE b4_own.id = $3::BIGINT UNION ALL SELECT '4:' AS k, ('␝@008' || b7_own.account_id || '␝{"__typename":"MessengerConversation","id":"mc_␘' || b7_own.id || '␘","status":"' || b7_own.status || '","business":{"name":' || CAST(to_json(b8.name) AS TEXT) || '},"customer":{"__typename":"MessengerAccount","phone":"' || a9_own.phone || '","id":"ma_␙@009' || a9_own.id || '␙"},"messageCount":' || b7_own.message_count || '}') AS b
FROM (SELECT b7.business_id AS business_id, b7.id AS id, b7.account_id AS account_id, b7.category AS category, b7.status AS status, b7.opened_on AS opened_on, b7.last_message_on AS last_message_on, b7.message_count AS message_count
FROM business_conversation AS b7
WHERE b7.business_id = $1::BIGINT) AS b7_own JOIN business AS b8 ON b8.id = b7_own.business_id JOIN (SELECT a9.id AS id, a9.phone AS phone
FROM account AS a9
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a9_part
WHERE a9_part.account_id = a9.id AND a9_part.business_id = $1::BIGINT)) AS a9_own ON a9_own.id = b7_own.account_id
WHERE b7_own.id = $4::BIGINT UNION ALL SELECT '6:' AS k, ('{"id":"ma_␙@00c' || a10_own.id || '␙"}') AS b
FROM (SELECT a10.id AS id, a10.phone AS phone
FROM account AS a10
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a10_part
WHERE a10_part.account_id = a10.id AND a10_part.business_id = $1::BIGINT)) AS a10_own
WHERE a10_own.id = $5::BIGINT UNION ALL SELECT '8:' AS k, ('{"id":"bu_␘' || b11.id || '␘"}') AS b
FROM business AS b11
WHERE b11.id = $6::BIGINT UNION ALL SELECT '9:' AS k, ('␝@00e' || b12_own.account_id || '␝{"id":"mc_␘' || b12_own.id || '␘","__typename":"MessengerConversation","status":"' || b12_own.status || '","business":{"name":' || CAST(to_json(b13.name) AS TEXT) || '},"customer":{"__typename":"MessengerAccount","phone":"' || a14_own.phone || '","id":"ma_␙@00f' || a14_own.id || '␙"},"messageCount":' || b12_own.message_count || '}') AS b
FROM (SELECT b12.business_id AS business_id, b12.id AS id, b12.account_id AS account_id, b12.category AS category, b12.status AS status, b12.opened_on AS opened_on, b12.last_message_on AS last_message_on, b12.message_count AS message_count
FROM business_conversation AS b12
WHERE b12.business_id = $1::BIGINT) AS b12_own JOIN business AS b13 ON b13.id = b12_own.business_id JOIN (SELECT a14.id AS id, a14.phone AS phone
FROM account AS a14
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a14_part
WHERE a14_part.account_id = a14.id AND a14_part.business_id = $1::BIGINT)) AS a14_own ON a14_own.id = b12_own.account_id
WHERE b12_own.id = $7::BIGINT

-- wave 0, social
-- $1: the token's own business_id
-- $2: bigint
-- $3: bigint
-- $4: bigint
-- $5: bigint
-- $6: bigint
SELECT '1:' AS k, (coalesce(('␝@002' || b1_own.account_id || '␝'), '') || '{"__typename":"SocialConversation","id":"sc_␘' || b1_own.id || '␘","status":"' || b1_own.status || '","business":{"name":' || CAST(to_json(b2.name) AS TEXT) || '},"customer":' || coalesce((SELECT ('{"__typename":"SocialAccount","displayName":' || CAST(to_json(a3_own.display_name) AS TEXT) || ',"id":"sa_␙@003' || a3_own.id || '␙"}') AS anon_1
FROM (SELECT a3.id AS id, a3.display_name AS display_name
FROM account AS a3
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a3_part
WHERE a3_part.account_id = a3.id AND a3_part.business_id = $1::BIGINT)) AS a3_own
WHERE a3_own.id = b1_own.account_id), 'null') || ',"lastMessageOn":' || CAST(to_json(b1_own.last_message_on) AS TEXT) || '}') AS b
FROM (SELECT b1.business_id AS business_id, b1.id AS id, b1.account_id AS account_id, b1.category AS category, b1.status AS status, b1.opened_on AS opened_on, b1.last_message_on AS last_message_on, b1.message_count AS message_count
FROM business_conversation AS b1
WHERE b1.business_id = $1::BIGINT) AS b1_own JOIN business AS b2 ON b2.id = b1_own.business_id
WHERE b1_own.id = $2::BIGINT UNION ALL SELECT '3:' AS k, (coalesce(('␝@006' || b4_own.account_id || '␝'), '') || '{"__typename":"SocialConversation","id":"sc_␘' || b4_own.id || '␘","status":"' || b4_own.status || '","business":{"name":' || CAST(to_json(b5.name) AS TEXT) || '},"customer":' || coalesce((SELECT ('{"__typename":"SocialAccount","displayName":' || CAST(to_json(a6_own.display_name) AS TEXT) || ',"id":"sa_␙@007' || a6_own.id || '␙"}') AS anon_2
FROM (SELECT a6.id AS id, a6.display_name AS display_name
FROM account AS a6
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a6_part
WHERE a6_part.account_id = a6.id AND a6_part.business_id = $1::BIGINT)) AS a6_own
WHERE a6_own.id = b4_own.account_id), 'null') || ',"lastMessageOn":' || CAST(to_json(b4_own.last_message_on) AS TEXT) || '}') AS b
FROM (SELECT b4.business_id AS business_id, b4.id AS id, b4.account_id AS account_id, b4.category AS category, b4.status AS status, b4.opened_on AS opened_on, b4.last_message_on AS last_message_on, b4.message_count AS message_count
FROM business_conversation AS b4
WHERE b4.business_id = $1::BIGINT) AS b4_own JOIN business AS b5 ON b5.id = b4_own.business_id
WHERE b4_own.id = $3::BIGINT UNION ALL SELECT '5:' AS k, (coalesce(('␝@00a' || b7_own.account_id || '␝'), '') || '{"__typename":"SocialConversation","id":"sc_␘' || b7_own.id || '␘","status":"' || b7_own.status || '","business":{"name":' || CAST(to_json(b8.name) AS TEXT) || '},"customer":' || coalesce((SELECT ('{"__typename":"SocialAccount","displayName":' || CAST(to_json(a9_own.display_name) AS TEXT) || ',"id":"sa_␙@00b' || a9_own.id || '␙"}') AS anon_3
FROM (SELECT a9.id AS id, a9.display_name AS display_name
FROM account AS a9
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a9_part
WHERE a9_part.account_id = a9.id AND a9_part.business_id = $1::BIGINT)) AS a9_own
WHERE a9_own.id = b7_own.account_id), 'null') || ',"lastMessageOn":' || CAST(to_json(b7_own.last_message_on) AS TEXT) || '}') AS b
FROM (SELECT b7.business_id AS business_id, b7.id AS id, b7.account_id AS account_id, b7.category AS category, b7.status AS status, b7.opened_on AS opened_on, b7.last_message_on AS last_message_on, b7.message_count AS message_count
FROM business_conversation AS b7
WHERE b7.business_id = $1::BIGINT) AS b7_own JOIN business AS b8 ON b8.id = b7_own.business_id
WHERE b7_own.id = $4::BIGINT UNION ALL SELECT '7:' AS k, ('{"id":"sa_␙@00d' || a10_own.id || '␙"}') AS b
FROM (SELECT a10.id AS id, a10.display_name AS display_name
FROM account AS a10
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a10_part
WHERE a10_part.account_id = a10.id AND a10_part.business_id = $1::BIGINT)) AS a10_own
WHERE a10_own.id = $5::BIGINT UNION ALL SELECT '10:' AS k, (coalesce(('␝@010' || b11_own.account_id || '␝'), '') || '{"id":"sc_␘' || b11_own.id || '␘","__typename":"SocialConversation","status":"' || b11_own.status || '","business":{"name":' || CAST(to_json(b12.name) AS TEXT) || '},"customer":' || coalesce((SELECT ('{"__typename":"SocialAccount","displayName":' || CAST(to_json(a13_own.display_name) AS TEXT) || ',"id":"sa_␙@011' || a13_own.id || '␙"}') AS anon_4
FROM (SELECT a13.id AS id, a13.display_name AS display_name
FROM account AS a13
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a13_part
WHERE a13_part.account_id = a13.id AND a13_part.business_id = $1::BIGINT)) AS a13_own
WHERE a13_own.id = b11_own.account_id), 'null') || ',"lastMessageOn":' || CAST(to_json(b11_own.last_message_on) AS TEXT) || '}') AS b
FROM (SELECT b11.business_id AS business_id, b11.id AS id, b11.account_id AS account_id, b11.category AS category, b11.status AS status, b11.opened_on AS opened_on, b11.last_message_on AS last_message_on, b11.message_count AS message_count
FROM business_conversation AS b11
WHERE b11.business_id = $1::BIGINT) AS b11_own JOIN business AS b12 ON b12.id = b11_own.business_id
WHERE b11_own.id = $6::BIGINT
