-- wave 0, messenger
-- $1: bigint
-- $2: bigint
-- $3: bigint
SELECT '0:' AS k, ('␝' || a1.id || '␝{"contacts":' || (SELECT ('{"nodes":[' || coalesce(string_agg(page2.c0, ',' ORDER BY page2.k0) FILTER (WHERE page2.n <= 1), '') || '],"pageInfo":{"hasNextPage":' || CAST((SELECT 1
FROM contact AS c4
WHERE c4.account_id = a1.id AND c4.contact_id >= $1::BIGINT ORDER BY c4.contact_id
 LIMIT 1) IS NOT NULL AS TEXT) || ',"hasPreviousPage":' || CAST(count(*) > 1 OR (SELECT 1
FROM contact AS c5
WHERE c5.account_id = a1.id AND c5.contact_id <= $2::BIGINT ORDER BY c5.contact_id DESC
 LIMIT 1) IS NOT NULL AS TEXT) || ',"startCursor":' || coalesce((array_agg(page2.cursor1 ORDER BY page2.k0) FILTER (WHERE page2.n <= 1))[1], 'null') || '}}') AS anon_1
FROM (SELECT ('{"id":"ma_␙@001' || a3.id || '␙","countryCode":"' || a3.country_code || '"}') AS c0, c2.contact_id AS k0, row_number() OVER (ORDER BY c2.contact_id DESC) AS n, ('␟1:[' || c2.contact_id || ']␟') AS cursor1
FROM contact AS c2 JOIN account AS a3 ON a3.id = c2.contact_id
WHERE c2.account_id = a1.id AND c2.contact_id > $2::BIGINT AND c2.contact_id < $1::BIGINT ORDER BY c2.contact_id DESC
 LIMIT 1 + 1) AS page2) || '}') AS b
FROM account AS a1
WHERE a1.id = $3::BIGINT
