-- wave 0, messenger
-- $1: the token's own business_id
-- $2: text[]
-- $3: date
SELECT '0:' AS k, (SELECT ('{"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_1
FROM (SELECT b2.business_id AS business_id, b2.id AS id, b2.account_id AS account_id, b2.category AS category, b2.status AS status, b2.opened_on AS opened_on, b2.last_message_on AS last_message_on, b2.message_count AS message_count
FROM business_conversation AS b2
WHERE b2.business_id = $1::BIGINT) AS b2_own
WHERE b2_own.status = any($2::TEXT[]) AND b2_own.opened_on < $3::DATE) || ',"nodes":[' || coalesce(string_agg(page1.c0, ',' ORDER BY page1.k0 DESC, page1.k1 DESC) FILTER (WHERE page1.n <= 3), '') || '],"pageInfo":{"hasNextPage":' || CAST(count(*) > 3 AS TEXT) || ',"endCursor":' || coalesce((array_agg(page1.cursor1 ORDER BY page1.k0, page1.k1) FILTER (WHERE page1.n <= 3))[1], 'null') || '}}') AS anon_1
FROM (SELECT ('␝' || b1_own.account_id || '␝{"id":"mc_␘' || b1_own.id || '␘","channel":"MESSENGER","category":"' || b1_own.category || '","status":"' || b1_own.status || '","openedOn":' || CAST(to_json(b1_own.opened_on) AS TEXT) || ',"lastMessageOn":' || CAST(to_json(b1_own.last_message_on) AS TEXT) || ',"messageCount":' || b1_own.message_count || ',"business":{"id":"bu_␘' || b3.id || '␘","name":' || CAST(to_json(b3.name) AS TEXT) || ',"verified":' || CAST(b3.verified AS TEXT) || '},"customer":{"id":"ma_␙@001' || a4_own.id || '␙","phone":"' || a4_own.phone || '","businessConversations":' || (SELECT ('{"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_2
FROM (SELECT c6.business_id AS business_id, c6.id AS id, c6.account_id AS account_id, c6.category AS category, c6.status AS status, c6.opened_on AS opened_on, c6.last_message_on AS last_message_on, c6.message_count AS message_count
FROM customer_conversation AS c6
WHERE c6.business_id = $1::BIGINT) AS c6_own
WHERE c6_own.account_id = a4_own.id) || ',"nodes":[' || coalesce(string_agg(page5.c0, ',' ORDER BY page5.k0), '') || ']}') AS anon_2
FROM (SELECT ('␝@002' || c5_own.account_id || '␝{"__typename":"MessengerConversation","id":"mc_␘' || c5_own.id || '␘","business":{"id":"bu_␘' || c5_own.business_id || '␘"},"customer":␝@003' || a7_own.id || '␝{"phone":"' || a7_own.phone || '"}}') AS c0, c5_own.id AS k0
FROM (SELECT c5.business_id AS business_id, c5.id AS id, c5.account_id AS account_id, c5.category AS category, c5.status AS status, c5.opened_on AS opened_on, c5.last_message_on AS last_message_on, c5.message_count AS message_count
FROM customer_conversation AS c5
WHERE c5.business_id = $1::BIGINT) AS c5_own JOIN (SELECT a7.id AS id, a7.phone AS phone
FROM account AS a7
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a7_part
WHERE a7_part.account_id = a7.id AND a7_part.business_id = $1::BIGINT)) AS a7_own ON a7_own.id = c5_own.account_id
WHERE c5_own.account_id = a4_own.id ORDER BY c5_own.id
 LIMIT 2) AS page5) || '}}') AS c0, b1_own.last_message_on AS k0, b1_own.id AS k1, row_number() OVER (ORDER BY b1_own.last_message_on DESC, b1_own.id DESC) AS n, ('␟1:[' || CAST(to_json(b1_own.last_message_on) AS TEXT) || ',' || b1_own.id || ']␟') AS cursor1
FROM (SELECT b1.business_id AS business_id, b1.id AS id, b1.account_id AS account_id, b1.category AS category, b1.status AS status, b1.opened_on AS opened_on, b1.last_message_on AS last_message_on, b1.message_count AS message_count
FROM business_conversation AS b1
WHERE b1.business_id = $1::BIGINT) AS b1_own JOIN business AS b3 ON b3.id = b1_own.business_id JOIN (SELECT a4.id AS id, a4.phone AS phone
FROM account AS a4
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a4_part
WHERE a4_part.account_id = a4.id AND a4_part.business_id = $1::BIGINT)) AS a4_own ON a4_own.id = b1_own.account_id
WHERE b1_own.status = any($2::TEXT[]) AND b1_own.opened_on < $3::DATE ORDER BY b1_own.last_message_on DESC, b1_own.id DESC
 LIMIT 3 + 1) AS page1) AS b

-- wave 0, social
-- $1: the token's own business_id
SELECT '3:' AS k, (SELECT ('{"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_1
FROM (SELECT b2.business_id AS business_id, b2.id AS id, b2.account_id AS account_id, b2.category AS category, b2.status AS status, b2.opened_on AS opened_on, b2.last_message_on AS last_message_on, b2.message_count AS message_count
FROM business_conversation AS b2
WHERE b2.business_id = $1::BIGINT) AS b2_own) || ',"nodes":[' || coalesce(string_agg(page1.c0, ',' ORDER BY page1.k0), '') || ']}') AS anon_1
FROM (SELECT (coalesce(('␝@004' || b1_own.account_id || '␝'), '') || '{"__typename":"SocialConversation","id":"sc_␘' || b1_own.id || '␘","customer":' || coalesce((SELECT ('{"id":"sa_␙@005' || a3_own.id || '␙","displayName":' || CAST(to_json(a3_own.display_name) AS TEXT) || '}') AS anon_2
FROM (SELECT a3.id AS id, a3.display_name AS display_name
FROM account AS a3
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a3_part
WHERE a3_part.account_id = a3.id AND a3_part.business_id = $1::BIGINT)) AS a3_own
WHERE a3_own.id = b1_own.account_id), 'null') || '}') AS c0, b1_own.id AS k0
FROM (SELECT b1.business_id AS business_id, b1.id AS id, b1.account_id AS account_id, b1.category AS category, b1.status AS status, b1.opened_on AS opened_on, b1.last_message_on AS last_message_on, b1.message_count AS message_count
FROM business_conversation AS b1
WHERE b1.business_id = $1::BIGINT) AS b1_own ORDER BY b1_own.id
 LIMIT 50) AS page1) AS b
