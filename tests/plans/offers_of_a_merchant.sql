-- wave 0, social
-- $1: the token's own merchant_id
SELECT '0:' AS k, (SELECT ('{"totalCount":' || (SELECT CAST(count(*) AS TEXT) AS count_1
FROM (SELECT o2.id AS id, o2.merchant_id AS merchant_id, o2.title AS title, o2.valid_until AS valid_until
FROM offer AS o2
WHERE o2.merchant_id = $1::BIGINT) AS o2_own) || ',"nodes":[' || coalesce(string_agg(page1.c0, ',' ORDER BY page1.k0) FILTER (WHERE page1.n <= 2), '') || '],"pageInfo":{"hasNextPage":' || CAST(count(*) > 2 AS TEXT) || '}}') AS anon_1
FROM (SELECT ('{"id":"of_␘' || o1_own.id || '␘","title":' || CAST(to_json(o1_own.title) AS TEXT) || ',"validUntil":' || CAST(to_json(o1_own.valid_until) AS TEXT) || ',"merchant":{"name":' || CAST(to_json(m3_own.name) AS TEXT) || '}}') AS c0, o1_own.id AS k0, row_number() OVER (ORDER BY o1_own.id) AS n
FROM (SELECT o1.id AS id, o1.merchant_id AS merchant_id, o1.title AS title, o1.valid_until AS valid_until
FROM offer AS o1
WHERE o1.merchant_id = $1::BIGINT) AS o1_own JOIN (SELECT m3.id AS id, m3.name AS name
FROM merchant AS m3
WHERE m3.id = $1::BIGINT) AS m3_own ON m3_own.id = o1_own.merchant_id ORDER BY o1_own.id
 LIMIT 2 + 1) AS page1) AS b
