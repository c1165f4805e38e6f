-- wave 0, messenger
-- $1: the token's own messenger_id
SELECT '0:' AS k, (SELECT ('{"nodes":[' || coalesce(string_agg(page1.c0, ',' ORDER BY page1.k0), '') || ']}') AS anon_1
FROM (SELECT ('␝' || a1_own.id || '␝{"businessConversations":' || (SELECT ('{"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_1
FROM (SELECT c3.business_id AS business_id, c3.id AS id, c3.account_id AS account_id, c3.category AS category, c3.status AS status, c3.opened_on AS opened_on, c3.last_message_on AS last_message_on, c3.message_count AS message_count
FROM customer_conversation AS c3
WHERE c3.account_id = $1::BIGINT) AS c3_own
WHERE c3_own.account_id = a1_own.id) || ',"nodes":[' || coalesce(string_agg(page2.c0, ',' ORDER BY page2.k0), '') || ']}') AS anon_2
FROM (SELECT ('␝@001' || c2_own.account_id || '␝{"id":"mc_␘' || c2_own.id || '␘"}') AS c0, c2_own.id AS k0
FROM (SELECT c2.business_id AS business_id, c2.id AS id, c2.account_id AS account_id, c2.category AS category, c2.status AS status, c2.opened_on AS opened_on, c2.last_message_on AS last_message_on, c2.message_count AS message_count
FROM customer_conversation AS c2
WHERE c2.account_id = $1::BIGINT) AS c2_own
WHERE c2_own.account_id = a1_own.id ORDER BY c2_own.id
 LIMIT 50) AS page2) || '}') AS c0, a1_own.id AS k0
FROM (SELECT a1.id AS id, a1.phone AS phone, a1.country_code AS country_code, a1.registered_at AS registered_at
FROM account AS a1
WHERE a1.id = $1::BIGINT) AS a1_own ORDER BY a1_own.id
 LIMIT 50) AS page1) AS b UNION ALL SELECT '3:' AS k, (SELECT ('{"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_2
FROM (SELECT c5.business_id AS business_id, c5.id AS id, c5.account_id AS account_id, c5.category AS category, c5.status AS status, c5.opened_on AS opened_on, c5.last_message_on AS last_message_on, c5.message_count AS message_count
FROM customer_conversation AS c5
WHERE c5.account_id = $1::BIGINT) AS c5_own) || ',"nodes":[' || coalesce(string_agg(page4.c0, ',' ORDER BY page4.k0), '') || ']}') AS anon_3
FROM (SELECT ('␝@002' || c4_own.account_id || '␝{"id":"mc_␘' || c4_own.id || '␘","business":{"name":' || CAST(to_json(b6.name) AS TEXT) || '},"customer":␝@003' || a7_own.id || '␝{"phone":"' || a7_own.phone || '"}}') AS c0, c4_own.id AS k0
FROM (SELECT c4.business_id AS business_id, c4.id AS id, c4.account_id AS account_id, c4.category AS category, c4.status AS status, c4.opened_on AS opened_on, c4.last_message_on AS last_message_on, c4.message_count AS message_count
FROM customer_conversation AS c4
WHERE c4.account_id = $1::BIGINT) AS c4_own JOIN business AS b6 ON b6.id = c4_own.business_id JOIN (SELECT a7.id AS id, a7.phone AS phone, a7.country_code AS country_code, a7.registered_at AS registered_at
FROM account AS a7
WHERE a7.id = $1::BIGINT) AS a7_own ON a7_own.id = c4_own.account_id ORDER BY c4_own.id
 LIMIT 50) AS page4) AS b

-- wave 0, social
-- $1: the token's own social_id
SELECT '5:' AS k, (SELECT ('{"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_1
FROM (SELECT c2.business_id AS business_id, c2.id AS id, c2.account_id AS account_id, c2.category AS category, c2.status AS status, c2.opened_on AS opened_on, c2.last_message_on AS last_message_on, c2.message_count AS message_count
FROM customer_conversation AS c2
WHERE c2.account_id = $1::BIGINT) AS c2_own) || ',"nodes":[' || coalesce(string_agg(page1.c0, ',' ORDER BY page1.k0, page1.k1), '') || ']}') AS anon_1
FROM (SELECT (coalesce(('␝@004' || c1_own.account_id || '␝'), '') || '{"id":"sc_␘' || c1_own.id || '␘","business":{"name":' || CAST(to_json(b3.name) AS TEXT) || '},"customer":' || coalesce((SELECT ('␝@005' || a4_own.id || '␝{"displayName":' || CAST(to_json(a4_own.display_name) AS TEXT) || '}') AS anon_2
FROM (SELECT a4.id AS id, a4.display_name AS display_name
FROM account AS a4
WHERE a4.id = $1::BIGINT) AS a4_own
WHERE a4_own.id = c1_own.account_id), 'null') || ',"messageCount":' || c1_own.message_count || '}') AS c0, c1_own.opened_on AS k0, c1_own.id AS k1
FROM (SELECT c1.business_id AS business_id, c1.id AS id, c1.account_id AS account_id, c1.category AS category, c1.status AS status, c1.opened_on AS opened_on, c1.last_message_on AS last_message_on, c1.message_count AS message_count
FROM customer_conversation AS c1
WHERE c1.account_id = $1::BIGINT) AS c1_own JOIN business AS b3 ON b3.id = c1_own.business_id ORDER BY c1_own.opened_on, c1_own.id
 LIMIT 50) AS page1) AS b
