-- wave 0, messenger
-- $1: the token's own business_id
-- $2: bigint
-- $3: bigint
-- $4: text
-- $5: text
SELECT '0:' AS k, (SELECT ('{"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_1
FROM (SELECT a2.id AS id, a2.phone AS phone
FROM account AS a2
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a2_part
WHERE a2_part.account_id = a2.id AND a2_part.business_id = $1::BIGINT)) AS a2_own) || ',"nodes":[' || coalesce(string_agg(page1.c0, ',' ORDER BY page1.k0) FILTER (WHERE page1.n <= 2), '') || '],"pageInfo":{"hasNextPage":' || CAST(count(*) > 2 AS TEXT) || '}}') AS anon_1
FROM (SELECT ('{"id":"ma_␙' || a1_own.id || '␙","phone":"' || a1_own.phone || '"}') AS c0, a1_own.id AS k0, row_number() OVER (ORDER BY a1_own.id) AS n
FROM (SELECT a1.id AS id, a1.phone AS phone
FROM account AS a1
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a1_part
WHERE a1_part.account_id = a1.id AND a1_part.business_id = $1::BIGINT)) AS a1_own ORDER BY a1_own.id
 LIMIT 2 + 1) AS page1) AS b UNION ALL SELECT '4:' AS k, ('␝@002' || a3_own.id || '␝{"phone":"' || a3_own.phone || '","businessConversations":' || (SELECT ('{"edges":[' || coalesce(string_agg(page4.c0, ',' ORDER BY page4.k0, page4.k1), '') || ']}') AS anon_2
FROM (SELECT ('{"cursor":␟5:[' || CAST(to_json(c4_own.category) AS TEXT) || ',' || c4_own.id || ']␟,"node":␝@003' || c4_own.account_id || '␝{"id":"mc_␘' || c4_own.id || '␘","category":"' || c4_own.category || '"}}') AS c0, c4_own.category AS k0, c4_own.id AS k1
FROM (SELECT c4.business_id AS business_id, c4.id AS id, c4.account_id AS account_id, c4.category AS category, c4.status AS status, c4.opened_on AS opened_on, c4.last_message_on AS last_message_on, c4.message_count AS message_count
FROM customer_conversation AS c4
WHERE c4.business_id = $1::BIGINT) AS c4_own
WHERE c4_own.account_id = a3_own.id ORDER BY c4_own.category, c4_own.id
 LIMIT 50) AS page4) || '}') AS b
FROM (SELECT a3.id AS id, a3.phone AS phone
FROM account AS a3
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a3_part
WHERE a3_part.account_id = a3.id AND a3_part.business_id = $1::BIGINT)) AS a3_own
WHERE a3_own.id = $2::BIGINT UNION ALL SELECT '6:' AS k, ('␝@004' || a5_own.id || '␝{"phone":"' || a5_own.phone || '"}') AS b
FROM (SELECT a5.id AS id, a5.phone AS phone
FROM account AS a5
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a5_part
WHERE a5_part.account_id = a5.id AND a5_part.business_id = $1::BIGINT)) AS a5_own
WHERE a5_own.id = $3::BIGINT UNION ALL SELECT '7:' AS k, ('{"id":"ma_␙@005' || a7_own.id || '␙"}') AS b
FROM phone_lookup AS p6 JOIN (SELECT a7.id AS id, a7.phone AS phone
FROM account AS a7
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a7_part
WHERE a7_part.account_id = a7.id AND a7_part.business_id = $1::BIGINT)) AS a7_own ON a7_own.id = p6.account_id
WHERE p6.phone = $4::VARCHAR UNION ALL SELECT '8:' AS k, ('{"id":"ma_␙@006' || a9_own.id || '␙"}') AS b
FROM phone_lookup AS p8 JOIN (SELECT a9.id AS id, a9.phone AS phone
FROM account AS a9
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a9_part
WHERE a9_part.account_id = a9.id AND a9_part.business_id = $1::BIGINT)) AS a9_own ON a9_own.id = p8.account_id
WHERE p8.phone = $5::VARCHAR

-- wave 0, social
-- $1: the token's own business_id
SELECT '2:' AS k, (SELECT ('{"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_1
FROM (SELECT a2.id AS id, a2.display_name AS display_name
FROM account AS a2
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a2_part
WHERE a2_part.account_id = a2.id AND a2_part.business_id = $1::BIGINT)) AS a2_own) || ',"nodes":[' || coalesce(string_agg(page1.c0, ',' ORDER BY page1.k0, page1.k1), '') || ']}') AS anon_1
FROM (SELECT ('{"id":"sa_␙@001' || a1_own.id || '␙","displayName":' || CAST(to_json(a1_own.display_name) AS TEXT) || '}') AS c0, a1_own.display_name AS k0, a1_own.id AS k1
FROM (SELECT a1.id AS id, a1.display_name AS display_name
FROM account AS a1
WHERE EXISTS (SELECT 1
FROM customer_conversation AS a1_part
WHERE a1_part.account_id = a1.id AND a1_part.business_id = $1::BIGINT)) AS a1_own ORDER BY a1_own.display_name, a1_own.id
 LIMIT 50) AS page1) AS b
